"""Relational events in order: who acted towards whom, and when.

An event sequence is what relational event models read: a table sorted in time, the members who could have
acted, and the stretch of time that was observed. Members act only while present; before joining and after
leaving they are not at risk of anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import listing, plural
from coplearn.windows import instant

__all__ = ["EventSequence"]


@dataclass(frozen=True, eq=False)
class EventSequence:
    """Events sorted by time, with the members among whom they happened.

    Attributes
    ----------
    frame : DataFrame
        Columns time, sender, receiver (missing for a broadcast), and whatever came along (kind, weight, ...).
        Events at the same time keep the order in which they were given.
    members : DataFrame
        Indexed by member; covariates, and ``joined`` and ``left`` where known.
    origin, end : float or Timestamp
        Bounds of the observation, in the unit of ``frame["time"]``.
    networks : dict of name to DataFrame
        Second networks among the same members: columns time, sender, receiver, value. A row sets the tie from its time
        on (strictly after it), and from the beginning where time is missing; what was never set is 0.
    covariates : dict of name to DataFrame
        Covariates of members that change: columns time, member, value; a row holds from its time on.
    """

    frame: pd.DataFrame
    members: pd.DataFrame
    origin: Any
    end: Any
    networks: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    covariates: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        members: pd.DataFrame | None = None,
        origin: Any = None,
        end: Any = None,
        networks: Mapping[str, Any] | None = None,
        covariates: Mapping[str, pd.DataFrame] | None = None,
    ) -> EventSequence:
        """Make a sequence from a table of events.

        Parameters
        ----------
        frame : DataFrame
            Columns time (numbers, or timestamps; those without a zone are UTC), sender, receiver.
        members : DataFrame, optional
            Covariates indexed by member; by default everybody who occurs in an event, in order of label.
        origin, end : optional
            Observation bounds. By default 0.0 (numbers) or the first event, and the last event.
        networks : dict of name to DataFrame, optional
            Second networks, each as a table of changes (columns time, sender, receiver, value), or as a matrix with
            members as rows (senders) and columns, which holds throughout.
        covariates : dict of name to DataFrame, optional
            Covariates that change in time: columns time, member, value.

        Raises
        ------
        ValueError
            For a missing column, a missing time, an event outside the bounds or of an unknown member, and a member who
            is there twice.

        Examples
        --------
        >>> EventSequence.from_frame(pd.DataFrame({"time": [2.0, 1.0], "sender": ["a", "b"], "receiver": ["b", "a"]}))
        EventSequence: 2 events among 2 members, from 0.0 to 2.0
        """
        for given, name in ((frame, "events are"), (members, "members are")):
            if not isinstance(given, pd.DataFrame) and given is not None:
                raise TypeError(f"{name} a DataFrame, not {type(given).__name__}.")
        absent = [c for c in ("time", "sender", "receiver") if c not in frame.columns]
        if absent:
            raise ValueError(f"events have no column {listing(absent)} (columns: {listing(frame.columns, 12)}).")
        times = frame["time"]
        if pd.api.types.is_datetime64_dtype(times):
            times = times.dt.tz_localize("UTC")
            frame = frame.assign(time=times)
        numeric = pd.api.types.is_numeric_dtype(times)
        if not (numeric or isinstance(times.dtype, pd.DatetimeTZDtype)):
            raise ValueError(f"event times are {times.dtype}; give numbers or timestamps.")
        if times.isna().any():
            rows = listing(np.flatnonzero(times.isna()))
            raise ValueError(f"time is missing in {plural(int(times.isna().sum()), 'event')} (row {rows}).")
        if numeric and not np.isfinite(times).all():
            raise ValueError(f"time is infinite in row {listing(np.flatnonzero(~np.isfinite(times)))}.")
        if members is None:
            names = pd.concat([frame["sender"], frame["receiver"]]).dropna().unique()
            try:
                members = pd.DataFrame(index=pd.Index(sorted(names), name="member"))
            except TypeError:
                kinds = listing(sorted({type(name).__name__ for name in names}))
                raise TypeError(
                    f"senders and receivers are of several types ({kinds}); give one, such as text."
                ) from None
        twice = members.index[members.index.duplicated()].unique()
        if len(twice):
            raise ValueError(f"members: there is more than one row for {listing(twice)}. Keep one row a member.")
        for side in ("sender", "receiver"):
            unknown = ~frame[side].isin(members.index)
            unknown &= frame[side].notna() if side == "receiver" else True
            if unknown.any():
                raise ValueError(
                    f"{side} {listing(frame[side][unknown].unique())} (row {listing(np.flatnonzero(unknown))}) "
                    "is no member. Add the member or remove the events."
                )
        ordered = frame.sort_values("time", kind="stable", ignore_index=True)
        if len(ordered):
            first, last = ordered["time"].iloc[0], ordered["time"].iloc[-1]
        else:
            first, last = (0.0, 0.0) if numeric else (pd.Timestamp(0, tz="UTC"),) * 2
        origin = (min(0.0, float(first)) if numeric else first) if origin is None else _bound(origin, numeric, "origin")
        end = (float(last) if numeric else last) if end is None else _bound(end, numeric, "end")
        if len(ordered) and not (origin <= first and last <= end):
            raise ValueError(f"events run from {first} to {last}, outside the observation {origin} to {end}.")
        return cls(
            ordered,
            members,
            origin,
            end,
            {name: _network(name, given, members.index) for name, given in (networks or {}).items()},
            {name: _changes(name, given, "member", members.index) for name, given in (covariates or {}).items()},
        )

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def sender(self) -> np.ndarray:
        """Position of each event's sender in ``members``: int array, shape (n_events,)."""
        return self.members.index.get_indexer(self.frame["sender"])

    @cached_property
    def receiver(self) -> np.ndarray:
        """Position of each event's receiver, -1 for a broadcast: int array, shape (n_events,)."""
        return self.members.index.get_indexer(self.frame["receiver"])

    def __repr__(self) -> str:
        def day(t: Any) -> str:
            return f"{t:%Y-%m-%d}" if isinstance(t, pd.Timestamp) else str(t)

        kinds = ""
        if "kind" in self.frame.columns and len(self):
            counts = self.frame["kind"].value_counts()
            kinds = f" ({listing((f'{kind} {count:,}' for kind, count in counts.items()), 6)})"
        return (
            f"EventSequence: {plural(len(self), 'event')}{kinds} among {plural(len(self.members), 'member')}, "
            f"from {day(self.origin)} to {day(self.end)}"
        )


def _bound(given: Any, numeric: bool, name: str) -> Any:
    """A bound of the observation in the unit of the events."""
    if isinstance(given, int | float | np.number) != numeric:
        kind = "numbers" if numeric else "timestamps"
        raise ValueError(f"{name} is {given!r}, and the times of the events are {kind}: give both in the same unit.")
    if numeric and not np.isfinite(given):
        raise ValueError(f"{name} is {given!r}; give a finite number.")
    return given if numeric else instant(given, name=name)


def _changes(name: str, frame: pd.DataFrame, *rest: Any) -> pd.DataFrame:
    """A table of changes in time, sorted, with known members in the columns named before the index of members."""
    *sides, members = rest
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(
            f"{name!r} is {type(frame).__name__}; give a DataFrame with columns time, {listing(sides)}, value."
        )
    absent = [c for c in ("time", *sides, "value") if c not in frame.columns]
    if absent:
        raise ValueError(f"{name!r} has no column {listing(absent)} (columns: {listing(frame.columns, 12)}).")
    for side in sides:
        unknown = frame.loc[~frame[side].isin(members), side]
        if len(unknown):
            raise ValueError(f"{name!r}: {side} {listing(unknown.unique())} is no member.")
    if frame["value"].isna().any():
        raise ValueError(f"{name!r}: value is missing in row {listing(np.flatnonzero(frame['value'].isna()))}.")
    bad = ~np.isfinite(pd.to_numeric(frame["value"], errors="coerce").to_numpy(dtype=float))
    if bad.any():
        raise ValueError(f"{name!r}: value is no finite number in row {listing(np.flatnonzero(bad))}.")
    if sides == ["member"] and frame["time"].isna().any():
        raise ValueError(f"{name!r}: time is missing in row {listing(np.flatnonzero(frame['time'].isna()))}.")
    return frame.sort_values("time", kind="stable", na_position="first", ignore_index=True)


def _network(name: str, given: Any, members: pd.Index) -> pd.DataFrame:
    """A second network as a table of changes; a matrix holds from the beginning."""
    if isinstance(given, pd.DataFrame) and "sender" in given.columns:
        return _changes(name, given, "sender", "receiver", members)
    matrix = given.reindex(index=members, columns=members) if isinstance(given, pd.DataFrame) else np.asarray(given)
    if matrix.shape != (len(members), len(members)):
        raise ValueError(f"{name!r} has shape {matrix.shape}; a network among {len(members)} members is square.")
    try:
        matrix = np.array(matrix, dtype=float)
    except (ValueError, TypeError):
        raise ValueError(f"{name!r} holds what is no number.") from None
    np.fill_diagonal(matrix, 0.0)
    unknown = np.argwhere(~np.isfinite(matrix))
    if len(unknown):
        i, j = unknown[0]
        raise ValueError(
            f"{name!r} has no finite value for {plural(len(unknown), 'pair')}, as from {members[i]} to {members[j]}. "
            "Write 0 where there is no tie."
        )
    i, j = np.nonzero(matrix)
    values = matrix[i, j]
    return pd.DataFrame({"time": np.nan, "sender": members[i], "receiver": members[j], "value": values})

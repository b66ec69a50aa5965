"""From an event sequence and its effects to the course of an observation, in the arrays that kernels read.

What changes between two looks, and when the looks are, is settled here once. At equal times, members join or leave
first; then the events happen, in the order in which they are given; then memory runs out and other networks and
covariates change, strictly after their time stamp. In interval models every change ends a stretch of time: what is at
risk, and how much, is constant between two looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coplearn.kernels import event_timeline as kernel

__all__ = ["DAY", "Memory", "Timeline", "duration", "numeric"]

DAY = pd.Timedelta(days=1)


def numeric(times: Any, origin: Any) -> np.ndarray:
    """Times since the origin: in their own unit, timestamps in days.

    Raises
    ------
    ValueError
        If they are of another kind than the origin, which has that of the events.
    """
    times = pd.Series(times)
    if not times.notna().any():
        return np.full(len(times), np.nan)
    stamped = isinstance(origin, pd.Timestamp)
    other = pd.api.types.is_numeric_dtype(times) if stamped else pd.api.types.is_datetime64_any_dtype(times)
    try:
        if other:
            raise ValueError(f"they are {times.dtype}")
        if stamped:
            return np.asarray((pd.to_datetime(times, utc=True) - origin) / DAY, dtype=float)
        return np.asarray(times.to_numpy(dtype=float, na_value=np.nan)) - float(origin)
    except (ValueError, TypeError) as problem:
        named = "times" if times.name is None else f"times in column {str(times.name)!r}"
        kind = "timestamps" if stamped else "numbers"
        raise ValueError(f"{named} do not go with the {kind} at which events happen: {problem}.") from None


def duration(value: Any, origin: Any, name: str) -> float:
    """A positive stretch of time in the unit of the events; text such as "7D" needs timestamps.

    Raises
    ------
    ValueError
        If it is not positive, or no stretch of time.
    """
    if isinstance(value, str | pd.Timedelta):
        if not isinstance(origin, pd.Timestamp):
            raise ValueError(f"{name}={value!r}, but the times of these events are plain numbers; give a number.")
        try:
            length = pd.Timedelta(value) / DAY
        except ValueError:
            raise ValueError(f"{name}={value!r} is no stretch of time; write it like '7D' or '12h'.") from None
    elif isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise ValueError(f"{name}={value!r} is no stretch of time; give a number, or text like '7D' with timestamps.")
    else:
        length = float(value)
    if not 0 < length < np.inf:
        raise ValueError(f"{name}={value!r} must be positive and finite.")
    return float(length)


@dataclass(frozen=True)
class Memory:
    """How long past events count: ``kind`` "full", "halflife", "window" or "interval", with its bounds in time units,
    and which events do: those of type `of`, with the weights of column `weight`."""

    kind: str = "full"
    low: float = 0.0
    high: float = np.inf
    of: Any = None
    weight: str | None = None


class Timeline:
    """Changes and looks, collected one group at a time and sorted at the end.

    A change is placed by time, by a class at equal times (``BEFORE``, the events themselves, ``AFTER``) and, among
    events, by their order.
    """

    BEFORE, AMONG, AFTER = 1, 2, 3

    def __init__(self) -> None:
        self._parts: list[dict[str, np.ndarray]] = []
        self._looks: list[np.ndarray] = []

    def change(
        self,
        kind: int,
        time: Any,
        place: int,
        order: Any = 0,
        net: int = 0,
        i: Any = 0,
        j: Any = 0,
        value: Any = 0.0,
        at: Any = None,
    ) -> None:
        """Add changes of one kind; arguments are arrays of one length, or the same for all.

        ``at`` is the time that the change itself knows (of the event that it stands for) where it differs from `time`.
        """
        time = np.atleast_1d(np.asarray(time, dtype=float))
        full = {
            "time": time,
            "place": place,
            "order": order,
            "kind": kind,
            "net": net,
            "i": i,
            "j": j,
            "value": value,
            "at": time if at is None else at,
        }
        self._parts.append({key: np.broadcast_to(np.asarray(v), time.shape) for key, v in full.items()})

    def of(self, kinds: Sequence[tuple[int, int]]) -> dict[str, np.ndarray]:
        """Changes of some kinds and networks (or covariates), in order."""
        part = {key: np.concatenate([p[key] for p in self._parts]) for key in self._parts[0]}
        keep = np.zeros(len(part["time"]), bool)
        for kind, net in kinds:
            keep |= (part["kind"] == kind) & (part["net"] == net)
        part = {key: values[keep] for key, values in part.items()}
        order = np.lexsort([part["order"], part["place"], part["time"]])
        return {key: values[order] for key, values in part.items()}

    def look(self, times: Any) -> None:
        """Add moments without an event at which a stretch of time ends."""
        self._looks.append(np.atleast_1d(np.asarray(times, dtype=float)))

    def arrays(
        self, event_time: np.ndarray, together: bool, start: float, end: float, prepare: int, previous: bool
    ) -> tuple[kernel.Changes, kernel.Steps]:
        """Everything in order.

        Parameters
        ----------
        event_time : float array, shape (n_events,)
        together : bool
            Whether events at the same time share a look.
        start, end : float
            Bounds of the observation.
        prepare : int
            Number of first events that only prepare the history.
        previous : bool
            Whether halving memory runs to the previous event only.
        """
        part = {key: np.concatenate([p[key] for p in self._parts]) for key in self._parts[0]}
        if together:
            first = np.flatnonzero(np.diff(event_time, prepend=-np.inf) > 0)
        else:
            first = np.arange(len(event_time))
        quiet = np.unique(np.concatenate([*self._looks, np.empty(0)]))
        quiet = quiet[(quiet > start) & (quiet <= end)]
        time = np.concatenate([quiet, event_time[first]])
        place = np.repeat([0, self.AMONG], [len(quiet), len(first)])
        order = np.concatenate([np.zeros(len(quiet), int), 2 * first])
        sorted_steps = np.lexsort([order, place, time])
        sorted_changes = np.lexsort([part["order"], part["place"], part["time"]])
        every = np.lexsort(
            [
                np.concatenate([order, part["order"]]),
                np.concatenate([place, part["place"]]),
                np.concatenate([time, part["time"]]),
            ]
        )
        is_change = every >= len(time)
        seen = np.cumsum(is_change)[~is_change]
        time, is_event = time[sorted_steps], place[sorted_steps] == self.AMONG
        begins = np.concatenate([first, [len(event_time)]])
        events_so_far = np.cumsum(is_event)
        event = begins[np.concatenate([[0], events_so_far])]
        counts = event[1:] > prepare
        counts |= ~is_event & (event[1:] >= prepare) & (prepare > 0)
        counts |= prepare == 0
        opens = event_time[prepare - 1] if prepare else start
        exposure = np.diff(np.maximum(time, opens), prepend=opens)
        if previous:
            happened = np.concatenate([[0.0], event_time])
            memory_time = happened[event[:-1]]
        else:
            memory_time = time
        changes = kernel.Changes(
            kind=part["kind"][sorted_changes].astype(np.int64),
            net=part["net"][sorted_changes].astype(np.int64),
            i=part["i"][sorted_changes].astype(np.int64),
            j=part["j"][sorted_changes].astype(np.int64),
            value=part["value"][sorted_changes].astype(float),
            time=part["at"][sorted_changes].astype(float),
        )
        steps = kernel.Steps(
            time=time,
            memory_time=memory_time,
            exposure=exposure,
            change=np.concatenate([[0], seen]).astype(np.int64),
            event=event.astype(np.int64),
            counts=counts,
        )
        return changes, steps

    def memory(
        self,
        k: int,
        memory: Memory,
        time: np.ndarray,
        i: np.ndarray,
        j: np.ndarray,
        value: np.ndarray,
        together: bool,
        events: np.ndarray,
    ) -> np.ndarray:
        """Add what events do to network k, now and when they are forgotten; returns the times at which that is."""
        order = 2 * events + 1
        if memory.low > 0.0:
            self.change(kernel.ADD, time + memory.low, self.AFTER, net=k, i=i, j=j, value=value, at=time)
        else:
            place = self.AFTER if together else self.AMONG
            self.change(kernel.ADD, time, place, order, k, i, j, value)
        if memory.high < np.inf:
            self.change(kernel.ADD, time + memory.high, self.AFTER, 1, k, i, j, -value, at=time)
        bounds: Sequence[float] = [b for b in (memory.low, memory.high) if 0.0 < b < np.inf]
        return np.concatenate([time + b for b in bounds]) if bounds else np.empty(0)

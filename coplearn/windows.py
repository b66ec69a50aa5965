"""Calendar windows: the half-open stretches of time that a community is cut into.

A window is ``[opens, closes)`` in the community's own time zone, so that a month begins at local
midnight and successive windows neither overlap nor leave a gap. An instant belongs to exactly one
window, which is what makes the views of a community agree with one another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import choose

__all__ = ["MISSING", "Windows", "as_microseconds", "calendar_windows", "instant", "microseconds", "span"]

FREQUENCIES = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q-DEC", "year": "Y-DEC"}


@dataclass(frozen=True, eq=False)
class Windows:
    """Consecutive calendar windows.

    Attributes
    ----------
    labels : list of str, length n_windows
        ``"2012"``, ``"2012H1"``, ``"2012Q1"``, ``"2012-03"``, ``"2012-W10"`` (ISO week), ``"2012-03-05"``.
    edges : DatetimeIndex, length n_windows + 1
        Window *w* is ``[edges[w], edges[w + 1])``.
    """

    labels: list[str]
    edges: pd.DatetimeIndex

    def __len__(self) -> int:
        return len(self.labels)

    def locate(self, times: pd.Series | pd.DatetimeIndex) -> np.ndarray:
        """The window of each instant.

        Parameters
        ----------
        times : Series or DatetimeIndex, length n
            Time-zone aware; NaT where unknown.

        Returns
        -------
        ndarray of int, shape (n,)
            Position of the window, -1 where the instant is missing or outside all windows.
        """
        stamps = as_microseconds(times)
        position = np.searchsorted(as_microseconds(self.edges), stamps, side="right") - 1
        outside = (position < 0) | (position >= len(self)) | (stamps == MISSING)
        return np.where(outside, -1, position)


MISSING = np.iinfo(np.int64).min


def as_microseconds(times: pd.Series | pd.DatetimeIndex) -> np.ndarray:
    """Instants as int64 microseconds since 1970 in UTC; `MISSING` where NaT."""
    return pd.DatetimeIndex(times).as_unit("us").asi8


def microseconds(stamp: pd.Timestamp) -> int:
    """One instant as microseconds since 1970 in UTC, also where nanoseconds would overflow."""
    return int(as_microseconds(pd.DatetimeIndex([stamp]))[0])


def _local(naive: Any, timezone: str) -> Any:
    """Local times in their zone; where a clock change skips or repeats one, the first instant that exists."""
    return naive.tz_localize(timezone, ambiguous=True, nonexistent="shift_forward")


def calendar_windows(start: pd.Timestamp, end: pd.Timestamp, every: str, timezone: str = "UTC") -> Windows:
    """Cut ``[start, end]`` into calendar windows; the first and last may reach beyond it.

    Parameters
    ----------
    start, end : Timestamp
        Time-zone aware bounds of what is observed.
    every : {"day", "week", "month", "quarter", "half-year", "year"}
        Length of a window.
    timezone : str
        Zone whose midnights bound the windows.

    Returns
    -------
    Windows

    Examples
    --------
    >>> months = calendar_windows(pd.Timestamp("2012-01-20", tz="UTC"), pd.Timestamp("2012-03-02", tz="UTC"), "month")
    >>> months.labels
    ['2012-01', '2012-02', '2012-03']
    """
    choose(every, [*FREQUENCIES, "half-year"], "window length")
    first, last = (t.tz_convert(timezone).tz_localize(None) for t in (start, end))
    if every == "half-year":
        opens = pd.date_range(f"{first.year}-01-01", f"{last.year + 1}-01-01", freq="6MS")
        labels = [f"{t.year}H{1 if t.month == 1 else 2}" for t in opens[:-1]]
        inside = (opens[1:] > first) & (opens[:-1] <= last)
        naive = opens[np.append(inside, False) | np.append(False, inside)]
        labels = [label for label, keep in zip(labels, inside, strict=True) if keep]
    else:
        periods = pd.period_range(first, last, freq=FREQUENCIES[every])
        naive = periods.start_time.append(pd.DatetimeIndex([(periods[-1] + 1).start_time]))
        labels = [f"{p.start_time:%G-W%V}" if every == "week" else str(p) for p in periods]
    edges = _local(naive, timezone)
    return Windows(labels, edges.tz_convert("UTC").as_unit("us"))


def instant(value: Any, timezone: str = "UTC", name: str = "time") -> pd.Timestamp:
    """One instant in UTC from a date, a string or a timestamp.

    A value without a zone is read in `timezone` (the community's), never in the machine's.

    Raises
    ------
    ValueError
        If it cannot be read as an instant.
    """
    try:
        stamp = pd.Timestamp(value)
    except (ValueError, TypeError) as problem:
        raise ValueError(f"{name} {value!r} cannot be read as a date. Write it as '2012-03-26'.") from problem
    if stamp is pd.NaT:
        raise ValueError(f"{name} is missing. Write it as '2012-03-26'.")
    return _local(stamp, timezone) if stamp.tzinfo is None else stamp


def span(window: Any, timezone: str = "UTC") -> tuple[pd.Timestamp, pd.Timestamp]:
    """The bounds of a window given as a pair, a period, or a calendar label such as ``"2012-03"``.

    Examples
    --------
    >>> [str(t) for t in span("2012Q2")]
    ['2012-04-01 00:00:00+00:00', '2012-07-01 00:00:00+00:00']
    """
    if isinstance(window, (tuple, list)):
        if len(window) != 2:
            raise ValueError(f"a window is a pair (start, end), got {len(window)} values.")
        start, end = (instant(value, timezone, "window") for value in window)
    else:
        text = str(window)
        try:
            if len(text) == 6 and text[4] in "Hh" and text[5] in "12":
                begin = pd.Timestamp(f"{text[:4]}-{'01' if text[5] == '1' else '07'}-01")
                finish = begin + pd.DateOffset(months=6)
            elif len(text) == 8 and text[4:6] == "-W":
                begin = pd.Timestamp.fromisocalendar(int(text[:4]), int(text[6:]), 1)
                finish = begin + pd.Timedelta(days=7)
            else:
                period = window if isinstance(window, pd.Period) else pd.Period(text)
                begin, finish = period.start_time, (period + 1).start_time
            if begin is pd.NaT:
                raise ValueError(text)
        except ValueError as problem:
            raise ValueError(
                f"window {window!r} is not a calendar label. Write '2012', '2012H1', '2012Q1', '2012-03', '2012-W13', "
                "'2012-03-26', or a pair (start, end)."
            ) from problem
        start, end = instant(begin, timezone), instant(finish, timezone)
    if not start < end:
        raise ValueError(f"the window ends at {end:%Y-%m-%d %H:%M}, not after it starts at {start:%Y-%m-%d %H:%M}.")
    return start, end

"""Event statistics that a researcher writes in Python.

A statistic is a number for every pair, and two functions say what it is: an *update*, which changes the matrix of
these numbers after an event, and the *statistic from scratch*, which reads one number off a whole history. The update
is compiled with numba and run once over the events of a model; the other one is for the check, on random histories,
that they agree. A pair of functions that disagrees is refused.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numba import njit
from numba.core.errors import NumbaError

from coplearn._checks import choose
from coplearn.effects import spec
from coplearn.effects.spec import Definition, Effect

__all__ = ["EventEffect", "event_effect"]

_SOURCE = "written by the user"
_SETTINGS = {"scaling": "none", "log": False}
_serial = itertools.count(1)


@dataclass(eq=False)
class EventEffect:
    """An event statistic written in Python; call it to use it in a model.

    Attributes
    ----------
    name : str
    update : callable
        ``update(values, i, j, time, weight)``: change ``values`` after an event from i to j.
    measure : callable
        The statistic from scratch, attached by the decorator :meth:`statistic`.
    """

    name: str
    update: Callable[..., None]
    measure: Callable[..., float] | None = None
    _follow: Any = field(default=None, repr=False)

    def statistic(self, function: Callable[..., float]) -> EventEffect:
        """Decorator: ``statistic(i, j, sender, receiver, time, weight)``, the value of a pair after these events.

        Raises
        ------
        ValueError
            If the update cannot be compiled, or the two disagree on a random history; the message shows where.
        """
        self.measure = function
        self._check()
        known = spec._DEFINITIONS.get((self.name, "event"))
        if known is not None and known.source != _SOURCE:
            raise ValueError(f"the event effect {self.name!r} exists already; give yours another name.")
        formula = " ".join((function.__doc__ or self.update.__doc__ or "its own statistic").split())
        spec._DEFINITIONS[self.name, "event"] = Definition(
            self.name, "event", formula, _SOURCE, (), _SETTINGS, {}, {"user": self}
        )
        return self

    def __call__(self, **settings: Any) -> Effect:
        """The effect, with the settings ``scaling`` ("none" or "std") and ``log``."""
        if self.measure is None:
            raise ValueError(
                f"effect {self.name!r} has no statistic yet: write a function below @{self.name}.statistic; the update "
                "is checked against it."
            )
        for key in settings:
            choose(key, list(_SETTINGS), f"setting of {self.name}()")
        return Effect(self.name, (), tuple(sorted(settings.items())))

    @cached_property
    def compiled(self) -> Any:
        """The update as machine code."""
        return njit(nogil=True)(self.update)

    def record(
        self, n: int, sender: np.ndarray, receiver: np.ndarray, time: np.ndarray, weight: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """What changes with each event: event, row, column and new value of every change."""
        if self._follow is None:
            self._follow = _follower(self.compiled)
        try:
            return self._follow(n, sender, receiver, time, weight)
        except NumbaError as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            reason = next((line for line in lines if not line.startswith("Failed")), "")
            raise ValueError(f"the update of effect {self.name!r} cannot be compiled: {reason}") from error

    def _check(self, trials: int = 20) -> None:
        rng = np.random.default_rng(0)
        assert self.measure is not None
        for _ in range(trials):
            n, m = int(rng.integers(3, 7)), int(rng.integers(1, 16))
            sender = rng.integers(0, n, m)
            receiver = (sender + rng.integers(1, n, m)) % n
            time, weight = np.cumsum(rng.integers(1, 5, m) / 4), rng.integers(1, 4, m) / 2
            event, row, column, value = self.record(n, sender, receiver, time, weight)
            values = np.zeros((n, n))
            for e in range(m):
                now = event == e
                values[row[now], column[now]] = value[now]
                past = sender[: e + 1], receiver[: e + 1], time[: e + 1], weight[: e + 1]
                for i, j in itertools.permutations(range(n), 2):
                    expected = float(self.measure(i, j, *past))
                    if not np.isfinite(expected):
                        raise ValueError(f"effect {self.name!r}: its statistic is {expected}; give a finite number.")
                    if not abs(values[i, j] - expected) <= 1e-8 * max(1.0, abs(expected)):
                        events = ", ".join(
                            f"{s} to {r}" for s, r in zip(sender[: e + 1], receiver[: e + 1], strict=True)
                        )
                        raise ValueError(
                            f"effect {self.name!r}: its update and its statistic disagree. After the events {events}, "
                            f"the pair {i} to {j} has {values[i, j]:g} by updates, and {expected:g} from scratch."
                        )


def _follower(update: Any) -> Any:
    """A compiled loop over events that writes down every entry that an update changes."""

    @njit(nogil=True)
    def follow(n, sender, receiver, time, weight):  # type: ignore[no-untyped-def]
        values, before = np.zeros((n, n)), np.zeros((n, n))
        room, count = 1024, 0
        event, row, column = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
        value = np.empty(room)
        for e in range(len(sender)):
            update(values, sender[e], receiver[e], time[e], weight[e])
            for i in range(n):
                for j in range(n):
                    if values[i, j] != before[i, j]:
                        before[i, j] = values[i, j]
                        if count == room:
                            more, more_value = np.empty(room, np.int64), np.empty(room)
                            event, row = np.concatenate((event, more)), np.concatenate((row, more))
                            column, value = np.concatenate((column, more)), np.concatenate((value, more_value))
                            room *= 2
                        event[count], row[count], column[count], value[count] = e, i, j, values[i, j]
                        count += 1
        return event[:count], row[:count], column[:count], value[:count]

    return follow


def event_effect(update: Callable[..., None]) -> EventEffect:
    """Decorator: a function that updates a matrix after an event makes an event statistic.

    Parameters
    ----------
    update : callable
        ``update(values, i, j, time, weight)``: changes ``values``, float64[n, n], after an event from i to j. It is
        compiled with numba.

    Returns
    -------
    EventEffect
        Give it a statistic with its decorator ``statistic``; then use it like any other effect.

    Examples
    --------
    What i owes j: acts of j towards i since i last acted towards j.

    >>> @event_effect
    ... def debt(values, i, j, time, weight):
    ...     values[i, j] = 0
    ...     values[j, i] += 1
    >>> @debt.statistic
    ... def statistic(i, j, sender, receiver, time, weight):
    ...     paid = np.flatnonzero((sender == i) & (receiver == j))
    ...     since = paid[-1] if len(paid) else -1
    ...     return np.sum((sender == j) & (receiver == i) & (np.arange(len(sender)) > since))
    >>> debt(log=True)
    debt(log=True)
    """
    return EventEffect(update.__name__, update)

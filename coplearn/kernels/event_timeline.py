"""The course of an observation: what changes, and the moments at which the likelihood looks.

Everything that happens to the state between two looks is a *change*, sorted beforehand, so that a kernel only applies
them in order: an event leaves its trace, a network gains or loses, a covariate takes a new value, a member joins or
leaves, a pair comes under risk or out of it. A *step* is a look: an event (or several at once), or the end of a
stretch of time in which nothing happened.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from coplearn.kernels.event_history import add, advance, grown, record, slot_of, touch, touch_column, touch_row

__all__ = ["ADD", "COVARIATE", "EVENT", "PRESENT", "RISK", "SET", "Changes", "State", "Steps", "apply_changes"]

EVENT, ADD, SET, COVARIATE, PRESENT, RISK = 0, 1, 2, 3, 4, 5


class Changes(NamedTuple):
    """Changes in order: ``kind``, ``net`` (network, or covariate), ``i``, ``j``, ``value``, ``time``."""

    kind: np.ndarray
    net: np.ndarray
    i: np.ndarray
    j: np.ndarray
    value: np.ndarray
    time: np.ndarray


class Steps(NamedTuple):
    """Looks in order: ``time``; ``memory_time``, up to which halving memory has run; ``exposure``, the time since the
    look before; ``change`` (steps + 1): step s sees changes before ``change[s + 1]``; ``event`` (steps + 1): it holds
    events ``event[s]`` to ``event[s + 1]``; ``counts``: False for steps that only prepare the history."""

    time: np.ndarray
    memory_time: np.ndarray
    exposure: np.ndarray
    change: np.ndarray
    event: np.ndarray
    counts: np.ndarray


class State(NamedTuple):
    """What changes beside the history: covariates ``x`` (c, n), ``present`` (n), and ``risk`` (n * n, or empty where
    every pair of present members is at risk)."""

    x: np.ndarray
    present: np.ndarray
    risk: np.ndarray


@njit(cache=True, nogil=True)
def apply_changes(h, state, changes, start, stop):
    """Apply changes start..stop to a history and a state."""
    for c in range(start, stop):
        kind, i, j = changes.kind[c], changes.i[c], changes.j[c]
        if kind == EVENT:
            record(h, i, j, changes.time[c])
        elif kind == ADD:
            k = changes.net[c]
            if h.rate[k] > 0.0:
                advance(h, changes.time[c])
            add(h, k, i, j, changes.value[c] * grown(h, k, changes.time[c]))
        elif kind == SET:
            k = changes.net[c]
            add(h, k, i, j, changes.value[c] - h.y[k, slot_of(h, i, j)])
        elif kind == COVARIATE:
            state.x[changes.net[c], i] = changes.value[c]
            if h.dense:
                touch_row(h, i)
                touch_column(h, i)
        elif kind == PRESENT:
            state.present[i] = changes.value[c] > 0.0
            if h.dense:
                touch_row(h, i)
                touch_column(h, i)
        elif kind == RISK:
            state.risk[i * h.n + j] = changes.value[c] > 0.0
            if h.dense:
                touch(h, i * h.n + j)

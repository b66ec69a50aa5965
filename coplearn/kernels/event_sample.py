r"""Candidates of each event written down as rows: everybody who could have acted, or the case and a few controls.

A pass over the steps of an observation (:mod:`coplearn.kernels.event_timeline`) writes, for every event and for every
stretch of time that is part of an interval likelihood, a stage of :mod:`coplearn.kernels.event_rows`. With `controls`
m, the observed pair is kept and m of the M others at risk are drawn with equal probability, without replacement. In
ordinal timing equal chances need no weights (nested case-control sampling; Borgan, Goldstein & Langholz 1995,
doi:10.1214/aos/1176324322); in interval timing each control stands for M / m pairs, and the sum over the risk set is
estimated without bias.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from coplearn.kernels.event_history import advance
from coplearn.kernels.event_likelihood import RECEIVER, SENDER, TIE, candidates, columns, may_act
from coplearn.kernels.event_timeline import PRESENT, RISK, apply_changes

__all__ = ["Rows", "write_rows"]


class Rows(NamedTuple):
    """Space for stages: ``x`` (rows, p), ``i``, ``j`` and ``offset`` (rows); ``first`` (stages + 1), ``seen``,
    ``length``, ``missing`` (share of the candidates that was not drawn), ``step`` and ``event`` (-1 for none; stages).
    """

    x: np.ndarray
    i: np.ndarray
    j: np.ndarray
    offset: np.ndarray
    first: np.ndarray
    seen: np.ndarray
    length: np.ndarray
    missing: np.ndarray
    step: np.ndarray
    event: np.ndarray


@njit(cache=True, nogil=True)
def _pairs_of(state, n, i):
    """Pairs at risk that member i is part of."""
    count = 0
    if state.present[i]:
        for j in range(n):
            if j != i and state.present[j]:
                if len(state.risk) == 0:
                    count += 2
                else:
                    count += int(state.risk[i * n + j]) + int(state.risk[j * n + i])
    return count


@njit(cache=True, nogil=True)
def _advance_risk(h, state, changes, start, stop, here, size):
    """Apply changes, keeping the list of present members and the number of pairs at risk (size[0], size[1])."""
    moving = False
    for c in range(start, stop):
        moving |= changes.kind[c] == PRESENT or changes.kind[c] == RISK
    pace = 1 if moving else max(stop - start, 1)  # one by one only where somebody comes or goes
    for c in range(start, stop, pace):
        kind, i, j = changes.kind[c], changes.i[c], changes.j[c]
        if kind == PRESENT:
            size[1] -= _pairs_of(state, h.n, i)
        elif kind == RISK and state.risk[i * h.n + j] and state.present[i] and state.present[j]:
            size[1] -= 1
        apply_changes(h, state, changes, c, min(c + pace, stop))
        if kind == PRESENT:
            size[1] += _pairs_of(state, h.n, i)
            size[0] = 0
            for member in range(h.n):
                if state.present[member]:
                    here[size[0]] = member
                    size[0] += 1
        elif kind == RISK and state.risk[i * h.n + j] and state.present[i] and state.present[j]:
            size[1] += 1


@njit(cache=True, nogil=True)
def _draw(orientation, n, state, here, size, case_i, case_j, m, rng, out_i, out_j):
    """Draw m candidates other than the case, all different, after the first `count` rows; returns the new count."""
    count = 0
    if case_i >= 0:
        out_i[0], out_j[0] = case_i, case_j
        count = 1
    want = count + m
    while count < want:
        i = case_i if orientation == RECEIVER else here[rng.integers(0, size)]
        j = -1 if orientation == SENDER else here[rng.integers(0, size)]
        if i == j or (len(state.risk) > 0 and j >= 0 and not state.risk[i * n + j]):
            continue
        if orientation == SENDER and not may_act(n, state, i):
            continue
        new = True
        for d in range(count):
            if out_i[d] == i and out_j[d] == j:
                new = False
                break
        if new:
            out_i[count], out_j[count] = i, j
            count += 1
    return count


@njit(cache=True, nogil=True)
def _at_risk(orientation, n, state, size, sender):
    """How many candidates there are."""
    if orientation == TIE:
        return size[1]
    if len(state.risk) == 0:
        return size[0] if orientation == SENDER else size[0] - 1
    count = 0
    if orientation == SENDER:
        for i in range(n):
            count += may_act(n, state, i)
        return count
    for j in range(n):
        if j != sender and state.present[j] and state.risk[sender * n + j]:
            count += 1
    return count


@njit(cache=True, nogil=True)
def write_rows(
    orientation, interval, terms, h, state, changes, steps, sender, receiver, start, stop, keep, controls, rng, rows
):
    """Write the stages of steps start..stop; returns how many there are.

    Parameters
    ----------
    orientation : int
        TIE, SENDER or RECEIVER.
    interval : bool
    h, state : History and State
        As the steps before `start` left them.
    keep : bool array, shape (n_steps,)
        Steps whose stages are written; the history takes in the others, too.
    controls : int
        0 for every candidate.
    rng : numpy Generator
    rows : Rows
        Large enough; filled from the beginning.
    """
    n, p = h.n, len(terms.factors)
    most = n * n if orientation == TIE and controls == 0 else n
    most = max(most, controls + 1)
    out_i, out_j = np.empty(most, np.int64), np.empty(most, np.int64)
    raw, design = np.empty((len(terms.code), most)), np.empty((p, most))
    here, size = np.empty(n, np.int64), np.zeros(2, np.int64)
    for i in range(n):
        size[1] += _pairs_of(state, n, i)
        if state.present[i]:
            here[size[0]] = i
            size[0] += 1
    size[1] //= 2
    stages, row = 0, 0
    rows.first[0] = 0
    for s in range(start, stop):
        _advance_risk(h, state, changes, steps.change[s], steps.change[s + 1], here, size)
        events = steps.event[s + 1] - steps.event[s]
        exposure = steps.exposure[s] if interval else 0.0
        if not steps.counts[s] or not keep[s] or (events == 0 and (exposure == 0.0 or orientation == RECEIVER)):
            continue
        advance(h, steps.memory_time[s])
        for turn in range(max(events, 1)):
            e = steps.event[s] + turn if events > 0 else -1
            i = sender[e] if e >= 0 else -1
            j = -1 if e < 0 or orientation == SENDER else receiver[e]
            others = _at_risk(orientation, n, state, size, i) - (1 if e >= 0 else 0)
            if controls == 0 or others <= controls:
                count = candidates(orientation, n, state, i, out_i, out_j)
                seen, weight, left = -1, 0.0, 0.0
                for d in range(count):
                    if e >= 0 and out_i[d] == i and out_j[d] == j:
                        seen = d
            else:
                count = _draw(orientation, n, state, here, size[0], i, j, controls, rng, out_i, out_j)
                seen, left = (0 if e >= 0 else -1), 1.0 - controls / others
                weight = np.log(others / controls) if interval else 0.0
            columns(terms, h, state, steps.time[s], out_i, out_j, count, raw, design)
            for d in range(count):
                rows.i[row], rows.j[row] = out_i[d], out_j[d]
                rows.offset[row] = 0.0 if d == seen else weight
                for c in range(p):
                    rows.x[row, c] = design[c, d]
                row += 1
            rows.seen[stages] = seen
            rows.length[stages] = exposure if turn == 0 else 0.0
            rows.missing[stages] = left
            rows.step[stages] = s
            rows.event[stages] = e
            stages += 1
            rows.first[stages] = row
    return stages

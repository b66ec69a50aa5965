r"""The likelihood of all pairs where all of them change between events: swept row by row.

Halving memory, shares of everything so far, times since, and standardised statistics change for every pair with every
event, so each step has to look at each pair. What can be saved is the computation of statistics that did not change
(they are kept, as in :mod:`coplearn.kernels.event_spells`), and time, by running along the receivers of one sender in
memory order.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from coplearn.kernels.event_history import advance
from coplearn.kernels.event_likelihood import standardize
from coplearn.kernels.event_statistics import raw_terms
from coplearn.kernels.event_timeline import apply_changes

__all__ = ["sweeps"]

_MAGIC = 6755399441055744.0  # 1.5 * 2 ** 52: adding it leaves the nearest whole number in the low bits
_LOG2E, _LN2_HIGH, _LN2_LOW = 1.4426950408889634, 0.6931471803691238, 1.9082149292705877e-10


@njit(cache=True, nogil=True, fastmath={"contract"})
def _exp(x, out, bits, count):
    """exp of the first `count` numbers, to one unit in the last place, in a form that compiles to vector code.

    ``bits`` is the memory of `out`, seen as int64. With x = n ln 2 + r, the series of exp(r) has converged after r^13
    / 13!, as |r| < 0.35; n goes into the exponent.
    """
    for d in range(count):
        out[d] = min(max(x[d], -700.0), 700.0) * _LOG2E + _MAGIC
    for d in range(count):
        n = out[d] - _MAGIC
        z = min(max(x[d], -700.0), 700.0)
        r = (z - n * _LN2_HIGH) - n * _LN2_LOW
        p = 1.0 / 6227020800.0
        p = p * r + 1.0 / 479001600.0
        p = p * r + 1.0 / 39916800.0
        p = p * r + 1.0 / 3628800.0
        p = p * r + 1.0 / 362880.0
        p = p * r + 1.0 / 40320.0
        p = p * r + 1.0 / 5040.0
        p = p * r + 1.0 / 720.0
        p = p * r + 1.0 / 120.0
        p = p * r + 1.0 / 24.0
        p = p * r + 1.0 / 6.0
        p = p * r + 0.5
        p = p * r + 1.0
        x[d] = p * r + 1.0
    for d in range(count):
        bits[d] = (bits[d] << 52) + (1023 << 52)
    for d in range(count):
        out[d] *= x[d]


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _row(theta, design, mask, at, n, shift, eta, w, bits, weighted, first, second):
    """Weights of the pairs of one sender, and their sums; returns the sum of weights."""
    p = len(theta)
    for j in range(n):
        eta[j] = -shift
    for k in range(p):
        b = theta[k]
        x = design[k, at : at + n]
        for j in range(n):
            eta[j] += b * x[j]
    _exp(eta, w, bits, n)
    total = 0.0
    for j in range(n):
        w[j] *= mask[at + j]
        total += w[j]
    for k in range(p):
        x = design[k, at : at + n]
        s = 0.0
        for j in range(n):
            weighted[j] = w[j] * x[j]
            s += weighted[j]
        first[k] += s
        for other in range(k + 1):
            y = design[other, at : at + n]
            s = 0.0
            for j in range(n):
                s += weighted[j] * y[j]
            second[k, other] += s
    return total


@njit(cache=True, nogil=True)
def _columns(factors, which, raw, slots, count, design):
    """Columns of the design, for the slots given."""
    for place in range(len(which)):
        c = which[place]
        one, two, three = factors[c]
        for d in range(count):
            s = slots[d]
            product = raw[one, s]
            if two >= 0:
                product *= raw[two, s]
            if three >= 0:
                product *= raw[three, s]
            design[c, s] = product


@njit(cache=True, nogil=True)
def _put(terms, rows, h, state, time, slots, out_i, out_j, count, piece, raw):
    """Evaluate the terms of a table at slots, and put them into their rows of `raw`."""
    raw_terms(terms, h, state.x, time, out_i, out_j, count, piece)
    for r in range(len(rows)):
        for d in range(count):
            raw[rows[r], slots[d]] = piece[r, d]


@njit(cache=True, nogil=True)
def _put_members(terms, rows, h, state, time, by_sender, i, j, piece, raw):
    """Evaluate the terms that depend on one member alone, once a member, and copy them to all pairs of that member."""
    n = h.n
    raw_terms(terms, h, state.x, time, i, j, n, piece)
    for r in range(len(rows)):
        out = raw[rows[r]]
        for s in range(n):
            if by_sender:
                out[s * n : (s + 1) * n] = piece[r, s]
            else:
                out[s * n : (s + 1) * n] = piece[r, :n]


@njit(cache=True, nogil=True)
def sweeps(
    theta,
    interval,
    terms,
    kept,
    kept_rows,
    fresh,
    fresh_rows,
    of_sender,
    sender_rows,
    of_receiver,
    receiver_rows,
    h,
    state,
    changes,
    steps,
    sender,
    receiver,
    sums,
):
    """One pass over the steps of a model of pairs, as :func:`coplearn.kernels.event_likelihood.walk`.

    Parameters
    ----------
    terms : Terms
        All of them.
    kept, fresh, of_sender, of_receiver : Terms
        Those whose changes the history lists; and of the others, those about pairs, senders alone and receivers alone;
        each with their rows in `terms`.
    """
    n, p, r_all = h.n, len(theta), len(terms.code)
    size = n * n
    raw, design, mask = np.zeros((r_all, size)), np.zeros((p, size)), np.zeros(size)
    piece = np.empty((r_all, size))
    member, another = np.arange(n), (np.arange(n) + 1) % n
    every, out_i, out_j = np.arange(size), np.arange(size) // n, np.arange(size) % n
    some_i, some_j = np.empty(size, np.int64), np.empty(size, np.int64)
    eta, w, weighted = np.empty(n), np.empty(n), np.empty(n)
    bits = w.view(np.int64)
    first, second = np.zeros(p), np.zeros((p, p))
    is_fresh = np.zeros(r_all, np.bool_)
    is_fresh[fresh_rows] = True
    is_fresh[sender_rows] = True
    is_fresh[receiver_rows] = True
    standard = np.flatnonzero(terms.standard)
    raw_standard = np.zeros((r_all if len(standard) > 0 else 0, size))
    always, sometimes = np.empty(p, np.int64), np.empty(p, np.int64)
    n_always, n_sometimes = 0, 0
    for c in range(p):
        moves = False
        for part in range(3):
            r = terms.factors[c, part]
            if r >= 0 and (is_fresh[r] or terms.standard[r]):
                moves = True
        if moves:
            always[n_always] = c
            n_always += 1
        else:
            sometimes[n_sometimes] = c
            n_sometimes += 1
    always, sometimes = always[:n_always], sometimes[:n_sometimes]
    stale, is_stale, n_stale = h.stale, h.is_stale, h.n_stale
    present, risk = state.present, state.risk
    for s in range(size):
        stale[s], is_stale[s] = s, True
    n_stale[0] = size
    shift, seen = 0.0, False
    for m in range(len(steps.time)):
        apply_changes(h, state, changes, steps.change[m], steps.change[m + 1])
        start, stop = steps.event[m], steps.event[m + 1]
        exposure = steps.exposure[m] if interval else 0.0
        if not steps.counts[m] or (stop == start and exposure == 0.0):
            continue
        advance(h, steps.memory_time[m])
        count = n_stale[0]
        for d in range(count):
            s = stale[d]
            is_stale[s] = False
            i, j = s // n, s % n
            some_i[d], some_j[d] = i, j
            mask[s] = 1.0 if present[i] and present[j] and i != j and (len(risk) == 0 or risk[s]) else 0.0
        if len(kept_rows) > 0:
            _put(kept, kept_rows, h, state, steps.time[m], stale, some_i, some_j, count, piece, raw)
            _columns(terms.factors, sometimes, raw, stale, count, design)
        n_stale[0] = 0
        if len(fresh_rows) > 0:
            _put(fresh, fresh_rows, h, state, steps.time[m], every, out_i, out_j, size, piece, raw)
        if len(sender_rows) > 0:
            _put_members(of_sender, sender_rows, h, state, steps.time[m], True, member, another, piece, raw)
        if len(receiver_rows) > 0:
            _put_members(of_receiver, receiver_rows, h, state, steps.time[m], False, another, member, piece, raw)
        if len(standard) > 0:
            raw_standard[:] = raw
            for r in standard:
                standardize(raw_standard[r], mask)
            _columns(terms.factors, always, raw_standard, every, size, design)
        else:
            _columns(terms.factors, always, raw, every, size, design)
        if interval:
            shift = 0.0
        while True:
            total = 0.0
            first[:] = 0.0
            second[:] = 0.0
            for i in range(n):
                if present[i]:
                    total += _row(theta, design, mask, i * n, n, shift, eta, w, bits, weighted, first, second)
            if interval or (1e-200 < total < 1e200):
                break
            top = -np.inf  # far from where the step before was: start from the largest
            for s in range(size):
                if mask[s] > 0.0:
                    size_s = 0.0
                    for k in range(p):
                        size_s += theta[k] * design[k, s]
                    top = max(top, size_s)
            if top == shift or not np.isfinite(top):
                break
            shift = top
        if not seen or m % 64 == 0:
            seen = True
            for k in range(p):
                for s in range(size):
                    if mask[s] > 0.0:
                        sums.low[k] = min(sums.low[k], design[k, s])
                        sums.high[k] = max(sums.high[k], design[k, s])
        for e in range(start, stop):
            s = sender[e] * n + receiver[e]
            for k in range(p):
                sums.llf[0] += theta[k] * design[k, s]
                sums.gradient[k] += design[k, s]
                sums.low[k] = min(sums.low[k], design[k, s])
                sums.high[k] = max(sums.high[k], design[k, s])
        weight = exposure if interval else (stop - start) / total
        sums.llf[0] -= exposure * total if interval else (stop - start) * (np.log(total) + shift)
        for k in range(p):
            sums.gradient[k] -= weight * first[k]
            for other in range(k + 1):
                part = weight * second[k, other]
                if not interval:
                    part -= weight * first[k] * first[other] / total
                sums.information[k, other] += part
                if other < k:
                    sums.information[other, k] += part
        if not interval:
            shift += np.log(total)

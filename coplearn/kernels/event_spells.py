r"""The likelihood of all pairs, at the cost of those that change.

Between two events most pairs keep their statistics. A *spell* is a stretch of steps during which a pair has the same
:math:`x`, and so the same weight :math:`w = e^{\beta' x}`. With :math:`S_m` the sum of weights at step m,

.. math:: \sum_m \Delta_m \sum_{ij} w_{ij}(m)\, x_{ij}(m) = \sum_{spells} w\, x\, (C_{end} - C_{begin}),
   \qquad C_m = \sum_{l \le m} \Delta_l,

and the same with :math:`x x'`, where :math:`\Delta_m` is the waiting time in an interval likelihood and
:math:`1 / S_m` in an ordinal one. So a pass keeps the clock C and the sums S and :math:`S^{(1)} = \sum w x`, and does
something for a pair only when its spell ends: work grows with events times changed pairs, not with events times pairs.
Sums that are kept by adding and taking away lose digits; they are formed anew now and then, and at once when little
is left of them. The clock of an ordinal model loses them when S grows, as what is added becomes small beside what is
there; all spells then end, and it starts again from zero.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from coplearn.kernels.event_likelihood import columns
from coplearn.kernels.event_timeline import apply_changes

__all__ = ["spells"]

ANEW = 256  # steps after which sums are formed anew
LONG = 1e6  # clock times sum of weights at which the clock starts again: ten of sixteen digits are left


@njit(cache=True, nogil=True)
def _settle(x, length, w, gradient, information):
    """A spell ends: add what it contributes."""
    p = len(x)
    for k in range(p):
        part = w * length * x[k]
        gradient[k] -= part
        for other in range(k + 1):
            information[k, other] += part * x[other]


@njit(cache=True, nogil=True)
def _settle_all(x, clock, w, since, gradient, information):
    """All spells end, and new ones begin at zero."""
    for s in range(len(w)):
        if w[s] > 0.0 and clock > since[s]:
            _settle(x[s], clock - since[s], w[s], gradient, information)
        since[s] = 0.0


@njit(cache=True, nogil=True)
def _sum(x, w, first):
    """Sum of weights, and of weights times statistics, over all pairs."""
    total = 0.0
    first[:] = 0.0
    for s in range(len(w)):
        if w[s] > 0.0:
            total += w[s]
            for k in range(len(first)):
                first[k] += w[s] * x[s, k]
    return total


@njit(cache=True, nogil=True)
def _largest(theta, design, at_risk, count):
    """The largest predictor among pairs at risk; 0 where there is none."""
    top = -np.inf
    for d in range(count):
        if at_risk[d]:
            eta = 0.0
            for k in range(len(theta)):
                eta += theta[k] * design[k, d]
            top = max(top, eta)
    return top if np.isfinite(top) else 0.0


@njit(cache=True, nogil=True)
def _renew(
    theta, shift, design, slots, at_risk, count, clock, x, w, since, first, total, gradient, information, low, high
):
    """End the spells of pairs whose statistics or risk changed, and begin new ones; returns the sum of weights."""
    p = len(theta)
    for d in range(count):
        s = slots[d]
        same = at_risk[d] == (w[s] > 0.0)
        if same and at_risk[d]:
            for k in range(p):
                if design[k, d] != x[s, k]:
                    same = False
                    break
        if same:
            continue
        if w[s] > 0.0:
            if clock > since[s]:
                _settle(x[s], clock - since[s], w[s], gradient, information)
            total -= w[s]
            for k in range(p):
                first[k] -= w[s] * x[s, k]
            w[s] = 0.0
        if at_risk[d]:
            eta = -shift
            for k in range(p):
                x[s, k] = design[k, d]
                eta += theta[k] * x[s, k]
                low[k] = min(low[k], x[s, k])
                high[k] = max(high[k], x[s, k])
            w[s] = np.exp(eta)
            total += w[s]
            for k in range(p):
                first[k] += w[s] * x[s, k]
            since[s] = clock
    return total


@njit(cache=True, nogil=True)
def spells(theta, interval, terms, h, state, changes, steps, sender, receiver, sums):
    """One pass over the steps of a model of pairs, as :func:`coplearn.kernels.event_likelihood.walk`.

    Parameters
    ----------
    h : History
        Dense, empty, and watching what the model looks at. No statistic may change where it does not watch: halving
        memory, shares of all events, standardised statistics and times since are for ``walk``.
    """
    n, p = h.n, len(theta)
    x, w, since = np.zeros((n * n, p)), np.zeros(n * n), np.zeros(n * n)
    out_i, out_j, at_risk = np.empty(n * n, np.int64), np.empty(n * n, np.int64), np.empty(n * n, np.bool_)
    raw, design = np.empty((len(terms.code), n * n)), np.empty((p, n * n))
    first, lower = np.zeros(p), np.zeros((p, p))
    total, clock, peak, age = 0.0, 0.0, 0.0, 0
    shift, begun = 0.0, False  # weights of an ordinal model are relative to the largest one at the beginning
    stale, is_stale, n_stale = h.stale, h.is_stale, h.n_stale
    present, risk = state.present, state.risk
    for s in range(n * n):
        stale[s], is_stale[s] = s, True
    n_stale[0] = n * n
    for m in range(len(steps.time)):
        apply_changes(h, state, changes, steps.change[m], steps.change[m + 1])
        start, stop = steps.event[m], steps.event[m + 1]
        exposure = steps.exposure[m] if interval else 0.0
        if not steps.counts[m] or (stop == start and exposure == 0.0):
            continue
        count = n_stale[0]
        for d in range(count):
            s = stale[d]
            is_stale[s] = False
            i, j = s // n, s % n
            out_i[d], out_j[d] = i, j
            at_risk[d] = present[i] and present[j] and i != j and (len(risk) == 0 or risk[s])
        columns(terms, h, state, steps.time[m], out_i, out_j, count, raw, design)
        if not begun:
            begun = True
            if not interval:
                shift = _largest(theta, design, at_risk, count)
        total = _renew(
            theta,
            shift,
            design,
            stale,
            at_risk,
            count,
            clock,
            x,
            w,
            since,
            first,
            total,
            sums.gradient,
            lower,
            sums.low,
            sums.high,
        )
        n_stale[0] = 0
        peak, age = max(peak, total), age + 1
        if age == ANEW or total < 1e-3 * peak:
            total = _sum(x, w, first)
            peak, age = total, 0
        if not interval and clock * total > LONG:
            _settle_all(x, clock, w, since, sums.gradient, lower)
            clock = 0.0
        for e in range(start, stop):
            s = sender[e] * n + receiver[e]
            if w[s] == 0.0:
                sums.llf[0] = -np.inf
            for k in range(p):
                sums.llf[0] += theta[k] * x[s, k]
                sums.gradient[k] += x[s, k]
        if interval:
            sums.llf[0] -= exposure * total
            clock += exposure
        else:
            sums.llf[0] -= (stop - start) * (np.log(total) + shift)
            clock += (stop - start) / total
            for k in range(p):
                part = (stop - start) * first[k] / (total * total)
                for other in range(k + 1):
                    lower[k, other] -= part * first[other]
    _settle_all(x, clock, w, since, sums.gradient, lower)
    for k in range(p):
        for other in range(k + 1):
            sums.information[k, other] += lower[k, other]
            if other < k:
                sums.information[other, k] += lower[k, other]

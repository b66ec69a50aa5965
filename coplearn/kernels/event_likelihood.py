r"""Likelihoods of relational event models over everybody at risk, with gradient and information.

With :math:`x_{ij}(m)` the statistics of a pair before event m and :math:`w_{ij}(m) = \exp \beta' x_{ij}(m)`,

.. math:: \ell_{ordinal} = \sum_m \beta' x_{obs}(m) - \log \sum_{ij} w_{ij}(m), \qquad
   \ell_{interval} = \sum_m \beta' x_{obs}(m) - \Delta_m \sum_{ij} w_{ij}(m)

(Butts 2008, doi:10.1111/j.1467-9531.2008.00203.x). The sums run over pairs, over senders, or over the receivers that a
given sender could have chosen: that is all by which tie, sender and receiver models differ.

:func:`walk` computes every statistic of every candidate at every step. :mod:`coplearn.kernels.event_spells` does the
same for models in which few pairs change between events, and much faster.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from coplearn.kernels.event_history import advance
from coplearn.kernels.event_statistics import raw_terms
from coplearn.kernels.event_timeline import apply_changes

__all__ = ["RECEIVER", "SENDER", "TIE", "Sums", "candidates", "columns", "may_act", "standardize", "walk"]

TIE, SENDER, RECEIVER = 0, 1, 2


class Sums(NamedTuple):
    """Filled by a pass over the steps: ``llf`` (1), ``gradient`` (p), ``information`` (p, p), ``scores`` (events, p;
    or empty), ``low`` and ``high`` (p): least and greatest value of each statistic among all candidates."""

    llf: np.ndarray
    gradient: np.ndarray
    information: np.ndarray
    scores: np.ndarray
    low: np.ndarray
    high: np.ndarray


@njit(cache=True, nogil=True)
def may_act(n, state, i):
    """Whether member i is present and, where pairs at risk are given, has one with somebody who is present."""
    if len(state.risk) == 0 or not state.present[i]:
        return state.present[i]
    for j in range(n):
        if j != i and state.present[j] and state.risk[i * n + j]:
            return True
    return False


@njit(cache=True, nogil=True)
def candidates(orientation, n, state, sender, out_i, out_j):
    """Write the candidates of a step, and return how many there are."""
    count = 0
    present, risk = state.present, state.risk
    if orientation == SENDER:
        for i in range(n):
            if may_act(n, state, i):
                out_i[count], out_j[count] = i, -1
                count += 1
        return count
    first, last = (0, n) if orientation == TIE else (sender, sender + 1)
    for i in range(first, last):
        if present[i]:
            for j in range(n):
                if present[j] and i != j and (len(risk) == 0 or risk[i * n + j]):
                    out_i[count], out_j[count] = i, j
                    count += 1
    return count


@njit(cache=True, nogil=True)
def standardize(values, mask):
    """Mean 0 and standard deviation 1 (denominator D - 1) where mask is not 0; 0 where all are equal."""
    count, mean, square = 0.0, 0.0, 0.0
    for d in range(len(values)):
        count += mask[d]
        mean += mask[d] * values[d]
    mean /= max(count, 1.0)
    for d in range(len(values)):
        values[d] -= mean
        square += mask[d] * values[d] ** 2
    spread = np.sqrt(square / (count - 1.0)) if count > 1.0 else 0.0
    factor = 1.0 / spread if spread > 1e-12 * (1.0 + abs(mean)) else 0.0
    for d in range(len(values)):
        values[d] *= factor


@njit(cache=True, nogil=True)
def columns(terms, h, state, time, out_i, out_j, count, raw, design):
    """Design of the first `count` candidates: raw terms (r, .), standardised where asked, multiplied into columns."""
    raw_terms(terms, h, state.x, time, out_i, out_j, count, raw)
    for r in range(len(terms.code)):
        if terms.standard[r]:
            standardize(raw[r, :count], np.ones(count))
    for c in range(len(terms.factors)):
        design[c, :count] = raw[terms.factors[c, 0], :count]
        for part in range(1, 3):
            r = terms.factors[c, part]
            if r >= 0:
                for d in range(count):
                    design[c, d] *= raw[r, d]


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _moments(design, w, count, first, second):
    """Sums of w x and of w x x' over candidates; returns the sum of w."""
    total = 0.0
    for d in range(count):
        total += w[d]
    for k in range(len(first)):
        s = 0.0
        for d in range(count):
            s += w[d] * design[k, d]
        first[k] = s
        for other in range(k + 1):
            s = 0.0
            for d in range(count):
                s += w[d] * design[k, d] * design[other, d]
            second[k, other] = s
            second[other, k] = s
    return total


@njit(cache=True, nogil=True)
def walk(theta, orientation, interval, terms, h, state, changes, steps, sender, receiver, sums):
    """One pass over the steps at the parameters `theta`, from an empty history; fills `sums`.

    Parameters
    ----------
    theta : float array, shape (p,)
    orientation : int
        TIE, SENDER or RECEIVER.
    interval : bool
        Interval likelihood, or ordinal.
    sender, receiver : int64 arrays, shape (n_events,)
    """
    n, p = h.n, len(theta)
    most = n * n if orientation == TIE else n
    out_i, out_j = np.empty(most, np.int64), np.empty(most, np.int64)
    raw, design = np.empty((len(terms.code), most)), np.empty((p, most))
    eta, w = np.empty(most), np.empty(most)
    first, second = np.empty(p), np.empty((p, p))
    for s in range(len(steps.time)):
        apply_changes(h, state, changes, steps.change[s], steps.change[s + 1])
        start, stop = steps.event[s], steps.event[s + 1]
        events = stop - start
        exposure = steps.exposure[s] if interval else 0.0
        if not steps.counts[s] or (events == 0 and exposure == 0.0):
            continue
        advance(h, steps.memory_time[s])
        rounds = events if orientation == RECEIVER else 1  # each sender chooses among others
        for turn in range(rounds):
            begin, end = (start + turn, start + turn + 1) if orientation == RECEIVER else (start, stop)
            count = candidates(orientation, n, state, sender[min(begin, len(sender) - 1)], out_i, out_j)
            if count == 0:
                if end > begin:
                    sums.llf[0] = -np.inf  # somebody acted while nobody was at risk
                continue
            columns(terms, h, state, steps.time[s], out_i, out_j, count, raw, design)
            top = -np.inf
            for d in range(count):
                total = 0.0
                for k in range(p):
                    total += theta[k] * design[k, d]
                eta[d] = total
                top = max(top, total)
            if interval:
                top = 0.0
            for d in range(count):
                w[d] = np.exp(eta[d] - top)
            mass = _moments(design, w, count, first, second)
            for k in range(p):
                sums.low[k] = min(sums.low[k], design[k, :count].min())
                sums.high[k] = max(sums.high[k], design[k, :count].max())
            observed = np.full(end - begin, -1, np.int64)
            for e in range(begin, end):
                for d in range(count):
                    if out_i[d] == sender[e] and (orientation == SENDER or out_j[d] == receiver[e]):
                        observed[e - begin] = d
                        break
            for place in range(len(observed)):
                d = observed[place]
                sums.llf[0] += eta[d]
                for k in range(p):
                    sums.gradient[k] += design[k, d]
                    if len(sums.scores) > 0:
                        sums.scores[begin + place, k] += design[k, d]
            weight = exposure if interval else (end - begin) / mass
            sums.llf[0] -= exposure * mass if interval else (end - begin) * (np.log(mass) + top)
            for k in range(p):
                sums.gradient[k] -= weight * first[k]
                if len(sums.scores) > 0:
                    # a stretch without event is put to the event that ends it, the last one to the last event
                    for e in range(begin, max(end, begin + 1)):
                        sums.scores[min(e, len(sender) - 1), k] -= weight * first[k] / max(end - begin, 1)
                for other in range(p):
                    sums.information[k, other] += weight * second[k, other]
                    if not interval:
                        sums.information[k, other] -= weight * first[k] * first[other] / mass

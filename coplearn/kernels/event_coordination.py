r"""Two-sided choice: an undirected event needs both members to choose each other.

With :math:`p_{i}(j) = \exp \beta' s_{ij} / \sum_h \exp \beta' s_{ih}` the choice that i would make alone, the pair
{i, j} comes about with probability (Stadtfeld, Hollway & Block 2017, doi:10.1177/0081175017709295)

.. math:: P(\{i, j\}) = \frac{p_i(j)\, p_j(i)}{\sum_{\{k, l\}} p_k(l)\, p_l(k)} .
"""

from __future__ import annotations

import numpy as np
from numba import njit

from coplearn.kernels.event_history import advance
from coplearn.kernels.event_likelihood import TIE, candidates, columns
from coplearn.kernels.event_timeline import apply_changes

__all__ = ["coordination"]


@njit(cache=True, nogil=True)
def _choices(n, out_i, count, theta, design, log_p, mean, spread):
    """Log-probability of each choice, and mean and covariance (p, p) of the statistics of what each member chooses."""
    p = len(theta)
    begin = 0
    while begin < count:
        i, end = out_i[begin], begin
        top = -np.inf
        while end < count and out_i[end] == i:
            eta = 0.0
            for c in range(p):
                eta += theta[c] * design[c, end]
            log_p[end] = eta
            top = max(top, eta)
            end += 1
        total = 0.0
        for d in range(begin, end):
            total += np.exp(log_p[d] - top)
        mean[i] = 0.0
        spread[i] = 0.0
        for d in range(begin, end):
            log_p[d] -= top + np.log(total)
            share = np.exp(log_p[d])
            for c in range(p):
                mean[i, c] += share * design[c, d]
                for other in range(p):
                    spread[i, c, other] += share * design[c, d] * design[other, d]
        for c in range(p):
            for other in range(p):
                spread[i, c, other] -= mean[i, c] * mean[i, other]
        begin = end


@njit(cache=True, nogil=True)
def coordination(theta, terms, h, state, changes, steps, sender, receiver):
    """Log-likelihood, gradient and information of undirected events at the parameters `theta`."""
    n, p = h.n, len(theta)
    out_i, out_j = np.empty(n * n, np.int64), np.empty(n * n, np.int64)
    raw, design = np.empty((len(terms.code), n * n)), np.empty((p, n * n))
    log_p, place = np.empty(n * n), np.empty((n, n), np.int64)
    mean, spread = np.empty((n, p)), np.empty((n, p, p))
    llf, gradient, information = 0.0, np.zeros(p), np.zeros((p, p))
    slope, first = np.empty(p), np.empty(p)
    second, curve = np.empty((p, p)), np.empty((p, p))
    for s in range(len(steps.time)):
        apply_changes(h, state, changes, steps.change[s], steps.change[s + 1])
        events = steps.event[s + 1] - steps.event[s]
        if not steps.counts[s] or events == 0:
            continue
        advance(h, steps.memory_time[s])
        count = candidates(TIE, n, state, -1, out_i, out_j)
        columns(terms, h, state, steps.time[s], out_i, out_j, count, raw, design)
        place[:] = -1
        for d in range(count):
            place[out_i[d], out_j[d]] = d
        _choices(n, out_i, count, theta, design, log_p, mean, spread)
        top = -np.inf
        for d in range(count):
            back = place[out_j[d], out_i[d]]
            if out_i[d] < out_j[d] and back >= 0:
                top = max(top, log_p[d] + log_p[back])
        total = 0.0
        first[:] = 0.0
        second[:] = 0.0
        curve[:] = 0.0
        for d in range(count):
            i, j = out_i[d], out_j[d]
            back = place[j, i]
            if i >= j or back < 0:
                continue
            w = np.exp(log_p[d] + log_p[back] - top)
            total += w
            for c in range(p):
                slope[c] = design[c, d] + design[c, back] - mean[i, c] - mean[j, c]
            for c in range(p):
                first[c] += w * slope[c]
                for other in range(p):
                    second[c, other] += w * slope[c] * slope[other]
                    curve[c, other] += w * (spread[i, c, other] + spread[j, c, other])
        for e in range(steps.event[s], steps.event[s + 1]):
            i, j = sender[e], receiver[e]
            there, back = place[i, j], place[j, i]
            llf += log_p[there] + log_p[back] - top - np.log(total)
            for c in range(p):
                gradient[c] += design[c, there] + design[c, back] - mean[i, c] - mean[j, c] - first[c] / total
                for other in range(p):
                    information[c, other] += spread[i, c, other] + spread[j, c, other] - curve[c, other] / total
                    information[c, other] += second[c, other] / total - first[c] / total * (first[other] / total)
    return llf, gradient, information

r"""Likelihood of choices among few: rows of statistics that were written down, stage by stage.

A *stage* s is a moment at which something happened, or a stretch of time in which nothing did. Its rows are the
candidates: all of them, or the one that acted and a sample of the others. With :math:`o_r` the logarithm of the weight
of a row (0 where every candidate is there),

.. math:: \ell = \sum_s \eta_{r(s)} - \log \sum_{r \in s} e^{\eta_r + o_r} \quad \text{(ordinal)}, \qquad
   \ell = \sum_s \eta_{r(s)} - \Delta_s \sum_{r \in s} e^{\eta_r + o_r} \quad \text{(interval)}.

The arrays: ``x`` (rows, p); ``first`` (stages + 1), where the rows of each stage begin; ``seen`` (stages), the place of
the observed row within its stage, -1 where nothing happened; ``length`` (stages); ``offset`` (rows).
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["contributions", "likelihood", "sampling_scores"]


@njit(cache=True, nogil=True)
def _etas(beta, x, offset, begin, end, timed, eta):
    """Linear predictors of a stage, and exp of them (ordinal: relative to their largest) in place; the largest."""
    largest = -np.inf
    for r in range(begin, end):
        total = offset[r]
        for c in range(len(beta)):
            total += beta[c] * x[r, c]
        eta[r - begin] = total
        largest = max(largest, total)
    shift = 0.0 if timed else largest
    for r in range(end - begin):
        eta[r] = np.exp(eta[r] - shift)
    return shift


@njit(cache=True, nogil=True)
def likelihood(beta, x, first, seen, length, offset, timed):
    """Log-likelihood, score (p) and information (p, p)."""
    p, stages = len(beta), len(seen)
    llf, score, information = 0.0, np.zeros(p), np.zeros((p, p))
    mean, square = np.empty(p), np.empty((p, p))
    rate = np.empty(np.max(first[1:] - first[:-1]) if stages else 0)
    for s in range(stages):
        begin, end = first[s], first[s + 1]
        shift = _etas(beta, x, offset, begin, end, timed, rate)
        total = 0.0
        mean[:] = 0.0
        square[:] = 0.0
        for r in range(begin, end):
            w = rate[r - begin]
            total += w
            for c in range(p):
                v = w * x[r, c]
                mean[c] += v
                for d in range(c + 1):
                    square[c, d] += v * x[r, d]
        if timed:
            llf -= length[s] * total
            for c in range(p):
                score[c] -= length[s] * mean[c]
                for d in range(c + 1):
                    information[c, d] += length[s] * square[c, d]
        else:
            llf -= shift + np.log(total)
            for c in range(p):
                score[c] -= mean[c] / total
                for d in range(c + 1):
                    information[c, d] += square[c, d] / total - mean[c] / total * (mean[d] / total)
        if seen[s] >= 0:
            r = begin + seen[s]
            for c in range(p):
                llf += beta[c] * x[r, c]
                score[c] += x[r, c]
    for c in range(p):
        for d in range(c):
            information[d, c] = information[c, d]
    return llf, score, information


@njit(cache=True, nogil=True)
def contributions(beta, x, first, seen, length, offset, timed):
    """Per stage: log-likelihood, score (p), middle rank of the observed row (1 = most likely; 0 where none), its share.

    The rank counts rows with a larger predictor, and half of the ties.
    """
    p, stages = len(beta), len(seen)
    llf, scores = np.zeros(stages), np.zeros((stages, p))
    rank, share = np.zeros(stages), np.zeros(stages)
    rate = np.empty(np.max(first[1:] - first[:-1]) if stages else 0)
    for s in range(stages):
        begin, end = first[s], first[s + 1]
        shift = _etas(beta, x, offset, begin, end, timed, rate)
        total = rate[: end - begin].sum()
        factor = length[s] if timed else 1.0 / total
        for r in range(begin, end):
            for c in range(p):
                scores[s, c] -= factor * rate[r - begin] * x[r, c]
        llf[s] = -length[s] * total if timed else -shift - np.log(total)
        if seen[s] < 0:
            continue
        own = begin + seen[s]
        for c in range(p):
            llf[s] += beta[c] * x[own, c]
            scores[s, c] += x[own, c]
        share[s] = rate[seen[s]] / total
        mine = np.log(rate[seen[s]]) - offset[own]
        rank[s] = 1.0
        for r in range(begin, end):
            other = np.log(rate[r - begin]) - offset[r]
            if r != own:
                rank[s] += 1.0 if other > mine + 1e-12 else 0.5 if other > mine - 1e-12 else 0.0
    return llf, scores, rank, share


@njit(cache=True, nogil=True)
def sampling_scores(beta, x, first, seen, length, offset, missing, timed):
    r"""Variance of the score over draws of the controls, given what happened: (p, p).

    Controls are drawn stage by stage, so their variances add up; within a stage it is that of the jackknife over
    controls, :math:`\frac{m - 1}{m} (1 - m / M) \sum_c (U_{(c)} - \bar U)(U_{(c)} - \bar U)'`, with `missing` the
    share :math:`1 - m / M` of the candidates that were not drawn. In interval timing this is exact.
    """
    p, stages = len(beta), len(seen)
    found = np.zeros((p, p))
    rate = np.empty(np.max(first[1:] - first[:-1]) if stages else 0)
    mean, without = np.empty(p), np.empty(p)
    for s in range(stages):
        begin, end = first[s], first[s + 1]
        m = end - begin - (1 if seen[s] >= 0 else 0)
        if m < 2 or missing[s] <= 0.0:
            continue
        _etas(beta, x, offset, begin, end, timed, rate)
        own = seen[s]
        scale = m / (m - 1.0)  # the controls that stay stand for those left out
        total = 0.0
        mean[:] = 0.0
        for r in range(end - begin):
            if r != own:
                total += rate[r]
                for c in range(p):
                    mean[c] += rate[r] * x[begin + r, c]
        case = rate[own] if own >= 0 else 0.0
        center = np.zeros(p)
        outer = np.zeros((p, p))
        for r in range(end - begin):
            if r == own:
                continue
            for c in range(p):
                up = scale * (mean[c] - rate[r] * x[begin + r, c])
                if timed:
                    without[c] = -length[s] * up
                else:
                    up += case * x[begin + own, c]
                    without[c] = -up / (case + scale * (total - rate[r]))
                center[c] += without[c] / m
            for c in range(p):
                for d in range(p):
                    outer[c, d] += without[c] * without[d]
        factor = (m - 1.0) / m * missing[s]
        for c in range(p):
            for d in range(p):
                found[c, d] += factor * (outer[c, d] - m * center[c] * center[d])
    return found

"""Effects on rates: the values a_i in lambda_i = rho exp(sum_k alpha_k a_ik).

Exposure is the sum over alters j of how far j has adopted, z_j above its lowest value (0 or 1 for a binary behavior).
A positive internal parameter p asks for an exposure of at least p, or it counts as 0; a negative p does the same and
caps the exposure at abs(p) (complex contagion). The exposure that is meant is the sum, before it is averaged.

    a = network, actor variable, -, -, -, side, aggregate or kind, packed choice
    p = internal parameter

Source: Greenan (2015), doi:10.1111/rssa.12054, for the diffusion effects.
"""

import numpy as np
from numba import njit

from coplearn.kernels.saom_behavior import AVERAGE, IN, MUTUAL

RATE_ACTOR = 800  # v_i, a behavior not centred
RATE_DEGREE = 801  # a[6]: DEGREE, LOG or INVERSE of the degree on a side
RATE_EXPOSURE = 802  # a[1] behavior, a[2] covariate, a[6] aggregate, a[7] weight of alters, a[4] moderator by ego
RATE_TWO_STEPS = 803  # exposure to co-members: over shared nodes j the total or average over j's other in-neighbours

DEGREE, LOG, INVERSE = 0, 1, 2
UNWEIGHTED, ALTER_IN, ALTER_OUT, ALTER_BOTH, ALTER_VALUE = 0, 1, 2, 3, 4
NOT_MODERATED, EGO_IN, EGO_VALUE = 0, 1, 2
TOTAL_TOTAL, AVERAGE_TOTAL, TOTAL_AVERAGE, ANY = 0, 1, 2, 3  # over nodes, then within a node


@njit(cache=True, nogil=True)
def adopted(s, row, j):
    """How far above the lowest value actor j is."""
    b = row - s.v.shape[0] + s.z.shape[0]
    return 0 if s.v_missing[row, j] else s.z[b, j] - s.z_low[b]


@njit(cache=True, nogil=True)
def bounded(exposure, p):
    """The exposure that counts, given the internal parameter."""
    if p != 0.0 and exposure < abs(p):
        return 0.0
    return min(exposure, -p) if p < 0.0 else exposure


@njit(cache=True, nogil=True)
def exposure_of(eff, k, s, i):
    a, p = eff.a[k], eff.p[k]
    r, row = a[0], a[1]
    reached, total = 0.0, 0.0
    for q in range(s.outdeg[r, i]):
        j = s.out[r, i, q]
        value = float(adopted(s, row, j))
        reached += value
        if a[7] == ALTER_IN:
            value *= s.indeg[r, j]
        elif a[7] == ALTER_OUT:
            value *= s.outdeg[r, j]
        elif a[7] == ALTER_BOTH:
            value *= s.indeg[r, j] + s.outdeg[r, j] if s.directed[r] else s.outdeg[r, j]
        elif a[7] == ALTER_VALUE:
            value *= s.v[a[2], j]
        total += value
    counted = bounded(reached, p[0])
    total = total * counted / reached if reached > 0.0 else 0.0
    if a[6] == AVERAGE:
        total = total / s.outdeg[r, i] if s.outdeg[r, i] else 0.0
    if a[4] == EGO_IN:
        total *= s.indeg[r, i]
    elif a[4] == EGO_VALUE:
        total *= s.v[a[2], i]
    return total


@njit(cache=True, nogil=True)
def exposure_two_steps(eff, k, s, i):
    a = eff.a[k]
    r, row, kind = a[0], a[1], a[6]
    total, reached = 0.0, 0.0
    for q in range(s.outdeg[r, i]):
        j = s.out[r, i, q]
        sub, count = 0.0, 0
        for t in range(s.indeg[r, j]):
            h = s.inn[r, j, t]
            if h != i:
                sub += adopted(s, row, h)
                count += 1
        reached += sub
        if kind == TOTAL_AVERAGE and count:
            sub /= count
        elif kind == ANY:
            sub = 1.0 if sub > 0.0 else 0.0
        total += sub
    total = total * bounded(reached, eff.p[k, 0]) / reached if reached > 0.0 else 0.0
    if kind == AVERAGE_TOTAL and s.outdeg[r, i]:
        total /= s.outdeg[r, i]
    return total


@njit(cache=True, nogil=True)
def rate_value(eff, k, s, i):
    """a_ik in the state s."""
    code, a = eff.code[k], eff.a[k]
    if code == RATE_ACTOR:
        b = a[1] - s.v.shape[0] + s.z.shape[0]
        return s.v[a[1], i] if b < 0 else float(s.z[b, i])
    if code == RATE_DEGREE:
        degree = s.indeg[a[0], i] if a[5] == IN else s.recdeg[a[0], i] if a[5] == MUTUAL else s.outdeg[a[0], i]
        if a[6] == LOG:
            return np.log(degree + 1.0)
        return 1.0 / (degree + 1.0) if a[6] == INVERSE else float(degree)
    if code == RATE_EXPOSURE:
        return exposure_of(eff, k, s, i)
    if code == RATE_TWO_STEPS:
        return exposure_two_steps(eff, k, s, i)
    raise ValueError("unknown code of a rate effect")


@njit(cache=True, nogil=True)
def is_own_rate(eff, k):
    """Whether a_ik depends on nothing but i's own degrees and values."""
    return eff.code[k] == RATE_ACTOR or eff.code[k] == RATE_DEGREE

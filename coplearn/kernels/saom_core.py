"""A few effects, until the full tables of network effects are here."""

from numba import njit

from coplearn.kernels.saom_state import touch

DENSITY, RECIP, TRANS_TRIP, CYCLE3, EGO, ALTER, SIMILAR, SAME, IN_POP = 1, 2, 3, 4, 5, 6, 7, 8, 9


@njit(cache=True, nogil=True)
def network_base(eff, k, s, i, j):
    r, v, code = eff.variable[k], eff.a[k, 1], eff.code[k]
    if code == DENSITY:
        return 1.0
    if code == RECIP:
        return float(s.x[r, j, i])
    if code == EGO:
        return s.v[v, i]
    if code == ALTER:
        return s.v[v, j]
    if code == SIMILAR:
        return 1.0 - abs(s.v[v, i] - s.v[v, j]) / eff.p[k, 2] - eff.p[k, 1]
    if code == SAME:
        return 1.0 if s.v[v, i] == s.v[v, j] else 0.0
    if code == IN_POP:
        return float(s.indeg[r, j] + 1 - s.x[r, i, j])
    return 0.0


@njit(cache=True, nogil=True)
def has_local(eff, k):
    return eff.code[k] == TRANS_TRIP or eff.code[k] == CYCLE3


@njit(cache=True, nogil=True)
def network_local(eff, k, s, i, scratch, out):
    r = eff.variable[k]
    if eff.code[k] == TRANS_TRIP:
        for q in range(s.outdeg[r, i]):
            h = s.out[r, i, q]
            for t in range(s.outdeg[r, h]):
                j = s.out[r, h, t]
                if j != i:
                    touch(scratch, j)
                    out[j] += 1.0
            for t in range(s.indeg[r, h]):
                j = s.inn[r, h, t]
                if j != i:
                    touch(scratch, j)
                    out[j] += 1.0
    elif eff.code[k] == CYCLE3:
        for q in range(s.indeg[r, i]):
            h = s.inn[r, i, q]
            for t in range(s.indeg[r, h]):
                j = s.inn[r, h, t]
                if j != i:
                    touch(scratch, j)
                    out[j] += 1.0


@njit(cache=True, nogil=True)
def tie_statistic(eff, k, s, i, j):
    r, v, code = eff.variable[k], eff.a[k, 1], eff.code[k]
    total = 0.0
    if code == TRANS_TRIP:
        for q in range(s.outdeg[r, i]):
            total += s.x[r, s.out[r, i, q], j]
        return total
    if code == CYCLE3:
        for q in range(s.outdeg[r, j]):
            total += s.x[r, s.out[r, j, q], i]
        return total
    if code >= EGO and code <= SAME and (s.v_missing[v, i] or s.v_missing[v, j]):
        return 0.0
    return network_base(eff, k, s, i, j)


@njit(cache=True, nogil=True)
def whole_ego(eff, k):
    return False


@njit(cache=True, nogil=True)
def ego_statistic(eff, k, s, i):
    return 0.0


LINEAR, QUADRATIC, AVERAGE_SIMILARITY, RATE_ACTOR = 500, 501, 599, 800


@njit(cache=True, nogil=True)
def behavior_value(eff, k, s, i, d):
    row = s.v.shape[0] - s.z.shape[0] + eff.variable[k] - s.x.shape[0]
    z = s.v[row, i] + d
    if eff.code[k] == LINEAR:
        return z
    if eff.code[k] == QUADRATIC:
        return z * z
    r, total = eff.a[k, 0], 0.0
    for q in range(s.outdeg[r, i]):
        j = s.out[r, i, q]
        if not s.v_missing[row, j]:
            total += 1.0 - abs(z - s.v[row, j]) / eff.p[k, 2] - eff.p[k, 1]
    return total / s.outdeg[r, i] if s.outdeg[r, i] else 0.0


@njit(cache=True, nogil=True)
def behavior_change(eff, k, s, i, d):
    return behavior_value(eff, k, s, i, d) - behavior_value(eff, k, s, i, 0)


@njit(cache=True, nogil=True)
def behavior_statistic(eff, k, s, i):
    return behavior_value(eff, k, s, i, 0)


@njit(cache=True, nogil=True)
def rate_value(eff, k, s, i):
    return s.v[eff.a[k, 1], i]

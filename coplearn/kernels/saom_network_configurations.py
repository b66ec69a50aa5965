"""Network effects of whom one reaches in two steps, of four-cycles and of triads: the codes REACH, CYCLE and TRIAD.

:mod:`coplearn.kernels.saom_network` says how they read their rows.
"""

import numpy as np
from numba import njit

from coplearn.kernels import saom_network_terms as t
from coplearn.kernels.saom_network_terms import leg, neighbours, reverse, shape
from coplearn.kernels.saom_state import touch


@njit(cache=True, nogil=True)
def _of_count(eff, k, curve, count):
    """What the two-paths that end at the same node count."""
    m = np.int64(count)
    return curve[k, m] if k < curve.shape[0] and m < curve.shape[1] else shape(eff.a[k, 7], count, eff.p[k, 0])


@njit(cache=True, nogil=True)
def reach_base(eff, k, s, i, j):
    """As if every two-path were the first one to its end."""
    a, p = eff.a[k], eff.p[k]
    first = shape(a[7], 1.0, p[0])
    net, forward = a[2], a[3] == t.FORWARD
    one_mode, total = not forward or not s.two_mode[net], 0.0
    for b in range(s.outdeg[net, j] if forward else s.indeg[net, j]):
        h = np.int64(s.out[net, j, b] if forward else s.inn[net, j, b])
        if not (one_mode and h == i):
            total += _reach_value(eff, k, s, i, h)
    return first * total


@njit(cache=True, nogil=True)
def _reach_value(eff, k, s, i, h):
    if eff.a[k, 0] >= 0:
        return 1.0 * s.x[eff.a[k, 0], i, h]
    return 1.0 if eff.a[k, 6] < 0 else s.v[eff.a[k, 6], h]


@njit(cache=True, nogil=True)
def reach_local(eff, k, s, i, scratch, out):
    own, a = eff.variable[k], eff.a[k]
    node, weight, paths = scratch.node, scratch.weight, scratch.paths
    one_mode = not s.two_mode[own]
    curve = scratch.curve
    first = _of_count(eff, k, curve, 1.0)
    reached = 0
    for b in range(s.outdeg[own, i]):
        n = neighbours(s, a[2], a[3], np.int64(s.out[own, i, b]), node[0], weight[0])
        for c in range(n):
            h = np.int64(node[0, c])
            if h != i:
                if paths[h] == 0.0:
                    scratch.reached[reached] = h
                    reached += 1
                paths[h] += 1.0
    for b in range(reached + (s.outdeg[own, i] if a[4] else 0)):
        h = np.int64(scratch.reached[b] if b < reached else s.out[own, i, b - reached])
        tied = a[4] != 0 and s.x[own, i, h] != 0
        value = _reach_value(eff, k, s, i, h)
        if b < reached and a[4]:
            out[h] -= value * _of_count(eff, k, curve, paths[h])
            touch(scratch, h)
        if tied and b < reached:
            continue
        n = neighbours(s, a[2], reverse(a[3]), h, node[0], weight[0])
        for c in range(n):
            j = np.int64(node[0, c])
            if one_mode and j == i:
                continue
            before = paths[h] - s.x[own, i, j]
            gain = 0.0 if tied else _of_count(eff, k, curve, before + 1) - _of_count(eff, k, curve, before)
            out[j] += value * (gain - first)
            touch(scratch, j)
    for b in range(reached):
        paths[scratch.reached[b]] = 0.0


@njit(cache=True, nogil=True)
def reach_statistic(eff, k, s, i):
    own, a, p = eff.variable[k], eff.a[k], eff.p[k]
    total = 0.0
    for h in range(s.x.shape[1]):
        if h == i or (a[4] and s.x[own, i, h]):
            continue
        count = 0.0
        for b in range(s.outdeg[own, i]):
            count += leg(s, a[2], a[3], np.int64(s.out[own, i, b]), h)
        if count > 0:
            total += _reach_value(eff, k, s, i, h) * shape(a[7], count, p[0])
    return total


@njit(cache=True, nogil=True)
def _cycle_weight(eff, k, s, i, h, j, m):
    """1 if the ends i, h and the ends j, m of a four-cycle agree as asked."""
    same, shared = eff.a[k, 1], eff.a[k, 2]
    if same >= 0 and s.v[same, i] != s.v[same, h]:
        return 0.0
    if shared >= 0 and s.v[shared, j] != s.v[shared, m]:
        return 0.0
    return 1.0


@njit(cache=True, nogil=True)
def cycle_local(eff, k, s, i, scratch, out):
    own = eff.variable[k]
    one_mode = not s.two_mode[own]
    for b in range(s.outdeg[own, i]):
        m = np.int64(s.out[own, i, b])
        for c in range(s.indeg[own, m]):
            h = np.int64(s.inn[own, m, c])
            if h == i:
                continue
            for e in range(s.outdeg[own, h]):
                j = np.int64(s.out[own, h, e])
                if j != m and not (one_mode and j == i):
                    out[j] += _cycle_weight(eff, k, s, i, h, j, m)
                    touch(scratch, j)
    if eff.p[k, 0] != 2:
        return
    total = 0.0
    for b in range(s.outdeg[own, i]):
        total += out[s.out[own, i, b]] / 2
    for alter in range(s.n_columns[own]):
        if out[alter] > 0:
            without = total - out[alter] * s.x[own, i, alter]
            out[alter] = np.sqrt(without + out[alter]) - np.sqrt(without)


@njit(cache=True, nogil=True)
def cycle_term(eff, k, s, i, j):
    own = eff.variable[k]
    total = 0.0
    for b in range(s.outdeg[own, i]):
        m = np.int64(s.out[own, i, b])
        if m == j:
            continue
        for c in range(s.indeg[own, m]):
            h = np.int64(s.inn[own, m, c])
            if h != i and s.x[own, h, j]:
                total += _cycle_weight(eff, k, s, i, h, j, m)
    return np.sqrt(total) if eff.p[k, 0] == 2 else total


@njit(cache=True, nogil=True)
def _triad_others(s, own, i, j, h):
    """Ties among i, j, h other than i -> j."""
    x = s.x[own]
    return 0 + x[j, i] + x[i, h] + x[h, i] + x[j, h] + x[h, j]


@njit(cache=True, nogil=True)
def triad_local(eff, k, s, i, scratch, out):
    own, least = eff.variable[k], eff.p[k, 0]
    node, weight = scratch.node, scratch.weight
    n = neighbours(s, own, t.EITHER_WAY, i, node[0], weight[0])
    for b in range(n):
        h = np.int64(node[0, b])
        n_second = neighbours(s, own, t.EITHER_WAY, h, node[1], weight[1])
        for c in range(n_second):
            j = np.int64(node[1, c])
            if j != i:
                others, tied = _triad_others(s, own, i, j, h), 1.0 * s.x[own, i, h]
                out[j] += (1 + tied) * (others + 1 >= least) - tied * (others >= least)
                touch(scratch, j)


@njit(cache=True, nogil=True)
def triad_term(eff, k, s, i, j):
    own = eff.variable[k]
    total = 0.0
    for h in range(s.n_actors):
        if h != i and h != j and _triad_others(s, own, i, j, h) + s.x[own, i, j] >= eff.p[k, 0]:
            total += 1.0
    return total

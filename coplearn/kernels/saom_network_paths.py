"""Network effects of two-paths: the code PATH, with its weights and complements.

:mod:`coplearn.kernels.saom_network` says how it reads its row.
"""

import numpy as np
from numba import njit

from coplearn.kernels import saom_network_terms as t
from coplearn.kernels.saom_network_terms import (
    ALL_DIFFER,
    ALL_SAME,
    BALANCE,
    BETWEEN,
    CONTRAST,
    ENDS_DIFFER,
    ENDS_SAME,
    ENDS_SIMILAR,
    IN_BALANCE,
    JACCARD_OUT,
    JUMP,
    MIDDLE,
    MIDDLE_DIFFERS,
    MIDDLE_DYADIC,
    MIDDLE_INDEGREE,
    MIDDLE_SAME,
    NO_REST,
    PATH,
    PLAIN,
    leg,
    neighbours,
    reverse,
    shape,
)
from coplearn.kernels.saom_state import touch


@njit(cache=True, nogil=True)
def _weight(eff, k, s, i, h, j):
    """c_ihj."""
    kind = eff.a[k, 5]
    if kind == PLAIN:
        return 1.0
    if kind == MIDDLE_INDEGREE:
        received = 1.0 * s.indeg[eff.a[k, 6], h]
        if eff.p[k, 0] == 2:
            return np.sqrt(received)
        return 1 / (received + 1) if eff.p[k, 0] == -1 else received
    if kind == MIDDLE_DYADIC:
        return s.w[eff.a[k, 6], i, h] - eff.p[k, 2]
    v = s.v[eff.a[k, 6]]
    if kind == MIDDLE:
        return v[h]
    if kind == ENDS_SIMILAR:
        return 1 - abs(v[i] - v[j]) / eff.p[k, 3] - eff.p[k, 2]
    if kind == ENDS_SAME:
        return 1.0 if v[i] == v[j] else 0.0
    if kind == ENDS_DIFFER:
        return 1.0 if v[i] != v[j] else 0.0
    if kind == ALL_SAME:
        return 1.0 if v[i] == v[j] and v[i] == v[h] else 0.0
    if kind == JUMP:
        return 1.0 if v[i] == v[h] and v[i] != v[j] else 0.0
    if kind == CONTRAST:
        return 1.0 if v[i] == v[j] and v[i] != v[h] else 0.0
    if kind == MIDDLE_SAME:
        return 1.0 if v[i] == v[h] else 0.0
    if kind == MIDDLE_DIFFERS:
        return 1.0 if v[i] != v[h] else 0.0
    if kind == ALL_DIFFER:
        return 1.0 if v[i] != v[j] and v[i] != v[h] and v[j] != v[h] else 0.0
    raise ValueError("unknown weight of a path")


@njit(cache=True, nogil=True)
def path_rest(eff, k, s, i, j):
    own, rest, constant = eff.variable[k], eff.p[k, 4], eff.p[k, 5]
    back, there = 1.0 * s.x[own, j, i], 1.0 * s.x[own, i, j]
    if rest == BETWEEN:
        return s.indeg[own, i] - back
    if rest == BALANCE:
        return (s.n_actors - 2) * constant - 2 * (s.outdeg[own, i] - there) - (s.outdeg[own, j] - back)
    if rest == IN_BALANCE:
        return (s.n_actors - 2) * constant - (s.indeg[own, i] - back) - (s.indeg[own, j] - there)
    return 0.0


@njit(cache=True, nogil=True)
def _closed(eff, k, s, i, j, paths):
    """The contribution of the tie i -> j as the closure of `paths` two-paths."""
    rest = eff.p[k, 4]
    if rest < JACCARD_OUT:
        value = eff.p[k, 1] * shape(eff.a[k, 7], paths, eff.p[k, 0])
    else:
        net = eff.a[k, 0]
        degrees = s.outdeg[net, i] + s.outdeg[net, j] if rest == JACCARD_OUT else s.indeg[net, i] + s.indeg[net, j]
        value = paths / (degrees - paths) if degrees > paths else 0.0
    return value * s.x[eff.variable[k], j, i] if eff.a[k, 4] & 4 else value


@njit(cache=True, nogil=True)
def _first_leg(eff, k, s, i, j):
    """How much the tie i -> j would make of a first leg of the effect's kind."""
    direction = eff.a[k, 1]
    if direction == t.BOTH_WAYS:
        return 1.0 * s.x[eff.variable[k], j, i]
    if direction == t.EITHER_WAY:
        return 1.0 - s.x[eff.variable[k], j, i]
    return 1.0


@njit(cache=True, nogil=True)
def is_plain_path(eff, k):
    """Whether the effect counts unweighted two-paths of ties, apart from what :func:`network_base` adds."""
    return is_counted_path(eff, k) and (eff.a[k, 4] == 1 or (eff.a[k, 4] == 3 and eff.a[k, 7] == t.IDENTITY))


@njit(cache=True, nogil=True)
def is_counted_path(eff, k):
    """Whether the effect is a function of how many two-paths of ties a tie closes, as tables of two-paths tell it."""
    if eff.code[k] != PATH:
        return False
    a = eff.a[k]
    one_way = a[1] <= t.BACKWARD and a[3] <= t.BACKWARD and a[5] == PLAIN
    closes = a[4] == 1 or a[4] == 5 or ((a[4] == 3 or a[4] == 7) and a[1] == t.FORWARD)
    return one_way and closes and eff.p[k, 4] < JACCARD_OUT


@njit(cache=True, nogil=True)
def _plain_path_local(eff, k, s, i, scratch, out):
    """:func:`path_local` for unweighted two-paths of ties, by far the commonest.

    Ego may get a value too: nobody reads it. Two-paths of the same legs are counted once for all effects of a ministep.
    """
    own, a, curve, known = eff.variable[k], eff.a[k], scratch.curve[k], scratch.known
    second, forward = a[2], a[3] == t.FORWARD
    if known[0] != a[0] or known[1] != a[1] or known[2] != second or known[3] != a[3]:
        count_paths(s, a[0], a[1] == t.FORWARD, second, forward, i, scratch)
        known[0], known[1], known[2], known[3] = a[0], a[1], second, a[3]
    counts, nodes = scratch.counts, scratch.counted
    for b in range(known[4]):
        j = nodes[b]
        m = counts[j]
        out[j] += curve[m] if m < curve.size else eff.p[k, 1] * shape(a[7], float(m), eff.p[k, 0])
    if a[4] == 1:
        return
    step, n, mark, touched = eff.p[k, 1], scratch.n_touched[0], scratch.mark, scratch.touched
    for b in range(s.outdeg[own, i]):
        h = s.out[own, i, b]
        for c in range(s.indeg[second, h] if forward else s.outdeg[second, h]):
            j = s.inn[second, h, c] if forward else s.out[second, h, c]
            out[j] += step
            touched[n] = j
            n += mark[j] == 0
            mark[j] = 1
    scratch.n_touched[0] = n


@njit(cache=True, nogil=True)
def count_paths(s, first, from_ego, second, forward, i, scratch):
    """Count the two-paths from i, and touch where they lead; :func:`forget_paths` empties the list."""
    forget_paths(scratch)
    counts, nodes, n_nodes = scratch.counts, scratch.counted, 0
    n, mark, touched = scratch.n_touched[0], scratch.mark, scratch.touched
    for b in range(s.outdeg[first, i] if from_ego else s.indeg[first, i]):
        h = s.out[first, i, b] if from_ego else s.inn[first, i, b]
        for c in range(s.outdeg[second, h] if forward else s.indeg[second, h]):
            j = s.out[second, h, c] if forward else s.inn[second, h, c]
            nodes[n_nodes] = j
            n_nodes += counts[j] == 0
            counts[j] += 1
            touched[n] = j
            n += mark[j] == 0
            mark[j] = 1
    scratch.n_touched[0] = n
    scratch.known[4] = n_nodes


@njit(cache=True, nogil=True)
def forget_paths(scratch):
    """Forget the two-paths that were counted last."""
    for b in range(scratch.known[4]):
        scratch.counts[scratch.counted[b]] = 0
    scratch.known[0] = -1
    scratch.known[4] = 0


@njit(cache=True, nogil=True)
def forget(s, scratch, r, i):
    """Empty the list of touched alters, and forget what was counted for this ego."""
    forget_paths(scratch)
    for q in range(scratch.n_touched[0]):
        scratch.mark[scratch.touched[q]] = 0
    scratch.n_touched[0] = 0
    if not s.two_mode[r]:
        scratch.mark[i] = 0


@njit(cache=True, nogil=True)
def path_local(eff, k, s, i, scratch, out):
    if k < scratch.curve.shape[0] and is_plain_path(eff, k):
        _plain_path_local(eff, k, s, i, scratch, out)
        return
    own, a, p = eff.variable[k], eff.a[k], eff.p[k]
    one_mode = not s.two_mode[own]
    node, weight, paths = scratch.node, scratch.weight, scratch.paths
    linear = a[7] == t.IDENTITY
    reached = 0
    if a[4] & 1:
        n_first = neighbours(s, a[0], a[1], i, node[0], weight[0])
        for b in range(n_first):
            h = np.int64(node[0, b])
            n_second = neighbours(s, a[2], a[3], h, node[1], weight[1])
            for c in range(n_second):
                j = np.int64(node[1, c])
                if one_mode and j == i:
                    continue
                value = weight[0, b] * weight[1, c] * _weight(eff, k, s, i, h, j)
                if value != 0.0:
                    if paths[j] == 0.0:
                        scratch.reached[reached % scratch.reached.size] = j
                        reached += 1
                    paths[j] += value
    if a[4] & 2:
        for b in range(s.outdeg[own, i]):
            h = np.int64(s.out[own, i, b])
            if a[4] & 4 and not s.x[own, h, i]:
                continue
            n_second = neighbours(s, a[2], reverse(a[3]), h, node[1], weight[1])
            for c in range(n_second):
                j = np.int64(node[1, c])
                if one_mode and j == i:
                    continue
                value = weight[1, c] * _first_leg(eff, k, s, i, j) * _weight(eff, k, s, i, j, h)
                if value == 0.0:
                    continue
                if linear:
                    out[j] += p[1] * value
                else:
                    before = paths[h] - (value if s.x[own, i, j] else 0.0)
                    out[j] += p[1] * (shape(a[7], before + value, p[0]) - shape(a[7], before, p[0]))
                touch(scratch, j)
    room = scratch.reached.size  # weights that cancel list a node again: with too many of them, all are gone through
    for b in range(min(reached, room)):
        j = np.int64(scratch.reached[b] if reached <= room else b)
        if paths[j] != 0.0:
            out[j] += _closed(eff, k, s, i, j, paths[j])
            paths[j] = 0.0
            touch(scratch, j)


@njit(cache=True, nogil=True)
def path_term(eff, k, s, i, j):
    own, a, p = eff.variable[k], eff.a[k], eff.p[k]
    if a[4] & 16:
        total = 0.0
        for b in range(s.indeg[own, i]):
            h = np.int64(s.inn[own, i, b])
            total += leg(s, a[0], a[1], h, j)
        return p[1] * total
    closes = (a[4] & 1 != 0) != (a[4] & 8 != 0)
    total = 0.0
    if closes and p[4] != BALANCE:
        total = _closed(eff, k, s, i, j, _paths_between(eff, k, s, i, j))
    else:  # of balance, only the shared choices are in the term of a tie
        for b in range(s.outdeg[own, i]):
            h = np.int64(s.out[own, i, b])
            if h != j:
                total += p[1] * leg(s, a[2], a[3], j, h) * _weight(eff, k, s, i, j, h)
    if p[4] != NO_REST:
        total += path_rest(eff, k, s, i, j)
        if p[4] == BALANCE:
            total += s.outdeg[own, i] - s.x[own, i, j]
    return total


@njit(cache=True, nogil=True)
def _paths_between(eff, k, s, i, j):
    a = eff.a[k]
    total = 0.0
    if a[1] == t.FORWARD:
        for b in range(s.outdeg[a[0], i]):
            h = s.out[a[0], i, b]
            total += leg(s, a[2], a[3], h, j) * _weight(eff, k, s, i, h, j)
    else:
        for h in range(s.x.shape[1]):
            first = leg(s, a[0], a[1], i, h)
            if first != 0.0:
                total += first * leg(s, a[2], a[3], h, j) * _weight(eff, k, s, i, h, j)
    return total

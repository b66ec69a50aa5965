"""Network effects with a form of their own, and of those near alter: the codes SPECIAL and NEAR.

:mod:`coplearn.kernels.saom_network` says how they read their rows.
"""

import numpy as np
from numba import njit

from coplearn.kernels import saom_network_terms as t
from coplearn.kernels.saom_network_terms import (
    ANY_SAME,
    AVERAGE_DEGREE,
    BROKERAGE,
    DEGREE_SUM,
    DOUBLE_POPULARITY,
    EGO_SIMILAR,
    EVERYBODY,
    IN_AT_LEAST,
    ISOLATE,
    LIKE_ALTERS,
    LIKE_CATEGORY,
    MEAN,
    MEANS_SIMILAR,
    N_DIFFERENT,
    N_SAME,
    PART_OF_DIFFERENT,
    PART_OF_SAME,
    SHARE_SAME,
    SHARED_TO,
    TIES_OF_CATEGORIES,
    TOTAL,
    shape,
)


@njit(cache=True, nogil=True)
def special_change(eff, k, s, i, j):
    own, which, p = eff.variable[k], eff.a[k, 3], eff.p[k, 0]
    there = 1.0 * s.x[own, i, j]
    both = not s.directed[own] and not s.two_mode[own]
    d, received = s.outdeg[own, i] - there, s.indeg[own, j] - there
    if which == LIKE_ALTERS:
        return 2 * (_like_alter(eff, k, s, i, j) - there) + 1
    if which == LIKE_CATEGORY:
        group, like = t.category(s.v[eff.a[k, 1], j]), _like_alter(eff, k, s, i, j)
        mine = like - there if group > 0 else 0.0
        return (mine + 1) * _of_category(eff, k, s, mine + 1, group) - mine * _of_category(eff, k, s, mine, group)
    if which >= DOUBLE_POPULARITY:
        return _elsewhere(eff, k, s, i, j, 1.0 - there)
    if which == ISOLATE:
        return -1.0 if d == 0 and s.indeg[own, i] - (there if both else 0.0) == 0 else 0.0
    if which == IN_AT_LEAST:
        return 1.0 if received == p - 1 else 0.0
    if which == AVERAGE_DEGREE:
        cells = 2.0 if both else 1.0
        return (s.n_ties[own] - cells * there + cells * (d + 1)) / s.n_actors - p
    if which == DEGREE_SUM:
        if p == 2:
            return np.sqrt(received + 1) + (d + 1) * np.sqrt(d + 1) - d * np.sqrt(d) - eff.p[k, 1]
        return received + 1 + 2 * d + 1 - eff.p[k, 1]
    return 1.0 if received == 0 and s.outdeg[own, j] == 0 else 0.0


@njit(cache=True, nogil=True)
def _like_alter(eff, k, s, i, j):
    """Number of ego's alters with alter j's value, or in alter j's category."""
    own, var = eff.variable[k], eff.a[k, 1]
    rounded = eff.a[k, 3] == LIKE_CATEGORY
    total = 0.0
    for b in range(s.outdeg[own, i]):
        one, other = s.v[var, s.out[own, i, b]], s.v[var, j]
        if one == other or (rounded and t.category(one) == t.category(other)):
            total += 1.0
    return total


@njit(cache=True, nogil=True)
def _of_category(eff, k, s, number, group):
    """What a tie to a member of a category is worth, `number` of whom ego has ties to."""
    if group == 0:
        return 0.0
    size = 1.0
    if eff.p[k, 0] >= 3:
        members = 0
        for h in range(s.n_columns[eff.variable[k]]):
            members += t.category(s.v[eff.a[k, 1], h]) == group
        size = 1.0 * members
    return np.sqrt(number / size) if eff.p[k, 0] == 2 or eff.p[k, 0] == 4 else number / size


@njit(cache=True, nogil=True)
def _between_categories(eff, k, s, i, j, further):
    """Ties, and `further` ones, from members of ego's category to nodes of alter's, perhaps as a share of all pairs."""
    own, p = eff.variable[k], eff.p[k, 0]
    v, u = s.v[eff.a[k, 1]], s.v[eff.a[k, 4]]
    mine, theirs = t.category(v[i]), t.category(u[j])
    if mine == 0 or theirs == 0:
        return 0.0
    ties, senders, nodes = further, 0, 0
    for h in range(s.n_actors):
        if t.category(v[h]) == mine:
            senders += 1
            for b in range(s.outdeg[own, h]):
                ties += t.category(u[s.out[own, h, b]]) == theirs
    if p >= 3:
        for m in range(s.n_columns[own]):
            nodes += t.category(u[m]) == theirs
        ties /= senders * nodes
    return np.sqrt(ties) if p == 2 or p == 4 else ties


@njit(cache=True, nogil=True)
def _elsewhere(eff, k, s, i, j, further):
    """A term of alter's, or ego's, place in another network.

    DOUBLE_POPULARITY: ties to alter in both networks and `further` ones, if i -> j is there too. BROKERAGE: pairs
    h -> j -> k without h -> k. REACHED_IN_TWO: members who share a choice of ego's, and to whom ego has no tie.
    SHARED_TO, SHARED_AVERAGE: choices there that ego shares with others who choose alter; that of all whom ego shares
    choices with.
    """
    own, net, which, count = eff.variable[k], eff.a[k, 0], eff.a[k, 3], 0.0
    if which == TIES_OF_CATEGORIES:
        return _between_categories(eff, k, s, i, j, further)
    if which == DOUBLE_POPULARITY:
        if not s.x[net, i, j]:
            return 0.0
        count = further
        for b in range(s.indeg[own, j]):
            count += s.x[net, s.inn[own, j, b], j]
        return np.sqrt(count) if eff.p[k, 0] == 2 else count
    if which == BROKERAGE:
        for b in range(s.indeg[net, j]):
            h = s.inn[net, j, b]
            for c in range(s.outdeg[net, j]):
                m = s.out[net, j, c]
                count += m != h and not s.x[net, h, m]
        return count ** (1 / eff.p[k, 0])
    if which >= SHARED_TO:
        total, root = 0.0, eff.p[k, 0] == 2 or eff.p[k, 0] == 4
        for h in range(s.n_actors):
            chooses = s.x[own, h, j] != 0
            if h == i or (which == SHARED_TO and not chooses):
                continue
            shared = 0.0
            for b in range(s.outdeg[net, i]):
                shared += s.x[net, h, s.out[net, i, b]]
            shared = (np.sqrt(shared) if root else shared) - eff.p[k, 1]
            total += shared
            count += shared if chooses else 0.0
        return count if which == SHARED_TO else count / total if total > 0 else 0.0
    for h in range(s.n_actors):
        if h != i and (s.two_mode[net] or not s.x[net, i, h]):
            for b in range(s.outdeg[net, i]):
                if s.x[net, h, s.out[net, i, b]]:
                    count += 1
                    break
    return np.sqrt(count) if eff.p[k, 0] == 2 else count


@njit(cache=True, nogil=True)
def special_term(eff, k, s, i, j):
    own = eff.variable[k]
    if eff.a[k, 3] == LIKE_ALTERS:
        return _like_alter(eff, k, s, i, j)
    if eff.a[k, 3] == LIKE_CATEGORY:
        return _of_category(eff, k, s, _like_alter(eff, k, s, i, j), t.category(s.v[eff.a[k, 1], j]))
    if eff.a[k, 3] >= DOUBLE_POPULARITY:
        return _elsewhere(eff, k, s, i, j, 0.0)
    if eff.a[k, 3] == DEGREE_SUM:
        first, second = 1.0 * s.outdeg[own, i], 1.0 * s.outdeg[own, j]
        if eff.p[k, 0] == 2:
            first, second = np.sqrt(first), np.sqrt(second)
        return first + second - eff.p[k, 1]
    return 1.0 if s.indeg[own, j] == 1 and s.outdeg[own, j] == 0 else 0.0


@njit(cache=True, nogil=True)
def special_statistic(eff, k, s, i):
    """Statistics of alters are divided among those who name them, so that they add up to the number of alters."""
    own, which, p = eff.variable[k], eff.a[k, 3], eff.p[k, 0]
    if which == ISOLATE:
        return 1.0 if s.outdeg[own, i] == 0 and s.indeg[own, i] == 0 else 0.0
    if which == AVERAGE_DEGREE:
        return s.outdeg[own, i] * (s.n_ties[own] / s.n_actors - p)
    total = 0.0
    for b in range(s.outdeg[own, i]):
        j = np.int64(s.out[own, i, b])
        if which == IN_AT_LEAST:
            total += (s.indeg[own, j] >= p) / s.indeg[own, j]
        else:
            total += (s.outdeg[own, j] == 0) / s.indeg[own, j]
    return total


@njit(cache=True, nogil=True)
def _summary(eff, k, s, center, i, j, as_is=False):
    """Sum of v, number of the same value as ego, and number of neighbours, over the neighbours of a node."""
    net, var, direction, ego = eff.a[k, 0], eff.a[k, 1], eff.a[k, 2], eff.a[k, 4]
    if as_is and ego == 2:
        ego = 0
    if eff.a[k, 7] >= 0:
        return _summed_degrees(eff, k, s, center, i)
    v = s.v[var]
    if direction == EVERYBODY:
        return v[: s.n_actors].sum(), 0, s.n_actors
    n = s.outdeg[net, center] if direction == t.FORWARD else s.indeg[net, center]
    total, same, number = 0.0, 0, 0
    if ego == 2:
        total, same, number = v[i], 1, 1
    for b in range(n):
        h = np.int64(s.out[net, center, b] if direction == t.FORWARD else s.inn[net, center, b])
        if h != i or ego == 0:
            total += v[h]
            same += v[h] == v[i]
            number += 1
    return total, same, number


@njit(cache=True, nogil=True)
def _summed_degrees(eff, k, s, center, i):
    """Sum of centred degrees, and the number, of the neighbours of a node (but ego, if ego is left out)."""
    net, total, number = eff.a[k, 0], 0.0, 0
    degrees = s.indeg[eff.a[k, 7]] if eff.p[k, 4] else s.outdeg[eff.a[k, 7]]
    root = eff.p[k, 0] == 2 or eff.p[k, 0] == 4
    forward = eff.a[k, 2] == t.FORWARD
    for b in range(s.outdeg[net, center] if forward else s.indeg[net, center]):
        h = np.int64(s.out[net, center, b] if forward else s.inn[net, center, b])
        if h != i or eff.a[k, 4] == 0:
            total += (np.sqrt(degrees[h]) if root else degrees[h]) - eff.p[k, 1]
            number += 1
    return total, 0, number


@njit(cache=True, nogil=True)
def of_unknown(eff, k, s, i, j):
    """Whether the effect compares, or is, a mean of nothing but missing values."""
    kind = eff.a[k, 3]
    if eff.a[k, 5] or eff.a[k, 7] >= 0 or not (kind == MEAN or kind == EGO_SIMILAR or kind == MEANS_SIMILAR):
        return False
    return _all_unknown(eff, k, s, j, i) or (kind == MEANS_SIMILAR and _all_unknown(eff, k, s, i, i))


@njit(cache=True, nogil=True)
def _all_unknown(eff, k, s, center, i):
    """Whether the neighbours of a node (but ego, if ego is left out) are somebody, and all values missing."""
    net, var, forward, some = eff.a[k, 0], eff.a[k, 1], eff.a[k, 2] == t.FORWARD, False
    for b in range(s.outdeg[net, center] if forward else s.indeg[net, center]):
        h = np.int64(s.out[net, center, b] if forward else s.inn[net, center, b])
        if h != i or eff.a[k, 4] == 0:
            if not s.v_missing[var, h]:
                return False
            some = True
    return some


@njit(cache=True, nogil=True)
def near(eff, k, s, i, j, as_is=False):
    """The summary of neighbours; `as_is`: of those in the state, not as if i -> j were there."""
    kind = eff.a[k, 3]
    total, same, number = _summary(eff, k, s, i if eff.a[k, 5] else j, i, j, as_is)
    mean = total / number if number > 0 else eff.p[k, 5]
    if kind == TOTAL:
        return shape(eff.a[k, 6], total, 0.0)
    if kind == MEAN:
        return mean
    if kind == EGO_SIMILAR:
        return 1 - abs(s.v[eff.a[k, 1], i] - mean) / eff.p[k, 3] - eff.p[k, 2]
    if kind == MEANS_SIMILAR:
        total, same, number = _summary(eff, k, s, i, i, j)
        own = total / number if number > 0 else eff.p[k, 5]
        return 1 - abs(own - mean) / eff.p[k, 3] - eff.p[k, 2]
    if kind == SHARE_SAME:
        return shape(eff.a[k, 6], same / number, 0.0) if number > 0 else 0.0
    if kind == N_SAME:
        return shape(eff.a[k, 6], 1.0 * same, 0.0)
    if kind == N_DIFFERENT:
        return shape(eff.a[k, 6], 1.0 * (number - same), 0.0)
    if kind == ANY_SAME:
        return 1.0 if same > 0 else 0.0
    if kind == PART_OF_SAME or kind == PART_OF_DIFFERENT:
        like = (s.v[eff.a[k, 1], : s.n_actors] == s.v[eff.a[k, 1], i]).sum()
        if kind == PART_OF_SAME:
            return shape(eff.a[k, 6], same / like, 0.0)
        return shape(eff.a[k, 6], (number - same) / (s.n_actors - like), 0.0) if like < s.n_actors else 0.0
    raise ValueError("unknown summary of neighbours")

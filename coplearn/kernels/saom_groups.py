"""Alters that look the same to ego are counted, not visited.

Without a tie to or from ego in any network, and out of reach of its local effects, alters differ only in what the
effects of a network ask of them: degrees and values of variables (`network_features`). Alters of a network that agree
on these are a group; ego evaluates one member for all. Groups follow every change of a tie or a behavior, so that a
ministep costs as much as there are neighbours and groups, whatever the number of actors.

The members of a group are a chain (`following`, `preceding`); groups are found by their key in a hash table.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from coplearn.kernels.saom_network import network_features
from coplearn.kernels.saom_network_terms import ALTER_IN, ALTER_MUTUAL, ALTER_OUT, ALTER_VALUE, DENSE
from coplearn.kernels.saom_stream import GOLDEN, mix, uniform

INTERACTION = 999
LARGEST_KEY = 2.0**62


class Groups(NamedTuple):
    """Groups of the alters of each network."""

    on: np.ndarray  # uint8[R]: whether alters of the network are grouped
    feature: np.ndarray  # int64[R, F, 3]: kind, its network or variable, number of values
    n_features: np.ndarray  # int64[R]
    n_keys: np.ndarray  # float64[R]: combinations of their values
    rank: np.ndarray  # int64[C + B, N]: covariates' values by their rank among the distinct ones
    of: np.ndarray  # int64[R, N]: group of an alter, -1 for none
    following: np.ndarray  # int64[R, N]: next member, -1 after the last
    preceding: np.ndarray  # int64[R, N]
    key: np.ndarray  # int64[R, G]
    place: np.ndarray  # int64[R, G]: where a group stands among those that have members
    live: np.ndarray  # int64[R, G]: the group at each of the first n_live places
    first: np.ndarray  # int64[R, G]: its first member
    size: np.ndarray  # float64[R, G]: its number of members
    n_live: np.ndarray  # int64[R]
    n_known: np.ndarray  # int64[R]: groups that have or had members
    table: np.ndarray  # int64[R, H]: group + 1 at the place of its key, 0 for none
    led: np.ndarray  # int64[N + 1]: places of groups whose first member is an option by itself


@njit(cache=True, nogil=True)
def new_groups(period, eff):
    """Find out what the effects of each network ask of alters; the groups are still empty."""
    n_nets, side, _ = period.x.shape
    n_variables, most = period.v.shape[0], 3 * n_nets + period.v.shape[0]
    room, slots = 2 * side + 16, 64
    while slots < 4 * room:
        slots *= 2
    groups = Groups(
        np.zeros(n_nets, np.uint8),
        np.zeros((n_nets, most, 3), np.int64),
        np.zeros(n_nets, np.int64),
        np.ones(n_nets),
        np.zeros((n_variables, side), np.int64),
        np.full((n_nets, side), -1, np.int64),
        np.zeros((n_nets, side), np.int64),
        np.zeros((n_nets, side), np.int64),
        np.zeros((n_nets, room), np.int64),
        np.zeros((n_nets, room), np.int64),
        np.zeros((n_nets, room), np.int64),
        np.zeros((n_nets, room), np.int64),
        np.zeros((n_nets, room)),
        np.zeros(n_nets, np.int64),
        np.zeros(n_nets, np.int64),
        np.zeros((n_nets, slots), np.int64),
        np.zeros(side + 1, np.int64),
    )
    n_values = np.zeros(n_variables, np.int64)
    for row in range(n_variables):
        values = np.unique(period.v[row])
        groups.rank[row] = np.searchsorted(values, period.v[row])
        n_values[row] = values.shape[0]
    first_behavior = n_variables - period.z.shape[0]
    for b in range(period.z.shape[0]):
        n_values[first_behavior + b] = period.z_high[b] - period.z_low[b] + 1
    for r in range(n_nets):
        flags = np.zeros((2, max(n_nets, n_variables)), np.int64)
        dense = False
        if not period.directed[r] and not period.two_mode[r] and period.max_degree[r] < side:
            flags[0, r] = ALTER_OUT
        for k in range(eff.code.shape[0]):
            if eff.variable[k] != r or eff.code[k] == INTERACTION:
                continue
            asked, net, row = network_features(eff, k)
            dense = dense or asked & DENSE != 0
            if asked & (ALTER_IN | ALTER_OUT | ALTER_MUTUAL):
                flags[0, net] |= asked & (ALTER_IN | ALTER_OUT | ALTER_MUTUAL)
            if asked & ALTER_VALUE:
                flags[1, row] = ALTER_VALUE
        n = 0
        for about in range(2):
            for which in range(flags.shape[1]):
                for kind in (ALTER_IN, ALTER_OUT, ALTER_MUTUAL, ALTER_VALUE):
                    if flags[about, which] & kind:
                        values = n_values[which] if about else side + 1
                        groups.feature[r, n, 0] = kind
                        groups.feature[r, n, 1] = which
                        groups.feature[r, n, 2] = values
                        groups.n_keys[r] *= values
                        n += 1
        groups.n_features[r] = n
        groups.on[r] = not dense and groups.n_keys[r] < LARGEST_KEY
    return groups


@njit(cache=True, nogil=True)
def key_of(groups, s, r, j):
    """What the effects of network r ask of alter j, as one number."""
    key, first_behavior = np.int64(0), s.v.shape[0] - s.z.shape[0]
    for f in range(groups.n_features[r]):
        kind, which = groups.feature[r, f, 0], groups.feature[r, f, 1]
        if kind == ALTER_VALUE:
            if which < first_behavior:
                value = groups.rank[which, j]
            else:
                b = which - first_behavior
                value = np.int64(s.z[b, j] - s.z_low[b])
        elif kind == ALTER_IN:
            value = np.int64(s.indeg[which, j])
        elif kind == ALTER_OUT:
            value = np.int64(s.outdeg[which, j])
        else:
            value = np.int64(s.recdeg[which, j])
        key = key * groups.feature[r, f, 2] + value
    return key


@njit(cache=True, nogil=True)
def group_of(groups, s, r, key):
    """The group with a key, made where there is none."""
    last = groups.table.shape[1] - 1
    slot = np.int64(mix(np.uint64(key) * GOLDEN) & np.uint64(last))
    while groups.table[r, slot]:
        g = groups.table[r, slot] - 1
        if groups.key[r, g] == key:
            return g
        slot = (slot + 1) & last
    g = groups.n_known[r]
    groups.n_known[r] = g + 1
    groups.table[r, slot] = g + 1
    groups.key[r, g] = key
    groups.place[r, g] = -1
    return g


@njit(cache=True, nogil=True)
def enter(groups, s, r, j, key):
    """Put alter j first into the group with a key."""
    g = group_of(groups, s, r, key)
    if groups.place[r, g] < 0:
        place = groups.n_live[r]
        groups.n_live[r] = place + 1
        groups.place[r, g] = place
        groups.live[r, place], groups.first[r, place], groups.size[r, place] = g, -1, 0.0
    place = groups.place[r, g]
    old = groups.first[r, place]
    groups.following[r, j] = old
    groups.preceding[r, j] = -1
    if old >= 0:
        groups.preceding[r, old] = j
    groups.first[r, place] = j
    groups.size[r, place] += 1.0
    groups.of[r, j] = g


@njit(cache=True, nogil=True)
def leave(groups, r, j):
    """Take alter j out of its group."""
    g = groups.of[r, j]
    place = groups.place[r, g]
    before, after = groups.preceding[r, j], groups.following[r, j]
    if before >= 0:
        groups.following[r, before] = after
    else:
        groups.first[r, place] = after
    if after >= 0:
        groups.preceding[r, after] = before
    groups.size[r, place] -= 1.0
    groups.of[r, j] = -1
    if groups.size[r, place] == 0.0:
        last = groups.n_live[r] - 1
        groups.n_live[r] = last
        groups.live[r, place], groups.first[r, place] = groups.live[r, last], groups.first[r, last]
        groups.size[r, place] = groups.size[r, last]
        groups.place[r, groups.live[r, place]] = place
        groups.place[r, g] = -1


@njit(cache=True, nogil=True)
def regroup_all(groups, s):
    """Make all groups anew from the state."""
    for r in range(groups.on.shape[0]):
        if groups.on[r]:
            groups.table[r, :] = 0
            groups.n_known[r] = 0
            groups.n_live[r] = 0
            groups.of[r, :] = -1
            for j in range(s.n_columns[r]):
                if s.two_mode[r] or s.active[j]:
                    enter(groups, s, r, j, key_of(groups, s, r, j))


@njit(cache=True, nogil=True)
def regroup(groups, s, j):
    """Let node j, of which something changed, find its group in each network."""
    for r in range(groups.on.shape[0]):
        if groups.on[r] and groups.of[r, j] >= 0:
            key = key_of(groups, s, r, j)
            if key != groups.key[r, groups.of[r, j]]:
                leave(groups, r, j)
                enter(groups, s, r, j, key)
                if groups.n_known[r] == groups.key.shape[1]:
                    regroup_all(groups, s)


@njit(cache=True, nogil=True)
def untouched(groups, scratch, r, place):
    """The first member of the group at a place that is not touched; there must be one."""
    j = groups.first[r, place]
    while scratch.mark[j]:
        j = groups.following[r, j]
    return j


@njit(cache=True, nogil=True)
def draw_member(groups, scratch, r, place, n_untouched, n_columns, stream):
    """One of the untouched members of the group at a place, each with the same probability."""
    g = groups.live[r, place]
    if 8 * n_untouched > n_columns:
        while True:
            j = int(uniform(stream) * n_columns)
            if groups.of[r, j] == g and not scratch.mark[j]:
                return j
    left = int(uniform(stream) * n_untouched)
    j = groups.first[r, place]
    while left > 0 or scratch.mark[j]:
        left -= not scratch.mark[j]
        j = groups.following[r, j]
    return j

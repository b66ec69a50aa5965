"""Two-paths between all pairs of actors, kept up with every change of a tie.

In a network of moderate size the two-paths that an effect closes need not be walked at each ministep: a tie that comes
or goes alters as many counts as its ends have neighbours, and ego then finds a row of counts ready.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from coplearn.kernels import saom_network_terms as t
from coplearn.kernels.saom_network_paths import is_counted_path


class Paths(NamedTuple):
    """Tables of two-paths: from an actor over a tie of one network to a node, from there over one of another."""

    leg: np.ndarray  # int64[C, 4]: network and direction (FORWARD, BACKWARD) of the first tie, and of the second
    counts: np.ndarray  # int32[C, N, N]: their number now
    start: np.ndarray  # int32[C, N, N]: and in the restarted state
    ready: np.ndarray  # uint8[1]: whether that has been counted


@njit(cache=True, nogil=True)
def legs_of(eff, k):
    """Legs of the two-paths that effect k counts from i to j: closed by i -> j, and begun by it.

    -1 for none, or where those begun count differently, so that their number says nothing.
    """
    legs = np.full((2, 4), -1)
    a = eff.a[k]
    legs[0, 0], legs[0, 1], legs[0, 2], legs[0, 3] = a[0], a[1], a[2], a[3]
    if a[4] == 3 and a[7] == t.IDENTITY:
        back = t.BACKWARD if a[3] == t.FORWARD else t.FORWARD
        legs[1, 0], legs[1, 1], legs[1, 2], legs[1, 3] = eff.variable[k], t.FORWARD, a[2], back
    return legs


@njit(cache=True, nogil=True)
def new_paths(eff, wanted, side, table):
    """Empty tables for the effects that are `wanted`; table[K, 2] becomes the numbers of theirs, -1 for none."""
    leg, n = np.zeros((2 * eff.code.shape[0], 4), np.int64), 0
    table[:] = -1
    for k in range(eff.code.shape[0]):
        if not wanted[k] or not is_counted_path(eff, k):
            continue
        legs = legs_of(eff, k)
        for role in range(2):
            if legs[role, 0] < 0:
                continue
            c = 0
            while c < n and not (leg[c] == legs[role]).all():
                c += 1
            leg[c] = legs[role]
            n = max(n, c + 1)
            table[k, role] = c
    empty = np.zeros((n, side, side), np.int32)
    return Paths(leg[:n].copy(), empty, empty.copy(), np.zeros(1, np.uint8))


@njit(cache=True, nogil=True)
def count_all(paths, s):
    """Count the two-paths of a state."""
    paths.counts[:] = 0
    for c in range(paths.leg.shape[0]):
        first, second = paths.leg[c, 0], paths.leg[c, 2]
        onward, away = paths.leg[c, 1] == t.FORWARD, paths.leg[c, 3] == t.FORWARD
        for i in range(s.x.shape[1]):
            for b in range(s.outdeg[first, i] if onward else s.indeg[first, i]):
                h = s.out[first, i, b] if onward else s.inn[first, i, b]
                for e in range(s.outdeg[second, h] if away else s.indeg[second, h]):
                    j = s.out[second, h, e] if away else s.inn[second, h, e]
                    paths.counts[c, i, j] += 1


@njit(cache=True, nogil=True)
def restart_paths(paths, s):
    """Put the tables at the restarted state."""
    if not paths.ready[0]:
        count_all(paths, s)
        paths.start[:] = paths.counts
        paths.ready[0] = 1
    paths.counts[:] = paths.start


@njit(cache=True, nogil=True)
def follow(paths, s, r, i, j, step):
    """Count the two-paths that come (step 1) or go (-1) with the tie i -> j of network r, which is not in the state."""
    for c in range(paths.leg.shape[0]):
        first, second, count = paths.leg[c, 0], paths.leg[c, 2], paths.counts[c]
        onward, away = paths.leg[c, 1] == t.FORWARD, paths.leg[c, 3] == t.FORWARD
        if first == r:
            ego, middle = (i, j) if onward else (j, i)
            ends = s.out[second, middle] if away else s.inn[second, middle]
            for q in range(s.outdeg[second, middle] if away else s.indeg[second, middle]):
                count[ego, ends[q]] += step
        if second == r:
            middle, end = (i, j) if away else (j, i)
            egos = s.inn[first, middle] if onward else s.out[first, middle]
            for q in range(s.indeg[first, middle] if onward else s.outdeg[first, middle]):
                count[egos[q], end] += step

"""Mutual excitation: what earlier events of alters add to the intensity at each event, by a recursion.

The paper's :math:`R_j(t) = \\sum_{t_k^j < t} e^{-\\beta (t - t_k^j)}` decays between events and gains one at each event
of j, so that one pass over the events is enough: its cost is the number of events times the number of alters. Events at
one time do not excite each other.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def excitation(times, who, start, alter, n_members, beta, place, out, slope):
    """beta R_j at each event of i, for every alter j of i, and its derivative by beta.

    Parameters
    ----------
    times : float64, shape (n_events,), in order
    who : int64, shape (n_events,)
    start, alter : int64, shapes (n_members + 1,) and (n_pairs,)
        Alters of i are ``alter[start[i]:start[i + 1]]``.
    beta : float
    place : int64, shape (n_events + 1,)
        Where the values of each event begin in `out`.
    out, slope : float64, shape (place[-1],)
        Filled.
    """
    r, d, last = np.zeros(n_members), np.zeros(n_members), np.zeros(n_members)
    k = 0
    while k < len(times):
        end = k
        while end < len(times) and times[end] == times[k]:
            i, at = who[end], place[end]
            for p in range(start[i], start[i + 1]):
                j = alter[p]
                gap = times[k] - last[j]
                fade = np.exp(-beta * gap)
                now = r[j] * fade
                out[at] = beta * now
                slope[at] = now + beta * fade * (d[j] - gap * r[j])
                at += 1
            end += 1
        for m in range(k, end):
            j = who[m]
            gap = times[k] - last[j]
            fade = np.exp(-beta * gap)
            d[j] = fade * (d[j] - gap * r[j])
            r[j] = r[j] * fade + 1.0
            last[j] = times[k]
        k = end


@njit(cache=True, nogil=True)
def responses(times, first, order, start, alter, begin, stop, beta, out, slope):
    """Expected direct responses to the events of j while i is present, per unit of alpha_ij; derivative by beta.

    Parameters
    ----------
    times : float64, shape (n_events,)
    first, order : int64, shapes (n_members + 1,) and (n_events,)
        Events of j are ``order[first[j]:first[j + 1]]``.
    start, alter : int64
        As in `excitation`.
    begin, stop : float64, shape (n_members,)
        Presence.
    out, slope : float64, shape (n_pairs,)
        Filled.
    """
    for i in range(len(begin)):
        for p in range(start[i], start[i + 1]):
            j = alter[p]
            total, change = 0.0, 0.0
            for m in range(first[j], first[j + 1]):
                t = times[order[m]]
                if t >= stop[i]:
                    continue
                far, near = stop[i] - t, max(begin[i] - t, 0.0)
                late, soon = np.exp(-beta * far), np.exp(-beta * near)
                total += soon - late
                change += far * late - near * soon
            out[p] = total
            slope[p] = change


@njit(cache=True, nogil=True)
def compensator(times, who, real, start, alter, alpha, n_members, beta, out):
    """Integral of the excitation of i up to each of its events: alpha_ij times what events of j so far have brought.

    `real` is False for marks of entry, which are no events and excite nobody.
    """
    r, last, count = np.zeros(n_members), np.zeros(n_members), np.zeros(n_members)
    k = 0
    while k < len(times):
        end = k
        while end < len(times) and times[end] == times[k]:
            i, total = who[end], 0.0
            for p in range(start[i], start[i + 1]):
                j = alter[p]
                total += alpha[p] * (count[j] - r[j] * np.exp(-beta * (times[k] - last[j])))
            out[end] = total
            end += 1
        for m in range(k, end):
            if real[m]:
                j = who[m]
                r[j] = r[j] * np.exp(-beta * (times[k] - last[j])) + 1.0
                last[j] = times[k]
                count[j] += 1.0
        k = end

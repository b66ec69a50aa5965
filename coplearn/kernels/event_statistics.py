r"""The statistics of relational event models: one number for a pair (i, j), from the history before an event.

:func:`raw_terms` knows each of them by an integer code, and reads a :class:`~coplearn.kernels.event_history.History`,
dense or sparse. A model is a table of *terms* (:class:`Terms`); a column of its design is the product of up to three
terms (interactions). Standardised terms cannot be had from one pair: whoever asks for them standardises over all pairs
at risk. In models of the sender alone, j is -1, and only terms about the sender make sense.

Definitions and references: Butts (2008), Sociological Methodology 38(1), 155-200,
doi:10.1111/j.1467-9531.2008.00203.x; Stadtfeld & Block (2017), Sociological Science 4, 318-352,
doi:10.15195/v4.a14.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from coplearn.kernels.event_history import place_of, slot_among

__all__ = ["CODES", "NAMES", "ONE_STAYS", "SHIFTS", "Terms", "raw_terms"]

# Codes in an order that the kernel relies on: first what reads a network, then the trace, then covariates.
CODES = {
    name: code
    for code, name in enumerate(
        [
            "baseline",
            "inertia",
            "reciprocity",
            "outdegree_sender",
            "outdegree_receiver",
            "indegree_sender",
            "indegree_receiver",
            "totaldegree_sender",
            "totaldegree_receiver",
            "totaldegree_dyad",
            "degree_min",
            "degree_max",
            "degree_difference",
            "otp",
            "itp",
            "osp",
            "isp",
            "sp",
            "participation_shift",
            "recency_rank_send",
            "recency_rank_receive",
            "recency_continue",
            "recency_send_sender",
            "recency_send_receiver",
            "recency_receive_sender",
            "recency_receive_receiver",
            "sender",
            "receiver",
            "same",
            "difference",
            "average",
            "maximum",
            "minimum",
            "similarity",
            "signed_difference",
            "sum_of_both",
            "tenure_sender",
            "tenure_receiver",
            "hour_of_week",
        ]
    )
}
NAMES = list(CODES)
SHIFTS = {
    name: code
    for code, name in enumerate(
        ["AB-BA", "AB-BY", "AB-XA", "AB-XB", "AB-XY", "AB-AY", "AB-AB", "AB-A", "AB-B", "AB-X"],
    )
}
ONE_STAYS = len(SHIFTS)  # AB-AY of undirected events: one of the two goes on with somebody else

_BASELINE, _INERTIA, _RECIPROCITY = CODES["baseline"], CODES["inertia"], CODES["reciprocity"]
_OUT_I, _OUT_J = CODES["outdegree_sender"], CODES["outdegree_receiver"]
_IN_I, _IN_J = CODES["indegree_sender"], CODES["indegree_receiver"]
_TOTAL_I, _TOTAL_J, _TOTAL_IJ = CODES["totaldegree_sender"], CODES["totaldegree_receiver"], CODES["totaldegree_dyad"]
_LEAST, _GREATEST, _APART = CODES["degree_min"], CODES["degree_max"], CODES["degree_difference"]
_OTP, _SP, _SHIFT = CODES["otp"], CODES["sp"], CODES["participation_shift"]
_RANK_SEND, _RANK_RECEIVE = CODES["recency_rank_send"], CODES["recency_rank_receive"]
_CONTINUE, _SEND_I, _SEND_J = CODES["recency_continue"], CODES["recency_send_sender"], CODES["recency_send_receiver"]
_RECEIVE_I, _RECEIVE_J = CODES["recency_receive_sender"], CODES["recency_receive_receiver"]
_SENDER, _RECEIVER, _SAME, _DIFFERENCE = CODES["sender"], CODES["receiver"], CODES["same"], CODES["difference"]
_AVERAGE, _MAXIMUM, _MINIMUM = CODES["average"], CODES["maximum"], CODES["minimum"]
_SIMILARITY, _SIGNED, _SUM = CODES["similarity"], CODES["signed_difference"], CODES["sum_of_both"]
_TENURE_I, _TENURE_J, _HOUR = CODES["tenure_sender"], CODES["tenure_receiver"], CODES["hour_of_week"]


class Terms(NamedTuple):
    """Terms r and columns c of a model.

    ``code``; ``net``: network, of those that read one; ``choice``: participation shift, covariate, or place in
    ``History.triads``; ``unique``: partners and presence rather than sums; ``share``: divided by its total;
    ``standard``: to be standardised by the caller; ``log``: log(1 + .) of it; ``setting``: value of 0/0 for shares,
    unit of time for recency and tenure. ``factors`` (c, 3): terms multiplied in each column, -1 for none.
    ``hours`` (168): log relative rate of each hour of the week, from the moment ``monday`` on, ``hour`` long.
    """

    code: np.ndarray
    net: np.ndarray
    choice: np.ndarray
    unique: np.ndarray
    share: np.ndarray
    standard: np.ndarray
    log: np.ndarray
    setting: np.ndarray
    factors: np.ndarray
    hours: np.ndarray
    monday: float
    hour: float

    def rows(self, which: np.ndarray) -> Terms:
        """The terms for which a mask is true, in a table of their own."""
        by_row = {name: getattr(self, name)[which] for name in self._fields[:8]}
        return self._replace(**by_row)


@njit(cache=True, nogil=True)
def _shift(a, b, choice, i, j):
    """Participation shift from the previous event a to b, to the pair i, j; 0 before the first event."""
    if a < 0:
        return False
    if choice == 0:  # AB-BA
        return i == b and j == a
    if choice == 1:  # AB-BY
        return i == b and j != a and j != b
    if choice == 2:  # AB-XA
        return i != a and i != b and j == a
    if choice == 3:  # AB-XB
        return i != a and i != b and j == b
    if choice == 4:  # AB-XY
        return i != a and i != b and j != a and j != b
    if choice == 5:  # AB-AY
        return i == a and j != a and j != b
    if choice == 6:  # AB-AB
        return i == a and j == b
    if choice == 7:  # AB-A
        return i == a
    if choice == 8:  # AB-B
        return i == b
    if choice == 9:  # AB-X
        return i != a and i != b
    return (i == a or i == b) != (j == a or j == b)  # one of both stays


@njit(cache=True, nogil=True)
def _recent(last, time, unit):
    return 0.0 if last == -np.inf else 1.0 / ((time - last) / unit + 1.0)


@njit(cache=True, nogil=True)
def _about_members(code, values, time, unit, i, j):
    if code == _SENDER:
        return values[i]
    if code == _RECEIVER:
        return values[j]
    if code == _TENURE_I or code == _TENURE_J:
        return max(time - values[i if code == _TENURE_I else j], 0.0) / unit
    one, other = values[i], values[j]
    if code == _SAME:
        return 1.0 if one == other else 0.0
    if code == _DIFFERENCE:
        return abs(one - other)
    if code == _AVERAGE:
        return (one + other) / 2.0
    if code == _MAXIMUM:
        return max(one, other)
    if code == _MINIMUM:
        return min(one, other)
    if code == _SIMILARITY:
        return -abs(one - other)
    if code == _SIGNED:
        return one - other
    return one + other


@njit(cache=True, nogil=True)
def _triads(first, alter, mirror, y, kind, unique, i, j):
    """Shared partners of a sparse history, along the shorter of the two lists of partners."""
    by_i = first[i + 1] - first[i] <= first[j + 1] - first[j]
    short, other = (i, j) if by_i else (j, i)
    # whether the legs of the member whose list is walked, and of the other one, are outgoing
    i_out, j_out = kind == 0 or kind == 2, kind == 1 or kind == 2
    short_out, other_out = (i_out, j_out) if by_i else (j_out, i_out)
    both = kind == 4
    total, start, stop = 0.0, first[other], first[other + 1]
    for s in range(first[short], first[short + 1]):
        leg = y[s] + y[mirror[s]] if both else y[s] if short_out else y[mirror[s]]
        third = alter[s]
        if leg <= 0.0 or third == other:
            continue
        start = place_of(alter, start, stop, third)  # in order: what was passed need not be searched again
        if start == stop:
            break
        if alter[start] == third:
            back = y[start] + y[mirror[start]] if both else y[start] if other_out else y[mirror[start]]
            if back > 0.0:
                total += 1.0 if unique else min(leg, back)
    return total


@njit(cache=True, nogil=True)
def raw_terms(terms, h, x, time, out_i, out_j, count, raw):
    """Every term of the first `count` pairs, given the history; not standardised.

    The loops over pairs stand inside, because handing over a whole history costs more than a look at it.

    Parameters
    ----------
    h : History
        Advanced to the time from which halving memory counts (ours: `time`).
    x : float array, shape (n_covariates, n)
        Covariates of members as they stand.
    time : float
    out_i, out_j : int arrays
        Senders and receivers; receiver -1 in models of the sender alone.
    raw : float array, shape (n_terms, n_pairs)
        Filled.
    """
    n, dense, first, alter, mirror = h.n, h.dense, h.first, h.alter, h.mirror
    a, b = h.previous[0], h.previous[1]
    for r in range(len(terms.code)):
        code, k, unique, share = terms.code[r], terms.net[r], terms.unique[r], terms.share[r]
        choice, setting, out = terms.choice[r], terms.setting[r], raw[r]
        scale = h.scale[k] if code != _BASELINE and code <= _SP else 1.0
        if code == _BASELINE:
            for d in range(count):
                out[d] = 1.0
        elif code == _INERTIA or code == _RECIPROCITY:
            y = h.y[k]
            partners, sums = (h.alters[k], h.sent[k]) if code == _INERTIA else (h.egos[k], h.received[k])
            for d in range(count):
                i, j, back = out_i[d], out_j[d], code == _RECIPROCITY
                s = slot_among(n, dense, first, alter, j if back else i, i if back else j)
                there = 0.0 if s < 0 else y[s]
                out[d] = (1.0 if there > 0.0 else 0.0) if unique else there * scale
                if share:
                    total = partners[i] if unique else sums[i] * scale
                    out[d] = out[d] / total if total > 0.0 else setting
        elif code <= _TOTAL_IJ:
            sent, received = (h.alters[k], h.egos[k]) if unique else (h.sent[k], h.received[k])
            factor = 1.0 if unique else scale
            if share:
                total = h.total[k] * scale * (2.0 if code >= _TOTAL_I else 1.0)
                factor = factor / total if total > 0.0 else 0.0
            of_i = code != _OUT_J and code != _IN_J and code != _TOTAL_J
            of_j = code == _OUT_J or code == _IN_J or code >= _TOTAL_J
            for d in range(count):
                y_d = 0.0
                if of_i:
                    y_d += sent[out_i[d]] if code != _IN_I else 0.0
                    y_d += received[out_i[d]] if code != _OUT_I else 0.0
                if of_j:
                    y_d += sent[out_j[d]] if code != _IN_J else 0.0
                    y_d += received[out_j[d]] if code != _OUT_J else 0.0
                out[d] = setting if share and factor == 0.0 else y_d * factor
        elif code <= _APART:
            sent, received = h.sent[k], h.received[k]
            for d in range(count):
                i, j = out_i[d], out_j[d]
                one, other = (sent[i] + received[i]) * scale, (sent[j] + received[j]) * scale
                out[d] = (
                    min(one, other) if code == _LEAST else max(one, other) if code == _GREATEST else abs(one - other)
                )
        elif code <= _SP:
            factor = 1.0 if unique else scale
            if dense:
                third = h.triads[choice]
                for d in range(count):
                    out[d] = third[out_i[d] * n + out_j[d]] * factor
            else:
                y = h.y[k]
                for d in range(count):
                    out[d] = _triads(first, alter, mirror, y, code - _OTP, unique, out_i[d], out_j[d]) * factor
        elif code == _SHIFT:
            for d in range(count):
                out[d] = 1.0 if _shift(a, b, choice, out_i[d], out_j[d]) else 0.0
        elif code == _RANK_SEND or code == _RANK_RECEIVE or code == _CONTINUE:
            ranks = h.rank_sent if code == _RANK_SEND else h.rank_received
            for d in range(count):
                s = slot_among(n, dense, first, alter, out_i[d], out_j[d])
                if s < 0:
                    out[d] = 0.0
                elif code == _CONTINUE:
                    out[d] = _recent(h.last[s], time, setting)
                else:
                    out[d] = 1.0 / ranks[s] if ranks[s] > 0 else 0.0
        elif code < _SENDER:
            last = h.last_sent if code == _SEND_I or code == _SEND_J else h.last_received
            who = out_i if code == _SEND_I or code == _RECEIVE_I else out_j
            for d in range(count):
                out[d] = _recent(last[who[d]], time, setting)
        elif code == _HOUR:
            hour = terms.hours[int((time - terms.monday) // terms.hour) % 168]
            for d in range(count):
                out[d] = hour
        else:
            values = x[choice]
            for d in range(count):
                out[d] = _about_members(code, values, time, setting, out_i[d], out_j[d])
        if terms.log[r]:
            for d in range(count):
                out[d] = np.log1p(out[d])

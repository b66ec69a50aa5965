r"""What is remembered of past events, and how one event changes it.

A *network* here is a matrix :math:`y_{ij}` that changes in time: the events so far (all of them, those of one type,
those of the last week, each with a weight that halves in a month), or a second relation, such as friendship. A
:class:`History` holds several of them over the same pairs, with their margins; and, of the events themselves, when
each pair was last active, the order in which partners were last met, and the previous event.

Pairs have *slots*. A dense history has a slot for every pair, ``i * n + j``; a sparse one has slots for the pairs that
ever occur, and for their mirror images, sorted by sender and found by bisection. Everything below works on both::

    history = dense_history(n, rate, triads)                 # up to a few thousand members
    history = sparse_history(n, senders, receivers, rate)    # pairs that occur; any number of members
    advance(history, time)                                   # memory that halves moves on
    add(history, k, i, j, grown(history, k, time))           # y[k, i, j] += 1 at that time
    record(history, i, j, time)                              # the event itself: recency, ranks, previous

Halving memory costs nothing between events: ``y`` is kept as of the moment ``base[k]``, and ``scale[k]``, set by
:func:`advance`, brings it forward.
Sums over common partners (otp, itp, osp, isp, sp) are kept up to date in a dense history, in ``triads``, and counted
anew by whoever asks in a sparse one (:mod:`coplearn.kernels.event_statistics`).

Between two events few pairs change. A dense history can list them: ``watch`` says what a model looks at, and
:func:`add` and :func:`record` put every pair whose statistics may differ on the list ``stale``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

__all__ = [
    "OTP",
    "ITP",
    "OSP",
    "ISP",
    "SP",
    "History",
    "add",
    "advance",
    "dense_history",
    "grown",
    "record",
    "slot_of",
    "sparse_history",
    "touch",
    "touch_column",
    "touch_row",
]

OTP, ITP, OSP, ISP, SP = 0, 1, 2, 3, 4
TRACES = 13  # eleven participation shifts, two ranks


class History(NamedTuple):
    """Networks over the same pairs, and the trace of the events.

    ``n`` members, ``dense``; slots: ``first`` (n + 1) and ``alter`` (slots) by sender, ``mirror`` (slots), the slot of
    the pair turned around, ``ego`` (slots). Networks k: ``y`` (k, slots), sums ``sent`` and ``received`` (k, n),
    numbers of different partners ``alters`` and ``egos`` (k, n), ``total``, ``rate`` (ln 2 / half-life, or 0), ``base``
    and ``scale`` (k). Third members: ``triads`` (q, slots) of ``triad_kind``, ``triad_net``, ``triad_unique`` (q).
    Trace: times ``last`` (slots), ``last_sent`` and ``last_received`` (n), -inf where never; ``rank_sent`` and
    ``rank_received`` (slots), 1 = most recent partner of the slot's sender, 0 = never; ``previous`` (2): sender and
    receiver of the previous event, -1 before the first. Changed pairs: ``watch`` (k, 6): pair, mirror image, row and
    column of the sender, row and column of the receiver; ``watch_trace`` (13): the eleven participation shifts, the two
    ranks; ``stale`` (slots): the list, ``is_stale`` (slots), ``n_stale`` (1).
    """

    n: int
    dense: bool
    first: np.ndarray
    alter: np.ndarray
    mirror: np.ndarray
    ego: np.ndarray
    y: np.ndarray
    sent: np.ndarray
    received: np.ndarray
    alters: np.ndarray
    egos: np.ndarray
    total: np.ndarray
    rate: np.ndarray
    base: np.ndarray
    scale: np.ndarray
    triads: np.ndarray
    triad_kind: np.ndarray
    triad_net: np.ndarray
    triad_unique: np.ndarray
    last: np.ndarray
    last_sent: np.ndarray
    last_received: np.ndarray
    rank_sent: np.ndarray
    rank_received: np.ndarray
    previous: np.ndarray
    watch: np.ndarray
    watch_trace: np.ndarray
    stale: np.ndarray
    is_stale: np.ndarray
    n_stale: np.ndarray


def dense_history(
    n: int,
    rate: np.ndarray,
    triads: np.ndarray,
    watch: np.ndarray | None = None,
    watch_trace: np.ndarray | None = None,
) -> History:
    """An empty history with a slot for every pair.

    Parameters
    ----------
    rate : float array, shape (n_networks,)
        ln 2 / half-life of each network, 0 where memory does not halve.
    triads : int64 array, shape (n_triads, 3)
        Rows (kind, network, 1 if unique) to keep up to date.
    watch, watch_trace : bool arrays, shapes (n_networks, 6) and (13,), optional
        Which changes put pairs on the list ``stale``; by default none.
    """
    ego, alter = np.divmod(np.arange(n * n), n)
    watch = np.zeros((len(rate), 6), np.bool_) if watch is None else watch
    watch_trace = np.zeros(TRACES, np.bool_) if watch_trace is None else watch_trace
    return _history(n, True, ego, alter, rate, triads, watch, watch_trace)


def sparse_history(n: int, senders: np.ndarray, receivers: np.ndarray, rate: np.ndarray) -> History:
    """An empty history with slots for the pairs given, and their mirror images."""
    pairs = np.sort(np.concatenate([senders * n + receivers, receivers * n + senders]))
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]  # np.unique takes several times as long
    ego, alter = np.divmod(pairs, n)
    nothing = np.zeros((len(rate), 6), np.bool_), np.zeros(TRACES, np.bool_)
    return _history(n, False, ego, alter, rate, np.empty((0, 3), np.int64), *nothing)


def _history(
    n: int,
    dense: bool,
    ego: np.ndarray,
    alter: np.ndarray,
    rate: np.ndarray,
    triads: np.ndarray,
    watch: np.ndarray,
    watch_trace: np.ndarray,
) -> History:
    slots, k = len(ego), len(rate)
    return History(
        n=n,
        dense=dense,
        first=np.searchsorted(ego, np.arange(n + 1)).astype(np.int64),
        alter=alter.astype(np.int64),
        mirror=np.argsort(alter, kind="stable").astype(np.int64),  # all mirror images have slots
        ego=ego.astype(np.int64),
        y=np.zeros((k, slots)),
        sent=np.zeros((k, n)),
        received=np.zeros((k, n)),
        alters=np.zeros((k, n)),
        egos=np.zeros((k, n)),
        total=np.zeros(k),
        rate=rate,
        base=np.zeros(k),
        scale=np.ones(k),
        triads=np.zeros((len(triads), slots)),
        triad_kind=np.ascontiguousarray(triads[:, 0], np.int64),
        triad_net=np.ascontiguousarray(triads[:, 1], np.int64),
        triad_unique=np.ascontiguousarray(triads[:, 2] == 1),
        last=np.full(slots, -np.inf),
        last_sent=np.full(n, -np.inf),
        last_received=np.full(n, -np.inf),
        rank_sent=np.zeros(slots, np.int64),
        rank_received=np.zeros(slots, np.int64),
        previous=np.full(2, -1, np.int64),
        watch=watch,
        watch_trace=watch_trace,
        stale=np.zeros(slots if dense else 0, np.int64),
        is_stale=np.zeros(slots if dense else 0, np.bool_),
        n_stale=np.zeros(1, np.int64),
    )


@njit(cache=True, nogil=True)
def place_of(alter, low, high, j):
    """The first place from low to before high where the sorted `alter` is j or more; high where there is none."""
    while low < high:
        middle = (low + high) // 2
        if alter[middle] < j:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def slot_among(n, dense, first, alter, i, j):
    """:func:`slot_of`, from the arrays of a history instead of the whole of it, which costs more to hand over."""
    if dense:
        return i * n + j
    place = place_of(alter, first[i], first[i + 1], j)
    return place if place < first[i + 1] and alter[place] == j else -1


@njit(cache=True, nogil=True)
def slot_of(h, i, j):
    """Slot of a pair; -1 where a sparse history has none."""
    return slot_among(h.n, h.dense, h.first, h.alter, i, j)


@njit(cache=True, nogil=True)
def advance(h, time):
    """Bring halving memory forward to a time; the moment of reference follows before numbers grow too large."""
    for k in range(len(h.rate)):
        if h.rate[k] > 0.0:
            gone = h.rate[k] * (time - h.base[k])
            if gone > 300.0:
                left = np.exp(-gone)
                h.y[k] *= left
                h.sent[k] *= left
                h.received[k] *= left
                h.total[k] *= left
                for q in range(len(h.triad_net)):
                    if h.triad_net[q] == k and not h.triad_unique[q]:
                        h.triads[q] *= left
                h.base[k] = time
                gone = 0.0
            h.scale[k] = np.exp(-gone)


@njit(cache=True, nogil=True)
def grown(h, k, time):
    """What a unit at a time is worth as of ``base[k]``."""
    return np.exp(h.rate[k] * (time - h.base[k]))


@njit(cache=True, nogil=True)
def _list(stale, is_stale, n_stale, start, stop, step):
    """Put the slots start, start + step, ... before stop on the list of changed pairs."""
    count = n_stale[0]
    for s in range(start, stop, step):
        if not is_stale[s]:
            is_stale[s] = True
            stale[count] = s
            count += 1
    n_stale[0] = count


@njit(cache=True, nogil=True)
def touch(h, s):
    """This pair may have changed."""
    _list(h.stale, h.is_stale, h.n_stale, s, s + 1, 1)


@njit(cache=True, nogil=True)
def touch_row(h, i):
    """Every pair with this sender may have changed."""
    _list(h.stale, h.is_stale, h.n_stale, i * h.n, (i + 1) * h.n, 1)


@njit(cache=True, nogil=True)
def touch_column(h, j):
    """Every pair with this receiver may have changed."""
    _list(h.stale, h.is_stale, h.n_stale, j, h.n * h.n, h.n)


@njit(cache=True, nogil=True)
def _change_of_least(before, after, other, unique):
    if unique:
        if other <= 0.0:
            return 0.0
        return (1.0 if after > 0.0 else 0.0) - (1.0 if before > 0.0 else 0.0)
    return min(after, other) - min(before, other)


@njit(cache=True, nogil=True)
def _shift_triads(n, y, triads, kind, unique, a, b, before, after, stale, is_stale, n_stale):
    """Sums over third members of one kind, after y of the pair a to b went from before to after."""
    if kind == SP:
        # both directions count, so that b is the third member of a with c, and a of b with c
        back = y[b * n + a]
        for c in range(n):
            if c == a or c == b:
                continue
            of_b, of_a = y[b * n + c] + y[c * n + b], y[a * n + c] + y[c * n + a]
            for end, third in ((a, of_b), (b, of_a)):
                change = _change_of_least(before + back, after + back, third, unique)
                if change != 0.0:
                    for s in (end * n + c, c * n + end):
                        triads[s] += change
                        _list(stale, is_stale, n_stale, s, s + 1, 1)
        return
    count = n_stale[0]
    for c in range(n):
        if c == a or c == b:
            continue
        if kind == OTP:  # a to b is the first leg of (a, c), the second one of (c, b)
            one, other_one, two, other_two = a * n + c, b * n + c, c * n + b, c * n + a
        elif kind == ITP:  # the leg from the third member of (b, c), the leg to the third member of (c, a)
            one, other_one, two, other_two = b * n + c, c * n + a, c * n + a, b * n + c
        elif kind == OSP:  # b is the third member of (a, c) and of (c, a)
            one, other_one, two, other_two = a * n + c, c * n + b, c * n + a, c * n + b
        else:  # a is the third member of (b, c) and of (c, b)
            one, other_one, two, other_two = b * n + c, a * n + c, c * n + b, a * n + c
        change = _change_of_least(before, after, y[other_one], unique)
        if change != 0.0:
            triads[one] += change
            if not is_stale[one]:
                is_stale[one] = True
                stale[count] = one
                count += 1
        change = _change_of_least(before, after, y[other_two], unique)
        if change != 0.0:
            triads[two] += change
            if not is_stale[two]:
                is_stale[two] = True
                stale[count] = two
                count += 1
    n_stale[0] = count


@njit(cache=True, nogil=True)
def add(h, k, i, j, delta):
    """Change y[k, i, j] by `delta` (as of the moment ``base[k]``), and all that follows from it."""
    s = slot_of(h, i, j)
    before = h.y[k, s]
    after = before + delta
    if abs(after) < 1e-9 * abs(delta):
        after = 0.0  # what expired leaves nothing behind
    h.y[k, s] = after
    if before == 0.0 and after != 0.0:
        h.alters[k, i] += 1.0
        h.egos[k, j] += 1.0
    elif before != 0.0 and after == 0.0:
        h.alters[k, i] -= 1.0
        h.egos[k, j] -= 1.0
    h.sent[k, i] = h.sent[k, i] + (after - before) if h.alters[k, i] > 0.0 else 0.0
    h.received[k, j] = h.received[k, j] + (after - before) if h.egos[k, j] > 0.0 else 0.0
    h.total[k] += after - before
    if not h.dense:
        return
    for q in range(len(h.triad_net)):
        if h.triad_net[q] == k:
            kind, unique = h.triad_kind[q], h.triad_unique[q]
            _shift_triads(h.n, h.y[k], h.triads[q], kind, unique, i, j, before, after, h.stale, h.is_stale, h.n_stale)
    watch = h.watch[k]
    if watch[0]:
        touch(h, s)
    if watch[1]:
        touch(h, j * h.n + i)
    if watch[2]:
        touch_row(h, i)
    if watch[3]:
        touch_column(h, i)
    if watch[4]:
        touch_row(h, j)
    if watch[5]:
        touch_column(h, j)


@njit(cache=True, nogil=True)
def _touch_shifts(h, a, b):
    """Pairs whose participation shift begins or ends with (a, b) as the previous event."""
    n, watch = h.n, h.watch_trace
    if a < 0:
        if watch[4] or watch[9]:  # AB-XY and AB-X begin anywhere
            for s in range(n * n):
                touch(h, s)
        return
    xy = watch[4] or watch[10]
    if xy or watch[5] or watch[7] or watch[9]:
        touch_row(h, a)
    if xy or watch[2]:
        touch_column(h, a)
    if b < 0:
        return
    if xy or watch[1] or watch[8] or watch[9]:
        touch_row(h, b)
    if xy or watch[3]:
        touch_column(h, b)
    if watch[0]:
        touch(h, b * n + a)
    if watch[6]:
        touch(h, a * n + b)


@njit(cache=True, nogil=True)
def _to_front(ranks, start, stop, s):
    """Put slot s first in the list of partners start..stop; those who were before it move back by one."""
    before = ranks[s]
    if before == 1:
        return
    for other in range(start, stop):
        if ranks[other] > 0 and (before == 0 or ranks[other] < before):
            ranks[other] += 1
    ranks[s] = 1


@njit(cache=True, nogil=True)
def record(h, i, j, time):
    """An event happened: who was last active, with whom, and in which order. j = -1 for a broadcast."""
    if h.dense:
        _touch_shifts(h, h.previous[0], h.previous[1])
        _touch_shifts(h, i, j)
        if h.watch_trace[11]:
            touch_row(h, i)
        if h.watch_trace[12] and j >= 0:
            touch_row(h, j)
    h.previous[0], h.previous[1] = i, j
    h.last_sent[i] = time
    if j < 0:
        return
    h.last_received[j] = time
    there, back = slot_of(h, i, j), slot_of(h, j, i)
    h.last[there] = time
    _to_front(h.rank_sent, h.first[i], h.first[i + 1], there)
    _to_front(h.rank_received, h.first[j], h.first[j + 1], back)

r"""Histories drawn from a model: who acts next, and when.

In *ordinal* timing the moments of the events are given, and each event is drawn among all candidates in proportion to
:math:`\exp \beta' x_{ij}`. In *interval* timing the wait is exponential with the total rate, and is drawn again
whenever something outside the model changes (a member joins, a friendship ends) or the memory of an event runs out.
What changes continuously, such as halving memory, is held from one such moment to the next. An actor-oriented model
draws a sender with its first part and a receiver with its second; in a model of coordination both members choose each
other, and an event counts in both directions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from coplearn.kernels.event_history import History, add, advance, grown, record
from coplearn.kernels.event_likelihood import candidates, columns
from coplearn.kernels.event_statistics import Terms
from coplearn.kernels.event_timeline import PRESENT, RISK, Changes, State, apply_changes

__all__ = ["Part", "catch_up", "probabilities", "simulate"]


class Part(NamedTuple):
    """A model to draw from: ``theta`` (p), its ``terms``, an empty history ``h`` and the ``state`` at the beginning;
    ``mutual``: events are undirected, and both members choose; ``changes`` from outside; networks of events:
    ``of_events`` (k), and when an event enters and leaves them, ``low`` and ``high`` (k) after it happened; ``cursor``
    (1 + 2 k): changes, entries and exits dealt with so far."""

    theta: np.ndarray
    orientation: int
    mutual: bool
    terms: Terms
    h: History
    state: State
    changes: Changes
    of_events: np.ndarray
    low: np.ndarray
    high: np.ndarray
    cursor: np.ndarray


@njit(cache=True, nogil=True)
def catch_up(part, sender, receiver, time, count, until, after):
    """Apply what is due: before `until`, and at `until` who joined or left, or (`after`) everything."""
    changes, cursor = part.changes, part.cursor
    while cursor[0] < len(changes.time):
        c = cursor[0]
        at, kind = changes.time[c], changes.kind[c]
        if not (at < until or (at == until and (after or kind == PRESENT or kind == RISK))):
            break
        apply_changes(part.h, part.state, changes, c, c + 1)
        cursor[0] += 1
    for k in range(len(part.low)):
        if not part.of_events[k]:
            continue
        for way in range(2):
            delay = part.low[k] if way == 0 else part.high[k]
            if delay == 0.0 or delay == np.inf:
                continue
            place = 1 + 2 * k + way
            while cursor[place] < count:
                e = cursor[place]
                at = time[e] + delay
                if not (at < until or (after and at == until)):
                    break
                value = (1.0 if way == 0 else -1.0) * grown(part.h, k, time[e])
                add(part.h, k, sender[e], receiver[e], value)
                if part.mutual:
                    add(part.h, k, receiver[e], sender[e], value)
                cursor[place] += 1


@njit(cache=True, nogil=True)
def _next_change(part, time, count):
    """When something changes next by itself."""
    soonest = np.inf
    if part.cursor[0] < len(part.changes.time):
        soonest = part.changes.time[part.cursor[0]]
    for k in range(len(part.low)):
        if part.of_events[k]:
            for way in range(2):
                delay = part.low[k] if way == 0 else part.high[k]
                e = part.cursor[1 + 2 * k + way]
                if 0.0 < delay < np.inf and e < count:
                    soonest = min(soonest, time[e] + delay)
    return soonest


@njit(cache=True, nogil=True)
def happen(part, i, j, time):
    """An event leaves its trace."""
    record(part.h, i, j, time)
    if part.mutual:
        record(part.h, j, i, time)
    for k in range(len(part.low)):
        if part.of_events[k] and part.low[k] == 0.0:
            if part.h.rate[k] > 0.0:
                advance(part.h, time)
            add(part.h, k, i, j, grown(part.h, k, time))
            if part.mutual:
                add(part.h, k, j, i, grown(part.h, k, time))


@njit(cache=True, nogil=True)
def _mutual(n, out_i, out_j, count, w):
    """Predictors of ordered pairs, made those of pairs whose members choose each other; -inf for the second mention."""
    place = np.full((n, n), -1)
    begin = 0
    while begin < count:
        i, end, top, total = out_i[begin], begin, -np.inf, 0.0
        while end < count and out_i[end] == i:
            place[i, out_j[end]] = end
            top = max(top, w[end])
            end += 1
        for d in range(begin, end):
            total += np.exp(w[d] - top)
        for d in range(begin, end):
            w[d] -= top + np.log(total)
        begin = end
    for d in range(count):
        back = place[out_j[d], out_i[d]]
        if out_i[d] < out_j[d]:
            w[d] = w[d] + w[back] if back >= 0 else -np.inf
    for d in range(count):
        if out_i[d] > out_j[d]:
            w[d] = -np.inf


@njit(cache=True, nogil=True)
def probabilities(part, time, memory_time, sender, out_i, out_j, raw, design, w):
    """Candidates and their predictors; how many they are."""
    advance(part.h, memory_time)
    count = candidates(part.orientation, part.h.n, part.state, sender, out_i, out_j)
    if count > 0:
        columns(part.terms, part.h, part.state, time, out_i, out_j, count, raw, design)
    for d in range(count):
        eta = 0.0
        for c in range(len(part.theta)):
            eta += part.theta[c] * design[c, d]
        w[d] = eta
    if part.mutual:
        _mutual(part.h.n, out_i, out_j, count, w)
    return count


@njit(cache=True, nogil=True)
def _pick(w, count, rng, interval):
    """A candidate in proportion to exp(w), and the total (interval timing) or 1."""
    top = 0.0
    if not interval:
        top = w[:count].max()
    total = 0.0
    for d in range(count):
        w[d] = np.exp(w[d] - top)
        total += w[d]
    left = rng.random() * total
    for d in range(count):
        left -= w[d]
        if left < 0.0 and w[d] > 0.0:
            return d, total
    return count - 1, total


@njit(cache=True, nogil=True)
def simulate(
    first,
    second,
    two,
    interval,
    given,
    fixed,
    looks,
    start,
    end,
    previous_only,
    rng,
    sender,
    receiver,
    time,
    count,
    stop,
):
    """Draw a history, or a stretch of it, into `sender`, `receiver` and `time`; returns the number of events so far.

    Parameters
    ----------
    first, second : Part
        Pairs, or senders and then receivers (`two`).
    interval : bool
    given : float array
        Moments of the events: of all of them in ordinal timing.
    fixed : int
        Number of first events that are not drawn but stand in `sender` and `receiver`, at the moments `given`.
    looks : float array
        Moments at which an interval model looks at the clock again.
    start, end : float
        Bounds of the observation.
    previous_only : bool
        Halving memory runs to the previous event only.
    count, stop : int
        Events that are there already, and at how many to stop.
    """
    most = max(len(first.h.ego), first.h.n)
    out_i, out_j, w = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most)
    raw_one, design_one = np.empty((len(first.terms.code), most)), np.empty((len(first.theta), most))
    raw_two, design_two = np.empty((len(second.terms.code), most)), np.empty((len(second.theta), most))
    now, look = time[count - 1] if count > 0 else start, 0
    while count < stop and (interval or count < len(given)):
        if count < fixed or not interval:
            now = given[count]
        previous = time[count - 1] if count > 0 else 0.0
        catch_up(first, sender, receiver, time, count, now, interval and count >= fixed)
        if count < fixed:
            happen(first, sender[count], receiver[count], now)
            if two:
                catch_up(second, sender, receiver, time, count, now, False)
                happen(second, sender[count], receiver[count], now)
            time[count] = now
            count += 1
            continue
        memory_time = previous if previous_only else now
        found = probabilities(first, now, memory_time, -1, out_i, out_j, raw_one, design_one, w)
        picked, total = _pick(w, found, rng, interval) if found > 0 else (-1, 0.0)
        if interval:
            while look < len(looks) and looks[look] <= now:
                look += 1
            change = min(_next_change(first, time, count), looks[look] if look < len(looks) else np.inf, end)
            at = now + rng.exponential() / total if total > 0.0 else np.inf
            if two:
                change = min(change, _next_change(second, time, count))
            if at >= change:
                if change >= end:
                    break
                now = change
                if two:
                    catch_up(second, sender, receiver, time, count, now, True)
                continue
            now = at
        elif found == 0:
            break
        i, j = out_i[picked], out_j[picked]
        if two:
            catch_up(second, sender, receiver, time, count, now, False)
            found = probabilities(
                second, now, previous if previous_only else now, i, out_i, out_j, raw_two, design_two, w
            )
            if found == 0:
                if interval:
                    continue  # nobody to act towards
                break
            j = out_j[_pick(w, found, rng, False)[0]]
            happen(second, i, j, now)
        happen(first, i, j, now)
        sender[count], receiver[count], time[count] = i, j, now
        count += 1
    return count

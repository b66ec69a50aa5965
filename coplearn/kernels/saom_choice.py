"""What an actor can do in one ministep, and with which probability.

Options of a network ministep are the alters whose tie may be toggled, and doing nothing, with utility 0. They are kept
in two stretches: ties of ego, which can be lost (utility minus the change statistics), then the others, which can be
gained. Where several alters have the same change statistics, one option may stand for all of them.
"""

import math

import numpy as np
from numba import njit

from coplearn.kernels.saom_engine import INTERACTION
from coplearn.kernels.saom_groups import untouched
from coplearn.kernels.saom_network import NOWHERE, REACHED, forget_paths, network_base, network_column, network_local
from coplearn.kernels.saom_state import touch

HIGHER, DISJOINT, AT_LEAST_ONE = 0, 1, 2


@njit(cache=True, nogil=True)
def may_toggle(period, s, r, i, j):
    """Whether the tie i -> j of network r may change, as far as the tie itself decides."""
    if period.fixed[r, i, j]:
        return False
    tied = s.x[r, i, j]
    if not s.two_mode[r] and (i == j or not s.active[j]):
        return False
    if tied and period.up_only[r]:
        return False
    if not tied and not s.directed[r] and not s.two_mode[r] and s.outdeg[r, j] >= period.max_degree[r]:
        return False
    for q in range(period.constraint.shape[0]):
        kind, first, second = period.constraint[q, 0], period.constraint[q, 1], period.constraint[q, 2]
        if r == first or r == second:
            other = s.x[second if r == first else first, i, j]
            if kind == HIGHER:
                if (r == first and tied and other) or (r == second and not tied and not other):
                    return False
            elif kind == DISJOINT:
                if not tied and other:
                    return False
            elif tied and not other:
                return False
    return True


@njit(cache=True, nogil=True)
def may_gain(period, s, r, i):
    """Whether ego may have more ties in network r at all."""
    return not period.down_only[r] and s.outdeg[r, i] < period.max_degree[r]


@njit(cache=True, nogil=True)
def may_meet(period, s, r, i, j):
    """Whether a meeting of i and j can change their tie."""
    return may_toggle(period, s, r, i, j) and (s.x[r, i, j] or may_gain(period, s, r, i))


@njit(cache=True, nogil=True)
def touch_neighbours(s, scratch, r, i):
    """Touch whoever has a tie with ego in any network among the same nodes; ties of r first."""
    for q in range(s.outdeg[r, i]):
        touch(scratch, s.out[r, i, q])
    for q in range(s.x.shape[0]):
        if s.two_mode[q] != s.two_mode[r]:
            continue
        for t in range(s.outdeg[q, i] if q != r else 0):
            touch(scratch, s.out[q, i, t])
        if not s.two_mode[q]:
            for t in range(s.indeg[q, i]):
                touch(scratch, s.inn[q, i, t])


@njit(cache=True, nogil=True)
def list_options(engine, r, i):
    """Fill the options of ego i in network r with their change statistics.

    The number of ties of ego, of options, and of those at the front that ego or a local effect reaches.

    Touched alters stay marked until `forget`.
    """
    period, plan, work, scratch, s = engine.period, engine.plan, engine.work, engine.scratch, engine.s
    start, groups = engine.start, engine.groups
    reach(engine, r, i)
    for q in range(start.fixed_first[r, i], start.fixed_first[r, i + 1]):
        touch(scratch, start.fixed_alter[q])
    n_ties, n = np.int64(s.outdeg[r, i]), scratch.n_touched[0]
    n_reached, can_gain, is_open = n, may_gain(period, s, r, i), plan.open[r]
    for q in range(n):
        work.alter[q] = scratch.touched[q]
        j = work.alter[q]
        work.kind[q] = -1
        allowed = (q < n_ties or can_gain) and (is_open or may_toggle(period, s, r, i, j))
        work.count[q] = 1.0 if allowed else 0.0
    if can_gain and groups.on[r] and 5 * groups.n_live[r] < 4 * (s.n_columns[r] - n):
        n = list_groups(engine, r, i, n)
    elif can_gain:
        for j in range(s.n_columns[r]):
            if not scratch.mark[j] and (is_open or may_toggle(period, s, r, i, j)):
                work.alter[n] = j
                work.kind[n] = -1
                work.count[n] = 1.0
                n += 1
    fill_change(engine, r, i, n, n_reached, n_ties)
    return n_ties, n, n_reached


@njit(cache=True, nogil=True)
def list_groups(engine, r, i, n):
    """Add an option for each group of alters that has members beside the n touched ones; the number of options."""
    period, work, scratch, groups, s = engine.period, engine.work, engine.scratch, engine.groups, engine.s
    for q in range(n + (not s.two_mode[r])):
        g = groups.of[r, work.alter[q] if q < n else i]
        if g >= 0:
            groups.taken[g] += 1
    for q in range(groups.n_live[r]):
        g = groups.live[r, q]
        left = groups.size[r, g] - groups.taken[g]
        groups.taken[g] = 0
        if left > 0:
            j = untouched(groups, scratch, r, g)
            if engine.plan.open[r] or may_toggle(period, s, r, i, j):
                work.alter[n] = j
                work.kind[n] = g
                work.count[n] = left
                n += 1
    return n


@njit(cache=True, nogil=True)
def list_everybody(engine, r, i):
    """Fill the change statistics of all alters of ego i, also of those it may not choose; their number."""
    work, scratch, s = engine.work, engine.scratch, engine.s
    reach(engine, r, i)
    forget(s, scratch, r, i)
    n = 0
    for j in range(s.n_columns[r]):
        if j != i or s.two_mode[r]:
            work.alter[n] = j
            n += 1
    fill_change(engine, r, i, n, n, -1)
    return n


@njit(cache=True, nogil=True)
def reach(engine, r, i):
    """Touch all neighbours of ego and whoever local effects reach; leaves their local parts in `work.out`."""
    eff, plan, work, scratch, s = engine.eff, engine.plan, engine.work, engine.scratch, engine.s
    if not s.two_mode[r]:
        scratch.mark[i] = 1
    touch_neighbours(s, scratch, r, i)
    for q in range(plan.n_rows[r]):
        k = plan.row[r, q]
        if plan.local[k]:
            network_local(eff, k, s, i, scratch, work.out[k])


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
def fill_change(engine, r, i, n, n_reached, n_ties):
    """Change statistics of the first n options of ego i, as far as each effect differs; local parts are cleared.

    Beyond the first `n_reached` options those of effects with spread REACHED are 0, and not filled in; those with
    spread NOWHERE have their `level`. The first `n_ties` options are ego's ties (-1: they stand anywhere).
    """
    eff, plan, work, s = engine.eff, engine.plan, engine.work, engine.s
    for q in range(plan.n_rows[r]):
        k = plan.row[r, q]
        change = work.change[k]
        if eff.code[k] == INTERACTION:
            for t in range(n):
                change[t] = 1.0
            for part in eff.part[k]:
                if part >= 0:
                    for t in range(n):
                        change[t] *= work.change[part, t]
            continue
        if plan.spread[k] == NOWHERE:
            work.level[k] = network_base(eff, k, s, i, i)
            continue
        if plan.back[k]:
            out = work.out[k]
            for t in range(s.indeg[r, i]):
                out[s.inn[r, i, t]] = 1.0
            for t in range(n_reached if plan.spread[k] == REACHED else n):
                change[t] = out[work.alter[t]]
            for t in range(s.indeg[r, i]):
                out[s.inn[r, i, t]] = 0.0
            continue
        network_column(eff, k, s, i, work.alter, n_reached if plan.spread[k] == REACHED else n, change, n_ties)
        if plan.local[k]:
            out = work.out[k]
            for t in range(n_reached):
                change[t] += out[work.alter[t]]
                out[work.alter[t]] = 0.0
            out[i] = 0.0


@njit(cache=True, nogil=True)
def weigh_options(engine, r, n_ties, n, n_reached):
    """Probabilities of the options; returns that of doing nothing."""
    plan, work = engine.plan, engine.work
    p, count = work.p, work.count
    lost, gained = 0.0, 0.0
    for t in range(plan.n_rows[r]):
        k = plan.row[r, t]
        if plan.spread[k] == NOWHERE:
            lost -= plan.loss[k] * work.level[k]
            gained += plan.gain[k] * work.level[k]
    for q in range(n):
        p[q] = lost if q < n_ties else gained
    for t in range(plan.n_rows[r]):
        k = plan.row[r, t]
        if plan.spread[k] == NOWHERE:
            continue
        loss, gain = -plan.loss[k], plan.gain[k]
        change = work.change[k]
        if loss != 0.0:
            for q in range(n_ties):
                p[q] += loss * change[q]
        if gain != 0.0:
            for q in range(n_ties, n_reached if plan.spread[k] == REACHED else n):
                p[q] += gain * change[q]
    largest = 0.0
    for q in range(n):
        if count[q] > 0.0 and p[q] > largest:
            largest = p[q]
    nothing = math.exp(-largest)
    exponentials(p, work.power, work.bits, n, largest)
    total = nothing
    for q in range(n):
        p[q] *= count[q]
        total += p[q]
    for q in range(n):
        p[q] /= total
    return nothing / total


@njit(cache=True, nogil=True)
def exponentials(p, power, bits, n, largest):
    """Replace the first n of p by exp(min(p - largest, 0)), to the last digit or two.

    exp(x) = 2^m exp(x - m log 2) with a Taylor polynomial for the remainder in [-log(2)/2, log(2)/2]; 2^m is written
    into the exponent bits of `power`, which `bits` shows as whole numbers.
    """
    for q in range(n):
        x = max(min(p[q] - largest, 0.0), -700.0)
        m = math.floor(x * 1.4426950408889634 + 0.5)
        x = (x - m * 0.693147180369123816490) - m * 1.90821492927058770002e-10  # log 2 in two parts
        y = 1.0 + x / 12.0
        y = 1.0 + x * y * (1.0 / 11.0)
        y = 1.0 + x * y * (1.0 / 10.0)
        y = 1.0 + x * y * (1.0 / 9.0)
        y = 1.0 + x * y * (1.0 / 8.0)
        y = 1.0 + x * y * (1.0 / 7.0)
        y = 1.0 + x * y * (1.0 / 6.0)
        y = 1.0 + x * y * (1.0 / 5.0)
        y = 1.0 + x * y * (1.0 / 4.0)
        y = 1.0 + x * y * (1.0 / 3.0)
        y = 1.0 + x * y * (1.0 / 2.0)
        p[q] = 1.0 + x * y
        bits[q] = (np.int64(m) + 1023) << 52
    for q in range(n):
        p[q] *= power[q]


@njit(cache=True, nogil=True)
def draw_option(work, n, nothing, u):
    """The option that u in [0, 1) picks, -1 for none."""
    if u < nothing:
        return -1
    reached, last = nothing, -1
    for q in range(n):
        if work.p[q] > 0.0:
            reached += work.p[q]
            last = q
            if u < reached:
                break
    return last


@njit(cache=True, nogil=True)
def dot(x, y, low, high):
    """Sum of products from position low to before high, in four sums at a time."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    whole = low + (high - low) // 4 * 4
    for q in range(low, whole, 4):
        a += x[q] * y[q]
        b += x[q + 1] * y[q + 1]
        c += x[q + 2] * y[q + 2]
        d += x[q + 3] * y[q + 3]
    for q in range(whole, high):
        a += x[q] * y[q]
    return (a + b) + (c + d)


@njit(cache=True, nogil=True)
def score_options(engine, r, n_ties, n, n_reached, chosen, score):
    """Add the score of having chosen an option: its derivative of the utility minus the expected one."""
    eff, plan, work = engine.eff, engine.plan, engine.work
    shift = plan.n_rows.shape[0]
    p_loss, p_gain = 0.0, 0.0
    for q in range(n_ties):
        p_loss += work.p[q]
    for q in range(n_ties, n):
        p_gain += work.p[q]
    for t in range(plan.n_rows[r]):
        k = plan.row[r, t]
        if eff.parameter[k] < 0:
            continue
        change, spread = work.change[k], plan.spread[k]
        if spread == NOWHERE:
            lost, gained, own = p_loss * work.level[k], p_gain * work.level[k], work.level[k]
        else:
            last = n_reached if spread == REACHED else n
            lost, gained = dot(work.p, change, 0, n_ties), dot(work.p, change, n_ties, last)
            own = change[chosen] if 0 <= chosen < last else 0.0
        g = plan.on_loss[k] * lost - plan.on_gain[k] * gained
        if chosen >= 0:
            g += -plan.on_loss[k] * own if chosen < n_ties else plan.on_gain[k] * own
        score[shift + eff.parameter[k]] += g


@njit(cache=True, nogil=True)
def fill_pair(engine, r, i, j, end):
    """Change statistics of the tie i - j for ego i, into row `end` of `pair`; returns i's utility of toggling it."""
    eff, plan, work, scratch, s = engine.eff, engine.plan, engine.work, engine.scratch, engine.s
    utility, tied = 0.0, s.x[r, i, j]
    scratch.mark[i] = 1
    for q in range(plan.n_rows[r]):
        k = plan.row[r, q]
        change = 1.0
        if eff.code[k] == INTERACTION:
            for part in eff.part[k]:
                if part >= 0:
                    change *= work.pair[end, part]
        else:
            change = network_base(eff, k, s, i, j)
            if plan.local[k]:
                network_local(eff, k, s, i, scratch, work.out[k])
                change += work.out[k, j]
                for t in range(scratch.n_touched[0]):
                    work.out[k, scratch.touched[t]] = 0.0
                work.out[k, i] = 0.0
        work.pair[end, k] = change
        utility += -plan.loss[k] * change if tied else plan.gain[k] * change
    forget(s, scratch, r, i)
    return utility


@njit(cache=True, nogil=True)
def score_pair(engine, r, tied, end, weight, score):
    """Add `weight` times the derivative of the utility of one end of a pair."""
    eff, plan, work = engine.eff, engine.plan, engine.work
    shift = plan.n_rows.shape[0]
    for t in range(plan.n_rows[r]):
        k = plan.row[r, t]
        if eff.parameter[k] >= 0:
            sign = -plan.on_loss[k] if tied else plan.on_gain[k]
            score[shift + eff.parameter[k]] += weight * sign * work.pair[end, k]

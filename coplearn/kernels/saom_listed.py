"""The options of an ego in a large network: whom it can reach one by one, all others in groups.

They stand in two stretches: ties of ego, which can be lost, then the others, which can be gained. Where several alters
have the same change statistics, one option stands for all of them.
"""

import numpy as np
from numba import njit

from coplearn.kernels.saom_engine import INTERACTION
from coplearn.kernels.saom_groups import untouched
from coplearn.kernels.saom_network import network_base, network_column, network_local
from coplearn.kernels.saom_network_paths import forget
from coplearn.kernels.saom_network_terms import NOWHERE, REACHED
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


@njit(inline="always")
def list_options(engine, r, i):
    """Fill the options of ego i in network r with their change statistics; their number.

    Ties of ego come first, then whoever else ego or a local effect reaches, then groups of others. Touched alters stay
    marked until `forget`.
    """
    period, plan, work, scratch, s = engine.period, engine.plan, engine.work, engine.scratch, engine.s
    start = engine.start
    reach(engine, r, i)
    for q in range(start.fixed_first[r, i], start.fixed_first[r, i + 1]):
        touch(scratch, start.fixed_alter[q])
    n_ties, n = np.int64(s.outdeg[r, i]), scratch.n_touched[0]
    n_reached, can_gain, is_open = n, may_gain(period, s, r, i), plan.open[r]
    for q in range(n):
        work.alter[q] = scratch.touched[q]
        j = work.alter[q]
        work.group[q] = -1
        allowed = (q < n_ties or can_gain) and (is_open or may_toggle(period, s, r, i, j))
        work.count[q] = 1.0 if allowed else 0.0
        work.sign[q] = -work.count[q] if q < n_ties else work.count[q]
    if can_gain:
        n = list_groups(engine, r, i, n)
        work.sign[n_reached:n] = 1.0
    fill_change(engine, r, i, n, n_reached, n_ties)
    return n


@njit(cache=True, nogil=True)
def list_groups(engine, r, i, n):
    """Add an option for each group of alters beside the n touched ones; the number of options.

    One that has no other members counts 0.
    """
    period, work, scratch, groups, s = engine.period, engine.work, engine.scratch, engine.groups, engine.s
    alter, count, group = work.alter, work.count, work.group
    size, first = groups.size[r], groups.first[r]
    n_live = groups.n_live[r]
    for place in range(n_live):
        alter[n + place] = first[place]
        count[n + place] = size[place]
        group[n + place] = place
    n_led = 0
    for q in range(n + (not s.two_mode[r])):
        j = alter[q] if q < n else i
        g = groups.of[r, j]
        if g >= 0:
            place = groups.place[r, g]
            count[n + place] -= 1.0
            groups.led[n_led] = place
            n_led += alter[n + place] == j
    for q in range(n_led):
        place = groups.led[q]
        if count[n + place] > 0.0:
            alter[n + place] = untouched(groups, scratch, r, place)
    if not engine.plan.open[r]:
        for q in range(n, n + n_live):
            if count[q] > 0.0 and not may_toggle(period, s, r, i, alter[q]):
                count[q] = 0.0
    return n + n_live


@njit(cache=True, nogil=True)
def list_everybody(engine, r, i):
    """Fill the change statistics of all alters of ego i, also of those it may not choose; their number."""
    work, scratch, s = engine.work, engine.scratch, engine.s
    reach(engine, r, i)
    forget(s, scratch, r, i)
    n = np.int64(0)  # a literal 0 would be compiled apart
    for j in range(s.n_columns[r]):
        if j != i or s.two_mode[r]:
            work.alter[n] = j
            n += 1
    fill_change(engine, r, i, n, n, np.int64(-1))
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
def fill_change(engine, r, i, n, n_reached, n_ties):
    """Change statistics of the first n options of ego i; local parts are cleared.

    Effects with spread NOWHERE have their `level` instead; those with spread REACHED are 0 beyond the first `n_reached`
    options. The first `n_ties` options are ego's ties (-1: they stand anywhere).
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
        filled = n_reached if plan.spread[k] == REACHED else n
        change[filled:n] = 0.0
        out = work.out[k]
        if plan.back[k]:
            for t in range(s.indeg[r, i]):
                out[s.inn[r, i, t]] = 1.0
            for t in range(filled):
                change[t] = out[work.alter[t]]
            for t in range(s.indeg[r, i]):
                out[s.inn[r, i, t]] = 0.0
            continue
        network_column(eff, k, s, i, work.alter, filled, change, n_ties)
        if plan.local[k]:
            for t in range(n_reached):
                change[t] += out[work.alter[t]]
                out[work.alter[t]] = 0.0
            out[i] = 0.0

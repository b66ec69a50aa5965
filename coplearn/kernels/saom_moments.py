"""Statistics of the method of moments at the end of a period.

Statistic k of a dependent variable sees that variable at the end of the period and every other at its start; ties that
are missing at either end count as absent, and behaviors missing at either end as average (Snijders, Steglich &
Schweinberger 2007; missing values: Huisman & Steglich 2008, doi:10.1016/j.socnet.2008.06.001). Creation effects count
the ties gained, in the end network; endowment effects those lost, in the start network and with a minus sign. As in
RSiena (Ripley & Snijders, "RSiena: processing of missing and structural values"), the network of endowment effects
lacks only what is missing at the start, and ties are lost unless they are missing at the end: one that was carried
forward to the start may be.
"""

import numpy as np
from numba import njit

from coplearn.kernels.saom_behavior import BEYOND, END, START, contrary_statistic, moment_sign, moment_statistic
from coplearn.kernels.saom_engine import INTERACTION, TABLED, clear_network, restart_moments
from coplearn.kernels.saom_network import ego_statistic, short_sum, tie_statistic, whole_ego
from coplearn.kernels.saom_rate import rate_value
from coplearn.kernels.saom_state import (
    AT_START,
    BOTH,
    CHANGES_ALONE,
    CREATION,
    ENDOWMENT,
    EVALUATION,
    MISSING_AT_END,
    MISSING_AT_START,
    add_tie,
    set_behavior,
    toggle_cell,
)

# Ties shown, beside those at the START and at the END: changes, and those at the start as endowment sees them.
GAINED, LOST, BEFORE = 2, 3, 4


@njit(cache=True, nogil=True)
def end_moments(engine, out):
    """Overwrite `out` with the statistics of the end state `engine.s`: distances of variables, then one per parameter.

    First the end is made comparable: absent actors are as they were at the start, and ties that structure determines
    at the end have the determined value.
    """
    period, eff, plan, start, s, t = engine.period, engine.eff, engine.plan, engine.start, engine.s, engine.t
    n_nets = s.x.shape[0]
    settle(period, start, s)
    out[:] = 0.0
    for v in range(plan.n_rows.shape[0]):
        for i in range(period.n_actors):
            changes = changes_of_ego(period, plan.sure[v], start, s, v, i)
            out[v] += changes
            if changes > 0:
                for q in range(plan.n_rate[v]):
                    k = plan.rate_row[v, q]
                    if eff.parameter[k] >= 0:
                        out[plan.n_rows.shape[0] + eff.parameter[k]] += changes * rate_value(eff, k, t, i)
    for v in range(plan.n_rows.shape[0]):
        if v < n_nets:
            network_moments(engine, v, out[plan.n_rows.shape[0] :])
        else:
            behavior_moments(engine, v, out[plan.n_rows.shape[0] :])


@njit(cache=True, nogil=True)
def settle(period, start, s):
    """Give absent actors their start values, and structurally determined ties their end values."""
    for i in range(period.n_actors):
        if s.active[i]:
            continue
        for b in range(s.z.shape[0]):
            set_behavior(s, b, i, period.z[b, i])
        for r in range(s.x.shape[0]):
            for j in range(s.n_columns[r]):
                if s.x[r, i, j] != period.x[r, i, j]:
                    toggle_cell(s, r, i, j)
                if not s.two_mode[r] and s.x[r, j, i] != period.x[r, j, i]:
                    toggle_cell(s, r, j, i)
    for q in range(start.forced.shape[0]):
        r, i, j = start.forced[q, 0], start.forced[q, 1], start.forced[q, 2]
        if s.x[r, i, j] != start.forced[q, 3]:
            toggle_cell(s, r, i, j)


@njit(cache=True, nogil=True)
def counts(period, r, i, j):
    """Whether a tie counts in distances."""
    return not (period.missing[r, i, j] or period.fixed[r, i, j] or period.end_fixed[r, i, j])


@njit(cache=True, nogil=True)
def changes_of_ego(period, sure, start, s, v, i):
    """Distance of variable v from its start, ego i's part; `sure`: all ties count."""
    n_nets, changes = s.x.shape[0], 0
    if v >= n_nets:
        b = v - n_nets
        return 0 if period.z_missing[b, i] else abs(s.z[b, i] - period.z[b, i])
    for q in range(s.outdeg[v, i]):
        j = s.out[v, i, q]
        changes += not period.x[v, i, j] and (sure or counts(period, v, i, j))
    for q in range(start.first[v, i], start.first[v, i + 1]):
        j = start.alter[q]
        changes += not s.x[v, i, j] and (sure or counts(period, v, i, j))
    return changes


@njit(inline="always")
def network_moments(engine, r, out):
    """Statistics of the effects of network r."""
    eff, plan = engine.eff, engine.plan
    for seen in (START, BEFORE, END, GAINED, LOST):
        shown = seen == START or (seen == BEFORE and plan.sure[r])
        for q in range(plan.n_rows[r]):
            k = plan.row[r, q]
            times = sees(eff.kind[k], plan.moment[k, 1], seen)
            if eff.parameter[k] < 0 or times == 0:
                continue
            if not shown:
                show(engine, r, seen)
                shown = True
            m = plan.moment[k, 0]
            out[eff.parameter[k]] += times * moment_factor(eff, m) * network_statistic(engine, r, k, m)
    restart_moments(engine.period, engine.start, engine.t, r)


@njit(cache=True, nogil=True)
def sees(kind, how, seen):
    """How many times an effect of a kind counts its terms in a state of its network."""
    first = BEFORE if kind == ENDOWMENT else START
    now = BEFORE if kind == ENDOWMENT else END
    if how == CHANGES_ALONE and kind != EVALUATION:
        return seen == (GAINED if kind == CREATION else LOST)
    if how == AT_START:
        return seen == first
    return (seen == now) + (how == BOTH and seen == first)


@njit(cache=True, nogil=True)
def show(engine, r, seen):
    """Give the state of the moments the ties of network r at the end, those gained or lost, or those before."""
    period, start, s, t = engine.period, engine.start, engine.s, engine.t
    clear_network(t, r)
    for i in range(period.n_actors):
        if seen == LOST or seen == BEFORE:
            for c in range(start.first[r, i], start.first[r, i + 1]):
                j = start.alter[c]
                if is_lost(period, s, r, i, j) if seen == LOST else not period.missing[r, i, j] & MISSING_AT_START:
                    add_tie(t, r, i, j)
            continue
        for c in range(s.outdeg[r, i]):
            j = np.int64(s.out[r, i, c])
            if not period.missing[r, i, j] and (seen == END or not period.x[r, i, j]):
                add_tie(t, r, i, j)


@njit(cache=True, nogil=True)
def is_lost(period, s, r, i, j):
    """Whether a tie of the start is gone, and known to be."""
    return not s.x[r, i, j] and not period.missing[r, i, j] & MISSING_AT_END


@njit(cache=True, nogil=True)
def network_statistic(engine, r, k, m):
    """Statistic m in the state shown: over ties at the end, over those gained (creation), minus those lost.

    Of an effect that is not a sum over ties, all kinds take the whole statistic, as in RSiena.
    """
    period, eff, start, s, t = engine.period, engine.eff, engine.start, engine.s, engine.t
    total = 0.0
    if engine.plan.short[k] == TABLED:
        counts, curve = engine.paths.counts[engine.plan.table[k, 0]], engine.scratch.curve[k]
        for i in range(period.n_actors):
            for c in range(t.outdeg[r, i]):
                total += curve[counts[i, t.out[r, i, c]]]
        return total
    if engine.plan.short[k]:
        for i in range(period.n_actors):
            total += short_sum(eff, k, t, i, engine.scratch, engine.work.alter, engine.work.p)
        return total
    if not over_ties(eff, m):
        for i in range(period.n_actors):
            total += ego_value(eff, m, t, i)
        if eff.kind[k] == ENDOWMENT:
            total = -total
    elif eff.kind[k] == ENDOWMENT:
        for i in range(period.n_actors):
            for c in range(start.first[r, i], start.first[r, i + 1]):
                j = start.alter[c]
                if is_lost(period, s, r, i, j):
                    total -= tie_value(eff, m, t, i, j)
    else:
        for i in range(period.n_actors):
            for c in range(s.outdeg[r, i]):
                j = np.int64(s.out[r, i, c])
                if not period.missing[r, i, j] and (eff.kind[k] == EVALUATION or not period.x[r, i, j]):
                    total += tie_value(eff, m, t, i, j)
    return total


@njit(cache=True, nogil=True)
def moment_factor(eff, k):
    """What the statistic of a network effect is multiplied by so that no configuration counts more than once."""
    return eff.p[k, 7] if eff.p[k, 7] != 0.0 else 1.0


@njit(cache=True, nogil=True)
def tie_value(eff, k, t, i, j):
    """Statistic of a tie; of an interaction the product over its parts."""
    if eff.code[k] != INTERACTION:
        return tie_statistic(eff, k, t, i, j)
    value = 1.0
    for part in eff.part[k]:
        if part >= 0:
            value *= tie_statistic(eff, np.int64(part), t, i, j)
    return value


@njit(cache=True, nogil=True)
def over_ties(eff, k):
    """Whether the statistic is a sum over ties; that of an interaction is not, if one of its parts is none."""
    if eff.code[k] != INTERACTION:
        return not whole_ego(eff, k)
    for part in eff.part[k]:
        if part >= 0 and whole_ego(eff, np.int64(part)):
            return False
    return True


@njit(cache=True, nogil=True)
def ego_value(eff, k, t, i):
    """Statistic of ego; of an interaction the product over its parts, all but one of which ignore alters."""
    if eff.code[k] != INTERACTION:
        return ego_statistic(eff, k, t, i)
    value, anybody = 1.0, np.int64(1 if i == 0 else 0)
    for part in eff.part[k]:
        if part >= 0:
            row = np.int64(part)
            value *= ego_statistic(eff, row, t, i) if whole_ego(eff, row) else tie_statistic(eff, row, t, i, anybody)
    return value


@njit(inline="always")
def behavior_moments(engine, v, out):
    """Statistics of the effects of a behavior."""
    period, eff, plan, start, s, t = engine.period, engine.eff, engine.plan, engine.start, engine.s, engine.t
    b = v - s.x.shape[0]
    row = t.v.shape[0] - t.z.shape[0] + b
    for state in (START, END, BEYOND):
        for i in range(period.n_actors):
            step = s.z[b, i] - period.z[b, i]
            set_behavior(t, b, i, period.z[b, i] + state * step)
            t.v_missing[row, i] = period.z_missing[b, i]
            if period.z_missing[b, i]:
                t.v[row, i] = 0.0
        for q in range(plan.n_rows[v]):
            k = plan.row[v, q]
            creation, endowment = eff.kind[k] == CREATION, eff.kind[k] == ENDOWMENT
            sign = moment_sign(eff, k, creation, endowment, state)
            if eff.parameter[k] < 0 or sign == 0.0:
                continue
            total = 0.0
            for i in range(period.n_actors):
                step = s.z[b, i] - period.z[b, i]
                if period.z_missing[b, i]:
                    continue
                if (creation and step <= 0) or (endowment and step >= 0):
                    total += sign * contrary_statistic(eff, k, t, i, step) if state == END else 0.0
                else:
                    total += moment_statistic(eff, k, t, i, step, s.z[b, i] - t.z_mean[b])
            out[eff.parameter[k]] += sign * total
    restart_moments(period, start, t, v)

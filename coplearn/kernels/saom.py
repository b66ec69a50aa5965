"""Simulation of the stochastic actor-oriented model: actors change one tie or one step of behavior at a time.

Actor i gets opportunities to change dependent variable v at rate lambda_i = rho exp(sum_k alpha_k a_ik) and chooses
among its options by a multinomial logit of the objective function (Snijders 2001, doi:10.1111/0081-1750.00099;
Snijders, Steglich & Schweinberger 2007). A period lasts from 0 to 1, or until one variable has moved as far as was
observed (conditional). Undirected networks follow Snijders & Pickup (2017), joiners and leavers Huisman & Snijders
(2003, doi:10.1177/0049124103253371), scores Schweinberger & Snijders (2007, doi:10.1111/j.1467-9531.2007.00185.x).
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from coplearn.kernels.saom_behavior import behavior_change
from coplearn.kernels.saom_choice import choose, fill_pair, score_pair
from coplearn.kernels.saom_engine import BLOCK, ONE_DECIDES, clear_network, load, set_theta
from coplearn.kernels.saom_groups import regroup, regroup_all
from coplearn.kernels.saom_listed import list_everybody, may_meet
from coplearn.kernels.saom_moments import counts, end_moments
from coplearn.kernels.saom_network_terms import NOWHERE
from coplearn.kernels.saom_paths import count_all, follow, restart_paths
from coplearn.kernels.saom_rate import rate_value
from coplearn.kernels.saom_record import pack
from coplearn.kernels.saom_state import add_tie, drop_tie, set_behavior, toggle_cell
from coplearn.kernels.saom_stream import open_stream, uniform
from coplearn.kernels.saom_whole import fill_rows

DONE, TOO_LONG, NO_ROOM, STUCK = 0, 1, 2, 3
CONFIRMATION, BOTH_AGREE, JOINT = 3, 5, 6
ABSORBING = 2


class Runs(NamedTuple):
    """Results of simulations of one period, a row a run; arrays of the caller."""

    moments: np.ndarray  # float64[n, V + p]: distances of the dependent variables, then a statistic per parameter
    scores: np.ndarray  # float64[n, V + p]: complete-data scores of the basic rates, then of the parameters
    clock: np.ndarray  # float64[n]: when the period ended
    steps: np.ndarray  # int64[n]: number of ministeps
    status: np.ndarray  # int64[n]: DONE, TOO_LONG (given up), NO_ROOM (an actor has more neighbours than the engine has
    # room for), STUCK (nobody has a positive rate, so that the distance cannot be reached)
    x: np.ndarray  # uint8[m, R, N, N]: end states of the first m runs, m = 0 for none
    z: np.ndarray  # int32[m, B, N]
    chain: (
        np.ndarray
    )  # int32[m, L, 3]: of the first m runs the first L ministeps: variable, ego, alter (-1 none) or step
    times: np.ndarray  # float64[m, L, 2]: time and log probability of the choice


NOTHING = Runs(
    np.empty((0, 0)),
    np.empty((0, 0)),
    np.empty(0),
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty((0, 0, 0, 0), np.uint8),
    np.empty((0, 0, 0), np.int32),
    np.empty((0, 0, 0), np.int32),
    np.empty((0, 0, 0)),
)
EMPTY = np.empty((1, 1, 0))
NO_KEY = np.zeros(5, np.int64)
SIMULATE, OBSERVE, COMPARE = 0, 1, 2


def simulate(engine, theta, rate, key, conditional, distance, max_steps, runs):
    """Simulate a period once for each row of `runs` and overwrite these.

    Parameters
    ----------
    engine : packed Engine
        Of the period; its states are overwritten.
    theta : float64[p]
        Parameters other than basic rates.
    rate : float64[V]
        Basic rates of the period.
    key : int64[5]
        Seed, phase, iteration, number of the first run, number of the period.
    conditional : int
        The dependent variable whose distance ends the period, or -1.
    distance : int
        That distance.
    max_steps : int
        Ministeps after which a run is given up.
    runs : Runs
        The results.
    """
    _work(SIMULATE, engine, theta, rate, key, conditional, distance, max_steps, runs, NOTHING.x, NOTHING.z, EMPTY)


def observed_moments(engine, x, z, out):
    """Overwrite `out` (float64[V + p]) with the statistics of an observed end: uint8[R, N, N] ties, int32[B, N]."""
    _work(OBSERVE, engine, out, out, NO_KEY, -1, 0, 0, NOTHING, x[None], z[None], out[None, None])


def change_table(engine, x, z, out):
    """Overwrite `out` (float64[K, N, N]) with the change statistics of network effects in the state x, z.

    Rows of behavior effects hold the change of a step down in column 0 and of a step up in column 1, whether or not
    the step is possible; rows of rate effects a_i in column 0.
    """
    _work(COMPARE, engine, EMPTY[0, 0], EMPTY[0, 0], NO_KEY, -1, 0, 0, NOTHING, x[None], z[None], out)


@njit(cache=True, nogil=True)
def _work(task, engine, theta, rate, key, conditional, distance, max_steps, runs, x, z, out):
    """The three tasks above in one function, because each entry from Python compiles all effects anew.

    For the same reason the next level is inlined: a function that calls another optimizes its code once more.
    """
    if task == SIMULATE:
        simulate_runs(engine, theta, rate, key, conditional, distance, max_steps, pack(runs))
    elif task == OBSERVE:
        moments_of(engine, x[0], z[0], out[0, 0])
    else:
        changes_of(engine, x[0], z[0], out)


@njit(inline="always")
def simulate_runs(engine, theta, rate, key, conditional, distance, max_steps, out):
    """Fill the rows of the packed runs `out`."""
    set_theta(engine.plan, engine.eff, theta)
    stream = np.zeros(1, np.uint64)
    for run in range(out.clock.shape[0]):
        open_stream(stream, key[0], key[1], key[2], key[3] + run, key[4])
        restart(engine)
        out.scores[run] = 0.0
        out.clock[run], out.steps[run], out.status[run] = one_period(
            engine, rate, stream, conditional, distance, max_steps, out, run
        )
        end_moments(engine, out.moments[run])
        if run < out.x.shape[0]:
            out.x[run] = engine.s.x
        if run < out.z.shape[0]:
            out.z[run] = engine.s.z


@njit(inline="always")
def moments_of(engine, x, z, out):
    """Moments of the end x, z."""
    period, s = engine.period, engine.s
    s.active[:] = period.active
    for event in range(period.event_time.shape[0]):
        s.active[period.event_actor[event]] = period.event_join[event]
    load(s, x, z)
    for r in range(x.shape[0]):
        for i in range(x.shape[1]):
            for j in range(x.shape[2]):
                if period.fixed[r, i, j] and s.x[r, i, j] != period.x[r, i, j]:
                    toggle_cell(s, r, i, j)
    count_all(engine.paths, s)
    end_moments(engine, out)


@njit(inline="always")
def changes_of(engine, x, z, out):
    """Change statistics in the state x, z."""
    eff, plan, work, s = engine.eff, engine.plan, engine.work, engine.s
    n_nets = x.shape[0]
    s.active[:] = engine.period.active
    load(s, x, z)
    count_all(engine.paths, s)
    out[:] = 0.0
    for i in range(s.n_actors):
        for r in range(n_nets):
            if plan.whole[r]:
                n = s.n_columns[r]
                fill_rows(engine, r, i, n)
                for j in range(n):
                    work.alter[j] = j
            else:
                n = list_everybody(engine, r, i)
            for q in range(plan.n_rows[r]):
                k = plan.row[r, q]
                for t in range(n):
                    out[k, i, work.alter[t]] = work.level[k] if plan.spread[k] == NOWHERE else work.change[k, t]
                if not s.two_mode[r]:
                    out[k, i, i] = 0.0
        for v in range(plan.n_rows.shape[0]):
            for q in range(plan.n_rows[v] if v >= n_nets else 0):
                k = plan.row[v, q]
                for step in range(2):
                    out[k, i, step] = behavior_change(eff, k, s, i, 2 * step - 1)
            for q in range(plan.n_rate[v]):
                k = plan.rate_row[v, q]
                out[k, i, 0] = rate_value(eff, k, s, i)


@njit(inline="always")
def restart(engine):
    """Put the simulated state at the start of the period; absent actors have no ties."""
    period, start, work, s = engine.period, engine.start, engine.work, engine.s
    s.active[:] = period.active
    for r in range(s.x.shape[0]):
        clear_network(s, r)
        for i in range(s.x.shape[1]):
            for q in range(start.first[r, i], start.first[r, i + 1]):
                j = start.alter[q]
                if s.active[i] and (s.two_mode[r] or s.active[j]):
                    add_tie(s, r, i, j)
    for b in range(s.z.shape[0]):
        for i in range(s.z.shape[1]):
            set_behavior(s, b, i, period.z[b, i])
    list_actors(work, s)
    restart_paths(engine.paths, s)
    regroup_all(engine.groups, s)


@njit(cache=True, nogil=True)
def list_actors(work, s):
    """List who is here."""
    n = 0
    for i in range(s.n_actors):
        if s.active[i]:
            work.here[n] = i
            n += 1
    work.n_here[0] = n


@njit(inline="always")
def one_period(engine, rate, stream, conditional, distance, max_steps, out, run):
    """One simulation from the restarted state; (time, number of ministeps, status)."""
    period, plan, work, s = engine.period, engine.plan, engine.work, engine.s
    score, chain, times = out.scores[run], out.chain, out.times
    n_nets, n_variables = s.x.shape[0], plan.n_rows.shape[0]
    for v in range(n_variables):
        refresh_rates(engine, v, rate, conditional)
    clock, moved, n_steps, event = 0.0, 0, 0, 0
    if conditional >= 0 and moved >= distance:
        return 0.0, 0, DONE
    while n_steps < max_steps:
        total = 0.0
        for v in range(n_variables):
            total += work.total[v]
        if total <= 0.0 and conditional >= 0:
            return clock, n_steps, STUCK
        wait = -math.log(1.0 - uniform(stream)) / total if total > 0.0 else math.inf
        if conditional < 0:
            horizon = period.event_time[event] if event < period.event_time.shape[0] else 1.0
            if clock + wait >= horizon:
                score_waiting(engine, rate, conditional, horizon - clock, score)
                clock = horizon
                if event == period.event_time.shape[0]:
                    return clock, n_steps, DONE
                if not come_or_go(engine, np.int64(period.event_actor[event]), period.event_join[event]):
                    return clock, n_steps, NO_ROOM
                for v in range(n_variables):
                    refresh_rates(engine, v, rate, conditional)
                event += 1
                continue
        score_waiting(engine, rate, conditional, wait, score)
        clock += wait
        u, v = uniform(stream) * total, -1
        for q in range(n_variables):
            if work.total[q] > 0.0:  # rounding may leave u too large at the last of them
                v = q
                if u < work.total[q]:
                    break
                u -= work.total[q]
        if v < n_nets and period.model_type[v] >= ONE_DECIDES and not s.directed[v]:
            i, j = draw_pair(engine, v, stream)
            score_pick(engine, rate, conditional, v, i, score)
            score_pick(engine, rate, conditional, v, j, score)
            changed, p = pair_step(engine, v, i, j, stream, score)
        else:
            i = draw_actor(engine, v, stream)
            score_pick(engine, rate, conditional, v, i, score)
            if v < n_nets:
                j, p = network_step(engine, v, i, stream, score)
                changed = j >= 0
            else:
                j, p = behavior_step(engine, v, i, stream, score)
                changed = j != 0
        if run < chain.shape[0] and n_steps < chain.shape[1]:
            chain[run, n_steps, 0], chain[run, n_steps, 1] = v, i
            chain[run, n_steps, 2] = j if changed or v >= n_nets else -1
            times[run, n_steps, 0], times[run, n_steps, 1] = clock, math.log(p)
        n_steps += 1
        if not changed:
            continue
        if v < n_nets:
            room = engine.room
            if not s.x[v, i, j] and (s.outdeg[v, i] == room or s.indeg[v, j] == room):
                return clock, n_steps, NO_ROOM
            if not s.x[v, i, j] and not s.directed[v] and s.outdeg[v, j] == room:
                return clock, n_steps, NO_ROOM
            toggle(engine, v, i, j)
            regroup(engine.groups, s, j)
        else:
            set_behavior(s, v - n_nets, i, s.z[v - n_nets, i] + j)
        regroup(engine.groups, s, i)
        for q in range(n_variables):
            if plan.n_rate[q] and not plan.own_rate[q]:
                refresh_rates(engine, q, rate, conditional)
            elif plan.n_rate[q]:
                update_rate(engine, q, i, rate, conditional)
                if v < n_nets and not s.two_mode[v]:
                    update_rate(engine, q, j, rate, conditional)
        if v == conditional:
            moved += distance_moved(period, s, v, i, j)
            if moved >= distance:
                return clock, n_steps, DONE
    return clock, n_steps, TOO_LONG


@njit(cache=True, nogil=True)
def toggle_one(engine, r, i, j):
    """Change x_ij, one cell, and the two-paths with it; the lists must have room."""
    s = engine.s
    gone = s.x[r, i, j] != 0
    if gone:
        drop_tie(s, r, i, j)
    follow(engine.paths, s, r, i, j, -1 if gone else 1)
    if not gone:
        add_tie(s, r, i, j)


@njit(cache=True, nogil=True)
def toggle(engine, r, i, j):
    """Change x_ij; in an undirected network x_ji with it."""
    toggle_one(engine, r, i, j)
    if not engine.s.directed[r] and not engine.s.two_mode[r]:
        toggle_one(engine, r, j, i)


@njit(cache=True, nogil=True)
def distance_moved(period, s, v, i, j):
    """By how much the last change of variable v, i -> j or a step j of i, moved it away from its start."""
    n_nets = s.x.shape[0]
    if v >= n_nets:
        b = v - n_nets
        gap = s.z[b, i] - period.z[b, i]
        return 0 if period.z_missing[b, i] else abs(gap) - abs(gap - j)
    moved = 0
    if counts(period, v, i, j):
        moved += 1 if s.x[v, i, j] != period.x[v, i, j] else -1
    if not s.directed[v] and not s.two_mode[v] and counts(period, v, j, i):
        moved += 1 if s.x[v, j, i] != period.x[v, j, i] else -1
    return moved


@njit(cache=True, nogil=True)
def come_or_go(engine, i, joins):
    """Actor i joins, with its ties of the start to whoever is there, or leaves; False where there is no room."""
    period, start, s = engine.period, engine.start, engine.s
    s.active[i] = joins
    for r in range(s.x.shape[0]):
        if not joins:
            while s.outdeg[r, i] > 0:
                toggle_one(engine, r, i, np.int64(s.out[r, i, s.outdeg[r, i] - 1]))
            while not s.two_mode[r] and s.indeg[r, i] > 0:
                toggle_one(engine, r, np.int64(s.inn[r, i, s.indeg[r, i] - 1]), i)
            continue
        room = engine.room
        for q in range(start.first[r, i], start.first[r, i + 1]):
            j = start.alter[q]
            if s.two_mode[r] or s.active[j]:
                if s.outdeg[r, i] == room or s.indeg[r, j] == room:
                    return False
                toggle_one(engine, r, i, j)
        if not s.two_mode[r]:
            for j in range(s.n_actors):
                if period.x[r, j, i] and s.active[j]:
                    if s.outdeg[r, j] == room or s.indeg[r, i] == room:
                        return False
                    toggle_one(engine, r, j, i)
    list_actors(engine.work, s)
    regroup_all(engine.groups, s)
    return True


@njit(cache=True, nogil=True)
def is_pairwise(engine, v):
    """Whether opportunities come to ordered pairs, at the product of two rates."""
    s = engine.s
    return v < s.x.shape[0] and not s.directed[v] and engine.period.model_type[v] >= ONE_DECIDES


@njit(cache=True, nogil=True)
def basic_rate(rate, conditional, v):
    """rho of variable v: 1 where time is not the clock."""
    return 1.0 if v == conditional else rate[v]


@njit(cache=True, nogil=True)
def refresh_rates(engine, v, rate, conditional):
    """Rates of all actors for variable v, their total, and the totals that scores need."""
    plan, work = engine.plan, engine.work
    rho = basic_rate(rate, conditional, v)
    n = work.n_here[0]
    if plan.n_rate[v] == 0:
        work.total[v] = rho * rho * n * (n - 1) if is_pairwise(engine, v) else rho * n
        return
    squares, lam, block = 0.0, work.lam[v], work.block[v]
    lam[:] = 0.0
    for t in range(n):
        set_rate(engine, v, work.here[t], rho)
        squares += lam[work.here[t]] ** 2
    for q in range(block.shape[0]):
        block[q] = lam[BLOCK * q : BLOCK * (q + 1)].sum()
    total = block.sum()
    work.total[v] = total * total - squares if is_pairwise(engine, v) else total
    for q in range(plan.n_rate[v]):
        k = plan.rate_row[v, q]
        weighted = 0.0
        for t in range(n):
            i = work.here[t]
            partners = 2.0 * (total - lam[i]) if is_pairwise(engine, v) else 1.0
            weighted += work.a[k, i] * lam[i] * partners
        work.weighted[k] = weighted


@njit(cache=True, nogil=True)
def set_rate(engine, v, i, rho):
    """The rate of actor i for variable v, and the values of the effects on it."""
    eff, plan, work, s = engine.eff, engine.plan, engine.work, engine.s
    log_rate = 0.0
    for q in range(plan.n_rate[v]):
        k = plan.rate_row[v, q]
        work.a[k, i] = rate_value(eff, k, s, i)
        log_rate += plan.theta[k] * work.a[k, i]
    work.lam[v, i] = rho * math.exp(log_rate)


@njit(cache=True, nogil=True)
def update_rate(engine, v, i, rate, conditional):
    """:func:`refresh_rates` where nothing but actor i's own rate can have changed."""
    plan, work = engine.plan, engine.work
    lam, block, b = work.lam[v], work.block[v], i // BLOCK
    for q in range(plan.n_rate[v]):
        k = plan.rate_row[v, q]
        work.weighted[k] -= work.a[k, i] * lam[i]
    set_rate(engine, v, i, basic_rate(rate, conditional, v))
    for q in range(plan.n_rate[v]):
        k = plan.rate_row[v, q]
        work.weighted[k] += work.a[k, i] * lam[i]
    block[b] = lam[BLOCK * b : BLOCK * (b + 1)].sum()
    work.total[v] = block.sum()


@njit(cache=True, nogil=True)
def score_waiting(engine, rate, conditional, wait, score):
    """Scores of the rates for a time in which nothing happened."""
    eff, plan, work = engine.eff, engine.plan, engine.work
    n_variables = plan.n_rows.shape[0]
    for v in range(n_variables):
        if v != conditional and rate[v] > 0.0:
            score[v] -= wait * work.total[v] / rate[v] * (2.0 if is_pairwise(engine, v) else 1.0)
        for q in range(plan.n_rate[v]):
            k = plan.rate_row[v, q]
            if eff.parameter[k] >= 0:
                score[n_variables + eff.parameter[k]] -= wait * work.weighted[k]


@njit(cache=True, nogil=True)
def score_pick(engine, rate, conditional, v, i, score):
    """Scores of the rates for the opportunity that actor i gets."""
    eff, plan, work = engine.eff, engine.plan, engine.work
    if v != conditional:
        score[v] += 1.0 / rate[v]
    for q in range(plan.n_rate[v]):
        k = plan.rate_row[v, q]
        if eff.parameter[k] >= 0:
            score[plan.n_rows.shape[0] + eff.parameter[k]] += work.a[k, i]


@njit(cache=True, nogil=True)
def draw_actor(engine, v, stream):
    """An actor, with probability proportional to its rate."""
    plan, work = engine.plan, engine.work
    n = work.n_here[0]
    u = uniform(stream)
    if plan.n_rate[v] == 0:
        return work.here[int(u * n)]
    lam, block, b = work.lam[v], work.block[v], 0
    u *= block.sum()
    while b < block.shape[0] - 1 and u >= block[b]:
        u -= block[b]
        b += 1
    for i in range(BLOCK * b, min(BLOCK * (b + 1), lam.shape[0])):
        if u < lam[i]:
            return i
        u -= lam[i]
    while lam[i] == 0.0:  # rounding left u too large: the last whose rate is positive
        i -= 1
    return i


@njit(cache=True, nogil=True)
def draw_pair(engine, v, stream):
    """An ordered pair of actors, with probability proportional to the product of their rates."""
    i = draw_actor(engine, v, stream)
    j = draw_actor(engine, v, stream)
    while i == j:
        i = draw_actor(engine, v, stream)
        j = draw_actor(engine, v, stream)
    return i, j


@njit(inline="always")
def network_step(engine, r, i, stream, score):
    """The alter whose tie ego i toggles, -1 for none, and the probability of the choice."""
    period, s = engine.period, engine.s
    j, p = choose(engine, r, i, stream, score)
    if j >= 0 and not s.directed[r] and period.model_type[r] == CONFIRMATION and not s.x[r, i, j]:
        answer = np.int64(0)  # a literal 0 would be compiled apart
        accept = logistic(fill_pair(engine, r, j, i, answer) + period.offset[r])
        accepted = uniform(stream) < accept
        score_pair(engine, r, s.x[r, i, j], answer, accepted - accept, score)
        return (j, p * accept) if accepted else (-1, p * (1.0 - accept))
    return j, p


@njit(cache=True, nogil=True)
def logistic(u):
    """1 / (1 + exp(-u))."""
    return 1.0 / (1.0 + math.exp(-u)) if u > -700.0 else 0.0


@njit(inline="always")
def pair_step(engine, r, i, j, stream, score):
    """Whether the meeting of i and j toggles their tie, and the probability of the outcome."""
    period, s = engine.period, engine.s
    tied, kind = s.x[r, i, j], period.model_type[r]
    one, other = np.int64(0), np.int64(1)
    allowed = may_meet(period, s, r, i, j)
    if not allowed:
        return False, 1.0
    first = fill_pair(engine, r, i, j, one)
    second = fill_pair(engine, r, j, i, other) if kind != ONE_DECIDES else 0.0
    u = uniform(stream)
    if kind != BOTH_AGREE:
        p = logistic(first + second)
        changed = u < p
        score_pair(engine, r, tied, one, changed - p, score)
        if kind == JOINT:
            score_pair(engine, r, tied, other, changed - p, score)
        return changed, p if changed else 1.0 - p
    p, q = logistic(first), logistic(second)
    if tied:  # one suffices to end a tie: it stays when both keep it
        change = p + q - p * q
        changed = u < change
        if changed:
            both = (1.0 - p) * (1.0 - q) / change
            score_pair(engine, r, tied, one, both * p, score)
            score_pair(engine, r, tied, other, both * q, score)
        else:
            score_pair(engine, r, tied, one, -p, score)
            score_pair(engine, r, tied, other, -q, score)
    else:
        change = p * q
        changed = u < change
        weight = 1.0 if changed else -change / (1.0 - change)
        score_pair(engine, r, tied, one, weight * (1.0 - p), score)
        score_pair(engine, r, tied, other, weight * (1.0 - q), score)
    return changed, change if changed else 1.0 - change


@njit(cache=True, nogil=True)
def behavior_step(engine, v, i, stream, score):
    """The step -1, 0 or 1 that ego i makes, and the probability of the choice."""
    period, eff, plan, work, s = engine.period, engine.eff, engine.plan, engine.work, engine.s
    b = v - s.x.shape[0]
    value, low, high = s.z[b, i], period.z_low[b], period.z_high[b]
    absorbing = period.model_type[v] == ABSORBING
    down = not period.up_only[v] and (value > low or absorbing)
    up = not period.down_only[v] and (value < high or absorbing)
    u_down, u_up = 0.0, 0.0
    for q in range(plan.n_rows[v]):
        k = plan.row[v, q]
        for step in range(2):  # one call, and not of a literal: each would be compiled by itself
            free = up and value < high if step else down and value > low
            work.pair[step, k] = behavior_change(eff, k, s, i, 2 * step - 1) if free else 0.0
        u_down += plan.loss[k] * work.pair[0, k]
        u_up += plan.gain[k] * work.pair[1, k]
    largest = max(0.0, u_down, u_up)
    nothing = math.exp(-largest)
    p_down = math.exp(u_down - largest) if down else 0.0
    p_up = math.exp(u_up - largest) if up else 0.0
    total = nothing + p_down + p_up
    p_down, p_up, nothing = p_down / total, p_up / total, nothing / total
    u = uniform(stream)
    step = -1 if u < p_down else 1 if u < p_down + p_up else 0
    for q in range(plan.n_rows[v]):
        k = plan.row[v, q]
        if eff.parameter[k] < 0:
            continue
        g = -p_down * plan.on_loss[k] * work.pair[0, k] - p_up * plan.on_gain[k] * work.pair[1, k]
        if step < 0:
            g += plan.on_loss[k] * work.pair[0, k]
        elif step > 0:
            g += plan.on_gain[k] * work.pair[1, k]
        score[plan.n_rows.shape[0] + eff.parameter[k]] += g
    p = p_down if step < 0 else p_up if step > 0 else nothing
    if value + step < low or value + step > high:
        step = 0
    return step, p

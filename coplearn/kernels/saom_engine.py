"""Working room for the simulation of one period: states, the plan of which effects concern which variable, scratch.

An engine is made once per period, model and worker (`prepare`) and used for any number of simulations. It holds two
states. `s` is the one that is simulated. `t` serves the moments: every variable at the start of the period, without
what is missing; a dependent variable is put in at its end value while its own statistics are taken.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from coplearn.kernels.saom_groups import INTERACTION, Groups, new_groups
from coplearn.kernels.saom_network import fill_curve, has_local, has_rest, has_short_sum, is_reciprocity, network_spread
from coplearn.kernels.saom_network_terms import ANYWHERE, NOWHERE
from coplearn.kernels.saom_paths import Paths, new_paths
from coplearn.kernels.saom_rate import is_own_rate
from coplearn.kernels.saom_record import pack
from coplearn.kernels.saom_state import (
    CREATION,
    CURRENT,
    ENDOWMENT,
    EVALUATION,
    MOMENT,
    RATE,
    Effects,
    Period,
    Scratch,
    State,
    add_tie,
    new_scratch,
    new_state,
    set_behavior,
)

BLOCK = 64  # actors whose rates are summed together
ONE_DECIDES = 4  # the first of the models of undirected networks in which opportunities come to pairs
WHOLE = 512  # alters that are weighed in one go: half as many if they fall into
FEW = 32  # groups or fewer, which cost little to list
TABLES = 1024  # actors between whom two-paths are kept in tables
TABLED = 2  # how `Plan.short` says that moments read them


class Plan(NamedTuple):
    """Which rows of the effects concern which dependent variable; theta spread over rows."""

    row: np.ndarray  # int64[V, K]: rows that a ministep of the variable evaluates, interactions last
    n_rows: np.ndarray  # int64[V]
    kept: np.ndarray  # int64[V, K]: those of them that have a parameter and differ between alters
    n_kept: np.ndarray  # int64[V]
    rate_row: np.ndarray  # int64[V, K]: rows of its rate
    n_rate: np.ndarray  # int64[V]
    own_rate: np.ndarray  # uint8[V]: nobody's rate depends on anything but their own ties and values
    local: np.ndarray  # uint8[K]: the effect reaches alters over ties
    back: np.ndarray  # uint8[K]: the change statistic is x_ji
    spread: np.ndarray  # uint8[K]: for which alters the change statistic must be kept, see `network_spread`
    whole: np.ndarray  # uint8[V]: ego weighs all alters of the network in one go
    free: np.ndarray  # uint8[V]: whether any tie among those who are here may change that the numbers of ties allow
    split: np.ndarray  # uint8[V]: some effect counts for ties gained or for ties lost alone
    table: np.ndarray  # int64[K, 2]: tables of the two-paths that the effect counts, -1 for none
    rest: np.ndarray  # uint8[K]: whether it counts anything else
    open: np.ndarray  # uint8[V]: whether any tie of the network may change that the numbers of ties allow
    on_gain: np.ndarray  # float64[K]: 1 where the effect counts when a tie is created, a behavior goes up
    on_loss: np.ndarray  # float64[K]: 1 where it counts when a tie is dissolved, a behavior goes down
    gain: np.ndarray  # float64[K]: theta * on_gain
    loss: np.ndarray  # float64[K]: theta * on_loss
    theta: np.ndarray  # float64[K]: theta of the row
    sure: np.ndarray  # uint8[V]: no tie of the network is missing or determined
    short: np.ndarray  # uint8[K]: moments may take `short_sum` (1), or the two-paths in a table (TABLED)
    moment: np.ndarray  # int64[K, 2]: row and state of the network that moments use


class Work(NamedTuple):
    """Options of one ministep: all alters in order, or those listed, of whom ego's ties come first."""

    out: np.ndarray  # float64[K, N]: local parts by alter; 0 between ministeps
    change: np.ndarray  # float64[K, M]: change statistic by option, as far as it must be kept
    level: np.ndarray  # float64[K]: change statistic that is the same for all options
    alter: np.ndarray  # int64[M]: the alter
    count: np.ndarray  # type: ignore[assignment]  # float64[M]: how many alters the option stands for, 0: forbidden
    group: np.ndarray  # int64[M]: place of the group that the option stands for, -1 for itself alone
    p: np.ndarray  # float64[M]: utility, then what is proportional to the probability
    sign: np.ndarray  # float64[M]: 1 for a tie that may be gained, -1 lost, 0 neither
    weight: np.ndarray  # float64[M]: what the change statistics of an option count in scores
    gained: np.ndarray  # float64[M]: utilities of losing a tie; then the weights of ties to be gained
    power: np.ndarray  # float64[M]: powers of 2 while exponentials are taken
    bits: np.ndarray  # int64[M]: the same memory
    pair: np.ndarray  # float64[2, K]: change statistics of the two ends of a tie
    lam: np.ndarray  # float64[V, N]: rates, 0 of who is absent
    block: np.ndarray  # float64[V, N / BLOCK]: their sums over BLOCK actors
    a: np.ndarray  # float64[K, N]: values of rate effects
    total: np.ndarray  # float64[V]: total rate
    weighted: np.ndarray  # float64[K]: sum over actors of value times rate
    here: np.ndarray  # int64[N]: active actors, the first n_here[0]
    n_here: np.ndarray  # int64[1]


class Start(NamedTuple):
    """Ties at the start of the period as lists, and where structure forces the end."""

    first: np.ndarray  # int64[R, N + 1]: where the ties of an ego begin
    alter: np.ndarray  # int64[number of ties]
    fixed_first: np.ndarray  # int64[R, N + 1]: the same for ties that may not change
    fixed_alter: np.ndarray  # int64
    forced: np.ndarray  # int64[F, 4]: network, ego, alter, value at the end


class Engine(NamedTuple):
    """All of it."""

    period: Period
    eff: Effects
    plan: Plan
    work: Work
    scratch: Scratch
    start: Start
    groups: Groups
    paths: Paths
    s: State
    t: State
    room: int  # neighbours that an actor may have during a simulation, in either direction


@njit(cache=True, nogil=True)
def new_plan(eff, n_variables):
    """Sort the rows of the effects by variable."""
    n_rows = eff.code.shape[0]
    plan = Plan(
        np.zeros((n_variables, n_rows), np.int64),
        np.zeros(n_variables, np.int64),
        np.zeros((n_variables, n_rows), np.int64),
        np.zeros(n_variables, np.int64),
        np.zeros((n_variables, n_rows), np.int64),
        np.zeros(n_variables, np.int64),
        np.ones(n_variables, np.uint8),
        np.zeros(n_rows, np.uint8),
        np.zeros(n_rows, np.uint8),
        np.zeros(n_rows, np.uint8),
        np.zeros(n_variables, np.uint8),
        np.zeros(n_variables, np.uint8),
        np.zeros(n_variables, np.uint8),
        np.full((n_rows, 2), -1),
        np.zeros(n_rows, np.uint8),
        np.zeros(n_variables, np.uint8),
        np.zeros(n_rows),
        np.zeros(n_rows),
        np.zeros(n_rows),
        np.zeros(n_rows),
        np.zeros(n_rows),
        np.zeros(n_variables, np.uint8),
        np.zeros(n_rows, np.uint8),
        np.zeros((n_rows, 2), np.int64),
    )
    for interactions in range(2):
        for k in range(n_rows):
            v = eff.variable[k]
            if (eff.code[k] == INTERACTION) != (interactions == 1):
                continue
            if eff.kind[k] == MOMENT:
                continue
            if eff.kind[k] == RATE:
                plan.rate_row[v, plan.n_rate[v]] = k
                plan.n_rate[v] += 1
                plan.own_rate[v] &= is_own_rate(eff, k)
            else:
                plan.row[v, plan.n_rows[v]] = k
                plan.n_rows[v] += 1
    for k in range(n_rows):
        plan.on_gain[k] = 1.0 if eff.kind[k] == EVALUATION or eff.kind[k] == CREATION else 0.0
        plan.on_loss[k] = 1.0 if eff.kind[k] == EVALUATION or eff.kind[k] == ENDOWMENT else 0.0
        plan.moment[k, 0], plan.moment[k, 1] = k, CURRENT
        if eff.moment.shape[0]:
            plan.moment[k, 0], plan.moment[k, 1] = eff.moment[k, 0], eff.moment[k, 1]
        plan.local[k] = has_local(eff, k)
        plan.back[k] = is_reciprocity(eff, k)
        plan.rest[k] = has_rest(eff, k)
        if plan.on_gain[k] != plan.on_loss[k]:
            plan.split[eff.variable[k]] = 1
        plan.spread[k] = ANYWHERE if eff.code[k] == INTERACTION or eff.parameter[k] < 0 else network_spread(eff, k)
    for v in range(n_variables):
        for q in range(plan.n_rows[v]):
            k = plan.row[v, q]
            if eff.parameter[k] >= 0 and plan.spread[k] != NOWHERE:
                plan.kept[v, plan.n_kept[v]] = k
                plan.n_kept[v] += 1
    return plan


@njit(cache=True, nogil=True)
def set_theta(plan, eff, theta):
    """Spread theta over the rows."""
    for k in range(eff.code.shape[0]):
        plan.theta[k] = theta[eff.parameter[k]] if eff.parameter[k] >= 0 else 0.0
        plan.gain[k] = plan.theta[k] * plan.on_gain[k]
        plan.loss[k] = plan.theta[k] * plan.on_loss[k]


@njit(cache=True, nogil=True)
def lists_of(cells):
    """The cells that are not 0, row by row: first[R, N + 1] and their columns."""
    n_nets, side, _ = cells.shape
    first = np.zeros((n_nets, side + 1), np.int64)
    n = 0
    for r in range(n_nets):
        for i in range(side):
            first[r, i] = n
            for j in range(side):
                n += cells[r, i, j] != 0
        first[r, side] = n
    column = np.zeros(n, np.int64)
    n = 0
    for r in range(n_nets):
        for i in range(side):
            for j in range(side):
                if cells[r, i, j]:
                    column[n] = j
                    n += 1
    return first, column


@njit(cache=True, nogil=True)
def new_start(period):
    """Lists of the start of a period."""
    first, alter = lists_of(period.x)
    fixed_first, fixed_alter = lists_of(period.fixed)
    end_first, end_alter = lists_of(period.end_fixed)
    forced = np.zeros((end_alter.shape[0], 4), np.int64)
    for r in range(period.x.shape[0]):
        for i in range(period.x.shape[1]):
            for q in range(end_first[r, i], end_first[r, i + 1]):
                j = end_alter[q]
                forced[q, 0], forced[q, 1], forced[q, 2], forced[q, 3] = r, i, j, period.end_value[r, i, j]
    return Start(first, alter, fixed_first, fixed_alter, forced)


@njit(cache=True, nogil=True)
def new_work(n_variables, n_rows, side):
    """Room for the options of a ministep."""
    room = 2 * side + 3  # everybody may be reached, and every group have other members
    power = np.zeros(room)
    return Work(
        np.zeros((n_rows, side)),
        np.zeros((n_rows, room)),
        np.zeros(n_rows),
        np.zeros(room, np.int64),
        np.zeros(room),
        np.zeros(room, np.int64),
        np.zeros(room),
        np.zeros(room),
        np.zeros(room),
        np.zeros(room),
        power,
        power.view(np.int64),
        np.zeros((2, n_rows)),
        np.zeros((n_variables, side)),
        np.zeros((n_variables, (side - 1) // BLOCK + 1)),
        np.zeros((n_rows, side)),
        np.zeros(n_variables),
        np.zeros(n_rows),
        np.zeros(side, np.int64),
        np.zeros(1, np.int64),
    )


@njit(cache=True, nogil=True)
def clear_network(s, r):
    """Take all ties out of network r."""
    for i in range(s.x.shape[1]):
        for q in range(s.outdeg[r, i]):
            s.x[r, i, s.out[r, i, q]] = 0
        s.outdeg[r, i] = 0
        s.indeg[r, i] = 0
        s.recdeg[r, i] = 0
    s.n_ties[r] = 0


@njit(cache=True, nogil=True)
def load(s, x, z):
    """Give a state the ties x (uint8[R, N, N]) and behaviors z (int32[B, N]); the lists must have room."""
    for r in range(x.shape[0]):
        clear_network(s, r)
        for i in range(x.shape[1]):
            for j in range(x.shape[2]):
                if x[r, i, j]:
                    add_tie(s, r, i, j)
    for b in range(z.shape[0]):
        for i in range(z.shape[1]):
            set_behavior(s, b, i, z[b, i])


@njit(cache=True, nogil=True)
def restart_moments(period, start, t, v):
    """Put dependent variable v of the state of the moments at its start, without what is missing."""
    n_nets = t.x.shape[0]
    if v < n_nets:
        clear_network(t, v)
        for i in range(t.x.shape[1]):
            for q in range(start.first[v, i], start.first[v, i + 1]):
                if not period.missing[v, i, start.alter[q]]:
                    add_tie(t, v, i, start.alter[q])
        return
    b = v - n_nets
    row = t.v.shape[0] - t.z.shape[0] + b
    for i in range(t.z.shape[1]):
        set_behavior(t, b, i, period.z[b, i])
        t.v_missing[row, i] = period.v_missing[row, i]
        if t.v_missing[row, i]:
            t.v[row, i] = 0.0


@njit(cache=True, nogil=True)
def largest_degree(cells):
    """The largest row or column sum of 0-1 cells of any network."""
    largest = 0
    for r in range(cells.shape[0]):
        for i in range(cells.shape[1]):
            sent, received = 0, 0
            for j in range(cells.shape[1]):
                sent += cells[r, i, j]
                received += cells[r, j, i]
            largest = max(largest, sent, received)
    return largest


@njit(cache=True, nogil=True)
def asks_unknown(period, eff, k):
    """Whether an effect of a network uses a covariate that is missing somewhere."""
    needs = np.int64(eff.p[k, 6])
    if needs & 3 and period.v_missing[eff.a[k, 1]].any():
        return True
    return needs & 4 != 0 and period.w_missing[eff.a[k, 2]].any()


@njit(cache=True, nogil=True)
def prepare(period, effects, capacity, whole=WHOLE):
    """An engine for a period and effects, with room for `capacity` neighbours of an actor in either direction.

    In networks of up to `whole` alters (half as many in few groups) ego weighs all of them at every ministep; in larger
    ones, those whom it can reach and one of each group of others, unless its effects tell all of them apart: the same
    model either way.
    """
    n_nets, side = period.x.shape[0], period.x.shape[1]
    n_variables = n_nets + period.z.shape[0]
    eff = pack(effects)
    plan = new_plan(eff, n_variables)
    groups = new_groups(period, eff)
    settled = period.active.all() and period.event_time.shape[0] == 0  # everybody is there all the time
    for r in range(n_nets):
        loose = not period.fixed[r].any() and period.constraint.shape[0] == 0 and not period.up_only[r]
        loose = loose and (period.directed[r] or period.two_mode[r] or period.max_degree[r] >= side)
        plan.free[r] = loose and not period.two_mode[r]
        plan.open[r] = loose and settled
        plan.whole[r] = period.n_columns[r] <= (whole if groups.n_keys[r] > FEW else whole // 2) or not groups.on[r]
        groups.on[r] = not plan.whole[r]
        plan.sure[r] = not (period.missing[r].any() or period.fixed[r].any() or period.end_fixed[r].any())
        plan.own_rate[r] &= period.directed[r] or period.model_type[r] < ONE_DECIDES
    for k in range(eff.code.shape[0]):
        current = plan.moment[k, 0] == k and plan.moment[k, 1] == CURRENT and eff.kind[k] == EVALUATION
        plan.short[k] = current and has_short_sum(eff, k) and not asks_unknown(period, eff, k)
    counted = np.zeros(eff.code.shape[0], np.uint8)
    for k in range(eff.code.shape[0]):
        counted[k] = side <= TABLES and eff.variable[k] < n_nets and plan.whole[eff.variable[k]]
    paths = new_paths(eff, counted, side, plan.table)
    for k in range(eff.code.shape[0]):
        r, c = eff.variable[k], plan.table[k, 0]
        if plan.short[k] and c >= 0 and paths.leg[c, 0] == r and paths.leg[c, 2] == r and settled and plan.sure[r]:
            plan.short[k] = TABLED
    scratch = new_scratch(side, eff.code.shape[0])
    for k in range(eff.code.shape[0]):
        fill_curve(eff, k, scratch.curve[k])
    start = new_start(period)
    degree = largest_degree(period.x)
    room = max(capacity, degree)
    spare = largest_degree(period.end_fixed)
    if not settled:
        spare += degree
    held = min(room + spare, side)
    s = new_state(period, period.x, period.z, np.zeros_like(period.v_missing), np.zeros_like(period.w_missing), held)
    t = new_state(period, period.x, period.z, period.v_missing.copy(), period.w_missing, held)
    packed = pack(period)
    for v in range(n_variables):
        restart_moments(packed, pack(start), pack(t), v)
    t.start_outdeg[:] = t.outdeg
    t.start_indeg[:] = t.indeg
    return pack(
        Engine(
            packed,
            eff,
            pack(plan),
            pack(new_work(n_variables, eff.code.shape[0], side)),
            pack(scratch),
            pack(start),
            pack(groups),
            pack(paths),
            pack(s),
            pack(t),
            room,
        )
    )

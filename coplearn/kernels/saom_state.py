"""What the kernels of the actor-oriented panel model see: a period, a state within it, effects as numbers.

Networks are numbered r = 0..R-1 and behaviors b = 0..B-1; as dependent variables they are 0..R-1 and R..R+B-1. All
networks share arrays of side N, the larger of actors and second-mode nodes; a two-mode network uses ``n_columns[r]``
columns. Actor variables are numbered 0..C-1 (covariates) and C..C+B-1 (behaviors as explanatory variables, centred),
so that an effect "of a variable" need not know which kind it is.

Simulations pass views of these tuples around (see ``saom_record``), which are read in the same way.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

EVALUATION, CREATION, ENDOWMENT, RATE, MOMENT = 0, 1, 2, 3, 4
CURRENT, AT_START, BOTH, CHANGES_ALONE = 0, 1, 2, 3
MISSING_AT_START, MISSING_AT_END = 1, 2  # bits of `Period.missing`


class Period(NamedTuple):
    """Data of one period, never changed by a simulation."""

    x: np.ndarray  # uint8[R, N, N]: ties at the start, completed (no missing values); undirected: both cells
    fixed: np.ndarray  # uint8[R, N, N]: 1 where the tie may not change (structural at the start)
    end_fixed: np.ndarray  # uint8[R, N, N]: 1 where free at the start and structural at the end
    end_value: np.ndarray  # uint8[R, N, N]: the value there
    missing: np.ndarray  # uint8[R, N, N]: bits, 1 where missing at the start, 2 at the end
    z: np.ndarray  # int32[B, N]: behavior at the start, completed
    z_missing: np.ndarray  # uint8[B, N]: missing at either end
    z_low: np.ndarray  # int32[B]: range over all waves
    z_high: np.ndarray  # int32[B]
    z_mean: np.ndarray  # float64[B]: what is subtracted
    v: np.ndarray  # float64[C + B, N]: actor variables, centred, imputed; from row C on: behaviors at the start
    v_missing: np.ndarray  # uint8[C + B, N]: covariate missing; behavior missing at the start
    w: np.ndarray  # float64[W, N, N]: dyadic covariates, not centred
    w_missing: np.ndarray  # uint8[W, N, N]
    directed: np.ndarray  # uint8[R]
    n_columns: np.ndarray  # int64[R]: number of actors, or of second-mode nodes
    two_mode: np.ndarray  # uint8[R]
    active: np.ndarray  # uint8[N]: there at the start of the period
    event_time: np.ndarray  # float64[E]: joining and leaving within the period, sorted, in (0, 1)
    event_actor: np.ndarray  # int32[E]
    event_join: np.ndarray  # uint8[E]: 1 joins, 0 leaves
    up_only: np.ndarray  # uint8[R + B]
    down_only: np.ndarray  # uint8[R + B]
    max_degree: np.ndarray  # int64[R]: N where there is no limit
    constraint: np.ndarray  # int32[Q, 3]: (0 higher | 1 disjoint | 2 at least one, r, s)
    model_type: np.ndarray  # int32[R + B]: 1 directed; undirected 2..6; behavior 1 restricting, 2 absorbing
    offset: np.ndarray  # float64[R]: of model type 3
    n_actors: int


class State(NamedTuple):
    """What actors see at one moment. `x` and the lists always agree; change it only through functions of this file."""

    x: np.ndarray  # uint8[R, N, N]
    out: np.ndarray  # int32[R, N, capacity]: out-neighbours in no order, the first outdeg of them
    inn: np.ndarray  # int32[R, N, capacity]: in-neighbours, the first indeg
    outdeg: np.ndarray  # int32[R, N]
    indeg: np.ndarray  # int32[R, N]
    recdeg: np.ndarray  # int32[R, N]: reciprocated ties (one-mode directed networks)
    z: np.ndarray  # int32[B, N]
    v: np.ndarray  # float64[C + B, N]; rows from C on follow z
    v_missing: np.ndarray  # uint8[C + B, N]; all 0 while simulating
    w: np.ndarray  # float64[W, N, N]
    w_missing: np.ndarray  # uint8[W, N, N]
    active: np.ndarray  # uint8[N]
    z_mean: np.ndarray  # float64[B]
    z_low: np.ndarray  # int32[B]
    z_high: np.ndarray  # int32[B]
    directed: np.ndarray  # uint8[R]
    n_columns: np.ndarray  # int64[R]
    two_mode: np.ndarray  # uint8[R]
    n_ties: np.ndarray  # int64[R]
    start_outdeg: np.ndarray  # int32[R, N]: degrees at the start of the period, for moments of lagged degrees
    start_indeg: np.ndarray  # int32[R, N]
    n_actors: int


class Effects(NamedTuple):
    """Effects as rows of numbers. The meaning of `a` and `p` belongs to the code; see the files of the effects."""

    code: np.ndarray  # int32[K]
    variable: np.ndarray  # int32[K]: dependent variable that owns the effect
    kind: np.ndarray  # int32[K]: EVALUATION, CREATION, ENDOWMENT, RATE, or MOMENT for a row that only moments use
    a: np.ndarray  # int32[K, 8]: networks, actor variables, dyadic covariates; -1 unused
    p: np.ndarray  # float64[K, 8]: internal parameter first, then constants (similarity mean, range, mean degree, ...)
    part: np.ndarray  # int32[K, 3]: rows that an interaction multiplies; -1 unused
    parameter: np.ndarray  # int32[K]: position in theta; -1 for a row that only serves as a part of interactions
    moment: np.ndarray = np.zeros((0, 2), np.int32)  # int32[K, 2]: row whose statistic the moments of a network effect
    # use, and in which state of its network they read it (CURRENT, ...); no rows where all are their own and CURRENT


class Scratch(NamedTuple):
    """Working room of one simulation. `touched` lists each alter once while `mark` is 1 for it."""

    touched: np.ndarray  # int32[N + 1]: alters reached so far, the first n_touched[0]
    n_touched: np.ndarray  # int64[1]
    mark: np.ndarray  # uint8[N]
    node: np.ndarray  # int32[3, N]: neighbours while a local effect walks two- and three-paths
    weight: np.ndarray  # float64[3, N]: and the weights of the ties to them
    paths: np.ndarray  # float64[N]: two-paths to each node; 0 between effects
    reached: np.ndarray  # int32[N]: nodes whose paths are not 0
    curve: np.ndarray  # float64[K, L]: by effect, what 0, 1, 2, ... two-paths count; K = 0 where it is not known
    counts: np.ndarray  # int64[N]: two-paths that several effects ask for
    counted: np.ndarray  # int32[N + 1]: nodes where they lead
    known: np.ndarray  # int64[5]: their legs, -1 for none, and the number of nodes


@njit(cache=True, nogil=True)
def new_scratch(side, n_rows=0):
    """Working room for arrays of side N, with `n_rows` curves to be filled in."""
    return Scratch(
        np.zeros(side + 1, np.int32),
        np.zeros(1, np.int64),
        np.zeros(side, np.uint8),
        np.zeros((3, side), np.int32),
        np.zeros((3, side)),
        np.zeros(side),
        np.zeros(side, np.int32),
        np.zeros((n_rows, max(side + 1, 64))),
        np.zeros(side, np.int64),
        np.zeros(side + 1, np.int32),
        np.array([-1, 0, 0, 0, 0]),
    )


@njit(cache=True, nogil=True)
def touch(scratch, j):
    """Count alter j as touched."""
    if not scratch.mark[j]:
        scratch.mark[j] = 1
        scratch.touched[scratch.n_touched[0]] = j
        scratch.n_touched[0] += 1


@njit(cache=True, nogil=True)
def add_tie(s, r, i, j):
    """Set x_ij = 1 in network r, one cell; the lists must have room."""
    s.x[r, i, j] = 1
    s.out[r, i, s.outdeg[r, i]] = j
    s.outdeg[r, i] += 1
    s.inn[r, j, s.indeg[r, j]] = i
    s.indeg[r, j] += 1
    s.n_ties[r] += 1
    if not s.two_mode[r] and s.x[r, j, i]:
        s.recdeg[r, i] += 1
        s.recdeg[r, j] += 1


@njit(cache=True, nogil=True)
def drop_tie(s, r, i, j):
    """Set x_ij = 0 in network r, one cell."""
    s.x[r, i, j] = 0
    last = s.outdeg[r, i] - 1
    for k in range(last + 1):
        if s.out[r, i, k] == j:
            s.out[r, i, k] = s.out[r, i, last]
            break
    s.outdeg[r, i] = last
    last = s.indeg[r, j] - 1
    for k in range(last + 1):
        if s.inn[r, j, k] == i:
            s.inn[r, j, k] = s.inn[r, j, last]
            break
    s.indeg[r, j] = last
    s.n_ties[r] -= 1
    if not s.two_mode[r] and s.x[r, j, i]:
        s.recdeg[r, i] -= 1
        s.recdeg[r, j] -= 1


@njit(cache=True, nogil=True)
def toggle_cell(s, r, i, j):
    """Change x_ij alone, also in an undirected network."""
    if s.x[r, i, j]:
        drop_tie(s, r, i, j)
    else:
        add_tie(s, r, i, j)


@njit(cache=True, nogil=True)
def set_behavior(s, b, i, value):
    """Give behavior b of actor i a value, as dependent and as explanatory variable."""
    s.z[b, i] = value
    s.v[s.v.shape[0] - s.z.shape[0] + b, i] = value - s.z_mean[b]


@njit(cache=True, nogil=True)
def new_state(period, x, z, v_missing, w_missing, capacity):
    """A state with ties x (uint8[R, N, N]) and behaviors z (int32[B, N]) and room for `capacity` neighbours."""
    n_nets, side = x.shape[0], x.shape[1]
    s = State(
        np.zeros_like(x),
        np.zeros((n_nets, side, capacity), np.int32),
        np.zeros((n_nets, side, capacity), np.int32),
        np.zeros((n_nets, side), np.int32),
        np.zeros((n_nets, side), np.int32),
        np.zeros((n_nets, side), np.int32),
        z.copy(),
        period.v.copy(),
        v_missing,
        period.w,
        w_missing,
        period.active.copy(),
        period.z_mean,
        period.z_low,
        period.z_high,
        period.directed,
        period.n_columns,
        period.two_mode,
        np.zeros(n_nets, np.int64),
        np.zeros((n_nets, side), np.int32),
        np.zeros((n_nets, side), np.int32),
        period.n_actors,
    )
    for r in range(n_nets):
        for i in range(side):
            for j in range(side):
                if x[r, i, j]:
                    add_tie(s, r, i, j)
    for b in range(z.shape[0]):
        for i in range(z.shape[1]):
            set_behavior(s, b, i, z[b, i])
    return s

"""Small periods, effects and simulations for tests and benchmarks of the actor-oriented engine."""

import numpy as np

import coplearn.effects.behavior as behavior_effects
import coplearn.effects.network as network_effects
import coplearn.effects.rate as rate_effects
from coplearn.effects.context import ActorFacts, Context, DyadicFacts, NetworkFacts
from coplearn.effects.spec import Effect, definitions
from coplearn.kernels.saom import Runs, simulate
from coplearn.kernels.saom_engine import WHOLE, prepare
from coplearn.kernels.saom_state import EVALUATION, Effects, Period

FAMILIES = {"network": network_effects, "behavior": behavior_effects, "rate": rate_effects}
NAMES = {family: {d.short.get("rsiena"): d.name for d in definitions(family)} for family in FAMILIES}


def period(x, z=(), v=(), **changed):
    """A period with ties x[R, n, n], behaviors z[B, n] and covariates v[C, n], of which nothing is missing or fixed."""
    x = np.ascontiguousarray(x, np.uint8)
    n_nets, n, _ = x.shape
    z = np.array(z, np.int32).reshape(-1, n)
    v = np.array(v, float).reshape(-1, n)
    no = np.zeros(x.shape, np.uint8)
    mean = z.mean(axis=1)
    fields = {
        "x": x, "fixed": no, "end_fixed": no, "end_value": no, "missing": no, "z": z,
        "z_missing": np.zeros(z.shape, np.uint8), "z_low": z.min(axis=1), "z_high": z.max(axis=1), "z_mean": mean,
        "v": np.concatenate([v, z - mean[:, None]]), "v_missing": np.zeros((len(v) + len(z), n), np.uint8),
        "w": np.zeros((0, n, n)), "w_missing": np.zeros((0, n, n), np.uint8), "directed": np.ones(n_nets, np.uint8),
        "n_columns": np.full(n_nets, n), "two_mode": np.zeros(n_nets, np.uint8), "active": np.ones(n, np.uint8),
        "event_time": np.zeros(0), "event_actor": np.zeros(0, np.int32), "event_join": np.zeros(0, np.uint8),
        "up_only": np.zeros(n_nets + len(z), np.uint8), "down_only": np.zeros(n_nets + len(z), np.uint8),
        "max_degree": np.full(n_nets, n), "constraint": np.zeros((0, 3), np.int32),
        "model_type": np.ones(n_nets + len(z), np.int32), "offset": np.zeros(n_nets), "n_actors": n,
    }  # fmt: skip
    return Period(**(fields | changed))


def effects(data, listed):
    """Rows of effects (owner, RSiena's short name, variables, kind) of net0, ... and z0, ..., about v0, ... too."""
    n_nets, n_covariates = len(data.x), len(data.v) - len(data.z)
    networks = {
        f"net{r}": NetworkFacts(f"net{r}", r, bool(data.directed[r]), bool(data.two_mode[r]), int(data.n_columns[r]))
        for r in range(n_nets)
    }
    actors = {f"v{k}": ActorFacts(f"v{k}", k, range=2.0, similarity_mean=0.5) for k in range(n_covariates)}
    for b, mean in enumerate(data.z_mean):
        facts = {"mean": float(mean), "range": 2.0, "similarity_mean": 0.5, "behavior": b}
        actors[f"z{b}"] = ActorFacts(f"z{b}", n_covariates + b, **facts)
    dyadics = {f"w{k}": DyadicFacts(f"w{k}", k) for k in range(len(data.w))}
    owners = [*networks, *(f"z{b}" for b in range(len(data.z)))]
    rows, kinds, variables = [], [], []
    for owner, short, about, kind in listed:
        family = "rate" if short in NAMES["rate"] else "network" if owner in networks else "behavior"
        context = Context(owner, networks, actors, dyadics, data.n_actors)
        rows.append(FAMILIES[family].encode(Effect(NAMES[family][short], tuple(about)), context))
        kinds.append(kind)
        variables.append(owners.index(owner))
    a, p = np.full((len(rows), 8), -1, np.int32), np.zeros((len(rows), 8))
    for k, row in enumerate(rows):
        a[k, : len(row.a)], p[k, : len(row.p)] = row.a, row.p
    code = np.array([row.code for row in rows], np.int32)
    part, parameter = np.full((len(rows), 3), -1, np.int32), np.arange(len(rows), dtype=np.int32)
    return Effects(code, np.array(variables, np.int32), np.array(kinds, np.int32), a, p, part, parameter)


def evaluation(owner, *names):
    """Evaluation effects as :func:`effects` takes them: short names, or (short name, variables)."""
    split = [(name, ()) if isinstance(name, str) else name for name in names]
    return [(owner, short, about, EVALUATION) for short, about in split]


def empty_runs(data, n, size, states=0, length=0):
    """Room for n runs with `size` statistics, the end states of the first `states` and their first ministeps."""
    return Runs(
        np.zeros((n, size)), np.zeros((n, size)), np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.int64),
        np.zeros((states, *data.x.shape), np.uint8), np.zeros((states, *data.z.shape), np.int32),
        np.zeros((states, length, 3), np.int32), np.zeros((states, length, 2)),
    )  # fmt: skip


def draw(
    data, rows, theta, rate, n, *, engine=None, seed=1, first=0, conditional=-1, distance=0, most=10**6,
    states=0, length=0, room=None, whole=WHOLE,
):  # fmt: skip
    """Simulate a period n times."""
    engine = engine or prepare(data, rows, len(data.active) if room is None else room, whole)
    runs = empty_runs(data, n, len(rate) + len(theta), states, length)
    key = np.array([seed, 3, 0, first, 0])
    simulate(engine, np.array(theta, float), np.array(rate, float), key, conditional, distance, most, runs)
    return runs

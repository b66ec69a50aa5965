"""The engine of the actor-oriented model against exact probabilities, its own slow twin and RSiena's simulations."""

import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numba import njit
from saom_cases import draw, effects, evaluation, period
from scipy.linalg import expm
from scipy.stats import chisquare

from coplearn.effects.spec import definitions
from coplearn.kernels import saom
from coplearn.kernels.saom_engine import prepare
from coplearn.kernels.saom_network import network_local
from coplearn.kernels.saom_record import packed
from coplearn.kernels.saom_state import CREATION, ENDOWMENT, RATE, new_scratch, new_state

PAIRS = [(i, j) for i in range(3) for j in range(3) if i != j]
X3 = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]])
Z3 = np.array([0, 1, 1])
REFERENCE = Path(__file__).parent / "data"


def softmax(u):
    u = np.exp(np.array(u) - np.max(u))
    return u / u.sum()


def transitions(rates):
    """Probabilities of the states at time 1 from a table of rates {(state, next state): rate}."""
    states = sorted({s for pair in rates for s in pair})
    place = {s: k for k, s in enumerate(states)}
    q = np.zeros((len(states), len(states)))
    for (a, b), rate in rates.items():
        q[place[a], place[b]] += rate
    q -= np.diag(q.sum(axis=1))
    return states, place, expm(q)


def compare_states(runs, states, probabilities, behavior):
    """p-value of simulated end states; states that are too rare for the chi-square approximation are put together."""
    ends = [tuple(x[0][tuple(zip(*PAIRS, strict=True))]) for x in runs.x]
    if behavior:
        ends = [e + tuple(z[0]) for e, z in zip(ends, runs.z, strict=True)]
    place = {s: k for k, s in enumerate(states)}
    observed = np.bincount([place[tuple(map(int, e))] for e in ends], minlength=len(states))
    expected = probabilities * len(ends)
    rare = expected < 8
    observed = np.append(observed[~rare], observed[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    return chisquare(observed[expected > 0], expected[expected > 0]).pvalue


def t_of(scores):
    """Mean in standard errors, of the columns that vary."""
    varies = scores.std(axis=0) > 0
    return scores[:, varies].mean(axis=0) / scores[:, varies].std(axis=0) * np.sqrt(len(scores))


COMERS = {
    "event_time": np.array([0.2, 0.4, 0.6]), "event_actor": np.array([1, 7, 8], np.int32),
    "event_join": np.array([1, 0, 0], np.uint8),
}  # fmt: skip


def random_panel(n, seed, ties=2, **changed):
    g = np.random.default_rng(seed)
    x = (g.random((1, n, n)) < ties / n) * (1 - np.eye(n, dtype=int))
    return period(x, g.integers(1, 4, n), g.integers(0, 2, n) - 0.5, **changed)


MIXED = [
    *evaluation("net0", "density", "recip", "transTrip", "inPop", ("altX", ("z0",)), ("sameX", ("v0",))),
    ("net0", "recip", (), ENDOWMENT),
    ("net0", "outRate", ("net0",), RATE),
    *evaluation("z0", "linear", ("avSim", ("net0",))),
    ("z0", "quad", (), CREATION),
    ("z0", "RateX", ("v0",), RATE),
]
THETA = [-1.5, 1.0, 0.2, 0.05, 0.2, 0.3, 0.4, 0.1, 0.1, 0.5, -0.2, 0.3]


def test_three_actors_reach_every_state_as_often_as_the_generator_says():
    density, recip, trip, ego, linear, rho = -0.5, 0.8, 0.4, 0.5, 0.3, (1.5, 1.0)

    def f(i, x, z):
        trips = sum(x[i, j] * x[i, h] * x[h, j] for j, h in product(range(3), repeat=2))
        return x[i].sum() * (density + ego * (z[i] - Z3.mean())) + recip * (x[i] * x[:, i]).sum() + trip * trips

    rates = {}
    for s in product((0, 1), repeat=9):
        x, z = np.zeros((3, 3), int), np.array(s[6:])
        for bit, pair in zip(s, PAIRS, strict=False):
            x[pair] = bit
        for i in range(3):
            options, utilities = [s], [0.0]
            for j in set(range(3)) - {i}:
                y = x.copy()
                y[i, j] = 1 - y[i, j]
                options.append(tuple(int(y[p]) for p in PAIRS) + s[6:])
                utilities.append(f(i, y, z) - f(i, x, z))
            for t, p in zip(options, softmax(utilities), strict=True):
                rates[s, t] = rates.get((s, t), 0) + rho[0] * p
            step = 1 - 2 * z[i]
            t = tuple(int(s[k] + step * (k == 6 + i)) for k in range(9))
            rates[s, t] = rates.get((s, t), 0) + rho[1] * softmax([0, linear * step])[1]
    states, place, p = transitions(rates)
    data = period(X3[None], Z3)
    rows = effects(
        data, [*evaluation("net0", "density", "recip", "transTrip", ("egoX", ("z0",))), *evaluation("z0", "linear")]
    )
    runs = draw(data, rows, [density, recip, trip, ego, linear], rho, 40_000, states=40_000)
    start = tuple(int(X3[q]) for q in PAIRS) + tuple(map(int, Z3))
    assert compare_states(runs, states, p[place[start]], behavior=True) > 1e-3


@pytest.mark.parametrize("model", [2, 3, 4, 5, 6])
def test_undirected_models_reach_every_state_as_often_as_their_generator_says(model):
    density, triads, offset, rho = -0.4, 0.6, 0.7, 1.2

    def f(i, x):
        j, h = set(range(3)) - {i}
        return density * x[i].sum() + triads * x[i, j] * x[i, h] * x[j, h]

    def logit(u):
        return 1 / (1 + np.exp(-u))

    rates = {}
    for bits in product((0, 1), repeat=3):
        x = np.zeros((3, 3), int)
        for bit, (i, j) in zip(bits, ((0, 1), (0, 2), (1, 2)), strict=True):
            x[i, j] = x[j, i] = bit
        s = tuple(int(x[p]) for p in PAIRS)
        for i in range(3):
            others, gains, ends = sorted(set(range(3)) - {i}), [], []
            for j in others:
                y = x.copy()
                y[i, j] = y[j, i] = 1 - x[i, j]
                gains.append((f(i, y) - f(i, x), f(j, y) - f(j, x)))
                ends.append(tuple(int(y[p]) for p in PAIRS))
            chosen = softmax([0.0] + [own for own, _ in gains])[1:]
            for j, t, (own, other), p in zip(others, ends, gains, chosen, strict=True):
                if model == 2:
                    rate = rho * p
                elif model == 3:
                    rate = rho * p * (1 if x[i, j] else logit(other + offset))
                elif model == 4:
                    rate = rho**2 * logit(own)
                elif model == 5:
                    a, b = logit(own), logit(other)
                    rate = rho**2 * (1 - (1 - a) * (1 - b) if x[i, j] else a * b)
                else:
                    rate = rho**2 * logit(own + other)
                rates[s, t] = rates.get((s, t), 0) + rate
    states, place, p = transitions(rates)
    x = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]])
    kind = {"directed": np.zeros(1, np.uint8), "model_type": np.array([model], np.int32), "offset": np.array([offset])}
    data = period(x[None], **kind)
    runs = draw(
        data,
        effects(data, evaluation("net0", "density", "transTriads")),
        [density, triads],
        [rho],
        20_000,
        states=20_000,
        seed=model,
    )
    assert (runs.x == runs.x.transpose(0, 1, 3, 2)).all()
    assert compare_states(runs, states, p[place[tuple(int(x[q]) for q in PAIRS)]], behavior=False) > 1e-3
    assert np.abs(t_of(runs.scores)).max() < 4


def test_scores_have_mean_zero_and_give_the_derivative_of_the_moments():
    data = random_panel(8, 3)
    rows = effects(data, MIXED)
    engine, rate, n = prepare(data, rows, 8), np.array([2.0, 1.0]), 5_000
    runs = draw(data, rows, THETA, rate, n, engine=engine)
    assert np.abs(t_of(runs.scores)).max() < 4
    size, step = len(rate) + len(THETA), 0.1
    products = (runs.moments - runs.moments.mean(axis=0))[:, :, None] * runs.scores[:, None]
    for k in range(size):
        ends = []
        for sign in (1, -1):
            moved = np.append(rate, THETA)
            moved[k] += sign * step
            ends.append(draw(data, rows, moved[2:], moved[:2], n, engine=engine, seed=10 * k + 2 + sign).moments)
        slope = (ends[0].mean(axis=0) - ends[1].mean(axis=0)) / (2 * step)
        noise = np.sqrt(
            (ends[0].var(axis=0) + ends[1].var(axis=0)) / n / (2 * step) ** 2 + products[:, :, k].var(axis=0) / n
        )
        assert (np.abs(slope - products[:, :, k].mean(axis=0)) < 4.5 * noise).all(), k  # 196 comparisons


def test_alters_in_groups_are_chosen_with_the_probabilities_of_alters_one_by_one():
    data = random_panel(60, 5, fixed=np.pad(np.ones((1, 3, 20), np.uint8), ((0, 0), (0, 57), (10, 30))))
    few = [
        *evaluation("net0", "density", "recip", "transTrip", "inPop", ("altX", ("z0",))),
        *evaluation("z0", "linear"),
    ]
    rows = effects(data, few)
    found = []
    for whole in (0, 120):
        runs = draw(
            data,
            rows,
            [-2.0, 1.0, 0.3, 0.1, 0.3, 0.1],
            [1.0, 0.01],
            20_000,
            most=1,
            states=20_000,
            length=1,
            whole=whole,
        )
        steps, logp = runs.chain[runs.steps == 1, 0], runs.times[runs.steps == 1, 0, 1]
        found.append({tuple(map(int, step)): p for step, p in zip(steps, logp, strict=True)})
    both = set(found[0]) & set(found[1])
    assert len(both) > 1000
    assert max(abs(found[0][c] - found[1][c]) for c in both) < 1e-12  # sums in another order


def test_two_paths_counted_for_several_effects_are_those_of_each():
    data = random_panel(12, 15, ties=4)
    rows = effects(data, evaluation("net0", "transTrip", "cycle3", "gwespFF", "gwespBB", "gwespFB", "transMedTrip"))
    found = np.zeros((len(rows.code), 12, 12))
    saom.change_table(prepare(data, rows, 12), data.x, data.z, found)
    state = packed(new_state(data, data.x, data.z, data.v_missing, data.w_missing, 12))
    for k in range(len(rows.code)):
        for i in range(12):
            out = np.zeros(12)
            network_local(packed(rows), k, state, i, packed(new_scratch(12)), out)  # no curves: one by one
            out[i] = 0
            assert found[k, i] == pytest.approx(out, abs=1e-12)


def test_every_effect_is_the_same_whether_alters_are_listed_or_weighed_in_one_go():
    g = np.random.default_rng(16)
    n = 14
    x = (g.random((2, n, n)) < 0.25) * (1 - np.eye(n, dtype=int))
    v = np.array([g.integers(0, 3, n) - 1.0, g.integers(0, 2, n) - 0.5])
    data = period(
        x, g.integers(1, 4, n), v, w=g.integers(0, 3, (1, n, n)) * 1.0, w_missing=np.zeros((1, n, n), np.uint8)
    )
    about = {"network": "net1", "actor": "v0", "dyadic": "w0"}
    listed = []
    for entry in definitions("network"):
        names = [about[kind] for kind in entry.variables]
        if "rsiena" in entry.short and "directed" in entry.details.get("networks", ("directed",)):
            listed.append(("net0", entry.short["rsiena"], names[:-1] + ["v1"] if names.count("v0") == 2 else names, 0))
    rows = effects(data, listed)
    tables = []
    for whole in (0, 2 * n):
        tables.append(np.zeros((len(listed), n, n)))
        saom.change_table(prepare(data, rows, n, whole), data.x, data.z, tables[-1])
    assert len(listed) > 150
    for k, effect in enumerate(listed):
        assert tables[0][k] == pytest.approx(tables[1][k], abs=1e-12), effect


@njit
def tables_of(engine):
    return engine.paths.leg.copy(), engine.paths.counts.copy()


def test_two_paths_in_tables_follow_a_simulation():
    data = random_panel(
        20, 17, ties=4, event_time=np.array([0.3, 0.6]), event_actor=np.array([2, 2], np.int32),
        event_join=np.array([0, 1], np.uint8),
    )  # fmt: skip
    rows = effects(data, evaluation("net0", "density", "transTrip", "cycle3", "gwespBB", "gwespFB"))
    engine = prepare(data, rows, 20)
    runs = draw(data, rows, [-1.0, 0.2, 0.1, 0.1, 0.1], [6.0, 1.0], 1, engine=engine, states=1)
    x = runs.x[0, 0].astype(int)
    forth = {0: x, 1: x.T}
    legs, counts = tables_of(engine)
    assert len(legs) == 3
    for (_, first, _, second), count in zip(legs, counts, strict=True):
        expected = forth[first] @ forth[second]
        assert np.array_equal(count - np.diag(np.diag(count)), expected - np.diag(np.diag(expected)))


def test_rates_of_those_who_changed_are_as_good_as_all_rates_anew():
    data = random_panel(
        90, 18, event_time=np.array([0.4]), event_actor=np.array([5], np.int32), event_join=np.zeros(1, np.uint8)
    )
    own = [
        *evaluation("net0", "density", "recip"),
        *evaluation("z0", "linear"),
        *[
            ("z0", short, about, RATE)
            for short, about in (("outRateLog", ("net0",)), ("inRate", ("net0",)), ("RateX", ("v0",)))
        ],
    ]
    exposed = [*own, ("z0", "totExposure", ("net0",), RATE)]
    theta = [-2.0, 1.0, 0.1, 0.2, 0.05, 0.1]
    few, many = (
        draw(data, effects(data, listed), theta + [0.0] * extra, [3.0, 1.0], 4, states=4, length=2000)
        for listed, extra in ((own, 0), (exposed, 1))
    )
    assert few.steps.min() > 200
    assert np.array_equal(few.chain, many.chain) and np.array_equal(few.times, many.times)
    assert few.scores == pytest.approx(many.scores[:, : few.scores.shape[1]], rel=1e-9, abs=1e-9)  # sums kept up, anew


WAYS = {
    "joiners": {"active": (np.arange(60) > 1).astype(np.uint8), **COMERS},
    "fixed": {"fixed": (np.random.default_rng(1).random((2, 60, 60)) < 0.1).astype(np.uint8)},
    "limits": {"max_degree": np.array([5, 4]), "up_only": np.array([0, 1, 0], np.uint8)},
    "undirected": {"directed": np.array([0, 1], np.uint8), "model_type": np.array([2, 1, 1], np.int32), **COMERS},
    "confirmed": {"directed": np.array([0, 1], np.uint8), "model_type": np.array([3, 1, 1], np.int32)},
    "two-mode": {"two_mode": np.array([0, 1], np.uint8), "n_columns": np.array([60, 25]), **COMERS},
}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_the_data_listed_alters_and_all_in_one_go_are_the_same_model(way):
    g = np.random.default_rng(19)
    n, runs = 60, 500
    x = (g.random((2, n, n)) < 3 / n) * (1 - np.eye(n, dtype=int))
    undirected, two_mode = way in ("undirected", "confirmed"), way == "two-mode"
    x[0] = np.maximum(x[0], x[0].T) if undirected else x[0]
    x[1, :, 25 if two_mode else n :] = 0
    data = period(x, g.integers(1, 5, n), g.integers(0, 2, n) - 0.5, **WAYS[way])
    first = ["transTriads"] if undirected else ["recip", "transTrip", "gwespFF", "outAct", ("altX", ("z0",))]
    second = ["outAct", "cycle4"] if two_mode else ["recip", "cycle3", "outPop"]
    rows = effects(
        data,
        [
            *evaluation("net0", "density", *first, "inPop", ("sameX", ("v0",))),
            *([] if two_mode else evaluation("net0", ("crprod", ("net1",)))),
            *([] if undirected else [("net0", "recip", (), CREATION), ("net0", "transTrip", (), ENDOWMENT)]),
            *evaluation("net1", "density", *second),
            *evaluation("z0", "linear", ("avAlt", ("net0",))),
        ],
    )
    theta = np.where(np.isin(np.arange(len(rows.code)), [0, (rows.variable == 0).sum()]), -2.0, 0.08)
    listed, whole = (draw(data, rows, theta, [3.0, 2.0, 1.5], runs, whole=w, seed=w + 1) for w in (0, 2 * n))
    noise = np.sqrt((listed.moments.var(axis=0) + whole.moments.var(axis=0)) / runs)
    assert (np.abs(listed.moments.mean(axis=0) - whole.moments.mean(axis=0)) <= 4.5 * noise).all()
    for found in (listed, whole):
        assert not found.status.any()
        assert np.abs(t_of(found.scores)).max() < 4.5


def test_groups_follow_a_long_simulation():
    data = random_panel(60, 6)
    few = effects(
        data, [*evaluation("net0", "density", "inPop", ("altX", ("z0",))), *evaluation("z0", "linear", "quad")]
    )
    both = [draw(data, few, [-2.0, 0.1, 0.3, 0.1, 0.1], [8.0, 4.0], 1500, whole=whole).moments for whole in (0, 120)]
    gap = both[0].mean(axis=0) - both[1].mean(axis=0)
    assert (np.abs(gap) < 4 * np.sqrt((both[0].var(axis=0) + both[1].var(axis=0)) / 1500)).all()


def test_the_same_bits_whatever_the_split_of_runs():
    data = random_panel(12, 7)
    rows = effects(data, MIXED)
    engine = prepare(data, rows, 12)
    whole = draw(data, rows, THETA, [3.0, 1.0], 9, engine=engine, states=9)
    parts = [
        draw(data, rows, THETA, [3.0, 1.0], n, engine=engine, first=first, states=n) for first, n in ((4, 5), (0, 4))
    ]
    for name in ("moments", "scores", "clock", "steps", "x", "z"):
        pieces = np.concatenate([getattr(parts[1], name), getattr(parts[0], name)])
        assert np.array_equal(getattr(whole, name), pieces), name
    other = draw(data, rows, THETA, [3.0, 1.0], 9, seed=2)
    assert not np.array_equal(whole.moments, other.moments)


TWIN = """
import numpy as np
from test_saom_engine import MIXED, THETA, random_panel
from saom_cases import draw, effects
np.seterr(over="ignore")  # hashes wrap around
data = random_panel(7, 8, event_time=np.array([0.3, 0.6]), event_actor=np.array([2, 5], np.int32),
                    event_join=np.array([0, 0], np.uint8))
runs = draw(data, effects(data, MIXED), THETA, [1.5, 1.0], 2, states=2, length=40)
print(",".join(float(v).hex() for part in runs for v in np.ravel(part)))
"""


def test_compiled_code_does_what_the_same_python_does():
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path]), "NUMBA_DISABLE_JIT": "1"}
    twin = subprocess.run(
        [sys.executable, "-c", TWIN], env=env, cwd=Path(__file__).parent, stdout=subprocess.PIPE, text=True, check=True
    )
    said = np.array([float.fromhex(v) for v in twin.stdout.split(",")])
    data = random_panel(
        7, 8, event_time=np.array([0.3, 0.6]), event_actor=np.array([2, 5], np.int32), event_join=np.zeros(2, np.uint8)
    )
    runs = draw(data, effects(data, MIXED), THETA, [1.5, 1.0], 2, states=2, length=40)
    found = np.concatenate([np.ravel(part).astype(float) for part in runs])
    assert np.allclose(found, said, rtol=1e-12, atol=1e-12)  # the compiler may fuse a product and a sum


def test_members_who_come_and_go():
    n = 10
    active = np.ones(n, np.uint8)
    active[[0, 1]] = 0
    events = {
        "event_time": np.array([0.2, 0.5]), "event_actor": np.array([1, 2], np.int32),
        "event_join": np.array([1, 0], np.uint8),
    }  # fmt: skip
    data = random_panel(n, 9, ties=4, active=active, **events)
    rows = effects(data, MIXED)
    runs = draw(data, rows, THETA, [4.0, 2.0], 3000, states=3000, length=200)
    for gone in (0, 2):  # never there, left: as at the start
        assert (runs.x[:, 0, gone] == data.x[0, gone]).all()
        assert (runs.x[:, 0, :, gone] == data.x[0, :, gone]).all()
        assert (runs.z[:, 0, gone] == data.z[0, gone]).all()
    assert (runs.x[:, 0, 1] != data.x[0, 1]).any()
    for run in range(50):
        steps, time = runs.chain[run, : runs.steps[run]], runs.times[run, : runs.steps[run], 0]
        assert (np.diff(time) > 0).all()
        assert not (steps[:, 1] == 0).any()
        assert (time[steps[:, 1] == 1] > 0.2).all()
        assert (time[steps[:, 1] == 2] < 0.5).all()
        on_net = steps[:, 0] == 0
        assert not (steps[on_net, 2] == 0).any()
        assert (time[on_net & (steps[:, 2] == 2)] < 0.5).all()
    assert np.abs(t_of(runs.scores)).max() < 4
    assert runs.moments[:, 0].max() <= 7 * 8  # members there in the end, plus what those who left did not keep


def test_a_conditional_period_ends_at_its_distance():
    data = random_panel(10, 11)
    rows = effects(data, MIXED)
    for variable, distance in ((0, 9), (1, 4)):
        runs = draw(data, rows, THETA, [2.0, 1.0], 500, conditional=variable, distance=distance)
        assert (runs.moments[:, variable] == distance).all()
        assert (runs.status == saom.DONE).all()
        assert (runs.scores[:, variable] == 0).all()
    twice = draw(data, effects(data, evaluation("net0", "density")), [-1.0], [2.0, 0.0], 4000).moments[:, 0].mean()
    given = draw(
        data,
        effects(data, evaluation("net0", "density")),
        [-1.0],
        [2.0, 0.0],
        4000,
        conditional=0,
        distance=round(twice),
    )
    assert given.clock.mean() == pytest.approx(2.0, rel=0.1)  # opportunities per actor; concave in the distance


def test_what_may_not_change_does_not():
    g = np.random.default_rng(12)
    x = (g.random((2, 8, 8)) < 0.3) * (1 - np.eye(8, dtype=int))
    x[1] &= x[0]
    fixed, end_fixed = np.zeros((2, 8, 8), np.uint8), np.zeros((2, 8, 8), np.uint8)
    fixed[0, 2], end_fixed[0, 3, 4:6] = 1, 1
    end_value = (g.random((2, 8, 8)) < 0.5).astype(np.uint8)
    data = period(
        x, g.integers(1, 4, 8), fixed=fixed, end_fixed=end_fixed, end_value=end_value,
        constraint=np.array([[0, 0, 1]], np.int32), up_only=np.array([0, 0, 1], np.uint8), max_degree=np.array([4, 8]),
    )  # fmt: skip
    listed = [
        *evaluation("net0", "density", ("crprod", ("net1",))),
        *evaluation("net1", "density"),
        *evaluation("z0", "linear"),
    ]
    runs = draw(data, effects(data, listed), [0.5, 0.2, -0.2, -0.5], [6.0, 4.0, 2.0], 300, states=300, length=300)
    assert (runs.x[:, 0, 2] == x[0, 2]).all()
    assert (runs.x[:, 0, 3, 4:6] == end_value[0, 3, 4:6]).all()
    free = end_fixed[0] == 0
    assert (runs.x[:, 0] >= runs.x[:, 1])[:, free].all()
    assert (runs.z[:, 0] >= data.z[0]).all()
    degree = runs.x[:, 0].sum(axis=2)
    assert (degree <= np.maximum(4, x[0].sum(axis=1)))[:, [0, 1, 2, 4, 5, 6, 7]].all()
    assert np.abs(t_of(runs.scores)).max() < 4.5


def test_a_two_mode_network_moves_among_its_columns():
    g = np.random.default_rng(13)
    x = np.zeros((1, 6, 6))
    x[0, :4] = g.random((4, 6)) < 0.4
    data = period(x, two_mode=np.ones(1, np.uint8), n_actors=4)
    runs = draw(
        data,
        effects(data, evaluation("net0", "density", "outAct", "inPop", "cycle4")),
        [-1.0, 0.05, 0.1, 0.1],
        [4.0],
        2000,
        states=2000,
    )
    assert (runs.x[:, 0, 4:] == 0).all()
    assert (runs.x[:, 0].mean(axis=0)[:4] > 0).all()
    assert np.abs(t_of(runs.scores)).max() < 4


def test_a_run_that_cannot_end_says_so():
    data = random_panel(10, 14)
    rows = effects(data, evaluation("net0", "density"))
    assert (draw(data, rows, [0.0], [5.0, 0.0], 5, most=10).status == saom.TOO_LONG).all()
    assert (
        draw(data, rows, [0.0], [5.0, 0.0], 5, conditional=0, distance=100, most=2000).status == saom.TOO_LONG
    ).all()
    small, large = (draw(data, rows, [1.0], [9.0, 0.0], 5, room=room) for room in (5, 10))
    assert (small.status == saom.NO_ROOM).all()
    assert (large.status == saom.DONE).all()


GLASGOW = Path(os.environ.get("COPLEARN_DATA", "")) / "glasgow_s50"
needs_glasgow = pytest.mark.skipif(
    not os.environ.get("COPLEARN_DATA") or not GLASGOW.exists(), reason="the Glasgow data are not here (COPLEARN_DATA)"
)


def glasgow():
    nets = [np.loadtxt(GLASGOW / f"s50{m}.csv", delimiter=",") > 0 for m in (1, 2, 3)]
    return nets, np.loadtxt(GLASGOW / "s50a.csv", delimiter=",")


@needs_glasgow
@pytest.mark.parametrize("model", ["M1", "M2"])
def test_moments_simulated_at_fixed_parameters_are_those_of_rsiena(model):
    """4,000 simulations there, 2,000 a period here; 4 standard errors of the difference for at most 9 statistics."""
    said = pd.read_csv(REFERENCE / f"rsiena_sim_moments_{model}.csv")
    nets, drink = glasgow()
    theta, rates = said.theta[said.shortName != "Rate"], said.theta[said.shortName == "Rate"]
    means, variances = [], []
    about = [(name, ("v0",)) if name.endswith("X") else name for name in said.shortName[said.shortName != "Rate"]]
    for m, rate in enumerate(rates):
        v = drink[:, m] - drink[:, :2].mean()
        data = period(nets[m][None], v=v)
        rows = effects(data, evaluation("net0", *about))
        for k in np.flatnonzero([name == "simX" for name in about_names(about)]):
            rows.p[k, 2], rows.p[k, 3] = 0.674387755102041, 4.0
        runs = draw(data, rows, theta, [rate], 2000, room=50)
        means.append(runs.moments.mean(axis=0))
        variances.append(runs.moments.var(axis=0))
    both = np.array([np.concatenate([np.array(part)[:, 0], np.sum(part, axis=0)[1:]]) for part in (means, variances)])
    gap = np.abs(both[0] - said.sim_mean) / np.sqrt(both[1] / 2000 + said.se_of_mean**2)
    assert gap.max() < 4
    assert np.sqrt(both[1]) == pytest.approx(said.sim_sd.to_numpy(), rel=0.12)  # heavy tails of triplets


def about_names(about):
    return [name if isinstance(name, str) else name[0] for name in about]

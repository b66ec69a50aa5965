"""Behavior and rate effects of the actor-oriented model: kernels against formulas, and against another program."""

import dataclasses
import os
import pickle
from pathlib import Path

import naive_saom_behavior as naive
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coplearn import effects as fx
from coplearn.effects import behavior as behavior_effects
from coplearn.effects import rate as rate_effects
from coplearn.effects.context import ActorFacts, Context, DyadicFacts, NetworkFacts
from coplearn.effects.spec import Effect, definition, definitions
from coplearn.effects.user import bind
from coplearn.kernels import saom_behavior, saom_rate
from coplearn.kernels.saom_record import packed
from coplearn.kernels.saom_state import Effects, Period, new_state

DATA = Path(__file__).parent / "data"
GLASGOW = Path(os.environ.get("COPLEARN_DATA", "")) / "glasgow_s50"
needs_glasgow = pytest.mark.skipif(
    "COPLEARN_DATA" not in os.environ or not GLASGOW.exists(),
    reason="other people's data: set COPLEARN_DATA to a folder that holds glasgow_s50",
)
BEHAVIORS = [d.name for d in definitions("behavior") if d.name != "influence"]
RATES = [d.name for d in definitions("rate")]


def a_world(rng, n=7, missing=True):
    """A small random world: two networks, a behavior of three levels, an actor and a dyadic variable, gaps in all."""
    x, y = (rng.random((2, n, n)) < 0.4) * ~np.eye(n, dtype=bool)
    z = rng.integers(1, 4, n)
    gaps = 0.2 if missing else 0.0
    return naive.World(
        x=x.astype(np.uint8),
        y=y.astype(np.uint8),
        z=z - 1.8,
        z_mean=1.8,
        v=rng.integers(-1, 2, n) * 0.7,
        v_nobody=0.3,
        w=rng.integers(0, 4, (n, n)) * ~np.eye(n, dtype=bool) * 1.0,
        w_mean=1.3,
        reach=2.0,
        sim_mean=0.55,
        variance=0.6,
        low=1.0,
        p=float(rng.choice([1, 2, 3])),
        here=rng.random(n) > gaps,
        z_known=rng.random(n) > gaps,
        v_known=rng.random(n) > gaps,
        w_known=rng.random((n, n)) > gaps,
    )


def kernel_state(c):
    """The state that holds a world: row 0 of `v` is the covariate, row 1 the behavior."""
    n = len(c.z)
    none, flags = np.zeros((2, n, n), np.uint8), np.zeros(3, np.uint8)
    period = Period(
        x=np.array([c.x, c.y]),
        fixed=none,
        end_fixed=none,
        end_value=none,
        missing=none,
        z=np.round(c.z + c.z_mean).astype(np.int32)[None],
        z_missing=(~c.z_known).astype(np.uint8)[None],
        z_low=np.array([1], np.int32),
        z_high=np.array([3], np.int32),
        z_mean=np.array([c.z_mean]),
        v=np.array([c.v, c.z]),
        v_missing=np.array([~c.v_known, ~c.z_known]).astype(np.uint8),
        w=c.w[None],
        w_missing=(~c.w_known).astype(np.uint8)[None],
        directed=np.ones(2, np.uint8),
        n_columns=np.array([n, n]),
        two_mode=np.zeros(2, np.uint8),
        active=c.here.astype(np.uint8),
        event_time=np.zeros(0),
        event_actor=np.zeros(0, np.int32),
        event_join=np.zeros(0, np.uint8),
        up_only=flags,
        down_only=flags,
        max_degree=np.array([n, n]),
        constraint=np.zeros((0, 3), np.int32),
        model_type=np.ones(3, np.int32),
        offset=np.zeros(2),
        n_actors=n,
    )
    return packed(new_state(period, period.x, period.z, period.v_missing, period.w_missing, n))


def context(c, owner="drink"):
    n = len(c.z)
    return Context(
        owner,
        {"net": NetworkFacts("net", 0, n_columns=n), "work": NetworkFacts("work", 1, n_columns=n)},
        {
            "age": ActorFacts("age", 0, average=c.v_nobody),
            "drink": ActorFacts(
                "drink",
                1,
                mean=c.z_mean,
                range=c.reach,
                similarity_mean=c.sim_mean,
                low=1,
                high=3,
                variance=c.variance,
                behavior=0,
            ),
        },
        {"near": DyadicFacts("near", 0, mean=c.w_mean)},
        n,
    )


def numbers(rows, parts=()):
    """Rows of effects as the kernels take them; `parts` says which rows the last one multiplies."""
    count = len(rows) + bool(parts)
    eff = Effects(
        code=np.full(count, saom_behavior.INTERACTION, np.int32),
        variable=np.full(count, 2, np.int32),
        kind=np.zeros(count, np.int32),
        a=np.full((count, 8), -1, np.int32),
        p=np.zeros((count, 8)),
        part=np.full((count, 3), -1, np.int32),
        parameter=np.arange(count, dtype=np.int32),
    )
    for k, row in enumerate(rows):
        eff.code[k], eff.a[k, : len(row.a)], eff.p[k, : len(row.p)] = row.code, row.a, row.p
    for t, part in enumerate(parts):
        eff.part[-1, t] = part
    return eff


def change(eff, k, s, i, d):
    """The kernel's gain of a step, called as the engine calls it, so that nothing else is compiled."""
    return saom_behavior.behavior_change(packed(eff), np.int32(k), s, i, d)


def statistic(eff, k, s, i):
    return saom_behavior.behavior_statistic(packed(eff), np.int32(k), s, i)


def an_effect(name, family, p):
    """The effect with variables of the right kinds and an internal parameter that its definition allows."""
    entry, nets = definition(name, family), iter(["net", "work"])
    variables = [{"actor": "age", "dyadic": "near"}.get(kind) or next(nets) for kind in entry.variables]
    if "parameter" not in entry.options:
        return Effect(name, tuple(variables))
    p = 5.0 if "dense" in name else 69.0 if "paths" in name else p
    return Effect(name, tuple(variables), (("parameter", p),))


@pytest.mark.parametrize("name", BEHAVIORS)
@settings(max_examples=4)
@given(st.integers(0, 2**32 - 1))
def test_gain_of_a_step_is_the_difference_of_the_statistic(name, seed):
    c = a_world(np.random.default_rng(seed), missing=False)
    effect = an_effect(name, "behavior", c.p)
    c.p = effect.option("parameter", 0.0)
    s, eff = kernel_state(c), numbers([behavior_effects.encode(effect, context(c))])
    for i in range(len(c.z)):
        for d in (-1, 1):
            expected = naive.BEHAVIOR[name](c.step(i, d), i) - naive.BEHAVIOR[name](c, i)
            got = change(eff, 0, s, i, d)
            assert got == pytest.approx(expected, abs=1e-10)  # sums of a few dozen numbers of order 1


@pytest.mark.parametrize("name", BEHAVIORS)
@settings(max_examples=4)
@given(st.integers(0, 2**32 - 1))
def test_statistic_is_the_formula_with_gaps_left_out(name, seed):
    c = a_world(np.random.default_rng(seed))
    effect = an_effect(name, "behavior", c.p)
    c.p = effect.option("parameter", 0.0)
    s, eff = kernel_state(c), numbers([behavior_effects.encode(effect, context(c))])
    for i in range(len(c.z)):
        expected = naive.behavior_statistic(name, c, i)
        assert statistic(eff, 0, s, i) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("name", RATES)
@settings(max_examples=8)
@given(st.integers(0, 2**32 - 1))
def test_value_of_a_rate_effect_is_its_formula(name, seed):
    c = a_world(np.random.default_rng(seed))
    effect = an_effect(name, "rate", float(c.p) * (-1) ** (seed % 2))
    c.p = effect.option("parameter", 0.0)
    s, eff = kernel_state(c), numbers([rate_effects.encode(effect, context(c))])
    for i in range(len(c.z)):
        expected = naive.RATE[name](c, i)
        assert saom_rate.rate_value(packed(eff), np.int32(0), s, i) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(("p", "total", "average"), [(0, 3, 1.5), (3, 3, 1.5), (4, 0, 0), (-2, 2, 1)])
def test_a_bound_is_one_of_the_sum_of_exposure_before_it_is_averaged(p, total, average):
    x = np.zeros((5, 5), int)
    x[0, 3:] = x[1, 3] = x[1, 4] = x[2, 4] = 1  # the first member shares two nodes with the others, who have adopted
    c = naive.World(x=x, z=np.array([0.0, 1, 1, 0, 0]), low=0.0, p=float(p))
    assert naive.RATE["total_exposure_distance_two"](c, 0) == total
    assert naive.RATE["average_total_exposure_distance_two"](c, 0) == average


def test_user_behavior_effect_equals_its_built_in_twin():
    @fx.behavior_effect(net="network")
    def my_total(z, i, d, net):
        return d * (net[i] * z).sum()

    @my_total.statistic
    def _(z, i, net):
        return z[i] * (net[i] * z).sum()

    c = a_world(np.random.default_rng(5), missing=False)
    rows = [behavior_effects.encode(e, context(c)) for e in (my_total("net"), Effect("total_alter", ("net",)))]
    eff, s = bind(numbers(rows), {0: my_total}), kernel_state(c)
    for i in range(len(c.z)):
        for d in (-1, 1):
            mine, ours = (change(eff, k, s, i, d) for k in (0, 1))
            assert mine == pytest.approx(ours, abs=1e-12)
        mine, ours = (statistic(eff, k, s, i) for k in (0, 1))
        assert mine == pytest.approx(ours, abs=1e-12)


def test_user_effect_survives_the_way_to_a_worker():
    cloudpickle = pytest.importorskip("cloudpickle")

    @fx.behavior_effect
    def squares(z, i, d):
        return d * (2 * z[i] + d)

    @squares.statistic
    def _(z, i):
        return z[i] ** 2

    back = pickle.loads(cloudpickle.dumps(squares))
    c = a_world(np.random.default_rng(6), missing=False)
    row = behavior_effects.encode(squares(), context(c))
    eff, s = bind(numbers([row]), {0: back}), kernel_state(c)
    assert statistic(eff, 0, s, 1) == pytest.approx(c.z[1] ** 2)


def test_user_effect_whose_change_is_wrong_is_refused_with_an_example():
    @fx.behavior_effect
    def half(z, i, d):
        return 0.5 * d

    with pytest.raises(ValueError, match=r"effect 'half': its change is not the change of its statistic.*adds -?1"):

        @half.statistic
        def _(z, i):
            return z[i]


def test_user_effect_says_what_it_misses():
    with pytest.raises(ValueError, match=r"no argument of odd\(\) 'k'"):

        @fx.network_effect
        def odd(x, i, k):
            return 1.0

    @fx.network_effect(age="actor")
    def unfinished(x, i, j, age):
        return age[j]

    with pytest.raises(ValueError, match="has no statistic yet"):
        unfinished("age")

    with pytest.raises(ValueError, match="exists already"):

        @fx.behavior_effect
        def linear_shape(z, i, d):
            return d

        @linear_shape.statistic
        def _(z, i):
            return z[i]


def glasgow(period, covariate, p, end=True):
    """The 50 girls: friends and drinking at the start (or drinking at the end) of a period, as a world."""
    x = np.array([np.loadtxt(GLASGOW / f"s50{k}.csv", delimiter=",") for k in (1, 2, 3)])
    drink, smoke = (np.loadtxt(GLASGOW / f"s50{k}.csv", delimiter=",").T for k in "as")
    i = np.arange(1, 51)
    dyad = ((3 * i[:, None] + 7 * i) % 5) * (1.0 - np.eye(50))
    start = drink[:2]
    apart = np.abs(start[:, :, None] - start[:, None])
    return naive.World(
        x=x[period].astype(np.uint8),
        y=x[period].astype(np.uint8),
        z=drink[period + end] - drink.mean(),
        z_mean=drink.mean(),
        v=start[period] - start.mean() if covariate == "alc" else smoke[0] - smoke[0].mean(),
        w=dyad,
        w_mean=dyad.sum() / (50 * 49),
        reach=4.0,
        sim_mean=1 - apart.sum() / (2 * 50 * 49) / 4,
        variance=start.var(),
        low=1.0,
        p=p,
    )


def by_short_name(short, interaction1, interaction2, p):
    """A reference row as one of our effects, and the covariate that its world needs."""
    entry = next(d for d in definitions("behavior") if d.short.get("rsiena") == short)
    given = [name for name in (interaction1, interaction2) if name]
    covariate = next((name for name in given if name in ("alc", "smoke1")), "")
    variables = [{"net": "net", "dyad": "near"}.get(name, "age") for name in given]
    return Effect(entry.name, tuple(variables), (("parameter", float(p)),)), covariate


TARGETS = pd.read_csv(DATA / "rsiena_targets_s50.csv", keep_default_na=False)
TARGETS = TARGETS[
    (TARGETS.variable == "drink")
    & (TARGETS.type == "eval")
    & ~TARGETS.shortName.str.contains("*", regex=False)
    & ~TARGETS.shortName.isin(["avSimEgoX", "totSimEgoX"])  # where RSiena forgets the similarity: see test_saom
]


@needs_glasgow
@pytest.mark.published
@pytest.mark.parametrize(
    "row",
    TARGETS.to_dict("records"),
    ids=[f"{r.shortName}-{r.parameter}-{r.interaction1}" for r in TARGETS.itertuples()],
)
def test_statistics_agree_with_rsiena(row):
    effect, covariate = by_short_name(row["shortName"], row["interaction1"], row["interaction2"], row["parameter"])
    for period in (0, 1):
        c = glasgow(period, covariate, row["parameter"])
        s, eff = kernel_state(c), numbers([behavior_effects.encode(effect, context(c))])
        expected = pytest.approx(float(row[f"period{period + 1}"]), abs=1e-9)  # 15 digits printed, sums of 50
        assert sum(naive.BEHAVIOR[effect.name](c, i) for i in range(50)) == expected
        assert sum(statistic(eff, 0, s, i) for i in range(50)) == expected


@needs_glasgow
@pytest.mark.published
def test_changes_agree_with_rsiena():
    table = pd.read_csv(DATA / "rsiena_change_statistics_s50_behaviour.csv", keep_default_na=False)
    for (short, other), rows in table.groupby(["shortName", "interaction1"]):
        effect, covariate = by_short_name(short, other, "", 0)
        for wave, some in rows.groupby("wave"):
            c = glasgow(wave - 1, covariate, 0.0, end=False)
            s, eff = kernel_state(c), numbers([behavior_effects.encode(effect, context(c))])
            for row in some.itertuples():
                for d, value in ((-1, row.down), (1, row.up)):
                    if value not in ("", "NA"):
                        got = change(eff, 0, s, row.ego - 1, d)
                        assert got == pytest.approx(float(value), abs=1e-9), (short, wave, row.ego, d)


def test_columns_of_a_two_mode_network_are_no_alters_with_a_behavior():
    c = a_world(np.random.default_rng(1))
    here = context(c)
    clubs = dataclasses.replace(here, networks={"clubs": NetworkFacts("clubs", 0, two_mode=True, n_columns=3)})
    for name in ("average_alter", "total_in_similarity", "average_alter_distance_two"):
        with pytest.raises(ValueError, match="the columns of the two-mode network 'clubs' are no members"):
            behavior_effects.encode(Effect(name, ("clubs",)), clubs)
    for name in ("outdegree_effect", "average_in_alter_distance_two", "total_alter_by_paths_shared"):
        behavior_effects.encode(Effect(name, ("clubs",)), clubs)
    with pytest.raises(ValueError, match="ties between members"):
        rate_effects.encode(Effect("indegree_rate", ("clubs",)), clubs)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_interaction_is_the_product_of_the_factors(seed):
    c = a_world(np.random.default_rng(seed), missing=False)
    parts = [
        Effect("outdegree_effect", ("net",)),
        Effect("effect_from", ("age",)),
        Effect("average_similarity", ("net",)),
    ]
    rows = [behavior_effects.encode(part, context(c)) for part in parts]
    s = kernel_state(c)
    two, three = numbers(rows, (0, 1)), numbers(rows, (0, 1, 2))
    for i in range(len(c.z)):

        def factors(world, i=i):
            return world.x[i].sum() * world.v[i]

        for d in (-1, 1):
            got = change(two, 3, s, i, d)
            assert got == pytest.approx(d * factors(c), abs=1e-10)
            similar = naive.BEHAVIOR["average_similarity"]
            expected = factors(c) * (similar(c.step(i, d), i) - similar(c, i))
            assert change(three, 3, s, i, d) == pytest.approx(expected, abs=1e-10)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_free_combination_of_parts_is_what_the_parts_say(seed):
    rng = np.random.default_rng(seed)
    c = a_world(rng, missing=False)
    alters = str(rng.choice(["out", "in", "mutual"]))
    aggregate = str(rng.choice(["average", "total", "maximum", "minimum"]))
    weight = str(rng.choice(["none", "alter", "if same", "if different", "popularity"]))
    effect = fx.influence("age", "net", aggregate=aggregate, alters=alters, weight=weight, moderator="ego")
    s, eff = kernel_state(c), numbers([behavior_effects.encode(effect, context(c))])
    for i in range(len(c.z)):
        values = []
        for j in naive.alters(c.x, i, alters):
            if (weight == "if same" and not c.same(i, j)) or (weight == "if different" and c.same(i, j)):
                continue
            values.append(c.z[j] * {"alter": c.v[j], "popularity": c.x[:, j].sum()}.get(weight, 1.0))
        whole = {"average": naive.mean, "total": naive.total, "maximum": max, "minimum": min}[aggregate]
        expected = c.z[i] * c.v[i] * (whole(values) if values else 0.0)
        assert statistic(eff, 0, s, i) == pytest.approx(expected, abs=1e-10)

"""Behavior and rate effects of the actor-oriented model: kernels against formulas, and against another program."""

import pickle

import naive_saom_behavior as naive
import numpy as np
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
from coplearn.kernels.saom_state import Effects, Period, new_state

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
    return new_state(period, period.x, period.z, period.v_missing, period.w_missing, n)


def context(c, owner="drink"):
    n = len(c.z)
    return Context(
        owner,
        {"net": NetworkFacts("net", 0, n_columns=n), "work": NetworkFacts("work", 1, n_columns=n)},
        {
            "age": ActorFacts("age", 0),
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
    c.p = effect.option("parameter")
    s, eff = kernel_state(c), numbers([behavior_effects.encode(effect, context(c))])
    for i in range(len(c.z)):
        for d in (-1, 1):
            expected = naive.BEHAVIOR[name](c.step(i, d), i) - naive.BEHAVIOR[name](c, i)
            got = saom_behavior.behavior_change(eff, 0, s, i, d)
            assert got == pytest.approx(expected, abs=1e-10)  # sums of a few dozen numbers of order 1


@pytest.mark.parametrize("name", BEHAVIORS)
@settings(max_examples=4)
@given(st.integers(0, 2**32 - 1))
def test_statistic_is_the_formula_with_gaps_left_out(name, seed):
    c = a_world(np.random.default_rng(seed))
    effect = an_effect(name, "behavior", c.p)
    c.p = effect.option("parameter")
    s, eff = kernel_state(c), numbers([behavior_effects.encode(effect, context(c))])
    for i in range(len(c.z)):
        expected = naive.behavior_statistic(name, c, i)
        assert saom_behavior.behavior_statistic(eff, 0, s, i) == pytest.approx(expected, abs=1e-10)


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
        assert saom_rate.rate_value(eff, 0, s, i) == pytest.approx(expected, abs=1e-10)


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
            mine, ours = (saom_behavior.behavior_change(eff, k, s, i, d) for k in (0, 1))
            assert mine == pytest.approx(ours, abs=1e-12)
        mine, ours = (saom_behavior.behavior_statistic(eff, k, s, i) for k in (0, 1))
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
    assert saom_behavior.behavior_statistic(eff, 0, s, 1) == pytest.approx(c.z[1] ** 2)


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

"""The actor-oriented model with several behaviors, behaviors that only rise, and products of effects."""

import numpy as np
import pytest
from naive_saom import NETWORK, World
from test_saom import NET, small

from coplearn import effects as fx
from coplearn.estimation import Estimation
from coplearn.panel import JointPanel
from coplearn.saom import SAOM


@pytest.fixture(scope="module")
def two():
    """A panel with two behaviors of three and four values."""
    one = small(5)
    drink = one.behaviors["drink"].values
    smoke = np.minimum(small(6).behaviors["drink"].values, 3)
    return JointPanel.from_arrays({"net": one.networks["net"].ties}, {"drink": drink, "smoke": smoke})


def test_a_behavior_may_depend_on_another_one_as_it_was_at_the_start(two):
    drink, smoke = (two.behaviors[name].values for name in ("drink", "smoke"))
    x = two.networks["net"].ties.astype(float)
    model = SAOM(
        two,
        {
            "net": [*NET, fx.similarity("smoke")],
            "drink": [fx.linear_shape(), fx.effect_from("smoke")],
            "smoke": [fx.linear_shape(), fx.effect_from("drink"), fx.average_alter("net")],
        },
        monotone=False,
    )
    d, s = drink - drink.mean(axis=1).mean(), smoke - smoke.mean(axis=1).mean()
    targets = model.targets()
    for m in (0, 1):
        found = targets.iloc[:, m]
        assert found["drink: effect_from(smoke)"] == pytest.approx((d[m + 1] * s[m]).sum())
        assert found["smoke: effect_from(drink)"] == pytest.approx((s[m + 1] * d[m]).sum())
        around = x[m] @ s[m + 1] / np.maximum(x[m].sum(axis=1), 1)
        assert found["smoke: average_alter(net)"] == pytest.approx((s[m + 1] * around).sum())
        assert found[f"smoke: rate {m + 1}"] == np.abs(np.diff(smoke, axis=0))[m].sum()


@pytest.mark.parametrize(("owner", "effect"), [("net", fx.closure_of("net")), ("drink", fx.effect_from("drink"))])
def test_a_variable_is_not_another_one_to_itself(two, owner, effect):
    with pytest.raises(ValueError, match=f"about another variable than '{owner}' itself"):
        SAOM(two, {"net": [fx.outdegree()], "drink": [fx.linear_shape()]} | {owner: [effect]})


@pytest.mark.parametrize(
    ("owner", "effect", "problem"),
    [
        ("clubs", fx.alter("age"), "asks for values of the nodes of 'clubs'; 'age' has those of members"),
        ("clubs", fx.ego("fee"), "asks for values of members; 'fee' has those of the nodes of 'clubs'"),
        ("clubs", fx.dyadic("near"), "'near' has 16 columns, the network 'clubs' 4"),
        ("net", fx.similarity("fee"), "asks for values of members"),
        ("net", fx.dyadic("suits"), "'suits' has 4 columns, the network 'net' 16"),
        ("drink", fx.effect_from("fee"), "asks for values of members"),
        ("drink", fx.average_alter_covariate("age", "clubs"), "asks for values of the nodes of 'clubs'"),
        ("drink", fx.total_alter_dyadic("clubs", "near"), "'near' has 16 columns, the network 'clubs' 4"),
        ("drink", fx.rate_from("fee"), "asks for values of members"),
        ("clubs", fx.alter("fee"), None),
        ("clubs", fx.choosers_of_alter("age"), None),
        ("clubs", fx.dyadic("suits"), None),
        ("drink", fx.average_alter_covariate("fee", "clubs"), None),
    ],
)
def test_variables_of_members_and_of_the_nodes_of_a_two_mode_network_are_kept_apart(two, owner, effect, problem):
    rng = np.random.default_rng(2)
    panel = JointPanel.from_arrays(
        {"net": two.networks["net"].ties, "clubs": rng.integers(0, 2, (3, 16, 4))},
        {"drink": two.behaviors["drink"].values},
        {"age": rng.normal(size=16), "fee": rng.normal(size=4)},
        {"near": rng.random((16, 16)), "suits": rng.random((16, 4))},
    )
    specification = {"drink": [fx.linear_shape()], "net": [fx.outdegree()], "clubs": [fx.outdegree()]}
    specification[owner].append(effect)
    if problem is None:
        assert np.isfinite(SAOM(panel, specification).targets()["total"]).all()
    else:
        with pytest.raises(ValueError, match=problem):
            SAOM(panel, specification)


def test_scores_of_two_behaviors_are_0_on_average_and_both_move(two):
    model = SAOM(two, {"drink": [fx.linear_shape(), fx.effect_from("smoke")], "smoke": [fx.linear_shape()]})
    theta = model.vector([2, 2, 0.1, 0.2, 3, 3, -0.1])
    draws = model.simulator(theta=theta).draw(theta, (1, 0, 0), 0, 2000)
    scores = draws.scores.sum(axis=1)
    error = scores.std(axis=0) / np.sqrt(2000)
    assert (np.abs(scores.mean(axis=0)) < 4 * error).all()  # 7 numbers
    assert (draws.statistics[:, :, 0].sum(axis=1) > 0).all() and (draws.statistics[:, :, 4].sum(axis=1) > 0).all()


def test_a_behavior_that_only_rose_in_a_period_only_rises_in_its_simulation():
    panel = small(5)
    drink = panel.behaviors["drink"].values.copy()
    drink[1] = np.maximum(drink[0], drink[1])
    moved = drink[1] + np.tile([-1, 1, 0, -1], 4)
    drink[2] = np.where((moved >= drink[:2].min()) & (moved <= drink[:2].max()), moved, drink[1])
    panel = JointPanel.from_arrays({"net": panel.networks["net"].ties}, {"drink": drink})
    model = SAOM(panel, {"drink": [fx.linear_shape(), fx.average_alter("net")]})
    ends = model.simulate([3, 3, 0.0, 0.2], n=50, seed=1).behavior("drink")
    assert (ends[:, 0] >= drink[0]).all() and (ends[:, 0] > drink[0]).any()
    assert (ends[:, 1] < drink[1]).any()
    free = SAOM(panel, {"drink": [fx.linear_shape()]}, monotone=False).simulate([3, 3, 0.0], n=50, seed=1)
    assert (free.behavior("drink")[:, 0] < drink[0]).any()
    fit = model.fit(Estimation(phase3=300, subphases=2), seed=1)
    assert fit.params["drink: linear_shape"] < 10  # finite: the second period tells that it also falls


@pytest.mark.parametrize("short", ["isolateNet", "outIso", "nbrDist2", "outTrunc", "in2Plus"])
def test_a_product_with_an_effect_of_no_tie_is_the_product_of_statistics_of_egos(short):
    panel = small(7)
    plain = fx.rsiena(short)
    model = SAOM(panel, {"net": [fx.outdegree(), plain, fx.interaction(fx.ego("age"), plain)]})
    age = panel.covariates["age"] - panel.covariates["age"].mean()
    for m, wave in enumerate(panel.waves[:-1]):
        c = World(panel.networks["net"].ties[m + 1].astype(float), p=1.0)
        s = NETWORK[short].value(c)
        if short == "in2Plus":  # each counts once, shared by those who name her
            named = c.x.sum(axis=0)
            s = c.x @ ((named >= 2) / np.maximum(named, 1))
        assert model.targets().iloc[-1, m] == pytest.approx((age * s).sum(), abs=1e-9)
        d = np.asarray(model.contributions(wave))
        np.testing.assert_allclose(d[2], age[:, None] * d[1], atol=1e-12)

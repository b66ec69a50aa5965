"""Friedkin and Johnsen's model: golden values, when there is no equilibrium, and susceptibilities found again."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coplearn.opinion import FriedkinJohnsen, friedkin_johnsen
from coplearn.weights import row_normalize

W = np.array([[0, 0.5, 0.5], [1, 0, 0], [0.2, 0.8, 0]])


def opinions(rng, n, a, waves, noise=0.0):
    w = row_normalize((rng.random((n, n)) < 5 / n) * (1 - np.eye(n)))
    y = [rng.normal(size=n)]
    for _ in range(waves - 1):
        y.append(a * (w @ y[-1]) + (1 - a) * y[0] + noise * rng.normal(size=n))
    return pd.DataFrame(np.array(y).T), w


def test_golden_values():
    res = friedkin_johnsen(W, [0.5, 0.8, 0.9], [1, 0, 0])
    assert res.opinions.to_numpy() == pytest.approx([0.8183, 0.6547, 0.6187], abs=5e-5)  # four digits printed
    assert res.total_influence.to_numpy() == pytest.approx([0.6972, 0.2346, 0.0682], abs=5e-5)


@given(st.integers(0, 10_000))
def test_the_equilibrium_is_where_steps_lead_and_weights_sum_to_one(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 12))
    g = (rng.random((n, n)) < 0.4) * rng.random((n, n)) * (1 - np.eye(n))
    g[0, 1] = 1.0
    a, y0 = rng.uniform(0, 0.95, n), rng.normal(size=n)
    res, w = friedkin_johnsen(g, a, y0), row_normalize(g)
    w = w + np.diag(w.sum(axis=1) == 0)  # who listens to nobody keeps the start
    y = y0
    for _ in range(600):
        y = a * (w @ y) + (1 - a) * y0
    assert res.opinions.to_numpy() == pytest.approx(y, abs=1e-8)
    assert res.weights.sum(axis=1).to_numpy() == pytest.approx(np.ones(n))
    assert res.total_influence.sum() == pytest.approx(1.0)


def test_a_closed_circle_that_holds_on_to_nothing_has_no_equilibrium():
    names = pd.Index(["ann", "ben", "cat", "dov"])
    g = pd.DataFrame(0.0, index=names, columns=names)
    g.loc["ann", "ben"] = g.loc["ben", "ann"] = g.loc["cat", "ann"] = g.loc["dov", "cat"] = 1.0
    start = pd.Series([1.0, 0, 0, 0], index=names)
    with pytest.raises(ValueError, match="no equilibrium: ann, ben listen only to one another"):
        friedkin_johnsen(g, [1.0, 1.0, 0.5, 0.5], start)
    # one of the circle holds on to something: everybody ends with that start, although cat and dov hold on to nothing
    held = friedkin_johnsen(g, [0.5, 1.0, 1.0, 1.0], start)
    assert held.opinions.to_numpy() == pytest.approx(np.ones(4))


def test_an_isolate_keeps_the_start_even_when_fully_susceptible():
    g = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]])
    res = friedkin_johnsen(g, [0.5, 0.5, 1.0], [0.0, 1.0, 5.0])
    assert res.opinions[2] == 5.0 and any("1 isolate (2)" in c for c in res.caveats)


def test_names_and_order_of_members_change_nothing():
    names = pd.Index(["x", "y", "z"])
    frame = pd.DataFrame(W, index=names, columns=names).loc[["z", "x", "y"], ["y", "z", "x"]]
    a = pd.Series([0.9, 0.5, 0.8], index=["z", "x", "y"])
    res = friedkin_johnsen(frame, a, pd.Series([1.0, 0, 0], index=names))
    assert res.opinions.to_numpy() == pytest.approx(friedkin_johnsen(W, [0.5, 0.8, 0.9], [1, 0, 0]).opinions.to_numpy())


def test_without_noise_every_susceptibility_is_found():
    rng = np.random.default_rng(1)
    a = rng.uniform(0.1, 0.9, 40)
    y, w = opinions(rng, 40, a, 5)
    res = FriedkinJohnsen(y, w).fit(by="member")
    listens = w.sum(axis=1) > 0
    assert res.susceptibility[listens].to_numpy() == pytest.approx(a[listens], abs=1e-6)
    assert res.susceptibility[~listens].isna().all()
    settled = res.equilibrium().opinions.to_numpy()
    assert settled == pytest.approx(friedkin_johnsen(w, np.where(listens, a, 0), y[0]).opinions.to_numpy(), abs=1e-5)


def test_drawing_to_the_mean_helps_where_estimates_are_imprecise():
    rng = np.random.default_rng(2)
    a = np.clip(rng.normal(0.5, 0.1, 200), 0, 1)
    y, w = opinions(rng, 200, a, 4, noise=0.4)
    shrunk = FriedkinJohnsen(y, w).fit(by="member").susceptibility
    pulls, moves = FriedkinJohnsen(y, w)._steps()
    single = np.clip((pulls * moves).sum(axis=1) / (pulls**2).sum(axis=1), 0, 1)
    assert np.nanmean((shrunk - a) ** 2) < 0.5 * np.nanmean((single - a) ** 2)


@pytest.mark.recovery
def test_intervals_by_level_cover_as_often_as_promised():
    rng = np.random.default_rng(3)
    level = pd.Series(["core", "edge"]).repeat(60).reset_index(drop=True)
    truth = level.map({"core": 0.3, "edge": 0.7}).to_numpy()
    covered = []
    for _ in range(200):
        y, w = opinions(rng, 120, truth, 4, noise=0.5)
        bounds = FriedkinJohnsen(y, w).fit(by=level).conf_int()
        covered.append((bounds["low"] < [0.3, 0.7]) & ([0.3, 0.7] < bounds["high"]))
    assert np.mean(covered, axis=0) == pytest.approx([0.95, 0.95], abs=0.05)  # three binomial errors of 200 draws


@pytest.mark.recovery
def test_noise_looks_susceptible_and_the_constraint_says_that_it_is_not():
    rng = np.random.default_rng(5)
    y, w = opinions(rng, 100, np.full(100, 0.5), 4)
    noise = FriedkinJohnsen(pd.DataFrame(rng.normal(size=y.shape)), w).fit()
    assert noise.conf_int().loc["everybody", "low"] > 0.3  # the start is on both sides
    test = noise.constraint_test()
    assert test["p"] < 1e-6 and abs(test["others"]) < 0.3
    assert any("the model does not hold" in c for c in noise.caveats)
    p = [
        FriedkinJohnsen(*opinions(rng, 100, np.full(100, 0.5), 4, noise=0.5)).fit().constraint_test()["p"]
        for _ in range(100)
    ]
    assert np.mean(np.array(p) < 0.05) < 0.12  # three binomial errors of 100 draws


def test_missing_opinions_leave_steps_out():
    rng = np.random.default_rng(4)
    y, w = opinions(rng, 60, np.full(60, 0.5), 4)
    holes = y.mask(rng.random(y.shape) < 0.1)
    res = FriedkinJohnsen(holes, w).fit()
    assert res.nobs < FriedkinJohnsen(y, w).fit().nobs
    assert res.params["everybody"] == pytest.approx(
        0.5, abs=0.1
    )  # exposure to the alters who answered is not all of it
    assert "claim: adjusted association" in res.summary() and "60 members" in repr(FriedkinJohnsen(y, w))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: friedkin_johnsen(W, [0.5, 0.8], [1, 0, 0]), "susceptibility has 2 values, the start 3"),
        (lambda: friedkin_johnsen(W, [0.5, 0.8, 1.2], [1, 0, 0]), "susceptibility of 2 is missing or not between"),
        (lambda: friedkin_johnsen(np.eye(3), 0.5, [1, 0, 0]), "tie of a member to itself"),
        (lambda: FriedkinJohnsen(pd.DataFrame({1: [1.0, 2.0]}), W[:2, :2]), "two waves or more"),
        (lambda: FriedkinJohnsen(pd.DataFrame(np.eye(3)), [W]), "1 matrix for 2 steps"),
        (lambda: FriedkinJohnsen(pd.DataFrame(np.eye(3)), W).fit(by="level"), "a Series of levels or 'member'"),
        (lambda: FriedkinJohnsen(pd.DataFrame(np.eye(3)), W).fit(by=pd.Series(["a", "a"])), "no level for 2"),
        (
            lambda: FriedkinJohnsen(pd.DataFrame(np.full((3, 2), np.nan)), W).fit(),
            "nobody of level everybody has a known step",
        ),
    ],
)
def test_bad_input_is_met_with_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("size", [1e-9, 1e9])
def test_the_unit_of_opinions_decides_nothing(size):
    y, w = opinions(np.random.default_rng(5), 60, 0.5, 3, noise=0.1)
    plain, other = (FriedkinJohnsen(y * k, w).fit() for k in (1.0, size))
    assert other.constraint_test() == pytest.approx(plain.constraint_test(), rel=1e-6)


def test_two_members_of_one_name_are_refused():
    start = pd.Series([1.0, 0.0, 0.5], index=["ann", "ann", "cat"])
    with pytest.raises(ValueError, match="more than one member is called ann"):
        FriedkinJohnsen(pd.DataFrame({1: start, 2: start}), np.ones((3, 3)) - np.eye(3))
    with pytest.raises(ValueError, match="more than one susceptibility of ann"):
        friedkin_johnsen(np.ones((3, 3)) - np.eye(3), 0 * start, start.to_numpy())


def test_two_members_do_not_refute_the_model():
    y = pd.DataFrame(np.random.default_rng(8).normal(size=(2, 4)))
    result = FriedkinJohnsen(y, 1 - np.eye(2)).fit()
    assert np.isnan(result.constraint_test()["p"])
    assert not any("does not hold" in c for c in result.caveats)


def test_levels_and_opinions_that_cannot_be_meant_are_refused():
    y, w = opinions(np.random.default_rng(5), 20, 0.5, 3)
    with pytest.raises(ValueError, match="more than one level of 0"):
        FriedkinJohnsen(y, w).fit(pd.Series("a", [0] * 20))
    with pytest.raises(TypeError, match="by is a Series of levels by member or 'member', not list"):
        FriedkinJohnsen(y, w).fit(["a"] * 20)
    with pytest.raises(ValueError, match="an opinion of 0 is infinite"):
        FriedkinJohnsen(y.replace(y.iloc[0, 0], np.inf), w)

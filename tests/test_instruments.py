"""Linear in means: statsmodels' two-stage least squares, when a network identifies, and weak instruments."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import f as fisher
from statsmodels.sandbox.regression.gmm import IV2SLS
from test_network_effects import network

from coplearn.instruments import LinearInMeans, check_identification
from coplearn.results import CLAIMS
from coplearn.weights import row_normalize


def drawn(rng, n=200, beta=0.4, gamma=1.0, delta=0.5, sd=1.0, ties=2.5, common=None):
    """y, X and G; `common` is added to the errors."""
    g = row_normalize(network(rng, n, ties))
    x = rng.normal(size=n)
    e = sd * rng.normal(size=n) + (0 if common is None else common)
    y = np.linalg.solve(np.eye(n) - beta * g, 1 + gamma * x + delta * g @ x + e)
    return y, pd.DataFrame({"x": x}), g


def complete(*sizes):
    """Groups in which everybody is tied to everybody."""
    label = np.repeat(np.arange(len(sizes)), sizes)
    return (label[:, None] == label) * (1.0 - np.eye(len(label)))


# --- identification -------------------------------------------------------------------------------------------


def test_groups_of_one_size_do_not_identify_and_groups_of_different_sizes_do():
    same, different = check_identification(complete(4, 4, 4)), check_identification(complete(3, 4, 6))
    assert (same.rank, same.identified, same.transitive) == (2, False, True)
    assert (different.rank, different.identified, different.transitive) == (3, True, True)
    # with what groups have in common taken out, sizes must be three (Bramoulle et al. 2009, proposition 4)
    assert not check_identification(complete(3, 4), network_effects=True).identified
    assert check_identification(complete(3, 4, 6), network_effects=True).identified


def test_rank_is_that_of_the_matrices_as_columns():
    rng = np.random.default_rng(1)
    for g in (network(rng, 12, 3), complete(4, 4), np.roll(np.eye(5), 1, axis=1)):
        w = row_normalize(g)
        for common in (False, True):
            powers = [np.eye(len(w)), w, w @ w, w @ w @ w][: 4 if common else 3]
            columns = np.column_stack([p.ravel() / np.linalg.norm(p) for p in powers])
            got = check_identification(g, common)
            assert got.rank == np.linalg.matrix_rank(columns)
            assert got.smallest == pytest.approx(np.linalg.svd(columns, compute_uv=False)[-1], abs=1e-7)


def test_open_triads_are_counted():
    chain = np.zeros((4, 4))
    chain[0, 1] = chain[1, 2] = chain[0, 2] = chain[2, 3] = 1  # paths: 0-1-2 closed, 0-2-3 and 1-2-3 open
    assert check_identification(chain).open_triads == pytest.approx(2 / 3)


# --- other programs, and the formulas written out -------------------------------------------------------------


@pytest.mark.parametrize("network_effects", [False, True])
def test_estimates_are_those_of_statsmodels(network_effects):
    y, x, g = drawn(np.random.default_rng(2))
    a = x["x"].to_numpy()
    keep = g.sum(axis=1) > 0 if network_effects else np.ones(len(y), dtype=bool)
    j = np.eye(len(y)) - g if network_effects else np.eye(len(y))
    one = [] if network_effects else [np.ones(len(y))]
    exogenous = [*one, j @ a, j @ g @ a]
    left = np.column_stack([j @ g @ y, *exogenous])[keep]
    z = np.column_stack([*exogenous, j @ g @ g @ a, j @ g @ g @ g @ a])[keep]
    known = IV2SLS((j @ y)[keep], left, z).fit()
    res = LinearInMeans(y, x, g).fit(network_effects, covariance="plain")
    assert res.params.to_numpy() == pytest.approx(known.params)
    assert network_effects or res.bse.to_numpy() == pytest.approx(known.bse)
    assert res.ordinary().to_numpy() == pytest.approx(np.linalg.lstsq(left, (j @ y)[keep], rcond=None)[0])


@pytest.mark.parametrize("sd", [0.3, 3.0, 20.0])
def test_the_anderson_rubin_set_is_where_instruments_explain_nothing(sd):
    rng = np.random.default_rng(3)
    kinds = set()
    for _ in range(5):
        y, x, g = drawn(rng, 80, sd=sd)
        res = LinearInMeans(y, x, g).fit()
        m = res.moments
        fixed = m.x[:, 1:]
        every = np.column_stack([fixed, m.z[:, fixed.shape[1] :]])
        q, left = 2, len(y) - every.shape[1]
        ar = res.anderson_rubin()
        kinds.add(ar.kind)
        for b in np.linspace(-8, 8, 81):
            target = m.y - b * m.x[:, 0]
            small, large = (
                np.sum((target - v @ np.linalg.lstsq(v, target, rcond=None)[0]) ** 2) for v in (fixed, every)
            )
            statistic = (small - large) / q / (large / left)
            assert (b in ar) == (statistic <= fisher.isf(0.05, q, left))
    assert kinds == {"interval"} if sd < 1 else len(kinds) >= 1


def test_sets_that_are_not_intervals_say_so():
    rng = np.random.default_rng(4)
    found = {}
    for _ in range(60):
        y, x, g = drawn(rng, 60, gamma=0.1, delta=0.0, sd=3.0)
        ar = LinearInMeans(y, x, g).fit().anderson_rubin()
        found[ar.kind] = ar
    assert "unbounded" in str(found["half-lines"]) and not found["half-lines"].bounded
    assert "every value" in str(found["line"]) and 123.0 in found["line"]


# --- planted effects ------------------------------------------------------------------------------------------


@pytest.mark.recovery
@pytest.mark.parametrize("network_effects", [False, True])
def test_planted_peer_effects_are_covered_as_often_as_promised(network_effects):
    rng = np.random.default_rng(5)
    truth = [0.4, 1.0, 0.5]
    covered, within = [], []
    for _ in range(200):
        y, x, g = drawn(rng, 400, common=3.0 if network_effects else None)
        res = LinearInMeans(y, x, g).fit(network_effects)
        bounds = res.conf_int().loc[["peers", "x", "peers' x"]]
        covered.append((bounds["low"] < truth) & (truth < bounds["high"]))
        within.append(0.4 in res.anderson_rubin())
    # three binomial errors of 200 draws at .95 are .046
    assert np.mean(covered, axis=0) == pytest.approx([0.95] * 3, abs=0.05)
    assert np.mean(within) == pytest.approx(0.95, abs=0.05)


@pytest.mark.recovery
def test_the_set_keeps_its_level_where_instruments_are_weak():
    rng = np.random.default_rng(6)
    within = []
    for _ in range(200):
        res = LinearInMeans(*drawn(rng, 100, gamma=0.2, delta=0.0)).fit()
        within.append(0.4 in res.anderson_rubin())
    assert np.mean(within) == pytest.approx(0.95, abs=0.05)
    assert any("weak instruments" in c and "anderson_rubin" in c for c in res.caveats)


@pytest.mark.recovery
def test_members_who_choose_their_like_break_the_instruments():
    rng = np.random.default_rng(7)
    found = []
    for _ in range(40):
        u = rng.normal(size=300)
        x = u + rng.normal(size=300)  # the trait that is measured goes with the one that is not
        near = np.exp(-2 * (u[:, None] - u) ** 2)
        g = row_normalize((rng.random((300, 300)) < 6 * near / near.sum(axis=1, keepdims=True)) * (1 - np.eye(300)))
        y = 1 + x + 2 * u + rng.normal(size=300)  # nobody influences anybody
        found.append(LinearInMeans(y, pd.DataFrame({"x": x}), g).fit().params["peers"])
    assert np.mean(found) > 0.3


# --- what may not change, printing, bad input -----------------------------------------------------------------


def test_names_and_order_of_members_change_nothing():
    y, x, g = drawn(np.random.default_rng(8), 60)
    names = pd.Index([f"m{k}" for k in range(60)])
    frame = pd.DataFrame(g, index=names, columns=names).sample(frac=1, random_state=1)
    turned = LinearInMeans(pd.Series(y, index=names), x.set_axis(names).sample(frac=1, random_state=2), frame).fit()
    plain = LinearInMeans(y, x, g).fit()
    pd.testing.assert_series_equal(turned.params, plain.params)
    assert turned.first_stage_f == pytest.approx(plain.first_stage_f)


def test_the_claim_is_by_design_only_where_ties_were_assigned_and_instruments_are_strong():
    strong = LinearInMeans(*drawn(np.random.default_rng(9), 400, sd=0.5))
    assert strong.fit().claim == "adjusted association"
    assert strong.fit(assigned=True).claim == "design identified"
    weak = LinearInMeans(*drawn(np.random.default_rng(9), 60, gamma=0.1, delta=0.0))
    assert weak.fit(assigned=True).claim == "adjusted association"
    res = strong.fit()
    assert res.claim in CLAIMS and any("exogenous" in c for c in res.caveats)
    assert "Anderson-Rubin set from" in res.summary() and "first-stage F" in repr(res)
    assert "not identified" in check_identification(complete(4, 4)).summary()
    assert "400 members, 1 covariate" in repr(strong)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": None}, "X has no covariate"),
        ({"X": pd.DataFrame({"x": np.ones(12)})}, "X has no covariate"),
        ({"weights": complete(4, 4, 4)}, r"linearly dependent.*reflection.*friends of friends are friends"),
        ({"weights": np.zeros((12, 12))}, "no ties"),
        ({"y": np.full(12, np.nan)}, "y is missing"),
        ({"y": np.ones(12)}, "nothing to explain"),
        ({"clusters": [1, 2]}, "clusters has 2 values for 12 members"),
        ({"covariance": "clustered"}, "no covariance 'clustered'"),
        ({"alpha": 2}, "alpha is one minus the level"),
    ],
)
def test_bad_input_is_met_with_a_sentence(change, message):
    y, x, g = drawn(np.random.default_rng(10), 12)
    given = {"y": y, "X": x, "weights": g} | {k: v for k, v in change.items() if k in ("y", "X", "weights")}
    with pytest.raises(ValueError, match=message):
        res = LinearInMeans(**given).fit(covariance=change.get("covariance", "robust"), clusters=change.get("clusters"))
        res.anderson_rubin(change.get("alpha", 0.05))


@pytest.mark.parametrize("size", [1e-9, 1e9])
def test_units_of_traits_decide_nothing(size):
    y, x, g = drawn(np.random.default_rng(2))
    plain, other = (LinearInMeans(y, x * k, g).fit() for k in (1.0, size))
    assert other.tvalues.to_numpy() == pytest.approx(plain.tvalues.to_numpy(), rel=1e-6)
    assert other.first_stage_f == pytest.approx(plain.first_stage_f, rel=1e-6)
    assert other.overidentification() == pytest.approx(plain.overidentification(), rel=1e-6)
    assert other.anderson_rubin().low == pytest.approx(plain.anderson_rubin().low, rel=1e-6)
    assert other.ordinary()["peers"] == pytest.approx(plain.ordinary()["peers"], rel=1e-6)


def test_clusters_come_into_the_order_of_members():
    y, x, g = drawn(np.random.default_rng(2))
    names = pd.Index([f"m{k}" for k in range(len(y))])
    model = LinearInMeans(pd.Series(np.asarray(y), names), pd.DataFrame(np.asarray(x), names), g)
    clusters = pd.Series(np.arange(len(y)) // 10, names)
    shuffled = clusters.sample(frac=1, random_state=1)
    assert (model.fit(clusters=shuffled).bse == model.fit(clusters=clusters).bse).all()
    with pytest.raises(ValueError, match="no cluster for m0"):
        model.fit(clusters=clusters[1:])
    with pytest.raises(ValueError, match="one label for everybody"):
        model.fit(clusters=0 * clusters)


def test_two_clusters_say_nothing_about_the_instruments():
    y, x, g = drawn(np.random.default_rng(2))
    result = LinearInMeans(y, x, g).fit(clusters=np.arange(len(y)) % 2)
    assert np.isnan(result.overidentification()["p"])
    assert any("2 clusters, fewer than 20" in c for c in result.caveats)


def test_errors_are_not_told_from_nothing():
    y, x, g = drawn(np.random.default_rng(2), sd=0.0)
    with pytest.raises(ValueError, match="y is exactly what peers and covariates tell"):
        LinearInMeans(y, x, g).fit()

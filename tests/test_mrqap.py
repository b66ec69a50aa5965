"""Dyadic regression: other programs' values, permutations written out, and p-values that are what they say."""

import os
from pathlib import Path

import naive_influence as naive
import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

from coplearn.dyadic_regression import graph_correlation, mrqap, netlogit
from coplearn.dyads import Dyads, dsp_linear, dsp_score, dsp_wald, qap_linear, qap_wald
from coplearn.results import CLAIMS

COLEMAN = Path(os.environ.get("COPLEARN_DATA", "/nowhere")) / "influence_coleman"
needs_coleman = pytest.mark.skipif(
    not COLEMAN.exists(), reason="other people's data: set COPLEARN_DATA to a folder that holds influence_coleman"
)
# sna 2.7-1 on R 4.2.2; ten digits printed. p-values from 1000 (linear) and 300 (logistic) permutations.
REFERENCE = pd.read_csv(Path(__file__).parent / "data" / "coleman_reference.csv").set_index("model")


def coleman():
    attributes = pd.read_csv(COLEMAN / "attributes.csv")
    g1, g2, valued = (pd.read_csv(COLEMAN / f"{g}.csv", header=None).to_numpy() for g in ("g1", "g2", "yv"))
    x1, x2 = attributes["x1"].to_numpy(), attributes["x2"].to_numpy()
    same, apart = (x2[:, None] == x2).astype(float), np.abs(x1[:, None] - x1)
    return valued, g2, {"g1": g1, "same_x2": same, "absdiff_x1": apart}


def relations(rng, n=9, directed=True, missing=0.0, binary=False):
    """y and two predictors that go together."""
    a = rng.normal(size=(n, n))
    b = 0.5 * a + rng.normal(size=(n, n))
    y = 0.3 * a + rng.normal(size=(n, n))
    if not directed:
        a, b, y = a + a.T, b + b.T, y + y.T
    if binary:
        y = (y > 0).astype(float)
    if missing:
        hole = rng.random((n, n)) < missing
        y[hole | hole.T if not directed else hole] = np.nan
    return y, {"a": a, "b": b}


# --- other programs ---------------------------------------------------------------------------------------


@needs_coleman
@pytest.mark.published
@pytest.mark.parametrize(("null", "model"), [("dsp", "netlm_qapspp"), ("qap", "netlm_qapy")])
def test_linear_coefficients_and_p_values_are_those_of_sna(null, model):
    valued, _, predictors = coleman()
    res = mrqap(valued, predictors, permutations=2000, seed=1, null=null)
    assert res.nobs == 73 * 72
    assert res.params.to_numpy() == pytest.approx(REFERENCE.loc[model, "estimate"].to_numpy(), rel=1e-8)
    assert res.tvalues.to_numpy() == pytest.approx(REFERENCE.loc[f"{model}_t", "estimate"].to_numpy(), rel=1e-8)
    _agree(res.pvalues, REFERENCE.loc[model, "note"].iloc[0], 1000, 2000)


@needs_coleman
@pytest.mark.published
@pytest.mark.parametrize("pivot", ["score", "wald"])
def test_logistic_coefficients_and_p_values_are_those_of_sna(pivot):
    _, g2, predictors = coleman()
    res = netlogit(g2, predictors, permutations=1000 if pivot == "score" else 300, seed=1, pivot=pivot)
    rows = REFERENCE.loc["netlogit_qapspp"]
    assert res.params.to_numpy() == pytest.approx(rows["estimate"].to_numpy(), rel=1e-7)
    z = REFERENCE.loc["netlogit_t"]
    assert res.tvalues.to_numpy() == pytest.approx(z["estimate"].to_numpy(), rel=1e-4)  # sna stops a step earlier
    assert res.bse.to_numpy() == pytest.approx(z["se"].to_numpy(), rel=1e-4)
    assert res.llf == pytest.approx(rows["loglik"].iloc[0], abs=1e-5) and res.aic == pytest.approx(1490.75622, abs=1e-5)
    # sna permutes the coefficient rather than a t; a third standard error for that
    _agree(res.pvalues, rows["note"].iloc[0], 300, len(res.permuted))


def _agree(p, note, theirs, ours):
    """p-values agree within three standard errors of both programs' permutations (the intercept has none here)."""
    printed = np.array([float(v) for v in note.split("p(two-sided) ")[1].split(";")[0].split()])[1:]
    got = p.to_numpy()[1:]
    spread = np.sqrt(np.maximum(got * (1 - got), 1e-3) * (1 / theirs + 1 / ours))
    assert (np.abs(got - printed) < 3 * spread + 1 / ours).all()


# --- the formulas written out -------------------------------------------------------------------------------


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_permuted_t_is_that_of_a_regression_with_residuals_moved(directed, missing):
    rng = np.random.default_rng(3)
    y, predictors = relations(rng, directed=directed, missing=missing)
    dyads = Dyads.of(y, predictors, directed)
    orders = dyads.permutations(6, rng)
    matrices = list(predictors.values())
    for k in range(2):
        slow = [naive.double_semi_partialling(y, matrices, k, order, directed) for order in orders]
        assert dsp_linear(dyads, k + 1, orders) == pytest.approx(slow, rel=1e-8)
    slow = [naive.permuted_response(y, matrices, order, directed) for order in orders]
    assert qap_linear(dyads, orders)[:, 1:] == pytest.approx(np.array(slow), rel=1e-8)


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_permuted_z_is_that_of_a_logistic_regression(missing):
    rng = np.random.default_rng(4)
    y, predictors = relations(rng, n=12, missing=missing, binary=True)
    y = np.where(np.isnan(y), np.nan, y)
    dyads = Dyads.of(y, predictors, True)
    orders = dyads.permutations(4, rng)
    matrices = list(predictors.values())
    for k in range(2):
        slow = [naive.double_semi_partialling(y, matrices, k, order, fit=naive.logistic) for order in orders]
        assert dsp_wald(dyads, k + 1, orders) == pytest.approx(slow, rel=1e-6)
        if not missing:
            slow = [naive.score(y, matrices, k, order) for order in orders]
            assert dsp_score(dyads, k + 1, orders) == pytest.approx(slow, rel=1e-8)
    slow = [naive.permuted_response(y, matrices, order, fit=naive.logistic) for order in orders]
    assert qap_wald(dyads, orders)[:, 1:] == pytest.approx(np.array(slow), rel=1e-6)


def test_the_order_that_changes_nothing_gives_the_observed_statistic():
    y, predictors = relations(np.random.default_rng(5), n=12, missing=0.1)
    res = mrqap(y, predictors, permutations=5)
    dyads = Dyads.of(y, predictors, True)
    same = np.arange(12)[None, :]
    assert [dsp_linear(dyads, k, same)[0] for k in (1, 2)] == pytest.approx(res.statistic.to_numpy())
    assert qap_linear(dyads, same)[0, 1:] == pytest.approx(res.statistic.to_numpy())


def test_p_values_count_the_observed_order_and_both_sides():
    y, predictors = relations(np.random.default_rng(6), n=12)
    res = mrqap(y, predictors, permutations=99, seed=2)
    null, t = res.permuted["a"].to_numpy(), res.tvalues["a"]
    assert res.pvalues["a"] == (1 + (np.abs(null) >= abs(t)).sum()) / 100
    assert res.p_greater["a"] == (1 + (null >= t).sum()) / 100
    assert res.p_less["a"] + res.p_greater["a"] == pytest.approx(1.01)  # the observed order counts on both sides
    assert np.isnan(res.pvalues["intercept"])


# --- what may not change ------------------------------------------------------------------------------------


def test_names_and_order_of_members_change_no_coefficient():
    y, predictors = relations(np.random.default_rng(7), n=10)
    names = pd.Index([f"m{k}" for k in range(10)])
    shuffled = {
        name: pd.DataFrame(m, names, names).sample(frac=1, random_state=1).sample(frac=1, axis=1, random_state=2)
        for name, m in predictors.items()
    }
    labelled = mrqap(pd.DataFrame(y, names, names), shuffled, permutations=20, seed=3)
    plain = mrqap(y, predictors, permutations=20, seed=3)
    pd.testing.assert_frame_equal(labelled.table(), plain.table())
    turned = np.random.default_rng(1).permutation(10)
    again = mrqap(y[np.ix_(turned, turned)], {k: m[np.ix_(turned, turned)] for k, m in predictors.items()}, 20)
    pd.testing.assert_series_equal(again.tvalues, plain.tvalues)


def test_the_same_seed_gives_the_same_numbers_and_the_diagonal_does_not_count():
    y, predictors = relations(np.random.default_rng(8))
    first = mrqap(y, predictors, permutations=50, seed=4)
    loops = y.copy()
    np.fill_diagonal(loops, np.nan)
    second = mrqap(loops, {k: sparse.csr_array(m) for k, m in predictors.items()}, permutations=50, seed=4)
    pd.testing.assert_frame_equal(first.permuted, second.permuted)
    assert second.n_missing == 0


def test_an_undirected_pair_counts_once():
    y, predictors = relations(np.random.default_rng(9), n=10, directed=False)
    once, twice = mrqap(y, predictors, 10, directed=False), mrqap(y, predictors, 10)
    assert (once.nobs, twice.nobs) == (45, 90)
    pd.testing.assert_series_equal(once.params, twice.params)
    assert once.bse["a"] > 1.3 * twice.bse["a"]


def test_members_who_did_not_answer_keep_to_themselves():
    y, predictors = relations(np.random.default_rng(10), n=16)
    y[[2, 5]] = np.nan
    dyads = Dyads.of(y, predictors, True)
    orders = dyads.permutations(50, np.random.default_rng(1))
    assert dyads.complete  # so no pair is lost by moving
    assert all(set(order[[2, 5]]) == {2, 5} for order in orders)
    res = mrqap(y, predictors, 20)
    assert (res.nobs, res.n_missing) == (14 * 15, 2 * 15)
    assert any("30 pairs" in c for c in res.caveats)
    y[:, 2] = np.nan
    assert any("1 member without any known pair" in c for c in mrqap(y, predictors, 20).caveats)


# --- p-values under the null --------------------------------------------------------------------------------


def null_p_values(rng, datasets, test=mrqap, binary=False, **settings):
    """p of a predictor without effect, beside one with an effect that it resembles; senders and receivers differ."""
    found = []
    for seed in range(datasets):
        n = 16
        actor = rng.normal(size=(6, n))
        other = rng.normal(size=(n, n)) + actor[0][:, None] + actor[1]
        tested = 0.5 * other + rng.normal(size=(n, n)) + actor[2][:, None] + actor[3]
        y = 0.3 * other + rng.normal(size=(n, n)) + 0.5 * (actor[4][:, None] + actor[5])
        res = test((y > 0.5).astype(float) if binary else y, {"tested": tested, "other": other}, 99, seed, **settings)
        found.append((res.pvalues["tested"], 2 * stats.norm.sf(abs(res.tvalues["tested"]))))
    return np.array(found).T


@pytest.mark.recovery
@pytest.mark.parametrize(("test", "binary"), [(mrqap, False), (netlogit, True)])
def test_p_values_are_uniform_where_there_is_no_effect_and_ordinary_ones_are_not(test, binary):
    permuted, ordinary = null_p_values(np.random.default_rng(12), 200, test, binary)
    assert stats.kstest(permuted, "uniform").pvalue > 0.01
    assert stats.kstest(ordinary, "uniform").pvalue < 1e-4
    assert 0.01 <= (permuted <= 0.05).mean() <= 0.10  # .05 give or take three standard errors of 200


def test_an_effect_is_found():
    y, predictors = relations(np.random.default_rng(13), n=25)
    res = mrqap(y, predictors, 199)
    assert res.pvalues["a"] == 1 / 200 and res.p_greater["a"] == 1 / 200 and res.p_less["a"] == 1.0


# --- printing, caveats, bad input ---------------------------------------------------------------------------


def test_results_speak_for_themselves():
    y, predictors = relations(np.random.default_rng(14), n=12)
    res = mrqap(y, predictors, 50)
    assert res.claim in CLAIMS
    assert res.table().columns.tolist() == ["estimate", "t", "p", "p_greater", "p_less"]
    assert 0 < res.fit["adjusted_r2"] < res.r2 < 1 and np.isnan(res.llf)
    text = res.summary()
    assert text == repr(res) and "double semi-partialling" in text and "132 directed pairs" in text
    assert any("fewer than 15" in c for c in res.caveats) and any("no p-value below 0.0196" in c for c in res.caveats)
    assert (res.null_interval()["low"] < res.null_interval()["high"]).all()
    ax = res.plot()
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    logit = netlogit((y > 0).astype(float), predictors, 50)
    assert logit.pivot == "score" and "Logistic" in logit.summary() and np.isnan(logit.r2)
    assert any("netlogit" in c for c in mrqap((y > 0).astype(float), predictors, 50).caveats)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.ones((9, 9))}, "y is 1 for every pair"),
        ({"y": np.ones((9, 8))}, "y is not square"),
        ({"y": np.full((9, 9), np.nan)}, "0 pairs with every value known"),
        ({"y": np.full((9, 9), np.inf)}, "y: row 0, column 1 is infinite"),
        ({"a": np.ones((8, 8))}, "matrix a is of 8 members, y of 9"),
        ({"a": np.ones((9, 9))}, "predictor 'a' is the same for every pair"),
        ({"c": "a + b"}, "predictor 'c' is a combination of a, b"),
        ({"intercept": np.eye(9)}, "the intercept is added"),
        ({"permutations": 0}, "permutations is a number of draws"),
        ({"null": "dps"}, "no null 'dps'. Did you mean 'dsp'"),
        ({"directed": False}, "matrix y is not symmetric"),
    ],
)
def test_bad_input_is_met_with_a_sentence(change, message):
    y, predictors = relations(np.random.default_rng(15))
    settings = {k: v for k, v in change.items() if k in ("permutations", "null", "directed")}
    for name in ("a", "c", "intercept"):
        if name in change:
            value = change[name]
            predictors[name] = predictors["a"] + predictors["b"] if isinstance(value, str) else value
    with pytest.raises(ValueError, match=message):
        mrqap(change.get("y", y), predictors, **{"permutations": 9, **settings})


def test_bad_input_of_a_logistic_regression():
    y, predictors = relations(np.random.default_rng(16))
    with pytest.raises(ValueError, match="other than 0 and 1"):
        netlogit(y, predictors, 9)
    tie = (y > 0).astype(float)
    with pytest.raises(ValueError, match=r"\(apart\) tell ties.*separation"):
        netlogit(tie, {"apart": y, "b": predictors["b"]}, 9)
    with pytest.raises(ValueError, match="takes pivot='wald'"):
        netlogit(tie, predictors, 9, null="qap", pivot="score")
    with pytest.raises(TypeError, match="a dict of name to matrix"):
        mrqap(y, [predictors["a"]], 9)


@needs_coleman
@pytest.mark.published
def test_the_correlation_of_two_relations_is_that_of_sna():
    g1, g2 = (pd.read_csv(COLEMAN / f"{g}.csv", header=None).to_numpy() for g in ("g1", "g2"))
    assert graph_correlation(g1, g2) == pytest.approx(REFERENCE.loc["gcor", "estimate"], rel=1e-9)


@pytest.mark.parametrize("far, size", [(0.0, 1e-6), (0.0, 1e6), (2000.0, 1.0)])
def test_units_and_origin_of_a_predictor_separate_nothing(far, size):
    rng = np.random.default_rng(3)
    near, alike = rng.normal(size=(2, 20, 20))
    tie = (rng.random((20, 20)) < 1 / (1 + np.exp(1 - near))).astype(float)
    for pivot in ("score", "wald"):
        plain = netlogit(tie, {"near": near, "alike": alike}, 9, pivot=pivot)
        other = netlogit(tie, {"near": far + size * near, "alike": alike}, 9, pivot=pivot)
        assert other.statistic.to_numpy() == pytest.approx(plain.statistic.to_numpy(), rel=1e-6)
        assert other.llf == pytest.approx(plain.llf)


@pytest.mark.parametrize("null", ["dsp", "qap"])
def test_an_exact_outcome_leaves_no_error_to_test_against(null):
    _, predictors = relations(np.random.default_rng(16))
    with pytest.raises(ValueError, match="y is exactly a combination of a, b: there is no error"):
        mrqap(2 * predictors["a"] - predictors["b"] + 1, predictors, 9, null=null)


@pytest.mark.parametrize("permutations", [0, True, 2.5, "10"])
def test_permutations_are_counted_in_whole_numbers(permutations):
    with pytest.raises(ValueError, match="permutations is a number of draws"):
        mrqap(np.eye(20), {"x": np.arange(400.0).reshape(20, 20)}, permutations)


@pytest.mark.parametrize("seed", [-1, "a", 1.5])
def test_a_seed_that_is_none_is_named(seed):
    with pytest.raises(ValueError, match=r"seed is .*; give a whole number of at least 0, or None"):
        mrqap(np.arange(400.0).reshape(20, 20), {"x": np.eye(20)[::-1]}, 9, seed=seed)

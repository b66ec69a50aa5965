"""Temporal autocorrelation: rows and moments written out, statsmodels, planted effects, and the known biases."""

import naive_influence as naive
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.sandbox.regression.gmm import IV2SLS
from test_network_effects import network

from coplearn.exposure import TemporalAutocorrelation
from coplearn.moments import Moments
from coplearn.results import CLAIMS
from coplearn.weights import row_normalize


def panel(rng, n=60, waves=5, phi=0.4, rho=(0.3,), lasting=0.0, ties=4, burn=6):
    """y by waves and the ties of each relation, after some steps to forget the start; `lasting` is the s.d. of mu."""
    relations = [[row_normalize(network(rng, n, ties)) for _ in range(waves)] for _ in rho]
    mu = lasting * rng.normal(size=n)
    y = [rng.normal(size=n)]
    for t in range(burn + waves - 1):
        at = max(t - burn, 0)
        pull = sum(r * (w[at] @ y[-1]) for r, w in zip(rho, relations, strict=True))
        y.append(phi * y[-1] + pull + mu + rng.normal(size=n))
    return pd.DataFrame(np.array(y[burn:]).T), relations


def fitted(y, relations, members="none", **settings):
    ties = {f"r{k}": w for k, w in enumerate(relations)} if len(relations) > 1 else relations[0]
    return TemporalAutocorrelation(y, ties, **settings).fit(members)


# --- the formulas written out ---------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_pooled_estimates_are_a_regression_over_rows_with_errors_by_member(missing):
    rng = np.random.default_rng(1)
    y, relations = panel(rng, n=30, ties=2)
    y = y.mask(rng.random(y.shape) < missing)
    rows = np.array(naive.panel_rows(y.to_numpy().T, relations[0]))
    marks = (rows[:, [1]] == np.arange(2, 5)).astype(float)
    x = np.column_stack([np.ones(len(rows)), rows[:, 3:], marks])
    beta, cov = naive.clustered(x, x, rows[:, 2], np.linalg.inv(x.T @ x), rows[:, 0])
    res = fitted(y, relations)
    assert res.params.to_numpy() == pytest.approx(beta) and res.nobs == len(rows)
    assert res.cov_params().to_numpy() == pytest.approx(cov)
    known = sm.OLS(rows[:, 2], x).fit(cov_type="cluster", cov_kwds={"groups": rows[:, 0].astype(int)})
    assert res.bse.to_numpy() == pytest.approx(known.bse)


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_differences_are_those_of_arellano_and_bond(missing):
    rng = np.random.default_rng(2)
    y, relations = panel(rng, n=40, ties=2, waves=6)
    y = y.mask(rng.random(y.shape) < missing)
    beta, cov = naive.difference_gmm(y.to_numpy().T, relations[0])
    res = fitted(y, relations, "difference")
    assert res.params.to_numpy() == pytest.approx(beta)
    assert res.cov_params().to_numpy() == pytest.approx(cov)


def test_with_three_waves_both_differences_are_one_two_stage_least_squares():
    y, relations = panel(np.random.default_rng(3), n=80, waves=3, ties=6)
    short, long = (fitted(y, relations, way) for way in ("difference", "long difference"))
    a = y.to_numpy().T
    e = [w @ values for w, values in zip(relations[0], a, strict=True)]
    x = np.column_stack([a[1] - a[0], e[1] - e[0], np.ones(80)])
    z = np.column_stack([a[0], e[0], np.ones(80)])
    known = IV2SLS(a[2] - a[1], x, z).fit()
    for res, names in ((short, ["own past", "rho", "wave 2"]), (long, ["own past", "rho", "intercept"])):
        assert res.params[names].to_numpy() == pytest.approx(known.params)
    assert np.sqrt(np.diag(short.moments.plain_covariance)) == pytest.approx(known.bse)


def test_within_is_a_regression_with_a_mark_for_each_member():
    y, relations = panel(np.random.default_rng(4), n=20)
    rows = np.array(naive.panel_rows(y.to_numpy().T, relations[0]))
    marks = (rows[:, [1]] == np.arange(2, 5)).astype(float)
    each = (rows[:, [0]] == np.arange(20)).astype(float)
    x = np.column_stack([rows[:, 3:5], rows[:, 5:] * 1.0, marks, each])
    x = x[:, [k for k in range(x.shape[1]) if x[:, k].any()]]
    res = fitted(y, relations, "within")
    assert res.params[["own past", "rho"]].to_numpy() == pytest.approx(
        np.linalg.lstsq(x, rows[:, 2], rcond=None)[0][:2]
    )


def test_conditional_f_of_one_regressor_is_the_partial_f():
    rng = np.random.default_rng(5)
    z, fixed = rng.normal(size=(100, 2)), np.column_stack([np.ones(100), rng.normal(size=100)])
    x = z @ [0.4, 0.2] + fixed[:, 1] + rng.normal(size=100)
    m = Moments(x, np.column_stack([fixed, x]), np.column_stack([fixed, z]), np.arange(100))
    whole, part = sm.OLS(x, np.column_stack([fixed, z])).fit(), sm.OLS(x, fixed).fit()
    assert m.conditional_f([2])[0] == pytest.approx(whole.compare_f_test(part)[0])


# --- planted effects ------------------------------------------------------------------------------------------


@pytest.mark.recovery
@pytest.mark.parametrize(
    ("members", "lasting", "waves"), [("none", 0.0, 4), ("difference", 0.7, 6), ("long difference", 0.7, 6)]
)
def test_planted_influence_is_in_intervals_as_often_as_promised(members, lasting, waves):
    rng = np.random.default_rng(6)
    covered, found = [], []
    for _ in range(150):
        res = fitted(*panel(rng, 150, waves, 0.3, (0.25,), lasting), members)
        bounds = res.conf_int().loc[["own past", "rho"]]
        covered.append((bounds["low"] < [0.3, 0.25]) & (bounds["high"] > [0.3, 0.25]))
        found.append(res.params[["own past", "rho"]])
    # three binomial errors of 150 draws at .95 are .053
    assert np.mean(covered, axis=0) == pytest.approx([0.95, 0.95], abs=0.055)
    error = np.std(found, axis=0) / np.sqrt(150)
    assert (np.abs(np.mean(found, axis=0) - [0.3, 0.25]) < 4 * error + 0.02).all()  # .02: bias of instruments, n = 150


@pytest.mark.recovery
def test_biases_go_where_the_caveats_say():
    rng = np.random.default_rng(7)
    pooled, within = [], []
    for _ in range(30):
        drawn = panel(rng, 150, 5, 0.3, (0.25,), 0.7)
        pooled.append(fitted(*drawn).params[["own past", "rho"]])
        res = fitted(*drawn, "within")
        within.append(res.params[["own past", "rho"]])
    assert np.mean(pooled, axis=0)[0] > 0.4  # own past takes up what lasts
    assert np.mean(within, axis=0)[0] < 0.15  # Nickell: about -(1 + phi) / (T - 1)
    assert any("own past is too low by about" in c for c in res.caveats)


def test_two_relations_are_told_apart():
    rng = np.random.default_rng(8)
    res = fitted(*panel(rng, 400, 4, 0.3, (0.5, 0.0)))
    test = res.equality_test()
    assert test["difference"] == pytest.approx(0.5, abs=4 * test["se"]) and test["p"] < 0.001
    assert "rho[r0] = rho[r1]" in res.summary()
    p = [fitted(*panel(rng, 60, 4, 0.3, (0.2, 0.2))).equality_test()["p"] for _ in range(200)]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.05)  # three binomial errors of 200


def test_shocks_that_last_are_noticed_and_others_are_not():
    rng = np.random.default_rng(9)
    p = np.array([fitted(*panel(rng, 100, 7, lasting=0.5), "difference").serial_test()["p"] for _ in range(100)])
    assert np.mean(p < 0.05) < 0.12  # three binomial errors of 100 draws
    y, relations = panel(rng, 400, 7)
    shock = rng.normal(size=(400, 8))
    lasting = y + 0.9 * (shock[:, 1:] + shock[:, :-1])  # each shock counts at two waves
    assert fitted(lasting, relations, "difference").serial_test()["p"] < 0.05
    assert np.isnan(fitted(y, relations).serial_test()["p"])


# --- what may not change --------------------------------------------------------------------------------------


def test_names_and_order_of_members_change_nothing():
    y, relations = panel(np.random.default_rng(10), 30)
    x = pd.Series(np.random.default_rng(0).normal(size=30))
    names = pd.Index([f"m{k}" for k in range(30)])
    frames = [pd.DataFrame(w, index=names, columns=names).sample(frac=1, random_state=1) for w in relations[0]]
    turned = y.set_axis(names).sample(frac=1, random_state=2)
    for members in ("none", "difference"):
        plain = TemporalAutocorrelation(y, relations[0], {"x": x}).fit(members)
        mixed = TemporalAutocorrelation(turned, frames, {"x": x.set_axis(names)}).fit(members)
        pd.testing.assert_series_equal(mixed.params, plain.params)
        pd.testing.assert_series_equal(mixed.bse, plain.bse)


def test_a_member_who_did_not_answer_is_no_isolate():
    y, relations = panel(np.random.default_rng(11), 30, waves=3)
    silent = [w.copy() for w in relations[0]]
    silent[0][4] = np.nan
    nobody = [w.copy() for w in relations[0]]
    nobody[0][4] = 0.0
    assert fitted(y, [silent]).nobs == fitted(y, relations).nobs - 1
    assert "isolate" in fitted(y, [nobody]).params.index


def test_the_grid_holds_every_combination_that_waves_carry():
    y, relations = panel(np.random.default_rng(12), 50)
    model = TemporalAutocorrelation(y, relations[0])
    grid = model.grid((1, 2), (1, 2), ("none", "difference"))
    assert len(grid) == 7  # differences with lag 2 and window 2 would take six waves
    first = grid.iloc[0]
    assert first["rho"] == pytest.approx(model.fit().params["rho"])
    assert {"lag", "window", "members", "low", "high"} <= set(grid.columns)


# --- printing, caveats, bad input -----------------------------------------------------------------------------


def test_results_speak_for_themselves():
    y, relations = panel(np.random.default_rng(13), 50, rho=(0.3, 0.1))
    for members in ("none", "within", "difference", "long difference"):
        res = fitted(y, relations, members)
        assert res.claim in CLAIMS and res.caveats
        assert "rho[r1]" in res.summary() and res.summary() == repr(res)
    assert "first-stage F" in res.summary()
    assert (
        any("weak instruments" in c for c in fitted(y, relations, "difference").caveats)
        or (res.first_stage >= 10).all()
    )
    assert [t.get_text() for t in res.plot().get_yticklabels()][:2] == ["own past", "rho[r0]"]
    assert "2 relations" in repr(TemporalAutocorrelation(y, {"a": relations[0], "b": relations[1]}))
    assert any("fewer than 40" in c for c in fitted(*panel(np.random.default_rng(1), 20)).caveats)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lag": 0}, "lag is 0"),
        ({"lag": 3, "window": 3}, "take 6 or more"),
        ({"y": "infinite"}, "y is infinite"),
        ({"ties": "one"}, "one matrix a wave"),
        ({"ties": "few"}, "has 2 matrices for 5 waves"),
        ({"ties": "everybody"}, "the design is singular"),
        ({"X": {"x": pd.Series([1.0, 2.0])}}, "covariate 'x' has no row for"),
        ({"X": {"x": np.ones(3)}}, "covariate 'x' has shape"),
        ({"X": {"x": np.ones(20)}}, "the design is singular: x"),
        ({"X": {"x": pd.Series(["a"] * 20)}}, "covariate 'x' is not numeric"),
        ({"X": {"y": np.ones(20)}}, "may not be called y"),
        ({"y": "constant"}, "there is nothing to explain"),
        ({"y": "gone"}, "cannot carry"),
        ({"members": "fixed"}, "no treatment of members 'fixed'"),
        ({"lag": 2, "window": 2, "members": "difference"}, "take 6 or more"),
    ],
)
def test_bad_input_is_met_with_a_sentence(change, message):
    y, relations = panel(np.random.default_rng(14), 20)
    ties = {
        "one": relations[0][0],
        "few": relations[0][:2],
        # exposure is then the mean of all, less a share of one's own past
        "everybody": [np.full((20, 20), 1 / 19) * (1 - np.eye(20))] * 5,
    }.get(change.get("ties", ""), relations[0])
    if change.get("y") == "infinite":
        y.iloc[0, 0] = np.inf
    y = {"constant": y * 0 + 1, "gone": y[:2].reindex(y.index)}.get(change.get("y", ""), y)
    settings = {k: v for k, v in change.items() if k in ("lag", "window", "X")}
    with pytest.raises(ValueError, match=message):
        TemporalAutocorrelation(y, ties, **settings).fit(change.get("members", "none"))


@pytest.mark.parametrize("members", ["none", "within", "difference", "long difference"])
@pytest.mark.parametrize("size", [1e-9, 1e9])
def test_units_of_answers_and_covariates_decide_nothing(members, size):
    rng = np.random.default_rng(4)
    y, relations = panel(rng)
    x = pd.DataFrame(rng.normal(size=y.shape), columns=y.columns)
    plain = fitted(y, relations, members, X={"x": x})
    for other in (fitted(y * size, relations, members, X={"x": x}), fitted(y, relations, members, X={"x": x * size})):
        assert other.tvalues.to_numpy() == pytest.approx(plain.tvalues.to_numpy(), rel=1e-6)
        assert other.overidentification() == pytest.approx(plain.overidentification(), rel=1e-6, nan_ok=True)


def test_answers_far_from_0_keep_their_digits():
    y, relations = panel(np.random.default_rng(4))
    plain, far = fitted(y, relations), fitted(y + 1e6, relations)
    assert (far.params - plain.params)[["own past", "rho"]].abs().max() < 1e-6

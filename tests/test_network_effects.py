"""Network autocorrelation: other programs' values, the likelihood written out, and what may not change."""

import os
from pathlib import Path

import naive_influence as naive
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from coplearn.autocorrelation import Problem
from coplearn.network_effects import NetworkEffects
from coplearn.results import CLAIMS, ConvergenceWarning, Estimates
from coplearn.weights import LogDeterminant, TraceLogDeterminant, admissible, row_normalize

COLEMAN = Path(os.environ.get("COPLEARN_DATA", "/nowhere")) / "influence_coleman"
needs_coleman = pytest.mark.skipif(
    not COLEMAN.exists(), reason="other people's data: set COPLEARN_DATA to a folder that holds influence_coleman"
)
# sna 2.7-1 and spatialreg 1.2-6 on R 4.2.2; ten digits printed, six for log-likelihoods.
REFERENCE = pd.read_csv(Path(__file__).parent / "data" / "coleman_reference.csv").set_index("model")
RING = (np.roll(np.eye(8), 1, axis=1) + np.roll(np.eye(8), -1, axis=1)) / 2
RING_Y = np.array([2.1, 3.9, 2.2, 6.8, 4.0, 9.1, 6.2, 10.3])
RING_X = pd.DataFrame({"x": [1.0, 2, 0, 3, 1, 4, 2, 5]})


def coleman():
    attributes = pd.read_csv(COLEMAN / "attributes.csv")
    g1, g2 = (pd.read_csv(COLEMAN / f"{g}.csv", header=None).to_numpy() for g in ("g1", "g2"))
    return attributes["y"], attributes[["x1", "x2"]], row_normalize(g1), row_normalize(g2)


def network(rng, n, ties=4):
    g = (rng.random((n, n)) < ties / n).astype(float)
    np.fill_diagonal(g, 0)
    return g


def drawn(rng, n, rho=0.4, lam=0.0):
    """y, X, W and M with planted effects."""
    w, m = row_normalize(network(rng, n)), row_normalize(network(rng, n))
    x = pd.DataFrame({"x": rng.normal(size=n)})
    e = np.linalg.solve(np.eye(n) - lam * m, rng.normal(size=n))
    return np.linalg.solve(np.eye(n) - rho * w, 1 + x["x"].to_numpy() + e), x, w, m


# --- other programs ---------------------------------------------------------------------------------------


def test_golden_values_of_a_ring_of_eight():
    res = NetworkEffects(RING_Y, RING_X, effects=[RING]).fit()
    assert res.params.to_dict() == pytest.approx({"intercept": 0.240219, "x": 1.871648, "rho": 0.201538}, abs=1e-6)
    assert (res.sigma2, res.llf) == pytest.approx((0.439490, -8.145451), abs=1e-6)  # six digits printed
    assert res.admissible.loc["rho"].tolist() == pytest.approx([-1, 1])


@needs_coleman
@pytest.mark.published
@pytest.mark.parametrize("determinant", ["dense", "sparse"])
@pytest.mark.parametrize(
    ("model", "effects", "disturbances", "information"),
    [
        ("lnam_none", "", "", "observed"),
        ("lnam_ar_W1", "1", "", "observed"),
        ("lnam_ma_W2", "", "2", "observed"),
        ("lnam_ar_W1_ma_W2", "1", "2", "observed"),
        ("lnam_ar_W1_W2", "12", "", "observed"),
        ("lagsarlm_W1", "1", "", "expected"),
        ("errorsarlm_W2", "", "2", "expected"),
        ("sacsarlm_W1_W2", "1", "2", "expected"),
        ("lagsarlm_durbin_W1", "1", "", "observed"),
    ],
)
def test_estimates_are_those_of_sna_and_spatialreg(model, effects, disturbances, information, determinant):
    y, x, w1, w2 = coleman()
    weights = {"1": w1, "2": w2}
    if "durbin" in model:
        x = x.assign(**{f"lag {c}": w1 @ x[c] for c in x})
    res = NetworkEffects(y, x, [weights[k] for k in effects], [weights[k] for k in disturbances]).fit(
        determinant, information
    )
    rows = REFERENCE.loc[[model]]
    n = len(res.params)
    assert res.converged
    assert res.params.to_numpy() == pytest.approx(rows["estimate"].to_numpy()[:n], rel=1e-5)
    assert res.llf == pytest.approx(rows["loglik"].iloc[0], abs=1e-6)
    if "durbin" not in model:  # spatialreg takes standard errors of this one from a numerical Hessian
        assert res.bse.to_numpy() == pytest.approx(rows["se"].to_numpy()[:n], rel=1e-4)
    scale = rows["estimate"].iloc[n]
    assert res.sigma2 == pytest.approx(scale**2 if model.startswith("lnam") else scale, rel=1e-5)
    if model.startswith("lnam"):
        # sna prints the variance of sigma where its standard error should be
        assert res.sigma2_se == pytest.approx(2 * np.sqrt(res.sigma2 * rows["se"].iloc[n]), rel=1e-4)


# --- the formulas written out -------------------------------------------------------------------------------


@pytest.mark.parametrize(("n_effects", "n_disturbances"), [(1, 0), (0, 1), (1, 1), (2, 0), (0, 2), (2, 1)])
def test_no_place_near_the_estimate_has_a_higher_likelihood_and_curvature_gives_the_errors(n_effects, n_disturbances):
    rng = np.random.default_rng(5)
    y, x, w, m = drawn(rng, 60, 0.3, 0.3)
    third = row_normalize(network(rng, 60))
    effects, disturbances = [w, third][:n_effects], [m, row_normalize(network(rng, 60))][:n_disturbances]
    res = NetworkEffects(y, x, effects, disturbances).fit()
    design = np.column_stack([np.ones(60), x])

    def llf(v):
        rho, lam = v[2 : 2 + n_effects], v[2 + n_effects : -1]
        return naive.autocorrelation_llf(y, design, effects, disturbances, v[:2], rho, lam, v[-1])

    best = np.append(res.params.to_numpy(), res.sigma2)
    assert llf(best) == pytest.approx(res.llf, abs=1e-9)
    for _ in range(50):
        assert llf(best + rng.normal(scale=0.02, size=len(best))) < res.llf
    covariance = np.linalg.inv(-naive.numeric_hessian(llf, best))
    assert res.bse.to_numpy() == pytest.approx(np.sqrt(np.diag(covariance))[:-1], rel=1e-4)  # differences of step 1e-4
    assert res.sigma2_se == pytest.approx(np.sqrt(covariance[-1, -1]), rel=1e-4)


def test_impacts_are_means_of_the_inverse_and_their_errors_follow_from_it():
    y, x, w, m = drawn(np.random.default_rng(2), 40)
    for determinant in ("dense", "sparse"):
        res = NetworkEffects(y, x, {"advice": w, "friends": m}).fit(determinant)
        rho = res.params[["rho[advice]", "rho[friends]"]].to_numpy()
        got = res.impacts().loc["x"]
        expected = naive.impacts(res.params["x"], rho, [w, m])
        assert got[["direct", "indirect", "total"]].to_numpy() == pytest.approx(expected, rel=1e-6)
        chosen = ["x", "rho[advice]", "rho[friends]"]
        at, cov, h = res.params[chosen].to_numpy(), res.cov_params().loc[chosen, chosen].to_numpy(), 1e-5
        slope = [
            np.subtract(
                naive.impacts(*_split(at + h * unit), [w, m]), naive.impacts(*_split(at - h * unit), [w, m])
            ) / (2 * h)
            for unit in np.eye(3)
        ]  # fmt: skip
        errors = np.sqrt(np.diag(np.array(slope).T @ cov @ np.array(slope)))
        assert got[["direct_se", "indirect_se", "total_se"]].to_numpy() == pytest.approx(errors, rel=1e-4)


def _split(values):
    return values[0], values[1:]


def test_expected_information_is_the_mean_of_the_observed():
    y, x, w, m = drawn(np.random.default_rng(8), 40, 0.3, 0.3)
    res = NetworkEffects(y, x, w, m).fit()
    problem, theta = res.problem, res.params.to_numpy()[2:]
    truth = np.append(res.params.to_numpy(), res.sigma2)
    design = np.column_stack([np.ones(40), x])

    def observed(draw):
        def llf(v):
            return naive.autocorrelation_llf(draw, design, [w], [m], v[:2], v[2:3], v[3:4], v[-1])

        return -naive.numeric_hessian(llf, truth, 1e-3)

    mean = np.mean([observed(draw) for draw in res.simulate(300, seed=1)], axis=0)
    scale = np.sqrt(np.diag(mean))
    # entries of a correlation-like matrix; four Monte Carlo standard errors of 300 draws are about 0.1
    assert mean / np.outer(scale, scale) == pytest.approx(problem.expected(theta) / np.outer(scale, scale), abs=0.1)


# --- what may not change ------------------------------------------------------------------------------------


def test_without_matrices_it_is_ordinary_regression():
    y, x, w, _ = drawn(np.random.default_rng(1), 50)
    res = NetworkEffects(y, x).fit()
    design = np.column_stack([np.ones(50), x])
    beta, square, *_ = np.linalg.lstsq(design, y, rcond=None)
    assert res.params.to_numpy() == pytest.approx(beta)
    assert res.bse.to_numpy() == pytest.approx(np.sqrt(square / 50 * np.diag(np.linalg.inv(design.T @ design))))
    # with a matrix, the likelihood at rho = 0 is that of ordinary regression
    with_network = NetworkEffects(y, x, w).fit()
    assert with_network.problem.profile(np.zeros(1))[0] == pytest.approx(res.llf, abs=1e-10)
    assert with_network.lr_test()["statistic"] == pytest.approx(2 * (with_network.llf - res.llf))
    assert np.isnan(res.lr_test()["p"])


def test_names_and_order_of_members_change_nothing():
    rng = np.random.default_rng(3)
    y, x, w, m = drawn(rng, 30, 0.3, 0.2)
    names = pd.Index([f"m{k}" for k in range(30)])
    frames = [pd.DataFrame(a, index=names, columns=names) for a in (w, m)]
    series, covariates = pd.Series(y, index=names), x.set_axis(names)
    plain = NetworkEffects(y, x, w, m).fit()
    mixed = NetworkEffects(
        series.sample(frac=1, random_state=1),
        covariates.sample(frac=1, random_state=2),
        frames[0].sample(frac=1, random_state=3).sample(frac=1, axis=1, random_state=4),
        frames[1],
    ).fit()
    pd.testing.assert_series_equal(mixed.params, plain.params, rtol=1e-7)
    pd.testing.assert_series_equal(mixed.bse, plain.bse, rtol=1e-6)
    assert mixed.llf == pytest.approx(plain.llf, abs=1e-9)


def test_numbers_as_names_are_names_and_a_plain_count_is_not():
    y, x, w, _ = drawn(np.random.default_rng(3), 30)
    plain = NetworkEffects(y, x, w).fit().params
    shuffled = pd.Series(y).sample(frac=1, random_state=1)  # its index: the numbers 0 to 29, out of order
    frame = pd.DataFrame(w)
    pd.testing.assert_series_equal(NetworkEffects(shuffled, x, frame).fit().params, plain, rtol=1e-7)
    turned = frame.sample(frac=1, random_state=2)
    pd.testing.assert_series_equal(
        NetworkEffects(pd.Series(y), x.sample(frac=1, random_state=3), turned).fit().params, plain, rtol=1e-7
    )
    named = pd.Series(y, index=[f"m{k}" for k in range(30)])
    pd.testing.assert_series_equal(NetworkEffects(named, x, frame).fit().params, plain, rtol=1e-7)
    pd.testing.assert_series_equal(NetworkEffects(y, x.set_axis(named.index), w).fit().params, plain, rtol=1e-7)


def test_dense_and_sparse_log_determinants_agree():
    rng = np.random.default_rng(4)
    matrices = [sparse.csr_array(row_normalize(network(rng, 80))) for _ in range(2)]
    for k in (1, 2):
        dense, thin = LogDeterminant(matrices[:k], True), LogDeterminant(matrices[:k], False)
        for rho in (np.array([0.5, 0.3])[:k], np.array([-0.6, 0.2])[:k], np.array([0.97, -0.5])[:k]):
            assert thin.value(rho) == pytest.approx(dense.value(rho), abs=1e-10)
            for fast, exact in zip(thin.derivatives(rho, fine=True), dense.derivatives(rho), strict=True):
                assert fast == pytest.approx(exact, rel=1e-5, abs=1e-4)  # differences


@pytest.mark.parametrize("kind", ["random", "isolates", "counts", "two sides", "one way"])
def test_traces_give_the_log_determinant_within_their_own_error(kind):
    rng = np.random.default_rng(6)
    g = network(rng, 300, 3)
    if kind == "isolates":
        g[:20] = 0
    if kind == "two sides":  # eigenvalues 1 and -1
        g[:150, :150] = g[150:, 150:] = 0
    if kind == "one way":  # nobody hears back: the determinant is 1
        g = np.triu(g)
    w = sparse.csr_array(g if kind == "counts" else row_normalize(g))
    exact, traces = LogDeterminant([w], True), TraceLogDeterminant(w)
    top = min(traces.intervals[0][1], 1.0)
    for share in (-0.6, 0.2, 0.5, 0.8):
        rho = np.array([share * top])
        (slope, _), (true_slope, true_curve) = traces.derivatives(rho), exact.derivatives(rho)
        bound = 6 * traces.error(float(rho[0])) + 1e-6 * abs(true_slope[0]) + 1e-8
        assert abs(slope[0] - true_slope[0]) < bound
        assert traces.value(rho) == pytest.approx(exact.value(rho), abs=bound * top + 1e-8)
        assert traces.derivatives(rho)[1][0, 0] == pytest.approx(true_curve[0, 0], rel=0.02, abs=1e-6)
    assert traces.value(np.array([1.01 * traces.intervals[0][1]])) == -np.inf or kind == "one way"


def test_estimates_from_traces_are_those_of_eigenvalues_and_say_that_they_are_approximate():
    y, x, w, m = drawn(np.random.default_rng(7), 300, 0.4, 0.3)
    exact, traces = (NetworkEffects(y, x, w, m).fit(d) for d in ("dense", "traces"))
    assert traces.params.to_numpy() == pytest.approx(exact.params.to_numpy(), abs=1e-4)  # errors of traces are 1e-5
    assert traces.bse.to_numpy() == pytest.approx(exact.bse.to_numpy(), rel=1e-3)
    assert sum("log-determinant is approximate" in c for c in traces.caveats) == 2
    alone = NetworkEffects(y, x, None, m).fit("traces")
    assert any(c.startswith("lambda: the log-determinant") for c in alone.caveats)
    with pytest.raises(ValueError, match="traces are for one matrix"):
        NetworkEffects(y, x, [w, m]).fit("traces")


def test_a_negative_determinant_is_out_of_bounds():
    g = sparse.csr_array(RING)
    for dense in (True, False):
        both = LogDeterminant([g, sparse.csr_array(np.roll(np.eye(8), 1, axis=1))], dense)
        assert both.value(np.array([1.2, 0.3])) == -np.inf
        assert both.inside(np.array([0.4, 0.3])) and not both.inside(np.array([1.0, 1.3]))


def test_admissible_interval_follows_real_eigenvalues_only():
    cycle = sparse.csr_array(np.roll(np.eye(5), 1, axis=1))  # eigenvalues: the fifth roots of one
    assert admissible(cycle, np.linalg.eigvals(cycle.toarray())) == pytest.approx((-np.inf, 1))
    line = sparse.csr_array(np.diag(np.ones(4), 1))  # nobody hears back: no bound at all
    assert admissible(line, np.linalg.eigvals(line.toarray())) == (-np.inf, np.inf)
    low, high = admissible(sparse.csr_array(RING))
    assert (low, high) == pytest.approx((-1, 1))


def test_an_intercept_is_added_unless_there_is_one():
    y, x, w, _ = drawn(np.random.default_rng(6), 30)
    own = NetworkEffects(y, x.assign(one=2.0), w).fit()
    added = NetworkEffects(y, x, w).fit()
    assert list(added.params.index) == ["intercept", "x", "rho"]
    assert list(own.params.index) == ["x", "one", "rho"]
    assert 2 * own.params["one"] == pytest.approx(added.params["intercept"])
    assert list(NetworkEffects(y, None, w).fit().params.index) == ["intercept", "rho"]
    assert list(NetworkEffects(y, x.to_numpy(), {"a": w}).fit().params.index) == ["intercept", "x1", "rho[a]"]


# --- recovery, bias, size -----------------------------------------------------------------------------------


@pytest.mark.recovery
def test_planted_effects_are_found_in_intervals_as_often_as_promised():
    rng = np.random.default_rng(11)
    truth = np.array([1, 1, 0.3, 0.3])
    covered = []
    for _ in range(100):
        y, x, w, m = drawn(rng, 120, 0.3, 0.3)
        bounds = NetworkEffects(y, x, w, m).fit().conf_int()
        covered.append((bounds["low"].to_numpy() <= truth) & (truth <= bounds["high"].to_numpy()))
    # three binomial standard errors of 100 draws at .95 are .065; a little more for n = 120
    assert (np.mean(covered, axis=0) > 0.87).all()


def test_bias_is_negative_where_everybody_listens_to_everybody():
    rng = np.random.default_rng(7)
    w = row_normalize(network(rng, 30, ties=18))
    y = np.linalg.solve(np.eye(30) - 0.5 * w, rng.normal(size=30))
    res = NetworkEffects(y, None, w).fit()
    bias = res.bias(100, seed=1)
    assert bias.loc["rho", "bias"] < -3 * bias.loc["rho", "bias_se"]
    assert bias["corrected"].to_numpy() == pytest.approx((bias["estimate"] - bias["bias"]).to_numpy())
    assert any("dense networks" in c and "bias()" in c for c in res.caveats)
    pd.testing.assert_frame_equal(bias, res.bias(100, seed=1))


def test_ten_thousand_members_who_know_their_neighbours():
    rng = np.random.default_rng(9)
    n = 10_000
    group = np.repeat(np.arange(n), 5)
    other = group // 50 * 50 + rng.integers(0, 50, 5 * n)
    g = sparse.csr_array((np.ones(5 * n), (group, other)), shape=(n, n))
    g.setdiag(0)
    w = row_normalize(g)
    x = pd.DataFrame({"x": rng.normal(size=n)})
    y = sparse.linalg.spsolve(sparse.csc_array(sparse.eye_array(n) - 0.4 * w), x["x"] + rng.normal(size=n))
    res = NetworkEffects(y, x, w).fit()
    assert res.converged
    assert abs(res.params["rho"] - 0.4) < 4 * res.bse["rho"] < 0.06


# --- printing, caveats, bad input ---------------------------------------------------------------------------


def test_results_speak_for_themselves():
    y, x, w, m = drawn(np.random.default_rng(10), 40)
    res = NetworkEffects(y, x, {"advice": w}, {"friends": m}).fit()
    assert res.claim in CLAIMS and res.claim == "adjusted association"
    text = res.summary()
    assert "rho[advice]" in text and "lambda[friends]" in text and "bias" in text and text == res.summary()
    assert res.table().columns.tolist() == ["estimate", "s.e.", "z", "p", "low", "high"]
    assert res.aic == pytest.approx(2 * 5 - 2 * res.llf) and res.bic == pytest.approx(np.log(40) * 5 - 2 * res.llf)
    assert isinstance(res.llf, float) and isinstance(res.sigma2, float) and isinstance(res.aic, float)
    assert (res.conf_int(0.5)["high"] < res.conf_int()["high"]).all()
    assert "40 members" in repr(res) and "1 effects" in repr(res.model)
    ax = res.plot()
    assert [t.get_text() for t in ax.get_yticklabels()] == ["x", "rho[advice]", "lambda[friends]"]
    assert any("chosen each other" in c for c in res.caveats)


def test_a_search_that_does_not_settle_says_so(monkeypatch):
    y, x, w, _ = drawn(np.random.default_rng(10), 40)
    climb = Problem.climb
    monkeypatch.setattr(Problem, "climb", lambda problem, theta: climb(problem, theta, most=1))
    with pytest.warns(ConvergenceWarning, match="did not settle"):
        res = NetworkEffects(y, x, w).fit()
    assert not res.converged and "did not settle" in res.caveats[0]


def test_isolates_boundary_and_shared_matrices_are_said():
    y, x, w, _ = drawn(np.random.default_rng(12), 30)
    w = w.copy()
    w[[3, 7]] = 0
    caveats = NetworkEffects(y, x, w, w).fit().caveats
    assert any("2 isolates" in c and "3, 7" in c for c in caveats)
    assert any("one matrix" in c for c in caveats)
    block = np.kron(np.eye(10), np.ones((3, 3)) - np.eye(3)) / 2
    level = np.repeat(np.arange(10.0), 3) + np.tile([0.001, 0.0, -0.0012], 10)
    assert any("boundary" in c for c in NetworkEffects(level, None, block).fit().caveats)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": [np.nan, *RING_Y[1:]]}, "y is missing or infinite for 1 member"),
        ({"y": np.ones(8)}, "y is 1 for every member"),
        ({"y": RING_Y[:5]}, "X has 8 rows, y 5 values"),
        ({"y": 2 * RING_X["x"] + 1}, "exactly a combination"),
        ({"X": RING_X.assign(z=np.nan)}, "X is missing or infinite in 8 places, first in column 'z'"),
        ({"X": RING_X.assign(double=2 * RING_X["x"])}, "column 'double' is a combination of x"),
        ({"X": RING_X.assign(none=0.0)}, "column 'none' is 0 for everybody"),
        ({"X": RING_X.rename(columns={"x": "intercept"})}, "Rename it"),
        ({"X": RING_X.assign(role="novice")}, "role is not numeric"),
        ({"X": pd.DataFrame(np.eye(8)[:, :6])}, "cannot carry"),
        ({"effects": [RING[:, :5]]}, "not square"),
        ({"effects": [np.eye(3)]}, "of 3 members, y of 8"),
        ({"effects": [np.eye(8)]}, "tie of a member to itself"),
        ({"effects": [-RING]}, "is negative"),
        ({"effects": [np.where(RING > 0, np.nan, 0)]}, "is missing or infinite"),
        ({"effects": [np.zeros((8, 8))]}, "no ties"),
        ({"effects": [1 - np.eye(8)]}, "of X and of effects times y, as where everybody is tied to everybody alike"),
        ({"disturbances": {"all": 1 - np.eye(8)}}, r"of disturbances\[all\] times y, as where everybody"),
        ({"effects": [RING, 2 * RING]}, "one matrix up to a factor"),
    ],
)
def test_bad_input_is_met_with_a_sentence(change, message):
    given = {"y": RING_Y, "X": RING_X, "effects": [RING]} | change
    with pytest.raises(ValueError, match=message):
        NetworkEffects(**given)


def test_other_members_and_unknown_settings_are_named():
    names = list("abcdefgh")
    w = pd.DataFrame(RING, index=names, columns=names)
    y = pd.Series(RING_Y, index=names)
    with pytest.raises(ValueError, match="has no row for h"):
        NetworkEffects(y, None, w.iloc[:7, :7])
    with pytest.raises(ValueError, match="X lacks h"):
        NetworkEffects(y, RING_X.set_axis([*names[:7], "z"]), w)
    with pytest.raises(ValueError, match="no determinant 'dens'"):
        NetworkEffects(y, None, w).fit("dens")
    with pytest.raises(ValueError, match="a claim is one of"):
        Estimates(pd.Series(dtype=float), pd.DataFrame(), 0, "proof", ())


@pytest.mark.parametrize("determinant", ["dense", "sparse"])
@pytest.mark.parametrize("size", [1e-6, 1e6])
def test_the_size_of_weights_decides_nothing(determinant, size):
    rng = np.random.default_rng(8)
    w = [row_normalize(network(rng, 60, 3)) for _ in range(2)]
    x = rng.normal(size=60)
    y = np.linalg.solve(np.eye(60) - 0.4 * w[0], 1 + x + rng.normal(size=60))
    for matrices in (w[:1], w):
        plain, other = (NetworkEffects(y, x, [k * m for m in matrices]).fit(determinant) for k in (1.0, size))
        assert other.converged
        assert other.tvalues.to_numpy() == pytest.approx(plain.tvalues.to_numpy(), rel=1e-3)  # sparse: by differences

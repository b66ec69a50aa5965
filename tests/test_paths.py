"""Path models by maximum likelihood: against other programs, against the density written out, and recovery.

The semopy figures were made with semopy 2.3.11 (objective MLW) on the rows that ``panel(7)`` draws.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import multivariate_normal
from statsmodels.multivariate.factor import Factor

from coplearn.invariance import measurement_invariance
from coplearn.lagged_panels import _diagram, _wide, cross_lagged
from coplearn.paths import Paths, fit_indices, fit_paths, unrestricted
from coplearn.scales import item_answers
from coplearn.synthetic import leadership_panel

K = 4.0  # standard errors within which a planted value is found; fixed with the seeds


def panel(seed, n=300, waves=3, unknown=0.0):
    """x and y of members who differ for good (covariance .21) and move: y follows x by .25, x follows y by .1."""
    rng = np.random.default_rng(seed)
    lasting = rng.normal(size=(n, 2)) @ np.array([[0.7, 0.0], [0.3, 0.6]])
    now, rows = rng.normal(size=(n, 2)), []
    for wave in range(1, waves + 1):
        if wave > 1:
            now = now @ np.array([[0.4, 0.25], [0.1, 0.3]]) + 0.8 * rng.normal(size=(n, 2))
        v = lasting + now + [wave, 3]
        rows.append(pd.DataFrame({"member": np.arange(n), "wave": wave, "x": v[:, 0], "y": v[:, 1]}))
    frame = pd.concat(rows, ignore_index=True)
    if unknown:
        frame.loc[rng.random(len(frame)) < unknown, ["x", "y"]] = np.nan
    return frame


SEMOPY = {
    "x <- x before, wave 2": (0.2067, 0.1288),
    "x <- y before, wave 2": (0.1309, 0.0851),
    "y <- x before, wave 2": (0.3507, 0.0980),
    "y <- y before, wave 2": (0.2493, 0.0914),
    "x <- x before, wave 3": (0.3958, 0.1023),
    "x <- y before, wave 3": (0.1111, 0.0781),
    "y <- x before, wave 3": (0.3336, 0.0969),
    "y <- y before, wave 3": (0.2406, 0.1000),
    "variance x: lasting": (0.5711, 0.1271),
    "covariance x, y: lasting": (0.1623, 0.0989),
    "variance y: lasting": (0.3780, 0.1252),
}


@pytest.mark.published
def test_the_random_intercept_panel_agrees_with_semopy():
    """Estimates to 1e-3, where its SLSQP search stops. Its errors use expected information: 8 % off at most here."""
    result = cross_lagged(panel(7), "x", "y", constant=False)
    for name, (value, error) in SEMOPY.items():
        assert result.params[name] == pytest.approx(value, abs=1e-3)
        assert result.bse[name] == pytest.approx(error, rel=0.08)
    assert result.fit["chi2"] == pytest.approx(0.013 * 300, abs=0.0005 * 300)  # three digits printed
    assert result.fit["df"] == 1


def test_one_factor_agrees_with_statsmodels():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(400, 1)) @ [[0.8, 0.7, 0.6, 0.5]] + 0.6 * rng.normal(size=(400, 4))
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    names = list("abcd")
    paths, start = Paths(names, ["f"]), {}
    paths.covary("f", "f", 1.0)
    for n in names:
        paths.path("f", n, f"loading {n}")
        paths.mean(n, f"mean {n}")
        paths.covary(n, n, f"unique {n}")
        start |= {f"loading {n}": 0.5, f"mean {n}": 0.0, f"unique {n}": 0.5}
    fit = fit_paths([(paths, z)], start)
    other = np.abs(Factor(z, n_factor=1, method="ml").fit().loadings[:, 0])
    assert np.array([fit.values[f"loading {n}"] for n in names]) == pytest.approx(other, abs=1e-4)  # its optimizer


@given(st.integers(0, 1000))
@settings(max_examples=8, deadline=None)
def test_the_likelihood_is_that_of_the_density_row_by_row(seed):
    """With holes: each row by the density of what it has; gradient and information by differences."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(40, 3)) @ rng.normal(size=(3, 3)) + rng.normal(size=3)
    rows[rng.random(rows.shape) < 0.2] = np.nan
    fit = unrestricted(list("abc"), rows)
    mean = np.array([fit.values[f"mean {n}"] for n in "abc"])
    cov = np.zeros((3, 3))
    for i, one in enumerate("abc"):
        for j, other in enumerate("abc"[: i + 1]):
            cov[i, j] = cov[j, i] = fit.values[f"{one} with {other}"]
    total = sum(
        multivariate_normal.logpdf(row[k], mean[k], cov[np.ix_(k, k)]) for row in rows if (k := ~np.isnan(row)).any()
    )
    assert fit.llf == pytest.approx(total, abs=1e-8)
    gradient, _ = fit.likelihood.score(fit.params + 0.01)
    for k in range(len(gradient)):
        up, down = (fit.params + 0.01 + d * (np.arange(len(gradient)) == k) for d in (1e-6, -1e-6))
        slope = (fit.likelihood.value(up) - fit.likelihood.value(down)) / 2e-6
        assert gradient[k] == pytest.approx(slope, abs=1e-4 * max(1, abs(slope)))  # differences of 1e-6


def test_no_place_is_better():
    """A general optimizer started at the estimates of a panel with holes finds nothing higher."""
    frame = panel(3, n=80, unknown=0.2)
    result = cross_lagged(frame, "x", "y")
    assert result.converged
    values, _ = _wide(frame, ("x", "y"), "member", "wave")
    known = values[~np.isnan(values).all(axis=(1, 2))].reshape(-1, 6)
    paths, start, _ = _diagram(("x", "y"), ["1", "2", "3"], True, known)
    fit = fit_paths([(paths, known)], start)
    assert fit.llf == pytest.approx(result.llf, abs=1e-6)  # in other units
    other = minimize(
        lambda t: min(-fit.likelihood.value(t), 1e9), fit.params, method="Nelder-Mead", options={"maxiter": 3000}
    )
    assert -other.fun <= fit.llf + 1e-6


def test_complete_rows_have_closed_forms():
    rows = np.random.default_rng(1).normal(size=(50, 2))
    full, alone = (unrestricted(["a", "b"], rows, related) for related in (True, False))
    assert full.values["b with a"] == pytest.approx(np.cov(rows.T, ddof=0)[0, 1], abs=1e-8)
    r = np.corrcoef(rows.T)[0, 1]
    fit = fit_indices(alone, [full], [alone], 50)
    assert fit["chi2"] == pytest.approx(-50 * np.log(1 - r**2), abs=1e-8) and fit["df"] == 1
    assert full.covariance[0, 0] == pytest.approx(rows[:, 0].var() / 50, rel=1e-4)  # differences of the gradient


# --- the cross-lagged panel --------------------------------------------------------------------------------


@pytest.mark.recovery
def test_planted_paths_are_recovered_also_with_holes():
    for unknown in (0.0, 0.2):
        result = cross_lagged(panel(5, n=3000, waves=4, unknown=unknown), "x", "y")
        truth = {"x <- x before": 0.4, "x <- y before": 0.1, "y <- x before": 0.25, "y <- y before": 0.3}
        truth |= {"variance x: lasting": 0.49 + 0.09, "covariance x, y: lasting": 0.18, "variance y: lasting": 0.36}
        for name, value in truth.items():
            assert abs(result.params[name] - value) < K * result.bse[name], name
        assert result.fit["p"] > 0.001 and result.fit["cfi"] > 0.99


def test_units_and_the_order_of_members_change_nothing():
    frame = panel(6, n=100, unknown=0.1)
    first = cross_lagged(frame, "x", "y")
    scaled = frame.assign(y=100 * frame["y"]).sample(frac=1, random_state=1)
    other = cross_lagged(scaled, "x", "y")
    assert other.params["y <- x before"] == pytest.approx(100 * first.params["y <- x before"], rel=1e-5)
    assert other.params["x <- x before"] == pytest.approx(first.params["x <- x before"], abs=1e-6)
    assert other.tvalues.to_numpy() == pytest.approx(first.tvalues.to_numpy(), abs=1e-3)  # errors by differences
    known = frame["y"].notna().sum()
    assert other.llf == pytest.approx(first.llf - known * np.log(100), abs=1e-6)


def test_two_waves_allow_the_covariance_form_only_and_it_says_so():
    frame = panel(8)
    result = cross_lagged(frame[frame["wave"] < 3], "x", "y")
    assert result.form == "ancova" and "two waves" in result.caveats[0] and result.claim == "adjusted association"
    wide = frame.pivot(index="member", columns="wave", values=["x", "y"])
    wide.columns = [f"{a}{b}" for a, b in wide.columns]
    fit = smf.ols("y2 ~ x1 + y1", wide).fit()
    assert result.params["y <- x before"] == pytest.approx(fit.params["x1"], abs=1e-10)
    assert result.bse["y <- x before"] == pytest.approx(fit.bse["x1"], abs=1e-10)


def test_lasting_differences_mislead_the_two_wave_form_and_not_the_random_intercepts():
    """Nothing moves anything: x and y differ for good, together."""
    rng = np.random.default_rng(9)
    own = rng.normal(size=(800, 1)) + 0.3 * rng.normal(size=(800, 2))
    rows = [
        pd.DataFrame(own + rng.normal(size=(800, 2)), columns=["x", "y"]).assign(member=range(800), wave=w)
        for w in (1, 2, 3)
    ]
    two, three = cross_lagged(pd.concat(rows[:2]), "x", "y"), cross_lagged(pd.concat(rows), "x", "y")
    assert two.conf_int().loc["y <- x before", "low"] > 0.1
    assert abs(three.params["y <- x before"]) < K * three.bse["y <- x before"]


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda f: (f, "x", "z"), "no column 'z'"),
        (lambda f: (f, "x", "x"), "needs two variables"),
        (lambda f: (f[f["wave"] == 1], "x", "y"), "two waves or more; there is 1"),
        (lambda f: (pd.concat([f, f.head(1)]), "x", "y"), "member 0 appears twice at wave 1"),
        (lambda f: (f.assign(y=2.0), "x", "y"), "'y' at wave 1 is 2 for everybody"),
        (lambda f: (f[f["member"] < 15], "x", "y"), "15 members seen at two waves; a panel model needs 20"),
        (lambda f: (f[f["wave"] < 3].assign(y=f["x"]), "x", "y"), "go together perfectly"),
    ],
)
def test_a_panel_that_cannot_be_read_is_answered_with_a_sentence(change, words):
    with pytest.raises(ValueError, match=words):
        cross_lagged(*change(panel(1, n=60)))


def test_members_who_do_not_differ_for_good_are_told():
    rng = np.random.default_rng(5)
    rows, now = [], rng.normal(size=(150, 2))
    for w in (1, 2, 3):
        rows.append(pd.DataFrame(now, columns=["x", "y"]).assign(member=range(150), wave=w))
        now = 0.5 * now + 0.8 * rng.normal(size=(150, 2))
    told = " ".join(cross_lagged(pd.concat(rows), "x", "y").caveats)
    assert "without random intercepts would do" in told


# --- measurement invariance ---------------------------------------------------------------------------------


def cohorts(rng, n=400, items=6, bias=0.0, tilt=1.0, shift=0.5):
    """One factor in two cohorts: the second `shift` higher, its first item easier by `bias`, loading times `tilt`."""
    cohort = np.repeat(["a", "b"], n)
    second = cohort == "b"
    f = rng.normal(size=2 * n) + shift * second
    loading = np.full((2 * n, items), 0.7)
    loading[second, 0] *= tilt
    x = loading * f[:, None] + 0.7 * rng.normal(size=(2 * n, items))
    x[:, 0] += bias * second
    return pd.DataFrame(x, columns=[f"i{k}" for k in range(items)]), cohort


def test_invariance_stops_where_items_differ():
    rng = np.random.default_rng(1)
    assert measurement_invariance(*cohorts(rng)).level == "scalar"
    assert measurement_invariance(*cohorts(rng, bias=0.7)).level == "metric"
    assert measurement_invariance(*cohorts(rng, tilt=0.2, shift=0.0)).level == "configural"


def test_a_difference_in_means_is_found_in_units_of_the_first_group():
    result = measurement_invariance(*cohorts(np.random.default_rng(3), n=1500))
    mean, error = result.means.loc[("factor", "b")]
    assert abs(mean - 0.5) < K * error


@pytest.mark.recovery
def test_size_of_the_likelihood_ratios_is_right():
    """Of 100 pairs of equal cohorts, 5 % are refused at .05: at most 12 (4 standard errors)."""
    refused = np.zeros(2)
    for seed in range(100):
        steps = measurement_invariance(*cohorts(np.random.default_rng(seed), n=150, items=4)).steps
        refused += steps["p_diff"].iloc[1:].to_numpy() < 0.05
    assert (refused <= 13).all()


def test_waves_of_the_same_members_are_one_model():
    leaders = leadership_panel(seed=1, n=200, waves=2)
    forms = item_answers(leaders.responses, leaders.items, "efficacy")
    result = measurement_invariance(forms, "wave")
    assert result.repeated and result.level == "scalar"
    assert result.steps["df"].tolist() == [47, 52, 57]  # 90 moments of 12 variables; 43 parameters, then 5 fewer, twice
    apart = measurement_invariance(forms.reset_index(drop=True), forms.index.get_level_values("wave"))
    assert not apart.repeated and apart.steps["df"].tolist() == [18, 23, 28]


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda x, c: measurement_invariance(x, np.repeat("a", len(x))), "1 group; comparing needs two"),
        (
            lambda x, c: measurement_invariance(x.assign(i1=np.where(c == "b", 1.0, x["i1"])), c),
            "group b gave the same",
        ),
        (lambda x, c: measurement_invariance(x.iloc[:402], c[:402]), "group b has 2 forms for 6 items"),
        (lambda x, c: measurement_invariance(x, c, {"f": ["i1", "i2"]}), "has 2 items; three or more"),
        (lambda x, c: measurement_invariance(x, c, {"f": ["i1", "i2", "i9"]}), "no item 'i9'"),
        (lambda x, c: measurement_invariance(x, c, {"f": ["i0", "i1", "i2"], "g": ["i2", "i3", "i4"]}), "two factors"),
        (lambda x, c: measurement_invariance(x, c[:5]), "give one a form"),
        (lambda x, c: measurement_invariance(x, c, members=np.zeros(len(x))), "more than one form in group a"),
        (lambda x, c: measurement_invariance(x, "wave"), "no index level 'wave'"),
    ],
)
def test_groups_that_cannot_be_compared_are_answered_with_a_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call(*cohorts(np.random.default_rng(1)))


def test_summaries_are_stable_text_and_figures_are_drawn():
    for result in (cross_lagged(panel(1), "x", "y"), measurement_invariance(*cohorts(np.random.default_rng(2)))):
        assert result.summary() == result.summary() == repr(result) and len(result.table())
        ax = result.plot()
        assert ax.get_xlabel()
        ax.figure.clear()


def test_waves_in_text_come_in_their_order():
    frame = panel(2, n=80)
    frame["wave"] += 7
    plain = cross_lagged(frame, "x", "y", constant=False)
    text = cross_lagged(frame.assign(wave=frame["wave"].astype(str)), "x", "y", constant=False)  # 8, 9, 10
    pd.testing.assert_series_equal(text.params, plain.params)


def test_variables_and_items_that_are_one_are_refused():
    frame = panel(2, n=60)
    with pytest.raises(ValueError, match="'x' and 'y' go together perfectly at wave 1"):
        cross_lagged(frame.assign(y=2 * frame["x"] + 1), "x", "y")
    with pytest.raises(ValueError, match="'x' is infinite in 60 rows"):
        cross_lagged(frame.assign(x=frame["x"].where(frame["wave"] > 1, np.inf)), "x", "y")
    with pytest.raises(ValueError, match="60 rows without a 'member'"):
        cross_lagged(frame.assign(member=frame["member"].where(frame["wave"] > 1)), "x", "y")
    items = pd.DataFrame(np.random.default_rng(1).normal(size=(100, 3)), columns=["a", "b", "c"])
    groups = np.repeat(["old", "new"], 50)
    with pytest.raises(ValueError, match="items determine one another in group new"):
        measurement_invariance(items.assign(d=items["a"] + items["b"]), groups)
    with pytest.raises(ValueError, match="a is infinite for somebody in group old"):
        measurement_invariance(items.assign(a=np.where(np.arange(100) < 1, np.inf, items["a"])), groups)


def test_items_may_be_numbered():
    rng = np.random.default_rng(1)
    items, waves = rng.normal(size=(200, 4)) + rng.normal(size=(200, 1)), np.repeat([1, 2], 100)
    numbered = measurement_invariance(pd.DataFrame(items), waves, members=np.tile(range(100), 2))
    named = measurement_invariance(pd.DataFrame(items, columns=list("0123")), waves, members=np.tile(range(100), 2))
    pd.testing.assert_frame_equal(numbered.steps, named.steps)

"""Shuffle and edge-reversal tests: counts and slopes written out, size, power, and what breaks them."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import kstest

from coplearn.activation import edge_reversal_test, shuffle_test
from coplearn.results import CLAIMS


def spread(rng, n=120, influence=0.0, steps=25, base=0.02, groups=True, early=4):
    """Members of two groups, tied to their like, the one early and the other late; and who spreads it to whom."""
    group = rng.integers(0, 2, n) if groups else np.zeros(n, int)
    chance = np.where(group[:, None] == group, 6 / n, 1 / n)
    ties = (rng.random((n, n)) < chance) * (1 - np.eye(n))
    times = np.full(n, np.nan)
    for t in range(steps):
        active = np.isfinite(times)
        rate = np.where(group == 0, early * base, base)
        logit = np.log(rate / (1 - rate)) + influence * np.log1p(ties @ active)
        times[~active & (rng.random(n) < 1 / (1 + np.exp(-logit)))] = t
    return pd.Series(times), ties, pd.Series(group)


def long_rows(times, ties, shared=None):
    """Active alters, shared exposure, and whether it happened, for each member and moment at risk."""
    moments = sorted(set(times.dropna()))
    rows = []
    for i in range(len(times)):
        for k, t in enumerate(moments):
            if not times[i] < t:
                a = sum(1 for j in range(len(times)) if ties[i][j] and times[j] < t)
                rows.append((a, 0 if shared is None else shared.iloc[i, k], float(times[i] == t)))
    return np.array(rows)


@pytest.mark.parametrize("with_shared", [False, True])
def test_alpha_is_a_logistic_regression_over_members_and_moments(with_shared):
    rng = np.random.default_rng(1)
    times, ties, group = spread(rng, 40, 0.5)
    shared = pd.DataFrame(rng.integers(0, 2, (40, times.nunique()))) if with_shared else None
    res = shuffle_test(times, ties, group, shared=shared, permutations=1)
    for matrix, got in ((ties, res.alpha), (ties.T, res.reversed_alpha)):
        rows = long_rows(times, matrix, shared)
        x = np.column_stack([np.ones(len(rows)), np.log1p(rows[:, 0]), *([rows[:, 1]] if with_shared else [])])
        assert got == pytest.approx(sm.Logit(rows[:, 2], x).fit(disp=0).params[1], rel=1e-6)


def test_the_statistic_of_edge_reversal_is_the_difference():
    times, ties, group = spread(np.random.default_rng(2), 60, 0.5)
    res = edge_reversal_test(times, ties, group, permutations=50)
    assert res.statistic == pytest.approx(res.alpha - res.reversed_alpha)


def test_p_counts_the_observed_order_and_both_sides():
    res = shuffle_test(*spread(np.random.default_rng(3), 50), permutations=99)
    above, below = (1 + (res.permuted >= res.statistic).sum(), 1 + (res.permuted <= res.statistic).sum())
    assert res.pvalue == pytest.approx(min(1, 2 * min(above, below) / 100))
    again = shuffle_test(*spread(np.random.default_rng(3), 50), permutations=99)
    assert np.array_equal(res.permuted, again.permuted)


@pytest.mark.recovery
@pytest.mark.parametrize("test", [shuffle_test, edge_reversal_test])
def test_p_values_are_uniform_where_likeness_is_all_there_is(test):
    rng = np.random.default_rng(4)
    p = [test(*spread(rng, 80), permutations=99).pvalue for _ in range(100)]
    assert kstest(p, "uniform").pvalue > 0.001
    assert np.mean(np.array(p) <= 0.05) < 0.12  # three binomial errors of 100 draws


@pytest.mark.recovery
def test_without_strata_likeness_is_read_as_influence():
    rng = np.random.default_rng(5)
    drawn = [spread(rng, early=15) for _ in range(30)]
    p = [shuffle_test(times, ties, None, permutations=199).pvalue for times, ties, _ in drawn]
    assert np.mean(np.array(p) <= 0.05) > 0.3


@pytest.mark.recovery
def test_influence_is_found_along_ties():
    rng = np.random.default_rng(6)
    drawn = [spread(rng, 200, 1.0, base=0.01, groups=False) for _ in range(20)]
    found = np.array(
        [[t(*each, permutations=199).pvalue for t in (shuffle_test, edge_reversal_test)] for each in drawn]
    )
    assert (found <= 0.05).mean(axis=0).min() > 0.6


def test_names_and_order_of_members_change_no_statistic():
    times, ties, group = spread(np.random.default_rng(7), 40)
    names = pd.Index([f"m{k}" for k in range(40)])
    frame = pd.DataFrame(ties, index=names, columns=names).sample(frac=1, random_state=1)
    turned = times.set_axis(names).sample(frac=1, random_state=2)
    res = shuffle_test(turned, frame, group.set_axis(names), permutations=5)
    assert res.alpha == pytest.approx(shuffle_test(times, ties, group, permutations=5).alpha)


def test_dates_are_as_good_as_numbers():
    times, ties, group = spread(np.random.default_rng(9), 40)
    dated = pd.Timestamp("2020-01-01") + pd.to_timedelta(times, unit="D")
    assert dated.isna().any()
    a, b = (shuffle_test(t, ties, group, permutations=5) for t in (times, dated))
    assert (a.alpha, a.n_active) == (b.alpha, b.n_active)


def test_results_speak_for_themselves():
    times, ties, group = spread(np.random.default_rng(8), 60)
    res = shuffle_test(times, ties, group, permutations=99)
    assert res.claim in CLAIMS and res.claim == "adjusted association"
    assert "2 strata" in res.summary() and res.summary() == repr(res)
    assert "times exchanged" in res.plot().get_xlabel()
    plain = edge_reversal_test(times, ties, None, permutations=99)
    assert plain.claim == "descriptive" and any("no strata" in c for c in plain.caveats)
    assert "against it" in plain.plot().get_xlabel() or "against them" in plain.plot().get_xlabel()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"times": pd.Series([1.0, 1.0, np.nan])}, "no order to test"),
        ({"strata": pd.Series(["a", "b", "c"])}, "every stratum has a single time"),
        ({"strata": pd.Series(["a", None, "a"])}, "no stratum for 1"),
        ({"ties": np.zeros((3, 3))}, "no ties"),
        ({"permutations": 0}, "permutations is 0"),
        ({"shared": pd.DataFrame(np.zeros((3, 2)))}, "shared has 2 columns for 3 distinct times"),
        ({"shared": pd.DataFrame(np.full((3, 3), 0.5))}, "shared holds 0 and 1"),
        ({"times": pd.Series([1.0, 2.0, 2.0])}, "alpha has no finite value"),
    ],
)
def test_bad_input_is_met_with_a_sentence(change, message):
    times = change.get("times", pd.Series([1.0, 2.0, 3.0]))
    ties = change.get("ties", np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0]]))
    settings = {"permutations": 5} | {k: v for k, v in change.items() if k in ("permutations", "shared")}
    with pytest.raises(ValueError, match=message):
        shuffle_test(times, ties, change.get("strata", pd.Series(["a", "a", "a"])), **settings)


def test_ties_that_all_go_both_ways_cannot_be_turned():
    with pytest.raises(ValueError, match="every tie goes both ways"):
        edge_reversal_test(pd.Series([1.0, 2.0]), np.array([[0, 1], [1, 0]]), None)


def test_times_without_names_are_refused():
    with pytest.raises(TypeError, match="a Series of times"):
        shuffle_test(np.array([1.0, 2.0]), np.array([[0, 1], [1, 0]]), None)


def test_never_is_not_written_as_infinity():
    with pytest.raises(ValueError, match="Write NaN for members who never"):
        shuffle_test(pd.Series([1.0, 2.0, np.inf]), np.ones((3, 3)) - np.eye(3), None)

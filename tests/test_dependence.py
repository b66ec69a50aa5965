"""Moran's I and Lagrange multiplier tests: spdep's values, all permutations counted, and their size."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest
from test_network_effects import REFERENCE, coleman, drawn, needs_coleman

from coplearn.dependence import lm_tests, moran
from coplearn.weights import row_normalize


@needs_coleman
@pytest.mark.published
def test_moran_is_that_of_spdep():
    y, _, w, _ = coleman()
    rows = REFERENCE.loc["moran_W1"].set_index("term")["estimate"]
    res = moran(y, w, isolates="left out")
    got = (res.statistic, res.expectation, res.variance)
    assert got == pytest.approx((rows["I"], rows["expectation"], rows["variance"]), rel=1e-9)  # ten digits printed
    assert res.nobs == 69 and any("4 isolates" in c for c in res.caveats)


@needs_coleman
@pytest.mark.published
def test_lagrange_multiplier_statistics_are_those_of_spdep():
    y, x, w, _ = coleman()
    rows = REFERENCE.loc["lm_tests_W1"].set_index("term")["estimate"]
    got = lm_tests(y, x, w).table()["statistic"]
    assert got.to_numpy() == pytest.approx(rows[["LMerr", "LMlag", "RLMerr", "RLMlag", "SARMA"]].to_numpy(), rel=1e-8)


def test_moments_are_those_over_all_ways_to_distribute_the_values():
    w = np.array([[0, 1, 1, 0, 0], [1, 0, 0, 0, 0], [0, 0.5, 0, 0.5, 0], [0, 0, 0, 0, 0], [0, 2, 0, 1, 0]])
    y = np.array([1.0, 4.0, 2.0, 2.5, 9.0])
    every = [moran(np.array(order), w).statistic for order in permutations(y)]
    res = moran(y, w)
    assert (res.expectation, res.variance) == pytest.approx((np.mean(every), np.var(every)))


def test_lagrange_multiplier_tests_hold_their_size_and_find_effects():
    rng = np.random.default_rng(1)
    p = np.array([lm_tests(*drawn(rng, 100, rho=0.0)[:3]).table()["p"] for _ in range(200)])
    for k in range(5):
        assert kstest(p[:, k], "uniform").pvalue > 0.001
    y, x, w, _ = drawn(rng, 200, rho=0.4)
    found = lm_tests(y, x, w).table()["p"]
    assert found["effects"] < 0.001 and found["both"] < 0.001


def test_names_and_order_of_members_change_nothing():
    y, x, w, _ = drawn(np.random.default_rng(3), 30)
    names = pd.Index([f"m{k}" for k in range(30)])
    frame = pd.DataFrame(w, index=names, columns=names).sample(frac=1, random_state=1)
    series, covariates = pd.Series(y, index=names), x.set_axis(names).sample(frac=1, random_state=2)
    assert moran(series, frame).statistic == pytest.approx(moran(y, w).statistic)
    pd.testing.assert_frame_equal(lm_tests(series, covariates, frame).table(), lm_tests(y, x, w).table())


def test_results_speak_for_themselves():
    y, x, w, _ = drawn(np.random.default_rng(4), 40)
    assert moran(y, w).claim == lm_tests(y, x, w).claim == "descriptive"
    assert "expected" in moran(y, w).summary() and "claim: descriptive" in repr(lm_tests(y, x, w))
    closed = row_normalize(np.roll(np.eye(40), 1, axis=1) + np.roll(np.eye(40), -1, axis=1))
    alone = lm_tests(y, None, closed)
    assert alone.table()["statistic"].isna().sum() == 2 and any("robust" in c for c in alone.caveats)


def test_bad_input_is_met_with_a_sentence():
    y, x, w, _ = drawn(np.random.default_rng(5), 20)
    with pytest.raises(ValueError, match="y is 1 for every member"):
        moran(np.ones(20), w)
    with pytest.raises(ValueError, match="3 members are too few"):
        moran([1.0, 2, 3], np.ones((3, 3)) - np.eye(3))
    with pytest.raises(ValueError, match="no treatment of isolates 'leftout'"):
        moran(y, w, isolates="leftout")
    with pytest.raises(ValueError, match="exactly a combination"):
        lm_tests(2 * x["x"], x, w)
    with pytest.raises(ValueError, match="no ties"):
        moran(y, np.zeros((20, 20)))


def test_the_function_is_not_hidden_by_a_module_of_its_name():
    import coplearn as cl

    assert callable(cl.lm_tests) and callable(cl.moran)


@pytest.mark.parametrize("weight", [1.0, 0.2])
def test_where_everybody_is_tied_to_everybody_there_is_nothing_to_test(weight):
    with pytest.raises(ValueError, match="I comes out the same however"):
        moran([1, 2, 3, 4, 5, 7], weight * (np.ones((6, 6)) - np.eye(6)))

"""Sensitivity to what was not measured: printed values, the algebra behind them, and bad input."""

import numpy as np
import pytest

from coplearn.results import CLAIMS
from coplearn.sensitivity import bias_contour, bias_factor, e_value, robustness_value


@pytest.mark.published
@pytest.mark.parametrize(("ratio", "value"), [(1.2, 1.690), (1.5, 2.366), (2, 3.414), (3, 5.449)])
def test_e_values_are_the_golden_ones(ratio, value):
    assert e_value(ratio).point == pytest.approx(value, abs=5e-4)  # three digits printed
    assert e_value(1 / ratio).point == pytest.approx(value, abs=5e-4)


@pytest.mark.published
def test_robustness_values_are_those_of_cinelli_and_hazlett():
    # Table 1 of Cinelli & Hazlett (2020): partial R2 2.2 %, RV 13.9 %, RV at .05 7.6 %, from t 4.18 and 783 df
    got = robustness_value(0.097, 0.097 / 4.18445, 783)
    assert (got.partial_r2, got.value, got.value_alpha) == pytest.approx((0.022, 0.139, 0.076), abs=5e-4)


def test_a_trait_as_strong_as_the_e_value_just_explains_the_ratio():
    e = e_value(2.0).point  # everybody exposed has the trait, 1/e of the others: both ties are e
    assert 2.0 / bias_factor(e, 1.0, 1 / e) == pytest.approx(1.0)


def test_a_trait_as_strong_as_the_robustness_value_takes_the_coefficient_to_zero():
    rv = robustness_value(1.0, 0.2, 100).value
    # bias of omitting u (Cinelli & Hazlett, eq. 11): se * sqrt(df * R2_yu * R2_du / (1 - R2_du))
    assert 0.2 * np.sqrt(100 * rv * rv / (1 - rv)) == pytest.approx(1.0)
    assert robustness_value(1.0, 0.2, 100, q=0.5).value < rv
    assert robustness_value(0.1, 0.2, 100).value_alpha == 0.0


def test_the_interval_counts_by_the_end_that_is_nearer_to_one():
    assert e_value(2.0, 1.2, 3.0).bound == pytest.approx(e_value(1.2).point)
    assert e_value(0.5, 0.3, 0.9).bound == pytest.approx(e_value(1 / 0.9).point)
    assert e_value(2.0, 0.9, 3.0).bound == 1.0
    assert np.isnan(e_value(2.0).bound)


@pytest.mark.parametrize("ratio", [1.8, 1 / 1.8])
def test_the_contour_is_one_where_explains_says_so(ratio):
    contour = bias_contour(ratio, share=0.1)
    factor = contour.explains()
    assert np.isnan(factor.iloc[0])
    gap, gamma = factor.index[-1], factor.iloc[-1]
    bias = bias_factor(gamma, 0.1 + gap, 0.1)
    assert (ratio / bias if ratio > 1 else ratio * bias) == pytest.approx(1.0)
    table = contour.table()
    assert table.iloc[0].to_numpy() == pytest.approx(np.full(60, ratio))  # a trait that does nothing
    assert table.iloc[:, 0].to_numpy() == pytest.approx(np.full(60, ratio))  # a trait that is evenly spread
    ax = contour.plot()
    assert "share of the exposed" in ax.get_xlabel()


def test_results_speak_for_themselves():
    for res in (e_value(2), robustness_value(1, 0.2, 50), bias_contour(2)):
        assert res.claim in CLAIMS and res.caveats
    assert "of the interval 1.690" in e_value(2, 1.2, 3).summary()
    assert "trait must explain" in robustness_value(1, 0.2, 50).summary()
    assert "risk ratio of 2.000" in repr(bias_contour(2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: e_value(-1), "positive number"),
        (lambda: e_value(2, 2.5, 3), "does not hold"),
        (lambda: bias_factor(0, 0.5, 0.5), "positive number"),
        (lambda: bias_factor(2, 1.5, 0.5), "share of the exposed"),
        (lambda: bias_contour(2, share=1), "share is that of the others"),
        (lambda: robustness_value(1, 0, 50), "a standard error positive"),
        (lambda: robustness_value(float("nan"), 1, 50), "an estimate is a number"),
        (lambda: robustness_value(1, 0.1, 50, q=0), "q is positive"),
        (lambda: e_value("2"), "a risk ratio is a positive number, not '2'"),
        (lambda: e_value(2, "1", 3), "the interval is '1' to 3; give numbers"),
        (lambda: bias_factor(2, "0.5", 0.5), "exposed is '0.5'; give a number"),
        (lambda: bias_contour(2, share=None), "from 0 to below 1, not None"),
        (lambda: bias_contour(2, points=2.5), "points is 2.5; give a whole number"),
        (lambda: robustness_value("1", 1, 50), "an estimate is a number"),
        (lambda: robustness_value(1, 0.1, 50, alpha="5 %"), "alpha is one minus the level"),
    ],
)
def test_bad_input_is_met_with_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()

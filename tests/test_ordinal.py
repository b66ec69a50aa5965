"""Polychoric correlations: closed forms, the density integrated by another program, and recovery."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import multivariate_normal, norm

from coplearn.ordinal import _below, polychoric
from coplearn.reliability import omega_of_loadings


@given(st.floats(-0.99, 0.99), st.floats(-2.5, 2.5), st.floats(-2.5, 2.5))
@settings(max_examples=30, deadline=None)
def test_the_normal_integral_agrees_with_scipy(rho, h, k):
    got = _below(np.array([h]), np.array([k]), rho)[1, 1]
    assert got == pytest.approx(multivariate_normal.cdf([h, k], cov=[[1, rho], [rho, 1]]), abs=1e-6)  # its accuracy


def test_two_halves_have_a_closed_form():
    """Cut at the medians, concordant pairs have the probability 1/2 + arcsin(rho) / pi."""
    table = {(0, 0): 40, (0, 1): 10, (1, 0): 10, (1, 1): 40}
    rows = np.array([k for k, n in table.items() for _ in range(n)])
    third = np.random.default_rng(1).permutation(100) % 2
    result = polychoric(np.column_stack([rows, third]))
    assert result.correlation.iloc[0, 1] == pytest.approx(np.sin(np.pi * (0.8 - 0.5)), abs=1e-6)


def naive(x, y):
    """The table's likelihood written out, cell by cell, from scipy's distribution function."""
    cuts = [np.r_[-np.inf, norm.ppf(np.cumsum(np.bincount(v))[:-1] / len(v)), np.inf] for v in (x, y)]

    def below(a, b, rho):
        if np.isneginf(a) or np.isneginf(b):
            return 0.0
        return multivariate_normal.cdf([min(a, 9), min(b, 9)], cov=[[1, rho], [rho, 1]])

    def against(rho):
        total = 0.0
        for i, j in zip(x, y, strict=True):
            (a, c), (b, d) = cuts[0][i : i + 2], cuts[1][j : j + 2]
            total -= np.log(below(c, d, rho) - below(a, d, rho) - below(c, b, rho) + below(a, b, rho))
        return total

    return minimize_scalar(against, bounds=(-0.99, 0.99), method="bounded").x


def test_a_table_agrees_with_its_slow_twin():
    rng = np.random.default_rng(2)
    latent = rng.normal(size=(60, 1)) + 0.8 * rng.normal(size=(60, 3))
    x = np.digitize(latent, [-0.7, 0.5])
    assert polychoric(x).correlation.iloc[0, 1] == pytest.approx(naive(x[:, 0], x[:, 1]), abs=1e-4)  # its search


@pytest.mark.recovery
def test_latent_correlations_are_recovered_where_answers_correlate_less():
    loading = np.array([0.8, 0.7, 0.6, 0.75])
    rng = np.random.default_rng(3)
    f = rng.normal(size=(8000, 1))
    latent = f * loading + rng.normal(size=(8000, 4)) * np.sqrt(1 - loading**2)
    x = pd.DataFrame(np.digitize(latent, [-0.3, 0.8]), columns=list("abcd"))
    result = polychoric(x)
    truth = np.outer(loading, loading)[np.triu_indices(4, 1)]
    got = result.correlation.to_numpy()[np.triu_indices(4, 1)]
    assert np.abs(got - truth).max() < 0.06  # 4 s.e. of about .015
    assert (np.corrcoef(x.to_numpy().T)[np.triu_indices(4, 1)] < got).all()
    assert result.omega == pytest.approx(omega_of_loadings(loading), abs=0.02)
    assert result.loadings.to_numpy() == pytest.approx(loading, abs=0.05)


def test_caveats_and_sentences():
    rng = np.random.default_rng(4)
    x = np.digitize(rng.normal(size=(40, 1)) + rng.normal(size=(40, 3)), [-2.0, 0, 2.0]).astype(float)
    x[0, 0] = np.nan
    told = " ".join(polychoric(x).caveats)
    assert "expected counts below 5" in told and "1 person with an item missing" in told
    with pytest.raises(ValueError, match="has 30 different answers"):
        polychoric(np.arange(90.0).reshape(30, 3))
    with pytest.raises(ValueError, match="everybody gave the same answer"):
        polychoric(np.ones((10, 3)))
    result = polychoric(x)
    assert result.summary() == repr(result) and result.plot().get_ylabel()


def test_alpha_of_correlations_that_do_not_fit_one_another_is_none():
    rare = np.eye(100, 3)  # nobody gives two of the rare answers
    assert np.isnan(polychoric(rare).alpha)

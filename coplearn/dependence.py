r"""Is there anything for a network to explain? Moran's I, and Lagrange multiplier tests of ordinary regression.

Moran's I compares tied members with all members,

.. math:: I = \frac{n}{S_0}\frac{z'Wz}{z'z}, \qquad S_0 = \sum_{ij} w_{ij},

z being deviations from the mean. If values fall on members at random, its mean is :math:`-1/(n-1)`, and its variance
is known (Cliff & Ord 1981). The Lagrange multiplier tests start from the residuals e of a regression of y on X and ask
which form of network dependence would improve it, before any such model is fitted (Anselin, Bera, Florax & Yoon 1996):

.. math:: LM_\lambda = \frac{(e'We/s^2)^2}{T}, \qquad LM_\rho = \frac{(e'Wy/s^2)^2}{J}, \qquad
   T = \mathrm{tr}(W'W + WW), \quad J = \frac{\|M_X W X\hat\beta\|^2}{s^2} + T,

for disturbances and effects; the robust forms hold when the other kind of dependence is there, too.

References
----------
Cliff & Ord (1981), Spatial processes: models and applications, Pion.
Anselin, Bera, Florax & Yoon (1996), Regional Science and Urban Economics 26(1), 77-104,
doi:10.1016/0166-0462(95)02111-6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm

from coplearn._checks import choose, listing, plural
from coplearn.design import design, members_of, response
from coplearn.results import said
from coplearn.weights import weight_matrix

__all__ = ["LagrangeTests", "Moran", "lm_tests", "moran"]

ALIKE = "tied members may be alike because they chose each other, share circumstances, or influence one another."


@dataclass(frozen=True)
class Moran:
    """Moran's I with its moments where values fall on members at random.

    Attributes
    ----------
    statistic, expectation, variance : float
    z, pvalue : float
        Standardised, and two-sided from the normal distribution.
    nobs : int
        Members counted.
    claim : str
        "descriptive".
    caveats : tuple of str
    """

    statistic: float
    expectation: float
    variance: float
    nobs: int
    caveats: tuple[str, ...]
    claim: str = "descriptive"

    @property
    def z(self) -> float:
        return (self.statistic - self.expectation) / math.sqrt(self.variance)

    @property
    def pvalue(self) -> float:
        return float(2 * norm.sf(abs(self.z)))

    def summary(self) -> str:
        """Plain text: the statistic, its moments, the claim and the caveats."""
        line = (
            f"Moran's I {self.statistic:.4f}    {plural(self.nobs, 'member')}    expected {self.expectation:.4f}, "
            f"s.d. {math.sqrt(self.variance):.4f}, z {self.z:.2f}, p {self.pvalue:.4f}"
        )
        return said([line], self.claim, self.caveats)


@dataclass(frozen=True, eq=False)
class LagrangeTests:
    """Lagrange multiplier tests of ordinary regression against network dependence.

    Attributes
    ----------
    frame : DataFrame
        Rows disturbances, effects, their robust forms, and both; columns statistic, df, p.
    nobs : int
    claim : str
        "descriptive".
    caveats : tuple of str
    """

    frame: pd.DataFrame
    nobs: int
    caveats: tuple[str, ...]
    claim: str = "descriptive"

    def table(self) -> pd.DataFrame:
        return self.frame.copy()

    def summary(self) -> str:
        """Plain text: the tests, the claim and the caveats."""
        lines = [
            f"Lagrange multiplier tests    {plural(self.nobs, 'member')}",
            self.frame.to_string(float_format=lambda v: f"{v:.4f}"),
        ]
        return said(lines, self.claim, self.caveats)

    def __repr__(self) -> str:
        return self.summary()


def moran(y: Any, weights: Any, isolates: str = "counted") -> Moran:
    """Moran's I of a behavior or attitude.

    Parameters
    ----------
    y : Series or array of float, shape (n_members,)
    weights : DataFrame, array or scipy.sparse array, shape (n_members, n_members)
        See :func:`coplearn.weights.row_normalize`.
    isolates : {"counted", "left out"}
        Whether n counts members without ties of their own. Counted, mean and variance are exactly those over all ways
        to distribute the values. Left out, n is smaller while z and its kurtosis stay, as spdep has it by default.

    Raises
    ------
    ValueError
        For missing values, a constant y, fewer than four members, ties of everybody to everybody alike (I is the same
        then, however values fall on members), and matrices that
        :func:`coplearn.weights.weight_matrix` refuses.

    Examples
    --------
    >>> ring = np.roll(np.eye(6), 1, axis=1) / 2
    >>> round(moran([1, 2, 3, 3, 2, 1], ring + ring.T).statistic, 3)
    0.5
    """
    choose(isolates, ["counted", "left out"], "treatment of isolates")
    members = members_of(y, None, [weights])
    values = response(y, members)
    w = weight_matrix(weights, "weights", members)
    rows = np.asarray(w.sum(axis=1)).ravel()
    n = len(values) if isolates == "counted" else int((rows > 0).sum())
    if n < 4:
        raise ValueError(f"{plural(n, 'member')} are too few for Moran's I; it takes four.")
    if np.ptp(values) == 0:
        raise ValueError(f"y is {values[0]:g} for every member, so nobody is more alike than others.")
    z = values - values.mean()
    both = w + w.T
    s0, s1 = float(w.sum()), float(both.multiply(both).sum()) / 2
    s2 = float(((np.asarray(w.sum(axis=0)).ravel() + rows) ** 2).sum())
    square = float(z @ z)
    kurtosis = len(z) * float((z**4).sum()) / square**2
    spread = n * ((n**2 - 3 * n + 3) * s1 - n * s2 + 3 * s0**2)
    heavy = kurtosis * ((n**2 - n) * s1 - 2 * n * s2 + 6 * s0**2)
    mean = -1 / (n - 1)
    variance = (spread - heavy) / ((n - 1) * (n - 2) * (n - 3) * s0**2) - mean**2
    if variance <= 1e-12 * mean**2:
        raise ValueError(
            "I comes out the same however the values fall on members, as where everybody is tied to everybody alike. "
            "There is nothing to test."
            if isolates == "counted"
            else "without the isolates the variance of I is not positive. Count them."
        )
    alone = members[rows == 0]
    caveats = [ALIKE]
    if len(alone):
        caveats.append(f"{plural(len(alone), 'isolate')} ({listing(alone)}) {isolates}.")
    return Moran(n / s0 * float(z @ (w @ z)) / square, mean, variance, n, tuple(caveats))


def lm_tests(y: Any, X: Any = None, weights: Any = None) -> LagrangeTests:
    """Lagrange multiplier tests for network disturbances and network effects.

    Parameters
    ----------
    y, X
        As :class:`coplearn.network_effects.NetworkEffects` takes them.
    weights : DataFrame, array or scipy.sparse array, shape (n_members, n_members)

    Returns
    -------
    LagrangeTests
        Rows ``disturbances``, ``effects``, ``disturbances (robust)``, ``effects (robust)``, ``both``; spdep calls them
        LMerr, LMlag, RLMerr, RLMlag and SARMA. The first four have one degree of freedom, the last has two. A robust
        statistic is NaN where X cannot tell the two apart (as with an intercept alone and rows that sum to one).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> ring = np.roll(np.eye(30), 1, axis=1) / 2
    >>> y = np.linalg.solve(np.eye(30) - 0.7 * (ring + ring.T), rng.normal(size=30))
    >>> lm_tests(y, None, ring + ring.T).table().loc["disturbances"].round(3).to_dict()
    {'statistic': 11.876, 'df': 1.0, 'p': 0.001}
    """
    members = members_of(y, X, [weights])
    values, x = response(y, members), design(X, members).to_numpy()
    w = weight_matrix(weights, "weights", members)
    beta = np.linalg.lstsq(x, values, rcond=None)[0]
    e = values - x @ beta
    s2 = float(e @ e) / len(e)
    if s2 <= 1e-20 * float(values @ values):
        raise ValueError("y is exactly a combination of the columns of X, so nothing is left to the network.")
    trace = float(w.multiply(w).sum() + w.multiply(w.T).sum())
    moved = w @ (x @ beta)
    moved = moved - x @ np.linalg.lstsq(x, moved, rcond=None)[0]
    own = float(moved @ moved) / s2  # J - T, which only covariates with an effect make positive
    j = own + trace
    error, lag = float(e @ (w @ e)) / s2, float(e @ (w @ values)) / s2
    apart = own > 1e-10 * trace
    robust_error = (error - trace / j * lag) ** 2 / (trace * own / j) if apart else math.nan
    robust_lag = (lag - error) ** 2 / own if apart else math.nan
    both = error**2 / trace + (robust_lag if apart else 0.0)
    statistics = [error**2 / trace, lag**2 / j, robust_error, robust_lag, both]
    names = ["disturbances", "effects", "disturbances (robust)", "effects (robust)", "both"]
    frame = pd.DataFrame({"statistic": statistics, "df": [1, 1, 1, 1, 2 if apart else 1]}, index=pd.Index(names))
    frame["p"] = chi2.sf(frame["statistic"], frame["df"])
    caveats = [ALIKE]
    if not apart:
        caveats.append("no covariate tells effects from disturbances here: there are no robust forms.")
    return LagrangeTests(frame, len(values), tuple(caveats))

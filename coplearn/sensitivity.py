r"""How strong would what was not measured have to be, to explain an estimate away?

For a **risk ratio**: let U be an unmeasured trait that multiplies the risk of the outcome by :math:`\gamma`, and that
:math:`\pi_1` of the exposed and :math:`\pi_0` of the others have. It alone makes a ratio of

.. math:: B = \frac{1 + (\gamma - 1)\pi_1}{1 + (\gamma - 1)\pi_0},

so that RR / B is what is left (VanderWeele 2011, on contagion and homophily). The **E-value**
:math:`RR + \sqrt{RR(RR - 1)}` is the smallest strength that both ties of U, to exposure and to outcome, must have to
explain RR (VanderWeele & Ding 2017). For a **coefficient** of a linear model: with :math:`f = |t|/\sqrt{df}`, the
**robustness value** :math:`\tfrac12(\sqrt{f^4 + 4f^2} - f^2)` is the share of the residual variance of exposure and of
outcome that U must explain to bring the coefficient to 0 (Cinelli & Hazlett 2020). None of this says whether there is
such a trait; in observed networks the wish to be with one's like is a good candidate.

References
----------
VanderWeele (2011), Sociological Methods & Research 40(2), 240-255, doi:10.1177/0049124111404821.
VanderWeele & Ding (2017), Annals of Internal Medicine 167(4), 268-274, doi:10.7326/M16-2607.
Cinelli & Hazlett (2020), Journal of the Royal Statistical Society B 82(1), 39-67, doi:10.1111/rssb.12348.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from coplearn import plots
from coplearn._checks import is_number, level, whole
from coplearn.results import said

__all__ = ["BiasContour", "EValue", "Robustness", "bias_contour", "bias_factor", "e_value", "robustness_value"]

UNKNOWN = "this is how strong an unmeasured trait would have to be, not whether there is one."


@dataclass(frozen=True)
class EValue:
    """E-value of a risk ratio and of the end of its interval nearer to 1.

    Attributes
    ----------
    ratio, point : float
    bound : float
        1 where the interval holds 1; NaN without an interval.
    claim : str
        "adjusted association".
    caveats : tuple of str
    """

    ratio: float
    point: float
    bound: float
    caveats: tuple[str, ...] = (UNKNOWN,)
    claim: str = "adjusted association"

    def summary(self) -> str:
        """Plain text."""
        bound = "" if math.isnan(self.bound) else f", of the interval {self.bound:.3f}"
        return said([f"E-value    risk ratio {self.ratio:.3f}: {self.point:.3f}{bound}"], self.claim, self.caveats)


@dataclass(frozen=True)
class Robustness:
    """Partial R2 of an exposure, and robustness values of its coefficient.

    Attributes
    ----------
    partial_r2 : float
        Share of the residual variance of the outcome that the exposure explains. A trait that explains all the rest
        of the outcome must explain this share of the exposure to bring the coefficient to 0.
    value : float
        Share of both residual variances that a trait must explain to lower the coefficient by the share `q`.
    value_alpha : float
        The same, to make it not significant at `alpha`.
    q, alpha : float
    claim : str
        "adjusted association".
    caveats : tuple of str
    """

    partial_r2: float
    value: float
    value_alpha: float
    q: float
    alpha: float
    caveats: tuple[str, ...] = (UNKNOWN,)
    claim: str = "adjusted association"

    def summary(self) -> str:
        """Plain text."""
        line = (
            f"Robustness    partial R2 {self.partial_r2:.1%}; to lower the coefficient by {self.q:.0%}, a trait must "
            f"explain {self.value:.1%} of what is left of exposure and of outcome; {self.value_alpha:.1%} to make it "
            f"not significant at {self.alpha:g}"
        )
        return said([line], self.claim, self.caveats)


@dataclass(frozen=True, eq=False)
class BiasContour:
    """What is left of a risk ratio, by the strength of an unmeasured trait and how unequally it is spread.

    Attributes
    ----------
    ratio, share : float
        The observed risk ratio, and the share of the others who have the trait.
    adjusted : DataFrame of float
        Rows: factor by which the trait multiplies the risk; columns: share of the exposed who have it minus share of
        the others.
    claim : str
        "adjusted association".
    caveats : tuple of str
    """

    ratio: float
    share: float
    adjusted: pd.DataFrame
    caveats: tuple[str, ...] = (UNKNOWN,)
    claim: str = "adjusted association"

    def table(self) -> pd.DataFrame:
        return self.adjusted.copy()

    def explains(self) -> pd.Series:
        """For each difference in shares, the factor at which nothing of the ratio is left; NaN where none does.

        From :math:`B = RR`: :math:`\\gamma - 1 = (RR - 1) / (\\pi_1 - RR\\,\\pi_0)`.
        """
        difference = self.adjusted.columns.to_numpy(dtype=float)
        room = self.share + difference - max(self.ratio, 1 / self.ratio) * self.share
        with np.errstate(divide="ignore"):
            factor = np.where(room > 0, 1 + (max(self.ratio, 1 / self.ratio) - 1) / room, np.nan)
        return pd.Series(factor, index=self.adjusted.columns, name="factor")

    def plot(self, ax: Any = None) -> Any:
        """Lines of equal adjusted risk ratio; where it is 1 (black), the trait explains everything."""
        ax = plots.axes(ax, (6.0, 4.2))
        x, y = self.adjusted.columns.to_numpy(dtype=float), self.adjusted.index.to_numpy(dtype=float)
        values = self.adjusted.to_numpy()
        steps = np.round(np.geomspace(values.min(), values.max(), 9), 2)
        lines = ax.contour(x, y, values, levels=np.unique(steps[steps != 1]), colors=plots.GREY, linewidths=0.8)
        ax.clabel(lines, fontsize=8, fmt="%.2f")
        if values.min() < 1 < values.max():
            null = ax.contour(x, y, values, levels=[1.0], colors="black", linewidths=1.6)
            ax.clabel(null, fontsize=8, fmt="1: nothing left")
        ax.set(
            xlabel="share of the exposed with the trait minus share of the others",
            ylabel="factor by which the trait multiplies the risk",
        )
        return ax

    def __repr__(self) -> str:
        return f"BiasContour of a risk ratio of {self.ratio:.3f}, {self.share:.0%} of the others with the trait"


def e_value(ratio: float, low: float | None = None, high: float | None = None) -> EValue:
    """E-value of a risk ratio.

    Parameters
    ----------
    ratio : float
        Risk ratio; below 1 it is inverted. An odds ratio of a rare outcome is close to one.
    low, high : float, optional
        Its interval.

    Raises
    ------
    ValueError
        For a ratio that is not positive, or outside its interval.

    Examples
    --------
    >>> [round(e_value(rr).point, 3) for rr in (1.2, 1.5, 2, 3)]
    [1.69, 2.366, 3.414, 5.449]
    """
    if not (is_number(ratio) and ratio > 0):
        raise ValueError(f"a risk ratio is a positive number, not {ratio!r}.")
    if not all(end is None or isinstance(end, Real) for end in (low, high)):
        raise ValueError(f"the interval is {low!r} to {high!r}; give numbers.")
    low_, high_ = (math.nan if end is None else float(end) for end in (low, high))
    if low_ > ratio or high_ < ratio or low_ <= 0:
        raise ValueError(f"the interval {low} to {high} does not hold the risk ratio {ratio}, or reaches 0.")
    near = low_ if ratio >= 1 else 1 / high_
    bound = math.nan if math.isnan(near) else _e_value(max(near, 1.0))
    return EValue(float(ratio), _e_value(max(ratio, 1 / ratio)), bound)


def _e_value(ratio: float) -> float:
    return float(ratio + math.sqrt(ratio * (ratio - 1)))


def bias_factor(factor: Any, exposed: Any, others: Any) -> Any:
    """Risk ratio that an unmeasured trait makes on its own.

    Parameters
    ----------
    factor : float or array
        By how much the trait multiplies the risk (gamma).
    exposed, others : float or array
        Shares of the exposed and of the others who have it, from 0 to 1.

    Examples
    --------
    >>> round(bias_factor(3, 0.6, 0.2), 3)   # 2.2 / 1.4
    1.571
    """
    for values, name in ((factor, "factor"), (exposed, "exposed"), (others, "others")):
        if np.asarray(values).dtype.kind not in "iuf":
            raise ValueError(f"{name} is {values!r}; give a number, or an array of them.")
    if np.any(np.asarray(factor) <= 0):
        raise ValueError("factor multiplies a risk, so it is a positive number.")
    for share, whose in ((exposed, "exposed"), (others, "others")):
        if np.any((np.asarray(share) < 0) | (np.asarray(share) > 1)):
            raise ValueError(f"the share of the {whose} with the trait is between 0 and 1, not {share!r}.")
    return (1 + (factor - 1) * exposed) / (1 + (factor - 1) * others)


def bias_contour(ratio: float, share: float = 0.2, factors: Any = None, points: int = 60) -> BiasContour:
    """Adjusted risk ratios over strengths and differences in shares of an unmeasured trait.

    Parameters
    ----------
    ratio : float
        Observed risk ratio.
    share : float
        Of the others who have the trait (pi_0), from 0 to below 1. For a ratio below 1 the trait is one that lowers
        exposure: exposed and others change places.
    factors : array of float, optional
        Values of gamma; by default from 1 to twice the E-value.
    points : int
        Values along each axis.

    Examples
    --------
    >>> contour = bias_contour(1.5, share=0.2, factors=[1.0, 2.0, 4.0], points=5)
    >>> contour.table().round(2).iloc[:, [0, 2, 4]].set_axis([0.0, 0.4, 0.8], axis=1)
         0.0   0.4  0.8
    1.0  1.5  1.50  1.5
    2.0  1.5  1.12  0.9
    4.0  1.5  0.86  0.6
    """
    if not (is_number(share) and 0 <= share < 1):
        raise ValueError(f"share is that of the others who have the trait, from 0 to below 1, not {share!r}.")
    whole(points, "points", 2)
    strongest = 2 * e_value(ratio).point
    gamma = np.linspace(1, strongest, points) if factors is None else np.asarray(factors, dtype=float)
    difference = np.linspace(0, 1 - share, points)
    bias = bias_factor(gamma[:, None], np.minimum(share + difference[None, :], 1.0), share)
    adjusted = ratio / bias if ratio >= 1 else ratio * bias
    return BiasContour(float(ratio), float(share), pd.DataFrame(adjusted, index=gamma, columns=difference))


def robustness_value(estimate: float, se: float, df: float, q: float = 1.0, alpha: float = 0.05) -> Robustness:
    """Robustness values of a coefficient of a linear model.

    Parameters
    ----------
    estimate, se : float
        Coefficient and its standard error.
    df : float
        Residual degrees of freedom (observations minus parameters).
    q : float
        Share of the coefficient to be explained away; 1 brings it to 0.
    alpha : float

    Examples
    --------
    The example of Cinelli & Hazlett (2020), exposure to violence in Darfur: 2.2, 13.9 and 7.6 percent.

    >>> r = robustness_value(0.09731582, 0.02325654, 783)
    >>> round(r.partial_r2, 3), round(r.value, 3), round(r.value_alpha, 3)
    (0.022, 0.139, 0.076)
    """
    if not all(map(is_number, (estimate, se, df))) or se <= 0 or df <= 1:
        raise ValueError(
            f"an estimate is a number, a standard error positive, df above 1; these are {estimate!r}, {se!r}, {df!r}."
        )
    if not (is_number(q) and q > 0):
        raise ValueError(f"q is positive, a share of the coefficient, not {q!r}.")
    level(alpha)
    f = abs(float(estimate) / float(se)) / math.sqrt(df)
    critical = float(student.isf(alpha / 2, df - 1)) / math.sqrt(df - 1)
    left = q * f - critical
    if left <= 0:
        value_alpha = 0.0
    elif q * f < 1 / critical:
        value_alpha = _robustness(left)
    else:  # a trait that explains all of the outcome cannot do it: the exposure alone decides
        value_alpha = ((q * f) ** 2 - critical**2) / (1 + (q * f) ** 2)
    return Robustness(f**2 / (1 + f**2), _robustness(q * f), value_alpha, float(q), float(alpha))


def _robustness(f: float) -> float:
    return (math.sqrt(f**4 + 4 * f**2) - f**2) / 2

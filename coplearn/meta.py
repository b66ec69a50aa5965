r"""Several groups, each fitted by itself, taken together parameter by parameter (Snijders & Baerveldt 2003).

Group j's estimate is its true value plus an error whose standard error :math:`s_j` is known; true values are normal
around :math:`\mu` with variance :math:`\sigma^2`. Beside these two, by the weighted least squares of the paper and by
maximum likelihood, there are the tests that it proposes: of no effect anywhere, of mean 0, of no
differences, and Fisher's two one-sided combinations (is it positive in some group? negative in some?).

References
----------
Snijders & Baerveldt (2003), Journal of Mathematical Sociology 27(2-3), 123-151, doi:10.1080/00222500305892.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coplearn import plots
from coplearn._checks import choose, is_number
from coplearn.results import Estimates

__all__ = ["MetaAnalysis", "meta_analysis"]


@dataclass(frozen=True, eq=False)
class MetaAnalysis:
    """Parameters over groups.

    Attributes
    ----------
    estimates, errors : DataFrame
        A row a group, a column a parameter; NaN where a group was left out.
    results : DataFrame
        A row a parameter; see :func:`meta_analysis`.
    """

    estimates: pd.DataFrame
    errors: pd.DataFrame
    results: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """One row a parameter."""
        return self.results.copy()

    def summary(self) -> str:
        """Plain text."""
        head = f"meta-analysis of {len(self.estimates)} groups (Snijders & Baerveldt 2003)"
        return f"{head}\n{self.results.to_string(float_format=lambda v: f'{v:.3f}')}"

    def __repr__(self) -> str:
        return f"MetaAnalysis: {len(self.estimates)} groups, {self.estimates.shape[1]} parameters"

    def plot(self, parameter: str, ax: Any = None) -> Any:
        """Estimates of the groups with 95 % intervals, and the mean below."""
        choose(parameter, list(self.results.index), "combined parameter")
        kept = self.estimates[parameter].dropna().index
        values, errors = self.estimates.loc[kept, parameter], self.errors.loc[kept, parameter]
        ax = plots.axes(ax, (7.0, 1.0 + 0.3 * len(kept)))
        y = np.arange(len(kept), 0, -1)
        ax.axvline(0, color=plots.GREY, linewidth=0.8)
        ax.hlines(y, values - 1.96 * errors, values + 1.96 * errors, color=plots.GREY)
        ax.scatter(values, y, color=plots.GREY, s=20)
        row = self.results.loc[parameter]
        ax.hlines(0, row["low"], row["high"], color="black", linewidth=2)
        ax.scatter([row["mean"]], [0], color="black", marker="D", s=30)
        ax.set_yticks([*y, 0], [*map(str, kept), "mean"])
        ax.set(xlabel=parameter)
        return ax


def meta_analysis(fits: Mapping[str, Estimates], largest_error: float = 5.0) -> MetaAnalysis:
    """Combine fits of the same model to independent groups.

    Parameters
    ----------
    fits : dict of str to results
        Anything with params and bse, labelled by parameter. Parameters that are not in all of them are combined over
        those that have them; rates are left out.
    largest_error : float
        Estimates with a larger standard error say nothing and are left out, parameter by parameter.

    Returns
    -------
    MetaAnalysis
        Columns of its table: groups; mean, s.e., p (weighted least squares) and sd (of true values); mean_ml, sd_ml,
        low, high (maximum likelihood, profile interval); all_zero_p, same_p (no differences), positive_p and negative_p
        (Fisher, one-sided).

    Raises
    ------
    ValueError
        With fewer than two groups, or no parameter that two of them can tell.

    Examples
    --------
    >>> from coplearn.results import Estimates
    >>> def fit(value):
    ...     one = pd.DataFrame([[0.04]], ["tie"], ["tie"])
    ...     return Estimates(pd.Series({"tie": value}), one, 30, "descriptive", ())
    >>> found = meta_analysis({"a": fit(0.8), "b": fit(1.0), "c": fit(1.2)}).table().loc["tie"]
    >>> found[["mean", "s.e.", "sd"]].round(4).to_dict()
    {'mean': 1.0, 's.e.': 0.1155, 'sd': 0.0}
    """
    if not isinstance(fits, Mapping):
        raise TypeError("a meta-analysis takes fits by group: meta_analysis({'north': res1, 'south': res2}).")
    if not (is_number(largest_error, finite=False) and largest_error > 0):
        raise ValueError(f"largest_error is {largest_error!r}; give a positive number.")
    if len(fits) < 2:
        raise ValueError(f"a meta-analysis takes two groups or more, not {len(fits)}.")
    names = list(dict.fromkeys(name for fit in fits.values() for name in fit.params.index if ": rate " not in name))
    estimates = pd.DataFrame({g: fit.params.reindex(names) for g, fit in fits.items()}).T
    errors = pd.DataFrame({g: fit.bse.reindex(names) for g, fit in fits.items()}).T
    usable = (errors > 0) & (errors <= largest_error)
    estimates, errors = estimates.where(usable), errors.where(usable)
    rows = {}
    for name in names:
        kept = usable[name].to_numpy()
        if kept.sum() >= 2:
            rows[name] = _combined(estimates[name].to_numpy()[kept], errors[name].to_numpy()[kept])
    if not rows:
        raise ValueError(
            f"no parameter has a standard error up to {largest_error:g} in two groups, so there is nothing to combine. "
            "Raise largest_error, or look at the fits."
        )
    return MetaAnalysis(estimates, errors, pd.DataFrame.from_dict(rows, orient="index"))


def _combined(theta: np.ndarray, s: np.ndarray) -> dict[str, float]:
    from scipy.stats import chi2, norm

    count = len(theta)
    variance = max(0.0, float(((theta - theta.mean()) ** 2).sum() / (count - 1) - (s**2).mean()))
    weight = 1 / (variance + s**2)
    mean, error = float((weight * theta).sum() / weight.sum()), float(1 / np.sqrt(weight.sum()))
    unit = float(np.median(s))  # the search is in units of a standard error
    mean_ml, sd_ml, low, high = (unit * v for v in _likelihood(theta / unit, s / unit))
    squares = float(((theta / s) ** 2).sum())
    common = float((theta / s**2).sum() / np.sqrt((1 / s**2).sum()))
    z = theta / s
    return {
        "groups": count,
        "mean": mean,
        "s.e.": error,
        "p": float(2 * norm.sf(abs(mean / error))),
        "sd": math.sqrt(variance),
        "mean_ml": mean_ml,
        "sd_ml": sd_ml,
        "low": low,
        "high": high,
        "all_zero_p": float(chi2.sf(squares, count)),
        "same_p": float(chi2.sf(squares - common**2, count - 1)),
        "positive_p": float(chi2.sf(-2 * norm.logsf(z).sum(), 2 * count)),
        "negative_p": float(chi2.sf(-2 * norm.logcdf(z).sum(), 2 * count)),
    }


def _likelihood(theta: np.ndarray, s: np.ndarray) -> tuple[float, float, float, float]:
    """Mean and standard deviation by maximum likelihood, and the profile interval (95 %) of the mean."""
    from scipy.optimize import brentq, minimize_scalar
    from scipy.stats import chi2

    spread = float(theta.std() + s.max())

    def profile(mean: float | None) -> tuple[float, float, float]:
        """Log-likelihood, mean and standard deviation, best over the deviation (and the mean, where it is None)."""

        def value(sd: float) -> tuple[float, float]:
            w = 1 / (sd**2 + s**2)
            at = float((w * theta).sum() / w.sum()) if mean is None else mean
            return float(0.5 * (np.log(w) - w * (theta - at) ** 2).sum()), at

        best = minimize_scalar(
            lambda sd: -value(sd)[0], bounds=(0, 5 * spread + 5 * abs((mean or 0.0) - theta.mean())), method="bounded"
        )
        sd = 0.0 if value(0.0)[0] >= -best.fun else float(best.x)
        return *value(sd), sd

    top, mean, sd = profile(None)
    drop = chi2.isf(0.05, 1) / 2

    def below(at: float) -> float:
        return profile(at)[0] - top + drop

    ends = []
    for sign in (-1, 1):
        reach = spread
        while below(mean + sign * reach) > 0:
            reach *= 2
        ends.append(float(brentq(below, *sorted((mean, mean + sign * reach)), xtol=1e-8)))
    return mean, sd, ends[0], ends[1]

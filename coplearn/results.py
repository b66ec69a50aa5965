"""What estimators have in common: estimates with a covariance matrix, in the words of statsmodels.

An :class:`Estimates` knows its parameters, their covariance matrix and how many observations stand behind them. It
also says what kind of statement it supports, its *claim*: a **descriptive** one (what is seen together), an **adjusted
association** (what is seen together after measured differences are taken out), or one **identified by design**
(random assignment, or instruments whose assumptions are stated). In observed networks those who are tied also chose
one another, so homophily and contagion are confounded in general (Shalizi & Thomas 2011,
doi:10.1177/0049124111404820), and a model that merely contains its friends' behavior stays an adjusted association.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coplearn import plots
from coplearn._checks import level, whole

__all__ = ["CLAIMS", "ConvergenceWarning", "Estimates", "coefficients", "latex_text", "pooled_distance", "said"]

CLAIMS = ("descriptive", "adjusted association", "design identified")


class ConvergenceWarning(UserWarning):
    """A search stopped before it settled; the estimates are there, and their results say so, too."""


@dataclass(frozen=True, eq=False)
class Estimates:
    """Estimates that are about normal around the truth.

    Attributes
    ----------
    params : Series of float
        One value a parameter.
    covariance : DataFrame of float
        Rows and columns are parameters; NaN where the information matrix cannot be inverted.
    nobs : int
    claim : str
        One of ``CLAIMS``.
    caveats : tuple of str
        What a reader must know before quoting a number.
    """

    params: pd.Series
    covariance: pd.DataFrame
    nobs: int
    claim: str
    caveats: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.claim not in CLAIMS:
            raise ValueError(f"a claim is one of {', '.join(CLAIMS)}, not {self.claim!r}.")

    def cov_params(self) -> pd.DataFrame:
        """Covariance matrix of the estimates."""
        return self.covariance.copy()

    @property
    def bse(self) -> pd.Series:
        """Standard errors; NaN where the variance is not positive."""
        variance = np.diag(self.covariance).astype(float)
        errors = np.sqrt(np.where(variance > 0, variance, np.nan))
        return pd.Series(errors, index=self.params.index, name="s.e.")

    @property
    def tvalues(self) -> pd.Series:
        """Estimates divided by their standard errors."""
        return (self.params / self.bse).rename("z")

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values from the normal distribution."""
        from scipy.stats import norm

        return pd.Series(2 * norm.sf(np.abs(self.tvalues)), index=self.params.index, name="p")

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Normal intervals at level 1 - alpha: columns low and high."""
        from scipy.stats import norm

        half = norm.isf(level(alpha) / 2) * self.bse
        return pd.DataFrame({"low": self.params - half, "high": self.params + half})

    def table(self) -> pd.DataFrame:
        """One row a parameter: estimate, s.e., z, p, low and high (95 %)."""
        columns = {"estimate": self.params, "s.e.": self.bse, "z": self.tvalues, "p": self.pvalues}
        return pd.DataFrame(columns).join(self.conf_int())

    def plot(self, ax: Any = None) -> Any:
        """Estimates with 95 % intervals, one row a parameter, without the intercept."""
        table = self.table().drop(index="intercept", errors="ignore")
        return coefficients(table if len(table) else self.table(), ax=ax)


def said(lines: Sequence[str], claim: str, caveats: Sequence[str]) -> str:
    """Lines of a summary with the claim and the caveats under them."""
    return "\n".join([*lines, f"claim: {claim}", *(f"caveat: {c}" for c in caveats)])


def pooled_distance(draws: np.ndarray, observed: np.ndarray) -> tuple[float, float]:
    """How far an observed vector is from the mean of draws and itself, and the share of all that is at least as far.

    Distances are Mahalanobis', over what varies.
    """
    pooled = np.vstack([draws, observed])
    off = pooled - pooled.mean(axis=0)
    inverse = np.linalg.pinv(np.atleast_2d(np.cov(pooled, rowvar=False)), rcond=1e-10, hermitian=True)
    distance = np.einsum("ni,ij,nj->n", off, inverse, off)
    # draws that equal the observation up to rounding are as far away as it is
    return float(distance[-1]), float((distance >= distance[-1] * (1 - 1e-9)).mean())


def latex_text(text: object) -> str:
    """Text with the characters that LaTeX takes for commands written out."""
    special = str.maketrans({c: "\\" + c for c in "&%$#_{}"} | {"~": r"\textasciitilde{}"})
    return str(text).translate(special)


def coefficients(
    table: pd.DataFrame, ax: Any = None, xlabel: str = "estimate, 95 % interval", marked: Sequence[str] = ()
) -> Any:
    """Dots with intervals, the first row on top, and a line at zero.

    Parameters
    ----------
    table : DataFrame
        Columns estimate, low and high; one row a parameter.
    marked : sequence of str
        Rows drawn in black; all where empty.
    """
    ax = plots.axes(ax, (7.0, 0.8 + 0.36 * len(table)))
    y = np.arange(len(table))[::-1]
    color = ["black" if not len(marked) or name in marked else plots.GREY for name in table.index]
    ax.axvline(0, color=plots.GREY, linewidth=0.8, zorder=1)
    ax.hlines(y, table["low"], table["high"], color=color, linewidth=1.4, zorder=2)
    ax.scatter(table["estimate"], y, color=color, s=22, zorder=3)
    ax.set_yticks(y, [str(name) for name in table.index])
    ax.set(xlabel=xlabel, ylim=(-0.6, len(table) - 0.4))
    return ax


@dataclass(frozen=True, eq=False)
class Comparison:
    """Estimates of several models side by side.

    Attributes
    ----------
    estimates, errors : DataFrame of float
        One row a parameter, one column a model; NaN where a model has no such parameter.
    foot : DataFrame of float
        What the models offer of log-likelihood, AIC, BIC and number of observations.
    """

    estimates: pd.DataFrame
    errors: pd.DataFrame
    foot: pd.DataFrame

    def table(self, digits: int = 3) -> pd.DataFrame:
        """Text: estimates with standard errors in parentheses, and the foot."""
        whole(digits, "digits", 0)
        body = [
            [_cell(b, e, digits) for b, e in zip(self.estimates.loc[name], self.errors.loc[name], strict=True)]
            for name in self.estimates.index
        ]
        foot = [
            ["" if np.isnan(v) else f"{v:,.0f}" if name == "observations" else f"{v:.{digits}f}" for v in values]
            for name, values in zip(self.foot.index, self.foot.to_numpy(), strict=True)
        ]
        index = [*self.estimates.index, *self.foot.index]
        return pd.DataFrame([*body, *foot], index=index, columns=self.estimates.columns)

    def latex(self, digits: int = 3) -> str:
        """The table as a LaTeX tabular (package booktabs)."""
        table = self.table(digits)

        def line(first: object, cells: Sequence[object]) -> str:
            return " & ".join(latex_text(cell) for cell in (first, *cells)) + r" \\"

        rows = [line(name, cells) for name, cells in zip(table.index, table.to_numpy(), strict=True)]
        rows.insert(len(self.estimates), r"\midrule")
        head = [
            rf"\begin{{tabular}}{{l{'r' * table.shape[1]}}}",
            r"\toprule",
            line("", list(table.columns)),
            r"\midrule",
        ]
        return "\n".join([*head, *rows, r"\bottomrule", r"\end{tabular}"])

    def __repr__(self) -> str:
        return self.table().to_string()

    def _repr_html_(self) -> str:
        return str(self.table().to_html())


def _cell(estimate: float, error: float, digits: int) -> str:
    if np.isnan(estimate):
        return ""
    return f"{estimate:.{digits}f} ({'-' if np.isnan(error) else f'{error:.{digits}f}'})"


def compare(**models: Estimates) -> Comparison:
    """Put fitted models side by side: estimates, standard errors, and AIC at the foot.

    Parameters
    ----------
    **models : results
        Under the names that head their columns.

    Warns
    -----
    UserWarning
        If the models stand on different numbers of observations, or explain different things of the same events (their
        order, their times, the sender alone, a sample), so that AIC and BIC do not compare.

    Examples
    --------
    >>> from dataclasses import replace
    >>> names = pd.Index(["a", "b"])
    >>> one = Estimates(pd.Series([1.0, 2.0], names), pd.DataFrame(np.eye(2) / 4, names, names), 10, "descriptive", ())
    >>> compare(short=replace(one, params=one.params[:1], covariance=one.covariance.iloc[:1, :1]), long=one)
                        short           long
    a             1.000 (0.500)  1.000 (0.500)
    b                            2.000 (0.500)
    observations             10             10
    """
    if not models:
        raise ValueError("compare() needs models by name: compare(short=res1, long=res2).")
    for name, model in models.items():
        if not isinstance(model, Estimates):
            raise TypeError(f"{name} is {type(model).__name__}, not the result of a fit.")
    rows = list(dict.fromkeys(row for model in models.values() for row in model.params.index))
    estimates = pd.DataFrame({name: model.params.reindex(rows) for name, model in models.items()}, index=rows)
    errors = pd.DataFrame({name: model.bse.reindex(rows) for name, model in models.items()}, index=rows)
    kinds = {"log-likelihood": "llf", "AIC": "aic", "BIC": "bic", "observations": "nobs"}
    foot = pd.DataFrame(
        {name: {kind: float(getattr(m, word, np.nan)) for kind, word in kinds.items()} for name, m in models.items()}
    )
    foot = foot.dropna(how="all")
    if "AIC" in foot.index and foot.loc["observations"].nunique() > 1:
        warnings.warn(
            f"the models stand on {', '.join(f'{v:,.0f}' for v in foot.loc['observations'])} observations: their "
            "likelihoods, AIC and BIC do not compare.",
            stacklevel=2,
        )
    explained = list(dict.fromkeys(str(m.explains) for m in models.values() if hasattr(m, "explains")))
    if len(explained) > 1:
        warnings.warn(
            f"the models explain different things ({'; '.join(explained)}): their likelihoods, AIC and BIC do not "
            "compare.",
            stacklevel=2,
        )
    return Comparison(estimates, errors, foot)

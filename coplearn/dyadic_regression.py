r"""Dyadic regression with permutation tests: which relations go with which?

A matrix of relations is regressed on others over the ordered pairs of members,

.. math:: y_{ij} = \beta_0 + \sum_k \beta_k x_{k,ij} + e_{ij}, \qquad i \ne j.

The pairs of one member resemble each other, so the standard errors of ordinary regression are wrong. The quadratic
assignment procedure (QAP) keeps that resemblance and breaks the relation: rows and columns of a matrix are permuted
together, as if the members had changed places. Permuting y tests that *nothing* goes with it. To test one predictor
given the others, **double semi-partialling** permutes what is left of it: with :math:`E_k` the residual of :math:`x_k`
on the other predictors, y is regressed on :math:`\pi E_k` and the others, and the *t* statistic of :math:`\pi E_k` is
held against the observed one (Dekker, Krackhardt & Snijders 2007). A t statistic is used because, unlike a
coefficient, it has nearly the same distribution whatever the other predictors do.

For 0/1 relations :func:`netlogit` does the same with logistic regression. Its statistic is by default the efficient
score of :math:`\pi E_k`, which needs no new fit for each permutation,

.. math:: z = \frac{U_e - V_{eZ} V_{ZZ}^{-1} U_Z}{\sqrt{V_{ee} - V_{eZ} V_{ZZ}^{-1} V_{Ze}}}, \qquad
   U = [Z\ \pi E_k]'(y - \hat p_0), \quad V = [Z\ \pi E_k]' \mathrm{diag}(\hat p_0 (1 - \hat p_0)) [Z\ \pi E_k],

with Z the other predictors and :math:`\hat p_0` fitted from them alone; the coefficient over its standard error is the
other choice.

References
----------
Dekker, Krackhardt & Snijders (2007), Psychometrika 72(4), 563-581, doi:10.1007/s11336-007-9016-1.
Krackhardt (1988), Social Networks 10(4), 359-381, doi:10.1016/0378-8733(88)90004-4.
Phipson & Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9(1), doi:10.2202/1544-6115.1585.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from coplearn import plots
from coplearn._checks import choose, generator, is_whole, level, listing, plural
from coplearn.dyads import (
    INTERCEPT,
    Dyads,
    dsp_linear,
    dsp_score,
    dsp_wald,
    logistic,
    ordinary,
    qap_linear,
    qap_wald,
    separating,
)

__all__ = ["DyadicRegression", "graph_correlation", "mrqap", "netlogit"]

FEW = 15  # members below which there is a caveat
NULLS = ("dsp", "qap")


# --- the results ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class DyadicRegression:
    """Coefficients over pairs of members, with permutation p-values.

    Attributes
    ----------
    params, bse : Series of float
        Coefficients and their standard errors as if pairs were independent, which they are not; the intercept first.
    statistic : Series of float
        The observed pivot of each predictor: t, or z of the coefficient or of the efficient score.
    permuted : DataFrame of float, shape (permutations, n_predictors)
        The same under permutation.
    null, pivot : str
    nobs, n_members, n_missing : int
        Pairs used, members, and pairs left out because a value is missing.
    fit : dict of float
        r2 and adjusted_r2 of a linear regression; llf, aic, bic and deviance of a logistic one.
    claim : str
        "adjusted association".
    caveats : tuple of str
    """

    params: pd.Series
    bse: pd.Series
    statistic: pd.Series
    permuted: pd.DataFrame
    null: str
    pivot: str
    nobs: int
    n_members: int
    n_missing: int
    directed: bool
    fit: dict[str, float]
    caveats: tuple[str, ...]
    claim: str = field(default="adjusted association")

    @property
    def tvalues(self) -> pd.Series:
        """Coefficients over their standard errors."""
        return (self.params / self.bse).rename("t")

    def _share(self, count: Callable[[np.ndarray, float], np.ndarray]) -> pd.Series:
        values = {INTERCEPT: math.nan}
        for name, seen in self.statistic.items():
            null = self.permuted[name].to_numpy()
            null = null[~np.isnan(null)]
            values[str(name)] = (1 + int(count(null, float(seen)).sum())) / (1 + len(null))
        return pd.Series(values).reindex(self.params.index)

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided: share of permutations with a statistic at least as large, the observed one counted in.

        The intercept has none: no permutation of members says anything about it.
        """
        return self._share(lambda null, seen: np.abs(null) >= abs(seen) * (1 - 1e-10)).rename("p")

    @property
    def p_greater(self) -> pd.Series:
        """One-sided, against a positive relation."""
        return self._share(lambda null, seen: null >= seen - 1e-10 * abs(seen)).rename("p_greater")

    @property
    def p_less(self) -> pd.Series:
        """One-sided, against a negative relation."""
        return self._share(lambda null, seen: null <= seen + 1e-10 * abs(seen)).rename("p_less")

    @property
    def llf(self) -> float:
        """Log-likelihood of a logistic regression; NaN for a linear one."""
        return self.fit.get("llf", math.nan)

    @property
    def aic(self) -> float:
        return self.fit.get("aic", math.nan)

    @property
    def r2(self) -> float:
        """Share of variance explained by a linear regression; NaN for a logistic one."""
        return self.fit.get("r2", math.nan)

    def table(self) -> pd.DataFrame:
        """One row a parameter: estimate, t, and permutation p-values p (two-sided), p_greater and p_less."""
        columns = {"estimate": self.params, "t": self.tvalues, "p": self.pvalues}
        return pd.DataFrame(columns | {"p_greater": self.p_greater, "p_less": self.p_less})

    def null_interval(self, alpha: float = 0.05) -> pd.DataFrame:
        """Central share 1 - alpha of the permuted statistics: columns low and high."""
        level(alpha)
        bounds = self.permuted.quantile([alpha / 2, 1 - alpha / 2])
        return bounds.T.set_axis(["low", "high"], axis=1)

    def summary(self) -> str:
        """Plain text: coefficients with permutation p-values, the fit, the claim and the caveats."""
        kind = "Logistic" if "llf" in self.fit else "Linear"
        null = {"dsp": "double semi-partialling", "qap": "permuted y"}[self.null]
        pairs = plural(self.nobs, "directed pair" if self.directed else "pair")
        fit = ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in self.fit.items())
        lines = [
            f"{kind} dyadic regression    {plural(self.n_members, 'member')}, {pairs}    {null}, "
            f"{plural(len(self.permuted), 'permutation')} of {self.pivot}",
            self.table().to_string(float_format=lambda v: f"{v:.4f}", na_rep=""),
            fit,
            f"claim: {self.claim}",
        ]
        return "\n".join([*lines, *(f"caveat: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return self.summary()

    def plot(self, ax: Any = None) -> Any:
        """Observed statistics (dots; black where outside) on the central 95 % of the permuted ones (grey bars)."""
        bounds = self.null_interval()
        ax = plots.axes(ax, (7.0, 0.8 + 0.36 * len(bounds)))
        y = np.arange(len(bounds))[::-1]
        seen = self.statistic.to_numpy()
        outside = (seen < bounds["low"].to_numpy()) | (seen > bounds["high"].to_numpy())
        ax.hlines(y, bounds["low"], bounds["high"], color="0.8", linewidth=7)
        ax.scatter(seen, y, color=["black" if out else plots.GREY for out in outside], s=24, zorder=3)
        ax.axvline(0, color=plots.GREY, linewidth=0.8)
        ax.set_yticks(y, [str(name) for name in bounds.index])
        ax.set(xlabel=f"{self.pivot} statistic; bars: 95 % of permutations", ylim=(-0.6, len(bounds) - 0.4))
        return ax


# --- the two regressions ----------------------------------------------------------------------------------


def mrqap(
    y: Any,
    predictors: Mapping[str, Any],
    permutations: int = 2000,
    seed: int | None = 0,
    *,
    null: str = "dsp",
    directed: bool = True,
) -> DyadicRegression:
    """Linear regression of one relation on others, with permutation p-values.

    Parameters
    ----------
    y : DataFrame or array of float, shape (n_members, n_members)
        Row = who sends; NaN where unknown; the diagonal is ignored.
    predictors : dict of str to matrix
        Of the same members; labelled rows and columns are put into the order of y. A pair with any value missing is
        left out and counted.
    permutations : int
    seed : int or None
    null : {"dsp", "qap"}
        Double semi-partialling, which tests each predictor given the others, or permutation of y.
    directed : bool
        False takes each pair once; every matrix must then be symmetric.

    Returns
    -------
    DyadicRegression

    Raises
    ------
    ValueError
        For matrices that are not square or not of the same members, a y that is constant or exactly a combination of
        predictors, a singular design (the predictor is named), asymmetric matrices of undirected pairs, or fewer than
        one permutation.

    Notes
    -----
    A permutation that brings an unknown pair into the place of a known one leaves that pair out, too. Members who sent
    no answer at all change places only among themselves.

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> near = rng.random((20, 20))
    >>> advice = 2 * near + rng.normal(size=(20, 20))
    >>> result = mrqap(advice, {"near": near, "alike": rng.random((20, 20))}, permutations=200, seed=1)
    >>> result.pvalues.round(3).to_dict()
    {'intercept': nan, 'near': 0.005, 'alike': 0.179}
    """
    dyads, orders = _prepared(y, predictors, permutations, seed, null, directed)
    target, x = dyads.cells
    beta, errors, rss = ordinary(x, target)
    if rss <= 1e-20 * float(target @ target):
        raise ValueError(
            f"y is exactly a combination of {listing(dyads.names[1:])}: there is no error to test anything against. "
            "Leave out what y was made from."
        )
    t = beta / errors
    if null == "dsp":
        permuted = np.column_stack([dsp_linear(dyads, k, orders) for k in range(1, len(dyads.names))])
    else:
        permuted = qap_linear(dyads, orders)[:, 1:]
    n, k = x.shape
    r2 = 1 - rss / float(((target - target.mean()) ** 2).sum())
    fit = {"r2": r2, "adjusted_r2": 1 - (1 - r2) * (n - 1) / (n - k)}
    said = list(_caveats(dyads, permutations, permuted))
    if set(np.unique(target)) <= {0.0, 1.0}:
        said.append("y is 0 or 1: coefficients are differences in probability. netlogit() is the alternative.")
    return _result(dyads, beta, errors, t[1:], permuted, null, "t", directed, fit, said)


def netlogit(
    y: Any,
    predictors: Mapping[str, Any],
    permutations: int = 2000,
    seed: int | None = 0,
    *,
    null: str = "dsp",
    directed: bool = True,
    pivot: str | None = None,
) -> DyadicRegression:
    """Logistic regression of a 0/1 relation on others, with permutation p-values.

    Parameters
    ----------
    y : DataFrame or array of 0 and 1, shape (n_members, n_members)
        NaN where unknown; the diagonal is ignored.
    predictors, permutations, seed, null, directed
        See :func:`mrqap`.
    pivot : {"score", "wald"}, optional
        The permuted statistic: the efficient score (by default), or the coefficient over its standard error from a new
        fit for each permutation, which takes some ten to fifty times as long. ``null="qap"`` takes the latter.

    Returns
    -------
    DyadicRegression

    Raises
    ------
    ValueError
        As :func:`mrqap`; and for a y that is not 0 or 1, or that predictors separate (no finite coefficients).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> near = rng.random((20, 20))
    >>> tie = (rng.random((20, 20)) < near).astype(float)
    >>> netlogit(tie, {"near": near}, permutations=200, seed=1).pvalues.round(3).to_dict()
    {'intercept': nan, 'near': 0.005}
    """
    chosen = pivot or ("score" if null == "dsp" else "wald")
    choose(chosen, ["score", "wald"], "pivot")
    dyads, orders = _prepared(y, predictors, permutations, seed, null, directed)
    if null == "qap" and chosen == "score":
        raise ValueError("the score is a pivot for one predictor given the others; null='qap' takes pivot='wald'.")
    target, x = dyads.cells
    if not set(np.unique(target)) <= {0.0, 1.0}:
        raise ValueError("y has values other than 0 and 1; mrqap() takes valued relations.")
    beta, cov, llf, settled = logistic(x, target)
    if not settled:
        raise ValueError(
            f"no finite coefficients: predictors ({separating(x, beta, dyads.names[1:])}) tell ties from no ties "
            "without error for some pairs (separation). Leave out or combine predictors, or use mrqap()."
        )
    errors = np.sqrt(np.diag(cov))
    which = range(1, len(dyads.names))
    same = np.arange(len(dyads.y))[None, :]
    if null == "qap":
        seen, permuted = (beta / errors)[1:], qap_wald(dyads, orders)[:, 1:]
    elif chosen == "score":
        seen = np.array([dsp_score(dyads, k, same)[0] for k in which])
        permuted = np.column_stack([dsp_score(dyads, k, orders) for k in which])
    else:
        seen, permuted = (beta / errors)[1:], np.column_stack([dsp_wald(dyads, k, orders) for k in which])
    n, k = x.shape
    fit = {"llf": llf, "aic": 2 * k - 2 * llf, "bic": math.log(n) * k - 2 * llf, "deviance": -2 * llf}
    said = list(_caveats(dyads, permutations, permuted))
    return _result(dyads, beta, errors, seen, permuted, null, chosen, directed, fit, said)


def graph_correlation(a: Any, b: Any, directed: bool = True) -> float:
    """Correlation of two relations over the pairs of members known in both.

    Its permutation p-value is that of ``mrqap(a, {"b": b}, null="qap")``.

    Parameters
    ----------
    a, b : DataFrame or array of float, shape (n_members, n_members)
        Labelled rows and columns of b are put into the order of a; the diagonal is ignored.
    directed : bool
        False takes each pair once.

    Examples
    --------
    >>> advice = np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0]])
    >>> friends = np.array([[0, 1, 0], [1, 0, 1], [0, 0, 0]])
    >>> round(graph_correlation(advice, friends), 4)
    0.3333
    """
    first, x = Dyads.of(a, {"b": b}, directed).cells
    return float(np.corrcoef(first, x[:, 1])[0, 1])


def _prepared(
    y: Any, predictors: Mapping[str, Any], permutations: int, seed: int | None, null: str, directed: bool
) -> tuple[Dyads, np.ndarray]:
    choose(null, NULLS, "null")
    if not is_whole(permutations):
        raise ValueError(f"permutations is a number of draws, 1 or more (2000 is a good one), not {permutations!r}.")
    dyads = Dyads.of(y, predictors, directed)
    return dyads, dyads.permutations(int(permutations), generator(seed))


def _caveats(dyads: Dyads, permutations: int, permuted: np.ndarray) -> Iterator[str]:
    yield "relations that go together do not tell which came first, or whether a third brought about both."
    if dyads.n_missing:
        yield f"{plural(dyads.n_missing, 'pair')} with a value missing left out."
    silent = int((dyads.strata == 0).sum())
    if silent:
        yield f"{plural(silent, 'member')} without any known pair: not in the analysis."
    active = len(dyads.strata) - silent
    if active < FEW:
        yield f"{plural(active, 'member')}, fewer than {FEW}: few distinct permutations, rough p-values."
    if permutations < 1000:
        yield f"{plural(permutations, 'permutation')}: no p-value below {1 / (permutations + 1):.3g}."
    failed = int(np.isnan(permuted).sum())
    if failed:
        yield f"{plural(failed, 'permuted statistic')} could not be computed and do not count."


def _result(
    dyads: Dyads,
    beta: np.ndarray,
    errors: np.ndarray,
    seen: np.ndarray,
    permuted: np.ndarray,
    null: str,
    pivot: str,
    directed: bool,
    fit: dict[str, float],
    said: list[str],
) -> DyadicRegression:
    names = pd.Index(dyads.names)
    return DyadicRegression(
        params=pd.Series(beta, index=names, name="estimate"),
        bse=pd.Series(errors, index=names, name="s.e."),
        statistic=pd.Series(seen, index=names[1:], name=pivot),
        permuted=pd.DataFrame(permuted, columns=names[1:]),
        null=null,
        pivot=pivot,
        nobs=dyads.n_dyads,
        n_members=len(dyads.strata),
        n_missing=dyads.n_missing,
        directed=directed,
        fit=fit,
        caveats=tuple(said),
    )

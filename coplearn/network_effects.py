r"""Network autocorrelation: is a member's behavior tied to that of the members they are exposed to?

Two forms, apart or together (Doreian 1984; Leenders 2002). In the **effects** model the behavior of others is a cause
beside the covariates; in the **disturbances** model what the covariates leave unexplained is shared:

.. math:: y = \sum_k \rho_k W_k y + X\beta + \varepsilon, \qquad
   \varepsilon = \sum_m \lambda_m M_m \varepsilon + \nu, \qquad \nu \sim N(0, \sigma^2 I).

With :math:`A = I - \sum \rho_k W_k` and :math:`B = I - \sum \lambda_m M_m`, :math:`\beta` and :math:`\sigma^2` are
those of ordinary regression of :math:`BAy` on :math:`BX`, and what is left to maximise is

.. math:: \ln L(\rho, \lambda) = -\tfrac n2 [\ln 2\pi + \ln \hat\sigma^2(\rho, \lambda) + 1] + \ln|A| + \ln|B|.

Newton's method does so with the second derivatives of the full likelihood; their inverse is the covariance matrix of
all parameters at once, so that no standard error takes another parameter as known. :mod:`coplearn.autocorrelation` has
the likelihood, :mod:`coplearn.weights` the matrices and their determinants. The model is silent on *why* the tied are
alike: see ``claim`` and ``caveats``.

References
----------
Doreian, Teuter & Wang (1984), Sociological Methods & Research 13(2), 155-200, doi:10.1177/0049124184013002001.
Leenders (2002), Social Networks 24(1), 21-47, doi:10.1016/S0378-8733(01)00049-1.
LeSage & Pace (2009), Introduction to spatial econometrics (impacts), doi:10.1201/9781420064254.
Mizruchi & Neuman (2008), Social Networks 30(3), 190-200, doi:10.1016/j.socnet.2008.02.002.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.linalg import splu

from coplearn._checks import choose, generator, listing, plural
from coplearn.autocorrelation import Problem
from coplearn.design import design, members_of, named_matrices, response
from coplearn.results import ConvergenceWarning, Estimates
from coplearn.weights import LogDeterminant, TraceLogDeterminant, difference, weight_matrix

__all__ = ["NetworkEffects", "NetworkEffectsResults"]

LARGE = 1500  # members above which determinants are sparse unless asked otherwise
UNSETTLED = "the likelihood search did not settle: read the estimates as a place on the way."
DENSE = 0.1  # density of ties from which the bias of rho is worth a sentence
SHOWN_BIAS = 400  # members up to which a summary estimates bias, from this many draws:
BIAS_DRAWS = 100


# --- the model ------------------------------------------------------------------------------------------


class NetworkEffects:
    """Network effects and network disturbances, by maximum likelihood.

    Parameters
    ----------
    y : Series or array of float, shape (n_members,)
        Behavior or attitude; no missing values.
    X : DataFrame, Series or array of float, shape (n_members, n_covariates), optional
        A column ``intercept`` is put first unless X has a constant column.
    effects, disturbances : matrix, list of matrices, or dict of name to matrix
        Members by members, entries 0 or more, row = who is exposed, diagonal 0; frames, arrays or scipy.sparse. They
        are taken as they come: see :func:`coplearn.weights.row_normalize`. Labelled rows, as those of X, are put
        into the order of y.

    Raises
    ------
    ValueError
        For missing values, a y that is constant or exactly a combination of X (and of the ties times y), columns of X
        that depend on each other, fewer members than parameters, and matrices that
        :func:`coplearn.weights.weight_matrix` refuses.

    Examples
    --------
    Eight members in a ring, each listening to both neighbours:

    >>> ring = np.roll(np.eye(8), 1, axis=1) / 2
    >>> y = [2.1, 3.9, 2.2, 6.8, 4.0, 9.1, 6.2, 10.3]
    >>> res = NetworkEffects(y, pd.DataFrame({"x": [1, 2, 0, 3, 1, 4, 2, 5]}), effects=[ring + ring.T]).fit()
    >>> res.params.round(4).to_dict(), round(res.sigma2, 4), round(res.llf, 4)
    ({'intercept': 0.2402, 'x': 1.8716, 'rho': 0.2015}, 0.4395, -8.1455)
    """

    def __init__(self, y: Any, X: Any = None, effects: Any = (), disturbances: Any = ()) -> None:
        named = {"rho": named_matrices(effects, "effects"), "lambda": named_matrices(disturbances, "disturbances")}
        self.members = members_of(y, X, [w for matrices in named.values() for w in matrices.values()])
        self.y = response(y, self.members)
        n = len(self.y)
        self.X = design(X, self.members)
        self.effects = {name: weight_matrix(w, f"effects[{name}]", self.members) for name, w in named["rho"].items()}
        self.disturbances = {
            name: weight_matrix(m, f"disturbances[{name}]", self.members) for name, m in named["lambda"].items()
        }
        for kind, matrices in (("effects", self.effects), ("disturbances", self.disturbances)):
            _check_different(kind, matrices)
        wanted = self.X.shape[1] + len(self.effects) + len(self.disturbances) + 1
        if n <= wanted:
            raise ValueError(f"{plural(n, 'member')} cannot carry {wanted} parameters. Leave some out.")
        if np.ptp(self.y) == 0:
            raise ValueError(f"y is {self.y[0]:g} for every member, so there is nothing to explain.")
        if _exact(self.X.to_numpy(), self.y):
            raise ValueError("y is exactly a combination of the columns of X, so nothing is left to the network.")
        for kind, matrices in (("effects", self.effects), ("disturbances", self.disturbances)):
            for name, w in matrices.items():
                if _exact(np.column_stack([self.X, w @ self.y]), self.y):
                    raise ValueError(
                        f"y is exactly a combination of X and of {kind}{f'[{name}]' if name else ''} times y, as where "
                        "everybody is tied to everybody alike: the likelihood has no maximum. Give ties that differ "
                        "between members."
                    )
        label = {"rho": self.effects, "lambda": self.disturbances}
        self.names = [
            *self.X.columns,
            *(symbol if name == "" else f"{symbol}[{name}]" for symbol in label for name in label[symbol]),
        ]
        twice = pd.Index(self.names)[pd.Index(self.names).duplicated()]
        if len(twice):
            raise ValueError(f"more than one parameter would be called {listing(twice.unique())}. Rename columns of X.")

    def __repr__(self) -> str:
        n = f"{plural(len(self.y), 'member')}, {plural(self.X.shape[1], 'column')} in X"
        return f"NetworkEffects: {n}, {len(self.effects)} effects, {len(self.disturbances)} disturbances"

    def fit(self, determinant: str = "auto", information: str = "observed") -> NetworkEffectsResults:
        """Maximise the likelihood.

        Parameters
        ----------
        determinant : {"auto", "dense", "sparse", "traces"}
            How log-determinants are found: from eigenvalues or dense LU, or by sparse LU. By default sparse above
            1,500 members. Sparse LU is quick where ties are clustered, as in communities (10,000 members in a
            second); 10,000 members who name three others at random, anywhere, take a minute. For those there are
            traces of powers, an approximation of one matrix of a kind: exact for the first powers and drawn beyond; the
            results say how much that adds to a standard error.
        information : {"observed", "expected"}
            Standard errors from the second derivatives at the maximum (as in sna's lnam), or from what they are on
            average under the model (as in spatialreg); the latter takes dense matrices, so it is for a few thousand
            members at most. They differ in small samples, chiefly for rho and lambda.

        Returns
        -------
        NetworkEffectsResults

        Warns
        -----
        ConvergenceWarning
            If the search did not settle; the results say so, too.
        """
        choose(determinant, ["auto", "dense", "sparse", "traces"], "determinant")
        choose(information, ["observed", "expected"], "information")
        dense = determinant == "dense" or (determinant == "auto" and len(self.y) <= LARGE)
        effects, disturbances = list(self.effects.values()), list(self.disturbances.values())
        if determinant == "traces" and max(len(effects), len(disturbances)) > 1:
            raise ValueError("traces are for one matrix of effects and one of disturbances; take determinant='sparse'.")
        log_a, log_b = (
            TraceLogDeterminant(w[0]) if determinant == "traces" and w else LogDeterminant(w, dense)
            for w in (effects, disturbances)
        )
        problem = Problem(self.y, self.X.to_numpy(), effects, disturbances, log_a, log_b)
        llf, theta, settled = problem.maximum()
        rho, lam = problem.split(theta)
        converged = bool(settled and log_a.inside(rho) and log_b.inside(lam))
        if not converged:
            warnings.warn(UNSETTLED, ConvergenceWarning, stacklevel=2)
        _, beta, nu = problem.profile(theta)
        matrix = problem.expected(theta) if information == "expected" else -problem.second(theta, fine=True)[1]
        names = pd.Index(self.names)
        every = pd.Index([*names, "sigma2"])
        with_sigma = pd.DataFrame(_inverse(matrix), index=every, columns=every)
        return NetworkEffectsResults(
            params=pd.Series(np.concatenate([beta, theta]), index=names, name="estimate"),
            covariance=with_sigma.loc[names, names],
            nobs=len(self.y),
            claim="adjusted association",
            caveats=tuple(self._caveats(problem, theta, with_sigma, converged)),
            llf=float(llf),
            sigma2=float(nu @ nu) / len(nu),
            sigma2_se=float(np.sqrt(with_sigma.loc["sigma2", "sigma2"])),
            converged=converged,
            information=information,
            model=self,
            problem=problem,
        )

    def _caveats(self, problem: Problem, theta: np.ndarray, cov: pd.DataFrame, converged: bool) -> Iterator[str]:
        if not converged:
            yield UNSETTLED
        if theta.size:
            yield (
                "tied members may have chosen each other for being alike, or live in the same circumstances; rho and "
                "lambda hold selection, circumstances and influence together."
            )
        ends = [*problem.log_a.intervals, *problem.log_b.intervals]
        for name, value, (low, high) in zip(self.names[self.X.shape[1] :], theta, ends, strict=True):
            near = min(high - value, value - low) < 0.01 * min(high - low, 2.0)
            if near:
                yield (
                    f"{name} is {value:.3f}, at the boundary of what is admissible ({low:.3g} to {high:.3g}): "
                    "intervals that reach beyond it, and their p-values, mean little."
                )
        logs = [problem.log_a] * len(self.effects) + [problem.log_b] * len(self.disturbances)
        for name, log, value in zip(self.names[self.X.shape[1] :], logs, theta, strict=True):
            if isinstance(log, TraceLogDeterminant):
                # rho is moved by an error of the slope over the curvature, the inverse of which is about its variance
                added = log.error(float(value)) * float(cov.loc[name, name])
                yield (
                    f"{name}: the log-determinant is approximate: exact to power {log.exact}, and from random vectors "
                    f"beyond, which add {added:.1g} to its standard error."
                )
        if not (np.diag(cov) > 0).all():
            yield "the information matrix cannot be inverted: some standard errors are missing."
        kinds = (("effects", self.effects), ("disturbances", self.disturbances))
        for kind, name, w in ((kind, name, w) for kind, matrices in kinds for name, w in matrices.items()):
            which = kind if name == "" else f"{kind}[{name}]"
            alone = self.members[np.asarray(w.sum(axis=1)).ravel() == 0]
            if len(alone):
                yield (
                    f"{which}: {plural(len(alone), 'isolate')} with exposure 0 ({listing(alone)}). Consider an "
                    "indicator of isolates in X."
                )
            density = w.nnz / (w.shape[0] * (w.shape[0] - 1))
            if density >= DENSE and kind == "effects":
                yield (
                    f"{which}: {density:.0%} of the possible ties are there; in dense networks rho is estimated too "
                    "low (Mizruchi & Neuman 2008). See bias()."
                )
        for (a, w), (b, m) in product(self.effects.items(), self.disturbances.items()):
            if not abs(w - m).max():
                same = f"effects{f'[{a}]' if a else ''} and disturbances{f'[{b}]' if b else ''}"
                yield f"{same} are one matrix: only covariates with an effect tell rho from lambda."


def _inverse(matrix: np.ndarray) -> np.ndarray:
    try:
        np.linalg.cholesky(matrix / np.sqrt(np.outer(np.abs(np.diag(matrix)), np.abs(np.diag(matrix)))))
        return np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        return np.full(matrix.shape, np.nan)


def _exact(columns: np.ndarray, y: np.ndarray) -> bool:
    """Whether nothing but rounding is left of y."""
    residual = y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]
    return bool(residual @ residual <= 1e-20 * (y @ y))


def _check_different(kind: str, matrices: Mapping[str, sparse.csr_array]) -> None:
    names = list(matrices)
    for k, name in enumerate(names):
        for before in names[:k]:
            a, b = matrices[before], matrices[name]
            if abs(a * (b.sum() / a.sum()) - b).max() <= 1e-12 * b.max():
                raise ValueError(
                    f"{kind}[{before}] and {kind}[{name}] are one matrix up to a factor: "
                    "their effects cannot be told apart."
                )


# --- the results ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class NetworkEffectsResults(Estimates):
    """Estimates of a :class:`NetworkEffects` model.

    Attributes
    ----------
    params, covariance, nobs, claim, caveats
        See :class:`coplearn.results.Estimates`. Parameters are the columns of X, then ``rho`` (or ``rho[name]``) of the
        effects and ``lambda`` (or ``lambda[name]``) of the disturbances; sna calls them rho1 and rho2.
    llf : float
        Log-likelihood, constants included.
    sigma2, sigma2_se : float
        Variance of nu (divided by n), and its standard error.
    converged : bool
    information : str
        "observed" or "expected": where standard errors come from.
    """

    llf: float
    sigma2: float
    sigma2_se: float
    converged: bool
    information: str
    model: NetworkEffects
    problem: Problem

    @property
    def df_model(self) -> int:
        """Parameters, sigma2 included."""
        return len(self.params) + 1

    @property
    def aic(self) -> float:
        return 2 * self.df_model - 2 * self.llf

    @property
    def bic(self) -> float:
        return math.log(self.nobs) * self.df_model - 2 * self.llf

    @property
    def _theta(self) -> np.ndarray:
        return self.params.to_numpy()[self.model.X.shape[1] :]

    @cached_property
    def admissible(self) -> pd.DataFrame:
        """Interval of each rho and lambda (columns low, high) where the others are 0."""
        ends = [*self.problem.log_a.intervals, *self.problem.log_b.intervals]
        return pd.DataFrame(ends, columns=["low", "high"], index=self.params.index[self.model.X.shape[1] :])

    def lr_test(self) -> dict[str, float]:
        """Likelihood ratio test of all rho and lambda against ordinary regression: statistic, df, p."""
        from scipy.stats import chi2

        df = len(self._theta)
        statistic = max(0.0, 2 * (self.llf - self.problem.profile(np.zeros(df))[0]))
        return {"statistic": statistic, "df": df, "p": float(chi2.sf(statistic, df)) if df else math.nan}

    def impacts(self) -> pd.DataFrame:
        r"""What a unit of a covariate changes once everybody has answered to everybody.

        A unit of x at one member moves that member by :math:`(A^{-1})_{ii}\beta` and the others by the rest of column
        i. On average, the **direct** impact is :math:`\mathrm{tr}(A^{-1})\beta/n`, the **total** one, of a unit at
        everybody, :math:`1'A^{-1}1\,\beta/n`, and **indirect** their difference.

        Returns
        -------
        DataFrame
            A row a covariate (the intercept left out): direct, indirect, total, and direct_se, indirect_se, total_se by
            the delta method. If X has exposures to covariates (Wx) of its own, these numbers hold only their part.
        """
        k, p, n = self.model.X.shape[1], len(self.problem.effects), self.nobs
        rho = self._theta[:p]
        matrices = self.problem.effects
        mean_diagonal, total = 1.0, 1.0
        slope = np.zeros((2, p))  # of the two multipliers, by rho
        if p:
            # A^-1 = I + sum of rho_k W_k A^-1, so its trace follows from derivatives of ln|A|
            gradient, hessian = self.problem.log_a.derivatives(rho, fine=True)
            mean_diagonal = float(1 - rho @ gradient / n)
            slope[0] = -(gradient + hessian @ rho) / n
            lu, one = splu(difference(matrices, rho)), np.ones(n)
            forth, back = lu.solve(one), lu.solve(one, trans="T")
            total = float(forth.mean())
            slope[1] = [back @ (w @ forth) / n for w in matrices]
        kinds = {
            "direct": (mean_diagonal, slope[0]),
            "indirect": (total - mean_diagonal, slope[1] - slope[0]),
            "total": (total, slope[1]),
        }
        covariance, rows = self.covariance.to_numpy(), {}
        for j, name in enumerate(self.model.X.columns):
            if np.ptp(self.model.X[name].to_numpy()) == 0:
                continue
            beta = float(self.params.iloc[j])
            chosen = np.r_[j, k : k + p]
            cov = covariance[np.ix_(chosen, chosen)]
            values, errors = {}, {}
            for kind, (multiplier, moved) in kinds.items():
                by = np.r_[multiplier, beta * moved]
                values[kind], errors[f"{kind}_se"] = multiplier * beta, float(np.sqrt(by @ cov @ by))
            rows[name] = values | errors
        columns = [*kinds, *(f"{kind}_se" for kind in kinds)]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns)

    def simulate(self, n: int = 1, seed: int | None = 0) -> np.ndarray:
        """Draw y from the fitted model: shape (n, n_members)."""
        if n < 1:
            raise ValueError(f"n is the number of draws, 1 or more, not {n!r}.")
        k, problem = self.model.X.shape[1], self.problem
        rho, lam = problem.split(self._theta)
        noise = generator(seed).normal(scale=math.sqrt(self.sigma2), size=(n, self.nobs)).T
        if len(lam):
            noise = splu(difference(problem.disturbances, lam)).solve(noise)
        drawn = (problem.x @ self.params.to_numpy()[:k])[:, None] + noise
        return (splu(difference(problem.effects, rho)).solve(drawn) if len(rho) else drawn).T

    def bias(self, draws: int = 200, seed: int | None = 0) -> pd.DataFrame:
        """Small-sample bias by parametric bootstrap: the model is fitted again to draws from itself.

        Returns
        -------
        DataFrame
            A row a parameter, sigma2 last: estimate, bias (mean of the refits minus the estimate), bias_se (its Monte
            Carlo error), corrected (estimate minus bias).
        """
        if draws < 2:
            raise ValueError(f"draws is the number of bootstrap draws, 2 or more, not {draws!r}.")
        found = []
        for y in self.simulate(draws, seed):
            p = self.problem
            again = Problem(y, p.x, p.effects, p.disturbances, p.log_a, p.log_b)
            _, theta, _ = again.maximum([self._theta])
            _, beta, nu = again.profile(theta)
            found.append([*beta, *theta, float(nu @ nu) / len(nu)])
        drawn = np.array(found)
        estimate = np.append(self.params.to_numpy(), self.sigma2)
        off = drawn.mean(axis=0) - estimate
        return pd.DataFrame(
            {
                "estimate": estimate,
                "bias": off,
                "bias_se": drawn.std(axis=0, ddof=1) / math.sqrt(draws),
                "corrected": estimate - off,
            },
            index=pd.Index([*self.params.index, "sigma2"]),
        )

    @cached_property
    def _bias(self) -> pd.DataFrame:
        return self.bias(BIAS_DRAWS)

    def summary(self) -> str:
        """Plain text: estimates, with bias by bootstrap up to 400 members, the fit, the claim and the caveats."""
        table = self.table()
        if self.nobs <= SHOWN_BIAS and len(self._theta):
            table.insert(1, "bias", self._bias["bias"])
        test = self.lr_test()
        network = f"; rho, lambda against none: chi2({test['df']}) {test['statistic']:.2f}, p {test['p']:.4f}"
        lines = [
            f"Network autocorrelation    {plural(self.nobs, 'member')}    maximum likelihood, "
            f"{self.information} information",
            table.to_string(float_format=lambda v: f"{v:.3f}"),
            f"sigma2 {self.sigma2:.3f} (s.e. {self.sigma2_se:.3f}); log-likelihood {self.llf:.3f}, AIC {self.aic:.2f}, "
            f"BIC {self.bic:.2f}{network if test['df'] else ''}",
            f"claim: {self.claim}",
        ]
        return "\n".join([*lines, *(f"caveat: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        shown = ", ".join(f"{name} {value:.3f}" for name, value in self.params.items())
        return f"NetworkEffectsResults: {plural(self.nobs, 'member')}, log-likelihood {self.llf:.3f}\n  {shown}"

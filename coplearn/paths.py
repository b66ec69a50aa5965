r"""Path models of means and covariances, by maximum likelihood from whatever was answered.

Observed and latent variables v depend linearly on one another,

.. math:: v = m + A v + \zeta, \quad \operatorname{cov} \zeta = S \quad\Rightarrow\quad
   \mu = F B m, \quad \Sigma = F B S B' F', \quad B = (I - A)^{-1}

(reticular action model; McArdle & McDonald 1984), with F picking the observed variables, which come first. A free
entry of A, S or m is a parameter; entries that bear the same name are equal, also across groups. A row contributes
the normal density of the variables it has (full information maximum likelihood, FIML), which is right where what is
missing depends on nothing but what was observed. The search is Fisher scoring, with standard errors from the observed
information (Savalei 2010).

References
----------
McArdle & McDonald (1984), British Journal of Mathematical and Statistical Psychology 37(2), 234-251,
doi:10.1111/j.2044-8317.1984.tb00802.x.
Savalei (2010), Psychological Methods 15(4), 352-367, doi:10.1037/a0020143.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

__all__ = ["PathFit", "Paths", "fit_indices", "fit_paths", "unrestricted"]

STEPS = 500
SETTLED = 1e-9  # Newton decrement (twice the log-likelihood still to be gained) below which a search has settled


@dataclass
class Paths:
    """The path diagram of one group: which entries are free and which are fixed.

    Attributes
    ----------
    observed, latent : sequence of str
    free : dict of str to list of (str, int, int)
        By parameter, the entries (matrix, row, column) that it fills; a mean has column 0.
    """

    observed: Sequence[str]
    latent: Sequence[str] = ()
    free: dict[str, list[tuple[str, int, int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = [*self.observed, *self.latent]
        k = len(self.names)
        self.fixed = {"A": np.zeros((k, k)), "S": np.zeros((k, k)), "m": np.zeros((k, 1))}

    def _put(self, matrix: str, row: int, column: int, value: str | float) -> None:
        if isinstance(value, str):
            self.free.setdefault(value, []).append((matrix, row, column))
        else:
            self.fixed[matrix][row, column] = value

    def path(self, source: str, target: str, value: str | float) -> None:
        """`target` depends on `source`: a parameter's name, or a number."""
        self._put("A", self.names.index(target), self.names.index(source), value)

    def covary(self, one: str, other: str, value: str | float) -> None:
        """What is left of two variables covaries; of one variable with itself: its variance."""
        i, j = self.names.index(one), self.names.index(other)
        self._put("S", i, j, value)
        if i != j:
            self._put("S", j, i, value)

    def mean(self, variable: str, value: str | float) -> None:
        """Mean (or intercept) of a variable."""
        self._put("m", self.names.index(variable), 0, value)


@dataclass(frozen=True, eq=False)
class Group:
    """Rows of one group, gathered by what is missing."""

    paths: Paths
    patterns: list[tuple[np.ndarray, int, np.ndarray, np.ndarray]]  # observed columns, rows, mean, scatter about it

    @classmethod
    def of(cls, paths: Paths, rows: np.ndarray) -> Group:
        known = ~np.isnan(rows)
        kept, known = rows[known.any(axis=1)], known[known.any(axis=1)]
        kinds, where = np.unique(known, axis=0, return_inverse=True)
        patterns = []
        for k, kind in enumerate(kinds):
            part = kept[where.ravel() == k][:, kind]
            mean = part.mean(axis=0)
            patterns.append((np.flatnonzero(kind), len(part), mean, (part - mean).T @ (part - mean)))
        return cls(paths, patterns)


class _Likelihood:
    """Log-likelihood of all groups, its gradient and expected information."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self.groups = groups
        self.names = list(dict.fromkeys(name for g in groups for name in g.paths.free))
        self.place = {name: k for k, name in enumerate(self.names)}

    def moments(self, g: Group, theta: np.ndarray) -> tuple[np.ndarray, ...]:
        """mu, Sigma, B, S and m of a group."""
        a, s, m = (g.paths.fixed[matrix].copy() for matrix in "ASm")
        filled = {"A": a, "S": s, "m": m}
        for name, entries in g.paths.free.items():
            for matrix, i, j in entries:
                filled[matrix][i, j] = theta[self.place[name]]
        b = np.linalg.inv(np.eye(len(a)) - a)
        p = len(g.paths.observed)
        return (b @ m)[:p, 0], (b @ s @ b.T)[:p, :p], b, s, m

    def value(self, theta: np.ndarray) -> float:
        """Log-likelihood; -inf where a covariance matrix is not positive definite."""
        total = 0.0
        for g in self.groups:
            mu, sigma, *_ = self.moments(g, theta)
            for columns, n, mean, scatter in g.patterns:
                try:
                    root = np.linalg.cholesky(sigma[np.ix_(columns, columns)])
                except np.linalg.LinAlgError:
                    return -np.inf
                off = np.linalg.solve(root, mean - mu[columns])
                inner = np.trace(np.linalg.solve(root.T, np.linalg.solve(root, scatter)))
                total -= 0.5 * (n * len(columns) * np.log(2 * np.pi) + 2 * n * np.log(np.diag(root)).sum())
                total -= 0.5 * (inner + n * off @ off)
        return float(total)

    def _slopes(self, g: Group, b: np.ndarray, s: np.ndarray, m: np.ndarray) -> tuple[np.ndarray, ...]:
        """Derivatives of mu and Sigma by each parameter of a group: shapes (q, p) and (q, p, p)."""
        p, k = len(g.paths.observed), len(b)
        bs, bm = b @ s @ b.T, (b @ m)[:, 0]
        dmu, dsigma = np.zeros((len(g.paths.free), p)), np.zeros((len(g.paths.free), p, p))
        for q, entries in enumerate(g.paths.free.values()):
            d = {"A": np.zeros((k, k)), "S": np.zeros((k, k)), "m": np.zeros((k, 1))}
            for matrix, i, j in entries:
                d[matrix][i, j] = 1.0
            turned = b @ d["A"]
            dmu[q] = (turned @ bm + (b @ d["m"])[:, 0])[:p]
            change = turned @ bs
            dsigma[q] = (change + change.T + b @ d["S"] @ b.T)[:p, :p]
        return dmu, dsigma

    def score(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and expected information."""
        gradient, information = np.zeros(len(theta)), np.zeros((len(theta), len(theta)))
        for g in self.groups:
            mu, sigma, b, s, m = self.moments(g, theta)
            dmu, dsigma = self._slopes(g, b, s, m)
            at = np.array([self.place[name] for name in g.paths.free])
            for columns, n, mean, scatter in g.patterns:
                inverse = np.linalg.inv(sigma[np.ix_(columns, columns)])
                off = mean - mu[columns]
                d1, d2 = dmu[:, columns], dsigma[:, columns[:, None], columns]
                moved = inverse @ d2
                excess = inverse @ (scatter + n * np.outer(off, off)) @ inverse - n * inverse
                gradient[at] += n * d1 @ inverse @ off + 0.5 * np.einsum("qij,ji->q", d2, excess)
                flat = moved.reshape(len(moved), -1)
                turned = moved.transpose(0, 2, 1).reshape(len(moved), -1)
                part = n * (d1 @ inverse @ d1.T + 0.5 * flat @ turned.T)
                information[np.ix_(at, at)] += part
        return gradient, information

    def observed_information(self, theta: np.ndarray) -> np.ndarray:
        """Minus the second derivatives, by central differences of the gradient."""
        columns = []
        step = 1e-5 * np.maximum(1e-2, np.abs(theta))
        for k in range(len(theta)):
            up, down = theta.copy(), theta.copy()
            up[k] += step[k]
            down[k] -= step[k]
            columns.append((self.score(down)[0] - self.score(up)[0]) / (2 * step[k]))
        hessian = np.array(columns)
        return (hessian + hessian.T) / 2


@dataclass(frozen=True, eq=False)
class PathFit:
    """Estimates of a path model.

    Attributes
    ----------
    likelihood : _Likelihood
    params : ndarray of float, shape (n_params,)
    llf : float
    converged : bool
    """

    likelihood: _Likelihood
    params: np.ndarray
    llf: float
    converged: bool

    @property
    def names(self) -> list[str]:
        return self.likelihood.names

    @cached_property
    def values(self) -> dict[str, float]:
        """Estimates by name."""
        return dict(zip(self.names, map(float, self.params), strict=True))

    @cached_property
    def covariance(self) -> np.ndarray:
        """Inverse observed information, shape (n_params, n_params); NaN where it cannot be inverted."""
        information = self.likelihood.observed_information(self.params)
        try:
            np.linalg.cholesky(information)
        except np.linalg.LinAlgError:
            return np.full_like(information, np.nan)
        return np.asarray(np.linalg.inv(information))


def fit_paths(groups: Sequence[tuple[Paths, np.ndarray]], start: Mapping[str, float]) -> PathFit:
    """Maximum likelihood of path models, one a group, with what they share.

    Parameters
    ----------
    groups : sequence of (Paths, ndarray of float of shape (n_rows, n_observed))
        NaN where unknown; a row without anything known says nothing.
    start : mapping of str to float
        Values from which parameters set out; there, covariance matrices are positive definite.

    Returns
    -------
    PathFit

    Examples
    --------
    A mean and a variance; the row without an answer does not count:

    >>> one = Paths(["y"])
    >>> one.mean("y", "mean")
    >>> one.covary("y", "y", "variance")
    >>> fit = fit_paths([(one, np.array([[1.0], [3.0], [5.0], [np.nan]]))], {"mean": 0.0, "variance": 1.0})
    >>> {name: round(value, 3) for name, value in fit.values.items()}
    {'mean': 3.0, 'variance': 2.667}
    """
    likelihood = _Likelihood([Group.of(paths, rows) for paths, rows in groups])
    theta = np.array([start[name] for name in likelihood.names], dtype=float)
    now, converged = likelihood.value(theta), False
    for _ in range(STEPS):
        gradient, information = likelihood.score(theta)
        step = _solve(information, gradient)
        if step @ gradient < SETTLED:
            converged = True
            break
        size, then = 1.0, -np.inf
        while size > 1e-10:
            then = likelihood.value(theta + size * step)
            if then > now:
                break
            size /= 2
        if then <= now:  # no better place within rounding
            converged = bool(step @ gradient < 1e-5)
            break
        theta, now = theta + size * step, then
    return PathFit(likelihood, theta, now, converged)


def _solve(information: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """A step uphill, also where the information is singular; in units in which its diagonal is one."""
    scale = 1 / np.sqrt(np.maximum(np.diag(information), 1e-300))
    values, vectors = np.linalg.eigh(information * np.outer(scale, scale))
    values = np.maximum(values, 1e-8)
    return np.asarray(scale * (vectors @ ((vectors.T @ (scale * gradient)) / values)))


def unrestricted(names: Sequence[str], rows: np.ndarray, related: bool = True) -> PathFit:
    """Every mean and variance free; and every covariance, or none where not `related`.

    What no model of these variables can exceed, and the baseline of CFI.
    """
    paths, start = Paths(names), {}
    for i, one in enumerate(names):
        paths.mean(one, f"mean {one}")
        start[f"mean {one}"] = float(np.nanmean(rows[:, i]))
        for other in names[: i + 1] if related else [one]:
            paths.covary(one, other, f"{one} with {other}")
            start[f"{one} with {other}"] = float(np.nanvar(rows[:, i])) if one == other else 0.0
    return fit_paths([(paths, rows)], start)


def fit_indices(model: PathFit, full: Sequence[PathFit], alone: Sequence[PathFit], rows: int) -> dict[str, float]:
    """How well a model of one group or several fits.

    Parameters
    ----------
    model : PathFit
    full, alone : sequence of PathFit
        By group, the unrestricted model with covariances and without (:func:`unrestricted`).
    rows : int
        Rows of all groups.

    Returns
    -------
    dict of str to float
        chi2, df, p against `full`; cfi against `alone` (Bentler 1990, doi:10.1037/0033-2909.107.2.238); rmsea, by
        group (Steiger 1998, doi:10.1080/10705519809540115).
    """
    from scipy.stats import chi2 as distribution

    top, count = sum(f.llf for f in full), sum(len(f.names) for f in full)
    chi2, df = 2 * (top - model.llf), count - len(model.names)
    base, base_df = 2 * (top - sum(f.llf for f in alone)), count - sum(len(f.names) for f in alone)
    excess, base_excess = max(chi2 - df, 0.0), max(base - base_df, chi2 - df, 0.0)
    return {
        "chi2": float(max(chi2, 0.0)),
        "df": float(df),
        "p": float(distribution.sf(chi2, df)) if df else float("nan"),
        "cfi": float(1 - excess / base_excess) if base_excess else 1.0,
        "rmsea": float(np.sqrt(len(full) * excess / (df * rows))) if df else 0.0,
    }

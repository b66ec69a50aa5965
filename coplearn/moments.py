r"""Linear moment conditions: two-stage least squares and GMM, with errors clustered by member.

With regressors X and instruments Z of as many columns or more, the estimate makes :math:`Z'(y - X\beta)` small in the
metric of a weight matrix A,

.. math:: \hat\beta = (G'AG)^{-1}G'A\,Z'y, \qquad G = Z'X, \qquad
   \mathrm{Cov} = c\,(G'AG)^{-1}G'A\,S\,AG(G'AG)^{-1}, \quad S = \sum_i Z_i'\hat u_i\hat u_i'Z_i,

the sum over members i. Where errors are mixtures :math:`u = J\varepsilon` of independent ones, as after a mean over
peers was subtracted, :math:`S = \hat\sigma^2 Z'JJ'Z`. Ordinary regression has Z = X, two-stage least squares
:math:`A = (Z'Z)^{-1}`; c is the usual small-sample factor. How much instruments say about each of several
regressors is told by the conditional F of Sanderson & Windmeijer (2016), and whether more instruments than regressors
agree by Hansen's J.

References
----------
Hansen (1982), Econometrica 50(4), 1029-1054, doi:10.2307/1912775.
Sanderson & Windmeijer (2016), Journal of Econometrics 190(2), 212-221, doi:10.1016/j.jeconom.2015.06.004.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

__all__ = ["Moments", "unit"]

NOTHING = 1e-10  # length, of columns of length one, below which nothing is left of a combination of them


def unit(columns: np.ndarray) -> np.ndarray:
    """Columns of length one, so that the units a variable comes in decide nothing; columns of zeros stay.

    Examples
    --------
    >>> unit(np.array([[3e9, 0.0], [4e9, 0.0]]))
    array([[0.6, 0. ],
           [0.8, 0. ]])
    """
    return np.asarray(columns / _lengths(columns))


def _lengths(columns: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(columns, axis=0)
    return np.asarray(np.where(length > 0, length, 1.0))


@dataclass(frozen=True, eq=False)
class Moments:
    """A linear model with instruments.

    Attributes
    ----------
    y : ndarray of float, shape (n,)
    x : ndarray of float, shape (n, k)
    z : ndarray of float, shape (n, l), l at least k
        Instruments; exogenous columns of x are among them.
    cluster : ndarray of int, shape (n,)
        Whose row it is, counted from 0; rows of one cluster may depend on each other.
    weight : ndarray of float, shape (l, l), optional
        A; by default the inverse of Z'Z.
    mixing : csr_array of float, shape (n, m), optional
        J, where errors are mixtures of independent ones with one variance. Clusters of several rows take precedence.
    """

    y: np.ndarray
    x: np.ndarray
    z: np.ndarray
    cluster: np.ndarray
    weight: np.ndarray | None = None
    mixing: sparse.csr_array | None = None

    @cached_property
    def _basis(self) -> np.ndarray:
        """Orthonormal columns that span Z: shape (n, rank)."""
        u, size, _ = np.linalg.svd(unit(self.z), full_matrices=False)
        return np.asarray(u[:, size > NOTHING * size.max()])

    @cached_property
    def _projected(self) -> np.ndarray:
        """Regressors of length one in the basis of Z: shape (rank, k)."""
        projected = np.asarray(self._basis.T @ unit(self.x))
        if np.linalg.matrix_rank(projected, tol=NOTHING) < self.x.shape[1]:
            raise ValueError(
                "the instruments do not tell the regressors apart. Give more of them, or fewer regressors."
            )
        return projected

    @property
    def _instruments(self) -> np.ndarray:
        """Z; for two-stage least squares orthonormal columns in its place, which lose no digits."""
        return self._basis if self.weight is None else self.z

    @cached_property
    def _maker(self) -> np.ndarray:
        """(G'AG)^-1 G'A, which makes estimates of Z'y."""
        own = _lengths(self.x)[:, None]
        if self.weight is None:
            return np.asarray(np.linalg.pinv(self._projected) / own)
        length = _lengths(self.z)
        g, metric = unit(self.z).T @ unit(self.x), self.weight * np.outer(length, length)
        return np.asarray(np.linalg.solve(g.T @ metric @ g, g.T @ metric) / length / own)

    @cached_property
    def beta(self) -> np.ndarray:
        return self._maker @ (self._instruments.T @ self.y)

    @cached_property
    def residuals(self) -> np.ndarray:
        return self.y - self.x @ self.beta

    def by_cluster(self, values: np.ndarray) -> np.ndarray:
        """Sums of rows over clusters: shape (n_clusters, ...)."""
        total = np.zeros((int(self.cluster.max()) + 1, *values.shape[1:]))
        np.add.at(total, self.cluster, values)
        return total

    @cached_property
    def scores(self) -> np.ndarray:
        """Z'u of each cluster, shape (n_clusters, l); without a weight, of orthonormal columns that span Z."""
        return self.by_cluster(self._instruments * self.residuals[:, None])

    @cached_property
    def spread(self) -> np.ndarray:
        """S, the covariance matrix of what :attr:`scores` sums."""
        (n, k), groups = self.x.shape, len(np.unique(self.cluster))
        if self.mixing is not None and groups == n:
            s2 = float(self.residuals @ self.residuals) / float(self.mixing.multiply(self.mixing).sum()) * n / (n - k)
            mixed = self.mixing.T @ self._instruments
            return s2 * mixed.T @ mixed
        return groups / (groups - 1) * (n - 1) / (n - k) * self.scores.T @ self.scores

    @cached_property
    def covariance(self) -> np.ndarray:
        """Of the estimates; with one row a cluster, robust to unequal variances."""
        return self._maker @ self.spread @ self._maker.T

    @cached_property
    def plain_covariance(self) -> np.ndarray:
        """As if all rows were independent with one variance, and two-stage least squares were asked for."""
        n, k = self.x.shape
        s2 = float(self.residuals @ self.residuals) / (n - k)
        length = _lengths(self.x)
        return np.asarray(s2 * np.linalg.inv(self._projected.T @ self._projected) / np.outer(length, length))

    def hansen(self) -> dict[str, float]:
        """J of the two-step estimate: statistic, df, p.

        NaN where there are no more instruments than regressors, or fewer clusters than instruments, of whose joint
        spread too little is known then.
        """
        from scipy.stats import chi2

        rank = self._basis.shape[1]
        df = rank - self.x.shape[1]
        if df < 1 or len(np.unique(self.cluster)) < rank:
            return {"statistic": math.nan, "df": max(df, 0), "p": math.nan}
        scores = self.by_cluster(self._basis * self.residuals[:, None])
        weight = np.linalg.pinv(scores.T @ scores if self.mixing is None else self.spread, hermitian=True)
        again = Moments(self.y, self.x, self._basis, self.cluster, weight)
        total = again.z.T @ again.residuals
        statistic = float(total @ weight @ total)
        return {"statistic": statistic, "df": df, "p": float(chi2.sf(statistic, df))}

    def conditional_f(self, endogenous: list[int]) -> np.ndarray:
        """First-stage F of each endogenous column given the others; with one, the usual partial F."""
        exogenous = [k for k in range(self.x.shape[1]) if k not in endogenous]
        fixed = unit(self.x[:, exogenous])

        def partial(values: np.ndarray) -> np.ndarray:
            return values - fixed @ np.linalg.lstsq(fixed, values, rcond=None)[0] if len(exogenous) else values

        x, z = partial(unit(self.x[:, endogenous])), partial(unit(self.z))
        u, size, _ = np.linalg.svd(z, full_matrices=False)
        basis = u[:, size > 1e-9 * size.max()]  # the excluded instruments
        n, rank, m = len(x), basis.shape[1], len(endogenous)
        found = np.full(m, np.nan)
        left = n - len(exogenous) - rank
        if rank < m or left < 1:
            return found
        hat = basis @ (basis.T @ x)
        for j in range(m):
            others = np.delete(np.arange(m), j)
            slope = np.linalg.lstsq(hat[:, others], x[:, j], rcond=None)[0]
            e = x[:, j] - x[:, others] @ slope
            fitted = basis.T @ e
            explained = float(fitted @ fitted)
            rest = float(e @ e) - explained
            found[j] = explained / (rank - m + 1) / (rest / left) if rest > 0 else math.inf
        return found

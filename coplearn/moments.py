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

__all__ = ["Moments"]


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
    def _metric(self) -> np.ndarray:
        return np.linalg.pinv(self.z.T @ self.z, hermitian=True) if self.weight is None else self.weight

    @cached_property
    def _maker(self) -> np.ndarray:
        """(G'AG)^-1 G'A, which makes estimates of Z'y."""
        g = self.z.T @ self.x
        return np.linalg.solve(g.T @ self._metric @ g, g.T @ self._metric)

    @cached_property
    def beta(self) -> np.ndarray:
        return self._maker @ (self.z.T @ self.y)

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
        """Z'u of each cluster: shape (n_clusters, l)."""
        return self.by_cluster(self.z * self.residuals[:, None])

    @cached_property
    def spread(self) -> np.ndarray:
        """S, the covariance matrix of Z'u."""
        (n, k), groups = self.x.shape, len(np.unique(self.cluster))
        if self.mixing is not None and groups == n:
            s2 = float(self.residuals @ self.residuals) / float(self.mixing.multiply(self.mixing).sum()) * n / (n - k)
            mixed = self.mixing.T @ self.z
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
        g = self.z.T @ self.x
        return s2 * np.linalg.inv(g.T @ np.linalg.pinv(self.z.T @ self.z, hermitian=True) @ g)

    def hansen(self) -> dict[str, float]:
        """J of the two-step estimate: statistic, df, p; NaN where there are no more instruments than regressors."""
        from scipy.stats import chi2

        rank = int(np.linalg.matrix_rank(self.z))
        df = rank - self.x.shape[1]
        if df < 1:
            return {"statistic": math.nan, "df": 0, "p": math.nan}
        spread = self.scores.T @ self.scores if self.mixing is None else self.spread
        again = Moments(self.y, self.x, self.z, self.cluster, np.linalg.pinv(spread, hermitian=True))
        total = again.z.T @ again.residuals
        statistic = float(total @ (again._metric @ total))
        return {"statistic": statistic, "df": df, "p": float(chi2.sf(statistic, df))}

    def conditional_f(self, endogenous: list[int]) -> np.ndarray:
        """First-stage F of each endogenous column given the others; with one, the usual partial F."""
        exogenous = [k for k in range(self.x.shape[1]) if k not in endogenous]
        fixed = self.x[:, exogenous]

        def partial(values: np.ndarray) -> np.ndarray:
            return values - fixed @ np.linalg.lstsq(fixed, values, rcond=None)[0] if len(exogenous) else values

        x, z = partial(self.x[:, endogenous]), partial(self.z)
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

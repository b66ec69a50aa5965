r"""The likelihood of network autocorrelation: values, derivatives, and the climb to its maximum.

For :math:`y = \sum_k \rho_k W_k y + X\beta + \varepsilon`, :math:`\varepsilon = \sum_m \lambda_m M_m \varepsilon +
\nu` with :math:`\nu \sim N(0, \sigma^2 I)`, :math:`A = I - \sum \rho_k W_k` and :math:`B = I - \sum \lambda_m M_m`,

.. math:: \ln L = -\tfrac n2 \ln 2\pi\sigma^2 + \ln|A| + \ln|B| - \frac{\nu'\nu}{2\sigma^2}, \qquad
   \nu = B(Ay - X\beta).

:math:`\theta = (\rho, \lambda)` is searched with :math:`\beta` and :math:`\sigma^2` at their best (Ord 1975,
doi:10.1080/01621459.1975.10480272; Doreian, Teuter & Wang 1984, doi:10.1177/0049124184013002001). Newton's step takes
the Hessian of the full likelihood, from which :math:`\beta` and :math:`\sigma^2` are eliminated. With several
parameters the likelihood may have more than one hill, so the search starts from several places.
:mod:`coplearn.network_effects` is what readers call.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from scipy import sparse

from coplearn.weights import LogDeterminant, size_of_effect

__all__ = ["Problem"]


@dataclass(frozen=True, eq=False)
class Problem:
    """The arrays of one model: y (n,), X (n, k), the matrices, and the log-determinants they need."""

    y: np.ndarray
    x: np.ndarray
    effects: list[sparse.csr_array]
    disturbances: list[sparse.csr_array]
    log_a: LogDeterminant
    log_b: LogDeterminant

    def split(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return theta[: len(self.effects)], theta[len(self.effects) :]

    @cached_property
    def lagged(self) -> np.ndarray:
        """Exposures W_k y: shape (n, n_effects)."""
        return np.column_stack([w @ self.y for w in self.effects]) if self.effects else np.zeros((len(self.y), 0))

    def filtered(self, array: np.ndarray, lam: np.ndarray) -> np.ndarray:
        """B times an array."""
        return array - sum((v * (m @ array) for v, m in zip(lam, self.disturbances, strict=True)), 0.0 * array)

    def profile(self, theta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Concentrated log-likelihood, beta, and the residuals nu."""
        rho, lam = self.split(theta)
        target = self.filtered(self.y - self.lagged @ rho, lam)
        x = self.filtered(self.x, lam)
        beta = np.linalg.lstsq(x, target, rcond=None)[0]
        nu = target - x @ beta
        n, square = len(nu), float(nu @ nu)
        if square <= 0:
            return -np.inf, beta, nu
        fit = -n / 2 * (math.log(2 * math.pi) + math.log(square / n) + 1)
        return fit + self.log_a.value(rho) + self.log_b.value(lam), beta, nu

    def second(self, theta: np.ndarray, fine: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Gradient in theta, and the Hessian in (beta, rho, lambda, sigma2), at the best beta and sigma2."""
        rho, lam = self.split(theta)
        _, beta, nu = self.profile(theta)
        n, k, p, q = len(nu), len(beta), len(rho), len(theta)
        s2 = float(nu @ nu) / n
        e = self.y - self.lagged @ rho - self.x @ beta
        # derivatives of nu by (beta, rho, lambda), and nu times its second derivatives
        by_lambda = [m @ e for m in self.disturbances]
        d = -np.column_stack([self.filtered(self.x, lam), self.filtered(self.lagged, lam), *by_lambda])
        bend = np.zeros((k + q, k + q))
        for j, m in enumerate(self.disturbances):
            back = m.T @ nu
            row = np.concatenate([back @ self.x, back @ self.lagged])
            bend[k + p + j, : k + p] = bend[: k + p, k + p + j] = row
        slope_a, curve_a = self.log_a.derivatives(rho, fine)
        slope_b, curve_b = self.log_b.derivatives(lam, fine)
        hessian = np.zeros((k + q + 1, k + q + 1))
        hessian[:-1, :-1] = -(d.T @ d + bend) / s2
        hessian[k : k + p, k : k + p] += curve_a
        hessian[k + p : k + q, k + p : k + q] += curve_b
        hessian[:-1, -1] = hessian[-1, :-1] = d.T @ nu / s2**2
        hessian[-1, -1] = -n / (2 * s2**2)
        gradient = -(d.T @ nu)[k:] / s2 + np.concatenate([slope_a, slope_b])
        return gradient, hessian

    def expected(self, theta: np.ndarray) -> np.ndarray:
        """Expected information in (beta, rho, lambda, sigma2); dense, of the order of n cubed."""
        rho, lam = self.split(theta)
        _, beta, nu = self.profile(theta)
        n, k, p, q = len(nu), len(beta), len(rho), len(theta)
        s2 = float(nu @ nu) / n
        eye = np.eye(n)
        b = eye - sum((v * m.toarray() for v, m in zip(lam, self.disturbances, strict=True)), 0 * eye)
        a = eye - sum((v * w.toarray() for v, w in zip(rho, self.effects, strict=True)), 0 * eye)
        mean = np.linalg.solve(a, self.x @ beta)
        back = np.linalg.inv(b)
        # nu is moved by rho_k through B W_k A^-1 B^-1, by lambda_m through M_m B^-1
        moves = [b @ np.linalg.solve(a.T, w.toarray().T).T @ back for w in self.effects]
        moves += [m.toarray() @ back for m in self.disturbances]
        d = np.column_stack([b @ self.x, *(b @ (w @ mean) for w in self.effects), np.zeros((n, q - p))])
        information = np.zeros((k + q + 1, k + q + 1))
        information[:-1, :-1] = d.T @ d / s2
        for i, j in product(range(q), repeat=2):
            information[k + i, k + j] += (moves[i] * moves[j].T).sum() + (moves[i] * moves[j]).sum()
        information[k:-1, -1] = information[-1, k:-1] = [np.trace(move) / s2 for move in moves]
        information[-1, -1] = n / (2 * s2**2)
        return information

    @cached_property
    def units(self) -> np.ndarray:
        """How large a large rho or lambda is."""
        return np.array([size_of_effect(w) for w in (*self.effects, *self.disturbances)])

    def climb(self, theta: np.ndarray, most: int = 60) -> tuple[float, np.ndarray, bool]:
        """Newton's method with halved steps from one start: log-likelihood, theta, and whether it settled."""
        value, k = self.profile(theta)[0], self.x.shape[1]
        if not len(theta):
            return value, theta, True
        for _ in range(most):
            gradient, full = self.second(theta)
            inner = slice(k, k + len(theta))
            others = np.r_[0:k, len(full) - 1]
            cross = full[inner, others]
            hessian = full[inner, inner] - cross @ np.linalg.solve(full[np.ix_(others, others)], cross.T)
            # in units of their own, so that small and large weights are climbed alike
            curvature, axes = np.linalg.eigh(-hessian * np.outer(self.units, self.units))
            curvature = np.maximum(np.abs(curvature), 1e-8 * max(1.0, np.abs(curvature).max()))
            step = self.units * (axes @ ((axes.T @ (self.units * gradient)) / curvature))
            gain = float(gradient @ step)  # twice what a quadratic promises
            scale = 1.0
            while True:
                tried = theta + scale * step
                found = self.profile(tried)[0]
                if found >= value or scale < 1e-8:
                    break
                scale /= 2
            if found >= value:
                theta, value = tried, found
            if gain < 1e-11 * (1 + abs(value)) or found < value:
                return value, theta, gain < 1e-5 * (1 + abs(value))
        return value, theta, False

    def starts(self) -> list[np.ndarray]:
        """Zero, halfway to either end along each axis; with both kinds of matrices also halfway to opposite ends."""
        ends = [*self.log_a.intervals, *self.log_b.intervals]
        most = 10 * self.units[:, None]
        halfway = np.clip(np.array(ends, dtype=float).reshape(-1, 2), -most, most) / 2
        found = [np.zeros(len(ends))]
        for k, side in product(range(len(ends)), (0, 1)):
            found.append(np.where(np.arange(len(ends)) == k, halfway[:, side], 0.0))
        if self.effects and self.disturbances:
            kind = np.arange(len(ends)) < len(self.effects)
            found += [np.where(kind, halfway[:, a], halfway[:, 1 - a]) / max(1, kind.sum()) for a in (0, 1)]
        return found

    def maximum(self, starts: Sequence[np.ndarray] | None = None) -> tuple[float, np.ndarray, bool]:
        """The best climb; one parameter climbs from the best start, several from the best three."""
        if starts is None:
            ranked = self.starts()
            if len(ranked[0]) > 1 or self.log_a.dense:
                ranked = sorted(ranked, key=lambda theta: -self.profile(theta)[0])
            starts = ranked[: 3 if len(ranked[0]) > 1 else 1]
        return max((self.climb(start) for start in starts), key=lambda climbed: climbed[0])

r"""Pairs of members, and the statistics of a regression over them under many permutations at once.

A permutation :math:`\pi` of the members moves rows and columns of a matrix together: the pair (i, j) gets what
(:math:`\pi_i, \pi_j`) had. A regression over n(n - 1) pairs need not be computed anew for each permutation. The t of a
moved residual matrix e beside fixed predictors Z follows from a few sums over pairs,

.. math:: t = \frac{\tilde e'y}{\sqrt{\tilde e'\tilde e \; \mathrm{RSS} / (N - q - 1)}}, \qquad
   \tilde e'y = e'y - e'Z(Z'Z)^{-1}Z'y, \quad \tilde e'\tilde e = e'e - e'Z(Z'Z)^{-1}Z'e,

(the theorem of Frisch, Waugh and Lovell), and these sums for a block of permutations are one product of matrices. Where
pairs are unknown, a permutation may bring an unknown pair into the place of a known one; that pair's share is taken
out of the sums again. :mod:`coplearn.dyadic_regression` is what readers call, and has the sources.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from coplearn._checks import listing, plural
from coplearn.weights import aligned

__all__ = [
    "Dyads",
    "dsp_linear",
    "dsp_score",
    "dsp_wald",
    "logistic",
    "ordinary",
    "qap_linear",
    "qap_wald",
    "separating",
]

INTERCEPT = "intercept"
BLOCK = 2_000_000  # permuted cells held at once (16 MB)


# --- the pairs ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Dyads:
    """Matrices cut into known pairs.

    Attributes
    ----------
    y : ndarray of float, shape (n_members, n_members)
        0 where unknown.
    x : ndarray of float, shape (n_members, n_members, n_predictors + 1)
        The intercept first; 0 where unknown.
    known : ndarray of bool, shape (n_members, n_members)
        Pairs with every value; both orders of an undirected pair.
    counted : ndarray of bool, shape (n_members, n_members)
        Pairs that stand for an observation: the known ones, of undirected pairs one order.
    names : list of str
    n_missing : int
        Pairs left out because a value is missing.
    strata : ndarray of int, shape (n_members,)
        Members change places only within a stratum: those without any known row, or column, keep apart.
    """

    y: np.ndarray
    x: np.ndarray
    known: np.ndarray
    counted: np.ndarray
    names: list[str]
    n_missing: int
    strata: np.ndarray

    @classmethod
    def of(cls, y: Any, predictors: Mapping[str, Any], directed: bool) -> Dyads:
        if not isinstance(predictors, Mapping) or not predictors:
            raise TypeError("predictors are a dict of name to matrix, with one entry or more.")
        labels = [m.index for m in (y, *predictors.values()) if isinstance(m, pd.DataFrame)]
        members = labels[0] if labels else pd.RangeIndex(np.shape(y)[0])
        names = [str(name) for name in predictors]
        if INTERCEPT in names:
            raise ValueError(f"a predictor is called {INTERCEPT!r}; the intercept is added. Rename or leave it out.")
        target = _square(y, "y", members)
        matrices = [_square(m, name, members) for name, m in zip(names, predictors.values(), strict=True)]
        n = len(members)
        off = ~np.eye(n, dtype=bool)
        known = off & np.isfinite(target)
        for matrix in matrices:
            known &= np.isfinite(matrix)
        if not directed:
            for name, matrix in zip(["y", *names], [target, *matrices], strict=True):
                _check_symmetric(matrix, name, members)
        counted = known if directed else known & np.triu(np.ones((n, n), dtype=bool))
        x = np.stack([np.ones((n, n)), *matrices], axis=2)
        dyads = cls(
            np.where(known, target, 0.0),
            np.where(known[:, :, None], x, 0.0),
            known,
            counted,
            [INTERCEPT, *names],
            int((off.sum() - known.sum()) // (1 if directed else 2)),
            2 * known.any(axis=1).astype(int) + known.any(axis=0),
        )
        dyads.check()
        return dyads

    @property
    def n_dyads(self) -> int:
        return int(self.counted.sum())

    @cached_property
    def cells(self) -> tuple[np.ndarray, np.ndarray]:
        """y (n_dyads,) and X (n_dyads, n_predictors + 1) of the counted pairs."""
        return self.y[self.counted], self.x[self.counted]

    def check(self) -> None:
        y, x = self.cells
        if self.n_dyads <= len(self.names):
            found = plural(self.n_dyads, "pair")
            raise ValueError(f"{found} with every value known cannot carry {len(self.names)} parameters.")
        if np.ptp(y) == 0:
            raise ValueError(f"y is {y[0]:g} for every pair, so there is nothing to explain.")
        scaled = x / np.maximum(np.linalg.norm(x, axis=0), 1e-300)
        for k in range(1, x.shape[1]):
            weights = np.linalg.lstsq(scaled[:, :k], scaled[:, k], rcond=None)[0]
            if np.linalg.norm(scaled[:, k] - scaled[:, :k] @ weights) < 1e-9:
                others = [n for n, w in zip(self.names[:k], weights, strict=True) if abs(w) > 1e-9]
                same = (
                    "the same for every pair" if others in ([], [INTERCEPT]) else f"a combination of {listing(others)}"
                )
                raise ValueError(f"the design is singular: predictor {self.names[k]!r} is {same}. Leave it out.")

    def permutations(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Orders of the members, shape (count, n_members)."""
        n = len(self.strata)
        orders = np.tile(np.arange(n), (count, 1))
        for stratum in np.unique(self.strata):
            place = np.flatnonzero(self.strata == stratum)
            orders[:, place] = rng.permuted(np.tile(place, (count, 1)), axis=1)
        return orders

    def blocks(self, orders: np.ndarray) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """Slices of the orders, the orders, and for each place the flat position of the pair that comes there."""
        n = orders.shape[1]
        size = max(1, BLOCK // n**2)
        for start in range(0, len(orders), size):
            order = orders[start : start + size]
            yield (
                slice(start, start + len(order)),
                order,
                (order[:, :, None] * n + order[:, None, :]).reshape(-1, n * n),
            )

    @cached_property
    def complete(self) -> bool:
        """Whether a permutation of the members never brings an unknown pair into the place of a known one."""
        rows, columns = self.strata >= 2, self.strata % 2 == 1
        return bool((self.known == (np.outer(rows, columns) & ~np.eye(len(rows), dtype=bool))).all())


def _square(matrix: Any, name: str, members: pd.Index) -> np.ndarray:
    if isinstance(matrix, pd.DataFrame):
        values = aligned(matrix, name, members)
    elif sparse.issparse(matrix):
        values = np.asarray(matrix.toarray(), dtype=float)
    else:
        values = np.asarray(matrix, dtype=float)
    if values.ndim != 2 or values.shape[0] != values.shape[1]:
        raise ValueError(f"matrix {name} is not square: its shape is {values.shape}. Give members by members.")
    if len(values) != len(members):
        raise ValueError(f"matrix {name} is of {len(values)} members, y of {len(members)}.")
    infinite = np.argwhere(np.isinf(values) & ~np.eye(len(values), dtype=bool))
    if len(infinite):
        i, j = infinite[0]
        raise ValueError(f"matrix {name}: row {members[i]}, column {members[j]} is infinite. Write NaN where unknown.")
    return values


def _check_symmetric(matrix: np.ndarray, name: str, members: pd.Index) -> None:
    differ = ~np.isclose(matrix, matrix.T, rtol=1e-9, atol=1e-12, equal_nan=True)
    np.fill_diagonal(differ, False)
    if differ.any():
        i, j = np.argwhere(differ)[0]
        raise ValueError(
            f"matrix {name} is not symmetric ({members[i]} to {members[j]}: {matrix[i, j]:g}, back: {matrix[j, i]:g}), "
            "and directed=False was asked for. Make it symmetric, or leave directed=True."
        )


# --- statistics of many permutations at once -------------------------------------------------------------


def t_from_products(
    zz: np.ndarray, zy: np.ndarray, yy: np.ndarray, ez: np.ndarray, ey: np.ndarray, ee: np.ndarray, n: np.ndarray
) -> np.ndarray:
    """t of e in the regression of y on Z and e, from cross-products of many permutations.

    Parameters
    ----------
    zz, zy, yy : ndarray, shapes (p, q, q), (p, q), (p,), or with p = 1 where they are the same for all
    ez, ey, ee : ndarray, shapes (p, q), (p,), (p,)
    n : ndarray of int, shape (p,) or (1,)
        Pairs.
    """
    q = zz.shape[-1]
    solved = (
        np.linalg.solve(zz, np.stack([np.broadcast_to(zy, ez.shape), ez], axis=-1))
        if len(zz) > 1
        else np.stack(
            [np.broadcast_to(np.linalg.solve(zz[0], zy[0]), ez.shape), np.linalg.solve(zz[0], ez.T).T], axis=-1
        )
    )
    left_y = yy - (zy * solved[..., 0]).sum(axis=1)
    across = ey - (ez * solved[..., 0]).sum(axis=1)
    left_e = ee - (ez * solved[..., 1]).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        rss = left_y - across**2 / left_e
        return across / np.sqrt(left_e * np.maximum(rss, 0) / (n - q - 1))


def ordinary(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Coefficients, standard errors and residual sum of squares of ordinary regression."""
    beta = np.linalg.lstsq(x, y, rcond=None)[0]
    left = y - x @ beta
    rss = float(left @ left)
    inverse = np.linalg.inv(x.T @ x)
    return beta, np.sqrt(np.diag(inverse) * rss / (len(y) - x.shape[1])), rss


def residual_matrix(dyads: Dyads, k: int) -> np.ndarray:
    """What is left of predictor k after the others, as a matrix; 0 where unknown."""
    others = np.delete(dyads.x, k, axis=2)
    _, x = dyads.cells
    weights = np.linalg.lstsq(np.delete(x, k, axis=1), x[:, k], rcond=None)[0]
    return np.where(dyads.known, dyads.x[:, :, k] - others @ weights, 0.0)


def _lost(dyads: Dyads, order: np.ndarray) -> Iterator[np.ndarray]:
    """Of each order, the counted pairs into whose place an unknown pair comes."""
    for each in order:
        yield dyads.counted & ~dyads.known[np.ix_(each, each)]


def dsp_linear(dyads: Dyads, k: int, orders: np.ndarray) -> np.ndarray:
    """t statistics of predictor k under double semi-partialling, one an order."""
    e = residual_matrix(dyads, k).ravel()
    counted = dyads.counted.ravel()
    z = np.delete(dyads.x, k, axis=2).reshape(len(e), -1) * counted[:, None]
    rows = np.column_stack([z, dyads.y.ravel() * counted])
    products = rows.T @ rows
    found = np.empty(len(orders))
    for part, order, place in dyads.blocks(orders):
        moved = e[place]
        cross = moved @ rows
        ee = np.square(moved) @ counted.astype(float)
        both, n = products[None], np.array([dyads.n_dyads])
        if not dyads.complete:
            gone = [rows[lost.ravel()] for lost in _lost(dyads, order)]
            both = np.stack([products - r.T @ r for r in gone])
            n = dyads.n_dyads - np.array([len(r) for r in gone])
        found[part] = t_from_products(
            both[:, :-1, :-1], both[:, :-1, -1], both[:, -1, -1], cross[:, :-1], cross[:, -1], ee, n
        )
    return found


def qap_linear(dyads: Dyads, orders: np.ndarray) -> np.ndarray:
    """t statistics of all predictors with y permuted: shape (n_orders, n_predictors + 1)."""
    y, counted = dyads.y.ravel(), dyads.counted.ravel()
    x = dyads.x.reshape(len(y), -1) * counted[:, None]
    products = x.T @ x
    found = np.empty((len(orders), x.shape[1]))
    for part, order, place in dyads.blocks(orders):
        moved = y[place]
        xy, yy = moved @ x, np.square(moved) @ counted.astype(float)
        xx, n = np.broadcast_to(products, (len(order), *products.shape)), np.full(len(order), dyads.n_dyads)
        if not dyads.complete:
            gone = [x[lost.ravel()] for lost in _lost(dyads, order)]
            xx = np.stack([products - r.T @ r for r in gone])
            n = n - np.array([len(r) for r in gone])
        inverse = np.linalg.inv(xx)
        beta = (inverse @ xy[:, :, None])[:, :, 0]
        rss = np.maximum(yy - (beta * xy).sum(axis=1), 0)
        variance = np.diagonal(inverse, axis1=1, axis2=2) * (rss / (n - x.shape[1]))[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            found[part] = beta / np.sqrt(variance)
    return found


def logistic(
    x: np.ndarray, y: np.ndarray, start: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, float, bool]:
    """Logistic regression by Newton's method: coefficients, covariance, log-likelihood, and whether it settled.

    The search is in orthogonal columns, so that neither units nor means far from 0 lengthen it.
    """
    given, (x, to_beta) = x, _orthogonal(x)
    beta = np.zeros(x.shape[1])
    if start is not None:
        beta = np.linalg.lstsq(x, given @ start, rcond=None)[0]
    for _ in range(30):
        eta = np.clip(x @ beta, -30, 30)
        p = 1 / (1 + np.exp(-eta))
        information = x.T @ (x * (p * (1 - p))[:, None])
        try:
            step = np.linalg.solve(information, x.T @ (y - p))
        except np.linalg.LinAlgError:
            break
        beta = beta + np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-8 * (1 + np.abs(beta).max()):
            eta = x @ beta
            llf = float((y * eta - np.logaddexp(0, eta)).sum())
            cov = to_beta @ np.linalg.inv(information) @ to_beta.T
            return to_beta @ beta, cov, llf, bool(np.abs(eta).max() < 30)
    return to_beta @ beta, np.full((len(beta), len(beta)), np.nan), math.nan, False


def separating(x: np.ndarray, beta: np.ndarray, names: Iterable[Any]) -> str:
    """Which columns after the intercept tell y without error, where :func:`logistic` did not settle."""
    reach = np.abs(beta[1:]) * x[:, 1:].std(axis=0)
    return listing(name for name, size in zip(names, reach, strict=True) if size >= 0.5 * reach.max())


def _orthogonal(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Orthogonal columns of mean square one that span x, and what makes coefficients of x of theirs."""
    length = np.linalg.norm(x, axis=0)
    q, r = np.linalg.qr(x / np.where(length > 0, length, 1.0))
    root = math.sqrt(len(x))
    return q * root, np.linalg.pinv(r) * root / np.where(length > 0, length, 1.0)[:, None]


def dsp_score(dyads: Dyads, k: int, orders: np.ndarray) -> np.ndarray:
    """Efficient score statistics of predictor k, one an order."""
    y, x = dyads.cells
    z0 = np.delete(x, k, axis=1)
    gamma = logistic(z0, y)[0]
    e = residual_matrix(dyads, k).ravel()
    counted = dyads.counted.ravel()
    z = np.delete(dyads.x, k, axis=2).reshape(len(e), -1)
    p = 1 / (1 + np.exp(-np.clip(z @ gamma, -30, 30)))
    left = np.where(counted, dyads.y.ravel() - p, 0.0)
    v = np.where(counted, p * (1 - p), 0.0)
    vz = z * v[:, None]
    rows = np.column_stack([vz, left])
    zz = z.T @ vz
    found = np.empty(len(orders))
    for part, order, place in dyads.blocks(orders):
        moved = e[place]
        cross, ee = moved @ rows, np.square(moved) @ v
        ez, ue = cross[:, :-1], cross[:, -1]
        if dyads.complete:
            solved, uz = np.linalg.solve(zz, ez.T).T, (z.T @ left)[None, :]
        else:
            gone = [lost.ravel() for lost in _lost(dyads, order)]
            inside = np.stack([zz - z[g].T @ vz[g] for g in gone])
            uz = np.stack([(z.T @ left) - z[g].T @ left[g] for g in gone])
            solved = np.linalg.solve(inside, ez[:, :, None])[:, :, 0]
        with np.errstate(invalid="ignore", divide="ignore"):
            found[part] = (ue - (solved * uz).sum(axis=1)) / np.sqrt(ee - (solved * ez).sum(axis=1))
    return found


def dsp_wald(dyads: Dyads, k: int, orders: np.ndarray) -> np.ndarray:
    """Coefficient over standard error of predictor k in a logistic regression for each order."""
    y, x = dyads.cells
    others = np.delete(x, k, axis=1)
    start = np.append(logistic(others, y)[0], 0.0)
    e, found = residual_matrix(dyads, k), np.empty(len(orders))
    for row, order in enumerate(orders):
        kept = dyads.known[np.ix_(order, order)][dyads.counted]
        design = np.column_stack([others, e[np.ix_(order, order)][dyads.counted]])[kept]
        beta, cov, _, _ = logistic(design, y[kept], start)
        found[row] = beta[-1] / np.sqrt(cov[-1, -1])
    return found


def qap_wald(dyads: Dyads, orders: np.ndarray) -> np.ndarray:
    """Coefficients over standard errors with y permuted: shape (n_orders, n_predictors + 1)."""
    _, x = dyads.cells
    found = np.empty((len(orders), x.shape[1]))
    for row, order in enumerate(orders):
        kept = dyads.known[np.ix_(order, order)][dyads.counted]
        beta, cov, _, _ = logistic(x[kept], dyads.y[np.ix_(order, order)][dyads.counted][kept])
        found[row] = beta / np.sqrt(np.diag(cov))
    return found

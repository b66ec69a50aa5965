r"""Reliability: how well several items measure one thing.

The score of a scale of k items is their mean. With item variances :math:`\sigma_i^2` and the variance
:math:`\sigma_X^2` of their sum, Cronbach's

.. math:: \alpha = \frac{k}{k - 1} \left(1 - \frac{\sum_i \sigma_i^2}{\sigma_X^2}\right)

is the share of variance that the items have in common if all carry it alike. If they carry it unequally, with loadings
:math:`\lambda_i` on one factor and unique variances :math:`\theta_i`,

.. math:: \omega = \frac{(\sum_i \lambda_i)^2}{(\sum_i \lambda_i)^2 + \sum_i \theta_i}

is the better number (McDonald 1999). Loadings are those of the minimum-residual solution, which makes the correlations
off the diagonal as small as can be (Harman & Jones 1966). A loading of 1 or more (a Heywood case) leaves no room for
unique variance; then there is no :math:`\omega`.

Both describe differences *between* persons at one time; whether a scale follows a person's own *changes* is the
question of :mod:`coplearn.change_reliability`.

A person with an item missing is left out of all of this (listwise) and counted.

References
----------
Cronbach (1951), Psychometrika 16, 297-334, doi:10.1007/BF02310555.
Harman & Jones (1966), Psychometrika 31, 351-368, doi:10.1007/BF02289468.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from coplearn import plots
from coplearn._checks import as_floats, generator, level, listing, plural, whole

__all__ = ["Alpha", "Omega", "cronbach_alpha", "omega", "omega_of_loadings"]

FEW = 30  # below this many persons an interval is a rough guide (caveat)


@dataclass(frozen=True, eq=False)
class Answers:
    """Complete answers to the items of a scale.

    Attributes
    ----------
    values : ndarray of float, shape (n_persons, n_items)
    names : tuple of str
        Items.
    left_out : int
        Persons with an item missing.
    """

    values: np.ndarray
    names: tuple[str, ...]
    left_out: int

    @classmethod
    def of(cls, items: Any, least: int, what: str) -> Answers:
        """Checked answers: numbers, at least `least` items and three persons, no constant item."""
        x = as_floats(items)
        if x.ndim != 2:
            raise ValueError(f"items have {plural(x.ndim, 'dimension')}; give persons in rows and items in columns.")
        names = tuple(str(c) for c in items.columns) if isinstance(items, pd.DataFrame) else _numbered(x.shape[1])
        if x.shape[1] < least:
            raise ValueError(
                f"{what} needs {least} items or more; there {'is' if x.shape[1] == 1 else 'are'} {x.shape[1]}."
                + (" Use cronbach_alpha for two items." if least == 3 and x.shape[1] == 2 else "")
            )
        if np.isinf(x).any():
            raise ValueError(f"person in row {int(np.argwhere(np.isinf(x))[0, 0])} has an infinite answer.")
        complete = ~np.isnan(x).any(axis=1)
        kept = x[complete]
        if len(kept) < 3:
            raise ValueError(
                f"{plural(len(kept), 'person')} of {len(x):,} answered every item; {what} needs three at the least, "
                "and is worth reading from some dozens."
            )
        constant = [name for name, span in zip(names, np.ptp(kept, axis=0), strict=True) if span == 0]
        if constant:
            raise ValueError(
                f"everybody gave the same answer to {listing(constant)}; an item that does not vary measures nothing. "
                "Leave it out."
            )
        return cls(kept, names, int((~complete).sum()))

    @cached_property
    def covariance(self) -> np.ndarray:
        return np.cov(self.values, rowvar=False)

    @cached_property
    def correlation(self) -> np.ndarray:
        return correlations(self.covariance)

    def resampled(self, draws: int, seed: int | None) -> np.ndarray:
        """Covariances of draws of persons: shape (draws, n_items, n_items)."""
        n, k = self.values.shape
        x = self.values - self.values.mean(axis=0)
        products = np.column_stack([x, (x[:, :, None] * x[:, None, :]).reshape(n, k * k)])
        sums = weighted_sums(products, draws, generator(seed))
        mean = sums[:, :k] / n
        return (sums[:, k:].reshape(-1, k, k) - n * mean[:, :, None] * mean[:, None, :]) / (n - 1)

    def caveats(self) -> Iterator[str]:
        n = len(self.values)
        if self.left_out:
            yield f"{plural(self.left_out, 'person')} with an item missing left out (listwise)."
        if n < FEW:
            yield f"{plural(n, 'person')}, fewer than {FEW}: read the interval as a rough guide."
        few = max(len(np.unique(column)) for column in self.values.T) < 5
        if few:
            yield "answers take fewer than five values; their correlations, and so the reliability, are understated."


def _numbered(k: int) -> tuple[str, ...]:
    return tuple(f"item{i + 1}" for i in range(k))


def weighted_sums(products: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Column sums of rows drawn with replacement, shape (draws, n_columns), in pieces that fit into memory."""
    n, draws = len(products), whole(draws, "draws")
    chunk = max(1, int(2e7 // max(n, 1)))
    parts = []
    for start in range(0, draws, chunk):
        weight = rng.multinomial(n, np.full(n, 1 / n), size=min(chunk, draws - start))
        parts.append(weight.astype(float) @ products)
    return np.concatenate(parts)


def correlations(covariance: np.ndarray) -> np.ndarray:
    """Correlations of covariances, shape (..., k, k); NaN where a variance is not positive."""
    variance = np.diagonal(covariance, axis1=-2, axis2=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        sd = np.sqrt(np.where(variance > 0, variance, np.nan))
        return covariance / (sd[..., :, None] * sd[..., None, :])


def alpha_of(covariance: np.ndarray) -> np.ndarray:
    """Cronbach's alpha of covariance matrices, shape (..., k, k); NaN where the sum does not vary."""
    k = covariance.shape[-1]
    total, own = covariance.sum(axis=(-2, -1)), np.trace(covariance, axis1=-2, axis2=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(total > 1e-12 * own, k / (k - 1) * (1 - own / total), np.nan))


def percentiles(drawn: np.ndarray, alpha: float) -> tuple[float, float]:
    level(alpha)
    if np.isnan(drawn).all():
        return float("nan"), float("nan")
    low, high = np.nanquantile(drawn, [alpha / 2, 1 - alpha / 2])
    return float(low), float(high)


# --- alpha ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Alpha:
    """Cronbach's alpha of a scale.

    Attributes
    ----------
    answers : Answers
        Complete answers, and how many persons were left out.
    """

    answers: Answers

    @cached_property
    def value(self) -> float:
        """Alpha of the sum (or mean) of the answers as they are."""
        return float(alpha_of(self.answers.covariance))

    @cached_property
    def standardized(self) -> float:
        """Alpha of the sum of standardised answers."""
        return float(alpha_of(self.answers.correlation))

    @property
    def mean_correlation(self) -> float:
        """Mean correlation between two items."""
        r = self.answers.correlation
        return float(r[np.triu_indices(len(r), 1)].mean())

    @property
    def lambda6(self) -> float:
        """Guttman's lambda 6, from squared multiple correlations; NaN where items determine one another."""
        r = self.answers.correlation
        if np.linalg.cond(r) > 1e12:
            return float("nan")
        return float(1 - (1 / np.diag(np.linalg.inv(r))).sum() / r.sum())

    @property
    def se(self) -> float:
        """Large-sample standard error under normality (Duhachek & Iacobucci 2004, doi:10.1037/0021-9010.89.5.792)."""
        v, (n, k) = self.answers.covariance, self.answers.values.shape
        total, own = v.sum(), np.trace(v)
        inner = total * (np.trace(v @ v) + own**2) - 2 * own * (v @ v).sum()
        return float(np.sqrt(2 * k**2 / ((k - 1) ** 2 * total**3) * inner / n))

    def __float__(self) -> float:
        return self.value

    def table(self) -> pd.DataFrame:
        """One row an item: mean, sd, its correlation with the sum of the others, and alpha without it."""
        x, v, names = self.answers.values, self.answers.covariance, self.answers.names
        k = len(names)
        others = v.sum(axis=1) - np.diag(v)
        rest = v.sum() - 2 * v.sum(axis=1) + np.diag(v)
        without = [float(alpha_of(np.delete(np.delete(v, i, 0), i, 1))) if k > 2 else np.nan for i in range(k)]
        with np.errstate(invalid="ignore", divide="ignore"):
            corrected = others / np.sqrt(np.diag(v) * np.where(rest > 0, rest, np.nan))
        return pd.DataFrame(
            {
                "mean": x.mean(axis=0),
                "sd": np.sqrt(np.diag(v)),
                "item_rest": corrected,
                "alpha_if_deleted": without,
            },
            index=pd.Index(names, name="item"),
        )

    @property
    def alpha_if_deleted(self) -> pd.Series:
        """Alpha of the scale without each item; NaN for a scale of two."""
        return self.table()["alpha_if_deleted"]

    def conf_int(self, alpha: float = 0.05, draws: int = 2000, seed: int | None = 0) -> tuple[float, float]:
        """Bootstrap percentile interval; persons are drawn with all of their answers."""
        return percentiles(alpha_of(self.answers.resampled(draws, seed)), alpha)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What a reader must know before quoting the number."""
        return tuple(self._caveats())

    def _caveats(self) -> Iterator[str]:
        table = self.table()
        against = list(table.index[table["item_rest"] < 0])
        if self.value < 0:
            yield (
                "alpha is negative: items work against each other. Look for items that should be reverse-coded"
                + (f" (against the rest: {listing(against)})." if against else ".")
            )
        elif against:
            yield f"against the rest of the scale: {listing(against)}. Reverse-coded and not turned round?"
        better = table.index[table["alpha_if_deleted"] > self.value + 0.01]
        if len(better) and self.value >= 0:
            yield f"alpha is higher without {listing(better)}; dropping items to raise it overstates what is left."
        yield from self.answers.caveats()

    def summary(self) -> str:
        """Plain text: alpha, its interval, the items, the caveats."""
        n, k = self.answers.values.shape
        low, high = self.conf_int()
        lines = [
            f"Cronbach's alpha {self.value:.3f} (95 % {low:.3f} to {high:.3f})    "
            f"{plural(n, 'person')}, {plural(k, 'item')}",
            self.table().to_string(float_format=lambda v: f"{v:.3f}"),
        ]
        return "\n".join([*lines, *(f"caveat: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return self.summary()

    def plot(self, ax: Any = None) -> Any:
        """Alpha without each item, against alpha with all (line) and its 95 % interval (band)."""
        ax = plots.axes(ax)
        without, (low, high) = self.alpha_if_deleted, self.conf_int()
        ax.axhspan(low, high, color=plots.GREY, alpha=0.2, linewidth=0)
        ax.axhline(self.value, color=plots.GREY)
        ax.plot(np.arange(len(without)), without, "o", color="black", markersize=4)
        ax.set_xticks(np.arange(len(without)), list(without.index))
        ax.set(xlabel="item left out", ylabel="alpha")
        return ax


def cronbach_alpha(items: Any) -> Alpha:
    """Cronbach's alpha, with alpha without each item.

    Parameters
    ----------
    items : DataFrame or array of float, shape (n_persons, n_items)
        Answers of one wave, reverse-coded items turned round (:func:`coplearn.scales.item_answers` does it). A person
        with an item missing is left out (listwise).

    Returns
    -------
    Alpha
        ``.value`` (and ``float(alpha)``), ``.alpha_if_deleted``, ``.conf_int()``, ``.table()``.

    Raises
    ------
    ValueError
        With fewer than two items or three complete persons, an item everybody answered alike, or items that cancel.

    Examples
    --------
    >>> items = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [2, 1, 3, 5, 4], "c": [1, 3, 2, 4, 5]})
    >>> round(float(cronbach_alpha(items)), 3)
    0.908
    """
    alpha = Alpha(Answers.of(items, 2, "alpha"))
    if np.isnan(alpha.value):
        raise ValueError("the items cancel: their sum is the same for everybody. Turn reverse-coded items round first.")
    return alpha


# --- omega ----------------------------------------------------------------------------------------------


def minres(correlation: np.ndarray, steps: int = 500, tolerance: float = 1e-9) -> np.ndarray:
    r"""Loadings on one factor that make :math:`\sum_{i<j} (r_{ij} - \lambda_i \lambda_j)^2` smallest.

    One loading at a time: given the others, the best is :math:`\sum_j r_{ij} \lambda_j / \sum_j \lambda_j^2`, j ≠ i
    (Harman & Jones 1966). Loadings are not bounded, so that a Heywood case shows as one of 1 or more.

    Parameters
    ----------
    correlation : ndarray of float, shape (n, k, k)

    Returns
    -------
    ndarray of float, shape (n, k)
        Signs such that the sum is positive; NaN where correlations are.
    """
    r = np.where(np.isnan(correlation).any(axis=(1, 2))[:, None, None], 0.0, correlation)
    k = r.shape[-1]
    _, vectors = np.linalg.eigh(r)
    first = vectors[:, :, -1]
    loading = first * np.sqrt(np.maximum(np.einsum("ni,nij,nj->n", first, r, first), 1e-12))[:, None]
    off = r * (1 - np.eye(k))
    active = np.arange(len(r))
    for _ in range(steps):
        now, before = loading[active].copy(), loading[active]
        part = off[active]
        for i in range(k):
            weight = (now**2).sum(axis=1) - now[:, i] ** 2
            now[:, i] = (part[:, i] * now).sum(axis=1) / np.maximum(weight, 1e-12)
        loading[active] = now
        moving = np.abs(now - before).max(axis=1) > tolerance
        # A loading that runs away belongs to a Heywood case; its exact size does not matter.
        active = active[moving & (np.abs(now).max(axis=1) < 10)]
        if not len(active):
            break
    loading *= np.where(loading.sum(axis=1) < 0, -1.0, 1.0)[:, None]
    loading[np.isnan(correlation).any(axis=(1, 2))] = np.nan
    return loading


def omega_of(covariance: np.ndarray, standardized: bool) -> tuple[np.ndarray, np.ndarray]:
    """Omega of covariance matrices (alpha where there is a Heywood case), and where there is one: shape (n,)."""
    r = correlations(covariance)
    loading = minres(r)
    heywood = (np.abs(loading) >= 1).any(axis=1)
    scale = np.ones(loading.shape) if standardized else np.sqrt(np.abs(np.diagonal(covariance, axis1=1, axis2=2)))
    common = (loading * scale).sum(axis=1) ** 2
    unique = ((1 - loading**2) * scale**2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(heywood, alpha_of(r if standardized else covariance), common / (common + unique))
    return value, heywood


@dataclass(frozen=True, eq=False)
class Omega:
    """McDonald's omega of a scale, from one factor.

    Attributes
    ----------
    answers : Answers
    loadings : Series
        Of standardised items on the factor.
    standardized : bool
        Omega of the sum of standardised answers; otherwise of answers as they are.
    """

    answers: Answers
    loadings: pd.Series
    standardized: bool

    @property
    def heywood(self) -> bool:
        """Whether a loading is 1 or more; ``value`` is alpha then."""
        return bool((self.loadings.abs() >= 1).any())

    @property
    def uniquenesses(self) -> pd.Series:
        """Unique variance of each standardised item; negative in a Heywood case."""
        return (1 - self.loadings**2).rename("uniqueness")

    @property
    def alpha(self) -> float:
        """Cronbach's alpha of the same sum."""
        return float(alpha_of(self.answers.correlation if self.standardized else self.answers.covariance))

    @cached_property
    def value(self) -> float:
        """Omega; alpha in a Heywood case."""
        if self.heywood:
            return self.alpha
        scale = 1.0 if self.standardized else np.sqrt(np.diag(self.answers.covariance))
        return omega_of_loadings(self.loadings * scale, self.uniquenesses * scale**2)

    @property
    def omega_total(self) -> float:
        """One minus the unique share of the observed variance of the sum of standardised items."""
        return float(1 - self.uniquenesses.sum() / self.answers.correlation.sum())

    @property
    def omega_general(self) -> float:
        """The factor's share of the observed variance of the sum of standardised items."""
        return float(self.loadings.sum() ** 2 / self.answers.correlation.sum())

    def __float__(self) -> float:
        return self.value

    def table(self) -> pd.DataFrame:
        """One row an item: loading, uniqueness, and the largest residual correlation with another item."""
        load = self.loadings.to_numpy()
        residual = np.abs(self.answers.correlation - np.outer(load, load)) * (1 - np.eye(len(load)))
        return pd.DataFrame(
            {"loading": self.loadings, "uniqueness": self.uniquenesses, "largest_residual": residual.max(axis=1)}
        )

    def conf_int(self, alpha: float = 0.05, draws: int = 1000, seed: int | None = 0) -> tuple[float, float]:
        """Bootstrap percentile interval; persons are drawn. A draw with a Heywood case counts with its alpha."""
        return percentiles(omega_of(self.answers.resampled(draws, seed), self.standardized)[0], alpha)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What a reader must know before quoting the number."""
        return tuple(self._caveats())

    def _caveats(self) -> Iterator[str]:
        if self.heywood:
            worst = self.loadings.index[self.loadings.abs() >= 1]
            yield (
                f"Heywood case: the loading of {listing(worst)} is 1 or more: no omega, and the value is alpha. "
                "Too few persons, too few items, or more than one factor."
            )
        against = self.loadings.index[self.loadings < 0]
        if len(against):
            yield f"loading negatively: {listing(against)}. Reverse-coded and not turned round?"
        residual = self.table()["largest_residual"].max()
        if residual > 0.2 and not self.heywood:
            yield f"one factor leaves residual correlations up to {residual:.2f}; the items may measure several things."
        yield from self.answers.caveats()

    def summary(self) -> str:
        """Plain text: omega, its interval, the loadings, the caveats."""
        n, k = self.answers.values.shape
        low, high = self.conf_int()
        name = "alpha, in place of omega," if self.heywood else "omega"
        lines = [
            f"{name} {self.value:.3f} (95 % {low:.3f} to {high:.3f})    {plural(n, 'person')}, {plural(k, 'item')}, "
            "one factor by minimum residuals",
            self.table().to_string(float_format=lambda v: f"{v:.3f}"),
        ]
        return "\n".join([*lines, *(f"caveat: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return self.summary()

    def plot(self, ax: Any = None, draws: int = 500, seed: int | None = 0) -> Any:
        """Loadings with bootstrap 95 % intervals."""
        ax = plots.axes(ax)
        drawn = minres(correlations(self.answers.resampled(draws, seed)))
        low, high = np.nanquantile(drawn, [0.025, 0.975], axis=0)
        x = np.arange(len(self.loadings))
        ax.vlines(x, low, high, color=plots.GREY)
        ax.plot(x, self.loadings, "o", color="black", markersize=4)
        ax.set_xticks(x, list(self.loadings.index))
        ax.set(xlabel="item", ylabel="loading")
        return ax


def omega(items: Any, standardized: bool = True) -> Omega:
    """McDonald's omega from a one-factor model.

    Parameters
    ----------
    items : DataFrame or array of float, shape (n_persons, n_items)
        Answers of one wave, reverse-coded items turned round. A person with an item missing is left out (listwise).
    standardized : bool
        Omega of the sum of standardised answers; False: of the answers as they are, which is what a mean score adds
        up. They differ where items differ in spread.

    Returns
    -------
    Omega
        ``.value`` (and ``float(omega)``), ``.loadings``, ``.heywood``, ``.conf_int()``, ``.table()``.

    Raises
    ------
    ValueError
        With fewer than three items (one factor of two items is not determined) or three complete persons, or an item
        everybody answered alike.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> factor = rng.normal(size=(2000, 1))
    >>> result = omega(0.8 * factor + 0.6 * rng.normal(size=(2000, 4)))
    >>> round(result.value, 2), round(omega_of_loadings([0.8] * 4), 2)
    (0.88, 0.88)
    """
    answers = Answers.of(items, 3, "omega")
    loadings = minres(answers.correlation[None])[0]
    return Omega(answers, pd.Series(loadings, index=pd.Index(answers.names, name="item"), name="loading"), standardized)


def omega_of_loadings(loadings: Any, uniquenesses: Any = None) -> float:
    """Omega of a one-factor model whose parameters are known.

    Parameters
    ----------
    loadings : array of float, shape (n_items,)
    uniquenesses : array of float, shape (n_items,), optional
        Unique variances; by default one minus the squared (standardised) loadings.

    Returns
    -------
    float

    Examples
    --------
    >>> round(omega_of_loadings([0.7, 0.8, 0.6, 0.75]), 6)
    0.806604
    """
    load = np.asarray(loadings, dtype=float)
    unique = 1 - load**2 if uniquenesses is None else np.asarray(uniquenesses, dtype=float)
    if (unique < 0).any():
        raise ValueError(f"uniqueness {unique.min():g} is negative (a Heywood case): there is no omega.")
    return float(load.sum() ** 2 / (load.sum() ** 2 + unique.sum()))

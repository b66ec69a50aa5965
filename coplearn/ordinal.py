r"""Polychoric correlations: reliability of items with few answer options.

Answers in few categories correlate less than what lies behind them. If every answer is a normal latent response cut at
thresholds, the correlation of two latent responses is estimated from the table of both answers: thresholds from the
margins, then the correlation that makes the table most likely (two steps; Olsson 1979). Alpha and omega of these
correlations are those of the latent responses, not of the score that you compute from answers (Zumbo, Gadermann &
Zeisser 2007); with five options and more the difference is small, and ordinary ones serve.

References
----------
Olsson (1979), Psychometrika 44(4), 443-460, doi:10.1007/BF02296207.
Zumbo, Gadermann & Zeisser (2007), Journal of Modern Applied Statistical Methods 6(1), 21-29,
doi:10.22237/jmasm/1177992180.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from coplearn import plots
from coplearn._checks import listing, plural
from coplearn.reliability import Answers, minres, omega_of_loadings

__all__ = ["Polychoric", "polychoric"]

NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)
MOST = 10  # categories of an item above which it is no ordinal item
CLOSE = 0.999  # largest correlation looked for
SPARSE = 5  # expected count below which a table says little (caveat)


@dataclass(frozen=True, eq=False)
class Polychoric:
    """Correlations of the latent responses behind ordinal answers.

    Attributes
    ----------
    correlation : DataFrame of float
        Items by items.
    thresholds : dict of str to ndarray
        Where each item's latent response is cut.
    persons : int
    left_out : int
        Persons with an item missing.
    sparse : list of tuple of str
        Pairs of items with an expected count below 5 in their table.
    """

    correlation: pd.DataFrame
    thresholds: dict[str, np.ndarray]
    persons: int
    left_out: int
    sparse: list[tuple[str, str]]

    @property
    def loadings(self) -> pd.Series:
        """Of the latent responses on one factor, by minimum residuals."""
        values = minres(self.correlation.to_numpy()[None])[0]
        return pd.Series(values, index=self.correlation.index, name="loading")

    @property
    def alpha(self) -> float:
        """Cronbach's alpha of the sum of latent responses (ordinal alpha); NaN where its variance is not positive."""
        k, total = len(self.correlation), float(self.correlation.to_numpy().sum())
        return k / (k - 1) * (1 - k / total) if total > 0 else float("nan")

    @property
    def omega(self) -> float:
        """McDonald's omega of the sum of latent responses; NaN in a Heywood case."""
        return float("nan") if (self.loadings.abs() >= 1).any() else omega_of_loadings(self.loadings)

    def table(self) -> pd.DataFrame:
        """Correlations, items by items."""
        return self.correlation.copy()

    @property
    def caveats(self) -> tuple[str, ...]:
        """What a reader must know before quoting a number."""
        return tuple(self._caveats())

    def _caveats(self) -> Iterator[str]:
        yield "alpha and omega are those of latent responses; the score computed from answers is less reliable."
        if self.sparse:
            shown = listing([f"{a} and {b}" for a, b in self.sparse])
            yield f"expected counts below {SPARSE} for {shown}: their correlations are rough. Join answer options."
        if self.left_out:
            yield f"{plural(self.left_out, 'person')} with an item missing left out (listwise)."
        if np.linalg.eigvalsh(self.correlation.to_numpy()).min() < 0:
            yield "the correlations do not fit one another (a negative eigenvalue), as happens pair by pair."
        if (self.loadings.abs() >= 1).any():
            yield "Heywood case: a loading is 1 or more, and there is no omega."

    def summary(self) -> str:
        """Plain text: alpha, omega, correlations, caveats."""
        lines = [
            f"Polychoric correlations    {plural(self.persons, 'person')}, {plural(len(self.correlation), 'item')}; "
            f"alpha {self.alpha:.3f}, omega {self.omega:.3f}",
            self.correlation.to_string(float_format=lambda v: f"{v:.3f}"),
        ]
        return "\n".join([*lines, *(f"caveat: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return self.summary()

    def plot(self, ax: Any = None) -> Any:
        """Loadings of the latent responses."""
        ax = plots.axes(ax)
        x = np.arange(len(self.loadings))
        ax.plot(x, self.loadings, "o", color="black", markersize=4)
        ax.set_xticks(x, list(self.loadings.index))
        ax.set(xlabel="item", ylabel="loading of latent response")
        return ax


def polychoric(items: Any) -> Polychoric:
    """Polychoric correlations of ordinal items, with alpha and omega of the latent responses.

    Parameters
    ----------
    items : DataFrame or array of float, shape (n_persons, n_items)
        Answers in at most ten categories, reverse-coded items turned round. A person with an item missing is left out.

    Returns
    -------
    Polychoric

    Raises
    ------
    ValueError
        With fewer than three items or three complete persons, an item everybody answered alike, or one with more than
        ten different answers.

    Examples
    --------
    >>> rng = np.random.default_rng(6)
    >>> latent = 0.8 * rng.normal(size=(3000, 1)) + 0.6 * rng.normal(size=(3000, 4))
    >>> result = polychoric(np.digitize(latent, [-0.5, 0.5]))
    >>> round(float(result.correlation.iloc[0, 1]), 1), round(result.omega, 1)
    (0.6, 0.9)
    """
    answers = Answers.of(items, 3, "polychoric correlation")
    codes, thresholds = [], {}
    for k, name in enumerate(answers.names):
        kinds, code = np.unique(answers.values[:, k], return_inverse=True)
        if len(kinds) > MOST:
            raise ValueError(f"{name} has {len(kinds)} different answers; above {MOST} use cronbach_alpha and omega.")
        codes.append(code)
        thresholds[name] = _cuts(code, len(kinds))
    r = np.eye(len(codes))
    sparse = []
    for a, b in combinations(range(len(codes)), 2):
        one, other = thresholds[answers.names[a]], thresholds[answers.names[b]]
        table = np.zeros((len(one) + 1, len(other) + 1))
        np.add.at(table, (codes[a], codes[b]), 1)
        r[a, b] = r[b, a] = _correlation(table, one, other)
        if np.outer(table.sum(axis=1), table.sum(axis=0)).min() / table.sum() < SPARSE:
            sparse.append((answers.names[a], answers.names[b]))
    index = pd.Index(answers.names, name="item")
    correlation = pd.DataFrame(r, index=index, columns=index.rename(None))
    return Polychoric(correlation, thresholds, len(answers.values), answers.left_out, sparse)


def _cuts(code: np.ndarray, kinds: int) -> np.ndarray:
    """Normal quantiles of the cumulative shares."""
    from scipy.special import ndtri

    return np.asarray(ndtri(np.bincount(code, minlength=kinds).cumsum()[:-1] / len(code)))


def _correlation(table: np.ndarray, one: np.ndarray, other: np.ndarray) -> float:
    """The correlation that makes a table of two items most likely."""
    from scipy.optimize import minimize_scalar

    def against(rho: float) -> float:
        cell = np.diff(np.diff(_below(one, other, rho), axis=0), axis=1)
        return float(-(table * np.log(np.maximum(cell, 1e-300))).sum())

    return float(minimize_scalar(against, bounds=(-CLOSE, CLOSE), method="bounded", options={"xatol": 1e-8}).x)


def _below(one: np.ndarray, other: np.ndarray, rho: float) -> np.ndarray:
    r"""P(X < h, Y < k) at all thresholds and the ends, shape (n + 2, m + 2).

    .. math:: \Phi(h)\Phi(k) + \frac{1}{2\pi} \int_0^{\arcsin \rho} \exp\Big(-\frac{h^2 + k^2 - 2 h k \sin t}
       {2 \cos^2 t}\Big) dt
    """
    from scipy.special import ndtr

    t = np.arcsin(rho) * (NODES + 1) / 2
    h, k = one[:, None, None], other[None, :, None]
    inner = np.exp(-(h**2 + k**2 - 2 * h * k * np.sin(t)) / (2 * np.cos(t) ** 2)) @ WEIGHTS
    middle = np.outer(ndtr(one), ndtr(other)) + inner * np.arcsin(rho) / 2 / (2 * np.pi)
    whole = np.zeros((len(one) + 2, len(other) + 2))
    whole[1:-1, 1:-1] = middle
    whole[-1, 1:-1], whole[1:-1, -1], whole[-1, -1] = ndtr(other), ndtr(one), 1.0
    return whole

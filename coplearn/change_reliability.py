r"""Reliability of change: does a scale follow its members, or only rank them?

Repeated answers vary between members and, wave by wave, within them. With item covariances :math:`S_W` about each
member's own mean (pooled) and :math:`S_B` among members' means, the two levels are

.. math:: \Sigma_W = S_W, \qquad \Sigma_B = (S_B - S_W) / \tilde n, \qquad
   \tilde n = \frac{N - \sum_i n_i^2 / N}{G - 1},

with :math:`n_i` forms of member i, N forms and G members. Alpha and omega of :math:`\Sigma_W` tell how reliably a
member's own changes are measured, those of :math:`\Sigma_B` how reliably members' lasting levels are (Geldhof, Preacher
& Zyphur 2014; here by moments, not by maximum likelihood). The within coefficients are often much lower, and the
alpha of one wave says nothing about them.

References
----------
Geldhof, Preacher & Zyphur (2014), Psychological Methods 19(1), 72-91, doi:10.1037/a0032138.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from coplearn import plots
from coplearn._checks import as_floats, generator, plural
from coplearn.reliability import FEW, Answers, alpha_of, omega_of, percentiles, weighted_sums

__all__ = ["TwoLevelReliability", "two_level_reliability"]


@dataclass(frozen=True, eq=False)
class TwoLevelReliability:
    """Reliability of a scale between members, and of a member's own changes.

    Attributes
    ----------
    sums : ndarray of float, shape (n_members, 3 + n_items + 2 n_items squared)
        Each member's contribution: 1, n (forms), n squared, sum of answers, products about the member's mean, and
        products of the mean times n.
    names : tuple of str
    left_out : int
        Forms with an item missing or without a member.
    by_wave : bool
        Whether the mean of each wave was taken out first.
    """

    sums: np.ndarray
    names: tuple[str, ...]
    left_out: int
    by_wave: bool

    def _levels(self, sums: np.ndarray, inflate: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        """Covariances within and between members from sums over members, shape (n, ...) to (n, k, k) each."""
        k = len(self.names)
        g, n, squares = (sums[:, c, None, None] for c in range(3))
        total = sums[:, 3 : 3 + k]
        own, about = (part.reshape(-1, k, k) for part in np.split(sums[:, 3 + k :], 2, axis=1))
        within = own / (n - g)
        between = inflate * (about - total[:, :, None] * total[:, None, :] / n) / (g - 1)
        return within, (between - within) / ((n - squares / n) / (g - 1))

    def _coefficients(self, sums: np.ndarray, inflate: float = 1.0) -> np.ndarray:
        """Alpha and omega within and between: shape (n, 4); omega NaN in a Heywood case."""
        columns = []
        for level in self._levels(sums, inflate):
            columns.append(alpha_of(level))
            if len(self.names) > 2:
                value, heywood = omega_of(level, standardized=False)
                columns.append(np.where(heywood, np.nan, value))
            else:
                columns.append(np.full(len(level), np.nan))
        return np.column_stack(columns)

    @cached_property
    def _estimate(self) -> np.ndarray:
        return self._coefficients(self.sums.sum(axis=0)[None, :])[0]

    def table(self, alpha: float = 0.05, draws: int = 1000, seed: int | None = 0) -> pd.DataFrame:
        """Rows level (within, between) and coefficient (alpha, omega): estimate, low, high.

        Intervals are percentiles of a bootstrap of members, each with all of their forms. Omega is NaN for two items
        and in a Heywood case.
        """
        g, estimate = len(self.sums), self._estimate
        drawn = self._coefficients(weighted_sums(self.sums, draws, generator(seed)), g / (g - 1))
        index = pd.MultiIndex.from_product([["within", "between"], ["alpha", "omega"]], names=["level", "coefficient"])
        bounds = [percentiles(c, alpha) for c in drawn.T]
        low, high = (np.where(np.isnan(estimate), np.nan, edge) for edge in zip(*bounds, strict=True))
        return pd.DataFrame({"estimate": estimate, "low": low, "high": high}, index=index)

    @property
    def within(self) -> float:
        """Alpha within members: reliability of differences between a member's own answer forms."""
        return float(self._estimate[0])

    @property
    def between(self) -> float:
        """Alpha between members: reliability of differences between members' lasting levels."""
        return float(self._estimate[2])

    @property
    def caveats(self) -> tuple[str, ...]:
        """What a reader must know before quoting a number."""
        return tuple(self._caveats())

    def _caveats(self) -> Iterator[str]:
        repeated = int((self.sums[:, 1] > 1).sum())
        if self.left_out:
            yield f"{plural(self.left_out, 'form')} with an item missing or without a member left out."
        if repeated < FEW:
            yield f"{plural(repeated, 'member')} answered more than once, fewer than {FEW}: read intervals as a guide."
        if np.isnan(self._estimate).any():
            yield "a level without omega: two items, a Heywood case, or no lasting differences between members."
        if self.by_wave:
            yield "change that all members share at a wave is taken out first."

    def summary(self) -> str:
        """Plain text: coefficients by level, and the caveats."""
        head = (
            f"Reliability of change    {plural(len(self.sums), 'member')}, "
            f"{plural(int(self.sums[:, 1].sum()), 'form')}, {plural(len(self.names), 'item')}"
        )
        lines = [head, self.table().to_string(float_format=lambda v: f"{v:.3f}")]
        return "\n".join([*lines, *(f"caveat: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return self.summary()

    def plot(self, ax: Any = None) -> Any:
        """The coefficients with their intervals."""
        ax = plots.axes(ax)
        table = self.table()
        x = np.arange(len(table))
        ax.vlines(x, table["low"], table["high"], color=plots.GREY)
        ax.plot(x, table["estimate"], "o", color="black", markersize=4)
        ax.set_xticks(x, [f"{c} {level}" for level, c in table.index])
        ax.set(ylabel="reliability")
        return ax


def two_level_reliability(items: Any, members: Any = None, waves: Any = None) -> TwoLevelReliability:
    """Reliability of differences between members and of a member's own changes, from repeated answers.

    Parameters
    ----------
    items : DataFrame or array of float, shape (n_forms, n_items)
        Answers, one row a member and wave; :func:`coplearn.scales.item_answers` gives them. Forms with an item missing
        are left out.
    members : Series or array, shape (n_forms,), optional
        By default the level ``member`` of the frame's index.
    waves : Series or array, shape (n_forms,), optional
        By default the level ``wave`` of the index, if there is one. The mean of each wave is taken out first, so that
        the times do not count as change; without waves it is not.

    Returns
    -------
    TwoLevelReliability
        ``.within`` and ``.between`` (alpha), ``.table()`` with omega and intervals.

    Raises
    ------
    ValueError
        With fewer than two items, two members, or if nobody answered twice.
    """
    index = items.index if isinstance(items, pd.DataFrame) else None
    if members is None:
        if index is None or "member" not in index.names:
            raise ValueError("say whose form each row is: members=, or a frame indexed by member and wave.")
        members = index.get_level_values("member")
    if waves is None and index is not None and "wave" in index.names:
        waves = index.get_level_values("wave")
    label = pd.Series(np.asarray(members, dtype=object))
    x = as_floats(items)
    if len(label) != len(x):
        raise ValueError(f"{plural(len(x), 'form')} and {plural(len(label), 'member')}; give one member a form.")
    named = label.notna().to_numpy()
    frame = pd.DataFrame(items)[named] if index is None else items[named]
    answers = Answers.of(frame, 2, "reliability of change")
    kept = named & ~np.isnan(x).any(axis=1)
    codes, names = pd.factorize(label[kept])
    n = np.bincount(codes)
    if len(names) < 2 or n.max() < 2:
        raise ValueError("reliability of change needs two members or more, and members who answered more than once.")
    y = answers.values - answers.values.mean(axis=0)
    if waves is not None:
        y = y - pd.DataFrame(y).groupby(np.asarray(waves, dtype=object)[kept]).transform("mean").to_numpy()
    k = y.shape[1]
    sums = np.zeros((len(names), k))
    np.add.at(sums, codes, y)
    mean = sums / n[:, None]
    own = y - mean[codes]
    within = np.zeros((len(names), k * k))
    np.add.at(within, codes, (own[:, :, None] * own[:, None, :]).reshape(-1, k * k))
    about = (n[:, None, None] * mean[:, :, None] * mean[:, None, :]).reshape(-1, k * k)
    columns = np.column_stack([np.ones(len(n)), n, n**2, sums, within, about])
    return TwoLevelReliability(columns, answers.names, len(x) - int(kept.sum()), waves is not None)

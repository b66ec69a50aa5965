"""Goodness of fit of the actor-oriented model: features of simulated waves beside those of the observed ones.

A feature is a vector, such as the number of members with at most 0, 1, 2, ... incoming ties. The distance of the
observed vector from the simulated ones is Mahalanobis' (Lospinoso & Snijders 2019). It is put among the
simulated ones before mean and covariance are taken: then all of them are exchangeable if the model holds, and the share
of vectors at least as far away is an exact p-value.

References
----------
Lospinoso & Snijders (2019), Methodological Innovations 12(3), doi:10.1177/2059799119884282.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from coplearn import plots
from coplearn._checks import choose, listing, plural
from coplearn.results import pooled_distance
from coplearn.saom_simulation import Simulated

if TYPE_CHECKING:
    from coplearn.saom import SAOM

__all__ = ["STATISTICS", "GoodnessOfFit", "assess"]

Feature = Callable[[dict[str, np.ndarray], dict[str, np.ndarray]], Any]


def _cumulative(counts: np.ndarray, levels: Sequence[int]) -> pd.Series:
    return pd.Series({f"{k}": float((counts <= k).sum()) for k in levels})


def _degrees(axis: int) -> Callable[..., Feature]:
    def make(variable: str, levels: Sequence[int] | None) -> Feature:
        return lambda ties, behavior: _cumulative(ties[variable].sum(axis=axis), levels or range(9))

    return make


def _geodesic(variable: str, levels: Sequence[int] | None) -> Feature:
    """Ordered pairs at distance at most 1, 2, ...; pairs without a path are in none."""
    steps = list(levels or range(1, 8))

    def feature(ties: dict[str, np.ndarray], behavior: dict[str, np.ndarray]) -> pd.Series:
        x = ties[variable].astype(np.float32)
        reached = x > 0
        np.fill_diagonal(reached, False)
        found = {}
        for k in range(1, max(steps) + 1):
            if k > 1:
                more = (reached.astype(np.float32) @ x) > 0
                np.fill_diagonal(more, False)
                reached = reached | more
            if k in steps:
                found[f"{k}"] = float(reached.sum())
        return pd.Series(found)

    return feature


TRIADS = (
    "003",
    "012",
    "102",
    "021D",
    "021U",
    "021C",
    "111D",
    "111U",
    "030T",
    "030C",
    "201",
    "120D",
    "120U",
    "120C",
    "210",
    "300",
)


def _triads(variable: str, levels: Sequence[int] | None) -> Feature:
    """The 16 types of triads, counted by products of matrices (Moody 1998, doi:10.1016/S0378-8733(98)00006-9)."""

    def feature(ties: dict[str, np.ndarray], behavior: dict[str, np.ndarray]) -> pd.Series:
        x = ties[variable].astype(float)
        n = len(x)
        e = ((x + x.T) > 0).astype(float)
        none = 1 - e
        np.fill_diagonal(none, 0)
        m = x * x.T
        c = x - m
        ct = c.T

        def paths(a: np.ndarray, b: np.ndarray, closed: np.ndarray) -> float:
            return float(((a @ b) * closed).sum())

        counts = {
            "300": paths(m, m, m) / 6,
            "210": paths(m, m, c + ct) / 2,
            "120C": paths(c, c, m),
            "120D": paths(ct, c, m) / 2,
            "120U": paths(c, ct, m) / 2,
            "030T": paths(c, c, c),
            "030C": paths(c, c, ct) / 3,
            "201": paths(m, m, none) / 2,
            "111U": paths(m, c, none),
            "111D": paths(m, ct, none),
            "021D": paths(ct, c, none) / 2,
            "021U": paths(c, ct, none) / 2,
            "021C": paths(c, c, none),
            "102": paths(none, none, m) / 2,
            "012": paths(none, none, c + ct) / 2,
        }
        counts["003"] = n * (n - 1) * (n - 2) / 6 - sum(counts.values())
        return pd.Series({name: counts[name] for name in TRIADS})

    return feature


def _behavior(variable: str, levels: Sequence[int] | None) -> Feature:
    return lambda ties, behavior: pd.Series({f"{k}": float((behavior[variable] == k).sum()) for k in levels or ()})


STATISTICS: dict[str, Callable[..., Feature]] = {
    "indegree": _degrees(0),
    "outdegree": _degrees(1),
    "geodesic": _geodesic,
    "triad_census": _triads,
    "behavior": _behavior,
}

LABELS = {
    "indegree": "members with at most so many",
    "outdegree": "members with at most so many",
    "geodesic": "pairs at most so far apart",
    "behavior": "members",
}


@dataclass(frozen=True, eq=False)
class GoodnessOfFit:
    """Simulated and observed values of a feature.

    Attributes
    ----------
    name : str
    observed : Series of float
    simulated : DataFrame of float
        A row a draw.
    distance : float
        Squared Mahalanobis distance of the observed vector.
    p : float
        Share of vectors, the observed one included, at least as far away.
    """

    name: str
    observed: pd.Series
    simulated: pd.DataFrame
    distance: float
    p: float

    def table(self) -> pd.DataFrame:
        """One row a value: observed, mean, sd, low and high (the middle 95 % of draws)."""
        low, high = self.simulated.quantile(0.025), self.simulated.quantile(0.975)
        parts = {"observed": self.observed, "mean": self.simulated.mean(), "sd": self.simulated.std()}
        return pd.DataFrame({**parts, "low": low, "high": high})

    def plot(self, ax: Any = None) -> Any:
        """Violins of the draws, the observed values as a line; values that never vary are left out."""
        varied = [k for k in self.observed.index if np.ptp(np.r_[self.simulated[k], self.observed[k]]) > 0]
        ax = plots.axes(ax, (7.0, 3.6))
        places = np.arange(len(varied))
        sims = self.simulated[varied].to_numpy()
        center, spread = np.zeros(len(varied)), np.ones(len(varied))
        label = LABELS.get(self.name, "count")
        if self.name == "triad_census":  # 003 is thousands of times 300: shown each in its own scale
            center, spread = sims.mean(axis=0), np.maximum(sims.std(axis=0), 1e-9)
            label = "count, standardized"
        shown = (sims - center) / spread
        moving = np.ptp(shown, axis=0) > 0
        if moving.any():
            bodies = ax.violinplot(shown[:, moving], positions=places[moving], widths=0.8, showextrema=False)
            for body in bodies["bodies"]:
                body.set(facecolor="0.8", edgecolor=plots.GREY, alpha=1.0)
        for q in (2.5, 97.5):
            ax.plot(places, np.percentile(shown, q, axis=0), linestyle=":", color=plots.GREY, linewidth=1)
        values = (self.observed[varied].to_numpy() - center) / spread
        ax.plot(places, values, marker="o", color="#C44E52", markersize=4, label="observed")
        ax.set_xticks(places, varied, rotation=45 if len(varied) > 9 else 0)
        ax.set(xlabel=self.name.replace("_", " "), ylabel=label, title=f"p = {self.p:.3f}")
        ax.legend(frameon=False, fontsize=8)
        return ax

    def summary(self) -> str:
        """Plain text."""
        head = f"goodness of fit, {self.name}: distance {self.distance:.2f}, p {self.p:.3f}"
        return f"{head} ({len(self.simulated):,} draws)\n{self.table().to_string(float_format=lambda v: f'{v:.2f}')}"

    def __repr__(self) -> str:
        return f"GoodnessOfFit: {self.name}, p {self.p:.3f}"


def assess(
    model: SAOM,
    simulated: Iterable[Simulated],
    statistic: str | Feature,
    variable: str | None,
    levels: Sequence[int] | None,
    by_period: bool,
) -> GoodnessOfFit:
    """Compare a feature of simulated ends of periods with that of the observed ones.

    Ties that are missing at either end of a period, or structural, count as in the estimation: the missing as 0.
    Members who are absent at the end of a period are left out.

    Raises
    ------
    ValueError
        For a feature that is not a number in some draw, has other labels from draw to draw, or no value at all.
    """
    name = statistic if isinstance(statistic, str) else getattr(statistic, "__name__", "feature")
    if isinstance(statistic, str):
        choose(statistic, list(STATISTICS), "goodness-of-fit statistic")
        pool = (
            model.problems[0].behaviors
            if statistic == "behavior"
            else [k for k in model.specification if k in model.panel.networks]
        )
        if not pool:
            raise ValueError(f"the model has no {'behavior' if statistic == 'behavior' else 'network'} to look at.")
        variable = choose(variable or pool[0], pool, "modelled variable")
        if statistic == "behavior" and levels is None:
            period, b = model.problems[0].periods[0], model.problems[0].behaviors.index(variable)
            levels = range(int(period.z_low[b]), int(period.z_high[b]) + 1)
        if statistic in ("triad_census", "geodesic") and model.panel.networks[variable].two_mode:
            raise ValueError(f"{statistic} needs a one-mode network; {variable!r} is two-mode.")
        feature = STATISTICS[statistic](variable, levels)
        name = statistic
    else:
        feature = statistic
    rows: list[pd.Series] = []
    for portion in simulated:
        rows += [_vector(feature, states, by_period) for states in portion.states()]
        observed = _vector(feature, portion.observed_states(), by_period)
    table, observed = _aligned(rows, observed, name)
    return GoodnessOfFit(name, observed, table, *pooled_distance(table.to_numpy(), observed.to_numpy()))


def _aligned(rows: list[pd.Series], observed: pd.Series, name: str) -> tuple[pd.DataFrame, pd.Series]:
    """Draws as rows of a table, and the observed vector in the order of its columns; all of them numbers."""
    if not len(observed):
        raise ValueError(f"{name} has no value to compare; give other levels, or a function that returns some.")
    if not all(vector.index.is_unique for vector in (*rows, observed)):
        raise ValueError(f"{name} gives a label twice; each value needs a label of its own.")
    table = pd.DataFrame([*rows, observed])
    unknown = ~np.isfinite(table.to_numpy())
    if unknown.any():
        raise ValueError(
            f"{name} has no finite value of {listing(table.columns[unknown.any(axis=0)])} in "
            f"{unknown[:-1].any(axis=1).sum():,} of {plural(len(rows), 'draw')}"
            f"{' and in the data' if unknown[-1].any() else ''}; it needs the same labels, and a number for each, "
            "every time."
        )
    return table.iloc[:-1], table.iloc[-1].rename(None)


def _vector(
    feature: Feature, states: Sequence[tuple[dict[str, np.ndarray], dict[str, np.ndarray]]], by_period: bool
) -> pd.Series:
    found = [pd.Series(feature(ties, behavior), dtype=float) for ties, behavior in states]
    if by_period:
        return pd.concat([s.rename(lambda k, m=m: f"{m + 1}: {k}") for m, s in enumerate(found)])
    return sum(found[1:], found[0])

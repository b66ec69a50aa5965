r"""How a community's words move over time, and who moves them.

**Drift series**: the divergence of every window from the first one and from the one before, each in excess of what
sampling makes (`coplearn.divergence`). Consecutive distances tell how fast words turn over; only distances from the
origin tell whether the community goes anywhere, and their slope is the **turning test**: positive where it keeps moving
away, zero where it has come to rest, negative where it turns back.

**Stayers, joiners, leavers**: a community's words change because those who stay speak differently, because those who
come do, and because those who go did. With a functional F of the word distribution that is not a mean, the three
effects depend on the order in which they are thought to happen; their Shapley values average over the orders and add
up to the change of F exactly (Shorrocks 2013, doi:10.1007/s10888-011-9214-z).

Both compare texts of equal sizes: a community that only writes more does not move (`coplearn.divergence.same_sizes`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import permutations as orders
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import choose, plural, whole
from coplearn.corpus import corpus
from coplearn.divergence import (
    DISPLAY,
    MEANS,
    Documents,
    entropy,
    jackknife_error,
    jsd,
    member_blocks,
    relabelled,
    same_sizes,
    shuffled_labels,
    swapped_labels,
    thinning_caveat,
)  # fmt: skip

__all__ = ["DriftSeries", "LanguageShift", "decompose_language", "drift_series"]

MONTH = 365.25 / 12 * 86_400


@dataclass(frozen=True, eq=False)
class DriftSeries:
    """How a community's words move away from where they were.

    Attributes
    ----------
    series : DataFrame
        One row a window: opens, n_members, n_tokens (all there are), from_origin and consecutive (jsd_excess in bits
        against the first usable window and against the one before), with z and p each. NaN where a window is too small.
    slope : float
        Of from_origin over time, bits per month; positive where the community keeps moving away.
    slope_p : float
        Two-sided, against members' texts changing windows.
    late_slope, late_p : float
        The same for the second half of the windows: near 0 where drift has come to rest, negative where the
        community turns back.
    caveats : tuple of str
    """

    series: pd.DataFrame
    slope: float
    slope_p: float
    late_slope: float
    late_p: float
    caveats: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """The windows."""
        return self.series.copy()

    def summary(self) -> str:
        """The turning test in words."""
        lines = [
            f"Drift of words over {len(self.series)} windows",
            f"slope of the distance from origin {self.slope:+.5f} bits a month (p {self.slope_p:.3f})"
            f"    second half {self.late_slope:+.5f} (p {self.late_p:.3f})",
        ]
        return "\n".join([*lines, *(f"note: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return "\n".join(self.summary().splitlines()[:2])

    def plot(self, ax: Any = None) -> Any:
        """Excess divergence from the origin and from the window before."""
        from coplearn.plots import axes

        ax = axes(ax)
        for column, color, label in (("from_origin", "C0", "from origin"), ("consecutive", "0.6", "from the last")):
            shown = self.series[column].dropna()
            ax.plot(self.series["opens"], self.series[column], color=color, marker=".")
            if len(shown):
                ax.annotate(label, (self.series.loc[shown.index[-1], "opens"], shown.iloc[-1]), color=color)
        ax.axhline(0, color="0.85", zorder=0)
        ax.set_xlabel("window")
        ax.set_ylabel("excess divergence (bits)")
        return ax


def drift_series(
    source: Any, every: str = "quarter", permutations: int = 200, seed: int = 0, min_members: int = MEANS
) -> DriftSeries:
    """Divergence of each window from the first one and from the one before, with the turning test.

    Parameters
    ----------
    source : Community, DataFrame or Corpus
    every : str
        Length of a window.
    permutations : int
        Labellings of the null: a member's texts of different windows change places; members seen in one window
        only are dealt out anew.
    seed : int
    min_members : int
        Windows with fewer members are NA, and their texts take no part.

    Returns
    -------
    DriftSeries

    Raises
    ------
    ValueError
        If `permutations` or `min_members` is below 1.
    """
    permutations, min_members = whole(permutations, "permutations"), whole(min_members, "min_members")
    text = corpus(source)
    windows = text.windows(every)
    at = windows.locate(text.messages["time"])
    of_token = np.repeat(at, text.lengths)
    inside = of_token >= 0
    docs = Documents.from_tokens(
        np.repeat(text.author, text.lengths)[inside], of_token[inside], text.tokens[inside], text.types
    )
    n_members = np.bincount(docs.group, minlength=len(windows))
    n_tokens = np.bincount(of_token[inside], minlength=len(windows))
    usable = np.flatnonzero(n_members >= min_members)
    said: tuple[str, ...] = ()
    if len(usable) < len(windows):
        said += (f"{plural(len(windows) - len(usable), 'window')} NA: fewer than {min_members} members.",)
    columns = ["from_origin", "origin_z", "origin_p", "consecutive", "consecutive_z", "consecutive_p"]
    series = pd.DataFrame(np.nan, index=pd.Index(windows.labels, name="window"), columns=columns)
    series.insert(0, "opens", windows.edges[:-1])
    series.insert(1, "n_members", n_members)
    series.insert(2, "n_tokens", n_tokens)
    nan = float("nan")
    if len(usable) < 2:
        return DriftSeries(series, nan, nan, nan, nan, (*said, "Fewer than two usable windows: no drift to see."))
    origin = [(usable[0], w) for w in usable[1:]]
    step = [(w - 1, w) for w in usable if w - 1 in usable]
    rng = np.random.default_rng(seed)
    docs = docs.within(usable)
    thin = same_sizes(docs, rng)
    said += thinning_caveat(docs, thin)
    labels = np.vstack([docs.group[None], shuffled_labels(thin, permutations, rng)])
    values = relabelled(thin, labels, len(windows), np.array(origin + step))
    null = values[1:]
    excess = values - null.mean(axis=0)
    spread = null.std(axis=0, ddof=1) if permutations > 1 else np.zeros(null.shape[1])
    z = excess[0] / np.where(spread > 0, spread, np.nan)
    p = (1 + (null >= values[0] - 1e-12).sum(axis=0)) / (1 + permutations)
    for pairs, first, names in ((origin, 0, columns[:3]), (step, len(origin), columns[3:])):
        for k, (_, w) in enumerate(pairs):
            series.loc[windows.labels[w], names] = [excess[0, first + k], z[first + k], p[first + k]]
    seconds = (windows.edges[:-1] - windows.edges[0]).total_seconds().to_numpy() / MONTH
    months = seconds[[w for _, w in origin]]
    late = months >= np.median(months)
    slope, slope_p = _slope(months, excess[:, : len(origin)])
    late_slope, late_p = _slope(months[late], excess[:, : len(origin)][:, late])
    if len(months) < 3:
        said += ("Fewer than three distances from the origin: no slope.",)
    return DriftSeries(series, slope, slope_p, late_slope, late_p, said)


def _slope(months: np.ndarray, excess: np.ndarray) -> tuple[float, float]:
    """Least-squares slope of the first row and its two-sided p against the others."""
    if len(months) < 3:
        return float("nan"), float("nan")
    centred = months - months.mean()
    slopes = excess @ centred / (centred**2).sum()
    return float(slopes[0]), float((1 + (np.abs(slopes[1:]) >= abs(slopes[0]) - 1e-15).sum()) / len(slopes))


@dataclass(frozen=True, eq=False)
class LanguageShift:
    """A change of the community's words, split by who brought it.

    Attributes
    ----------
    parts : DataFrame
        Rows stayers, joiners, leavers and total: value (the parts add up to the total exactly), null (mean when
        members' texts change sides), excess (value - null), se (jackknife over members; too large where nothing has
        changed), p (two-sided, of the excess); all of texts of equal sizes. NaN with fewer than 5 stayers; se and p
        of joiners or leavers are NaN where they are 1 to 4.
    functional : str
    before, after : float
        The functional at the two periods, of texts of equal sizes.
    n_members : dict of str to int
    caveats : tuple of str
    """

    parts: pd.DataFrame
    functional: str
    before: float
    after: float
    n_members: dict[str, int]
    caveats: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """The parts."""
        return self.parts.copy()

    def summary(self) -> str:
        """The parts as text."""
        lines = [
            f"Change of {self.functional} from {self.before:.4f} to {self.after:.4f}    "
            + ", ".join(f"{n:,} {who}" for who, n in self.n_members.items())
        ]
        lines += [f"{who:<8} {r['value']:+.4f}    beyond sampling {r['excess']:+.4f} (p {r['p']:.3f})"
                  for who, r in self.parts.iterrows()]  # fmt: skip
        return "\n".join([*lines, *(f"note: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return "\n".join(self.summary().splitlines()[:5])

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Normal intervals for the excess of each part: columns low and high."""
        from scipy.stats import norm

        half = float(norm.ppf(1 - alpha / 2)) * self.parts["se"]
        return pd.DataFrame({"low": self.parts["excess"] - half, "high": self.parts["excess"] + half})

    def plot(self, ax: Any = None) -> Any:
        """The parts beyond sampling as bars with their 95 % intervals."""
        from coplearn.plots import axes

        ax = axes(ax)
        ax.bar(
            self.parts.index, self.parts["excess"], yerr=1.96 * self.parts["se"], color=["C0", "C1", "C2", "0.6"],
            ecolor="0.4",
        )  # fmt: skip
        ax.axhline(0, color="0.4", linewidth=0.8)
        ax.set_ylabel(f"change of {self.functional} beyond sampling")
        return ax


def decompose_language(
    a: Any,
    b: Any,
    functional: str | Callable[[np.ndarray], float] = "jsd",
    *,
    origin: np.ndarray | None = None,
    weights: str = "members",
    permutations: int = 200,
    seed: int = 0,
) -> LanguageShift:
    r"""Shapley decomposition of a change of the word distribution into stayers, joiners and leavers.

    Three switches lead from the first period to the second: the stayers speak as of the second, the joiners are in,
    the leavers are out. A switch's part is its mean effect on the functional F over the six orders in which the
    switches can be thrown, so that the parts add up to :math:`F_2 - F_1` exactly.

    Parameters
    ----------
    a, b : mapping of member to tokens, DataFrame of messages, Community or Corpus
        The first and the second period. Stayers are the members who speak in both.
    functional : {"jsd", "entropy"} or callable
        Divergence from `origin`; entropy in bits; or any function of a probability vector over the union of
        types (sorted).
    origin : ndarray of float, optional
        Distribution over the union of types (sorted) that "jsd" is measured from; default the first period.
    weights : {"members", "tokens"}
        Every member counts once, or every token.
    permutations, seed : int
        Null: stayers swap their two texts, joiners and leavers are dealt out anew.

    Returns
    -------
    LanguageShift
        NaN with fewer than 5 stayers: the path by way of a (nearly) empty community has no value.

    Raises
    ------
    ValueError
        If `permutations` is below 1, or `origin` is not a distribution over the union of types.

    References
    ----------
    Shorrocks (2013), J. Econ. Inequality 11, 99-126, doi:10.1007/s10888-011-9214-z.
    """
    from scipy.sparse import diags

    choose(weights, ("members", "tokens"), "way to weigh")
    permutations = whole(permutations, "permutations")
    everything = Documents.of(a, b)
    if origin is not None:
        origin = _distribution(origin, len(everything.types))
    rng = np.random.default_rng(seed)
    docs = same_sizes(everything, rng)
    counts = docs.matrix()
    if weights == "members":
        counts = diags(1 / np.maximum(1, np.asarray(counts.sum(axis=1)).ravel())) @ counts
    partner = docs.partners()
    labels = np.vstack([docs.group[None], swapped_labels(docs.group, partner, permutations, rng)])
    n = {
        "stayers": int((partner >= 0).sum() // 2), "joiners": int(((partner < 0) & (docs.group == 1)).sum()),
        "leavers": int(((partner < 0) & (docs.group == 0)).sum()),
    }  # fmt: skip
    name = functional if isinstance(functional, str) else getattr(functional, "__name__", "functional")
    said = [
        f"{plural(k, who.removesuffix('s'))}, fewer than {MEANS}: the split is rough."
        for who, k in n.items() if 0 < k < MEANS
    ]  # fmt: skip
    rows = ["stayers", "joiners", "leavers", "total"]
    if n["stayers"] < DISPLAY:
        reason = "No stayers: NA." if n["stayers"] == 0 else f"Fewer than {DISPLAY} stayers: NA."
        empty = pd.DataFrame(np.nan, index=rows, columns=["value", "null", "excess", "se", "p"])
        return LanguageShift(empty, name, float("nan"), float("nan"), n, (*said, reason))
    said += thinning_caveat(everything, docs)
    single = partner < 0

    def change(group: np.ndarray, keep: np.ndarray) -> tuple[np.ndarray, float, float]:
        """The three parts and the total, the functional before and after, with the members that are kept."""
        sides = [single & (group == g) & keep for g in (0, 1)]
        masks = np.array([~single & (group == 0) & keep, ~single & (group == 1) & keep, sides[1], sides[0]])
        stay_1, stay_2, join, leave = np.asarray(masks.astype(float) @ counts)
        measure = _functional(functional, stay_1 + leave if origin is None else origin)
        worth = {
            (s, j, v): measure((stay_2 if s else stay_1) + j * join + (1 - v) * leave)
            for s in (0, 1) for j in (0, 1) for v in (0, 1)
        }  # fmt: skip
        before, after = worth[0, 0, 0], worth[1, 1, 1]
        return np.append(_shapley(worth), after - before), before, after

    everybody = np.ones(len(partner), bool)
    _, before, after = change(docs.group, everybody)
    values = np.array([change(group, everybody)[0] for group in labels])
    block, stratum = member_blocks(docs, partner, rng)
    without = np.array([change(docs.group, block != b)[0] for b in range(len(stratum))])
    null = values[1:]
    middle = null.mean(axis=0)
    far = np.abs(null - middle) >= np.abs(values[0] - middle) - 1e-15
    parts = pd.DataFrame(
        {"value": values[0], "null": middle, "excess": values[0] - middle,
         "se": jackknife_error(without, stratum=stratum), "p": (1 + far.sum(axis=0)) / (1 + permutations)},
        index=pd.Index(rows, name="part"),
    )  # fmt: skip
    for who in ("joiners", "leavers"):
        if 0 < n[who] < DISPLAY:
            parts.loc[who, ["se", "p"]] = np.nan
            said.append(f"Fewer than {DISPLAY} {who}: no error and no test of their part.")
    if name == "jsd":
        said.append("A divergence from the origin grows by sampling alone: read the excess, not the value.")
    return LanguageShift(parts, name, float(before), float(after), n, tuple(said))


def _distribution(origin: np.ndarray, n_types: int) -> np.ndarray:
    x = np.asarray(origin, dtype=float)
    if x.shape != (n_types,):
        raise ValueError(
            f"origin has shape {x.shape}, but the two periods have {n_types:,} types: give one number for each type of "
            "their union, sorted."
        )
    if not np.isfinite(x).all() or x.min() < 0 or x.sum() <= 0:
        raise ValueError("origin is not a distribution: its entries must be finite, none below 0, not all 0.")
    return x


def _functional(functional: str | Callable[[np.ndarray], float], origin: np.ndarray) -> Callable[[np.ndarray], float]:
    if callable(functional):
        given = functional
        return lambda x: float(given(x / x.sum()))
    if choose(functional, ("jsd", "entropy"), "functional") == "entropy":
        return entropy
    return lambda x: jsd(origin, x)


def _shapley(worth: Mapping[Any, float]) -> np.ndarray:
    """Mean marginal effect of each of three switches over their six orders."""
    parts = np.zeros(3)
    for order in orders(range(3)):
        state = [0, 0, 0]
        for switch in order:
            before = worth[tuple(state)]
            state[switch] = 1
            parts[switch] += (worth[tuple(state)] - before) / 6
    return parts

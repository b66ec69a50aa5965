r"""Agreement: when a group's mean may stand for the group.

A group's mean speaks for the group where its members agree. Two questions are kept apart. Do groups differ more than
their members do? One-way analysis of variance of N persons in G groups gives

.. math:: \mathrm{ICC}(1) = \frac{MS_B - MS_W}{MS_B + (\tilde k - 1) MS_W}, \quad
   \mathrm{ICC}(2) = \frac{MS_B - MS_W}{MS_B}, \quad \tilde k = \frac{N - \sum_g n_g^2 / N}{G - 1},

the reliability of one member's score and of a group's mean (Bliese 2000). And do the members of one group give the
same answers? With J items, mean item variance :math:`\bar s^2` and the variance :math:`\sigma_E^2` of answers given
without regard to the matter,

.. math:: r_{wg(j)} = \frac{J (1 - \bar s^2 / \sigma_E^2)}{J (1 - \bar s^2 / \sigma_E^2) + \bar s^2 / \sigma_E^2}

(James, Demaree & Wolf 1984). The index depends on :math:`\sigma_E^2`, so two are shown: answers spread evenly over A
options, :math:`(A^2 - 1)/12`, and answers slightly skewed towards one end, as polite answers are (LeBreton & Senter
2008). How well items measure one thing is in :mod:`coplearn.reliability`.

References
----------
James, Demaree & Wolf (1984), Journal of Applied Psychology 69(1), 85-98, doi:10.1037/0021-9010.69.1.85.
LeBreton & Senter (2008), Organizational Research Methods 11(4), 815-852, doi:10.1177/1094428106296642.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from coplearn import plots
from coplearn._checks import as_floats, generator, is_number, level, listing, plural, whole

__all__ = ["ICC", "Agreement", "icc", "rater_icc", "rwg"]

# Variance of a slightly skewed null by number of options (LeBreton & Senter 2008, table 2). For five options it is
# the distribution (.05, .15, .20, .35, .25) of James et al. (1984).
SKEWED = {5: 1.34, 6: 1.85, 7: 2.90, 8: 3.47, 9: 5.66, 10: 6.30, 11: 7.31}
FEW = 20  # below this many groups or persons an interval is a rough guide (caveat)


# --- do groups differ? ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class ICC:
    """How far groups differ, against how far the members of a group do.

    Attributes
    ----------
    groups : DataFrame
        Indexed by group: n, mean, and ss, the sum of squares within the group.
    left_out : int
        Persons without a score or a group.
    """

    groups: pd.DataFrame
    left_out: int = 0

    @cached_property
    def _estimate(self) -> dict[str, float]:
        n, mean, within = (self.groups[c].to_numpy(dtype=float) for c in ("n", "mean", "ss"))
        total, g = n.sum(), len(n)
        msb = float((n * (mean - np.average(mean, weights=n)) ** 2).sum() / (g - 1))
        msw = float(within.sum() / (total - g))
        k = float((total - (n**2).sum() / total) / (g - 1))
        icc2 = (msb - msw) / msb if msb > 0 else -np.inf
        return {"icc1": (msb - msw) / (msb + (k - 1) * msw), "icc2": icc2, "k": k, "msb": msb, "msw": msw}

    def _log_ratio(self, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """log(MSB / MSW) and its standard error when groups count `weight` times: shape (draws, G) to (draws,)."""
        n, mean, within = (self.groups[c].to_numpy(dtype=float) for c in ("n", "mean", "ss"))
        g, w = len(n), weight.astype(float)
        total = w @ n
        about = n * (mean - (w @ (n * mean) / total)[:, None]) ** 2
        with np.errstate(invalid="ignore", divide="ignore"):
            between, inside = (w * about).sum(axis=1), w @ within
            ratio = np.log(between / (g - 1)) - np.log(inside / (total - g))
            spread = (w * (about / between[:, None] - within / inside[:, None]) ** 2).sum(axis=1)
        return ratio, np.sqrt(spread)

    @property
    def icc1(self) -> float:
        """ICC(1): reliability of one member's score as a measure of the group; negative values as they are."""
        return self._estimate["icc1"]

    @property
    def icc2(self) -> float:
        """ICC(2): reliability of a group's mean."""
        return self._estimate["icc2"]

    @property
    def k(self) -> float:
        """Size of a group in the sense of the analysis of variance; the plain size where all are equal."""
        return self._estimate["k"]

    @property
    def msb(self) -> float:
        """Mean square between groups."""
        return self._estimate["msb"]

    @property
    def msw(self) -> float:
        """Mean square within groups."""
        return self._estimate["msw"]

    def table(self) -> pd.DataFrame:
        """One row: ICC(1), ICC(2), k, the mean squares, F with its p-value, persons and groups."""
        from scipy.stats import f

        n, g = int(self.groups["n"].sum()), len(self.groups)
        ratio = self.msb / self.msw if self.msw > 0 else np.inf
        p = float(f.sf(ratio, g - 1, n - g))
        return pd.DataFrame([{**self._estimate, "F": ratio, "p": p, "persons": n, "groups": g}])

    def conf_int(self, alpha: float = 0.05, draws: int = 2000, seed: int | None = 0) -> pd.DataFrame:
        """Bootstrap intervals: groups are drawn with all of their members.

        Returns
        -------
        DataFrame
            Rows ICC(1) and ICC(2): estimate, low, high. The logarithm of MSB / MSW is studentised (bootstrap-t), with
            MSB of a draw scaled by G / (G - 1), since groups drawn from G groups differ less than groups do. NaN
            where one of the mean squares is 0.
        """
        alpha, draws = level(alpha), whole(draws, "draws")
        g = len(self.groups)
        low = high = np.array([np.nan, np.nan])
        if self.msb > 0 and self.msw > 0:
            rng = generator(seed)
            drawn, error = self._log_ratio(rng.multinomial(g, np.full(g, 1 / g), size=draws))
            (ratio,), (se,) = self._log_ratio(np.ones((1, g)))
            with np.errstate(invalid="ignore", divide="ignore"):
                t = (drawn + np.log(g / (g - 1)) - ratio) / error
            t = t[np.isfinite(t)]
            if t.size and np.ptp(t) > 1e-9:  # two groups differ by the same in every draw that has both
                bounds = np.exp(ratio - se * np.quantile(t, [1 - alpha / 2, alpha / 2]))
                low, high = (np.array([(f - 1) / (f + self.k - 1), 1 - 1 / f]) for f in bounds)
        names = pd.Index(["ICC(1)", "ICC(2)"], name="coefficient")
        return pd.DataFrame({"estimate": [self.icc1, self.icc2], "low": low, "high": high}, index=names)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What a reader must know before quoting a number."""
        return tuple(self._caveats())

    def _caveats(self) -> Iterator[str]:
        if self.left_out:
            yield f"{plural(self.left_out, 'person')} without a score or a group left out."
        if len(self.groups) < FEW:
            yield f"{plural(len(self.groups), 'group')}, fewer than {FEW}: read the intervals as a rough guide."
        alone = int((self.groups["n"] == 1).sum())
        if alone:
            yield f"{plural(alone, 'group')} of one person: counted between groups, silent about agreement within."
        if self.icc1 < 0:
            yield "members of a group are less alike than members of different groups; the group mean says nothing."

    def summary(self) -> str:
        """Plain text, with customary guides as context."""
        bounds = self.conf_int()
        head = f"Groups    {plural(int(self.groups['n'].sum()), 'person')}, {plural(len(self.groups), 'group')}"
        lines = [head, bounds.to_string(float_format=lambda x: f"{x:.3f}")]
        lines.append("guides, not tests: ICC(1) .05 small, .10 medium, .25 large; ICC(2) .70 for use of group means")
        return "\n".join([*lines, *(f"caveat: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return self.summary()

    def plot(self, ax: Any = None) -> Any:
        """Group means in order, with 95 % intervals from the pooled variance within groups."""
        ax = plots.axes(ax)
        table = self.groups.sort_values("mean")
        x, half = np.arange(len(table)), 1.96 * np.sqrt(self.msw / table["n"].to_numpy())
        ax.vlines(x, table["mean"] - half, table["mean"] + half, color=plots.GREY, linewidth=1)
        ax.plot(x, table["mean"], "o", color="black", markersize=3)
        ax.axhline(np.average(table["mean"], weights=table["n"]), color=plots.GREY, linewidth=0.8)
        ax.set_xticks(x if len(table) <= 40 else [], list(map(str, table.index)) if len(table) <= 40 else [])
        ax.set(xlabel="group", ylabel="mean score")
        return ax


def icc(scores: Any, groups: Any) -> ICC:
    """ICC(1) and ICC(2) of a score in groups, from a one-way analysis of variance.

    Parameters
    ----------
    scores : Series or array of float, shape (n_persons,)
        Such as scale means. Persons without a score or a group are left out and counted.
    groups : Series or array, shape (n_persons,)
        Label of each person's group, in the order of `scores`.

    Returns
    -------
    ICC
        ``.icc1``, ``.icc2``, ``.k``, ``.msb``, ``.msw``; ``.conf_int()`` draws groups.

    Raises
    ------
    ValueError
        With fewer than two groups, no group of two persons, or scores that are all the same.

    References
    ----------
    Bliese (2000), in Klein & Kozlowski (eds), Multilevel theory, research, and methods in organizations, 349-381.

    Examples
    --------
    >>> groups = np.repeat(["a", "b", "c", "d"], [3, 4, 5, 3])
    >>> result = icc([5, 6, 5, 3, 4, 3, 2, 6, 7, 6, 7, 5, 4, 4, 5], groups)
    >>> round(result.icc1, 6), round(result.icc2, 6), round(result.k, 6)
    (0.785482, 0.931069, 3.688889)
    """
    y = as_floats(scores)
    if y.ndim != 1:
        raise ValueError(f"scores have shape {y.shape}; give one score a person, such as items.mean(axis=1).")
    label = _labels(groups, len(y))
    known = ~np.isnan(y) & label.notna().to_numpy()
    y, label = y[known], label[known]
    codes, names = pd.factorize(label, sort=True)
    if len(names) < 2:
        raise ValueError(f"scores fall into {plural(len(names), 'group')}; comparing groups needs two or more.")
    if len(names) == len(y):
        raise ValueError("every group has one person, so nothing is known about differences within groups.")
    if np.ptp(y) == 0:
        raise ValueError(f"every score is {y[0]:g}: there is nothing to divide into between and within groups.")
    n = np.bincount(codes)
    mean = np.bincount(codes, weights=y) / n
    within = np.bincount(codes, weights=(y - mean[codes]) ** 2)
    table = pd.DataFrame({"n": n, "mean": mean, "ss": within}, index=pd.Index(names, name="group"))
    return ICC(table, int((~known).sum()))


def _labels(groups: Any, n: int) -> pd.Series:
    """Group labels in the order of the persons."""
    label = pd.Series(np.asarray(groups, dtype=object) if not isinstance(groups, pd.Series) else groups.to_numpy())
    if len(label) != n:
        raise ValueError(f"{plural(n, 'person')} and {plural(len(label), 'group label')}; give one label a person.")
    return label


def rater_icc(ratings: Any) -> pd.DataFrame:
    """The six intraclass correlations of targets (rows) by raters (columns).

    Parameters
    ----------
    ratings : DataFrame or array of float, shape (n_targets, n_raters)
        A target with a rating missing is left out.

    Returns
    -------
    DataFrame
        Indexed by ICC(1,1), ICC(2,1), ICC(3,1), ICC(1,k), ICC(2,k), ICC(3,k): estimate. Raters differ from target to
        target (1), are a random sample (2) or are the only ones of interest (3); one rating or the mean of k.

    References
    ----------
    Shrout & Fleiss (1979), Psychological Bulletin 86(2), 420-428, doi:10.1037/0033-2909.86.2.420.

    Examples
    --------
    >>> judges = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> rater_icc(judges)["estimate"].round(2).tolist()
    [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]
    """
    x = as_floats(ratings)
    if x.ndim != 2 or x.shape[1] < 2:
        raise ValueError(f"ratings have shape {x.shape}; give targets in rows and two raters or more in columns.")
    x = x[~np.isnan(x).any(axis=1)]
    n, k = x.shape
    if n < 2 or np.ptp(x) == 0:
        raise ValueError("intraclass correlations need two completely rated targets, and ratings that differ.")
    grand = x.mean()
    rows, columns = x.mean(axis=1) - grand, x.mean(axis=0) - grand
    bms = k * (rows**2).sum() / (n - 1)
    jms = n * (columns**2).sum() / (k - 1)
    left = ((x - grand) ** 2).sum() - k * (rows**2).sum()
    wms, ems = left / (n * (k - 1)), (left - n * (columns**2).sum()) / ((n - 1) * (k - 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        values = {
            "ICC(1,1)": (bms - wms) / (bms + (k - 1) * wms),
            "ICC(2,1)": (bms - ems) / (bms + (k - 1) * ems + k * (jms - ems) / n),
            "ICC(3,1)": (bms - ems) / (bms + (k - 1) * ems),
            "ICC(1,k)": (bms - wms) / bms,
            "ICC(2,k)": (bms - ems) / (bms + (jms - ems) / n),
            "ICC(3,k)": (bms - ems) / bms,
        }
    return pd.DataFrame({"estimate": pd.Series(values)}).rename_axis("coefficient")


# --- do members of a group agree? -----------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Agreement:
    """r_wg(j) of each group under two nulls.

    Attributes
    ----------
    values : dict of group to ndarray of float, shape (n_persons, n_items)
        Complete answers.
    options : int
        Answer options of an item.
    nulls : dict of str to float
        Variance of answers without agreement, by null: uniform, and slightly skewed (NaN where none is published).
    left_out : int
        Persons without a group or with an item missing.
    """

    values: dict[Any, np.ndarray]
    options: int
    nulls: dict[str, float]
    left_out: int = 0

    def table(self) -> pd.DataFrame:
        """One row a group.

        Returns
        -------
        DataFrame
            n (persons), variance (mean item variance, n - 1), uniform, skewed (r_wg(j) under either null), and
            out_of_range_uniform, out_of_range_skewed: the variance exceeds the null's and the index was set to 0.
            NaN for a group of one.
        """
        rows = []
        for x in self.values.values():
            n = len(x)
            s2 = float(x.var(axis=0, ddof=1).mean()) if n > 1 else np.nan
            row: dict[str, Any] = {"n": n, "variance": s2}
            row |= {name: float(agreement(s2, null, x.shape[1])) for name, null in self.nulls.items()}
            row |= {f"out_of_range_{name}": bool(s2 > null) for name, null in self.nulls.items()}
            rows.append(row)
        return pd.DataFrame(rows, index=pd.Index(list(self.values), name="group"))

    @property
    def uniform(self) -> pd.Series:
        """r_wg(j) of each group against evenly spread answers."""
        return self.table()["uniform"]

    @property
    def skewed(self) -> pd.Series:
        """r_wg(j) of each group against slightly skewed answers."""
        return self.table()["skewed"]

    def conf_int(self, alpha: float = 0.05, draws: int = 1000, seed: int | None = 0) -> pd.DataFrame:
        """Bootstrap intervals: the persons of a group are drawn with all of their answers.

        Returns
        -------
        DataFrame
            Indexed by group and null: estimate, low, high. Percentiles; a draw's variance is scaled by n / (n - 1),
            since n persons drawn from n vary less than n persons do. NaN for a group of one.
        """
        alpha, draws = level(alpha), whole(draws, "draws")
        rng = generator(seed)
        table, rows = self.table(), {}
        for group, x in self.values.items():
            n = len(x)
            weight = rng.multinomial(n, np.full(n, 1 / n), size=draws)
            s2 = mean_item_variance(x, weight)
            for name, null in self.nulls.items():
                drawn = agreement(s2, null, x.shape[1])
                usable = n > 1 and not np.isnan(null)
                low, high = np.quantile(drawn, [alpha / 2, 1 - alpha / 2]) if usable else (np.nan, np.nan)
                rows[group, name] = {"estimate": table.at[group, name], "low": low, "high": high}
        index = pd.MultiIndex.from_tuples(list(rows), names=["group", "null"])
        return pd.DataFrame(list(rows.values()), index=index)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What a reader must know before quoting a number."""
        return tuple(self._caveats())

    def _caveats(self) -> Iterator[str]:
        table = self.table()
        if self.left_out:
            yield f"{plural(self.left_out, 'person')} left out: no group, or an item missing."
        for name in self.nulls:
            out = table.index[table[f"out_of_range_{name}"]]
            if len(out):
                yield f"answers in {listing(out)} vary more than the {name} null: the index is set to 0."
        if np.isnan(self.nulls["skewed"]):
            yield f"no slightly skewed null is published for {self.options} options; give skewed= a variance."
        small = table.index[table["n"] < FEW]
        if len(small):
            yield f"fewer than {FEW} persons in {listing(small)}: read their intervals as a rough guide."
        alone = table.index[table["n"] < 2]
        if len(alone):
            yield f"one person in {listing(alone)}: no agreement to measure."

    def summary(self) -> str:
        """Plain text: how agreement is spread over groups, with the customary guide as context."""
        table = self.table()
        spread = table[["uniform", "skewed"]].describe().loc[["mean", "min", "25%", "50%", "75%", "max"]]
        j = next(iter(self.values.values())).shape[1]
        lines = [
            f"r_wg(j)    {plural(len(table), 'group')}, {plural(j, 'item')} of {self.options} options",
            (spread if len(table) > 1 else table).to_string(float_format=lambda x: f"{x:.3f}"),
            "guide, not a test: .70. The index grows with the number of items.",
        ]
        return "\n".join([*lines, *(f"caveat: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return self.summary()

    def plot(self, ax: Any = None, seed: int | None = 0, draws: int = 1000) -> Any:
        """r_wg(j) of each group in order under the uniform null (black, with 95 % interval) and the skewed (grey)."""
        ax = plots.axes(ax)
        bounds = self.conf_int(draws=draws, seed=seed).xs("uniform", level="null")
        order = bounds["estimate"].sort_values().index
        x, bounds = np.arange(len(order)), bounds.loc[order]
        ax.vlines(x, bounds["low"], bounds["high"], color="black", linewidth=1)
        ax.plot(x, bounds["estimate"], "o", color="black", markersize=3, label="uniform null")
        ax.plot(x, self.skewed.loc[order], "_", color=plots.GREY, label="slightly skewed null")
        ax.set_xticks(x if len(order) <= 40 else [], list(map(str, order)) if len(order) <= 40 else [])
        ax.set(xlabel="group", ylabel="agreement r_wg(j)", ylim=(-0.03, 1.03))
        ax.legend(frameon=False, fontsize=9, loc="lower right")
        return ax


def agreement(variance: Any, null: float, n_items: int) -> Any:
    """r_wg(j) from mean item variances; 0 where they exceed the null's."""
    ratio = np.minimum(np.asarray(variance, dtype=float) / null, 1.0)
    return n_items * (1 - ratio) / (n_items * (1 - ratio) + ratio)


def mean_item_variance(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Mean item variance of draws of persons, scaled by n / (n - 1) for the drawing.

    Parameters
    ----------
    values : ndarray of float, shape (n_persons, n_items)
    weight : ndarray of int, shape (n_draws, n_persons)
        How often each person was drawn; a draw of fewer than two gives NaN.

    Returns
    -------
    ndarray of float, shape (n_draws,)
    """
    x = values - values.mean(axis=0)
    w = weight.astype(float)
    drawn = w.sum(axis=1)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        s2 = (w @ x**2 - (w @ x) ** 2 / drawn) / (drawn - 1)
        s2 = np.where(drawn > 1, np.maximum(s2, 0.0), np.nan)
        return np.asarray(s2.mean(axis=1) * (len(x) / (len(x) - 1) if len(x) > 1 else np.nan))


def rwg(items: Any, groups: Any = None, options: int | None = None, skewed: float | None = None) -> Agreement:
    """Agreement within groups, r_wg(j), under a uniform and a slightly skewed null.

    Parameters
    ----------
    items : DataFrame or array of float, shape (n_persons, n_items), or (n_persons,) for one item or a scale mean
        Answers, reverse-coded items turned round. A person with an item missing is left out (listwise) and counted.
    groups : Series or array, shape (n_persons,), optional
        Label of each person's group, in the order of `items`; by default one group, ``"all"``.
    options : int
        Number of answer options, such as 5 for answers 1 to 5.
    skewed : float, optional
        Variance of the second null; by default the published one for 5 to 11 options.

    Returns
    -------
    Agreement

    Raises
    ------
    ValueError
        Without `options`, with answers that span more than them, or with nobody complete.

    References
    ----------
    James, Demaree & Wolf (1984), doi:10.1037/0021-9010.69.1.85.

    Examples
    --------
    >>> answers = [[4, 4, 3], [4, 5, 3], [5, 4, 4], [1, 5, 1], [5, 1, 5], [1, 5, 1]]
    >>> rwg(answers, ["a", "a", "a", "b", "b", "b"], options=5).uniform.round(3).to_dict()
    {'a': 0.938, 'b': 0.0}
    """
    if options is None:
        raise ValueError("say how many answer options an item has: rwg(items, groups, options=5).")
    if not is_number(options) or options != int(options) or options < 2:
        raise ValueError(f"options is {options!r}; an item has two answer options or more.")
    x = as_floats(items)
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"items have shape {x.shape}; give persons in rows and items in columns.")
    if np.isinf(x).any():
        raise ValueError(f"person in row {int(np.argwhere(np.isinf(x))[0, 0])} has an infinite answer.")
    label = _labels(np.full(len(x), "all", dtype=object) if groups is None else groups, len(x))
    known = ~np.isnan(x).any(axis=1) & label.notna().to_numpy()
    if not known.any():
        raise ValueError("nobody has a group and an answer to every item, so agreement cannot be measured.")
    wide = float(np.ptp(x[known], axis=0).max())
    if wide > options - 1 + 1e-9:
        raise ValueError(f"answers to an item span {wide:g} points, more than {options} options allow. Check options=.")
    codes, names = pd.factorize(label[known], sort=True)
    values = {name: x[known][codes == c] for c, name in enumerate(names)}
    nulls = {"uniform": (options**2 - 1) / 12, "skewed": SKEWED.get(int(options), np.nan)}
    if skewed is not None:
        if not (is_number(skewed) and skewed > 0):
            raise ValueError(f"the variance of the skewed null is {skewed!r}; it must be positive.")
        nulls["skewed"] = float(skewed)
    return Agreement(values, int(options), nulls, int((~known).sum()))

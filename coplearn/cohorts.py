r"""Cohorts: members who entered together, who of them stayed, and whether they mix.

A cohort is the set of members who joined in one calendar window (or who carry the same label). Its
*retention* at age *a* is the share of its members who were active between *a* and *a + 1* windows after
they joined, among those observed that long. *Tenure* runs from joining to departure: a member departed when
a leave date says so, or when nothing was heard from them for `inactive_after` before the observation ended;
the others are censored at the moment up to which they are known to be members. Median tenure is where the
Kaplan-Meier curve, with delayed entry for those who joined before the observation, falls to one half
(doi:10.1080/01621459.1958.10501452).

*Mixing* is the share of ties between members of different cohorts. Large cohorts meet themselves more often
by numbers alone, so the share is held against permutations of the cohort labels over the members of the
network: the same network, the same cohort sizes, and no preference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coplearn import plots
from coplearn._checks import choose, listing, plural
from coplearn.windows import Windows, as_microseconds, calendar_windows

__all__ = ["BEFORE", "Cohorts", "Mixing", "entry_cohorts"]

BEFORE = "pre"
DAY = 86_400_000_000
AGES = {"month": 30.4375, "quarter": 91.3125, "half-year": 182.625, "year": 365.25}


@dataclass(frozen=True, eq=False)
class Mixing:
    """Share of ties that join different cohorts, against permuted cohort labels.

    Attributes
    ----------
    share, expected : float
        Observed share, and its mean over permutations.
    interval : tuple of float
        Central 95 % of the permuted shares.
    z, pvalue : float
        Standardised difference, and two-sided permutation p (Phipson & Smyth 2010, doi:10.2202/1544-6115.1585).
    n_ties, n_members, permutations : int
    """

    share: float
    expected: float
    interval: tuple[float, float]
    z: float
    pvalue: float
    n_ties: int
    n_members: int
    permutations: int

    def table(self) -> pd.DataFrame:
        """One row: share, expected, the permuted interval, z, p, and the numbers behind them."""
        low, high = self.interval
        row = {
            "share": self.share,
            "expected": self.expected,
            "low": low,
            "high": high,
            "z": self.z,
            "p": self.pvalue,
            "ties": self.n_ties,
            "members": self.n_members,
        }
        return pd.DataFrame([row])

    def __repr__(self) -> str:
        low, high = self.interval
        return (
            f"Mixing: {self.share:.1%} of {plural(self.n_ties, 'tie')} join different cohorts; permuted labels give "
            f"{self.expected:.1%} (95 %: {low:.1%} to {high:.1%}), p = {self.pvalue:.2g}"
        )


@dataclass(frozen=True, eq=False)
class Cohorts:
    """Members grouped by when they entered (or by a label), with their presence and activity.

    Attributes
    ----------
    members : DataFrame
        Indexed by member: cohort (ordered), joined, left, last_seen, departed (bool), known_until (the moment
        up to which membership is known).
    activity : DataFrame
        Columns member and time: everything that members did.
    start, end : Timestamp
        The observation.
    timezone : str
    merged : tuple of str
        Sentences on windows that were joined to reach the smallest size.
    """

    members: pd.DataFrame
    activity: pd.DataFrame
    start: pd.Timestamp
    end: pd.Timestamp
    timezone: str
    merged: tuple[str, ...]

    @property
    def labels(self) -> pd.Series:
        """The cohort of each member."""
        return self.members["cohort"]

    @property
    def names(self) -> list[str]:
        """Cohort names, oldest first."""
        return [str(c) for c in self.labels.cat.categories]

    @property
    def sizes(self) -> pd.Series:
        """Members per cohort."""
        return self.labels.value_counts(sort=False).rename("members")

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} ({size:,})" for name, size in self.sizes.items())
        text = f"Cohorts: {plural(len(self.members), 'member')} in {plural(len(self), 'cohort')}\n  {sizes}"
        return text + "".join(f"\n  {sentence}" for sentence in self.merged)

    def _repr_html_(self) -> str:
        return self.table().to_html(float_format=lambda x: f"{x:,.2f}")

    def table(self) -> pd.DataFrame:
        """One row a cohort.

        Returns
        -------
        DataFrame
            members; first and last join; departed (share); median_tenure_days (Kaplan-Meier; NaN while more
            than half remain, or with fewer than 20 members); retention_1y (share active in the second year
            after joining, NaN where nobody was observed that long).
        """
        retention = self.retention("year")
        rows = {}
        for name, group in self.members.groupby("cohort", observed=False):
            rows[name] = {
                "members": len(group),
                "first_join": group["joined"].min().date() if len(group) else None,
                "last_join": group["joined"].max().date() if len(group) else None,
                "departed": float(group["departed"].mean()) if len(group) else np.nan,
                "median_tenure_days": self._median_tenure(group) if len(group) >= 20 else np.nan,
                "retention_1y": retention[1].get(name, np.nan) if 1 in retention else np.nan,
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("cohort")

    def _median_tenure(self, group: pd.DataFrame) -> float:
        """Days at which half have departed, by Kaplan-Meier with delayed entry."""
        from statsmodels.duration.survfunc import SurvfuncRight

        joined = as_microseconds(group["joined"])
        tenure = (as_microseconds(group["known_until"]) - joined) / DAY
        entry = np.maximum(0.0, (self.start.value // 1000 - joined) / DAY)
        departed = group["departed"].to_numpy()
        # Who was seen once departs at tenure 0 and counts; who joined too late to be followed does not.
        at_risk = (tenure > entry) | (departed & (entry == 0))
        tenure, entry, departed = np.maximum(tenure[at_risk], 1e-9), entry[at_risk], departed[at_risk]
        if not departed.any():
            return np.nan
        curve = SurvfuncRight(tenure, departed.astype(int), entry=entry if (entry > 0).any() else None)
        below = np.flatnonzero(curve.surv_prob <= 0.5)
        return float(round(curve.surv_times[below[0]], 6)) if below.size else np.nan

    def retention(self, every: str = "year", min_size: int = 5) -> pd.DataFrame:
        """Share of each cohort active at each age: the retention triangle.

        Parameters
        ----------
        every : {"month", "quarter", "half-year", "year"}
            Length of an age step, counted from each member's own join.
        min_size : int
            Cells with fewer observed members are NaN.

        Returns
        -------
        DataFrame
            Rows are cohorts, columns ages 0, 1, 2, ...; NaN where no member was observed for the whole step.
        """
        step = AGES[choose(every, AGES, "length of an age step")] * DAY
        joined = as_microseconds(self.members["joined"])
        code = self.labels.cat.codes.to_numpy()
        observed = (self.end.value // 1000 - joined) // step  # whole steps observed
        truncated = np.ceil(np.maximum(0, self.start.value // 1000 - joined) / step)  # steps before the observation
        who = self.members.index.get_indexer(self.activity["member"])
        known = who >= 0
        age = (as_microseconds(self.activity["time"])[known] - joined[who[known]]) // step
        ages = int(max(observed.max(initial=0), 1))
        inside = (age >= 0) & (age < ages)
        active = np.zeros((len(self.members), ages), dtype=bool)
        active[who[known][inside], age[inside].astype(int)] = True
        seen = (np.arange(ages) < observed[:, None]) & (np.arange(ages) >= truncated[:, None])
        table = np.full((len(self), ages), np.nan)
        for c in range(len(self)):
            among = seen[code == c]
            n = among.sum(axis=0)
            table[c] = np.where(n >= min_size, (active[code == c] & among).sum(axis=0) / np.maximum(n, 1), np.nan)
        return pd.DataFrame(table, index=pd.Index(self.names, name="cohort"), columns=pd.RangeIndex(ages, name="age"))

    def succession(self, every: str = "year", count: str = "members") -> pd.DataFrame:
        """How much of the community's activity each cohort carried, window by window.

        Parameters
        ----------
        every : {"month", "quarter", "half-year", "year"}
        count : {"members", "acts"}
            Active members, or everything they did.

        Returns
        -------
        DataFrame
            Rows are windows, columns cohorts.
        """
        choose(count, ["members", "acts"], "count")
        windows: Windows = calendar_windows(self.start, self.end, every, self.timezone)
        where = windows.locate(self.activity["time"])
        who = self.members.index.get_indexer(self.activity["member"])
        pairs = np.column_stack([where, who])[(where >= 0) & (who >= 0)]
        if count == "members":
            pairs = np.unique(pairs, axis=0)
        codes = self.labels.cat.codes.to_numpy()
        table = np.zeros((len(windows), len(self)), dtype=int)
        np.add.at(table, (pairs[:, 0], codes[pairs[:, 1]]), 1)
        return pd.DataFrame(
            table, index=pd.Index(windows.labels, name=every), columns=pd.Index(self.names, name="cohort")
        )

    def mixing(self, network: Any, permutations: int = 999, seed: int | None = 0) -> Mixing:
        """Share of ties between cohorts, against permutations of the cohort labels.

        Parameters
        ----------
        network : networkx graph, or DataFrame whose first two columns are members
            Self-loops and members without a cohort are left out.
        permutations : int
        seed : int or None

        Returns
        -------
        Mixing

        Raises
        ------
        ValueError
            If fewer than two members or no tie remain.
        """
        pairs = _pairs(network)
        nodes = pd.Index(pd.unique(pd.concat([pairs["ego"], pairs["alter"]])))
        nodes = nodes[nodes.isin(self.members.index)].sort_values()
        code = self.labels.reindex(nodes).cat.codes.to_numpy()
        ego, alter = nodes.get_indexer(pairs["ego"]), nodes.get_indexer(pairs["alter"])
        kept = (ego >= 0) & (alter >= 0) & (ego != alter)
        ego, alter = ego[kept], alter[kept]
        if len(nodes) < 2 or not ego.size:
            raise ValueError("mixing needs a tie between two members of these cohorts; the network has none.")
        rng = np.random.default_rng(seed)
        share = float(np.mean(code[ego] != code[alter]))
        null = np.empty(permutations)
        for k in range(permutations):
            mixed = rng.permutation(code)
            null[k] = np.mean(mixed[ego] != mixed[alter])
        expected, spread = float(null.mean()), float(null.std(ddof=1))
        # Float comparisons of equal shares: count a tie as at least as extreme.
        extreme = np.sum(np.abs(null - expected) >= abs(share - expected) - 1e-12)
        low, high = (float(q) for q in np.quantile(null, [0.025, 0.975]))
        z = (share - expected) / spread if spread > 0 else np.nan
        pvalue = float((1 + extreme) / (permutations + 1))
        return Mixing(share, expected, (low, high), float(z), pvalue, int(ego.size), len(nodes), permutations)

    def plot(self, ax: Any = None, every: str = "year", count: str = "members") -> Any:
        """The succession of cohorts: who was active when, stacked, oldest cohort at the bottom."""
        what = "active members" if count == "members" else "acts"
        return plots.stacked(self.succession(every, count), ax=ax, ylabel=f"{what} per {every}")


def _pairs(network: Any) -> pd.DataFrame:
    if isinstance(network, pd.DataFrame):
        if {"ego", "alter"} <= set(network.columns):
            return network[["ego", "alter"]]
        return network.iloc[:, :2].set_axis(["ego", "alter"], axis=1)
    return pd.DataFrame(list(network.edges()), columns=["ego", "alter"], dtype="str")


def entry_cohorts(
    joined: pd.Series, start: pd.Timestamp, end: pd.Timestamp, every: str, min_size: int, timezone: str
) -> tuple[pd.Series, list[str]]:
    """Cohort of each member by calendar window of joining, small windows merged with their neighbours.

    Parameters
    ----------
    joined : Series of timestamps, indexed by member
    start, end : Timestamp
        Observation; who joined before `start` is in the cohort ``"pre"``.
    every : str
        Window length.
    min_size : int
        Windows are joined, in order of time, until each cohort has this many members.
    timezone : str

    Returns
    -------
    labels : Series of ordered categories
    merged : list of str
        One sentence for each cohort that spans several windows.
    """
    windows = calendar_windows(start, max(end, start), every, timezone)
    position = windows.locate(joined)
    before = (joined < start).to_numpy()
    counts = np.bincount(position[(position >= 0) & ~before], minlength=len(windows))
    groups: list[list[int]] = []
    current: list[int] = []
    for w in range(len(windows)):
        current.append(w)
        if counts[current].sum() >= min_size:
            groups.append(current)
            current = []
    if current:  # the last windows are too small: they join the cohort before them
        if groups and counts[current].sum() < min_size:
            groups[-1] = groups[-1] + current
        else:
            groups.append(current)
    names, merged = [], []
    for group in groups:
        held = [w for w in group if counts[w]] or group
        first, last = windows.labels[held[0]], windows.labels[held[-1]]
        name = first if first == last else f"{first} to {last}"
        names.append(name)
        if first != last:
            few = [f"{windows.labels[w]} ({counts[w]})" for w in held]
            merged.append(f"{name}: {every}s joined to reach {min_size} members: {listing(few)}")
    lookup = {w: g for g, group in enumerate(groups) for w in group}
    code = np.array([lookup.get(int(p), -1) for p in position])
    if before.any():
        code = np.where(before, 0, code + 1)
        names = [BEFORE, *names]
    used = [name for k, name in enumerate(names) if (code == k).any()]
    values = [names[k] if k >= 0 else None for k in code]
    return pd.Series(pd.Categorical(values, categories=used, ordered=True), index=joined.index), merged


def label_cohorts(values: pd.Series, order: Iterable[str] | Mapping[str, Any] | None = None) -> pd.Series:
    """Cohorts from a column of labels, ordered by label (or as given)."""
    text = values.astype("str").where(values.notna())
    names = list(order) if order is not None else sorted(text.dropna().unique())
    return pd.Series(pd.Categorical(text, categories=names, ordered=True), index=values.index)

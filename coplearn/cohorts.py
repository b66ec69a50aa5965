r"""Cohorts: members who entered together, who of them stayed, and whether they mix.

A cohort is the set of members who joined in one calendar window (or who carry the same label). Its
*retention* at age *a* is the share of its members who were active between *a* and *a + 1* windows after
they joined, among those observed that long. *Tenure* runs from joining to departure: a member departed when
a leave date says so, or when nothing was heard from them for `inactive_after` before the observation ended;
the others are censored at the moment up to which they are known to be members. Median tenure is where the
Kaplan-Meier curve, with delayed entry for those who joined before the observation, falls to one half
(doi:10.1080/01621459.1958.10501452), and is not given where fewer than ten members are at risk on the way: with
delayed entry the first days of a curve may rest on one or two. Members of whom nothing was ever seen have no
tenure, and are left out of the risk set and of the share departed.

*Mixing* is the share of ties between members of different cohorts. Large cohorts meet themselves more often
by numbers alone, so the share is held against permutations of the cohort labels over the members of the
network: the same network, the same cohort sizes, and no preference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from coplearn import plots
from coplearn._checks import choose, generator, is_whole, listing, plural, whole
from coplearn.windows import Windows, as_microseconds, calendar_windows, microseconds

__all__ = ["BEFORE", "Cohorts", "Mixing", "entry_cohorts", "in_order", "label_cohorts", "median_tenure", "plain_values"]

BEFORE = "pre"
AT_RISK = 10  # a Kaplan-Meier step on fewer members is not believed
LISTED = 12  # cohorts and sentences in a repr
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
        up to which membership is known). Of a member who was never seen last_seen is NaT, departed False, and
        known_until is joined.
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
        sizes = listing((f"{name} ({size:,})" for name, size in self.sizes.items()), LISTED)
        text = f"Cohorts: {plural(len(self.members), 'member')} in {plural(len(self), 'cohort')}\n  {sizes}"
        more = [f"and {len(self.merged) - LISTED} more cohorts that were joined"] * (len(self.merged) > LISTED)
        return text + "".join(f"\n  {sentence}" for sentence in [*self.merged[:LISTED], *more])

    def _repr_html_(self) -> str:
        return self.table().to_html(float_format=lambda x: f"{x:,.2f}")

    def table(self) -> pd.DataFrame:
        """One row a cohort.

        Returns
        -------
        DataFrame
            members; first and last join; departed (share); median_tenure_days (see :func:`median_tenure`; NaN
            while more than half remain, or with fewer than 20 members); retention_1y (share active in the second
            year after joining, NaN where nobody was observed that long); and, only where there are any,
            never_seen: members who did nothing while observed, and so are not counted in departed and tenure.
        """
        retention = self.retention("year")
        unseen = self._never_seen
        rows = {}
        for name, group in self.members.groupby("cohort", observed=False):
            seen = group[~unseen.loc[group.index]]
            rows[name] = {
                "members": len(group),
                "first_join": group["joined"].min().date() if len(group) else None,
                "last_join": group["joined"].max().date() if len(group) else None,
                "departed": float(seen["departed"].mean()) if len(seen) else np.nan,
                "median_tenure_days": self._median_tenure(seen) if len(seen) >= 20 else np.nan,
                "retention_1y": retention[1].get(name, np.nan) if 1 in retention else np.nan,
            }
            if unseen.any():
                rows[name]["never_seen"] = len(group) - len(seen)
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("cohort")

    @property
    def _never_seen(self) -> pd.Series:
        """Members of whom no act and no departure is known, in a community whose acts are."""
        people = self.members
        unheard = people["last_seen"].isna() & ~people["departed"] & ~(people["known_until"] > people["joined"])
        return unheard & bool(len(self.activity))

    def _median_tenure(self, group: pd.DataFrame) -> float:
        """Days at which half of `group` have departed; exact, since tenures are whole microseconds."""
        joined = as_microseconds(group["joined"])
        tenure = as_microseconds(group["known_until"]) - joined
        # -1: at risk from the moment of joining, so that who was seen once departs at tenure 0 and counts.
        entry = np.maximum(-1, microseconds(self.start) - joined)
        entry[entry == 0] = -1
        return median_tenure(tenure, group["departed"].to_numpy(), entry) / DAY

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
        whole(min_size, "min_size", 0)
        step = AGES[choose(every, AGES, "length of an age step")] * DAY
        joined = as_microseconds(self.members["joined"])
        code = self.labels.cat.codes.to_numpy()
        observed = (microseconds(self.end) - joined) // step  # whole steps observed
        truncated = np.ceil(np.maximum(0, microseconds(self.start) - joined) / step)  # steps before the observation
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
            Self-loops and members without a cohort are left out, and so is who has no other ties.
        permutations : int
            1 or more.
        seed : int or None

        Returns
        -------
        Mixing

        Raises
        ------
        TypeError
            If `network` is neither a graph nor a frame.
        ValueError
            If no tie remains, or `permutations` is below 1.
        """
        if not is_whole(permutations):
            raise ValueError(f"permutations is the number of permuted labellings, 1 or more, not {permutations!r}.")
        pairs = _pairs(network)
        among = pairs["ego"].isin(self.members.index) & pairs["alter"].isin(self.members.index)
        pairs = pairs[among & (pairs["ego"] != pairs["alter"])]
        nodes = pd.Index(pd.unique(pd.concat([pairs["ego"], pairs["alter"]]))).sort_values()
        code = self.labels.reindex(nodes).cat.codes.to_numpy()
        ego, alter = nodes.get_indexer(pairs["ego"]), nodes.get_indexer(pairs["alter"])
        if not ego.size:
            raise ValueError("mixing needs a tie between two members of these cohorts; the network has none.")
        rng = generator(seed)
        share = float(np.mean(code[ego] != code[alter]))
        null = np.empty(permutations)
        for k in range(permutations):
            mixed = rng.permutation(code)
            null[k] = np.mean(mixed[ego] != mixed[alter])
        expected, spread = float(null.mean()), float(null.std(ddof=1)) if permutations > 1 else 0.0
        # Float comparisons of equal shares: count a tie as at least as extreme.
        extreme = np.sum(np.abs(null - expected) >= abs(share - expected) - 1e-12)
        low, high = (float(q) for q in np.quantile(null, [0.025, 0.975]))
        z = (share - expected) / spread if spread > 0 else np.nan
        pvalue = float((1 + extreme) / (permutations + 1))
        return Mixing(share, expected, (low, high), float(z), pvalue, int(ego.size), len(nodes), permutations)

    def plot(self, ax: Any = None, every: str = "year", count: str = "members") -> Any:
        """The succession of cohorts: who was active when, stacked, oldest cohort at the bottom."""
        if not len(self):
            raise ValueError("there are no cohorts to draw: no member has a label.")
        what = "active members" if count == "members" else "acts"
        return plots.stacked(self.succession(every, count), ax=ax, ylabel=f"{what} per {every}")


def _pairs(network: Any) -> pd.DataFrame:
    if isinstance(network, pd.DataFrame):
        if network.shape[1] < 2:
            raise ValueError(f"a frame of ties has the two members in its first columns; this has {network.shape[1]}.")
        if {"ego", "alter"} <= set(network.columns):
            return network[["ego", "alter"]]
        return network.iloc[:, :2].set_axis(["ego", "alter"], axis=1)
    if not callable(getattr(network, "edges", None)):
        raise TypeError(
            f"mixing needs a networkx graph, or a frame whose first two columns are members, not "
            f"{type(network).__name__}. Write mixing(community.network())."
        )
    return pd.DataFrame(list(network.edges()), columns=["ego", "alter"], dtype="str")


def median_tenure(tenure: np.ndarray, departed: np.ndarray, entry: np.ndarray, at_risk: int = AT_RISK) -> float:
    """First tenure at which half have departed, by Kaplan-Meier with delayed entry.

    Parameters
    ----------
    tenure : ndarray, shape (n_members,)
        Time from joining to departure, or to the moment up to which membership is known.
    departed : ndarray of bool, shape (n_members,)
    entry : ndarray, shape (n_members,)
        Tenure at which the member came under observation, negative if from the start: at risk in (entry, tenure].
        Who never was at risk is left out.
    at_risk : int
        Fewest members at risk at every departure up to the median.

    Returns
    -------
    float
        In the unit of `tenure`; NaN if fewer than half depart, or fewer than `at_risk` were at risk on the way.

    References
    ----------
    Kaplan & Meier (1958), JASA 53(282), 457-481, doi:10.1080/01621459.1958.10501452.

    Examples
    --------
    >>> tenure, departed = np.array([1, 2, 3, 4]), np.array([True, False, True, True])
    >>> median_tenure(tenure, departed, np.full(4, -1), at_risk=1)  # 3/4, then a half of that
    3.0
    """
    # Who joined too late to be followed (tenure 0, still there) was never at risk.
    followed = (tenure > entry) & ((tenure > 0) | departed)
    tenure, departed, entry = tenure[followed], departed[followed], entry[followed]
    times, deaths = np.unique(tenure[departed], return_counts=True)
    began = np.searchsorted(np.sort(entry), times, side="left")  # entry < t
    ended = np.searchsorted(np.sort(tenure), times, side="left")  # tenure < t
    risk = began - ended
    half = np.flatnonzero(np.cumprod(1 - deaths / risk) <= 0.5 + 1e-9)  # a half, whatever the rounding
    if not half.size or (risk[: half[0] + 1] < at_risk).any():
        return float("nan")
    return float(times[half[0]])


def entry_cohorts(
    joined: pd.Series, start: pd.Timestamp, end: pd.Timestamp, every: str, min_size: int, timezone: str
) -> tuple[pd.Series, list[str]]:
    """Cohort of each member by calendar window of joining, small windows merged with their neighbours.

    Parameters
    ----------
    joined : Series of timestamps, indexed by member
    start, end : Timestamp
        Observation; who joined before `start` is in the cohort ``"pre"``, who joined at `end` or later in the
        window of that moment.
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
    latest = max([start, end, *joined.dropna().nlargest(1)])
    windows = calendar_windows(start, latest, every, timezone)
    position = windows.locate(joined)
    before = (joined < start).to_numpy()
    counts = np.bincount(position[(position >= 0) & ~before], minlength=len(windows))
    whole(min_size, "min_size", 0)
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
        code = np.where(before, 0, np.where(code < 0, -1, code + 1))
        names = [BEFORE, *names]
    used = [name for k, name in enumerate(names) if (code == k).any()]
    values = [names[k] if k >= 0 else None for k in code]
    return pd.Series(pd.Categorical(values, categories=used, ordered=True), index=joined.index), merged


def label_cohorts(values: Any, order: Iterable[str] | None = None, index: pd.Index | None = None) -> pd.Series:
    """Cohorts from labels: in the order given; that of an ordered Categorical; or ascending, as :func:`in_order`.

    Parameters
    ----------
    values : Series indexed by member, or array
        Missing where a member has no cohort.
    order : iterable of str, optional
    index : Index, optional
        The members, if `values` comes from outside: a Series must be indexed by (some of) them, an array have one
        label for each.

    Returns
    -------
    Series of ordered categories

    Raises
    ------
    ValueError
        If labels and `index` do not belong together.

    Examples
    --------
    >>> list(label_cohorts(pd.Series([10, 9, 9], ["ann", "ben", "cat"])).cat.categories)
    ['9', '10']
    """
    series = values if index is None else _aligned(values, index)
    names = [_label(name) for name in in_order(series, "cohort label")] if order is None else list(order)
    text = plain_values(series).map(_label, na_action="ignore")
    return pd.Series(pd.Categorical(text, categories=list(dict.fromkeys(names)), ordered=True), index=series.index)


def _label(value: Any) -> str:
    """A label as text; whole numbers that a missing value made floats lose their ``.0``."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _aligned(values: Any, index: pd.Index) -> pd.Series:
    """What a function of the members frame returned, as a Series over the members."""
    if isinstance(values, pd.Series):
        strange = values.index[~values.index.isin(index)]
        if len(strange):
            raise ValueError(
                f"the cohort function must return a Series indexed by member; {listing(strange)} in its index "
                f"{'is no member' if len(strange) == 1 else 'are no members'} here."
            )
        again = values.index[values.index.duplicated()]
        if len(again):
            raise ValueError(f"the cohort function returned several labels for {listing(again.unique())}.")
        return values.reindex(index)
    if isinstance(values, str | pd.DataFrame) or not hasattr(values, "__len__"):
        raise ValueError(
            f"the cohort function must return a Series indexed by member, or one label for each of the "
            f"{plural(len(index), 'member')}, not {type(values).__name__}."
        )
    if len(values) != len(index):
        raise ValueError(
            f"the cohort function returned {plural(len(values), 'label')} for {plural(len(index), 'member')}. Return "
            "a Series indexed by member, or one label for each."
        )
    return pd.Series(values if isinstance(values, pd.Categorical) else list(values), index=index)


def plain_values(values: pd.Series) -> pd.Series:
    """The values of a Series, out of their categories."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.astype(values.dtype.categories.dtype if values.notna().all() else object)
    return values


def in_order(values: pd.Series, what: str) -> pd.Index:
    """The distinct values in their order.

    An ordered Categorical keeps its order, without unused categories; numbers and dates ascend; text is sorted
    naturally, as numbers where all of it is numbers.

    Raises
    ------
    ValueError
        If the values are of mixed types.

    Examples
    --------
    >>> in_order(pd.Series(["w10", "w2", "w2"]), "wave").tolist()
    ['w2', 'w10']
    """
    present = values.dropna()
    if isinstance(values.dtype, pd.CategoricalDtype) and values.dtype.ordered:
        return values.dtype.categories[values.dtype.categories.isin(present)]
    found = pd.Index(plain_values(present).unique(), name=None)
    if not (found.dtype == object or pd.api.types.is_string_dtype(found)):
        return found.sort_values()
    kinds: dict[str, Any] = {}
    for value in found:
        kinds.setdefault("number" if isinstance(value, Real) else type(value).__name__, value)
    if len(kinds) > 1:
        shown = listing(f"{value!r} ({kind})" for kind, value in kinds.items())
        raise ValueError(f"{what}s are of mixed types: {shown}. Make them all numbers or all text.")
    texts = all(isinstance(value, str) for value in found)
    return found.take(sorted(range(len(found)), key=_natural(found) if texts else found.__getitem__))


def _natural(texts: pd.Index) -> Any:
    """Sort key of a position: by number where all texts are numbers, else with the numbers inside them as numbers."""
    numbers = pd.to_numeric(texts.to_series(index=range(len(texts))), errors="coerce")
    if numbers.notna().all():
        return lambda k: (numbers[k], texts[k])
    parts = [re.split(r"([0-9]+)", text) for text in texts]
    return lambda k: ([int(part) if n % 2 else part for n, part in enumerate(parts[k])], texts[k])

r"""Survey identity: how strongly members identify, whether they share it, and with whom.

Three things are asked of a scale at each wave. Its *level*, the mean over members. Its *sharedness*: members who agree
that the community matters share an identity, members who average to the same level from both ends do not; the
standard deviation and :math:`r_{wg(j)}` (:mod:`coplearn.agreement`) tell them apart. And *sharing with peers*: whether
members with a tie are closer to one another than members without one,

.. math:: \text{gap} = \overline{|y_i - y_j|}_{\text{untied}} - \overline{|y_i - y_j|}_{\text{tied}}, \qquad
   I = \frac{n}{\sum_{ij} w_{ij}} \frac{\sum_{ij} w_{ij} (y_i - \bar y)(y_j - \bar y)}{\sum_i (y_i - \bar y)^2},

with :math:`w_{ij} = 1` where either names the other (Moran 1950). Both are held against permutations of the scores over
the members of the same network. Alike peers may have chosen one another, have grown alike, or have entered together:
these numbers do not tell which. Whether members also speak as they answer is asked in :mod:`coplearn.survey_language`.

References
----------
Moran (1950), Biometrika 37, 17-23, doi:10.1093/biomet/37.1-2.17.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coplearn import plots
from coplearn._checks import choose, generator, listing, plural, whole
from coplearn.agreement import SKEWED, agreement, mean_item_variance
from coplearn.cohorts import Cohorts
from coplearn.community import Community
from coplearn.reliability import percentiles
from coplearn.scales import item_answers

__all__ = ["SurveyIdentity", "survey_identity"]

MEANS = 20  # members below which no mean, spread or agreement is given
SHOWN = 5  # members below which a cohort is not shown at all
EVERYBODY = "all"
STATISTICS = ("level", "sd", "rwg", "rwg_skewed")


@dataclass(frozen=True, eq=False)
class SurveyIdentity:
    """Level, sharedness, and sharing with peers, of a scale at each wave.

    Attributes
    ----------
    scale : str
    levels : DataFrame
        Indexed by wave and cohort (``"all"`` first): n (members with a score), and level, sd, rwg, rwg_skewed, each
        with _low and _high (95 %, bootstrap of members). NaN below 20 members; cohorts below 5 are not shown.
    changes : DataFrame
        Indexed by step ("1 to 2") and cohort: the change of the same four, with intervals from the same draws of
        members, who bring all of their waves.
    peers : DataFrame
        Indexed by wave and network: n (scored members), tied and untied (pairs), apart_tied and apart_untied (mean
        absolute difference in scale points), gap, gap_p, moran, moran_expected, moran_low, moran_high (central 95 % of
        permutations), moran_p; and with cohorts gap_p_cohort, moran_p_cohort from permutations within cohorts.
    caveats : tuple of str
    """

    scale: str
    levels: pd.DataFrame
    changes: pd.DataFrame
    peers: pd.DataFrame
    caveats: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """One row a wave and cohort: n, level, sd and r_wg(j) with their intervals."""
        return self.levels.copy()

    def summary(self) -> str:
        """Plain text: levels and sharedness, peers, caveats."""
        shown = self.levels.loc[:, [c for c in self.levels if not c.startswith("rwg_skewed")]]
        lines = [f"Identity by survey: {self.scale}", shown.to_string(float_format=lambda v: f"{v:.2f}")]
        if len(self.peers):
            columns = ["n", "tied", "apart_tied", "apart_untied", "gap", "gap_p", "moran", "moran_p"]
            lines += ["peers", self.peers[columns].to_string(float_format=lambda v: f"{v:.3f}")]
        return "\n".join([*lines, *(f"caveat: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return self.summary()

    def plot(self, ax: Any = None, what: str = "level") -> Any:
        """One of level, sd, rwg and rwg_skewed over waves with 95 % bands: a line a cohort, everybody in grey."""
        choose(what, STATISTICS, "statistic")
        cohorts = list(dict.fromkeys(self.levels.index.get_level_values("cohort")))
        waves = pd.Index(dict.fromkeys(self.levels.index.get_level_values("wave")), name="wave")
        lines = {c: self.levels.xs(c, level="cohort").reindex(waves) for c in cohorts}
        drawn = cohorts[1:] or cohorts
        bands = {
            (str(c), edge): lines[c][column]
            for c in drawn
            for edge, column in (("value", what), ("low", f"{what}_low"), ("high", f"{what}_high"))
        }
        unit = {"level": f"mean {self.scale}", "sd": f"SD of {self.scale}"}.get(what, "agreement r_wg(j)")
        ax = plots.trajectory(pd.DataFrame(bands), ax=ax, ylabel=unit, labels=len(cohorts) > 1)
        if len(cohorts) > 1:
            total = lines[EVERYBODY][what].to_numpy()
            ax.plot(np.arange(len(waves)), total, color=plots.GREY, linewidth=1.6, linestyle="--")
            ax.annotate(
                EVERYBODY, (0, total[0]), xytext=(3, 3), textcoords="offset points", fontsize=8, color=plots.GREY
            )
        ax.set_xticks(np.arange(len(waves)), [str(w) for w in waves])
        return ax


@dataclass(frozen=True, eq=False)
class Forms:
    """Scores and item answers over waves and members; NaN where absent or unanswered."""

    scores: np.ndarray  # [wave, member]
    items: np.ndarray  # [wave, member, item]
    members: pd.Index
    waves: pd.Index

    @classmethod
    def of(cls, community: Community, scale: str) -> Forms:
        table = community.scores(scale)
        waves = community.waves.index
        members = pd.Index(pd.unique(table["member"])).sort_values()
        row, column = waves.get_indexer(table["wave"]), members.get_indexer(table["member"])
        scores = np.full((len(waves), len(members)), np.nan)
        scores[row, column] = table[scale].to_numpy(dtype=float)
        wide = item_answers(community.responses, community.items, scale)
        items = np.full((*scores.shape, wide.shape[1]), np.nan)
        row = waves.get_indexer(wide.index.get_level_values("wave"))
        column = members.get_indexer(wide.index.get_level_values("member"))
        known = (row >= 0) & (column >= 0)
        items[row[known], column[known]] = wide.to_numpy()[known]
        items[np.isnan(scores)] = np.nan  # who has no score does not count for agreement either
        return cls(scores, items, members, waves)


def survey_identity(
    community: Community,
    scale: str,
    cohorts: Cohorts | pd.Series | None = None,
    ties: str | Sequence[str] | None = None,
    seed: int | None = 0,
    *,
    options: int | None = None,
    draws: int = 1000,
    permutations: int = 999,
) -> SurveyIdentity:
    """How strongly members identify at each wave, how far they agree, and whether peers are alike.

    Parameters
    ----------
    community : Community
        With waves, items and responses; for peers, with ties.
    scale : str
        A scale of the codebook, or a single item.
    cohorts : Cohorts or Series, optional
        A Series holds a label for each member.
    ties : str or list of str, optional
        Networks in which peers are looked for; by default all.
    seed : int or None
    options : int, optional
        Answer options of an item, for r_wg(j); by default from the range of the items in the codebook.
    draws : int
        Of members, for the intervals.
    permutations : int
        Of scores over members, for the p-values of peers.

    Returns
    -------
    SurveyIdentity

    Raises
    ------
    ValueError
        For an unknown scale or network, a community without waves, or one in which nobody has a score.

    Notes
    -----
    Bots and members who were absent at a wave do not count. r_wg(j) is over members who have a score and answered
    every item. A pair is tied where either names the other, untied where neither does and both could have; pairs
    that are unknown, because somebody did not respond or was not listed, are left out.
    """
    if not len(community.waves):
        raise ValueError(f"community {community.name!r} has no waves, so no survey to read identity from.")
    forms = Forms.of(community, scale)
    if np.isnan(forms.scores).all():
        raise ValueError(f"nobody who was present at a wave has a score on {scale!r}.")
    whole(permutations, "permutations")
    labels = cohorts.labels if isinstance(cohorts, Cohorts) else pd.Series(cohorts) if cohorts is not None else None
    group = None if labels is None else labels.reindex(forms.members)
    rng = generator(seed)
    said: list[str] = []
    nulls = _nulls(community, scale, options, said)
    levels, changes = _levels(forms, group, nulls, draws, rng, said)
    peers = _peers(community, forms, group, ties, permutations, rng, said)
    return SurveyIdentity(scale, levels, changes, peers, tuple(said))


def _nulls(community: Community, scale: str, options: int | None, said: list[str]) -> tuple[float, float]:
    """Variances of the uniform and the slightly skewed null; NaN where the answer options are not known."""
    items = community.items
    named = items["scale"] == scale
    chosen = items[named] if named.any() else items.loc[[scale]]  # a scale before an item, as in item_answers
    if options is None:
        span = (chosen["max"] - chosen["min"] + 1).to_numpy(dtype=float)
        same = not np.isnan(span).any() and np.ptp(span) == 0 and span[0] == round(span[0]) and span[0] > 1
        if not same or chosen["continuous"].any():
            said.append("r_wg(j) is not given: the items have no common number of answer options. Give options=.")
            return np.nan, np.nan
        options = int(span[0])
    elif options < 2:
        raise ValueError(f"options is {options}; an item has two answer options or more.")
    if options not in SKEWED:
        said.append(f"no slightly skewed null is published for {options} options: rwg_skewed is not given.")
    return (options**2 - 1) / 12, SKEWED.get(options, np.nan)


def _levels(
    forms: Forms,
    group: pd.Series | None,
    nulls: tuple[float, float],
    draws: int,
    rng: np.random.Generator,
    said: list[str],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables levels and changes."""
    ever = ~np.isnan(forms.scores).all(axis=0)
    weight = np.zeros((draws, len(forms.members)), dtype=np.int64)
    weight[:, ever] = rng.multinomial(int(ever.sum()), np.full(int(ever.sum()), 1 / ever.sum()), size=draws)
    sets: dict[Any, np.ndarray] = {EVERYBODY: np.ones(len(forms.members), dtype=bool)}
    if group is not None:
        names = (
            group.cat.categories if isinstance(group.dtype, pd.CategoricalDtype) else sorted(group.dropna().unique())
        )
        sets |= {str(name): (group == name).fillna(False).to_numpy(dtype=bool) for name in names}
    rows: dict[Any, dict[str, float]] = {}
    drawn: dict[Any, np.ndarray] = {}
    hidden, small, clipped, holes, partial = [], [], [], [], 0
    for w, wave in enumerate(forms.waves):
        for cohort, inside in sets.items():
            here = inside & ~np.isnan(forms.scores[w])
            n = int(here.sum())
            if cohort != EVERYBODY and n < SHOWN:
                hidden += [f"{cohort} at wave {wave}"] if n else []
                continue
            key = (wave, cohort)
            rows[key] = {"n": n}
            values, drawn[key] = np.full(4, np.nan), np.full((draws, 4), np.nan)
            if n >= MEANS:
                values, drawn[key], left = _sharedness(
                    forms.scores[w, here], forms.items[w, here], weight[:, here], nulls
                )
                partial += left if cohort == EVERYBODY else 0
                if np.isnan(values[2]) and not np.isnan(nulls[0]):
                    holes.append(f"{cohort} at wave {wave}")
                if values[2] == 0:
                    clipped.append(f"{cohort} at wave {wave}")
            else:
                small.append(f"{cohort} at wave {wave} ({n})")
            for s, name in enumerate(STATISTICS):
                low, high = percentiles(drawn[key][:, s], 0.05)
                rows[key] |= {name: float(values[s]), f"{name}_low": low, f"{name}_high": high}
    steps: dict[Any, dict[str, float]] = {}
    for k in range(len(forms.waves) - 1):
        a, b = forms.waves[k], forms.waves[k + 1]
        for cohort in sets:
            if (a, cohort) in rows and (b, cohort) in rows:
                change = drawn[b, cohort] - drawn[a, cohort]
                row: dict[str, float] = {}
                for s, name in enumerate(STATISTICS):
                    low, high = percentiles(change[:, s], 0.05)
                    estimate = rows[b, cohort][name] - rows[a, cohort][name]
                    row |= {name: estimate, f"{name}_low": low, f"{name}_high": high}
                steps[f"{a} to {b}", cohort] = row
    silent = int((~ever).sum())
    if small:
        said.append(f"fewer than {MEANS} members with a score in {listing(small)}: no mean, spread or agreement.")
    if hidden:
        said.append(f"fewer than {SHOWN} members in {listing(hidden)}: not shown.")
    if clipped:
        said.append(f"answers in {listing(clipped)} vary more than the uniform null: r_wg(j) is set to 0.")
    if partial:
        said.append(f"r_wg(j) leaves out {plural(partial, 'form')} with a score and an item missing.")
    if holes:
        said.append(f"fewer than {MEANS} members answered every item in {listing(holes)}: no r_wg(j).")
    if silent:
        said.append(f"{plural(silent, 'member')} present at a wave and never scored; the others speak for them.")
    if group is not None:
        said.append("comparing cohorts assumes that they read the items alike (measurement invariance).")
    return _frame(rows, ["wave", "cohort"]), _frame(steps, ["step", "cohort"])


def _frame(rows: Mapping[Any, dict[str, Any]], names: list[str], columns: Sequence[str] = ()) -> pd.DataFrame:
    index = (
        pd.MultiIndex.from_tuples(list(rows), names=names) if rows else pd.MultiIndex.from_arrays([[], []], names=names)
    )
    return pd.DataFrame(list(rows.values()), index=index, columns=list(columns) or None)


def _sharedness(
    scores: np.ndarray, items: np.ndarray, weight: np.ndarray, nulls: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, int]:
    """Level, SD and r_wg(j) under two nulls; the same for draws of members, shape (draws, 4); members left out."""
    complete = ~np.isnan(items).any(axis=1)
    x, j = items[complete], items.shape[1]
    w, y = weight.astype(float), scores - scores.mean()
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = scores.mean() + w @ y / w.sum(axis=1)
    sd = np.sqrt(mean_item_variance(scores[:, None], weight))
    columns, values = [mean, sd], [scores.mean(), scores.std(ddof=1)]
    enough = len(x) >= MEANS
    s2 = x.var(axis=0, ddof=1).mean() if enough else np.nan
    spread = mean_item_variance(x, weight[:, complete]) if enough else np.full(len(w), np.nan)
    for null in nulls:
        values.append(float(agreement(s2, null, j)))
        columns.append(agreement(spread, null, j))
    return np.array(values), np.column_stack(columns), int((~complete).sum())


# --- peers ------------------------------------------------------------------------------------------------

PEERS = (
    "n", "tied", "untied", "apart_tied", "apart_untied", "gap", "gap_p",
    "moran", "moran_expected", "moran_low", "moran_high", "moran_p",
)  # fmt: skip


def _peers(
    community: Community,
    forms: Forms,
    group: pd.Series | None,
    ties: str | Sequence[str] | None,
    permutations: int,
    rng: np.random.Generator,
    said: list[str],
) -> pd.DataFrame:
    """The table peers."""
    there = sorted(community.ties["network"].unique())
    wanted = there if ties is None else [ties] if isinstance(ties, str) else list(ties)
    networks = [choose(name, there, "network") for name in wanted]
    columns = [*PEERS, *(["gap_p_cohort", "moran_p_cohort"] if group is not None else [])]
    rows: dict[Any, dict[str, Any]] = {}
    empty = []
    for w, wave in enumerate(forms.waves):
        for network in networks:
            scored = np.flatnonzero(~np.isnan(forms.scores[w]))
            tied, unknown = known_pairs(community, network, wave, forms.members[scored])
            stratum = None if group is None else group.iloc[scored].astype("str").fillna("").to_numpy(dtype=object)
            row = peer_sharing(forms.scores[w, scored], tied, unknown, permutations, rng, stratum)
            if np.isnan(row["moran"]):
                empty.append(f"{network} at wave {wave}")
            rows[wave, network] = row
    if not networks:
        said.append("the community has no ties, so sharing with peers is not measured.")
    else:
        said.append(
            "that peers are alike mixes selection (the alike tie), influence (the tied grow alike) and shared "
            "circumstances; a single wave cannot tell them apart."
        )
    if empty:
        said.append(
            f"no number for peers in {listing(empty)}: fewer than {MEANS} scored members, no tied or untied pairs, or "
            "everybody scored alike."
        )
    return _frame(rows, ["wave", "network"], columns)


def known_pairs(community: Community, network: str, wave: Any, members: pd.Index) -> tuple[np.ndarray, np.ndarray]:
    """Tied pairs and unknown pairs among members, each of shape (n_pairs, 2), positions with i < j.

    A pair is tied where either names the other. Where neither does, it is unknown if one of them did not respond or
    was not listed for the other to name; without a roster everybody did and was.
    """
    n = len(members)
    table, roster = community.ties, community.roster
    own = table[(table["network"] == network) & (table["wave"] == wave)]
    ego, alter = members.get_indexer(own["ego"]), members.get_indexer(own["alter"])
    kept = (ego >= 0) & (alter >= 0) & (ego != alter)
    named = np.zeros((n, n), dtype=bool)
    named[ego[kept], alter[kept]] = True
    unknown = np.zeros((n, n), dtype=bool)
    if len(roster):
        form = roster[roster["wave"] == wave]
        unknown[~members.isin(form.loc[form["responded"], "member"])] = True
        unknown[:, ~members.isin(form.loc[form["listed"], "member"])] = True
    upper = np.triu(np.ones((n, n), dtype=bool), 1)
    either = (named | named.T) & upper
    return np.argwhere(either), np.argwhere((unknown | unknown.T) & ~either & upper)


def peer_sharing(
    scores: np.ndarray,
    tied: np.ndarray,
    unknown: np.ndarray,
    permutations: int,
    rng: np.random.Generator,
    stratum: np.ndarray | None = None,
) -> dict[str, Any]:
    """Whether tied members are closer than untied ones, against permutations of the scores over members.

    Parameters
    ----------
    scores : ndarray of float, shape (n,)
        No missing values.
    tied, unknown : ndarray of int, shape (n_pairs, 2)
        From :func:`known_pairs`; all other pairs are untied.
    stratum : ndarray, shape (n,), optional
        For a second pair of p-values, from permutations within strata.

    Returns
    -------
    dict
        The columns of ``SurveyIdentity.peers``; NaN below 20 members, without tied or untied pairs, and where all
        scores are the same. p-values are two-sided (Phipson & Smyth 2010, doi:10.2202/1544-6115.1585).
    """
    n = len(scores)
    untied = n * (n - 1) // 2 - len(tied) - len(unknown)
    row: dict[str, Any] = dict.fromkeys(PEERS, np.nan) | {"n": n, "tied": len(tied), "untied": untied}
    if stratum is not None:
        row |= {"gap_p_cohort": np.nan, "moran_p_cohort": np.nan}
    if n < MEANS or not len(tied) or untied == 0 or np.ptp(scores) == 0:
        return row
    ordered = np.sort(scores)
    everything = float(
        ((2 * np.arange(n) - n + 1) * ordered).sum()
    )  # sum of |y_i - y_j| over pairs: no permutation moves it
    z = scores - scores.mean()
    variance = float((z**2).mean())

    def statistics(order: np.ndarray) -> tuple[np.ndarray, ...]:
        y = z[order]
        a, b = y[:, tied[:, 0]], y[:, tied[:, 1]]
        near = np.abs(a - b).sum(axis=1)
        apart = np.abs(y[:, unknown[:, 0]] - y[:, unknown[:, 1]]).sum(axis=1) if len(unknown) else 0.0
        far = (everything - near - apart) / untied
        return near / len(tied), far, far - near / len(tied), (a * b).mean(axis=1) / variance

    near, far, gap, moran = (float(s[0]) for s in statistics(np.arange(n)[None, :]))
    row |= {"apart_tied": near, "apart_untied": far, "gap": gap, "moran": moran}

    def null(shuffle: Any) -> tuple[np.ndarray, np.ndarray]:
        parts = []
        chunk = max(1, int(4e6 // (len(tied) + len(unknown) + n)))
        for start in range(0, permutations, chunk):
            order = np.stack([shuffle() for _ in range(min(chunk, permutations - start))])
            parts.append(np.stack(statistics(order)[2:]))
        gaps, morans = np.concatenate(parts, axis=1)
        return gaps, morans

    gaps, morans = null(lambda: rng.permutation(n))
    low, high = np.quantile(morans, [0.025, 0.975])
    row |= {"gap_p": _two_sided(gap, gaps), "moran_p": _two_sided(moran, morans)}
    row |= {"moran_expected": -1 / (n - 1), "moran_low": float(low), "moran_high": float(high)}
    if stratum is not None:
        places = [np.flatnonzero(stratum == s) for s in dict.fromkeys(stratum)]

        def within() -> np.ndarray:
            order = np.arange(n)
            for place in places:
                order[place] = rng.permutation(place)
            return order

        gaps, morans = null(within)
        row |= {"gap_p_cohort": _two_sided(gap, gaps), "moran_p_cohort": _two_sided(moran, morans)}
    return row


def _two_sided(value: float, null: np.ndarray) -> float:
    """Share of permuted statistics as far from their mean as the observed one; equal values count as extreme."""
    middle = float(null.mean())
    extreme = int((np.abs(null - middle) >= abs(value - middle) - 1e-12).sum())
    return (1 + extreme) / (len(null) + 1)

r"""Convergence: do a survey and the language tell the same about the same members?

What members say of themselves should show in how they speak. A survey measure x and a language measure y of the same
members and waves may agree in three ways, and agreeing in one says nothing about the others: the members who identify
more speak more like the community (*between*: members' means), a member speaks more like it at the waves of stronger
identification (*within*: deviations from the member's mean), and speech moves when identification does (*change*: from
one wave to the next). Several measures of either method make a multitrait-multimethod table (Campbell & Fiske 1959):
one trait by two methods should correlate more than two traits by one method.

References
----------
Campbell & Fiske (1959), Psychological Bulletin 56(2), 81-105, doi:10.1037/h0046016.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from coplearn import plots
from coplearn._checks import choose, listing, plural
from coplearn.reliability import percentiles

__all__ = ["Convergence", "convergence"]

MEANS = 20  # members below which no correlation is given
KINDS = ("between", "within", "change", "pooled")


@dataclass(frozen=True, eq=False)
class Convergence:
    """Correlations between survey and language measures of the same members and waves.

    Attributes
    ----------
    values : dict of (method, trait) to ndarray of float, shape (n_waves, n_members)
        NaN where unknown.
    members, waves : Index
    centred : bool
        Whether the mean of each wave was taken out.
    draws : int
    seed : int or None
    """

    values: dict[tuple[str, str], np.ndarray]
    members: pd.Index
    waves: pd.Index
    centred: bool
    draws: int
    seed: int | None

    def table(self, alpha: float = 0.05) -> pd.DataFrame:
        """One row a pair of measures and a kind of correlation.

        Returns
        -------
        DataFrame
            Indexed by first, second (``"method: trait"``) and kind: role (convergent: the same trait by two methods;
            method: two traits by one method; discriminant: two traits by two methods), estimate, low, high (bootstrap
            of members), members and observations. Kinds: *between* members' means; *within* members, over waves;
            *change* from one wave to the next; *pooled* over all member-waves. NaN below 20 members.
        """
        return self._table(alpha)

    @cached_property
    def _usual(self) -> pd.DataFrame:
        return self._table(0.05)

    def _table(self, alpha: float) -> pd.DataFrame:
        rng = np.random.default_rng(self.seed)
        n = len(self.members)
        weight = np.vstack([np.ones(n), rng.multinomial(n, np.full(n, 1 / n), size=self.draws)])
        rows = {}
        for one, two in combinations(self.values, 2):
            role = "convergent" if one[1] == two[1] else "method" if one[0] == two[0] else "discriminant"
            if len(self.values) == 2 and one[0] != two[0]:
                role = "convergent"
            pairs = member_moments(self.values[one], self.values[two], self.centred)
            for kind in KINDS:
                moments = pairs[kind]
                members, count = int((moments[:, 0] > 0).sum()), int(moments[:, 0].sum())
                row: dict[str, Any] = {"role": role, "estimate": np.nan, "low": np.nan, "high": np.nan}
                if members >= MEANS:
                    r = correlation(weight @ moments, through_zero=kind == "within")
                    low, high = percentiles(r[1:], alpha) if not np.isnan(r[0]) else (np.nan, np.nan)
                    row |= {"estimate": float(r[0]), "low": low, "high": high}
                rows[_name(one), _name(two), kind] = row | {"members": members, "observations": count}
        index = pd.MultiIndex.from_tuples(list(rows), names=["first", "second", "kind"])
        return pd.DataFrame(list(rows.values()), index=index)

    def matrix(self, kind: str = "between") -> pd.DataFrame:
        """The multitrait-multimethod matrix of one kind of correlation: rows and columns (method, trait).

        The diagonal holds stability instead of 1: the correlation of the measure with itself at the next wave.
        """
        choose(kind, KINDS, "kind of correlation")
        keys = list(self.values)
        names = pd.MultiIndex.from_tuples(keys, names=["method", "trait"])
        result = pd.DataFrame(np.nan, index=names, columns=names)
        table = self._usual["estimate"].xs(kind, level="kind")
        for one, two in combinations(keys, 2):
            result.loc[one, two] = result.loc[two, one] = table.loc[_name(one), _name(two)]
        for key in keys:
            y = self.values[key] - (np.nanmean(self.values[key], axis=1, keepdims=True) if self.centred else 0.0)
            now, then = y[:-1].ravel(), y[1:].ravel()
            both = ~np.isnan(now) & ~np.isnan(then)
            if both.sum() >= MEANS and np.ptp(now[both]) > 0 and np.ptp(then[both]) > 0:
                result.loc[key, key] = float(np.corrcoef(now[both], then[both])[0, 1])
        return result

    @property
    def caveats(self) -> tuple[str, ...]:
        """What a reader must know before quoting a number."""
        return tuple(self._caveats())

    def _caveats(self) -> Iterator[str]:
        if self.centred:
            yield "what all members share at a wave is taken out; correlations are about differences between members."
        else:
            yield "two measures that both drift with the times correlate for that reason alone (centre=False)."
        yield "a measure's noise pulls correlations to 0, those within members and of changes most."
        yield "the language measure is a distance: convergence shows as a negative correlation with identification."
        table = self._usual
        kinds = [k for k in KINDS if (table.xs(k, level="kind")["members"] < MEANS).any()]
        if kinds:
            yield f"fewer than {MEANS} members for a correlation {listing(kinds)}: not given."

    def summary(self) -> str:
        """Plain text: the table and the caveats."""
        head = f"Survey and language    {plural(len(self.members), 'member')}, {plural(len(self.waves), 'wave')}"
        lines = [head, self._usual.to_string(float_format=lambda v: f"{v:+.3f}")]
        return "\n".join([*lines, *(f"caveat: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return self.summary()

    def plot(self, ax: Any = None) -> Any:
        """Every correlation with its interval; black where two methods measure one trait."""
        table = self._usual
        ax = plots.axes(ax, (7.0, 0.8 + 0.3 * len(table)))
        y = np.arange(len(table))[::-1]
        color = ["black" if role == "convergent" else plots.GREY for role in table["role"]]
        ax.hlines(y, table["low"], table["high"], color=color, linewidth=1.2)
        ax.scatter(table["estimate"], y, color=color, s=16, zorder=3)
        ax.axvline(0, color=plots.GREY, linewidth=0.8)
        ax.set_yticks(y, [f"{first} / {second}, {kind}" for first, second, kind in table.index], fontsize=8)
        ax.set(xlabel="correlation", xlim=(-1.02, 1.02))
        return ax


def _name(key: tuple[str, str]) -> str:
    return f"{key[0]}: {key[1]}"


def member_moments(first: np.ndarray, second: np.ndarray, centred: bool) -> dict[str, np.ndarray]:
    """What each member adds to each kind of correlation.

    Parameters
    ----------
    first, second : ndarray of float, shape (n_waves, n_members)
    centred : bool
        Take out the mean of each wave over members who have both.

    Returns
    -------
    dict of str to ndarray of float, shape (n_members, 6)
        Sums of 1, x, y, x squared, y squared, x y over the member's observations of that kind.
    """
    both = ~np.isnan(first) & ~np.isnan(second)
    seen = both.any(axis=1)
    x, y = (np.where(both, v, np.nan)[seen] for v in (first, second))
    about = (lambda v: v - np.nanmean(v, axis=1, keepdims=True)) if centred else (lambda v: v - np.nanmean(v))
    if both.any():
        x, y = about(x), about(y)
    count = both.sum(axis=0)

    def mean(v: np.ndarray) -> np.ndarray:
        return np.where(count > 0, np.nansum(v, axis=0) / np.maximum(count, 1), np.nan)

    def sums(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        known = ~np.isnan(u)
        a, b = np.where(known, u, 0.0), np.where(known, v, 0.0)
        return np.stack([known, a, b, a**2, b**2, a * b]).astype(float).sum(axis=1).T

    again = count > 1  # one wave says nothing about a member's changes
    own = [np.where(again, v - mean(v), np.nan) for v in (x, y)]
    # Steps are between successive waves of the data; a wave that nobody answered does not bridge two others.
    step = np.diff(np.flatnonzero(seen))[:, None] == 1
    change = [np.where(step, np.diff(v, axis=0), np.nan) for v in (x, y)]
    return {
        "between": sums(mean(x)[None, :], mean(y)[None, :]),
        "within": sums(*own),
        "change": sums(*change),
        "pooled": sums(x, y),
    }


def correlation(moments: np.ndarray, through_zero: bool = False) -> np.ndarray:
    """Correlations from sums of 1, x, y, x squared, y squared, x y: shape (n, 6) to (n,).

    `through_zero`: deviations that already sum to zero for every member, whose mean is not taken out again.
    """
    n, x, y, xx, yy, xy = moments.T
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = 0.0 if through_zero else 1.0 / n
        sx, sy, sxy = xx - shift * x * x, yy - shift * y * y, xy - shift * x * y
        usable = (sx > 1e-12 * np.maximum(xx, 1e-300)) & (sy > 1e-12 * np.maximum(yy, 1e-300))
        return np.asarray(np.where(usable, np.clip(sxy / np.sqrt(sx * sy), -1, 1), np.nan))


def convergence(
    identity: pd.DataFrame | Mapping[str, pd.DataFrame],
    distance: pd.DataFrame | Mapping[str, pd.DataFrame],
    *,
    centre: bool = True,
    draws: int = 1000,
    seed: int | None = 0,
) -> Convergence:
    """Do survey and language agree about members, and about their changes?

    Parameters
    ----------
    identity, distance : DataFrame, or mapping of trait to DataFrame
        Long frames with columns member, wave and one column of numbers (such as ``community.scores("identity")``): the
        survey measures and the language measures. Mappings of several traits give a multitrait-multimethod table; a
        trait measured by both methods has the same name in both.
    centre : bool
        Take out the mean of each wave first, so that a drift that all share does not pass for convergence.
    draws : int
        Of members, for the intervals.
    seed : int or None

    Returns
    -------
    Convergence
        ``.table()``, ``.matrix(kind)``.

    Raises
    ------
    ValueError
        If a frame lacks a column or holds a member twice in a wave, or if no member-wave has two measures.

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> rows = pd.MultiIndex.from_product([range(60), [1, 2, 3]], names=["member", "wave"]).to_frame(index=False)
    >>> trait = np.repeat(rng.normal(size=60), 3)
    >>> survey = rows.assign(value=trait + rng.normal(size=180))
    >>> language = rows.assign(value=-trait + rng.normal(size=180))
    >>> convergence(survey, language).table()["estimate"].round(2).tolist()
    [-0.82, 0.02, -0.0, -0.57]
    """
    frames: dict[tuple[str, str], pd.DataFrame] = {}
    for method, trait, given in (("survey", "identity", identity), ("language", "distance", distance)):
        several = {trait: given} if isinstance(given, pd.DataFrame) else dict(given)
        frames |= {(method, str(name)): _long(frame, f"{method}: {name}") for name, frame in several.items()}
    if len(frames) < 2:
        raise ValueError("convergence needs a survey measure and a language measure; a mapping is empty.")
    sets = [set(zip(f["member"], f["wave"], strict=True)) for f in frames.values()]
    if not any(a & b for a, b in combinations(sets, 2)):
        raise ValueError(
            "no member has two measures at one wave. Members and wave labels must be the same in both frames: name the "
            "language windows after the survey waves."
        )
    waves = pd.Index(pd.unique(pd.concat([f["wave"] for f in frames.values()]))).sort_values()
    members = pd.Index(pd.unique(pd.concat([f["member"] for f in frames.values()]))).sort_values()
    values = {}
    for key, frame in frames.items():
        array = np.full((len(waves), len(members)), np.nan)
        place = waves.get_indexer(frame["wave"]), members.get_indexer(frame["member"])
        array[place] = frame["value"].to_numpy(dtype=float, na_value=np.nan)
        values[key] = array
    return Convergence(values, members, waves, centre, draws, seed)


def _long(frame: pd.DataFrame, what: str) -> pd.DataFrame:
    """Columns member, wave, value of a long frame with one column of numbers; rows without a value go."""
    missing = [c for c in ("member", "wave") if c not in frame.columns]
    if missing:
        raise ValueError(f"{what} has no column {listing(missing)} (columns: {listing(frame.columns, 12)}).")
    others = [c for c in frame.columns if c not in ("member", "wave")]
    numbers = [c for c in others if pd.api.types.is_numeric_dtype(frame[c])]
    column = "value" if "value" in numbers else numbers[0] if len(numbers) == 1 else None
    if column is None:
        raise ValueError(f"{what} has {plural(len(numbers), 'column')} of numbers; name the measure 'value'.")
    long = frame[["member", "wave", column]].set_axis(["member", "wave", "value"], axis=1)
    twice = long.duplicated(["member", "wave"])
    if twice.any():
        row = long[twice].iloc[0]
        raise ValueError(f"{what}: member {row['member']} occurs more than once at wave {row['wave']}. Average first.")
    return long[long["value"].notna()]

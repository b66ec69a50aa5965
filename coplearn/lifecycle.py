r"""How members' language changes over their life in a community, and what would look like it but is not.

The curve of a measure y over life stage or tenure is estimated with author and window effects,

.. math:: y_{ip} = \mu_i + \lambda_{m(p)} + \beta_{b(i, p)} + \varepsilon_{ip},

where b is the bin of the k-th of the author's K messages (life stage k / K, for departed members only, since K must
be known) or of the time since the author's first message (tenure). Author effects take out who stays long, window
effects take out what the community does; what is left moves with the member. Authors are resampled whole.

Two nulls are shipped, since a curve that is not flat need not mean that members change. *Own messages permuted*: the
author's values in random order, which must give a flat curve. *Static authors in a drifting community*: everybody
keeps the words they came with, newcomers bring others, and the distance from the community rises late in life all the
same. Flexibility and progressiveness tell the two apart (Danescu-Niculescu-Mizil et al. 2013,
doi:10.1145/2488388.2488416).

Tenure is period minus cohort: with author and window effects its straight line is not identified, and `tenure_curve`
reports the bend only.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import choose, level, plural, whole
from coplearn.corpus import duration, read_times, unique_ids
from coplearn.plots import axes
from coplearn.windows import calendar_windows, instant

__all__ = ["LifeCurve", "departures", "life_curve", "permute_own", "static_authors", "tenure_curve"]

MEANS = 20  # authors below which a bin is NA
FEW = 200  # authors up to which errors come from leaving out each of them
DAY = 86_400_000_000


def departures(messages: pd.DataFrame, inactive_after: str = "365D", end: Any = None) -> pd.DataFrame:
    """Life stages of messages and which authors have left.

    Parameters
    ----------
    messages : DataFrame
        Columns author and time, one row a message (all messages, not only those that could be scored).
    inactive_after : str
        An author has left if silent for this long at the end of observation.
    end : Timestamp, optional
        End of observation; default the last message.

    Returns
    -------
    DataFrame
        Same index: k (1 for the author's first message), n (K, so far as observed), stage (k / K; NaN unless
        departed), departed, tenure_days. Stage uses the future: it is known only once the author has left.
    """
    _need(messages, ("author", "time"))
    unique_ids(messages)
    messages, _ = read_times(messages)
    stop = (messages["time"].max() if end is None else instant(end, name="end")) - duration(
        inactive_after, "inactive_after"
    )
    ordered = messages[["author", "time"]].sort_values("time", kind="stable")
    by = ordered.groupby("author", sort=False)["time"]
    out = pd.DataFrame(index=messages.index)
    out["k"] = (by.cumcount() + 1).reindex(messages.index)
    grouped = messages.groupby("author")["time"]
    out["n"] = grouped.transform("size")
    out["departed"] = (grouped.transform("max") <= stop).to_numpy()
    out["stage"] = np.where(out["departed"], out["k"] / out["n"], np.nan)
    out["tenure_days"] = (messages["time"] - grouped.transform("min")).dt.total_seconds() / 86_400
    return out


def _need(frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    for column in columns:
        if column not in frame.columns:
            raise ValueError(f"the frame of messages has no column {column!r}; it has {', '.join(map(str, frame))}.")


@dataclass(frozen=True, eq=False)
class LifeCurve:
    """A measure over the life of members.

    Attributes
    ----------
    bins : DataFrame
        Index bin: left, right, n_messages, n_authors, estimate (within-author and within-window, centred so that its
        message-weighted mean is the raw mean), se, low, high (95 %, by author: see `replicates`). NaN for bins with
        fewer than 20 authors.
    replicates : ndarray of float, shape (n_replicates, n_bins)
        Estimates from bootstrap samples of authors. With 200 authors or fewer, estimates without each author, spread
        so that their standard deviation is the jackknife's error: in 400 simulated communities of 60 authors the
        bootstrap's 95 % intervals covered 91.5 %, because few authors speak in any one month.
    measure, axis : str
    uses_future : bool
        True for life stage.
    caveats : tuple of str
    """

    bins: pd.DataFrame
    replicates: np.ndarray
    measure: str
    axis: str
    uses_future: bool
    caveats: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """The bins."""
        return self.bins.copy()

    def contrast(self, later: int = -1, earlier: int = 0, alpha: float = 0.05) -> tuple[float, float, float]:
        """Difference of two bins with its normal bootstrap interval: estimate, low, high."""
        from scipy.stats import norm

        value = float(self.bins["estimate"].iloc[later] - self.bins["estimate"].iloc[earlier])
        spread = float(np.nanstd(self.replicates[:, later] - self.replicates[:, earlier], ddof=1))
        half = float(norm.ppf(1 - level(alpha) / 2)) * spread
        return value, value - half, value + half

    def summary(self) -> str:
        """First, lowest and last bin."""
        shown = self.bins.dropna(subset=["estimate"])
        lines = [f"{self.measure} over {self.axis}    {int(self.bins['n_messages'].sum()):,} messages"]
        if len(shown):
            for what, i in (("first", 0), ("lowest", int(shown["estimate"].argmin())), ("last", -1)):
                row = shown.iloc[i]
                lines.append(
                    f"{what:<7} [{row['left']:.4g}, {row['right']:.4g}]  {row['estimate']:.4f} (s.e. {row['se']:.4f})"
                )
        return "\n".join([*lines, *(f"note: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return "\n".join(self.summary().splitlines()[:3])

    def plot(self, ax: Any = None, label: str | None = None, color: str = "0.25") -> Any:
        """The curve with its 95 % band."""
        ax = axes(ax)
        x = (self.bins["left"] + self.bins["right"]) / 2
        ax.fill_between(x, self.bins["low"], self.bins["high"], color=color, alpha=0.15, linewidth=0)
        ax.plot(x, self.bins["estimate"], color=color, marker=".")
        if label:
            ax.annotate(label, (x.iloc[-1], self.bins["estimate"].iloc[-1]), color=color)
        ax.set_xlabel(self.axis)
        ax.set_ylabel(self.measure)
        return ax


def life_curve(
    measures: pd.DataFrame,
    measure: str = "distance",
    *,
    bins: int = 10,
    every: str = "month",
    effects: str = "author+window",
    inactive_after: str = "365D",
    min_messages: int = 10,
    replicates: int = 200,
    seed: int = 0,
) -> LifeCurve:
    """A measure over life stage: the share of their eventual messages that departed members have written.

    Parameters
    ----------
    measures : DataFrame
        One row a message: author, time and the measure (as `Snapshots.measures` returns them), all messages of
        the community, also those for which the measure is NaN: life stage counts them.
    measure : str
        Column to follow.
    bins : int
        Equal parts of the life.
    every : str
        Length of the windows of the window effect, in the time zone that `measures` carries in its ``attrs``
        (`Snapshots.measures` notes the community's there), or UTC.
    effects : {"author+window", "author", "window", "none"}
    inactive_after : str
        See `departures`.
    min_messages : int
        Authors with fewer measured messages are left out.
    replicates : int
        Bootstrap samples of authors, where there are more than 200.
    seed : int

    Returns
    -------
    LifeCurve

    Notes
    -----
    Effects are constant within bins; a trend within bins leaks into the window effects. In simulations a straight
    line over life seen in 5 bins came out a tenth too flat; more bins lose less.

    Life stage conditions on the future and mixes short lives with long ones: print the curve by tercile of
    lifespan (`measures` of the authors of one tercile) and `tenure_curve` beside it.
    """
    _need(measures, ("author", "time", measure))
    whole(bins, "bins")
    measures, said_of_times = read_times(measures)
    life = departures(measures, inactive_after)
    used = life["departed"] & measures[measure].notna()
    edges = np.linspace(0, 1, bins + 1)
    said = (
        "Life stage uses the future: only departed members, and known only after they left.",
        "It mixes lifespans: read it beside the curves by lifespan and over tenure.",
        *([said_of_times] if said_of_times else []),
    )
    return _curve(
        measures[used], measure, life.loc[used, "stage"].to_numpy(), edges, "life stage", True, every, effects,
        min_messages, replicates, seed, said,
    )  # fmt: skip


def tenure_curve(
    measures: pd.DataFrame,
    measure: str = "distance",
    *,
    edges: tuple[float, ...] = (0, 30, 60, 90, 180, 365, 730, 1095),
    every: str = "month",
    effects: str = "author+window",
    min_messages: int = 10,
    replicates: int = 200,
    seed: int = 0,
) -> LifeCurve:
    """A measure over days since the author's first message; see `life_curve`.

    With author and window effects only the bend of the curve is identified: the estimates have no straight-line
    trend over tenure. With one of the two effects the trend is there, and belongs to tenure, period and cohort
    together.
    """
    _need(measures, ("author", "time", measure))
    edges = tuple(float(e) for e in edges)
    if len(edges) < 2 or any(not a < b for a, b in pairwise(edges)):
        raise ValueError(f"edges {edges!r} are not at least two ascending numbers of days.")
    measures, said_of_times = read_times(measures)
    tenure = departures(measures)["tenure_days"]
    used = measures[measure].notna() & (tenure <= edges[-1])
    said: tuple[str, ...] = (
        ("Straight-line trend over tenure removed: it is not identified beside author and window effects.",)
        if effects == "author+window"
        else ("The trend mixes tenure with period or cohort, which this choice of effects cannot separate.",)
    )
    said += (said_of_times,) if said_of_times else ()
    return _curve(
        measures[used], measure, tenure[used].to_numpy(), np.asarray(edges, float), "tenure (days)", False, every,
        effects, min_messages, replicates, seed, said,
    )  # fmt: skip


def _curve(
    rows: pd.DataFrame, measure: str, x: np.ndarray, edges: np.ndarray, axis: str, future: bool, every: str,
    effects: str, min_messages: int, replicates: int, seed: int, said: tuple[str, ...],
) -> LifeCurve:  # fmt: skip
    whole(replicates, "replicates", 0), whole(seed, "seed", 0)
    choose(effects, ("author+window", "author", "window", "none"), "set of effects")
    # Order by content, so that the bootstrap does not depend on the order of rows or on names.
    timezone = str(rows.attrs.get("timezone", "UTC"))  # the community's, from Snapshots.measures
    order = np.lexsort((rows[measure].to_numpy(float), rows["time"].astype("int64").to_numpy()))
    rows, x = rows.iloc[order], x[order]
    enough = rows.groupby("author")[measure].transform("size").to_numpy() >= min_messages
    rows, x = rows[enough], x[enough]
    dropped = int((~enough).sum())
    if dropped:
        said += (f"{plural(dropped, 'message')} by authors with fewer than {min_messages} measured messages left out.",)
    n_bins = len(edges) - 1
    bin_of = np.clip(np.searchsorted(edges, x, side="left" if future else "right") - 1, 0, n_bins - 1)
    author = pd.factorize(rows["author"].astype(str))[0]
    n_authors = int(author.max(initial=-1)) + 1
    frame = pd.DataFrame({"left": edges[:-1], "right": edges[1:]}, index=pd.RangeIndex(n_bins, name="bin"))
    frame["n_messages"] = np.bincount(bin_of, minlength=n_bins)
    cells = np.unique(bin_of * max(1, n_authors) + author)
    frame["n_authors"] = np.bincount(cells // max(1, n_authors), minlength=n_bins)
    shown = (frame["n_authors"] >= MEANS).to_numpy()
    jackknife = n_authors <= FEW
    estimate = np.full(n_bins, np.nan)
    draws = np.full((n_authors if jackknife else replicates, n_bins), np.nan)
    if shown.any():
        window = np.zeros(len(rows), int)
        if "window" in effects:
            window = calendar_windows(rows["time"].min(), rows["time"].max(), every, timezone).locate(rows["time"])
            window = np.unique(window, return_inverse=True)[1]
        fit = _Effects(
            rows[measure].to_numpy(float), author, window, bin_of, n_bins, "author" in effects,
            (edges[:-1] + edges[1:]) / 2 if not future and effects == "author+window" else None,
        )  # fmt: skip
        rng = np.random.default_rng(seed)
        estimate = fit.bins(np.ones(n_authors))
        for r in range(len(draws)):
            if jackknife:
                draws[r] = fit.bins((np.arange(n_authors) != r).astype(float))
            else:
                draws[r] = fit.bins(rng.multinomial(n_authors, np.full(n_authors, 1 / n_authors)).astype(float))
        if jackknife:  # spread out, so that their standard deviation is the jackknife's error
            draws = draws.mean(axis=0) + (draws - draws.mean(axis=0)) * (n_authors - 1) / np.sqrt(n_authors)
        estimate[~shown], draws[:, ~shown] = np.nan, np.nan
    if not shown.all():
        said += (f"{plural(int((~shown).sum()), 'bin')} NA: fewer than {MEANS} authors.",)
    with np.errstate(invalid="ignore"):
        se = draws.std(axis=0, ddof=1) if len(draws) > 1 else np.full(n_bins, np.nan)
    frame["estimate"], frame["se"] = estimate, se
    frame["low"], frame["high"] = estimate - 1.96 * se, estimate + 1.96 * se
    return LifeCurve(frame, draws, measure, axis, future, said)


class _Effects:
    """Least squares with author and window effects, for many weightings of the same authors.

    Author effects are swept out: with weights that are constant within authors, sums of squares of deviations
    from author means are ``D'WD - M'(wn)M`` with sparse M, so that a replicate costs two sparse products.
    """

    def __init__(
        self, y: np.ndarray, author: np.ndarray, window: np.ndarray, bin_of: np.ndarray, n_bins: int,
        author_effects: bool, straight: np.ndarray | None,
    ) -> None:  # fmt: skip
        from scipy.sparse import csr_matrix, hstack

        n = len(y)
        self.y, self.author, self.bin_of, self.n_bins = y - y.mean(), author, bin_of, n_bins
        self.mean, self.author_effects = float(y.mean()), author_effects
        one = np.ones(n)
        bins = csr_matrix((one, (np.arange(n), bin_of)), shape=(n, n_bins))
        periods = csr_matrix((one, (np.arange(n), window)), shape=(n, int(window.max()) + 1))
        self.x = hstack([bins, periods]).tocsr()
        n_authors = int(author.max()) + 1
        self.size = np.bincount(author, minlength=n_authors).astype(float)
        group = csr_matrix((1 / self.size[author], (author, np.arange(n))), shape=(n_authors, n))
        self.x_mean, self.y_mean = (group @ self.x).tocsr(), group @ self.y
        self.straight = straight

    def bins(self, weight: np.ndarray) -> np.ndarray:
        """Bin estimates, centred on the mean of the messages."""
        from scipy.sparse import diags

        w = weight[self.author]
        cross = (self.x.T @ diags(w) @ self.x).toarray()
        right = self.x.T @ (w * self.y)
        if self.author_effects:
            mass = weight * self.size
            cross -= (self.x_mean.T @ diags(mass) @ self.x_mean).toarray()
            right -= self.x_mean.T @ (mass * self.y_mean)
        # Bins and windows each add up to a constant, so the solution is one of many; the minimum-norm one will
        # do, because bins are centred below. Directions that the data hardly see are not to be inverted.
        basis = np.eye(len(cross))
        if self.straight is not None:
            line = np.zeros(len(cross))
            line[: self.n_bins] = self.straight - self.straight.mean()
            line /= np.linalg.norm(line)
            basis -= np.outer(line, line)
        solution = basis @ np.linalg.lstsq(basis @ cross @ basis, basis @ right, rcond=1e-9)[0]
        beta = solution[: self.n_bins]
        share = np.bincount(self.bin_of, weights=w, minlength=self.n_bins)
        beta = np.where(share > 0, beta, np.nan)
        return beta - np.nansum(beta * share) / share.sum() + self.mean


def permute_own(measures: pd.DataFrame, measure: str = "distance", seed: int = 0) -> pd.DataFrame:
    """Null: every author's values in random order over their own messages (a flat curve is expected).

    Permute the column ``text`` of a frame of messages instead, and score it again, for the null in which an author
    says at any time what they said at some time.

    Returns
    -------
    DataFrame
        A copy with the column permuted among each author's messages where it is known.
    """
    _need(measures, ("author", measure))
    rng = np.random.default_rng(seed)
    known = np.flatnonzero(measures[measure].notna().to_numpy())
    author = pd.factorize(measures["author"].iloc[known].astype(str))[0]
    values = measures[measure].to_numpy(copy=True)
    order = np.argsort(author, kind="stable")
    shuffled = np.lexsort((rng.random(len(known)), author))
    values[known[order]] = values[known[shuffled]]
    return measures.assign(**{measure: values})


def static_authors(messages: pd.DataFrame, first: int = 10, min_tokens: int = 30, seed: int = 0) -> pd.DataFrame:
    """Null: everybody keeps the words they came with, while newcomers bring theirs.

    Each text after an author's `first` ones is replaced by a random one of those first texts, so no member ever
    changes and the community moves by replacement only. Score the returned messages as the real ones and lay the
    curves on each other: only what exceeds this one speaks of members who change.

    Parameters
    ----------
    messages : DataFrame
        Columns author, time, text.
    first : int
        How many of an author's texts make their repertoire.
    min_tokens : int
        Texts with fewer words are not taken as repertoire (they could not be scored).
    seed : int

    Returns
    -------
    DataFrame
        A copy with new texts; authors without a text long enough keep theirs.
    """
    from coplearn.corpus import tokenize

    _need(messages, ("author", "time", "text"))
    rng = np.random.default_rng(seed)
    out = read_times(messages)[0].copy()
    texts = out["text"].to_numpy(dtype=object, copy=True)
    position = pd.Series(np.arange(len(out)))
    order = np.lexsort((out["text"].astype(str).to_numpy(), out["time"].astype("int64").to_numpy()))
    by = out["author"].astype(str).to_numpy()[order]
    for _, rows in position.iloc[order].groupby(by, sort=False):
        at = rows.to_numpy()
        repertoire: list[int] = []
        for row in at:
            if len(tokenize(texts[row])) >= min_tokens:
                repertoire.append(int(row))
                if len(repertoire) == first:
                    break
        if repertoire:
            last = int(np.flatnonzero(at == repertoire[-1])[0])
            later = at[last + 1 :]
            texts[later] = texts[rng.choice(repertoire, size=len(later))]
    return out.assign(text=texts)

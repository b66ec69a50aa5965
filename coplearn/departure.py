"""Who will leave, told from how they write at the beginning.

From an author's first w messages: does the author stop soon, or stay long? *Departing* authors leave before message
w + m, *living* ones reach message n, and those in between are left out, as in the paper that posed the task
(Danescu-Niculescu-Mizil et al. 2013, doi:10.1145/2488388.2488416). Language features are averaged in bins of five
messages, with the bin in which each is highest; the activity baseline has the mean gap in each bin, the bin with the
shortest gaps, and the month of message w. A logistic regression is fitted on 70 % of the authors and tested on the
rest, 20 times, and the F1 scores of the departing class are compared pairwise.

Leaving out the in-between group makes the task easier than any real use, where nobody knows yet who is in between;
and random splits let a model learn from authors who joined later. The split by time shown beside has no such view.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import is_number, plural, whole
from coplearn.corpus import read_times
from coplearn.lifecycle import departures
from coplearn.plots import axes

__all__ = ["DeparturePrediction", "departure_features", "f1_score", "logistic", "predict_departure"]

LANGUAGE = ("distance", "overlap_union", "adopts", "first_person", "n_tokens")
PER_CLASS = 20


def departure_features(
    measures: pd.DataFrame,
    w: int = 20,
    m: int = 30,
    n: int = 200,
    *,
    width: int = 5,
    language: tuple[str, ...] = LANGUAGE,
    inactive_after: str = "365D",
) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Features of the first `w` messages of each author, and who departed.

    Parameters
    ----------
    measures : DataFrame
        One row a message: author, time and the language measures (`Snapshots.measures`).
    w, m, n : int
        Messages seen; departing authors leave before message w + m; living ones reach message n.
    width : int
        Messages per bin.
    language : tuple of str
        Columns to use. NaN values are left out of a bin's mean; a bin without any takes the mean of all authors,
        and says so in a feature of its own.
    inactive_after : str
        See `coplearn.lifecycle.departures`.

    Returns
    -------
    features : DataFrame
        One row an author; columns ``language: ...`` and ``activity: ...``.
    departing : Series of bool
    joined : Series of Timestamp
        Time of the author's message w: what a prediction can know.
    """
    for name, value in (("w", w), ("m", m), ("n", n), ("width", width)):
        whole(value, name)
    for column in ("author", "time"):
        if column not in measures:
            raise ValueError(f"the frame of messages has no column {column!r}. Use Snapshots.measures().")
    if not w + m <= n:
        raise ValueError(
            f"departing (before message {w + m}) and living (message {n} reached) overlap: take n >= w + m."
        )
    language = tuple(c for c in language if c in measures)
    if not language:
        raise ValueError("the frame has none of the language measures. Use Snapshots.measures().")
    measures, _ = read_times(measures)
    life = departures(measures, inactive_after)
    rows = measures.assign(k=life["k"], n=life["n"], departed=life["departed"]).sort_values("time", kind="stable")
    leaving = rows["departed"] & (rows["n"] >= w) & (rows["n"] < w + m)
    rows = rows[(leaving | (rows["n"] >= n)) & (rows["k"] <= w)].copy()
    if rows.empty:
        nobody = pd.Index([], name="author", dtype=object)
        return (
            pd.DataFrame(index=nobody), pd.Series([], index=nobody, dtype=bool, name="departing"),
            pd.Series([], index=nobody, dtype="datetime64[us, UTC]", name="joined"),
        )  # fmt: skip
    rows["bin"] = (rows["k"] - 1) // width
    rows["gap"] = rows.groupby("author")["time"].diff().dt.total_seconds() / 86_400
    by = rows.groupby(["author", "bin"], observed=True)
    out = {}
    for column in language:
        wide = by[column].mean().unstack("bin")
        unknown = wide.isna()
        for b in wide:
            if 0 < unknown[b].sum() < len(wide):
                out[f"language: {column} bin {b + 1} unknown"] = unknown[b].astype(float)
            out[f"language: {column} bin {b + 1}"] = wide[b].fillna(wide[b].mean()).fillna(0.0)
        out[f"language: {column} highest bin"] = wide.fillna(-np.inf).to_numpy().argmax(axis=1) + 1.0
    gaps = np.log1p(by["gap"].mean().unstack("bin"))
    for b in gaps:
        out[f"activity: log gap bin {b + 1}"] = gaps[b].fillna(gaps[b].mean()).fillna(0.0)
    out["activity: most frequent bin"] = gaps.fillna(np.inf).to_numpy().argmin(axis=1) + 1.0
    last = rows[rows["k"] == w].set_index("author")["time"].reindex(gaps.index)
    month = (last.dt.year * 12 + last.dt.month).astype(float)
    out["activity: month of the last message"] = month
    features = pd.DataFrame(out, index=gaps.index)
    departing = rows.groupby("author")["n"].first().reindex(gaps.index) < w + m
    order = np.lexsort((features.sum(axis=1).to_numpy(), last.astype("int64").to_numpy()))  # not by name
    return features.iloc[order], departing.iloc[order].rename("departing"), last.iloc[order].rename("joined")


def logistic(x: np.ndarray, y: np.ndarray, ridge: float = 1.0) -> np.ndarray:
    """Ridge logistic regression by Newton's method: coefficients, the intercept (not penalised) last.

    Examples
    --------
    >>> logistic(np.zeros((4, 1)), np.array([1.0, 1.0, 1.0, 0.0])).round(4).tolist()   # ln 3
    [0.0, 1.0986]
    """
    design = np.column_stack([x, np.ones(len(x))])
    penalty = np.append(np.full(x.shape[1], ridge), 1e-9)
    beta = np.zeros(design.shape[1])
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        gradient = design.T @ (y - p) - penalty * beta
        step = np.linalg.solve((design * (p * (1 - p))[:, None]).T @ design + np.diag(penalty), gradient)
        beta += step
        if np.abs(step).max() < 1e-10:
            break
    return beta


def f1_score(truth: np.ndarray, called: np.ndarray) -> float:
    """F1 of the positive class; 0 if nobody is rightly called.

    Examples
    --------
    >>> f1_score(np.array([True, True, False, False]), np.array([True, False, True, False]))
    0.5
    """
    hit = int((truth & called).sum())
    return 2 * hit / int(truth.sum() + called.sum()) if hit else 0.0


@dataclass(frozen=True, eq=False)
class DeparturePrediction:
    """F1 of the departing class from language, activity and both.

    Attributes
    ----------
    scores : DataFrame
        One row a random split; columns activity, language, both.
    wilcoxon_p : float
        Paired Wilcoxon signed-rank test of both against activity. Splits share authors, so it is a description of the
        splits rather than of new communities.
    by_time : dict of str to float
        F1 when trained on the earlier 70 % of authors and tested on the later ones.
    calibration : DataFrame
        For the split by time, model both: mean predicted and observed share departing in quintiles of prediction.
    coefficients : Series
        Standardised, model both, all authors.
    n_departing, n_living : int
    caveats : tuple of str
    """

    scores: pd.DataFrame
    wilcoxon_p: float
    by_time: dict[str, float]
    calibration: pd.DataFrame
    coefficients: pd.Series
    n_departing: int
    n_living: int
    caveats: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Mean and spread over the splits, and the split by time."""
        table = self.scores.agg(["mean", "std"]).T.rename(columns={"mean": "F1", "std": "sd over splits"})
        return table.assign(**{"F1 split by time": pd.Series(self.by_time)}).rename_axis("features")

    def summary(self) -> str:
        """Plain text."""
        f1 = self.scores.mean()
        lines = [
            f"Departure from the first messages    {self.n_departing:,} departing, {self.n_living:,} living",
            f"F1 activity {f1['activity']:.3f}    language {f1['language']:.3f}    both {f1['both']:.3f}"
            f"    gain over activity {f1['both'] - f1['activity']:+.3f} (paired Wilcoxon p {self.wilcoxon_p:.4f})",
        ]
        return "\n".join([*lines, *(f"note: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return "\n".join(self.summary().splitlines()[:2])

    def plot(self, ax: Any = None) -> Any:
        """F1 over the splits."""
        ax = axes(ax)
        for k, column in enumerate(self.scores):
            ax.plot(np.full(len(self.scores), k), self.scores[column], "o", color="0.7", markersize=3)
            ax.plot(k, self.scores[column].mean(), "_", color="0.1", markersize=20)
        ax.set_xticks(range(self.scores.shape[1]), list(self.scores))
        ax.set_ylabel("F1 of the departing class")
        return ax


def predict_departure(
    measures: pd.DataFrame,
    w: int = 20,
    m: int = 30,
    n: int = 200,
    *,
    splits: int = 20,
    train: float = 0.7,
    ridge: float = 1.0,
    seed: int = 0,
    inactive_after: str = "365D",
) -> DeparturePrediction:
    """Predict who leaves, from language, activity and both.

    Parameters
    ----------
    measures, w, m, n, inactive_after
        See `departure_features`.
    splits : int
        Random splits into `train` and test.
    train : float
        Share of authors to train on.
    ridge : float
        Penalty on standardised coefficients.
    seed : int

    Returns
    -------
    DeparturePrediction
        NaN with a caveat if either class has fewer than 20 authors.
    """
    from scipy.stats import wilcoxon

    whole(splits, "splits"), whole(seed, "seed", 0)
    if not (is_number(train) and 0 < train < 1):
        raise ValueError(f"train is {train!r}; it is a share of authors between 0 and 1.")
    if not (is_number(ridge) and ridge >= 0):
        raise ValueError(f"ridge is {ridge!r}; give 0 or a positive number.")
    features, departing, joined = departure_features(measures, w, m, n, inactive_after=inactive_after)
    y = departing.to_numpy(bool)
    sets = {
        "activity": [c for c in features if c.startswith("activity")],
        "language": [c for c in features if c.startswith("language")],
        "both": list(features),
    }
    n_departing, n_living = int(y.sum()), int((~y).sum())
    said = [
        f"Authors who leave between message {w + m} and {n} are left out: easier than any real use.",
        "Innovations are known to have caught on only half a year later; the feature adopts uses that future.",
    ]
    nan = float("nan")
    if min(n_departing, n_living) < PER_CLASS:
        said.append(
            f"{plural(n_departing, 'departing author')} and {n_living:,} living: fewer than {PER_CLASS} in a class, NA."
        )
        return DeparturePrediction(
            pd.DataFrame(nan, index=range(splits), columns=list(sets)), nan, dict.fromkeys(sets, nan),
            pd.DataFrame(columns=["predicted", "observed", "n"], dtype=float), pd.Series(nan, index=features.columns),
            n_departing, n_living, tuple(said),
        )  # fmt: skip
    rng = np.random.default_rng(seed)
    n_train = round(train * len(y))
    scores = np.empty((splits, len(sets)))
    for s in range(splits):
        order = rng.permutation(len(y))
        for k, columns in enumerate(sets.values()):
            p = _predict(features[columns].to_numpy(), y, order[:n_train], order[n_train:], ridge)
            scores[s, k] = f1_score(y[order[n_train:]], p >= 0.5)
    frame = pd.DataFrame(scores, columns=list(sets)).rename_axis("split")
    gain = scores[:, 2] - scores[:, 0]
    p_value = float(wilcoxon(gain).pvalue) if (gain != 0).any() else 1.0

    order = np.argsort(joined.astype("int64").to_numpy(), kind="stable")
    by_time = {}
    for name, columns in sets.items():
        p = _predict(features[columns].to_numpy(), y, order[:n_train], order[n_train:], ridge)
        later = y[order[n_train:]]
        by_time[name] = f1_score(later, p >= 0.5) if 0 < y[order[:n_train]].sum() < n_train else nan
    if not 0 < later.sum() < len(later):
        said.append("The later authors are all of one class: the split by time says little.")
    fifth = np.minimum((5 * np.argsort(np.argsort(p, kind="stable")) // len(p)), 4)
    calibration = pd.DataFrame({"predicted": p, "observed": later.astype(float), "fifth": fifth + 1}).groupby("fifth")
    x, _ = _standardise(features.to_numpy(float), features.to_numpy(float))
    return DeparturePrediction(
        frame, p_value, by_time, calibration.mean().assign(n=calibration.size()),
        pd.Series(logistic(x, y.astype(float), ridge)[:-1], index=features.columns), n_departing, n_living, tuple(said),
    )  # fmt: skip


def _standardise(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both sets on the scale of the first."""
    middle, spread = train.mean(axis=0), train.std(axis=0)
    spread = np.where(spread > 1e-12, spread, 1.0)
    return (train - middle) / spread, (test - middle) / spread


def _predict(x: np.ndarray, y: np.ndarray, train: np.ndarray, test: np.ndarray, ridge: float) -> np.ndarray:
    """Probability of departing for the test authors."""
    a, b = _standardise(x[train].astype(float), x[test].astype(float))
    beta = logistic(a, y[train].astype(float), ridge)
    return 1 / (1 + np.exp(-np.clip(np.column_stack([b, np.ones(len(b))]) @ beta, -30, 30)))

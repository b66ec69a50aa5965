r"""Snapshot language models: how far a message is from the words of its community at the time.

A community's language in a window (a month) is a bigram model :math:`P_m(w \mid h)` of the messages of that window,
and the distance of a text of N tokens from it is its cross-entropy in bits per token,

.. math:: H(p, P_m) = -\frac{1}{N} \sum_{i=1}^{N} \log_2 P_m(w_i \mid w_{i-1}),

low where the text says what the community says (Danescu-Niculescu-Mizil et al. 2013). Three biases are held off by
design. *Length*: every scored text is the first L = 30 tokens of a message, and shorter messages are not scored.
*Author*: a model that scores an author contains no text of theirs; B = 20 models are drawn per window and an author is
scored by those that lack them. *Sampling*: every model of every window is made of the same number of spans, because a
larger sample alone makes a model better and a month look more predictable.

References
----------
Danescu-Niculescu-Mizil, West, Jurafsky, Leskovec & Potts (2013), WWW, doi:10.1145/2488388.2488416.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import choose, plural, whole
from coplearn._progress import progress
from coplearn.bigrams import SMOOTHING, BigramModel
from coplearn.corpus import MIN_USERS, Corpus, corpus, several, tokenize, word_list
from coplearn.divergence import divergence
from coplearn.innovation import adoption, innovations
from coplearn.lexicon import function_words
from coplearn.plots import axes
from coplearn.vocabulary import distinguishing_words, self_overlap, word_share
from coplearn.windows import Windows
from coplearn.word_drift import decompose_language, drift_series

__all__ = [
    "BigramModel", "Sampling", "Snapshots", "snapshots",
    "corpus", "tokenize", "divergence", "drift_series", "decompose_language",
    "distinguishing_words", "function_words", "innovations",
]  # fmt: skip

LEFT_OUT = 0.632  # share of a small window that one model takes: what a bootstrap sample would hold
MANY_UNKNOWN = 0.2  # share of tokens outside the vocabulary; above, snapshots carry a caveat
FEW_TOKENS = 3_000  # in one model; below, distances carry a caveat


@dataclass(frozen=True)
class Sampling:
    """How snapshot models are drawn.

    Attributes
    ----------
    span : int
        Tokens scored of each message, from its beginning; shorter messages are not scored.
    models : int
        Models per window (B).
    authors, spans : int
        A model holds at most ``authors * spans`` spans, at most `spans` of one author.
    min_authors : int
        Windows in which fewer authors have a span give NA.
    equal : bool
        All models of all windows hold the same number of spans: 63.2 % of what the smallest usable window offers,
        so that its authors still find models without them. With False each window uses what it has, and windows
        of different size are not comparable.
    smoothing : str
    seed : int
    """

    span: int = 30
    models: int = 20
    authors: int = 200
    spans: int = 5
    min_authors: int = 30
    equal: bool = True
    smoothing: str = "witten-bell"
    seed: int = 0

    def __post_init__(self) -> None:
        choose(self.smoothing, SMOOTHING, "smoothing")
        for name in ("span", "models", "authors", "spans", "min_authors"):
            whole(getattr(self, name), name)
        whole(self.seed, "seed", 0)


@dataclass(frozen=True, eq=False)
class Part:
    """The spans of one window, coded for the kernels; `rows` are message positions in canonical order."""

    rows: np.ndarray
    authors: np.ndarray
    window: Any
    keys: np.ndarray
    ids: np.ndarray
    design: Any = None

    def with_models(self, models: int, take: int, spans: int, rng: np.random.Generator) -> Part:
        """The same spans with models drawn from them."""
        from coplearn.kernels import language as kernel

        return replace(self, design=kernel.Design(*draw_models(self.window.author, models, take, spans, rng)))


@dataclass(frozen=True, eq=False)
class Snapshots:
    """Messages scored by the language of their window.

    Attributes
    ----------
    messages : DataFrame
        Index message: author, time, window (label or NA), n_tokens, cross_entropy (bits per token of the first
        `span` tokens; NaN if not scored), se (over models), n_models (that lack the author).
    by_window : DataFrame
        One row a window: opens, n_messages, n_authors (with a span), n_scored, cross_entropy (mean over scored
        messages), se (bootstrap over authors and models; up to a third too large, because models learn from the
        authors of the same window and so follow the sample), perplexity, status.
    corpus : Corpus
    windows : Windows
    sampling : Sampling
    vocabulary : ndarray of str
    model_spans : int
        Spans in each model (0 if windows differ).
    caveats : tuple of str
    """

    messages: pd.DataFrame
    by_window: pd.DataFrame
    corpus: Corpus
    windows: Windows
    sampling: Sampling
    vocabulary: np.ndarray
    model_spans: int
    caveats: tuple[str, ...]
    parts: tuple[Part | None, ...]

    def table(self) -> pd.DataFrame:
        """The windows; NA where a window is too small."""
        return self.by_window.copy()

    def summary(self) -> str:
        """Plain text: what was scored and how predictable the community is."""
        done = self.by_window.dropna(subset=["cross_entropy"])
        s = self.sampling
        lines = [
            f"Snapshot language models ({s.smoothing})    {len(self.windows)} windows, {len(done)} usable"
            f"    first {s.span} tokens, {s.models} models without the author, seed {s.seed}",
            f"messages scored {int(done['n_scored'].sum()):,} of {len(self.messages):,}"
            f"    vocabulary {len(self.vocabulary):,}    spans per model {self.model_spans or 'differ'}",
        ]
        if len(done):
            first, last = done.iloc[0], done.iloc[-1]
            lines.append(
                f"bits per token    {done.index[0]}: {first['cross_entropy']:.3f} (s.e. {first['se']:.3f})"
                f"    {done.index[-1]}: {last['cross_entropy']:.3f} (s.e. {last['se']:.3f})"
            )
        return "\n".join([*lines, *(f"note: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return "\n".join(self.summary().splitlines()[:3])

    def plot(self, ax: Any = None) -> Any:
        """Mean bits per token of each window with 95 % intervals; gaps where NA."""
        ax = axes(ax)
        t, h, e = (self.by_window[c] for c in ("opens", "cross_entropy", "se"))
        ax.fill_between(t, h - 1.96 * e, h + 1.96 * e, color="0.85", linewidth=0)
        ax.plot(t, h, color="0.25", marker=".")
        ax.set_ylabel("cross-entropy (bits per token)")
        ax.set_xlabel("window")
        return ax

    def model(self, window: str) -> BigramModel:
        """The bigram model of all spans of one window (every author included)."""
        part = self._part(window)
        context, word = part.window.context[part.window.pair], part.window.word[part.window.pair]
        return BigramModel.from_pairs(context.ravel(), word.ravel(), self.vocabulary, self.sampling.smoothing)

    def _part(self, window: str) -> Part:
        part = self.parts[self.windows.labels.index(choose(window, self.windows.labels, "window"))]
        if part is None or part.design is None:
            raise ValueError(
                f"window {window!r} has fewer than {self.sampling.min_authors} authors with {self.sampling.span} "
                "tokens; take longer windows or a lower min_authors."
            )
        return part

    def progressiveness(self, lags: int = 12, models: int | None = None, jobs: int = 1) -> pd.Series:
        """The window whose language each message is nearest to, relative to its own.

        ``argmin over i in -lags .. lags of H(p, SLM[m + i])``: negative is the language of the past.

        Parameters
        ----------
        lags : int
            Windows to either side.
        models : int, optional
            Models per window to use, default all; the cost grows with it and with ``2 * lags + 1``.
        jobs : int
            Threads.

        Returns
        -------
        Series of float, by message
            In windows; the mean of the tied lags. NaN where any of the lags lies outside the data or in a window
            too small for a model: a cut-off search would lean away from the edge.
        """
        whole(lags, "lags")
        if models is not None and whole(models, "models") > self.sampling.models:
            raise ValueError(f"models is {models}, but only {self.sampling.models} were drawn per window.")
        best = np.full(len(self.corpus), np.nan)
        wanted = [
            m for m in range(len(self.windows))
            if m - lags >= 0 and m + lags < len(self.windows)
            and all(_usable(self.parts[k]) for k in range(m - lags, m + lags + 1))
        ]  # fmt: skip

        def search(m: int) -> None:
            target = self.parts[m]
            assert target is not None
            steps = range(-lags, lags + 1)
            h = np.column_stack([self._score(self.parts[m + i], target, models)[0] for i in steps])
            tied = np.isclose(h, h.min(axis=1, keepdims=True), rtol=0, atol=1e-12)
            mean_lag = (tied * np.array(steps)).sum(axis=1) / np.maximum(tied.sum(axis=1), 1)
            best[target.rows] = np.where(np.isnan(h).any(axis=1), np.nan, mean_lag)

        _each(search, wanted, jobs, "lags")
        return pd.Series(best, index=self.messages.index, name="progressiveness")

    def _score(self, source: Part | None, target: Part, models: int | None = None) -> tuple[np.ndarray, ...]:
        assert source is not None
        return score_part(source, target, len(self.vocabulary), self.sampling.smoothing, models)

    def measures(self, domain: Iterable[str] | None = None, lags: int | None = None, jobs: int = 1) -> pd.DataFrame:
        """Every message with its language measures.

        Parameters
        ----------
        domain : iterable of str, optional
            Specialised terms of the community's domain, single tokens each.
        lags : int, optional
            Windows of `progressiveness`; left out by default because it scores every message ``2 * lags + 1`` times.

        Returns
        -------
        DataFrame
            Index message: author, time, window, n_tokens, distance (bits per token), flexibility columns
            overlap_union and overlap_pairwise (Jaccard with the author's previous 10 texts), first_person and
            domain (share of tokens; ``> 0`` gives the share of posts that the paper counts), adopts (1 if the text
            uses a word introduced in the last 3 months) and, if asked for, progressiveness. NaN where a text is too
            short or its window too small.
        """
        out = self.messages.drop(columns=["se", "n_models"]).rename(columns={"cross_entropy": "distance"})
        out = out.join(self_overlap(self.corpus, span=self.sampling.span))
        out["first_person"] = word_share(self.corpus, function_words("first person singular"))
        if domain is not None:
            out["domain"] = word_share(self.corpus, word_list(domain, "domain terms"))
        out["adopts"] = adoption(self.corpus, innovations(self.corpus))
        if lags is not None:
            out["progressiveness"] = self.progressiveness(lags, jobs=jobs)
        out.attrs["timezone"] = self.corpus.timezone  # for the windows of a life curve
        return out


def snapshots(
    community: Any,
    every: str = "month",
    *,
    vocabulary: Iterable[str] | None = None,
    min_users: int = MIN_USERS,
    lang: str | None = None,
    span: int = 30,
    models: int = 20,
    authors: int = 200,
    spans: int = 5,
    min_authors: int = 30,
    equal: bool = True,
    smoothing: str = "witten-bell",
    seed: int = 0,
    jobs: int = 1,
) -> Snapshots:
    """Score every message by leave-author-out models of its window.

    Parameters
    ----------
    community : Community, DataFrame or Corpus
        A frame of messages has the columns author, time and text.
    every : str
        Length of a window: "week", "month", "quarter", "year" ...
    vocabulary : iterable of str, optional
        Words that count, default those with at least `min_users` users. With ``function_words()`` the measure
        does not see the topic; report both.
    lang : str, optional
        One language of a community that writes in several.
    span, models, authors, spans, min_authors, equal, smoothing, seed
        See `Sampling`.
    jobs : int
        Threads; the result does not depend on it.

    Returns
    -------
    Snapshots

    Notes
    -----
    Draws refer to messages in the order of their time and text and to authors in the order of their first message,
    with a generator seeded by `seed` and the day on which the window opens. So neither row order nor the names of
    members or messages matter, and a window keeps its models when other windows are added (if `equal` is False
    or the smallest window stays the same).
    """
    sampling = Sampling(span, models, authors, spans, min_authors, equal, smoothing, seed)
    text = corpus(community, lang=lang)
    windows = text.windows(every)
    given = None if vocabulary is None else sorted(set(several(vocabulary, "words")))
    words = text.vocabulary(min_users) if given is None else np.array(given, dtype=object)
    coded = text.encode(words)
    at = windows.locate(text.messages["time"])
    long_enough = text.lengths >= span
    canonical = text.canonical[(long_enough & (at >= 0))[text.canonical]]
    order = canonical[np.argsort(at[canonical], kind="stable")]
    bounds = np.searchsorted(at[order], np.arange(len(windows) + 1))
    rows_of = [order[a:b] for a, b in pairwise(bounds)]
    n_authors = np.array([len(np.unique(text.author[r])) for r in rows_of])
    offers = np.array([np.minimum(np.unique(text.author[r], return_counts=True)[1], spans).sum() for r in rows_of])
    takes = np.minimum(authors * spans, np.floor(LEFT_OUT * offers)).astype(int)
    # A model needs a span, and somebody beside its authors to score.
    usable = (n_authors >= max(2, min_authors)) & (takes >= 1) & (len(words) > 0)
    if equal and usable.any():
        takes[:] = takes[usable].min()

    model_spans = int(takes[usable][0]) if len(set(takes[usable])) == 1 else 0
    parts: list[Part | None] = [None] * len(windows)
    h, se = np.full(len(text), np.nan), np.full(len(text), np.nan)
    n_models = np.zeros(len(text), int)
    mean, error = np.full(len(windows), np.nan), np.full(len(windows), np.nan)

    def score(m: int) -> None:
        rng = np.random.default_rng([seed, day(windows.edges[m])])
        part = code_spans(text, coded, rows_of[m], span, len(words)).with_models(models, int(takes[m]), spans, rng)
        parts[m] = part
        h[part.rows], se[part.rows], n_models[part.rows], by_author = score_part(part, part, len(words), smoothing)
        mean[m] = np.nanmean(h[part.rows]) if np.isfinite(h[part.rows]).any() else np.nan
        error[m] = _two_way_error(by_author, part, rng)

    _each(score, list(np.flatnonzero(usable)), jobs, "windows")
    labels = np.array([*windows.labels, None], dtype=object)
    messages = pd.DataFrame(
        {"author": text.messages["author"], "time": text.messages["time"], "window": labels[at],
         "n_tokens": text.lengths, "cross_entropy": h, "se": se, "n_models": n_models},
        index=text.messages.index,
    )  # fmt: skip
    why_not = "too few authors" if len(words) else "no vocabulary"
    per_window = np.bincount(at[at >= 0], minlength=len(windows))
    by_window = pd.DataFrame(
        {"opens": windows.edges[:-1], "n_messages": per_window, "n_authors": n_authors,
         "n_scored": np.bincount(at[np.isfinite(h)], minlength=len(windows)), "cross_entropy": mean, "se": error,
         "perplexity": 2.0**mean, "status": np.where(usable, "ok", why_not)},
        index=pd.Index(windows.labels, name="window"),
    )  # fmt: skip
    there = np.repeat(at >= 0, text.lengths)
    unknown = float((coded[there] == len(words)).mean()) if there.any() else 0.0
    caveats = _caveats(text, by_window, sampling, long_enough, at, h, equal, model_spans, unknown)
    return Snapshots(messages, by_window, text, windows, sampling, words, model_spans, caveats, tuple(parts))


def _caveats(
    text: Corpus, by_window: pd.DataFrame, sampling: Sampling, long_enough: np.ndarray, at: np.ndarray, h: np.ndarray,
    equal: bool, model_spans: int, unknown: float,
) -> tuple[str, ...]:  # fmt: skip
    said = list(text.report.sentences())
    small = by_window[by_window["status"] != "ok"]
    if "no vocabulary" in set(by_window["status"]):
        said.append("No word has enough users to be in the vocabulary: nothing is learned, all NA. Lower min_users.")
    elif len(small):
        alone = int((small["n_authors"] == 1).sum())
        said.append(
            f"{plural(len(small), 'window')} of {len(by_window)} NA: fewer than {max(2, sampling.min_authors)} authors "
            f"with {sampling.span} tokens" + (f" ({alone} with a single author)." if alone else ".")
        )
    short = int((~long_enough).sum())
    if short:
        said.append(f"{plural(short, 'message')} shorter than {sampling.span} tokens not scored.")
    usable = np.append(by_window["status"].to_numpy() == "ok", False)
    everywhere = int((long_enough & usable[at] & np.isnan(h)).sum())
    if everywhere:
        said.append(f"{plural(everywhere, 'message')} NA: every model of the window holds text of the author.")
    if 0 < model_spans * sampling.span < FEW_TOKENS:
        said.append(
            f"Models hold {model_spans} spans ({model_spans * sampling.span:,} tokens): distances are noisy. Allow "
            "more spans per author, take longer windows, or raise min_authors so that the smallest window is larger."
        )
    if (at < 0).any():
        said.append(f"{plural(int((at < 0).sum()), 'message')} without a time.")
    if unknown > MANY_UNKNOWN:
        said.append(f"{unknown:.0%} of the tokens are outside the vocabulary (<unk>): one word to a model.")
    if not equal:
        said.append("Models of different windows hold different amounts of text: entropies of windows do not compare.")
    said.append("A change of topic also raises the distance: run on function words as well and report both.")
    return tuple(said)


def code_spans(text: Corpus, coded: np.ndarray, rows: np.ndarray, span: int, n_words: int) -> Part:
    """The first `span` tokens of some messages, coded for the kernels, without models yet."""
    from coplearn.kernels import language as kernel

    word = coded[text.offsets[rows][:, None] + np.arange(span)]
    context = np.empty_like(word)
    context[:, 0], context[:, 1:] = n_words + 2, word[:, :-1]
    pair = np.empty(word.size, np.int32)
    keys, ids, pair_context, pair_word = kernel.number_pairs(context.ravel(), word.ravel(), n_words + 2, pair)
    authors, author = np.unique(text.author[rows], return_inverse=True)
    window = kernel.Window(pair.reshape(word.shape), author.astype(np.int32), pair_context, pair_word)
    return Part(rows, authors, window, keys, ids)


def draw_models(
    author: np.ndarray, models: int, take: int, spans: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Which spans each model of a window is made of.

    A model goes through the authors in random order and takes up to `spans` random spans of each until it has `take`.
    The last model passes over authors whom all earlier ones hold, as long as others are left.

    Parameters
    ----------
    author : ndarray of int, shape (n_spans,)
        Author of each span, 0 .. A-1.

    Returns
    -------
    chosen : ndarray of int32, shape (models, take)
    inside : ndarray of bool, shape (models, A)
    """
    n_authors = int(author.max()) + 1
    chosen = np.empty((models, take), np.int32)
    inside = np.zeros((models, n_authors), bool)
    start = np.concatenate([[0], np.cumsum(np.bincount(author, minlength=n_authors))[:-1]])
    for b in range(models):
        turn = rng.permutation(n_authors)
        if b == models - 1 and b > 0:
            turn = turn + n_authors * inside[:-1].all(axis=0)
        order = np.lexsort((rng.random(len(author)), author))
        rank = np.arange(len(author)) - start[author[order]]
        order = order[rank < spans]
        chosen[b] = np.sort(order[np.argsort(turn[author[order]], kind="stable")[:take]])
        inside[b, author[chosen[b]]] = True
    return chosen, inside


def day(opens: pd.Timestamp) -> int:
    """Number of the day on which a window opens, 0 or above: the part of a seed that belongs to the window."""
    return int(opens.timestamp() // 86_400) + 1_000_000


def _usable(part: Part | None) -> bool:
    return part is not None and part.design is not None


def score_part(
    source: Part, target: Part, n_words: int, smoothing: str, models: int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Bits per token, s.e. over models and number of models for each span of `target`; sums by author and model."""
    from coplearn.kernels import language as kernel

    n_outcomes, code = n_words + 2, SMOOTHING.index(smoothing)
    design, window = source.design, target.window
    if models is not None:
        design = kernel.Design(design.chosen[:models], design.inside[:models])
    if source is target:
        found = np.arange(len(window.context), dtype=np.int32)
    else:
        found = np.empty(len(window.context), np.int32)
        kernel.find_pairs(source.keys, source.ids, window.context, window.word, n_outcomes, found)
        # Author numbers of the source window; one more number for authors who are not in it.
        place = np.searchsorted(source.authors, target.authors)
        place = np.minimum(place, len(source.authors) - 1)
        place = np.where(source.authors[place] == target.authors, place, len(source.authors)).astype(np.int32)
        window = kernel.Window(window.pair, place[window.author], window.context, window.word)
        nobody = np.zeros((len(design.inside), 1), bool)
        design = kernel.Design(design.chosen, np.hstack([design.inside, nobody]))
    n, shape = len(window.author), design.inside.shape
    scores = kernel.Scores(np.zeros(n), np.zeros(n), np.zeros(n, np.int32), np.zeros(shape[::-1]))
    kernel.score_models(code, n_outcomes, source.window, design, window, found, scores)
    k = scores.n_models
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = scores.total / k
        variance = np.maximum(scores.square / k - mean**2, 0.0) / (k - 1)
        return mean, np.where(k > 1, np.sqrt(variance), np.nan), k, scores.by_author


def _two_way_error(by_author: np.ndarray, part: Part, rng: np.random.Generator, replicates: int = 200) -> float:
    """Standard error of the window mean when authors and models are drawn again."""
    lacks = ~part.design.inside.T
    n_spans = np.bincount(part.window.author, minlength=len(lacks))
    n_authors, n_models = lacks.shape
    people = rng.multinomial(n_authors, np.full(n_authors, 1 / n_authors), size=replicates)
    drawn = rng.multinomial(n_models, np.full(n_models, 1 / n_models), size=replicates)
    weight = drawn @ lacks.T
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(weight > 0, drawn @ by_author.T / (weight * n_spans), np.nan)
    counted = people * n_spans * (weight > 0)
    with np.errstate(invalid="ignore", divide="ignore"):  # a sample of authors whom every model holds has no mean
        means = np.nansum(counted * np.nan_to_num(mean), axis=1) / counted.sum(axis=1)
    known = means[np.isfinite(means)]
    return float(known.std(ddof=1)) if len(known) > 1 else float("nan")


def _each(work: Callable[[int], None], items: list[int], jobs: int, what: str) -> None:
    """Do independent pieces of work, in threads if asked, with a bar that stays silent where nobody looks."""
    bar = progress(total=len(items), desc=what)
    if whole(jobs, "jobs") == 1:
        for item in items:
            work(int(item))
            bar.update()
    else:
        with ThreadPoolExecutor(jobs) as pool:
            for _ in pool.map(work, [int(i) for i in items]):
                bar.update()
    bar.close()

r"""Whose words these are: outsiders and insiders, places and times, members and those they hear.

- **Acculturation gap**: how much less an outsider sounds like the active members than they sound like each other,
  :math:`(\bar H_{out} - \bar H_{act}) / \bar H_{act}` (Zhang et al. 2017, doi:10.1609/icwsm.v11i1.14904).
- **Distinctiveness** of a place, the mean specificity :math:`\log_2 P_c(w) / P_C(w)` of the words of its messages,
  and **dynamicity** of a community, the mean volatility :math:`\log_2 P_{ct}(w) / P_{cT}(w)` (same source; there in
  natural logarithms or unspecified, here in bits).
- **Enculturation fit**: :math:`-\log_2 JSD(O \| I)` between the word classes a member writes and receives in a
  window (Srivastava, Goldberg, Manian & Potts 2018, doi:10.1287/mnsc.2016.2671).
- **Coordination**: how much more often a reply uses a class of words when the message it answers does
  (Danescu-Niculescu-Mizil, Lee, Pang & Kleinberg 2012, doi:10.1145/2187836.2187931).

All of them are shares of small samples, and small samples look distinctive, volatile and unlike each other by
themselves. Hence equal numbers of tokens, nulls from relabelled members, and NA below the minimum sizes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from coplearn._checks import plural, whole
from coplearn.corpus import MIN_USERS, Corpus, corpus, word_list
from coplearn.divergence import MEANS, Documents, shuffled_labels
from coplearn.language import code_spans, day, score_part
from coplearn.lexicon import FUNCTION_WORDS
from coplearn.plots import axes

__all__ = ["LanguageMeasure", "acculturation_gap", "coordination", "distinctiveness", "dynamicity", "enculturation_fit"]

UNEQUAL = 1.25  # ratio of mean tokens a member from which groups are thinned to equal volume
THINNINGS = 5


@dataclass(frozen=True, eq=False)
class LanguageMeasure:
    """A measure by window, place or member.

    Attributes
    ----------
    title, unit : str
    frame : DataFrame
        The rows; what they are is said by the function that made them.
    column : str
        The column that carries the measure.
    headline : str
        One line on the whole.
    caveats : tuple of str
    """

    title: str
    unit: str
    frame: pd.DataFrame
    column: str
    headline: str
    caveats: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """The rows."""
        return self.frame.copy()

    def summary(self) -> str:
        """Plain text."""
        return "\n".join([self.title, self.headline, *(f"note: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return "\n".join(self.summary().splitlines()[:2])

    def plot(self, ax: Any = None) -> Any:
        """The measure: over time with its interval where rows are windows, as a histogram where there are many."""
        ax = axes(ax)
        y = self.frame[self.column]
        if "opens" in self.frame and self.frame["opens"].is_unique:
            if "se" in self.frame:
                e = 1.96 * self.frame["se"]
                ax.fill_between(self.frame["opens"], y - e, y + e, color="0.85", linewidth=0)
            ax.plot(self.frame["opens"], y, color="0.25", marker=".")
            ax.set_xlabel("window")
            ax.set_ylabel(self.unit)
        elif len(y) > 30:
            ax.hist(y.dropna(), bins=30, color="0.6")
            ax.set_xlabel(self.unit)
            ax.set_ylabel("rows")
        else:
            ax.barh([str(i) for i in self.frame.index], y, color="0.6")
            ax.set_xlabel(self.unit)
        return ax


def acculturation_gap(
    source: Any,
    every: str = "month",
    *,
    span: int = 10,
    min_messages: int = 5,
    authors: int = 200,
    spans: int = 5,
    models: int = 100,
    min_authors: int = 30,
    smoothing: str = "witten-bell",
    min_users: int = MIN_USERS,
    seed: int = 0,
) -> LanguageMeasure:
    """How much further outsiders are from the active members' language than active members themselves.

    Parameters
    ----------
    source : Community, DataFrame or Corpus
    every : str
        Length of a window.
    span : int
        Tokens taken of a message, from its beginning.
    min_messages : int
        An author with at least that many messages in the window is active; with exactly one, an outsider.
    authors, spans, models : int
        Models are drawn from active members as in `coplearn.language.Sampling`, the same size in every window;
        active members are scored by those that do not hold their text.
    min_authors : int
        Active members below which a window is NA; a third as many outsiders are needed.
    smoothing, min_users, seed
        As in `coplearn.language.snapshots`.

    Returns
    -------
    LanguageMeasure
        One row a window: opens, n_active, n_outsiders, active, outsiders (bits per token), gap, se (bootstrap over
        authors).
    """
    text = corpus(source)
    words = text.vocabulary(min_users)
    coded = text.encode(words)
    windows = text.windows(every)
    at = windows.locate(text.messages["time"])
    n_of = np.zeros((len(windows), len(text.authors)), np.int32)
    np.add.at(n_of, (at[at >= 0], text.author[at >= 0]), 1)
    ready = text.canonical[((text.lengths >= span) & (at >= 0))[text.canonical]]
    kinds = n_of[at[ready], text.author[ready]]
    rows = []
    for m in range(len(windows)):
        here = at[ready] == m
        rows.append((ready[here & (kinds >= min_messages)], ready[here & (kinds == 1)]))
    n_active = np.array([len(np.unique(text.author[a])) for a, _ in rows])
    n_out = np.array([len(o) for _, o in rows])
    usable = (n_active >= min_authors) & (n_out >= max(2, min_authors // 3))
    offers = [np.minimum(np.unique(text.author[a], return_counts=True)[1], spans).sum() for a, _ in rows]
    frame = pd.DataFrame(
        {"opens": windows.edges[:-1], "n_active": n_active, "n_outsiders": n_out},
        index=pd.Index(windows.labels, name="window"),
    )
    result = np.full((len(windows), 4), np.nan)
    if usable.any():
        take = int(min(authors * spans, 0.632 * np.array(offers)[usable].min()))
        for m in np.flatnonzero(usable).tolist():
            rng = np.random.default_rng([seed, day(windows.edges[m])])
            active = code_spans(text, coded, rows[m][0], span, len(words)).with_models(models, take, spans, rng)
            outside = code_spans(text, coded, rows[m][1], span, len(words))
            inner = score_part(active, active, len(words), smoothing)[0]
            outer = score_part(active, outside, len(words), smoothing)[0]
            result[m] = _gap(inner, active.window.author, outer, rng)
    frame[["active", "outsiders", "gap", "se"]] = result
    said = list(text.report.sentences())
    if (~usable).any():
        said.append(
            f"{plural(int((~usable).sum()), 'window')} NA: fewer than {min_authors} active members or "
            f"{max(2, min_authors // 3)} outsiders with {span} tokens."
        )
    said.append("Outsiders are authors of a single message in the window: some of them are members who were busy.")
    mean = float(frame["gap"].mean())
    return LanguageMeasure(
        "Acculturation gap", "acculturation gap", frame, "gap",
        f"mean gap {mean:+.3f} over {int(usable.sum())} windows", tuple(said),
    )  # fmt: skip


def _gap(
    inner: np.ndarray, author: np.ndarray, outer: np.ndarray, rng: np.random.Generator, replicates: int = 200
) -> tuple[float, float, float, float]:
    """Mean bits of active members and outsiders, the gap, and its standard error over authors."""
    known = np.isfinite(inner)
    n = int(author.max()) + 1
    total = np.bincount(author[known], weights=inner[known], minlength=n)
    count = np.bincount(author[known], minlength=n)
    active, outsiders = total.sum() / count.sum(), outer.mean()
    drawn = rng.integers(n, size=(replicates, n))
    a = total[drawn].sum(axis=1) / count[drawn].sum(axis=1)
    o = outer[rng.integers(len(outer), size=(replicates, len(outer)))].mean(axis=1)
    return float(active), float(outsiders), float(outsiders / active - 1), float((o / a).std(ddof=1))


def distinctiveness(
    source: Any, by: str = "space", reference: Any = None, permutations: int = 20, seed: int = 0
) -> LanguageMeasure:
    """How specific the words of each place are, against all places or a reference corpus.

    Parameters
    ----------
    source : Community, DataFrame or Corpus
    by : str
        Column of the messages that names the place.
    reference : Community, DataFrame or Corpus, optional
        Messages from elsewhere; they join the denominator P_C with all their words, and their authors are
        relabelled with the members. Needed where there is only one place: a list of general word frequencies is not
        silently put in its stead.
    permutations : int
        Relabellings of members' texts, for `excess`: a small place is distinctive by sampling alone.
    seed : int

    Returns
    -------
    LanguageMeasure
        One row a place: n_messages, n_members, distinctiveness (bits), null, excess. NaN below 20 members. Where
        members of the places write very different amounts, null and excess come from equal volumes: see caveats.
    """
    text = corpus(source)
    whole(permutations, "permutations")
    if by not in text.messages:
        raise ValueError(f"messages have no column {by!r} that names a place. It could be added from the spaces table.")
    group, names = pd.factorize(text.messages[by], sort=True)
    if not len(names):
        raise ValueError(f"no message names a {by}, so there is no place to describe.")
    if len(names) < 2 and reference is None:
        raise ValueError(
            f"there is one {by} only, so nothing to be distinct from. Give reference= messages from elsewhere."
        )
    said, n_groups = _Said(text.author, text.tokens, text.lengths, text.types), len(names)
    if reference is not None:
        said, group = _beside(text, corpus(reference), group, n_groups)
        n_groups += 1
    frame, thinned = _typology(said, group, n_groups, "distinctiveness", permutations, seed)
    frame = frame.iloc[: len(names)]
    frame.index = pd.Index(names, name=by)
    top = frame["excess"].idxmax() if frame["excess"].notna().any() else "none"
    return LanguageMeasure(
        "Distinctiveness", "distinctiveness beyond sampling (bits)", frame, "excess",
        f"{plural(len(names), 'place')}, most distinctive: {top}", _small(frame) + thinned,
    )  # fmt: skip


def dynamicity(source: Any, every: str = "month", permutations: int = 20, seed: int = 0) -> LanguageMeasure:
    """How volatile the words of each window are, against the whole history.

    Returns
    -------
    LanguageMeasure
        One row a window: opens, n_messages, n_members, dynamicity (bits), null, excess. NaN below 20 members. The
        whole history includes later windows, so the measure uses the future. Where members write very different
        amounts in different windows, null and excess come from equal volumes: see caveats.
    """
    text = corpus(source)
    whole(permutations, "permutations")
    windows = text.windows(every)
    frame, thinned = _typology(
        _Said(text.author, text.tokens, text.lengths, text.types), windows.locate(text.messages["time"]), len(windows),
        "dynamicity", permutations, seed,
    )  # fmt: skip
    frame.index = pd.Index(windows.labels, name="window")
    frame.insert(0, "opens", windows.edges[:-1])
    return LanguageMeasure(
        "Dynamicity", "dynamicity beyond sampling (bits)", frame, "excess",
        f"mean excess {frame['excess'].mean():.4f} bits over {int(frame['excess'].notna().sum())} windows",
        (*_small(frame), *thinned, "The history in the denominator includes later windows: not for prediction."),
    )  # fmt: skip


def _small(frame: pd.DataFrame) -> tuple[str, ...]:
    n = int((frame["n_members"] < MEANS).sum())
    return (f"{plural(n, 'row')} NA: fewer than {MEANS} members.",) if n else ()


class _Said(NamedTuple):
    """Messages reduced to what a typology needs: author, tokens one message after the other, lengths, types."""

    author: np.ndarray
    tokens: np.ndarray
    lengths: np.ndarray
    types: np.ndarray


def _beside(text: Corpus, other: Corpus, group: np.ndarray, n_groups: int) -> tuple[_Said, np.ndarray]:
    """A corpus and a reference as one, over the types of both; the reference is one more group."""
    position: dict[str, int] = {}
    number: dict[str, int] = {}
    tokens, authors = [], []
    for c in (text, other):
        tokens.append(np.array([position.setdefault(t, len(position)) for t in c.types], np.int32)[c.tokens])
        authors.append(np.array([number.setdefault(a, len(number)) for a in c.authors], np.int32)[c.author])
    types = np.array(list(position), dtype=object)
    lengths = np.concatenate([text.lengths, other.lengths])
    said = _Said(np.concatenate(authors), np.concatenate(tokens), lengths, types)
    return said, np.concatenate([group, np.full(len(other), n_groups)])


def _typology(
    text: _Said, group: np.ndarray, n_groups: int, name: str, permutations: int, seed: int
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Mean over messages of the mean log-ratio of their words, by group, with the mean of its null.

    The null exchanges members' texts, so it takes them to be of comparable size: a group of taciturn members would be
    compared with groups of taciturn and talkative ones, whose larger samples look less distinctive. Where members of
    groups differ by more than `UNEQUAL`, value and null are taken from tokens thinned at random to the same mean
    volume per member. Their denominator mixes the groups as they are labelled, each weighted by its volume before
    thinning, so that it keeps its scale and is the same function of every labelling.
    """
    of_token = np.repeat(np.arange(len(text.lengths)), text.lengths)
    used = (group >= 0)[of_token]
    token, message = text.tokens[used].astype(np.int64), of_token[used]
    rng, said = np.random.default_rng(seed), list[str]()
    cells = np.unique(text.author[message] * np.int64(n_groups) + group[message])
    members = np.bincount(cells % n_groups, minlength=n_groups)
    volume = np.bincount(group[message], minlength=n_groups) / np.maximum(members, 1)
    shown = members >= MEANS
    enough = volume[shown] if shown.any() else np.ones(1)
    if enough.max() <= UNEQUAL * enough.min() and (volume <= UNEQUAL * enough.min()).all():
        value, null = _value_and_null(text, group, n_groups, token, message, None, permutations, rng)
        excess = value - null
    else:
        value, _ = _value_and_null(text, group, n_groups, token, message, None, 0, rng)
        mix = np.bincount(group[message], minlength=n_groups) / len(message)
        keep = np.minimum(1.0, enough.min() / np.maximum(volume, 1e-12))
        pairs = []
        for k in range(min(THINNINGS, permutations)):
            kept = rng.random(len(token)) < keep[group[message]]
            share_of = permutations // THINNINGS + (k < permutations % THINNINGS)
            pairs.append(_value_and_null(text, group, n_groups, token[kept], message[kept], mix, share_of, rng))
        thinned, null = np.mean(pairs, axis=0)
        excess = thinned - null
        said.append(
            f"Members write up to {volume.max() / enough.min():.1f} times as much in one group as in another: null and "
            f"excess come from words thinned to {enough.min():,.0f} a member, so {name} minus null is not the excess."
        )
    spoken = (group >= 0) & (text.lengths > 0)
    value, null, excess = (np.where(shown, x, np.nan) for x in (value, null, excess))
    frame = pd.DataFrame(
        {"n_messages": np.bincount(group[spoken], minlength=n_groups), "n_members": members, name: value,
         "null": null, "excess": excess}
    )  # fmt: skip
    return frame, tuple(said)


def _value_and_null(
    text: _Said, group: np.ndarray, n_groups: int, token: np.ndarray, message: np.ndarray, mix: np.ndarray | None,
    permutations: int, rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """The typology of tokens, and its mean over relabellings of members' texts.

    The denominator is the share in all tokens or, with `mix`, the groups' shares weighted by it.
    """
    n_types = len(text.types)
    whole_count = np.bincount(token, minlength=n_types)
    all_tokens = np.log2(whole_count / max(1, len(token)), where=whole_count > 0, out=np.zeros(n_types))
    docs = Documents.from_tokens(text.author[message], group[message], token, text.types)
    # Every cell of the documents carries its tokens, and its messages' mean: one over length for every token.
    number = {(a, g): d for d, (a, g) in enumerate(zip(docs.member.tolist(), docs.group.tolist(), strict=True))}
    cells, at = np.unique(text.author[message] * np.int64(n_groups) + group[message], return_inverse=True)
    document = np.array([number[int(c // n_groups), int(c % n_groups)] for c in cells], np.int64)
    cell, place = np.unique(document[at] * n_types + token, return_inverse=True)
    length = np.bincount(message, minlength=len(text.lengths))
    weight = np.bincount(place, weights=1 / length[message])
    count = np.bincount(place).astype(float)
    doc_of_cell, type_of_cell = cell // n_types, cell % n_types
    spoken = np.flatnonzero(length)
    by_message = np.unique(text.author[spoken] * np.int64(n_groups) + group[spoken], return_counts=True)
    n_messages = np.zeros(len(docs.member))
    for c, n in zip(*by_message, strict=True):
        n_messages[number[int(c // n_groups), int(c % n_groups)]] = n

    def values(labels: np.ndarray) -> np.ndarray:
        label = labels[doc_of_cell]
        pairs, inverse = np.unique(label * np.int64(n_types) + type_of_cell, return_inverse=True)
        of_pair = np.bincount(inverse, weights=count)
        size = np.bincount(label, weights=count, minlength=n_groups)
        inside, share = of_pair / size[pairs // n_types], all_tokens
        if mix is not None:
            behind = np.bincount(pairs % n_types, weights=inside * mix[pairs // n_types], minlength=n_types)
            share = np.log2(behind / mix[size > 0].sum(), where=behind > 0, out=np.zeros(n_types))
        ratio = np.log2(inside) - share[pairs % n_types]
        total = np.bincount(label, weights=weight * ratio[inverse], minlength=n_groups)
        with np.errstate(invalid="ignore", divide="ignore"):
            return total / np.bincount(labels, weights=n_messages, minlength=n_groups)

    value = values(docs.group.astype(np.int64))
    if not permutations:
        return value, np.full(n_groups, np.nan)
    drawn = shuffled_labels(docs, permutations, rng).astype(np.int64)
    return value, np.mean([values(d) for d in drawn], axis=0)


def _class_counts(text: Corpus, categories: Mapping[str, Iterable[str]]) -> np.ndarray:
    """Tokens of each message in each class, int64, shape (n_messages, n_classes)."""
    of_message = np.repeat(np.arange(len(text)), text.lengths)
    columns = []
    for name, words in categories.items():
        wanted = set(word_list(words, f"words of the class {name!r}"))
        listed = np.fromiter((t in wanted for t in text.types), bool, len(text.types))
        columns.append(np.bincount(of_message, weights=listed[text.tokens], minlength=len(text)))
    return np.column_stack(columns).astype(np.int64)


def enculturation_fit(
    source: Any,
    every: str = "month",
    *,
    received: pd.DataFrame | None = None,
    categories: Mapping[str, Iterable[str]] = FUNCTION_WORDS,
    tokens: int = 50,
    draws: int = 20,
    seed: int = 0,
) -> LanguageMeasure:
    """How alike are the word classes that a member writes and receives.

    Parameters
    ----------
    source : Community, DataFrame or Corpus
    every : str
        Length of a window.
    received : DataFrame, optional
        Columns member and message (ids of `source`): who received what. Default: what others wrote in the threads
        in which the member wrote in the same window (needs a column thread).
    categories : mapping of class to words
        Default the function words of `coplearn.lexicon`.
    tokens : int
        Words of the classes drawn from either side, the same number for everybody; members with fewer on
        either side are NA.
    draws : int
        Samples averaged.
    seed : int

    Returns
    -------
    LanguageMeasure
        One row a member and window: member, window, sent, received (words of the classes), fit (-log2 of the
        divergence, which is floored at 1 / (2 tokens)), z (within the window; NaN below 20 members).
    """
    text = corpus(source)
    windows = text.windows(every)
    at = windows.locate(text.messages["time"])
    counts = _class_counts(text, categories)
    n_authors, n_windows = len(text.authors), len(windows)
    own = np.where(at >= 0, text.author.astype(np.int64) * n_windows + at, -1)
    sent = _sums(own, counts, n_authors * n_windows)
    got = _received(text, received, at, own, counts, n_authors, n_windows)
    rows = np.flatnonzero(np.bincount(own[own >= 0], minlength=n_authors * n_windows) > 0)
    rng = np.random.default_rng(seed)
    fit = np.full(len(rows), np.nan)
    for k, r in enumerate(rows):
        if min(sent[r].sum(), got[r].sum()) >= tokens:
            o, i = (rng.multivariate_hypergeometric(x[r], tokens, size=draws) / tokens for x in (sent, got))
            fit[k] = -np.log2(max(float(_rowwise_jsd(o, i).mean()), 1 / (2 * tokens)))
    frame = pd.DataFrame(
        {"member": text.authors[rows // n_windows], "window": np.array(windows.labels, dtype=object)[rows % n_windows],
         "sent": sent[rows].sum(axis=1), "received": got[rows].sum(axis=1), "fit": fit}
    )  # fmt: skip
    by = frame.groupby("window")["fit"]
    enough = by.transform("count") >= MEANS
    frame["z"] = ((frame["fit"] - by.transform("mean")) / by.transform("std")).where(enough)
    frame = frame.sort_values(["window", "member"], kind="stable").reset_index(drop=True)
    missing = int(frame["fit"].isna().sum())
    said = []
    if missing:
        said.append(f"{plural(missing, 'member-window')} of {len(frame):,} NA: fewer than {tokens} words on a side.")
    if received is None:
        said.append("Received: what others wrote in the member's threads of the window; nobody recorded who read it.")
    return LanguageMeasure(
        "Enculturation fit", "enculturation fit (−log2 JSD)", frame, "fit",
        f"{len(frame) - missing:,} member-windows, mean fit {frame['fit'].mean():.3f}", tuple(said),
    )  # fmt: skip


def _sums(key: np.ndarray, counts: np.ndarray, n_keys: int) -> np.ndarray:
    out = np.zeros((n_keys, counts.shape[1]), np.int64)
    np.add.at(out, key[key >= 0], counts[key >= 0])
    return out


def _received(
    text: Corpus, received: pd.DataFrame | None, at: np.ndarray, own: np.ndarray, counts: np.ndarray, n_authors: int,
    n_windows: int,
) -> np.ndarray:  # fmt: skip
    """Words of each class that every member received in every window."""
    if received is not None:
        for column in ("member", "message"):
            if column not in received:
                raise ValueError(f"received has no column {column!r}; it needs member and message.")
        row = text.messages.index.get_indexer(received["message"])
        who = pd.Index(text.authors).get_indexer(received["member"].astype(str))
        known = (row >= 0) & (who >= 0)
        row, who = row[known], who[known]
        key = np.where(at[row] >= 0, who.astype(np.int64) * n_windows + at[row], -1)
        return _sums(key, counts[row], n_authors * n_windows)
    if "thread" not in text.messages:
        raise ValueError(
            "messages have no column 'thread' to tell who received what. Give received= (columns member, message)."
        )
    thread = pd.factorize(text.messages["thread"])[0].astype(np.int64)
    place = np.where((thread >= 0) & (at >= 0), thread * n_windows + at, -1)
    spots = np.unique(place[place >= 0])
    spot = np.where(place >= 0, np.searchsorted(spots, place), -1)
    all_there = _sums(spot, counts, len(spots))
    pairs, first = np.unique(np.where(spot >= 0, own * np.int64(max(1, len(spots))) + spot, -1), return_index=True)
    first = first[pairs >= 0]
    pair_of = np.searchsorted(pairs[pairs >= 0], own * np.int64(max(1, len(spots))) + spot)
    own_there = _sums(np.where(spot >= 0, pair_of, -1), counts, len(first))
    return _sums(own[first], all_there[spot[first]] - own_there, n_authors * n_windows)


def _rowwise_jsd(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    def h(x: np.ndarray) -> np.ndarray:
        return -(x * np.log2(x, where=x > 0, out=np.zeros_like(x))).sum(axis=1)

    return h((p + q) / 2) - (h(p) + h(q)) / 2


def coordination(
    source: Any,
    *,
    categories: Mapping[str, Iterable[str]] = FUNCTION_WORDS,
    min_instances: int = 3,
    replicates: int = 200,
    seed: int = 0,
) -> LanguageMeasure:
    r"""How much members take up the word classes of those they answer.

    .. math:: C(b \to a; m) = P(b\text{'s reply has } m \mid a\text{'s message has } m) - P(b\text{'s reply has } m)

    Parameters
    ----------
    source : Community, DataFrame or Corpus
        With a column reply_to (message ids).
    categories : mapping of class to words
    min_instances : int
        Messages of a with the class that b must have answered.
    replicates, seed : int
        Bootstrap over speakers.

    Returns
    -------
    LanguageMeasure
        One row a speaker b and target a: speaker, target, n_replies, one column a class (NaN where a used it
        fewer than `min_instances` times), coordination (mean over the classes).
    """
    text = corpus(source)
    if "reply_to" not in text.messages:
        raise ValueError("messages have no column 'reply_to', so nobody is seen to answer anybody.")
    has = _class_counts(text, categories) > 0
    target = text.messages.index.get_indexer(text.messages["reply_to"].astype(object))
    reply = np.flatnonzero(target >= 0)
    reply = reply[text.author[reply] != text.author[target[reply]]]
    target = target[reply]
    pairs, at = np.unique(
        text.author[reply].astype(np.int64) * len(text.authors) + text.author[target], return_inverse=True
    )
    n = np.bincount(at, minlength=len(pairs))
    classes = np.full((len(pairs), len(categories)), np.nan)
    for m in range(len(categories)):
        b, a = has[reply, m], has[target, m]
        given = np.bincount(at, weights=a, minlength=len(pairs))
        both = np.bincount(at, weights=a & b, minlength=len(pairs))
        enough = given >= min_instances
        base = np.bincount(at, weights=b, minlength=len(pairs)) / n
        classes[enough, m] = both[enough] / given[enough] - base[enough]
    known = np.isfinite(classes)
    mean = np.where(known.any(axis=1), np.nansum(classes, axis=1) / np.maximum(known.sum(axis=1), 1), np.nan)
    frame = pd.DataFrame(classes, columns=list(categories))
    frame.insert(0, "speaker", text.authors[pairs // len(text.authors)])
    frame.insert(1, "target", text.authors[pairs % len(text.authors)])
    frame.insert(2, "n_replies", n)
    frame["coordination"] = mean
    speaker = (pairs // len(text.authors))[np.isfinite(mean)]
    headline, said = "no pair with enough replies", []
    if len(speaker):
        who = np.unique(speaker, return_inverse=True)[1]
        total, count = np.bincount(who, weights=mean[np.isfinite(mean)]), np.bincount(who)
        by_speaker = total / count
        draws = np.random.default_rng(seed).integers(len(by_speaker), size=(replicates, len(by_speaker)))
        error = float(by_speaker[draws].mean(axis=1).std(ddof=1)) if len(by_speaker) > 1 else float("nan")
        headline = (
            f"mean over {plural(len(by_speaker), 'speaker')} {by_speaker.mean():+.4f} (s.e. {error:.4f})"
            f"    {plural(len(speaker), 'pair')}"
        )
        if len(by_speaker) < MEANS:
            said.append(f"Fewer than {MEANS} speakers: read as an example.")
    missing = int((~np.isfinite(mean)).sum())
    if missing:
        said.append(f"{plural(missing, 'pair')} NA: fewer than {min_instances} answered messages with any class.")
    return LanguageMeasure("Linguistic coordination", "coordination", frame, "coordination", headline, tuple(said))

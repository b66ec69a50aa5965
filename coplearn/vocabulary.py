r"""Words as carriers of identity: what distinguishes groups, and what members keep saying.

**Distinguishing words.** For word w with counts :math:`y_{iw}, y_{jw}` in groups i and j of sizes n and a Dirichlet
prior :math:`\alpha_w` with sum :math:`\alpha_0`,

.. math:: \delta_w = \ln\frac{y_{iw}+\alpha_w}{n_i+\alpha_0-y_{iw}-\alpha_w}
                   - \ln\frac{y_{jw}+\alpha_w}{n_j+\alpha_0-y_{jw}-\alpha_w}, \qquad
          \zeta_w = \delta_w \Big/ \sqrt{\tfrac{1}{y_{iw}+\alpha_w} + \tfrac{1}{y_{jw}+\alpha_w}},

positive for words of i (Monroe, Colaresi & Quinn 2008, doi:10.1093/pan/mpn018). The informative prior
:math:`\alpha_w = \alpha_0 \pi_w` pulls each word towards its share in the background, so that frequent words do not
win for being frequent nor rare ones for being rare.

**Self-overlap** is how much of a text's words its author used shortly before (Danescu-Niculescu-Mizil et al.
2013, doi:10.1145/2488388.2488416).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import choose, plural
from coplearn.corpus import MIN_USERS, corpus, member_tokens, word_list
from coplearn.divergence import two_names

__all__ = [
    "DistinguishingWords", "benjamini_hochberg", "distinguishing_words", "log_odds", "self_overlap", "word_share",
]  # fmt: skip


def log_odds(
    y_i: np.ndarray | Sequence[float], y_j: np.ndarray | Sequence[float], alpha: np.ndarray | Sequence[float],
    n_i: float | None = None, n_j: float | None = None,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Weighted log-odds of each word and its standard score.

    Parameters
    ----------
    y_i, y_j, alpha : ndarray of float, shape (n_words,)
        Counts in either group and prior counts; every alpha > 0.
    n_i, n_j : float, optional
        Group sizes; default the sums of the counts.

    Returns
    -------
    delta, zeta : ndarray of float, shape (n_words,)

    References
    ----------
    Monroe, Colaresi & Quinn (2008), Political Analysis 16(4), 372-403, doi:10.1093/pan/mpn018.

    Examples
    --------
    >>> y_i, y_j = np.array([30, 10, 5, 0]), np.array([10, 12, 5, 8])
    >>> log_odds(y_i, y_j, 10 * (y_i + y_j) / 80)[1].round(4).tolist()
    [4.0594, -1.2548, -0.4058, -2.4691]
    """
    y_i, y_j, alpha = (np.asarray(x, dtype=float) for x in (y_i, y_j, alpha))
    if (alpha <= 0).any():
        raise ValueError("every word needs a prior count above 0; give a background in which all of them occur.")
    n_i, n_j = y_i.sum() if n_i is None else n_i, y_j.sum() if n_j is None else n_j
    a, b, total = y_i + alpha, y_j + alpha, alpha.sum()
    delta = np.log(a / (n_i + total - a)) - np.log(b / (n_j + total - b))
    return delta, delta / np.sqrt(1 / a + 1 / b)


def benjamini_hochberg(p: np.ndarray | Sequence[float]) -> np.ndarray:
    """q-values: the smallest false discovery rate at which each test would be kept.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03, 0.5]).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.5]
    """
    p = np.asarray(p, dtype=float)
    order = np.argsort(p)[::-1]
    scaled = p[order] * len(p) / np.arange(len(p), 0, -1)
    q = np.empty(len(p))
    q[order] = np.minimum(np.minimum.accumulate(scaled), 1.0)
    return q


@dataclass(frozen=True, eq=False)
class DistinguishingWords:
    """Words ranked by how strongly they tell two groups apart.

    Attributes
    ----------
    words : DataFrame
        Index word, from most typical of the first group to most typical of the second: count_a, count_b, members_a,
        members_b, log_odds (natural), z, p, q.
    names : tuple of str
    count : {"tokens", "members"}
    alpha_0 : float
        Prior counts in all; for words counted in members, prior members of each word.
    caveats : tuple of str
    """

    words: pd.DataFrame
    names: tuple[str, str]
    count: str
    alpha_0: float
    caveats: tuple[str, ...]

    def table(self, top: int | None = None) -> pd.DataFrame:
        """All words, or the `top` of either side."""
        if top is None or 2 * top >= len(self.words):
            return self.words.copy()
        return pd.concat([self.words.head(top), self.words.tail(top)])

    def summary(self, top: int = 8) -> str:
        """The most typical words of either side, in plain text."""
        ends = self.words[self.words["z"] > 0].head(top), self.words[self.words["z"] < 0].iloc[::-1].head(top)
        head = f"Distinguishing words, counted in {self.count}    {len(self.words):,} words"
        lines = [f"{head}, prior {self.alpha_0:.4g}"]
        for name, side in zip(self.names, ends, strict=True):
            lines.append(f"{name}: " + ", ".join(f"{w} ({z:+.1f})" for w, z in side["z"].items()))
        return "\n".join([*lines, *(f"note: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return "\n".join(self.summary(5).splitlines()[:3])

    def plot(self, ax: Any = None, top: int = 10) -> Any:
        """Log-odds of the most typical words with 95 % intervals."""
        from coplearn.plots import axes

        ax = axes(ax)
        shown = self.table(top).iloc[::-1]
        half = 1.96 * (shown["log_odds"] / shown["z"].replace(0, np.nan)).abs()
        y = np.arange(len(shown))
        ax.errorbar(shown["log_odds"], y, xerr=half, fmt="o", color="0.25", ecolor="0.7")
        ax.set_yticks(y, list(shown.index))
        ax.axvline(0, color="0.8", zorder=0)
        ax.set_xlabel(f"log-odds (natural): {self.names[1]} ← → {self.names[0]}")
        return ax


def distinguishing_words(
    a: Any,
    b: Any,
    prior: str | float = "informative",
    *,
    count: str = "tokens",
    background: Any = None,
    alpha_0: float | None = None,
    min_members: int = MIN_USERS,
    names: tuple[str, str] = ("a", "b"),
) -> DistinguishingWords:
    """The words that tell two groups of members apart.

    Parameters
    ----------
    a, b : mapping of member to tokens, DataFrame of messages, Community or Corpus
        What the members of either group said.
    prior : {"informative", "uniform"} or float
        Informative: proportional to the background, `alpha_0` counts in all. Uniform: 0.1 for every word. A
        number: that many counts for every word; counted in members, that many who use it and as many who do not.
    count : {"tokens", "members"}
        Count every use, or the members who use the word: then a prolific member counts once, and the groups' sizes
        are their numbers of members.
    background : like `a`, optional
        Where the informative prior's shares come from; default a and b together. Words that it lacks get half
        the share of its rarest word.
    alpha_0 : float, optional
        Default 1 % of all counts, held between 10 and 10,000.
    min_members : int
        Words that fewer members of either side use are not shown (nor tested).
    names : tuple of str
        What to call the groups.

    Returns
    -------
    DistinguishingWords

    Raises
    ------
    ValueError
        If a group has no member with a word, or `prior`, `alpha_0` or `names` are none that can be used.

    Examples
    --------
    >>> old = {f"m{i}": ["rule", "thread", "hello"] for i in range(6)}
    >>> new = {f"n{i}": ["event", "thread", "hello"] for i in range(6)}
    >>> found = distinguishing_words(old, new, names=("old", "new"))
    >>> found.words.index[0], found.words.index[-1]
    ('rule', 'event')
    """
    from scipy.stats import norm

    choose(count, ("tokens", "members"), "way to count")
    names = two_names(names)
    each = _prior_count(prior)
    if alpha_0 is not None and not _positive(alpha_0):
        raise ValueError(f"alpha_0 is {alpha_0!r}; give a finite number of prior counts above 0.")
    sides = [{m: t for m, t in member_tokens(x).items() if t} for x in (a, b)]
    for name, side in zip(names, sides, strict=True):
        if not side:
            raise ValueError(f"group {name!r} has no member with a word, so nothing distinguishes it.")
    tokens, members = zip(*(_word_counts(s) for s in sides), strict=True)
    frame = pd.DataFrame({"count_a": tokens[0], "count_b": tokens[1], "members_a": members[0], "members_b": members[1]})
    frame = frame.fillna(0).astype(int).sort_index()
    y = frame[["count_a", "count_b"]] if count == "tokens" else frame[["members_a", "members_b"]]
    sizes = [float(y.iloc[:, k].sum()) if count == "tokens" else float(len(sides[k])) for k in (0, 1)]
    if each is None:
        share = y.sum(axis=1) / sum(sizes)
        if background is not None:
            said = {m: t for m, t in member_tokens(background).items() if t}
            behind = _word_counts(said)[0 if count == "tokens" else 1]
            size = behind.sum() if count == "tokens" else len(said)
            share = behind.reindex(frame.index).fillna(0.5 * behind.min()) / size
        total = float(np.clip(0.01 * sum(sizes), 10, 1e4)) if alpha_0 is None else float(alpha_0)
        alpha = total * share.to_numpy()
    else:
        alpha = np.full(len(frame), each)
        total = float(alpha.sum()) if count == "tokens" else 2 * each
    if count == "members":  # a member uses a word or does not: each word has its own odds, with total mass alpha_0
        delta, z = _member_odds(y.to_numpy(float), alpha, total, sizes)
    else:
        delta, z = log_odds(y.iloc[:, 0].to_numpy(), y.iloc[:, 1].to_numpy(), alpha)
    frame["log_odds"], frame["z"] = delta, z
    frame = frame[frame[["members_a", "members_b"]].max(axis=1) >= min_members].copy()
    frame["p"] = 2 * norm.sf(np.abs(frame["z"]))
    frame["q"] = benjamini_hochberg(frame["p"])
    frame = frame.sort_values("z", ascending=False, kind="stable").rename_axis("word")
    return DistinguishingWords(frame, names, count, total, _word_caveats(count, sides, names, min_members))


def _positive(value: Any) -> bool:
    number = not isinstance(value, (bool, np.bool_)) and isinstance(value, (int, float, np.integer, np.floating))
    return number and 0 < float(value) < float("inf")


def _prior_count(prior: Any) -> float | None:
    """Prior counts of every word, None if they come from the background."""
    if isinstance(prior, str) and prior in ("informative", "uniform"):
        return None if prior == "informative" else 0.1
    if not isinstance(prior, str) and _positive(prior):
        return float(prior)
    raise ValueError(f"prior {prior!r} is neither 'informative', 'uniform' nor a finite number above 0.")


def _member_odds(y: np.ndarray, alpha: np.ndarray, total: float, sizes: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds of using a word; the prior adds `total` members of whom alpha_w use it."""
    use, other = y + alpha[:, None], np.array(sizes) + total - y - alpha[:, None]
    other = np.where(other > 1e-9, other, 0.5)  # everybody uses it: half a member who does not
    delta = np.diff(np.log(use / other)[:, ::-1], axis=1)[:, 0]
    return delta, delta / np.sqrt((1 / use + 1 / other).sum(axis=1))


def _word_counts(said: Mapping[str, Sequence[str]]) -> tuple[pd.Series, pd.Series]:
    tokens: dict[str, int] = {}
    members: dict[str, int] = {}
    for words in said.values():
        for w in words:
            tokens[w] = tokens.get(w, 0) + 1
        for w in set(words):
            members[w] = members.get(w, 0) + 1
    return pd.Series(tokens, dtype=float), pd.Series(members, dtype=float)


def _word_caveats(
    count: str, sides: list[dict[str, list[str]]], names: tuple[str, str], min_members: int
) -> tuple[str, ...]:
    said = []
    if count == "tokens":
        said.append("z takes tokens as independent; a prolific member can carry a word: compare count='members'.")
    for name, side in zip(names, sides, strict=True):
        if len(side) < 20:
            said.append(f"Group {name!r} has {plural(len(side), 'member')}: below 20, read words as examples.")
    said.append(f"Words used by fewer than {min_members} members of either side left out.")
    return tuple(said)


def word_share(source: Any, words: Iterable[str]) -> pd.Series:
    """Share of each message's tokens that are in a list of words; NaN for messages without a word."""
    text = corpus(source)
    wanted = set(word_list(words))
    listed = np.fromiter((t in wanted for t in text.types), bool, len(text.types))
    of_message = np.repeat(np.arange(len(text)), text.lengths)
    hits = np.bincount(of_message, weights=listed[text.tokens], minlength=len(text))
    with np.errstate(invalid="ignore"):
        share = hits / np.where(text.lengths > 0, text.lengths, np.nan)
    return pd.Series(share, index=text.messages.index, name="share")


def self_overlap(source: Any, span: int = 30, previous: int = 10) -> pd.DataFrame:
    """Jaccard overlap of each message's types with its author's previous messages (flexibility is its opposite).

    Parameters
    ----------
    source : Community, DataFrame or Corpus
    span : int
        Only the first `span` tokens of messages at least that long are compared: the overlap of texts of
        different length says more about length than about words.
    previous : int
        How many earlier texts.

    Returns
    -------
    DataFrame
        Index message: overlap_union (with the union of the earlier texts) and overlap_pairwise (mean over them);
        NaN for an author's first `previous` long enough messages and for short ones.
    """
    from coplearn.kernels import language as kernel

    text = corpus(source)
    rows = text.canonical[(text.lengths >= span)[text.canonical]]
    rows = rows[np.argsort(text.author[rows], kind="stable")]
    out = np.full((2, len(text)), np.nan)
    if len(rows):
        tokens = np.sort(text.tokens[text.offsets[rows][:, None] + np.arange(span)], axis=1)
        again = np.zeros(tokens.shape, bool)
        again[:, 1:] = tokens[:, 1:] == tokens[:, :-1]
        front = np.argsort(again, axis=1, kind="stable")  # distinct types first, still sorted
        types = np.where(np.take_along_axis(again, front, 1), -1, np.take_along_axis(tokens, front, 1))
        union, pairwise = np.empty(len(rows)), np.empty(len(rows))
        kernel.self_overlap(
            np.ascontiguousarray(types, np.int32), (~again).sum(axis=1).astype(np.int32), text.author[rows],
            previous, union, pairwise,
        )  # fmt: skip
        out[:, rows] = union, pairwise
    return pd.DataFrame({"overlap_union": out[0], "overlap_pairwise": out[1]}, index=text.messages.index)

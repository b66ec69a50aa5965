r"""How far two groups' words are apart, beyond what sampling alone makes.

The Jensen-Shannon divergence of two word distributions, in bits between 0 and 1,

.. math:: JSD = H\!\left(\tfrac{P+Q}{2}\right) - \tfrac12 H(P) - \tfrac12 H(Q),

is large for two small samples of one and the same language: two samples of 500 tokens from a Zipf law over 500 words
are 0.25 bits apart. First-order corrections fail where most words are rare. Here the null is made from the data:
the members' texts change sides at random, and what is reported is the excess over the mean of that null,

.. math:: JSD_{excess} = JSD - \overline{JSD}_{null}.

Members are the unit that changes sides, because a member's tokens belong together; shuffling tokens would take every
habit of a prolific member for a difference between groups. A member who is in both groups (two periods of one
community) swaps the two texts.

Texts can change sides only if their sizes can: the bias of the plug-in divergence depends on how many tokens there are
on either side, and where one group writes ten times as much a member, relabelling mixes the sizes and every test
rejects. Texts are therefore thinned at random to one distribution of sizes before anything is compared (`same_sizes`).

References
----------
Lin (1991), IEEE Trans. Inf. Theory 37(1), 145-151, doi:10.1109/18.61115 (the divergence).
Chao & Shen (2003), Environ. Ecol. Stat. 10, 429-443, doi:10.1023/A:1026096204727 (the entropy estimator).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import plural, whole
from coplearn.corpus import Corpus, corpus, member_tokens

__all__ = [
    "Divergence", "Documents", "chao_shen_entropy", "contributions", "divergence", "entropy", "hellinger", "jsd",
]  # fmt: skip

DISPLAY, MEANS = 5, 20  # members below which a group gives NA, and below which it carries a caveat


def entropy(counts: np.ndarray) -> float:
    """Plug-in entropy in bits of counts or probabilities."""
    x = np.asarray(counts, dtype=float)
    p = x[x > 0] / x.sum()
    return float(-(p * np.log2(p)).sum())


def chao_shen_entropy(counts: np.ndarray) -> float:
    r"""Entropy in bits, corrected for words that were not seen.

    .. math:: \hat H = -\sum_w \frac{C \hat p_w \log_2 C \hat p_w}{1 - (1 - C \hat p_w)^n},
        \qquad C = 1 - f_1 / n

    with :math:`f_1` the number of words seen once; if all are, :math:`f_1 = n - 1`.

    Parameters
    ----------
    counts : ndarray of int

    References
    ----------
    Chao & Shen (2003), doi:10.1023/A:1026096204727.

    Examples
    --------
    >>> x = np.array([4, 2, 1, 1])
    >>> round(entropy(x), 3), round(chao_shen_entropy(x), 3)   # two words of eight seen once: more are out there
    (1.75, 2.277)
    """
    x = np.asarray(counts, dtype=float)
    x = x[x > 0]
    n, once = x.sum(), float((x == 1).sum())
    if n < 2:
        return float("nan")
    p = (1 - min(once, n - 1) / n) * x / n
    return float(-(p * np.log2(p) / -np.expm1(n * np.log1p(-p))).sum()) if len(x) > 1 else 0.0


def contributions(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Each word's part of the Jensen-Shannon divergence, in bits, all >= 0; the parts add up to it."""
    p, q = np.asarray(p, dtype=float) / np.sum(p), np.asarray(q, dtype=float) / np.sum(q)
    m = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        a = np.where(p > 0, p * np.log2(p / m), 0.0)
        b = np.where(q > 0, q * np.log2(q / m), 0.0)
    return (a + b) / 2


def jsd(p: np.ndarray, q: np.ndarray) -> float:
    """Plug-in Jensen-Shannon divergence in bits of two count vectors.

    Examples
    --------
    >>> jsd(np.array([1, 0]), np.array([0, 1])), jsd(np.array([1, 3]), np.array([2, 6]))
    (1.0, 0.0)
    """
    return float(contributions(p, q).sum())


def hellinger(p: np.ndarray, q: np.ndarray) -> float:
    """Hellinger distance of two count vectors, between 0 and 1."""
    p, q = np.asarray(p, dtype=float) / np.sum(p), np.asarray(q, dtype=float) / np.sum(q)
    return float(np.sqrt(((np.sqrt(p) - np.sqrt(q)) ** 2).sum() / 2))


@dataclass(frozen=True, eq=False)
class Documents:
    """Word counts of members in groups: a sparse matrix of documents by words.

    Documents are ordered by group, size and content, so that draws do not depend on the names of members.
    """

    member: np.ndarray  # str[n_documents]
    group: np.ndarray  # int[n_documents]
    indptr: np.ndarray  # int64[n_documents + 1]
    word: np.ndarray  # int32[nnz]
    count: np.ndarray  # float64[nnz]
    types: np.ndarray  # str[n_words]

    def matrix(self) -> Any:
        """The counts as a scipy CSR matrix."""
        from scipy.sparse import csr_matrix

        return csr_matrix((self.count, self.word, self.indptr), shape=(len(self.member), len(self.types)))

    def pooled(self, group: int) -> np.ndarray:
        """Counts of a group, float64, shape (n_words,)."""
        inside = np.repeat(self.group == group, np.diff(self.indptr))
        return np.bincount(self.word[inside], weights=self.count[inside], minlength=len(self.types))

    def sizes(self) -> np.ndarray:
        """Tokens of each document, int64, shape (n_documents,)."""
        return np.diff(np.concatenate([[0], np.cumsum(self.count)])[self.indptr]).round().astype(np.int64)

    def within(self, groups: np.ndarray) -> Documents:
        """The documents of some groups, with their group numbers."""
        keep = np.isin(self.group, groups)
        lengths = np.diff(self.indptr)
        cells = np.repeat(keep, lengths)
        indptr = np.concatenate([[0], np.cumsum(lengths[keep])]).astype(np.int64)
        return replace(
            self, member=self.member[keep], group=self.group[keep], indptr=indptr, word=self.word[cells],
            count=self.count[cells],
        )  # fmt: skip

    def partners(self) -> np.ndarray:
        """For each document of a two-group set the same member's document in the other group, -1 if none."""
        place: dict[Any, int] = {}
        partner = np.full(len(self.member), -1)
        for d, m in enumerate(self.member):
            if m in place:
                partner[d], partner[place[m]] = place[m], d
            place[m] = d
        return partner

    @classmethod
    def from_tokens(cls, member: np.ndarray, group: np.ndarray, token: np.ndarray, types: np.ndarray) -> Documents:
        """Count tokens given with their member's number (or name) and group."""
        from coplearn.kernels import language as kernel

        token = np.asarray(token, dtype=np.int64)
        names, who = np.unique(member, return_inverse=True) if len(member) else (np.array([]), np.zeros(0, int))
        n_groups = int(group.max(initial=0)) + 1
        document, of_token = np.unique(who * n_groups + group, return_inverse=True)
        cells, count = np.unique(of_token * max(1, len(types)) + token, return_counts=True)
        of_cell, word = cells // max(1, len(types)), (cells % max(1, len(types))).astype(np.int32)
        size = np.bincount(of_token, minlength=len(document))
        cell_ptr = np.concatenate([[0], np.cumsum(np.bincount(of_cell, minlength=len(document)))]).astype(np.int64)
        names_of_text = np.zeros((2, len(document)), np.uint64)
        kernel.text_hashes(word, cell_ptr, names_of_text[0])
        kernel.text_hashes(count.astype(np.int64), cell_ptr, names_of_text[1])
        order = np.lexsort((names_of_text[1], names_of_text[0], size, document % n_groups))
        lengths = np.diff(cell_ptr)[order]
        indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        index = np.repeat(cell_ptr[:-1][order] - indptr[:-1], lengths) + np.arange(indptr[-1])
        return cls(
            names[document[order] // n_groups], (document % n_groups)[order].astype(np.int32), indptr, word[index],
            count[index].astype(float), types,
        )  # fmt: skip

    @classmethod
    def of(cls, *groups: Any) -> Documents:
        """One group per source: mapping of member to tokens, frame of messages, community or corpus."""
        members: list[np.ndarray] = []
        labels: list[np.ndarray] = []
        tokens: list[np.ndarray] = []
        types: list[np.ndarray] = []
        for source in groups:
            if isinstance(source, Mapping):
                said = member_tokens(source)
                words = np.array(sorted({w for t in said.values() for w in t}), dtype=object)
                position = {w: i for i, w in enumerate(words)}
                names = np.array([m for m, t in said.items() for _ in t], dtype=object)
                token = np.array([position[w] for t in said.values() for w in t], dtype=np.int64)
            else:
                text: Corpus = corpus(source)
                used, token = np.unique(text.tokens, return_inverse=True)
                words = text.types[used]
                names = text.authors[np.repeat(text.author, text.lengths)]
            members.append(names.astype(str))
            labels.append(np.full(len(token), len(labels)))
            tokens.append(token)
            types.append(words)
        union = np.array(sorted({w for ws in types for w in ws}), dtype=object)
        position = {w: i for i, w in enumerate(union)}
        token = np.concatenate(
            [np.array([position[w] for w in ws], dtype=np.int64)[t] for ws, t in zip(types, tokens, strict=True)]
        )
        return cls.from_tokens(np.concatenate(members), np.concatenate(labels), token, union)


def same_sizes(docs: Documents, rng: np.random.Generator) -> Documents:
    """Documents thinned at random, so that their sizes say nothing about their group.

    A member of several groups keeps as many tokens in each as in the smallest text of theirs. Members of a single group
    keep, by the rank of their text's size in the group, the smallest size that any group has at this quantile.
    """
    if len(docs.member) == 0:
        return docs
    size = docs.sizes()
    _, who = np.unique(docs.member, return_inverse=True)
    several = np.bincount(who)[who] > 1
    least = np.full(who.max() + 1, size.max())
    np.minimum.at(least, who, size)
    target = np.where(several, least[who], size)
    groups = [g for g in (np.flatnonzero(~several & (docs.group == k)) for k in np.unique(docs.group)) if len(g)]
    ordered = [np.sort(size[g]) for g in groups]
    for g in groups:
        quantile = (np.argsort(np.argsort(size[g], kind="stable"), kind="stable") + 0.5) / len(g)
        target[g] = np.min([np.quantile(o, quantile, method="inverted_cdf") for o in ordered], axis=0)
    count = docs.count.copy()
    for d in np.flatnonzero(target < size):
        cells = slice(docs.indptr[d], docs.indptr[d + 1])
        said = count[cells].astype(np.int64)
        count[cells] = rng.multivariate_hypergeometric(said, int(target[d]), method="marginals")
    return replace(docs, count=count)


def thinning_caveat(docs: Documents, thin: Documents) -> tuple[str, ...]:
    """How many tokens the comparison at equal sizes keeps; nothing if it keeps all."""
    before, after = int(docs.count.sum()), int(thin.count.sum())
    if before == after:
        return ()
    return (
        f"Members' texts differ in size between groups: compared at equal sizes, with {after:,} of {before:,} tokens. "
        "Which ones is drawn with the seed: see what other seeds give.",
    )


def two_names(names: object) -> tuple[str, str]:
    """The names of two groups; otherwise a ValueError."""
    if isinstance(names, str) or not isinstance(names, Sequence) or len(names) != 2:
        raise ValueError(f"names is {names!r}; give two names, one for each group.")
    return str(names[0]), str(names[1])


@dataclass(frozen=True, eq=False)
class Divergence:
    """Distance between the words of two groups.

    Attributes
    ----------
    jsd_excess : float
        Jensen-Shannon divergence in bits over the mean of the permutation null, both of texts of equal sizes (see
        `same_sizes`); NaN if a group is too small.
    se : float
        Jackknife over the members of either group and those of both (up to 200 blocks each), less what it counts twice
        (see `jackknife_error`), in bits.
    z, p : float
        Against the null of members changing sides; one-sided, (1 + exceeding) / (1 + permutations).
    raw : float
        The plug-in divergence of all tokens, which two samples of one language do not have at 0.
    null : ndarray of float, shape (permutations,)
    rarefied : float
        Mean plug-in divergence at equal token budgets (`budget` a group); NaN if a group has fewer.
    hellinger : float
        Plug-in Hellinger distance of all tokens.
    entropy : tuple of float
        Chao-Shen entropy of either group, bits, from all tokens.
    n_members, n_tokens : tuple of int
    n_compared : tuple of int
        Tokens left in texts of equal sizes, which the excess, its error and its test are from.
    n_shared : int
        Members in both groups.
    words : DataFrame
        Index word: share_a, share_b, contribution (bits; sum is `raw`), of all tokens, largest first.
    names : tuple of str
    budget : int
    caveats : tuple of str
    """

    jsd_excess: float
    se: float
    z: float
    p: float
    raw: float
    null: np.ndarray
    rarefied: float
    hellinger: float
    entropy: tuple[float, float]
    n_members: tuple[int, int]
    n_tokens: tuple[int, int]
    n_compared: tuple[int, int]
    n_shared: int
    words: pd.DataFrame
    names: tuple[str, str]
    budget: int
    caveats: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """The measures, one row each, in bits where they have a unit."""
        rows = {
            "jsd_excess": self.jsd_excess, "s.e.": self.se, "z": self.z, "p": self.p,
            f"rarefied jsd ({self.budget:,} tokens)": self.rarefied, "hellinger": self.hellinger,
            f"entropy {self.names[0]}": self.entropy[0], f"entropy {self.names[1]}": self.entropy[1],
        }  # fmt: skip
        return pd.DataFrame({"value": rows}).rename_axis("measure")

    def conf_int(self, alpha: float = 0.05) -> tuple[float, float]:
        """Normal interval for `jsd_excess` from the jackknife."""
        from scipy.stats import norm

        half = float(norm.ppf(1 - alpha / 2)) * self.se
        return self.jsd_excess - half, self.jsd_excess + half

    def summary(self) -> str:
        """Plain text."""
        a, b = self.names
        lines = [
            f"Divergence of {a} ({self.n_members[0]:,} members, {self.n_tokens[0]:,} tokens) and "
            f"{b} ({self.n_members[1]:,} members, {self.n_tokens[1]:,} tokens)",
            f"jsd_excess {self.jsd_excess:.4f} bits (s.e. {self.se:.4f})    z {self.z:.2f}    p {self.p:.4f}"
            f"    {len(self.null):,} permutations of members",
        ]
        return "\n".join([*lines, *(f"note: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return "\n".join(self.summary().splitlines()[:2])

    def plot(self, ax: Any = None) -> Any:
        """The null distribution and the divergence that was observed, of texts of equal sizes."""
        from coplearn.plots import axes

        ax = axes(ax)
        observed = self.jsd_excess + float(self.null.mean()) if len(self.null) else float("nan")
        ax.hist(self.null, bins=30, color="0.8")
        ax.axvline(observed, color="C3")
        ax.annotate("observed", (observed, 0.95), xycoords=("data", "axes fraction"), color="C3", ha="right")
        ax.set_xlabel("Jensen-Shannon divergence (bits)")
        ax.set_ylabel("permutations of members")
        return ax


def divergence(
    a: Any,
    b: Any,
    permutations: int = 1000,
    seed: int = 0,
    *,
    budget: int = 10_000,
    names: tuple[str, str] = ("a", "b"),
) -> Divergence:
    """Permutation-corrected divergence between the words of two groups.

    Parameters
    ----------
    a, b : mapping of member to tokens, DataFrame of messages, Community or Corpus
        Cohorts, spaces, or periods of one community (then members may be in both).
    permutations : int
    seed : int
    budget : int
        Tokens a group for the rarefied divergence.
    names : tuple of str

    Returns
    -------
    Divergence
        NaN, with a caveat, where a group has fewer than 5 members.

    Raises
    ------
    ValueError
        If `permutations` or `budget` is below 1, or `names` are not two.

    Examples
    --------
    >>> import math
    >>> rng = np.random.default_rng(1)
    >>> old = {f"m{i}": list(rng.choice(["a", "b", "c"], 50, p=[0.5, 0.3, 0.2])) for i in range(20)}
    >>> new = {f"n{i}": list(rng.choice(["a", "b", "c"], 50, p=[0.3, 0.3, 0.4])) for i in range(20)}
    >>> found = divergence(old, new, permutations=200, seed=1)
    >>> found.p < 0.05, math.isclose(found.words["contribution"].sum(), found.raw)
    (True, True)
    """
    permutations, budget = whole(permutations, "permutations"), whole(budget, "budget")
    names = two_names(names)
    return _divergence(Documents.of(a, b), permutations, seed, budget, names)


def _divergence(docs: Documents, permutations: int, seed: int, budget: int, names: tuple[str, str]) -> Divergence:
    x, y = docs.pooled(0), docs.pooled(1)
    n_members = int((docs.group == 0).sum()), int((docs.group == 1).sum())
    n_tokens = int(x.sum()), int(y.sum())
    partner = docs.partners()
    nan = float("nan")
    said = _size_caveats(n_members, names)
    if min(n_members) < DISPLAY or min(n_tokens) == 0:
        nothing = pd.DataFrame(columns=["share_a", "share_b", "contribution"], dtype=float).rename_axis("word")
        return Divergence(
            nan, nan, nan, nan, nan, np.zeros(0), nan, nan, (nan, nan), n_members, n_tokens,
            n_tokens, int((partner >= 0).sum() // 2), nothing, names, budget, said,
        )  # fmt: skip
    rng = np.random.default_rng(seed)
    thin = same_sizes(docs, rng)
    said += thinning_caveat(docs, thin)
    labels = np.vstack([docs.group[None], swapped_labels(docs.group, partner, permutations, rng)])
    values = relabelled(thin, labels, 2, np.array([[0, 1]]))[:, 0]
    observed, null = float(values[0]), values[1:]
    spread = float(null.std(ddof=1)) if permutations > 1 else nan
    rarefied = nan
    if min(n_tokens) >= budget:
        draws = [
            [rng.multivariate_hypergeometric(c.astype(np.int64), budget, method="marginals") for c in (x, y)]
            for _ in range(20)
        ]
        rarefied = float(np.mean([jsd(p, q) for p, q in draws]))
    else:
        said += (f"Rarefied divergence NA: a group has fewer than {budget:,} tokens.",)
    words = pd.DataFrame(
        {"share_a": x / x.sum(), "share_b": y / y.sum(), "contribution": contributions(x, y)},
        index=pd.Index(docs.types, name="word"),
    ).sort_values("contribution", ascending=False, kind="stable")
    return Divergence(
        jsd_excess=observed - float(null.mean()), se=_jackknife(thin, partner, rng, spread**2),
        z=(observed - float(null.mean())) / spread if spread > 0 else nan,
        p=float((1 + (null >= observed - 1e-12).sum()) / (1 + permutations)), raw=jsd(x, y), null=null,
        rarefied=rarefied, hellinger=hellinger(x, y), entropy=(chao_shen_entropy(x), chao_shen_entropy(y)),
        n_members=n_members, n_tokens=n_tokens, n_compared=(int(thin.pooled(0).sum()), int(thin.pooled(1).sum())),
        n_shared=int((partner >= 0).sum() // 2), words=words, names=names, budget=budget, caveats=said,
    )  # fmt: skip


def _size_caveats(n_members: tuple[int, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    said = []
    for name, n in zip(names, n_members, strict=True):
        if n < DISPLAY:
            said.append(f"Group {name!r} has {plural(n, 'member')}, fewer than {DISPLAY}: NA.")
        elif n < MEANS:
            said.append(f"Group {name!r} has {plural(n, 'member')}: below {MEANS} the null is coarse.")
    return tuple(said)


def swapped_labels(group: np.ndarray, partner: np.ndarray, permutations: int, rng: np.random.Generator) -> np.ndarray:
    """Labellings under the null: members of one group are dealt out anew, members of both swap their texts."""
    single = np.flatnonzero(partner < 0)
    both = np.flatnonzero(partner > np.arange(len(partner)))
    labels = np.repeat(group[None].astype(np.int32), permutations, axis=0)
    for r in range(permutations):
        labels[r, single] = rng.permutation(group[single])
        swap = both[rng.random(len(both)) < 0.5]
        labels[r, swap], labels[r, partner[swap]] = group[partner[swap]], group[swap]
    return labels


def relabelled(docs: Documents, labels: np.ndarray, n_groups: int, pairs: np.ndarray) -> np.ndarray:
    from coplearn.kernels import language as kernel

    out = np.empty((len(labels), len(pairs)))
    kernel.relabelled_divergence(
        docs.indptr, docs.word, docs.count, np.ascontiguousarray(labels, np.int32), len(docs.types), n_groups,
        np.ascontiguousarray(pairs, np.int32), out,
    )  # fmt: skip
    return out


def member_blocks(
    docs: Documents, partner: np.ndarray, rng: np.random.Generator, most: int = 200
) -> tuple[np.ndarray, np.ndarray]:
    """Blocks for a jackknife over members, apart for members of the first group, of the second, and of both.

    Returns
    -------
    block : ndarray of int, shape (n_documents,)
        One member a block, or up to `most` equal blocks; -1 for the only member of a stratum, who cannot be left out.
    stratum : ndarray of int, shape (n_blocks,)
    """
    n = len(docs.group)
    kind = np.where(partner >= 0, 2, docs.group)
    block, stratum = np.full(n, -1), np.zeros(0, int)
    for k in range(3):
        inside = np.flatnonzero((kind == k) & ((k < 2) | (partner > np.arange(n))))
        if len(inside) < 2:
            continue
        blocks = min(most, len(inside))
        block[inside] = rng.permutation(len(inside)) % blocks + len(stratum)
        stratum = np.append(stratum, np.full(blocks, k))
        if k == 2:
            block[partner[inside]] = block[inside]
    return block, stratum


def jackknife_error(
    values: np.ndarray, null_variance: np.ndarray | float = 0.0, stratum: np.ndarray | None = None
) -> np.ndarray:
    """Standard error from values without each block, shape (n_blocks, ...); each stratum has its own centre.

    To leave out one of ten members moves a divergence more than to leave out one of two hundred: around a common centre
    that difference of the strata would count as error.

    A divergence is of second order near 0, and the jackknife counts that part of its variance twice (Efron & Stein
    1981, Ann. Stat. 9(3), 586-596, doi:10.1214/aos/1176345462). The permutation null has nothing but that part: its
    variance is taken off once, down to the null's own.
    """
    stratum = np.zeros(len(values), int) if stratum is None else stratum
    variance = np.zeros(values.shape[1:])
    for k in np.unique(stratum):
        own = values[stratum == k]
        variance = variance + (len(own) - 1) / len(own) * ((own - own.mean(axis=0)) ** 2).sum(axis=0)
    return np.sqrt(np.maximum(variance - null_variance, null_variance))


def _jackknife(docs: Documents, partner: np.ndarray, rng: np.random.Generator, null_variance: float) -> float:
    block, stratum = member_blocks(docs, partner, rng)
    labels = np.where(block[None] == np.arange(len(stratum))[:, None], 2, docs.group[None])
    values = relabelled(docs, labels, 3, np.array([[0, 1]]))[:, 0]
    return float(jackknife_error(values, null_variance, stratum))


def shuffled_labels(docs: Documents, permutations: int, rng: np.random.Generator) -> np.ndarray:
    """Windows of documents under the null of no drift."""
    # Members in the order of their first document, which follows from content (see `Documents`).
    first = {m: d for d, m in reversed(list(enumerate(docs.member)))}
    who = np.array([first[m] for m in docs.member])
    alone = np.bincount(who, minlength=len(who))[who] == 1
    who = np.where(alone, -1, who)  # members of a single window are dealt out among themselves
    order = np.argsort(who, kind="stable")
    labels = np.empty((permutations, len(who)), np.int32)
    for r in range(permutations):
        shuffled = np.lexsort((rng.random(len(who)), who))
        labels[r, order] = docs.group[shuffled]
    return labels

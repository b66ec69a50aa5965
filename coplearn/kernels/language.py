"""Bigram counts, smoothed probabilities and span scores on integer-coded words.

Words are coded ``0 .. V-1``, then ``<unk>`` = V and ``</s>`` = V+1: together the V+2 *outcomes* that a model may
predict. A *context* is an outcome or ``<s>`` = V+2. A *pair* is one distinct (context, word); texts are stored
as the numbers of their pairs, so that a model evaluates each distinct pair once and scoring is a gather.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

WITTEN_BELL, KATZ, KNESER_NEY = 0, 1, 2
KATZ_LIMIT = 5  # counts above this one are trusted (Katz 1987 takes k = 5)


class Tables(NamedTuple):
    """Sufficient counts of one bigram model, and what its smoothing adds to them."""

    context_count: np.ndarray  # int64[n_outcomes + 1]: c(h)
    context_types: np.ndarray  # int64[n_outcomes + 1]: T(h), distinct followers
    word_count: np.ndarray  # int64[n_outcomes]: c(w)
    word_contexts: np.ndarray  # int64[n_outcomes]: distinct contexts that w follows
    totals: np.ndarray  # int64[2]: N = sum of c(w); number of distinct pairs
    discount: np.ndarray  # float64[KATZ_LIMIT + 1]: [0] absolute discount D, [r] share of a count r that is kept
    kept: np.ndarray  # float64[n_outcomes + 1]: Katz, factor on the seen part of a context
    backoff: np.ndarray  # float64[n_outcomes + 1]: Katz, alpha(h)


class Window(NamedTuple):
    """Spans of one window as numbers of distinct pairs."""

    pair: np.ndarray  # int32[n_spans, span]
    author: np.ndarray  # int32[n_spans]
    context: np.ndarray  # int32[n_pairs]
    word: np.ndarray  # int32[n_pairs]


class Design(NamedTuple):
    """Which spans the bootstrap models of a window are made of."""

    chosen: np.ndarray  # int32[n_models, n_chosen]: span numbers
    inside: np.ndarray  # bool[n_models, n_authors]: the model holds text of that author


class Scores(NamedTuple):
    """Bits per token of each span over the models that do not know its author."""

    total: np.ndarray  # float64[n_spans]
    square: np.ndarray  # float64[n_spans]
    n_models: np.ndarray  # int32[n_spans]
    by_author: np.ndarray  # float64[n_authors, n_models]: summed over the author's spans


@njit(cache=True, nogil=True)
def new_tables(n_outcomes):
    """Empty tables for a model over `n_outcomes` outcomes."""
    return Tables(
        np.zeros(n_outcomes + 1, np.int64),
        np.zeros(n_outcomes + 1, np.int64),
        np.zeros(n_outcomes, np.int64),
        np.zeros(n_outcomes, np.int64),
        np.zeros(2, np.int64),
        np.zeros(KATZ_LIMIT + 1),
        np.ones(n_outcomes + 1),
        np.zeros(n_outcomes + 1),
    )


@njit(cache=True, nogil=True)
def tabulate(context, word, count, tables):
    """Fill the counts of `tables` from pair counts; pairs with count 0 are not in the model."""
    tables.context_count[:] = 0
    tables.context_types[:] = 0
    tables.word_count[:] = 0
    tables.word_contexts[:] = 0
    tables.totals[:] = 0
    for k in range(count.size):
        c = count[k]
        if c > 0:
            tables.context_count[context[k]] += c
            tables.context_types[context[k]] += 1
            tables.word_count[word[k]] += c
            tables.word_contexts[word[k]] += 1
            tables.totals[0] += c
            tables.totals[1] += 1


@njit(cache=True, nogil=True)
def unigram(w, tables):
    """P1(w): counts plus one."""
    return (tables.word_count[w] + 1.0) / (tables.totals[0] + tables.word_count.size)


@njit(cache=True, nogil=True)
def continuation(w, tables):
    """Kneser-Ney lower order: number of contexts plus one."""
    return (tables.word_contexts[w] + 1.0) / (tables.totals[1] + tables.word_count.size)


@njit(cache=True, nogil=True)
def kept_share(c, discount):
    """Share of a count that Katz keeps."""
    if discount[0] > 0.0:  # absolute discounting stands in where Good-Turing is not usable
        return (c - discount[0]) / c
    if c > KATZ_LIMIT:
        return 1.0
    return discount[c]


@njit(cache=True, nogil=True)
def set_discounts(smoothing, count, discount):
    """Absolute discount n1/(n1+2 n2), and for Katz the Good-Turing shares where all of them lie in (0, 1)."""
    n = np.zeros(KATZ_LIMIT + 2, np.int64)
    for k in range(count.size):
        if 0 < count[k] <= KATZ_LIMIT + 1:
            n[count[k]] += 1
    absolute = 0.5  # without singletons or doubletons the estimate is 0 or 1, which smooths nothing or everything
    if n[1] > 0 and n[2] > 0:
        absolute = n[1] / (n[1] + 2.0 * n[2])
    discount[:] = 0.0
    discount[0] = absolute
    if smoothing != KATZ:
        return
    for r in range(1, KATZ_LIMIT + 2):
        if n[r] == 0:
            return
    common = (KATZ_LIMIT + 1.0) * n[KATZ_LIMIT + 1] / n[1]
    if common >= 1.0:
        return
    for r in range(1, KATZ_LIMIT + 1):
        share = ((r + 1.0) * n[r + 1] / (n[r] * r) - common) / (1.0 - common)
        if share <= 0.0 or share >= 1.0:
            return
        discount[r] = share
    discount[0] = 0.0


@njit(cache=True, nogil=True)
def smooth(smoothing, context, word, count, tables):
    """Fill discounts, and for Katz the factor on seen pairs and the back-off weight of every context."""
    if smoothing < WITTEN_BELL or smoothing > KNESER_NEY:
        raise ValueError("unknown smoothing code")
    set_discounts(smoothing, count, tables.discount)
    if smoothing != KATZ:
        return
    tables.kept[:] = 0.0  # sum over seen followers of d c / c(h), for the moment
    tables.backoff[:] = 0.0  # sum over seen followers of P1
    for k in range(count.size):
        if count[k] > 0:
            h = context[k]
            tables.kept[h] += kept_share(count[k], tables.discount) * count[k] / tables.context_count[h]
            tables.backoff[h] += unigram(word[k], tables)
    for h in range(tables.kept.size):
        c = tables.context_count[h]
        if c == 0:
            continue
        seen, lower = tables.kept[h], tables.backoff[h]
        if tables.context_types[h] == tables.word_count.size:  # every outcome was seen: nothing to back off to
            tables.kept[h], tables.backoff[h] = 1.0 / seen, 0.0
        elif seen > 1.0 - 1e-12:  # all counts above the limit: leave the mass of one more observation
            tables.kept[h] = c / (c + 1.0)
            tables.backoff[h] = (1.0 - seen * tables.kept[h]) / (1.0 - lower)
        else:
            tables.kept[h] = 1.0
            tables.backoff[h] = (1.0 - seen) / (1.0 - lower)


@njit(cache=True, nogil=True)
def probability(smoothing, c, h, w, tables):
    """P(w | h) for a pair seen `c` times."""
    n = tables.context_count[h]
    if smoothing == KNESER_NEY:
        lower = continuation(w, tables)
        if n == 0:
            return lower
        d = tables.discount[0]
        return (max(c - d, 0.0) + d * tables.context_types[h] * lower) / n
    lower = unigram(w, tables)
    if n == 0:
        return lower
    if smoothing == WITTEN_BELL:
        t = tables.context_types[h]
        return (c + t * lower) / (n + t)
    if c > 0:
        return tables.kept[h] * kept_share(c, tables.discount) * c / n
    return tables.backoff[h] * lower


@njit(cache=True, nogil=True)
def probabilities(smoothing, context, word, count, tables, out):
    """P(word | context) for many pairs with known counts."""
    for k in range(out.size):
        out[k] = probability(smoothing, count[k], context[k], word[k], tables)


@njit(cache=True, nogil=True)
def unseen_bits(smoothing, tables, of_context, of_word):
    """Code lengths of unseen pairs, which come apart: -log2 P(w | h) = of_context[h] + of_word[w] where c(hw) = 0.

    In every smoothing here an unseen pair has the lower-order probability of its word times a weight of its context,
    so that no pair outside the model needs a logarithm of its own.
    """
    for w in range(of_word.size):
        of_word[w] = -np.log2(continuation(w, tables) if smoothing == KNESER_NEY else unigram(w, tables))
    for h in range(of_context.size):
        n, t = tables.context_count[h], tables.context_types[h]
        if n == 0:
            of_context[h] = 0.0
        elif smoothing == WITTEN_BELL:
            of_context[h] = np.log2((n + t) / t)
        elif smoothing == KNESER_NEY:
            of_context[h] = np.log2(n / (tables.discount[0] * t))
        elif tables.backoff[h] > 0.0:
            of_context[h] = -np.log2(tables.backoff[h])
        else:
            of_context[h] = np.inf


@njit(cache=True, nogil=True)
def hash_slot(key, mask):
    """First slot of a key in a table of `mask` + 1 slots (multiplicative hashing)."""
    x = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    return np.int64((x >> np.uint64(20)) & np.uint64(mask))


@njit(cache=True, nogil=True)
def place(keys, ids, key):
    """Slot that holds `key`, or the empty slot where it belongs."""
    mask = keys.size - 1
    slot = hash_slot(key, mask)
    while ids[slot] >= 0 and keys[slot] != key:
        slot = (slot + 1) & mask
    return slot


@njit(cache=True, nogil=True)
def number_pairs(context, word, n_outcomes, out):
    """Number the distinct pairs of a text in the order of their first use, in linear time.

    Parameters
    ----------
    context, word : ndarray of int32, shape (n,)
    out : ndarray of int32, shape (n,)
        The number of each pair.

    Returns
    -------
    keys, ids : the hash table (for `find_pairs`)
    pair_context, pair_word : ndarray of int32, shape (n_pairs,)
    """
    keys = np.zeros(1024, np.int64)
    ids = np.full(1024, -1, np.int32)
    pair_context = np.empty(1024, np.int32)
    pair_word = np.empty(1024, np.int32)
    n = 0
    for i in range(context.size):
        key = np.int64(context[i]) * n_outcomes + word[i]
        slot = place(keys, ids, key)
        if ids[slot] < 0:
            if 2 * (n + 1) > keys.size:  # keep the table at most half full
                keys = np.zeros(4 * keys.size, np.int64)
                ids = np.full(keys.size, -1, np.int32)
                for k in range(n):
                    old = np.int64(pair_context[k]) * n_outcomes + pair_word[k]
                    s = place(keys, ids, old)
                    keys[s], ids[s] = old, k
                slot = place(keys, ids, key)
            if n == pair_context.size:
                pair_context = np.concatenate((pair_context, np.empty(n, np.int32)))
                pair_word = np.concatenate((pair_word, np.empty(n, np.int32)))
            keys[slot], ids[slot] = key, n
            pair_context[n], pair_word[n] = context[i], word[i]
            n += 1
        out[i] = ids[slot]
    return keys, ids, pair_context[:n].copy(), pair_word[:n].copy()


@njit(cache=True, nogil=True)
def find_pairs(keys, ids, context, word, n_outcomes, out):
    """Number that each pair has in a hash table of `number_pairs`, -1 where it is not there."""
    for k in range(out.size):
        key = np.int64(context[k]) * n_outcomes + word[k]
        out[k] = ids[place(keys, ids, key)]


@njit(cache=True, nogil=True)
def score_models(smoothing, n_outcomes, source, design, target, found, scores):
    """Score the spans of one window with the leave-author-out models of another one (or of its own).

    Parameters
    ----------
    source : Window
        Where the models come from; `design` says which of its spans each model takes.
    target : Window
        Whose spans are scored. Author numbers are shared by `source`, `target` and `design`.
    found : ndarray of int32, shape (n_target_pairs,)
        Number of each target pair among the source pairs, -1 if absent.
    scores : Scores
        Overwritten. Model b leaves out every span whose author is ``design.inside[b]``.
    """
    scores.total[:] = 0.0
    scores.square[:] = 0.0
    scores.n_models[:] = 0
    scores.by_author[:] = 0.0
    tables = new_tables(n_outcomes)
    count = np.zeros(source.context.size, np.int64)
    bits = np.empty(target.context.size)
    of_context, of_word = np.empty(n_outcomes + 1), np.empty(n_outcomes)
    n_spans, span = target.pair.shape
    for b in range(design.chosen.shape[0]):
        count[:] = 0
        for m in range(design.chosen.shape[1]):
            s = design.chosen[b, m]
            for j in range(source.pair.shape[1]):
                count[source.pair[s, j]] += 1
        tabulate(source.context, source.word, count, tables)
        smooth(smoothing, source.context, source.word, count, tables)
        unseen_bits(smoothing, tables, of_context, of_word)
        for k in range(bits.size):
            c = count[found[k]] if found[k] >= 0 else 0
            h, w = target.context[k], target.word[k]
            if c == 0:
                bits[k] = of_context[h] + of_word[w]
            else:
                bits[k] = -np.log2(probability(smoothing, c, h, w, tables))
        for s in range(n_spans):
            if design.inside[b, target.author[s]]:
                continue
            length = 0.0
            for j in range(span):
                length += bits[target.pair[s, j]]
            length /= span
            scores.total[s] += length
            scores.square[s] += length * length
            scores.n_models[s] += 1
            scores.by_author[target.author[s], b] += length


@njit(cache=True, nogil=True)
def text_hashes(tokens, offsets, out):
    """64-bit polynomial hash of each message's tokens: a name for a text that no member or file chose."""
    for i in range(out.size):
        x = np.uint64(14695981039346656037)
        for j in range(offsets[i], offsets[i + 1]):
            x = (x ^ np.uint64(tokens[j] + 1)) * np.uint64(1099511628211)
            x ^= x >> np.uint64(29)
        out[i] = x


@njit(cache=True, nogil=True)
def users_per_type(tokens, offsets, by_author, author, out):
    """Number of authors who use each type; `by_author` lists messages with equal authors side by side."""
    out[:] = 0
    last = np.full(out.size, -1, np.int64)
    for m in by_author:
        for j in range(offsets[m], offsets[m + 1]):
            w = tokens[j]
            if last[w] != author[m]:
                last[w] = author[m]
                out[w] += 1


@njit(cache=True, nogil=True)
def shared(a, b):
    """Number of common values of two sorted arrays of distinct values, ended by -1."""
    i = j = n = 0
    while i < a.size and j < b.size and a[i] >= 0 and b[j] >= 0:
        if a[i] == b[j]:
            n += 1
            i += 1
            j += 1
        elif a[i] < b[j]:
            i += 1
        else:
            j += 1
    return n


@njit(cache=True, nogil=True)
def self_overlap(types, n_types, author, previous, union, pairwise):
    """Jaccard overlap of each text with its author's `previous` texts before it.

    Parameters
    ----------
    types : ndarray of int32, shape (n, width)
        Sorted distinct types of each text, filled up with -1; texts by author, then by time.
    n_types, author : ndarray of int32, shape (n,)
    union, pairwise : ndarray of float64, shape (n,)
        Overlap with the union of the earlier texts, and mean overlap with each; NaN for the first `previous`.
    """
    start = 0
    for i in range(author.size):
        if i > 0 and author[i] != author[i - 1]:
            start = i
        if i - start < previous or n_types[i] == 0:
            union[i] = pairwise[i] = np.nan
            continue
        total = 0.0
        pool = np.empty(previous * types.shape[1], np.int32)
        n = 0
        for k in range(i - previous, i):
            common = shared(types[i], types[k])
            both = n_types[i] + n_types[k] - common
            total += common / both if both > 0 else 0.0
            for j in range(n_types[k]):
                pool[n] = types[k, j]
                n += 1
        merged = np.unique(pool[:n])
        common = shared(types[i], merged)
        union[i] = common / (n_types[i] + merged.size - common)
        pairwise[i] = total / previous


@njit(cache=True, nogil=True)
def entropy_term(x):
    """-x log2 x, with 0 at 0."""
    return -x * np.log2(x) if x > 0.0 else 0.0


@njit(cache=True, nogil=True)
def jensen_shannon(p, q, n_p, n_q):
    """Jensen-Shannon divergence in bits between two count vectors with totals n_p and n_q."""
    total = 0.0
    for w in range(p.size):
        if p[w] > 0 or q[w] > 0:
            x, y = p[w] / n_p, q[w] / n_q
            total += entropy_term(0.5 * (x + y)) - 0.5 * (entropy_term(x) + entropy_term(y))
    return total


@njit(cache=True, nogil=True)
def relabelled_divergence(indptr, word, count, labels, n_words, n_groups, pairs, out):
    """Divergences between groups of documents under many labellings.

    Parameters
    ----------
    indptr, word, count : arrays of a sparse matrix of documents by words
        int64[n_documents + 1], int32[nnz], float64[nnz].
    labels : ndarray of int32, shape (n_labellings, n_documents)
        Group of each document.
    pairs : ndarray of int32, shape (n_pairs, 2)
        Groups to compare.
    out : ndarray of float64, shape (n_labellings, n_pairs)
        Bits; NaN where a group is empty.
    """
    group = np.zeros((n_groups, n_words))
    size = np.zeros(n_groups)
    for r in range(labels.shape[0]):
        group[:] = 0.0
        size[:] = 0.0
        for d in range(indptr.size - 1):
            g = labels[r, d]
            for k in range(indptr[d], indptr[d + 1]):
                group[g, word[k]] += count[k]
                size[g] += count[k]
        for k in range(pairs.shape[0]):
            a, b = pairs[k, 0], pairs[k, 1]
            if size[a] == 0.0 or size[b] == 0.0:
                out[r, k] = np.nan
            else:
                out[r, k] = jensen_shannon(group[a], group[b], size[a], size[b])

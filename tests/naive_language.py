"""Slow references for the language measures: every number once more, as literally as its formula reads."""

import math
from collections import Counter, defaultdict
from itertools import pairwise, permutations


class Bigrams:
    """A bigram model in dictionaries. Texts are lists of tokens, already within the vocabulary or ``<unk>``."""

    def __init__(self, pairs, outcomes, smoothing="witten-bell"):
        self.outcomes, self.smoothing = list(outcomes), smoothing
        self.c = Counter(pairs)
        self.of_context, self.followers, self.of_word, self.contexts = Counter(), Counter(), Counter(), Counter()
        for (h, w), n in self.c.items():
            self.of_context[h] += n
            self.followers[h] += 1
            self.of_word[w] += n
            self.contexts[w] += 1
        self.n = sum(self.c.values())
        r = Counter(self.c.values())
        self.d = r[1] / (r[1] + 2 * r[2]) if r[1] and r[2] else 0.5
        self.turing = self.good_turing(r)
        self.backed_off = {}  # of each context: only sums over seen followers, computed when first needed

    @classmethod
    def fit(cls, texts, vocabulary=None, smoothing="witten-bell"):
        words = {w for t in texts for w in t} if vocabulary is None else set(vocabulary)
        pairs = []
        for t in texts:
            if t:
                t = ["<s>", *(w if w in words else "<unk>" for w in t), "</s>"]
                pairs += pairwise(t)
        return cls(pairs, [*sorted(words), "<unk>", "</s>"], smoothing)

    @staticmethod
    def good_turing(r):
        """Share kept of counts 1 to 5 (Katz 1987), None where it is not usable."""
        if not all(r[k] for k in range(1, 7)):
            return None
        common = 6 * r[6] / r[1]
        if common >= 1:
            return None
        kept = {k: ((k + 1) * r[k + 1] / r[k] / k - common) / (1 - common) for k in range(1, 6)}
        return kept if all(0 < v < 1 for v in kept.values()) else None

    def lower(self, w):
        if self.smoothing == "kneser-ney":
            return (self.contexts[w] + 1) / (len(self.c) + len(self.outcomes))
        return (self.of_word[w] + 1) / (self.n + len(self.outcomes))

    def kept(self, n):
        if self.turing is None:
            return (n - self.d) / n
        return self.turing.get(n, 1.0)

    def prob(self, w, h):
        if self.of_context[h] == 0:
            return self.lower(w)
        if self.smoothing == "witten-bell":
            t = self.followers[h]
            return (self.c[h, w] + t * self.lower(w)) / (self.of_context[h] + t)
        if self.smoothing == "kneser-ney":
            discounted = max(self.c[h, w] - self.d, 0) / self.of_context[h]
            return discounted + self.d * self.followers[h] / self.of_context[h] * self.lower(w)
        if h not in self.backed_off:
            self.backed_off[h] = self.back_off(h)
        factor, alpha = self.backed_off[h]
        if self.c[h, w]:
            return factor * self.kept(self.c[h, w]) * self.c[h, w] / self.of_context[h]
        return alpha * self.lower(w)

    def back_off(self, h):
        seen = [w for w in self.outcomes if self.c[h, w]]
        mass = sum(self.kept(self.c[h, w]) * self.c[h, w] / self.of_context[h] for w in seen)
        rest = 1 - sum(self.lower(w) for w in seen)
        if len(seen) == len(self.outcomes):
            return 1 / mass, 0.0
        if mass > 1 - 1e-12:  # all counts above five: leave the mass of one more observation
            factor = self.of_context[h] / (self.of_context[h] + 1)
            return factor, (1 - factor) / rest
        return 1.0, (1 - mass) / rest

    def bits(self, pairs):
        return -sum(math.log2(self.prob(w, h)) for h, w in pairs) / len(pairs)

    def cross_entropy(self, text):
        words = set(self.outcomes)
        t = ["<s>", *(w if w in words else "<unk>" for w in text), "</s>"]
        return self.bits(list(pairwise(t)))


def span_pairs(tokens, vocabulary, length):
    """The pairs of the first `length` tokens of a text: opened by <s>, not closed."""
    t = ["<s>", *(w if w in vocabulary else "<unk>" for w in tokens[:length])]
    return list(pairwise(t))


def leave_author_out(spans, authors, chosen, vocabulary, smoothing="witten-bell"):
    """Mean bits of each span over the models (lists of spans) without its author, and how many there are."""
    outcomes = [*sorted(vocabulary), "<unk>", "</s>"]
    totals, counts = [0.0] * len(spans), [0] * len(spans)
    for take in chosen:
        model = Bigrams([p for s in take for p in spans[s]], outcomes, smoothing)
        known = {authors[s] for s in take}
        for s, pairs in enumerate(spans):
            if authors[s] not in known:
                totals[s] += model.bits(pairs)
                counts[s] += 1
    return [t / n if n else math.nan for t, n in zip(totals, counts, strict=True)], counts


def entropy(p):
    return -sum(x * math.log2(x) for x in p if x > 0)


def jsd(p, q):
    """H(M) - (H(P) + H(Q)) / 2 of two lists of counts."""
    p, q = [x / sum(p) for x in p], [x / sum(q) for x in q]
    return entropy([(a + b) / 2 for a, b in zip(p, q, strict=True)]) - (entropy(p) + entropy(q)) / 2


def chao_shen(counts):
    counts = [c for c in counts if c]
    n, once = sum(counts), sum(c == 1 for c in counts)
    cover = 1 - min(once, n - 1) / n
    return -sum(cover * c / n * math.log2(cover * c / n) / (1 - (1 - cover * c / n) ** n) for c in counts)


def log_odds(y_i, y_j, alpha):
    """Delta and zeta of every word."""
    n_i, n_j, total = sum(y_i), sum(y_j), sum(alpha)
    out = []
    for a, b, prior in zip(y_i, y_j, alpha, strict=True):
        delta = math.log((a + prior) / (n_i + total - a - prior)) - math.log((b + prior) / (n_j + total - b - prior))
        out.append((delta, delta / math.sqrt(1 / (a + prior) + 1 / (b + prior))))
    return out


def shapley(worth, n=3):
    """Mean marginal value of each switch; `worth` takes a set of thrown switches."""
    parts = [0.0] * n
    for order in permutations(range(n)):
        thrown = set()
        for switch in order:
            before = worth(frozenset(thrown))
            thrown.add(switch)
            parts[switch] += (worth(frozenset(thrown)) - before) / math.factorial(n)
    return parts


def self_overlap(texts, previous):
    """Union and mean pairwise Jaccard of each text of one author with the `previous` ones before it."""

    def jaccard(a, b):
        return len(a & b) / len(a | b)

    out = []
    for k, text in enumerate(texts):
        if k < previous:
            out.append((math.nan, math.nan))
            continue
        earlier = [set(t) for t in texts[k - previous : k]]
        out.append((jaccard(set(text), set().union(*earlier)), sum(jaccard(set(text), e) for e in earlier) / previous))
    return out


def coordination(replies, min_instances):
    """C of one speaker towards one target for one class: replies are (target has it, reply has it)."""
    given = [b for a, b in replies if a]
    if len(given) < min_instances:
        return math.nan
    return sum(given) / len(given) - sum(b for _, b in replies) / len(replies)


def innovations(messages, min_uses, min_users, min_contexts, horizon, burn_in):
    """Innovations among (time, author, context, tokens), times as numbers; a dict of word to first time."""
    messages = sorted(messages, key=lambda m: m[0])
    start, end = messages[0][0], messages[-1][0]
    seen = defaultdict(list)
    for time, author, context, tokens in messages:
        for w in tokens:
            seen[w].append((time, author, context))
    found = {}
    for w, uses in seen.items():
        first = uses[0][0]
        early = [u for u in uses if u[0] <= first + horizon]
        if (
            first >= start + burn_in
            and first <= end - horizon
            and len(early) >= min_uses
            and len({a for _, a, _ in early}) >= min_users
            and len({c for _, _, c in early}) >= min_contexts
        ):
            found[w] = first
    return found

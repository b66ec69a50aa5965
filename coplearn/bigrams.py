r"""Bigram models with smoothing whose probabilities sum to one.

A text opens with ``<s>``, which is a context and never predicted. The outcomes of a model are the V words of the
vocabulary, ``<unk>`` and ``</s>``, so that probabilities sum to 1 over V + 2. With N the number of training tokens,
``</s>`` counted once a text, and T(h) the number of distinct followers of h, interpolated Witten-Bell is

.. math:: P(w \mid h) = \frac{c(hw) + T(h) P_1(w)}{c(h) + T(h)}, \qquad P_1(w) = \frac{c(w) + 1}{N + V + 2}.

References
----------
Witten & Bell (1991), IEEE Trans. Inf. Theory 37(4), 1085-1094, doi:10.1109/18.87000.
Katz (1987), IEEE Trans. ASSP 35(3), 400-401, doi:10.1109/TASSP.1987.1165125.
Kneser & Ney (1995), ICASSP, 181-184, doi:10.1109/ICASSP.1995.479394.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coplearn._checks import choose
from coplearn.corpus import as_token_lists, codes, several

__all__ = ["SMOOTHING", "BigramModel"]

SMOOTHING = ("witten-bell", "katz", "kneser-ney")  # in the order of the kernel's codes
RESERVED = {"<unk>": 0, "</s>": 1, "<s>": 2}  # coded after the V words of the vocabulary


@dataclass(frozen=True, eq=False)
class BigramModel:
    """A smoothed bigram model over a fixed vocabulary.

    Attributes
    ----------
    vocabulary : ndarray of str, shape (V,)
        Sorted; everything else is ``<unk>``.
    smoothing : {"witten-bell", "katz", "kneser-ney"}
        Interpolated Witten-Bell; Katz back-off with Good-Turing counts up to 5 (absolute discounting where the
        counts of counts do not allow Good-Turing); interpolated Kneser-Ney with discount n1/(n1 + 2 n2) (0.5 where
        n1 or n2 is 0). The lowest order is add-one, of counts or (Kneser-Ney) of contexts.
    keys, count : ndarray of int64
        Seen pairs as ``context * (V + 2) + word``, sorted, and how often.
    tables : NamedTuple
        Counts by context and by word.
    """

    vocabulary: np.ndarray
    smoothing: str
    keys: np.ndarray
    count: np.ndarray
    tables: Any

    @classmethod
    def fit(
        cls,
        token_lists: Iterable[Sequence[str]],
        smoothing: str = "witten-bell",
        vocabulary: Iterable[str] | None = None,
    ) -> BigramModel:
        """Estimate from texts.

        Parameters
        ----------
        token_lists : iterable of list of str
            One list a text; a plain string is tokenised first.
        smoothing : {"witten-bell", "katz", "kneser-ney"}
        vocabulary : iterable of str, optional
            Words that count; default all that occur.

        Returns
        -------
        BigramModel

        Examples
        --------
        >>> model = BigramModel.fit([["we", "share", "stories"], ["we", "share", "tips"], ["stories", "help"]])
        >>> round(model.cross_entropy(["we", "share", "stories"]), 6)
        1.155867
        >>> model.prob("share", "we") > model.prob("help", "we")
        True
        """
        lists = as_token_lists(token_lists)
        if not any(lists):
            raise ValueError("there is no word to learn from: every text is empty. Check the column text.")
        types = np.array(sorted({w for t in lists for w in t}), dtype=object)
        words = types if vocabulary is None else np.array(sorted(set(several(vocabulary, "words"))), dtype=object)
        words = np.array([w for w in words if w not in RESERVED], dtype=object)
        of_type = dict(zip(types, codes(types, words).tolist(), strict=True))
        end, start = len(words) + 1, len(words) + 2
        context: list[int] = []
        word: list[int] = []
        for t in lists:
            if t:
                coded = [of_type[w] for w in t]
                context += [start, *coded]
                word += [*coded, end]
        return cls.from_pairs(np.array(context), np.array(word), words, smoothing)

    @classmethod
    def from_pairs(
        cls, context: np.ndarray, word: np.ndarray, vocabulary: np.ndarray, smoothing: str = "witten-bell"
    ) -> BigramModel:
        """Estimate from coded contexts and words (``<unk>`` = V, ``</s>`` = V + 1, ``<s>`` = V + 2)."""
        from coplearn.kernels import language as kernel

        code = SMOOTHING.index(choose(smoothing, SMOOTHING, "smoothing"))
        n = len(vocabulary) + 2
        keys, count = np.unique(context.astype(np.int64) * n + word, return_counts=True)
        tables = kernel.new_tables(n)
        pairs = (keys // n).astype(np.int32), (keys % n).astype(np.int32)
        kernel.tabulate(*pairs, count.astype(np.int64), tables)
        kernel.smooth(code, *pairs, count.astype(np.int64), tables)
        return cls(vocabulary, smoothing, keys, count.astype(np.int64), tables)

    def __repr__(self) -> str:
        return f"BigramModel ({self.smoothing}): {len(self.vocabulary):,} words, {len(self.keys):,} pairs"

    @property
    def outcomes(self) -> list[str]:
        """Everything the model can predict: the vocabulary, ``<unk>`` and ``</s>``."""
        return [*self.vocabulary, "<unk>", "</s>"]

    def _code(self, word: str) -> int:
        if word in RESERVED:
            return len(self.vocabulary) + RESERVED[word]
        i = int(np.searchsorted(self.vocabulary, word)) if len(self.vocabulary) else 0
        return i if i < len(self.vocabulary) and self.vocabulary[i] == word else len(self.vocabulary)

    def _probabilities(self, context: np.ndarray, word: np.ndarray) -> np.ndarray:
        from coplearn.kernels import language as kernel

        keys = context.astype(np.int64) * (len(self.vocabulary) + 2) + word
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        count = np.where(self.keys[at] == keys, self.count[at], 0)
        out = np.empty(len(keys))
        kernel.probabilities(
            SMOOTHING.index(self.smoothing), context.astype(np.int32), word.astype(np.int32), count, self.tables, out
        )
        return out

    def prob(self, word: str, context: str) -> float:
        """P(word | context); the context may be ``"<s>"``, the word ``"</s>"``."""
        if word == "<s>":
            raise ValueError("'<s>' opens a text and is never predicted. Use it as the context.")
        return float(self._probabilities(np.array([self._code(context)]), np.array([self._code(word)]))[0])

    def cross_entropy(self, tokens: Sequence[str] | str, end: bool = True) -> float:
        """Bits per token of a text.

        Parameters
        ----------
        tokens : list of str
        end : bool
            Whether the end of the text (``</s>``) is predicted and counted as a token, as in training. Cut spans
            do not end where the text ends, so `snapshots` scores them without it.

        Returns
        -------
        float
            NaN for an empty text.
        """
        text = as_token_lists([tokens])[0]
        if not text:
            return float("nan")
        coded = np.array([self._code(w) for w in text] + [len(self.vocabulary) + 1] * end)
        context = np.concatenate([[len(self.vocabulary) + 2], coded[:-1]])
        return float(-np.log2(self._probabilities(context, coded)).mean())

    def perplexity(self, tokens: Sequence[str] | str, end: bool = True) -> float:
        """2 to the cross-entropy."""
        return float(2.0 ** self.cross_entropy(tokens, end))

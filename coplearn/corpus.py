"""Messages as sequences of words: the tokeniser and the integer-coded corpus.

Whatever a language measure says about a community, it says about tokens, so the rules are few and fixed. Text is
normalised (NFC), lower-cased and cut into words of any script. Marks stay with their letters (Devanagari, Hebrew,
Arabic), Han characters and hiragana are one token each because they are written without spaces, katakana and Hangul
stay in runs, an emoji is one token with its skin tone and joiners. English clitics become tokens of their own
(``do n't``, ``i 'm``, ``we 're``), so that a first person is counted wherever it hides; other apostrophes stay inside
the word (``l'homme``, ``o'brien``). Numbers become ``<num>``, addresses of pages ``<url>``, mentions and mail
addresses ``<user>``. Languages that write without spaces and are not named here (Thai, Lao, Khmer) come out as runs.

The vocabulary of a study is fixed over all its windows: types with at least five users, the rest ``<unk>``. Only with
one vocabulary do the entropies of two months compare.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import listing, plural
from coplearn._progress import progress
from coplearn.windows import Windows, calendar_windows

__all__ = ["Corpus", "TextReport", "corpus", "message_frame", "tokenize"]

MIN_USERS = 5
TYPED = ("<num>", "<url>", "<user>")

_HAN = "\u3005-\u3007\u3041-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_EMOJI = "[\u2600-\u27bf\u2b00-\u2bff\U0001f300-\U0001faff]"
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")  # bounded, so that no text is quadratic
_INVISIBLE = re.compile("[\u00ad\u2060\ufeff]")  # soft hyphen, word joiner, byte order mark: inside words, unseen
_WIDE = re.compile("[\uff01-\uffdc]+")  # full-width letters and digits, half-width katakana
_NOT = re.compile(r"(?<=\w)n't\b")
_CLITIC = re.compile(r"(?<=\w)'(s|m|re|ve|ll|d)\b")


_QUOTED = re.compile(r"^[ \t]*(?:>.*|On .{0,200} wrote:[ \t]*)$", re.MULTILINE)
_SIGNED = re.compile(r"^-- ?$.*", re.MULTILINE | re.DOTALL)


@cache
def _pattern() -> re.Pattern[str]:
    """The token pattern; every alternative moves forward only, so a text of 10 MB costs 10 MB."""
    marks = _ranges(chr(c) for c in range(0x300, 0x1F000) if unicodedata.category(chr(c)).startswith("M"))
    letter, mark = f"[^\\W_{_HAN}]", f"[{marks}\u200c\u200d]"
    word = f"{letter}+(?:{mark}+{letter}*)*"
    return re.compile(
        r"(?:https?://|www\.)\S+"
        r"|<(?:num|url|user|email|phone)>"
        r"|@\w+(?:[.-]\w+)*"
        r"|\d+(?:[.,:]\d+)+"
        r"|n't\b|'(?:s|m|re|ve|ll|d)\b"
        f"|{word}(?:'{word})*"
        f"|[{_HAN}]"
        "|[\U0001f1e6-\U0001f1ff]{2}"
        f"|{_EMOJI}(?:[\ufe0f\U0001f3fb-\U0001f3ff]|\u200d{_EMOJI})*"
    )


def _ranges(characters: Iterable[str]) -> str:
    """A character class body from characters in ascending order."""
    parts: list[list[str]] = []
    for c in characters:
        if parts and ord(c) == ord(parts[-1][1]) + 1:
            parts[-1][1] = c
        else:
            parts.append([c, c])
    return "".join(f"{a}-{b}" if a != b else a for a, b in parts)


def _surfaces(text: str) -> list[str]:
    """The raw pieces of one text, before numbers and addresses get their type."""
    if not text.isascii():
        text = _WIDE.sub(lambda m: unicodedata.normalize("NFKC", m[0]), _INVISIBLE.sub("", text))
        text = unicodedata.normalize("NFC", text).replace("\u2019", "'").replace("\u02bc", "'")
    text = text.lower()
    if "@" in text:
        text = _MAIL.sub(" <user> ", text)
    if "'" in text:
        text = _CLITIC.sub(r" '\1", _NOT.sub(" n't", text))
    return _pattern().findall(text)


def _typed(surface: str) -> str:
    """The type of a raw piece: itself, or the token that stands for its kind."""
    first = surface[0]
    if first == "<":
        return {"<email>": "<user>", "<phone>": "<num>"}.get(surface, surface)
    if first == "@":
        return "<user>"
    if surface.startswith(("http://", "https://", "www.")):
        return "<url>"
    if first.isdecimal() and all(c.isdecimal() or c in ".,:" for c in surface):
        return "<num>"
    return surface


def tokenize(text: object) -> list[str]:
    """Cut a text into tokens.

    Parameters
    ----------
    text : str or missing
        Anything that is not a string is read as its string; None and NaN are an empty text.

    Returns
    -------
    list of str
        Empty where there is nothing to read. Never raises.

    Notes
    -----
    Soft hyphens, word joiners and byte order marks are taken out, so that they do not cut a word; the zero-width
    space does cut, because Khmer and Thai write it between words. Full-width letters are read as ordinary ones.

    Examples
    --------
    >>> tokenize("Don't ask @ann, I'm at https://a.org since 10:30!")
    ['do', "n't", 'ask', '<user>', 'i', "'m", 'at', '<url>', 'since', '<num>']
    >>> tokenize("Η κοινότητα μαθαίνει 学习 👍🏽")
    ['η', 'κοινότητα', 'μαθαίνει', '学', '习', '👍🏽']
    """
    return [_typed(s) for s in _surfaces(_as_text(text))]


def _as_text(text: object) -> str:
    if isinstance(text, str):
        return text
    if isinstance(text, (bytes, bytearray)):
        return text.decode("utf-8", "replace")
    return "" if _missing(text) else str(text)


def own_words(text: str) -> str:
    """A message without what its author did not write now: quoted lines, their introduction, the signature.

    Known are lines that open with ``>``, the English line ``On ... wrote:`` before them, and everything from a line
    ``--`` on. Other mail programs' patterns (``-----Original Message-----``, ``Am ... schrieb``, ``From:`` blocks) and
    quotes in a forum's own markup are not known and stay: take them off before.

    Examples
    --------
    >>> own_words("On Monday Ann wrote:\\n> what is a window?\\nA month.\\n-- \\nBo").split()
    ['A', 'month.']
    """
    if "\n" not in text and not text.startswith(">"):
        return text
    return _SIGNED.sub("", _QUOTED.sub("", text.replace("\r\n", "\n")))


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


class _Numbering(dict[str, int]):
    """A dictionary that numbers what it has not seen."""

    def __missing__(self, key: str) -> int:
        self[key] = number = len(self)
        return number


@dataclass(frozen=True)
class TextReport:
    """What the tokeniser met.

    Attributes
    ----------
    n_messages, n_missing, n_empty, n_one_word : int
        Messages; without a text; with a text but no word; with a single token.
    n_authors, n_tokens, n_types : int
    longest : int
        Tokens of the longest message.
    scripts : dict of str to int
        Tokens by writing system, most frequent first (``LATIN``, ``GREEK``, ``CJK``, ``ARABIC``, ``EMOJI`` ...).
    n_without_author : int
        Messages left out because nobody is named as their author.
    n_bots : int
        Messages left out because their author is marked as a bot.
    n_quoting : int
        Messages from which quoted lines or a signature were taken off.
    times : str
        How times were read, if they were not instants with a zone.
    """

    n_messages: int
    n_missing: int
    n_empty: int
    n_one_word: int
    n_authors: int
    n_tokens: int
    n_types: int
    longest: int
    scripts: dict[str, int]
    n_without_author: int = 0
    n_bots: int = 0
    n_quoting: int = 0
    times: str = ""

    def sentences(self) -> tuple[str, ...]:
        """What a reader should know, as sentences."""
        said = [self.times] if self.times else []
        for count, what in (
            (self.n_missing, "no text"), (self.n_empty, "no word in them"), (self.n_one_word, "one word only"),
        ):  # fmt: skip
            if count:
                said.append(f"{plural(count, 'message')} of {self.n_messages:,} with {what}.")
        if self.n_quoting:
            said.append(f"Quoted lines and signatures taken off {plural(self.n_quoting, 'message')}.")
        if self.n_bots:
            said.append(f"{plural(self.n_bots, 'message')} by bots left out.")
        if self.n_without_author:
            said.append(f"{plural(self.n_without_author, 'message')} without an author left out.")
        total = max(1, sum(self.scripts.values()))
        main = [s for s, n in self.scripts.items() if n / total >= 0.05 and s not in ("TYPED", "EMOJI", "DIGIT")]
        if len(main) > 1:
            said.append(
                f"More than one script ({', '.join(main)}): a mix of languages looks like drift; run each lang apart."
            )
        return tuple(said)


@dataclass(frozen=True, eq=False)
class Corpus:
    """Messages coded as integers.

    Attributes
    ----------
    messages : DataFrame
        The messages in the order given (index message; author, time and whatever else they carry, without text).
    author : ndarray of int32, shape (n_messages,)
        Position in `authors`.
    authors : ndarray of str
        Ordered by what they wrote (see `canonical`), not by name.
    tokens : ndarray of int32
        All tokens, message after message: positions in `types`.
    offsets : ndarray of int64, shape (n_messages + 1,)
        Message m is ``tokens[offsets[m]:offsets[m + 1]]``.
    types : ndarray of str
        Sorted.
    canonical : ndarray of int64, shape (n_messages,)
        The messages by time, then by a hash of their text. Random draws refer to this order, so that neither the
        order of rows nor the names of members or messages can change a result. Messages of the same instant
        with the same text are ordered by their author's whole record; authors who agree in that too are the same.
    report : TextReport
    timezone : str
        The zone whose midnights bound windows: the community's, UTC for a frame.
    """

    messages: pd.DataFrame
    author: np.ndarray
    authors: np.ndarray
    tokens: np.ndarray
    offsets: np.ndarray
    types: np.ndarray
    canonical: np.ndarray
    report: TextReport
    timezone: str = "UTC"

    def __len__(self) -> int:
        return len(self.messages)

    def __repr__(self) -> str:
        r = self.report
        first = f"Corpus: {r.n_messages:,} messages by {r.n_authors:,} authors"
        return f"{first}\n  {r.n_tokens:,} tokens, {r.n_types:,} types"

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each message."""
        return np.diff(self.offsets)

    @property
    def users(self) -> np.ndarray:
        """Authors who use each type, int64, shape (n_types,)."""
        from coplearn.kernels import language as kernel

        out = np.zeros(len(self.types), np.int64)
        order = np.argsort(self.author, kind="stable")
        kernel.users_per_type(self.tokens, self.offsets, order, self.author, out)
        return out

    def vocabulary(self, min_users: int = MIN_USERS) -> np.ndarray:
        """The types with at least `min_users` authors, sorted."""
        return self.types[self.users >= min_users]

    def encode(self, vocabulary: Sequence[str] | np.ndarray) -> np.ndarray:
        """The tokens as positions in a sorted vocabulary; its length stands for ``<unk>``."""
        return codes(self.types, np.asarray(vocabulary, dtype=object))[self.tokens]

    def windows(self, every: str) -> Windows:
        """Calendar windows from the first to the last message, in the community's time zone."""
        if not len(self):
            raise ValueError("there are no messages, so there are no windows.")
        times = self.messages["time"].dropna()
        if times.empty:
            raise ValueError("no message has a time, so there are no windows. Give messages a column 'time'.")
        return calendar_windows(times.min(), times.max(), every, self.timezone)

    def token_lists(self) -> list[list[str]]:
        """The messages as lists of tokens."""
        words = self.types[self.tokens]
        return [list(words[a:b]) for a, b in zip(self.offsets[:-1], self.offsets[1:], strict=True)]

    def take(self, rows: np.ndarray) -> Corpus:
        """The corpus of some messages (a mask or positions), with the same types and authors."""
        rows = np.flatnonzero(rows) if np.asarray(rows).dtype == bool else np.asarray(rows)
        lengths = self.lengths[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        index = np.repeat(self.offsets[rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
        rank = np.empty(len(self), np.int64)
        rank[self.canonical] = np.arange(len(self))
        return Corpus(
            self.messages.iloc[rows], self.author[rows], self.authors, self.tokens[index], offsets, self.types,
            np.argsort(rank[rows], kind="stable"), self.report, self.timezone,
        )  # fmt: skip


def codes(types: np.ndarray, vocabulary: np.ndarray) -> np.ndarray:
    """Position of each type in a vocabulary, its length where absent (int32)."""
    position = {word: i for i, word in enumerate(vocabulary)}
    unknown = len(vocabulary)
    return np.array([position.get(t, unknown) for t in types], dtype=np.int32)


def message_frame(source: Any, lang: str | None = None) -> tuple[pd.DataFrame, int, int]:
    """The messages of a community, or a frame of messages, ready to read.

    Parameters
    ----------
    source : Community or DataFrame
        A frame has the columns author and text, usually time, and its message ids as index.
    lang : str, optional
        Keep messages of one language only (column lang).

    Returns
    -------
    messages : DataFrame
    n_without_author, n_bots : int
        Rows left out.
    """
    if isinstance(source, pd.DataFrame):
        messages, members = source, None
    else:
        if not (hasattr(source, "messages") and hasattr(source, "members")):
            raise TypeError(
                f"{type(source).__name__} is not a source of language: give a mapping of member to tokens or texts, "
                "a frame with author and text, or a Community."
            )
        messages, members = source.messages, source.members
        if messages is None:
            raise ValueError(f"{source!r} has no messages, so there is no language to measure.")
    for column in ("author", "text"):
        if column not in messages.columns:
            raise ValueError(f"messages have no column {column!r}. They need author, text and (for windows) time.")
    if lang is not None:
        if "lang" not in messages.columns:
            raise ValueError(f"lang={lang!r} was asked for, but messages have no column 'lang'.")
        there = sorted(messages["lang"].dropna().astype(str).unique())
        if lang not in there:
            raise ValueError(f"no message has lang {lang!r}. There are: {listing(there, most=20) or 'none'}.")
        messages = messages[messages["lang"] == lang]
    named = messages["author"].notna().to_numpy()
    n_without, n_bots = int((~named).sum()), 0
    keep = named
    if members is not None and "is_bot" in members.columns:
        bots = members.index[members["is_bot"].fillna(False).astype(bool)]
        bot = messages["author"].isin(bots).to_numpy()
        n_bots = int((named & bot).sum())
        keep = named & ~bot
    return messages[keep], n_without, n_bots


def read_times(messages: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Messages whose column time holds instants with a zone, and a sentence if it did not before.

    Without a column, every time is missing; times without a zone are read as UTC, strings as dates.
    """
    if "time" not in messages.columns:
        return messages.assign(time=pd.Series(pd.NaT, index=messages.index, dtype="datetime64[us, UTC]")), ""
    times = messages["time"]
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        return messages, ""
    if pd.api.types.is_numeric_dtype(times.dtype) and times.notna().any():
        raise ValueError("messages have numbers in the column 'time'. Convert them: pd.to_datetime(time, unit='s').")
    read = pd.to_datetime(times, utc=True, errors="coerce", format=None if times.dtype.kind == "M" else "ISO8601")
    bad = np.flatnonzero((read.isna() & times.notna()).to_numpy())
    if len(bad):
        raise ValueError(
            f"{plural(len(bad), 'time')} of messages cannot be read as a date, first {times.iloc[bad[0]]!r} in row "
            f"{messages.index[bad[0]]!r}. Write '2012-03-26' or '2012-03-26 14:00:00+00:00'."
        )
    kind = "Times without a zone" if times.dtype.kind == "M" else "Times given as text or objects"
    return messages.assign(time=read.astype("datetime64[us, UTC]")), f"{kind} read as UTC where no zone is given."


def corpus(source: Any, lang: str | None = None) -> Corpus:
    """Tokenise messages, without quoted lines and signatures, and code them as integers.

    Parameters
    ----------
    source : Community, DataFrame or Corpus
        Messages with author and text; a corpus comes back as it is.
    lang : str, optional
        One language of a community that writes in several.

    Returns
    -------
    Corpus

    Examples
    --------
    >>> said = pd.DataFrame({"author": ["ann", "bo"], "text": ["We share stories", None]})
    >>> corpus(said).report.n_missing
    1
    """
    if isinstance(source, Corpus):
        return source
    messages, n_without, n_bots = message_frame(source, lang)
    messages, said_of_times = read_times(messages)
    unique_ids(messages)
    numbering = _Numbering()
    flat, ends, n_missing, n_quoting = array("i"), array("q", [0]), 0, 0
    for text in progress(iterable=messages["text"].to_numpy(dtype=object), desc="messages read"):
        n_missing += not isinstance(text, str) and _missing(text)
        whole = _as_text(text)
        own = own_words(whole)
        n_quoting += len(own) < len(whole.replace("\r\n", "\n"))
        flat.extend(map(numbering.__getitem__, _surfaces(own)))
        ends.append(len(flat))
    typed = [_typed(s) for s in numbering]
    types = np.array(sorted(set(typed)), dtype=object)
    position = {t: i for i, t in enumerate(types)}
    remap = np.array([position[t] for t in typed], dtype=np.int32)
    raw = np.frombuffer(flat, dtype=np.int32) if len(flat) else np.zeros(0, np.int32)
    tokens = remap[raw] if len(flat) else raw
    offsets = np.frombuffer(ends, dtype=np.int64)
    author, authors, canonical = _order(messages, tokens, offsets)
    report = _report(tokens, offsets, types, len(authors), n_missing, n_without, n_bots, n_quoting)
    report = replace(report, times=said_of_times)
    kept = messages.drop(columns="text")
    timezone = "UTC" if isinstance(source, pd.DataFrame) else getattr(source, "timezone", "UTC")
    return Corpus(kept, author, authors, tokens, offsets, types, canonical, report, timezone)


def unique_ids(messages: pd.DataFrame) -> None:
    """Refuse messages whose ids (the index) repeat: measures come back by message and could not be told apart."""
    if not messages.index.is_unique:
        raise ValueError(
            f"{plural(int(messages.index.duplicated().sum()), 'message id')} of the index repeated. "
            "Give every message an id of its own, or reset the index."
        )


def _order(
    messages: pd.DataFrame, tokens: np.ndarray, offsets: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Authors and messages in an order that follows from time and text alone."""
    from coplearn.kernels import language as kernel

    hashes = np.zeros(len(messages), np.uint64)
    kernel.text_hashes(tokens, offsets, hashes)
    named, labels = pd.factorize(messages["author"].astype(str))
    stamps = _microseconds(messages)
    record = np.zeros(len(labels), np.uint64)  # a sum does not depend on the order of its terms
    mixed = (hashes ^ stamps.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
    np.add.at(record, named, mixed ^ (mixed >> np.uint64(31)))
    canonical = np.lexsort((record[named], hashes, stamps))
    first = np.unique(named[canonical], return_index=True)[1]
    by_first = np.argsort(first, kind="stable")
    rank = np.empty(len(labels), np.int32)
    rank[by_first] = np.arange(len(labels))
    return rank[named], np.asarray(labels, dtype=object)[by_first], canonical


def _microseconds(messages: pd.DataFrame) -> np.ndarray:
    if "time" not in messages.columns:
        return np.zeros(len(messages), np.int64)
    return pd.DatetimeIndex(messages["time"]).as_unit("us").asi8


def _report(
    tokens: np.ndarray, offsets: np.ndarray, types: np.ndarray, n_authors: int, n_missing: int, n_without: int,
    n_bots: int, n_quoting: int,
) -> TextReport:  # fmt: skip
    lengths = np.diff(offsets)
    of_type = np.bincount(tokens, minlength=len(types)) if len(types) else np.zeros(0, int)
    scripts: dict[str, int] = {}
    for t, n in zip(types, of_type, strict=True):
        scripts[_script(t)] = scripts.get(_script(t), 0) + int(n)
    return TextReport(
        n_messages=len(lengths), n_missing=n_missing, n_empty=int((lengths == 0).sum()) - n_missing,
        n_one_word=int((lengths == 1).sum()), n_authors=n_authors, n_tokens=len(tokens), n_types=len(types),
        longest=int(lengths.max(initial=0)), n_without_author=n_without, n_bots=n_bots,
        n_quoting=n_quoting,
        scripts=dict(sorted(scripts.items(), key=lambda item: (-item[1], item[0]))),
    )  # fmt: skip


def _script(token: str) -> str:
    """Writing system of a token, from the name of its first character."""
    c = token[0]
    if c in "<'":
        return "TYPED" if c == "<" else "LATIN"
    if c.isascii():
        return "LATIN" if c.isalpha() else "DIGIT"
    if not c.isalnum():
        return "EMOJI"
    return unicodedata.name(c, "UNKNOWN").split()[0]


def as_token_lists(texts: Iterable[object]) -> list[list[str]]:
    """Texts or token lists as token lists."""
    if isinstance(texts, (str, bytes)) or not isinstance(texts, Iterable):
        raise TypeError(f"give a list of texts or of token lists, not {texts!r:.60}. One text: [text].")
    return [[sys.intern(str(w)) for w in t] if isinstance(t, (list, tuple, np.ndarray)) else tokenize(t) for t in texts]


def member_tokens(source: Any) -> dict[str, list[str]]:
    """All tokens of each member, from a mapping, a frame of messages, a community or a corpus.

    A mapping may give a member a text, tokens, texts, or token lists. Strings with white space in them are no tokens:
    where any member has one, all strings are read as texts. None is a member who said nothing.
    """
    if isinstance(source, Mapping):
        given = {str(m): _pieces(m, said) for m, said in source.items()}
        texts = any(isinstance(p, str) and any(c.isspace() for c in p) for ps in given.values() for p in ps)
        return {m: [w for p in ps for w in _words_of_piece(p, texts)] for m, ps in given.items()}
    text = corpus(source)
    said: dict[str, list[str]] = {str(a): [] for a in text.authors[np.unique(text.author)]}
    for author, words in zip(text.author, text.token_lists(), strict=True):
        said[str(text.authors[author])].extend(words)
    return said


def _pieces(member: object, said: Any) -> list[Any]:
    """What a mapping holds for one member, as a list of strings and token lists."""
    if _missing(said):
        return []
    if isinstance(said, (str, bytes, bytearray)):
        return [tokenize(said)]
    if not isinstance(said, Iterable) or isinstance(said, Mapping):
        raise TypeError(
            f"member {member!r} has {type(said).__name__}: give a mapping of member to tokens or texts, "
            "a frame with author and text, or a Community."
        )
    return [p for p in said if not _missing(p)]


def _words_of_piece(piece: Any, texts: bool) -> list[str]:
    if isinstance(piece, (list, tuple, np.ndarray, pd.Series)):
        return [str(w) for w in piece]
    return tokenize(piece) if texts or not isinstance(piece, str) else [piece]


def word_list(words: Any, what: str = "words") -> list[str]:
    """Words as the tokeniser writes them; a term that it cuts in two could never match and is refused.

    Examples
    --------
    >>> word_list(["We", "n't"])
    ['we', "n't"]
    """
    out = []
    for word in several(words, what):
        tokens = tokenize(word)
        if len(tokens) != 1:
            cut = " + ".join(tokens) or "nothing"
            raise ValueError(f"{word!r} is not one token ({cut}), so it never matches. Give single words as {what}.")
        out.append(tokens[0])
    return out


def several(words: Any, what: str) -> list[str]:
    """A list of strings; a plain string, whose letters would be taken for words, is refused."""
    if isinstance(words, (str, bytes)) or not isinstance(words, Iterable):
        raise TypeError(f"give a list of {what}, not {words!r:.60}.")
    return [str(w) for w in words]


def duration(value: Any, name: str) -> pd.Timedelta:
    """A stretch of time such as ``"365D"``, not below 0."""
    try:
        out = pd.Timedelta(value)
    except (ValueError, TypeError) as problem:
        raise ValueError(f"{name} {value!r} is not a duration. Write '365D' or '26W'.") from problem
    if not out >= pd.Timedelta(0):
        raise ValueError(f"{name} {value!r} is missing or below 0. Write '365D' or '26W'.")
    return out

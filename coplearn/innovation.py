"""New words: who brings them, and who takes them up.

A word is an **innovation** if the community had never used it and several of its members then use it about different
things within half a year. To **adopt** is to write a text with a word that somebody else introduced in the last three
months: members adopt most at the end of their linguistic adolescence and then keep to what they have
(Danescu-Niculescu-Mizil et al. 2013, doi:10.1145/2488388.2488416). Whether a word caught on is known only afterwards,
so both look into the future.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import plural, whole
from coplearn.corpus import TYPED, Corpus, corpus, duration
from coplearn.plots import axes

__all__ = ["Innovations", "adoption", "innovations"]


@dataclass(frozen=True, eq=False)
class Innovations:
    """Words that entered a community.

    Attributes
    ----------
    words : DataFrame
        Index word, by date: introduced (time), by (member), uses, users and contexts within the horizon.
    corpus : Corpus
    horizon, burn_in : Timedelta
    uses_future : bool
        True: whether a word caught on is known only after the horizon, so it may not predict within it.
    caveats : tuple of str
    """

    words: pd.DataFrame
    corpus: Corpus
    horizon: pd.Timedelta
    burn_in: pd.Timedelta
    caveats: tuple[str, ...]
    uses_future: bool = True

    def table(self) -> pd.DataFrame:
        """The words."""
        return self.words.copy()

    def by_window(self, every: str = "month") -> pd.DataFrame:
        """Innovations introduced in each window; NA in the burn-in and where the horizon is cut off."""
        windows = self.corpus.windows(every)
        times = self.corpus.messages["time"]
        counts = np.bincount(windows.locate(self.words["introduced"]), minlength=len(windows)).astype(float)
        judged = (windows.edges[:-1] >= times.min() + self.burn_in) & (windows.edges[1:] <= times.max() - self.horizon)
        counts[~judged] = np.nan
        return pd.DataFrame(
            {"opens": windows.edges[:-1], "innovations": counts}, index=pd.Index(windows.labels, name="window")
        )

    def summary(self) -> str:
        """How many, and the latest."""
        lines = [f"{plural(len(self.words), 'innovation')}: new, then taken up within {self.horizon.days} days"]
        if len(self.words):
            lines.append("most used: " + ", ".join(self.words.nlargest(8, "uses").index))
        return "\n".join([*lines, *(f"note: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return "\n".join(self.summary().splitlines()[:2])

    def plot(self, ax: Any = None, every: str = "month") -> Any:
        """Innovations per window."""
        ax = axes(ax)
        table = self.by_window(every)
        ax.plot(table["opens"], table["innovations"], color="0.25", marker=".")
        ax.set_xlabel("introduced")
        ax.set_ylabel(f"innovations per {every}")
        return ax


def innovations(
    source: Any,
    *,
    min_uses: int = 10,
    min_users: int = 3,
    min_contexts: int = 2,
    context: str | None = None,
    horizon: str = "183D",
    burn_in: str = "365D",
) -> Innovations:
    """Words never used before in the community and then taken up by several members.

    Parameters
    ----------
    source : Community, DataFrame or Corpus
    min_uses, min_users, min_contexts : int
        Uses, members and different things talked about that the word reaches within `horizon` of its first use.
    context : str, optional
        Column that says what a message is about; default ``thread`` or ``space``, whichever is there. Without
        one, any two messages count as different.
    horizon, burn_in : str
        Durations. Words first seen within `burn_in` of the first message are not called new: at the start
        everything is. Words introduced less than `horizon` before the end cannot be judged and are left out.

    Returns
    -------
    Innovations
    """
    text = corpus(source)
    wait, start = duration(horizon, "horizon"), duration(burn_in, "burn_in")
    for name, least in (("min_uses", min_uses), ("min_users", min_users), ("min_contexts", min_contexts)):
        whole(least, name)
    messages = text.messages
    context = context or next((c for c in ("thread", "space") if c in messages and messages[c].notna().any()), None)
    if context is not None and context not in messages:
        raise ValueError(f"messages have no column {context!r} to tell one context from another.")
    about = pd.factorize(messages[context])[0] if context else np.arange(len(text))
    about = np.where(about < 0, len(text) + np.arange(len(text)), about)  # nothing said: a context of its own

    dated = messages["time"].notna().to_numpy()
    order = text.canonical[dated[text.canonical]]
    ordered = text.take(order)
    of_message = np.repeat(np.arange(len(order)), ordered.lengths)
    stamp = pd.DatetimeIndex(ordered.messages["time"]).as_unit("us").asi8
    first = np.full(len(text.types), -1)
    used, at = np.unique(ordered.tokens, return_index=True)
    first[used] = of_message[at]
    if len(order):
        total = np.bincount(ordered.tokens, minlength=len(text.types))
        begin, end = stamp[0] + _us(start), stamp[-1] - _us(wait)
        new = (first >= 0) & (total >= min_uses)
        new &= (stamp[first] >= begin) & (stamp[first] <= end) & ~np.isin(text.types, TYPED)
        inside = new[ordered.tokens] & (stamp[of_message] <= stamp[first[ordered.tokens]] + _us(wait))
        type_, where = ordered.tokens[inside].astype(np.int64), of_message[inside]
        uses = np.bincount(type_, minlength=len(text.types))
        users = _distinct(type_, ordered.author[where], len(text.types))
        contexts = _distinct(type_, about[order][where], len(text.types))
        found = np.flatnonzero(new & (uses >= min_uses) & (users >= min_users) & (contexts >= min_contexts))
    else:
        found = uses = users = contexts = np.zeros(0, int)
    by = ordered.messages.iloc[first[found]]
    words = pd.DataFrame(
        {"introduced": by["time"].to_numpy(), "by": by["author"].to_numpy(), "uses": uses[found],
         "users": users[found], "contexts": contexts[found]},
        index=pd.Index(text.types[found], name="word"),
    )  # fmt: skip
    words["introduced"] = pd.DatetimeIndex(by["time"])
    said = [
        "Whether a word was taken up is known only afterwards: not for prediction within the horizon.",
        f"Words first seen in the first {start.days} or introduced in the last {wait.days} days are not judged.",
    ]
    if not dated.any():
        said.append("No message has a time, so no word is new.")
    if context is None:
        said.append("No column tells what a message is about: any two messages count as different contexts.")
    return Innovations(words.sort_values(["introduced"], kind="stable"), text, wait, start, tuple(said))


def _us(duration: pd.Timedelta) -> int:
    return int(duration / pd.Timedelta(1, "us"))


def _distinct(key: np.ndarray, value: np.ndarray, n_keys: int) -> np.ndarray:
    """Number of distinct values per key."""
    values = np.unique(value, return_inverse=True)[1]
    pairs = np.unique(key * (values.max(initial=0) + 1) + values)
    return np.bincount(pairs // (values.max(initial=0) + 1), minlength=n_keys)


def adoption(source: Any, found: Innovations | None = None, within: str = "92D") -> pd.Series:
    """Whether each message uses an innovation of the last months that its author did not introduce.

    Parameters
    ----------
    source : Community, DataFrame or Corpus
    found : Innovations, optional
        From the same messages.
    within : str
        How recent the introduction must be.

    Returns
    -------
    Series of float, by message
        1 or 0; NaN in the burn-in, in the unjudged end and for messages without time or word.
    """
    text, recent = corpus(source), duration(within, "within")
    found = innovations(text) if found is None else found
    out = np.full(len(text), np.nan)
    times = pd.DatetimeIndex(text.messages["time"])
    if len(text) == 0 or times.notna().sum() == 0:
        return pd.Series(out, index=text.messages.index, name="adopts")
    stamp = times.as_unit("us").asi8
    known = np.full(len(text.types), np.iinfo(np.int64).max)
    inventor = np.full(len(text.types), -1)
    if len(found.words):
        position = {t: i for i, t in enumerate(text.types)}
        number = {a: i for i, a in enumerate(text.authors)}
        rows = found.words[[w in position for w in found.words.index]]  # `found` may come from more messages than these
        place = [position[w] for w in rows.index]
        known[place] = pd.DatetimeIndex(rows["introduced"]).as_unit("us").asi8
        inventor[place] = [number.get(str(a), -1) for a in rows["by"]]
    of_message = np.repeat(np.arange(len(text)), text.lengths)
    age = np.where(known[text.tokens] < np.iinfo(np.int64).max, stamp[of_message] - known[text.tokens], -1)
    hit = (age >= 0) & (age <= _us(recent)) & (inventor[text.tokens] != text.author[of_message])
    out = (np.bincount(of_message, weights=hit, minlength=len(text)) > 0).astype(float)
    judged = (times >= times.min() + found.burn_in) & (times <= times.max() - found.horizon)
    out[~np.asarray(judged) | (text.lengths == 0)] = np.nan
    return pd.Series(out, index=text.messages.index, name="adopts")

"""An invented language that drifts, and authors who follow it or do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from coplearn.synthetic.members import HABITS, People
from coplearn.synthetic.plan import YEAR, Plan
from coplearn.synthetic.truth import means_by_wave, steps

__all__ = ["write_texts"]

FIRST_PERSON = ("i", "me", "my", "we", "our")
SYLLABLES = ("bdfgklmnprstvz", "aeiou", "aou")  # onsets, vowels, last vowels; no such word is an English function word
TYPES, FOLLOWERS, BROUGHT = 1500, 8, 12  # base words; followers of a word; words that a cohort brings


def _lexicon(count: int, rng: np.random.Generator) -> np.ndarray:
    """Invented words of two to four syllables, all different, shorter ones first."""
    onsets, vowels, last = (np.array(list(letters)) for letters in SYLLABLES)
    words: dict[str, None] = {}
    while len(words) < count:
        size = 2 if len(words) < 300 else 3 if len(words) < 1400 else 4
        open_ = [rng.choice(onsets) + rng.choice(vowels) for _ in range(size - 1)]
        words["".join(open_) + rng.choice(onsets) + rng.choice(last)] = None
    return np.array(list(words), dtype=object)


def _language_date(plan: Plan, joined: np.ndarray, seconds: np.ndarray | int) -> np.ndarray:
    """The date g, in years since the start, whose language is spoken at an instant by who joined then."""
    tenure = (seconds - joined) / YEAR
    if plan.acculturation == 0:
        return joined / YEAR + 0 * tenure
    return joined / YEAR + tenure + np.expm1(-plan.acculturation * tenure) / plan.acculturation


def write_texts(
    plan: Plan, people: People, record: pd.DataFrame, rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, Any]]:
    """The text of each act (None where nothing is written) and the truth about the words.

    All messages are written at once, one position after the other. Positions of words: base, cohorts',
    innovations (the first twelve are in use at the start), first person.
    """
    kind, actor = record["kind"].to_numpy(), record["actor"].to_numpy()
    rows = np.flatnonzero(kind != "thanks")
    person = np.minimum(actor[rows], len(people) - 1)
    seconds = record["seconds"].to_numpy()[rows]
    machine = actor[rows] >= len(people)
    joined = np.where(machine, seconds, people.joined[person])  # a bot has no past: it speaks the language of the day
    date = _language_date(plan, joined, seconds)
    newness = np.exp(-plan.acculturation * (seconds - joined) / YEAR)
    newness[machine] = 0.0
    months = int(np.ceil(plan.span / YEAR * 12)) + 12
    n_own = TYPES + BROUGHT * len(people.cohorts)
    lexicon = np.concatenate([_lexicon(n_own + months, rng), FIRST_PERSON])
    zipf = 1 / (np.arange(TYPES) + 2.7)
    axis, axes = rng.normal(size=TYPES), rng.normal(size=(HABITS, TYPES))
    follow = rng.choice(TYPES, (len(lexicon), FOLLOWERS), p=zipf / zipf.sum())
    length = rng.integers(15, 61, len(rows)) if len(rows) else np.zeros(0, dtype=np.int64)
    tilt = (plan.habits * newness)[:, None] * people.habits[person]
    fresh = _base_words(zipf, plan.language_drift * date[:, None] * axis, tilt, axes, rng)
    shape = fresh.shape
    own = TYPES + BROUGHT * people.cohort[person][:, None] + rng.integers(0, BROUGHT, shape)
    recent = n_own + np.floor(date * 12).astype(np.int64)[:, None] + 11 - rng.integers(0, 12, shape)
    me = n_own + months + rng.choice(len(FIRST_PERSON), shape, p=[0.4, 0.15, 0.15, 0.2, 0.1])
    sort, chain = rng.random(shape), rng.random(shape) < plan.bigram
    next_word = rng.integers(0, FOLLOWERS, shape)
    share = np.where(machine, 0.0, plan.cohort_words)[:, None]
    upto = share + plan.innovations
    upto_me = upto + (plan.first_person * (1 + newness) / 2 * ~machine)[:, None]
    tokens = np.empty(shape, dtype=np.int64)
    for p in range(shape[1]):
        word = np.where(chain[:, p], follow[tokens[:, p - 1], next_word[:, p]], fresh[:, p]) if p else fresh[:, p]
        pick = sort[:, p]
        word = np.where(pick < upto_me[:, 0], me[:, p], word)
        word = np.where(pick < upto[:, 0], recent[:, p], word)
        tokens[:, p] = np.where(pick < share[:, 0], own[:, p], word)
    words = np.full(len(record), None, dtype=object)
    for row, (line, size) in enumerate(zip(tokens, length.tolist(), strict=True)):
        words[rows[row]] = " ".join(lexicon[line[:size]]) + ("?" if kind[rows[row]] == "question" else ".")
    dates = np.array([_language_date(plan, people.joined, int(t)) for t in plan.opens])
    truth = {
        "steps": steps(dates, people.present),
        "language_dates": means_by_wave(dates, people.present),
        "cohort_words": {
            c: lexicon[TYPES + BROUGHT * k : TYPES + BROUGHT * (k + 1)].tolist() for k, c in enumerate(people.cohorts)
        },
        "innovations": [[w, (k - 11) / 12] for k, w in enumerate(lexicon[n_own : n_own + months].tolist())],
        "first_person": list(FIRST_PERSON),
        "types": len(lexicon),
    }
    return words, truth


def _base_words(
    zipf: np.ndarray, drifted: np.ndarray, tilt: np.ndarray, axes: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Independent draws from each message's own distribution over base words, shape (n_messages, 60)."""
    out = np.empty((len(tilt), 60), dtype=np.int64)
    for first in range(0, len(tilt), 500):  # a block of messages at a time keeps memory small
        block = slice(first, first + 500)
        mass = (zipf * np.exp(drifted[block] + tilt[block] @ axes)).cumsum(axis=1)
        mass /= mass[:, -1:]
        lift = np.arange(len(mass))[:, None]  # row r lives in (r, r + 1], so that one sorted search serves all rows
        place = np.searchsorted((mass + lift).ravel(), (rng.random((len(mass), 60)) + lift).ravel(), "right")
        out[block] = np.minimum(place.reshape(len(mass), 60) - lift * len(zipf), len(zipf) - 1)
    return out

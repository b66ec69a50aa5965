"""Time and memory of the language measures, and how cost grows with the number of messages.

``python benchmarks/bench_language.py`` writes ``benchmarks/results/language.json`` (three sizes) and
``benchmarks/results/language_twin.json`` (the ratio to the plain-Python twin; a cohort divergence).
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from measure import RESULTS, Clock, environment, growth

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import naive_language as naive

from coplearn import divergence as words
from coplearn.corpus import corpus
from coplearn.language import code_spans, draw_models, score_part, snapshots

JOBS = 2
SPAN, MODELS = 30, 20


def messages(n, n_types=20_000, months=60, n_authors=None, seed=0):
    """Messages of 30 to 40 words: Zipf within 50 topics, so that pairs repeat as in text."""
    rng = np.random.default_rng(seed)
    n_authors = n_authors or max(200, n // 50)
    names = np.array([f"w{i:05d}" for i in range(n_types)], dtype=object)
    share = 1 / np.arange(1, n_types + 1)
    rank = np.searchsorted(np.cumsum(share / share.sum()), rng.random(40 * n)).astype(np.int32)
    topic = np.repeat(rng.integers(50, size=n), 40)
    token = np.where(rank < 200, rank, (rank + 389 * topic) % n_types)
    length = rng.integers(30, 41, size=n)
    text = [" ".join(names[token[40 * i : 40 * i + length[i]]]) for i in range(n)]
    start = pd.Timestamp("2010-01-01", tz="UTC").value // 1000
    stamp = start + np.sort(rng.integers(0, int(months * 30.4375 * 86_400e6), size=n))
    author = np.char.add("m", rng.integers(n_authors, size=n).astype(str))
    return pd.DataFrame(
        {
            "time": pd.DatetimeIndex(stamp.astype("datetime64[us]"), tz="UTC"),
            "author": author.astype(object),
            "text": text,
        }
    )


def timed(call, *args, **options):
    begin = time.perf_counter()
    out = call(*args, **options)
    return out, time.perf_counter() - begin


def work(size: int, clock: Clock) -> None:
    """Reading `size` messages, then 20 leave-author-out models a month and every message scored."""
    snapshots(messages(3_000, months=3), models=2)  # compile
    frame = messages(size)
    with clock("read messages"):
        text = corpus(frame)
    del frame
    with clock("models and scores"):
        shots = snapshots(text, models=MODELS, jobs=JOBS)
    assert shots.by_window["n_scored"].sum() > 0.9 * size


def ratio_to_twin(n=2_000):
    """One window scored by the kernel and by the plain twin."""
    text = corpus(messages(n, n_types=2_000, months=1, n_authors=200))
    vocabulary = text.vocabulary(5)
    coded = text.encode(vocabulary)
    rows = text.canonical

    def fast():
        rng = np.random.default_rng(0)
        part = code_spans(text, coded, rows, SPAN, len(vocabulary)).with_models(MODELS, 500, 5, rng)
        return score_part(part, part, len(vocabulary), "witten-bell")[0]

    fast()  # compile
    got, quick = timed(fast)
    author = np.unique(text.author[rows], return_inverse=True)[1]
    chosen = draw_models(author, MODELS, 500, 5, np.random.default_rng(0))[0]
    lists = text.token_lists()
    known = set(vocabulary)

    def slow():
        spans = [naive.span_pairs(lists[r], known, SPAN) for r in rows]
        return naive.leave_author_out(spans, author, chosen.tolist(), vocabulary)[0]

    want, slowly = timed(slow)
    return {
        "messages": n,
        "seconds_kernel": round(quick, 4),
        "seconds_twin": round(slowly, 2),
        "ratio": round(slowly / quick),
        "largest_difference_bits": float(np.nanmax(np.abs(got - np.array(want)))),
    }


def divergence_time(n_members=500, n_tokens=1_000, n_types=20_000, permutations=1_000):
    """A cohort divergence over a vocabulary of 20,000."""
    rng = np.random.default_rng(0)
    share = 1 / np.arange(1, n_types + 1)
    names = np.array([f"w{i:05d}" for i in range(n_types)], dtype=object)
    cohort = [
        {f"{side}{i}": names[rng.choice(n_types, n_tokens, p=share / share.sum())].tolist() for i in range(n_members)}
        for side in "ab"
    ]
    words.divergence(*({m: t[:5] for m, t in c.items()} for c in cohort), permutations=2)  # compile
    found, seconds = timed(words.divergence, *cohort, permutations=permutations)
    return {
        "members": 2 * n_members,
        "tokens": 2 * n_members * n_tokens,
        "types": len(found.words),
        "permutations": permutations,
        "seconds": round(seconds, 2),
    }


if __name__ == "__main__":
    growth("language", sizes=(100_000, 300_000, 1_000_000), work=work)
    if "--size" not in sys.argv:
        found = {"twin": ratio_to_twin(), "divergence": divergence_time(), "measured_on": environment()}
        print(json.dumps({k: found[k] for k in ("twin", "divergence")}, indent=1))
        (RESULTS / "language_twin.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")

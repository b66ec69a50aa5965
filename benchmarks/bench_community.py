"""A community of 10^4 to 10^6 events: check it, save and load it, cut it into monthly networks."""

from __future__ import annotations

import tempfile

import numpy as np
import pandas as pd
from measure import Clock, growth

import coplearn as cl

YEARS = 5


def draw(size: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A tenth as many members as events; they stay for a year on average and act, unequally, while both are there."""
    rng = np.random.default_rng(size)
    n = size // 10
    start = pd.Timestamp("2018-01-01", tz="UTC")
    joined = np.sort(rng.integers(0, YEARS * 365 * 86_400, n))
    left = joined + rng.exponential(365 * 86_400, n).astype(int) + 86_400
    rate = rng.pareto(1.5, n) + 0.1
    sender = rng.choice(n, 4 * size, p=rate / rate.sum())
    receiver = (sender + rng.integers(1, n // 10, 4 * size)) % n
    opens, closes = np.maximum(joined[sender], joined[receiver]), np.minimum(left[sender], left[receiver])
    met = np.flatnonzero(np.minimum(closes, YEARS * 365 * 86_400) > opens)[:size]
    assert len(met) == size
    sender, receiver, opens = sender[met], receiver[met], opens[met]
    seconds = rng.integers(opens, np.minimum(closes[met], YEARS * 365 * 86_400))
    names = np.array([f"member{k:06d}" for k in range(n)])
    members = pd.DataFrame({"member": names, "joined": start + pd.to_timedelta(joined, unit="s"), "consent": "all"})
    members["left"] = start + pd.to_timedelta(left, unit="s")
    events = pd.DataFrame(
        {
            "time": start + pd.to_timedelta(seconds, unit="s"),
            "sender": names[sender],
            "receiver": names[receiver],
            "kind": rng.choice(["answer", "thanks", "review"], size),
        }
    )
    return members, events


def work(size: int, clock: Clock) -> None:
    members, events = draw(size)
    with clock("validate"):
        community = cl.Community("bench", members, events)
    with tempfile.TemporaryDirectory() as folder:
        with clock("save"):
            community.save(folder)
        with clock("load and validate"):
            community = cl.load(folder)
    with clock("cut into months"):
        community.networks("month")
    with clock("build every monthly graph"):
        count = sum(graph.size("count") for graph in community.networks("month").values())
    assert count == size
    with clock("cohorts"):
        community.cohorts(every="month").table()


if __name__ == "__main__":
    growth("community", sizes=(10_000, 100_000, 1_000_000), work=work)

"""Event models with sampled controls: 10^5 events of 10^3 members with 20, 10^6 of 10^4 with 5; ten effects."""

from __future__ import annotations

import numpy as np
import pandas as pd
from measure import Clock, growth

from coplearn import REM
from coplearn import effects as fx
from coplearn.events import EventSequence

CONTROLS = {100_000: (1_000, 20), 1_000_000: (10_000, 5)}


def history(n: int, events: int, seed: int = 0) -> EventSequence:
    """Events that repeat earlier ones, answer them, or find new pairs of more and less active members."""
    rng = np.random.default_rng(seed)
    weight = rng.lognormal(size=(2, n))
    fresh = [rng.choice(n, events, p=w / w.sum()) for w in weight]
    fresh[1] = np.where(fresh[0] == fresh[1], (fresh[1] + 1) % n, fresh[1])
    kind, earlier = rng.random(events), (rng.random(events) * np.arange(events)).astype(int)
    sender, receiver = fresh[0].tolist(), fresh[1].tolist()
    for m, (what, e) in enumerate(zip(kind.tolist(), earlier.tolist(), strict=True)):
        if m and what < 0.4:
            sender[m], receiver[m] = sender[e], receiver[e]
        elif m and what < 0.6:
            sender[m], receiver[m] = receiver[e], sender[e]
    frame = pd.DataFrame({"time": np.cumsum(rng.exponential(size=events)), "sender": sender, "receiver": receiver})
    return EventSequence.from_frame(
        frame, pd.DataFrame({"x": rng.normal(size=n), "g": rng.integers(0, 5, n)}, index=range(n))
    )


def effects(unit: float) -> list[fx.Effect]:
    """Ten effects; `unit` is the half-life of memory."""
    return [
        fx.inertia(log=True),
        fx.reciprocity(log=True),
        fx.otp(unique=True, log=True),
        fx.inertia(halflife=unit),
        fx.indegree_sender(log=True),
        fx.outdegree_sender(scaling="prop"),
        fx.indegree_receiver(scaling="prop"),
        fx.sender("x"),
        fx.receiver("x"),
        fx.same("g"),
    ]


def work(size: int, clock: Clock) -> None:
    n, controls = CONTROLS[size]
    events = history(n, size)
    warm = history(50, 200)
    REM(warm, effects(50.0), controls=controls).fit(seed=1)  # compiled code is read from disk
    with clock(f"fit, {controls} controls, ten effects"):
        res = REM(events, effects(size / 20), controls=controls).fit(seed=1)
    assert res.converged


if __name__ == "__main__":
    growth("rem_sampled", sizes=(100_000, 1_000_000), work=work)

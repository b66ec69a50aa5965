"""Relational event models on the full risk set: 30 x 1,000, 100 x 10,000 and 100 x 50,000 members x events.

Two models of eight effects. In "few change" an event moves the statistics of few pairs; in "all change" shares of all
events and halving memory move those of every pair. A step that is called fit holds design, statistics and estimation;
its event-dyads a second of processor time are printed, and compared with 0.41 million of remverse.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from measure import Clock, growth

import coplearn as cl
from coplearn import effects as fx

MEMBERS = {1_000: 30, 10_000: 100, 50_000: 100}
COMMON = [fx.reciprocity(log=True), fx.otp(log=True), fx.participation_shift("AB-BA"), fx.recency_rank_receive()]
COMMON += [fx.sender("x"), fx.receiver("x"), fx.same("group")]
FEW = [fx.inertia(log=True), *COMMON]
ALL = [fx.inertia(halflife=50.0), *COMMON[:-2], fx.outdegree_sender(scaling="prop"), fx.same("group")]


def draw(n: int, m: int, rng: np.random.Generator) -> cl.EventSequence:
    """Events that repeat and answer one another."""
    sender, receiver = np.empty(m, int), np.empty(m, int)
    for e in range(m):
        kind, past = rng.random(), int(rng.integers(0, e)) if e else 0
        if e and kind < 0.3:
            sender[e], receiver[e] = sender[past], receiver[past]
        elif e and kind < 0.5:
            sender[e], receiver[e] = receiver[past], sender[past]
        else:
            sender[e] = rng.integers(0, n)
            receiver[e] = (sender[e] + rng.integers(1, n)) % n
    frame = pd.DataFrame({"time": np.cumsum(rng.exponential(0.1, m)), "sender": sender, "receiver": receiver})
    members = pd.DataFrame({"x": rng.normal(size=n), "group": rng.integers(0, 3, n)})
    return cl.EventSequence.from_frame(frame, members)


def work(size: int, clock: Clock) -> None:
    rng = np.random.default_rng(size)
    n = MEMBERS[size]
    events, warm = draw(n, size, rng), draw(5, 60, rng)
    for name, effects in (("few change", FEW), ("all change", ALL)):
        cl.REM(warm, effects).fit(ridge=1.0)  # compiles
        if name == "all change" and size > 10_000:
            continue
        with clock(f"fit, {name}"):
            res = cl.REM(events, effects).fit()
        assert res.converged
        speed = size * n * (n - 1) / clock.steps[f"fit, {name}"]["cpu_s"] / 1e6
        clock.steps[f"fit, {name}"]["million_event_dyads_per_cpu_s"] = round(speed, 1)


if __name__ == "__main__":
    growth("rem", sizes=(1_000, 10_000, 50_000), work=work)

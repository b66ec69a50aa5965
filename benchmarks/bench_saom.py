"""Simulation of the actor-oriented model: ministeps a second and memory at growing numbers of members.

One network of average degree 6 and one behavior of five levels, with the effects of a typical study (twelve, scores
included), on one core. A run is one period with six opportunities per member to change a tie and 1.5 to change
behavior. Compilation happens before the clock starts.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from measure import Clock, growth

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from saom_cases import draw, effects, evaluation, period

from coplearn.kernels.saom_engine import prepare

SIZES = (50, 200, 1000, 5000)
RUNS = {50: 2000, 200: 400, 1000: 40, 5000: 6}
LISTED = [
    *evaluation("net0", "density", "recip", "transTrip", "gwespFF", "inPop"),
    *evaluation("net0", ("simX", ("z0",)), ("egoX", ("z0",)), ("altX", ("z0",)), ("sameX", ("v0",))),
    *evaluation("z0", "linear", "quad", ("avSim", ("net0",))),
]
RATE = [6.0, 1.5]


def theta(n: int) -> list[float]:
    """Parameters at which the network keeps about six ties a member."""
    outdegree = {50: -1.55, 200: -2.03, 1000: -2.77, 5000: -3.55}[n]
    return [outdegree, 1.0, 0.05, 0.4, 0.02, 0.3, 0.05, 0.05, 0.2, 0.1, -0.1, 0.8]


def members(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ties to near and far members, behavior and a covariate of three values."""
    g = np.random.default_rng(n)
    x = np.zeros((1, n, n), np.uint8)
    for i in range(n):
        x[0, i, g.choice(n, 3, replace=False)] = 1
        x[0, i, (i + g.choice(np.arange(1, 9), 3, replace=False)) % n] = 1
    x[0, np.arange(n), np.arange(n)] = 0
    return x, g.integers(1, 6, n), g.integers(0, 3, n) - 1.0


def work(size: int, clock: Clock) -> None:
    """Prepare a period of `size` members and simulate it."""
    small = period(*members(20))
    draw(small, effects(small, LISTED), theta(50), RATE, 1)  # compiles, or loads what was compiled
    data = period(*members(size))
    rows = effects(data, LISTED)
    with clock("prepare"):
        engine = prepare(data, rows, 64)
    with clock("simulate"):
        runs = draw(data, rows, theta(size), RATE, RUNS[size], engine=engine)
    rate = runs.steps.sum() / clock.steps["simulate"]["cpu_s"]
    degree = runs.moments[:, 2].mean() / size
    clock.steps["simulate"] |= {"ministeps_per_s": round(rate), "degree_at_end": round(degree, 1)}
    print(f"{size:>6} members: {rate:>12,.0f} ministeps a second, degree at the end {degree:.1f}", file=sys.stderr)


if __name__ == "__main__":
    growth("saom", sizes=SIZES, work=work)

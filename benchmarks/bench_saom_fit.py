"""Whole fits of actor-oriented models: three shaped like the reference fits at 50 members, two waves at 200 and 500.

The size is the number of members. At 50: M1 (two waves, density, reciprocity, transitivity, conditional), M2 (three
waves; three-cycles and a covariate more) and M4 (co-evolution with a behavior, unconditional). At 200 and 500: two
waves, density, reciprocity, transitivity, a covariate. Compilation, paid once per installation, is a step of its own.
"""

from __future__ import annotations

import numpy as np
from measure import Clock, growth

from coplearn import effects as fx
from coplearn.panel import JointPanel
from coplearn.saom import SAOM

FRAME = [fx.outdegree(), fx.reciprocity(), fx.transitive_triplets()]
ALCOHOL = [fx.alter("x"), fx.ego("x"), fx.similarity("x")]


def waves(n: int, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Ties in circles of ten, about three a member, a third of them new at each wave; a behavior of five values."""
    inside = np.equal.outer(np.arange(n) // 10, np.arange(n) // 10)
    chance = np.where(inside, 0.28, 0.4 / n) * ~np.eye(n, dtype=bool)
    ties, drink = np.zeros((count, n, n)), np.zeros((count, n))
    ties[0], drink[0] = rng.random((n, n)) < chance, rng.integers(1, 6, n)
    for m in range(1, count):
        again = rng.random((n, n)) < 0.35
        ties[m] = np.where(again, rng.random((n, n)) < chance, ties[m - 1])
        drink[m] = np.clip(drink[m - 1] + rng.choice([-1, 0, 1], n, p=[0.2, 0.5, 0.3]), 1, 5)
    return ties, drink


def work(size: int, clock: Clock) -> None:
    rng = np.random.default_rng(size)
    ties, drink = waves(size, 3, rng)
    behavior = {"drink": [fx.linear_shape(), fx.quadratic_shape(), fx.average_similarity("net")]}
    selection = [fx.alter("drink"), fx.ego("drink"), fx.similarity("drink")]
    two = JointPanel.from_arrays({"net": ties[:2]}, covariates={"x": drink[0]})
    with clock("first call"):
        model = SAOM(two, {"net": FRAME})
        model.simulate([1, -2, 1, 0.2])
        model.targets()
    if size == 50:
        three = JointPanel.from_arrays({"net": ties}, {"drink": drink}, {"x": drink[:2]})
        models = {
            "M1": model,
            "M2": SAOM(three, {"net": [*FRAME, fx.three_cycles(), *ALCOHOL]}),
            "M4": SAOM(three, {"net": [*FRAME, *selection], **behavior}),
        }
    else:
        models = {"two waves": SAOM(two, {"net": [*FRAME, *ALCOHOL]})}
    for name, each in models.items():
        with clock(name):
            res = each.fit(seed=1, progress=False)
        assert res.converged, res.convergence()


if __name__ == "__main__":
    growth("saom_fit", sizes=(50, 200, 500), work=work)

"""What estimators of a synthetic community aim at: population means and the parts of their changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from coplearn.synthetic.members import People
from coplearn.synthetic.plan import Plan
from coplearn.synthetic.states import identity_mean
from coplearn.synthetic.survey import CUTS, difficulty

__all__ = ["identity_truth", "means_by_wave", "steps"]


def identity_truth(plan: Plan, people: People, identity: np.ndarray, scores: np.ndarray) -> dict[str, Any]:
    """What an estimator of identity drift aims at."""
    mean = identity_mean(plan, people)
    free = plan.exit_selection == 0  # else who stays differs from who came, and the expectation is another
    points = _expected_score(mean, plan.identity_sd**2 + plan.identity_noise**2, plan.scales["identity"])
    by_cohort = {
        name: {
            "members": int((people.cohort == c).sum()),
            "means": means_by_wave(identity, people.present & (people.cohort == c)),
        }
        for c, name in enumerate(people.cohorts)
    }
    return {
        "drift": plan.drift,
        "replacement": plan.replacement,
        "means": means_by_wave(identity, people.present),
        "score_means": means_by_wave(scores, people.present),
        "cohort_means": by_cohort,
        "steps": {
            "latent": steps(identity, people.present),
            "score": steps(scores, people.present),
            "expected_latent": steps(mean, people.present) if free else None,
            "expected_score": steps(points, people.present) if free else None,
        },
    }


def _expected_score(mean: np.ndarray, variance: float, loading: Sequence[float]) -> np.ndarray:
    """Expected scale score of a normal trait: each item is 1 plus the cuts that it is expected to pass."""
    from scipy.special import ndtr

    lam = np.asarray(loading)[:, None]
    cuts = difficulty(loading)[:, None] + CUTS
    above = (lam * mean[..., None, None] - cuts) / np.sqrt(lam**2 * variance + 1 - lam**2)
    return 1.0 + ndtr(above).sum(axis=-1).mean(axis=-1)


def steps(values: np.ndarray, present: np.ndarray) -> list[dict[str, float | int | None]]:
    """Total, within, entry and exit from each wave (labelled from 1) to the next; None where nobody stays."""
    out: list[dict[str, float | int | None]] = []
    for w in range(len(values) - 1):
        a, b = present[w], present[w + 1]
        stay = a & b
        step: dict[str, float | int | None] = {"from": w + 1, "to": w + 2, "stayers": int(stay.sum())}
        if stay.any():
            before, after = values[w][a].mean(), values[w + 1][b].mean()
            old, new = values[w][stay].mean(), values[w + 1][stay].mean()
            parts = {"total": after - before, "within": new - old, "entry": after - new, "exit": old - before}
            step |= {k: float(v) for k, v in parts.items()}
        else:
            step |= dict.fromkeys(("total", "within", "entry", "exit"))
        out.append(step)
    return out


def means_by_wave(values: np.ndarray, present: np.ndarray) -> list[float | None]:
    """Mean of each wave over the members present; None where there are none."""
    return [float(row[here].mean()) if here.any() else None for row, here in zip(values, present, strict=True)]

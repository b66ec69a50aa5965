"""Do the intervals of the drift decomposition hold what they promise?

**Planted.** Communities are drawn with a planted within-member drift and a planted replacement, or with neither;
everybody answers, or some do not (the generator's response rate and attrition). In each, the decomposition of the
identity score over all waves is estimated from those who answered, with its 95 % bootstrap interval. The target is
what the parts are on average when everybody answers: the mean over all draws of the parts of the complete answers,
which the generator keeps; with neither planted it is 0.

**Turnover.** How few joiners and leavers will do? Scores are skewed (gamma, shape 2, unit variance), as are their
changes (mean 0.1, s.d. 0.5 a wave); joiners are drawn half a standard deviation higher, low scorers leave more often.
Cells differ in the number of members, the share of them that joins and leaves at each wave, and the number of waves
summed over. Beside the intervals of ``conf_int`` stand two others: the quantiles of the same bootstrap without their
widening, and the delete-one-member jackknife with Student's t. All are judged where ``conf_int`` gives an interval.

Writes ``drift.json``: under ``scenarios`` the target, the mean estimate, how often the interval covers, and how often
it leaves out zero; under ``turnover`` the coverage by cell. ``python benchmarks/recovery/drift.py [communities]``
"""

from __future__ import annotations

import json
import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy import stats

import coplearn as cl
from coplearn.drift import Drift, _parts, _totals

PARTS = ["total", "within", "entry", "exit", "nonresponse"]
ANSWERED = {"response": 1.0, "attrition": 0.0, "item_missing": 0.0}
SCENARIOS: dict[str, dict[str, float]] = {
    "planted": {"drift": 0.35, "replacement": -0.45, **ANSWERED},
    "planted, some silent": {"drift": 0.35, "replacement": -0.45},
    "neither": {"drift": 0.0, "replacement": 0.0, **ANSWERED},
    "neither, some silent": {"drift": 0.0, "replacement": 0.0},
}
MEMBERS, TURNOVER, STEPS = (60, 120, 300), (0.05, 0.1, 0.2, 0.4), (1, 5)
CELL, TARGET, DRAWS = 600, 2000, 800  # communities a cell, communities behind its target, bootstrap draws


def one(seed: int, planted: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Complete-data parts, and (estimate, low, high) of each part, summed over the waves."""
    community = cl.synthetic.community(seed=seed, ties=False, events=False, text=False, **planted)
    steps = community.truth["identity"]["steps"]["score"]
    complete = np.array([sum(step.get(part, 0.0) for step in steps) for part in PARTS])
    table = cl.decompose_drift(community, "identity").conf_int(draws=DRAWS, seed=seed).loc["sum"]
    return complete, table.loc[PARTS, ["estimate", "low", "high"]].to_numpy()


def scenario(planted: dict[str, float], communities: int) -> dict[str, dict[str, float]]:
    drawn = Parallel(n_jobs=2)(delayed(one)(seed, planted) for seed in range(communities))
    complete, found = (np.array(part) for part in zip(*drawn, strict=True))
    target = complete.mean(axis=0) if planted["drift"] else np.zeros(len(PARTS))
    rows = {}
    for k, part in enumerate(PARTS):
        estimate, low, high = found[:, k].T
        row = {
            "target": target[k],
            "target_se": complete[:, k].std(ddof=1) / np.sqrt(communities),
            "mean_estimate": estimate.mean(),
            "coverage": np.mean((low <= target[k]) & (target[k] <= high)),
            "excludes_zero": np.mean((low > 0) | (high < 0)),
            "coverage_se": np.sqrt(0.95 * 0.05 / communities),
        }
        rows[part] = {name: round(float(value), 4) for name, value in row.items()}
    return rows


def skewed(rng: np.random.Generator, n: int) -> np.ndarray:
    """Gamma of shape 2, mean 0 and variance 1 (skewness 1.4)."""
    return (rng.gamma(2.0, size=n) - 2) / np.sqrt(2)


def scores(rng: np.random.Generator, n: int, turnover: float, steps: int) -> np.ndarray:
    """Scores of one community over its waves; NaN where absent: shape (steps + 1, members ever)."""
    entry = np.repeat(np.arange(steps + 1), [n, *rng.binomial(n, turnover, steps)])
    score = skewed(rng, len(entry)) + 0.5 * (entry > 0)
    leaves = turnover * np.where(score < -0.2, 1.4, 0.6)  # a little less than half score below -0.2
    here = np.ones(len(entry), dtype=bool)
    y = np.full((steps + 1, len(entry)), np.nan)
    for w in range(steps + 1):
        y[w] = np.where(here & (entry <= w), score, np.nan)
        here &= (entry > w) | (rng.random(len(entry)) >= leaves)
        score = score + 0.1 + 0.5 * skewed(rng, len(entry))
    return y


def decomposed(y: np.ndarray) -> Drift:
    steps = tuple((w, w + 1) for w in range(len(y) - 1))
    members, waves = pd.RangeIndex(y.shape[1]), pd.RangeIndex(len(y))
    return Drift("score", y, ~np.isnan(y), members, waves, steps, None, None, None)


def jackknife(drift: Drift) -> np.ndarray:
    """Standard errors of the summed effects from leaving out one member at a time."""
    left_out = 0.0
    for sums in drift._sums:
        others = sums.sum(axis=0) - sums
        left_out = left_out + np.column_stack([_totals(others), _parts(others)])
    n = len(drift.members)
    return np.sqrt((n - 1) / n * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))


def cell(n: int, turnover: float, steps: int) -> dict[str, Any]:
    """Coverage in one cell: of the only step, or of the sum over five."""
    rng = np.random.default_rng([n, int(100 * turnover), steps])
    target = np.nanmean(
        [decomposed(scores(rng, n, turnover, steps))._estimate.sum(axis=0) for _ in range(TARGET)], axis=0
    )
    target = np.append(target.sum(), target)  # the parts add up to the total
    joined, known, covered = [], [], []
    for k in range(CELL):
        drift = decomposed(scores(rng, n, turnover, steps))
        table = drift.conf_int(draws=DRAWS, seed=k).loc["sum" if steps > 1 else "0 to 1"]
        estimate, low, high = table.loc[PARTS].to_numpy().T
        widening, spread = drift._widening(0.05)[-1], jackknife(drift)
        t = stats.t.ppf(0.975, drift._resting()[-1] - 1)
        bounds = {
            "coverage": (low, high),
            "unwidened": (estimate - (estimate - low) / widening, estimate + (high - estimate) / widening),
            "jackknife_t": (estimate - t * spread, estimate + t * spread),
        }
        joined.append(drift.table()["joiners"].mean())
        known.append(~np.isnan(low))
        covered.append([(lower <= target) & (target <= upper) for lower, upper in bounds.values()])
    among = np.array(known).sum(axis=0)
    hits = (np.array(covered) & np.array(known)[:, None]).sum(axis=0) / np.maximum(among, 1)
    row: dict[str, Any] = {"members": n, "turnover": turnover, "steps": steps, "joiners_a_step": float(np.mean(joined))}
    for name, rates in zip(bounds, hits, strict=True):
        row[name] = {part: round(float(rate), 4) for part, rate in zip(PARTS[:4], rates, strict=False)}
    row["no_interval"] = {part: round(1 - float(m) / CELL, 4) for part, m in zip(PARTS[:4], among, strict=False)}
    row["joiners_a_step"] = round(row["joiners_a_step"], 1)
    return row


def main(communities: int) -> None:
    cells = Parallel(n_jobs=2)(delayed(cell)(n, q, s) for s, n, q in product(STEPS, MEMBERS, TURNOVER))
    for row in cells:
        head = f"{row['members']:4} members, {row['turnover']:4.0%} turnover, {row['steps']} step(s)"
        for name in ("coverage", "unwidened", "jackknife_t", "no_interval"):
            print(f"{head:40} {name:12}", " ".join(f"{part} {value:.3f}" for part, value in row[name].items()))
    scenarios = {name: scenario(planted, communities) for name, planted in SCENARIOS.items()}
    for name, rows in scenarios.items():
        for part, row in rows.items():
            print(
                f"{name:22} {part:12} target {row['target']:+.3f} mean {row['mean_estimate']:+.3f} "
                f"covers {row['coverage']:.3f} excludes 0 {row['excludes_zero']:.3f}"
            )
    result = {
        "communities": communities,
        "level": 0.95,
        "scenarios": scenarios,
        "turnover": {"communities": CELL, "coverage_se": round(np.sqrt(0.95 * 0.05 / CELL), 4), "cells": cells},
    }
    path = Path(__file__).with_name("drift.json")
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)

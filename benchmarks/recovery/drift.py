"""Do the intervals of the drift decomposition hold what they promise?

Communities are drawn with a planted within-member drift and a planted replacement, or with neither; everybody answers,
or some do not (the generator's response rate and attrition). In each, the decomposition of the identity score over
all waves is estimated from those who answered, with its 95 % bootstrap interval. The target is what the parts are on
average when everybody answers: the mean over all draws of the parts of the complete answers, which the generator
keeps; with neither planted it is 0.

Writes ``drift.json``: for each scenario and part the target, the mean estimate, how often the interval covers, and
how often it leaves out zero, with the Monte Carlo error. ``python benchmarks/recovery/drift.py [communities]``
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

import coplearn as cl

PARTS = ["total", "within", "entry", "exit", "nonresponse"]
ANSWERED = {"response": 1.0, "attrition": 0.0, "item_missing": 0.0}
SCENARIOS: dict[str, dict[str, float]] = {
    "planted": {"drift": 0.35, "replacement": -0.45, **ANSWERED},
    "planted, some silent": {"drift": 0.35, "replacement": -0.45},
    "neither": {"drift": 0.0, "replacement": 0.0, **ANSWERED},
    "neither, some silent": {"drift": 0.0, "replacement": 0.0},
}


def one(seed: int, planted: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Complete-data parts, and (estimate, low, high) of each part, summed over the waves."""
    community = cl.synthetic.community(seed=seed, ties=False, events=False, text=False, **planted)
    steps = community.truth["identity"]["steps"]["score"]
    complete = np.array([sum(step.get(part, 0.0) for step in steps) for part in PARTS])
    table = cl.decompose_drift(community, "identity").conf_int(draws=1000, seed=seed).loc["sum"]
    return complete, table.loc[PARTS, ["estimate", "low", "high"]].to_numpy()


def main(communities: int) -> None:
    scenarios: dict[str, dict[str, dict[str, float]]] = {}
    for name, planted in SCENARIOS.items():
        drawn = Parallel(n_jobs=2)(delayed(one)(seed, planted) for seed in range(communities))
        complete, found = (np.array(part) for part in zip(*drawn, strict=True))
        target = complete.mean(axis=0) if planted["drift"] else np.zeros(len(PARTS))
        rows = {}
        for k, part in enumerate(PARTS):
            estimate, low, high = found[:, k].T
            covered = float(np.mean((low <= target[k]) & (target[k] <= high)))
            excluded = float(np.mean((low > 0) | (high < 0)))
            rows[part] = {
                "target": float(target[k]),
                "target_se": float(complete[:, k].std(ddof=1) / np.sqrt(communities)),
                "mean_estimate": float(estimate.mean()),
                "coverage": covered,
                "excludes_zero": excluded,
                "coverage_se": float(np.sqrt(0.95 * 0.05 / communities)),
            }
            print(
                f"{name:22} {part:12} target {target[k]:+.3f} mean {estimate.mean():+.3f} "
                f"covers {covered:.3f} excludes 0 {excluded:.3f}"
            )
        scenarios[name] = {part: {k: round(v, 4) for k, v in row.items()} for part, row in rows.items()}
    result = {"communities": communities, "level": 0.95, "scenarios": scenarios}
    path = Path(__file__).with_name("drift.json")
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)

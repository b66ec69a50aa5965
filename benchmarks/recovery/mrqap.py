"""Are permutation p-values of dyadic regression uniform where there is no effect?

Each data set has 20 members, a predictor with an effect, and one without that resembles it (correlation about .45).
Cells are: pairs that are independent; senders and receivers who differ in y and in the predictors; and the latter
with two members who did not answer and one pair in twenty unknown. In each, the p-value of the predictor without
effect comes from :func:`coplearn.dyadic_regression.mrqap` with double semi-partialling and with permuted y (whose
null, that *nothing* has an effect, does not hold here), from :func:`coplearn.dyadic_regression.netlogit`, and, for
comparison, from the ordinary t statistic.

Writes ``mrqap.json``: by cell and test the share of p-values at or below .05 and .10, the Kolmogorov-Smirnov distance
from the uniform distribution and its p-value. ``python benchmarks/recovery/mrqap.py [data sets]``
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from scipy import stats

from coplearn.dyadic_regression import mrqap, netlogit

MEMBERS, PERMUTATIONS = 20, 499
CELLS = {"independent pairs": (0.0, False), "senders and receivers": (1.0, False), "some unknown": (1.0, True)}


def one(seed: int, spread: float, holes: bool) -> dict[str, float]:
    """p-values of the predictor without effect in one data set."""
    rng = np.random.default_rng([seed, int(spread), holes])
    n = MEMBERS
    sender, receiver = spread * rng.normal(size=(3, n, 1)), spread * rng.normal(size=(3, 1, n))
    noise = rng.normal(size=(3, n, n)) + sender + receiver
    other, tested = noise[0], 0.5 * noise[0] + noise[1]
    y = 0.3 * other + noise[2]
    tie = (y > np.median(y)).astype(float)
    if holes:
        hole = rng.random((n, n)) < 0.05
        hole[rng.choice(n, 2, replace=False)] = True
        y, tie = (np.where(hole, np.nan, values) for values in (y, tie))
    predictors = {"tested": tested, "other": other}
    linear = mrqap(y, predictors, PERMUTATIONS, seed)
    t = float(linear.tvalues["tested"])
    return {
        "double semi-partialling": float(linear.pvalues["tested"]),
        "permuted y": float(mrqap(y, predictors, PERMUTATIONS, seed, null="qap").pvalues["tested"]),
        "logistic": float(netlogit(tie, predictors, PERMUTATIONS, seed).pvalues["tested"]),
        "ordinary t": float(2 * stats.t.sf(abs(t), linear.nobs - 3)),
    }


def main(datasets: int) -> None:
    result: dict[str, object] = {"datasets": datasets, "members": MEMBERS, "permutations": PERMUTATIONS}
    cells = {}
    for cell, (spread, holes) in CELLS.items():
        drawn = Parallel(n_jobs=2)(delayed(one)(seed, spread, holes) for seed in range(datasets))
        rows = {}
        for test in drawn[0]:
            p = np.array([each[test] for each in drawn])
            distance = stats.kstest(p, "uniform")
            row = {
                "size_05": np.mean(p <= 0.05),
                "size_10": np.mean(p <= 0.10),
                "ks": distance.statistic,
                "ks_p": distance.pvalue,
            }
            rows[test] = {name: round(float(value), 4) for name, value in row.items()}
            print(f"{cell:24}{test:26}", " ".join(f"{name} {value:.3f}" for name, value in rows[test].items()))
        cells[cell] = rows
    result["size_05_se"] = round(float(np.sqrt(0.05 * 0.95 / datasets)), 4)
    result["cells"] = cells
    Path(__file__).with_name("mrqap.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)

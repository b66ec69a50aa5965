"""Time against spreg and statsmodels where they do the same work, and whether they find the same.

Network effects by maximum likelihood, with eigenvalues (1,000 members) and sparse LU decomposition (1,000 and 3,000
members in circles of fifty), against ``spreg.ML_Lag``; Lagrange multiplier tests against ``spreg.LMtests``; two-stage
least squares of linear in means, G²X and G³X included on both sides, against statsmodels' ``IV2SLS``. The best of three
runs each.

Writes ``results/against_spreg.json``. spreg is not among the project's packages: install it beside them first.
``python benchmarks/against_spreg.py``
"""

from __future__ import annotations

import importlib.metadata
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import spreg
from bench_influence import circles
from libpysal.weights import WSP
from measure import environment
from scipy import sparse
from statsmodels.sandbox.regression.gmm import IV2SLS

import coplearn as cl


def best(work: Callable[[], Any], runs: int = 3) -> tuple[float, Any]:
    """Seconds of the fastest run, and what it returned."""
    found = []
    for _ in range(runs):
        start = time.perf_counter()
        result = work()
        found.append(time.perf_counter() - start)
    return min(found), result


def main() -> None:
    warnings.simplefilter("ignore")
    rows = []

    def row(what: str, ours: Callable[[], Any], theirs: Callable[[], Any], other: str) -> None:
        (a, mine), (b, known) = best(ours), best(theirs)
        apart = float(np.max(np.abs(np.asarray(mine, dtype=float) - np.asarray(known, dtype=float).ravel())))
        rows.append({"work": what, "coplearn_s": round(a, 4), f"{other}_s": round(b, 4), "ratio": round(b / a, 2)})
        rows[-1]["largest_difference"] = float(f"{apart:.2g}")
        print(rows[-1], flush=True)

    for n in (1_000, 3_000):
        rng = np.random.default_rng(n)
        w = sparse.csr_array(circles(n, rng))
        frame = pd.DataFrame(rng.normal(size=(n, 3)), columns=["a", "b", "c"])
        noise = frame["a"].to_numpy() + rng.normal(size=n)
        y = sparse.linalg.spsolve(sparse.csc_array(sparse.eye_array(n) - 0.4 * w), noise)
        theirs, x, target = WSP(sparse.csr_matrix(w)).to_W(silence_warnings=True), frame.to_numpy(), y[:, None]

        def lag(method: str, y: Any = target, x: Any = x, w: Any = theirs) -> np.ndarray:
            return spreg.ML_Lag(y, x, w, method=method, spat_diag=False, vm=False, spat_impacts=None).betas

        def own(determinant: str, y: Any = y, x: Any = frame, w: Any = w) -> np.ndarray:
            return cl.NetworkEffects(y, x, w).fit(determinant).params.to_numpy()

        row(f"network effects, sparse, {n:,}", lambda: own("sparse"), lambda: lag("LU"), "spreg")
        if n > 1_000:
            continue
        row(f"network effects, eigenvalues, {n:,}", lambda: own("dense"), lambda: lag("ORD"), "spreg")

        def tests(y: Any = target, x: Any = x, w: Any = theirs) -> list[float]:
            found = spreg.LMtests(spreg.OLS(y, x), w)
            return [t[0] for t in (found.lme, found.lml, found.rlme, found.rlml, found.sarma)]

        row(f"Lagrange multipliers, {n:,}", lambda: cl.lm_tests(y, frame, w).table()["statistic"], tests, "spreg")  # noqa: B023

        def two_stages(y: Any = y, x: Any = x, w: Any = w) -> np.ndarray:
            one, gx = np.ones((len(y), 1)), w @ x
            exogenous = np.column_stack([one, x, gx])
            z = np.column_stack([exogenous, w @ gx, w @ (w @ gx)])
            return IV2SLS(y, np.column_stack([w @ y, exogenous]), z).fit().params

        row(f"linear in means, {n:,}", lambda: cl.LinearInMeans(y, frame, w).fit().params, two_stages, "statsmodels")  # noqa: B023
    result = {"rows": rows, "measured_on": environment() | {"spreg": importlib.metadata.version("spreg")}}
    target_file = Path(__file__).parent / "results" / "against_spreg.json"
    target_file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

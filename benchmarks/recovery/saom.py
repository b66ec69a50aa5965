"""Does a small co-evolution model find the parameters that made the data, do its intervals cover them, and do its tests
reject a true hypothesis as often as they should?

Each data set starts from the same 80 members at a first wave: a random network of average degree 4 and a behavior of
four values. Two periods are simulated from the truth, one from the end of the other, and the model that made them is
fitted to the three waves by the method of moments, from its usual starting values. Then the same where twelve members
join at any time and twelve others leave.

Writes ``saom.json``. By parameter the truth, mean estimate and its Monte Carlo error, the standard deviation of
estimates, the mean standard error, and the share of 95 % intervals that hold the truth, over the fits that converged,
whose number is there, too. By test the share of these fits in which it rejects at 5 % what is true: that effects are
what they are (Wald), that effects which made nothing are nothing (score tests, each and together), that effects are the
same in both periods, that degrees, triads and behavior are those of the fitted model (goodness of fit). The same with
joiners and leavers under ``"joining_and_leaving"``.
``python benchmarks/recovery/saom.py [data sets] [data sets with joiners and leavers]``
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from coplearn import effects as fx
from coplearn.estimation import Estimation
from coplearn.panel import JointPanel
from coplearn.results import ConvergenceWarning
from coplearn.saom import SAOM
from coplearn.saom_results import SAOMResults

MEMBERS, MOVING, PORTION = 80, 12, 20
SPECIFICATION = {
    "net": [fx.outdegree(), fx.reciprocity(), fx.transitive_triplets(), fx.ego_by_alter("drink")],
    "drink": [fx.linear_shape(), fx.quadratic_shape(), fx.average_alter("net")],
}
TRUTH = {
    "net: rate 1": 3.0,
    "net: rate 2": 3.0,
    "net: outdegree": -2.0,
    "net: reciprocity": 1.5,
    "net: transitive_triplets": 0.3,
    "net: ego_by_alter(drink)": 0.3,
    "drink: rate 1": 3.0,
    "drink: rate 2": 3.0,
    "drink: linear_shape": 0.1,
    "drink: quadratic_shape": -0.2,
    "drink: average_alter(net)": 0.4,
}
NOTHING = {"net": [fx.three_cycles(), fx.ego("drink")], "drink": [fx.indegree_effect("net")]}


def data(seed: int, moving: bool) -> JointPanel:
    """Three waves from the truth."""
    rng = np.random.default_rng(0)  # the first wave is the same in all data sets
    ties = np.zeros((3, MEMBERS, MEMBERS))
    ties[:] = (rng.random((MEMBERS, MEMBERS)) < 4 / (MEMBERS - 1)) & ~np.eye(MEMBERS, dtype=bool)
    drink = np.tile(rng.integers(1, 5, MEMBERS), (3, 1))
    spans = np.tile([0.0, 2.0], (MEMBERS, 1))
    if moving:
        spans[:MOVING, 0], spans[MOVING : 2 * MOVING, 1] = rng.uniform(0.1, 1.9, (2, MOVING))
    # a model wants change between waves; what stands here is overwritten by the draw
    ties[1, -2, -1], drink[1, -1] = 1 - ties[0, -2, -1], drink[0, -1] % 4 + 1
    frame = JointPanel.from_arrays({"net": ties}, {"drink": drink}, presence_intervals=spans, directed={"net": True})
    return SAOM(frame, SPECIFICATION, monotone=False).simulate(TRUTH, 1, seed, chained=True).panel()


def one(seed: int, moving: bool) -> dict[str, object]:
    """Estimates, standard errors and whether the fit converged."""
    try:
        model = SAOM(data(seed, moving), SPECIFICATION)
    except ValueError as problem:
        return {"refused": str(problem)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        res = model.fit(Estimation(phase3=500, subphases=2), seed=seed, progress=False)
    return {
        "estimate": res.params.to_numpy(),
        "error": res.bse.to_numpy(),
        "converged": res.converged,
        "names": model.names,
        "tests": tests(res) if res.converged else {},
    }


def tests(res: SAOMResults) -> dict[str, float]:
    """p-values of hypotheses that are true."""
    chosen = {name: value for name, value in TRUTH.items() if "rate" not in name}
    score = res.score_test(NOTHING, n=300)
    fits = {name: res.gof(name, n=200).p for name in ("indegree", "outdegree", "triad_census", "behavior")}
    return {
        "wald: all effects": res.wald(chosen)["p"],
        "score: together": score.p,
        **{f"score: {name}": p for name, p in score.effects["p"].items()},
        "time": res.time_test().p,
        **{f"fit: {name}": p for name, p in fits.items()},
    }


def table(drawn: list[dict[str, object]]) -> dict[str, object]:
    """What the fits say about each parameter."""
    fitted = [each for each in drawn if "estimate" in each]
    kept = [each for each in fitted if each["converged"]]
    estimates = np.array([each["estimate"] for each in kept])
    errors = np.array([each["error"] for each in kept])
    rows = {}
    for k, name in enumerate(kept[0]["names"]):
        value, error, truth = estimates[:, k], errors[:, k], TRUTH[name]
        row = {
            "truth": truth,
            "mean": value.mean(),
            "mean_se": value.std(ddof=1) / np.sqrt(len(value)),
            "sd": value.std(ddof=1),
            "mean_error": error.mean(),
            "coverage_95": np.mean(np.abs(value - truth) <= 1.959964 * error),
        }
        rows[name] = {key: round(float(v), 4) for key, v in row.items()}
    return {
        "datasets": len(drawn),
        "members": MEMBERS,
        "refused": len(drawn) - len(fitted),
        "converged": len(kept),
        "coverage_se": round(float(np.sqrt(0.95 * 0.05 / len(kept))), 4),
        "parameters": rows,
        "rejects_at_5": {
            name: round(float(np.mean([each["tests"][name] < 0.05 for each in kept])), 4) for name in kept[0]["tests"]
        },
    }


def study(parallel: Parallel, datasets: int, moving: bool) -> Iterator[dict[str, object]]:
    """The table of all fits so far, after each portion of them."""
    drawn: list[dict[str, object]] = []
    for first in range(1, datasets + 1, PORTION):
        seeds = range(first, min(first + PORTION, datasets + 1))
        drawn += parallel(delayed(one)(seed, moving) for seed in seeds)
        yield table(drawn)


def main(datasets: int, with_moving: int) -> None:
    path = Path(__file__).with_name("saom.json")
    result = json.loads(path.read_text()) if path.exists() else {}
    with Parallel(n_jobs=2) as parallel:
        for moving, count in ((False, datasets), (True, with_moving)):
            for part in study(parallel, count, moving):  # written each time: what is done is kept
                result |= {"joining_and_leaving": part} if moving else part
                path.write_text(json.dumps(result, indent=1) + "\n")
                print(f"{part['datasets']} of {count}, {part['converged']} converged", flush=True)
    for title, part in (("all stay", result), ("some join and leave", result["joining_and_leaving"])):
        print(title)
        for name, row in part["parameters"].items():
            print(f"  {name:30}", " ".join(f"{key} {v:.3f}" for key, v in row.items()))
        for name, share in part["rejects_at_5"].items():
            print(f"  {name:30} {share:.3f}")


if __name__ == "__main__":
    main(*(int(given) for given in (sys.argv[1:] + ["500", "200"][len(sys.argv) - 1 :])))

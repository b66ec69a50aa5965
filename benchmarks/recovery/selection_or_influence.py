"""Are selection and influence told apart, and by what?

Communities are drawn from the actor-oriented model with the members, waves, joiners and leavers of `guild` and the ties
of its first wave, whose scores are dealt out anew. In four worlds there is selection only, influence only, both, or
neither. Three readings of each community say whether they see selection and influence, at the 5 % level:

- regressions of ties on how alike two are and of scores on the mean of those named, at the *same wave*,
- the same with likeness and scores of those named at the *wave before*,
- the *actor-oriented model*.

Notebook 05 reads one such community and quotes this file's table. To save time, the search starts at the parameters
that made the data; whether it converges is found out as always.

Writes ``selection_or_influence.json``: by world and reading the share of communities in which selection and influence
are seen (a z beyond 1.96, of either sign), and of the model mean and median estimate, their standard deviation, mean
and median standard error and the coverage of 95 % intervals, over the fits that converged, whose number is there, too.
``python benchmarks/recovery/selection_or_influence.py [data sets]``
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import statsmodels.api as sm
from joblib import Parallel, delayed

import coplearn as cl
from coplearn import effects as fx
from coplearn.estimation import Estimation
from coplearn.panel import JointPanel
from coplearn.results import ConvergenceWarning
from coplearn.saom import SAOM

PORTION = 10
SPECIFICATION = {
    "advice": [fx.outdegree(), fx.reciprocity(), fx.transitive_triplets(), fx.similarity("efficacy")],
    "efficacy": [fx.linear_shape(), fx.quadratic_shape(), fx.average_similarity("advice")],
}
PARAMETERS = {"selection": "advice: similarity(efficacy)", "influence": "efficacy: average_similarity(advice)"}
RATES = {"advice": 2.0, "efficacy": 4.0}  # a period
COMMON = {
    "advice: outdegree": -1.5,
    "advice: reciprocity": 1.8,
    "advice: transitive_triplets": 0.4,
    "efficacy: linear_shape": 0.0,
    "efficacy: quadratic_shape": 0.15,
}
WORLDS = {
    "neither": {"selection": 0.0, "influence": 0.0},
    "selection": {"selection": 3.0, "influence": 0.0},
    "influence": {"selection": 0.0, "influence": 6.0},
    "both": {"selection": 3.0, "influence": 6.0},
}
SEEN = 1.959964


def community(planted: dict[str, float], seed: int) -> JointPanel:
    """The first wave of guild with its scores dealt out anew, and the others drawn."""
    guild = cl.datasets.load_guild().panel("advice", "efficacy").rounded("efficacy")
    scores = guild.behaviors["efficacy"].values.copy()
    known = ~np.isnan(scores[0])
    scores[0, known] = np.random.default_rng(seed).permutation(scores[0, known])
    start = JointPanel.from_arrays(
        {"advice": guild.networks["advice"].ties},
        {"efficacy": scores},
        present=guild.present,
        presence_intervals=guild.presence_intervals,
        members=guild.members,
        waves=guild.waves,
    )
    model = SAOM(start, SPECIFICATION)
    return model.simulate(parameters(model, planted), seed=seed, chained=True).panel()


def parameters(model: SAOM, planted: dict[str, float]) -> dict[str, float]:
    """All parameters of a world."""
    rates = {name: RATES[name.split(":")[0]] for name in model.names if "rate" in name}
    return rates | COMMON | {PARAMETERS[key]: value for key, value in planted.items()}


def regressions(panel: JointPanel, before: bool) -> dict[str, float]:
    """z of being alike in a logistic regression of ties, and t of the named members' mean in one of scores.

    Both control for the outcome, and ties for their return, at the wave before; likeness and ties and scores of those
    named are of the same wave, or of the one before, too.
    """
    x, z = panel.networks["advice"].ties, panel.behaviors["efficacy"].values
    pairs, persons = [], []
    for m in range(len(panel.waves) - 1):
        here = np.flatnonzero(panel.present[m] & panel.present[m + 1])
        (a, b), (old, new) = (x[w][np.ix_(here, here)] for w in (m, m + 1)), (z[w, here] for w in (m, m + 1))
        tie, score = (a, old) if before else (b, new)
        alike = -np.abs(score[:, None] - score)
        known = (a <= 1) & (b <= 1) & (a.T <= 1) & ~np.eye(len(here), dtype=bool) & ~np.isnan(alike)
        pairs.append(np.column_stack([b[known], alike[known], a[known], a.T[known]]))
        named = (tie == 1) & ~np.isnan(score)
        mean = named @ np.nan_to_num(score) / np.maximum(named.sum(axis=1), 1)
        known = named.any(axis=1) & ~np.isnan(old) & ~np.isnan(new)
        persons.append(np.column_stack([new, old, mean])[known])
    ties, scores = np.vstack(pairs), np.vstack(persons)
    selection = sm.Logit(ties[:, 0], sm.add_constant(ties[:, 1:])).fit(disp=0)
    influence = sm.OLS(scores[:, 0], sm.add_constant(scores[:, 1:])).fit()
    return {"selection": float(selection.tvalues[1]), "influence": float(influence.tvalues[2])}


def one(world: str, seed: int) -> dict[str, object]:
    """What the three readings say of a community."""
    panel = community(WORLDS[world], seed)
    model = SAOM(panel, SPECIFICATION)
    settings = Estimation(start=parameters(model, WORLDS[world]), subphases=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit = model.fit(settings, seed=seed, progress=False)
    return {
        "world": world,
        "same wave": regressions(panel, before=False),
        "wave before": regressions(panel, before=True),
        "model": {key: [float(fit.params[name]), float(fit.bse[name])] for key, name in PARAMETERS.items()},
        "converged": fit.converged,
    }


def table(drawn: list[dict[str, object]]) -> dict[str, object]:
    """Shares and means over communities, by world."""
    found = {}
    for world, planted in WORLDS.items():
        mine = [each for each in drawn if each["world"] == world]
        kept = [each for each in mine if each["converged"]]
        rows: dict[str, object] = {"datasets": len(mine), "converged": len(kept)}
        for key, truth in planted.items():
            estimate, error = np.array([each["model"][key] for each in kept]).T
            z = {name: np.array([each[name][key] for each in mine]) for name in ("same wave", "wave before")}
            z["model"] = estimate / error
            row = {name: {"seen": np.mean(np.abs(v) > SEEN)} for name, v in z.items()}
            row["model"] |= {
                "truth": truth,
                "mean": estimate.mean(),
                "median": np.median(estimate),
                "sd": estimate.std(ddof=1),
                "mean_error": error.mean(),
                "median_error": np.median(error),
                "coverage_95": np.mean(np.abs(estimate - truth) <= SEEN * error),
            }
            rows[key] = {name: {k: round(float(v), 4) for k, v in part.items()} for name, part in row.items()}
        found[world] = rows
    return found


def main(datasets: int) -> None:
    drawn: list[dict[str, object]] = []
    with Parallel(n_jobs=2) as parallel:
        for first in range(1, datasets + 1, PORTION):
            seeds = range(first, min(first + PORTION, datasets + 1))
            drawn += parallel(delayed(one)(world, seed) for seed in seeds for world in WORLDS)
            # written each time: what is done is kept
            result = {"design": {"rates": RATES, **COMMON}, "planted": WORLDS, "worlds": table(drawn)}
            Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
            print(f"{seeds[-1]} of {datasets}", flush=True)
    for world, rows in result["worlds"].items():
        print(world, rows["datasets"], "converged", rows["converged"])
        for key in PARAMETERS:
            print("   ", key, {name: part["seen"] for name, part in rows[key].items()}, rows[key]["model"])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)

"""Which estimator tells influence from selection among leaders, and do the intervals of panel models hold?

Teams of 90 leaders at three waves (:func:`coplearn.synthetic.leadership_panel`, its defaults), in five worlds: nothing
planted; selection only (popularity and homophily by efficacy .4, in both relations); influence only (.3 through the
relation of that name, none through energy); both; and both with lasting differences in efficacy (half of its
variance). In each, what a study would see
(scale scores, the ties of who responded) is read in five ways:

a. MRQAP of energy ties on influence ties, sender's, receiver's and difference in efficacy, same level, same gender;
b. temporal autocorrelation of efficacy through both relations;
c. cross-lagged panel with random intercepts of being named (energy) and efficacy;
d. p2 of energy ties with senders, receivers, reciprocity, and ties before;
e. growth of being named by efficacy at the first wave.

Beside it, with efficacy itself instead of scores and everybody responding, whether b and d then find what was planted.
And whether intervals and tests of the other panel models hold where nothing is planted.

Writes ``leadership.json``: by part and test the teams that were read and the share of p-values at or below .05; by
parameter with a planted value its mean, bias, mean s.e., sd and the coverage of 95 % intervals.
``python benchmarks/recovery/leadership.py [teams] [part ...]``; parts are the headings in the file, by default all.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.stats import norm

import coplearn as cl
from coplearn.synthetic import leadership_panel

PERMUTATIONS = 199
SELECTION, INFLUENCE = 0.4, 0.3
WORLDS: dict[str, dict[str, Any]] = {
    "neither": {"popularity": 0.0, "homophily": 0.0, "influence": 0.0},
    "selection": {"popularity": SELECTION, "homophily": SELECTION, "influence": 0.0},
    "influence": {"popularity": 0.0, "homophily": 0.0, "influence": {"influence": INFLUENCE}},
    "both": {"popularity": SELECTION, "homophily": SELECTION, "influence": {"influence": INFLUENCE}},
    "both, lasting": {
        "popularity": SELECTION,
        "homophily": SELECTION,
        "influence": {"influence": INFLUENCE},
        "trait": 0.5,
    },
}
FULL = {"response": 1.0, "item_missing": 0.0}
RELATIONS = ("influence", "energy")
Row = tuple[str, float, float, float]  # test, estimate, standard error, p


def known(panel: Any, relation: str) -> np.ndarray:
    """Ties over [wave, ego, alter]; NaN where unknown or absent."""
    ties = panel.networks[relation].ties.astype(float)
    here = panel.present[:, :, None] & panel.present[:, None]
    return np.where((ties > 1) | ~here, np.nan, ties)


def named(panel: Any, relation: str) -> np.ndarray:
    """Share of those who responded that name a member, over [wave, member]; NaN while absent."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nobody names who is absent: NaN, as wanted
        share = np.nanmean(np.where(np.eye(len(panel.members), dtype=bool), np.nan, known(panel, relation)), axis=1)
    return np.where(panel.present, share, np.nan)


def long(panel: Any, efficacy: np.ndarray) -> pd.DataFrame:
    """One row a member and wave while present: efficacy, named."""
    w, i = np.nonzero(panel.present)
    columns = {"efficacy": efficacy[w, i], "named": 100 * named(panel, "energy")[w, i]}
    return pd.DataFrame({"member": panel.members[i], "wave": w + 1, **columns})


def rows_of(prefix: str, fit: Any, names: dict[str, str]) -> Iterator[Row]:
    """The parameters asked for, under their names here."""
    for ours, theirs in names.items():
        at = (fit.params[theirs], fit.bse[theirs], fit.pvalues[theirs])
        yield (f"{prefix}: {ours}", *(float(v) for v in at))


def pair_predictors(panel: Any, wave: int, efficacy: np.ndarray) -> dict[str, np.ndarray]:
    """What pairs are like: same level and gender, and closeness in efficacy."""
    same = {f"same {k}": (v[:, None] == v).astype(float) for k, v in panel.covariates.items()}
    return {**same, "homophily": -np.abs(efficacy[wave][:, None] - efficacy[wave])}


def by_mrqap(panel: Any, z: np.ndarray, seed: int) -> Iterator[Row]:
    wave, n = 2, len(panel.members)
    pairs = pair_predictors(panel, wave, z)
    given = {"sender": np.repeat(z[wave][:, None], n, axis=1), "receiver": np.repeat(z[wave][None], n, axis=0)}
    here = panel.present[wave]
    cut = {
        k: v[np.ix_(here, here)] for k, v in {**given, **pairs, "influence": known(panel, "influence")[wave]}.items()
    }
    fit = cl.mrqap(known(panel, "energy")[wave][np.ix_(here, here)], cut, PERMUTATIONS, seed)
    for ours, theirs in {"popularity": "receiver", "homophily": "homophily"}.items():
        yield (f"a MRQAP: {ours}", float(fit.params[theirs]), float("nan"), float(fit.pvalues[theirs]))


def by_exposure(panel: Any, efficacy: np.ndarray, prefix: str) -> Iterator[Row]:
    weights = {}
    for relation in RELATIONS:
        x = known(panel, relation)
        silent = panel.present & np.isnan(x).all(axis=2)
        total = np.nansum(x, axis=2, keepdims=True)
        w = np.nan_to_num(x) / np.maximum(total, 1)
        weights[relation] = [np.where(silent[t][:, None], np.nan, w[t]) for t in range(len(w))]
    y = pd.DataFrame(efficacy.T, index=panel.members)
    fit = cl.TemporalAutocorrelation(y, weights).fit()
    yield from rows_of(
        prefix, fit, {"stability": "own past", **{f"influence through {r}": f"rho[{r}]" for r in RELATIONS}}
    )
    names = [f"rho[{r}]" for r in RELATIONS]
    total, error = fit.params[names].sum(), np.sqrt(fit.covariance.loc[names, names].to_numpy().sum())
    yield (f"{prefix}: influence, both relations", float(total), float(error), float(2 * norm.sf(abs(total) / error)))


def by_pairs(panel: Any, efficacy: np.ndarray, unit: np.ndarray, prefix: str) -> Iterator[Row]:
    wave = 2
    x, first = known(panel, "energy"), known(panel, "influence")
    both = panel.present[1][:, None] & panel.present[1]
    before = np.where(both, x[1], 0.0)  # who was not there had no ties
    closes = (np.nan_to_num(before) @ np.nan_to_num(before) > 0).astype(float)
    pairs = pair_predictors(panel, wave, efficacy)
    pairs |= {"same unit": (unit[:, None] == unit).astype(float), "inertia": before, "closure": closes}
    pairs["entrainment"] = first[wave]
    here = panel.present[wave]
    cut = {k: v[np.ix_(here, here)] for k, v in pairs.items()}
    fit = cl.p2(x[wave][np.ix_(here, here)], cut, receiver={"efficacy": efficacy[wave][here]})
    yield from rows_of(
        prefix, fit, {"popularity": "receiver efficacy", "homophily": "homophily", "reciprocity": "reciprocity"}
    )


def by_lags(frame: pd.DataFrame) -> Iterator[Row]:
    fit = cl.cross_lagged(frame, "named", "efficacy")
    names = {"efficacy, then named": "named <- efficacy before", "named, then efficacy": "efficacy <- named before"}
    yield from rows_of("c RI-CLPM", fit, names)


def by_growth(frame: pd.DataFrame) -> Iterator[Row]:
    first = frame.sort_values("wave").groupby("member")["efficacy"].first()
    fit = cl.growth(frame.assign(start=frame["member"].map(first)), "named", ["start"])
    yield from rows_of(
        "e growth", fit, {"named by efficacy at the start": "start", "faster growth of being named": "time x start"}
    )


def world(name: str, seed: int) -> list[Row]:
    """Every reading of one team."""
    planted = WORLDS[name]
    leaders = leadership_panel(seed=seed, **planted)
    panel = leaders.panel(RELATIONS, "efficacy", ["level", "gender"])
    score = panel.behaviors["efficacy"].values
    z = (score - np.nanmean(score)) / np.nanstd(score)
    unit = leaders.members["unit"].loc[panel.members].to_numpy()
    frame = long(panel, z)
    readings = [by_mrqap(panel, z, seed), by_exposure(panel, z, "b exposure"), by_lags(frame)]
    readings += [by_pairs(panel, z, unit, "d p2"), by_growth(frame)]
    rows = [row for reading in readings for row in read(reading)]
    full = leadership_panel(seed=seed, **planted, **FULL)
    panel = full.panel(RELATIONS, "efficacy", ["level", "gender"])
    efficacy = np.array(full.truth["latent"]["efficacy"], dtype=float)
    return [*rows, *read(by_exposure(panel, efficacy, "b, everything seen"))]


def read(reading: Iterator[Row]) -> list[Row]:
    """A reading, or none where an estimator refuses the data with a sentence; `teams` counts what was read."""
    try:
        return list(reading)
    except ValueError as refused:
        print("  refused:", refused, flush=True)
        return []


def pairs_seen(leaning: float, seed: int) -> list[Row]:
    """p2 with efficacy itself and everybody responding, with and without tendencies of members."""
    leaders = leadership_panel(seed=seed, **WORLDS["both"], **FULL, sender_sd=leaning, receiver_sd=leaning)
    panel = leaders.panel(RELATIONS, "efficacy", ["level", "gender"])
    efficacy = np.array(leaders.truth["latent"]["efficacy"], dtype=float)
    unit = leaders.members["unit"].loc[panel.members].to_numpy()
    return read(by_pairs(panel, efficacy, unit, f"d, everything seen, leaning {leaning:g}"))


def nothing(moving: bool, seed: int) -> Any:
    """A team in which nothing is planted: efficacy moves with stability .6, or half of it lasts and the rest is new."""
    return leadership_panel(seed=seed, **WORLDS["neither"], **({} if moving else {"stability": 0.0, "trait": 0.5}))


def leaving(seed: int) -> list[Row]:
    """Who leaves or is silent, and the two-wave form, where nothing is planted."""
    rows: list[Row] = []
    for moving, said in ((True, "moving"), (False, "lasting")):
        leaders = nothing(moving, seed)
        panel = leaders.panel(RELATIONS, "efficacy")
        frame = long(panel, panel.behaviors["efficacy"].values)
        fit = cl.cross_lagged(frame[frame["wave"] < 3], "named", "efficacy")
        rows += rows_of(f"covariance form, {said}", fit, {"named, then efficacy": "efficacy <- named before"})
        for kind in ("left", "silent"):
            rows += rows_of(f"attrition, {said}", cl.attrition(leaders, "efficacy", kind=kind), {kind: "efficacy"})
    return rows


def growing(seed: int) -> list[Row]:
    """Slopes and within-between effects where nothing is planted."""
    rows: list[Row] = []
    for moving, said in ((True, "moving"), (False, "lasting")):
        panel = nothing(moving, seed).panel(RELATIONS, "efficacy")
        frame = long(panel, panel.behaviors["efficacy"].values)
        rows += rows_of(f"growth, {said}", cl.growth(frame, "efficacy"), {"slope": "time"})
        fit = cl.within_between(frame, "efficacy", ["named"])
        rows += rows_of(f"within-between, {said}", fit, {"within": "within named", "between": "between named"})
        mixture = cl.pattern_mixture(frame, "efficacy")
        slope, error = mixture.slope(), mixture.slope_se
        rows.append((f"pattern mixture, {said}: slope", slope, error, float(2 * norm.sf(abs(slope / error)))))
    return rows


def measuring(seed: int) -> list[Row]:
    """Measurement invariance over waves, which holds."""
    leaders = nothing(True, seed)
    steps = cl.measurement_invariance(cl.item_answers(leaders.responses, leaders.items, "efficacy"), "wave").steps
    rows = []
    for level in ("metric", "scalar"):
        rows.append((f"{level}, likelihood ratio", float("nan"), float("nan"), float(steps.loc[level, "p_diff"])))
        held = float(steps.loc[level, "delta_cfi"] <= 0.01)
        rows.append((f"{level}, CFI", float("nan"), float("nan"), held))
    return rows


def summary(drawn: list[list[Row]], truth: dict[str, float]) -> dict[str, dict[str, float]]:
    """By test: how often it says there is something; and, where a value was planted, how far off it is."""
    table = pd.DataFrame([row for rows in drawn for row in rows], columns=["test", "estimate", "se", "p"])
    out = {}
    for test, each in table.groupby("test", sort=False):
        row = {
            "teams": len(each),
            "rejected": (each["p"] <= 0.05).mean(),
            "mean": each["estimate"].mean(),
            "sd": each["estimate"].std(),
        }
        row["mean_se"] = each["se"].mean()
        if test in truth:
            off = each["estimate"] - truth[test]
            row |= {"planted": truth[test], "bias": off.mean(), "bias_se": off.std() / np.sqrt(len(off))}
            row["coverage"] = (off.abs() <= 1.96 * each["se"]).mean()
        out[test] = {k: round(float(v), 4) for k, v in row.items() if np.isfinite(v)}
        print(f"  {test:60}", " ".join(f"{k} {v:.3f}" for k, v in out[test].items()), flush=True)
    return out


def planted(name: str) -> dict[str, float]:
    """What was planted, by test."""
    rho = WORLDS[name]["influence"] or {}
    truth = {"d p2: reciprocity": 1.2}
    for prefix in ("b exposure", "b, everything seen"):
        truth[f"{prefix}: stability"] = 0.6
        truth |= {f"{prefix}: influence through {r}": rho.get(r, 0.0) for r in RELATIONS}
        truth[f"{prefix}: influence, both relations"] = sum(rho.values())
    truth |= {"d p2: popularity": WORLDS[name]["popularity"], "d p2: homophily": WORLDS[name]["homophily"]}
    return truth


def main(replications: int, parts: list[str]) -> None:
    warnings.simplefilter("ignore", cl.ConvergenceWarning)
    path = Path(__file__).with_name("leadership.json")
    result: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    jobs = [(name, world, (name,), planted(name)) for name in WORLDS]
    for leaning in (0.2, 0.5):
        prefix = f"d, everything seen, leaning {leaning:g}"
        truth = {f"{prefix}: popularity": SELECTION, f"{prefix}: homophily": SELECTION}
        jobs.append((prefix, pairs_seen, (leaning,), truth | {f"{prefix}: reciprocity": 1.2}))
    slopes = [f"{model}, {said}: slope" for model in ("growth", "pattern mixture") for said in ("moving", "lasting")]
    jobs.append(("nothing: leaving", leaving, (), {}))
    jobs.append(("nothing: growing", growing, (), dict.fromkeys(slopes, 0.0)))
    jobs.append(("nothing: measuring", measuring, (), {}))
    with Parallel(n_jobs=2) as parallel:
        for name, draw, arguments, truth in jobs:
            if not parts or name in parts:
                print(name, flush=True)
                drawn = parallel(delayed(draw)(*arguments, seed) for seed in range(replications))
                result[name] = summary(drawn, truth)
                path.write_text(json.dumps(result, indent=1) + "\n")  # an interrupted run keeps what it has finished


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, sys.argv[2:])

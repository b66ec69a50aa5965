"""Do estimators of influence hold their size and cover the truth, and which of them mistake selection for influence?

**On their own ground.** Each estimator meets data from its own model, once with nothing planted and once with a planted
amount: network effects (90 members), temporal autocorrelation by four treatments of members (90 members, 6 waves, with
lasting differences), linear in means (300 members, ties by lot) with its two-stage interval and its Anderson-Rubin set,
Friedkin-Johnsen (100 members, 4 waves), Hawkes (12 members, some 900 events, a daily rhythm), matched samples (800
members), shuffle and edge-reversal tests (100 members of two kinds who keep to their like).

**Among leaders.** Teams of 90 at 6 waves (:func:`coplearn.synthetic.leadership_panel`), everything seen: nothing
planted; selection by efficacy only; influence only; both; and the first and last with lasting differences (half of
the variance of efficacy). What each estimator says of influence through the relation of that name.

Writes ``influence.json``: by case and reading the share of p-values at or below .05, a Kolmogorov-Smirnov test that
they are uniform, and mean, bias, mean s.e., sd and the coverage of 95 % intervals where a value was planted.
``python benchmarks/recovery/influence.py [replications]``
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.stats import kstest

import coplearn as cl
from coplearn.synthetic import leadership_panel

JOBS = 2
TREATMENTS = ("none", "within", "difference", "long difference")
Row = tuple[str, float, float, float, float]  # reading, estimate, s.e., p, whether an interval covers (NaN: by s.e.)
NONE = float("nan")


def random_ties(rng: np.random.Generator, n: int, mean: float) -> np.ndarray:
    return (rng.random((n, n)) < mean / n) * (1.0 - np.eye(n))


def told(name: str, fit: Any, parameter: str) -> Row:
    at = (fit.params[parameter], fit.bse[parameter], fit.pvalues[parameter])
    return (name, *(float(v) for v in at), NONE)


# --- each on its own ground -------------------------------------------------------------------------------------


def network_effects(rng: np.random.Generator, planted: bool) -> Iterator[Row]:
    n, rho = 90, 0.3 if planted else 0.0
    w, m = (cl.row_normalize(random_ties(rng, n, 4)) for _ in range(2))
    x = rng.normal(size=n)
    y = np.linalg.solve(np.eye(n) - rho * w, 1 + x + np.linalg.solve(np.eye(n) - rho * m, rng.normal(size=n)))
    frame = pd.DataFrame({"x": x})
    fit = cl.NetworkEffects(y, frame, w, m).fit()
    yield told("network effects: rho", fit, "rho")
    yield told("network effects: lambda", fit, "lambda")
    for name in ("effects (robust)", "disturbances (robust)"):
        yield (f"Lagrange multiplier: {name}", NONE, NONE, float(cl.lm_tests(y, frame, w).table().loc[name, "p"]), NONE)
    yield ("Moran's I", NONE, NONE, cl.moran(y - x, w).pvalue, NONE)


def temporal(rng: np.random.Generator, planted: bool) -> Iterator[Row]:
    n, waves, rho = 90, 6, 0.25 if planted else 0.0
    ties = [cl.row_normalize(random_ties(rng, n, 4)) for _ in range(waves)]
    lasting, y = 0.7 * rng.normal(size=n), [rng.normal(size=n)]
    for t in range(10 + waves - 1):
        y.append(0.3 * y[-1] + rho * ties[max(t - 10, 0)] @ y[-1] + lasting + rng.normal(size=n))
    model = cl.TemporalAutocorrelation(pd.DataFrame(np.array(y[10:]).T), ties)
    for way in TREATMENTS:
        fit = model.fit(way)
        yield told(f"temporal, {way}: rho", fit, "rho")
        yield told(f"temporal, {way}: own past", fit, "own past")


def linear_in_means(rng: np.random.Generator, planted: bool) -> Iterator[Row]:
    n, beta = 300, 0.4 if planted else 0.0
    g = cl.row_normalize(random_ties(rng, n, 3))
    for strength, gamma, delta in (("strong", 1.0, 0.5), ("weak", 0.2, 0.1)):
        x = rng.normal(size=n)
        y = np.linalg.solve(np.eye(n) - beta * g, 1 + gamma * x + delta * g @ x + rng.normal(size=n))
        fit = cl.LinearInMeans(y, pd.DataFrame({"x": x}), g).fit()
        kept = fit.anderson_rubin()
        yield told(f"linear in means, {strength}: peers", fit, "peers")
        refuted = 0.0 if 0.0 in kept else 1.0
        yield (f"linear in means, {strength}: Anderson-Rubin", NONE, NONE, 1 - refuted, float(beta in kept))
        yield (f"linear in means, {strength}: set unbounded", NONE, NONE, float(kept.bounded), NONE)


def opinions(rng: np.random.Generator, planted: bool) -> Iterator[Row]:
    n, a = 100, 0.4 if planted else 0.0
    w = cl.row_normalize(random_ties(rng, n, 4))
    y = [rng.normal(size=n)]
    for _ in range(3):
        y.append(a * (w @ y[-1]) + (1 - a) * y[0] + 0.5 * rng.normal(size=n))
    fit = cl.FriedkinJohnsen(pd.DataFrame(np.array(y).T), w).fit()
    yield told("Friedkin-Johnsen: susceptibility", fit, "everybody")


def hawkes(rng: np.random.Generator, planted: bool) -> Iterator[Row]:
    n, a = 12, 0.2 if planted else 0.0
    ties = np.roll(np.eye(n), 1, axis=1) + np.roll(np.eye(n), -1, axis=1)
    level = np.array([0.4, 1.0, 2.2, 0.4])
    events = cl.simulate_hawkes(
        np.full(n, 0.04), a * ties + 0.2 * np.eye(n), 1.0, 1500.0, (24.0, level), int(rng.integers(2**31))
    )
    fit = cl.Hawkes(events, ties, end=1500.0, rhythm=(24.0, 4)).fit(decay=1.0)
    at_bound = np.isnan(fit.bse["response"])  # an estimate of 0 has no s.e.; it is not significant
    row = told("Hawkes: response", fit, "response")
    yield (row[0], row[1], row[2], 1.0, float(a == 0)) if at_bound else row
    yield ("Hawkes: time rescaling", NONE, NONE, fit.ks_test()["p"], NONE)


def matching(rng: np.random.Generator, planted: bool) -> Iterator[Row]:
    n, effect = 800, 0.3 if planted else 0.0
    tenure = rng.normal(size=n)
    treated = (0.8 * tenure + rng.normal(size=n) > 0.8).astype(int)
    frame = pd.DataFrame({"member": np.arange(n), "time": 1, "tenure": tenure, "treated": treated})
    frame["before"] = tenure + rng.normal(size=n)
    frame["outcome"] = tenure + effect * treated + rng.normal(size=n)
    fit = cl.matched_sample(frame, ["tenure"], placebo="before", caliper=0.05)
    yield told("matched sample: effect", fit, "effect")
    yield ("matched sample: placebo", NONE, NONE, fit.placebo["p"], NONE)


def order_of_activity(rng: np.random.Generator, planted: bool) -> Iterator[Row]:
    n, influence = 100, 1.0 if planted else 0.0
    kind = rng.integers(0, 2, n)
    ties = (rng.random((n, n)) < np.where(kind[:, None] == kind, 6 / n, 1 / n)) * (1.0 - np.eye(n))
    times, base = np.full(n, np.nan), np.where(kind == 0, 0.06, 0.015)
    for t in range(25):
        active = np.isfinite(times)
        logit = np.log(base / (1 - base)) + influence * np.log1p(ties @ active)
        times[~active & (rng.random(n) < 1 / (1 + np.exp(-logit)))] = t
    activated, strata = pd.Series(times), pd.Series(kind)
    for name, test in (("shuffle", cl.shuffle_test), ("edge reversal", cl.edge_reversal_test)):
        yield (f"{name} within strata", NONE, NONE, test(activated, ties, strata, permutations=199).pvalue, NONE)
    yield ("shuffle without strata", NONE, NONE, cl.shuffle_test(activated, ties, None, permutations=199).pvalue, NONE)


GROUNDS: tuple[Callable[[np.random.Generator, bool], Iterator[Row]], ...] = (
    network_effects, temporal, linear_in_means, opinions, hawkes, matching, order_of_activity,
)  # fmt: skip
PLANTED = {
    "network effects: rho": 0.3,
    "network effects: lambda": 0.3,
    **{f"temporal, {way}: rho": 0.25 for way in TREATMENTS},
    "linear in means, strong: peers": 0.4,
    "linear in means, weak: peers": 0.4,
    "Friedkin-Johnsen: susceptibility": 0.4,
    "Hawkes: response": 0.2,
    "matched sample: effect": 0.3,
}
ALWAYS = {f"temporal, {way}: own past": 0.3 for way in TREATMENTS}  # planted in both cases


def own_ground(planted: bool, seed: int) -> list[Row]:
    rng = np.random.default_rng([seed, int(planted)])
    return [row for ground in GROUNDS for row in ground(rng, planted)]


# --- among leaders ----------------------------------------------------------------------------------------------

SELECTION, INFLUENCE = 0.4, 0.3
WORLDS: dict[str, dict[str, Any]] = {
    "neither": {"popularity": 0.0, "homophily": 0.0, "influence": 0.0},
    "selection": {"popularity": SELECTION, "homophily": SELECTION, "influence": 0.0},
    "influence": {"popularity": 0.0, "homophily": 0.0, "influence": {"influence": INFLUENCE}},
    "both": {"popularity": SELECTION, "homophily": SELECTION, "influence": {"influence": INFLUENCE}},
}
WORLDS["selection, lasting"] = WORLDS["selection"] | {"trait": 0.5}
WORLDS["both, lasting"] = WORLDS["both"] | {"trait": 0.5}


def leaders(world: str, seed: int) -> list[Row]:
    """What each estimator says of influence in one team."""
    team = leadership_panel(seed=seed, waves=6, response=1.0, item_missing=0.0, **WORLDS[world])
    panel = team.panel(["influence"], "efficacy", ["level"])
    y = pd.DataFrame(np.array(team.truth["latent"]["efficacy"], dtype=float).T, index=panel.members)
    here = panel.present
    x = np.where(here[:, :, None] & here[:, None], panel.networks["influence"].ties, 0).astype(float)
    weights = [cl.row_normalize(w) for w in x]
    last = here[-1]
    covariates = pd.DataFrame(
        {
            "central": (team.members["level"].loc[panel.members] == "central").to_numpy(dtype=float)[last],
            "years": team.members["years"].loc[panel.members].to_numpy(dtype=float)[last],
        }
    )
    final, w = y.to_numpy()[last, -1], cl.row_normalize(x[-1][np.ix_(last, last)])
    rows = [told("network effects", cl.NetworkEffects(final, covariates, w).fit(), "rho")]
    rows.append(
        ("Lagrange multiplier", NONE, NONE, float(cl.lm_tests(final, covariates, w).table().loc["effects", "p"]), NONE)
    )
    model = cl.TemporalAutocorrelation(y, weights)
    for way in TREATMENTS:
        fit = model.fit(way)
        rows += [told(f"temporal, {way}: rho", fit, "rho"), told(f"temporal, {way}: own past", fit, "own past")]
    kept = cl.LinearInMeans(final, covariates, w).fit().anderson_rubin()
    rows.append(("linear in means: Anderson-Rubin", NONE, NONE, float(0.0 in kept), NONE))
    rows.append(("linear in means: set unbounded", NONE, NONE, float(kept.bounded), NONE))
    return rows


# --- summaries --------------------------------------------------------------------------------------------------


def summary(drawn: list[list[Row]], truth: dict[str, float]) -> dict[str, dict[str, float]]:
    """By reading: how often it says there is something, and how far off it is where a value is known."""
    columns = ["reading", "estimate", "se", "p", "covered"]
    table = pd.DataFrame([row for rows in drawn for row in rows], columns=columns)
    out = {}
    for reading, each in table.groupby("reading", sort=False):
        row = {"rejected": (each["p"] <= 0.05).mean()}
        if each["p"].nunique() > 2:
            row["ks_p"] = kstest(each["p"], "uniform").pvalue  # says something where nothing is planted
        covered = each["covered"]
        if reading in truth:
            off = each["estimate"] - truth[reading]
            covered = covered.fillna((off.abs() <= 1.959964 * each["se"]).astype(float))
            row |= {"planted": truth[reading], "mean": each["estimate"].mean(), "bias": off.mean()}
            row |= {"bias_se": off.std() / np.sqrt(len(off)), "sd": off.std(), "mean_se": each["se"].mean()}
        if covered.notna().all():
            row["coverage"] = covered.mean()
        out[str(reading)] = {k: round(float(v), 4) for k, v in row.items()}
        print(f"  {reading:48}", " ".join(f"{k} {v:.3f}" for k, v in out[str(reading)].items()), flush=True)
    return out


def main(replications: int) -> None:
    warnings.simplefilter("ignore", cl.ConvergenceWarning)
    errors = {"size_se": np.sqrt(0.05 * 0.95 / replications)}
    result: dict[str, Any] = {"replications": replications} | {k: round(float(v), 4) for k, v in errors.items()}
    result["own ground"], result["leaders"] = {}, {}
    with Parallel(n_jobs=JOBS) as parallel:
        for world, settings in WORLDS.items():
            print("leaders:", world, flush=True)
            drawn = parallel(delayed(leaders)(world, seed) for seed in range(replications))
            rho = INFLUENCE if settings["influence"] else 0.0
            truth = {f"temporal, {way}: rho": rho for way in TREATMENTS}
            truth |= {f"temporal, {way}: own past": 0.6 for way in TREATMENTS}
            result["leaders"][world] = summary(drawn, truth)
            _write(result)
        for planted in (False, True):
            name = "planted" if planted else "nothing planted"
            print(name, flush=True)
            drawn = parallel(delayed(own_ground)(planted, seed) for seed in range(replications))
            truth = (PLANTED if planted else dict.fromkeys(PLANTED, 0.0)) | ALWAYS
            result["own ground"][name] = summary(drawn, truth)
            _write(result)


def _write(result: dict[str, Any]) -> None:
    """What is known so far: an interrupted run keeps the cells that it has finished."""
    Path(__file__).with_name("influence.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)

"""Do the language measures find what was planted, and nothing where nothing was?

200 communities of known language. *Planted*: words tilt with time, members have habits of their own, and a third of
the members is replaced; every interval should cover the true value as often as it says. *None planted*: the same
communities without tilt; every test should reject at its level. ``python benchmarks/recovery/language.py`` writes
``benchmarks/recovery/language.json``: for each claim the rate, the nominal rate, and the Monte Carlo error of the rate.
*Unequal volume*: the same once more where members write ten times as much in the second period, or more every month.

Option ``--communities 200``.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd

from coplearn import divergence, language, lifecycle, word_drift

TYPES, TOKENS, STAYERS, MOVERS, HABIT, DRIFT = 200, 150, 40, 20, 0.5, 0.6
FEW, MANY, GROWTH = 30, 300, 1.6  # tokens a member in the first and second period; tokens of a month by those before
NAMES = np.array([f"w{i:03d}" for i in range(TYPES)], dtype=object)
BASE = -np.log(np.arange(1, TYPES + 1))
TILT = np.random.default_rng(99).normal(size=TYPES)


def speech(tilt, habit):
    """Word probabilities, shape (n_members, n_types), of members with habits."""
    x = np.exp(BASE + tilt * TILT + HABIT * habit)
    return x / x.sum(axis=1, keepdims=True)


def periods(rng, drift, tokens=(TOKENS, TOKENS)):
    """Two periods of one community: stayers tilt by half of the drift, joiners come with all of it."""
    habits = rng.normal(size=(STAYERS + 2 * MOVERS, TYPES))
    stay, leave, join = np.split(habits, [STAYERS, STAYERS + MOVERS])

    def texts(name, p, n):
        return {f"{name}{i}": rng.choice(NAMES, n, p=row).tolist() for i, row in enumerate(p)}

    first = texts("s", speech(0.0, stay), tokens[0]) | texts("l", speech(0.0, leave), tokens[0])
    return first, texts("s", speech(drift / 2, stay), tokens[1]) | texts("j", speech(drift, join), tokens[1])


def truths(drift):
    """Population values of the excess: the same functionals of the mean speech of very many members."""
    habits = np.random.default_rng(7).normal(size=(40_000, TYPES))
    old, half, new = (speech(t, habits).mean(axis=0) for t in (0.0, drift / 2, drift))
    share = STAYERS / (STAYERS + MOVERS)
    worth = {
        (s, j, v): divergence.jsd(old, share * (half if s else old) + (1 - share) * (j * new + (1 - v) * old))
        for s in (0, 1)
        for j in (0, 1)
        for v in (0, 1)
    }
    parts = word_drift._shapley(worth)
    return {
        "divergence": divergence.jsd(old, share * half + (1 - share) * new),
        "stayers": float(parts[0]),
        "joiners": float(parts[1]),
        "leavers": float(parts[2]),
        "total": float(worth[1, 1, 1]),
    }


def lives(rng, step, n_authors=60):
    """Values that rise by `step` with each fifth of a life, beside author and month effects; everybody has left."""
    size = rng.integers(12, 40, n_authors)
    author = np.repeat(np.arange(n_authors), size)
    k = np.concatenate([np.arange(1, n + 1) for n in size])
    day = rng.integers(0, 600, n_authors)[author] + k * rng.integers(3, 20, n_authors)[author]
    # Messages of one author hang together, as messages do: an error of their own for each author and third of life.
    third = rng.normal(0, 0.3, (n_authors, 3))[author, np.minimum(3 * (k - 1) // size[author], 2)]
    time = pd.Timestamp("2015-01-01", tz="UTC") + pd.to_timedelta(day, unit="D")
    month = rng.normal(size=100)[12 * (time.year - 2015) + time.month]
    y = rng.normal(size=n_authors)[author] + month + third + step * np.ceil(5 * k / size[author])
    y += rng.normal(0, 0.5, len(author))
    frame = pd.DataFrame({"author": author.astype(str), "y": y, "time": time})
    end = pd.DataFrame({"author": ["end"], "time": [frame["time"].max() + pd.Timedelta("400D")], "y": [np.nan]})
    return pd.concat([frame, end], ignore_index=True)


def diary(rng, drift, months=6, n_members=45, words=40, growth=1.0):
    """A text of 40 words a month of each member; a third is replaced half-way; words tilt with time."""
    habits = rng.normal(size=(n_members + n_members // 3, TYPES))
    rows = []
    for m in range(months):
        here = range(n_members) if m < months // 2 else range(n_members // 3, len(habits))
        for a, p in zip(here, speech(drift * m / months, habits[list(here)]), strict=True):
            text = " ".join(rng.choice(NAMES, round(words * growth**m), p=p))
            rows.append((pd.Timestamp(2015, m + 1, 1 + a % 28, tz="UTC"), f"m{a}", text))
    return pd.DataFrame(rows, columns=["time", "author", "text"])


def rate(hits, nominal):
    """A rate with the Monte Carlo error it has if the nominal rate is true."""
    known = [h for h in hits if h is not None]
    error = math.sqrt(nominal * (1 - nominal) / len(known))
    value = sum(known) / len(known)
    return {
        "rate": round(value, 4),
        "nominal": nominal,
        "monte_carlo_error": round(error, 4),
        "communities": len(known),
        "within_two_errors": bool(abs(value - nominal) <= 2 * error),
    }


def run(communities):
    truth = truths(DRIFT)
    covered = {k: [] for k in (*truth, "rise over life", "change of predictability")}
    rejected = {k: [] for k in ("divergence", "stayers", "joiners", "leavers", "total", "slope of drift", "last step")}
    rejected["rise over life"] = []
    powers = {k: [] for k in ("divergence", "slope of drift")}
    changes = []
    for r in range(communities):
        rng = np.random.default_rng([2027, r])
        first, second = periods(rng, DRIFT)
        found = language.divergence(first, second, permutations=199, seed=r)
        covered["divergence"].append(found.conf_int()[0] <= truth["divergence"] <= found.conf_int()[1])
        powers["divergence"].append(found.p <= 0.05)
        parts = language.decompose_language(first, second, permutations=199, seed=r).conf_int()
        for who in ("stayers", "joiners", "leavers", "total"):
            covered[who].append(bool(parts["low"][who] <= truth[who] <= parts["high"][who]))
        talk = diary(rng, 2 * DRIFT)
        powers["slope of drift"].append(language.drift_series(talk, "month", 99, seed=r).slope_p <= 0.05)
        shots = language.snapshots(talk, models=10, min_users=3, seed=r).by_window
        ends = shots.iloc[[0, -1]]
        changes.append((ends["cross_entropy"].diff().iloc[1], np.hypot(*ends["se"])))

        frame = lives(rng, 0.2)
        curve = lifecycle.life_curve(frame, "y", bins=5, replicates=100, seed=r)
        _, low, high = curve.contrast()
        covered["rise over life"].append(bool(low <= 4 * 0.2 <= high))

        first, second = periods(rng, 0.0)
        rejected["divergence"].append(language.divergence(first, second, permutations=199, seed=r).p <= 0.05)
        parts = language.decompose_language(first, second, permutations=199, seed=r).parts["p"]
        for who in ("stayers", "joiners", "leavers", "total"):
            rejected[who].append(bool(parts[who] <= 0.05))
        series = language.drift_series(diary(rng, 0.0), "month", 99, seed=r)
        rejected["slope of drift"].append(series.slope_p <= 0.05)
        rejected["last step"].append(bool(series.series["consecutive_p"].iloc[-1] <= 0.05))
        _, low, high = lifecycle.life_curve(lives(rng, 0.0), "y", bins=5, replicates=100, seed=r).contrast()
        rejected["rise over life"].append(not low <= 0 <= high)
    # What the change of predictability is on average stands for its truth, which has no closed form.
    middle = np.mean([c for c, _ in changes])
    covered["change of predictability"] = [abs(c - middle) <= 1.96 * e for c, e in changes]
    return {
        "planted": {"drift": DRIFT, "habit": HABIT, "truth": {k: round(v, 5) for k, v in truth.items()}},
        "coverage_of_95_percent_intervals": {k: rate(v, 0.95) for k, v in covered.items()},
        "rejections_at_5_percent_without_drift": {k: rate(v, 0.05) for k, v in rejected.items()},
        "power_with_drift": {k: round(float(np.mean(v)), 3) for k, v in powers.items()},
    }


def unequal_volume(communities):
    """Intervals and tests where members write ten times as much in the second period, or more every month."""
    truth = truths(DRIFT)
    covered = {k: [] for k in truth}
    rejected = {k: [] for k in ("divergence", "stayers", "joiners", "leavers", "total", "slope of drift", "last step")}
    powers = {k: [] for k in ("divergence", "total", "slope of drift")}
    for r in range(communities):
        rng = np.random.default_rng([2028, r])
        first, second = periods(rng, DRIFT, (FEW, MANY))
        found = language.divergence(first, second, permutations=199, seed=r)
        covered["divergence"].append(found.conf_int()[0] <= truth["divergence"] <= found.conf_int()[1])
        powers["divergence"].append(found.p <= 0.05)
        shift = language.decompose_language(first, second, permutations=199, seed=r)
        parts = shift.conf_int()
        for who in ("stayers", "joiners", "leavers", "total"):
            covered[who].append(bool(parts["low"][who] <= truth[who] <= parts["high"][who]))
        powers["total"].append(shift.parts["p"]["total"] <= 0.05)
        talk = diary(rng, 2 * DRIFT, words=20, growth=GROWTH)
        powers["slope of drift"].append(language.drift_series(talk, "month", 99, seed=r).slope_p <= 0.05)

        first, second = periods(rng, 0.0, (FEW, MANY))
        rejected["divergence"].append(language.divergence(first, second, permutations=199, seed=r).p <= 0.05)
        p = language.decompose_language(first, second, permutations=199, seed=r).parts["p"]
        for who in ("stayers", "joiners", "leavers", "total"):
            rejected[who].append(bool(p[who] <= 0.05))
        series = language.drift_series(diary(rng, 0.0, words=20, growth=GROWTH), "month", 99, seed=r)
        rejected["slope of drift"].append(series.slope_p <= 0.05)
        rejected["last step"].append(bool(series.series["consecutive_p"].iloc[-1] <= 0.05))
    return {
        "tokens_a_member": [FEW, MANY],
        "growth_a_month": GROWTH,
        "coverage_of_95_percent_intervals": {k: rate(v, 0.95) for k, v in covered.items()},
        "rejections_at_5_percent_without_drift": {k: rate(v, 0.05) for k, v in rejected.items()},
        "power_with_drift": {k: round(float(np.mean(v)), 3) for k, v in powers.items()},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--communities", type=int, default=200)
    communities = parser.parse_args().communities
    result = run(communities) | {"unequal_volume": unequal_volume(communities)}
    text = json.dumps(result, indent=1)
    Path(__file__).with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    print(text)

"""Do event models find the parameters that made a history, and do their intervals cover them?

Each history has 24 members, of whom a third join and a fifth leave while it is observed. Only members who are present
act and are acted upon. The rate of i towards j is

    exp(-5.2 + 0.5 log(1 + n_ij) + 0.4 log(1 + n_ji) + 1.5 [the last event was j to i] + 0.3 x_i + 0.4 [g_i = g_j]),

and histories are drawn here, by a few lines of numpy that share no code with the library: waiting times are
exponential with the total rate, and are drawn again whenever somebody joins or leaves. About 300 events each.

In some histories nobody ever answers at once, and the turn has no finite estimate: the fit says so, and they are left
out (``separated`` counts them).

Writes ``rem.json``: for ordinal and interval timing, with all pairs at risk and with fifty sampled controls, the bias
of each estimate, the ratio of the mean standard error to the spread of the estimates, and the coverage of 95 %
intervals.
``python benchmarks/recovery/rem.py [histories]``
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from coplearn import REM
from coplearn import effects as fx
from coplearn.events import EventSequence
from coplearn.results import ConvergenceWarning

MEMBERS, UNTIL, CONTROLS = 24, 100.0, 50
TRUTH = {"baseline": -5.2, "inertia": 0.5, "reciprocity": 0.4, "turn": 1.5, "sender": 0.3, "same": 0.4}
CELLS = {
    "ordinal": ("ordinal", None),
    "interval": ("interval", None),
    "ordinal, sampled": ("ordinal", CONTROLS),
    "interval, sampled": ("interval", CONTROLS),
}


def draw(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Events and members of one history."""
    rng = np.random.default_rng(seed)
    n = MEMBERS
    joined = np.where(np.arange(n) < n // 3, rng.uniform(5, 60, n), 0.0)
    left = np.where(np.arange(n) % 5 == 0, rng.uniform(65, 95, n), np.inf)
    x, group = rng.normal(size=n), rng.integers(0, 3, n)
    fixed = TRUTH["baseline"] + TRUTH["sender"] * x[:, None] + TRUTH["same"] * (group[:, None] == group)
    changes = np.sort(np.concatenate([joined[joined > 0], left[left < UNTIL], [UNTIL]]))
    counts, turn = np.zeros((n, n)), np.zeros((n, n))
    now, rows = 0.0, []
    while now < UNTIL:
        here = (joined <= now) & (now < left)
        eta = fixed + TRUTH["inertia"] * np.log1p(counts) + TRUTH["reciprocity"] * np.log1p(counts.T)
        rate = np.exp(eta + TRUTH["turn"] * turn) * np.outer(here, here) * (1 - np.eye(n))
        change = changes[changes > now][0]
        wait = rng.exponential(1 / rate.sum())
        if now + wait >= change:
            now = change
            continue
        now += wait
        i, j = divmod(int(rng.choice(n * n, p=rate.ravel() / rate.sum())), n)
        rows.append((now, i, j))
        counts[i, j] += 1
        turn[:] = 0.0
        turn[j, i] = 1.0
    members = pd.DataFrame({"joined": joined, "left": np.where(np.isinf(left), np.nan, left), "x": x, "g": group})
    return pd.DataFrame(rows, columns=["time", "sender", "receiver"]), members


def one(seed: int) -> dict[str, np.ndarray]:
    """Estimates and standard errors of every cell, as two rows."""
    frame, members = draw(seed)
    events = EventSequence.from_frame(frame, members, origin=0.0, end=UNTIL)
    effects = [
        fx.inertia(log=True),
        fx.reciprocity(log=True),
        fx.participation_shift("AB-BA"),
        fx.sender("x"),
        fx.same("g"),
    ]
    found = {}
    for cell, (timing, controls) in CELLS.items():
        chosen = effects if timing == "ordinal" else [fx.baseline(), *effects]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            res = REM(events, chosen, timing=timing, risk_set="present", controls=controls).fit(seed=seed)
        found[cell] = np.array([res.params, res.bse]) * (1.0 if res.converged else np.nan)
    return found


def main(histories: int) -> None:
    drawn = Parallel(n_jobs=2)(delayed(one)(seed) for seed in range(histories))
    cells = {}
    for cell, (timing, _) in CELLS.items():
        names = [name for name in TRUTH if name != "baseline" or timing == "interval"]
        truth = np.array([TRUTH[name] for name in names])
        estimates, errors = np.moveaxis(np.array([each[cell] for each in drawn]), 1, 0)
        settled = ~np.isnan(estimates[:, 0])
        estimates, errors = estimates[settled], errors[settled]
        covered = np.abs(estimates - truth) <= 1.96 * errors
        rows = {}
        for c, name in enumerate(names):
            spread = estimates[:, c].std(ddof=1)
            row = {
                "truth": truth[c],
                "bias": estimates[:, c].mean() - truth[c],
                "bias_se": spread / np.sqrt(len(estimates)),
                "se_ratio": errors[:, c].mean() / spread,
                "coverage": covered[:, c].mean(),
            }
            rows[name] = {key: round(float(value), 4) for key, value in row.items()}
            print(f"{cell:20}{name:14}", " ".join(f"{key} {value:.3f}" for key, value in rows[name].items()))
        cells[cell] = {"separated": int((~settled).sum()), **rows}
    result = {
        "histories": histories,
        "members": MEMBERS,
        "controls": CONTROLS,
        "coverage_se": round(float(np.sqrt(0.05 * 0.95 / histories)), 4),
        "cells": cells,
    }
    Path(__file__).with_name("rem.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)

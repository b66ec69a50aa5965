"""Influence: network autocorrelation of 1,000 to 10,000 members with a sparse matrix; dyadic regression of 150.

Members of circles have a sparse LU decomposition; members who name three others at random, anywhere, have traces of
powers. Events that excite each other: 1,000 members with ten events and ten alters each, compilation included.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from measure import Clock, growth
from scipy import sparse

from coplearn.dyadic_regression import mrqap, netlogit
from coplearn.hawkes import Hawkes
from coplearn.network_effects import NetworkEffects
from coplearn.weights import row_normalize

GROUP, TIES = 50, 5  # members of a circle, and whom each of them names; one tie in fifty leaves the circle


def circles(n: int, rng: np.random.Generator) -> sparse.csr_array:
    ego = np.repeat(np.arange(n), TIES)
    alter = ego // GROUP * GROUP + rng.integers(0, GROUP, len(ego))
    away = rng.random(len(ego)) < 0.02
    alter[away] = rng.integers(0, n, away.sum())
    kept = ego != alter
    ties = sparse.coo_array((np.ones(kept.sum()), (ego[kept], alter[kept])), shape=(n, n)).tocsr()
    return row_normalize(ties)


def work(size: int, clock: Clock) -> None:
    rng = np.random.default_rng(size)
    w, m = circles(size, rng), circles(size, rng)
    x = pd.DataFrame(rng.normal(size=(size, 3)), columns=["a", "b", "c"])
    eye = sparse.eye_array(size)
    noise = sparse.linalg.spsolve(sparse.csc_array(eye - 0.3 * m), rng.normal(size=size))
    y = sparse.linalg.spsolve(sparse.csc_array(eye - 0.4 * w), x["a"].to_numpy() + noise)
    with clock("effects, sparse"):
        res = NetworkEffects(y, x, w).fit("sparse")
    assert res.converged
    with clock("impacts"):
        res.impacts()
    with clock("effects and disturbances, sparse"):
        res = NetworkEffects(y, x, w, m).fit("sparse")
    assert res.converged and abs(res.params["rho"] - 0.4) < 5 * res.bse["rho"]
    if size <= 1000:
        with clock("effects, dense"):
            NetworkEffects(y, x, w).fit("dense")
    ego = np.repeat(np.arange(size), 3)
    away = sparse.coo_array((np.ones(3 * size), (ego, rng.integers(0, size, 3 * size))), shape=(size, size)).tolil()
    away.setdiag(0)
    anywhere = row_normalize(away.tocsr())
    own = x["a"].to_numpy() + rng.normal(size=size)
    told = own
    for _ in range(60):  # the sum of 0.4^k W^k, to machine precision
        told = own + 0.4 * (anywhere @ told)
    with clock("effects, traces"):
        res = NetworkEffects(told, x, anywhere).fit("traces")
    assert res.converged and abs(res.params["rho"] - 0.4) < 5 * res.bse["rho"]
    if size <= 1000:
        times, who = np.sort(rng.random(10 * size) * 1000), rng.integers(0, size, 10 * size)
        model = Hawkes(pd.DataFrame({"time": times, "sender": who}), w + m, end=1000.0, rhythm=(24.0, 4))
        with clock("hawkes, ten events a member"):
            model.fit(decay=1.0)
    n = 150  # the same at every size
    predictors = {f"x{k}": rng.normal(size=(n, n)) for k in range(5)}
    relation = predictors["x0"] + rng.normal(size=(n, n))
    with clock("mrqap, 150, 5, 2000"):
        mrqap(relation, predictors, permutations=2000)
    with clock("netlogit, 150, 5, 2000"):
        netlogit((relation > 1).astype(float), predictors, permutations=2000)


if __name__ == "__main__":
    growth("influence", sizes=(1_000, 3_000, 10_000), work=work)

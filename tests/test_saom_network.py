"""Network effects of the actor-oriented model: change statistics and statistics against literal formulas."""

import numpy as np
import pytest
from naive_saom import NETWORK, World
from numba import njit

from coplearn.effects import network
from coplearn.effects.context import ActorFacts, Context, DyadicFacts, NetworkFacts
from coplearn.effects.spec import Effect, definitions
from coplearn.kernels import saom_network as kernel
from coplearn.kernels.saom_state import Effects, Period, new_scratch, new_state, pack


@njit
def packed(record):
    """What compiled functions take, so that the tests need no other compilation than the engine."""
    return pack(record)


BY_SHORT = {d.short["rsiena"]: d for d in definitions("network")}


def period(x, v, d, directed, n_columns, two_mode, n_actors):
    """The data that a state needs; everything else is empty."""
    n_nets, side = x.shape[:2]
    no = np.zeros((n_nets, side, side), np.uint8)
    whole = np.zeros((0, side), np.int32)
    numbers = np.zeros(0)
    return Period(
        x, no, no, no, no, whole, np.zeros((0, side), np.uint8), numbers.astype(np.int32), numbers.astype(np.int32),
        numbers, v, np.zeros(v.shape, np.uint8), d, np.zeros(d.shape, np.uint8), directed, n_columns, two_mode,
        np.ones(side, np.uint8), numbers, numbers.astype(np.int32), numbers.astype(np.uint8),
        np.zeros(n_nets, np.uint8), np.zeros(n_nets, np.uint8), np.full(n_nets, side), np.zeros((0, 3), np.int32),
        np.ones(n_nets, np.int32), np.zeros(n_nets), n_actors,
    )  # fmt: skip


def row_of(row, kind=0):
    """Effects with one row, of the first network."""
    a, p = np.full((1, 8), -1, np.int32), np.zeros((1, 8))
    a[0, : len(row.a)], p[0, : len(row.p)] = row.a, row.p
    one = np.zeros(1, np.int32)
    part, moment = np.full((1, 3), -1, np.int32), np.zeros((1, 2), np.int32)
    return packed(Effects(one + row.code, one, one + kind, a, p, part, one, moment))


class Case:
    """A random state: networks net (own), other (one-mode) and bipartite; variables v and u; dyadic covariate d."""

    def __init__(self, seed, directed=True, two_mode=False, density=0.3):
        g = np.random.default_rng(seed)
        n, q = int(g.integers(6, 9)), int(g.integers(4, 8))
        side = max(n, q)
        self.n, self.q, self.directed, self.two_mode = n, (q if two_mode else n), directed, two_mode
        x = np.zeros((3, side, side), np.uint8)
        for r, columns in enumerate((self.q, n, q)):
            x[r, :n, :columns] = g.random((n, columns)) < density
        if not two_mode:
            np.fill_diagonal(x[0], 0)
        np.fill_diagonal(x[1], 0)
        if not directed:
            x[0] = np.maximum(x[0], x[0].T)
        if g.random() < 0.3:  # an absent member
            x[0, 0], x[1, 0], x[2, 0], x[1, :, 0] = 0, 0, 0, 0
            if not two_mode:
                x[0, :, 0] = 0
        raw = g.integers(1, 5, (2, side)).astype(float)
        raw[:, n:] = 0 if not two_mode else raw[:, n:]
        self.v_mean = 2.25
        v = raw - self.v_mean
        d = np.zeros((1, side, side))
        d[0, :n, : self.q] = g.integers(0, 4, (n, self.q))
        if not two_mode:
            np.fill_diagonal(d[0], 0)
        self.x, self.v, self.d = x, v, d
        self.period = period(
            x, v, d, np.array([directed, 1, 1], np.uint8), np.array([self.q, n, q]),
            np.array([two_mode, 0, 1], np.uint8), n,
        )  # fmt: skip
        facts = {
            "net": NetworkFacts(
                "net",
                0,
                directed,
                two_mode,
                self.q,
                average_degree=1.7,
                average_mutual=0.6,
                balance_mean=0.31,
                structural_mean=0.29,
            ),
            "other": NetworkFacts("other", 1, True, False, n, average_degree=1.9),
            "bipartite": NetworkFacts("bipartite", 2, True, True, q, average_degree=1.4),
        }
        actors = {
            name: ActorFacts(name, k, mean=self.v_mean, range=3.0, similarity_mean=0.55) for k, name in enumerate("vu")
        }
        self.context = Context("net", facts, actors, {"d": DyadicFacts("d", 0, mean=1.3)}, n)
        self.state = self.new_state(x)

    def new_state(self, x):
        period = self.period
        return packed(new_state(period, x, period.z, period.v_missing, period.w_missing, 2 * x.shape[1]))

    def variables(self, entry, w="other"):
        names = {"network": w, "actor": "v", "dyadic": "d"}
        if self.two_mode and entry.details.get("other") == "same":
            names["network"] = "bipartite"
        found = [names[kind] for kind in entry.variables]
        return tuple(found[:-1] + ["u"] if found.count("v") == 2 else found)

    def world(self, p, x=None, w="other"):
        x = self.x if x is None else x
        k = {"other": 1, "bipartite": 2, "net": 0}[w]
        columns = {"other": self.n, "bipartite": self.period.n_columns[2], "net": self.q}[w]
        side = max(self.n, self.q)
        own = self.context.networks["net"]
        return World(
            x[0, : self.n, : self.q],
            v=self.v[0, :side],
            u=self.v[1, :side],
            w=x[k, : self.n, :columns].astype(float),
            d=self.d[0, : self.n, : self.q],
            p=p,
            directed=self.directed,
            two_mode=self.two_mode,
            constants={
                "dbar": own.average_degree, "rec_mean": own.average_mutual, "b0": own.balance_mean,
                "structural": own.structural_mean, "v_range": 3.0, "v_similarity": 0.55, "v_mean": self.v_mean,
                "d_mean": 1.3, "w_dbar": 1.9 if w == "other" else 1.4,
            },
        )  # fmt: skip

    def effect(self, entry, p=None, w="other"):
        return Effect(entry.name, self.variables(entry, w), () if p is None else (("parameter", p),))


def change(case, eff, i, scratch):
    """D[j] of one row, for all alters j."""
    out = np.zeros(case.x.shape[1])
    kernel.network_local(eff, 0, case.state, i, packed(scratch), out)
    touched = scratch.touched[: scratch.n_touched[0]].copy()
    scratch.mark[:], scratch.n_touched[0] = 0, 0
    assert not scratch.paths.any()
    untouched = np.setdiff1d(np.arange(case.x.shape[1]), touched)
    assert not out[untouched].any()
    column = np.zeros(case.q)
    kernel.network_column(eff, 0, case.state, i, np.arange(case.q, dtype=np.int32), case.q, column)
    for j in range(case.q):
        if case.two_mode or i != j:
            assert column[j] == kernel.network_base(eff, 0, case.state, i, j)
    return np.where(np.arange(case.q) != (-1 if case.two_mode else i), out[: case.q] + column, 0.0)


def parameters(entry):
    default = entry.options.get("parameter")
    return [None] if default is None else entry.details.get("parameters", [default])


def expected_change(case, statistic, p, i, w="other"):
    d = np.zeros(case.q)
    for j in range(case.q):
        if not case.two_mode and i == j:
            continue
        if statistic.fixed:
            d[j] = statistic.gain(case.world(p, w=w))[i, j]
            continue
        values = []
        for tie in (1, 0):
            x = case.x.copy()
            x[0, i, j] = tie
            if not case.directed:
                x[0, j, i] = tie
            values.append(statistic.own(case.world(p, x, w=w))[i])
        d[j] = values[0] - values[1]
    return d


KINDS = {"directed": {}, "undirected": {"directed": False}, "two-mode": {"two_mode": True}}
CASES = [(short, kind) for short, d in BY_SHORT.items() for kind in d.details.get("networks", ("directed",))]


@pytest.mark.parametrize(("short", "kind"), CASES)
def test_change_is_statistic_with_minus_statistic_without(short, kind):
    entry, statistic = BY_SHORT[short], NETWORK[short]
    for seed in range(6):
        case = Case(seed, **KINDS[kind])
        scratch = new_scratch(case.x.shape[1])
        for p in parameters(entry):
            number = p if p is not None else entry.options.get("parameter", 0)
            eff = row_of(network.encode(case.effect(entry, p), case.context))
            for i in range(case.n):
                w = "bipartite" if "bipartite" in case.variables(entry) else "other"
                np.testing.assert_allclose(
                    change(case, eff, i, scratch), expected_change(case, statistic, number, i, w), atol=1e-9
                )

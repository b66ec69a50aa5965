"""Network effects of the actor-oriented model: change statistics and statistics against literal formulas."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_saom import NETWORK, World

from coplearn import SAOM
from coplearn import effects as fx
from coplearn.effects import network
from coplearn.effects.context import ActorFacts, Context, DyadicFacts, NetworkFacts
from coplearn.effects.spec import Effect, definitions
from coplearn.kernels import saom_network as kernel
from coplearn.kernels import saom_network_terms as t
from coplearn.kernels.saom_record import packed
from coplearn.kernels.saom_state import Effects, Period, new_scratch, new_state
from coplearn.panel import JointPanel

DATA = Path(__file__).parent / "data"
GLASGOW = Path(os.environ.get("COPLEARN_DATA", "")) / "glasgow_s50"
needs_glasgow = pytest.mark.skipif(
    "COPLEARN_DATA" not in os.environ or not GLASGOW.exists(),
    reason="other people's data: set COPLEARN_DATA to a folder that holds glasgow_s50",
)


BY_SHORT = {d.short["rsiena"]: d for d in definitions("network")}


def period(x, v, v_missing, d, directed, n_columns, two_mode, n_actors):
    """The data that a state needs; everything else is empty."""
    n_nets, side = x.shape[:2]
    no = np.zeros((n_nets, side, side), np.uint8)
    whole = np.zeros((0, side), np.int32)
    numbers = np.zeros(0)
    return Period(
        x, no, no, no, no, whole, np.zeros((0, side), np.uint8), numbers.astype(np.int32), numbers.astype(np.int32),
        numbers, v, v_missing, d, np.zeros(d.shape, np.uint8), directed, n_columns, two_mode,
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

    def __init__(self, seed, directed=True, two_mode=False, density=0.3, missing=False):
        g = np.random.default_rng(seed)
        n, q = int(g.integers(6, 9)), int(g.integers(4, 8))
        side = self.side = max(n, q)
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
        raw = g.integers(1, 5, (3, side)).astype(float)  # of another variable, u and v
        raw[:, n:] = 0 if not two_mode else raw[:, n:]
        self.v_mean = 2.25
        v = raw - self.v_mean
        d = np.zeros((1, side, side))
        d[0, :n, : self.q] = g.integers(0, 4, (n, self.q))
        if not two_mode:
            np.fill_diagonal(d[0], 0)
        unknown = np.zeros((3, side), np.uint8)
        if missing:  # values that are not known are average
            unknown[:] = g.random((3, side)) < 0.3
            v[unknown == 1] = 0.0
        self.x, self.v, self.d, self.unknown = x, v, d, unknown
        self.period = period(
            x, v, unknown, d, np.array([directed, 1, 1], np.uint8), np.array([self.q, n, q]),
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
            "other": NetworkFacts("other", 1, True, False, n, average_degree=1.9, shared_mean=0.7),
            "bipartite": NetworkFacts("bipartite", 2, True, True, q, average_degree=1.4, shared_mean=0.8),
        }
        actors = {
            name: ActorFacts(name, k, mean=self.v_mean, average=self.v_mean + 0.4, range=3.0, similarity_mean=0.55)
            for name, k in (("v", 2), ("u", 1))
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
            v=self.v[2, :side],
            v_known=1.0 - self.unknown[2, :side],
            u=self.v[1, :side],
            w=x[k, : self.n, :columns].astype(float),
            d=self.d[0, : self.n, : self.q],
            p=p,
            directed=self.directed,
            two_mode=self.two_mode,
            w_two_mode=w == "bipartite",
            constants={
                "dbar": own.average_degree, "rec_mean": own.average_mutual, "b0": own.balance_mean,
                "structural": own.structural_mean, "v_range": 3.0, "v_similarity": 0.55, "v_mean": self.v_mean,
                "v_nobody": 0.4, "d_mean": 1.3, "w_dbar": 1.9 if w == "other" else 1.4,
                "w_shared": 0.7 if w == "other" else 0.8,
            },
        )  # fmt: skip

    def effect(self, entry, p=None, w="other"):
        return Effect(entry.name, self.variables(entry, w), () if p is None else (("parameter", p),))


def change(case, eff, i, scratch):
    """D[j] of one row, for all alters j."""
    out = np.zeros(case.side)
    kernel.network_local(eff, 0, case.state, i, packed(scratch), out)
    touched = scratch.touched[: scratch.n_touched[0]].copy()
    scratch.mark[:], scratch.n_touched[0] = 0, 0
    case.touched = set(touched)
    assert not scratch.paths.any()
    untouched = np.setdiff1d(np.arange(case.side), touched)
    assert not out[untouched].any()
    column, row, everybody = np.zeros(case.q), np.zeros(case.q), np.arange(case.q)
    kernel.network_column(eff, 0, case.state, i, everybody, case.q, column)
    kernel.network_row(eff, 0, case.state, i, everybody, case.q, row)
    for j in range(case.q):
        if case.two_mode or i != j:
            assert column[j] == row[j] == kernel.network_base(eff, 0, case.state, i, j)
    return np.where(np.arange(case.q) != (-1 if case.two_mode else i), out[: case.q] + column, 0.0)


# Internal parameters that mean something else than the default, where any number is allowed.
FURTHER = {
    short: values
    for names, values in (
        ("altDist2 totDist2 altDist2W totDist2W altInDist2W totInDist2W absOutDiffIntn", [2]),
        ("outPopMore outPopSqrtMore outPopThreshold outActSqrtMore_ego outXMore", [2]),
        ("from fromMutual to toBack toRecip mixedInXW", [2, 3]),
        ("inPopIntn outPopIntn inActIntn both crprodInActIntn", [1, 2]),
        ("divOutEgoIntn divInEgoIntn divOutAltIntn divInAltIntn betweenPop", [1, 2]),
        ("outActIntn", [0, 1]),
        ("sameXInActIntn", [2, 3, 4]),
    )
    for short in names.split()
}


def parameters(entry):
    default = entry.options.get("parameter")
    further = FURTHER.get(entry.short.get("rsiena"), [])
    return [None] if default is None else [*entry.details.get("parameters", [default]), *further]


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


SEEDS = st.integers(0, 10_000)


@pytest.mark.parametrize(("short", "kind"), CASES)
@settings(max_examples=3, deadline=None, database=None, derandomize=True)
@given(seed=SEEDS)
def test_change_is_statistic_with_minus_statistic_without(short, kind, seed):
    entry, statistic = BY_SHORT[short], NETWORK[short]
    case = Case(seed, **KINDS[kind])
    w = "bipartite" if "bipartite" in case.variables(entry) else "other"
    scratch = new_scratch(case.side)
    for p in parameters(entry):
        eff = row_of(network.encode(case.effect(entry, p), case.context))
        number = entry.options.get("parameter", 0) if p is None else p
        for i in range(0, case.n, 2):
            want = expected_change(case, statistic, number, i, w)
            # Sums of a few dozen terms below 100.
            np.testing.assert_allclose(change(case, eff, i, scratch), want, atol=1e-9)


@pytest.mark.parametrize(("short", "kind"), CASES)
@settings(max_examples=2, deadline=None, database=None, derandomize=True)
@given(seed=SEEDS)
def test_moments_are_the_literal_sums_without_actors_whose_value_is_missing(short, kind, seed):
    entry, statistic = BY_SHORT[short], NETWORK[short]
    case = Case(seed, missing=True, **KINDS[kind])
    w = "bipartite" if "bipartite" in case.variables(entry) else "other"
    p = entry.options.get("parameter", 0)
    row = network.encode(case.effect(entry), case.context)
    eff, c = row_of(row), case.world(p, w=w)
    c.lagged = c.x  # as if nothing had changed since the start
    if kernel.whole_ego(eff, 0):
        got = sum(kernel.ego_statistic(eff, 0, case.state, i) for i in range(case.n))
        known = statistic.mask(c)[:, 0] if statistic.known else 1
        want = (statistic.value(c) * known).sum()
    else:
        ties = np.argwhere(c.x)
        got = sum(kernel.tie_statistic(eff, 0, case.state, int(i), int(j)) for i, j in ties)
        term = statistic.term(c) if statistic.tie else np.nan
        want = np.sum(c.x * term * statistic.mask(c)) if statistic.tie else statistic.value(c).sum()
    once = 0.5 if (short, kind) == ("density", "undirected") else 1.0  # of a tie that both its ends see
    assert got * row.p[7] == pytest.approx(want * statistic.scale * once, abs=1e-9)


@pytest.mark.parametrize(("short", "kind"), CASES)
@settings(max_examples=2, deadline=None, database=None, derandomize=True)
@given(seed=SEEDS)
def test_alters_without_ties_to_ego_are_alike_in_what_the_effect_says_it_looks_at(short, kind, seed):
    entry = BY_SHORT[short]
    case = Case(seed, density=0.15, **KINDS[kind])
    eff = row_of(network.encode(case.effect(entry), case.context))
    flags, net, var = kernel.network_features(eff, 0)
    if flags & t.DENSE:
        return
    x, scratch = case.x, new_scratch(case.side)
    for i in range(case.n):
        near = x[[0, 2] if case.two_mode else [0, 1], i].any(0)
        near |= False if case.two_mode else x[:2, :, i].any(0)
        d, seen = change(case, eff, i, scratch), {}
        for j in np.flatnonzero(~near[: case.q]):
            if (j == i and not case.two_mode) or j in case.touched:
                continue
            look = (
                x[net, :, j].sum() if flags & t.ALTER_IN else 0,
                x[net, j].sum() if flags & t.ALTER_OUT else 0,
                (x[net, j] * x[net, :, j]).sum() if flags & t.ALTER_MUTUAL else 0,
                case.v[var, j] if flags & t.ALTER_VALUE else 0,
            )
            assert seen.setdefault(look, d[j]) == d[j]


SHIPPED = list(definitions("network"))  # as imported: later tests write effects of their own


def test_every_network_effect_has_a_source_a_short_name_of_its_own_and_a_literal_statistic():
    assert len({d.short["rsiena"] for d in SHIPPED}) == len(SHIPPED) >= 165
    for entry in SHIPPED:
        assert "doi:" in entry.source
        assert entry.formula
        assert entry.short["rsiena"] in NETWORK


def test_effects_say_for_which_networks_they_are():
    case = Case(1)
    with pytest.raises(ValueError, match="defined for undirected networks; 'net' is directed"):
        network.encode(fx.transitive_triads(), case.context)
    with pytest.raises(ValueError, match="is about a one-mode network; 'bipartite' is not"):
        network.encode(fx.closure_of("bipartite"), case.context)
    with pytest.raises(ValueError, match="is about actor"):
        network.encode(fx.similarity("d"), case.context)


@pytest.mark.parametrize(
    ("effect", "kind", "read"),
    [
        (Effect("indegree_activity"), "eval", "current"),
        (Effect("indegree_activity"), "creation", "start"),
        (Effect("outdegree_popularity", (), (("parameter", -1),)), "eval", "both"),
        (Effect("outdegree_popularity_root"), "eval", "start"),
        (Effect("outdegree_popularity_excess"), "creation", "start"),
        (Effect("outdegree_popularity_excess", (), (("parameter", 2),)), "creation", "current"),
        (fx.rsiena("outPop.c", parameter=1), "eval", "current"),
        (fx.rsiena("inAct.c"), "eval", "start"),
        (Effect("average_degree"), "creation", "self"),
        (Effect("transitive_triplets"), "endow", "current"),
    ],
)
def test_lagged_degrees_are_read_at_the_start_of_the_period(effect, kind, read):
    assert network.moment(effect, Case(1).context, kind).network == read


@pytest.fixture(scope="module")
def glasgow():
    """The panel of the reference files: friendship, alcohol as behavior and as covariate, smoking, a dyadic pattern."""
    ties = np.stack([np.loadtxt(GLASGOW / f"s50{wave}.csv", delimiter=",") for wave in (1, 2, 3)])
    alcohol, smoking = (np.loadtxt(GLASGOW / f"s50{name}.csv", delimiter=",") for name in "as")
    one = np.arange(1, 51)
    pattern = ((3 * one[:, None] + 7 * one) % 5) * (1.0 - np.eye(50))
    return JointPanel.from_arrays(
        ties={"net": ties},
        behavior={"drink": alcohol.T},
        covariates={"smoke1": smoking[:, 0], "alc": alcohol.T[:2]},
        dyadic={"dyad": pattern},
    )


@needs_glasgow
@pytest.mark.published
@pytest.mark.parametrize("kind", ["eval", "creation", "endow"])
def test_targets_are_those_of_rsiena(glasgow, kind):
    """RSiena 1.6.6 (our own run)."""
    rows = pd.read_csv(DATA / "rsiena_targets_s50.csv", keep_default_na=False)
    rows = rows[(rows.variable == "net") & (rows.type == kind)]
    rows = rows[~rows.shortName.str.contains("*", regex=False)]
    wanted = {}
    for r in rows.itertuples():
        entry = BY_SHORT[r.shortName]
        names = [v for v in (r.interaction1, r.interaction2) if v]
        parameter = r.parameter if "parameter" in entry.options else None
        effect = fx.rsiena(r.shortName, *names, parameter=parameter, type=kind)
        wanted[effect] = (float(r.period1), float(r.period2))
    for one in range(0, len(wanted), 60):  # a model of all would have a few twins with the same label
        effects = list(wanted)[one : one + 60]
        got = SAOM(glasgow, {"net": effects}).targets().iloc[-len(effects) :, :2]
        np.testing.assert_allclose(got, [wanted[e] for e in effects], rtol=1e-9, atol=1e-9)


@needs_glasgow
@pytest.mark.published
def test_changes_are_those_of_rsiena(glasgow):
    """RSiena 1.6.6 (our own run), a tenth of its rows; zeros are left out there. Losing a tie has the sign reversed."""
    rows = pd.read_csv(DATA / "rsiena_change_statistics_s50.csv.gz", keep_default_na=False)
    rows = rows.astype({"parameter": float})
    for (short, about, parameter), part in rows.groupby(["shortName", "interaction1", "parameter"]):
        setting = parameter if "parameter" in BY_SHORT[short].options else None
        effect = fx.rsiena(short, *([about] if about else []), parameter=setting)
        model = SAOM(glasgow, {"net": [effect]})
        for wave, some in part.groupby("wave"):
            d = np.asarray(model.contributions(glasgow.waves[wave - 1]))[0]
            now = np.loadtxt(GLASGOW / f"s50{wave}.csv", delimiter=",")
            i, j = some.ego.to_numpy() - 1, some.alter.to_numpy() - 1
            np.testing.assert_allclose(np.where(now[i, j] == 1, -d[i, j], d[i, j]), some.change, atol=1e-9)

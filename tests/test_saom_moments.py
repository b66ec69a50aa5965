"""Every target of the actor-oriented model, from a panel with gaps to the number, against literal formulas."""

from dataclasses import replace

import naive_saom_behavior as naive
import numpy as np
import pytest
from naive_saom import NETWORK, World

from coplearn.effects.spec import Effect, definitions
from coplearn.panel import JointPanel
from coplearn.saom import SAOM

N, WAVES = 9, 3
TYPES = ("eval", "creation", "endow")
SHIPPED = [d for d in definitions() if d.family in ("network", "behavior") and d.name != "influence"]


def with_gaps(rng, values, share=0.08):
    values = values.astype(float)
    values[rng.random(values.shape) < share] = np.nan
    return values


class Data:
    """Three waves of two networks and a behavior, two actor variables and a dyadic one, with missing values in all."""

    def __init__(self, seed, directed=True):
        rng = np.random.default_rng(seed)
        off = ~np.eye(N, dtype=bool)
        x, y = (with_gaps(rng, (rng.random((WAVES, N, N)) < 0.35) & off) for _ in "xy")
        if not directed:
            x = np.fmax(x, x.transpose(0, 2, 1)) + np.where(np.isnan(x + x.transpose(0, 2, 1)), np.nan, 0)
        for k in (*x, *y):
            np.fill_diagonal(k, 0)
        self.x, self.y = x, y
        self.z = with_gaps(rng, rng.integers(1, 5, (WAVES, N)))
        self.v, self.u = (with_gaps(rng, rng.integers(1, 5, N)) for _ in "vu")
        self.d = with_gaps(rng, rng.integers(0, 4, (N, N)) * off)
        self.d_mean = np.nanmean(self.d[off])
        np.fill_diagonal(self.d, 0)
        self.panel = JointPanel.from_arrays(
            {"net": x, "other": y}, {"drink": self.z}, {"v": self.v, "u": self.u}, {"d": self.d},
            directed={"net": directed, "other": True},
        )  # fmt: skip

    def before(self, m):
        """Ties of net at the start of period m, but those missing there."""
        return np.nan_to_num(self.x[m])

    def lost(self, m):
        """Ties of net that are gone, and known to be: those at the start, if last seen then or earlier."""
        start = self.x[m]
        for earlier in self.x[:m][::-1]:
            start = np.where(np.isnan(start), earlier, start)
        return np.nan_to_num(start) * (self.x[m + 1] == 0)

    def network(self, name, m, late):
        """Ties at the start or the end of period m; those missing at either are absent."""
        waves = getattr(self, name)[m : m + 2]
        return np.where(np.isnan(waves).any(axis=0), 0, waves[late])

    def targets(self, owner, family, kinds, uncentred=()):
        """Entries and types, one pair a row, and their targets by period."""
        self.uncentred = uncentred
        pairs, effects = [], []
        for entry in SHIPPED:
            if entry.family != family or not set(entry.details.get("networks", ("directed",))) & set(kinds):
                continue
            places = {"network": iter(["other", "net"] if owner == "net" else ["net", "other"])}
            places |= {"actor": iter("vu"), "dyadic": iter("d")}
            about = tuple(next(places[kind]) for kind in entry.variables)
            for kind in TYPES:
                pairs.append((entry, kind))
                effects.append(Effect(entry.name, about, () if kind == "eval" else (("type", kind),)))
        specification = {"net": [], "other": [], "drink": []} | {owner: effects}
        model = SAOM(self.panel, specification, uncentred=uncentred, monotone=False)
        table = model.targets()[[p.effect is not None for p in model.parameters]]
        return pairs, table.to_numpy()[:, :2], model.problems[0].context

    def complete(self, name):
        """Values of an actor variable, perhaps centred, the missing at their mean."""
        values, mean = getattr(self, name), np.nanmean(getattr(self, name))
        return np.where(np.isnan(values), mean, values) - (0 if name in self.uncentred else mean)


def network_target(data, context, entry, kind, m):
    """Of ties at the end; those gained, in the end network; or minus those lost, in the start network."""
    statistic, own, v = NETWORK[entry.short["rsiena"]], context.networks["net"], context.actors["v"]
    start, end = data.network("x", m, 0), data.network("x", m, 1)
    known = ~np.isnan(data.v)
    after = World(
        end, v=data.complete("v"), u=data.complete("u"), w=data.network("y", m, 0), p=entry.options.get("parameter", 0),
        d=np.where(np.isnan(data.d), data.d_mean, data.d), directed=own.directed, v_known=known.astype(float),
        lagged=start, kind=kind,
        constants={
            "dbar": own.average_degree, "rec_mean": own.average_mutual, "b0": own.balance_mean,
            "structural": own.structural_mean, "v_range": v.range, "v_similarity": v.similarity_mean,
            "v_mean": v.mean, "v_nobody": v.average - v.mean, "d_mean": context.dyadics["d"].mean,
            "w_dbar": context.networks["other"].average_degree, "w_shared": context.networks["other"].shared_mean,
        },
    )  # fmt: skip
    before = replace(after, x=data.before(m), lagged=data.before(m))
    gained, lost = end * (1 - start), data.lost(m)
    mask = statistic.mask(after) * (~np.isnan(data.d) if "d" in statistic.known else 1)
    egos = known if "e" in statistic.known else np.ones(N)
    sign = -1 if kind == "endow" else 1
    if statistic.moment == "ego":
        total = (statistic.value(before if kind == "endow" else after) * egos).sum()
    elif statistic.tie is None and kind == "eval":
        total = statistic.value(after).sum()
    elif statistic.moment == "self" and kind != "eval":
        alone = replace(after, x=gained if kind == "creation" else lost)
        total = statistic.value(alone).sum()
    elif statistic.tie is None:
        return None  # the twin does not say how it divides among ties
    else:
        ties = {"eval": end, "creation": gained, "endow": lost}[kind]
        total = (ties * statistic.term(before if kind == "endow" else after) * mask).sum()
    once = 0.5 if entry.name == "outdegree" and not own.directed else 1
    return sign * once * statistic.scale * total


@pytest.mark.parametrize(
    ("seed", "kind", "uncentred"),
    [(0, "directed", ()), (1, "directed", ()), (2, "undirected", ()), (4, "directed", ("v", "d"))],
)
def test_targets_of_networks_are_the_literal_sums(seed, kind, uncentred):
    data = Data(seed, kind == "directed")
    pairs, found, context = data.targets("net", "network", [kind], uncentred)
    assert context.dyadics["d"].mean == pytest.approx(0 if uncentred else data.d_mean)
    assert len(pairs) > (600 if kind == "directed" else 200)
    for (entry, what), row in zip(pairs, found, strict=True):
        if entry.short["rsiena"] == "from.w.ind":  # its second network is the first one in the twin
            continue
        for m in (0, 1):
            expected = network_target(data, context, entry, what, m)
            assert expected is None or row[m] == pytest.approx(expected, abs=1e-9), (entry.name, what, m)


@pytest.mark.parametrize(("seed", "uncentred"), [(3, ()), (5, ("v", "d"))])
def test_targets_of_behaviors_are_the_literal_sums_and_what_those_who_moved_gained(seed, uncentred):
    data = Data(seed)
    pairs, found, context = data.targets("drink", "behavior", ["directed"], uncentred)
    assert len(pairs) > 600
    drink = context.actors["drink"]
    mean = np.nanmean(data.z, axis=1).mean()
    for m in (0, 1):
        z_known, v_known = ~np.isnan(data.z[m : m + 2]).any(axis=0), ~np.isnan(data.v)
        start, end = (np.where(z_known, z - mean, 0) for z in data.z[m : m + 2])
        w = np.where(np.isnan(data.d), data.d_mean, data.d)
        for (entry, kind), row in zip(pairs, found, strict=True):
            before, after = (
                naive.World(
                    x=data.network("x", m, 0), y=data.network("y", m, 0), z=z, z_mean=mean, w=w,
                    v=data.complete("v"), v_nobody=context.actors["v"].average - context.actors["v"].mean,
                    w_mean=context.dyadics["d"].mean, reach=drink.range, sim_mean=drink.similarity_mean,
                    variance=drink.variance, low=drink.low, p=entry.options.get("parameter", 0.0), z_known=z_known,
                    v_known=v_known, w_known=~np.isnan(data.d),
                )
                for z in (start, end)
            )  # fmt: skip
            gains = [naive.behavior_statistic(entry.name, after, i) for i in range(N)]
            if kind != "eval":
                moved = z_known & (end > start if kind == "creation" else end < start)
                gains = [gains[i] - naive.behavior_statistic(entry.name, before, i) for i in np.flatnonzero(moved)]
            assert row[m] == pytest.approx(sum(gains), abs=1e-9), (entry.name, kind, m)


def test_an_alter_whose_behavior_is_missing_is_average_and_counts_in_the_divisor():
    x = np.zeros((2, 4, 4))
    x[:, 0, 1] = x[:, 0, 2] = 1
    x[1, 3, 0] = 1
    z = np.array([[1.0, 4, np.nan, 2], [3, 4, np.nan, 1]])
    panel = JointPanel.from_arrays({"net": x}, {"drink": z})
    mean = np.nanmean(z, axis=1).mean()
    asked = ["average_alter", "total_alter", "average_group", "average_similarity"]
    model = SAOM(panel, {"net": [], "drink": [Effect(name, ("net",) * ("group" not in name)) for name in asked]})
    average, total, group, similarity = model.targets()["total"].iloc[-4:]
    ego, alter, others = 3 - mean, 4 - mean, 1 - mean
    assert total == pytest.approx(ego * alter)
    assert average == pytest.approx(ego * (alter + 0) / 2)
    assert group == pytest.approx((ego + alter + others) * ((ego + alter + others + 0) / 4 - (1 - mean)))
    drink = model.problems[0].context.actors["drink"]
    assert similarity == pytest.approx(1 - 1 / drink.range - drink.similarity_mean)  # with the known alter alone

"""Effects that a researcher wrote, in whole models: they are what their built-in twins are."""

import joblib
import numpy as np
import pytest

import coplearn as cl
from coplearn import effects as fx
from coplearn.panel import JointPanel


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(8)
    ties = (rng.random((2, 12, 12)) < 0.25) & ~np.eye(12, dtype=bool)
    ties = np.where(rng.random(ties.shape) < 0.03, np.nan, ties)
    ties[:, range(12), range(12)] = 0
    behavior = rng.integers(1, 4, (2, 12))
    return JointPanel.from_arrays(
        {"net": ties}, {"drink": behavior}, {"age": rng.normal(size=12)}, {"near": rng.random((12, 12))}
    )


@fx.network_effect
def my_triplets(x, i, j, n):
    found = 0
    for h in range(n):
        found += x[i, h] * (x[h, j] + x[j, h])
    return found


@my_triplets.statistic
def _(x, i, n):
    found = 0
    for j in range(n):
        for h in range(n):
            found += x[i, j] * x[i, h] * x[h, j]
    return found


@fx.network_effect(age="actor", near="dyadic", of_pair=True)
def near_elders(x, i, j, age, near):
    return age[j] * near[i, j]


@near_elders.statistic
def _(x, i, age, near):
    return (x[i] * age * near[i]).sum()


def test_written_effect_has_the_targets_and_changes_of_its_built_in_twin(panel):
    effects = [fx.outdegree(), my_triplets(), fx.transitive_triplets()]
    model = cl.SAOM(panel, {"net": effects})
    mine, ours = model.targets().iloc[-2:].to_numpy()
    assert mine == pytest.approx(ours)
    changes = model.contributions(1)
    assert changes[1] == pytest.approx(changes[2])


def test_written_effect_of_a_pair_is_created_kept_and_multiplied(panel):
    both = [near_elders("age", "near"), fx.interaction(near_elders("age", "near"), fx.reciprocity())]
    kinds = [near_elders("age", "near", type=kind) for kind in ("creation", "endow")]
    model = cl.SAOM(panel, {"net": [fx.outdegree(), *both, *kinds]})
    targets = model.targets()["total"].iloc[-4:].to_numpy()
    period = model.problems[0].periods[0]
    known = period.missing[0] == 0
    start, end = (x[0] * known for x in (period.x, model.problems[0].x_end[0]))
    value = period.v[0] * period.w[0]
    expected = [
        (end * value).sum(),
        (end * end.T * value).sum(),
        (end * (1 - period.x[0]) * value).sum(),
        -(start * (1 - model.problems[0].x_end[0]) * value).sum(),
    ]
    assert targets == pytest.approx(expected)


def test_written_effect_is_simulated_in_other_processes_with_the_same_result(panel):
    model = cl.SAOM(panel, {"net": [fx.outdegree(), my_triplets()]})
    theta = [4.0, -1.2, 0.1]
    here = model.simulate(theta, n=30, seed=5)
    with joblib.parallel_config(backend="loky", n_jobs=2):
        there = model.simulate(theta, n=30, seed=5)
    assert (here.ties("net") == there.ties("net")).all()


def test_written_effect_without_a_tie_statistic_is_neither_created_nor_multiplied(panel):
    with pytest.raises(ValueError, match="say of_pair=True"):
        cl.SAOM(panel, {"net": [fx.outdegree(), my_triplets(type="creation")]})
    with pytest.raises(ValueError, match="depends on the other ties of ego"):
        fx.interaction(my_triplets(), fx.reciprocity())


def test_interactions_of_a_model_fit_its_networks(panel):
    undirected = JointPanel.from_arrays(
        {"net": np.maximum(*(a := np.nan_to_num(panel.networks["net"].ties == 1), a.transpose(0, 2, 1)))},
        {},
        {"age": panel.covariates["age"]},
        directed={"net": False},
    )
    mixed = fx.interaction(fx.ego("age"), fx.similarity("age"))
    cl.SAOM(panel, {"net": [fx.outdegree(), mixed]})
    with pytest.raises(ValueError, match="all of ego, or all dyadic"):
        cl.SAOM(undirected, {"net": [fx.outdegree(), mixed]})


def test_written_behavior_effect_stands_beside_its_twin_in_a_model(panel):
    @fx.behavior_effect(net="network")
    def my_total(z, i, d, net):
        return d * (net[i] * z).sum()

    @my_total.statistic
    def _(z, i, net):
        return z[i] * (net[i] * z).sum()

    model = cl.SAOM(panel, {"drink": [fx.linear_shape(), my_total("net"), fx.total_alter("net")]})
    mine, ours = model.targets().iloc[-2:].to_numpy()
    assert mine == pytest.approx(ours)


def test_written_effect_meets_a_two_mode_network_only_if_it_was_meant_for_one(panel):
    rng = np.random.default_rng(2)
    clubs = JointPanel.from_arrays({"clubs": rng.random((2, 12, 5)) < 0.4}, two_mode=["clubs"])

    @fx.network_effect(two_mode=True)
    def joining(x, i, j):
        return 2 * (x[i].sum() - x[i, j]) + 1

    @joining.statistic
    def _(x, i):
        return x[i].sum() ** 2

    got = cl.SAOM(clubs, {"clubs": [fx.outdegree(), joining()]}).targets()["total"].iloc[-1]
    assert got == (clubs.networks["clubs"].ties[1].sum(axis=1) ** 2).sum()
    with pytest.raises(ValueError, match="written for ties between actors"):
        cl.SAOM(clubs, {"clubs": [fx.outdegree(), my_triplets()]})


def test_index_out_of_range_is_met_in_the_check():
    @fx.network_effect
    def beyond(x, i, j, n):
        return x[j, n]

    with pytest.raises(IndexError):

        @beyond.statistic
        def _(x, i):
            return 0.0

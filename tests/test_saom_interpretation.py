"""Tables of selection and influence, relative importance and certainty, against their formulas."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import coplearn as cl
from coplearn import effects as fx
from coplearn.panel import JointPanel

EGO, ALTER, SIMILAR, LINEAR, QUADRATIC, INFLUENCE = 0.3, -0.2, 1.4, 0.4, -0.1, 2.5


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(3)
    ties = (rng.random((3, 14, 14)) < 0.25) & ~np.eye(14, dtype=bool)
    drink = np.clip(np.arange(14) % 5 + 1 + rng.integers(-1, 2, (3, 14)), 1, 5)
    panel = JointPanel.from_arrays({"net": ties}, {"drink": drink}, {"age": rng.integers(0, 3, 14)})
    return cl.SAOM(
        panel,
        {
            "net": [fx.outdegree(), fx.ego("drink"), fx.alter("drink"), fx.similarity("drink")],
            "drink": [fx.linear_shape(), fx.quadratic_shape(), fx.average_similarity("net"), fx.effect_from("age")],
        },
    )


@pytest.fixture(scope="module")
def theta(model):
    return dict(
        zip(model.names, [2, 2, -1.5, EGO, ALTER, SIMILAR, 1, 1, LINEAR, QUADRATIC, INFLUENCE, 0.7], strict=True)
    )


def test_selection_table_is_the_sum_of_the_effects_of_the_variable(model, theta):
    facts = model.problems[0].context.actors["drink"]
    got = cl.selection_table(model, "drink", theta).table()
    assert list(got.index) == [1, 2, 3, 4, 5]
    for a in got.index:
        for b in got.columns:
            similar = 1 - abs(a - b) / facts.range - facts.similarity_mean
            expected = EGO * (a - facts.mean) + ALTER * (b - facts.mean) + SIMILAR * similar
            assert got.loc[a, b] == pytest.approx(expected, abs=1e-12)


def test_influence_table_is_the_objective_function_from_its_value_at_the_mean(model, theta):
    facts = model.problems[0].context.actors["drink"]
    for alters in (1, 3):  # an average does not care how many
        table = cl.influence_table(model, theta=theta, alters=alters)
        for a in range(1, 6):
            for z in range(1, 6):
                shape = LINEAR * (z - facts.mean) + QUADRATIC * (z - facts.mean) ** 2
                pull = INFLUENCE * (abs(facts.mean - a) - abs(z - a)) / facts.range
                assert table.table().loc[a, z] == pytest.approx(shape + pull, abs=1e-12)
    assert table.best().loc[5] == 5


def test_errors_of_a_table_follow_from_the_covariance_of_the_fit(model, theta):
    covariance = pd.DataFrame(np.diag(np.arange(12.0)), model.names, model.names)
    fit = SimpleNamespace(model=model, params=pd.Series(theta), cov_params=lambda: covariance)
    facts = model.problems[0].context.actors["drink"]
    got = cl.selection_table(fit, "drink").standard_errors()
    similar = 1 - 2 / facts.range - facts.similarity_mean
    # variances 3, 4 and 5 of ego, alter and similarity, no covariances
    expected = np.sqrt(3 * (1 - facts.mean) ** 2 + 4 * (3 - facts.mean) ** 2 + 5 * similar**2)
    assert got.loc[1, 3] == pytest.approx(expected)
    assert cl.selection_table(fit, "drink").plot().get_ylabel() == "contribution of a tie (net)"
    with pytest.raises(ValueError, match="no standard errors"):
        cl.selection_table(model, "drink", theta).standard_errors()


def test_importance_is_the_shift_of_the_choice_without_an_effect(model, theta):
    got = cl.relative_importance(model, theta)
    assert got.table().groupby("variable").sum().to_numpy() == pytest.approx(1)
    changes, beta = model.contributions(1, "drink"), np.array([LINEAR, QUADRATIC, INFLUENCE, 0.7])

    def choice(beta, i):
        u = np.where(np.isnan(changes[0, i]), -np.inf, np.einsum("k,kd->d", beta, np.nan_to_num(changes[:, i])))
        return np.exp(u) / np.exp(u).sum()

    shares = []
    for i in range(14):
        gaps = [np.abs(choice(beta, i) - choice(np.where(np.arange(4) == k, 0, beta), i)).sum() for k in range(4)]
        shares.append(np.array(gaps) / sum(gaps))
    assert got.table().loc["drink"][1].to_numpy() == pytest.approx(np.mean(shares, axis=0))
    assert got.plot(variable="net").get_xlabel() == "expected relative importance"


def test_certainty_is_none_without_preferences_and_full_with_strong_ones(model, theta):
    nothing = dict.fromkeys(theta, 0.0) | {name: 1.0 for name in theta if ": rate" in name}
    assert cl.certainty(model, nothing).table().to_numpy() == pytest.approx(0, abs=1e-12)
    strong = nothing | {"net: outdegree": -60.0, "drink: linear_shape": 60.0}
    table = cl.certainty(model, strong).table()
    assert table.loc["drink"].to_numpy() == pytest.approx(1)
    assert (table.to_numpy() > 0.5).all()  # who has ties drops one of them, but which is open


def test_tables_say_what_they_need(model, theta):
    with pytest.raises(ValueError, match="give theta with a model"):
        cl.selection_table(model, "drink")
    with pytest.raises(ValueError, match="no effect of 'net' is about 'age'"):
        cl.selection_table(model, "age", theta)
    with pytest.raises(ValueError, match="Did you mean 'drink'"):
        cl.selection_table(model, "drnk", theta)

"""The actor-oriented model on data and requests that are odd: one sentence, or the right number."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from test_saom import BOTH, NET, QUICK, fitted, panel, small  # noqa: F401  (fixtures)

import coplearn as cl
from coplearn import effects as fx
from coplearn.estimation import Draws, Estimation, Search, overall_ratio
from coplearn.panel import JointPanel
from coplearn.saom import SAOM

FEW = Estimation(phase3=200, subphases=1)
DIRECTED = {"directed": {"net": True}}


@pytest.fixture(scope="module")
def ties():
    return small().networks["net"].ties


def with_covariates(ties, **covariates):
    return JointPanel.from_arrays({"net": ties}, covariates=covariates, **DIRECTED)


# --- panels ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"covariates": {"age": [1, 2, np.inf]}}, "covariate 'age' is infinite in 1 place; write NaN for missing"),
        ({"covariates": {"team": ["a", "b", "b"]}}, "covariate 'team' is not made of numbers"),
        ({"behavior": {"drink": [[1, 2, np.inf], [1, 2, 3]]}}, "behavior 'drink' is infinite in 1 place"),
        ({"dyadic": {"near": np.full((3, 3), -np.inf)}}, "dyadic 'near' is infinite in 9 places"),
        ({"members": ["a", "b", "a"]}, "a names more than one member"),
        ({"waves": [1, 1]}, "1 names more than one wave"),
    ],
)
def test_what_no_panel_can_hold_is_refused(more, sentence):
    with pytest.raises(ValueError, match=sentence):
        JointPanel.from_arrays({"net": np.zeros((2, 3, 3))}, **more)


def test_the_members_of_a_pair_that_is_not_symmetric_are_named(ties):
    with pytest.raises(ValueError, match=r"wave 1 is not symmetric \(m\d\d to m\d\d\)"):
        JointPanel.from_arrays({"net": ties}, directed={"net": False})


def test_a_pair_is_structural_for_both_in_an_undirected_network(ties):
    both = np.maximum(ties, ties.transpose(0, 2, 1)).astype(float)
    both[0, 2, 3] += 10
    mask = JointPanel.from_arrays({"net": both}).structural["net"]
    assert np.argwhere(mask).tolist() == [[0, 2, 3], [0, 3, 2]]


@pytest.mark.parametrize(
    ("drink", "sentence"),
    [([[1, 2e10], [2, 1]], "moves in steps of 1: too many"), ([[1, 4000], [2, 10]], r"rounded\('drink', step=...\)")],
)
def test_a_behavior_of_thousands_of_steps_is_refused(drink, sentence):
    frame = JointPanel.from_arrays({"net": np.zeros((2, 2, 2))}, {"drink": drink})
    with pytest.raises(ValueError, match=sentence):
        SAOM(frame, {"drink": [fx.linear_shape()]})


def test_a_wave_with_hardly_anybody_is_not_called_missing(ties):
    present = np.ones((3, 16), bool)
    present[0, 1:] = False
    with pytest.raises(ValueError, match="1 member present at wave 1, too few for 'net'"):
        SAOM(JointPanel.from_arrays({"net": ties}, present=present, **DIRECTED), {"net": NET})


def test_groups_have_networks_of_one_kind(ties):
    groups = [JointPanel.from_arrays({"net": ties}), JointPanel.from_arrays({"net": ties[:, :, :7]})]
    with pytest.raises(ValueError, match="'net' is two-mode in group '2', and directed in the first"):
        SAOM(groups, {"net": [fx.outdegree()]})


# --- requests -------------------------------------------------------------------------------------------


def test_what_is_no_panel_or_specification_is_said(panel):  # noqa: F811
    for given in (None, [], {}):
        with pytest.raises(ValueError, match="a model needs a panel"):
            SAOM(given, {"net": NET})
    with pytest.raises(TypeError, match="a model takes panels, not ndarray"):
        SAOM(np.zeros((2, 3, 3)), {"net": NET})
    for specification in (NET, {"net": fx.outdegree()}, {"net": "outdegree"}):
        with pytest.raises(TypeError, match="for each dependent variable a list of effects"):
            SAOM(panel, specification)


@pytest.mark.parametrize(("most", "sentence"), [(0, "give a whole number"), (2, "but m.. has [34] ties at wave")])
def test_a_limit_of_degrees_fits_the_data(panel, most, sentence):  # noqa: F811
    with pytest.raises(ValueError, match=sentence):
        SAOM(panel, {"net": NET}, max_degree={"net": most})


@pytest.mark.parametrize("seed", [None, "a", 1.5, 2**70, np.random.default_rng(1)])
def test_a_seed_is_a_whole_number(panel, seed):  # noqa: F811
    model = SAOM(panel, {"net": NET})
    for call in (model.fit, lambda seed: model.simulate([1] * 5, seed=seed)):
        with pytest.raises(ValueError, match=r"seed is .*; give a whole number"):
            call(seed=seed)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"fixed": {"net: reciprocity": np.nan}}, "fixed of 'net: reciprocity' is nan; give a finite number"),
        ({"start": {"net: reciprocity": "1"}}, "start of 'net: reciprocity' is '1'; give a finite number"),
        ({"start": {"net: rate 1": 0}}, "start of 'net: rate 1' is 0; a rate begins above 0"),
        ({"fixed": {"net: rate 1": -1}, "conditional": False}, "fixed of 'net: rate 1' is -1; a rate is not negative"),
        ({"fixed": {"net: rate 1": 3}}, "'net: rate 1' cannot be held: estimation is conditional on 'net'"),
        ({"fixed": {name: 0 for name in ("net: outdegree", "net: reciprocity")}}, "no parameter is left to estimate"),
    ],
)
def test_values_that_cannot_be_started_at_or_held_are_refused(panel, settings, sentence):  # noqa: F811
    with pytest.raises(ValueError, match=sentence):
        SAOM(panel, {"net": NET[:2]}).fit(Estimation(**settings), seed=1)


def test_settings_are_of_their_kind(panel):  # noqa: F811
    with pytest.raises(TypeError, match=re.escape("give Estimation(...) for settings, and seed= for the seed")):
        SAOM(panel, {"net": NET}).fit(7)
    with pytest.raises(TypeError, match="give a dict or Series"):
        Estimation(fixed=[1, 2])
    with pytest.raises(TypeError, match="dolby is 'no'; give True or False"):
        Estimation(dolby="no")
    model = SAOM(panel, {"net": NET})
    with pytest.raises(ValueError, match="n is '3'; give a whole number"):
        model.simulate([1] * 5, n="3")
    for call in (model.fit, lambda **settings: model.simulate([1] * 5, **settings)):
        with pytest.raises(ValueError, match="n_jobs is 'two'; give a whole number of workers"):
            call(n_jobs="two")
    with pytest.raises(ValueError, match="offset is '1'; give a finite number"):
        SAOM(panel, {"net": NET}, offset="1")
    with pytest.raises(ValueError, match="step is '1'; give a positive number"):
        panel.rounded("drink", step="1")


def damaged(path):
    path.write_bytes(path.read_bytes()[:300])


@pytest.mark.parametrize(
    "damage",
    [damaged, lambda p: p.write_bytes(b"hello"), lambda p: p.write_bytes(b""), lambda p: np.savez(p.open("wb"), a=1)],
)
def test_a_damaged_checkpoint_is_refused(panel, tmp_path, damage):  # noqa: F811
    model, path = SAOM(panel, {"net": NET[:1]}), tmp_path / "search"
    model.fit(FEW, seed=1, checkpoint=path)
    damage(path)
    with pytest.raises(ValueError, match="cannot be read: it is damaged, or no checkpoint"):
        model.fit(FEW, seed=1, checkpoint=path)
    with pytest.raises(ValueError, match="cannot be written: give a file in a folder that is there"):
        model.fit(FEW, seed=1, checkpoint=tmp_path / "nowhere" / "search")


# --- the search -----------------------------------------------------------------------------------------


def test_the_overall_ratio_does_not_depend_on_units():
    rng = np.random.default_rng(1)
    s = rng.normal(size=(200, 1, 3)) @ np.array([[1, 0.5, 0], [0, 1, 0.5], [0, 0, 1]])
    unit, target = np.array([1.0, 1e9, 1e-9]), np.array([0.3, 0.2, 0.4])
    ratio = overall_ratio(Draws(s, s, s[:, :, 0]), target)
    assert overall_ratio(Draws(s * unit, s, s[:, :, 0]), target * unit) == pytest.approx(ratio)


@pytest.mark.parametrize("unit", [1e-3, 1e6])
def test_estimates_follow_the_unit_of_a_covariate(ties, unit):
    age = np.random.default_rng(3).normal(size=16)
    effects = [*NET[:2], fx.ego("age"), fx.alter("age")]
    one, other = (SAOM(with_covariates(ties, age=age * u), {"net": effects}).fit(seed=1) for u in (1, unit))
    assert one.converged and other.converged and not other.caveats
    off = other.params.iloc[-2:] * unit - one.params.iloc[-2:]
    assert (off.abs() < 0.2 * one.bse.iloc[-2:]).all()  # of two searches, each a tenth of an error from the solution


def test_a_statistic_that_stands_still_has_not_converged(panel, fitted, monkeypatch):  # noqa: F811
    def still(self, count):
        draws = fitted.draws  # those of a good fit, but one statistic never moves and is far from its target
        statistics = draws.statistics.copy()
        statistics[:, :, -1] = 100.0
        return Draws(statistics, draws.scores, draws.clock)

    monkeypatch.setattr(Search, "_measured", still)
    with pytest.warns(cl.ConvergenceWarning):
        res = SAOM(panel, BOTH).fit(QUICK, seed=1)
    assert not res.converged
    assert "the same in every simulation: the statistic of drink: average_alter(net)" in res.convergence()
    assert "start elsewhere, or hold drink: average_alter(net) at a value" in res.convergence()


def test_a_search_that_loses_its_way_begins_again_with_a_better_derivative(panel):  # noqa: F811
    # the derivative from the first hundred draws of this seed leads to rates without bound
    res = SAOM(panel, {"net": [*NET[:2], fx.rsiena("RateX", "age", type="rate")]}).fit(seed=1)
    assert "set back" in set(res.history["phase"])
    assert res.converged and res.draws.cut == 0


def test_advice_leaves_rates_in(fitted):  # noqa: F811
    direction = pd.Series({"net: rate 1": 2.0, "net: reciprocity": 1.0})
    assert "leave out net: reciprocity" in replace(fitted, max_conv_ratio=3.0)._advice(direction)


def test_a_statistic_that_is_no_number_is_named(panel):  # noqa: F811
    with pytest.raises(ValueError, match=r"gwesp.* is not a finite number"):
        SAOM(panel, {"net": [*NET[:2], fx.rsiena("gwespFF", parameter=np.nan)]}).fit(FEW, seed=1)


@pytest.mark.parametrize("chained", [False, True])
def test_draws_that_were_cut_short_are_no_draws_from_the_model(panel, chained):  # noqa: F811
    with pytest.warns(UserWarning, match="2 of 4 simulated periods took too many steps and were cut short"):
        SAOM(panel, {"net": NET[:2]}).simulate([1e6, 1, -1, 1], n=2, chained=chained)


# --- after the fit --------------------------------------------------------------------------------------


def test_an_effect_that_others_determine_is_not_tested(ties):
    age = np.arange(16.0)
    res = SAOM(with_covariates(ties, age=age, months=12 * age, one=age * 0), {"net": [*NET[:2], fx.ego("age")]})
    res = res.fit(FEW, seed=1)
    for effect in (fx.ego("months"), fx.same("one"), fx.ego("one")):
        with pytest.raises(ValueError, match=r"net: (ego|same)\(.*\) cannot be tested: in every simulation"):
            res.score_test(effect)
    alone, twice = res.score_test(fx.alter("age")), res.score_test([fx.alter("age"), fx.alter("months")])
    assert (twice.df, twice.p) == (1, pytest.approx(alone.p))
    with pytest.raises(ValueError, match="there is no effect to test"):
        res.score_test([])
    with pytest.raises(TypeError, match="with parentheses"):
        res.score_test(fx.three_cycles)


def test_what_a_period_cannot_show_is_left_out_of_the_time_test(ties):
    rising = ties.copy()
    rising[2] = np.maximum(rising[1], rising[2])  # the number of ties is then given by the change
    test = SAOM(JointPanel.from_arrays({"net": rising}, **DIRECTED), {"net": NET[:2]}).fit(FEW, seed=1).time_test()
    assert test.joint.df == 1 and test.effects["df"].tolist() == [0, 1]
    assert np.isnan(test.effects["p"].iloc[0]) and test.p == pytest.approx(test.effects["p"].iloc[1])


def test_goodness_of_fit_needs_numbers_with_the_same_labels(fitted):  # noqa: F811
    for feature, sentence in (
        (lambda ties, behavior: np.nan, "no finite value of 0 in 60 of 60 draws and in the data"),
        (lambda ties, behavior: [], "no value to compare"),
        (lambda ties, behavior: pd.Series(behavior["drink"]).value_counts(), "it needs the same labels"),
        (lambda ties, behavior: pd.Series([1, 2], ["a", "a"]), "a label twice"),
    ):
        with pytest.raises(ValueError, match=sentence):
            fitted.gof(feature, n=60)

    def shuffled(ties, behavior):
        found = pd.Series({k: float((behavior["drink"] == k).sum()) for k in range(1, 5)})
        return found.sample(frac=1, random_state=int(found[1]))

    test, known = fitted.gof(shuffled, n=60), fitted.gof("behavior", n=60)
    assert test.p == known.p and test.observed.sort_index().tolist() == known.observed.tolist()


def test_draws_that_are_not_there_are_said(fitted):  # noqa: F811
    drawn = fitted.simulate(2, chained=True)
    with pytest.raises(ValueError, match="there is no draw 7; they are numbered from 0 to 1"):
        drawn.panel(7)
    with pytest.raises(ValueError, match="no network 'drink'"):
        drawn.ties("drink")


def test_groups_of_other_lengths_are_in_the_heading(ties):
    groups = [JointPanel.from_arrays({"net": x}, **DIRECTED) for x in (ties, ties[:2])]
    res = SAOM(groups, {"net": NET[:2]}).fit(FEW, seed=1)
    assert "32 members, 2-3 waves" in res.summary()


def test_names_reach_latex_whole(ties):
    name = "a_b #1 {50 %}"
    res = SAOM(JointPanel.from_arrays({name: ties}, directed={name: True}), {name: NET[:1]}).fit(FEW, seed=1)
    assert r"\textit{a\_b \#1 \{50 \%\}}" in res.to_latex()


def test_rsiena_is_given_names_that_r_takes_and_tells_apart(ties, tmp_path):
    effects = [*NET[:2], fx.ego("data"), fx.ego("1st")]
    SAOM(with_covariates(ties, **{"data": range(16), "1st": range(16)}), {"net": effects}).to_rsiena(tmp_path)
    script = (tmp_path / "model.R").read_text()
    assert "data_ <- coCovar" in script and "v1st <- coCovar" in script and 'interaction1 = "data_"' in script
    with pytest.raises(ValueError, match="'a b' and 'a_b' are both 'a_b' in R"):
        SAOM(with_covariates(ties, **{"a b": range(16), "a_b": range(16)}), {"net": NET}).to_rsiena(tmp_path)


@pytest.mark.parametrize(("cell", "word"), [(np.nan, "nan"), (2, "2.0")])
def test_who_is_present_is_said_with_yes_or_no(ties, cell, word):
    present = np.ones((3, 16))
    present[1, 4] = cell
    with pytest.raises(ValueError, match=re.escape(f"present[1, 4] is {word}; give True or False for every cell")):
        JointPanel.from_arrays({"net": ties}, present=present, **DIRECTED)
    with pytest.raises(TypeError, match="monotone is 'no'; give True or False"):
        SAOM(JointPanel.from_arrays({"net": ties}, **DIRECTED), {"net": NET}, monotone="no")


def test_change_beyond_every_rate_is_said_soon():
    rng = np.random.default_rng(5)
    ties = np.zeros((2, 10, 10))
    ties[0, :, :5], ties[1, :, 5:] = rng.random((2, 10, 5)) < 0.8  # all turn to others: more than chance brings
    ties[:, np.arange(10), np.arange(10)] = 0
    model = SAOM(JointPanel.from_arrays({"net": ties}, **DIRECTED), {"net": NET[:2]})
    with pytest.warns(cl.ConvergenceWarning, match="no net: rate 1 is high enough: twice as much brings no"):
        res = model.fit(Estimation(conditional=False, phase3=400, subphases=1), seed=1)
    assert (res.history["phase"] == "measure").sum() == 1
    assert "what to try: so much changes that net: rate 1 could be anything above" in res.convergence()

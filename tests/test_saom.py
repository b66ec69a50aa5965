"""The actor-oriented model: targets, simulation, estimation, and what follows a fit."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from naive_saom_process import simulate, statistics

import coplearn as cl
from coplearn import effects as fx
from coplearn.estimation import Draws, Estimation, Search
from coplearn.panel import JointPanel
from coplearn.results import ConvergenceWarning
from coplearn.saom import SAOM

NET = [fx.outdegree(), fx.reciprocity(), fx.transitive_triplets()]
BOTH = {
    "net": [*NET, fx.similarity("drink")],
    "drink": [fx.linear_shape(), fx.quadratic_shape(), fx.average_alter("net")],
}
THETA = [4, 4, -1.8, 1.2, 0.2, 0.8, 2, 2, 0.1, -0.2, 0.4]
QUICK = Estimation(phase3=400, subphases=2)


def small(seed=4, n=16, waves=3, **more):
    """Simulated waves of a small community with a behavior of four values."""
    rng = np.random.default_rng(seed)
    ties = np.tile((rng.random((n, n)) < 2 / n) & ~np.eye(n, dtype=bool), (waves, 1, 1)).astype(float)
    drink = np.tile(rng.integers(1, 5, n), (waves, 1)).astype(float)
    ties[1::2, 0, 1], drink[1::2, 0] = 1 - ties[0, 0, 1], drink[0, 0] % 4 + 1
    frame = JointPanel.from_arrays({"net": ties}, {"drink": drink}, directed={"net": True})
    theta = [*THETA[:2], *THETA[2:]] if waves == 3 else [4, *THETA[2:6], 2, *THETA[8:]]
    drawn = SAOM(frame, BOTH, monotone=False).simulate(theta, seed=seed, chained=True)
    ties[1:], drink[1:] = drawn.ties("net")[0], drawn.behavior("drink")[0]
    age = rng.normal(size=n)
    return JointPanel.from_arrays({"net": ties}, {"drink": drink}, {"age": age}, directed={"net": True}, **more)


@pytest.fixture(scope="module")
def panel():
    return small()


@pytest.fixture(scope="module")
def fitted(panel):
    return SAOM(panel, BOTH).fit(QUICK, seed=1)


@pytest.fixture(scope="module")
def glasgow(s50):
    return s50.networks["friendship"].ties, s50.behaviors["alcohol"].values, s50.behaviors["smoking"].values[0]


# --- statistics and simulation --------------------------------------------------------------------------


def parts(panel, m=0):
    """Arrays of a period as the naive twin takes them."""
    drink = panel.behaviors["drink"].values
    mean = drink.mean(axis=1).mean()
    span = np.ptp(drink)
    off = ~np.eye(drink.shape[1], dtype=bool)
    similar = np.mean([(1 - np.abs(z[:, None] - z) / span)[off].mean() for z in drink[:-1]])
    c = {"range": span, "sim": similar, "low": drink.min() - mean, "high": drink.max() - mean}
    x = panel.networks["net"].ties.astype(int)
    return x[m], x[m + 1], drink[m] - mean, drink[m + 1] - mean, c


def test_targets_are_the_statistics_from_scratch(panel):
    model = SAOM(
        panel, {"net": [*NET, fx.three_cycles(), fx.ego("age"), fx.similarity("drink")], "drink": BOTH["drink"]}
    )
    x, x_end, z, z_end, c = parts(panel)
    v = panel.covariates["age"] - panel.covariates["age"].mean()
    net = ["density", "recip", "transTrip", "cycle3", "egoX", "simX of z"]
    naive = statistics(x, z, x_end, z_end, v, c, net, ["linear", "quad", "avAlt"])
    ours = model.targets()[1].to_numpy()
    assert ours[[0, 8, 2, 3, 4, 5, 6, 7, 10, 11, 12]] == pytest.approx(naive, abs=1e-9)


def test_targets_add_up_over_periods(panel):
    table = SAOM(panel, BOTH).targets()
    assert list(table.columns) == [1, 2, "total"]
    assert (table["total"] == table[1] + table[2]).all()
    assert list(table.index[:3]) == ["net: rate 1", "net: rate 2", "net: outdegree"]


def test_the_kernel_and_the_literal_process_have_the_same_moments_and_scores(panel):
    few = small(3, n=7, waves=2)
    model = SAOM(few, BOTH, monotone=False)
    theta = dict(zip(model.names, [2, -1.5, 1, 0.2, 0.8, 1.5, 0.1, -0.2, 0.4], strict=True))
    x, _, z, _, c = parts(few)
    net = {"density": -1.5, "recip": 1, "transTrip": 0.2, "simX of z": 0.8}
    behavior = {"linear": 0.1, "quad": -0.2, "avAlt": 0.4}
    rng = np.random.default_rng(5)
    slow = []
    for _ in range(120):
        x_end, z_end, score, _ = simulate(x, z, np.zeros(7), c, [2, 1.5], net, behavior, rng)
        slow.append(np.r_[statistics(x, z, x_end, z_end, None, c, net, behavior), score])
    order = [0, 5, 1, 2, 3, 4, 6, 7, 8]
    draws = model.simulator(theta=model.vector(theta)).draw(model.vector(theta), (1, 0, 0), 0, 4000)
    quick = np.c_[draws.total[:, order], draws.scores.sum(axis=1)[:, order]]
    slow = np.array(slow)
    z_score = (slow.mean(axis=0) - quick.mean(axis=0)) / (slow.std(axis=0) / np.sqrt(120))
    # 18 numbers, the noise of the slow side (the quick one has 33 times as many draws): 4 sd happen once in 900 tests
    assert np.abs(z_score).max() < 4
    spread = slow.std(axis=0) / quick.std(axis=0)
    assert ((spread > 0.7) & (spread < 1.4)).all()  # a standard deviation of 120 draws is known to 7 %


def test_scores_are_0_on_average(fitted):
    model = fitted.model
    draws = model.simulator(theta=fitted.params.to_numpy()).draw(fitted.params.to_numpy(), (2, 0, 0), 0, 3000)
    j = draws.scores.sum(axis=1)
    z = j.mean(axis=0) / (j.std(axis=0) / np.sqrt(len(j)))
    assert np.abs(z).max() < 4  # 11 numbers: 4 sd happen once in 1,400 tests


def test_draws_do_not_depend_on_portions_or_workers(panel):
    model = SAOM(panel, BOTH)
    simulator = model.simulator(theta=model.vector(THETA))
    whole = simulator.draw(model.vector(THETA), (7, 1, 0), 0, 60)
    halves = Draws.join([simulator.draw(model.vector(THETA), (7, 1, 0), k, 30) for k in (0, 30)])
    simulator.n_jobs = 2
    shared = simulator.draw(model.vector(THETA), (7, 1, 0), 0, 60)
    for other in (halves, shared):
        assert (whole.statistics == other.statistics).all() and (whole.scores == other.scores).all()


def test_simulated_ends_are_panels(panel):
    model = SAOM(panel, BOTH)
    drawn = model.simulate(THETA, n=3, seed=2)
    assert drawn.ties("net").shape == (3, 2, 16, 16) and drawn.behavior("drink").shape == (3, 2, 16)
    assert not drawn.ties("net")[:, :, range(16), range(16)].any()
    again = model.simulate(pd.Series(THETA, model.names), n=3, seed=2, n_jobs=2)
    assert (again.ties("net") == drawn.ties("net")).all()
    assert repr(drawn) == "Simulated: 3 draws of 2 periods"


def test_a_chained_draw_is_a_panel_with_the_first_wave_and_the_members_as_they_were(panel):
    model = SAOM(panel, BOTH)
    with pytest.raises(ValueError, match="chained=True"):
        model.simulate(THETA).panel()
    drawn = model.simulate(THETA, n=2, seed=2, chained=True)
    made = drawn.panel(1)
    assert (made.networks["net"].ties[0] == panel.networks["net"].ties[0]).all()
    assert (made.networks["net"].ties[1:] == drawn.ties("net")[1]).all()
    assert (made.behaviors["drink"].values[1:] == drawn.behavior("drink")[1]).all()
    assert made.covariates["age"] is panel.covariates["age"]
    there = np.ones((3, 16), bool)
    there[1:, 3] = False  # leaves after the first wave, and takes no tie along
    left = SAOM(small(present=there), BOTH).simulate(THETA, seed=2, chained=True).panel()
    ties, drink = left.networks["net"].ties, left.behaviors["drink"].values
    assert not ties[1:, 3].any() and not ties[1:, :, 3].any() and np.isnan(drink[1:, 3]).all()
    assert not np.isnan(drink[left.present]).any()


def test_contributions_are_differences_of_statistics(panel):
    table = SAOM(panel, BOTH).contributions(1)
    x = panel.networks["net"].ties[0].astype(int)
    assert table.shape == (4, 16, 16)
    off = ~np.eye(16, dtype=bool)
    assert (table[0][off] == 1).all() and (table[1] == x.T)[off].all()
    assert table[2][0, 1] == sum(x[0, h] * (x[h, 1] + x[1, h]) for h in range(16) if h not in (0, 1))
    steps = SAOM(panel, BOTH).contributions(1, "drink")
    drink = panel.behaviors["drink"].values[0]
    assert np.isnan(steps[0, :, 0]).tolist() == (drink == 1).tolist()
    assert np.nanmax(steps[0, :, 2]) == 1
    with pytest.raises(ValueError, match="no period begins at wave 3"):
        SAOM(panel, BOTH).contributions(3)


# --- estimation -----------------------------------------------------------------------------------------


@pytest.mark.published
def test_estimates_and_errors_are_those_of_rsiena(glasgow):
    ties, _, _ = glasgow
    res = SAOM(JointPanel.from_arrays({"net": ties[:2]}), {"net": NET}).fit(seed=1)
    assert res.converged and res.conditional == "net"
    # RSiena 1.6.6, conditional, 6 seeds: mean, sd over seeds, mean s.e., sd of s.e. (our run is as noisy as theirs)
    known = [
        (6.15500, 0.04098, 1.01361, 0.01251),
        (-2.52150, 0.01185, 0.14351, 0.00916),
        (2.13004, 0.02207, 0.25044, 0.00817),
        (0.59154, 0.00412, 0.10481, 0.00550),
    ]
    for estimate, error, (mean, sd, se, se_sd) in zip(res.params, res.bse, known, strict=True):
        assert abs(estimate - mean) < 3 * sd * np.sqrt(1 + 1 / 6)
        # s.e. of 1,000 draws have a relative noise of 4 %; six seeds do not tell it well where they agree by chance
        assert abs(error - se) < 3 * max(se_sd, 0.04 * se)


@pytest.mark.published
def test_estimates_of_coevolution_are_those_of_rsiena(glasgow):
    ties, drink, _ = glasgow
    net = [*NET, fx.alter("drink"), fx.ego("drink"), fx.similarity("drink")]
    behavior = [fx.linear_shape(), fx.quadratic_shape(), fx.average_similarity("net")]
    res = SAOM(JointPanel.from_arrays({"net": ties}, {"drink": drink}), {"net": net, "drink": behavior}).fit(seed=1)
    assert res.converged and res.conditional is None
    # RSiena 1.6.6, unconditional, 6 seeds: mean, sd over seeds, mean s.e.
    known = [
        (6.50056, 0.03479, 1.14420),
        (5.14340, 0.03247, 0.86321),
        (-2.75334, 0.00676, 0.13988),
        (2.36848, 0.01104, 0.20347),
        (0.61969, 0.00246, 0.07849),
        (-0.06316, 0.00287, 0.10761),
        (0.05449, 0.00205, 0.11921),
        (1.38304, 0.01832, 0.58293),
        (1.34523, 0.00764, 0.35028),
        (1.82989, 0.01672, 0.49577),
        (0.37715, 0.00445, 0.17468),
        (-0.07120, 0.00213, 0.10327),
        (3.95506, 0.06859, 2.11124),
    ]
    for estimate, error, (mean, sd, se) in zip(res.params, res.bse, known, strict=True):
        # both sides are noisy: one run of ours, the mean of six of theirs; 13 numbers, so 3 sd are not rare enough
        assert abs(estimate - mean) < 3.5 * sd * np.sqrt(1 + 1 / 6)
        assert abs(error / se - 1) < 0.2  # 1,000 draws know a s.e. to about 5 %


@pytest.mark.published
def test_undirected_estimates_are_those_of_rsiena(glasgow):
    ties, _, smoke = glasgow
    panel = JointPanel.from_arrays({"net": np.maximum(ties, ties.transpose(0, 2, 1))}, covariates={"smoke": smoke})
    effects = [fx.rsiena("density"), fx.rsiena("transTriads"), fx.rsiena("simX", "smoke")]
    model = SAOM(panel, {"net": effects})
    assert model.targets()["total"].iloc[2] == (81 + 77)  # each tie once, unlike in the other statistics
    res = model.fit(Estimation(phase3=500), seed=1)
    # RSiena, forcing model, conditional: estimate and s.e., one fit
    known = [(2.389, 0.396), (1.979, 0.309), (-1.992, 0.119), (1.021, 0.127), (0.377, 0.238)]
    for estimate, error, (mean, se) in zip(res.params, res.bse, known, strict=True):
        assert abs(estimate - mean) < 0.15 * se  # two runs, each off by about 0.04 s.e.
        assert abs(error / se - 1) < 0.25  # 500 draws know a s.e. to about 7 %, theirs is one run, too


GWESP = [fx.outdegree(), fx.reciprocity(), fx.rsiena("gwespFF", parameter=69), fx.alter("smoke"), fx.ego("smoke")]


@pytest.mark.published
@pytest.mark.parametrize(
    ("second_wave", "effects", "known"),
    [
        (np.maximum, NET, ["1.659 .216", "6.604 .966", "-3.510 .242", "3.078 .304", ".5747 .0793"]),  # up only
        (np.minimum, NET, ["2.536 .368", "5.460 .864", "-2.675 .199", "3.205 .304", ".9565 .1730"]),  # down only
        (
            lambda first, second: second,
            [*GWESP, fx.interaction(fx.ego("smoke"), fx.reciprocity())],
            "6.549 1.11;5.275 .874;-2.880 .139;2.598 .196;1.635 .163;.0227 .103;.2277 .140;-.4632 .344".split(";"),
        ),
    ],
)
def test_estimates_of_monotone_periods_and_of_an_interaction_are_those_of_rsiena(glasgow, second_wave, effects, known):
    ties, _, smoke = glasgow
    ties = np.stack([ties[0], second_wave(ties[0], ties[1]), ties[2]])
    panel = JointPanel.from_arrays({"net": ties}, covariates={"smoke": smoke})
    res = SAOM(panel, {"net": effects}).fit(Estimation(phase3=500), seed=1)
    mean, se = np.array([row.split() for row in known], float).T  # RSiena 1.6.6, conditional
    free = slice(2, None)
    off, cov = (res.params - mean).to_numpy()[free], res.cov_params().to_numpy()[free, free]
    # this is the overall maximum convergence ratio that one side sees in the other; both accept fits with 0.2
    assert np.sqrt(off @ np.linalg.solve(cov, off)) < 0.2
    assert (np.abs(res.params - mean) / se)[:2].max() < 0.2  # mean clocks of 500 and 1,000 draws: each off by 0.04
    assert res.bse.to_numpy() == pytest.approx(se, rel=0.2)  # 500 draws know a s.e. to about 7 %


@pytest.mark.published
def test_targets_are_those_of_rsiena(glasgow):
    ties, drink, smoke = glasgow
    panel = JointPanel.from_arrays({"net": ties}, {"drink": drink}, {"smoke1": smoke})
    net = [*NET, fx.three_cycles(), fx.alter("smoke1"), fx.ego("smoke1"), fx.similarity("smoke1"), fx.same("smoke1")]
    found = SAOM(panel, {"net": net, "drink": [*BOTH["drink"], fx.average_similarity("net")]}).targets()["total"]
    # RSiena 1.6.6, printed to four digits
    known = [115, 106, 238, 160, 225, 72, -1.44, 3.56, 23.0371, 163, 27, 33, 11.6667, 121.0711, 53.9086, 9.8528]
    assert found.to_numpy() == pytest.approx(known, abs=5e-5)


def test_the_same_seed_gives_the_same_bits_whatever_the_workers(fitted):
    again = SAOM(fitted.model.panel, BOTH).fit(QUICK, seed=1, n_jobs=2)
    assert (again.params == fitted.params).all() and (again.bse == fitted.bse).all()


def test_a_fit_solves_the_moment_equations(fitted):
    assert fitted.converged and fitted.max_conv_ratio < 0.25 and (fitted.t_conv.abs() < 0.1).all()
    drawn = fitted.model.simulator(theta=fitted.params.to_numpy()).draw(fitted.params.to_numpy(), (99, 0, 0), 0, 2000)
    off = (drawn.total.mean(axis=0) - fitted.targets) / drawn.total.std(axis=0)
    # each of the two measurements has a noise of at most 1 / sqrt(400)
    assert (off.abs() < 0.1 + 4 / np.sqrt(400)).all()


def test_conditional_and_unconditional_estimates_agree(panel):
    spec = {"net": NET}
    tied = SAOM(panel, spec).fit(seed=1)
    free = SAOM(panel, spec).fit(Estimation(conditional=False), seed=1)
    assert tied.conditional == "net" and free.conditional is None
    # two ways of estimating the same numbers, closer to each other than half a standard error
    assert ((tied.params - free.params).abs() < 0.5 * free.bse).all()


class Interrupted(Search):
    """A search that somebody stops after some draws."""

    after = 0

    def _draw(self, *arguments):
        if self.used >= self.after:
            raise KeyboardInterrupt
        return super()._draw(*arguments)


@pytest.mark.parametrize("after", [150, 520, 900])
def test_a_stopped_fit_keeps_what_it_has_and_goes_on_from_its_checkpoint(panel, fitted, tmp_path, monkeypatch, after):
    import coplearn.saom as module

    path = tmp_path / "search.npz"
    monkeypatch.setattr(Interrupted, "after", after)
    monkeypatch.setattr(module, "Search", Interrupted)
    with pytest.warns(ConvergenceWarning, match="stopped by hand"):
        stopped = SAOM(panel, BOTH).fit(QUICK, seed=1, checkpoint=path)
    assert not stopped.converged and stopped.params.notna().all()
    monkeypatch.setattr(module, "Search", Search)
    again = SAOM(panel, BOTH).fit(QUICK, seed=1, checkpoint=path)
    assert (again.params == fitted.params).all() and (again.bse == fitted.bse).all()
    with pytest.raises(ValueError, match="belongs to another model, data set, seed or setting"):
        SAOM(panel, BOTH).fit(QUICK, seed=2, checkpoint=path)


def test_a_dask_cluster_gives_the_same_bits(fitted):
    joblib = pytest.importorskip("joblib")
    distributed = pytest.importorskip("distributed")

    @fx.behavior_effect(net="network")
    def drawn_to_choosers(z, i, d, net):
        return d * (net[:, i] * z).sum()

    @drawn_to_choosers.statistic
    def _(z, i, net):
        return z[i] * (net[:, i] * z).sum()

    mine = {"net": NET, "drink": [fx.linear_shape(), drawn_to_choosers("net")]}
    written = SAOM(fitted.model.panel, mine)
    short = Estimation(phase3=100, subphases=1, rounds=1, max_ratio=10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the cluster, on its own start; of the short fit, which converges or not
        here = written.fit(short, seed=1)
        cluster = distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        )
        with cluster, distributed.Client(cluster), joblib.parallel_config(backend="dask"):
            res = SAOM(fitted.model.panel, BOTH).fit(QUICK, seed=1)
            there = written.fit(short, seed=1)
    assert (res.params == fitted.params).all() and (res.bse == fitted.bse).all()
    assert (there.params == here.params).all() and (there.bse == here.bse).all()


def test_held_parameters_stay_and_starts_are_taken(panel):
    settings = Estimation(phase3=200, subphases=1, fixed={"net: reciprocity": 1.0}, start={"net: outdegree": -1.5})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        res = SAOM(panel, {"net": NET}).fit(settings, seed=1)
    assert res.params["net: reciprocity"] == 1 and np.isnan(res.bse["net: reciprocity"])
    with pytest.raises(ValueError, match=r"no parameter 'net: reciprocty'. Did you mean 'net: reciprocity'"):
        SAOM(panel, {"net": NET}).fit(Estimation(fixed={"net: reciprocty": 1.0}))


def test_joiners_and_leavers_make_estimation_unconditional():
    intervals = [[-np.inf, np.inf]] * 13 + [[0.5, np.inf], [1.3, np.inf], [-np.inf, 1.6]]
    moving = small(presence_intervals=intervals)
    model = SAOM(moving, {"net": NET})
    res = model.fit(QUICK, seed=1)
    assert res.conditional is None and res.converged
    with pytest.raises(ValueError, match="members join or leave, so estimation is unconditional"):
        model.fit(Estimation(conditional=True))


def test_groups_share_all_but_rates():
    groups = {"a": small(1), "b": small(2)}
    model = SAOM(groups, {"net": NET})
    assert model.names[:4] == ["net: rate a 1", "net: rate a 2", "net: rate b 1", "net: rate b 2"]
    assert list(model.targets().columns) == ["a 1", "a 2", "b 1", "b 2", "total"]
    alone = [SAOM(groups[g], {"net": NET}).targets()["total"] for g in groups]
    both = model.targets()["total"]
    assert both["net: reciprocity"] == alone[0]["net: reciprocity"] + alone[1]["net: reciprocity"]
    res = model.fit(QUICK, seed=1)
    assert res.converged and repr(model).startswith("SAOM: net; 2 groups, 32 members")


# --- bad input ------------------------------------------------------------------------------------------


def test_what_is_wrong_with_a_specification_is_said(panel):
    def said(specification, kind=ValueError):
        with pytest.raises(kind) as error:
            SAOM(panel, specification)
        return str(error.value)

    assert "no network or behavior to model 'nett'. Did you mean 'net'" in said({"nett": NET})
    assert re.search(
        r"effect similarity\('drnk'\) on 'net': .*Did you mean 'drink'", said({"net": [fx.similarity("drnk")]})
    )
    assert "is in the model twice" in said({"net": [fx.reciprocity(), fx.reciprocity()]})
    assert "write fx.reciprocity(), with parentheses" in said({"net": [fx.reciprocity]}, TypeError)
    assert "a model needs a dependent variable" in said({})


def test_collinear_effects_are_named(panel):
    twins = [*NET, fx.Effect("transitive_mediated_triplets")]
    with pytest.raises(ValueError, match="transitive_triplets, net: transitive_mediated_triplets are collinear"):
        SAOM(panel, {"net": twins}).fit(seed=1)


def test_a_statistic_that_never_moves_is_named():
    flat = JointPanel.from_arrays({"net": small().networks["net"].ties}, covariates={"one": np.ones(16)})
    with pytest.raises(ValueError, match=r"net: ego\(one\) was the same in all"):
        SAOM(flat, {"net": [*NET, fx.ego("one")]}).fit(seed=1)


def test_a_model_that_the_data_cannot_carry_ends_with_its_best_place_and_advice():
    ties = np.zeros((2, 16, 16))
    ties[0, 0, 1] = ties[1, 1, 0] = 1
    drink = np.tile([1.0, 4.0], 8)  # everybody turns to the other end, and no rate brings that about
    model = SAOM(JointPanel.from_arrays({"net": ties}, {"drink": [drink, 5 - drink]}), {"drink": [fx.linear_shape()]})
    with pytest.warns(ConvergenceWarning, match="not converged"):
        res = model.fit(Estimation(phase3=100, subphases=1, rounds=2), seed=1)
    measured = res.history.loc[res.history["phase"] == "measure", "deviation"]
    assert res.max_conv_ratio == pytest.approx(measured.min())
    assert not res.converged and "simulated periods did not come to their end" in res.convergence()
    assert "worst direction" in res.convergence()
    assert "what to try: so much changes that drink: rate 1 could be anything above" in res.convergence()


def test_a_standard_error_that_draws_hardly_tell_is_named(panel):
    age = fx.rsiena("RateX", "age", type="rate")  # 16 members say next to nothing of who has more opportunities
    model = SAOM(panel, {"net": [fx.outdegree(), fx.reciprocity(), age]})
    fits = [model.fit(Estimation(phase3=400), seed=seed) for seed in (2, 3, 5, 7)]
    assert any("rate 2" in c and "hardly known" in c for res in fits for c in res.caveats)
    known = SAOM(panel, {"net": [fx.outdegree(), fx.reciprocity()]}).fit(Estimation(phase3=400), seed=2)
    assert not any("hardly known" in c for c in known.caveats)


def test_a_model_that_diverges_ends_and_says_so(panel):
    ties = panel.networks["net"].ties.copy()
    ties[1:, :8, :8] = ~np.eye(8, dtype=bool)  # a clique out of nothing, and no reciprocity term to make it
    model = SAOM(JointPanel.from_arrays({"net": ties[:2]}), {"net": [fx.outdegree(), fx.transitive_triplets()]})
    settings = Estimation(phase3=100, subphases=1, rounds=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        res = model.fit(settings, seed=1)
    assert res.params.notna().all()
    if not res.converged:
        assert "what to try" in res.convergence() and "worst direction" in res.convergence()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"phase3": 3}, "phase3 is 3"),
        ({"gain": 0}, "gain is 0; give a positive number"),
        ({"diagonalize": 2}, "diagonalize is 2; give a number from 0 to 1"),
        ({"phase3": "a"}, "phase3 is 'a'; give a whole number"),
        ({"gain": None}, "gain is None; give a positive number"),
        ({"reduction": "1"}, "reduction is '1'; give a number from 0 to 1"),
    ],
)
def test_settings_are_checked(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        Estimation(**settings)


def test_theta_is_checked(panel):
    model = SAOM(panel, {"net": NET})
    with pytest.raises(ValueError, match="theta lacks net: reciprocity"):
        model.simulate({"net: rate 1": 1, "net: rate 2": 1, "net: outdegree": 0, "net: transitive_triplets": 0})
    with pytest.raises(ValueError, match="net: rate 2 must be finite, and a rate not negative"):
        model.simulate([1, -1, 0, 0, 0])


# --- after the fit --------------------------------------------------------------------------------------


def test_the_summary_says_everything_once(fitted):
    text = fitted.summary()
    assert text == fitted.summary() and "seed 1" in text
    for part in ("reciprocity (recip)", "average_alter(net) (avAlt)", "converged (every |t-conv|", "claim:", "caveat:"):
        assert text.count(part) == 1
    assert repr(fitted).startswith("SAOMResults: 11 parameters, converged (ratio")
    assert list(fitted.tidy().columns[:4]) == ["variable", "effect", "rsiena", "type"]
    assert fitted.to_latex().count(r"\\") == 11 + 3


def test_wald_tests_are_squares_of_ratios(fitted):
    name = "net: reciprocity"
    test = fitted.wald([name])
    assert test["statistic"] == pytest.approx((fitted.params[name] / fitted.bse[name]) ** 2)
    row = np.zeros((1, 11))
    row[0, [2, 3]] = 1, -1
    c = fitted.cov_params().to_numpy()
    difference = fitted.params.iloc[2] - fitted.params.iloc[3]
    expected = difference**2 / (c[2, 2] + c[3, 3] - 2 * c[2, 3])
    assert fitted.wald(row)["statistic"] == pytest.approx(expected)
    assert fitted.wald({name: fitted.params[name]})["p"] == 1.0
    with pytest.raises(ValueError, match="no parameter 'recip'"):
        fitted.wald(["recip"])


def test_score_tests_see_an_effect_that_is_left_out():
    rng = np.random.default_rng(1)
    pairs = np.triu(rng.random((2, 20, 20)) < 0.1, 1)
    mutual = pairs | pairs.transpose(0, 2, 1)  # nine ties in ten are returned, and the second wave is new
    mutual[:, 0, 1:4], mutual[:, 1:4, 0] = True, False
    short = SAOM(JointPanel.from_arrays({"net": mutual}), {"net": [fx.outdegree()]}).fit(QUICK, seed=1)
    test = short.score_test([fx.reciprocity(), fx.three_cycles()])
    assert test.df == 2 and test.p < 0.01 and test.effects.loc["net: reciprocity", "z"] > 2.5
    assert test.effects.loc["net: reciprocity", "one_step"] > 0.5
    alone = short.score_test(fx.reciprocity())
    assert alone.statistic == pytest.approx(alone.effects["z"].iloc[0] ** 2)


def test_time_tests_have_a_difference_an_effect_and_later_period(fitted, panel):
    test = fitted.time_test()
    assert test.joint.df == 7 and len(test.effects) == 7 and len(test.periods) == 1
    assert test.periods["statistic"].iloc[0] == pytest.approx(test.joint.statistic)
    assert 0 < test.p <= 1
    two = SAOM(small(waves=2), {"net": NET}).fit(QUICK, seed=1)
    with pytest.raises(ValueError, match="there is one period"):
        two.time_test()


def test_goodness_of_fit_of_a_true_model_is_good(fitted):
    for name in ("indegree", "outdegree", "geodesic", "triad_census", "behavior"):
        fit = fitted.gof(name, n=200)
        assert 0.01 < fit.p <= 1, name  # the model made the data; five tests
        assert (fit.table()["low"] <= fit.table()["high"]).all()
    mine = fitted.gof(lambda ties, behavior: {"mutual": (ties["net"] * ties["net"].T).sum()}, n=60)
    assert list(mine.observed.index) == ["mutual"]
    assert fitted.gof("indegree", n=60, by_period=True).observed.index[0] == "1: 0"
    with pytest.raises(ValueError, match="no goodness-of-fit statistic 'degree'"):
        fitted.gof("degree")


def test_the_triad_census_is_that_of_networkx(fitted):
    import networkx as nx

    x = fitted.model.panel.networks["net"].ties[1]
    census = nx.triadic_census(nx.from_numpy_array(x, create_using=nx.DiGraph))
    ours = fitted.gof("triad_census", n=50, by_period=True).observed[:16]
    assert {k.removeprefix("1: "): int(v) for k, v in ours.items()} == census


def test_plots_return_axes(fitted):

    assert len(fitted.plot().get_yticks()) == 7
    assert "p = " in fitted.gof("triad_census", n=60).plot().get_title()


# --- several groups, and RSiena -------------------------------------------------------------------------


def test_meta_analysis_takes_parameters_apart(fitted):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # any estimates will do
        other = SAOM(small(4), BOTH).fit(Estimation(phase3=100, subphases=1, rounds=1), seed=1)
    found = cl.meta_analysis({"a": fitted, "b": other}, largest_error=np.inf)
    assert list(found.table().index) == [name for name in fitted.params.index if "rate" not in name]
    row = found.table().loc["net: reciprocity"]
    values = [r.params["net: reciprocity"] for r in (fitted, other)]
    assert min(values) <= row["mean"] <= max(values) and row["low"] < row["mean_ml"] < row["high"]
    with pytest.raises(ValueError, match="two groups or more"):
        cl.meta_analysis({"a": fitted})


def test_rsiena_gets_the_same_data_and_every_effect(tmp_path):
    ties = small().networks["net"].ties.astype(float)
    ties[0, 2, 3], ties[1, 4, 5] = np.nan, 10
    drink = small().behaviors["drink"].values.copy()
    drink[1, 1] = np.nan
    near = np.random.default_rng(1).random((16, 16))
    panel = JointPanel.from_arrays({"net": ties}, {"drink": drink}, {"age": np.arange(16)}, {"near": near})
    effects = [*NET, fx.similarity("age"), fx.rsiena("gwespFF", parameter=69), fx.rsiena("recip", type="creation")]
    effects += [fx.rsiena("X", "near"), fx.interaction(fx.ego("age"), fx.reciprocity())]
    SAOM(panel, {"net": effects, "drink": BOTH["drink"]}).to_rsiena(tmp_path / "check")
    script = (tmp_path / "check" / "model.R").read_text()
    back = np.array([pd.read_csv(tmp_path / "check" / f"net_wave{w}.csv", header=None) for w in (1, 2, 3)])
    assert np.isnan(back[0, 2, 3]) and back[1, 4, 5] == 10 and (np.isnan(back).sum()) == 1
    assert (pd.read_csv(tmp_path / "check" / "drink.csv", header=None).to_numpy().T == drink).sum() == 47
    assert (pd.read_csv(tmp_path / "check" / "near.csv", header=None).to_numpy() == near).all()
    for line in (
        'setEffect(effects, "simX", character = TRUE, name = "net", type = "eval", interaction1 = "age")',
        'setEffect(effects, "gwespFF", character = TRUE, name = "net", type = "eval", parameter = 69)',
        'setEffect(effects, "recip", character = TRUE, name = "net", type = "creation")',
        'setEffect(effects, "X", character = TRUE, name = "net", type = "eval", interaction1 = "near")',
        'includeInteraction(effects, egoX, recip, name = "net", type = "eval", interaction1 = c("age", "")',
        'setEffect(effects, "avAlt", character = TRUE, name = "drink", type = "eval", interaction1 = "net")',
        "siena07(algorithm",
    ):
        assert line in script

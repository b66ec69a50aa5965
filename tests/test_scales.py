"""Scales, reliability and agreement: published programs' values, formulas written out, and what may not change."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coplearn.agreement import agreement, icc, mean_item_variance, rater_icc, rwg
from coplearn.change_reliability import two_level_reliability
from coplearn.ordinal import polychoric
from coplearn.reliability import cronbach_alpha, minres, omega, omega_of_loadings
from coplearn.scales import item_answers, scale_scores

DATA = Path(__file__).parent / "data"
LIKERT = pd.read_csv(DATA / "likert_a.csv")  # simulated: 300 persons, 30 groups, six items of five options
ITEMS = LIKERT.drop(columns="group")
# psych 2.2.9 and multilevel 2.7 on R 4.2.2; ten digits printed, minres stopped at about 1e-6.
REFERENCE = pd.read_csv(DATA / "likert_a_reference.csv").set_index(["model", "term"])["estimate"]
LOADINGS = np.array([0.7, 0.8, 0.6, 0.75])


def reference(model):
    return REFERENCE[model].to_dict()


def factor_answers(rng, n, loadings=LOADINGS):
    """Standard normal answers that a single factor gives."""
    unique = np.sqrt(1 - loadings**2)
    return rng.normal(size=(n, 1)) * loadings + rng.normal(size=(n, len(loadings))) * unique


def likert(rng, n, sd=0.6):
    """Four answers from 1 to 5 around one opinion a person."""
    opinion = rng.normal(size=(n, 1)) * sd
    return np.clip(np.round(3 + opinion + 0.8 * sd * rng.normal(size=(n, 4))), 1, 5)


# --- other programs ---------------------------------------------------------------------------------------


@pytest.mark.published
def test_alpha_and_its_relatives_are_those_of_psych():
    alpha, score = cronbach_alpha(ITEMS), ITEMS.mean(axis=1)
    got = {
        "raw_alpha": alpha.value,
        "std_alpha": alpha.standardized,
        "G6_smc": alpha.lambda6,
        "average_r": alpha.mean_correlation,
        "ase": alpha.se,
        "mean": score.mean(),
        "sd": score.std(),
    }
    assert got == pytest.approx(reference("alpha"), rel=1e-8)
    without = {f"raw_alpha_without_{i}": v for i, v in alpha.alpha_if_deleted.items()}
    assert without == pytest.approx(reference("alpha_drop"), rel=1e-8)
    rest = {f"r.drop_{i}": v for i, v in alpha.table()["item_rest"].items()}
    assert rest == pytest.approx(reference("item_total"), rel=1e-8)


@pytest.mark.published
def test_omega_and_its_loadings_are_those_of_psych():
    result = omega(ITEMS)
    want = reference("omega_1factor_minres")
    assert result.omega_total == pytest.approx(want["omega_tot"], rel=1e-6)
    assert result.omega_general == pytest.approx(want["omega_h"], rel=1e-6)
    assert result.alpha == pytest.approx(want["alpha"], rel=1e-8)
    assert {f"loading_{i}": v for i, v in result.loadings.items()} == pytest.approx(reference("fa1_minres"), rel=1e-5)
    # The model's own variance of the sum in place of the observed one: they differ by what one factor misses.
    assert float(result) == pytest.approx(want["omega_tot"], rel=1e-4)


@pytest.mark.published
def test_groups_differ_and_agree_as_in_multilevel():
    score = ITEMS.mean(axis=1)
    result = icc(score, LIKERT["group"])
    got = {"ICC1": result.icc1, "ICC2": result.icc2, "MSB": result.msb, "MSW": result.msw, "F": result.table()["F"][0]}
    assert got == pytest.approx(reference("icc_oneway_scale_mean"), rel=1e-8)
    several = {f"group_{g}": v for g, v in rwg(ITEMS, LIKERT["group"], options=5).uniform.items()}
    assert several == pytest.approx(reference("rwg.j_uniform"), rel=1e-8)
    single = {f"group_{g}": v for g, v in rwg(score, LIKERT["group"], options=5).uniform.items()}
    assert single == pytest.approx(reference("rwg_scale_mean"), rel=1e-8)


@pytest.mark.published
def test_six_intraclass_correlations_are_those_of_psych():
    got = rater_icc(ITEMS)["estimate"].to_numpy()
    assert got == pytest.approx(list(reference("icc_shrout_fleiss").values()), rel=1e-8)


# --- golden values ----------------------------------------------------------------------------------------


def test_icc_of_unequal_groups():
    scores = [5, 6, 5, 3, 4, 3, 2, 6, 7, 6, 7, 5, 4, 4, 5]
    result = icc(scores, np.repeat([0, 1, 2, 3], [3, 4, 5, 3]))
    assert (result.k, result.icc1, result.icc2) == pytest.approx((3.688889, 0.785482, 0.931069), abs=5e-7)


def test_agreement_of_three_items_of_seven_options():
    assert float(agreement(np.mean([0.5, 0.8, 0.4]), (7**2 - 1) / 12, 3)) == pytest.approx(0.947853, abs=5e-7)


def test_omega_of_four_loadings():
    assert omega_of_loadings(LOADINGS) == pytest.approx(0.806604, abs=5e-7)
    assert minres((np.outer(LOADINGS, LOADINGS) * (1 - np.eye(4)) + np.eye(4))[None])[0] == pytest.approx(LOADINGS)


def test_a_slightly_skewed_null_of_five_options_is_the_published_distribution():
    share, option = np.array([0.05, 0.15, 0.20, 0.35, 0.25]), np.arange(1, 6)
    variance = share @ option**2 - (share @ option) ** 2
    assert rwg(ITEMS, options=5).nulls == pytest.approx({"uniform": 2.0, "skewed": variance})


# --- formulas and properties ------------------------------------------------------------------------------


@given(k=st.integers(2, 8), r=st.floats(0.05, 0.95))
def test_alpha_of_parallel_items_is_spearman_brown(k, r):
    """Items with the same variance and one correlation r: alpha is k r / (1 + (k - 1) r)."""
    rng = np.random.default_rng(k)
    raw = rng.normal(size=(k + 20, k))
    white = np.linalg.qr(raw - raw.mean(axis=0))[0]  # exactly uncorrelated, so the sample is exactly parallel
    root = np.linalg.cholesky(np.full((k, k), r) + (1 - r) * np.eye(k))
    alpha = cronbach_alpha(white @ root.T)
    assert alpha.value == pytest.approx(k * r / (1 + (k - 1) * r))
    assert alpha.standardized == pytest.approx(alpha.value)


@given(seed=st.integers(0, 1000))
def test_the_order_of_persons_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    x, g = likert(rng, 60), rng.integers(0, 6, 60)
    order = rng.permutation(60)
    assert cronbach_alpha(x[order]).value == pytest.approx(cronbach_alpha(x).value)
    assert omega(x[order]).value == pytest.approx(omega(x).value)
    assert icc(x[order, 0], g[order]).icc1 == pytest.approx(icc(x[:, 0], g).icc1)
    one, two = rwg(x[order], g[order], options=5).table(), rwg(x, g, options=5).table()
    pd.testing.assert_frame_equal(one, two)


@given(seed=st.integers(0, 1000))
def test_agreement_does_not_depend_on_the_level_and_alpha_not_on_the_unit(seed):
    x = likert(np.random.default_rng(seed), 40)
    assert rwg(x + 10, options=5).uniform["all"] == pytest.approx(rwg(x, options=5).uniform["all"])
    assert cronbach_alpha(3 * x - 1).value == pytest.approx(cronbach_alpha(x).value)


def test_the_same_answers_agree_perfectly():
    table = rwg(np.full((8, 3), 4.0), options=5).table()
    assert table.loc["all", ["uniform", "skewed"]].tolist() == [1.0, 1.0]
    assert not table["out_of_range_uniform"].any()


def test_answers_that_vary_more_than_chance_are_set_to_zero_and_flagged():
    result = rwg([[1, 1], [5, 5], [1, 1], [5, 5]], options=5)
    assert result.uniform["all"] == 0 and result.table()["out_of_range_uniform"].all()
    assert "vary more than the uniform null" in " ".join(result.caveats)


def test_agreement_is_that_of_the_formula_written_out():
    rng = np.random.default_rng(4)
    x, g = likert(rng, 50), rng.integers(0, 3, 50)
    table = rwg(x, g, options=5).table()
    for group in range(3):
        columns = x[g == group].T
        s2 = np.mean([sum((v - c.mean()) ** 2 for v in c) / (len(c) - 1) for c in columns])
        part = 4 * (1 - s2 / 2)
        assert table.loc[group, "uniform"] == pytest.approx(part / (part + s2 / 2))


def test_everybody_drawn_once_gives_the_variance_but_for_the_correction():
    x = likert(np.random.default_rng(2), 12)
    got = mean_item_variance(x, np.ones((1, 12), dtype=int))[0]
    assert got == pytest.approx(x.var(axis=0, ddof=1).mean() * 12 / 11)


def test_minres_is_the_least_residual():
    """No step away from the solution makes the correlations off the diagonal smaller."""
    r = np.corrcoef(ITEMS.to_numpy(), rowvar=False)
    best = minres(r[None])[0]
    off = 1 - np.eye(6)

    def left(loading):
        return (((r - np.outer(loading, loading)) * off) ** 2).sum()

    rng = np.random.default_rng(0)
    assert all(left(best + 1e-3 * rng.normal(size=6)) > left(best) for _ in range(100))


def test_raw_omega_weighs_items_by_their_spread():
    x = ITEMS.to_numpy(dtype=float) * [1, 1, 1, 1, 1, 3]
    assert omega(x).value == pytest.approx(omega(ITEMS).value)
    loud = omega(x, standardized=False)
    sd = np.sqrt(np.diag(np.cov(x, rowvar=False)))
    want = omega_of_loadings(loud.loadings * sd, loud.uniquenesses * sd**2)
    assert loud.value == pytest.approx(want) and loud.value != pytest.approx(omega(x).value, abs=1e-3)


def test_item_answers_are_turned_round_and_average_to_the_score():
    items = pd.DataFrame(
        {"scale": "trust", "reverse": [False, True, False], "min": 1.0, "max": 5.0}, index=["t1", "t2", "t3"]
    )
    answers = pd.DataFrame({"wave": 1, "member": list("aaabbb"), "item": ["t1", "t2", "t3"] * 2})
    answers["value"] = [4.0, 1.0, 3.0, 2.0, 2.0, np.nan]
    wide = item_answers(answers, items, "trust")
    assert wide.loc[("a", 1)].tolist() == [4.0, 5.0, 3.0]
    assert scale_scores(answers, items, "trust")["trust"].tolist() == pytest.approx(wide.mean(axis=1).tolist())


# --- change -----------------------------------------------------------------------------------------------


def repeated(rng, n, waves, between, within):
    """Answers with a lasting and a momentary factor, each item with noise of variance 1."""
    lasting = np.repeat(rng.normal(size=n) * between, waves)
    moment = rng.normal(size=n * waves) * within
    x = (lasting + moment)[:, None] + rng.normal(size=(n * waves, 4))
    index = pd.MultiIndex.from_product([range(n), range(waves)], names=["member", "wave"])
    return pd.DataFrame(x, index=index, columns=list("abcd"))


@pytest.mark.recovery
def test_change_is_less_reliable_than_level_and_both_are_recovered():
    frame = repeated(np.random.default_rng(5), 3000, 4, between=1.0, within=0.5)
    table = two_level_reliability(frame).table(draws=200)
    # Noise is within: 4 items of common variance .25 and noise 1; between, no noise is left.
    want_within, want_between = 4 * 0.25 / (4 * 0.25 + 1), 1.0
    # Sampling error is about .012 within and .003 between at this size.
    assert table.loc[("within", "alpha"), "estimate"] == pytest.approx(want_within, abs=0.04)
    assert table.loc[("between", "alpha"), "estimate"] == pytest.approx(want_between, abs=0.01)
    assert table.loc[("within", "omega"), "low"] < want_within < table.loc[("within", "omega"), "high"]
    pooled = cronbach_alpha(frame).value
    assert pooled > want_within + 0.2  # what one would have quoted


def test_what_all_members_share_at_a_wave_is_no_change():
    frame = repeated(np.random.default_rng(6), 80, 3, 1.0, 0.5)
    shifted = frame + 2.0 * frame.index.get_level_values("wave").to_numpy()[:, None]
    assert two_level_reliability(shifted).within == pytest.approx(two_level_reliability(frame).within)
    plain = two_level_reliability(shifted.to_numpy(), shifted.index.get_level_values("member"))
    assert plain.within > two_level_reliability(frame).within + 0.2


def test_levels_add_up_to_the_analysis_of_variance():
    frame = repeated(np.random.default_rng(7), 30, 3, 1.0, 0.5)
    result = two_level_reliability(frame.to_numpy(), frame.index.get_level_values("member"))
    within, between = result._levels(result.sums.sum(axis=0)[None, :])
    anova = icc(frame["b"], frame.index.get_level_values("member"))
    assert within[0, 1, 1] == pytest.approx(anova.msw)
    assert between[0, 1, 1] == pytest.approx((anova.msb - anova.msw) / anova.k)


# --- intervals --------------------------------------------------------------------------------------------


def covered(interval, truth):
    low, high = interval
    return low <= truth <= high


@pytest.mark.recovery
def test_intervals_of_alpha_and_omega_cover():
    """150 data sets of 120 persons; the bound is 95 % less three standard errors and one point for the bootstrap."""
    rng = np.random.default_rng(11)
    covariance = np.outer(LOADINGS, LOADINGS) * (1 - np.eye(4)) + np.eye(4)
    alpha, w = 4 / 3 * (1 - 4 / covariance.sum()), omega_of_loadings(LOADINGS)
    hits = np.zeros(2)
    for seed in range(150):
        x = factor_answers(rng, 120)
        hits += (
            covered(cronbach_alpha(x).conf_int(draws=300, seed=seed), alpha),
            covered(omega(x).conf_int(draws=200, seed=seed), w),
        )
    assert (hits / 150 > 0.94 - 3 * 0.018).all()


@pytest.mark.recovery
def test_intervals_of_icc_and_agreement_cover():
    """200 data sets; the same bound. ICC(1) is .2 in 25 groups of 8; agreement among 40 persons."""
    rng = np.random.default_rng(12)
    truth = float(agreement(likert(rng, 200_000).var(axis=0).mean(), 2.0, 4))
    g, hits = np.repeat(np.arange(25), 8), np.zeros(2)
    for seed in range(200):
        y = 0.5 * rng.normal(size=25)[g] + rng.normal(size=200)
        one = icc(y, g).conf_int(draws=300, seed=seed).loc["ICC(1)", ["low", "high"]]
        two = rwg(likert(rng, 40), options=5).conf_int(draws=300, seed=seed).loc[("all", "uniform"), ["low", "high"]]
        hits += covered(one, 0.2), covered(two, truth)
    assert (hits / 200 > 0.94 - 3 * 0.0155).all()


def test_intervals_are_the_same_every_day_and_hold_the_estimate():
    result = cronbach_alpha(ITEMS)
    assert result.conf_int(seed=3) == result.conf_int(seed=3)
    assert covered(result.conf_int(), result.value) and covered(omega(ITEMS).conf_int(), omega(ITEMS).value)
    bounds = icc(ITEMS.mean(axis=1), LIKERT["group"]).conf_int()
    assert (bounds["low"] < bounds["estimate"]).all() and (bounds["estimate"] < bounds["high"]).all()


# --- what may be wrong with data --------------------------------------------------------------------------


def test_a_negative_alpha_points_at_reverse_coding():
    x = factor_answers(np.random.default_rng(1), 200) * [1, -1, 1, -1]
    result = cronbach_alpha(x)
    assert result.value < 0
    assert "alpha is negative" in result.caveats[0] and "reverse-coded" in result.caveats[0]
    one = ITEMS.assign(i2=6 - ITEMS["i2"])
    assert "against the rest of the scale: i2." in " ".join(cronbach_alpha(one).caveats)
    assert "loading negatively: i2." in " ".join(omega(one).caveats)


def test_a_heywood_case_is_flagged_and_alpha_stands_in():
    r = np.array([[1, 0.9, 0.9], [0.9, 1, 0.5], [0.9, 0.5, 1.0]])  # loadings sqrt(.9 * .9 / .5) > 1
    white = np.linalg.qr(np.random.default_rng(0).normal(size=(50, 3)))[0]
    white = np.linalg.qr(white - white.mean(axis=0))[0]
    values, vectors = np.linalg.eigh(r)
    x = white @ (vectors * np.sqrt(np.maximum(values, 0))).T
    result = omega(x)
    assert result.heywood and result.value == pytest.approx(cronbach_alpha(x).standardized)
    assert "Heywood case" in result.caveats[0] and result.summary().startswith("alpha, in place of omega")


def test_two_factors_are_noticed():
    rng = np.random.default_rng(3)
    x = np.column_stack([factor_answers(rng, 400, np.full(3, 0.8)), factor_answers(rng, 400, np.full(3, 0.8))])
    assert "several things" in " ".join(omega(x + 0.3 * rng.normal(size=(400, 1))).caveats)


def test_persons_with_an_item_missing_are_left_out_and_counted():
    holes = ITEMS.astype(float)
    holes.iloc[:5, 0] = np.nan
    assert cronbach_alpha(holes).value == pytest.approx(cronbach_alpha(ITEMS.iloc[5:]).value)
    assert "5 persons with an item missing left out (listwise)." in cronbach_alpha(holes).caveats
    assert rwg(holes, LIKERT["group"], options=5).left_out == 5
    assert icc(holes["i1"], LIKERT["group"]).left_out == 5


ONE_CONSTANT = np.column_stack([[1.0, 2, 3, 4], [2.0, 2, 2, 2], [4.0, 1, 3, 2]])


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: cronbach_alpha(np.ones((5, 1))), "alpha needs 2 items or more; there is 1"),
        (lambda: cronbach_alpha([1.0, 2.0]), "1 dimension; give persons in rows"),
        (lambda: cronbach_alpha(ONE_CONSTANT), "everybody gave the same answer to item2"),
        (lambda: cronbach_alpha(ONE_CONSTANT[:1]), "1 person of 1 answered every item"),
        (lambda: cronbach_alpha(np.full((9, 3), np.nan)), "0 persons of 9 answered every item"),
        (lambda: cronbach_alpha([[1, 5], [2, 4], [3, 3], [4, 2]]), "the items cancel"),
        (lambda: cronbach_alpha([[1, np.inf], [2, 4], [3, 3]]), "row 0 has an infinite answer"),
        (lambda: omega(ITEMS[["i1", "i2"]]), "omega needs 3 items or more.*Use cronbach_alpha"),
        (lambda: omega_of_loadings([0.5, 1.1]), "a Heywood case"),
        (lambda: icc(ITEMS, LIKERT["group"]), "give one score a person"),
        (lambda: icc([1.0, 2.0], ["a", "a"]), "two or more"),
        (lambda: icc([1.0, 2.0], ["a", "b"]), "every group has one person"),
        (lambda: icc([2.0, 2.0, 2.0], ["a", "b", "b"]), "every score is 2"),
        (lambda: icc([2.0, 2.0, 2.0], ["a", "b"]), "3 persons and 2 group labels"),
        (lambda: rwg(ITEMS), "say how many answer options"),
        (lambda: rwg(ITEMS, options=1), "two answer options or more"),
        (lambda: rwg(ITEMS, options=3), "more than 3 options allow"),
        (lambda: rwg(ITEMS * np.nan, options=5), "nobody has a group and an answer"),
        (lambda: rwg(ITEMS, options=5, skewed=0.0), "must be positive"),
        (lambda: rwg(np.empty((0, 3)), options=5), "persons in rows"),
        (lambda: rater_icc([[1.0, 1.0], [1.0, 1.0]]), "ratings that differ"),
        (lambda: rater_icc([[1.0], [2.0]]), "two raters or more"),
        (lambda: two_level_reliability(ITEMS), "whose form each row is"),
        (lambda: two_level_reliability(ITEMS, range(300)), "answered more than once"),
        (lambda: two_level_reliability(ITEMS, [1, 2]), "300 forms and 2 members"),
    ],
)
def test_what_cannot_be_measured_is_answered_with_a_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_one_person_in_a_group_has_no_agreement():
    result = rwg([[1, 2], [4, 5], [4, 4]], ["a", "b", "b"], options=5)
    assert np.isnan(result.uniform["a"]) and result.uniform["b"] > 0.9
    assert "one person in a: no agreement to measure." in result.caveats
    assert result.conf_int(draws=20).loc["a", ["low", "high"]].isna().all(axis=None)


def test_options_without_a_published_skewed_null_say_so():
    result = rwg(likert(np.random.default_rng(0), 30), options=20)
    assert result.skewed.isna().all() and "no slightly skewed null" in " ".join(result.caveats)
    assert rwg(likert(np.random.default_rng(0), 30), options=20, skewed=20.0).skewed["all"] > 0.9


def test_groups_that_are_all_alike_inside_have_no_interval():
    bounds = icc([1.0, 1.0, 2.0, 2.0], ["a", "a", "b", "b"]).conf_int(draws=10)
    assert bounds["estimate"].tolist() == [1.0, 1.0] and bounds["low"].isna().all()


def test_a_negative_icc_is_given_as_it_is():
    result = icc([1.0, 5.0, 1.0, 5.0, 1.0, 5.0], list("aabbcc"))
    assert result.icc1 < 0 and result.icc2 == -np.inf
    assert "less alike" in " ".join(result.caveats)


def test_summaries_are_stable_text_and_figures_are_drawn():
    frame = repeated(np.random.default_rng(1), 40, 3, 1.0, 0.5)
    results = [
        cronbach_alpha(ITEMS),
        omega(ITEMS),
        icc(ITEMS.mean(axis=1), LIKERT["group"]),
        rwg(ITEMS, LIKERT["group"], options=5),
        two_level_reliability(frame),
    ]
    for result in results:
        assert result.summary() == result.summary() == repr(result)
        assert isinstance(result.caveats, tuple) and len(result.table())
        ax = result.plot()
        assert ax.get_ylabel()
        ax.figure.clear()


def test_scalars_are_plain_numbers():
    groups = icc(ITEMS.mean(axis=1), LIKERT["group"])
    values = [cronbach_alpha(ITEMS).value, omega(ITEMS).value, groups.icc1, groups.k, cronbach_alpha(ITEMS).se]
    assert all(type(v) is float for v in values)
    assert all(type(v) is float for v in cronbach_alpha(ITEMS).conf_int(draws=20))


@pytest.mark.parametrize("alpha", [0, 1, 95, "x", np.nan])
def test_levels_of_intervals_are_between_0_and_1(alpha):
    x, groups = likert(np.random.default_rng(1), 40), np.repeat(range(4), 10)
    for found in (cronbach_alpha(x), omega(x), icc(x[:, 0], groups), rwg(x, groups, options=7)):
        with pytest.raises(ValueError, match="alpha is one minus the level"):
            found.conf_int(alpha=alpha)
        with pytest.raises(ValueError, match="draws is 0"):
            found.conf_int(draws=0)


def test_two_groups_have_no_interval():
    scores = np.random.default_rng(1).normal(size=15)
    found = icc(scores, ["a"] * 8 + ["b"] * 7).conf_int()
    assert found[["low", "high"]].isna().all(axis=None)


def test_answers_in_words_are_named():
    x = pd.DataFrame(likert(np.random.default_rng(1), 20), columns=list("abcd")).astype(object)
    x.loc[3, "c"] = "agree"
    for function in (cronbach_alpha, omega, polychoric, rater_icc):
        with pytest.raises(ValueError, match="column 'c' holds 'agree'; give numbers"):
            function(x)

"""Matched samples: a printed example of bounds, hand-made pairs, planted effects, and what spoils them."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wilcoxon

from coplearn.matching import MatchedSample, at_risk, matched_sample
from coplearn.results import CLAIMS


def drawn(rng, n=600, effect=0.0, hidden=0.0, times=(1, 2)):
    """Tenure moves exposure and outcome; `hidden` is a trait that moves both and that nobody measured."""
    tenure, trait = rng.normal(size=n), rng.normal(size=n)
    treated = (0.8 * tenure + hidden * trait + rng.normal(size=n) > 0.8).astype(int)
    before = tenure + hidden * trait + rng.normal(size=n)
    outcome = tenure + hidden * trait + effect * treated + rng.normal(size=n)
    return pd.DataFrame(
        {
            "member": np.arange(n),
            "time": rng.choice(times, n),
            "tenure": tenure,
            "degree": rng.poisson(3, n),
            "treated": treated,
            "before": before,
            "outcome": outcome,
        }
    )


def paired(treated, control):
    """A result that holds given pairs, for what is computed from them alone."""
    pairs = pd.DataFrame({"outcome_treated": treated, "outcome_control": control})
    one = pd.Series([0.0], index=["effect"])
    return MatchedSample(one, pd.DataFrame([[1.0]], ["effect"], ["effect"]), len(pairs), CLAIMS[1], (), pairs,
                         pd.DataFrame(), 0.0, {}, len(pairs))  # fmt: skip


# --- bounds ---------------------------------------------------------------------------------------------------


@pytest.mark.published
def test_bounds_are_those_of_rosenbaum_on_smoking_and_lung_cancer():
    # Rosenbaum (2002), section 4.3.2, from Hammond (1964): of 122 discordant pairs the smoker died in 110; upper
    # bounds .0036, .03 and .1 at gamma 4, 5 and 6, from the normal approximation with continuity correction; ours are
    # binomial, so that .0054 of the tolerance is for the approximation and the rest for two printed digits
    res = paired([1] * 110 + [0] * 12, [0] * 110 + [1] * 12)
    high = res.rosenbaum([1, 4, 5, 6])["p_high"]
    assert high[1] < 0.0001
    assert high[[4, 5, 6]].to_numpy() == pytest.approx([0.0036, 0.03, 0.1], abs=0.0104)
    assert 5 < res.tolerated() < 6


def test_without_hidden_bias_the_bound_is_the_signed_rank_test():
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.4, 1, 60), rng.normal(size=60)
    res = paired(a, b)
    known = wilcoxon(a, b, alternative="greater", method="approx", correction=False).pvalue
    assert res.rosenbaum([1.0])["p_high"].iloc[0] == pytest.approx(known)
    table = res.rosenbaum([1, 1.5, 2])
    assert (table["p_low"] <= table["p_high"]).all() and table["p_high"].is_monotonic_increasing
    at = res.tolerated()
    assert res._bound(at) <= 0.05 < res._bound(at * 1.001)
    assert np.isnan(paired([1.0, 0, 2], [1.5, 1, 1]).tolerated())


# --- who is at risk -------------------------------------------------------------------------------------------


def test_members_leave_the_risk_set_when_they_adopt_or_are_exposed():
    names = pd.Index(["ann", "ben", "cat", "dov"])
    ties = pd.DataFrame([[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], index=names, columns=names)
    adopted = pd.Series([1.0, 2.0, 3.5, np.nan], index=names)
    level = pd.DataFrame({1: [1, 2, 3, 4], 2: [5, 6, 7, 8], 3: [9, 9, 9, 9]}, index=names)
    got = at_risk(adopted, ties, [1, 2, 3], 1.0, {"level": level, "age": pd.Series(30.0, index=names)})
    rows = got[["member", "time", "treated", "outcome", "level"]].to_numpy().tolist()
    assert rows == [["ben", 1, 1, 1, 2], ["cat", 1, 0, 0, 3], ["dov", 1, 0, 0, 4],
                    ["cat", 2, 1, 0, 7], ["dov", 2, 0, 0, 8], ["dov", 3, 0, 0, 9]]  # fmt: skip
    assert got["degree"].tolist() == [1.0] * 6 and (got["age"] == 30).all()
    many = at_risk(adopted, [ties, ties, ties], [1, 2, 3], 1.0)
    pd.testing.assert_frame_equal(many, got[many.columns])


def test_dates_are_as_good_as_numbers():
    adopted, ties = pd.Series([1.0, 2.0, np.nan]), np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]])
    first = pd.Timestamp("2020-01-01")
    dated = first + pd.to_timedelta(adopted, unit="D")
    a = at_risk(adopted, ties, [1, 2], 1)
    b = at_risk(dated, ties, [first + pd.Timedelta(days=k) for k in (1, 2)], pd.Timedelta(days=1))
    pd.testing.assert_frame_equal(a.drop(columns="time"), b.drop(columns="time"))


# --- matching -------------------------------------------------------------------------------------------------


def test_pairs_are_of_one_time_within_the_caliper_and_nobody_twice():
    frame = drawn(np.random.default_rng(2))
    res = matched_sample(frame, ["tenure", "degree"])
    pairs = res.pairs
    times = frame.set_index("member")["time"]
    assert (times[pairs["treated"]].to_numpy() == times[pairs["control"]].to_numpy()).all()
    assert pairs["treated"].is_unique and pairs["control"].is_unique
    exposed = frame.set_index("member")["treated"]
    assert exposed[pairs["treated"]].all() and not exposed[pairs["control"]].any()
    difference = pairs["outcome_treated"] - pairs["outcome_control"]
    assert res.params["effect"] == pytest.approx(difference.mean())
    assert res.bse["effect"] == pytest.approx(difference.std() / np.sqrt(len(pairs)))  # nobody is a control twice
    assert (res.balance["after"].abs() < res.balance["before"].abs()).loc[["tenure", "logit of exposure"]].all()


@pytest.mark.recovery
def test_planted_effects_are_covered_and_the_placebo_is_nothing():
    rng = np.random.default_rng(3)
    covered, placebo, raw = [], [], []
    for _ in range(100):
        res = matched_sample(drawn(rng, 1000, effect=0.3), ["tenure"], placebo="before", caliper=0.05)
        low, high = res.conf_int().loc["effect"]
        covered.append(low < 0.3 < high)
        placebo.append(res.placebo["p"] < 0.05)
        raw.append(res.unadjusted)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.066)  # three binomial errors of 100 draws
    assert np.mean(placebo) < 0.12
    assert np.mean(raw) > 0.9  # without matching, tenure triples the effect


def test_a_hidden_trait_shows_in_the_placebo():
    res = matched_sample(drawn(np.random.default_rng(4), 1500, hidden=0.8), ["tenure"], placebo="before")
    assert res.params["effect"] > 0.4  # there is none
    assert res.placebo["p"] < 0.001 and any("different before exposure" in c for c in res.caveats)


def test_order_and_names_change_nothing():
    frame = drawn(np.random.default_rng(5), 200)
    plain = matched_sample(frame, ["tenure"])
    turned = frame.sample(frac=1, random_state=1).assign(member=lambda f: "m" + f["member"].astype(str))
    res = matched_sample(turned, ["tenure"])
    assert res.params["effect"] == pytest.approx(plain.params["effect"])
    pd.testing.assert_frame_equal(res.balance, plain.balance)


def test_results_speak_for_themselves():
    frame = drawn(np.random.default_rng(6), 300, effect=0.5)
    res = matched_sample(frame, ["tenure"])
    assert res.claim in CLAIMS and any("no placebo" in c for c in res.caveats)
    text = res.summary()
    assert "balance" in text and "hidden odds ratio" in text and text == repr(res)
    binary = frame.assign(outcome=(frame["outcome"] > 0).astype(int))
    assert matched_sample(binary, ["tenure"]).risk_ratio > 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"covariates": []}, "one or more"),
        ({"covariates": ["tenur"]}, "no column 'tenur'. Did you mean 'tenure'"),
        ({"frame": "missing"}, "missing values in tenure"),
        ({"frame": "nobody"}, "must hold both 0"),
        ({"frame": "constant"}, "tenure does not vary"),
        ({"frame": "separated"}, "separation"),
        ({"covariates": ["tenure", "before", "both"], "frame": "sum"}, "is a combination of the others"),
        ({"caliper": 0}, "caliper is a positive number"),
        ({"caliper": "1"}, "caliper is a positive number of standard deviations, not '1'"),
        ({"caliper": 1e-9}, "Widen the caliper"),
    ],
)
def test_bad_input_is_met_with_a_sentence(change, message):
    frame = drawn(np.random.default_rng(7), 60)
    frame = {
        "missing": frame.assign(tenure=frame["tenure"].where(frame["member"] > 0)),
        "nobody": frame.assign(treated=0),
        "constant": frame.assign(tenure=1.0),
        "separated": frame.assign(tenure=frame["treated"] * 2.0 + 0.1 * frame["tenure"]),
        "sum": frame.assign(both=frame["tenure"] + frame["before"]),
    }.get(change.get("frame", ""), frame)
    with pytest.raises(ValueError, match=message):
        matched_sample(frame, change.get("covariates", ["tenure"]), caliper=change.get("caliper", 0.2))


def test_bad_input_of_risk_sets_and_bounds():
    adopted = pd.Series([1.0, 2.0])
    ties = np.array([[0, 1], [1, 0]])
    with pytest.raises(ValueError, match="horizon is a positive"):
        at_risk(adopted, ties, [1], 0)
    with pytest.raises(ValueError, match="1 matrix for 2 times"):
        at_risk(adopted, [ties], [1, 2], 1)
    with pytest.raises(ValueError, match="1 or more"):
        paired([1], [0]).rosenbaum([0.5])


def test_what_would_be_counted_twice_or_is_no_number_is_refused():
    frame = drawn(np.random.default_rng(1), n=100)
    with pytest.raises(ValueError, match="member 0 has more than one row at time"):
        matched_sample(pd.concat([frame, frame]), ["tenure"])
    for column in ("tenure", "outcome"):
        with pytest.raises(ValueError, match=f"column '{column}' holds inf; give finite numbers"):
            matched_sample(frame.assign(**{column: frame[column].where(frame["member"] > 0, np.inf)}), ["tenure"])
    with pytest.raises(ValueError, match="alpha is one minus the level"):
        matched_sample(frame, ["tenure"]).tolerated(95)


def test_times_at_risk_ascend():
    adopted, ties = pd.Series([1.0, np.nan], ["a", "b"]), 1 - np.eye(2)
    for times in ([2, 1], []):
        with pytest.raises(ValueError, match="in ascending order"):
            at_risk(adopted, ties, times, 1)

"""Mutually exciting events: golden values, the likelihood written out, derivatives, and planted responses found."""

from itertools import pairwise

import naive_influence as naive
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coplearn.hawkes import Hawkes, simulate_hawkes
from coplearn.results import CLAIMS

TWO = pd.DataFrame({"time": [0.5, 1.2, 1.3, 4, 4.1, 9], "sender": [0, 1, 0, 1, 0, 1]})
LEVELS = np.array([0.4, 1.0, 2.2, 0.4])


def ring(n):
    return np.roll(np.eye(n), 1, axis=1)


def drawn(seed, n=12, response=0.4, own=0.2, rhythm=None, end=1500.0, rate=0.03):
    ties = ring(n) + ring(n).T
    alpha = response / 2 * ties + own * np.eye(n)
    return simulate_hawkes(np.full(n, rate), alpha, 1.0, end, rhythm, seed), ties


# --- the likelihood -------------------------------------------------------------------------------------------


def test_golden_values():
    model = Hawkes(TWO, np.ones((2, 2)), end=10)
    got = model.loglike([0.2, 0.1], [[0.3, 0.1], [0.4, 0.2]], 1.5)
    assert got.log_intensity == pytest.approx(-9.059762, abs=1e-6)  # six digits printed
    assert (got.compensator, got.llf) == pytest.approx((5.932921, -14.992683), abs=1e-6)


@given(st.integers(0, 10_000))
@settings(max_examples=15)
def test_likelihood_and_residuals_are_those_of_the_formula(seed):
    rng = np.random.default_rng(seed)
    n, end = 4, 20.0
    ties = (rng.random((n, n)) < 0.5) * (1 - np.eye(n))
    ties[0, 1] = 1
    begin, stop = np.array([0.0, 5.0, 0.0, 2.0]), np.array([20.0, 20.0, 11.0, 20.0])
    count = 25
    who = rng.integers(0, n, count)
    times = np.round(rng.uniform(begin[who], stop[who]), 1)  # to a tenth, so that some fall together
    events = pd.DataFrame({"time": times, "sender": who})
    presence = pd.DataFrame({"joined": [np.nan, 5.0, np.nan, 2.0], "left": [np.nan, np.nan, 11.0, np.nan]})
    model = Hawkes(events, ties, end=end, presence=presence, rhythm=(6.0, 3))
    mu, s, beta = rng.uniform(0.1, 1, n), np.array([0.5, 1.0, 1.5]), 0.7
    alpha = rng.uniform(0, 0.5, (n, n)) * (ties + np.eye(n))
    listed = sorted(zip(times, who, strict=True))

    def level(t):
        return s[min(int(t % 6 / 2), 2)]

    def level_total(a, b):
        grid = np.union1d(np.arange(0, 22, 2.0), [a, b])
        grid = grid[(grid >= a) & (grid <= b)]
        return sum(level((x + y) / 2) * (y - x) for x, y in pairwise(grid))

    got = model.loglike(mu, alpha, beta, s)
    log = sum(np.log(naive.hawkes_intensity(t, i, listed, mu, alpha, beta, level)) for t, i in listed)
    total = sum(naive.hawkes_compensator(i, begin[i], stop[i], listed, mu, alpha, beta, level_total) for i in range(n))
    assert (got.log_intensity, got.compensator) == pytest.approx((log, total))


def test_the_gradient_is_the_slope_of_the_likelihood():
    events, ties = drawn(1, n=5, end=200)
    model = Hawkes(events, ties, rhythm=(24.0, 3), levels=pd.Series(list("aabbb")))
    rng = np.random.default_rng(2)
    mu, r, alpha, beta = rng.uniform(0.02, 0.1, 5), rng.normal(size=3), rng.uniform(0, 0.3, len(model.kinds)), 0.8
    _, gradient, _, _ = model._score(mu, r, alpha, beta, 0.5)
    at = {"mu": mu, "r": r, "alpha": alpha, "beta": np.array([beta])}
    for name, values in at.items():
        for k in range(len(values)):
            ends = []
            for side in (1, -1):
                moved = {key: v.copy() for key, v in at.items()}
                moved[name][k] += side * 1e-5
                ends.append(model._score(moved["mu"], moved["r"], moved["alpha"], moved["beta"][0], 0.5)[0])
            assert gradient[name][k] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-5, abs=1e-5)


def test_standard_errors_are_those_of_the_curvature():
    events, ties = drawn(3, n=3, end=400)
    model = Hawkes(events, ties, rhythm=(24.0, 2))
    res = model.fit()
    best = np.concatenate([res.baseline, np.log(res.rhythm / res.rhythm[0])[1:], res.params])

    def llf(v):
        return model._score(v[:3], np.array([0.0, v[3]]), v[4:-1], v[-1], 0.0)[0]

    covariance = np.linalg.inv(-naive.numeric_hessian(llf, best, 1e-4))
    assert res.bse.to_numpy() == pytest.approx(np.sqrt(np.diag(covariance))[4:], rel=1e-3)  # differences
    assert llf(best) == pytest.approx(res.llf)
    rng = np.random.default_rng(0)
    assert all(llf(best * np.exp(0.02 * rng.normal(size=len(best)))) < res.llf for _ in range(50))


# --- planted responses ----------------------------------------------------------------------------------------


@pytest.mark.recovery
def test_planted_responses_are_in_intervals_as_often_as_promised_and_residuals_are_exponential():
    truth = np.array([0.2, 0.2, 1.0])
    covered, p = [], []
    for seed in range(60):
        events, ties = drawn(seed, rhythm=(24.0, LEVELS))
        res = Hawkes(events, ties, end=1500.0, rhythm=(24.0, 4)).fit()
        bounds = res.conf_int()
        covered.append((bounds["low"] < truth) & (truth < bounds["high"]))
        p.append(res.ks_test()["p"])
    assert np.mean(covered, axis=0) == pytest.approx([0.95] * 3, abs=0.085)  # three binomial errors of 60 draws
    assert np.mean(np.array(p) < 0.05) < 0.135
    assert res.rhythm.to_numpy() == pytest.approx(LEVELS, abs=0.3)


@pytest.mark.recovery
def test_a_shared_rhythm_is_not_read_as_influence_once_it_is_taken_out():
    plain, taken_out = [], []
    for seed in range(20):
        events, ties = drawn(seed, response=0.0, own=0.0, rhythm=(24.0, LEVELS), rate=0.06)
        with_bins = Hawkes(events, ties, end=1500.0, rhythm=(24.0, 4), own=False)
        plain.append(Hawkes(events, ties, end=1500.0, own=False).fit(decay=0.3).params["response"])
        taken_out.append(with_bins.fit(decay=0.3).params["response"])
    assert np.mean(plain) > 0.05 and np.mean(taken_out) < 0.02


def test_levels_are_told_apart_and_pairs_are_found():
    n = 8
    ties = ring(n) + ring(n).T
    level = pd.Series(["expert", "novice"] * 4)
    alpha = np.where(np.arange(n)[:, None] % 2 == 1, 0.35, 0.05) * ties  # novices respond to experts
    events = simulate_hawkes(np.full(n, 0.05), alpha, 1.0, 3000, seed=5)
    res = Hawkes(events, ties, end=3000, levels=level).fit()
    assert res.params["novice from expert"] == pytest.approx(0.35, abs=4 * res.bse["novice from expert"])
    assert res.params["expert from novice"] < 0.15
    single = Hawkes(events, ties, end=3000, pairs=True).fit(ridge=1.0)
    assert len(single.params) == 2 * n + n + 1 and any("ridge" in c for c in single.caveats)
    assert single.alpha.to_numpy()[1::2].sum() > 3 * single.alpha.to_numpy()[::2].sum()


def test_totals_count_responses_to_responses():
    res = Hawkes(*drawn(6), end=1500.0).fit()
    a = res.alpha.to_numpy()
    power, total = a.copy(), np.zeros_like(a)
    for _ in range(200):
        total, power = total + power, power @ a
    assert res.total_influence().to_numpy() == pytest.approx(total)
    assert res.branching_ratio == pytest.approx(max(abs(np.linalg.eigvals(a))))


# --- what may not change, printing, bad input -----------------------------------------------------------------


def test_names_order_and_a_shift_of_time_change_nothing():
    events, ties = drawn(7, n=6, end=300)
    plain = Hawkes(events, ties, end=300.0).fit()
    names = pd.Index([f"m{k}" for k in range(6)])
    frame = pd.DataFrame(ties, index=names, columns=names).sample(frac=1, random_state=1)
    moved = events.assign(sender=names[events["sender"]], time=events["time"] + 1000).sample(frac=1, random_state=2)
    turned = Hawkes(moved, frame[frame.index], start=1000.0, end=1300.0).fit()
    pd.testing.assert_series_equal(turned.params, plain.params, rtol=1e-4)  # where a search stops
    assert turned.llf == pytest.approx(plain.llf, abs=1e-6)


def test_timestamps_are_hours_and_bins_begin_on_a_monday():
    events, ties = drawn(8, n=6, end=800, rhythm=(24.0, LEVELS))
    first = pd.Timestamp("2024-01-01", tz="UTC")  # a Monday
    dated = events.assign(time=first + pd.to_timedelta(events["time"], unit="h"))
    end = first + pd.Timedelta(hours=800)
    a = Hawkes(events, ties, end=800.0, rhythm=(24.0, 4)).fit()
    b = Hawkes(dated, ties, start=first, end=end, rhythm=("1D", 4)).fit()
    pd.testing.assert_series_equal(a.params, b.params, rtol=1e-3)
    late = first + pd.Timedelta(hours=30)  # Tuesday at six
    shifted = Hawkes(dated[dated["time"] > late], ties, start=late, end=end, rhythm=("7D", 28))
    assert shifted._bins(np.array([0.0, 6.5])).tolist() == [5, 6]


def test_the_same_seed_draws_the_same_events():
    pd.testing.assert_frame_equal(drawn(9)[0], drawn(9)[0])
    events, _ = drawn(9)
    assert events["time"].is_monotonic_increasing and events["time"].max() <= 1500


def test_results_speak_for_themselves():
    res = Hawkes(*drawn(10), end=1500.0).fit()
    assert res.claim in CLAIMS and res.caveats and res.converged
    assert "branching ratio" in res.summary() and res.summary() == repr(res)
    assert res.half_life == pytest.approx(np.log(2) / res.params["decay"])
    assert res.aic < res.bic and res.aic == pytest.approx(2 * res.n_free - 2 * res.llf)
    assert any("no rhythm" in c for c in res.caveats)
    assert "12 members" in repr(res.model)
    few = Hawkes(TWO, np.ones((2, 2)), end=10).fit(decay=1.0)
    assert any("fewer than 30 events" in c for c in few.caveats)
    assert np.isnan(few.bse["decay"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"events": TWO.rename(columns={"sender": "from"})}, "no column of events 'sender'"),
        ({"events": TWO.assign(sender="ann")}, "events of members without a row in ties: ann"),
        ({"events": TWO.assign(time=[np.nan, *TWO["time"][1:]])}, "1 event without a time"),
        ({"events": TWO.assign(time="noon")}, "neither numbers nor timestamps"),
        ({"events": TWO.assign(time=1.0)}, "6 events at 1 time: no order"),
        ({"events": TWO.iloc[:0]}, "0 events at 0 times"),
        ({"end": 5.0}, "outside of start and end"),
        ({"ties": np.eye(2)}, "there are no ties"),
        ({"ties": np.ones((2, 3))}, "give members by members"),
        ({"levels": pd.Series(["a"])}, "no level for 1"),
        ({"rhythm": (50.0, 4)}, "does not go round once"),
        ({"rhythm": (5.0, 0)}, "bins of rhythm is 0"),
        (
            {"presence": pd.DataFrame({"joined": [1.0, 0.0], "left": [10.0, 10.0]})},
            "1 event of members who are not pres",
        ),
        ({"fit": {"ridge": -1.0}}, "ridge is 0 or more"),
        ({"fit": {"decay": "1"}}, "decay positive; these are 0.0 and '1'"),
        ({"fit": {"decay": 0.0}}, "decay positive"),
    ],
)
def test_bad_input_is_met_with_a_sentence(change, message):
    given_ = {"events": TWO, "ties": np.ones((2, 2)), "end": 10.0} | {k: v for k, v in change.items() if k != "fit"}
    with pytest.raises(ValueError, match=message):
        Hawkes(**given_).fit(**change.get("fit", {}))


def test_parameters_of_the_wrong_shape_are_refused():
    with pytest.raises(ValueError, match=r"give \(2,\), \(2, 2\) and \(1,\)"):
        Hawkes(TWO, [[0, 1], [1, 0]], end=10.0).loglike([0.1], np.ones((2, 2)), 1.0)


def test_cascades_that_would_not_end_are_refused():
    with pytest.raises(ValueError, match="cascades would not end"):
        simulate_hawkes([0.1], [[1.0]], 1.0, 10.0)
    with pytest.raises(ValueError, match=r"decay and end are positive numbers; these are '1' and 10.0"):
        simulate_hawkes([0.1], [[0.5]], "1", 10.0)


def test_ties_and_times_that_are_none_are_refused():
    events = pd.DataFrame({"time": [1.0, 2.0, 3.0], "sender": [0, 1, 0]})
    for entry in (np.nan, -1.0):
        with pytest.raises(ValueError, match="missing or negative entry"):
            Hawkes(events, np.array([[0.0, entry], [1.0, 0.0]]))
    with pytest.raises(ValueError, match="infinite time"):
        Hawkes(events.replace(3.0, np.inf), 1 - np.eye(2))
    with pytest.raises(ValueError, match="more than one row of ties for a"):
        Hawkes(events.assign(sender="a"), pd.DataFrame(1 - np.eye(2), ["a", "a"], ["a", "a"]))

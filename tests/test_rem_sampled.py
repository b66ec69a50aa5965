"""Sampled event models: the whole risk set as a limit, unbiased draws, honest errors, and who may be drawn."""

from pathlib import Path

import naive_events as naive
import numpy as np
import pandas as pd
import pytest

from coplearn import effects as fx
from coplearn import event_stages
from coplearn.event_stages import blocks, write_stages
from coplearn.events import EventSequence
from coplearn.rem import REM

HERE = Path(__file__).parent / "data"


def talk(seed=0, n=12, events=150, moving=False):
    """Random events among members with a covariate; with `moving`, some join late and some leave early."""
    rng = np.random.default_rng(seed)
    time = np.cumsum(rng.exponential(size=events))
    joined = np.where(np.arange(n) % 4 == 0, time[events // 3], -1.0) if moving else np.full(n, -1.0)
    left = np.where(np.arange(n) % 4 == 1, time[events // 2], np.inf) if moving else np.full(n, np.inf)
    rows = []
    for t in time:
        here = np.flatnonzero((joined < t) & (t < left))
        rows.append(rng.choice(here, 2, replace=False))
        if rows[1:] and rng.random() < 0.4 and np.isin(rows[-2], here).all():
            rows[-1] = rows[-2][::-1]
    frame = pd.DataFrame({"time": time, "sender": np.array(rows)[:, 0], "receiver": np.array(rows)[:, 1]})
    members = pd.DataFrame({"x": rng.normal(size=n)}, index=range(n))
    if moving:
        members["joined"], members["left"] = (
            np.where(joined < 0, np.nan, joined),
            np.where(left == np.inf, np.nan, left),
        )
    return EventSequence.from_frame(frame, members, origin=0.0)


EFFECTS = [fx.inertia(log=True), fx.reciprocity(log=True), fx.otp(unique=True), fx.sender("x")]


@pytest.mark.parametrize("timing", ["ordinal", "interval"])
def test_controls_that_are_everybody_are_no_sample(timing):
    events = talk(moving=True)
    whole, sampled = REM(events, EFFECTS, timing).fit(), REM(events, EFFECTS, timing, controls=200).fit()
    assert sampled.params.to_numpy() == pytest.approx(whole.params.to_numpy(), rel=1e-8)
    assert sampled.bse.to_numpy() == pytest.approx(whole.bse.to_numpy(), rel=1e-8)
    assert sampled.llf == pytest.approx(whole.llf, rel=1e-10)
    assert np.all(sampled.sampling == 0)
    robust = sampled.robust(cluster="sender"), whole.robust(cluster="sender")
    assert robust[0].bse.to_numpy() == pytest.approx(robust[1].bse.to_numpy(), rel=1e-6)


@pytest.mark.parametrize("timing", ["ordinal", "interval"])
def test_draws_scatter_around_the_full_estimate_as_their_errors_say(timing):
    events = talk(1, events=400)
    whole = REM(events, EFFECTS, timing).fit()
    model = REM(events, EFFECTS, timing, controls=20)
    drawn = [model.fit(seed=seed, start=whole.params) for seed in range(60)]
    estimates = np.array([res.params for res in drawn])
    spread = estimates.std(axis=0, ddof=1)
    # The mean of 60 draws lies within 4 of its standard errors; a sampled maximum is a little biased, by about
    # spread ** 2 / bse, hence the second term.
    off = np.abs(estimates.mean(axis=0) - whole.params.to_numpy())
    assert np.all(off < 4 * spread / np.sqrt(60) + 0.1 * whole.bse.to_numpy())
    told = np.mean([np.sqrt(np.diag(res.sampling)) for res in drawn], axis=0)
    assert told == pytest.approx(spread, rel=0.4)  # a spread from 60 draws is known to 9 %; four of these
    total = np.mean([res.bse for res in drawn], axis=0)
    assert total == pytest.approx(np.sqrt(whole.bse.to_numpy() ** 2 + spread**2), rel=0.1)


def test_only_those_present_are_drawn_and_never_the_case_twice():
    events = talk(2, moving=True)
    model = REM(events, EFFECTS, controls=15)
    r = write_stages(model.design, "tie", False, 15, None, 3).rows
    members, time = events.members, events.frame["time"].to_numpy()
    joined, left = members["joined"].fillna(-1).to_numpy(), members["left"].fillna(np.inf).to_numpy()
    for s in range(len(r.seen)):
        rows = slice(r.first[s], r.first[s + 1])
        i, j, t = r.i[rows], r.j[rows], time[r.event[s]]
        assert len(i) == 16
        assert np.all((joined[i] <= t) & (t < left[i]) & (joined[j] <= t) & (t < left[j]) & (i != j))
        assert len(set(zip(i.tolist(), j.tolist(), strict=True))) == 16
        assert (i[0], j[0]) == (events.sender[r.event[s]], events.receiver[r.event[s]])
        here = int(((joined <= t) & (t < left)).sum())
        assert r.missing[s] == pytest.approx(1 - 15 / (here * (here - 1) - 1))


def test_every_pair_of_a_mask_is_drawn_equally_often():
    events = talk(3, n=6, events=40)
    mask = np.random.default_rng(1).random((6, 6)) < 0.6
    mask[events.sender, events.receiver] = True
    np.fill_diagonal(mask, False)
    model = REM(events, [fx.sender("x")], risk_set=mask, controls=4)
    counts, expected = np.zeros((6, 6)), np.zeros((6, 6))
    for seed in range(300):
        r = write_stages(model.design, "tie", False, 4, None, seed).rows
        keep = np.arange(len(r.i)) % 5 > 0
        np.add.at(counts, (r.i[keep], r.j[keep]), 1)
    for i, j in zip(events.sender, events.receiver, strict=True):
        others = mask.copy()
        others[i, j] = False
        expected += 300 * 4 * others / others.sum()
    assert np.all(counts[~mask] == 0)
    score = (counts - expected)[mask] / np.sqrt(expected[mask])
    assert np.abs(score).max() < 4.5  # of about 25 standard normal scores


def test_a_sparse_history_knows_what_a_dense_one_does(monkeypatch):
    effects = [
        *EFFECTS,
        fx.itp(),
        fx.osp(halflife=20.0),
        fx.isp(window=30.0),
        fx.inertia(scaling="prop"),
        fx.indegree_receiver(scaling="prop"),
        fx.recency_rank_send(),
        fx.recency_rank_receive(),
        fx.recency_continue(),
        fx.totaldegree_dyad(unique=True),
        fx.participation_shift("AB-BY"),
    ]
    model = REM(talk(4, moving=True), effects, controls=10)
    dense = write_stages(model.design, "tie", False, 10, None, 5).rows
    monkeypatch.setattr(event_stages, "DENSE", 5)
    sparse = write_stages(model.design, "tie", False, 10, None, 5).rows
    assert np.array_equal(dense.i, sparse.i)
    assert sparse.x == pytest.approx(dense.x, rel=1e-9, abs=1e-12)


def test_blocks_are_parts_of_the_whole():
    model = REM(talk(5), EFFECTS, "interval")
    whole = write_stages(model.design, "tie", True)
    theta = np.array([-3.0, 0.2, 0.1, 0.0, 0.3])
    parts = [b.evaluate(theta)[0] for b in blocks(model.design, "tie", True, numbers=3e4)]
    assert len(parts) > 3
    assert sum(parts) == pytest.approx(whole.evaluate(theta)[0], rel=1e-12)


def test_rows_of_all_candidates_are_the_statistics_from_scratch():
    events = talk(6, n=7, events=25)
    model = REM(events, [fx.reciprocity(), fx.otp(), fx.sender("x")])
    rows = write_stages(model.design, "tie", False).rows
    for s in range(len(events)):
        time = events.frame["time"].to_numpy()
        past = naive.Past(time[:s], events.sender[:s], events.receiver[:s], time[s], 7, x={"x": events.members["x"]})
        here = slice(rows.first[s], rows.first[s + 1])
        for c, name in enumerate(("reciprocity", "otp", "send_x")):
            assert rows.x[here, c] == pytest.approx(naive.statistic(past, name)[rows.i[here], rows.j[here]])


def test_a_sample_of_events_has_larger_errors_and_the_same_seed_the_same_sample():
    events = talk(7, events=400)
    model = REM(events, EFFECTS, cases=100)
    one, again = model.fit(seed=3), model.fit(seed=3)
    assert one.nobs == 100
    assert one.params.equals(again.params)
    assert not one.params.equals(model.fit(seed=4).params)
    ratio = one.bse / REM(events, EFFECTS).fit().bse
    assert ratio["sender x"] == pytest.approx(2.0, rel=0.25)  # a quarter of the events
    assert "sampled: 100 events of 400, each with all candidates" in one.summary()


def test_standardised_statistics_need_everybody():
    with pytest.raises(ValueError, match="leave controls out"):
        REM(talk(), [fx.inertia(scaling="std")], controls=5)


def test_a_statistic_that_few_controls_have_is_named(monkeypatch):
    model = REM(talk(), [fx.participation_shift("AB-BA"), fx.sender("x"), fx.inertia(log=True)], controls=8)
    monkeypatch.setattr(event_stages, "BLOCK", 200)  # counted block by block
    stages = model._drawn(1)
    r = stages.rows
    control = np.ones(len(r.x), dtype=bool)
    control[r.first[:-1] + r.seen] = False
    shifts = int((r.x[control, 0] != 0).sum())
    assert 0 < shifts < 50
    assert stages.apart(10**9)[0] == shifts
    rare = [c for c in model.fit(seed=1).caveats if "sampled control" in c]
    assert len(rare) == 1
    assert rare[0].startswith(f"participation shift AB-BA: only {shifts} sampled control")
    assert f"Draw some {-(-8 * 50 // shifts)} controls an event" in rare[0]
    assert not [c for c in REM(talk(), EFFECTS[:1], controls=200).fit().caveats if "sampled control" in c]


def test_one_control_claims_no_sampling_error():
    events = talk()
    res = REM(events, [fx.inertia()], controls=1).fit()
    assert res.sampling.isna().all(axis=None) and res.bse.notna().all() and "Draw two or more" in res.summary()
    assert REM(events, [fx.inertia()], "interval", controls=1).fit().bse.isna().all()


def test_events_that_share_a_look_are_drawn_in_the_share_asked_for():
    """Of some 40 looks with 150 events, 75 cases are half: their share of the waiting time goes with them."""
    plain = talk()
    frame = plain.frame.assign(time=np.floor(plain.frame["time"] / 4))
    events = EventSequence.from_frame(frame, plain.members)
    model = REM(events, [fx.inertia(window=7.3)], "interval", simultaneous="together", cases=75)
    fits = [model.fit(seed=seed) for seed in range(40)]
    assert np.mean([res.nobs for res in fits]) == pytest.approx(75, abs=4)  # looks hold 1 to 9 events: sd 5 of one draw
    whole = REM(events, [fx.inertia(window=7.3)], "interval", simultaneous="together").fit()
    # sd over draws of the baseline is about .1: .06 are 4 standard errors of the mean of 40
    assert np.mean([res.params["baseline"] for res in fits]) == pytest.approx(whole.params["baseline"], abs=0.06)

"""What follows the fit of an event model: simulation, ranks, residuals, windows, changepoints, prediction."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coplearn import effects as fx
from coplearn.dynam import DyNAM
from coplearn.event_checks import Changepoints, Recall
from coplearn.events import EventSequence
from coplearn.rem import REM

HERE = Path(__file__).parent / "data"
EFFECTS = [fx.inertia(log=True), fx.participation_shift("AB-BA"), fx.sender("x")]


@pytest.fixture(scope="module")
def events():
    frame = pd.read_csv(HERE / "rem_synth_small_events.csv").head(300)
    members = pd.read_csv(HERE / "rem_synth_small_actors.csv").set_index("id")
    members["joined"], members["left"] = np.nan, np.nan
    busy = pd.concat([frame["sender"], frame["receiver"]])
    last = busy.groupby(busy).apply(lambda who: frame["time"].loc[who.index].max())
    members.loc[last.index[last < 60], "left"] = last[last < 60] + 1.0  # who falls silent has left
    return EventSequence.from_frame(frame, members, origin=0.0)


@pytest.fixture(scope="module")
def ordinal(events):
    return REM(events, EFFECTS).fit()


@pytest.fixture(scope="module")
def interval(events):
    return REM(events, EFFECTS, "interval").fit()


def test_simulated_histories_keep_the_frame_of_the_observed_one(events, ordinal, interval):
    left = events.members["left"].fillna(np.inf)
    for res in (ordinal, interval):
        for history in res.simulate(3, seed=5):
            frame = history.frame
            assert frame["time"].is_monotonic_increasing
            assert (frame["sender"] != frame["receiver"]).all()
            for side in ("sender", "receiver"):
                assert (frame["time"].to_numpy() < left[frame[side]].to_numpy()).all()
            if res is ordinal:
                assert np.array_equal(frame["time"], events.frame["time"])
            else:
                assert len(frame) == pytest.approx(300, abs=5 * np.sqrt(300))
                assert frame["time"].max() <= events.end


def test_simulated_histories_are_the_same_on_any_number_of_workers(ordinal):
    one, two = ordinal.simulate(3, seed=2), ordinal.simulate(3, seed=2, jobs=2)
    assert all(a.frame.equals(b.frame) for a, b in zip(one, two, strict=True))
    assert not one[0].frame.equals(one[1].frame)


def test_a_model_fitted_to_its_own_histories_finds_itself(events, interval):
    found = np.array([REM(h, EFFECTS, "interval").fit().params for h in interval.simulate(12, seed=3)])
    off = np.abs(found.mean(axis=0) - interval.params.to_numpy())
    assert np.all(off < 4 * interval.bse.to_numpy() / np.sqrt(12))  # four Monte Carlo errors


def test_memory_of_windows_and_halves_is_simulated_as_it_is_observed(events):
    """A history that is replayed to its end offers the same next event as one that grew by itself."""
    effects = [fx.inertia(window=5.0), fx.reciprocity(halflife=10.0), fx.inertia(interval=(2.0, 8.0))]
    res = REM(events, effects).fit(ridge=1.0)
    frame = events.frame
    whole = REM(events, effects)
    at = len(frame) - 1
    before = EventSequence.from_frame(frame.head(at), events.members, origin=0.0, end=frame["time"].iloc[at])
    table = whole.statistics(at)
    eta = np.exp(table.to_numpy() @ res.params.to_numpy())
    from dataclasses import replace

    cut = replace(res, model=REM(before, effects))
    ahead = cut.next_event(top=len(table)).set_index(["sender", "receiver"])["probability"]
    assert ahead.loc[table.index].to_numpy() == pytest.approx(eta / eta.sum(), rel=1e-8)


def test_actor_models_draw_a_sender_and_a_receiver(events):
    res = DyNAM(events, rate=[fx.baseline(), fx.sender("x")], choice=[fx.inertia(log=True)]).fit()
    history = res.simulate(1, seed=1)[0]
    assert (history.frame["sender"] != history.frame["receiver"]).all()
    ahead = res.next_event(top=1000)
    assert ahead["probability"].sum() == pytest.approx(1)
    assert res.parts["choice"].recall().events["candidates"].max() <= 29
    with pytest.raises(ValueError, match="needs senders and receivers"):
        res.parts["rate"].simulate()


def test_what_a_model_contains_fits_and_what_it_lacks_may_not(ordinal):
    fit = ordinal.gof(n=40, seed=1)
    assert set(fit.pvalues.index) == {"outdegree", "indegree", "pairs", "shifts"}
    assert fit.pvalues.between(0, 1).all()
    assert fit.table().loc[("shifts", "AB-BA"), "low"] <= fit.observed["shifts"]["AB-BA"]
    assert len(fit.plot()) == 4
    assert list(ordinal.gof("pairs", n=5).simulated) == ["pairs"]


def test_ranks_are_those_of_the_predicted_rates(events, ordinal):
    found = ordinal.recall().events
    table = ordinal.model.statistics(100)
    eta = table.to_numpy() @ ordinal.params.to_numpy()
    mine = eta[table.index.get_loc(tuple(events.frame.loc[100, ["sender", "receiver"]]))]
    rank = 1 + np.sum(eta > mine + 1e-9) + 0.5 * (np.sum(np.abs(eta - mine) < 1e-9) - 1)
    assert found["rank"][100] == rank
    assert found["candidates"][100] == len(table)
    assert found["probability"][100] == pytest.approx(np.exp(mine) / np.exp(eta).sum())
    recall = Recall(found)
    assert recall.at(10_000) == 1.0
    assert (recall.table()["recall"] >= recall.table()["chance"]).all()
    recall.plot()


@pytest.mark.parametrize("which", ["ordinal", "interval"])
def test_residuals_add_up_to_nothing_and_surprise_to_the_likelihood(which, request):
    res = request.getfixturevalue(which)
    table = res.residuals()
    scale = np.sqrt((table[list(res.params.index)] ** 2).sum())
    assert np.all(np.abs(table[list(res.params.index)].sum()) < 1e-3 * scale)  # the search stops near the maximum
    assert table["surprise"].sum() == pytest.approx(-res.llf, rel=1e-10)


def test_a_window_of_all_events_is_the_whole_fit(interval):
    whole = interval.moving_fit(300).estimates.set_index("effect")
    assert whole["estimate"].to_numpy() == pytest.approx(interval.params.to_numpy(), rel=1e-5)
    assert whole["s.e."].to_numpy() == pytest.approx(interval.bse.to_numpy(), rel=1e-5)
    moved = interval.moving_fit(150, 50)
    assert moved.table().shape == (4, 4)
    assert list(moved.estimates["first"].unique()) == [1, 51, 101, 151]
    moved.plot()


def test_a_change_is_found_where_it_was_made():
    rng = np.random.default_rng(0)
    n, many = 15, 400
    x = rng.normal(size=n)
    rows = []
    for m in range(many):
        p = np.exp((0.0 if m < 200 else 1.0) * x)
        i = rng.choice(n, p=p / p.sum())
        rows.append((float(m), i, rng.choice(np.delete(np.arange(n), i))))
    frame = pd.DataFrame(rows, columns=["time", "sender", "receiver"])
    events = EventSequence.from_frame(frame, pd.DataFrame({"x": x, "z": rng.normal(size=n)}, index=range(n)))
    found = REM(events, [fx.sender("x"), fx.receiver("z")]).fit().changepoints()
    table = found.table()
    assert table.loc["sender x", "p_adjusted"] < 0.001
    assert abs(table.loc["sender x", "event"] - 200) < 40
    assert table.loc["receiver z", "p"] > 0.05
    assert repr(found).startswith("Changepoints: sender x at event")
    found.plot()
    with pytest.raises(ValueError, match="do not add up"):
        REM(events, [fx.sender("x")]).fit(ridge=200.0).changepoints()


def test_cumulated_scores_stay_within_chance_where_nothing_changes():
    """Over 60 histories without change, one in twenty strays beyond the bound: at most 9 of 60 (p 1e-3)."""
    strayed = 0
    rng = np.random.default_rng(3)
    members = pd.DataFrame({"x": rng.normal(size=8)}, index=range(8))
    for _ in range(60):
        pairs = np.array([rng.choice(8, 2, replace=False) for _ in range(120)])
        frame = pd.DataFrame({"time": np.arange(120.0), "sender": pairs[:, 0], "receiver": pairs[:, 1]})
        found = REM(EventSequence.from_frame(frame, members), [fx.sender("x")]).fit().changepoints()
        assert isinstance(found, Changepoints)
        strayed += found.table().loc["sender x", "p"] < 0.05
    assert strayed <= 9


def test_a_change_of_one_effect_is_not_claimed_of_another_that_goes_along_with_it():
    """Of 20 histories in which x changes, y (correlation .9) strays in at most 4 (p .016)."""
    rng, strayed, found = np.random.default_rng(5), 0, 0
    for _ in range(20):
        x = rng.normal(size=30)
        y = 0.9 * x + np.sqrt(1 - 0.81) * rng.normal(size=30)
        members = pd.DataFrame({"x": x, "y": y}, index=range(30))
        rates = [np.exp(b * x + 0.3 * y) for b in (0.0, 0.7)]
        sender = np.concatenate([rng.choice(30, 300, p=rate / rate.sum()) for rate in rates])
        receiver = (sender + rng.integers(1, 30, 600)) % 30
        frame = pd.DataFrame({"time": np.arange(600.0), "sender": sender, "receiver": receiver})
        events = EventSequence.from_frame(frame, members)
        p = REM(events, [fx.sender("x"), fx.sender("y")], orientation="sender").fit().changepoints().table()["p"]
        found, strayed = found + (p["sender x"] < 0.05), strayed + (p["sender y"] < 0.05)
    assert found >= 12 and strayed <= 4


def test_what_no_simulated_history_has_is_far_from_all_of_them(events):
    two = pd.DataFrame({"time": np.arange(40.0), "sender": [1, 2] * 20, "receiver": [2, 1] * 20})
    turns = REM(EventSequence.from_frame(two, events.members[["x"]]), [fx.receiver("x")]).fit().gof("pairs", n=50)
    varies = {"pairs": turns.simulated["pairs"].assign(reciprocated=0.0)}
    assert type(turns)(varies, turns.observed).pvalues["pairs"] == pytest.approx(1 / 51)


def test_who_has_nobody_to_act_towards_does_not_compete_to_act(events):
    """Of three who may talk along a line and five who may not, eight never compete: the five are left out."""
    rng = np.random.default_rng(1)
    line = {0: [1], 1: [0, 2], 2: [1]}
    sender = rng.choice(3, 60)
    receiver = [rng.choice(line[i]) for i in sender]
    frame = pd.DataFrame({"time": np.arange(60.0), "sender": sender, "receiver": receiver})
    mask = np.zeros((8, 8), dtype=bool)
    mask[[0, 1, 1, 2], [1, 0, 2, 1]] = True
    members = pd.DataFrame({"x": rng.normal(size=8)}, index=range(8))
    talk, three = (EventSequence.from_frame(frame, who) for who in (members, members[:3]))
    effects = {"rate": [fx.sender("x")], "choice": [fx.inertia()]}
    masked, alone = DyNAM(talk, risk_set=mask, **effects).fit(), DyNAM(three, risk_set=mask[:3, :3], **effects).fit()
    assert masked.llf == pytest.approx(alone.llf, rel=1e-9)
    assert masked.params.to_numpy() == pytest.approx(alone.params.to_numpy(), rel=1e-6)
    assert len(masked.simulate()[0]) == 60
    assert masked.next_event()["probability"].sum() == pytest.approx(1.0)
    rate = REM(talk, [fx.sender("x")], orientation="sender", risk_set=mask, controls=1).fit()
    assert set(rate.model._drawn(0).rows.i) <= {0, 1, 2}


def test_no_next_event_where_everybody_has_left(events):
    gone = events.members.assign(left=events.end + 1.0)
    later = EventSequence.from_frame(events.frame, gone, end=events.end + 5.0)
    with pytest.raises(ValueError, match="nobody is at risk"):
        REM(later, [fx.inertia()]).fit().next_event()


# --- statistics written in Python, and undirected events ----------------------------------------------------


@fx.event_effect
def sent_so_far(values, i, j, time, weight):
    """What i sent to j, as fx.inertia() has it."""
    values[i, j] += weight


@sent_so_far.statistic
def _(i, j, sender, receiver, time, weight):
    return np.sum(weight[(sender == i) & (receiver == j)])


@pytest.mark.parametrize("timing", ["ordinal", "interval"])
def test_a_statistic_written_in_python_is_simulated_like_the_built_in_one(events, timing):
    own = REM(events, [sent_so_far(log=True), fx.sender("x")], timing).fit()
    built_in = REM(events, [fx.inertia(log=True), fx.sender("x")], timing).fit()
    for mine, theirs in zip(own.simulate(2, seed=4), built_in.simulate(2, seed=4), strict=True):
        assert mine.frame.equals(theirs.frame)
    assert own.next_event(5).equals(built_in.next_event(5))


def test_a_statistic_written_in_python_is_simulated_in_models_of_actors_and_pairs(events):
    pair = {"rate": [fx.outdegree_sender(log=True)]}
    own = DyNAM(events, **pair, choice=[sent_so_far(log=True)]).fit()
    built_in = DyNAM(events, **pair, choice=[fx.inertia(log=True)]).fit()
    assert own.simulate(1, seed=2)[0].frame.equals(built_in.simulate(1, seed=2)[0].frame)
    own, built_in = (DyNAM(events, coordination=[e(log=True)]).fit() for e in (sent_so_far, fx.inertia))
    # what the user wrote counts an undirected event as it was written; the built-in statistic in both directions
    assert own.params.iloc[0] != built_in.params.iloc[0]


def test_what_is_not_drawn_cannot_be_simulated(events):
    weighted = EventSequence.from_frame(events.frame.assign(weight=2.0, kind="a"), events.members, origin=0.0)
    for effect, words in (
        (fx.inertia(weight="weight"), "with weights, cannot be simulated"),
        (fx.inertia(kind="a"), "of one kind"),
        (sent_so_far(), "drop the column 'weight'"),
    ):
        with pytest.raises(ValueError, match=words):
            REM(weighted, [effect]).fit().simulate()


@pytest.fixture(scope="module")
def coordinated(events):
    return DyNAM(events, coordination=[fx.inertia(log=True), fx.same("group")]).fit()


def test_coordination_is_drawn_pair_by_pair_as_it_is_fitted(coordinated):
    """The next pair has the probabilities of two choices that meet."""
    part = coordinated.parts["coordination"]
    d, beta = part.model.design, part.params.to_numpy()
    sent = np.zeros((d.n, d.n))
    np.add.at(sent, (d.sender, d.receiver), 1.0)
    np.add.at(sent, (d.receiver, d.sender), 1.0)
    members = part.model.events.members
    group = members["group"].to_numpy()
    here = members["left"].isna().to_numpy()
    eta = beta[0] * np.log1p(sent) + beta[1] * (group[:, None] == group)
    eta[:, ~here] = -np.inf
    np.fill_diagonal(eta, -np.inf)
    p = np.exp(eta) / np.exp(eta).sum(axis=1, keepdims=True)
    both = np.triu(p * p.T) * np.outer(here, here)
    top = coordinated.next_event(12)
    i, j = (members.index.get_indexer(top[side]) for side in ("sender", "receiver"))
    assert (i < j).all()
    assert top["probability"].to_numpy() == pytest.approx((both / both.sum())[i, j], rel=1e-10)
    assert top["probability"].to_numpy() == pytest.approx(np.sort((both / both.sum()).ravel())[::-1][:12], rel=1e-10)


def test_a_simulated_coordination_gives_its_parameters_back(coordinated):
    found = np.array(
        [
            DyNAM(h, coordination=[fx.inertia(log=True), fx.same("group")]).fit().params
            for h in coordinated.simulate(12, 1)
        ]
    )
    error = found.std(axis=0, ddof=1) / np.sqrt(12)
    # four standard errors of the mean over histories
    assert (np.abs(found.mean(axis=0) - coordinated.params.to_numpy()) < 4 * error).all()


def test_coordination_has_no_ranks_but_a_fit_by_simulation(coordinated):
    part = coordinated.parts["coordination"]
    for ask in (part.recall, part.residuals, part.changepoints, lambda: part.moving_fit(50)):
        with pytest.raises(ValueError, match="two choosers an event"):
            ask()
    fit = coordinated.gof(["indegree", "outdegree", "pairs"], n=20)
    assert fit.observed["indegree"].equals(fit.observed["outdegree"])
    assert fit.observed["pairs"]["reciprocated"] == 1.0
    assert (fit.pvalues > 0.01).all()

"""Event effects under the names of other programs: each equals its documented formula, or says why it is not there."""

import itertools

import naive_events as naive
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coplearn as cl
from coplearn import effects as fx


def sequence(seed=0, n=8, m=60, **more):
    """Random events, some at the same time, with weights, a covariate, and one that changes."""
    rng = np.random.default_rng(seed)
    sender = rng.integers(0, n, m)
    receiver = (sender + rng.integers(1, n, m)) % n
    time = 0.5 + np.cumsum(rng.choice([0.0, 0.5, 1.0, 2.0], m))
    frame = pd.DataFrame({"time": time, "sender": sender, "receiver": receiver, **more})
    members = pd.DataFrame({"x": rng.normal(size=n), "group": rng.integers(0, 3, n)}, index=range(n))
    mood = [(0.0, k, rng.normal()) for k in range(n)] + [(rng.uniform(1, time[-1]), k % n, 0.5 * k) for k in range(9)]
    moods = pd.DataFrame(mood, columns=["time", "member", "value"])
    ties = [(t, i, j, float(rng.integers(0, 3))) for t in (np.nan, 9.3, 21.7) for i, j in rng.integers(0, n, (12, 2))]
    friends = pd.DataFrame([tie for tie in ties if tie[1] != tie[2]], columns=["time", "sender", "receiver", "value"])
    end = max(time[-1], 22.0)
    return cl.EventSequence.from_frame(
        frame, members, end=end, networks={"friends": friends}, covariates={"mood": moods}
    )


def counts(events, e, weights=None, both=False):
    """Events before event e, as a matrix."""
    y = np.zeros((len(events.members),) * 2)
    np.add.at(y, (events.sender[:e], events.receiver[:e]), 1.0 if weights is None else weights[:e])
    return y + y.T if both else y


def friends_before(events, now):
    b = np.zeros((len(events.members),) * 2)
    for time, i, j, value in events.networks["friends"].itertuples(index=False):
        if np.isnan(time) or time < now:
            b[i, j] = value > 0
    return b


def off_diagonal(matrix):
    return matrix[~np.eye(len(matrix), dtype=bool)]


def mood_before(events, now):
    z = np.zeros(len(events.members))
    for time, k, value in events.covariates["mood"].itertuples(index=False):
        if time <= 0 or time < now:
            z[k] = value
    return z


SOME = (0, 1, 5, 23, 42, 59)


@pytest.mark.parametrize(
    "effect, formula",
    [
        (fx.relevent("CovInt", "mood"), lambda i, j: i + j),
        (fx.remstats("difference", "mood", absolute=False), lambda i, j: i - j),
        (fx.goldfish("sim", "mood"), lambda i, j: -np.abs(i - j)),
        (fx.goldfish("egoAlterInt", "mood", "mood"), lambda i, j: i * j),
        (fx.goldfish("ego_alter_interaction", "mood", "mood"), lambda i, j: i * j),
    ],
)
def test_covariates_of_both_members(effect, formula):
    events = sequence()
    model = cl.REM(events, [effect], simultaneous="order")
    for e in SOME:
        z = mood_before(events, events.frame["time"][e])
        expected = off_diagonal(formula(z[:, None], z[None, :]))
        assert model.statistics(e).iloc[:, 0].to_numpy() == pytest.approx(expected)


def test_fixed_effects_leave_out_the_first_member():
    events = sequence()
    model = cl.REM(events, [fx.relevent(name) for name in ("FESnd", "FERec", "FEInt")])
    found, n = model.statistics(30), len(events.members)
    pairs = np.array(list(itertools.permutations(range(n), 2)))
    for at, expected in enumerate([pairs[:, :1] == range(1, n), pairs[:, 1:] == range(1, n)]):
        assert (found.iloc[:, at * (n - 1) : (at + 1) * (n - 1)].to_numpy() == expected).all()
    both = found.iloc[:, 2 * (n - 1) :].to_numpy()
    assert (both == found.iloc[:, : n - 1].to_numpy() + found.iloc[:, n - 1 : 2 * (n - 1)].to_numpy()).all()
    alone = cl.REM(events, [fx.sender_fixed()], orientation="sender").fit()
    sent = np.bincount(events.sender, minlength=n)  # with nothing else in the model, logs of the shares
    assert alone.params.to_numpy() == pytest.approx(np.log(sent[1:] / sent[0]), abs=1e-6)


def test_a_new_sender_is_neither_of_the_last_two():
    events = sequence()
    effects = [fx.remstats(name) for name in ("psABA", "psABB", "psABX")]
    model = cl.REM(events, effects, orientation="sender", simultaneous="order")
    assert (model.statistics(0) == 0).all(axis=None)
    for e in SOME[1:]:
        found = model.statistics(e)
        assert (found.sum(axis=1) == 1).all()
        assert set(found.index[found.iloc[:, 2] == 1]) == set(range(8)) - {events.sender[e - 1], events.receiver[e - 1]}
    pairs = cl.REM(events, [fx.participation_shift("AB-X"), fx.inertia()], simultaneous="order")
    theta = np.array([0.4, -0.1])  # listed changes against a pass over all pairs
    assert pairs._sums(theta).llf[0] == pytest.approx(pairs._sums(theta, scores=True).llf[0], rel=1e-12)


def test_the_first_share_of_a_pair_is_that_of_one_member_in_remstats():
    events = sequence()
    theirs, ours = fx.remstats("totaldegreeDyad", scaling="prop"), fx.totaldegree_dyad(scaling="prop")
    for effect, expected in ((theirs, 1 / 8), (ours, 2 / 8)):
        assert cl.REM(events, [effect]).statistics(0).to_numpy() == pytest.approx(expected)
    y = counts(events, 40)
    degree = y.sum(0) + y.sum(1)
    expected = off_diagonal(degree[:, None] + degree) / (2 * 40)
    assert cl.REM(events, [theirs], simultaneous="order").statistics(40).iloc[:, 0].to_numpy() == pytest.approx(
        expected
    )


def test_weights_and_simultaneous_events_are_taken_as_remverse_does():
    weight = np.random.default_rng(1).integers(1, 5, 60) / 2
    events = sequence(weight=weight)
    time = events.frame["time"].to_numpy()
    e = int(np.flatnonzero(np.diff(time) == 0)[5]) + 1
    before = int(np.searchsorted(time, time[e]))
    found = {
        "weighted": cl.REM(events, [fx.remstats("inertia")]),
        "counted": cl.REM(events, [fx.remstats("inertia", weight=False)]),
        "in order": cl.REM(events, [fx.remstats("inertia")], simultaneous="order"),
        "ours": cl.REM(events, [fx.inertia()]),
    }
    expected = {
        "weighted": counts(events, before, weight),
        "counted": counts(events, before),
        "in order": counts(events, e, weight),
        "ours": counts(events, e),
    }
    for name, model in found.items():
        assert model.statistics(e).iloc[:, 0].to_numpy() == pytest.approx(off_diagonal(expected[name])), name
    assert "share one look, as in remstats" in found["weighted"].design.caveats[0]


def test_memory_is_named_as_in_remstats():
    assert fx.remstats("inertia", memory="decay", memory_value=20) == fx.remstats("inertia", halflife=20)
    assert fx.remstats("otp", memory="interval", memory_value=[1, 5]) == fx.remstats("otp", interval=(1, 5))
    assert fx.remstats("otp", memory="full", consider_type="ignore") == fx.remstats("otp")
    assert fx.remstats("spUnique") == fx.remstats("sp", unique=True)
    assert fx.goldfish("commonSender") == fx.goldfish("common_sender")


# --- undirected events ----------------------------------------------------------------------------

NAMES = ["inertia", "totaldegreeDyad", "degreeMin", "degreeMax", "degreeDiff"]
NAMES += ["sp", "spUnique", "psABAB", "psABAY", "recencyContinue"]
UNDIRECTED = [fx.remstats(name) for name in NAMES]
UNDIRECTED += [fx.remstats("same", "group"), fx.remstats("dyad", "friends"), fx.remstats("sp", scaling="std")]


@pytest.mark.parametrize("e", SOME)
def test_statistics_of_undirected_events(e):
    events = sequence(3)
    found = cl.REM(events, UNDIRECTED, directed=False, simultaneous="order").statistics(e)
    y, n, now = counts(events, e, both=True), len(events.members), events.frame["time"][e]
    assert [tuple(pair) for pair in found.index] == list(itertools.combinations(range(n), 2))
    degree, group = y.sum(1), events.members["group"].to_numpy()
    past = naive.Past(events.frame["time"].to_numpy()[:e], events.sender[:e], events.receiver[:e], now, n)
    last = naive.recency(past, "continue")
    ties = np.zeros((n, n))
    for time, i, j, value in events.networks["friends"].itertuples(index=False):
        if np.isnan(time) or time < now:
            ties[i, j] = ties[j, i] = value
    before = {events.sender[e - 1], events.receiver[e - 1]} if e else set()
    rows = []
    for i, j in found.index:
        thirds = [h for h in range(n) if h not in (i, j)]
        rows.append(
            [
                y[i, j],
                degree[i] + degree[j],
                min(degree[i], degree[j]),
                max(degree[i], degree[j]),
                abs(degree[i] - degree[j]),
                sum(min(y[i, h], y[j, h]) for h in thirds),
                sum(y[i, h] > 0 and y[j, h] > 0 for h in thirds),
                before == {i, j},
                len(before & {i, j}) == 1,
                max(last[i, j], last[j, i]),
                group[i] == group[j],
                ties[i, j],
            ]
        )
    rows = np.array(rows, dtype=float)
    assert found.iloc[:, :-1].to_numpy() == pytest.approx(rows)
    spread = rows[:, 5].std(ddof=1)
    scaled = (rows[:, 5] - rows[:, 5].mean()) / spread if spread > 0 else 0 * rows[:, 5]
    assert found.iloc[:, -1].to_numpy() == pytest.approx(scaled)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["ordinal", "interval"]), st.booleans())
@settings(max_examples=15)
def test_undirected_events_can_be_written_either_way(seed, timing, window):
    events = sequence(seed, n=6, m=25)
    more = {"window": 4.0} if window else {}
    effects = [fx.inertia(**more), fx.sp(**more), fx.sp(unique=True), fx.degree_min(**more), fx.degree_difference()]
    effects += [fx.participation_shift("AB-AY"), fx.participation_shift("AB-AB"), fx.same("group")]
    turn = np.random.default_rng(seed).random(25) < 0.5
    frame = events.frame.copy()
    frame.loc[turn, ["sender", "receiver"]] = frame.loc[turn, ["receiver", "sender"]].to_numpy()
    turned = cl.EventSequence.from_frame(frame, events.members, end=events.end)
    one, other = (cl.REM(each, effects, timing, directed=False) for each in (events, turned))
    theta = np.random.default_rng(seed).normal(0, 0.2, len(one.design.names))
    a, b, walked = one._sums(theta), other._sums(theta), one._sums(theta, scores=True)
    assert a.llf[0] == pytest.approx(b.llf[0], rel=1e-10) and a.llf[0] == pytest.approx(walked.llf[0], rel=1e-10)
    assert a.gradient == pytest.approx(b.gradient, rel=1e-8, abs=1e-8)
    assert a.gradient == pytest.approx(walked.gradient, rel=1e-8, abs=1e-8)


def test_a_baseline_of_undirected_events_is_events_by_pairs_and_time():
    events = sequence()
    res = cl.REM(events, [fx.baseline()], "interval", directed=False).fit()
    assert res.params["baseline"] == pytest.approx(np.log(60 / (28 * events.end)), rel=1e-9)


def test_sampled_and_simulated_undirected_events_are_pairs_once():
    events = sequence()
    res = cl.REM(events, [fx.inertia(log=True), fx.sp()], directed=False).fit()
    drawn = res.simulate(2, seed=1)
    assert all((each.sender < each.receiver).all() for each in drawn)
    sampled = cl.REM(events, [fx.inertia(log=True), fx.sp()], controls=27, directed=False).fit()
    assert sampled.params.to_numpy() == pytest.approx(res.params.to_numpy(), rel=1e-6)  # 27 are all the others


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda e: fx.remstats("event"), "is not known of those that could have happened instead"),
        (lambda e: fx.remstats("userStat"), "fx.event_effect"),
        (lambda e: fx.remstats("FEtype"), "a model for each kind"),
        (lambda e: fx.remstats("inertia", consider_type="separate"), "'ignore' only"),
        (lambda e: fx.remstats("inertia", memory="decay"), "needs memory_value"),
        (lambda e: fx.relevent("PSAB-X0"), "towards the whole group"),
        (lambda e: fx.goldfish("trans", weighted=True), "drop weighted"),
        (lambda e: fx.goldfish("recip", ignoreRep=True), "is not documented"),
        (lambda e: fx.goldfish("four"), "leave open which third members count"),
        (lambda e: fx.goldfish("egoAlterInt", "x"), "takes two covariates"),
        (lambda e: cl.REM(e, [fx.degree_min(scaling="prop")]), "use totaldegree_dyad"),
        (lambda e: cl.REM(e, [fx.reciprocity()], directed=False), "these events are undirected"),
        (lambda e: cl.REM(e, [fx.participation_shift("AB-BA")], directed=False), "these events are undirected"),
        (lambda e: cl.REM(e, [fx.inertia(scaling="prop")], directed=False), "have no sender"),
        (lambda e: cl.REM(e, [fx.sp()], orientation="receiver", directed=False), "neither senders nor receivers"),
    ],
)
def test_what_is_not_there_says_why(make, words):
    with pytest.raises(ValueError, match=words):
        make(sequence())


# --- whole networks -----------------------------------------------------------------------------------------


def of_events(events, e, window=np.inf):
    time = events.frame["time"].to_numpy()
    past = (np.arange(len(time)) < e) & (time[e] <= time + window)
    b = np.zeros((len(events.members),) * 2)
    b[events.sender[past], events.receiver[past]] = 1
    return b


@pytest.mark.parametrize("window", [None, 4.0])
@pytest.mark.parametrize("e", SOME)
def test_paths_through_two_networks_and_statistics_of_neighbours(e, window):
    events, n = sequence(5), 8
    more = {} if window is None else {"window": window}
    mixed = ("mixed_trans", "mixedCycle", "mixed_common_sender", "mixedCommonReceiver")
    effects = [fx.goldfish(name, "events", "friends", **more) for name in mixed]
    effects += [fx.goldfish("nodeTrans", type=side, **more) for side in ("ego", "alter")]
    effects += [fx.goldfish("node_trans", "friends", log=True), fx.goldfish("tertius", "friends", "mood", type="ego")]
    effects += [fx.goldfish("tertius", "events", "x", type="alter", **more)]
    found = cl.REM(events, effects).statistics(e)
    now = events.frame["time"][e]
    a, b = of_events(events, e, window or np.inf), friends_before(events, now)

    def embedded(y, k):
        return sum(y[k, h] * y[h, m] * y[k, m] for h in range(n) for m in range(n))

    def mean_towards(y, x, k):
        means = {m: x[y[:, m] > 0].mean() for m in range(n) if y[:, m].any()}
        return means.get(k, np.mean(list(means.values())) if means else 0.0)

    x, z = events.members["x"].to_numpy(), mood_before(events, now)
    for (i, j), row in found.iterrows():
        expected = [
            sum(a[i, h] * b[h, j] for h in range(n)),
            sum(a[h, i] * b[j, h] for h in range(n)),
            sum(a[h, i] * b[h, j] for h in range(n)),
            sum(a[i, h] * b[j, h] for h in range(n)),
            embedded(a, i),
            embedded(a, j),
            np.log1p(embedded(b, j)),
            mean_towards(b, z, i),
            mean_towards(a, x, j),
        ]
        assert row.to_numpy() == pytest.approx(expected)


@pytest.mark.parametrize("timing", ["ordinal", "interval"])
def test_what_changes_in_whole_networks_is_listed(timing):
    events = sequence(2)
    effects = [fx.mixed_otp("events", "friends", window=3.0), fx.tertius_receiver("events", "x"), fx.inertia()]
    effects += [fx.node_transitivity_sender(log=True), fx.tertius_sender("friends", "mood")]
    model = cl.REM(events, effects, timing)
    theta = np.random.default_rng(0).normal(0, 0.3, len(model.design.names))
    quick, walk = model._sums(theta), model._sums(theta, scores=True)
    assert quick.llf[0] == pytest.approx(walk.llf[0], rel=1e-11)
    assert quick.gradient == pytest.approx(walk.gradient, rel=1e-8, abs=1e-8)
    sampled = cl.REM(events, effects, controls=55).fit().params  # 55 are all the others
    assert sampled.to_numpy() == pytest.approx(cl.REM(events, effects).fit().params.to_numpy(), rel=1e-5)


def test_whole_networks_in_models_of_actors_and_in_simulations():
    events = sequence()
    rate, choice = [fx.goldfish("nodeTrans", log=True)], [fx.goldfish("tertius", "friends", "x")]
    model = cl.DyNAM(events, rate=rate, choice=choice)
    b = of_events(events, 50)
    embedded = np.log1p(((b @ b) * b).sum(1))
    assert model.parts["rate"].statistics(50).iloc[:, 0].to_numpy() == pytest.approx(embedded)
    with pytest.raises(ValueError, match="not kept up with simulated ones"):
        model.fit().simulate(1)
    outside = cl.REM(events, [fx.tertius_receiver("friends", "x"), fx.mixed_otp("friends", "friends")]).fit()
    assert len(outside.simulate(1, seed=0)[0]) == 60
    with pytest.raises(ValueError, match="needs 2 networks"):
        cl.REM(events, [fx.mixed_otp("friends")])
    with pytest.raises(ValueError, match="of undirected events is not available"):
        cl.DyNAM(events, coordination=[fx.node_transitivity_receiver()])

"""Relational event models: other programs' estimates, statistics from scratch, what must not matter, and bad input."""

from pathlib import Path

import naive_events as naive
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coplearn as cl
from coplearn import effects as fx
from coplearn.event_stages import event_scores
from coplearn.results import ConvergenceWarning

DATA = Path(__file__).parent / "data"
REMVERSE = pd.read_csv(DATA / "rem_remverse.csv")
RELEVENT = pd.read_csv(DATA / "rem_relevent.csv")
PROPORTIONS = ("inertia", "reciprocity", "outdegreeSender", "indegreeReceiver")


def small(**bounds):
    events = pd.read_csv(DATA / "rem_synth_small_events.csv")
    actors = pd.read_csv(DATA / "rem_synth_small_actors.csv").set_index("id")
    return cl.EventSequence.from_frame(events, actors, **bounds)


def remverse_effect(model, term):
    """The effect behind a row of the table, which names covariates within the term."""
    name, _, variable = term.partition("_")
    variable = variable or {"same": "group", "send": "x", "receive": "x"}.get(name, "")
    settings = {}
    history = not variable and name not in ("baseline",) and not name.startswith(("ps", "recency", "rrank"))
    if (model.startswith("int_main") and name in PROPORTIONS) or (model, name) == ("actor_main:sender", PROPORTIONS[2]):
        settings["scaling"] = "prop"
    elif model == "int_std" and name != "baseline":
        settings["scaling"] = "std"
    elif history and model == "int_decay20":
        settings["halflife"] = 20
    elif history and model == "int_window30":
        settings["window"] = 30
    return fx.remstats(name, *([variable] if variable else []), **settings)


def relevent_effect(term):
    if term == "same_group":
        return fx.same("group")
    name = {"x_sender": "CovSnd", "x_receiver": "CovRec"}.get(term)
    return fx.relevent(name, "x") if name else fx.relevent(term)


def agree(res, rows, errors=1e-4):
    # 1e-4 relative is what was asked for; the printed digits would allow more
    assert res.params.to_numpy() == pytest.approx(rows["estimate"].to_numpy(), rel=1e-4)
    assert res.bse.to_numpy() == pytest.approx(rows["se"].to_numpy(), rel=errors)
    assert (res.llf, res.aic, res.bic) == pytest.approx(tuple(rows[["loglik", "aic", "bic"]].iloc[0]), abs=1e-4)
    assert res.nobs == rows["n_events"].iloc[0] and res.converged


@pytest.mark.published
@pytest.mark.parametrize("model", REMVERSE["model"].unique())
def test_estimates_are_those_of_remverse(model):
    rows = REMVERSE[REMVERSE["model"] == model]
    if model == "ord_main":  # remstimate stops short of the maximum; the exact one is from survival
        rows = rows[rows["package"] == "survival"]
    settings = {"first": 2 if model.endswith("first2") else 1}
    if ":" in model:
        settings["orientation"] = model.split(":")[1]
    effects = [remverse_effect(model, term) for term in rows["term"]]
    agree(cl.REM(small(), effects, rows["likelihood"].iloc[0], **settings).fit(), rows)


@pytest.mark.published
@pytest.mark.parametrize("model", RELEVENT["model"].unique())
def test_estimates_are_those_of_relevent(model):
    rows = RELEVENT[RELEVENT["model"] == model]
    events = small(end=195.0) if model.endswith("censored") else small()
    res = cl.REM(events, [relevent_effect(term) for term in rows["term"]], rows["likelihood"].iloc[0]).fit()
    # where the table says so, relevent's errors come from a numerical Hessian, good to about 1e-3
    numerical = rows["note"].str.contains("numerical Hessian").any()
    agree(res, rows, errors=1e-3 if numerical else 1e-4)


# --- statistics from scratch -----------------------------------------------------------------------------


def draw(rng, n=None, m=None, whole_times=False):
    """A random sequence, with a covariate, a group and weights."""
    n, m = n or int(rng.integers(3, 7)), m or int(rng.integers(4, 25))
    sender = rng.integers(0, n, m)
    receiver = (sender + rng.integers(1, n, m)) % n
    time = np.cumsum(rng.integers(0, 3, m) + 1.0) if whole_times else np.cumsum(rng.exponential(1.0, m))
    frame = pd.DataFrame({"time": time, "sender": sender, "receiver": receiver, "weight": rng.integers(1, 4, m) / 2})
    members = pd.DataFrame({"x": rng.normal(size=n), "group": rng.integers(0, 2, n)}, index=pd.RangeIndex(n))
    return cl.EventSequence.from_frame(frame, members, end=time[-1] + 1.0)


HISTORY = ["inertia", "reciprocity", "otp", "itp", "osp", "isp", "totaldegreeDyad"]
HISTORY += [f"{kind}degree{side}" for kind in ("in", "out", "total") for side in ("Sender", "Receiver")]
TRACE = ["rrankSend", "rrankReceive", "recencyContinue"]
TRACE += [f"recency{act}{side}" for act in ("Send", "Receive") for side in ("Sender", "Receiver")]
TRACE += ["psABBA", "psABBY", "psABXA", "psABXB", "psABXY", "psABAY", "psABAB", "psABA", "psABB"]
MEMORIES = [{}, {"halflife": 3.0}, {"window": 4.0}, {"interval": (1.0, 5.0)}]
NAIVE_MEMORY = [("full",), ("decay", 3.0), ("window", 4.0), ("interval", 1.0, 5.0)]


@given(st.integers(0, 2**32 - 1), st.sampled_from(range(4)), st.booleans(), st.booleans())
def test_every_statistic_is_the_one_from_scratch(seed, memory, weighted, remstats):
    rng = np.random.default_rng(seed)
    events = draw(rng)
    settings = MEMORIES[memory] | {"weight": "weight" if weighted else False}
    wanted = []
    for name in HISTORY:
        triad = name in ("otp", "itp", "osp", "isp")
        for scaling in ("none", "std") if triad else ("none", "prop", "std"):
            wanted.append((name, scaling, {**settings, "scaling": scaling}))
        if triad:
            wanted.append((f"{name}.unique", "none", {**settings, "unique": True}))
    wanted += [(name, "none", {}) for name in TRACE]
    effects = [fx.remstats(name.removesuffix(".unique"), **more) for name, _, more in wanted]
    covariates = ["send_x", "receive_x", "same_group", "difference_x", "average_x", "maximum_x", "minimum_x"]
    effects += [fx.remstats(*name.split("_")) for name in covariates]
    wanted += [(name, "none", {}) for name in covariates]
    effects.append(fx.interaction(fx.remstats("inertia", **settings), fx.remstats("same", "group")))
    if not remstats:  # our own convention: memory runs to the event that is explained
        effects = [plain(effect) for effect in effects]
    model = cl.REM(events, effects, risk_set="all")
    e = int(rng.integers(0, len(events)))
    past = naive.Past(
        *(events.frame[c].to_numpy()[:e] for c in ("time", "sender", "receiver")),
        now=events.frame["time"][e],
        n=len(events.members),
        weight=events.frame["weight"].to_numpy()[:e] if weighted else None,
        memory=NAIVE_MEMORY[memory],
        clock="previous" if remstats else "now",
        before=1 / len(events.members),
        x={c: events.members[c].to_numpy() for c in ("x", "group")},
    )
    risk = ~np.eye(past.n, dtype=bool)
    found = model.statistics(e)
    for (name, scaling, _), column in zip(wanted, found.columns, strict=False):
        expected = naive.statistic(past, name, scaling, risk)[risk]
        assert found[column].to_numpy() == pytest.approx(expected, rel=1e-9, abs=1e-9), (name, scaling)
    product = naive.statistic(past, "inertia")[risk] * naive.statistic(past, "same_group")[risk]
    assert found.iloc[:, -1].to_numpy() == pytest.approx(product, rel=1e-9, abs=1e-9)


def plain(effect):
    """The same effect without the conventions of another program."""
    return fx.Effect(effect.name, effect.variables, effect.options, tuple(plain(part) for part in effect.parts))


# --- what must not matter --------------------------------------------------------------------------------

FEW = [fx.inertia(), fx.reciprocity(log=True), fx.otp(), fx.isp(unique=True), fx.participation_shift("AB-BA")]
FEW += [fx.participation_shift("AB-XY"), fx.recency_rank_send(), fx.inertia(window=3.0), fx.sender("x")]
FEW += [fx.indegree_receiver(unique=True), fx.reciprocity(scaling="prop"), fx.same("group")]
MANY = [fx.inertia(), fx.inertia(halflife=2.0), fx.otp(scaling="std"), fx.indegree_receiver(scaling="prop")]
MANY += [fx.recency_continue(), fx.interaction(fx.sender("x"), fx.recency_send_sender()), fx.sender("x")]
MANY += [fx.osp(halflife=2.0, unique=True), fx.participation_shift("AB-BY"), fx.recency_receive_receiver(log=True)]


def comings_and_goings(rng, events):
    """The same events with members who join before their first and leave after their last one."""
    time, frame = events.frame["time"].to_numpy(), events.frame
    here = {m: time[((frame["sender"] == m) | (frame["receiver"] == m)).to_numpy()] for m in events.members.index}
    joined = [rng.uniform(-1, t[0]) if len(t) else 0.0 for t in here.values()]
    left = [t[-1] + rng.uniform(0.01, 2) if len(t) and rng.random() < 0.7 else np.nan for t in here.values()]
    return cl.EventSequence.from_frame(frame, events.members.assign(joined=joined, left=left), end=events.end)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["ordinal", "interval"]), st.sampled_from(["few", "many"]))
def test_what_changes_between_events_is_all_there_is_to_sum(seed, timing, change):
    """Passes by spells (few pairs change) and by sweeps (many do) equal the pass over all candidates."""
    rng = np.random.default_rng(seed)
    events = comings_and_goings(rng, draw(rng, whole_times=bool(seed % 2)))
    model = cl.REM(events, FEW if change == "few" else MANY, timing)
    theta = rng.normal(0, 0.3, len(model.design.names))
    quick, walk = model._sums(theta), model._sums(theta, scores=True)
    assert model.design.watched()[2].any() == (change == "many")
    assert quick.llf[0] == pytest.approx(walk.llf[0], rel=1e-10)
    # sums of some hundred terms, in another order
    assert quick.gradient == pytest.approx(walk.gradient, rel=1e-8, abs=1e-8)
    assert quick.information == pytest.approx(walk.information, rel=1e-8, abs=1e-8)
    assert walk.scores.sum(axis=0) == pytest.approx(walk.gradient, abs=1e-8)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["ordinal", "interval"]))
def test_the_day_of_the_first_event_and_the_names_of_members_do_not_matter(seed, timing):
    rng = np.random.default_rng(seed)
    events = draw(rng, m=20)
    effects = [fx.inertia(halflife=3.0), fx.otp(), fx.recency_continue(), fx.sender("x"), fx.inertia(scaling="prop")]
    order = rng.permutation(len(events.members))
    names = {old: f"m{new}" for old, new in enumerate(order)}
    frame = events.frame.assign(time=events.frame["time"] + 1000.0)
    frame = frame.assign(sender=frame["sender"].map(names), receiver=frame["receiver"].map(names))
    members = events.members.rename(index=names).sort_index()
    moved = cl.EventSequence.from_frame(frame, members, origin=1000.0, end=events.end + 1000.0)
    one, other = cl.REM(events, effects, timing), cl.REM(moved, effects, timing)
    theta = rng.normal(0, 0.3, len(one.design.names))
    a, b = one._sums(theta), other._sums(theta)
    assert a.llf[0] == pytest.approx(b.llf[0], rel=1e-9)  # times near 1000 carry 13 digits after the shift
    assert a.gradient == pytest.approx(b.gradient, rel=1e-7, abs=1e-7)


def test_gradient_and_information_are_derivatives():
    rng = np.random.default_rng(4)
    for orientation, timing in (
        ("tie", "ordinal"),
        ("tie", "interval"),
        ("sender", "interval"),
        ("receiver", "ordinal"),
    ):
        effects = [fx.outdegree_sender(), fx.sender("x")] if orientation == "sender" else [fx.inertia(), fx.otp()]
        model = cl.REM(draw(rng, 6, 40), effects, timing, orientation=orientation)
        theta, step = rng.normal(0, 0.2, len(model.design.names)), 1e-5
        here = model._sums(theta)
        for k in range(len(theta)):
            ahead, behind = theta.copy(), theta.copy()
            ahead[k] += step
            behind[k] -= step
            up, down = model._sums(ahead), model._sums(behind)
            # central differences are good to about step ** 2
            assert here.gradient[k] == pytest.approx((up.llf[0] - down.llf[0]) / (2 * step), rel=1e-5, abs=1e-5)
            slope = (up.gradient - down.gradient) / (2 * step)
            assert -here.information[k] == pytest.approx(slope, rel=1e-5, abs=1e-5)


# --- time that passes, members who come and go -----------------------------------------------------------


def talk(**settings):
    frame = pd.DataFrame({"time": [1.0, 2, 3, 5, 6, 8], "sender": list("abacba"), "receiver": list("babacc")})
    return cl.EventSequence.from_frame(frame, **settings)


def test_a_baseline_alone_is_events_by_time_at_risk():
    members = pd.DataFrame({"joined": [0.0, 0.0, 4.0], "left": [np.nan, np.nan, 9.0]}, index=list("abc"))
    res = cl.REM(talk(members=members, end=10.0), [fx.baseline()], "interval").fit()
    at_risk = 4 * 2 + 5 * 6 + 1 * 2  # two of them until 4, three until 9, two until 10: ordered pairs times time
    assert res.params["baseline"] == pytest.approx(np.log(6 / at_risk), rel=1e-9)
    assert res.bse["baseline"] == pytest.approx(6**-0.5, rel=1e-9)


def test_a_second_network_counts_strictly_after_its_change():
    friends = pd.DataFrame({"time": [np.nan, 3.0], "sender": ["a", "b"], "receiver": ["b", "c"], "value": [1, 1]})
    model = cl.REM(talk(networks={"friend": friends}), [fx.tie("friend")])
    assert [model.statistics(e)["tie friend"].sum() for e in (0, 2, 3)] == [1, 1, 2]


def test_a_covariate_that_changes_holds_from_its_time_on():
    mood = pd.DataFrame({"time": [0.0, 0.0, 0.0, 2.5], "member": ["a", "b", "c", "a"], "value": [1.0, 2, 3, 5]})
    model = cl.REM(talk(covariates={"mood": mood}), [fx.sender("mood")])
    assert [model.statistics(e).loc[("a", "b"), "sender mood"] for e in (0, 1, 2)] == [1, 1, 5]


def test_events_of_one_kind_are_counted_alone():
    events = talk()
    events.frame["kind"] = ["ask", "answer", "ask", "ask", "answer", "ask"]
    model = cl.REM(events, [fx.inertia(kind="ask")])
    assert model.statistics(5)["inertia, kind ask"].sum() == 3


def test_simultaneous_events_can_share_one_look():
    frame = pd.DataFrame({"time": [1.0, 1.0, 2.0], "sender": list("aba"), "receiver": list("bab")})
    events = cl.EventSequence.from_frame(frame)
    apart, together = (cl.REM(events, [fx.reciprocity()], simultaneous=s) for s in ("order", "together"))
    assert apart.statistics(1)["reciprocity"].sum() == 1 and together.statistics(1)["reciprocity"].sum() == 0
    assert "taken in the order given" in apart.design.caveats[0] and not together.design.caveats


def test_a_mask_can_change_in_time():
    mask = pd.DataFrame(
        {
            "time": [0.0, 0.0, 0.0, 4.0, 4.0, 4.0],
            "sender": list("abacba"),
            "receiver": list("bacacc"),
            "at_risk": True,
        }
    )
    model = cl.REM(talk(), [fx.reciprocity()], risk_set=mask)
    assert [len(model.statistics(e)) for e in (0, 3)] == [3, 5]


def test_tenure_cohort_and_the_hour_of_the_week():
    rng = np.random.default_rng(0)
    start = pd.Timestamp("2024-01-03 09:00", tz="UTC")  # a Wednesday
    time = start + pd.to_timedelta(np.sort(rng.uniform(0, 28 * 24, 60)), unit="h")
    sender = rng.integers(0, 4, 60)
    frame = pd.DataFrame({"time": time, "sender": sender, "receiver": (sender + rng.integers(1, 4, 60)) % 4})
    joined = pd.to_datetime(["2023-12-24", "2024-01-01", "2024-01-01", "2024-01-02"], utc=True)
    members = pd.DataFrame({"joined": joined, "cohort": ["old", "old", "new", "young"]}, index=range(4))
    events = cl.EventSequence.from_frame(frame, members)
    effects = [fx.sender("tenure"), fx.sender("cohort"), fx.same("cohort"), fx.hour_of_week()]
    model = cl.REM(events, effects, "interval")
    found = model.statistics(7).loc[(0, 1)]
    assert found["sender tenure"] == pytest.approx((time[7] - joined[0]) / pd.Timedelta(days=1))
    assert found["sender cohort old"] == 1 and found["sender cohort young"] == 0 and found["same cohort"] == 1
    hour = (time - pd.Timestamp("2024-01-01", tz="UTC")) // pd.Timedelta(hours=1) % 168
    busiest = max(range(60), key=lambda e: np.sum(hour == hour[e]))
    assert model.statistics(busiest)["hour of week"].iloc[0] > 0


# --- a statistic of one's own ----------------------------------------------------------------------------


@fx.event_effect
def answered_last(values, i, j, time, weight):
    values[j, :] = 0
    values[j, i] = 1


@answered_last.statistic
def last_who_wrote(i, j, sender, receiver, time, weight):
    towards = np.flatnonzero(receiver == i)
    return float(len(towards) > 0 and sender[towards[-1]] == j)


def test_a_written_statistic_is_used_like_any_other():
    events = draw(np.random.default_rng(3), 5, 40)
    found = cl.REM(events, [answered_last()]).statistics(30).iloc[:, 0]
    past = [events.frame[c].to_numpy()[:30] for c in ("sender", "receiver", "time", "weight")]
    assert found.tolist() == [last_who_wrote_plain(i, j, *past) for i, j in found.index]


def last_who_wrote_plain(i, j, sender, receiver, time, weight):
    return answered_last.measure(i, j, sender, receiver, time, weight)


def test_a_written_statistic_that_disagrees_with_itself_is_refused():
    @fx.event_effect
    def wrong(values, i, j, time, weight):
        values[i, j] += 1

    with pytest.raises(ValueError, match=r"its update and its statistic disagree\. After the events"):
        wrong.statistic(lambda i, j, sender, receiver, time, weight: 0.0)


# --- results ---------------------------------------------------------------------------------------------


def test_results_read_like_others_and_compare():
    events = small()
    short = cl.REM(events, [fx.inertia(log=True)]).fit()
    full = cl.REM(events, [fx.inertia(log=True), fx.reciprocity(log=True), fx.sender("x")]).fit()
    table = cl.compare(short=short, full=full)
    assert list(table.foot.index) == ["log-likelihood", "AIC", "BIC", "observations"]
    assert table.table().loc["sender x", "short"] == "" and r"\toprule" in table.latex()
    assert full.summary() == cl.REM(events, full.model.effects).fit().summary()
    assert type(full.llf) is float and type(full.aic) is float
    assert len(full.plot().get_yticks()) == 3


def test_robust_errors_are_near_the_others_where_the_model_is_right():
    # the statistics are close to those that made the data; a thousand events, so a fifth is about 4 s.e. of an s.e.
    res = cl.REM(small(), [fx.inertia(log=True), fx.reciprocity(log=True), fx.sender("x")]).fit()
    assert res.robust().bse.to_numpy() == pytest.approx(res.bse.to_numpy(), rel=0.2)
    assert (res.robust(cluster="sender").bse > 0).all()


def test_ridge_draws_towards_zero():
    model = cl.REM(small(), [fx.inertia(log=True), fx.sender("x")])
    free, held = model.fit().params, model.fit(ridge=100.0).params
    assert (held.abs() < free.abs()).all()


def test_numbers_are_not_words():
    res = cl.REM(small(), [fx.inertia()]).fit()
    for call, sentence in (
        (lambda: res.model.fit(ridge="a"), "ridge is 'a'; give 0 or a positive number"),
        (lambda: res.model.statistics("1"), "event '1' is not explained"),
        (lambda: res.conf_int("0.05"), "alpha is one minus the level, between 0 and 1, not '0.05'"),
        (lambda: res.simulate(2, seed=1, jobs="two"), "jobs is 'two'; give a whole number of workers"),
        (lambda: cl.compare(a=res).table("3"), "digits is '3'; give a whole number"),
    ):
        with pytest.raises(ValueError, match=sentence):
            call()


def test_separation_is_named_and_ridge_keeps_it_finite():
    frame = pd.DataFrame({"time": np.arange(1.0, 21), "sender": list("ab") * 10, "receiver": list("ba") * 10})
    events = cl.EventSequence.from_frame(frame, pd.DataFrame({"x": [0.0, 1.0, 2.0]}, index=list("abc")))
    with pytest.warns(ConvergenceWarning, match=r"participation shift AB-BA: the estimate has no finite maximum"):
        res = cl.REM(events, [fx.participation_shift("AB-BA")]).fit()
    assert not res.converged
    assert cl.REM(events, [fx.participation_shift("AB-BA")]).fit(ridge=1.0).converged


def test_an_interrupted_fit_keeps_the_last_iterate(monkeypatch):
    model = cl.REM(small(), [fx.inertia(), fx.sender("x")])
    sums, calls = model._sums, []

    def impatient(theta):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return sums(theta)

    monkeypatch.setattr(model, "_sums", impatient)
    res = model.fit()
    assert not res.converged and "interrupted" in res.caveats[-1] and (res.params != 0).all()


def test_timestamps_without_a_zone_are_utc():
    frame = talk().frame
    for zone in (None, "UTC"):
        times = pd.Timestamp("2020-01-01", tz=zone) + pd.to_timedelta(frame["time"], unit="D")
        dated = cl.EventSequence.from_frame(frame.assign(time=times), origin="2020-01-01")
        assert cl.REM(dated, [fx.inertia()], "interval").fit().llf == pytest.approx(
            cl.REM(talk(origin=0.0), [fx.inertia()], "interval").fit().llf
        )


def rich_get_richer(n=20, m=300):
    """Events that mostly repeat or return others."""
    rng = np.random.default_rng(4)
    pairs = [(0, 1)]
    for _ in range(m - 1):
        i, j = pairs[rng.integers(len(pairs))]
        fresh = tuple(rng.choice(n, 2, replace=False))
        pairs.append([(i, j), (j, i), fresh][rng.choice(3, p=[0.6, 0.3, 0.1])])
    frame = pd.DataFrame(pairs, columns=["sender", "receiver"]).assign(time=np.arange(1.0, m + 1))
    return cl.EventSequence.from_frame(frame, pd.DataFrame({"born": 1950.0 + np.arange(n)}, index=range(n)))


@pytest.mark.parametrize("theta", [(0.5, 0.5, 0.0), (9.0, 8.0, 0.0), (-9.0, 8.0, 0.1), (2.0, 1.0, 2.0)])
def test_passes_agree_far_from_the_maximum(theta):
    """By changed pairs, and pair by pair: also where weights grow by twenty orders, or are as large as e ** 3900."""
    model = cl.REM(rich_get_richer(), [fx.inertia(log=True), fx.reciprocity(log=True), fx.receiver("born")])
    fast, plain = model._sums(np.array(theta)), model._sums(np.array(theta), scores=True)
    assert fast.llf == pytest.approx(plain.llf, rel=1e-9)
    # the largest part of each sum, with the ten digits that the clock keeps
    assert fast.gradient == pytest.approx(plain.gradient, rel=1e-7, abs=1e-8 * np.abs(plain.gradient).max())
    assert fast.information == pytest.approx(plain.information, rel=1e-6, abs=1e-7 * np.abs(plain.information).max())


def test_a_start_far_from_the_maximum_is_no_separation():
    effects = [fx.inertia(log=True), fx.reciprocity(log=True)]
    near = cl.REM(rich_get_richer(), effects).fit(start=[1.0, 1.0])
    far = cl.REM(rich_get_richer(), effects).fit(start=[12.0, 11.0])
    assert near.converged and far.converged
    assert far.params.to_numpy() == pytest.approx(near.params.to_numpy(), abs=1e-6)


# --- bad input -------------------------------------------------------------------------------------------

GAP = pd.DataFrame({"x": [1.0, np.nan, 2.0], "y": [1.0, 1.0, 1.0], "z": [2.0, 4.0, 1.0]}, index=list("abc"))


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: cl.REM(talk(members=GAP), [fx.sender("x")]), r"x is missing for 1 member \(b\)"),
        (lambda: cl.REM(talk(members=GAP), [fx.sender("y")]).fit(), "sender y never differs among those at risk"),
        (lambda: cl.REM(talk(members=GAP), [fx.sender("zz")]), "no covariate of members 'zz'. Did you mean 'z'"),
        (lambda: cl.REM(talk(), [fx.baseline()]).fit(), "baseline never differs"),
        (lambda: cl.REM(talk(), [fx.inertia(), fx.inertia()]), "there more than once"),
        (lambda: cl.REM(talk(), [fx.tie("friend")]), "no network of these events 'friend'"),
        (lambda: cl.REM(talk(), [fx.inertia(halflife="7D")]), "times of these events are plain numbers"),
        (lambda: cl.REM(talk(), [fx.inertia(halflife=1, window=2)]), "one of halflife, window and interval"),
        (lambda: cl.REM(talk(), [fx.otp(scaling="prop")]), "no total to be divided by"),
        (lambda: cl.REM(talk(), [fx.otp()], orientation="sender"), "a model of the sender knows none"),
        (lambda: cl.REM(talk(), [fx.remstats("otp"), fx.goldfish("trans")]), "conventions of goldfish, remstats"),
        (lambda: cl.REM(talk(), [fx.inertia()], timing="exact"), "no timing 'exact'"),
        (lambda: cl.REM(talk(), []), "a model needs effects"),
        (lambda: cl.REM(talk(), [fx.inertia()], risk_set=np.eye(2, dtype=bool)), "a mask of True and False among 3"),
        (
            lambda: cl.REM(talk(members=GAP.assign(joined=[0.0, 0.0, 7.0])), [fx.inertia()]),
            r"event 3 \(c to a, at 5.0\): c was not present then",
        ),
        (
            lambda: cl.REM(talk(), [fx.inertia()], risk_set=~np.eye(3, dtype=bool) & (np.arange(3) < 2)),
            "b to c, at 6.0.* was not at risk",
        ),
        (lambda: cl.REM(cl.EventSequence.from_frame(talk().frame[:1]), [fx.inertia()]), "there is no sequence"),
        (lambda: talk(members=pd.DataFrame(index=list("ab"))), "c .* is no member"),
        (lambda: talk(members=pd.DataFrame(index=list("abca"))), "more than one row for a"),
        (lambda: talk(origin="2020-01-01"), "origin is '2020-01-01', and the times of the events are numbers"),
        (lambda: talk(end=np.nan), "end is nan; give a finite number"),
        (lambda: cl.EventSequence.from_frame(talk().frame.assign(time=np.inf)), "time is infinite in row 0, 1"),
        (
            lambda: cl.REM(talk(), [fx.inertia()]).fit(start=[np.nan]),
            "start holds 0 numbers; the model has 1 parameter",
        ),
        (lambda: cl.REM(talk(), [fx.inertia()]).fit(start=[1e6]), "cannot be computed at start: begin nearer to 0"),
    ],
)
def test_bad_input_gets_a_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_combinations_are_named():
    effects = [fx.sender("x"), fx.receiver("x"), fx.average("x")]
    with pytest.raises(ValueError, match="sender x, receiver x, average x are combinations of each other"):
        cl.REM(small(), effects).fit()


# --- odd but possible -------------------------------------------------------------------------------------------------


def crowd(seed=0, n=8, events=150):
    """Events at random, half of them answers, among members with a covariate."""
    rng = np.random.default_rng(seed)
    sender = rng.integers(0, n, events)
    receiver = (sender + rng.integers(1, n, events)) % n
    for k in np.flatnonzero(rng.random(events - 1) < 0.4) + 1:
        sender[k], receiver[k] = receiver[k - 1], sender[k - 1]
    time = np.cumsum(rng.exponential(1.0, events))
    frame = pd.DataFrame({"time": time, "sender": sender, "receiver": receiver})
    return frame, pd.DataFrame({"x": rng.normal(size=n)}, index=range(n))


@pytest.mark.parametrize("timing", ["ordinal", "interval"])
@pytest.mark.parametrize("scale, shift", [(1e-9, 0.0), (1e9, 0.0), (1.0, 2012.0)])
def test_the_unit_and_the_zero_of_a_covariate_do_not_matter(timing, scale, shift):
    frame, members = crowd()
    plain, other = (
        cl.REM(cl.EventSequence.from_frame(frame, who), [fx.inertia(), fx.sender("x")], timing).fit()
        for who in (members, members * scale + shift)
    )
    assert other.converged and other.llf == pytest.approx(plain.llf, rel=1e-9)
    assert other.tvalues["sender x"] == pytest.approx(plain.tvalues["sender x"], rel=1e-6)  # rounding of 2012 ** 2
    windows = [res.moving_fit(50).table()["sender x"] for res in (plain, other)]
    assert (windows[1] * scale).to_numpy() == pytest.approx(windows[0].to_numpy(), rel=1e-4)
    p = [res.changepoints().table().loc["sender x", "p"] for res in (plain, other)]
    assert p[1] == pytest.approx(p[0], rel=1e-5)


def test_separation_is_no_convergence_wherever_a_covariate_begins():
    frame, members = crowd()
    silent = cl.EventSequence.from_frame(frame[frame["sender"] != 3], members.assign(x=2012.0 + (members.index == 3)))
    with pytest.warns(ConvergenceWarning):
        res = cl.REM(silent, [fx.sender("x"), fx.inertia()], "interval").fit()
    assert not res.converged


def test_values_that_differ_by_less_than_rounding_shows_are_called_so():
    frame, members = crowd()
    with pytest.raises(ValueError, match="or subtract the mean"):
        cl.REM(cl.EventSequence.from_frame(frame, members + 1e9), [fx.sender("x")]).fit()


def test_robust_errors_start_from_the_curvature_whatever_the_errors_were():
    frame, members = crowd()
    events = cl.EventSequence.from_frame(frame, members)
    res = cl.REM(events, [fx.inertia(), fx.sender("x")]).fit()
    assert res.robust().robust("sender").bse.equals(res.robust("sender").bse)
    said = res.robust("sender").summary()
    assert "errors stand on 8 senders" in said and "standard errors: sandwich, scores summed by sender" in said
    assert "standard errors" not in res.summary()
    # an interval sample: its errors hold the draw already, and the scores bring it once more
    sampled = cl.REM(events, [fx.inertia(), fx.sender("x")], "interval", controls=5).fit(seed=None)
    drawn, theta = sampled.model._drawn(sampled.seed), sampled.params.to_numpy()
    bread, score = np.linalg.inv(drawn.evaluate(theta)[2]), event_scores([drawn], sampled.model.design, theta)[0]
    meat = bread @ (score.T @ score) @ bread * 150 / 149
    assert sampled.robust().bse.to_numpy() == pytest.approx(np.sqrt(np.diag(meat)), rel=1e-8)


def test_broadcasts_stand_alone_where_receivers_are_clusters_and_one_cluster_is_none():
    frame, members = crowd()
    frame["receiver"] = frame["receiver"].astype(float).where(np.arange(150) % 5 > 0)
    res = cl.REM(cl.EventSequence.from_frame(frame, members), [fx.sender("x")], orientation="sender").fit()
    score = res.residuals()["sender x"].to_numpy()
    group = np.where(frame["receiver"].isna(), -1.0 - np.arange(150), frame["receiver"])
    sums = pd.Series(score).groupby(group).sum()
    error = np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1)) * res.bse["sender x"] ** 2
    assert res.robust("receiver").bse["sender x"] == pytest.approx(error, rel=1e-9)
    one = frame.dropna().assign(sender=0).query("receiver != 0")
    with pytest.raises(ValueError, match="all events have one sender"):
        cl.REM(cl.EventSequence.from_frame(one, members), [fx.receiver("x")]).fit().robust("sender")


def test_penalised_fits_and_hours_of_the_week_say_what_their_p_values_are_not():
    frame, members = crowd()
    assert "ridge=2 draws" in cl.REM(cl.EventSequence.from_frame(frame, members), [fx.inertia()]).fit(ridge=2).summary()
    stamped = frame.assign(time=pd.Timestamp("2024-01-01") + pd.to_timedelta(frame["time"], unit="h"))
    busy = cl.REM(cl.EventSequence.from_frame(stamped, members), [fx.hour_of_week()], "interval").fit()
    assert "its z and p test nothing" in busy.summary()


def test_pairs_are_at_risk_in_the_order_of_time_not_of_rows():
    frame, members = crowd()
    events = cl.EventSequence.from_frame(frame, members)
    pairs = [(i, j) for i in range(8) for j in range(8) if i != j]
    at_risk = pd.DataFrame(pairs, columns=["sender", "receiver"]).assign(time=0.0, at_risk=True)
    later_first = pd.concat([at_risk, at_risk.assign(time=-1.0, at_risk=False)])
    given = cl.REM(events, [fx.inertia()], risk_set=later_first).fit()
    assert given.llf == pytest.approx(cl.REM(events, [fx.inertia()]).fit().llf, rel=1e-12)
    with pytest.raises(ValueError, match="row 0 has no time"):
        cl.REM(events, [fx.inertia()], risk_set=at_risk.assign(time=[np.nan] + [0.0] * 55))


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda f, m, of: of(f, m, origin=-np.inf), "origin is -inf; give a finite number"),
        (lambda f, m, of: of(f.assign(sender=["a", 1] * 75)), r"several types \(int, str\)"),
        (lambda f, m, of: of(f, m, covariates={"z": [1]}), "'z' is list; give a DataFrame"),
        (
            lambda f, m, of: of(f, m, covariates={"z": pd.DataFrame({"time": [np.nan], "member": 0, "value": 1})}),
            "'z': time is missing in row 0",
        ),
        (
            lambda f, m, of: of(f, m, covariates={"z": pd.DataFrame({"time": [0.0], "member": 0, "value": "high"})}),
            "'z': value is no finite number in row 0",
        ),
        (lambda f, m, of: of(f, m, networks={"w": np.full((8, 8), np.nan)}), "no finite value for 56 pairs, as from 0"),
        (lambda f, m, of: cl.REM(of(f.assign(time=0.0), m), [fx.sender("x")], "interval"), "0 units of time pass"),
        (lambda f, m, of: cl.REM(of(f, m), [fx.inertia()], first=151), "first is 151, and there are 150 events"),
        (lambda f, m, of: cl.REM(of(f, m), [fx.inertia(halflife=np.inf)]), "must be positive and finite"),
        (lambda f, m, of: cl.REM(of(f, m), [fx.inertia(window=[1])]), "is no stretch of time"),
        (lambda f, m, of: cl.REM(of(f, m.assign(x=np.inf)), [fx.sender("x")]), "x is infinite for 8 members"),
        (
            lambda f, m, of: cl.REM(of(f, m - 9), [fx.sender("x", log=True)]),
            r"which log\(1 \+ x\) needs, for 8 members",
        ),
        (lambda f, m, of: cl.REM(of(f.assign(weight=np.inf), m), [fx.inertia(weight="weight")]), "finite numbers"),
        (lambda f, m, of: cl.REM(of(f, m.assign(joined=9.0, left=3.0)), [fx.inertia()]), "left before having joined"),
        (
            lambda f, m, of: cl.REM(of(f, m.assign(joined=pd.Timestamp(0))), [fx.inertia()]),
            "'joined' do not go with the",
        ),
        (lambda f, m, of: cl.REM(of(f, m), [fx.inertia()], controls=3).fit(seed=-1), "seed is -1"),
        (lambda f, m, of: cl.REM(of(f, m), [fx.inertia()]).fit().recall(controls=0), "controls is 0"),
        (lambda f, m, of: cl.REM(of(f, m), [fx.inertia()]).fit().moving_fit(50, controls=0), "controls is 0"),
    ],
)
def test_odd_input_gets_a_sentence(make, words):
    with pytest.raises((ValueError, TypeError), match=words):
        make(*crowd(), cl.EventSequence.from_frame)


def test_compare_says_where_likelihoods_are_of_different_things():
    frame, members = crowd()
    events = cl.EventSequence.from_frame(frame, members)
    order, time = (cl.REM(events, [fx.inertia()], timing).fit() for timing in ("ordinal", "interval"))
    with pytest.warns(UserWarning, match=r"\(which pair is next; which pair is next and when\)"):
        cl.compare(order=order, time=time)
    sampled = cl.REM(events, [fx.inertia()], controls=5).fit()
    with pytest.warns(UserWarning, match="which pair is next, 5 controls, all cases, seed 0"):
        cl.compare(order=order, sampled=sampled)
    actors = cl.DyNAM(events, rate=[fx.sender("x")], choice=[fx.inertia()]).fit()
    cl.compare(order=order, actors=actors)  # rate and choice together say which pair is next

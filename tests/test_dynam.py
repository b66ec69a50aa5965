"""Dynamic network actor models: the established estimates, and the formulas of two-sided choice."""

import os
import re
from pathlib import Path

import naive_events as naive
import numpy as np
import pandas as pd
import pytest

from coplearn import effects as fx
from coplearn.dynam import DyNAM
from coplearn.events import EventSequence
from coplearn.rem import REM

HERE = Path(__file__).parent / "data"
EVOLUTION = Path(os.environ.get("COPLEARN_DATA", "")) / "social_evolution"
GOLDFISH = pd.read_csv(HERE / "rem_goldfish.csv")
MODELS = [pytest.param(rows, id="-".join(key)) for key, rows in GOLDFISH.groupby(["dataset", "model"], sort=False)]


def synthetic():
    events, actors = (pd.read_csv(HERE / f"rem_synth_small_{name}.csv") for name in ("events", "actors"))
    members = actors.rename(columns={"group": "g"}).set_index("id")
    return EventSequence.from_frame(events, members, origin=0.0)


def evolution():
    calls, friends = pd.read_csv(EVOLUTION / "calls.csv"), pd.read_csv(EVOLUTION / "friendship.csv")
    members = pd.read_csv(EVOLUTION / "actors.csv").set_index("label")
    networks = {"friendshipNetwork": friends.rename(columns={"replace": "value"})}
    end = max(calls["time"].max(), friends["time"].max())
    return EventSequence.from_frame(calls, members, origin=0.0, end=end, networks=networks)


def borrowed(term):
    """``indeg(callNetwork|W|ego)`` as one of our effects."""
    if term == "Intercept":
        return fx.baseline()
    name, inside = re.fullmatch(r"(\w+)\((.*)\)", term).groups()
    variable, *rest = inside.split("|")
    settings = {"weighted": True} if "W" in rest else {}
    settings |= {"log": True} if "log1p" in rest else {}
    sides = [side for side in ("ego", "alter") if side in rest]
    settings |= {"type": sides[0]} if sides else {}
    own = variable in ("callNetwork", "net")
    return fx.goldfish(name, *([] if own else [variable.split("$")[-1]]), **settings)


@pytest.mark.parametrize("rows", MODELS)
def test_goldfish_finds_the_same(rows):
    dataset, model = rows[["dataset", "model"]].iloc[0]
    if dataset == "social_evolution" and not EVOLUTION.is_dir():
        pytest.skip("other people's data: set COPLEARN_DATA to a folder that holds social_evolution")
    events = synthetic() if dataset == "rem_synth_small" else evolution()
    effects = [borrowed(term) for term in rows["term"]]
    part = model.split("_")[0]
    fitted = (
        REM(events, effects, rows["likelihood"].iloc[0]) if part == "rem" else DyNAM(events, **{part: effects})
    ).fit()
    assert fitted.llf == pytest.approx(rows["loglik"].iloc[0], abs=2e-6)  # six decimals are printed
    assert fitted.params.to_numpy() == pytest.approx(rows["estimate"].to_numpy(), rel=1e-5)
    assert fitted.bse.to_numpy() == pytest.approx(rows["se"].to_numpy(), rel=1e-5)
    assert fitted.aic == pytest.approx(rows["aic"].iloc[0], abs=1e-5)
    assert fitted.bic == pytest.approx(rows["bic"].iloc[0], abs=1e-5)
    assert fitted.converged


def undirected(seed=0, n=9, events=60):
    rng = np.random.default_rng(seed)
    pairs = [rng.choice(n, 2, replace=False) for _ in range(events)]
    pairs = [pairs[k // 2] if k % 3 == 0 and k else pair for k, pair in enumerate(pairs)]
    frame = pd.DataFrame({"time": np.cumsum(rng.exponential(size=events)), "sender": 0, "receiver": 0})
    frame[["sender", "receiver"]] = pairs
    return EventSequence.from_frame(frame, pd.DataFrame({"x": rng.normal(size=n)}, index=range(n)))


def test_coordination_is_two_choices_that_meet():
    events = undirected()
    model = DyNAM(events, coordination=[fx.inertia(log=True), fx.receiver("x"), fx.otp(unique=True)])
    part, n = model.parts["coordination"], len(events.members)
    i, j, time = events.sender, events.receiver, events.frame["time"].to_numpy()
    stages = []
    for m in range(len(events)):
        both = np.repeat(time[:m], 2), np.stack([i[:m], j[:m]], 1).ravel(), np.stack([j[:m], i[:m]], 1).ravel()
        past = naive.Past(*both, time[m], n, x={"x": events.members["x"].to_numpy()})
        found = [np.log1p(naive.inertia(past)), naive.covariate(past, "receive", "x"), naive.shared(past, "otp", True)]
        stages.append((np.stack(found, axis=-1), i[m], j[m]))
    beta = np.array([0.5, -0.3, 0.1])
    sums = part._sums(beta)
    llf, gradient, information = sums.llf[0], sums.gradient, sums.information
    assert llf == pytest.approx(naive.coordination(stages, beta), rel=1e-12)
    h = 1e-5  # central differences: about 1e-9
    for c in range(3):
        up, down = beta.copy(), beta.copy()
        up[c] += h
        down[c] -= h
        slope = (naive.coordination(stages, up) - naive.coordination(stages, down)) / (2 * h)
        assert gradient[c] == pytest.approx(slope, abs=1e-6)
        curve = (part._sums(down).gradient - part._sums(up).gradient) / (2 * h)
        assert information[c] == pytest.approx(curve, abs=1e-5)
    res = model.fit()
    assert res.converged
    assert res.llf > llf
    turned = events.frame.rename(columns={"sender": "receiver", "receiver": "sender"})
    same = EventSequence.from_frame(turned, events.members)
    assert DyNAM(same, coordination=part.effects).fit().llf == pytest.approx(res.llf, rel=1e-10)


def test_rate_and_choice_are_fitted_apart_and_add_up():
    events = synthetic()
    rate, choice = [fx.baseline(), fx.sender("x")], [fx.inertia(log=True), fx.receiver("x")]
    both = DyNAM(events, rate=rate, choice=choice).fit()
    alone = DyNAM(events, rate=rate).fit(), DyNAM(events, choice=choice).fit()
    assert both.llf == pytest.approx(alone[0].llf + alone[1].llf, rel=1e-12)
    assert both.params.to_numpy() == pytest.approx(np.concatenate([a.params for a in alone]))
    assert list(both.params.index) == ["rate: baseline", "rate: sender x", "choice: inertia, log", "choice: receiver x"]
    assert "together: log-likelihood" in both.summary()
    assert both.conf_int().shape == (4, 2)


def test_robust_errors_are_the_sandwich_of_the_literal_scores_of_each_part():
    model = DyNAM(synthetic(), rate=[fx.sender("x")], choice=[fx.inertia(log=True), fx.receiver("x")])
    res = model.fit()
    wanted = []
    for name, part in model.parts.items():
        design, beta = part.design, res.parts[name].params.to_numpy()
        scores = []
        for m in range(design.prepare, len(design.sender)):
            seen = part.statistics(m)
            p = np.exp(seen.to_numpy() @ beta)
            members = seen.index.get_level_values("sender" if name == "rate" else "receiver")
            done = part.events.members.index[(design.sender if name == "rate" else design.receiver)[m]]
            scores.append(seen.to_numpy()[members == done][0] - p / p.sum() @ seen.to_numpy())
        spread, bread = np.array(scores), res.parts[name].inverse.to_numpy()
        n = len(spread)
        wanted += list(np.sqrt(np.diag(bread @ spread.T @ spread @ bread) * n / (n - 1)))
    robust = res.robust()
    assert robust.bse.to_numpy() == pytest.approx(wanted, rel=1e-8)
    assert robust.params.equals(res.params) and robust.llf == res.llf
    assert robust.summary().count("standard errors: sandwich") == 2
    assert res.robust("sender").summary().count("sandwich, scores summed by sender") == 2
    with pytest.raises(ValueError, match="scores of single events are not kept by models of coordination"):
        DyNAM(undirected(), coordination=[fx.inertia()]).fit().robust()


def test_a_model_without_effects_or_with_both_kinds_of_choice_is_refused():
    events = undirected()
    with pytest.raises(ValueError, match="needs effects"):
        DyNAM(events)
    with pytest.raises(ValueError, match="one or the other"):
        DyNAM(events, choice=[fx.inertia()], coordination=[fx.inertia()])
    with pytest.raises(ValueError, match="a model of the sender knows none"):
        DyNAM(events, rate=[fx.inertia()])

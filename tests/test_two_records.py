"""An event model and a panel model asked the same questions."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from coplearn import effects as fx
from coplearn.datasets import load_guild
from coplearn.events import EventSequence
from coplearn.rem import REM
from coplearn.saom import SAOM
from coplearn.two_records import side_by_side


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    pairs = [rng.choice(10, 2, replace=False) for _ in range(120)]
    pairs = [pairs[k - 1][::-1] if k % 2 else pair for k, pair in enumerate(pairs)]  # every other event is a reply
    frame = pd.DataFrame({"time": np.arange(120.0), "sender": 0, "receiver": 0})
    frame[["sender", "receiver"]] = pairs
    members = pd.DataFrame({"x": rng.normal(size=10), "g": rng.integers(0, 2, 10)}, index=range(10))
    return REM(
        EventSequence.from_frame(frame, members), [fx.reciprocity(), fx.difference("x"), fx.sender("x"), fx.same("g")]
    ).fit()


def panel(**estimates):
    """A stand-in for the results of a panel model: effects of one network with z values."""
    known = {
        "recip": fx.reciprocity(),
        "kept": fx.rsiena("recip", type="endow"),
        "sim": fx.similarity("x"),
        "ego": fx.ego("x"),
        "other": fx.ego("g"),
    }
    parameters = [SimpleNamespace(variable="answer", effect=known[n], name=f"answer: {n}") for n in estimates]
    index = [p.name for p in parameters]
    return SimpleNamespace(
        model=SimpleNamespace(
            parameters=[*parameters, SimpleNamespace(variable="answer", effect=None, name="rate")],
            panel=SimpleNamespace(networks={"answer": None}),
        ),
        params=pd.Series(list(estimates.values()), index),
        tvalues=pd.Series(list(estimates.values()), index),
    )


def conclusions(fitted, **estimates):
    return list(side_by_side(fitted, panel(**estimates)).table()["conclusion"])


def test_questions_in_common_stand_in_one_row(fitted):
    table = side_by_side(fitted, panel(recip=3.0, sim=0.1, ego=0.0, other=9.0, kept=5.0)).table()
    assert list(table["event effect"]) == ["reciprocity", "difference x", "sender x"]
    assert list(table["panel effect"]) == ["answer: recip", "answer: sim", "answer: ego"]
    assert table["z"].iloc[0] > 1.96
    assert table["conclusion"].iloc[0] == "same sign"
    assert conclusions(fitted, recip=-3.0) == ["opposite signs"]
    assert conclusions(fitted, recip=0.3) == ["events only"]
    assert conclusions(fitted, recip=np.nan) == ["unknown"]


def test_similarity_is_the_opposite_of_difference(fitted):
    z = fitted.tvalues["difference x"]
    assert conclusions(fitted, sim=-np.sign(z) * 5.0) == ["same sign" if abs(z) > 1.96 else "panel only"]


def test_models_without_a_common_question_are_told_so(fitted):
    with pytest.raises(ValueError, match="no effect in common"):
        side_by_side(fitted, panel(other=1.0))
    with pytest.raises(ValueError, match=r"'advice'.*answer"):
        side_by_side(fitted, panel(recip=1.0), network="advice")


def test_events_and_the_waves_they_add_up_to_find_what_was_planted():
    """Thanks of `guild` follow answers, which were drawn with a taste for returning them and for one's own cohort."""
    guild = load_guild().between("2020-01-01", "2022-01-01")
    here = guild.present("2020-01-01").intersection(guild.present("2021-12-31"))
    core = guild.subset(here[:45])
    acts = REM(core.events("thanks"), [fx.reciprocity(log=True), fx.same("cohort"), fx.otp(log=True)]).fit()
    waves = SAOM(
        core.panel(ties_from="thanks", covariates="cohort", every="year"),
        {"thanks": [fx.outdegree(), fx.reciprocity(), fx.same("cohort"), fx.gwesp_forward()]},
    ).fit(seed=1)
    assert waves.converged
    both = side_by_side(acts, waves, network="thanks")
    table = both.table().set_index("event effect")
    assert list(table["panel effect"]) == ["thanks: reciprocity", "thanks: same(cohort)", "thanks: gwesp_forward"]
    np.testing.assert_allclose(table["panel z"], waves.tvalues[table["panel effect"]])
    assert (table.loc[["reciprocity, log", "same cohort"], ["estimate", "panel estimate"]] > 0).all(axis=None)
    said = both.summary()
    assert "thanks: 2 waves" in said and "Where they differ" in said
    assert "caveat: successive waves of thanks share as little as" in said
    ax = both.plot()
    assert [t.get_text() for t in ax.get_yticklabels()] == list(table.index)[::-1]

"""An event model and a panel model asked the same questions."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from coplearn import effects as fx
from coplearn.events import EventSequence
from coplearn.rem import REM
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
    known = {"recip": fx.reciprocity(), "sim": fx.similarity("x"), "ego": fx.ego("x"), "other": fx.ego("g")}
    parameters = [SimpleNamespace(variable="answer", effect=known[n], name=f"answer: {n}") for n in estimates]
    index = [p.name for p in parameters]
    return SimpleNamespace(
        model=SimpleNamespace(parameters=[*parameters, SimpleNamespace(variable="answer", effect=None, name="rate")]),
        params=pd.Series(list(estimates.values()), index),
        bse=pd.Series(1.0, index),
    )


def test_questions_in_common_stand_in_one_row(fitted):
    table = side_by_side(fitted, panel(recip=3.0, sim=0.1, ego=0.0, other=9.0))
    assert list(table["event effect"]) == ["reciprocity", "difference x", "sender x"]
    assert list(table["panel effect"]) == ["answer: recip", "answer: sim", "answer: ego"]
    assert table["z"].iloc[0] > 1.96
    assert table["conclusion"].iloc[0] == "same sign"
    assert side_by_side(fitted, panel(recip=-3.0))["conclusion"].iloc[0] == "opposite signs"
    assert side_by_side(fitted, panel(recip=0.3))["conclusion"].iloc[0] == "events only"


def test_similarity_is_the_opposite_of_difference(fitted):
    z = fitted.tvalues["difference x"]
    row = side_by_side(fitted, panel(sim=-np.sign(z) * 5.0)).iloc[0]
    assert row["conclusion"] == ("same sign" if abs(z) > 1.96 else "panel only")


def test_models_without_a_common_question_are_told_so(fitted):
    with pytest.raises(ValueError, match="no effect in common"):
        side_by_side(fitted, panel(other=1.0))
    with pytest.raises(ValueError, match="no effect in common"):
        side_by_side(fitted, panel(recip=1.0), network="advice")

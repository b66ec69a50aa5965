"""Panels, event sequences and scales on their own."""

import numpy as np
import pandas as pd
import pytest

from coplearn.events import EventSequence
from coplearn.panel import JointPanel
from coplearn.scales import scale_scores

TIES = np.array([[[0, 1, 0], [0, 0, 1], [0, 0, 0]], [[0, 1, 1], [0, 0, 0], [np.nan, 0, 0]]])


def test_a_panel_from_arrays_counts_ties_missing_and_stability():
    panel = JointPanel.from_arrays({"net": TIES}, behavior={"z": [[1, 2, 3], [2, 2, np.nan]]})
    table = panel.networks["net"].table()
    assert table["ties"].tolist() == [2, 2] and table["missing"].tolist() == [0, 1]
    assert table["density"].tolist() == pytest.approx([2 / 6, 2 / 5])
    assert table["jaccard"].iloc[0] == pytest.approx(1 / 3)  # one stable tie of three, on known pairs


def test_presence_follows_from_intervals():
    panel = JointPanel.from_arrays({"net": TIES}, presence_intervals=[[-np.inf, np.inf], [0.5, np.inf], [-np.inf, 0.9]])
    assert panel.present.tolist() == [[True, False, True], [True, True, False]]


def test_who_leaves_at_the_moment_of_the_last_wave_answered_it():
    waves = np.concatenate([TIES, TIES[1:]])
    panel = JointPanel.from_arrays({"net": waves}, presence_intervals=[[0.0, 2.0], [0.0, 1.0], [-np.inf, np.inf]])
    assert panel.present.tolist() == [[True, True, True], [True, False, True], [True, False, True]]


@pytest.mark.parametrize(
    "arguments, words",
    [
        (dict(ties={}), "at least one network"),
        (dict(ties={"net": TIES[0]}), "expected \\(n_waves, n_members, n_members\\)"),
        (dict(ties={"net": TIES * 3}), "wave 1, m1 to m2 is 3; write 0, 1"),
        (dict(ties={"net": TIES + np.eye(3)}), "names itself"),
        (dict(ties={"net": TIES}, behavior={"z": [1, 2, 3]}), "behavior 'z' has shape"),
        (dict(ties={"net": TIES}, covariates={"x": [[1, 2, 3]] * 2}), "covariate 'x' has shape"),
        (dict(ties={"net": TIES}, structural={"ne": TIES == 1}), "Did you mean 'net'"),
        (dict(ties={"net": TIES}, members=["a", "b"]), "2 members and 2 waves are named"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        JointPanel.from_arrays(**arguments)


def test_arrays_of_a_panel_cannot_be_edited():
    panel = JointPanel.from_arrays({"net": TIES})
    with pytest.raises(ValueError, match="read-only"):
        panel.networks["net"].ties[0, 0, 1] = 0


EVENTS = pd.DataFrame({"time": [3.0, 1.0, 1.0], "sender": ["b", "a", "c"], "receiver": ["a", "b", None]})


def test_events_are_sorted_and_ties_in_time_keep_their_order():
    sequence = EventSequence.from_frame(EVENTS)
    assert sequence.frame["sender"].tolist() == ["a", "c", "b"]
    assert sequence.sender.tolist() == [0, 2, 1] and sequence.receiver.tolist() == [1, -1, 0]
    assert (sequence.origin, sequence.end) == (0.0, 3.0)


@pytest.mark.parametrize(
    "frame, options, words",
    [
        (EVENTS.drop(columns="time"), {}, "no column time"),
        (EVENTS.assign(time=[1.0, np.nan, 2.0]), {}, "time is missing in 1 event \\(row 1\\)"),
        (EVENTS.assign(time="yesterday"), {}, "give numbers or timestamps"),
        (EVENTS, {"members": pd.DataFrame(index=["a", "b"])}, "sender c \\(row 2\\) is no member"),
        (EVENTS, {"end": 2.0}, "outside the observation"),
    ],
)
def test_events_that_cannot_be_read_are_refused(frame, options, words):
    with pytest.raises(ValueError, match=words):
        EventSequence.from_frame(frame, **options)


def test_an_empty_sequence_has_no_events():
    assert len(EventSequence.from_frame(EVENTS.iloc[:0])) == 0


ITEMS = pd.DataFrame({"scale": "s", "reverse": [False, False, True], "min": 1.0, "max": 7.0}, index=["i1", "i2", "i3"])


def scored(values):
    answers = pd.DataFrame({"wave": 1, "member": "a", "item": ["i1", "i2", "i3"], "value": values})
    return scale_scores(answers, ITEMS, "s")["s"].iloc[0]


def test_a_score_is_the_mean_with_reversed_items_turned():
    assert scored([2, 3, 7]) == pytest.approx((2 + 3 + 1) / 3)


def test_two_thirds_of_the_items_are_enough_and_one_third_is_not():
    assert scored([2, None, 6]) == pytest.approx((2 + 2) / 2)
    assert np.isnan(scored([2, None, None]))
    assert np.isnan(scored([None, None, None]))


def test_a_reversed_item_without_a_range_is_refused():
    with pytest.raises(ValueError, match="i3 is reverse-coded and has no min and max"):
        scale_scores(
            pd.DataFrame({"wave": [1], "member": ["a"], "item": ["i3"], "value": [1.0]}),
            ITEMS.assign(min=[1, 1, np.nan]),
            "s",
        )


def test_a_single_item_is_a_scale_of_its_own():
    answers = pd.DataFrame({"wave": [1], "member": ["a"], "item": ["i3"], "value": [6.0]})
    assert scale_scores(answers, ITEMS, "i3")["i3"].tolist() == [2.0]

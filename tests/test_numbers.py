"""Numbers for the paper: merged, rounded, refused, and safe when notebooks write at the same time."""

import json
import multiprocessing
import os

import numpy as np
import pandas as pd
import pytest

from coplearn import numbers
from coplearn.numbers import read_numbers, record_numbers


@pytest.fixture
def path(tmp_path):
    return tmp_path / "numbers.json"


def test_a_section_is_replaced_whole_and_others_stay(path):
    record_numbers(path, "drift", {"within": 0.5, "entry": 0.1})
    record_numbers(path, "cohorts", {"founders": 20})
    record_numbers(path, "drift", {"within": 0.25})
    assert read_numbers(path) == {"cohorts": {"founders": 20}, "drift": {"within": 0.25}}


def test_the_file_is_sorted_rounded_and_ends_with_a_newline(path):
    record_numbers(path, "b", {"z": 1 / 3, "a": "founders"})
    record_numbers(path, "a", {"n": 23_500})
    assert path.read_text() == (
        '{\n "a": {\n  "n": 23500\n },\n "b": {\n  "a": "founders",\n  "z": 0.333333\n }\n}\n'
    )


def test_numpy_scalars_become_python_scalars(path):
    values = {"share": np.float32(0.25), "members": np.int64(64), "more": np.bool_(True), "era": np.str_("b")}
    got = record_numbers(path, "community", values)
    assert got == {"share": 0.25, "members": 64, "more": True, "era": "b"}
    assert {type(value) for value in got.values()} == {float, int, bool, str}


@pytest.mark.parametrize(
    ("value", "digits"), [(123456.7, 123457.0), (0.00012345678, 0.000123457), (0.0, 0.0), (-2 / 3, -0.666667)]
)
def test_floats_keep_six_significant_digits(path, value, digits):
    assert record_numbers(path, "s", {"x": value}) == {"x": digits}


def test_writing_the_same_numbers_leaves_the_file_untouched(path):
    record_numbers(path, "drift", {"within": 0.5})
    os.utime(path, ns=(0, 0))
    record_numbers(path, "drift", {"within": 0.5 + 1e-12})
    assert path.stat().st_mtime_ns == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, np.float64("nan")])
def test_what_is_not_a_number_is_refused_by_name(path, value):
    with pytest.raises(ValueError, match=r"'within' of section 'drift' is -?(nan|inf)"):
        record_numbers(path, "drift", {"within": value})
    assert not path.exists()


@pytest.mark.parametrize("value", [None, [1, 2], pd.NA, np.arange(3), pd.Series([1.0]), 1j])
def test_only_scalars_are_recorded(path, value):
    with pytest.raises(TypeError, match="'within' of section 'drift' is a"):
        record_numbers(path, "drift", {"within": value})


@pytest.mark.parametrize("name", ["", "two words", "a.b", "a:b"])
def test_a_name_must_be_quotable(path, name):
    with pytest.raises(ValueError, match="cannot be the name of a section"):
        record_numbers(path, name, {"x": 1})
    with pytest.raises(ValueError, match="cannot be the name of a number"):
        record_numbers(path, "s", {name: 1})


@pytest.mark.parametrize("text", ['{"drift": ', "[1, 2]", '{"drift": 3}'])
def test_a_damaged_file_is_refused_and_kept(path, text):
    path.write_text(text)
    with pytest.raises(ValueError, match=r"numbers\.json"):
        record_numbers(path, "drift", {"x": 1})
    assert path.read_text() == text


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ValueError, match="does not exist"):
        record_numbers(tmp_path / "nowhere" / "numbers.json", "drift", {"x": 1})


def _record_twenty(path, section):
    for value in range(20):
        record_numbers(path, section, {"last": value})


def _record_twenty_with_lock_file(path, section):
    numbers._locked = numbers._lock_file
    _record_twenty(path, section)


@pytest.mark.parametrize("job", [_record_twenty, _record_twenty_with_lock_file])
def test_notebooks_that_write_at_the_same_time_lose_nothing(path, job):
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=job, args=(path, f"section_{k}")) for k in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert json.loads(path.read_text()) == {f"section_{k}": {"last": 19} for k in range(4)}
    assert [found.name for found in path.parent.iterdir()] == ["numbers.json"]


def test_a_lock_left_behind_is_broken(path, monkeypatch):
    monkeypatch.setattr(numbers, "STALE_AFTER_SECONDS", 0.05)
    lock = path.with_name("numbers.json.lock")
    lock.touch()
    with numbers._lock_file(path):
        assert lock.exists()
    assert not lock.exists()

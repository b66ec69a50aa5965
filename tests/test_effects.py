"""The vocabulary: names, settings, definitions."""

import pytest

from coplearn import effects as fx
from coplearn.effects import spec


def test_an_unknown_effect_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no effect 'reciprocty'"):
        _ = fx.reciprocty


def test_an_interaction_is_made_of_effects():
    with pytest.raises(TypeError, match="two or three effects"):
        fx.interaction("a", "b")


def test_a_name_is_defined_once_in_a_family():
    entry = next(spec.definitions(), None)
    if entry is None:
        pytest.skip("no model has added its effects yet")
    with pytest.raises(ValueError, match="defined already"):
        spec.define(entry)

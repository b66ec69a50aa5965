"""The vocabulary: names, settings, definitions."""

import pytest

from coplearn import effects as fx
from coplearn.effects import spec
from coplearn.effects.spec import Effect, definitions


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


def test_names_of_rsiena_lead_to_plain_names_and_remember_where_they_come_from():
    effect = fx.rsiena("avSim", "friendship")
    assert (effect.name, effect.variables, effect.convention) == ("average_similarity", ("friendship",), "rsiena")
    assert fx.rsiena("gwespFF", parameter=69).option("parameter") == 69
    assert fx.rsiena("recip", type="creation").option("type") == "creation"
    assert fx.rsiena("outRate", "net").option("type") == "rate"


def test_names_of_rsiena_are_unique_among_panel_effects():
    short = [d.short["rsiena"] for d in definitions() if d.short.get("rsiena")]
    assert len(short) == len(set(short))


def test_a_former_name_of_rsiena_is_the_present_effect():
    assert fx.rsiena("cycle4ND") == fx.rsiena("cycle4")
    assert fx.rsiena("sameXVInPop2", "v", "u") == fx.rsiena("sameXVInPop", "v", "u")  # one effect, computed in two ways


def test_unknown_name_of_rsiena_gets_the_nearest():
    with pytest.raises(ValueError, match=r"no RSiena effect 'avsim'. Did you mean 'avSim'"):
        fx.rsiena("avsim", "net")
    with pytest.raises(ValueError, match="'simX' is no effect on rates"):
        fx.rsiena("simX", "age", type="rate")
    with pytest.raises(ValueError, match="basic rates belong to every model"):
        fx.rsiena("Rate", type="rate")


def test_type_is_a_setting_of_panel_effects_under_plain_names_too():
    assert fx.reciprocity(type="creation").option("type") == "creation"
    assert fx.linear_shape(type="endow").option("type") == "endow"


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ((Effect("reciprocity"), Effect("similarity", ("age",))), None),
        ((Effect("ego", ("age",)), Effect("transitive_triplets")), None),
        ((Effect("reciprocity"), Effect("transitive_triplets")), "depends on the other ties"),
        ((Effect("ego", ("age",)), Effect("isolates")), None),
        ((Effect("reciprocity"), Effect("isolates")), "depends on the other ties"),
        ((Effect("outdegree_effect", ("net",)), Effect("average_similarity", ("net",))), None),
        ((Effect("quadratic_shape"), Effect("average_similarity", ("net",))), "one such part"),
    ],
)
def test_interactions_are_made_only_where_they_are_changes_of_a_statistic(parts, problem):
    if problem is None:
        assert fx.interaction(*parts).parts == parts
    else:
        with pytest.raises(ValueError, match=problem):
            fx.interaction(*parts)


def test_every_panel_effect_has_a_formula_and_a_source():
    for entry in definitions():
        if entry.family in ("network", "behavior", "rate"):
            assert entry.formula and entry.source, entry.name
            assert entry.details.get("code") or entry.details.get("row") or entry.name == "influence", entry.name

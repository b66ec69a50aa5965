"""coplearn: communities of practice as longitudinal interaction networks.

When a community changes, did its members change, or did its membership?
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# The table of contents. A name is loaded when it is first used, so that importing coplearn stays quick.
_CONTENTS = {
    "activation": ["edge_reversal_test", "shuffle_test"],
    "agreement": ["icc", "rater_icc", "rwg"],
    "change_reliability": ["two_level_reliability"],
    "cohorts": ["Cohorts"],
    "community": ["Community", "load"],
    "dependence": ["lm_tests", "moran"],
    "drift": ["Drift", "decompose_drift"],
    "dropout": ["attrition"],
    "dyadic_regression": ["graph_correlation", "mrqap", "netlogit"],
    "events": ["EventSequence"],
    "dynam": ["DyNAM"],
    "estimation": ["Estimation"],
    "exposure": ["TemporalAutocorrelation"],
    "growth_curves": ["growth", "pattern_mixture", "within_between"],
    "hawkes": ["Hawkes", "simulate_hawkes"],
    "identity": ["survey_identity"],
    "instruments": ["LinearInMeans", "check_identification"],
    "invariance": ["measurement_invariance"],
    "lagged_panels": ["cross_lagged"],
    "matching": ["at_risk", "matched_sample"],
    "meta": ["meta_analysis"],
    "naming": ["pseudonyms"],
    "network_effects": ["NetworkEffects"],
    "numbers": ["read_numbers", "record_numbers"],
    "opinion": ["FriedkinJohnsen", "friedkin_johnsen"],
    "ordinal": ["polychoric"],
    "pair_ties": ["p2"],
    "panel": ["JointPanel"],
    "questionnaires": ["questionnaire"],
    "reliability": ["cronbach_alpha", "omega"],
    "rem": ["REM"],
    "report": ["ValidationError"],
    "results": ["ConvergenceWarning", "compare"],
    "saom": ["SAOM"],
    "saom_interpretation": ["certainty", "influence_table", "relative_importance", "selection_table"],
    "scales": ["item_answers", "scale_scores"],
    "sensitivity": ["bias_contour", "bias_factor", "e_value", "robustness_value"],
    "survey_exports": ["read_limesurvey", "read_qualtrics"],
    "survey_language": ["convergence"],
    "two_records": ["SideBySide", "side_by_side"],
    "validation": ["Rules"],
    "weights": ["row_normalize"],
}
_MODULES = ["datasets", "departure", "drift", "effects", "enculturation", "language", "lifecycle", "plots", "synthetic"]
_HOME = {name: module for module, names in _CONTENTS.items() for name in names}

__all__ = [*sorted(_HOME), *_MODULES, "__version__"]

if TYPE_CHECKING:
    from coplearn import datasets as datasets
    from coplearn import departure as departure
    from coplearn import drift as drift
    from coplearn import effects as effects
    from coplearn import enculturation as enculturation
    from coplearn import language as language
    from coplearn import lifecycle as lifecycle
    from coplearn import plots as plots
    from coplearn import synthetic as synthetic
    from coplearn.activation import edge_reversal_test as edge_reversal_test
    from coplearn.activation import shuffle_test as shuffle_test
    from coplearn.agreement import icc as icc
    from coplearn.agreement import rater_icc as rater_icc
    from coplearn.agreement import rwg as rwg
    from coplearn.change_reliability import two_level_reliability as two_level_reliability
    from coplearn.cohorts import Cohorts as Cohorts
    from coplearn.community import Community as Community
    from coplearn.community import load as load
    from coplearn.dependence import lm_tests as lm_tests
    from coplearn.dependence import moran as moran
    from coplearn.drift import Drift as Drift
    from coplearn.drift import decompose_drift as decompose_drift
    from coplearn.dropout import attrition as attrition
    from coplearn.dyadic_regression import graph_correlation as graph_correlation
    from coplearn.dyadic_regression import mrqap as mrqap
    from coplearn.dyadic_regression import netlogit as netlogit
    from coplearn.dynam import DyNAM as DyNAM
    from coplearn.estimation import Estimation as Estimation
    from coplearn.events import EventSequence as EventSequence
    from coplearn.exposure import TemporalAutocorrelation as TemporalAutocorrelation
    from coplearn.growth_curves import growth as growth
    from coplearn.growth_curves import pattern_mixture as pattern_mixture
    from coplearn.growth_curves import within_between as within_between
    from coplearn.hawkes import Hawkes as Hawkes
    from coplearn.hawkes import simulate_hawkes as simulate_hawkes
    from coplearn.identity import survey_identity as survey_identity
    from coplearn.instruments import LinearInMeans as LinearInMeans
    from coplearn.instruments import check_identification as check_identification
    from coplearn.invariance import measurement_invariance as measurement_invariance
    from coplearn.lagged_panels import cross_lagged as cross_lagged
    from coplearn.matching import at_risk as at_risk
    from coplearn.matching import matched_sample as matched_sample
    from coplearn.meta import meta_analysis as meta_analysis
    from coplearn.naming import pseudonyms as pseudonyms
    from coplearn.network_effects import NetworkEffects as NetworkEffects
    from coplearn.numbers import read_numbers as read_numbers
    from coplearn.numbers import record_numbers as record_numbers
    from coplearn.opinion import FriedkinJohnsen as FriedkinJohnsen
    from coplearn.opinion import friedkin_johnsen as friedkin_johnsen
    from coplearn.ordinal import polychoric as polychoric
    from coplearn.pair_ties import p2 as p2
    from coplearn.panel import JointPanel as JointPanel
    from coplearn.questionnaires import questionnaire as questionnaire
    from coplearn.reliability import cronbach_alpha as cronbach_alpha
    from coplearn.reliability import omega as omega
    from coplearn.rem import REM as REM
    from coplearn.report import ValidationError as ValidationError
    from coplearn.results import ConvergenceWarning as ConvergenceWarning
    from coplearn.results import compare as compare
    from coplearn.saom import SAOM as SAOM
    from coplearn.saom_interpretation import certainty as certainty
    from coplearn.saom_interpretation import influence_table as influence_table
    from coplearn.saom_interpretation import relative_importance as relative_importance
    from coplearn.saom_interpretation import selection_table as selection_table
    from coplearn.scales import item_answers as item_answers
    from coplearn.scales import scale_scores as scale_scores
    from coplearn.sensitivity import bias_contour as bias_contour
    from coplearn.sensitivity import bias_factor as bias_factor
    from coplearn.sensitivity import e_value as e_value
    from coplearn.sensitivity import robustness_value as robustness_value
    from coplearn.survey_exports import read_limesurvey as read_limesurvey
    from coplearn.survey_exports import read_qualtrics as read_qualtrics
    from coplearn.survey_language import convergence as convergence
    from coplearn.two_records import SideBySide as SideBySide
    from coplearn.two_records import side_by_side as side_by_side
    from coplearn.validation import Rules as Rules
    from coplearn.weights import row_normalize as row_normalize


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _MODULES:
        return import_module(f"coplearn.{name}")
    if name in _HOME:
        value = getattr(import_module(f"coplearn.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'coplearn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

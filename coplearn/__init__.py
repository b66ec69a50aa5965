"""coplearn: communities of practice as longitudinal interaction networks.

When a community changes, did its members change, or did its membership?
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# The table of contents. A name is loaded when it is first used, so that importing coplearn stays quick.
_CONTENTS = {
    "community": ["Community", "load"],
    "cohorts": ["Cohorts"],
    "drift": ["Drift", "decompose_drift"],
    "events": ["EventSequence"],
    "numbers": ["read_numbers", "record_numbers"],
    "panel": ["JointPanel"],
    "validation": ["Rules"],
    "report": ["ValidationError"],
}
_MODULES = ["datasets", "drift", "language", "plots", "synthetic"]
_HOME = {name: module for module, names in _CONTENTS.items() for name in names}

__all__ = [*sorted(_HOME), *_MODULES, "__version__"]

if TYPE_CHECKING:
    from coplearn import datasets as datasets
    from coplearn import drift as drift
    from coplearn import language as language
    from coplearn import plots as plots
    from coplearn import synthetic as synthetic
    from coplearn.cohorts import Cohorts as Cohorts
    from coplearn.community import Community as Community
    from coplearn.community import load as load
    from coplearn.drift import Drift as Drift
    from coplearn.drift import decompose_drift as decompose_drift
    from coplearn.events import EventSequence as EventSequence
    from coplearn.numbers import read_numbers as read_numbers
    from coplearn.numbers import record_numbers as record_numbers
    from coplearn.panel import JointPanel as JointPanel
    from coplearn.report import ValidationError as ValidationError
    from coplearn.validation import Rules as Rules


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

"""For doctests and notebooks: names that examples take for granted, and the notebooks that can run here."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coplearn as cl

NOTEBOOKS = Path(__file__).parent / "notebooks"


@pytest.fixture(autouse=True)
def _names_for_doctests(doctest_namespace):
    """An example says ``np``, ``pd`` and ``cl`` without importing them."""
    doctest_namespace.update(np=np, pd=pd, cl=cl)


@pytest.fixture(autouse=True)
def _figures_closed():
    """Figures of one test are no concern of the next: matplotlib warns of the twenty-first."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def _absent(path):
    """Data sets that a notebook needs and that cannot be had here."""
    needs = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("coplearn", {}).get("needs", [])
    return [need for need in needs if not cl.datasets.available(need)]


def pytest_report_header(config):
    if not config.getoption("--nbval", default=False):
        return None
    found = [(path, _absent(path)) for path in sorted(NOTEBOOKS.glob("*.ipynb"))]
    return [f"left out: {path.stem} needs {', '.join(absent)}" for path, absent in found if absent]


def pytest_ignore_collect(collection_path):
    if collection_path.suffix == ".ipynb" and _absent(collection_path):
        return True
    return None

"""The parameters of a synthetic community, with their defaults, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import choose, is_number

__all__ = ["ANSWERING", "HERE", "LOADINGS", "NETWORKS", "YEAR", "Plan", "check_loadings", "check_within", "plain"]

NETWORKS: Mapping[str, Mapping[str, float]] = {
    "advice": {
        "rate": 7.0,
        "outdegree": -1.85,
        "reciprocity": 1.3,
        "transitive triplets": 0.2,
        "same cohort": 0.3,
    },
    "friendship": {
        "rate": 5.0,
        "outdegree": -2.3,
        "reciprocity": 2.0,
        "transitive triplets": 0.35,
        "same cohort": 0.6,
    },
}
ANSWERING: Mapping[str, float] = {
    "inertia": 0.7,
    "reciprocity": 0.4,
    "same cohort": 0.4,
    "tenure": 0.15,
    "efficacy": 0.3,
}
LOADINGS: Mapping[str, tuple[float, ...]] = {
    "efficacy": (0.8, 0.75, 0.75, 0.7, 0.7, 0.65),
    "identity": (0.8, 0.75, 0.7, 0.7),
}
YEAR = 365.25 * 86_400  # seconds; all instants are whole seconds since the start
HERE = np.iinfo(np.int64).max  # leaving date of who is still here


def check_within(plan: object, names: Sequence[str], low: float, high: float) -> None:
    """Refuse settings of a plan that are no numbers, or lie out of bounds."""
    for name in names:
        value = getattr(plan, name)
        if not (is_number(value, finite=False) and low <= value <= high):
            raise ValueError(f"{name}={value!r}: give a number between {low} and {high}.")


def check_loadings(scales: Mapping[str, tuple[float, ...]]) -> None:
    """Refuse scales of fewer than three items, and loadings that are none."""
    for loading in scales.values():
        if len(loading) < 3 or not all(0 < v < 1 for v in loading):
            raise ValueError(f"loadings {loading}: give three or more a scale, each between 0 and 1.")


@dataclass(frozen=True)
class Plan:
    """All parameters of :func:`community`, checked; see there for what they mean."""

    seed: int
    start: str
    end: str
    waves: int
    founders: int
    intake: float | Sequence[float]
    leave: float
    newcomer_leave: float
    exit_selection: float
    units: int
    bots: int
    metadata_only: int
    drift: float
    replacement: float
    identity_sd: float
    identity_noise: float
    stability: float
    influence: float
    selection: float
    networks: Mapping[str, Mapping[str, float]] | None
    loadings: Mapping[str, Sequence[float]] | None
    response: float
    attrition: float
    item_missing: float
    questions: float
    answers: float
    thanks: float
    intros: float
    rhythm: float
    answering: Mapping[str, float] | None
    language_drift: float
    acculturation: float
    habits: float
    cohort_words: float
    innovations: float
    first_person: float
    bigram: float
    ties: bool
    events: bool
    text: bool

    def __post_init__(self) -> None:
        shares = ["response", "attrition", "item_missing", "thanks", "intros", "rhythm", "bigram", "stability"]
        shares += ["cohort_words", "innovations", "first_person"]
        rates = ["leave", "newcomer_leave", "identity_sd", "identity_noise", "questions", "answers", "habits"]
        check_within(self, shares, 0, 1)
        check_within(self, [*rates, "acculturation", "bots", "metadata_only"], 0, np.inf)
        signed = ["exit_selection", "drift", "replacement", "influence", "selection", "language_drift"]
        check_within(self, signed, -np.inf, np.inf)
        check_within(self, ["waves"], 2, np.inf)
        check_within(self, ["founders", "units"], 1, np.inf)
        if self.span < 0.5 * YEAR:
            raise ValueError(f"the observation from {self.start} to {self.end} is too short; give half a year or more.")
        if self.cohort_words + self.innovations + self.first_person > 1:
            raise ValueError("cohort_words, innovations and first_person are shares of words; keep their sum below 1.")
        if self.influence and not self.ties:
            raise ValueError(f"influence={self.influence} flows through advice ties; leave ties=True, or influence=0.")
        if not np.min(self.yearly_intake) >= 0:
            raise ValueError("intake counts joiners a year; give numbers from 0.")
        check_loadings(self.scales)
        _ = self.tie_effects, self.answer_effects

    @cached_property
    def opening(self) -> pd.Timestamp:
        return pd.Timestamp(self.start, tz="UTC")

    @cached_property
    def closing(self) -> pd.Timestamp:
        return pd.Timestamp(self.end, tz="UTC")

    @cached_property
    def span(self) -> int:
        """Length of the observation in seconds."""
        return int((self.closing - self.opening).total_seconds())

    @cached_property
    def opens(self) -> np.ndarray:
        """When each wave opens: at midnight, after 30 days and then evenly until 30 days before the end."""
        days = self.span // 86_400
        return np.linspace(30, days - 30, self.waves).round().astype(np.int64) * 86_400

    @cached_property
    def yearly_intake(self) -> np.ndarray:
        """Joiners a year, one value for each year of the observation."""
        years = int(np.ceil(round(self.span / YEAR, 2)))
        values = np.atleast_1d(np.asarray(self.intake, dtype=float))
        if len(values) not in (1, years):
            raise ValueError(f"intake has {len(values)} values for {years} years; give one number, or one a year.")
        return np.broadcast_to(values, years)

    @cached_property
    def scales(self) -> dict[str, tuple[float, ...]]:
        return {s: tuple(v) for s, v in merged(LOADINGS, self.loadings, "scale").items()}

    @cached_property
    def tie_effects(self) -> dict[str, dict[str, float]]:
        """Parameters of each network; `selection` is the similarity effect of advice."""
        if not self.ties:
            return {}
        changes = self.networks or {}
        for network in changes:
            choose(network, list(NETWORKS), "network")
        similar = {"advice": float(self.selection), "friendship": 0.0}
        return {
            n: {**merged(NETWORKS[n], changes.get(n), "tie effect"), "similarity efficacy": similar[n]}
            for n in NETWORKS
        }

    @cached_property
    def answer_effects(self) -> dict[str, float]:
        return merged(ANSWERING, self.answering, "answering effect")

    def stamp(self, seconds: np.ndarray) -> pd.DatetimeIndex:
        """Instants of whole seconds since the start."""
        first = self.opening.value // 10**9
        return pd.DatetimeIndex(((first + seconds) * 10**6).astype("datetime64[us]")).tz_localize("UTC")


def merged(default: Mapping[str, Any], changes: Mapping[str, Any] | None, what: str) -> dict[str, Any]:
    """Defaults with some replaced; a name that is not there raises."""
    return {**default, **{choose(k, list(default), what): v for k, v in (changes or {}).items()}}


def plain(value: Any) -> Any:
    """JSON values: arrays become lists, NaN becomes None."""
    if isinstance(value, Mapping):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and np.isnan(value) else value

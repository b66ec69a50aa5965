"""Who fills in the form, what they answer, and whom they name on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd

from coplearn.synthetic.plan import plain

__all__ = ["CUTS", "Asked", "Asking", "difficulty", "item_truth", "survey"]

CUTS = np.linspace(-1.5, 1.5, 6)


class Asking(Protocol):
    """What a survey needs to know of a plan."""

    @property
    def waves(self) -> int: ...
    @property
    def attrition(self) -> float: ...
    @property
    def response(self) -> float: ...
    @property
    def item_missing(self) -> float: ...
    @property
    def scales(self) -> Mapping[str, tuple[float, ...]]: ...
    @property
    def opens(self) -> np.ndarray: ...
    def stamp(self, seconds: np.ndarray) -> pd.DatetimeIndex: ...


class Asked(Protocol):
    """What a survey needs to know of the members."""

    @property
    def ids(self) -> np.ndarray: ...
    @property
    def present(self) -> np.ndarray: ...
    def __len__(self) -> int: ...


def difficulty(loading: Sequence[float]) -> np.ndarray:
    """Items of a scale differ in how readily they are agreed with."""
    return np.linspace(-0.3, 0.3, len(loading))


def item_truth(plan: Asking, scale: str) -> dict[str, Any]:
    loading = plan.scales[scale]
    cuts = difficulty(loading)[:, None] + CUTS
    return plain({"loadings": loading, "thresholds": cuts, "reverse": [k == 2 for k in range(len(loading))]})


def survey(
    plan: Asking,
    people: Asked,
    traits: Mapping[str, np.ndarray],
    networks: Mapping[str, np.ndarray],
    rng: np.random.Generator,
) -> tuple[dict[str, pd.DataFrame], dict[str, np.ndarray]]:
    """Waves, roster, ties, items, responses; and the scores, shape (n_waves, n_members), before anything is missing."""
    labels = np.arange(1, plan.waves + 1)
    quits = rng.random(people.present.shape) < plan.attrition
    dropped = np.vstack([np.zeros(len(people), dtype=bool), (quits & people.present)[:-1].cumsum(axis=0) > 0])
    responded = people.present & ~dropped & (rng.random(people.present.shape) < plan.response)
    w, i = np.nonzero(people.present)
    roster = {"wave": labels[w], "member": people.ids[i], "listed": True, "responded": responded[w, i]}
    asked, said = np.nonzero(responded)
    items, responses, scores = [], [], {}
    for scale, loading in plan.scales.items():
        answer = _likert(traits[scale], loading, rng)
        scores[scale] = answer.mean(axis=2)
        for k in range(len(loading)):
            item, turned = f"{scale[:3]}{k + 1}", k == 2
            items.append({"item": item, "scale": scale, "reverse": turned, "min": 1.0, "max": 7.0, "continuous": False})
            value = (8.0 - answer[:, :, k] if turned else answer[:, :, k])[asked, said]
            value = np.where(rng.random(len(value)) < plan.item_missing, np.nan, value)
            row = {"wave": labels[asked], "member": people.ids[said], "item": item, "value": value}
            responses.append(pd.DataFrame(row))
    tables = {
        "waves": _wave_table(plan, labels),
        "roster": pd.DataFrame(roster),
        "items": pd.DataFrame(items).set_index("item"),
        "responses": pd.concat(responses, ignore_index=True),
    }
    if networks:
        tables["ties"] = pd.concat(
            [_tie_table(name, x, people, labels, responded) for name, x in networks.items()], ignore_index=True
        )
    return tables, scores


def _likert(trait: np.ndarray, loading: Sequence[float], rng: np.random.Generator) -> np.ndarray:
    """Answers from 1 to 7 before reverse-coding, shape (n_waves, n_members, n_items)."""
    lam = np.asarray(loading)
    y = trait[:, :, None] * lam + rng.normal(size=(*trait.shape, len(lam))) * np.sqrt(1 - lam**2)
    return 1.0 + np.searchsorted(CUTS, y - difficulty(loading), "left")


def _wave_table(plan: Asking, labels: np.ndarray) -> pd.DataFrame:
    frame = {"wave": labels, "opens": plan.stamp(plan.opens), "closes": plan.stamp(plan.opens)}
    return pd.DataFrame(frame).set_index("wave")


def _tie_table(name: str, x: np.ndarray, people: Asked, labels: np.ndarray, responded: np.ndarray) -> pd.DataFrame:
    """Ties reported: those of members who responded."""
    w, i, j = np.nonzero(x * responded[:, :, None])
    return pd.DataFrame(
        {"wave": labels[w], "network": name, "ego": people.ids[i], "alter": people.ids[j], "value": 1.0}
    )

"""The same question to an event model and to an actor-oriented panel model.

The events of a community, and the waves that they add up to (``Community.panel(ties_from="answer")``), are two records
of one process. An event model says what raises the rate of the next event; an actor-oriented model says what makes ties
come and stay. Their estimates are on different scales, and their signs and certainty can be compared: where both see
the same sign, the conclusion does not hang on how the record was cut; where they differ, it does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from coplearn.event_design import label

__all__ = ["side_by_side"]

# event effect: network effects that ask the same, and whether a large value means the opposite
_SAME: dict[str, dict[str, int]] = {
    "baseline": {"outdegree": 1},
    "reciprocity": {"reciprocity": 1},
    "otp": {"transitive_triplets": 1, "transitive_ties": 1},
    "itp": {"three_cycles": 1},
    "osp": {"gwesp_shared_choices": 1},
    "isp": {"gwesp_shared_choosers": 1},
    "indegree_receiver": {"indegree_popularity": 1, "indegree_popularity_root": 1},
    "outdegree_receiver": {"outdegree_popularity": 1, "outdegree_popularity_root": 1},
    "indegree_sender": {"indegree_activity": 1, "indegree_activity_root": 1},
    "outdegree_sender": {"outdegree_activity": 1, "outdegree_activity_root": 1},
    "sender": {"ego": 1},
    "receiver": {"alter": 1},
    "same": {"same": 1},
    "difference": {"difference_absolute": 1, "similarity": -1},
}


def side_by_side(events: Any, panel: Any, network: str | None = None) -> pd.DataFrame:
    """Lay the conclusions of an event model and of an actor-oriented model beside each other.

    Parameters
    ----------
    events : results of REM or DyNAM
    panel : results of SAOM
    network : str, optional
        The network of the panel model that the events made, where it explains several.

    Returns
    -------
    DataFrame
        A row for each pair of effects that ask the same question: ``event effect``, ``estimate`` and ``z``;
        ``panel effect``, ``panel estimate`` and ``panel z``; ``conclusion``: "same sign", "opposite signs" (both beyond
        1.96 standard errors), "events only", "panel only" or "neither". A panel effect of similarity is compared with
        the opposite sign of an event effect of difference.

    Raises
    ------
    ValueError
        If the models have no question in common.
    """
    rows = []
    asked = [(p, e) for p, e in _network_effects(panel) if network is None or p.variable == network]
    for part in events._parts():
        for effect in part.model.effects:
            mine = label(effect)
            if mine not in part.params.index:
                continue  # one column a level
            z = float(part.params[mine] / part.bse[mine])
            for parameter, other in asked:
                sign = _SAME.get(effect.name, {}).get(other.name)
                about = effect.variables == other.variables or effect.name not in (
                    "sender",
                    "receiver",
                    "same",
                    "difference",
                )
                if sign is None or not about or effect.parts or other.parts:
                    continue
                theirs = float(panel.params[parameter.name] / panel.bse[parameter.name])
                rows.append(
                    {
                        "event effect": mine,
                        "estimate": float(part.params[mine]),
                        "z": z,
                        "panel effect": parameter.name,
                        "panel estimate": float(panel.params[parameter.name]),
                        "panel z": theirs,
                        "conclusion": _conclusion(z, sign * theirs),
                    }
                )
    if not rows:
        raise ValueError("the two models have no effect in common; reciprocity, otp and same(...) are good candidates.")
    return pd.DataFrame(rows)


def _network_effects(panel: Any) -> list[tuple[Any, Any]]:
    """Parameters of a panel model that are effects on ties, with their effects."""
    return [(p, p.effect) for p in panel.model.parameters if p.effect is not None and p.name in panel.params.index]


def _conclusion(one: float, other: float) -> str:
    clear = np.abs([one, other]) > 1.96
    if clear.all():
        return "same sign" if one * other > 0 else "opposite signs"
    return {(True, False): "events only", (False, True): "panel only"}.get((bool(clear[0]), bool(clear[1])), "neither")

r"""Statistics of whole networks that change with them: paths through two, embeddedness, means of neighbours.

With :math:`b_{ij} = [y_{ij} > 0]`, these are

.. math:: \text{mixed paths } \sum_h b^1_{ih} b^2_{hj}, \qquad
   \text{transitivity } \sum_{jk} b_{ik} b_{kj} b_{ij}, \qquad
   \text{tertius } \sum_j b_{ji} x_j / \sum_j b_{ji}

(Stadtfeld & Block 2017, doi:10.15195/v4.a14). No kernel knows them: they are computed anew after every change of what
they read, and what differs enters the timeline as the change of a network (of pairs) or of a covariate (of members).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coplearn.event_timeline import Memory, Timeline
from coplearn.kernels.event_timeline import ADD, COVARIATE, SET

__all__ = ["OF_MEMBERS", "OF_PAIRS", "Derived", "follow"]

OF_PAIRS = ("mixed_otp", "mixed_itp", "mixed_osp", "mixed_isp")
OF_MEMBERS = ("node_transitivity", "tertius")


@dataclass(frozen=True)
class Derived:
    """A statistic by ``kind``, of networks (``sources``: events with a memory, or names) and a row of covariates."""

    kind: str
    sources: tuple[Memory | str, ...]
    covariate: int = -1

    @property
    def of_events(self) -> bool:
        """Whether it changes with the events that a model explains."""
        return any(isinstance(source, Memory) for source in self.sources)


def _value(kind: str, networks: list[np.ndarray], x: np.ndarray) -> np.ndarray:
    """The statistic, of pairs or of members."""
    b = [(y > 0).astype(float) for y in networks]
    for each in b:
        np.fill_diagonal(each, 0.0)
    one, two = b[0], b[-1]
    if kind == "node_transitivity":
        return np.asarray(((one @ one) * one).sum(axis=1))
    if kind == "tertius":
        known = one.sum(axis=0)
        mean = np.divide(one.T @ x, known, out=np.zeros(len(x)), where=known > 0)
        if (known > 0).any():  # nobody acts towards a member: the mean of the others' means
            mean[known == 0] = mean[known > 0].mean()
        return mean
    first, second = {
        "mixed_otp": (one, two),
        "mixed_itp": (one.T, two.T),
        "mixed_osp": (one, two.T),
        "mixed_isp": (one.T, two),
    }[kind]
    paths = np.asarray(first @ second)
    np.fill_diagonal(paths, 0.0)
    return paths


def follow(timeline: Timeline, derived: Derived, nets: list[int], x: np.ndarray, target: int) -> None:
    """Let a statistic change with networks `nets` (and a covariate whose values at the beginning are `x`).

    ``target`` is the network, or the row of covariates, that holds it. All that it reads must be in the timeline.
    """
    n = len(x)
    part = timeline.of([(kind, k) for k in nets for kind in (ADD, SET)] + [(COVARIATE, derived.covariate)])
    networks, x = {k: np.zeros((n, n)) for k in nets}, x.copy()
    moment = list(zip(part["time"], part["place"], strict=True))
    among = part["place"] == Timeline.AMONG
    pairs = derived.kind in OF_PAIRS
    before = np.zeros((n, n) if pairs else n)
    for c, (kind, k) in enumerate(zip(part["kind"], part["net"], strict=True)):
        i, j, value = part["i"][c], part["j"][c], part["value"][c]
        if kind == COVARIATE:
            x[i] = value
        elif kind == SET:
            networks[k][i, j] = value
        else:
            y = networks[k][i, j] + value
            networks[k][i, j] = y if abs(y) > 1e-9 * abs(value) else 0.0
        last = c + 1 == len(moment) or moment[c + 1] != moment[c]
        if not last and not (among[c] and part["order"][c + 1] != part["order"][c]):
            continue
        now = _value(derived.kind, [networks[k] for k in nets], x)
        where = np.nonzero(now != before)
        if len(where[0]):
            at = np.full(len(where[0]), part["time"][c])
            row, column = where if pairs else (where[0], 0)
            place, order = int(part["place"][c]), part["order"][c]
            timeline.change(SET if pairs else COVARIATE, at, place, order, target, row, column, now[where])
            before = now

"""Waves: ties, behavior and covariates of the same members at successive moments.

Panel models read arrays over ``[wave, ego, alter]`` and ``[wave, member]``. Three things that look alike are
kept apart: a *zero* (ego responded and did not name alter), a *missing* value (ego did not respond, or alter
was not listed: 255 in ties, NaN in behavior), and an *absent* member (not in the community at that wave:
``present`` is False, whatever the arrays hold there).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import choose, listing, plural

__all__ = ["MISSING_TIE", "BehaviorPanel", "JointPanel", "NetworkPanel"]

MISSING_TIE = 255


@dataclass(frozen=True, eq=False)
class NetworkPanel:
    """Ties among the same members at successive waves.

    Attributes
    ----------
    name : str
    ties : ndarray of uint8, shape (n_waves, n_members, n_members)
        1 where ego (row) names alter (column); 255 where unknown. The diagonal is 0.
    present : ndarray of bool, shape (n_waves, n_members)
        Who belonged to the community at that wave.
    waves : Index
        Labels of the waves.
    """

    name: str
    ties: np.ndarray
    present: np.ndarray
    waves: pd.Index

    def __post_init__(self) -> None:
        self.ties.setflags(write=False)

    def table(self) -> pd.DataFrame:
        """Per wave: members present, ties, missing dyads, density among known dyads, and Jaccard with the next wave."""
        rows = []
        n_waves, n, _ = self.ties.shape
        off = ~np.eye(n, dtype=bool)
        for w in range(n_waves):
            here = np.outer(self.present[w], self.present[w]) & off
            known = here & (self.ties[w] != MISSING_TIE)
            row: dict[str, Any] = {
                "wave": self.waves[w],
                "present": int(self.present[w].sum()),
                "ties": int((self.ties[w][known] == 1).sum()),
                "missing": int(here.sum() - known.sum()),
            }
            row["density"] = float(row["ties"] / known.sum()) if known.any() else np.nan
            row["jaccard"] = np.nan
            if w + 1 < n_waves:
                both = known & np.outer(self.present[w + 1], self.present[w + 1]) & (self.ties[w + 1] != MISSING_TIE)
                now, then = self.ties[w][both] == 1, self.ties[w + 1][both] == 1
                if (now | then).any():
                    row["jaccard"] = float((now & then).sum() / (now | then).sum())
            rows.append(row)
        return pd.DataFrame(rows).set_index("wave")


@dataclass(frozen=True, eq=False)
class BehaviorPanel:
    """One behavior of the same members at successive waves.

    Attributes
    ----------
    name : str
    values : ndarray of float, shape (n_waves, n_members)
        In the behavior's own unit (scale points); NaN where unknown or absent.
    """

    name: str
    values: np.ndarray

    def __post_init__(self) -> None:
        self.values.setflags(write=False)


@dataclass(frozen=True, eq=False)
class JointPanel:
    """Networks and behaviors of the same members at the same waves, with covariates.

    Attributes
    ----------
    members, waves : Index
        Labels of the positions in every array.
    networks : dict of str to NetworkPanel
    behaviors : dict of str to BehaviorPanel
    covariates : dict of str to ndarray
        Shape (n_members,), or (n_waves - 1, n_members) where value *m* holds during period *m*; NaN missing.
    levels : dict of str to list of str
        For a covariate made of labels, the label behind each whole number.
    dyadic : dict of str to ndarray
        Shape (n_members, n_members) or (n_waves - 1, n_members, n_members).
    present : ndarray of bool, shape (n_waves, n_members)
    presence_intervals : ndarray of float, shape (n_members, 2)
        Entry and exit on the clock of waves (0 is the first wave, 1.5 is midway between the second and the
        third); -inf and inf for members who were there throughout.
    structural : dict of str to ndarray of bool
        Per network, shape (n_waves, n_members, n_members): ties that could not have been otherwise.
    """

    members: pd.Index
    waves: pd.Index
    networks: dict[str, NetworkPanel]
    behaviors: dict[str, BehaviorPanel]
    covariates: dict[str, np.ndarray]
    present: np.ndarray
    presence_intervals: np.ndarray
    dyadic: dict[str, np.ndarray] = field(default_factory=dict)
    structural: dict[str, np.ndarray] = field(default_factory=dict)
    levels: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def from_arrays(
        cls,
        ties: Mapping[str, Any],
        behavior: Mapping[str, Any] | None = None,
        covariates: Mapping[str, Any] | None = None,
        dyadic: Mapping[str, Any] | None = None,
        present: Any = None,
        presence_intervals: Any = None,
        structural: Mapping[str, Any] | None = None,
        members: Sequence[str] | None = None,
        waves: Sequence[Any] | None = None,
    ) -> JointPanel:
        """Make a panel from plain arrays.

        Parameters
        ----------
        ties : dict of str to array_like, shape (n_waves, n_members, n_members)
            0, 1, and NaN or 255 for missing.
        behavior : dict of str to array_like, shape (n_waves, n_members), optional
            NaN for missing.
        covariates : dict of str to array_like, shape (n_members,) or (n_waves - 1, n_members), optional
        dyadic : dict of str to array_like, shape (n_members, n_members) or (n_waves - 1, ...), optional
        present : array_like of bool, shape (n_waves, n_members), optional
            By default what `presence_intervals` says, or everybody.
        presence_intervals : array_like, shape (n_members, 2), optional
            Entry and exit on the clock of waves.
        structural : dict of str to array_like of bool, shape (n_waves, n_members, n_members), optional
        members, waves : sequences of labels, optional

        Raises
        ------
        ValueError
            For shapes that do not agree, values other than 0, 1 and missing, or a diagonal that is not empty.

        Examples
        --------
        >>> JointPanel.from_arrays({"advice": [[[0, 1], [0, 0]], [[0, 1], [1, 0]]]})
        JointPanel: 2 members, 2 waves
          networks   advice (1, 2 ties)
        """
        shapes = {name: np.shape(x) for name, x in ties.items()}
        if not shapes:
            raise ValueError("a panel needs at least one network: ties={'advice': array}.")
        first = next(iter(shapes.values()))
        if len(first) != 3 or first[1] != first[2]:
            raise ValueError(f"ties have shape {first}; expected (n_waves, n_members, n_members).")
        n_waves, n, _ = first
        index = pd.Index(members if members is not None else [f"m{i + 1:0{len(str(n))}d}" for i in range(n)])
        clock = pd.Index(waves if waves is not None else range(1, n_waves + 1))
        if len(index) != n or len(clock) != n_waves:
            raise ValueError(f"{len(index)} members and {len(clock)} waves are named, the ties have {n} and {n_waves}.")
        intervals = np.tile([-np.inf, np.inf], (n, 1))
        if presence_intervals is not None:
            intervals = _shaped(presence_intervals, "presence_intervals", (n, 2)).astype(float)
        moments = np.arange(n_waves)[:, None]
        if present is None:
            there = (intervals[:, 0] <= moments) & (moments < intervals[:, 1])
        else:
            there = _shaped(present, "present", (n_waves, n)).astype(bool)
        networks = {
            name: NetworkPanel(name, _tie_array(x, name, first, index, clock), there, clock) for name, x in ties.items()
        }
        behaviors = {
            name: BehaviorPanel(
                name, np.where(there, _shaped(z, f"behavior {name!r}", (n_waves, n)).astype(float), np.nan)
            )
            for name, z in (behavior or {}).items()
        }
        values = {
            k: _shaped(v, f"covariate {k!r}", (n,), (n_waves - 1, n)).astype(float)
            for k, v in (covariates or {}).items()
        }
        pairs = {
            k: _shaped(v, f"dyadic {k!r}", (n, n), (n_waves - 1, n, n)).astype(float) for k, v in (dyadic or {}).items()
        }
        for array in [there, intervals, *values.values(), *pairs.values()]:
            array.setflags(write=False)
        fixed = {k: _shaped(v, f"structural {k!r}", first).astype(bool) for k, v in (structural or {}).items()}
        for name in fixed:
            choose(name, networks, "network")
        return cls(index, clock, networks, behaviors, values, there, intervals, pairs, fixed)

    def __repr__(self) -> str:
        lines = [f"JointPanel: {plural(len(self.members), 'member')}, {plural(len(self.waves), 'wave')}"]
        nets = [
            f"{name} ({', '.join(f'{t:,}' for t in net.table()['ties'])} ties)" for name, net in self.networks.items()
        ]
        lines.append(f"  networks   {', '.join(nets)}")
        for title, held in (("behaviors", self.behaviors), ("covariates", self.covariates), ("dyadic", self.dyadic)):
            if held:
                lines.append(f"  {title:<10} {', '.join(held)}")
        away = int((~self.present).sum())
        if away:
            lines.append(f"  absent     {away:,} of {self.present.size:,} member-waves")
        return "\n".join(lines)


def _shaped(values: Any, name: str, *shapes: tuple[int, ...]) -> np.ndarray:
    array = np.asarray(values)
    if array.shape not in shapes:
        wanted = " or ".join(str(s) for s in shapes)
        raise ValueError(f"{name} has shape {array.shape}; expected {wanted}.")
    return array


def _tie_array(values: Any, name: str, shape: tuple[int, ...], members: pd.Index, waves: pd.Index) -> np.ndarray:
    """Ties as uint8 with 255 for missing, checked."""
    raw = _shaped(values, f"ties {name!r}", shape).astype(float)
    raw = np.where(np.isnan(raw), MISSING_TIE, raw)
    odd = ~np.isin(raw, [0, 1, MISSING_TIE])
    if odd.any():
        w, i, j = (int(k[0]) for k in np.nonzero(odd))
        raise ValueError(
            f"ties {name!r}: wave {waves[w]}, {members[i]} to {members[j]} is {raw[w, i, j]:g}; "
            "write 0, 1, or NaN (255) for missing."
        )
    own = np.einsum("wii->wi", raw) == 1
    if own.any():
        w, i = (int(k[0]) for k in np.nonzero(own))
        raise ValueError(f"ties {name!r}: wave {waves[w]}, {listing([members[i]])} names itself; the diagonal is 0.")
    ties = raw.astype(np.uint8)
    ties[:, np.arange(shape[1]), np.arange(shape[1])] = 0
    return ties

"""Waves: ties, behavior and covariates of the same members at successive moments.

Panel models read arrays over ``[wave, ego, alter]`` and ``[wave, member]``. Four things that look alike are
kept apart: a *zero* (ego responded and did not name alter), a *missing* value (ego did not respond, or alter
was not listed: 255 in ties, NaN in behavior), an *absent* member (not in the community at that wave:
``present`` is False, whatever the arrays hold there), and a *structural* tie (it could not have been otherwise:
its value is in the ties, and a mask says so).

A network is directed, undirected (both cells of a pair hold the same), or two-mode (members by other nodes, such as
projects; there is no diagonal then).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import choose, is_number, listing, plural

__all__ = ["MISSING_TIE", "BehaviorPanel", "JointPanel", "NetworkPanel"]

MISSING_TIE = 255


@dataclass(frozen=True, eq=False)
class NetworkPanel:
    """Ties among the same members, or from members to other nodes, at successive waves.

    Attributes
    ----------
    name : str
    ties : ndarray of uint8, shape (n_waves, n_members, n_members) or (n_waves, n_members, n_nodes)
        1 where ego (row) names alter (column); 255 where unknown. The diagonal of a one-mode network is 0.
    present : ndarray of bool, shape (n_waves, n_members)
        Who belonged to the community at that wave.
    waves : Index
        Labels of the waves.
    directed : bool
    nodes : Index, optional
        Of a two-mode network: labels of the columns.
    """

    name: str
    ties: np.ndarray
    present: np.ndarray
    waves: pd.Index
    directed: bool = True
    nodes: pd.Index | None = None

    def __post_init__(self) -> None:
        self.ties.setflags(write=False)

    @property
    def two_mode(self) -> bool:
        """Whether columns are other nodes than members."""
        return self.nodes is not None

    def _pairs(self, wave: int) -> np.ndarray:
        """Pairs that count at a wave: both there, no diagonal, an undirected pair once."""
        here = self.present[wave]
        if self.two_mode:
            return np.repeat(here[:, None], self.ties.shape[2], axis=1)
        both = np.outer(here, here)
        return np.triu(both, 1) if not self.directed else both & ~np.eye(len(here), dtype=bool)

    def table(self) -> pd.DataFrame:
        """Per wave: members present, ties, missing dyads, density among known dyads, and Jaccard with the next wave."""
        rows = []
        n_waves = len(self.ties)
        for w in range(n_waves):
            here = self._pairs(w)
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
                both = known & self._pairs(w + 1) & (self.ties[w + 1] != MISSING_TIE)
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
        Shape (n_members,), or (n_waves - 1, n_members) where value *m* holds during period *m*; NaN missing. Of the
        second-mode nodes of a two-mode network: shape (n_nodes,) or (n_waves - 1, n_nodes).
    levels : dict of str to list of str
        For a covariate made of labels, the label behind each whole number.
    dyadic : dict of str to ndarray
        Shape (n_members, n_members) or (n_waves - 1, n_members, n_members); NaN missing. In two-mode networks
        n_nodes columns.
    present : ndarray of bool, shape (n_waves, n_members)
    presence_intervals : ndarray of float, shape (n_members, 2 k)
        Entry and exit, k times, on the clock of waves (0 is the first wave, 1.5 is midway between the second and the
        third); -inf and inf for members who were there throughout; NaN where there is no second interval.
    structural : dict of str to ndarray of bool
        Per network, in the shape of its ties: ties that could not have been otherwise.
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
        directed: Mapping[str, bool] | None = None,
        two_mode: Collection[str] = (),
    ) -> JointPanel:
        """Make a panel from plain arrays.

        Parameters
        ----------
        ties : dict of str to array_like, shape (n_waves, n_members, n_members) or (n_waves, n_members, n_nodes)
            0, 1, and NaN or 255 for missing; 10 and 11 for a structural 0 and 1. In an undirected network one report
            is enough: where one cell of a pair is missing, the pair takes the value of the other.
        behavior : dict of str to array_like, shape (n_waves, n_members), optional
            NaN for missing.
        covariates : dict of str to array_like, shape (n_members,) or (n_waves - 1, n_members), optional
            NaN for missing. Also of the nodes of a two-mode network.
        dyadic : dict of str to array_like, shape (n_members, n_members) or (n_waves - 1, ...), optional
        present : array_like of bool, shape (n_waves, n_members), optional
            By default what `presence_intervals` says, or everybody. Where only `present` is given, members come and
            go in the middle of a period.
        presence_intervals : array_like, shape (n_members, 2) or list of lists, optional
            Entry and exit on the clock of waves, 0 for the first wave; several pairs for members who came back. Who
            leaves at the moment of a wave is no longer there, but at the last wave, where nothing follows.
        structural : dict of str to array_like of bool, in the shape of the ties, optional
        members, waves : sequences of labels, optional
        directed : dict of str to bool, optional
            By default a one-mode network is undirected if it is symmetric at every wave, judged on the pairs of which
            both cells are known; at least one of them has a tie.
        two_mode : collection of str
            Networks whose columns are other nodes than the members; a network that is not square is two-mode anyway.

        Raises
        ------
        ValueError
            For shapes that do not agree, names given twice, ties other than 0, 1, 10, 11 and missing, a diagonal that
            is not empty, values that are infinite or no numbers, and a network that is called undirected and is not
            symmetric.

        Examples
        --------
        >>> JointPanel.from_arrays({"advice": [[[0, 1], [0, 0]], [[0, 1], [1, 0]]]})
        JointPanel: 2 members, 2 waves
          networks   advice (1, 2 ties)
        """
        if not ties:
            raise ValueError("a panel needs at least one network: ties={'advice': array}.")
        first = np.shape(next(iter(ties.values())))
        if len(first) != 3:
            raise ValueError(
                f"ties {next(iter(ties))!r} have shape {first}; expected (n_waves, n_members, n_members), or "
                "(n_waves, n_members, n_nodes) for a two-mode network."
            )
        n_waves, n, _ = first
        if n_waves < 2:
            raise ValueError("a panel needs two waves or more; there is 1.")
        index = pd.Index(members if members is not None else _labels("m", n))
        clock = pd.Index(waves if waves is not None else range(1, n_waves + 1))
        if len(index) != n or len(clock) != n_waves:
            raise ValueError(f"{len(index)} members and {len(clock)} waves are named, the ties have {n} and {n_waves}.")
        for labels, kind in ((index, "member"), (clock, "wave")):
            if not labels.is_unique:
                again = listing(labels[labels.duplicated()].unique())
                raise ValueError(f"{again} names more than one {kind}; each needs a name of its own.")
        two_mode = [two_mode] if isinstance(two_mode, str) else two_mode
        for name in [*two_mode, *(directed or {}), *(structural or {})]:
            choose(name, ties, "network")
        intervals = _intervals(presence_intervals, index)
        if present is None:
            moments = np.arange(n_waves)[:, None, None]
            with np.errstate(invalid="ignore"):
                inside = (intervals[:, 0::2] <= moments) & (moments < intervals[:, 1::2])
            there: np.ndarray = np.any(inside, axis=2)
            # whoever leaves at the last wave answered it
            there[-1] |= (intervals[:, 1::2] == n_waves - 1).any(axis=1)
        else:
            there = _flags(present, "present", (n_waves, n))
        networks, fixed, sizes = {}, {}, {n}
        for name, values in ties.items():
            raw, mask = _tie_array(values, name, (n_waves, n), index, clock, name in two_mode)
            if structural and name in structural:
                mask = mask | _flags(structural[name], f"structural {name!r}", raw.shape)
            other = raw.shape[2] != n or name in two_mode
            nodes = pd.Index(_labels("node", raw.shape[2])) if other else None
            arcs = True if other else _is_directed(raw, name, (directed or {}).get(name), index, clock)
            if not arcs:  # what is known or fixed for one of a pair is so for both
                raw = np.where(raw == MISSING_TIE, raw.transpose(0, 2, 1), raw)
                mask = mask | mask.transpose(0, 2, 1)
            if (raw[mask] == MISSING_TIE).any():
                raise ValueError(f"structural {name!r} marks ties that are missing; a structural tie is 0 or 1.")
            networks[name] = NetworkPanel(name, raw, there, clock, arcs, nodes)
            if mask.any():
                fixed[name] = mask
                mask.setflags(write=False)
            sizes.add(raw.shape[2])
        behaviors = {
            name: BehaviorPanel(
                name,
                np.where(there, _numbers(_shaped(z, f"behavior {name!r}", (n_waves, n)), f"behavior {name!r}"), np.nan),
            )
            for name, z in (behavior or {}).items()
        }
        lengths = sorted(sizes, key=lambda size: size != n)
        values = {
            k: _shaped(v, f"covariate {k!r}", *((m,) for m in lengths), *((n_waves - 1, m) for m in lengths))
            for k, v in (covariates or {}).items()
        }
        pairs = {
            k: _shaped(v, f"dyadic {k!r}", *((n, m) for m in lengths), *((n_waves - 1, n, m) for m in lengths))
            for k, v in (dyadic or {}).items()
        }
        values, pairs = (
            {k: _numbers(v, f"{kind} {k!r}") for k, v in d.items()}
            for d, kind in ((values, "covariate"), (pairs, "dyadic"))
        )
        twice = [k for k in behaviors if k in networks or k in values] + [k for k in values if k in networks]
        if twice:
            raise ValueError(
                f"{listing(twice)} names two things: networks, behaviors and covariates need names of their own."
            )
        for array in [there, intervals, *values.values(), *pairs.values()]:
            array.setflags(write=False)
        return cls(index, clock, networks, behaviors, values, there, intervals, pairs, fixed)

    def rounded(self, behavior: str, step: float = 1.0) -> JointPanel:
        """The panel with a behavior in whole steps, as actor-oriented models need it: value / step, rounded.

        Parameters
        ----------
        behavior : str
        step : float
            How much of the behavior's own unit one step is; 0.5 makes 1.0, 1.5, 2.0 into 2, 3, 4.

        Examples
        --------
        >>> ties = np.zeros((2, 3, 3)); ties[1, 0, 1] = 1
        >>> panel = JointPanel.from_arrays({"advice": ties}, {"efficacy": [[2.4, 3.6, 1.0], [2.8, 3.2, np.nan]]})
        >>> panel.rounded("efficacy").behaviors["efficacy"].values
        array([[ 2.,  4.,  1.],
               [ 3.,  3., nan]])
        """
        if not (is_number(step) and step > 0):
            raise ValueError(f"step is {step!r}; give a positive number.")
        choose(behavior, self.behaviors, "behavior")
        # half steps go up, whatever the neighbours: numpy's rint goes to the even number
        values = np.floor(self.behaviors[behavior].values / step + 0.5)
        return replace(self, behaviors=self.behaviors | {behavior: BehaviorPanel(behavior, values)})

    def __repr__(self) -> str:
        lines = [f"JointPanel: {plural(len(self.members), 'member')}, {plural(len(self.waves), 'wave')}"]
        nets = []
        for name, net in self.networks.items():
            kind = f" two-mode, {plural(len(net.nodes), 'node')}," if net.nodes is not None else ""
            kind = kind or ("" if net.directed else " undirected,")
            nets.append(f"{name} ({', '.join(f'{t:,}' for t in net.table()['ties'])} ties{kind.rstrip(',')})")
        lines.append(f"  networks   {', '.join(nets)}")
        for title, held in (("behaviors", self.behaviors), ("covariates", self.covariates), ("dyadic", self.dyadic)):
            if held:
                lines.append(f"  {title:<10} {', '.join(held)}")
        away = int((~self.present).sum())
        if away:
            lines.append(f"  absent     {away:,} of {self.present.size:,} member-waves")
        return "\n".join(lines)


def _labels(letter: str, count: int) -> list[str]:
    return [f"{letter}{i + 1:0{len(str(count))}d}" for i in range(count)]


def _shaped(values: Any, name: str, *shapes: tuple[int, ...]) -> np.ndarray:
    array = np.asarray(values)
    if array.shape not in shapes:
        wanted = " or ".join(str(s) for s in dict.fromkeys(shapes))
        raise ValueError(f"{name} has shape {array.shape}; expected {wanted}.")
    return array


def _flags(values: Any, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Whether, cell by cell; anything but true and false, 1 and 0 is refused."""
    array = _shaped(values, name, shape)
    for place in np.argwhere(~np.isin(_numbers(array, name), (0, 1)))[:1]:
        cell = tuple(place.tolist())
        raise ValueError(f"{name}{list(cell)} is {array[cell]}; give True or False for every cell.")
    return array.astype(bool)


def _numbers(values: np.ndarray, name: str) -> np.ndarray:
    """Floats, NaN where missing; anything infinite or in words is refused."""
    try:
        floats = values.astype(float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is not made of numbers; give each label a number, and NaN for missing.") from None
    endless = int(np.isinf(floats).sum())
    if endless:
        raise ValueError(f"{name} is infinite in {plural(endless, 'place')}; write NaN for missing.")
    return np.asarray(floats)


def _intervals(given: Any, members: pd.Index) -> np.ndarray:
    """Entry and exit in pairs of columns, NaN where a member has fewer pairs than another."""
    n = len(members)
    if given is None:
        return np.tile([-np.inf, np.inf], (n, 1))
    rows = [np.asarray(row, dtype=float).ravel() for row in given]
    if len(rows) != n or any(len(row) % 2 or not len(row) for row in rows):
        raise ValueError(
            f"presence_intervals has {plural(len(rows), 'row')}; give {plural(n, 'member')} one row of entry and exit "
            "each (several pairs for those who came back)."
        )
    table = np.full((n, max(len(row) for row in rows)), np.nan)
    for i, row in enumerate(rows):
        table[i, : len(row)] = row
        known = row[~np.isnan(row)]
        if len(known) % 2 or (np.diff(known) < 0).any():
            raise ValueError(f"presence_intervals of {members[i]} are {row.tolist()}: entry comes before exit.")
    return table


def _is_directed(raw: np.ndarray, name: str, said: bool | None, members: pd.Index, waves: pd.Index) -> bool:
    """Whether a one-mode network has arcs: by default unless pairs known from both sides agree, one of them tied."""
    back = raw.transpose(0, 2, 1)
    known = (raw != MISSING_TIE) & (back != MISSING_TIE)
    apart = known & (raw != back)
    if said is False and apart.any():
        w, i, j = (int(k[0]) for k in np.nonzero(apart))
        raise ValueError(
            f"ties {name!r} are called undirected, but wave {waves[w]} is not symmetric ({members[i]} to "
            f"{members[j]}). Symmetrize them first."
        )
    return bool(apart.any() or not (raw[known] == 1).any()) if said is None else bool(said)


def _tie_array(
    values: Any, name: str, size: tuple[int, int], members: pd.Index, waves: pd.Index, two_mode: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Ties as uint8 with 255 for missing, checked; and which of them are structural (codes 10 and 11)."""
    given = np.asarray(values, dtype=float)
    if given.ndim != 3 or given.shape[:2] != size:
        raise ValueError(f"ties {name!r} has shape {given.shape}; expected {(*size, size[1])}.")
    raw = np.where(np.isnan(given), MISSING_TIE, given)
    structural = (raw == 10) | (raw == 11)
    raw = np.where(structural, raw - 10, raw)
    square = given.shape[2] == size[1] and not two_mode
    odd = ~np.isin(raw, [0, 1, MISSING_TIE])
    if odd.any():
        w, i, j = (int(k[0]) for k in np.nonzero(odd))
        alter = members[j] if square else f"node {j + 1}"
        raise ValueError(
            f"ties {name!r}: wave {waves[w]}, {members[i]} to {alter} is {raw[w, i, j]:g}; "
            "write 0, 1, or NaN (255) for missing, 10 or 11 for structural."
        )
    ties = raw.astype(np.uint8)
    if square:
        own = np.einsum("wii->wi", raw) == 1
        if own.any():
            w, i = (int(k[0]) for k in np.nonzero(own))
            raise ValueError(
                f"ties {name!r}: wave {waves[w]}, {listing([members[i]])} names itself; the diagonal is 0."
            )
        here = np.arange(size[1])
        ties[:, here, here] = 0
        structural[:, here, here] = False
    return ties, structural

r"""Opinions that are drawn to others and held back by their own start: Friedkin and Johnsen's model.

Each member moves to a weighted mean of the others' opinions, as far as they are susceptible
(:math:`a_i` from 0, stubborn, to 1, following the others entirely), and keeps hold of what they first thought:

.. math:: y(t + 1) = A W y(t) + (I - A)\,y(0), \qquad A = \mathrm{diag}(a_i).

If nobody's doubt goes round in a circle (see :func:`friedkin_johnsen`), opinions settle at :math:`V y(0)` with
:math:`V = (I - AW)^{-1}(I - A)`. The rows of V sum to 1; its column j says how much the start of j is in everybody's
final opinion. Moved to one side, the model is a regression through the origin with one coefficient a member, or one a
level of members:

.. math:: y_i(t + 1) - y_i(0) = a_i\,[(W y(t))_i - y_i(0)] + e_i(t + 1).

The start is on both sides: opinions that are nothing but noise around a mean look susceptible. So the weights of the
others and of the start are estimated freely as well, and tested for summing to 1.

References
----------
Friedkin & Johnsen (1990), Journal of Mathematical Sociology 15(3-4), 193-206, doi:10.1080/0022250X.1990.9990069.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu
from scipy.stats import norm

from coplearn._checks import listing, plural
from coplearn.design import members_of, response
from coplearn.moments import Moments, unit
from coplearn.results import Estimates, said
from coplearn.weights import row_normalize, weight_matrix

__all__ = ["Equilibrium", "FriedkinJohnsen", "FriedkinJohnsenResults", "friedkin_johnsen"]


# --- where opinions settle ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """Where opinions settle.

    Attributes
    ----------
    opinions : Series of float
        One a member, in the unit of the start.
    weights : DataFrame of float, shape (n_members, n_members)
        V: row = whose opinion, column = whose start is in it; rows sum to 1.
    claim : str
        "descriptive": what follows if the model holds.
    caveats : tuple of str
    """

    opinions: pd.Series
    weights: pd.DataFrame
    caveats: tuple[str, ...]
    claim: str = "descriptive"

    @property
    def total_influence(self) -> pd.Series:
        """Mean weight of each member's start in everybody's final opinion; they sum to 1."""
        return self.weights.mean(axis=0).rename("total influence")

    def table(self) -> pd.DataFrame:
        """One row a member: final opinion, total influence."""
        return pd.DataFrame({"opinion": self.opinions, "total influence": self.total_influence})

    def summary(self) -> str:
        """Plain text: members by influence, the claim and the caveats."""
        table = self.table().sort_values("total influence", ascending=False, kind="stable")
        lines = [
            f"Friedkin-Johnsen equilibrium    {plural(len(table), 'member')}",
            table.head(10).to_string(float_format=lambda v: f"{v:.4f}"),
        ]
        return said(lines, self.claim, self.caveats)

    def __repr__(self) -> str:
        return self.summary()


def friedkin_johnsen(weights: Any, susceptibility: Any, start: Any) -> Equilibrium:
    """Where opinions settle if members are drawn to others and held back by their start.

    Parameters
    ----------
    weights : DataFrame, array or scipy.sparse array, shape (n_members, n_members)
        Row = who listens; rows are divided by their sums. A member who listens to nobody keeps the start.
    susceptibility : float, Series or array of float, shape (n_members,)
        From 0 (stubborn) to 1.
    start : Series or array of float, shape (n_members,)

    Returns
    -------
    Equilibrium

    Raises
    ------
    ValueError
        If there is no equilibrium: some members listen only to one another and none of them holds on to the start
        (susceptibility 1), so that their opinions never come to rest or rest anywhere; and for values out of range.

    Examples
    --------
    >>> w = np.array([[0, 0.5, 0.5], [1, 0, 0], [0.2, 0.8, 0]])
    >>> res = friedkin_johnsen(w, [0.5, 0.8, 0.9], [1, 0, 0])
    >>> res.opinions.round(4).tolist(), res.total_influence.round(4).tolist()
    ([0.8183, 0.6547, 0.6187], [0.6972, 0.2346, 0.0682])
    """
    members = members_of(start, None, [weights])
    y0 = response(start, members)
    w = row_normalize(weight_matrix(weights, "weights", members))
    if isinstance(susceptibility, pd.Series) and susceptibility.index.has_duplicates:
        again = susceptibility.index[susceptibility.index.duplicated()].unique()
        raise ValueError(f"more than one susceptibility of {listing(again)}.")
    given = pd.Series(susceptibility, index=members if np.ndim(susceptibility) == 0 else None)
    a = given.reindex(members).to_numpy(float) if isinstance(susceptibility, pd.Series) else given.to_numpy(float)
    if len(a) != len(members):
        raise ValueError(f"susceptibility has {plural(len(a), 'value')}, the start {len(members)}.")
    wrong = ~((a >= 0) & (a <= 1))
    if wrong.any():
        raise ValueError(f"susceptibility of {listing(members[wrong])} is missing or not between 0 and 1.")
    alone = np.asarray(w.sum(axis=1)).ravel() == 0
    a = np.where(alone, 0.0, a)
    circle = _unheld(w, a)
    if len(circle):
        raise ValueError(
            f"there is no equilibrium: {listing(members[circle])} listen only to one another, and none of them holds "
            "on to the start (susceptibility 1). Give one of them a susceptibility below 1."
        )
    n = len(members)
    v = splu(sparse.csc_array(sparse.eye_array(n) - sparse.diags_array(a) @ w)).solve(np.diag(1 - a))
    caveats = ["weights and susceptibilities are taken as known, and the same at every step."]
    if alone.any():
        caveats.append(f"{plural(int(alone.sum()), 'isolate')} ({listing(members[alone])}): they keep their start.")
    return Equilibrium(
        pd.Series(v @ y0, index=members, name="opinion"),
        pd.DataFrame(v, index=members, columns=members),
        tuple(caveats),
    )


def _unheld(w: sparse.csr_array, a: np.ndarray) -> np.ndarray:
    """Members of the first closed class (nobody in it listens to anybody outside) in which every a is 1."""
    count, label = connected_components(w, directed=True, connection="strong")
    ego, alter = w.nonzero()
    leaves = np.zeros(count, dtype=bool)
    leaves[label[ego[label[ego] != label[alter]]]] = True
    holds = np.zeros(count, dtype=bool)
    holds[label[a < 1]] = True
    bad = np.flatnonzero(~leaves & ~holds)
    return np.flatnonzero(label == bad[0]) if len(bad) else np.zeros(0, dtype=int)


# --- estimates from waves -----------------------------------------------------------------------------------


class FriedkinJohnsen:
    """Susceptibility of members, estimated from waves of opinions.

    Parameters
    ----------
    y : DataFrame of float, shape (n_members, n_waves)
        Opinions, waves in order, the first one the start; NaN where unknown.
    weights : matrix or sequence of matrices, shape (n_members, n_members)
        Who listens to whom: one matrix for all steps, or one for each wave but the last. Rows are divided by their
        sums over alters whose opinion is known.

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> w = rng.random((40, 40)) * (rng.random((40, 40)) < 0.1) * (1 - np.eye(40))
    >>> start, w = rng.normal(size=40), cl.row_normalize(w)
    >>> first = 0.6 * w @ start + 0.4 * start
    >>> second = 0.6 * w @ first + 0.4 * start
    >>> FriedkinJohnsen(pd.DataFrame({1: start, 2: first, 3: second}), w).fit().params.round(6).to_dict()
    {'everybody': 0.6}
    """

    def __init__(self, y: pd.DataFrame, weights: Any) -> None:
        if not isinstance(y, pd.DataFrame) or y.shape[1] < 2:
            raise ValueError("y is a frame of members by waves, with two waves or more.")
        self.members, self.waves = y.index, y.columns
        self.y = y.to_numpy(dtype=float)
        if np.isinf(self.y).any():
            who = self.members[np.isinf(self.y).any(axis=1)]
            raise ValueError(f"an opinion of {listing(who)} is infinite. Write NaN where unknown.")
        steps = y.shape[1] - 1
        several = isinstance(weights, list | tuple) or (isinstance(weights, np.ndarray) and weights.ndim == 3)
        matrices = list(weights) if several else [weights] * steps
        if len(matrices) != steps:
            raise ValueError(f"{plural(len(matrices), 'matrix', 'matrices')} for {steps} steps between waves.")
        self.weights = [
            weight_matrix(w, f"of wave {wave}", y.index) for w, wave in zip(matrices, y.columns, strict=False)
        ]

    def __repr__(self) -> str:
        return f"FriedkinJohnsen: {plural(len(self.members), 'member')}, {plural(len(self.waves), 'wave')}"

    def fit(self, by: Any = None) -> FriedkinJohnsenResults:
        """Least squares with every susceptibility between 0 and 1.

        Parameters
        ----------
        by : Series, or "member", optional
            Level of each member, with one susceptibility a level; "member" for one each, drawn to their mean as far
            as single estimates are imprecise (empirical Bayes). By default one for everybody.

        Returns
        -------
        FriedkinJohnsenResults

        Raises
        ------
        ValueError
            For a level without a usable step.
        """
        own = isinstance(by, str)
        if own and by != "member":
            raise ValueError(f"by is a Series of levels or 'member', not {by!r}.")
        if not (by is None or own or isinstance(by, pd.Series)):
            raise TypeError(f"by is a Series of levels by member or 'member', not {type(by).__name__}.")
        if isinstance(by, pd.Series) and by.index.has_duplicates:
            raise ValueError(f"more than one level of {listing(by.index[by.index.duplicated()].unique())}.")
        if by is None:
            level = pd.Series("everybody", index=self.members)
        else:
            level = pd.Series(self.members, index=self.members) if own else by.reindex(self.members)
        if level.isna().any():
            raise ValueError(f"no level for {listing(self.members[level.isna()])}.")
        pulls, moves = self._steps()
        usable = np.isfinite(pulls) & np.isfinite(moves)
        d, r = np.where(usable, pulls, 0.0), np.where(usable, moves, 0.0)
        square, cross = (d**2).sum(axis=1), (d * r).sum(axis=1)
        names = pd.Index(level.unique())
        code = names.get_indexer(level)
        total = np.bincount(code, square, len(names))
        if own:
            names, code, total = names[total > 0], np.cumsum(total > 0) - 1, total[total > 0]
            kept = square > 0
            estimate = cross[kept] / square[kept]
        else:
            kept = np.ones(len(code), dtype=bool)
            if (total == 0).any():
                raise ValueError(
                    f"nobody of level {listing(names[total == 0])} has a known step on which the others pulled "
                    "away from the start."
                )
            estimate = np.bincount(code, cross, len(names)) / total
        if not len(names):
            raise ValueError("no member has a known step: it takes the start, the next opinion and those of alters.")
        left = r - estimate[code][:, None] * d if not own else r[kept] - estimate[:, None] * d[kept]
        n_steps = int(usable[kept].sum())
        caveats = [
            "susceptibility holds all that moves members to those they are tied to: influence, common circumstances, "
            "and, where the start was measured with error, a return to the mean."
        ]
        if own:
            s2 = float((left**2 * usable[kept]).sum()) / max(n_steps - len(names), 1)
            variance = s2 / total
            estimate, variance = _shrunk(estimate, variance)
            caveats.append("estimates are drawn to their mean: intervals are those of the members, not of their mean.")
        else:
            score = (d * left).sum(axis=1)
            counts = np.bincount(code, square > 0, len(names))
            few = np.maximum(counts - 1, 1)
            variance = np.bincount(code, score**2, len(names)) / total**2 * counts / few
            thin = names[counts < 20]
            if len(thin):
                caveats.append(f"fewer than 20 members behind {listing(thin)}: intervals are too short.")
        free = self._free(usable)
        test = _sum_test(free)
        if test["p"] < 0.05:
            caveats.append(
                f"the model does not hold (p {test['p']:.3f}): left free, the others have weight {test['others']:.2f}, "
                f"the start {test['start']:.2f}, which do not sum to 1. See constraint_test()."
            )
        outside = (estimate < 0) | (estimate > 1)
        if outside.any():
            caveats.append(f"least squares left the range 0 to 1 for {listing(names[outside])}: set to its end.")
        params = pd.Series(np.clip(estimate, 0, 1), index=names, name="estimate")
        found = level.map(params) if not own else params.reindex(self.members)
        return FriedkinJohnsenResults(
            params=params,
            covariance=pd.DataFrame(np.diag(variance), index=names, columns=names),
            nobs=n_steps,
            claim="adjusted association",
            caveats=tuple(caveats),
            susceptibility=found.rename("susceptibility"),
            model=self,
            free=free,
        )

    def _free(self, usable: np.ndarray) -> Moments:
        """Next opinions on an intercept, what was heard, and the start; rows of one member are a cluster."""
        pulls, moves = self._steps()
        start = np.repeat(self.y[:, [0]], pulls.shape[1], axis=1)
        x = np.column_stack([np.ones(int(usable.sum())), (pulls + start)[usable], start[usable]])
        who = np.repeat(np.arange(len(self.y))[:, None], pulls.shape[1], axis=1)[usable]
        return Moments((moves + start)[usable], x, x, pd.factorize(who)[0])

    def _steps(self) -> tuple[np.ndarray, np.ndarray]:
        """Pull of the others (W y - start) and move (next opinion - start): shape (n_members, n_waves - 1)."""
        start = self.y[:, [0]]
        heard = np.full((len(self.y), len(self.weights)), np.nan)
        for k, w in enumerate(self.weights):
            known = np.isfinite(self.y[:, k])
            weight = w @ known.astype(float)
            np.divide(w @ np.where(known, self.y[:, k], 0.0), weight, out=heard[:, k], where=weight > 0)
        return heard - start, self.y[:, 1:] - start


def _shrunk(estimate: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Empirical Bayes: estimates drawn to their precision-weighted mean (variance between by DerSimonian and Laird)."""
    weight = 1 / np.maximum(variance, 1e-300)
    mean = float(weight @ estimate / weight.sum())
    excess = float(weight @ (estimate - mean) ** 2) - (len(estimate) - 1)
    spread = weight.sum() - float(weight @ weight) / weight.sum()
    between = max(0.0, excess / spread) if spread > 0 else 0.0
    share = between / (between + variance) if between > 0 else np.zeros(len(estimate))
    return mean + share * (estimate - mean), share * variance + (1 - share) ** 2 / weight.sum()


def _sum_test(free: Moments) -> dict[str, float]:
    """Weights of others and start, their sum, and a test that it is 1; NaN where they cannot be told apart."""
    n, k = free.x.shape
    if n <= k or np.linalg.matrix_rank(unit(free.x)) < k or len(np.unique(free.cluster)) <= k:
        return dict.fromkeys(("others", "start", "sum", "se", "p"), math.nan)
    others, start = (float(b) for b in free.beta[1:])
    se = math.sqrt(float(free.covariance[1:, 1:].sum()))
    p = float(2 * norm.sf(abs(others + start - 1) / se)) if se > 1e-9 else math.nan
    return {"others": others, "start": start, "sum": others + start, "se": se, "p": p}


@dataclass(frozen=True, eq=False)
class FriedkinJohnsenResults(Estimates):
    """Susceptibilities.

    Attributes
    ----------
    params, covariance, nobs, claim, caveats
        See :class:`coplearn.results.Estimates`; one parameter a level, standard errors clustered by member. ``nobs``
        counts steps of members from wave to wave.
    susceptibility : Series of float
        One a member; NaN where a member of its own had no known step.
    """

    susceptibility: pd.Series
    model: FriedkinJohnsen
    free: Moments

    def constraint_test(self) -> dict[str, float]:
        """Weights of the others and of the start when left free, one for everybody, and a test that they sum to 1.

        Returns
        -------
        dict
            others, start, sum, se (of the sum), p (two-sided, clustered by member); NaN where there is too little.
        """
        return _sum_test(self.free)

    def equilibrium(self, start: Any = None) -> Equilibrium:
        """Where opinions would settle from `start` (by default the first wave) with the last known ties."""
        begin = pd.Series(self.model.y[:, 0], index=self.model.members) if start is None else start
        known = self.susceptibility.fillna(float(self.params.mean()))
        return friedkin_johnsen(self.model.weights[-1], known, begin)

    def summary(self) -> str:
        """Plain text: susceptibilities, the claim and the caveats."""
        table, test = self.table(), self.constraint_test()
        lines = [
            f"Friedkin-Johnsen    {plural(len(self.susceptibility), 'member')}, {plural(self.nobs, 'step')}",
            table.head(20).to_string(float_format=lambda v: f"{v:.3f}"),
            *([f"... and {len(table) - 20} more"] if len(table) > 20 else []),
            f"left free: others {test['others']:.3f}, start {test['start']:.3f}; sum to 1: p {test['p']:.3f}",
        ]
        return said(lines, self.claim, self.caveats)

    def __repr__(self) -> str:
        return self.summary()

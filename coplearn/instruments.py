r"""Peer effects identified by the gaps of a network: friends of friends as instruments.

In the linear-in-means model a member answers to the mean outcome of those they are tied to, to the mean of their
traits, and to their own,

.. math:: y = \alpha + \beta\,Gy + X\gamma + GX\delta + \varepsilon,

G being the ties with rows that sum to 1. If everybody in a group is tied to everybody, the mean outcome is a mixture of
the other terms and nothing can tell them apart (Manski's reflection). Gaps help: the traits of friends of friends who
are no friends of mine move my friends, and me only through them. :math:`\beta` is identified if I, G and
:math:`G^2` are linearly independent and :math:`\beta\gamma + \delta \ne 0`; where groups have something in common that
must be taken out, by :math:`I - G`, it takes I, G, :math:`G^2` and :math:`G^3`. Then :math:`G^2X` and :math:`G^3X` are
instruments for Gy. All this supposes that **ties do not depend on what is left in** :math:`\varepsilon`: who chose
friends for a trait that nobody measured has friends of friends with that trait as well.

With weak instruments the usual interval is wrong. The **Anderson-Rubin set** holds every :math:`\beta_0` for which
instruments do not explain :math:`y - \beta_0 Gy`; it has its level however weak they are, and may be an interval, two
half-lines, the whole line, or empty.

References
----------
Anderson & Rubin (1949), Annals of Mathematical Statistics 20(1), 46-63, doi:10.1214/aoms/1177730090.
Bramoullé, Djebbari & Fortin (2009), Journal of Econometrics 150(1), 41-55, doi:10.1016/j.jeconom.2008.12.021.
Manski (1993), Review of Economic Studies 60(3), 531-542, doi:10.2307/2298123.
Stock & Yogo (2005), in Identification and inference for econometric models, doi:10.1017/CBO9780511614491.006.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import f as fisher

from coplearn._checks import choose, level, listing, plural
from coplearn.design import INTERCEPT, design, full_rank, members_of, response
from coplearn.moments import Moments, unit
from coplearn.results import Estimates, said
from coplearn.weights import by_member, row_normalize, weight_matrix

__all__ = ["Identification", "LinearInMeans", "LinearInMeansResults", "check_identification"]

PEERS = "peers"
TOLERANCE = 1e-6  # singular value, of columns of length one, below which powers of G are dependent
NEAR = 0.05  # below which they are nearly so
WEAK = 10.0
FEW = 20  # clusters below which clustered errors are rough


# --- can it be told apart? --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Identification:
    """Whether a network can tell peers' outcomes from peers' traits.

    Attributes
    ----------
    powers : tuple of str
        The matrices that must be linearly independent.
    rank : int
        How many of them are.
    smallest : float
        Smallest singular value of the matrices, each as a column of length one: 0 where they are dependent.
    open_triads : float
        Share of two-step paths, from a member over another to a third, without a direct tie to the third.
    transitive : bool
        No such path is open: everybody's friends of friends are friends.
    identified : bool
    claim : str
        "descriptive".
    caveats : tuple of str
    """

    powers: tuple[str, ...]
    rank: int
    smallest: float
    open_triads: float
    transitive: bool
    caveats: tuple[str, ...]
    claim: str = "descriptive"

    @property
    def identified(self) -> bool:
        return self.rank == len(self.powers)

    def summary(self) -> str:
        """Plain text: the verdict, the claim and the caveats."""
        word = "identified" if self.identified else "not identified"
        line = (
            f"{word}: {', '.join(self.powers)} have rank {self.rank} of {len(self.powers)}, smallest singular value "
            f"{self.smallest:.4f}; {self.open_triads:.0%} of two-step paths are open"
        )
        return said([line], self.claim, self.caveats)


def check_identification(weights: Any, network_effects: bool = False) -> Identification:
    """Whether I, G, G² (with what networks have in common taken out: also G³) are linearly independent.

    Parameters
    ----------
    weights : DataFrame, array or scipy.sparse array, shape (n_members, n_members)
        Rows are divided by their sums.
    network_effects : bool
        Whether what tied members have in common is to be taken out.

    Returns
    -------
    Identification

    Examples
    --------
    A ring has gaps, a group in which everybody is tied to everybody has none:

    >>> ring = np.roll(np.eye(6), 1, axis=1)
    >>> check_identification(ring + ring.T).identified
    True
    >>> check_identification(np.ones((6, 6)) - np.eye(6)).identified
    False
    """
    n = weights.shape[0] if hasattr(weights, "shape") else len(weights)
    members = weights.index if isinstance(weights, pd.DataFrame) else pd.RangeIndex(n)
    return _identification(row_normalize(weight_matrix(weights, "weights", members)), network_effects, members)


def _identification(g: sparse.csr_array, network_effects: bool, members: pd.Index) -> Identification:
    n = g.shape[0]
    powers = [sparse.csr_array(sparse.eye_array(n)), g, g @ g]
    names = ["I", "G", "G²"]
    if network_effects:
        powers.append(powers[2] @ g)
        names.append("G³")
    lengths = [math.sqrt(float(p.multiply(p).sum())) for p in powers]
    gram = np.array(
        [
            [float(p.multiply(q).sum()) / max(a * b, 1e-300) for q, b in zip(powers, lengths, strict=True)]
            for p, a in zip(powers, lengths, strict=True)
        ]
    )
    values = np.sqrt(np.maximum(np.linalg.eigvalsh(gram), 0.0))
    tie = (g > 0).astype(float)
    paths = sparse.csr_array(tie @ tie)
    paths.setdiag(0)
    total = float(paths.sum())
    closed = float(paths.multiply(tie).sum())
    open_share = 1 - closed / total if total else 0.0
    alone = members[np.asarray(g.sum(axis=1)).ravel() == 0]
    caveats = ["this is about the ties as they are: that they are exogenous no matrix can say."]
    if values[0] > TOLERANCE and values[0] < NEAR:
        caveats.append("the matrices are nearly dependent: expect weak instruments.")
    if len(alone):
        caveats.append(
            f"{plural(len(alone), 'isolate')} ({listing(alone)}): zero rows help the rank, and say nothing about peers."
        )
    return Identification(
        tuple(names), int((values > TOLERANCE).sum()), float(values[0]), open_share, open_share == 0, tuple(caveats)
    )


# --- the model ------------------------------------------------------------------------------------------------


class LinearInMeans:
    """Peer effects by two-stage least squares with traits of friends of friends as instruments.

    Parameters
    ----------
    y : Series or array of float, shape (n_members,)
    X : DataFrame, Series or array of float, shape (n_members, n_covariates)
        Traits that do not answer to the outcome; their means over peers enter as ``peers' ...``.
    weights : DataFrame, array or scipy.sparse array, shape (n_members, n_members)
        Row = who answers to whom; rows are divided by their sums. Several networks stand along the diagonal.

    Raises
    ------
    ValueError
        As :class:`coplearn.network_effects.NetworkEffects`; and for an X without a covariate.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> g = cl.row_normalize((rng.random((300, 300)) < 0.01) * (1.0 - np.eye(300)))
    >>> x = rng.normal(size=300)
    >>> y = np.linalg.solve(np.eye(300) - 0.4 * g, 1 + x + 0.5 * g @ x + 0.5 * rng.normal(size=300))
    >>> res = LinearInMeans(y, pd.DataFrame({"x": x}), g).fit()
    >>> res.params.round(2).to_dict()
    {'peers': 0.52, 'intercept': 0.78, 'x': 1.02, "peers' x": 0.37}
    """

    def __init__(self, y: Any, X: Any, weights: Any) -> None:
        self.members = members_of(y, X, [weights])
        self.y = response(y, self.members)
        if np.ptp(self.y) == 0:
            raise ValueError(f"y is {self.y[0]:g} for every member, so there is nothing to explain.")
        self.X = design(X, self.members).drop(columns=INTERCEPT, errors="ignore")
        constant = [c for c in self.X if np.ptp(self.X[c].to_numpy()) == 0]
        self.X = self.X.drop(columns=constant)
        if not len(self.X.columns):
            raise ValueError("X has no covariate: without traits of others there are no instruments.")
        self.G = row_normalize(weight_matrix(weights, "weights", self.members))

    def __repr__(self) -> str:
        return f"LinearInMeans: {plural(len(self.y), 'member')}, {plural(self.X.shape[1], 'covariate')}"

    def check_identification(self, network_effects: bool = False) -> Identification:
        """See :func:`check_identification`."""
        return _identification(self.G, network_effects, self.members)

    def fit(
        self,
        network_effects: bool = False,
        covariance: str = "robust",
        clusters: Any = None,
        assigned: bool = False,
    ) -> LinearInMeansResults:
        """Two-stage least squares.

        Parameters
        ----------
        network_effects : bool
            Take out what a network has in common, by subtracting the mean over peers from every member with peers.
            Standard errors then follow from errors of one variance, of which each member has a mixture.
        covariance : {"robust", "plain"}
            Standard errors for unequal variances (or for dependence within `clusters`), or for one variance and
            independent rows.
        clusters : Series or array, shape (n_members,), optional
            Networks or groups within which errors may depend on each other.
        assigned : bool
            Say True only if ties were assigned, as by lot. The claim is then "design identified" if the instruments are
            strong enough to carry it; otherwise it is an adjusted association.

        Returns
        -------
        LinearInMeansResults

        Raises
        ------
        ValueError
            If the network does not identify peer effects, or instruments say nothing beyond the covariates.
        """
        choose(covariance, ["robust", "plain"], "covariance")
        groups = None if clusters is None else _groups(clusters, self.members)
        report = self.check_identification(network_effects)
        if not report.identified:
            raise ValueError(
                f"{', '.join(report.powers)} are linearly dependent, so that peers' outcomes cannot be told from "
                "peers' traits (reflection)"
                + (": everybody's friends of friends are friends." if report.transitive else ".")
                + " See check_identification()."
            )
        g, x = self.G, self.X.to_numpy()
        kept = np.asarray(g.sum(axis=1)).ravel() > 0 if network_effects else np.ones(len(self.y), dtype=bool)

        def taken(array: np.ndarray) -> np.ndarray:
            return (array - g @ array if network_effects else array)[kept]

        gx = g @ x
        exogenous = pd.DataFrame(
            np.column_stack([taken(x), taken(gx)]),
            columns=[*self.X.columns, *(f"{PEERS}' {c}" for c in self.X.columns)],
            index=self.members[kept],
        )
        if not network_effects:
            exogenous.insert(0, INTERCEPT, 1.0)
        exogenous = full_rank(exogenous)
        excluded = np.column_stack([taken(g @ gx), taken(g @ (g @ gx))])
        own = unit(exogenous.to_numpy())
        left = excluded - own @ np.linalg.lstsq(own, excluded, rcond=None)[0]
        if not (np.linalg.norm(left, axis=0) > 1e-9 * np.linalg.norm(excluded, axis=0)).any():
            raise ValueError(
                "the traits of friends of friends are a combination of the covariates: there are no instruments."
            )
        names = pd.Index([PEERS, *exogenous.columns])
        moments = Moments(
            taken(self.y),
            np.column_stack([taken(g @ self.y), exogenous.to_numpy()]),
            np.column_stack([exogenous.to_numpy(), excluded]),
            np.arange(int(kept.sum())) if groups is None else pd.factorize(groups[kept])[0],
            # a member's error now holds those of peers, whose own hold them, too
            mixing=sparse.csr_array(sparse.eye_array(len(self.y)) - g)[kept] if network_effects else None,
        )
        if len(moments.y) <= moments.z.shape[1]:
            raise ValueError(f"{plural(len(moments.y), 'member')} cannot carry {moments.z.shape[1]} instruments.")
        if moments.residuals @ moments.residuals <= 1e-20 * (moments.y @ moments.y):
            raise ValueError("y is exactly what peers and covariates tell, so nothing is left to tell errors from.")
        cov = moments.plain_covariance if covariance == "plain" else moments.covariance
        strength = float(moments.conditional_f([0])[0])
        claim = "design identified" if assigned and strength >= WEAK else "adjusted association"
        caveats = tuple(self._caveats(moments, strength, assigned, network_effects, kept))
        return LinearInMeansResults(
            params=pd.Series(moments.beta, index=names, name="estimate"),
            covariance=pd.DataFrame(cov, index=names, columns=names),
            nobs=len(moments.y),
            claim=claim,
            caveats=caveats,
            identification=report,
            first_stage_f=strength,
            moments=moments,
        )

    def _caveats(
        self, moments: Moments, strength: float, assigned: bool, network_effects: bool, kept: np.ndarray
    ) -> Iterator[str]:
        if assigned:
            yield "the estimate stands on ties having been assigned without regard to the outcome, as was declared."
        else:
            yield (
                "the instruments are valid only if ties are exogenous: members who chose each other for an unmeasured "
                "trait that matters for y break this."
            )
        if not strength >= WEAK:
            yield (
                f"weak instruments (first-stage F {strength:.1f}, below {WEAK:g}): do not read the interval of "
                f"{PEERS}; read anderson_rubin()."
            )
        agreed = moments.hansen()
        if agreed["p"] < 0.05:
            yield f"the instruments contradict each other (Hansen's J, p {agreed['p']:.3f}): some are not valid."
        if abs(float(moments.beta[0])) >= 1:
            yield f"{PEERS} is {moments.beta[0]:.2f}: at 1 or beyond, outcomes would not come to rest."
        alone = np.asarray(self.G.sum(axis=1)).ravel() == 0
        if alone.any():
            who = f"{plural(int(alone.sum()), 'isolate')} ({listing(self.members[alone])})"
            yield f"{who} left out." if network_effects else f"{who} with exposure 0: consider a mark of them in X."
        groups = len(np.unique(moments.cluster))
        if groups < min(FEW, len(moments.y)):
            yield f"{plural(groups, 'cluster')}, fewer than {FEW}: standard errors and intervals are too small."
        if (n := int(kept.sum())) < 100:
            yield f"{plural(n, 'member')}: two-stage least squares leans towards ordinary regression in small samples."


def _groups(clusters: Any, members: pd.Index) -> np.ndarray:
    """The cluster of each member, in the order of the members."""
    clusters = by_member(clusters, "clusters", members)
    if len(clusters) != len(members):
        raise ValueError(f"clusters has {plural(len(clusters), 'value')} for {plural(len(members), 'member')}.")
    groups = pd.Series(clusters).to_numpy()
    unknown = np.asarray(pd.isna(groups))
    if unknown.any():
        raise ValueError(f"no cluster for {listing(members[unknown])}. Give one for every member.")
    if len(pd.unique(groups)) < 2:
        raise ValueError("clusters holds one label for everybody; it takes two or more, better some dozens.")
    return groups


@dataclass(frozen=True, eq=False)
class LinearInMeansResults(Estimates):
    """Estimates of a :class:`LinearInMeans` model.

    Attributes
    ----------
    params, covariance, nobs, claim, caveats
        See :class:`coplearn.results.Estimates`: ``peers`` (beta), the intercept, covariates (gamma), and their means
        over peers (``peers' ...``, delta).
    identification : Identification
    first_stage_f : float
        Partial F of the instruments for Gy.
    """

    identification: Identification
    first_stage_f: float
    moments: Moments

    def overidentification(self) -> dict[str, float]:
        """Hansen's J, that the instruments agree: statistic, df, p."""
        return self.moments.hansen()

    def ordinary(self) -> pd.Series:
        """What ordinary regression would say: own outcome is in that of peers, so ``peers`` is off."""
        x = self.moments.x
        plain = Moments(self.moments.y, x, x, self.moments.cluster)
        return pd.Series(plain.beta, index=self.params.index)

    def anderson_rubin(self, alpha: float = 0.05) -> AndersonRubin:
        """The set of values of ``peers`` that instruments do not refute, whatever their strength.

        Its level is exact for independent normal errors of one variance, and approximate otherwise.
        """
        return AndersonRubin.of(self.moments, level(alpha))

    def summary(self) -> str:
        """Plain text: estimates, identification, strength of the instruments, the claim and the caveats."""
        agreed = self.overidentification()
        lines = [
            f"Linear in means    {plural(self.nobs, 'member')}    two-stage least squares, instruments G²X and G³X",
            self.table().to_string(float_format=lambda v: f"{v:.3f}"),
            self.identification.summary().splitlines()[0],
            f"first-stage F {self.first_stage_f:.1f}; Hansen's J {agreed['statistic']:.2f} on {agreed['df']} df, "
            f"p {agreed['p']:.3f}; {self.anderson_rubin()}",
        ]
        return said(lines, self.claim, self.caveats)

    def __repr__(self) -> str:
        return self.summary()


@dataclass(frozen=True)
class AndersonRubin:
    """Values of the peer effect that are not refuted.

    Attributes
    ----------
    kind : str
        "interval", "half-lines" (everything but the open interval from low to high), "line", or "empty".
    low, high : float
    alpha : float
    """

    kind: str
    low: float
    high: float
    alpha: float

    @classmethod
    def of(cls, moments: Moments, alpha: float) -> AndersonRubin:
        r"""From the quadratic inequality :math:`(y - b\,x)'(P - cM)(y - b\,x) \le 0`.

        y, x and instruments are without what exogenous columns explain, P projects on instruments, M is the rest, and
        :math:`c = q F_{1-\alpha} / (n - k - q)`; P and c make up for errors that are mixtures.
        """
        fixed = unit(moments.x[:, 1:])
        both = np.column_stack([moments.y, moments.x[:, 0], unit(moments.z)])
        both = both - fixed @ np.linalg.lstsq(fixed, both, rcond=None)[0]
        u, size, _ = np.linalg.svd(both[:, 2:], full_matrices=False)
        basis = u[:, size > 1e-9 * size.max()]
        q, left = basis.shape[1], len(both) - fixed.shape[1] - basis.shape[1]
        projected = basis.T @ both[:, :2]
        rest, scale, middle = both[:, :2].T @ both[:, :2] - projected.T @ projected, 1.0, np.eye(q)
        if moments.mixing is not None:  # errors J e: their covariance stands where the identity was
            every = moments.mixing.T @ np.column_stack([np.linalg.qr(fixed)[0], basis])
            scale = (float(moments.mixing.multiply(moments.mixing).sum()) - float((every**2).sum())) / left
            mixed = moments.mixing.T @ basis
            middle = mixed.T @ mixed
        inside = projected.T @ np.linalg.solve(middle, projected)
        form = inside - q * float(fisher.isf(alpha, q, left)) / left / scale * rest  # of (1, -b)
        a, b, d = form[1, 1], -2 * form[0, 1], form[0, 0]
        root = b * b - 4 * a * d
        if root < 0:
            return cls(
                "empty" if a > 0 else "line", math.nan if a > 0 else -math.inf, math.nan if a > 0 else math.inf, alpha
            )
        ends = sorted(((-b - math.sqrt(root)) / (2 * a), (-b + math.sqrt(root)) / (2 * a)))
        return cls("interval" if a > 0 else "half-lines", float(ends[0]), float(ends[1]), alpha)

    @property
    def bounded(self) -> bool:
        return self.kind in ("interval", "empty")

    def __contains__(self, value: float) -> bool:
        if self.kind in ("line", "empty"):
            return self.kind == "line"
        within = self.low <= value <= self.high
        return within if self.kind == "interval" else not self.low < value < self.high

    def __str__(self) -> str:
        words = {
            "interval": f"from {self.low:.3f} to {self.high:.3f}",
            "half-lines": f"everything up to {self.low:.3f} and from {self.high:.3f} on: it is unbounded",
            "line": "every value: the instruments say nothing",
            "empty": "empty: the model does not fit any value",
        }
        return f"{1 - self.alpha:.0%} Anderson-Rubin set {words[self.kind]}"

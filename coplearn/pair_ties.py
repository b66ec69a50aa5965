r"""Who names whom: a logistic model of ties with senders, receivers and reciprocity (p2).

The two ties of a pair are drawn together,

.. math:: P(y_{ij}, y_{ji}) \propto \exp(y_{ij} \eta_{ij} + y_{ji} \eta_{ji} + \rho\, y_{ij} y_{ji}), \qquad
   \eta_{ij} = x_{ij}' \beta + a_i + b_j,

with senders' and receivers' own tendencies :math:`(a_i, b_i) \sim N(0, \Sigma)` (van Duijn, Snijders & Zijlstra 2004).
Without them each pair would count as if it were independent of all others with the same members, and standard errors
of what members are like would be far too small. Estimates maximise the likelihood with the tendencies at their most
likely values, and the variances are updated until they agree with the tendencies and their uncertainty (penalised
quasi-likelihood; Breslow & Clayton 1993). With as many pairs a member as a roster has, its bias is small;
``benchmarks/recovery/leadership.py`` measures it.

References
----------
van Duijn, Snijders & Zijlstra (2004), Statistica Neerlandica 58(2), 234-254, doi:10.1046/j.0039-0402.2003.00258.x.
Breslow & Clayton (1993), Journal of the American Statistical Association 88(421), 9-25,
doi:10.1080/01621459.1993.10594284.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import as_floats, listing, plural
from coplearn.results import Estimates
from coplearn.weights import aligned, by_member, nameless

__all__ = ["P2", "p2"]

LEAST = 10  # members below which no variance between members is estimated
ROUNDS = 500
FAR = 2.0  # longest step of a round, in log odds
SEPARATED = 15.0  # log odds of a standard deviation (or of reciprocity) that no data support
SETTLED = 1e-5  # change of estimates and variances in a round, below which the rounds end
NEARLY = 1e-4  # and below which they count as settled, as where tendencies are at the edge and creep


@dataclass(frozen=True, eq=False)
class P2(Estimates):
    """Estimates of a p2 model, in log odds.

    Attributes
    ----------
    params : Series of float
        intercept, reciprocity and one a predictor.
    tendencies : DataFrame of float
        Covariance matrix of members' own tendencies: sender, receiver.
    members : Index
    converged : bool
    """

    tendencies: pd.DataFrame
    members: pd.Index
    converged: bool

    def summary(self) -> str:
        """Plain text: estimates, spread of tendencies, claim and caveats."""
        v = self.tendencies.to_numpy()
        r = v[0, 1] / np.sqrt(v[0, 0] * v[1, 1]) if v[0, 0] * v[1, 1] > 0 else float("nan")
        lines = [
            f"Ties of pairs (p2)    {plural(len(self.members), 'member')}, {plural(self.nobs, 'pair')}    penalised "
            "quasi-likelihood",
            self.table().to_string(float_format=lambda v: f"{v:.3f}"),
            f"sd of tendencies: sender {np.sqrt(v[0, 0]):.3f}, receiver {np.sqrt(v[1, 1]):.3f}, correlation {r:.2f}",
            f"claim: {self.claim}",
        ]
        return "\n".join([*lines, *(f"caveat: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return self.summary()


def p2(
    y: Any,
    dyadic: Mapping[str, Any] | None = None,
    sender: Mapping[str, Any] | None = None,
    receiver: Mapping[str, Any] | None = None,
) -> P2:
    """Ties of one wave on what pairs, senders and receivers are like.

    Parameters
    ----------
    y : DataFrame or array, shape (n_members, n_members)
        1 where ego (row) names alter (column), 0 where not, NaN where unknown; the diagonal does not count. A pair of
        which one tie is known counts with that one.
    dyadic : mapping of str to DataFrame or array of float, shape (n_members, n_members), optional
        Labelled rows and columns are put into the order of the rows of y.
    sender, receiver : mapping of str to Series or array of float, shape (n_members,), optional
        What ego and alter are like, a Series by member; named ``sender name`` and ``receiver name``. A pair with
        an unknown value is left out.

    Returns
    -------
    P2

    Raises
    ------
    ValueError
        For values other than 0 and 1, fewer than ten members, ties that are all there, all absent or all returned,
        shapes that do not agree, predictors that determine one another or tell the ties perfectly.

    Examples
    --------
    >>> from coplearn.synthetic import leadership_panel
    >>> panel = leadership_panel(seed=3, response=1.0, turnover=0.0).panel("energy", "efficacy", ["level"])
    >>> level, efficacy = panel.covariates["level"], panel.behaviors["efficacy"].values[0]
    >>> same = {"same level": level[:, None] == level}
    >>> result = p2(panel.networks["energy"].ties[0], same, receiver={"efficacy": efficacy})
    >>> list(result.params.index)
    ['intercept', 'reciprocity', 'same level', 'receiver efficacy']
    >>> bool(result.conf_int().loc["reciprocity", "low"] > 0)
    True
    """
    members = y.index if isinstance(y, pd.DataFrame) else None
    square = np.ndim(y) == 2 and np.shape(y)[0] == np.shape(y)[1]
    named = members is not None and square and not nameless(y.columns, members)
    ties = aligned(y, "y", members) if named else as_floats(y)
    if ties.ndim != 2 or ties.shape[0] != ties.shape[1]:
        raise ValueError(f"y has shape {ties.shape}; give members in rows and columns.")
    n = len(ties)
    if n < LEAST:
        raise ValueError(f"{plural(n, 'member')}: senders and receivers cannot be told from pairs; {LEAST} are needed.")
    members = pd.Index([f"m{i + 1}" for i in range(n)]) if members is None else members
    ties = ties.copy()
    np.fill_diagonal(ties, np.nan)
    odd = ~np.isnan(ties) & ~np.isin(ties, [0, 1])
    if odd.any():
        i, j = (int(k[0]) for k in np.nonzero(odd))
        raise ValueError(f"y of {members[i]} to {members[j]} is {ties[i, j]:g}; write 0, 1, or NaN for unknown.")
    predictors = _predictors(members, dyadic or {}, sender or {}, receiver or {})
    known = ~np.isnan(ties)
    for values in predictors.values():
        known &= ~np.isnan(values)
    seen = ties[known]
    if len(seen) == 0 or np.ptp(seen) == 0:
        raise ValueError(
            f"of {plural(len(seen), 'known tie')} {'all' if seen.any() else 'none'} is there; nothing to explain."
        )
    if known.any() and (ties == ties.T)[known & known.T].all():
        raise ValueError("every tie is returned, as in an undirected network; p2 is about ties that may be returned.")
    x = np.stack([np.ones((n, n)), *predictors.values()], axis=-1)
    cells = x[known] / np.maximum(np.linalg.norm(x[known], axis=0), 1e-300)
    if np.linalg.matrix_rank(cells) < x.shape[-1]:
        raise ValueError(f"{listing(['intercept', *predictors], 8)} determine one another; drop one of them.")
    names = ["intercept", "reciprocity", *predictors]
    mean, sd = x[known].mean(axis=0), x[known].std(axis=0)
    mean[0], sd[0] = 0.0, 1.0  # the search is easier in predictors of mean 0 and unit variance
    pairs = _Pairs(np.where(known, ties, 0.0), (x - mean) / sd, known)
    back = np.diag(np.insert(1 / sd, 1, 1.0))
    back[0, 2:] = -(mean / sd)[1:]
    try:
        beta, covariance, spread, converged = pairs.fit()
        beta, covariance = back @ beta, back @ covariance @ back.T
    except np.linalg.LinAlgError as problem:
        raise ValueError(f"{listing(names, 8)} tell ties perfectly; leave out what does.") from problem
    index = pd.Index(names)
    kinds = pd.Index(["sender", "receiver"])
    return P2(
        pd.Series(beta, index=index, name="estimate"),
        pd.DataFrame(covariance, index, index),
        pairs.count,
        "adjusted association" if predictors else "descriptive",
        tuple(_caveats(known, converged, spread)),
        tendencies=pd.DataFrame(spread, kinds, kinds),
        members=members,
        converged=converged,
    )


def _predictors(
    members: pd.Index, dyadic: Mapping[str, Any], sender: Mapping[str, Any], receiver: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    """Every predictor over [ego, alter], by name; what is labelled comes into the order of the members."""
    n, out = len(members), {}
    for name, values in dyadic.items():
        matrix = aligned(values, name, members) if isinstance(values, pd.DataFrame) else as_floats(values)
        if matrix.shape != (n, n):
            raise ValueError(f"dyadic {name!r} has shape {matrix.shape}; expected {(n, n)}.")
        if name in ("intercept", "reciprocity"):
            raise ValueError(f"a predictor is called {name!r}, as a parameter of the model is. Rename it.")
        out[name] = np.where(np.eye(n, dtype=bool), 0.0, matrix)
    for kind, given in (("sender", sender), ("receiver", receiver)):
        for name, values in given.items():
            vector = as_floats(by_member(values, f"{kind} {name!r}", members))
            if vector.shape != (n,):
                raise ValueError(f"{kind} {name!r} has shape {vector.shape}; expected {(n,)}.")
            out[f"{kind} {name}"] = np.broadcast_to(vector[:, None] if kind == "sender" else vector, (n, n))
    for name, matrix in out.items():
        inside = matrix[~np.eye(n, dtype=bool)]
        inside = inside[~np.isnan(inside)]
        if np.isinf(inside).any():
            raise ValueError(f"{name!r} is infinite in places. Write NaN where unknown.")
        if len(inside) == 0 or np.ptp(inside) == 0:
            raise ValueError(f"{name!r} is the same for every pair; leave it out.")
    return out


class _Pairs:
    """The likelihood of pairs in beta (intercept, reciprocity, predictors), senders and receivers."""

    def __init__(self, ties: np.ndarray, x: np.ndarray, known: np.ndarray) -> None:
        self.n, self.q = len(ties), x.shape[-1]
        i, j = np.triu_indices(self.n, 1)
        some = known[i, j] | known[j, i]
        self.i, self.j = i[some], j[some]
        self.there, self.back = known[self.i, self.j].astype(float), known[self.j, self.i].astype(float)
        self.y_there, self.y_back = ties[self.i, self.j], ties[self.j, self.i]
        clean = np.where(known[..., None], x, 0.0)
        self.x_there, self.x_back = clean[self.i, self.j], clean[self.j, self.i]
        self.count = len(self.i)
        self.both = self.there * self.back
        self.spreads = np.insert(self.x_there.std(axis=0), 1, 1.0)

    def probabilities(self, beta: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, ...]:
        """Expected tie there, tie back, and both; an unknown tie is left out of its pair."""
        eta_there = self.x_there @ np.delete(beta, 1) + own[self.i] + own[self.n + self.j]
        eta_back = self.x_back @ np.delete(beta, 1) + own[self.j] + own[self.n + self.i]
        hidden = -1e3  # log weight of a tie that is unknown: the known one then is a plain logistic regression
        weights = np.stack(
            [
                np.zeros(self.count),
                np.where(self.there > 0, eta_there, hidden),
                np.where(self.back > 0, eta_back, hidden),
                np.where(self.both > 0, eta_there + eta_back + beta[1], hidden),
            ]
        )
        weights = np.exp(weights - weights.max(axis=0))
        _, one, other, both = weights / weights.sum(axis=0)
        return one + both, other + both, both

    def step(self, beta: np.ndarray, own: np.ndarray, precision: np.ndarray) -> tuple[np.ndarray, ...]:
        """Beta and tendencies after one step of Newton's method, the inverse curvature, and the largest move."""
        k = len(beta)
        penalty = np.kron(precision, np.eye(self.n))
        gradient, curvature = self._derivatives(*self.probabilities(beta, own))
        gradient[k:] -= penalty @ own
        curvature[k:, k:] += penalty
        inverse = np.linalg.inv(curvature)
        move = inverse @ gradient
        move *= min(1.0, FAR / np.abs(move).max())
        beta, own = beta + move[:k], own + move[k:]
        if (np.abs(beta) * self.spreads > SEPARATED).any():
            raise np.linalg.LinAlgError("estimates run away")
        return beta, own, inverse, np.abs(move).max()

    def _derivatives(self, p: np.ndarray, r: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and curvature; a pair's sufficient statistics are tie there, tie back and both."""
        n, k = self.n, self.q + 1
        size = k + 2 * n
        left = np.stack([self.y_there - p, self.y_back - r, self.both * self.y_there * self.y_back - b])
        v_pp, v_rr, v_bb = p * (1 - p), r * (1 - r), b * (1 - b)
        v_pr, v_pb, v_rb = b - p * r, b * (1 - p), b * (1 - r)
        keep = np.delete(np.arange(k), 1)
        one, other = np.zeros((self.count, k)), np.zeros((self.count, k))
        one[:, keep], other[:, keep] = self.x_there, self.x_back
        joint = np.zeros((self.count, k))
        joint[:, 1] = 1.0
        gradient = np.zeros(size)
        gradient[:k] = one.T @ left[0] + other.T @ left[1] + joint.T @ left[2]
        gradient[k : k + n] = np.bincount(self.i, left[0], n) + np.bincount(self.j, left[1], n)
        gradient[k + n :] = np.bincount(self.j, left[0], n) + np.bincount(self.i, left[1], n)
        curvature = np.zeros((size, size))
        # What the statistics 'there' and 'back' weigh in the directions of beta, senders and receivers.
        by_there = v_pp[:, None] * one + v_pr[:, None] * other + v_pb[:, None] * joint
        by_back = v_pr[:, None] * one + v_rr[:, None] * other + v_rb[:, None] * joint
        by_both = v_pb[:, None] * one + v_rb[:, None] * other + v_bb[:, None] * joint
        curvature[:k, :k] = one.T @ by_there + other.T @ by_back + joint.T @ by_both
        i, j = self.i, self.j
        for c in range(k):
            senders = np.bincount(i, by_there[:, c], n) + np.bincount(j, by_back[:, c], n)
            receivers = np.bincount(j, by_there[:, c], n) + np.bincount(i, by_back[:, c], n)
            curvature[c, k:] = np.concatenate([senders, receivers])
        curvature[k:, :k] = curvature[:k, k:].T
        mates = np.zeros((n, n))
        mates[i, j] = v_pr
        diagonal = np.bincount(i, v_pp, n) + np.bincount(j, v_rr, n)
        curvature[k : k + n, k : k + n] = np.diag(diagonal) + mates + mates.T
        diagonal = np.bincount(j, v_pp, n) + np.bincount(i, v_rr, n)
        curvature[k + n :, k + n :] = np.diag(diagonal) + mates + mates.T
        cross = np.zeros((n, n))  # sender in rows, receiver in columns
        cross[i, j] += v_pp
        cross[j, i] += v_rr
        np.add.at(cross, (i, i), v_pr)
        np.add.at(cross, (j, j), v_pr)
        curvature[k : k + n, k + n :] = cross
        curvature[k + n :, k : k + n] = cross.T
        return gradient, curvature

    def fit(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool]:
        """Beta, its covariance, the covariance of tendencies, and whether all of it settled."""
        k, n = self.q + 1, self.n
        share = (self.y_there.sum() + self.y_back.sum()) / (self.there.sum() + self.back.sum())
        beta, own, spread = np.zeros(k), np.zeros(2 * n), 0.25 * np.eye(2)
        beta[0] = np.log(share / (1 - share))
        for _ in range(ROUNDS):
            beta, own, inverse, move = self.step(beta, own, np.linalg.inv(spread))
            a = own.reshape(2, n)
            unsure = inverse[k:, k:].reshape(2, n, 2, n)
            then = (a @ a.T + np.einsum("rnsn->rs", unsure)) / n
            then += 1e-6 * np.eye(2)  # a variance of nothing would have no inverse
            left, spread = max(move, np.abs(then - spread).max()), then
            if left < SETTLED:
                break
        return beta, inverse[:k, :k], spread, bool(left < NEARLY)


def _caveats(known: np.ndarray, converged: bool, spread: np.ndarray) -> Iterator[str]:
    n = len(known)
    if not converged:
        yield "variances of tendencies did not settle: read the estimates as a place on the way."
    hidden = n * (n - 1) - int(known.sum())
    if hidden:
        yield f"{plural(hidden, 'tie')} of {n * (n - 1):,} unknown, left out: taken as missing at random."
    if abs(np.linalg.det(spread)) < 0.05 * spread[0, 0] * spread[1, 1]:
        yield "tendencies to name and to be named are (nearly) one: their correlation lies at the edge."
    yield "ties of one wave say who is tied, not whether members chose the alike or became alike."

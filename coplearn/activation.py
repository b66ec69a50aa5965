r"""Did activity spread, or did it come to many at the same time? Tests on the order of first activities.

At each moment, members who are not active yet become so with a chance that depends on how many of those they are tied
to already are,

.. math:: \mathrm{logit}\,P = \alpha \ln(a + 1) + \beta,

and :math:`\alpha > 0` is what influence looks like. It is also what homophily looks like. The **shuffle test**
(Anagnostopoulos, Kumar & Mahdian 2008) keeps who became active and exchanges *when*: without influence, times among
alike members are exchangeable, and :math:`\hat\alpha` is one draw from its permutations. The **edge-reversal test**
turns every tie round: influence runs along ties, likeness does not care, so that without influence
:math:`\hat\alpha` stays the same. Members who entered late or are seldom active become active late; to exchange their
times with anybody's breaks the test, so times are exchanged within strata, such as cohort by level of activity.

References
----------
Anagnostopoulos, Kumar & Mahdian (2008), KDD 2008, 7-15, doi:10.1145/1401890.1401897.
Phipson & Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9(1), doi:10.2202/1544-6115.1585.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from coplearn import plots
from coplearn._checks import generator, listing, plural, whole
from coplearn.kernels.activation import exposure_counts
from coplearn.results import said
from coplearn.weights import weight_matrix

__all__ = ["ActivationTest", "edge_reversal_test", "shuffle_test"]

FEW = 20


@dataclass(frozen=True, eq=False)
class ActivationTest:
    """A statistic of the order of activation, and what it is when times are exchanged.

    Attributes
    ----------
    kind : str
        "shuffle" or "edge reversal".
    alpha, reversed_alpha : float
        Slope on ln(active alters + 1), along ties and against them.
    statistic : float
        alpha, or alpha minus reversed_alpha.
    permuted : ndarray of float, shape (permutations,)
    n_members, n_active, n_strata : int
    claim : str
        "adjusted association" within strata, "descriptive" without.
    caveats : tuple of str
    """

    kind: str
    alpha: float
    reversed_alpha: float
    statistic: float
    permuted: np.ndarray
    n_members: int
    n_active: int
    n_strata: int
    claim: str
    caveats: tuple[str, ...]

    @property
    def pvalue(self) -> float:
        """Two-sided: twice the smaller share of permutations at least as extreme, the observed order counted in."""
        null = self.permuted[np.isfinite(self.permuted)]
        tolerance = 1e-10 * max(1.0, abs(self.statistic))
        above = 1 + int((null >= self.statistic - tolerance).sum())
        below = 1 + int((null <= self.statistic + tolerance).sum())
        return min(1.0, 2 * min(above, below) / (len(null) + 1))

    def table(self) -> pd.DataFrame:
        """One row: the statistic, mean and central 95 % of its permutations, and p."""
        null = self.permuted[np.isfinite(self.permuted)]
        low, high = np.quantile(null, [0.025, 0.975])
        row = {"statistic": self.statistic, "mean": float(null.mean()), "low": float(low), "high": float(high)}
        return pd.DataFrame([row | {"p": self.pvalue}], index=[self.kind])

    def summary(self) -> str:
        """Plain text: the statistic beside its permutations, the claim and the caveats."""
        strata = plural(self.n_strata, "stratum", "strata")
        lines = [
            f"{self.kind} test    {self.n_active:,} of {plural(self.n_members, 'member')} active, {strata}, "
            f"{plural(len(self.permuted), 'permutation')}",
            self.table().to_string(float_format=lambda v: f"{v:.4f}"),
            f"alpha {self.alpha:.3f} along ties, {self.reversed_alpha:.3f} against them",
        ]
        return said(lines, self.claim, self.caveats)

    def __repr__(self) -> str:
        return self.summary()

    def plot(self, ax: Any = None) -> Any:
        """Permuted statistics (grey), and the observed one."""
        ax = plots.axes(ax, (6.0, 3.0))
        ax.hist(self.permuted[np.isfinite(self.permuted)], bins=30, color="0.8")
        ax.axvline(self.statistic, color="black", linewidth=1.6)
        what = "slope on active alters" if self.kind == "shuffle" else "slope along ties minus slope against them"
        ax.set(xlabel=f"{what}; grey: times exchanged", ylabel="permutations")
        return ax


def shuffle_test(
    activated: pd.Series,
    ties: Any,
    strata: pd.Series | None,
    *,
    shared: pd.DataFrame | None = None,
    permutations: int = 500,
    seed: int | None = 0,
) -> ActivationTest:
    """Does it matter when those one is tied to became active?

    Parameters
    ----------
    activated : Series of float or timestamps
        Indexed by member: when each became active; NaN or NaT for never. Times that are equal are one moment; round
        them to days or weeks where finer order is chance.
    ties : DataFrame, array or scipy.sparse array, shape (n_members, n_members)
        Row = who is exposed, wherever an entry is not 0.
    strata : Series or None
        Indexed by member: times are exchanged within a stratum only, such as cohort by level of activity. None
        exchanges them among all who became active, which mistakes unequal times of entry for influence or hides it.
    shared : DataFrame of 0 and 1, optional
        Members by moments (the distinct times, in order): whether the same message for many had been seen. It goes into
        the regression as a further predictor.
    permutations : int
    seed : int or None

    Returns
    -------
    ActivationTest

    Raises
    ------
    ValueError
        For fewer than two distinct times, missing strata, and strata within which no time can be exchanged.

    Examples
    --------
    >>> rng = np.random.default_rng(4)
    >>> ties = (rng.random((60, 60)) < 0.06) * (1 - np.eye(60))
    >>> times = pd.Series(rng.integers(0, 20, 60).astype(float))
    >>> res = shuffle_test(times, ties, pd.Series("all", index=times.index), permutations=200)
    >>> res.claim, round(res.pvalue, 2)
    ('adjusted association', 0.28)
    """
    return _test("shuffle", activated, ties, strata, shared, permutations, seed)


def edge_reversal_test(
    activated: pd.Series,
    ties: Any,
    strata: pd.Series | None,
    *,
    shared: pd.DataFrame | None = None,
    permutations: int = 500,
    seed: int | None = 0,
) -> ActivationTest:
    """Does activity run along ties rather than against them?

    Parameters
    ----------
    activated, ties, strata, shared, permutations, seed
        See :func:`shuffle_test`.

    Returns
    -------
    ActivationTest
        The statistic is alpha along ties minus alpha against them; its permutations exchange times as the shuffle does.

    Raises
    ------
    ValueError
        As :func:`shuffle_test`; and if every tie goes both ways, so that nothing can be turned round.
    """
    return _test("edge reversal", activated, ties, strata, shared, permutations, seed)


def _test(
    kind: str,
    activated: pd.Series,
    ties: Any,
    strata: pd.Series | None,
    shared: pd.DataFrame | None,
    permutations: int,
    seed: int | None,
) -> ActivationTest:
    whole(permutations, "permutations")
    if not isinstance(activated, pd.Series):
        raise TypeError(f"activated is a Series of times indexed by member, not {type(activated).__name__}.")
    members = activated.index
    along = weight_matrix(ties, "ties", members)
    if kind == "edge reversal" and not abs((along > 0).astype(int) - (along.T > 0).astype(int)).sum():
        raise ValueError("every tie goes both ways, so that turning ties round changes nothing.")
    if pd.api.types.is_numeric_dtype(activated) and np.isinf(activated.to_numpy(dtype=float, na_value=np.nan)).any():
        raise ValueError("some times are infinite. Write NaN for members who never became active.")
    times = activated.rank(method="dense").to_numpy(dtype=float)  # order is all that counts: numbers or dates
    active = np.isfinite(times)
    moments = np.unique(times[active])
    if len(moments) < 2:
        raise ValueError(f"{plural(len(moments), 'distinct time')} of activation: there is no order to test.")
    step = np.where(active, np.searchsorted(moments, times), len(moments))
    groups = _strata(strata, members, active, step)
    seen = _shared(shared, members, len(moments))
    both = [sparse.csr_array(w) for w in (along, along.T)]

    alpha, turned = (_slope(step, len(moments), w, seen) for w in both)
    if not np.isfinite(alpha):
        raise ValueError("alpha has no finite value: members become active with certain numbers of active alters only.")
    rng, found = generator(seed), np.empty(permutations)
    for row in range(permutations):
        order = step.copy()
        for group in groups:
            order[group] = rng.permutation(step[group])
        found[row] = _slope(order, len(moments), both[0], seen)
        if kind == "edge reversal":
            found[row] -= _slope(order, len(moments), both[1], seen)
    caveats = [
        "exchangeable times are the assumption: members of a stratum are alike in what makes them early or late, but "
        "for those they are tied to."
    ]
    if strata is None:
        caveats.append("no strata: unequal entry and activity count as influence, or hide it.")
    if int(active.sum()) < FEW:
        caveats.append(f"{plural(int(active.sum()), 'active member')}, fewer than {FEW}: little can be found.")
    held = int(active.sum()) - sum(len(group) for group in groups)
    if held:
        caveats.append(f"{plural(held, 'active member')} in strata with a single time: theirs is not exchanged.")
    return ActivationTest(
        kind,
        alpha,
        turned,
        alpha if kind == "shuffle" else alpha - turned,
        found,
        len(members),
        int(active.sum()),
        1 if strata is None else int(strata.reindex(members)[active].nunique()),
        "descriptive" if strata is None else "adjusted association",
        tuple(caveats),
    )


def _strata(strata: pd.Series | None, members: pd.Index, active: np.ndarray, step: np.ndarray) -> list[np.ndarray]:
    """Positions of active members in each stratum that has more than one time."""
    label = pd.Series("all", index=members) if strata is None else strata.reindex(members)
    lost = label.isna().to_numpy() & active
    if lost.any():
        raise ValueError(f"no stratum for {listing(members[lost])}.")
    code = pd.factorize(label)[0]
    groups = [np.flatnonzero(active & (code == k)) for k in np.unique(code[active])]
    groups = [group for group in groups if len(np.unique(step[group])) > 1]
    if not groups:
        raise ValueError(
            "every stratum has a single time of activation, so nothing can be exchanged. Use coarser strata."
        )
    return groups


def _shared(shared: pd.DataFrame | None, members: pd.Index, n_moments: int) -> np.ndarray:
    if shared is None:
        return np.zeros((0, 0), dtype=np.uint8)
    values = shared.reindex(members).to_numpy(dtype=float)
    if values.shape[1] != n_moments:
        raise ValueError(f"shared has {plural(values.shape[1], 'column')} for {plural(n_moments, 'distinct time')}.")
    if not np.isin(values, (0.0, 1.0)).all():
        raise ValueError("shared holds 0 and 1 for every member, and nothing else.")
    return values.astype(np.uint8)


def _slope(step: np.ndarray, n_moments: int, w: sparse.csr_array, shared: np.ndarray) -> float:
    """alpha by logistic regression on counts; NaN where it is not finite."""
    counts = np.zeros((int(np.diff(w.indptr).max()) + 1, 2, 2), dtype=np.int64)
    exposure_counts(
        step.astype(np.int64), n_moments, w.indptr.astype(np.int64), w.indices.astype(np.int64), shared, counts
    )
    a, b = np.nonzero(counts.sum(axis=2))
    total, events = counts[a, b].sum(axis=1).astype(float), counts[a, b, 1].astype(float)
    x = np.column_stack([np.ones(len(a)), np.log1p(a), *([b.astype(float)] if b.any() else [])])
    if np.linalg.matrix_rank(x) < x.shape[1]:
        return math.nan
    beta = np.zeros(x.shape[1])
    beta[0] = math.log((events.sum() + 0.5) / (total.sum() - events.sum() + 0.5))
    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        information = (x * (total * p * (1 - p))[:, None]).T @ x
        try:
            move = np.linalg.solve(information, x.T @ (events - total * p))
        except np.linalg.LinAlgError:
            return math.nan
        beta = beta + np.clip(move, -2, 2)
        if np.abs(move).max() < 1e-9:
            return float(beta[1])
    return math.nan

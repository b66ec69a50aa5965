r"""Weight matrices: who is exposed to whom, and how much.

In a weight matrix :math:`W`, row :math:`i` says whom member :math:`i` listens to: :math:`(Wy)_i = \sum_j w_{ij} y_j` is
the exposure of :math:`i`. Divided by its sum, a row makes the exposure a mean over the others; an isolate has an empty
row and exposure 0. The choice of weights (direct ties, by row or column, by recency) is a part of a result (Leenders
2002, doi:10.1016/S0378-8733(01)00049-1).

Models in which everybody answers to everybody need :math:`\ln|A|` for :math:`A = I - \sum_k \rho_k W_k`. For one
matrix with eigenvalues :math:`\omega`, found once, it is :math:`\sum \ln|1 - \rho\omega|`, and :math:`\rho` is
admissible between :math:`1/\omega_{\min}` and :math:`1/\omega_{\max}` over the real eigenvalues (Ord 1975,
doi:10.1080/01621459.1975.10480272); complex ones come in pairs and bound nothing. Several matrices need an LU
decomposition at each :math:`\rho`, and large sparse ones a sparse LU. Where thousands are tied at random, anywhere,
even that fills up; then :math:`\ln|I - \rho W| = -\sum_k \rho^k\,\mathrm{tr}(W^k)/k` with exact traces of the first
powers and estimated ones beyond (Barry & Pace 1999, doi:10.1016/S0024-3795(97)10009-X).
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import ArpackError, eigs, splu

from coplearn._checks import listing, plural

__all__ = ["LogDeterminant", "TraceLogDeterminant", "admissible", "row_normalize", "weight_matrix"]

STEP, FINE = 4e-4, 4e-3  # steps of the differences of a sparse log-determinant: three points, and five
POWERS, PROBES, EXACT, ROOM = 400, 40, 8, 400  # terms; random vectors; exact powers, and entries a row they may have
SPENT = 1e-10  # share of a trace below which what random vectors add to it is nothing
NEAR_REAL = 1e-7  # imaginary parts below this share of the largest eigenvalue are rounding


def row_normalize(matrix: Any) -> Any:
    """Divide each row by its sum; rows without ties stay 0.

    Parameters
    ----------
    matrix : DataFrame, ndarray or scipy.sparse array of float, shape (n_members, n_members)
        Entries are 0 or more.

    Returns
    -------
    Same kind as `matrix`

    Examples
    --------
    >>> row_normalize(np.array([[0, 1, 1], [1, 0, 0], [0, 0, 0]]))
    array([[0. , 0.5, 0.5],
           [1. , 0. , 0. ],
           [0. , 0. , 0. ]])
    """
    if isinstance(matrix, pd.DataFrame):
        return pd.DataFrame(row_normalize(matrix.to_numpy(dtype=float)), index=matrix.index, columns=matrix.columns)
    total = np.asarray(matrix.sum(axis=1), dtype=float).ravel()
    scale = np.divide(1.0, total, out=np.zeros_like(total), where=total != 0)
    if sparse.issparse(matrix):
        return sparse.csr_array(sparse.diags_array(scale) @ matrix)
    return np.asarray(matrix, dtype=float) * scale[:, None]


def weight_matrix(matrix: Any, name: str, members: pd.Index) -> sparse.csr_array:
    """A weight matrix in the order of the members, after checks.

    Parameters
    ----------
    matrix : DataFrame, array or scipy.sparse array, shape (n_members, n_members)
        Labelled rows and columns are put into the order of `members`.
    name : str
        For messages.
    members : Index

    Raises
    ------
    ValueError
        For a matrix that is not square or of another size, other members or two of one name, missing or
        negative entries, ties of members to themselves, or no ties at all.
    """
    if members.has_duplicates:
        raise ValueError(f"more than one member is called {listing(members[members.duplicated()].unique())}.")
    if isinstance(matrix, pd.DataFrame):
        matrix = aligned(matrix, name, members)
    if not sparse.issparse(matrix):
        matrix = np.asarray(matrix, dtype=float)
        if matrix.ndim != 2:
            raise ValueError(f"weight matrix {name} has {matrix.ndim} dimensions; give members by members.")
    if matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"weight matrix {name} is not square: {matrix.shape[0]} rows, {matrix.shape[1]} columns.")
    if matrix.shape[0] != len(members):
        raise ValueError(f"weight matrix {name} is of {matrix.shape[0]} members, y of {len(members)}.")
    w = sparse.csr_array(matrix, dtype=float)
    w.sum_duplicates()
    w.eliminate_zeros()
    row = np.repeat(np.arange(w.shape[0]), np.diff(w.indptr))
    for wrong, what in (
        (~np.isfinite(w.data), "is missing or infinite. Write 0 where there is no tie, or leave the member out"),
        (w.data < 0, "is negative. Put negative ties into a matrix of their own, with positive weights"),
        (row == w.indices, "is a tie of a member to itself. Set the diagonal to 0"),
    ):
        if wrong.any():
            at = np.flatnonzero(wrong)[0]
            who = f"row {members[row[at]]}, column {members[w.indices[at]]}"
            many = plural(int(wrong.sum()), "such entry", "such entries")
            raise ValueError(f"weight matrix {name}: the entry in {who} {what}. ({many} in all.)")
    if not w.nnz:
        raise ValueError(f"weight matrix {name} has no ties, so nobody is exposed to anybody. Leave it out.")
    return w


def by_member(values: Any, name: str, members: pd.Index) -> Any:
    """A labelled Series in the order of the members, NaN for who has no value; anything else as it is."""
    if not isinstance(values, pd.Series) or nameless(values.index, members):
        return values
    again = values.index[values.index.duplicated()]
    if len(again):
        raise ValueError(f"{name} has more than one value for {listing(again.unique())}.")
    return values.reindex(members)


def nameless(index: pd.Index, members: pd.Index) -> bool:
    """Whether `index` only counts rows: the order of the members is then taken for granted."""
    return isinstance(index, pd.RangeIndex) and len(index) == len(members) and not index.isin(members).all()


def aligned(matrix: pd.DataFrame, name: str, members: pd.Index) -> np.ndarray:
    """Values of a labelled matrix in the order of the members; rows and columns that only count stay as they come."""
    if nameless(matrix.index, members) and len(matrix.columns) == len(members):
        return matrix.to_numpy(dtype=float)
    for axis, labels in (("row", matrix.index), ("column", matrix.columns)):
        if labels.has_duplicates:
            raise ValueError(f"matrix {name} has more than one {axis} for {listing(labels[labels.duplicated()])}.")
        absent = members.difference(labels, sort=False)
        if len(absent):
            raise ValueError(f"matrix {name} has no {axis} for {listing(absent)}. Give one for every member of y.")
    if matrix.shape != (len(members), len(members)):
        others = matrix.index.union(matrix.columns, sort=False).difference(members, sort=False)
        raise ValueError(
            f"matrix {name} has members that y does not: {listing(others)}. Leave them out of both, or of none."
        )
    return matrix.loc[members, members].to_numpy(dtype=float)


def admissible(matrix: sparse.csr_array, spectrum: np.ndarray | None = None) -> tuple[float, float]:
    """Interval of rho around 0 in which I - rho W can be inverted.

    Parameters
    ----------
    matrix : csr_array, entries 0 or more
    spectrum : ndarray of complex, optional
        All eigenvalues. Without it the ends come from the extreme eigenvalues, and where those are complex or cannot
        be found, from norms: then the interval may be a little shorter than it could be.

    Returns
    -------
    low, high : float
        Infinite where no real eigenvalue is on that side.
    """
    if spectrum is not None:
        size = np.abs(spectrum).max(initial=0.0)
        real = spectrum.real[np.abs(spectrum.imag) <= NEAR_REAL * size]
        bottom, top = real.min(initial=0.0), real.max(initial=0.0)
    else:
        norm = float(min(abs(matrix).sum(axis=0).max(), abs(matrix).sum(axis=1).max()))
        rows = np.asarray(matrix.sum(axis=1)).ravel()
        averaging = np.all(np.isclose(rows, 1) | (rows == 0))
        start = np.random.default_rng(0).random(matrix.shape[0])
        ends = []
        for side in ("SR", "LR"):
            if side == "LR" and averaging:
                ends.append(1.0)  # the rows of closed groups sum to 1, and nothing is larger
                continue
            try:
                found = eigs(matrix, k=1, which=side, v0=start, tol=1e-9, return_eigenvectors=False, maxiter=1000)
                ends.append(float(found[0].real))
            except ArpackError:
                ends.append(-norm if side == "SR" else norm)
        bottom, top = ends
    tiny = 1e-9
    return (1 / bottom if bottom < -tiny else -np.inf, 1 / top if top > tiny else np.inf)


def size_of_effect(matrix: sparse.csr_array) -> float:
    """How large a large rho is: one over the largest row sum, 1 for rows that sum to 1."""
    return 1 / float(matrix.sum(axis=1).max())


class LogDeterminant:
    r"""ln|I - sum of rho_k W_k| as a function of rho, with its first and second derivatives.

    Parameters
    ----------
    matrices : list of csr_array
        None, one or several.
    dense : bool
        Eigenvalues (one matrix) or dense LU (several), with exact derivatives; otherwise sparse LU, with derivatives
        by differences.

    Attributes
    ----------
    intervals : list of (float, float)
        Of each matrix when the others have no effect.
    """

    def __init__(self, matrices: list[sparse.csr_array], dense: bool) -> None:
        self.matrices, self.dense = matrices, dense
        self._spectrum: np.ndarray | None = None
        self.intervals: list[tuple[float, float]] = []
        for w in matrices:
            spectrum = np.linalg.eigvals(w.toarray()) if dense else None
            self.intervals.append(admissible(w, spectrum))
            self._spectrum = spectrum
        if len(matrices) != 1:
            self._spectrum = None
        self._known: dict[tuple[float, ...], float] = {}
        if dense and len(matrices) > 1:
            self._arrays = [w.toarray() for w in matrices]

    def value(self, rho: np.ndarray) -> float:
        """The log-determinant; minus infinity outside the admissible interval or with a determinant below 0."""
        if not len(rho):
            return 0.0
        if self._spectrum is not None:
            low, high = self.intervals[0]
            return float(np.log(np.abs(1 - rho[0] * self._spectrum)).sum()) if low < rho[0] < high else -np.inf
        if self.dense:
            sign, value = np.linalg.slogdet(np.eye(self._arrays[0].shape[0]) - self._sum(rho))
            return float(value) if sign > 0 else -np.inf
        if len(rho) == 1 and not self.intervals[0][0] < rho[0] < self.intervals[0][1]:
            return -np.inf
        key = tuple(float(r) for r in rho)
        if key not in self._known:
            self._known[key] = sparse_log_determinant(difference(self.matrices, rho))
        return self._known[key]

    def _sum(self, rho: np.ndarray) -> np.ndarray:
        return sum((r * w for r, w in zip(rho, self._arrays, strict=True)), np.zeros_like(self._arrays[0]))

    def derivatives(self, rho: np.ndarray, fine: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Gradient (n,) and Hessian (n, n); `fine` asks for five points where differences are taken."""
        n = len(rho)
        if not n:
            return np.zeros(0), np.zeros((0, 0))
        if self._spectrum is not None:
            g = self._spectrum / (1 - rho[0] * self._spectrum)
            return np.array([-g.sum().real]), np.array([[-(g**2).sum().real]])
        if self.dense:
            a = np.eye(self._arrays[0].shape[0]) - self._sum(rho)
            g = [np.linalg.solve(a, w) for w in self._arrays]
            hessian = [[-(first * second.T).sum() for second in g] for first in g]
            return np.array([-np.trace(each) for each in g]), np.array(hessian)
        if not rho.any() and not fine:  # no decomposition is needed where nobody influences anybody
            return np.zeros(n), np.array(
                [[-float(v.multiply(w.T).sum()) for v in self.matrices] for w in self.matrices]
            )
        return self._differences(rho, fine)

    def _differences(self, rho: np.ndarray, fine: bool) -> tuple[np.ndarray, np.ndarray]:
        n, middle = len(rho), self.value(rho)
        sizes = [size_of_effect(w) for w in self.matrices]
        room = [
            max(min(high - r, r - low, size), 1e-6 * size)
            for r, size, (low, high) in zip(rho, sizes, self.intervals, strict=True)
        ]
        h = (FINE if fine else STEP) * np.array(room)
        unit = np.eye(n) * h

        def at(shift: np.ndarray) -> float:
            return self.value(rho + shift)

        gradient, hessian = np.zeros(n), np.zeros((n, n))
        for k in range(n):
            up, down = at(unit[k]), at(-unit[k])
            gradient[k], hessian[k, k] = (up - down) / (2 * h[k]), (up - 2 * middle + down) / h[k] ** 2
            if fine:
                above, below = at(2 * unit[k]), at(-2 * unit[k])
                gradient[k] = (8 * (up - down) - (above - below)) / (12 * h[k])
                hessian[k, k] = (16 * (up + down) - (above + below) - 30 * middle) / (12 * h[k] ** 2)
        for k, m in combinations(range(n), 2):

            def mixed(size: float, one: np.ndarray = unit[k], other: np.ndarray = unit[m]) -> float:
                one, other = size * one, size * other
                corners = at(one + other) - at(one - other) - at(other - one) + at(-one - other)
                return float(corners / (4 * np.max(one) * np.max(other)))

            hessian[k, m] = hessian[m, k] = (4 * mixed(1) - mixed(2)) / 3 if fine else mixed(1)
        return gradient, hessian

    def inside(self, rho: np.ndarray) -> bool:
        """Whether rho is in the region around 0: I - t (sum of rho_k W_k) can be inverted for every t from 0 to 1."""
        if len(rho) < 2:
            return np.isfinite(self.value(rho))
        total = sum((r * w for r, w in zip(rho, self.matrices, strict=True)), 0 * self.matrices[0])
        if abs(total).sum(axis=1).max() < 1 or abs(total).sum(axis=0).max() < 1:
            return True
        spectrum = np.linalg.eigvals(total.toarray()) if self.dense else None
        return admissible(sparse.csr_array(total), spectrum)[1] > 1


class TraceLogDeterminant(LogDeterminant):
    r"""ln|I - rho W| of one matrix from a series of traces, an approximation with a known Monte Carlo error.

    Traces of low powers are exact. Those of higher ones are means of :math:`u'W^ku` over random signs u, of which the
    part along the vector of ones, to which powers of W tend, is computed instead of drawn,
    :math:`\mathrm{tr}(W^k) = 1'W^k1/n + \mathrm{tr}(QW^kQ)` with :math:`Q = I - 11'/n`.

    Parameters
    ----------
    matrix : csr_array

    Attributes
    ----------
    exact : int
        Highest power whose trace is exact.
    """

    def __init__(self, matrix: sparse.csr_array) -> None:
        self.matrices, self.dense = [matrix], False
        self.intervals = [admissible(matrix)]
        n, high = matrix.shape[0], self.intervals[0][1]
        self._scale = 1 / high if np.isfinite(high) else 1.0  # so that no eigenvalue is larger than 1
        w = sparse.csr_array(matrix / self._scale)
        powers = [w]
        while len(powers) < EXACT and powers[-1].nnz < ROOM * n:
            powers.append(powers[-1] @ w)
        self.exact = 2 * len(powers)
        signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(n, PROBES))
        probe = signs - signs.mean(axis=0)
        moved, one = probe.copy(), np.ones(n)
        drawn = np.empty((POWERS, PROBES))
        for k in range(POWERS):
            one = w @ one
            if moved.size:
                moved = w @ moved
                part = (probe * moved).sum(axis=0)
                if np.abs(part).max() < SPENT:
                    moved = moved[:0]
            drawn[k] = one.mean() + (part if moved.size else 0.0)
        for k in range(1, self.exact + 1):
            left, right = powers[(k + 1) // 2 - 1], powers[k // 2 - 1]
            drawn[k - 1] = w.diagonal().sum() if k == 1 else left.multiply(right.T).sum()
        self._drawn = drawn

    def _series(self, rho: float, derivative: int) -> np.ndarray:
        """The value, or a derivative, by probe: shape (PROBES,)."""
        k, rho = np.arange(1, POWERS + 1, dtype=float), rho * self._scale
        factor = {0: rho**k / k, 1: rho ** (k - 1), 2: (k - 1) * rho ** np.maximum(k - 2, 0)}[derivative]
        return -(self._scale**derivative) * (factor @ self._drawn)

    def value(self, rho: np.ndarray) -> float:
        low, high = self.intervals[0]
        return float(self._series(float(rho[0]), 0).mean()) if low < rho[0] < high else -np.inf

    def derivatives(self, rho: np.ndarray, fine: bool = False) -> tuple[np.ndarray, np.ndarray]:
        first, second = (self._series(float(rho[0]), order).mean() for order in (1, 2))
        return np.array([first]), np.array([[second]])

    def error(self, rho: float) -> float:
        """Monte Carlo standard error of the first derivative."""
        return float(self._series(rho, 1).std(ddof=1) / np.sqrt(PROBES))


def difference(matrices: list[sparse.csr_array], rho: np.ndarray) -> sparse.csc_array:
    """I - sum of rho_k W_k."""
    total = sparse.eye_array(matrices[0].shape[0], format="csr")
    for r, w in zip(rho, matrices, strict=True):
        total = total - r * w
    return sparse.csc_array(total)


def sparse_log_determinant(a: sparse.csc_array) -> float:
    """ln|A| by sparse LU; minus infinity where the determinant is 0 or negative."""
    try:
        lu = splu(a, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.01, options={"SymmetricMode": True})
    except RuntimeError:  # exactly singular
        return -np.inf
    pivots = lu.U.diagonal()
    negative = int((pivots < 0).sum()) + odd(lu.perm_r) + odd(lu.perm_c)
    return -np.inf if negative % 2 or (pivots == 0).any() else float(np.log(np.abs(pivots)).sum())


def odd(permutation: np.ndarray) -> int:
    """1 for an odd permutation, 0 for an even one."""
    n = len(permutation)
    links = sparse.csr_array((np.ones(n), (np.arange(n), permutation)), shape=(n, n))
    return (n - int(connected_components(links, directed=False, return_labels=False))) % 2

r"""Who sets off whose contributions? Mutually exciting events on observed ties, with a shared rhythm.

Each member contributes at a rate of their own, in the rhythm of all, and more so after those they are tied to did
(Hawkes 1971),

.. math:: \lambda_i(t) = \mu_i\,s(t) + \sum_j \alpha_{ij}\sum_{t_k^j < t}\beta e^{-\beta(t - t_k^j)}.

:math:`\alpha_{ij}` is the expected number of direct responses of i to one event of j; :math:`\beta` says how soon they
come. :math:`s(t)`, one number for each bin of a period such as the hours of a week, averages 1 over time: people who
work at the same hours would otherwise be read as answering each other. Influence is sought only where there is a tie.
With few events to a member, :math:`\alpha` is held the same for all pairs of two levels of members. The log-likelihood

.. math:: \ln L = \sum_k \ln\lambda_{i_k}(t_k) - \sum_i \int\lambda_i(t)\,dt

takes one pass over the events (:mod:`coplearn.kernels.hawkes`). If the largest eigenvalue of :math:`\alpha`, the
branching ratio, is below 1, cascades end, and :math:`(I - \alpha)^{-1} - I` counts responses to responses as well. If
the model holds, the integral of :math:`\lambda_i` between events of i is exponential with mean 1, which a
Kolmogorov-Smirnov test can refute (Ogata 1988).

References
----------
Hawkes (1971), Biometrika 58(1), 83-90, doi:10.1093/biomet/58.1.83.
Ogata (1988), Journal of the American Statistical Association 83(401), 9-27, doi:10.1080/01621459.1988.10478560.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import minimize
from scipy.stats import kstest

from coplearn._checks import choose, generator, is_number, listing, plural, whole
from coplearn.kernels import hawkes as kernels
from coplearn.results import ConvergenceWarning, Estimates, said
from coplearn.weights import aligned

__all__ = ["Hawkes", "HawkesLikelihood", "HawkesResults", "simulate_hawkes"]

OWN, DECAY = "own", "decay"
ENOUGH = 30  # events of a receiving member from which single pairs can be estimated
UNSETTLED = "the likelihood search did not settle: read the estimates as a place on the way."


@dataclass(frozen=True)
class HawkesLikelihood:
    """Log-likelihood at given parameters: the sum of log intensities minus the compensator."""

    log_intensity: float
    compensator: float

    @property
    def llf(self) -> float:
        return self.log_intensity - self.compensator


# --- the model ------------------------------------------------------------------------------------------------


class Hawkes:
    """Mutually exciting events on observed ties.

    Parameters
    ----------
    events : DataFrame
        Columns ``time`` (numbers or timestamps; timestamps are counted in hours) and ``sender``.
    ties : DataFrame, array or scipy.sparse array, shape (n_members, n_members)
        Row = who may be set off, column = by whom, wherever an entry is not 0. A frame names the members; those of an
        array are 0, 1, ...
    start, end : optional
        Bounds of the observation; by default 0 (numbers) or the first event, and the last event.
    presence : DataFrame, optional
        Indexed by member, columns ``joined`` and ``left``, missing where the whole observation was attended.
    rhythm : tuple of (period, int), optional
        Length of a period and number of bins in it: ``("7D", 28)`` cuts weeks into six-hour bins. By default none.
    levels : Series, optional
        Level of each member; responses are the same for all tied pairs of two levels. By default one level.
    pairs : bool
        True estimates each tied pair on its own, where the receiver has 30 events or more; the others stay pooled.
    own : bool
        Whether a member's own events set off more of them. Bursts of one's own would otherwise look like answers.

    Raises
    ------
    ValueError
        For events of unknown members or outside of bounds or presence, a missing level, and too few events.

    Notes
    -----
    Results hold responses as a full table of members by members, which is for some thousands of them at most.

    Examples
    --------
    >>> ring = np.roll(np.eye(10), 1, axis=1)
    >>> events = simulate_hawkes(np.full(10, 0.05), 0.5 * ring, 1.0, end=2000, seed=1)
    >>> res = Hawkes(events, ring, end=2000).fit()
    >>> res.params.round(2).to_dict()
    {'response': 0.48, 'own': 0.0, 'decay': 0.99}
    """

    def __init__(
        self,
        events: pd.DataFrame,
        ties: Any,
        start: Any = None,
        end: Any = None,
        presence: pd.DataFrame | None = None,
        rhythm: tuple[Any, int] | None = None,
        levels: pd.Series | None = None,
        pairs: bool = False,
        own: bool = True,
    ) -> None:
        for column in ("time", "sender"):
            choose(column, [str(c) for c in events.columns], "column of events")
        if isinstance(ties, list | tuple):
            ties = np.asarray(ties, dtype=float)
        self.members = ties.index if isinstance(ties, pd.DataFrame) else pd.RangeIndex(ties.shape[0])
        if self.members.has_duplicates:
            again = self.members[self.members.duplicated()].unique()
            raise ValueError(f"more than one row of ties for {listing(again)}.")
        frame = events.sort_values("time", kind="stable")
        self.who = self.members.get_indexer(frame["sender"])
        if (self.who < 0).any():
            strangers = listing(frame["sender"][self.who < 0].unique())
            raise ValueError(f"events of members without a row in ties: {strangers}.")
        self.dated = pd.api.types.is_datetime64_any_dtype(frame["time"])
        if not self.dated and not pd.api.types.is_numeric_dtype(frame["time"]):
            raise ValueError("times are neither numbers nor timestamps. Convert them, as with pd.to_datetime.")
        if frame["time"].nunique() < 2:
            raise ValueError(
                f"{plural(len(frame), 'event')} at {plural(frame['time'].nunique(), 'time')}: no order to read."
            )
        if not self.dated and np.isinf(frame["time"].to_numpy(dtype=float)).any():
            raise ValueError("some events have an infinite time. Leave them out.")
        if frame["time"].isna().any():
            raise ValueError(f"{plural(int(frame['time'].isna().sum()), 'event')} without a time. Leave them out.")
        self.origin = start if start is not None else (frame["time"].iloc[0] if self.dated else 0.0)
        self.times = self._clock(frame["time"])
        self.end = float(self._clock(pd.Series([end]))[0]) if end is not None else float(self.times.max())
        if len(self.times) < 2 or self.times[0] < 0 or self.times[-1] > self.end:
            raise ValueError(f"{plural(len(self.times), 'event')}: too few, or some lie outside of start and end.")
        n = len(self.members)
        self.begin, self.stop = np.zeros(n), np.full(n, self.end)
        if presence is not None:
            there = presence.reindex(self.members)
            for column, array in (("joined", self.begin), ("left", self.stop)):
                known = there[column].notna().to_numpy()
                array[known] = np.clip(self._clock(there[column][known]), 0.0, self.end)
        off = (self.times < self.begin[self.who]) | (self.times > self.stop[self.who])
        if off.any():
            raise ValueError(
                f"{plural(int(off.sum()), 'event')} of members who are not present, first of "
                f"{self.members[self.who[off][0]]}. Mend presence or leave the events out."
            )
        values = aligned(ties, "ties", self.members) if isinstance(ties, pd.DataFrame) else ties
        linked = sparse.csr_array(values)
        if linked.shape != (n, n):
            raise ValueError(f"ties have shape {linked.shape}; give members by members.")
        if not (linked.data >= 0).all():
            raise ValueError("ties hold a missing or negative entry. Write 1 where there is a tie and 0 where none is.")
        linked = sparse.lil_array(linked.astype(bool))
        linked.setdiag(bool(own))
        self.ties = sparse.csr_array(linked)
        self.ties.eliminate_zeros()
        self.ties.sort_indices()
        self.ego = np.repeat(np.arange(n), np.diff(self.ties.indptr))
        self.alter = self.ties.indices.astype(np.int64)
        if not (self.ego != self.alter).any():
            raise ValueError("there are no ties, so nobody can set off anybody.")
        self.counts = np.bincount(self.who, minlength=n)
        self.kinds, self.kind = self._pooled(levels, pairs)
        self._set_rhythm(rhythm)

    def __repr__(self) -> str:
        pairs = int((self.ego != self.alter).sum())
        n = f"{plural(len(self.members), 'member')}, {plural(len(self.times), 'event')}, {plural(pairs, 'tie')}"
        return f"Hawkes: {n}, {plural(len(self.kinds), 'response parameter')}, {plural(self.n_bins, 'bin')} of rhythm"

    def _clock(self, when: pd.Series) -> np.ndarray:
        if self.dated:
            return ((when - self.origin) / pd.Timedelta(hours=1)).to_numpy(dtype=float)
        return when.to_numpy(dtype=float) - float(self.origin)

    def _pooled(self, levels: pd.Series | None, pairs: bool) -> tuple[list[str], np.ndarray]:
        """Names of the response parameters, and which of them each pair has."""
        if levels is None:
            label = pd.Series("", index=self.members)
        else:
            label = levels.reindex(self.members)
            if label.isna().any():
                raise ValueError(f"no level for {listing(self.members[label.isna()])}.")
        text = label.astype(str).to_numpy()
        names = []
        for i, j in zip(self.ego, self.alter, strict=True):
            if pairs and self.counts[i] >= ENOUGH:
                names.append(f"{self.members[i]} from {self.members[j]}" if i != j else f"{OWN} {self.members[i]}")
            elif i == j:
                names.append(OWN)
            else:
                names.append(f"{text[i]} from {text[j]}" if levels is not None else "response")
        kind, kinds = pd.factorize(pd.Series(names, dtype=object), sort=False)
        order = sorted(range(len(kinds)), key=lambda k: (str(kinds[k]).startswith(OWN), k))
        place = np.empty(len(kinds), dtype=int)
        place[order] = np.arange(len(kinds))
        return [str(kinds[k]) for k in order], place[kind]

    def _set_rhythm(self, rhythm: tuple[Any, int] | None) -> None:
        """Bins of the events, hours of presence in each bin, and its share of the time observed."""
        if rhythm is None:
            self.period, self.n_bins = self.end, 1
        else:
            period, bins = rhythm
            self.period = pd.Timedelta(period) / pd.Timedelta(hours=1) if self.dated else float(period)
            self.n_bins = whole(bins, "bins of rhythm")
            if not 0 < self.period <= self.end:
                raise ValueError(f"a rhythm of period {period} does not go round once within the observation.")
        # dated events are binned from midnight of a Monday on, so that bins mean the same whenever observation began
        self.shift = 0.0
        if self.dated and rhythm is not None:
            monday = pd.Timestamp("2001-01-01", tz=getattr(self.origin, "tz", None))
            self.shift = float((self.origin - monday) / pd.Timedelta(hours=1) % self.period)
        self.bin = self._bins(self.times)
        self.attended = self._hours(self.stop) - self._hours(self.begin)
        whole_time = self._hours(np.array([self.end])) - self._hours(np.array([0.0]))
        self.share = (whole_time / whole_time.sum())[0]

    def _bins(self, t: np.ndarray) -> np.ndarray:
        phase = (t + self.shift) % self.period / self.period * self.n_bins
        return np.minimum(phase.astype(int), self.n_bins - 1)

    def _hours(self, t: np.ndarray) -> np.ndarray:
        """Time in each bin up to t: shape (len(t), n_bins)."""
        width = self.period / self.n_bins
        turns, rest = np.divmod(np.asarray(t, dtype=float) + self.shift, self.period)
        part = np.clip(rest[:, None] - width * np.arange(self.n_bins), 0.0, width)
        return turns[:, None] * width + part

    # --- the likelihood ---------------------------------------------------------------------------------------

    @cached_property
    def _layout(self) -> tuple[np.ndarray, ...]:
        indptr = self.ties.indptr.astype(np.int64)
        degree = np.diff(indptr)[self.who]
        place = np.concatenate([[0], np.cumsum(degree)]).astype(np.int64)
        pair = np.concatenate([np.arange(indptr[i], indptr[i + 1]) for i in self.who])
        order = np.argsort(self.who, kind="stable").astype(np.int64)
        first = np.concatenate([[0], np.cumsum(self.counts)]).astype(np.int64)
        return indptr, place, pair, order, first

    def _features(self, beta: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """By event and pair: beta R and its slope; by pair: expected responses and their slope."""
        indptr, place, pair, order, first = self._layout
        out, slope = np.zeros(len(pair)), np.zeros(len(pair))
        kernels.excitation(self.times, self.who, indptr, self.alter, len(self.members), float(beta), place, out, slope)
        total, change = np.zeros(len(self.alter)), np.zeros(len(self.alter))
        kernels.responses(
            self.times, first, order, indptr, self.alter, self.begin, self.stop, float(beta), total, change
        )
        return out, slope, total, change

    def _by_kind(self, flat: np.ndarray) -> sparse.csr_array:
        """Events by response parameters."""
        _, place, pair, _, _ = self._layout
        rows = np.repeat(np.arange(len(self.times)), np.diff(place))
        matrix = sparse.coo_array((flat, (rows, self.kind[pair])), shape=(len(self.times), len(self.kinds))).tocsr()
        return matrix

    def loglike(self, baseline: Any, alpha: Any, decay: float, rhythm: Any = None) -> HawkesLikelihood:
        """Log-likelihood at given parameters.

        Parameters
        ----------
        baseline : array of float, shape (n_members,)
        alpha : array of float, shape (n_members, n_members)
            Row = who responds; counted where there is a tie, and on the diagonal if `own`.
        decay : float
        rhythm : array of float, shape (n_bins,), optional
        """
        mu, s = np.asarray(baseline, dtype=float), np.ones(self.n_bins) if rhythm is None else np.asarray(rhythm)
        n = len(self.members)
        if mu.shape != (n,) or np.shape(alpha) != (n, n) or s.shape != (self.n_bins,):
            raise ValueError(
                f"shapes are {mu.shape}, {np.shape(alpha)} and {s.shape}; give ({n},), ({n}, {n}) and ({self.n_bins},) "
                "for baseline, alpha and rhythm."
            )
        a = np.asarray(alpha, dtype=float)[self.ego, self.alter]
        out, _, total, _ = self._features(decay)
        _, place, pair, _, _ = self._layout
        excited = sparse.csr_array((out * a[pair], np.zeros(len(pair), int), place), shape=(len(self.times), 1))
        lam = mu[self.who] * s[self.bin] + np.asarray(excited.sum(axis=1)).ravel()
        compensated = float(mu @ (self.attended @ s) + a @ total)
        return HawkesLikelihood(float(np.log(lam).sum()), compensated)

    def _score(
        self, mu: np.ndarray, r: np.ndarray, alpha: np.ndarray, beta: float, ridge: float
    ) -> tuple[float, dict[str, np.ndarray], np.ndarray, sparse.csr_array]:
        """Penalised log-likelihood, its gradient by mu, r, alpha and beta, intensities at events, and features."""
        raw = np.exp(r - r.max())
        s = raw / (raw @ self.share)
        out, slope, total, change = self._features(beta)
        f, df = self._by_kind(out), self._by_kind(slope)
        c = np.bincount(self.kind, total, len(self.kinds))
        dc = np.bincount(self.kind, change, len(self.kinds))
        base = mu[self.who] * s[self.bin]
        lam = np.maximum(base + f @ alpha, 1e-300)
        hours = self.attended @ s
        value = float(np.log(lam).sum() - mu @ hours - alpha @ c - ridge / 2 * alpha @ alpha)
        by_mu = np.bincount(self.who, s[self.bin] / lam, len(mu)) - hours
        by_s = np.bincount(self.bin, mu[self.who] / lam, self.n_bins) - mu @ self.attended
        by_r = s * (by_s - self.share * float(by_s @ s))
        by_alpha = f.T @ (1 / lam) - c - ridge * alpha
        by_beta = float((df @ alpha) @ (1 / lam) - alpha @ dc)
        gradient = {"mu": by_mu, "r": by_r, "alpha": by_alpha, "beta": np.array([by_beta])}
        return value, gradient, lam, f

    # --- the search -------------------------------------------------------------------------------------------

    def fit(self, decay: float | None = None, ridge: float = 0.0) -> HawkesResults:
        """Maximise the (penalised) likelihood.

        Parameters
        ----------
        decay : float, optional
            Beta per unit of time (hours for timestamps), taken as known. By default it is estimated.
        ridge : float
            Penalty ``ridge / 2 * sum(alpha ** 2)``, of use with many pairs.

        Returns
        -------
        HawkesResults

        Warns
        -----
        ConvergenceWarning
            If the search did not settle.
        """
        if not (is_number(ridge) and ridge >= 0) or (decay is not None and not (is_number(decay) and decay > 0)):
            raise ValueError(f"ridge is 0 or more and decay positive; these are {ridge!r} and {decay!r}.")
        active = self.counts > 0
        n, q, b = int(active.sum()), len(self.kinds), self.n_bins
        hours = self.attended.sum(axis=1)[active]
        gaps = np.diff(self.times)
        guess = decay or 1 / max(float(np.mean(gaps[gaps > 0])) * len(self.members) ** 0.5, 1e-9)
        rates = np.log(0.7 * self.counts[active] / hours)
        start = np.concatenate([rates, np.zeros(b - 1), np.full(q, 0.1), [math.log(guess)]])

        def parts(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
            mu = np.zeros(len(self.members))
            mu[active] = np.exp(theta[:n])
            return mu, np.append(0.0, theta[n : n + b - 1]), theta[n + b - 1 : -1], math.exp(theta[-1])

        def objective(theta: np.ndarray) -> tuple[float, np.ndarray]:
            mu, r, alpha, beta = parts(theta)
            value, g, _, _ = self._score(mu, r, alpha, beta, ridge)
            by_beta = g["beta"] * beta if decay is None else np.zeros(1)
            gradient = np.concatenate([(g["mu"] * mu)[active], g["r"][1:], g["alpha"], by_beta])
            return -value, -gradient

        wide = math.log(1e4)
        bounds: list[tuple[float | None, float | None]] = [(None, None)] * n + [(-15, 15)] * (b - 1) + [(0, None)] * q
        bounds.append((math.log(guess) - wide, math.log(guess) + wide))
        found = minimize(
            objective, start, jac=True, method="L-BFGS-B", bounds=bounds,
            options={"maxiter": 2000, "maxfun": 4000, "ftol": 1e-12, "gtol": 1e-5, "maxcor": 30},
        )  # fmt: skip
        theta = found.x
        mu, r, alpha, beta = parts(theta)
        value, gradient, lam, f = self._score(mu, r, alpha, beta, ridge)
        _, slope = objective(theta)
        free = ~((theta[n + b - 1 : -1] <= 0) & (gradient["alpha"] <= 0))
        slope[n + b - 1 : -1] *= free
        converged = bool(np.abs(slope).max() < 1e-3 * max(1.0, abs(value)) ** 0.5)
        if not converged:
            warnings.warn(UNSETTLED, ConvergenceWarning, stacklevel=2)
        covariance = self._covariance(mu, r, alpha, beta, ridge, active, free, decay is None, lam, f)
        names = pd.Index([*self.kinds, DECAY])
        raw = np.exp(r - r.max())
        matrix = np.zeros((len(self.members),) * 2)
        matrix[self.ego, self.alter] = alpha[self.kind]
        penalty = ridge / 2 * float(alpha @ alpha)
        return HawkesResults(
            params=pd.Series(np.append(alpha, beta), index=names, name="estimate"),
            covariance=pd.DataFrame(covariance, index=names, columns=names),
            nobs=len(self.times),
            claim="adjusted association",
            caveats=tuple(self._caveats(converged, alpha, matrix, beta, ridge)),
            llf=value + penalty,
            baseline=pd.Series(mu, index=self.members, name="baseline"),
            rhythm=pd.Series(raw / (raw @ self.share), name="rhythm"),
            alpha=pd.DataFrame(matrix, index=self.members, columns=self.members),
            n_free=n + b - 1 + q + (decay is None),
            converged=converged,
            model=self,
        )

    def _covariance(
        self,
        mu: np.ndarray,
        r: np.ndarray,
        alpha: np.ndarray,
        beta: float,
        ridge: float,
        active: np.ndarray,
        free: np.ndarray,
        with_beta: bool,
        lam: np.ndarray,
        f: sparse.csr_array,
    ) -> np.ndarray:
        """Inverse of the observed information in mu, r, alpha and beta, of which alpha and beta come back.

        Second derivatives by mu and alpha are known; rows of r and beta are differences of the gradient. Parameters
        at their bound of 0 are left out, and NaN.
        """
        raw = np.exp(r - r.max())
        s = raw / (raw @ self.share)
        kept = np.flatnonzero(active)
        place = np.full(len(mu), -1)
        place[kept] = np.arange(len(kept))
        m = sparse.csr_array((s[self.bin], (np.arange(len(lam)), place[self.who])), shape=(len(lam), len(kept)))
        v = sparse.hstack([m, f[:, np.flatnonzero(free)]], format="csr")
        n, q, b = len(kept), int(free.sum()), self.n_bins - 1
        size = n + q + b + with_beta
        information = np.zeros((size, size))
        information[: n + q, : n + q] = (v.multiply((1 / lam**2)[:, None]).T @ v).toarray()
        information[n : n + q, n : n + q] += ridge * np.eye(q)

        def gradient(r_: np.ndarray, beta_: float) -> np.ndarray:
            _, g, _, _ = self._score(mu, r_, alpha, beta_, ridge)
            return np.concatenate([g["mu"][kept], g["alpha"][free], g["r"][1:], g["beta"][: int(with_beta)]])

        for c in range(b + with_beta):
            step = 1e-4 if c < b else 1e-4 * beta
            unit = np.zeros(b + 1)
            if c < b:
                unit[c + 1] = step
            up, down = gradient(r + unit, beta + step * (c == b)), gradient(r - unit, beta - step * (c == b))
            row = -(up - down) / (2 * step)
            information[n + q + c] = information[:, n + q + c] = row
        cov = np.full((len(alpha) + 1,) * 2, np.nan)
        scale = np.sqrt(np.maximum(np.abs(np.diag(information)), 1e-300))
        try:
            inverse = np.linalg.inv(information / np.outer(scale, scale)) / np.outer(scale, scale)
        except np.linalg.LinAlgError:
            return cov
        wanted = np.append(np.flatnonzero(free), [len(alpha)] if with_beta else []).astype(int)
        source = np.append(np.arange(n, n + q), [size - 1] if with_beta else []).astype(int)
        cov[np.ix_(wanted, wanted)] = inverse[np.ix_(source, source)]
        return cov

    def _caveats(
        self, converged: bool, alpha: np.ndarray, matrix: np.ndarray, beta: float, ridge: float
    ) -> Iterator[str]:
        if not converged:
            yield UNSETTLED
        yield (
            "tied members may follow the same outside events, or have sought out those who are active when they are; "
            "responses hold that together with influence."
        )
        if self.n_bins == 1:
            yield "no rhythm is taken out: common hours of activity count as responses."
        radius = float(np.abs(np.linalg.eigvals(matrix)).max()) if matrix.any() else 0.0
        if radius >= 1:
            yield f"the branching ratio is {radius:.2f}, 1 or more: cascades would not end, and totals mean nothing."
        receivers = np.unique(self.ego[self.ego != self.alter])
        thin = self.counts[receivers] < ENOUGH
        if thin.any():
            yield (
                f"{plural(int(thin.sum()), 'receiving member')} of {len(receivers)} with fewer than {ENOUGH} events: "
                "what is said of responses rests on pooling."
            )
        at_zero = [name for name, value in zip(self.kinds, alpha, strict=True) if value <= 0]
        if at_zero:
            yield f"at their bound of 0, without standard errors: {listing(at_zero)}."
        ties = len(self.times) - len(np.unique(self.times))
        if ties:
            yield f"{plural(ties, 'event')} at the time of another: those do not set off each other."
        if ridge:
            yield f"responses are drawn to 0 by a ridge of {ridge:g}: intervals are around the drawn estimates."
        if beta * self.end < 10 or beta * float(np.median(np.diff(self.times))) > 20:
            yield f"a decay of {beta:.3g} is at the edge of what these times can show."


# --- the results ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class HawkesResults(Estimates):
    """Estimates of a :class:`Hawkes` model.

    Attributes
    ----------
    params, covariance, nobs, claim, caveats
        See :class:`coplearn.results.Estimates`: responses (``response``, ``x from y`` by levels or pairs, ``own``), and
        ``decay`` per unit of time. ``nobs`` counts events.
    llf : float
    baseline : Series of float
        mu of each member, per unit of time.
    rhythm : Series of float
        s of each bin; 1 on average.
    alpha : DataFrame of float, shape (n_members, n_members)
        Direct responses: row = who responds.
    n_free : int
        Parameters, baselines and rhythm included.
    converged : bool
    """

    llf: float
    baseline: pd.Series
    rhythm: pd.Series
    alpha: pd.DataFrame
    n_free: int
    converged: bool
    model: Hawkes

    @property
    def aic(self) -> float:
        return 2 * self.n_free - 2 * self.llf

    @property
    def bic(self) -> float:
        return math.log(self.nobs) * self.n_free - 2 * self.llf

    @property
    def half_life(self) -> float:
        """Time after which half of the direct responses have come."""
        return math.log(2) / float(self.params[DECAY])

    @property
    def branching_ratio(self) -> float:
        """Largest eigenvalue of alpha: below 1, cascades end."""
        return float(np.abs(np.linalg.eigvals(self.alpha.to_numpy())).max())

    def total_influence(self) -> pd.DataFrame:
        r"""Responses to one event, responses to responses counted: :math:`(I - \alpha)^{-1} - I`, column = whose event.

        Raises
        ------
        ValueError
            If the branching ratio is 1 or more.
        """
        if self.branching_ratio >= 1:
            raise ValueError(f"the branching ratio is {self.branching_ratio:.2f}: cascades would not end.")
        a = self.alpha.to_numpy()
        eye = np.eye(len(a))
        return pd.DataFrame(np.linalg.inv(eye - a) - eye, index=self.alpha.index, columns=self.alpha.columns)

    def residuals(self) -> np.ndarray:
        """Integrals of the intensity between events of a member: exponential with mean 1 if the model holds."""
        m = self.model
        entering = np.flatnonzero(m.counts > 0)
        times = np.concatenate([m.begin[entering], m.times])
        who = np.concatenate([entering, m.who])
        real = np.arange(len(times)) >= len(entering)
        order = np.lexsort((real, times))  # a mark of entry comes before an event at the same time
        times, who, real = times[order], who[order], real[order]
        excited = np.zeros(len(times))
        kernels.compensator(
            times, who, real, m.ties.indptr.astype(np.int64), m.alter, self.alpha.to_numpy()[m.ego, m.alter],
            len(m.members), float(self.params[DECAY]), excited,
        )  # fmt: skip
        total = pd.Series(excited + self.baseline.to_numpy()[who] * (m._hours(times) @ self.rhythm.to_numpy()))
        return total.groupby(who).diff().dropna().to_numpy()

    def ks_test(self) -> dict[str, float]:
        """Kolmogorov-Smirnov test of the residuals: statistic, p; NaN for fewer than two.

        As parameters are estimated, p is too high: a small one tells, a large one does not.
        """
        residuals = self.residuals()
        if len(residuals) < 2:
            return {"statistic": math.nan, "p": math.nan}
        test = kstest(residuals, "expon")
        return {"statistic": float(test.statistic), "p": float(test.pvalue)}

    def summary(self) -> str:
        """Plain text: responses, decay, stability, fit, the claim and the caveats."""
        table, test = self.table(), self.ks_test()
        lines = [
            f"Hawkes influence    {plural(len(self.baseline), 'member')}, {plural(self.nobs, 'event')}    "
            f"{plural(len(self.rhythm), 'bin')} of rhythm",
            table.head(30).to_string(float_format=lambda v: f"{v:.3f}"),
            *([f"... and {len(table) - 30} more"] if len(table) > 30 else []),
            f"branching ratio {self.branching_ratio:.2f}, half-life {self.half_life:.3g}; log-likelihood "
            f"{self.llf:.3f}, AIC {self.aic:.2f}; time-rescaling KS {test['statistic']:.3f}, p {test['p']:.3f}",
        ]
        return said(lines, self.claim, self.caveats)

    def __repr__(self) -> str:
        return self.summary()


# --- drawing events -------------------------------------------------------------------------------------------


def simulate_hawkes(
    baseline: Any, alpha: Any, decay: float, end: float, rhythm: tuple[float, Any] | None = None, seed: int | None = 0
) -> pd.DataFrame:
    """Draw mutually exciting events as a cascade: those that come by themselves, and responses to all.

    Parameters
    ----------
    baseline : array of float, shape (n_members,)
    alpha : array of float, shape (n_members, n_members)
        Row = who responds; its largest eigenvalue is below 1.
    decay, end : float
    rhythm : tuple of (period, array of float), optional
        Relative rates in equal bins of a period; they are divided by their mean.
    seed : int or None

    Returns
    -------
    DataFrame
        Columns time, sender (0, 1, ...) and generation (0: by itself), in order of time.
    """
    mu, a = np.asarray(baseline, dtype=float), np.asarray(alpha, dtype=float)
    if not all(is_number(value) and value > 0 for value in (decay, end)):
        raise ValueError(f"decay and end are positive numbers; these are {decay!r} and {end!r}.")
    if np.abs(np.linalg.eigvals(a)).max() >= 1:
        raise ValueError("the largest eigenvalue of alpha is 1 or more: cascades would not end.")
    rng = generator(seed)
    period, level = (end, np.ones(1)) if rhythm is None else (rhythm[0], np.asarray(rhythm[1], dtype=float))
    level = level / level.mean()
    who = np.repeat(np.arange(len(mu)), rng.poisson(mu * end * level.max()))
    times = rng.random(len(who)) * end
    phase = np.minimum((times % period / period * len(level)).astype(int), len(level) - 1)
    kept = rng.random(len(who)) < level[phase] / level.max()
    times, who = times[kept], who[kept]
    parts = [(times, who)]
    while len(times):
        born = rng.poisson(a[:, who].T)
        parent, i = np.nonzero(born)
        many = born[parent, i]
        parent, i = np.repeat(parent, many), np.repeat(i, many)
        times, who = times[parent] + rng.exponential(1 / decay, len(parent)), i
        times, who = times[times <= end], who[times <= end]
        parts.append((times, who))
    frames = [pd.DataFrame({"time": t, "sender": w, "generation": g}) for g, (t, w) in enumerate(parts)]
    return pd.concat(frames, ignore_index=True).sort_values("time", kind="stable", ignore_index=True)

r"""Method of moments by simulation: find parameters at which a model's statistics are, on average, the observed ones.

With statistics :math:`S`, their observed values :math:`s` and parameters :math:`\theta`, the estimate solves
:math:`E_\theta S = s` (Snijders 2001). Nothing is known of the left-hand side but draws, so:

1. **approach**: damped Newton steps on batches of draws. The derivative comes from the score functions :math:`J` of the
   draws, :math:`D = \mathrm{cov}(S, J)` (Schweinberger & Snijders 2007), so no parameter has to be moved to find it;
2. **Robbins-Monro**: single draws, with a gain that is halved from one subphase to the next; the parameters that go on
   are averages over a subphase (Polyak-Ruppert). Deviations are taken net of their regression on :math:`J`, whose mean
   is known to be 0, which leaves less noise;
3. **measure**: many draws at the final parameters. They tell whether :math:`E_\theta S = s`, and give the standard
   errors, :math:`D^{-1} \Sigma D^{-\top}` with :math:`\Sigma = \mathrm{cov}(S)`.

If the measurement says no, the parameters are corrected by one Newton step from its draws (or, far away, the second
step is done again), and it is repeated with more draws. If it says yes, the same step is the last one: it leaves only
the noise of the measurement, less than that of single draws. Ratios and standard errors are of the place measured.

The draws of one call are numbered by their seeds: they are the same whoever computes them, in whatever portions. What
the search knows after each step is a plain dictionary of arrays, so it can be written down and taken up again.

References
----------
Snijders (2001), Sociological Methodology 31(1), 361-395, doi:10.1111/0081-1750.00099.
Schweinberger & Snijders (2007), Markov models for digraph panel data: Monte Carlo-based derivative estimation,
Computational Statistics & Data Analysis 51(9), 4465-4483, doi:10.1016/j.csda.2006.07.014.
Polyak & Juditsky (1992), SIAM Journal on Control and Optimization 30(4), 838-855, doi:10.1137/0330046.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from coplearn._checks import is_number, listing, whole

__all__ = ["Draws", "Estimation", "Search", "overall_ratio", "standard_covariance"]

LIMIT = 50.0  # a parameter this large has run away (rates: LIMIT times this)
LOST = 10  # draws of a subphase that are cut short, and more than half of all: the search has lost its way
TRUNCATE = 5.0  # deviations beyond this many standard deviations count as this many
APPROACH_STEPS = 12
PHASES = 16  # numbers of phases that a round has for its random streams
NEAR = 0.25  # deviation in standard deviations, root mean square, at which the approach ends


@dataclass(frozen=True)
class Estimation:
    """How to estimate.

    Attributes
    ----------
    conditional : bool or str, optional
        Simulate until a variable has changed as much as observed, instead of for one unit of time; its rates then
        follow from the time that takes. A name says which variable. By default, conditional if one variable is
        modelled, nobody joins or leaves, and its rate depends on nothing.
    subphases : int
        Of the Robbins-Monro search.
    phase3 : int
        Draws for convergence and standard errors.
    gain, reduction : float
        Size of the first Robbins-Monro steps, and the factor from one subphase to the next.
    diagonalize : float
        Share of the derivative matrix that is taken to be diagonal in the search, 0 to 1.
    rounds : int
        How often measuring may be repeated before the fit is declared not to have converged.
    max_ratio : float
        Overall maximum convergence ratio at which the search is content; 0.25 still counts as converged.
    dolby, double_averaging, standardize : bool
        Variance reduction by scores; averaging of parameters within the recursion; smaller steps where a parameter is
        uncertain.
    start, fixed : dict or Series of parameter name to float, optional
        Values to start at, and values to hold.
    checkpoint : path, optional
        File to which the search is written after each step; if it is there, the search goes on from it.
    """

    conditional: bool | str | None = None
    subphases: int = 4
    phase3: int = 1000
    gain: float = 0.2
    reduction: float = 0.5
    diagonalize: float = 0.2
    rounds: int = 6
    max_ratio: float = 0.2
    dolby: bool = True
    double_averaging: bool = True
    standardize: bool = True
    start: Mapping[str, float] | None = None
    fixed: Mapping[str, float] | None = None
    checkpoint: str | os.PathLike[str] | None = None

    def __post_init__(self) -> None:
        for name in ("start", "fixed"):
            given = getattr(self, name)
            if given is not None:
                if not hasattr(given, "keys"):
                    raise TypeError(f"{name} is {given!r}; give a dict or Series, such as {{'advice: outdegree': -2}}.")
                object.__setattr__(self, name, dict(given))
                for key, value in getattr(self, name).items():
                    if not is_number(value):
                        raise ValueError(f"{name} of {key!r} is {value!r}; give a finite number.")
        whole(self.subphases, "subphases", 0)
        whole(self.phase3, "phase3", 10)
        whole(self.rounds, "rounds")
        for name in ("gain", "max_ratio"):
            value = getattr(self, name)
            if not (is_number(value, finite=False) and value > 0):
                raise ValueError(f"{name} is {value!r}; give a positive number.")
        for name in ("diagonalize", "reduction"):
            value = getattr(self, name)
            if not (is_number(value) and 0 <= value <= 1):
                raise ValueError(f"{name} is {value!r}; give a number from 0 to 1.")
        for name in ("dolby", "double_averaging", "standardize"):
            if not isinstance(getattr(self, name), bool | np.bool_):
                raise TypeError(f"{name} is {getattr(self, name)!r}; give True or False.")


@dataclass(frozen=True, eq=False)
class Draws:
    """Simulated statistics and scores of the free parameters, (n_draws, n_periods, p); clocks, (n_draws, n_periods).

    `cut` counts simulations that were stopped because they took too many steps.
    """

    statistics: np.ndarray
    scores: np.ndarray
    clock: np.ndarray
    cut: int = 0

    @property
    def total(self) -> np.ndarray:
        """Statistics summed over periods."""
        return np.asarray(self.statistics.sum(axis=1))

    def derivative(self) -> np.ndarray:
        """d E[statistic] / d parameter: covariance of statistics (rows) and scores (columns), period by period."""
        s = self.statistics - self.statistics.mean(axis=0)
        j = self.scores - self.scores.mean(axis=0)
        return np.asarray(np.einsum("nmk,nml->kl", s, j)) / len(s)

    def covariance(self) -> np.ndarray:
        """Covariance matrix of the summed statistics."""
        return np.atleast_2d(np.cov(self.total, rowvar=False))

    def mean_by_scores(self) -> np.ndarray:
        """Mean of the summed statistics, net of their regression on the scores, whose mean is 0."""
        s, j = self.total, self.scores.sum(axis=1)
        if len(s) < 4 * s.shape[1]:
            return np.asarray(s.mean(axis=0))
        slope, *_ = np.linalg.lstsq(j - j.mean(axis=0), s - s.mean(axis=0), rcond=1e-10)
        return np.asarray(s.mean(axis=0) - j.mean(axis=0) @ slope)

    @staticmethod
    def join(parts: list[Draws]) -> Draws:
        """Draws one after another."""
        return Draws(
            np.concatenate([p.statistics for p in parts]),
            np.concatenate([p.scores for p in parts]),
            np.concatenate([p.clock for p in parts]),
            sum(p.cut for p in parts),
        )


def overall_ratio(draws: Draws, target: np.ndarray) -> float:
    """Largest t-ratio for convergence over all linear combinations of the statistics.

    Examples
    --------
    >>> s = np.array([[0.0], [1.0], [2.0], [4.0]])[:, None]
    >>> round(overall_ratio(Draws(s, s, s[:, 0]), np.array([1.0])), 3)
    0.439
    """
    covariance = draws.covariance()
    size = np.sqrt(np.where(np.diag(covariance) > 0, np.diag(covariance), 1.0))  # whatever the units of covariates
    off = (draws.total.mean(axis=0) - target) / size
    return float(np.sqrt(max(off @ np.linalg.pinv(covariance / np.outer(size, size), hermitian=True) @ off, 0.0)))


def standard_covariance(derivative: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Covariance matrix of moment estimates; NaN where the derivative cannot be inverted."""
    try:
        inverse = np.linalg.inv(derivative)
    except np.linalg.LinAlgError:
        return np.full(derivative.shape, np.nan)
    return np.asarray(inverse @ covariance @ inverse.T)


Simulate = Callable[[np.ndarray, tuple[int, int, int], int, int], Draws]


class Search:
    """The search for one model, step by step.

    Parameters
    ----------
    simulate : callable
        ``simulate(theta, (seed, phase, step), first, count)`` gives `count` :class:`Draws`, numbered from `first` on.
    target : ndarray of float, shape (p,)
    start : ndarray of float, shape (p,)
    positive : ndarray of bool, shape (p,)
        Rates.
    names : list of str
    settings : Estimation
    seed : int
    tell : callable
        ``tell(phase, done, of)`` after each portion of work.
    identity : str
        What a checkpoint must agree with to be taken up.
    spans : ndarray of float, shape (p,), optional
        Ranges of the covariates that effects multiply, by default 1: parameters are large where these are small.

    Attributes
    ----------
    theta : ndarray
    draws : Draws or None
        Of the last measurement.
    history : list of dict
        Round, phase, draws so far and the size of the deviation after each step.
    note : str
        Why the search stopped short; "" if it did not.
    """

    def __init__(
        self,
        simulate: Simulate,
        target: np.ndarray,
        start: np.ndarray,
        positive: np.ndarray,
        names: list[str],
        settings: Estimation,
        seed: int,
        tell: Callable[[str, int, int], None] = lambda phase, done, of: None,
        identity: str = "",
        spans: np.ndarray | None = None,
    ) -> None:
        self.simulate, self.target, self.positive, self.names = simulate, target, positive, names
        self.settings, self.seed, self.tell, self.identity = settings, seed, tell, identity
        p = len(start)
        if not p:
            raise ValueError(
                "no parameter is left to estimate: give effects, fewer fixed values, or conditional=False to estimate "
                "rates alone."
            )
        self.theta = np.array(start, dtype=float)
        self.start = self.theta.copy()
        self.limit = np.where(positive, LIMIT * LIMIT, LIMIT) / (1.0 if spans is None else spans)
        self.derivative, self.covariance, self.slope = np.eye(p), np.eye(p), np.zeros(p)
        self.stage, self.round, self.subphase, self.used, self.setbacks = "approach", 0, 1, 0, 0
        self.draws: Draws | None = None
        self.best = {"ratio": np.inf, "round": 0, "count": 0}  # the best measurement so far
        self.best_theta = self.theta.copy()
        self.history: list[dict[str, Any]] = []
        self.note = ""
        self._running: list[np.ndarray] = []

    # --- what happens in which order ---

    def run(self) -> None:
        """Search until done; stopped by Ctrl-C, keep what is known."""
        self._resume()
        steps = {"approach": self._approach, "walk": self._walk, "measure": self._measure}
        try:
            while self.stage != "done":
                steps[self.stage]()
                self._save()
        except KeyboardInterrupt:
            self.note = f"stopped by hand in the phase {self.stage!r}"
            if self._running:
                self.theta = np.mean(self._running, axis=0)
            self.stage = "done"

    def _draw(self, theta: np.ndarray, phase: int, step: int, first: int, count: int) -> Draws:
        self.used += count
        return self.simulate(theta, (self.seed, PHASES * self.round + phase, step), first, count)

    def _record(self, phase: str, size: float) -> None:
        self.history.append({"round": self.round, "phase": phase, "draws": self.used, "deviation": float(size)})

    # --- 1: approach ---

    def _approach(self) -> None:
        """Newton steps on batches, each no longer than the uncertainty of the parameters allows."""
        p = len(self.theta)
        count = max(100, 7 + 4 * p)
        best, best_size, length = self.theta.copy(), np.inf, 1.0
        for step in range(APPROACH_STEPS):
            self.tell("approach", step, APPROACH_STEPS)
            draws = self._draw(self.theta, 1, step, 0, count)
            if step == 0:
                draws = self._checked(draws)
            mean = draws.mean_by_scores()
            size = self._size(draws, mean)
            self._record("approach", size)
            if np.isfinite(size) and size < 2 * best_size:
                if size < best_size:
                    best, best_size = self.theta.copy(), size
                self._learn(draws)
                if size < NEAR:
                    self.theta = self._moved(self.theta, -self._direction(mean - self.target))
                    # what large steps are for is done: only the last two subphases are left
                    self.subphase = max(1, self.settings.subphases - 1)
                    break
                self.theta = self._moved(self.theta, -length * self._direction(mean - self.target))
            else:
                length /= 2
                self.theta = (self.theta + best) / 2
        else:
            self.theta = best
        self.tell("approach", APPROACH_STEPS, APPROACH_STEPS)
        self.stage = "walk" if self.settings.subphases else "measure"

    def _size(self, draws: Draws, mean: np.ndarray) -> float:
        """Root mean square deviation from the target, in standard deviations of the statistics."""
        spread = draws.total.std(axis=0)
        if not (spread > 0).all():  # a place where something stands still is no place to learn from
            return np.inf
        return float(np.sqrt(np.mean(((mean - self.target) / spread) ** 2)))

    def _learn(self, draws: Draws) -> None:
        """Take derivative, covariance and regression on scores from draws."""
        self.derivative, self.covariance = draws.derivative(), draws.covariance()
        floor = 1e-3 * np.diag(self.covariance) / np.maximum(draws.scores.sum(axis=1).std(axis=0), 1e-12)
        weak = np.diag(self.derivative) <= np.minimum(floor, 1e-3)
        self.derivative[weak, weak] = np.maximum(np.sqrt(np.diag(self.covariance)[weak]), 1e-3)
        s, j = draws.total, draws.scores.sum(axis=1)
        variance = j.var(axis=0)
        both = ((s - s.mean(axis=0)) * (j - j.mean(axis=0))).mean(axis=0)
        self.slope = np.where(variance > 0, both / np.where(variance > 0, variance, 1), 0.0) * self.settings.dolby

    def _softened(self) -> np.ndarray:
        """The derivative, partly diagonal."""
        g = self.settings.diagonalize
        return g * np.diag(np.diag(self.derivative)) + (1 - g) * self.derivative

    def _direction(self, off: np.ndarray) -> np.ndarray:
        """Newton's step for a deviation, shortened to four standard errors of the parameter that moves most."""
        softened = self._softened()
        step = np.linalg.lstsq(softened, off, rcond=1e-8)[0]
        error = np.sqrt(np.abs(np.diag(standard_covariance(softened, self.covariance))))
        error = np.where(np.isfinite(error) & (error > 0), error, 1.0)
        return np.asarray(step / max(1.0, float(np.max(np.abs(step) / (4 * error)))))

    def _moved(self, theta: np.ndarray, by: np.ndarray) -> np.ndarray:
        """Parameters moved; a rate that would turn negative is halved, and none is more than doubled."""
        new = theta + by
        new = np.where(self.positive & (new <= theta / 2), theta / 2, new)
        return np.where(self.positive, np.minimum(new, 2 * theta), new)

    def _checked(self, draws: Draws) -> Draws:
        """Draws at the start, more of them if need be; statistics that never move, or move as one, are refused."""
        unknown = ~(np.isfinite(self.target) & np.isfinite(draws.total).all(axis=0))
        if unknown.any():
            raise ValueError(
                f"the statistic of {listing(np.array(self.names)[unknown])} is not a finite number. Look at the values "
                "of its variables, and at its internal parameter."
            )
        if (draws.total.std(axis=0) == 0).any():
            draws = self._draw(self.theta, 1, APPROACH_STEPS, 0, 10 * len(draws.clock))
        total = draws.total
        still = total.std(axis=0) == 0
        if still.any():
            raise ValueError(
                f"the statistic of {listing(np.array(self.names)[still])} was the same in all of {len(total)} "
                "simulations, so its parameter cannot be estimated. Leave the effect out, or hold its parameter with "
                "Estimation(fixed={...})."
            )
        correlation = np.corrcoef(total, rowvar=False).reshape(len(still), len(still))
        values, vectors = np.linalg.eigh(correlation)
        if values[0] < 1e-9 and len(total) > 2 * len(still):
            together = np.array(self.names)[np.abs(vectors[:, 0]) > 0.05]
            raise ValueError(
                f"the statistics of {listing(together, 8)} are collinear: in every simulation one follows from the "
                "others, so their parameters cannot be told apart by the method of moments. Leave one of them out."
            )
        return draws

    # --- 2: Robbins-Monro ---

    def _walk(self) -> None:
        """One subphase; its average goes on."""
        settings, k, p = self.settings, self.subphase, len(self.theta)
        gain = settings.gain * settings.reduction ** (k - 1 + self.setbacks)
        least = int(2.52**k * (p + 7))
        most = least + 200
        inverse = np.linalg.pinv(self._softened())
        precision = np.linalg.inv(self.covariance + 1e-4 * np.eye(p))
        error = np.sqrt(np.diag(inverse @ self.covariance @ inverse.T))
        damp = np.minimum(1.0, 1 / np.maximum(error, 1e-12)) if settings.standardize else np.ones(p)
        theta, before = self.theta.copy(), np.zeros(p)
        self._running = [theta.copy()]
        mean_theta, summed, cut = theta.copy(), np.zeros(p), 0
        product, square = np.zeros(p), np.zeros(p)
        for count in range(1, most + 1):
            draws = self._draw(theta, 2, k + self.setbacks * PHASES, count - 1, 1)
            cut += draws.cut > 0
            off = draws.total[0] - self.target - self.slope * draws.scores[0].sum(axis=0)
            length = float(np.sqrt(max(off @ precision @ off, 0.0) / p))
            if length > TRUNCATE:
                off = off * (TRUNCATE / length)
            summed += off
            if settings.double_averaging:
                new = mean_theta - gain * damp * (inverse @ summed)
            else:
                new = theta - gain * damp * (inverse @ off)
            theta = np.where(self.positive & (new <= 0), theta / 2, new)
            self._running.append(theta.copy())
            mean_theta += (theta - mean_theta) / (count + 1)
            if self._escaped(theta):
                return self._set_back(self._farthest(theta))
            if cut > max(LOST, count / 2):
                return self._set_back("simulations took too many steps")
            product += off * before
            square += off * off
            before = off
            if count % 50 == 0:
                self.tell(f"Robbins-Monro {k}/{settings.subphases}", count, least)
            if count >= least and (product < 1e-10 * square).all():
                break
        self.theta = mean_theta
        self._running = []
        spread = np.maximum(np.diag(self.covariance), 1e-12)
        self._record(f"subphase {k}", float(np.sqrt(np.mean((summed / count) ** 2 / spread))))
        self.subphase += 1
        if self.subphase > settings.subphases:
            self.stage = "measure"
        return None

    def _escaped(self, theta: np.ndarray) -> bool:
        return bool((np.abs(theta) > self.limit).any() or not np.isfinite(theta).all())

    def _farthest(self, theta: np.ndarray) -> str:
        k = int(np.argmax(np.abs(theta) / self.limit))
        return f"the parameter of {self.names[k]} ran away beyond {self.limit[k]:g}"

    def _set_back(self, what: str) -> None:
        """The search went astray: start again with smaller steps, at most three times."""
        self.setbacks += 1
        self.theta, self._running, self.subphase = self._running[0], [], 1
        self._record("set back", np.inf)
        if self.setbacks > 3:
            self.note = f"{what} again and again: the model diverges"
            self.stage = "measure"
            self.round = self.settings.rounds - 1
            return
        # a derivative from few draws may point the wrong way
        draws = self._draw(self.theta, 1, APPROACH_STEPS + self.setbacks, 0, 5 * max(100, 7 + 4 * len(self.theta)))
        if draws.cut < draws.clock.size / 2 and np.isfinite(self._size(draws, draws.total.mean(axis=0))):
            self._learn(draws)

    # --- 3: measure ---

    def _measure(self) -> None:
        """Draws at the parameters found; content, or one step on and again with more draws."""
        p = len(self.theta)
        # after a correction noise alone gives t-ratios of up to sqrt(2 / draws), and an overall ratio of
        # sqrt(2 p / draws); to have all of them small, later rounds draw more
        count = self.settings.phase3
        if self.round:
            count = max(count, int(3 * p / self.settings.max_ratio**2), int(1000 * 1.6 ** (self.round - 1)))
        self.draws = draws = self._measured(count)
        ratio = overall_ratio(draws, self.target)
        self._record("measure", ratio)
        if ratio < self.best["ratio"]:
            self.best, self.best_theta = {"ratio": ratio, "round": self.round, "count": count}, self.theta.copy()
        self.round += 1
        if ratio < self.settings.max_ratio and (np.abs(self.t_ratios(draws)) < 0.1).all():
            self.stage = "done"
            last = self._corrected(draws, draws.derivative())
            if count >= 20 * p and (np.abs(last - self.theta) < 1).all():  # it is known well enough how statistics move
                self.theta = last
            return
        if not self.note and (name := self._saturated(draws)):
            self.note = f"no {name} is high enough: twice as much brings no more change, and more was observed"
            self.round = self.settings.rounds
        if self.round >= self.settings.rounds:
            self.stage = "done"
            if ratio > self.best["ratio"]:  # an earlier place was better: the same draws as there and then
                self.theta, self.round = self.best_theta, int(self.best["round"])
                self.draws = self._measured(int(self.best["count"]))
            return
        if ratio > 1.5 * self.best["ratio"]:  # the last correction went too far: halfway back
            self.theta = (self.theta + self.best_theta) / 2
            return
        if ratio > 2 and self.settings.subphases:
            self._learn(draws)
            self.stage, self.subphase = "walk", 1
            return
        self._learn(draws)
        self.theta = self._corrected(draws, self.derivative)

    def _saturated(self, draws: Draws) -> str:
        """The rate that is furthest off, although twice as much closes less than half the gap; "" if none is."""
        t, noise = self.t_ratios(draws), 1 / np.sqrt(len(draws.clock))
        k = int(np.argmax(np.nan_to_num(np.abs(t))))
        # half a gap of 13 errors is three of the errors with which a quarter of the draws tells what closes it
        if not self.positive[k] or draws.cut or t[k] > -13 * noise:
            return ""
        change, score = draws.total[:, k], draws.scores[:, :, k].sum(axis=1)
        if np.corrcoef(change, score)[0, 1] > 3 * noise:
            return ""
        doubled = np.where(np.arange(len(self.theta)) == k, 2 * self.theta, self.theta)
        more = self._draw(doubled, 3, 1, 0, len(change) // 4).total[:, k].mean() - change.mean()
        return self.names[k] if more < (self.target[k] - change.mean()) / 2 else ""

    def _corrected(self, draws: Draws, derivative: np.ndarray) -> np.ndarray:
        """Parameters after one Newton step from draws at the present ones."""
        off = draws.mean_by_scores() - self.target
        return self._moved(self.theta, -np.linalg.lstsq(derivative, off, rcond=1e-8)[0])

    def _measured(self, count: int) -> Draws:
        """Draws of the measurement of this round; interrupted, those that were made are kept."""
        parts: list[Draws] = []
        portion = max(50, count // 20)
        try:
            for first in range(0, count, portion):
                self.tell("measure", first, count)
                parts.append(self._draw(self.theta, 3, 0, first, min(portion, count - first)))
                if parts[-1].cut > parts[-1].clock.size / 2 and sum(len(d.clock) for d in parts) > 4 * len(self.theta):
                    break  # more draws would say no more than that this is no place to be
        except KeyboardInterrupt:
            if sum(len(d.clock) for d in parts) > 2 * len(self.theta):
                self.draws = Draws.join(parts)
            raise
        self.tell("measure", count, count)
        return Draws.join(parts)

    def t_ratios(self, draws: Draws) -> np.ndarray:
        """Mean deviations divided by the standard deviations of the statistics."""
        total = draws.total
        spread = total.std(axis=0, ddof=1)
        return np.asarray((total.mean(axis=0) - self.target) / np.where(spread > 0, spread, np.nan))

    # --- checkpoints ---

    def _save(self) -> None:
        if self.settings.checkpoint is None:
            return
        path = Path(self.settings.checkpoint)
        numbers = {
            k: getattr(self, k) for k in ("stage", "round", "subphase", "used", "setbacks", "history", "note", "best")
        }
        arrays = {k: getattr(self, k) for k in ("theta", "derivative", "covariance", "slope", "best_theta")}
        if self.draws is not None:
            arrays |= {k: getattr(self.draws, k) for k in ("statistics", "scores", "clock")}
            numbers["cut"] = self.draws.cut
        partial = path.with_name(path.name + ".part")
        with open(partial, "wb") as file:
            np.savez(file, about=np.array(json.dumps({"identity": self.identity} | numbers)), **arrays)
        partial.replace(path)

    def _resume(self) -> None:
        path = self.settings.checkpoint
        if path is None:
            return
        if not Path(path).is_file():
            if Path(path).exists() or not Path(path).absolute().parent.is_dir():
                raise ValueError(f"the checkpoint {path} cannot be written: give a file in a folder that is there.")
            return
        try:
            # opened here, so that it is closed where the archive is damaged
            with open(path, "rb") as stream, np.load(stream) as file:
                arrays = {key: file[key] for key in file.files}
            about = json.loads(str(arrays.pop("about")))
            identity = about.pop("identity")
        except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile):
            raise ValueError(
                f"the checkpoint {path} cannot be read: it is damaged, or no checkpoint. Remove it, or give another "
                "file."
            ) from None
        if identity != self.identity:
            raise ValueError(
                f"the checkpoint {path} belongs to another model, data set, seed or setting. Remove it, or give "
                "another file."
            )
        cut = about.pop("cut", 0)
        if "statistics" in arrays:
            self.draws = Draws(arrays.pop("statistics"), arrays.pop("scores"), arrays.pop("clock"), int(cut))
        for key, value in (about | arrays).items():
            setattr(self, key, value)

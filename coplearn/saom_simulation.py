"""Draws from an actor-oriented model: what the kernels give for one period, put together over periods and workers.

A draw is named by four numbers (seed, phase, step, and its own) from which its random stream follows, so it is the same
whoever computes it. Work is cut into tasks of one period and some draws; :mod:`joblib` hands them out, to threads by
default (the kernels do not hold Python's lock), or to whatever backend is active, such as Dask's.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from joblib.parallel import get_active_backend

from coplearn._checks import choose, plural
from coplearn.estimation import Draws
from coplearn.kernels import saom as kernel
from coplearn.kernels.saom_engine import prepare as prepare_engine
from coplearn.kernels.saom_state import RATE, Period
from coplearn.panel import JointPanel
from coplearn.saom_data import Problem
from coplearn.saom_specification import Parameter, Rows

__all__ = ["Key", "Simulated", "Simulator", "stream_seed"]

Key = tuple[int, int, int]  # seed, phase, step
PORTION = 25  # draws of a task
FEW = 0.05  # of the simulations may be cut short after too many steps


@dataclass(frozen=True)
class Task:
    """What one worker needs for some draws of one period."""

    period: Period
    effects: Rows
    theta: np.ndarray
    rate: np.ndarray
    key: Key
    number: int  # of the period
    conditional: int
    distance: int
    most: int  # ministeps


def stream_seed(seed: Any) -> int:
    """`seed` if it is a whole number that random streams can begin with.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not -(2**63) <= seed < 2**63:
        raise ValueError(f"seed is {seed!r}; give a whole number of at most 63 bits.")
    return int(seed)


def _room(period: Period) -> int:
    degrees = [period.x.sum(axis=axis).max(initial=0) for axis in (1, 2)]
    return int(min(period.x.shape[1], 3 * max(degrees) + 16))


def _simulate(
    task: Task, first: int, count: int, states: bool, engines: dict[int, Any] | None = None
) -> tuple[np.ndarray, ...]:
    """Statistics, scores, clocks and cuts of some draws, and their end states if asked for.

    `engines` keeps what the kernels prepare for a period, for calls that follow.
    """
    period, size = task.period, len(task.rate) + len(task.theta)
    kept = count if states else 0
    runs = kernel.Runs(
        moments=np.empty((count, size)),
        scores=np.empty((count, size)),
        clock=np.empty(count),
        steps=np.empty(count, np.int64),
        status=np.empty(count, np.int64),
        x=np.empty((kept, *period.x.shape), np.uint8),
        z=np.empty((kept, *period.z.shape), np.int32),
        chain=np.empty((0, 0, 3), np.int32),
        times=np.empty((0, 0, 2)),
    )
    engines = {} if engines is None else engines
    room, engine = engines.get(task.number) or (
        _room(period),
        prepare_engine(period, task.effects.bound(), _room(period)),
    )
    done = 0
    while done < count:
        rest = kernel.Runs(*(part[done:] for part in runs))
        key = np.array([*task.key, first + done, task.number], np.int64)
        kernel.simulate(engine, task.theta, task.rate, key, task.conditional, task.distance, task.most, rest)
        crowded = np.flatnonzero(rest.status == kernel.NO_ROOM)
        if not len(crowded):
            break
        # an actor had more neighbours than there was room for: again from that draw on, with more
        done += int(crowded[0])
        room = min(period.x.shape[1], 2 * room)
        engine = prepare_engine(period, task.effects.bound(), room)
    engines[task.number] = room, engine
    cut = int(np.isin(runs.status, (kernel.TOO_LONG, kernel.STUCK)).sum())
    return runs.moments, runs.scores, runs.clock, np.array(cut), runs.x, runs.z


class Simulator:
    """A model made ready to be drawn from.

    Parameters
    ----------
    problems : sequence of Problem
    parameters : sequence of Parameter
    effects : sequence of Rows
        One a group.
    conditional : str, optional
        Simulate until this variable has changed as much as observed.
    free : ndarray of bool, optional
        Which parameters are searched for.
    theta : ndarray of float, optional
        All parameters; those that are not free keep these values.
    """

    def __init__(
        self,
        problems: Sequence[Problem],
        parameters: Sequence[Parameter],
        effects: Sequence[Rows],
        conditional: str | None = None,
        free: np.ndarray | None = None,
        theta: np.ndarray | None = None,
    ) -> None:
        self.problems, self.parameters, self.effects, self.conditional = problems, parameters, effects, conditional
        self.theta = np.zeros(len(parameters)) if theta is None else np.array(theta, float)
        self.free = np.ones(len(parameters), bool) if free is None else free
        self.n_jobs: int | None = None
        self.places = [(g, m) for g, problem in enumerate(problems) for m in range(len(problem.periods))]
        self._engines: dict[int, Any] = {}
        self._columns = [self._layout(g, m) for g, m in self.places]

    def period_number(self, group: int, period: int) -> int:
        """Position of a group's period among all."""
        return self.places.index((group, period))

    def whole(self, free: np.ndarray) -> np.ndarray:
        """All parameters, from the free ones."""
        theta = self.theta.copy()
        theta[self.free] = free
        return theta

    def _layout(self, group: int, period: int) -> np.ndarray:
        """For each parameter, the column of the kernel's output that holds it in a period; -1 where it has none."""
        problem = self.problems[group]
        n_variables = len(problem.networks) + len(problem.behaviors)
        columns = np.full(len(self.parameters), -1)
        for k, parameter in enumerate(self.parameters):
            if parameter.effect is not None:
                columns[k] = n_variables + k
            elif (parameter.group, parameter.period) == (group, period):
                columns[k] = problem.number(parameter.variable)
        return columns

    def _task(self, number: int, theta: np.ndarray, key: Key) -> Task:
        group, m = self.places[number]
        problem = self.problems[group]
        rate = np.zeros(len(problem.networks) + len(problem.behaviors))
        for value, parameter in zip(theta, self.parameters, strict=True):
            if parameter.effect is None and (parameter.group, parameter.period) == (group, m):
                rate[problem.number(parameter.variable)] = value
        who = -1 if self.conditional is None else problem.number(self.conditional)
        # a simulation this long is not on its way to data like these
        most = 1_000 + 200 * (int(problem.distance[m].sum()) + problem.periods[m].n_actors)
        distance = int(problem.distance[m, who]) if who >= 0 else 0
        return Task(problem.periods[m], self.effects[group], theta, rate, key, number, who, distance, most)

    def _arranged(self, values: np.ndarray, number: int) -> np.ndarray:
        """The kernel's columns in the order of the parameters."""
        columns = self._columns[number]
        found = values[:, columns]
        found[:, columns < 0] = 0.0
        return found

    def observed(self) -> np.ndarray:
        """Observed statistics, shape (n_periods, n_parameters)."""
        rows = []
        for number, (group, m) in enumerate(self.places):
            problem = self.problems[group]
            period = problem.periods[m]
            room = max(_room(period), int(max(problem.x_end[m].sum(axis=1).max(), problem.x_end[m].sum(axis=2).max())))
            engine = prepare_engine(period, self.effects[group].bound(), room)
            out = np.empty(len(problem.networks) + len(problem.behaviors) + len(self.parameters))
            kernel.observed_moments(engine, problem.x_end[m], problem.z_end[m], out)
            rows.append(self._arranged(out[None], number)[0])
        return np.array(rows)

    def contributions(self, group: int, period: int, variable: str) -> np.ndarray:
        """Change statistics of the effects of a variable in the observed start of a period; see :class:`SAOM`."""
        problem = self.problems[group]
        data, effects = problem.periods[period], self.effects[group].bound()
        out = np.empty((len(effects.code), data.x.shape[1], data.x.shape[1]))
        kernel.change_table(prepare_engine(data, effects, _room(data)), data.x, data.z, out)
        v, n = problem.number(variable), data.n_actors
        rows = (effects.variable == v) & (effects.kind != RATE) & (effects.parameter >= 0)
        if variable in problem.networks:
            return out[rows, :n, : data.n_columns[v]]
        b = v - len(problem.networks)
        steps = np.stack([out[rows, :n, 0], np.zeros((rows.sum(), n)), out[rows, :n, 1]], axis=2)
        steps[:, data.z[b, :n] == data.z_low[b], 0] = np.nan
        steps[:, data.z[b, :n] == data.z_high[b], 2] = np.nan
        return steps

    def draw(self, free: np.ndarray, key: Key, first: int, count: int) -> Draws:
        """Statistics and scores of the free parameters in `count` draws from number `first` on."""
        theta = self.whole(free)
        found = self._run(theta, key, first, count, False)
        statistics = np.stack([self._arranged(f[0], k)[:, self.free] for k, f in enumerate(found)], axis=1)
        scores = np.stack([self._arranged(f[1], k)[:, self.free] for k, f in enumerate(found)], axis=1)
        clock = np.stack([f[2] for f in found], axis=1)
        return Draws(statistics, scores, clock, sum(int(f[3]) for f in found))

    def _run(self, theta: np.ndarray, key: Key, first: int, count: int, states: bool) -> list[tuple[np.ndarray, ...]]:
        """Results of all periods, period by period."""
        tasks = [self._task(number, theta, key) for number in range(len(self.places))]
        if count <= PORTION or not self._shared():
            return [_simulate(task, first, count, states, self._engines) for task in tasks]
        starts = range(first, first + count, PORTION)
        calls = [
            delayed(_simulate)(task, start, min(PORTION, first + count - start), states)
            for task in tasks
            for start in starts
        ]
        parts = Parallel(n_jobs=self.n_jobs, prefer="threads")(calls)
        joined = []
        for number in range(len(tasks)):
            mine = parts[number * len(starts) : (number + 1) * len(starts)]
            arrays = [np.concatenate([part[k] for part in mine]) for k in (0, 1, 2)]
            ends = [np.concatenate([part[k] for part in mine]) for k in (4, 5)]
            joined.append((*arrays, np.array(sum(int(part[3]) for part in mine)), *ends))
        return joined

    def _shared(self) -> bool:
        """Whether there is anybody to share the work with."""
        if self.n_jobs is not None:
            return self.n_jobs != 1
        return get_active_backend()[1] not in (None, 1)

    def ends(self, key: Key, first: int, count: int, chained: bool = False) -> Simulated:
        """End states of `count` draws from number `first` on.

        Warns
        -----
        UserWarning
            If more than a few simulations were cut short after too many steps.
        """
        if not chained:
            found = self._run(self.theta, key, first, count, True)
            self._warn_of_cuts(sum(int(f[3]) for f in found), count)
            return Simulated(self.problems, self.places, [f[4] for f in found], [f[5] for f in found])
        x = [np.empty((count, *p.x.shape), np.uint8) for p in (self.problems[g].periods[m] for g, m in self.places)]
        z = [np.empty((count, *p.z.shape), np.int32) for p in (self.problems[g].periods[m] for g, m in self.places)]
        cut = 0
        for run in range(count):
            for number, (_, m) in enumerate(self.places):
                task = self._task(number, self.theta, key)
                if m:
                    began = x[number - 1][run], z[number - 1][run]
                    task = replace(task, period=task.period._replace(x=began[0], z=began[1]))
                *_, few, ends, levels = _simulate(task, first + run, 1, True)
                cut += int(few)
                x[number][run], z[number][run] = ends[0], levels[0]
        self._warn_of_cuts(cut, count)
        return Simulated(self.problems, self.places, x, z, chained=True)

    def _warn_of_cuts(self, cut: int, draws: int) -> None:
        periods = draws * len(self.places)
        if cut > FEW * periods:
            warnings.warn(
                f"{cut:,} of {plural(periods, 'simulated period')} took too many steps and were cut short: their ends "
                "are no draws from the model. Its rates, or what they depend on, are too large.",
                stacklevel=4,
            )


@dataclass(frozen=True, eq=False)
class Simulated:
    """Simulated ends of periods.

    Attributes
    ----------
    problems : sequence of Problem
    places : list of (group, period)
    x, z : list of ndarray
        For each place ties (n_draws, networks, N, N) and behaviors (n_draws, behaviors, N), ordered as in the problem.
    chained : bool
        Whether each period began where the one before ended.
    """

    problems: Sequence[Problem]
    places: list[tuple[int, int]]
    x: list[np.ndarray]
    z: list[np.ndarray]
    chained: bool = False

    def __len__(self) -> int:
        return len(self.x[0])

    def __repr__(self) -> str:
        return f"Simulated: {len(self):,} draws of {len(self.places)} periods"

    def ties(self, network: str, group: int = 0) -> np.ndarray:
        """Ties at the ends of the periods of a group: uint8, shape (n_draws, n_periods, n_members, n_members)."""
        problem = self.problems[group]
        r = problem.networks.index(choose(network, problem.networks, "network"))
        n, q = len(problem.panel.members), problem.periods[0].n_columns[r]
        mine = [x[:, r, :n, :q] for x, (g, _) in zip(self.x, self.places, strict=True) if g == group]
        return np.stack(mine, axis=1)

    def behavior(self, name: str, group: int = 0) -> np.ndarray:
        """Values of a behavior at the ends of the periods of a group: int32, shape (n_draws, n_periods, n_members)."""
        problem = self.problems[group]
        b = problem.behaviors.index(choose(name, problem.behaviors, "modelled behavior"))
        n = len(problem.panel.members)
        mine = [z[:, b, :n] for z, (g, _) in zip(self.z, self.places, strict=True) if g == group]
        return np.stack(mine, axis=1)

    def panel(self, draw: int = 0, group: int = 0) -> JointPanel:
        """The panel of a group as a chained draw would have made it: the first wave as observed, the others drawn.

        Members are there when they were; what the model does not move stays as it was; drawn waves have no missing
        values. Fitted to such panels, a model shows what it can find.

        Raises
        ------
        ValueError
            If the periods are separate draws, each from an observed wave, or there is no such draw.
        """
        if not self.chained:
            raise ValueError("each period was drawn from its observed wave; a panel needs simulate(..., chained=True).")
        if not 0 <= draw < len(self):
            raise ValueError(f"there is no draw {draw!r}; they are numbered from 0 to {len(self) - 1}.")
        problem, observed = self.problems[group], self.problems[group].panel
        there = observed.present[1:]
        networks, behaviors = dict(observed.networks), dict(observed.behaviors)
        for name in problem.modelled:
            if name in networks:
                net = networks[name]
                drawn = self.ties(name, group)[draw] * there[:, :, None]
                drawn = drawn if net.two_mode else drawn * there[:, None, :]
                networks[name] = replace(net, ties=np.concatenate([net.ties[:1], drawn]))
            else:
                values = np.where(there, self.behavior(name, group)[draw], np.nan)
                behaviors[name] = replace(behaviors[name], values=np.concatenate([behaviors[name].values[:1], values]))
        return replace(observed, networks=networks, behaviors=behaviors)

    def states(self) -> Iterator[list[tuple[dict[str, np.ndarray], dict[str, np.ndarray]]]]:
        """Per draw and place, ties and behaviors by name, comparable with :meth:`observed_states`."""
        for run in range(len(self)):
            yield [
                _state(self.problems[g], m, x[run], z[run])
                for (g, m), x, z in zip(self.places, self.x, self.z, strict=True)
            ]

    def observed_states(self) -> list[tuple[dict[str, np.ndarray], dict[str, np.ndarray]]]:
        """Per place, the observed ties and behaviors."""
        return [
            _state(self.problems[g], m, self.problems[g].x_end[m], self.problems[g].z_end[m]) for g, m in self.places
        ]


def _state(
    problem: Problem, m: int, x: np.ndarray, z: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Ties with the missing as 0, and behavior where it is known, of those who are there at the end of a period."""
    period, here = problem.periods[m], problem.panel.present[m + 1]
    n = period.n_actors
    ties = {}
    for r, name in enumerate(problem.networks):
        known = np.where(period.missing[r, :n, : period.n_columns[r]], 0, x[r, :n, : period.n_columns[r]])
        ties[name] = known[here] if period.two_mode[r] else known[np.ix_(here, here)]
    levels = {name: z[b, :n][here & (period.z_missing[b, :n] == 0)] for b, name in enumerate(problem.behaviors)}
    return ties, levels

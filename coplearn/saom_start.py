"""Where the search for the parameters of an actor-oriented model begins: rates and tendencies from simple counts.

Everything but rates, the tendency to have ties and the tendency of a behavior starts at 0. The formulas are those of
RSiena, as its documentation gives them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coplearn._checks import choose
from coplearn.effects.spec import Effect
from coplearn.estimation import Estimation
from coplearn.kernels.saom_state import EVALUATION
from coplearn.saom_data import Problem
from coplearn.saom_specification import Parameter

__all__ = ["spans", "starting_values"]


def starting_values(
    problems: Sequence[Problem], parameters: Sequence[Parameter], settings: Estimation, conditional: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """Start of every parameter, and which of them are searched for.

    Rates of the variable that estimation is conditional on are held at 1: its clock counts opportunities.

    Raises
    ------
    ValueError
        For names in ``settings.start`` or ``settings.fixed`` that are no parameters, values that no rate can have, and
        rates that are held while estimation is conditional on their variable.
    """
    theta = np.zeros(len(parameters))
    free = np.ones(len(parameters), bool)
    for k, parameter in enumerate(parameters):
        r = problems[0].number(parameter.variable)
        network = parameter.variable in problems[0].networks
        if parameter.effect is None:
            problem = problems[parameter.group]
            theta[k] = (_tie_rate if network else _step_rate)(problem, r, parameter.period)
            if parameter.variable == conditional:
                theta[k], free[k] = 1.0, False
        elif parameter.kind == EVALUATION and parameter.effect.name == "outdegree" and network:
            theta[k] = _tie_tendency(problems, r)
        elif parameter.kind == EVALUATION and parameter.effect.name == "linear_shape" and not network:
            theta[k] = _step_tendency(problems, r)
    names = [p.name for p in parameters]
    for name, value in (settings.start or {}).items():
        k = names.index(choose(name, names, "parameter"))
        if parameters[k].effect is None and value <= 0:
            raise ValueError(f"start of {name!r} is {value:g}; a rate begins above 0.")
        if free[k]:
            theta[k] = value
    for name, value in (settings.fixed or {}).items():
        k = names.index(choose(name, names, "parameter"))
        if parameters[k].effect is None and value < 0:
            raise ValueError(f"fixed of {name!r} is {value:g}; a rate is not negative.")
        if parameters[k].effect is None and parameters[k].variable == conditional:
            raise ValueError(
                f"{name!r} cannot be held: estimation is conditional on {conditional!r}, so its rates follow from the "
                "draws. Give conditional=False."
            )
        theta[k], free[k] = value, False
    return theta, free


def spans(problem: Problem, parameters: Sequence[Parameter]) -> np.ndarray:
    """Ranges of the covariates that each parameter multiplies, at most 1.

    The parameter of a share that goes from 0 to 0.01 is a hundred times that of the same share in per cent: it is large
    by its unit, and nothing is wrong with it. Similarity and sameness have no unit.
    """
    return np.array([1.0 if p.effect is None else _span(problem, p.effect) for p in parameters])


def _span(problem: Problem, effect: Effect) -> float:
    if effect.parts:
        return float(np.prod([_span(problem, part) for part in effect.parts]))
    size = 1.0
    for name in effect.variables:
        if name in problem.panel.dyadic:
            size *= min(1.0, float(np.nanmax(np.abs(problem.panel.dyadic[name]))) or 1.0)
        elif name in problem.context.actors and not any(word in effect.name for word in ("similarity", "same")):
            size *= min(1.0, problem.context.actors[name].range)
    return size


def _ties(problem: Problem, r: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Observed ties at the start and end of a period, where both are known and free."""
    period = problem.periods[m]
    counted = (period.missing[r] == 0) & (period.fixed[r] == 0) & (period.end_fixed[r] == 0)
    counted[period.n_actors :] = False
    counted[:, period.n_columns[r] :] = False
    if not period.two_mode[r]:
        np.fill_diagonal(counted, False)
    return period.x[r][counted], problem.x_end[m, r][counted]


def _tie_rate(problem: Problem, r: int, m: int) -> float:
    before, _ = _ties(problem, r, m)
    n = problem.periods[m].n_actors
    change = int(problem.distance[m, r])
    if problem.periods[m].directed[r]:
        rate = n * (0.2 + 2 * change) / (len(before) + 1)
    else:
        rate = n * (0.2 + change) / (len(before) // 2 + 1)
    return float(np.clip(rate, 0.1, 100))


def _tie_tendency(problems: Sequence[Problem], r: int) -> float:
    """Half the log odds of making against dropping a tie, periods weighted by their precision."""
    values, weights = [], []
    for problem in problems:
        for m in range(len(problem.periods)):
            before, after = _ties(problem, r, m)
            zeros, ones = max((before == 0).sum(), 1), max((before == 1).sum(), 1)
            made = np.clip(((before == 0) & (after == 1)).sum() / zeros, 0.02, 0.98)
            dropped = np.clip(((before == 1) & (after == 0)).sum() / ones, 0.02, 0.98)
            values.append(0.5 * np.log(made / dropped))
            weights.append(4 / ((1 - made) / (made * zeros) + (1 - dropped) / (dropped * ones)))
    return float(np.clip(np.average(values, weights=weights), -3, 3))


def _steps(problem: Problem, r: int, m: int) -> np.ndarray:
    b = r - len(problem.networks)
    period = problem.periods[m]
    known = period.z_missing[b, : period.n_actors] == 0
    return (problem.z_end[m, b] - period.z[b])[: period.n_actors][known]


def _step_rate(problem: Problem, r: int, m: int) -> float:
    b = r - len(problem.networks)
    period, steps = problem.periods[m], _steps(problem, r, m)
    if period.z_high[b] - period.z_low[b] > 1:
        return float(max(steps.var(), 0.1 + np.abs(steps).mean()))
    up, down = _shares(
        period.z[b, : period.n_actors][period.z_missing[b, : period.n_actors] == 0] - period.z_low[b], steps
    )
    both = up + down
    return float(max(-np.log(1 - (0.5 if both > 0.9 else both)), 0.1))


def _shares(level: np.ndarray, steps: np.ndarray) -> tuple[float, float]:
    """Smoothed shares of zeros that rose and of ones that fell, for a behavior of two values."""
    low, high = level == 0, level == 1
    return (1 + (steps[low] > 0).sum()) / (2 + low.sum()), (1 + (steps[high] < 0).sum()) / (2 + high.sum())


def _step_tendency(problems: Sequence[Problem], r: int) -> float:
    b = r - len(problems[0].networks)
    period = problems[0].periods[0]
    steps = np.concatenate([_steps(problem, r, m) for problem in problems for m in range(len(problem.periods))])
    if period.z_high[b] - period.z_low[b] == 1:
        level = np.concatenate(
            [
                (p.z[b] - p.z_low[b])[: p.n_actors][p.z_missing[b, : p.n_actors] == 0]
                for problem in problems
                for p in problem.periods
            ]
        )
        up, down = _shares(level, steps)
        return float(np.clip(np.log(up / (1 - up)) - np.log(down / (1 - down)), -2, 2) / 2)
    mean, variance = float(steps.mean()), float(steps.var())
    if abs(mean) < 0.9 * variance:
        return float(np.clip(0.5 * np.log((variance + mean) / (variance - mean)), -3, 3))
    return float(np.clip(mean / (variance + 1), -3, 3))

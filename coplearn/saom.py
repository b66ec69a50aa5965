r"""Stochastic actor-oriented model: who chooses whom, and who grows similar to whom, from panels.

Between waves, actors get opportunities for small steps (*ministeps*): to make or drop one tie, or to move a behavior up
or down by one. Opportunities come at a rate :math:`\rho_m` per actor and period; what an actor does with one follows
from what it would lead to,

.. math:: P(\text{step to } y') \propto \exp\Big(\sum_k \beta_k \, [s_{ik}(y') - s_{ik}(y)]\Big),

with :math:`s_{ik}` the *effects* (Snijders 2001; with behavior: Snijders, Steglich & Schweinberger 2007). Ties answer
to behavior (selection) and behavior to ties (influence) in one model, which is what can set them apart (Steglich,
Snijders & Pearson 2010), as far as the model holds everything else that makes the tied alike.

:mod:`coplearn.saom_data` has the data, :mod:`coplearn.estimation` the search, :mod:`coplearn.saom_results` what comes
of it.

References
----------
Snijders (2001), Sociological Methodology 31(1), 361-395, doi:10.1111/0081-1750.00099.
Snijders, Steglich & Schweinberger (2007), in Longitudinal models in the behavioral and related sciences, 41-71.
Snijders, van de Bunt & Steglich (2010), Social Networks 32(1), 44-60, doi:10.1016/j.socnet.2009.02.004.
Steglich, Snijders & Pearson (2010), Sociological Methodology 40(1), 329-393, doi:10.1111/j.1467-9531.2010.01225.x.
Snijders (2017), Annual Review of Statistics and Its Application 4, 343-363,
doi:10.1146/annurev-statistics-060116-054035.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import choose, listing, plural, whole, workers
from coplearn._progress import progress
from coplearn.effects.spec import Effect
from coplearn.estimation import Estimation, Search
from coplearn.panel import JointPanel
from coplearn.results import ConvergenceWarning
from coplearn.saom_data import Options, Problem, prepare
from coplearn.saom_results import SAOMResults, results
from coplearn.saom_simulation import Simulated, Simulator, stream_seed
from coplearn.saom_specification import specify
from coplearn.saom_start import spans, starting_values

__all__ = ["SAOM"]


class SAOM:
    """Co-evolution of networks and behaviors.

    Parameters
    ----------
    panel : JointPanel, or dict or list of JointPanel
        Several panels are independent groups with the same variables: rates differ by group, all else is common.
    specification : dict of str to list of Effect
        For each dependent variable its effects, from :mod:`coplearn.effects`. Rates are added by themselves, one a
        period and variable. Nothing else is: a network wants ``fx.outdegree()``, a behavior ``fx.linear_shape()``.
        Networks and behaviors of the panel that have no entry are explanatory: they keep the values of the start of
        each period.
    uncentred : collection of str
        Covariates of actors, and dyadic ones, whose mean is not subtracted.
    monotone : bool
        Whether a variable that only rose (or only fell) in a period cannot fall (or rise) in its simulation.
    constraints : bool
        Whether relations between networks that hold at every wave (one within another, no tie in both, a tie in at
        least one) bind the simulation.
    max_degree : dict of str to int, optional
        Most ties an actor can have in a network.
    undirected : {"forcing", "initiative", "pairwise forcing", "pairwise mutual", "compensatory"}
        How ties of undirected networks come about (Snijders & Pickup 2017): one actor decides; proposes and the other
        confirms; or pairs meet and one, both, or their sum decides.
    offset : float
        Added to the utility of confirming, in "initiative".
    absorbing : collection of str
        Behaviors in which a step beyond the range is taken and has no effect, instead of being impossible.

    Raises
    ------
    ValueError
        For variables that the panel does not have, effects twice, constant behavior, waves without any observation or
        without change; the message names them.

    Notes
    -----
    The model is fitted by the method of moments. Members who join and leave do so at their moments, and forced by that
    estimation is unconditional.

    Examples
    --------
    >>> from coplearn import effects as fx
    >>> rng = np.random.default_rng(1)
    >>> ties = (rng.random((2, 12, 12)) < 0.2) & ~np.eye(12, dtype=bool)
    >>> panel = JointPanel.from_arrays({"advice": ties})
    >>> model = SAOM(panel, {"advice": [fx.outdegree(), fx.reciprocity()]})
    >>> model
    SAOM: advice; 12 members, 2 waves, 3 parameters
    >>> model.targets()["total"]
    advice: rate 1         42.0
    advice: outdegree      33.0
    advice: reciprocity     6.0
    Name: total, dtype: float64
    """

    def __init__(
        self,
        panel: JointPanel | Mapping[str, JointPanel] | Sequence[JointPanel],
        specification: Mapping[str, Sequence[Effect]],
        uncentred: Collection[str] = (),
        monotone: bool = True,
        constraints: bool = True,
        max_degree: Mapping[str, int] | None = None,
        undirected: str = "forcing",
        offset: float = 0.0,
        absorbing: Collection[str] = (),
    ) -> None:
        if isinstance(panel, JointPanel):
            groups: dict[str, JointPanel] = {"": panel}
        elif isinstance(panel, Mapping):
            groups = {str(name): each for name, each in panel.items()}
        else:
            groups = {str(k + 1): each for k, each in enumerate(panel if panel is not None else ())}
        if not groups:
            raise ValueError("a model needs a panel.")
        for each in groups.values():
            if not isinstance(each, JointPanel):
                raise TypeError(
                    f"a model takes panels, not {type(each).__name__}; make one with JointPanel.from_arrays() or "
                    "Community.panel()."
                )
        if not specification:
            raise ValueError("a model needs a dependent variable: SAOM(panel, {'advice': [fx.outdegree(), ...]}).")
        if not isinstance(specification, Mapping) or any(
            isinstance(effects, (str, Effect)) for effects in specification.values()
        ):
            raise TypeError(
                "a specification says for each dependent variable a list of effects: "
                "SAOM(panel, {'advice': [fx.outdegree(), ...]})."
            )
        if not isinstance(monotone, bool | np.bool_):
            raise TypeError(f"monotone is {monotone!r}; give True or False.")
        self.groups = groups
        self.specification = {name: list(effects) for name, effects in specification.items()}
        self.options = Options(
            _several(uncentred), monotone, constraints, dict(max_degree or {}), undirected, offset, _several(absorbing)
        )
        self.problems: list[Problem] = prepare(groups, list(self.specification), self.options)
        self.parameters, self.effects = specify(self.problems, self.specification)
        self.names = [p.name for p in self.parameters]

    @property
    def panel(self) -> JointPanel:
        """The panel of the first group."""
        return self.problems[0].panel

    @property
    def n_periods(self) -> int:
        """Over all groups."""
        return sum(len(problem.periods) for problem in self.problems)

    def __repr__(self) -> str:
        members = sum(len(problem.panel.members) for problem in self.problems)
        waves = sorted({len(problem.panel.waves) for problem in self.problems})
        groups = f"{plural(len(self.groups), 'group')}, " if len(self.groups) > 1 else ""
        return (
            f"SAOM: {', '.join(self.specification)}; {groups}{plural(members, 'member')}, "
            f"{'-'.join(map(str, waves))} waves, {plural(len(self.names), 'parameter')}"
        )

    def _columns(self) -> list[Any]:
        if len(self.problems) == 1:
            return list(range(1, self.n_periods + 1))
        return [f"{p.name} {m + 1}" for p in self.problems for m in range(len(p.periods))]

    def targets(self) -> pd.DataFrame:
        """Observed statistics: a row an effect, a column a period (1 is from the first wave to the second), and total.

        The statistic of a rate is the amount of change in its period.
        """
        table = pd.DataFrame(self.period_targets().T, index=self.names, columns=self._columns())
        return table.assign(total=table.sum(axis=1))

    def period_targets(self) -> np.ndarray:
        """Observed statistics, shape (n_periods, n_parameters)."""
        return self.simulator().observed()

    def contributions(self, wave: Any, variable: str | None = None) -> np.ndarray:
        """Change statistics at an observed wave.

        Parameters
        ----------
        wave : label of a wave
            Not the last one: what covariates are then belongs to the period that begins.
        variable : str, optional
            A dependent variable; by default the first.

        Returns
        -------
        ndarray of float
            Of a network: effects by egos by alters, :math:`s_i` with the tie minus :math:`s_i` without. Of a behavior:
            effects by egos by steps (-1, 0, 1), NaN where a step leads out of the range. Effects in the order of the
            specification, those on the rate left out.
        """
        if len(self.problems) > 1:
            raise ValueError("contributions are of one group; make a model of it.")
        labels = list(self.panel.waves[:-1])
        if wave not in labels:
            raise ValueError(f"no period begins at wave {wave!r}. Waves are {listing(labels, 20)}.")
        owner = choose(variable or next(iter(self.specification)), list(self.specification), "dependent variable")
        return self.simulator().contributions(0, labels.index(wave), owner)

    def simulator(
        self, conditional: str | None = None, free: np.ndarray | None = None, theta: np.ndarray | None = None
    ) -> Simulator:
        """The model made ready to be drawn from."""
        return Simulator(self.problems, self.parameters, self.effects, conditional, free, theta)

    def vector(self, theta: Any) -> np.ndarray:
        """Parameters in the order of ``names``, from a Series, a dict or a sequence.

        Raises
        ------
        ValueError
            For names that are missing or unknown, values that are not finite, and rates that are negative.
        """
        if isinstance(theta, (pd.Series, Mapping)):
            theta = dict(theta)  # a Series is iterated over its values, not its names
            for name in theta:
                choose(name, self.names, "parameter")
            absent = [name for name in self.names if name not in theta]
            if absent:
                raise ValueError(f"theta lacks {listing(absent)}.")
            theta = [theta[name] for name in self.names]
        values = np.asarray(theta, dtype=float)
        if values.shape != (len(self.names),):
            raise ValueError(
                f"theta has shape {values.shape}; the {len(self.names)} parameters are {listing(self.names, 30)}."
            )
        rates = np.array([p.effect is None for p in self.parameters])
        if not np.isfinite(values).all() or (values[rates] < 0).any():
            wrong = np.array(self.names)[~np.isfinite(values) | (rates & (values < 0))]
            raise ValueError(f"theta: {listing(wrong)} must be finite, and a rate not negative.")
        return values

    def simulate(
        self, theta: Any, n: int = 1, seed: int = 0, chained: bool = False, n_jobs: int | None = None
    ) -> Simulated:
        """Draw ends of periods, unconditionally.

        Parameters
        ----------
        theta : Series, dict or sequence
            All parameters, rates included.
        n : int
            Draws.
        seed : int
        chained : bool
            Start each period from the simulated end of the one before, instead of the observed wave.
        n_jobs : int, optional
            For joblib; the draws are the same whatever it is.

        Returns
        -------
        Simulated

        Warns
        -----
        UserWarning
            If more than a few simulations were cut short after too many steps.
        """
        values = self.vector(theta)
        simulator = self.simulator(theta=values)
        simulator.n_jobs = workers(n_jobs)
        return simulator.ends((stream_seed(seed), 0, 0), 0, whole(n, "n"), chained)

    def extended(self, effects: Mapping[str, Sequence[Effect]]) -> SAOM:
        """The same model with more effects."""
        for name in effects:
            choose(name, list(self.specification), "dependent variable")
        wider = {name: [*mine, *effects.get(name, [])] for name, mine in self.specification.items()}
        return SAOM(self.groups, wider, *vars(self.options).values())

    def one_way(self, variable: str) -> bool:
        """Whether a variable only rises, or only falls, in every period, so that its tendency cannot be estimated."""
        places = [(problem.number(variable), period) for problem in self.problems for period in problem.periods]
        return all(p.up_only[v] for v, p in places) or all(p.down_only[v] for v, p in places)

    def missing_share(self) -> dict[str, float]:
        """Share of values of each dependent variable that are missing at an end of a period, among those there."""
        shares = {}
        for name in self.specification:
            lost = count = 0
            for problem in self.problems:
                v = problem.number(name)
                for m, period in enumerate(problem.periods):
                    here = np.flatnonzero(problem.panel.present[m] & problem.panel.present[m + 1])
                    if name in problem.networks:
                        columns = np.arange(period.n_columns[v]) if period.two_mode[v] else here
                        cells = period.missing[v][np.ix_(here, columns)]
                    else:
                        cells = period.z_missing[v - len(problem.networks), here]
                    lost, count = lost + int(np.count_nonzero(cells)), count + cells.size
            shares[name] = lost / max(count, 1)
        return shares

    def conditioned(self, settings: Estimation) -> str | None:
        """The variable that estimation is conditional on, or None."""
        choice = settings.conditional
        moving = any(problem.moving for problem in self.problems)
        variable = next(iter(self.specification))
        rate_effects = any(p.kind == 3 and p.effect is not None and p.variable == variable for p in self.parameters)
        if choice is None:
            return variable if len(self.specification) == 1 and not moving and not rate_effects else None
        if choice is False:
            return None
        if moving:
            raise ValueError("members join or leave, so estimation is unconditional; leave conditional=None.")
        return choose(variable if choice is True else choice, list(self.specification), "dependent variable")

    def fit(
        self,
        estimation: Estimation | None = None,
        seed: int = 0,
        n_jobs: int | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        progress: bool = True,
    ) -> SAOMResults:
        """Estimate by the method of moments.

        Parameters
        ----------
        estimation : Estimation, optional
            Settings; the defaults do for most models.
        seed : int
            The same seed gives the same estimates, bit for bit, whatever `n_jobs`.
        n_jobs : int, optional
            Workers for the draws that do not wait for each other (joblib). Within ``joblib.parallel_config(...)``,
            for example with Dask's backend, that backend computes them.
        checkpoint : path, optional
            As in :class:`Estimation`: where the search is written down, to be taken up if it was interrupted.
        progress : bool
            Whether to show a progress bar where there is somebody to see it.

        Returns
        -------
        SAOMResults

        Raises
        ------
        ValueError
            For statistics that never move or follow from each other, so that no parameter can be told.

        Warns
        -----
        ConvergenceWarning
            If the search did not converge; ``convergence()`` of the results says where, and what to try.
        """
        settings = Estimation() if estimation is None else estimation
        if not isinstance(settings, Estimation):
            raise TypeError(f"estimation is {estimation!r}; give Estimation(...) for settings, and seed= for the seed.")
        seed = stream_seed(seed)
        if checkpoint is not None:
            settings = replace(settings, checkpoint=checkpoint)
        conditional = self.conditioned(settings)
        theta, free = starting_values(self.problems, self.parameters, settings, conditional)
        simulator = self.simulator(conditional, free, theta)
        simulator.n_jobs = workers(n_jobs)
        target = simulator.observed()[:, free].sum(axis=0)
        positive = np.array([p.effect is None for p in self.parameters])[free]
        names = [name for name, is_free in zip(self.names, free, strict=True) if is_free]
        with _Progress(progress) as tell:
            search = Search(
                simulator.draw,
                target,
                theta[free],
                positive,
                names,
                settings,
                seed,
                tell,
                self._identity(settings, seed, conditional, theta),
                spans(self.problems[0], self.parameters)[free],
            )
            search.run()
        found = results(self, simulator, search, settings, seed)
        if not found.converged:
            warnings.warn(found.convergence(), ConvergenceWarning, stacklevel=2)
        return found

    def _identity(self, settings: Estimation, seed: int, conditional: str | None, theta: np.ndarray) -> str:
        """A digest of everything that the course of a search depends on."""
        said = repr((replace(settings, checkpoint=None), seed, conditional, self.names, theta.tolist()))
        digest = hashlib.sha256(said.encode())
        for problem in self.problems:
            for period in problem.periods:
                for part in period:
                    digest.update(np.ascontiguousarray(part).tobytes())
            digest.update(problem.x_end.tobytes() + problem.z_end.tobytes())
        return digest.hexdigest()

    def to_rsiena(self, folder: str | os.PathLike[str]) -> None:
        """Write the data and an R script that fits the same model with RSiena, so that a result can be checked there.

        Parameters
        ----------
        folder : path
            Made if it is not there; receives one CSV file a variable and wave, and ``model.R``.
        """
        from coplearn.saom_rsiena import write

        write(self, folder)


def _several(names: Collection[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


class _Progress:
    """A bar a phase, where there is a terminal or a notebook to show it."""

    def __init__(self, wanted: bool) -> None:
        self.wanted, self.phase = wanted, ""
        self.bar: Any = None

    def __enter__(self) -> Any:
        return self

    def __call__(self, phase: str, done: int, of: int) -> None:
        if not self.wanted:
            return
        if phase != self.phase:
            self.__exit__()
            self.phase, self.bar = phase, progress(total=of, desc=phase)
        if self.bar is not None:
            self.bar.update(min(done, of) - self.bar.n)

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()
        self.bar, self.phase = None, ""

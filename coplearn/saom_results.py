"""What follows a fit of the actor-oriented model: estimates, convergence, and tests that need no further fit.

References
----------
Schweinberger (2012), British Journal of Mathematical and Statistical Psychology 65(2), 263-281 (score-type test),
doi:10.1111/j.2044-8317.2011.02022.x.
Lospinoso, Schweinberger, Snijders & Ripley (2011), Advances in Data Analysis and Classification 5(2), 147-176 (time
heterogeneity), doi:10.1007/s11634-010-0076-1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from coplearn._checks import choose, listing, plural, whole, workers
from coplearn.effects.spec import Effect
from coplearn.estimation import Draws, Estimation, Search, overall_ratio, standard_covariance
from coplearn.kernels.saom_state import CREATION, ENDOWMENT, EVALUATION, RATE
from coplearn.results import Estimates, coefficients, latex_text
from coplearn.saom_goodness import GoodnessOfFit, assess
from coplearn.saom_simulation import FEW, Simulated, Simulator, stream_seed
from coplearn.saom_start import spans

if TYPE_CHECKING:
    from coplearn.saom import SAOM

__all__ = ["SAOMResults", "ScoreTest", "TimeTest", "results"]

SHORT, SCORE_TEST = 4, 5  # phases of random streams that the search does not use
GOOD_T, GOOD_RATIO = 0.1, 0.25
ROUNDING = 1e-9  # of a variance: what is left of a statistic that others determine
LARGE_ERROR = 10.0  # an estimate beyond this with an error as large is Donner and Hauck's pathology
KIND_WORDS = {EVALUATION: "eval", CREATION: "creation", ENDOWMENT: "endow", RATE: "rate"}


@dataclass(frozen=True, eq=False)
class SAOMResults(Estimates):
    """Estimates of a :class:`coplearn.saom.SAOM`.

    Attributes
    ----------
    params, covariance, nobs, claim, caveats
        See :class:`coplearn.results.Estimates`; nobs is the number of members. Parameters that were held have no
        standard error. Rates of the variable that estimation was conditional on are mean times of the draws, their
        errors the spread of those times, and their covariances with others are unknown (NaN).
    t_conv : Series of float
        Mean deviation of each statistic from its target, in standard deviations; NaN where nothing was searched.
    max_conv_ratio : float
        The largest such ratio over all combinations of statistics.
    converged : bool
        Whether every ``t_conv`` is below 0.1 and the overall ratio below 0.25, in absolute value.
    targets : Series of float
    conditional : str or None
        The variable that estimation was conditional on.
    seed : int
    history : DataFrame
        Round, phase, draws used so far and deviation, step by step.
    note : str
        Why the search ended early; "" if it did not.
    """

    t_conv: pd.Series
    max_conv_ratio: float
    converged: bool
    targets: pd.Series
    conditional: str | None
    seed: int
    history: pd.DataFrame
    note: str
    model: SAOM
    settings: Estimation
    draws: Draws
    free: np.ndarray

    # --- convergence ---

    def convergence(self) -> str:
        """Whether the estimates solve the moment equations; if not, what is furthest off, and what to try."""
        ratio = f"overall maximum convergence ratio {self.max_conv_ratio:.2f}"
        if self.converged:
            return f"{ratio}: converged (every |t-conv| < {GOOD_T:.2f}, ratio < {GOOD_RATIO})"
        t = self.t_conv.dropna()
        still = self.params.index[self.free & self.t_conv.isna().to_numpy()]
        lines = [f"{ratio}: not converged"]
        if self.note:
            lines[0] += f" ({self.note})"
        if _often_cut(self.draws):
            lines.append(f"{self.draws.cut:,} of {self.draws.clock.size:,} simulated periods did not come to their end")
        if len(still):
            lines.append(f"the same in every simulation: the statistic of {listing(still)}")
        if len(t):
            worst = t.abs().idxmax()
            lines.append(f"largest t-conv: {t[worst]:.2f}, of {worst}")
        direction = self._worst_direction().abs().sort_values(ascending=False)
        if direction.iloc[0] > 0:
            lines.append(f"worst direction: {listing(direction.index[direction > 0.3 * direction.iloc[0]], 4)}")
        lines.append(f"what to try: {self._advice(direction, still)}")
        return "\n".join(lines)

    def _worst_direction(self) -> pd.Series:
        """The combination of standardised statistics that is furthest off its target."""
        total = self.draws.total
        off = total.mean(axis=0) - self.targets.to_numpy()[self.free]
        spread = np.maximum(total.std(axis=0), 1e-12)
        inverse = np.linalg.pinv(self.draws.covariance(), hermitian=True)
        return pd.Series(inverse @ off * spread, index=self.params.index[self.free])

    def _advice(self, direction: pd.Series, still: Sequence[str] = ()) -> str:
        large = _boundless(self.model, self.params, self.bse)
        rates = [p.name for p in self.model.parameters if p.effect is None]
        endless = large.difference(rates, sort=False)
        if len(endless):
            return f"no finite estimate of {listing(endless)}; hold it at a value (fixed=) and use score_test()."
        if not len(large) and (_often_cut(self.draws) or "high enough" in self.note):
            large = self.params.loc[rates].nlargest(1).index
        if len(large):
            return (
                f"so much changes that {listing(large)} could be anything above; take waves that are closer, or what "
                "lasts longer."
            )
        loose = next((name for name in direction.index if name not in rates), "an effect")
        if "diverges" in self.note:
            return f"a smaller model, without {loose}; then add effects one by one, with score_test() first."
        if len(still):
            return f"start elsewhere, or hold {listing(still)} at a value (fixed=) and use score_test()."
        if self.max_conv_ratio < 1:
            return "fit again with Estimation(start=res.params, phase3=3000, subphases=1, gain=0.05)."
        return f"fit again from start=res.params; if it stays, leave out {loose} and see score_test()."

    # --- tables ---

    def tidy(self) -> pd.DataFrame:
        """One row a parameter for use elsewhere: variable, effect, rsiena, type, and the columns of :meth:`table`."""
        owner = {v: "network" if v in self.model.panel.networks else "behavior" for v in self.model.specification}
        about = pd.DataFrame(
            [
                {
                    "variable": p.variable,
                    "effect": p.label,
                    "rsiena": p.short(p.family or owner[p.variable]),
                    "type": KIND_WORDS[p.kind],
                }
                for p in self.model.parameters
            ],
            index=self.params.index,
        )
        return about.join(self.table()).assign(**{"t-conv": self.t_conv, "target": self.targets})

    def to_latex(self) -> str:
        """The table of estimates as LaTeX (booktabs), a block a dependent variable."""
        table = self.tidy()
        lines = [r"\begin{tabular}{lrrr}", r"\toprule", r"Effect & Estimate & (s.e.) & $t_\mathrm{conv}$ \\"]
        for variable, block in table.groupby("variable", sort=False):
            lines += [r"\midrule", rf"\multicolumn{{4}}{{l}}{{\textit{{{latex_text(variable)}}}}} \\"]
            for _, row in block.iterrows():
                numbers = [f"{row['estimate']:.3f}", f"({row['s.e.']:.3f})", f"{row['t-conv']:.2f}"]
                lines.append(
                    f"{latex_text(row['effect'])} & {' & '.join('' if 'nan' in n else n for n in numbers)} " + r"\\"
                )
        return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"])

    def summary(self) -> str:
        """Plain text: a block a dependent variable, convergence, claim and caveats."""
        table = self.tidy()
        members = plural(self.nobs, "member")
        counts = sorted({len(panel.waves) for panel in self.model.groups.values()})
        waves = plural(counts[0], "wave") if len(counts) == 1 else f"{'-'.join(map(str, counts))} waves"
        groups = f"    {plural(len(self.model.groups), 'group')}" if len(self.model.groups) > 1 else ""
        how = f", conditional on {self.conditional}" if self.conditional else ""
        lines = [
            f"SAOM   {', '.join(self.model.specification)}{groups}    {members}, {waves}    method of moments{how}, "
            f"seed {self.seed}"
        ]
        labels = [
            f"{e} ({r})" if r and r != "Rate" else str(e) for e, r in zip(table["effect"], table["rsiena"], strict=True)
        ]
        first, width = max(map(len, table["variable"])), max(map(len, labels))
        shown = pd.DataFrame(
            {
                name: ["" if np.isnan(v) else f"{v:.{d}f}" for v in table[name]]
                for name, d in {"estimate": 3, "s.e.": 3, "z": 1, "t-conv": 2}.items()
            },
            index=table.index,
        )
        shown.loc[table["rsiena"] == "Rate", "z"] = ""
        wide = pd.Series({"estimate": 10, "s.e.": 8, "z": 7, "t-conv": 8})
        wide = np.maximum(wide, shown.apply(lambda column: column.str.len().max()) + 2)
        lines.append(f"{'':{first + width + 2}}" + "".join(f"{name:>{wide[name]}}" for name in shown))
        last = ""
        for label, variable, numbers in zip(labels, table["variable"], shown.to_numpy(), strict=True):
            name, last = "" if variable == last else variable, variable
            cells = "".join(f"{number:>{w}}" for number, w in zip(numbers, wide, strict=True))
            lines.append(f"{name:{first}}  {label:{width}}{cells}".rstrip())
        return "\n".join([*lines, self.convergence(), f"claim: {self.claim}", *(f"caveat: {c}" for c in self.caveats)])

    def plot(self, ax: Any = None) -> Any:
        """Estimates with 95 % intervals, one row an effect, without rates."""
        kept = [p.name for p in self.model.parameters if p.effect is not None]
        return coefficients(self.table().loc[kept], ax=ax)

    def __repr__(self) -> str:
        how = "converged" if self.converged else "not converged"
        return f"SAOMResults: {plural(len(self.params), 'parameter')}, {how} (ratio {self.max_conv_ratio:.2f})"

    # --- tests ---

    def wald(self, hypothesis: Sequence[str] | Mapping[str, float] | np.ndarray, value: Any = 0.0) -> dict[str, float]:
        """Wald test that parameters are 0, have certain values, or that combinations of them do.

        Parameters
        ----------
        hypothesis : list of names, dict of name to value, or array of shape (q, n_parameters)
            Of an array, each row is a combination; ``value`` is what it is under the hypothesis.

        Returns
        -------
        dict
            statistic, df, p.
        """
        from scipy.stats import chi2

        names = list(self.params.index)
        if isinstance(hypothesis, np.ndarray):
            rows, right = np.atleast_2d(hypothesis), np.broadcast_to(value, len(np.atleast_2d(hypothesis)))
            if rows.shape[1] != len(names):
                raise ValueError(f"hypothesis has {rows.shape[1]} columns; there are {len(names)} parameters.")
        else:
            given = hypothesis if isinstance(hypothesis, Mapping) else dict.fromkeys(hypothesis, value)
            chosen = [names.index(choose(name, names, "parameter")) for name in given]
            rows, right = np.eye(len(names))[chosen], np.array(list(given.values()), float)
        used = rows.any(axis=0)
        off = rows[:, used] @ self.params.to_numpy()[used] - right
        spread = rows[:, used] @ self.covariance.to_numpy()[np.ix_(used, used)] @ rows[:, used].T
        if np.isnan(spread).any():
            raise ValueError("the hypothesis is about parameters whose covariance is unknown (held, or rates).")
        statistic = float(off @ np.linalg.pinv(spread, hermitian=True) @ off)
        df = int(np.linalg.matrix_rank(spread))
        return {"statistic": statistic, "df": df, "p": float(chi2.sf(statistic, df))}

    def score_test(
        self,
        effects: Mapping[str, Sequence[Effect]] | Sequence[Effect] | Effect,
        n: int | None = None,
        seed: int | None = None,
        n_jobs: int | None = None,
    ) -> ScoreTest:
        """Score-type test of effects that the model does not have, without fitting them.

        Parameters
        ----------
        effects : dict of str to list of Effect, or Effects
            By dependent variable; without names, of the first.
        n : int, optional
            Draws, by default as many as in the last measurement.
        seed : int, optional
            By default derived from that of the fit.

        Returns
        -------
        ScoreTest

        Raises
        ------
        ValueError
            For effects whose statistics never move, or follow from those of the model.
        """
        if isinstance(effects, Effect) or callable(effects):  # a function lacks its parentheses: said when it is read
            effects = [effects]
        if not isinstance(effects, Mapping):
            effects = {next(iter(self.model.specification)): list(effects)}
        model = self.model.extended(effects)
        tested = [name for name in model.names if name not in self.params.index]
        if not tested:
            raise ValueError("there is no effect to test: score_test([fx.transitive_triplets()]).")
        theta = np.array([self.params.get(name, 0.0) for name in model.names])
        held = dict(zip(self.params.index, self.free, strict=True))
        rates = {p.name for p in model.parameters if p.effect is None and p.variable == self.conditional}
        theta = np.array([1.0 if name in rates else t for name, t in zip(model.names, theta, strict=True)])
        free = np.array([held.get(name, True) for name in model.names])
        simulator = Simulator(model.problems, model.parameters, model.effects, self.conditional, free, theta)
        simulator.n_jobs = workers(n_jobs)
        count = len(self.draws.clock) if n is None else whole(n, "n", 50)
        draws = simulator.draw(theta[free], (self.seed if seed is None else stream_seed(seed), SCORE_TEST, 0), 0, count)
        target = simulator.observed()[:, free].sum(axis=0)
        names = [name for name, is_free in zip(model.names, free, strict=True) if is_free]
        test = _score_test(draws, target, names, [names.index(name) for name in tested], theta[free])
        alone = test.effects.index[test.effects["z"].isna()]
        if len(alone):
            raise ValueError(
                f"{listing(alone)} cannot be tested: in every simulation the statistic was the same, or followed from "
                "those of the effects in the model. Leave it out."
            )
        return test

    def time_test(self) -> TimeTest:
        """Whether effects differ between periods, by a score-type test of an added parameter a later period and effect.

        No further draws are made: the statistics of a dummy are those of its effect in its period.

        Returns
        -------
        TimeTest

        Raises
        ------
        ValueError
            With a single period.
        """
        periods = self.draws.statistics.shape[1]
        if periods < 2:
            raise ValueError("there is one period, so nothing can differ between periods.")
        free = [p for p, is_free in zip(self.model.parameters, self.free, strict=True) if is_free]
        columns = [k for k, p in enumerate(free) if p.kind != RATE]
        s, j = self.draws.statistics, self.draws.scores
        per_period = self.model.period_targets()[:, self.free]
        statistics, scores, target, names = [s], [j], [per_period.sum(axis=0)], [p.name for p in free]
        labels = self.model.targets().columns[:-1]
        for m in range(1, periods):
            alone = np.zeros((*s.shape[:2], len(columns)))
            alone[:, m] = s[:, m, columns]
            moved = np.zeros_like(alone)
            moved[:, m] = j[:, m, columns]
            statistics.append(alone)
            scores.append(moved)
            target.append(per_period[m, columns])
            names += [f"{free[k].name} in period {labels[m]}" for k in columns]
        draws = Draws(np.concatenate(statistics, axis=2), np.concatenate(scores, axis=2), self.draws.clock)
        theta = np.r_[self.params.to_numpy()[self.free], np.zeros(len(names) - len(free))]
        tested = list(range(len(free), len(names)))
        base = _score_test(draws, np.concatenate(target), names, tested, theta)
        groups = {
            free[k].name: [len(free) + m * len(columns) + c for m in range(periods - 1)] for c, k in enumerate(columns)
        }
        by_period = {
            labels[m + 1]: [len(free) + m * len(columns) + c for c in range(len(columns))] for m in range(periods - 1)
        }
        every = np.concatenate(target)
        return TimeTest(
            base,
            _joint_tests(draws, every, names, groups, theta, len(free)),
            _joint_tests(draws, every, names, by_period, theta, len(free)),
        )

    # --- simulation ---

    def simulate(self, n: int = 1, seed: int = 0, chained: bool = False, n_jobs: int | None = None) -> Simulated:
        """Draw ends of periods from the fitted model; see :meth:`coplearn.saom.SAOM.simulate`."""
        return self.model.simulate(self.params, n, seed, chained, n_jobs)

    def gof(
        self,
        statistic: str | Callable[[dict[str, np.ndarray], dict[str, np.ndarray]], Any],
        variable: str | None = None,
        levels: Sequence[int] | None = None,
        by_period: bool = False,
        n: int = 1000,
        seed: int = 0,
        n_jobs: int | None = None,
    ) -> GoodnessOfFit:
        """Whether the fitted model reproduces a feature of the data that it was not fitted to.

        Parameters
        ----------
        statistic : {"indegree", "outdegree", "geodesic", "triad_census", "behavior"} or callable
            A function of two dicts, ties (arrays of 0 and 1) and behaviors (arrays of int) by name, that gives a
            vector or Series.
        variable : str, optional
            The network or behavior; by default the first of its kind.
        levels : sequence of int, optional
            Degrees or distances; by default 0 to 8, or 1 to 7.
        by_period : bool
            A vector for each period, one after another, instead of their sum.
        n, seed, n_jobs
            As in :meth:`simulate`.

        Returns
        -------
        GoodnessOfFit
        """
        first = stream_seed(seed)
        simulator = self.model.simulator(theta=self.params.to_numpy())
        simulator.n_jobs = workers(n_jobs)
        portions = (simulator.ends((first, 0, 0), k, min(100, n - k)) for k in range(0, whole(n, "n", 50), 100))
        return assess(self.model, portions, statistic, variable, levels, by_period)


@dataclass(frozen=True, eq=False)
class ScoreTest:
    """Score-type test.

    Attributes
    ----------
    statistic, df, p
        Joint test of all tested effects, chi-squared; df counts those that do not follow from the others.
    effects : DataFrame
        A row a tested effect: z (one-sided, positive where the effect would be positive), p (two-sided) and one_step,
        an estimate by a single Newton step; z and p are NaN where a statistic follows from the estimated ones.
    one_step : Series
        The same step for all parameters.
    """

    statistic: float
    df: int
    p: float
    effects: pd.DataFrame
    one_step: pd.Series

    def table(self) -> pd.DataFrame:
        """One row a tested effect: z, p, one_step."""
        return self.effects.copy()

    def summary(self) -> str:
        """Plain text."""
        head = f"score-type test: chi2({self.df}) {self.statistic:.2f}, p {self.p:.4f}"
        return f"{head}\n{self.effects.to_string(float_format=lambda v: f'{v:.3f}')}"

    def __repr__(self) -> str:
        return f"ScoreTest: chi2({self.df}) {self.statistic:.3f}, p {self.p:.4f}"


@dataclass(frozen=True, eq=False)
class TimeTest:
    """Time heterogeneity.

    Attributes
    ----------
    joint : ScoreTest
        Of all differences from the first period.
    effects, periods : DataFrame
        Tests of all differences of an effect, and of a period: statistic, df, p.
    """

    joint: ScoreTest
    effects: pd.DataFrame
    periods: pd.DataFrame

    @property
    def p(self) -> float:
        """Of the joint test."""
        return self.joint.p

    def table(self) -> pd.DataFrame:
        """One row an effect: statistic, df, p."""
        return self.effects.copy()

    def summary(self) -> str:
        """Plain text."""
        test = self.joint
        head = f"time heterogeneity: chi2({test.df}) {test.statistic:.2f}, p {test.p:.4f}"
        tables = [t.to_string(float_format=lambda v: f"{v:.3f}") for t in (self.effects, self.periods)]
        return "\n".join([head, *tables])

    def __repr__(self) -> str:
        return f"TimeTest: chi2({self.joint.df}) {self.joint.statistic:.3f}, p {self.joint.p:.4f}"


def _score_parts(
    draws: Draws, target: np.ndarray, tested: list[int], estimated: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Deviations of the tested statistics net of the estimated ones, and their covariance.

    Both are 0 for a statistic that never moves or follows from the estimated ones: what is left of it is rounding.
    """
    d, sigma = draws.derivative(), draws.covariance()
    z = draws.total.mean(axis=0) - target
    g = d[np.ix_(tested, estimated)] @ np.linalg.pinv(d[np.ix_(estimated, estimated)])
    off = z[tested] - g @ z[estimated]
    both = g @ sigma[np.ix_(estimated, tested)]
    spread = sigma[np.ix_(tested, tested)] - both - both.T + g @ sigma[np.ix_(estimated, estimated)] @ g.T
    left = np.diag(spread) > ROUNDING * np.diag(sigma)[tested]
    return np.where(left, off, 0.0), np.where(np.outer(left, left), spread, 0.0)


def _chi_squared(off: np.ndarray, spread: np.ndarray) -> tuple[float, int, float]:
    """Squared distance of deviations from 0, the number of those that are free to differ, and p."""
    from scipy.stats import chi2

    size = np.sqrt(np.where(np.diag(spread) > 0, np.diag(spread), 1.0))
    spread, off = spread / np.outer(size, size), off / size
    df = int(np.linalg.matrix_rank(spread, tol=ROUNDING, hermitian=True))
    statistic = float(off @ np.linalg.pinv(spread, rcond=ROUNDING, hermitian=True) @ off)
    return statistic, df, float(chi2.sf(statistic, df)) if df else math.nan


def _score_test(draws: Draws, target: np.ndarray, names: list[str], tested: list[int], theta: np.ndarray) -> ScoreTest:
    from scipy.stats import norm

    estimated = [k for k in range(len(names)) if k not in tested]
    off, spread = _score_parts(draws, target, tested, estimated)
    statistic, df, p = _chi_squared(off, spread)
    step = theta - np.linalg.pinv(draws.derivative()) @ (draws.total.mean(axis=0) - target)
    rows = {}
    for k in tested:
        alone, variance = _score_parts(draws, target, [k], estimated)
        z = float(-alone[0] / math.sqrt(variance[0, 0])) if variance[0, 0] > 0 else math.nan
        rows[names[k]] = {"z": z, "p": float(2 * norm.sf(abs(z))), "one_step": float(step[k])}
    return ScoreTest(
        statistic,
        df,
        p,
        pd.DataFrame.from_dict(rows, orient="index"),
        pd.Series(step, index=names, name="one step"),
    )


def _joint_tests(
    draws: Draws, target: np.ndarray, names: list[str], groups: dict[Any, list[int]], theta: np.ndarray, base: int
) -> pd.DataFrame:
    """Joint tests of groups of parameters, each beside the estimated ones only."""
    rows = {}
    for label, tested in groups.items():
        statistic, df, p = _chi_squared(*_score_parts(draws, target, tested, list(range(base))))
        rows[label] = {"statistic": statistic, "df": df, "p": p}
    return pd.DataFrame.from_dict(rows, orient="index")


def results(model: SAOM, simulator: Simulator, search: Search, settings: Estimation, seed: int) -> SAOMResults:
    """Wrap what a search found."""
    names = pd.Index(model.names)
    free, conditional = simulator.free, simulator.conditional
    draws = search.draws
    if draws is None:  # stopped before the first measurement: a short one, so that there is something to say
        count = max(50, 4 * len(search.theta))
        draws = simulator.draw(search.theta, (search.seed, SHORT, 0), 0, count)
    theta = simulator.whole(search.theta)
    covariance = np.full((len(names), len(names)), np.nan)
    covariance[np.ix_(free, free)] = standard_covariance(draws.derivative(), draws.covariance())
    if conditional:
        clock = draws.clock
        for k, p in enumerate(model.parameters):
            if p.effect is None and p.variable == conditional:
                column = simulator.period_number(p.group, p.period)
                theta[k] = float(clock[:, column].mean())
                covariance[k, k] = float(clock[:, column].var(ddof=1))
    t = pd.Series(np.nan, index=names, name="t-conv")
    t[free] = search.t_ratios(draws)
    ratio = overall_ratio(draws, search.target)
    # a statistic that stands still has no ratio (NaN), and says nothing of its parameter
    good = bool(ratio < GOOD_RATIO and (t[free].abs() < GOOD_T).all() and not search.note and not _often_cut(draws))
    targets = pd.Series(simulator.observed().sum(axis=0), index=names, name="target")
    params = pd.Series(theta, index=names, name="estimate")
    frame = pd.DataFrame(covariance, index=names, columns=names)
    found = SAOMResults(
        params=params,
        covariance=frame,
        nobs=sum(len(p.panel.members) for p in model.problems),
        claim="adjusted association",
        caveats=tuple(_caveats(model, params, frame, draws, free, good)),
        t_conv=t,
        max_conv_ratio=ratio,
        converged=good,
        targets=targets,
        conditional=conditional,
        seed=seed,
        history=pd.DataFrame(search.history),
        note=search.note,
        model=model,
        settings=settings,
        draws=draws,
        free=free,
    )
    return found


def _often_cut(draws: Draws) -> bool:
    """Whether so many simulated periods took too many steps that nothing can be said about the observed ones."""
    return draws.cut > FEW * draws.clock.size


def _boundless(model: SAOM, params: pd.Series, errors: pd.Series) -> pd.Index:
    """Names of parameters whose estimate and standard error are both very large."""
    large = LARGE_ERROR / spans(model.problems[0], model.parameters)
    return params.index[(params.abs() > large) & (errors > large)]


def _unsteady(draws: Draws) -> np.ndarray:
    """Free parameters whose standard error differs more than twofold between all draws and either half of them."""
    n = len(draws.clock)
    errors = []
    for some in (slice(None), slice(None, n // 2), slice(n // 2, None)):
        part = Draws(draws.statistics[some], draws.scores[some], draws.clock[some])
        errors.append(np.sqrt(np.abs(np.diag(standard_covariance(part.derivative(), part.covariance())))))
    return np.asarray(np.max(errors, axis=0) > 2 * np.min(errors, axis=0))


def _caveats(
    model: SAOM, params: pd.Series, covariance: pd.DataFrame, draws: Draws, free: np.ndarray, good: bool
) -> list[str]:
    said = []
    if not good:
        said.append("the search did not converge: read the estimates as a place on the way.")
    if len(model.specification) > 1:
        said.append(
            "selection and influence are told apart as far as the model holds what else makes the tied alike: an "
            "unmeasured cause of both remains (Shalizi & Thomas 2011)."
        )
    rates = [p.name for p in model.parameters if p.effect is None]
    variance = np.diag(covariance)
    errors = pd.Series(np.sqrt(np.where(variance > 0, variance, np.nan)), params.index)
    wild = list(_boundless(model, params, errors).difference(rates, sort=False))
    if wild:
        said.append(f"{listing(wild)}: estimate and standard error are both very large, so the Wald test says nothing.")
    unsteady = params.index[free][_unsteady(draws)] if good else []
    if len(unsteady):
        said.append(
            f"{listing(unsteady)}: the standard error is hardly known, since it more than doubles from some draws to "
            "others; fit with more of them (phase3=)."
        )
    for variable in model.specification:
        wanted = "outdegree" if variable in model.panel.networks else "linear_shape"
        listed = [p.effect.name for p in model.parameters if p.variable == variable and p.effect is not None]
        if listed and wanted not in listed and not model.one_way(variable):
            said.append(f"{variable} has no {wanted}: other effects stand in for the tendency itself.")
    missing = model.missing_share()
    for variable, share in missing.items():
        if share > 0.2:
            said.append(f"{share:.0%} of {variable} is missing; above 20 % results depend on how it is completed.")
    if draws.cut:
        said.append(f"cut short after too many steps: {plural(draws.cut, 'simulated period')} of {draws.clock.size:,}.")
    return said

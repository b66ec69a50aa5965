r"""What estimates of an actor-oriented model mean: tables of selection and influence, importance, certainty.

*Selection.* How much ego's objective function gains from a tie depends on the values a of ego and b of alter on a
variable: the sum of :math:`\beta_k D_k(a, b)` over the effects of that variable (ego, alter, similarity, same, ...).
The table shows who is chosen by whom (Snijders, van de Bunt & Steglich 2010).

*Influence.* What ego's objective function says about its own value z when all alters have the value a:
:math:`f(z) = \sum_k \beta_k s_k(z, a)`, minus f at the mean. Where a row is highest, ego is drawn to.

*Importance.* For ministep probabilities p_i and those without effect k, :math:`p_i^{(-k)}`, the importance of k for i
is the share of :math:`\|p_i - p_i^{(-k)}\|_1` in the sum over effects (Indlekofer & Brandes 2013).

*Certainty.* :math:`1 - H(p_i) / \log |C_i|`, 0 where ego chooses at random among its options, 1 where it has no choice
left (Snijders 2004).

References
----------
Snijders, van de Bunt & Steglich (2010), Social Networks 32(1), 44-60, doi:10.1016/j.socnet.2009.02.004.
Indlekofer & Brandes (2013), Network Science 1(3), 278-304, doi:10.1017/nws.2013.21.
Snijders (2004), Mathématiques et sciences humaines 168, doi:10.4000/msh.2938.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coplearn import plots
from coplearn._checks import choose, whole
from coplearn.effects.spec import definition
from coplearn.kernels import saom_behavior
from coplearn.kernels.saom_network import network_base
from coplearn.kernels.saom_record import packed
from coplearn.kernels.saom_state import CREATION, ENDOWMENT, EVALUATION, RATE, new_state

__all__ = [
    "Certainty",
    "InfluenceTable",
    "RelativeImportance",
    "SelectionTable",
    "certainty",
    "influence_table",
    "relative_importance",
    "selection_table",
]

MOST_VALUES = 9  # of a variable, before the tables take equally spaced ones
INTERACTION = saom_behavior.INTERACTION


@dataclass(frozen=True, eq=False)
class _Table:
    """Contributions to an objective function, with their standard errors where the covariance is known."""

    variable: str
    owner: str
    contributions: pd.DataFrame
    errors: pd.DataFrame | None
    effects: list[str]

    def table(self) -> pd.DataFrame:
        """The contributions."""
        return self.contributions.copy()

    def standard_errors(self) -> pd.DataFrame:
        """Standard errors of the contributions.

        Raises
        ------
        ValueError
            If the table was made from parameters alone, without a fit.
        """
        if self.errors is None:
            raise ValueError("there are no standard errors: the table was made from parameters, not from a fit.")
        return self.errors.copy()

    def best(self) -> pd.Series:
        """For each row the column with the largest contribution."""
        return self.contributions.idxmax(axis=1)

    def _lines(self, ax: Any, x: str, y: str, name: str) -> Any:
        import seaborn as sns

        ax = plots.axes(ax)
        columns = self.contributions.columns.to_numpy(float)
        colors = sns.color_palette("viridis", len(self.contributions))
        ends = self.contributions.iloc[:, -1].to_numpy()
        spread = float(np.ptp(self.contributions.to_numpy())) or 1.0
        places = _apart(ends, 0.075 * spread)
        reach = columns[-1] + 0.03 * (columns[-1] - columns[0])
        for (value, row), color, end, place in zip(self.contributions.iterrows(), colors, ends, places, strict=True):
            if self.errors is not None:
                half = 1.96 * self.errors.loc[value].to_numpy()
                ax.fill_between(columns, row - half, row + half, color=color, alpha=0.12, linewidth=0)
            ax.plot(columns, row, color=color, linewidth=1.8)
            ax.plot([columns[-1], reach], [end, place], color=color, linewidth=0.8, clip_on=False)
            ax.text(reach, place, f" {name} {value:g}", color=color, va="center", fontsize=8)
        ax.axhline(0, color=plots.GREY, linewidth=0.8, zorder=1)
        ax.set(xlabel=x, ylabel=y)
        if len(columns) <= MOST_VALUES:
            ax.set_xticks(columns, [f"{value:g}" for value in columns])
        return ax


class SelectionTable(_Table):
    """What a tie adds to ego's objective function, by the values of ego (rows) and alter (columns)."""

    def __repr__(self) -> str:
        return f"SelectionTable: {self.owner} by {self.variable}, from {', '.join(self.effects)}"

    def plot(self, ax: Any = None) -> Any:
        """A line for each value of ego, over the values of alter; bands are 95 % intervals."""
        return self._lines(ax, f"{self.variable} of alter", f"contribution of a tie ({self.owner})", "ego")


class InfluenceTable(_Table):
    """What ego's objective function says of its own values (columns), by the value of its alters (rows)."""

    def __repr__(self) -> str:
        return f"InfluenceTable: {self.variable}, from {', '.join(self.effects)}"

    def plot(self, ax: Any = None) -> Any:
        """A line for each value of the alters, over ego's own values; bands are 95 % intervals."""
        return self._lines(ax, f"own {self.variable}", "objective function, 0 at the mean", "alters")


def _apart(values: np.ndarray, gap: float) -> np.ndarray:
    """The values, moved so far that labels at them do not overlap."""
    order = np.argsort(values, kind="stable")
    moved = values[order].astype(float)
    for k in range(1, len(moved)):
        moved[k] = max(moved[k], moved[k - 1] + gap)
    moved -= (moved - values[order]).mean()
    out = np.empty_like(moved)
    out[order] = moved
    return out


def _model_and_theta(fit: Any, theta: Any) -> tuple[Any, np.ndarray, np.ndarray | None]:
    """The model, all parameters, and their covariances if `fit` is a result and no theta was given."""
    model = getattr(fit, "model", fit)
    if theta is not None:
        return model, model.vector(theta), None
    if model is fit:
        raise ValueError("give theta with a model, or a fitted model.")
    covariance = np.nan_to_num(fit.cov_params().to_numpy())
    return model, model.vector(fit.params), covariance


def _wanted(kind: str) -> tuple[int, ...]:
    choose(kind, ["eval", "creation", "endow"], "kind")
    return {"eval": (EVALUATION,), "creation": (EVALUATION, CREATION), "endow": (EVALUATION, ENDOWMENT)}[kind]


def _combined(
    weights: np.ndarray, theta: np.ndarray, covariance: np.ndarray | None, which: Sequence[int]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Sums over effects of theta times weights (effects, rows, columns), with standard errors."""
    values = np.einsum("k,kab->ab", theta[list(which)], weights)
    if covariance is None:
        return values, None
    part = covariance[np.ix_(which, which)]
    return values, np.sqrt(np.maximum(np.einsum("kab,kl,lab->ab", weights, part, weights), 0.0))


def _grid(model: Any, variable: str, values: Sequence[float] | None) -> np.ndarray:
    """The values asked for, or those observed, or equally spaced ones where these are many."""
    if values is not None:
        grid = np.asarray(values, float)
        if grid.ndim != 1 or len(grid) < 2 or not np.isfinite(grid).all():
            raise ValueError(f"values of {variable!r}: give at least two finite numbers.")
        return grid
    problem = model.problems[0]
    facts, n = problem.context.actors[variable], problem.periods[0].n_actors
    seen = [p.v[facts.index, :n][p.v_missing[facts.index, :n] == 0] + facts.mean for p in problem.periods]
    found = np.unique(np.concatenate(seen).round(10))
    if facts.behavior >= 0:
        found = np.arange(facts.low, facts.high + 1)
    return found if 2 <= len(found) <= MOST_VALUES else np.linspace(facts.low, facts.high, 5)


def _small_state(model: Any, x: np.ndarray) -> Any:
    """A state of few actors with these ties in every network, all variables at their means, nothing missing."""
    period, n = model.problems[0].periods[0], x.shape[1]
    n_nets, n_behaviors, n_dyads = period.x.shape[0], period.z.shape[0], period.w.shape[0]
    small = period._replace(
        v=np.zeros((period.v.shape[0], n)),
        w=np.zeros((n_dyads, n, n)),
        active=np.ones(n, np.uint8),
        n_columns=np.full(n_nets, n),
        two_mode=np.zeros(n_nets, np.uint8),
        n_actors=n,
    )
    none = np.zeros((period.v.shape[0], n), np.uint8)
    levels = np.tile(period.z_low[:, None], (1, n)).astype(np.int32).reshape(n_behaviors, n)
    state = new_state(small, x, levels, none, np.zeros((n_dyads, n, n), np.uint8), n)
    state.v[:] = 0.0
    return state


def _rows(model: Any, owner: str, kinds: tuple[int, ...]) -> Iterator[tuple[int, int, Any]]:
    """Row number, position in theta, and effect, of a dependent variable's effects of some kinds."""
    rows = model.effects[0].rows
    for k, position in enumerate(rows.parameter):
        if position >= 0 and rows.kind[k] in kinds and model.parameters[position].variable == owner:
            yield k, int(position), model.parameters[position].effect


def _owner(model: Any, name: str | None, kind: str) -> str:
    problem = model.problems[0]
    there = [v for v in model.specification if (v in problem.networks) == (kind == "network")]
    if name is None and len(there) != 1:
        raise ValueError(f"say which {kind}: the model has {', '.join(there) or 'none'}.")
    return choose(name or there[0], there, f"modelled {kind}")


def selection_table(
    fit: Any,
    variable: str,
    theta: Any = None,
    network: str | None = None,
    values: Sequence[float] | None = None,
    kind: str = "eval",
) -> SelectionTable:
    r"""How much a tie is worth to ego, by the values of ego and alter on a variable.

    Parameters
    ----------
    fit : SAOMResults or SAOM
        A fitted model; or a model, with `theta`.
    variable : str
        Covariate or behavior.
    theta : Series, dict or sequence, optional
        Parameters, instead of those of the fit.
    network : str, optional
        Needed where the model has several.
    values : sequence of float, optional
        Values of the variable, as observed (not centred); by default those that occur.
    kind : {"eval", "creation", "endow"}
        Whether effects on creating (or keeping) ties are added to those on both.

    Returns
    -------
    SelectionTable
        Sums over the effects of this variable that depend on the pair alone: ego, alter, similarity, same, products of
        these, and so on. Effects that need another tie, such as those times reciprocity, count as without it.

    Raises
    ------
    ValueError
        If the network has no such effect.
    """
    model, parameters, covariance = _model_and_theta(fit, theta)
    owner = _owner(model, network, "network")
    problem = model.problems[0]
    facts = problem.context.actors[choose(variable, list(problem.context.actors), "behavior or covariate")]
    grid = _grid(model, variable, values)
    m = len(grid)
    state = _small_state(model, np.zeros((len(problem.networks), 2 * m, 2 * m), np.uint8))
    state.v[facts.index] = np.tile(grid - facts.mean, 2)
    rows = model.effects[0].bound()
    called, seen = packed(rows), packed(state)  # arrays are shared with the state
    which, weights = [], []
    for k, position, effect in _rows(model, owner, _wanted(kind)):
        parts = effect.parts or (effect,)
        about = [definition(part.name, "network") for part in parts]
        if all(d.details.get("interaction") in ("ego", "dyadic") for d in about) and {
            name for part in parts for name in part.variables
        } == {variable}:
            numbers = [int(q) for q in rows.part[k] if q >= 0] if rows.code[k] == INTERACTION else [k]
            table = np.ones((m, m))
            for a in range(m):
                for b in range(m):
                    for q in numbers:
                        table[a, b] *= network_base(called, np.int32(q), seen, a, np.int32(m + b))
            which.append(position)
            weights.append(table)
    if not which:
        raise ValueError(
            f"no effect of {owner!r} is about {variable!r} and the pair alone, as fx.similarity({variable!r}) is."
        )
    total, errors = _combined(np.array(weights), parameters, covariance, which)
    index, columns = pd.Index(grid, name=f"ego {variable}"), pd.Index(grid, name=f"alter {variable}")
    return SelectionTable(
        variable,
        owner,
        pd.DataFrame(total, index, columns),
        None if errors is None else pd.DataFrame(errors, index, columns),
        [model.parameters[p].label for p in which],
    )


def influence_table(
    fit: Any,
    behavior: str | None = None,
    theta: Any = None,
    network: str | None = None,
    alters: int = 1,
    mutual: bool = False,
    values: Sequence[float] | None = None,
    kind: str = "eval",
) -> InfluenceTable:
    r"""What ego is drawn to, by the common value of those whom ego is tied to.

    Parameters
    ----------
    fit : SAOMResults or SAOM
        A fitted model; or a model, with `theta`.
    behavior : str, optional
        Needed where the model has several.
    theta : Series, dict or sequence, optional
        Parameters, instead of those of the fit.
    network : str, optional
        Network of the ties to the alters; by default the ties are in every network.
    alters : int
        Number of alters; effects of totals grow with it.
    mutual : bool
        Whether the ties are returned.
    values : sequence of float, optional
        Values of the alters; by default the range of the behavior.
    kind : {"eval", "creation", "endow"}

    Returns
    -------
    InfluenceTable
        Objective function minus its value at the mean of the behavior, with covariates at their means. Effects of the
        whole group (``average_group``, centring by wave) are left out.
    """
    model, parameters, covariance = _model_and_theta(fit, theta)
    owner = _owner(model, behavior, "behavior")
    problem = model.problems[0]
    facts = problem.context.actors[owner]
    own = np.arange(facts.low, facts.high + 1)
    grid = own if values is None else _grid(model, owner, values)
    n = whole(alters, "alters") + 1
    x = np.zeros((len(problem.networks), n, n), np.uint8)
    for r, name in enumerate(problem.networks):
        if network is None or name == choose(network, problem.networks, "network"):
            x[r, 0, 1:] = 1
            x[r, 1:, 0] = mutual or not problem.periods[0].directed[r]
    state = _small_state(model, x)
    rows = model.effects[0].bound()
    called, seen = packed(rows), packed(state)  # arrays are shared with the state
    b = problem.behaviors.index(owner)
    which, weights = [], []
    for k, position, _ in _rows(model, owner, _wanted(kind)):
        used = [int(q) for q in rows.part[k] if q >= 0] if rows.code[k] == INTERACTION else [k]
        if any(
            rows.code[q] in (saom_behavior.GROUP, saom_behavior.NEAR) or rows.p[q, 5] == saom_behavior.CONTEMPORARY
            for q in used
        ):
            continue
        table = np.zeros((len(grid), len(own)))
        for a, level in enumerate(grid):
            state.v[facts.index, 1:] = level - facts.mean
            found = []
            for z in (facts.mean, *own):
                state.z[b, 0] = np.floor(z)
                state.v[facts.index, 0] = z - facts.mean
                found.append(saom_behavior.behavior_statistic(called, np.int32(k), seen, 0))
            table[a] = np.array(found[1:]) - found[0]
        which.append(position)
        weights.append(table)
    if not which:
        raise ValueError(f"no effect of {owner!r} is about members one by one.")
    total, errors = _combined(np.array(weights), parameters, covariance, which)
    index, columns = pd.Index(grid, name=f"alters' {owner}"), pd.Index(own, name=f"own {owner}")
    return InfluenceTable(
        owner,
        owner,
        pd.DataFrame(total, index, columns),
        None if errors is None else pd.DataFrame(errors, index, columns),
        [model.parameters[p].label for p in which],
    )


@dataclass(frozen=True, eq=False)
class _Options:
    """Ministeps at an observed wave: for each ego, options that are there and what each parameter says of them."""

    effects: list[int]  # positions in theta
    utilities: np.ndarray  # (effects, n, options): derivative of the utility by the parameter
    possible: np.ndarray  # (n, options)
    egos: np.ndarray  # (n,)

    def probabilities(self, theta: np.ndarray) -> np.ndarray:
        u = np.einsum("k,kij->ij", theta[self.effects], self.utilities)
        u = np.where(self.possible, u, -np.inf)
        weight = np.exp(u - u.max(axis=1, keepdims=True))
        return weight / weight.sum(axis=1, keepdims=True)


def _options(model: Any, owner: str, m: int) -> _Options:
    """Options of all egos at the start of period m. In undirected networks ego decides alone (forcing)."""
    problem = model.problems[0]
    period, n = problem.periods[m], problem.periods[m].n_actors
    changes = np.nan_to_num(model.contributions(model.panel.waves[m], owner))
    if not len(changes):
        raise ValueError(f"the model has no effect on {owner!r}, so there is nothing to compare.")
    kinds = [p.kind for p in model.parameters if p.effect is not None and p.variable == owner and p.kind != RATE]
    places = [
        k for k, p in enumerate(model.parameters) if p.effect is not None and p.variable == owner and p.kind != RATE
    ]
    v, here = problem.number(owner), period.active[:n] > 0
    if owner in problem.networks:
        columns = int(period.n_columns[v])
        x = period.x[v, :n, :columns] > 0
        possible = period.fixed[v, :n, :columns] == 0
        if not period.two_mode[v]:
            possible = possible & here[None, :] & ~np.eye(n, dtype=bool)
        if period.up_only[v]:
            possible = possible & ~x
        if period.down_only[v]:
            possible = possible & x
        full = x.sum(axis=1) >= period.max_degree[v]
        possible = possible & ~(full[:, None] & ~x)
        sign = np.where(x, -1.0, 1.0)
        gains, losses = ~x, x
    else:
        z, low, high = (
            period.z[v - len(problem.networks), :n],
            *(bound[v - len(problem.networks)] for bound in (period.z_low, period.z_high)),
        )
        down = (z > low) & (period.up_only[v] == 0)
        up = (z < high) & (period.down_only[v] == 0)
        possible = np.stack([down, np.ones(n, bool), up], axis=1)
        sign = np.ones((n, 3))
        gains, losses = (np.tile(np.arange(3) == k, (n, 1)) for k in (2, 0))
    counts = {EVALUATION: np.ones_like(sign), CREATION: gains.astype(float), ENDOWMENT: losses.astype(float)}
    utilities = np.stack([sign * counts[kind] * change for kind, change in zip(kinds, changes, strict=True)])
    if owner in problem.networks:  # and the option of no change
        utilities = np.concatenate([utilities, np.zeros((len(places), n, 1))], axis=2)
        possible = np.concatenate([possible, np.ones((n, 1), bool)], axis=1)
    return _Options(places, utilities, possible, here)


@dataclass(frozen=True, eq=False)
class RelativeImportance:
    """Expected relative importance of effects at the observed waves.

    Attributes
    ----------
    values : DataFrame
        Columns variable, effect, wave, importance (share, averaged over members), sd (within ego, of the change
        statistic over its options) and standardised (sd times parameter).
    """

    values: pd.DataFrame

    def __repr__(self) -> str:
        return f"RelativeImportance: {self.values.effect.nunique()} effects, {self.values.wave.nunique()} waves"

    def table(self) -> pd.DataFrame:
        """Importance, a row an effect and a column a wave."""
        return self.values.pivot_table("importance", ["variable", "effect"], "wave", sort=False)

    def plot(self, ax: Any = None, variable: str | None = None) -> Any:
        """Bars of shares, one a wave, for one dependent variable."""
        import seaborn as sns

        there = list(self.values.variable.unique())
        if variable is None and len(there) > 1:
            raise ValueError(f"say which variable: {', '.join(there)}.")
        shares = self.table().loc[choose(variable or there[0], there, "dependent variable")]
        ax = plots.axes(ax, (7.0, 0.9 + 0.55 * shares.shape[1] + 0.16 * len(shares)))
        colors = sns.color_palette("deep" if len(shares) <= 10 else "husl", len(shares))
        for (effect, row), start, color in zip(
            shares.iterrows(), np.vstack([np.zeros(shares.shape[1]), shares.cumsum()[:-1]]), colors, strict=True
        ):
            ax.barh(range(len(row)), row, left=start, height=0.6, color=color, label=str(effect))
            for k, (share, left) in enumerate(zip(row, start, strict=True)):
                if share > 0.06:
                    ax.text(left + share / 2, k, f"{share:.0%}", ha="center", va="center", color="white", fontsize=8)
        ax.set_yticks(range(shares.shape[1]), [f"wave {wave}" for wave in shares.columns])
        ax.invert_yaxis()
        ax.set(xlim=(0, 1), xlabel="expected relative importance")
        ax.legend(frameon=False, fontsize=8, ncols=2, loc="lower left", bbox_to_anchor=(0, 1.0))
        return ax


def relative_importance(fit: Any, theta: Any = None) -> RelativeImportance:
    """How much each effect moves the choices that members would make at the observed waves.

    Parameters
    ----------
    fit : SAOMResults or SAOM
        A fitted model; or a model, with `theta`.
    theta : Series, dict or sequence, optional

    Returns
    -------
    RelativeImportance

    Notes
    -----
    Importance depends on how variables are centred, and says nothing of significance.
    """
    model, parameters, _ = _model_and_theta(fit, theta)
    found = []
    for owner in model.specification:
        for m in range(len(model.problems[0].periods)):
            options = _options(model, owner, m)
            p = options.probabilities(parameters)
            gaps = []
            for position in options.effects:
                without = parameters.copy()
                without[position] = 0.0
                gaps.append(np.abs(p - options.probabilities(without)).sum(axis=1))
            gap = np.array(gaps)[:, options.egos]
            total = gap.sum(axis=0)
            share = gap[:, total > 0] / total[total > 0] if (total > 0).any() else np.full((len(gaps), 1), np.nan)
            for k, position in enumerate(options.effects):
                spread = _within(options.utilities[k], options.possible, options.egos)
                found.append(
                    {
                        "variable": owner,
                        "effect": model.parameters[position].label,
                        "wave": model.panel.waves[m],
                        "importance": float(share[k].mean()),
                        "sd": spread,
                        "standardised": spread * float(parameters[position]),
                    }
                )
    return RelativeImportance(pd.DataFrame(found))


def _within(changes: np.ndarray, possible: np.ndarray, egos: np.ndarray) -> float:
    """Standard deviation within egos over their options, the variance averaged over egos."""
    masked = np.ma.masked_array(changes, ~possible)[egos]
    return float(np.sqrt(masked.var(axis=1).mean()))


@dataclass(frozen=True, eq=False)
class Certainty:
    """How determined choices are at the observed waves.

    Attributes
    ----------
    members : DataFrame
        A row a member; columns (variable, wave); NaN for members who are not there.
    """

    members: pd.DataFrame

    def __repr__(self) -> str:
        return f"Certainty: {len(self.members)} members, mean {np.nanmean(self.members.to_numpy()):.2f}"

    def table(self) -> pd.DataFrame:
        """Mean over members, a row a dependent variable and a column a wave."""
        return self.members.mean().unstack(level=1)


def certainty(fit: Any, theta: Any = None) -> Certainty:
    """How much better than a guess the model knows the next choice of each member, at the observed waves.

    Parameters
    ----------
    fit : SAOMResults or SAOM
        A fitted model; or a model, with `theta`.
    theta : Series, dict or sequence, optional

    Returns
    -------
    Certainty
        1 minus the entropy of the choice over the logarithm of the number of options.
    """
    model, parameters, _ = _model_and_theta(fit, theta)
    found = {}
    for owner in model.specification:
        for m in range(len(model.problems[0].periods)):
            options = _options(model, owner, m)
            p = options.probabilities(parameters)
            entropy = -np.sum(p * np.log(np.where(p > 0, p, 1.0)), axis=1)
            size = options.possible.sum(axis=1)
            value = np.where(options.egos & (size > 1), 1 - entropy / np.log(np.maximum(size, 2)), np.nan)
            found[owner, model.panel.waves[m]] = value
    table = pd.DataFrame(found, index=model.panel.members)
    table.columns.names = ["variable", "wave"]
    return Certainty(table)

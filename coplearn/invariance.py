r"""Measurement invariance: does a scale measure the same thing in every cohort, and at every wave?

Items y show factors f, :math:`y = \tau_g + \Lambda_g f + \varepsilon`, in each group g. Means can be compared only
where a group that is equal on the factor answers equally, and that is tried step by step (Meredith 1993):

- **configural**: the same items show the same factors;
- **metric**: equal loadings, :math:`\Lambda_g = \Lambda`; relations with other variables can be compared;
- **scalar**: equal intercepts as well, :math:`\tau_g = \tau`; means can be compared.

Each step is held to be passed if it costs at most .01 of the comparative fit index (Cheung & Rensvold 2002); the
likelihood ratio is shown beside it. Where groups are waves of the same members, the waves are one model: factors of
different waves covary, and so does what is unique to an item at different waves. Estimation is
:mod:`coplearn.paths`, with rows that lack items counted for those they have.

References
----------
Meredith (1993), Psychometrika 58(4), 525-543, doi:10.1007/BF02294825.
Cheung & Rensvold (2002), Structural Equation Modeling 9(2), 233-255, doi:10.1207/S15328007SEM0902_5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from coplearn import plots
from coplearn._checks import as_floats, choose, listing, plural
from coplearn.paths import PathFit, Paths, fit_indices, fit_paths, unrestricted

__all__ = ["LEVELS", "Invariance", "measurement_invariance"]

LEVELS = ("configural", "metric", "scalar")
COST = 0.01  # loss of CFI that a step may cost
FIT = 0.90  # CFI of the configural model below which comparing groups is idle
SMALL = 100  # rows a group below which fit indices are unreliable (caveat)
Diagram = tuple[list[tuple[Paths, np.ndarray]], dict[str, float]]


@dataclass(frozen=True, eq=False)
class Invariance:
    """How far a scale measures the same thing in several groups.

    Attributes
    ----------
    steps : DataFrame
        Indexed by level: chi2, df, p, cfi, rmsea, delta_cfi (loss against the step before), chi2_diff, df_diff, p_diff.
    loadings, intercepts : DataFrame
        Items by groups, of the configural model, in units of the item for a factor of unit variance.
    means : DataFrame
        Indexed by factor and group: mean (in the first group's standard deviations; the first is 0) and s.e., of the
        scalar model.
    rows : Series of int
        By group.
    repeated : bool
        Whether groups are waves of the same members.
    caveats : tuple of str
    """

    steps: pd.DataFrame
    loadings: pd.DataFrame
    intercepts: pd.DataFrame
    means: pd.DataFrame
    rows: pd.Series
    repeated: bool
    caveats: tuple[str, ...]

    @property
    def level(self) -> str | None:
        """The last step that is passed; None where the factors do not even fit."""
        if self.steps.loc["configural", "cfi"] < FIT:
            return None
        passed = "configural"
        for name in LEVELS[1:]:
            if not self.steps.loc[name, "delta_cfi"] <= COST:
                break
            passed = name
        return passed

    @property
    def claim(self) -> str:
        """What kind of statement it supports."""
        return "descriptive"

    def table(self) -> pd.DataFrame:
        """One row a step."""
        return self.steps.copy()

    def summary(self) -> str:
        """Plain text: steps, what may be compared, caveats."""
        may = {
            None: "the factors do not fit: look at the items before comparing anything",
            "configural": "the same factors, with other loadings: neither relations nor means may be compared",
            "metric": "equal loadings: relations may be compared, means may not",
            "scalar": "equal loadings and intercepts: means may be compared",
        }
        kind = "waves of the same members" if self.repeated else "groups"
        lines = [
            f"Measurement invariance    {plural(len(self.rows), 'group')} ({kind}): "
            + ", ".join(f"{g} ({n:,})" for g, n in self.rows.items()),
            self.steps.to_string(float_format=lambda v: f"{v:.3f}", na_rep=""),
            f"holds: {self.level}; {may[self.level]} (a step may cost {COST} of CFI)",
        ]
        return "\n".join([*lines, *(f"caveat: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return self.summary()

    def plot(self, ax: Any = None) -> Any:
        """Loadings of the configural model: a row an item, a dot a group."""
        ax = plots.axes(ax, (7.0, 0.8 + 0.36 * len(self.loadings)))
        colors = plots.cohort_colors([str(g) for g in self.rows.index])
        y = np.arange(len(self.loadings))[::-1]
        for group in self.loadings.columns:
            ax.scatter(self.loadings[group], y, s=24, color=colors[str(group)], label=str(group))
        ax.set_yticks(y, list(self.loadings.index))
        ax.set(xlabel="loading")
        ax.legend(frameon=False, fontsize=8)
        return ax


def measurement_invariance(
    items: pd.DataFrame, groups: Any, factors: Mapping[str, Sequence[str]] | None = None, members: Any = None
) -> Invariance:
    """Whether a scale measures the same thing in every group or wave.

    Parameters
    ----------
    items : DataFrame of float, shape (n_forms, n_items)
        One row an answer form, reverse-coded items turned round, such as :func:`coplearn.scales.item_answers` gives.
    groups : str, Series or array, shape (n_forms,)
        Name of an index level of `items` (``"wave"``), or a label a form. Groups are taken in sorted order.
    factors : mapping of str to list of str, optional
        Items by factor; by default one factor of all.
    members : Series or array, shape (n_forms,), optional
        Whose form each is; by default the index level ``member`` where there is one. Members who are in more than one
        group make the groups waves.

    Returns
    -------
    Invariance

    Raises
    ------
    ValueError
        For one group, a factor of fewer than three items (one factor of two items is not determined), an item all of
        a group answered alike, fewer forms than items allow, or a member twice in a group.

    Examples
    --------
    >>> rng = np.random.default_rng(5)
    >>> cohort = np.repeat(["old", "new"], 300)
    >>> f = rng.normal(size=600) + (cohort == "new")
    >>> items = pd.DataFrame({f"i{k}": 0.7 * f + 0.6 * rng.normal(size=600) for k in range(5)})
    >>> measurement_invariance(items, cohort).level
    'scalar'
    >>> biased = items.assign(i0=items["i0"] + 0.8 * (cohort == "new"))
    >>> measurement_invariance(biased, cohort).level
    'metric'
    """
    if not isinstance(items, pd.DataFrame):
        items = pd.DataFrame(np.asarray(items))
        items.columns = pd.Index([f"item{k + 1}" for k in range(items.shape[1])])
    items = items.set_axis([str(c) for c in items.columns], axis=1)
    label = _labels(items, groups, "groups")
    who = None
    if members is not None or "member" in items.index.names:
        who = _labels(items, "member" if members is None else members, "members")
    named = {"factor": list(items.columns)} if factors is None else {f: [*map(str, v)] for f, v in factors.items()}
    _check_factors(named, list(items.columns))
    names = [item for own in named.values() for item in own]
    values = as_floats(items[names])
    some = ~np.isnan(values).all(axis=1) & pd.notna(label)
    values, label, who = values[some], label[some], None if who is None else who[some]
    kinds = sorted(pd.unique(label))
    if len(kinds) < 2:
        raise ValueError(f"forms fall into {plural(len(kinds), 'group')}; comparing needs two or more.")
    blocks = [values[label == g] for g in kinds]
    _check_blocks(blocks, kinds, names)
    repeated = False
    if who is not None:
        for g in kinds:
            own = pd.Index(who[label == g])
            if own.has_duplicates:
                raise ValueError(
                    f"member {own[own.duplicated()][0]} has more than one form in group {g}. Choose one wave, or make "
                    "waves the groups."
                )
        repeated = len(pd.unique(who)) < len(who)
    wide = _wide(values, label, who, kinds) if repeated and who is not None else None
    fits = {level: fit_paths(*_diagrams(level, named, kinds, blocks, wide)) for level in LEVELS}
    every = [wide] if wide is not None else blocks
    width = [f"v{k}" for k in range(every[0].shape[1])]
    full, alone = ([unrestricted(width, rows, related) for rows in every] for related in (True, False))
    total = sum(map(len, every))
    rows = pd.Series([len(b) for b in blocks], index=pd.Index(kinds, name="group"))
    return Invariance(
        _steps(fits, full, alone, total),
        _by_group(fits["configural"], "loading", names, kinds),
        _by_group(fits["configural"], "intercept", names, kinds),
        _means(fits["scalar"], list(named), kinds),
        rows,
        repeated,
        tuple(_caveats(fits, names, values, rows)),
    )


def _labels(items: pd.DataFrame, given: Any, what: str) -> np.ndarray:
    """One label a form."""
    if isinstance(given, str):
        return items.index.get_level_values(
            choose(given, [str(n) for n in items.index.names], "index level")
        ).to_numpy()
    label = np.asarray(given, dtype=object) if not hasattr(given, "to_numpy") else given.to_numpy()
    if label.shape != (len(items),):
        raise ValueError(f"{plural(len(items), 'form')} and {what} of shape {label.shape}; give one a form.")
    return label


def _check_factors(named: Mapping[str, list[str]], columns: list[str]) -> None:
    used = [item for own in named.values() for item in own]
    for factor, own in named.items():
        for item in own:
            choose(item, columns, "item")
        if len(own) < 3:
            raise ValueError(f"factor {factor!r} has {plural(len(own), 'item')}; three or more determine a factor.")
    if len(set(used)) < len(used):
        raise ValueError("an item stands in two factors; give each item to one.")


def _check_blocks(blocks: list[np.ndarray], kinds: list[Any], names: list[str]) -> None:
    for g, block in zip(kinds, blocks, strict=True):
        if len(block) <= len(names):
            raise ValueError(
                f"group {g} has {plural(len(block), 'form')} for {plural(len(names), 'item')}; a factor model needs "
                "more forms than items. Join groups."
            )
        for k, name in enumerate(names):
            known = block[:, k][~np.isnan(block[:, k])]
            if np.isinf(known).any():
                raise ValueError(f"{name} is infinite for somebody in group {g}; write NaN where unknown.")
            if len(known) < 2 or np.ptp(known) == 0:
                said = f"gave the same answer to {name}" if len(known) else f"left {name} out"
                raise ValueError(f"everybody in group {g} {said}; leave the item or the group out.")
        full = block[~np.isnan(block).any(axis=1)]
        if len(full) > len(names) and np.ptp(full, axis=0).all():
            least = np.linalg.eigvalsh(np.corrcoef(full, rowvar=False))[0]
            if least < 1e-10:
                raise ValueError(
                    f"items determine one another in group {g}: an item stands there twice, or is a sum of others. "
                    "Leave it out."
                )


def _wide(values: np.ndarray, label: np.ndarray, who: np.ndarray, kinds: list[Any]) -> np.ndarray:
    """One row a member: the items of the first wave, then those of the second, and so on."""
    rows, people = pd.factorize(who)
    wide = np.full((len(people), len(kinds), values.shape[1]), np.nan)
    wide[rows, pd.Index(kinds).get_indexer(label)] = values
    return wide.reshape(len(people), -1)


def _diagrams(
    level: str, factors: Mapping[str, list[str]], kinds: list[Any], blocks: list[np.ndarray], wide: np.ndarray | None
) -> Diagram:
    """Path diagrams of one step, with a start; a wide table makes one diagram of all waves."""
    names = [item for own in factors.values() for item in own]
    start: dict[str, float] = {}

    def parameter(name: str, value: float) -> str:
        start.setdefault(name, float(value))
        return name

    def shared(name: str, g: Any, since: str) -> str:
        return name if LEVELS.index(level) >= LEVELS.index(since) else f"{name}, {g}"

    def draw(paths: Paths, g: Any, block: np.ndarray, mark: str) -> None:
        first = g == kinds[0]
        mean, variance = np.nanmean(block, axis=0), np.nanvar(block, axis=0)
        for factor, own in factors.items():
            free_spread = not first and level != "configural"
            paths.covary(
                factor + mark, factor + mark, parameter(f"variance {factor}, {g}", 1.0) if free_spread else 1.0
            )
            if not first and level == "scalar":
                paths.mean(factor + mark, parameter(f"mean {factor}, {g}", 0.0))
            for item in own:
                k = names.index(item)
                loading = parameter(shared(f"loading {item}", g, "metric"), 0.7 * np.sqrt(variance[k]))
                paths.path(factor + mark, item + mark, loading)
                paths.mean(item + mark, parameter(shared(f"intercept {item}", g, "scalar"), mean[k]))
                paths.covary(item + mark, item + mark, parameter(f"unique {item}, {g}", 0.5 * variance[k]))
        for one, other in combinations(factors, 2):
            paths.covary(one + mark, other + mark, parameter(f"covariance {one}, {other}, {g}", 0.3))

    if wide is None:
        groups = []
        for g, block in zip(kinds, blocks, strict=True):
            paths = Paths(names, list(factors))
            draw(paths, g, block, "")
            groups.append((paths, block))
        return groups, start
    marks = [f" @{g}" for g in kinds]
    paths = Paths([n + m for m in marks for n in names], [f + m for m in marks for f in factors])
    for g, block, mark in zip(kinds, blocks, marks, strict=True):
        draw(paths, g, block, mark)
    for a, b in combinations(range(len(kinds)), 2):
        for one in factors:
            for other in factors:
                name = parameter(f"covariance {one} {kinds[a]}, {other} {kinds[b]}", 0.3 * (one == other))
                paths.covary(one + marks[a], other + marks[b], name)
        for item in names:
            name = parameter(f"unique {item}, {kinds[a]} and {kinds[b]}", 0.0)
            paths.covary(item + marks[a], item + marks[b], name)
    return [(paths, wide)], start


def _steps(fits: Mapping[str, PathFit], full: list[PathFit], alone: list[PathFit], rows: int) -> pd.DataFrame:
    from scipy.stats import chi2

    table = pd.DataFrame({level: fit_indices(fit, full, alone, rows) for level, fit in fits.items()}).T
    table["df"] = table["df"].astype(int)
    table["delta_cfi"] = -table["cfi"].diff()
    table["chi2_diff"], table["df_diff"] = table["chi2"].diff(), table["df"].diff().astype("Int64")
    table["p_diff"] = chi2.sf(table["chi2_diff"], table["df"].diff())
    return table.rename_axis("level")


def _by_group(fit: PathFit, kind: str, names: list[str], kinds: list[Any]) -> pd.DataFrame:
    """Loadings or intercepts of the configural model, items by groups; a factor points where most items do."""
    values = [[fit.values[f"{kind} {item}, {g}"] for g in kinds] for item in names]
    return pd.DataFrame(values, index=pd.Index(names, name="item"), columns=pd.Index(kinds, name="group"))


def _means(fit: PathFit, factors: list[str], kinds: list[Any]) -> pd.DataFrame:
    error = dict(zip(fit.names, np.sqrt(np.maximum(np.diag(fit.covariance), 0)), strict=True))
    rows = {}
    for factor in factors:
        for g in kinds:
            name = f"mean {factor}, {g}"
            rows[factor, g] = (fit.values[name], float(error[name])) if g != kinds[0] else (0.0, 0.0)
    index = pd.MultiIndex.from_tuples(rows, names=["factor", "group"])
    return pd.DataFrame(list(rows.values()), index=index, columns=["mean", "s.e."])


def _caveats(fits: Mapping[str, PathFit], names: list[str], values: np.ndarray, rows: pd.Series) -> Iterator[str]:
    unsettled = [level for level, fit in fits.items() if not fit.converged]
    if unsettled:
        yield f"the search of the {listing(unsettled)} model did not settle."
    negative = [
        n for n, v in fits["configural"].values.items() if n.startswith("unique ") and " and " not in n and v <= 0
    ]
    if negative:
        yield f"Heywood case: {listing(negative)} is not positive."
    few = [n for k, n in enumerate(names) if len(np.unique(values[:, k][~np.isnan(values[:, k])])) < 5]
    if few:
        yield f"fewer than five answers occur in {listing(few)}; normal likelihood is rough there."
    small = rows[rows < SMALL]
    if len(small):
        yield f"fewer than {SMALL} forms in {listing(small.index)}: fit indices are unreliable."
    unknown = np.isnan(values).mean()
    if unknown:
        yield f"{unknown:.1%} of answers unknown; used are all others, which assumes them missing at random."

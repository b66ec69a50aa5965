r"""Which comes first? Cross-lagged panels with random intercepts, and their two-wave substitute.

Two variables are observed at the same waves. In the random-intercept cross-lagged panel model (RI-CLPM; Hamaker,
Kuiper & Grasman 2015) each is a mean of the wave, a member's own lasting part, and a deviation; only deviations are
regressed on those of the wave before,

.. math:: x_{it} = \mu^x_t + \kappa_i + p_{it}, \quad p_{it} = \alpha_x p_{i,t-1} + \beta_x q_{i,t-1} + u_{it}

.. math:: y_{it} = \mu^y_t + \omega_i + q_{it}, \quad q_{it} = \alpha_y q_{i,t-1} + \beta_y p_{i,t-1} + v_{it}

so that members who are high in both for good do not count as one of them moving the other. It takes three waves. With
two, what lasts and what moves cannot be told apart, and each variable is regressed on both of the wave before (analysis
of covariance); the result says so. A cross-lagged path says who moves first; not that one moves the other.

References
----------
Hamaker, Kuiper & Grasman (2015), Psychological Methods 20(1), 102-116, doi:10.1037/a0038889.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import as_floats, choose, listing, plural
from coplearn.cohorts import in_order
from coplearn.paths import PathFit, Paths, fit_indices, fit_paths, unrestricted
from coplearn.results import Estimates, coefficients

__all__ = ["CrossLagged", "cross_lagged"]

LEAST = 20  # members below which a panel model is not fitted
CALLED = {"ri-clpm": "Cross-lagged panel with random intercepts", "ancova": "Analysis of covariance, two waves"}


@dataclass(frozen=True, eq=False)
class CrossLagged(Estimates):
    """Estimates of a cross-lagged panel.

    Attributes
    ----------
    params : Series of float
        ``x <- x before``, ``x <- y before`` and so on, by the variables' names; per period (``, wave 2``) if asked for.
        In the RI-CLPM also variances and covariances of the lasting parts (``lasting``), of the first deviations and
        of what moves them.
    form : str
        ``"ri-clpm"`` or ``"ancova"``.
    names : tuple of str
        The two variables.
    llf : float
        NaN in the two-wave form.
    fit : dict of str to float
        chi2, df, p, cfi and rmsea against the saturated model; empty in the two-wave form.
    converged : bool
    """

    form: str
    names: tuple[str, str]
    llf: float
    fit: dict[str, float]
    converged: bool

    @property
    def paths(self) -> pd.DataFrame:
        """The lagged paths alone: estimate, s.e., z, p, low and high."""
        return self.table()[self.params.index.str.contains("<-")]

    def plot(self, ax: Any = None) -> Any:
        """Lagged paths with 95 % intervals."""
        return coefficients(self.paths, ax=ax)

    def summary(self) -> str:
        """Plain text: form, paths, fit, claim and caveats."""
        lines = [
            f"{CALLED[self.form]}    {plural(self.nobs, 'member')}    "
            + ("maximum likelihood" if self.form == "ri-clpm" else "least squares"),
            self.table().to_string(float_format=lambda v: f"{v:.3f}"),
        ]
        if self.fit:
            lines.append(
                f"chi2({self.fit['df']:.0f}) {self.fit['chi2']:.2f}, p {self.fit['p']:.3f}; CFI {self.fit['cfi']:.3f}, "
                f"RMSEA {self.fit['rmsea']:.3f}"
            )
        return "\n".join([*lines, f"claim: {self.claim}", *(f"caveat: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return self.summary()


def cross_lagged(
    data: pd.DataFrame, x: str, y: str, member: str = "member", wave: str = "wave", constant: bool = True
) -> CrossLagged:
    """Which of two variables moves first, within members.

    Parameters
    ----------
    data : DataFrame
        One row a member and wave: `member`, `wave` and both variables; NaN or no row where unknown. Waves are taken in
        their order (numbers inside text as numbers) and as equally far apart.
    x, y : str
        Columns of numbers.
    member, wave : str
        Names of those columns.
    constant : bool
        The same lagged paths and moving variances in each period; False: free in each.

    Returns
    -------
    CrossLagged
        With three waves or more the RI-CLPM, from every member with an answer (FIML); with two, least squares of
        each variable on both of the wave before, from members complete at both waves.

    Raises
    ------
    ValueError
        For an unknown column, one wave, a member twice at a wave, a variable that never differs, or fewer than 20
        members seen at two waves.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x, y = rng.normal(size=(2, 200))
    >>> rows = []
    >>> for wave in (1, 2, 3):
    ...     rows.append(pd.DataFrame({"member": range(200), "wave": wave, "x": x, "y": y}))
    ...     x, y = 0.5 * x + rng.normal(size=200), 0.3 * y + 0.4 * x + rng.normal(size=200)
    >>> result = cross_lagged(pd.concat(rows), "x", "y")
    >>> bool(result.conf_int().loc["y <- x before", "low"] > 0), result.claim
    (True, 'adjusted association')
    """
    wide, waves = _wide(data, (x, y), member, wave)
    if len(waves) == 2:
        return _ancova(wide, (x, y))
    return _random_intercepts(wide, (x, y), [str(w) for w in waves], constant)


def _wide(data: pd.DataFrame, names: tuple[str, str], member: str, wave: str) -> tuple[np.ndarray, list[Any]]:
    """Values over [member, variable, wave], and the waves."""
    for column in (*names, member, wave):
        choose(column, list(data.columns), "column")
    if names[0] == names[1]:
        raise ValueError(f"x and y are both {names[0]!r}; a cross-lagged panel needs two variables.")
    for column in (member, wave):
        if data[column].isna().any():
            raise ValueError(f"{plural(int(data[column].isna().sum()), 'row')} without a {column!r}; leave them out.")
    twice = data.duplicated([member, wave])
    if twice.any():
        raise ValueError(
            f"member {data.loc[twice, member].iloc[0]} appears twice at wave {data.loc[twice, wave].iloc[0]}; give one "
            "row a member and wave."
        )
    wide = data.pivot(index=member, columns=wave, values=list(names))
    waves = list(in_order(data[wave], "wave"))
    if len(waves) < 2:
        raise ValueError(f"a cross-lagged panel needs two waves or more; there is {len(waves)}.")
    values = np.stack([as_floats(wide[name].reindex(columns=waves)) for name in names], axis=1)
    if np.isinf(values).any():
        name = names[int(np.argwhere(np.isinf(values))[0, 1])]
        raise ValueError(f"{name!r} is infinite in {plural(int(np.isinf(values).sum()), 'row')}; leave them out.")
    twofold = (~np.isnan(values).all(axis=1)).sum(axis=1) >= 2
    if twofold.sum() < LEAST:
        raise ValueError(f"{plural(int(twofold.sum()), 'member')} seen at two waves; a panel model needs {LEAST}.")
    for k, name in enumerate(names):
        for w, label in enumerate(waves):
            known = values[:, k, w][~np.isnan(values[:, k, w])]
            if len(known) < 2 or np.ptp(known) == 0:
                raise ValueError(
                    f"{name!r} at wave {label} "
                    + (f"is {known[0]:g} for everybody" if len(known) else "was answered by nobody")
                    + "; leave that wave or variable out."
                )
    for w, label in enumerate(waves):
        both = values[~np.isnan(values[:, :, w]).any(axis=1), :, w]
        if len(both) > 2 and np.ptp(both, axis=0).all() and 1 - np.corrcoef(both.T)[0, 1] ** 2 < 1e-10:
            raise ValueError(f"{names[0]!r} and {names[1]!r} go together perfectly at wave {label}; drop one of them.")
    return values, waves


def _ancova(values: np.ndarray, names: tuple[str, str]) -> CrossLagged:
    """Each variable at the second wave on both at the first, for members complete at both."""
    from statsmodels.regression.linear_model import OLS

    full = values[~np.isnan(values).any(axis=(1, 2))]
    if len(full) < LEAST:
        raise ValueError(f"{plural(len(full), 'member')} answered everything at both waves; {LEAST} are needed.")
    before = np.column_stack([np.ones(len(full)), full[:, 0, 0], full[:, 1, 0]])
    fits = [OLS(full[:, k, 1], before).fit() for k in range(2)]
    index = pd.Index([f"{one} <- {other} before" for one in names for other in names])
    error = np.column_stack([f.resid for f in fits])
    cross = error.T @ error / (len(full) - 3)
    covariance = np.kron(cross, np.linalg.inv(before.T @ before)[1:, 1:])  # the two equations share their regressors
    params = pd.Series(np.concatenate([f.params[1:] for f in fits]), index=index, name="estimate")
    told = (
        "two waves: what lasts in a member and what moves cannot be told apart, so members who are high in both for "
        "good may look like one variable moving the other. Three waves allow random intercepts.",
        f"{plural(len(values) - len(full), 'member')} not complete at both waves left out (listwise)."
        if len(full) < len(values)
        else "",
    )
    return CrossLagged(
        params,
        pd.DataFrame(covariance, index, index),
        len(full),
        "adjusted association",
        tuple(filter(None, told)),
        form="ancova",
        names=names,
        llf=float("nan"),
        fit={},
        converged=True,
    )


def _random_intercepts(values: np.ndarray, names: tuple[str, str], waves: list[str], constant: bool) -> CrossLagged:
    known = values[~np.isnan(values).all(axis=(1, 2))]
    scale = np.array([np.nanstd(known[:, k]) for k in range(2)])  # the search is easier in units of one
    scaled = (known / scale[:, None]).reshape(len(known), -1)
    paths, start, power = _diagram(names, waves, constant, scaled)
    fitted = fit_paths([(paths, scaled)], start)
    units = np.array([scale[0] ** a * scale[1] ** b for a, b in (power[name] for name in fitted.names)])
    kinds = np.array([0 if "<-" in name else 2 if name.startswith("mean ") else 1 for name in fitted.names])
    shown = [k for k in np.argsort(kinds, kind="stable") if kinds[k] < 2]  # paths first, means not at all
    index = pd.Index([fitted.names[k] for k in shown])
    covariance = (fitted.covariance * np.outer(units, units))[np.ix_(shown, shown)]
    full, alone = ([unrestricted(paths.observed, scaled, related)] for related in (True, False))
    params = pd.Series((fitted.params * units)[shown], index=index, name="estimate")
    jacobian = float((~np.isnan(known)).sum(axis=(0, 2)) @ np.log(scale))
    return CrossLagged(
        params,
        pd.DataFrame(covariance, index, index),
        len(known),
        "adjusted association",
        tuple(_caveats(params, names, fitted, scaled)),
        form="ri-clpm",
        names=names,
        llf=fitted.llf - jacobian,
        fit=fit_indices(fitted, full, alone, len(scaled)),
        converged=fitted.converged,
    )


def _diagram(
    names: tuple[str, str], waves: list[str], constant: bool, rows: np.ndarray
) -> tuple[Paths, dict[str, float], dict[str, tuple[int, int]]]:
    """The path diagram, a start, and in which units of x and y each parameter is."""
    observed = [f"{name} {w}" for name in names for w in waves]
    moving = [f"{name} moving {w}" for name in names for w in waves]
    paths = Paths(observed, [*(f"{name} lasting" for name in names), *moving])
    start: dict[str, float] = {}
    power: dict[str, tuple[int, int]] = {}

    def parameter(name: str, value: float, units: tuple[int, int]) -> str:
        start.setdefault(name, value)
        power[name] = units
        return name

    unit = {names[0]: (1, 0), names[1]: (0, 1)}
    for k, name in enumerate(names):
        for w, label in enumerate(waves):
            column = rows[:, k * len(waves) + w]
            paths.mean(f"{name} {label}", parameter(f"mean {name} {label}", float(np.nanmean(column)), unit[name]))
            paths.path(f"{name} lasting", f"{name} {label}", 1.0)
            paths.path(f"{name} moving {label}", f"{name} {label}", 1.0)
    pairs = [(names[0], names[0]), (names[0], names[1]), (names[1], names[1])]
    for w, label in enumerate(waves):
        when = "" if constant else f", wave {label}"
        if w:
            for one in names:
                for other in names:
                    u, v = unit[one], unit[other]
                    name = parameter(f"{one} <- {other} before{when}", 0.3 * (one == other), (u[0] - v[0], u[1] - v[1]))
                    paths.path(f"{other} moving {waves[w - 1]}", f"{one} moving {label}", name)
        for one, other in pairs:
            u, v = unit[one], unit[other]
            units = (u[0] + v[0], u[1] + v[1])
            said = f"variance {one}" if one == other else f"covariance {one}, {other}"
            if w == 0:
                paths.covary(
                    f"{one} lasting", f"{other} lasting", parameter(f"{said}: lasting", 0.3 * (one == other), units)
                )
            part = "first deviation" if w == 0 else f"moved{when}"
            name = parameter(f"{said}: {part}", 0.6 * (one == other), units)
            paths.covary(f"{one} moving {label}", f"{other} moving {label}", name)
    return paths, start, power


def _caveats(params: pd.Series, names: tuple[str, str], fit: PathFit, values: np.ndarray) -> Iterator[str]:
    if not fit.converged:
        yield "the likelihood search did not settle: read the estimates as a place on the way."
    if np.isnan(fit.covariance).any():
        yield "the information matrix cannot be inverted, so there are no standard errors: too few waves or members."
    improper = [n for n in names if params[f"variance {n}: lasting"] <= 0]
    if improper:
        yield (
            f"the lasting part of {listing(improper)} has no positive variance: members do not differ for good, and "
            "the panel without random intercepts would do."
        )
    share = np.isnan(values).mean()
    if share:
        yield f"{share:.0%} of values unknown; used are all others (FIML), which assumes them missing at random."
    yield "what changes within members over time and moves both variables would look like one moving the other."

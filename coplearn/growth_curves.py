r"""Growth: how members change over waves, and what goes with it between and within them.

A growth curve is a line a member,

.. math:: y_{it} = (\gamma_{00} + \gamma_{01} x_i + u_{0i}) + (\gamma_{10} + \gamma_{11} x_i + u_{1i})\, t + e_{it},

fitted by restricted maximum likelihood to every row that is there, which is right where rows are missing at random. If
the data do not bear the variance of slopes, it is dropped and the result says so. The **within-between** model enters
a predictor that moves twice, as the member's mean and as the deviation from it (Bell & Jones 2015): members who are
high for good and waves at which a member is higher than usual are different questions. **Pattern mixture** (Hedeker &
Gibbons 1997) fits a line to those who stay and to those who leave, mixes them by their shares, and asks how much worse
than what was seen the unseen end of the leavers' lines would have to be for the conclusion to change.

References
----------
Laird & Ware (1982), Biometrics 38(4), 963-974, doi:10.2307/2529876.
Bates, Maechler, Bolker & Walker (2015), Journal of Statistical Software 67(1), doi:10.18637/jss.v067.i01.
Bell & Jones (2015), Political Science Research and Methods 3(1), 133-153, doi:10.1017/psrm.2014.7.
Hedeker & Gibbons (1997), Psychological Methods 2(1), 64-78, doi:10.1037/1082-989X.2.1.64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coplearn import plots
from coplearn._checks import as_floats, choose, listing, plural
from coplearn.results import Estimates

__all__ = ["Growth", "PatternMixture", "growth", "pattern_mixture", "within_between"]

LEAST = 10  # members below which no mixed model is fitted
SINGULAR = 1e-4  # variance of slopes, relative to what else varies, below which it counts as none


@dataclass(frozen=True, eq=False)
class Growth(Estimates):
    """Estimates of a mixed model.

    Attributes
    ----------
    params : Series of float
        Fixed effects in units of the outcome; ``time`` is a unit of time.
    variances : Series of float
        ``members`` (intercepts), ``slopes`` and ``members with slopes`` where slopes vary, and ``residual``.
    llf : float
        Restricted log-likelihood.
    members : int
    outcome : str
    """

    variances: pd.Series
    llf: float
    members: int
    outcome: str

    @property
    def random_slopes(self) -> bool:
        """Whether slopes vary between members in the model that was fitted."""
        return "slopes" in self.variances

    def summary(self) -> str:
        """Plain text: fixed effects, variances, claim and caveats."""
        parts = ", ".join(f"{name} {value:.3f}" for name, value in self.variances.items())
        lines = [
            f"{self.outcome}: mixed model    {plural(self.members, 'member')}, {plural(self.nobs, 'row')}    "
            "restricted maximum likelihood",
            self.table().to_string(float_format=lambda v: f"{v:.3f}"),
            f"variances: {parts}; restricted log-likelihood {self.llf:.3f}",
            f"claim: {self.claim}",
        ]
        return "\n".join([*lines, *(f"caveat: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return self.summary()


def growth(
    data: pd.DataFrame,
    outcome: str,
    covariates: Sequence[str] = (),
    time: str = "wave",
    member: str = "member",
    slopes: bool = True,
) -> Growth:
    """Growth curves: how fast an outcome changes, and for whom faster.

    Parameters
    ----------
    data : DataFrame
        One row a member and wave; rows with a gap are left out and counted.
    outcome : str
        Column of numbers.
    covariates : sequence of str
        Columns of numbers that do not change within a member. Each moves the level (its own name) and the slope
        (``time x name``); centre them to read the level and the slope of the average member.
    time : str
        Column of numbers, in the unit in which you want the slope; it is counted from its smallest value.
    member : str
    slopes : bool
        Let slopes vary between members.

    Returns
    -------
    Growth
        Parameters intercept, time, and two a covariate.

    Raises
    ------
    ValueError
        For an unknown column, an outcome that never differs, one wave, fewer than ten members, nobody seen twice, or
        covariates that determine one another.

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> rows = pd.DataFrame({"member": np.repeat(range(100), 4), "wave": np.tile(range(4), 100)})
    >>> level, slope = rng.normal(5, 1, 100)[rows["member"]], rng.normal(0.3, 0.4, 100)[rows["member"]]
    >>> rows["efficacy"] = level + slope * rows["wave"] + 0.5 * rng.normal(size=400)
    >>> result = growth(rows, "efficacy")
    >>> round(float(result.params["time"]), 1), result.random_slopes
    (0.3, True)
    """
    used, left_out = _complete(data, outcome, [*covariates], time, member)
    _check_numbers(used[time], time)
    t = as_floats(used[time])
    t = t - t.min()
    if np.ptp(t) == 0:
        raise ValueError(f"{time!r} is the same in every row; growth needs two waves or more.")
    columns: dict[str, np.ndarray] = {"intercept": np.ones(len(t)), "time": t}
    for name in covariates:
        if (used.groupby(member)[name].nunique() > 1).any():
            raise ValueError(f"{name!r} changes within members; use within_between for predictors that move.")
        columns[name] = as_floats(used[name])
        columns[f"time x {name}"] = t * columns[name]
    return _mixed(used, outcome, columns, t if slopes else None, member, left_out)


def within_between(
    data: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    time: str = "wave",
    member: str = "member",
) -> Growth:
    """What goes with an outcome within members over time, and between members.

    Parameters
    ----------
    data : DataFrame
        One row a member and wave; rows with a gap are left out and counted.
    outcome : str
    predictors : sequence of str
        Columns of numbers that change within members.
    time : str
        Its values become effects of their own, so that what moves everybody at once is in neither part.
    member : str

    Returns
    -------
    Growth
        ``within name`` (a unit more than usual for the member) and ``between name`` (members whose mean is a unit
        higher) for each predictor; with a random intercept.

    Raises
    ------
    ValueError
        As :func:`growth`; and for a predictor that never changes within members.

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> rows = pd.DataFrame({"member": np.repeat(range(80), 3), "wave": np.tile(range(3), 80)})
    >>> usual = rng.normal(size=80)[rows["member"]]
    >>> rows["ties"] = usual + rng.normal(size=240)
    >>> rows["efficacy"] = 1.0 * usual + 0.3 * (rows["ties"] - usual) + 0.5 * rng.normal(size=240)
    >>> result = within_between(rows, "efficacy", ["ties"])
    >>> bool(result.params["between ties"] > result.params["within ties"])
    True
    """
    if not predictors:
        raise ValueError("within_between needs a predictor; name one column or more.")
    used, left_out = _complete(data, outcome, [*predictors], time, member)
    columns: dict[str, np.ndarray] = {"intercept": np.ones(len(used))}
    for name in predictors:
        x = as_floats(used[name])
        mean = pd.Series(x).groupby(used[member].to_numpy()).transform("mean").to_numpy()
        if used.groupby(member)[name].nunique().max() < 2:
            raise ValueError(f"{name!r} never changes within members; use growth(covariates=[{name!r}]).")
        columns[f"within {name}"], columns[f"between {name}"] = x - mean, mean
    for label in sorted(used[time].unique())[1:]:
        columns[f"{time} {label}"] = (used[time] == label).to_numpy(dtype=float)
    told = (
        "the mean of a few waves is a noisy measure of what is usual for a member: between effects are drawn towards "
        "within effects.",
    )
    return _mixed(used, outcome, columns, None, member, left_out, told)


def _complete(data: pd.DataFrame, outcome: str, others: list[str], time: str, member: str) -> tuple[pd.DataFrame, int]:
    """Rows without a gap, checked, and how many have one."""
    for column in (outcome, *others, time, member):
        choose(column, list(data.columns), "column")
    used = data.dropna(subset=[outcome, *others, time, member]).sort_values([member, time], ignore_index=True)
    for column in (outcome, *others):
        _check_numbers(used[column], column)
    twice = used.duplicated([member, time])
    if twice.any():
        raise ValueError(
            f"member {used.loc[twice, member].iloc[0]} appears twice at {time} {used.loc[twice, time].iloc[0]}; give "
            "one row a member and wave."
        )
    count = used[member].nunique()
    if count < LEAST:
        raise ValueError(f"{plural(count, 'member')} with complete rows; a mixed model needs {LEAST}.")
    if count == len(used):
        raise ValueError("nobody was seen at two waves, so nothing is known about change within members.")
    if np.ptp(as_floats(used[outcome])) == 0:
        raise ValueError(f"{outcome!r} is {float(used[outcome].iloc[0]):g} in every row; there is nothing to explain.")
    return used, len(data) - len(used)


def _check_numbers(values: pd.Series, name: str) -> None:
    try:
        numbers = as_floats(values)
    except (TypeError, ValueError):
        numbers = None
    if numbers is None or pd.api.types.is_datetime64_any_dtype(values):
        raise ValueError(f"{name!r} is {values.dtype}, such as {values.iloc[0]!r}; give numbers.")
    if np.isinf(numbers).any():
        raise ValueError(f"{name!r} is infinite in {plural(int(np.isinf(numbers).sum()), 'row')}; leave them out.")


def _mixed(
    used: pd.DataFrame,
    outcome: str,
    columns: dict[str, np.ndarray],
    slope: np.ndarray | None,
    member: str,
    left_out: int,
    told: tuple[str, ...] = (),
) -> Growth:
    """Restricted maximum likelihood, without the variance of slopes where the data do not bear it."""
    y, x = as_floats(used[outcome]), np.column_stack(list(columns.values()))
    if np.linalg.matrix_rank(x / np.maximum(np.linalg.norm(x, axis=0), 1e-300)) < x.shape[1]:
        raise ValueError(f"{listing(columns, 8)} determine one another; drop one of them.")
    groups = used[member].to_numpy()
    own = pd.DataFrame(np.column_stack([y, x]))
    own = (own - own.groupby(groups).transform("mean")).to_numpy()  # what is left within members
    scaled = own[:, 1:] / np.maximum(np.linalg.norm(own[:, 1:], axis=0), 1e-300)
    left = own[:, 0] - scaled @ np.linalg.lstsq(scaled, own[:, 0], rcond=1e-9)[0]
    if left @ left <= 1e-20 * float((y - y.mean()) @ (y - y.mean())):
        raise ValueError(
            f"{outcome!r} is exactly a level of each member and a combination of {listing(columns, 8)}; nothing is "
            "left to tell errors from."
        )
    caveats = [*told]
    params, covariance, variances, llf = _reml(y, x, groups, slope)
    if slope is not None and _is_singular(variances, float(np.var(slope))):
        caveats.append("the data do not bear a variance of slopes (singular fit): slopes are the same for everybody.")
        params, covariance, variances, llf = _reml(y, x, groups, None)
    if not variances["members"]:
        caveats.append("members do not differ in their levels: estimates and errors are those of ordinary regression.")
    if left_out:
        caveats.append(
            f"{plural(left_out, 'row')} with a gap left out; the others are used, assuming missing at random."
        )
    index = pd.Index(list(columns))
    return Growth(
        pd.Series(params, index=index, name="estimate"),
        pd.DataFrame(covariance, index, index),
        len(y),
        "adjusted association" if len(columns) > 2 else "descriptive",
        tuple(caveats),
        variances=pd.Series(variances, name="variance"),
        llf=float(llf),
        members=int(used[member].nunique()),
        outcome=outcome,
    )


Fitted = tuple[np.ndarray, np.ndarray, dict[str, float], float]


def _reml(y: np.ndarray, x: np.ndarray, groups: np.ndarray, slope: np.ndarray | None) -> Fitted:
    """Estimates, covariance, variances and restricted log-likelihood.

    Members differ with covariance s^2 L L', L lower triangular. Given L, the estimates and s^2 are least squares (Bates
    et al. 2015), so one or three numbers are searched for: the entries of L, its last one squared, in which the
    likelihood is smooth down to its bound, 0.
    """
    from scipy.optimize import minimize

    code, members = pd.factorize(groups)
    span = 1.0 if slope is None else float(np.std(slope))  # a search in days or seconds would stop short
    z = np.ones((len(y), 1)) if slope is None else np.column_stack([np.ones(len(y)), slope / span])
    q, triangle = np.linalg.qr(x)
    first = np.linalg.solve(triangle, q.T @ y)
    data = np.column_stack([q, y - x @ first])
    within = np.zeros((len(members), z.shape[1], z.shape[1]))
    across = np.zeros((len(members), z.shape[1], data.shape[1]))
    np.add.at(within, code, z[:, :, None] * z[:, None, :])
    np.add.at(across, code, z[:, :, None] * data[:, None, :])
    whole, df, p = data.T @ data, len(y) - x.shape[1], x.shape[1]

    def lower(entries: np.ndarray) -> np.ndarray:
        return entries[:, None] if len(entries) == 1 else np.array([[entries[0], 0], [entries[1], entries[2] ** 0.5]])

    def parts(entries: np.ndarray) -> tuple[float, np.ndarray, np.ndarray, float]:
        """-2 times the restricted log-likelihood up to a constant, steps from `first`, their precision, and s^2 df."""
        turned = lower(entries).T
        inner = np.eye(len(turned)) + turned @ within @ turned.T
        shared = turned @ across
        left = whole - np.einsum("mki,mkj->ij", shared, np.linalg.solve(inner, shared))
        precision, step = left[:p, :p], np.linalg.solve(left[:p, :p], left[:p, p])
        squares = left[p, p] - left[:p, p] @ step
        told = np.linalg.slogdet(inner)[1].sum() + np.linalg.slogdet(precision)[1] + df * np.log(squares)
        return float(told), step, precision, float(squares)

    starts = [[1.0], [0.1]] if slope is None else [[1.0, 0.0, 1.0], [0.3, 0.0, 0.01]]
    bounds = [(0.0, None)] if slope is None else [(0.0, None), (None, None), (0.0, None)]
    searches = [
        minimize(lambda e: parts(e)[0], start, jac="3-point", method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-13})
        for start in starts
    ]
    best = min(searches, key=lambda search: search.fun).x
    deviance, step, precision, squares = parts(best)
    scale = squares / df
    spread = scale * lower(best) @ lower(best).T
    variances = {"members": float(spread[0, 0])}
    if slope is not None:
        variances |= {"slopes": float(spread[1, 1] / span**2), "members with slopes": float(spread[0, 1] / span)}
    back = np.linalg.inv(triangle)
    # of the columns as they were given
    llf = -(deviance + df * (1 + np.log(2 * np.pi / df)) + 2 * np.log(np.abs(np.diag(triangle))).sum()) / 2
    covariance = scale * back @ np.linalg.inv(precision) @ back.T
    return first + back @ step, covariance, variances | {"residual": scale}, float(llf)


def _is_singular(variances: dict[str, float], spread: float) -> bool:
    """Whether slopes vary next to nothing over times of variance `spread`, or levels tell slopes."""
    levels, slopes, together, residual = variances.values()
    return slopes * spread < SINGULAR * (residual + levels) or together**2 >= 0.999**2 * levels * slopes


# --- who leaves early ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class PatternMixture:
    """A growth curve that lets leavers have a line of their own.

    Attributes
    ----------
    fit : Growth
        Intercept and time, and what they are more among leavers (``leaves early``, ``time x leaves early``).
    share : float
        Of members who leave early.
    """

    fit: Growth
    share: float

    def slope(self, delta: float = 0.0) -> float:
        """Mean slope if that of leavers were `delta` a unit of time more than seen."""
        return float(self.fit.params["time"] + self.share * (self.fit.params["time x leaves early"] + delta))

    @property
    def slope_se(self) -> float:
        """Standard error of the mean slope, with that of the share."""
        names = ["time", "time x leaves early"]
        weight = np.array([1.0, self.share])
        own = weight @ self.fit.covariance.loc[names, names].to_numpy() @ weight
        drawn = self.fit.params[names[1]] ** 2 * self.share * (1 - self.share) / self.fit.members
        return float(np.sqrt(own + drawn))

    def table(self, deltas: Sequence[float] | None = None) -> pd.DataFrame:
        """One row a `delta` (by default from -2 to 2 standard deviations of the residual): slope, low and high."""
        sd = np.sqrt(self.fit.variances["residual"])
        values = np.linspace(-2, 2, 9) * sd if deltas is None else np.asarray(deltas, dtype=float)
        slope = np.array([self.slope(d) for d in values])
        half = 1.96 * self.slope_se
        index = pd.Index(values, name="delta")
        return pd.DataFrame({"slope": slope, "low": slope - half, "high": slope + half}, index=index)

    @property
    def tipping_point(self) -> float:
        """The `delta` at which the interval of the mean slope reaches 0; 0 where it holds 0 already."""
        slope, half = self.slope(), 1.96 * self.slope_se
        return 0.0 if abs(slope) <= half else float(-np.sign(slope) * (abs(slope) - half) / self.share)

    @property
    def claim(self) -> str:
        """What kind of statement it supports."""
        return "descriptive"

    @property
    def caveats(self) -> tuple[str, ...]:
        """What a reader must know before quoting a number."""
        told = "what leavers would have answered later is not in the data: delta is an assumption, not an estimate."
        return (told, *self.fit.caveats)

    def summary(self) -> str:
        """Plain text: the two lines, their mixture, and how far it can be pushed."""
        fit, slope, half = self.fit, self.slope(), 1.96 * self.slope_se
        lines = [
            f"{fit.outcome}: pattern mixture    {plural(fit.members, 'member')}, {self.share:.0%} leave early",
            fit.table().to_string(float_format=lambda v: f"{v:.3f}"),
            f"mean slope {slope:.3f} (95 % {slope - half:.3f} to {slope + half:.3f}); it would no longer differ from 0 "
            f"if leavers' slope were {self.tipping_point:+.3f} from what was seen"
            if self.tipping_point
            else f"mean slope {slope:.3f} (95 % {slope - half:.3f} to {slope + half:.3f})",
            f"claim: {self.claim}",
        ]
        return "\n".join([*lines, *(f"caveat: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return self.summary()

    def plot(self, ax: Any = None) -> Any:
        """Mean slope against delta, with its 95 % band."""
        ax, table = plots.axes(ax), self.table()
        ax.fill_between(table.index, table["low"], table["high"], color=plots.GREY, alpha=0.25, linewidth=0)
        ax.plot(table.index, table["slope"], color="black")
        ax.axhline(0, color=plots.GREY, linewidth=0.8)
        ax.set(xlabel="delta: leavers' slope beyond what was seen", ylabel=f"mean slope of {self.fit.outcome}")
        return ax


def pattern_mixture(data: pd.DataFrame, outcome: str, time: str = "wave", member: str = "member") -> PatternMixture:
    """How far a slope depends on what those who left would have answered.

    Parameters
    ----------
    data : DataFrame
        One row a member and wave. A member leaves early whose last answer is before the last wave.
    outcome, time, member : str

    Returns
    -------
    PatternMixture

    Raises
    ------
    ValueError
        As :func:`growth`; and where nobody leaves early, or so few answer twice before leaving that they have no slope.

    Examples
    --------
    >>> rng = np.random.default_rng(4)
    >>> rows = pd.DataFrame({"member": np.repeat(range(90), 3), "wave": np.tile(range(3), 90)})
    >>> rows["efficacy"] = 5 + 0.4 * rows["wave"] + rng.normal(size=90)[rows["member"]] + 0.5 * rng.normal(size=270)
    >>> seen = (rows["member"] >= 30) | (rows["wave"] < 2)
    >>> result = pattern_mixture(rows[seen], "efficacy")
    >>> round(result.share, 2), bool(result.tipping_point < 0)
    (0.33, True)
    """
    used, _ = _complete(data, outcome, [], time, member)
    last = used.groupby(member)[time].max()
    early = last < used[time].max()
    twice = used.groupby(member)[time].nunique() > 1
    if not early.any():
        raise ValueError("everybody answered at the last wave: there are no patterns to mix. Use growth.")
    if (early & twice).sum() < 2:
        raise ValueError(
            f"{plural(int((early & twice).sum()), 'member')} who left early answered twice; without their slopes there "
            "is nothing to mix. Use growth and say that leavers are represented by those who stayed."
        )
    marked = used.assign(**{"leaves early": used[member].map(early).astype(float)})
    return PatternMixture(growth(marked, outcome, ["leaves early"], time, member), float(early.mean()))

r"""Matched samples: members who were exposed, beside members who might have been.

Who has friends who took something up would often have taken it up anyway. At each time, members who are exposed for the
first time are paired one to one with members not yet exposed who were about as likely to be, by a logistic regression
of exposure on what was known before: nearest by the logit, within a caliper, nobody twice at one time (Aral, Muchnik &
Sundararajan 2009). What matching did is shown, not assumed: a table of balance; the same comparison of an outcome
*before* exposure, which must come out as nothing; and bounds for the case that of two matched members one was up to
:math:`\Gamma` times as likely to be exposed for a reason nobody measured (Rosenbaum 2002). For 0/1 outcomes with T of D
discordant pairs in favour of the exposed,

.. math:: p(\Gamma) \le P\{\mathrm{Bin}(D, \Gamma / (1 + \Gamma)) \ge T\},

and for others the same with the signed ranks of Wilcoxon.

References
----------
Aral, Muchnik & Sundararajan (2009), PNAS 106(51), 21544-21549, doi:10.1073/pnas.0908800106.
Rosenbaum (2002), Observational studies, 2nd edition, chapter 4, doi:10.1007/978-1-4757-3692-2.
Rosenbaum & Rubin (1985), The American Statistician 39(1), 33-38, doi:10.1080/00031305.1985.10479383.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from scipy.stats import binom, norm, rankdata

from coplearn._checks import choose, is_number, level, listing, plural
from coplearn.dyads import logistic
from coplearn.moments import Moments
from coplearn.results import Estimates, said
from coplearn.weights import weight_matrix

__all__ = ["MatchedSample", "at_risk", "matched_sample"]

BALANCED = 0.1  # standardised difference below which a covariate counts as balanced
FAR = 1e6


def at_risk(
    adopted: pd.Series, ties: Any, times: Sequence[Any], horizon: Any, covariates: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Who could still be exposed for the first time, who was, and who took it up soon after.

    Parameters
    ----------
    adopted : Series of float or timestamps
        Indexed by member: when each took it up; NaN or NaT for never.
    ties : matrix, or sequence of matrices
        Members by members, row = who is exposed; one for all times, or one a time.
    times : sequence of float or timestamps
        In order. A member is exposed at a time if one of those they are tied to had taken it up by then.
    horizon : float or Timedelta
        Outcome: taken up after a time and not later than this after it.
    covariates : dict of str to Series or DataFrame, optional
        One value a member, or members by times, known before each time.

    Returns
    -------
    DataFrame
        A row a member and time, of members who have not taken it up and were not exposed at an earlier time: member,
        time, treated (first exposed), outcome (0 or 1), degree, and the covariates.

    Examples
    --------
    >>> adopted = pd.Series({"ann": 1.0, "ben": 2.5, "cat": np.nan})
    >>> ties = pd.DataFrame([[0, 0, 0], [1, 0, 0], [0, 1, 0]], index=adopted.index, columns=adopted.index)
    >>> at_risk(adopted, ties, [1, 3], horizon=2)[["member", "time", "treated", "outcome"]]
      member  time  treated  outcome
    0    ben     1        1        1
    1    cat     1        0        0
    2    cat     3        1        0
    """
    if not isinstance(adopted, pd.Series):
        raise TypeError(f"adopted is a Series of times indexed by member, not {type(adopted).__name__}.")
    if not len(times) or any(not before < after for before, after in pairwise(times)):
        raise ValueError("times are one or more, in ascending order: who was exposed before depends on it.")
    if not horizon > 0 * horizon:
        raise ValueError(f"horizon is a positive stretch of time, not {horizon!r}.")
    several = isinstance(ties, list | tuple) or (isinstance(ties, np.ndarray) and ties.ndim == 3)
    given = list(ties) if several else [ties] * len(times)
    if len(given) != len(times):
        raise ValueError(f"{plural(len(given), 'matrix', 'matrices')} for {plural(len(times), 'time')}.")
    seen, parts = np.zeros(len(adopted), dtype=bool), []
    for k, (time, matrix) in enumerate(zip(times, given, strict=True)):
        w = sparse.csr_array(weight_matrix(matrix, f"at time {time}", adopted.index) > 0).astype(float)
        already = (adopted <= time).to_numpy()
        exposed = (w @ already.astype(float)) > 0
        row: dict[str, Any] = {
            "member": adopted.index,
            "time": time,
            "treated": exposed.astype(int),
            "outcome": ((adopted > time) & (adopted <= time + horizon)).to_numpy().astype(int),
            "degree": np.asarray(w.sum(axis=1)).ravel(),
        }
        for name, values in (covariates or {}).items():
            own = values.reindex(adopted.index)
            row[str(name)] = (own.iloc[:, k] if isinstance(own, pd.DataFrame) else own).to_numpy()
        here = ~already & ~seen
        parts.append(pd.DataFrame(row)[here])
        seen |= exposed
    return pd.concat(parts, ignore_index=True)


# --- the results ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class MatchedSample(Estimates):
    """Exposed members beside their matches.

    Attributes
    ----------
    params, covariance, nobs, claim, caveats
        See :class:`coplearn.results.Estimates`: ``effect`` is the mean difference within pairs, its standard error
        clustered by control; ``nobs`` counts pairs.
    pairs : DataFrame
        A row a pair: time, treated, control (members), distance (of logits), outcome_treated, outcome_control.
    balance : DataFrame
        A row a covariate and the logit: standardised differences before and after, and variance ratio after.
    unadjusted : float
        Difference of the outcome between all exposed and all others at risk.
    placebo : dict of float
        Effect on the outcome before exposure: effect, se, p; NaN without one.
    n_treated : int
        Exposed members, matched or not.
    """

    pairs: pd.DataFrame
    balance: pd.DataFrame
    unadjusted: float
    placebo: dict[str, float]
    n_treated: int

    @property
    def risk_ratio(self) -> float:
        """Mean outcome of the exposed over that of their matches; infinite where the matches have none."""
        below = float(self.pairs["outcome_control"].mean())
        return float(self.pairs["outcome_treated"].mean()) / below if below else math.inf

    def rosenbaum(self, gammas: Sequence[float] = (1.0, 1.25, 1.5, 2.0, 3.0)) -> pd.DataFrame:
        """One-sided p-values against a positive effect, at best and at worst, by hidden odds of exposure (gamma)."""
        if min(gammas) < 1:
            raise ValueError("gamma is a ratio of odds, 1 or more.")
        rows = [(g, self._bound(1 / g), self._bound(g)) for g in gammas]
        return pd.DataFrame(rows, columns=["gamma", "p_low", "p_high"]).set_index("gamma")

    def tolerated(self, alpha: float = 0.05) -> float:
        """The largest gamma at which the effect would still be significant; NaN if it is not even at 1."""
        if not self._bound(1.0) <= level(alpha):
            return math.nan
        low, high = 1.0, 2.0
        while self._bound(high) <= alpha and high < FAR:
            low, high = high, 2 * high
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self._bound(middle) <= alpha else (low, middle)
        return low

    def _bound(self, gamma: float) -> float:
        difference = (self.pairs["outcome_treated"] - self.pairs["outcome_control"]).to_numpy(dtype=float)
        difference = difference[difference != 0]
        if not len(difference):
            return 1.0
        chance = gamma / (1 + gamma)
        if set(np.unique(np.abs(difference))) == {1.0}:
            return float(binom.sf(int((difference > 0).sum()) - 1, len(difference), chance))
        ranks = rankdata(np.abs(difference))
        statistic, mean = float(ranks[difference > 0].sum()), chance * float(ranks.sum())
        return float(norm.sf((statistic - mean) / math.sqrt(chance * (1 - chance) * float(ranks @ ranks))))

    def summary(self) -> str:
        """Plain text: effect, balance, placebo, bounds, the claim and the caveats."""
        tolerated = self.tolerated()
        explained = 1 - float(self.params["effect"]) / self.unadjusted if self.unadjusted else math.nan
        lines = [
            f"Matched sample    {plural(self.nobs, 'pair')} of {self.n_treated:,} exposed",
            self.table().to_string(float_format=lambda v: f"{v:.3f}"),
            f"unadjusted {self.unadjusted:.3f}, of which matching explains {explained:.0%}; risk ratio "
            f"{self.risk_ratio:.2f}",
            "balance (standardised differences)",
            self.balance.to_string(float_format=lambda v: f"{v:.3f}"),
            f"placebo (outcome before exposure): {self.placebo['effect']:.3f}, s.e. {self.placebo['se']:.3f}, "
            f"p {self.placebo['p']:.3f}",
            "not significant even without hidden bias"
            if math.isnan(tolerated)
            else f"significant up to a hidden odds ratio of exposure of {tolerated:.2f}",
        ]
        return said(lines, self.claim, self.caveats)

    def __repr__(self) -> str:
        return self.summary()


# --- matching -------------------------------------------------------------------------------------------------


def matched_sample(
    frame: pd.DataFrame,
    covariates: Sequence[str],
    *,
    treated: str = "treated",
    outcome: str = "outcome",
    member: str = "member",
    time: str = "time",
    caliper: float = 0.2,
    placebo: str | None = None,
) -> MatchedSample:
    """Compare exposed members with matches who were about as likely to be exposed.

    Parameters
    ----------
    frame : DataFrame
        A row a member and time at risk, as :func:`at_risk` makes it.
    covariates : list of str
        Columns known before the time; numeric.
    treated, outcome, member, time : str
        Names of columns. ``treated`` is 0 or 1.
    caliper : float
        Largest distance of two matched logits, in standard deviations of the logit.
    placebo : str, optional
        Column of an outcome from before exposure. An effect on it says that the matches were different already.

    Returns
    -------
    MatchedSample

    Raises
    ------
    ValueError
        For missing or infinite values, a member twice at one time, nobody exposed or nobody to compare
        with, covariates that separate the exposed from the others, and no match within the caliper.

    Notes
    -----
    Pairs of one time are chosen together: as many as the caliper lets, and of those the closest.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"member": range(400), "time": 1, "tenure": rng.normal(size=400)})
    >>> frame["treated"] = (frame["tenure"] + rng.normal(size=400) > 0.8).astype(int)
    >>> frame["outcome"] = 0.5 * frame["tenure"] + 0.3 * frame["treated"] + rng.normal(size=400)
    >>> res = matched_sample(frame, ["tenure"])
    >>> round(res.unadjusted, 2), res.params.round(2).to_dict()
    (0.77, {'effect': 0.25})
    """
    if isinstance(covariates, str) or not len(covariates):
        raise ValueError("covariates are a list of columns, one or more.")
    wanted = [member, time, treated, outcome, *covariates, *([placebo] if placebo else [])]
    for column in wanted:
        choose(column, [str(c) for c in frame.columns], "column")
    gap = frame[wanted].isna().any()
    if gap.any():
        raise ValueError(f"missing values in {listing(gap.index[gap])}. Leave the rows out, or fill them in.")
    twice = frame.duplicated([member, time])
    if twice.any():
        who, when = (frame.loc[twice, column].iloc[0] for column in (member, time))
        raise ValueError(f"member {who} has more than one row at time {when}. Keep one.")
    for column in wanted[2:]:
        values = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float)
        if not np.isfinite(values).all():
            odd = frame[column][~np.isfinite(values)].iloc[0]
            raise ValueError(f"column {column!r} holds {odd}; give finite numbers.")
    exposed = frame[treated].to_numpy()
    if not set(np.unique(exposed)) == {0, 1}:
        raise ValueError(f"column {treated!r} must hold both 0 (not exposed) and 1 (exposed), and nothing else.")
    if not (is_number(caliper, finite=False) and caliper > 0):
        raise ValueError(f"caliper is a positive number of standard deviations, not {caliper!r}.")
    x = frame[list(covariates)].to_numpy(dtype=float)
    scale = x.std(axis=0)
    if not (scale > 0).all():
        raise ValueError(f"{listing(c for c, s in zip(covariates, scale, strict=True) if not s > 0)} does not vary.")
    design = np.column_stack([np.ones(len(x)), (x - x.mean(axis=0)) / scale])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise ValueError(f"one of {listing(covariates)} is a combination of the others. Leave it out.")
    beta, _, _, settled = logistic(design, exposed.astype(float))
    if not settled:
        raise ValueError(
            "the covariates tell exposed and others apart without error (separation), so that nobody is comparable. "
            "Use fewer or coarser covariates."
        )
    logit = design @ beta
    width = caliper * float(logit.std())
    rows = _pairs(frame[time].to_numpy(), exposed, logit, width)
    if len(rows) < 2:
        raise ValueError(f"{plural(len(rows), 'pair')} within {caliper:g} s.d. of the logit. Widen the caliper.")
    t, c = rows[:, 0], rows[:, 1]
    values = frame[outcome].to_numpy(dtype=float)
    pairs = pd.DataFrame(
        {
            "time": frame[time].to_numpy()[t],
            "treated": frame[member].to_numpy()[t],
            "control": frame[member].to_numpy()[c],
            "distance": np.abs(logit[t] - logit[c]),
            "outcome_treated": values[t],
            "outcome_control": values[c],
        }
    )
    effect, variance = _mean_difference(values[t] - values[c], pairs["control"])
    before = {"effect": math.nan, "se": math.nan, "p": math.nan}
    if placebo:
        earlier = frame[placebo].to_numpy(dtype=float)
        size, spread = _mean_difference(earlier[t] - earlier[c], pairs["control"])
        se = math.sqrt(spread)
        p = float(2 * norm.sf(abs(size) / se)) if se else float(size == 0)
        before = {"effect": size, "se": se, "p": p}
    columns = [*covariates, "logit of exposure"]
    balance = _balance(np.column_stack([x, logit]), exposed == 1, t, c, columns)
    caveats = [
        "matching takes out what was measured: a taste that nobody recorded makes friends and adopters alike.",
    ]
    unmatched = int((exposed == 1).sum()) - len(pairs)
    if unmatched:
        caveats.append(f"{plural(unmatched, 'exposed member')} without a match left out: the effect is not about them.")
    uneven = balance.index[balance["after"].abs() >= BALANCED]
    if len(uneven):
        caveats.append(f"not balanced (standardised difference {BALANCED:g} or more): {listing(uneven)}.")
    if not placebo:
        caveats.append("no placebo outcome: nothing was compared that exposure cannot have changed.")
    elif before["p"] < 0.05:
        caveats.append(f"the placebo has an effect (p {before['p']:.3f}): matches were different before exposure.")
    caveats.append("matches who are exposed later in the horizon make the effect look smaller.")
    names = pd.Index(["effect"])
    return MatchedSample(
        params=pd.Series([effect], index=names, name="estimate"),
        covariance=pd.DataFrame([[variance]], index=names, columns=names),
        nobs=len(pairs),
        claim="adjusted association",
        caveats=tuple(caveats),
        pairs=pairs,
        balance=balance,
        unadjusted=float(values[exposed == 1].mean() - values[exposed == 0].mean()),
        placebo=before,
        n_treated=int((exposed == 1).sum()),
    )


def _pairs(time: np.ndarray, exposed: np.ndarray, logit: np.ndarray, width: float) -> np.ndarray:
    """Rows of exposed and control, shape (n_pairs, 2)."""
    found = []
    for when in pd.unique(time):
        here = time == when
        t, c = np.flatnonzero(here & (exposed == 1)), np.flatnonzero(here & (exposed == 0))
        if not len(t) or not len(c):
            continue
        distance = np.abs(logit[t][:, None] - logit[c])
        cost = np.where(distance <= width, distance, FAR)
        a, b = linear_sum_assignment(cost)
        kept = distance[a, b] <= width
        found.append(np.column_stack([t[a[kept]], c[b[kept]]]))
    return np.concatenate(found) if found else np.zeros((0, 2), dtype=int)


def _mean_difference(difference: np.ndarray, control: pd.Series) -> tuple[float, float]:
    """Mean, and its variance clustered by control."""
    one = np.ones((len(difference), 1))
    m = Moments(difference, one, one, pd.factorize(control)[0])
    return float(m.beta[0]), float(m.covariance[0, 0])


def _balance(x: np.ndarray, exposed: np.ndarray, t: np.ndarray, c: np.ndarray, names: list[str]) -> pd.DataFrame:
    spread = np.sqrt((x[exposed].var(axis=0, ddof=1) + x[~exposed].var(axis=0, ddof=1)) / 2)
    after = x[c].var(axis=0, ddof=1)
    ratio = np.divide(x[t].var(axis=0, ddof=1), after, out=np.full(len(after), np.nan), where=after > 0)
    columns = {
        "before": (x[exposed].mean(axis=0) - x[~exposed].mean(axis=0)) / spread,
        "after": (x[t].mean(axis=0) - x[c].mean(axis=0)) / spread,
        "variance_ratio": ratio,
    }
    return pd.DataFrame(columns, index=pd.Index(names))

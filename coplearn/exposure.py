r"""Temporal autocorrelation: does a member's next answer go with what others answered before?

In a panel, exposure can be taken from the wave before, so that nobody answers to an answer that is not yet there:

.. math:: y_{it} = \phi\,y_{i,t-1} + \sum_k \rho_k \sum_j w^k_{ij,t-1}\,y_{j,t-1} + x_{it}\beta + \mu_i + \lambda_t +
   e_{it},

with as many relations k at once as were asked for. What lasts in a member, :math:`\mu_i`, is the trouble. Left out
(``"none"``), :math:`\phi` takes it up, and :math:`\rho` what the tied have in common for good. Taken out by
subtracting member means (``"within"``), :math:`\phi` is too low by about :math:`(1 + \phi)/(T - 1)` in T steps
(Nickell 1981), and :math:`\rho` is off by that times the slope of own past on exposure. Two ways remain: first
**differences** with earlier levels as instruments (Arellano & Bond 1991), and the **long difference** between the last
and the first step, with the first levels, and residuals of the steps between, as instruments (Hahn, Hausman &
Kuersteiner 2007), which keeps its strength where answers change slowly.

References
----------
Arellano & Bond (1991), Review of Economic Studies 58(2), 277-297, doi:10.2307/2297968.
Hahn, Hausman & Kuersteiner (2007), Journal of Econometrics 140(2), 574-617, doi:10.1016/j.jeconom.2006.07.005.
Leenders (2002), Social Networks 24(1), 21-47, doi:10.1016/S0378-8733(01)00049-1.
Nickell (1981), Econometrica 49(6), 1417-1426, doi:10.2307/1911408.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import norm

from coplearn._checks import as_floats, choose, listing, plural, whole
from coplearn.moments import Moments
from coplearn.results import Estimates, coefficients, said
from coplearn.weights import weight_matrix

__all__ = ["TemporalAutocorrelation", "TemporalAutocorrelationResults"]

EFFECTS = ("none", "within", "difference", "long difference")
OWN = "own past"
DEPTH = 3  # levels behind a difference that serve as instruments
ROUNDS = 3  # of the long difference, in which residuals become instruments
WEAK = 10.0  # first-stage F below which instruments say too little
STILL = 1e-10  # a column that moves within members by less than this share of its size does not move
FEW = 40  # members below which clustered errors are rough


class TemporalAutocorrelation:
    """Lagged exposure to others through one or several relations.

    Parameters
    ----------
    y : DataFrame of float, shape (n_members, n_waves)
        Behavior or attitude, waves in order and at even steps; NaN where absent or silent.
    ties : dict of str to sequence of matrices, or sequence of matrices
        For each relation one matrix (members by members) a wave; the last wave's may be left out. Weights are taken as
        they come: see :func:`coplearn.weights.row_normalize`. A row of NaN is a member who did not answer.
    X : dict of str to Series or DataFrame, optional
        Covariates: one value a member, or members by waves, taken at the wave of the outcome.
    lag : int
        Waves between exposure and outcome; own past is taken at the same distance.
    window : int
        Waves over which exposure is averaged, the latest being `lag` waves back.

    Raises
    ------
    ValueError
        For too few waves, matrices that :func:`coplearn.weights.weight_matrix` refuses, and other members in X.

    Notes
    -----
    Where an alter's answer is unknown, the mean of the known alters stands in; a member all of whose alters are unknown
    is left out at that wave. A member without ties has exposure 0 and a mark of its own, ``isolate``.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> w = cl.row_normalize((rng.random((80, 80)) < 0.05) * (1.0 - np.eye(80)))
    >>> y = [rng.normal(size=80)]
    >>> for _ in range(3):
    ...     y.append(0.5 * y[-1] + 0.3 * w @ y[-1] + rng.normal(size=80))
    >>> res = TemporalAutocorrelation(pd.DataFrame(np.array(y).T), [w, w, w]).fit()
    >>> res.table().loc[["own past", "rho"], ["estimate", "s.e."]].round(2)
              estimate  s.e.
    own past      0.52  0.05
    rho           0.15  0.10
    """

    def __init__(self, y: pd.DataFrame, ties: Any, X: Any = None, lag: int = 1, window: int = 1) -> None:
        if not isinstance(y, pd.DataFrame):
            raise TypeError(f"y is a frame of members by waves, not {type(y).__name__}.")
        if y.index.has_duplicates:
            raise ValueError(f"more than one row of y for {listing(y.index[y.index.duplicated()].unique())}.")
        self.lag, self.window = whole(lag, "lag"), whole(window, "window")
        self.members, self.waves, self.y = y.index, y.columns, as_floats(y)
        waves = self.y.shape[1]
        if waves < self.lag + self.window:
            raise ValueError(
                f"{plural(waves, 'wave')}: a lag of {self.lag} and a window of {self.window} take "
                f"{self.lag + self.window} or more."
            )
        if np.isinf(self.y).any():
            raise ValueError("y is infinite in places. Write NaN where unknown.")
        known = self.y[np.isfinite(self.y)]
        if not len(known) or np.ptp(known) == 0:
            raise ValueError("y is the same for every member and wave, or never known: there is nothing to explain.")
        self.relations = {str(k): v for k, v in ties.items()} if isinstance(ties, Mapping) else {"": ties}
        self._alone: dict[str, np.ndarray] = {}
        self._heard: dict[str, np.ndarray] = {}
        for name, matrices in self.relations.items():
            self._heard[name], self._alone[name] = self._exposures(name, matrices)
        self.columns = [OWN, *(self._symbol("rho", name) for name in self.relations)]
        taken = [
            "who",
            "t",
            "y",
            "intercept",
            *self.columns,
            *(self._symbol("isolate", name) for name in self.relations),
        ]
        twice = [str(name) for name in X or {} if str(name) in taken or str(name).startswith("wave ")]
        if twice:
            raise ValueError(f"a covariate may not be called {listing(twice)}, which means something here. Rename it.")
        self.X = {str(name): self._covariate(str(name), values) for name, values in (X or {}).items()}
        self._frame = self._rows()
        if not len(self._frame):
            raise ValueError("no member has an outcome with a known past, exposure and covariates.")

    def __repr__(self) -> str:
        n = f"{plural(len(self.members), 'member')}, {plural(len(self.waves), 'wave')}, lag {self.lag}"
        return f"TemporalAutocorrelation: {n}, window {self.window}, {plural(len(self.relations), 'relation')}"

    @staticmethod
    def _symbol(symbol: str, name: str) -> str:
        return f"{symbol}[{name}]" if name else symbol

    def _exposures(self, name: str, matrices: Any) -> tuple[np.ndarray, np.ndarray]:
        """Exposure at each wave (NaN where unknown, 0 for isolates), and who is an isolate: (n_members, n_waves)."""
        n, waves = self.y.shape
        if isinstance(matrices, pd.DataFrame) or sparse.issparse(matrices) or np.ndim(matrices) == 2:
            raise ValueError(f"ties of relation {name!r}: give one matrix a wave, in a list (the same one may recur).")
        if not waves - 1 <= len(matrices) <= waves:
            raise ValueError(f"relation {name!r} has {plural(len(matrices), 'matrix', 'matrices')} for {waves} waves.")
        heard, alone = np.full((n, waves), np.nan), np.zeros((n, waves), dtype=bool)
        for t, matrix in enumerate(matrices):
            silent = np.zeros(n, dtype=bool)
            if not sparse.issparse(matrix):
                frame = pd.DataFrame(matrix) if not isinstance(matrix, pd.DataFrame) else matrix
                off = np.isnan(frame.to_numpy(dtype=float)) | np.eye(len(frame), dtype=bool)
                quiet = pd.Series(off.all(axis=1), index=frame.index)
                known = isinstance(matrix, pd.DataFrame) and set(self.members) <= set(frame.index)
                silent = quiet.loc[self.members].to_numpy() if known else quiet.to_numpy()
                matrix = frame.fillna(0.0) if isinstance(matrix, pd.DataFrame) else frame.fillna(0.0).to_numpy()
            w = weight_matrix(matrix, f"{name or 'of ties'} at wave {self.waves[t]}", self.members)
            there = np.isfinite(self.y[:, t])
            weight, total = w @ there.astype(float), np.asarray(w.sum(axis=1)).ravel()
            seen = w @ np.where(there, self.y[:, t], 0.0)
            np.divide(seen * total, weight, out=heard[:, t], where=weight > 0)
            alone[:, t] = (total == 0) & ~silent
            heard[silent, t] = np.nan
        return heard, alone

    def _covariate(self, name: str, values: Any) -> np.ndarray:
        if isinstance(values, pd.Series | pd.DataFrame):
            absent = self.members.difference(values.index, sort=False)
            if len(absent):
                raise ValueError(f"covariate {name!r} has no row for {listing(absent)}.")
            values = values.loc[self.members]
        try:
            array = as_floats(values)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"covariate {name!r} is not numeric. Code it as numbers, as with pd.get_dummies."
            ) from error
        array = np.repeat(array[:, None], len(self.waves), axis=1) if array.ndim == 1 else array
        if array.shape != self.y.shape:
            raise ValueError(
                f"covariate {name!r} has shape {array.shape}, y {self.y.shape}: members, or members by waves."
            )
        return array

    def _rows(self) -> pd.DataFrame:
        """One row an outcome: who, wave, y, own past, exposures, isolates, covariates; rows with a gap left out."""
        parts = []
        for t in range(self.lag + self.window - 1, len(self.waves)):
            before = t - self.lag
            row = {"who": np.arange(len(self.members)), "t": t, "y": self.y[:, t], OWN: self.y[:, before]}
            for name in self.relations:
                span = slice(before - self.window + 1, before + 1)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", RuntimeWarning)  # a mean of nothing is NaN, as wanted
                    heard = np.nanmean(self._heard[name][:, span], axis=1)
                alone = self._alone[name][:, span].all(axis=1)
                row[self._symbol("rho", name)] = np.where(alone, 0.0, heard)
                row[self._symbol("isolate", name)] = alone.astype(float)
            row |= {name: values[:, t] for name, values in self.X.items()}
            parts.append(pd.DataFrame(row))
        rows = pd.concat(parts, ignore_index=True).dropna(ignore_index=True)
        marks = rows[[self._symbol("isolate", name) for name in self.relations]]
        idle = ~marks.any() | marks.T.duplicated()  # nobody, or the same members as in another relation
        return rows.drop(columns=marks.columns[idle])

    # --- estimators -----------------------------------------------------------------------------------------

    def fit(self, members: str = "none") -> TemporalAutocorrelationResults:
        """Estimate, with standard errors clustered by member.

        Parameters
        ----------
        members : {"none", "within", "difference", "long difference"}
            What is done about lasting differences between members: nothing; member means taken out, which leaves a
            known bias; or one of the two estimators with instruments, which need ``2 * lag + window`` waves.

        Returns
        -------
        TemporalAutocorrelationResults

        Raises
        ------
        ValueError
            For a design in which a column is a combination of others (it is named), or too few waves.
        """
        choose(members, EFFECTS, "treatment of members")
        if members in ("difference", "long difference") and len(self.waves) < 2 * self.lag + self.window:
            raise ValueError(
                f"{plural(len(self.waves), 'wave')}: a lag of {self.lag} and a window of {self.window} in differences "
                f"take {2 * self.lag + self.window} or more."
            )
        names, moments = {
            "none": self._pooled,
            "within": self._within,
            "difference": self._differenced,
            "long difference": self._long,
        }[members]()
        index = pd.Index(names)
        strength = pd.Series(np.nan, index=pd.Index(self.columns), name="F")
        endogenous = [names.index(c) for c in self.columns]
        if members in ("difference", "long difference"):
            strength = pd.Series(moments.conditional_f(endogenous), index=pd.Index(self.columns), name="F")
        return TemporalAutocorrelationResults(
            params=pd.Series(moments.beta, index=index, name="estimate"),
            covariance=pd.DataFrame(moments.covariance, index=index, columns=index),
            nobs=len(moments.y),
            claim="adjusted association",
            caveats=tuple(self._caveats(members, names, moments, strength)),
            members=members,
            n_members=len(np.unique(moments.cluster)),
            first_stage=strength,
            model=self,
            moments=moments,
        )

    def _regressors(self) -> list[str]:
        return [c for c in self._frame.columns if c not in ("who", "t", "y")]

    def _moving(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The columns that move: what does not change in a member is taken out with the member."""
        size = self._frame[self._regressors()].abs().max().reindex(frame.columns).fillna(1.0)
        return frame.loc[:, (frame.abs().max() > STILL * size) | frame.columns.isin(self.columns)]

    def _pooled(self) -> tuple[list[str], Moments]:
        rows = self._frame
        frame = rows[self._regressors()].copy()
        frame.insert(0, "intercept", 1.0)
        frame = frame.join(self._waves(rows["t"]).iloc[:, 1:])
        x = _full_rank(frame)
        return list(frame.columns), Moments(rows["y"].to_numpy(), x, x, _codes(rows["who"]))

    def _within(self) -> tuple[list[str], Moments]:
        rows = self._frame[self._frame.groupby("who")["t"].transform("size") > 1].reset_index(drop=True)
        if not len(rows):
            raise ValueError("nobody has two outcomes, so no member can be compared with themselves.")
        frame = rows[self._regressors()].join(self._waves(rows["t"]).iloc[:, 1:])
        frame, y = (v - v.groupby(rows["who"]).transform("mean") for v in (frame, rows["y"]))
        frame = self._moving(frame)
        x = _full_rank(frame)
        return list(frame.columns), Moments(y.to_numpy(), x, x, _codes(rows["who"]))

    def _differenced(self) -> tuple[list[str], Moments]:
        rows = self._frame.set_index(["who", "t"])
        before = rows.reindex(_before(rows.index, self.lag))
        step = pd.DataFrame(rows.to_numpy() - before.to_numpy(), index=rows.index, columns=rows.columns).dropna()
        if not len(step):
            raise ValueError("nobody has outcomes at two waves that far apart, so there is no difference to take.")
        who, t = (step.index.get_level_values(k).to_numpy() for k in (0, 1))
        frame = step[self._regressors()].reset_index(drop=True).join(self._waves(pd.Series(t)))
        frame = self._moving(frame)
        levels = []
        # own past and exposure in the row of t - lag are of t - 2 lag: before the earlier of the two shocks
        for back in range(1, DEPTH + 1):
            earlier = _before(step.index, self.lag * back)
            levels.append(rows[self.columns].reindex(earlier).fillna(0.0).to_numpy())
        z = np.column_stack([frame.drop(columns=self.columns).to_numpy(), *levels])
        z = z[:, np.abs(z).max(axis=0) > 0]
        # neighbouring differences share a shock, with opposite signs: 2 on the diagonal of H, -1 beside it
        previous = step.index.get_indexer(_before(step.index, self.lag))
        shared = z[previous >= 0].T @ z[previous[previous >= 0]]
        length = np.linalg.norm(z, axis=0)
        length = np.outer(length, length)
        weight = np.linalg.pinv((2 * z.T @ z - shared - shared.T) / length, hermitian=True) / length
        x = _full_rank(frame)
        return list(frame.columns), Moments(step["y"].to_numpy(), x, z, _codes(pd.Series(who)), weight)

    def _long(self) -> tuple[list[str], Moments]:
        rows = self._frame.set_index(["who", "t"])
        first, last = self.lag + self.window - 1, len(self.waves) - 1
        when = rows.index.get_level_values("t")
        at = {t: rows[when == t].droplevel("t") for t in range(first, last + 1)}
        both = at[first].index.intersection(at[last].index)
        if not len(both):
            raise ValueError("nobody has an outcome at both the first and the last wave that can have one.")
        start, step = at[first].loc[both], at[last].loc[both] - at[first].loc[both]
        frame = step[self._regressors()].copy()
        frame.insert(0, "intercept", 1.0)
        frame = self._moving(frame)
        fixed = frame.drop(columns=self.columns).to_numpy()
        x, y, code = _full_rank(frame), step["y"].to_numpy(), np.arange(len(both))
        moments = Moments(y, x, np.column_stack([fixed, start[self.columns].to_numpy()]), code)
        between = range(first + self.lag, last - self.lag + 1)
        for _ in range(ROUNDS if between else 0):
            beta = pd.Series(moments.beta, index=frame.columns).drop("intercept")
            left = [at[t].reindex(both) for t in between]
            residual = [(v["y"] - v[beta.index] @ beta) for v in left]
            residual = [(v - v.mean()).fillna(0.0).to_numpy() for v in residual]
            moments = Moments(y, x, np.column_stack([fixed, start[self.columns].to_numpy(), *residual]), code)
        return list(frame.columns), moments

    def _waves(self, t: pd.Series) -> pd.DataFrame:
        """A mark for each wave of outcome: columns "wave ..."."""
        return pd.DataFrame({f"wave {self.waves[k]}": (t == k).astype(float) for k in sorted(t.unique())})

    def _caveats(self, members: str, names: list[str], moments: Moments, strength: pd.Series) -> Iterator[str]:
        steps = self._frame["t"].nunique()
        phi = float(moments.beta[names.index(OWN)])
        yield (
            "ties are not assigned: who comes to resemble whom may have sought them out, or met the same circumstances "
            "between waves."
        )
        if members == "none":
            yield (
                "lasting differences between members are left out: where there are any, own past is too high, and so "
                "is rho if lastingly similar members are tied."
            )
        if members == "within":
            size = (1 + phi) / max(steps - 1, 1)
            for name in self.columns[1:]:
                others = [k for k, c in enumerate(names) if c not in (OWN, name)]
                rest = moments.x[:, others]
                e = moments.x[:, names.index(name)]
                e = e - rest @ np.linalg.lstsq(rest, e, rcond=None)[0] if others else e
                slope = float(e @ moments.x[:, names.index(OWN)]) / float(e @ e)
                way = "high" if slope > 0 else "low"
                yield (
                    f"Nickell bias with {plural(steps, 'step')}: own past is too low by about {size:.2f}, and {name} "
                    f"therefore too {way} (slope of own past on exposure {slope:+.2f}); further, exposure answers to "
                    "one's own past, which biases it by itself."
                )
        if members in ("difference", "long difference"):
            yield (
                "instruments hold only if shocks do not last from wave to wave"
                + (": see serial_test()." if members == "difference" and steps > 3 else ".")
            )
            weak = strength[~(strength >= WEAK)]
            if len(weak):
                told = ", ".join(f"{name} {value:.1f}" for name, value in weak.items())
                yield f"weak instruments (first-stage F below {WEAK:g}: {told}): estimates and intervals may mislead."
            agreed = moments.hansen()
            if agreed["p"] < 0.05:
                yield f"the instruments contradict each other (Hansen's J, p {agreed['p']:.3f})."
        left_out = int(np.isfinite(self.y[:, self.lag + self.window - 1 :]).sum()) - len(self._frame)
        if left_out:
            yield f"{plural(left_out, 'outcome')} without a known past, exposure or covariate left out."
        count = len(np.unique(moments.cluster))
        if count < FEW:
            yield f"{plural(count, 'member')}, fewer than {FEW}: clustered standard errors are too small."

    def grid(
        self, lags: Sequence[int] = (1, 2), windows: Sequence[int] = (1, 2), members: Sequence[str] = ("none",)
    ) -> pd.DataFrame:
        """Every combination of lag, window and treatment of members, none of them chosen by its p-value.

        Returns
        -------
        DataFrame
            A row a combination and relation: lag, window, members, relation, nobs, own past, rho, s.e., low, high.
            Combinations that the waves do not carry are left out.
        """
        found = []
        again = {"X": {name: pd.DataFrame(v, index=self.members) for name, v in self.X.items()}}
        frame = pd.DataFrame(self.y, index=self.members, columns=self.waves)
        for lag, window, way in product(lags, windows, members):
            if len(self.waves) < lag + window + (lag if "difference" in way else 0):
                continue
            res = TemporalAutocorrelation(frame, self.relations, lag=lag, window=window, **again).fit(way)
            bounds = res.conf_int()
            for name in self.columns[1:]:
                row = {"lag": lag, "window": window, "members": way, "relation": name, "nobs": res.nobs}
                row |= {OWN: float(res.params[OWN]), "rho": float(res.params[name]), "s.e.": float(res.bse[name])}
                found.append(row | bounds.loc[name].to_dict())
        return pd.DataFrame(found)


def _before(index: pd.MultiIndex, waves: int) -> pd.MultiIndex:
    """The same members some waves before."""
    return pd.MultiIndex.from_arrays([index.get_level_values(0), index.get_level_values(1) - waves])


def _codes(who: pd.Series) -> np.ndarray:
    return pd.factorize(who)[0]


def _full_rank(frame: pd.DataFrame) -> np.ndarray:
    """The values, if no column is a combination of those before it."""
    values = frame.to_numpy(dtype=float)
    if values.shape[0] <= values.shape[1]:
        raise ValueError(f"{plural(values.shape[0], 'row')} of outcomes cannot carry {values.shape[1]} parameters.")
    scaled = values / np.maximum(np.linalg.norm(values, axis=0), 1e-300)
    diagonal = np.abs(np.diag(np.linalg.qr(scaled, mode="r")))
    bad = [str(c) for c, d in zip(frame.columns, diagonal, strict=True) if d < 1e-9]
    if bad:
        raise ValueError(
            f"the design is singular: {listing(bad)} does not vary, or is a combination of the columns before it (as "
            "exposure to everybody is, the same for all). Leave it out."
        )
    return values


@dataclass(frozen=True, eq=False)
class TemporalAutocorrelationResults(Estimates):
    """Estimates of a :class:`TemporalAutocorrelation`.

    Attributes
    ----------
    params, covariance, nobs, claim, caveats
        See :class:`coplearn.results.Estimates`: ``own past``, ``rho`` (or ``rho[relation]``), marks of isolates,
        covariates, waves. ``nobs`` counts outcomes (or differences).
    members : str
        What was done about lasting differences.
    n_members : int
    first_stage : Series of float
        Conditional F of the instruments for own past and each exposure; NaN without instruments.
    """

    members: str
    n_members: int
    first_stage: pd.Series
    model: TemporalAutocorrelation
    moments: Moments

    def equality_test(self, one: str | None = None, other: str | None = None) -> dict[str, float]:
        """Test that two relations have the same rho: difference, se, z, p (two-sided).

        Parameters
        ----------
        one, other : str, optional
            Names of relations; by default the first two.
        """
        names = list(self.model.relations)
        if len(names) < 2:
            raise ValueError("there is only one relation, so nothing to compare its rho with.")
        a, b = (
            choose(given or fallback, names, "relation") for given, fallback in ((one, names[0]), (other, names[1]))
        )
        first, second = f"rho[{a}]", f"rho[{b}]"
        cov = self.covariance
        difference = float(self.params[first] - self.params[second])
        se = math.sqrt(cov.loc[first, first] + cov.loc[second, second] - 2 * cov.loc[first, second])
        return {"difference": difference, "se": se, "z": difference / se, "p": float(2 * norm.sf(abs(difference / se)))}

    def overidentification(self) -> dict[str, float]:
        """Hansen's J, that the instruments agree: statistic, df, p; NaN where there are none to spare."""
        return self.moments.hansen()

    def serial_test(self) -> dict[str, float]:
        """Arellano and Bond's m2, that shocks do not last: z, p; NaN with fewer than four steps, or no differences."""
        if self.members != "difference":
            return {"z": math.nan, "p": math.nan}
        rows, lag = self.model._frame.set_index(["who", "t"]), self.model.lag
        index = rows.index[_before(rows.index, lag).isin(rows.index)]  # the differences, in their order
        m = self.moments
        two = pd.Series(m.residuals, index=index)
        w = two.reindex(_before(index, 2 * lag)).fillna(0.0).to_numpy()
        if not w.any():
            return {"z": math.nan, "p": math.nan}
        together, wx = m.by_cluster(w * m.residuals), w @ m.x
        variance = float(together @ together - 2 * wx @ (m._maker @ (m.scores.T @ together)) + wx @ m.covariance @ wx)
        z = float(together.sum()) / math.sqrt(variance) if variance > 0 else math.nan
        return {"z": z, "p": float(2 * norm.sf(abs(z)))}

    def summary(self) -> str:
        """Plain text: estimates, tests, the claim and the caveats."""
        table = self.table()
        shown = table[~table.index.str.startswith("wave ")]
        lines = [
            f"Temporal autocorrelation    {plural(self.n_members, 'member')}, {plural(self.nobs, 'outcome')}    "
            f"members: {self.members}; lag {self.model.lag}, window {self.model.window}; errors clustered by member",
            shown.to_string(float_format=lambda v: f"{v:.3f}"),
        ]
        if len(self.model.relations) > 1:
            test = self.equality_test()
            one, other = list(self.model.relations)[:2]
            lines.append(f"rho[{one}] = rho[{other}]: z {test['z']:.2f}, p {test['p']:.4f}")
        if self.first_stage.notna().any():
            told = ", ".join(f"{name} {value:.1f}" for name, value in self.first_stage.items())
            lines.append(f"first-stage F: {told}")
        return said(lines, self.claim, self.caveats)

    def __repr__(self) -> str:
        return self.summary()

    def plot(self, ax: Any = None) -> Any:
        """Own past, exposures and covariates with 95 % intervals."""
        table = self.table()
        return coefficients(table[~table.index.str.match("wave |intercept")], ax=ax)

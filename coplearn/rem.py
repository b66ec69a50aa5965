r"""Relational event models: who acts towards whom, and when.

Every pair at risk has a rate :math:`\lambda_{ij}(t) = \exp \beta' x_{ij}(t)`, where the statistics :math:`x_{ij}` are
read from the events before t. Whose event comes next (**ordinal** timing) and how long it takes (**interval** timing)
have the likelihoods of a conditional logit and of a Poisson process with piecewise constant rates; both are concave,
and Newton's method finds their maximum with exact second derivatives. A **tie** model lets all pairs compete for the
next event; a **sender** model lets members compete to act; a **receiver** model takes the sender as given and lets the
others compete to be chosen. A sender and a receiver model of the same events are an actor-oriented model.

References
----------
Butts (2008), Sociological Methodology 38(1), 155-200, doi:10.1111/j.1467-9531.2008.00203.x.
Lerner & Lomi (2020), Network Science 8(1), 97-135, doi:10.1017/nws.2019.57.
Stadtfeld & Block (2017), Sociological Science 4, 318-352, doi:10.15195/v4.a14.
Vu, Pattison & Robins (2015), Social Networks 43, 121-135, doi:10.1016/j.socnet.2015.05.001.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import choose, is_number, is_whole, listing, plural, seed_sequence, whole
from coplearn.effects.spec import Effect
from coplearn.event_checks import Checks
from coplearn.event_design import ORIENTATIONS, event_design
from coplearn.event_simulation import Draws
from coplearn.event_stages import Stages, event_scores, write_stages
from coplearn.events import EventSequence
from coplearn.kernels import event_history, event_timeline
from coplearn.kernels import event_likelihood as kernel
from coplearn.kernels.event_spells import spells
from coplearn.kernels.event_sweeps import sweeps
from coplearn.newton import Optimum, newton
from coplearn.results import ConvergenceWarning, Estimates

__all__ = ["REM", "REMResults"]

RUNAWAY = 100.0  # standard error of the log-odds between the ends of a statistic's range that tells separation
CLUSTERS = 20  # fewer make the errors of :meth:`REMResults.robust` too small
ENOUGH = 50  # controls apart from the others: with fewer, the estimate is off by a tenth of its standard error or more
_RISK_SETS = ("all", "present", "observed")


class REM:
    """A relational event model.

    Parameters
    ----------
    events : EventSequence
    effects : list of Effect
        Such as ``fx.inertia(halflife="7D")``. Interval models get a baseline unless they have one.
    timing : {"ordinal", "interval"}
        Whether only the order of events is explained, or also the time between them.
    risk_set : {"all", "present", "observed"}, mask, or DataFrame, optional
        Pairs that could have had the next event: all; those of members between joining and leaving; those that have
        an event at some time; a matrix of bool, row = sender; or a frame of changes with columns time, sender,
        receiver and at_risk, for a mask that changes (nobody is at risk before the first change). In a sender model
        those compete who have a pair at risk. By default
        "present" where the members have a column ``joined`` or ``left``, and "all" otherwise.
    controls : int, optional
        How many of those at risk are sampled beside the one that acted, at every event; by default all count. A
        sampled fit needs memory for events x controls, and none for pairs that never meet.
    cases : int, optional
        How many of the events are sampled; the others are part of the history only.
    orientation : {"tie", "sender", "receiver"}
        Who competes for the next event: pairs, members who may act, or members whom the sender may choose.
    simultaneous : {"order", "together"}, optional
        Events at the same time: taken one after the other as given; or sharing one look at the history and the
        risk set (Breslow's treatment of ties). By default in order, and together in models of ``fx.remstats``, which
        computes statistics once for each moment.
    first : int
        The first event that is explained; earlier ones only prepare the history.
    directed : bool
        Whether sender and receiver differ. If not, it does not matter who stands where: every pair is at risk once,
        under the member who stands first in the table of members; effects are those that do not ask who acts, and
        ``participation_shift("AB-AY")`` is that one of the two goes on with somebody else.

    Raises
    ------
    ValueError
        For unknown effects or covariates, covariates that are missing for some members, events of members who were
        absent, and fewer than two events.

    Examples
    --------
    >>> from coplearn import effects as fx
    >>> talk = pd.DataFrame({"time": [1.0, 2, 3, 5, 6, 8], "sender": list("abacba"), "receiver": list("babacc")})
    >>> res = REM(cl.EventSequence.from_frame(talk), [fx.reciprocity()]).fit()
    >>> res.params.round(3).to_dict(), round(res.llf, 3)
    ({'reciprocity': 0.24}, -10.69)
    """

    mutual = False  # whether both members choose each other

    def __init__(
        self,
        events: EventSequence,
        effects: Sequence[Effect],
        timing: str = "ordinal",
        risk_set: Any = None,
        controls: int | None = None,
        *,
        cases: int | None = None,
        orientation: str = "tie",
        simultaneous: str | None = None,
        first: int = 1,
        directed: bool = True,
    ) -> None:
        if not isinstance(events, EventSequence):
            raise TypeError(
                f"events is an EventSequence, not {type(events).__name__}: EventSequence.from_frame(frame)."
            )
        self.events = events
        self.timing = choose(timing, ["ordinal", "interval"], "timing")
        self.orientation = choose(orientation, list(ORIENTATIONS), "orientation")
        if simultaneous is not None:
            choose(simultaneous, ["order", "together"], "treatment of simultaneous events")
        self.simultaneous = simultaneous
        if risk_set is None:
            risk_set = "present" if {"joined", "left"} & set(events.members.columns) else "all"
        if isinstance(risk_set, str):
            choose(risk_set, list(_RISK_SETS), "risk set")
        if not directed and orientation != "tie":
            raise ValueError("undirected events have neither senders nor receivers: orientation='tie'.")
        self.risk_set = risk_set
        if timing == "interval" and orientation == "receiver":
            raise ValueError("a receiver model explains a choice, not its time: timing='ordinal'.")
        self.effects = list(effects)
        if timing == "interval" and not any(getattr(e, "name", "") == "baseline" for e in self.effects):
            self.effects = [Effect("baseline"), *self.effects]
        self.first = whole(first, "first")
        self.controls = None if controls is None else whole(controls, "controls")
        self.cases = None if cases is None else whole(cases, "cases")
        self.design = event_design(
            events,
            self.effects,
            timing=timing,
            orientation=orientation,
            risk_set=risk_set,
            simultaneous=simultaneous,
            first=self.first,
            directed=directed,
        )
        if timing == "interval" and not 0 < self._observed() < math.inf:
            raise ValueError(
                f"an interval model explains how long events take, and {self._observed():g} units of time pass from "
                f"{events.origin} to {events.end}. Correct origin, end or the times, or use timing='ordinal'."
            )
        if self.controls is not None and self.design.terms.standard.any():
            raise ValueError(
                "scaling='std' is over all who are at risk; a sample does not have them: leave controls out."
            )

    def __repr__(self) -> str:
        d = self.design
        return (
            f"REM: {plural(d.n_events, 'event')} among {plural(d.n, 'member')}, {plural(len(d.names), 'effect')}, "
            f"{self.orientation} model, {self.timing} likelihood"
        )

    def statistics(self, event: int) -> pd.DataFrame:
        """What the model saw just before an event: a row for each candidate, a column for each statistic.

        Parameters
        ----------
        event : int
            Place of the event, 0 for the first one that the model can explain.

        Returns
        -------
        DataFrame of float
            Indexed by sender and receiver (in sender models: by sender).
        """
        d = self.design
        if not is_whole(event, d.prepare) or event >= len(d.sender):
            last = len(d.sender) - 1
            raise ValueError(f"event {event!r} is not explained; the model explains {d.prepare} to {last}.")
        step = int(np.searchsorted(d.steps.event[1:], event, side="right"))
        history, state, who = d.history(), d.state(), ORIENTATIONS.index(self.orientation)
        event_timeline.apply_changes(history, state, d.changes, 0, d.steps.change[step + 1])
        event_history.advance(history, d.steps.memory_time[step])
        i, j = np.empty(d.n * d.n, np.int64), np.empty(d.n * d.n, np.int64)
        count = kernel.candidates(who, d.n, state, d.sender[event], i, j)
        raw, design = np.empty((len(d.terms.code), count)), np.empty((len(d.names), count))
        kernel.columns(d.terms, history, state, d.steps.time[step], i, j, count, raw, design)
        members = self.events.members.index
        names = {"sender": members[i[:count]], "receiver": members[j[:count]]}
        if self.orientation == "sender":
            return pd.DataFrame(design.T, columns=d.names, index=pd.Index(names["sender"], name="sender"))
        return pd.DataFrame(
            design.T, columns=d.names, index=pd.MultiIndex.from_arrays(list(names.values()), names=names)
        )

    def fit(self, ridge: float = 0.0, start: Any = None, seed: int | None = 0) -> REMResults:
        """Maximise the likelihood.

        Parameters
        ----------
        ridge : float
            Weight of a penalty ``ridge / 2 * b ** 2`` on every coefficient but the baseline; it keeps estimates finite
            where events are separated.
        start : sequence of float, optional
            Where to begin; 0 by default.
        seed : int
            Of the sample, where `controls` or `cases` ask for one.

        Returns
        -------
        REMResults

        Raises
        ------
        ValueError
            If a statistic never varies among those at risk, or is a combination of others.

        Warns
        -----
        ConvergenceWarning
            If the search did not settle, as when events are separated.
        """
        if not (is_number(ridge) and ridge >= 0):
            raise ValueError(f"ridge is {ridge!r}; give 0 or a positive number.")
        names = self.design.names
        theta = np.zeros(len(names)) if start is None else np.asarray(start, dtype=float)
        if theta.shape != (len(names),) or not np.isfinite(theta).all():
            raise ValueError(
                f"start holds {plural(int(np.isfinite(theta).sum()), 'number')}; the model has "
                f"{plural(len(names), 'parameter')}."
            )
        if start is None and "baseline" in names:
            theta[names.index("baseline")] = self._mean_rate()
        if (self.controls or self.cases) and (seed is None or isinstance(seed, np.random.Generator)):
            seed = int(seed_sequence(seed).generate_state(1)[0])  # robust() draws the same sample again
        stages = self._drawn(seed)
        passing = self._sums if stages is None else stages.sums

        def evaluate(at: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
            found = passing(at)
            return float(found.llf[0]), found.gradient, found.information

        begun = passing(theta)
        if not all(np.isfinite(part).all() for part in (begun.llf, begun.gradient, begun.information)):
            raise ValueError(
                "the likelihood cannot be computed at start: "
                + ("a statistic is infinite or no number." if start is None else "begin nearer to 0.")
            )
        self._check_varying(begun)
        penalty = np.array([0.0 if name == "baseline" else ridge for name in names])
        optimum = newton(evaluate, theta, penalty, begun=(float(begun.llf[0]), begun.gradient, begun.information))
        runaway = self._runaway(optimum, penalty, begun.high - begun.low)
        caveats = [*self.design.caveats, *([] if stages is None else self._rare(stages))]
        if ridge > 0:
            caveats.append(
                f"ridge={ridge:g} draws the estimates towards 0: z and p do not test the model without the penalty, "
                "and AIC and BIC count every parameter in full."
            )
        if runaway:
            caveats.append(
                f"{listing(runaway)}: the estimate has no finite maximum, because events never contradict it "
                "(separation). Leave the effect out, or fit with ridge=1."
            )
        elif optimum.interrupted:
            caveats.append("interrupted: these are the last iterate, not the maximum.")
        elif not optimum.converged:
            caveats.append("the search did not settle: read the estimates as a place on the way.")
        converged = optimum.converged and not runaway
        if not converged and not optimum.interrupted:
            warnings.warn(caveats[-1], ConvergenceWarning, stacklevel=2)
        return self._results(optimum, penalty, converged, tuple(caveats), stages, seed)

    def _drawn(self, seed: int | None) -> Stages | None:
        """The sample that a fit with this seed reads; None where all candidates count."""
        if self.controls is None and self.cases is None:
            return None
        interval = self.timing == "interval"
        return write_stages(self.design, self.orientation, interval, self.controls, self.cases, seed)

    def _sums(self, theta: np.ndarray, scores: bool = False) -> kernel.Sums:
        """One pass over the events: by spells where few pairs change between events, else by sweeps over all."""
        d, p = self.design, len(theta)
        sums = kernel.Sums(
            llf=np.zeros(1),
            gradient=np.zeros(p),
            information=np.zeros((p, p)),
            scores=np.zeros((len(d.sender) if scores else 0, p)),
            low=np.full(p, np.inf),
            high=np.full(p, -np.inf),
        )
        interval = self.timing == "interval"
        rest = d.changes, d.steps, d.sender, d.receiver
        watch, trace, everywhere = d.watched()
        if self.orientation != "tie" or scores:
            who = ORIENTATIONS.index(self.orientation)
            kernel.walk(theta, who, interval, d.terms, d.history(), d.state(), *rest, sums)
        elif everywhere.any() or d.terms.standard.any():
            looked_at = d.history(watch, trace), d.state(), *rest, sums
            sweeps(*(theta, interval, d.terms, *d.parts(everywhere), *looked_at))
        else:
            spells(theta, interval, d.terms, d.history(watch, trace), d.state(), *rest, sums)
        return sums

    def _mean_rate(self) -> float:
        """Log of the mean rate of a candidate, those present at the beginning counting throughout."""
        d = self.design
        here = max(int(d.present.sum()), 2)
        candidates = (
            here if self.orientation == "sender" else max(int(d.risk.sum()), 1) if len(d.risk) else here * (here - 1)
        )
        return math.log(d.n_events / (candidates * self._observed()))

    def _observed(self) -> float:
        """How long the explained events were waited for."""
        return float(self.design.steps.exposure[self.design.steps.counts].sum())

    def _beside_baseline(self, information: np.ndarray) -> np.ndarray:
        """Information on the statistics once the baseline has taken what it can: where they begin does not matter."""
        names = self.design.names
        if "baseline" not in names:
            return information
        b = names.index("baseline")
        rest = information - np.outer(information[:, b], information[b]) / information[b, b]
        rest[b, b] = information[b, b]
        return rest

    def _check_varying(self, begun: kernel.Sums) -> None:
        """Every statistic tells candidates apart, and none is a combination of others."""
        names = pd.Index(self.design.names)
        information = self._beside_baseline(begun.information)
        size = np.maximum(np.abs(begun.low), np.abs(begun.high))
        still = np.diag(information) <= 1e-12 * size**2 * self.design.n_events
        still |= begun.low == begun.high
        if self.timing == "interval":
            still &= names != "baseline"
        if still.any():
            verb, it, explains = ("differs", "it", "explains") if still.sum() == 1 else ("differ", "them", "explain")
            among, more = "at risk", ""
            if self.timing == "interval":
                among = "at risk while time passes"
            if self.controls is not None:
                among, more = "sampled", ", or draw more controls"
            width = (begun.high - begun.low)[still]
            if ((width > 0) & (width < 1e-3 * size[still])).any():
                more += ", or subtract the mean: differences below a millionth of the values are lost in rounding"
            raise ValueError(
                f"{listing(names[still])} never {verb} among those {among}, so {it.replace('them', 'they')} {explains} "
                f"nothing here. Leave {it} out{more}."
            )
        unit = 1 / np.sqrt(np.diag(information))
        values, vectors = np.linalg.eigh(information * np.outer(unit, unit))
        if values[0] < 1e-10:
            part = names[np.abs(vectors[:, 0]) > 1e-4]
            raise ValueError(f"{listing(part, 8)} are combinations of each other. Leave one of them out.")

    def _runaway(self, optimum: Optimum, penalty: np.ndarray, width: np.ndarray) -> list[str]:
        """Statistics along which the likelihood is flat to infinity: by their whole range, odds are anybody's guess."""
        information = self._beside_baseline(optimum.information) + np.diag(penalty)
        width = np.where(width > 0, width, 1.0)
        values, vectors = np.linalg.eigh(information / np.outer(width, width))
        flat = vectors[:, values < RUNAWAY**-2]
        large = np.abs(flat).max(axis=1, initial=0.0) > 0.3
        names = [name for name, one in zip(self.design.names, large, strict=True) if one]
        return [name for name in names if name != "baseline"] or names

    def _rare(self, stages: Stages) -> list[str]:
        """A sentence for each statistic that almost no control tells apart."""
        if not stages.rows.missing.any():
            return []
        controls = len(stages.rows.x) - int((stages.rows.seen >= 0).sum())
        sentences = []
        for name, many in zip(self.design.names, stages.apart(ENOUGH).tolist(), strict=True):
            if many < ENOUGH and name != "baseline":
                more = math.ceil((self.controls or 1) * ENOUGH / max(many, 1))
                differ = "differs" if many == 1 else "differ"
                sentences.append(
                    f"{name}: only {plural(many, 'sampled control')} of {controls:,} {differ} from the others, so that "
                    f"the estimate leans on few and is too large in size. Draw some {more:,} controls an event, or fit "
                    "without controls."
                )
        return sentences

    def _results(
        self,
        optimum: Optimum,
        penalty: np.ndarray,
        converged: bool,
        caveats: tuple[str, ...],
        stages: Stages | None,
        seed: int | None,
    ) -> REMResults:
        names = pd.Index(self.design.names)
        information = optimum.information + np.diag(penalty)
        try:
            inverse = np.linalg.inv(information)
        except np.linalg.LinAlgError:
            inverse = np.full_like(information, np.nan)
        covariance = inverse
        sampling = None
        if stages is not None:
            drawn = inverse @ stages.sampling_scores(optimum.theta) @ inverse
            if self.controls == 1 and (stages.rows.missing > 0).any():
                drawn = np.full_like(drawn, np.nan)
                without = ", so that there are no standard errors" if self.timing == "interval" else ""
                caveats += (f"one control does not show what another draw would bring{without}. Draw two or more.",)
            sampling = pd.DataFrame(drawn, index=names, columns=names)
            if self.timing == "interval":
                covariance = covariance + drawn
        return REMResults(
            params=pd.Series(optimum.theta, index=names, name="estimate"),
            covariance=pd.DataFrame(covariance, index=names, columns=names),
            nobs=self.design.n_events if stages is None else int((stages.rows.event >= 0).sum()),
            claim="adjusted association",
            caveats=caveats,
            llf=optimum.llf,
            converged=converged,
            iterations=optimum.iterations,
            model=self,
            sampling=sampling,
            seed=seed,
            inverse=pd.DataFrame(inverse, index=names, columns=names),
        )


@dataclass(frozen=True, eq=False)
class REMResults(Estimates, Checks, Draws):
    """A fitted relational event model.

    Attributes
    ----------
    llf : float
        Log-likelihood.
    converged : bool
    iterations : int
        Newton steps.
    model : REM
    sampling : DataFrame or None
        The part of the covariance that is owed to the draw of `controls`: what it adds in interval timing; in ordinal
        timing it is contained in the errors of the sampled likelihood.
    seed : int or None
        Of the sample.
    inverse : DataFrame
        Inverse of minus the second derivatives of the (penalised) log-likelihood: the covariance that the model claims.
    errors : str
        Where standard errors are from, if not from the model.
    """

    llf: float
    converged: bool
    iterations: int
    model: REM
    sampling: pd.DataFrame | None
    seed: int | None
    inverse: pd.DataFrame
    errors: str = ""

    @property
    def explains(self) -> str:
        """What the likelihood is of; only models that explain the same compare by AIC and BIC."""
        m = self.model
        drawn = ""
        if self.sampling is not None:
            drawn = f", {m.controls or 'all'} controls, {m.cases or 'all'} cases, seed {self.seed}"
        pair = "undirected pair" if m.mutual else {"tie": "pair"}.get(m.orientation, m.orientation)
        return f"which {pair} is next{' and when' if m.timing == 'interval' else ''}{drawn}"

    @property
    def aic(self) -> float:
        """Akaike's criterion: -2 llf + 2 k."""
        return -2 * self.llf + 2 * len(self.params)

    @property
    def bic(self) -> float:
        """Bayesian criterion: -2 llf + k log(events)."""
        return -2 * self.llf + len(self.params) * math.log(self.nobs)

    def robust(self, cluster: str | None = None) -> REMResults:
        """The same estimates with sandwich errors.

        Parameters
        ----------
        cluster : {"sender", "receiver"}, optional
            Sum the scores of events of the same sender, or receiver, so that they need not be independent; a broadcast
            has no receiver and stands alone.

        Raises
        ------
        ValueError
            If all events have one sender, or receiver.
        """
        from dataclasses import replace

        design, theta = self.model.design, self.params.to_numpy()
        stages = self.model._drawn(self.seed)
        if stages is None:
            scores = self.model._sums(theta, scores=True).scores
        else:
            scores = event_scores([stages], design, theta)[0]
        scores, caveats = scores[design.prepare :], self.caveats
        if cluster is not None:
            choose(cluster, ["sender", "receiver"], "cluster")
            member = getattr(design, cluster)[design.prepare :]
            groups = [scores[member == m].sum(axis=0) for m in np.unique(member[member >= 0])]
            scores = np.array([*groups, *scores[member < 0]])
            if len(scores) < 2:
                raise ValueError(f"all events have one {cluster}: what differs between clusters cannot be seen.")
            if len(scores) < CLUSTERS:
                caveats += (f"errors stand on {plural(len(scores), cluster)}: with so few, they tend to be too small.",)
        bread = self.inverse.to_numpy()
        factor = len(scores) / (len(scores) - 1)
        meat = bread @ (scores.T @ scores) @ bread * factor
        covariance = pd.DataFrame(meat, index=self.params.index, columns=self.params.index)
        errors = "sandwich" if cluster is None else f"sandwich, scores summed by {cluster}"
        return replace(self, covariance=covariance, caveats=caveats, errors=errors)

    def summary(self) -> str:
        """Plain text: estimates, the fit, the claim and the caveats."""
        m = self.model
        d = m.design
        risk_set = m.risk_set if isinstance(m.risk_set, str) else "given"
        table = self.table()
        sample = []
        if self.sampling is not None:
            table.insert(2, "of sampling", np.sqrt(np.maximum(np.diag(self.sampling), 0.0)))
            drawn = "all candidates" if m.controls is None else plural(m.controls, "control")
            sample = [
                f"sampled: {plural(self.nobs, 'event')} of {d.n_events:,}, each with {drawn}, seed {self.seed}; 'of "
                "sampling' is the standard error that another draw of controls would bring."
            ]
        lines = [
            f"Relational event model    {plural(d.n_events, 'event')}, {plural(d.n, 'member')}    "
            f"{m.orientation} model, {m.timing} likelihood, risk set {risk_set}",
            table.to_string(float_format=lambda v: f"{v:.3f}"),
            f"log-likelihood {self.llf:.3f}, AIC {self.aic:.2f}, BIC {self.bic:.2f}; "
            f"{'converged' if self.converged else 'NOT converged'} after {plural(self.iterations, 'step')}",
            *([f"standard errors: {self.errors}"] if self.errors else []),
            *sample,
            f"claim: {self.claim}",
        ]
        return "\n".join([*lines, *(f"caveat: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        shown = ", ".join(f"{name} {value:.3f}" for name, value in self.params.items())
        return f"REMResults: {plural(self.nobs, 'event')}, log-likelihood {self.llf:.3f}\n  {shown}"

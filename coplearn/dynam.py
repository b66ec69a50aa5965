r"""Dynamic network actor models: a member decides to act, and then chooses towards whom.

The model splits an event i -> j at time t into two decisions, each with its own effects (Stadtfeld & Block 2017). The
**rate** says who acts: members compete with :math:`\tau_i(t) = \exp \theta' r_i(t)`, in ordinal timing, or in interval
timing where the rate has a baseline. The **choice** says towards whom: :math:`p_i(j) = \exp \beta' s_{ij} / \sum_h \exp
\beta' s_{ih}`, given the sender. Their likelihoods multiply, so they are maximised one after the other. Undirected
events need two choices that meet (**coordination**; Stadtfeld, Hollway & Block 2017): :math:`P(\{i, j\}) \propto
p_i(j)\, p_j(i)`.

References
----------
Stadtfeld & Block (2017), Sociological Science 4, 318-352, doi:10.15195/v4.a14.
Stadtfeld, Hollway & Block (2017), Sociological Methodology 47(1), 1-40, doi:10.1177/0081175017709295.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.linalg import block_diag

from coplearn._checks import plural
from coplearn.effects.spec import Effect
from coplearn.event_derived import Derived
from coplearn.event_design import EventDesign
from coplearn.event_simulation import Draws
from coplearn.events import EventSequence
from coplearn.kernels import event_timeline
from coplearn.kernels.event_coordination import coordination
from coplearn.kernels.event_likelihood import Sums
from coplearn.rem import REM, REMResults
from coplearn.results import Estimates

__all__ = ["DyNAM", "DyNAMResults"]


class DyNAM:
    """A dynamic network actor model.

    Parameters
    ----------
    events : EventSequence
    rate : list of Effect, optional
        What makes members act; with ``fx.baseline()`` (goldfish: Intercept) the waiting times are explained, too, and
        every change of a network or covariate in the model ends a stretch of time.
    choice : list of Effect, optional
        What makes them choose somebody.
    coordination : list of Effect, optional
        Instead of `choice`, for undirected events: what makes two members choose each other. The events may be written
        in either direction, and count in both.
    risk_set, simultaneous, first
        As for :class:`coplearn.rem.REM`.

    Raises
    ------
    ValueError
        If there is nothing to explain, or as :class:`coplearn.rem.REM`.

    Examples
    --------
    >>> from coplearn import effects as fx
    >>> talk = pd.DataFrame({"time": [1.0, 2, 3, 5, 6, 8], "sender": list("abacba"), "receiver": list("babacc")})
    >>> model = DyNAM(cl.EventSequence.from_frame(talk), rate=[fx.indegree_sender()], choice=[fx.reciprocity()])
    >>> list(model.fit().params.index)
    ['rate: indegree sender', 'choice: reciprocity']
    """

    def __init__(
        self,
        events: EventSequence,
        rate: Sequence[Effect] | None = None,
        choice: Sequence[Effect] | None = None,
        coordination: Sequence[Effect] | None = None,
        risk_set: Any = None,
        *,
        simultaneous: str | None = None,
        first: int = 1,
    ) -> None:
        given = {"rate": rate, "choice": choice, "coordination": coordination}
        found = {name: list(effects) for name, effects in given.items() if effects}
        if not found:
            raise ValueError(
                "a model needs effects: DyNAM(events, rate=[fx.outdegree_sender()], choice=[fx.inertia()])."
            )
        if "coordination" in found and len(found) > 1:
            raise ValueError(
                "coordination explains undirected events, rate and choice directed ones: give one or the other."
            )
        self.events = events
        settings: dict[str, Any] = {"risk_set": risk_set, "simultaneous": simultaneous, "first": first}
        self.parts: dict[str, REM] = {}
        for name, effects in found.items():
            timed = name == "rate" and any(isinstance(e, Effect) and e.name == "baseline" for e in effects)
            timing = "interval" if timed else "ordinal"
            if name == "coordination":
                self.parts[name] = Coordination(events, effects, timing, **settings)
            else:
                orientation = "sender" if name == "rate" else "receiver"
                self.parts[name] = REM(events, effects, timing, orientation=orientation, **settings)

    def __repr__(self) -> str:
        design = next(iter(self.parts.values())).design
        counted = ", ".join(f"{name} {plural(len(p.design.names), 'effect')}" for name, p in self.parts.items())
        return f"DyNAM: {plural(design.n_events, 'event')} among {plural(design.n, 'member')}; {counted}"

    def fit(self, ridge: float = 0.0) -> DyNAMResults:
        """Maximise the likelihood of each part; see :meth:`coplearn.rem.REM.fit`."""
        return _together(self, {name: part.fit(ridge=ridge) for name, part in self.parts.items()})


@dataclass(frozen=True, eq=False)
class DyNAMResults(Estimates, Draws):
    """A fitted actor model: the parameters of its parts, one after the other.

    Attributes
    ----------
    parts : dict of str to REMResults
        Rate and choice, or coordination, each with its own log-likelihood and checks.
    model : DyNAM
    """

    parts: Mapping[str, REMResults]
    model: DyNAM

    def _parts(self) -> list[REMResults]:
        return list(self.parts.values())

    @property
    def llf(self) -> float:
        """Log-likelihood, the sum of that of the parts."""
        return sum(res.llf for res in self.parts.values())

    @property
    def explains(self) -> str:
        """What the likelihood is of; see :class:`coplearn.rem.REMResults`."""
        first = next(iter(self.parts.values()))
        return first.explains if len(self.parts) == 1 else first.explains.replace("sender", "pair")

    @property
    def converged(self) -> bool:
        return all(res.converged for res in self.parts.values())

    @property
    def aic(self) -> float:
        """Akaike's criterion: -2 llf + 2 k."""
        return -2 * self.llf + 2 * len(self.params)

    @property
    def bic(self) -> float:
        """Bayesian criterion: -2 llf + k log(events)."""
        return -2 * self.llf + len(self.params) * math.log(self.nobs)

    def robust(self, cluster: str | None = None) -> DyNAMResults:
        """The same estimates with sandwich errors, part by part; see :meth:`coplearn.rem.REMResults.robust`.

        Between parameters of different parts covariances stay 0, as they are where the model is right.

        Raises
        ------
        ValueError
            For coordination, whose scores are not kept event by event; and if all events have one sender, or receiver.
        """
        return _together(self.model, {name: res.robust(cluster) for name, res in self.parts.items()})

    def summary(self) -> str:
        """Plain text: the parts one below the other, and the fit of the whole."""
        blocks = [f"{name}\n{res.summary()}" for name, res in self.parts.items()]
        whole = f"together: log-likelihood {self.llf:.3f}, AIC {self.aic:.2f}, BIC {self.bic:.2f}"
        return "\n\n".join([*blocks, whole] if len(blocks) > 1 else blocks)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name} {value:.3f}" for name, value in self.params.items())
        return f"DyNAMResults: {plural(self.nobs, 'event')}, log-likelihood {self.llf:.3f}\n  {shown}"


def _together(model: DyNAM, fitted: Mapping[str, REMResults]) -> DyNAMResults:
    """The fits of the parts as one; their estimates do not depend on each other."""
    alone = len(fitted) == 1
    names = [n if alone else f"{part}: {n}" for part, res in fitted.items() for n in res.params.index]
    covariance = block_diag(*(res.covariance.to_numpy() for res in fitted.values()))
    caveats = [c if alone else f"{part}: {c}" for part, res in fitted.items() for c in res.caveats]
    return DyNAMResults(
        params=pd.Series(np.concatenate([r.params for r in fitted.values()]), index=names, name="estimate"),
        covariance=pd.DataFrame(covariance, index=names, columns=names),
        nobs=next(iter(fitted.values())).nobs,
        claim="adjusted association",
        caveats=tuple(caveats),
        parts=fitted,
        model=model,
    )


class Coordination(REM):
    """The two-sided choice behind undirected events."""

    mutual = True

    def __init__(self, events: EventSequence, effects: Sequence[Effect], timing: str, **settings: Any) -> None:
        super().__init__(events, effects, timing, **settings)
        for memory in self.design.memories:
            if isinstance(memory, Derived) and memory.of_events:
                raise ValueError(f"{memory.kind} of undirected events is not available; read another network with it.")
        self.design = _undirected(self.design)

    def _sums(self, theta: np.ndarray, scores: bool = False) -> Sums:
        if scores:
            raise ValueError("scores of single events are not kept by models of coordination.")
        d = self.design
        llf, gradient, information = coordination(
            theta, d.terms, d.history(), d.state(), d.changes, d.steps, d.sender, d.receiver
        )
        # the ranges of the statistics are those of a model of pairs
        return super()._sums(theta)._replace(llf=np.array([llf]), gradient=gradient, information=information)


def _undirected(design: EventDesign) -> EventDesign:
    """Let every event count in both directions."""
    old = design.changes
    both = np.isin(old.kind, (event_timeline.EVENT, event_timeline.ADD))
    times = 1 + both
    mirrored = np.repeat(both, times) & (np.arange(times.sum()) == np.repeat(np.cumsum(times), times) - 1)
    fields = {name: np.repeat(getattr(old, name), times) for name in old._fields}
    i, j = fields["i"].copy(), fields["j"].copy()
    i[mirrored], j[mirrored] = fields["j"][mirrored], fields["i"][mirrored]
    place = np.concatenate([[0], np.cumsum(times)])
    return replace(
        design,
        changes=event_timeline.Changes(**{**fields, "i": i, "j": j}),
        steps=design.steps._replace(change=place[design.steps.change]),
    )

r"""Does an event model hold, event by event and over time?

**Recall**: where does the candidate that acted stand among all, ordered by their predicted rates? **Residuals**: the
score of each event, what was observed minus what was expected, :math:`x_{obs} - \sum_d p_d x_d`. **Moving windows**:
the model fitted again to stretches of consecutive events, each with the whole history behind it. **Changepoints**:
cumulated scores, which under constant parameters wander like a Brownian bridge (Zeileis & Hornik 2007); where one
strays too far, its effect changed, most likely at its farthest point. The score of an effect is taken beside those of
the others (:math:`I^{-1} u_e`, with I the information and :math:`u_e` the scores of event e), so that a change of one
effect does not show in another that goes along with it.

References
----------
Zeileis & Hornik (2007), Statistica Neerlandica 61(4), 488-508, doi:10.1111/j.1467-9574.2007.00371.x.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coplearn import plots
from coplearn._checks import plural, whole
from coplearn.event_stages import Stages, blocks, event_scores, write_stages
from coplearn.newton import newton

__all__ = ["Changepoints", "Checks", "MovingFit", "Recall", "changepoints", "moving_fit", "recall", "residuals"]

NUMBERS = 4e7  # above which moving windows sample controls
CONTROLS = 100
BOUND = 1.358  # Brownian bridge: exceeded in absolute value with probability .05


# --- event by event ---------------------------------------------------------------------------------------


def _stages(res: Any, controls: int | None, seed: int | None) -> Any:
    model = _one_sided(res)
    return blocks(model.design, model.orientation, model.timing == "interval", controls, None, seed)


def _one_sided(res: Any) -> Any:
    """The model, where each event has one chooser."""
    if res.model.mutual:
        raise ValueError("coordination has two choosers an event: ranks, residuals and windows are not there for it.")
    return res.model


def _events(res: Any, event: np.ndarray) -> pd.DataFrame:
    """Time, sender and receiver of events by their place in the design."""
    rows = res.model.design.rows[event]
    return res.model.events.frame.iloc[rows][["time", "sender", "receiver"]].reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class Recall:
    """Where observed candidates stand in the order of predicted rates.

    Attributes
    ----------
    events : DataFrame
        A row an event: time, sender, receiver, rank (1 = highest rate; ties get their mean), candidates, probability.
    """

    events: pd.DataFrame

    def at(self, k: int) -> float:
        """Share of events whose candidate is among the k with the highest rates."""
        return float((self.events["rank"] <= whole(k, "k")).mean())

    def table(self, ks: Sequence[int] = (1, 5, 10, 20, 50)) -> pd.DataFrame:
        """Recall at several k, and what drawing candidates at random would reach."""
        chance = [float(np.minimum(1.0, k / self.events["candidates"]).mean()) for k in ks]
        return pd.DataFrame({"recall": [self.at(k) for k in ks], "chance": chance}, index=pd.Index(ks, name="k"))

    def plot(self, ax: Any = None) -> Any:
        """Share of events within the top share of candidates, against the diagonal of chance."""
        ax = plots.axes(ax, (4.5, 4.0))
        share = np.sort(((self.events["rank"] - 0.5) / self.events["candidates"]).to_numpy())
        ax.plot(share, np.arange(1, len(share) + 1) / len(share), color="black")
        ax.plot([0, 1], [0, 1], color=plots.GREY, linewidth=0.8)
        ax.set(xlabel="top share of candidates", ylabel="share of events", xlim=(0, 1), ylim=(0, 1))
        return ax

    def __repr__(self) -> str:
        return f"Recall: {plural(len(self.events), 'event')}, {self.at(1):.1%} first, {self.at(10):.1%} within ten"


def recall(res: Any, controls: int | None = None, seed: int | None = 0) -> Recall:
    """Rank the observed candidate of every event among all candidates, or among sampled `controls`."""
    theta, found = res.params.to_numpy(), []
    for stages in _stages(res, controls, seed):
        _, _, rank, share = stages.contributions(theta)
        happened = stages.rows.seen >= 0
        table = _events(res, stages.rows.event[happened])
        candidates = np.diff(stages.rows.first)[happened]
        found.append(table.assign(rank=rank[happened], candidates=candidates, probability=share[happened]))
    return Recall(pd.concat(found, ignore_index=True))


def residuals(res: Any) -> pd.DataFrame:
    """Score residuals: a row an event, with its surprise.

    Returns
    -------
    DataFrame
        time, sender, receiver; ``surprise``, minus the log-likelihood of the event (and of the wait before it); and a
        column an effect: the statistic of the observed candidate minus its expectation. The columns of effects add
        up to 0 at the maximum.
    """
    place = np.arange(res.model.design.prepare, len(res.model.design.sender))
    scores, llf = event_scores(_stages(res, None, 0), res.model.design, res.params.to_numpy())
    table = _events(res, place).assign(surprise=-llf[place])
    return table.join(pd.DataFrame(scores[place], columns=res.params.index))


# --- over time --------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class MovingFit:
    """A model fitted to consecutive stretches of events.

    Attributes
    ----------
    estimates : DataFrame
        A row a window and effect: window, effect, first and last (event numbers from 1), opens and closes (their
        times), estimate, s.e., low and high (95 %).
    controls : int or None
        Controls that were sampled where all candidates would have been too many.
    """

    estimates: pd.DataFrame
    controls: int | None

    def table(self) -> pd.DataFrame:
        """Estimates, a row a window and a column an effect."""
        return self.estimates.pivot(index=["window", "opens", "closes"], columns="effect", values="estimate")

    def plot(self, axes: Any = None) -> Any:
        """The estimate of each effect over time with its 95 % interval, one panel an effect."""
        import matplotlib.pyplot as plt

        names = list(dict.fromkeys(self.estimates["effect"]))
        if axes is None:
            _, axes = plt.subplots(
                len(names), 1, figsize=(6.5, 1.6 * len(names)), sharex=True, squeeze=False, layout="constrained"
            )
            axes = axes.ravel()
        for ax, name in zip(axes, names, strict=True):
            rows = self.estimates[self.estimates["effect"] == name]
            ax.axhline(0, color=plots.GREY, linewidth=0.8)
            ax.fill_between(rows["closes"], rows["low"], rows["high"], color=plots.GREY, alpha=0.35, linewidth=0)
            ax.plot(rows["closes"], rows["estimate"], color="black")
            ax.set_title(name, fontsize="medium", loc="left")
        axes[-1].set_xlabel("end of window")
        return axes

    def __repr__(self) -> str:
        return f"MovingFit: {plural(self.estimates['window'].nunique(), 'window')}"


def moving_fit(
    res: Any, events: int, step: int | None = None, controls: int | None = None, seed: int | None = 0
) -> MovingFit:
    """Fit the model to windows of consecutive events.

    Parameters
    ----------
    events : int
        Events in a window.
    step : int, optional
        Events between the beginnings of successive windows; by default half a window.
    controls : int, optional
        Sampled controls; by default all candidates, or 100 where they are very many.

    Notes
    -----
    A window in which an effect cannot be estimated (its statistic does not vary, or separates) has NaN.
    """
    model, p = _one_sided(res), len(res.params)
    design = model.design
    whole(events, "events", least=p + 1)
    step = whole(max(events // 2, 1) if step is None else step, "step")
    each = {"tie": design.n * (design.n - 1)}.get(model.orientation, design.n)
    if controls is None and design.n_events * each * p > NUMBERS:
        controls = min(CONTROLS, each - 1)
    interval = model.timing == "interval"
    stages = write_stages(design, model.orientation, interval, controls, None, seed)
    begins = np.flatnonzero(stages.rows.event >= 0)  # the stage of each event
    rows = []
    for window, start in enumerate(range(0, max(len(begins) - events, 0) + 1, step)):
        last = min(start + events, len(begins)) - 1
        part = stages.part(begins[start - 1] + 1 if start else 0, begins[last] + 1)
        estimate, errors = _fit(part, res.params.to_numpy())
        named = _events(res, stages.rows.event[begins[[start, last]]])["time"]
        for k, name in enumerate(res.params.index):
            half = 1.959964 * errors[k]
            place = (window, name, start + 1, last + 1, named.iloc[0], named.iloc[1])
            rows.append((*place, estimate[k], errors[k], estimate[k] - half, estimate[k] + half))
    columns = ["window", "effect", "first", "last", "opens", "closes", "estimate", "s.e.", "low", "high"]
    return MovingFit(pd.DataFrame(rows, columns=columns), controls)


def _fit(stages: Stages, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Estimates and standard errors from stages; NaN where they have no maximum."""
    optimum = newton(stages.evaluate, theta)
    try:
        inverse = np.linalg.inv(optimum.information)
    except np.linalg.LinAlgError:
        inverse = np.full_like(optimum.information, np.nan)
    if stages.interval:
        inverse = inverse + inverse @ stages.sampling_scores(optimum.theta) @ inverse
    variance = np.diag(inverse)
    width = np.ptp(stages.rows.x, axis=0)  # a standard error says something beside the range of its statistic
    good = optimum.converged & (variance > 0) & (variance * np.where(width > 0, width, 1.0) ** 2 < 1e6)
    return np.where(good, optimum.theta, np.nan), np.sqrt(np.where(good, variance, np.nan))


@dataclass(frozen=True, eq=False)
class Changepoints:
    """Cumulated scores of each effect.

    Attributes
    ----------
    process : DataFrame
        A row an event, a column an effect: cumulated scores, beside those of the other effects, in units of their
        standard deviation.
    events : DataFrame
        time, sender and receiver of the same events.
    """

    process: pd.DataFrame
    events: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """A row an effect: farthest distance, p (and times the number of effects), and the event and time of it."""
        from scipy.stats import kstwobign

        far = self.process.abs()
        at = far.to_numpy().argmax(axis=0)
        p = kstwobign.sf(far.max().to_numpy())
        return pd.DataFrame(
            {
                "distance": far.max(),
                "p": p,
                "p_adjusted": np.minimum(1.0, p * len(p)),
                "event": at + 1,
                "time": self.events["time"].iloc[at].to_numpy(),
            }
        )

    def plot(self, ax: Any = None) -> Any:
        """The processes with the distance that chance exceeds once in twenty times."""
        ax = plots.axes(ax, (6.5, 3.5))
        far = self.process.abs().max()
        for name in self.process.columns:
            strays = far[name] > BOUND
            ax.plot(self.events["time"], self.process[name], color="black" if strays else plots.GREY, linewidth=1.2)
            if strays:
                at = int(self.process[name].abs().to_numpy().argmax())
                ax.annotate(name, (self.events["time"].iloc[at], self.process[name].iloc[at]), fontsize="small")
        for bound in (-BOUND, BOUND):
            ax.axhline(bound, color=plots.GREY, linestyle="--", linewidth=0.8)
        ax.set(xlabel="time", ylabel="cumulated score")
        return ax

    def __repr__(self) -> str:
        strays = self.table()
        strays = strays[strays["p_adjusted"] < 0.05]
        said = ", ".join(f"{name} at event {row['event']:,}" for name, row in strays.iterrows())
        return f"Changepoints: {said or 'no effect changed beyond chance'}"


def changepoints(res: Any) -> Changepoints:
    """Cumulate the scores of each effect over the events; see :class:`Changepoints`.

    Raises
    ------
    ValueError
        For estimates that did not converge, and penalised or sampled ones, whose scores do not add up to 0.
    """
    table = residuals(res)
    scores = table[list(res.params.index)].to_numpy()
    total, spread = scores.sum(axis=0), np.sqrt((scores**2).sum(axis=0))
    if not res.converged or (np.abs(total) > 0.02 * spread).any():
        raise ValueError(
            "the scores do not add up to 0: changepoints need unpenalised estimates that converged, of a fit without "
            "controls and cases."
        )
    scores = scores @ res.inverse.to_numpy()
    process = pd.DataFrame(np.cumsum(scores, axis=0) / np.sqrt((scores**2).sum(axis=0)), columns=res.params.index)
    return Changepoints(process, table[["time", "sender", "receiver"]])


class Checks:
    """What a fitted event model, as `res` above, can be asked about itself."""

    def recall(self, controls: int | None = None, seed: int | None = 0) -> Recall:
        """See :func:`recall`."""
        return recall(self, controls, seed)

    def residuals(self) -> pd.DataFrame:
        """See :func:`residuals`."""
        return residuals(self)

    def moving_fit(
        self, events: int, step: int | None = None, controls: int | None = None, seed: int | None = 0
    ) -> MovingFit:
        """See :func:`moving_fit`."""
        return moving_fit(self, events, step, controls, seed)

    def changepoints(self) -> Changepoints:
        """See :func:`changepoints`."""
        return changepoints(self)

r"""Histories drawn from fitted event models, and what can be learned from them.

Simulated histories have the members, joiners and leavers, second networks and changing covariates of the observed one.
In interval timing they fill the same time, with as many events as happen; in ordinal timing they have as many events as
the observed history, at the same moments. A model that holds produces histories that resemble the observed one also in
what it does not contain (:func:`goodness_of_fit`; Hunter, Goodreau & Handcock 2008, doi:10.1198/016214507000000446).

A statistic that was written in Python is updated after every simulated event, which counts 1; events of one kind, and
weights, are not drawn, and models of them cannot be simulated.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from coplearn import plots
from coplearn._checks import choose, seed_sequence, whole, workers
from coplearn.effects.user_event import EventEffect
from coplearn.event_derived import Derived
from coplearn.event_design import ORIENTATIONS
from coplearn.event_timeline import DAY, Memory
from coplearn.events import EventSequence
from coplearn.kernels import event_simulation as kernel
from coplearn.kernels.event_timeline import COVARIATE, PRESENT, RISK, SET, Changes, apply_changes
from coplearn.results import pooled_distance

__all__ = ["STATISTICS", "Draws", "EventFit", "goodness_of_fit", "next_event", "simulate"]


def _part(res: Any) -> kernel.Part:
    """A fitted model, ready to be drawn from once."""
    design = res.model.design
    low, high, of_events = [], [], []
    for memory in design.memories:
        if isinstance(memory, Derived) and memory.of_events:
            raise ValueError(
                f"{memory.kind} of the events themselves is not kept up with simulated ones: leave it out to simulate."
            )
        given = isinstance(memory, Memory)
        if given and (memory.of is not None or memory.weight is not None):
            raise ValueError(
                "effects of events of one kind, or with weights, cannot be simulated: the model draws who acts towards "
                "whom, not the kind or the weight. Leave them out, or split the model by kind."
            )
        low.append(memory.low if given else 0.0)
        high.append(memory.high if given and memory.kind != "halflife" else np.inf)
        of_events.append(given)
    written = [k for k, memory in enumerate(design.memories) if isinstance(memory, EventEffect)]
    frame = res.model.events.frame
    if written and "weight" in frame.columns and (frame["weight"].fillna(1.0) != 1.0).any():
        raise ValueError(
            "these events have weights, which statistics written in Python see and the model does not draw: drop the "
            "column 'weight' to simulate."
        )
    outside = np.isin(design.changes.kind, (SET, COVARIATE, PRESENT, RISK))
    outside &= ~((design.changes.kind == SET) & np.isin(design.changes.net, written))
    return kernel.Part(
        theta=res.params.to_numpy().astype(float),
        orientation=ORIENTATIONS.index(res.model.orientation),
        mutual=res.model.mutual,
        terms=design.terms,
        h=design.history(),
        state=design.state(),
        changes=type(design.changes)(*(field[outside] for field in design.changes)),
        of_events=np.array(of_events, dtype=bool),
        low=np.array(low, dtype=float),
        high=np.array(high, dtype=float),
        cursor=np.zeros(1 + 2 * len(low), np.int64),
    )


def _draw(parts: Sequence[Any], seed: np.random.SeedSequence | None, fixed: int, most: int) -> tuple[Any, ...]:
    """One history after `fixed` observed events: parts as they stand at its end, sender, receiver, time."""
    ready = [_part(res) for res in parts]
    model = parts[0].model
    design = model.design
    sender, receiver = np.zeros((2, most), np.int64)
    time = np.zeros(most)
    sender[:fixed], receiver[:fixed] = design.sender[:fixed], design.receiver[:fixed]
    quiet = np.diff(design.steps.event) == 0
    written = [
        _Written(effect, part, k, design.n)
        for res, part in zip(parts, ready, strict=True)
        for k, effect in enumerate(res.model.design.memories)
        if isinstance(effect, EventEffect)
    ]
    rng = np.random.default_rng(seed)
    count, portion = 0, 1 if written else most
    while count < most:
        done = count
        count = kernel.simulate(
            ready[0],
            ready[-1],
            len(ready) == 2,
            model.timing == "interval",
            design.time,
            fixed,
            design.steps.time[quiet],
            design.start,
            design.end,
            design.previous_only,
            rng,
            sender,
            receiver,
            time,
            count,
            min(count + portion, most),
        )
        if not written or count == done:
            break
        for statistic in written:
            statistic.follow(sender[done], receiver[done], time[done])
    return ready, sender[:count], receiver[:count], time[:count]


class _Written:
    """A statistic written in Python, kept up with the events of a simulated history."""

    def __init__(self, effect: EventEffect, part: kernel.Part, k: int, n: int) -> None:
        self.effect, self.part, self.k = effect, part, k
        self.values = np.zeros((n, n))

    def follow(self, i: int, j: int, time: float) -> None:
        """Update the statistic after an event, and the network of the model that holds it."""
        before = self.values.copy()
        for a, b in [(i, j), (j, i)] if self.part.mutual else [(i, j)]:
            self.effect.compiled(self.values, a, b, time, 1.0)
        row, column = np.nonzero(self.values != before)
        kind, net = np.full(len(row), SET), np.full(len(row), self.k)
        changes = Changes(kind, net, row, column, self.values[row, column], np.full(len(row), time))
        apply_changes(self.part.h, self.part.state, changes, 0, len(row))


def simulate(parts: Sequence[Any], n: int = 1, seed: int | None = 0, jobs: int | None = None) -> list[EventSequence]:
    """Draw histories from a model of pairs, or of senders and receivers (two parts).

    Parameters
    ----------
    n : int
        Number of histories.
    seed : int
        Each history has a stream of its own: the same whatever the number of `jobs`.
    jobs : int, optional
        Processes of joblib (whose backend may be a Dask cluster).

    Raises
    ------
    ValueError
        For a model of senders or receivers alone, and effects of kinds or weights of events.
    """
    whole(n, "n")
    model = parts[0].model
    if [res.model.orientation for res in parts] not in (["tie"], ["sender", "receiver"]):
        raise ValueError(
            "a history needs senders and receivers: simulate from a model of pairs, or with rate and choice."
        )
    design = model.design
    observed = len(design.sender)
    most = observed if model.timing == "ordinal" else 10 * observed + 1000
    seeds = seed_sequence(seed).spawn(n)
    drawn = Parallel(n_jobs=workers(jobs, "jobs"))(delayed(_drawn)(parts, s, design.prepare, most) for s in seeds)
    if model.timing == "interval" and max(len(each[0]) for each in drawn) == most:
        warnings.warn(
            f"a simulated history was stopped at {most:,} events: at these estimates the model explodes.", stacklevel=3
        )
    return [_sequence(model.events, *each) for each in drawn]


def _drawn(parts: Sequence[Any], seed: np.random.SeedSequence, fixed: int, most: int) -> tuple[np.ndarray, ...]:
    return _draw(parts, seed, fixed, most)[1:]


def _sequence(events: EventSequence, sender: np.ndarray, receiver: np.ndarray, time: np.ndarray) -> EventSequence:
    """Arrays as a history, with the labels and the clock of the observed one."""
    origin, names = events.origin, events.members.index
    moments = (
        origin + pd.to_timedelta(time * DAY.total_seconds(), unit="s")
        if isinstance(origin, pd.Timestamp)
        else time + origin
    )
    frame = pd.DataFrame({"time": moments, "sender": names[sender], "receiver": names[receiver]})
    return EventSequence(frame, events.members, origin, events.end, events.networks, events.covariates)


def next_event(parts: Sequence[Any], top: int = 10) -> pd.DataFrame:
    """The candidates most likely to have the next event after the observation.

    Returns
    -------
    DataFrame
        sender, receiver, probability, sorted; in interval timing also ``rate``, events per unit of time.

    Raises
    ------
    ValueError
        If nobody is at risk of an event then.
    """
    model = parts[0].model
    design = model.design
    observed = len(design.sender)
    ready, sender, receiver, time = _draw(parts, None, observed, observed)
    end = design.end
    last = time[-1] if design.previous_only else end
    found = []
    for part in ready:
        kernel.catch_up(part, sender, receiver, time, observed, end, True)
    first = _candidates(ready[0], end, last, -1)
    if first.empty:
        raise ValueError(f"nobody is at risk of an event at {model.events.end}, the end of the observation.")
    total = np.exp(first["eta"]).sum()
    first["probability"] = np.exp(first["eta"]) / total
    if len(ready) == 2:
        for i, chance in zip(first["i"], first["probability"], strict=True):
            chosen = _candidates(ready[1], end, last, int(i))
            share = np.exp(chosen["eta"] - chosen["eta"].max())
            found.append(chosen.assign(probability=chance * share / share.sum()))
        first = pd.concat(found, ignore_index=True)
    names = model.events.members.index
    table = pd.DataFrame(
        {"sender": names[first["i"]], "receiver": names[first["j"]], "probability": first["probability"].to_numpy()}
    )
    if model.timing == "interval":
        table["rate"] = table["probability"] * total
    return table.sort_values("probability", ascending=False, kind="stable", ignore_index=True).head(whole(top, "top"))


def _candidates(part: kernel.Part, time: float, memory_time: float, sender: int) -> pd.DataFrame:
    """Candidates of one part and their predictors."""
    most = max(len(part.h.ego), part.h.n)
    i, j, eta = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most)
    raw, design = np.empty((len(part.terms.code), most)), np.empty((len(part.theta), most))
    count = kernel.probabilities(part, time, memory_time, sender, i, j, raw, design, eta)
    return pd.DataFrame({"i": i[:count], "j": j[:count], "eta": eta[:count]})


# --- goodness of fit --------------------------------------------------------------------------------------

_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)


def _degrees(who: np.ndarray, n: int) -> dict[str, float]:
    counts = np.bincount(who, minlength=n)
    return {f"{q:.0%}": float(np.quantile(counts, q)) for q in _QUANTILES}


def _pairs(sender: np.ndarray, receiver: np.ndarray, n: int) -> dict[str, float]:
    ties = np.zeros((n, n), bool)
    ties[sender, receiver] = True
    many = max(int(ties.sum()), 1)
    two_paths = ties.astype(float) @ ties
    np.fill_diagonal(two_paths, 0.0)
    return {
        "pairs per event": many / max(len(sender), 1),
        "reciprocated": float((ties & ties.T).sum() / many),
        "transitive": float(two_paths[ties].sum() / max(two_paths.sum(), 1.0)),
    }


def _shifts(sender: np.ndarray, receiver: np.ndarray, n: int) -> dict[str, float]:
    a, b, i, j = sender[:-1], receiver[:-1], sender[1:], receiver[1:]
    x, y = (i != a) & (i != b), (j != a) & (j != b)
    kinds = {
        "AB-BA": (i == b) & (j == a),
        "AB-BY": (i == b) & y,
        "AB-AB": (i == a) & (j == b),
        "AB-AY": (i == a) & y,
        "AB-XA": x & (j == a),
        "AB-XB": x & (j == b),
    }
    return {kind: float(found.mean()) if len(found) else math.nan for kind, found in kinds.items()}


STATISTICS: dict[str, Callable[[np.ndarray, np.ndarray, int], dict[str, float]]] = {
    "outdegree": lambda sender, receiver, n: _degrees(sender, n),
    "indegree": lambda sender, receiver, n: _degrees(receiver, n),
    "pairs": _pairs,
    "shifts": _shifts,
}


@dataclass(frozen=True, eq=False)
class EventFit:
    """Simulated histories beside the observed one.

    Attributes
    ----------
    simulated : dict of str to DataFrame
        By statistic, a row a history and a column a part: quantiles over members of the events sent or received;
        pairs, reciprocated and transitive ones; participation shifts.
    observed : dict of str to Series
    """

    simulated: dict[str, pd.DataFrame]
    observed: dict[str, pd.Series]

    @property
    def pvalues(self) -> pd.Series:
        """By statistic: share of all histories, the observed one among them, at least as far from their mean as it is.

        Distances are Mahalanobis', over the parts that vary; small values say that the model misses something.
        """
        found = {
            name: pooled_distance(draws.to_numpy(), self.observed[name].to_numpy())[1]
            for name, draws in self.simulated.items()
        }
        return pd.Series(found, name="p")

    def table(self) -> pd.DataFrame:
        """A row a part: observed, mean, low and high (95 % of the simulated histories)."""
        rows = {}
        for name, draws in self.simulated.items():
            low, high = draws.quantile(0.025), draws.quantile(0.975)
            for part in draws.columns:
                rows[name, part] = [self.observed[name][part], draws[part].mean(), low[part], high[part]]
        table = pd.DataFrame.from_dict(rows, orient="index", columns=["observed", "mean", "low", "high"])
        table.index = pd.MultiIndex.from_tuples(table.index, names=["statistic", "part"])
        return table

    def plot(self, axes: Any = None) -> Any:
        """Simulated values as violins, the observed ones as a line; one panel a statistic."""
        import matplotlib.pyplot as plt

        if axes is None:
            _, axes = plt.subplots(1, len(self.simulated), figsize=(3.6 * len(self.simulated), 3.2), squeeze=False)
            axes = axes.ravel()
        p = self.pvalues
        for ax, (name, draws) in zip(axes, self.simulated.items(), strict=True):
            at = np.arange(draws.shape[1])
            bodies = ax.violinplot(draws.to_numpy(), at, showextrema=False, widths=0.8)["bodies"]
            for body in bodies:
                body.set_facecolor(plots.GREY)
            ax.plot(at, self.observed[name].to_numpy(), color="black", marker="o", markersize=4)
            ax.set_xticks(at, draws.columns, rotation=45, ha="right")
            ax.set_title(f"{name} (p {p[name]:.2f})", fontsize="medium")
        axes[0].figure.tight_layout()
        return axes

    def __repr__(self) -> str:
        return f"EventFit: {', '.join(f'{name} p {p:.2f}' for name, p in self.pvalues.items())}"


def goodness_of_fit(
    parts: Sequence[Any],
    statistics: Sequence[str] | None = None,
    n: int = 100,
    seed: int | None = 0,
    jobs: int | None = None,
) -> EventFit:
    """Compare the observed history with `n` simulated ones.

    Parameters
    ----------
    statistics : list of {"outdegree", "indegree", "pairs", "shifts"}, optional
        By default all.
    """
    names = [choose(name, list(STATISTICS), "statistic") for name in (statistics or STATISTICS)]
    events = parts[0].model.events
    members = len(events.members)
    histories = simulate(parts, whole(n, "n", least=2), seed, jobs)
    design = parts[0].model.design

    def measured(name: str, sender: np.ndarray, receiver: np.ndarray) -> dict[str, float]:
        if parts[0].model.mutual:  # an undirected event counts in both directions
            sender, receiver = np.array([sender, receiver]).T.ravel(), np.array([receiver, sender]).T.ravel()
        return STATISTICS[name](sender, receiver, members)

    simulated = {name: pd.DataFrame([measured(name, h.sender, h.receiver) for h in histories]) for name in names}
    observed = {name: pd.Series(measured(name, design.sender, design.receiver)) for name in names}
    return EventFit(simulated, observed)


class Draws:
    """What can be drawn from a fitted event model."""

    def _parts(self) -> list[Any]:
        """Fitted models of pairs, or of senders and receivers."""
        return [self]

    def simulate(self, n: int = 1, seed: int | None = 0, jobs: int | None = None) -> list[EventSequence]:
        """See :func:`simulate`."""
        return simulate(self._parts(), n, seed, jobs)

    def gof(
        self,
        statistics: str | Sequence[str] | None = None,
        n: int = 100,
        seed: int | None = 0,
        jobs: int | None = None,
    ) -> EventFit:
        """See :func:`goodness_of_fit`."""
        chosen = [statistics] if isinstance(statistics, str) else statistics
        return goodness_of_fit(self._parts(), chosen, n, seed, jobs)

    def next_event(self, top: int = 10) -> pd.DataFrame:
        """See :func:`next_event`."""
        return next_event(self._parts(), top)

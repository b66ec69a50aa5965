"""The candidates of each event, all of them or a sample, written down stage by stage.

A *stage* is an event with those who competed for it, or a stretch of time in which nothing happened. Sampled models are
fitted on them; residuals, ranks, moving windows and changepoints of any model are read from them.

Sampling keeps every event's own candidate (the case) and draws `controls` of the others with equal probability
(nested case-control sampling; Vu, Pattison & Robins 2015, doi:10.1016/j.socnet.2015.05.001; Lerner & Lomi 2020,
doi:10.1017/nws.2019.57); `cases` draws events, too. The history takes in every event all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from coplearn._checks import generator, whole
from coplearn.event_design import ORIENTATIONS, EventDesign
from coplearn.kernels import event_rows
from coplearn.kernels.event_history import History, sparse_history
from coplearn.kernels.event_likelihood import Sums
from coplearn.kernels.event_sample import Rows, write_rows
from coplearn.kernels.event_timeline import ADD, EVENT, SET

__all__ = ["Stages", "blocks", "event_scores", "write_stages"]

DENSE = 1_500  # members up to which a history has a slot for every pair
BLOCK = 100_000  # rows looked at together


@dataclass(frozen=True, eq=False)
class Stages:
    """Stages and the rows of their candidates.

    Attributes
    ----------
    rows : Rows
        The arrays of :mod:`coplearn.kernels.event_sample`.
    interval : bool
        Whether stages have a length in time.
    """

    rows: Rows
    interval: bool

    def __len__(self) -> int:
        return len(self.rows.seen)

    def evaluate(self, theta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Log-likelihood, gradient (p) and information (p, p)."""
        r = self.rows
        return event_rows.likelihood(theta, r.x, r.first, r.seen, r.length, r.offset, self.interval)

    @cached_property
    def _range(self) -> tuple[np.ndarray, np.ndarray]:
        return self.rows.x.min(axis=0), self.rows.x.max(axis=0)

    def sums(self, theta: np.ndarray) -> Sums:
        """The same with the ranges of the statistics, as a pass over all candidates has them."""
        llf, gradient, information = self.evaluate(theta)
        return Sums(np.array([llf]), gradient, information, np.zeros((0, len(theta))), *self._range)

    def contributions(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """By stage: log-likelihood, score (p), middle rank of the observed candidate, its share of the rate."""
        r = self.rows
        return event_rows.contributions(theta, r.x, r.first, r.seen, r.length, r.offset, self.interval)

    def sampling_scores(self, theta: np.ndarray) -> np.ndarray:
        """Variance (p, p) of the gradient over draws of the controls."""
        r = self.rows
        return event_rows.sampling_scores(theta, r.x, r.first, r.seen, r.length, r.offset, r.missing, self.interval)

    def apart(self, enough: int) -> np.ndarray:
        """By statistic, in how many of the candidates that did not act it differs from its middle value: int (p).

        Counting stops where all have `enough`.
        """
        r = self.rows
        seen = np.flatnonzero(r.seen >= 0)
        acted = r.first[seen] + r.seen[seen]
        usual = np.median(r.x[:BLOCK], axis=0)
        found = np.zeros(r.x.shape[1], dtype=np.int64)
        for start in range(0, len(r.x), BLOCK):
            a, b = np.searchsorted(acted, [start, start + BLOCK])
            found += (r.x[start : start + BLOCK] != usual).sum(axis=0) - (r.x[acted[a:b]] != usual).sum(axis=0)
            if (found >= enough).all():
                break
        return found

    def part(self, start: int, stop: int) -> Stages:
        """Stages start..stop."""
        r = self.rows
        a, b = int(r.first[start]), int(r.first[stop])
        by_row = [getattr(r, name)[a:b] for name in ("x", "i", "j", "offset")]
        by_stage = [getattr(r, name)[start:stop] for name in ("seen", "length", "missing", "step", "event")]
        return Stages(Rows._make([*by_row, r.first[start : stop + 1] - a, *by_stage]), self.interval)


def _draw_cases(design: EventDesign, cases: int | None, rng: np.random.Generator) -> np.ndarray:
    """Steps whose stages are written: all, or those of `cases` events and the same share of quiet stretches."""
    steps = design.steps
    keep = steps.counts.copy()
    if cases is None or cases >= design.n_events:
        return keep
    with_event = np.diff(steps.event) > 0
    explained = np.flatnonzero(keep & with_event)
    # events that share a look are drawn together
    many = max(round(cases / design.n_events * len(explained)), 1)
    chosen = rng.choice(explained, many, replace=False)
    quiet = keep & ~with_event & (rng.random(len(keep)) < many / len(explained))
    keep[:] = quiet
    keep[chosen] = True
    return keep


def write_stages(
    design: EventDesign,
    orientation: str,
    interval: bool,
    controls: int | None = None,
    cases: int | None = None,
    seed: int | None = 0,
) -> Stages:
    """Every stage of a model at once; `controls` None writes all candidates."""
    return next(blocks(design, orientation, interval, controls, cases, seed, np.inf))


def blocks(
    design: EventDesign,
    orientation: str,
    interval: bool,
    controls: int | None = None,
    cases: int | None = None,
    seed: int | None = 0,
    numbers: float = 2e7,
) -> Iterator[Stages]:
    """The stages in blocks of about so many numbers."""
    if controls is not None:
        whole(controls, "controls")
    rng = generator(seed)
    keep = _draw_cases(design, cases, rng)
    steps, n, p = design.steps, design.n, len(design.names)
    history, state = _history(design, controls), design.state()
    events = np.diff(steps.event)
    quiet = (events == 0) & interval & (orientation != "receiver")
    stages = np.where(keep, np.maximum(events, quiet), 0)
    each = {"tie": n * (n - 1), "sender": n, "receiver": n - 1}[orientation]
    if controls is not None:
        each = min(each, controls + 1)
    total = np.concatenate([[0], np.cumsum(stages)])
    start = 0
    while start < len(steps.time):
        room = total[start] + max(numbers / (each * p), 1)
        stop = max(int(np.searchsorted(total, room, side="right")) - 1, start + 1)
        many = int(total[stop] - total[start])
        rows = Rows(
            x=np.empty((many * each, p)),
            i=np.empty(many * each, np.int32),
            j=np.empty(many * each, np.int32),
            offset=np.empty(many * each),
            first=np.zeros(many + 1, np.int64),
            seen=np.empty(many, np.int64),
            length=np.empty(many),
            missing=np.empty(many),
            step=np.empty(many, np.int64),
            event=np.empty(many, np.int64),
        )
        written = write_rows(
            ORIENTATIONS.index(orientation),
            interval,
            design.terms,
            history,
            state,
            design.changes,
            steps,
            design.sender,
            design.receiver,
            start,
            stop,
            keep,
            controls or 0,
            rng,
            rows,
        )
        yield Stages(rows, interval).part(0, written)
        start = stop


def event_scores(parts: Iterable[Stages], design: EventDesign, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Score (n_events, p) and log-likelihood of every event; a quiet stretch counts with the event that ends it."""
    last = len(design.sender) - 1
    scores, llf = np.zeros((last + 1, len(theta))), np.zeros(last + 1)
    for stages in parts:
        value, score, _, _ = stages.contributions(theta)
        r = stages.rows
        event = np.where(r.event >= 0, r.event, np.minimum(design.steps.event[r.step], last))
        np.add.at(scores, event, score)
        np.add.at(llf, event, value)
    return scores, llf


def _history(design: EventDesign, controls: int | None) -> History:
    """An empty history: with a slot for every pair, or, in samples of many members, for pairs that occur."""
    if controls is None or design.n <= DENSE:
        return design.history()
    c = design.changes
    pairs = np.isin(c.kind, (EVENT, ADD, SET)) & (c.j >= 0)
    return sparse_history(design.n, c.i[pairs], c.j[pairs], design.rate)

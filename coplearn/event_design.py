"""What a relational event model computes: its terms, networks and covariates, and the course of the observation.

Labels meet arrays here and nowhere else. :func:`event_design` reads an :class:`~coplearn.events.EventSequence` and a
list of effects and returns an :class:`EventDesign`; whoever walks through it (all pairs, a sample of them, a
simulation) starts from :meth:`EventDesign.history` and :meth:`EventDesign.state` and applies ``changes`` step by step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import choose, listing, plural
from coplearn.effects.spec import Effect, definition
from coplearn.effects.user_event import EventEffect
from coplearn.event_derived import OF_MEMBERS, OF_PAIRS, Derived, follow
from coplearn.event_timeline import DAY, Memory, Timeline, duration, numeric
from coplearn.events import EventSequence
from coplearn.kernels import event_history, event_timeline
from coplearn.kernels.event_likelihood import may_act
from coplearn.kernels.event_statistics import CODES, NAMES, ONE_STAYS, SHIFTS, Terms

__all__ = ["ORIENTATIONS", "EventDesign", "event_design", "label"]

ORIENTATIONS = ("tie", "sender", "receiver")
RISK_SETS = ("all", "present", "observed")
_OF_SENDER = (
    "baseline",
    "outdegree_sender",
    "indegree_sender",
    "totaldegree_sender",
    "recency_send_sender",
    "recency_receive_sender",
    "sender",
    "sender_fixed",
    "node_transitivity_sender",
    "tertius_sender",
    "hour_of_week",
)
_ALWAYS_CHANGES = (
    "recency_continue",
    "recency_send_sender",
    "recency_send_receiver",
    "recency_receive_sender",
    "recency_receive_receiver",
    "tenure_sender",
    "tenure_receiver",
    "hour_of_week",
)
# Columns of History.watch: pair, mirror image, row and column of the sender, row and column of the receiver.
_WATCH = {
    "inertia": [0],
    "reciprocity": [1],
    "outdegree_sender": [2],
    "outdegree_receiver": [3],
    "indegree_sender": [4],
    "indegree_receiver": [5],
    "totaldegree_sender": [2, 4],
    "totaldegree_receiver": [3, 5],
    **{name: [2, 3, 4, 5] for name in ("totaldegree_dyad", "degree_min", "degree_max", "degree_difference")},
}
_TRIADS = ("otp", "itp", "osp", "isp", "sp")
_EITHER_WAY = ("same", "difference", "average", "maximum", "minimum", "similarity", "sum_of_both")
_COVARIATE = ("sender", "receiver", "signed_difference", *_EITHER_WAY)
# Effects with a parameter for each member but the first, and what a column of them is.
_FIXED = {"sender_fixed": "sender", "receiver_fixed": "receiver", "member_fixed": "sum_of_both"}
_UNDIRECTED = (
    "baseline",
    "inertia",
    "tie",
    "totaldegree_dyad",
    "degree_min",
    "degree_max",
    "degree_difference",
    "sp",
    "recency_continue",
    "participation_shift",
    "member_fixed",
    "hour_of_week",
    *_EITHER_WAY,
)
_HOURS = 168


def label(effect: Effect) -> str:
    """An effect as a row of a table names it.

    Examples
    --------
    >>> label(Effect("outdegree_sender", (), (("halflife", "7D"), ("unique", True))))
    'outdegree sender, halflife 7D, unique'
    """
    if effect.parts:
        return " x ".join(label(part) for part in effect.parts)
    name = " ".join(
        [effect.name if effect.name in _TRIADS else effect.name.replace("_", " "), *map(str, effect.variables)]
    )
    return ", ".join([name, *(key if value is True else f"{key} {value}" for key, value in effect.options)])


@dataclass(frozen=True, eq=False)
class EventDesign:
    """A model in arrays.

    Attributes
    ----------
    names : list of str
        Columns of the design.
    terms : Terms
    n : int
        Members.
    rate, triads : ndarray
        Of :func:`coplearn.kernels.event_history.dense_history`.
    x, present, risk : ndarray
        Covariates, presence and pairs at risk at the beginning; ``risk`` is empty where all pairs are.
    changes, steps : kernel arrays
    sender, receiver : int64 arrays, shape (n_events,)
        Receiver -1 for a broadcast, in models of the sender.
    time : float array, shape (n_events,)
        Since the beginning of the observation; days where events carry timestamps.
    rows : int array, shape (n_events,)
        Where the events stand in the frame of the sequence.
    prepare : int
        Number of first events that only prepare the history.
    memories : tuple of Memory, str, EventEffect or Derived
        Of each network: how long events count, the name of a second network, the effect that a user wrote, or what is
        derived from other networks.
    start, end : float
        Bounds of what an interval model explains.
    previous_only : bool
        Whether halving memory runs to the previous event only.
    caveats : tuple of str
    """

    names: list[str]
    terms: Terms
    n: int
    rate: np.ndarray
    triads: np.ndarray
    x: np.ndarray
    present: np.ndarray
    risk: np.ndarray
    changes: event_timeline.Changes
    steps: event_timeline.Steps
    sender: np.ndarray
    receiver: np.ndarray
    time: np.ndarray
    rows: np.ndarray
    prepare: int
    memories: tuple[Memory | str | EventEffect | Derived, ...]
    start: float
    end: float
    previous_only: bool
    caveats: tuple[str, ...]

    @property
    def n_events(self) -> int:
        """Events that the likelihood explains."""
        return len(self.sender) - self.prepare

    def history(self, watch: np.ndarray | None = None, watch_trace: np.ndarray | None = None) -> event_history.History:
        """An empty dense history of these networks."""
        return event_history.dense_history(self.n, self.rate, self.triads, watch, watch_trace)

    def watched(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What a history must watch so that it lists the pairs whose terms change; and terms that change everywhere."""
        t = self.terms
        watch, trace = np.zeros((len(self.rate), 6), np.bool_), np.zeros(event_history.TRACES, np.bool_)
        everywhere = np.zeros(len(t.code), np.bool_)
        for r, (code, k, choice, share) in enumerate(zip(t.code, t.net, t.choice, t.share, strict=True)):
            name = NAMES[code]
            halves = CODES["inertia"] <= code <= CODES["sp"] and self.rate[k] > 0
            if halves or name in _ALWAYS_CHANGES or (share and "degree" in name):
                everywhere[r] = True
            elif name in _WATCH:
                watch[k, _WATCH[name]] = True
                if share:
                    watch[k, 2 if name == "inertia" else 4] = True
            elif name == "participation_shift":
                trace[choice] = True
            elif name.startswith("recency_rank"):
                trace[11 if name == "recency_rank_send" else 12] = True
        return watch, trace, everywhere

    def parts(self, everywhere: np.ndarray) -> tuple[Any, ...]:
        """Terms and their rows: those whose changes are listed, then those that change everywhere: of pairs, of
        senders alone, of receivers alone."""
        names = [NAMES[code] for code in self.terms.code]
        sender = everywhere & np.array([name.endswith("_sender") or name == "hour_of_week" for name in names])
        receiver = everywhere & np.array([name.endswith("_receiver") for name in names])
        masks = ~everywhere, everywhere & ~sender & ~receiver, sender, receiver
        return tuple(part for mask in masks for part in (self.terms.rows(mask), np.flatnonzero(mask)))

    def state(self) -> event_timeline.State:
        """Covariates, presence and risk as they stand at the beginning."""
        return event_timeline.State(self.x.copy(), self.present.copy(), self.risk.copy())


class _Compiler:
    """Collects terms, networks, triads and covariates of a list of effects; each network once."""

    def __init__(
        self, events: EventSequence, orientation: str, convention: str, origin: Any, directed: bool = True
    ) -> None:
        self.events, self.orientation, self.convention, self.origin = events, orientation, convention, origin
        self.directed = directed
        self.rows: list[tuple[Any, ...]] = []
        self.memories: list[Memory | str | EventEffect | Derived] = []
        self.triads: list[tuple[int, int, int]] = []
        self.covariates: list[np.ndarray] = []
        self.moving: dict[str, int] = {}
        self.derived: dict[Derived, int] = {}
        self.hours = False

    def columns(self, effect: Effect) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Names and terms of the columns that an effect contributes: one, or one a level of a categorical covariate."""
        if effect.parts:
            parts = [list(self.columns(part)) for part in effect.parts]
            crossed: list[tuple[str, tuple[int, ...]]] = [("", ())]
            for found in parts:
                crossed = [(f"{a} x {b}" if a else b, p + q) for a, p in crossed for b, q in found]
            yield from crossed
            return
        effect = self._resolved(effect)
        entry = definition(effect.name, "event")
        if len(effect.variables) > len(entry.variables):
            raise ValueError(
                f"{effect!r} is about {plural(len(entry.variables), 'variable')}, not {len(effect.variables)}."
            )
        kind = effect.name.removesuffix("_sender").removesuffix("_receiver")
        if kind in (*OF_PAIRS, *OF_MEMBERS):
            at, side = self._derived(effect, kind), effect.name.removeprefix(f"{kind}_")
            yield label(effect), (self._term(effect, side if kind in OF_MEMBERS else "inertia", at, at),)
        elif effect.name in _FIXED:
            everybody = self.events.members.index
            for k, member in enumerate(everybody[1:], 1):
                row = self._row((np.arange(len(everybody)) == k).astype(float))
                yield f"{label(effect)} {member}", (self._term(effect, _FIXED[effect.name], choice=row),)
        elif effect.name in _COVARIATE:
            for extra, name, c in self._covariate(effect):
                yield label(effect) + extra, (self._term(effect, name, choice=c),)
        else:
            yield label(effect), (self._term(effect, effect.name),)

    def _resolved(self, effect: Effect) -> Effect:
        """The effect under the name that this model needs, if it can be part of it."""
        name = effect.name
        if name.endswith("_candidate"):
            name = name.replace("candidate", "sender" if self.orientation == "sender" else "receiver")
        if name == "tie" and not effect.variables:
            raise ValueError("tie() needs the name of a network: fx.tie('friendship').")
        shift = effect.variables[0] if name == "participation_shift" and effect.variables else None
        if not self.directed and (name not in _UNDIRECTED or shift not in (None, "AB-AB", "AB-AY")):
            raise ValueError(
                f"{effect!r} needs to know who acts towards whom, and these events are undirected. "
                f"Available: {listing(_UNDIRECTED, 20)} (AB-AB and AB-AY)."
            )
        if not self.directed and name == "inertia" and effect.option("scaling") == "prop":
            raise ValueError(f"{effect!r}: a share of what the sender sent; undirected events have no sender.")
        if self.orientation == "sender" and name not in _OF_SENDER and shift not in ("AB-A", "AB-B", "AB-X"):
            raise ValueError(
                f"{effect!r} is about a receiver, and a model of the sender knows none. "
                f"Available: {listing([*_OF_SENDER, 'participation_shift AB-A, AB-B and AB-X'], 20)}."
            )
        return Effect(name, effect.variables, effect.options, (), effect.convention)

    def _derived(self, effect: Effect, kind: str) -> int:
        """Place of the network, or row of the covariates, that holds a statistic of whole networks."""
        names = list(effect.variables)
        row = -1
        if kind == "tertius":
            if not names:
                raise ValueError(f"{effect!r} needs the name of a covariate: fx.{effect.name}('advice', 'age').")
            numbers = list(self._covariate(Effect("difference", (names.pop(),), (), (), effect.convention)))
            row = numbers[0][2]
        wanted = 2 if kind in OF_PAIRS else 1
        if kind in OF_MEMBERS and not names:
            names = ["events"]
        if len(names) != wanted:
            raise ValueError(
                f"{effect!r} needs {plural(wanted, 'network')}; 'events' stands for the events themselves."
            )
        window = effect.option("window")
        forgets = Memory() if window is None else Memory("window", 0.0, duration(window, self.origin, "window"))
        if window is not None and "events" not in names:
            raise ValueError(f"{effect!r}: window is about the events, not about another network.")
        known = ["events", *self.events.networks]
        sources = tuple(
            forgets if choose(name, known, "network of these events") == "events" else name for name in names
        )
        for source in sources:
            self._place(source)
        derived = Derived(kind, sources, row)
        place = self._place(derived)
        if kind in OF_PAIRS:
            return place
        if derived not in self.derived:
            self.covariates.append(np.zeros(len(self.events.members)))
            self.derived[derived] = len(self.covariates) - 1
        return self.derived[derived]

    def _term(self, effect: Effect, name: str, choice: int = 0, net: int = 0) -> int:
        entry = definition(effect.name, "event")
        scaling = choose(effect.option("scaling", "none"), ["none", "prop", "std"], "scaling")
        unique = bool(effect.option("unique", False))
        setting = 0.0
        user = entry.details.get("user")
        if user is not None:
            net = self._place(user)
            name = "inertia"
        if "halflife" in entry.options:
            net = self._network(effect)
            if name in _TRIADS:
                if scaling == "prop":
                    raise ValueError(f"{effect!r}: sums over third members have no total to be divided by.")
                triad = (_TRIADS.index(name), net, int(unique))
                if triad not in self.triads:
                    self.triads.append(triad)
                choice = self.triads.index(triad)
            n = len(self.events.members)
            pair = name in ("inertia", "reciprocity", "tie") or self.convention == "relevent"
            setting = 1.0 / (n - 1) if pair else 1.0 / n
            if name == "totaldegree_dyad" and self.convention != "remstats":
                setting *= 2  # the shares of two members; remstats documents that of one
            if scaling == "prop" and name.startswith("degree_"):
                raise ValueError(f"{effect!r}: scaling is 'none' or 'std'; use totaldegree_dyad for shares.")
        elif scaling == "prop":
            raise ValueError(f"{effect!r}: only what is counted over a history can be a proportion.")
        if name == "participation_shift":
            if not effect.variables:
                raise ValueError(f"participation_shift() needs its shift: {listing(SHIFTS, 10)}.")
            choice = SHIFTS[choose(effect.variables[0], list(SHIFTS), "participation shift")]
            if effect.variables[0] == "AB-AY" and not self.directed:
                choice = ONE_STAYS
        if "unit" in entry.options:
            unit = effect.option("unit")
            setting = 1.0 if unit is None else duration(unit, self.origin, "unit")
        if name.startswith("tenure"):
            setting = 1.0
        self.hours |= name == "hour_of_week"
        code = CODES["inertia" if name == "tie" else name]
        log = bool(effect.option("log", False))
        row = (code, net, choice, unique, scaling == "prop", scaling == "std", log, setting)
        if row not in self.rows:
            self.rows.append(row)
        return self.rows.index(row)

    def _network(self, effect: Effect) -> int:
        """Place of the network that an effect reads: events with a memory, or a second network."""
        memory = [key for key in ("halflife", "window", "interval") if effect.option(key) is not None]
        if len(memory) > 1:
            raise ValueError(f"{effect!r}: give one of halflife, window and interval.")
        found: Memory | str
        if effect.variables:
            found = choose(effect.variables[0], list(self.events.networks), "network of these events")
            other = [key for key in ("kind", "weight") if effect.option(key) is not None]
            if memory or other:
                raise ValueError(
                    f"{effect!r}: {listing(memory + other)} is about the events, not about another network."
                )
        else:
            low, high = 0.0, np.inf
            if memory == ["interval"]:
                bounds = effect.option("interval")
                if not isinstance(bounds, Sequence) or isinstance(bounds, str) or len(bounds) != 2:
                    raise ValueError(f"{effect!r}: interval is a pair (a, b): events between a and b ago count.")
                low = 0.0 if bounds[0] == 0 else duration(bounds[0], self.origin, "interval")
                high = duration(bounds[1], self.origin, "interval")
                if low >= high:
                    raise ValueError(f"{effect!r}: the interval ends before it begins.")
            elif memory:
                high = duration(effect.option(memory[0]), self.origin, memory[0])
            found = Memory(memory[0] if memory else "full", low, high, effect.option("kind"), self._weight(effect))
            self._check_columns(effect, found)
        return self._place(found)

    def _weight(self, effect: Effect) -> str | None:
        """The column of weights; remverse takes a column of that name unasked."""
        given = effect.option("weight")
        if given is None and self.convention == "remstats" and "weight" in self.events.frame.columns:
            return None if (self.events.frame["weight"] == 1).all() else "weight"
        return given or None

    def _place(self, network: Memory | str | EventEffect | Derived) -> int:
        if network not in self.memories:
            self.memories.append(network)
        return self.memories.index(network)

    def _check_columns(self, effect: Effect, memory: Memory) -> None:
        frame = self.events.frame
        if memory.of is not None:
            if "kind" not in frame.columns:
                raise ValueError(f"{effect!r}: these events have no column 'kind'.")
            choose(memory.of, list(frame["kind"].dropna().unique()), "kind of event")
        if memory.weight is not None:
            choose(memory.weight, list(frame.columns), "column of events")
            weights = pd.to_numeric(frame[memory.weight], errors="coerce")
            bad = np.flatnonzero(~(weights > 0) | np.isinf(weights))
            if len(bad):
                raise ValueError(
                    f"{effect!r}: weights are positive, finite numbers; {plural(len(bad), 'event')} (row "
                    f"{listing(bad)}) has none. Fill in or remove them."
                )

    def _covariate(self, effect: Effect) -> Iterator[tuple[str, str, int]]:
        """What is added to the label, the name of the statistic, and the row of x, for each column of an effect."""
        if not effect.variables:
            raise ValueError(f"{effect.name}() needs the name of a covariate: fx.{effect.name}('age').")
        name, members = effect.variables[0], self.events.members
        if name in self.events.covariates:
            yield "", effect.name, self._moving(effect, name)
            return
        if name == "tenure" and name not in members.columns and "joined" in members.columns:
            if effect.name not in ("sender", "receiver"):
                raise ValueError(f"{effect!r}: tenure grows with time; it can be of the sender or of the receiver.")
            joined = numeric(members["joined"], self.origin)
            self._check_known(effect, joined)
            yield "", f"tenure_{effect.name}", self._row(joined)
            return
        known = [c for c in members.columns if c not in ("joined", "left")]
        values = members[choose(name, [*known, *self.events.covariates], "covariate of members")]
        nominal = not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values))
        if not nominal:
            numbers = np.asarray(values.to_numpy(dtype=float, na_value=np.nan))
            if self.convention == "goldfish" and np.isnan(numbers).any():
                numbers = np.where(np.isnan(numbers), np.nanmean(numbers), numbers)
            self._check_known(effect, numbers)
            yield "", effect.name, self._row(numbers)
            return
        codes, levels = pd.factorize(values, sort=True)
        self._check_known(effect, np.where(codes < 0, np.nan, codes))
        if effect.name == "same":
            yield "", "same", self._row(codes.astype(float))
        elif effect.name in ("sender", "receiver"):
            if len(levels) < 2:
                raise ValueError(f"{effect!r}: {name} is {levels[0]!r} for every member.")
            for at, level in enumerate(levels[1:], 1):
                yield f" {level}", effect.name, self._row((codes == at).astype(float))
        else:
            raise ValueError(
                f"{effect!r}: {name} is no number; use same({name!r}), sender({name!r}) or receiver({name!r})."
            )

    def _check_known(self, effect: Effect, values: np.ndarray) -> None:
        name, log = effect.variables[0], bool(effect.option("log", False))
        bad = self.events.members.index[np.isinf(values) | ((values <= -1) & log & (effect.name != "difference"))]
        if len(bad) and name != "tenure":
            raise ValueError(
                f"{effect!r}: {name} is infinite{', or not above -1, which log(1 + x) needs,' if log else ''} for "
                f"{plural(len(bad), 'member')} ({listing(bad)}). Change these values."
            )
        missing = self.events.members.index[np.isnan(values)]
        if len(missing):
            raise ValueError(
                f"{effect!r}: {effect.variables[0]} is missing for {plural(len(missing), 'member')} "
                f"({listing(missing)}). Fill it in, or leave these members and their events out."
            )

    def _row(self, values: np.ndarray) -> int:
        for c, known in enumerate(self.covariates):
            if c not in (*self.moving.values(), *self.derived.values()) and np.array_equal(known, values):
                return c
        self.covariates.append(np.asarray(values, dtype=float))
        return len(self.covariates) - 1

    def _moving(self, effect: Effect, name: str) -> int:
        """Row of a covariate that changes in time, with its values at the beginning."""
        if name not in self.moving:
            frame = self.events.covariates[name]
            start = frame[numeric(frame["time"], self.origin) <= 0].groupby("member", sort=False)["value"].last()
            values = start.reindex(self.events.members.index).to_numpy(dtype=float)
            self._check_known(effect, values)
            self.covariates.append(values)
            self.moving[name] = len(self.covariates) - 1
        return self.moving[name]


def _convention(effects: Sequence[Effect]) -> str:
    """The one program whose conventions a list of effects follows, or ""."""
    found = {e.convention for effect in effects for e in (effect.parts or (effect,)) if e.convention}
    if len(found) > 1:
        raise ValueError(
            f"effects follow the conventions of {listing(sorted(found))}; a model can follow one of them, because they "
            "differ in when memory is counted and when observation begins."
        )
    return found.pop() if found else ""


def _risk(
    risk_set: Any, events: EventSequence, sender: np.ndarray, receiver: np.ndarray, origin: Any
) -> tuple[np.ndarray, Any]:
    """Pairs at risk at the beginning (empty: all), and a frame of changes in time or None."""
    n, members = len(events.members), events.members.index
    if isinstance(risk_set, str):
        if risk_set != "observed":
            return np.empty(0, bool), None
        risk = np.zeros((n, n), bool)
        risk[sender[receiver >= 0], receiver[receiver >= 0]] = True
        return risk.ravel(), None
    if isinstance(risk_set, pd.DataFrame) and {"time", "sender", "receiver", "at_risk"} <= set(risk_set.columns):
        for side in ("sender", "receiver"):
            unknown = risk_set[side][~risk_set[side].isin(members)]
            if len(unknown):
                raise ValueError(f"risk_set: {side} {listing(unknown.unique())} is no member.")
        said = risk_set["at_risk"]
        bad = np.flatnonzero(risk_set["time"].isna() | ~said.isin([True, False]))
        if len(bad):
            raise ValueError(f"risk_set: row {listing(bad)} has no time, or its at_risk is neither True nor False.")
        changes = pd.DataFrame(
            {
                "time": numeric(risk_set["time"], origin),
                "i": members.get_indexer(risk_set["sender"]),
                "j": members.get_indexer(risk_set["receiver"]),
                "value": said.to_numpy(dtype=float),
            }
        )
        return np.zeros(n * n, bool), changes.sort_values("time", kind="stable", ignore_index=True)
    if isinstance(risk_set, pd.DataFrame):
        risk_set = risk_set.reindex(index=members, columns=members).to_numpy()
    mask = np.asarray(risk_set)
    if mask.shape != (n, n) or mask.dtype != bool:
        raise ValueError(
            f"risk_set is 'all', 'present', 'observed', a mask of True and False among {n} members, or a frame with "
            f"columns time, sender, receiver and at_risk; this has shape {mask.shape} and holds {mask.dtype}."
        )
    return mask.ravel().copy(), None


def _once(risk: np.ndarray, changes: Any, n: int) -> tuple[np.ndarray, Any]:
    """Every pair at risk once, under the member who stands first in the table of members."""
    mask = risk.reshape(n, n) if len(risk) else np.ones((n, n), bool)
    if changes is not None:
        changes = changes.assign(i=changes[["i", "j"]].min(axis=1), j=changes[["i", "j"]].max(axis=1))
    return np.triu(mask | mask.T, 1).ravel(), changes


def event_design(
    events: EventSequence,
    effects: Sequence[Effect],
    *,
    timing: str,
    orientation: str,
    risk_set: Any,
    simultaneous: str | None,
    first: int,
    directed: bool = True,
) -> EventDesign:
    """Compile a model; see :class:`coplearn.rem.REM` for the meaning of the arguments.

    Raises
    ------
    ValueError
        For effects that cannot be part of the model, covariates that are missing, and events of members or pairs that
        are not at risk.
    """
    effects = list(effects)
    if not effects:
        raise ValueError("a model needs effects: REM(events, [fx.inertia(), fx.reciprocity()]).")
    for effect in effects:
        if not isinstance(effect, Effect):
            raise TypeError(f"{effect!r} is no effect; write effects like fx.inertia().")
    convention = _convention(effects)
    caveats: list[str] = []
    sender, receiver, rows = _usable(events, orientation, caveats)
    if not directed:
        sender, receiver = np.minimum(sender, receiver), np.maximum(sender, receiver)
    origin = events.origin
    time = numeric(events.frame["time"].iloc[rows], origin)
    if first > len(rows):
        raise ValueError(f"first is {first}, and there are {plural(len(rows), 'event')}: nothing is left to explain.")
    compiler = _Compiler(events, orientation, convention, origin, directed)
    columns = [column for effect in effects for column in compiler.columns(effect)]
    names = [name for name, _ in columns]
    twice = pd.Index(names)[pd.Index(names).duplicated()]
    if len(twice):
        raise ValueError(f"effect {listing(twice.unique())} is there more than once.")
    together = simultaneous == "together" or (simultaneous is None and convention == "remstats")
    ties = int((np.diff(time) == 0).sum())
    if ties and together and simultaneous is None:
        caveats.append(
            f"{plural(ties, 'event')} at the same time as the one before: they share one look, as in remstats; "
            "simultaneous='order' takes them in the order given."
        )
    if ties and not together:
        caveats.append(
            f"{plural(ties, 'event')} at the same time as the one before: taken in the order given, each seeing those "
            "before it; simultaneous='together' lets them share one look."
        )
    timeline = Timeline()
    place = Timeline.AFTER if together else Timeline.AMONG
    timeline.change(event_timeline.EVENT, time, place, 2 * np.arange(len(time)) + 1, 0, sender, receiver)
    ends: list[np.ndarray] = []
    linked = [time]
    for k, memory in enumerate(compiler.memories):
        if isinstance(memory, str):
            moments = _second_network(timeline, k, events.networks[memory], events, origin, directed)
            linked.append(moments)
            timeline.look(moments)
        elif isinstance(memory, Derived):
            continue
        elif isinstance(memory, EventEffect):
            _follow(timeline, k, memory, events, rows, sender, receiver, time, place)
        else:
            ends.append(_remember(timeline, k, memory, events, rows, sender, receiver, time, together))
    for name, c in compiler.moving.items():
        frame = events.covariates[name]
        at = numeric(frame["time"], origin)
        later = at > 0
        who = events.members.index.get_indexer(frame["member"])
        timeline.change(event_timeline.COVARIATE, at[later], Timeline.AFTER, 0, c, who[later], 0, frame["value"][later])
        timeline.look(at[later])
        linked.append(at[later])
    for k, memory in enumerate(compiler.memories):
        if isinstance(memory, Derived):
            nets = [compiler.memories.index(source) for source in memory.sources]
            x = compiler.covariates[memory.covariate] if memory.covariate >= 0 else np.zeros(len(events.members))
            follow(timeline, memory, nets, x, compiler.derived.get(memory, k))
    if convention in ("", "goldfish"):
        for moments in ends:
            timeline.look(moments)
    end = float(numeric([events.end], origin)[0])
    start = 0.0
    if convention == "goldfish":
        start, end = min(m.min() for m in linked if len(m)), max(m.max() for m in linked if len(m))
    n = len(events.members)
    present = np.ones(n, bool)
    risk, risk_changes = _risk(risk_set, events, sender, receiver, origin)
    if not directed:
        risk, risk_changes = _once(risk, risk_changes, n)
    if isinstance(risk_set, str) and risk_set == "present":
        present = _presence(timeline, events, origin)
    if risk_changes is not None:
        now = risk_changes["time"] <= 0
        for i, j, value in risk_changes.loc[now, ["i", "j", "value"]].itertuples(index=False):
            risk[int(i) * n + int(j)] = value > 0
        rest = risk_changes[~now]
        timeline.change(event_timeline.RISK, rest["time"], Timeline.BEFORE, 0, 0, rest["i"], rest["j"], rest["value"])
        timeline.look(rest["time"])
    hours, monday, hour = np.zeros(_HOURS), 0.0, 1.0
    if compiler.hours:
        caveats.append(
            "hour of week: its values are read from the same events, so that chance alone gives it a positive "
            "estimate; its z and p test nothing."
        )
        hours, monday = _hours(events, time, origin, end)
        hour = 1.0 / 24
        timeline.look(np.arange(monday, end, hour))
    timeline.look([end])
    changes, steps = timeline.arrays(time, together, start, end, first - 1, convention == "remstats")
    if timing == "ordinal":
        steps = _events_only(steps)
    terms = _terms(compiler.rows, [parts for _, parts in columns], hours, monday, hour)
    rate = [np.log(2) / m.high if isinstance(m, Memory) and m.kind == "halflife" else 0.0 for m in compiler.memories]
    design = EventDesign(
        names=names,
        terms=terms,
        n=n,
        rate=np.array(rate),
        triads=np.array(compiler.triads, np.int64).reshape(-1, 3),
        x=np.array(compiler.covariates).reshape(-1, n),
        present=present,
        risk=risk,
        changes=changes,
        steps=steps,
        sender=sender,
        receiver=receiver,
        time=time,
        rows=rows,
        prepare=first - 1,
        memories=tuple(compiler.memories),
        start=start,
        end=end,
        previous_only=convention == "remstats",
        caveats=tuple(caveats),
    )
    _check_at_risk(design, events, orientation, rows)
    return design


def _usable(events: EventSequence, orientation: str, caveats: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Senders, receivers and rows of the events that a model of pairs, or of senders, can explain."""
    sender, receiver = events.sender, events.receiver
    to_self, to_all = sender == receiver, receiver < 0
    keep = ~to_self if orientation == "sender" else ~to_self & ~to_all
    if to_self.any():
        caveats.append(f"{plural(int(to_self.sum()), 'event')} of members towards themselves left out.")
    if to_all.any() and orientation != "sender":
        caveats.append(f"{plural(int(to_all.sum()), 'broadcast')} left out: a model of pairs needs a receiver.")
    if keep.sum() < 2:
        raise ValueError(
            f"{plural(int(keep.sum()), 'event')} between two members: there is no sequence to explain. "
            "A relational event model needs at least two, and many more to say anything."
        )
    rows = np.flatnonzero(keep)
    return sender[rows].astype(np.int64), receiver[rows].astype(np.int64), rows


def _remember(
    timeline: Timeline,
    k: int,
    memory: Memory,
    events: EventSequence,
    rows: np.ndarray,
    sender: np.ndarray,
    receiver: np.ndarray,
    time: np.ndarray,
    together: bool,
) -> np.ndarray:
    """Let events enter network k, and leave it; returns when they leave."""
    frame = events.frame.iloc[rows]
    keep = receiver >= 0
    if memory.of is not None:
        keep &= (frame["kind"] == memory.of).to_numpy()
    weight = np.ones(len(rows)) if memory.weight is None else frame[memory.weight].to_numpy(float)
    forgets = Memory(memory.kind, memory.low, np.inf if memory.kind == "halflife" else memory.high)
    order = np.flatnonzero(keep)
    return timeline.memory(k, forgets, time[keep], sender[keep], receiver[keep], weight[keep], together, order)


def _follow(
    timeline: Timeline,
    k: int,
    effect: EventEffect,
    events: EventSequence,
    rows: np.ndarray,
    sender: np.ndarray,
    receiver: np.ndarray,
    time: np.ndarray,
    place: int,
) -> None:
    """Let a statistic that the user wrote change with the events."""
    frame = events.frame
    weight = np.ones(len(rows))
    if "weight" in frame.columns:
        known = pd.to_numeric(frame["weight"], errors="coerce")
        bad = np.flatnonzero((frame["weight"].notna() & known.isna()) | np.isinf(known))
        if len(bad):
            raise ValueError(f"{effect.name}(): weights are finite numbers; row {listing(bad)} has none.")
        weight = known.iloc[rows].to_numpy(float)
    to_one = np.flatnonzero(receiver >= 0)
    at, i, j, value = effect.record(
        len(events.members), sender[to_one], receiver[to_one], time[to_one], np.nan_to_num(weight[to_one], nan=1.0)
    )
    timeline.change(event_timeline.SET, time[to_one][at], place, 2 * to_one[at] + 1, k, i, j, value)


def _second_network(
    timeline: Timeline, k: int, frame: pd.DataFrame, events: EventSequence, origin: Any, directed: bool
) -> np.ndarray:
    """Let a second network change as its frame says; returns when it does (no time: from the beginning)."""
    at = numeric(frame["time"], origin)
    i = events.members.index.get_indexer(frame["sender"])
    j = events.members.index.get_indexer(frame["receiver"])
    if not directed:
        i, j = np.minimum(i, j), np.maximum(i, j)
    order = np.arange(len(at))
    timeline.change(
        event_timeline.SET,
        np.where(np.isnan(at), -np.inf, at),
        Timeline.AFTER,
        order,
        k,
        i,
        j,
        frame["value"].to_numpy(float),
    )
    return np.unique(at[~np.isnan(at)])


def _presence(timeline: Timeline, events: EventSequence, origin: Any) -> np.ndarray:
    """Who is there at the beginning; later joiners and leavers go into the timeline."""
    members = events.members
    n = len(members)
    joined = numeric(members["joined"], origin) if "joined" in members.columns else np.full(n, np.nan)
    left = numeric(members["left"], origin) if "left" in members.columns else np.full(n, np.nan)
    joined, left = np.where(np.isnan(joined), -np.inf, joined), np.where(np.isnan(left), np.inf, left)
    if (left < joined).any():
        raise ValueError(
            f"{listing(members.index[left < joined])} left before having joined. Correct joined and left, or use "
            "risk_set='all'."
        )
    for at, value in ((joined, 1.0), (left, 0.0)):
        later = np.flatnonzero((at > 0) & (at < np.inf))
        if len(later):
            timeline.change(event_timeline.PRESENT, at[later], Timeline.BEFORE, 0, 0, later, 0, value)
            timeline.look(at[later])
    return (joined <= 0) & (left > 0)


def _hours(events: EventSequence, time: np.ndarray, origin: Any, end: float) -> tuple[np.ndarray, float]:
    """Log relative rate of events in each hour of the week, and the last Monday midnight before the origin."""
    if not isinstance(origin, pd.Timestamp):
        raise ValueError("hour_of_week() needs events with timestamps; these times are plain numbers.")
    monday = float((origin.normalize() - pd.Timedelta(days=origin.day_of_week) - origin) / DAY)
    hour = np.floor((time - monday) * 24).astype(int) % _HOURS
    edges = np.arange(int(np.floor(-monday * 24)), int(np.ceil((end - monday) * 24)))
    offered = np.bincount(edges % _HOURS, minlength=_HOURS)
    share = (np.bincount(hour, minlength=_HOURS) + 0.5) / np.maximum(offered, 1)
    return np.log(share / share.mean()), monday


def _events_only(steps: event_timeline.Steps) -> event_timeline.Steps:
    """The looks at which something happened: an ordinal model has no others."""
    keep = np.diff(steps.event) > 0
    return event_timeline.Steps(
        time=steps.time[keep],
        memory_time=steps.memory_time[keep],
        exposure=steps.exposure[keep],
        change=np.concatenate([[0], steps.change[1:][keep]]),
        event=np.concatenate([[0], steps.event[1:][keep]]),
        counts=steps.counts[keep],
    )


def _terms(
    rows: Sequence[tuple[Any, ...]],
    columns: Sequence[tuple[int, ...]],
    hours: np.ndarray,
    monday: float,
    hour: float,
) -> Terms:
    """The table that kernels read."""
    code, net, choice, unique, share, standard, log, setting = zip(*rows, strict=True)
    factors = np.full((len(columns), 3), -1, np.int64)
    for c, parts in enumerate(columns):
        if len(parts) > 3:
            raise ValueError("an interaction has at most three effects.")
        factors[c, : len(parts)] = parts
    return Terms(
        code=np.array(code, np.int64),
        net=np.array(net, np.int64),
        choice=np.array(choice, np.int64),
        unique=np.array(unique, bool),
        share=np.array(share, bool),
        standard=np.array(standard, bool),
        log=np.array(log, bool),
        setting=np.array(setting, float),
        factors=factors,
        hours=hours,
        monday=monday,
        hour=hour,
    )


def _check_at_risk(design: EventDesign, events: EventSequence, orientation: str, rows: np.ndarray) -> None:
    """Every event that is explained was possible at its time."""
    state, members = design.state(), events.members.index
    changes, steps = design.changes, design.steps
    moving = np.flatnonzero(np.isin(changes.kind, (event_timeline.PRESENT, event_timeline.RISK)))
    if not len(moving) and state.present.all() and not len(state.risk):
        return
    step_of = np.repeat(np.arange(len(steps.time)), np.diff(steps.event))
    until = np.searchsorted(moving, steps.change[1:][step_of])
    done = 0
    for e in range(len(design.sender)):
        for c in moving[done : until[e]]:
            if changes.kind[c] == event_timeline.PRESENT:
                state.present[changes.i[c]] = changes.value[c] > 0
            else:
                state.risk[changes.i[c] * design.n + changes.j[c]] = changes.value[c] > 0
        done = max(done, until[e])
        i, j = design.sender[e], design.receiver[e]
        if e < design.prepare:
            continue
        absent = [members[k] for k in (i, j) if k >= 0 and not state.present[k]]
        if orientation == "sender":
            off = not absent and not may_act(design.n, state, i)
        else:
            off = len(state.risk) > 0 and not state.risk[i * design.n + j]
        if not absent and not off:
            continue
        at = events.frame["time"].iloc[rows[e]]
        where = f"event {rows[e]} ({members[i]} to {members[j] if j >= 0 else 'all'}, at {at})"
        if absent:
            raise ValueError(
                f"{where}: {listing(absent)} was not present then. Correct joined and left, remove the event, or use "
                "risk_set='all'."
            )
        if orientation == "sender":
            raise ValueError(f"{where}: there was nobody whom {members[i]} could act towards.")
        raise ValueError(f"{where} was not at risk in the given risk_set.")

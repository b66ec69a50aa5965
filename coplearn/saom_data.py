r"""From a panel to what the actor-oriented model computes with: complete arrays a period, and constants of centring.

Simulation runs on completed data, statistics count observed data only. What is done with a value depends on why it is
not there:

- **missing ties** start at the last observed value, or 0, and count in no statistic of a period at whose start or end
  they are missing (of those of endowment: in no network at whose wave they are missing); missing behavior starts at the
  last observed value, else the next, else the mode of the wave; missing covariates are at their mean, and their actors
  add nothing to statistics of that covariate (Huisman & Steglich 2008);
- **absent members** have no ties before they first join; what they had when they left stays in the data. They take part
  in a period from the moment at which they join until they leave (Huisman & Snijders 2003);
- **structural ties** keep the value that they have at the start of a period; those that become structural at its end
  are given the value of the end after each simulation, and neither counts as a change.

A variable of the panel that is not modelled is explanatory: it keeps, throughout a period, the value of its start.

References
----------
Huisman & Snijders (2003), Sociological Methods & Research 32(2), 253-287, doi:10.1177/0049124103256096.
Huisman & Steglich (2008), Social Networks 30(4), 297-308, doi:10.1016/j.socnet.2008.04.004.
Ripley, Snijders, Boda, Voros & Preciado, Manual for RSiena (what is centred, and at what).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from coplearn._checks import choose, is_number, listing, plural, whole
from coplearn.effects.context import ActorFacts, Context, DyadicFacts, NetworkFacts
from coplearn.kernels.saom_state import MISSING_AT_END, MISSING_AT_START, Period
from coplearn.panel import MISSING_TIE, JointPanel, NetworkPanel

__all__ = ["Options", "Problem", "prepare"]

MOST_STEPS = 1000  # from the lowest to the highest value of a behavior
HIGHER, DISJOINT, AT_LEAST_ONE = 0, 1, 2
MODEL_TYPES = {"forcing": 2, "initiative": 3, "pairwise forcing": 4, "pairwise mutual": 5, "compensatory": 6}


@dataclass(frozen=True)
class Options:
    """How data are read; see :class:`coplearn.saom.SAOM`."""

    uncentred: Collection[str] = ()
    monotone: bool = True
    constraints: bool = True
    max_degree: Mapping[str, int] = field(default_factory=dict)
    undirected: str = "forcing"
    offset: float = 0.0
    absorbing: Collection[str] = ()


@dataclass(frozen=True, eq=False)
class Problem:
    """The data of one group.

    Attributes
    ----------
    name : str
        Of the group; "" where there is only one.
    panel : JointPanel
    networks, behaviors : list of str
        In the order of the kernels; behaviors are the modelled ones.
    modelled : list of str
        Dependent variables.
    periods : list of Period
    x_end : ndarray of uint8, shape (n_periods, R, N, N)
        Observed ties at the end of each period, completed, structural ties as in the targets.
    z_end : ndarray of int32, shape (n_periods, B, N)
    distance : ndarray of int, shape (n_periods, R + B)
        Observed changes; in undirected networks each pair counts twice.
    context : Context
        Its owner is left empty; see :meth:`seen_by`.
    """

    name: str
    panel: JointPanel
    networks: list[str]
    behaviors: list[str]
    modelled: list[str]
    periods: list[Period]
    x_end: np.ndarray
    z_end: np.ndarray
    distance: np.ndarray
    context: Context

    @property
    def moving(self) -> bool:
        """Whether members join or leave."""
        return any(len(p.event_time) or not p.active[: p.n_actors].all() for p in self.periods)

    def number(self, variable: str) -> int:
        """Number of a dependent variable in the kernels."""
        return [*self.networks, *self.behaviors].index(variable)


def prepare(groups: Mapping[str, JointPanel], modelled: Collection[str], options: Options) -> list[Problem]:
    """Check the panels, and make arrays of them.

    Parameters
    ----------
    groups : mapping of str to JointPanel
        Panels with the same variables.
    modelled : collection of str
        Dependent variables: networks and behaviors.
    options : Options

    Raises
    ------
    ValueError
        For groups with different variables, behavior that is constant, not in whole numbers or of too many, members
        with more ties than they may have, networks that are the same, waves without any observation, and periods
        without any change; the message names variable, wave and remedy.
    """
    first = next(iter(groups.values()))
    for name, panel in groups.items():
        for kind in ("networks", "behaviors", "covariates", "dyadic"):
            mine, theirs = set(getattr(panel, kind)), set(getattr(first, kind))
            if mine != theirs:
                raise ValueError(
                    f"group {name!r} has {kind} {listing(sorted(mine)) or 'none'}, the first group "
                    f"{listing(sorted(theirs)) or 'none'}; groups need the same variables."
                )
        for network, net in panel.networks.items():
            if _kind(net) != _kind(first.networks[network]):
                raise ValueError(
                    f"{network!r} is {_kind(net)} in group {name!r}, and {_kind(first.networks[network])} in the "
                    "first. Say which when the panels are made: directed={...}, or two_mode=[...]."
                )
    for name in modelled:
        choose(name, [*first.networks, *first.behaviors], "network or behavior to model")
    behaviors = [name for name in first.behaviors if name in modelled]
    for name in options.uncentred:
        choose(name, [*first.covariates, *first.dyadic], "covariate")
    for name in options.max_degree:
        choose(name, first.networks, "network")
        whole(options.max_degree[name], f"max_degree of {name!r}")
    for name in options.absorbing:
        choose(name, behaviors, "modelled behavior")
    if not is_number(options.offset):
        raise ValueError(f"offset is {options.offset!r}; give a finite number.")
    choose(options.undirected, list(MODEL_TYPES), "model of undirected networks")
    for label, panel in groups.items():
        where = f" of group {label!r}" if label else ""
        for name in modelled:
            _check_waves(name, panel, where)
            if name in panel.behaviors:
                _check_behavior(name, panel, where)
        for name, most in options.max_degree.items():
            _check_degrees(panel.networks[name], most, panel, where)
    actors = _actor_facts(groups, behaviors, options)
    return [
        _group(label, panel, list(modelled), behaviors, actors, options, len(groups)) for label, panel in groups.items()
    ]


def _kind(net: NetworkPanel) -> str:
    return "two-mode" if net.two_mode else "directed" if net.directed else "undirected"


# --- checks ---------------------------------------------------------------------------------------------


def _check_waves(name: str, panel: JointPanel, where: str) -> None:
    for w, wave in enumerate(panel.waves):
        here = panel.present[w]
        if name in panel.networks:
            known = panel.networks[name].ties[w][here] != MISSING_TIE
            known = known if panel.networks[name].two_mode else known[:, here] & ~np.eye(int(here.sum()), dtype=bool)
        else:
            known = ~np.isnan(panel.behaviors[name].values[w][here])
        if here.sum() < (1 if name in panel.behaviors or panel.networks[name].two_mode else 2):
            raise ValueError(
                f"{plural(int(here.sum()), 'member')} present{where} at wave {wave}, too few for {name!r}. Leave the "
                "wave out."
            )
        if not known.any():
            raise ValueError(f"{name!r}{where} is missing for everybody at wave {wave}. Leave the wave out.")


def _check_degrees(net: NetworkPanel, most: int, panel: JointPanel, where: str) -> None:
    degree = (net.ties == 1).sum(axis=2) * net.present
    if (degree > most).any():
        w, i = (int(k[0]) for k in np.nonzero(degree > most))
        raise ValueError(
            f"max_degree of {net.name!r}{where} is {most}, but {panel.members[i]} has {degree[w, i]} ties at wave "
            f"{panel.waves[w]}. Give the largest degree that can occur."
        )


def _check_behavior(name: str, panel: JointPanel, where: str) -> None:
    values = panel.behaviors[name].values
    known = values[~np.isnan(values)]
    odd = (values != np.floor(values)) & ~np.isnan(values)
    if odd.any():
        w, i = (int(k[0]) for k in np.nonzero(odd))
        raise ValueError(
            f"behavior {name!r}{where} moves in whole steps, but {panel.members[i]} has {values[w, i]:g} at wave "
            f"{panel.waves[w]}. Use panel.rounded({name!r}), or rounded({name!r}, step=0.5) for half steps."
        )
    if np.ptp(known) > MOST_STEPS or np.abs(known).max() >= 2**31:
        raise ValueError(
            f"behavior {name!r}{where} goes from {known.min():g} to {known.max():g}, and moves in steps of 1: too many "
            f"to be simulated. Use panel.rounded({name!r}, step=...) for a scale of few steps."
        )
    if np.ptp(known) == 0:
        raise ValueError(
            f"behavior {name!r}{where} is {known[0]:g} for everybody at every wave, so there is nothing to model. "
            "Leave it out."
        )


# --- constants ------------------------------------------------------------------------------------------


def _similarity_mean(columns: list[np.ndarray], span: float) -> float:
    """Mean of 1 - |a - b| / span over ordered pairs of known values within columns, all pairs counted alike."""
    total, count = 0.0, 0
    for column in columns:
        known = column[~np.isnan(column)]
        total += float(np.abs(known[:, None] - known[None, :]).sum())
        count += len(known) * (len(known) - 1)
    return 1 - total / (span * count) if count else 0.0


def _alter_means(ties: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean value of those whom each actor names; 0 for those who name nobody."""
    known = np.where(np.isnan(values), 0.0, values)
    degree = ties.sum(axis=1)
    return (ties @ known) / np.maximum(degree, 1)


def _actor_facts(groups: Mapping[str, JointPanel], behaviors: list[str], options: Options) -> dict[str, ActorFacts]:
    """Constants of covariates and behaviors over all groups; rows in the order of the kernels."""
    first = next(iter(groups.values()))
    n = len(first.members)
    order = [*first.covariates, *(b for b in first.behaviors if b not in behaviors), *behaviors]
    facts = {}
    for row, name in enumerate(order):
        every, start = [], []  # columns for mean and range; columns of the start of periods
        for panel in groups.values():
            if name in panel.behaviors:
                values = panel.behaviors[name].values
                every += list(values)
                start += list(values[:-1])
            else:
                columns = list(np.atleast_2d(panel.covariates[name]))
                every += columns
                start += columns
        known = np.concatenate([column[~np.isnan(column)] for column in every])
        if not len(known):
            raise ValueError(f"{name!r} is missing for everybody.")
        average = float(known.mean())
        if name in first.behaviors:
            average = float(np.mean([np.nanmean(column) for column in every if not np.isnan(column).all()]))
        mean = 0.0 if name in options.uncentred else average
        span = float(np.ptp(known))
        begun = np.concatenate([column[~np.isnan(column)] for column in start])
        size = n if name in first.behaviors else first.covariates[name].shape[-1]
        fits = {""} if size == n else set()
        if name in first.covariates:
            fits |= {k for k, net in first.networks.items() if net.two_mode and net.ties.shape[2] == size}
        alters = _alter_similarity(groups, name, mean, span) if "" in fits else {}
        facts[name] = ActorFacts(
            name=name,
            index=row,
            mean=mean,
            average=average,
            range=span or 1.0,
            similarity_mean=_similarity_mean(start, span) if span else 0.0,
            low=float(known.min()),
            high=float(known.max()),
            variance=float(begun.var()) if len(begun) else 0.0,
            behavior=behaviors.index(name) if name in behaviors else -1,
            fits=fits,
            alter_similarity_mean=alters,
        )
    return facts


def _alter_similarity(groups: Mapping[str, JointPanel], name: str, mean: float, span: float) -> dict[str, float]:
    """Per one-mode network, mean similarity of the means of alters, over start waves."""
    found = {}
    for network, net in next(iter(groups.values())).networks.items():
        if net.two_mode or not span:
            continue
        columns = []
        for panel in groups.values():
            values = panel.behaviors[name].values if name in panel.behaviors else np.atleast_2d(panel.covariates[name])
            for m, ties in enumerate(panel.networks[network].ties[:-1]):
                columns.append(_alter_means(ties == 1, values[min(m, len(values) - 1)] - mean))
        found[network] = _similarity_mean(columns, span)
    return found


def _network_facts(panel: JointPanel) -> dict[str, NetworkFacts]:
    facts = {}
    for index, (name, net) in enumerate(panel.networks.items()):
        there = panel.present[:, :, None]  # the cells of absent members hold nobody's tie
        if not net.two_mode:
            there = there & panel.present[:, None, :]
        observed = (net.ties != MISSING_TIE) & there
        known = observed & (net.ties == 1)
        waves = list(zip(known, panel.present, strict=True))
        out = [x[here].sum() / max(here.sum(), 1) for x, here in waves]
        mutual = [] if net.two_mode else [(x & x.T)[here].sum() / max(here.sum(), 1) for x, here in waves]
        facts[name] = NetworkFacts(
            name=name,
            index=index,
            directed=net.directed,
            two_mode=net.two_mode,
            n_columns=net.ties.shape[2],
            average_degree=float(np.mean(out)),
            average_mutual=0.0 if net.two_mode else float(np.mean(mutual)),
            balance_mean=_balance_mean(known[:-1], observed[:-1]),
            structural_mean=_balance_mean(known[:-1].transpose(0, 2, 1), observed[:-1].transpose(0, 2, 1)),
            shared_mean=float(np.mean([_shared_choices(x, here.sum()) for x, here in waves])),
        )
    return facts


def _shared_choices(ties: np.ndarray, n_present: int) -> float:
    """Mean over ordered pairs of members of the number of choices that both make."""
    received = ties.sum(axis=0).astype(float)
    return float((received * (received - 1)).sum()) / max(n_present * (n_present - 1), 1)


def _balance_mean(ties: np.ndarray, known: np.ndarray) -> float:
    """Mean of |x_ih - x_jh| over waves and distinct i, j, h, both ties known."""
    if ties.shape[1] != ties.shape[2]:
        return 0.0
    valid = known & ~np.eye(ties.shape[1], dtype=bool)
    ones, count = (ties & valid).sum(axis=1), valid.sum(axis=1)  # by wave and h
    pairs = float((count * (count - 1)).sum())
    return float((2 * ones * (count - ones)).sum()) / pairs if pairs else 0.0


# --- periods --------------------------------------------------------------------------------------------


def _group(
    label: str,
    panel: JointPanel,
    modelled: list[str],
    behaviors: list[str],
    actors: dict[str, ActorFacts],
    options: Options,
    n_groups: int,
) -> Problem:
    networks = list(panel.networks)
    n, n_waves = len(panel.members), len(panel.waves)
    side = max([n, *(net.ties.shape[2] for net in panel.networks.values())])
    n_nets, n_behaviors = len(networks), len(behaviors)
    raw = np.zeros((n_waves, n_nets, side, side), np.uint8)
    fixed = np.zeros(raw.shape, bool)
    for r, name in enumerate(networks):
        ties = _with_absent(panel.networks[name])
        raw[:, r, :n, : ties.shape[2]] = ties
        if name in panel.structural:
            fixed[:, r, :n, : ties.shape[2]] = panel.structural[name]
    lost = raw == MISSING_TIE
    start = _carried(np.where(lost, -1, raw.astype(np.int16)))
    seen = (
        np.stack([_carried(panel.behaviors[b].values) for b in behaviors], 1)
        if behaviors
        else np.zeros((n_waves, 0, n))
    )
    unknown = (
        np.stack([np.isnan(panel.behaviors[b].values) for b in behaviors], 1)
        if behaviors
        else np.zeros(seen.shape, bool)
    )
    facts = _network_facts(panel)
    context = Context("", facts, actors, _dyadic_facts(panel, options), n)
    w, w_missing = _dyadics(panel, context.dyadics, side)
    single = n_groups == 1 and options.constraints
    constraint = (
        _constraints(raw, fixed, [networks.index(k) for k in modelled if k in networks], facts) if single else []
    )
    z_low = np.array([actors[b].low for b in behaviors], np.int32)
    z_high = np.array([actors[b].high for b in behaviors], np.int32)
    z_mean = np.array([actors[b].mean for b in behaviors])
    periods, x_ends, z_ends, distances = [], [], [], []
    for m in range(n_waves - 1):
        x = start[m].astype(np.uint8)
        end = start[m + 1].astype(np.uint8)
        end = np.where(fixed[m], x, end)
        active, times, who, joins = _composition(panel, m, side)
        gone = np.zeros(side, bool)
        gone[:n] = ~_active_at_end(active, who, joins)[:n]
        for r, name in enumerate(networks):
            end[r, gone] = x[r, gone]
            if not panel.networks[name].two_mode:
                end[r][:, gone] = x[r][:, gone]
        missing = lost[m] * MISSING_AT_START + lost[m + 1] * MISSING_AT_END
        z = np.zeros((n_behaviors, side), np.int32)
        z_end = np.zeros_like(z)
        z[:, :n], z_end[:, :n] = seen[m], seen[m + 1]
        z_missing = np.zeros((n_behaviors, side), np.uint8)
        absent = ~panel.present[m]
        z_missing[:, :n] = unknown[m] | (unknown[m + 1] & ~gone[:n]) | absent
        z_end[:, gone] = z[:, gone]
        v, v_missing = _actor_rows(panel, m, side, actors, behaviors, z, unknown[m] | absent)
        counted = (missing == 0) & ~fixed[m] & ~fixed[m + 1]
        change = np.where(counted, end.astype(int) - x, 0)
        step = np.where(z_missing == 1, 0, z_end - z)
        distance = np.r_[np.abs(change).sum(axis=(1, 2)), np.abs(step).sum(axis=1)]
        _check_change([*networks, *behaviors], modelled, distance, panel, m, label)
        up = np.r_[(change >= 0).all(axis=(1, 2)), (step >= 0).all(axis=1)] & options.monotone
        down = np.r_[(change <= 0).all(axis=(1, 2)), (step <= 0).all(axis=1)] & options.monotone
        held = np.array([k not in modelled for k in [*networks, *behaviors]])
        periods.append(
            Period(
                x=x,
                fixed=fixed[m].astype(np.uint8),
                end_fixed=(fixed[m + 1] & ~fixed[m]).astype(np.uint8),
                end_value=np.where(fixed[m + 1] & ~fixed[m], end, 0).astype(np.uint8),
                missing=missing.astype(np.uint8),
                z=z,
                z_missing=z_missing,
                z_low=z_low,
                z_high=z_high,
                z_mean=z_mean,
                v=v,
                v_missing=v_missing,
                w=w[m],
                w_missing=w_missing[m],
                directed=np.array([facts[k].directed for k in networks], np.uint8),
                n_columns=np.array([facts[k].n_columns for k in networks], np.int64),
                two_mode=np.array([facts[k].two_mode for k in networks], np.uint8),
                active=active.astype(np.uint8),
                event_time=times,
                event_actor=who,
                event_join=joins,
                up_only=(up & ~held).astype(np.uint8),
                down_only=(down & ~held).astype(np.uint8),
                max_degree=np.array([options.max_degree.get(k, side) for k in networks], np.int64),
                constraint=np.array(constraint, np.int32).reshape(-1, 3),
                model_type=np.array(
                    [
                        *(1 if facts[k].directed else MODEL_TYPES[options.undirected] for k in networks),
                        *(2 if k in options.absorbing else 1 for k in behaviors),
                    ],
                    np.int32,
                ),
                offset=np.full(n_nets, float(options.offset)),
                n_actors=n,
            )
        )
        x_ends.append(np.ascontiguousarray(end))
        z_ends.append(z_end)
        distances.append(distance)
    return Problem(
        label,
        panel,
        networks,
        behaviors,
        modelled,
        periods,
        np.stack(x_ends),
        np.stack(z_ends),
        np.array(distances),
        context,
    )


def _with_absent(net: NetworkPanel) -> np.ndarray:
    """Ties with absent members' rows and columns: 0 before they first join, then what they had when last there."""
    filled = net.ties.copy()
    for w, here in enumerate(net.present):
        away = ~here
        filled[w, away] = filled[w - 1, away] if w else 0
        if not net.two_mode:
            filled[w][:, away] = filled[w - 1][:, away] if w else 0
    return filled


def _carried(values: np.ndarray) -> np.ndarray:
    """Values over [wave, ...] without gaps.

    Ties (whole numbers, -1 missing): the last observed value, else 0. Behavior (NaN missing): the last observed value,
    else the next one, else the mode of the wave.
    """
    filled = values.copy()
    gap = filled < 0 if filled.dtype.kind == "i" else np.isnan(filled)
    for w in range(1, len(filled)):
        take = gap[w] & ~gap[w - 1]
        filled[w][take] = filled[w - 1][take]
        gap[w] &= ~take
    if filled.dtype.kind == "i":
        filled[gap] = 0
        return filled
    for w in range(len(filled) - 2, -1, -1):
        take = gap[w] & ~gap[w + 1]
        filled[w][take] = filled[w + 1][take]
        gap[w] &= ~take
    for w in range(len(filled)):
        if gap[w].any():
            known, count = np.unique(values[w][~np.isnan(values[w])], return_counts=True)
            filled[w][gap[w]] = known[count.argmax()]
    return filled


def _composition(panel: JointPanel, m: int, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Who is there at the start of period m; moments, actors and kinds (1 joins) of what follows."""
    n = len(panel.members)
    active = np.zeros(side, bool)
    active[:n] = panel.present[m]
    events = []
    for i in range(n):
        known = panel.presence_intervals[i][~np.isnan(panel.presence_intervals[i])]
        here = bool(panel.present[m, i])
        moment = 0.0
        for k, boundary in enumerate(known):
            u, joins = float(boundary) - m, k % 2 == 0
            if 0 <= u < 1 and joins != here:
                here = joins
                if u == 0:
                    active[i] = joins
                else:
                    events.append((u, i, joins))
                moment = u
        if here != panel.present[m + 1, i]:
            events.append(((moment + 1) / 2, i, not here))
    events.sort()
    return (
        active,
        np.array([e[0] for e in events]),
        np.array([e[1] for e in events], np.int32),
        np.array([e[2] for e in events], np.uint8),
    )


def _active_at_end(active: np.ndarray, who: np.ndarray, joins: np.ndarray) -> np.ndarray:
    here = active.copy()
    for i, kind in zip(who, joins, strict=True):
        here[i] = bool(kind)
    return here


def _actor_rows(
    panel: JointPanel,
    m: int,
    side: int,
    actors: dict[str, ActorFacts],
    behaviors: list[str],
    z: np.ndarray,
    z_unknown: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Actor variables of period m, centred, the missing at their mean; and which of them are missing."""
    v = np.zeros((len(actors), side))
    missing = np.zeros(v.shape, np.uint8)
    n = len(panel.members)
    for name, fact in actors.items():
        if name in behaviors:
            v[fact.index, :n] = z[behaviors.index(name), :n] - fact.mean
            missing[fact.index, :n] = z_unknown[behaviors.index(name)]
            continue
        if name in panel.behaviors:
            values = panel.behaviors[name].values[m]
        else:
            columns = np.atleast_2d(panel.covariates[name])
            values = columns[min(m, len(columns) - 1)]
        gap = np.isnan(values)
        v[fact.index, : len(values)] = np.where(gap, fact.average, values) - fact.mean
        missing[fact.index, : len(values)] = gap
    return v, missing


def _dyadic_facts(panel: JointPanel, options: Options) -> dict[str, DyadicFacts]:
    facts = {}
    for index, (name, values) in enumerate(panel.dyadic.items()):
        pairs = values.reshape(-1, *values.shape[-2:])
        if values.shape[-1] == values.shape[-2]:
            pairs = pairs[:, ~np.eye(values.shape[-1], dtype=bool)]
        if np.isnan(pairs).all():
            raise ValueError(f"dyadic {name!r} is missing for every pair.")
        average = float(np.nanmean(pairs))
        mean = 0.0 if name in options.uncentred else average
        facts[name] = DyadicFacts(name, index, mean, average, values.shape[-1])
    return facts


def _dyadics(panel: JointPanel, facts: Mapping[str, DyadicFacts], side: int) -> tuple[np.ndarray, np.ndarray]:
    """Dyadic covariates by period, the missing at their mean; and which of them are missing."""
    w = np.zeros((len(panel.waves) - 1, len(facts), side, side))
    missing = np.zeros(w.shape, np.uint8)
    for name, fact in facts.items():
        values = panel.dyadic[name]
        gap = np.isnan(values)
        rows, columns = values.shape[-2:]
        w[:, fact.index, :rows, :columns] = np.where(gap, fact.average, values)
        missing[:, fact.index, :rows, :columns] = gap
    return w, missing


def _constraints(
    raw: np.ndarray, fixed: np.ndarray, modelled: list[int], facts: Mapping[str, NetworkFacts]
) -> list[tuple[int, int, int]]:
    """Relations between modelled networks that hold at every wave: (kind, r, s)."""
    kinds = list(facts.values())
    found = []
    for r in modelled:
        for s in modelled:
            a, b = kinds[r], kinds[s]
            if r == s or (a.two_mode, a.n_columns, a.directed) != (b.two_mode, b.n_columns, b.directed):
                continue
            known = (raw[:, r] != MISSING_TIE) & (raw[:, s] != MISSING_TIE)
            if not a.two_mode:
                known &= ~np.eye(raw.shape[-1], dtype=bool)
            known[:, :, a.n_columns :] = False
            known &= ~(fixed[:, r] | fixed[:, s])
            x, y = raw[:, r][known], raw[:, s][known]
            if len(x) and ((x == y).all() or (x != y).all()):
                raise ValueError(
                    f"{a.name!r} and {b.name!r} are {'the same' if x[0] == y[0] else 'opposites'} at every wave, so "
                    "neither can change without the other. Leave one of them out, or give constraints=False."
                )
            if (x >= y).all():
                found.append((HIGHER, r, s))
            if r < s and not (x & y).any():
                found.append((DISJOINT, r, s))
            if r < s and (x | y).all():
                found.append((AT_LEAST_ONE, r, s))
    return found


def _check_change(
    names: list[str], modelled: list[str], distance: np.ndarray, panel: JointPanel, m: int, label: str
) -> None:
    for name, changes in zip(names, distance, strict=True):
        if name in modelled and not changes:
            where = f" of group {label!r}" if label else ""
            raise ValueError(
                f"{name!r}{where} does not change from wave {panel.waves[m]} to wave {panel.waves[m + 1]}, so its rate "
                "cannot be estimated. Leave one of the waves out, or use it as a covariate."
            )

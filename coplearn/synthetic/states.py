"""What members are like from wave to wave, and whom they name: identity, efficacy, and ties one change at a time."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from coplearn.synthetic.members import People
from coplearn.synthetic.plan import YEAR, Plan

__all__ = ["coevolution", "identity_mean", "identity_states"]

BURN_IN = 20.0  # chances to change a tie that each founder has before the first wave
SPREAD = 0.5 / np.sqrt(np.pi)  # mean of |e_i - e_j| / 4 for independent unit normals


def identity_states(plan: Plan, people: People, rng: np.random.Generator) -> np.ndarray:
    """Latent identity, shape (n_waves, n_members); meant for members present."""
    noise = rng.normal(0, plan.identity_noise, (plan.waves, len(people)))
    return identity_mean(plan, people) + people.own + noise


def identity_mean(plan: Plan, people: People) -> np.ndarray:
    tenure = (plan.opens[:, None] - people.joined) / YEAR
    return plan.replacement * people.joined / YEAR + plan.drift * tenure


def coevolution(
    plan: Plan, people: People, rng: np.random.Generator, tie_rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Efficacy, shape (n_waves, n_members), and the true networks, shape (n_waves, n_members, n_members)."""
    n = len(people)
    shocks = rng.normal(0, np.sqrt(1 - plan.stability**2), (plan.waves, n))
    state = {name: np.zeros((n, n)) for name in plan.tie_effects}
    kept: dict[str, list[np.ndarray]] = {name: [] for name in state}
    efficacy = np.zeros((plan.waves, n))
    now = people.entry_efficacy.copy()
    for w, opens in enumerate(plan.opens):
        before = plan.opens[w - 1] if w else 0
        for name, effects in plan.tie_effects.items():
            rate = effects["rate"] if w else BURN_IN
            _evolve(state[name], people, now, effects, rate, int(before), int(opens), tie_rng)
            kept[name].append(state[name].copy())
        if w:
            stay = people.present[w - 1] & people.present[w]
            pull = plan.influence * _advice_gap(kept["advice"][w - 1], now) if plan.influence else 0.0
            now = np.where(stay, plan.stability * now + pull + shocks[w], now)
        efficacy[w] = now
    return efficacy, {name: np.array(x) for name, x in kept.items()}


def _advice_gap(x: np.ndarray, e: np.ndarray) -> np.ndarray:
    """Mean efficacy of one's advisers minus one's own; 0 without advisers."""
    degree = x.sum(axis=1)
    return np.where(degree > 0, x @ e / np.maximum(degree, 1) - e, 0.0)


def _evolve(
    x: np.ndarray,
    people: People,
    e: np.ndarray,
    effects: Mapping[str, float],
    rate: float,
    before: int,
    until: int,
    rng: np.random.Generator,
) -> None:
    """Let a network, changed in place, run from one instant to another while members come and go."""
    some = np.flatnonzero((people.joined <= until) & (people.left > before))
    y = x[np.ix_(some, some)]
    cohort, own = people.cohort[some], e[some]
    fixed = effects["outdegree"] + effects["same cohort"] * (cohort[:, None] == cohort)
    if effects["similarity efficacy"]:
        fixed = fixed + effects["similarity efficacy"] * (SPREAD - np.abs(own[:, None] - own) / 4)
    joined, left = people.joined[some], people.left[some]
    changes = np.unique(np.concatenate([joined, left]))
    cuts = np.concatenate([[before], changes[(changes > before) & (changes <= until)], [until]])
    for first, last in pairwise(cuts):
        here = (joined <= first) & (first < left)
        gone = left == first
        y[gone], y[:, gone] = 0.0, 0.0
        actors = np.flatnonzero(here)
        steps = rng.poisson(rate * len(actors) * (last - first) / (until - before))
        chosen, luck = rng.choice(actors, steps), rng.random(steps)
        _ministeps(y, fixed, here, effects["reciprocity"], effects["transitive triplets"], chosen, luck)
    gone = left <= until
    y[gone], y[:, gone] = 0.0, 0.0
    x[:] = 0.0
    x[np.ix_(some, some)] = y


def _ministeps(
    x: np.ndarray,
    fixed: np.ndarray,
    here: np.ndarray,
    reciprocity: float,
    closure: float,
    egos: np.ndarray,
    luck: np.ndarray,
) -> None:
    """One chance after the other: ego toggles the tie to one member present, or none."""
    absent = np.where(here, 0.0, -np.inf)
    for i, u in zip(egos.tolist(), luck.tolist(), strict=True):
        row = x[i]
        gain = fixed[i] + reciprocity * x[:, i] + closure * (row @ x + x @ row)
        gain *= 1 - 2 * row  # the change statistic counts negative where the tie would go
        gain += absent
        gain[i] = 0.0  # no change
        odds = np.exp(gain).cumsum()
        j = int(odds.searchsorted(u * odds[-1], "right"))
        if j != i:
            row[j] = 1 - row[j]

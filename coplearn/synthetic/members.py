"""Who joins a synthetic community, what they bring, and when they leave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coplearn.synthetic.plan import HERE, YEAR, Plan

__all__ = ["HABITS", "People", "member_table", "membership"]

HABITS = 4  # axes along which newcomers' words differ


@dataclass(frozen=True, eq=False)
class People:
    """Members without bots, in order of joining; instants in seconds since the start.

    Attributes
    ----------
    joined, left : ndarray of int64, shape (n_members,)
        `HERE` where a member does not leave within the observation.
    cohort : ndarray of int, shape (n_members,)
        Position in `cohorts`.
    own : ndarray of float, shape (n_members,)
        The member's own part of identity.
    present : ndarray of bool, shape (n_waves, n_members)
    """

    ids: np.ndarray
    joined: np.ndarray
    left: np.ndarray
    cohort: np.ndarray
    cohorts: list[str]
    unit: np.ndarray
    consent: np.ndarray
    own: np.ndarray
    entry_efficacy: np.ndarray
    asks: np.ndarray
    habits: np.ndarray
    present: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    def here(self, seconds: int) -> np.ndarray:
        """Who is present at an instant."""
        return (self.joined <= seconds) & (seconds < self.left)

    def count(self, seconds: np.ndarray) -> np.ndarray:
        """How many are present at each instant."""
        joined, left = np.sort(self.joined), np.sort(self.left)
        return np.searchsorted(joined, seconds, "right") - np.searchsorted(left, seconds, "right")

    def standing(self, efficacy: np.ndarray) -> np.ndarray:
        """Efficacy as it stands before the first wave and from each wave on, shape (n_waves + 1, n_members)."""
        return np.vstack([self.entry_efficacy, np.where(self.present, efficacy, self.entry_efficacy)])


def membership(plan: Plan, rng: np.random.Generator) -> People:
    """Who joins, when they leave, and what they bring."""
    intake = plan.yearly_intake
    edges = np.minimum(np.arange(len(intake) + 1) * YEAR, plan.span)
    counts = rng.poisson(intake * np.diff(edges) / YEAR)
    later = np.concatenate([rng.uniform(a, b, k) for a, b, k in zip(edges[:-1], edges[1:], counts, strict=True)])
    later = np.sort(np.clip(later, 1, plan.span - 86_400)).astype(np.int64)
    joined = np.concatenate([np.zeros(plan.founders, dtype=np.int64), later])
    n = len(joined)
    own = rng.normal(0, plan.identity_sd, n)
    # The cumulative rate of leaving is known, so the time of leaving is where it reaches an exponential draw.
    tenure = np.linspace(0, plan.span / YEAR, 2000)
    load = plan.leave * (tenure + plan.newcomer_leave * (1 - np.exp(-2 * tenure)) / 2)
    draw = rng.exponential(size=n) * np.exp(-plan.exit_selection * own)
    stay = np.interp(draw, load, tenure) * YEAR if plan.leave else np.full(n, np.inf)
    left = joined + np.maximum(np.where(draw < load[-1], stay, plan.span), 86_400).astype(np.int64)
    left[left >= plan.span] = HERE
    left[0] = HERE  # the facilitator
    year = (plan.stamp(joined).year).astype(str).to_numpy(dtype=object)
    year[: plan.founders] = "founders"
    cohorts = list(dict.fromkeys(year))
    consent = np.full(n, "all", dtype=object)
    consent[rng.permutation(n)[: plan.metadata_only]] = "metadata"
    return People(
        ids=np.array([f"m{k + 1:03d}" for k in range(n)], dtype=object),
        joined=joined,
        left=left,
        cohort=np.array([cohorts.index(y) for y in year]),
        cohorts=cohorts,
        unit=rng.integers(0, plan.units, n),
        consent=consent,
        own=own,
        entry_efficacy=rng.normal(size=n),
        asks=rng.lognormal(0, 0.7, n),
        habits=rng.normal(0, 1, (n, HABITS)),
        present=(joined <= plan.opens[:, None]) & (plan.opens[:, None] < left),
    )


def member_table(plan: Plan, people: People) -> pd.DataFrame:
    n, bots = len(people), plan.bots
    left = pd.Series(plan.stamp(np.where(people.left == HERE, 0, people.left)))
    frame = pd.DataFrame(
        {
            "member": people.ids,
            "joined": plan.stamp(people.joined),
            "left": left.where(people.left != HERE),
            "left_reason": np.where(people.left == HERE, np.array(None, dtype=object), "voluntary"),
            "cohort": np.array(people.cohorts, dtype=object)[people.cohort],
            "role": ["facilitator"] + ["member"] * (n - 1),
            "unit": [f"team {'abcdefghijklmnopqrstuvwxyz'[u % 26]}" for u in people.unit],
            "is_bot": False,
            "consent": people.consent,
        }
    )
    machines = pd.DataFrame(
        {"member": [f"bot{k + 1}" for k in range(bots)], "joined": plan.opening, "is_bot": True, "consent": "all"}
    )
    frame = pd.concat([frame, machines], ignore_index=True) if bots else frame
    return frame.assign(joined=frame["joined"].dt.as_unit("us")).set_index("member")

"""Questions, answers, thanks, introductions and announcements: who acts, towards whom, and when."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from coplearn.synthetic.members import People
from coplearn.synthetic.plan import YEAR, Plan

__all__ = ["record_acts", "record_tables"]

WEEK = 7 * 24


def record_acts(
    plan: Plan, people: People, standing: np.ndarray, rng: np.random.Generator
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """What members did, one row an act in order of time: seconds, kind, actor, other (-1: everybody), parent row."""
    asked, asker = _questions(plan, people, rng)
    number = rng.poisson(plan.answers, len(asked))
    to = np.repeat(np.arange(len(asked)), number)
    when = asked[to] + 60 + (rng.exponential(8 * 3600, len(to))).astype(np.int64)
    order = np.argsort(when, kind="stable")
    when, to = _strictly_later(when[order]), to[order]
    keep = (when < people.left[asker[to]]) & (when < plan.span) & (people.count(when) > 1)
    when, to = when[keep], to[keep]
    answerer = _answerers(plan, people, standing, when, asker[to], rng)
    grateful = rng.random(len(when)) < plan.thanks
    later = when + 60 + rng.exponential(86_400, len(when)).astype(np.int64)
    both = np.minimum(people.left[asker[to]], people.left[answerer])
    grateful &= (later < both) & (later < plan.span)
    greet = people.joined + 60 + rng.exponential(5 * 86_400, len(people)).astype(np.int64)
    greeting = (rng.random(len(people)) < plan.intros) & (people.count(greet) > 1)
    greets = np.flatnonzero(greeting & (greet < np.minimum(people.left, plan.span)))
    every = np.arange(9 * 3600, plan.span, 28 * 86_400)
    thank = {"seconds": later, "kind": "thanks", "actor": asker[to], "other": answerer, "parent": -1}
    parts = [
        pd.DataFrame({"seconds": asked, "kind": "question", "actor": asker, "other": -1, "parent": -1}),
        pd.DataFrame({"seconds": when, "kind": "answer", "actor": answerer, "other": asker[to], "parent": to}),
        pd.DataFrame(thank)[grateful],
        pd.DataFrame({"seconds": greet[greets], "kind": "intro", "actor": greets, "other": -1, "parent": -1}),
    ]
    for bot in range(plan.bots):
        row = {"seconds": every + 600 * bot, "kind": "announcement", "actor": len(people) + bot}
        parts.append(pd.DataFrame({**row, "other": -1, "parent": -1}))
    record = pd.concat(parts, ignore_index=True)
    order = np.argsort(record["seconds"].to_numpy(), kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    record["parent"] = np.where(record["parent"] < 0, -1, place[record["parent"]])  # questions are the first rows
    record = record.iloc[order].reset_index(drop=True)
    truth = {"effects": plan.answer_effects, "choices": len(when), "risk_set": "members present other than the asker"}
    return record, truth


def _strictly_later(seconds: np.ndarray) -> np.ndarray:
    """Sorted instants, moved by seconds so that no two are the same."""
    steps = np.arange(len(seconds))
    return np.maximum.accumulate(seconds - steps) + steps if len(seconds) else seconds


def _questions(plan: Plan, people: People, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """When questions are asked, and by whom."""
    most = int(people.count(np.unique(people.joined)).max())
    hour = np.arange(WEEK)
    pattern = ((hour % 24 >= 9) & (hour % 24 < 17) & (hour < 120)) * np.where(hour // 24 == 1, 2.0, 1.0)
    weight = (1 - plan.rhythm) / WEEK + plan.rhythm * pattern / pattern.sum()
    monday = -plan.opening.weekday() * 86_400
    weeks = int(np.ceil((plan.span - monday) / (7 * 86_400)))
    total = rng.poisson(plan.questions * most * weeks * 7 * 86_400 / YEAR)
    at = monday + rng.integers(0, weeks, total) * 7 * 86_400 + rng.choice(WEEK, total, p=weight) * 3600
    at = np.sort(at + rng.integers(0, 3600, total))
    luck, who = rng.random(total), rng.random(total)
    keep = (at >= 0) & (at < plan.span)
    present = people.count(at)
    keep &= (luck * most < present) & (present > 1)  # as many as members present; none to an empty room
    at, who = at[keep], who[keep]
    weights = people.asks * ((people.joined <= at[:, None]) & (at[:, None] < people.left))
    cumulative = weights.cumsum(axis=1)
    asker = (cumulative <= (who * cumulative[:, -1])[:, None]).sum(axis=1) if len(at) else np.zeros(0, dtype=np.int64)
    return at, asker


def _answerers(
    plan: Plan, people: People, standing: np.ndarray, when: np.ndarray, askers: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Who answers: draws from the choice model, one after the other, since each changes the next."""
    theta = plan.answer_effects
    n = len(people)
    told = np.zeros((n, n))  # log(1 + answers that row gave column)
    count = np.zeros((n, n))
    period = np.searchsorted(plan.opens, when, "right")
    luck = rng.random(len(when))
    chosen = np.empty(len(when), dtype=np.int64)
    for k, (t, j) in enumerate(zip(when.tolist(), askers.tolist(), strict=True)):
        score = theta["inertia"] * told[:, j] + theta["reciprocity"] * told[j]
        score += theta["same cohort"] * (people.cohort == people.cohort[j])
        score += theta["tenure"] * (t - people.joined) / YEAR + theta["efficacy"] * standing[period[k]]
        score[~people.here(t)] = -np.inf
        score[j] = -np.inf
        odds = np.exp(score - score.max()).cumsum()
        i = int(odds.searchsorted(luck[k] * odds[-1], "right"))
        chosen[k] = i
        count[i, j] += 1
        told[i, j] = np.log1p(count[i, j])
    return chosen


def record_tables(
    plan: Plan, people: People, record: pd.DataFrame, words: np.ndarray | None
) -> dict[str, pd.DataFrame]:
    """Events, messages and spaces."""
    ids = np.concatenate([people.ids, [f"bot{k + 1}" for k in range(plan.bots)]]).astype(object)
    kind, actor, other = record["kind"].to_numpy(), record["actor"].to_numpy(), record["other"].to_numpy()
    time = plan.stamp(record["seconds"].to_numpy())
    private = kind == "thanks"
    writes = ~private
    name = np.full(len(record), None, dtype=object)
    name[writes] = [f"x{k + 1:05d}" for k in range(int(writes.sum()))]
    present = people.count(record["seconds"].to_numpy())
    audience = np.where(private, 1, present - (actor < len(people)))
    space = np.select([kind == "thanks", np.isin(kind, ["question", "answer"])], ["direct", "help"], "plaza")
    mode = np.select([audience == 1, audience <= 7], ["1:1", "1:few"], "1:many")
    events = pd.DataFrame({"time": time, "sender": ids[actor], "receiver": np.where(other < 0, None, ids[other])})
    events = events.assign(kind=kind, space=space, audience=pd.array(audience, dtype="Int64"), mode=mode)
    events = events.assign(weight=1.0, message=name)
    parent = record["parent"].to_numpy()
    reply = np.where(parent < 0, None, name[parent])
    messages = pd.DataFrame({"message": name, "time": time, "author": ids[actor], "space": space})
    messages = messages.assign(thread=np.where(parent < 0, name, reply), reply_to=reply, kind=kind)
    messages = messages.assign(audience=events["audience"], text=words, lang="art")[writes]
    if words is not None:
        silent = people.ids[people.consent == "metadata"]
        messages["text"] = messages["text"].where(~messages["author"].isin(silent))
    spaces = pd.DataFrame(
        {"space": ["help", "plaza", "direct"], "kind": ["forum", "forum", "dm"]},
    ).assign(visibility=["restricted", "public", "private"])
    return {"events": events, "messages": messages.set_index("message"), "spaces": spaces.set_index("space")}

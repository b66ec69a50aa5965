"""Small communities that several tests share, and the hypothesis profile."""

import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

import coplearn as cl

os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("TQDM_DISABLE", "1")

# The first call of a kernel compiles it, so an example has no deadline; examples are the same every day.
settings.register_profile("coplearn", deadline=None, max_examples=25, derandomize=True)
settings.load_profile("coplearn")


def day(text):
    return pd.Timestamp(text, tz="UTC")


def team_tables():
    """Four people and a bot over 2020 and 2021: every kind of table, small enough to count by hand."""
    members = pd.DataFrame(
        {
            "member": ["ann", "ben", "cat", "dov", "bot"],
            "joined": [day("2020-01-01"), day("2020-01-01"), day("2020-06-15"), day("2021-02-01"), day("2020-01-01")],
            "left": [pd.NaT, day("2021-03-01"), pd.NaT, pd.NaT, pd.NaT],
            "unit": ["x", "x", "y", "y", None],
            "is_bot": [False, False, False, False, True],
            "consent": ["all", "text", "metadata", "all", "all"],
            "age": [50.0, 41.0, np.nan, 33.0, np.nan],
        }
    )
    events = pd.DataFrame(
        {
            "time": [
                day("2020-01-05"),
                day("2020-01-31 23:30"),
                day("2020-07-01"),
                day("2020-07-02"),
                day("2021-02-10"),
                day("2021-02-11"),
                day("2021-05-01"),
            ],
            "sender": ["ann", "ben", "cat", "ann", "dov", "bot", "ann"],
            "receiver": ["ben", "ann", "ann", "cat", None, "ann", "ann"],
            "kind": ["answer", "answer", "answer", "thanks", "question", "answer", "answer"],
            "audience": [1, 3, 1, 1, 12, 1, None],
            "message": [None, None, None, None, "q1", None, None],
        }
    )
    messages = pd.DataFrame(
        {
            "message": ["q1", "q2"],
            "time": [day("2021-02-10"), day("2021-02-12")],
            "author": ["dov", "ann"],
            "thread": ["t1", "t1"],
            "reply_to": [None, "q1"],
            "text": ["how do we share stories?", "we tell them"],
        }
    )
    waves = pd.DataFrame({"wave": [1, 2], "opens": [day("2020-08-01"), day("2021-02-15")]})
    ties = pd.DataFrame(
        {
            "wave": [1, 1, 2, 2],
            "network": "advice",
            "ego": ["ann", "ben", "dov", "ann"],
            "alter": ["ben", "ann", "ann", "dov"],
        }
    )
    roster = pd.DataFrame(
        {
            "wave": [1, 1, 1, 2, 2, 2, 2],
            "member": ["ann", "ben", "cat", "ann", "ben", "cat", "dov"],
            "responded": [True, True, False, True, True, True, True],
        }
    )
    items = pd.DataFrame(
        {"item": ["i1", "i2", "i3"], "scale": "identity", "reverse": [False, False, True], "min": 1, "max": 5}
    )
    answers = {
        (1, "ann"): (4, 4, 2),
        (1, "ben"): (2, 3, 4),
        (2, "ann"): (5, 5, 1),
        (2, "ben"): (3, None, 3),
        (2, "dov"): (1, None, None),
    }
    responses = pd.DataFrame(
        [(w, m, i, v) for (w, m), values in answers.items() for i, v in zip(items["item"], values, strict=True)],
        columns=["wave", "member", "item", "value"],
    )
    return {
        "members": members,
        "events": events,
        "messages": messages,
        "waves": waves,
        "ties": ties,
        "roster": roster,
        "items": items,
        "responses": responses,
    }


@pytest.fixture
def tables():
    return team_tables()


@pytest.fixture
def team():
    return cl.Community("team", **team_tables(), start=day("2020-01-01"), end=day("2022-01-01"))


def random_community(seed, n_members=12, n_events=200, days=400):
    """Members who come and go and act while present."""
    rng = np.random.default_rng(seed)
    start = day("2020-01-01")
    joined = np.sort(rng.integers(0, days - 60, n_members))
    joined[: n_members // 3] = 0
    left = np.where(rng.random(n_members) < 0.4, joined + rng.integers(30, days, n_members), 10 * days)
    names = [f"m{k:02d}" for k in range(n_members)]
    rows = []
    while len(rows) < n_events:
        at = rng.integers(0, days * 86_400)
        here = np.flatnonzero((joined * 86_400 <= at) & (at < left * 86_400))
        if len(here) < 2:
            continue
        i, j = rng.choice(here, 2, replace=False)
        rows.append((start + pd.Timedelta(seconds=int(at)), names[i], names[j], rng.choice(["answer", "thanks"])))
    events = pd.DataFrame(rows, columns=["time", "sender", "receiver", "kind"])
    events["weight"] = rng.integers(1, 4, n_events) / 2
    members = pd.DataFrame({"member": names, "joined": start + pd.to_timedelta(joined, unit="D")})
    gone = pd.Series(start + pd.to_timedelta(left, unit="D"))
    members["left"] = gone.where(left < days)
    members["unit"] = rng.choice(["x", "y"], n_members)
    return cl.Community("random", members, events, start=start, end=start + pd.Timedelta(days=days))


@pytest.fixture(scope="session")
def s50():
    """Friendship, alcohol and smoking of the Glasgow s50 data, which are other people's."""
    try:
        return cl.datasets.load_glasgow_s50().panel("friendship", ["alcohol", "smoking"])
    except FileNotFoundError:
        pytest.skip("other people's data: set COPLEARN_DATA to a folder that holds glasgow_s50")


@pytest.fixture(scope="session")
def reference_panel(s50):
    """The variables for which RSiena's reference values were computed."""
    index = np.arange(1, 51)
    dyad = ((3 * index[:, None] + 7 * index) % 5) * ~np.eye(50, dtype=bool)
    drink = s50.behaviors["alcohol"].values
    covariates = {"smoke1": s50.behaviors["smoking"].values[0], "alc": drink[:2]}
    ties = s50.networks["friendship"].ties
    return cl.JointPanel.from_arrays({"net": ties}, {"drink": drink}, covariates, {"dyad": dyad})

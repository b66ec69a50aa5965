"""Cohorts: who entered together, who stayed, and whether they mix."""

import math

import naive
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coplearn as cl
from conftest import day, random_community


def entered(dates, **options):
    members = pd.DataFrame({"member": [f"m{k}" for k in range(len(dates))], "joined": [day(d) for d in dates]})
    return cl.Community("entered", members, start=day("2020-01-01"), end=day("2021-12-31"), **options)


def test_who_joined_before_the_observation_is_apart():
    cohorts = entered(["2019-05-01", "2020-01-01", "2020-02-01"]).cohorts(every="year", min_size=1)
    assert cohorts.labels.to_dict() == {"m0": "pre", "m1": "2020", "m2": "2020"}


def test_small_windows_are_joined_and_it_is_said():
    cohorts = entered(["2020-01-05", "2020-04-05", "2020-05-05", "2020-11-05"]).cohorts(every="quarter", min_size=2)
    assert cohorts.names == ["2020Q1 to 2020Q4"]  # the last quarter alone is too small, too
    assert cohorts.merged and "joined to reach 2 members" in cohorts.merged[0]


@given(seed=st.integers(0, 5000), size=st.integers(1, 6), every=st.sampled_from(["month", "quarter", "half-year"]))
def test_every_member_is_in_one_cohort_and_cohorts_reach_the_size(seed, size, every):
    community = random_community(seed, n_events=30)
    cohorts = community.cohorts(every=every, min_size=size)
    assert len(cohorts.members) == len(community) and cohorts.labels.notna().all()
    assert cohorts.sizes.sum() == len(community)
    assert (cohorts.sizes >= size).all() or len(cohorts) == 1
    entry = cohorts.members.groupby("cohort", observed=True)["joined"].agg(["min", "max"])
    assert (entry["min"].iloc[1:].to_numpy() > entry["max"].iloc[:-1].to_numpy()).all()


def test_cohorts_by_a_column_a_function_and_generations():
    community = random_community(1)
    assert community.cohorts(by="unit").names == ["x", "y"]
    by_function = community.cohorts(by=lambda members: members["unit"].str.upper())
    assert by_function.names == ["X", "Y"]
    generations = {"2020": "before", "2021": "after"}
    named = community.cohorts(by=generations, every="year")
    assert set(named.names) <= {"before", "after"} and named.names[0] == "before"
    with pytest.raises(ValueError, match="no generation is given for those who entered in 2020"):
        community.cohorts(by={"1999": "old"}, every="year")


def test_retention_is_the_share_active_in_each_year_among_those_observed():
    community = random_community(3, n_members=20, days=1200, n_events=300)
    community = community.subset([m for m, left in community.members["left"].items()])
    cohorts = community.cohorts(every="year", min_size=5)
    step = pd.Timedelta(days=365.25)
    acts = community.activity.groupby("member")["time"].apply(list).to_dict()
    for name in cohorts.names:
        joined = cohorts.members.loc[cohorts.labels == name, "joined"].to_dict()
        want = naive.retention(joined, {m: acts.get(m, []) for m in joined}, community.end, step)
        got = cohorts.retention("year", min_size=1).loc[name].dropna().tolist()
        assert got == pytest.approx(want)


def test_retention_of_few_is_not_shown():
    cohorts = entered(["2020-01-05"] * 4).cohorts(every="year", min_size=1)
    assert cohorts.retention("half-year").isna().all(axis=None)


def test_median_tenure_is_where_kaplan_meier_crosses_one_half():
    community = random_community(5, n_members=60, n_events=400, days=900)
    cohorts = community.cohorts(every="year", min_size=25)
    table = cohorts.table()
    shown = 0
    for name in cohorts.names:
        group = cohorts.members[cohorts.labels == name]
        tenure = ((group["known_until"] - group["joined"]) / pd.Timedelta(days=1)).tolist()
        kept = [k for k, t in enumerate(tenure) if t > 0 or group["departed"].iloc[k]]
        want = naive.kaplan_meier_median(
            [tenure[k] for k in kept], [bool(group["departed"].iloc[k]) for k in kept], [-1.0] * len(kept)
        )
        got = table.loc[name, "median_tenure_days"]
        assert (math.isnan(want) and math.isnan(got)) or got == pytest.approx(want)
        shown += not math.isnan(got)
    assert shown


def test_who_was_seen_once_departs_at_once():
    members = pd.DataFrame({"member": [f"m{k:02d}" for k in range(20)]})
    acts = [(f"m{k:02d}", day("2020-02-01")) for k in range(20)] + [(f"m{k:02d}", day("2020-02-11")) for k in range(9)]
    messages = pd.DataFrame(acts, columns=["author", "time"]).assign(message=[str(k) for k in range(29)])
    seen = cl.Community("seen", members, messages=messages, end=day("2021-01-01"))
    assert seen.cohorts(every="year").table()["median_tenure_days"].tolist() == [0.0]


def test_succession_counts_each_active_member_once_a_window():
    community = random_community(7)
    cohorts = community.cohorts(every="quarter", min_size=4)
    table = cohorts.succession("month")
    acts = community.activity.assign(month=community.activity["time"].dt.strftime("%Y-%m"))
    want = acts.groupby("month")["member"].nunique()
    assert table.sum(axis=1)[lambda s: s > 0].to_dict() == want.to_dict()
    assert cohorts.succession("month", "acts").to_numpy().sum() == len(community.activity)


def test_mixing_is_the_share_of_ties_between_cohorts():
    community = random_community(9)
    cohorts = community.cohorts(every="quarter", min_size=4)
    graph = community.network()
    mixing = cohorts.mixing(graph, permutations=99, seed=1)
    assert mixing.share == pytest.approx(naive.cross_share(graph.edges, cohorts.labels.to_dict()))
    assert mixing.n_ties == graph.number_of_edges()
    pairs = pd.DataFrame(list(graph.edges), columns=["ego", "alter"])
    assert cohorts.mixing(pairs, permutations=99, seed=1).pvalue == mixing.pvalue


def test_mixing_finds_segregation_and_full_mixture():
    community = entered(["2020-01-05"] * 8 + ["2021-01-05"] * 8)
    cohorts = community.cohorts(every="year", min_size=2)
    old, new = community.members.index[:8], community.members.index[8:]
    apart = nx.DiGraph([(a, b) for group in (old, new) for a in group for b in group if a != b])
    across = nx.DiGraph([(a, b) for a in old for b in new])
    assert cohorts.mixing(apart).share == 0 and cohorts.mixing(apart).pvalue < 0.01
    assert cohorts.mixing(across).share == 1 and cohorts.mixing(across).pvalue < 0.01
    # By numbers alone 2 * 8 * 8 of 16 * 15 ordered pairs are mixed; the permutation mean has s.e. below 0.005.
    assert cohorts.mixing(apart).expected == pytest.approx(128 / 240, abs=0.02)


def test_the_permutation_test_of_mixing_has_its_size():
    """On random networks p-values are uniform: 400 tests at 20 % reject 80 +- 3 * 8 times."""
    community = entered(["2020-01-05"] * 12 + ["2021-01-05"] * 8)
    cohorts = community.cohorts(every="year", min_size=2)
    rng = np.random.default_rng(0)
    names = community.members.index.to_numpy()
    rejected = 0
    for k in range(400):
        pairs = pd.DataFrame(rng.choice(names, (40, 2)), columns=["ego", "alter"])
        rejected += cohorts.mixing(pairs, permutations=199, seed=k).pvalue <= 0.2
    assert abs(rejected - 80) <= 24


def test_mixing_needs_a_tie():
    with pytest.raises(ValueError, match="needs a tie"):
        entered(["2020-01-05"] * 3).cohorts(min_size=1).mixing(nx.DiGraph([("m0", "m0")]))


def test_table_and_figure_speak_of_the_same_cohorts():
    community = random_community(11)
    cohorts = community.cohorts(every="quarter", min_size=4)
    assert cohorts.table().index.tolist() == cohorts.names
    assert cohorts.table()["members"].sum() == len(community)
    ax = cohorts.plot()
    assert ax.get_ylabel() == "active members per year"
    assert all(name in repr(cohorts) for name in cohorts.names)

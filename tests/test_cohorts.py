"""Cohorts: who entered together, who stayed, and whether they mix."""

import naive
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coplearn as cl
from conftest import day, random_community
from coplearn.cohorts import Cohorts, entry_cohorts, label_cohorts, median_tenure


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
    for name in cohorts.names:
        group = cohorts.members[cohorts.labels == name]
        tenure = ((group["known_until"] - group["joined"]) / pd.Timedelta(days=1)).tolist()
        kept = [k for k, t in enumerate(tenure) if t > 0 or group["departed"].iloc[k]]
        want = naive.kaplan_meier_median(
            [tenure[k] for k in kept], [bool(group["departed"].iloc[k]) for k in kept], [-1.0] * len(kept), at_risk=10
        )
        assert table.loc[name, "median_tenure_days"] == pytest.approx(want, nan_ok=True)


@given(seed=st.integers(0, 100_000), n=st.integers(1, 60), at_risk=st.sampled_from([1, 3, 10]))
def test_median_tenure_is_that_of_kaplan_meier_in_fractions(seed, n, at_risk):
    """Ties, censoring, delayed entry, members who were gone before they could be observed."""
    rng = np.random.default_rng(seed)
    tenure = rng.integers(1, rng.integers(3, 80), n)
    entry = np.where(rng.random(n) < 0.5, -1, rng.integers(1, 30, n))
    departed = rng.random(n) < rng.uniform(0.3, 1)
    want = naive.kaplan_meier_median(tenure.tolist(), departed.tolist(), entry.tolist(), at_risk)
    assert median_tenure(tenure, departed, entry, at_risk) == pytest.approx(want, nan_ok=True)


@pytest.mark.parametrize("n", [20, 22, 24, 30, 94, 600])
def test_half_departed_is_the_median_whatever_the_rounding(n):
    """n / 2 of n leave at distinct times: the curve is at exactly one half, in floats a little above for n = 24."""
    tenure = np.append(np.arange(1, n // 2 + 1), np.full(n - n // 2, n))
    assert median_tenure(tenure, tenure < n, np.full(n, -1)) == n // 2


def test_a_median_does_not_rest_on_one_member_at_risk():
    """31 joined before the observation; the one who had just joined left after 11 days, alone at risk there."""
    joined = ["2019-01-01"] * 30 + ["2019-12-30"]
    members = pd.DataFrame({"member": [f"m{k:02d}" for k in range(31)], "joined": [day(d) for d in joined]})
    members["left"] = pd.Series([pd.NaT] * 30 + [day("2020-01-10")], dtype="datetime64[us, UTC]")
    cohorts = cl.Community("old", members, start=day("2020-01-01"), end=day("2021-12-31")).cohorts(every="year")
    row = cohorts.table().loc["pre"]
    assert row["departed"] == pytest.approx(1 / 31) and np.isnan(row["median_tenure_days"])


def test_who_was_never_seen_neither_departs_nor_stays():
    """20 are seen once and depart; 5 are in the list of members only."""
    names = [f"m{k:02d}" for k in range(25)]
    joined, seen = day("2020-02-01"), pd.Series([day("2020-02-01")] * 20 + [pd.NaT] * 5, names)
    members = pd.DataFrame({"cohort": pd.Categorical(["2020"] * 25, ordered=True), "joined": joined}, names)
    members["left"] = pd.Series(pd.NaT, names, dtype="datetime64[us, UTC]")
    members["last_seen"], members["departed"], members["known_until"] = seen, seen.notna(), joined
    activity = pd.DataFrame({"member": names[:20], "time": joined})
    cohorts = Cohorts(members, activity, day("2020-01-01"), day("2021-01-01"), "UTC", ())
    row = cohorts.table().loc["2020"]
    assert row["members"] == 25 and row["never_seen"] == 5
    assert row["departed"] == 1.0 and row["median_tenure_days"] == 0.0
    everybody = Cohorts(members.iloc[:20], activity, cohorts.start, cohorts.end, "UTC", ())
    assert "never_seen" not in everybody.table().columns


@pytest.mark.parametrize("old", [True, False])
def test_who_joined_at_the_very_end_is_in_the_last_window(old):
    end = day("2020-07-01")
    joined = pd.Series([day("2019-01-01" if old else "2020-01-01"), day("2020-02-01"), end], ["a", "b", "c"])
    labels, _ = entry_cohorts(joined, day("2020-01-01"), end, "quarter", 1, "UTC")
    assert labels.tolist() == ["pre" if old else "2020Q1", "2020Q1", "2020Q3"]
    # `_last` lies before the end: the window of the end is not in [start, _last].
    before, _ = entry_cohorts(joined, day("2020-01-01"), end - pd.Timedelta(microseconds=1), "quarter", 1, "UTC")
    assert before.tolist() == labels.tolist()


def test_cohorts_keep_the_order_of_their_labels():
    members = ["a", "b", "c", "d"]
    assert list(label_cohorts(pd.Series([10, 9, 9, 11], members)).cat.categories) == ["9", "10", "11"]
    assert list(label_cohorts(pd.Series([10, 9, np.nan, 11], members)).cat.categories) == ["9", "10", "11"]
    assert list(label_cohorts(pd.Series(["w10", "w9", None, "w11"], members)).cat.categories) == ["w9", "w10", "w11"]
    stages = pd.Categorical(["new", "old", None, "new"], categories=["old", "new", "none"], ordered=True)
    assert list(label_cohorts(pd.Series(stages, members)).cat.categories) == ["old", "new"]
    with pytest.raises(ValueError, match="cohort labels are of mixed types"):
        label_cohorts(pd.Series([1, "x", 2, 3], members, dtype=object))


def test_a_function_gives_one_label_for_each_member():
    index = pd.Index(["a", "b", "c"])
    assert label_cohorts(["y", "x", "y"], index=index).to_dict() == {"a": "y", "b": "x", "c": "y"}
    assert label_cohorts(np.array([2, 1, 2]), index=index).tolist() == ["2", "1", "2"]
    assert label_cohorts(pd.Series({"c": "x", "a": "y"}), index=index).isna().tolist() == [False, True, False]
    with pytest.raises(ValueError, match="2 labels for 3 members"):
        label_cohorts(["x", "y"], index=index)
    with pytest.raises(ValueError, match="0, 1, 2 in its index are no members here"):
        label_cohorts(pd.Series(["x", "y", "x"]), index=index)
    with pytest.raises(ValueError, match="several labels for a"):
        label_cohorts(pd.Series(["x", "y"], ["a", "a"]), index=index)
    for wrong in (None, "abc", 3, pd.DataFrame({"x": [1, 2, 3]})):
        with pytest.raises(ValueError, match="must return a Series indexed by member"):
            label_cohorts(wrong, index=index)


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


def test_mixing_says_what_it_cannot_use():
    cohorts = entered(["2020-01-05"] * 3).cohorts(min_size=1)
    with pytest.raises(TypeError, match=r"needs a networkx graph, or a frame .* not NoneType"):
        cohorts.mixing(None)
    with pytest.raises(ValueError, match="two members in its first columns; this has 1"):
        cohorts.mixing(pd.DataFrame({"ego": ["m0"]}))
    for permutations in (0, -1):
        with pytest.raises(ValueError, match="permutations is the number"):
            cohorts.mixing(nx.DiGraph([("m0", "m1")]), permutations=permutations)
    once = cohorts.mixing(nx.DiGraph([("m0", "m1")]), permutations=1)
    assert once.pvalue == 1 and np.isnan(once.z)


def test_who_has_no_tie_to_another_member_is_not_in_the_network():
    cohorts = entered(["2020-01-05"] * 3 + ["2021-01-05"] * 3).cohorts(every="year", min_size=1)
    ties = [("m0", "m1"), ("m0", "m3")]
    alone = [("m4", "m4"), ("m5", "somebody else")]
    plain, more = cohorts.mixing(nx.DiGraph(ties)), cohorts.mixing(nx.DiGraph([*ties, *alone]))
    assert more.n_members == 3
    pd.testing.assert_frame_equal(more.table(), plain.table())


def test_many_cohorts_are_listed_in_short():
    dates = [f"{y}-{m:02d}-05" for y in (2020, 2021) for m in range(1, 11)]
    text = repr(entered(dates).cohorts(every="month", min_size=1))
    assert "and 8 more" in text and "2020-02 (1)" in text and "2021-10" not in text


def test_no_cohorts_no_figure():
    members = pd.DataFrame({"member": ["a", "b"], "joined": day("2020-01-05"), "unit": [None, None]})
    with pytest.raises(ValueError, match="there are no cohorts to draw"):
        cl.Community("blank", members, start=day("2020-01-01"), end=day("2020-12-31")).cohorts(by="unit").plot()


def test_table_and_figure_speak_of_the_same_cohorts():
    community = random_community(11)
    cohorts = community.cohorts(every="quarter", min_size=4)
    assert cohorts.table().index.tolist() == cohorts.names
    assert cohorts.table()["members"].sum() == len(community)
    ax = cohorts.plot()
    assert ax.get_ylabel() == "active members per year"
    assert all(name in repr(cohorts) for name in cohorts.names)

"""The community: what it refuses and how it says so, what it repairs, and that its views agree."""

import os
import pickle
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coplearn as cl
from conftest import day, random_community, team_tables
from coplearn import storage
from coplearn.windows import calendar_windows, span


def refused(**changes):
    """The error that a change to the team's tables meets."""
    arguments = {**team_tables(), "start": day("2020-01-01"), "end": day("2022-01-01"), **changes}
    with pytest.raises(cl.ValidationError) as caught:
        cl.Community("team", **arguments)
    return caught.value


def accepted(**changes):
    arguments = {**team_tables(), "start": day("2020-01-01"), "end": day("2022-01-01"), **changes}
    return cl.Community("team", **arguments)


# --- rules: the code, and a sentence that names rows and members and says what to do ------------------


def with_row(frame, **row):
    return pd.concat([frame, pd.DataFrame([row])], ignore_index=True)


T = team_tables()
FAULTS = {
    "duplicate member": (
        dict(members=pd.concat([T["members"], T["members"].iloc[[1]]])),
        "E01",
        ["ben", "Keep one row"],
    ),
    "orphan receiver": (
        dict(events=T["events"].assign(receiver=["zoe", "ann", "ann", "cat", None, "ann", "ann"])),
        "E01",
        ["zoe", "row: 0", "rules=cl.Rules(on_orphan='drop')"],
    ),
    "unknown wave": (
        dict(ties=with_row(T["ties"], wave=3, network="advice", ego="ann", alter="ben")),
        "E01",
        ["ties.wave", "3", "row: 4"],
    ),
    "unknown item": (
        dict(responses=with_row(T["responses"], wave=1, member="ann", item="i9", value=1)),
        "E01",
        ["i9"],
    ),
    "answered twice": (
        dict(responses=pd.concat([T["responses"], T["responses"].iloc[[0]]])),
        "E01",
        ["1/ann/i1"],
    ),
    "naive timestamps": (
        dict(events=T["events"].assign(time=T["events"]["time"].dt.tz_localize(None))),
        "E02",
        ["no time zone", "tz_localize"],
    ),
    "left before joining": (
        dict(members=T["members"].assign(left=[day("2019-01-01"), *T["members"]["left"][1:]])),
        "E02",
        ["ann", "left before joining"],
    ),
    "event outside the window": (dict(end=day("2021-04-01")), "E02", ["row 6", "2021-05-01", "Widen"]),
    "missing time": (
        dict(events=T["events"].assign(time=[pd.NaT, *T["events"]["time"][1:]])),
        "E02",
        ["events.time is missing", "row 0"],
    ),
    "joined after the end": (
        dict(members=with_row(T["members"], member="eve", joined=day("2023-01-01"), is_bot=False, consent="all")),
        "E02",
        ["eve", "after the observation ended"],
    ),
    "answer out of range": (
        dict(responses=T["responses"].assign(value=[9, *T["responses"]["value"][1:]])),
        "E03",
        ["member ann, wave 1, item i1 is 9", "1 to 5"],
    ),
    "fractional answer": (
        dict(responses=T["responses"].assign(value=[2.5, *T["responses"]["value"][1:]])),
        "E03",
        ["2.5", "continuous=True"],
    ),
    "ego is alter": (
        dict(ties=with_row(T["ties"], wave=1, network="advice", ego="ann", alter="ann")),
        "E04",
        ["ann to ann"],
    ),
    "ego did not respond": (
        dict(ties=with_row(T["ties"], wave=1, network="advice", ego="cat", alter="ann")),
        "E04",
        ["did not respond", "wave 1, advice, cat to ann", "row 4"],
    ),
    "alter not listed": (
        dict(ties=with_row(T["ties"], wave=1, network="advice", ego="ann", alter="dov")),
        "E04",
        ["not listed", "ann to dov"],
    ),
    "tie without value": (dict(ties=T["ties"].assign(value=[0, 1, 1, 1])), "E04", ["positive value", "row 0"]),
    "reply before its parent": (
        dict(messages=T["messages"].assign(time=[day("2021-02-10"), day("2021-02-09")])),
        "E05",
        ["q2", "older", "reply_tolerance"],
    ),
    "reply in another thread": (dict(messages=T["messages"].assign(thread=["t1", "t2"])), "E05", ["q2", "thread"]),
    "text without consent": (
        dict(messages=T["messages"].assign(author=["dov", "cat"])),
        "E06",
        ["cat", "without_consent='remove'"],
    ),
    "missing column": (dict(events=T["events"].drop(columns="sender")), "E07", ["no column 'sender'", "receiver"]),
    "times as text": (dict(events=T["events"].assign(time="2020-01-05")), "E07", ["pd.to_datetime"]),
    "answers as words": (
        dict(responses=T["responses"].assign(value="agree")),
        "E07",
        ["agree", "no finite number", "Code non-answers as missing"],
    ),
    "unknown consent": (dict(members=T["members"].assign(consent="yes")), "E07", ["yes", "metadata, text, all"]),
    "no frame": (dict(events=[1, 2]), "E07", ["list", "DataFrame"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_refused_with_its_code_and_a_sentence(fault):
    changes, code, words = FAULTS[fault]
    error = refused(**changes)
    assert error.report.codes[0] == code
    for word in words:
        assert word in str(error)


def test_every_error_of_one_stage_is_reported_at_once():
    values = T["responses"].assign(value=[9, 2.5, *T["responses"]["value"][2:]])
    error = refused(responses=values, messages=T["messages"].assign(thread=["t1", "t2"]))
    assert [f.code for f in error.report.errors] == ["E03", "E03", "E05"]


def test_an_event_before_its_member_joined_moves_the_join_and_is_counted():
    early = T["members"].assign(joined=[day("2020-03-01"), *T["members"]["joined"][1:]])
    community = accepted(members=early)
    finding = next(f for f in community.report.findings if f.code == "W01")
    assert finding.count == 1 and "ann" in finding.message and "56 days" in finding.message
    assert community.members.loc["ann", "joined"] == day("2020-01-05")
    assert community.members.loc["ann", "joined_inferred"]


def test_a_missing_join_is_the_first_appearance():
    community = accepted(members=T["members"].drop(columns="joined"))
    assert community.members.loc["dov", "joined"] == day("2021-02-10")
    assert community.members.loc["cat", "joined"] == day("2020-07-01")
    assert community.members["joined_inferred"].all()


ORPHANS = dict(events=T["events"].assign(receiver=["zoe", "ann", "ann", "cat", None, "ann", "ann"]))


def test_orphans_can_be_dropped_and_are_counted():
    community = accepted(**ORPHANS, rules=cl.Rules(on_orphan="drop"))
    assert community.report.dropped == {"events": 1}
    assert "zoe" in next(f.message for f in community.report.findings if f.code == "N02")
    assert len(community["events"]) == 6


def test_orphans_can_be_stubbed_as_members_who_joined_with_their_first_act():
    community = accepted(**ORPHANS, rules=cl.Rules(on_orphan="stub"))
    zoe = community.members.loc["zoe"]
    assert zoe["joined"] == day("2020-01-05") and zoe["joined_inferred"] and zoe["consent"] == "metadata"
    assert community.report.dropped == {}


def test_text_without_consent_can_be_removed_and_is_counted():
    messages = T["messages"].assign(author=["dov", "cat"])
    community = accepted(messages=messages, rules=cl.Rules(without_consent="remove"))
    assert community.messages["text"].isna().tolist() == [False, True]
    assert "1 text" in next(f.message for f in community.report.findings if f.code == "N03")


def test_answers_of_members_without_any_consent_are_refused():
    assert "E06" in refused(members=T["members"].assign(consent=["all", "none", "metadata", "all", "all"])).report.codes


WARNINGS = {
    "W02": dict(events=with_row(T["events"], time=day("2021-06-01"), sender="ben", receiver="ann", kind="answer")),
    "W03": {},
    "W05": {},
    "W06": {},
    "W09": dict(members=T["members"].assign(joined=[day("2019-01-01"), *T["members"]["joined"][1:]])),
}


@pytest.mark.parametrize("code", WARNINGS)
def test_a_doubtful_record_travels_with_a_warning(code):
    assert code in accepted(**WARNINGS[code]).report.codes


def posts(authors, texts, minutes):
    return pd.DataFrame(
        {
            "message": [f"p{k}" for k in range(len(authors))],
            "time": [day("2021-02-10") + pd.Timedelta(minutes=m) for m in minutes],
            "author": authors,
            "text": texts,
        }
    )


def test_one_member_who_writes_most_of_the_text_is_named():
    found = accepted(messages=posts(["ann"] * 15 + ["dov"] * 6, None, range(21)), events=None).report
    assert any(f.code == "W04" and "ann wrote 71%" in f.message for f in found.findings)


def test_the_same_text_five_times_in_a_day_is_reported_and_four_times_is_not():
    spam = "please read my long advertisement"
    often = accepted(messages=posts(["ann", "dov"] * 2 + ["ann"], spam, range(5)), events=None)
    seldom = accepted(messages=posts(["ann", "dov"] * 2, spam, range(4)), events=None)
    spread = accepted(messages=posts(["ann", "dov"] * 2 + ["ann"], spam, np.arange(5) * 600), events=None)
    assert ["W07" in c.report.codes for c in (often, seldom, spread)] == [True, False, False]


def test_membership_seen_only_through_activity_is_said():
    events = T["events"][["time", "sender", "receiver"]]
    community = cl.Community("plain", T["members"][["member"]], events)
    assert "W08" in community.report.codes


def test_numbers_serve_as_ids_even_when_read_as_floats():
    events = pd.DataFrame({"time": [day("2020-01-02")] * 2, "sender": [1.0, 2.0], "receiver": [2.0, np.nan]})
    community = cl.Community("numbers", pd.DataFrame({"member": [1, 2]}), events)
    assert community["events"]["receiver"].tolist()[0] == "2"
    assert list(community.members.index) == ["1", "2"]


def test_mode_follows_from_the_audience(team):
    assert team["events"]["mode"].tolist()[:5] == ["1:1", "1:few", "1:1", "1:1", "1:many"]
    assert pd.isna(team["events"]["mode"].iloc[6])


BLANK = T["members"].assign(consent=["all", "text", None, "all", "all"])


def test_a_blank_in_the_column_of_consent_is_no_consent():
    error = refused(members=BLANK, messages=T["messages"].assign(author=["dov", "cat"]))
    assert error.report.codes[0] == "E06" and "cat" in str(error)
    assert "1 member with consent none, or left blank: cat" in repr(accepted(members=BLANK).report)


@pytest.mark.parametrize(
    "changes, words",
    [
        (dict(ties=T["ties"].assign(value=[np.nan, 1, 1, 1])), "E04.*positive value"),
        (dict(events=T["events"].assign(weight=[np.nan, *[1] * 6])), "E07.*events.weight is missing or not positive"),
        (dict(events=T["events"].assign(weight=[-5, *[1] * 6])), "row 0"),
        (dict(events=T["events"].assign(audience=[0, *[1] * 6])), "E07.*whole numbers from 1"),
        (dict(responses=T["responses"].assign(value=[np.inf, *T["responses"]["value"][1:]])), "no finite number"),
        (dict(waves=T["waves"].assign(opens=[day("2019-08-01"), day("2021-02-15")])), "E02.*wave 1 opens outside"),
        (dict(messages=T["messages"].assign(reply_to=[None, "q2"])), "E05.*message q2 replies to itself"),
        (dict(members=T["members"].assign(is_bot="perhaps")), "perhaps; write True or False"),
        (dict(members=pd.concat([T["members"], T["members"][["unit"]]], axis=1)), "more than one column unit"),
        (dict(members=None), "E07.*there are no members. Give one row a member"),
    ],
)
def test_what_cannot_be_used_is_refused_and_not_filled_in(changes, words):
    assert re.search(words, str(refused(**changes)), re.DOTALL)


@pytest.mark.parametrize(
    "settings, words",
    [
        (dict(timezone="Europe/Berln"), "timezone 'Europe/Berln' is not known"),
        (dict(inactive_after="half a year"), "inactive_after 'half a year'"),
        (dict(inactive_after="-3D"), "not positive"),
        (dict(truth=[1]), "truth is a list; give a dict"),
        (dict(rules="drop"), "write rules=cl.Rules"),
        (dict(start="yesterdayish"), "cannot be read as a date"),
        (dict(start="2023-01-01"), "after it ends"),
    ],
)
def test_settings_are_checked_at_once(settings, words):
    with pytest.raises((ValueError, TypeError), match=words):
        cl.Community("team", **{**team_tables(), "end": day("2022-01-01"), **settings})


def test_words_for_truth_values_are_read():
    community = accepted(members=T["members"].assign(is_bot=["False", "false", "FALSE", "False", "True"]))
    assert community.members["is_bot"].tolist() == [False] * 4 + [True]


def test_being_addressed_is_no_act():
    late = T["members"].assign(joined=[day("2020-01-01"), day("2020-01-20"), *T["members"]["joined"][2:]])
    community = accepted(members=late)  # ben is answered on the 5th and acts on the 31st
    assert "W01" not in community.report.codes and community.members.loc["ben", "joined"] == day("2020-01-20")


def test_answering_a_wave_shows_who_was_there():
    members = T["members"].assign(joined=[pd.NaT] * 3 + [day("2021-06-01"), pd.NaT])
    community = accepted(members=members, events=None, messages=None)
    assert community.members.loc["ann", "joined"] == day("2020-08-01")  # opened then
    assert community.members.loc["dov", "joined"] == day("2021-02-15") and "W01" in community.report.codes
    assert "4 joins not given" in repr(community.report)


def test_what_absent_members_said_is_reported_and_left_out_everywhere():
    members = T["members"].assign(left=[day("2020-07-15"), *T["members"]["left"][1:]])
    community = accepted(members=members)
    finding = next(f for f in community.report.findings if f.code == "W10")
    assert "ann" in finding.message and "answers" in finding.message and "ties" in finding.message
    assert community.network(1, ties="advice").number_of_edges() == 0
    assert "ann" not in set(community.scores("identity")["member"])
    assert "W10" not in accepted().report.codes


def test_who_came_while_the_wave_was_open_was_there():
    waves = T["waves"].assign(closes=[day("2020-09-01"), day("2021-03-15")])
    members = T["members"].assign(
        joined=[day("2020-01-01")] * 2 + [day("2020-08-20"), day("2021-02-20"), day("2020-01-01")]
    )
    community = accepted(members=members, waves=waves, events=None, messages=None)
    assert set(community.network(2, ties="advice")) == {"ann", "ben", "cat", "dov"}
    assert "W10" not in community.report.codes and "W01" not in community.report.codes


def test_two_who_wrote_half_each_are_both_named():
    found = accepted(messages=posts(["ann", "dov"] * 12, None, range(24)), events=None).report
    assert sum(f.code == "W04" for f in found.findings) == 2


def test_a_row_that_goes_takes_the_references_to_it_along():
    messages = T["messages"].assign(author=["zoe", "ann"])
    community = accepted(messages=messages, rules=cl.Rules(on_orphan="drop"))
    assert community.messages.index.tolist() == ["q2"] and community["events"]["message"].isna().all()
    assert len(community.between("2020-01-01", "2022-01-01")["events"]) == 7


def test_the_rules_of_a_community_stay_with_it(tmp_path):
    messages = T["messages"].assign(time=[day("2021-02-10"), day("2021-02-10") - pd.Timedelta(seconds=5)])
    community = accepted(messages=messages, rules=cl.Rules(reply_tolerance=10))
    assert community.subset(["ann", "dov"]).rules.reply_tolerance == 10
    assert cl.load(community.save(tmp_path)).rules == community.rules


# --- frozen --------------------------------------------------------------------------------------------


def test_a_community_cannot_be_changed_through_its_frames(team):
    frame = team.members
    frame.loc["ann", "unit"] = "elsewhere"
    frame["new"] = 1
    assert team.members.loc["ann", "unit"] == "x" and "new" not in team.members


def test_the_users_frames_are_left_alone_and_do_not_reach_in(tables):
    community = accepted(**tables)
    for name, frame in team_tables().items():
        pd.testing.assert_frame_equal(tables[name], frame)
    tables["events"].loc[0, "sender"] = "cat"
    assert community["events"].loc[0, "sender"] == "ann"


def test_attributes_cannot_be_set_or_removed(team):
    with pytest.raises(AttributeError, match="frozen"):
        team.name = "other"
    with pytest.raises(AttributeError, match="frozen"):
        del team.name


def test_truth_about_and_activity_are_copies():
    community = accepted(truth={"a": {"b": 1}}, about={"title": "A team"})
    community.truth["a"]["b"] = 2
    community.about["title"] = "other"
    activity = community.activity
    activity["time"] = None
    assert community.truth == {"a": {"b": 1}} and community.about == {"title": "A team"}
    assert community.activity["time"].notna().all()


def test_a_community_travels_to_another_process(team):
    team.network("2020")
    again = pickle.loads(pickle.dumps(team))
    same(team, again)
    assert edges(again.network("2020")) == edges(team.network("2020"))


# --- views ------------------------------------------------------------------------------------------------


def edges(graph):
    return {(a, b): d["weight"] for a, b, d in graph.edges(data=True)}


def test_the_network_of_a_window_holds_its_events_without_bots_and_self_events(team):
    graph = team.network("2020")
    assert edges(graph) == {("ann", "ben"): 1, ("ben", "ann"): 1, ("cat", "ann"): 1, ("ann", "cat"): 1}
    assert set(team.network("2021")) == {"ann", "ben", "cat", "dov"}
    assert team.network("2021").number_of_edges() == 0 and team.network("2021").graph["broadcasts"] == 1
    assert "dov" not in graph and graph.nodes["cat"]["unit"] == "y"


def test_an_unknown_kind_names_the_near_one(team):
    with pytest.raises(ValueError, match="Did you mean 'answer'"):
        team.network("2020", kind="anwser")
    with pytest.raises(ValueError, match="calendar label"):
        team.network("20-20")


@given(seed=st.integers(0, 10_000), every=st.sampled_from(["week", "month", "quarter", "half-year", "year"]))
def test_networks_of_all_windows_add_up_to_the_whole_network(seed, every):
    community = random_community(seed, n_events=60)
    whole = edges(community.network())
    total = {}
    for graph in community.networks(every).values():
        for pair, weight in edges(graph).items():
            total[pair] = total.get(pair, 0) + weight
    assert total == whole
    assert sum(whole.values()) == pytest.approx(community["events"]["weight"].sum())


@given(seed=st.integers(0, 10_000), month=st.integers(1, 12))
def test_cutting_first_and_viewing_after_is_viewing_the_window(seed, month):
    community = random_community(seed, n_events=60)
    label = f"2020-{month:02d}"
    start, end = span(label)
    cut, seen = community.between(start, end).network(), community.network(label)
    assert edges(cut) == edges(seen) and set(cut) == set(seen)
    assert len(community.between(start, end).events()) == sum(d["count"] for *_, d in seen.edges(data=True))


@given(seed=st.integers(0, 10_000), size=st.integers(2, 11))
def test_a_subset_is_the_induced_network(seed, size):
    community = random_community(seed, n_events=60)
    chosen = sorted(np.random.default_rng(seed).choice(community.members.index, size, replace=False))
    assert edges(community.subset(chosen).network()) == edges(community.network().subgraph(chosen))


@given(seed=st.integers(0, 10_000))
def test_windows_partition_the_observation(seed):
    community = random_community(seed, n_events=80)
    halves = community.between("2020-01-01", "2020-07-01"), community.between("2020-07-01", "2021-02-04")
    assert sum(len(half["events"]) for half in halves) == len(community["events"])
    for half in halves:
        gone = half.report.dropped.get("events", 0)
        assert gone + len(half["events"]) == len(community["events"])


@given(seed=st.integers(0, 10_000))
def test_names_of_members_change_no_view(seed):
    community = random_community(seed, n_events=60)
    rng = np.random.default_rng(seed)
    new = dict(zip(community.members.index, rng.permutation([f"z{k}" for k in range(len(community))]), strict=True))
    events = community["events"].assign(
        sender=lambda e: e["sender"].map(new), receiver=lambda e: e["receiver"].map(new)
    )
    renamed = cl.Community(
        "renamed", community.members.rename(index=new), events, start=community.start, end=community.end
    )
    back = {b: a for a, b in new.items()}
    for label, graph in renamed.networks("quarter").items():
        translated = {(back[a], back[b]): w for (a, b), w in edges(graph).items()}
        assert translated == edges(community.network(label))
    sizes = [c.cohorts(every="quarter", min_size=3).sizes.tolist() for c in (community, renamed)]
    assert sizes[0] == sizes[1]


def test_what_was_not_observed_is_not_invented(team):
    assert (team.between("1990-01-01", "2090-01-01").start, team.between("1990-01-01", "2090-01-01").end) == (
        team.start,
        team.end,
    )
    default = cl.Community("team", **team_tables())
    assert len(default.between(default.start, default.end)["events"]) == len(default["events"])
    with pytest.raises(ValueError, match="outside the observation"):
        team.between("1990-01-01", "1991-01-01")
    with pytest.raises(ValueError, match="nobody was a member"):
        cl.Community("two", T["members"][["member", "joined"]].iloc[3:4], start=day("2020-01-01")).between(
            "2020-02-01", "2020-03-01"
        )


def test_who_joins_at_the_very_end_is_counted():
    members = pd.DataFrame(
        {"member": ["a", "b", "c"], "joined": [day("2019-01-01"), day("2020-06-01"), day("2021-01-01")]}
    )
    community = cl.Community("late", members, start=day("2020-01-01"), end=day("2021-01-01"))
    assert community.cohorts(every="year", min_size=1).labels.to_dict() == {"a": "pre", "b": "2020", "c": "2021"}
    assert "c" in community.network()


def test_networks_are_a_mapping(team):
    months = team.networks("month")
    assert "2020-01" in months and "1999-01" not in months and months.get("1999-01") is None
    with pytest.raises(ValueError, match=r"no window '2020-1'\. Did you mean"):
        months["2020-1"]
    week = team.networks("week")
    label = next(name for name, graph in week.items() if graph.number_of_edges())
    assert edges(week[label]) == edges(team.network(label))


def test_a_midnight_that_a_clock_change_skips_still_begins_a_day():
    members = pd.DataFrame({"member": ["a"], "joined": [day("2018-01-01")]})
    community = cl.Community(
        "sp", members, start=day("2018-01-01"), end=day("2019-01-01"), timezone="America/Sao_Paulo"
    )
    assert "a" in community.network("2018-11-04") and "2018-11-04" in community.networks("day")


def test_months_begin_at_local_midnight():
    events = pd.DataFrame({"time": [day("2020-01-31 23:30")], "sender": ["a"], "receiver": ["b"]})
    members = pd.DataFrame({"member": ["a", "b"], "joined": day("2020-01-01"), "consent": "all"})
    berlin = cl.Community(
        "berlin", members, events, start=day("2020-01-01"), end=day("2020-03-01"), timezone="Europe/Berlin"
    )
    assert [label for label, g in berlin.networks("month").items() if g.number_of_edges()] == ["2020-02"]


def test_windows_survive_the_change_of_clocks():
    windows = calendar_windows(day("2021-03-27"), day("2021-03-30"), "day", "Europe/Berlin")
    hours = np.diff(windows.edges).astype("timedelta64[h]").astype(int)
    assert hours.tolist() == [24, 23, 24, 24]


def test_a_window_at_an_edge_belongs_to_the_later_one():
    windows = calendar_windows(day("2020-01-01"), day("2020-03-31"), "month")
    times = pd.DatetimeIndex(
        [day("2019-12-31 23:59:59"), day("2020-01-01"), day("2020-02-01"), day("2020-04-01"), pd.NaT]
    )
    assert windows.locate(times).tolist() == [-1, 0, 1, -1, -1]


def test_an_end_at_midnight_opens_no_new_window(team):
    assert list(team.networks("year")) == ["2020", "2021"]


def test_scores_keep_non_respondents_and_leave_out_the_absent(team):
    scores = team.scores("identity").set_index(["wave", "member"])["identity"]
    assert scores[1, "ann"] == pytest.approx(4.0) and scores[1, "ben"] == pytest.approx((2 + 3 + 2) / 3)
    assert np.isnan(scores[1, "cat"])  # present, no answer
    assert (1, "dov") not in scores.index  # not yet a member
    assert scores[2, "ben"] == pytest.approx(3.0)  # two of three items: answered enough
    assert np.isnan(scores[2, "dov"])  # one of three
    assert "bot" not in scores.index.get_level_values("member")


def test_the_panel_keeps_zero_missing_and_absent_apart(team):
    frames = dict(ties="advice", behavior="identity", covariates=["unit", "age", "tenure"])
    panel = team.panel(**frames, directed={"advice": True})
    assert panel.members.tolist() == ["ann", "ben", "cat", "dov"]
    ties = panel.networks["advice"].ties
    ann, ben, cat, dov = range(4)
    assert ties[0, ann, ben] == 1 and ties[0, ann, cat] == 0  # named, not named
    assert ties[0, cat, ann] == 255 and ties[0, cat, cat] == 0  # did not respond
    undirected = team.panel(**frames).networks["advice"]  # all who answered agree with each other
    assert not undirected.directed and undirected.ties[0, cat, ann] == 0
    assert not panel.present[0, dov] and ties[0, ann, dov] == 0  # absent
    assert ties[1, dov, ann] == 1
    assert np.isnan(panel.behaviors["identity"].values[0, cat])
    assert panel.levels["unit"] == ["x", "y"] and panel.covariates["unit"].tolist() == [0, 0, 1, 1]
    assert panel.covariates["tenure"].shape == (1, 4)
    entry, leave = panel.presence_intervals[dov]
    assert 0 < entry < 1 and leave == np.inf  # joined between the waves
    assert panel.presence_intervals[ann].tolist() == [-np.inf, np.inf]


def test_a_panel_of_events_has_a_tie_where_somebody_acted_within_the_window(team):
    panel = team.panel(ties_from="answer", every="half-year", covariates=["age", "tenure"])
    # Of the half-years 2020H1 to 2021H2: ann to ben in January and ben to ann; cat to ann in July. Bots are left out.
    expected = {("2020H1", "ann", "ben"), ("2020H1", "ben", "ann"), ("2020H2", "cat", "ann")}
    ties = panel.networks["answer"].ties
    found = {(panel.waves[w], panel.members[i], panel.members[j]) for w, i, j in zip(*np.nonzero(ties), strict=True)}
    assert found == expected
    assert list(panel.waves) == ["2020H1", "2020H2", "2021H1", "2021H2"]
    there = pd.DataFrame(panel.present, index=panel.waves, columns=panel.members)
    assert not there.loc["2020H2", "dov"] and there.loc["2021H1", "dov"] and not there.loc["2021H2", "ben"]
    assert panel.covariates["tenure"].shape == (3, 4)


def test_a_panel_takes_what_one_measured_oneself(team):
    seen = pd.DataFrame({"ann": [1, 2], "ben": [3, np.nan], "dov": [9, 4]}, index=["2020H2", "2021H1"])
    panel = team.panel(ties_from="answer", every="half-year", waves=["2020H2", "2021H1"], behavior={"calm": seen})
    calm = pd.DataFrame(panel.behaviors["calm"].values, panel.waves, panel.members)
    assert calm.loc["2021H1", "ann"] == 2 and np.isnan(calm.loc["2021H1", "ben"])
    assert np.isnan(calm["cat"]).all() and np.isnan(calm.loc["2020H2", "dov"])  # not measured; not yet there
    survey = team.panel(ties="advice", behavior={"calm": seen.set_axis([1, 2])})
    assert survey.behaviors["calm"].values[0, 0] == 1
    years = seen[["ann"]].set_axis([2020, 2021])
    assert team.panel(ties_from="answer", waves=[2020, 2021], behavior={"calm": years}).waves.tolist() == [
        "2020",
        "2021",
    ]
    with pytest.raises(ValueError, match="no row for 2021H2"):
        team.panel(ties_from="answer", every="half-year", waves=["2021H1", "2021H2"], behavior={"calm": seen})
    with pytest.raises(ValueError, match="no members: eve"):
        team.panel(ties="advice", behavior={"calm": seen.set_axis([1, 2]).assign(eve=1)})


def test_a_panel_of_events_may_count_acts_and_take_the_active_for_present():
    people = pd.DataFrame({"member": ["ann", "ben", "cat"], "joined": pd.Timestamp("2020-01-01", tz="UTC")})
    acts = pd.DataFrame(
        [("2020-02-01", "ann", "ben"), ("2020-03-01", "ann", "ben"), ("2020-03-01", "ben", "ann")]
        + [("2021-03-01", "cat", "ann"), ("2021-04-01", "cat", "ann"), ("2022-05-01", "ann", "cat")]
        + [("2022-06-01", "ben", "ann"), ("2022-12-31", "ben", "ann")],
        columns=["time", "sender", "receiver"],
    )
    acts = acts.assign(kind="answer", time=pd.to_datetime(acts["time"], utc=True))
    team = cl.Community("team", members=people, events=acts, start="2020-01-01", end="2023-01-01")
    panel = team.panel(ties_from="answer", at_least=2, present="active")
    assert panel.present.tolist() == [[True, True, False], [False, False, True], [True, True, False]]
    assert np.argwhere(panel.networks["answer"].ties).tolist() == [[0, 0, 1], [2, 1, 0]]  # ann is away in 2021
    assert team.panel(ties_from="answer").present.all()
    with pytest.raises(ValueError, match="at_least"):
        team.panel(ties_from="answer", at_least=0)


def test_a_panel_of_events_says_what_it_cannot_do(team):
    with pytest.raises(ValueError, match="give one of them"):
        team.panel()
    with pytest.raises(ValueError, match="known at the waves of the survey"):
        team.panel(ties_from="answer", behavior="trust")
    with pytest.raises(ValueError, match="no year 1999"):
        team.panel(ties_from="answer", waves=["1999"])
    with pytest.raises(ValueError, match="no kind of event 'anser'"):
        team.panel(ties_from="anser")


def test_the_panel_counts_the_ties_of_the_wave_network(team):
    panel = team.panel(ties="advice")
    for w, wave in enumerate(team.waves.index):
        graph = team.network(wave, ties="advice")
        assert (panel.networks["advice"].ties[w] == 1).sum() == graph.number_of_edges()
    assert team.network(1, ties="advice").nodes["cat"]["responded"] is False


def test_unknown_names_are_answered_with_the_near_ones(team):
    with pytest.raises(ValueError, match="Did you mean 'advice'"):
        team.panel(ties="advise")
    with pytest.raises(ValueError, match="no wave 7"):
        team.panel(ties="advice", waves=[1, 7])
    with pytest.raises(ValueError, match="Did you mean 'identity'"):
        team.scores("identiy")
    with pytest.raises(ValueError, match="no member zoe"):
        team.subset(["zoe"])
    with pytest.raises(ValueError, match="Did you mean 'events'"):
        team["event"]


def test_events_come_in_order_with_the_members_at_risk(team):
    sequence = team.events("answer")
    assert sequence.frame["time"].is_monotonic_increasing and len(sequence) == 3
    assert sequence.members.index.tolist() == ["ann", "ben", "cat", "dov"]
    assert sequence.sender.tolist() == [0, 1, 2] and sequence.receiver.tolist() == [1, 0, 0]
    assert team.events("question").receiver.tolist() == [-1]


def test_members_depart_by_date_or_by_silence(team):
    gone = team.departures()
    assert gone.loc["ben", "departed"] and gone.loc["ben", "known_until"] == day("2021-03-01")
    assert gone.loc["cat", "departed"] and gone.loc["cat", "known_until"] == day("2021-02-15")  # returned a roster
    assert gone.loc["dov", "departed"]  # last act 2021-02-10, more than 180 days before the end
    assert gone.loc["ann", "departed"] and gone.loc["ann", "known_until"] == day("2021-05-01")


def test_members_heard_of_lately_are_censored_where_silence_could_not_yet_be_told(team):
    cut = team.between("2020-01-01", "2021-06-01").departures()
    horizon = day("2021-06-01") - pd.Timedelta(days=180)
    assert not cut.loc["ann", "departed"] and cut.loc["ann", "known_until"] == horizon
    assert not cut.loc["dov", "departed"] and cut.loc["dov", "known_until"] == day("2021-02-01")


def test_the_representation_says_what_is_there(team):
    text = repr(team)
    assert "4 members and 1 bot, 2 waves, 2020-01-01 to 2022-01-01" in text
    assert "answer (5), thanks (1), question (1)" in text
    assert "<table>" in team._repr_html_() and "team" in team._repr_html_()
    assert "<script" not in cl.Community("<script>", team_tables()["members"])._repr_html_()


def test_withdrawn_consent_removes_what_a_member_said_and_keeps_the_structure(team):
    after = team.withdraw(["dov", "ann"])
    assert not {"ann", "dov"} & set(after.members.index) and len(after) == len(team)
    lost = after.members[after.members["consent"] == "none"]
    assert len(lost) == 2 and lost[["unit", "age"]].isna().all(axis=None)
    assert after.messages["text"].isna().all() and len(after.messages) == 2
    assert after.ties["ego"].tolist() == ["ben"] and after.report.dropped["ties"] == 3
    assert set(after.responses["member"]) == {"ben"}
    noted = accepted(events=T["events"].assign(note=["ann said", *["so what"] * 6])).withdraw(["ann"])
    assert noted["events"]["note"].notna().tolist() == [False, False, False, False, True, False, False]
    assert "ann" not in after["events"].to_string() and "dov" not in after.messages.to_string()
    before, now = team.network(), after.network()
    assert sorted(d for _, d in now.degree()) == sorted(d for _, d in before.degree())
    assert "withdrew consent" in repr(after.report)


# --- on disk ---------------------------------------------------------------------------------------------------


def same(a, b):
    for name in storage_names():
        pd.testing.assert_frame_equal(a[name], b[name])


def storage_names():
    from coplearn.schema import TABLES

    return list(TABLES)


def test_what_is_saved_is_what_is_loaded(team, tmp_path):
    again = cl.load(team.save(tmp_path / "team"))
    same(team, again)
    assert (again.name, again.start, again.end, again.inactive_after) == (
        team.name,
        team.start,
        team.end,
        team.inactive_after,
    )
    assert again.report.codes == team.report.codes and again.report.rows == team.report.rows


@given(seed=st.integers(0, 1000))
def test_any_community_survives_the_disk(seed, tmp_path_factory):
    community = random_community(seed, n_events=30)
    folder = tmp_path_factory.mktemp("saved")
    same(community, cl.load(community.save(folder)))


def test_saving_twice_writes_the_same_bytes(team, tmp_path):
    contents = [{p.name: p.read_bytes() for p in team.save(tmp_path / name).iterdir()} for name in ("first", "second")]
    assert contents[0] == contents[1]


def test_truth_and_about_travel(tmp_path):
    community = accepted(truth={"drift": 0.5}, about={"title": "A team"})
    again = cl.load(community.save(tmp_path))
    assert again.truth == {"drift": 0.5} and again.about == {"title": "A team"}


def file_of(folder, table):
    return next(folder.glob(f"{table}-*.parquet"))


def test_a_truncated_file_is_refused(team, tmp_path):
    path = file_of(team.save(tmp_path), "events")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match=r"events-.*damaged.*checksum.*Copy the folder again"):
        cl.load(tmp_path)


def test_a_single_flipped_bit_is_refused(team, tmp_path):
    path = file_of(team.save(tmp_path), "members")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ValueError, match="damaged"):
        cl.load(tmp_path)


def test_a_missing_file_is_refused(team, tmp_path):
    file_of(team.save(tmp_path), "ties").unlink()
    with pytest.raises(ValueError, match="incomplete: the table ties"):
        cl.load(tmp_path)


def test_saving_again_repairs_a_damaged_folder(team, tmp_path):
    path = file_of(team.save(tmp_path), "events")
    path.write_bytes(b"")
    team.save(tmp_path)
    same(team, cl.load(tmp_path))


@given(place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_no_flipped_bit_of_the_manifest_goes_unnoticed(place, bit, tmp_path_factory):
    folder = tmp_path_factory.mktemp("flip")
    cl.Community("team", T["members"], start=day("2020-01-01"), end=day("2022-01-01")).save(folder)
    path = folder / "manifest.json"
    data = bytearray(path.read_bytes())
    data[place % (len(data) - 1)] ^= 1 << bit
    path.write_bytes(bytes(data))
    with pytest.raises(ValueError, match=r"manifest\.json|schema"):
        cl.load(folder)


def test_drafts_of_an_interrupted_save_are_swept_away(team, tmp_path):
    (tmp_path / ".events-0.parquet.x.partial").write_bytes(b"")
    (tmp_path / "events-00000000.parquet").write_bytes(b"")
    team.save(tmp_path)
    assert len(list(tmp_path.glob("events-*"))) == 1 and not list(tmp_path.glob(".*"))


def test_what_cannot_be_written_is_said_before_anything_is(tmp_path):
    odd = accepted(members=T["members"].assign(extra=[1, "x", (), None, 2.0]))
    with pytest.raises(ValueError, match="table members cannot be written"):
        odd.save(tmp_path)
    with pytest.raises(ValueError, match="JSON"):
        accepted(truth={"a": {1, 2}}).save(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", "{", '{"schema": 1}', "[]"])
def test_a_broken_manifest_is_refused(team, tmp_path, text):
    (team.save(tmp_path) / "manifest.json").write_text(text)
    with pytest.raises(ValueError, match="cannot be read"):
        cl.load(tmp_path)


def test_a_folder_of_a_later_version_is_refused(team, tmp_path):
    manifest = team.save(tmp_path) / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"schema": 1', '"schema": 2'))
    with pytest.raises(ValueError, match=r"schema 2.*Update"):
        cl.load(tmp_path)


def test_no_folder_is_no_community(tmp_path):
    with pytest.raises(FileNotFoundError, match="no manifest"):
        cl.load(tmp_path / "nowhere")


@pytest.mark.parametrize("write", range(6))
def test_an_interrupted_save_leaves_the_old_community(team, tmp_path, monkeypatch, write):
    team.save(tmp_path)
    other = team.subset(["ann", "ben"])
    replace, done = os.replace, []

    def interrupted(source, target):
        if len(done) == write:
            raise KeyboardInterrupt
        done.append(target)
        replace(source, target)

    monkeypatch.setattr(storage.os, "replace", interrupted)
    try:
        other.save(tmp_path)
        finished = True
    except KeyboardInterrupt:
        finished = False
    monkeypatch.undo()
    same(other if finished else team, cl.load(tmp_path))
    assert not list(tmp_path.glob("*.partial")) and not list(tmp_path.glob(".*.partial"))


def test_a_save_over_another_community_leaves_no_old_files_and_keeps_the_users(team, tmp_path):
    (tmp_path / "card.md").write_text("about")
    team.save(tmp_path)
    team.subset(["ann", "ben"]).save(tmp_path)
    assert len(list(tmp_path.glob("events-*.parquet"))) == 1
    assert (tmp_path / "card.md").read_text() == "about"


def test_events_carry_the_rosters_as_networks_that_change(tables):
    tables["ties"] = pd.concat(
        [tables["ties"], pd.DataFrame({"wave": [1], "network": "advice", "ego": ["cat"], "alter": ["ann"]})]
    )
    tables["roster"] = tables["roster"][~((tables["roster"]["wave"] == 2) & (tables["roster"]["member"] == "ben"))]
    tables["roster"].loc[2, "responded"] = True
    frame = cl.Community("team", **tables, start=day("2020-01-01"), end=day("2022-01-01")).events().networks["advice"]
    changes = {(row.sender, row.receiver, row.time.year): row.value for row in frame.itertuples()}
    # ben was not asked at the second wave, so his tie stays; cat was asked and named nobody
    assert changes == {
        ("ann", "ben", 2020): 1,
        ("ben", "ann", 2020): 1,
        ("cat", "ann", 2020): 1,
        ("ann", "ben", 2021): 0,
        ("ann", "dov", 2021): 1,
        ("cat", "ann", 2021): 0,
        ("dov", "ann", 2021): 1,
    }

"""Drift: the parts add up, agree with worked values and slow twins, and their intervals hold."""

import naive
import numpy as np
import pandas as pd
import published
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coplearn as cl
from coplearn.drift import _resampled, drift_step, kitagawa

PARTS = ["within", "entry", "exit", "nonresponse"]

person = st.tuples(
    st.booleans(), st.booleans(), st.floats(-100, 100), st.floats(-100, 100), st.booleans(), st.booleans()
)


def long_frame(people):
    rows = []
    for k, (here, there, y, z, scored, scored_later) in enumerate(people):
        if here:
            rows.append((f"m{k}", 1, y if scored else np.nan))
        if there:
            rows.append((f"m{k}", 2, z if scored_later else np.nan))
    return pd.DataFrame(rows, columns=["member", "wave", "y"])


def stays(person):
    here, there, _, _, scored, scored_later = person
    return here and there and scored and scored_later


communities = st.lists(person, min_size=2, max_size=30).filter(lambda people: any(map(stays, people)))


@given(people=communities)
def test_the_parts_add_up_to_the_change_of_the_mean(people):
    row = cl.decompose_drift(long_frame(people), "y").table().iloc[0]
    means = long_frame(people).groupby("wave")["y"].mean()
    assert row["total"] == pytest.approx(means[2] - means[1], abs=1e-12)
    assert row[PARTS].sum() == pytest.approx(row["total"], abs=1e-12)


@given(people=communities)
def test_the_parts_are_those_of_the_formula(people):
    row = cl.decompose_drift(long_frame(people), "y").table().iloc[0]
    want = naive.drift_parts(
        [y if here and s else None for here, _, y, _, s, _ in people],
        [z if there and s else None for _, there, _, z, _, s in people],
        [p[0] for p in people],
        [p[1] for p in people],
    )
    assert row[PARTS].to_dict() == pytest.approx(want, abs=1e-9)


@given(people=communities, shift=st.floats(-1000, 1000))
def test_the_zero_of_the_score_does_not_matter(people, shift):
    frame = long_frame(people)
    parts = cl.decompose_drift(frame, "y").table()[PARTS].to_numpy()
    moved = cl.decompose_drift(frame.assign(y=frame["y"] + shift), "y").table()[PARTS].to_numpy()
    assert moved == pytest.approx(parts, abs=1e-9)


def panel_frame(seed, n=80, waves=6, drift=0.1, trend=0.2, noise=0.3, respond=0.9):
    """Members enter and leave; each drifts by `drift` a wave, and enters `trend` higher for each wave of entry."""
    rng = np.random.default_rng(seed)
    entry = rng.integers(-3, waves, n)
    leave = entry + 1 + rng.geometric(0.3, n)
    base = rng.normal(0, 1, n) + trend * entry
    rows = [
        (f"m{i:03d}", w, base[i] + drift * (w - entry[i]) + noise * rng.normal() if rng.random() < respond else np.nan)
        for w in range(waves)
        for i in range(n)
        if entry[i] <= w < leave[i]
    ]
    return pd.DataFrame(rows, columns=["member", "wave", "y"]), pd.Series(entry, [f"m{i:03d}" for i in range(n)])


@given(seed=st.integers(0, 10_000))
def test_contributions_of_cohorts_add_up_to_the_parts(seed):
    frame, entry = panel_frame(seed)
    drift = cl.decompose_drift(frame, "y", cohorts=entry)
    summed = drift.by_cohort().groupby("step", sort=False)[PARTS].sum()
    assert summed.to_numpy() == pytest.approx(drift.table()[PARTS].to_numpy(), abs=1e-12)


@given(seed=st.integers(0, 10_000))
def test_kitagawas_parts_add_up_with_cohorts_that_come_and_go(seed):
    frame, entry = panel_frame(seed)
    table = cl.decompose_drift(frame, "y", cohorts=entry).kitagawa()
    assert table[["composition", "rate", "entry_exit"]].sum(axis=1).to_numpy() == pytest.approx(
        table["total"].to_numpy(), abs=1e-12
    )


@given(seed=st.integers(0, 10_000))
def test_names_and_order_of_rows_do_not_matter(seed):
    frame, _ = panel_frame(seed, n=20)
    rng = np.random.default_rng(seed)
    names = dict(zip(frame["member"].unique(), rng.permutation(1000)[: frame["member"].nunique()], strict=True))
    other = frame.sample(frac=1, random_state=seed).assign(member=lambda f: f["member"].map(names))
    a, b = (cl.decompose_drift(f, "y").table()[PARTS].to_numpy() for f in (frame, other))
    assert a == pytest.approx(b, abs=1e-12, nan_ok=True)


def test_the_worked_case_of_stayers_joiners_and_leavers():
    before = np.concatenate([np.full(60, 4.0), np.full(20, 3.0), np.full(40, np.nan)])
    after = np.concatenate([np.full(60, 3.8), np.full(20, np.nan), np.full(40, 4.6)])
    step = drift_step(before, after)
    got = {"within": step.within, "entry": step.entry, "exit": step.exit, "total": step.total}
    assert got == pytest.approx(published.STAYERS_JOINERS_LEAVERS, abs=1e-12)


def test_the_worked_case_of_kitagawa():
    shares = dict(zip("abc", (0.5, 0.3, 0.2), strict=True)), dict(zip("abc", (0.3, 0.3, 0.4), strict=True))
    means = dict(zip("abc", (3.0, 3.5, 4.0), strict=True)), dict(zip("abc", (3.1, 3.4, 4.4), strict=True))
    parts = kitagawa(*shares, *means)
    assert {k: parts[k] for k in published.KITAGAWA} == pytest.approx(published.KITAGAWA, abs=1e-12)
    assert parts["entry_exit"] == 0


def test_a_cohort_at_one_wave_only_has_no_rate():
    parts = kitagawa({"a": 1.0}, {"a": 0.5, "b": 0.5}, {"a": 3.0}, {"a": 3.0, "b": 5.0})
    assert parts["rate"] == 0 and parts["composition"] + parts["entry_exit"] == pytest.approx(1.0)


def test_non_response_is_not_leaving():
    frame = pd.DataFrame({"member": list("abc") * 2, "wave": [1] * 3 + [2] * 3, "y": [1.0, 2, 9, 1, 2, np.nan]})
    asked = cl.decompose_drift(frame, "y").table().iloc[0]
    gone = cl.decompose_drift(frame.dropna(), "y").table().iloc[0]
    assert asked["exit"] == 0 and asked["nonresponse"] == pytest.approx(-2.5)
    assert gone["exit"] == pytest.approx(-2.5) and gone["nonresponse"] == 0
    assert asked["unscored"] == 1 and gone["leavers"] == 1


def test_nobody_stays():
    with pytest.raises(ValueError, match="nobody has a score at both waves"):
        drift_step(np.array([1.0, np.nan]), np.array([np.nan, 2.0]))
    frame = pd.DataFrame({"member": ["a", "b"], "wave": [1, 2], "y": [1.0, 2.0]})
    drift = cl.decompose_drift(frame, "y")
    assert drift.total.tolist() == [1.0] and drift.within.isna().all()
    assert any("nobody was scored at both ends" in c for c in drift.caveats)
    assert drift.conf_int(draws=50).loc[("1 to 2", "within"), ["low", "high"]].isna().all()


def test_the_total_has_an_interval_where_nobody_stays():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"member": range(60), "wave": [1] * 30 + [2] * 30, "y": rng.normal(size=60)})
    drift = cl.decompose_drift(frame, "y", cohorts=pd.Series(["old"] * 30 + ["new"] * 30))
    bounds = drift.conf_int().loc["1 to 2"]
    # Two independent means of 30: the interval is that of Welch's test, within what skewness and 2000 draws allow.
    first, last = frame["y"][:30], frame["y"][30:]
    want = 2.0 * np.sqrt(first.var() / 30 + last.var() / 30)
    assert bounds.loc["total", "high"] - bounds.loc["total", "estimate"] == pytest.approx(want, rel=0.15)
    assert bounds.loc[PARTS, ["low", "high"]].isna().all(axis=None)
    assert drift.by_cohort()[PARTS].isna().all(axis=None)  # and no warning, which would be an error here
    assert drift.by_cohort()["members"].tolist() == [30, 30]
    assert drift.plot(draws=50) is not None


@pytest.mark.parametrize("steps, labels", [("ends", ["0 to 5"]), ("origin", [f"0 to {w}" for w in range(1, 6)])])
def test_waves_can_be_compared_with_the_first_or_the_ends(steps, labels):
    frame, _ = panel_frame(1)
    drift = cl.decompose_drift(frame, "y", steps=steps)
    assert drift.table().index.tolist() == labels
    means = frame.groupby("wave")["y"].mean()
    assert drift.total.iloc[-1] == pytest.approx(means[5] - means[0], abs=1e-12)


def test_consecutive_totals_add_up_to_the_whole_change():
    frame, _ = panel_frame(2)
    assert cl.decompose_drift(frame, "y").total.sum() == pytest.approx(
        cl.decompose_drift(frame, "y", steps="ends").total.iloc[0], abs=1e-12
    )


def test_intervals_hold_their_estimate_and_come_back_with_the_seed():
    frame, _ = panel_frame(3)
    drift = cl.decompose_drift(frame, "y")
    first, again, other = (drift.conf_int(seed=s, draws=300) for s in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)
    assert ((first["low"] <= first["estimate"]) & (first["estimate"] <= first["high"])).all()
    assert first.loc[("sum", "total"), "estimate"] == pytest.approx(drift.total.sum())


def test_the_bootstrap_draws_members_with_all_of_their_waves():
    """Scores that never change within members: within is 0 in every draw, although means differ."""
    frame, _ = panel_frame(4, drift=0.0, noise=0.0, respond=1.0)
    drift = cl.decompose_drift(frame, "y")
    bounds = drift.conf_int(draws=200).xs("within", level="part")
    assert bounds[["low", "high"]].abs().max(axis=None) < 1e-12
    assert (drift.conf_int(draws=200).xs("total", level="part")["high"] > 0.01).any()


@pytest.mark.recovery
def test_intervals_of_the_within_part_cover_the_planted_drift():
    """200 communities with a drift of 0.1 a wave over 5 steps: a 95 % interval covers 190 +- 3 * 3.1 times."""
    covered = 0
    for seed in range(200):
        frame, _ = panel_frame(seed, n=150)
        low, high = (
            cl.decompose_drift(frame, "y").conf_int(draws=400, seed=seed).loc[("sum", "within"), ["low", "high"]]
        )
        covered += low <= 0.5 <= high
    assert 180 <= covered <= 199


def few_joiners(joiners, leavers=40, stayers=60):
    """One step with the numbers of members asked for, skewed scores."""
    rng = np.random.default_rng(1)
    n = stayers + leavers + joiners
    before, after = rng.exponential(size=n), rng.exponential(size=n) + 1
    people = [(f"m{k:03d}", 1, before[k]) for k in range(stayers + leavers)]
    people += [(f"m{k:03d}", 2, after[k]) for k in [*range(stayers), *range(stayers + leavers, n)]]
    return pd.DataFrame(people, columns=["member", "wave", "y"])


@pytest.mark.parametrize("joiners", [0, 1])
def test_a_part_that_rests_on_one_member_or_none_has_no_interval(joiners):
    drift = cl.decompose_drift(few_joiners(joiners), "y")
    bounds = drift.conf_int(draws=200).loc["1 to 2"]
    assert bounds.loc["entry", ["low", "high"]].isna().all()
    assert bounds.loc[["total", "within", "exit"]].notna().all(axis=None)
    assert bounds.loc["nonresponse"].tolist() == [0, 0, 0]  # everybody answered: nothing is unknown
    assert "fewer than 2 joiners in 1 to 2: entry has no interval there." in drift.caveats


def test_few_joiners_or_leavers_are_a_caveat_as_few_stayers_are():
    said = " ".join(cl.decompose_drift(few_joiners(5, leavers=19), "y").caveats)
    assert "fewer than 20 joiners in 1 to 2" in said and "fewer than 20 leavers in 1 to 2" in said
    assert "stayers" not in said
    assert "fewer than" not in " ".join(cl.decompose_drift(few_joiners(20, leavers=20), "y").caveats)


def test_intervals_are_wider_where_fewer_members_bear_them():
    """The factor of the docstring: 3 joiners, sqrt(3/2) t(2) / z = 2.69; the bootstrap's own quantiles else."""
    drift = cl.decompose_drift(few_joiners(3), "y")
    replicate, bounds = drift._bootstrap(500, 0)[:, 0], drift.conf_int(draws=500).loc["1 to 2"]
    low, high = np.quantile(replicate[:, 2], [0.025, 0.975])
    factor = np.sqrt(3 / 2) * 4.3026527 / 1.9599640
    assert bounds.loc["entry", "high"] - drift.entry.iloc[0] == pytest.approx(factor * (high - drift.entry.iloc[0]))
    assert bounds.loc["entry", "low"] - drift.entry.iloc[0] == pytest.approx(factor * (low - drift.entry.iloc[0]))


@pytest.mark.recovery
def test_intervals_cover_with_few_joiners():
    """300 communities of 60, 5 % turnover: 95 % would cover 285 +- 3 * 3.8; unwidened they cover about 240."""
    covered, known = 0, 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        joiners = rng.binomial(60, 0.05)
        before = np.append(rng.exponential(size=60), np.full(joiners, np.nan))
        after = np.append(before[:60] + 0.1, rng.exponential(size=joiners) + 0.5)
        after[:60][rng.random(60) < 0.05] = np.nan
        people = np.tile(np.arange(60 + joiners), 2)
        frame = pd.DataFrame({"member": people, "wave": np.repeat([1, 2], 60 + joiners), "y": [*before, *after]})
        low, high = (
            cl.decompose_drift(frame.dropna(), "y")
            .conf_int(draws=300, seed=seed)
            .loc[("1 to 2", "entry"), ["low", "high"]]
        )
        known += not np.isnan(low)
        # Expected: the share of joiners (3 among 60 on average) times 0.5 - 0.1.
        covered += low <= 0.4 * 3 / 60 <= high
    assert known > 200 and covered / known >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / known)


def test_changes_from_the_origin_overlap_and_have_no_sum():
    drift = cl.decompose_drift(panel_frame(11)[0], "y", steps="origin")
    assert "sum" not in drift.conf_int(draws=50).index.get_level_values("step")
    assert "sum:" not in drift.summary()


def test_members_without_a_label_are_a_group_of_their_own():
    frame, entry = panel_frame(12)
    drift = cl.decompose_drift(frame, "y", cohorts=entry[entry >= 0].to_dict())
    assert drift.kitagawa()["total"].to_numpy() == pytest.approx(drift.total.to_numpy(), abs=1e-12)
    shares = drift.by_cohort()
    assert shares.groupby("step", sort=False)[PARTS].sum().to_numpy() == pytest.approx(
        drift.table()[PARTS].to_numpy(), abs=1e-12
    )
    assert "unlabelled" in shares.index.get_level_values("cohort")
    n = frame["member"].isin(entry.index[entry < 0]).groupby(frame["member"]).any().sum()
    assert any(c.startswith(f"{n} of {frame['member'].nunique()} members have no cohort label") for c in drift.caveats)


def test_a_wave_that_nobody_scored_has_no_decomposition():
    frame = pd.DataFrame({"member": list("ab") * 4, "wave": np.repeat([1, 2, 3, 4], 2)})
    frame["y"] = [1.0, 2, np.nan, np.nan] * 2
    drift = cl.decompose_drift(frame, "y", cohorts={"a": "x", "b": "x"})
    assert drift.kitagawa().isna().all(axis=None)
    assert drift.conf_int(draws=20).drop(columns="estimate").isna().all(axis=None)
    assert drift.by_cohort()["within"].isna().all()


def waves_in_order(values):
    frame = pd.DataFrame({"member": ["a"] * len(values), "wave": values, "y": np.arange(float(len(values)))})
    return [str(w) for w in cl.decompose_drift(frame, "y").waves]


def test_waves_of_a_frame_come_in_their_natural_order():
    assert waves_in_order(["w10", "w2", "w1"]) == ["w1", "w2", "w10"]
    assert waves_in_order([10, 9, -1]) == ["-1", "9", "10"]
    assert waves_in_order(["10", "9", "-1"]) == ["-1", "9", "10"]
    dates = pd.to_datetime(["2020-02-01", "2019-03-01"])
    assert waves_in_order(dates) == ["2019-03-01 00:00:00", "2020-02-01 00:00:00"]
    kept = pd.Categorical(["post", "pre"], categories=["pre", "post", "later"], ordered=True)
    assert waves_in_order(kept) == ["pre", "post"]
    assert waves_in_order(pd.Categorical(["w10", "w2"])) == ["w2", "w10"]


def test_firebaugh_recovers_a_linear_world():
    frame, entry = panel_frame(5, n=400, drift=0.1, trend=0.3, noise=0.0, respond=1.0)
    # Without members' own intercepts the world is exactly linear: y = 0.1 (t - c) + 0.3 c.
    frame["y"] = 0.1 * (frame["wave"] - frame["member"].map(entry)) + 0.3 * frame["member"].map(entry)
    drift = cl.decompose_drift(frame, "y", entry=entry)
    table = drift.firebaugh(draws=50)
    scored = frame.assign(entry=frame["member"].map(entry)).groupby("wave")["entry"].mean()
    assert table.loc["intracohort", "estimate"] == pytest.approx(0.5, abs=1e-9)
    assert table.loc["replacement", "estimate"] == pytest.approx(0.2 * (scored[5] - scored[0]), abs=1e-9)
    assert table.loc["residual", "estimate"] == pytest.approx(0, abs=1e-9)


def test_firebaugh_is_least_squares_on_period_and_entry():
    frame, entry = panel_frame(6)
    scored = frame.dropna().assign(entry=lambda f: f["member"].map(entry))
    design = np.column_stack([np.ones(len(scored)), scored["wave"], scored["entry"]])
    beta = np.linalg.lstsq(design, scored["y"].to_numpy(), rcond=None)[0]
    means = scored.groupby("wave")[["y", "entry"]].mean()
    table = cl.decompose_drift(frame, "y", entry=entry).firebaugh(draws=50)["estimate"]
    assert table["intracohort"] == pytest.approx(beta[1] * 5)
    assert table["replacement"] == pytest.approx(beta[2] * (means["entry"][5] - means["entry"][0]))
    assert table["total"] == pytest.approx(means["y"][5] - means["y"][0])
    assert table[["intracohort", "replacement", "residual"]].sum() == pytest.approx(table["total"])


def test_firebaugh_sees_that_a_curved_world_is_not_linear():
    frame, entry = panel_frame(7, n=300)
    linear = cl.decompose_drift(frame, "y", entry=entry).firebaugh(draws=50).attrs["linearity_p"]
    bent = frame.assign(y=frame["y"] + 0.15 * frame["wave"] ** 2)
    curved = cl.decompose_drift(bent, "y", entry=entry).firebaugh(draws=50).attrs["linearity_p"]
    assert linear > 0.05 and curved < 0.001


def test_firebaugh_reads_dates_as_years():
    frame, entry = panel_frame(13, n=200)
    numbers = cl.decompose_drift(frame.assign(wave=2010.0 + frame["wave"]), "y", entry=2010.0 + entry).firebaugh(50)
    for zone in (None, "UTC"):

        def date(years, zone=zone):
            return pd.Timestamp("2010-01-01", tz=zone) + pd.to_timedelta(365.25 * years, unit="D")

        dated = cl.decompose_drift(frame.assign(wave=date(frame["wave"])), "y", entry=date(entry))
        assert dated.wave_time == pytest.approx(40 + np.arange(6), abs=0.01)
        assert dated.entry_time.min() == pytest.approx(37, abs=0.01)
        got = dated.firebaugh(50)
        assert got.to_numpy() == pytest.approx(numbers.to_numpy(), abs=1e-9)
        assert got.attrs["linearity_p"] == pytest.approx(numbers.attrs["linearity_p"], rel=1e-6)
    text = date(entry).dt.strftime("%Y-%m-%d")
    assert cl.decompose_drift(frame, "y", entry=text).entry_time.min() == pytest.approx(37, abs=0.01)
    with pytest.raises(ValueError, match=r"entry: 'long ago' \(m000\) is neither a year nor a date"):
        cl.decompose_drift(frame, "y", entry=text.mask(text.index == "m000", "long ago"))


@pytest.mark.parametrize(
    "waves, entry, trouble",
    [
        ([1, 2, 1], [0, 0, 1], "3 scores of members with a known entry time are too few"),
        ([1, 1, 1, 1, 2], [0, 0, 1, 1, np.nan], "period and entry cannot be told apart"),
        ([1, 2, 1, 2, 1], [0, 0, 0, 0, 0], "period and entry cannot be told apart"),
        ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], "everybody was scored at the same time since entry"),
    ],
)
def test_firebaugh_says_what_it_misses(waves, entry, trouble):
    frame = pd.DataFrame({"member": range(len(waves)), "wave": waves, "y": np.arange(len(waves)) ** 1.5})
    with pytest.raises(ValueError, match=trouble):
        cl.decompose_drift(frame, "y", entry=pd.Series(entry)).firebaugh(draws=20)


def test_firebaugh_of_few_members_asks_no_test_of_linearity():
    frame = pd.DataFrame({"member": list("abc") * 3, "wave": np.repeat([1, 2, 3], 3), "y": np.arange(9.0) ** 1.5})
    table = cl.decompose_drift(frame, "y", entry={"a": 0, "b": 1, "c": 1}).firebaugh(draws=20)
    assert np.isnan(table.attrs["linearity_p"]) and table["estimate"].notna().all()


def test_the_bootstrap_holds_few_weights_at_once(monkeypatch):
    rows = np.random.default_rng(0).normal(size=(50, 3))
    whole = np.vstack([drawn for _, drawn in _resampled(rows, 40, seed=5)])
    monkeypatch.setattr("coplearn.drift.CELLS", 350)
    slices = list(_resampled(rows, 40, seed=5))
    assert [len(drawn) for _, drawn in slices] == [7] * 5 + [5]
    assert np.vstack([drawn for _, drawn in slices]) == pytest.approx(whole, abs=1e-12)


def test_departing_members_are_compared_with_those_who_remain():
    frame, _ = panel_frame(8, n=300)
    table = cl.decompose_drift(frame, "y").departing()
    wide = frame.pivot(index="member", columns="wave", values="y")
    present = frame.pivot(index="member", columns="wave", values="wave").notna()
    change = wide[1] - wide[0]
    assert table.loc["0 to 1", "leaving"] == pytest.approx(change[~present[2]].mean())
    assert table.loc["0 to 1", "n_remaining"] == change[present[2]].notna().sum()
    assert (table["low"] < table["difference"]).all() and len(table) == 4


def test_a_community_gives_its_scales(team):
    drift = cl.decompose_drift(team, "identity", cohorts=team.cohorts(by="unit"))
    row = drift.table().iloc[0]
    assert row["stayers"] == 2 and row["joiners"] == 0 and row["unscored"] == 0
    assert row["before"] == pytest.approx((4 + 7 / 3) / 2) and row["after"] == pytest.approx((5 + 3) / 2)
    assert "fewer than 20 stayers" in " ".join(drift.caveats)


def test_what_is_asked_wrongly_is_answered_with_a_sentence(team):
    frame, _ = panel_frame(9, n=10)
    with pytest.raises(ValueError, match="Did you mean 'identity'"):
        cl.decompose_drift(team, "identiti")
    with pytest.raises(ValueError, match="no column y2"):
        cl.decompose_drift(frame, "y2")
    with pytest.raises(ValueError, match="more than once at wave"):
        cl.decompose_drift(pd.concat([frame, frame.iloc[[0]]]), "y")
    with pytest.raises(ValueError, match="two waves or more"):
        cl.decompose_drift(frame[frame["wave"] == 1], "y")
    with pytest.raises(ValueError, match="no cohorts were given"):
        cl.decompose_drift(frame, "y").by_cohort()
    with pytest.raises(ValueError, match="needs entry times"):
        cl.decompose_drift(frame, "y").firebaugh()
    with pytest.raises(ValueError, match="not a number"):
        cl.decompose_drift(frame.assign(y="high"), "y")
    with pytest.raises(ValueError, match=r"2 rows without a member \(rows 3, 5\)"):
        cl.decompose_drift(frame.assign(member=frame["member"].mask(frame.index.isin([3, 5]))), "y")
    with pytest.raises(ValueError, match=r"1 row without a wave \(rows 4\)"):
        cl.decompose_drift(frame.assign(wave=frame["wave"].mask(frame.index == 4)), "y")
    with pytest.raises(ValueError, match=r"waves are of mixed types: 0 \(number\), 'w1' \(str\)"):
        cl.decompose_drift(frame.assign(wave=frame["wave"].astype(object).replace({1: "w1"})), "y")
    with pytest.raises(ValueError, match="members are of mixed types"):
        cl.decompose_drift(frame.assign(member=frame["member"].astype(object).replace({"m001": 1})), "y")
    with pytest.raises(ValueError, match="is infinite"):
        cl.decompose_drift(frame.assign(y=np.inf), "y")
    with pytest.raises(TypeError, match="not in dict"):
        cl.decompose_drift({"member": []}, "y")
    with pytest.raises(TypeError, match="cohorts is Cohorts, a Series or a mapping by member, not list"):
        cl.decompose_drift(frame, "y", cohorts=["x"])
    with pytest.raises(ValueError, match="cohorts names a member more than once: m001"):
        cl.decompose_drift(frame, "y", cohorts=pd.Series(["x", "y"], ["m001", "m001"]))
    with pytest.raises(ValueError, match="cohorts says nothing about any member"):
        cl.decompose_drift(frame, "y", cohorts=pd.Series(["x", "y"]))
    with pytest.raises(ValueError, match="entry names a member more than once"):
        cl.decompose_drift(frame, "y", entry=pd.Series([1, 2], ["m001", "m001"]))
    for alpha in (0, 1, 5, float("nan")):
        with pytest.raises(ValueError, match="alpha is one minus the level"):
            cl.decompose_drift(frame, "y").conf_int(alpha=alpha)
    with pytest.raises(ValueError, match="draws is the number"):
        cl.decompose_drift(frame, "y").conf_int(draws=0)
    with pytest.raises(ValueError, match=r"their shapes are \(2,\), \(3,\)"):
        drift_step(np.zeros(2), np.zeros(3))
    with pytest.raises(ValueError, match="their shapes are"):
        drift_step(np.zeros(2), np.zeros(2), present=(np.ones(2, bool), np.ones(3, bool)))


def test_the_summary_is_stable_text_and_the_figure_shows_every_step():
    frame, _ = panel_frame(10)
    drift = cl.decompose_drift(frame, "y")
    assert drift.summary() == cl.decompose_drift(frame, "y").summary()
    assert "Drift of y" in drift.summary() and "sum: total" in drift.summary()
    ax = drift.plot(draws=50)
    assert [t.get_text() for t in ax.get_xticklabels()] == drift.table().index.tolist()


@pytest.mark.parametrize("draws", [True, 2.5, "9"])
def test_draws_are_counted_in_whole_numbers(draws):
    frame = pd.DataFrame({"member": list("aabb"), "wave": [1, 2] * 2, "score": [1.0, 2.0, 3.0, 4.0]})
    with pytest.raises(ValueError, match="draws is the number of bootstrap draws"):
        cl.decompose_drift(frame, "score").conf_int(draws=draws)

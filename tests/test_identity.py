"""Survey identity: level, sharedness and peers at each wave, and whether the language says the same."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import coplearn as cl
from conftest import day
from coplearn.agreement import rwg
from coplearn.identity import known_pairs, peer_sharing, survey_identity
from coplearn.scales import item_answers
from coplearn.survey_language import convergence

NONE = np.zeros((0, 2), dtype=int)


def network(rng, n, ties):
    """Random pairs i < j."""
    pairs = np.argwhere(np.triu(np.ones((n, n)), 1))
    return pairs[rng.choice(len(pairs), ties, replace=False)]


def surveyed(seed=0, n=60, waves=2, homophily=1.2, roster=None, order=None, **codebook):
    """A community whose members answer three items at each wave and name those of like mind."""
    rng = np.random.default_rng(seed)
    names = [f"m{k:03d}" for k in range(n)]
    mind = rng.normal(size=n)
    answers, ties = [], []
    for w in range(1, waves + 1):
        items = np.clip(np.round(3 + 0.8 * mind[:, None] + 0.6 * rng.normal(size=(n, 3))), 1, 5)
        items[:, 2] = 6 - items[:, 2]
        answers += [(w, names[i], f"i{j + 1}", items[i, j]) for i in range(n) for j in range(3)]
        chance = 1 / (1 + np.exp(2 + homophily * np.abs(mind[:, None] - mind)))
        chosen = rng.random((n, n)) < chance
        ties += [(w, "advice", names[i], names[j]) for i, j in np.argwhere(chosen) if i != j]
    members = pd.DataFrame({"member": names, "joined": day("2020-01-01"), "unit": rng.choice(["x", "y"], n)})
    codes = {"scale": "identity", "reverse": [False, False, True], "min": 1, "max": 5} | codebook
    tables = {
        "waves": pd.DataFrame({"wave": range(1, waves + 1), "opens": pd.NaT}),
        "items": pd.DataFrame({"item": ["i1", "i2", "i3"], **codes}),
        "responses": pd.DataFrame(answers, columns=["wave", "member", "item", "value"]),
        "ties": pd.DataFrame(ties, columns=["wave", "network", "ego", "alter"]),
        "roster": roster,
    }
    if order is not None:
        members = members.iloc[order]
        tables["responses"] = tables["responses"].sample(frac=1, random_state=1)
        tables["ties"] = tables["ties"].sample(frac=1, random_state=1)
    return cl.Community("surveyed", members, **tables, start=day("2020-01-01"), end=day("2022-01-01"))


# --- level and sharedness ---------------------------------------------------------------------------------


def test_level_spread_and_agreement_are_those_of_the_scores():
    community = surveyed()
    table = survey_identity(community, "identity", draws=50, permutations=9).table()
    scores = community.scores("identity").groupby("wave")["identity"]
    answers = item_answers(community.responses, community.items, "identity")
    for wave in (1, 2):
        row = table.loc[(wave, "all")]
        assert row["n"] == 60
        assert row["level"] == pytest.approx(scores.mean()[wave]) and row["sd"] == pytest.approx(scores.std()[wave])
        own = rwg(answers.xs(wave, level="wave"), options=5)
        assert row["rwg"] == pytest.approx(own.uniform["all"])
        assert row["rwg_skewed"] == pytest.approx(own.skewed["all"])
        for name in ("level", "sd", "rwg"):
            assert row[f"{name}_low"] < row[name] < row[f"{name}_high"]


def test_cohorts_below_twenty_have_no_mean_and_below_five_are_not_shown():
    community = surveyed(n=60)
    label = pd.Series(["big"] * 40 + ["mid"] * 17 + ["few"] * 3, index=community.members.index)
    result = survey_identity(community, "identity", cohorts=label, draws=50, permutations=19)
    table = result.table()
    assert list(table.loc[1].index) == ["all", "big", "mid"]
    assert table.loc[(1, "mid"), "n"] == 17 and np.isnan(table.loc[(1, "mid"), "level"])
    assert table.loc[(1, "mid")].drop("n").isna().all() and table.loc[(1, "big")].notna().all()
    said = " ".join(result.caveats)
    assert "mid at wave 1 (17)" in said and "few at wave 1" in said and "measurement invariance" in said


def test_agreement_needs_twenty_who_answered_every_item():
    community = surveyed(n=24)
    holes = community.responses
    holes["value"] = holes["value"].where(~((holes["item"] == "i2") & (holes["member"] < "m006")))
    gaps = cl.Community(
        "gaps",
        community.members.reset_index(),
        waves=community.waves.reset_index(),
        items=community.items.reset_index(),
        responses=holes,
        start=community.start,
        end=community.end,
    )
    result = survey_identity(gaps, "identity", draws=20)
    assert result.levels["level"].notna().all() and result.levels["rwg"].isna().all()
    assert "fewer than 20 members answered every item in all at wave 1" in " ".join(result.caveats)


def test_changes_between_waves_are_differences_with_paired_draws():
    result = survey_identity(surveyed(), "identity", draws=300, permutations=9)
    levels, row = result.levels, result.changes.loc[("1 to 2", "all")]
    assert row["level"] == pytest.approx(levels.loc[(2, "all"), "level"] - levels.loc[(1, "all"), "level"])
    width = {name: row[f"{name}_high"] - row[f"{name}_low"] for name in ("level",)}
    apart = sum((levels["level_high"] - levels["level_low"]) ** 2) ** 0.5
    assert width["level"] < 0.8 * apart  # members bring both of their waves, so their lasting level cancels


def test_the_order_of_rows_and_the_day_change_nothing():
    one = survey_identity(surveyed(), "identity", draws=100, permutations=99)
    shuffled = surveyed(order=np.random.default_rng(0).permutation(60))
    two = survey_identity(shuffled, "identity", draws=100, permutations=99)
    assert one.summary() == two.summary()


def test_answer_options_come_from_the_codebook_or_from_the_caller():
    plain = survey_identity(surveyed(min=[1, 0, 1]), "identity", draws=20, permutations=9)
    assert plain.levels["rwg"].isna().all() and "Give options=" in " ".join(plain.caveats)
    given_ = survey_identity(surveyed(min=[1, 0, 1]), "identity", options=5, draws=20, permutations=9)
    assert given_.levels["rwg"].notna().all()
    single = survey_identity(surveyed(), "i1", draws=20, permutations=9)
    assert single.levels["rwg"].notna().all()


@pytest.mark.recovery
def test_intervals_of_level_and_spread_cover():
    """Normal scores of 40 members, 250 data sets; bound: 95 % less two points for the bootstrap and three s.e."""
    from coplearn.identity import _sharedness

    rng, hits = np.random.default_rng(8), np.zeros(2)
    for _ in range(250):
        y = rng.normal(3, 0.8, 40)
        weight = rng.multinomial(40, np.full(40, 1 / 40), size=300)
        drawn = _sharedness(y, y[:, None], weight, (2.0, 1.34))[1]
        low, high = np.quantile(drawn[:, :2], [0.025, 0.975], axis=0)
        hits += (low <= [3, 0.8]) & ([3, 0.8] <= high)
    assert (hits / 250 > 0.93 - 3 * 0.016).all()


# --- peers ------------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 500))
def test_peer_statistics_are_those_of_the_formulas_written_out(seed):
    rng = np.random.default_rng(seed)
    n = 24
    y = np.round(rng.normal(size=n), 1)
    pairs = network(rng, n, 60)
    tied, unknown = pairs[:35], pairs[35:]
    row = peer_sharing(y, tied, unknown, 9, rng)
    w = np.zeros((n, n))
    w[tied[:, 0], tied[:, 1]] = w[tied[:, 1], tied[:, 0]] = 1
    hidden = {tuple(p) for p in unknown}
    near = [abs(y[i] - y[j]) for i in range(n) for j in range(i + 1, n) if w[i, j]]
    far = [abs(y[i] - y[j]) for i in range(n) for j in range(i + 1, n) if not w[i, j] and (i, j) not in hidden]
    z = y - y.mean()
    moran = n / w.sum() * sum(w[i, j] * z[i] * z[j] for i in range(n) for j in range(n)) / (z**2).sum()
    assert row["apart_tied"] == pytest.approx(np.mean(near)) and row["apart_untied"] == pytest.approx(np.mean(far))
    assert row["gap"] == pytest.approx(np.mean(far) - np.mean(near)) and row["moran"] == pytest.approx(moran)
    assert row["untied"] == len(far)


@pytest.mark.recovery
def test_permutation_p_is_uniform_when_peers_are_no_closer():
    """400 data sets of 30 members; p-values are multiples of 1/100, so uniformity is judged on a fine grid."""
    rng = np.random.default_rng(21)
    p = np.empty((400, 4))
    for k in range(400):
        stratum = rng.integers(0, 2, 30)
        y = rng.gamma(2.0, size=30) + stratum  # cohorts differ in level, ties do not care
        row = peer_sharing(y, network(rng, 30, 60), network(rng, 30, 0), 99, rng, stratum)
        p[k] = row["gap_p"], row["moran_p"], row["gap_p_cohort"], row["moran_p_cohort"]
    jitter = p - rng.random(p.shape) / 100
    for column in jitter.T:
        assert stats.kstest(column, "uniform").pvalue > 0.01
    # The rate of rejection at 5 % within three Monte Carlo standard errors.
    assert np.abs((p <= 0.05).mean(axis=0) - 0.05).max() < 3 * np.sqrt(0.05 * 0.95 / 400)


def test_likeness_that_comes_from_cohorts_alone_goes_away_within_them():
    rng = np.random.default_rng(5)
    stratum = np.repeat([0, 1], 40)
    y = rng.normal(size=80) + 3 * stratum
    same = np.argwhere(np.triu(stratum[:, None] == stratum, 1))
    tied = same[rng.choice(len(same), 200, replace=False)]
    row = peer_sharing(y, tied, NONE, 499, rng, stratum)
    assert row["moran_p"] < 0.01 and row["gap"] > 1
    assert row["moran_p_cohort"] > 0.05 and row["gap_p_cohort"] > 0.05


def test_peers_of_like_mind_are_found_and_the_claim_stays_modest():
    result = survey_identity(surveyed(homophily=2.0, n=80), "identity", draws=20, permutations=199)
    row = result.peers.loc[(1, "advice")]
    assert row["gap"] > 0 and row["gap_p"] <= 0.01 and row["moran"] > row["moran_high"]
    said = " ".join(result.caveats)
    assert "selection" in said and "influence" in said


def test_who_did_not_respond_leaves_pairs_unknown_unless_named():
    members = pd.Index(list("abcd"))
    people = pd.DataFrame({"member": list("abcd"), "joined": day("2020-01-01")})
    ties = pd.DataFrame({"wave": 1, "network": "advice", "ego": ["a", "b"], "alter": ["b", "d"]})
    roster = pd.DataFrame({"wave": 1, "member": list("abcd"), "responded": [True, True, True, False]})
    waves = pd.DataFrame({"wave": [1], "opens": [day("2020-02-01")]})
    span = {"start": day("2020-01-01"), "end": day("2021-01-01")}
    asked = cl.Community("asked", people, ties=ties, roster=roster, waves=waves, **span)
    tied, unknown = known_pairs(asked, "advice", 1, members)
    assert tied.tolist() == [[0, 1], [1, 3]]
    assert unknown.tolist() == [[0, 3], [2, 3]]  # d said nothing of a and c; that b named d is known
    unasked = cl.Community("unasked", people, ties=ties, waves=waves, **span)
    assert len(known_pairs(unasked, "advice", 1, members)[1]) == 0


@pytest.mark.parametrize(
    "scores, tied",
    [
        (np.arange(10.0), np.array([[0, 1]])),  # too few members
        (np.arange(30.0), NONE),  # no ties
        (np.full(30, 2.0), np.array([[0, 1]])),  # everybody alike
        (np.arange(30.0), np.argwhere(np.triu(np.ones((30, 30)), 1))),  # everybody tied
    ],
)
def test_where_peers_cannot_be_compared_there_is_no_number(scores, tied):
    row = peer_sharing(scores, tied, NONE, 9, np.random.default_rng(0), np.zeros(len(scores)))
    assert all(np.isnan(row[c]) for c in ("gap", "gap_p", "moran", "moran_p", "gap_p_cohort"))
    assert row["tied"] == len(tied)


def test_a_small_community_gets_its_counts_and_reasons(team):
    result = survey_identity(team, "identity")
    assert result.table()["n"].tolist() == [2, 2] and result.table()["level"].isna().all()
    assert result.peers["moran"].isna().all()
    said = " ".join(result.caveats)
    assert "fewer than 20 members with a score" in said and "no number for peers" in said
    assert "NaN" in result.summary()


def test_without_ties_the_rest_is_still_told():
    community = surveyed()
    bare = cl.Community(
        "bare",
        community.members.reset_index(),
        waves=community.waves.reset_index(),
        items=community.items.reset_index(),
        responses=community.responses,
        start=community.start,
        end=community.end,
    )
    result = survey_identity(bare, "identity", draws=20)
    assert len(result.peers) == 0 and "no ties" in " ".join(result.caveats)
    assert "peers" not in result.summary().split("caveat")[0]


def test_what_is_asked_wrongly_of_a_community_is_answered_with_a_sentence(team, tables):
    with pytest.raises(ValueError, match="Did you mean 'identity'"):
        survey_identity(team, "identiti")
    with pytest.raises(ValueError, match="no network 'advise'"):
        survey_identity(team, "identity", ties="advise")
    with pytest.raises(ValueError, match="two answer options or more"):
        survey_identity(team, "identity", options=1)
    plain = cl.Community("plain", tables["members"], tables["events"])
    with pytest.raises(ValueError, match="has no waves"):
        survey_identity(plain, "identity")
    silent = tables["responses"].assign(value=np.nan)
    with pytest.raises(ValueError, match="nobody who was present at a wave has a score"):
        survey_identity(cl.Community("silent", **{**tables, "responses": silent}), "identity")


def test_the_figures_of_identity_are_drawn():
    community = surveyed()
    result = survey_identity(community, "identity", cohorts=community.cohorts(by="unit"), draws=50, permutations=9)
    for what in ("level", "sd", "rwg"):
        ax = result.plot(what=what)
        assert ax.get_ylabel() and len(ax.lines) == 3
        ax.figure.clear()
    with pytest.raises(ValueError, match="no statistic 'mean'"):
        result.plot(what="mean")


# --- survey and language ----------------------------------------------------------------------------------


def long(array, name="value"):
    """A frame of an array over [wave, member]."""
    wave, member = np.nonzero(~np.isnan(array))
    return pd.DataFrame({"member": [f"m{k:03d}" for k in member], "wave": wave + 1, name: array[wave, member]})


def two_measures(rng, n=80, waves=4, between=-0.6, within=-0.4, missing=0.0):
    """Two measures whose lasting parts and whose momentary parts correlate as said, momentary spread one half."""
    lasting = rng.multivariate_normal([0, 0], [[1, between], [between, 1]], size=n)
    moment = 0.5 * rng.multivariate_normal([0, 0], [[1, within], [within, 1]], size=(waves, n))
    x, y = (lasting[None] + moment).transpose(2, 0, 1)
    return np.where(rng.random(x.shape) < missing, np.nan, x), np.where(rng.random(x.shape) < missing, np.nan, y)


def test_kinds_of_correlation_are_those_of_the_formulas_written_out():
    rng = np.random.default_rng(3)
    x, y = two_measures(rng, n=50, missing=0.2)
    table = convergence(long(x), long(y), centre=False, draws=10).table().droplevel(["first", "second"])
    frame = long(x).merge(long(y), on=["member", "wave"])
    of = frame.groupby("member")
    means = of[["value_x", "value_y"]].mean()
    assert table.loc["between", "estimate"] == pytest.approx(np.corrcoef(means["value_x"], means["value_y"])[0, 1])
    assert table.loc["pooled", "estimate"] == pytest.approx(np.corrcoef(frame["value_x"], frame["value_y"])[0, 1])
    again = frame[of["wave"].transform("size") > 1]
    own = again[["value_x", "value_y"]] - again.groupby("member")[["value_x", "value_y"]].transform("mean")
    r = (own["value_x"] * own["value_y"]).sum() / np.sqrt((own**2).sum().prod())
    assert table.loc["within", "estimate"] == pytest.approx(r)
    before = frame.assign(wave=frame["wave"] + 1)
    step = frame.merge(before, on=["member", "wave"], suffixes=("", "_before"))
    dx, dy = step["value_x"] - step["value_x_before"], step["value_y"] - step["value_y_before"]
    assert table.loc["change", "estimate"] == pytest.approx(np.corrcoef(dx, dy)[0, 1])
    assert table.loc["change", "observations"] == len(step) and table.loc["pooled", "observations"] == len(frame)


@pytest.mark.recovery
def test_intervals_within_and_of_changes_cover():
    """150 data sets of 60 members; bound: 95 % less one point for the bootstrap and three standard errors."""
    rng, hits = np.random.default_rng(17), np.zeros(2)
    for seed in range(150):
        x, y = two_measures(rng, n=60)
        table = convergence(long(x), long(y), draws=200, seed=seed).table().droplevel(["first", "second"])
        rows = table.loc[["within", "change"]]
        hits += ((rows["low"] <= -0.4) & (rows["high"] >= -0.4)).to_numpy()
    assert (hits / 150 > 0.94 - 3 * 0.018).all()


def test_a_shared_drift_is_no_convergence():
    rng = np.random.default_rng(9)
    x, y = two_measures(rng, between=0.0, within=0.0)
    drift = 3.0 * np.arange(4)[:, None]
    raw = convergence(long(x + drift), long(y - drift), centre=False, draws=50).table()["estimate"]
    clean = convergence(long(x + drift), long(y - drift), draws=50).table()["estimate"]
    assert raw.xs("within", level="kind").iloc[0] < -0.8
    assert abs(clean.xs("within", level="kind").iloc[0]) < 0.2
    assert clean.xs("change", level="kind").iloc[0] == pytest.approx(
        convergence(long(x), long(y), draws=50).table()["estimate"].xs("change", level="kind").iloc[0]
    )


def test_several_traits_make_a_multitrait_multimethod_table():
    rng = np.random.default_rng(2)
    x, y = two_measures(rng)
    u, v = two_measures(rng)
    result = convergence({"us": long(x), "craft": long(u)}, {"us": long(y), "craft": long(v)}, draws=100)
    table = result.table().xs("between", level="kind")
    assert table["role"].value_counts().to_dict() == {"convergent": 2, "method": 2, "discriminant": 2}
    by_role = table["estimate"].abs().groupby(table["role"]).min()
    assert by_role["convergent"] > table["estimate"].abs().groupby(table["role"]).max()["discriminant"]
    matrix = result.matrix("between")
    assert matrix.shape == (4, 4) and np.allclose(matrix, matrix.T)
    assert matrix.loc[("survey", "us"), ("language", "us")] == pytest.approx(
        table.loc[("survey: us", "language: us"), "estimate"]
    )
    # Stability: lasting variance 1 of 1.25 in all; the sampling error of a correlation over 80 members is about .05.
    assert matrix.loc[("survey", "us"), ("survey", "us")] == pytest.approx(0.8, abs=0.15)


def test_names_and_order_of_members_change_nothing():
    x, y = two_measures(np.random.default_rng(4), n=40)
    one = convergence(long(x), long(y), draws=50).table()["estimate"]
    turned = convergence(long(x).sample(frac=1, random_state=2), long(y).sample(frac=1, random_state=3), draws=50)
    pd.testing.assert_series_equal(one, turned.table()["estimate"])


def test_few_members_or_one_wave_give_no_correlation():
    x, y = two_measures(np.random.default_rng(4), n=30, waves=1)
    table = convergence(long(x), long(y), draws=50).table().droplevel(["first", "second"])
    assert table.loc[["within", "change"], "estimate"].isna().all() and table.loc["between", "estimate"] < 0
    few = convergence(long(x[:, :10]), long(y[:, :10]), draws=50)
    assert few.table()["estimate"].isna().all() and "fewer than 20 members" in " ".join(few.caveats)


def test_a_measure_that_does_not_vary_has_no_correlation():
    x, _ = two_measures(np.random.default_rng(4), n=30)
    table = convergence(long(x), long(np.full_like(x, 0.1)), draws=20).table()
    assert table[["estimate", "low", "high"]].isna().all(axis=None)


def test_scores_of_a_community_can_be_handed_over_as_they_are():
    community = surveyed(n=40)
    scores = community.scores("identity")
    other = scores.rename(columns={"identity": "bits"}).assign(bits=lambda f: -f["bits"])
    result = convergence(scores, other, draws=20)
    assert result.table()["estimate"].to_numpy() == pytest.approx(-1)
    assert result.summary() == repr(result)
    ax = result.plot()
    assert ax.get_xlabel() == "correlation"
    ax.figure.clear()


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda f: f.drop(columns="wave"), "no column wave"),
        (lambda f: f.assign(wave=f["wave"] + 50), "no member has two measures at one wave"),
        (lambda f: pd.concat([f, f.iloc[[0]]]), "occurs more than once at wave"),
        (lambda f: f.rename(columns={"value": "a"}).assign(b=1.0), "2 columns of numbers; name the measure 'value'"),
        (lambda f: {}, "a mapping is empty"),
    ],
)
def test_frames_that_cannot_be_joined_are_refused(change, words):
    frame = long(two_measures(np.random.default_rng(0), n=5)[0])
    with pytest.raises(ValueError, match=words):
        convergence(frame, change(frame))


def test_cohorts_may_be_a_mapping_and_permutations_are_checked():
    guild = cl.datasets.load_guild()
    labels = guild.members["unit"].to_dict()
    a, b = (survey_identity(guild, "identity", cohorts=c, ties=[], draws=20) for c in (labels, pd.Series(labels)))
    pd.testing.assert_frame_equal(a.levels, b.levels)
    with pytest.raises(ValueError, match="permutations is 0; give a whole number of at least 1"):
        survey_identity(guild, "identity", permutations=0)


def test_whole_numbers_with_gaps_are_read():
    items = pd.DataFrame(np.random.default_rng(0).integers(1, 6, (30, 4))).astype("Int64")
    items.iloc[0, 0] = pd.NA
    assert float(cl.cronbach_alpha(items)) == pytest.approx(float(cl.cronbach_alpha(items.astype(float))))

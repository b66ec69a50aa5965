"""Divergence of groups' words, its null, drift series and the decomposition of a change."""

import math

import naive_language as naive
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coplearn import divergence as words
from coplearn import vocabulary, word_drift

ZIPF = 1 / np.arange(1, 501)
ZIPF /= ZIPF.sum()
NAMES = np.array([f"w{i}" for i in range(500)], dtype=object)


def group(name, n_members, n_tokens, rng, p=ZIPF):
    """Members of one group, with equal shares of the tokens."""
    return {f"{name}{i}": list(rng.choice(NAMES, n_tokens // n_members, p=p)) for i in range(n_members)}


def habits(name, n_members, n_tokens, rng, strength=1.0):
    """Members who each have favourite words."""
    said = {}
    for i in range(n_members):
        p = ZIPF * np.exp(strength * rng.normal(size=500))
        said[f"{name}{i}"] = list(rng.choice(NAMES, n_tokens // n_members, p=p / p.sum()))
    return said


def diary(months=6, n_members=30, drift=0.0, back=False, seed=0, length=40):
    """One text a month of each member; the words tilt with time, and back again in the second half if asked."""
    rng = np.random.default_rng(seed)
    tilt = rng.normal(size=500)
    rows = []
    for m in range(months):
        place = min(m, months - 1 - m) * 2 if back else m
        p = ZIPF * np.exp(drift * tilt * place / months)
        for a in range(n_members):
            text = " ".join(rng.choice(NAMES, length, p=p / p.sum()))
            rows.append((pd.Timestamp(2015, m + 1, 10, tz="UTC"), f"m{a}", text))
    return pd.DataFrame(rows, columns=["time", "author", "text"])


COUNTS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=8).filter(
    lambda pairs: sum(a for a, _ in pairs) > 0 and sum(b for _, b in pairs) > 0
)


@given(COUNTS)
def test_jsd_is_that_of_the_plain_twin_and_its_words_add_up_to_it(pairs):
    p, q = (list(x) for x in zip(*pairs, strict=True))
    want = naive.jsd(p, q)
    parts = words.contributions(np.array(p), np.array(q))
    assert words.jsd(np.array(p), np.array(q)) == pytest.approx(want, abs=1e-12)
    assert parts.min() >= -1e-15 and parts.sum() == pytest.approx(want, abs=1e-12)
    assert 0 <= want + 1e-12 and want <= 1 + 1e-12


@given(COUNTS)
def test_hellinger_and_jsd_bound_each_other(pairs):
    p, q = (np.array(x) for x in zip(*pairs, strict=True))
    h2 = words.hellinger(p, q) ** 2
    assert h2 * h2 / (2 * math.log(2)) - 1e-9 <= words.jsd(p, q) <= 2 * h2 / math.log(2) + 1e-9


@given(st.lists(st.integers(0, 6), min_size=2, max_size=10).filter(lambda c: sum(x > 0 for x in c) > 1))
def test_chao_shen_entropy_is_that_of_the_plain_twin(counts):
    assert words.chao_shen_entropy(np.array(counts)) == pytest.approx(naive.chao_shen(counts), rel=1e-10)


def test_chao_shen_entropy_is_less_biased_than_the_plug_in():
    rng = np.random.default_rng(0)
    truth = -(ZIPF * np.log2(ZIPF)).sum()
    samples = [np.bincount(rng.choice(500, 300, p=ZIPF), minlength=500) for _ in range(50)]
    plug_in, corrected = (np.mean([f(c) for c in samples]) for f in (words.entropy, words.chao_shen_entropy))
    assert abs(corrected - truth) < 0.25 * abs(plug_in - truth)


@pytest.mark.published
@pytest.mark.parametrize(("n_tokens", "replicates"), [(500, 60), (2_000, 40), (20_000, 15)])
def test_the_excess_of_two_samples_of_one_language_centres_on_zero(n_tokens, replicates):
    rng = np.random.default_rng(n_tokens)
    found = [
        words.divergence(group("a", 25, n_tokens, rng), group("b", 25, n_tokens, rng), 100, seed=r)
        for r in range(replicates)
    ]
    excess = np.array([f.jsd_excess for f in found])
    assert abs(excess.mean()) < 3 * excess.std(ddof=1) / math.sqrt(replicates)
    assert min(f.null.std() for f in found) > 0.1 * excess.std()  # the null is a distribution, not the value itself
    if n_tokens == 500:
        assert np.mean([f.raw for f in found]) == pytest.approx(0.25, abs=0.03)  # the golden value has two digits


def test_the_test_keeps_its_level_when_members_have_habits():
    rng = np.random.default_rng(3)
    p = [words.divergence(habits("a", 12, 600, rng), habits("b", 12, 600, rng), 99, seed=r).p for r in range(120)]
    # 5 % of 120 tests are 6; 13 or more come by chance once in 170.
    assert sum(x <= 0.05 for x in p) < 13
    assert np.mean(p) == pytest.approx(0.5, abs=0.1)  # uniform: 0.026 is the error of the mean of 120


def test_shuffling_tokens_instead_of_members_would_overstate():
    rng = np.random.default_rng(3)
    a, b = habits("a", 12, 2400, rng, 1.5), habits("b", 12, 2400, rng, 1.5)
    members = words.divergence(a, b, 99)
    tokens = [
        {f"{n}{i}": [w] for i, w in enumerate(w for t in said.values() for w in t)} for n, said in (("a", a), ("b", b))
    ]
    assert words.divergence(*tokens, permutations=99).z > members.z + 5


def test_a_planted_difference_is_found_with_its_size():
    rng = np.random.default_rng(0)
    other = ZIPF * np.exp(0.7 * rng.normal(size=500))
    other /= other.sum()
    truth = naive.jsd(ZIPF.tolist(), other.tolist())
    found = [
        words.divergence(group("a", 40, 8_000, rng), group("b", 40, 8_000, rng, other), 100, seed=r) for r in range(10)
    ]
    assert np.mean([f.jsd_excess for f in found]) == pytest.approx(truth, rel=0.1)
    assert max(f.p for f in found) == pytest.approx(1 / 101)


def test_the_divergence_does_not_depend_on_names_or_order():
    rng = np.random.default_rng(0)
    a, b = group("a", 10, 500, rng), group("b", 12, 600, rng)
    renamed = [{f"z{k[::-1]}": said[k] for k in reversed(said)} for said in (a, b)]
    one, two = words.divergence(a, b, 50), words.divergence(*renamed, permutations=50)
    assert (one.jsd_excess, one.p, one.se) == (two.jsd_excess, two.p, two.se)


def test_sources_of_every_kind_give_the_same_divergence():
    talk = diary(months=2)
    early, late = talk[talk["time"].dt.month == 1], talk[talk["time"].dt.month == 2]
    mappings = [part.groupby("author")["text"].apply(lambda t: " ".join(t).split()).to_dict() for part in (early, late)]
    one, two = words.divergence(early, late, 20), words.divergence(*mappings, permutations=20)
    assert (one.jsd_excess, one.n_shared, one.n_members) == (two.jsd_excess, 30, (30, 30))


def test_members_of_both_groups_swap_their_two_texts():
    docs = words.Documents.of({"m": ["x"], "n": ["y"]}, {"m": ["z"], "o": ["y", "y"]})
    partner = docs.partners()
    labels = words.swapped_labels(docs.group, partner, 200, np.random.default_rng(0))
    both = np.flatnonzero(partner >= 0)
    assert docs.member[both].tolist() == ["m", "m"]
    assert (labels[:, both].sum(axis=1) == 1).all() and 60 < labels[:, both[0]].sum() < 140
    assert (labels.sum(axis=1) == 2).all()


def test_stayers_with_strong_habits_do_not_hide_a_change_of_period():
    rng = np.random.default_rng(0)
    tilt = 0.6 * rng.normal(size=500)
    first, second = {}, {}
    for i in range(20):
        p = ZIPF * np.exp(1.5 * rng.normal(size=500))
        for said, q in ((first, p), (second, p * np.exp(tilt))):
            said[f"m{i}"] = list(rng.choice(NAMES, 100, p=q / q.sum()))
    assert words.divergence(first, second, 199).p < 0.01


def test_groups_below_five_members_give_na_with_the_reason():
    rng = np.random.default_rng(0)
    found = words.divergence(group("a", 4, 400, rng), group("b", 30, 3000, rng), 10, names=("old", "new"))
    assert math.isnan(found.jsd_excess) and math.isnan(found.p)
    assert "Group 'old' has 4 members, fewer than 5: NA." in found.caveats


def test_rarefied_divergence_takes_equal_budgets():
    rng = np.random.default_rng(0)
    found = words.divergence(group("a", 20, 4_000, rng), group("b", 20, 40_000, rng), 20, budget=2_000)
    assert found.rarefied == pytest.approx(0.1, abs=0.02)  # two samples of 2,000 tokens: golden value 0.100
    small = words.divergence(group("a", 20, 1_000, rng), group("b", 20, 4_000, rng), 20, budget=2_000)
    assert math.isnan(small.rarefied) and any("fewer than 2,000 tokens" in c for c in small.caveats)


def test_the_relabelling_kernel_is_the_sum_of_its_documents():
    rng = np.random.default_rng(0)
    docs = words.Documents.of(group("a", 5, 100, rng), group("b", 5, 100, rng), group("c", 5, 100, rng))
    counts = docs.matrix().toarray()
    labels = rng.integers(0, 3, size=(4, 15)).astype(np.int32)
    got = words.relabelled(docs, labels, 3, np.array([[0, 1], [1, 2]]))
    for r, label in enumerate(labels):
        pooled = [counts[label == g].sum(axis=0) for g in range(3)]
        assert got[r] == pytest.approx([naive.jsd(pooled[0], pooled[1]), naive.jsd(pooled[1], pooled[2])], abs=1e-12)


def test_the_jackknife_leaves_out_one_member_at_a_time_around_the_centre_of_the_own_group():
    rng = np.random.default_rng(0)
    a, b = group("a", 20, 800, rng), group("b", 6, 240, rng)
    found = words.divergence(a, b, 10)
    variance = 0.0
    for said in (a, b):
        left = []
        for m in said:
            sides = [{k: t for k, t in s.items() if k != m} for s in (a, b)]
            pooled = [[w for t in s.values() for w in t] for s in sides]
            types = sorted({w for t in pooled for w in t})
            left.append(naive.jsd(*([t.count(w) for w in types] for t in pooled)))
        variance += (len(left) - 1) / len(left) * sum((x - np.mean(left)) ** 2 for x in left)
    null = found.null.var(ddof=1)
    assert found.se == pytest.approx(math.sqrt(max(variance - null, null)), rel=1e-9)


# Texts of unequal size ------------------------------------------------------------------------------------------------


def token_counts(docs, group):
    return sorted(docs.sizes()[docs.group == group].tolist())


def test_texts_are_thinned_to_the_smaller_group_quantile_by_quantile():
    said = {f"a{i}": ["x"] * n for i, n in enumerate([5, 9, 1])}, {f"b{i}": ["y"] * n for i, n in enumerate([2, 3, 20])}
    thin = words.same_sizes(words.Documents.of(*said), np.random.default_rng(0))
    assert token_counts(thin, 0) == token_counts(thin, 1) == [1, 3, 9]


def test_a_member_of_several_groups_keeps_the_size_of_the_smallest_text():
    docs = words.Documents.of({"m": ["x"] * 9, "n": ["y"] * 4}, {"m": ["x", "z"]}, {"m": ["y"] * 5, "o": ["x"] * 6})
    thin = words.same_sizes(docs, np.random.default_rng(0))
    assert thin.sizes()[thin.member == "m"].tolist() == [2, 2, 2]
    assert thin.sizes()[thin.member == "n"] == thin.sizes()[thin.member == "o"] == 4
    assert (thin.count <= docs.count).all() and (thin.count >= 0).all()


def test_no_documents_and_empty_ones_are_thinned_to_nothing():
    empty = words.Documents.of({}, {})
    assert words.same_sizes(empty, np.random.default_rng(0)) is empty
    docs = words.Documents.of({"m": ["x"], "n": []}, {"o": ["y", "y"], "p": []})
    assert words.same_sizes(docs, np.random.default_rng(0)).sizes().tolist() == [1, 1]


@pytest.mark.parametrize("shared", [False, True])
def test_members_who_write_ten_times_as_much_have_no_other_words(shared):
    rng = np.random.default_rng(5)
    p = [
        words.divergence(group("a", 20, 400, rng), group("a" if shared else "b", 20, 4_000, rng), 39, seed=r).p
        for r in range(60)
    ]
    assert sum(x <= 0.05 for x in p) < 9  # 3 expected; 9 or more come by chance once in 360
    assert np.mean(p) == pytest.approx(0.5, abs=0.15)  # 0.037 is the error of the mean of 60


def test_the_excess_at_unequal_volume_does_not_depend_on_names_or_order():
    rng = np.random.default_rng(0)
    a, b = group("a", 10, 300, rng), group("b", 12, 1_200, rng)
    renamed = [{f"z{k[::-1]}": said[k] for k in reversed(said)} for said in (a, b)]
    one, two = words.divergence(a, b, 50, seed=3), words.divergence(*renamed, permutations=50, seed=3)
    assert (one.jsd_excess, one.p, one.se) == (two.jsd_excess, two.p, two.se)
    assert (one.n_compared, one.n_tokens) == ((300, 360), (300, 1_200))
    assert any("with 660 of 1,500 tokens" in c for c in one.caveats)
    assert one.raw == pytest.approx(one.words["contribution"].sum())


def growing(seed, months=5, n_members=24):
    """A diary at rest whose members write half as much again every month; half of them are new each month."""
    rng = np.random.default_rng(seed)
    rows = []
    for m in range(months):
        for a in range(n_members):
            name = f"m{a}" if a < n_members // 2 else f"m{m}-{a}"
            text = " ".join(rng.choice(NAMES, round(12 * 1.5**m), p=ZIPF))
            rows.append((pd.Timestamp(2015, m + 1, 10, tz="UTC"), name, text))
    return pd.DataFrame(rows, columns=["time", "author", "text"])


def test_a_community_that_writes_more_each_month_does_not_move():
    found = [word_drift.drift_series(growing(s), "month", 39, seed=s) for s in range(40)]
    assert sum(f.slope_p <= 0.05 for f in found) < 7  # 2 expected; 7 or more come by chance once in 290
    assert sum(f.series["origin_p"].iloc[-1] <= 0.05 for f in found) < 7
    assert any("tokens" in c for c in found[0].caveats)


def test_small_windows_take_no_tokens_from_the_others():
    talk = diary()
    stub = pd.DataFrame({"time": pd.Timestamp(2015, 7, 10, tz="UTC"), "author": ["x", "y"], "text": ["w1", "w2 w3"]})
    found = word_drift.drift_series(pd.concat([talk, stub], ignore_index=True), "month", 20)
    assert not any("tokens" in c for c in found.caveats)
    assert found.slope == word_drift.drift_series(talk, "month", 20).slope


@pytest.mark.parametrize("weights", ["members", "tokens"])
def test_more_words_a_member_are_no_shift_of_anybody(weights):
    p = []
    for s in range(40):
        rng = np.random.default_rng(s)
        first = group("s", 20, 400, rng) | group("l", 10, 200, rng)
        second = group("s", 20, 4_000, rng) | group("j", 10, 2_000, rng)
        found = word_drift.decompose_language(first, second, weights=weights, permutations=39, seed=s)
        p.append(found.parts["p"])
    assert ((pd.DataFrame(p) <= 0.05).sum() < 7).all()  # 2 expected


# Series ---------------------------------------------------------------------------------------------------------------


def test_a_community_at_rest_has_no_slope():
    p = [word_drift.drift_series(diary(seed=s), "month", 60, seed=s).slope_p for s in range(30)]
    assert sum(x <= 0.05 for x in p) < 6  # 1.5 expected; 6 or more come by chance once in 250


def test_a_drifting_community_moves_away_from_its_origin():
    found = word_drift.drift_series(diary(drift=2.0), "month", 100)
    assert found.slope > 0 and found.slope_p < 0.02
    excess = found.series["from_origin"].dropna()
    assert excess.iloc[-1] > excess.iloc[0] and (found.series["origin_p"].dropna().iloc[1:] < 0.05).all()


def test_a_community_that_turns_back_shows_in_the_late_slope():
    found = word_drift.drift_series(diary(months=10, drift=3.0, back=True), "month", 100)
    assert found.late_slope < 0 and found.late_p < 0.05


def test_windows_of_few_members_are_na_in_the_series():
    talk = diary()
    thin = talk[(talk["time"].dt.month != 3) | (talk["author"] < "m15")]
    series = word_drift.drift_series(thin, "month", 20).series
    assert math.isnan(series["from_origin"]["2015-03"]) and math.isnan(series["consecutive"]["2015-04"])
    assert series["from_origin"].notna().sum() == 4


def test_the_null_of_a_series_keeps_each_members_windows():
    docs = words.Documents.of({"m": ["x"], "n": ["y"]}, {"m": ["z"]}, {"m": ["x", "x"], "o": ["y"]})
    labels = words.shuffled_labels(docs, 50, np.random.default_rng(0))
    own = docs.member == "m"
    assert all(sorted(row[own].tolist()) == [0, 1, 2] for row in labels)
    assert all(sorted(row[~own].tolist()) == [0, 2] for row in labels)
    assert len({tuple(row) for row in labels.tolist()}) > 6


# Stayers, joiners, leavers --------------------------------------------------------------------------------------------


def periods(seed=0, stayers=0.0, joiners=0.0):
    """Two periods of 30 stayers, 15 leavers and 15 joiners, with a planted tilt of the stayers' or joiners' words."""
    rng = np.random.default_rng(seed)
    tilt = rng.normal(size=500)

    def tilted(by):
        p = ZIPF * np.exp(by * tilt)
        return p / p.sum()

    first = group("s", 30, 6_000, rng) | group("l", 15, 3_000, rng)
    second = group("s", 30, 6_000, rng, tilted(stayers)) | group("j", 15, 3_000, rng, tilted(joiners))
    return first, second


@pytest.mark.parametrize("functional", ["jsd", "entropy", lambda p: float((p**2).sum())])
@pytest.mark.parametrize("weights", ["members", "tokens"])
def test_the_parts_add_up_to_the_change(functional, weights):
    parts = word_drift.decompose_language(*periods(), functional, weights=weights, permutations=10).parts
    for column in ("value", "excess"):
        assert parts[column].iloc[:3].sum() == pytest.approx(parts[column]["total"], abs=1e-12)


def test_the_parts_are_shapley_values():
    a, b = periods()
    types = sorted({w for said in (a, b) for t in said.values() for w in t})
    stay, join, leave = set(a) & set(b), set(b) - set(a), set(a) - set(b)

    def worth(thrown):
        people = [(b if 0 in thrown else a)[m] for m in stay]
        people += [b[m] for m in join] if 1 in thrown else []
        people += [] if 2 in thrown else [a[m] for m in leave]
        tokens = [w for t in people for w in t]
        return naive.entropy([tokens.count(w) / len(tokens) for w in types])

    got = word_drift.decompose_language(a, b, "entropy", weights="tokens", permutations=1).parts["value"]
    assert got.iloc[:3].to_numpy() == pytest.approx(naive.shapley(worth), abs=1e-10)


def test_change_is_laid_at_the_door_of_those_who_made_it():
    joined = word_drift.decompose_language(*periods(joiners=1.5), permutations=60).parts["excess"]
    stayed = word_drift.decompose_language(*periods(stayers=1.5), permutations=60).parts["excess"]
    assert joined["joiners"] > 5 * abs(joined["stayers"])
    assert stayed["stayers"] > 0.05 and stayed["joiners"] < 0  # joiners who speak as of old dilute the change


def test_without_change_nobody_has_changed_it():
    found = [word_drift.decompose_language(*periods(seed=s), permutations=40, seed=s).parts for s in range(15)]
    for who in ("stayers", "joiners", "leavers", "total"):
        excess = np.array([f.loc[who, "excess"] for f in found])
        assert abs(excess.mean()) < 3.5 * excess.std(ddof=1) / math.sqrt(15)


def test_without_stayers_there_is_no_path_and_no_number():
    rng = np.random.default_rng(0)
    found = word_drift.decompose_language(group("a", 30, 600, rng), group("b", 30, 600, rng), permutations=2)
    assert found.parts.isna().all().all() and "No stayers: NA." in found.caveats


def test_below_five_stayers_there_is_no_split():
    first, second = periods()
    few = [{m: t for m, t in said.items() if m[0] != "s" or int(m[1:]) < 4} for said in (first, second)]
    found = word_drift.decompose_language(*few, permutations=5)
    assert found.parts.isna().all().all() and "Fewer than 5 stayers: NA." in found.caveats


def test_below_five_joiners_their_part_has_no_error_and_no_test():
    first, second = periods()
    second = {m: t for m, t in second.items() if m[0] != "j" or int(m[1:]) < 4}
    found = word_drift.decompose_language(first, second, permutations=5)
    assert found.parts.loc["joiners", ["se", "p"]].isna().all() and found.parts["value"].notna().all()
    assert found.parts.loc[["stayers", "leavers", "total"]].notna().all().all()
    assert "Fewer than 5 joiners: no error and no test of their part." in found.caveats
    assert "15 leavers, fewer than 20: the split is rough." in found.caveats


def test_an_origin_of_another_length_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match=r"origin has shape \(3,\), but the two periods have \d+ types"):
        word_drift.decompose_language(*periods(), origin=np.ones(3), permutations=1)
    types = {w for said in periods() for t in said.values() for w in t}
    with pytest.raises(ValueError, match="origin is not a distribution"):
        word_drift.decompose_language(*periods(), origin=np.full(len(types), np.nan), permutations=1)


@pytest.mark.parametrize("value", [0, -3, 1.5, True])
def test_permutations_and_budgets_are_whole_numbers_above_0(value):
    a, b = periods()
    for call in (
        lambda: words.divergence(a, b, value),
        lambda: word_drift.decompose_language(a, b, permutations=value),
        lambda: word_drift.drift_series(diary(), "month", value),
    ):
        with pytest.raises(ValueError, match=r"permutations is .*; give a whole number of at least 1"):
            call()
    with pytest.raises(ValueError, match=r"budget is .*; give a whole number of at least 1"):
        words.divergence(a, b, 5, budget=value)


@pytest.mark.filterwarnings("error")
def test_one_permutation_gives_no_error_and_no_warning():
    a, b = periods()
    assert math.isnan(words.divergence(a, b, np.int64(1)).se)
    assert word_drift.decompose_language(a, b, permutations=1).parts.notna().all().all()
    assert word_drift.drift_series(diary(), "month", 1).series["origin_z"].isna().all()


def test_two_groups_have_two_names():
    a, b = periods()
    for names in (("old",), ("a", "b", "c"), "ab"):
        with pytest.raises(ValueError, match="give two names"):
            words.divergence(a, b, 5, names=names)
        with pytest.raises(ValueError, match="give two names"):
            vocabulary.distinguishing_words(a, b, names=names)


def test_plots_open_a_figure_of_their_own():
    import matplotlib.pyplot as plt

    a, b = periods()
    _, mine = plt.subplots()
    for found in (
        words.divergence(a, b, 5), word_drift.decompose_language(a, b, permutations=5),
        word_drift.drift_series(diary(), "month", 5), vocabulary.distinguishing_words(a, b),
    ):  # fmt: skip
        assert found.plot() is not mine and not mine.has_data() and found.plot(mine) is mine
        mine.clear()


# Words of members, with a prior of one size ---------------------------------------------------------------------------


@pytest.mark.parametrize("prior", ["uniform", 0.5, np.int64(1)])
def test_a_word_of_everybody_distinguishes_no_groups_of_unequal_size(prior):
    a = {f"a{i}": ["hello", *(["rule"] if i % 2 else [])] for i in range(20)}
    b = {f"b{i}": ["hello", *(["rule"] if i % 2 else [])] for i in range(200)}
    found = vocabulary.distinguishing_words(a, b, prior, count="members")
    assert found.words["z"].abs().max() < 1.6
    each = 0.1 if prior == "uniform" else float(prior)
    delta = math.log((20 + each) / each) - math.log((200 + each) / each)
    assert found.words["log_odds"]["hello"] == pytest.approx(delta) and found.alpha_0 == 2 * each


@pytest.mark.parametrize("prior", [math.nan, math.inf, True, 0, -1, "flat", None])
def test_a_prior_that_is_no_count_is_refused(prior):
    with pytest.raises(ValueError, match="neither 'informative', 'uniform' nor a finite number above 0"):
        vocabulary.distinguishing_words(*periods(), prior)


@pytest.mark.parametrize("alpha_0", [0, -1, math.nan, math.inf, True])
def test_prior_counts_in_all_are_above_0(alpha_0):
    with pytest.raises(ValueError, match=r"alpha_0 is .*; give a finite number of prior counts above 0"):
        vocabulary.distinguishing_words(*periods(), alpha_0=alpha_0)

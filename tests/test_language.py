"""Tokens, bigram models, snapshots and what is measured on top of them."""

import math
import time

import naive_language as naive
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coplearn as cl
from coplearn import corpus as corpora
from coplearn import departure, enculturation, innovation, language, lexicon, lifecycle, vocabulary
from coplearn.bigrams import SMOOTHING, BigramModel
from coplearn.corpus import corpus, tokenize

TRAIN = [["we", "share", "stories"], ["we", "share", "tips"], ["stories", "help"]]


def start_of(month, year=2015):
    return pd.Timestamp(year=year + (month // 12), month=month % 12 + 1, day=1, tz="UTC")


def community(n_authors=60, months=6, per=4, length=32, types=60, drift=0.0, adapt=1.0, seed=0, stay=None):
    """Messages whose words tilt with time by `drift`; authors follow by `adapt` (0: they keep what they came with)."""
    rng = np.random.default_rng(seed)
    names = np.array([f"w{i:03d}" for i in range(types)], dtype=object)
    base, tilt = -np.log(np.arange(1, types + 1)), rng.normal(size=types)
    rows = []
    for a in range(n_authors):
        joined = 0 if stay is None else int(rng.integers(-stay, months))
        for m in range(max(0, joined), months if stay is None else min(months, joined + stay)):
            p = np.exp(base + drift * tilt * (joined + adapt * (m - joined)) / months)
            for text in rng.choice(names, size=(per, length), p=p / p.sum()):
                rows.append((start_of(m) + pd.Timedelta(minutes=int(rng.integers(27 * 1440))), f"m{a}", " ".join(text)))
    frame = pd.DataFrame(rows, columns=["time", "author", "text"])
    return frame.set_axis(pd.Index([f"t{i}" for i in range(len(frame))], name="message"))


@pytest.fixture(scope="module")
def talk():
    return community()


@pytest.fixture(scope="module")
def shots(talk):
    return language.snapshots(talk)


# Tokens -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Don't, I'm; we’re John's", ["do", "n't", "i", "'m", "we", "'re", "john", "'s"]),
        ("l'homme O'Brien", ["l'homme", "o'brien"]),
        ("3 3.5 10:30 1,000 ٣ 3rd utf8", ["<num>", "<num>", "<num>", "<num>", "<num>", "3rd", "utf8"]),
        ("see https://a.org/x?y=1 www.b.de", ["see", "<url>", "<url>"]),
        ("@ann-b. ann.b@x.org", ["<user>", "<user>"]),
        ("<num> <user> <email>", ["<num>", "<user>", "<user>"]),
        ("<s> </s> <unk>", ["s", "s", "unk"]),
        ("snake_case -- ...", ["snake", "case"]),
        ("Η Κοινότητα ΜΑΣ", ["η", "κοινότητα", "μας"]),
        ("学习カタカナ", ["学", "习", "カタカナ"]),
        ("한국어 말", ["한국어", "말"]),
        ("שָׁלוֹם مرحبا", ["שָׁלוֹם", "مرحبا"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("👍🏽 👩‍💻🇬🇷 ❤️", ["👍🏽", "👩‍💻", "🇬🇷", "❤️"]),
        ("Cafe\u0301 café", ["café", "café"]),
        ("", []),
        (None, []),
        (float("nan"), []),
        (pd.NA, []),
        (12, ["<num>"]),
        ("\ud800 a\0b", ["a", "b"]),
    ],
)
def test_words_of_any_script_are_kept_and_kinds_get_their_token(text, tokens):
    # NFC leaves Hebrew points in canonical order, so the expectation is normalised the same way.
    import unicodedata

    assert tokenize(text) == [unicodedata.normalize("NFC", t) for t in tokens]


@given(st.text())
def test_no_text_crashes_the_tokeniser_or_makes_an_empty_token(text):
    assert all(t and not t.isspace() for t in tokenize(text))


@pytest.mark.parametrize("piece", ["a", "a.", "1.", "@", "word ", "a-@", "\u0301", "👩\u200d", "n't"])
def test_a_message_of_ten_megabytes_costs_seconds(piece):
    begin = time.perf_counter()
    tokenize(piece * (10_000_000 // len(piece)))
    assert time.perf_counter() - begin < 30  # linear: about 3 s at most; anything quadratic takes days


def test_the_report_counts_empty_one_word_and_missing_messages():
    said = ["", None, "!!", "hello", "two words", "x " * 1000, "καλημέρα σε όλους"]
    report = corpus(pd.DataFrame({"author": list("abcdefg"), "text": said})).report
    assert (report.n_messages, report.n_missing, report.n_empty, report.n_one_word) == (7, 1, 2, 1)
    assert (report.longest, report.scripts["GREEK"]) == (1000, 3)
    assert any("1 message of 7 with one word only" in s for s in report.sentences())


def test_quoted_lines_and_signatures_are_not_the_authors_words():
    said = ["On Mon, Ann wrote:\n> old words\n>> older\nnew words\r\n-- \r\nBo, Ltd", "> all quoted", "a > b -- c\nd"]
    text = corpus(pd.DataFrame({"author": ["bo", "cy", "di"], "text": said}))
    assert text.token_lists() == [["new", "words"], [], ["a", "b", "c", "d"]]
    assert (text.report.n_quoting, text.report.n_empty) == (2, 1)


def test_two_scripts_are_reported_as_a_mix_of_languages():
    report = corpus(pd.DataFrame({"author": ["a", "b"], "text": ["good morning all", "καλημέρα σε όλους"]})).report
    assert any("GREEK, LATIN" in s or "LATIN, GREEK" in s for s in report.sentences())


def test_a_type_counts_its_users_not_its_uses():
    text = corpus(pd.DataFrame({"author": ["a", "a", "b"], "text": ["x x y", "x", "y"]}))
    assert dict(zip(text.types, text.users.tolist(), strict=True)) == {"x": 1, "y": 2}
    assert text.vocabulary(2).tolist() == ["y"]


def test_messages_without_author_are_left_out_and_counted():
    text = corpus(pd.DataFrame({"author": ["a", None], "text": ["x", "y"]}))
    assert (len(text), text.report.n_without_author) == (1, 1)


def test_taking_messages_keeps_their_tokens():
    text = corpus(pd.DataFrame({"author": list("abc"), "text": ["x y", "", "z x"]}))
    assert text.take(np.array([2, 0])).token_lists() == [["z", "x"], ["x", "y"]]


# Bigram models --------------------------------------------------------------------------------------------------------


@pytest.mark.published
def test_witten_bell_gives_the_golden_entropies():
    model = BigramModel.fit(TRAIN)
    assert model.cross_entropy(["we", "share", "stories"]) == pytest.approx(1.155867, abs=5e-7)  # six digits given
    assert model.cross_entropy(["they", "share", "gossip"]) == pytest.approx(3.854166, abs=5e-7)


def texts(max_size=12):
    return st.lists(st.lists(st.sampled_from("abcde"), max_size=8), min_size=1, max_size=max_size).filter(any)


@pytest.mark.parametrize("smoothing", SMOOTHING)
@given(token_lists=texts())
def test_probabilities_sum_to_one_after_every_context(smoothing, token_lists):
    model = BigramModel.fit(token_lists, smoothing=smoothing, vocabulary=list("abcd"))
    for context in [*model.outcomes, "<s>", "never seen"]:
        shares = [model.prob(w, context) for w in model.outcomes]
        assert min(shares) >= 0 and sum(shares) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("smoothing", SMOOTHING)
@given(token_lists=texts(), scored=st.lists(st.sampled_from("abcdez"), min_size=1, max_size=8))
def test_the_kernel_gives_the_probabilities_of_the_plain_twin(smoothing, token_lists, scored):
    model = BigramModel.fit(token_lists, smoothing=smoothing)
    twin = naive.Bigrams.fit(token_lists, smoothing=smoothing)
    assert model.cross_entropy(scored) == pytest.approx(twin.cross_entropy(scored), abs=1e-12)


def test_katz_uses_good_turing_where_the_counts_allow_it():
    rng = np.random.default_rng(0)
    shares = 1 / np.arange(1, 41)
    lists = [list(rng.choice([f"w{i}" for i in range(40)], 12, p=shares / shares.sum())) for _ in range(120)]
    model, twin = BigramModel.fit(lists, "katz"), naive.Bigrams.fit(lists, smoothing="katz")
    assert twin.turing is not None and model.tables.discount[0] == 0
    assert model.tables.discount[1:] == pytest.approx([twin.turing[r] for r in range(1, 6)])
    for h in ("w0", "w7", "<s>"):
        assert [model.prob(w, h) for w in model.outcomes] == pytest.approx([twin.prob(w, h) for w in model.outcomes])
        assert sum(model.prob(w, h) for w in model.outcomes) == pytest.approx(1, abs=1e-12)


def test_words_outside_the_vocabulary_are_one_unknown_word():
    model = BigramModel.fit(TRAIN, vocabulary=["we", "share"])
    assert model.prob("stories", "share") == model.prob("gossip", "share") == model.prob("<unk>", "share")


def test_an_empty_text_has_no_entropy_and_empty_training_is_refused():
    assert math.isnan(BigramModel.fit(TRAIN).cross_entropy([]))
    with pytest.raises(ValueError, match="no word to learn from"):
        BigramModel.fit([[], []])


def test_an_unknown_smoothing_is_named_with_its_neighbours():
    with pytest.raises(ValueError, match="Did you mean 'witten-bell'"):
        BigramModel.fit(TRAIN, smoothing="wittenbell")


# Snapshots ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("smoothing", SMOOTHING)
def test_snapshot_scores_are_those_of_the_plain_twin(talk, smoothing):
    shots = language.snapshots(talk, smoothing=smoothing, models=4)
    part, text = shots.parts[1], shots.corpus
    lists, words = text.token_lists(), set(shots.vocabulary)
    spans = [naive.span_pairs(lists[r], words, 30) for r in part.rows]
    want, n = naive.leave_author_out(spans, part.window.author.tolist(), part.design.chosen.tolist(), words, smoothing)
    got = shots.messages.iloc[part.rows]
    np.testing.assert_allclose(got["cross_entropy"], want, atol=1e-10)
    assert got["n_models"].tolist() == n


def test_no_model_that_scores_an_author_holds_their_text(shots):
    for part in shots.parts:
        for chosen, inside in zip(part.design.chosen, part.design.inside, strict=True):
            held = set(part.window.author[chosen])
            assert held == set(np.flatnonzero(inside))
            assert len(set(chosen)) == len(chosen)


def test_every_model_of_every_window_has_the_same_size(talk):
    thin = talk[(talk["time"] < start_of(2)) | (talk["author"].str[-1] < "6")]
    shots = language.snapshots(thin)
    assert {p.design.chosen.shape[1] for p in shots.parts} == {shots.model_spans}
    assert shots.model_spans < min(np.floor(0.64 * p.window.author.size) for p in shots.parts)


def test_an_author_gives_a_model_no_more_than_their_share_of_spans(shots):
    part = language.snapshots(shots.corpus, spans=2).parts[0]
    for chosen in part.design.chosen:
        assert np.bincount(part.window.author[chosen]).max() <= 2


def test_scores_do_not_depend_on_row_order_or_on_names(talk, shots):
    rng = np.random.default_rng(1)
    names = dict(zip(talk["author"].unique(), rng.permutation([f"z{i}" for i in range(60)]), strict=True))
    other = talk.sample(frac=1, random_state=2).assign(author=lambda f: f["author"].map(names))
    again = language.snapshots(other)
    pd.testing.assert_series_equal(
        again.messages["cross_entropy"].reindex(talk.index), shots.messages["cross_entropy"], check_exact=True
    )
    pd.testing.assert_frame_equal(again.by_window, shots.by_window, check_exact=True)


def test_threads_do_not_change_a_number(talk, shots):
    again = language.snapshots(talk, jobs=2)
    pd.testing.assert_frame_equal(again.messages, shots.messages, check_exact=True)


def test_another_seed_moves_scores_within_their_error(talk, shots):
    other = language.snapshots(talk, seed=5).by_window["cross_entropy"]
    assert (other != shots.by_window["cross_entropy"]).all()
    assert ((other - shots.by_window["cross_entropy"]).abs() < 4 * shots.by_window["se"]).all()


def test_windows_below_the_minimum_are_na_and_counted(talk):
    alone = talk[(talk["time"] < start_of(1)) | (talk["author"] == "m0")]
    shots = language.snapshots(alone)
    assert shots.by_window["cross_entropy"].notna().tolist() == [True] + 5 * [False]
    assert any("5 windows of 6 NA" in c and "5 with a single author" in c for c in shots.caveats)


def test_short_empty_and_undated_messages_are_not_scored_but_counted(talk):
    odd = talk.iloc[:5].copy()
    odd["text"] = ["", None, "hello", "x " * 10, "x " * 40]
    odd["time"] = odd["time"].where(odd["text"] != "x " * 40)
    odd.index = [f"odd{i}" for i in range(5)]
    shots = language.snapshots(pd.concat([talk, odd]))
    assert shots.messages.loc[odd.index, "cross_entropy"].isna().all()
    told = " ".join(shots.caveats)
    for sentence in ("4 messages shorter than 30", "1 message without a time", "1 message of 1,445 with no text"):
        assert sentence in told


def test_a_frame_of_too_few_people_gives_na_everywhere_and_no_error():
    few = community(n_authors=3, months=2)
    shots = language.snapshots(few)
    assert shots.messages["cross_entropy"].isna().all() and "0 usable" in shots.summary()


def test_a_bigger_month_does_not_look_more_predictable():
    talk = community(n_authors=160, months=2, per=3, types=200)
    big = talk[(talk["time"] >= start_of(1)) | (talk["author"].str[1:].astype(int) < 40)]
    fair = language.snapshots(big).by_window
    biased = language.snapshots(big, equal=False).by_window
    gap, error = -fair["cross_entropy"].diff().iloc[1], np.hypot(*fair["se"])
    assert abs(gap) < 3 * error  # the language is the same
    assert -biased["cross_entropy"].diff().iloc[1] > 3 * error  # what equal sizes protect from


def test_the_standard_error_covers_the_spread_over_new_samples_of_authors():
    means, errors = [], []
    for seed in range(40):
        one = language.snapshots(community(n_authors=40, months=1, per=3, seed=seed), models=10).by_window
        means.append(one["cross_entropy"].iloc[0])
        errors.append(one["se"].iloc[0])
    # All communities speak one language (no tilt). Models learn from the authors whom they help to score, so means
    # vary less than resampled authors do: the error is too large by a third. An s.d. from 40 draws is known to 11 %.
    ratio = np.mean(errors) / np.std(means, ddof=1)
    assert 0.9 < ratio < 1.9


def test_a_window_model_is_the_model_of_its_spans(shots):
    part = shots.parts[0]
    lists = [shots.corpus.token_lists()[r][:30] for r in part.rows]
    model = shots.model(shots.windows.labels[0])
    twin = naive.Bigrams([p for t in lists for p in naive.span_pairs(t, set(shots.vocabulary), 30)], model.outcomes)
    assert model.prob("w001", "w000") == pytest.approx(twin.prob("w001", "w000"), rel=1e-12)


def moving_words(months=5, n_authors=40, per=2):
    """Every month has words of its own; one message a month is written in the words of the month before."""
    rng = np.random.default_rng(0)
    rows = []
    for m in range(months):
        for a in range(n_authors):
            for k in range(per):
                of = m - 1 if (a, k) == (0, 0) and m > 0 else m
                text = " ".join(f"month{of}word{i}" for i in rng.integers(0, 12, 30))
                rows.append((start_of(m) + pd.Timedelta(hours=a + k), f"m{a}", text, m - of))
    return pd.DataFrame(rows, columns=["time", "author", "text", "late"])


def test_a_text_in_last_months_words_leans_to_the_past():
    talk = moving_words()
    shots = language.snapshots(talk)
    lean = shots.progressiveness(lags=1)
    known = lean.notna()
    assert set(shots.messages["window"][known]) == {"2015-02", "2015-03", "2015-04"}  # edges are NA, not cut off
    assert (lean[known] == -talk["late"][known]).all()


def test_tied_lags_give_their_mean():
    talk = community(n_authors=31, months=3, per=1, length=30, types=1)  # one word: every month is alike
    lean = language.snapshots(talk).progressiveness(lags=1)
    assert lean.dropna().eq(0).all() and lean.notna().sum() == 31


def test_function_words_alone_do_not_see_the_topic():
    talk = moving_words()
    rng = np.random.default_rng(1)
    small = np.array(lexicon.function_words("article", "preposition"))
    talk["text"] = [" ".join(rng.choice(small, 15)) + " " + t for t in talk["text"]]
    shots = language.snapshots(talk, vocabulary=lexicon.function_words())
    assert "month0word1" not in shots.vocabulary
    assert shots.progressiveness(lags=1).dropna().abs().mean() < 0.8  # no direction: lags -1, 0, 1 at random
    assert abs(shots.progressiveness(lags=1).mean()) < 0.15


# Words of messages ----------------------------------------------------------------------------------------------------


def test_self_overlap_is_that_of_the_plain_twin():
    talk = community(n_authors=3, months=2, per=4)
    got = vocabulary.self_overlap(talk, span=30, previous=3)
    for _, own in talk.sort_values("time").groupby("author"):
        want = naive.self_overlap([t.split()[:30] for t in own["text"]], 3)
        np.testing.assert_allclose(got.loc[own.index], want, atol=1e-12)


def test_word_share_counts_tokens_and_is_nan_without_any():
    talk = pd.DataFrame({"author": list("abc"), "text": ["I'm sure I am", "we are", ""]})
    share = vocabulary.word_share(talk, lexicon.function_words("first person singular"))
    assert share.tolist()[:2] == [2 / 5, 0] and math.isnan(share.iloc[2])


def new_words():
    rng = np.random.default_rng(0)
    rows = []
    for day in range(0, 1000, 2):
        words = [f"w{i}" for i in rng.integers(0, 30, 6)]
        if day >= 500 and rng.random() < 0.2:
            words.append("fresh")  # taken up by many
        if day >= 600 and rng.random() < 0.3:
            words.append("pet")  # used by one member only
        if day >= 960:
            words.append("late")  # too late to judge
        author = "solo" if "pet" in words else f"m{rng.integers(6)}"
        rows.append(
            (pd.Timestamp("2015-01-01", tz="UTC") + pd.Timedelta(days=day), author, f"th{day % 7}", " ".join(words))
        )
    return pd.DataFrame(rows, columns=["time", "author", "thread", "text"])


def test_innovations_are_those_of_the_plain_twin():
    talk = new_words()
    days = (talk["time"] - talk["time"].min()).dt.days
    rows = list(zip(days, talk["author"], talk["thread"], talk["text"].str.split(), strict=True))
    want = naive.innovations(rows, 10, 3, 2, 183, 365)
    found = innovation.innovations(talk)
    assert set(want) == set(found.words.index) == {"fresh"}
    assert found.uses_future
    assert (found.words.loc["fresh", "introduced"] - talk["time"].min()).days == want["fresh"]


def test_adopting_is_using_somebody_elses_recent_word():
    talk = new_words()
    found = innovation.innovations(talk)
    adopts = innovation.adoption(talk, found)
    first, by = found.words.loc["fresh", ["introduced", "by"]]
    age = talk["time"] - first
    fresh = talk["text"].str.contains("fresh")
    taken = fresh & (age <= pd.Timedelta("92D")) & (talk["author"] != by)
    judged = adopts.notna()
    assert (adopts[judged] == 1).tolist() == taken[judged].tolist()
    assert taken[judged].any() and not judged.iloc[0] and not judged.iloc[-1]


def test_months_that_cannot_be_judged_have_no_count_of_innovations():
    counts = innovation.innovations(new_words()).by_window("quarter")["innovations"]
    assert counts.isna().tolist()[:4] == [True] * 4 and counts.sum() == 1


# Distinguishing words -------------------------------------------------------------------------------------------------


@pytest.mark.published
def test_weighted_log_odds_give_the_golden_scores():
    y_i, y_j = np.array([30, 10, 5, 0]), np.array([10, 12, 5, 8])
    _, z = vocabulary.log_odds(y_i, y_j, 10 * (y_i + y_j) / 80)
    assert z == pytest.approx([4.0594, -1.2548, -0.4058, -2.4691], abs=5e-5)  # four digits given


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=8))
def test_log_odds_are_those_of_the_plain_twin(pairs):
    y_i, y_j = (np.array(y) for y in zip(*pairs, strict=True))
    alpha = np.full(len(pairs), 0.5)
    want = naive.log_odds(y_i.tolist(), y_j.tolist(), alpha.tolist())
    np.testing.assert_allclose(np.column_stack(vocabulary.log_odds(y_i, y_j, alpha)), want, rtol=1e-10)


def test_a_prolific_member_defines_no_cohort_when_members_are_counted():
    a = {f"a{i}": ["we", "talk", "rules"] for i in range(20)} | {"loud": ["shout"] * 500 + ["we"]}
    b = {f"b{i}": ["we", "talk", "events"] for i in range(20)} | {f"c{i}": ["shout"] for i in range(5)}
    tokens = vocabulary.distinguishing_words(a, b, names=("old", "new"))
    members = vocabulary.distinguishing_words(a, b, count="members")
    assert tokens.words.index[0] == "shout"
    assert members.words.index[0] == "rules" and members.words["z"]["shout"] < 0
    assert members.words.loc["shout", ["members_a", "members_b"]].tolist() == [1, 5]


def test_member_counts_give_the_log_odds_of_using_a_word():
    a = {f"a{i}": ["we", "rule"] if i < 15 else ["we"] for i in range(20)}
    b = {f"b{i}": ["we", "rule"] if i < 6 else ["we"] for i in range(30)}
    row = vocabulary.distinguishing_words(a, b, count="members").words.loc["rule"]
    prior = 10 * 21 / 50  # ten members in all, of whom the share of both groups uses the word
    cells = [15 + prior, 5 + 10 - prior, 6 + prior, 24 + 10 - prior]
    delta = math.log(cells[0] / cells[1]) - math.log(cells[2] / cells[3])
    assert row["log_odds"] == pytest.approx(delta)
    assert row["z"] == pytest.approx(delta / math.sqrt(sum(1 / c for c in cells)))


def test_words_of_few_members_are_not_shown():
    a = {f"a{i}": ["we", "rare"] if i < 4 else ["we"] for i in range(20)}
    b = {f"b{i}": ["we", "known"] if i < 5 else ["we"] for i in range(20)}
    assert set(vocabulary.distinguishing_words(a, b).words.index) == {"we", "known"}


def test_swapping_the_groups_turns_the_sign():
    a = {f"a{i}": ["x", "y", "y"] for i in range(9)}
    b = {f"b{i}": ["x", "x", "z"] for i in range(9)}
    one, two = (vocabulary.distinguishing_words(*g).words["z"] for g in ((a, b), (b, a)))
    pd.testing.assert_series_equal(one, -two.reindex(one.index))


def test_q_values_follow_benjamini_and_hochberg():
    p = np.array([0.001, 0.2, 0.03, 0.9, 0.04])
    q = vocabulary.benjamini_hochberg(p)
    ranked = sorted(p)
    want = [min(5 * x / (ranked.index(x) + 1) for x in ranked if x >= one) for one in p]
    assert q == pytest.approx(want)


def test_a_group_without_words_is_refused():
    with pytest.raises(ValueError, match="group 'b' has no member with a word"):
        vocabulary.distinguishing_words({"m": ["x"]}, {"n": []})


# Curves over life -----------------------------------------------------------------------------------------------------


def lives(n_authors=150, slope=0.0, seed=0, month_effect=1.0):
    """Values with author and month effects and a planted slope over life stage; everybody has left by the end."""
    rng = np.random.default_rng(seed)
    author = np.repeat(np.arange(n_authors), rng.integers(12, 40, n_authors))
    frame = pd.DataFrame({"author": [f"m{a}" for a in author]})
    begin = rng.integers(0, 600, n_authors)[author]
    k = frame.groupby("author").cumcount().to_numpy()
    size = np.bincount(author)[author]
    day = begin + np.sort(rng.random(len(author))) * 0 + k * rng.integers(3, 20, n_authors)[author]
    frame["time"] = pd.Timestamp("2015-01-01", tz="UTC") + pd.to_timedelta(day, unit="D")
    window = month_effect * np.sin(day / 60)
    frame["y"] = rng.normal(0, 1, n_authors)[author] + window + slope * (k + 1) / size + rng.normal(0, 0.5, len(author))
    late = pd.DataFrame({"author": ["end"], "time": [frame["time"].max() + pd.Timedelta("400D")], "y": [np.nan]})
    return pd.concat([frame, late], ignore_index=True)


def test_life_curve_finds_a_planted_slope_beside_author_and_month_effects():
    curve = lifecycle.life_curve(lives(slope=1.0), "y")
    _, low, high = curve.contrast()
    assert low < 0.9 < high and low > 0.5  # from the middle of the first tenth to that of the last: 0.9 of the slope
    assert curve.uses_future


def test_a_flat_life_gives_a_flat_curve_even_if_months_differ():
    _, low, high = lifecycle.life_curve(lives(month_effect=3.0), "y").contrast()
    assert low < 0 < high


def test_permuting_own_messages_flattens_the_curve():
    talk = lives(slope=1.0)
    mixed = lifecycle.permute_own(talk, "y", seed=1)
    _, low, high = lifecycle.life_curve(mixed, "y").contrast()
    assert low < 0 < high
    assert mixed.groupby("author")["y"].sum().round(9).equals(talk.groupby("author")["y"].sum().round(9))


def test_life_curve_is_least_squares_with_dummies():
    talk = lives(n_authors=30, slope=1.0)
    curve = lifecycle.life_curve(talk, "y", bins=4, replicates=2)
    life = lifecycle.departures(talk)
    used = life["departed"] & talk["y"].notna()
    rows, stage = talk[used], life.loc[used, "stage"].to_numpy()
    bins = np.minimum(np.ceil(stage * 4) - 1, 3).astype(int)
    groups = (bins, rows["author"].array, rows["time"].dt.strftime("%Y%m").array)
    dummies = [pd.get_dummies(pd.Series(g)).to_numpy(float) for g in groups]
    beta = np.linalg.lstsq(np.hstack(dummies), rows["y"].to_numpy(), rcond=None)[0][:4]
    share = np.bincount(bins) / len(bins)
    assert curve.bins["estimate"].to_numpy() == pytest.approx(beta - beta @ share + rows["y"].mean(), abs=1e-8)


def test_the_curve_does_not_depend_on_order_or_names():
    talk = lives(n_authors=40)
    other = talk.sample(frac=1, random_state=0)
    other["author"] = "x" + other["author"].str[::-1]
    one, two = (lifecycle.life_curve(f, "y", replicates=20).bins for f in (talk, other))
    pd.testing.assert_frame_equal(one, two)


def test_tenure_beside_author_and_month_effects_has_no_straight_line():
    curve = lifecycle.tenure_curve(lives(slope=1.0), "y", edges=(0, 60, 120, 180, 240), replicates=10)
    known = curve.bins["estimate"].to_numpy()
    middle = (curve.bins["left"] + curve.bins["right"]).to_numpy() / 2
    assert abs(np.polyfit(middle, known, 1)[0]) < 1e-10
    assert "not identified" in curve.caveats[0]


def test_bins_of_fewer_than_twenty_authors_are_na():
    curve = lifecycle.life_curve(lives(n_authors=19), "y", replicates=5)
    assert curve.bins["estimate"].isna().all() and any("fewer than 20 authors" in c for c in curve.caveats)


def test_who_is_still_active_has_no_life_stage():
    life = lifecycle.departures(lives(n_authors=5))
    assert life["stage"].iloc[:-1].between(0, 1).all() and not life["departed"].iloc[-1]
    assert math.isnan(life["stage"].iloc[-1])


def test_static_authors_alone_make_late_distance_rise():
    talk = community(n_authors=260, months=16, per=2, types=150, drift=4.0, adapt=0.0, stay=10, seed=3)
    curve = lifecycle.life_curve(language.snapshots(talk).measures(), inactive_after="31D", bins=5, effects="author")
    _, low, _ = curve.contrast(-1, 2)
    assert low > 0


def test_the_static_null_keeps_everybody_at_their_first_words():
    talk = community(n_authors=4, months=6, per=3)
    static = lifecycle.static_authors(talk, first=4)
    for _, own in static.sort_values("time").groupby("author"):
        assert set(own["text"].iloc[4:]) <= set(own["text"].iloc[:4])
        assert own["text"].iloc[:4].tolist() == talk.loc[own.index[:4], "text"].tolist()


# Departure ------------------------------------------------------------------------------------------------------------


def careers(n=120, told=True, seed=0):
    """Half leave after 25 messages, half stay for 60; leavers never adopt and drift away, if it is to be told."""
    rng = np.random.default_rng(seed)
    rows = []
    for a in range(n):
        leaves = a % 2 == 0
        gaps = rng.exponential(5, 25 if leaves else 60).cumsum() + rng.uniform(0, 200)
        for k, t in enumerate(gaps):
            distance = 6 + (0.05 * k if leaves and told else 0.0) + rng.normal(0, 0.5)
            rows.append((f"m{a}", t, distance, float(rng.random() < (0.1 if leaves and told else 0.4)), 40))
    frame = pd.DataFrame(rows, columns=["author", "day", "distance", "adopts", "n_tokens"])
    frame["time"] = pd.Timestamp("2015-01-01", tz="UTC") + pd.to_timedelta(frame["day"], unit="D")
    stays = pd.DataFrame({"author": ["end"], "time": [frame["time"].max() + pd.Timedelta("400D")]})
    return pd.concat([frame, stays], ignore_index=True)


def test_language_that_tells_departure_beats_activity():
    found = departure.predict_departure(careers(), w=20, m=10, n=60)
    assert (found.n_departing, found.n_living) == (60, 60)
    f1 = found.scores.mean()
    assert f1["both"] > f1["activity"] + 0.1 and found.wilcoxon_p < 0.01
    assert found.by_time["language"] > 0.7


def test_language_that_tells_nothing_adds_nothing():
    f1 = departure.predict_departure(careers(told=False), w=20, m=10, n=60).scores.mean()
    assert f1["both"] < f1["activity"] + 0.1


def test_departure_features_do_not_see_beyond_the_first_messages():
    talk = careers()
    one = departure.departure_features(talk, 20, 10, 60)[0]
    changed = talk.copy()
    later = talk.groupby("author").cumcount() >= 20
    changed.loc[later, "distance"] = 99.0
    pd.testing.assert_frame_equal(one, departure.departure_features(changed, 20, 10, 60)[0])


def test_too_few_departing_authors_give_na():
    found = departure.predict_departure(careers(n=30), w=20, m=10, n=60)
    assert found.scores.isna().all().all() and math.isnan(found.wilcoxon_p)
    assert any("fewer than 20 in a class" in c for c in found.caveats)


def test_logistic_regression_is_that_of_statsmodels():
    import statsmodels.api as sm

    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    y = (rng.random(200) < 1 / (1 + np.exp(-x @ [1.0, -0.5] - 0.3))).astype(float)
    want = sm.Logit(y, sm.add_constant(x)).fit(disp=0).params
    assert departure.logistic(x, y, ridge=0.0) == pytest.approx([want[1], want[2], want[0]], abs=1e-6)


# Insiders and outsiders -----------------------------------------------------------------------------------------------


def with_outsiders(alike):
    talk = community(n_authors=40, months=2, per=6, length=12, types=40)
    guests = community(n_authors=30, months=2, per=1, length=12, types=40, seed=0 if alike else 7)
    guests["author"] = [f"guest{i}" for i in range(len(guests))]
    if not alike:
        guests["text"] = [" ".join(reversed(t.split())).replace("w00", "w03") for t in guests["text"]]
    return pd.concat([talk, guests.set_axis([f"g{i}" for i in range(len(guests))])])


def test_outsiders_with_other_words_are_further_away():
    gap = enculturation.acculturation_gap(with_outsiders(alike=False), models=20).frame
    assert (gap["gap"] > 4 * gap["se"]).all()


def test_outsiders_with_the_same_words_show_no_gap():
    gap = enculturation.acculturation_gap(with_outsiders(alike=True), models=20).frame
    assert (gap["gap"].abs() < 3 * gap["se"]).all()


def test_windows_without_enough_outsiders_are_na():
    gap = enculturation.acculturation_gap(community(n_authors=40, months=1, per=6), models=5)
    assert gap.frame["gap"].isna().all() and "NA" in gap.caveats[-2]


def places(special):
    talk = community(n_authors=100, months=2, per=2, types=100)
    talk["space"] = np.where(talk["author"].str[1:].astype(int) < 30, "den", "hall")
    if special:
        den = talk["space"] == "den"
        talk.loc[den, "text"] = talk.loc[den, "text"].str.replace("w00", "den00")
    return talk


def test_a_small_place_is_not_distinctive_for_being_small():
    found = enculturation.distinctiveness(places(special=False)).frame
    assert found["distinctiveness"]["den"] > 0.01  # what the raw measure claims
    assert found["excess"].abs().max() < 0.005


def test_a_place_with_words_of_its_own_is_distinctive():
    assert enculturation.distinctiveness(places(special=True)).frame["excess"]["den"] > 0.3


def test_a_single_place_needs_a_reference():
    one = places(special=False).assign(space="hall")
    with pytest.raises(ValueError, match="Give reference="):
        enculturation.distinctiveness(one)
    elsewhere = places(special=True).assign(space="den")
    assert enculturation.distinctiveness(one, reference=elsewhere).frame["distinctiveness"].iloc[0] > 0


def test_dynamicity_is_the_mean_log_ratio_written_out():
    talk = community(n_authors=25, months=2, per=1, length=5, types=6)
    got = enculturation.dynamicity(talk, permutations=2).frame["dynamicity"]
    month = talk["time"].dt.month
    whole = pd.Series(" ".join(talk["text"]).split()).value_counts(normalize=True)
    for m, value in zip((1, 2), got, strict=True):
        here = talk.loc[month == m, "text"].str.split()
        share = here.explode().value_counts(normalize=True)
        want = np.mean([np.mean([np.log2(share[w] / whole[w]) for w in t]) for t in here])
        assert value == pytest.approx(want, abs=1e-12)


def test_dynamicity_rises_with_drift_and_is_near_zero_without():
    still = enculturation.dynamicity(community(n_authors=50, months=4)).frame["excess"]
    moving = enculturation.dynamicity(community(n_authors=50, months=4, drift=3.0)).frame["excess"]
    assert still.abs().max() < 0.01 and moving.mean() > 0.05


def test_coordination_is_that_of_the_plain_twin():
    rng = np.random.default_rng(0)
    classes = {"x": ["x"], "y": ["y"]}
    rows = []
    for k in range(60):
        asked = [w for w in ("x", "y") if rng.random() < 0.5]
        answered = [w for w in asked if rng.random() < 0.8] + [w for w in ("x", "y") if rng.random() < 0.2]
        rows += [
            (f"q{k}", "ann", None, " ".join(["hm", *asked])),
            (f"a{k}", "bo", f"q{k}", " ".join(["hm", *answered])),
        ]
    talk = pd.DataFrame(rows, columns=["message", "author", "reply_to", "text"]).set_index("message")
    found = enculturation.coordination(talk, categories=classes).frame
    assert found[["speaker", "target", "n_replies"]].to_numpy().tolist() == [["bo", "ann", 60]]
    for m in classes:
        pairs = [(m in talk.loc[f"q{k}", "text"], m in talk.loc[f"a{k}", "text"]) for k in range(60)]
        assert found[m].iloc[0] == pytest.approx(naive.coordination(pairs, 3), abs=1e-12)
    assert found["coordination"].iloc[0] > 0.1


def test_fit_is_high_where_members_write_what_they_read():
    rng = np.random.default_rng(0)
    rows = []
    for a in range(24):
        for k in range(8):
            words = ["the", "of"] if a < 20 else ["never", "i"]
            text = " ".join(rng.choice(words, 12, p=[0.5, 0.5]))
            rows.append((start_of(0) + pd.Timedelta(hours=24 * k + a), f"m{a}", f"th{a % 4}", text))
    talk = pd.DataFrame(rows, columns=["time", "author", "thread", "text"])
    found = enculturation.enculturation_fit(talk).frame.set_index("member")
    assert found["fit"].iloc[:].notna().all()
    assert found.loc[[f"m{a}" for a in range(20)], "fit"].min() > found.loc["m20":"m23", "fit"].max()
    assert found["z"].mean() == pytest.approx(0, abs=1e-9)
    # m0 received what the others of thread 0 wrote: five members, eight messages of twelve words each
    assert found.loc["m0", ["sent", "received"]].tolist() == [96, 480]


def test_fit_is_na_below_fifty_words():
    talk = community(n_authors=5, months=1).assign(thread="one")
    found = enculturation.enculturation_fit(talk)
    assert found.frame["fit"].isna().all() and "fewer than 50 words" in found.caveats[0]


# Communities and results ----------------------------------------------------------------------------------------------


def test_a_community_gives_its_messages_and_leaves_its_bots_out(talk):
    names = talk["author"].unique()
    members = pd.DataFrame({"member": [*names, "bot"], "joined": start_of(0), "is_bot": [False] * len(names) + [True]})
    members["consent"] = "all"
    noise = pd.DataFrame({"time": [start_of(1)], "author": ["bot"], "text": ["beep " * 40]}, index=["beep"])
    said = pd.concat([talk, noise]).rename_axis("message").reset_index()
    said["space"] = "hall"
    spaces = pd.DataFrame({"space": ["hall"]})
    guild = cl.Community("guild", members, messages=said, spaces=spaces, start=start_of(0), end=start_of(6))
    text = corpus(guild)
    assert (len(text), text.report.n_bots) == (len(talk), 1)
    mine = language.snapshots(guild, every="quarter", models=3)
    assert mine.by_window["cross_entropy"].notna().sum() == 2


def test_every_result_prints_tabulates_and_draws(shots, talk):
    import matplotlib.pyplot as plt

    a, b = (talk[talk["author"].str[-1] == d] for d in "01")
    results = [
        shots,
        vocabulary.distinguishing_words(talk[talk["author"] < "m3"], talk[talk["author"] >= "m3"]),
        innovation.innovations(new_words()),
        lifecycle.life_curve(lives(n_authors=30), "y", replicates=5),
        departure.predict_departure(careers(n=80), w=20, m=10, n=60, splits=3),
        enculturation.acculturation_gap(with_outsiders(alike=True), models=3),
        enculturation.distinctiveness(places(special=True), permutations=2),
        language.divergence(a, b, permutations=10),
        language.drift_series(talk, every="month", permutations=10),
        language.decompose_language(a, pd.concat([a, b]), permutations=5),
    ]
    for result in results:
        ax = result.plot()
        assert ax.get_xlabel() or ax.get_ylabel()
        assert isinstance(result.summary(), str) and "0x" not in repr(result)
        assert len(result.table()) and isinstance(result.caveats, tuple)
        plt.close("all")


def test_random_texts_in_all_scripts_go_through_every_measure():
    rng = np.random.default_rng(0)
    pool = ["γεια", "学", "👍🏽", "שלום", "مرحبا", "hello", "हिन्दी", "3", "@x", "http://a.b", ""]
    talk = community(n_authors=90, months=3, per=1)
    talk["text"] = [" ".join(rng.choice(pool, int(n))) for n in rng.integers(0, 60, len(talk))]
    measures = language.snapshots(talk, min_users=1).measures(domain=["学"], lags=1)
    assert measures["distance"].notna().any() and (measures["domain"].dropna() > 0).any()
    assert corpora.corpus(talk).report.n_messages == len(talk)


def test_a_notebook_without_widgets_gets_no_warning_from_the_progress_bar():
    import subprocess
    import sys

    code = "import sys; from coplearn.corpus import progress; progress(total=1); print('tqdm.auto' in sys.modules)"
    ran = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert (ran.stdout.strip(), ran.stderr) == ("False", "")


# Inputs as people have them -------------------------------------------------------------------------------------------


def test_a_reference_counts_with_all_its_words_and_is_relabelled_with_the_members():
    here = pd.DataFrame({"author": [f"m{i}" for i in range(30)], "text": "alpha beta gamma delta", "space": "hall"})
    there = pd.DataFrame({"author": [f"r{i}" for i in range(30)], "text": "one two three four five " * 10})
    found = enculturation.distinctiveness(here, reference=there).frame.loc["hall"]
    assert found["distinctiveness"] == pytest.approx(np.log2((120 + 1500) / 120), abs=1e-12)
    assert found["excess"] > 0.5
    some = there.assign(text="alpha two three four five " * 10)
    share = 1620 * np.array([1 / 330, 1 / 30, 1 / 30, 1 / 30]) * 0.25
    assert enculturation.distinctiveness(here, reference=some).frame["distinctiveness"]["hall"] == pytest.approx(
        np.log2(share).mean(), abs=1e-12
    )


def test_the_same_words_elsewhere_leave_no_excess():
    talk = places(special=False)
    found = enculturation.distinctiveness(talk[talk["space"] == "hall"], reference=talk[talk["space"] == "den"]).frame
    assert found["excess"].abs().max() < 0.01 and list(found.index) == ["hall"]


def test_messages_without_a_place_get_a_sentence_also_beside_a_reference():
    talk = places(special=False)
    with pytest.raises(ValueError, match="no message names a space"):
        enculturation.distinctiveness(talk.assign(space=None), reference=talk)


def test_members_who_write_ten_times_as_much_do_not_make_the_others_distinctive():
    found = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        words = np.array([f"w{i}" for i in range(200)], dtype=object)
        own = [rng.dirichlet(np.full(200, 0.5)) for _ in range(60)]  # members have favourite words
        texts = [" ".join(rng.choice(words, 300 if a < 30 else 30, p=own[a])) for a in range(60)]
        talk = pd.DataFrame({"author": [f"m{a}" for a in range(60)], "space": ["x"] * 30 + ["y"] * 30, "text": texts})
        result = enculturation.distinctiveness(talk, permutations=10, seed=seed)
        assert any("thinned to 30 a member" in c for c in result.caveats)
        found.append(result.frame["excess"].to_numpy())
    assert np.abs(np.mean(found, axis=0)).max() < 0.02  # 0.2 without thinning


def test_a_very_long_token_costs_no_more_than_its_length():
    talk = community(n_authors=5, months=2, per=1)
    talk.loc[talk.index[0], "text"] += " " + "x" * 4_000_000
    import tracemalloc

    text = corpus(talk)
    tracemalloc.start()
    vocabulary.word_share(text, ["w001"])
    innovation.adoption(text, innovation.innovations(text, min_uses=1, min_users=1, min_contexts=1, burn_in="1D",
                                                     horizon="1D"))  # fmt: skip
    enculturation.enculturation_fit(text.messages.assign(text="the a", thread="one"))
    enculturation._class_counts(text, {"x": ["w001"]})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6


@pytest.mark.parametrize("source", [["we", "share"], [["we"], ["share"]], pd.Series(["we share"]), None, 3])
def test_what_is_no_source_of_language_gets_a_sentence(source):
    for reading in (corpora.member_tokens, corpus):
        with pytest.raises(TypeError, match="give a mapping of member to tokens or texts, a frame with"):
            reading(source)


def test_a_mapping_may_hold_texts_tokens_arrays_and_nothing():
    said = {
        "texts": ["Share it!", "b c"], "text": "don't", "lists": [["x", "y"], ["z"]], "none": None,
        "array": np.array(["p", "q"]), "series": pd.Series(["r", None]), "generator": (w for w in ("s", "t")),
    }  # fmt: skip
    assert corpora.member_tokens(said) == {
        "texts": ["share", "it", "b", "c"], "text": ["do", "n't"], "lists": ["x", "y", "z"], "none": [],
        "array": ["p", "q"], "series": ["r"], "generator": ["s", "t"],
    }  # fmt: skip
    assert corpora.member_tokens({"ann": ["<num>", "n't"]}) == {"ann": ["<num>", "n't"]}
    with pytest.raises(TypeError, match="member 'ann' has int"):
        corpora.member_tokens({"ann": 3})


def test_windows_open_at_the_communitys_midnight():
    times = pd.to_datetime(["2020-01-31 18:00", "2020-02-10 12:00"], utc=True)  # the first is 1 February in Tokyo
    members = pd.DataFrame({"member": ["a", "b"], "joined": pd.Timestamp("2020-01-01", tz="UTC")})
    members["consent"] = "all"
    said = pd.DataFrame({"message": ["1", "2"], "author": ["a", "b"], "time": times, "text": "we share"})
    said["space"] = "hall"
    tokyo = cl.Community(
        "tokyo", members, messages=said, spaces=pd.DataFrame({"space": ["hall"]}), start="2020-01-01", end="2020-03-01",
        timezone="Asia/Tokyo",
    )  # fmt: skip
    text = corpus(tokyo)
    assert text.windows("month").labels == ["2020-02"] and text.take(np.array([1])).timezone == "Asia/Tokyo"
    shots = language.snapshots(tokyo, min_authors=1, span=1)
    assert shots.measures().attrs["timezone"] == "Asia/Tokyo"
    assert list(shots.by_window.index) == ["2020-02"]


def test_a_life_curve_cuts_windows_in_the_zone_of_its_measures(monkeypatch):
    zones = []
    real = lifecycle.calendar_windows
    monkeypatch.setattr(
        lifecycle, "calendar_windows", lambda a, b, every, zone="UTC": zones.append(zone) or real(a, b, every, zone)
    )
    frame = lives(n_authors=30)
    frame.attrs["timezone"] = "Asia/Tokyo"
    lifecycle.life_curve(frame, "y", replicates=2)
    assert zones == ["Asia/Tokyo"]


def test_nothing_learned_gives_no_number(talk):
    none = language.snapshots(talk, min_users=10_000)
    assert set(none.by_window["status"]) == {"no vocabulary"} and none.by_window["cross_entropy"].isna().all()
    alone = language.snapshots(talk[talk["author"] == "m0"], min_users=1, min_authors=1)
    assert alone.by_window["cross_entropy"].isna().all() and set(alone.by_window["status"]) == {"too few authors"}
    few = language.snapshots(talk, vocabulary=["w000", "w001"], models=2)
    assert any("outside the vocabulary" in c for c in few.caveats)


def test_two_authors_raise_no_warning_in_the_standard_error(talk):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        language.snapshots(talk[talk["author"].isin(["m0", "m1"])], min_users=1, min_authors=1, models=2)


def test_plots_draw_on_axes_of_their_own(shots):
    import matplotlib.pyplot as plt

    _, other = plt.subplots()
    assert shots.plot() is not other and not other.lines
    assert shots.plot(other) is other


def test_times_without_a_zone_are_read_as_utc_and_said(talk):
    naive_times = talk.assign(time=talk["time"].dt.tz_localize(None))
    texts = talk.assign(time=talk["time"].dt.strftime("%Y-%m-%d %H:%M:%S"))
    want = corpus(talk).windows("month").labels
    for frame in (naive_times, texts):
        text = corpus(frame)
        assert text.windows("month").labels == want and "read as UTC" in text.report.sentences()[0]
    with pytest.raises(ValueError, match="cannot be read as a date, first 'soon' in row 't0'"):
        corpus(texts.assign(time=["soon", *texts["time"].iloc[1:]]))
    with pytest.raises(ValueError, match="no message has a time"):
        language.snapshots(talk.drop(columns="time"))
    assert len(innovation.innovations(talk.drop(columns="time")).words) == 0
    curve = lifecycle.life_curve(lives(n_authors=30).assign(time=lambda f: f["time"].dt.tz_localize(None)), "y")
    assert any("read as UTC" in c for c in curve.caveats)


def test_absent_languages_and_empty_communities_are_named(talk):
    with pytest.raises(ValueError, match=r"no message has lang 'de'\. There are: en"):
        corpus(talk.assign(lang="en"), lang="de")
    with pytest.raises(ValueError, match="there are no messages"):
        language.snapshots(talk.iloc[:0])


def test_a_string_is_no_list_and_two_words_are_no_term(shots, talk):
    for call in (
        lambda: BigramModel.fit("we share"),
        lambda: BigramModel.fit(TRAIN, vocabulary="we"),
        lambda: language.snapshots(talk, vocabulary="w1"),
        lambda: vocabulary.word_share(talk, "w001"),
        lambda: enculturation.coordination(talk.assign(reply_to=None), categories={"x": "the"}),
    ):
        with pytest.raises(TypeError, match="give a list of"):
            call()
    for term in ("open-source", "machine learning", "!"):
        with pytest.raises(ValueError, match="is not one token"):
            shots.measures(domain=[term])


def test_message_ids_that_repeat_are_refused(talk):
    with pytest.raises(ValueError, match="message ids of the index repeated"):
        corpus(pd.concat([talk, talk]))


def test_settings_out_of_range_get_a_sentence(shots, talk):
    frame = lives(n_authors=30)
    for call in (
        lambda: shots.progressiveness(-1),
        lambda: shots.progressiveness(1, models=2.5),
        lambda: lifecycle.life_curve(frame, "y", bins=0),
        lambda: lifecycle.life_curve(frame, "y", inactive_after="year"),
        lambda: lifecycle.tenure_curve(frame, "y", edges=(5, 0)),
        lambda: innovation.innovations(talk, horizon="year"),
        lambda: language.snapshots(talk, seed=None),
        lambda: language.snapshots(talk, models=2.5),
        lambda: enculturation.dynamicity(talk, permutations=0),
        lambda: departure.predict_departure(careers(n=20), w=0),
    ):
        with pytest.raises(ValueError, match=r"must be|not a duration|ascending|at least"):
            call()
    nobody = departure.predict_departure(careers(n=20).iloc[:0])
    assert (nobody.n_departing, nobody.n_living) == (0, 0) and "NA" in nobody.caveats[-1]


def test_characters_that_nobody_sees_do_not_cut_words():
    assert tokenize("com\u00admunity co\u2060op \ufeffhello ＬＥＡＲＮ１") == ["community", "coop", "hello", "learn1"]

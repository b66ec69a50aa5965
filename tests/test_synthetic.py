"""Synthetic communities: what is planted is there, what is not planted is not, and the truth adds up.

Where a test compares with chance, the bound is 4 standard errors over seeds (or of the estimate), fixed with the seeds.
"""

import importlib.util
import json
import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

import coplearn as cl
from coplearn.lexicon import function_words
from coplearn.synthetic import community, states

K = 4.0
PARTS = ("within", "entry", "exit")
SURVEY = {"events": False, "response": 1.0, "attrition": 0.0, "item_missing": 0.0}  # everybody answers everything


def z(values):
    """Mean over independent draws in standard errors."""
    values = np.asarray(values, dtype=float)
    return values.mean() / (values.std(ddof=1) / np.sqrt(len(values)))


def latent(c, trait):
    """Latent values, shape (n_waves, n_members); NaN while absent."""
    return np.array(c.truth["latent"][trait], dtype=float)


def networks(c, name):
    """Reported ties, shape (n_waves, n_members, n_members)."""
    members = pd.Index(c.truth["latent"]["members"])
    x = np.zeros((len(c.waves), len(members), len(members)))
    t = c.ties[c.ties["network"] == name]
    x[t["wave"] - 1, members.get_indexer(t["ego"]), members.get_indexer(t["alter"])] = 1
    return x


def mean_within(c, kind="latent"):
    return np.mean([s["within"] for s in c.truth["identity"]["steps"][kind]])


# --- the same again -----------------------------------------------------------------------------------------

TABLES = ("members", "waves", "roster", "ties", "items", "responses", "events", "messages", "spaces")


def test_a_seed_gives_the_same_community_and_another_seed_another():
    first, again, other = (community(seed=s, founders=15, intake=8, end="2020-06-01", waves=3) for s in (3, 3, 4))
    for table in TABLES:
        pd.testing.assert_frame_equal(first[table], again[table])
    assert first.truth == again.truth
    for table in ("members", "ties", "responses", "events", "messages"):
        assert not first[table].equals(other[table])


def test_leaving_parts_out_changes_nothing_else():
    small = {"seed": 3, "founders": 15, "intake": 8, "end": "2020-06-01", "waves": 3}
    whole, no_text, no_events = community(**small), community(text=False, **small), community(events=False, **small)
    no_ties = community(ties=False, **small)
    for table in ("members", "waves", "roster", "items", "responses"):
        for part in (no_text, no_events, no_ties):
            pd.testing.assert_frame_equal(whole[table], part[table])
    pd.testing.assert_frame_equal(whole["events"], no_text["events"])
    pd.testing.assert_frame_equal(whole.messages.drop(columns="text"), no_text.messages.drop(columns="text"))
    assert no_text.messages["text"].isna().all() and no_events["events"].empty and no_ties.ties.empty


def test_the_call_in_the_truth_makes_the_community_again():
    c = community("little", seed=np.int64(5), founders=9, intake=(4, 2), end="2021-01-01", waves=2, events=False)
    again = eval(c.truth["call"], {"coplearn": cl})
    assert again.truth == c.truth and again.members.equals(c.members) and again.responses.equals(c.responses)
    assert json.loads(json.dumps(c.truth)) == c.truth


# --- the truth -----------------------------------------------------------------------------------------------


@settings(max_examples=10)
@given(
    seed=st.integers(0, 10**6),
    founders=st.integers(1, 12),
    intake=st.floats(0, 12),
    leave=st.floats(0, 1.5),
    drift=st.floats(-1, 1),
    selection=st.floats(-2, 3),
    influence=st.floats(-0.3, 0.6),
    exit_selection=st.floats(-1, 1),
    response=st.floats(0, 1),
    acculturation=st.sampled_from([0.0, 0.5, 5.0]),
    bots=st.integers(0, 2),
    metadata_only=st.integers(0, 5),
)
def test_any_parameters_give_a_valid_community_whose_parts_add_up(**parameters):
    c = community(end="2020-04-01", waves=3, questions=12.0, **parameters)  # E01 to E07 raise
    steps = list(c.truth["identity"]["steps"].values()) + [c.truth["language"]["steps"]]
    for step in (s for kind in steps if kind is not None for s in kind):
        if step["stayers"]:
            assert sum(step[p] for p in PARTS) == pytest.approx(step["total"], abs=1e-12)
        else:
            assert step["total"] is None
    events, members, messages = c["events"], c.members, c.messages
    for side in ("sender", "receiver"):
        who = events.dropna(subset=[side])
        dates = members.loc[who[side], ["joined", "left"]].reset_index(drop=True)
        times = who["time"].reset_index(drop=True)
        assert (dates["joined"] <= times).all() and not (dates["left"] <= times).any()
    answered = events[events["kind"] == "answer"]
    assert not (answered["sender"] == answered["receiver"]).any() and answered["time"].is_unique
    parents = messages.loc[messages.loc[answered["message"], "reply_to"]]
    assert (parents["author"].to_numpy() == answered["receiver"].to_numpy()).all()
    assert (parents["time"].to_numpy() < answered["time"].to_numpy()).all()
    silent = members.index[members["consent"] == "metadata"]
    assert (messages["text"].isna() == messages["author"].isin(silent)).all()
    length = messages["text"].dropna().str.split().str.len()
    assert length.between(15, 60).all()
    assert not [f for f in c.report.findings if f.code in {"W01", "W02", "W03", "W09"}]


def test_true_steps_are_the_decomposition_of_the_latent_values():
    c = community(seed=2, drift=0.4, replacement=-0.3, events=False, ties=False)
    identity = latent(c, "identity")
    for w, step in enumerate(c.truth["identity"]["steps"]["latent"]):
        got = cl.drift.drift_step(identity[w], identity[w + 1])
        for part in PARTS:
            assert getattr(got, part) == pytest.approx(step[part], abs=2e-4)  # latent values have four decimals
    means = np.array(c.truth["identity"]["means"])
    assert np.diff(means) == pytest.approx([s["total"] for s in c.truth["identity"]["steps"]["latent"]], abs=1e-12)


def test_score_steps_are_what_full_response_shows():
    c = community(seed=2, drift=0.4, ties=False, **SURVEY)
    table = cl.decompose_drift(c, "identity").table()
    for part in ("total", *PARTS):
        assert table[part].tolist() == pytest.approx(
            [s[part] for s in c.truth["identity"]["steps"]["score"]], abs=1e-12
        )


@pytest.mark.recovery
def test_expected_steps_are_the_mean_of_realised_steps():
    draws = [community(seed=s, drift=0.4, replacement=-0.3, events=False, ties=False) for s in range(25)]
    for part in PARTS:
        for kind in ("latent", "score"):
            gaps = [
                np.mean([a[part] - b[part] for a, b in zip(steps[kind], steps[f"expected_{kind}"], strict=True)])
                for steps in (c.truth["identity"]["steps"] for c in draws)
            ]
            assert abs(z(gaps)) < K, (part, kind)


# --- membership and identity -----------------------------------------------------------------------------------


@pytest.mark.recovery
@pytest.mark.parametrize("drift", [0.0, 0.4])
@pytest.mark.parametrize("replacement", [0.0, -0.3])
def test_drift_and_replacement_are_what_was_planted(drift, replacement):
    within, slope = [], []
    for seed in range(12):
        c = community(seed=seed, drift=drift, replacement=replacement, events=False, ties=False)
        years = (c.waves["opens"].iloc[-1] - c.waves["opens"].iloc[0]).days / 365.25
        within.append(mean_within(c) * (len(c.waves) - 1) / years)
        identity = latent(c, "identity")
        people = c.members.loc[c.truth["latent"]["members"]]
        joined = ((people["joined"] - people["joined"].iloc[0]) / pd.Timedelta("365.25D")).to_numpy()
        last = ~np.isnan(identity[-1])  # at one date, later joiners differ by replacement less the drift they missed
        slope.append(np.polyfit(joined[last], identity[-1][last], 1)[0])
    assert abs(z(np.array(within) - drift)) < K
    assert abs(z(np.array(slope) - (replacement - drift))) < K
    if drift:
        assert z(within) > K
    if replacement:
        assert z(slope) < -K


def test_leaving_follows_tenure_and_identity_as_planted():
    plain = community(seed=1, founders=400, intake=400, leave=0.4, events=False, ties=False, waves=2).members
    left = plain[~plain["is_bot"] & (plain["joined"] < "2023-01-01")].iloc[1:]
    stayed = (left["left"] - left["joined"]).dt.days.fillna(9999)
    first = (stayed < 180).mean()
    second = (stayed[stayed >= 180] < 360).mean()
    expected = [1 - np.exp(-0.4 * (t + 1.5 * (1 - np.exp(-2 * t)) / 2)) for t in (180 / 365.25, 360 / 365.25)]
    n = len(left)
    assert first == pytest.approx(expected[0], abs=K * np.sqrt(expected[0] * (1 - expected[0]) / n))
    later = (expected[1] - expected[0]) / (1 - expected[0])
    assert second == pytest.approx(later, abs=K * np.sqrt(later * (1 - later) / (n * (1 - expected[0]))))
    for amount in (0.0, 1.0):
        exits = []
        for seed in range(10):
            c = community(seed=seed, exit_selection=amount, events=False, ties=False)
            exits.append(np.mean([s["exit"] for s in c.truth["identity"]["steps"]["latent"]]))
        assert z(exits) < -K if amount else abs(z(exits)) < K
    assert c.truth["identity"]["steps"]["expected_latent"] is None


def test_intake_by_year_makes_the_cohorts():
    c = community(seed=1, intake=(0, 100, 0, 100, 0), leave=0.0, events=False, ties=False)
    counts = c.members["cohort"].value_counts()
    assert set(counts.index) == {"founders", "2020", "2022"}
    assert counts["founders"] == 55 and all(abs(counts[y] - 100) < 40 for y in ("2020", "2022"))
    assert c.members["left"].isna().all()


# --- efficacy and ties ---------------------------------------------------------------------------------------


@pytest.mark.recovery
@pytest.mark.parametrize("influence", [0.0, 0.4])
def test_influence_is_what_was_planted(influence):
    rows = []
    for seed in range(5):
        c = community(seed=seed, influence=influence, selection=1.0, **SURVEY)
        e, x = latent(c, "efficacy"), networks(c, "advice")
        for w in range(len(e) - 1):
            stay = ~np.isnan(e[w]) & ~np.isnan(e[w + 1]) & (x[w].sum(axis=1) > 0)
            mean = x[w] @ np.nan_to_num(e[w]) / np.maximum(x[w].sum(axis=1), 1)
            rows.append(np.column_stack([e[w + 1], e[w], mean - e[w]])[stay])
    y, design = np.vstack(rows)[:, 0], np.vstack(rows)[:, 1:]
    estimate, (rss,), *_ = np.linalg.lstsq(design, y, rcond=None)
    error = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * rss / len(y))
    assert np.abs((estimate - [0.7, influence]) / error).max() < K
    if influence:
        assert estimate[1] / error[1] > K


@pytest.mark.recovery
@pytest.mark.parametrize("selection", [0.0, 2.0])
def test_selection_makes_advisers_similar_and_leaves_friends_alone(selection):
    excess = {"advice": [], "friendship": []}
    for seed in range(8):
        c = community(seed=seed, selection=selection, **SURVEY)
        e = latent(c, "efficacy")
        for name, values in excess.items():
            x = networks(c, name)
            w, i, j = np.nonzero(x[1:])
            far = np.abs(e[1:, :, None] - e[1:, None, :])
            values.append(np.nanmean(far) - np.nanmean(far[w, i, j]))
    assert z(excess["advice"]) > K if selection else abs(z(excess["advice"])) < K
    assert abs(z(excess["friendship"])) < K


def test_ministep_chooses_by_the_objective_function():
    """Each possible network is rated by the formula from scratch; equally spaced luck gives the probabilities."""
    rng = np.random.default_rng(1)
    n, reciprocity, closure, grid = 6, 1.3, 0.4, 20_000
    x = (rng.random((n, n)) < 0.4).astype(float)
    np.fill_diagonal(x, 0)
    here = np.array([True] * 5 + [False])
    x[5], x[:, 5] = 0, 0
    fixed = rng.normal(size=(n, n))

    def objective(x, i):
        return sum(
            x[i, j] * (fixed[i, j] + reciprocity * x[j, i] + closure * sum(x[i, h] * x[h, j] for h in range(n)))
            for j in range(n)
        )

    for i in range(5):
        rated = np.full(n, -np.inf)
        for j in range(5):
            other = x.copy()
            if j != i:
                other[i, j] = 1 - other[i, j]
            rated[j] = objective(other, i)
        expected = np.exp(rated) / np.exp(rated).sum()
        counts = np.zeros(n)
        for u in (np.arange(grid) + 0.5) / grid:
            y = x.copy()
            states._ministeps(y, fixed, here, reciprocity, closure, np.array([i]), np.array([u]))
            changed = np.argwhere(y != x)
            counts[changed[0, 1] if len(changed) else i] += 1
            assert len(changed) < 2
        assert counts / grid == pytest.approx(expected, abs=2 / grid)  # each bound is met within one grid step


def test_ties_answer_to_their_parameters():
    def shares(**effects):
        c = community(seed=4, networks={"friendship": effects}, **SURVEY)
        x = networks(c, "friendship")
        people = c.members.loc[c.truth["latent"]["members"], "cohort"].to_numpy()
        w, i, j = np.nonzero(x)
        closed = (x @ x)[w, i, j]
        return x.sum(), x[w, j, i].mean(), (people[i] == people[j]).mean(), closed.mean()

    plain = {"outdegree": -2.0, "reciprocity": 0.0, "same cohort": 0.0, "transitive triplets": 0.0}
    size, mutual, same, closed = shares(**plain)
    assert shares(**{**plain, "outdegree": -1.5})[0] > 1.3 * size
    assert shares(**{**plain, "reciprocity": 1.5})[1] > 2 * mutual
    assert shares(**{**plain, "same cohort": 1.0})[2] > 1.3 * same
    assert shares(**{**plain, "transitive triplets": 0.3})[3] > 1.3 * closed


# --- survey ----------------------------------------------------------------------------------------------------


def test_items_show_the_planted_factor():
    loading = (0.9, 0.6, 0.75, 0.75)
    c = community(seed=1, founders=900, intake=0, leave=0, loadings={"identity": loading}, ties=False, **SURVEY)
    one = c.responses[c.responses["wave"] == 1]
    wide = one.pivot(index="member", columns="item", values="value")
    r = wide[["ide1", "ide2", "ide3", "ide4"]].corr().to_numpy()
    sign = np.array([1, 1, -1, 1])  # the third item is reverse-coded
    model = np.outer(loading, loading) * np.outer(sign, sign)
    off = ~np.eye(4, dtype=bool)
    # Seven steps cost about 4 % of a correlation; four standard errors of r at n = 900 are 4 (1 - r^2) / 30 < 0.12.
    assert np.abs(r - 0.96 * model)[off].max() < 0.12
    assert abs(wide[["ide1", "eff1"]].corr().iloc[0, 1]) < K / np.sqrt(900)
    assert c.items.loc["ide3", "reverse"] and wide.min().min() == 1 and wide.max().max() == 7


def test_response_attrition_and_missing_items_are_what_was_planted():
    c = community(
        seed=1,
        founders=500,
        intake=0,
        leave=0,
        response=0.8,
        attrition=0.1,
        item_missing=0.05,
        ties=False,
        events=False,
    )
    rate = c.roster.groupby("wave")["responded"].mean().to_numpy()
    expected = 0.8 * 0.9 ** np.arange(6)
    assert np.abs(rate - expected).max() < K * 0.5 / np.sqrt(500)
    missing = c.responses["value"].isna().mean()
    assert abs(missing - 0.05) < K * np.sqrt(0.05 * 0.95 / len(c.responses))
    responders = c.roster[c.roster["responded"]]
    assert len(c.responses) == 10 * len(responders)


# --- questions and answers -------------------------------------------------------------------------------------


def choice_design(c):
    """Statistics of every candidate for every answer, who was at risk, and who answered; from the tables."""
    people = c.members.loc[c.truth["latent"]["members"]]
    index = people.index
    start = pd.Timestamp(c.truth["parameters"]["start"], tz="UTC")

    def year(t):
        return (t - start) / pd.Timedelta("365.25D")

    joined, left = year(people["joined"]).to_numpy(), year(people["left"]).fillna(np.inf).to_numpy()
    cohort = people["cohort"].to_numpy()
    entry = np.array(c.truth["latent"]["efficacy_at_entry"])
    by_wave = np.where(np.isnan(latent(c, "efficacy")), entry, latent(c, "efficacy"))
    opens = year(c.waves["opens"]).to_numpy()
    events = c["events"].loc[c["events"]["kind"] == "answer"]
    n = len(index)
    given = np.zeros((n, n))
    stats, risk, chosen = [], [], []
    for t, i, j in zip(
        year(events["time"]), index.get_indexer(events["sender"]), index.get_indexer(events["receiver"]), strict=True
    ):
        wave = np.searchsorted(opens, t, "right")
        e = by_wave[wave - 1] if wave else entry
        stats.append(np.column_stack([np.log1p(given[:, j]), np.log1p(given[j]), cohort == cohort[j], t - joined, e]))
        at_risk = (joined <= t) & (t < left)
        at_risk[j] = False
        risk.append(at_risk)
        chosen.append(i)
        given[i, j] += 1
    return np.array(stats), np.array(risk), np.array(chosen)


@pytest.mark.recovery
def test_answering_parameters_are_recovered_by_conditional_logit():
    stats, risk, chosen = choice_design(cl.datasets.load_guild())
    rows = np.arange(len(chosen))
    assert risk[rows, chosen].all()

    def weights(theta):
        score = np.where(risk, stats @ theta, -np.inf)
        top = score.max(axis=1, keepdims=True)
        p = np.exp(score - top)
        return score, top[:, 0] + np.log(p.sum(axis=1)), p / p.sum(axis=1, keepdims=True)

    def loss(theta):
        score, log_sum, p = weights(theta)
        mean = np.einsum("nc,nck->nk", p, stats)
        return (log_sum - score[rows, chosen]).sum(), (mean - stats[rows, chosen]).sum(axis=0)

    fit = minimize(loss, np.zeros(5), jac=True, method="BFGS", options={"gtol": 1e-3})
    p = weights(fit.x)[2]
    mean = np.einsum("nc,nck->nk", p, stats)
    information = np.einsum("nc,nck,ncl->kl", p, stats, stats, optimize=True) - mean.T @ mean
    error = np.sqrt(np.diag(np.linalg.inv(information)))
    truth = np.array(list(cl.datasets.load_guild().truth["answers"]["effects"].values()))
    assert np.abs((fit.x - truth) / error).max() < 3  # five parameters, one draw
    assert (np.abs(truth) / error > 4).all()  # and the guild is large enough to tell each from zero


def test_questions_keep_their_rhythm():
    def share(rhythm):
        c = community(seed=2, rhythm=rhythm, text=False, ties=False)
        asked = c["events"].loc[c["events"]["kind"] == "question", "time"].dt
        work = (asked.day_of_week < 5) & asked.hour.between(9, 16)
        return work.mean(), (asked.day_of_week == 1).mean(), len(work)

    base = 40 / 168
    for rhythm in (0.0, 0.8):
        work, tuesday, n = share(rhythm)
        assert work == pytest.approx(rhythm + (1 - rhythm) * base, abs=K * 0.5 / np.sqrt(n))
        assert tuesday == pytest.approx(rhythm / 3 + (1 - rhythm) / 7, abs=K * 0.5 / np.sqrt(n))


# --- language --------------------------------------------------------------------------------------------------


def word_counts(messages):
    return messages.str.rstrip(".?").str.split().explode().value_counts()


def trend(c):
    """For founders with messages in the first and last two years: change of their words along the newcomers' trend."""
    text = c.messages.dropna(subset=["text"])
    text = text[text["author"] != "bot1"]
    founder = text["author"].map(c.members["cohort"]) == "founders"
    early, late = text["time"] < "2021-01-01", text["time"] >= "2022-01-01"
    others = pd.concat([word_counts(text.loc[~founder & when, "text"]) for when in (early, late)], axis=1).fillna(0) + 5
    score = np.log(others.iloc[:, 1] / others.iloc[:, 1].sum()) - np.log(others.iloc[:, 0] / others.iloc[:, 0].sum())
    own = text[founder & (early | late)].assign(late=late)
    own["score"] = [score.reindex(words[:-1].split()).fillna(0).mean() for words in own["text"]]
    change = own.groupby(["author", "late"])["score"].mean().unstack().dropna()
    return (change[True] - change[False]).to_numpy()


@pytest.mark.recovery
def test_authors_are_static_without_acculturation_and_move_with_it():
    still = community(seed=5, acculturation=0.0, ties=False, cohort_words=0.0)
    moved = community(seed=5, acculturation=2.0, ties=False, cohort_words=0.0)
    assert abs(z(trend(still))) < K and z(trend(moved)) > K
    for step in still.truth["language"]["steps"]:
        assert step["within"] == 0.0 and step["total"] > 0  # the community drifts, by replacement alone
    assert all(s["within"] > 0.5 for s in moved.truth["language"]["steps"][1:])


def distance(c):
    """Jensen-Shannon divergence between the words of the first and the last year, in bits."""
    text = c.messages.dropna(subset=["text"])
    years = [word_counts(text.loc[text["time"].dt.year == y, "text"]) for y in (2019, 2023)]
    p, q = (pd.concat(years, axis=1).fillna(0) / [y.sum() for y in years]).to_numpy().T
    m = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return float((np.nansum(p * np.log2(p / m)) + np.nansum(q * np.log2(q / m))) / 2)


def test_language_drifts_as_planted():
    still = {"cohort_words": 0.0, "innovations": 0.0, "habits": 0.0, "first_person": 0.0, "ties": False, "seed": 6}
    none, some, much = (distance(community(language_drift=d, **still)) for d in (0.0, 0.2, 0.4))
    assert none < some / 2 < some < much / 1.5


def test_words_of_cohorts_newcomers_and_innovations():
    c = community(seed=7, ties=False)
    words = c.truth["language"]
    text = c.messages.dropna(subset=["text"])
    text = text[text["author"] != "bot1"].assign(cohort=lambda t: t["author"].map(c.members["cohort"]))
    tokens = text["text"].str[:-1].str.split().explode()
    cohort = text["cohort"].reindex(tokens.index)
    for name, own in words["cohort_words"].items():
        mine = tokens.isin(own)[cohort == name]
        assert mine.mean() == pytest.approx(0.05, abs=K * 0.5 / np.sqrt(len(mine)))
        assert not tokens.isin(own)[cohort != name].any()
    tenure = (text["time"] - text["author"].map(c.members["joined"])).dt.days.reindex(tokens.index)
    me = tokens.isin(words["first_person"])
    assert me[tenure < 60].mean() > me[tenure > 1000].mean() + 0.015
    introduced = {w: years for w, years in words["innovations"] if years > 0}
    used = tokens[tokens.isin(introduced)]
    when = (text["time"] - c.start) / pd.Timedelta("365.25D")
    lag = when.reindex(used.index) - used.map(introduced)
    assert lag.min() >= 0 and 0.015 < tokens.isin([w for w, _ in words["innovations"]]).mean() < 0.025
    vocabulary = set(tokens)
    assert 1200 < len(vocabulary) <= words["types"]
    assert vocabulary & set(function_words()) <= set(words["first_person"])


def test_words_follow_one_another_as_planted():
    def repeated(bigram):
        c = community(seed=8, bigram=bigram, ties=False, founders=30, intake=0)
        tokens = c.messages["text"].dropna().str[:-1].str.split()
        pairs = pd.Series([p for line in tokens for p in pairwise(line)])
        return len(pairs) / pairs.nunique()

    assert repeated(0.35) > 1.1 * repeated(0.0)
    assert repeated(0.7) > 1.5 * repeated(0.0)


# --- mistakes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"response": 1.2}, r"response=1.2: give a number between 0 and 1"),
        ({"waves": "6"}, "waves='6': give a number between 2 and inf"),
        ({"influence": "0.2"}, "influence='0.2': give a number"),
        ({"seed": "a"}, "seed is 'a'; give a whole number"),
        ({"founders": 0}, "founders=0"),
        ({"waves": 1}, "waves=1"),
        ({"leave": float("nan")}, "leave=nan"),
        ({"end": "2019-02-01"}, "too short"),
        ({"intake": (1, 2)}, "intake has 2 values for 5 years"),
        ({"intake": -1}, "joiners a year"),
        ({"networks": {"advise": {}}}, "Did you mean 'advice'"),
        ({"networks": {"advice": {"reciprocty": 1}}}, "Did you mean 'reciprocity'"),
        ({"answering": {"inerta": 1}}, "Did you mean 'inertia'"),
        ({"loadings": {"identity": (0.5, 1.0, 0.5)}}, "between 0 and 1"),
        ({"influence": 0.2, "ties": False}, "advice ties"),
        ({"cohort_words": 0.6, "first_person": 0.6}, "sum below 1"),
    ],
)
def test_impossible_parameters_are_refused_in_words(parameters, message):
    with pytest.raises(ValueError, match=message):
        community(**parameters)


# --- the guild -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def guild():
    return cl.datasets.load_guild()


@pytest.fixture(scope="module")
def manifest():
    return json.loads((cl.datasets.data_home() / "guild" / "manifest.json").read_text(encoding="utf-8"))


def test_the_shipped_guild_is_what_its_script_draws(guild, manifest, tmp_path):
    folder = cl.datasets.data_home() / "guild"
    spec = importlib.util.spec_from_file_location("guild_build", folder / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    again = module.draw()
    again.save(tmp_path / "guild")
    for table in TABLES:
        pd.testing.assert_frame_equal(again[table], guild[table])
    rebuilt = json.loads((tmp_path / "guild" / "manifest.json").read_text(encoding="utf-8"))
    writer = {pq.read_metadata(f).created_by for d in (folder, tmp_path / "guild") for f in d.glob("*.parquet")}
    if len(writer) == 1:  # another version of the Parquet library may lay out the same rows differently
        assert rebuilt["tables"] == manifest["tables"]
    assert rebuilt["truth"]["call"] == manifest["truth"]["call"]
    assert "coplearn.synthetic.community('guild'" in guild.truth["call"]


def test_the_guild_is_as_large_as_promised(guild):
    people = guild.members[~guild.members["is_bot"]]
    assert people["cohort"].value_counts().min() >= 20
    assert len(guild.cohorts(by="entry", every="year").table()) == 5
    kinds = guild["events"]["kind"].value_counts()
    assert 3000 < kinds["answer"] < 5000 and 5000 < len(guild.messages) < 7000
    folder = cl.datasets.data_home() / "guild"
    assert sum(f.stat().st_size for f in folder.iterdir() if f.is_file()) < 1.5e6
    assert not guild.report.findings


def test_members_of_the_guild_grow_while_its_mean_hardly_moves(guild):
    steps = guild.truth["identity"]["steps"]["expected_score"]
    assert all(s["within"] > 0.25 and s["entry"] < 0 for s in steps)
    assert sum(s["within"] for s in steps) > 3 * abs(sum(s["total"] for s in steps))


def test_the_card_of_the_guild_agrees_with_its_tables(guild):
    card = cl.datasets.card("guild")
    for table in TABLES:
        frame = guild[table].reset_index() if guild[table].index.name else guild[table]
        assert re.search(rf"\| `{table}` \| {len(frame):,} \|", card), table
        for column in frame.columns:
            assert re.search(rf"^\| {table} \|[^|]*\b{column}\b[^|]*\|", card, flags=re.M), (table, column)
    assert guild.truth["call"].removeprefix("coplearn.synthetic.") in card.replace("\n", " ").replace("  ", " ")
    for kind, count in guild["events"]["kind"].value_counts().items():
        assert re.search(rf"{count:,} {kind}", card), kind
    for cohort, count in guild.members["cohort"].value_counts().items():
        assert f"{cohort} {count}" in card

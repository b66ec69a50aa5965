"""Synthetic leaders: what is planted in ties, efficacy, climate and turnover is there, and nothing else is.

Estimates are compared with what was planted within 4 standard errors, fixed with the seeds.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import coplearn as cl
from coplearn.agreement import icc
from coplearn.synthetic import LEADER_TIES, leadership_panel

K = 4.0
EVERYBODY = {"response": 1.0, "item_missing": 0.0}


def latent(c, trait):
    return np.array(c.truth["latent"][trait], dtype=float)


def ties(c, relation):
    """Ties over [wave, ego, alter] among members in the order of the truth."""
    members = pd.Index(c.truth["latent"]["members"])
    x = np.zeros((len(c.waves), len(members), len(members)))
    t = c.ties[c.ties["network"] == relation]
    x[t["wave"] - 1, members.get_indexer(t["ego"]), members.get_indexer(t["alter"])] = 1
    return x


def moves(c):
    """Efficacy of those who stay, a wave later, and what it is made of: own, and heard in each relation."""
    e, rows = latent(c, "efficacy"), []
    heard = [
        np.einsum("wij,wj->wi", x, np.nan_to_num(e)) / np.maximum(x.sum(axis=2), 1)
        for x in map(lambda r: ties(c, r), c.truth["ties"])
    ]
    for w in range(len(e) - 1):
        stay = ~np.isnan(e[w]) & ~np.isnan(e[w + 1])
        rows.append(np.column_stack([e[w + 1][stay], e[w][stay], *(h[w][stay] for h in heard)]))
    return np.vstack(rows)


def test_a_seed_gives_the_same_leaders_and_the_call_gives_them_again():
    first, again, other = (leadership_panel("few", seed=s, n=30, waves=np.int64(4), influence=0.1) for s in (1, 1, 2))
    told = eval(first.truth["call"], {"coplearn": cl})
    for table in ("members", "waves", "roster", "ties", "items", "responses"):
        pd.testing.assert_frame_equal(first[table], again[table])
        pd.testing.assert_frame_equal(first[table], told[table])
    assert first.truth == again.truth == told.truth
    assert not first.ties.equals(other.ties) and not first.responses.equals(other.responses)


def test_the_design_is_there():
    c = leadership_panel(seed=3)
    assert sorted(c.ties["network"].unique()) == ["energy", "influence"] and len(c.waves) == 3
    assert (c.roster.groupby("wave").size() == 90).all()
    assert set(c.members["level"]) == {"central", "site"} and set(c.members["gender"]) == {"f", "m"}
    assert c.members["unit"].nunique() == 15 and (c.members["years"] >= 0).all()
    panel = c.panel(["influence", "energy"], "efficacy", ["level", "gender", "years"])
    table = panel.networks["influence"].table()
    assert table["density"].between(0.03, 0.12).all() and (table["jaccard"].dropna() > 0.2).all()


def test_turnover_and_response_are_what_was_asked_for():
    left = asked = answered = stayed = 0
    for seed in range(10):
        c = leadership_panel(seed=seed, turnover=0.15, response=0.9)
        left += c.members["left"].notna().sum()
        stayed += 2 * 90
        asked += len(c.roster)
        answered += c.roster["responded"].sum()
    assert abs(left / stayed - 0.15) < K * np.sqrt(0.15 * 0.85 / stayed)
    assert abs(answered / asked - 0.9) < K * np.sqrt(0.9 * 0.1 / asked)


def test_leaving_depends_on_efficacy_only_where_asked():
    for planted in (0.0, -0.8):
        c = leadership_panel(seed=4, n=400, waves=5, exit_selection=planted)
        e = latent(c, "efficacy")
        here, then = ~np.isnan(e[:-1]), ~np.isnan(e[1:])
        fit = sm.Logit((~then)[here].astype(float), sm.add_constant(e[:-1][here])).fit(disp=0)
        assert abs(fit.params[1] - planted) < K * fit.bse[1]


@pytest.mark.recovery
@pytest.mark.parametrize("planted", [{"influence": 0.25}, {"energy": 0.2}, 0.0])
def test_influence_is_what_was_planted(planted):
    """Least squares of the temporal autocorrelation model is consistent without a trait; ties select all the same."""
    c = leadership_panel(seed=5, n=300, waves=6, influence=planted, homophily=0.8, **EVERYBODY)
    rows = moves(c)
    fit = sm.OLS(rows[:, 0], rows[:, 1:]).fit()
    truth = [0.6, *c.truth["efficacy"]["influence"].values()]
    assert (np.abs(fit.params - truth) < K * fit.bse).all()
    assert abs(np.sqrt(fit.mse_resid) - c.truth["efficacy"]["noise_sd"]) < 0.03  # 4 s.e. of 1,200 residuals


@pytest.mark.recovery
def test_ties_follow_their_model():
    """Given the tie back, a tie is a logistic regression on what the model names; no leaning, so nothing is hidden."""
    c = leadership_panel(
        seed=6, n=200, waves=4, sender_sd=0.0, receiver_sd=0.0, popularity=0.4, homophily=0.6, **EVERYBODY
    )
    e, people = latent(c, "efficacy"), c.members.loc[c.truth["latent"]["members"]]
    first = ties(c, "influence")
    for relation in ("influence", "energy"):
        x, planted = ties(c, relation), c.truth["ties"][relation]
        blocks = []
        for w in range(1, 4):
            i, j = np.triu_indices(len(people), 1)
            known = ~np.isnan(e[w][i] + e[w][j])
            i, j = i[known], j[known]
            same = [people[k].to_numpy()[i] == people[k].to_numpy()[j] for k in ("level", "gender", "unit")]
            closes = (x[w - 1] @ x[w - 1] > 0)[i, j]
            row = [x[w][i, j], np.ones(len(i)), x[w][j, i], x[w - 1][i, j], closes, *same]
            row += [
                first[w][i, j] if relation == "energy" else np.zeros(len(i)),
                e[w][j],
                2 / np.sqrt(np.pi) - np.abs(e[w][i] - e[w][j]),
            ]
            blocks.append(np.column_stack(row))
        rows = np.vstack(blocks).astype(float)
        used = rows[:, 1:].any(axis=0)
        fit = sm.Logit(rows[:, 0], rows[:, 1:][:, used]).fit(disp=0)
        truth = np.array(list(planted.values()))[used]
        assert list(planted)[: len(LEADER_TIES)] == list(LEADER_TIES)
        assert (np.abs(fit.params - truth) < K * fit.bse).all(), relation


def test_climate_lies_between_units_by_the_share_planted():
    c = leadership_panel(seed=7, n=1000, waves=2, units=100, icc=0.2, **EVERYBODY)
    values = latent(c, "climate")[0]
    unit = c.members["unit"].loc[c.truth["latent"]["members"]]
    estimate = icc(values, unit).icc1
    assert abs(estimate - 0.2) < K * 0.035  # s.e. of ICC(1) with 100 groups of 10 (Smith 1957)


def test_items_show_the_latent_value_with_their_loading():
    c = leadership_panel(seed=8, n=800, waves=2, influence=0.0, efficacy_loadings=(0.9, 0.6, 0.8), **EVERYBODY)
    e = pd.Series(latent(c, "efficacy")[0], c.truth["latent"]["members"])
    one = c.responses[c.responses["wave"] == 1].pivot(index="member", columns="item", values="value")
    r = [np.corrcoef(one[item], e[one.index])[0, 1] for item in ("eff1", "eff2", "eff3")]
    assert np.allclose(r, [0.9, 0.6, -0.8], atol=0.06)  # 0.035 = 1 / sqrt(800), and cutting into seven costs 3 %


def test_a_trait_stays():
    c = leadership_panel(seed=9, n=500, waves=6, trait=0.5, influence=0.0, turnover=0.0, **EVERYBODY)
    e = latent(c, "efficacy")
    far = np.corrcoef(e[0], e[5])[0, 1]
    assert abs(far - (0.5 + 0.5 * 0.6**5)) < K / np.sqrt(500)


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"n": 5}, "n is 5"),
        ({"waves": 1}, "waves is 1"),
        ({"relations": ()}, "name one relation"),
        ({"relations": ("advice", "advice")}, "each once"),
        ({"turnover": 1.5}, "turnover=1.5: give a number between 0 and 1"),
        ({"response": "0.9"}, "response='0.9': give a number between 0 and 1"),
        ({"influence": 0.3}, "below 1 efficacy does not run away"),
        ({"influence": {"energie": 0.1}}, "Did you mean 'energy'"),
        ({"ties": {"reciprocty": 1.0}}, "Did you mean 'reciprocity'"),
        ({"climate_loadings": (0.5, 0.5)}, "three or more a scale"),
    ],
)
def test_what_cannot_be_drawn_is_answered_with_a_sentence(changes, words):
    with pytest.raises(ValueError, match=words):
        leadership_panel(**changes)


def test_the_same_isolates_in_two_relations_are_marked_once():
    """Seeds at which who names nobody in one relation names nobody in the other: no singular design."""
    rng = np.random.default_rng(1)
    x = (rng.random((2, 40, 40)) < 0.3) * (1.0 - np.eye(40))
    x[:, :3] = 0.0
    w = {name: [cl.row_normalize(one)] * 2 for name, one in zip(("influence", "energy"), x, strict=True)}
    fit = cl.TemporalAutocorrelation(pd.DataFrame(rng.normal(size=(40, 2))), w).fit()
    assert [name for name in fit.params.index if name.startswith("isolate")] == ["isolate[influence]"]

"""Growth, within and between, who leaves, and ties of pairs: closed forms, slow twins, and recovery.

Estimates are compared with what was planted within 4 standard errors, fixed with the seeds.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

import coplearn as cl
from coplearn.dropout import attrition
from coplearn.growth_curves import growth, pattern_mixture, within_between
from coplearn.pair_ties import _Pairs, p2
from coplearn.synthetic import leadership_panel

K = 4.0


def curves(seed, n=200, waves=4, slope_sd=0.3, steeper=0.0, unknown=0.0):
    """Lines a member: level 5, slope .2 (plus `steeper` times x), residual sd .5."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    level, slope = 5 + 0.5 * x + rng.normal(size=n), 0.2 + steeper * x + slope_sd * rng.normal(size=n)
    frame = pd.DataFrame({"member": np.repeat(np.arange(n), waves), "wave": np.tile(np.arange(1, waves + 1), n)})
    i = frame["member"]
    frame["x"] = x[i]
    frame["y"] = level[i] + slope[i] * (frame["wave"] - 1) + 0.5 * rng.normal(size=len(frame))
    frame.loc[rng.random(len(frame)) < unknown, "y"] = np.nan
    return frame


# --- growth ------------------------------------------------------------------------------------------------


def test_balanced_lines_are_the_means_of_members_own_lines():
    """With everybody at every wave, the mixed model's line is the mean of least-squares lines (closed form)."""
    frame = curves(1)
    own = np.array([np.polyfit(g["wave"] - 1, g["y"], 1) for _, g in frame.groupby("member")])
    result = growth(frame, "y")
    assert result.params[["time", "intercept"]].to_numpy() == pytest.approx(own.mean(axis=0), abs=1e-6)
    error = own.std(axis=0, ddof=1) / np.sqrt(200)
    assert result.bse[["time", "intercept"]].to_numpy() == pytest.approx(error, rel=1e-3)  # where REML stops
    between = own[:, 0].var(ddof=1) - result.variances["residual"] / 5  # sum of squared times about their mean is 5
    assert result.variances["slopes"] == pytest.approx(between, rel=1e-2)


@pytest.mark.parametrize("unknown", [0.0, 0.25])
def test_estimates_and_likelihood_are_those_of_statsmodels(unknown):
    frame = curves(5, n=150, unknown=unknown)
    result, known = growth(frame, "y", ["x"]), frame.dropna()
    time = known["wave"] - 1.0
    x = np.column_stack([np.ones(len(known)), time, known["x"], time * known["x"]])
    twin = sm.MixedLM(known["y"].to_numpy(), x, known["member"], x[:, :2]).fit(reml=True)
    assert result.params.to_numpy() == pytest.approx(twin.fe_params, abs=1e-6)
    own = pd.get_dummies(known["member"]).to_numpy(float)
    z = np.hstack([own, own * time.to_numpy()[:, None]])
    levels, together, slopes = (result.variances[k] for k in ("members", "members with slopes", "slopes"))
    between = np.kron([[levels, together], [together, slopes]], np.eye(own.shape[1]))
    spread = z @ between @ z.T + result.variances["residual"] * np.eye(len(known))
    errors = np.sqrt(np.diag(np.linalg.inv(x.T @ np.linalg.solve(spread, x))))  # of generalized least squares
    assert result.bse.to_numpy() == pytest.approx(errors, rel=1e-9)
    assert result.llf == pytest.approx(twin.llf, abs=1e-6)
    found = result.variances[["members", "members with slopes", "slopes", "residual"]]
    assert found.to_numpy() == pytest.approx([*np.asarray(twin.cov_re)[[0, 0, 1], [0, 1, 1]], twin.scale], rel=1e-3)


@pytest.mark.recovery
def test_planted_growth_is_recovered_also_with_gaps():
    for unknown in (0.0, 0.25):
        result = growth(curves(2, n=600, steeper=0.15, unknown=unknown), "y", ["x"])
        truth = {"intercept": 5.0, "time": 0.2, "x": 0.5, "time x x": 0.15}
        for name, value in truth.items():
            assert abs(result.params[name] - value) < K * result.bse[name]
        assert result.random_slopes and result.variances["slopes"] == pytest.approx(0.09, rel=0.3)
        assert result.claim == "adjusted association"
        assert any("assuming missing at random" in c for c in result.caveats) == bool(unknown)


def test_slopes_that_do_not_vary_are_dropped_and_it_is_said():
    frames = [curves(seed, n=60, waves=3, slope_sd=0.0) for seed in range(12)]
    told = [growth(frame, "y") for frame in frames]
    dropped = [r for r in told if not r.random_slopes]
    assert [r.random_slopes for r in told] == [s not in (1, 3, 4, 7, 9) for s in range(12)]
    assert all("do not bear a variance of slopes (singular fit)" in r.caveats[0] for r in dropped)
    assert all("slopes" not in r.variances and np.isfinite(r.bse).all() for r in dropped)
    assert growth(curves(1), "y", slopes=False).random_slopes is False


def test_members_who_do_not_differ_are_left_to_ordinary_regression_or_to_no_variance():
    rng = np.random.default_rng(3)
    frame = curves(3, n=50).assign(y=rng.normal(size=200))
    result = growth(frame, "y")
    alike = frame.assign(y=frame["y"] - frame.groupby("member")["y"].transform("mean"))
    assert "members do not differ in their levels" in growth(alike, "y").caveats[-1]
    ordinary = sm.OLS(frame["y"], sm.add_constant(frame["wave"] - 1.0)).fit()
    assert result.params["time"] == pytest.approx(ordinary.params["wave"], abs=0.02)  # balanced: the same line


def test_within_and_between_are_told_apart():
    rng = np.random.default_rng(4)
    n, waves = 400, 4
    usual = rng.normal(size=n)
    frame = pd.DataFrame({"member": np.repeat(np.arange(n), waves), "wave": np.tile(np.arange(waves), n)})
    frame["z"] = usual[frame["member"]] + rng.normal(size=len(frame)) + 0.5 * frame["wave"]
    frame["y"] = (
        0.8 * usual[frame["member"]]
        + 0.2 * (frame["z"] - usual[frame["member"]] - 0.5 * frame["wave"])
        + rng.normal(size=n)[frame["member"]]
        + 0.5 * rng.normal(size=len(frame))
    )
    result = within_between(frame, "y", ["z"])
    assert abs(result.params["within z"] - 0.2) < K * result.bse["within z"]
    mean = frame["z"] - frame.groupby("member")["z"].transform("mean")
    effects = pd.get_dummies(frame["wave"], dtype=float).iloc[:, 1:]
    y = frame["y"] - frame.groupby("member")["y"].transform("mean")
    fixed = sm.OLS(y, pd.concat([mean, effects - effects.mean()], axis=1)).fit()
    assert result.params["within z"] == pytest.approx(fixed.params["z"], abs=1e-6)  # the fixed-effects estimate
    assert result.params["between z"] > 0.6


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda f: growth(f, "z"), "no column 'z'"),
        (lambda f: growth(f[f["wave"] == 1], "y"), "nobody was seen at two waves"),
        (lambda f: growth(f[f["member"] < 5], "y"), "5 members with complete rows; a mixed model needs 10"),
        (lambda f: growth(f.assign(y=3.0), "y"), "'y' is 3 in every row"),
        (lambda f: growth(f.assign(wave=0, member=range(len(f))), "y"), "nobody was seen"),
        (lambda f: growth(pd.concat([f, f.head(1)]), "y"), "member 0 appears twice at wave 1"),
        (lambda f: growth(f.assign(v=f["wave"]), "y", ["v"]), "changes within members; use within_between"),
        (lambda f: growth(f.assign(v=2 * f["x"]), "y", ["x", "v"]), "determine one another"),
        (lambda f: growth(f.assign(v=1.0), "y", ["v"]), "determine one another"),
        (lambda f: within_between(f, "y", ["x"]), "never changes within members; use growth"),
        (lambda f: within_between(f, "y", []), "needs a predictor"),
        (lambda f: pattern_mixture(f, "y"), "no patterns to mix"),
        (lambda f: pattern_mixture(f[(f["member"] > 3) | (f["wave"] < 2)], "y"), "0 members who left early answered"),
    ],
)
def test_what_does_not_grow_is_answered_with_a_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call(curves(1, n=40))


# --- who leaves --------------------------------------------------------------------------------------------


def leaving_early(seed):
    """A third leaves after two of four waves and declines; the others rise by .2 a wave."""
    frame = curves(seed, n=300, slope_sd=0.1)
    leaver = frame["member"] < 100
    frame["y"] -= 0.5 * leaver * (frame["wave"] - 1)
    return frame[~leaver | (frame["wave"] < 3)]


def test_a_mixture_weighs_the_lines_of_who_leaves_and_who_stays():
    result = pattern_mixture(leaving_early(1), "y")
    assert result.share == pytest.approx(1 / 3)
    truth = 0.2 - 0.5 / 3
    assert abs(result.slope() - truth) < K * result.slope_se
    pooled = growth(leaving_early(1), "y").params["time"]
    assert pooled > result.slope()  # who stays has more waves, and so more weight


def test_the_tipping_point_is_where_the_interval_reaches_zero():
    frame = curves(5, n=300, slope_sd=0.1)
    result = pattern_mixture(frame[(frame["member"] >= 60) | (frame["wave"] < 3)], "y")
    row = result.table([result.tipping_point]).iloc[0]
    assert row["low"] == pytest.approx(0, abs=1e-9) and row["slope"] > 0
    assert result.slope(0.3) - result.slope() == pytest.approx(0.3 * result.share)
    assert "no longer differ from 0" in result.summary()


def test_who_leaves_is_found_by_logistic_regression():
    leaders = leadership_panel(seed=1, n=300, waves=4, exit_selection=-0.9)
    result = attrition(leaders, "efficacy", ["level"], kind="left")
    assert result.conf_int().loc["efficacy", "high"] < 0 and result.claim == "adjusted association"
    assert result.odds_ratios().loc["efficacy", "odds ratio"] == pytest.approx(np.exp(result.params["efficacy"]))
    silent = attrition(leaders, "efficacy", kind="silent")
    assert abs(silent.params["efficacy"]) < K * silent.bse["efficacy"]  # not answering does not depend on it
    share = silent.rates["share"]
    assert share.between(0.05, 0.16).all()  # response is .9; 4 s.e. of .1 among 270
    gone = attrition(leaders, "efficacy")
    assert gone.rates["gone"].sum() == result.rates["gone"].sum() + silent.rates["gone"].sum()


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda c: attrition(c, "eficacy"), "Did you mean 'efficacy'"),
        (lambda c: attrition(leadership_panel(seed=1), "efficacy", ["levl"]), "Did you mean 'level'"),
        (lambda c: attrition(c, "efficacy", kind="lost"), "no kind of attrition 'lost'"),
        (lambda c: attrition(c, "efficacy", kind="left"), "nobody of 120 member-waves left"),
        (lambda c: attrition(c, "efficacy", kind="silent"), "nobody of 120 member-waves was there and did not answer"),
    ],
)
def test_attrition_that_cannot_be_explained_is_answered_with_a_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call(leadership_panel(seed=1, n=60, turnover=0.0, response=1.0, item_missing=0.0))


# --- ties of pairs -----------------------------------------------------------------------------------------


def pairs(rng, n, beta, reciprocity, sd):
    """Ties by the p2 model: intercept, a dyadic covariate and alter's own."""
    z, e = rng.normal(size=(n, n)), rng.normal(size=n)
    own = rng.normal(size=(2, n)) * np.reshape(sd, (2, 1))
    eta = beta[0] + beta[1] * z + beta[2] * e + own[0][:, None] + own[1]
    i, j = np.triu_indices(n, 1)
    weight = np.exp([0 * eta[i, j], eta[i, j], eta[j, i], eta[i, j] + eta[j, i] + reciprocity])
    kind = (weight.cumsum(axis=0) / weight.sum(axis=0) < rng.random(len(i))).sum(axis=0)
    y = np.zeros((n, n))
    y[i, j], y[j, i] = kind % 2, kind >= 2
    return y, z, e


@given(st.integers(0, 1000))
@settings(max_examples=8, deadline=None)
def test_derivatives_of_pairs_are_those_of_the_probability_written_out(seed):
    rng = np.random.default_rng(seed)
    n = 5
    y, z, e = pairs(rng, n, (-0.5, 0.5, 0.3), 0.8, (0.5, 0.5))
    known = (rng.random((n, n)) < 0.8) & ~np.eye(n, dtype=bool)
    x = np.stack([np.ones((n, n)), z, np.broadcast_to(e, (n, n))], axis=-1)

    def naive(theta):
        beta, own, total = theta[:4], theta[4:], 0.0
        for i in range(n):
            for j in range(i + 1, n):
                eta = [x[a, b] @ beta[[0, 2, 3]] + own[a] + own[n + b] for a, b in ((i, j), (j, i))]
                log = {(u, v): u * eta[0] + v * eta[1] + beta[1] * u * v for u in (0, 1) for v in (0, 1)}
                if known[i, j] and known[j, i]:
                    total += log[y[i, j], y[j, i]] - np.log(sum(np.exp(v) for v in log.values()))
                elif known[i, j] or known[j, i]:
                    side = 0 if known[i, j] else 1
                    tie = y[i, j] if known[i, j] else y[j, i]
                    total += tie * eta[side] - np.log1p(np.exp(eta[side]))
        return total

    model = _Pairs(np.where(known, y, 0.0), x, known)
    theta = rng.normal(size=4 + 2 * n) * 0.5
    gradient, curvature = model._derivatives(*model.probabilities(theta[:4], theta[4:]))
    h = 1e-5

    def moved(*steps):
        out = theta.copy()
        for k, d in steps:
            out[k] += d
        return naive(out)

    for k in range(len(theta)):
        assert gradient[k] == pytest.approx((moved((k, h)) - moved((k, -h))) / (2 * h), abs=1e-6)
    for k, m in [(0, 0), (1, 1), (0, 1), (2, 5), (4, 4), (4, 5), (9, 9), (4, 9), (4, 10), (1, 4), (9, 10)]:
        second = (
            moved((k, 1e-3), (m, 1e-3))
            - moved((k, 1e-3), (m, -1e-3))
            - moved((k, -1e-3), (m, 1e-3))
            + moved((k, -1e-3), (m, -1e-3))
        ) / 4e-6
        assert curvature[k, m] == pytest.approx(-second, abs=1e-4)  # differences of 1e-3


@pytest.mark.recovery
def test_p2_recovers_what_was_planted():
    """20 networks of 60: mean estimates within 4 standard errors and a tenth for the bias of the approximation."""
    truth = {"intercept": -2.5, "reciprocity": 1.5, "z": 0.4, "receiver e": 0.5}
    drawn, spread, hits = [], [], 0
    for seed in range(20):
        y, z, e = pairs(np.random.default_rng(seed), 60, (-2.5, 0.4, 0.5), 1.5, (0.8, 0.5))
        result = p2(y, {"z": z}, receiver={"e": e})
        assert result.converged
        drawn.append(result.params)
        spread.append(np.sqrt(np.diag(result.tendencies)))
        hits += (np.abs(result.params - pd.Series(truth)) < 1.96 * result.bse).sum()
    drawn = np.array(drawn)
    off = np.abs(drawn.mean(axis=0) - list(truth.values()))
    assert (off < K * drawn.std(axis=0) / np.sqrt(20) + 0.1 * np.abs(list(truth.values()))).all()
    assert np.mean(spread, axis=0) == pytest.approx([0.8, 0.5], rel=0.15)
    assert hits / 80 > 0.85  # 95 % less 4 s.e. of 80 intervals


def test_without_tendencies_it_is_logistic_regression_given_the_tie_back():
    y, z, e = pairs(np.random.default_rng(2), 80, (-1.5, 0.5, 0.3), 1.0, (0.0, 0.0))
    result = p2(y, {"z": z}, receiver={"e": e})
    i, j = np.triu_indices(80, 1)
    plain = sm.Logit(y[i, j], np.column_stack([np.ones(len(i)), y[j, i], z[i, j], e[j]])).fit(disp=0)
    assert np.abs(result.params.to_numpy() - plain.params).max() < 2.5 * plain.bse.max()  # half of the data
    assert np.sqrt(np.diag(result.tendencies)).max() < 0.2


def test_members_in_another_order_and_unknown_rows():
    y, z, e = pairs(np.random.default_rng(3), 30, (-1.0, 0.5, 0.3), 1.0, (0.5, 0.5))
    first = p2(y, {"z": z}, receiver={"e": e})
    order = np.random.default_rng(1).permutation(30)
    other = p2(y[np.ix_(order, order)], {"z": z[np.ix_(order, order)]}, receiver={"e": e[order]})
    assert other.params.to_numpy() == pytest.approx(first.params.to_numpy(), abs=1e-6)
    y[4] = np.nan
    holes = p2(y, {"z": z}, receiver={"e": e})
    assert "29 ties of 870 unknown" in holes.caveats[0] and holes.nobs == 435


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda y, z: p2(y[:, :3]), "give members in rows and columns"),
        (lambda y, z: p2(y[:5, :5]), "5 members: senders and receivers"),
        (lambda y, z: p2(2 * y + 1), "write 0, 1, or NaN"),
        (lambda y, z: p2(0 * y), "none is there"),
        (lambda y, z: p2(np.maximum(y, y.T)), "every tie is returned"),
        (lambda y, z: p2(y, {"z": z[:3]}), "expected"),
        (lambda y, z: p2(y, sender={"s": np.ones(30)}), "'sender s' is the same for every pair"),
        (lambda y, z: p2(y, {"z": z, "w": 2 * z}), "determine one another"),
        (lambda y, z: p2(y, {"z": y}), "tell ties perfectly"),
    ],
)
def test_ties_that_cannot_be_explained_are_answered_with_a_sentence(call, words):
    y, z, _ = pairs(np.random.default_rng(3), 30, (-1.0, 0.5, 0.3), 1.0, (0.5, 0.5))
    with pytest.raises(ValueError, match=words):
        call(y, z)


def test_summaries_are_stable_text_and_figures_are_drawn():
    y, z, _ = pairs(np.random.default_rng(3), 30, (-1.0, 0.5, 0.3), 1.0, (0.5, 0.5))
    results = [
        growth(curves(1, n=40), "y", ["x"]),
        within_between(curves(1, n=40).assign(z=np.random.default_rng(1).normal(size=160)), "y", ["z"]),
        pattern_mixture(leaving_early(1), "y"),
        attrition(leadership_panel(seed=1), "efficacy"),
        p2(y, {"z": z}),
    ]
    for result in results:
        assert result.summary() == result.summary() == repr(result) and len(result.table())
        assert isinstance(result.caveats, tuple) and result.claim in {"descriptive", "adjusted association"}
        ax = result.plot()
        assert ax.get_xlabel()
        ax.figure.clear()


@pytest.mark.parametrize("unit", [1e-3, 365.25, 1e6])
def test_the_unit_of_time_decides_nothing(unit):
    rows = curves(3, n=80)
    plain, other = growth(rows, "y"), growth(rows.assign(wave=rows["wave"] * unit), "y")
    assert other.random_slopes and plain.random_slopes
    assert other.tvalues.to_numpy() == pytest.approx(plain.tvalues.to_numpy(), rel=1e-3)  # as the search settles
    assert other.variances["slopes"] * unit**2 == pytest.approx(plain.variances["slopes"], rel=1e-2)
    assert other.llf + np.log(unit) == pytest.approx(plain.llf, abs=1e-3)


def test_what_members_and_columns_tell_exactly_is_refused():
    rows = curves(3, n=30)
    with pytest.raises(ValueError, match="exactly a level of each member"):
        growth(rows.assign(y=2.0 * rows["wave"] + rows["member"]), "y")
    with pytest.raises(ValueError, match="'y' is infinite in 30 rows"):
        growth(rows.assign(y=rows["y"].where(rows["wave"] > 1, np.inf)), "y")
    with pytest.raises(ValueError, match=r"'wave' is datetime64.*give numbers"):
        growth(rows.assign(wave=pd.to_datetime("2020-01-01") + pd.to_timedelta(rows["wave"], "D")), "y")


@pytest.mark.parametrize("far, size", [(0.0, 1e-6), (0.0, 1e6), (2000.0, 1.0)])
def test_p2_units_and_origin_of_a_predictor_decide_nothing(far, size):
    y, z, e = pairs(np.random.default_rng(3), 30, (-1.0, 0.5, 0.3), 1.0, (0.5, 0.5))
    plain, other = p2(y, {"z": z}, receiver={"e": e}), p2(y, {"z": far + size * z}, receiver={"e": far + size * e})
    assert other.converged
    assert other.tvalues.to_numpy()[1:] == pytest.approx(plain.tvalues.to_numpy()[1:], rel=1e-4)
    assert other.params["z"] * size == pytest.approx(plain.params["z"], rel=1e-4)


def test_p2_puts_what_is_labelled_into_the_order_of_y():
    y, z, e = pairs(np.random.default_rng(3), 30, (-1.0, 0.5, 0.3), 1.0, (0.5, 0.5))
    names = pd.Index([f"m{k}" for k in range(30)])
    ties, alike, level = pd.DataFrame(y, names, names), pd.DataFrame(z, names, names), pd.Series(e, names)
    back = names[::-1]
    mixed = p2(ties[back], {"z": alike.loc[back, back]}, receiver={"e": level[back]})
    assert (mixed.params == p2(y, {"z": z}, receiver={"e": e}).params).all()
    assert (p2(pd.DataFrame(y, index=names), {"z": z}, receiver={"e": e}).params == mixed.params).all()
    with pytest.raises(ValueError, match="called 'reciprocity'"):
        p2(y, {"reciprocity": z})
    with pytest.raises(ValueError, match="'z' is infinite in places"):
        p2(y, {"z": np.where(z > 1, np.inf, z)})


def test_attrition_refuses_a_group_of_whom_nobody_left():
    guild = cl.datasets.load_guild()
    with pytest.raises(ValueError, match="no finite coefficients: role member tell without error"):
        attrition(guild, "identity", ["role"])
    with pytest.raises(ValueError, match="covariate 'joined' is a date"):
        attrition(guild, "identity", ["joined"])

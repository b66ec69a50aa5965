"""Stages written down as rows: likelihood, score and information are those of the formulas."""

import naive_events as naive
import numpy as np
import pytest

from coplearn.kernels.event_rows import contributions, likelihood, sampling_scores


def drawn(seed, stages=12, p=3, timed=False):
    """Stages of two to seven rows; one in four without an event in interval timing."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 8, stages)
    first = np.concatenate([[0], np.cumsum(sizes)])
    seen = np.array([rng.integers(0, size) for size in sizes])
    if timed:
        seen[rng.random(stages) < 0.25] = -1
    x = rng.normal(size=(first[-1], p))
    return rng.normal(scale=0.5, size=p), x, first, seen, rng.exponential(size=stages), np.zeros(len(x))


def staged(x, first, seen, length, timed):
    """The same in the form of the slow references."""
    found = []
    for s in range(len(seen)):
        what = int(seen[s]) if seen[s] >= 0 else None
        rows = x[first[s] : first[s + 1]]
        found.append((rows, what, length[s]) if timed else (rows, what))
    return found


@pytest.mark.parametrize("timed", [False, True])
def test_likelihood_score_and_information_agree_with_the_slow_formula(timed):
    beta, x, first, seen, length, offset = drawn(1, timed=timed)
    llf, score, information = likelihood(beta, x, first, seen, length, offset, timed)
    slow = naive.interval if timed else naive.ordinal
    stages = staged(x, first, seen, length, timed)
    assert llf == pytest.approx(slow(stages, beta), rel=1e-12)
    h = 1e-5  # central differences: about 1e-9 of the values
    for c in range(3):
        up, down = beta.copy(), beta.copy()
        up[c] += h
        down[c] -= h
        assert score[c] == pytest.approx((slow(stages, up) - slow(stages, down)) / (2 * h), abs=1e-6)
        slopes = [likelihood(b, x, first, seen, length, offset, timed)[1] for b in (up, down)]
        assert information[c] == pytest.approx((slopes[1] - slopes[0]) / (2 * h), abs=1e-6)


@pytest.mark.parametrize("timed", [False, True])
def test_contributions_add_up_and_rank_by_the_predictor(timed):
    beta, x, first, seen, length, offset = drawn(2, timed=timed)
    llf, scores, rank, share = contributions(beta, x, first, seen, length, offset, timed)
    whole = likelihood(beta, x, first, seen, length, offset, timed)
    assert llf.sum() == pytest.approx(whole[0], rel=1e-12)
    assert scores.sum(0) == pytest.approx(whole[1], rel=1e-10, abs=1e-12)
    for s in range(len(seen)):
        eta = x[first[s] : first[s + 1]] @ beta
        if seen[s] >= 0:
            assert rank[s] == 1 + np.sum(eta > eta[seen[s]])
            assert share[s] == pytest.approx(np.exp(eta[seen[s]]) / np.exp(eta).sum(), rel=1e-12)
        else:
            assert rank[s] == share[s] == 0


@pytest.mark.parametrize(("timed", "few"), [(True, 0.03), (False, 0.15)])
def test_variance_over_draws_of_controls(timed, few):
    """Controls drawn again and again from one stage: the score varies as `sampling_scores` says on average."""
    rng = np.random.default_rng(3)
    beta, candidates, m = np.array([0.4, -0.3]), 60, 8
    x = rng.normal(size=(candidates, 2))
    scores, variances = [], []
    first, seen, length = np.array([0, m + 1]), np.array([0]), np.array([1.5])
    for _ in range(20_000):
        rows = np.concatenate([[0], 1 + rng.choice(candidates - 1, m, replace=False)])
        offset = np.concatenate([[0.0], np.full(m, np.log((candidates - 1) / m) if timed else 0.0)])
        here = (beta, np.ascontiguousarray(x[rows]), first, seen, length, offset)
        scores.append(likelihood(*here, timed)[1])
        variances.append(sampling_scores(*here, np.array([1 - m / (candidates - 1)]), timed))
    spread = np.cov(np.array(scores).T)
    mean = np.mean(variances, axis=0)
    # Exact in interval timing up to Monte Carlo error (2 % here); a jackknife over 8 draws otherwise.
    assert mean == pytest.approx(spread, rel=few, abs=few * spread.max())

"""Slow references for influence: every number once more, as literally as its formula reads."""

import numpy as np


def autocorrelation_llf(y, x, effects, disturbances, beta, rho, lam, sigma2):
    """Log-likelihood of the network effects and disturbances model, constants included."""
    n = len(y)
    a, b = np.eye(n), np.eye(n)
    for r, w in zip(rho, effects, strict=True):
        a = a - r * w
    for v, m in zip(lam, disturbances, strict=True):
        b = b - v * m
    nu = b @ (a @ y - x @ beta)
    density = -n / 2 * np.log(2 * np.pi * sigma2) - sum(e**2 for e in nu) / (2 * sigma2)
    return density + np.log(abs(np.linalg.det(a))) + np.log(abs(np.linalg.det(b)))


def numeric_hessian(function, at, h=1e-4):
    """Second derivatives by central differences."""
    n = len(at)
    found = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            total = 0.0
            for up in (1, -1):
                for side in (1, -1):
                    shifted = np.array(at, dtype=float)
                    shifted[i] += up * h
                    shifted[j] += side * h
                    total += up * side * function(shifted)
            found[i, j] = total / (4 * h * h)
    return found


def impacts(beta, rho, effects):
    """Direct, indirect and total impact from the inverse, entry by entry."""
    n = len(effects[0])
    inverse = np.linalg.inv(np.eye(n) - sum(r * w for r, w in zip(rho, effects, strict=True)))
    direct = sum(inverse[i, i] for i in range(n)) * beta / n
    total = sum(inverse[i, j] for i in range(n) for j in range(n)) * beta / n
    return direct, total - direct, total


def regression(rows, y):
    """Coefficients and t statistics of ordinary regression."""
    x = np.array(rows, dtype=float)
    y = np.array(y, dtype=float)
    inverse = np.linalg.inv(x.T @ x)
    beta = inverse @ x.T @ y
    s2 = sum((y - x @ beta) ** 2) / (len(y) - x.shape[1])
    return beta, beta / np.sqrt(s2 * np.diag(inverse))


def logistic(rows, y, rounds=50):
    """Coefficients and z statistics of logistic regression."""
    x, y = np.array(rows, dtype=float), np.array(y, dtype=float)
    beta = np.zeros(x.shape[1])
    for _ in range(rounds):
        p = 1 / (1 + np.exp(-(x @ beta)))
        inverse = np.linalg.inv(x.T @ np.diag(p * (1 - p)) @ x)
        beta = beta + inverse @ x.T @ (y - p)
    return beta, beta / np.sqrt(np.diag(inverse))


def _known(y, predictors, i, j):
    return i != j and all(np.isfinite(m[i][j]) for m in [y, *predictors])


def _pairs(y, predictors, directed):
    n = len(y)
    return [(i, j) for i in range(n) for j in range(n) if (directed or i < j) and _known(y, predictors, i, j)]


def double_semi_partialling(y, predictors, k, order, directed=True, fit=regression):
    """Statistic of predictor k with its residuals moved: the pair (i, j) gets those of (order[i], order[j])."""
    pairs = _pairs(y, predictors, directed)
    others = [m for other, m in enumerate(predictors) if other != k]
    beta, _ = regression([[1, *(m[i][j] for m in others)] for i, j in pairs], [predictors[k][i][j] for i, j in pairs])

    def residual(i, j):
        return predictors[k][i][j] - sum(b * v for b, v in zip(beta, [1, *(m[i][j] for m in others)], strict=True))

    kept = [(i, j) for i, j in pairs if _known(y, predictors, order[i], order[j])]
    rows = [[1, *(m[i][j] for m in others), residual(order[i], order[j])] for i, j in kept]
    return fit(rows, [y[i][j] for i, j in kept])[1][-1]


def permuted_response(y, predictors, order, directed=True, fit=regression):
    """Statistics of all predictors with y moved."""
    kept = [(i, j) for i, j in _pairs(y, predictors, directed) if _known(y, predictors, order[i], order[j])]
    rows = [[1, *(m[i][j] for m in predictors)] for i, j in kept]
    return fit(rows, [y[order[i]][order[j]] for i, j in kept])[1][1:]


def score(y, predictors, k, order):
    """Efficient score of predictor k in a logistic regression, with its residuals moved; nothing missing."""
    pairs = _pairs(y, predictors, True)
    others = [m for other, m in enumerate(predictors) if other != k]
    z = np.array([[1, *(m[i][j] for m in others)] for i, j in pairs])
    beta, _ = regression(z, [predictors[k][i][j] for i, j in pairs])
    e = np.array(
        [predictors[k][order[i]][order[j]] - beta @ [1, *(m[order[i]][order[j]] for m in others)] for i, j in pairs]
    )
    target = np.array([y[i][j] for i, j in pairs])
    gamma, _ = logistic(z, target)
    p = 1 / (1 + np.exp(-(z @ gamma)))
    v = np.diag(p * (1 - p))
    left = np.eye(len(e)) - v @ z @ np.linalg.inv(z.T @ v @ z) @ z.T
    return e @ left @ (target - p) / np.sqrt(e @ left @ v @ e)


# --- panels ---------------------------------------------------------------------------------------------------


def exposure(w, y, i):
    """Weighted sum over alters, the unknown ones replaced by the mean of the known; None where nobody is known."""
    alters = [j for j in range(len(y)) if w[i][j] > 0]
    known = [j for j in alters if np.isfinite(y[j])]
    if not alters:
        return 0.0
    if not known:
        return None
    total = sum(w[i][j] for j in alters)
    return total * sum(w[i][j] * y[j] for j in known) / sum(w[i][j] for j in known)


def panel_rows(y, ties):
    """(member, wave, outcome, own past, exposure, isolate) one wave back; rows with a gap left out."""
    rows = []
    for t in range(1, len(y)):
        for i in range(len(y[0])):
            seen = exposure(ties[t - 1], y[t - 1], i)
            if np.isfinite(y[t][i]) and np.isfinite(y[t - 1][i]) and seen is not None:
                rows.append((i, t, y[t][i], y[t - 1][i], seen, float(not sum(ties[t - 1][i]))))
    return rows


def clustered(x, z, y, a, who):
    """Linear GMM and its clustered covariance, member by member."""
    g = z.T @ x
    made = np.linalg.inv(g.T @ a @ g) @ g.T @ a
    beta = made @ z.T @ y
    u = y - x @ beta
    s = sum(np.outer(z[who == i].T @ u[who == i], z[who == i].T @ u[who == i]) for i in set(who))
    m, (n, k) = len(set(who)), x.shape
    return beta, m / (m - 1) * (n - 1) / (n - k) * made @ s @ made.T


def difference_gmm(y, ties, depth=3):
    """Arellano and Bond's one-step estimate of own past and exposure, with wave marks."""
    rows = {(r[0], r[1]): r for r in panel_rows(y, ties)}
    kept = [key for key in rows if (key[0], key[1] - 1) in rows]
    waves = sorted({t for _, t in kept})
    x, z, target = [], [], []
    for i, t in kept:
        now, before = rows[i, t], rows[i, t - 1]
        marks = [float(t == wave) for wave in waves]
        step = [now[c] - before[c] for c in (3, 4, 5)]
        levels = []
        for back in range(1, depth + 1):
            old = rows.get((i, t - back))
            levels += [old[3], old[4]] if old else [0.0, 0.0]
        x.append([*step, *marks])
        z.append([step[2], *marks, *levels])
        target.append(now[2] - before[2])
    x, z, target = np.array(x), np.array(z), np.array(target)
    x = x[:, [0, 1, *(c for c in range(2, x.shape[1]) if x[:, c].any())]]
    z = z[:, z.any(axis=0)]
    h = np.array([[2 * (a == b) - (a[0] == b[0] and abs(a[1] - b[1]) == 1) for b in kept] for a in kept], dtype=float)
    return clustered(x, z, target, np.linalg.pinv(z.T @ h @ z), np.array([i for i, _ in kept]))


# --- events that excite each other --------------------------------------------------------------------------


def hawkes_intensity(t, i, events, mu, alpha, beta, s):
    """Rate of i just before t: `events` are (time, who), s a function of time."""
    return mu[i] * s(t) + sum(alpha[i][j] * beta * np.exp(-beta * (t - u)) for u, j in events if u < t)


def hawkes_compensator(i, begin, stop, events, mu, alpha, beta, s_total):
    """Integral of the rate of i from begin to stop; s_total(a, b) is that of s."""
    total = mu[i] * s_total(begin, stop)
    for u, j in events:
        if u < stop:
            total += alpha[i][j] * (np.exp(-beta * max(begin - u, 0)) - np.exp(-beta * (stop - u)))
    return total

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

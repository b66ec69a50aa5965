"""Newton's method for a concave log-likelihood, with step halving and a ridge penalty.

Relational event likelihoods are concave in their parameters (they are those of conditional logit and of a Poisson
process), so Newton's method with halved steps finds the maximum if there is one. If there is none, because a statistic
separates events from what did not happen, estimates run away; the search then stops and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["Optimum", "newton"]


@dataclass(frozen=True)
class Optimum:
    """Where a search ended.

    Attributes
    ----------
    theta, gradient : ndarray, shape (p,)
    llf : float
        Log-likelihood at theta, without the penalty.
    information : ndarray, shape (p, p)
        Minus the second derivatives at theta, without the penalty.
    converged, interrupted : bool
    iterations : int
    """

    theta: np.ndarray
    llf: float
    gradient: np.ndarray
    information: np.ndarray
    converged: bool
    interrupted: bool
    iterations: int


def newton(
    evaluate: Callable[[np.ndarray], tuple[float, np.ndarray, np.ndarray]],
    theta: np.ndarray,
    ridge: np.ndarray | float = 0.0,
    iterations: int = 50,
    tolerance: float = 1e-18,
    begun: tuple[float, np.ndarray, np.ndarray] | None = None,
) -> Optimum:
    """Maximise a concave function.

    Parameters
    ----------
    evaluate : callable
        theta -> log-likelihood, gradient, information.
    theta : ndarray, shape (p,)
        Where to begin.
    ridge : float or ndarray of shape (p,)
        Weight of the penalty ``ridge / 2 * theta ** 2``.
    tolerance : float
        Search ends when a step would gain less than this, relative to the root of the log-likelihood.
    begun : tuple, optional
        What `evaluate` says at `theta`, if that is known already.

    Notes
    -----
    Ctrl-C ends the search, and the last iterate is returned.
    """
    theta = np.array(theta, dtype=float)
    penalty = np.broadcast_to(np.asarray(ridge, dtype=float), theta.shape)
    llf, gradient, information = evaluate(theta) if begun is None else begun
    converged = interrupted = False
    done, last = 0, np.inf
    try:
        while done < iterations:
            done += 1
            slope = gradient - penalty * theta
            step, whole = _solve(information + np.diag(penalty), slope)
            gain = float(slope @ step) / 2
            now = llf - penalty @ theta**2 / 2
            small = gain <= tolerance * (1 + abs(llf)) ** 0.5
            if small or (gain < 1e-10 and gain > last / 4):  # there, or as near as rounding lets us come
                converged = whole  # else there is a direction in which nobody can tell
                break
            last = gain
            length = 1.0
            while length > 1e-10:
                ahead = theta + length * step
                found = evaluate(ahead)
                value = found[0] - penalty @ ahead**2 / 2
                if value > now - 1e-12 * abs(now):
                    break
                length /= 2
            else:
                break
            theta = ahead
            llf, gradient, information = found
    except KeyboardInterrupt:
        interrupted = True
    return Optimum(theta, llf, gradient, information, converged, interrupted, done)


def _solve(matrix: np.ndarray, vector: np.ndarray) -> tuple[np.ndarray, bool]:
    """Newton step, by least squares where the matrix is singular, as after separation; whether it is not."""
    scale = 1 / np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    scaled = matrix * np.outer(scale, scale)
    step, _, rank, _ = np.linalg.lstsq(scaled, scale * vector, rcond=1e-13)
    return scale * step, bool(rank == len(vector))

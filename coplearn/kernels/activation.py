"""How many alters were active at each moment at which a member could become active."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def exposure_counts(step, n_steps, start, alter, shared, out):
    """Count moments at risk by number of active alters, shared exposure, and whether the member became active.

    Parameters
    ----------
    step : int64, shape (n_members,)
        Step at which each became active; `n_steps` for never.
    n_steps : int
    start, alter : int64, shapes (n_members + 1,) and (n_ties,)
        Alters of i are ``alter[start[i]:start[i + 1]]``.
    shared : uint8, shape (n_members, n_steps), or (0, 0) for none
    out : int64, shape (most alters + 1, 2, 2)
        Filled: alters active before the step, shared exposure, active at the step.
    """
    out[:] = 0
    for i in range(len(step)):
        earlier = np.sort(step[alter[start[i] : start[i + 1]]])
        a = 0
        for s in range(min(step[i] + 1, n_steps)):
            while a < len(earlier) and earlier[a] < s:
                a += 1
            b = shared[i, s] if len(shared) else 0
            out[a, b, 1 if s == step[i] else 0] += 1

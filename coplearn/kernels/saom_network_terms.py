"""Parts from which network effects are made: shapes, terms of a pair, terms of a degree, and legs of paths.

An effect is a row of small numbers (``Effects.a``); the constants here name their values. See ``saom_network`` for
the order in which each code reads its row.
"""

import numpy as np
from numba import njit

# A shape f(x; p) turns a count into a statistic.
IDENTITY, ROOT, LOG, INVERSE, INVERSE_ROOT, EXCESS, ABOVE, POWER, EQUALS = 0, 1, 2, 3, 4, 5, 6, 7, 8
SQUARE, POWER_1_5, CAPPED, NONE, SHIFTED_INVERSE, SHIFTED_INVERSE_2, EXCESS_ROOT, GEOMETRIC = (
    9,
    10,
    11,
    12,
    13,
    14,
    15,
    16,
)
ANY, AT_LEAST_2, DISTANCE, SHORTFALL, CENTRED_SQUARE = 17, 18, 19, 20, 21

# A term of the pair (i, j), of covariates v and u, dyadic covariate d, other network w.
ONE, W, W_BACK, W_BOTH, SIMILAR, SAME, UNEQUAL, DIFFERENCE, DIFFERENCE_2, ABS_DIFFERENCE = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
EGO_DIFFERENCE, HIGHER, ALTER_HIGHER, DYADIC, W_DEGREE_GAP, SAME_OF_TWO, EGO, ALTER, EGO_2, ALTER_2 = (
    10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
)  # fmt: skip
EGO_ALTER, EGO_GE, EGO_LE, ALTER_GE, ALTER_LE, ALTER_POSITIVE, BACK, EGO_PLUS_ALTER, EGO_PLUS_ALTER_2 = (
    20, 21, 22, 23, 24, 25, 26, 27, 28,
)  # fmt: skip
BACK_SAME, BACK_UNEQUAL = 29, 30

# A degree; the _AFTER ones count the tie i -> j itself as present. In moments, the _LAGGED ones are read at the start
# of the period with p = 0 (also with p < 0), outdegrees then without shape and centre.
NO_DEGREE, OUT, IN, MUTUAL, IN_AFTER, MUTUAL_AFTER, AVERAGE = 0, 1, 2, 3, 4, 5, 6
IN_LAGGED, OUT_LAGGED = 7, 8

# A leg of a path: ties of a network followed forwards, backwards, both ways, either way; a dyadic covariate.
FORWARD, BACKWARD, BOTH_WAYS, EITHER_WAY, DYADIC_FORWARD, DYADIC_BACKWARD = 0, 1, 2, 3, 4, 5

# Codes: kinds of effects, explained in ``saom_network``.
PRODUCT, DEGREE, BILINEAR, PATH, REACH, CYCLE, TRIAD, SPECIAL, NEAR = 1, 2, 3, 4, 5, 6, 7, 8, 9

# Weights c_ihj of a two-path.
PLAIN, MIDDLE, ENDS_SAME, ENDS_DIFFER, ENDS_SIMILAR, ALL_SAME, JUMP, MIDDLE_INDEGREE = 0, 1, 2, 3, 4, 5, 6, 7
CONTRAST, ALL_DIFFER, MIDDLE_SAME, MIDDLE_DIFFERS, MIDDLE_DYADIC = 8, 9, 10, 11, 12

# Complements of a path: what the rest of the change statistic is.
NO_REST, BETWEEN, BALANCE, IN_BALANCE, JACCARD_OUT, JACCARD_IN = 0, 1, 2, 3, 4, 5

ISOLATE, IN_AT_LEAST, ANTI_ISOLATE, ISOLATE_POPULARITY, AVERAGE_DEGREE, DEGREE_SUM, LIKE_ALTERS = 0, 1, 2, 3, 4, 5, 6
LIKE_CATEGORY, DOUBLE_POPULARITY, BROKERAGE, REACHED_IN_TWO, SHARED_TO, SHARED_AVERAGE = 7, 8, 9, 10, 11, 12
TIES_OF_CATEGORIES = 13

# Summaries of the neighbours of alter.
TOTAL, MEAN, EGO_SIMILAR, MEANS_SIMILAR, SHARE_SAME, N_SAME, N_DIFFERENT, ANY_SAME = 0, 1, 2, 3, 4, 5, 6, 7
PART_OF_SAME, PART_OF_DIFFERENT = 8, 9
EVERYBODY = 2  # in the place of a direction

# Features: what a change statistic depends on, for alters without any tie to or from ego.
DENSE, ALTER_IN, ALTER_OUT, ALTER_MUTUAL, ALTER_VALUE = 1, 2, 4, 8, 16

NOWHERE, REACHED, ANYWHERE = 0, 1, 2


@njit(cache=True, nogil=True)
def shape(kind, x, p):
    """f(x; p)."""
    if kind == IDENTITY:
        return x
    if kind == ROOT:
        return np.sqrt(x)
    if kind == GEOMETRIC:
        return np.exp(p) * (1 - (1 - np.exp(-p)) ** x)
    if kind == ANY:
        return 1.0 if x > 0 else 0.0
    if kind == LOG:
        return np.log(x) if x > 0 else 0.0
    if kind == INVERSE:
        return 1 / x if x > 0 else 0.0
    if kind == INVERSE_ROOT:
        return 1 / np.sqrt(x) if x > 0 else 0.0
    if kind == EXCESS:
        return max(x - p, 0.0)
    if kind == ABOVE:
        return 1.0 if x > p else 0.0
    if kind == POWER:
        return np.sqrt(x) if p == 2 else x ** (1 / p)
    if kind == EQUALS:
        return 1.0 if x == p else 0.0
    if kind == SQUARE:
        return x * x
    if kind == POWER_1_5:
        return x * np.sqrt(x)
    if kind == CAPPED:
        return min(x, p)
    if kind == NONE:
        return 1.0 if x == 0 else 0.0
    if kind == SHIFTED_INVERSE:
        return 1 / (x + p)
    if kind == SHIFTED_INVERSE_2:
        return 1 / ((x + p) * (x + p + 1))
    if kind == EXCESS_ROOT:
        return max(np.sqrt(x) - np.sqrt(max(p, 0.0)), 0.0)
    if kind == AT_LEAST_2:
        return 1.0 if x >= 2 else 0.0
    if kind == DISTANCE:
        return abs(x - p)
    if kind == SHORTFALL:
        return max(p - x, 0.0)
    if kind == CENTRED_SQUARE:
        return x * (x - p)
    raise ValueError("unknown shape")


@njit(cache=True, nogil=True)
def category(value):
    """The group that a value (as centred) stands for: 1, 2, ... for what rounds to it, 0 for what is lower."""
    return max(np.int64(np.floor(value + 0.5)), 0)


@njit(cache=True, nogil=True)
def pair_term(kind, s, own, i, j, net, var, second, p, mean, size):
    """A term of the pair: `p` the internal parameter, `mean` and `size` what similarity subtracts and divides by."""
    if kind == ONE:
        return 1.0
    if kind == BACK:
        return 1.0 * s.x[own, j, i]
    if kind == DYADIC:
        return s.w[second, i, j] - mean
    if kind < DYADIC and kind <= W_BOTH:
        forth, back = 1.0 * s.x[net, i, j], 1.0
        if kind == W:
            return forth
        back = 1.0 * s.x[net, j, i]
        return back if kind == W_BACK else forth * back
    if kind == W_DEGREE_GAP:
        one, other = 1.0 * s.outdeg[net, i], 1.0 * s.outdeg[net, j]
        return abs(np.sqrt(one) - np.sqrt(other)) if p == 2 else abs(one - other)
    if kind == SAME_OF_TWO:
        group = category(s.v[var, i])
        return 1.0 if group > 0 and group == category(s.v[second, j]) else 0.0
    return covariate_term(kind, s, own, i, j, s.v[var, i], s.v[var, j], p, mean, size)


@njit(cache=True, nogil=True)
def covariate_term(kind, s, own, i, j, a, b, p, mean, size):
    """A term of ego's value a and alter's value b."""
    if kind == SIMILAR:
        return 1 - abs(a - b) / size - mean
    if kind == SAME:
        return 1.0 if a == b else 0.0
    if kind == EGO:
        return a
    if kind == ALTER:
        return b
    if kind == EGO_ALTER:
        return a * b
    if kind == UNEQUAL:
        return 1.0 if a != b else 0.0
    if kind == DIFFERENCE:
        return b - a
    if kind == DIFFERENCE_2:
        return (b - a) ** 2
    if kind == ABS_DIFFERENCE:
        return abs(b - a)
    if kind == EGO_DIFFERENCE:
        return a * (b - a)
    if kind == HIGHER:
        return (1 + np.sign(a - b)) / 2
    if kind == ALTER_HIGHER:
        return 1.0 * np.sign(b - a)
    if kind == EGO_2:
        return a * a
    if kind == ALTER_2:
        return b * b
    if kind == EGO_GE:
        return 1.0 if a >= p else 0.0
    if kind == EGO_LE:
        return 1.0 if a <= p else 0.0
    if kind == ALTER_GE:
        return 1.0 if b >= p else 0.0
    if kind == ALTER_LE:
        return 1.0 if b <= p else 0.0
    if kind == ALTER_POSITIVE:
        return 1.0 if b > 0 else 0.0
    if kind == EGO_PLUS_ALTER:
        return a + b
    if kind == EGO_PLUS_ALTER_2:
        return a * a + b * b
    if kind == BACK_SAME:
        return 1.0 * s.x[own, j, i] if a == b else 0.0
    if kind == BACK_UNEQUAL:
        return 1.0 * s.x[own, j, i] if a != b else 0.0
    raise ValueError("unknown term of a pair")


@njit(cache=True, nogil=True)
def degree(kind, s, net, node, ego, alter):
    """A degree of `node` in a network; for the _AFTER kinds the tie ego -> alter = node counts as present."""
    if kind == OUT or kind == OUT_LAGGED:
        return 1.0 * s.outdeg[net, node]
    if kind == IN or kind == IN_LAGGED:
        return 1.0 * s.indeg[net, node]
    if kind == IN_AFTER:
        return 1.0 + s.indeg[net, node] - s.x[net, ego, alter]
    if kind == MUTUAL:
        return 1.0 * s.recdeg[net, node]
    if kind == MUTUAL_AFTER:
        back = 1.0 * s.x[net, alter, ego]
        return s.recdeg[net, node] + back * (1 - s.x[net, ego, alter])
    if kind == AVERAGE:
        return s.n_ties[net] / s.n_actors
    raise ValueError("unknown degree")


@njit(cache=True, nogil=True)
def as_is(kind):
    """The degree in a state, for one that counts a tie as present."""
    return IN if kind == IN_AFTER else MUTUAL if kind == MUTUAL_AFTER else kind


@njit(cache=True, nogil=True)
def neighbours(s, index, direction, i, node, weight):
    """Fill `node` and `weight` with the ends of a leg that starts at i; their number."""
    n = 0
    if direction == FORWARD:
        n = s.outdeg[index, i]
        for a in range(n):
            node[a] = s.out[index, i, a]
            weight[a] = 1.0
    elif direction == BACKWARD:
        n = s.indeg[index, i]
        for a in range(n):
            node[a] = s.inn[index, i, a]
            weight[a] = 1.0
    elif direction == BOTH_WAYS or direction == EITHER_WAY:
        for a in range(s.outdeg[index, i]):
            h = s.out[index, i, a]
            if direction == EITHER_WAY or s.x[index, h, i]:
                node[n] = h
                weight[n] = 1.0
                n += 1
        if direction == EITHER_WAY:
            for a in range(s.indeg[index, i]):
                h = s.inn[index, i, a]
                if not s.x[index, i, h]:
                    node[n] = h
                    weight[n] = 1.0
                    n += 1
    else:
        for h in range(s.w.shape[1]):
            value = s.w[index, i, h] if direction == DYADIC_FORWARD else s.w[index, h, i]
            if value != 0.0 and h != i:
                node[n] = h
                weight[n] = value
                n += 1
    return n


@njit(cache=True, nogil=True)
def leg(s, index, direction, i, h):
    """The weight of the leg from i to h, 0 where there is none."""
    if direction == FORWARD:
        return 1.0 * s.x[index, i, h]
    if direction == BACKWARD:
        return 1.0 * s.x[index, h, i]
    if direction == BOTH_WAYS:
        return 1.0 * s.x[index, i, h] * s.x[index, h, i]
    if direction == EITHER_WAY:
        return 1.0 if s.x[index, i, h] or s.x[index, h, i] else 0.0
    if i == h:
        return 0.0
    return s.w[index, i, h] if direction == DYADIC_FORWARD else s.w[index, h, i]


@njit(cache=True, nogil=True)
def reverse(direction):
    """The direction in which the same leg is walked from its other end."""
    if direction == FORWARD or direction == BACKWARD:
        return BACKWARD - direction
    if direction == DYADIC_FORWARD or direction == DYADIC_BACKWARD:
        return DYADIC_FORWARD + DYADIC_BACKWARD - direction
    return direction

"""Network effects of the actor-oriented model: what a toggled tie changes, and the statistics of moments.

For a row k of ``Effects``, owned by network r, and ego i, the change statistic is
``D[j] = s_i(x with i -> j) - s_i(x without)``, whatever x_ij is now. It comes in two parts: :func:`network_base` for
any alter, and :func:`network_local`, which adds the rest for alters that are reached over ties from i. The statistic
itself is ``sum_j x_ij tie_statistic(i, j)`` or, where :func:`whole_ego` says so, ``ego_statistic(i)``; both without
``p[7]``, the factor of moments.

A dozen codes, each with arguments, make all effects. How a code reads its row (p[6], bits: ego's covariate must be
known 1, alter's 2, the dyadic cell 4, for a tie to count in moments; p[7]: the factor of moments):

=========  ==========================================================================================================
PRODUCT    pair term x degree of ego x degree of alter. a: net, var, second, pair, ego degree, alter degree, shape of
           degrees, times x_ji. p: internal parameter, centre of degrees, mean and size of the pair term
DEGREE     f(x_i+). a: -, var, -, shape. p: internal parameter (floor(v_i) takes its place where there is a var);
           p[5]: 0 one statistic of ego, 1 divided among its ties, 2 the same cut to whole numbers
BILINEAR   f(sum_j x_ij t_ij) g(sum_j x_ij u_ij). a: net, var, second, f, t, g (-1: 1), u, alter degree in u
           p: internal parameter (of f, g and the degree's power), -, mean and size
PATH       sum_j x_ij f(sum_h leg(i, h) leg(h, j) c_ihj). a: leg, direction, leg, direction, roles (1: i -> j closes the
           path; 2: it is its first leg; 4: times x_ji; 8: in moments the other one of 1 and 2; 16: in moments first
           backwards in the own network and then over the first leg), weight c, var (a network), f
           p: internal parameter, factor, mean and size of c, complement, its constant
REACH      sum_k f(number of j with x_ij and leg(j, k)) over k. a: a network with w_ik (or -1), -, leg, direction, only
           untied k, -, var of k, f
CYCLE      four-cycles x_ij x_ik x_hj x_hk. a: -, var with v_i = v_h, var with v_j = v_k; p: 2: the root of their number
           (in moments the sum of roots over ties)
TRIAD      sum_j x_ij 1{at least p ties among i, j, h}
SPECIAL    isolates, in-isolates, average degree, ... a: net, var, -, which; p: its number, a centre
NEAR       a summary of v over the neighbours of alter (of ego). a: net, var, direction, summary, whether ego itself is
           among them (as it is 0, left out 1, as if i -> j were there 2), of ego, shape, a network whose outdegrees
           take the place of v (or -1). p: internal parameter (2, 4: roots of degrees), centre of those, mean, size,
           indegrees instead
=========  ==========================================================================================================
"""

import numpy as np
from numba import njit

from coplearn.kernels import saom_network_terms as t
from coplearn.kernels.saom_network_terms import degree, leg, neighbours, pair_term, reverse, shape
from coplearn.kernels.saom_state import touch
from coplearn.kernels.saom_user import CHANGE, OF_PAIR, STATISTIC, USER_NETWORK, user_value

PRODUCT, DEGREE, BILINEAR, PATH, REACH, CYCLE, TRIAD, SPECIAL, NEAR = 1, 2, 3, 4, 5, 6, 7, 8, 9

# Weights c_ihj of a two-path.
PLAIN, MIDDLE, ENDS_SAME, ENDS_DIFFER, ENDS_SIMILAR, ALL_SAME, JUMP, MIDDLE_INDEGREE = 0, 1, 2, 3, 4, 5, 6, 7
CONTRAST, ALL_DIFFER, MIDDLE_SAME, MIDDLE_DIFFERS, MIDDLE_DYADIC = 8, 9, 10, 11, 12

# Complements of a path: what the rest of the change statistic is.
NO_REST, BETWEEN, BALANCE, IN_BALANCE, JACCARD_OUT, JACCARD_IN = 0, 1, 2, 3, 4, 5

ISOLATE, IN_AT_LEAST, ANTI_ISOLATE, ISOLATE_POPULARITY, AVERAGE_DEGREE, DEGREE_SUM, LIKE_ALTERS = 0, 1, 2, 3, 4, 5, 6
LIKE_CATEGORY, DOUBLE_POPULARITY, BROKERAGE, REACHED_IN_TWO, SHARED_TO, SHARED_AVERAGE = 7, 8, 9, 10, 11, 12

# Summaries of the neighbours of alter.
TOTAL, MEAN, EGO_SIMILAR, MEANS_SIMILAR, SHARE_SAME, N_SAME, N_DIFFERENT, ANY_SAME = 0, 1, 2, 3, 4, 5, 6, 7
PART_OF_SAME, PART_OF_DIFFERENT = 8, 9
EVERYBODY = 2  # in the place of a direction

# Features: what a change statistic depends on, for alters without any tie to or from ego.
DENSE, ALTER_IN, ALTER_OUT, ALTER_MUTUAL, ALTER_VALUE = 1, 2, 4, 8, 16

NOWHERE, REACHED, ANYWHERE = 0, 1, 2


@njit(cache=True, nogil=True)
def network_base(eff, k, s, i, j):
    """The part of D[j] that is there for any alter."""
    code = eff.code[k]
    if code == PRODUCT:
        return _product(eff, k, s, i, j)
    if code == DEGREE:
        d = 1.0 * s.outdeg[eff.variable[k], i] - s.x[eff.variable[k], i, j]
        return _of_degree(eff, k, s, i, d + 1) - _of_degree(eff, k, s, i, d)
    if code == PATH:
        return _path_rest(eff, k, s, i, j) if eff.p[k, 4] != NO_REST else 0.0
    if code == BILINEAR:
        return _bilinear_change(eff, k, s, i, j)
    if code == REACH:
        return _reach_base(eff, k, s, i, j)
    if code == SPECIAL:
        return _special_change(eff, k, s, i, j)
    if code == NEAR:
        return _near(eff, k, s, i, j)
    if code == CYCLE or code == TRIAD:
        return 0.0
    if code == USER_NETWORK:
        return user_value(eff, k, s, i, j, CHANGE)
    raise ValueError("unknown network effect")


def _column(every):
    """Compile a function that overwrites out[:n] with :func:`network_base` for n alters, in one loop for common terms.

    They are listed in `alters`, or the first n of all alters. Where `n_ties` is given, the first so many of the list
    are those to whom ego has a tie, and no other is; then the table of ties, which is large, need not be read.
    """

    @njit(cache=True, nogil=True)
    def column(eff, k, s, i, alters, n, out, n_ties=-1):
        own, code, a, p = eff.variable[k], eff.code[k], eff.a[k], eff.p[k]
        pair, net, var = a[3], a[0], a[1]
        no_back = code == PRODUCT and a[7] == 0 and a[4] == t.NO_DEGREE
        plain = no_back and a[5] == t.NO_DEGREE
        if network_spread(eff, k) == NOWHERE:
            out[:n] = network_base(eff, k, s, i, i)
        elif no_back and pair == t.ONE and a[6] <= t.ROOT and a[5] == t.IN_AFTER:
            root, centre = a[6] == t.ROOT, p[1]
            for q in range(n):
                j = q if every else np.int64(alters[q])
                tied = s.x[net, i, j] if n_ties < 0 or net != own else q < n_ties
                value = 1.0 + s.indeg[net, j] - tied
                out[q] = (np.sqrt(value) if root else value) - centre
        elif no_back and pair == t.ONE and a[6] <= t.ROOT and (a[5] == t.IN or a[5] == t.OUT):
            root, centre, degrees = a[6] == t.ROOT, p[1], s.indeg[net] if a[5] == t.IN else s.outdeg[net]
            for q in range(n):
                value = 1.0 * degrees[q if every else alters[q]]
                out[q] = (np.sqrt(value) if root else value) - centre
        elif plain and pair == t.BACK:
            for q in range(n):
                out[q] = s.x[own, q if every else alters[q], i]
        elif plain and pair == t.ALTER:
            for q in range(n):
                out[q] = s.v[var, q if every else alters[q]]
        elif plain and pair == t.SIMILAR:
            value, mean, size = s.v[var, i], p[2], p[3]
            for q in range(n):
                out[q] = 1 - abs(value - s.v[var, q if every else alters[q]]) / size - mean
        elif plain and pair == t.SAME:
            value = s.v[var, i]
            for q in range(n):
                out[q] = 1.0 if s.v[var, q if every else alters[q]] == value else 0.0
        elif plain and pair == t.EGO_ALTER:
            value = s.v[var, i]
            for q in range(n):
                out[q] = value * s.v[var, q if every else alters[q]]
        elif plain and (pair == t.DIFFERENCE or pair == t.ABS_DIFFERENCE):
            value, whatever = s.v[var, i], pair == t.DIFFERENCE
            for q in range(n):
                gap = s.v[var, q if every else alters[q]] - value
                out[q] = gap if whatever else abs(gap)
        elif plain and pair == t.DYADIC:
            for q in range(n):
                out[q] = s.w[a[2], i, q if every else alters[q]] - p[2]
        elif plain and pair == t.W:
            for q in range(n):
                out[q] = s.x[net, i, q if every else alters[q]]
        elif code == DEGREE:
            d = 1.0 * s.outdeg[own, i]
            gain = _of_degree(eff, k, s, i, d + 1) - _of_degree(eff, k, s, i, d)
            loss = _of_degree(eff, k, s, i, d) - _of_degree(eff, k, s, i, d - 1) if d > 0 else 0.0
            for q in range(n):
                tied = s.x[own, i, q if every else alters[q]] != 0 if n_ties < 0 else q < n_ties
                out[q] = loss if tied else gain
        elif code == PRODUCT:
            second, of_ego, of_alter, form, back = a[2], a[4], a[5], a[6], a[7]
            parameter, centre, mean, size = p[0], p[1], p[2], p[3]
            for q in range(n):
                j = q if every else np.int64(alters[q])
                out[q] = _product_of(
                    s, own, i, j, net, var, second, pair, of_ego, of_alter, form, back, parameter, centre, mean, size
                )
        elif code == BILINEAR:
            second, pair, g, other_pair, of_alter = a[2], a[4], a[5], a[6], a[7]
            parameter, mean, size = p[0], p[2], p[3]
            start, other_start = _bilinear_sums(eff, k, s, i, np.int64(-1))
            now = _bilinear_value(eff, k, start, other_start)
            for q in range(n):
                j = q if every else np.int64(alters[q])
                tied = s.x[own, i, j] != 0 if n_ties < 0 else q < n_ties
                if tied:
                    out[q] = _bilinear_change(eff, k, s, i, j)
                else:
                    more, further = _parts_of(
                        s, own, i, j, net, var, second, pair, g, other_pair, of_alter, parameter, mean, size
                    )
                    out[q] = _bilinear_value(eff, k, start + more, other_start + further) - now
        elif code == REACH and a[0] < 0 and a[6] < 0:
            first, forward = shape(a[7], 1.0, p[0]), a[3] == t.FORWARD
            one_mode, ends = not forward or not s.two_mode[a[2]], s.outdeg[a[2]] if forward else s.indeg[a[2]]
            for q in range(n):
                j = q if every else np.int64(alters[q])
                back = 0 if not one_mode else s.x[a[2], j, i] if forward else s.x[a[2], i, j]
                out[q] = first * (1.0 * ends[j] - back)
        elif has_local(eff, k) and code != REACH and not has_rest(eff, k):
            out[:n] = 0.0
        else:
            for q in range(n):
                out[q] = network_base(eff, k, s, i, q if every else np.int64(alters[q]))

    return column


network_column = _column(False)
network_row = _column(True)


@njit(cache=True, nogil=True)
def network_spread(eff, k):
    """For which alters D is no constant: NOWHERE, REACHED (0 but where ego or a local effect reaches), ANYWHERE."""
    a = eff.a[k]
    if eff.code[k] == NEAR and a[5] and a[3] != MEANS_SIMILAR:
        return NOWHERE
    if eff.code[k] == PRODUCT and a[5] == t.NO_DEGREE and a[7] == 0:
        of_ego = a[4] == t.NO_DEGREE or a[4] == t.IN or a[4] == t.IN_LAGGED
        if of_ego and (a[3] == t.ONE or a[3] == t.EGO):
            return NOWHERE
        if a[4] == t.NO_DEGREE and (a[3] == t.BACK or a[3] == t.W or a[3] == t.W_BACK or a[3] == t.W_BOTH):
            return REACHED
    if eff.code[k] == CYCLE or eff.code[k] == TRIAD or (eff.code[k] == PATH and eff.p[k, 4] == NO_REST):
        return REACHED
    return ANYWHERE


@njit(cache=True, nogil=True)
def is_reciprocity(eff, k):
    """Whether D is x_ji alone."""
    a = eff.a[k]
    plain = a[4] == t.NO_DEGREE and a[5] == t.NO_DEGREE and a[7] == 0
    return eff.code[k] == PRODUCT and plain and a[3] == t.BACK


@njit(cache=True, nogil=True)
def fill_curve(eff, k, curve):
    """Tabulate what 0, 1, 2, ... two-paths that a tie closes, or that end at the same node, count for effect k."""
    code = eff.code[k]
    for m in range(curve.shape[0] if code == PATH or code == REACH else 0):
        curve[m] = (eff.p[k, 1] if code == PATH else 1.0) * shape(eff.a[k, 7], float(m), eff.p[k, 0])


@njit(cache=True, nogil=True)
def _of_count(eff, k, curve, count):
    """What the two-paths that end at the same node count."""
    m = np.int64(count)
    return curve[k, m] if k < curve.shape[0] and m < curve.shape[1] else shape(eff.a[k, 7], count, eff.p[k, 0])


@njit(cache=True, nogil=True)
def has_local(eff, k):
    """Whether :func:`network_local` adds anything."""
    return eff.code[k] == PATH or eff.code[k] == REACH or eff.code[k] == CYCLE or eff.code[k] == TRIAD


@njit(cache=True, nogil=True)
def has_rest(eff, k):
    """Whether :func:`network_base` adds anything to the two-paths of a path effect."""
    return eff.code[k] == PATH and eff.p[k, 4] != NO_REST


@njit(cache=True, nogil=True)
def network_local(eff, k, s, i, scratch, out):
    """Add the rest of D to out[j] for alters reached over ties from i, and touch them."""
    code = eff.code[k]
    if code == PATH:
        _path_local(eff, k, s, i, scratch, out)
    elif code == REACH:
        _reach_local(eff, k, s, i, scratch, out)
    elif code == CYCLE:
        _cycle_local(eff, k, s, i, scratch, out)
    elif code == TRIAD:
        _triad_local(eff, k, s, i, scratch, out)


@njit(cache=True, nogil=True)
def whole_ego(eff, k):
    """Whether moments use `ego_statistic` instead of sums of `tie_statistic` over ties."""
    code = eff.code[k]
    if code == SPECIAL:
        return eff.a[k, 3] != ISOLATE_POPULARITY and eff.a[k, 3] < DEGREE_SUM
    if code == DEGREE:
        return eff.p[k, 5] == 0
    if code == BILINEAR:
        return eff.a[k, 3] == t.EXCESS
    return code == REACH or (code == USER_NETWORK and eff.p[k, OF_PAIR] == 0)


@njit(cache=True, nogil=True)
def tie_statistic(eff, k, s, i, j):
    """The term of the tie i -> j in state s; 0 where a covariate that it needs is missing."""
    if _unknown(eff, k, s, i, j):
        return 0.0
    code = eff.code[k]
    if code == PRODUCT:
        kind = eff.a[k, 5]
        if kind == t.OUT_LAGGED and eff.p[k, 0] <= 0:
            return degree(kind, s, eff.a[k, 0], j, i, j)
        return _product(eff, k, s, i, j)
    if code == NEAR:
        return _near(eff, k, s, i, j)
    if code == PATH:
        return _path_term(eff, k, s, i, j)
    if code == DEGREE:
        d = 1.0 * s.outdeg[eff.variable[k], i]
        share = _of_degree(eff, k, s, i, d) / d if d > 0 else 0.0
        return np.trunc(share) if eff.p[k, 5] == 2 else share
    if code == BILINEAR:
        return _bilinear_term(eff, k, s, i, j)
    if code == CYCLE:
        return _cycle_term(eff, k, s, i, j)
    if code == TRIAD:
        return _triad_term(eff, k, s, i, j)
    if code == SPECIAL:
        return _special_term(eff, k, s, i, j)
    if code == USER_NETWORK:
        return user_value(eff, k, s, i, j, CHANGE)
    raise ValueError("an effect that is not a sum over ties")


@njit(cache=True, nogil=True)
def has_short_sum(eff, k):
    """Whether :func:`short_sum` can do the effect, where nothing is missing and the current network is meant."""
    if eff.code[k] == PRODUCT:
        return eff.a[k, 5] < t.IN_LAGGED
    return is_plain_path(eff, k) and eff.p[k, 4] == NO_REST


@njit(cache=True, nogil=True)
def short_sum(eff, k, s, i, scratch, alters, out):
    """Sum of :func:`tie_statistic` over the ties of ego i; `alters` and `out` are overwritten."""
    own, a = eff.variable[k], eff.a[k]
    n, total = np.int64(s.outdeg[own, i]), 0.0
    for b in range(n):
        alters[b] = s.out[own, i, b]
    if eff.code[k] == PRODUCT:
        network_column(eff, k, s, i, alters, n, out, n)
        for b in range(n):
            total += out[b]
        return total
    _count_paths(s, a[0], a[1] == t.FORWARD, a[2], a[3] == t.FORWARD, i, scratch)
    counts, curve = scratch.counts, scratch.curve[k]
    for b in range(n):
        m = counts[alters[b]]
        total += curve[m] if m < curve.size else eff.p[k, 1] * shape(a[7], float(m), eff.p[k, 0])
    forget(s, scratch, own, i)
    return total


@njit(cache=True, nogil=True)
def ego_statistic(eff, k, s, i):
    """The statistic of ego i in state s, of an effect that is not a sum over ties."""
    if _unknown(eff, k, s, i, -1):
        return 0.0
    code = eff.code[k]
    if code == DEGREE:
        return _of_degree(eff, k, s, i, 1.0 * s.outdeg[eff.variable[k], i])
    if code == REACH:
        return _reach_statistic(eff, k, s, i)
    if code == BILINEAR:
        first, second = _bilinear_sums(eff, k, s, i, np.int64(-1))
        return _bilinear_value(eff, k, first, second)
    if code == SPECIAL:
        return _special_statistic(eff, k, s, i)
    if code == USER_NETWORK:
        return user_value(eff, k, s, i, i, STATISTIC)
    raise ValueError("an effect that is a sum over ties")


@njit(cache=True, nogil=True)
def network_features(eff, k):
    """What D depends on for alters without ties to or from ego: flags, the network of degrees, the actor variable."""
    code, own = eff.code[k], eff.variable[k]
    a = eff.a[k]
    flags, net, var = 0, own, -1
    if code == PRODUCT or code == BILINEAR:
        kind = a[5] if code == PRODUCT else a[7]
        net, var = a[0], a[1]
        flags = _degree_feature(kind)
        pairs = (a[3], a[3]) if code == PRODUCT else (a[4], a[6])
        for pair in pairs:
            if pair == t.DYADIC or pair == t.SAME_OF_TWO:
                flags |= DENSE
            elif pair == t.W_DEGREE_GAP:
                flags |= ALTER_OUT
            elif pair >= t.SIMILAR and not (pair == t.BACK or pair == t.EGO or pair == t.EGO_2):
                flags |= ALTER_VALUE
    elif code == PATH:
        if eff.p[k, 4] == BALANCE:
            flags = ALTER_OUT
        elif eff.p[k, 4] == IN_BALANCE:
            flags = ALTER_IN
    elif code == REACH:
        net = a[2]
        flags = ALTER_OUT if a[3] == t.FORWARD else ALTER_IN
        if a[0] >= 0 or a[6] >= 0:
            flags |= DENSE
    elif code == USER_NETWORK or (code == NEAR and not a[5]):
        flags = DENSE
    elif code == SPECIAL and (a[3] == LIKE_ALTERS or a[3] == LIKE_CATEGORY):
        flags, var = ALTER_VALUE, a[1]
    elif code == SPECIAL and a[3] >= DOUBLE_POPULARITY:
        flags = DENSE if a[3] == BROKERAGE or a[3] >= SHARED_TO else 0
    elif code == SPECIAL and a[3] != ISOLATE and a[3] != AVERAGE_DEGREE:
        flags = ALTER_IN | (0 if a[3] == IN_AT_LEAST or a[3] == DEGREE_SUM else ALTER_OUT)
    return flags, net, var


@njit(cache=True, nogil=True)
def _degree_feature(kind):
    if kind == t.IN or kind == t.IN_AFTER:
        return ALTER_IN
    if kind == t.OUT or kind == t.OUT_LAGGED:
        return ALTER_OUT
    if kind == t.MUTUAL or kind == t.MUTUAL_AFTER:
        return ALTER_MUTUAL
    return 0


@njit(cache=True, nogil=True)
def _unknown(eff, k, s, i, j):
    needs = np.int64(eff.p[k, 6])
    if needs == 0:
        return False
    var = eff.a[k, 6] if eff.code[k] == PATH else eff.a[k, 1]
    if needs & 1 and s.v_missing[var, i]:
        return True
    if j < 0:
        return False
    if needs & 2 and s.v_missing[var, j]:
        return True
    return needs & 4 != 0 and s.w_missing[eff.a[k, 2], i, j] != 0


@njit(cache=True, nogil=True)
def _product(eff, k, s, i, j):
    a, p = eff.a[k], eff.p[k]
    return _product_of(s, eff.variable[k], i, j, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], p[0], p[1], p[2], p[3])


@njit(inline="always")
def _product_of(s, own, i, j, net, var, second, pair, of_ego, of_alter, form, back, parameter, centre, mean, size):
    value = pair_term(pair, s, own, i, j, net, var, second, parameter, mean, size)
    if of_ego != t.NO_DEGREE:
        value *= shape(form, degree(of_ego, s, net, i, i, j), parameter) - centre
    if of_alter != t.NO_DEGREE:
        value *= shape(form, degree(of_alter, s, net, j, i, j), parameter) - centre
    return value * s.x[own, j, i] if back else value


@njit(cache=True, nogil=True)
def _of_degree(eff, k, s, i, d):
    var = eff.a[k, 1]
    p = eff.p[k, 0] if var < 0 else np.floor(s.v[var, i])
    return shape(eff.a[k, 3], d, p)


@njit(cache=True, nogil=True)
def _bilinear_parts(eff, k, s, i, j):
    """t_ij and u_ij."""
    a, p = eff.a[k], eff.p[k]
    return _parts_of(s, eff.variable[k], i, j, a[0], a[1], a[2], a[4], a[5], a[6], a[7], p[0], p[2], p[3])


@njit(inline="always")
def _parts_of(s, own, i, j, net, var, second, pair, g, other_pair, of_alter, parameter, mean, size):
    further = 0.0
    if g >= 0:
        further = pair_term(other_pair, s, own, i, j, net, var, second, parameter, mean, size)
        if of_alter != t.NO_DEGREE:
            further *= shape(t.POWER, degree(of_alter, s, net, j, i, j), parameter)
    return pair_term(pair, s, own, i, j, net, var, second, parameter, mean, size), further


@njit(cache=True, nogil=True)
def _bilinear_value(eff, k, first, second):
    value = shape(eff.a[k, 3], first, eff.p[k, 0])
    return value if eff.a[k, 5] < 0 else value * shape(eff.a[k, 5], second, eff.p[k, 0])


@njit(cache=True, nogil=True)
def _bilinear_sums(eff, k, s, i, omitted):
    """Sums of t_ij and u_ij over ego's ties but the one to `omitted`."""
    own = eff.variable[k]
    first, second = 0.0, 0.0
    for b in range(s.outdeg[own, i]):
        h = np.int64(s.out[own, i, b])
        if h != omitted:
            u, v = _bilinear_parts(eff, k, s, i, h)
            first += u
            second += v
    return first, second


@njit(cache=True, nogil=True)
def _bilinear_change(eff, k, s, i, j):
    first, second = _bilinear_sums(eff, k, s, i, j)
    u, v = _bilinear_parts(eff, k, s, i, j)
    return _bilinear_value(eff, k, first + u, second + v) - _bilinear_value(eff, k, first, second)


@njit(cache=True, nogil=True)
def _bilinear_term(eff, k, s, i, j):
    """The statistic of ego divided among its ties in proportion to t_ij (to u_ij with p[5] = 1)."""
    first, second = _bilinear_sums(eff, k, s, i, np.int64(-1))
    u, v = _bilinear_parts(eff, k, s, i, j)
    part, total = (v, second) if eff.p[k, 5] == 1 else (u, first)
    return _bilinear_value(eff, k, first, second) * part / total if total != 0 else 0.0


@njit(cache=True, nogil=True)
def _weight(eff, k, s, i, h, j):
    """c_ihj."""
    kind = eff.a[k, 5]
    if kind == PLAIN:
        return 1.0
    if kind == MIDDLE_INDEGREE:
        received = 1.0 * s.indeg[eff.a[k, 6], h]
        if eff.p[k, 0] == 2:
            return np.sqrt(received)
        return 1 / (received + 1) if eff.p[k, 0] == -1 else received
    if kind == MIDDLE_DYADIC:
        return s.w[eff.a[k, 6], i, h] - eff.p[k, 2]
    v = s.v[eff.a[k, 6]]
    if kind == MIDDLE:
        return v[h]
    if kind == ENDS_SIMILAR:
        return 1 - abs(v[i] - v[j]) / eff.p[k, 3] - eff.p[k, 2]
    if kind == ENDS_SAME:
        return 1.0 if v[i] == v[j] else 0.0
    if kind == ENDS_DIFFER:
        return 1.0 if v[i] != v[j] else 0.0
    if kind == ALL_SAME:
        return 1.0 if v[i] == v[j] and v[i] == v[h] else 0.0
    if kind == JUMP:
        return 1.0 if v[i] == v[h] and v[i] != v[j] else 0.0
    if kind == CONTRAST:
        return 1.0 if v[i] == v[j] and v[i] != v[h] else 0.0
    if kind == MIDDLE_SAME:
        return 1.0 if v[i] == v[h] else 0.0
    if kind == MIDDLE_DIFFERS:
        return 1.0 if v[i] != v[h] else 0.0
    if kind == ALL_DIFFER:
        return 1.0 if v[i] != v[j] and v[i] != v[h] and v[j] != v[h] else 0.0
    raise ValueError("unknown weight of a path")


@njit(cache=True, nogil=True)
def _path_rest(eff, k, s, i, j):
    own, rest, constant = eff.variable[k], eff.p[k, 4], eff.p[k, 5]
    back, there = 1.0 * s.x[own, j, i], 1.0 * s.x[own, i, j]
    if rest == BETWEEN:
        return s.indeg[own, i] - back
    if rest == BALANCE:
        return (s.n_actors - 2) * constant - 2 * (s.outdeg[own, i] - there) - (s.outdeg[own, j] - back)
    if rest == IN_BALANCE:
        return (s.n_actors - 2) * constant - (s.indeg[own, i] - back) - (s.indeg[own, j] - there)
    return 0.0


@njit(cache=True, nogil=True)
def _closed(eff, k, s, i, j, paths):
    """The contribution of the tie i -> j as the closure of `paths` two-paths."""
    rest = eff.p[k, 4]
    if rest < JACCARD_OUT:
        value = eff.p[k, 1] * shape(eff.a[k, 7], paths, eff.p[k, 0])
    else:
        net = eff.a[k, 0]
        degrees = s.outdeg[net, i] + s.outdeg[net, j] if rest == JACCARD_OUT else s.indeg[net, i] + s.indeg[net, j]
        value = paths / (degrees - paths) if degrees > paths else 0.0
    return value * s.x[eff.variable[k], j, i] if eff.a[k, 4] & 4 else value


@njit(cache=True, nogil=True)
def _first_leg(eff, k, s, i, j):
    """How much the tie i -> j would make of a first leg of the effect's kind."""
    direction = eff.a[k, 1]
    if direction == t.BOTH_WAYS:
        return 1.0 * s.x[eff.variable[k], j, i]
    if direction == t.EITHER_WAY:
        return 1.0 - s.x[eff.variable[k], j, i]
    return 1.0


@njit(cache=True, nogil=True)
def is_plain_path(eff, k):
    """Whether the effect counts unweighted two-paths of ties, apart from what :func:`network_base` adds."""
    return is_counted_path(eff, k) and (eff.a[k, 4] == 1 or (eff.a[k, 4] == 3 and eff.a[k, 7] == t.IDENTITY))


@njit(cache=True, nogil=True)
def is_counted_path(eff, k):
    """Whether the effect is a function of how many two-paths of ties a tie closes, as tables of two-paths tell it."""
    if eff.code[k] != PATH:
        return False
    a = eff.a[k]
    one_way = a[1] <= t.BACKWARD and a[3] <= t.BACKWARD and a[5] == PLAIN
    closes = a[4] == 1 or a[4] == 5 or ((a[4] == 3 or a[4] == 7) and a[1] == t.FORWARD)
    return one_way and closes and eff.p[k, 4] < JACCARD_OUT


@njit(cache=True, nogil=True)
def _plain_path_local(eff, k, s, i, scratch, out):
    """:func:`_path_local` for unweighted two-paths of ties, by far the commonest.

    Ego may get a value too: nobody reads it. Two-paths of the same legs are counted once for all effects of a ministep.
    """
    own, a, curve, known = eff.variable[k], eff.a[k], scratch.curve[k], scratch.known
    second, forward = a[2], a[3] == t.FORWARD
    if known[0] != a[0] or known[1] != a[1] or known[2] != second or known[3] != a[3]:
        _count_paths(s, a[0], a[1] == t.FORWARD, second, forward, i, scratch)
        known[0], known[1], known[2], known[3] = a[0], a[1], second, a[3]
    counts, nodes = scratch.counts, scratch.counted
    for b in range(known[4]):
        j = nodes[b]
        m = counts[j]
        out[j] += curve[m] if m < curve.size else eff.p[k, 1] * shape(a[7], float(m), eff.p[k, 0])
    if a[4] == 1:
        return
    step, n, mark, touched = eff.p[k, 1], scratch.n_touched[0], scratch.mark, scratch.touched
    for b in range(s.outdeg[own, i]):
        h = s.out[own, i, b]
        for c in range(s.indeg[second, h] if forward else s.outdeg[second, h]):
            j = s.inn[second, h, c] if forward else s.out[second, h, c]
            out[j] += step
            touched[n] = j
            n += mark[j] == 0
            mark[j] = 1
    scratch.n_touched[0] = n


@njit(cache=True, nogil=True)
def _count_paths(s, first, from_ego, second, forward, i, scratch):
    """Count the two-paths from i, and touch where they lead; :func:`forget_paths` empties the list."""
    forget_paths(scratch)
    counts, nodes, n_nodes = scratch.counts, scratch.counted, 0
    n, mark, touched = scratch.n_touched[0], scratch.mark, scratch.touched
    for b in range(s.outdeg[first, i] if from_ego else s.indeg[first, i]):
        h = s.out[first, i, b] if from_ego else s.inn[first, i, b]
        for c in range(s.outdeg[second, h] if forward else s.indeg[second, h]):
            j = s.out[second, h, c] if forward else s.inn[second, h, c]
            nodes[n_nodes] = j
            n_nodes += counts[j] == 0
            counts[j] += 1
            touched[n] = j
            n += mark[j] == 0
            mark[j] = 1
    scratch.n_touched[0] = n
    scratch.known[4] = n_nodes


@njit(cache=True, nogil=True)
def forget_paths(scratch):
    """Forget the two-paths that were counted last."""
    for b in range(scratch.known[4]):
        scratch.counts[scratch.counted[b]] = 0
    scratch.known[0] = -1
    scratch.known[4] = 0


@njit(cache=True, nogil=True)
def forget(s, scratch, r, i):
    """Empty the list of touched alters, and forget what was counted for this ego."""
    forget_paths(scratch)
    for q in range(scratch.n_touched[0]):
        scratch.mark[scratch.touched[q]] = 0
    scratch.n_touched[0] = 0
    if not s.two_mode[r]:
        scratch.mark[i] = 0


@njit(cache=True, nogil=True)
def _path_local(eff, k, s, i, scratch, out):
    if k < scratch.curve.shape[0] and is_plain_path(eff, k):
        _plain_path_local(eff, k, s, i, scratch, out)
        return
    own, a, p = eff.variable[k], eff.a[k], eff.p[k]
    one_mode = not s.two_mode[own]
    node, weight, paths = scratch.node, scratch.weight, scratch.paths
    linear = a[7] == t.IDENTITY
    reached = 0
    if a[4] & 1:
        n_first = neighbours(s, a[0], a[1], i, node[0], weight[0])
        for b in range(n_first):
            h = np.int64(node[0, b])
            n_second = neighbours(s, a[2], a[3], h, node[1], weight[1])
            for c in range(n_second):
                j = np.int64(node[1, c])
                if one_mode and j == i:
                    continue
                value = weight[0, b] * weight[1, c] * _weight(eff, k, s, i, h, j)
                if value != 0.0:
                    if paths[j] == 0.0:
                        scratch.reached[reached % scratch.reached.size] = j
                        reached += 1
                    paths[j] += value
    if a[4] & 2:
        for b in range(s.outdeg[own, i]):
            h = np.int64(s.out[own, i, b])
            if a[4] & 4 and not s.x[own, h, i]:
                continue
            n_second = neighbours(s, a[2], reverse(a[3]), h, node[1], weight[1])
            for c in range(n_second):
                j = np.int64(node[1, c])
                if one_mode and j == i:
                    continue
                value = weight[1, c] * _first_leg(eff, k, s, i, j) * _weight(eff, k, s, i, j, h)
                if value == 0.0:
                    continue
                if linear:
                    out[j] += p[1] * value
                else:
                    before = paths[h] - (value if s.x[own, i, j] else 0.0)
                    out[j] += p[1] * (shape(a[7], before + value, p[0]) - shape(a[7], before, p[0]))
                touch(scratch, j)
    room = scratch.reached.size  # weights that cancel list a node again: with too many of them, all are gone through
    for b in range(min(reached, room)):
        j = np.int64(scratch.reached[b] if reached <= room else b)
        if paths[j] != 0.0:
            out[j] += _closed(eff, k, s, i, j, paths[j])
            paths[j] = 0.0
            touch(scratch, j)


@njit(cache=True, nogil=True)
def _path_term(eff, k, s, i, j):
    own, a, p = eff.variable[k], eff.a[k], eff.p[k]
    if a[4] & 16:
        total = 0.0
        for b in range(s.indeg[own, i]):
            h = np.int64(s.inn[own, i, b])
            total += leg(s, a[0], a[1], h, j)
        return p[1] * total
    closes = (a[4] & 1 != 0) != (a[4] & 8 != 0)
    total = 0.0
    if closes and p[4] != BALANCE:
        total = _closed(eff, k, s, i, j, _paths_between(eff, k, s, i, j))
    else:  # of balance, only the shared choices are in the term of a tie
        for b in range(s.outdeg[own, i]):
            h = np.int64(s.out[own, i, b])
            if h != j:
                total += p[1] * leg(s, a[2], a[3], j, h) * _weight(eff, k, s, i, j, h)
    if p[4] != NO_REST:
        total += _path_rest(eff, k, s, i, j)
        if p[4] == BALANCE:
            total += s.outdeg[own, i] - s.x[own, i, j]
    return total


@njit(cache=True, nogil=True)
def _paths_between(eff, k, s, i, j):
    a = eff.a[k]
    total = 0.0
    if a[1] == t.FORWARD:
        for b in range(s.outdeg[a[0], i]):
            h = s.out[a[0], i, b]
            total += leg(s, a[2], a[3], h, j) * _weight(eff, k, s, i, h, j)
    else:
        for h in range(s.x.shape[1]):
            first = leg(s, a[0], a[1], i, h)
            if first != 0.0:
                total += first * leg(s, a[2], a[3], h, j) * _weight(eff, k, s, i, h, j)
    return total


@njit(cache=True, nogil=True)
def _reach_base(eff, k, s, i, j):
    """As if every two-path were the first one to its end."""
    a, p = eff.a[k], eff.p[k]
    first = shape(a[7], 1.0, p[0])
    net, forward = a[2], a[3] == t.FORWARD
    one_mode, total = not forward or not s.two_mode[net], 0.0
    for b in range(s.outdeg[net, j] if forward else s.indeg[net, j]):
        h = np.int64(s.out[net, j, b] if forward else s.inn[net, j, b])
        if not (one_mode and h == i):
            total += _reach_value(eff, k, s, i, h)
    return first * total


@njit(cache=True, nogil=True)
def _reach_value(eff, k, s, i, h):
    if eff.a[k, 0] >= 0:
        return 1.0 * s.x[eff.a[k, 0], i, h]
    return 1.0 if eff.a[k, 6] < 0 else s.v[eff.a[k, 6], h]


@njit(cache=True, nogil=True)
def _reach_local(eff, k, s, i, scratch, out):
    own, a = eff.variable[k], eff.a[k]
    node, weight, paths = scratch.node, scratch.weight, scratch.paths
    one_mode = not s.two_mode[own]
    curve = scratch.curve
    first = _of_count(eff, k, curve, 1.0)
    reached = 0
    for b in range(s.outdeg[own, i]):
        n = neighbours(s, a[2], a[3], np.int64(s.out[own, i, b]), node[0], weight[0])
        for c in range(n):
            h = np.int64(node[0, c])
            if h != i:
                if paths[h] == 0.0:
                    scratch.reached[reached] = h
                    reached += 1
                paths[h] += 1.0
    for b in range(reached + (s.outdeg[own, i] if a[4] else 0)):
        h = np.int64(scratch.reached[b] if b < reached else s.out[own, i, b - reached])
        tied = a[4] != 0 and s.x[own, i, h] != 0
        value = _reach_value(eff, k, s, i, h)
        if b < reached and a[4]:
            out[h] -= value * _of_count(eff, k, curve, paths[h])
            touch(scratch, h)
        if tied and b < reached:
            continue
        n = neighbours(s, a[2], reverse(a[3]), h, node[0], weight[0])
        for c in range(n):
            j = np.int64(node[0, c])
            if one_mode and j == i:
                continue
            before = paths[h] - s.x[own, i, j]
            gain = 0.0 if tied else _of_count(eff, k, curve, before + 1) - _of_count(eff, k, curve, before)
            out[j] += value * (gain - first)
            touch(scratch, j)
    for b in range(reached):
        paths[scratch.reached[b]] = 0.0


@njit(cache=True, nogil=True)
def _reach_statistic(eff, k, s, i):
    own, a, p = eff.variable[k], eff.a[k], eff.p[k]
    total = 0.0
    for h in range(s.x.shape[1]):
        if h == i or (a[4] and s.x[own, i, h]):
            continue
        count = 0.0
        for b in range(s.outdeg[own, i]):
            count += leg(s, a[2], a[3], np.int64(s.out[own, i, b]), h)
        if count > 0:
            total += _reach_value(eff, k, s, i, h) * shape(a[7], count, p[0])
    return total


@njit(cache=True, nogil=True)
def _cycle_weight(eff, k, s, i, h, j, m):
    """1 if the ends i, h and the ends j, m of a four-cycle agree as asked."""
    same, shared = eff.a[k, 1], eff.a[k, 2]
    if same >= 0 and s.v[same, i] != s.v[same, h]:
        return 0.0
    if shared >= 0 and s.v[shared, j] != s.v[shared, m]:
        return 0.0
    return 1.0


@njit(cache=True, nogil=True)
def _cycle_local(eff, k, s, i, scratch, out):
    own = eff.variable[k]
    one_mode = not s.two_mode[own]
    for b in range(s.outdeg[own, i]):
        m = np.int64(s.out[own, i, b])
        for c in range(s.indeg[own, m]):
            h = np.int64(s.inn[own, m, c])
            if h == i:
                continue
            for e in range(s.outdeg[own, h]):
                j = np.int64(s.out[own, h, e])
                if j != m and not (one_mode and j == i):
                    out[j] += _cycle_weight(eff, k, s, i, h, j, m)
                    touch(scratch, j)
    if eff.p[k, 0] != 2:
        return
    total = 0.0
    for b in range(s.outdeg[own, i]):
        total += out[s.out[own, i, b]] / 2
    for alter in range(s.n_columns[own]):
        if out[alter] > 0:
            without = total - out[alter] * s.x[own, i, alter]
            out[alter] = np.sqrt(without + out[alter]) - np.sqrt(without)


@njit(cache=True, nogil=True)
def _cycle_term(eff, k, s, i, j):
    own = eff.variable[k]
    total = 0.0
    for b in range(s.outdeg[own, i]):
        m = np.int64(s.out[own, i, b])
        if m == j:
            continue
        for c in range(s.indeg[own, m]):
            h = np.int64(s.inn[own, m, c])
            if h != i and s.x[own, h, j]:
                total += _cycle_weight(eff, k, s, i, h, j, m)
    return np.sqrt(total) if eff.p[k, 0] == 2 else total


@njit(cache=True, nogil=True)
def _triad_others(s, own, i, j, h):
    """Ties among i, j, h other than i -> j."""
    x = s.x[own]
    return 0 + x[j, i] + x[i, h] + x[h, i] + x[j, h] + x[h, j]


@njit(cache=True, nogil=True)
def _triad_local(eff, k, s, i, scratch, out):
    own, least = eff.variable[k], eff.p[k, 0]
    node, weight = scratch.node, scratch.weight
    n = neighbours(s, own, t.EITHER_WAY, i, node[0], weight[0])
    for b in range(n):
        h = np.int64(node[0, b])
        n_second = neighbours(s, own, t.EITHER_WAY, h, node[1], weight[1])
        for c in range(n_second):
            j = np.int64(node[1, c])
            if j != i:
                others, tied = _triad_others(s, own, i, j, h), 1.0 * s.x[own, i, h]
                out[j] += (1 + tied) * (others + 1 >= least) - tied * (others >= least)
                touch(scratch, j)


@njit(cache=True, nogil=True)
def _triad_term(eff, k, s, i, j):
    own = eff.variable[k]
    total = 0.0
    for h in range(s.n_actors):
        if h != i and h != j and _triad_others(s, own, i, j, h) + s.x[own, i, j] >= eff.p[k, 0]:
            total += 1.0
    return total


@njit(cache=True, nogil=True)
def _special_change(eff, k, s, i, j):
    own, which, p = eff.variable[k], eff.a[k, 3], eff.p[k, 0]
    there = 1.0 * s.x[own, i, j]
    both = not s.directed[own] and not s.two_mode[own]
    d, received = s.outdeg[own, i] - there, s.indeg[own, j] - there
    if which == LIKE_ALTERS:
        return 2 * (_like_alter(eff, k, s, i, j) - there) + 1
    if which == LIKE_CATEGORY:
        group, like = t.category(s.v[eff.a[k, 1], j]), _like_alter(eff, k, s, i, j)
        mine = like - there if group > 0 else 0.0
        return (mine + 1) * _of_category(eff, k, s, mine + 1, group) - mine * _of_category(eff, k, s, mine, group)
    if which >= DOUBLE_POPULARITY:
        return _elsewhere(eff, k, s, i, j, 1.0 - there)
    if which == ISOLATE:
        return -1.0 if d == 0 and s.indeg[own, i] - (there if both else 0.0) == 0 else 0.0
    if which == IN_AT_LEAST:
        return 1.0 if received == p - 1 else 0.0
    if which == AVERAGE_DEGREE:
        cells = 2.0 if both else 1.0
        return (s.n_ties[own] - cells * there + cells * (d + 1)) / s.n_actors - p
    if which == DEGREE_SUM:
        if p == 2:
            return np.sqrt(received + 1) + (d + 1) * np.sqrt(d + 1) - d * np.sqrt(d) - eff.p[k, 1]
        return received + 1 + 2 * d + 1 - eff.p[k, 1]
    return 1.0 if received == 0 and s.outdeg[own, j] == 0 else 0.0


@njit(cache=True, nogil=True)
def _like_alter(eff, k, s, i, j):
    """Number of ego's alters with alter j's value, or in alter j's category."""
    own, var = eff.variable[k], eff.a[k, 1]
    rounded = eff.a[k, 3] == LIKE_CATEGORY
    total = 0.0
    for b in range(s.outdeg[own, i]):
        one, other = s.v[var, s.out[own, i, b]], s.v[var, j]
        if one == other or (rounded and t.category(one) == t.category(other)):
            total += 1.0
    return total


@njit(cache=True, nogil=True)
def _of_category(eff, k, s, number, group):
    """What a tie to a member of a category is worth, `number` of whom ego has ties to."""
    if group == 0:
        return 0.0
    size = 1.0
    if eff.p[k, 0] >= 3:
        members = 0
        for h in range(s.n_columns[eff.variable[k]]):
            members += t.category(s.v[eff.a[k, 1], h]) == group
        size = 1.0 * members
    return np.sqrt(number / size) if eff.p[k, 0] == 2 or eff.p[k, 0] == 4 else number / size


@njit(cache=True, nogil=True)
def _elsewhere(eff, k, s, i, j, further):
    """A term of alter's, or ego's, place in another network.

    DOUBLE_POPULARITY: ties to alter in both networks and `further` ones, if i -> j is there too. BROKERAGE: pairs
    h -> j -> k without h -> k. REACHED_IN_TWO: members who share a choice of ego's, and to whom ego has no tie.
    SHARED_TO, SHARED_AVERAGE: choices there that ego shares with others who choose alter; that of all whom ego shares
    choices with.
    """
    own, net, which, count = eff.variable[k], eff.a[k, 0], eff.a[k, 3], 0.0
    if which == DOUBLE_POPULARITY:
        if not s.x[net, i, j]:
            return 0.0
        count = further
        for b in range(s.indeg[own, j]):
            count += s.x[net, s.inn[own, j, b], j]
        return np.sqrt(count) if eff.p[k, 0] == 2 else count
    if which == BROKERAGE:
        for b in range(s.indeg[net, j]):
            h = s.inn[net, j, b]
            for c in range(s.outdeg[net, j]):
                m = s.out[net, j, c]
                count += m != h and not s.x[net, h, m]
        return count ** (1 / eff.p[k, 0])
    if which >= SHARED_TO:
        total, root = 0.0, eff.p[k, 0] == 2 or eff.p[k, 0] == 4
        for h in range(s.n_actors):
            chooses = s.x[own, h, j] != 0
            if h == i or (which == SHARED_TO and not chooses):
                continue
            shared = 0.0
            for b in range(s.outdeg[net, i]):
                shared += s.x[net, h, s.out[net, i, b]]
            shared = (np.sqrt(shared) if root else shared) - eff.p[k, 1]
            total += shared
            count += shared if chooses else 0.0
        return count if which == SHARED_TO else count / total if total > 0 else 0.0
    for h in range(s.n_actors):
        if h != i and (s.two_mode[net] or not s.x[net, i, h]):
            for b in range(s.outdeg[net, i]):
                if s.x[net, h, s.out[net, i, b]]:
                    count += 1
                    break
    return np.sqrt(count) if eff.p[k, 0] == 2 else count


@njit(cache=True, nogil=True)
def _special_term(eff, k, s, i, j):
    own = eff.variable[k]
    if eff.a[k, 3] == LIKE_ALTERS:
        return _like_alter(eff, k, s, i, j)
    if eff.a[k, 3] == LIKE_CATEGORY:
        return _of_category(eff, k, s, _like_alter(eff, k, s, i, j), t.category(s.v[eff.a[k, 1], j]))
    if eff.a[k, 3] >= DOUBLE_POPULARITY:
        return _elsewhere(eff, k, s, i, j, 1.0 - s.x[own, i, j])
    if eff.a[k, 3] == DEGREE_SUM:
        first, second = 1.0 * s.outdeg[own, i], 1.0 * s.outdeg[own, j]
        if eff.p[k, 0] == 2:
            first, second = np.sqrt(first), np.sqrt(second)
        return first + second - eff.p[k, 1]
    return 1.0 if s.indeg[own, j] == 1 and s.outdeg[own, j] == 0 else 0.0


@njit(cache=True, nogil=True)
def _special_statistic(eff, k, s, i):
    """Statistics of alters are divided among those who name them, so that they add up to the number of alters."""
    own, which, p = eff.variable[k], eff.a[k, 3], eff.p[k, 0]
    if which == ISOLATE:
        return 1.0 if s.outdeg[own, i] == 0 and s.indeg[own, i] == 0 else 0.0
    if which == AVERAGE_DEGREE:
        return s.outdeg[own, i] * (s.n_ties[own] / s.n_actors - p)
    total = 0.0
    for b in range(s.outdeg[own, i]):
        j = np.int64(s.out[own, i, b])
        if which == IN_AT_LEAST:
            total += (s.indeg[own, j] >= p) / s.indeg[own, j]
        else:
            total += (s.outdeg[own, j] == 0) / s.indeg[own, j]
    return total


@njit(cache=True, nogil=True)
def _summary(eff, k, s, center, i, j):
    """Sum of v, number of the same value as ego, and number of neighbours, over the neighbours of a node."""
    net, var, direction, ego = eff.a[k, 0], eff.a[k, 1], eff.a[k, 2], eff.a[k, 4]
    if eff.a[k, 7] >= 0:
        return _summed_degrees(eff, k, s, center, i)
    v = s.v[var]
    if direction == EVERYBODY:
        return v[: s.n_actors].sum(), 0, s.n_actors
    n = s.outdeg[net, center] if direction == t.FORWARD else s.indeg[net, center]
    total, same, number = 0.0, 0, 0
    if ego == 2:
        total, same, number = v[i], 1, 1
    for b in range(n):
        h = np.int64(s.out[net, center, b] if direction == t.FORWARD else s.inn[net, center, b])
        if h != i or ego == 0:
            total += v[h]
            same += v[h] == v[i]
            number += 1
    return total, same, number


@njit(cache=True, nogil=True)
def _summed_degrees(eff, k, s, center, i):
    """Sum of centred degrees, and the number, of the neighbours of a node (but ego, if ego is left out)."""
    net, total, number = eff.a[k, 0], 0.0, 0
    degrees = s.indeg[eff.a[k, 7]] if eff.p[k, 4] else s.outdeg[eff.a[k, 7]]
    root = eff.p[k, 0] == 2 or eff.p[k, 0] == 4
    forward = eff.a[k, 2] == t.FORWARD
    for b in range(s.outdeg[net, center] if forward else s.indeg[net, center]):
        h = np.int64(s.out[net, center, b] if forward else s.inn[net, center, b])
        if h != i or eff.a[k, 4] == 0:
            total += (np.sqrt(degrees[h]) if root else degrees[h]) - eff.p[k, 1]
            number += 1
    return total, 0, number


@njit(cache=True, nogil=True)
def _near(eff, k, s, i, j):
    kind = eff.a[k, 3]
    total, same, number = _summary(eff, k, s, i if eff.a[k, 5] else j, i, j)
    mean = total / number if number > 0 else 0.0
    if kind == TOTAL:
        return shape(eff.a[k, 6], total, 0.0)
    if kind == MEAN:
        return mean
    if kind == EGO_SIMILAR:
        return 1 - abs(s.v[eff.a[k, 1], i] - mean) / eff.p[k, 3] - eff.p[k, 2]
    if kind == MEANS_SIMILAR:
        total, same, number = _summary(eff, k, s, i, i, j)
        own = total / number if number > 0 else 0.0
        return 1 - abs(own - mean) / eff.p[k, 3] - eff.p[k, 2]
    if kind == SHARE_SAME:
        return shape(eff.a[k, 6], same / number, 0.0) if number > 0 else 0.0
    if kind == N_SAME:
        return shape(eff.a[k, 6], 1.0 * same, 0.0)
    if kind == N_DIFFERENT:
        return shape(eff.a[k, 6], 1.0 * (number - same), 0.0)
    if kind == ANY_SAME:
        return 1.0 if same > 0 else 0.0
    if kind == PART_OF_SAME or kind == PART_OF_DIFFERENT:
        like = (s.v[eff.a[k, 1], : s.n_actors] == s.v[eff.a[k, 1], i]).sum()
        if kind == PART_OF_SAME:
            return shape(eff.a[k, 6], same / like, 0.0)
        return shape(eff.a[k, 6], (number - same) / (s.n_actors - like), 0.0) if like < s.n_actors else 0.0
    raise ValueError("unknown summary of neighbours")

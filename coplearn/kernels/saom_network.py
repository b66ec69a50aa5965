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
           indegrees instead, mean over nobody
=========  ==========================================================================================================
"""

import numpy as np
from numba import njit

from coplearn.kernels import saom_network_terms as t
from coplearn.kernels.saom_network_configurations import (
    cycle_local,
    cycle_term,
    reach_base,
    reach_local,
    reach_statistic,
    triad_local,
    triad_term,
)
from coplearn.kernels.saom_network_paths import count_paths, forget, is_plain_path, path_local, path_rest, path_term
from coplearn.kernels.saom_network_special import near, of_unknown, special_change, special_statistic, special_term
from coplearn.kernels.saom_network_sums import (
    bilinear_change,
    bilinear_sums,
    bilinear_term,
    bilinear_value,
    of_degree,
    parts_of,
    product,
    product_as_is,
    product_of,
)
from coplearn.kernels.saom_network_terms import (
    ALTER_IN,
    ALTER_MUTUAL,
    ALTER_OUT,
    ALTER_VALUE,
    ANYWHERE,
    AVERAGE_DEGREE,
    BALANCE,
    BILINEAR,
    BROKERAGE,
    CYCLE,
    DEGREE,
    DEGREE_SUM,
    DENSE,
    DOUBLE_POPULARITY,
    IN_AT_LEAST,
    IN_BALANCE,
    ISOLATE,
    ISOLATE_POPULARITY,
    LIKE_ALTERS,
    LIKE_CATEGORY,
    MEANS_SIMILAR,
    NEAR,
    NO_REST,
    NOWHERE,
    PATH,
    PRODUCT,
    REACH,
    REACHED,
    SHARED_TO,
    SPECIAL,
    TRIAD,
    degree,
    shape,
)
from coplearn.kernels.saom_user import CHANGE, OF_PAIR, STATISTIC, USER_NETWORK, user_value


@njit(cache=True, nogil=True)
def network_base(eff, k, s, i, j):
    """The part of D[j] that is there for any alter."""
    code = eff.code[k]
    if code == PRODUCT:
        return product(eff, k, s, i, j)
    if code == DEGREE:
        d = 1.0 * s.outdeg[eff.variable[k], i] - s.x[eff.variable[k], i, j]
        return of_degree(eff, k, s, i, d + 1) - of_degree(eff, k, s, i, d)
    if code == PATH:
        return path_rest(eff, k, s, i, j) if eff.p[k, 4] != NO_REST else 0.0
    if code == BILINEAR:
        return bilinear_change(eff, k, s, i, j)
    if code == REACH:
        return reach_base(eff, k, s, i, j)
    if code == SPECIAL:
        return special_change(eff, k, s, i, j)
    if code == NEAR:
        return near(eff, k, s, i, j)
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
            gain = of_degree(eff, k, s, i, d + 1) - of_degree(eff, k, s, i, d)
            loss = of_degree(eff, k, s, i, d) - of_degree(eff, k, s, i, d - 1) if d > 0 else 0.0
            for q in range(n):
                tied = s.x[own, i, q if every else alters[q]] != 0 if n_ties < 0 else q < n_ties
                out[q] = loss if tied else gain
        elif code == PRODUCT:
            second, of_ego, of_alter, form, back = a[2], a[4], a[5], a[6], a[7]
            parameter, centre, mean, size = p[0], p[1], p[2], p[3]
            for q in range(n):
                j = q if every else np.int64(alters[q])
                out[q] = product_of(
                    s, own, i, j, net, var, second, pair, of_ego, of_alter, form, back, parameter, centre, mean, size
                )
        elif code == BILINEAR:
            second, pair, g, other_pair, of_alter = a[2], a[4], a[5], a[6], a[7]
            parameter, mean, size = p[0], p[2], p[3]
            start, other_start = bilinear_sums(eff, k, s, i, np.int64(-1))
            now = bilinear_value(eff, k, start, other_start)
            for q in range(n):
                j = q if every else np.int64(alters[q])
                tied = s.x[own, i, j] != 0 if n_ties < 0 else q < n_ties
                if tied:
                    out[q] = bilinear_change(eff, k, s, i, j)
                else:
                    more, further = parts_of(
                        s, own, i, j, net, var, second, pair, g, other_pair, of_alter, parameter, mean, size
                    )
                    out[q] = bilinear_value(eff, k, start + more, other_start + further) - now
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
        path_local(eff, k, s, i, scratch, out)
    elif code == REACH:
        reach_local(eff, k, s, i, scratch, out)
    elif code == CYCLE:
        cycle_local(eff, k, s, i, scratch, out)
    elif code == TRIAD:
        triad_local(eff, k, s, i, scratch, out)


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
    """The term of the tie i -> j in state s; 0 where a covariate that it needs is missing.

    The state holds the tie, unless it is one that was lost and whose value at the start is missing.
    """
    if _unknown(eff, k, s, i, j):
        return 0.0
    code = eff.code[k]
    if code == PRODUCT:
        kind = eff.a[k, 5]
        if kind == t.OUT_LAGGED and eff.p[k, 0] <= 0:
            return degree(kind, s, eff.a[k, 0], j, i, j)
        return product_as_is(eff, k, s, i, j)
    if code == NEAR:
        return 0.0 if of_unknown(eff, k, s, i, j) else near(eff, k, s, i, j, True)
    if code == PATH:
        return path_term(eff, k, s, i, j)
    if code == DEGREE:
        d = 1.0 * s.outdeg[eff.variable[k], i]
        share = of_degree(eff, k, s, i, d) / d if d > 0 else 0.0
        return np.trunc(share) if eff.p[k, 5] == 2 else share
    if code == BILINEAR:
        return bilinear_term(eff, k, s, i, j)
    if code == CYCLE:
        return cycle_term(eff, k, s, i, j)
    if code == TRIAD:
        return triad_term(eff, k, s, i, j)
    if code == SPECIAL:
        return special_term(eff, k, s, i, j)
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
    count_paths(s, a[0], a[1] == t.FORWARD, a[2], a[3] == t.FORWARD, i, scratch)
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
        return of_degree(eff, k, s, i, 1.0 * s.outdeg[eff.variable[k], i])
    if code == REACH:
        return reach_statistic(eff, k, s, i)
    if code == BILINEAR:
        first, second = bilinear_sums(eff, k, s, i, np.int64(-1))
        return bilinear_value(eff, k, first, second)
    if code == SPECIAL:
        return special_statistic(eff, k, s, i)
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
    elif code == SPECIAL and a[3] == t.TIES_OF_CATEGORIES:
        flags, var = ALTER_VALUE, a[4]
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

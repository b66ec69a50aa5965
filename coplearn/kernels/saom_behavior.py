"""Effects on behavior, as numbers: what actor i would gain from a step of z_i.

Nearly every effect of the literature is a point of a small grammar. An aggregate (total, average, maximum, minimum,
variance, or whether there is nobody) is taken over alters (out-, in- or mutual neighbours in a network, or whoever is
two steps away) of a term (their behavior, a variable of theirs, similarity with ego, attraction from above or from
below, a dyadic variable, or 1), each alter perhaps weighted (by a variable, by popularity, by a dyadic variable) or
left out (if it differs from ego, if it is no neighbour in a second network), and the whole may be moderated by ego.
The result is either the statistic s_i itself or a factor g_i of s_i = z_i g_i. Four codes with arguments say it all::

    ALTERS, TWO_STEPS   a = network, variable of the term, variable of the weight or moderator, dyadic, second network,
                            alters' side, aggregate, packed(term, weight, moderator, second side)
    GROUP               a[6] = aggregate, a[0] = network whose in-degrees weight, or -1
    the others          see the constants below

    p = internal parameter, similarity mean, range, reference variance (of a covariate: its value for nobody), dyadic
        mean, centring (a choice below),
        0 for s_i, 1 for s_i = z_i g_i, 2 for the same with z_i also in g_i, rule of moments (below)

z_i is centred as in the state (row C + b of ``s.v``) unless the centring says otherwise. An actor marked in
``s.v_missing`` of the behavior contributes no statistic. As an alter it is average: its behavior is the mean, also in
the number that an average divides by; of similarity and attraction, which compare it with ego, it is left out.

Sources: Steglich, Snijders & Pearson (2010), doi:10.1111/j.1467-9531.2010.01225.x; the formulas as in the catalogue.
"""

import numpy as np
from numba import njit

from coplearn.kernels.saom_user import CHANGE, STATISTIC, USER_BEHAVIOR, user_value

OUT, IN, MUTUAL = 0, 1, 2
TOTAL, AVERAGE, MAXIMUM, MINIMUM, VARIANCE, NOBODY = 0, 1, 2, 3, 4, 5
VALUE, SIMILARITY, HIGHER, LOWER, SAME, PAIR, ONE = 0, 1, 2, 3, 4, 5, 6  # terms
PLAIN, BY_ALTER, IF_SAME, IF_DIFFERENT, BY_POPULARITY, BY_PAIR, IF_SECOND = 0, 1, 2, 3, 4, 5, 6  # weights
UNMODERATED, EGO_VALUE, EGO_POPULARITY, ALTER_VARIANCE = 0, 1, 2, 3  # moderators
CENTRED, CONTEMPORARY, RAW = 0, 1, 2  # centring
START, END, BEYOND = 0, 1, 2  # states of the behavior that moments look at; beyond: as far again as it went

# Rules of moments. Ours: statistics at the end; of creation (endowment) effects, those of actors who went up (down), at
# the end minus at the start. The others are what RSiena reports.
OURS = 0
AGAIN = 1  # creation: beyond minus end
DISTANCE = 2  # without moderator and in units of behavior: creation end minus beyond, endowment start minus end
FACTOR = 3  # as AGAIN, of g_i instead of z_i g_i
OWN_STEP = 4  # ego's step times g_i at the end
AT_END = 5  # minus the statistic at the end for creation, plus for endowment
NO_BEHAVIOR = 6  # alters counted instead of their similarity
STEPS = 7  # minus ego's step times the statistic at the end
TWICE = 8  # as AGAIN, times z_i at the end once more
ALONE = 9  # ego alone moves, from the start: for creation to its end; for endowment as far the other way, with minus
SPREAD = 10  # as AGAIN, but the reference variance counts for all who moved, up or down, and have alters

INTERACTION = 999
LINEAR = 500  # g = 1
QUADRATIC = 501  # s = z^2
THRESHOLD = 502  # s = 1{z >= p}, z not centred
NEAR = 503  # s = sum over everybody else of max(p - |z_j - z_i|, 0); a[6] = 1: min
GROUP = 504  # g = aggregate of z over the group, own value included, minus a reference
ACTOR = 505  # g = v_i
CONTRAST = 506  # g = |degree - v_i|; a[6] = 1, -1: its positive, negative part
ALTERS = 507
TWO_STEPS = 508  # over neighbours j the total (a[7] inner = 0) or average (1) over j's other neighbours h != i
SHARED = 509  # g = sum_h z_h G(number of paths i - j - h), G geometrically weighted; a[5] side of the second step
DENSE = 510  # over triads with at least p of 6 ties: g = their number, or s = summed similarity (a[7] term)


def packed(term=VALUE, weight=PLAIN, moderator=UNMODERATED, second=OUT, inner=TOTAL):
    """The last argument of ALTERS and TWO_STEPS."""
    return term + 16 * weight + 256 * moderator + 4096 * second + 65536 * inner


@njit(cache=True, nogil=True)
def own_row(eff, k, s):
    """Row of ``s.v`` that holds the behavior owning effect k."""
    return s.v.shape[0] - s.z.shape[0] + eff.variable[k] - s.x.shape[0]


@njit(cache=True, nogil=True)
def is_tied(s, r, i, j, side):
    if side == OUT:
        return s.x[r, i, j] > 0
    if side == IN:
        return s.x[r, j, i] > 0
    return s.x[r, i, j] > 0 and s.x[r, j, i] > 0


@njit(cache=True, nogil=True)
def group_mean(s, row, i, d):
    """Mean of a behavior over those who are there and known, were z_i larger by d."""
    total, count = 0.0, 0
    for j in range(s.n_actors):
        if s.active[j] and not s.v_missing[row, j]:
            total += s.v[row, j]
            if j == i:
                total += d
            count += 1
    return total / count if count else 0.0


@njit(cache=True, nogil=True)
def shift(eff, k, s, i, d):
    """What is added to centred values under the effect's centring."""
    centring = eff.p[k, 5]
    if centring == RAW:
        return s.z_mean[eff.variable[k] - s.x.shape[0]]
    if centring == CONTEMPORARY:
        return -group_mean(s, own_row(eff, k, s), i, d)
    return 0.0


@njit(cache=True, nogil=True)
def over_alters(eff, k, s, i, d):
    """The aggregate over neighbours, moderated; ego's behavior is larger by d."""
    a, moderator = eff.a[k], (eff.a[k, 7] >> 8) & 15
    result = unmoderated(eff, k, s, i, d)
    if moderator == EGO_VALUE:
        return result * s.v[a[2], i]
    if moderator == EGO_POPULARITY:
        return result * s.indeg[a[0], i]
    if moderator == ALTER_VARIANCE:
        return result * (alter_variance(s, own_row(eff, k, s), a[0], i) - eff.p[k, 3])
    return result


@njit(cache=True, nogil=True)
def unmoderated(eff, k, s, i, d):
    """The aggregate over neighbours; ego's behavior is larger by d."""
    a, p = eff.a[k], eff.p[k]
    r, side, aggregate = a[0], a[5], a[6]
    term, weight, second = a[7] & 15, (a[7] >> 4) & 15, (a[7] >> 12) & 15
    own = own_row(eff, k, s)
    zi = s.v[own, i] + d
    add = shift(eff, k, s, i, d) if term == VALUE and a[1] == own else 0.0
    compares = term == SIMILARITY or term == HIGHER or term == LOWER
    size = s.indeg[r, i] if side == IN else s.outdeg[r, i]
    neighbours = s.inn[r, i] if side == IN else s.out[r, i]
    less = weight == IF_SECOND and term == ONE and p[0] >= 2.0  # the degree in the first network is subtracted
    total, weights, squares, best, count = 0.0, 0.0, 0.0, 0.0, 0
    for q in range(size):
        j = neighbours[q]
        if side == MUTUAL and not s.x[r, j, i]:
            continue
        if compares and s.v_missing[own, j]:
            continue
        if weight == IF_SAME and (s.v[a[2], i] != s.v[a[2], j] or s.v_missing[a[2], j]):
            continue
        if weight == IF_DIFFERENT and (s.v[a[2], i] == s.v[a[2], j] or s.v_missing[a[2], j]):
            continue
        if weight == IF_SECOND and is_tied(s, a[4], i, j, second) == less:
            continue
        if term == VALUE:
            value = s.v[a[1], j] + add
        elif term == SIMILARITY:
            value = 1.0 - abs(zi - s.v[own, j]) / p[2] - p[1]
        elif term == HIGHER:
            value = 1.0 - max(s.v[own, j] - zi, 0.0) / p[2]
        elif term == LOWER:
            value = 1.0 - max(zi - s.v[own, j], 0.0) / p[2]
        elif term == SAME:
            value = 1.0 if s.v[a[2], i] == s.v[a[2], j] and not s.v_missing[a[2], j] else 0.0
        elif term == PAIR:
            value = 0.0 if s.w_missing[a[3], i, j] else s.w[a[3], i, j] - p[4]
        else:
            value = -1.0 if less else 1.0
        if weight == BY_ALTER:
            value *= s.v[a[2], j]
        elif weight == BY_POPULARITY:
            value *= s.indeg[a[4] if a[4] >= 0 else r, j]
        elif weight == BY_PAIR:
            pair = 0.0 if s.w_missing[a[3], i, j] else s.w[a[3], i, j] - p[4]
            value *= pair
            weights += pair
        if count == 0 or (aggregate == MAXIMUM and value > best) or (aggregate == MINIMUM and value < best):
            best = value
        total += value
        squares += value * value
        count += 1
    if aggregate == NOBODY:
        return 1.0 if count == 0 else 0.0
    if count == 0:
        return p[3] if term == VALUE and a[1] != own and aggregate != TOTAL else 0.0
    if aggregate == VARIANCE:
        return max(squares / count - (total / count) ** 2, 0.0) - p[3]
    if aggregate == TOTAL:
        return total
    if aggregate == AVERAGE:
        if weight == BY_PAIR and p[0] == 2.0:
            return total / weights if weights != 0.0 else 0.0
        return total / count
    return best


@njit(cache=True, nogil=True)
def alter_variance(s, row, r, i):
    total, squares, count = 0.0, 0.0, 0
    for q in range(s.outdeg[r, i]):
        j = s.out[r, i, q]
        total += s.v[row, j]
        squares += s.v[row, j] ** 2
        count += 1
    return max(squares / count - (total / count) ** 2, 0.0) if count else 0.0


@njit(cache=True, nogil=True)
def over_two_steps(eff, k, s, i, d):
    """The aggregate over neighbours j of the total or average over their other neighbours h != i."""
    a, p = eff.a[k], eff.p[k]
    r, side, aggregate = a[0], a[5], a[6]
    term, second, inner = a[7] & 15, (a[7] >> 12) & 15, (a[7] >> 16) & 15
    own = own_row(eff, k, s)
    add = shift(eff, k, s, i, d) if a[1] == own else 0.0
    size = s.indeg[r, i] if side == IN else s.outdeg[r, i]
    neighbours = s.inn[r, i] if side == IN else s.out[r, i]
    total, count = 0.0, 0
    for q in range(size):
        j = neighbours[q]
        if side == MUTUAL and not s.x[r, j, i]:
            continue
        sub, reached = 0.0, 0
        further = s.inn[r, j] if second == IN else s.out[r, j]
        for t in range(s.indeg[r, j] if second == IN else s.outdeg[r, j]):
            h = further[t]
            if h == i or (second == MUTUAL and not s.x[r, h, j]):
                continue
            sub += s.v[a[1], h] + add
            reached += 1
        if inner == AVERAGE and reached:
            sub /= reached
        if term == SIMILARITY:
            sub = 1.0 - abs(s.v[own, i] + d - sub) / p[2] - p[1] if reached else 0.0
        total += sub
        count += 1
    if aggregate == AVERAGE:
        return total / count if count else 0.0
    return total


@njit(cache=True, nogil=True)
def over_shared(eff, k, s, i, d):
    """Alters' behavior by how many paths i -> j -> h (OUT) or i -> j <- h (IN) lead to them."""
    r, second, alpha = eff.a[k, 0], eff.a[k, 5], eff.p[k, 0] / 100.0
    row = own_row(eff, k, s)
    add = shift(eff, k, s, i, d)
    paths = np.zeros(s.x.shape[1], np.int32)
    for q in range(s.outdeg[r, i]):
        j = s.out[r, i, q]
        further = s.inn[r, j] if second == IN else s.out[r, j]
        for t in range(s.indeg[r, j] if second == IN else s.outdeg[r, j]):
            paths[further[t]] += 1
    total = 0.0
    for h in range(s.n_actors):
        if h != i and paths[h]:
            total += (s.v[row, h] + add) * np.exp(alpha) * (1.0 - (1.0 - np.exp(-alpha)) ** paths[h])
    return total


@njit(cache=True, nogil=True)
def over_dense_triads(eff, k, s, i, d):
    """Triads of ego with at least p (5 or 6) of the six ties: both others must be neighbours of ego."""
    r, row, least = eff.a[k, 0], own_row(eff, k, s), eff.p[k, 0]
    zi, total = s.v[row, i] + d, 0.0
    near = np.empty(s.outdeg[r, i] + s.indeg[r, i], np.int32)
    count = 0
    for q in range(s.outdeg[r, i]):
        near[count] = s.out[r, i, q]
        count += 1
    for q in range(s.indeg[r, i]):
        if not s.x[r, i, s.inn[r, i, q]]:
            near[count] = s.inn[r, i, q]
            count += 1
    for u in range(count):
        j = near[u]
        for v in range(u):
            h = near[v]
            ties = 0
            ties += s.x[r, i, j]
            ties += s.x[r, j, i]
            ties += s.x[r, i, h]
            ties += s.x[r, h, i]
            ties += s.x[r, j, h]
            ties += s.x[r, h, j]
            if ties < least:
                continue
            if eff.a[k, 7] == SIMILARITY:
                if not s.v_missing[row, j]:
                    total += 1.0 - abs(zi - s.v[row, j]) / eff.p[k, 2] - eff.p[k, 1]
                if not s.v_missing[row, h]:
                    total += 1.0 - abs(zi - s.v[row, h]) / eff.p[k, 2] - eff.p[k, 1]
            else:
                total += 1.0
    return total


@njit(cache=True, nogil=True)
def over_group(eff, k, s, i, d):
    """Total or average over everybody there, ego included, perhaps weighted by in-degree; minus a reference."""
    row, r = own_row(eff, k, s), eff.a[k, 0]
    total, weights = 0.0, 0.0
    for j in range(s.n_actors):
        if s.active[j]:
            weight = float(s.indeg[r, j]) if r >= 0 else 1.0
            total += weight * (s.v[row, j] + (d if j == i else 0.0))
            weights += weight
    reference = eff.p[k, 0] - s.z_mean[eff.variable[k] - s.x.shape[0]] if eff.p[k, 0] > 0.5 else 0.0
    if eff.a[k, 6] == AVERAGE:
        total = total / weights if weights > 0.0 else 0.0
    return total - reference


@njit(cache=True, nogil=True)
def near_everybody(eff, k, s, i, d):
    row, total = own_row(eff, k, s), 0.0
    for j in range(s.n_actors):
        if j != i and s.active[j] and not s.v_missing[row, j]:
            margin = eff.p[k, 0] - abs(s.v[row, j] - s.v[row, i] - d)
            total += min(margin, 0.0) if eff.a[k, 6] else max(margin, 0.0)
    return total


@njit(cache=True, nogil=True)
def behavior_factor(eff, k, s, i, d):
    """g_i of an effect s_i = z_i g_i, or s_i itself of the others, were z_i larger by d."""
    code, a = eff.code[k], eff.a[k]
    if code == LINEAR:
        return 1.0
    if code == ACTOR:
        return s.v[a[1], i]
    if code == ALTERS:
        return over_alters(eff, k, s, i, d)
    if code == QUADRATIC:
        z = s.v[own_row(eff, k, s), i] + d + shift(eff, k, s, i, d)
        return z * z
    if code == THRESHOLD:
        b = eff.variable[k] - s.x.shape[0]
        return 1.0 if s.z[b, i] + d >= eff.p[k, 0] else 0.0
    if code == TWO_STEPS:
        return over_two_steps(eff, k, s, i, d)
    if code == CONTRAST:
        gap = (s.indeg[a[0], i] if a[5] == IN else s.outdeg[a[0], i]) - s.v[a[1], i]
        return abs(gap) if a[6] == 0 else max(a[6] * gap, 0.0)
    if code == GROUP:
        return over_group(eff, k, s, i, d)
    if code == SHARED:
        return over_shared(eff, k, s, i, d)
    if code == DENSE:
        return over_dense_triads(eff, k, s, i, d)
    if code == NEAR:
        return near_everybody(eff, k, s, i, d)
    if code == USER_BEHAVIOR:
        return user_value(eff, k, s, i, d, STATISTIC) + (user_value(eff, k, s, i, d, CHANGE) if d else 0.0)
    raise ValueError("unknown code of a behavior effect")


@njit(cache=True, nogil=True)
def part_of(eff, k, t):
    """Row of the t-th part of an interaction, -1 if there is none; a plain effect is its own first part."""
    if eff.code[k] == INTERACTION:
        return eff.part[k, t]
    return k if t == 0 else -1


@njit(cache=True, nogil=True)
def free_of_ego(eff, k):
    """1 if s_i = z_i g_i with g_i free of z_i, 2 if g_i holds z_i, 0 if s_i or a part of it is not so."""
    form = 1.0
    for t in range(eff.part.shape[1]):
        part = part_of(eff, k, t)
        if part >= 0:
            form = 0.0 if form == 0.0 or eff.p[part, 6] == 0.0 else max(form, eff.p[part, 6])
    return form


@njit(cache=True, nogil=True)
def product(eff, k, s, i, d):
    """g_i of effect k, or the product over the parts of an interaction, were z_i larger by d.

    The number of rounds is read from the array: a constant 3 would be unrolled, and compiled three times.
    """
    value = 1.0
    for t in range(eff.part.shape[1]):
        part = part_of(eff, k, t)
        if part >= 0:
            value *= behavior_factor(eff, part, s, i, d)
    return value


@njit(cache=True, nogil=True)
def behavior_change(eff, k, s, i, d):
    """What s_i gains when ego's behavior makes the step d."""
    if eff.code[k] == USER_BEHAVIOR:
        return user_value(eff, k, s, i, d, CHANGE)
    form, change = free_of_ego(eff, k), 0.0
    for step in (0, d):  # one call below, since every call of a large function is compiled in place
        g = product(eff, k, s, i, step)
        if form == 1.0:
            return d * g
        own = s.v[own_row(eff, k, s), i] + step + shift(eff, k, s, i, step) if form > 0.0 else 1.0
        change = own * g - change
    return change


@njit(cache=True, nogil=True)
def behavior_statistic(eff, k, s, i):
    """s_i; 0 for an actor whose behavior, or a variable that the effect asks of ego, is missing."""
    row = own_row(eff, k, s)
    unknown = s.v_missing[row, i] > 0
    none = np.int64(0)  # a literal 0 would be compiled apart
    for t in range(eff.part.shape[1]):
        part = part_of(eff, k, t)
        unknown = unknown or (part >= 0 and ego_unknown(eff, part, s, i))
    if unknown:
        return 0.0
    own = s.v[row, i] + shift(eff, k, s, i, none) if free_of_ego(eff, k) > 0.0 else 1.0
    return own * product(eff, k, s, i, none)


@njit(cache=True, nogil=True)
def ego_unknown(eff, k, s, i):
    """Whether the effect asks for a variable of ego that is missing."""
    code, a = eff.code[k], eff.a[k]
    if code == ACTOR or code == CONTRAST:
        return s.v_missing[a[1], i] > 0
    if code == ALTERS:
        weight = (a[7] >> 4) & 15
        asks = (a[7] & 15) == SAME or weight == IF_SAME or weight == IF_DIFFERENT or ((a[7] >> 8) & 15) == EGO_VALUE
        return asks and s.v_missing[a[2], i] > 0
    return False


@njit(cache=True, nogil=True)
def moment_sign(eff, k, creation, endowment, state):
    """What the statistic in a state (START, END, BEYOND) is multiplied by in the moment of effect k."""
    rule = eff.p[k, 7]
    if not (creation or endowment):
        return 1.0 if state == END else 0.0
    if rule == NO_BEHAVIOR:
        return 0.0
    if rule == OWN_STEP or rule == STEPS:
        return 1.0 if state == END else 0.0
    if rule == ALONE:
        return (1.0 if creation else -1.0) if state == START else 0.0
    if rule == AT_END:
        return (1.0 if endowment else -1.0) if state == END else 0.0
    late, early = (BEYOND, END) if creation and rule != OURS else (END, START)
    unit = -eff.p[k, 2] if rule == DISTANCE else 1.0
    return unit if state == late else -unit if state == early else 0.0


@njit(cache=True, nogil=True)
def moment_statistic(eff, k, s, i, step, end):
    """The statistic of ego in the state s as its rule of moments takes it; ego made `step` to `end`."""
    rule = eff.p[k, 7]
    if rule == DISTANCE:
        return unmoderated(eff, k, s, i, np.int64(0))
    if rule == FACTOR or rule == OWN_STEP:
        return (step if rule == OWN_STEP else 1) * product(eff, k, s, i, np.int64(0))
    if rule == NO_BEHAVIOR:
        degree = s.outdeg[eff.a[k, 0], i]
        return s.v[eff.a[k, 2], i] * (degree if eff.a[k, 6] == TOTAL else min(degree, 1))
    if rule == ALONE:
        return product(eff, k, s, i, np.int64(abs(step))) - product(eff, k, s, i, np.int64(0))
    return behavior_statistic(eff, k, s, i) * (-step if rule == STEPS else end if rule == TWICE else 1.0)


@njit(cache=True, nogil=True)
def contrary_statistic(eff, k, s, i, step):
    """The statistic of ego in creation if it went down, in endowment if it went up: 0 by any rule but SPREAD."""
    return -eff.p[k, 3] * step if eff.p[k, 7] == SPREAD and s.outdeg[eff.a[k, 0], i] > 0 else 0.0

"""What an actor does in one network ministep, and with which probability.

Its options are the alters whose tie may be toggled, listed one by one (``saom_whole``) or partly in groups
(``saom_listed``), and doing nothing, with utility 0.
"""

import math

from numba import njit

from coplearn.kernels.saom_engine import INTERACTION
from coplearn.kernels.saom_groups import draw_member
from coplearn.kernels.saom_listed import list_options
from coplearn.kernels.saom_network import network_base, network_local
from coplearn.kernels.saom_network_paths import forget
from coplearn.kernels.saom_network_terms import NOWHERE
from coplearn.kernels.saom_stream import uniform
from coplearn.kernels.saom_whole import list_all

NO_DIGITS = 1.5 * 2.0**52


@njit(inline="always")
def choose(engine, r, i, stream, score):
    """The alter whose tie ego i would toggle, -1 for none, and the probability of the choice; its score is added."""
    work, s = engine.work, engine.s
    p, count, whole = work.p, work.count, engine.plan.whole[r]
    if whole:
        n = s.n_columns[r]
        list_all(engine, r, i, n)
    else:
        n = list_options(engine, r, i)
    weigh(engine, r, n)
    largest = largest_of(p, n)
    exponentials(p, count, work.power, work.bits, n, largest)
    nothing = math.exp(-largest) if largest > 0.0 else 1.0
    total = nothing + total_of(p, n)
    u = uniform(stream) * total
    j = chosen = pick(p, n, u - nothing) if u >= nothing else -1
    if not whole:
        if chosen >= 0 and work.group[chosen] >= 0:
            n_untouched = int(count[chosen])
            j = draw_member(engine.groups, engine.scratch, r, work.group[chosen], n_untouched, s.n_columns[r], stream)
        elif chosen >= 0:
            j = work.alter[chosen]
        forget(s, engine.scratch, r, i)
    score_choice(engine, r, n, chosen, total, score)
    return j, (p[chosen] / count[chosen] if chosen >= 0 else nothing) / total


@njit(cache=True, nogil=True, fastmath={"contract"})
def weigh(engine, r, n):
    """Utilities of toggling, in `work.p`; 0 for what ego may not do."""
    plan, work = engine.plan, engine.work
    p, lost, sign = work.p, work.gained, work.sign
    gain, loss = 0.0, 0.0
    for q in range(plan.n_rows[r]):
        k = plan.row[r, q]
        if plan.spread[k] == NOWHERE:
            gain += plan.gain[k] * work.level[k]
            loss += plan.loss[k] * work.level[k]
    p[:n] = gain
    n_kept, kept = plan.n_kept[r], plan.kept[r]
    for q in range(0, n_kept - 1, 2):  # two at a time: p is read and written half as often
        first, second = work.change[kept[q]], work.change[kept[q + 1]]
        a, b = plan.gain[kept[q]], plan.gain[kept[q + 1]]
        for j in range(n):
            p[j] += a * first[j] + b * second[j]
    if n_kept % 2:
        change, theta = work.change[kept[n_kept - 1]], plan.gain[kept[n_kept - 1]]
        for j in range(n):
            p[j] += theta * change[j]
    if plan.split[r]:
        lost[:n] = loss
        for q in range(n_kept):
            change, theta = work.change[kept[q]], plan.loss[kept[q]]
            for j in range(n):
                lost[j] += theta * change[j]
        for j in range(n):
            p[j] = lost[j] if sign[j] < 0.0 else p[j]
    for j in range(n):
        p[j] *= sign[j]


@njit(cache=True, nogil=True)
def largest_of(x, n):
    """The largest of 0 and the first n numbers."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    whole = n // 4 * 4
    for q in range(0, whole, 4):
        a = x[q] if x[q] > a else a
        b = x[q + 1] if x[q + 1] > b else b
        c = x[q + 2] if x[q + 2] > c else c
        d = x[q + 3] if x[q + 3] > d else d
    for q in range(whole, n):
        a = x[q] if x[q] > a else a
    return max(a, b, c, d)


@njit(cache=True, nogil=True, fastmath={"contract"})
def exponentials(p, count, power, bits, n, largest):
    """Replace the first n of p by count * exp(min(p - largest, 0)), to the last digit or two.

    exp(x) = 2^m exp(x - m log 2) with a Taylor polynomial for the remainder in [-log(2)/2, log(2)/2]. x / log 2 becomes
    the whole number m where 1.5 * 2^52 is added, since no digits are left; m then stands in the last bits of `power`,
    which `bits` shows as whole numbers, and is moved up to the exponent. The loops are such as run several at a time.
    """
    for q in range(n):
        x = p[q] - largest
        x = x if x < 0.0 else 0.0
        x = x if x > -700.0 else -700.0
        shifted = x * 1.4426950408889634 + NO_DIGITS
        m = shifted - NO_DIGITS
        power[q] = shifted
        x = (x - m * 0.693147180369123816490) - m * 1.90821492927058770002e-10  # log 2 in two parts
        x2 = x * x
        x4 = x2 * x2
        low = (1.0 + x) + x2 * (1 / 2 + x * (1 / 6))
        middle = (1 / 24 + x * (1 / 120)) + x2 * (1 / 720 + x * (1 / 5040))
        high = (1 / 40320 + x * (1 / 362880)) + x2 * (1 / 3628800 + x * (1 / 39916800)) + x4 * (1 / 479001600)
        p[q] = low + x4 * (middle + x4 * high)
    for q in range(n):
        bits[q] = (bits[q] + 1023) << 52
    for q in range(n):
        p[q] *= power[q] * count[q]


@njit(cache=True, nogil=True)
def pick(p, n, u):
    """The position at which the sum of p passes u, never one where p is 0."""
    reached, last = 0.0, -1
    p[n : n + 3] = 0.0
    for q in range(0, n, 4):
        four = (p[q] + p[q + 1]) + (p[q + 2] + p[q + 3])
        if four > 0.0:
            last = q
            if reached + four > u:
                break
        reached += four
    chosen = last
    for q in range(last, last + 4):
        if p[q] > 0.0:
            chosen = q
            reached = reached + p[q]
            if reached > u:
                break
    return chosen


@njit(cache=True, nogil=True)
def score_choice(engine, r, n, chosen, total, score):
    """Add the score of the choice: the derivative of its utility minus the expected one."""
    eff, plan, work = engine.eff, engine.plan, engine.work
    p, sign, weight, gained = work.p, work.sign, work.weight, work.gained
    shift = plan.n_rows.shape[0]
    by = -1.0 / total
    for q in range(n):
        weight[q] = by * p[q] * sign[q]
    if chosen >= 0:
        weight[chosen] += sign[chosen]
    everything, gains = total_of(weight, n), 0.0
    if plan.split[r]:
        for q in range(n):
            gained[q] = weight[q] if sign[q] > 0.0 else 0.0
        gains = total_of(gained, n)
    for q in range(plan.n_rows[r]):
        k = plan.row[r, q]
        if eff.parameter[k] >= 0 and plan.spread[k] == NOWHERE:
            part = plan.on_gain[k] * gains + plan.on_loss[k] * (everything - gains) if plan.split[r] else everything
            score[shift + eff.parameter[k]] += work.level[k] * part
    for q in range(plan.n_kept[r]):
        k = plan.kept[r, q]
        change, g = work.change[k], 0.0
        if plan.on_loss[k] != 0.0:
            g = dot(weight, change, n)
        if plan.on_gain[k] != plan.on_loss[k]:
            part = dot(gained, change, n)
            g = part if plan.on_gain[k] != 0.0 else g - part
        score[shift + eff.parameter[k]] += g


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def dot(x, y, n):
    """Sum of the products of the first n numbers, added up in whichever order is fast: always the same on a machine."""
    total = 0.0
    for q in range(n):
        total += x[q] * y[q]
    return total


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def total_of(x, n):
    """Sum of the first n numbers, likewise."""
    total = 0.0
    for q in range(n):
        total += x[q]
    return total


@njit(cache=True, nogil=True)
def fill_pair(engine, r, i, j, end):
    """Change statistics of the tie i - j for ego i, into row `end` of `pair`; returns i's utility of toggling it."""
    eff, plan, work, scratch, s = engine.eff, engine.plan, engine.work, engine.scratch, engine.s
    utility, tied = 0.0, s.x[r, i, j]
    scratch.mark[i] = 1
    for q in range(plan.n_rows[r]):
        k = plan.row[r, q]
        change = 1.0
        if eff.code[k] == INTERACTION:
            for part in eff.part[k]:
                if part >= 0:
                    change *= work.pair[end, part]
        else:
            change = network_base(eff, k, s, i, j)
            if plan.local[k]:
                network_local(eff, k, s, i, scratch, work.out[k])
                change += work.out[k, j]
                for t in range(scratch.n_touched[0]):
                    work.out[k, scratch.touched[t]] = 0.0
                work.out[k, i] = 0.0
        work.pair[end, k] = change
        utility += -plan.loss[k] * change if tied else plan.gain[k] * change
    forget(s, scratch, r, i)
    return utility


@njit(cache=True, nogil=True)
def score_pair(engine, r, tied, end, weight, score):
    """Add `weight` times the derivative of the utility of one end of a pair."""
    eff, plan, work = engine.eff, engine.plan, engine.work
    shift = plan.n_rows.shape[0]
    for t in range(plan.n_rows[r]):
        k = plan.row[r, t]
        if eff.parameter[k] >= 0:
            sign = -plan.on_loss[k] if tied else plan.on_gain[k]
            score[shift + eff.parameter[k]] += weight * sign * work.pair[end, k]

"""The options of an ego that weighs all alters in one go, one change statistic after the other.

In networks of up to some hundred actors this is faster than to find out who can be reached and who looks alike, and
where an effect tells all alters apart there is no other way.
"""

import numpy as np
from numba import njit

from coplearn.kernels import saom_network_terms as t
from coplearn.kernels.saom_engine import INTERACTION
from coplearn.kernels.saom_listed import may_gain, may_toggle
from coplearn.kernels.saom_network import network_base, network_local, network_row
from coplearn.kernels.saom_network_paths import forget
from coplearn.kernels.saom_network_terms import NOWHERE


@njit(inline="always")
def list_all(engine, r, i, n):
    """Make all n alters of network r options of ego i, with their change statistics."""
    period, plan, s, sign, count = engine.period, engine.plan, engine.s, engine.work.sign, engine.work.count
    tied = s.x[r, i]
    gains = 1.0 if may_gain(period, s, r, i) else 0.0
    if plan.free[r]:
        here = s.active
        for q in range(n):
            sign[q] = here[q] * (gains - (1.0 + gains) * tied[q])
        sign[i] = 0.0
    else:
        for q in range(n):
            sign[q] = (-1.0 if tied[q] else gains) if may_toggle(period, s, r, i, q) else 0.0
    for q in range(n):
        count[q] = abs(sign[q])
    fill_rows(engine, r, i, n)


@njit(cache=True, nogil=True)
def fill_rows(engine, r, i, n):
    """Change statistics of all alters of ego i in `work.change`, in `work.level` where they are all the same."""
    eff, plan, work, s = engine.eff, engine.plan, engine.work, engine.s
    for q in range(plan.n_rows[r]):
        k = plan.row[r, q]
        change = work.change[k]
        if eff.code[k] == INTERACTION:
            change[:n] = 1.0
            for part in eff.part[k]:
                if part >= 0:
                    factor = work.change[part]
                    for j in range(n):
                        change[j] *= factor[j]
        elif plan.spread[k] == NOWHERE:
            work.level[k] = network_base(eff, k, s, i, i)
        elif plan.back[k]:
            change[:n] = 0.0
            senders = s.inn[r, i]
            for b in range(s.indeg[r, i]):
                change[senders[b]] = 1.0
        elif plan.table[k, 0] >= 0:
            fill_closure(engine, k, i, n)
        else:
            network_row(eff, k, s, i, work.alter, n, change)
            if plan.local[k]:
                add_local(engine, k, r, i, n)


@njit(cache=True, nogil=True)
def fill_closure(engine, k, i, n):
    """Change statistics of an effect that counts two-paths in tables."""
    eff, plan, s, change = engine.eff, engine.plan, engine.s, engine.work.change[k]
    closed = engine.paths.counts[plan.table[k, 0], i]
    step = eff.p[k, 1]
    if plan.table[k, 1] >= 0:
        begun = engine.paths.counts[plan.table[k, 1], i]
        for q in range(n):
            change[q] = step * (closed[q] + begun[q])
    else:
        curve, kind = engine.scratch.curve[k], eff.a[k, 4]
        if eff.a[k, 7] == t.IDENTITY:
            for q in range(n):
                change[q] = step * closed[q]
        else:
            for q in range(n):
                change[q] = curve[np.uint64(closed[q])]
        if kind & 4:
            for q in range(n):
                change[q] *= s.x[eff.variable[k], q, i]
        if kind & 2:
            add_begun(eff, k, s, i, closed, curve, change)
    if plan.rest[k]:
        for q in range(n):
            change[q] += network_base(eff, k, s, i, q)


@njit(cache=True, nogil=True)
def add_begun(eff, k, s, i, closed, curve, change):
    """Add what a tie changes as the first leg of two-paths to those whom ego has ties to."""
    own, second, forward = eff.variable[k], eff.a[k, 2], eff.a[k, 3] == t.FORWARD
    for b in range(s.outdeg[own, i]):
        h = s.out[own, i, b]
        if eff.a[k, 4] & 4 and not s.x[own, h, i]:
            continue
        m = closed[h]
        gain, loss = curve[m + 1] - curve[m], curve[m] - curve[max(m - 1, 0)]
        for c in range(s.indeg[second, h] if forward else s.outdeg[second, h]):
            j = s.inn[second, h, c] if forward else s.out[second, h, c]
            change[j] += loss if s.x[own, i, j] else gain


@njit(cache=True, nogil=True)
def add_local(engine, k, r, i, n):
    """Add the local part of effect k to its change statistics."""
    scratch, s, change, out = engine.scratch, engine.s, engine.work.change[k], engine.work.out[k]
    if not s.two_mode[r]:
        scratch.mark[i] = 1
    network_local(engine.eff, k, s, i, scratch, out)
    for q in range(n):
        change[q] += out[q]
        out[q] = 0.0
    out[i] = 0.0
    forget(s, scratch, r, i)

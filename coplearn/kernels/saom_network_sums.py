"""Network effects that are products of degrees and pair terms: the codes PRODUCT, DEGREE and BILINEAR.

:mod:`coplearn.kernels.saom_network` says how they read their rows.
"""

import numpy as np
from numba import njit

from coplearn.kernels import saom_network_terms as t
from coplearn.kernels.saom_network_terms import as_is, degree, pair_term, shape


@njit(cache=True, nogil=True)
def product(eff, k, s, i, j):
    a, p = eff.a[k], eff.p[k]
    return product_of(s, eff.variable[k], i, j, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], p[0], p[1], p[2], p[3])


@njit(cache=True, nogil=True)
def product_as_is(eff, k, s, i, j):
    """The same with degrees as they are in the state, whether or not it holds the tie."""
    a, p = eff.a[k], eff.p[k]
    own, after = eff.variable[k], as_is(a[5])
    return product_of(s, own, i, j, a[0], a[1], a[2], a[3], a[4], after, a[6], a[7], p[0], p[1], p[2], p[3])


@njit(inline="always")
def product_of(s, own, i, j, net, var, second, pair, of_ego, of_alter, form, back, parameter, centre, mean, size):
    value = pair_term(pair, s, own, i, j, net, var, second, parameter, mean, size)
    if of_ego != t.NO_DEGREE:
        value *= shape(form, degree(of_ego, s, net, i, i, j), parameter) - centre
    if of_alter != t.NO_DEGREE:
        value *= shape(form, degree(of_alter, s, net, j, i, j), parameter) - centre
    return value * s.x[own, j, i] if back else value


@njit(cache=True, nogil=True)
def of_degree(eff, k, s, i, d):
    var = eff.a[k, 1]
    p = eff.p[k, 0] if var < 0 else np.floor(s.v[var, i])
    return shape(eff.a[k, 3], d, p)


@njit(cache=True, nogil=True)
def _bilinear_parts(eff, k, s, i, j):
    """t_ij and u_ij."""
    a, p = eff.a[k], eff.p[k]
    return parts_of(s, eff.variable[k], i, j, a[0], a[1], a[2], a[4], a[5], a[6], a[7], p[0], p[2], p[3])


@njit(inline="always")
def parts_of(s, own, i, j, net, var, second, pair, g, other_pair, of_alter, parameter, mean, size):
    further = 0.0
    if g >= 0:
        further = pair_term(other_pair, s, own, i, j, net, var, second, parameter, mean, size)
        if of_alter != t.NO_DEGREE:
            further *= shape(t.POWER, degree(of_alter, s, net, j, i, j), parameter)
    return pair_term(pair, s, own, i, j, net, var, second, parameter, mean, size), further


@njit(cache=True, nogil=True)
def bilinear_value(eff, k, first, second):
    value = shape(eff.a[k, 3], first, eff.p[k, 0])
    return value if eff.a[k, 5] < 0 else value * shape(eff.a[k, 5], second, eff.p[k, 0])


@njit(cache=True, nogil=True)
def bilinear_sums(eff, k, s, i, omitted):
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
def bilinear_change(eff, k, s, i, j):
    first, second = bilinear_sums(eff, k, s, i, j)
    u, v = _bilinear_parts(eff, k, s, i, j)
    return bilinear_value(eff, k, first + u, second + v) - bilinear_value(eff, k, first, second)


@njit(cache=True, nogil=True)
def bilinear_term(eff, k, s, i, j):
    """The statistic of ego divided among its ties in proportion to t_ij (to u_ij with p[5] = 1)."""
    first, second = bilinear_sums(eff, k, s, i, np.int64(-1))
    a, p = eff.a[k], eff.p[k]
    after = as_is(a[7])
    u, v = parts_of(s, eff.variable[k], i, j, a[0], a[1], a[2], a[4], a[5], a[6], after, p[0], p[2], p[3])
    part, total = (v, second) if eff.p[k, 5] == 1 else (u, first)
    return bilinear_value(eff, k, first, second) * part / total if total != 0 else 0.0

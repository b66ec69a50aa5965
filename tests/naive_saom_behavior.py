"""Every behavior and rate effect as its formula reads, from scratch, in loops over lists of neighbours.

A *world* holds what an actor sees: ``x`` and ``y`` (networks, matrices), ``z`` (behavior minus its mean), ``v`` (actor
variable), ``w`` (dyadic), their constants, ``here`` (who is there), and what is known (``z_known``, ``v_known``,
``w_known``). ``BEHAVIOR[name](world, i)`` is s_i and ``RATE[name](world, i)`` is a_i. Twins of the kernels; nothing is
shared with them.
"""

import dataclasses

import numpy as np


@dataclasses.dataclass
class World:
    x: np.ndarray
    z: np.ndarray
    z_mean: float = 0.0
    y: np.ndarray = None
    v: np.ndarray = None
    v_nobody: float = 0.0  # the value of v for those who have no out-alters: its mean, 0 where it is centred
    w: np.ndarray = None
    w_mean: float = 0.0
    reach: float = 1.0
    sim_mean: float = 0.0
    variance: float = 0.0
    low: float = 0.0
    p: float = 0.0
    here: np.ndarray = None
    z_known: np.ndarray = None
    v_known: np.ndarray = None
    w_known: np.ndarray = None

    def __post_init__(self):
        n = len(self.z)
        for name, shape in (("here", n), ("z_known", n), ("v_known", n), ("w_known", (n, n))):
            if getattr(self, name) is None:
                setattr(self, name, np.ones(shape, bool))

    def step(self, i, d):
        """The same world after a step of ego."""
        z = self.z.copy()
        z[i] += d
        return dataclasses.replace(self, z=z)

    def sim(self, i, j):
        return 1 - abs(self.z[i] - self.z[j]) / self.reach - self.sim_mean

    def pair(self, i, j):
        return self.w[i, j] - self.w_mean if self.w_known[i, j] else 0.0

    def same(self, i, j):
        return float(self.v_known[j] and self.v[i] == self.v[j])

    def different(self, i, j):
        return float(self.v_known[j] and self.v[i] != self.v[j])

    def wave_mean(self):
        there = [self.z[j] for j in range(len(self.z)) if self.here[j] and self.z_known[j]]
        return mean(there)


def mean(values):
    return float(sum(values)) / len(values) if len(values) else 0.0


def total(values):
    return float(sum(values))


def variance(values):
    return mean([(a - mean(values)) ** 2 for a in values])


def alters(x, i, side):
    n = len(x)
    if side == "out":
        return [j for j in range(n) if x[i, j]]
    if side == "in":
        return [j for j in range(n) if x[j, i]]
    return [j for j in range(n) if x[i, j] and x[j, i]]


def known(c, i, side):
    """Alters whose behavior is known: those with whom ego is compared. The others are average (0) elsewhere."""
    return [j for j in alters(c.x, i, side) if c.z_known[j]]


def alters_of(c, i, side):
    return alters(c.x, i, side)


def nobody(c, i, side):
    """What stands for the covariate of those who have no out-alters."""
    return c.v_nobody if side == "out" and not alters(c.x, i, side) else 0.0


def balanced(pairs, p):
    """Average of values weighted by pair: divided by their number (p = 1) or by the sum of the weights (p = 2)."""
    if not pairs:
        return 0.0
    whole = sum(value * weight for value, weight in pairs)
    if p == 2:
        weights = sum(weight for _, weight in pairs)
        return whole / weights if weights else 0.0
    return whole / len(pairs)


def geometric(m, p):
    a = p / 100
    return np.exp(a) * (1 - (1 - np.exp(-a)) ** m)


BEHAVIOR, RATE = {}, {}

BEHAVIOR["linear_shape"] = lambda c, i: c.z[i]
BEHAVIOR["quadratic_shape"] = lambda c, i: c.z[i] ** 2
BEHAVIOR["quadratic_shape_wave_centred"] = lambda c, i: (c.z[i] - c.wave_mean()) ** 2
BEHAVIOR["quadratic_shape_uncentred"] = lambda c, i: (c.z[i] + c.z_mean) ** 2
for _ending in ("", "_2", "_3", "_4"):
    BEHAVIOR[f"threshold{_ending}"] = lambda c, i: float(round(c.z[i] + c.z_mean) >= c.p)
BEHAVIOR["effect_from"] = lambda c, i: c.z[i] * c.v[i]


def _others(c, i):
    return [j for j in range(len(c.z)) if j != i and c.here[j] and c.z_known[j]]


BEHAVIOR["similarity_to_all_near"] = lambda c, i: sum(max(c.p - abs(c.z[j] - c.z[i]), 0) for j in _others(c, i))
BEHAVIOR["similarity_to_all_far"] = lambda c, i: sum(min(c.p - abs(c.z[j] - c.z[i]), 0) for j in _others(c, i))


def _group(c, weights, average):
    there = [j for j in range(len(c.z)) if c.here[j]]
    whole = sum(weights[j] * c.z[j] for j in there)
    if average:
        size = sum(weights[j] for j in there)
        whole = whole / size if size else 0.0
    return whole - (c.p - c.z_mean if c.p > 0.5 else 0.0)


BEHAVIOR["average_group"] = lambda c, i: c.z[i] * _group(c, np.ones(len(c.z)), True)
BEHAVIOR["total_group"] = lambda c, i: c.z[i] * _group(c, np.ones(len(c.z)), False)
BEHAVIOR["average_group_by_indegree"] = lambda c, i: c.z[i] * _group(c, c.x.sum(0), True)
BEHAVIOR["total_group_by_indegree"] = lambda c, i: c.z[i] * _group(c, c.x.sum(0), False)

BEHAVIOR["indegree_effect"] = lambda c, i: c.z[i] * c.x[:, i].sum()
BEHAVIOR["outdegree_effect"] = lambda c, i: c.z[i] * c.x[i].sum()
BEHAVIOR["mutual_degree_effect"] = lambda c, i: c.z[i] * (c.x[i] * c.x[:, i]).sum()
BEHAVIOR["in_isolate_effect"] = lambda c, i: c.z[i] * (c.x[:, i].sum() == 0)
BEHAVIOR["out_isolate_effect"] = lambda c, i: c.z[i] * (c.x[i].sum() == 0)
BEHAVIOR["popularity_of_alters"] = lambda c, i: c.z[i] * mean([c.x[:, j].sum() for j in alters(c.x, i, "out")])
BEHAVIOR["total_popularity_of_alters"] = lambda c, i: c.z[i] * total([c.x[:, j].sum() for j in alters(c.x, i, "out")])
BEHAVIOR["popularity_of_in_alters"] = lambda c, i: c.z[i] * mean([c.x[:, j].sum() for j in alters(c.x, i, "in")])
for _a in ("out", "in"):
    for _b in ("out", "in", "mutual"):
        BEHAVIOR[f"degree_{_a}_and_{_b}"] = lambda c, i, a=_a, b=_b: (
            c.z[i] * (len(set(alters(c.x, i, a)) & set(alters(c.y, i, b))) - (c.p >= 2) * len(alters(c.x, i, a)))
        )
BEHAVIOR["popularity_elsewhere_of_alters"] = lambda c, i: c.z[i] * sum(c.y[:, j].sum() for j in alters(c.x, i, "out"))
BEHAVIOR["popularity_elsewhere_of_in_alters"] = lambda c, i: c.z[i] * sum(c.y[:, j].sum() for j in alters(c.x, i, "in"))
BEHAVIOR["absolute_contrast_of_outdegree"] = lambda c, i: c.z[i] * abs(c.x[i].sum() - c.v[i])
BEHAVIOR["positive_contrast_of_outdegree"] = lambda c, i: c.z[i] * max(c.x[i].sum() - c.v[i], 0)
BEHAVIOR["negative_contrast_of_outdegree"] = lambda c, i: c.z[i] * max(c.v[i] - c.x[i].sum(), 0)

for _aggregate, _A in (("average", mean), ("total", total)):
    for _side, _word in (("out", ""), ("in", "in_"), ("mutual", "mutual_")):

        def _family(stem, term, own, known, A=_A, side=_side, average=_aggregate == "average"):
            """All versions of one influence effect: term(c, i, j) over the known alters, times own(c, i)."""
            BEHAVIOR[stem] = lambda c, i: own(c, i) * A([term(c, i, j) for j in known(c, i, side)])
            BEHAVIOR[f"{stem}_by_ego"] = lambda c, i: c.v[i] * own(c, i) * A([term(c, i, j) for j in known(c, i, side)])
            BEHAVIOR[f"{stem}_by_alter"] = lambda c, i: (
                own(c, i) * A([c.v[j] * term(c, i, j) for j in known(c, i, side)])
            )
            BEHAVIOR[f"{stem}_among_same"] = lambda c, i: (
                own(c, i) * A([term(c, i, j) for j in known(c, i, side) if c.same(i, j)])
            )
            BEHAVIOR[f"{stem}_among_different"] = lambda c, i: (
                own(c, i) * A([term(c, i, j) for j in known(c, i, side) if c.different(i, j)])
            )
            BEHAVIOR[f"{stem}_by_popularity"] = lambda c, i: (
                own(c, i) * A([c.x[:, j].sum() * term(c, i, j) for j in known(c, i, side)])
            )
            BEHAVIOR[f"{stem}_by_ego_popularity"] = lambda c, i: (
                c.x[:, i].sum() * own(c, i) * A([term(c, i, j) for j in known(c, i, side)])
            )
            BEHAVIOR[f"{stem}_in_both"] = lambda c, i: (
                own(c, i) * A([term(c, i, j) for j in known(c, i, side) if c.y[i, j]])
            )

            def by_dyadic(c, i):
                pairs = [(term(c, i, j), c.pair(i, j)) for j in known(c, i, side)]
                return own(c, i) * (balanced(pairs, c.p) if average else sum(a * b for a, b in pairs))

            BEHAVIOR[f"{stem}_by_dyadic"] = by_dyadic

        _family(f"{_aggregate}_{_word}alter", lambda c, i, j: c.z[j], lambda c, i: c.z[i], alters_of)
        _family(f"{_aggregate}_{_word}similarity", lambda c, i, j: c.sim(i, j), lambda c, i: 1.0, known)
        BEHAVIOR[f"{_aggregate}_{_word}alter_wave_centred"] = lambda c, i, A=_A, side=_side: (
            (c.z[i] - c.wave_mean()) * A([c.z[j] - c.wave_mean() for j in alters(c.x, i, side)])
        )
        BEHAVIOR[f"{_aggregate}_{_word}alter_covariate"] = lambda c, i, A=_A, side=_side: (
            c.z[i] * (A([c.v[j] for j in alters(c.x, i, side)]) + nobody(c, i, side) * (A is mean))
        )
        BEHAVIOR[f"{_aggregate}_{_word}alter_same"] = lambda c, i, A=_A, side=_side: (
            c.z[i] * A([c.same(i, j) for j in alters(c.x, i, side)])
        )
        BEHAVIOR[f"{_aggregate}_{_word}alter_dyadic"] = lambda c, i, A=_A, side=_side: (
            c.z[i] * A([c.pair(i, j) for j in alters(c.x, i, side)])
        )
    BEHAVIOR[f"{_aggregate}_attraction_higher"] = lambda c, i, A=_A: A(
        [1 - max(c.z[j] - c.z[i], 0) / c.reach for j in known(c, i, "out")]
    )
    BEHAVIOR[f"{_aggregate}_attraction_lower"] = lambda c, i, A=_A: A(
        [1 - max(c.z[i] - c.z[j], 0) / c.reach for j in known(c, i, "out")]
    )
    for _second, _word in (("out", ""), ("in", "in_")):

        def _similar(c, i, A=_A, second=_second):
            found = []
            for j in alters(c.x, i, "out"):
                others = [c.z[h] for h in alters(c.x, j, second) if h != i]
                found.append(1 - abs(c.z[i] - mean(others)) / c.reach - c.sim_mean if others else 0.0)
            return A(found)

        BEHAVIOR[f"{_aggregate}_{_word}similarity_distance_two"] = _similar

        for _inner, _B in (("average", mean), ("total", total)):
            _stem = _aggregate if _aggregate == _inner else f"{_aggregate}_{_inner}"

            def _exposure(c, i, value, A=_A, B=_B, second=_second):
                return A([B([value(c, h) for h in alters(c.x, j, second) if h != i]) for j in alters(c.x, i, "out")])

            BEHAVIOR[f"{_stem}_{_word}alter_distance_two"] = lambda c, i, f=_exposure: (
                c.z[i] * f(c, i, lambda c, h: c.z[h])
            )
            BEHAVIOR[f"{_stem}_{_word}alter_distance_two_uncentred"] = lambda c, i, f=_exposure: (
                (c.z[i] + c.z_mean) * f(c, i, lambda c, h: c.z[h] + c.z_mean)
            )
            BEHAVIOR[f"{_stem}_{_word}alter_covariate_distance_two"] = lambda c, i, f=_exposure: (
                c.z[i] * f(c, i, lambda c, h: c.v[h])
            )

for _extreme, _f in (("maximum", max), ("minimum", min)):
    for _side, _word in (("out", ""), ("in", "in_"), ("mutual", "mutual_")):
        BEHAVIOR[f"{_extreme}_{_word}alter"] = lambda c, i, f=_f, side=_side: (
            c.z[i] * f([c.z[j] for j in alters(c.x, i, side)], default=0.0)
        )
        BEHAVIOR[f"{_extreme}_{_word}alter_covariate"] = lambda c, i, f=_f, side=_side: (
            c.z[i] * f([c.v[j] for j in alters(c.x, i, side)], default=nobody(c, i, side))
        )
BEHAVIOR["variance_of_alters"] = lambda c, i: (
    c.z[i] * (variance([c.z[j] for j in alters(c.x, i, "out")]) - c.variance) if alters(c.x, i, "out") else 0.0
)
BEHAVIOR["average_similarity_by_variance"] = lambda c, i: (
    BEHAVIOR["average_similarity"](c, i) * (variance([c.z[j] for j in alters(c.x, i, "out")]) - c.variance)
)


def _paths(c, i, h, shared):
    return sum(c.x[i, j] * (c.x[h, j] if shared else c.x[j, h]) for j in range(len(c.x)))


for _shared, _word in ((False, "forward"), (True, "shared")):
    BEHAVIOR[f"total_alter_by_paths_{_word}"] = lambda c, i, s=_shared: (
        c.z[i] * sum(c.z[h] * geometric(_paths(c, i, h, s), c.p) for h in range(len(c.z)) if h != i)
    )
    BEHAVIOR[f"total_alter_by_paths_{_word}_uncentred"] = lambda c, i, s=_shared: (
        (c.z[i] + c.z_mean)
        * sum((c.z[h] + c.z_mean) * geometric(_paths(c, i, h, s), c.p) for h in range(len(c.z)) if h != i)
    )


def _dense(c, i):
    x, n = c.x.astype(int), len(c.x)
    return [
        (j, h)
        for j in range(n)
        for h in range(j)
        if i not in (j, h) and x[i, j] + x[j, i] + x[i, h] + x[h, i] + x[j, h] + x[h, j] >= c.p
    ]


BEHAVIOR["dense_triads_effect"] = lambda c, i: c.z[i] * len(_dense(c, i))
BEHAVIOR["similarity_in_dense_triads"] = lambda c, i: sum(
    c.sim(i, j) for pair in _dense(c, i) for j in pair if c.z_known[j]
)

RATE["rate_from"] = lambda c, i: c.v[i]
for _side, _word in (("out", "out"), ("in", "in"), ("mutual", "mutual_")):
    RATE[f"{_word}degree_rate"] = lambda c, i, s=_side: len(alters(c.x, i, s))
    RATE[f"{_word}degree_rate_log"] = lambda c, i, s=_side: np.log(len(alters(c.x, i, s)) + 1)
    RATE[f"{_word}degree_rate_inverse"] = lambda c, i, s=_side: 1 / (len(alters(c.x, i, s)) + 1)


def _adopted(c, j):
    return c.z[j] + c.z_mean - c.low if c.z_known[j] else 0.0


def _bounded(exposure, p):
    if p != 0 and exposure < abs(p):
        return 0.0
    return min(exposure, abs(p)) if p < 0 else exposure


def _exposed(c, i, weight, average):
    """Exposure, bounded, each adopter weighted; under a bound every adopter counts in proportion."""
    out = alters(c.x, i, "out")
    plain = sum(_adopted(c, j) for j in out)
    value = sum(_adopted(c, j) * weight(c, j) for j in out)
    value = value * _bounded(plain, c.p) / plain if plain else 0.0
    return value / len(out) if average and out else value


RATE["average_exposure"] = lambda c, i: _exposed(c, i, lambda c, j: 1.0, True)
RATE["total_exposure"] = lambda c, i: _exposed(c, i, lambda c, j: 1.0, False)
RATE["infection_by_indegree"] = lambda c, i: _exposed(c, i, lambda c, j: c.x[:, j].sum(), False)
RATE["infection_by_outdegree"] = lambda c, i: _exposed(c, i, lambda c, j: c.x[j].sum(), False)
RATE["infection_by_degree"] = lambda c, i: _exposed(c, i, lambda c, j: c.x[j].sum() + c.x[:, j].sum(), False)
RATE["infection_by_covariate"] = lambda c, i: _exposed(c, i, lambda c, j: c.v[j], False)
RATE["susceptibility_by_indegree"] = lambda c, i: c.x[:, i].sum() * _exposed(c, i, lambda c, j: 1.0, True)
RATE["susceptibility_by_covariate"] = lambda c, i: c.v[i] * _exposed(c, i, lambda c, j: 1.0, True)


def _co_members(c, i, A, B):
    """Exposure over two steps; under a bound, which is one of the sum, every adopter counts in proportion."""
    seen = [[_adopted(c, h) for h in alters(c.x, j, "in") if h != i] for j in alters(c.x, i, "out")]
    plain = total([total(some) for some in seen])
    return A([B(some) for some in seen]) * _bounded(plain, c.p) / plain if plain else 0.0


RATE["total_exposure_distance_two"] = lambda c, i: _co_members(c, i, total, total)
RATE["average_total_exposure_distance_two"] = lambda c, i: _co_members(c, i, mean, total)
RATE["total_average_exposure_distance_two"] = lambda c, i: _co_members(c, i, total, mean)
RATE["any_exposure_distance_two"] = lambda c, i: _co_members(
    c, i, total, lambda values: float(max(values, default=0) > 0)
)


def needs_own_covariate(name):
    """Whether s_i looks at ego's own v."""
    endings = ("_by_ego", "_among_same", "_among_different", "alter_same", "effect_from", "contrast_of_outdegree")
    return name.endswith(endings)


def behavior_statistic(name, c, i):
    """s_i as it counts in moments: nothing from an actor whose behavior, or whose own covariate, is unknown."""
    if not c.z_known[i] or (needs_own_covariate(name) and not c.v_known[i]):
        return 0.0
    return BEHAVIOR[name](c, i)

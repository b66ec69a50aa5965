"""Statistics of the actor-oriented model, each as literally as its formula reads.

Network effects: a :class:`World` is one state of all variables as ego sees it. An entry of NETWORK is a tie term
t(c)[i, j], so that s_i = sum_j x_ij t_ij, or an actor statistic s(c)[i], or both where they differ.
"""

from dataclasses import dataclass, field, replace

import numpy as np


@dataclass
class World:
    """Owner network x, covariate v (centred, imputed) of actors, of second-mode nodes where x is two-mode."""

    x: np.ndarray
    v: np.ndarray | None = None
    u: np.ndarray | None = None  # second actor variable
    w: np.ndarray | None = None  # another network
    d: np.ndarray | None = None  # dyadic covariate, not centred
    p: float = 0.0
    directed: bool = True
    two_mode: bool = False
    w_two_mode: bool = False
    constants: dict = field(default_factory=dict)
    v_known: np.ndarray | None = None
    lagged: np.ndarray | None = None  # in moments, the owner network at the start of the period
    kind: str = "eval"

    def __post_init__(self):
        self.x = np.asarray(self.x, float)
        self.n, self.q = self.x.shape

    def __getattr__(self, name):
        try:
            return self.__dict__["constants"][name]
        except KeyError:
            raise AttributeError(name) from None


def root(value, p):
    return np.sqrt(value) if p == 2 else value


def inverse(value):
    value = np.asarray(value, float)
    return np.where(value > 0, 1 / np.where(value > 0, value, 1), 0.0)


def out(x):
    return x.sum(1)


def ind(x):
    return x.sum(0)


def rec(x):
    return (x * x.T).sum(1)


def spread(row, c):
    """A term of ego, the same for every alter."""
    return np.repeat(np.asarray(row, float)[: c.n, None], c.q, 1)


def alters(row, c):
    return np.repeat(np.asarray(row, float)[None, : c.q], c.n, 0)


def gw(m, p):
    alpha = p / 100
    return np.exp(alpha) * (1 - (1 - np.exp(-alpha)) ** m)


def off(matrix):
    matrix = np.array(matrix, float)
    np.fill_diagonal(matrix, 0)
    return matrix


def equal(c):
    return (c.v[:, None] == c.v[None, :]).astype(float)


def similarity(c):
    return 1 - np.abs(c.v[:, None] - c.v[None, :]) / c.v_range - c.v_similarity


def triple(c, formula):
    """t_ij = sum over h, other than i and j, of formula(i, j, h)."""
    t = np.zeros((c.n, c.q))
    for i in range(c.n):
        for j in range(c.q):
            if i != j:
                t[i, j] = sum(formula(i, j, h) for h in range(c.n) if h not in (i, j))
    return t


@dataclass(frozen=True)
class Statistic:
    """One network effect: its tie term, its actor statistic, and how moments use it.

    `moment` is "tie" (sums of the tie term over ties, gained ties or lost ties), "ego" (the whole actor statistic, in
    all three) or "self" (the actor statistic of the network of gained or lost ties alone). `known` says whose
    covariate must be known: "e"go, "a"lter; "d": the dyadic cell. `fixed`: the tie term is context
    (elementary), and `change`, or the tie term, what ego gains by a tie. `ego`: what ego maximises, where it is not the
    statistic of moments but has the same total. `start`: the tie term of moments, read in the start network c.lagged.
    """

    tie: object = None
    actor: object = None
    fixed: bool = False
    scale: float = 1.0
    moment: str = "tie"
    known: str = ""
    ego: object = None
    change: object = None
    start: object = None

    def term(self, c):
        if self.start is not None and c.lagged is not None:
            early = self.start(replace(c, x=c.lagged, lagged=None), c.kind)
            if early is not None:
                return np.asarray(early, float)
        return np.asarray(self.tie(c), float)

    def gain(self, c):
        """What a tie gives ego with the others as context."""
        return np.asarray((self.change or self.tie)(c), float)

    def value(self, c):
        """s_i for all i."""
        return np.asarray(self.actor(c), float) if self.actor else (c.x * self.term(c)).sum(1)

    def own(self, c):
        """What ego maximises: the actor statistic, or another one of the same total."""
        return np.asarray(self.ego(c), float) if self.ego else self.value(c)

    def mask(self, c):
        known = np.ones((c.n, c.q))
        if c.v_known is not None and "e" in self.known:
            known *= c.v_known[: c.n, None]
        if c.v_known is not None and "a" in self.known:
            known *= c.v_known[None, : c.q]
        return known


NETWORK: dict[str, Statistic] = {}


def N(names, tie=None, actor=None, **settings):
    for name in names.split():
        NETWORK[name] = Statistic(tie, actor, **settings)


def degree(names, f, **settings):
    """s_i = f(x_i+)."""
    N(names, None, lambda c: f(out(c.x), c.p), moment="ego", **settings)


def lag(term):
    """p = 0: the term at the start, for creation always; p < 0: the sum of start and end."""
    return lambda c, kind: term(c) if c.p == 0 or kind != "eval" else None


def early(c, kind):
    """Outdegrees of alters at the start, as they are, with p = 0."""
    return alters(out(c.x), c) if c.p == 0 else None


one = lambda c: np.ones((c.n, c.q))  # noqa: E731
TP = lambda x: x @ x  # noqa: E731
IS = lambda x: x @ x.T  # noqa: E731
OS = lambda x: x.T @ x  # noqa: E731

# --- one-mode structure
N("density", one)
N("recip", lambda c: c.x.T)
N("transTrip", lambda c: TP(c.x))
N("transTrip1", lambda c: TP(c.x), fixed=True)
N("transTrip2", lambda c: TP(c.x), fixed=True, change=lambda c: IS(c.x))
either = lambda x: np.maximum(x, x.T)  # noqa: E731
N("transTrip.FR", lambda c: c.x @ (c.x * c.x.T))
N("transTrip.FE", lambda c: c.x @ either(c.x))
N("transTrip.EE", lambda c: (c.x * c.x.T) @ either(c.x))
N("transTriads", lambda c: TP(c.x) / 2)
N("transMedTrip", lambda c: OS(c.x))
N("transRecTrip", lambda c: c.x.T * TP(c.x))
N("transRecTrip2", lambda c: c.x @ (c.x * c.x.T))
N("cycle3", lambda c: TP(c.x).T, scale=1 / 3)
N("transTies", lambda c: TP(c.x) > 0)
between = lambda c: triple(c, lambda i, j, h: c.x[h, i] * (1 - c.x[h, j]))  # noqa: E731
N("between", between, ego=lambda c: (c.x * between(c)).sum(1) * (1 if c.directed else 0.5))
N("balance", lambda c: triple(c, lambda i, j, h: c.b0 - abs(c.x[i, h] - c.x[j, h])))
N("inStructEq", lambda c: triple(c, lambda i, j, h: c.structural - abs(c.x[h, i] - c.x[h, j])))
N("Jout", lambda c: IS(c.x) * inverse(out(c.x)[:, None] + out(c.x)[None, :] - IS(c.x)), fixed=True)
N("Jin", lambda c: OS(c.x) * inverse(ind(c.x)[:, None] + ind(c.x)[None, :] - OS(c.x)), fixed=True)
N("nbrDist2", None, lambda c: off((c.x == 0) * (TP(c.x) > 0)).sum(1), moment="ego")
N("nbrDist2twice", None, lambda c: off((c.x == 0) * (TP(c.x) > 1)).sum(1), moment="ego")


def dense(c):
    s = np.zeros(c.n)
    for i in range(c.n):
        for j in range(c.n):
            for h in range(c.n):
                if len({i, j, h}) == 3 and c.x[i, j]:
                    s[i] += c.x[np.ix_([i, j, h], [i, j, h])].sum() >= c.p
    return s


N("denseTriads", None, dense)
for name, count in {
    "FF": lambda x: TP(x),
    "BB": lambda x: TP(x).T,
    "FB": lambda x: IS(x),
    "BF": lambda x: OS(x),
    "RR": lambda x: TP(x * x.T),
}.items():
    N(f"gwesp{name}", lambda c, count=count: gw(count(c.x), c.p), fixed=True)
N("gwesp", lambda c: gw(TP(c.x), c.p), fixed=True)
N("gwdspFF", None, lambda c: off(gw(TP(c.x), c.p)).sum(1), moment="ego")
N("gwdspFB", None, lambda c: off(gw(IS(c.x), c.p)).sum(1), moment="ego")
N("inPop", lambda c: alters(ind(c.x), c))
indegree = lambda c: c.dbar * c.n / c.q  # noqa: E731
N("inPop.c", lambda c: alters(ind(c.x) - indegree(c), c))
N("inPopSqrt", lambda c: alters(np.sqrt(ind(c.x)), c))
N("inPop_dya", lambda c: alters(root(ind(c.x), c.p) - root(indegree(c), c.p), c), fixed=True)
N("outPop", lambda c: alters(out(c.x), c), start=early)
N("outPop.c", lambda c: alters(out(c.x) - c.dbar, c), start=early)
N("outPopSqrt", lambda c: alters(np.sqrt(out(c.x)), c), start=early)
N("outPopMore", lambda c: alters(np.maximum(out(c.x) - c.p, 0), c), start=early)
N("outPopThreshold", lambda c: alters(out(c.x) > c.p, c), start=early)
N(
    "outPopSqrtMore",
    lambda c: alters(np.maximum(np.sqrt(out(c.x)) - np.sqrt(c.p), 0), c),
    start=early,
)
N("reciPop", lambda c: alters(rec(c.x), c))
N("reciPopSqrt", lambda c: alters(np.sqrt(rec(c.x)), c))
N("inAct", lambda c: spread(ind(c.x), c), start=lag(lambda c: spread(ind(c.x), c)))
N("inAct.c", lambda c: spread(ind(c.x) - c.dbar, c), start=lag(lambda c: spread(ind(c.x) - c.dbar, c)))
N("inActSqrt", lambda c: spread(np.sqrt(ind(c.x)), c), start=lag(lambda c: spread(np.sqrt(ind(c.x)), c)))
N("outAct", lambda c: spread(out(c.x), c))
N("outAct.c", lambda c: spread(out(c.x) - c.dbar, c))
N("outActSqrt", lambda c: spread(np.sqrt(out(c.x)), c))
N("reciAct", lambda c: spread(root(rec(c.x), c.p), c))
N("outAct_ego", lambda c: spread(out(c.x) - c.dbar, c), fixed=True)
N("inAct_ego", lambda c: spread(ind(c.x) - c.dbar, c), fixed=True)
N("reciAct_ego", lambda c: spread(rec(c.x) - c.rec_mean, c), fixed=True)
N("outMore_ego", lambda c: spread(out(c.x) > c.p, c), fixed=True)
N("outActMore_ego", lambda c: spread(np.maximum(out(c.x) - c.p, 0), c), fixed=True)
N("outActSqrtMore_ego", lambda c: spread(np.maximum(np.sqrt(out(c.x)) - np.sqrt(c.p), 0), c), fixed=True)
N("divOut_ego", lambda c: spread(root(inverse(out(c.x)), c.p), c), fixed=True)
N("divIn_ego", lambda c: spread(root(inverse(ind(c.x)), c.p), c), fixed=True)
degree("outTrunc outTrunc2", lambda d, p: np.minimum(d, p))
degree("outIso", lambda d, p: d == 0)
degree("outMore outMore2 outMore3", lambda d, p: np.maximum(d - p, 0))
degree("outThreshold outThreshold2", lambda d, p: d > p)
degree("outInv", lambda d, p: 1 / (d + p))
degree("outSqInv", lambda d, p: 1 / ((d + p) * (d + p + 1)))
N("avDeg", None, lambda c: out(c.x) * (c.x.sum() / c.n - c.p), moment="self")
N("outOutAss", lambda c: np.outer(out(c.x), out(c.x)) ** (1 / c.p))
N("outInAss", lambda c: np.outer(out(c.x), ind(c.x)) ** (1 / c.p))
N("inOutAss", lambda c: np.outer(ind(c.x), out(c.x)) ** (1 / c.p))
N("inInAss", lambda c: np.outer(ind(c.x), ind(c.x)) ** (1 / c.p))
N("degPlus", lambda c: spread(root(out(c.x), c.p), c) + alters(root(out(c.x), c.p), c))
N("degPlus.c", lambda c: spread(out(c.x), c) + alters(out(c.x) - 2 * c.dbar, c))
N("isolateNet", None, lambda c: (out(c.x) == 0) & (ind(c.x) == 0), moment="ego")
N("inIsDegree", lambda c: spread(ind(c.x) == 0, c))
for name, counted in {
    "antiIso": lambda c: (ind(c.x) >= 1) & (out(c.x) == 0),
    "antiInIso": lambda c: ind(c.x) >= 1,
    "antiInIso2 in2Plus": lambda c: ind(c.x) >= 2,
    "in3Plus": lambda c: ind(c.x) >= 3,
}.items():
    # Ego counts the others (all second-mode nodes); the moment counts everybody once.
    others = lambda c, f=counted: np.array([sum(np.delete(f(c), [] if c.two_mode else i)) for i in range(c.n)])  # noqa: E731
    N(name, None, lambda c, f=counted: np.append(f(c).sum(), np.zeros(c.n - 1)), ego=others, moment="ego")
N("isolatePop", lambda c: alters((ind(c.x) == 1) & (out(c.x) == 0), c))


def four_cycles(c, same=None, shared=None):
    """For each tie: number of (k, h) with x_ik x_hj x_hk, i != h, j != k; v_i = v_h; v_j = v_k."""
    count = np.zeros((c.n, c.q))
    for i in range(c.n):
        for j in range(c.q):
            for h in range(c.n):
                for k in range(c.q):
                    if h != i and k != j and (same is None or same[i] == same[h]):
                        if shared is None or shared[j] == shared[k]:
                            count[i, j] += c.x[i, k] * c.x[h, j] * c.x[h, k]
    return count


half_cycles = lambda c: (c.x * four_cycles(c)).sum(1) / 2  # noqa: E731
N("sharedPop", lambda c: four_cycles(c), ego=half_cycles, scale=1 / 4)
N("cycle4", lambda c: root(four_cycles(c), c.p), ego=lambda c: root(half_cycles(c), c.p), scale=1 / 4)

# --- actor covariates
N("egoX", lambda c: spread(c.v, c), known="e")
N("egoSqX", lambda c: spread(c.v**2, c), known="e")
N("altX", lambda c: alters(c.v, c), known="a")
N("altSqX", lambda c: alters(c.v**2, c), known="a")
N("simX", similarity, known="ea")
N("sameX", equal, known="ea")
N("unequalX", lambda c: 1 - equal(c), known="ea")
N("egoXaltX", lambda c: np.outer(c.v, c.v), known="ea")
N("diffX", lambda c: c.v[None, :] - c.v[:, None], known="ea")
N("diffSqX", lambda c: (c.v[None, :] - c.v[:, None]) ** 2, known="ea")
N("absDiffX", lambda c: np.abs(c.v[None, :] - c.v[:, None]), known="ea")
N("egoDiffX", lambda c: c.v[:, None] * (c.v[None, :] - c.v[:, None]), known="ea")
N("higher", lambda c: (1 + np.sign(c.v[:, None] - c.v[None, :])) / 2, known="ea")
N("altHigherEgoX", lambda c: np.sign(c.v[None, :] - c.v[:, None]), known="ea")
N("simRecipX", lambda c: c.x.T * similarity(c), known="ea")
N("sameXRecip", lambda c: c.x.T * equal(c), known="ea")
N("egoXaltXRecip", lambda c: c.x.T * np.outer(c.v, c.v), known="ea")
N("egoPlusAltX", lambda c: c.v[:, None] + c.v[None, :], known="ea")
N("egoPlusAltSqX", lambda c: c.v[:, None] ** 2 + c.v[None, :] ** 2, known="ea")
N("egoRThresholdX", lambda c: spread(c.v >= c.p, c), known="e")
N("egoLThresholdX", lambda c: spread(c.v <= c.p, c), known="e")
N("altRThresholdX", lambda c: alters(c.v >= c.p, c), known="a")
N("altLThresholdX", lambda c: alters(c.v <= c.p, c), known="a")
N("outXMore", None, lambda c: np.maximum(c.x @ (c.v[: c.q] > 0) - c.p, 0), moment="ego")
for name, part in {"Abs": np.abs, "Pos": lambda e: np.maximum(e, 0), "Neg": lambda e: np.maximum(-e, 0)}.items():
    N(
        f"deg{name}DiffX",
        None,
        lambda c, part=part: part(out(c.x) - np.floor(c.v[: c.n])),
        moment="ego",
        known="e",
    )
N("transTripX", lambda c: alters(c.v, c) * IS(c.x), ego=lambda c: (c.x * (c.x @ (c.v[:, None] * c.x))).sum(1))
N("sameXTransTrip", lambda c: equal(c) * TP(c.x), known="ea")
N("diffXTransTrip", lambda c: (1 - equal(c)) * TP(c.x), known="ea")
N("homXTransTrip", lambda c: equal(c) * triple(c, lambda i, j, h: equal(c)[i, h] * c.x[i, h] * c.x[h, j]), known="ea")
N("simXTransTrip", lambda c: similarity(c) * TP(c.x), known="ea")
N(
    "jumpXTransTrip",
    lambda c: triple(c, lambda i, j, h: (c.v[i] == c.v[h] != c.v[j]) * c.x[i, h] * c.x[h, j]),
    known="ea",
)
N("sameXTransRecTrip", lambda c: c.x.T * equal(c) * TP(c.x), known="ea")
N("diffXTransRecTrip", lambda c: c.x.T * (1 - equal(c)) * TP(c.x), known="ea")
N(
    "homXTransRecTrip",
    lambda c: c.x.T * equal(c) * triple(c, lambda i, j, h: equal(c)[i, h] * c.x[i, h] * c.x[h, j]),
    known="ea",
)
N("inPopX", lambda c: alters(root(c.x.T @ c.v, c.p), c))
N("outPopX", lambda c: alters(root(c.x @ c.v, c.p), c))
N("inActX", lambda c: spread(root(c.x.T @ c.v, c.p), c))
N("outActX", lambda c: spread(root(c.x @ c.v, c.p), c))
N("sameXOutAct", lambda c: equal(c) * spread((c.x * equal(c)).sum(1), c), known="ea")
N("diffXOutAct", lambda c: (1 - equal(c)) * spread((c.x * (1 - equal(c))).sum(1), c), known="ea")


def crossed(c):
    """Number of ties to the same times that to others; the root of the latter with p = 2, of the former with p = 3."""
    same, others = (c.x * equal(c)).sum(1), (c.x * (1 - equal(c))).sum(1)
    term = (1 - equal(c)) * spread(np.sqrt(same), c) if c.p == 3 else equal(c) * spread(root(others, c.p), c)
    return term


N("crossXOutAct", crossed, known="ea")
N("altXOutAct", lambda c: spread(c.x @ c.v, c) * alters(c.v, c), known="a")
N("homXOutAct", lambda c: c.x @ equal(c)[: c.q, : c.q])


def category(v):
    """1, 2, ... for what rounds to it; 0 for what is lower."""
    return np.maximum(np.floor(v + 0.5), 0)


def like_category(c):
    """Number of ego's alters in the category of each alter, perhaps per member of that category, perhaps its root."""
    own = category(c.v[: c.q])
    together = (own[:, None] == own) & (own > 0)
    count = c.x @ together
    share = count / np.maximum(together.sum(0), 1) if c.p >= 3 else count
    return np.sqrt(share) if c.p in (2, 4) else share


N("homXOutAct2", like_category)
N("sameXV", lambda c: (category(c.v)[: c.n, None] == category(c.u)[: c.q]) * (category(c.u)[: c.q] > 0))


def ties_of_categories(c, as_if_there=False):
    """Ties h -> k of the categories of i and j, but those of 0; perhaps i -> j as if it were there, perhaps a share."""
    v, u, t = category(c.v[: c.n]), category(c.u[: c.q]), np.zeros((c.n, c.q))
    for i in range(c.n):
        for j in range(c.q):
            pairs = [(h, k) for h in range(c.n) for k in range(c.q) if v[h] == v[i] >= 1 and u[k] == u[j] >= 1]
            ties = sum(1 if as_if_there and (h, k) == (i, j) else c.x[h, k] for h, k in pairs)
            ties = ties / len(pairs) if c.p >= 3 and pairs else ties
            t[i, j] = np.sqrt(ties) if c.p in (2, 4) else ties
    return t


N("sameXVInPop", ties_of_categories, fixed=True, change=lambda c: ties_of_categories(c, True))
N("sameXReciAct", lambda c: spread((c.x * c.x.T * equal(c)).sum(1), c), known="e")
N("diffXReciAct", lambda c: spread((c.x * c.x.T * (1 - equal(c))).sum(1), c), known="e")


def counted_or_share(c, alike, ties):
    """For i, j: number of h alike to i with a tie to j; with p = 3, 4 as a share of all h alike; its root with 2, 4."""
    count = alike[: c.n, : c.n] @ ties
    count = count * inverse(alike[: c.n, : c.n].sum(1))[:, None] if c.p >= 3 else count
    return np.sqrt(count) if c.p in (2, 4) else count


N("sameXInPop", lambda c: counted_or_share(c, equal(c), c.x), known="e")
N("diffXInPop", lambda c: counted_or_share(c, 1 - equal(c), c.x), known="e")
N("IndTies", None, lambda c: (off((c.x == 0) * (TP(c.x) > 0)) * c.v[None, :]).sum(1), moment="ego")
for name, agree in (("sameXCycle4", "same"), ("sameInXCycle4", "shared")):
    N(
        name,
        lambda c, agree=agree: four_cycles(c, **{agree: c.v}),
        ego=lambda c, agree=agree: (c.x * four_cycles(c, **{agree: c.v})).sum(1) / 2,
        scale=1 / 4,
        moment="self",
    )
N("avGroupEgoX", lambda c: spread(np.full(c.n, c.v.mean()), c))
N("totGroupEgoX", lambda c: spread(np.full(c.n, c.v.sum()), c))

# --- distance two


def average(c, links, exclude_ego=False):
    """Over the neighbours of each j (rows of links): mean of v; that of all without neighbours. For each i, j."""
    total = np.zeros((c.n, c.q))
    for i in range(c.n):
        for j in range(c.q):
            near = [h for h in range(links.shape[1]) if links[j, h] and not (exclude_ego and h == i)]
            total[i, j] = np.mean(c.v[near]) if near else of_nobody(c)
    return total


def of_nobody(c):
    """The overall mean, which is 0 where v is centred."""
    return getattr(c, "v_nobody", 0.0)


def own_average(c, links):
    return spread([np.mean(c.v[row > 0]) if row.any() else of_nobody(c) for row in links], c)


def seen(c, links, exclude_ego=False):
    """0 where j has neighbours and the values of all are missing. For each i, j."""
    known = np.ones(links.shape[1]) if c.v_known is None else c.v_known
    there = np.repeat(links[None, : c.q], c.n, 0)
    if exclude_ego:
        there = there * (1 - np.eye(links.shape[1])[: c.n, None, :])
    return (there.sum(2) == 0) | ((there * known).sum(2) > 0)


def both_seen(c, links):
    return seen(c, links) * np.diag(seen(c, links))[:, None]


def share(c, links):
    t = np.zeros((c.n, c.q))
    for i in range(c.n):
        for j in range(c.q):
            near = [h for h in range(links.shape[1]) if links[j, h] and h != i]
            t[i, j] = np.mean(c.v[near] == c.v[i]) if near else 0.0
    return t


def closeness(c, a, b):
    return 1 - np.abs(a - b) / c.v_range - c.v_similarity


N("altDist2", lambda c: average(c, c.x, c.p == 2) * seen(c, c.x, c.p == 2))
N("totDist2", lambda c: alters(c.x @ c.v, c) - (c.v[:, None] * c.x.T if c.p == 2 else 0))
N("altInDist2", lambda c: average(c, c.x.T, True) * seen(c, c.x.T, True))
N("totInDist2", lambda c: (c.x.T @ c.v)[None, :] - c.v[:, None] * c.x)
N("simDist2", lambda c: closeness(c, own_average(c, c.x), average(c, c.x)) * both_seen(c, c.x), fixed=True)
N("simEgoDist2", lambda c: closeness(c, spread(c.v, c), average(c, c.x, True)) * seen(c, c.x, True), known="e")
N("simEgoInDist2", lambda c: closeness(c, spread(c.v, c), average(c, c.x.T, True)) * seen(c, c.x.T, True), known="e")
N("sameEgoDist2", lambda c: share(c, c.x), known="e")
N("sameEgoInDist2", lambda c: share(c, c.x.T), known="e")

# --- dyadic covariates
N("X", lambda c: c.d - c.d_mean, known="d")
N("XRecip", lambda c: c.x.T * (c.d - c.d_mean), known="d")
N("WWX", lambda c: c.d @ c.d)
N("cyWWX", lambda c: (c.d @ c.d).T)
N("InWWX", lambda c: c.d.T @ c.d)
N("OutWWX", lambda c: c.d @ c.d.T)
N("WXX", lambda c: c.d @ c.x, fixed=True)
N("XWX", lambda c: c.x @ c.d)
N("XWX1", lambda c: c.x @ c.d, fixed=True)
N("XWX2", lambda c: c.x @ c.d, fixed=True, change=lambda c: c.x @ c.d.T)
N("XXW", lambda c: c.x.T @ c.d, ego=lambda c: (c.x * (c.d @ c.x.T)).sum(1))


# --- other networks
def w_mean(c, indegree=False):
    return (c.w_dbar * (c.n / c.w.shape[1] if indegree else 1)) ** (0.5 if c.p == 2 else 1)


N("crprod", lambda c: c.w)
N("crprodRecip", lambda c: c.w.T)
N("crprodMutual", lambda c: c.w * c.w.T)
N("inPopIntn", lambda c: alters(root(ind(c.w), c.p) - w_mean(c, True), c))
N("outPopIntn", lambda c: alters(root(out(c.w), c.p) - w_mean(c), c))
N("inActIntn", lambda c: spread(root(ind(c.w), c.p) - w_mean(c, True), c))
log = lambda value: np.log(np.where(value > 0, value, 1))  # noqa: E731  (0 of 0)
N("outActIntn", lambda c: spread(log(out(c.w)) - log(c.w_dbar) if c.p == 0 else root(out(c.w), c.p) - w_mean(c), c))
N("divOutEgoIntn", lambda c: spread(root(inverse(out(c.w)), c.p), c))
N("divInEgoIntn", lambda c: spread(root(inverse(ind(c.w)), c.p), c))
N("divOutAltIntn", lambda c: alters(root(inverse(out(c.w)), c.p), c))
N("divInAltIntn", lambda c: alters(root(inverse(ind(c.w)), c.p), c))
N("avDegIntn", lambda c: spread(np.full(c.n, c.w.sum() / c.n - c.p), c))
N("both", lambda c: np.outer(root(ind(c.w), c.p) - w_mean(c), root(ind(c.w), c.p) - w_mean(c)))
N("absOutDiffIntn", lambda c: np.abs(root(out(c.w), c.p)[:, None] - root(out(c.w), c.p)[None, :]))
N("crprodInActIntn", lambda c: c.w * spread(root(ind(c.w), c.p) - w_mean(c, True), c))
doubled = lambda c: spread((c.x * c.w).sum(1), c)  # noqa: E731
N("doubleInPop", lambda c: c.w * alters(root(ind(c.x * c.w), c.p), c))
bridged = lambda w: np.array([(off(np.outer(w[:, j], w[j])) * (1 - w)).sum() for j in range(len(w))])  # noqa: E731
N("betweenPop", lambda c: alters(bridged(c.w) ** (1 / c.p), c))
free = lambda c: 1 if c.w_two_mode else c.w == 0  # noqa: E731
N("nDist2ActIntn", lambda c: spread(root(off(free(c) * (IS(c.w) > 0)).sum(1), c.p), c))
own_active = lambda c: c.w @ (root(out(c.x), c.p) - root(c.dbar, c.p))  # noqa: E731
N("outOutActIntn", lambda c: spread(own_active(c), c))
N("outOutAvIntn", lambda c: spread(own_active(c) * inverse(out(c.w)), c))
N("dist2OutInActIntn", lambda c: spread(c.w @ (root(ind(c.w), c.p) - root(c.w_dbar, c.p)), c))
others = lambda c: 1 - np.eye(c.n)  # noqa: E731


def active(c):
    """Outdegrees in w; p = 3: less their mean; p = 2: their root; p = 4: less the root of their mean."""
    return {1: out(c.w), 2: np.sqrt(out(c.w)), 3: out(c.w) - c.w_dbar, 4: np.sqrt(out(c.w)) - np.sqrt(c.w_dbar)}[c.p]


N("inPopOutW", lambda c: (active(c) * others(c)) @ c.x)


def like_choosers(c):
    """For i, k: number of choices in w that they share; p = 3: less its mean; p = 2, 4: the same of roots."""
    count, mean = IS(c.w), c.w_shared
    return {1: count, 2: np.sqrt(count), 3: count - mean, 4: np.sqrt(count) - np.sqrt(mean)}[c.p] * others(c)


N("sharedTo", lambda c: like_choosers(c) @ c.x, fixed=True)
N("avAlt.2M.tie", lambda c: like_choosers(c) @ c.x * inverse(like_choosers(c).sum(1))[:, None], fixed=True)
N("doubleOutAct", lambda c: c.w * np.where(c.p == 2, np.sqrt(doubled(c)), doubled(c)))


def counted(count):
    """p = 2: the root; p = 3: whether there are any."""
    return lambda c: np.sqrt(count(c)) if c.p == 2 else (count(c) > 0) if c.p == 3 else count(c)


N("from", lambda c: np.sqrt(IS(c.w)) if c.p >= 2 else IS(c.w))
N("fromMutual", lambda c: np.sqrt(IS(c.w * c.w.T)) if c.p >= 2 else IS(c.w * c.w.T))
N("fromAny", lambda c: IS(c.w) > 0)
N("to", counted(lambda c: c.w @ c.x), fixed=True)
N("toBack", counted(lambda c: c.w.T @ c.x), fixed=True)
N("toRecip", counted(lambda c: (c.w * c.w.T) @ c.x), fixed=True)
N("toAny", None, lambda c: (c.w * (IS(c.x) > 0)).sum(1), moment="ego")
N("toU", lambda c: (c.w * (c.d - c.d_mean)) @ c.x, fixed=True)
N("closure", counted(lambda c: TP(c.w)))
N("cyClosure", counted(lambda c: TP(c.w).T))
N("sharedIn", counted(lambda c: OS(c.w)))
N("mixedInXW", counted(lambda c: c.x.T @ c.w), fixed=True)
N("cl.XWX", lambda c: c.x @ c.w, scale=2)
N("cl.XWX1", lambda c: c.x @ c.w, fixed=True)
N("cl.XWX2", lambda c: c.x @ c.w, fixed=True, change=lambda c: c.x @ c.w.T)
N("JoutMix", lambda c: IS(c.w) * inverse(out(c.w)[:, None] + out(c.w)[None, :] - IS(c.w)))
N("JinMix", lambda c: OS(c.w) * inverse(ind(c.w)[:, None] + ind(c.w)[None, :] - OS(c.w)))
for name, count in {
    "FF": lambda w: TP(w),
    "BB": lambda w: TP(w).T,
    "FB": lambda w: IS(w),
    "BF": lambda w: OS(w),
    "RR": lambda w: TP(w * w.T),
    "": lambda w: IS(w),
}.items():
    N(f"gwesp{name}Mix", lambda c, count=count: gw(count(c.w), c.p))
worth = {2: np.sqrt, -1: lambda d: 1 / (d + 1)}
N("from.w.ind", lambda c: (c.w * worth.get(c.p, lambda d: d)(ind(c.w))) @ c.w.T)
N("covNetNet", lambda c: IS(c.w) * equal(c), known="ea")
N("homCovNetNet", lambda c: equal(c) * ((c.w * equal(c)) @ c.w.T), known="ea")
N("sameWWClosure", lambda c: (c.w * equal(c)) @ c.w, known="e")
N("sameXWClosure", lambda c: (c.x * equal(c)) @ c.w, known="e")
N("diffXWClosure", lambda c: (c.x * (1 - equal(c))) @ c.w, known="e")
N("jumpWWClosure", lambda c: (1 - equal(c)) * ((c.w * equal(c)) @ c.w), known="ea")
N("sameWXClosure", lambda c: (c.w * equal(c)) @ c.x, fixed=True, known="e")
N("homWXClosure", lambda c: ((c.w * equal(c)) @ c.x) * equal(c), fixed=True, known="ea")
N("jumpWXClosure", lambda c: ((c.w * equal(c)) @ c.x) * (1 - equal(c)), fixed=True, known="ea")
for tail, many in (
    ("", lambda c, f: triple(c, lambda i, j, h: c.w[i, h] * c.w[j, h] * f(c.v[i], c.v[j], c.v[h]))),
    ("In", lambda c, f: triple(c, lambda i, j, h: c.w[h, i] * c.w[h, j] * f(c.v[i], c.v[j], c.v[h]))),
):
    N(f"contrastCovNetNet{tail}", lambda c, m=many: m(c, lambda a, b, h: a == b != h), known="ea")
    N(f"allDifCovNetNet{tail}", lambda c, m=many: m(c, lambda a, b, h: len({a, b, h}) == 3), known="ea")
    N("jumpSharedIn" if tail else "jumpFrom", lambda c, m=many: m(c, lambda a, b, h: a == h != b), known="ea")
N("covNetNetIn", lambda c: OS(c.w) * equal(c), known="ea")
N("homCovNetNetIn", lambda c: equal(c) * (c.w.T @ (c.w * equal(c))), known="ea")
N("diffWWClosure", lambda c: (c.w * (1 - equal(c))) @ c.w, known="e")
N("diffWXClosure", lambda c: (c.w * (1 - equal(c))) @ c.x, fixed=True, known="e")
N("sameXOutPopIntn", lambda c: root(equal(c) @ c.w.T, c.p), known="e")
N("sameXInActIntn", lambda c: spread(np.diag(counted_or_share(c, equal(c), c.w)), c), known="e")
N("sameXOutActIntn", lambda c: spread(root((c.w * equal(c)).sum(1), c.p), c), known="e")
N("simDist2W", lambda c: closeness(c, own_average(c, c.w), average(c, c.w)) * both_seen(c, c.w))
N("inPopIntnX", lambda c: alters(root(c.w.T @ c.v[: c.n], c.p), c))
N("outPopIntnX", lambda c: alters(root(c.w @ c.v, c.p), c))
N("inActIntnX", lambda c: spread(root(c.w.T @ c.v, c.p), c))
N("outActIntnX", lambda c: spread(root(c.w @ c.v, c.p), c))
N("sameXInPopIntn", lambda c: counted_or_share(c, equal(c), c.w), known="e")
N("diffXInPopIntn", lambda c: root((1 - equal(c))[: c.n, : c.n] @ c.w, c.p), known="e")
N("altDist2W", lambda c: average(c, c.w, c.p == 2) * seen(c, c.w, c.p == 2))
N("altInDist2W", lambda c: average(c, c.w.T, c.p == 2) * seen(c, c.w.T, c.p == 2))
N("totDist2W", lambda c: (c.w @ c.v)[None, :] - c.v[:, None] * c.w.T * (c.p == 2))
N("totInDist2W", lambda c: (c.w.T @ c.v[: c.n])[None, :] - c.v[: c.n, None] * c.w * (c.p == 2))
N("simEgoDist2W", lambda c: closeness(c, spread(c.v, c), average(c, c.w, True)) * seen(c, c.w, True), known="e")
N("simEgoInDist2W", lambda c: closeness(c, spread(c.v, c), average(c, c.w.T, True)) * seen(c, c.w.T, True), known="e")
N("sameEgoDist2W", lambda c: share(c, c.w), known="e")
N("sameEgoInDist2W", lambda c: share(c, c.w.T), known="e")

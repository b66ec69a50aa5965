"""Parts of which network effects are made, and the rows of numbers that they become.

Each maker (:func:`product`, :func:`degree`, :func:`path`, ...) takes the few choices that distinguish effects of one
kind and returns a function from :class:`Facts`, what is known of the data, to a :class:`Row` for
``coplearn.kernels.saom_network``, where the slots of a row are explained.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from coplearn.effects.context import Context, NetworkFacts, Row
from coplearn.effects.spec import Definition, define
from coplearn.kernels import saom_network_terms as t

__all__ = [
    "ANY",
    "ONE_MODE",
    "Facts",
    "bilinear",
    "cycle",
    "degree",
    "effect",
    "geometric",
    "near",
    "of_nobody",
    "path",
    "product",
    "reach",
    "special",
    "triad",
]


@dataclass(frozen=True)
class Facts:
    """What a maker of rows may use: its network and variables with their numbers and constants, and the parameter."""

    context: Context
    names: tuple[str, ...]
    wanted: tuple[str, ...]
    p: float

    @property
    def own(self) -> NetworkFacts:
        return self.context.network()

    def _named(self, kind: str, position: int = 0) -> str | None:
        found = [name for name, k in zip(self.names, self.wanted, strict=True) if k == kind]
        return found[position] if len(found) > position else None

    @property
    def v(self) -> Any:
        name = self._named("actor")
        return self.context.actor(name) if name else None

    @property
    def u(self) -> Any:
        name = self._named("actor", 1)
        return self.context.actor(name) if name else None

    @property
    def d(self) -> Any:
        name = self._named("dyadic")
        return self.context.dyadic(name) if name else None

    @property
    def w(self) -> Any:
        name = self._named("network")
        return self.context.network(name) if name else None

    @property
    def networks(self) -> list[NetworkFacts]:
        """The other networks that the effect is about."""
        return [self.context.network(name) for name, k in zip(self.names, self.wanted, strict=True) if k == "network"]

    @property
    def other(self) -> NetworkFacts:
        """The other network that the effect is about; the own one where there is none."""
        return self.w if self.w is not None else self.own

    def index(self, what: Any) -> int:
        return -1 if what is None else what.index


SNIJDERS_2017 = "Snijders (2017), doi:10.1146/annurev-statistics-060116-054035."

Maker = Callable[[Facts], Row]


def root_if_2(p: float) -> int:
    """p = 2 asks for the square root."""
    return t.ROOT if p == 2 else t.IDENTITY


def root_from_2(p: float) -> int:
    """p >= 2 asks for the square root."""
    return t.ROOT if p >= 2 else t.IDENTITY


def root_if_2_or_4(p: float) -> int:
    """p = 2 asks for the root of a count, p = 4 for that of a share."""
    return t.ROOT if p in (2, 4) else t.IDENTITY


def same_of_all(p: float) -> int:
    """p = 3, 4 ask for the share of everybody of ego's value instead of a count."""
    return t.PART_OF_SAME if p in (3, 4) else t.N_SAME


def left_out_if_2(p: float) -> int:
    """p = 2 leaves ego out."""
    return int(p == 2)


def inverse_root_if_2(p: float) -> int:
    return t.INVERSE_ROOT if p == 2 else t.INVERSE


KNOWN = {"": 0, "ego": 1, "alter": 2, "both": 3, "dyadic": 4}
EGO_NEEDED = {t.EGO, t.EGO_2, t.EGO_GE, t.EGO_LE}
ALTER_NEEDED = {t.ALTER, t.ALTER_2, t.ALTER_GE, t.ALTER_LE, t.ALTER_POSITIVE}
# Of two variables, who is not known is of no group.
NEITHER_NEEDED = {t.ONE, t.W, t.W_BACK, t.W_BOTH, t.W_DEGREE_GAP, t.BACK, t.SAME_OF_TWO}


# Weights of two-paths that look at ego and the one between, or at the latter alone.
WITH_EGO = {t.MIDDLE_SAME, t.MIDDLE_DIFFERS}
ENDS_FREE = WITH_EGO | {t.PLAIN, t.MIDDLE, t.MIDDLE_INDEGREE, t.MIDDLE_DYADIC}


def _needs(pair: int) -> int:
    """Whose value a pair term needs, in the bits of p[6]."""
    if pair in NEITHER_NEEDED:
        return 0
    if pair == t.DYADIC:
        return KNOWN["dyadic"]
    return KNOWN["ego"] if pair in EGO_NEEDED else KNOWN["alter"] if pair in ALTER_NEEDED else KNOWN["both"]


def _pair_constants(f: Facts, pair: int) -> tuple[float, float]:
    """What a pair term subtracts and divides by."""
    if pair == t.SIMILAR or pair == t.ENDS_SIMILAR:
        return f.v.similarity_mean, f.v.range
    return (f.d.mean, 1.0) if pair == t.DYADIC else (0.0, 1.0)


def product(
    pair: int = t.ONE,
    ego: int = t.NO_DEGREE,
    alter: int = t.NO_DEGREE,
    shape: int | Callable[[float], int] = t.IDENTITY,
    back: bool = False,
    centre: Callable[[Facts], float] | None = None,
    parameter: Callable[[Facts], float] = lambda f: f.p,
    other: bool = False,
    scale: float | Callable[[Facts], float] = 1.0,
) -> Maker:
    """A term of the pair times degrees of ego and alter, in the own network or another one."""

    def make(f: Facts) -> Row:
        mean, size = _pair_constants(f, pair)
        second = f.d if f.d is not None else f.u
        form = shape(f.p) if callable(shape) else shape
        net = f.other
        times = scale(f) if callable(scale) else scale
        return Row(
            t.PRODUCT,
            (net.index, f.index(f.v), f.index(second), pair, ego, alter, form, int(back)),
            (parameter(f), centre(f) if centre else 0.0, mean, size, 0.0, 0.0, _needs(pair), times),
        )

    return make


def degree(shape: int, of_variable: bool = False, whole: bool = True) -> Maker:
    """A function of the outdegree."""

    def make(f: Facts) -> Row:
        number = 0.0 if of_variable else f.p
        if shape == t.CENTRED_SQUARE:
            number = f.own.average_degree
        needs = KNOWN["ego"] if of_variable else 0
        a = (-1, f.index(f.v), -1, shape)
        return Row(t.DEGREE, a, (number, number, 0.0, 1.0, 0.0, float(not whole), needs, 1.0))

    return make


def path(
    first: int,
    second: int,
    roles: int = 1,
    weight: int = t.PLAIN,
    shape: int | Callable[[float], int] = t.IDENTITY,
    back: bool = False,
    rest: int = t.NO_REST,
    legs: str = "xx",
    factor: float = 1.0,
    scale: float = 1.0,
    constant: Callable[[Facts], float] = lambda f: 0.0,
    parameter: Callable[[float], float] = lambda p: p,
    moment: int = 0,
) -> Maker:
    """Two-paths from ego to alter; `legs` says of what: x the own network, w the other one, d the dyadic covariate."""

    def make(f: Facts) -> Row:
        index = {"x": f.own.index, "w": f.index(f.w), "d": f.index(f.d)}
        ways = [way + 4 if on == "d" else way for way, on in zip((first, second), legs, strict=True)]
        mean, size = (f.v.similarity_mean, f.v.range) if weight == t.ENDS_SIMILAR else (0.0, 1.0)
        mean = f.d.mean if weight == t.MIDDLE_DYADIC else mean
        form = shape(f.p) if callable(shape) else shape
        last = {t.MIDDLE_INDEGREE: f.networks and f.networks[-1], t.MIDDLE_DYADIC: f.d}.get(weight, f.v)
        needs = KNOWN["both"] if weight not in ENDS_FREE else KNOWN["ego"] if weight in WITH_EGO else 0
        a = (index[legs[0]], ways[0], index[legs[1]], ways[1], roles + 4 * back + moment, weight, f.index(last), form)
        p = (parameter(f.p), factor, mean, size, float(rest), constant(f), needs, scale)
        return Row(t.PATH, a, p)

    return make


def geometric(first: int, second: int, legs: str = "xx") -> Maker:
    return path(first, second, shape=t.GEOMETRIC, legs=legs, parameter=lambda p: p / 100)


def reach(second: int, shape: int, untied: bool = False) -> Maker:
    """Nodes that ego reaches over two steps; those to whom ego is tied in the other network, where there is one."""

    def make(f: Facts) -> Row:
        a = (f.index(f.w), -1, f.own.index, second, int(untied), -1, f.index(f.v), shape)
        return Row(t.REACH, a, (f.p / 100, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))

    return make


def special(which: int, parameter: float | None = None, centre: Callable[[Facts], float] | None = None) -> Maker:
    """Isolates and other effects with a change statistic of their own."""

    def make(f: Facts) -> Row:
        number = f.p if parameter is None else parameter
        middle = centre(f) if centre else 0.0
        a = (f.index(f.w), f.index(f.v), -1, which, f.index(f.u))
        return Row(t.SPECIAL, a, (number, middle, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))

    return make


def effect(
    name: str,
    short: str,
    formula: str,
    row: Maker,
    variables: tuple[str, ...] = (),
    parameter: float | None = None,
    interaction: str = "",
    source: str = SNIJDERS_2017,
    **details: Any,
) -> None:
    """Add one network effect to the vocabulary."""
    options = {} if parameter is None else {"parameter": parameter}
    settings = {"row": row, "interaction": interaction, **details}
    define(Definition(name, "network", formula, source, variables, options, {"rsiena": short}, settings))


def bilinear(
    first: int,
    pair: int,
    second: int = -1,
    pair_2: int = t.ONE,
    alter: int = t.NO_DEGREE,
    by_second: bool = False,
    shape: Callable[[float], tuple[int, int]] | None = None,
) -> Maker:
    """f(sum of a pair term over ego's ties) times g(sum of another one)."""

    def make(f: Facts) -> Row:
        one, two = shape(f.p) if shape else (first, second)
        net = f.other
        mean, size = _pair_constants(f, pair)
        a = (net.index, f.index(f.v), f.index(f.d), one, pair, two, pair_2, alter)
        # What the second sum lacks of an alter is nothing of the other ties.
        needs = _needs(pair) | (_needs(pair_2) & KNOWN["ego"] if two >= 0 else 0)
        return Row(t.BILINEAR, a, (f.p, 0.0, mean, size, 0.0, float(by_second), needs, 1.0))

    return make


def of_nobody(summary: int) -> str:
    """What is said of those who have no neighbours."""
    return "a sum over nobody is 0" if summary == t.TOTAL else "a mean over nobody is the overall mean (0 if centred)"


def near(
    summary: int,
    direction: int,
    ego: int | Callable[[float], int] = 0,
    of_ego: bool = False,
    shape: int | Callable[[float], int] = t.IDENTITY,
    choose_summary: Callable[[float], int] | None = None,
    degrees: str = "",
) -> Maker:
    """A summary of v over the neighbours of alter, or of ego, in the own network or another one.

    With `degrees`, degrees less the average outdegree take the place of v: outdegrees in the "own" network, of
    neighbours in the other one; outdegrees in the "other" network, of neighbours in the own one (p < 3: nothing is
    subtracted); or "indegrees" in the other network, of neighbours there. p = 2, and 4: roots of both.
    """

    def make(f: Facts) -> Row:
        net = f.own if degrees == "other" else f.other
        counted = {"own": f.own, "other": f.other, "indegrees": f.other}.get(degrees)
        centre = 0.0
        if counted is not None and (degrees != "other" or f.p >= 3):
            centre = counted.average_degree ** (0.5 if f.p in (2, 4) else 1)
        form = shape(f.p) if callable(shape) else shape
        kind = choose_summary(f.p) if choose_summary else summary
        where = ego(f.p) if callable(ego) else ego
        similar = kind in (t.EGO_SIMILAR, t.MEANS_SIMILAR)
        mean, size = (f.v.similarity_mean, f.v.range) if similar else (0.0, 1.0)
        needs = KNOWN["ego"] if kind not in (t.TOTAL, t.MEAN, t.MEANS_SIMILAR) else 0
        nobody = f.v.average - f.v.mean if f.v is not None else 0.0
        a = (net.index, f.index(f.v), direction, kind, where, int(of_ego), form, f.index(counted))
        p = (f.p, centre, mean, size, float(degrees == "indegrees"), nobody, needs, 1.0)
        return Row(t.NEAR, a, p)

    return make


def cycle(same: bool = False, shared: bool = False, scale: float = 0.25) -> Maker:
    """Four-cycles, whose two senders or two receivers have the same value."""

    def make(f: Facts) -> Row:
        a = (-1, f.index(f.v) if same else -1, f.index(f.v) if shared else -1)
        return Row(t.CYCLE, a, (f.p, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.5 if f.p == 2 else scale))

    return make


def triad() -> Maker:
    """Triads with at least p ties."""

    def make(f: Facts) -> Row:
        return Row(t.TRIAD, (), (f.p, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))

    return make


ONE_MODE = ("directed", "undirected")
ANY = ("directed", "undirected", "two-mode")

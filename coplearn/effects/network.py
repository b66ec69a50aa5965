"""Effects on a network in the actor-oriented model: why an actor creates, keeps or ends ties.

Notation of the formulas: :math:`x` is the network that the effect belongs to, with ego :math:`i`, alter :math:`j`,
third actors :math:`h, k`; :math:`x_{i+}` and :math:`x_{+i}` are out- and in-degree; :math:`v` an actor variable
(centred; a covariate or a behavior), :math:`w` another network or a dyadic covariate, :math:`p` the internal
parameter. The formulas are the actor statistics :math:`s_i(x)` of Snijders (2017),
doi:10.1146/annurev-statistics-060116-054035;
an effect whose description says "with the other ties as context" is elementary: its formula is the change statistic.

Each definition makes a row of numbers for ``coplearn.kernels.saom_network`` from the few parts explained there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from coplearn._checks import listing
from coplearn.effects import network_covariates, network_multiplex, network_structure  # noqa: F401  (their definitions)
from coplearn.effects.context import Context, Row, arrange, check_other, check_pairs, check_values
from coplearn.effects.network_rows import Facts
from coplearn.effects.spec import Definition, Effect, definition
from coplearn.kernels import saom_network_terms as t

__all__ = ["Moment", "encode", "moment"]


@dataclass(frozen=True)
class Moment:
    """How the method of moments sums an effect.

    Attributes
    ----------
    row : Row
        What the kernel evaluates.
    network : {"current", "start", "both", "self"}
        State of the owner network in which the terms of ties are read. "current" is the end of the period, and its
        start for the ties lost in endowment effects. "start": always the start; "both": the sum of "current" and
        "start"; "self": the network of gained (lost) ties alone in creation (endowment) effects.
    """

    row: Row
    network: str = "current"


def _facts(effect: Effect, context: Context) -> tuple[Definition, Facts]:
    entry = definition(effect.name, "network")
    names = arrange(effect, entry.variables, context)
    default = entry.options.get("parameter", 0.0)
    return entry, Facts(context, tuple(names), entry.variables, float(effect.option("parameter", default)))


def encode(effect: Effect, context: Context) -> Row:
    """The row of numbers of a network effect.

    Raises
    ------
    ValueError
        If the name is not one of a network effect, its variables are not in the data, or the network is not of a kind
        that the effect is defined for.
    """
    entry, facts = _facts(effect, context)
    check_other(effect, entry.variables, context)
    _check_network(effect, entry, facts)
    allowed = entry.details.get("parameters")
    if allowed and facts.p not in allowed:
        raise ValueError(f"parameter of {effect!r} is {facts.p:g}; it can be {listing(f'{p:g}' for p in allowed)}.")
    row = entry.details["row"](facts)
    if effect.convention == "rsiena" and effect.option("type") == entry.details.get("cut", "never"):
        row = replace(row, p=(*row.p[:5], 2.0, *row.p[6:]))
    return row


def moment(effect: Effect, context: Context, kind: str = "eval") -> Moment:
    """How the method of moments sums a network effect of a kind ("eval", "creation" or "endow").

    Degrees of effects that are the mirror of another one (activity and popularity coincide at one moment) are read
    at the start of the period, as RSiena does: with p = 0; with p < 0 at the start and at the end.
    """
    row = encode(effect, context)
    if row.code == t.PRODUCT:
        degrees = {row.a[4], row.a[5]}
        if t.IN_LAGGED in degrees and kind == "creation":
            return Moment(row, "start")
        if degrees & {t.IN_LAGGED, t.OUT_LAGGED}:
            return Moment(row, "current" if row.p[0] > 0 else "start" if row.p[0] == 0 else "both")
    average = row.code == t.SPECIAL and row.a[3] == t.AVERAGE_DEGREE
    restricted = row.code == t.CYCLE and max(row.a[1:3]) >= 0
    return Moment(row, "self" if average or restricted else "current")


def _check_network(effect: Effect, entry: Definition, facts: Facts) -> None:
    own = facts.own
    kind = "two-mode" if own.two_mode else "directed" if own.directed else "undirected"
    kinds = entry.details.get("networks", ("directed",))
    if kind not in kinds:
        raise ValueError(f"{effect!r} is defined for {' and '.join(kinds)} networks; {own.name!r} is {kind}.")
    other = entry.details.get("other", "any")
    values = entry.details.get("values")
    for name, kind in zip(facts.names, entry.variables, strict=True):
        if kind == "actor":
            check_values(effect, name, own if values == "alters" else None, facts.context)
            values = "alters" if values == "first ego, then alters" else values
        elif kind == "dyadic":
            check_pairs(effect, name, own, facts.context)
    for w in facts.networks:
        if (other == "one-mode" and w.two_mode) or (other == "same" and w.two_mode != own.two_mode):
            wanted = "a one-mode network" if other == "one-mode" else f"a network of the same mode as {own.name!r}"
            raise ValueError(f"{effect!r} is about {wanted}; {w.name!r} is not.")

"""Effects of panel models under their names in RSiena, and which of them may be multiplied."""

from __future__ import annotations

from collections.abc import Sequence

from coplearn._checks import choose, listing
from coplearn.effects.spec import Definition, Effect, definition, definitions, names

__all__ = ["TYPES", "UNMATCHED", "borrowed", "check_product"]

TYPES = ("eval", "creation", "endow", "rate")
PANEL = ("network", "behavior", "rate")
FORMER = {"cycle4ND": "cycle4", "sameXVInPop2": "sameXVInPop"}  # a name before 1.5, and another way to compute
# Effects and types for which RSiena's target follows no rule that we know.
UNMATCHED = {
    ("avSameXInAlt", "creation"),
    *((short, "endow") for short in ("avAltAltX", "avAltSameX", "totAltSameX")),
}


def borrowed(short_name: str, variables: Sequence[str], parameter: float | None, type: str) -> Effect:
    """The effect that RSiena calls `short_name`; see :func:`coplearn.effects.rsiena`."""
    choose(type, TYPES, "type of effect")
    short_name = FORMER.get(short_name, short_name)
    if short_name == "Rate":
        raise ValueError("basic rates belong to every model, one a period; there is no need to list 'Rate'.")
    known: dict[str, Definition] = {}
    for entry in definitions():
        if entry.family in PANEL and entry.short.get("rsiena"):
            known.setdefault(entry.short["rsiena"], entry)
    entry = known[choose(short_name, known, "RSiena effect")]
    if (entry.family == "rate") != (type == "rate"):
        if type == "rate":
            rates = [short for short, d in known.items() if d.family == "rate"]
            raise ValueError(f"{short_name!r} is no effect on rates; these are: {listing(rates, most=30)}.")
        type = "rate"
    if (short_name, type) in UNMATCHED:
        raise ValueError(
            f"{short_name} of type {type}: RSiena's target follows a rule that is not known, so it is not to be had "
            f"under this name. fx.{entry.name}(..., type={type!r}) is the same effect with a moment of our own."
        )
    options = {} if parameter is None else {"parameter": float(parameter)}
    if type != "eval":
        options["type"] = type  # type: ignore[assignment]
    return Effect(entry.name, tuple(variables), tuple(sorted(options.items())), convention="rsiena")


def check_product(parts: Sequence[Effect], family: str, directed: bool = True) -> None:
    """Whether the product of these effects has a meaning in a family, "network" or "behavior".

    Ties: the change statistic of the product is the product of the change statistics. This is the change of a statistic
    only if all parts depend on the pair alone (dyadic), or all but one on ego alone. Behavior: the statistic is z_i
    times factors g_i that are free of z_i, and at most one part may have another form.

    Raises
    ------
    ValueError
        Naming the part that does not fit.
    """
    if family == "network":
        kinds = {part: str(definition(part.name, family).details.get("interaction", "")) for part in parts}
        others = [part for part in parts if kinds[part] != "ego"]
        if not directed and len(set(kinds.values())) > 1:
            raise ValueError("in an undirected network the parts of an interaction are all of ego, or all dyadic.")
        wrong = [part for part in others if kinds[part] != "dyadic"]
        if wrong and (len(others) > 1 or not directed):
            raise ValueError(
                f"{wrong[0]!r} depends on the other ties of ego, so it can be multiplied by effects of ego alone, such "
                "as ego('x'), and by nothing else."
            )
    elif family == "behavior":
        wrong = [part for part in parts if definition(part.name, family).details.get("interaction") != "factor"]
        if len(wrong) > 1:
            raise ValueError(
                f"{wrong[0]!r} and {wrong[1]!r} are not of the form z_i times something free of z_i; an interaction on "
                "behavior may have one such part."
            )
    else:
        raise ValueError("effects on rates cannot be multiplied.")


def check_somewhere(parts: Sequence[Effect]) -> None:
    """Whether the product has a meaning in some model; the sentence of the family that knows all parts, if not."""
    families = [f for f in ("network", "behavior", "event") if all(part.name in names(f) for part in parts)]
    if not families:
        return  # a name that is nobody's is told when a model meets it
    problems = []
    for family in families:
        if family == "event":
            return
        try:
            check_product(parts, family)
            return
        except ValueError as problem:
            problems.append(problem)
    raise problems[0]

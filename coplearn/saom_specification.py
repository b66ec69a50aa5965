"""A list of effects becomes parameters with names, and the rows of numbers that the kernels read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from coplearn._checks import choose
from coplearn.effects import behavior as behavior_effects
from coplearn.effects import network as network_effects
from coplearn.effects import rate as rate_effects
from coplearn.effects.context import Context, Row
from coplearn.effects.panel_names import check_product
from coplearn.effects.spec import Effect, definition, names
from coplearn.effects.user import UserEffect, bind, written
from coplearn.effects.user import encode as encode_user
from coplearn.kernels.saom_state import (
    AT_START,
    BOTH,
    CHANGES_ALONE,
    CREATION,
    CURRENT,
    ENDOWMENT,
    EVALUATION,
    RATE,
    Effects,
)
from coplearn.saom_data import Problem

__all__ = ["Parameter", "Rows", "specify"]

KINDS = {"eval": EVALUATION, "creation": CREATION, "endow": ENDOWMENT, "rate": RATE}
SUFFIX = {EVALUATION: "", CREATION: ", creation", ENDOWMENT: ", endowment", RATE: ", rate"}
INTERACTION = 999
STATES = {"current": CURRENT, "start": AT_START, "both": BOTH, "self": CHANGES_ALONE}
ENCODE: dict[str, Callable[[Effect, Context], Row]] = {
    "network": network_effects.encode,
    "behavior": behavior_effects.encode,
    "rate": rate_effects.encode,
}


@dataclass(frozen=True)
class Parameter:
    """One parameter.

    Attributes
    ----------
    variable : str
        Dependent variable.
    effect : Effect or None
        None for a basic rate.
    kind : int
        EVALUATION, CREATION, ENDOWMENT or RATE.
    group, period : int
        Of a basic rate, from 0; -1 otherwise.
    label : str
    """

    variable: str
    effect: Effect | None
    kind: int
    label: str
    group: int = -1
    period: int = -1

    @property
    def name(self) -> str:
        """Variable and label: unique in a model."""
        return f"{self.variable}: {self.label}"

    @property
    def family(self) -> str:
        """The family of the effect's definition; "" for a basic rate or an interaction."""
        if self.effect is None or self.effect.parts:
            return ""
        return next(f for f in ("rate", "network", "behavior") if self.effect.name in names(f))

    def wanted(self, family: str) -> tuple[str, ...]:
        """Kinds of variables that the effect is about."""
        return () if self.effect is None or self.effect.parts else definition(self.effect.name, family).variables

    def short(self, family: str) -> str:
        """RSiena's short name, "" where there is none."""
        if self.effect is None:
            return "Rate"
        if self.effect.parts:
            return "interaction"
        return definition(self.effect.name, family).short.get("rsiena", "")


def _label(effect: Effect, kind: int = EVALUATION) -> str:
    if effect.parts:
        return " x ".join(_label(part) for part in effect.parts) + SUFFIX[kind]
    said = [*effect.variables, *(f"{k}={v}" for k, v in effect.options if k != "type")]
    about = f"({', '.join(map(str, said))})" if said else ""
    return f"{effect.name}{about}{SUFFIX[kind]}"


def _family(effect: Effect, owner: str) -> str:
    """ "rate" or the owner's family, by the effect's type, or by its name where only one of them has it."""
    kind = effect.option("type")
    if kind == "rate":
        return "rate"
    if kind is None and effect.name not in names(owner) and effect.name in names("rate"):
        return "rate"
    return owner


@dataclass(frozen=True)
class Rows:
    """Effects of a group as the kernels read them, and which rows call functions that a researcher wrote."""

    rows: Effects
    users: dict[int, UserEffect]

    def bound(self) -> Effects:
        """Rows that this process can call."""
        return bind(self.rows, self.users)


@dataclass
class _Line:
    """One row for the kernels, the rows that it multiplies, whose functions it calls, and what its moments read."""

    row: Row
    owner: int
    kind: int
    parameter: int = -1
    parts: tuple[int, ...] = ()
    user: UserEffect | None = None
    state: int = CURRENT


def specify(
    problems: Sequence[Problem], specification: Mapping[str, Sequence[Effect]]
) -> tuple[list[Parameter], list[Rows]]:
    """Parameters of a model in order, and the rows of effects of each group.

    For each dependent variable: its rates by group and period, then its effects as they are listed.

    Raises
    ------
    TypeError
        If something that is no effect stands in a list.
    ValueError
        For effects of unknown variables or names, and for an effect that is there twice.
    """
    parameters: list[Parameter] = []
    lines: list[list[_Line]] = [[] for _ in problems]
    for variable, effects in specification.items():
        owner = "network" if variable in problems[0].networks else "behavior"
        for g, problem in enumerate(problems):
            for m in range(len(problem.periods)):
                label = f"rate {m + 1}" if len(problems) == 1 else f"rate {problem.name} {m + 1}"
                parameters.append(Parameter(variable, None, RATE, label, g, m))
        for effect in effects:
            if not isinstance(effect, Effect):
                raise TypeError(
                    f"{effect!r} in the list of {variable!r} is no effect; write fx.reciprocity(), with parentheses."
                )
            family = _family(effect, owner)
            choose(effect.option("type", "eval"), list(KINDS), f"type of {effect!r}")
            kind = RATE if family == "rate" else KINDS[effect.option("type", "eval")]
            parameter = Parameter(variable, effect, kind, _label(effect, kind))
            if any(parameter.name == p.name for p in parameters):
                raise ValueError(f"{parameter.name} is in the model twice; its parameters could not be told apart.")
            parameters.append(parameter)
            for problem, mine in zip(problems, lines, strict=True):
                context = replace(problem.context, owner=variable)
                try:
                    last = _encode(effect, family, kind, context, problem.number(variable), mine)
                except ValueError as wrong:
                    raise ValueError(f"effect {effect!r} on {variable!r}: {wrong}") from None
                mine[last].parameter = len(parameters) - 1
    return parameters, [_packed(each) for each in lines]


def _encode(effect: Effect, family: str, kind: int, context: Context, owner: int, lines: list[_Line]) -> int:
    """Append the rows of an effect, parts before the interaction that multiplies them; the number of its own."""
    if effect.parts:
        check_product(effect.parts, family, family != "network" or context.network().directed)
        parts = tuple(_encode(part, family, kind, context, owner, lines) for part in effect.parts)
        lines.append(_Line(Row(INTERACTION), owner, kind, parts=parts))
        return len(lines) - 1
    user = written(effect, family)
    lines.append(_Line((encode_user if user else ENCODE[family])(effect, context), owner, kind, user=user))
    if family == "network" and user is None:
        lines[-1].state = STATES[network_effects.moment(effect, context, effect.option("type", "eval")).network]
    return len(lines) - 1


def _packed(lines: list[_Line]) -> Rows:
    count = len(lines)
    packed = Effects(
        code=np.array([line.row.code for line in lines], np.int32),
        variable=np.array([line.owner for line in lines], np.int32),
        kind=np.array([line.kind for line in lines], np.int32),
        a=np.full((count, 8), -1, np.int32),
        p=np.zeros((count, 8)),
        part=np.full((count, 3), -1, np.int32),
        parameter=np.array([line.parameter for line in lines], np.int32),
        moment=np.array([(k, line.state) for k, line in enumerate(lines)], np.int32).reshape(-1, 2),
    )
    for k, line in enumerate(lines):
        packed.a[k, : len(line.row.a)] = line.row.a
        packed.p[k, : len(line.row.p)] = line.row.p
        packed.part[k, : len(line.parts)] = line.parts
    return Rows(packed, {k: line.user for k, line in enumerate(lines) if line.user is not None})

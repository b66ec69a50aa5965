"""What an effect is: a name, the variables it is about, and its settings. A model gives it numbers.

An :class:`Effect` knows no data and no model. ``reciprocity()`` can stand in the network part of an actor-oriented
panel model and in a relational event model; each of them looks the name up among its own definitions (its *family*),
so that one vocabulary serves all models. A :class:`Definition` is one such entry: formula, source, settings with their
defaults, and the names under which other programs know the effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from coplearn._checks import choose, listing

__all__ = ["FAMILIES", "Definition", "Effect", "define", "definition", "definitions", "names"]

FAMILIES = ("network", "behavior", "rate", "event")


@dataclass(frozen=True)
class Effect:
    """One effect as a researcher writes it.

    Attributes
    ----------
    name : str
        Plain name, such as ``"transitive_triplets"``; ``"interaction"`` for a product of `parts`.
    variables : tuple of str
        Networks, behaviors or covariates that it is about, in the order of its definition.
    options : tuple of (str, value)
        Settings that differ from their defaults, sorted by name; read them with :meth:`option`.
    parts : tuple of Effect
        Of an interaction.
    convention : str
        A program whose conventions are followed where they differ from ours: "rsiena", "remstats", "relevent",
        "goldfish", or "" for ours.
    """

    name: str
    variables: tuple[str, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()
    parts: tuple[Effect, ...] = ()
    convention: str = ""

    def option(self, key: str, default: Any = None) -> Any:
        """A setting, or `default` where it was not given."""
        return dict(self.options).get(key, default)

    def __repr__(self) -> str:
        if self.parts:
            return f"interaction({', '.join([*map(repr, self.parts), *(f'{k}={v!r}' for k, v in self.options)])})"
        said = [*(repr(v) for v in self.variables), *(f"{k}={v!r}" for k, v in self.options)]
        return f"{self.name}({', '.join(said)})"


@dataclass(frozen=True)
class Definition:
    """One effect of one family.

    Attributes
    ----------
    name, family : str
    formula : str
        The statistic, in LaTeX without dollar signs.
    source : str
        Author and year of the paper, with its DOI where one is known.
    variables : tuple of str
        What each variable is: "network", "behavior", "actor" (covariate or behavior), "dyadic", "event type".
    options : mapping of str to default
    short : mapping of str to str
        Names in other programs: ``{"rsiena": "transTrip"}``.
    details : mapping
        What the family's own model needs: kernel codes, type of interaction, convention of the moment.
    """

    name: str
    family: str
    formula: str
    source: str
    variables: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    short: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)


_DEFINITIONS: dict[tuple[str, str], Definition] = {}


def define(entry: Definition) -> Definition:
    """Add a definition to the vocabulary; a name is given once in a family."""
    choose(entry.family, FAMILIES, "family of effects")
    key = (entry.name, entry.family)
    if key in _DEFINITIONS:
        raise ValueError(f"the {entry.family} effect {entry.name!r} is defined already.")
    _DEFINITIONS[key] = entry
    return entry


def definitions(family: str | None = None) -> Iterator[Definition]:
    """All definitions, or those of one family, in the order in which they were made."""
    return (d for d in list(_DEFINITIONS.values()) if family is None or d.family == family)


def names(family: str | None = None) -> list[str]:
    """Plain names, each once."""
    return list(dict.fromkeys(d.name for d in definitions(family)))


def definition(name: str, family: str) -> Definition:
    """The definition of a plain name in a family.

    Raises
    ------
    ValueError
        If the family has no effect of that name; the message proposes the nearest, and says which other families do.
    """
    if (name, family) in _DEFINITIONS:
        return _DEFINITIONS[name, family]
    elsewhere = [d.family for d in definitions() if d.name == name]
    if elsewhere:
        raise ValueError(f"{name!r} is an effect of {listing(elsewhere)} models; no {family} effect is called so.")
    choose(name, names(family), f"{family} effect")
    raise AssertionError

"""What effects of the panel model may know of the data: which number a name has, and the constants of centring.

A :class:`Context` belongs to one dependent variable of one group. The functions that turn an :class:`Effect` into
numbers (``encode``) take it, look names up in it and give back a :class:`Row`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from coplearn._checks import choose, listing
from coplearn.effects.spec import Effect

__all__ = [
    "ActorFacts",
    "Context",
    "DyadicFacts",
    "NetworkFacts",
    "Row",
    "arrange",
    "check_other",
    "check_pairs",
    "check_values",
]


@dataclass(frozen=True)
class NetworkFacts:
    """A dependent network: its number, its kind, and constants over its waves."""

    name: str
    index: int
    directed: bool = True
    two_mode: bool = False
    n_columns: int = 0
    average_degree: float = 0.0  # of actors' out-degrees, over all waves
    average_mutual: float = 0.0  # of actors' reciprocated degrees, over all waves
    balance_mean: float = 0.0  # mean of |x_ih - x_jh| over start waves and distinct i, j, h
    structural_mean: float = 0.0  # the same of |x_hi - x_hj|
    shared_mean: float = 0.0  # of the number of choices that two actors share, over all waves


@dataclass(frozen=True)
class ActorFacts:
    """An actor variable: a covariate, or a behavior in the explanatory role."""

    name: str
    index: int  # row of the actor variables `v` of the kernels
    mean: float = 0.0  # what was subtracted (0 where not centred)
    average: float = 0.0  # of the values, centred or not
    range: float = 1.0
    similarity_mean: float = 0.0
    low: float = 0.0  # smallest and largest value, as observed
    high: float = 0.0
    variance: float = 0.0  # over the start waves
    behavior: int = -1  # number among the behaviors; -1 for a covariate
    fits: Collection[str] | None = None  # two-mode networks whose nodes it can describe, "" for actors; None: unsaid
    alter_similarity_mean: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType({})
    )  # by network, of alters' means


@dataclass(frozen=True)
class DyadicFacts:
    """A dyadic covariate: its row among the dyadic covariates `w` of the kernels (not centred there)."""

    name: str
    index: int
    mean: float = 0.0  # what is subtracted (0 where not centred)
    average: float = 0.0  # over pairs and periods of the group, centred or not
    n_columns: int = 0  # 0: unsaid


@dataclass(frozen=True)
class Row:
    """One effect as the kernels take it: a code, whole-number arguments (at most 8) and constants (at most 8)."""

    code: int
    a: Sequence[int] = ()
    p: Sequence[float] = ()


@dataclass(frozen=True)
class Context:
    """Names, numbers and constants of one group's data, as seen by one dependent variable.

    Attributes
    ----------
    owner : str
        The dependent variable whose effects are encoded.
    networks, actors, dyadics : mapping of name to facts
        `actors` holds covariates and behaviors.
    n_actors : int
    """

    owner: str
    networks: Mapping[str, NetworkFacts]
    actors: Mapping[str, ActorFacts]
    dyadics: Mapping[str, DyadicFacts]
    n_actors: int

    def network(self, name: str | None = None) -> NetworkFacts:
        """A network; the owner where no name is given."""
        return self.networks[choose(name or self.owner, self.networks, "network")]

    def actor(self, name: str) -> ActorFacts:
        """A covariate or behavior."""
        return self.actors[choose(name, self.actors, "behavior or covariate")]

    def behavior(self, name: str | None = None) -> ActorFacts:
        """A behavior; the owner where no name is given."""
        return self.actors[
            choose(name or self.owner, [a.name for a in self.actors.values() if a.behavior >= 0], "behavior")
        ]

    def dyadic(self, name: str) -> DyadicFacts:
        """A dyadic covariate."""
        return self.dyadics[choose(name, self.dyadics, "dyadic covariate")]


def check_other(effect: Effect, wanted: Sequence[str], context: Context) -> None:
    """Refuse an effect that looks at its own dependent variable as if it were another one.

    Of two networks one may be the own one.
    """
    if context.owner in effect.variables and list(wanted).count("network") < 2:
        raise ValueError(
            f"{effect!r} of {context.owner!r} is about another variable than {context.owner!r} itself. Name the other "
            "one, or take an effect that needs no name."
        )


def check_values(effect: Effect, name: str, network: NetworkFacts | None, context: Context) -> None:
    """Refuse an actor variable of the wrong nodes: of those that `network` is to, or of members (None).

    Raises
    ------
    ValueError
        Naming the variable, and whose values are asked for.
    """
    fits = context.actor(name).fits
    place = network.name if network is not None and network.two_mode else ""
    if fits is not None and place not in fits:
        asked, had = (
            f"the nodes of {where!r}" if where else "members" for where in (place, next(iter(sorted(fits)), ""))
        )
        raise ValueError(f"{effect!r} asks for values of {asked}; {name!r} has those of {had}.")


def check_pairs(effect: Effect, name: str, network: NetworkFacts, context: Context) -> None:
    """Refuse a dyadic variable that has not the columns of a network."""
    columns = context.dyadic(name).n_columns
    if columns and network.n_columns and columns != network.n_columns:
        raise ValueError(
            f"{effect!r}: {name!r} has {columns} columns, the network {network.name!r} {network.n_columns}. Give a "
            "dyadic variable of the same pairs."
        )


def arrange(effect: Effect, wanted: Sequence[str], context: Context) -> list[str]:
    """The variables of an effect in the order of `wanted` ("network", "actor", "dyadic"), however they were given.

    Raises
    ------
    ValueError
        If a name is unknown, or their number or kinds are not those that the effect is about.
    """
    there = {"network": context.networks, "actor": context.actors, "dyadic": context.dyadics}
    for name in effect.variables:
        choose(name, [*context.networks, *context.actors, *context.dyadics], "variable")
    left, found = list(effect.variables), []
    for kind in wanted:
        match = next((name for name in left if name in there[kind]), None)
        if match is not None:
            left.remove(match)
            found.append(match)
    if left or len(found) < len(wanted):
        given, about = (listing(names) or "no variable" for names in (effect.variables, wanted))
        raise ValueError(f"{effect!r} of {context.owner!r} is about {about}; given: {given}.")
    return found

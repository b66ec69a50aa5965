"""From an effect to a row of numbers: what a model tells the vocabulary, and what it gets back.

The actor-oriented model hands a :class:`Context` to the encoders of the families (``network.encode``, ...). They answer
with a :class:`Row`, whose meaning belongs to the kernel files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from coplearn._checks import listing
from coplearn.effects.spec import Effect

__all__ = ["Context", "Row", "arrange"]

SLOTS = 8  # integers and numbers in a row


class Row(NamedTuple):
    """One row of ``kernels.saom_state.Effects``: the code, eight integers and eight numbers."""

    code: int
    a: tuple[int, ...]
    p: tuple[float, ...]


class Context(Protocol):
    """What an encoder may ask of the data; `owner` is the dependent variable whose effect is encoded."""

    owner: str
    n_actors: int

    def kind(self, name: str) -> str:
        """'network', 'behavior', 'actor' (covariate) or 'dyadic'; an unknown name raises with the nearest one."""

    def network(self, name: str) -> int:
        """Number of a network, 0..R-1."""

    def behavior(self, name: str) -> int:
        """Number of a behavior, 0..B-1."""

    def actor(self, name: str) -> int:
        """Row of ``State.v``: a covariate, or a behavior as explanatory variable."""

    def dyadic(self, name: str) -> int:
        """Number of a dyadic covariate."""

    def directed(self, name: str) -> bool:
        """False for an undirected network."""

    def two_mode(self, name: str) -> bool:
        """True for a two-mode network."""

    def mean(self, name: str) -> float:
        """Mean that centring subtracts, of an actor variable (0 where it is not centred) or a dyadic covariate."""

    def value_range(self, name: str) -> float:
        """Largest minus smallest observed value of an actor variable; 1 for a constant."""

    def similarity_mean(self, name: str) -> float:
        """Mean similarity of an actor variable over ordered pairs."""

    def alter_similarity_mean(self, name: str, network: str) -> float:
        """The same of the averages over out-alters in a network."""

    def average_degree(self, network: str) -> float:
        """Mean outdegree over all waves."""

    def balance_mean(self, network: str) -> float:
        """Mean of |x_ih - x_jh| over the starts of the periods and triples i, j, h."""

    def structural_mean(self, network: str) -> float:
        """Mean of |x_hi - x_hj| over the starts of the periods and triples i, j, h."""


def arrange(effect: Effect, wanted: Sequence[str], context: Context) -> list[str]:
    """The variables of an effect in the order of its definition, in whatever order they were given.

    Raises
    ------
    ValueError
        If their number or kinds are not the ones that the effect is about.
    """
    left = list(effect.variables)
    found = []
    for kind in wanted:
        fits = ("actor", "behavior") if kind == "actor" else (kind,)
        match = next((name for name in left if context.kind(name) in fits), None)
        if match is None:
            break
        left.remove(match)
        found.append(match)
    if left or len(found) < len(wanted):
        given = listing(effect.variables) if effect.variables else "nothing"
        about = listing(wanted) if wanted else "no variable"
        raise ValueError(f"effect {effect!r} of {context.owner!r} is about {about}; given: {given}.")
    return found

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

from coplearn.effects import network_covariates, network_multiplex, network_structure  # noqa: F401  (their definitions)
from coplearn.effects.context import Context, Row, arrange
from coplearn.effects.network_rows import Facts
from coplearn.effects.spec import Definition, Effect, definition

__all__ = ["encode"]


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
    _check_network(effect, entry, facts)
    return entry.details["row"](facts)


def _check_network(effect: Effect, entry: Definition, facts: Facts) -> None:
    own = facts.own
    kind = "two-mode" if own.two_mode else "directed" if own.directed else "undirected"
    kinds = entry.details.get("networks", ("directed",))
    if kind not in kinds:
        raise ValueError(f"{effect!r} is defined for {' and '.join(kinds)} networks; {own.name!r} is {kind}.")

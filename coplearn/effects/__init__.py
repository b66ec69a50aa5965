"""The vocabulary of models: ``from coplearn import effects as fx``, then ``fx.reciprocity()``.

Every plain name is a function that returns an :class:`Effect`; ``dir(fx)`` and :func:`catalogue` list them.
"""

from __future__ import annotations

import inspect
from typing import Any

import pandas as pd

from coplearn._checks import choose
from coplearn.effects import behavior as _behavior  # noqa: F401 -- its definitions are what we want
from coplearn.effects import event as _event
from coplearn.effects import network as _network  # noqa: F401  (its definitions)
from coplearn.effects import panel_names as _panel
from coplearn.effects import rate as _rate  # noqa: F401
from coplearn.effects.spec import Definition, Effect, definitions, names
from coplearn.effects.user import behavior_effect, network_effect
from coplearn.effects.user_event import event_effect

__all__ = [
    "Effect",
    "behavior_effect",
    "catalogue",
    "event_effect",
    "goldfish",
    "interaction",
    "network_effect",
    "relevent",
    "remstats",
    "rsiena",
]


def interaction(*parts: Effect, type: str = "eval") -> Effect:
    """The product of two or three effects.

    On ties, parts may depend on ego and alter alone (reciprocity, same, similarity, ...), and on ego alone (ego); one
    part may be of another kind if all others depend on ego alone. On behavior, at most one part may be of another form
    than z_i times something; the parts share z_i.

    Parameters
    ----------
    *parts : Effect
        Their own types do not count.
    type : {"eval", "creation", "endow"}

    Raises
    ------
    ValueError
        If the product would not be the change of a statistic.

    Examples
    --------
    >>> interaction(Effect("ego", ("age",)), Effect("transitive_triplets"))
    interaction(ego('age'), transitive_triplets())
    >>> interaction(Effect("reciprocity"), Effect("transitive_triplets"))
    Traceback (most recent call last):
    ValueError: transitive_triplets() depends on the other ties of ego, so it can be multiplied by effects of ego alone,
    such as ego('x'), and by nothing else.
    """
    if len(parts) not in (2, 3) or not all(isinstance(part, Effect) for part in parts):
        raise TypeError("an interaction is made of two or three effects: interaction(fx.ego('x'), fx.reciprocity()).")
    _panel.check_somewhere(parts)
    choose(type, ["eval", "creation", "endow"], "type of interaction")
    return Effect("interaction", (), () if type == "eval" else (("type", type),), tuple(parts))


def rsiena(short_name: str, *variables: str, parameter: float | None = None, type: str = "eval") -> Effect:
    """A panel effect by its name in RSiena, with the conventions of its target statistics.

    Parameters
    ----------
    short_name : str
    *variables : str
        What RSiena calls interaction1 and interaction2, in any order that the kinds of variables tell apart.
    parameter : float, optional
        Internal parameter; RSiena's default if not given.
    type : {"eval", "creation", "endow", "rate"}

    Raises
    ------
    ValueError
        If no effect is called so; the nearest name is proposed. For endowment of the behavior effects avAltAltX,
        avAltSameX and totAltSameX and creation of avSameXInAlt: there RSiena's targets follow no rule that we found.

    Notes
    -----
    Targets of the effects, types and parameters in ``tests/data/rsiena_targets_s50.csv`` are those of RSiena 1.6.6 to
    1e-6. The others follow the formulas of its manual, and for creation and endowment of behavior, where the manual has
    none, the rules that hold for their relatives in that file.

    Examples
    --------
    >>> rsiena("simX", "alcohol"), rsiena("gwespFF", parameter=69), rsiena("outRate", type="rate")
    (similarity('alcohol'), gwesp_forward(parameter=69.0), outdegree_rate(type='rate'))
    >>> rsiena("avsim")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: no RSiena effect 'avsim'. Did you mean 'avSim'? ...
    """
    return _panel.borrowed(short_name, variables, parameter, type)


def remstats(name: str, *variables: str, **settings: Any) -> Effect:
    """An event effect by its name in remstats, with the conventions of remverse.

    A column ``weight`` of the events counts unasked (``weight=False`` leaves it out), and events at the same time share
    one look. ``memory`` and ``memory_value`` may be given as in remstats; ``consider_type`` only as "ignore". Effects
    of undirected events (degreeMin, sp, ...) go with ``REM(..., directed=False)``.

    Examples
    --------
    >>> remstats("otp", unique=True), remstats("send", "age"), remstats("psABBA")
    (otp(unique=True), sender('age'), participation_shift('AB-BA'))
    """
    return _event.borrowed("remstats", name, variables, settings)


def relevent(name: str, *variables: str, **settings: Any) -> Effect:
    """An event effect by its name in relevent, with its conventions.

    ``CovEvent`` is about a second network. FESnd, FERec and FEInt have a parameter for each member but the first.
    ``OSPSnd`` is what relevent documents; its version 1.2-1 computes twice that for one direction of a pair, and 0 for
    the other.

    Examples
    --------
    >>> relevent("FrPSndSnd"), relevent("CovSnd", "age")
    (inertia(scaling='prop'), sender('age'))
    """
    return _event.borrowed("relevent", name, variables, settings)


def goldfish(name: str, *variables: str, **settings: Any) -> Effect:
    """An event effect by its name in goldfish, with its conventions: presence of ties unless ``weighted=True``.

    Degrees are those of the candidate unless ``type`` is "ego" or "alter"; ``log=True`` stands for log1p. Names are
    those of goldfish 1.7; commonSender, egoAlterInt and their like of earlier versions are known, too.

    Examples
    --------
    >>> goldfish("trans"), goldfish("indeg", "friendship", type="ego"), goldfish("inertia", weighted=True)
    (otp(unique=True), indegree_sender('friendship', unique=True), inertia())
    """
    return _event.borrowed("goldfish", name, variables, settings)


def catalogue(family: str | None = None) -> pd.DataFrame:
    """Every effect: a row a name and family, with formula, variables, settings, short names and source.

    Parameters
    ----------
    family : {"network", "behavior", "rate", "event"}, optional
    """
    rows = [
        {
            "name": d.name,
            "family": d.family,
            "variables": ", ".join(d.variables),
            "formula": d.formula,
            "options": ", ".join(f"{k}={v!r}" for k, v in d.options.items()),
            **{program: d.short.get(program, "") for program in ("rsiena", "remstats", "relevent", "goldfish")},
            "source": d.source,
        }
        for d in definitions(family)
    ]
    return pd.DataFrame(rows)


def _maker(name: str) -> Any:
    """The function behind a plain name, with a signature and a docstring made of its definitions."""
    entries = [d for d in definitions() if d.name == name]
    options: dict[str, Any] = {}
    for entry in entries:
        options.update(entry.options)
        if entry.family in ("network", "behavior"):
            options.setdefault("type", "eval")

    def make(*variables: str, **settings: Any) -> Effect:
        for key in settings:
            choose(key, list(options), f"setting of {name}()")
        given = {key: value for key, value in settings.items() if value != options[key] or key == "parameter"}
        return Effect(name, tuple(variables), tuple(sorted(given.items())))

    make.__name__ = make.__qualname__ = name
    make.__doc__ = "\n\n".join(_describe(entry) for entry in entries)
    keyword = [inspect.Parameter(k, inspect.Parameter.KEYWORD_ONLY, default=v) for k, v in options.items()]
    every = [inspect.Parameter("variables", inspect.Parameter.VAR_POSITIONAL), *keyword]
    make.__signature__ = inspect.Signature(every, return_annotation=Effect)  # type: ignore[attr-defined]
    return make


def _describe(entry: Definition) -> str:
    known = ", ".join(f"{short} in {program}" for program, short in entry.short.items())
    about = f" About: {', '.join(entry.variables)}." if entry.variables else ""
    return f"In {entry.family} models: {entry.formula}.{about}{f' Known as {known}.' if known else ''} {entry.source}"


def __getattr__(name: str) -> Any:
    if name.startswith("_") or name not in names():
        raise AttributeError(f"module 'coplearn.effects' has no effect {name!r}; fx.catalogue() lists them")
    made = globals()[name] = _maker(name)
    return made


def __dir__() -> list[str]:
    return sorted([*__all__, *names()])

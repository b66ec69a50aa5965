r"""Effects that a researcher writes in Python.

An effect on ties is two functions: what ego i gains from a tie to j, and the statistic :math:`s_i` of which this is the
change. An effect on behavior is what ego gains from a step d, and its statistic. Both are compiled, and a brute-force
check on random data refuses a pair that disagrees, so that a mistake in the algebra is met before the first estimate.

A function asks for what it needs by naming its arguments:

=============  ===================================================================================
``i``          ego
``j``          alter (change of an effect on ties)
``d``          step, -1 or 1 (change of an effect on behavior)
``x``          ties of the network that owns the effect, int8[n, n]; 1 where row names column
``z``          behavior that owns the effect, minus its mean, float64[n]
``p``          internal parameter
``n``          number of actors
``out, inn``   int32[n, ...]: alters of i are ``out[i, :outdegree[i]]``, those who name i ``inn[i, :indegree[i]]``
``outdegree``  int32[n], and ``indegree``
=============  ===================================================================================

Any other argument is a variable, of the kind that the decorator gives: a "network" arrives as int8[n, n], an "actor"
variable (covariate or behavior, centred as in the panel) as float64[n], a "dyadic" one as float64[n, n].
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import njit
from numba.core.errors import NumbaError

from coplearn._checks import choose, listing
from coplearn.effects import spec
from coplearn.effects.context import Context, Row, arrange
from coplearn.effects.spec import Definition, Effect
from coplearn.kernels import saom_user as kernel
from coplearn.kernels.saom_state import Effects

__all__ = ["UserEffect", "behavior_effect", "bind", "encode", "network_effect", "written"]

_KINDS = ("network", "actor", "dyadic")
_SOURCE = "written by the user"
_OWN = {  # what a reserved argument is in the call of a kernel
    "x": "x.view(np.int8)[a[0], :n_actors, : n_columns[a[0]]]",
    "z": "v[a[0], :n_actors]",
    "out": "out[a[0]]",
    "inn": "inn[a[0]]",
    "outdegree": "outdeg[a[0]]",
    "indegree": "indeg[a[0]]",
    "n": "n_actors",
    "p": "p",
    "i": "i",
    "j": "m",
    "d": "m",
}
_VARIABLE = {
    "network": "x.view(np.int8)[a[{q}], :n_actors, : n_columns[a[{q}]]]",
    "actor": "v[a[{q}], :n_actors]",
    "dyadic": "w[a[{q}], :n_actors]",
}
_ALLOWED = {"network": set(_OWN) - {"z", "d"}, "behavior": {"z", "d", "i", "n", "p"}}
_compiled: dict[tuple[str, str], tuple[int, Any]] = {}  # address, and the function that must not be let go
_serial = itertools.count(1)


@dataclass
class UserEffect:
    """An effect written in Python; call it with its variables to use it in a model.

    Attributes
    ----------
    name, family : str
    change : callable
        What ego gains.
    variables : mapping of str to str
        Arguments that are variables of the panel, and their kinds.
    parameter : float
        Default of the internal parameter p.
    of_pair : bool
        Whether the change depends on ego and alter alone.
    two_mode : bool
        Whether networks may have columns that are no actors.
    measure : callable
        The statistic, attached by the decorator :meth:`statistic`.
    """

    name: str
    family: str
    change: Callable[..., float]
    variables: Mapping[str, str]
    parameter: float = 0.0
    of_pair: bool = False
    two_mode: bool = False
    measure: Callable[..., float] | None = None
    key: str = field(default="", repr=False)

    def statistic(self, function: Callable[..., float]) -> UserEffect:
        """Decorator: the statistic that belongs to the change; checks that they agree, and enters the vocabulary.

        Raises
        ------
        ValueError
            If they disagree on random data; the message shows where.
        """
        self._arguments(function)
        self.measure = function
        self.key = f"{self.name} {next(_serial)} {id(function)}"
        _check(self)
        known = spec._DEFINITIONS.get((self.name, self.family))
        if known is not None and known.source != _SOURCE:
            raise ValueError(f"the {self.family} effect {self.name!r} exists already; give yours another name.")
        formula = " ".join((function.__doc__ or self.change.__doc__ or "its own statistic").split())
        kinds = tuple(self.variables.values())
        options = {"parameter": self.parameter}
        details = {"user": self, "interaction": "dyadic" if self.of_pair else "", "code": kernel.USER_NETWORK}
        spec._DEFINITIONS[self.name, self.family] = Definition(
            self.name, self.family, formula, _SOURCE, kinds, options, {}, details
        )
        return self

    def __call__(self, *names: str, parameter: float | None = None, type: str = "eval") -> Effect:
        """The effect about the variables of these names, in the order of the function's arguments."""
        if self.measure is None:
            raise ValueError(
                f"effect {self.name!r} has no statistic yet: write a function below @{self.name}.statistic; moments "
                "are made of it, and the change is checked against it."
            )
        if len(names) != len(self.variables):
            asked = listing(f"{name} ({kind})" for name, kind in self.variables.items()) or "no variable"
            raise ValueError(f"{self.name}() is about {asked}; given: {listing(names) or 'nothing'}.")
        options = {} if parameter is None else {"parameter": float(parameter)}
        return Effect(self.name, names, tuple({**options, **({} if type == "eval" else {"type": type})}.items()))

    def _arguments(self, function: Callable[..., float]) -> list[str]:
        """Argument names of a function, each checked."""
        names = list(inspect.signature(function).parameters)
        for name in names:
            choose(name, [*sorted(_ALLOWED[self.family]), *self.variables], f"argument of {self.name}()")
        return names

    def address(self, what: str) -> int:
        """Where the compiled "change" or "statistic" stands in this process."""
        if (self.key, what) not in _compiled:
            _compiled[self.key, what] = self._compile(what)
        return _compiled[self.key, what][0]

    def _called(self, what: str, compiled: bool) -> Any:
        """The function behind the signature of the kernels."""
        function: Any = self.change if what == "change" else self.measure
        places = {name: q + 1 for q, name in enumerate(self.variables)}
        asked = [
            _OWN[name] if name in _OWN else _VARIABLE[self.variables[name]].format(q=places[name])
            for name in self._arguments(function)
        ]
        text = (
            "def call(a, x, out, inn, outdeg, indeg, v, w, n_columns, n_actors, p, i, m):\n"
            f"    return float(function({', '.join(asked)}))"
        )
        space = {"np": np, "function": njit(nogil=True)(function) if compiled else function}
        exec(text, space)  # the text is made of the phrases above only
        return space["call"]

    def _compile(self, what: str) -> tuple[int, Any]:
        call = self._called(what, kernel.COMPILED)
        if not kernel.COMPILED:
            kernel.functions[id(call)] = call
            return id(call), call
        compiled = njit(nogil=True)(call)
        try:
            compiled.compile(kernel.SIGNATURE)
        except NumbaError as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            reason = next((line for line in lines if not line.startswith("Failed")), "")
            raise ValueError(f"the {what} of effect {self.name!r} cannot be compiled: {reason}") from error
        made: Any = compiled.overloads[kernel.SIGNATURE.args]
        return made.library.get_pointer_to_function(made.fndesc.llvm_func_name), compiled


def network_effect(
    function: Callable[..., float] | None = None,
    *,
    parameter: float = 0.0,
    of_pair: bool = False,
    two_mode: bool = False,
    **variables: str,
) -> Any:
    """Decorator: a function that says what ego gains from a tie to alter makes an effect on ties.

    Parameters
    ----------
    function : callable
        ``change(x, i, j, ...)``: the statistic with the tie from i to j, minus the statistic without it, whether or not
        the tie is there now.
    parameter : float
        Default of the internal parameter ``p``.
    of_pair : bool
        Say True if the change depends on ego and alter alone and on no other tie of ego (this is checked). It then is
        the statistic of the tie as well, and the effect can have creation and endowment versions and stand in
        interactions.
    two_mode : bool
        Say True if the functions are meant for two-mode networks, whose ``x`` has a column for each node of the second
        mode, ``x.shape[1]`` of them.
    **variables : {"network", "actor", "dyadic"}
        Arguments that are variables of the panel.

    Returns
    -------
    UserEffect
        Give it a statistic with its decorator ``statistic``; then use it like any other effect.

    Examples
    --------
    Ties are returned to the energetic:

    >>> @network_effect(energy="actor")
    ... def returned_to_energy(x, i, j, energy):
    ...     return x[j, i] * energy[j]
    >>> @returned_to_energy.statistic
    ... def statistic(x, i, energy):
    ...     return (x[i] * x[:, i] * energy).sum()
    >>> returned_to_energy("efficacy")
    returned_to_energy('efficacy')

    A pair that disagrees is refused:

    >>> @network_effect
    ... def activity(x, i, j):
    ...     return x[i].sum()
    >>> @activity.statistic  # doctest: +ELLIPSIS
    ... def statistic(x, i):
    ...     return x[i].sum() ** 2
    Traceback (most recent call last):
    ValueError: effect 'activity': its change is not the change of its statistic. ...
    """
    return _decorator("network", function, parameter, variables, of_pair, two_mode)


def behavior_effect(function: Callable[..., float] | None = None, *, parameter: float = 0.0, **variables: str) -> Any:
    """Decorator: a function that says what ego gains from a step of its behavior makes an effect on behavior.

    Parameters
    ----------
    function : callable
        ``change(z, i, d, ...)``: the statistic after the step ``z[i] + d``, minus the statistic before it.
    parameter : float
        Default of the internal parameter ``p``.
    **variables : {"network", "actor", "dyadic"}
        Arguments that are variables of the panel.

    Returns
    -------
    UserEffect

    Examples
    --------
    >>> @behavior_effect(net="network")
    ... def total_of_friends(z, i, d, net):
    ...     return d * (net[i] * z).sum()
    >>> @total_of_friends.statistic
    ... def statistic(z, i, net):
    ...     return z[i] * (net[i] * z).sum()
    >>> total_of_friends("friendship")
    total_of_friends('friendship')
    """
    return _decorator("behavior", function, parameter, variables)


def _decorator(
    family: str,
    function: Any,
    parameter: float,
    variables: dict[str, str],
    of_pair: bool = False,
    two_mode: bool = False,
) -> Any:
    for name, kind in variables.items():
        choose(kind, _KINDS, f"kind of variable ({name}=)")
        if name in _OWN:
            raise ValueError(f"{name!r} has a meaning of its own in an effect; call the variable something else.")
    if len(variables) > 7:
        raise ValueError(f"an effect is about at most 7 variables; given: {len(variables)}.")

    def make(change: Callable[..., float]) -> UserEffect:
        made = UserEffect(change.__name__, family, change, dict(variables), float(parameter), of_pair, two_mode)
        made._arguments(change)
        return made

    return make if function is None else make(function)


def written(effect: Effect, family: str) -> UserEffect | None:
    """The user's effect behind an effect of a model; None if it is one of ours."""
    known = spec._DEFINITIONS.get((effect.name, family))
    return known.details.get("user") if known is not None else None


def encode(effect: Effect, context: Context) -> Row:
    """A user-defined effect as a row; the addresses are left 0 until :func:`bind`."""
    family = "network" if context.owner in context.networks else "behavior"
    user = written(effect, family)
    assert user is not None
    if family == "network" and not user.of_pair and effect.option("type", "eval") != "eval":
        raise ValueError(
            f"{effect!r}: creation and endowment ask for the statistic of a tie, which is known only of an effect of "
            f"the pair; say of_pair=True if the change depends on ego and alter alone."
        )
    asked = [context.networks[name] for name in effect.variables if name in context.networks]
    for network in [*asked, *([context.network()] if family == "network" else [])]:
        if network.two_mode and not user.two_mode:
            raise ValueError(
                f"{effect!r} was written for ties between actors, and {network.name!r} is two-mode: its columns are "
                "others. If the functions never take a column for a row, say two_mode=True."
            )
    places: dict[str, Any] = {"network": context.network, "actor": context.actor, "dyadic": context.dyadic}
    kinds = list(user.variables.values())
    own = context.network() if family == "network" else context.behavior()
    a = [own.index, *(places[k](name).index for k, name in zip(kinds, arrange(effect, kinds, context), strict=True))]
    code = kernel.USER_NETWORK if family == "network" else kernel.USER_BEHAVIOR
    p = [0.0, 0.0, 0.0, float(user.of_pair)]
    p[0] = float(effect.option("parameter", user.parameter))
    return Row(code, a, p)


def bind(rows: Effects, users: Mapping[int, UserEffect]) -> Effects:
    """Rows whose user-defined effects can be called in this process; `users` says whose row k is.

    Kernels call by address, and an address holds for one process: bind where the kernel is called, in each worker.
    """
    if not users:
        return rows
    p = rows.p.copy()
    for k, user in users.items():
        p[k, kernel.CHANGE], p[k, kernel.STATISTIC] = user.address("change"), user.address("statistic")
    return rows._replace(p=p)


class _Draw:
    """Random data for the check: arrays as a kernel has them, with degrees and lists that agree with the ties."""

    def __init__(self, user: UserEffect, rng: np.random.Generator) -> None:
        self.n = n = int(rng.integers(4, 8))
        self.columns = n + int(rng.integers(-2, 3)) if user.two_mode else n
        side = max(n, self.columns)
        self.x = (rng.random((8, side, side)) < rng.uniform(0.2, 0.7)).astype(np.uint8)
        self.x[:, n:], self.x[:, :, self.columns :] = 0, 0
        if not user.two_mode:
            self.x[:, range(n), range(n)] = 0
        self.v = rng.integers(-2, 3, (8, side)) + 0.25
        self.w = rng.integers(0, 4, (8, side, side)) * 0.5
        self.parameter = user.parameter

    def value(self, function: Any, i: int, m: int) -> float:
        x, side = self.x, self.x.shape[1]
        out, inn = np.zeros((8, side, side), np.int32), np.zeros((8, side, side), np.int32)
        for r in range(8):
            for k in range(side):
                to, by = np.flatnonzero(x[r, k]), np.flatnonzero(x[r, :, k])
                out[r, k, : len(to)], inn[r, k, : len(by)] = to, by
        outdeg, indeg = x.sum(2).astype(np.int32), x.sum(1).astype(np.int32)
        columns, numbers = np.full(8, self.columns, np.int64), np.arange(8, dtype=np.int32)
        arrays = (numbers, x, out, inn, outdeg, indeg, self.v, self.w, columns, self.n, self.parameter, i, m)
        return function(*arrays) if callable(function) else _call(function, *arrays)


@njit
def _call(address, *arguments):  # type: ignore[no-untyped-def]
    return kernel.call_at(address, *arguments)


def _check(user: UserEffect, trials: int = 60) -> None:
    """Toggle ties, or make steps, on random data; the difference of the statistic must be the change.

    The first trials are in plain Python, which notices an index out of range; compiled code would not.
    """
    rng = np.random.default_rng(0)
    for trial in range(trials):
        if trial < 10:
            change, statistic = (user._called(what, False) for what in ("change", "statistic"))
        else:
            change, statistic = user.address("change"), user.address("statistic")
        data = _Draw(user, rng)
        i = int(rng.integers(data.n))
        if user.family == "network":
            j = int(rng.choice([k for k in range(data.columns) if user.two_mode or k != i]))
            difference, said, found = _toggle(user, data, change, statistic, i, j)
        else:
            d = int(rng.choice([-1, 1]))
            found = f"With z = {data.v[0, : data.n].tolist()}, the step {d:+d} of actor {i}"
            before, said = data.value(statistic, i, 0), [data.value(change, i, d)]
            data.v[0, i] += d
            difference = data.value(statistic, i, 0) - before
        wrong = [value for value in said if not abs(value - difference) <= 1e-8 * max(1.0, abs(difference))]
        if wrong:
            raise ValueError(
                f"effect {user.name!r}: its change is not the change of its statistic. {found} adds {difference:g} to "
                f"the statistic of {i}; the change function says {wrong[0]:g}."
            )


def _toggle(
    user: UserEffect, data: _Draw, change: Any, statistic: Any, i: int, j: int
) -> tuple[float, list[float], str]:
    """What the tie from i to j adds to the statistic, what the change function says with and without it, and where."""
    statistics, said = [], []
    for tie in (1, 0):
        data.x[0, i, j] = tie
        statistics.append(data.value(statistic, i, 0))
        said.append(data.value(change, i, j))
    found = f"With x = {data.x[0, : data.n, : data.columns].tolist()}, the tie from {i} to {j}"
    if user.of_pair:
        others = [h for h in range(data.columns) if h != j and (user.two_mode or h != i)]
        data.x[0, i, others] = 1 - data.x[0, i, others]
        if abs(data.value(change, i, j) - said[1]) > 1e-8:
            raise ValueError(
                f"effect {user.name!r}: its change depends on other ties of ego, so it is not of the pair alone; leave "
                "out of_pair=True."
            )
    return statistics[0] - statistics[1], said, found

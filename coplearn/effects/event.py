r"""Event effects: what raises or lowers the rate at which one member acts towards another.

Notation: :math:`n_{ij}` is what i sent to j so far (each event counts 1, or its weight, times what memory leaves of
it); :math:`n_{i\cdot}` and :math:`n_{\cdot i}` its sums; (a, b) sender and receiver of the previous event. An effect
that is given the name of a second network (``tie("friendship")``) reads that network instead.

Settings shared by the effects of a history: ``scaling`` "none", "prop" (divided by its total) or "std" (standardised
over the pairs at risk, at each event); ``unique`` (numbers of partners, and whether rather than how much); ``log``
(log(1 + .) of the statistic); one of ``halflife``, ``window`` and ``interval=(a, b)``; ``kind`` (events of one type
only); ``weight`` (a column of the events).

Our convention of memory is that a past event weighs :math:`2^{-(t_m - t_e)/H}` at the time :math:`t_m` of the event
that is explained; remstats lets the time run to the previous event only.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from coplearn._checks import choose
from coplearn.effects.spec import Definition, Effect, define, definition

__all__ = ["CONVENTIONS", "borrowed"]

_BUTTS = "Butts (2008), doi:10.1111/j.1467-9531.2008.00203.x."
_DYNAM = "Stadtfeld & Block (2017), doi:10.15195/v4.a14."
_GIBSON = "Gibson (2003), doi:10.1353/sof.2003.0055."
_MEMORY = {"halflife": None, "window": None, "interval": None, "kind": None, "weight": None}
_HISTORY = {"scaling": "none", "unique": False, "log": False, **_MEMORY}
_DEGREE = {"scaling": "none", "log": False, **_MEMORY}
_PLAIN = {"scaling": "none", "log": False}
_SCALED = {"scaling": "none"}

# name: formula, variables, settings, source, names in other programs
_TABLE: list[tuple[str, str, tuple[str, ...], dict[str, Any], str, dict[str, str]]] = [
    ("baseline", "1", (), {}, _BUTTS, {"remstats": "baseline", "relevent": "baseline", "goldfish": "Intercept"}),
    (
        "inertia",
        r"n_{ij}",
        ("network",),
        _HISTORY,
        _BUTTS,
        {"remstats": "inertia", "relevent": "FrPSndSnd", "goldfish": "inertia"},
    ),
    (
        "reciprocity",
        r"n_{ji}",
        ("network",),
        _HISTORY,
        _BUTTS,
        {"remstats": "reciprocity", "relevent": "FrRecSnd", "goldfish": "recip"},
    ),
    ("tie", r"y_{ij}", ("network",), _HISTORY, _DYNAM, {"remstats": "tie", "relevent": "CovEvent", "goldfish": "tie"}),
    (
        "outdegree_sender",
        r"n_{i\cdot}",
        ("network",),
        _HISTORY,
        _BUTTS,
        {"remstats": "outdegreeSender", "relevent": "NODSnd"},
    ),
    (
        "outdegree_receiver",
        r"n_{j\cdot}",
        ("network",),
        _HISTORY,
        _BUTTS,
        {"remstats": "outdegreeReceiver", "relevent": "NODRec"},
    ),
    (
        "indegree_sender",
        r"n_{\cdot i}",
        ("network",),
        _HISTORY,
        _BUTTS,
        {"remstats": "indegreeSender", "relevent": "NIDSnd"},
    ),
    (
        "indegree_receiver",
        r"n_{\cdot j}",
        ("network",),
        _HISTORY,
        _BUTTS,
        {"remstats": "indegreeReceiver", "relevent": "NIDRec"},
    ),
    (
        "outdegree_candidate",
        r"n_{k\cdot}, k = j; k = i in a model of senders",
        ("network",),
        _HISTORY,
        _DYNAM,
        {"goldfish": "outdeg"},
    ),
    (
        "indegree_candidate",
        r"n_{\cdot k}, k = j; k = i in a model of senders",
        ("network",),
        _HISTORY,
        _DYNAM,
        {"goldfish": "indeg"},
    ),
    (
        "totaldegree_sender",
        r"n_{i\cdot} + n_{\cdot i}",
        ("network",),
        _HISTORY,
        _BUTTS,
        {"remstats": "totaldegreeSender", "relevent": "NTDegSnd"},
    ),
    (
        "totaldegree_receiver",
        r"n_{j\cdot} + n_{\cdot j}",
        ("network",),
        _HISTORY,
        _BUTTS,
        {"remstats": "totaldegreeReceiver", "relevent": "NTDegRec"},
    ),
    (
        "totaldegree_dyad",
        r"n_{i\cdot} + n_{\cdot i} + n_{j\cdot} + n_{\cdot j}",
        ("network",),
        _HISTORY,
        _BUTTS,
        {"remstats": "totaldegreeDyad"},
    ),
    (
        "degree_min",
        r"\min(d_i, d_j), d_i = n_{i\cdot} + n_{\cdot i}",
        ("network",),
        _DEGREE,
        _BUTTS,
        {"remstats": "degreeMin"},
    ),
    (
        "degree_max",
        r"\max(d_i, d_j), d_i = n_{i\cdot} + n_{\cdot i}",
        ("network",),
        _DEGREE,
        _BUTTS,
        {"remstats": "degreeMax"},
    ),
    (
        "degree_difference",
        r"|d_i - d_j|, d_i = n_{i\cdot} + n_{\cdot i}",
        ("network",),
        _DEGREE,
        _BUTTS,
        {"remstats": "degreeDiff"},
    ),
    (
        "otp",
        r"\sum_h \min(n_{ih}, n_{hj})",
        ("network",),
        _HISTORY,
        _BUTTS,
        {"remstats": "otp", "relevent": "OTPSnd", "goldfish": "trans"},
    ),
    (
        "itp",
        r"\sum_h \min(n_{hi}, n_{jh})",
        ("network",),
        _HISTORY,
        _BUTTS,
        {"remstats": "itp", "relevent": "ITPSnd", "goldfish": "cycle"},
    ),
    (
        "osp",
        r"\sum_h \min(n_{ih}, n_{jh})",
        ("network",),
        _HISTORY,
        _BUTTS,
        {"remstats": "osp", "relevent": "OSPSnd", "goldfish": "common_receiver"},
    ),
    (
        "isp",
        r"\sum_h \min(n_{hi}, n_{hj})",
        ("network",),
        _HISTORY,
        _BUTTS,
        {"remstats": "isp", "relevent": "ISPSnd", "goldfish": "common_sender"},
    ),
    (
        "sp",
        r"\sum_h \min(n_{ih} + n_{hi}, n_{jh} + n_{hj})",
        ("network",),
        _HISTORY,
        _BUTTS,
        {"remstats": "sp"},
    ),
    (
        "participation_shift",
        r"[\text{(a, b) then (i, j) is the shift}]",
        ("shift",),
        {"scaling": "none"},
        _GIBSON,
        {"remstats": "psABBA", "relevent": "PSAB-BA"},
    ),
    (
        "recency_rank_send",
        r"1 / \text{rank of j among those i sent to, latest first}",
        (),
        _PLAIN,
        _BUTTS,
        {"remstats": "rrankSend", "relevent": "RSndSnd"},
    ),
    (
        "recency_rank_receive",
        r"1 / \text{rank of j among those who sent to i, latest first}",
        (),
        _PLAIN,
        _BUTTS,
        {"remstats": "rrankReceive", "relevent": "RRecSnd"},
    ),
]
_TABLE += [
    (name, rf"1 / (1 + (t - \text{{last time {what}}}) / \text{{unit}})", (), {**_PLAIN, "unit": None}, _BUTTS, short)
    for name, what, short in (
        ("recency_continue", "i sent to j", {"remstats": "recencyContinue"}),
        ("recency_send_sender", "i sent", {"remstats": "recencySendSender"}),
        ("recency_send_receiver", "j sent", {"remstats": "recencySendReceiver"}),
        ("recency_receive_sender", "i received", {"remstats": "recencyReceiveSender"}),
        ("recency_receive_receiver", "j received", {"remstats": "recencyReceiveReceiver"}),
    )
]
_TABLE += [
    (name, formula, ("actor",), _PLAIN, _BUTTS, short)
    for name, formula, short in (
        ("sender", "x_i", {"remstats": "send", "relevent": "CovSnd", "goldfish": "ego"}),
        ("receiver", "x_j", {"remstats": "receive", "relevent": "CovRec", "goldfish": "alter"}),
        ("same", "[x_i = x_j]", {"remstats": "same", "goldfish": "same"}),
        ("difference", "|x_i - x_j|", {"remstats": "difference", "goldfish": "diff"}),
        ("average", "(x_i + x_j) / 2", {"remstats": "average"}),
        ("maximum", r"\max(x_i, x_j)", {"remstats": "maximum"}),
        ("minimum", r"\min(x_i, x_j)", {"remstats": "minimum"}),
        ("similarity", "-|x_i - x_j|", {"goldfish": "sim"}),
        ("signed_difference", "x_i - x_j", {}),
        ("sum_of_both", "x_i + x_j", {"relevent": "CovInt"}),
    )
]
_TABLE += [
    (name, formula, (), {"scaling": "none"}, _BUTTS, {"relevent": short})
    for name, formula, short in (
        ("sender_fixed", "[i = k], a parameter for each member k but the first", "FESnd"),
        ("receiver_fixed", "[j = k], a parameter for each member k but the first", "FERec"),
        ("member_fixed", "[i = k] + [j = k], a parameter for each member k but the first", "FEInt"),
    )
]
_TABLE += [
    (
        "hour_of_week",
        r"\log \text{of the events per hour, in this hour of the week, relative to the mean}",
        (),
        {"scaling": "none"},
        _BUTTS,
        {},
    ),
]

_TABLE += [
    (name, formula, ("network", "network"), {**_PLAIN, "window": None}, _DYNAM, {"goldfish": short})
    for name, formula, short in (
        ("mixed_otp", r"\sum_h [y^1_{ih} > 0] [y^2_{hj} > 0]", "mixed_trans"),
        ("mixed_itp", r"\sum_h [y^1_{hi} > 0] [y^2_{jh} > 0]", "mixed_cycle"),
        ("mixed_osp", r"\sum_h [y^1_{ih} > 0] [y^2_{jh} > 0]", "mixed_common_receiver"),
        ("mixed_isp", r"\sum_h [y^1_{hi} > 0] [y^2_{hj} > 0]", "mixed_common_sender"),
    )
]
_TABLE += [
    (f"{kind}_{side}", f"{formula}, {k}", variables, {**settings, "window": None}, _DYNAM, short)
    for kind, formula, variables, settings, goldfish in (
        (
            "node_transitivity",
            r"\sum_{hl} [y_{kh} > 0] [y_{hl} > 0] [y_{kl} > 0]",
            ("network",),
            _PLAIN,
            "node_trans",
        ),
        ("tertius", r"\text{mean of } x_h \text{ over } y_{hk} > 0", ("network", "actor"), _SCALED, "tertius"),
    )
    for side, k, short in (
        ("sender", "k = i", {}),
        ("receiver", "k = j", {}),
        ("candidate", "k = j; k = i in a model of senders", {"goldfish": goldfish}),
    )
]

for _name, _formula, _variables, _settings, _source, _short in _TABLE:
    define(Definition(_name, "event", _formula, _source, _variables, _settings, _short))

_SHIFTS = ("AB-BA", "AB-BY", "AB-XA", "AB-XB", "AB-XY", "AB-AY", "AB-AB", "AB-A", "AB-B", "AB-X")
# What a short name stands for beyond its plain name: variables put first, and settings.
_Meaning: TypeAlias = tuple[str, tuple[str, ...], dict[str, Any]]
_SPECIAL: dict[tuple[str, str], _Meaning] = {
    **{("remstats", "ps" + s.replace("-", "")): ("participation_shift", (s,), {}) for s in _SHIFTS},
    ("remstats", "dyad"): ("tie", (), {}),
    ("remstats", "spUnique"): ("sp", (), {"unique": True}),
    **{("relevent", "PS" + s): ("participation_shift", (s,), {}) for s in _SHIFTS[:6]},
    **{
        ("relevent", short): (name, (), {"scaling": "prop"})
        for short, name in (
            ("NIDSnd", "indegree_sender"),
            ("NIDRec", "indegree_receiver"),
            ("NODSnd", "outdegree_sender"),
            ("NODRec", "outdegree_receiver"),
            ("NTDegSnd", "totaldegree_sender"),
            ("NTDegRec", "totaldegree_receiver"),
            ("FrPSndSnd", "inertia"),
            ("FrRecSnd", "reciprocity"),
        )
    },
    # names of goldfish before its version 1.7
    ("goldfish", "commonSender"): ("isp", (), {}),
    ("goldfish", "commonReceiver"): ("osp", (), {}),
    ("goldfish", "mixedTrans"): ("mixed_otp", (), {}),
    ("goldfish", "mixedCycle"): ("mixed_itp", (), {}),
    ("goldfish", "mixedCommonReceiver"): ("mixed_osp", (), {}),
    ("goldfish", "mixedCommonSender"): ("mixed_isp", (), {}),
    ("goldfish", "nodeTrans"): ("node_transitivity_candidate", (), {}),
}
CONVENTIONS = ("remstats", "relevent", "goldfish")

_NO_GROUP = "it is about events towards the whole group, which models of pairs leave out; use a model of senders"
_REFUSED: dict[tuple[str, str], str] = {
    ("remstats", "event"): "an attribute of the next event is not known of those that could have happened instead",
    ("remstats", "userStat"): "write the statistic with fx.event_effect",
    ("remstats", "FEtype"): "the kinds of events are not part of what is explained; fit a model for each kind",
    ("remstats", "ccp"): "it needs events that last",
    ("remstats", "currentCommonPartners"): "it needs events that last",
    **{
        ("relevent", short): _NO_GROUP
        for short in ("PSAB-B0", "PSA0-X0", "PSA0-XA", "PSA0-XY", "PSAB-X0", "PSA0-AY", "PSAB-A0")
    },
    **dict.fromkeys(
        (("goldfish", "four"), ("goldfish", "tertius_diff"), ("goldfish", "tertiusDiff")),
        "goldfish's documents leave open which third members count, or what stands where there are none",
    ),
}
_NO_SETTING: dict[tuple[str, str], str] = {
    ("goldfish", "ignore_repetitions"): "how repeated events enter each statistic then is not documented",
    ("goldfish", "transformer_fn"): "write log=True for log1p, and scale covariates beforehand",
    ("goldfish", "is_two_mode"): "all members are of one kind",
    ("goldfish", "history"): "two-paths count whatever came first",
}
_NO_SETTING |= {
    ("goldfish", old): _NO_SETTING["goldfish", new]
    for old, new in (
        ("ignoreRep", "ignore_repetitions"),
        ("transformFun", "transformer_fn"),
        ("isTwoMode", "is_two_mode"),
    )
}


def _short_names(program: str) -> dict[str, _Meaning]:
    found: dict[str, _Meaning] = {row[5][program]: (row[0], (), {}) for row in _TABLE if program in row[5]}
    return {**found, **{short: meaning for (where, short), meaning in _SPECIAL.items() if where == program}}


def borrowed(program: str, name: str, variables: tuple[str, ...], settings: dict[str, Any]) -> Effect:
    """The effect that another program calls `name`, with that program's conventions.

    Raises
    ------
    ValueError
        For a name or setting the program's vocabulary has not, the nearest is proposed; and for one that we lack, with
        the reason.
    """
    if (program, name) in _REFUSED:
        raise ValueError(f"{program}'s {name} is not available: {_REFUSED[program, name]}.")
    for key in settings:
        if (program, key) in _NO_SETTING:
            raise ValueError(f"{program}'s setting {key} of {name} is not available: {_NO_SETTING[program, key]}.")
    if program == "goldfish" and name in ("ego_alter_interaction", "egoAlterInt"):
        return _product(name, variables, settings)
    short = _short_names(program)
    plain, first, fixed = short[choose(name, list(short), f"{program} event effect")]
    given = {**fixed, **settings}
    if program == "remstats":
        plain = _as_remstats(plain, name, given)
    if program == "goldfish":
        if plain.endswith("_candidate") and "type" in given:
            side = {"ego": "sender", "alter": "receiver"}[choose(given.pop("type"), ["ego", "alter"], "type")]
            plain = plain.replace("candidate", side)
        if given.get("weighted") and plain in ("otp", "itp", "osp", "isp"):
            raise ValueError(f"goldfish's {name} counts third members, whatever the numbers of ties: drop weighted.")
        if "unique" in definition(plain, "event").options:
            given["unique"] = not given.pop("weighted", False)
    known = definition(plain, "event").options
    for key in given:
        choose(key, list(known), f"setting of {name} in {program}")
    kept = {key: value for key, value in given.items() if value != known[key]}
    return Effect(plain, first + variables, tuple(sorted(kept.items())), convention=program)


def _product(name: str, variables: tuple[str, ...], settings: dict[str, Any]) -> Effect:
    """A covariate of the sender times one of the receiver."""
    if len(variables) != 2 or settings:
        raise ValueError(f"{name} takes two covariates, that of the sender and that of the receiver, and no setting.")
    sides = zip(("sender", "receiver"), variables, strict=True)
    return Effect("interaction", parts=tuple(Effect(side, (x,), convention="goldfish") for side, x in sides))


def _as_remstats(plain: str, name: str, given: dict[str, Any]) -> str:
    """Translate what remstats is told otherwise (`given` is changed), and return the plain name."""
    if given.pop("consider_type", "ignore") not in ("ignore", False):
        raise ValueError(
            f"remstats' setting consider_type of {name} is available as 'ignore' only: the kinds of events are not "
            "part of what is explained. kind='...' counts the events of one kind."
        )
    memory, value = given.pop("memory", "full"), given.pop("memory_value", None)
    choose(memory, ["full", "window", "decay", "interval"], "memory of remstats")
    if memory != "full":
        if value is None:
            raise ValueError(f"memory={memory!r} of {name} needs memory_value.")
        given["halflife" if memory == "decay" else memory] = tuple(value) if memory == "interval" else value
    if plain == "difference" and not given.pop("absolute", True):
        return "signed_difference"
    return plain

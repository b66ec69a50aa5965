r"""Effects on behavior: what makes a member move up or down, and whom it follows.

Effects about alters are points of a grammar, written down once here and carried out by
:mod:`coplearn.kernels.saom_behavior`: an aggregate over alters of a term, weighted, restricted or moderated. The names
say the same in words (``average_alter``, ``total_similarity``, ``average_in_alter_by_ego``); :func:`influence <coplearn
.effects.influence>` takes the parts themselves and also makes combinations that have no name.

In the formulas z is the behavior, centred; x the network; v an actor variable, w a dyadic one; :math:`\bar s` the mean
similarity; an average over nobody is 0. In moments, alters whose behavior is missing are average, but are left out
where they would be compared with ego, in similarity and attraction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from coplearn._checks import choose
from coplearn.effects import user
from coplearn.effects.context import Context, NetworkFacts, Row, arrange, check_other, check_pairs, check_values
from coplearn.effects.spec import Definition, Effect, define, definition
from coplearn.kernels import saom_behavior as kernel

__all__ = ["encode"]

SHAPE = "Snijders, Steglich & Schweinberger (2007), in Longitudinal Models in the Behavioral and Related Sciences"
INFLUENCE = "Steglich, Snijders & Pearson (2010), doi:10.1111/j.1467-9531.2010.01225.x"
MANUAL = "Ripley, Snijders, Boda, Vörös & Preciado, Manual for RSiena"

SIDES = {"out": kernel.OUT, "in": kernel.IN, "mutual": kernel.MUTUAL}
AGGREGATES = {
    "total": kernel.TOTAL,
    "average": kernel.AVERAGE,
    "maximum": kernel.MAXIMUM,
    "minimum": kernel.MINIMUM,
    "variance": kernel.VARIANCE,
    "nobody": kernel.NOBODY,
}
TERMS = {
    "behavior": kernel.VALUE,
    "similarity": kernel.SIMILARITY,
    "attraction higher": kernel.HIGHER,
    "attraction lower": kernel.LOWER,
    "covariate": kernel.VALUE,
    "same": kernel.SAME,
    "dyadic": kernel.PAIR,
    "one": kernel.ONE,
}
WEIGHTS = {
    "none": kernel.PLAIN,
    "alter": kernel.BY_ALTER,
    "if same": kernel.IF_SAME,
    "if different": kernel.IF_DIFFERENT,
    "popularity": kernel.BY_POPULARITY,
    "dyadic": kernel.BY_PAIR,
    "if tied": kernel.IF_SECOND,
}
MODERATORS = {
    "none": kernel.UNMODERATED,
    "ego": kernel.EGO_VALUE,
    "ego popularity": kernel.EGO_POPULARITY,
    "variance of alters": kernel.ALTER_VARIANCE,
}
CENTRINGS = {"overall": kernel.CENTRED, "wave": kernel.CONTEMPORARY, "none": kernel.RAW}

_TIE = {"out": "x_{ij}", "in": "x_{ji}", "mutual": "x_{ij} x_{ji}"}
_TERM = {
    "behavior": "z_j",
    "similarity": r"(s_{ij} - \bar s)",
    "attraction higher": r"(1 - \max(z_j - z_i, 0) / r)",
    "attraction lower": r"(1 - \max(z_i - z_j, 0) / r)",
    "covariate": "v_j",
    "same": r"1\{v_i = v_j\}",
    "dyadic": r"(w_{ij} - \bar w)",
    "one": "",
}
_WEIGHT = {
    "none": "",
    "alter": "v_j ",
    "if same": r"1\{v_i = v_j\} ",
    "if different": r"1\{v_i \ne v_j\} ",
    "popularity": "x_{+j} ",
    "dyadic": r"(w_{ij} - \bar w) ",
    "if tied": "y_{ij} ",
}
_MODERATOR = {"none": "", "ego": "v_i ", "ego popularity": "x_{+i} ", "variance of alters": r"(var_j z_j - \bar{var}) "}
# The points of the grammar that RSiena has; the others have no name there.
_KNOWN = frozenset(
    f"{av}{rest}"
    for av in ("av", "tot")
    for rest in (
        "Alt Sim InAlt InSim RecAlt SimRecip AttHigher AttLower Alt_cc AltEgoX SimEgoX AltAltX SimAltX AltSameX "
        "RecAltSameX InAltSameX InAltAltX RecAltAltX "
        "AltW SimW InAltW WAlt WInAlt AltPop SimPopAlt InSimPopAlt SimRecPop SimPopEgo XAlt XInAlt XRecAlt "
        "SameXAlt SameXInAlt SameXRecAlt"
    ).split()
) | frozenset(
    "indeg outdeg recipDeg isolate outIsolate popAlt totPopAlt FFDeg FBDeg FRDeg BFDeg BBDeg BRDeg outdegMixedPop "
    "indegMixedPop maxAlt minAlt maxXAlt minXAlt varAlt avSimVarAlt".split()
)
_OF_EGO = ("similarity", "attraction higher", "attraction lower")  # terms that hold z_i, which is no factor then


def _define(
    name: str,
    formula: str,
    *variables: str,
    short: str = "",
    parameter: float | None = None,
    source: str = MANUAL,
    factor: int = 1,
    **details: Any,
) -> None:
    """One definition; `factor` is 1 for s = z g, 2 where g holds z_i itself, 0 for another form of statistic."""
    define(
        Definition(
            name,
            "behavior",
            formula,
            source,
            variables,
            {} if parameter is None else {"parameter": float(parameter)},
            {"rsiena": short} if short else {},
            {"factor": factor, "interaction": "factor" if factor else "", **details},
        )
    )


def _formula(aggregate: str, alters: str, term: str, weight: str, moderator: str) -> str:
    inside = f"{_TIE[alters]} {_WEIGHT[weight]}{_TERM[term]}".strip()
    counted = f"{_TIE[alters]} {_WEIGHT[weight] if weight.startswith('if') else ''}".strip()
    divisor = rf", with p = 2 over \sum_j {_TIE[alters]} (w_{{ij}} - \bar w)" if weight == "dyadic" else ""
    whole = {
        "total": rf"\sum_j {inside}",
        "average": rf"\frac{{\sum_j {inside}}}{{\sum_j {counted}}}" + divisor,
        "maximum": rf"\max_{{j: {_TIE[alters]} = 1}} {_TERM[term]}",
        "minimum": rf"\min_{{j: {_TIE[alters]} = 1}} {_TERM[term]}",
        "variance": rf"(var_{{j: {_TIE[alters]} = 1}} {_TERM[term]} - \bar{{var}})",
        "nobody": rf"1\{{\sum_j {_TIE[alters]} = 0\}}",
    }[aggregate]
    return f"{'' if term in _OF_EGO else 'z_i '}{_MODERATOR[moderator]}{whole}"


def _alters(
    name: str,
    aggregate: str,
    alters: str,
    term: str,
    weight: str = "none",
    moderator: str = "none",
    **more: Any,
) -> None:
    """A point of the grammar over neighbours."""
    grammar = {"aggregate": aggregate, "alters": alters, "term": term, "weight": weight, "moderator": moderator}
    more.setdefault("factor", 0 if term in _OF_EGO else 1)
    formula = more.pop("formula", None) or _formula(**grammar)
    asked = _asked(grammar, more.pop("elsewhere", False))
    if more.get("short") not in _KNOWN:
        more.pop("short", None)
    _define(name, formula, *asked, code=kernel.ALTERS, **{"second": "out", **grammar, **more})


def _asked(grammar: Mapping[str, Any], elsewhere: bool = False) -> list[str]:
    """Kinds of the variables that a point of the grammar is about; a covariate serves as term, weight and moderator."""
    of_actors = ("covariate", "same", "alter", "if same", "if different", "ego")
    asked = ["actor"] if any(grammar[part] in of_actors for part in ("term", "weight", "moderator")) else []
    asked.append("network")
    if "dyadic" in (grammar["term"], grammar["weight"]):
        asked.append("dyadic")
    if grammar["weight"] == "if tied" or elsewhere:
        asked.append("network")
    return asked


def _shape() -> None:
    more: dict[str, Any]
    linear: dict[str, Any] = {"source": SHAPE, "code": kernel.LINEAR}
    _define("linear_shape", "z_i", short="linear", **linear)
    for ending, text, centring, short in (
        ("", "z_i^2", "overall", "quad"),
        ("_wave_centred", r"(z_i - \bar z(t))^2", "wave", "quad_cc"),
        ("_uncentred", "z_i^2 (z not centred)", "none", "quad_nc"),
    ):
        more = {"source": SHAPE, "code": kernel.QUADRATIC, "centring": centring}
        _define(f"quadratic_shape{ending}", text, short=short, factor=0, **more)
    for number in ("", "2", "3", "4"):
        text, more = r"1\{z_i \ge p\} (z not centred)", {"code": kernel.THRESHOLD, "parameter": 0}
        _define(f"threshold{number and '_' + number}", text, short=f"threshold{number}", factor=0, **more)
    for side, p in (("near", 2), ("far", 4)):
        text = rf"\sum_{{j \ne i}} \{'max' if side == 'near' else 'min'}(p - |z_j - z_i|, 0)"
        more = {"code": kernel.NEAR, "aggregate": int(side == "far")}
        _define(f"similarity_to_all_{side}", text, short=f"simAll{side.title()}", parameter=p, factor=0, **more)
    for aggregate, short, mean in (("average", "av", r"\bar z"), ("total", "tot", r"\sum_j z_j")):
        more = {"factor": 2, "code": kernel.GROUP, "aggregate": kernel.AVERAGE if short == "av" else kernel.TOTAL}
        text = rf"z_i ({mean} - c_p), c_p = p - \bar z if p > 0.5, else 0"
        _define(f"{aggregate}_group", text, short=f"{short}Group", parameter=1, **more)
        text = rf"z_i ({mean} - c_p), weighted by x_{{+j}}"
        name = f"indeg{short.title()}Group"
        _define(f"{aggregate}_group_by_indegree", text, "network", short=name, parameter=1, **more)


def _degrees() -> None:
    more: dict[str, Any]
    for alters, name, short in (("in", "indegree", "indeg"), ("out", "outdegree", "outdeg")):
        _alters(f"{name}_effect", "total", alters, "one", short=short, source=INFLUENCE)
    _alters("mutual_degree_effect", "total", "mutual", "one", short="recipDeg")
    _alters("in_isolate_effect", "nobody", "in", "one", short="isolate", source=INFLUENCE)
    _alters("out_isolate_effect", "nobody", "out", "one", short="outIsolate")
    _alters("popularity_of_alters", "average", "out", "one", "popularity", short="popAlt")
    _alters("total_popularity_of_alters", "total", "out", "one", "popularity", short="totPopAlt")
    _alters("popularity_of_in_alters", "average", "in", "one", "popularity")
    words = {"F": "out", "B": "in", "R": "mutual"}
    for first in "FB":
        for second in "FBR":
            name = f"degree_{words[first]}_and_{words[second]}"
            text = f"z_i \\sum_j {_TIE[words[first]]} {_TIE[words[second]].replace('x', 'y')}"
            text += rf"; p \geq 2: less \sum_j {_TIE[words[first]]}"
            more = {"second": words[second], "formula": text, "short": f"{first}{second}Deg", "parameter": 1}
            _alters(name, "total", words[first], "one", "if tied", **more)
    for alters, short in (("out", "outdegMixedPop"), ("in", "indegMixedPop")):
        more = {"short": short, "elsewhere": True, "formula": f"z_i \\sum_j {_TIE[alters]} y_{{+j}}"}
        name = f"popularity_elsewhere_of_{'' if alters == 'out' else 'in_'}alters"
        _alters(name, "total", alters, "one", "popularity", **more)
    for kind, sign, word in (("Abs", 0, "absolute"), ("Pos", 1, "positive"), ("Neg", -1, "negative")):
        gap = {0: "|x_{i+} - v_i|", 1: r"\max(x_{i+} - v_i, 0)", -1: r"\max(v_i - x_{i+}, 0)"}[sign]
        more = {"code": kernel.CONTRAST, "alters": "out", "aggregate": sign, "short": f"deg{kind}ContrX"}
        _define(f"{word}_contrast_of_outdegree", f"z_i {gap}", "actor", "network", **more)


def _influence() -> None:
    """Every named point: averages and totals over out-, in- and mutual alters of behavior and of similarity."""
    more: dict[str, Any]
    in_words = {"out": ("", ""), "in": ("in_", "In"), "mutual": ("mutual_", "Rec")}
    for aggregate, av in (("average", "av"), ("total", "tot")):
        for alters, (word, In) in in_words.items():
            for term, noun, short in (("behavior", "alter", "Alt"), ("similarity", "similarity", "Sim")):
                source: dict[str, Any] = {"source": INFLUENCE} if alters == "out" else {}
                stem, known = f"{aggregate}_{word}{noun}", f"{av}{In}{short}"
                # RSiena puts the word for mutual alters behind similarity
                plain = f"{av}SimRecip" if known in ("avRecSim", "totRecSim") else known
                _alters(stem, aggregate, alters, term, short=plain, **source)
                if term == "behavior":
                    centred: dict[str, Any] = {"centring": "wave", "factor": 2, "short": f"{known}_cc"}
                    centred["formula"] = f"{_formula(aggregate, alters, term, 'none', 'none')}, z less its present mean"
                    _alters(f"{stem}_wave_centred", aggregate, alters, term, **centred)
                _alters(f"{stem}_by_ego", aggregate, alters, term, moderator="ego", short=f"{known}EgoX")
                _alters(f"{stem}_by_alter", aggregate, alters, term, "alter", short=f"{known}AltX")
                _alters(f"{stem}_among_same", aggregate, alters, term, "if same", short=f"{known}SameX")
                _alters(f"{stem}_among_different", aggregate, alters, term, "if different")
                weighted: dict[str, Any] = {"short": f"{known}W", "parameter": 2 if av == "av" else None}
                _alters(f"{stem}_by_dyadic", aggregate, alters, term, "dyadic", **weighted)
                popular = f"{known}Pop" if term == "behavior" else f"{known}PopAlt"
                popular = f"{av}SimRecPop" if popular == f"{av}RecSimPopAlt" else popular
                _alters(f"{stem}_by_popularity", aggregate, alters, term, "popularity", short=popular)
                egos: dict[str, Any] = {"moderator": "ego popularity", "short": f"{known}PopEgo"}
                _alters(f"{stem}_by_ego_popularity", aggregate, alters, term, **egos)
                _alters(f"{stem}_in_both", aggregate, alters, term, "if tied")
            covariate: dict[str, Any] = {"source": INFLUENCE} if alters == "out" else {}
            name, short = f"{aggregate}_{word}alter_covariate", f"{av}X{In}Alt"
            _alters(name, aggregate, alters, "covariate", short=short, **covariate)
            name, short = f"{aggregate}_{word}alter_same", f"{av}SameX{In}Alt"
            _alters(name, aggregate, alters, "same", short=short)
            name, more = f"{aggregate}_{word}alter_dyadic", {"parameter": 2 if av == "av" else None}
            _alters(name, aggregate, alters, "dyadic", short=f"{av}W{In}Alt", **more)
        for kind in ("higher", "lower"):
            name, short = f"{aggregate}_attraction_{kind}", f"{av}Att{kind.title()}"
            _alters(name, aggregate, "out", f"attraction {kind}", short=short)
    for extreme in ("maximum", "minimum"):
        for alters, (word, In) in in_words.items():
            _alters(f"{extreme}_{word}alter", extreme, alters, "behavior", short=f"{extreme[:3]}{In}Alt")
            name, short = f"{extreme}_{word}alter_covariate", f"{extreme[:3]}X{In}Alt"
            _alters(name, extreme, alters, "covariate", short=short)
    _alters("variance_of_alters", "variance", "out", "behavior", short="varAlt")
    name, more = "average_similarity_by_variance", {"moderator": "variance of alters", "short": "avSimVarAlt"}
    _alters(name, "average", "out", "similarity", **more)
    _define("effect_from", "z_i v_i", "actor", short="effFrom", source=INFLUENCE, code=kernel.ACTOR)


def _two_steps() -> None:
    """Alters of alters; the outer aggregate is over neighbours, the inner one over their other neighbours."""
    more: dict[str, Any]
    kinds = {("average", "average"): "av", ("total", "total"): "tot", ("average", "total"): "avT"}
    kinds["total", "average"] = "totA"
    for (outer, inner), av in kinds.items():
        stem = outer if outer == inner else f"{outer}_{inner}"
        around = r"\sum_j x_{ij}" if outer == "total" else r"\frac{1}{x_{i+}} \sum_j x_{ij}"
        for second, word, In, tie in (("out", "", "", "x_{jh}"), ("in", "in_", "In", "x_{hj}")):
            below = "" if inner == "total" else rf" / \sum_{{h \ne i}} {tie}"
            base: dict[str, Any] = {
                "code": kernel.TWO_STEPS,
                "alters": "out",
                "second": second,
                "aggregate": outer,
                "inner": inner,
            }
            text = rf"z_i {around} (\sum_{{h \ne i}} {tie} z_h{below})"
            more = {**base, "term": "behavior"}
            name = f"{stem}_{word}alter_distance_two"
            _define(name, text, "network", short=f"{av}{In}AltDist2", **more)
            more["centring"] = "none"
            _define(f"{name}_uncentred", f"{text}, not centred", "network", short=f"{av}{In}AltDist2_nc", **more)
            more = {**base, "term": "covariate", "short": f"{av}X{In}AltDist2"}
            text = text.replace("z_h", "v_h")
            _define(f"{stem}_{word}alter_covariate_distance_two", text, "actor", "network", **more)
    for outer, av in (("average", "av"), ("total", "tot")):
        around = r"\sum_j x_{ij}" if outer == "total" else r"\frac{1}{x_{i+}} \sum_j x_{ij}"
        for second, word, In in (("out", "", ""), ("in", "in_", "In")):
            text = rf"{around} (s(z_i, mean of z_h over j's other {second}-alters h) - \bar s)"
            more = {"code": kernel.TWO_STEPS, "alters": "out", "second": second, "aggregate": outer}
            more |= {"inner": "average", "term": "similarity", "factor": 0, "short": f"{av}{In}SimDist2"}
            _define(f"{outer}_{word}similarity_distance_two", text, "network", **more)
    for side, path, text in (("out", "FF", "j -> h"), ("in", "FB", "h -> j")):
        for ending, centring in (("", "overall"), ("_nc", "none")):
            name = f"total_alter_by_paths_{'forward' if side == 'out' else 'shared'}{'_uncentred' if ending else ''}"
            formula = rf"z_i \sum_{{h \ne i}} z_h e^a (1 - (1 - e^{{-a}})^{{\#j: i -> j, {text}}}), a = p / 100"
            more = {"code": kernel.SHARED, "alters": side, "centring": centring, "parameter": 69}
            _define(name, formula, "network", short=f"totGwdsp{path}Alt{ending}", **more)
    for term, name, short, text in (
        ("one", "dense_triads_effect", "behDenseTriads", "z_i times the number of triads with at least p of 6 ties"),
        ("similarity", "similarity_in_dense_triads", "simDenseTriads", r"\sum (s_{ij} + s_{ih} - 2 \bar s) over them"),
    ):
        more = {"code": kernel.DENSE, "term": term, "factor": int(term == "one"), "parameter": 5}
        _define(name, text, "network", short=short, **more)


_shape()
_degrees()
_influence()
_two_steps()


PARTS = {
    "aggregate": AGGREGATES,
    "alters": SIDES,
    "term": TERMS,
    "weight": WEIGHTS,
    "moderator": MODERATORS,
    "centring": CENTRINGS,
}
_DEFAULTS = {"aggregate": "average", "alters": "out", "term": "behavior", "weight": "none", "moderator": "none"}
define(
    Definition(
        "influence",
        "behavior",
        r"z_i m_i A_j(x_{ij} u_{ij} t_{ij}): aggregate A of terms t with weights u, moderated by m; without z_i where "
        "t is similarity or attraction",
        INFLUENCE,
        ("network",),
        {**_DEFAULTS, "centring": "overall", "parameter": 0.0},
        details={"interaction": "factor"},
    )
)


def _chosen(effect: Effect) -> dict[str, Any]:
    """Details of ``influence(...)``: the parts that were named, each checked."""
    parts = {part: effect.option(part, default) for part, default in {**_DEFAULTS, "centring": "overall"}.items()}
    for part, value in parts.items():
        choose(value, list(PARTS[part]), f"{part} of influence()")
    if parts["aggregate"] in ("maximum", "minimum", "variance") and parts["weight"] == "dyadic":
        raise ValueError(f"{effect!r}: a {parts['aggregate']} is not weighted by a dyadic variable.")
    of_ego = parts["term"] in _OF_EGO
    factor = 0 if of_ego else 2 if parts["centring"] == "wave" else 1
    return {"code": kernel.ALTERS, "factor": factor, **parts}


def _packed(details: Mapping[str, Any]) -> int:
    return kernel.packed(
        TERMS[details.get("term", "behavior")],
        WEIGHTS[details.get("weight", "none")],
        MODERATORS[details.get("moderator", "none")],
        SIDES[details.get("second", "out")],
        AGGREGATES[details.get("inner", "total")],
    )


def encode(effect: Effect, context: Context) -> Row:
    """A behavior effect as a code, whole-number arguments and constants of :mod:`coplearn.kernels.saom_behavior`.

    Raises
    ------
    ValueError
        If no effect has the name, a variable is unknown, or a setting is impossible.
    """
    entry = definition(effect.name, "behavior")
    if user.written(effect, "behavior"):
        return user.encode(effect, context)
    details, kinds = entry.details, list(entry.variables)
    check_other(effect, kinds, context)
    if effect.name == "influence":
        details = _chosen(effect)
        kinds = _asked(details)
    said = list(_named(effect, kinds, context))
    _check_variables(effect, details, dict(zip(kinds[::-1], said[::-1], strict=True)), context)
    names = iter(said)
    own = context.behavior()
    a = [-1, own.index, -1, -1, -1, SIDES[details.get("alters", "out")], 0, 0]
    dyadic_mean, reference = 0.0, own.variance
    for kind in kinds:
        name = next(names)
        if kind == "network":
            network = context.network(name)
            _check_mode(effect, details, network, first=a[0] < 0)
            a[0 if a[0] < 0 else 4] = network.index
        elif kind == "actor":
            a[2] = context.actor(name).index
            if details["code"] != kernel.ALTERS or details["term"] == "covariate":
                a[1] = a[2]
            if details.get("term") == "covariate":  # without out-alters, RSiena's manual has the covariate's mean
                of_nobody = context.actor(name).average - context.actor(name).mean
                reference = of_nobody if details["alters"] == "out" else 0.0
        else:
            a[3], dyadic_mean = context.dyadic(name).index, context.dyadic(name).mean
    aggregate = details.get("aggregate", 0)
    a[6] = AGGREGATES[aggregate] if isinstance(aggregate, str) else aggregate
    a[7] = _packed(details)
    parameter = float(effect.option("parameter", entry.options.get("parameter", 0.0)))
    if details["code"] == kernel.DENSE and parameter not in (5.0, 6.0):
        raise ValueError(f"{effect!r}: a dense triad has at least 5 or 6 ties; parameter is {parameter:g}.")
    wide = own.range or 1.0
    centring = CENTRINGS[details.get("centring", "overall")]
    rule = _rule_of_moments(effect, details)
    p = (parameter, own.similarity_mean, wide, reference, dyadic_mean, centring, details["factor"], rule)
    return Row(details["code"], a, [float(value) for value in p])


def _check_variables(effect: Effect, details: Mapping[str, Any], named: Mapping[str, str], context: Context) -> None:
    """Refuse variables of other nodes, or pairs, than those of the (first) network."""
    network = context.network(named["network"]) if "network" in named else None
    if "actor" in named:
        of_alters = details["code"] == kernel.ALTERS and details["term"] == "covariate"
        check_values(effect, named["actor"], network if of_alters else None, context)
        if details.get("moderator") == "ego":
            check_values(effect, named["actor"], None, context)
    if "dyadic" in named and network is not None:
        check_pairs(effect, named["dyadic"], network, context)


def _check_mode(effect: Effect, details: Mapping[str, Any], network: NetworkFacts, first: bool) -> None:
    """Refuse what has no meaning in a two-mode network, whose columns are no actors."""
    if not network.two_mode:
        return
    of_actors = details.get("term", "behavior") in ("behavior", *_OF_EGO, "same") or "same" in details.get("weight", "")
    alters = details["code"] == kernel.ALTERS and (details["alters"] != "out" or of_actors)
    inward = details["code"] == kernel.TWO_STEPS and details["second"] != "in"
    shared = details["code"] == kernel.SHARED and details["alters"] != "in"
    if not first or alters or inward or shared or details["code"] in (kernel.DENSE, kernel.GROUP):
        raise ValueError(
            f"{effect!r} looks at members tied to ego, but the columns of the two-mode network {network.name!r} "
            "are no members; effects at distance two, such as average_in_alter_distance_two(), see who shares them."
        )


def _rule_of_moments(effect: Effect, details: Mapping[str, Any]) -> int:
    """How moments are made: ours, or RSiena's where the effect was called by its name there.

    RSiena compares the end of creation with a state as far again beyond it, counts similarity and attraction in units
    of the behavior and backwards, takes the steps of ego instead of what they changed in group effects, multiplies by
    ego's behavior twice in ``avAltW``, moves ego alone in ``avSimAltX``, takes the reference variance of ``varAlt``
    from actors who went the other way too, and forgets the similarity in ``avSimEgoX``. Its targets are met with these
    rules; for estimation the plain names are the better choice.
    """
    if effect.convention != "rsiena":
        return kernel.OURS
    term, weight, moderator = (details.get(part, "none") for part in ("term", "weight", "moderator"))
    alters, aggregate = details.get("alters"), details.get("aggregate")
    if term == "similarity" and moderator == "ego":
        return kernel.NO_BEHAVIOR
    if effect.option("type", "eval") == "eval":
        return kernel.OURS
    if details["code"] == kernel.THRESHOLD:
        return kernel.AT_END
    if details["code"] == kernel.GROUP:
        return kernel.STEPS
    if details["code"] == kernel.ALTERS:
        if term in _OF_EGO and alters == "out" and weight == "none":
            return kernel.DISTANCE
        if term == "similarity" and weight == "alter":
            return kernel.ALONE
        if aggregate == "variance":
            return kernel.SPREAD
        if term == "behavior" and aggregate in ("maximum", "minimum"):
            return kernel.FACTOR
        if term == "behavior" and alters in ("out", "mutual") and weight in ("if same", "alter"):
            return kernel.OWN_STEP
        if term == "behavior" and weight == "dyadic":
            return kernel.TWICE
    return kernel.AGAIN


def _named(effect: Effect, kinds: list[str], context: Context) -> Iterator[str]:
    """Names in the order of `kinds`; with one network in the panel it need not be said."""
    missing = kinds.count("network") == 1 and len(effect.variables) == len(kinds) - 1 and len(context.networks) == 1
    if missing and not any(name in context.networks for name in effect.variables):
        effect = Effect(effect.name, (*effect.variables, *context.networks), effect.options)
    return iter(arrange(effect, kinds, context))

r"""Effects on rates: who gets opportunities for change more often.

The rate of actor i is :math:`\lambda_i = \rho_m \exp(\sum_k \alpha_k a_{ik})`; the formulas give a_i. The basic rate
:math:`\rho_m` belongs to every period of every dependent variable and is not an effect to list.

Exposure counts how far alters are above the lowest value of the behavior. Its internal parameter p asks for at least
abs(p) adopters, or the effect is 0; a negative p counts no more than abs(p) of them.
"""

from __future__ import annotations

from typing import Any

from coplearn.effects.context import Context, Row, arrange, check_values
from coplearn.effects.spec import Definition, Effect, define, definition
from coplearn.kernels import saom_rate as kernel
from coplearn.kernels.saom_behavior import AVERAGE, IN, MUTUAL, OUT, TOTAL

__all__ = ["encode"]

PROCESS = "Snijders (2001), doi:10.1111/0081-1750.00099"
DIFFUSION = "Greenan (2015), doi:10.1111/rssa.12054"


def _define(
    name: str, formula: str, *variables: str, short: str, source: str = PROCESS, parameter: float = 0.0, **details: Any
) -> None:
    options = {"parameter": parameter} if source == DIFFUSION else {}
    define(Definition(name, "rate", formula, source, variables, options, {"rsiena": short}, details))


_define("rate_from", "v_i (a behavior not centred)", "actor", short="RateX", code=kernel.RATE_ACTOR)
for _side, _word, _symbol in ((OUT, "out", "x_{i+}"), (IN, "in", "x_{+i}"), (MUTUAL, "mutual_", "x_{i(r)}")):
    _known = {OUT: "outRate", IN: "inRate", MUTUAL: "recipRate"}[_side]
    for _form, _ending, _kind, _text in (
        ("", "", kernel.DEGREE, _symbol),
        ("_log", "Log", kernel.LOG, rf"\ln({_symbol} + 1)"),
        ("_inverse", "Inv", kernel.INVERSE, rf"1 / ({_symbol} + 1)"),
    ):
        _name = f"{_word}degree_rate{_form}"
        _define(_name, _text, "network", short=_known + _ending, code=kernel.RATE_DEGREE, alters=_side, aggregate=_kind)

_ADOPTED = r"\sum_j x_{ij} z_j"
_TIES = r"(x_{j+} + x_{+j}), in undirected networks x_{j+}"
for _name, _short, _text, _aggregate, _weight, _moderator in (
    ("average_exposure", "avExposure", f"{_ADOPTED} / x_{{i+}}", AVERAGE, kernel.UNWEIGHTED, kernel.NOT_MODERATED),
    ("total_exposure", "totExposure", _ADOPTED, TOTAL, kernel.UNWEIGHTED, kernel.NOT_MODERATED),
    ("infection_by_indegree", "infectIn", f"{_ADOPTED} x_{{+j}}", TOTAL, kernel.ALTER_IN, kernel.NOT_MODERATED),
    ("infection_by_outdegree", "infectOut", f"{_ADOPTED} x_{{j+}}", TOTAL, kernel.ALTER_OUT, kernel.NOT_MODERATED),
    ("infection_by_degree", "infectDeg", f"{_ADOPTED} {_TIES}", TOTAL, kernel.ALTER_BOTH, kernel.NOT_MODERATED),
    ("infection_by_covariate", "infectCovar", f"{_ADOPTED} v_j", TOTAL, kernel.ALTER_VALUE, kernel.NOT_MODERATED),
    ("susceptibility_by_indegree", "susceptAvIn", f"x_{{+i}} {_ADOPTED} / x_{{i+}}", AVERAGE, 0, kernel.EGO_IN),
    ("susceptibility_by_covariate", "susceptAvCovar", f"v_i {_ADOPTED} / x_{{i+}}", AVERAGE, 0, kernel.EGO_VALUE),
):
    _about = ("actor",) if "ovar" in _short else ()
    _define(
        _name,
        _text,
        *_about,
        "network",
        short=_short,
        source=DIFFUSION,
        code=kernel.RATE_EXPOSURE,
        aggregate=_aggregate,
        weight=_weight,
        moderator=_moderator,
    )
for _name, _short, _text, _aggregate in (
    (
        "total_exposure_distance_two",
        "totInExposureDist2",
        r"\sum_j x_{ij} \sum_{h \ne i} x_{hj} z_h",
        kernel.TOTAL_TOTAL,
    ),
    (
        "average_total_exposure_distance_two",
        "avTinExposureDist2",
        r"\frac{1}{x_{i+}} \sum_j x_{ij} \sum_{h \ne i} x_{hj} z_h",
        kernel.AVERAGE_TOTAL,
    ),
    (
        "total_average_exposure_distance_two",
        "totAInExposureDist2",
        r"\sum_j x_{ij} \sum_{h \ne i} x_{hj} z_h / \sum_{h \ne i} x_{hj}",
        kernel.TOTAL_AVERAGE,
    ),
    (
        "any_exposure_distance_two",
        "anyInExposureDist2",
        r"\sum_j x_{ij} \max_{h \ne i} 1\{x_{hj} z_h > 0\}",
        kernel.ANY,
    ),
):
    _define(_name, _text, "network", short=_short, source=DIFFUSION, code=kernel.RATE_TWO_STEPS, aggregate=_aggregate)


def encode(effect: Effect, context: Context) -> Row:
    """A rate effect as a code, whole-number arguments and constants of :mod:`coplearn.kernels.saom_rate`.

    Exposure is to the behavior that owns the rate; in the rate of a network, name the behavior.
    """
    entry = definition(effect.name, "rate")
    details, kinds = entry.details, list(entry.variables)
    exposed = details["code"] in (kernel.RATE_EXPOSURE, kernel.RATE_TWO_STEPS)
    a = [-1, -1, -1, -1, -1, details.get("alters", OUT), details.get("aggregate", 0), details.get("weight", 0)]
    for kind, name in zip(kinds, arrange(effect, kinds, context), strict=True):
        if kind == "network":
            network = context.network(name)
            a[0] = network.index
            if network.two_mode and (
                details.get("alters", OUT) != OUT
                or details["code"] == kernel.RATE_EXPOSURE
                or details.get("moderator") == kernel.EGO_IN
            ):
                raise ValueError(
                    f"{effect!r} looks at ties between members; the columns of the two-mode network {name!r} are no "
                    "members."
                )
        else:
            check_values(effect, name, None, context)
            a[2 if exposed else 1] = context.actor(name).index
    if exposed:
        a[1], a[4] = context.behavior().index, details.get("moderator", 0)
    return Row(details["code"], a, [float(effect.option("parameter", entry.options.get("parameter", 0.0)))])

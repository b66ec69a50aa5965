"""An actor-oriented model as data files and a script for RSiena, so that a result can be checked there.

Written from RSiena's public interface (Ripley, Snijders, Boda, Voros & Preciado, Manual for RSiena):
``sienaDependent``, ``coCovar``, ``varCovar``, ``coDyadCovar``, ``varDyadCovar``, ``sienaCompositionChange``,
``sienaDataCreate``, ``sienaGroupCreate``, ``getEffects``, ``setEffect``, ``includeInteraction``,
``sienaAlgorithmCreate``, ``siena07``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from coplearn._checks import listing
from coplearn.effects.spec import Effect
from coplearn.panel import MISSING_TIE, JointPanel
from coplearn.saom_data import MODEL_TYPES
from coplearn.saom_specification import KINDS, Parameter

if TYPE_CHECKING:
    from coplearn.saom import SAOM

__all__ = ["write"]

STRUCTURAL = 10
RESERVED = {"actors", "algorithm", "answer", "changes", "data", "effects", "round"}
RESERVED |= {"if", "else", "repeat", "while", "function", "for", "in", "next", "break", "TRUE", "FALSE", "NULL", "NA"}
DEFAULTS = {"network": ("density", "recip"), "behavior": ("linear", "quad")}


def write(model: SAOM, folder: str | os.PathLike[str]) -> None:
    """Write the files; see :meth:`coplearn.saom.SAOM.to_rsiena`.

    Raises
    ------
    ValueError
        For effects that RSiena does not have, and for names that R could not tell apart.
    """
    _check(model)
    here = Path(folder)
    here.mkdir(parents=True, exist_ok=True)
    lines = ["# Fits the same model with RSiena. Run it in this folder: Rscript model.R", "library(RSiena)", ""]
    names = []
    for k, (label, panel) in enumerate(model.groups.items()):
        ending = f"_{k + 1}" if len(model.groups) > 1 else ""
        if ending:
            lines.append(f"# group {label}")
        lines += _data(model, panel, here, ending)
        names.append(f"data{ending}")
    if len(names) > 1:
        lines.append(f"data <- sienaGroupCreate(list({', '.join(names)}))")
    (here / "model.R").write_text("\n".join([*lines, *_effects(model), *_algorithm(model)]) + "\n")


def _check(model: SAOM) -> None:
    unknown = [p.name for p in model.parameters if p.effect is not None and any(not s for s in _shorts(model, p))]
    if unknown:
        raise ValueError(f"RSiena has no effect for {listing(unknown)}. Leave it out to write the rest.")
    quoted: dict[str, str] = {}
    panel = model.panel
    for name in [*panel.networks, *panel.behaviors, *panel.covariates, *panel.dyadic]:
        other = quoted.setdefault(_quoted(name), name)
        if other != name:
            raise ValueError(f"{other!r} and {name!r} are both {_quoted(name)!r} in R. Rename one of them.")


def _family(model: SAOM, parameter: Parameter) -> str:
    own = "network" if parameter.variable in model.panel.networks else "behavior"
    return "rate" if parameter.kind == KINDS["rate"] else own


def _shorts(model: SAOM, parameter: Parameter) -> list[str]:
    """RSiena's names of an effect, or of the parts of an interaction."""
    assert parameter.effect is not None
    family, parts = _family(model, parameter), parameter.effect.parts or (parameter.effect,)
    return [Parameter(parameter.variable, part, parameter.kind, "").short(family) for part in parts]


def _quoted(name: str) -> str:
    """A name that R accepts as that of a variable, and that the script does not use itself."""
    said = re.sub(r"\W", "_", name)
    said = said if said[:1].isalpha() else f"v{said}"
    return f"{said}_" if said in RESERVED else said


# --- data -----------------------------------------------------------------------------------------------


def _wanted(model: SAOM) -> set[str]:
    """Variables that are modelled or that an effect is about; RSiena would model every network and behavior it gets."""
    names = {_quoted(name) for name in model.specification}
    for parameter in model.parameters:
        if parameter.effect is not None:
            for part in parameter.effect.parts or (parameter.effect,):
                names.update(_interactions(model, parameter, part))
    return names


def _table(array: np.ndarray, path: Path) -> str:
    """Write a table of numbers with NA; the R expression that reads it."""
    pd.DataFrame(array).to_csv(path, header=False, index=False, na_rep="NA", float_format="%.17g")
    return f'as.matrix(read.csv("{path.name}", header = FALSE))'


def _data(model: SAOM, panel: JointPanel, folder: Path, ending: str) -> Iterator[str]:
    n, waves = len(panel.members), len(panel.waves)
    pieces, nodes, wanted = [], {"actors": n}, _wanted(model)

    def about(variables: Mapping[str, Any]) -> list[tuple[str, Any]]:
        return [(name, each) for name, each in variables.items() if _quoted(name) in wanted]

    # RSiena wants one-mode networks before two-mode ones
    networks = sorted(about(panel.networks), key=lambda item: item[1].two_mode)
    for name, net in networks:
        if net.nodes is not None:
            nodes[f"nodes_{_quoted(name)}"] = len(net.nodes)
    yield from (f'{node} <- sienaNodeSet({size}, nodeSetName = "{node}")' for node, size in nodes.items())
    for name, net in networks:
        codes = np.where(net.ties == MISSING_TIE, np.nan, net.ties.astype(float))
        if name in panel.structural:
            codes = np.where(panel.structural[name], codes + STRUCTURAL, codes)
        files = [_table(codes[w], folder / f"{_quoted(name)}{ending}_wave{w + 1}.csv") for w in range(waves)]
        of = f'c("actors", "nodes_{_quoted(name)}")' if net.two_mode else '"actors"'
        kind = "bipartite" if net.two_mode else "oneMode"
        shape = f"c({n}, {net.ties.shape[2]}, {waves})"
        only = "" if model.options.monotone else ", allowOnly = FALSE"
        yield f"{_quoted(name)} <- sienaDependent(array(c({', '.join(files)}), dim = {shape}),"
        yield f'  type = "{kind}", nodeSet = {of}{only})'
        pieces.append(_quoted(name))
    for name, behavior in about(panel.behaviors):
        read = _table(behavior.values.T, folder / f"{_quoted(name)}{ending}.csv")
        only = "" if model.options.monotone else ", allowOnly = FALSE"
        yield f'{_quoted(name)} <- sienaDependent({read}, type = "behavior", nodeSet = "actors"{only})'
        pieces.append(_quoted(name))
    for name, values in about(panel.covariates):
        centred = "FALSE" if name in model.options.uncentred else "TRUE"
        read = _table(np.atleast_2d(values).T, folder / f"{_quoted(name)}{ending}.csv")
        of = next(node for node, size in nodes.items() if size == values.shape[-1])
        make, read = ("coCovar", f"as.vector({read})") if values.ndim == 1 else ("varCovar", read)
        yield f'{_quoted(name)} <- {make}({read}, centered = {centred}, nodeSet = "{of}")'
        pieces.append(_quoted(name))
    for name, values in about(panel.dyadic):
        cells = values.reshape(-1, *values.shape[-2:])
        endings = [""] if values.ndim == 2 else [f"_period{k + 1}" for k in range(len(cells))]
        files = [
            _table(each, folder / f"{_quoted(name)}{ending}{which}.csv")
            for each, which in zip(cells, endings, strict=True)
        ]
        columns = next(node for node, size in nodes.items() if size == values.shape[-1])
        kind = "oneMode" if columns == "actors" else "bipartite"
        make, read = ("coDyadCovar", files[0])
        if values.ndim == 3:
            sides = ", ".join(map(str, [*cells.shape[1:], len(cells)]))
            make, read = "varDyadCovar", f"array(c({', '.join(files)}), dim = c({sides}))"
        centred = ", centered = FALSE" if name in model.options.uncentred else ""
        yield f'{_quoted(name)} <- {make}({read}{centred}, nodeSets = c("actors", "{columns}"), type = "{kind}")'
        pieces.append(_quoted(name))
    if any(problem.moving for problem in model.problems if problem.panel is panel):
        yield f'changes <- sienaCompositionChange({_presence(panel)}, nodeSet = "actors")'
        pieces.append("changes")
    yield f"data{ending} <- sienaDataCreate({', '.join(pieces)}, nodeSets = list({', '.join(nodes)}))"
    yield ""


def _presence(panel: JointPanel) -> str:
    """Intervals on RSiena's clock, on which the first wave is 1."""
    last = len(panel.waves)
    rows = []
    for i in range(len(panel.members)):
        known = panel.presence_intervals[i][~np.isnan(panel.presence_intervals[i])] + 1
        rows.append(f"c({', '.join(f'{v:.10g}' for v in np.clip(known, 1, last))})")
    return f"list({', '.join(rows)})"


# --- model ----------------------------------------------------------------------------------------------


def _order(model: SAOM, effect: Effect) -> list[str]:
    """Variables of an effect as RSiena wants them: covariates, networks, dyadic covariates."""
    panel = model.panel
    place = {name: 2 for name in panel.dyadic} | {name: 1 for name in panel.networks}
    return [_quoted(name) for name in sorted(effect.variables, key=lambda name: place.get(name, 0))]


def _interactions(model: SAOM, parameter: Parameter, effect: Effect) -> list[str]:
    names = _order(model, effect)
    owner_is_behavior = parameter.variable not in model.panel.networks
    if owner_is_behavior and not any(v in model.panel.networks for v in effect.variables):
        needs = Parameter(parameter.variable, effect, parameter.kind, "").wanted(_family(model, parameter))
        if "network" in needs:
            names.append(_quoted(next(iter(model.panel.networks))))
    return names


def _effects(model: SAOM) -> Iterator[str]:
    yield "effects <- getEffects(data)"
    held = _wanted(model) & {_quoted(name) for name in (*model.panel.networks, *model.panel.behaviors)}
    held -= {_quoted(name) for name in model.specification}
    if held:
        yield f"# RSiena models {listing(sorted(held))}, too, which coplearn kept at the start of each period"
    for variable in model.specification:
        family = "network" if variable in model.panel.networks else "behavior"
        for short in DEFAULTS[family]:
            if (
                family == "network"
                and short == "recip"
                and (model.panel.networks[variable].two_mode or not model.panel.networks[variable].directed)
            ):
                continue
            yield f'effects <- setEffect(effects, {short}, name = "{_quoted(variable)}", include = FALSE)'
    for parameter in model.parameters:
        if parameter.effect is None:
            continue
        kind = next(word for word, code in KINDS.items() if code == parameter.kind)
        about = f'name = "{_quoted(parameter.variable)}", type = "{kind}"'
        shorts = _shorts(model, parameter)
        if parameter.effect.parts:
            first, second = [], []
            for part in parameter.effect.parts:
                names = [*_interactions(model, parameter, part), "", ""]
                first.append(f'"{names[0]}"')
                second.append(f'"{names[1]}"')
            said = f"interaction1 = c({', '.join(first)}), interaction2 = c({', '.join(second)})"
            yield f"effects <- includeInteraction(effects, {', '.join(shorts)}, {about}, {said})"
            continue
        names = _interactions(model, parameter, parameter.effect)
        said = "".join(f', interaction{k + 1} = "{name}"' for k, name in enumerate(names))
        option = parameter.effect.option("parameter")
        inner = "" if option is None else f", parameter = {option:g}"
        yield f'effects <- setEffect(effects, "{shorts[0]}", character = TRUE, {about}{said}{inner})'
    yield "print(effects)"
    yield ""


def _algorithm(model: SAOM) -> Iterator[str]:
    options = model.options
    settings = ['projname = "model"', "seed = 1", "n3 = 1000"]
    one = len(model.specification) == 1 and not any(problem.moving for problem in model.problems)
    settings.append(f"cond = {'TRUE' if one else 'FALSE'}")
    undirected = [k for k, net in model.panel.networks.items() if not net.directed]
    if undirected:
        kinds = ", ".join(f"{_quoted(k)} = {MODEL_TYPES[options.undirected]}" for k in undirected)
        settings.append(f"modelType = c({kinds})")
    if options.max_degree:
        settings.append(f"MaxDegree = c({', '.join(f'{_quoted(k)} = {v}' for k, v in options.max_degree.items())})")
    if options.absorbing:
        settings.append(f"behModelType = c({', '.join(f'{_quoted(k)} = 2' for k in options.absorbing)})")
    yield f"algorithm <- sienaAlgorithmCreate({', '.join(settings)})"
    yield "answer <- siena07(algorithm, data = data, effects = effects, batch = TRUE)"
    yield "# again from where it ended, until the overall maximum convergence ratio is small"
    yield "for (round in 1:5) if (answer$tconv.max > 0.2)"
    yield "  answer <- siena07(algorithm, data = data, effects = effects, prevAns = answer, batch = TRUE)"
    yield "print(answer)"

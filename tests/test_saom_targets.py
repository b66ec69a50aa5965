"""Every target statistic in our file of RSiena's, from the panel to the number."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coplearn import effects as fx
from coplearn.effects.panel_names import UNMATCHED
from coplearn.saom import SAOM

# RSiena 1.6.6 on s50: effect, type, internal parameter, variables, target in total and by period
TARGETS = pd.read_csv(Path(__file__).parent / "data" / "rsiena_targets_s50.csv", keep_default_na=False)
TARGETS = TARGETS[TARGETS["shortName"] != "Rate"].reset_index(drop=True)


def effect(row):
    """The effect of a row; a name like "egoX * altX" is an interaction, and so are its variables."""
    if " * " in row.shortName:
        about = row.interaction1.split("*")
        parts = zip(row.shortName.split(" * "), [v.strip() for v in about], strict=True)
        return fx.interaction(*(fx.rsiena(short, *filter(None, [name])) for short, name in parts), type=row.type)
    variables = [v for v in (row.interaction1, row.interaction2) if v]
    return fx.rsiena(row.shortName, *variables, parameter=row.parameter or None, type=row.type)


@pytest.mark.published
@pytest.mark.parametrize("variable", ["net", "drink"])
def test_targets_are_those_of_rsiena(reference_panel, variable):
    wanted, effects = [], []
    for row in TARGETS[TARGETS["variable"] == variable].itertuples():
        if (row.shortName, row.type) not in UNMATCHED and (made := effect(row)) not in effects:
            wanted.append(row)
            effects.append(made)
    model = SAOM(reference_panel, {"net": [], "drink": []} | {variable: effects})
    found = model.targets()[[p.effect is not None for p in model.parameters]]
    off = []
    for row, (_, ours) in zip(wanted, found.iterrows(), strict=True):
        theirs = np.array([row.period1, row.period2, row.target], float)
        if not np.allclose(ours, theirs, rtol=1e-6, atol=1e-9):  # 15 digits are printed
            off.append(f"{row.shortName} {row.type} {row.parameter}: {ours.tolist()} {theirs.tolist()}")
    assert not off, "\n".join(off)
    assert len(wanted) > 120


def test_what_has_another_target_in_rsiena_is_not_called_so():
    for short, kind in UNMATCHED:
        with pytest.raises(ValueError, match=f"{short} of type {kind}: RSiena's target follows a rule"):
            fx.rsiena(short, "net", "smoke1", type=kind)


@pytest.mark.published
def test_contributions_to_behavior_are_those_of_rsiena(reference_panel):
    steps = pd.read_csv(
        Path(__file__).parent / "data" / "rsiena_change_statistics_s50_behaviour.csv", na_values=["", "NA"]
    ).fillna({"interaction1": ""})
    for (short, about, wave), rows in steps.groupby(["shortName", "interaction1", "wave"]):
        model = SAOM(reference_panel, {"net": [], "drink": [fx.rsiena(short, *filter(None, [about]))]})
        ours = model.contributions(reference_panel.waves[wave - 1], "drink")[0, rows.ego - 1]
        np.testing.assert_allclose(ours, rows[["down", "stay", "up"]], atol=1e-9)  # of 15 printed digits

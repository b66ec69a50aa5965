r"""Survey scales: from answers to items to one score a member and wave.

A scale score is the mean of a member's answers to its items, reverse-coded items turned round
(:math:`\min + \max - v`), given when at least two thirds of the items were answered; otherwise it is
missing. Nothing is carried from one wave to another. How well the items measure one thing is in
:mod:`coplearn.reliability`; whether a group's members agree is in :mod:`coplearn.agreement`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from coplearn._checks import choose, is_number, listing

__all__ = ["item_answers", "scale_scores"]


def item_answers(responses: pd.DataFrame, items: pd.DataFrame, scale: str) -> pd.DataFrame:
    """Answers to the items of a scale, one row an answer form, reverse-coded items turned round.

    Parameters
    ----------
    responses : DataFrame
        Columns wave, member, item, value; a missing value is an item left out.
    items : DataFrame
        Indexed by item: scale, subscale (optional), reverse, min, max.
    scale : str
        Name of a scale, of a subscale, or of a single item.

    Returns
    -------
    DataFrame
        Indexed by member and wave, one column an item, in the order of `items`; NaN where left out.

    Raises
    ------
    ValueError
        For an unknown scale, or a reverse-coded item without a range.

    Examples
    --------
    >>> items = pd.DataFrame({"scale": "trust", "reverse": [False, True], "min": 1.0, "max": 5.0}, index=["t1", "t2"])
    >>> answers = pd.DataFrame({"wave": 1, "member": ["a", "a"], "item": ["t1", "t2"], "value": [4.0, 1.0]})
    >>> item_answers(answers, items, "trust").to_dict("records")
    [{'t1': 4.0, 't2': 5.0}]
    """
    named = items["scale"] == scale
    if not named.any() and "subscale" in items:
        named = items["subscale"] == scale
    if not named.any() and scale not in items.index:
        choose(scale, sorted(items["scale"].unique()), "scale")
    chosen = items[named] if named.any() else items.loc[[scale]]
    ranged = chosen["min"].notna() & chosen["max"].notna()
    if (chosen["reverse"] & ~ranged).any():
        raise ValueError(
            f"item {listing(chosen.index[chosen['reverse'] & ~ranged])} is reverse-coded and has no min and max. "
            "Give its range."
        )
    own = responses[responses["item"].isin(chosen.index)]
    wide = own.pivot(index=["member", "wave"], columns="item", values="value").reindex(columns=chosen.index)
    values = wide.to_numpy(dtype=float)
    low_high = (chosen["min"] + chosen["max"]).to_numpy(dtype=float)
    turned = np.where(chosen["reverse"].to_numpy(dtype=bool), low_high - values, values)
    return pd.DataFrame(turned, index=wide.index, columns=wide.columns)


def scale_scores(responses: pd.DataFrame, items: pd.DataFrame, scale: str, answered: float = 2 / 3) -> pd.DataFrame:
    """Mean item score of each member and wave that returned at least one answer form.

    Parameters
    ----------
    responses : DataFrame
        Columns wave, member, item, value; a missing value is an item left out.
    items : DataFrame
        Indexed by item: scale, subscale (optional), reverse, min, max.
    scale : str
        Name of a scale, of a subscale, or of a single item.
    answered : float
        Least share of items that must be answered.

    Returns
    -------
    DataFrame
        Columns member, wave and the scale's name, in scale points; NaN where too few items were answered.

    Raises
    ------
    ValueError
        For an unknown scale, or a reverse-coded item without a range.

    Examples
    --------
    >>> items = pd.DataFrame({"scale": "trust", "reverse": [False, True], "min": 1.0, "max": 5.0}, index=["t1", "t2"])
    >>> answers = pd.DataFrame({"wave": 1, "member": ["a", "a", "b"], "item": ["t1", "t2", "t1"]})
    >>> answers["value"] = [4.0, 1.0, 2.0]
    >>> scale_scores(answers, items, "trust")
      member  wave  trust
    0      a     1    4.5
    1      b     1    NaN
    """
    if not (is_number(answered) and 0 <= answered <= 1):
        raise ValueError(f"answered is {answered!r}; give a share of items, from 0 to 1.")
    turned = item_answers(responses, items, scale)
    values = turned.to_numpy()
    count = (~np.isnan(values)).sum(axis=1)
    enough = (count > 0) & (count >= answered * turned.shape[1] - 1e-9)
    mean = np.nansum(values, axis=1) / np.maximum(count, 1)
    score = pd.Series(np.where(enough, mean, np.nan), index=turned.index)
    return score.rename(scale).reset_index().sort_values(["wave", "member"], ignore_index=True)

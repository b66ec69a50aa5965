"""Questionnaires: how many items, which answers, which subscales. No item texts: ask their authors for those.

A questionnaire makes the codebook with which answers are read (:mod:`coplearn.survey_exports`) and scored
(:mod:`coplearn.scales`). Four that studies of teachers and leaders use are registered; where subscales or reverse-coded
items are not in the entry, the form you were given tells them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from coplearn._checks import choose, listing, plural, whole

__all__ = ["QUESTIONNAIRES", "Questionnaire", "questionnaire"]


@dataclass(frozen=True)
class Questionnaire:
    """The structure of a questionnaire.

    Attributes
    ----------
    scale : str
        What it measures; the name of the scale in the codebook.
    items : int or None
        How many items; None where forms differ.
    options : int or None
        Answers run from 1 to this.
    subscales : mapping of str to sequence of int
        Numbers of the items of each subscale, from 1.
    reverse : sequence of int
        Numbers of reverse-coded items.
    title, source : str
    """

    scale: str
    items: int | None
    options: int | None
    subscales: Mapping[str, Sequence[int]] = field(default_factory=dict)
    reverse: Sequence[int] = ()
    title: str = ""
    source: str = ""

    def codebook(
        self,
        prefix: str | None = None,
        *,
        items: int | None = None,
        options: int | None = None,
        subscales: Mapping[str, Sequence[int]] | None = None,
        reverse: Sequence[int] | None = None,
        columns: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """The codebook of a form: one row an item.

        Parameters
        ----------
        prefix : str, optional
            Items are named prefix1, prefix2 and so on; by default by the first three letters of the scale.
        items, options, subscales, reverse : optional
            What the entry leaves open, or what your form does differently.
        columns : sequence of str, optional
            Columns of the export that hold the items, in their order; by default the items' names.

        Returns
        -------
        DataFrame
            Indexed by item: scale, subscale, reverse, min, max, column.

        Raises
        ------
        ValueError
            If the number of items or options is open and not given, or an item number lies outside.

        Examples
        --------
        >>> book = questionnaire("TSES-12").codebook("t")
        >>> book.groupby("subscale").size().to_dict()
        {'classroom management': 4, 'instructional strategies': 4, 'student engagement': 4}
        """
        count, top = self.items if items is None else items, self.options if options is None else options
        if count is None or top is None:
            raise ValueError(f"forms of {self.title} differ; say items= and options= of yours.")
        whole(count, "items")
        whole(top, "options", 2)
        groups = self.subscales if subscales is None else subscales
        turned = list(self.reverse if reverse is None else reverse)
        for name, numbers in {**groups, "reverse": turned}.items():
            outside = [k for k in numbers if not 1 <= k <= count]
            if outside:
                raise ValueError(f"{name!r} holds item {listing(outside)}; items run from 1 to {count}.")
        every = [k for numbers in groups.values() for k in numbers]
        shared = sorted({k for k in every if every.count(k) > 1})
        if shared:
            raise ValueError(f"item {listing(shared)} stands in two subscales; an item has one.")
        if columns is not None and len(set(columns)) < len(columns):
            raise ValueError("a column stands for two items; name one an item.")
        if columns is not None and len(columns) != count:
            raise ValueError(f"{plural(len(columns), 'column')} for {plural(count, 'item')}; name one an item.")
        short = self.scale[:3] if prefix is None else prefix
        member_of = {k: name for name, numbers in groups.items() for k in numbers}
        names = [f"{short}{k}" for k in range(1, count + 1)]
        book = {
            "scale": self.scale,
            "subscale": [member_of.get(k) for k in range(1, count + 1)],
            "reverse": [k in turned for k in range(1, count + 1)],
            "min": 1.0,
            "max": float(top),
            "column": names if columns is None else list(columns),
        }
        return pd.DataFrame(book, index=pd.Index(names, name="item"))


QUESTIONNAIRES: dict[str, Questionnaire] = {
    "TSES-24": Questionnaire(
        "efficacy",
        24,
        9,
        {
            "student engagement": (1, 2, 4, 6, 9, 12, 14, 22),
            "instructional strategies": (7, 10, 11, 17, 18, 20, 23, 24),
            "classroom management": (3, 5, 8, 13, 15, 16, 19, 21),
        },
        title="Teachers' Sense of Efficacy Scale, long form",
        source="Tschannen-Moran & Woolfolk Hoy (2001), doi:10.1016/S0742-051X(01)00036-1",
    ),
    "TSES-12": Questionnaire(
        "efficacy",
        12,
        9,
        {
            "student engagement": (2, 4, 7, 11),
            "instructional strategies": (5, 9, 10, 12),
            "classroom management": (1, 3, 6, 8),
        },
        title="Teachers' Sense of Efficacy Scale, short form",
        source="Tschannen-Moran & Woolfolk Hoy (2001), doi:10.1016/S0742-051X(01)00036-1",
    ),
    "PSES": Questionnaire(
        "efficacy",
        18,
        9,
        title="Principals' Sense of Efficacy Scale (three subscales; see your form)",
        source="Tschannen-Moran & Gareis (2004), doi:10.1108/09578230410554070",
    ),
    "collective efficacy": Questionnaire(
        "collective efficacy",
        21,
        6,
        title="Collective teacher efficacy (some items are reverse-coded; see your form)",
        source="Goddard, Hoy & Woolfolk Hoy (2000), doi:10.3102/00028312037002479",
    ),
    "collective efficacy, short": Questionnaire(
        "collective efficacy",
        12,
        6,
        title="Collective teacher efficacy, short form (some items are reverse-coded; see your form)",
        source="Goddard (2002), doi:10.1177/0013164402062001007",
    ),
    "innovative climate": Questionnaire(
        "climate",
        None,
        None,
        title="Innovative climate",
        source="Moolenaar, Daly & Sleegers (2010), doi:10.1177/0013161X10378689",
    ),
}


def questionnaire(name: str) -> Questionnaire:
    """A registered questionnaire by name.

    Raises
    ------
    ValueError
        For an unknown name; the message lists those that are there.

    Examples
    --------
    >>> questionnaire("PSES").items
    18
    """
    return QUESTIONNAIRES[choose(name, list(QUESTIONNAIRES), "questionnaire")]

"""The tables of a community: which columns there are, what they hold, and what may be missing.

A community is nine tables. `members` and `spaces` say who and where; `events`, `ties`, `messages` and
`responses` say what happened, who named whom, what was said and what was answered; `waves`, `roster` and
`items` say how it was asked. Missing, absent and zero differ: a pair that is not in `ties` is a zero if ego
responded at that wave (`roster`), and unknown if not; a member who had left is absent, not missing.

`prepare` turns a user's frame into the canonical one (ids as strings, times as UTC microseconds,
flags as booleans) and reports, never guesses, what it cannot read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import listing, plural
from coplearn.report import Finding

__all__ = ["CONSENT", "MODES", "TABLES", "Column", "Table", "empty", "prepare"]

CONSENT = ("none", "metadata", "text", "all")
MODES = ("1:1", "1:few", "1:many")
TIME = pd.DatetimeTZDtype("us", "UTC")
DTYPES: dict[str, Any] = {
    "id": "str",
    "label": "str",
    "text": "str",
    "time": TIME,
    "flag": "bool",
    "number": "float64",
    "count": "Int64",
    "wave": "object",
}


@dataclass(frozen=True)
class Column:
    """One column: `kind` is id, label, text, time, flag, number, count or wave.

    `default` fills a column that was not given; `blank` fills gaps in one that was (None: they stay).
    """

    name: str
    kind: str
    required: bool = False
    default: Any = None
    blank: Any = None
    choices: tuple[str, ...] | None = None
    refers: str | None = None


@dataclass(frozen=True)
class Table:
    """One table: its columns, and the columns that identify a row (none: rows may repeat)."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    index: str | None = None

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)


def _member(name: str, required: bool = True) -> Column:
    return Column(name, "id", required, refers="members")


TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "members",
            (
                Column("member", "id", True),
                Column("joined", "time"),
                Column("left", "time"),
                Column("joined_inferred", "flag", default=False, blank=False),
                Column("left_reason", "label", choices=("voluntary", "removed", "deleted", "unknown")),
                Column("cohort", "label"),
                Column("role", "label"),
                Column("unit", "label"),
                Column("is_bot", "flag", default=False, blank=False),
                Column("consent", "label", default="all", blank="none", choices=CONSENT),
            ),
            key=("member",),
            index="member",
        ),
        Table(
            "spaces",
            (
                Column("space", "id", True),
                Column("kind", "label"),
                Column("visibility", "label", choices=("public", "restricted", "private")),
                Column("parent", "id", refers="spaces"),
                Column("domain", "label"),
            ),
            key=("space",),
            index="space",
        ),
        Table(
            "waves",
            (Column("wave", "wave", True), Column("opens", "time"), Column("closes", "time")),
            key=("wave",),
            index="wave",
        ),
        Table(
            "events",
            (
                Column("time", "time", True),
                _member("sender"),
                _member("receiver", required=False),
                Column("kind", "label", default="event", blank="event"),
                Column("space", "id", refers="spaces"),
                Column("audience", "count"),
                Column("mode", "label", choices=MODES),
                Column("weight", "number", default=1.0),
                Column("message", "id", refers="messages"),
            ),
        ),
        Table(
            "messages",
            (
                Column("message", "id", True),
                Column("time", "time", True),
                _member("author"),
                Column("space", "id", refers="spaces"),
                Column("thread", "id"),
                Column("reply_to", "id", refers="messages"),
                Column("kind", "label"),
                Column("audience", "count"),
                Column("text", "text"),
                Column("lang", "label"),
            ),
            key=("message",),
            index="message",
        ),
        Table(
            "ties",
            (
                Column("wave", "wave", True, refers="waves"),
                Column("network", "label", True),
                _member("ego"),
                _member("alter"),
                Column("value", "number", default=1.0),
            ),
            key=("wave", "network", "ego", "alter"),
        ),
        Table(
            "roster",
            (
                Column("wave", "wave", True, refers="waves"),
                _member("member"),
                Column("listed", "flag", default=True, blank=True),
                Column("responded", "flag", default=True, blank=False),
            ),
            key=("wave", "member"),
        ),
        Table(
            "items",
            (
                Column("item", "id", True),
                Column("scale", "label", True),
                Column("subscale", "label"),
                Column("reverse", "flag", default=False, blank=False),
                Column("min", "number"),
                Column("max", "number"),
                Column("continuous", "flag", default=False, blank=False),
            ),
            key=("item",),
            index="item",
        ),
        Table(
            "responses",
            (
                Column("wave", "wave", True, refers="waves"),
                _member("member"),
                Column("item", "id", True, refers="items"),
                Column("value", "number"),
            ),
            key=("wave", "member", "item"),
        ),
    )
}


def empty(name: str) -> pd.DataFrame:
    """The canonical frame of a table without rows."""
    table = TABLES[name]
    frame = pd.DataFrame({c.name: pd.Series([], dtype=DTYPES[c.kind]) for c in table})
    return frame.set_index(table.index) if table.index else frame


def prepare(name: str, frame: pd.DataFrame | None) -> tuple[pd.DataFrame, list[Finding]]:
    """The canonical frame of a user's table, and what stands in the way.

    Parameters
    ----------
    name : str
        Name of the table.
    frame : DataFrame or None
        The user's rows; an index that carries the key is accepted. Unknown columns are kept as they are.

    Returns
    -------
    DataFrame
        Columns in the order of the schema, then the user's own.
    list of Finding
        Error E07 for a column that is missing or of the wrong kind, E02 for times without a zone.
    """
    table = TABLES[name]
    if frame is None:
        return empty(name), []
    if not isinstance(frame, pd.DataFrame):
        sentence = f"{name} is a {type(frame).__name__}; give a pandas DataFrame."
        return empty(name), [Finding("E07", "error", name, 1, sentence)]
    if frame.index.name in {c.name for c in table} and frame.index.name not in frame.columns:
        frame = frame.reset_index()
    frame = frame.set_axis([str(c) for c in frame.columns], axis=1)
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        sentence = f"{name} has more than one column {listing(twice)}. Drop or rename one."
        return empty(name), [Finding("E07", "error", name, len(twice), sentence)]
    columns: dict[str, pd.Series] = {}
    findings: list[Finding] = []
    for column in table:
        if column.name in frame.columns:
            values, problem = _convert(frame[column.name], column, name)
            if problem:
                findings.append(problem)
        elif column.required:
            there = listing(frame.columns, most=12) or "none"
            sentence = f"{name} has no column {column.name!r} (columns: {there}). Add it or rename one."
            findings.append(Finding("E07", "error", name, len(frame), sentence))
            continue
        else:
            values = pd.Series(column.default, index=frame.index, dtype=DTYPES[column.kind])
        columns[column.name] = values
    if findings:
        return empty(name), findings
    own = {c: frame[c] for c in frame.columns if c not in columns}
    ready = pd.DataFrame({**columns, **own}, index=frame.index).reset_index(drop=True)
    return (ready.set_index(table.index) if table.index else ready), findings


def _convert(values: pd.Series, column: Column, table: str) -> tuple[pd.Series, Finding | None]:
    """One column in its canonical dtype, or the reason why it cannot be had."""
    where = f"{table}.{column.name}"

    def bad(code: str, count: int, sentence: str) -> tuple[pd.Series, Finding]:
        return pd.Series(index=values.index, dtype=DTYPES[column.kind]), Finding(code, "error", table, count, sentence)

    missing = values.isna()
    if column.required and column.kind != "wave" and column.kind != "number" and missing.any():
        rows = listing(_rows(missing))
        many = int(missing.sum())
        code = "E02" if column.kind == "time" else "E07"
        return bad(code, many, f"{where} is missing in {plural(many, 'row')} (row {rows}). Fill or remove them.")
    if column.kind == "time":
        return _convert_time(values, where, bad)
    if column.kind in {"id", "label", "text"}:
        ready = _as_strings(values)
        if column.choices is not None:
            unknown = ~ready.isin(column.choices) & ready.notna()
            if unknown.any():
                found = listing(ready[unknown].unique())
                return bad(
                    "E07",
                    int(unknown.sum()),
                    f"{where} holds {found} (row {listing(_rows(unknown))}); allowed: {', '.join(column.choices)}.",
                )
        return ready.fillna(column.blank) if column.blank is not None else ready, None
    if column.kind == "flag":
        return _convert_flag(values, column, where, bad)
    if column.kind in {"number", "count"}:
        return _convert_number(values, column, where, bad)
    if missing.any():
        return bad("E07", int(missing.sum()), f"{where} is missing (row {listing(_rows(missing))}).")
    if values.dtype == object or isinstance(values.dtype, pd.CategoricalDtype):
        values = pd.Series(values.to_list(), index=values.index)
    if pd.api.types.is_float_dtype(values) and (values == values.round()).all():
        values = values.astype("int64")
    return values.astype("int64" if pd.api.types.is_integer_dtype(values) else "str"), None


def _convert_flag(values: pd.Series, column: Column, where: str, bad: Any) -> tuple[pd.Series, Finding | None]:
    """Truth values, also as the words True and False, which a CSV file with gaps makes of them."""
    if values.dtype == "bool":
        return values, None
    words = {"true": True, "false": False}
    plain = values.astype(object).map(lambda v: words.get(v.lower(), v) if isinstance(v, str) else v)
    known = plain.map(lambda v: isinstance(v, bool | np.bool_) or (isinstance(v, int | float) and v in (0, 1)))
    odd = values.notna() & ~known.astype(bool)
    if odd.any():
        return bad(
            "E07", int(odd.sum()), f"{where} holds {listing(plain[odd].astype(str).unique())}; write True or False."
        )
    return plain.where(values.notna(), column.blank).astype(bool), None


def _convert_number(values: pd.Series, column: Column, where: str, bad: Any) -> tuple[pd.Series, Finding | None]:
    """Finite numbers, or missing; counts are whole and at least one."""
    missing = values.isna()
    if pd.api.types.is_complex_dtype(values):
        return bad("E07", len(values), f"{where} holds complex numbers.")
    ready = pd.to_numeric(values, errors="coerce").astype("Float64").astype("float64")
    odd = (ready.isna() | np.isinf(ready)) & ~missing
    if odd.any():
        return bad(
            "E07",
            int(odd.sum()),
            f"{where} holds {listing(values[odd].astype(str).unique())} (row {listing(_rows(odd))}), which is no "
            "finite number. Code non-answers as missing.",
        )
    if column.kind == "count":
        odd = ~missing & ((ready != ready.round()) | (ready < 1))
        if odd.any():
            shown = f"{listing(values[odd].unique())} (row {listing(_rows(odd))})"
            return bad(
                "E07", int(odd.sum()), f"{where} holds {shown}; it counts people, so write whole numbers from 1."
            )
        return ready.astype("Int64"), None
    return ready, None


def _convert_time(values: pd.Series, where: str, bad: Any) -> tuple[pd.Series, Finding | None]:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.dt.tz_convert("UTC").dt.as_unit("us"), None
    if values.isna().all():
        return pd.Series(pd.NaT, index=values.index, dtype=TIME), None
    if pd.api.types.is_datetime64_dtype(values):
        return bad(
            "E02",
            len(values),
            f"{where} has no time zone, so its order against other tables is unknown. Say which clock it is: "
            f"frame[{where.split('.')[1]!r}].dt.tz_localize('UTC'), or the zone where it was recorded.",
        )
    return bad(
        "E07",
        len(values),
        f"{where} holds {values.dtype} values such as {values.dropna().iloc[0]!r}, not timestamps. "
        f"Convert it: pd.to_datetime(frame[{where.split('.')[1]!r}], utc=True).",
    )


def _as_strings(values: pd.Series) -> pd.Series:
    """Ids and labels as strings; 3 and 3.0 (a column with gaps, read from CSV) both become '3'."""
    if isinstance(values.dtype, pd.CategoricalDtype) or values.dtype == object:
        values = values.astype(object).map(lambda v: int(v) if isinstance(v, float) and v.is_integer() else v)
    elif pd.api.types.is_float_dtype(values):
        known = values[values.notna() & ~np.isinf(values)]
        if len(known) == values.notna().sum() and (known == known.round()).all():
            values = values.astype("Int64")
    text = values.astype("str")
    return text.where(values.notna().to_numpy(), np.nan) if values.isna().any() else text


def _rows(mask: pd.Series) -> list[int]:
    """Positions of the rows of a mask, counted from 0."""
    return np.flatnonzero(mask.to_numpy()).tolist()

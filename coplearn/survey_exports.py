"""Survey exports: from the wide file of a survey service to the answers of a community.

Qualtrics writes one row a form under three header rows (names, questions, import ids), LimeSurvey under one. Both are
read with a codebook that says which column is which item. What is kept is one form a member: the latest complete one,
or the latest one that has an answer. Members become pseudonyms on reading (:mod:`coplearn.naming`); names,
addresses and every column outside the codebook stay in the file. What was dropped, and why, is counted.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import choose, listing, plural
from coplearn.naming import pseudonyms

__all__ = ["DECLINED", "SurveyExport", "read_limesurvey", "read_qualtrics"]

DECLINED = ("prefer not to say", "prefer not to answer", "no answer", "don't know", "n/a")
KEPT = "kept"
OWN_STATUS = ("0", "", "ip address", "imported", "2", "offline", "16")  # forms that people filled in


@dataclass(frozen=True, eq=False)
class SurveyExport:
    """Answers of one wave, and what became of every form.

    Attributes
    ----------
    responses : DataFrame
        Columns wave, member (pseudonym), item, value: one row an item of a kept form, NaN where it was left out,
        declined or not shown. Ready for ``Community(responses=...)``.
    items : DataFrame
        The codebook, ready for ``Community(items=...)``.
    forms : DataFrame
        Indexed by row of the file (the first form is 1): member, time (UTC), complete, answered (items), fate
        (``"kept"``, or why not).
    declined : int
        Answers of kept forms such as "prefer not to say", read as missing.
    ignored : int
        Columns of the file that the codebook does not name.
    """

    responses: pd.DataFrame
    items: pd.DataFrame
    forms: pd.DataFrame
    declined: int
    ignored: int

    def table(self) -> pd.DataFrame:
        """One row a fate: how many forms."""
        return self.forms["fate"].value_counts().rename("forms").to_frame()

    @property
    def caveats(self) -> tuple[str, ...]:
        """What a reader must know before using the answers."""
        return tuple(self._caveats())

    def _caveats(self) -> Iterator[str]:
        kept = self.forms[self.forms["fate"] == KEPT]
        partial = int((~kept["complete"]).sum())
        if partial:
            yield f"{plural(partial, 'form')} kept that was not finished."
        if self.declined:
            yield f"{plural(self.declined, 'answer')} declined, read as missing."
        if kept["time"].isna().any():
            yield f"{plural(int(kept['time'].isna().sum()), 'form')} without a time; the order of the file stands in."

    def summary(self) -> str:
        """Plain text: forms by fate, answers, caveats."""
        kept = int((self.forms["fate"] == KEPT).sum())
        lines = [
            f"Survey export    {plural(len(self.forms), 'form')}, {kept:,} kept, {plural(len(self.items), 'item')}, "
            f"{plural(self.ignored, 'column')} not in the codebook",
            self.table().to_string(),
        ]
        return "\n".join([*lines, *(f"caveat: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return self.summary()


def read_qualtrics(
    path: str | os.PathLike[str],
    codebook: pd.DataFrame,
    *,
    member: str,
    key: str | bytes,
    wave: Any = 1,
    consent: Mapping[str, Collection[Any]] | None = None,
    choices: Mapping[str, float] | None = None,
    declined: Collection[str] = DECLINED,
    timezone: str = "UTC",
    namespace: str = "",
) -> SurveyExport:
    """Read a wide export of Qualtrics (CSV, or TSV in UTF-16) with its three header rows.

    Parameters
    ----------
    path : path
    codebook : DataFrame
        One row an item: item (or the index), scale, reverse, min, max, and ``column``, the name in the first header
        row, where it is not the item's own; :func:`coplearn.questionnaires.questionnaire` makes one.
    member : str
        Column that tells who answered, such as ``"ExternalReference"`` or ``"RecipientEmail"``.
    key : str or bytes
        Secret for pseudonyms, the same at every wave.
    wave : label
    consent : mapping of column to accepted answers, optional
        Who did not give one of them is dropped with all of their forms; the latest answer counts.
    choices : mapping of str to float, optional
        Numbers of answers exported as words, such as ``{"Strongly agree": 5}``.
    declined : collection of str
        Answers read as missing, whatever their case.
    timezone : str
        Clock of the file's times.
    namespace : str
        Of the pseudonyms.

    Returns
    -------
    SurveyExport

    Raises
    ------
    ValueError
        For a file without the three header rows, a column of the codebook that is not there, an answer that is no
        number, or one outside the range of its item; the message names column and row, and quotes no name. For a
        file that is not in UTF-8 (or UTF-16), and times other than those of the export, such as 13/02/2024.
    FileNotFoundError
        If there is no such file.
    """
    rows = _rows(path)
    if len(rows) < 3 or not any("ImportId" in cell for cell in rows[2]):
        raise ValueError(
            f"{Path(path).name}: the third row holds no import ids, as an export of Qualtrics does. Export again as "
            "CSV with the default settings, or use read_limesurvey for a file with one header row."
        )
    frame = _frame(rows[0], rows[3:])
    status = frame["Status"].str.casefold() if "Status" in frame else pd.Series("", index=frame.index)
    fate = pd.Series(KEPT, index=frame.index).where(status.isin(OWN_STATUS), "preview, test or spam")
    finished = frame["Finished"].str.casefold() if "Finished" in frame else pd.Series("", index=frame.index)
    return _export(
        frame, codebook, member, key, wave, consent, choices, declined, timezone, namespace, fate,
        complete=finished.isin(("1", "true", "yes")), times=("EndDate", "RecordedDate"), number=_number,
    )  # fmt: skip


def read_limesurvey(
    path: str | os.PathLike[str],
    codebook: pd.DataFrame,
    *,
    member: str = "token",
    key: str | bytes,
    wave: Any = 1,
    consent: Mapping[str, Collection[Any]] | None = None,
    choices: Mapping[str, float] | None = None,
    declined: Collection[str] = DECLINED,
    timezone: str = "UTC",
    namespace: str = "",
) -> SurveyExport:
    """Read a wide export of LimeSurvey (CSV with question codes and answer codes).

    Parameters
    ----------
    path : path
    codebook, member, key, wave, consent, choices, declined, timezone, namespace
        As for :func:`read_qualtrics`. A question of an array is ``EFF[SQ001]``; answer codes may be numbers or
        ``A1``, ``A2`` and so on.

    Returns
    -------
    SurveyExport
        A form is complete if it has a submission date.

    Raises
    ------
    ValueError
        As :func:`read_qualtrics`.
    FileNotFoundError
        If there is no such file.
    """
    rows = _rows(path)
    if not rows or "submitdate" not in rows[0]:
        raise ValueError(
            f"{Path(path).name}: the first row holds no column 'submitdate', as an export of LimeSurvey does. Export "
            "again with question codes as headings and answer codes as answers."
        )
    frame = _frame(rows[0], rows[1:])
    fate = pd.Series(KEPT, index=frame.index)

    def number(text: str) -> float:
        return _number(re.sub(r"^A0*(?=\d+$)", "", text))

    return _export(
        frame, codebook, member, key, wave, consent, choices, declined, timezone, namespace, fate,
        complete=frame["submitdate"] != "", times=("submitdate", "datestamp"), number=number,
    )  # fmt: skip


# --- the file ----------------------------------------------------------------------------------------------


def _rows(path: str | os.PathLike[str]) -> list[list[str]]:
    """Cells of a delimited file, without blanks around them."""
    raw = Path(path).read_bytes()
    try:
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as problem:  # guessed letters would make one member of two
        raise ValueError(
            f"{Path(path).name} is not in UTF-8 (byte {problem.start}). Export it again as UTF-8; a spreadsheet may "
            "have rewritten it."
        ) from None
    head = re.sub(r'"[^"]*"', "", text).split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    return [
        [cell.strip() for cell in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row
    ]


def _frame(header: Sequence[str], rows: list[list[str]]) -> pd.DataFrame:
    """Forms as text, numbered from 1."""
    twice = [name for k, name in enumerate(header) if name in header[:k]]
    if twice:
        raise ValueError(f"more than one column {listing(twice)}; export the file again.")
    width = len(header)
    ragged = [k + 1 for k, row in enumerate(rows) if len(row) != width]
    if ragged:
        raise ValueError(
            f"form {listing(ragged)} has another number of cells than the header; the file is cut or edited."
        )
    return pd.DataFrame(rows, columns=list(header), index=pd.RangeIndex(1, len(rows) + 1, name="row"), dtype="str")


def _number(text: str) -> float:
    return float(text.replace(",", ".")) if re.fullmatch(r"-?\d+([.,]\d+)?", text) else np.nan


# --- what becomes of the forms -----------------------------------------------------------------------------


def _export(
    frame: pd.DataFrame,
    codebook: pd.DataFrame,
    member: str,
    key: str | bytes,
    wave: Any,
    consent: Mapping[str, Collection[Any]] | None,
    choices: Mapping[str, float] | None,
    declined: Collection[str],
    timezone: str,
    namespace: str,
    fate: pd.Series,
    complete: pd.Series,
    times: Sequence[str],
    number: Callable[[str], float],
) -> SurveyExport:
    book = _codebook(codebook, list(frame.columns))
    choose(member, list(frame.columns), "column (of the member)")
    values, refused = _values(frame, book, choices or {}, declined, number)
    time = _times(frame, times, timezone)
    who = pd.Series(pseudonyms(frame[member], key, namespace).to_numpy(), index=frame.index).where(frame[member] != "")
    forms = pd.DataFrame({"member": who, "time": time, "complete": complete.to_numpy(dtype=bool)}, index=frame.index)
    forms["answered"] = values.notna().sum(axis=1)
    fate = fate.mask((fate == KEPT) & who.isna(), "nobody named")
    order = forms.assign(_row=forms.index).sort_values(["time", "_row"], na_position="first", kind="stable").index
    if consent is not None:
        fate = fate.mask((fate == KEPT) & ~_consenting(frame, consent, who, order), "no consent")
    fate = fate.mask((fate == KEPT) & (forms["answered"] == 0), "no item answered")
    standing = forms.loc[order].assign(fate=fate)
    standing = standing[standing["fate"] == KEPT].sort_values("complete", kind="stable")  # complete ones last
    last = standing.index[~standing.duplicated("member", keep="last")]
    fate = fate.mask((fate == KEPT) & ~fate.index.isin(last), "another form of the same member is later or complete")
    forms["fate"] = fate
    kept = values.loc[fate == KEPT]
    long = kept.rename_axis(columns="item").stack(future_stack=True).rename("value").reset_index()
    long["member"] = forms["member"].reindex(long["row"]).to_numpy()
    responses = long.assign(wave=wave)[["wave", "member", "item", "value"]]
    used = {member, *book["column"], *(consent or {})}
    return SurveyExport(
        responses,
        book.drop(columns="column"),
        forms,
        int(refused.loc[fate == KEPT].to_numpy().sum()),
        len([c for c in frame.columns if c not in used]),
    )


def _codebook(codebook: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """The codebook indexed by item, with a column of the file for each."""
    book = codebook.set_index("item") if "item" in codebook.columns else codebook.copy()
    book.index = book.index.astype("str").rename("item")
    if "scale" not in book.columns:
        raise ValueError(f"the codebook has no column 'scale' (columns: {listing(book.columns, 10)}).")
    if book.index.has_duplicates:
        raise ValueError(f"the codebook names item {listing(book.index[book.index.duplicated()])} twice.")
    given = book["column"] if "column" in book.columns else pd.Series(book.index, index=book.index)
    book["column"] = given.fillna(book.index.to_series())
    twice = book["column"].duplicated(keep=False)
    if twice.any():
        raise ValueError(
            f"items {listing(book.index[twice])} are read from one column {listing(book['column'][twice].unique())}; "
            "give each item its own."
        )
    missing = [c for c in book["column"] if c not in columns]
    if missing:
        choose(missing[0], columns, "column (of the codebook)")
    return book


def _values(
    frame: pd.DataFrame,
    book: pd.DataFrame,
    choices: Mapping[str, float],
    declined: Collection[str],
    number: Callable[[str], float],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Answers as numbers, one column an item, and which were declined."""
    words = {str(k).strip().casefold(): float(v) for k, v in choices.items()}
    silent = {str(d).strip().casefold() for d in declined}
    values, refused = {}, {}
    for item, row in book.iterrows():
        text = frame[row["column"]]
        plain = text.str.casefold()
        no = plain.isin(silent)
        read = pd.Series(
            [words.get(low, number(cell)) for low, cell in zip(plain, text, strict=True)], text.index, float
        )
        read = read.mask(no | (text == ""))
        odd = text[read.isna() & ~no & (text != "")]
        if len(odd):
            raise ValueError(
                f"column {row['column']!r} holds {listing(odd.unique())} (form {listing(odd.index)}), which is no "
                "number. Give its number in choices=, or name it in declined=."
            )
        low, high = row.get("min", np.nan), row.get("max", np.nan)
        out = read[(read < low) | (read > high)]
        if len(out):
            raise ValueError(
                f"column {row['column']!r} holds {out.iloc[0]:g} (form {listing(out.index)}), outside {low:g} to "
                f"{high:g}. Correct the codebook, recode the export, or name it in declined=."
            )
        values[item], refused[item] = read, no
    return pd.DataFrame(values, index=frame.index), pd.DataFrame(refused, index=frame.index)


def _times(frame: pd.DataFrame, names: Sequence[str], timezone: str) -> pd.Series:
    """When each form was finished, in UTC; NaT where the file does not say."""
    time = pd.Series(pd.NaT, index=frame.index, dtype="datetime64[us]")
    for name in names:
        if name in frame:
            text = frame[name].where(frame[name] != "")
            read = pd.to_datetime(text, errors="coerce", format="ISO8601")
            odd = text[read.isna() & text.notna()]
            if len(odd):
                raise ValueError(
                    f"column {name!r} holds {odd.iloc[0]!r} (form {listing(odd.index)}), which is no date as "
                    "2024-02-13 10:30:00. Export again: a spreadsheet may have rewritten it, days and months included."
                )
            time = time.fillna(read.astype("datetime64[us]"))
    return time.dt.tz_localize(timezone, ambiguous="NaT", nonexistent="shift_forward").dt.tz_convert("UTC")


def _consenting(
    frame: pd.DataFrame, consent: Mapping[str, Collection[Any]], who: pd.Series, order: pd.Index
) -> pd.Series:
    """Whether the member's latest answer to every question about consent is one that was accepted."""
    agreed = pd.Series(True, index=frame.index)
    for column, accepted in consent.items():
        text = frame[choose(column, list(frame.columns), "column (of consent)")].loc[order]
        yes = {str(a).strip().casefold() for a in ([accepted] if isinstance(accepted, str) else accepted)}
        said = text.str.casefold().isin(yes).where(text != "")
        latest = said.groupby(who.loc[order]).last()  # of those that are not missing
        agreed &= who.map(latest).eq(True)
    return agreed

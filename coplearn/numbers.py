r"""The numbers that a paper quotes, written by the notebooks that compute them.

Prose and results drift apart when a person copies one into the other. Here the last cell of a notebook
records what it found, under the name of its section, in one JSON file; the paper refers to a number by
``{{section.name}}`` and is filled in when it is built. A number has one origin, a notebook, and one way
into print. The file is made to be compared: keys are sorted, floats are rounded to six significant
digits, and writing what is already there leaves the file untouched.

Source: Knuth (1984), Literate programming, The Computer Journal 27(2), 97-111,
https://doi.org/10.1093/comjnl/27.2.97.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

__all__ = ["read_numbers", "record_numbers"]

Number = bool | int | float | str

SIGNIFICANT_DIGITS = 6
STALE_AFTER_SECONDS = 30.0


def record_numbers(
    path: str | os.PathLike[str], section: str, values: Mapping[str, object]
) -> dict[str, Number]:
    """Record the numbers of one section, and leave the other sections as they are.

    Several notebooks may record at the same time: each merges its section under a lock, and the file is
    replaced in one step, so that a reader sees the old file or the new one.

    Parameters
    ----------
    path : str or path
        The JSON file, usually ``../paper/numbers.json``. Made if absent; its folder must exist.
    section : str
        Name of the section (letters, digits and ``_``), usually that of the notebook. A section is replaced
        whole: a number that is no longer recorded is gone, and a paper that quotes it says so.
    values : mapping of str to bool, int, float or str
        Names (letters, digits and ``_``) and numbers. NumPy scalars are converted; floats are rounded to six
        significant digits. There is no missing value: what is not known is left out.

    Returns
    -------
    dict
        The section as it was written.

    Raises
    ------
    ValueError
        For a number that is NaN or infinite, or a name that a placeholder could not quote.
    TypeError
        For a value of any other type, such as a list or a frame.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = folder.name + "/numbers.json"
    >>> record_numbers(path, "drift", {"within": np.float64(2 / 3), "members": 64})
    {'members': 64, 'within': 0.666667}
    >>> _ = record_numbers(path, "cohorts", {"founders": 20})
    >>> read_numbers(path)
    {'cohorts': {'founders': 20}, 'drift': {'members': 64, 'within': 0.666667}}
    >>> folder.cleanup()
    """
    target = Path(path)
    _check_name(section, "section")
    recorded = {name: _plain(section, name, values[name]) for name in sorted(values)}
    if not target.parent.is_dir():
        raise ValueError(
            f"record_numbers: the folder '{target.parent}' does not exist, so '{target.name}' cannot be "
            f"written there. A notebook gives the path from its own folder, as in '../paper/numbers.json'."
        )
    with _locked(target):
        before = target.read_text(encoding="utf-8") if target.exists() else ""
        sections = _parse(before, target) if before else {}
        sections[section] = recorded
        after = json.dumps(sections, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        if after != before:
            _replace(target, after)
    return recorded


def read_numbers(path: str | os.PathLike[str]) -> dict[str, dict[str, Number]]:
    """Read every section of a file of recorded numbers.

    Parameters
    ----------
    path : str or path
        The JSON file. One that does not exist yet holds no numbers.

    Returns
    -------
    dict of dict
        ``{section: {name: number}}``; empty if there is no file.

    Raises
    ------
    ValueError
        If the file is not what :func:`record_numbers` writes.

    Examples
    --------
    >>> read_numbers("nowhere/numbers.json")
    {}
    """
    target = Path(path)
    return _parse(target.read_text(encoding="utf-8"), target) if target.exists() else {}


def _parse(text: str, target: Path) -> dict[str, dict[str, Number]]:
    """Sections from JSON text, refused with a sentence when damaged."""
    remedy = "Restore it from version control, or delete it and run the notebooks again."
    try:
        sections = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"'{target.name}' is not valid JSON (line {error.lineno}). {remedy}") from error
    if not isinstance(sections, dict) or not all(isinstance(found, dict) for found in sections.values()):
        raise ValueError(f"'{target.name}' does not hold sections of named numbers. {remedy}")
    return sections


def _check_name(name: object, what: str) -> None:
    """Only names that ``{{section.name}}`` can quote."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_]+", name):
        raise ValueError(
            f"record_numbers: {name!r} cannot be the name of a {what}. Use letters, digits and '_', so that "
            f"the paper can quote it as {{{{section.name}}}}."
        )


def _plain(section: str, name: str, value: object) -> Number:
    """A Python scalar for JSON: NumPy taken off, floats rounded."""
    _check_name(name, "number")
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(
                f"record_numbers: '{name}' of section '{section}' is {value}. Nobody can quote it: record "
                f"a finite number, or leave it out."
            )
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    raise TypeError(
        f"record_numbers: '{name}' of section '{section}' is a {type(value).__name__}. Record one bool, int, "
        f"float or str per name, such as float(table.loc['total', 'within'])."
    )


def _replace(target: Path, text: str) -> None:
    """Write beside the file, then put the new one in its place in one step."""
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
            out.write(text)
        # mkstemp makes a private file; the numbers are as readable as the folder's other files.
        os.chmod(draft, target.stat().st_mode & 0o777 if target.exists() else 0o644)
        os.replace(draft, target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _locked(target: Path) -> Iterator[None]:
    """Let one process at a time read, merge and write.

    The system's lock on the folder leaves nothing behind when a process dies. Where there is none (Windows,
    some network drives), a lock file does, and one left behind is broken after half a minute.
    """
    try:
        import fcntl

        folder = os.open(target.parent, os.O_RDONLY)
    except (ImportError, OSError):
        with _lock_file(target):
            yield
        return
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            lock: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
        except OSError:
            lock = _lock_file(target)
        with lock:
            yield
    finally:
        os.close(folder)


@contextlib.contextmanager
def _lock_file(target: Path) -> Iterator[None]:
    """Hold ``<name>.lock``, which only one process can create."""
    lock = target.with_name(target.name + ".lock")
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):  # released between the two looks
                if time.time() - lock.stat().st_mtime > STALE_AFTER_SECONDS:
                    lock.unlink()
            time.sleep(0.01)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)

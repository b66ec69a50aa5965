"""Compiled loops over plain arrays.

What a kernel may assume about its arrays:

- every array is C-contiguous and has the dtype that the docstring names; nobody converts inside;
- positions, not labels: authors, words and windows are integers from 0, and -1 says "not there";
- sizes agree and indices are in range, because the calling module has checked them once;
- nothing is missing: rows that could not be used were dropped, and counted, before the call;
- arrays called ``out`` (or named in a ``NamedTuple`` of results) are given by the caller and overwritten.

A kernel keeps the symbols of its paper. Numba's cache does not notice an edit in a file whose functions a kernel calls,
so compiled code that is older than any file here is thrown away when the package is first imported.
"""

from __future__ import annotations

import contextlib
from pathlib import Path


def _forget_stale_code(folder: Path) -> None:
    """Remove cached machine code that was compiled before the newest kernel file was written."""
    newest = max(path.stat().st_mtime for path in folder.glob("*.py"))
    for index in folder.glob("__pycache__/*.nb[ic]"):
        with contextlib.suppress(OSError):  # another process may have removed it, or the folder is read-only
            if index.stat().st_mtime < newest:
                index.unlink()


_forget_stale_code(Path(__file__).parent)

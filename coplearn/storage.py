"""Tables on disk: a folder of Parquet files and a manifest that says which belong together.

The manifest is the commit point. A save writes new files, whose names carry their checksum, beside the old
ones; then replaces ``manifest.json`` in one step; then removes what it no longer names. Whoever interrupts
it leaves the old folder or the new one, never a mixture. A load believes nothing: every file must be there
with the checksum and the number of rows that the manifest gives.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

__all__ = ["MANIFEST", "SCHEMA", "read_folder", "write_folder"]

SCHEMA = 1
MANIFEST = "manifest.json"
TABLE_FILE = re.compile(r"[a-z]+-[0-9a-f]{8}\.parquet")


def write_folder(folder: str | os.PathLike[str], tables: dict[str, pd.DataFrame], header: dict[str, Any]) -> Path:
    """Write tables and header as a folder; an interrupted write leaves the folder as it was.

    Parameters
    ----------
    folder : path
        Made if it is not there. Other files in it (a card, a script) are left alone.
    tables : dict of str to DataFrame
        Frames without rows are left out.
    header : dict
        JSON values that go into the manifest beside ``schema`` and ``tables``.

    Returns
    -------
    Path
        The folder.
    """
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    contents: dict[str, bytes] = {}
    entries: dict[str, dict[str, Any]] = {}
    for name, frame in tables.items():
        if frame.empty:
            continue
        data = _parquet_bytes(name, frame)
        digest = hashlib.sha256(data).hexdigest()
        entries[name] = {"file": f"{name}-{digest[:8]}.parquet", "rows": len(frame), "sha256": digest}
        contents[entries[name]["file"]] = data
    manifest = {"schema": SCHEMA, **header, "tables": entries}
    try:
        text = json.dumps({**manifest, "sha256": _seal(manifest)}, indent=1, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as problem:
        raise ValueError(
            f"the community cannot be written as JSON ({problem}). truth and about hold plain values."
        ) from problem
    for file, data in contents.items():
        path = root / file
        if not (path.is_file() and path.read_bytes() == data):
            _write_whole(path, data)
    _write_whole(root / MANIFEST, text.encode() + b"\n")
    _sweep(root, set(contents))
    return root


def _seal(manifest: dict[str, Any]) -> str:
    """SHA-256 of the manifest without its own checksum."""
    plain = {key: value for key, value in manifest.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, allow_nan=False).encode()).hexdigest()


def _sweep(root: Path, kept: set[str]) -> None:
    """Remove tables that the manifest no longer names, and drafts that an interrupted save left behind."""
    for path in root.iterdir():
        stale = TABLE_FILE.fullmatch(path.name) and path.name not in kept
        if stale or (path.name.startswith(".") and path.name.endswith(".partial")):
            with contextlib.suppress(OSError):  # the community is saved; what cannot be removed does no harm
                path.unlink()


def read_folder(folder: str | os.PathLike[str]) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Read a folder that `write_folder` made.

    Returns
    -------
    tables : dict of str to DataFrame
    header : dict
        The manifest.

    Raises
    ------
    FileNotFoundError
        If there is no manifest.
    ValueError
        If the folder was damaged: a file missing, truncated or altered, or a schema this version cannot read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    root = Path(folder)
    path = root / MANIFEST
    if not path.is_file():
        raise FileNotFoundError(f"{root} holds no {MANIFEST}, so it is no saved community. Check the path.")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        schema, entries = manifest["schema"], dict(manifest["tables"])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise ValueError(f"{path} cannot be read ({problem}). Copy or save the community again.") from problem
    if schema != SCHEMA:
        raise ValueError(
            f"{root} has schema {schema}; this version of coplearn reads schema {SCHEMA}. Update coplearn."
        )
    if manifest.get("sha256") != _seal(manifest):
        raise ValueError(f"{path} was altered: it does not hold its own checksum. Copy or save the community again.")
    tables: dict[str, pd.DataFrame] = {}
    for name, entry in entries.items():
        file = root / Path(entry["file"]).name
        if not file.is_file():
            raise ValueError(
                f"{root} is incomplete: the table {name} ({file.name}) is not there. Copy the folder again."
            )
        data = file.read_bytes()
        if hashlib.sha256(data).hexdigest() != entry["sha256"]:
            raise ValueError(
                f"{file} is damaged: its checksum is not the one in {MANIFEST} ({len(data):,} bytes). "
                "Copy the folder again from where it was whole."
            )
        tables[name] = pq.read_table(pa.BufferReader(data)).to_pandas()
    return tables, manifest


def _parquet_bytes(name: str, frame: pd.DataFrame) -> bytes:
    """The same frame gives the same bytes, whatever the version of pandas (pyarrow still signs the file)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pa.Table.from_pandas(frame, preserve_index=frame.index.name is not None)
    except (pa.ArrowException, TypeError) as problem:
        raise ValueError(
            f"table {name} cannot be written: {problem}. Give its own columns one kind of value."
        ) from problem
    described = json.loads(table.schema.metadata[b"pandas"])
    described |= {"pandas_version": "3", "creator": {"library": "pyarrow", "version": "0"}}
    table = table.replace_schema_metadata({b"pandas": json.dumps(described, sort_keys=True).encode()})
    plain = {"text"}  # free text rarely repeats; everything else is stored as codes
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression="zstd",
        compression_level=15,
        use_dictionary=[c for c in table.column_names if c not in plain],
        write_statistics=False,
    )
    return sink.getvalue().to_pybytes()


def _write_whole(path: Path, data: bytes) -> None:
    """The file as a whole or not at all."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(draft, 0o644)
        os.replace(draft, path)
        _settle(path.parent)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _settle(folder: Path) -> None:
    """Ask the system to keep the renaming, where it can be asked."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

"""Data sets: real and synthetic communities, ready to load, each with a card.

What ships with coplearn is checked against the checksums of its manifest at every load. Other people's data
are never shipped: their loaders read a folder, `COPLEARN_DATA`, or fetch the files once from where their
owners publish them, and check what they got.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from coplearn._checks import choose
from coplearn.community import Community, load

__all__ = ["available", "card", "data_home", "load_glasgow_s50", "load_glibc", "load_guild"]

SHIPPED = ("glibc", "guild")
S50_ADDRESS = "https://www.stats.ox.ac.uk/~snijders/siena/s50_data.zip"
S50_FILES = {  # our names for the tables, and the owner's file names
    "s501": "s50-network1.dat",
    "s502": "s50-network2.dat",
    "s503": "s50-network3.dat",
    "s50a": "s50-alcohol.dat",
    "s50s": "s50-smoke.dat",
}
# SHA-256 over the five tables in the order above, as int8 in C order: the same from CSV and from the zip.
S50_DIGEST = "be7ca1c475e85f6bc6f7b847fa3edd440a42b76c237bcd746ee9ff8e78b8e42a"


def data_home() -> Path:
    """The folder of the shipped data sets: `COPLEARN_DATASETS`, or the installed copy, or a checkout's ``datasets/``.

    Raises
    ------
    FileNotFoundError
        If none of them is there.
    """
    package = Path(__file__).resolve().parent
    named = os.environ.get("COPLEARN_DATASETS")
    places = [Path(named)] if named else [package / "_datasets", package.parent / "datasets"]
    for place in places:
        if place.is_dir():
            return place
    raise FileNotFoundError(
        f"the shipped data sets are not in {' or '.join(map(str, places))}. "
        "Reinstall coplearn, or set COPLEARN_DATASETS."
    )


def card(name: str) -> str:
    """The card of a shipped data set: what it is, who made it, its columns, limits and licence."""
    return (data_home() / choose(name, SHIPPED, "shipped data set") / "card.md").read_text(encoding="utf-8")


def available(name: str) -> bool:
    """Whether a data set can be loaded here without asking the network."""
    if name in SHIPPED:
        return (data_home() / name / "manifest.json").is_file()
    choose(name, [*SHIPPED, "glasgow_s50"], "data set")
    return _s50_folder(None) is not None or (_cache() / S50_ADDRESS.rsplit("/", 1)[1]).is_file()


def _load_shipped(name: str) -> Community:
    folder = data_home() / name
    try:
        return load(folder)
    except ValueError as problem:
        raise ValueError(f"{problem} The data set is described in {folder / 'card.md'}.") from problem


def load_glibc() -> Community:
    """The GNU C Library's ChangeLogs: a community of practice over three decades.

    Contributors (pseudonyms), one message an entry, and the event *builds_on*: sender changes a file whose
    previous change, at most 365 days earlier, was receiver's. See ``card("glibc")``; from mid-2019 the text is
    written by a script (``messages["generated"]``), and language measures must stop there.

    Examples
    --------
    >>> glibc = load_glibc()
    >>> set(glibc["events"]["kind"]) == {"builds_on", "co_author"}
    True
    """
    return _load_shipped("glibc")


def load_guild() -> Community:
    """A synthetic community with known truth (``guild.truth``): cohorts, survey waves, networks, questions, text.

    See ``card("guild")`` and :func:`coplearn.synthetic.community`, which made it.

    Examples
    --------
    >>> sorted(load_guild().items["scale"].unique())
    ['efficacy', 'identity']
    """
    return _load_shipped("guild")


def load_glasgow_s50(folder: str | os.PathLike[str] | None = None) -> Community:
    """Friendship, alcohol and smoking among 50 girls over three yearly waves (excerpt of the Glasgow study).

    The reference data of actor-oriented models. They belong to their authors and are not shipped: they are read
    from `folder`, from ``glasgow_s50`` in `COPLEARN_DATA`, or downloaded once from the Siena site into a cache.

    Parameters
    ----------
    folder : path, optional
        Holds ``s501.csv``, ``s502.csv``, ``s503.csv`` (50 x 50, 0/1), ``s50a.csv`` and ``s50s.csv`` (50 x 3).

    Returns
    -------
    Community
        Network ``"friendship"``; items ``alcohol`` (1 to 5) and ``smoking`` (1 to 3), each a scale of its own. Wave
        dates are nominal (the spring of each year).

    Raises
    ------
    FileNotFoundError
        If the data are nowhere and cannot be downloaded; the message says how to get them.
    ValueError
        If the files are not the known ones.

    References
    ----------
    Michell & Amos (1997), Social Science & Medicine 44, 1861-1869, doi:10.1016/S0277-9536(96)00295-X.
    """
    source = _s50_folder(folder)
    tables = _s50_from_csv(source) if source is not None else _s50_from_zip(_fetch_s50())
    digest = hashlib.sha256(b"".join(tables[k].astype(np.int8).tobytes() for k in S50_FILES)).hexdigest()
    if digest != S50_DIGEST:
        raise ValueError(
            f"the files in {source or 'the download'} are not the known s50 data (checksum {digest[:12]}). "
            f"Take them from {S50_ADDRESS}."
        )
    names = [f"g{i + 1:02d}" for i in range(50)]
    waves = pd.DataFrame(
        {"wave": [1, 2, 3], "opens": pd.to_datetime(["1995-03-01", "1996-03-01", "1997-03-01"], utc=True)}
    )
    waves["closes"] = waves["opens"] + pd.Timedelta(days=30)
    ego, alter, wave = [], [], []
    for w, key in enumerate(("s501", "s502", "s503"), start=1):
        i, j = np.nonzero(tables[key])
        ego += [names[k] for k in i]
        alter += [names[k] for k in j]
        wave += [w] * len(i)
    answers = [
        pd.DataFrame(
            {"wave": np.repeat([1, 2, 3], 50), "member": names * 3, "item": item, "value": tables[key].T.ravel()}
        )
        for item, key in (("alcohol", "s50a"), ("smoking", "s50s"))
    ]
    items = pd.DataFrame({"item": ["alcohol", "smoking"], "scale": ["alcohol", "smoking"], "min": 1, "max": [5, 3]})
    return Community(
        "glasgow_s50",
        pd.DataFrame({"member": names, "joined": waves["opens"].iloc[0], "consent": "all"}),
        waves=waves,
        ties=pd.DataFrame({"wave": wave, "network": "friendship", "ego": ego, "alter": alter}),
        roster=pd.DataFrame({"wave": np.repeat([1, 2, 3], 50), "member": names * 3}),
        items=items,
        responses=pd.concat(answers, ignore_index=True),
        about={"title": "Teenage Friends and Lifestyle Study, 50 girls", "source": S50_ADDRESS},
    )


def _s50_folder(folder: str | os.PathLike[str] | None) -> Path | None:
    """The folder with the CSV files: the one given, or one that `COPLEARN_DATA` names."""
    if folder is not None:
        if not (Path(folder) / "s501.csv").is_file():
            raise FileNotFoundError(
                f"{folder} holds no s501.csv. It should hold {', '.join(f'{k}.csv' for k in S50_FILES)}."
            )
        return Path(folder)
    shared = os.environ.get("COPLEARN_DATA")
    if shared:
        for place in (Path(shared) / "glasgow_s50", Path(shared)):
            if (place / "s501.csv").is_file():
                return place
    return None


def _s50_from_csv(folder: Path) -> dict[str, np.ndarray]:
    tables = {}
    for key in S50_FILES:
        try:
            tables[key] = pd.read_csv(folder / f"{key}.csv", header=None, dtype=np.int8).to_numpy()
        except (OSError, ValueError) as problem:
            raise ValueError(
                f"{folder / key}.csv cannot be read as whole numbers ({problem}). Copy it again."
            ) from problem
    return tables


def _s50_from_zip(path: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        inside = {Path(name).name: name for name in archive.namelist()}
        absent = [file for file in S50_FILES.values() if file not in inside]
        if absent:
            raise ValueError(f"{path} holds no {absent[0]}; it is not the s50 archive. Remove it and load again.")
        return {key: np.loadtxt(io.BytesIO(archive.read(inside[file])), dtype=int) for key, file in S50_FILES.items()}


def _cache() -> Path:
    import pooch

    return Path(pooch.os_cache("coplearn"))


def _fetch_s50(address: str = S50_ADDRESS) -> Path:
    """The archive, downloaded once; what it holds is checked after it is read."""
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    try:
        return Path(pooch.retrieve(address, known_hash=None, fname=address.rsplit("/", 1)[1], path=_cache()))
    except (OSError, requests.exceptions.RequestException) as problem:
        raise FileNotFoundError(
            f"the s50 data are not here and could not be downloaded ({type(problem).__name__}). Download {address} on "
            f"a connected machine and put it into {_cache()}, or give the folder with its CSV files: "
            "load_glasgow_s50(folder), or set COPLEARN_DATA."
        ) from problem

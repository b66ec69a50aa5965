"""Data sets: what ships is whole, what may not ship is found or asked for, and cards agree with the files."""

import functools
import http.server
import os
import re
import threading
import zipfile

import numpy as np
import pytest
from published import S50_DISTANCES, S50_TIES

import coplearn as cl
from coplearn import datasets

GLASGOW = datasets._s50_folder(None)
needs_glasgow = pytest.mark.skipif(
    GLASGOW is None, reason="other people's data: set COPLEARN_DATA to a folder that holds glasgow_s50"
)


@pytest.mark.parametrize("name", datasets.SHIPPED)
def test_a_shipped_community_loads_without_errors_and_has_a_card(name):
    community = getattr(datasets, f"load_{name}")()
    assert community.name == name and not community.report.errors
    assert datasets.available(name)
    text = datasets.card(name)
    for heading in ("licence", "citation", "missing", "limits", "privacy"):
        assert heading in text.lower()


@pytest.mark.parametrize("name", datasets.SHIPPED)
def test_every_column_of_a_shipped_table_is_on_its_card(name):
    community = getattr(datasets, f"load_{name}")()
    words = set(re.findall(r"[a-z_0-9]+", datasets.card(name)))
    for table in ("members", "events", "messages", "responses", "ties"):
        frame = community[table]
        held = [c for c in frame.columns if frame[c].notna().any()]
        assert not set(held) - words, f"{table}: {set(held) - words}"


@pytest.mark.parametrize("name", datasets.SHIPPED)
def test_nothing_that_ships_holds_an_address(name):
    community = getattr(datasets, f"load_{name}")()
    text = community.messages["text"].dropna()
    assert not text.str.contains(r"\w@\w").any()
    for path in (datasets.data_home() / name).glob("*"):
        if path.suffix in {".md", ".csv", ".json", ".py"}:
            assert not re.search(r"[\w.]+@[\w-]+\.\w+", path.read_text(encoding="utf-8")), path.name


def test_a_damaged_data_set_points_to_its_card(tmp_path, monkeypatch):
    cl.Community("guild", cl.datasets.load_guild().members).save(tmp_path / "guild")
    next((tmp_path / "guild").glob("members-*")).write_bytes(b"")
    monkeypatch.setenv("COPLEARN_DATASETS", str(tmp_path))
    with pytest.raises(ValueError, match=r"damaged.*card\.md"):
        datasets.load_guild()


def test_a_missing_home_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("COPLEARN_DATASETS", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="Reinstall coplearn"):
        datasets.load_glibc()


def test_an_unknown_data_set_is_answered_with_the_near_one():
    with pytest.raises(ValueError, match="Did you mean 'guild'"):
        datasets.card("gild")


@needs_glasgow
def test_glasgow_has_the_published_ties_and_changes():
    panel = cl.datasets.load_glasgow_s50().panel(ties="friendship", behavior=["alcohol", "smoking"])
    ties = panel.networks["friendship"].ties.astype(int)
    assert tuple(ties.sum(axis=(1, 2))) == S50_TIES
    for w, (stable, lost, new) in enumerate(S50_DISTANCES):
        now, later = ties[w], ties[w + 1]
        assert ((now & later).sum(), (now > later).sum(), (now < later).sum()) == (stable, lost, new)
    assert panel.behaviors["alcohol"].values.min() == 1 and panel.behaviors["alcohol"].values.max() == 5
    assert panel.behaviors["smoking"].values.max() == 3


@needs_glasgow
def test_glasgow_altered_is_refused(tmp_path):
    for key in datasets.S50_FILES:
        text = (GLASGOW / f"{key}.csv").read_text()
        (tmp_path / f"{key}.csv").write_text(text.replace("1", "0", 1) if key == "s502" else text)
    with pytest.raises(ValueError, match="not the known s50 data"):
        datasets.load_glasgow_s50(tmp_path)


def archive(path, tables):
    with zipfile.ZipFile(path, "w") as out:
        for key, table in tables.items():
            lines = "\n".join(" ".join(map(str, row)) for row in table)
            out.writestr(f"s50_data/{datasets.S50_FILES[key]}", lines)


@pytest.fixture
def site(tmp_path):
    """A web site of our own on this machine, to download from."""
    folder = tmp_path / "site"
    folder.mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = lambda *_: None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}/s50_data.zip"
    server.shutdown()
    thread.join()


def fresh_cache(monkeypatch, tmp_path):
    monkeypatch.delenv("COPLEARN_DATA", raising=False)
    monkeypatch.setattr(datasets, "_cache", lambda: tmp_path / "cache")


def test_the_archive_is_downloaded_once_read_and_checked(site, tmp_path, monkeypatch):
    folder, address = site
    fresh_cache(monkeypatch, tmp_path)
    tables = {key: np.zeros((50, 50 if key[-1].isdigit() else 3), dtype=int) for key in datasets.S50_FILES}
    archive(folder / "s50_data.zip", tables)
    path = datasets._fetch_s50(address)
    assert path.parent == tmp_path / "cache"
    read = datasets._s50_from_zip(path)
    assert all((read[key] == tables[key]).all() for key in tables)
    (folder / "s50_data.zip").unlink()
    assert datasets._fetch_s50(address) == path  # from the cache: the site is not asked again
    monkeypatch.setattr(datasets, "S50_ADDRESS", address)
    assert datasets.available("glasgow_s50")


@needs_glasgow
def test_the_archive_and_the_csv_files_are_the_same_data(tmp_path):
    archive(tmp_path / "s50_data.zip", datasets._s50_from_csv(GLASGOW))
    read = datasets._s50_from_zip(tmp_path / "s50_data.zip")
    assert all((read[k] == v).all() for k, v in datasets._s50_from_csv(GLASGOW).items())


def test_offline_says_how_to_get_the_data(tmp_path, monkeypatch):
    fresh_cache(monkeypatch, tmp_path)
    with pytest.raises(FileNotFoundError, match=r"could not be downloaded.*s50_data\.zip.*COPLEARN_DATA"):
        datasets._fetch_s50("http://127.0.0.1:9/s50_data.zip")
    assert not datasets.available("glasgow_s50")
    assert not os.path.exists(tmp_path / "cache" / "s50_data.zip")


def test_a_wrong_archive_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as out:
        out.writestr("readme.txt", "nothing")
    with pytest.raises(ValueError, match=r"no s50-network1\.dat"):
        datasets._s50_from_zip(tmp_path / "other.zip")


def test_a_folder_without_the_files_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds no s501\.csv"):
        datasets.load_glasgow_s50(tmp_path)


@needs_glasgow
@pytest.mark.parametrize("text", [None, "", "a,b\n"])
def test_a_folder_with_a_broken_file_is_refused(tmp_path, text):
    for key in datasets.S50_FILES:
        (tmp_path / f"{key}.csv").write_text((GLASGOW / f"{key}.csv").read_text())
    (tmp_path / "s50a.csv").unlink()
    if text is not None:
        (tmp_path / "s50a.csv").write_text(text)
    with pytest.raises(ValueError, match=r"s50a\.csv cannot be read"):
        datasets.load_glasgow_s50(tmp_path)

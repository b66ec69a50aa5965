"""The shipped data set `glibc`: whole, as its card says, free of names, and made again byte for byte."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pyarrow.parquet as pq
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "datasets" / "glibc"
MANIFEST = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
COLUMNS = {
    "members": "member joined joined_inferred unit is_bot consent n_entries",
    "spaces": "space kind visibility",
    "messages": "message time author space kind text authors files tests bug generated routine",
    "events": "time sender receiver kind space audience mode weight message file gap_days",
}


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("glibc_build", FOLDER / "build.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return {
        name: frame.reset_index() if frame.index.name else frame
        for name, entry in MANIFEST["tables"].items()
        for frame in [pq.read_table(FOLDER / entry["file"]).to_pandas()]
    }


@pytest.fixture(scope="module")
def builds_on(tables) -> pd.DataFrame:
    events = tables["events"]
    return events[events["kind"] == "builds_on"]


# ------------------------------------------------------------------------------------ as shipped


@pytest.mark.parametrize("name", COLUMNS)
def test_file_has_the_checksum_and_the_columns_of_its_table(name, tables):
    entry = MANIFEST["tables"][name]
    digest = hashlib.sha256((FOLDER / entry["file"]).read_bytes()).hexdigest()
    assert digest == entry["sha256"]
    assert entry["file"] == f"{name}-{digest[:8]}.parquet"
    assert len(tables[name]) == entry["rows"]
    assert [c for c in tables[name].columns if tables[name][c].notna().any()] == COLUMNS[name].split()


def test_the_card_gives_the_sizes_of_the_files():
    card = (FOLDER / "card.md").read_text(encoding="utf-8")
    for name, entry in MANIFEST["tables"].items():
        assert f"| `{name}` | {entry['rows']:,} |" in card


def test_the_folder_holds_a_few_megabytes():
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 4_000_000


def test_ids_refer_and_times_lie_in_the_window(tables):
    members, messages, events = tables["members"], tables["messages"], tables["events"]
    assert members["member"].is_unique and messages["message"].is_unique
    assert messages["author"].isin(members["member"]).all()
    assert events["sender"].isin(members["member"]).all() and events["receiver"].isin(members["member"]).all()
    assert events["message"].isin(messages["message"]).all()
    assert events["space"].dropna().isin(tables["spaces"]["space"]).all()
    assert messages["time"].is_monotonic_increasing and events["time"].is_monotonic_increasing
    assert messages["time"].min() == pd.Timestamp(MANIFEST["start"])
    assert messages["time"].max() + pd.Timedelta(days=1) == pd.Timestamp(MANIFEST["end"])
    joined = members.set_index("member")["joined"]
    assert (messages["author"].map(joined) <= messages["time"]).all()
    assert (events["receiver"].map(joined) <= events["time"]).all()


def test_weights_of_a_change_of_a_file_sum_to_one(builds_on):
    total = builds_on.groupby(["message", "file"])["weight"].sum()
    assert (total - 1).abs().max() < 1e-9


def test_co_author_events_come_in_pairs_and_each_author_gives_weight_one(tables):
    events = tables["events"]
    together = events[events["kind"] == "co_author"]
    assert together["file"].isna().all()
    assert (together.groupby(["message", "sender"])["weight"].sum() - 1).abs().max() < 1e-9
    pairs = set(zip(together["message"], together["sender"], together["receiver"], strict=True))
    assert all((message, other, one) in pairs for message, one, other in pairs)


def test_one_builds_on_another_within_a_year_and_never_through_a_routine_file(build, builds_on):
    assert builds_on["gap_days"].between(0, build.WINDOW_DAYS).all()
    assert (builds_on["sender"] != builds_on["receiver"]).all()
    assert not any(build.ROUTINE.search(file) for file in builds_on["file"].unique())


def test_generated_entries_follow_the_hand_written_ones(tables):
    messages = tables["messages"]
    generated = messages.loc[messages["generated"], "time"].min()
    assert messages.loc[~messages["generated"], "time"].max() < generated == pd.Timestamp("2019-10-14", tz="UTC")


# ---------------------------------------------------------------------------------------- privacy


def test_text_holds_no_address(tables):
    text = tables["messages"]["text"]
    assert not text.str.contains("@", regex=False).any()
    assert not text.str.contains(r"https?://|\bwww\.").any()
    assert not text.str.contains(r"\b[\w.+-]+ at [\w-]+(?: dot |\.)(?:com|org|net|edu|de)\b").any()


def test_ids_are_keyed_hashes_and_the_merge_table_too(tables):
    hashed = r"[a-z2-7]{16}"
    assert tables["members"]["member"].str.fullmatch(hashed).all()
    merges = pd.read_csv(FOLDER / "merges.csv")
    assert list(merges.columns) == ["variant", "canonical", "rule"]
    assert merges["variant"].str.fullmatch(hashed).all() and merges["canonical"].str.fullmatch(hashed).all()
    assert set(merges["rule"]) <= {"same-name", "same-address", "reviewed"}
    assert not set(merges["variant"]) & set(merges["canonical"])


def test_units_are_shared(tables, build):
    sizes = tables["members"]["unit"].value_counts()
    assert sizes.min() >= build.MIN_UNIT


# -------------------------------------------------------------------------------- parser and words

LOG = """\
2014-16-17  Ada Beispiel  <ada@example.org>

\t* nptl/tst-once9.c: New file.

2014-06-16  Ada Beispiel  <ada@example.org>
\t    Bo Sample  <bo@example.net>

\t[BZ #4711]
\t* sysdeps/{i386,ia64}/start.S (_start) [SHARED]: Align the stack.
\tSuggested by Cy Placeholder <cy@example.com>.
\t* math/s_sin.c, math/s_cos.c, s_tan.c (__tan): Likewise.
\t* lib/x.[ch]: Likewise.
\t* NEWS: Mention it.

Thu Jun 12 08:00:00 2014  Bo Sample  (bo at example.net)

\tProse about something.

\t* po/*.po: Update.
"""


def test_headers_of_both_styles_and_several_authors(build):
    entries = build.parse_log("18", LOG)
    assert [entry.authors for entry in entries] == [
        [("Ada Beispiel", "ada@example.org")],
        [("Ada Beispiel", "ada@example.org"), ("Bo Sample", "bo@example.net")],
        [("Bo Sample", "bo at example.net")],
    ]
    assert [str(entry.date) for entry in entries] == ["None", "2014-06-16", "2014-06-12"]
    assert [entry.old_header for entry in entries] == [False, False, True]


def test_an_impossible_day_becomes_the_day_of_the_entry_before(build):
    entries = build.parse_log("18", LOG)[::-1]
    report = {"impossible date": [], "wrong year": []}
    build.repair_dates(entries, report)
    assert str(entries[-1].date) == "2014-06-16"
    assert len(report["impossible date"]) == 1


def test_a_year_that_lags_behind_its_neighbours_is_put_right(build):
    days = ["2015-12-28", "2015-12-29", "2016-01-02", "2015-01-03", "2016-01-04", "2016-01-05", "2016-01-07"]
    text = "".join(f"{day}  Ada Beispiel  <ada@example.org>\n\n\t* a/b.c: Fix.\n\n" for day in reversed(days))
    entries = build.parse_log("18", text)[::-1]
    build.repair_dates(entries, {"impossible date": [], "wrong year": []})
    assert str(entries[3].date) == "2016-01-03"


def test_lists_braces_and_classes_of_files_are_written_out(build):
    files = build.parse_log("18", LOG)[1].files
    assert files == [
        *["sysdeps/i386/start.S", "sysdeps/ia64/start.S", "math/s_sin.c", "math/s_cos.c", "math/s_tan.c"],
        *["lib/x.c", "lib/x.h", "NEWS"],
    ]
    assert build.parse_log("18", LOG)[2].files == []  # a pattern does not say which files


def test_side_logs_name_files_from_their_own_folder(build):
    text = "2005-03-01  Ada Beispiel  <ada@example.org>\n\n\t* a.c (f): Fix.\n\t* ../elf/b.c: Likewise.\n"
    assert build.parse_log("nptl", text)[0].files == ["nptl/a.c", "elf/b.c"]


def test_a_generated_entry_keeps_its_files_and_only_its_subject(build):
    text = (
        "2020-02-01  Ada Beispiel  <ada@example.org>\n\n\tCOMMIT: 7ef9556328\n\tAlign the stack\n\n"
        "\t* elf/a.c: Modified.\n\t(f): Modified function.\n"
    )
    entry = build.parse_log("20", text)[0]
    assert entry.generated and entry.files == ["elf/a.c"] and build.prose(entry) == "Align the stack"


def test_people_become_tokens_and_the_prose_stays(build):
    scrub = build.Scrubber([("Ada Beispiel", "ada@example.org"), ("Bo Sample", "bosample@example.net")], [])
    assert scrub("Fix typo. Reported by Cy Placeholder <cy@example.com>.") == "Fix typo. Reported by <name> <email>."
    assert scrub("Undo Beispiel's change, see https://example.org/x.") == "Undo <name>'s change, see <url>."
    assert scrub("Patch by ada beispiel and Dee Q. Person.") == "Patch by <name> and <name>."
    assert scrub("Based on work by bosample.") == "Based on work by <name>."
    assert scrub("Export memcpy@@GLIBC_2.14 from Linux.") == "Export memcpy GLIBC_2.14 from Linux."


def test_routine_files_are_told_from_work(build):
    for path in ("po/de.po", "NEWS", "configure", "sysdeps/x86/fpu/libm-test-ulps", "sysdeps/arm/libc.abilist"):
        assert build.ROUTINE.search(path)
    for path in ("elf/Makefile", "configure.in", "manual/install.texi", "localedata/locales/de_DE"):
        assert not build.ROUTINE.search(path)


def test_two_spellings_are_candidates_and_become_one_member(build):
    from collections import Counter

    variants = Counter({("Ada Beispiel", "ada@example.org"): 3, ("Beispiel, A.", "ada@example.org"): 1})
    rows = build.candidates(variants)
    assert [row[:2] for row in rows] == [("=", "same-address")]
    merges = build.accept("\t".join(rows[0]) + "\n", variants, b"key")
    assert len(merges) == 1 and "Ada" not in str(merges)


def test_every_pair_of_authors_shares_the_weight_of_a_change(build):
    text = (
        "2014-06-16  Cy Placeholder  <cy@example.com>\n\n\t* a/b.c: Third.\n\n"
        "2014-06-15  Ada Beispiel  <ada@example.org>\n\t    Bo Sample  <bo@example.net>\n\n\t* a/b.c: Second.\n\n"
        "2013-01-01  Bo Sample  <bo@example.net>\n\n\t* a/b.c: First, too long ago.\n"
    )
    entries = build.parse_log("18", text)[::-1]
    people = [[name for name, _ in entry.authors] for entry in entries]
    times = pd.to_datetime([str(entry.date) for entry in entries], utc=True)
    from collections import defaultdict

    spaces = pd.Series(["a"] * 3)
    events = build.relate(entries, people, ["e1", "e2", "e3"], times, spaces, {"a": "a"}, defaultdict(list))
    builds = events[events["kind"] == "builds_on"]
    assert builds[["sender", "receiver", "weight", "gap_days"]].to_numpy().tolist() == [
        ["Cy Placeholder", "Ada Beispiel", 0.5, 1],
        ["Cy Placeholder", "Bo Sample", 0.5, 1],
    ]
    assert (events["kind"] == "co_author").sum() == 2


def test_another_source_is_refused(build, tmp_path):
    for log in build.LOGS:
        (tmp_path / f"ChangeLog.{log}").write_text("2014-06-16  Ada Beispiel  <ada@example.org>\n")
    with pytest.raises(ValueError, match=re.escape("glibc-doc 2.36")):
        build.check_source(build.read_source(tmp_path))


def test_the_source_gives_the_shipped_bytes_again(build, tmp_path, capsys):
    source = os.environ.get("COPLEARN_GLIBC_SOURCE")
    if not source:
        pytest.skip("COPLEARN_GLIBC_SOURCE names no glibc-doc package (unpacked folder or .deb)")
    build.main(["--source", source, "--output", str(tmp_path)])
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in (".parquet", ".json")}
    assert made == kept

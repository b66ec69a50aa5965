"""Build the data set `glibc` from the ChangeLogs of the GNU C Library, as Debian ships them.

For three decades everybody who changed the library wrote down, by hand, who changed which file and why. Read
as a community of practice, an entry is an utterance and a file is a shared artefact: *i builds on j* when i
changes a file whose previous change, at most a year earlier, was j's. The steps below turn the logs into
the tables of a community: read, parse, identify, clean, relate, write.

    python datasets/glibc/build.py [--source FOLDER_OR_DEB] [--output FOLDER]
    python datasets/glibc/build.py --review candidates.txt     # names side by side, on this machine only
    python datasets/glibc/build.py --accept candidates.txt     # the reviewed file becomes merges.csv

Nobody's name or address is written to the output: members are keyed hashes, and the key is made from the
source itself, so that whoever has the source gets the same bytes (card.md says what that does not protect).
"""

from __future__ import annotations

import argparse
import base64
import csv
import datetime as dt
import gzip
import hashlib
import hmac
import itertools
import posixpath
import re
import statistics
import subprocess
import sys
import tempfile
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

import coplearn as cl

HERE = Path(__file__).resolve().parent
SOURCE_SHA256 = "3dafa3f5aa83bc772994f75cbda9b403d1c2603304e4e6c28232026d0dd65b1e"
FIRST_DAY = dt.date(1991, 1, 1)  # entries before this day are left out; the logs begin on 1991-07-22
WINDOW_DAYS = 365  # a change builds on the previous one if that was at most so long ago
SMALL_SPACE = 100  # subsystems with fewer file changes are put together as "other"
BOTS = [("Automatic", "")]  # signs the version number that a program bumps
MIN_UNIT = 5  # an organisation is named if at least so many members write from it

MAIN_LOGS = tuple(str(number) for number in range(1, 26))
PORTS = "aarch64 aix alpha am33 arm cris hppa ia64 linux-generic m68k microblaze mips powerpc tile".split()
SIDE_LOGS = {  # log: the folder its file names start from
    "nptl": "nptl",
    "nptl_db": "nptl_db",
    "localedata": "localedata",
    "libidn": "libidn",
    "ports": "ports",
    **{f"ports-{port}": "ports" for port in PORTS},
}
LOGS = (*MAIN_LOGS, *SIDE_LOGS)

# Bookkeeping and files that a program writes: no one builds on anyone by regenerating them.
ROUTINE = re.compile(
    r"""^(?:.*/)?(?:
        [^/]+\.(?:po|pot|gmo) | NEWS | INSTALL | ChangeLog[^/]* | version\.h | configure | README | FAQ
      | libm-test-ulps(?:-name)? | [^/]+\.abilist | libm-err-tab\.texi | auto-libm-test-out[^/]*
      | config\.(?:guess|sub) | install-sh | mkinstalldirs | move-if-change | texinfo\.tex | texis | dir-add\.texi
      | arch-syscall\.h | errlist\.c | plural\.c | C-translit\.h | contrib\.texi | SUPPORTED | LICENSES
      | c\+\+-types[^/]*\.data | localplt[^/]*\.data
    )$ | ^abilist/ | ^timezone/(?:africa|antarctica|asia|australasia|europe|northamerica|southamerica|etcetera
      |backward|factory|leapseconds|pacificnew|solar8\d|systemv|yearistype|zone\.tab|iso3166\.tab)""",
    re.VERBOSE,
)
TEST = re.compile(r"(?:^|/)(?:(?:tst|test|bug)[-\w.]*|xtest-[^/]*|[^/]*-test[^/]*|check-[^/]*|testrun[^/]*)$")
BUG = re.compile(r"\bBZ\s*#?\s*\d+|\bPR\s*#?\s*(?:[\w+-]+/)?\d{2,}|\b[Bb]ug(?:zilla)?\s*#?\s*\d{3,}|\[#\d{2,}\]")


# ---------------------------------------------------------------------------------------------- read


def read_source(source: Path | None) -> dict[str, bytes]:
    """The decompressed logs, by name, from an unpacked folder, a .deb, or (None) a fresh download."""
    if source is not None and source.is_dir():
        found = {}
        for log in LOGS:
            paths = [*source.rglob(f"ChangeLog.{log}"), *source.rglob(f"ChangeLog.{log}.gz")]
            if not paths:
                raise ValueError(f"{source} holds no ChangeLog.{log}; give the folder glibc-doc 2.36 unpacks to.")
            data = paths[0].read_bytes()
            found[log] = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        return found
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if source is None:
            subprocess.run(["apt-get", "download", "glibc-doc"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
            source = next(folder.glob("*.deb"))
        subprocess.run(["dpkg-deb", "-x", str(source), str(folder / "tree")], check=True)
        return read_source(folder / "tree")


def check_source(logs: dict[str, bytes]) -> bytes:
    """The key of the pseudonyms, if the logs are the ones this script was reviewed with.

    The key and the published checksum hash the same bytes in two different ways: the one does not give the other.
    """
    whole = b"".join(logs[log] for log in LOGS)
    digest = hashlib.sha256(whole).hexdigest()
    if digest != SOURCE_SHA256:
        raise ValueError(
            f"The ChangeLogs have the checksum {digest[:16]}..., not {SOURCE_SHA256[:16]}...: they are not those of "
            "glibc-doc 2.36 (Debian 12), which merges.csv was reviewed with. Fetch that version, or review again."
        )
    return hashlib.sha256(b"pseudonyms of the glibc ChangeLogs\0" + whole).digest()


# --------------------------------------------------------------------------------------------- parse


@dataclass
class Entry:
    """One dated entry: who changed which files, and what they wrote about it."""

    log: str
    line: int
    date: dt.date | None
    authors: list[tuple[str, str]]
    body: list[str] = field(default_factory=list)
    old_header: bool = False
    files: list[str] = field(default_factory=list)
    tests: bool = False

    @property
    def day(self) -> dt.date:
        """The date, once it is repaired."""
        assert self.date is not None
        return self.date

    @property
    def generated(self) -> bool:
        """Written by a script from the commits: its first line names the commit."""
        return any(line.startswith("COMMIT:") for line in self.body)


ISO_HEADER = re.compile(r"^[^\w\s]?[a-z]?(\d{3,5}-\d{1,3}-\d{1,2})(?:\s+[-+]?\d[\d:.]*)*\s+(\S.*)$")
OLD_HEADER = re.compile(
    r"^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Z][a-z]{2}) +(\d+)(?: (\d{4}))? +\d+:\d\d[:.]\d\d(?: +(\d{4}))?\s+(\S.*)$"
)
NOT_AN_ENTRY = re.compile(r"^(?:See ChangeLog|Local Variables:)")
CONTINUATION = re.compile(
    r"^\s+(?![*\[(]|.*\b(?:by|from)\b)[^*:\[\]<>]*<[^<>]*@[^<>]*>[,.]?(?:\s*\(tiny change\))?\s*$"
)
AUTHOR = re.compile(
    r"([^<>]*?)\s*(?:<\s*([^<>]*?)\s*(?:>|$)|\(\s*([^()\s]+(?: at |@)[^()\s]+)\s*\))"
    r"\s*(?:\(tiny change\))?[,.;]?\s*(?:and\b\s*)?"
)
MONTHS = {month: number for number, month in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}


def calendar_date(year: int, month: int, day: int) -> dt.date | None:
    """The day, or None where the calendar has no such day (or the year lost a digit)."""
    try:
        return dt.date(year, month, day) if 1980 < year < 2030 else None
    except ValueError:
        return None


def parse_authors(text: str) -> list[tuple[str, str]]:
    """Names and addresses of a header: ``A  <a@x>, B  <b@y>``, ``A  (a at x)``, ``A  <a@x`` or a bare word."""
    found = [(name, inner or bracket or "") for name, inner, bracket in AUTHOR.findall(text.strip())]
    found = found or [(text.strip(), "")]
    return [(re.sub(r"\s+", " ", name).strip(" ,=\\"), address.strip()) for name, address in found]


def parse_log(log: str, text: str) -> list[Entry]:
    """The entries of one log, in its order (newest first); a header sits in the first column."""
    entries: list[Entry] = []
    open_entry = False
    for number, line in enumerate(text.split("\n"), 1):
        iso, old = ISO_HEADER.match(line), OLD_HEADER.match(line)
        if iso or old:
            if iso:
                date = calendar_date(*map(int, iso[1].split("-")))
                rest = iso[2]
            elif old:
                date = calendar_date(int(old[3] or old[4] or 0), MONTHS.get(old[1], 0), int(old[2]))
                rest = old[5]
            if open_entry and not any(entries[-1].body) and entries[-1].line == number - 1:
                entries[-1].authors += parse_authors(rest)  # a second dated header right below: a co-author
                continue
            entries.append(Entry(log, number, date, parse_authors(rest), old_header=bool(old)))
            open_entry = True
        elif NOT_AN_ENTRY.match(line):
            open_entry = False
        elif open_entry:
            entry = entries[-1]
            if not any(entry.body) and CONTINUATION.match(line):
                entry.authors += parse_authors(line)
            else:
                entry.body.append(line.strip())
    for entry in entries:
        entry.authors = list(dict.fromkeys(entry.authors))
        entry.files, entry.tests = changed_files(entry)
    return entries


def items(body: Iterable[str]) -> list[str]:
    """The points of an entry, one string each: lines of one point joined, a star or a blank line starts the next."""
    points: list[str] = []
    fresh = True
    for line in body:
        if not line or line.startswith("COMMIT:"):
            fresh = True
        elif fresh or line.startswith("* "):
            points.append(line)
            fresh = False
        else:
            points[-1] += " " + line
    return points


PATH = re.compile(r"(?:[^\s,:()\[\]{}<>]|\{[^{}]*\}|(?<=[\w.])\[[A-Za-z]{1,6}\])+")
BARE_FILE = re.compile(r"\.?[\w+-]+(?:\.[\w+-]+)*")
SOURCE_FILE = re.compile(r"[^/]+\.(?:c|h|S|sym|texi|sh|list|cc|awk|def|in)$")
TOP_FILES = set("test-skeleton.c version.h tls.make.c config.h.in configure.in glibcbug.in config.make.in".split())


def listed_paths(point: str) -> list[str]:
    """File names at the head of a point: ``* a/b.c, a/{d,e}.c (function): text``."""
    text = point.removeprefix("* ").lstrip()
    if text == point and not re.match(r"[\w+-]+/[\w./+-]+\.\w+(?::| [(\[])", text):
        return []  # prose; without its star, only an unmistakable file name counts
    paths: list[str] = []
    position = 0
    while match := PATH.match(text, position):
        token = match[0].rstrip(".;")
        rest = text[match.end() :].lstrip()
        path_like = "/" in token or bool(re.search(r"\w\.\w+$", token))
        if not path_like and not (BARE_FILE.fullmatch(token) and (not rest or rest[0] in ",:([")):
            break
        if paths and "/" not in token and "/" in paths[-1] and SOURCE_FILE.match(token) and token not in TOP_FILES:
            token = posixpath.join(posixpath.dirname(paths[-1]), token)  # "* a/b.c, c.c": both in a/
        paths.append(token)
        position = match.end() + len(text[match.end() :]) - len(rest)
        separator = re.match(r",\s*(?:and\s+)?|(?:and|&)\s+|(?=[\w{}+.-]*/)", rest)
        if not separator:
            break
        position += separator.end()
    return paths


def expand(path: str) -> list[str]:
    """``a/{b,c}.[ch]`` as the four files it stands for."""
    brace = re.search(r"\{([^{}]*)\}|(?<=[\w.])\[([A-Za-z]{1,6})\]", path)
    if not brace:
        return [path]
    choices = [c.strip() for c in brace[1].split(",")] if brace[1] is not None else list(brace[2])
    return [whole for c in choices for whole in expand(path[: brace.start()] + c + path[brace.end() :])]


def changed_files(entry: Entry) -> tuple[list[str], bool]:
    """Files an entry changes, as paths from the top of the tree, and whether a test is among them.

    Patterns such as ``sysdeps/*/x.c`` do not say which files were meant and are left out.
    """
    files: dict[str, None] = {}
    tests = False
    for point in items(entry.body):
        heads = [whole for path in listed_paths(point) for whole in expand(path)]
        for head in heads:
            path = posixpath.normpath(posixpath.join(SIDE_LOGS.get(entry.log, ""), head)).lstrip("/")
            path = re.sub(r"^(?:\.\./)+", "", path)
            if not re.search(r"[*?$\"'`|=]", path) and re.search(r"\w", path):
                files[path] = None
        tests |= "Makefile" in "".join(heads) and bool(re.search(r"\((?:[\w-]+, )*(?:x?tests)\b", point))
    return list(files), tests or any(TEST.search(f) and not ROUTINE.search(f) for f in files)


def repair_dates(entries: list[Entry], report: dict[str, list[str]]) -> None:
    """Give every entry of a log (oldest first) a possible date, in place.

    No such day, or no year: the day of the entry before it. Right day, wrong year (a habit of January): the
    year that its neighbours have, if that puts it within 15 days of the median of the ten around it. Other
    entries out of order stay: a patch keeps the date of its author even when it was taken up much later.
    """
    for position, entry in enumerate(entries):
        if entry.date is None:
            entry.date = next(e.day for e in reversed(entries[:position]))
            report["impossible date"].append(f"{entry.log}:{entry.line} -> {entry.date}")
    for position, entry in enumerate(entries):
        around = entries[max(0, position - 5) : position] + entries[position + 1 : position + 6]
        days = sorted(e.date.toordinal() for e in around if e.date)
        if len(days) < 6 or days[-3] - days[2] > 60:
            continue
        middle = statistics.median(days)
        if abs(entry.day.toordinal() - middle) < 300:
            continue
        for shift in (1, -1, 2, -2):
            moved = calendar_date(entry.day.year + shift, entry.day.month, entry.day.day)
            if moved and abs(moved.toordinal() - middle) <= 15:
                report["wrong year"].append(f"{entry.log}:{entry.line} {entry.date} -> {moved}")
                entry.date = moved
                break


def parse(logs: dict[str, bytes]) -> tuple[list[Entry], dict[str, list[str]]]:
    """All entries, oldest first and in the order of the logs within a day, and what had to be mended."""
    report: dict[str, list[str]] = defaultdict(list)
    parsed = {log: parse_log(log, logs[log].decode("utf-8"))[::-1] for log in LOGS}
    sequences = [[entry for log in MAIN_LOGS for entry in parsed[log]], *(parsed[log] for log in SIDE_LOGS)]
    entries: list[Entry] = []
    seen: set[tuple] = set()
    for sequence in sequences:
        repair_dates(sequence, report)
        for entry in sequence:
            fingerprint = (entry.date, tuple(entry.authors), tuple(entry.files), " ".join(" ".join(entry.body).split()))
            if fingerprint in seen:
                report["duplicate"].append(f"{entry.log}:{entry.line} {entry.date}")
            elif entry.day >= FIRST_DAY:
                entries.append(entry)
            seen.add(fingerprint)
    return sorted(entries, key=lambda e: e.day), report


# ------------------------------------------------------------------------------------------ identify


def label(author: tuple[str, str]) -> str:
    """A variant as one string: ``Name <address>``."""
    return f"{author[0]} <{author[1]}>"


def pseudonym(key: bytes, text: str) -> str:
    """Sixteen letters and digits that only the holder of the source can make from a name."""
    return base64.b32encode(hmac.new(key, text.encode(), "sha256").digest())[:16].decode().lower()


def plain(text: str) -> str:
    """Without accents, in lower case."""
    text = text.translate(str.maketrans("łŁøØđı", "lLoOdi")).replace("ß", "ss")
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).lower()


def name_words(name: str) -> list[str]:
    """The words of a name that tell people apart: no initials, titles, brackets or mailing lists."""
    name = re.sub(r"\(.*|,.*|\bvia\b.*|\b\w/\w+", " ", plain(name))
    return [word for word in re.findall(r"[a-z]+", name.replace("'", "")) if len(word) > 1]


def clean_address(address: str) -> str:
    return re.sub(r"[,.]+(?=\.|$)|,", "", address.lower().replace(" at ", "@"))


def close(a: str, b: str) -> bool:
    """At most one letter added, lost or changed."""
    if abs(len(a) - len(b)) > 1 or a == b:
        return a == b
    i = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a[i + 1 :] == b[i + 1 :] or a[i:] == b[i + 1 :] or a[i + 1 :] == b[i:]


def candidates(variants: Counter[tuple[str, str]]) -> list[tuple[str, str, str, str]]:
    """Pairs of variants that may be one person: mark, rule, variant, variant.

    ``=`` (same name or same address, proposed as one) and ``?`` (a question for the reviewer).
    """
    groups: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for author in sorted(variants):
        words, address = name_words(author[0]), clean_address(author[1])
        groups["= same-name", " ".join(sorted(words)) or author[0]].append(author)
        if address and not address.startswith("libc-"):
            groups["= same-address", address].append(author)
            groups["? local-part", re.split(r"[@+]", address)[0]].append(author)
        if words:
            groups["? surname", words[-1]].append(author)
    pairs: dict[tuple[str, str], tuple[str, str]] = {}
    for (rule, _), group in sorted(groups.items()):
        for one, other in itertools.pairwise(group) if rule.startswith("=") else itertools.combinations(group, 2):
            pairs.setdefault((label(one), label(other)), (rule[0], rule[2:]))
    keys = sorted({" ".join(sorted(name_words(name))) for name, _ in variants})
    by_key = {k: groups["= same-name", k][0] for k in keys if ("= same-name", k) in groups}
    for a, b in itertools.combinations(by_key, 2):
        if close(a, b) or set(a.split()) < set(b.split()) or set(b.split()) < set(a.split()):
            pairs.setdefault((label(by_key[a]), label(by_key[b])), ("?", "near-name"))
    merged = connected([pair for pair, (mark, _) in pairs.items() if mark == "="])
    return [
        (mark, rule, one, other)
        for (one, other), (mark, rule) in pairs.items()
        if mark == "=" or merged.get(one, one) != merged.get(other, other)
    ]


def connected(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Every string that occurs in a pair, with one common root for those that hang together."""
    root: dict[str, str] = {}

    def find(x: str) -> str:
        while root.setdefault(x, x) != x:
            x = root[x]
        return x

    for one, other in pairs:
        root[find(other)] = find(one)
    return {x: find(x) for x in list(root)}


def accept(text: str, variants: Counter[tuple[str, str]], key: bytes) -> list[tuple[str, str, str]]:
    """Rows of merges.csv (variant, canonical, rule) from a reviewed list of candidates: what is marked ``=``."""
    weight = {label(author): count for author, count in variants.items()}
    rules: dict[str, str] = {}
    pairs = []
    for line in text.splitlines():
        mark, rule, one, other = line.split("\t")
        if mark == "=":
            pairs.append((one, other))
            rules.setdefault(other, rule)
            rules.setdefault(one, rule)
    root = connected(pairs)
    clusters: dict[str, list[str]] = defaultdict(list)
    for variant, top in root.items():
        clusters[top].append(variant)
    rows = []
    for cluster in clusters.values():
        canonical = max(cluster, key=lambda v: (weight[v], v))
        rows += [
            (pseudonym(key, "variant|" + v), pseudonym(key, "variant|" + canonical), rules[v])
            for v in cluster
            if v != canonical
        ]
    return sorted(rows)


def identify(
    entries: list[Entry], key: bytes, merges: dict[str, str]
) -> tuple[dict[tuple[str, str], str], dict[str, str]]:
    """The member id of every variant, and the organisation every member wrote from most often ("" for none)."""
    variants = Counter(author for entry in entries for author in entry.authors)
    by_hash = {pseudonym(key, "variant|" + label(author)): author for author in variants}
    if len(by_hash) != len(variants):
        raise ValueError("Two variants share a hash; lengthen the pseudonyms.")
    if unknown := [h for pair in merges.items() for h in pair if h not in by_hash]:
        raise ValueError(f"merges.csv names {len(unknown)} variants that the logs do not hold; use --review.")
    canonical = {author: by_hash[merges.get(h, h)] for h, author in by_hash.items()}
    ids = {author: pseudonym(key, "glibc|" + label(top)) for author, top in canonical.items()}
    if len(set(ids.values())) != len(set(canonical.values())):
        raise ValueError("Two members share a pseudonym; lengthen the pseudonyms.")
    written_from: dict[str, Counter[str]] = defaultdict(Counter)
    for author, count in variants.items():
        written_from[ids[author]][organisation(clean_address(author[1]))] += count
    return ids, {member: max(sorted(c), key=c.__getitem__) for member, c in written_from.items()}


FREE_MAIL = re.compile(
    r"^(?:gmail|googlemail|gmx|web|yahoo|hotmail|outlook|msn|aol|protonmail|yandex|ya|mail|inbox|free|wanadoo|tiscali"
    r"|home|comcast|pobox|seznam|ukr|arcor|t-online|users\.sourceforge|lycos|airmail|att|bigpond|hccnet|iki|pacific)\."
)


def organisation(address: str) -> str:
    """The domain an address belongs to, without host names; "" for free mail and for none."""
    host = address.rpartition("@")[2]
    if re.search(r"(?:^|\.)gnu\.ai\.mit\.edu$", host):
        return "gnu.org"
    labels = host.split(".")
    second = {"ac", "co", "com", "edu", "net", "org", "or", "ne", "gr"}
    two_part = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in second
    domain = ".".join(labels[-3 if two_part else -2 :])
    return "" if FREE_MAIL.match(domain) or "." not in domain else domain


# --------------------------------------------------------------------------------------------- clean

NAME, EMAIL, URL = "<name>", "<email>", "<url>"
URLS = re.compile(r"<?\b(?:https?|ftp|URL):/*[^\s<>]+[^\s<>.,;:)]>?|\bwww\.[\w./-]+\w")
EMAILS = re.compile(
    r"<?(?:mailto:)?\b[\w.+-]+@(?!GLIBC|GCC|plt|PLT)[\w-]+(?:\.+[\w-]+)*\.[A-Za-z]{2,}\b>?"
    r"|<[\w.+-]+(?:@| at | AT |\(at\))[^<>]{2,60}>|\b[\w.+-]+ at [\w-]+(?: dot [\w-]+)+"
)
INITIAL = r"(?:[A-Z]\.[ -]?){1,3}"
LOWER = "a-zß-öø-ÿāăąćčďđęěğıłńňőřśşšťůűźżž"
CAPITAL = rf"(?:(?:Mc|Mac|O['’]|De|Le|La|Van|Di)?[A-ZÀ-ÞŁŠŽČĐ][{LOWER}]+(?:[-'’]?[A-ZÀ-ÞŁŠŽČĐ]?[{LOWER}]+)*)"
PERSON = (
    rf"(?:[A-Z]{{1,12}}[ ])?(?:{INITIAL})?{CAPITAL}"
    rf"(?:[ ](?:{INITIAL}|[A-Z][ ]|(?:van|von|de|der|den|du|la|ten)[ ])*{CAPITAL}|[ ][A-Z]{{4,12}}\b){{0,3}}"
)
CREDIT = re.compile(
    r"((?:\b(?:[Rr]eported|[Ss]uggested|[Pp]roposed|[Pp]ointed out|[Nn]oticed|[Ff]ound|[Dd]iagnosed|[Ww]ritten"
    r"|[Ss]potted|[Rr]equested|[Pp]rovided|[Tt]ested|[Rr]eviewed|[Aa]pproved|[Aa]cked|[Ss]igned-off|[Cc]o-[Aa]uthored"
    r"|[Cc]ontributed|[Ss]ubmitted|[Ii]mplemented|[Aa]naly[sz]ed|[Dd]iscovered|[Ss]ent|[Pp]osted|[Dd]one|[Aa]uthored"
    r"|[Rr]eport|[Pp]atch(?:es|e)?|[Cc]hanges?|[Cc]ode|[Bb]ug|[Ff]ix(?:es|ed)?|[Ss]uggestions?|[Ii]dea|[Aa]nalysis"
    r"|[Rr]ewrite|[Hh]elp|[Cc]omments?|[Ii]nput|[Tt]est(?:case| case| program)?|[Aa]dvice|[Rr]equest|[Cc]omplaint"
    r"|[Tt]hanks|[Tt]hanks go|[Mm]erged?|[Mm]essage|[Mm]ail|[Ll]etter|[Uu]pdated?|[Tt]ranslations?|[Hh]ints?)"
    r"[ -](?:by|from|to|of|with)[: ]+|\b[Cc]ourtesy of |\bFrom:? |\bCo-[Aa]uthored-[Bb]y:? |\b[Cc]c: "
    rf"|\bpointed out to me by |\b[Aa]ccording to ))({PERSON})((?:(?:,? and |, | & )(?!<){PERSON})*)"
)
NEAR_NAME = re.compile(rf"{NAME}(?: \(?{EMAIL}\)?)?((?:,? and |, | & ){PERSON})+(?=[\s.,;)]|$)")
NAMES_IN_ROW = re.compile(rf"(?:{NAME}[ ,]*)?{NAME}(?:\s*\(?{NAME}\)?)*")
BY_ONE = re.compile(rf"\b([Bb]y|[Ff]rom) ({CAPITAL})(?=[.,;)]|$| and\b)", re.MULTILINE)
BY_TWO = re.compile(
    rf"\b([Bb]y|[Ff]rom|[Ww]ith|[Tt]o|[Ff]or|[Pp]er|of|author|maintainer)"
    rf" ((?:{INITIAL})?{CAPITAL} (?:{INITIAL})?{CAPITAL})(?=[\s.,;:)]|$)"
)
SAYING = r" (?:confirm|report|suggest|say|said|found|notice|point|propos|wrote|mention|sent|think)\w*"
SPOKEN = re.compile(SAYING)
SAYS = re.compile(rf"({CAPITAL} {CAPITAL})(?={SAYING})|(?<![\w/.-])({CAPITAL})(?= (?:said|says)\b)")
# Whatever stands between a credit and a name or an address belongs to the name: "by ir. <name>", "by kh <email>".
OWNER = re.compile(
    rf"((?:\b(?:[Bb]y|[Ff]rom|[Tt]o|[Oo]f|and)|,|{NAME}) )[\"'(]*(?!the |an? )((?:[\w.'’-]+ ){{0,3}}?[\w.'’-]+)"
    rf"[\"')]*(?: \(\w+\)\"?)? (?={EMAIL})"
)
TITLED = re.compile(
    r"((?:[Pp]atch(?:es)?|[Rr]eported|[Ss]uggested|[Cc]ontributed|[Cc]hanges) (?:by|from) )"
    rf"(?!the |an? )(?:[\w.]+ ){{1,2}}(?={NAME})|(?<=\bby ){CAPITAL} (?={NAME})"
)
TAIL = re.compile(rf"{NAME}(?: {INITIAL})?(?: (?:van|von|de|den|der))* {CAPITAL}(?=[.,;)]|$)", re.MULTILINE)
NOT_PEOPLE = {  # capitalised words that a credit may be followed by, and names that are words of the field
    *"The This That These Those A An All Any Each Every Some New Old First Second Next Last Most Also But And".split(),
    *"Or Not If Add Use Make Move Remove Define Include Call Return Change Don Test Check Fix Only Update".split(),
    *"Likewise Rename Linux Hurd Mach Unix Posix Solaris Sun Darwin Alpha Sparc Intel Cygnus Debian Fedora".split(),
    *"Ubuntu Gentoo Android Irix Unicode Internet Network Software Foundation Free Library General Public".split(),
    *"License Red Hat Gnulib Gettext Git Makefile Makerules Makeconfig Versions Implies Subdirs Dist Texinfo".split(),
    *"Emacs Bison Flex Autoconf Automake Python Perl Bugzilla Glibc Libc Libidn Binutils Bash Berkeley Bind".split(),
    *"Wikipedia English French German Spanish Italian Dutch Russian Chinese Japanese Korean Bengali Arabic".split(),
    *"Latin Greek Cyrillic Hebrew Euro Europe America Asia North South January February March April May".split(),
    *"June July August September October November December Jan Jun Monday Sunday Signals Zone Diff Banner".split(),
    *"Coldfire Thumb Ada Ansi Java Goto Loader Macro Decimal Cosine Pop Max Min Mark Will Ten Via Net".split(),
    *"Mail Mac Ash Iii Sid".split(),
}
AMBIGUOUS = {"Mark", "Will", "Max", "German", "Sun", "Don", "Min"}  # given names among them


class Scrubber:
    """Replaces people in prose by ``<name>``: full names and handles of authors, and whoever stands in a credit.

    A single word of an author's name goes when the logs use it as a name only: it never occurs in lower case
    as a word of the language, and it is not a word of the field (`NOT_PEOPLE`).
    """

    def __init__(self, authors: Iterable[tuple[str, str]], corpus: Iterable[str]) -> None:
        words = Counter(w for text in corpus for w in re.findall(r"(?<![\w./~@-])[^\W\d_]{2,}(?![\w/@]|\.\w)", text))
        self.full: dict[str, re.Pattern[str]] = {}
        self.given: set[str] = set()
        shapes: dict[str, set[str]] = defaultdict(set)
        handles: set[str] = set()
        parts_of_names: set[str] = set()
        for name, address in sorted(set(authors)):
            name = re.sub(r"\(.*|,.*|\bvia\b.*", "", name).replace("\\", "").strip()
            bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
            for spelling in {name, bare}:
                parts = re.findall(r"[^\W\d_]+", spelling)
                if len(parts) < 2:
                    handles.add(spelling)
                    continue
                for order in (parts, parts[::-1], [p for p in parts if len(p) > 1], [parts[0], parts[-1]]):
                    if len(order) > 1:
                        shapes[order[0].lower()].add(r"[\s.'’\"-]{0,3}".join(map(re.escape, order)))
                long = [p for p in parts if len(p) > 2 and p[0].isupper()]
                self.given |= {p for p in long[:1] if words[p.lower()] <= 2 and p not in NOT_PEOPLE}
                parts_of_names.update(p for p in long if p not in NOT_PEOPLE)
            handles.add(re.split(r"[@+]| at ", address)[0])
        surnames = {p.lower() for p in parts_of_names}
        handles = {h for h in handles if len(h) > 2 and h.islower() and words[h] <= 20 and h.title() not in NOT_PEOPLE}
        self.single = {p for p in parts_of_names if words[p.lower()] <= 2 or p.lower() in handles}
        self.single |= {h for h in handles if words[h] <= 10 or {h, h[1:], h[:-1]} & surnames}
        for first, patterns in shapes.items():
            longest_first = "|".join(sorted(patterns, key=lambda p: (-len(p), p)))
            self.full[first] = re.compile(rf"(?:{longest_first})\b", re.IGNORECASE)
        self.count: Counter[str] = Counter()

    def _replace(self, text: str, spans: Iterator[tuple[int, int]]) -> str:
        out, end = [], 0
        for start, stop in spans:
            if start >= end:
                out += [text[end:start], NAME]
                end = stop
        return "".join(out) + text[end:]

    def _full_names(self, text: str) -> Iterator[tuple[int, int]]:
        for word in re.finditer(r"[^\W\d_]+", text):
            pattern = self.full.get(word[0].lower())
            if pattern and (match := pattern.match(text, word.start())):
                yield match.span()

    def _single_names(self, text: str) -> Iterator[tuple[int, int]]:
        for word in re.finditer(r"(?<![\w./<-])[^\W\d_]{3,}(?![\w/(>]|\.\w|-\w)", text):
            if word[0] in self.given and (more := re.match(rf"[ ](?:{INITIAL})?({CAPITAL})\b", text[word.end() :])):
                if more[1] not in NOT_PEOPLE and not re.match(r"[_\w/(-]", text[word.end() + more.end() :]):
                    yield word.start(), word.end() + more.end()
                    continue
            if word[0] in self.single:
                yield word.span()

    @staticmethod
    def _credit(match: re.Match[str]) -> str:
        first, *rest = match[2].split()
        if first in NOT_PEOPLE and not (first in AMBIGUOUS and rest and rest[-1] not in NOT_PEOPLE):
            return match[0]
        return match[1] + NAME + re.sub(PERSON, NAME, match[3])

    @staticmethod
    def _by_some(match: re.Match[str]) -> str:
        return match[0] if set(match[2].split()) & NOT_PEOPLE else f"{match[1]} {NAME}"

    def __call__(self, text: str) -> str:
        """The text with typed tokens; what is left of ``@`` (symbol versions, modifiers) becomes a space."""
        text = EMAILS.sub(EMAIL, URLS.sub(URL, text))
        text = self._replace(text, self._full_names(text))
        text = CREDIT.sub(self._credit, text)
        text = self._replace(text, self._single_names(text))
        text = TAIL.sub(NAME, OWNER.sub(rf"\1{NAME} ", TITLED.sub(r"\1", text)))
        if SPOKEN.search(text):
            text = SAYS.sub(lambda m: m[0] if set(m[0].split()) & NOT_PEOPLE else NAME, text)
        text = BY_ONE.sub(self._by_some, BY_TWO.sub(self._by_some, text))
        text = NEAR_NAME.sub(lambda m: re.sub(PERSON, NAME, m[0].replace(NAME, "\0")).replace("\0", NAME), text)
        text = NAMES_IN_ROW.sub(NAME, text)
        text = re.sub(r"[ \t]*@+[ \t]*", " ", text)
        for token in (NAME, EMAIL, URL):
            self.count[token] += text.count(token)
        return text.strip()


def prose(entry: Entry) -> str:
    """What an entry says: one line per point; of a generated entry only the subject, which a person wrote."""
    points = items(entry.body)
    if entry.generated:
        points = list(itertools.takewhile(lambda p: not p.startswith("* "), points))[:1]
    return "\n".join(re.sub(r"\s+", " ", p[2:] if p.startswith("* ") else p) for p in points)


# -------------------------------------------------------------------------------------------- relate


def subsystem(path: str) -> str:
    return path.split("/")[0] if "/" in path else "top"


def build_tables(
    entries: list[Entry], ids: dict[tuple[str, str], str], domain: dict[str, str], report: dict[str, list[str]]
) -> dict[str, pd.DataFrame]:
    """The tables members, spaces, messages and events."""
    sizes = Counter(subsystem(f) for entry in entries for f in entry.files)
    space_of = {s: s if n >= SMALL_SPACE else "other" for s, n in sizes.items()}
    people = [list(dict.fromkeys(ids[a] for a in entry.authors)) for entry in entries]
    names = [f"e{number:07d}" for number in range(1, len(entries) + 1)]
    times = pd.to_datetime([entry.day.isoformat() for entry in entries], utc=True).as_unit("us")

    sizes_of_units = Counter(domain.values())
    bots = {ids[author] for author in BOTS if author in ids}
    joined: dict[str, pd.Timestamp] = {}
    written: Counter[str] = Counter()
    for time, team in zip(times, people, strict=True):
        for member in team:
            joined.setdefault(member, time)
            written[member] += 1
    order = sorted(joined, key=lambda m: (joined[m], m))
    members = pd.DataFrame(
        {
            "member": order,
            "joined": pd.DatetimeIndex([joined[m] for m in order]),
            "left": pd.DatetimeIndex([pd.NaT] * len(order)).tz_localize("UTC").as_unit("us"),
            "joined_inferred": True,
            "role": pd.Series([None] * len(order), dtype="str"),
            "unit": [domain[m] if domain[m] and sizes_of_units[domain[m]] >= MIN_UNIT else "other" for m in order],
            "is_bot": [m in bots for m in order],
            "consent": "all",
            "n_entries": [written[m] for m in order],
        }
    )

    scrub = Scrubber(ids, [prose(e) for e in entries if not e.generated])
    texts = [scrub(prose(entry)) for entry in entries]
    report["tokens"] = [f"{token} {count:,}" for token, count in scrub.count.items()]
    touched = [Counter(space_of[subsystem(f)] for f in entry.files) for entry in entries]
    messages = pd.DataFrame(
        {
            "message": names,
            "time": times,
            "author": [team[0] for team in people],
            "space": pd.Series([max(sorted(t), key=t.__getitem__) if t else None for t in touched], dtype="str"),
            "kind": "entry",
            "text": texts,
            "authors": [len(team) for team in people],
            "files": [len(entry.files) for entry in entries],
            "tests": [entry.tests for entry in entries],
            "bug": [bool(BUG.search(" ".join(entry.body))) for entry in entries],
            "generated": [entry.generated for entry in entries],
            "routine": [bool(e.files) and all(ROUTINE.search(f) for f in e.files) for e in entries],
        }
    )
    events = relate(entries, people, names, times, messages["space"], space_of, report)
    kinds = sorted(set(space_of.values()))
    spaces = pd.DataFrame({"space": kinds, "kind": "repo", "visibility": "public"})
    return {"members": members, "spaces": spaces, "messages": messages, "events": events}


def relate(
    entries: list[Entry],
    people: list[list[str]],
    names: list[str],
    times: pd.DatetimeIndex,
    spaces: pd.Series,
    space_of: dict[str, str],
    report: dict[str, list[str]],
) -> pd.DataFrame:
    """Who builds on whom, and who writes together.

    A change by i of a file whose previous change was j's is one event of weight 1, shared evenly among the
    pairs of authors who are not the same person. Every change becomes the file's latest, also one's own.
    """
    last: dict[str, tuple[dt.date, list[str]]] = {}
    rows: list[tuple] = []
    for number, (entry, team) in enumerate(zip(entries, people, strict=True)):
        place = spaces[number]
        rows += [
            (number, i, j, "co_author", place, 1 / (len(team) - 1), None, None)
            for i, j in itertools.permutations(team, 2)
        ]
        for path in entry.files:
            if ROUTINE.search(path):
                report["routine file changes"].append(path)
                if path in last and last[path][1] != team and (entry.day - last[path][0]).days <= WINDOW_DAYS:
                    report["events left out: routine files"].append(path)
            elif path in last:
                gap = (entry.day - last[path][0]).days
                pairs = [(i, j) for i in team for j in last[path][1] if i != j]
                if gap > WINDOW_DAYS:
                    report["events left out: more than a year"].extend([path] if pairs else [])
                elif not pairs:
                    report["own file again"].append(path)
                else:
                    place = space_of[subsystem(path)]
                    rows += [(number, i, j, "builds_on", place, 1 / len(pairs), path, gap) for i, j in pairs]
            last[path] = (entry.day, team)
    columns = list(zip(*rows, strict=True))
    return pd.DataFrame(
        {
            "time": times[list(columns[0])],
            "sender": columns[1],
            "receiver": columns[2],
            "kind": columns[3],
            "space": pd.Series(columns[4], dtype="str"),
            "audience": 1,
            "mode": "1:1",
            "weight": columns[5],
            "message": [names[n] for n in columns[0]],
            "file": pd.Series(columns[6], dtype="str"),
            "gap_days": pd.array(columns[7], dtype="Int64"),
        }
    )


# --------------------------------------------------------------------------------------------- write


def write(tables: dict[str, pd.DataFrame], folder: Path) -> None:
    """The tables as a community, checked and saved beside the card."""
    days = tables["messages"]["time"]
    community = cl.Community(
        "glibc",
        **tables,
        start=days.iloc[0],
        end=days.iloc[-1] + pd.Timedelta(days=1),
        about={
            "title": "The GNU C Library, from its ChangeLogs",
            "source": "ChangeLog files of the Debian package glibc-doc 2.36",
            "source_sha256": SOURCE_SHA256,
            "licence": "LGPL-2.1-or-later",
            "card": "card.md",
        },
    )
    community.save(folder)


def read_merges(path: Path) -> dict[str, str]:
    with path.open(newline="", encoding="utf-8") as file:
        return {row["variant"]: row["canonical"] for row in csv.DictReader(file)}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--source", type=Path, help="unpacked package or .deb; without it, apt-get downloads one")
    parser.add_argument("--output", type=Path, default=HERE, help="folder to write (default: beside this script)")
    parser.add_argument("--review", type=Path, metavar="FILE", help="write candidate merges, with real names, to FILE")
    parser.add_argument("--accept", type=Path, metavar="FILE", help="turn a reviewed FILE into merges.csv")
    options = parser.parse_args(arguments)
    logs = read_source(options.source)
    key = check_source(logs)
    entries, report = parse(logs)
    variants = Counter(author for entry in entries for author in entry.authors)
    if options.review:
        options.review.write_text("".join("\t".join(row) + "\n" for row in candidates(variants)), encoding="utf-8")
        return
    if options.accept:
        rows = accept(options.accept.read_text(encoding="utf-8"), variants, key)
        with (HERE / "merges.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([("variant", "canonical", "rule"), *rows])
        return
    ids, domain = identify(entries, key, read_merges(HERE / "merges.csv"))
    tables = build_tables(entries, ids, domain, report)
    write(tables, options.output)
    for name, lines in report.items():
        print(f"{name}: {len(lines):,}" + ("".join(f"\n    {line}" for line in lines) if len(lines) < 100 else ""))
    print(f"variants: {len(variants):,}")
    for name, frame in tables.items():
        print(f"{name}: {len(frame):,} rows")


if __name__ == "__main__":
    try:
        main()
    except ValueError as problem:
        sys.exit(str(problem))

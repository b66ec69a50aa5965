"""Build the paper: fill in the numbers that notebooks recorded, check the prose, and typeset it.

``paper/paper.md`` quotes a number as ``{{section.name}}``, with a Python format where it helps:
``{{drift.within:.2f}}``, ``{{glibc.entries:,}}``, ``{{glibc.shared:.0%}}``. Three things stop the build: a
number that no notebook wrote, numbers of a notebook that no longer exists, and a result typed by hand. A
decimal number, a percentage or a number with separators counts as typed by hand; a constant that is none of
our results says so with ``<!-- literal -->`` on its line.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAPER = ROOT / "paper"
BUILD = ROOT / "build"

Numbers = dict[str, dict[str, bool | int | float | str]]

PLACEHOLDER = re.compile(r"\{\{\s*(?P<section>\w+)\.(?P<name>\w+)\s*(?::(?P<format>[^{}]*))?\}\}")
LITERAL = re.compile(
    r"""(?<![\w.,/])                            # not inside a word, a version or an address
        [-+−]?(?: \d+\.\d+ (?:[eE][-+]?\d+)?     # 0.37
                | \d+[eE][-+]?\d+                # 1e-12
                | \d{1,3}(?:,\d{3})+             # 23,500
                | \d+ (?=\s?(?:%|per\s?cent)) )  # 12 %
        (?:\s?%)?(?![\w])""",
    re.VERBOSE,
)
# Parts of a line in which a number is no result: code, comments, citations, addresses, targets of links.
NOT_PROSE = re.compile(
    r"`[^`]*`|<!--.*?-->|\[[^\]]*@[^\]]*\]|@[\w:.#$%&+?<>~/-]+|<?https?://\S+|\]\([^)]*\)|\{[^{}]*\}"
)


def main() -> int:
    source = PAPER / "paper.md"
    if not source.is_file():
        print("paper  there is no paper/paper.md yet")
        return 0
    path = PAPER / "numbers.json"
    numbers: Numbers = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    text = source.read_text(encoding="utf-8")
    filled, problems = fill(text, numbers)
    problems += typed_by_hand(text)
    problems += orphans(numbers, [json.loads(p.read_text(encoding="utf-8")) for p in notebooks()])
    if problems:
        print(f"paper  not built: {len(problems)} thing{'s' * (len(problems) != 1)} to mend", file=sys.stderr)
        for problem in problems:
            print(f"  {problem}", file=sys.stderr)
        return 1
    filled, missing = with_figures(filled, BUILD)
    for figure in missing:
        print(f"paper  without {figure}, which is not there: make study draws it")
    try:
        typeset(filled)
    except RuntimeError as error:  # pandoc's and typst's own words
        print(f"paper  not built: {error}", file=sys.stderr)
        return 1
    count = len(PLACEHOLDER.findall(text))
    print(f"paper  build/paper.pdf, with {count} number{'s' * (count != 1)} from the notebooks")
    return 0


def notebooks() -> list[Path]:
    return sorted((ROOT / "notebooks").glob("*.ipynb"))


# Numbers


def fill(text: str, numbers: Numbers) -> tuple[str, list[str]]:
    """Put numbers in the place of their placeholders.

    Returns the text, and a sentence for each placeholder that could not be filled.
    """
    problems: list[str] = []

    def number(found: re.Match[str]) -> str:
        section, name, spec = found["section"], found["name"], found["format"] or ""
        where = f"paper.md line {text.count(chr(10), 0, found.start()) + 1}: {found[0]}"
        if section not in numbers:
            problems.append(f"{where}: no notebook wrote the section '{section}'. {available(numbers)}")
        elif name not in numbers[section]:
            problems.append(f"{where}: no notebook wrote '{section}.{name}'. {available(numbers[section])}")
        else:
            try:
                return format(numbers[section][name], spec).replace("-", "−", 1)
            except ValueError:
                value = numbers[section][name]
                problems.append(f"{where}: the format '{spec}' does not suit {value!r}")
        return found[0]

    filled = PLACEHOLDER.sub(number, text)
    unread = re.sub(r"`[^`]*`", "", PLACEHOLDER.sub("", text))
    for line, content in enumerate(unread.splitlines(), start=1):
        if "{{" in content:
            problems.append(
                f"paper.md line {line}: a placeholder that cannot be read. Write {{{{section.name}}}} or "
                f"{{{{section.name:.2f}}}}, on one line."
            )
    return filled, problems


def available(names: dict) -> str:
    return f"There are: {', '.join(sorted(names))}." if names else "There are none: make study records them."


def typed_by_hand(text: str) -> list[str]:
    """A sentence for each result that stands in the prose as digits and not as a placeholder."""
    problems = []
    for line, content in prose(text):
        for found in LITERAL.finditer(content):
            problems.append(
                f"paper.md line {line}: {found[0].strip()!r} is typed by hand. Let a notebook record it and "
                f"quote it as {{{{section.name}}}}, or mark a constant with <!-- literal --> on its line."
            )
    return problems


def prose(text: str) -> list[tuple[int, str]]:
    """Numbered lines of prose: no front matter, no code, no references, nothing that is marked as literal."""
    lines = []
    fenced, front, references = False, False, False
    for number, content in enumerate(text.splitlines(), start=1):
        if content.strip() == "---" and (number == 1 or front):
            front = not front
        elif content.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        elif content.startswith("#"):
            references = content.lstrip("# ").strip().lower() == "references"
        elif not (front or fenced or references or "<!-- literal -->" in content):
            lines.append((number, NOT_PROSE.sub(" ", PLACEHOLDER.sub(" ", content))))
    return lines


def orphans(numbers: Numbers, contents: list[dict]) -> list[str]:
    """A sentence for each section of numbers that no notebook records any more."""
    recorded = {section for content in contents for section in recorded_sections(content)}
    return [
        f"paper/numbers.json: no notebook records the section '{section}' any more. Take it out of the file."
        for section in sorted(set(numbers) - recorded)
    ]


def recorded_sections(content: dict) -> list[str]:
    """Names of the sections that a notebook records, read from its calls of ``record_numbers``."""
    code = ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code"]
    call = r"""record_numbers\(.*?,\s*(?:section\s*=\s*)?["'](\w+)["']\s*,\s*(?=[{\w])"""
    return [section for source in code for section in re.findall(call, source, re.DOTALL)]


# Pages


def with_figures(text: str, folder: Path) -> tuple[str, list[str]]:
    """Leave out figures that have not been drawn, and name them."""
    missing: list[str] = []

    def figure(found: re.Match[str]) -> str:
        if (folder / found["target"]).is_file():
            return found[0]
        missing.append(found["target"])
        return ""

    pattern = r"^!\[(?:[^\[\]]|\[[^\]]*\])*\]\((?P<target>[^)\s]+)\)(?:\{[^}]*\})?[ \t]*$"
    return re.sub(pattern, figure, text, flags=re.MULTILINE), missing


def typeset(text: str) -> None:
    """Markdown to typst with pandoc, typst to PDF; both come as Python packages, the fonts with typst."""
    import pypandoc
    import typst

    BUILD.mkdir(exist_ok=True)
    (BUILD / "paper.md").write_text(text, encoding="utf-8")
    pypandoc.convert_text(
        text,
        "typst",
        "markdown",
        outputfile=str(BUILD / "paper.typ"),
        extra_args=[
            "--standalone",
            "--citeproc",
            f"--bibliography={PAPER / 'paper.bib'}",
            f"--template={PAPER / 'template.typ'}",
            "--metadata=link-citations:true",
            "--fail-if-warnings",  # such as a citation that is not in the bibliography
        ],
    )
    source, pdf = str(BUILD / "paper.typ"), str(BUILD / "paper.pdf")
    typst.compile(source, output=pdf, root=str(BUILD), ignore_system_fonts=True)


if __name__ == "__main__":
    sys.exit(main())

"""The project agrees with itself: names, bounds, pins, versions, packages, and the rules of the paper."""

import importlib
import re
import shutil
import subprocess
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import coplearn as cl

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))

# What conda-forge calls by another name.
CONDA_NAMES = {"matplotlib-base": "matplotlib"}


def declared():
    """Direct dependencies of pyproject.toml, run and extras, as requirements."""
    extras = [line for extra in PROJECT["optional-dependencies"].values() for line in extra]
    found = [Requirement(line) for line in PROJECT["dependencies"] + extras]
    return {canonicalize_name(r.name): r.specifier for r in found if r.name != "coplearn"}


def conda():
    """Requirements of environment.yml, conda and pip, under the names of PyPI."""
    lines = [line for line in ENVIRONMENT["dependencies"] if isinstance(line, str)]
    lines += [line for part in ENVIRONMENT["dependencies"] if isinstance(part, dict) for line in part["pip"]]
    found = [Requirement(line) for line in lines if not line.startswith("-")]
    return {canonicalize_name(CONDA_NAMES.get(r.name, r.name)): r.specifier for r in found}


def pinned():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(r.name): r.specifier for r in found}


def test_conda_and_pip_ask_for_the_same_packages_within_the_same_bounds():
    from_conda = conda()
    assert str(from_conda.pop("python")) == PROJECT["requires-python"]
    from_conda.pop("pip")
    assert from_conda == declared()


def test_conda_installs_coplearn_itself():
    pip_part = next(part["pip"] for part in ENVIRONMENT["dependencies"] if isinstance(part, dict))
    assert "-e ." in pip_part


def test_the_extra_all_means_all():
    extras = PROJECT["optional-dependencies"]
    assert Requirement(extras["all"][0]).extras == set(extras) - {"all"}


@pytest.mark.parametrize("name", sorted(declared()))
def test_a_direct_dependency_is_pinned_within_its_bounds(name):
    pin = str(pinned()[name])
    assert re.fullmatch(r"==[\w.+!]+", pin)
    assert declared()[name].contains(pin.removeprefix("=="), prereleases=True)


def test_constraints_name_packages_and_versions_only():
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        assert line.startswith("#") or re.fullmatch(r"[A-Za-z0-9._-]+==[\w.+!]+", line), line


def test_one_version_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"] == cl.__version__
    assert Version(PROJECT["version"])
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def tracked():
    """Files under version control, or those that would be; skipped outside a clone."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git clone")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_a_place_on_somebodys_machine():
    places = re.compile(rb"(?<![\w.~-])/(?:home|root|Users|work|tmp|private/tmp|mnt)/\w|[A-Z]:\\\\?Users\\")
    found = []
    for path in tracked():
        content = path.read_bytes()
        if b"\0" in content[:8192]:  # Parquet and pictures
            continue
        found += [f"{path.relative_to(ROOT)}: {hit[0].decode()}" for hit in places.finditer(content)]
    assert found == []


def wanted(folder):
    """Tracked files of a folder, as a package should carry them."""
    return {path.relative_to(ROOT).as_posix() for path in tracked() if path.is_relative_to(ROOT / folder)}


def test_a_wheel_brings_the_data_sets_along(tmp_path):
    wheel = importlib.import_module("hatchling.builders.wheel").WheelBuilder(str(ROOT))
    (built,) = wheel.build(directory=str(tmp_path), versions=["standard"])
    names = set(zipfile.ZipFile(built).namelist())
    assert wanted("coplearn") <= names
    assert {name.replace("datasets/", "coplearn/_datasets/", 1) for name in wanted("datasets")} <= names
    assert not [name for name in names if "__pycache__" in name]
    assert {name.split("/")[0] for name in names} == {"coplearn", f"coplearn-{cl.__version__}.dist-info"}


def test_a_source_archive_can_build_the_same_wheel(tmp_path):
    sdist = importlib.import_module("hatchling.builders.sdist").SdistBuilder(str(ROOT))
    (built,) = sdist.build(directory=str(tmp_path), versions=["standard"])
    with tarfile.open(built) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
        archive.extractall(tmp_path, filter="data")
    assert wanted("coplearn") | wanted("datasets") | wanted("tests") | wanted("notebooks") <= names
    wheel = importlib.import_module("hatchling.builders.wheel").WheelBuilder
    source = tmp_path / f"coplearn-{cl.__version__}"
    (from_sdist,) = wheel(str(source)).build(directory=str(tmp_path / "a"), versions=["standard"])
    (from_clone,) = wheel(str(ROOT)).build(directory=str(tmp_path / "b"), versions=["standard"])
    assert zipfile.ZipFile(from_sdist).namelist() == zipfile.ZipFile(from_clone).namelist()


# The paper's rules


@pytest.fixture
def paper():
    return importlib.import_module("tools.paper")


def test_placeholders_take_a_format(paper):
    numbers = {"drift": {"within": -0.12345, "share": 0.256, "entries": 23500, "era": "steering"}}
    text = "{{drift.within:.2f}} {{drift.share:.0%}} {{ drift.entries:, }} {{drift.era}}"
    assert paper.fill(text.replace(":, ", ":,"), numbers) == ("−0.12 26% 23,500 steering", [])


def test_a_number_that_no_notebook_wrote_is_named_with_its_line(paper):
    _, problems = paper.fill("One.\nTwo {{drift.entry}}, {{cohorts.size}}.", {"drift": {"within": 1.0}})
    assert problems == [
        "paper.md line 2: {{drift.entry}}: no notebook wrote 'drift.entry'. There are: within.",
        "paper.md line 2: {{cohorts.size}}: no notebook wrote the section 'cohorts'. There are: drift.",
    ]


@pytest.mark.parametrize("text", ["{{drift}}", "{{drift.within", "{{drift.within.more}}"])
def test_a_placeholder_that_cannot_be_read_is_refused(paper, text):
    _, problems = paper.fill(text, {"drift": {"within": 1.0}})
    assert len(problems) == 1 and "cannot be read" in problems[0]


def test_a_format_that_does_not_suit_is_refused(paper):
    _, problems = paper.fill("{{drift.era:.2f}}", {"drift": {"era": "steering"}})
    assert "does not suit 'steering'" in problems[0]


@pytest.mark.parametrize(
    "text",
    ["a rise of 0.37 points", "fell by 12 %", "12% of", "12 per cent", "23,500 entries", "below 1e-12", "(−0.4)"],
)
def test_a_result_typed_by_hand_is_refused(paper, text):
    assert len(paper.typed_by_hand(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "from 1996 to 2022, in 26 years",
        "as in {{drift.within:.2f}} and `0.37` and [@melitz2015, p. 3.7]",
        "the level is 0.05 <!-- literal -->",
        "---\nversion: 0.1.0\n---",
        "```\n0.37\n```",
        "# References\n0.37",
        "see https://doi.org/10.1177/0081175017709295 and [here](a-0.37.html)",
        "![Caption](figures/x.png){width=62.5%}",
    ],
)
def test_what_is_no_result_may_be_typed(paper, text):
    assert paper.typed_by_hand(text) == []


def test_numbers_of_a_notebook_that_is_gone_are_refused(paper):
    source = 'cl.record_numbers(\n    Path("..", "paper", "numbers.json"),\n    "drift", {"within": 1.0}\n)'
    content = {"cells": [{"cell_type": "code", "source": [source]}]}
    assert paper.recorded_sections(content) == ["drift"]
    assert paper.orphans({"drift": {"within": 1.0}}, [content]) == []
    assert len(paper.orphans({"drift": {}, "cohorts": {}}, [content])) == 1


def test_a_figure_that_is_not_drawn_is_left_out_and_named(paper, tmp_path):
    (tmp_path / "here.png").touch()
    text = "![A](here.png)\n\n![B, see [@x]](gone.png){width=80%}\n\nEnd."
    assert paper.with_figures(text, tmp_path) == ("![A](here.png)\n\n\n\nEnd.", ["gone.png"])


def test_every_reference_of_the_paper_is_in_the_bibliography():
    text = (ROOT / "paper" / "paper.md").read_text(encoding="utf-8")
    bibliography = (ROOT / "paper" / "paper.bib").read_text(encoding="utf-8")
    entries = set(re.findall(r"^@\w+\{([^,]+),", bibliography, re.MULTILINE))
    assert set(re.findall(r"(?<![\w.])@([a-z]\w*)", text)) <= entries


# The pages of the study


@pytest.fixture
def study(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tools")
    return importlib.import_module("study")


def notebook_of(study, *cells):
    content = {"cells": [{"cell_type": kind, "source": source, "metadata": {}} for kind, source in cells]}
    return study.Notebook(Path("01_who_is_here.ipynb"), content)


def test_the_index_shows_the_first_heading_and_the_first_paragraph(study):
    notebook = notebook_of(study, ("markdown", "# Who is here?\n\nSince when,\nand why?\n\nMore."), ("code", "# no"))
    assert (notebook.title, notebook.question) == ("Who is here?", "Since when, and why?")


def test_a_notebook_without_a_heading_goes_by_its_name(study):
    assert notebook_of(study, ("code", "1")).title == "01 who is here"


def test_only_what_decides_the_outputs_changes_the_key(study):
    one, same, other = (
        notebook_of(study, ("code", "1")),
        notebook_of(study, ("code", "1")),
        notebook_of(study, ("code", "2")),
    )
    same.content["cells"][0].update(outputs=[{"text": "1"}], execution_count=3)
    assert study.cache_key(one) == study.cache_key(same) != study.cache_key(other)


def test_formulas_become_mathml_and_code_stays(study):
    text, formulas = study.pages.set_aside_formulas("mean $\\bar y$, code `$HOME`, a price of $5 or $6\n\n$$x^2$$")
    assert text == "mean FORMULA1ENDS, code `$HOME`, a price of $5 or $6\n\nFORMULA2ENDS"
    assert all(math.startswith("<math") for math in formulas.values())


def test_the_index_is_complete_without_a_network(study):
    cards = [
        study.pages.Card("Who *is* here?", "Since `when`?", "a.html", b"png", 1.25, False, ""),
        study.pages.Card("Who met?", "When?", "", b"", None, False, "it needs glasgow_s50"),
        study.pages.Card("Does it fail?", "It does.", "b.html", b"", 2.0, True, ""),
    ]
    page = study.pages.index_page(cards, "0.1.0", has_paper=True)
    assert "://" not in page and "<script" not in page
    for shown in ("Who <em>is</em> here?", "<code>when</code>", "ran in 1.2 s", "Left out: it needs", "Failed"):
        assert shown in page

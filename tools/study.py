"""Run the study: every notebook, its page, its figures, an index of them, and the paper.

``make study`` leaves everything in ``build/`` and touches nothing else, apart from the numbers that the
notebooks record for the paper. A notebook whose cells, code, data and versions have not changed since it
last ran is not run again. ``make notebooks`` (``--in-place``) runs them all and keeps the outputs in them.
"""

from __future__ import annotations

import argparse
import base64
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pages

from paper import recorded_sections

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
CACHE = BUILD / ".cache"
FIGURES = BUILD / "figures"
NUMBERS = ROOT / "paper" / "numbers.json"
CELL_TIMEOUT_SECONDS = 600
STILL_RUNNING_SECONDS = 30

# One thread per notebook (they run side by side), and the kernel that belongs to this interpreter.
ENVIRONMENT = {
    "JUPYTER_PREFER_ENV_PATH": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "PYTHONNOUSERSITE": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
}


@dataclass(frozen=True, eq=False)
class Notebook:
    """One notebook as it is written, before it runs."""

    path: Path
    content: dict

    @classmethod
    def read(cls, path: Path) -> Notebook:
        return cls(path, json.loads(path.read_text(encoding="utf-8")))

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def cells(self) -> list[tuple[str, str, list[str]]]:
        """Type, source and tags of each cell."""
        return [
            (cell["cell_type"], "".join(cell["source"]), sorted(cell.get("metadata", {}).get("tags", [])))
            for cell in self.content["cells"]
        ]

    @property
    def needs(self) -> list[str]:
        """Data sets without which the notebook is left out."""
        return list(self.content.get("metadata", {}).get("coplearn", {}).get("needs", []))

    @property
    def title(self) -> str:
        """The first heading of the first level, or the name."""
        for kind, source, _ in self.cells:
            found = re.search(r"^#\s+(.+)$", source, re.MULTILINE) if kind == "markdown" else None
            if found:
                return found[1].strip()
        return self.name.replace("_", " ")

    @property
    def question(self) -> str:
        """The first paragraph of the first text cell, headings aside."""
        first = next((source for kind, source, _ in self.cells if kind == "markdown"), "")
        without_headings = re.sub(r"^#.*$", "\n", first, flags=re.MULTILINE)
        paragraphs = (part.strip() for part in re.split(r"\n\s*\n", without_headings))
        return " ".join(next((part for part in paragraphs if part), "").split())


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="names of notebooks (default: all of them)")
    parser.add_argument("--workers", type=int, default=2, help="how many notebooks run at a time")
    parser.add_argument("--in-place", action="store_true", help="keep the outputs in the notebooks")
    parser.add_argument("--again", action="store_true", help="run also what is up to date")
    parser.add_argument("--only", type=Path, help=argparse.SUPPRESS)  # one notebook, in a process of its own
    options = parser.parse_args(arguments)
    if options.only:
        return run_one(options.only, options.in_place)
    started = time.perf_counter()
    notebooks = [Notebook.read(path) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    unknown = sorted(set(options.names) - {notebook.name for notebook in notebooks})
    if unknown:
        print(f"study: no notebook named {', '.join(unknown)} in notebooks/", file=sys.stderr)
        return 2
    if not notebooks:
        print("study: there are no notebooks yet")
    CACHE.mkdir(parents=True, exist_ok=True)
    FIGURES.mkdir(exist_ok=True)
    left_out = dict(absent_data(notebooks))
    keys = {} if options.in_place else {notebook.name: cache_key(notebook) for notebook in notebooks}
    width = max((len(notebook.name) for notebook in notebooks), default=0)
    waiting = []
    for notebook in notebooks:
        if options.names and notebook.name not in options.names:
            continue
        if notebook.name in left_out:
            say(notebook.name, width, f"left out: {left_out[notebook.name]}")
        elif not options.in_place and not options.again and up_to_date(notebook, keys[notebook.name]):
            say(notebook.name, width, "up to date")
        else:
            waiting.append(notebook)
    failed = run_all(waiting, width, options.workers, options.in_place, keys)
    if options.in_place:
        return 1 if failed else 0
    forget_removed({notebook.name for notebook in notebooks})
    write_index(notebooks, left_out)
    if failed:
        print(f"paper  not built, because of {', '.join(sorted(failed))}")
        status = 1
    else:
        status = build_paper()
        # Again, because it links to the paper, which may be there only now.
        write_index(notebooks, left_out)
    took = f"{time.perf_counter() - started:.1f} s"
    print(f"study  {'failed' if status else 'done'} in {took}: build/index.html")
    return status


def write_index(notebooks: list[Notebook], left_out: dict[str, str]) -> None:
    """One card for each notebook, from what is on record about it."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    cards = []
    for notebook in notebooks:
        reason = left_out.get(notebook.name, "")
        record = {} if reason else read_json(CACHE / f"{notebook.name}.json")
        page = BUILD / f"{notebook.name}.html"
        headline = FIGURES / f"{notebook.name}-headline.png"
        cards.append(
            pages.Card(
                title=notebook.title,
                question=notebook.question,
                page=page.name if record and page.is_file() else "",
                headline=headline.read_bytes() if record and headline.is_file() else b"",
                seconds=record.get("seconds"),
                failed=bool(record.get("failed")),
                left_out=reason,
            )
        )
    page = pages.index_page(cards, version, has_paper=(BUILD / "paper.pdf").is_file())
    (BUILD / "index.html").write_text(page, encoding="utf-8")


def say(name: str, width: int, what: str) -> None:
    print(f"{name:<{width}}  {what}", flush=True)


def absent_data(notebooks: list[Notebook]) -> Iterator[tuple[str, str]]:
    """Name and reason of each notebook that needs data which are not here."""
    wanted = sorted({need for notebook in notebooks for need in notebook.needs})
    if not wanted:
        return
    from coplearn import datasets  # asked only when a notebook needs it

    present = {need: datasets.available(need) for need in wanted}
    for notebook in notebooks:
        absent = [need for need in notebook.needs if not present[need]]
        if absent:
            yield notebook.name, f"it needs {', '.join(absent)}, which cannot be had here"


# What has changed


def cache_key(notebook: Notebook) -> str:
    """A digest of all that decides what a notebook shows: its cells, the library, the data, the versions."""
    digest = hashlib.sha256(json.dumps([sys.version, notebook.cells, notebook.needs]).encode())
    files = [
        *sorted((ROOT / "coplearn").rglob("*.py")),
        *sorted((ROOT / "datasets").glob("*/manifest.json")),
        ROOT / "constraints.txt",
        Path(__file__),
        Path(pages.__file__),
    ]
    for path in files:
        if path.is_file():
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def read_json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def up_to_date(notebook: Notebook, key: str) -> bool:
    """Whether the notebook ran with this key, and its page, its figures and its numbers are still there."""
    record = read_json(CACHE / f"{notebook.name}.json")
    recorded = read_json(NUMBERS)
    return (
        record.get("key") == key
        and (BUILD / f"{notebook.name}.html").is_file()
        and (BUILD / f"{notebook.name}.ipynb").is_file()
        and all((FIGURES / figure).is_file() for figure in record["figures"])
        and all(recorded.get(section) == values for section, values in record["numbers"].items())
    )


def forget_removed(names: set[str]) -> None:
    """Take away the pages and figures of notebooks that no longer exist."""
    for record_path in CACHE.glob("*.json"):
        if record_path.stem in names or record_path.stem == "paper":
            continue
        for figure in read_json(record_path).get("figures", []):
            (FIGURES / figure).unlink(missing_ok=True)
        page = BUILD / f"{record_path.stem}.html"
        for leftover in (page, page.with_suffix(".ipynb"), record_path):
            leftover.unlink(missing_ok=True)


# Running notebooks


def run_all(
    notebooks: list[Notebook], width: int, workers: int, in_place: bool, keys: dict[str, str]
) -> set[str]:
    """Run notebooks side by side, each in a process of its own; the names of those that failed."""
    failed: set[str] = set()
    if not notebooks:
        return failed
    print(f"running {len(notebooks)} notebook{'s' * (len(notebooks) != 1)}, {workers} at a time", flush=True)
    began: dict[str, float] = {}

    def job(notebook: Notebook) -> subprocess.CompletedProcess[str]:
        began[notebook.name] = time.perf_counter()
        command = [sys.executable, str(Path(__file__)), "--only", str(notebook.path)]
        return subprocess.run(
            command + ["--in-place"] * in_place,
            env=kernel_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        running = {pool.submit(job, notebook): notebook for notebook in notebooks}
        finished = 0
        while running:
            done, _ = concurrent.futures.wait(
                running, timeout=STILL_RUNNING_SECONDS, return_when=concurrent.futures.FIRST_COMPLETED
            )
            if not done:
                names = [notebook.name for notebook in running.values() if notebook.name in began]
                print(f"still running: {', '.join(names)}", flush=True)
            for future in done:
                notebook, result = running.pop(future), future.result()
                finished += 1
                took = f"{time.perf_counter() - began[notebook.name]:.1f} s  ({finished}/{len(notebooks)})"
                if result.returncode:
                    failed.add(notebook.name)
                    say(notebook.name, width, f"FAILED after {took}")
                    print(indent(result.stdout.strip() or result.stderr.strip()), flush=True)
                else:
                    say(notebook.name, width, f"done in {took}")
                if not in_place:
                    close_record(notebook.name, keys[notebook.name], failed=bool(result.returncode))
    return failed


def kernel_environment() -> dict[str, str]:
    """The environment of a notebook: this interpreter's programs first, one thread."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {**os.environ, **ENVIRONMENT, "PATH": path}


def close_record(name: str, key: str, failed: bool) -> None:
    """Note the key under which a notebook ran; one that failed has none, and is run again next time."""
    path = CACHE / f"{name}.json"
    record = {"figures": [], "numbers": {}, **read_json(path), "key": "" if failed else key, "failed": failed}
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def run_one(path: Path, in_place: bool) -> int:
    """Run one notebook in this process, and write what it shows."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = Notebook.read(path)
    executed = nbformat.read(path, as_version=4)
    client = NotebookClient(
        executed,
        kernel_name="python3",
        timeout=CELL_TIMEOUT_SECONDS,
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
        # Pages and paper get twice the pixels; a notebook that is kept stays small.
        extra_arguments=[] if in_place else ["--InlineBackend.figure_formats=retina"],
    )
    started, failure = time.perf_counter(), ""
    try:
        client.execute()
    except CellExecutionError as error:
        failure = failed_cell(executed) or str(error)
    except (CellTimeoutError, DeadKernelError) as error:
        failure = f"{type(error).__name__}: {error}"
    seconds = time.perf_counter() - started
    if in_place:
        if not failure:
            keep_outputs(path, executed)
    else:
        write_page(notebook, executed, seconds, failure)
    print(failure)
    return 1 if failure else 0


def failed_cell(executed: dict) -> str:
    """The cell that stopped the notebook, and its traceback, as plain text."""
    for number, cell in enumerate(executed["cells"], start=1):
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                traceback = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(output["traceback"]))
                return f"cell {number}:\n{indent(cell['source'])}\n\n{traceback}"
    return ""


def keep_outputs(path: Path, executed: dict) -> None:
    """Write the outputs into the notebook, without what differs between machines."""
    import nbformat

    metadata = executed["metadata"]
    metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata["language_info"] = {"name": "python"}
    text = nbformat.writes(executed, version=4) + "\n"
    if text != path.read_text(encoding="utf-8"):
        path.write_text(text, encoding="utf-8")


def write_page(notebook: Notebook, executed: dict, seconds: float, failure: str) -> None:
    """Write the executed notebook, its page, its figures, and the record that the index is made from."""
    import nbformat

    nbformat.write(executed, BUILD / f"{notebook.name}.ipynb")
    page = pages.notebook_page(notebook.title, executed)
    (BUILD / f"{notebook.name}.html").write_text(page, encoding="utf-8")
    for old in FIGURES.glob(f"{notebook.name}-*.png"):
        old.unlink()
    figures, headline = [], ""
    for cell in executed["cells"]:
        for output in cell.get("outputs", []):
            image = output.get("data", {}).get("image/png")
            if image:
                figures.append(f"{notebook.name}-{len(figures) + 1}.png")
                (FIGURES / figures[-1]).write_bytes(base64.b64decode(image))
                if "headline" in cell["metadata"].get("tags", []):
                    headline = figures[-1]
    headline = headline or (figures[-1] if figures else "")
    if headline:  # under a name that the paper can rely on
        figures.append(f"{notebook.name}-headline.png")
        (FIGURES / figures[-1]).write_bytes((FIGURES / headline).read_bytes())
    recorded = read_json(NUMBERS)
    record = {
        "key": "",
        "seconds": round(seconds, 1),
        "figures": figures,
        "numbers": {section: recorded.get(section) for section in recorded_sections(executed)},
    }
    (CACHE / f"{notebook.name}.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


# The paper


def build_paper() -> int:
    """Build the paper, unless nothing that goes into it has changed."""
    source = ROOT / "paper" / "paper.md"
    if not source.is_file():
        return 0
    digest = hashlib.sha256()
    builder = Path(__file__).with_name("paper.py")
    for path in [*sorted(source.parent.iterdir()), *sorted(FIGURES.glob("*.png")), builder]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    # a section whose notebook is gone is an error of the paper
    digest.update(json.dumps(sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))).encode())
    record = CACHE / "paper.json"
    if (BUILD / "paper.pdf").is_file() and read_json(record).get("key") == digest.hexdigest():
        print("paper  up to date")
        return 0
    code = subprocess.run([sys.executable, str(builder)], check=False).returncode
    if not code:
        record.write_text(json.dumps({"key": digest.hexdigest()}) + "\n", encoding="utf-8")
    return code


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("study  stopped")

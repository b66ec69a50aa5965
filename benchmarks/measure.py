"""Time and memory of a computation at growing sizes, each size in a fresh process.

A benchmark is a script ``bench_<name>.py`` that names its sizes and does the work, step by step::

    from measure import Clock, growth

    def work(size: int, clock: Clock) -> None:
        events = draw(size)                  # outside a step: not measured
        with clock("validate"):
            community = cl.Community("bench", members, events=events)
        with clock("monthly networks"):
            community.networks(every="month")

    if __name__ == "__main__":
        growth("community", sizes=(10_000, 100_000, 1_000_000), work=work)

A fresh process per size means that no size profits from the caches of the one before, and that peak memory
is its own. The result is ``benchmarks/results/<name>.json``: wall and processor seconds and peak memory of
each step, the exponent with which each grows, and what it was measured on.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import math
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["Clock", "growth"]

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("coplearn", "numpy", "pandas", "scipy", "pyarrow", "networkx", "numba")


class Clock:
    """Measures named steps; a step that is entered again adds to its time."""

    def __init__(self) -> None:
        self.steps: dict[str, dict[str, float]] = {}

    @contextlib.contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        forget_peak()
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        found = self.steps.setdefault(step, {"wall_s": 0.0, "cpu_s": 0.0, "peak_mb": 0.0})
        found["wall_s"] = round(found["wall_s"] + wall, 4)
        found["cpu_s"] = round(found["cpu_s"] + cpu, 4)
        found["peak_mb"] = max(found["peak_mb"], round(peak_mb(), 1))


def growth(name: str, sizes: tuple[int, ...], work: Callable[[int, Clock], None]) -> None:
    """Measure ``work`` at each size in a process of its own, print a table and write the result.

    Parameters
    ----------
    name : str
        Name of the result.
    sizes : tuple of int
        Sizes, smallest first.
    work : callable
        ``work(size, clock)`` does the work, with ``with clock(step):`` around what is measured.
    """
    if sys.argv[1:2] == ["--size"]:
        clock = Clock()
        work(int(sys.argv[2]), clock)
        print(json.dumps(clock.steps))
        return
    measured = {}
    for size in sizes:
        command = [sys.executable, sys.argv[0], "--size", str(size)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        measured[size] = json.loads(done.stdout.splitlines()[-1])
        for step, found in measured[size].items():
            print(
                f"{name:<16}{size:>12,}  {step:<28}{found['wall_s']:>9.3f} s wall{found['cpu_s']:>9.3f} s cpu"
                f"{found['peak_mb']:>9.0f} MB",
                flush=True,
            )
    result = {
        "name": name,
        "sizes": [{"size": size, "steps": steps} for size, steps in measured.items()],
        "exponents": exponents(measured),
        "measured_on": environment(),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def exponents(measured: dict[int, dict[str, dict[str, float]]]) -> dict[str, float]:
    """Slope of log wall time on log size between the smallest and the largest: 1 is linear, 2 quadratic."""
    smallest, largest = min(measured), max(measured)
    slopes = {}
    for step, found in measured[largest].items():
        first = measured[smallest].get(step, {}).get("wall_s", 0.0)
        if largest > smallest and first > 0 and found["wall_s"] > 0:
            slopes[step] = round(math.log(found["wall_s"] / first) / math.log(largest / smallest), 2)
    return slopes


def environment() -> dict[str, object]:
    """Versions and cores; nothing that names the machine."""
    versions = {}
    for package in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "versions": versions,
    }


def forget_peak() -> None:
    """Let the peak start from what is in use now, where the system can (Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_mb() -> float:
    """Peak resident memory in megabytes: since the last step began on Linux, else since the start."""
    with contextlib.suppress(OSError, StopIteration):
        status = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024**2 if sys.platform == "darwin" else peak / 1024  # bytes there, kilobytes here

"""Run every benchmark: ``make bench``, or ``python benchmarks/run.py community`` for one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(names: list[str]) -> int:
    scripts = {path.stem.removeprefix("bench_"): path for path in sorted(HERE.glob("bench_*.py"))}
    unknown = sorted(set(names) - set(scripts))
    if unknown:
        known = ", ".join(scripts) or "none"
        print(f"bench: no benchmark named {', '.join(unknown)}. There are: {known}", file=sys.stderr)
        return 2
    if not scripts:
        print("bench: there are no benchmarks yet")
    failed = []
    for name in names or scripts:
        print(f"==> bench: {name}", flush=True)
        if subprocess.run([sys.executable, str(scripts[name])], cwd=HERE.parent, check=False).returncode:
            failed.append(name)
    if failed:
        print(f"bench: failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

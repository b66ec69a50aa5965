"""The same model in REMFlow 0.1.2: 200 events of 30 members, eight effects, every pair at risk.

REMFlow is no dependency; name an interpreter that has it in ``REMFLOW_PYTHON``, or its step is left out. Both programs
must reach the same log-likelihood. REMFlow's memory is shown as no less than that of this process, which starts it.
"""

from __future__ import annotations

import os
import resource
import subprocess
from pathlib import Path

import pandas as pd
from measure import Clock, growth

from coplearn import REM
from coplearn import effects as fx
from coplearn.events import EventSequence

DATA = Path(__file__).parents[1] / "tests" / "data"
THEIRS = """
import sys
import pandas as pd
from remflow import remify, remstats, remstimate
events = pd.read_csv(sys.argv[1]).head(int(sys.argv[3]))
actors = pd.read_csv(sys.argv[2]).rename(columns={"id": "name"}).assign(time=0)
events.columns = ["time", "actor1", "actor2"]
history = remify(events, actors=list(range(1, 31)), ordinal=True, model="tie")
effects = "~ inertia() + reciprocity() + otp() + psABBA() + send('x') + receive('x') + same('group') + rrankReceive()"
statistics = remstats(history, tie_effects=effects, attr_actors=actors, first=1)
print(remstimate(history, statistics, backend="numpy").loglik)
"""


def work(size: int, clock: Clock) -> None:
    files = [str(DATA / f"rem_synth_small_{name}.csv") for name in ("events", "actors")]
    events = EventSequence.from_frame(
        pd.read_csv(files[0]).head(size), pd.read_csv(files[1]).set_index("id"), origin=0.0
    )
    names = ["inertia", "reciprocity", "otp", "psABBA"]
    effects = [*map(fx.remstats, names), fx.remstats("send", "x"), fx.remstats("receive", "x")]
    effects += [fx.remstats("same", "group"), fx.remstats("rrankReceive")]
    REM(events, effects).fit()  # compiled code is read from disk
    with clock("coplearn"):
        res = REM(events, effects).fit()
    if "REMFLOW_PYTHON" in os.environ:
        command = [os.environ["REMFLOW_PYTHON"], "-W", "ignore", "-c", THEIRS, *files, str(size)]
        with clock("REMFlow"):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert abs(float(said) - res.llf) < 1e-3, (said, res.llf)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        clock.steps["REMFlow"].update(cpu_s=round(spent, 4), peak_mb=round(after.ru_maxrss / 1024, 1))


if __name__ == "__main__":
    growth("remflow", sizes=(200,), work=work)

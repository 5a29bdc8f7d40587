"""How long the table of many sessions takes: 5,000 of them with 30 hyperparameters and 10 metrics.

python -m tests.benchmarks.sessions [SESSIONS]
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from tbcore.analysis import hparams, importance, sheets
from tbcore.analysis.measures import Measure
from tbcore.formats.tfrecord import EventWriter
from tbcore.store.logdir import Logdir

SESSIONS, HPARAMS, METRICS, POINTS = 5000, 30, 10, 20

Result = TypeVar("Result")


def write(folder: Path, sessions: int) -> None:
    """Write the sessions: hyperparameters of every type, metrics that two of them decide."""
    rng = np.random.default_rng(0)
    for number in range(sessions):
        values: dict[str, bool | float | str] = {}
        for place in range(HPARAMS):
            name = f"h{place:02}"
            values[name] = (
                str(rng.choice(["adam", "sgd", "lion"])),
                bool(rng.integers(2)),
                float(10 ** rng.uniform(-5, -1)),
                float(2 ** rng.integers(3, 9)),
                float(rng.random()),
            )[place % 5]
        loss = abs(np.log10(float(values["h02"])) + 3) + (values["h00"] == "sgd")
        now = 1.75e9 + 10 * number
        with EventWriter(folder / f"run{number:05}", clock=lambda now=now: now) as writer:
            writer.hparams(values)
            for step in range(POINTS):
                points = loss + rng.normal(0, 0.1, METRICS) + 1 / (1 + step)
                writer.scalars({f"loss/{place}": float(point) for place, point in enumerate(points)}, step, now + step)
            writer.session_end()


def timed(words: str, make: Callable[[], Result]) -> Result:
    """Print how long `make` takes, and return what it makes."""
    start = time.perf_counter()
    found = make()
    print(f"  {words:<44} {time.perf_counter() - start:8.3f} s", flush=True)
    return found


def main(sessions: int = SESSIONS) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as scratch:
        write(Path(scratch), sessions)
        print(f"{sessions:,} sessions, {HPARAMS} hyperparameters, {METRICS} metrics of {POINTS} points")
        logdir = Logdir(scratch)
        timed("reading all files", logdir.refresh)
        runs = logdir.runs
        timed("finding the series of every run", lambda: [run.series for run in runs])
        by_name = {run.name: run for run in runs}
        measures = [Measure(f"loss/{place}") for place in range(METRICS)]
        least = [Measure(f"loss/{place}", how="min") for place in range(METRICS)]

        def sheet(found: hparams.Experiment, wanted: list[Measure]) -> sheets.Sheet:
            return hparams.sheet(found, lambda run, tag: by_name[run].series.get(("scalars", tag)), wanted)

        timed("sessions, read for the first time", lambda: hparams.experiment(runs))
        found = timed("sessions, again", lambda: hparams.experiment(runs))
        whole = timed("the table with last values", lambda: sheet(found, measures))
        timed("the table with least values, first time", lambda: sheet(found, least))
        timed("the table with least values, again", lambda: sheet(found, least))
        low, high = np.quantile(whole.cells["hp:h04"].values, (0.2, 0.8))
        some = [sheets.Filter("hp:h04", low=float(low), high=float(high)), sheets.Filter("hp:h00", values=("adam",))]
        timed("two filters", lambda: sheets.only(whole, sheets.passing(whole, some)))
        timed("the order of a column", lambda: sheets.order(whole, "m:last:loss/0", descending=True))
        timed("as CSV", lambda: sheets.to_csv(whole))
        thousand = sheets.only(whole, np.arange(min(1000, sessions)))
        keys = [column.key for column in thousand.of("hparam")]
        ranked = timed("importance over 1,000", lambda: importance.importance(thousand, "m:last:loss/0", keys))
        print("  first:", ", ".join(row.key for row in ranked.rows[:3]))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SESSIONS)

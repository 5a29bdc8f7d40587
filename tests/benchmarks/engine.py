"""Measure the engine against its bars: `python -m tests.benchmarks.engine [--small] [--folder DIR] [NAME ...]`.

Prints one row per measurement: the best of its rounds, the bar, and whether it holds. --small divides every size by
20, to try the benchmarks out. Files are written below DIR (default: a temporary folder) and deleted afterwards; at full size they
take up to 2.1 GB at a time. Times are those of a warm file cache.
"""

import argparse
import gc
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tbcore.analysis import histograms
from tbcore.formats import scan
from tbcore.series import Series
from tbcore.store.logdir import Logdir
from tests import eventfile as ef

NAME = "events.out.tfevents.1.host"
FIRST_STEP = 1 << 14  # steps of three varint bytes, so that all records of a tag are equally long


@dataclass(frozen=True)
class Measurement:
    """One number against its bar."""

    name: str
    value: float
    unit: str
    bar: float | None

    def __str__(self) -> str:
        held = "" if self.bar is None else f"  bar {self.bar:>7,.2f}  {'ok' if self.value <= self.bar else 'MISSED'}"
        return f"{self.name:<58} {self.value:>10,.2f} {self.unit:<4}{held}"


# Files ---------------------------------------------------------------------------------------------------------------


@njit(nogil=True, cache=True)
def _sign(records: NDArray[np.uint8], size: int) -> None:
    """Put the checksums into records [n, size] whose lengths and data are in place; rows hold padding after `size`."""
    for row in range(records.shape[0]):
        record = records[row]
        for start, length, at in ((0, 8, 8), (12, size - 16, size - 4)):
            crc = scan._masked_crc(record, start, length)
            for byte in range(4):
                record[at + byte] = (crc >> np.uint32(8 * byte)) & np.uint32(0xFF)


def scalars(path: Path, tags: int, steps: int, seed: int = 0) -> None:
    """Write `steps` steps of `tags` scalars each, one event per value, as PyTorch does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sample = np.frombuffer(ef.scalar(FIRST_STEP, "group/metric_00", 1.0), np.uint8)
    name = sample.tobytes().index(b"metric_00") + len(b"metric_")
    rng = np.random.default_rng(seed)
    with path.open("wb") as file:
        file.write(ef.version())
        for first in range(0, steps, 2000):
            count = min(2000, steps - first)
            records = np.zeros((count * tags, len(sample) + scan.PADDING), np.uint8)
            records[:, : len(sample)] = sample
            step = np.repeat(np.arange(first, first + count) + FIRST_STEP, tags)
            tag = np.tile(np.arange(tags), count)
            put(records, 13, (ef.T0 + step * 0.05 + tag * 1e-5).astype("<f8"))
            for byte in range(3):
                records[:, 22 + byte] = (step >> (7 * byte) & 0x7F) | (0x80 if byte < 2 else 0)
            records[:, name] = ord("0") + tag // 10
            records[:, name + 1] = ord("0") + tag % 10
            put(records, len(sample) - 8, rng.standard_normal(count * tags).astype("<f4"))
            _sign(records, len(sample))
            records[:, : len(sample)].tofile(file)


def put(records: NDArray[np.uint8], at: int, values: NDArray[np.generic]) -> None:
    """Put the bytes of `values` [n] into each of records [n, size] at `at`."""
    records[:, at : at + values.itemsize] = values.view(np.uint8).reshape(len(values), values.itemsize)


def images(path: Path, count: int, size: int, points: int) -> None:
    """Write `count` images of `size` bytes, with `points` scalars between them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = np.random.default_rng(0).bytes(size)
    with path.open("wb") as file:
        file.write(ef.version())
        for step in range(count):
            file.write(ef.record(ef.event(step, ef.image("image", 512, 512, step.to_bytes(8, "little") + body))))
            file.write(b"".join(ef.scalar(step * points // count + k, "loss", 1.0) for k in range(points // count)))


def many_histograms(path: Path, form: str, steps: int, tags: int, buckets: int) -> None:
    """Write `steps` steps of `tags` histograms each, as PyTorch writes them ("histo") or as TensorFlow does ("tensor")."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    variants = []
    for _ in range(16):
        values = []
        for tag in range(tags):
            edges = np.linspace(-rng.random(), rng.random() + 1, buckets + 1)
            counts = rng.integers(1, 1000, buckets).astype(float)
            if form == "histo":
                totals = (float(counts.sum()), 0.0, 0.0)
                values.append(ef.histo(f"tag_{tag}", edges[1:], counts, edges[0], edges[-1], totals=totals))
            else:
                rows = np.column_stack((edges[:-1], edges[1:], counts)).ravel()
                values.append(ef.tensor(f"tag_{tag}", "double", rows, (buckets, 3), ef.metadata("histograms")))
        variants.append(values)
    with path.open("wb") as file:
        file.write(ef.version())
        for step in range(steps):
            file.write(ef.record(ef.event(step, *variants[step % 16])))


# Measuring -----------------------------------------------------------------------------------------------------------


def best(rounds: int, act: Callable[[], object]) -> float:
    """Return the shortest time of `rounds`, in seconds."""
    times = []
    for _ in range(rounds):
        gc.collect()
        began = time.perf_counter()
        kept = act()
        times.append(time.perf_counter() - began)
        del kept
    return min(times)


def cold(folder: Path) -> Logdir:
    """Return a logdir read for the first time."""
    logdir = Logdir(folder)
    logdir.refresh()
    return logdir


def points(logdir: Logdir) -> int:
    return sum(run.points for run in logdir.runs)


def resident(field: str) -> float:
    """Return the memory this process holds now (VmRSS), or held at most (VmHWM), in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(f"{field}:"))


# Benchmarks ----------------------------------------------------------------------------------------------------------


def many_runs(folder: Path, scale: int) -> list[Measurement]:
    runs = 1000 // scale
    scalars(folder / "first" / NAME, 5, 20)
    for number in range(runs - 1):
        target = folder / f"group_{number % 10}" / f"run_{number:04d}" / NAME
        target.parent.mkdir(parents=True)
        shutil.copyfile(folder / "first" / NAME, target)
    loaded = best(5, lambda: cold(folder))
    logdir = cold(folder)
    assert points(logdir) == runs * 100
    fresh = best(10, logdir.refresh)
    time.sleep(2.1)  # seconds after which folders are trusted not to have changed unnoticed
    logdir.refresh()
    settled = best(10, logdir.refresh)
    found = best(5, lambda: logdir.find("scalars"))
    return [
        Measurement(f"{runs:,} runs of 100 points: cold load", loaded * 1e3, "ms", 500.0),
        Measurement(f"{runs:,} runs: refresh, nothing new, folders just written", fresh * 1e3, "ms", 50.0),
        Measurement(f"{runs:,} runs: refresh, nothing new", settled * 1e3, "ms", 50.0),
        Measurement(f"{runs:,} runs: find all {runs * 5:,} series", found * 1e3, "ms", None),
    ]


def one_large_file(folder: Path, scale: int) -> list[Measurement]:
    steps = 300_000 // scale
    several, one = folder / "several", folder / "one"
    for number in range(20):
        scalars(several / f"run_{number:02d}" / NAME, 50, steps // 20, number)
    total = steps * 50
    assert points(cold(several)) == total
    scalars(one / NAME, 50, steps)
    assert points(cold(one)) == total
    split = whole = float("inf")
    for _ in range(5):  # in turns, since what else the machine does changes within seconds
        split = min(split, best(1, lambda: cold(several)))
        whole = min(whole, best(1, lambda: cold(one)))
    return [
        Measurement(f"{total / 1e6:,.2f} M points in 20 files: cold load", split * 1e3, "ms", None),
        Measurement(f"{total / 1e6:,.2f} M points in one file: cold load", whole * 1e3, "ms", None),
        Measurement("one file by 20 files", whole / split, "x", 1.3),
    ]


def much_media(folder: Path, scale: int) -> list[Measurement]:
    count = 2000 // scale
    images(folder / "run" / NAME, count, 1_000_000, 10_000)
    command = [sys.executable, "-m", "tests.benchmarks.engine", "--resident", str(folder)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    growth, seconds, read = (float(word) for word in printed.split())
    assert read == count + 10_000 // count * count
    return [
        Measurement(f"{count / 1e3:,.2f} GB of images, 10,000 scalars: memory grows by", growth, "MB", 50.0),
        Measurement(f"{count / 1e3:,.2f} GB of images, 10,000 scalars: cold load", seconds * 1e3, "ms", None),
    ]


def print_resident(folder: Path) -> None:
    """Print by how many MB reading `folder` makes this process grow at its most, the seconds it takes, and the points."""
    scan.warm()
    with tempfile.TemporaryDirectory() as other:
        scalars(Path(other) / NAME, 5, 1000)
        cold(Path(other))
    before = resident("VmRSS")
    began = time.perf_counter()
    logdir = cold(folder)
    seconds = time.perf_counter() - began
    print(resident("VmHWM") - before, seconds, points(logdir))


def many_tags(folder: Path, scale: int) -> list[Measurement]:
    tags = 100_000 // scale
    data = [ef.scalar(step, f"layer_{number}/weight", number) for step in range(2) for number in range(tags)]
    ef.write(folder / NAME, ef.version(), *data)
    loaded = best(3, lambda: cold(folder))
    logdir = cold(folder)
    assert points(logdir) == 2 * tags
    before = logdir.runs[0]
    found = best(1, lambda: logdir.find("scalars"))
    with (folder / NAME).open("ab") as file:
        file.write(b"".join(data[:50]))
    grown = best(1, logdir.refresh)
    assert logdir.runs[0] is not before
    return [
        Measurement(f"{tags:,} tags of 2 points: cold load", loaded * 1e3, "ms", None),
        Measurement(f"{tags:,} tags: find them all, the first time", found * 1e3, "ms", None),
        Measurement(f"{tags:,} tags: refresh, 50 new points", grown * 1e3, "ms", None),
    ]


def heat_maps(folder: Path, scale: int) -> list[Measurement]:
    steps = 10_000 // scale
    measured = []
    for form, writer in (("histo", "PyTorch"), ("tensor", "TensorFlow")):
        many_histograms(folder / form / NAME, form, steps, 20, 30)
        logdir = cold(folder / form)
        series = next(one for one in logdir.find("histograms") if one.tag == "tag_7")
        known = histograms.table(series)
        assert (len(known), len(known.counts), known.problems) == (steps, steps * 30, ())
        edges = histograms.edges(known)
        what = f"{steps:,} histograms of one of 20 tags, {writer}"
        measured += [
            Measurement(f"{what}: table", best(5, lambda series=series: histograms.table(series)) * 1e3, "ms", 150.0),
            Measurement(f"{what}: heat map", best(5, lambda series=series: heat_map(series)) * 1e3, "ms", 500.0),
            Measurement("    edges", best(5, lambda known=known: histograms.edges(known)) * 1e3, "ms", None),
            Measurement(
                "    rebinned",
                best(5, lambda known=known, edges=edges: histograms.rebinned(known, edges)) * 1e3,
                "ms",
                None,
            ),
            Measurement("    percentiles", best(5, lambda known=known: histograms.quantiles(known)) * 1e3, "ms", None),
            Measurement("    statistics", best(5, lambda known=known: histograms.statistics(known)) * 1e3, "ms", None),
            Measurement("    change", best(5, lambda known=known: histograms.change(known)) * 1e3, "ms", None),
        ]
    return measured


def heat_map(series: Series) -> NDArray[np.float64]:
    known = histograms.table(series)
    return histograms.rebinned(known, histograms.edges(known))


BENCHMARKS = {
    "runs": many_runs,
    "large": one_large_file,
    "media": much_media,
    "tags": many_tags,
    "histograms": heat_maps,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--resident", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.resident is not None:
        print_resident(chosen.resident)
        return 0
    scan.warm()
    missed = 0
    for name in chosen.names or BENCHMARKS:
        with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
            for measured in BENCHMARKS[name](Path(folder), 20 if chosen.small else 1):
                print(measured, flush=True)
                missed += measured.bar is not None and measured.value > measured.bar
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

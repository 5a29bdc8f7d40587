"""How data reaches a training step: what tf.data spends its time on, and how long each step waits for data, whoever loads it.

    found = analysis(trace)                       # of TensorFlow's operations of input
    found.preprocessing, found.operations         # nanoseconds; one row per operation
    waiting(trace, loads, steps)                  # of anything: which names wait, how often, how long, in which step

Source: xprof's input pipeline analyzer: equal to it on the samples.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tbcore.analysis import profile_words as words
from tbcore.analysis import xla_ops
from tbcore.analysis.profile_forms import Steps
from tbcore.analysis.xla_groups import picoseconds
from tbcore.formats.trace import ANNOTATION, OP, Trace

Ints = NDArray[np.int64]

ENQUEUE, DEMANDED, ADVANCED, PREPROCESSING = "Enqueue", "Demanded file read", "Advanced file read", "Preprocessing"
UNCLASSIFIED = "Other"
SLOW = 50_000  # nanoseconds: a call of an iterator longer than this is slow

_READERS = ("TFRecord", "TextLine", "FixedLengthRecord", "SSTable", "RecordIO", "ArrayRecord")
_AHEAD = ("::MemoryReader", "::MemoryWriter", "::Interleave", "::Prefetch", "::ParallelMap")
# Iterators that work in threads of their own.
_ASYNC = frozenset(
    ("Prefetch", "ParallelInterleave", "ParallelMap", "ParseExample", "MapAndBatch", "DataService", "LegacyParallelInterleave",
     "ParallelBatch")
)  # fmt: skip
_BY_HAND = ("infeedenqueue", "memcpyhtod", "memcpyh2d")

# What to do about the kind of time that is longest.
ADVICE = {
    ENQUEUE: "Hand over fewer and larger pieces: batch before the transfer, and keep batches in pinned memory.",
    DEMANDED: "Read ahead: `dataset.prefetch(tf.data.AUTOTUNE)`, `interleave(..., num_parallel_calls=tf.data.AUTOTUNE)`, "
    "and a larger `buffer_size` of the reader.",
    ADVANCED: "Reading ahead does not keep up: raise `cycle_length` of `interleave`, `buffer_size` of the reader, or spread the "
    "data over more files.",
    PREPROCESSING: "`dataset.map(f, num_parallel_calls=tf.data.AUTOTUNE)`, work on whole batches, keep what does not change with "
    "`dataset.cache()`, or do the work once, before training.",
    UNCLASSIFIED: "What reads or makes the data is not known to the profiler: `tf.data` would tell more.",
}
# Advice for the iterator in which the time goes, by how its name ends; the first that fits counts.
_ITERATORS = (
    (("TFRecord", "TextLine", "FixedLengthRecord", "SSTable", "RecordIO", "ArrayRecord", "Generator", "FromGenerator"),
     "is where the data comes from: read several files at once with `interleave(..., num_parallel_calls=tf.data.AUTOTUNE)`."),
    (("DataService",), "is slow: give the data service more workers."),
    (("Map", "Interleave", "Batch", "FlatMap"),
     "runs one element at a time: pass `num_parallel_calls=tf.data.AUTOTUNE`."),
    (("MapAndBatch", "ParallelMap", "ParallelInterleave", "ParallelBatch"),
     "runs in parallel already: make the function cheaper, work on whole batches, or give it more threads."),
    (("Shuffle", "ShuffleAndRepeat"), "fills sooner with a smaller `buffer_size`."),
)  # fmt: skip


@dataclass(frozen=True)
class Pipeline:
    """What the host spends on input, nanoseconds over the whole recording.

    times: by class, in the order ENQUEUE, DEMANDED, ADVANCED, PREPROCESSING, UNCLASSIFIED. operations: one row per operation
    (operation, calls, total, share, self, self_share, category, row; the shares are of the own time of all). iterators: one row
    per iterator of tf.data (name, iterator, parent, depth, calls, shortest, average, longest, total, self, parallel, row), parents first.
    bottleneck: the iterator that takes the most of slow calls, "" where none is slow; advice: what to do.
    """

    times: dict[str, float]
    operations: pd.DataFrame
    iterators: pd.DataFrame
    bottleneck: str
    advice: tuple[str, ...]

    @property
    def total(self) -> float:
        """Return the nanoseconds of all classes."""
        return sum(self.times.values())


def category(name: str) -> str:
    """Return the class of an operation of input."""
    if name.lower().startswith(_BY_HAND):
        return ENQUEUE
    if name.endswith(tuple(f"::{reader}" for reader in _READERS)):
        return ADVANCED if any(one in name for one in _AHEAD) else DEMANDED
    return PREPROCESSING


def analysis(trace: Trace, steps: Steps | None = None) -> Pipeline:
    """Return what the host spends on input. steps: tell how much of a step transfers take, when they are known."""
    frame = xla_ops.statistics(trace)
    frame = frame[(frame["side"] == "Host") & ((frame["type"] == xla_ops.DATASET) | _by_hand(frame["operation"]))]
    frame = frame.reset_index(drop=True)
    frame["category"] = [category(name) for name in frame["operation"]]
    whole = float(frame["self"].sum())
    found = pd.DataFrame(
        {
            "operation": frame["operation"],
            "calls": frame["calls"],
            "total": frame["total"],
            "share": frame["total"] / whole if whole else 0.0,
            "self": frame["self"],
            "self_share": frame["self"] / whole if whole else 0.0,
            "category": frame["category"],
            "row": frame["row"],
        }
    )
    times = _classes(found, 0.0 if steps is None else steps.share("Input"))
    iterators = _iterators(trace)
    bottleneck = _bottleneck(iterators)
    told = [ADVICE[max(times, key=lambda name: times[name])]] if any(times.values()) else []
    if bottleneck:
        name = bottleneck.rpartition("::")[2]
        told += [f"{words.code(name)} {sentence}" for ends, sentence in _ITERATORS if name in ends][:1]
    return Pipeline(times, found, iterators, bottleneck, tuple(told))


def _by_hand(names: "pd.Series[str]") -> NDArray[np.bool_]:
    return np.array([name.lower().startswith(_BY_HAND) for name in names], np.bool_)


def _classes(found: pd.DataFrame, ratio: float) -> dict[str, float]:
    """Return the time of each class. ratio: of a step that goes to transfers, which tells how much of it is not enqueueing."""
    own = {
        name: float(found.loc[found["category"] == name, "self"].sum())
        for name in (ENQUEUE, DEMANDED, ADVANCED, PREPROCESSING)
    }
    classified = own[DEMANDED] + own[ADVANCED] + own[PREPROCESSING]
    ratio = min(1.0, ratio)
    beside = own[ENQUEUE] * (1 - ratio) / ratio if ratio and own[ENQUEUE] else classified
    scale = min(1.0, beside / classified) if classified else 0.0
    times = {ENQUEUE: own[ENQUEUE]} | {name: own[name] * scale for name in (DEMANDED, ADVANCED, PREPROCESSING)}
    times[UNCLASSIFIED] = max(0.0, beside - sum(times[name] for name in (DEMANDED, ADVANCED, PREPROCESSING)))
    return times


def _iterators(trace: Trace) -> pd.DataFrame:
    """Return one row per iterator of tf.data, by its number, parents first."""
    names = [
        "name",
        "iterator",
        "parent",
        "depth",
        "calls",
        "shortest",
        "average",
        "longest",
        "total",
        "self",
        "parallel",
        "row",
    ]
    ids = trace.columns.get("id")
    rows = np.flatnonzero((trace.role == OP) & trace.matching(lambda name: name.startswith("Iterator::")))
    if ids is None or ids.words or not len(rows):
        return pd.DataFrame({name: [] for name in names})
    numbers = np.zeros(len(trace), np.int64)
    numbers[ids.rows] = ids.values
    above = np.zeros(len(trace), np.int64)
    parents = trace.columns.get("parent_id")
    if parents is not None and not parents.words:
        above[parents.rows] = parents.values
    start, duration = picoseconds(trace)
    order = rows[np.lexsort((rows, -duration[rows], start[rows], trace.lane[rows]))]
    own = xla_ops.own(trace.lane[order], start[order], duration[order])
    distinct, first, key = np.unique(numbers[order], return_index=True, return_inverse=True)
    lasts = duration[order]
    count = np.bincount(key)
    total = np.bincount(key, lasts) / 1000
    shortest, longest = np.full(len(distinct), np.inf), np.zeros(len(distinct))
    np.minimum.at(shortest, key, lasts / 1000)
    np.maximum.at(longest, key, lasts / 1000)
    slowest = np.zeros(len(distinct), np.int64)
    by_length = np.argsort(lasts, kind="stable")
    slowest[key[by_length]] = order[by_length]
    parent_of = dict(zip(distinct.tolist(), above[order[first]].tolist(), strict=True))
    found = pd.DataFrame(
        {
            "name": [trace.named(int(row)).rpartition("::")[2] for row in order[first].tolist()],
            "iterator": [trace.named(int(row)) for row in order[first].tolist()],
            "parent": [parent_of[one] if parent_of[one] in parent_of else 0 for one in distinct.tolist()],
            "depth": [_depth(one, parent_of) for one in distinct.tolist()],
            "calls": count,
            "shortest": shortest,
            "average": total / count,
            "longest": longest,
            "total": total,
            "self": np.bincount(key, own) / 1000,
        }
    )
    found["parallel"] = found["name"].isin(_ASYNC)
    found["row"] = slowest
    return found.sort_values(["depth", "iterator"], kind="stable", ignore_index=True)


def _depth(one: int, parent_of: dict[int, int]) -> int:
    """Return how many iterators ask this one, through each other; a chain that bites its tail ends."""
    seen = {one}
    while parent_of.get(one, 0) in parent_of and parent_of[one] not in seen:
        one = parent_of[one]
        seen.add(one)
    return len(seen) - 1


def _bottleneck(iterators: pd.DataFrame) -> str:
    """Return the iterator that takes the most of its own, where calls are slow: of a parallel one it is what it waits for."""
    slow = iterators[iterators["average"] > SLOW] if len(iterators) else iterators
    # What only waits for the thread below it is not to blame.
    working = slow[slow["name"] != "Prefetch"] if len(slow) else slow
    return "" if not len(working) else str(working.sort_values("self", ascending=False)["iterator"].iloc[0])


# Whoever loads -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Waiting:
    """How long steps wait for data. step [s]: nanoseconds per step; names: one row per name that waits.

    names: name, calls, total, average, longest (nanoseconds), share (of all steps), row (of the longest call), the longest first. A moment in
    which several wait inside each other counts once, for the outermost.
    """

    step: Ints
    names: pd.DataFrame


def waiting(trace: Trace, loads: Callable[[str], bool], steps: Steps) -> Waiting:
    """Return how long steps wait for data in what `loads` tells by its name, in annotations and operations of the host."""
    device = np.array([lane.is_device for lane in trace.lanes], np.bool_)
    host = ~device[trace.lane] if len(trace.lanes) else np.zeros(len(trace), np.bool_)
    named = host & np.isin(trace.role, (ANNOTATION, OP)) & trace.matching(loads)
    named &= ~trace.matching(lambda name: name.startswith("Iterator::"))  # which work ahead, in threads of their own
    named |= host & trace.matching(lambda name: name.startswith("IteratorGetNext"))
    starting = np.isin(trace.start, steps.starts) & np.isin(trace.duration, steps.totals)
    named &= ~starting  # a step is no waiting, whatever it is called
    rows = np.flatnonzero(named)
    inside = np.zeros(len(rows), np.bool_)
    above = trace.parent[rows]
    while (above >= 0).any():
        inside |= (above >= 0) & named[above]
        above = np.where(above >= 0, trace.parent[above], -1)
    rows = rows[~inside]
    step = np.zeros(len(steps), np.int64)
    begin, end = trace.start[rows], trace.end[rows]
    for place, (first, last) in enumerate(zip(steps.starts.tolist(), steps.ends.tolist(), strict=True)):
        step[place] = np.clip(np.minimum(end, last) - np.maximum(begin, first), 0, None).sum()
    codes, first_at, key = np.unique(trace.name[rows], return_index=True, return_inverse=True)
    del first_at
    lasts = trace.duration[rows].astype(np.float64)
    slowest = np.zeros(len(codes), np.int64)
    by_length = np.argsort(lasts, kind="stable")
    slowest[key[by_length]] = rows[by_length]
    count = np.bincount(key, minlength=len(codes))
    total = np.bincount(key, lasts, len(codes))
    within = _inside(begin, end, steps)
    whole = int(steps.totals.sum())
    frame = pd.DataFrame(
        {
            "name": [trace.names[int(code)] for code in codes],
            "calls": count,
            "total": total,
            "average": total / np.maximum(count, 1),
            "longest": trace.duration[slowest].astype(np.float64) if len(codes) else np.zeros(0),
            "share": np.bincount(key, within, len(codes)) / whole if whole else np.zeros(len(codes)),
            "row": slowest,
        }
    )
    return Waiting(step, frame.sort_values(["total", "name"], ascending=[False, True], ignore_index=True))


def _inside(begin: Ints, end: Ints, steps: Steps) -> NDArray[np.float64]:
    """Return how much of each span lies in steps."""
    found = np.zeros(len(begin))
    for first, last in zip(steps.starts.tolist(), steps.ends.tolist(), strict=True):
        found += np.clip(np.minimum(end, last) - np.maximum(begin, first), 0, None)
    return found


def loaders(trace: Trace, named: Waiting) -> tuple[str, ...]:
    """Return what to change in code where steps wait for data, by who loads it."""
    if not len(named.names):
        return ()
    first = str(named.names["name"].iloc[0])
    if re.search(r"_SingleProcessDataLoaderIter", first):
        return (
            "The data is loaded by the process that trains: `DataLoader(..., num_workers=4, persistent_workers=True)` loads it in others meanwhile.",
            "On a GPU add `pin_memory=True` and move batches with `batch.to(device, non_blocking=True)`.",
        )
    if re.search(r"_MultiProcessingDataLoaderIter", first):
        return (
            "The workers do not keep up: raise `num_workers` up to the number of cores, and `prefetch_factor`.",
            "If that does not help, the work per sample is too much: decode smaller pictures, collate in the workers, cache what does not change.",
        )
    if "IteratorGetNext" in first:
        return (
            "`dataset.prefetch(tf.data.AUTOTUNE)` at the end of the pipeline, and `num_parallel_calls=tf.data.AUTOTUNE` in `map`.",
        )
    if trace.source == "xplane":
        return (
            "Load the next batch in a thread or process while the device computes, and move it there ahead: `jax.device_put` returns at once.",
        )
    return ("Load the next batch in another thread or process while this one trains, and keep one ready.",)


def shares(steps: Steps, waiting: Waiting) -> Steps:
    """Return the steps split into waiting for data, "Input", and all else.

    What the steps themselves say of it counts; where they say nothing, what waits by its name.
    """
    own = steps.part("Input", "DataLoader")
    waits = own if own.any() else np.minimum(waiting.step, steps.totals)
    parts = np.stack([waits, steps.totals - waits], axis=1).astype(np.int64)
    return Steps(("Input", "All others"), steps.names, steps.starts, steps.totals, parts.reshape(-1, 2))


_ENOUGH = 0.05  # of the time of the steps; less waiting is no reason to change anything


def advice(trace: Trace, waits: Steps, waiting: Waiting, pipeline: Pipeline) -> tuple[str, ...]:
    """Return what to change so that steps wait less, nothing where they hardly wait."""
    if waits.share("Input") < _ENOUGH:
        return ()
    if len(pipeline.operations):
        return pipeline.advice
    return loaders(trace, waiting)

"""What operations of TensorFlow and JAX cost, on the host and on the devices.

    frame = statistics(trace)                     # one row per operation, the costly first, IDLE among them
    frame = operators(trace)                      # the same in the columns of profile_ops

An operation is an event whose name says one ("MatMul_1:MatMul", "Iterator::Root::Prefetch"), or one of XLA on a TPU. Its own time
is without the operations that lie in it.
Source: xprof's op_metrics: equal to it on the samples, to the nanosecond.
"""

import itertools
import re

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from tbcore.analysis.profile_groups import enclosing
from tbcore.analysis.xla_groups import picoseconds
from tbcore.formats.trace import KERNEL, Trace

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]

IDLE = "IDLE"
DATASET = "Dataset"
_NAMED = re.compile(r"([A-Za-z0-9.][A-Za-z0-9_./>-]*):([A-Z_][A-Za-z0-9_]*)")
_JAX = re.compile(r"(.+):([a-z_][a-z0-9_]*(?:\[.*\])?)?", re.DOTALL)
_UNKNOWN = "Unknown"


def named(name: str) -> tuple[str, str]:
    """Return the operation and its type that an event's name on a host says, "" twice for none."""
    if name.startswith("Iterator::"):
        return name, DATASET
    match = _NAMED.fullmatch(name)
    return (match[1], match[2]) if match else ("", "")


def on_device(said: str, name: str) -> tuple[str, str]:
    """Return the operation and its type of an event on a device. said: what it was compiled from, "" when nothing tells."""
    match = _JAX.fullmatch(said) or _NAMED.fullmatch(said)
    if match is None:
        return said or name, _UNKNOWN
    return match[1], match[2] or match[1].rpartition("/")[2]


def statistics(trace: Trace) -> pd.DataFrame:
    """Return what each operation cost: one row per side ("Host", "Device") and operation, the costly first.

    Columns: side, type, operation, calls, total, self (nanoseconds, float), flops and bytes of all calls together, row (of the longest
    call, -1 for IDLE). IDLE is the time of the threads and cores with operations in which none ran, between the first and the last.
    """
    start, duration = _times(trace)
    rows, key, known = operations(trace, start, duration)
    begin, lasts, lane = start[rows], duration[rows], trace.lane[rows]
    alone = own(lane, begin, lasts)
    frame = pd.DataFrame(known, columns=["side", "type", "operation"])
    count = len(known)
    frame["calls"] = np.bincount(key, minlength=count)
    frame["total"] = np.bincount(key, lasts, count) / 1000
    frame["self"] = np.bincount(key, alone, count) / 1000
    frame["flops"] = _summed(trace, "flops", rows, key, count)
    frame["bytes"] = _summed(trace, "bytes_accessed", rows, key, count)
    longest = np.full(count, -1, np.int64)
    by_length = np.argsort(lasts, kind="stable")
    longest[key[by_length]] = rows[by_length]
    frame["row"] = longest
    sides = np.array([side for side, _kind, _operation in known], object)
    idle = _idle(lane, begin, lasts, alone, sides[key] if count else np.zeros(0, object))
    for side, left in idle.items():
        at = len(frame)
        frame.loc[at, ["side", "type", "operation"]] = side, IDLE, IDLE
        frame.loc[at, ["calls", "total", "self", "flops", "bytes", "row"]] = 0, left / 1000, left / 1000, 0.0, 0.0, -1
    frame = frame.astype({"calls": np.int64, "row": np.int64})
    return frame.sort_values(["self", "operation"], ascending=[False, True], kind="stable", ignore_index=True)


def operators(trace: Trace) -> pd.DataFrame:
    """Return what operations cost in the columns of `profile_ops.operators`, all times nanoseconds: one row per operation."""
    frame = statistics(trace)
    frame = frame[frame["type"] != IDLE]
    host, device = frame["side"] == "Host", frame["side"] == "Device"
    found = pd.DataFrame({"name": frame["operation"], "calls": frame["calls"]})
    for side, here in (("host", host), ("device", device)):
        for what in ("self", "total"):
            found[f"{side}_{what}"] = np.where(here, frame[what], 0).round().astype(np.int64)
    found["tensor_self"] = found["tensor_total"] = np.int64(0)
    found["eligible"] = False
    found["longest"] = frame["row"]
    return found.sort_values(["device_self", "host_self"], ascending=False, kind="stable", ignore_index=True)


def _times(trace: Trace) -> tuple[Ints, Ints]:
    """Return when events start and how long they take, in picoseconds, by the clock of the device where that is told."""
    start, duration = picoseconds(trace)
    offsets, lengths = trace.columns.get("device_offset_ps"), trace.columns.get("device_duration_ps")
    if offsets is not None and lengths is not None and not offsets.words and not lengths.words:
        rows = np.intersect1d(offsets.rows, lengths.rows)
        start[rows] = offsets.values[np.searchsorted(offsets.rows, rows)]
        duration[rows] = lengths.values[np.searchsorted(lengths.rows, rows)]
    return start, duration


def operations(
    trace: Trace, start: Ints, duration: Ints
) -> tuple[NDArray[np.intp], NDArray[np.intp], list[tuple[str, str, str]]]:
    """Return the events that are operations, lane by lane in order, the operation of each, and (side, type, operation) of all."""
    tpu = np.array([lane.process.startswith("/device:TPU") for lane in trace.lanes], np.bool_)
    hosts = np.array([not lane.is_device for lane in trace.lanes], np.bool_)
    said = trace.columns.get("tf_op")
    origin = np.full(len(trace), -1, np.int64)
    if said is not None and said.words:
        origin[said.rows] = said.values
    names = np.unique(trace.name).tolist()
    told = np.zeros(len(trace.names), np.bool_)
    told[[code for code in names if named(trace.names[code])[0]]] = True
    on_host = hosts[trace.lane] & told[trace.name] if len(trace) else np.zeros(0, np.bool_)
    on_tpu = tpu[trace.lane] & (trace.role == KERNEL) if len(trace) else np.zeros(0, np.bool_)
    rows = np.flatnonzero(on_host | on_tpu)
    rows = rows[np.lexsort((rows, -duration[rows], start[rows], trace.lane[rows]))]
    wide = len(trace.names) + 2  # both codes as one number, from which they come back
    pairs = trace.name[rows].astype(np.int64) * wide + np.where(on_tpu[rows], origin[rows], -2) + 2
    distinct, inverse = np.unique(pairs, return_inverse=True)
    found: dict[tuple[str, str, str], int] = {}
    codes = []
    for code, from_code in zip((distinct // wide).tolist(), (distinct % wide - 2).tolist(), strict=True):
        name = trace.names[code]
        if from_code == -2:
            operation, kind = named(name)
            key = ("Host", kind, operation)
        else:
            operation, kind = on_device(trace.names[from_code] if from_code >= 0 else "", name)
            key = ("Device", kind, operation)
        codes.append(found.setdefault(key, len(found)))
    return rows, np.array(codes, np.intp)[inverse], list(found)


def eager(trace: Trace) -> tuple[float, int, int]:
    """Return the share of the host's time in operations that ran eagerly, how long that was (nanoseconds), and the longest such row.

    The row is -1 without any. An operation runs eagerly when the event says so (`is_eager`), or when it lies in EagerKernelExecute and in
    no FunctionRun: a tf.function is executed by the same kernel, but by way of that. Idle time and iterators of tf.data do not count.
    """
    start, duration = _times(trace)
    rows, key, known = operations(trace, start, duration)
    if not len(rows):
        return 0.0, 0, -1
    alone = own(trace.lane[rows], start[rows], duration[rows])
    counts = np.array([side == "Host" and kind != DATASET for side, kind, _operation in known], np.bool_)[key]
    kernel, function = (
        enclosing(trace.parent, trace.matching(name.__eq__))[rows] for name in ("EagerKernelExecute", "FunctionRun")
    )
    runs = ((kernel >= 0) & (function < 0)) | (trace.column("is_eager", 0)[rows] > 0)
    runs &= counts
    whole, lost = int(alone[counts].sum()), int(alone[runs].sum())
    longest = int(rows[runs][alone[runs].argmax()]) if runs.any() else -1
    return (lost / whole if whole else 0.0), lost // 1000, longest


@njit(cache=True, nogil=True)
def own(lane: Codes, start: Ints, duration: Ints) -> Ints:
    """Return the time of each event without those that lie in it on its lane; sorted by lane, start, the longer first."""
    found = duration.copy()
    stack = np.empty(len(lane) + 1, np.int64)
    height = 0
    for index in range(len(lane)):
        if index and lane[index] != lane[index - 1]:
            height = 0
        while height and start[stack[height - 1]] + duration[stack[height - 1]] <= start[index]:
            height -= 1
        if height:
            found[stack[height - 1]] -= duration[index]
        stack[height] = index
        height += 1
    return found


def _summed(trace: Trace, name: str, rows: NDArray[np.intp], key: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    column = trace.columns.get(name)
    if column is None or column.words:
        return np.zeros(count)
    dense = np.zeros(len(trace))
    dense[column.rows] = column.values
    found: NDArray[np.float64] = np.bincount(key, dense[rows], count).astype(np.float64)
    return found


def _idle(lane: Codes, start: Ints, duration: Ints, own: Ints, side: NDArray[np.object_]) -> dict[str, int]:
    """Return the picoseconds in which threads and cores with operations ran none, by side."""
    found: dict[str, int] = {}
    cuts = np.concatenate(([0], np.flatnonzero(np.diff(lane)) + 1, [len(lane)])).tolist() if len(lane) else [0]
    for first, last in itertools.pairwise(cuts):
        ends = start[first:last] + duration[first:last]
        left = int(ends.max() - start[first:last].min() - own[first:last].sum())
        found[side[first]] = found.get(side[first], 0) + left
    return found

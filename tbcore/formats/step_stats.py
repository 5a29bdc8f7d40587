"""The times of operations that TensorFlow 1 and `tf.summary.trace_export` write into event files: RunMetadata -> a Trace.

    trace = read(data, key)

A device is a process, and its operations are laid out in lanes by the threads that ran them. Nanoseconds count where they are
written, else microseconds.
Source: tensorflow/core/framework/step_stats.proto.
"""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tbcore.errors import TraceError
from tbcore.formats import events, nesting
from tbcore.formats.schema import messages, parse, text, varint
from tbcore.formats.trace import (
    KERNEL,
    MEMCPY,
    OP,
    Column,
    Device,
    Flows,
    Instants,
    Lane,
    Memory,
    Trace,
)

_CLASSES = messages(
    "step_stats",
    """
RunMetadata
     1  step_stats              StepStats

StepStats
     1  dev_stats               DeviceStepStats             repeated

DeviceStepStats
     1  device                  string
     2  node_stats              NodeExecStats               repeated
     3  thread_names            ThreadName                  repeated

ThreadName
     1  key                     uint32
     2  value                   string

NodeExecStats
     1  node_name               string
     2  all_start_micros        int64
     3  op_start_rel_micros     int64
     4  op_end_rel_micros       int64
     5  all_end_rel_micros      int64
     6  memory                  AllocatorMemoryUsed         repeated
     8  timeline_label          string
     9  scheduled_micros        int64
    10  thread_id               uint32
    13  all_start_nanos         int64
    14  op_start_rel_nanos      int64
    15  op_end_rel_nanos        int64
    16  all_end_rel_nanos       int64
    17  scheduled_nanos         int64

AllocatorMemoryUsed
     1  allocator_name          string
     2  total_bytes             int64
     3  peak_bytes              int64
     4  live_bytes              int64
     5  allocator_bytes_in_use  int64
""",
)

_LONGEST = 1 << 62
_GPU = re.compile(r"(?i)/(?:device:)?(gpu|tpu):([0-9]{1,6})(?:/stream:(.+))?$")
# "[CPU] name = Op(inputs)": TensorFlow's label of an operation.
_LABEL = re.compile(r"(?s)(?:\[[^\]]*\] ?)?[^=]* = ([A-Za-z_][A-Za-z0-9_]*)\(")


# Which fields lead to the RunMetadata in a value of an event file, by the form that it was written in.
_PATHS = {"tagged_run_metadata": (2,), "tensor": (8,)}
PEEK = 4096  # bytes at the beginning of a value by which `measures` knows


def measures(data: bytes, form: str) -> bool:
    """Return whether a value of an event file measured operations; some hold graphs or devices alone.

    data: its first PEEK bytes; the first device tells.
    """
    at = 0
    for wanted in (*_PATHS.get(form, ()), 1, 1, 2):  # step_stats, dev_stats, node_stats
        while True:
            tag, at = varint(data, at)
            if at < 0 or tag & 7 not in (0, 2):
                return False
            value, at = varint(data, at)
            if at < 0:
                return False
            if tag & 7 == 2:
                if tag >> 3 == wanted:
                    break
                at += value
        if value == 0:
            return False
    return True


def unwrapped(data: bytes, form: str) -> bytes:
    """Return the RunMetadata in a value of an event file that was written in `form`. Raises FormatError."""
    found = events.payload(data, form)
    value: Any = found.value
    while isinstance(value, tuple | list) and len(value) == 1:
        value = value[0]
    if isinstance(value, np.ndarray):
        value = value.reshape(-1)[0] if value.size else b""
    if not isinstance(value, bytes):
        raise TraceError("this run metadata holds no message")
    return value


def read(data: bytes, key: str) -> Trace:
    """Return the operations that RunMetadata measured. Raises FormatError when it measured none."""
    stats = parse(_CLASSES["RunMetadata"], data).step_stats
    lanes: list[Lane] = []
    places: dict[tuple[str, str], int] = {}
    names: dict[str, int] = {"": 0}
    categories: dict[str, int] = {}
    rows: list[tuple[int, int, int, int, int, int]] = []  # start, duration, name, category, role, lane
    held: dict[str, list[tuple[int, int]]] = {}
    wrong = 0
    devices = []
    for order, device in enumerate(stats.dev_stats):
        process = text(device.device)
        match = _GPU.search(process)
        number = int(match[2]) if match else -1
        if match and not match[3]:
            devices.append(Device(number, process))
        threads = {entry.key: text(entry.value) for entry in device.thread_names}
        for node in device.node_stats:
            start, duration = _times(node)
            if start < 0 or duration < 0 or start + duration > _LONGEST:
                wrong += 1
                continue
            thread = threads.get(node.thread_id) or (
                f"stream {match[3]}" if match and match[3] else f"thread {node.thread_id}"
            )
            lane = places.setdefault((process, thread), len(lanes))
            if lane == len(lanes):
                lanes.append(
                    Lane(process, thread, str(order), str(node.thread_id), number, (int(number >= 0), order, lane))
                )
            name = text(node.node_name)
            kind = _kind(text(node.timeline_label))
            role = OP if number < 0 or not (match and match[3]) else MEMCPY if "memcpy" in name.lower() else KERNEL
            category = categories.setdefault(kind or "operation", len(categories))
            for what, value in _values(node):
                held.setdefault(what, []).append(
                    (len(rows), value if isinstance(value, int) else names.setdefault(value, len(names)))
                )
            rows.append((start, duration, names.setdefault(name, len(names)), category, role, lane))
    if not rows:
        raise TraceError(
            "this run metadata measured no operation: record it with `trace_level=FULL_TRACE` or `profiler=True`"
        )
    table = np.array(rows, np.int64)
    base = int(table[:, 0].min())
    begin = table[:, 0] - base
    order_of, depth, parent, crossing = nesting.nest(begin, table[:, 1], table[:, 5].astype(np.int32))
    inverse = np.empty(len(order_of), np.int64)
    inverse[order_of] = np.arange(len(order_of))
    table = table[order_of]
    nothing = np.zeros(0, np.int64)
    codes = np.zeros(0, np.int32)
    return Trace(
        key=key,
        source="step_stats",
        base=base,
        start=begin[order_of],
        duration=table[:, 1],
        name=table[:, 2].astype(np.int32),
        category=table[:, 3].astype(np.int16),
        role=table[:, 4].astype(np.uint8),
        lane=table[:, 5].astype(np.int32),
        depth=depth,
        parent=parent,
        place=order_of.astype(np.int32),
        names=list(names),
        categories=tuple(categories),
        lanes=tuple(lanes),
        columns={what: _column(found, inverse, what in ("label", "allocator")) for what, found in held.items()},
        flows=Flows(codes, codes, np.zeros(0, np.int8)),
        counters=(),
        memory=Memory(nothing, nothing, nothing, nothing, nothing, np.zeros(0, np.int16), np.zeros(0, np.int16), codes),
        instants=Instants(nothing, codes, codes),
        devices=tuple(devices),
        info={},
        notes=(f"{wrong:,} operations have times that cannot be: they are left out.",) if wrong else (),
        crossing=crossing,
    )


def _times(node: Any) -> tuple[int, int]:
    """Return when an operation started, and for how long it ran, in nanoseconds."""
    begin = node.all_start_nanos or node.all_start_micros * 1000
    first = node.op_start_rel_nanos or node.op_start_rel_micros * 1000
    last = node.op_end_rel_nanos or node.op_end_rel_micros * 1000
    if last <= first:
        first, last = 0, node.all_end_rel_nanos or node.all_end_rel_micros * 1000
    return begin + first, last - first


def _kind(label: str) -> str:
    match = _LABEL.match(label)
    return match[1] if match else ""


def _values(node: Any) -> Iterator[tuple[str, int | str]]:
    """Yield what else is known of an operation."""
    if node.timeline_label:
        yield "label", text(node.timeline_label)
    total = sum(memory.total_bytes for memory in node.memory)
    if 0 < total < _LONGEST:
        yield "bytes", total
        yield "allocator", text(node.memory[0].allocator_name)
    scheduled = node.scheduled_nanos or node.scheduled_micros * 1000
    begin = node.all_start_nanos or node.all_start_micros * 1000
    if 0 < scheduled <= begin:
        yield "queued", begin - scheduled


def _column(found: list[tuple[int, int]], inverse: NDArray[np.int64], words: bool) -> Column:
    table = np.array(found, np.int64)
    rows = inverse[table[:, 0]]
    order = np.argsort(rows, kind="stable")
    values = table[order, 1]
    return Column(rows[order].astype(np.int32), values.astype(np.int32) if words else values, words)

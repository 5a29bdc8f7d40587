"""The one form that every recording of what ran when is brought into: events as columns.

    trace = chrome_trace.read(pieces)             # or xplane.read(data), step_stats.read(data)
    trace.start, trace.duration                   # int64 [n], nanoseconds since `base`
    trace.named(row), trace.lanes[trace.lane[row]]
    trace.column("Input Dims")                    # what only some events have, here as codes of words
    trace.arguments(row)                          # all that was written with one event

Events are sorted by start, of equal ones the longer first, so that an event stands before all that it encloses. Times are whole
nanoseconds: what a file wrote as a decimal fraction of a microsecond is read from its digits, never through a float.
"""

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Source = Literal["pytorch", "xplane", "step_stats", "chrome"]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]

# What an event is, whatever the file calls it; an event's role is the place of its name in this list.
ROLES = (
    "other",
    "op",  # an operator on the host: cpu_op, Operator; a TensorFlow or XLA operation on a host thread
    "annotation",  # what the program named: user_annotation, TraceAnnotation, steps
    "runtime",  # calls of the driver or the runtime: launches, copies, waits
    "kernel",  # on a device
    "memcpy",  # on a device
    "memset",  # on a device
    "sync",  # cuda_sync: waiting of streams and events, drawn on the device
    "device_annotation",  # annotations projected on a stream, device-side steps and modules
    "python",  # frames of Python, modules
    "overhead",  # of the profiler itself
    "span",  # the whole recording
)
OTHER, OP, ANNOTATION, RUNTIME, KERNEL, MEMCPY, MEMSET, SYNC, DEVICE_ANNOTATION, PYTHON, OVERHEAD, SPAN = range(
    len(ROLES)
)
DEVICE_WORK = (KERNEL, MEMCPY, MEMSET)

# Columns that some events have. Numbers are int64 or float64; words are codes into `names`.
NUMBERS = (
    "correlation",  # int: a launch and what it started share it
    "External id",  # int: an operator and what it started share it
    "stream",  # int
    "bytes",  # int: of copies and of collectives
    "memory bandwidth (GB/s)",  # float
    "blocks per SM",  # float
    "warps per SM",  # float
    "est. achieved occupancy %",  # float
    "registers per thread",  # int
    "shared memory",  # int: bytes
    "queued",  # int
    "Sequence number",  # int
    "Fwd thread id",  # int
    "Python id",  # int
    "Python parent id",  # int
    "Python module id",  # int
    "In msg nelems",  # int
    "Out msg nelems",  # int
    "Group size",  # int
    "flops",  # float: of one call
    "group",  # int: number of the step an event belongs to (xplane)
)
WORDS = (
    "Input Dims",  # as JSON writes it: "[[8, 3, 16, 16], []]"
    "Input type",
    "Concrete Inputs",
    "Call stack",
    "grid",  # "[2, 1, 1]"
    "block",
    "Collective name",
    "dtype",
    "Process Group Name",
    "Process Group Ranks",
    "tf_op",  # "scope/name:Type"
    "hlo_op",
    "hlo_module",
    "shape",
)


@dataclass(frozen=True)
class Lane:
    """One row of the picture: a thread of the host, a stream of a device.

    pid, tid: as the file writes them, in words; device: number of the device, -1 on the host; order: sorts the lanes.
    """

    process: str
    thread: str
    pid: str
    tid: str
    device: int = -1
    order: tuple[int, ...] = ()

    @property
    def is_device(self) -> bool:
        """Return whether what happens here happens on a device."""
        return self.device >= 0


@dataclass(frozen=True)
class Device:
    """One device as the file describes it; NaN and 0 are what it does not say. memory: bytes."""

    number: int
    name: str
    memory: int = 0
    compute_major: int = 0
    compute_minor: int = 0
    multiprocessors: int = 0
    threads_per_multiprocessor: int = 0
    warp_size: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """Which part this recording has in a distributed job. ranks: of each process group, by its name."""

    rank: int
    world_size: int
    backend: str = ""
    ranks: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """Values that only some events have: rows int32 [m] ascending, values [m]; words: whether they are codes into `names`."""

    rows: Codes
    values: NDArray[Any]
    words: bool = False

    def dense(self, count: int, missing: float = -1) -> NDArray[Any]:
        """Return a value for each of `count` events, `missing` where there is none."""
        found = np.full(count, missing, self.values.dtype)
        found[self.rows] = self.values
        return found


@dataclass(frozen=True)
class Flows:
    """Arrows from event to event: rows of both ends int32 [m], kinds int8 [m] into `words` ("launch", "backward", others as written)."""

    source: Codes
    target: Codes
    kind: NDArray[np.int8]
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counter:
    """One number over time. times int64 [m] nanoseconds since the trace's base, ascending; values float64 [m]."""

    name: str
    process: str
    times: Ints
    values: NDArray[np.float64]


@dataclass(frozen=True)
class Memory:
    """Allocations (size > 0) and frees (size < 0), in order of time; all [m].

    allocated, reserved: bytes on the device after it, -1 where the file does not say; address: -1 likewise; device_type: 0 host,
    1 CUDA and so on; device: -1 for the host; lane: of the thread that did it.
    """

    times: Ints
    size: Ints
    address: Ints
    allocated: Ints
    reserved: Ints
    device_type: NDArray[np.int16]
    device: NDArray[np.int16]
    lane: Codes

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True)
class Instants:
    """Moments without duration, memory apart: times int64 [m], names int32 [m], lanes int32 [m] (-1: of the whole trace)."""

    times: Ints
    name: Codes
    lane: Codes


_DECODER = json.JSONDecoder(strict=False)


def loaded(text: str) -> Any:
    """Return the value that JSON text of a log stands for. Raises ValueError.

    Half of a pair of surrogates stands for no character and cannot be written anywhere: it becomes a question mark.
    """
    try:
        found = _DECODER.decode(text)
        if "\\ud" in text or "\\uD" in text:
            found = json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
    except RecursionError as error:
        raise ValueError("too deep") from error
    return found


class Arguments:
    """What was written with each event, kept compressed in blocks of whole events.

    blocks(i) returns the i-th compressed block; first int64 [blocks + 1]: the first event of each; ends int64 [n]: where the
    text of an event ends within its block, decompressed.
    """

    def __init__(self, blocks: Callable[[int], bytes], first: Ints, ends: Ints) -> None:
        self._blocks = blocks
        self.first = first
        self.ends = ends
        self._last = (-1, b"")

    def __call__(self, place: int) -> dict[str, Any]:
        """Return the arguments of the event at `place` in the order of the file, {} where there are none."""
        block = int(np.searchsorted(self.first, place, side="right")) - 1
        start = 0 if place == self.first[block] else int(self.ends[place - 1])
        end = int(self.ends[place])
        if end <= start:
            return {}
        text = self._unpacked(block)[start:end].decode("utf-8", "replace")
        try:
            found = loaded(text)
        except ValueError:
            return {"": text}  # damaged, but here to be seen
        return found if isinstance(found, dict) else {"": found}

    def _unpacked(self, number: int) -> bytes:
        """Return the text of one block; the last one asked for is kept, for those who read one after the other."""
        kept = self._last
        if kept[0] != number:
            kept = self._last = (number, zlib.decompress(self._blocks(number)))
        return kept[1]

    def block(self, number: int) -> bytes:
        """Return one compressed block."""
        return self._blocks(number)


@dataclass(frozen=True)
class Trace:
    """One recording. All columns [n], one entry per event; rows are places in them.

    key: changes with the content it was read from; base: nanoseconds since the epoch of time 0, 0 when the file tells only
    a clock of its own; category: codes into `categories`, the file's own words; role: places in ROLES; depth: how many
    events of its lane it lies in, or beside when they overlap without one holding the other; parent: row of the
    innermost event of its lane that encloses it, -1 for none; place: where it stood in the file, for `arguments`.
    notes: what was repaired or left out, one sentence each. crossing: how many events overlap another one of their lane without either
    enclosing the other.
    """

    key: str
    source: Source
    base: int
    start: Ints
    duration: Ints
    name: Codes
    category: NDArray[np.int16]
    role: NDArray[np.uint8]
    lane: Codes
    depth: NDArray[np.uint16]
    parent: Codes
    place: Codes
    names: Sequence[str]
    categories: tuple[str, ...]
    lanes: tuple[Lane, ...]
    columns: Mapping[str, Column]
    flows: Flows
    counters: tuple[Counter, ...]
    memory: Memory
    instants: Instants
    devices: tuple[Device, ...] = ()
    group: Group | None = None
    info: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    crossing: int = 0
    written: Arguments | None = field(default=None, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.start)

    @property
    def end(self) -> Ints:
        """Return when each event ends, int64 [n]."""
        return self.start + self.duration

    @cached_property
    def span(self) -> tuple[int, int]:
        """When the first event starts and the last one ends, (0, 0) without any."""
        return (int(self.start[0]), int(self.end.max())) if len(self) else (0, 0)

    def named(self, row: int) -> str:
        """Return the name of an event."""
        return self.names[int(self.name[row])]

    def of(self, *roles: int) -> NDArray[np.intp]:
        """Return the rows of events of these roles, in order."""
        return np.flatnonzero(np.isin(self.role, np.array(roles, np.uint8)))

    def column(self, name: str, missing: float = -1) -> NDArray[Any]:
        """Return a value for every event, `missing` where it has none or the file knows no such column."""
        found = self.columns.get(name)
        return np.full(len(self), missing, np.float64) if found is None else found.dense(len(self), missing)

    def matching(self, pattern: Callable[[str], bool]) -> NDArray[np.bool_]:
        """Return for every event whether its name passes; each name is asked about once."""
        passes = np.fromiter((pattern(name) for name in self.names), np.bool_, len(self.names))
        return passes[self.name] if len(self.names) else np.zeros(len(self), np.bool_)

    def arguments(self, row: int) -> dict[str, Any]:
        """Return all that the file wrote with an event: its arguments, or what columns hold of it."""
        if self.written is not None:
            return self.written(int(self.place[row]))
        found: dict[str, Any] = {}
        for name, column in self.columns.items():
            at = int(np.searchsorted(column.rows, row))
            if at < len(column.rows) and column.rows[at] == row:
                value = column.values[at].item()
                found[name] = self.names[int(value)] if column.words else value
        return found

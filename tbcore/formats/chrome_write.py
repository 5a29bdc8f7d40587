"""Writing Chrome traces: a recording as JSON that every viewer reads, and the lines of which other writers make one.

    pieces = chrome_write.written(trace)          # for Perfetto, for a download
    pieces = chrome_write.document([chrome_write.line("X", "load", 1, 1, 0, 2_500)], {"schemaVersion": 1})

Source: Chrome's Trace Event Format; the JSON of PyTorch's profiler (Kineto).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tbcore.formats.trace import Trace

Codes = NDArray[np.int32]

_PIECE = 1 << 20  # bytes of a piece of a document


def line(
    phase: str,
    name: str,
    pid: int | str,
    tid: int | str,
    start: int,
    duration: int | None = None,
    category: str = "",
    args: Mapping[str, Any] | str | None = None,
    more: Mapping[str, Any] | None = None,
) -> str:
    """Return one event as JSON.

    phase: "X" an event with a duration, "M" metadata (named process_name or thread_name, args {"name": ...}), "i" a moment
    (an allocation is one named [memory], args {"Bytes": ...}), "C" a counter, "s" and "f" both ends of an arrow.
    start, duration: nanoseconds since the document's base; args: or JSON text of them; more: such as id, bp, s.
    """
    said: dict[str, Any] = {"ph": phase}
    if category:
        said["cat"] = category
    said |= {"name": name, "pid": pid, "tid": tid}
    if more:
        said |= more
    text = f'{_json(said)[:-1]}, "ts": {_microseconds(start)}'
    if duration is not None:
        text += f', "dur": {_microseconds(duration)}'
    if args is not None:
        text += f', "args": {args if isinstance(args, str) else _json(args)}'
    return text + "}"


def document(lines: Iterable[str], info: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield a trace of events that `line` wrote; info: what it says of itself, such as baseTimeNanoseconds."""
    yield _json(info)[:-1].encode() + (b", " if info else b"") + b'"traceEvents": ['
    held = [""]
    size = 0
    for one in lines:
        held.append(one)
        size += len(one)
        if size > _PIECE:
            # Each piece ends behind an event, and the next one begins with the comma between them.
            yield _joined(held)
            held, size = [","], 0
    yield _joined(held) + b"\n]}\n"


def _joined(held: list[str]) -> bytes:
    return (held[0] + "\n" + ",\n".join(held[1:])).encode("utf-8", "replace") if len(held) > 1 else b""


_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str, allow_nan=False)


def _json(value: Mapping[str, Any]) -> str:
    """Return JSON text; what is not a number, which JSON cannot say, becomes null."""
    try:
        return _ENCODER.encode(value)
    except ValueError:
        finite = json.loads(json.dumps(value, default=str), parse_constant=lambda _word: None)
        return json.dumps(finite, ensure_ascii=False)


def _microseconds(nanoseconds: int) -> str:
    whole, rest = divmod(abs(nanoseconds), 1000)
    return f"{'-' if nanoseconds < 0 else ''}{whole}.{rest:03d}"


def written(trace: Trace, rows: Sequence[int] | None = None) -> Iterator[bytes]:
    """Yield a recording, or only these rows of it, as JSON that every viewer of Chrome traces reads.

    Processes and threads get numbers, as some viewers know no others, and events that overlap without one holding the
    other get threads of their own, as some viewers drop them.
    """
    info = {name: value for name, value in trace.info.items() if name not in ("traceEvents", "baseTimeNanoseconds")}
    if trace.base:
        info["baseTimeNanoseconds"] = trace.base
    return document(_lines(trace, rows), info)


def _lines(trace: Trace, rows: Sequence[int] | None) -> Iterator[str]:
    """Yield the events of a trace."""
    pids, tids = _numbered([lane.pid for lane in trace.lanes]), _Threads(trace)
    processes: set[str] = set()
    for number, lane in enumerate(trace.lanes):
        if lane.pid in processes:
            continue
        processes.add(lane.pid)
        pid = pids[lane.pid]
        yield line("M", "process_name", pid, 0, 0, args={"name": lane.process})
        yield line("M", "process_sort_index", pid, 0, 0, args={"sort_index": number})
    which = np.arange(len(trace)) if rows is None else np.unique(np.asarray(rows, np.int64))
    beside = _beside(trace)
    told: set[tuple[int, int]] = set()
    lanes, starts, durations = trace.lane.tolist(), trace.start, trace.duration

    def thread(lane: int, layer: int) -> Iterator[str]:
        if (lane, layer) not in told:
            told.add((lane, layer))
            one = trace.lanes[lane]
            name = f"{one.thread} ({layer + 1})" if layer else one.thread
            pid, tid = pids[one.pid], tids(lane, layer)
            yield line("M", "thread_name", pid, tid, 0, args={"name": name})
            yield line("M", "thread_sort_index", pid, tid, 0, args={"sort_index": lane * 512 + min(layer, 511)})

    # In the order of the file, so that each block of arguments is unpacked once.
    heads: dict[tuple[int, int, int, int], str] = {}
    names, categories = trace.name.tolist(), trace.category.tolist()
    for row in which[np.argsort(trace.place[which], kind="stable")].tolist():
        lane, layer = lanes[row], int(beside[row])
        what = (names[row], categories[row], lane, layer)
        head = heads.get(what)
        if head is None:
            yield from thread(lane, layer)
            category = trace.categories[what[1]] if trace.categories else ""
            said = {"ph": "X", "cat": category, "name": trace.names[what[0]]}
            head = heads[what] = _json(said | {"pid": pids[trace.lanes[lane].pid], "tid": tids(lane, layer)})[:-1]
        args = trace.arguments(row)
        times = f'"ts": {_microseconds(int(starts[row]))}, "dur": {_microseconds(int(durations[row]))}'
        yield f'{head}, {times}, "args": {_json(args)}}}' if args else f"{head}, {times}}}"
    kept = np.isin(trace.flows.source, which) & np.isin(trace.flows.target, which)
    words = {"launch": "ac2g", "backward": "fwdbwd"}
    for number in np.flatnonzero(kept).tolist():
        kind = trace.flows.words[trace.flows.kind[number]]
        kind = words.get(kind, kind)
        for phase, row in (("s", int(trace.flows.source[number])), ("f", int(trace.flows.target[number]))):
            yield line(phase, kind, pids[trace.lanes[lanes[row]].pid], tids(lanes[row], int(beside[row])), int(starts[row]),
                       None, kind, None, {"id": number, "bp": "e"})  # fmt: skip
    if rows is not None:
        return
    for counter in trace.counters:
        pid = next((pids[lane.pid] for lane in trace.lanes if lane.process == counter.process), 0)
        for time, value in zip(counter.times.tolist(), counter.values.tolist(), strict=True):
            yield line("C", counter.name, pid, 0, time, args={"value": value})
    yield from _moments(trace, pids, tids)


def _moments(trace: Trace, pids: Mapping[str, int], tids: "_Threads") -> Iterator[str]:
    """Yield allocations and other moments."""
    memory = trace.memory
    for place in range(len(memory)):
        lane = int(memory.lane[place])
        args = {"Bytes": int(memory.size[place]), "Device Type": int(memory.device_type[place])}
        args["Device Id"] = int(memory.device[place])
        for key, column in (
            ("Addr", memory.address),
            ("Total Allocated", memory.allocated),
            ("Total Reserved", memory.reserved),
        ):
            if column[place] >= 0:
                args[key] = int(column[place])
        pid = pids[trace.lanes[lane].pid] if lane >= 0 else 0
        yield line(
            "i", "[memory]", pid, tids(lane, 0), int(memory.times[place]), None, "cpu_instant_event", args, {"s": "t"}
        )
    moments = trace.instants
    for time, name, lane in zip(moments.times.tolist(), moments.name.tolist(), moments.lane.tolist(), strict=True):
        pid = pids[trace.lanes[lane].pid] if lane >= 0 else 0
        yield line("i", trace.names[name], pid, tids(lane, 0), time, more={"s": "t" if lane >= 0 else "g"})


def _numbered(words: Iterable[str]) -> dict[str, int]:
    """Return a number for each word: its own where it is one, others above all of these."""
    known = list(dict.fromkeys(words))
    own = {word: int(word) for word in known if word.isascii() and word.isdigit() and len(word) < 10}
    rest = (word for word in known if word not in own)
    return own | {word: number for number, word in enumerate(rest, max(own.values(), default=0) + 1)}


class _Threads:
    """Numbers for the threads of a trace: their own, and new ones for the layers beside them."""

    def __init__(self, trace: Trace) -> None:
        self._own = _numbered([lane.tid for lane in trace.lanes])
        self._lanes = trace.lanes
        self._next = max(self._own.values(), default=0) + 1
        self._layers: dict[tuple[int, int], int] = {}

    def __call__(self, lane: int, layer: int) -> int:
        if lane < 0:
            return 0
        if layer == 0:
            return self._own[self._lanes[lane].tid]
        if (lane, layer) not in self._layers:
            self._layers[lane, layer] = self._next
            self._next += 1
        return self._layers[lane, layer]


def _beside(trace: Trace) -> Codes:
    """Return for each event how many layers beside its thread's it has to be drawn, since others overlap it."""
    return _layers(trace.depth, trace.parent)


@njit(cache=True)
def _layers(depth: NDArray[np.uint16], parent: Codes) -> Codes:
    """Return the layer of each event: one more than its parent's for every row that is left out between them."""
    layer = np.zeros(len(depth), np.int32)
    for row in range(len(depth)):
        above = parent[row]
        if above >= 0:
            layer[row] = layer[above] + depth[row] - depth[above] - 1
        else:
            layer[row] = depth[row]
    return layer

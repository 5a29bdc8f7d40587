"""The critical path: the chain of work of which every part, made shorter, would have made the whole end sooner.

    path = profile_critical.path(trace, start, end)
    path.kinds()        # how long it was computing on the host, launching, in kernels, waiting for nothing
    path.names(trace)   # which operators and kernels it consists of
    path.rows           # to point at in the picture

Moments are nodes: each boundary of an event of a host thread, the start and the end of each piece of work of a device. What comes next on a
thread follows upon what came before; work of a device begins when the last of three is done: its launch, the work before it in its stream, the
work of another stream that it was told to wait for. A call that waits for a device takes no time of its own; neither does a thread
that stands still while another one works. The path is the longest way from any beginning to any end.
Source: HolisticTraceAnalysis 0.5.0, critical_path_analysis.py, whose marks this agrees with on device work; threads that
hand over to each other are told by when they work, not by flows, and waits for other streams that the file does not tell of by
when these end.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from tbcore.analysis import intervals, profile_steps
from tbcore.analysis.profile_idle import COMMUNICATION, COMPUTATION, KERNEL_WAIT, Work, work
from tbcore.formats.trace import ANNOTATION, OP, OTHER, PYTHON, RUNTIME, SYNC, Trace

Ints = NDArray[np.int64]

# What a part of the path is.
KINDS = (
    "host",  # an operator, a call or a function of the host
    "between",  # nothing that was recorded runs on the host
    "launch",  # from the call of the host to the start of the kernel
    "kernel",
    "communication",
    "copy",
    "gap",  # from one kernel to the next
    "return",  # from the end of the kernel to when the host goes on
    "thread",  # from one thread to another
)
HOST, BETWEEN, LAUNCH, COMPUTE, COLLECTIVE, COPY, GAP, RETURN, THREAD = range(len(KINDS))

_WAITS = re.compile(
    r"synchronize|^(cuda|hip|cu)memcpy(dtoh|htod|dtod)?(_v2)?$|^hipmemcpywithstream$|^(cuda|hip|cu)memcpy(peer|todevice|fromsymbol|tosymbol|2d)$",
    re.I,
)
_EVERYWHERE = re.compile(r"devicesynchronize|ctxsynchronize", re.I)
_HOST = (OTHER, OP, ANNOTATION, RUNTIME, PYTHON)
_MAIN, _OTHERS = 4, 64  # threads that may wait, and that may be waited for: those with the most events
_MOST_WAITS = 50_000  # waits of streams whose arguments are read one by one


@dataclass(frozen=True)
class Path:
    """The critical path, in order of time; all [m]. start, end: nanoseconds; kind: place in KINDS; rows: of what it is spent in, -1 for none.

    span: from the first event of the window to the last end; total: what the path takes, less than the span where it waited for
    nothing that was recorded.
    """

    start: Ints = field(repr=False)
    end: Ints = field(repr=False)
    kind: NDArray[np.int8] = field(repr=False)
    rows: Ints = field(repr=False)
    span: int = 0

    @property
    def total(self) -> int:
        """Return how long the path is, nanoseconds."""
        return int((self.end - self.start).sum())

    def kinds(self) -> pd.DataFrame:
        """Return the path by kind. One row per kind that occurs, the longest first: kind, time (nanoseconds), share, count."""
        frame = pd.DataFrame({"kind": self.kind, "time": self.end - self.start})
        groups = frame.groupby("kind")["time"]
        found = pd.DataFrame({"time": groups.sum(), "count": groups.size()}).reset_index()
        found["kind"] = pd.Series([KINDS[kind] for kind in found["kind"]], dtype="str")
        found["share"] = found["time"] / max(1, self.total)
        return found.sort_values("time", ascending=False, kind="stable", ignore_index=True)

    def names(self, trace: Trace) -> pd.DataFrame:
        """Return what the path is spent in.

        One row per name and kind, the longest first: name, kind, time (nanoseconds), share, count (of events), longest (row of the event
        that it spends most in, -1).
        """
        frame = pd.DataFrame({"kind": self.kind, "row": self.rows, "time": self.end - self.start})
        each = frame.groupby(["kind", "row"])["time"].sum().reset_index()
        each["code"] = np.where(each["row"] >= 0, trace.name[np.maximum(each["row"], 0)], -1)
        each = each.sort_values("time", ascending=False, kind="stable")
        groups = each.groupby(["kind", "code"], sort=False)
        found = pd.DataFrame(
            {"time": groups["time"].sum(), "count": groups.size(), "longest": groups["row"].first()}
        ).reset_index()
        names = [trace.names[code] if code >= 0 else "" for code in found["code"]]
        kinds = [KINDS[kind] for kind in found["kind"]]
        found = found.assign(name=pd.Series(names, dtype="str"), kind=pd.Series(kinds, dtype="str"))
        found["share"] = found["time"] / max(1, self.total)
        found = found[["name", "kind", "time", "share", "count", "longest"]]
        return found.sort_values("time", ascending=False, kind="stable", ignore_index=True)


def path(trace: Trace, start: int | None = None, end: int | None = None) -> Path:
    """Return the critical path of what begins on the host from `start` to before `end`, and of all that it launched."""
    low = trace.span[0] if start is None else start
    high = trace.span[1] + 1 if end is None else end
    hosts = _hosts(trace, low, high)
    device = _device(trace, low, high, bool(hosts))
    graph = _Graph(trace, hosts, device)
    graph.chains()
    graph.threads()
    graph.devices()
    graph.waits()
    return graph.longest()


# The graph -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Host:
    """One thread of the host: its moments, and what ran from each to the next (row, -1 for nothing); the first node."""

    lane: int
    times: Ints
    owner: Ints
    tops: Ints
    first: int
    weight: Ints


def _hosts(trace: Trace, low: int, high: int) -> list[_Host]:
    """Return the threads of the host that ran within a window: the one that leads, then those with the most events."""
    end = trace.end
    host = np.isin(trace.role, np.array(_HOST, np.uint8))
    host &= ~np.array([lane.is_device for lane in trace.lanes], np.bool_)[trace.lane]
    rows = np.flatnonzero(host & (end > low) & (trace.start < high))
    found = []
    node = 0
    main = _main(trace, rows)
    order = rows[np.argsort(trace.lane[rows], kind="stable")]
    lanes, counts = np.unique(trace.lane[order], return_counts=True)
    pieces = np.split(order, np.cumsum(counts)[:-1]) if len(lanes) else []
    for lane, ours in sorted(
        zip(lanes.tolist(), pieces, strict=True), key=lambda pair: (pair[0] != main, -len(pair[1]))
    ):
        begins, ends = np.maximum(trace.start[ours], low), np.minimum(end[ours], high)
        times = intervals.distinct(np.concatenate((begins, ends)))
        place = np.searchsorted(trace.start[ours], times[:-1], side="right") - 1
        owner = np.where(place >= 0, ours[np.maximum(place, 0)], -1)
        while True:
            # What began last may be over.
            wrong = (owner >= 0) & (end[np.maximum(owner, 0)] < times[1:])
            if not wrong.any():
                break
            owner[wrong] = trace.parent[owner[wrong]]
        spans = np.diff(times)
        if lane != main:
            # A thread that has nothing to do waits for whoever gives it work; only of the first one nobody knows.
            spans[owner < 0] = 0
        found.append(_Host(lane, times, owner.astype(np.int64), ours[trace.parent[ours] < 0], node, spans))
        node += len(times)
    return found


def _main(trace: Trace, rows: NDArray[np.intp]) -> int:
    """Return the lane that leads: the one that marks the steps, else the one that is busy for the longest time; -1 for none."""
    _names, marks = profile_steps.marked(trace)
    if len(marks):
        return int(trace.lane[marks[0]])
    tops = rows[trace.parent[rows] < 0]
    if not len(tops):
        return -1
    return int(np.argmax(np.bincount(trace.lane[tops], trace.duration[tops])))


def _device(trace: Trace, low: int, high: int, hosted: bool) -> Work:
    """Return the work of devices that a window launched, and what began in it without a known launch."""
    found = work(trace)
    called = np.where(found.launch >= 0, trace.start[np.maximum(found.launch, 0)] if len(trace) else 0, found.start)
    known = found.launch >= 0
    inside = (called >= low) & (called < high)
    # Without its launch nothing tells what it belongs to but when it ran.
    return found.of(inside & (known | (not hosted) | (found.start >= low)))


class _Graph:
    """Moments and what leads from one to another, with how long that takes."""

    def __init__(self, trace: Trace, hosts: Sequence[_Host], device: Work) -> None:
        self.trace = trace
        self.hosts = hosts
        self.by_lane = {host.lane: host for host in hosts}
        order: Any = np.lexsort((device.start, device.lane))
        self.device = device.of(order)
        base = sum(len(host.times) for host in hosts)
        self.begin = base + 2 * np.arange(len(device), dtype=np.int64)
        times = [host.times for host in hosts]
        pairs = np.stack((self.device.start, self.device.end), axis=1).ravel()
        self.times = np.concatenate([*times, pairs]) if times or len(pairs) else np.zeros(0, np.int64)
        self.parts: list[tuple[Ints, Ints, Ints, Ints, Ints]] = []

    def add(self, source: Ints, target: Ints, weight: Ints, kind: Ints, row: Ints) -> None:
        self.parts.append((source, target, weight, kind, row))

    def node(self, rows: Ints, *, ends: bool = False) -> Ints:
        """Return the nodes of host events at their start or end, -1 where they do not lie in the window."""
        found = np.full(len(rows), -1, np.int64)
        times = self.trace.end[rows] if ends else self.trace.start[rows]
        lanes = self.trace.lane[rows]
        for lane in np.unique(lanes).tolist():
            host = self.by_lane.get(lane)
            if host is None:
                continue
            here = np.flatnonzero(lanes == lane)
            place = np.minimum(np.searchsorted(host.times, times[here]), len(host.times) - 1)
            same = host.times[place] == times[here]
            found[here[same]] = host.first + place[same]
        return found

    def chains(self) -> None:
        """Join each moment of the host to the next on its thread; how long that takes may still become nothing."""
        for host in self.hosts:
            count = len(host.times) - 1
            if count > 0:
                source = host.first + np.arange(count)
                kind = np.where(host.owner >= 0, HOST, BETWEEN)
                self.add(source, source + 1, host.weight, kind, host.owner)

    def threads(self) -> None:
        """Let a thread that does nothing while another one works wait for that one."""
        if len(self.hosts) < 2:
            return
        for main in self.hosts[:_MAIN]:
            for other in self.hosts[:_OTHERS]:
                if other is not main and len(other.times) > 1:
                    self._handed(main, other)

    def _handed(self, main: _Host, other: _Host) -> None:
        trace = self.trace
        starts, ends = trace.start[other.tops], trace.end[other.tops]
        place = np.searchsorted(main.times, starts, side="right") - 1
        inside = (place >= 0) & (place < len(main.times) - 1)
        inside[inside] = ends[inside] <= main.times[place[inside] + 1]
        starts, ends, place = starts[inside], ends[inside], place[inside]
        # What ends at once hands nothing over.
        if not len(place):
            return
        gaps, first = np.unique(place, return_index=True)
        last = np.maximum.reduceat(ends, first)
        busy = np.add.reduceat(ends - starts, first)
        spans = main.times[gaps + 1] - main.times[gaps]
        waited = 2 * busy > spans
        gaps, begin, last = gaps[waited], starts[first][waited], last[waited]
        host = main.owner[gaps]
        # An operator that computes by itself waits for nobody, whatever other threads do.
        own = (host >= 0) & np.isin(trace.role[np.maximum(host, 0)], (OP, RUNTIME))
        gaps, begin, last = gaps[~own], begin[~own], last[~own]
        if not len(gaps):
            return
        main.weight[gaps] = 0
        enter = other.first + np.searchsorted(other.times, begin)
        leave = other.first + np.searchsorted(other.times, last)
        none = np.full(len(gaps), -1, np.int64)
        kind = np.full(len(gaps), THREAD)
        self.add(main.first + gaps, enter, begin - main.times[gaps], kind, none)
        self.add(leave, main.first + gaps + 1, main.times[gaps + 1] - last, kind, none)

    def devices(self) -> None:
        """Let work of devices take its time, and begin after whatever it waited for last."""
        found = self.device
        if not len(found):
            return
        kind = np.where(found.kind == COMPUTATION, COMPUTE, np.where(found.kind == COMMUNICATION, COLLECTIVE, COPY))
        self.add(self.begin, self.begin + 1, found.end - found.start, kind, found.rows.astype(np.int64))
        never = np.iinfo(np.int64).min
        launch = found.launch.astype(np.int64)
        node = np.full(len(found), -1, np.int64)
        node[launch >= 0] = self.node(launch[launch >= 0])
        called = np.where(node >= 0, self.times[np.maximum(node, 0)], never)
        called[called > found.start] = never
        previous = self._previous()
        before = np.where(previous >= 0, found.end[np.maximum(previous, 0)], never)
        other, told = self._told()
        told[told > found.start] = never
        self._guessed(np.maximum(np.maximum(called, before), told), other, told)
        last = np.maximum(np.maximum(called, before), told)
        launched = (called == last) & (last > never)
        waited = (told == last) & (last > never) & ~launched
        follows = (before == last) & (last > never) & ~launched & ~waited
        for chosen, source, how in (
            (launched, node, LAUNCH),
            (waited, self.begin[np.maximum(other, 0)] + 1, GAP),
            (follows, self.begin[np.maximum(previous, 0)] + 1, GAP),
        ):
            places = np.flatnonzero(chosen)
            weight = found.start[places] - last[places]
            self.add(
                source[places],
                self.begin[places],
                weight,
                np.full(len(places), how),
                found.rows[places].astype(np.int64),
            )

    def _previous(self) -> Ints:
        """Return for each piece of work which one of its stream ended last before it began, -1 for none.

        Kernels of a graph run beside each other in one stream: what began before need not have ended.
        """
        found = self.device
        previous = np.full(len(found), -1, np.int64)
        for lane in np.unique(found.lane).tolist():
            ours = np.flatnonzero(found.lane == lane)
            order = ours[np.argsort(found.end[ours], kind="stable")]
            at = np.searchsorted(found.end[order], found.start[ours], side="right") - 1
            # What takes no time ends when it begins, and does not follow itself.
            at = np.where((at >= 0) & (order[at] >= ours), at - 1, at)
            known = at >= 0
            previous[ours[known]] = np.where(order[at[known]] < ours[known], order[at[known]], -1)
        return previous

    def _guessed(self, last: Ints, other: Ints, told: Ints) -> None:
        """Let work that begins long after it could, but right after the end of work in another stream, wait for that.

        last: when it could begin; other, told: what it waits for, and when that ended; changed in place.
        """
        found = self.device
        order = np.argsort(found.end, kind="stable")
        ends = found.end[order]
        late = np.flatnonzero(found.start - last > KERNEL_WAIT)
        late = late[last[late] > np.iinfo(np.int64).min]
        at = np.searchsorted(ends, found.start[late], side="right") - 1
        late, at = late[at >= 0], at[at >= 0]
        before = order[at]
        near = (found.start[late] - found.end[before] < KERNEL_WAIT) & (found.end[before] > last[late])
        near &= (found.lane[before] != found.lane[late]) & (found.device[before] == found.device[late])
        # What takes no time ends when it begins, and cannot wait for itself.
        near &= found.end[before] > found.start[before]
        other[late[near]], told[late[near]] = before[near], found.end[before[near]]

    def _told(self) -> tuple[Ints, Ints]:
        """Return for each piece of work which one of another stream it was told to wait for, and when that one ended."""
        found, trace = self.device, self.trace
        other = np.full(len(found), -1, np.int64)
        told = np.full(len(found), np.iinfo(np.int64).min)
        rows = np.flatnonzero((trace.role == SYNC) & trace.matching(lambda name: "Stream Wait" in name))
        if not len(rows) or len(rows) > _MOST_WAITS or trace.written is None:
            return other, told
        called = np.where(found.launch >= 0, trace.start[np.maximum(found.launch, 0)], found.start)
        number = trace.column("correlation", -1)
        calls = trace.of(RUNTIME)
        calls = calls[number[calls] >= 0]
        calls = calls[np.argsort(number[calls], kind="stable")]
        stream = trace.column("stream", -1)[found.rows]
        for row in rows.tolist():
            said = trace.arguments(row)
            waiting, on = _number(said.get("stream")), _number(said.get("wait_on_stream"))
            wait, record = _number(said.get("correlation")), _number(said.get("wait_on_cuda_event_record_corr_id"))
            if min(waiting, on, wait, record) < 0 or waiting == on:
                continue
            at = [np.searchsorted(number[calls], one) for one in (wait, record)]
            if max(at) >= len(calls):
                continue
            asked, recorded = (int(trace.start[calls[one]]) for one in at)
            ours = np.flatnonzero((stream == waiting) & (called >= asked))
            theirs = np.flatnonzero((stream == on) & (called <= recorded))
            if not len(ours) or not len(theirs):
                continue
            next_, until = ours[np.argmin(called[ours])], theirs[np.argmax(found.end[theirs])]
            if found.end[until] > told[next_]:
                other[next_], told[next_] = until, found.end[until]
        return other, told

    def waits(self) -> None:
        """Let calls that wait for a device take no time of their own, but end when it is done."""
        found, trace = self.device, self.trace
        if not len(found):
            return
        calls = np.flatnonzero((trace.role == RUNTIME) & trace.matching(lambda name: bool(_WAITS.search(name))))
        nodes = self.node(calls.astype(np.int64), ends=True)
        calls, nodes = calls[nodes >= 0], nodes[nodes >= 0]
        if not len(calls):
            return
        called = np.where(found.launch >= 0, trace.start[np.maximum(found.launch, 0)], found.start)
        streams = self._streams(calls)
        order = np.argsort(found.end, kind="stable")
        ends = found.end[order]
        stream = trace.column("stream", -1)[found.rows]
        sources, targets, weights = [], [], []
        for call, node, on in zip(calls.tolist(), nodes.tolist(), streams, strict=True):
            begin, end = int(trace.start[call]), int(trace.start[call] + trace.duration[call])
            # The last that ended while the call waited, of what it could wait for.
            low, high = np.searchsorted(ends, (begin, end), side="right")
            ours = order[low:high]
            ours = ours[(called[ours] <= begin) | (found.launch[ours] == call)]
            if on >= 0:
                ours = ours[stream[ours] == on]
            if not len(ours):
                continue
            last = int(ours[-1])
            sources.append(int(self.begin[last]) + 1)
            targets.append(node)
            weights.append(end - int(found.end[last]))
            host = self.by_lane[int(trace.lane[call])]
            first, until = np.searchsorted(host.times, (begin, end))
            host.weight[first:until] = 0
        rows = np.full(len(sources), -1, np.int64)
        self.add(
            np.array(sources, np.int64), np.array(targets, np.int64), np.array(weights, np.int64), np.full(len(sources), RETURN), rows
        )  # fmt: skip

    def _streams(self, calls: NDArray[np.intp]) -> list[int]:
        """Return which stream each call waits for, -1 for all of them or where the file does not say."""
        trace = self.trace
        number = trace.column("correlation", -1)
        rows = trace.of(SYNC)
        stream = trace.column("stream", -1)
        told = {int(number[row]): int(stream[row]) for row in rows.tolist() if number[row] >= 0}
        return [
            -1 if _EVERYWHERE.search(trace.named(call)) else told.get(int(number[call]), -1) for call in calls.tolist()
        ]

    def longest(self) -> Path:
        """Return the longest way through the graph."""
        none = np.zeros(0, np.int64)
        if not len(self.times):
            return Path(none, none, none.astype(np.int8), none)
        source, target, weight, kind, row = (
            np.concatenate([part[place] for part in self.parts], dtype=np.int64) if self.parts else none
            for place in range(5)
        )
        self.parts.clear()
        edges = _longest(self.times, source, target, weight)
        begins, ends = self.times[source[edges]], self.times[target[edges]]
        spent = weight[edges] > 0
        edges, begins, ends = edges[spent], begins[spent], ends[spent]
        span = int(self.times.max() - self.times.min())
        return Path(begins, ends, kind[edges].astype(np.int8), row[edges], span)


def _longest(times: Ints, source: Ints, target: Ints, weight: Ints) -> Ints:
    """Return the edges of the longest way through a graph, in order; no edge leads back in time [nodes]."""
    count = len(times)
    order = np.argsort(source, kind="stable")
    first = np.searchsorted(source[order], np.arange(count + 1))
    came, length = np.full(count, -1, np.int64), np.zeros(count, np.int64)
    missing = np.bincount(target, minlength=count)
    _walk(np.argsort(times, kind="stable"), order, first, target, weight, missing, length, came)
    node = int(np.argmax(length))
    found = []
    while came[node] >= 0:
        found.append(int(came[node]))
        node = int(source[came[node]])
    return np.array(found[::-1], np.int64)


@njit(cache=True, nogil=True)
def _walk(
    starts: Ints, edges: Ints, first: Ints, target: Ints, weight: Ints, missing: Ints, length: Ints, came: Ints
) -> None:
    """Fill how long the longest way to each node is, and which edge it comes by; edges: by the node that they leave."""
    done = np.zeros(len(starts), np.bool_)
    ready = np.empty(len(starts) + 1, np.int64)
    # At one and the same moment threads may hand over in a circle: then whichever is earliest goes first.
    for begun in starts:
        ready[0] = begun
        height = 1
        while height:
            height -= 1
            node = ready[height]
            if done[node]:
                continue
            done[node] = True
            for edge in edges[first[node] : first[node + 1]]:
                to = target[edge]
                if done[to]:
                    continue
                reached = length[node] + weight[edge]
                if came[to] < 0 or reached > length[to]:
                    length[to] = reached
                    came[to] = edge
                missing[to] -= 1
                if missing[to] == 0:
                    ready[height] = to
                    height += 1


def _number(value: object) -> int:
    return value if isinstance(value, int) else -1


# Tables to draw ------------------------------------------------------------------------------------------------------

WORDS = {
    "host": "Host",
    "between": "Nothing recorded",
    "launch": "Launching",
    "kernel": "Kernels",
    "communication": "Collectives",
    "copy": "Copies",
    "gap": "Between kernels",
    "return": "Coming back from a wait",
    "thread": "Between threads",
}


def kind_parts(found: Path) -> pd.DataFrame:
    """Return the kinds of a path as parts of one bar: name, part (in words), time (nanoseconds)."""
    kinds = found.kinds()
    return pd.DataFrame({"name": "Critical path", "part": kinds["kind"].map(WORDS), "time": kinds["time"]})


def name_table(trace: Trace, found: Path) -> pd.DataFrame:
    """Return what a path is spent in, with the words of its kinds: as `Path.names`, and words."""
    names = found.names(trace)
    return names.assign(
        words=names["kind"].map(WORDS), name=names["name"].where(names["name"] != "", "(nothing recorded)")
    )


def part_table(trace: Trace, found: Path, most: int = 2_000) -> pd.DataFrame:
    """Return the longest parts of a path. One row per part: start, time (nanoseconds), words, name, row (-1 for none)."""
    time = found.end - found.start
    order = np.argsort(-time, kind="stable")[:most]
    return pd.DataFrame(
        {
            "start": found.start[order],
            "time": time[order],
            "words": pd.Series([WORDS[KINDS[kind]] for kind in found.kind[order].tolist()], dtype="str"),
            "name": pd.Series(
                [trace.named(row) if row >= 0 else "" for row in found.rows[order].tolist()], dtype="str"
            ),
            "row": found.rows[order],
        }
    )


def bounds(found: Path) -> tuple[int, int]:
    """Return when a path begins and ends, nanoseconds."""
    return (int(found.start[0]), int(found.end[-1])) if len(found.start) else (0, 0)

"""Which step every event of a TensorFlow or JAX profile belongs to.

    found = groups(trace)
    found.group                         # int32 [n]: a number for each event, -1 for none
    found.names[3], found.markers       # "train 4"; whether an event marks the step it belongs to

Events become a graph: what lies in what on a thread, who hands work to whom, which launch started which kernel. A step is all
that can be reached from its root.
Source: xprof and XLA's group_events.cc, read and measured: the steps of both samples agree to the nanosecond.
"""

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tbcore.formats.trace import KERNEL, MEMCPY, MEMSET, Trace

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]

_MANY = 64  # producers and consumers of one context, of both at least: connecting all would take too long
_PROCESS = "ExecutorState::Process"
_CONSUMERS = ("IteratorGetNextOp::DoCompute", "IteratorGetNextAsOptionalOp::DoCompute")
_CAPTURED = "InstantiatedCapturedFunction::Run"
_MARKER = re.compile(r"(train|test|TraceContext)[^/]*")
_TPU = re.compile(r"/device:TPU:[0-9]+")
_STEP_LINES = ("Steps", "XLA Modules")
_NUMBERED = re.compile(r"\([0-9]+\)$")


@dataclass(frozen=True)
class Groups:
    """The steps of a recording. group int32 [n], -1 for none; names of groups; markers [n]; roots: an event for each group."""

    group: Codes
    names: tuple[str, ...]
    markers: NDArray[np.bool_]
    roots: Codes


def picoseconds(trace: Trace) -> tuple[Ints, Ints]:
    """Return when each event starts, and how long it takes, in picoseconds since the base of the trace."""
    start, duration = trace.start * 1000, trace.duration * 1000
    for name, values in (("start_ps", start), ("duration_ps", duration)):
        column = trace.columns.get(name)
        if column is not None:
            values[column.rows] += column.values
    return start, duration


def groups(trace: Trace) -> Groups:
    """Return the steps of a recording and which events belong to each."""
    count = len(trace)
    start, duration = picoseconds(trace)
    tpu = np.array([bool(_TPU.fullmatch(lane.process)) for lane in trace.lanes], np.bool_)
    on_tpu = tpu[trace.lane] if len(trace.lanes) else np.zeros(count, np.bool_)
    sources, targets = _edges(trace, start, duration)
    level = np.where(on_tpu, 0, _ints(trace, "_r", 0))
    level = np.where(_starting(trace, "TraceContext"), np.maximum(level, 1), level)
    level[_captured(trace) & (level > 0)] = 0
    group, roots = _grouped(count, sources, targets, level, start)
    names = [_name(trace, int(root), number) for number, root in enumerate(roots.tolist())]
    marks = np.zeros(count, np.bool_)
    marks[roots] = True
    explicit = trace.matching(lambda name: _MARKER.fullmatch(name) is not None)
    roots, names = _of_devices(trace, group, marks, roots, names, tpu, start, duration)
    return Groups(group, tuple(names), marks | (explicit & (group >= 0)), roots)


def _ints(trace: Trace, name: str, missing: int) -> Ints:
    """Return whole numbers of a column, `missing` where there are none."""
    found = np.full(len(trace), missing, np.int64)
    column = trace.columns.get(name)
    if column is not None and not column.words:
        found[column.rows] = column.values.astype(np.int64)
    return found


def _has(trace: Trace, name: str) -> NDArray[np.bool_]:
    found = np.zeros(len(trace), np.bool_)
    if name in trace.columns:
        found[trace.columns[name].rows] = True
    return found


def _starting(trace: Trace, *words: str) -> NDArray[np.bool_]:
    return trace.matching(lambda name: name.startswith(words))


def _captured(trace: Trace) -> NDArray[np.bool_]:
    """Return which events work for a function that tf.data runs: roots there are no steps."""
    own = _ints(trace, "id", 0)
    has = _has(trace, "id")
    ids = np.unique(own[_starting(trace, _CAPTURED) & has])
    return has & np.isin(own, ids)


def _edges(trace: Trace, start: Ints, duration: Ints) -> tuple[Codes, Codes]:
    """Return the edges of the graph: from events to those that they lead to."""
    device = np.array([lane.is_device for lane in trace.lanes], np.bool_)
    host = ~device[trace.lane] if len(trace.lanes) else np.zeros(len(trace), np.bool_)
    taking = np.flatnonzero(host & ~(_ints(trace, "_a", 0) > 0))
    # In the order of the file, line by line.
    order = taking[np.lexsort((trace.place[taking], trace.lane[taking]))].astype(np.int32)
    parent = _parents(order, trace.lane, start, start + duration)
    child = np.flatnonzero(parent >= 0).astype(np.int32)
    sources, targets = [parent[child]], [child]
    for one, other in (_contexts(trace), _iterators(trace), _launches(trace)):
        sources.append(one)
        targets.append(other)
    return np.concatenate(sources).astype(np.int32), np.concatenate(targets).astype(np.int32)


@njit(cache=True, nogil=True)
def _parents(order: Codes, lane: Codes, start: Ints, end: Ints) -> Codes:
    """Return the innermost event before each in `order`, on its lane, that spans it; -1 for none."""
    parent = np.full(len(lane), -1, np.int32)
    stack = np.empty(len(order) + 1, np.int32)
    height = 0
    for index in range(len(order)):
        event = order[index]
        if index and lane[event] != lane[order[index - 1]]:
            height = 0
        while height:
            top = stack[height - 1]
            if start[top] <= start[event] and end[top] >= end[event]:
                parent[event] = top
                break
            height -= 1
        stack[height] = event
        height += 1
    return parent


def _contexts(trace: Trace) -> tuple[Codes, Codes]:
    """Return edges from producers to consumers of the same context."""
    made, used = np.flatnonzero(_has(trace, "_p")), np.flatnonzero(_has(trace, "_c"))
    return _joined(
        made, np.stack([_ints(trace, "_pt", 0)[made], _ints(trace, "_p", 0)[made]]),
        used, np.stack([_ints(trace, "_ct", 0)[used], _ints(trace, "_c", 0)[used]]),
    )  # fmt: skip


def _joined(left: NDArray[np.intp], left_keys: Ints, right: NDArray[np.intp], right_keys: Ints) -> tuple[Codes, Codes]:
    """Return every pair of one event on the left and one on the right with equal keys [k, n], but none of crowds."""
    empty = np.zeros(0, np.int32)
    if not len(left) or not len(right):
        return empty, empty
    codes = np.zeros(len(left) + len(right), np.int64)
    for one, two in zip(left_keys, right_keys, strict=True):
        _keys, part = np.unique(np.concatenate([one, two]), return_inverse=True)
        _keys, codes = np.unique(codes * (len(_keys) + 1) + part, return_inverse=True)
    own, other = codes[: len(left)], codes[len(left) :]
    many, among = np.bincount(own, minlength=len(codes)), np.bincount(other, minlength=len(codes))
    fine = ~((many >= _MANY) & (among >= _MANY))
    left, own = left[fine[own]], own[fine[own]]
    order = np.argsort(other, kind="stable")
    right, other = right[order], other[order]
    first, last = np.searchsorted(other, own, "left"), np.searchsorted(other, own, "right")
    counts = last - first
    sources = np.repeat(left, counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    targets = right[np.repeat(first, counts) + within]
    return sources.astype(np.int32), targets.astype(np.int32)


def _iterators(trace: Trace) -> tuple[Codes, Codes]:
    """Return edges from executors to the iterators that they ask, by id and iteration."""
    both = _has(trace, "id") & _has(trace, "iter_num")
    runs = np.flatnonzero(both & trace.matching(lambda name: name == _PROCESS))
    asks = np.flatnonzero(both & trace.matching(lambda name: name in _CONSUMERS))
    keys = np.stack([_ints(trace, "id", 0), _ints(trace, "iter_num", 0)])
    if len(runs):
        # The last executor of an id and iteration counts.
        _distinct, place = np.unique(keys[:, runs[::-1]], axis=1, return_index=True)
        runs = runs[::-1][place]
    return _joined(runs, keys[:, runs], asks, keys[:, asks])


def _launches(trace: Trace) -> tuple[Codes, Codes]:
    """Return edges from launches to what they started on a device."""
    has = _has(trace, "correlation")
    work = np.isin(trace.role, (KERNEL, MEMCPY, MEMSET))
    device = np.array([lane.is_device for lane in trace.lanes], np.bool_)
    on = device[trace.lane] if len(trace.lanes) else np.zeros(len(trace), np.bool_)
    keys = _ints(trace, "correlation", 0)[None, :]
    calls, started = np.flatnonzero(has & ~on), np.flatnonzero(has & on & work)
    return _joined(calls, keys[:, calls], started, keys[:, started])


def _grouped(count: int, sources: Codes, targets: Codes, level: Ints, start: Ints) -> tuple[Codes, Codes]:
    """Return the group of every event and the root of every group."""
    order = np.argsort(sources, kind="stable")
    targets = targets[order]
    first = np.searchsorted(sources[order], np.arange(count + 1)).astype(np.int64)
    roots = np.flatnonzero(level > 0)
    top = np.ones(count, np.bool_)
    for one in np.unique(level[roots]).tolist():
        same = roots[level[roots] == one].astype(np.int32)
        top[same] = ~_reached(count, first, targets, same)[same]
    roots = roots[np.lexsort((start[roots], -level[roots]))].astype(np.int32)
    group = np.full(count, -1, np.int32)
    kept = _spread(roots.astype(np.int32), top, first, targets, group)
    return group, kept


@njit(cache=True, nogil=True)
def _reached(count: int, first: Ints, targets: Codes, roots: Codes) -> NDArray[np.bool_]:
    """Return which events can be reached from others that are roots."""
    seen = np.zeros(count, np.bool_)
    queue = np.empty(count, np.int32)
    filled = 0
    for root in roots:
        for place in range(first[root], first[root + 1]):
            if not seen[targets[place]]:
                seen[targets[place]] = True
                queue[filled] = targets[place]
                filled += 1
    done = 0
    while done < filled:
        event = queue[done]
        done += 1
        for place in range(first[event], first[event + 1]):
            if not seen[targets[place]]:
                seen[targets[place]] = True
                queue[filled] = targets[place]
                filled += 1
    return seen


@njit(cache=True, nogil=True)
def _spread(roots: Codes, top: NDArray[np.bool_], first: Ints, targets: Codes, group: Codes) -> Codes:
    """Fill in the group of all that each root leads to, and return the roots that made one."""
    kept = np.empty(len(roots), np.int32)
    queue = np.empty(len(group), np.int32)
    count = 0
    for root in roots:
        if group[root] >= 0 or not top[root]:
            continue
        group[root] = count
        queue[0] = root
        done, filled = 0, 1
        while done < filled:
            event = queue[done]
            done += 1
            for place in range(first[event], first[event + 1]):
                child = targets[place]
                if group[child] < 0:
                    group[child] = count
                    queue[filled] = child
                    filled += 1
        kept[count] = root
        count += 1
    return kept[:count]


def _name(trace: Trace, root: int, number: int) -> str:
    """Return what a step is called."""
    name = trace.named(root)
    for column in ("iter_num", "step_num"):
        held = trace.columns.get(column)
        if held is not None:
            at = int(np.searchsorted(held.rows, root))
            if at < len(held.rows) and held.rows[at] == root and not held.words:
                return f"{name} {int(held.values[at])}"
    return f"{name} {number}"


def _of_devices(
    trace: Trace,
    group: Codes,
    marks: NDArray[np.bool_],
    roots: Codes,
    names: list[str],
    tpu: NDArray[np.bool_],
    start: Ints,
    duration: Ints,
) -> tuple[Codes, list[str]]:
    """Give events of TPUs the step that runs on their device: of its line of steps, or else of modules."""
    found = roots.tolist()
    short = _short(trace)
    known: dict[tuple[str, int], int] = {}
    for process in sorted({lane.process for lane, own in zip(trace.lanes, tpu.tolist(), strict=True) if own}):
        lanes = [place for place, lane in enumerate(trace.lanes) if lane.process == process]
        line = next((place for kind in _STEP_LINES for place in lanes if trace.lanes[place].thread == kind), -1)
        if line < 0:
            continue
        steps = np.flatnonzero(trace.lane == line)
        if not len(steps):
            continue
        own = np.isin(trace.lane, lanes)
        place = np.maximum(np.searchsorted(start[steps], start, "right") - 1, 0)
        inside = (
            own & (start >= start[steps[place]]) & (start < start[steps[place]] + np.maximum(duration[steps[place]], 1))
        )
        numbers = np.empty(len(steps), np.int32)
        times: dict[str, int] = {}
        for at, row in enumerate(steps.tolist()):
            # The same module runs on every device of a program: its n-th run there is one step.
            name = trace.named(row)
            times[name] = nth = times.get(name, 0) + 1
            if (name, nth) not in known:
                known[name, nth] = len(names)
                names.append(name if trace.lanes[line].thread == "Steps" else f"{short.get(name, name)} {nth}")
                found.append(row)
            numbers[at] = known[name, nth]
        group[inside] = numbers[place[inside]]
        marks[steps] = True
    return np.array(found, np.int32), names


def _short(trace: Trace) -> dict[str, str]:
    """Return the names of modules without the number in brackets after them, where one name has one number."""
    lines = [place for place, lane in enumerate(trace.lanes) if lane.thread == "XLA Modules"]
    names = [trace.names[code] for code in np.unique(trace.name[np.isin(trace.lane, lines)]).tolist()]
    without = {name: _NUMBERED.sub("", name) for name in names}
    counts = Counter(without.values())
    return {name: one for name, one in without.items() if counts[one] == 1}

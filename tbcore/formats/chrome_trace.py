"""Chrome traces, PyTorch's among them: JSON read piece by piece into columns (chrome_write.py writes them).

    trace = chrome_trace.read(pieces, key)        # pieces of bytes of any size, decompressed
    pieces = chrome_trace.gunzipped(pieces)       # what a damaged file still holds

Nothing of the JSON is held but the columns and, compressed, the arguments. What is damaged is left out, and said in
the notes. Source: Chrome's Trace Event Format; the JSON of PyTorch's profiler (Kineto).
"""

import json
import re
import zlib
from collections import Counter as Counts
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tbcore.formats import chrome_scan, nesting
from tbcore.formats.chrome_scan import ABSURD, MISSING, Scan
from tbcore.formats.trace import (
    ANNOTATION,
    DEVICE_ANNOTATION,
    KERNEL,
    MEMCPY,
    MEMSET,
    NUMBERS,
    OP,
    OTHER,
    OVERHEAD,
    PYTHON,
    RUNTIME,
    SPAN,
    SYNC,
    WORDS,
    Column,
    Counter,
    Device,
    Flows,
    Group,
    Instants,
    Lane,
    Memory,
    Trace,
    loaded,
)

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Mask = NDArray[np.bool_]

_COUNTED = "cuda_profiler_range"  # a kernel with what CUPTI counted in it
# Roles by the file's categories: PyTorch's of today and, capitalised, those of 1.8 to 1.11.
_ROLES = {
    "cpu_op": OP,
    "Operator": OP,
    "user_annotation": ANNOTATION,
    "gpu_user_annotation": DEVICE_ANNOTATION,
    "mtia_user_annotation": DEVICE_ANNOTATION,
    "Runtime": RUNTIME,
    "runtime": RUNTIME,
    "driver": RUNTIME,
    "kernel": KERNEL,
    "Kernel": KERNEL,
    "concurrent_kernel": KERNEL,
    "mtia_ccp_events": KERNEL,
    _COUNTED: KERNEL,
    "gpu_memcpy": MEMCPY,
    "Memcpy": MEMCPY,
    "gpu_memset": MEMSET,
    "Memset": MEMSET,
    "cuda_sync": SYNC,
    "python_function": PYTHON,
    "overhead": OVERHEAD,
    "Trace": SPAN,
}
_RUNTIMES = re.compile(r"_(runtime|driver)$")  # cuda_, hip_, mtia_, xpu_, privateuse1_
_ON_DEVICE = (KERNEL, MEMCPY, MEMSET, SYNC, DEVICE_ANNOTATION)
# Of old traces, whose annotations have the category of operators, those that are no operator's name in any version.
_ANNOTATIONS = re.compile(r"ProfilerStep#|enumerate\(Data(Loader|Pipe)\)#")
_COPIES = re.compile(r"dma|memcpy", re.IGNORECASE)
_SETS = re.compile(r"memset", re.IGNORECASE)
_DEVICE_PROCESS = re.compile(r"/device:(?:GPU|TPU|CUSTOM)[^\d]*(\d+)")
_DEVICE_TEXTS = re.compile(r"Steps|XLA Modules|Framework|Source|Launch Stats|Scope", re.IGNORECASE)

_FRAMES = re.compile(r"\$")
_NUMBERED = re.compile(r"(\d{1,4})\s*$")
_SMALL = re.compile(r"^(\d{1,4})$")

_DAY = 24 * 3600 * 1_000_000_000
_FAR = 400 * _DAY
_NEARLY_ALL = 0.99
_EPOCHS = (946_684_800_000_000_000, 4_102_444_800_000_000_000)  # 2000 to 2100: times between are dates
_MOST_LANES = 4_096
_MOST_COUNTERS = 2_048
_LONGEST_INFO = 65_536
_PIECE = 1 << 20  # bytes unpacked at a time
_MOST_BYTES = 16 << 30  # bytes of a file, unpacked
_TRUSTED = 1 << 30  # bytes that any file may unpack to
_MOST_RATIO = 200  # how much larger than its packed form a file beyond that may be

_X, _B, _E = ord("X"), ord("B"), ord("E")
_OPENED = tuple(map(ord, "bS"))  # asynchronous: begins and ends
_CLOSED = tuple(map(ord, "eF"))
_MOMENTS = tuple(map(ord, "iIRnT"))
_METADATA, _COUNTER = ord("M"), ord("C")
_FLOWS = tuple(map(ord, "stf"))
_KNOWN = (_X, _B, _E, *_OPENED, *_CLOSED, *_MOMENTS, _METADATA, _COUNTER, *_FLOWS)

_ARROWS = {
    "ac2g": "launch",
    "async_cpu_to_gpu": "launch",
    "async": "launch",
    "fwdbwd": "backward",
    "forward_backward": "backward",
}


def read(
    pieces: Iterable[bytes],
    key: str,
    progress: Callable[[int], None] | None = None,
    stopped: Callable[[], bool] | None = None,
) -> Trace:
    """Return the recording that the JSON text in `pieces` holds; key: changes with the content.

    progress: told how many bytes are read; stopped: asked now and then whether to end, with what was read by then.
    Raises TraceError when the text is no trace.
    """
    scan = chrome_scan.scan(pieces, progress, stopped)
    found = _trace(scan, key)
    return replace(found, notes=(*pieces.notes, *found.notes)) if isinstance(pieces, Unpacked) else found


class Unpacked:
    """The bytes of a gzip file in pieces, as far as they can be told. notes: what was wrong, once they are read."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.notes: list[str] = []
        self._pieces = self._unpack(iter(pieces))

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def __next__(self) -> bytes:
        return next(self._pieces)

    def _unpack(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        taken, given = 0, 0
        member = zlib.decompressobj(wbits=31)
        held = b""
        while True:
            if not held:
                held = next(pieces, b"")
                taken += len(held)
                if not held:
                    if not member.eof:
                        self.notes.append("The compressed file ends before it is complete.")
                    return
            if member.eof:
                # Files may be put one behind the other, and filled up with zeros.
                held = held.lstrip(b"\0")
                if not held:
                    continue
                member = zlib.decompressobj(wbits=31)
            before = member.copy()
            try:
                piece = member.decompress(held, _PIECE)
            except zlib.error as error:
                self.notes.append(f"The compressed file is damaged ({error}): what was read before that is kept.")
                yield from _until_damage(before, held)
                return
            held = member.unused_data if member.eof else member.unconsumed_tail
            given += len(piece)
            if given > _MOST_BYTES or (given > _TRUSTED and given > _MOST_RATIO * taken):
                self.notes.append(f"The file unpacks to more than {given:,} bytes: what follows is left out.")
                return
            if piece:
                yield piece


def _until_damage(member: Any, data: bytes) -> Iterator[bytes]:
    """Yield what a decompressor makes of `data` before it fails."""
    with suppress(zlib.error):
        for at in range(len(data)):
            yield member.decompress(data[at : at + 1])


def gunzipped(pieces: Iterable[bytes]) -> Unpacked:
    """Return the bytes of a gzip file in pieces; a damaged or cut one gives those before that place, and a note."""
    return Unpacked(pieces)


NO_FLOWS = Flows(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int8))


class _Lanes(NamedTuple):
    """Lanes while they are found: of a process and a thread, or of a process and a category of asynchronous events."""

    of: Codes  # [events]
    pid: Codes  # [lanes]: words
    tid: Codes
    apart: Mask  # whether its events are asynchronous
    folded: int  # lanes beyond this one share it; -1 when there are not so many


def _trace(scan: Scan, key: str) -> Trace:
    """Return the recording of what was scanned."""
    notes = list(scan.notes)
    good = _good(scan, notes)
    lanes = _lanes(scan, good, notes)
    rows, duration = _durations(scan, good, lanes, notes)

    memory = good & _is(scan.phase, _MOMENTS) & (scan.name == scan.code("[memory]"))
    memory[memory] = np.isin(np.flatnonzero(memory), scan.cells["Bytes"][0]) if "Bytes" in scan.cells else False
    moments = good & _is(scan.phase, _MOMENTS) & ~memory
    counted = good & (scan.phase == _COUNTER)
    shift, epoch, first, last = _base(scan, rows, moments | memory | counted)
    near = good & (scan.time >= first) & (scan.time <= last)
    kept = near[rows] & (duration <= _FAR)
    _say(notes, int((~kept).sum()), "event lies more than a day away from all others, or lasts for years, and was left out",
         "events lie more than a day away from all others, or last for years, and were left out")  # fmt: skip
    rows, duration = rows[kept], duration[kept]
    # A profiler that was never stopped says that its window ends decades later.
    moments, memory, counted = moments & near, memory & near, counted & near
    time = np.where(near, scan.time - shift, 0)

    order, depth, parent, crossing = nesting.nest(time[rows], duration, lanes.of[rows])
    place = rows[order].astype(np.int32)
    row_of = np.full(len(scan.phase), -1, np.int32)
    row_of[place] = np.arange(len(place), dtype=np.int32)
    category, categories = _categories(scan, place)
    told = _metadata(scan)
    role = _roles(scan, place, category, categories, lanes, told)
    lane_of, named = _named_lanes(scan, lanes, place, role, moments | memory, told)
    trace = Trace(
        key=key,
        source="pytorch" if any(one in _ROLES for one in categories) or "schemaVersion" in scan.info else "chrome",
        base=epoch,
        start=time[place],
        duration=duration[order],
        name=scan.name[place],
        category=category,
        role=role,
        lane=lane_of[lanes.of[place]],
        depth=depth,
        parent=parent,
        place=place,
        names=scan.words,
        categories=categories,
        lanes=named,
        columns=_columns(scan, row_of),
        flows=NO_FLOWS,
        counters=_counters(scan, counted, time, told, notes),
        memory=_memory(scan, memory, time, lane_of[lanes.of]),
        instants=_instants(scan, moments, time, lane_of[lanes.of]),
        devices=_devices(scan.info),
        group=_group(scan.info),
        info=_info(scan.info, notes),
        notes=(),
        crossing=crossing,
        written=scan.written,
    )
    flows, lost = _flows(scan, good, time, lane_of[lanes.of], trace)
    _say(notes, lost, "arrow leads to no event", "arrows lead to no event")
    return replace(trace, flows=flows, notes=tuple(notes))


def _say(notes: list[str], count: int, one: str, many: str) -> None:
    if count:
        notes.append(f"{count:,} {one if count == 1 else many}.")


def _is(phase: NDArray[np.uint8], kinds: Sequence[int]) -> Mask:
    """Return which events are of one of these kinds."""
    table = np.zeros(256, np.bool_)
    table[list(kinds)] = True
    found: Mask = table[phase]
    return found


def _good(scan: Scan, notes: list[str]) -> Mask:
    """Return which events are of a known kind and have a time."""
    known = _is(scan.phase, _KNOWN)
    _say(notes, int((~known).sum()), "event of an unknown kind was left out", "events of unknown kinds were left out")
    known &= scan.phase != _METADATA
    absurd = known & ((scan.time == ABSURD) | (scan.duration == ABSURD))
    _say(notes, int(absurd.sum()), "event with a time beyond all clocks was left out",
         "events with times beyond all clocks were left out")  # fmt: skip
    untimed = known & (scan.time == MISSING)
    _say(notes, int(untimed.sum()), "event without a time was left out", "events without a time were left out")
    good: Mask = known & ~absurd & ~untimed
    return good


def _lanes(scan: Scan, good: Mask, notes: list[str]) -> _Lanes:
    """Return the lane of each event: of its thread, or of its category where it is asynchronous."""
    apart = _is(scan.phase, (*_OPENED, *_CLOSED, ord("n"), ord("T")))
    second = np.where(apart, scan.category, scan.tid).astype(np.int64)
    key = (scan.pid.astype(np.int64) << 32) | (second << 1) | apart
    keys, of = np.unique(key[good], return_inverse=True)
    lane = np.full(len(key), -1, np.int32)
    lane[good] = of
    folded = -1
    if len(keys) > _MOST_LANES:
        _say(
            notes,
            len(keys),
            "",
            f"threads are more than can be drawn: the smaller ones share one lane of {_MOST_LANES:,}",
        )
        biggest = np.argsort(-np.bincount(of), kind="stable")
        new = np.full(len(keys), _MOST_LANES - 1, np.int32)
        new[biggest[: _MOST_LANES - 1]] = np.arange(_MOST_LANES - 1)
        lane[good] = new[of]
        keys = keys[biggest[:_MOST_LANES]]
        folded = _MOST_LANES - 1
    return _Lanes(
        lane,
        (keys >> 32).astype(np.int32),
        ((keys & 0xFFFFFFFF) >> 1).astype(np.int32),
        (keys & 1).astype(np.bool_),
        folded,
    )


def _durations(scan: Scan, good: Mask, lanes: _Lanes, notes: list[str]) -> tuple[Ints, Ints]:
    """Return the events with a duration, and how long each took."""
    whole = np.flatnonzero(good & (scan.phase == _X))
    took = scan.duration[whole]
    _say(notes, int((took == MISSING).sum()), "event says no duration and is drawn as a moment",
         "events say no duration and are drawn as moments")  # fmt: skip
    negative = (took < 0) & (took != MISSING)
    _say(notes, int(negative.sum()), "event has a negative duration and is drawn as a moment",
         "events have negative durations and are drawn as moments")  # fmt: skip
    took = np.maximum(took, 0)
    opened = good & _is(scan.phase, (_B, *_OPENED))
    closed = good & _is(scan.phase, (_E, *_CLOSED))
    halves = np.flatnonzero(opened | closed)
    if not len(halves):
        return whole, took
    # Asynchronous ones belong together by category and id, others by thread.
    apart = lanes.apart[lanes.of[halves]]
    ident = np.where(apart, scan.id[halves], -1)
    order = np.lexsort((halves, scan.time[halves], ident, lanes.of[halves]))
    halves, ident = halves[order], ident[order]
    lane = lanes.of[halves]
    fresh = np.ones(len(halves), np.bool_)
    fresh[1:] = (lane[1:] != lane[:-1]) | (ident[1:] != ident[:-1])
    end, strays = _pairs(opened[halves], scan.time[halves], fresh)
    last = int(scan.time[good].max())
    begun = opened[halves]
    open_still = begun & (end == MISSING)
    _say(notes, int(open_still.sum()), "event never ended and is drawn to the end of the recording",
         "events never ended and are drawn to the end of the recording")  # fmt: skip
    _say(notes, int(strays), "end belongs to no event", "ends belong to no event")
    ends = np.where(open_still, last, end)[begun]
    pairs = halves[begun]
    rows = np.concatenate([whole, pairs])
    both = np.concatenate([took, np.maximum(ends - scan.time[pairs], 0)])
    order = np.argsort(rows, kind="stable")
    return rows[order], both[order]


@njit(cache=True)
def _pairs(opened: Mask, time: Ints, fresh: Mask) -> tuple[Ints, int]:
    """Return when each begin ends, MISSING for those that never do, and how many ends have no begin."""
    count = len(opened)
    end = np.full(count, np.int64(MISSING))
    stack = np.empty(count, np.int64)
    height = 0
    strays = 0
    for index in range(count):
        if fresh[index]:
            height = 0
        if opened[index]:
            stack[height] = index
            height += 1
        elif height:
            height -= 1
            end[stack[height]] = time[index]
        else:
            strays += 1
    return end, strays


def _base(scan: Scan, rows: Ints, others: Mask) -> tuple[int, int, int, int]:
    """Return (what is taken from each time, what time 0 then is in nanoseconds since the epoch, first, last time kept).

    The epoch is 0 where the file tells a clock of its own. When nearly all lie within a day, those far away are mistaken.
    """
    times = scan.time[rows] if len(rows) else scan.time[others]
    if not len(times):
        return 0, scan.base, MISSING, -MISSING
    middle = int(np.median(times))
    near = np.abs(times - middle) < _DAY
    if near.mean() < _NEARLY_ALL:
        first, last = int(times.min()), int(times.max())
    else:
        first, last = int(times[near].min()), int(times[near].max())
    edge = scan.time[others]
    edge = edge[(edge > first - _DAY) & (edge < last + _DAY)]
    if len(edge):
        first, last = min(first, int(edge.min())), max(last, int(edge.max()))
    if scan.base:
        return first, scan.base + first, first, last
    return (first, first, first, last) if _EPOCHS[0] < first < _EPOCHS[1] else (0, 0, first, last)


def _categories(scan: Scan, place: Codes) -> tuple[NDArray[np.int16], tuple[str, ...]]:
    """Return the category of each event and what the categories are called."""
    codes, of = np.unique(scan.category[place], return_inverse=True)
    most = np.iinfo(np.int16).max
    return np.minimum(of, most).astype(np.int16), tuple(scan.words[code] for code in codes[: most + 1])


def _metadata(scan: Scan) -> "_Told":
    """Return what the file says of its processes and threads."""
    told = _Told({}, {}, {}, {}, {})
    rows = np.flatnonzero(scan.phase == _METADATA)
    # Some files say the same a hundred thousand times over; what is said last counts.
    columns = (one[rows].tolist() for one in (scan.name, scan.pid, scan.tid, scan.extra))
    for name, pid, tid, extra in dict.fromkeys(zip(*columns, strict=True)):
        said = _loaded(scan.words[extra])
        value = next(iter(said.values()), None)
        match scan.words[name]:
            case "process_name" if isinstance(value, str):
                told.process[pid] = value
            case "process_labels" if isinstance(value, str):
                told.labels[pid] = value
            case "process_sort_index" if isinstance(value, int):
                told.process_order[pid] = value
            case "thread_name" if isinstance(value, str):
                told.thread[pid, tid] = value
            case "thread_sort_index" if isinstance(value, int):
                told.thread_order[pid, tid] = value
    return told


class _Told(NamedTuple):
    """What metadata events say, by the codes of pid and tid."""

    process: dict[int, str]
    labels: dict[int, str]
    process_order: dict[int, int]
    thread: dict[tuple[int, int], str]
    thread_order: dict[tuple[int, int], int]


def _roles(
    scan: Scan,
    place: Codes,
    category: NDArray[np.int16],
    categories: tuple[str, ...],
    lanes: _Lanes,
    told: _Told,
) -> NDArray[np.uint8]:
    """Return what each event is: by its category, else by its name and lane."""
    of_category = np.array([_role(one) for one in categories], np.uint8)
    role = of_category[category] if len(categories) else np.zeros(len(place), np.uint8)
    if not len(place):
        return role
    name = scan.name[place]
    old = np.isin(category, [code for code, one in enumerate(categories) if one == "Operator"])
    mtia = np.isin(category, [code for code, one in enumerate(categories) if one == "mtia_ccp_events"])
    _by_name(role, old, name, scan.words, _ANNOTATIONS, ANNOTATION)
    _by_name(role, mtia, name, scan.words, _COPIES, MEMCPY)
    # Ranges of counters stand for kernels where these are not recorded themselves.
    ranges = np.isin(category, [code for code, one in enumerate(categories) if one == _COUNTED])
    if bool((role[~ranges] == KERNEL).any()):
        role[ranges] = DEVICE_ANNOTATION
    # Others know no categories: TensorFlow and JAX name the device in the process, and Python's frames by a dollar sign.
    bare = role == OTHER
    if bare.any():
        lane = lanes.of[place]
        works = np.zeros(len(lanes.pid), np.uint8)
        for number, (pid, tid) in enumerate(zip(lanes.pid.tolist(), lanes.tid.tolist(), strict=True)):
            if _DEVICE_PROCESS.search(told.process.get(pid, "")):
                texts = _DEVICE_TEXTS.search(told.thread.get((pid, tid), ""))
                works[number] = DEVICE_ANNOTATION if texts else KERNEL
        role[bare] = works[lane[bare]]
        _by_name(role, bare & (role == KERNEL), name, scan.words, _COPIES, MEMCPY)
        _by_name(role, bare & (role == KERNEL), name, scan.words, _SETS, MEMSET)
        _by_name(role, bare & (role == OTHER), name, scan.words, _FRAMES, PYTHON)
        _by_name(role, bare & (role == OTHER), name, scan.words, _ANNOTATIONS, ANNOTATION)
    return role


def _role(category: str) -> int:
    found = _ROLES.get(category)
    if found is None:
        found = RUNTIME if _RUNTIMES.search(category) else OTHER
    return found


def _by_name(
    role: NDArray[np.uint8], which: Mask, name: Codes, words: Sequence[str], pattern: re.Pattern[str], new: int
) -> None:
    """Give events among `which` whose names match a new role."""
    codes = np.unique(name[which])
    found = codes[[pattern.match(words[code]) is not None for code in codes.tolist()]] if len(codes) else codes
    if len(found):
        role[which & np.isin(name, found)] = new


def _named_lanes(
    scan: Scan, lanes: _Lanes, place: Codes, role: NDArray[np.uint8], moments: Mask, told: _Told
) -> tuple[Codes, tuple[Lane, ...]]:
    """Return the place of each lane among those with anything in them, -1 for others, and these in order."""
    count = len(lanes.pid)
    lane = lanes.of[place]
    used = np.zeros(count, np.bool_)
    used[lane] = True
    used[lanes.of[moments]] = True
    device = np.full(count, -1, np.int64)
    works = np.zeros(count, np.bool_)
    works[lane[np.isin(role, np.array(_ON_DEVICE, np.uint8))]] = True
    if "device" in scan.cells:
        at, said = scan.cells["device"]
        on = lanes.of[at]
        on, said = on[on >= 0], said[on >= 0]
        inside = works[on] & (said >= 0) & (said < 1 << 20)
        device[on[inside][::-1]] = said[inside][::-1].astype(np.int64)
    found: list[tuple[tuple[int, ...], int, Lane]] = []
    for number in np.flatnonzero(used).tolist():
        pid, tid = int(lanes.pid[number]), int(lanes.tid[number])
        pid_word, tid_word = scan.words[pid], scan.words[tid]
        process = told.process.get(pid, pid_word)
        if works[number] and device[number] < 0:
            device[number] = _device_of(process, told.labels.get(pid, ""), pid_word)
        labels = told.labels.get(pid, "")
        order = (
            int(device[number] >= 0),
            _bounded(told.process_order.get(pid, 0)),
            _natural(pid_word),
            _bounded(told.thread_order.get((pid, tid), 0)),
            int(lanes.apart[number]),
            _natural(tid_word),
            number,
        )
        if number == lanes.folded:
            process, pid_word, tid_word, thread = "others", "", "", "others"
        else:
            thread = tid_word if lanes.apart[number] else told.thread.get((pid, tid), tid_word).strip()
        shown = f"{process} ({labels})" if labels and labels not in process else process
        found.append((order, number, Lane(shown, thread, pid_word, tid_word, int(device[number]), order)))
    found.sort(key=lambda one: one[0])
    new = np.full(count + 1, -1, np.int32)  # the last one serves events of no lane
    new[[number for _, number, _ in found]] = np.arange(len(found))
    return new, tuple(one for _, _, one in found)


def _device_of(process: str, labels: str, pid: str) -> int:
    """Return the number of a device from how its process is called, 0 when nothing tells."""
    for text, pattern in ((process, _DEVICE_PROCESS), (labels, _NUMBERED), (process, _NUMBERED), (pid, _SMALL)):
        match = pattern.search(text)
        if match:
            return int(match[1])
    return 0


def _bounded(value: int) -> int:
    return max(-(1 << 62), min(1 << 62, value))


def _natural(word: str) -> int:
    """Return a number that sorts words of digits by value."""
    return int(word) if word.isascii() and word.isdigit() and len(word) < 19 else 1 << 62


def _columns(scan: Scan, row_of: Codes) -> dict[str, Column]:
    """Return the columns of the events with a duration, by row."""
    found = {}
    for name, (at, values) in scan.cells.items():
        if name not in NUMBERS and name not in WORDS:
            continue
        rows = row_of[at]
        inside = rows >= 0
        if not inside.any():
            continue
        rows, kept = rows[inside], values[inside]
        order = np.argsort(rows, kind="stable")
        found[name] = Column(rows[order], kept[order], name in WORDS)
    return found


def _counters(scan: Scan, counted: Mask, time: Ints, told: _Told, notes: list[str]) -> tuple[Counter, ...]:
    """Return the numbers over time: one for each process, name and part."""
    at, part, value = scan.counts
    inside = counted[at]
    at, part, value = at[inside], part[inside], value[inside]
    if not len(at):
        return ()
    what = np.stack([scan.pid[at], scan.name[at], part], axis=1)
    kinds, of = np.unique(what, axis=0, return_inverse=True)
    _say(notes, max(0, len(kinds) - _MOST_COUNTERS), "counter too many was left out", "counters too many were left out")
    order = np.lexsort((at, time[at], of))
    ends = np.searchsorted(of[order], np.arange(len(kinds) + 1))
    parts = Counts(map(tuple, kinds[:, :2].tolist()))
    found = []
    for number, (pid, name, key) in enumerate(kinds[:_MOST_COUNTERS].tolist()):
        rows = order[ends[number] : ends[number + 1]]
        word = scan.words[name] if parts[pid, name] == 1 else f"{scan.words[name]} {scan.words[key]}"
        process = told.process.get(pid, scan.words[pid])
        found.append(Counter(word, process, time[at[rows]], value[rows].astype(np.float64)))
    return tuple(found)


def _memory(scan: Scan, which: Mask, time: Ints, lane: Codes) -> Memory:
    """Return allocations and frees in order of time."""
    at = np.flatnonzero(which)
    at = at[np.argsort(time[at], kind="stable")]

    def values(name: str, missing: int) -> Ints:
        found = np.full(len(scan.phase), missing, np.int64)
        if name in scan.cells:
            rows, said = scan.cells[name]
            found[rows] = np.clip(np.nan_to_num(said), -(1 << 62), 1 << 62).astype(np.int64)
        return found[at]

    small = np.iinfo(np.int16)
    return Memory(
        times=time[at],
        size=values("Bytes", 0),
        address=values("Addr", -1),
        allocated=values("Total Allocated", -1),
        reserved=values("Total Reserved", -1),
        device_type=np.clip(values("Device Type", 0), small.min, small.max).astype(np.int16),
        device=np.clip(values("Device Id", -1), small.min, small.max).astype(np.int16),
        lane=lane[at],
    )


def _instants(scan: Scan, which: Mask, time: Ints, lane: Codes) -> Instants:
    """Return moments in order of time."""
    at = np.flatnonzero(which)
    at = at[np.argsort(time[at], kind="stable")]
    everywhere = (scan.flags[at] & chrome_scan.EVERYWHERE) != 0
    return Instants(time[at], scan.name[at], np.where(everywhere, np.int32(-1), lane[at]))


def _flows(scan: Scan, good: Mask, time: Ints, lane: Codes, trace: Trace) -> tuple[Flows, int]:
    """Return the arrows between events, and how many ends of arrows lie in no event."""
    at = np.flatnonzero(good & _is(scan.phase, _FLOWS))
    if not len(at) or not len(trace):
        return NO_FLOWS, len(at)
    order = np.lexsort((at, time[at], scan.id[at], scan.category[at]))
    at = at[order]
    category, ident = scan.category[at], scan.id[at]
    codes, of = np.unique(category, return_inverse=True)
    words = tuple(dict.fromkeys(_ARROWS.get(scan.words[code], scan.words[code]) for code in codes.tolist()))[:127]
    kinds = {word: number for number, word in enumerate(words)}
    kind = np.array(
        [kinds.get(_ARROWS.get(scan.words[code], scan.words[code]), 0) for code in codes.tolist()], np.int8
    )[of]
    # Where each end lies: the events of all lanes, lane by lane.
    by_lane = np.argsort(trace.lane, kind="stable").astype(np.int32)
    edges = np.searchsorted(trace.lane[by_lane], np.arange(len(trace.lanes) + 1))
    launch = kinds.get("launch", -1)
    backward = kinds.get("backward", -1)
    wanted = np.where(kind == launch, 1, np.where(kind == backward, 2, 0)).astype(np.int8)
    on_device = np.isin(trace.role, np.array((KERNEL, MEMCPY, MEMSET, SYNC), np.uint8))
    fits = np.where(trace.role == RUNTIME, 1, 0) | np.where(on_device, 2, 0) | np.where(trace.role == OP, 4, 0)
    row = _bound(
        time[at], lane[at], wanted, scan.phase[at] == ord("s"), (scan.flags[at] & chrome_scan.ENCLOSING) == 0,
        by_lane, edges, trace.start, trace.end, trace.parent, fits.astype(np.int8),
    )  # fmt: skip
    fresh = np.ones(len(at), np.bool_)
    fresh[1:] = (category[1:] != category[:-1]) | (ident[1:] != ident[:-1])
    source, target = _arrows(scan.phase[at], row, fresh)
    inside = (target >= 0) & (source >= 0) & (source != target)
    found = np.flatnonzero(inside)
    pairs = np.stack([source[found], target[found], kind[found]], axis=1) if len(found) else np.zeros((0, 3), np.int32)
    pairs = np.unique(pairs, axis=0)
    return (
        Flows(pairs[:, 0].astype(np.int32), pairs[:, 1].astype(np.int32), pairs[:, 2].astype(np.int8), words),
        int((row < 0).sum()),
    )


@njit(cache=True)
def _bound(
    time: Ints, lane: Codes, wanted: NDArray[np.int8], begins: Mask, following: Mask, by_lane: Codes, edges: Ints,
    start: Ints, end: Ints, parent: Codes, fits: NDArray[np.int8],
) -> Codes:  # fmt: skip
    """Return the row each end of an arrow lies in, -1 for none.

    It is the innermost event of the lane around that time; among those that start there, for launches the one that is a
    call (or work on a device), and for backward arrows the outermost operator. An arrow's end that is not bound to what
    encloses it goes to the next event of the lane.
    """
    found = np.full(len(time), -1, np.int32)
    for index in range(len(time)):
        if lane[index] < 0:
            continue
        low = edges[lane[index]]
        high = edges[lane[index] + 1]
        first = low
        while low < high:
            middle = (low + high) // 2
            if start[by_lane[middle]] <= time[index]:
                low = middle + 1
            else:
                high = middle
        row = by_lane[low - 1] if low > first else -1
        while row >= 0 and end[row] < time[index]:
            row = parent[row]
        if row < 0:
            if following[index] and not begins[index] and low < edges[lane[index] + 1]:
                found[index] = by_lane[low]
            continue
        found[index] = row
        best = -1
        here = row
        # One event may end where the next starts: those that start here come first.
        while here >= 0 and start[here] == time[index]:
            if wanted[index] == 1 and fits[here] & 3 and best < 0:
                best = here
            if wanted[index] == 2 and fits[here] & 4:
                best = here
            here = parent[here]
        if best >= 0:
            found[index] = best
    return found


@njit(cache=True)
def _arrows(phase: NDArray[np.uint8], row: Codes, fresh: Mask) -> tuple[Codes, Codes]:
    """Return both ends of the arrow that leads to each flow event, -1 where none does.

    Those of one id lie together by time. Where only one begins, it is the source of all, even of those the clocks of
    two devices put before it.
    """
    count = len(phase)
    source = np.full(count, -1, np.int32)
    target = np.full(count, -1, np.int32)
    index = 0
    while index < count:
        stop = index + 1
        while stop < count and not fresh[stop]:
            stop += 1
        begins = 0
        only = -1
        for place in range(index, stop):
            if phase[place] == 115:
                begins += 1
                only = row[place]
        here = only if begins == 1 else -1
        for place in range(index, stop):
            if phase[place] == 115:
                here = row[place]
                continue
            source[place] = here
            target[place] = row[place]
            if phase[place] == 116 and row[place] >= 0:
                here = row[place]
        index = stop
    return source, target


def _devices(info: Mapping[str, Any]) -> tuple[Device, ...]:
    """Return the devices that the file describes."""
    said = info.get("deviceProperties") or info.get("computeProperties")
    if not isinstance(said, list):
        return ()
    found = []
    for place, one in enumerate(said[:1_024]):
        if isinstance(one, dict):
            found.append(
                Device(
                    number=_whole(one, ("id",), place),
                    name=str(one.get("name", ""))[:256],
                    memory=_whole(one, ("totalGlobalMem", "totalGlobalMemory")),
                    compute_major=_whole(one, ("computeMajor", "major")),
                    compute_minor=_whole(one, ("computeMinor", "minor")),
                    multiprocessors=_whole(one, ("numSms", "multiProcessorCount")),
                    threads_per_multiprocessor=_whole(
                        one, ("maxThreadsPerMultiprocessor", "maxThreadsPerMultiProcessor")
                    ),
                    warp_size=_whole(one, ("warpSize",)),
                    facts=one,
                )
            )
    return tuple(found)


def _whole(said: Mapping[str, Any], keys: Sequence[str], missing: int = 0) -> int:
    for key in keys:
        value = said.get(key)
        if isinstance(value, int | float) and abs(value) < 1 << 62:
            return int(value)
    return missing


def _group(info: Mapping[str, Any]) -> Group | None:
    """Return which part the recording has in a distributed job, None when it has none."""
    said = info.get("distributedInfo")
    if not isinstance(said, dict) or not isinstance(said.get("rank"), int):
        return None
    ranks = {}
    groups = said.get("pg_config")
    for one in groups if isinstance(groups, list) else ():
        if isinstance(one, dict) and isinstance(one.get("ranks"), list):
            ranks[str(one.get("pg_name", ""))] = tuple(rank for rank in one["ranks"] if isinstance(rank, int))
    return Group(said["rank"], _whole(said, ("world_size",)), str(said.get("backend", ""))[:256], ranks)


def _loaded(text: str) -> dict[str, Any]:
    """Return an object of JSON, {} for what is none."""
    try:
        found = loaded(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _info(info: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    """Return what the file says of itself; what is very long is left out, and noted."""
    found, long = {}, []
    for name, value in info.items():
        if len(json.dumps(value)) <= _LONGEST_INFO:
            found[name] = value
        else:
            long.append(name[:64])
    if long:
        more = f" and {len(long) - 8:,} more" if len(long) > 8 else ""
        notes.append(f"What the file says of itself under {', '.join(long[:8])}{more} is too long to be kept.")
    return found


def warm() -> None:
    """Compile what reads traces, or load it from the cache on disk, by reading a small one."""
    events = (
        '{"ph": "X", "pid": 1, "tid": 1, "ts": 1, "dur": 2, "name": "a", "cat": "cpu_op", "args": {"External id": 1}}',
        '{"ph": "B", "pid": 1, "tid": 2, "ts": 1, "name": "b"}',
        '{"ph": "E", "pid": 1, "tid": 2, "ts": 2}',
        '{"ph": "s", "pid": 1, "tid": 1, "ts": 1, "id": 1, "cat": "ac2g"}',
        '{"ph": "f", "pid": 1, "tid": 2, "ts": 1, "id": 1, "cat": "ac2g", "bp": "e"}',
    )
    read([f'{{"traceEvents": [{", ".join(events)}]}}'.encode()], "")

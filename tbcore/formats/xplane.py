"""Profiles of TensorFlow and JAX: an XSpace of planes (hosts, devices), lines (threads, streams) and events -> a Trace.

    trace = read(data, key)
    trace.column("step_num")            # every value that events carry is a column by the name the file gives it

Messages are walked where they lie: a file of a million events has some ten million of them. What a truncated file still
holds is read; what is damaged is left out and said in the notes. Picoseconds are whole: columns start_ps and duration_ps
hold what is left below the nanosecond.
Source: tsl/profiler/protobuf/xplane.proto.
"""

import gzip
import itertools
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tbcore.errors import TraceError
from tbcore.formats import nesting
from tbcore.formats.trace import (
    ANNOTATION,
    DEVICE_ANNOTATION,
    KERNEL,
    MEMCPY,
    MEMSET,
    OP,
    OTHER,
    PYTHON,
    RUNTIME,
    Column,
    Device,
    Flows,
    Instants,
    Lane,
    Memory,
    Trace,
)

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]

_MOST_EVENTS = 50_000_000
_LONGEST = 10_000  # signs of a name or of a value that are kept
_ABSURD = 1 << 61  # picoseconds, 26 days: no recording is longer
_EPOCH = 10**15  # nanoseconds: time stamps below count from the start of the recording

# Kinds of a value: numbers of the fields of XStat.
_DOUBLE, _UINT, _INT, _STRING, _BYTES, _REF, _PACKED = range(2, 9)

_DEVICE = re.compile(r"/device:(GPU|TPU|CUSTOM|[A-Z]+):(?:[^0-9]*:)?([0-9]+)")
_STREAM = re.compile(r"Stream #([0-9]+)")
# Lines of a device that say what its work belongs to.
_DERIVED = ("Steps", "XLA Modules", "Framework Ops", "Framework Name Scope", "Source code", "Launch Stats", "Async XLA Ops",
            "Sparse Core Steps", "Sparse Core Modules", "Host Offload Ops", "XLA TraceMe", "Overlay", "Source")  # fmt: skip
_XLA_OPS = ("XLA Ops", "Sparse Core Ops")
_OPERATION = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_./>-]*:[A-Z_][A-Za-z0-9_]*")
_RUNTIME = re.compile(
    r"(?i)PjitFunction\(|DevicePut|.*(Execute|Dispatch|Transfer|BlockUntilReady|Await|Enqueue|Infeed|Outfeed|Launch|Memcpy)"
)
_OURS = re.compile(r"[^$:()]+(?:[#/][^$()]*)?")  # names that programs give; those of the runtime hold :: or a call

# Statistics of TensorFlow under the names that all readers know.
_KNOWN = {"correlation_id": "correlation", "flops": "flops", "group_id": "group", "tensor_shapes": "shape"}
_DETAILS = {
    # key of kernel_details: column
    "regs": "registers per thread", "registers_per_thread": "registers per thread", "occ_pct": "est. achieved occupancy %",
}  # fmt: skip
_SPACE = re.compile(r"[\s]+")


def read(data: bytes, key: str) -> Trace:
    """Return the events of an XSpace. Raises TraceError when it holds no plane that can be read."""
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise TraceError(f"this profile is packed with gzip and damaged: {error}") from error
    buffer = np.frombuffer(data, np.uint8)
    notes: list[str] = []
    fields, stopped = _fields(buffer, 0, len(buffer))
    if stopped < len(data):
        notes.append(f"The file is damaged or cut off at byte {stopped:,} of {len(data):,}: what lies before is shown.")
    planes: list[_Plane] = []
    said: dict[int, list[str]] = {2: [], 3: [], 4: []}
    for number, kind, begin, length in fields.tolist():
        if kind != 2:
            continue
        if number == 1:
            planes.append(_plane(buffer, begin, min(begin + length, len(buffer)), len(planes), notes))
        elif number in said:
            said[number].append(_text(data[begin : begin + length]))
    if not any(plane.lines or plane.stats.size for plane in planes):
        if stopped < len(data) or notes:
            raise TraceError(
                f"this profile is damaged from byte {stopped:,} of {len(data):,} on: nothing of it can be read"
            )
        raise TraceError("this is no profile of TensorFlow or JAX: it holds no plane")
    notes += [f"The profiler said: {one}" for one in (*said[2], *said[3])]
    return _Reader(data, buffer, planes, key, said[4], notes).trace()


# Messages ------------------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _varint(data: NDArray[np.uint8], at: int, end: int) -> tuple[Any, Any]:
    """Return the number that begins at `at`, and where it ends; -1 for one that is cut off or too long."""
    value = np.uint64(0)
    shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        if shift < 64:
            value |= np.uint64(byte & 0x7F) << np.uint64(shift)
        if byte < 128:
            return np.int64(value), at
        shift += 7
    return np.int64(0), -1


@njit(cache=True, nogil=True)
def _field(data: NDArray[np.uint8], at: int, end: int) -> tuple[Any, Any, Any, Any, Any]:
    """Return (number, wire type, value or where it begins, length, where the next field begins); -1 last when damaged."""
    tag, at = _varint(data, at, end)
    if at < 0 or tag < 8 or tag >= 1 << 32:
        return 0, 0, 0, 0, -1
    number, kind = tag >> 3, tag & 7
    if kind == 0:
        value, at = _varint(data, at, end)
        return number, kind, value, 0, at
    if kind in (1, 5):
        length = 8 if kind == 1 else 4
        if at + length > end:
            return 0, 0, 0, 0, -1
        value = np.int64(0)
        for place in range(length):
            value |= np.int64(data[at + place]) << np.int64(8 * place)
        return number, kind, value, 0, at + length
    if kind == 2:
        length, at = _varint(data, at, end)
        if at < 0 or length < 0 or length > end - at:
            return number, kind, at, length, -1
        return number, kind, at, length, at + length
    return 0, 0, 0, 0, -1


@njit(cache=True, nogil=True)
def _count(data: NDArray[np.uint8], at: int, end: int) -> int:
    count = 0
    while at < end and at >= 0:
        _number, _kind, _value, _length, at = _field(data, at, end)
        count += 1
    return count


@njit(cache=True, nogil=True)
def _fields(data: NDArray[np.uint8], at: int, end: int) -> tuple[Ints, int]:
    """Return the fields [n, 4] of a message as (number, wire type, value or begin, length), and where reading stopped.

    A message that is cut off within its last field is given with that field, up to the end.
    """
    found = np.zeros((_count(data, at, end), 4), np.int64)
    count = 0
    while at < end:
        number, kind, value, length, then = _field(data, at, end)
        if then < 0:
            if kind == 2 and number > 0 and value > 0 and length > end - value and number < 16:
                found[count] = number, kind, value, end - value
                count += 1
            return found[:count], at
        found[count] = number, kind, value, length
        count += 1
        at = then
    return found[:count], end


@njit(cache=True, nogil=True)
def _sizes(data: NDArray[np.uint8], places: Ints) -> int:
    """Return how many values events have that lie at places [n, 2]."""
    stats = 0
    for index in range(len(places)):
        at = places[index, 0]
        end = at + places[index, 1]
        while at < end:
            number, kind, _value, _length, at = _field(data, at, end)
            if at < 0:
                break
            stats += number == 4 and kind == 2
    return stats


@njit(cache=True, nogil=True)
def _events(data: NDArray[np.uint8], places: Ints, events: Ints, stats: Ints) -> tuple[int, int]:
    """Read events at places [n, 2] into events [n, 4]: metadata, offset, duration, occurrences (-1 without any).

    stats [m, 5]: event, metadata, kind, value or where it begins, length. Return how many stats there are and how many
    events are damaged.
    """
    filled = 0
    damaged = 0
    for index in range(len(places)):
        at = places[index, 0]
        end = at + places[index, 1]
        events[index, 3] = -1
        while at < end:
            number, kind, value, length, at = _field(data, at, end)
            if at < 0:
                damaged += 1
                break
            if kind == 0 and number == 1:
                events[index, 0] = value
            elif kind == 0 and number == 2:
                events[index, 1] = value
            elif kind == 0 and number == 3:
                events[index, 2] = value
            elif kind == 0 and number == 5:
                events[index, 3] = value
            elif kind == 2 and number == 4:
                filled = _stat(data, value, value + length, index, stats, filled)
    return filled, damaged


@njit(cache=True, nogil=True)
def _stat(data: NDArray[np.uint8], at: int, end: int, owner: int, stats: Ints, filled: int) -> int:
    """Read one value into the row `filled` of stats and return the next free row; one without a value is left out."""
    stats[filled] = owner, 0, 0, 0, 0
    while at < end:
        number, _kind, value, length, at = _field(data, at, end)
        if at < 0:
            return filled
        if number == 1:
            stats[filled, 1] = value
        elif number <= 8:
            stats[filled, 2] = number
            stats[filled, 3] = value
            stats[filled, 4] = length
    return filled + int(stats[filled, 2] > 0)


def _text(data: bytes) -> str:
    return data[:_LONGEST].decode("utf-8", "replace")


# Planes --------------------------------------------------------------------------------------------------------------


@dataclass
class _Line:
    name: str = ""
    thread: str = ""
    id: int = 0
    timestamp: int = 0  # ns
    places: Ints = field(default_factory=lambda: np.zeros((0, 2), np.int64))


@dataclass
class _Plane:
    """One plane. metadata: name, name to show and values of each kind of event; stats: values of the plane itself."""

    order: int
    id: int = 0
    name: str = ""
    lines: list[_Line] = field(default_factory=list)
    metadata: dict[int, tuple[str, str, Ints]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    stats: Ints = field(default_factory=lambda: np.zeros((0, 5), np.int64))


_NO_STATS = np.zeros((0, 5), np.int64)


def _plane(buffer: NDArray[np.uint8], begin: int, end: int, order: int, notes: list[str]) -> _Plane:
    plane = _Plane(order)
    fields, stopped = _fields(buffer, begin, end)
    damaged = 0
    own = list(fields[(fields[:, 0] == 6) & (fields[:, 1] == 2), 2:].tolist())
    plane.stats = _stats(buffer, own)
    for number, kind, at, length in fields.tolist():
        if kind == 0 and number == 1:
            plane.id = at
        elif kind != 2:
            continue
        elif number == 2:
            plane.name = _text(buffer[at : at + length].tobytes())
        elif number == 3:
            line, whole = _line(buffer, at, at + length)
            plane.lines.append(line)
            damaged += not whole
        elif number == 4:
            _keep_metadata(plane, buffer, at, at + length)
        elif number == 5:
            entry = _entry(buffer, at, at + length)
            if entry is not None:
                parts, _stopped = _fields(buffer, *entry[1])
                plane.names[entry[0]] = _string(buffer, parts, 2)
    if stopped < end or damaged:
        notes.append(f"Plane {plane.name or plane.id} is damaged: what could be read of it is shown.")
    return plane


def _line(buffer: NDArray[np.uint8], begin: int, end: int) -> tuple[_Line, bool]:
    """Return a line and whether all of it can be read."""
    fields, stopped = _fields(buffer, begin, end)
    numbers = {int(number): int(value) for number, kind, value, _length in fields[fields[:, 1] == 0].tolist()}
    name = _string(buffer, fields, 2)
    events = fields[(fields[:, 0] == 4) & (fields[:, 1] == 2), 2:]
    line = _Line(name, _string(buffer, fields, 11) or name, numbers.get(1, 0), numbers.get(3, 0), events)
    return line, stopped >= end


def _entry(buffer: NDArray[np.uint8], begin: int, end: int) -> tuple[int, tuple[int, int]] | None:
    """Return the key of an entry of a map, and where its message lies; None when it has none."""
    fields, _stopped = _fields(buffer, begin, end)
    key, place = 0, None
    for number, kind, value, length in fields.tolist():
        if number == 1 and kind == 0:
            key = value
        elif number == 2 and kind == 2:
            place = value, value + length
    return None if place is None else (key, place)


def _keep_metadata(plane: _Plane, buffer: NDArray[np.uint8], begin: int, end: int) -> None:
    entry = _entry(buffer, begin, end)
    if entry is None:
        return
    key, place = entry
    fields, _stopped = _fields(buffer, *place)
    own = fields[(fields[:, 0] == 5) & (fields[:, 1] == 2), 2:].tolist()
    stats = _stats(buffer, own) if own else _NO_STATS
    plane.metadata[key] = _string(buffer, fields, 2), _string(buffer, fields, 4), stats


def _stats(buffer: NDArray[np.uint8], places: Sequence[Sequence[int]]) -> Ints:
    found = np.zeros((len(places), 5), np.int64)
    filled = 0
    for begin, length in places:
        filled = _stat(buffer, begin, begin + length, 0, found, filled)
    return found[:filled]


def _string(buffer: NDArray[np.uint8], fields: Ints, number: int) -> str:
    found = np.flatnonzero((fields[:, 0] == number) & (fields[:, 1] == 2))
    if not len(found):
        return ""
    begin, length = fields[found[0], 2:].tolist()
    return _text(buffer[begin : begin + length].tobytes())


# The trace -----------------------------------------------------------------------------------------------------------


class _Values:
    """The values of one name, as they come: rows of events, and numbers or codes of words."""

    def __init__(self) -> None:
        self.rows: list[Ints] = []
        self.values: list[NDArray[Any]] = []
        self.words: list[bool] = []


class _Reader:
    """Brings planes into columns."""

    def __init__(
        self, data: bytes, buffer: NDArray[np.uint8], planes: list[_Plane], key: str, hosts: list[str], notes: list[str]
    ) -> None:
        self.data, self.buffer, self.planes, self.key = data, buffer, planes, key
        self.hosts, self.notes = hosts, notes
        self.codes: dict[str, int] = {}
        self.names: list[str] = []
        self.categories: dict[str, int] = {}
        self.columns: dict[str, _Values] = {}

    def trace(self) -> Trace:
        """Return the whole as a trace."""
        lanes: list[Lane] = []
        lane_of: dict[tuple[int, int, str], int] = {}
        start: list[Ints] = []
        duration: list[Ints] = []
        name: list[Codes] = []
        category: list[Codes] = []
        role: list[NDArray[np.uint8]] = []
        lane: list[Codes] = []
        count = 0
        damaged = absurd = counted = 0
        stamps = [line.timestamp for plane in self.planes for line in plane.lines if len(line.places)]
        absolute = any(stamp > _EPOCH for stamp in stamps)
        facts = self._facts()
        base = int(facts.get("profile_start_time", 0)) if not absolute else min(one for one in stamps if one > _EPOCH)
        base = base if 0 <= base < 1 << 63 else 0
        for plane in self.planes:
            device = _number(plane)
            known = self._metadata(plane)
            for place, line in enumerate(plane.lines):
                total = len(line.places)
                if not total:
                    continue
                if count + total > _MOST_EVENTS:
                    self.notes.append(f"Only the first {count:,} events are shown.")
                    break
                events = np.zeros((total, 4), np.int64)
                stats = np.zeros((_sizes(self.buffer, line.places) + 1, 5), np.int64)
                filled, bad = _events(self.buffer, line.places, events, stats)
                damaged += bad
                own = (plane.order, line.id, "" if line.id else line.name)
                if own not in lane_of:
                    lane_of[own] = len(lanes)
                    lanes.append(_lane(plane, line, device, place))
                offset = line.timestamp - (base if absolute else 0)
                begin = events[:, 1] + offset * 1000 if abs(offset) < _ABSURD // 1000 else np.full(total, _ABSURD)
                shown = events[:, 3] < 0
                sane = (events[:, 2] >= 0) & (events[:, 2] < _ABSURD)
                for times in (begin, events[:, 1]):  # both, since their sum may have run over
                    sane &= (times > -_ABSURD) & (times < _ABSURD)
                absurd += int((shown & ~sane).sum())
                counted += int((~shown).sum())
                kept = np.flatnonzero(shown & sane)
                at = np.full(total, -1, np.int64)
                at[kept] = np.arange(count, count + len(kept))
                names, roles, kinds = self._events(plane, line, device, known, events[kept, 0])
                self._stats(plane, stats[:filled], at)
                self._of_metadata(known, events[kept, 0], count)
                start.append(begin[kept])
                duration.append(events[kept, 2])
                name.append(names)
                role.append(roles)
                category.append(kinds)
                lane.append(np.full(len(kept), lane_of[own], np.int32))
                count += len(kept)
        for many, words in (
            (damaged, "events are damaged: what could be read of them is shown."),
            (absurd, "events have times that cannot be: they are left out."),
            (counted, "events only say how often something happened, not when: they are left out."),
        ):
            if many:
                self.notes.append(f"{many:,} {words}")
        return self._ordered(
            base,
            _joined(start, np.int64),
            _joined(duration, np.int64),
            _joined(name, np.int32),
            _joined(category, np.int32),
            _joined(role, np.uint8),
            _joined(lane, np.int32),
            lanes,
            facts,
        )

    def _ordered(
        self,
        base: int,
        start: Ints,
        duration: Ints,
        name: Codes,
        category: Codes,
        role: NDArray[np.uint8],
        lane: Codes,
        lanes: list[Lane],
        facts: dict[str, Any],
    ) -> Trace:
        order, depth, parent, crossing = nesting.nest(start, duration, lane)
        inverse = np.empty(len(order), np.int64)
        inverse[order] = np.arange(len(order))
        role = self._refined(role)
        start, duration = start[order], duration[order]
        columns = self._columns(inverse)
        for what, rest in (("start_ps", start % 1000), ("duration_ps", duration % 1000)):
            rows = np.flatnonzero(rest).astype(np.int32)
            if len(rows):
                columns[what] = Column(rows, rest[rows])
        start, duration = start // 1000, duration // 1000
        lane = lane[order]
        return Trace(
            key=self.key,
            source="xplane",
            base=base,
            start=start,
            duration=duration,
            name=name[order],
            category=category[order].astype(np.int16),
            role=role[order],
            lane=lane,
            depth=depth,
            parent=parent,
            place=order.astype(np.int32),
            names=self.names,
            categories=tuple(self.categories),
            lanes=tuple(lanes),
            columns=columns,
            flows=_flows(columns, role[order], len(order)),
            counters=(),
            memory=_memory(columns, name[order], start, lane, self.names, self.codes),
            instants=Instants(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int32)),
            devices=tuple(self._devices()),
            info=facts,
            notes=tuple(self.notes),
            crossing=crossing,
        )

    def _code(self, word: str) -> int:
        code = self.codes.get(word)
        if code is None:
            code = self.codes[word] = len(self.names)
            self.names.append(word)
        return code

    def _category(self, word: str) -> int:
        if len(self.categories) > 30_000:
            word = "other"
        return self.categories.setdefault(word, len(self.categories))

    def _value(self, plane: _Plane, kind: int, value: int, length: int) -> Any:
        """Return a value as a number or a word."""
        if kind == _DOUBLE:
            return float(np.array([value], np.int64).view(np.float64)[0])
        if kind == _UINT:
            return value & ((1 << 64) - 1)
        if kind == _INT:
            return value
        if kind == _REF:
            return plane.names.get(value, "")
        data = self.data[value : value + length]
        if kind == _PACKED:
            try:
                return _text(zlib.decompressobj(31).decompress(data, _LONGEST))
            except zlib.error:
                return ""
        return _text(data) if kind == _STRING else f"{length:,} bytes"

    def _facts(self) -> dict[str, Any]:
        """Return what planes that hold no events say of the recording."""
        found: dict[str, Any] = {}
        for plane in self.planes:
            if _DEVICE.match(plane.name):
                continue
            for _owner, key, kind, value, length in plane.stats.tolist():
                if kind != _BYTES:
                    found.setdefault(plane.names.get(key, str(key)), self._value(plane, kind, value, length))
        if self.hosts:
            found["hostnames"] = list(self.hosts)
        return found

    def _devices(self) -> Iterator[Device]:
        for plane in self.planes:
            match = _DEVICE.match(plane.name)
            if match is None or "SparseCore" in plane.name:
                continue
            said = {
                plane.names.get(key, str(key)): self._value(plane, kind, value, length)
                for _owner, key, kind, value, length in plane.stats.tolist()
                if kind != _BYTES
            }
            yield Device(
                number=int(match[2]),
                name=str(said.get("device_type_string") or said.get("device_vendor") or plane.name),
                memory=_whole(said.get("memory_size")),
                compute_major=_whole(said.get("compute_cap_major")),
                compute_minor=_whole(said.get("compute_cap_minor")),
                multiprocessors=_whole(said.get("core_count")),
                facts={**said, "plane": plane.name},
            )

    def _metadata(self, plane: _Plane) -> "_Kinds":
        """Return what is known of each kind of event of a plane, in columns."""
        ids = np.array(sorted(plane.metadata), np.int64)
        names, long, stats = [], [], []
        for place, key in enumerate(ids.tolist()):
            full, shown, own = plane.metadata[key]
            short = shown if shown and not _OPERATION.fullmatch(full) and not full.startswith("Iterator::") else full
            names.append(self._code(short))
            long.append(self._code(full) if full != short and full else -1)
            if len(own):
                own[:, 0] = place
                stats.append(own)
        joined = np.concatenate(stats) if stats else _NO_STATS
        return _Kinds(plane, ids, np.array(names, np.int32), np.array(long, np.int32), joined)

    def _events(
        self, plane: _Plane, line: _Line, device: int, known: "_Kinds", ids: Ints
    ) -> tuple[Codes, NDArray[np.uint8], Codes]:
        """Return codes of names, roles and categories of events."""
        kinds, inverse = np.unique(ids, return_inverse=True)
        names, roles, categories = [], [], []
        for key in kinds.tolist():
            place = known.place(key)
            code = int(known.names[place]) if place >= 0 else self._code(f"event {key}")
            name = self.names[code]
            full = plane.metadata[key][0] if place >= 0 else name
            role, category = _role(name, full, plane, line, device)
            names.append(code)
            roles.append(role)
            categories.append(self._category(category))
        return (
            np.array(names, np.int32)[inverse],
            np.array(roles, np.uint8)[inverse],
            np.array(categories, np.int32)[inverse],
        )

    def _keep(self, name: str, rows: Ints, values: NDArray[Any], words: bool) -> None:
        column = self.columns.setdefault(name, _Values())
        column.rows.append(rows)
        column.values.append(values)
        column.words.append(words)

    def _stats(self, plane: _Plane, stats: Ints, rows: Ints) -> None:
        """Keep values of events; rows: which row each event is, -1 for those left out."""
        owner = rows[stats[:, 0]] if len(stats) else stats[:, 0]
        stats, owner = stats[owner >= 0], owner[owner >= 0]
        if not len(stats):
            return
        order = np.argsort(stats[:, 1], kind="stable")
        stats, owner = stats[order], owner[order]
        cuts = np.concatenate(([0], np.flatnonzero(np.diff(stats[:, 1])) + 1, [len(stats)])).tolist()
        for first, last in itertools.pairwise(cuts):
            name = plane.names.get(int(stats[first, 1]), "")
            if not name:
                continue
            part, rows_of = stats[first:last], owner[first:last]
            for kind in np.unique(part[:, 2]).tolist():
                here = part[:, 2] == kind
                if kind == _BYTES:
                    continue
                if kind in (_UINT, _INT):
                    self._keep(name, rows_of[here], part[here, 3], False)
                elif kind == _DOUBLE:
                    self._keep(name, rows_of[here], part[here, 3].view(np.float64), False)
                else:
                    self._keep(name, rows_of[here], self._words(plane, kind, part[here]), True)

    def _words(self, plane: _Plane, kind: int, stats: Ints) -> Ints:
        """Return codes of words, each distinct reference looked up once."""
        if kind == _REF:
            refs, inverse = np.unique(stats[:, 3], return_inverse=True)
            return np.array([self._code(plane.names.get(ref, "")) for ref in refs.tolist()], np.int64)[inverse]
        found = [self._code(str(self._value(plane, kind, begin, length))) for begin, length in stats[:, 3:].tolist()]
        return np.array(found, np.int64)

    def _of_metadata(self, known: "_Kinds", ids: Ints, first: int) -> None:
        """Keep what metadata says of every event that uses it."""
        if not len(known.ids) or not len(ids):
            return
        place = known.places(ids)
        rows = np.arange(first, first + len(ids))
        long = np.where(place >= 0, known.long[place], -1)
        if (long >= 0).any():
            self._keep("long_name", rows[long >= 0], long[long >= 0].astype(np.int64), True)
        for name, words, values, has in known.columns(self):
            here = (place >= 0) & has[place]
            if here.any():
                self._keep(name, rows[here], values[place[here]], words)

    def _refined(self, role: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the roles with what the values of events tell: steps, launches, operations of XLA, what programs name."""
        role = role.copy()
        for name, own in (
            ("hlo_op", OP),
            ("tf_op", OP),
            ("correlation_id", RUNTIME),
            ("step_num", ANNOTATION),
            ("step_name", ANNOTATION),
        ):
            column = self.columns.get(name)
            for rows in column.rows if column else ():
                host = rows[np.isin(role[rows], (OTHER, OP, ANNOTATION, RUNTIME))]
                role[host] = own
        return role

    def _columns(self, inverse: Ints) -> dict[str, Column]:
        """Return the columns, in the order of the rows; of two values of one name for one event the first counts."""
        found: dict[str, Column] = {}
        for name, column in self.columns.items():
            values = column.values
            words = any(column.words)
            if words and not all(column.words):
                values = [
                    one if is_word else np.array([self._code(str(value)) for value in one.tolist()], np.int64)
                    for one, is_word in zip(values, column.words, strict=True)
                ]
            rows = inverse[np.concatenate(column.rows)]
            together = np.concatenate(values)
            order = np.argsort(rows, kind="stable")
            rows, together = rows[order], together[order]
            first = np.concatenate(([True], rows[1:] != rows[:-1]))
            made = Column(
                rows[first].astype(np.int32), together[first].astype(np.int32) if words else together[first], words
            )
            found[name] = made
        for name, known in _KNOWN.items():
            if name in found:
                found.setdefault(known, found[name])
        self._details(found)
        return found

    def _details(self, found: dict[str, Column]) -> None:
        """Add what kernel_details and memcpy_details say as columns of their own; each distinct text is read once."""
        for name, read_one in (("kernel_details", kernel_details), ("memcpy_details", memcpy_details)):
            column = found.get(name)
            if column is None or not column.words:
                continue
            codes, inverse = np.unique(column.values, return_inverse=True)
            said = [read_one(self.names[code]) for code in codes.tolist()]
            for key in sorted({key for one in said for key in one}):
                has = np.array([key in one for one in said], np.bool_)[inverse]
                words = any(isinstance(one.get(key), str) for one in said)
                values = [self._code(str(one.get(key, ""))) if words else one.get(key, 0) for one in said]
                dtype = np.int32 if words else np.float64 if any(isinstance(v, float) for v in values) else np.int64
                found.setdefault(key, Column(column.rows[has], np.array(values, dtype)[inverse][has], words))


class _Kinds:
    """What metadata says of the kinds of events of a plane, in columns over them."""

    def __init__(self, plane: _Plane, ids: Ints, names: Codes, long: Codes, stats: Ints) -> None:
        self.plane, self.ids, self.names, self.long, self.stats = plane, ids, names, long, stats
        self._columns: list[tuple[str, bool, NDArray[Any], NDArray[np.bool_]]] | None = None

    def places(self, ids: Ints) -> Ints:
        """Return where each kind stands, -1 where nothing is said of it."""
        if not len(self.ids):
            return np.full(len(ids), -1, np.int64)
        place = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[place] == ids, place, -1)

    def place(self, key: int) -> int:
        return int(self.places(np.array([key], np.int64))[0])

    def columns(self, reader: _Reader) -> list[tuple[str, bool, NDArray[Any], NDArray[np.bool_]]]:
        """Return (name, whether words, values, which kinds have one), all over the kinds."""
        if self._columns is None:
            self._columns = []
            for key in np.unique(self.stats[:, 1]).tolist():
                name = self.plane.names.get(key, "")
                own = self.stats[(self.stats[:, 1] == key) & (self.stats[:, 2] != _BYTES)]
                if not name or not len(own):
                    continue
                has = np.zeros(len(self.ids), np.bool_)
                has[own[:, 0]] = True
                said = [reader._value(self.plane, kind, value, length) for kind, value, length in own[:, 2:].tolist()]
                words = any(isinstance(one, str) for one in said)
                if words:
                    values = np.array([reader._code(str(one)) for one in said], np.int64)
                elif any(isinstance(one, float) for one in said):
                    values = np.array(said, np.float64)
                else:
                    values = np.array([_signed(one) for one in said], np.int64)
                dense = np.zeros(len(self.ids), values.dtype)
                dense[own[:, 0]] = values
                self._columns.append((name, words, dense, has))
        return self._columns


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _whole(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and abs(value) < 1 << 62 else 0


def _joined(parts: list[NDArray[Any]], dtype: Any) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype)


def _number(plane: _Plane) -> int:
    """Return the number of the device that a plane is of, -1 for a host."""
    match = _DEVICE.match(plane.name)
    return int(match[2]) if match else -1


def _lane(plane: _Plane, line: _Line, device: int, place: int) -> Lane:
    return Lane(
        process=plane.name,
        thread=line.thread or f"line {line.id}",
        pid=str(plane.order),
        tid=str(line.id),
        device=device,
        order=(int(device >= 0), max(device, 0), plane.order, place),
    )


def _role(name: str, full: str, plane: _Plane, line: _Line, device: int) -> tuple[int, str]:
    """Return the role and the category of a kind of event on a line."""
    if device >= 0:
        if line.name in _XLA_OPS:
            return (DEVICE_ANNOTATION if "GPU" in plane.name else KERNEL), line.name
        if line.name in _DERIVED:
            return DEVICE_ANNOTATION, line.name
        lowered = full.lower()
        if lowered.startswith("memcpy"):
            return MEMCPY, "memcpy"
        if lowered.startswith("memset"):
            return MEMSET, "memset"
        return KERNEL, "kernel"
    if name.startswith("$") or "python-tracer" in plane.name:
        return PYTHON, "Python"
    if full.startswith("Iterator::"):
        return OP, "tf.data"
    if _OPERATION.fullmatch(full):
        return OP, "TensorFlow op"
    if _RUNTIME.match(name):
        return RUNTIME, "runtime"
    if line.name.startswith(("python", "main")) and _OURS.fullmatch(name):
        return ANNOTATION, "annotation"
    return OTHER, "host"


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for part in _SPACE.split(text.strip()):
        key, sign, value = part.partition(":")
        if sign:
            yield key, value


def kernel_details(text: str) -> dict[str, Any]:
    """Return what the text beside a kernel says: registers, shared memory, grid, block, occupancy.

    Source: xprof's ParseKernelLaunchParams: keys and values with a colon between, one per line or with spaces between.
    """
    found: dict[str, Any] = {}
    shared = None
    for key, value in _pairs(text):
        try:
            if key in _DETAILS:
                number = float(value)
                found[_DETAILS[key]] = number if key == "occ_pct" else int(number)
            elif key in ("static_shared", "dynamic_shared"):
                shared = (shared or 0) + int(value)
            elif key in ("grid", "block"):
                found[key] = json.dumps([int(part) for part in value.split(",")])
        except (ValueError, OverflowError):
            continue
    if shared is not None and abs(shared) < 1 << 62:
        found["shared memory"] = shared
    return {key: value for key, value in found.items() if not isinstance(value, int) or abs(value) < 1 << 62}


def memcpy_details(text: str) -> dict[str, Any]:
    """Return the bytes that the text beside a copy says."""
    for key, value in _pairs(text.replace(" ", "\n")):
        if key in ("num_bytes", "size") and value.isdecimal() and len(value) < 19:
            return {"bytes": int(value)}
    return {}


def _flows(columns: Mapping[str, Column], role: NDArray[np.uint8], count: int) -> Flows:
    """Return arrows from launches to what they started, and from producers to consumers; of several sources the first counts."""
    none = np.zeros(0, np.int64)
    pairs = [(none, none), (none, none)]
    correlation = columns.get("correlation")
    if correlation is not None and not correlation.words:
        rows = correlation.rows
        on_device = np.isin(role[rows], (KERNEL, MEMCPY, MEMSET))
        keys = correlation.values[:, None]
        pairs[0] = _matched(rows[~on_device], keys[~on_device], rows[on_device], keys[on_device])
    if all(name in columns and not columns[name].words for name in ("_pt", "_p", "_ct", "_c")):
        made, used = columns["_p"].rows, columns["_c"].rows
        kinds = [np.stack([columns[one].dense(count)[rows] for one in (kind, own)], axis=1)
                 for rows, kind, own in ((made, "_pt", "_p"), (used, "_ct", "_c"))]  # fmt: skip
        source, target = _matched(made, kinds[0], used, kinds[1])
        pairs[1] = source[source != target], target[source != target]
    return Flows(
        np.concatenate([source for source, _target in pairs]).astype(np.int32),
        np.concatenate([target for _source, target in pairs]).astype(np.int32),
        np.repeat(np.arange(2, dtype=np.int8), [len(source) for source, _target in pairs]),
        ("launch", "async"),
    )


def _matched(sources: Codes, own: Ints, targets: Codes, other: Ints) -> tuple[Ints, Ints]:
    """Return the first of the sources with the same key [n, k] for each of the targets that has one."""
    if not len(sources) or not len(targets):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    codes = np.zeros(len(own) + len(other), np.int64)
    for place in range(own.shape[1]):
        _keys, part = np.unique(np.concatenate([own[:, place], other[:, place]]), return_inverse=True)
        _keys, codes = np.unique(codes * (len(_keys) + 1) + part, return_inverse=True)
    first = np.full(len(codes), -1, np.int64)
    first[codes[: len(sources)][::-1]] = sources[::-1]
    found = first[codes[len(sources) :]]
    return found[found >= 0], targets[found >= 0].astype(np.int64)


_GPU, _TPU = 1, 9  # types of devices as PyTorch numbers them


def _memory(
    columns: Mapping[str, Column], name: Codes, start: Ints, lane: Codes, names: Sequence[str], codes: Mapping[str, int]
) -> Memory:
    """Return allocations and frees of the allocators."""
    signs = {codes.get("MemoryAllocation", -2): 1, codes.get("MemoryDeallocation", -2): -1}
    rows = np.flatnonzero(np.isin(name, [code for code in signs if code >= 0])) if len(name) else np.zeros(0, np.intp)

    def column(of: str, missing: int) -> Ints:
        held = columns.get(of)
        found = np.full(len(name), missing, np.int64)
        if held is not None and not held.words:
            found[held.rows] = held.values.astype(np.int64)
        return found[rows]

    sign = np.array([signs[int(code)] for code in name[rows]], np.int64)
    held, stack = column("bytes_allocated", -1), column("bytes_reserved", 0)
    allocators = columns.get("allocator_name")
    device_type = np.zeros(len(rows), np.int16)
    device = np.full(len(rows), -1, np.int16)
    cores = column("index_on_host", -1)  # of TPUs, which name no allocator
    device_type[cores >= 0], device[cores >= 0] = _TPU, np.minimum(cores[cores >= 0], 1 << 14)
    if allocators is not None and len(rows):
        dense = np.full(len(name), -1, np.int64)
        dense[allocators.rows] = allocators.values
        for code in np.unique(dense[rows]).tolist():
            match = re.search(r"(?i)(gpu|tpu)[^0-9]*([0-9]{1,4})", names[code]) if code >= 0 else None
            if match:
                here = dense[rows] == code
                device_type[here], device[here] = _TPU if match[1].lower() == "tpu" else _GPU, int(match[2])
    return Memory(
        times=start[rows],
        size=sign * np.abs(column("allocation_bytes", 0)),
        address=column("addr", -1),
        allocated=np.where(held >= 0, held + stack, -1),
        reserved=np.full(len(rows), -1, np.int64),
        device_type=device_type,
        device=device,
        lane=lane[rows],
    )


def warm() -> None:
    """Compile what reads planes, or load it from the cache on disk, by reading a small one: one event "a" of a nanosecond."""
    line = b"\x22\x05\x08\x01\x18\xe8\x07"
    plane = b"\x12\x01a\x1a" + bytes([len(line)]) + line + b"\x22\x09\x08\x01\x12\x05\x08\x01\x12\x01a"
    read(b"\x0a" + bytes([len(plane)]) + plane, "")

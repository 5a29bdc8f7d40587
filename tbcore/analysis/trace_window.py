"""What of a trace is seen in a window: every event, those too small to be seen merged into marks that say what they hold.

    index = trace_window.indexed(trace)                    # remembered as long as the trace
    marks = trace_window.window(index, start, end, 1_600)  # sum(marks.count) is how many events touch the window

A track is one depth of one lane. Times are nanoseconds since the first event (`Index.origin` after the trace's base), so that
a browser's numbers hold them exactly. Cells are whole powers of two nanoseconds from that origin on: what is merged does not
depend on where the window begins, and nothing flickers while it is moved.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tbcore.analysis.known import Known
from tbcore.formats.trace import ANNOTATION, DEVICE_ANNOTATION, OVERHEAD, PYTHON, SPAN, Codes, Ints, Trace

MARKS = 80_000  # that one answer holds at most, wider cells where there would be more
# What only encloses the work of others, and is no sign of a busy lane.
_FRAMES = (ANNOTATION, DEVICE_ANNOTATION, PYTHON, OVERHEAD, SPAN)

_fast = njit(nogil=True, cache=True, error_model="numpy")


@dataclass(frozen=True)
class Index:
    """The events of a trace by track, in each by start; all columns but the last ones [n].

    rows: which events of the trace; reach: the latest end of the track so far; first int64 [tracks + 1]: where each track begins;
    lane, depth int32 [tracks]; tracks int32 [lanes + 1]: the first track of each lane.
    work_*: the outermost events of each lane that are work, start and end by lane; names: how many names there are.
    origin: time 0 of all this, nanoseconds since the trace's base; length: when the last event ends.
    """

    rows: Codes
    start: Ints
    end: Ints
    reach: Ints
    name: Codes
    role: NDArray[np.uint8]
    first: Ints
    lane: Codes
    depth: Codes
    tracks: Codes
    work_start: Ints
    work_end: Ints
    work_first: Ints
    names: int
    origin: int
    length: int

    def of_lanes(self, lanes: Sequence[tuple[int, int]]) -> Codes:
        """Return the tracks of lanes, of each (lane, depths): so many of its depths from the top."""
        known = len(self.tracks) - 1
        found = [
            np.arange(self.tracks[lane], min(self.tracks[lane + 1], self.tracks[lane] + max(0, depths)), dtype=np.int32)
            for lane, depths in lanes
            if 0 <= lane < known
        ]
        return np.unique(np.concatenate(found)).astype(np.int32) if found else np.empty(0, np.int32)


@dataclass(frozen=True)
class Marks:
    """What is drawn, by track and start; all [m].

    One event: count 1, its row, its name. Several, each shorter than `cell`: from the first start to the last end, total time of
    all, the name that most of that time belongs to with its time (`main`), row -1. hits: how many of them were searched for.
    cell: nanoseconds.
    """

    track: Codes
    start: Ints
    end: Ints
    name: Codes
    role: NDArray[np.uint8]
    count: Codes
    total: Ints
    main: Ints
    row: Codes
    hits: Codes
    cell: int

    def __len__(self) -> int:
        return len(self.track)


def index(trace: Trace) -> Index:
    """Return the events of a trace by track."""
    count = len(trace)
    origin, last = trace.span
    # Columns of a cache are read-only, for which kernels would be compiled once more.
    lanes, depths, parents = trace.lane.copy(), trace.depth.copy(), trace.parent.copy()
    deepest = np.zeros(len(trace.lanes) + 1, np.int64)
    _deepest(lanes, depths, deepest)
    tracks = np.zeros(len(trace.lanes) + 1, np.int64)
    np.cumsum(deepest[:-1], out=tracks[1:])
    total = int(tracks[-1])
    rows = np.empty(count, np.int32)
    first = np.zeros(total + 1, np.int64)
    _sort(lanes, depths, tracks, first, rows)
    start = trace.start[rows] - origin
    end = start + np.maximum(trace.duration[rows], 0)
    reach = np.empty(count, np.int64)
    _reach(end, first, reach)
    outer = np.empty(count, np.bool_)
    frame = np.isin(trace.role, np.array(_FRAMES, np.uint8))
    works = np.zeros(len(trace.lanes), np.bool_)
    works[lanes[~frame]] = True
    # A lane of frames alone shows those, for want of more.
    frame &= works[lanes] | (trace.role == SPAN)
    _outermost(parents, frame, outer)
    work = np.flatnonzero(outer)
    work = work[np.argsort(lanes[work], kind="stable")]
    work_first = np.searchsorted(lanes[work], np.arange(len(trace.lanes) + 1))
    lane = np.repeat(np.arange(len(trace.lanes), dtype=np.int32), deepest[:-1])
    return Index(
        rows,
        start,
        end,
        reach,
        trace.name[rows],
        trace.role[rows],
        first,
        lane,
        (np.arange(total) - tracks[lane]).astype(np.int32),
        tracks.astype(np.int32),
        trace.start[work] - origin,
        trace.end[work] - origin,
        work_first.astype(np.int64),
        len(trace.names),
        origin,
        max(0, last - origin),
    )


indexed = Known(index)


def cell_of(length: int, pixels: int) -> int:
    """Return the nanoseconds of a cell that is one to two pixels wide in a window."""
    return 1 << max(0, (max(1, -(-length // max(1, pixels))) - 1).bit_length())


def window(
    known: Index,
    start: int,
    end: int,
    pixels: int,
    tracks: Codes | None = None,
    matched: NDArray[np.bool_] | None = None,
    most: int = MARKS,
) -> Marks:
    """Return the marks of all events that touch [start, end), of `tracks` or of all.

    pixels: of the window's width; matched bool [events of the trace]: what was searched for. An event touches the window when it starts in it or
    lasts into it.
    """
    wanted = np.arange(len(known.lane), dtype=np.int32) if tracks is None else tracks
    cell = cell_of(end - start, pixels)
    found = np.zeros(0, np.bool_) if matched is None else matched
    columns = (known.start, known.end, known.reach, known.name, known.role, known.rows, known.first)
    while True:
        # A cell that holds the whole window leaves two marks of a track at the most, or an event that overlaps others by mistake.
        last = cell > 2 * max(1, known.length)
        room = len(known.rows) + 1 if last else most
        ends = np.empty((4, room), np.int64)
        codes = np.empty((5, room), np.int32)
        roles = np.empty(room, np.uint8)
        used = _merge(*columns, wanted, start, end, cell.bit_length() - 1, known.names, found, ends, codes, roles)
        if used >= 0:
            break
        cell *= 2
    track, name, count, row, hits = (codes[place, :used].copy() for place in range(5))
    low, high, total, main = (ends[place, :used].copy() for place in range(4))
    return Marks(track, low, high, name, roles[:used].copy(), count, total, main, row, hits, cell)


def density(known: Index, lanes: Sequence[int], start: int, end: int, pixels: int) -> tuple[int, NDArray[np.float32]]:
    """Return how many lanes are at work, on average, in each cell of a window: the first cell's place, and values [cells].

    A cell is `cell_of(end - start, pixels)` wide; the first place times that is when it begins.
    """
    cell = cell_of(end - start, pixels)
    first = start // cell
    values = np.zeros(max(1, -(-end // cell) - first), np.float64)
    wanted = np.array([lane for lane in lanes if 0 <= lane < len(known.tracks) - 1], np.int64)
    _fill(known.work_start, known.work_end, known.work_first, wanted, first, cell, values)
    return first, (values / cell).astype(np.float32)


def events_of_lanes(known: Index) -> Ints:
    """Return how many events each lane has, int64 [lanes]."""
    return known.first[known.tracks[1:]] - known.first[known.tracks[:-1]]


def instants(trace: Trace, known: Index, start: int, end: int, pixels: int) -> tuple[Codes, Ints]:
    """Return the moments of a window, by lane: lanes and times since the index's origin; of several within a cell the first."""
    some = trace.instants
    times = some.times - known.origin
    inside = np.flatnonzero((times >= start) & (times < end) & (some.lane >= 0))
    inside = inside[np.lexsort((times[inside], some.lane[inside]))]
    lanes, cells = some.lane[inside], times[inside] // (4 * cell_of(end - start, pixels))
    fresh = np.append(True, (np.diff(lanes) != 0) | (np.diff(cells) != 0))[: len(inside)]
    return lanes[fresh], times[inside][fresh]


def touching(known: Index, start: int, end: int, tracks: Codes | None = None) -> NDArray[np.intp]:
    """Return the places in the index of all events that touch [start, end): what `window` draws."""
    inside = (known.start < end) & ((known.end > start) | (known.start >= start))
    if tracks is not None:
        seen = np.zeros(len(known.lane), np.bool_)
        seen[tracks] = True
        inside &= np.repeat(seen, np.diff(known.first))
    return np.flatnonzero(inside)


# Kernels ---------------------------------------------------------------------------------------------------------------


@_fast
def _deepest(lane: Codes, depth: NDArray[np.uint16], deepest: Ints) -> None:
    for row in range(len(lane)):
        deepest[lane[row]] = max(deepest[lane[row]], depth[row] + 1)


@_fast
def _sort(lane: Codes, depth: NDArray[np.uint16], tracks: Ints, first: Ints, rows: Codes) -> None:
    for row in range(len(lane)):
        first[tracks[lane[row]] + depth[row] + 1] += 1
    for track in range(1, len(first)):
        first[track] += first[track - 1]
    place = first[:-1].copy()
    for row in range(len(lane)):
        track = tracks[lane[row]] + depth[row]
        rows[place[track]] = row
        place[track] += 1


@_fast
def _reach(end: Ints, first: Ints, reach: Ints) -> None:
    for track in range(len(first) - 1):
        latest = np.int64(-(2**63))
        for at in range(first[track], first[track + 1]):
            latest = max(latest, end[at])
            reach[at] = latest


@_fast
def _outermost(parent: Codes, frame: NDArray[np.bool_], outer: NDArray[np.bool_]) -> None:
    covered = np.zeros(len(parent), np.bool_)  # lies in work
    for row in range(len(parent)):
        above = parent[row]
        inside = 0 <= above < row and (covered[above] or outer[above])
        covered[row] = inside
        outer[row] = not inside and not frame[row]


@_fast
def _fill(
    start: Ints, end: Ints, first: Ints, lanes: Ints, origin: int, cell: int, values: NDArray[np.float64]
) -> None:
    whole = np.zeros(len(values) + 1, np.float64)
    low, high = origin * cell, (origin + len(values)) * cell
    for lane in lanes:
        for at in range(first[lane], first[lane + 1]):
            begin, stop = max(start[at], low), min(end[at], high)
            if stop <= begin:
                continue
            left, right = begin // cell - origin, (stop - 1) // cell - origin
            if left == right:
                values[left] += stop - begin
                continue
            values[left] += (left + 1 + origin) * cell - begin
            values[right] += stop - (right + origin) * cell
            whole[left + 1] += cell
            whole[right] -= cell
    running = 0.0
    for place in range(len(values)):
        running += whole[place]
        values[place] += running


@_fast
def _merge(
    start: Ints,
    end: Ints,
    reach: Ints,
    name: Codes,
    role: NDArray[np.uint8],
    rows: Codes,
    first: Ints,
    tracks: Codes,
    low: int,
    high: int,
    shift: int,
    names: int,
    matched: NDArray[np.bool_],
    ends: NDArray[np.int64],
    codes: NDArray[np.int32],
    roles: NDArray[np.uint8],
) -> int:
    """Write the marks of some tracks and return how many they are, -1 when there is no room for all of them."""
    room = ends.shape[1]
    cell = np.int64(1) << shift
    times = np.zeros(
        names, np.int64
    )  # of each name in the run at hand, one more for each event: names without time count too
    often = np.zeros(names, np.int32)
    seen = np.empty(names, np.int32)
    kinds = np.empty(names, np.uint8)
    used = 0
    for track in tracks:
        begin, stop = first[track], first[track + 1]
        left, right = begin, stop
        while left < right:
            middle = (left + right) >> 1
            if reach[middle] < low:
                left = middle + 1
            else:
                right = middle
        at = left
        run, count, total, hits, some = np.int64(-1), 0, np.int64(0), 0, 0
        run_start, run_end, only = np.int64(0), np.int64(0), 0
        while True:
            more = at < stop and start[at] < high
            if more and end[at] <= low and start[at] < low:
                at += 1
                continue
            length = end[at] - start[at] if more else np.int64(0)
            small = more and length < cell
            place = start[at] >> shift if small else np.int64(-1)
            if count > 0 and (not small or place != run):
                if used == room:
                    return -1
                best, best_time = seen[0], np.int64(-1)
                for one in range(some):
                    if times[seen[one]] > best_time:
                        best, best_time = seen[one], times[seen[one]]
                best_time -= often[best]
                own = 0
                for one in range(some):
                    times[seen[one]] = 0
                    often[seen[one]] = 0
                own = rows[only] if count == 1 else -1
                ends[0, used], ends[1, used], ends[2, used] = run_start, run_end, total
                ends[3, used] = best_time
                codes[0, used], codes[1, used], codes[2, used], codes[3, used], codes[4, used] = (
                    track,
                    best,
                    count,
                    own,
                    hits,
                )
                roles[used] = kinds[best]
                used += 1
                count, total, hits, some = 0, np.int64(0), 0, 0
            if not more:
                break
            code = name[at]
            hit = 1 if len(matched) > 0 and matched[rows[at]] else 0
            if small:
                if count == 0:
                    run, run_start, run_end, only = place, start[at], end[at], at
                if times[code] == 0:
                    seen[some] = code
                    kinds[code] = role[at]
                    some += 1
                times[code] += length + 1
                often[code] += 1
                run_end = max(run_end, end[at])
                count += 1
                total += length
                hits += hit
            else:
                if used == room:
                    return -1
                ends[0, used], ends[1, used], ends[2, used], ends[3, used] = start[at], end[at], length, length
                codes[0, used], codes[1, used], codes[2, used], codes[3, used], codes[4, used] = (
                    track,
                    code,
                    1,
                    rows[at],
                    hit,
                )
                roles[used] = role[at]
                used += 1
            at += 1
    return used

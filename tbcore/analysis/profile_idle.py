"""When devices do nothing, and why: what the host, other kernels or nobody kept them from.

    profile_idle.breakdown(trace)      # one row per device: idle, computing, everything else
    profile_idle.waits(trace)          # one row per stream: host wait, kernel wait, other
    profile_idle.gaps(trace)           # one row per gap, the longest first
    profile_idle.queues(trace)         # how many kernels waited in each stream, over time

Source: HolisticTraceAnalysis 0.5.0, breakdown_analysis.py and cuda_kernel_analysis; what it calls a gap is at least 0 here.
"""

import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tbcore.analysis import intervals
from tbcore.analysis.intervals import Intervals
from tbcore.analysis.profile_roles import collective
from tbcore.formats.trace import DEVICE_WORK, KERNEL, MEMCPY, MEMSET, RUNTIME, Trace

Ints = NDArray[np.int64]
Rows = NDArray[np.intp]

CLASSES = ("computation", "communication", "memory")
COMPUTATION, COMMUNICATION, MEMORY = range(3)
# What the parts of a bar are called: what a device does, and what it waits for.
DEVICE_PARTS = ("Computing", "Communicating", "Copying", "Idle")
WAIT_PARTS = ("Waiting for the host", "Between kernels", "Waiting for others")
WHY = ("host", "kernel", "other")  # of a gap, in the order of WAIT_PARTS
KERNEL_WAIT = 30_000  # nanoseconds: a shorter gap is what a device needs from one kernel to the next
FULL = 1024  # launches that a stream takes before it holds up the host

_MEMORY = re.compile(r"^(memcpy|memset|dma|copybuffer|fillbuffer|copy-(start|done))", re.I)
_LAUNCH = re.compile(
    r"launch.*kernel|^(cuda|hip|cu)(memcpy|memset).*(async|withstream)|^runfunction|^(cuda|hip)graphlaunch|^culaunch",
    re.I,
)


def launching(name: str) -> bool:
    """Return whether a call of this name puts work into a stream without waiting for it."""
    return bool(_LAUNCH.search(name))


@dataclass(frozen=True)
class Work:
    """What ran on devices, in order of start; all [m].

    rows: places in the trace; kind: place in CLASSES; launch: row of the call that started it, -1 where none is known.
    """

    rows: Rows = field(repr=False)
    start: Ints = field(repr=False)
    end: Ints = field(repr=False)
    device: Ints = field(repr=False)
    lane: Ints = field(repr=False)
    kind: NDArray[np.int8] = field(repr=False)
    launch: Rows = field(repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, chosen: NDArray[np.bool_]) -> "Work":
        """Return the part of it that is chosen [m]."""
        return Work(*(column[chosen] for column in vars(self).values()))

    def covered(self, *kinds: int) -> Intervals:
        """Return when any of these kinds ran; of all without any."""
        chosen = np.isin(self.kind, kinds) if kinds else np.ones(len(self), np.bool_)
        return intervals.merged(self.start[chosen], self.end[chosen])


def launches(trace: Trace) -> Rows:
    """Return for each event the row of the call that started it on a device [n], -1 for none."""
    found = np.full(len(trace), -1, np.intp)
    column = trace.columns.get("correlation")
    if column is None:
        return found
    rows, numbers = column.rows.astype(np.intp), column.values.astype(np.int64)
    calls = (trace.role[rows] == RUNTIME) & (numbers > 0)
    # A correlation that stands twice is of the first call: the driver's below the runtime's.
    known, first = np.unique(numbers[calls], return_index=True)
    if not len(known):
        return found
    work = np.isin(trace.role[rows], DEVICE_WORK)
    place = np.minimum(np.searchsorted(known, numbers[work]), len(known) - 1)
    found[rows[work]] = np.where(known[place] == numbers[work], rows[calls][first][place], -1)
    return found


def work(trace: Trace, start: int | None = None, end: int | None = None) -> Work:
    """Return what ran on devices, of it what begins from `start` until before `end` where these are given."""
    rows = trace.of(*DEVICE_WORK)
    lanes = trace.lane[rows].astype(np.int64)
    device = np.array([lane.device for lane in trace.lanes], np.int64)[lanes] if len(rows) else lanes
    role = trace.role[rows]
    kind = np.full(len(rows), COMPUTATION, np.int8)
    kind[trace.matching(collective)[rows] & (role == KERNEL)] = COMMUNICATION
    kind[(role == MEMCPY) | (role == MEMSET) | trace.matching(lambda name: bool(_MEMORY.match(name)))[rows]] = MEMORY
    found = Work(rows, trace.start[rows], trace.end[rows], device, lanes, kind, launches(trace)[rows])
    chosen = np.ones(len(rows), np.bool_)
    if start is not None:
        chosen &= found.start >= start
    if end is not None:
        chosen &= found.start < end
    return found if chosen.all() else found.of(chosen)


def breakdown(found: Work) -> pd.DataFrame:
    """Return how each device spent the time from its first kernel to its last.

    One row per device: device, total, idle, compute, other (nanoseconds; other: copies and collectives while nothing
    computes), overlap (share of the time of collectives in which something computes, NaN without any).
    """
    rows = []
    for device in np.unique(found.device).tolist():
        ours = found.of(found.device == device)
        total = int(ours.end.max() - ours.start.min())
        busy = intervals.length(ours.covered())
        compute = ours.covered(COMPUTATION)
        collectives = ours.covered(COMMUNICATION)
        talking = intervals.length(collectives)
        shared = intervals.length(intervals.both(compute, collectives))
        rows.append(
            (device, total, total - busy, intervals.length(compute), busy - intervals.length(compute), talking, shared)
        )
    frame = pd.DataFrame(rows, columns=["device", "total", "idle", "compute", "other", "communication", "shared"])
    with np.errstate(invalid="ignore"):
        frame["overlap"] = np.where(
            frame["communication"] > 0, frame["shared"] / frame["communication"].clip(lower=1), np.nan
        )
    return frame


def mixture(found: Work) -> pd.DataFrame:
    """Return how long which kinds of work ran at the same time.

    One row per combination that occurs: kinds ("computation + memory"), time (nanoseconds), the longest first.
    """
    covered = [found.covered(kind) for kind in range(len(CLASSES))]
    edges = intervals.distinct(np.concatenate([one for pair in covered for one in pair]))
    if len(edges) < 2:
        return pd.DataFrame({"kinds": pd.Series(dtype="str"), "time": pd.Series(dtype="int64")})
    mask = np.zeros(len(edges) - 1, np.int64)
    for kind, (start, end) in enumerate(covered):
        # Both ends of every interval are edges.
        steps = np.zeros(len(edges), np.int64)
        steps[np.searchsorted(edges, start)] += 1
        steps[np.searchsorted(edges, end)] -= 1
        mask |= (np.cumsum(steps)[:-1] > 0).astype(np.int64) << kind
    times = np.bincount(mask, np.diff(edges), 1 << len(CLASSES)).astype(np.int64)
    rows = [
        (" + ".join(words for kind, words in enumerate(CLASSES) if code >> kind & 1), int(times[code]))
        for code in range(1, len(times))
        if times[code]
    ]
    frame = pd.DataFrame(rows, columns=["kinds", "time"])
    return frame.sort_values("time", ascending=False, kind="stable", ignore_index=True)


def gaps(trace: Trace, found: Work, short: int = KERNEL_WAIT) -> pd.DataFrame:
    """Return when each stream waited for its next kernel.

    One row per gap, the longest first: device, lane, start, time (nanoseconds), why ("host": what came next was launched
    only after the gap had begun; "kernel": shorter than `short`; "other": it lay in the queue, and waited for another
    stream or an event), before, after, launch (rows; launch is -1 where it is not known).
    """
    order = np.lexsort((np.arange(len(found)), found.start, found.lane))
    lane, start, end = found.lane[order], found.start[order], found.end[order]
    reached = _reached(lane, end)
    # The first of a stream follows upon nothing.
    follows = np.flatnonzero(lane[1:] == lane[:-1]) + 1
    time = start[follows] - reached[follows - 1]
    follows, time = follows[time > 0], time[time > 0]
    begin = reached[follows - 1]
    launch = found.launch[order][follows]
    called = np.where(launch >= 0, trace.start[launch], np.iinfo(np.int64).min)
    why = np.where(called > begin, 0, np.where(time < short, 1, 2))
    frame = pd.DataFrame(
        {
            "device": found.device[order][follows],
            "lane": lane[follows],
            "start": begin,
            "time": time,
            "why": pd.Categorical(np.array(WHY, object)[why], categories=list(WHY)),
            "before": found.rows[order][follows - 1],
            "after": found.rows[order][follows],
            "launch": launch,
        }
    )
    return frame.sort_values("time", ascending=False, kind="stable", ignore_index=True)


def waits(found: pd.DataFrame) -> pd.DataFrame:
    """Return the gaps of each stream summed.

    One row per stream: device, lane, host, kernel, other (nanoseconds), count, most (the longest).
    """
    columns = list(WHY)
    if found.empty:
        return pd.DataFrame({name: pd.Series(dtype="int64") for name in ("device", "lane", *columns, "count", "most")})
    sums = found.pivot_table(
        index=["device", "lane"], columns="why", values="time", aggfunc="sum", observed=False, fill_value=0
    )
    sums = sums.reindex(columns=columns, fill_value=0).astype("int64")
    groups = found.groupby(["device", "lane"])["time"]
    sums["count"], sums["most"] = groups.size(), groups.max()
    sums.columns = pd.Index(list(sums.columns), dtype="str")
    return sums.reset_index()


@dataclass(frozen=True)
class Queue:
    """How many launches wait in a stream. times int64 [m] nanoseconds; length int64 [m] from each moment on."""

    device: int
    lane: int
    times: Ints = field(repr=False)
    length: Ints = field(repr=False)

    @property
    def most(self) -> int:
        """Return the greatest length."""
        return int(self.length.max(initial=0))

    @property
    def mean(self) -> float:
        """Return the mean length over time."""
        spans = np.diff(self.times)
        return float((self.length[:-1] * spans).sum() / spans.sum()) if spans.sum() > 0 else 0.0

    def full(self, most: int = FULL) -> int:
        """Return for how long, in nanoseconds, it held `most` or more."""
        return int(np.diff(self.times)[self.length[:-1] >= most].sum())


def queues(trace: Trace, found: Work) -> list[Queue]:
    """Return how many launches wait in each stream: one more when the host calls, one less when its kernel starts.

    What a device is said to have begun before the host asked for it counts from the moment it was asked for.
    """
    known = found.launch >= 0
    known[known] = trace.matching(launching)[found.launch[known]]
    ours = found.of(known)
    queues = []
    for lane in np.unique(ours.lane).tolist():
        here = ours.of(ours.lane == lane)
        # A graph of kernels is launched by one call, and leaves the queue as one.
        here = here.of(_firsts(here.launch))
        called = trace.start[here.launch]
        times = np.concatenate((called, np.maximum(here.start, called)))
        change = np.repeat(np.array((1, -1), np.int64), len(here))
        order = np.lexsort((-change, times))
        queues.append(Queue(int(here.device[0]), lane, times[order], np.cumsum(change[order])))
    return queues


@dataclass(frozen=True)
class Bandwidth:
    """How fast data was copied in one way. times int64 [m] nanoseconds; values float64 [m] GB/s from each moment on."""

    name: str
    times: Ints = field(repr=False)
    values: NDArray[np.float64] = field(repr=False)


def bandwidths(trace: Trace, found: Work) -> list[Bandwidth]:
    """Return the speed of copies over time for each way of copying; where copies run together their sum."""
    speed = trace.column("memory bandwidth (GB/s)", -1.0)[found.rows]
    ours = found.of((found.kind == MEMORY) & (speed >= 0))
    speed = trace.column("memory bandwidth (GB/s)", -1.0)[ours.rows]
    ways = np.array([_way(trace.named(row)) for row in ours.rows], object)
    result = []
    for way in sorted(set(ways.tolist())):
        here = ways == way
        times = np.concatenate((ours.start[here], ours.end[here]))
        change = np.concatenate((speed[here], -speed[here]))
        order = np.argsort(times, kind="stable")
        total = np.cumsum(change[order])
        # What is left of adding and taking away is no speed.
        total[np.abs(total) < 1e-9 * max(1.0, float(speed[here].max()))] = 0.0
        result.append(Bandwidth(way, times[order], np.maximum(total, 0.0)))
    return result


# Tables to draw ------------------------------------------------------------------------------------------------------


def lane_name(trace: Trace, lane: int) -> str:
    """Return what a stream is called."""
    found = trace.lanes[lane]
    thread = found.thread or found.tid
    several = len({one.device for one in trace.lanes if one.is_device}) > 1
    return f"{device_name(found.device)} · {thread}" if several else thread


def device_name(number: int) -> str:
    """Return what a device is called."""
    return f"device {number}"


def device_parts(found: pd.DataFrame, work: Work) -> pd.DataFrame:
    """Return how each device spent its time, as parts of one bar. One row per device and part: name, part, time (nanoseconds).

    found: what `breakdown` returned. Of what happens at once computing counts before communicating, that before copying.
    """
    rows: list[tuple[str, str, int]] = []
    for one in found.to_dict("records"):
        ours = work.of(work.device == one["device"])
        compute, collectives = ours.covered(COMPUTATION), ours.covered(COMMUNICATION)
        talking = intervals.length(intervals.without(collectives, compute))
        times = (int(one["compute"]), talking, int(one["other"]) - talking, int(one["idle"]))
        rows.extend(
            (device_name(int(one["device"])), part, time)
            for part, time in zip(DEVICE_PARTS, times, strict=True)
            if time
        )
    return pd.DataFrame(rows, columns=["name", "part", "time"])


def stream_parts(trace: Trace, work: Work, found: pd.DataFrame) -> pd.DataFrame:
    """Return how each stream spent the time from its first to its last event. One row per stream and part: name, part, time.

    found: what `waits` returned. What streams of which no launch is known wait for nobody can tell: they are idle.
    """
    waits = {int(one["lane"]): one for one in found.to_dict("records")}
    rows: list[tuple[str, str, int]] = []
    for lane in np.unique(work.lane).tolist():
        ours = work.of(work.lane == lane)
        name = lane_name(trace, lane)
        for kind, part in enumerate(DEVICE_PARTS[:3]):
            rows.append((name, part, intervals.length(ours.covered(kind))))
        if lane in waits:
            one = waits[lane]
            parts = WAIT_PARTS if (ours.launch >= 0).any() else (*WAIT_PARTS[:2], DEVICE_PARTS[-1])
            rows.extend(
                (name, part, int(time))
                for part, time in zip(parts, (one["host"], one["kernel"], one["other"]), strict=True)
            )
    frame = pd.DataFrame(rows, columns=["name", "part", "time"])
    return frame[frame["time"] > 0].reset_index(drop=True)


def spent(trace: Trace, work: Work, devices: pd.DataFrame, waits: pd.DataFrame) -> pd.DataFrame:
    """Return how devices, and below them their streams, spent their time: name, part, time (nanoseconds)."""
    return pd.concat([device_parts(devices, work), stream_parts(trace, work, waits)], ignore_index=True)


def device_table(found: pd.DataFrame) -> pd.DataFrame:
    """Return `breakdown` with the names of the devices."""
    return found.assign(name=pd.Series([device_name(number) for number in found["device"].tolist()], dtype="str"))


def gap_table(trace: Trace, found: pd.DataFrame, most: int = 1_000) -> pd.DataFrame:
    """Return the longest gaps in words: stream, start, time (nanoseconds), why, before, after, launch (names), first, next (rows).

    why is "" where nothing tells: the launch was not recorded.
    """
    kept = found.head(most)
    words = {"host": "launched too late", "kernel": "from kernel to kernel", "other": "waited for another stream"}
    why = [
        "" if one == "other" and row < 0 else words[one] for one, row in zip(kept["why"], kept["launch"], strict=True)
    ]
    return pd.DataFrame(
        {
            "stream": pd.Series([lane_name(trace, lane) for lane in kept["lane"].tolist()], dtype="str"),
            "start": kept["start"].to_numpy(),
            "time": kept["time"].to_numpy(),
            "why": pd.Series(why, dtype="str"),
            "before": pd.Series([trace.named(row) for row in kept["before"].tolist()], dtype="str"),
            "after": pd.Series([trace.named(row) for row in kept["after"].tolist()], dtype="str"),
            "launch": pd.Series([trace.named(row) if row >= 0 else "" for row in kept["launch"].tolist()], dtype="str"),
            "first": kept["before"].to_numpy(),
            "next": kept["after"].to_numpy(),
        }
    )


def queue_lines(trace: Trace, found: list[Queue]) -> pd.DataFrame:
    """Return the lengths of queues as lines, reduced to what can be drawn: name, time (nanoseconds), value."""
    lines = [(lane_name(trace, one.lane), one.times, one.length.astype(np.float64)) for one in found]
    return _lines(lines)


def bandwidth_lines(found: list[Bandwidth]) -> pd.DataFrame:
    """Return the speeds of copies as lines, reduced to what can be drawn: name, time (nanoseconds), value (GB/s)."""
    return _lines([(one.name, one.times, one.values) for one in found])


def _lines(found: list[tuple[str, Ints, NDArray[np.float64]]]) -> pd.DataFrame:
    frames = []
    for name, times, values in found:
        at, drawn = _reduced(times, values)
        frames.append(pd.DataFrame({"name": name, "time": at, "value": drawn}))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame({"name": [], "time": [], "value": []})


def _reduced(times: Ints, values: NDArray[np.float64], most: int = 1_500) -> tuple[Ints, NDArray[np.float64]]:
    """Return about `most` points that still show the least and the most of each stretch."""
    count = len(times)
    if count <= most:
        return times, values
    edges = np.linspace(0, count, most // 2 + 1).astype(np.intp)[:-1]
    low, high = np.minimum.reduceat(values, edges), np.maximum.reduceat(values, edges)
    return np.repeat(times[edges], 2), np.stack((low, high), axis=1).ravel()


def _reached(lane: Ints, end: Ints) -> Ints:
    """Return the latest end up to each event of its lane; lanes stand one after the other."""
    if not len(end):
        return end
    # Lifted by lane, so that one running maximum does for all.
    low = int(end.min())
    span = int(end.max()) - low + 1
    _known, place = np.unique(lane, return_inverse=True)
    if int(place[-1]) * float(span) > 2**62:
        return np.concatenate([np.maximum.accumulate(end[lane == one]) for one in np.unique(lane)])
    lifted = end - low + place * span
    result: Ints = np.maximum.accumulate(lifted) - place * span + low
    return result


def _firsts(values: Rows) -> NDArray[np.bool_]:
    """Return which of the values stand there for the first time."""
    firsts = np.zeros(len(values), np.bool_)
    firsts[np.unique(values, return_index=True)[1]] = True
    return firsts


def _way(name: str) -> str:
    return name.partition(" (")[0]

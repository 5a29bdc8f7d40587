"""Numbers over time beside the events: those that a file holds, and those that follow from its events."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tbcore.analysis.known import Known
from tbcore.formats.trace import DEVICE_WORK, KERNEL, RUNTIME, Ints, Trace

_MOST = 200  # counters of a file that are shown


@dataclass(frozen=True)
class Curve:
    """A number that holds from one time to the next. process: which lanes it stands with; unit: "bytes", "", "GB/s" ...

    times int64 [n] nanoseconds since the trace's base, ascending; values float64 [n]; peak: the largest.
    """

    name: str
    process: str
    unit: str
    times: Ints
    values: NDArray[np.float64]

    @property
    def peak(self) -> float:
        """Return the largest value, 0 of none."""
        finite = self.values[np.isfinite(self.values)]
        return float(finite.max()) if len(finite) else 0.0


def curves(trace: Trace) -> list[Curve]:
    """Return the numbers over time: work at hand, queues and memory of each device, then the file's own."""
    found = [*_work(trace), *_queues(trace), *_copies(trace), *_memory(trace)]
    found += [Curve(one.name, one.process, "", one.times, one.values) for one in trace.counters[:_MOST]]
    return [one for one in found if len(one.times)]


known = Known(curves)


def cells(
    curve: Curve, start: int, end: int, pixels: int
) -> tuple[Ints, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return a window of a curve: times, and from each to the next the least, the mean and the largest value.

    start, end: nanoseconds since the trace's base. Every value is in the window's cells: no peak is lost.
    """
    first = max(0, int(np.searchsorted(curve.times, start, side="right")) - 1)
    last = int(np.searchsorted(curve.times, end, side="left"))
    times, values = curve.times[first:last], np.nan_to_num(curve.values[first:last], posinf=0.0, neginf=0.0)
    if len(times) <= 2 * pixels:
        return times, values, values, values
    cell = max(1, -(-(end - start) // pixels))
    place = np.maximum(times - start, 0) // cell
    begin = np.flatnonzero(np.diff(place, prepend=-1))
    stop = start + (place + 1) * cell
    until = np.minimum(np.append(times[1:], end), stop)
    weight = np.maximum(until - times, 1).astype(np.float64)
    mean = np.add.reduceat(values * weight, begin) / np.add.reduceat(weight, begin)
    # What a cell ends with holds until the next cell in which something happens.
    final = np.append(begin[1:], len(times)) - 1
    held = stop[final] < np.append(times[begin[1:]], end)
    at = np.concatenate([times[begin], stop[final][held]])
    order = np.argsort(at, kind="stable")
    last = values[final][held]
    columns = (np.minimum.reduceat(values, begin), mean, np.maximum.reduceat(values, begin))
    low, average, high = (np.concatenate([one, last])[order] for one in columns)
    return at[order], low, average, high


def _levels(up: Ints, down: Ints, by: NDArray[np.float64] | None = None) -> tuple[Ints, NDArray[np.float64]]:
    """Return what goes up at some times and down at as many others, as times and values."""
    change = np.ones(len(up)) if by is None else by
    times = np.concatenate([up, down])
    order = np.argsort(times, kind="stable")
    running = np.cumsum(np.concatenate([change, -change])[order])
    times = times[order]
    last = np.append(times[1:] != times[:-1], True) if len(times) else np.zeros(0, np.bool_)
    return times[last], np.round(running[last], 6)


def _devices(trace: Trace) -> Iterator[tuple[int, str, NDArray[np.intp]]]:
    """Return each device with the process of its lanes and its rows of work."""
    rows = trace.of(*DEVICE_WORK)
    device = np.array([lane.device for lane in trace.lanes], np.int64)[trace.lane[rows]] if len(rows) else rows
    for number in np.unique(device):
        if number >= 0:
            own = rows[device == number]
            yield int(number), trace.lanes[int(trace.lane[own[0]])].process, own


def _work(trace: Trace) -> Iterator[Curve]:
    for _number, process, rows in _devices(trace):
        times, values = _levels(trace.start[rows], trace.end[rows])
        yield Curve("Running at once", process, "", times, values)


def _queues(trace: Trace) -> Iterator[Curve]:
    """Return how many launches each device has not begun with."""
    column = trace.columns.get("correlation")
    if column is None:
        return
    numbers, rows = column.values, column.rows
    calls = (trace.role[rows] == RUNTIME) & (numbers > 0)
    order = np.argsort(numbers[calls], kind="stable")
    call_numbers, call_rows = numbers[calls][order], rows[calls][order]
    correlation = trace.column("correlation", 0)
    for _number, process, work in _devices(trace):
        kernels = work[trace.role[work] == KERNEL]
        at = np.searchsorted(call_numbers, correlation[kernels])
        known = at < len(call_numbers)
        known[known] = call_numbers[at[known]] == correlation[kernels][known]
        launched = trace.start[call_rows[at[known]]]
        begun = np.maximum(trace.start[kernels[known]], launched)
        times, values = _levels(launched, begun)
        yield Curve("Queued", process, "launches", times, values)


def _copies(trace: Trace) -> Iterator[Curve]:
    if "memory bandwidth (GB/s)" not in trace.columns:
        return
    speed = trace.column("memory bandwidth (GB/s)", 0.0).astype(np.float64)
    for _number, process, work in _devices(trace):
        rows = work[speed[work] > 0]
        times, values = _levels(trace.start[rows], trace.end[rows], speed[rows])
        yield Curve("Copies", process, "GB/s", times, np.maximum(values, 0.0))


def _memory(trace: Trace) -> Iterator[Curve]:
    memory = trace.memory
    if not len(memory):
        return
    homes = {lane.device: lane.process for lane in reversed(trace.lanes)}
    # Of the host's processes the one in which most happens.
    often = np.bincount(trace.lane, minlength=len(trace.lanes)) if len(trace.lanes) else np.zeros(0, np.int64)
    counts: dict[str, int] = {}
    for lane, count in zip(trace.lanes, often.tolist(), strict=True):
        if not lane.is_device:
            counts[lane.process] = counts.get(lane.process, 0) + count
    host = max(counts, key=counts.__getitem__, default="")
    for kind, device in sorted(
        {(int(one), int(other)) for one, other in zip(memory.device_type, memory.device, strict=True)}
    ):
        own = (memory.device_type == kind) & (memory.device == device)
        process = homes.get(device, host) if kind else host
        for words, column in (("Memory allocated", memory.allocated), ("Memory reserved", memory.reserved)):
            values = column[own].astype(np.float64)
            if (values > 0).any():
                yield Curve(words, process, "bytes", memory.times[own], values)
            elif words == "Memory allocated":
                # Old recordings tell changes alone.
                yield Curve(
                    "Memory, change",
                    process,
                    "bytes",
                    memory.times[own],
                    np.cumsum(memory.size[own].astype(np.float64)),
                )

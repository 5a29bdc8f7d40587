"""How well each device was used between the start of the first step and the end of the last.

    found = profile_devices.devices(trace, steps)   # a DeviceFigures for each device that ran something
    profile_devices.peaks(trace)                    # the memory of each, and of the host

Utilisation says only that some kernel ran, not how much of the device it took: that is what SM efficiency estimates (whether
each multiprocessor had a block) and occupancy (how many warps of those it can hold were there).
Source: the figures of torch-tb-profiler 0.4.3.
"""

import re
from dataclasses import dataclass, field
from math import nan

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tbcore.analysis import intervals, profile_ops, tensor_cores
from tbcore.analysis.profile_forms import Ints, Steps
from tbcore.formats.trace import DEVICE_WORK, KERNEL, Trace

Shares = NDArray[np.float64]
HOST, CUDA = 0, 1  # types of devices in records of memory; others are other makers'
_AMD = re.compile(r"\bAMD\b|\bgfx\d|Instinct|Radeon")
_BUCKETS = 100  # of a curve over time, at most


@dataclass(frozen=True)
class DeviceFigures:
    """How one device was used; shares are 0 to 1, NaN for what the recording does not say.

    number; name: as the file has it, "" for none; window: from when to when it was looked at, nanoseconds.
    utilization: share of the window in which a kernel ran; sm_efficiency: mean share of multiprocessors that had a block;
    occupancy: mean share of warps that kernels had of those a multiprocessor holds; tensor_cores: share of
    the time of kernels on Tensor Cores; eligible: share of it that operators started which could use them (of all devices together).
    kernels: how many; busy: time in which a kernel ran; memory: bytes that it has, 0 where not said; peak: most bytes allocated at
    one time, -1 where not recorded.
    """

    number: int
    name: str
    window: tuple[int, int]
    utilization: float
    sm_efficiency: float
    occupancy: float
    tensor_cores: float
    eligible: float
    kernels: int
    busy: int
    memory: int
    capability: tuple[int, int]
    peak: int = -1
    timeline: "Timeline | None" = field(default=None, repr=False)


@dataclass(frozen=True)
class Timeline:
    """Shares over time: edges int64 [b + 1] nanoseconds, utilization and sm_efficiency [b]."""

    edges: Ints
    utilization: Shares
    sm_efficiency: Shares


@dataclass(frozen=True)
class Peak:
    """The most memory that was in use at one time.

    device_type: HOST, CUDA or another; device: its number, -1 for the host; bytes, when; reserved: the most that was held in reserve,
    -1 where not said; increase: whether the file says changes only, so that bytes count from the start of the recording.
    """

    device_type: int
    device: int
    bytes: int
    when: int
    reserved: int
    increase: bool


def devices(trace: Trace, steps: Steps) -> list[DeviceFigures]:
    """Return figures of each device that ran a kernel or a copy, in order of their numbers."""
    work = trace.of(*DEVICE_WORK)
    if not len(work) or not len(steps):
        return []
    numbers = np.array([lane.device for lane in trace.lanes], np.int64)[trace.lane[work]]
    window = (int(steps.starts[0]), int(steps.ends.max()))
    known = {device.number: device for device in trace.devices}
    held = {peak.device: peak.bytes for peak in peaks(trace) if peak.device_type != HOST}
    eligible = _eligible(trace)
    found = []
    for number in np.unique(numbers).tolist():
        kernels = work[(numbers == number) & (trace.role[work] == KERNEL)]
        device = known.get(number)
        found.append(
            DeviceFigures(
                number,
                device.name if device is not None else "",
                window,
                _ratio(_busy(trace, kernels, window), window[1] - window[0]),
                _sm_efficiency(trace, kernels, window),
                _occupancy(trace, kernels, window),
                nan if device is not None and is_amd(device.name) else _tensor_cores(trace, kernels),
                eligible,
                len(kernels),
                _busy(trace, kernels, window),
                device.memory if device is not None else 0,
                (device.compute_major, device.compute_minor) if device is not None else (0, 0),
                held.get(number, -1),
                _timeline(trace, kernels, window),
            )
        )
    return found


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else nan


def _busy(trace: Trace, kernels: NDArray[np.intp], window: tuple[int, int]) -> int:
    return intervals.length(intervals.clipped(intervals.merged(trace.start[kernels], trace.end[kernels]), *window))


# Multiprocessors -----------------------------------------------------------------------------------------------------


def _levels(trace: Trace, kernels: NDArray[np.intp]) -> tuple[Ints, Shares] | None:
    """Return the moments at which the share of multiprocessors with a block changes, and its new value; None when not said."""
    if "blocks per SM" not in trace.columns:
        return None
    blocks = trace.column("blocks per SM", np.nan)[kernels]
    said = np.isfinite(blocks) & (trace.duration[kernels] > 0)
    if not said.any():
        return None
    rows, blocks = kernels[said], blocks[said]
    times = np.concatenate((trace.start[rows], trace.end[rows]))
    order = np.argsort(times, kind="stable")
    changes = np.concatenate((blocks, -blocks))[order]
    # Sums of changes never come back to 0 exactly: where nothing runs nothing is said to run.
    running = np.cumsum(np.concatenate((np.ones(len(rows), np.int64), -np.ones(len(rows), np.int64)))[order])
    return times[order], np.where(running > 0, np.clip(np.cumsum(changes), 0, 1), 0.0)


def _integral(levels: tuple[Ints, Shares], edges: Ints) -> Shares:
    """Return the time integral of a step function from its beginning to each of `edges`."""
    times, values = levels
    sums = np.concatenate(([0.0], np.cumsum(values[:-1] * np.diff(times))))
    place = np.searchsorted(times, edges, side="right") - 1
    here = np.maximum(place, 0)
    return np.where(place < 0, 0.0, sums[here] + values[here] * (edges - times[here]))


def _sm_efficiency(trace: Trace, kernels: NDArray[np.intp], window: tuple[int, int]) -> float:
    levels = _levels(trace, kernels)
    if levels is None:
        return nan
    until = _integral(levels, np.array(window, np.int64))
    return _ratio(float(until[1] - until[0]), window[1] - window[0])


def _occupancy(trace: Trace, kernels: NDArray[np.intp], window: tuple[int, int]) -> float:
    if "est. achieved occupancy %" not in trace.columns:
        return nan
    percent = trace.column("est. achieved occupancy %", np.nan)[kernels]
    long = np.clip(trace.end[kernels], *window) - np.clip(trace.start[kernels], *window)
    said = np.isfinite(percent) & (long > 0)
    if not said.any():
        return nan
    return float((percent[said] * long[said]).sum() / long[said].sum()) / 100


# Tensor Cores --------------------------------------------------------------------------------------------------------


def is_amd(name: str) -> bool:
    """Return whether a device is one of AMD's: names of kernels do not tell whether they use its matrix cores."""
    return _AMD.search(name) is not None


def _tensor_cores(trace: Trace, kernels: NDArray[np.intp]) -> float:
    on = trace.matching(tensor_cores.uses)[kernels]
    return _ratio(float(trace.duration[kernels[on]].sum()), float(trace.duration[kernels].sum()))


def _eligible(trace: Trace) -> float:
    """Return the share of the time of kernels that the innermost operators take which could use Tensor Cores."""
    tree = profile_ops.tree(trace)
    kernels = trace.of(KERNEL)
    kernels = kernels[tree.node_of[kernels] >= 0]
    own = np.bincount(tree.node_of[kernels], trace.duration[kernels], len(tree))
    whole = float(own[tree.is_op].sum())
    if not whole:
        return nan
    holds = np.zeros(len(tree), np.bool_)
    parents = tree.parent
    # Callers stand before what they call.
    inner = tree.eligible & tree.is_op
    for place in np.flatnonzero(inner)[::-1].tolist():
        above = int(parents[place])
        while above >= 0 and not holds[above]:
            holds[above] = True
            above = int(parents[above])
    return float(own[inner & ~holds].sum()) / whole


# Over time -----------------------------------------------------------------------------------------------------------


def bucket(span: int) -> int:
    """Return the width of buckets for so many nanoseconds: a power of ten of microseconds that makes at most 100 of them."""
    width = 1_000
    while span > _BUCKETS * width:
        width *= 10
    return width


def _timeline(trace: Trace, kernels: NDArray[np.intp], window: tuple[int, int]) -> Timeline | None:
    span = window[1] - window[0]
    if span <= 0 or not len(kernels):
        return None
    width = bucket(span)
    count = max(1, span // width)
    edges = window[0] + width * np.arange(count + 1, dtype=np.int64)
    edges[-1] = window[1]  # the last bucket takes what is left
    busy = intervals.merged(trace.start[kernels], trace.end[kernels])
    long = np.diff(edges)
    levels = _levels(trace, kernels)
    efficiency = np.full(count, nan) if levels is None else np.diff(_integral(levels, edges)) / long
    return Timeline(edges, intervals.within(busy, edges[:-1], edges[1:]) / long, efficiency)


def timelines(found: list[DeviceFigures]) -> pd.DataFrame:
    """Return one row per bucket and device: device, from, to [ns since the start of the window], utilization."""
    told = [one for one in found if one.timeline is not None]
    edges = [one.timeline.edges - one.window[0] for one in told if one.timeline is not None]
    return pd.DataFrame(
        {
            "device": [f"GPU {one.number}" for one, cut in zip(told, edges, strict=True) for _ in cut[1:]],
            "from": np.concatenate([cut[:-1] for cut in edges]) if edges else [],
            "to": np.concatenate([cut[1:] for cut in edges]) if edges else [],
            "utilization": np.concatenate([one.timeline.utilization for one in told if one.timeline is not None])
            if edges
            else [],
        }
    )


# Memory --------------------------------------------------------------------------------------------------------------


def peaks(trace: Trace) -> list[Peak]:
    """Return the most memory in use at one time of each device and the host, those of devices first."""
    memory = trace.memory
    kinds = memory.device_type.astype(np.int64) * 65_536 + memory.device
    found = []
    for kind in np.unique(kinds).tolist():
        rows = np.flatnonzero(kinds == kind)
        said = memory.allocated[rows] >= 0
        held = memory.allocated[rows] if said.all() else np.cumsum(memory.size[rows])
        at = int(held.argmax())
        place = int(rows[at])
        found.append(
            Peak(
                int(memory.device_type[place]),
                int(memory.device[place]),
                int(held[at]),
                int(memory.times[place]),
                int(memory.reserved[rows].max()),
                not said.all(),
            )
        )
    return sorted(found, key=lambda peak: (peak.device_type == HOST, peak.device_type, peak.device))

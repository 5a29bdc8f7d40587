"""The memory that TensorFlow's and JAX's allocators held: their peaks, and what was alive then.

    for one in allocators(trace):
        one.name, one.peak, one.lifetime_peak, one.alive
    allocators(trace, start, end)                   # their peaks in a part of the recording
    curve(one)                                      # to be drawn as PyTorch's is

Source: xprof's memory profile; its peaks on the TPU sample are the same.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tbcore.analysis.profile_memory import Curve
from tbcore.formats.schema import DataType
from tbcore.formats.trace import Trace

Ints = NDArray[np.int64]

ALLOCATION, DEALLOCATION = "MemoryAllocation", "MemoryDeallocation"
_TYPES = {str(one.value): one.name.lower() if one.value else "" for one in DataType}
UNUSED, STACK = "unused preallocated device memory", "stack"


@dataclass(frozen=True)
class Allocator:
    """What one allocator held, bytes.

    peak: most of stack and heap together while it is looked at, the latest such moment `peak_time` (nanoseconds since the base);
    stack, heap, capacity, fragmentation (0 to 1): then; lifetime_peak: since the program began. alive: one row per operation and kind of
    allocation alive at the peak (operation, kind, type, shape, bytes, count), the largest first. times [n], used [n], fragmented [n]: the
    curve, a point per allocation and free.
    """

    name: str
    allocations: int
    deallocations: int
    peak: int
    peak_time: int
    stack: int
    heap: int
    capacity: int
    fragmentation: float
    lifetime_peak: int
    alive: pd.DataFrame
    times: Ints
    used: Ints
    fragmented: NDArray[np.float64]


def allocators(trace: Trace, start: int | None = None, end: int | None = None) -> list[Allocator]:
    """Return what each allocator held, by name; none without memory in the recording.

    start, end: nanoseconds between which the peak is looked for; where nothing was asked for or given back then it is what was
    held when they began. The curve is always the whole one.
    """
    rows = np.flatnonzero(trace.matching(lambda name: name in (ALLOCATION, DEALLOCATION)))
    names = _words(trace, "allocator_name", rows)
    core = _numbers(trace, "index_on_host", rows, -1)
    own = [
        name or (f"core {number}" if number >= 0 else "host") for name, number in zip(names, core.tolist(), strict=True)
    ]
    found = np.array(own, object)
    window = (
        np.iinfo(np.int64).min if start is None else start,
        np.iinfo(np.int64).max if end is None else end,
    )
    return [_allocator(trace, name, rows[found == name], window) for name in sorted(set(own), key=_by_number)]


def curve(one: Allocator) -> Curve:
    """Return the memory of an allocator as that of a device."""
    none = np.zeros(0, np.int64)
    # Before the first allocation that is told of nothing is known but what it left unchanged.
    return Curve(one.name, -1, one.times, one.used, none, int(one.used[0]), one.capacity)


def _by_number(name: str) -> tuple[str, int]:
    """Return what sorts names that end in a number by it."""
    words = name.rstrip("0123456789")
    return words, int(name[len(words) :][:18] or 0)


def _numbers(trace: Trace, name: str, rows: NDArray[np.intp], missing: int) -> Ints:
    column = trace.columns.get(name)
    dense = np.full(len(trace), missing, np.int64)
    if column is not None and not column.words:
        dense[column.rows] = column.values.astype(np.int64)
    return dense[rows]


def _words(trace: Trace, name: str, rows: NDArray[np.intp]) -> list[str]:
    column = trace.columns.get(name)
    if column is None:
        return [""] * len(rows)
    dense = np.full(len(trace), -1, np.int64)
    dense[column.rows] = column.values.astype(np.int64)
    values = dense[rows].tolist()
    return ["" if code < 0 else trace.names[code] if column.words else str(code) for code in values]


def _allocator(trace: Trace, name: str, rows: NDArray[np.intp], window: tuple[int, int]) -> Allocator:
    stack, heap = _numbers(trace, "bytes_reserved", rows, 0), _numbers(trace, "bytes_allocated", rows, 0)
    free = _numbers(trace, "bytes_available", rows, 0)
    used = stack + heap
    times = trace.start[rows]
    low = max(0, int(np.searchsorted(times, window[0], side="right")) - 1)
    high = max(1, int(np.searchsorted(times, window[1], side="right")))
    at = high - 1 - int(used[low:high][::-1].argmax())
    fragmentation = np.zeros(len(trace))
    column = trace.columns.get("fragmentation")
    if column is not None and not column.words:
        fragmentation[column.rows] = column.values
    is_allocation = np.array([trace.named(int(row)) == ALLOCATION for row in rows], np.bool_)
    return Allocator(
        name=name,
        allocations=int(is_allocation.sum()),
        deallocations=int((~is_allocation).sum()),
        peak=int(used[at]),
        peak_time=int(trace.start[rows[at]]),
        stack=int(stack[at]),
        heap=int(heap[at]),
        capacity=int(used[at] + free[at]),
        fragmentation=float(fragmentation[rows[at]]),
        lifetime_peak=int(_numbers(trace, "peak_bytes_in_use", rows, 0)[-1]),
        alive=_alive(trace, rows[: at + 1], is_allocation[: at + 1], int(stack[at]), int(heap[at])),
        times=times,
        used=used,
        fragmented=fragmentation[rows],
    )


def _alive(
    trace: Trace, rows: NDArray[np.intp], is_allocation: NDArray[np.bool_], stack: int, heap: int
) -> pd.DataFrame:
    """Return what was alive at the last of the rows: allocations of its step, what is not told of the heap, and the stack."""
    step = _numbers(trace, "id", rows, 0)
    address, size = _numbers(trace, "addr", rows, 0), _numbers(trace, "allocation_bytes", rows, 0)
    held: dict[int, int] = {}
    freed = 0
    for place in np.flatnonzero(step == step[-1]).tolist():
        if is_allocation[place]:
            held[int(address[place])] = place
        elif held.pop(int(address[place]), None) is None:
            freed += int(size[place])
    places = list(held.values())
    alive = rows[places]
    columns = [_words(trace, name, alive) for name in ("tf_op", "region_type", "data_type", "tensor_shapes")]
    columns[2] = [_TYPES.get(one, one) for one in columns[2]]
    cells = list(zip(*columns, size[places].tolist(), strict=True))
    told = sum(int(size[place]) for place in places)
    if heap - told - freed > 0:
        cells.append((UNUSED, "", "", "", heap - told - freed))
    if stack:
        cells.append((STACK, "", "", "", stack))
    frame = pd.DataFrame(cells, columns=["operation", "kind", "type", "shape", "bytes"])
    frame = frame.groupby(list(frame.columns), as_index=False, sort=False).size().rename(columns={"size": "count"})
    return frame.sort_values("bytes", ascending=False, kind="stable", ignore_index=True)

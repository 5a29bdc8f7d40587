"""PyTorch's memory timelines: how many bytes each category of tensors takes over time.

Source: torch.profiler's export_memory_timeline, in both its JSON forms.
"""

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tbcore.errors import TraceError

CATEGORIES = (
    "Parameter", "Optimizer state", "Input", "Temporary", "Activation", "Gradient", "Autograd", "Unknown",
)  # fmt: skip


@dataclass(frozen=True)
class MemoryTimeline:
    """Bytes over time: times int64 [n] nanoseconds since the epoch, ascending; sizes int64 [n, 8] by CATEGORIES."""

    times: NDArray[np.int64]
    sizes: NDArray[np.int64]
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> NDArray[np.int64]:
        """Return the bytes of all categories, int64 [n]."""
        found: NDArray[np.int64] = self.sizes.sum(axis=1)
        return found


def read(data: bytes) -> MemoryTimeline:
    """Return the timeline in JSON text, be it of sizes or of events. Raises TraceError when it is neither."""
    try:
        found = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise TraceError(f"the memory timeline is no JSON: {error}") from error
    if not isinstance(found, list) or not all(isinstance(one, list) for one in found):
        raise TraceError("this is no memory timeline: it holds no lists of numbers")
    curve = len(found) == 2 and len(found[0]) == len(found[1]) and all(isinstance(one, list) for one in found[1])
    return _curve(found[0], found[1]) if curve and found[0] else _summed(found)


def _curve(times: list[object], sizes: list[list[object]]) -> MemoryTimeline:
    """Return a timeline of sizes: times in microseconds, and of each the total (which may be 0) before the categories."""
    width = len(CATEGORIES)
    good = [
        (time, size[-width:])
        for time, size in zip(times, sizes, strict=True)
        if _is_number(time, 1 << 52) and len(size) in (width, width + 1) and all(map(_is_number, size))
    ]
    notes = _left(len(times) - len(good))
    when = np.array([time for time, _ in good], np.int64) * 1000
    order = np.argsort(when, kind="stable")
    return MemoryTimeline(when[order], np.array([size for _, size in good], np.int64).reshape(-1, width)[order], notes)


def _summed(events: list[list[object]]) -> MemoryTimeline:
    """Return a timeline of events: (nanoseconds or -1 for what was there before, what happened, bytes, category).

    What moves from one category to another stands there twice, and what goes has negative bytes. Moments are told apart by
    microseconds, as PyTorch does.
    """
    width = len(CATEGORIES)
    good = [
        one
        for one in events
        if len(one) == 4 and all(map(_is_number, one)) and 0 <= one[3] < width  # type: ignore[operator]
    ]
    rows = np.array(good, np.int64).reshape(-1, 4)
    moment = np.where(rows[:, 0] < 0, -1, rows[:, 0] // 1000)
    order = np.argsort(moment, kind="stable")
    moment, rows = moment[order], rows[order]
    sizes = np.zeros((len(rows), width), np.int64)
    sizes[np.arange(len(rows)), rows[:, 3]] = rows[:, 2]
    last = np.flatnonzero(np.append(moment[1:] != moment[:-1], True)) if len(rows) else np.zeros(0, np.int64)
    times = moment[last]
    known = times[times >= 0]
    times = np.where(times < 0, known[0] if len(known) else 0, times) * 1000
    return MemoryTimeline(times, np.cumsum(sizes, axis=0)[last], _left(len(events) - len(good)))


def _is_number(value: object, most: int = 1 << 62) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < most


def _left(count: int) -> tuple[str, ...]:
    return (f"{count:,} damaged {'entry was' if count == 1 else 'entries were'} left out.",) if count else ()

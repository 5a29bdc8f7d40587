"""Call stacks merged into one tree: what was called from where, how often, and where the time went.

profile_stacks.flame(trace)                        # time on the host
profile_stacks.flame(trace, "device")              # time on the devices, under what launched it
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from tbcore.analysis import profile_groups as groups
from tbcore.analysis import profile_kernels, profile_ops
from tbcore.formats.trace import DEVICE_WORK, KERNEL, OVERHEAD, ROLES, SPAN, SYNC, Trace

Clock = Literal["time", "device"]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]

LEAST = 1 / 4_000  # share of all that a frame has to take to be shown by itself
_UNKNOWN = "launched by nothing that was recorded"
_ROLES = (*ROLES, "thread", "rest")  # the last two are of frames that are no events
_THREAD, _REST = len(ROLES), len(ROLES) + 1

_fast = njit(nogil=True, cache=True, error_model="numpy")


# Flame graph ---------------------------------------------------------------------------------------------------------


def clocks(trace: Trace) -> list[Clock]:
    """Return whose time there is to draw, that of the devices first; that of the host where there is nothing else."""
    found: list[Clock] = ["device"] if profile_ops.has_device_work(trace) else []
    host = np.array([not lane.is_device for lane in trace.lanes], np.bool_)
    return [*found, "time"] if not found or bool(host[np.unique(trace.lane)].any()) else found


def flame(
    trace: Trace, by: Clock = "time", window: tuple[int, int] | None = None, least: float = LEAST
) -> pd.DataFrame:
    """Return the merged call stacks as a tree, one row per frame, callers before what they call, the largest first.

    by: "time" of the host's threads, or "device": what ran there, under what launched it. window: of time, nanoseconds. least: frames that
    take less of it all are put together.
    Columns: name, parent (place, -1 for none), total and self (nanoseconds), calls, role, row (of the longest call, -1 for none).
    Kernels are called by their short names. Of events that overlap without one enclosing the other both count.
    """
    if not len(trace):
        return pd.DataFrame(columns=["name", "parent", "total", "self", "calls", "role", "row"])
    names, label = groups.labels(trace)
    duration = trace.duration if window is None else _clipped(trace, *window)
    entries = (_by_device if by == "device" else _by_time)(trace, duration)
    names += entries.names
    labels = np.where(entries.rows >= 0, label[entries.rows], entries.rows + len(names))
    merged = groups.merge(entries.parent, labels)
    count = len(merged.parent)
    own = groups.summed(merged.node, count, entries.own)
    total = own.copy()
    groups.upwards(merged.parent, total)
    roles = np.where(entries.rows >= 0, trace.role[entries.rows], _THREAD)
    first = np.zeros(count, np.int64)
    first[merged.node[::-1]] = np.arange(len(merged.node))[::-1]
    frame = pd.DataFrame(
        {
            "name": merged.label,
            "parent": merged.parent,
            "total": total,
            "self": own,
            "calls": np.bincount(merged.node, minlength=count),
            "role": roles[first],
            "row": np.maximum(groups.longest(merged.node, count, entries.rows, entries.lasts), -1),
        }
    )
    return _spelled(_pruned(frame, least), names)


@dataclass(frozen=True)
class _Entries:
    """What is merged: events by their rows, and roots of other names, which are -1, -2 and so on. All [m] but names.

    own: their time without that of those below them; lasts: with it.
    """

    rows: Ints
    parent: Ints
    own: Ints
    lasts: Ints
    names: list[str]


def _by_time(trace: Trace, duration: Ints) -> _Entries:
    host = np.array([not lane.is_device for lane in trace.lanes], np.bool_)[trace.lane]
    wanted = (host if host.any() else ~host) & ~np.isin(trace.role, np.array((OVERHEAD, SPAN, SYNC), np.uint8))
    wanted &= duration >= 0
    rows = np.flatnonzero(wanted)
    parent = _places(trace, rows, 0)[groups.enclosing(trace.parent, wanted)[rows]]
    own = np.maximum(duration[rows], 0)
    inside = parent >= 0
    np.subtract.at(own, parent[inside], duration[rows[inside]])
    own = np.maximum(own, 0)
    lanes = np.unique(trace.lane[rows])
    if len(lanes) < 2:
        return _Entries(rows, parent, own, duration[rows], [])
    # Each thread has a root of its own.
    root = np.searchsorted(lanes, trace.lane[rows])
    names = [trace.lanes[lane].thread or trace.lanes[lane].tid for lane in lanes.tolist()]
    return _Entries(
        np.concatenate([np.arange(-len(lanes), 0), rows]),
        np.concatenate([np.full(len(lanes), -1), np.where(inside, parent + len(lanes), root)]),
        np.concatenate([np.zeros(len(lanes), np.int64), own]),
        np.concatenate([np.zeros(len(lanes), np.int64), duration[rows]]),
        names,
    )


def _by_device(trace: Trace, duration: Ints) -> _Entries:
    found = profile_ops.tree(trace)
    work = trace.of(*DEVICE_WORK)
    work = work[duration[work] >= 0]
    owner = found.node_of[work]
    launcher = np.where(owner >= 0, found.rows[owner], -1) if len(found) else np.full(len(work), -1)
    launcher = np.where(found.launch_of[work] >= 0, found.launch_of[work], launcher)
    wanted = np.zeros(len(trace), np.bool_)
    wanted[launcher[launcher >= 0]] = True
    enclosing = np.isin(trace.role, np.array((OVERHEAD, SPAN), np.uint8), invert=True)
    above_ = groups.enclosing(trace.parent, enclosing)
    _callers(above_, wanted)
    rows = np.flatnonzero(wanted)
    if not len(rows):
        return _Entries(work, np.full(len(work), -1), duration[work], duration[work], [])
    # What was launched by nothing is below the first entry.
    place = _places(trace, rows, 1)
    parent = np.concatenate([[-1], place[above_[rows]], np.where(launcher >= 0, place[launcher], 0)])
    own = np.concatenate([np.zeros(1 + len(rows), np.int64), duration[work]])
    every = np.concatenate([[-1], rows, work])
    return _Entries(every, parent, own, np.where(every >= 0, duration[every], 0), [_UNKNOWN])


def _places(trace: Trace, rows: NDArray[Any], first: int) -> Ints:
    """Return the place of each event among `rows` [n + 1], counted from `first`; the last one, of none, is -1."""
    found = np.full(len(trace) + 1, -1, np.int64)
    found[rows] = np.arange(first, first + len(rows))
    return found


@_fast
def _callers(above_: Codes, wanted: NDArray[np.bool_]) -> None:
    """Mark all that stand above what is marked."""
    for row in range(len(above_) - 1, -1, -1):
        if wanted[row] and above_[row] >= 0:
            wanted[above_[row]] = True


def _clipped(trace: Trace, start: int, end: int) -> Ints:
    """Return how long each event lasts within a window [n], -1 for those outside; what only ends where it begins is outside."""
    low, high = np.maximum(trace.start, start), np.minimum(trace.end, end)
    inside = (trace.start < end) & ((trace.end > start) | (trace.start == start))
    return np.where(inside, np.maximum(high - low, 0), -1)


def _pruned(frame: pd.DataFrame, least: float) -> pd.DataFrame:
    """Return the tree with what is too small put together below its caller, and sorted. Its role is _REST, its name how many frames it was."""
    parent, total = frame["parent"].to_numpy(), frame["total"].to_numpy()
    whole = int(total[parent < 0].sum())
    small = (total <= whole * least) | (total == 0)
    top = small & ~np.where(parent >= 0, small[parent], False)
    rest = (
        frame[top]
        .groupby("parent", as_index=False)
        .agg(total=("total", "sum"), calls=("calls", "sum"), name=("calls", "size"))
    )
    rest = rest[rest["total"] > 0].assign(role=_REST, row=-1)
    rest["self"] = rest["total"]
    kept = np.flatnonzero(~small)
    found = pd.concat([frame.iloc[kept], rest[frame.columns]], ignore_index=True)
    place = np.full(len(frame) + 1, -1, np.int64)
    place[kept] = np.arange(len(kept))
    parents = place[found["parent"].to_numpy()]
    # Callers first, and of those side by side the largest, the rest last.
    order = np.lexsort((-found["total"].to_numpy(), found["role"].to_numpy() == _REST, groups.levels(parents)))
    moved = np.full(len(found) + 1, -1, np.int64)
    moved[order] = np.arange(len(found))
    found["parent"] = moved[parents]
    ranked: pd.DataFrame = found.iloc[order].reset_index(drop=True)
    return ranked


def _spelled(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return the tree with the words of its names and roles."""

    def word(name: int, role: int) -> str:
        if role == _REST:
            return f"{name:,} smaller"
        return profile_kernels.title(names[name]) if role == KERNEL else names[name]

    pairs = zip(frame["name"].tolist(), frame["role"].tolist(), strict=True)
    found: pd.DataFrame = frame.assign(
        name=[word(name, role) for name, role in pairs], role=[_ROLES[role] for role in frame["role"].tolist()]
    )
    return found

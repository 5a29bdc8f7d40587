"""What is known of one event, and of all events in a stretch of time."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tbcore.analysis import trace_window
from tbcore.analysis.trace_window import Index
from tbcore.formats.trace import ROLES, Codes, Trace

_ARROWS = 200  # that are shown of one event
_ANCESTORS = 100
_INSIDE = 2_000  # children's flows that are looked at


@dataclass(frozen=True)
class Arrow:
    """One arrow from an event to another. kind: "launch", "backward", or as the file writes it."""

    source: int
    target: int
    kind: str


@dataclass(frozen=True)
class Event:
    """What is known of one event. own: nanoseconds of it that no event inside it takes; above: rows around it, the outermost first.

    children: events right inside it; arrows: to and from it, and from what lies inside it; like: how many events have its name,
    like_total: their nanoseconds; rank: how many of them last longer; longest, shortest: rows of them.
    """

    row: int
    own: int
    above: tuple[int, ...]
    children: int
    arguments: dict[str, Any]
    arrows: tuple[Arrow, ...]
    more_arrows: int
    like: int
    like_total: int
    rank: int
    longest: int
    shortest: int


def event(trace: Trace, row: int) -> Event:
    """Return what is known of the event at `row`."""
    above: list[int] = []
    up = int(trace.parent[row])
    while up >= 0 and len(above) < _ANCESTORS and up not in above:
        above.append(up)
        up = int(trace.parent[up])
    inside = np.flatnonzero(trace.parent == row)
    own = int(trace.duration[row]) - int(trace.duration[inside].sum())
    same = np.flatnonzero(trace.name == trace.name[row])
    lasting = trace.duration[same]
    arrows, more = _arrows(trace, row)
    return Event(
        row,
        max(0, own),
        tuple(reversed(above)),
        len(inside),
        trace.arguments(row),
        arrows,
        more,
        len(same),
        int(lasting.sum()),
        int((lasting > trace.duration[row]).sum()),
        int(same[lasting.argmax()]),
        int(same[lasting.argmin()]),
    )


def _arrows(trace: Trace, row: int) -> tuple[tuple[Arrow, ...], int]:
    flows = trace.flows
    # What an operator starts is started by calls inside it.
    begin, end, lane = trace.start[row], trace.start[row] + trace.duration[row], trace.lane[row]
    ends = trace.start[flows.source] + trace.duration[flows.source]
    inside = (trace.lane[flows.source] == lane) & (trace.start[flows.source] >= begin) & (ends <= end)
    inside &= trace.depth[flows.source] >= trace.depth[row]
    wanted = np.flatnonzero((flows.source == row) | (flows.target == row) | inside)
    found = [
        Arrow(int(flows.source[at]), int(flows.target[at]), flows.words[int(flows.kind[at])] if flows.words else "")
        for at in wanted[:_ARROWS]
    ]
    if len(wanted):
        return tuple(found), max(0, len(wanted) - _ARROWS)
    return tuple(_correlated(trace, row)), 0


def _correlated(trace: Trace, row: int) -> list[Arrow]:
    """Return the arrows of a launch that the file tells by numbers alone."""
    column = trace.columns.get("correlation")
    if column is None:
        return []
    at = int(np.searchsorted(column.rows, row))
    if at >= len(column.rows) or column.rows[at] != row or column.values[at] <= 0:
        return []
    others = [int(one) for one in column.rows[column.values == column.values[at]] if one != row]
    device = trace.lanes[int(trace.lane[row])].is_device
    return [
        Arrow(one, row, "launch") if device else Arrow(row, one, "launch")
        for one in others[:_ARROWS]
        if trace.lanes[int(trace.lane[one])].is_device != device
    ]


def beside(trace: Trace, row: int, way: str) -> int:
    """Return the event that is next to one: "left" or "right" in its track, "up" around it, "down" the first in it; -1 for none."""
    if way == "up":
        return int(trace.parent[row])
    if way == "down":
        inside = np.flatnonzero(trace.parent[row + 1 :] == row)
        return int(inside[0]) + row + 1 if len(inside) else -1
    track = np.flatnonzero((trace.lane == trace.lane[row]) & (trace.depth == trace.depth[row]))
    at = int(np.searchsorted(track, row)) + (1 if way == "right" else -1)
    return int(track[at]) if 0 <= at < len(track) else -1


def stretch(trace: Trace, known: Index, start: int, end: int, tracks: Codes | None = None) -> pd.DataFrame:
    """Return the events that touch a stretch of time by name, that with the most time of its own first.

    start, end: nanoseconds since the index's origin. Columns: name, kind, count, total and own (nanoseconds within the stretch; own
    without what lies inside each), mean, least, most (whole durations), first (row of the first).
    """
    rows = known.rows[trace_window.touching(known, start, end, tracks)]
    rows.sort()
    low, high = start + known.origin, end + known.origin
    inside = np.minimum(trace.end[rows], high) - np.maximum(trace.start[rows], low)
    own = inside - _within(trace, rows, inside)
    names, first, code = np.unique(trace.name[rows], return_index=True, return_inverse=True)
    if not len(names):
        return pd.DataFrame(
            {one: [] for one in ("name", "kind", "count", "total", "own", "mean", "least", "most", "first")}
        )
    whole = trace.duration[rows]
    least, most = np.full(len(names), np.iinfo(np.int64).max), np.zeros(len(names), np.int64)
    np.minimum.at(least, code, whole)
    np.maximum.at(most, code, whole)
    count = np.bincount(code)
    kinds = trace.role[rows[first]]
    frame = pd.DataFrame(
        {
            "name": [trace.names[int(one)] for one in names],
            "kind": [ROLES[int(one)] for one in kinds],
            "count": count,
            "total": _sums(code, inside, len(names)),
            "own": _sums(code, np.maximum(own, 0), len(names)),
            "mean": _sums(code, whole, len(names)) / count,
            "least": least,
            "most": most,
            "first": rows[first],
        }
    )
    # The span of the whole recording encloses all, and says nothing.
    frame["whole"] = frame["kind"] == "span"
    order = {"whole": True, "own": False, "total": False, "name": True}
    frame = frame.sort_values(list(order), ascending=list(order.values()), ignore_index=True)
    return frame.drop(columns="whole")


def _within(trace: Trace, rows: Codes, inside: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how much of each event's time the events right inside it take; rows ascending."""
    parent = trace.parent[rows]
    place = np.searchsorted(rows, parent)
    known = (parent >= 0) & (place < len(rows))
    known[known] = rows[place[known]] == parent[known]
    found = np.zeros(len(rows), np.int64)
    np.add.at(found, place[known], inside[known])
    return found


def _sums(code: NDArray[np.intp], values: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    found = np.zeros(count, np.int64)
    np.add.at(found, code, values)
    return found

"""Traces made of a few lines, for tests: events as (start, duration, name, lane), nested as readers nest them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tbcore.formats.nesting import nest
from tbcore.formats.trace import (
    OP,
    Column,
    Counter,
    Flows,
    Instants,
    Lane,
    Memory,
    Trace,
)

Line = tuple[int, int, str, int]
HOST = Lane("python", "thread 1", "1", "1")
STREAM = Lane("GPU 0", "stream 7", "0", "7", device=0)


def trace(
    events: Sequence[Line],
    lanes: Sequence[Lane] = (HOST, STREAM),
    *,
    roles: Mapping[str, int] | None = None,
    flows: Sequence[tuple[int, int, str]] = (),
    columns: Mapping[str, Mapping[int, Any]] | None = None,
    **more: Any,
) -> Trace:
    """Return a trace. roles: by name, operators else; flows: (source, target, word) of rows; columns: values by row.

    Rows are in order of start, the longer of equal ones first.
    """
    start, duration = (np.array([one[place] for one in events], np.int64) for place in (0, 1))
    lane = np.array([one[3] for one in events], np.int32)
    order, depth, parent, crossing = nest(start, duration, lane)
    names = list(dict.fromkeys(one[2] for one in events))
    name = np.array([names.index(one[2]) for one in events], np.int32)[order]
    role = np.array([(roles or {}).get(one[2], OP) for one in events], np.uint8)[order]
    words = tuple(dict.fromkeys(one[2] for one in flows))
    none = np.empty(0, np.int64)
    few = np.empty(0, np.int16)
    made = Trace(
        key="made",
        source="chrome",
        base=0,
        start=start[order],
        duration=duration[order],
        name=name,
        category=np.zeros(len(events), np.int16),
        role=role,
        lane=lane[order],
        depth=depth,
        parent=parent,
        place=np.asarray(order, np.int32),
        names=names,
        categories=("cpu_op",),
        lanes=tuple(lanes),
        columns={
            name: Column(np.array(sorted(values), np.int32), np.array([values[row] for row in sorted(values)]))
            for name, values in (columns or {}).items()
        },
        flows=Flows(
            np.array([one[0] for one in flows], np.int32),
            np.array([one[1] for one in flows], np.int32),
            np.array([words.index(one[2]) for one in flows], np.int8),
            words,
        ),
        counters=(),
        memory=Memory(none, none, none, none, none, few, few, np.empty(0, np.int32)),
        instants=Instants(none, np.empty(0, np.int32), np.empty(0, np.int32)),
        crossing=crossing,
    )
    return replace(made, **more) if more else made


def counter(name: str, values: Sequence[tuple[int, float]], process: str = "python") -> Counter:
    """Return a counter of (time, value)."""
    return Counter(
        name,
        process,
        np.array([time for time, _value in values], np.int64),
        np.array([value for _time, value in values], np.float64),
    )

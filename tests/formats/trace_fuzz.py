"""Throw bytes at the reader of traces until the time is up: `NUMBA_BOUNDSCHECK=1 python -m tests.formats.trace_fuzz SECONDS [SEED]`.

With that variable set every array access is checked. What is read must be a Trace whose parts fit together, or a TraceError.
Prints how many were read and how many refused.
"""

import gzip
import random
import sys
import time
from contextlib import ExitStack
from typing import Any

import numpy as np

from tbcore.errors import TraceError
from tbcore.formats import chrome_trace, chrome_write
from tbcore.formats.trace import Trace
from tests import tracemaker as tm
from tests.fixtures import SAMPLES

_SMALL = 120_000  # bytes of a file, unpacked
_TOKENS = (
    b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u12", b"\\ud800", b"N/A", b"nan", b"-", b"1e999", b"-1e-999", b"9" * 40,
    b"\xff", b"\0", b"null", b"true", b'"args"', b'"ts"', b'"ph"', b'"X"', b'"M"', b'"C"', b'"s"', b'"E"', b'"b"', b'"traceEvents"',
    b'},{"', b"[" * 300, b'{"a":' * 300,
)  # fmt: skip


def written() -> list[bytes]:
    """Return files with events of every kind."""
    events = [
        tm.named("process_name", "python"), tm.named("process_labels", "GPU 0", 0), tm.named("thread_sort_index", 5, 0, 7),
        tm.event("aten::mm", 10.125, 80.5, args={"External id": 1, "Input Dims": [[2, 3], []], "Call stack": 'a"b\\c'}),
        tm.event("cudaLaunchKernel", 20, 5, "cuda_runtime", args={"correlation": 3, "stream": "0x0"}),
        tm.event("gemm", 40, 50, "kernel", 0, "stream 7", {"device": 0, "correlation": 3, "blocks per SM": 1.5}),
        tm.event("ac2g", 20, None, "ac2g", ph="s", id=3), tm.event("ac2g", 40, None, "ac2g", 0, "stream 7", ph="f", id=3, bp="e"),
        tm.event("fwdbwd", 10, None, "fwdbwd", ph="s", id="0x1"), tm.event("fwdbwd", 40, None, "fwdbwd", ph="t", id="0x1"),
        tm.allocation(15, 4096, 8192, 0, Addr=7), tm.allocation(16, -4096),
        tm.event("load", 100, None, "io", ph="B"), tm.event("read", 110, None, "io", ph="B"), tm.event("", 120, None, "io", ph="E"),
        tm.event("request", 10, None, "net", ph="b", id=1), tm.event("request", 60, None, "net", ph="e", id=1),
        tm.event("mark", 50, None, "net", ph="n", id=1), tm.event("Record Window End", 10**13, None, "", ph="i", s="g"),
        tm.event("memory", 10, None, "", ph="C", args={"used": 5, "free": 2.5}), tm.event("\ud800", -5, -1), {},
    ]  # fmt: skip
    return [
        tm.trace(*events, baseTimeNanoseconds=10**18, distributedInfo={"rank": 1, "pg_config": [{"ranks": [0, 1]}]})
    ]


def real() -> list[bytes]:
    """Return small recordings of real profilers, where they lie beside the repository."""
    found = []
    for path in sorted(SAMPLES.glob("**/*.json*")):
        if "reference" not in str(path):
            data = path.read_bytes()
            data = gzip.decompress(data) if path.suffix == ".gz" else data
            if len(data) < _SMALL:
                found.append(data)
    return found


def mutated(data: bytes, draw: random.Random) -> bytes:
    """Return `data` with some of it changed."""
    held = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 5, 20))):
        at = draw.randrange(len(held) + 1)
        match draw.randrange(6):
            case 0:
                del held[at:]
            case 1:
                del held[at : at + draw.randrange(1, 40)]
            case 2:
                held[at:at] = draw.choice(_TOKENS)
            case 3:
                held[at : at + draw.randrange(1, 8)] = draw.choice(_TOKENS)
            case 4:
                held[at : at + 1] = bytes([draw.randrange(256)])
            case _:
                other = draw.randrange(len(held) + 1)
                held[at:at] = held[other : other + draw.randrange(200)]
    return bytes(held)


def pieces(data: bytes, draw: random.Random) -> list[bytes]:
    """Return `data` in pieces of any size."""
    size = draw.choice((1 << 20, 1000, 77, 13))
    return [data[at : at + size] for at in range(0, len(data), size)]


def checked(trace: Trace) -> None:
    """Raise when the parts of a trace do not fit together."""
    count = len(trace)
    for column in (
        trace.start,
        trace.duration,
        trace.name,
        trace.category,
        trace.role,
        trace.lane,
        trace.depth,
        trace.parent,
    ):
        assert len(column) == count
    if count:
        assert (trace.duration >= 0).all()
        assert (np.diff(trace.start) >= 0).all()
        assert 0 <= trace.name.min() <= trace.name.max() < len(trace.names)
        assert 0 <= trace.lane.min() <= trace.lane.max() < len(trace.lanes)
        assert 0 <= trace.category.min() <= trace.category.max() < len(trace.categories)
        assert (trace.parent < np.arange(count)).all()
        for row in range(0, count, 1 + count // 20):
            trace.arguments(row)
    for column in trace.columns.values():
        assert (np.diff(column.rows) > 0).all() or not _unique(column.rows)
        assert not len(column.rows) or 0 <= column.rows.min() <= column.rows.max() < count
        assert not column.words or column.values.max(initial=0) < len(trace.names)
    for rows in (trace.flows.source, trace.flows.target):
        assert not len(rows) or 0 <= rows.min() <= rows.max() < count
    assert (trace.memory.lane >= 0).all()
    assert (trace.memory.lane < len(trace.lanes)).all()
    assert (trace.instants.lane < len(trace.lanes)).all()
    "".join(trace.names).encode()
    again = chrome_trace.read(chrome_write.written(trace), "again")
    assert len(again) == count, (len(again), count)


def _unique(rows: Any) -> bool:
    return len(np.unique(rows)) == len(rows)


def main(seconds: float, seed: int) -> None:
    """Try until the time is up."""
    draw = random.Random(seed)
    sources = written() * 8 + real()
    tried = {"read": 0, "refused": 0}
    chrome_trace.warm()  # what is compiled takes no time from what is tried
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = mutated(draw.choice(sources), draw)
        with ExitStack() as failing:
            failing.callback(print, repr(data[:20_000]))
            try:
                found = chrome_trace.read(pieces(data, draw), "key")
            except TraceError:
                outcome = "refused"
            else:
                checked(found)
                outcome = "read"
            failing.pop_all()
        tried[outcome] += 1
    print("checked:", tried["read"], tried["refused"])


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)

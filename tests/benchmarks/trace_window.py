"""Measure how long a window of a large trace takes, and what one needs before the first.

    python -m tests.benchmarks.trace_window [events]

Events lie in 40 lanes, 8 deep. Prints the seconds of the index, then of windows of all of it and of parts, 2,000 pixels wide, all
320 tracks; the marks of each, how many events they hold, and the bytes of their table.
"""

import sys
import time

import numpy as np

from tbcore.analysis import trace_details, trace_search, trace_window
from tbcore.formats.trace import OP, Lane, Trace
from tests.traces import trace

LANES, DEEP = 40, 8


def main(count: int) -> None:
    """Print the figures of a trace of `count` events."""
    of = made(count)
    known, took = timed(lambda: trace_window.index(of))
    print(f"{len(of):,} events in {len(known.lane)} tracks: index {took:.3f} s")
    for share in (1.0, 0.1, 0.01, 0.001):
        start = int(known.length * 0.4) if share < 1 else 0
        end = start + int(known.length * share) + 1
        marks, took = timed(lambda start=start, end=end: trace_window.window(known, start, end, 2_000))  # type: ignore[misc]
        size = len(marks) * 45
        print(
            f"{share:7.1%}  {1e3 * took:7.2f} ms  {len(marks):7,} marks of {int(marks.count.sum()):9,} events  {size / 1e6:5.2f} MB"
        )
    _values, took = timed(lambda: trace_window.density(known, range(LANES), 0, known.length, 1_000))
    print(f"density of all lanes {1e3 * took:.2f} ms")
    _found, took = timed(lambda: trace_search.find(of, "op 1"))
    print(f"search {1e3 * took:.2f} ms")
    _frame, took = timed(lambda: trace_details.stretch(of, known, 0, known.length))
    print(f"statistics of all {1e3 * took:.2f} ms")
    _event, took = timed(lambda: trace_details.event(of, len(of) // 2))
    print(f"one event {1e3 * took:.2f} ms")


def made(count: int) -> Trace:
    """Return a trace of operators in operators, as long as each other by chance."""
    random = np.random.default_rng(0)
    each = count // (LANES * DEEP)
    starts, durations, lanes = [], [], []
    for lane in range(LANES):
        length = random.exponential(400_000, each) + 20_000
        begin = np.cumsum(length + random.exponential(50_000, each)) - length
        for depth in range(DEEP):
            starts.append((begin + depth * 500).astype(np.int64))
            durations.append((length - depth * 1_100).astype(np.int64))
            lanes.append(np.full(each, lane))
    order = np.lexsort((-np.concatenate(durations), np.concatenate(starts)))
    start, duration, lane_of = (np.concatenate(one)[order] for one in (starts, durations, lanes))
    some = trace([(0, 1, f"op {place}", 0) for place in range(300)])
    size = len(start)
    depth = np.concatenate([np.full(each, one) for _lane in range(LANES) for one in range(DEEP)])[order]
    return Trace(
        **{
            **some.__dict__,
            "start": start,
            "duration": duration,
            "lane": lane_of.astype(np.int32),
            "depth": depth.astype(np.uint16),
            "name": random.integers(0, 300, size).astype(np.int32),
            "category": np.zeros(size, np.int16),
            "role": np.full(size, OP, np.uint8),
            "parent": np.full(size, -1, np.int32),
            "place": np.arange(size, dtype=np.int32),
            "lanes": tuple(Lane("python", f"thread {one}", "1", str(one)) for one in range(LANES)),
        }
    )


def timed(make):  # type: ignore[no-untyped-def]
    """Return what is made and the seconds of the best of three, compiled before."""
    make()
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        found = make()
        times.append(time.perf_counter() - begun)
    return found, min(times)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)

"""Numbers over time: what follows from events, and how a window of them is drawn without losing a peak."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tbcore.analysis import trace_counters
from tbcore.analysis.trace_counters import Curve
from tbcore.formats.trace import KERNEL, MEMCPY, RUNTIME, Memory
from tests.traces import counter, trace

ROLES = {"launch": RUNTIME, "kernel": KERNEL, "copy": MEMCPY}


def curve(values: list[tuple[int, float]]) -> Curve:
    made = counter("c", values)
    return Curve("c", "p", "", made.times, made.values)


def levels(found: Curve) -> list[tuple[int, float]]:
    return list(zip(found.times.tolist(), found.values.tolist(), strict=True))


def test_a_device_works_on_what_overlaps() -> None:
    of = trace([(0, 10, "op", 0), (5, 10, "kernel", 1), (8, 2, "copy", 1), (20, 5, "kernel", 1)], roles=ROLES)
    (found,) = trace_counters.curves(of)
    assert (found.name, found.process, found.peak) == ("Running at once", "GPU 0", 2)
    assert levels(found) == [(5, 1), (8, 2), (10, 1), (15, 0), (20, 1), (25, 0)]


def test_a_queue_is_what_was_launched_and_has_not_begun() -> None:
    of = trace(
        [(0, 2, "launch", 0), (3, 2, "launch", 0), (4, 3, "kernel", 1), (9, 3, "kernel", 1)],
        roles=ROLES,
        columns={"correlation": {0: 1, 1: 2, 2: 1, 3: 2}},
    )
    found = next(one for one in trace_counters.curves(of) if one.name == "Queued")
    assert levels(found) == [(0, 1), (3, 2), (4, 1), (9, 0)]


def test_copies_end_at_nothing_however_their_speeds_are_rounded() -> None:
    of = trace(
        [(0, 10, "copy", 1), (5, 10, "kernel", 1)],
        roles=ROLES,
        columns={"memory bandwidth (GB/s)": {0: 0.1, 1: 0.2}},
    )
    found = next(one for one in trace_counters.curves(of) if one.name == "Copies")
    assert levels(found) == [(0, 0.1), (5, 0.3), (10, 0.2), (15, 0.0)]


def test_memory_stands_with_its_device_and_changes_alone_are_added_up() -> None:
    ints = lambda *values: np.array(values, np.int64)  # noqa: E731
    shorts = lambda *values: np.array(values, np.int16)  # noqa: E731
    memory = Memory(
        ints(1, 2, 3, 4), ints(100, 50, -50, 8), ints(1, 2, 2, 3), ints(100, 150, 100, -1), ints(200, 200, 200, -1),
        shorts(1, 1, 1, 0), shorts(0, 0, 0, -1), np.zeros(4, np.int32),
    )  # fmt: skip
    of = trace([(0, 10, "op", 0), (0, 1, "kernel", 1)], memory=memory)
    found = {(one.process, one.name): levels(one) for one in trace_counters.curves(of)}
    assert found == {
        ("python", "Memory, change"): [(4, 8)],
        ("GPU 0", "Memory allocated"): [(1, 100), (2, 150), (3, 100)],
        ("GPU 0", "Memory reserved"): [(1, 200), (2, 200), (3, 200)],
    }


def test_counters_of_the_file_are_shown_as_they_are() -> None:
    of = trace([(0, 10, "op", 0)], counters=(counter("power", [(0, 1.5), (5, 2.5)]), counter("none", [])))
    (found,) = trace_counters.curves(of)
    assert (found.name, levels(found)) == ("power", [(0, 1.5), (5, 2.5)])


def test_few_values_are_drawn_as_they_are_with_the_one_that_holds_before() -> None:
    times, low, mean, high = trace_counters.cells(curve([(0, 1), (10, 3), (20, 2), (90, 7)]), 5, 50, 100)
    assert times.tolist() == [0, 10, 20]
    assert low.tolist() == mean.tolist() == high.tolist() == [1, 3, 2]


def test_many_values_keep_their_peaks_and_what_holds_after_them() -> None:
    values = [(place, float(place % 2)) for place in range(100)] + [(500, 9.0)]
    times, low, mean, high = trace_counters.cells(curve(values), 0, 1_000, 10)
    assert times.tolist() == [0, 100, 500, 600]
    assert (low.tolist(), high.tolist()) == ([0, 1, 9, 9], [1, 1, 9, 9])
    assert mean.tolist() == [0.5, 1, 9, 9]


@given(
    st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(-5, 5)), min_size=1, max_size=80, unique_by=lambda one: one[0]
    ),
    st.integers(0, 9_000),
    st.integers(1, 5_000),
    st.integers(1, 20),
)
def test_the_largest_and_least_values_of_a_window_are_always_drawn(
    values: list[tuple[int, int]], start: int, length: int, pixels: int
) -> None:
    made = curve([(time, float(value)) for time, value in sorted(values)])
    times, low, _mean, high = trace_counters.cells(made, start, start + length, pixels)
    inside = [value for time, value in values if start <= time < start + length]
    assert (np.diff(times) >= 0).all()
    if inside:
        assert (low.min() <= min(inside), high.max() >= max(inside)) == (True, True)

"""What of a trace is seen in a window: nothing of it is lost, however many events there are."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tbcore.analysis import trace_window
from tbcore.analysis.trace_window import Marks
from tbcore.formats.trace import ANNOTATION, Instants, Lane, Trace
from tests.traces import HOST, STREAM, trace

EVENTS = st.lists(
    st.tuples(
        st.integers(0, 5_000),
        st.one_of(st.integers(0, 5), st.integers(0, 3_000)),
        st.sampled_from("abc"),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=60,
)


def touched(of: Trace, start: int, end: int) -> list[int]:
    """Return the rows that touch a window, told one by one; times since the first event."""
    first = of.span[0]
    return [
        row
        for row in range(len(of))
        if of.start[row] - first < end
        and (of.start[row] + of.duration[row] - first > start or of.start[row] - first >= start)
    ]


def rows(marks: Marks) -> list[tuple[int, int, int, int, int]]:
    return [
        (int(track), int(start), int(end), int(count), int(row))
        for track, start, end, count, row in zip(
            marks.track, marks.start, marks.end, marks.count, marks.row, strict=True
        )
    ]


@settings(max_examples=200, deadline=None)
@given(EVENTS, st.integers(-100, 6_000), st.integers(1, 9_000), st.integers(1, 300), st.sampled_from([3, 40, 10_000]))
def test_the_marks_of_any_window_hold_every_event_that_touches_it_and_all_its_time(
    events: list[tuple[int, int, str, int]], start: int, length: int, pixels: int, most: int
) -> None:
    of = trace(events)
    known = trace_window.index(of)
    marks = trace_window.window(known, start, start + length, pixels, most=most)
    wanted = touched(of, start, start + length)
    assert int(marks.count.sum()) == len(wanted)
    assert int(marks.total.sum()) == int(of.duration[wanted].sum())
    assert len(trace_window.touching(known, start, start + length)) == len(wanted)
    alone = [int(row) for row in marks.row if row >= 0]
    assert len(alone) == len(set(alone))
    assert set(alone) <= set(wanted)
    assert (marks.count[marks.row < 0] > 1).all()
    assert (marks.main <= marks.total).all()


@settings(max_examples=100, deadline=None)
@given(EVENTS, st.integers(0, 3_000), st.integers(1, 4_000), st.integers(1, 50), st.sampled_from("abc"))
def test_as_many_events_are_found_in_the_marks_as_are_searched_for(
    events: list[tuple[int, int, str, int]], start: int, length: int, pixels: int, name: str
) -> None:
    of = trace(events)
    matched = of.matching(lambda one: one == name)
    marks = trace_window.window(trace_window.index(of), start, start + length, pixels, matched=matched)
    assert int(marks.hits.sum()) == int(matched[touched(of, start, start + length)].sum())


@settings(max_examples=100, deadline=None)
@given(EVENTS, st.integers(1, 50), st.integers(0, 2_000))
def test_windows_of_the_same_size_merge_alike_wherever_they_begin(
    events: list[tuple[int, int, str, int]], pixels: int, by: int
) -> None:
    known = trace_window.index(trace(events))
    one = trace_window.window(known, -10_000, 20_000, pixels)
    other = trace_window.window(known, -10_000 - by, 20_000 - by, pixels)
    assert rows(one) == rows(other)


def test_an_event_that_is_as_long_as_a_cell_is_a_mark_of_its_own_and_short_neighbours_are_one() -> None:
    of = trace([(0, 100, "long", 0), (100, 1, "a", 0), (102, 1, "b", 0), (104, 3, "b", 0), (300, 2, "alone", 0)])
    marks = trace_window.window(trace_window.index(of), 0, 400, 20)
    assert marks.cell == 32
    assert rows(marks) == [(0, 0, 100, 1, 0), (0, 100, 107, 3, -1), (0, 300, 302, 1, 4)]
    assert [of.names[code] for code in marks.name] == ["long", "b", "alone"]
    assert marks.total.tolist() == [100, 5, 2]
    assert marks.main.tolist() == [100, 4, 2]


def test_a_long_event_that_began_before_the_window_is_in_it_though_many_short_ones_follow() -> None:
    of = trace([(0, 10_000, "outer", 0), *((10 * place, 5, "inner", 0) for place in range(1, 900))])
    marks = trace_window.window(trace_window.index(of), 9_500, 9_600, 100)
    assert rows(marks) == [(0, 0, 10_000, 1, 0)]


def test_events_without_duration_are_counted_too() -> None:
    of = trace([(5, 0, "moment", 0), (5, 0, "moment", 0), (9, 0, "last", 0)])
    marks = trace_window.window(trace_window.index(of), 0, 5, 1)
    assert int(marks.count.sum()) == 3
    assert int(marks.total.sum()) == 0


def test_only_the_lanes_that_are_asked_for_are_answered_down_to_their_depth() -> None:
    of = trace([(0, 100, "a", 0), (10, 50, "b", 0), (0, 80, "k", 1)])
    known = trace_window.index(of)
    assert known.of_lanes([(0, 1)]).tolist() == [0]
    assert known.of_lanes([(1, 9), (0, 9), (7, 1), (-1, 2)]).tolist() == [0, 1, 2]
    assert rows(trace_window.window(known, 0, 100, 100, known.of_lanes([(0, 1)]))) == [(0, 0, 100, 1, 0)]


def test_times_count_from_the_first_event() -> None:
    late = 1_700_000_000_000_000_000
    of = trace([(late, 10, "a", 0), (late + 20, 10, "b", 0)])
    known = trace_window.index(of)
    assert (known.origin, known.length) == (late, 30)
    assert rows(trace_window.window(known, 0, 30, 30)) == [(0, 0, 10, 1, 0), (0, 20, 30, 1, 1)]


def test_a_trace_without_events_has_no_marks() -> None:
    known = trace_window.index(trace([]))
    assert len(trace_window.window(known, 0, 100, 10)) == 0
    assert trace_window.density(known, [0, 1], 0, 100, 100)[1].sum() == 0
    assert trace_window.events_of_lanes(known).tolist() == [0, 0]


def test_density_is_how_many_lanes_are_at_work_and_frames_around_their_work_are_none() -> None:
    of = trace(
        [(0, 1024, "ProfilerStep#1", 0), (0, 512, "op", 0), (100, 50, "inner", 0), (256, 512, "kernel", 1)],
        roles={"ProfilerStep#1": ANNOTATION},
    )
    first, values = trace_window.density(trace_window.index(of), [0, 1], 0, 1024, 4)
    assert (first, values.tolist()) == (0, [1, 2, 1, 0])


@settings(max_examples=100, deadline=None)
@given(EVENTS, st.integers(1, 40))
def test_density_holds_all_the_time_of_work(events: list[tuple[int, int, str, int]], pixels: int) -> None:
    of = trace(events)
    known = trace_window.index(of)
    cell = trace_window.cell_of(known.length + 1, pixels)
    _first, values = trace_window.density(known, [0, 1], 0, known.length + 1, pixels)
    outer = of.parent < 0
    assert abs(float(values.astype(float).sum() * cell) - float(of.duration[outer].sum())) < 1e-3 * known.length + 1


def test_lanes_of_frames_alone_are_busy_with_those() -> None:
    of = trace([(0, 64, "frame", 0)], roles={"frame": ANNOTATION})
    assert trace_window.density(trace_window.index(of), [0], 0, 64, 2)[1].tolist() == [1, 1]


def test_moments_are_told_by_lane_one_for_each_few_pixels() -> None:
    moments = Instants(np.array([50, 10, 11, 900]), np.zeros(4, np.int32), np.array([1, 0, 0, 0], np.int32))
    of = trace([(0, 1_000, "a", 0)], instants=moments)
    lanes, times = trace_window.instants(of, trace_window.index(of), 0, 1_000, 1_000)
    assert (lanes.tolist(), times.tolist()) == ([0, 0, 1], [10, 900, 50])


def test_lanes_may_be_many_and_deep_and_most_of_them_empty() -> None:
    lanes = [HOST, STREAM, *(Lane("p", str(place), "2", str(place)) for place in range(5_000))]
    of = trace([(place, 100_000 - 2 * place, "frame", 4_000) for place in range(500)], lanes)
    known = trace_window.index(of)
    assert len(known.lane) == 500
    assert set(known.lane.tolist()) == {4_000}
    assert known.depth.tolist() == list(range(500))
    assert int(trace_window.window(known, 0, known.length, 100).count.sum()) == 500

"""Layouts answer what they are asked: sizes in, places and routes out, with Graphviz and without it."""

import time

import pytest

from tbcore.charts import graph_dot, graph_layered, graph_layout
from tbcore.charts.graph_layout import columns, grid, layouts, pack
from tbcore.charts.graph_places import BOTTOM, GAP, RANK_GAP, TOP, Link, Placed, Task, curve

BOX = (100.0, 40.0)
ENGINES = ["layered", *(["dot"] if graph_dot.binary() else [])]
each_engine = pytest.mark.parametrize("engine", ENGINES)
needs_dot = pytest.mark.skipif(not graph_dot.binary(), reason="Graphviz is not installed")


def task(count: int, *links: tuple[int, int]) -> Task:
    return Task((BOX,) * count, (0,) * count, tuple(Link(*ends) for ends in links))


@each_engine
def test_a_chain_stands_upright(engine: str) -> None:
    (placed,) = layouts([task(3, (0, 1), (1, 2))], engine)
    assert [x for x, _y in placed.places] == pytest.approx([0, 0, 0], abs=0.6)
    assert [y for _x, y in placed.places] == pytest.approx([0, 40 + RANK_GAP, 2 * (40 + RANK_GAP)], abs=0.6)
    assert (placed.width, placed.height) == pytest.approx((100, 120 + 2 * RANK_GAP), abs=1)
    for route, y in zip(placed.routes, (40, 80 + RANK_GAP), strict=True):
        assert len(route) == 8
        assert set(route[::2]) == {route[0]}
        assert (route[1], route[-1]) == pytest.approx((y, y + RANK_GAP), abs=0.6)


@each_engine
def test_a_line_begins_and_ends_at_its_places_on_wide_boxes(engine: str) -> None:
    wide = Task(((300.0, 80.0), (300.0, 80.0)), (0, 0), (Link(0, 1, 250.0, 40.0),))
    (placed,) = layouts([wide], engine)
    assert placed.routes[0][0] == pytest.approx(placed.places[0][0] + 250, abs=1)
    assert placed.routes[0][-2] == pytest.approx(placed.places[1][0] + 40, abs=1)
    # A straight line is worth shifting the boxes.
    assert placed.routes[0][0] == pytest.approx(placed.routes[0][-2], abs=1)


@each_engine
def test_ports_lie_on_the_borders(engine: str) -> None:
    asked = Task(
        (BOX, BOX, BOX, (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)),
        (0, 0, 0, TOP, BOTTOM, BOTTOM),
        (Link(3, 0), Link(0, 1), Link(1, 4), Link(2, 5), Link(3, 1)),
    )
    (placed,) = layouts([asked], engine)
    assert placed.places[3][1] == pytest.approx(0, abs=1)
    assert [placed.places[at][1] for at in (4, 5)] == pytest.approx([placed.height] * 2, abs=1)
    assert placed.routes[3][-1] == pytest.approx(placed.height, abs=1)


@each_engine
def test_what_hangs_together_by_nothing_is_packed_beside_each_other(engine: str) -> None:
    (placed,) = layouts([task(20)], engine)
    assert placed.width < 8 * (100 + GAP)
    assert placed.height < 12 * (40 + GAP)
    (beside,) = layouts([task(6, (0, 1), (1, 2), (2, 3))], engine)
    assert [x for x, _y in beside.places[4:]] == pytest.approx([100 + GAP] * 2, abs=1)


@each_engine
def test_a_cycle_has_all_its_lines(engine: str) -> None:
    (placed,) = layouts([task(3, (0, 1), (1, 2), (2, 0), (1, 1))], engine)
    assert all(len(route) >= 8 for route in placed.routes)
    tops = [y for _x, y in placed.places]
    assert tops == sorted(tops)
    # The line back ends at the first box, above which nothing is.
    assert placed.routes[2][-1] == pytest.approx(tops[0], abs=1) or placed.routes[2][-1] == pytest.approx(40, abs=1)


@each_engine
def test_lines_that_need_not_cross_do_not(engine: str) -> None:
    (placed,) = layouts([task(6, (0, 5), (1, 4), (2, 3), (0, 4), (1, 3))], engine)
    upper = sorted(range(3), key=lambda box: placed.places[box][0])
    lower = sorted(range(3, 6), key=lambda box: placed.places[box][0])
    assert (upper, lower) in (([0, 1, 2], [5, 4, 3]), ([2, 1, 0], [3, 4, 5]))


@each_engine
def test_answers_are_kept_by_what_was_asked(engine: str) -> None:
    asked = task(40, *((at // 2, at) for at in range(1, 40)))
    (first,) = layouts([asked], engine)
    start = time.perf_counter()
    (again,) = layouts([task(40, *((at // 2, at) for at in range(1, 40)))], engine)
    assert again is first
    assert time.perf_counter() - start < 0.01


def test_the_library_answers_what_graphviz_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_dot, "binary", lambda: "/nonexistent/dot")
    assert graph_dot.layouts([task(2, (0, 1))]) == [None]
    (placed,) = layouts([task(2, (0, 1), (0, 1))], "dot")
    assert placed == graph_layered.layout(task(2, (0, 1), (0, 1)))


@needs_dot
def test_graphviz_that_takes_too_long_is_not_waited_for() -> None:
    assert graph_dot.layouts([task(50, *((at // 2, at) for at in range(1, 50)))], patience=0.0) == [None]


@needs_dot
def test_many_tasks_are_answered_in_one_start() -> None:
    tasks = [task(at + 2, *((place, place + 1) for place in range(at + 1))) for at in range(5)]
    found = graph_dot.layouts(tasks)
    assert [len(placed.places) for placed in found if placed] == [2, 3, 4, 5, 6]


def test_what_no_layout_takes_stands_in_a_grid() -> None:
    count = 2_000
    huge = task(count, *((at, (at * 7) % count) for at in range(count)), *((at, at + 1) for at in range(count - 1)))
    start = time.perf_counter()
    (placed,) = layouts([huge], "layered")
    assert time.perf_counter() - start < 3
    assert len(placed.places) == len(set(placed.places)) == count
    simple = grid(Task((BOX, BOX, (0.0, 0.0)), (0, 0, TOP), (Link(2, 0), Link(0, 1))))
    assert isinstance(simple, Placed)
    assert simple.places[2][1] == 0
    assert all(len(route) == 8 for route in simple.routes)


def test_a_long_chain_is_no_deep_recursion() -> None:
    count = 5_000
    (placed,) = layouts([task(count, *((at, at + 1) for at in range(count - 1)))], "layered")
    assert placed.height == pytest.approx(count * 40 + (count - 1) * RANK_GAP)


def test_the_work_of_a_layout_is_known_before() -> None:
    assert graph_layered.span(task(3, (0, 1), (1, 2), (0, 2))) == 4
    assert graph_layered.span(task(2, (0, 1), (1, 0), (1, 1))) == 2


def test_rectangles_are_packed_in_rows_and_columns() -> None:
    assert pack([(100, 40)] * 6, 0) == [(x * (100 + GAP), y * (40 + GAP)) for y in range(3) for x in range(2)]
    assert columns([(100, 40)] * 3, 120) == [(0, 0), (0, 40 + GAP), (100 + GAP, 0)]
    assert pack([]) == columns([]) == []


def test_a_curve_goes_straight_where_it_can() -> None:
    assert curve([(0, 0), (0, 30), (0, 60)]) == (0, 0, 0, 30, 0, 30, 0, 60)
    assert curve([(0, 0), (8, 20)]) == (0, 0, 0, 10, 8, 10, 8, 20)


def test_settings_leave_room_for_what_graphviz_does_quickly() -> None:
    assert graph_layout.DOT_UP_TO < graph_layout.LAYERED_UP_TO

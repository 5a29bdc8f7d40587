"""Layouts answer what they are asked: sizes in, places and routes out, whichever engine there is."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tbcore.charts import graph_dot, graph_layout
from tbcore.charts.graph_layout import DRAWN_UP_TO, columns, grid, layouts, pack
from tbcore.charts.graph_places import BOTTOM, GAP, RANK_GAP, TOP, Link, Placed, Task, curve

BOX = (100.0, 40.0)
each_engine = pytest.mark.parametrize("engine", graph_dot.engines())


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


def chain(count: int) -> Task:
    return task(count, *((at, at + 1) for at in range(count - 1)))


def engines_of(monkeypatch: pytest.MonkeyPatch, **commands: list[str]) -> None:
    monkeypatch.setattr(graph_dot, "engines", lambda: commands)


def test_engines_draw_the_same_picture_of_a_tree() -> None:
    asked = task(15, *(((at - 1) // 2, at) for at in range(1, 15)))
    first, *others = (layouts([asked], engine)[0].places for engine in graph_dot.engines())
    assert all(place == pytest.approx(own, abs=1) for other in others for place, own in zip(other, first, strict=True))


def test_without_programs_the_library_lays_out() -> None:
    code = (
        "from tbcore.charts import graph_dot\n"
        "from tests.charts.test_graph_layout import chain\n"
        "print(*graph_dot.engines(), len(graph_dot.layouts([chain(3)])[0].places))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], env={**os.environ, "PATH": ""},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "pygraphviz 3\n"


def test_what_one_engine_does_not_answer_the_next_does(monkeypatch: pytest.MonkeyPatch) -> None:
    engines_of(monkeypatch, broken=["/nonexistent/dot"], whole=list(graph_dot.engines()["pygraphviz"]))
    (placed,) = graph_dot.layouts([chain(3)])
    assert placed is not None
    assert len(placed.places) == 3


BROKEN = {
    "nothing": "",
    "words": "print('Format: json0 not recognized')",
    "half": 'print(\'{"name": "0", "bb"\')',
    "other": 'print(\'{"name": "9", "bb": "0,0,1,1"}\')',
    "fails": "raise SystemExit(3)",
    "crashes": "import os; os.abort()",
}


@pytest.mark.parametrize("code", BROKEN.values(), ids=BROKEN)
def test_without_any_answer_boxes_stand_in_a_grid(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    engines_of(monkeypatch, broken=[sys.executable, "-c", code], none=["/nonexistent/dot"])
    graph_layout._answers.clear()
    assert layouts([chain(7)]) == [grid(chain(7))]
    graph_layout._answers.clear()


@each_engine
def test_what_takes_too_long_is_not_waited_for(engine: str) -> None:
    start = time.perf_counter()
    assert graph_dot.layouts(
        [task(40, *((a, b) for a in range(40) for b in range(a)))], engine, time.monotonic() + 0.02
    ) == [None]
    assert graph_dot.layouts([chain(50)], engine, time.monotonic()) == [None]
    assert time.perf_counter() - start < 1


def test_what_was_answered_before_time_ran_out_is_kept() -> None:
    slow = task(60, *((a, b) for a in range(60) for b in range(a)))
    quick, late = graph_dot.layouts([chain(3), slow], "pygraphviz", time.monotonic() + 1)
    assert quick == graph_dot.layouts([chain(3)], "pygraphviz")[0]
    assert late is None


@each_engine
def test_many_tasks_are_answered_in_one_start(engine: str) -> None:
    found = graph_dot.layouts([chain(at + 2) for at in range(5)], engine)
    assert [len(placed.places) for placed in found if placed] == [2, 3, 4, 5, 6]


def test_what_is_too_much_for_graphviz_stands_in_a_grid() -> None:
    huge = chain(DRAWN_UP_TO)
    start = time.perf_counter()
    (placed,) = layouts([huge])
    assert time.perf_counter() - start < 1
    assert len(placed.places) == len(set(placed.places)) == DRAWN_UP_TO
    simple = grid(Task((BOX, BOX, (0.0, 0.0)), (0, 0, TOP), (Link(2, 0), Link(0, 1))))
    assert isinstance(simple, Placed)
    assert simple.places[2][1] == 0
    assert all(len(route) == 8 for route in simple.routes)


def test_rectangles_are_packed_in_rows_and_columns() -> None:
    assert pack([(100, 40)] * 6, 0) == [(x * (100 + GAP), y * (40 + GAP)) for y in range(3) for x in range(2)]
    assert columns([(100, 40)] * 3, 120) == [(0, 0), (0, 40 + GAP), (100 + GAP, 0)]
    assert pack([]) == columns([]) == []


def test_a_curve_goes_straight_where_it_can() -> None:
    assert curve([(0, 0), (0, 30), (0, 60)]) == (0, 0, 0, 30, 0, 30, 0, 60)
    assert curve([(0, 0), (8, 20)]) == (0, 0, 0, 10, 8, 10, 8, 20)

"""Plots of points: their cells, and the marks in them."""

import numpy as np
import pytest

from tbcore.analysis.brushes import lanes
from tbcore.analysis.sheets import Column, number_cells
from tbcore.analysis.tradeoffs import Box, surface, trend
from tbcore.charts import parallel, points


def axis(key: str, *values: float) -> parallel.Axis:
    column, cells = Column(key, key, "hparam"), number_cells(values)
    return parallel.axis(column, cells, lanes(column, cells))


def columns(marks: points.Marks, form: str) -> dict[str, list[float]]:
    (name,) = (spec["table"] for spec in marks.specs if spec["form"] == form)
    found: dict[str, list[float]] = marks.tables[name].to_pydict()
    return found


def test_a_grid_has_a_cell_for_each_pair_of_columns_and_rows() -> None:
    across, down = [axis("a", 1), axis("b", 1)], [axis("m", 1)]
    view, axes = points.matrix(across, down, parallel.plain_color(1), {"a": {"ranges": [[0, 1]], "lanes": []}})
    assert [one.spec["key"] for one in axes] == ["a", "b", "m"]
    assert view["cells"] == [{"row": 0, "column": 0, "x": 0, "y": 2}, {"row": 0, "column": 1, "x": 1, "y": 2}]
    assert view["brush"] == {"a": {"ranges": [[0, 1]], "lanes": []}}


def test_one_plot_has_its_marks_and_what_the_tooltip_tells_besides() -> None:
    marks = points.front(np.array([2.0, 1.0]), np.array([3.0, 4.0]), "#111111")
    view = points.single(axis("x", 1), axis("y", 1), [axis("z", 1)], parallel.plain_color(1), {}, marks, note="n = 1")
    assert [spec["key"] for spec in view["axes"]] == ["x", "y", "z"]
    assert [mark["form"] for mark in view["cells"][0]["marks"]] == ["line", "rings"]
    assert view["note"] == "n = 1"


def test_a_front_is_joined_in_the_order_of_x() -> None:
    marks = points.front(np.array([2.0, 1.0]), np.array([3.0, 4.0]), "#111111")
    assert columns(marks, "line") == {"x": [1, 2], "y": [4, 3]}


def test_nothing_has_no_marks() -> None:
    none = np.zeros(0)
    assert points.front(none, none, "#111111").specs == []
    assert points.best_so_far(none, none, none.astype(np.bool_), "#111111").specs == []
    assert points.dependence(none, none, none, none, "#111111", numbers=True).specs == []
    assert points.boxes([], ["a"]).specs == []


def test_a_trend_through_two_points_has_no_band() -> None:
    two = trend(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    assert [mark["form"] for mark in points.trend(two, "#111111").specs] == ["line"]
    three = trend(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 1.0]))
    assert [mark["form"] for mark in points.trend(three, "#111111").specs] == ["band", "line"]


def test_boxes_stand_at_their_categories() -> None:
    box = Box("b", 4, 1.0, 2.0, 3.0, 4.0, 5.0, 3.0, ())
    assert columns(points.boxes([box, box], ["a", "b"]), "boxes") == {
        "x": [1, 1], "least": [1, 1], "low": [2, 2], "middle": [3, 3], "high": [4, 4], "most": [5, 5],
    }  # fmt: skip


def test_best_so_far_is_ringed_where_it_was_bettered() -> None:
    marks = points.best_so_far(
        np.array([1.0, 2.0, 3.0]), np.array([5.0, 5.0, 4.0]), np.array([True, False, True]), "#111111"
    )
    assert columns(marks, "step") == {"x": [1, 2, 3], "y": [5, 5, 4]}
    assert columns(marks, "rings") == {"x": [1, 3], "y": [5, 4]}


def test_a_dependence_is_a_line_with_a_band_or_whiskers_of_categories() -> None:
    some = np.array([0.0, 1.0])
    numbers, categories = (points.dependence(some, some, some, some, "#111111", numbers=one) for one in (True, False))
    assert [mark["form"] for mark in numbers.specs] == ["band", "line"]
    assert [mark["form"] for mark in categories.specs] == ["whiskers"]


def test_tiles_of_cells_reach_halfway_to_their_neighbours_and_unknown_ones_are_left_out() -> None:
    text = np.array(["a", "b", "b"], object)
    found = surface(text, np.array(["x", "x", "y"], object), np.array([0.0, 5.0, 10.0]))
    tiles = columns(points.tiles(found, False, False, 0.0, 10.0), "tiles")
    assert tiles["left"] == [-0.5, 0.5, 0.5]
    assert tiles["right"] == [0.5, 1.5, 1.5]
    assert tiles["bottom"] == [-0.5, -0.5, 0.5]
    assert tiles["paint"] == [0, 32, 63]


def test_tiles_on_an_axis_of_decades_reach_halfway_in_decades() -> None:
    rng = np.random.default_rng(0)
    x, y = 10 ** rng.uniform(-4, 0, 200), rng.uniform(0, 1, 200)
    found = surface(x, y, x + y, log_x=True)
    tiles = columns(points.tiles(found, True, False, 0.0, 2.0), "tiles")
    widths = np.log10(np.array(tiles["right"])) - np.log10(np.array(tiles["left"]))
    assert widths == pytest.approx(np.full(len(widths), widths[0]))


def test_a_surface_of_too_few_points_has_no_tiles() -> None:
    found = surface(np.array([1.0]), np.array([1.0]), np.array([np.nan]))
    assert points.tiles(found, False, False, 0.0, 1.0).specs == []

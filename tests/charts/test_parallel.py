"""Columns become axes, and rows get their colours."""

import math
from typing import Any

import numpy as np
import pytest

from tbcore.analysis.brushes import lanes
from tbcore.analysis.sheets import Cells, Column, Type, number_cells, text_cells
from tbcore.charts import parallel as charts
from tbcore.charts import theme


def number_axis(*values: float | None, kind: Type = "number", scale: str = "") -> charts.Axis:
    column = Column("hp:lr", "lr", "hparam", kind, "Learning rate")
    cells = number_cells(values)
    return charts.axis(column, cells, lanes(column, cells), scale=scale)


def text_axis(*values: str | None) -> charts.Axis:
    column = Column("hp:opt", "opt", "hparam", "text")
    cells = text_cells(values)
    levels = sorted({value for value in values if value is not None})
    return charts.axis(column, cells, lanes(column, cells), levels, list(cells.values))


def test_an_axis_of_numbers_says_which_scales_it_can_have() -> None:
    assert number_axis(0.001, 1.0).spec == {
        "key": "hp:lr", "title": "lr", "type": "number", "about": "Learning rate", "levels": None,
        "scales": ["linear", "log", "quantile"], "scale": "log", "usual": "log",
    }  # fmt: skip
    assert number_axis(0.0, 1.0).spec["scales"] == ["linear", "quantile"]
    assert number_axis(1.75e9, 1.76e9, kind="time").spec["scales"] == ["linear", "quantile"]


def test_decades_are_usual_where_there_are_more_than_two() -> None:
    assert number_axis(1.0, 100.0).spec["scale"] == "linear"
    assert number_axis(1.0, 101.0).spec["scale"] == "log"
    assert number_axis(1e-300, 1e300).spec["scale"] == "log"


def test_a_scale_that_is_asked_for_is_taken_where_it_can_be_had() -> None:
    assert number_axis(1.0, 2.0, scale="quantile").spec["scale"] == "quantile"
    assert number_axis(-1.0, 2.0, scale="log").spec["scale"] == "linear"


def test_without_a_number_an_axis_is_linear() -> None:
    assert number_axis(None, math.nan).spec["scale"] == "linear"


def test_categories_are_places_in_their_order() -> None:
    one = text_axis("sgd", None, "adam")
    assert (one.spec["levels"], one.spec["scales"]) == (["adam", "sgd"], [])
    np.testing.assert_array_equal(one.values, [1, np.nan, 0])
    assert one.lanes.tolist() == [0, 1, 0]


def test_rows_hold_names_colours_and_values_and_lanes_only_where_there_are_any() -> None:
    first, second = number_axis(1.0, None), text_axis("a", "b")
    colors = charts.plain_color(2, "#112233")
    table = charts.rows(["x", "<b>y"], [first, second], colors)
    assert table.to_pydict() == {
        "name": ["x", "<b>y"], "paint": [1, 1], "value0": [1.0, 0.0], "lane0": [0, 1], "value1": [0.0, 1.0],
    }  # fmt: skip
    assert colors.palette[1] == "#112233"


def test_rows_have_the_colours_of_their_runs() -> None:
    colors = charts.run_colors(["#111111", "#222222", "#111111"])
    assert [colors.palette[paint] for paint in colors.paints] == ["#111111", "#222222", "#111111"]
    assert colors.legend == {"title": ""}


def test_numbers_are_coloured_from_the_least_to_the_greatest() -> None:
    colors = charts.column_colors(number_axis(0.0, 5.0, 10.0, None))
    assert colors.palette[int(colors.paints[0])] == charts.RAMP[0]
    assert colors.palette[int(colors.paints[2])] == charts.RAMP[-1]
    assert colors.palette[int(colors.paints[3])] == charts.NO_VALUE
    assert colors.legend == {
        "title": "lr", "stops": list(charts.RAMP), "low": "0", "high": "10", "missing": True,
    }  # fmt: skip


def test_by_decades_the_middle_colour_is_the_geometric_mean() -> None:
    colors = charts.column_colors(number_axis(0.01, 1.0, 100.0), log=True)
    assert colors.paints.tolist() == [1, charts.SHADES // 2 + 1, charts.SHADES]
    assert colors.legend["title"] == "lr (log)"


@pytest.mark.parametrize("values", [(5.0,), (5.0, 5.0), (-1e308, 1e308), (math.nan, None), ()])
def test_any_numbers_can_be_coloured(values: tuple[Any, ...]) -> None:
    colors = charts.column_colors(number_axis(*values))
    assert all(0 <= paint < len(colors.palette) for paint in colors.paints)


def test_categories_have_the_run_colours_in_order_and_a_legend_of_a_few() -> None:
    colors = charts.column_colors(text_axis("b", "a", None))
    assert [colors.palette[paint] for paint in colors.paints] == [theme.color(1), theme.color(0), charts.NO_VALUE]
    assert colors.legend["entries"] == [
        {"label": "a", "color": theme.color(0)},
        {"label": "b", "color": theme.color(1)},
    ]
    many = charts.column_colors(text_axis(*(f"c{place:02}" for place in range(30))))
    assert (len(many.legend["entries"]), many.legend["more"]) == (charts.NAMED, 30 - charts.NAMED)


def test_booleans_are_categories() -> None:
    column = Column("hp:amp", "amp", "hparam", "bool")
    cells = Cells(np.array([1.0, 0.0]), np.zeros(2, np.bool_))
    one = charts.axis(column, cells, lanes(column, cells), ["false", "true"], ["true", "false"])
    assert (one.spec["levels"], one.values.tolist()) == (["false", "true"], [1, 0])


def test_the_ramp_keeps_away_from_both_backgrounds() -> None:
    for color in charts.ramp():
        red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
        assert 80 < 0.3 * red + 0.6 * green + 0.1 * blue < 210

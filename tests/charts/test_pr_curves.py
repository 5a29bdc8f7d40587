"""Cards of precision-recall curves: what the browser component is told, and the Arrow columns it reads."""

import json

import numpy as np
import pyarrow as pa
import pytest

from tbcore.analysis import pr_curves
from tbcore.charts import pr_curves as charts

FIVE = np.array(
    [
        [4, 4, 3, 1, 0],
        [4, 2, 1, 0, 0],
        [0, 2, 3, 4, 4],
        [0, 0, 1, 3, 4],
        [0.5, 2 / 3, 0.75, 1, 0],
        [1, 1, 0.75, 0.25, 0],
    ]
)
CURVES = [pr_curves.Curve(run, "cats", 2**60, 0.0, FIVE.astype(np.float32).astype(np.float64)) for run in ("a", "b")]
BLUE, RED = "#4269d0", "#ff725c"
LOOKS = [charts.Look(0, BLUE), charts.Look(3, RED, 0.5, here=False)]


def card(
    curves: list[pr_curves.Curve] = CURVES, looks: list[charts.Look] = LOOKS, area: float = 0.875, tag: str = "cats"
) -> charts.Card:
    return charts.card(
        tag,
        tag,
        curves,
        [pr_curves.drawn(one) for one in curves],
        looks,
        [area] * len(curves),
        table="c0",
        lengths=[pr_curves.length(one.values) for one in curves],
    )


def test_the_thresholds_of_a_card_lie_one_curve_below_the_other_in_its_table() -> None:
    made = card()
    table = made.tables["c0"]
    assert table["place"].to_pylist() == [0, 1, 2, 3, 4] * 2
    assert table["tp"].to_pylist() == [4, 4, 3, 1, 0] * 2
    assert [(one["start"], one["count"], one["thresholds"]) for one in made.spec["curves"]] == [(0, 5, 5), (5, 5, 5)]


def test_each_curve_has_its_run_its_colour_and_how_faint_it_is() -> None:
    one, other = card().spec["curves"]
    assert (one["run"], one["color"], one["opacity"], one["here"]) == (0, BLUE, 1.0, True)
    assert (other["run"], other["color"], other["opacity"], other["here"]) == (3, RED, 0.5, False)


def test_a_curve_says_where_its_tail_begins() -> None:
    assert [one["seen"] for one in card().spec["curves"]] == [4, 4]


def test_steps_no_number_of_javascript_holds_are_text() -> None:
    assert {one["step"] for one in card().spec["curves"]} == {"1,152,921,504,606,846,976"}


def test_counts_are_as_exact_as_they_were_logged() -> None:
    assert card().tables["c0"].schema.field("precision").type == pa.float32()
    double = pr_curves.Curve("a", "cats", 0, 0.0, FIVE / 3)
    table = card([double], LOOKS[:1]).tables["c0"]
    assert table.schema.field("tp").type == pa.float64()
    assert table["tp"].to_pylist()[2] == 1.0
    assert table["tp"].to_pylist()[3] == pytest.approx(1 / 3, abs=1e-17)


def test_no_area_is_nothing_and_no_number() -> None:
    assert card().spec["curves"][0]["auc"] == 0.875
    made = card(area=float("nan"))
    assert made.spec["curves"][0]["auc"] is None
    json.dumps(made.spec, allow_nan=False)


def test_classes_of_one_run_have_colours_and_those_of_many_have_none() -> None:
    one_run = [charts.Look(0, BLUE, label="class 1"), charts.Look(0, RED, label="class 2")]
    assert card(looks=one_run).spec["labels"] == [
        {"label": "class 1", "color": BLUE},
        {"label": "class 2", "color": RED},
    ]
    many = [charts.Look(0, BLUE, label="class 1"), charts.Look(0, BLUE, label="class 2")]
    assert [one["color"] for one in card(looks=many).spec["labels"]] == [None, None]
    assert card().spec["labels"] == []


def test_a_card_without_curves_has_no_table() -> None:
    made = charts.card("cats", "cats", [], [], [], [], table="c0", lengths=[], problems=["run, step 0: no curve"])
    assert (made.tables, made.spec["problems"]) == ({}, ["run, step 0: no curve"])

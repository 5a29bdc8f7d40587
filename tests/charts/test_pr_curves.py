"""What the charts of precision-recall curves draw: which marks, where, in which colours."""

import json
import re
from typing import Any

import numpy as np
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
CURVES = [pr_curves.Curve(run, "cats", 2**60, 0.0, FIVE) for run in ("a", "b")]
BLUE, RED = "#4269d0", "#ff725c"
LOOKS = [charts.Look(BLUE), charts.Look(RED, 0.5)]


def precision_recall(looks: list[charts.Look], **options: bool) -> dict[str, Any]:
    return charts.precision_recall(
        pr_curves.drawn_precision_recall(CURVES), pr_curves.confusions(CURVES, 0.25), looks, **options
    )


def layer(chart: dict[str, Any], mark: str, at: int = -1) -> dict[str, Any]:
    found: dict[str, Any] = [one for one in chart["layer"] if one["mark"]["type"] == mark][at]
    return found


def rows(chart: dict[str, Any], of: dict[str, Any]) -> list[dict[str, Any]]:
    data = of["data"]
    found = data["values"] if "values" in data else chart["datasets"][data["name"]]
    listed: list[dict[str, Any]] = found if isinstance(found, list) else found.to_dict("records")
    return listed


def test_each_curve_has_the_colour_and_the_faintness_it_was_given() -> None:
    chart = precision_recall(LOOKS)
    line = layer(chart, "line")
    assert (line["encoding"]["x"]["field"], line["encoding"]["y"]["field"]) == ("recall", "precision")
    assert line["encoding"]["color"] == {"field": "color", "scale": None, "type": "nominal"}
    points = rows(chart, line)
    assert {(row["run"], row["color"], row["opacity"]) for row in points} == {("a", BLUE, 1.0), ("b", RED, 0.5)}
    assert len(points) == 8, "the tail has no precision"


def test_the_axes_go_from_0_to_1_unless_they_shall_fit() -> None:
    assert layer(precision_recall(LOOKS), "line")["encoding"]["x"]["scale"]["domain"] == [0, 1]
    fitted = layer(precision_recall(LOOKS, fit=True), "line")["encoding"]
    assert fitted["x"]["scale"]["domain"] == pytest.approx([0.22, 1])
    assert fitted["y"]["scale"]["domain"] == pytest.approx([0.48, 1])


def test_lines_of_equal_f1_are_drawn_and_named() -> None:
    chart = precision_recall(LOOKS)
    points = rows(chart, layer(chart, "line", 0))
    for row in points:
        assert 2 * row["x"] * row["y"] / (row["x"] + row["y"]) == pytest.approx(0.2 * row["curve"])
    assert [row["text"] for row in rows(chart, layer(chart, "text"))] == ["F1 0.2", "F1 0.4", "F1 0.6", "F1 0.8"]


def test_what_is_pointed_at_says_its_threshold_its_numbers_and_its_counts() -> None:
    dots = layer(precision_recall(LOOKS), "circle")
    assert [one["title"] for one in dots["encoding"]["tooltip"]] == [
        "run",
        "tag",
        "step",
        "threshold",
        "precision",
        "recall",
        "F1",
        "false positive rate",
        "TP",
        "FP",
        "TN",
        "FN",
    ]


def test_steps_no_number_of_javascript_holds_are_text() -> None:
    chart = precision_recall(LOOKS)
    assert {row["at"] for row in rows(chart, layer(chart, "line"))} == {"1,152,921,504,606,846,976"}
    assert "step" not in rows(chart, layer(chart, "line"))[0]


def test_a_mark_lies_on_each_curve_at_the_threshold() -> None:
    chart = precision_recall(LOOKS)
    marks = rows(chart, layer(chart, "point"))
    assert [(row["recall"], row["precision"], row["color"]) for row in marks] == [
        (1, pytest.approx(2 / 3), BLUE),
        (1, pytest.approx(2 / 3), RED),
    ]


def test_the_roc_curve_goes_over_the_rates_with_the_line_of_chance_behind() -> None:
    chart = charts.roc(pr_curves.drawn_roc(CURVES), pr_curves.confusions(CURVES, 0.25), LOOKS)
    line = layer(chart, "line")
    assert (line["encoding"]["x"]["field"], line["encoding"]["y"]["field"]) == (
        "false_positive_rate",
        "true_positive_rate",
    )
    assert [(row["x"], row["y"]) for row in rows(chart, layer(chart, "line", 0))] == [(0, 0), (1, 1)]
    assert layer(chart, "circle")["transform"] == [{"filter": "isValid(datum.threshold)"}]


def test_classes_of_one_run_have_colours_and_those_of_many_have_dashes() -> None:
    one_run = [charts.Look(BLUE, 1.0, "class 1"), charts.Look(RED, 1.0, "class 2")]
    color = layer(precision_recall(one_run), "line")["encoding"]["color"]
    assert (color["field"], color["scale"]) == ("label", {"domain": ["class 1", "class 2"], "range": [BLUE, RED]})
    many = [charts.Look(BLUE, 1.0, "class 1"), charts.Look(BLUE, 1.0, "class 2")]
    encoding = layer(precision_recall(many), "line")["encoding"]
    assert encoding["strokeDash"]["field"] == "label"
    assert encoding["color"]["field"] == "color"


def test_names_of_logs_are_values_and_nothing_else() -> None:
    name = "<img src=x onerror=alert(1)> datum.x' + [a].b"
    curves = [pr_curves.Curve(name, name, 0, 0.0, FIVE)]
    chart = charts.precision_recall(
        pr_curves.drawn_precision_recall(curves), pr_curves.confusions(curves, 0.5), [charts.Look(BLUE)]
    )
    data = chart.pop("datasets")
    assert name not in json.dumps(chart)
    assert set(data["curves"]["run"]) == set(data["marks"]["tag"]) == {name}


def cells(html: str) -> list[str]:
    """Return the words of confusion matrices, in order."""
    return [text for text in re.split(r"<[^>]*>", html) if text]


def test_a_confusion_matrix_has_four_cells_with_counts_and_shares() -> None:
    html = charts.confusion(pr_curves.confusions(CURVES, 0.25), ["a · 7", "b · 7"], LOOKS)
    matrix = ["4", "TP 100%", "0", "FN 0%", "2", "FP 50%", "2", "TN 50%"]
    assert cells(html) == ["a · 7", *matrix, "b · 7", *matrix]
    assert re.findall(r"color-mix\(in srgb, (#\w+) (\d+)%", html)[:5] == [
        (BLUE, "66"),
        (BLUE, "6"),
        (BLUE, "36"),
        (BLUE, "36"),
        (RED, "66"),
    ]


def test_names_in_confusion_matrices_are_not_acted_on() -> None:
    name = "<img src=x onerror=alert(1)>\"' style='x"
    html = charts.confusion(pr_curves.confusions(CURVES[:1], 0.25), [name], LOOKS)
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;&quot;&#x27; style=&#x27;x" in html


def test_weights_are_not_cut_to_whole_numbers() -> None:
    light = pr_curves.Curve("a", "cats", 0, 0.0, FIVE * np.array([[0.1]] * 4 + [[1]] * 2))
    html = charts.confusion(pr_curves.confusions([light], 0.25), ["a"], LOOKS)
    assert cells(html)[1::2] == ["0.4", "0", "0.2", "0.2"]


def test_shares_of_nothing_are_left_out() -> None:
    no_negatives = np.array([[4], [0], [0], [0], [1], [1]], np.float64)
    html = charts.confusion(
        pr_curves.confusions([pr_curves.Curve("a", "cats", 0, 0.0, no_negatives)], 0.5), ["a"], LOOKS
    )
    assert cells(html)[2::2] == ["TP 100%", "FN 0%", "FP", "TN"]

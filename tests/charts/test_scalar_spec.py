"""A card as a specification of Vega-Lite."""

import json
import math

import altair as alt
import numpy as np
import pytest

from tbcore.analysis.scalar_files import Drawn
from tbcore.charts.scalar_spec import spec

X = np.array([0, 1, 2])
LOSS = Drawn("run a", "#4269d0", X, np.array([0.1, math.nan, 3], np.float32))
PALE = Drawn("run a", "#4269d0", X, np.array([1.0, -1.0, math.inf]), pale=True)
BAND = Drawn(
    "run b", "#efb118", X, np.array([1.0, 2.0, 3.0]), low=np.array([0.0, 1.0, 2.0]), high=np.array([2.0, 3.0, 4.0])
)


def test_it_is_what_altair_takes_and_plain_json() -> None:
    for lines in ([LOSS], [LOSS, PALE, BAND]):
        found = spec(lines, title="loss", y_title="loss", log_x=True, log_y=True, x_range=(1, 2), y_range=(0.1, 9))
        json.dumps(found, allow_nan=False)
        alt.Chart.from_dict(found).to_dict()


def test_values_are_those_of_the_lines_in_their_own_precision_and_gaps_are_null() -> None:
    rows = spec([LOSS])["data"]["values"]
    assert [(row["x"], row["y"]) for row in rows] == [(0, 0.1), (1, None), (2, 3)]
    assert {row["run"] for row in rows} == {"run a"}


def test_on_a_logarithmic_axis_what_is_not_positive_is_a_gap() -> None:
    rows = spec([PALE], log_x=True, log_y=True)["data"]["values"]
    assert [(row["x"], row["y"]) for row in rows] == [(None, 1), (1, None), (2, None)]


def test_on_a_logarithmic_axis_a_band_reaches_down_to_the_least_positive_value() -> None:
    rows = spec([BAND], log_y=True)["data"]["values"]
    assert [(row["low"], row["high"]) for row in rows] == [(1, 2), (1, 3), (2, 4)]
    gone = Drawn("b", "#000000", X[:1], np.array([math.nan]), low=np.array([math.nan]), high=np.array([math.nan]))
    assert spec([gone], log_y=True)["data"]["values"][0]["low"] is None


def test_bands_lie_below_faint_lines_and_those_below_lines() -> None:
    marks = [layer["mark"] for layer in spec([LOSS, PALE, BAND])["layer"]]
    assert [mark["type"] for mark in marks] == ["area", "line", "line"]
    assert marks[1]["opacity"] < marks[2]["opacity"]


def test_every_name_has_its_color_once() -> None:
    scale = spec([PALE, LOSS, BAND])["layer"][0]["encoding"]["color"]["scale"]
    assert scale == {"domain": ["run a", "run b"], "range": ["#4269d0", "#efb118"]}


def test_times_are_milliseconds_as_vega_wants_them() -> None:
    found = spec(
        [Drawn("a", "#000000", np.array([1.5, 2.0]), np.array([1.0, 2.0]))], x_type="temporal", x_range=(1.5, 2.0)
    )
    assert [row["x"] for row in found["data"]["values"]] == [1500, 2000]
    assert found["layer"][0]["encoding"]["x"]["scale"]["domain"] == [1500, 2000]


@pytest.mark.parametrize("log", [False, True])
def test_axes_keep_the_range_they_are_given(log: bool) -> None:
    y = spec([LOSS], log_y=log, y_range=(0.5, 2.0))["layer"][0]["encoding"]["y"]
    assert y["scale"]["domain"] == [0.5, 2.0]
    assert y["scale"]["nice"] is False
    assert (y["scale"].get("type") == "log") == log


def test_no_lines_are_a_chart_without_values() -> None:
    found = spec([])
    assert found["data"]["values"] == []
    alt.Chart.from_dict(found).to_dict()

"""Cards of curves: what the browser component is told, and the Arrow columns it reads."""

import numpy as np
import pyarrow as pa

from tbcore.analysis.curves import Curve, Points
from tbcore.charts.lines import card, line


def points(steps: list[int], values: list[float]) -> Points:
    return Points(np.array(steps, np.int64), np.array(steps) + 100.0, np.array(values, np.float32))


def test_the_lines_of_a_card_lie_one_below_the_other_in_its_table() -> None:
    first = line(0, Curve("a", points([0, 1], [1, 2]), 2, True))
    second = line(3, Curve("b", points([5], [7]), 1, True))
    made = card("train/loss", "loss", "train", [first, second], table="c0")
    assert made.tables["c0"].to_pydict() == {"step": [0, 1, 5], "wall": [100, 101, 105], "value": [1, 2, 7]}
    assert [(one["run"], one["start"], one["count"], one["whole"]) for one in made.spec["series"]] == [
        (0, 0, 2, True),
        (3, 2, 1, True),
    ]


def test_steps_that_fit_are_small_integers_and_larger_ones_are_floats() -> None:
    small = card("t", "t", "", [line(0, Curve("a", points([0, 2**31 - 1], [0, 0]), 2, True))], table="c0")
    large = card("t", "t", "", [line(0, Curve("a", points([0, 2**40], [0, 0]), 2, True))], table="c0")
    assert small.tables["c0"].schema.field("step").type == pa.int32()
    assert large.tables["c0"].schema.field("step").type == pa.float64()
    assert large.tables["c0"]["step"].to_pylist() == [0, 2**40]


def test_nan_travels_as_a_number_and_not_as_a_missing_cell() -> None:
    made = card("t", "t", "", [line(0, Curve("a", points([0, 1], [float("nan"), 1]), 2, True))], table="c0")
    assert made.tables["c0"]["value"].null_count == 0


def test_a_line_with_smoothed_values_carries_them_beside_its_points() -> None:
    smoothed = Curve(
        "a", points([0, 9], [1, 2]), 10, False, np.array([1.0, 1.5]), points([4, 9], [1, 2]), np.array([5.0, 5.0])
    )
    whole = Curve("b", points([0], [3]), 1, True)
    made = card("t", "t", "", [line(0, smoothed), line(1, whole)], table="c7")
    assert made.tables["c7"]["smooth"].to_pylist()[:2] == [1.0, 1.5]
    assert np.isnan(made.tables["c7"]["smooth"].to_pylist()[2])
    assert [one["smooth"] for one in made.spec["series"]] == [True, False]
    assert [one["means"] for one in made.spec["series"]] == [[0, 2], None]
    assert made.tables["c7_means"]["count"].to_pylist() == [5.0, 5.0]


def test_a_line_whose_values_all_travel_says_which_of_them_its_points_are() -> None:
    everything = (np.array([1, 5, 2], np.float32), np.array([0, 2]))
    made = card(
        "t", "t", "", [line(0, Curve("a", points([0, 2], [1, 2]), 3, False, everything=everything))], table="c0"
    )
    assert made.tables["c0_all"]["value"].to_pylist() == [1, 5, 2]
    assert made.tables["c0"]["place"].to_pylist() == [0, 2]
    assert made.spec["series"][0]["all"] == [0, 3]


def test_a_card_without_lines_has_no_tables() -> None:
    made = card("t", "t", "", [], table="c0")
    assert made.tables == {}
    assert made.spec["series"] == []


def test_a_line_carries_its_band_its_runs_and_its_x_where_it_has_them() -> None:
    band = (np.array([0, 1], np.float32), np.array([2, 3], np.float32))
    grouped = Curve("g", points([0, 1], [1, 2]), 2, True, band=band, runs=np.array([2, 1]), x=np.array([0.5, 0.25]))
    made = card("t", "t", "", [line(0, grouped), line(1, Curve("b", points([5], [7]), 1, True))], table="c0")
    assert made.tables["c0"]["low"].to_pylist()[:2] == [0, 1]
    assert made.tables["c0"]["high"].to_pylist()[:2] == [2, 3]
    assert made.tables["c0"]["runs"].to_pylist()[:2] == [2, 1]
    assert made.tables["c0"]["x"].to_pylist()[:2] == [0.5, 0.25]
    assert [one.get("band", False) for one in made.spec["series"]] == [True, False]


def test_a_line_of_an_overlaid_tag_says_how_it_is_drawn_and_the_usual_one_says_nothing() -> None:
    curve = Curve("a", points([0], [1]), 1, True)
    lines = [line(0, curve), line(0, curve, tag=1, dash=2, right=True)]
    made = card("t", "t", "", lines, table="c0", about={"tags": ["t", "u"]})
    manner = [{name: one[name] for name in ("tag", "dash", "side") if name in one} for one in made.spec["series"]]
    assert manner == [{}, {"tag": 1, "dash": 2, "side": "right"}]
    assert made.spec["tags"] == ["t", "u"]

"""What is drawn of memory, of idle devices and of differences: units, order, colours."""

import pandas as pd
import pytest

from tbcore.charts import profile_compare, profile_idle, profile_memory


@pytest.mark.parametrize(
    ("span", "words"),
    [(3, "ns"), (5_000, "µs"), (4_999_999, "µs"), (5_000_000, "ms"), (4_000_000_000, "ms"), (5 * 10**9, "s")],
)
def test_a_time_axis_has_the_unit_that_gives_it_small_numbers(span: int, words: str) -> None:
    assert profile_memory.unit(span)[1] == words


def curve(capacity: int = 0, **columns: list[int]) -> dict[str, object]:
    frame = pd.DataFrame({"time": [0, 10_000_000], "allocated": [100, 300], **columns})
    steps = pd.DataFrame({"name": ["1", "2"], "start": [0, 5_000_000], "end": [5_000_000, 10_000_000]})
    spec: dict[str, object] = profile_memory.curve(frame, steps, (0, 10_000_000), (10_000_000, 300), capacity).to_dict()
    return spec


def marks(spec: dict[str, object]) -> list[str]:
    layers = spec["layer"]
    assert isinstance(layers, list)
    return [one["mark"]["type"] for one in layers]


def test_memory_is_a_line_over_bands_of_steps_with_its_peak_and_can_be_brushed() -> None:
    spec = curve()
    assert marks(spec) == ["rect", "line", "point"]
    (brush,) = spec["params"]  # type: ignore[misc]
    assert brush["name"] == profile_memory.WINDOW  # type: ignore[has-type]
    assert brush["select"] == {"type": "interval", "encodings": ["x"]}  # type: ignore[has-type]


def test_the_memory_of_the_device_is_drawn_unless_it_would_flatten_the_curve() -> None:
    assert marks(curve(capacity=800))[-1] == "rule"
    assert "rule" not in marks(curve(capacity=8_000))


def test_what_is_reserved_is_a_second_line_with_a_legend() -> None:
    line = curve(reserved=[200, 400])["layer"][1]  # type: ignore[index]
    assert line["encoding"]["color"]["scale"]["domain"] == ["allocated", "reserved"]
    assert line["encoding"]["color"]["legend"] == {"orient": "top"}
    assert curve()["layer"][1]["encoding"]["color"]["legend"] is None  # type: ignore[index]


def test_parts_of_bars_stand_in_one_order_with_one_colour_each() -> None:
    frame = pd.DataFrame({"name": ["a", "a"], "part": ["Idle", "Computing"], "time": [7_000_000, 9_000_000]})
    spec = profile_idle.stacked(frame).to_dict()
    color = spec["encoding"]["color"]["scale"]
    assert color == {
        "domain": ["Computing", "Idle"],
        "range": [profile_idle.PARTS["Computing"], profile_idle.PARTS["Idle"]],
    }
    assert spec["encoding"]["x"]["title"] == "time (ms)"


def test_lines_over_time_hold_until_they_change() -> None:
    frame = pd.DataFrame({"name": ["s"] * 2, "time": [0, 10], "value": [1.0, 2.0]})
    spec = profile_idle.over_time(frame, (0, 8_000), "launches").to_dict()
    assert spec["mark"]["interpolate"] == "step-after"
    assert spec["encoding"]["x"]["scale"]["domain"] == [0.0, 8.0]


def test_steps_have_the_colours_of_their_categories_and_differences_of_their_sign() -> None:
    parts = pd.DataFrame({"name": ["First", "Second"], "part": ["DataLoader", "DataLoader"], "time": [5e6, 7e6]})
    steps = profile_compare.steps(parts).to_dict()
    assert steps["encoding"]["color"]["scale"] == {"domain": ["DataLoader"], "range": ["#ff725c"]}
    names = pd.DataFrame({"name": ["mm"], "change": ["slower"], "difference": [8e6]})
    spec = profile_compare.differences(names).to_dict()
    assert spec["encoding"]["color"]["condition"]["value"] == profile_compare.MORE
    assert spec["encoding"]["color"]["value"] == profile_compare.LESS


def test_nothing_is_drawn_as_nothing() -> None:
    parts = pd.DataFrame({"name": [], "part": [], "time": []})
    assert profile_idle.stacked(parts).to_dict()["encoding"]["color"]["scale"]["domain"] == []
    assert profile_compare.differences(pd.DataFrame({"name": [], "change": [], "difference": []})).to_dict()


def test_categories_of_memory_stand_one_upon_the_other_and_empty_ones_are_left_out() -> None:
    spec = profile_memory.categories(
        ("Time (ms)", "Total (bytes)", "Parameter", "Input", "Gradient"), [(0.0, 30, 10, 0, 20), (1.5, 10, 10, 0, 0)]
    ).to_dict()
    (rows,) = spec["datasets"].values()
    assert [(row["at"], row["category"], row["bytes"]) for row in rows] == [
        (0.0, "Parameter", 10),
        (1.5, "Parameter", 10),
        (0.0, "Gradient", 20),
        (1.5, "Gradient", 0),
    ]
    assert spec["encoding"]["y"]["stack"] == "zero"


def test_of_several_rows_of_one_moment_the_last_is_drawn() -> None:
    columns = ("Time (ms)", "Total (bytes)", "Input")
    (rows,) = profile_memory.categories(columns, [(0.0, 5, 5), (0.0, 7, 7), (1.0, 9, 9)]).to_dict()["datasets"].values()
    assert [(row["at"], row["bytes"]) for row in rows] == [(0.0, 7), (1.0, 9)]

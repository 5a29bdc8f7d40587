"""Clouds as the browser gets them: places, colours, words, and what is chosen."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tbcore.charts import cloud, theme

CASES = json.loads((Path(__file__).parents[1] / "js" / "cloud_cases.json").read_text(encoding="utf-8"))
POINTS = np.array([[0, 1, 2], [3, 4, 5], [6, np.nan, 8]], np.float32)


def test_points_travel_as_columns_of_32_bits() -> None:
    rows = cloud.spec(POINTS).tables["rows"]
    assert [rows.schema.field(name).type for name in "xyz"] == [pa.float32()] * 3
    assert rows["y"].to_pylist()[:2] == [1, 4]
    assert rows["paint"].type == pa.uint8()


def test_two_columns_are_two_dimensions() -> None:
    made = cloud.spec(POINTS[:, :2], axes=("PC 1", "PC 2", "PC 3"))
    assert (made.view["dims"], made.view["count"], made.view["axes"]) == (2, 3, ["PC 1", "PC 2"])
    assert made.tables["rows"].column_names == ["x", "y", "paint"]


def test_the_view_is_json_without_not_a_numbers() -> None:
    made = cloud.spec(POINTS, selected=[2, 0], picked=1, neighbors=[0, 2], distances=[0.5, np.nan], camera=[0, 0, 2])
    assert json.loads(json.dumps(made.view, allow_nan=False)) == made.view
    assert (made.view["selected"], made.view["picked"]) == ("r0,2", 1)
    assert made.view["distances"] == [0.5, None]
    assert made.view["camera"] == [0.0, 0.0, 2.0]


def test_what_changes_with_a_click_is_in_the_view_alone() -> None:
    places, hidden = POINTS[:, ::2], np.array([True, False, False])
    one, other = cloud.spec(places), cloud.spec(places, selected=[1], picked=2, hidden=hidden)
    assert one.tables == other.tables
    assert other.view["hidden"] == "r0"


def test_words_are_a_dictionary_and_long_ones_are_cut() -> None:
    rows = cloud.spec(POINTS, labels=["a", "b", "a"], tips={"text": ["x" * 1000, "", "é"]}).tables["rows"]
    assert pa.types.is_dictionary(rows.schema.field("label").type)
    assert rows["label"].to_pylist() == ["a", "b", "a"]
    assert rows["tip0"].to_pylist() == ["x" * cloud.LONGEST, "", "é"]


def test_half_a_character_is_a_question_mark() -> None:
    assert cloud.words(["a\ud800", "b"]).to_pylist() == ["a?", "b"]


def test_a_sprite_sheet_travels_as_bytes_and_each_point_knows_its_cell() -> None:
    made = cloud.spec(POINTS, sprites=cloud.Sprites(b"png", 8, 6, 2))
    assert made.view["sprites"] == [8, 6, 2]
    assert made.tables["rows"]["sprite"].to_pylist() == [0, 1, 2]
    assert made.tables["atlas"]["png"].to_pylist() == [b"png"]
    some = cloud.spec(POINTS, sprites=cloud.Sprites(b"png", 8, 6, 2, np.array([1, -1, 0], np.int32)))
    assert some.tables["rows"]["sprite"].to_pylist() == [1, -1, 0]


def test_sizes_are_held_within_what_can_be_seen() -> None:
    sizes = cloud.spec(POINTS, sizes=[0, np.nan, 99]).tables["rows"]["size"].to_pylist()
    assert sizes == pytest.approx([0.2, 1, 6])


def test_two_clouds_have_one_frame() -> None:
    low, high = cloud.bounds([[0, 0], [1, 2]], [[-1, 1], [np.nan, 9]]) or ([], [])
    assert (low, high) == ([-1, 0], [1, 2])
    assert cloud.bounds([[np.nan, 0]]) is None
    assert cloud.spec(POINTS[:, :2], bounds=(low, high)).view["bounds"] == [[-1, 0], [1, 2]]


def test_lines_go_on_to_rows_that_exist() -> None:
    found = cloud.following(["1", "", "0", "3", "9", "-1", "x", "²", "9" * 30], 9)
    assert found.tolist() == [1, -1, 0, -1, -1, -1, -1, -1, -1]


@pytest.mark.parametrize("case", CASES)
def test_sets_are_spelled_as_the_browser_spells_them(case: dict[str, object]) -> None:
    assert cloud.packed(case["rows"]) == case["text"]  # type: ignore[arg-type]


def test_a_large_set_takes_a_letter_for_six_points() -> None:
    assert len(cloud.packed(np.arange(0, 100_000, 3))) <= 1 + 4 * -(-12_500 // 3)
    assert cloud.packed(np.arange(100_000)) == "r0-99999"


def test_categories_have_colours_in_their_natural_order() -> None:
    made = cloud.categories(["10", "9", "9", "1"], "label")
    assert [entry["label"] for entry in made.legend["entries"]] == ["1", "9", "10"]
    assert made.paints.tolist() == [3, 2, 2, 1]
    assert made.palette[1:4] == list(theme.RUN_COLORS[:3])


def test_categories_keep_their_colours_among_known_ones() -> None:
    known = ["a", "b", "c"]
    assert cloud.categories(["c", "a"], known=known).paints.tolist() == [3, 1]
    assert cloud.categories(["b"], known=known).paints.tolist() == [2]


def test_of_many_categories_the_frequent_ones_have_colours_and_the_rest_is_grey() -> None:
    cells = [str(number) for number in range(50)] + ["40"] * 5
    made = cloud.categories(cells)
    entries = made.legend["entries"]
    colored = [color for place, color in enumerate(theme.RUN_COLORS) if place not in (9, 19)]
    assert made.palette[1:-1] == colored
    assert [entry["label"] for entry in entries[-2:]] == ["40", "32 more"]
    assert made.palette[entries[-1]["paint"]] == cloud.NO_VALUE
    assert (made.paints == entries[-1]["paint"]).sum() == 32


def test_an_empty_cell_has_no_value() -> None:
    made = cloud.categories(["", "a"])
    assert made.paints.tolist() == [0, 1]
    assert made.legend["entries"][-1] == {"label": "no value", "paint": 0}


def test_numbers_are_on_a_ramp_whose_ends_are_told() -> None:
    made = cloud.numbers([1, np.nan, 3, 2], "loss")
    assert made.paints.tolist() == [1, 0, 64, 33]
    assert (made.legend["low"], made.legend["high"]) == ("1", "3")
    assert made.legend["entries"] == [{"label": "no value", "paint": 0}]
    assert cloud.numbers([np.nan]).paints.tolist() == [0]
    assert cloud.numbers([1.0, 10, 100], log=True).legend["title"] == " (log)"


def test_dates_are_spelled_as_dates() -> None:
    legend = cloud.numbers([0.0, 86_400.0], "day", kind="date").legend
    assert (legend["low"], legend["high"]) == ("1970-01-01 00:00:00", "1970-01-02 00:00:00")


def test_no_points_are_a_cloud_too() -> None:
    made = cloud.spec(np.zeros((0, 2), np.float32), colors=cloud.categories([]), labels=[])
    assert made.view["count"] == 0
    assert made.tables["rows"].num_rows == 0


def test_numbers_in_labels_of_any_length_are_sorted() -> None:
    labels = ["9" * 5000, "x10", "x9", "²", ""]
    assert sorted(labels, key=cloud.natural)[0] == ""
    assert sorted(["x10", "x9"], key=cloud.natural) == ["x9", "x10"]

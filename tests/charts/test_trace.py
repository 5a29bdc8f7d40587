"""A trace as the browser draws it: lanes by process, names that can be sent, colours that stay."""

from tbcore.charts import trace as charts
from tbcore.charts.trace import Line, Row
from tbcore.formats.trace import ROLES


def row(lane: int, process: str, thread: str, order: tuple[int, ...], **more: int) -> Row:
    return Row(lane, process, process, thread, more.get("device", -1), order, 2, 2 * lane, 10)


def test_lanes_stand_with_their_process_in_the_order_of_the_file() -> None:
    rows = [
        row(0, "GPU 0", "stream 7", (5, 1), device=0),
        row(1, "python", "main", (1, 2)),
        row(2, "python", "pin", (1, 1)),
    ]
    found = charts.groups(
        rows, [Line(0, "GPU 0", "Running at once", "", 3.0, "3"), Line(1, "power", "watts", "W", 9.0, "9 W")]
    )
    assert [(group["name"], group["device"]) for group in found] == [
        ("python", False),
        ("GPU 0", True),
        ("power", False),
    ]
    assert found[0]["lanes"] == [[2, "pin", 2, 4, 10], [1, "main", 2, 2, 10]]
    assert found[1]["curves"] == [{"id": 0, "name": "Running at once", "unit": "", "peak": 3.0, "words": "3"}]
    assert found[2]["lanes"] == []


def test_a_lane_and_a_process_without_a_name_have_one() -> None:
    (found,) = charts.groups([Row(0, "", "17", "", -1, (), 1, 0, 1)], [])
    assert (found["name"], found["lanes"][0][1]) == ("Process 17", "events")


def test_names_are_sent_with_their_codes_and_hues_however_odd_they_are() -> None:
    long = "x" * 5_000 + "end"
    table = charts.names([3, 5, 9], ["aten::mm", "half \ud800", long])
    assert table.column("code").to_pylist() == [3, 5, 9]
    assert table.column("name").to_pylist()[:2] == ["aten::mm", "half ?"]
    assert table.column("name").to_pylist()[2].endswith("…" + "x" * 76 + "end")
    assert len(table.column("name").to_pylist()[2]) == charts.LETTERS
    assert all(0 <= hue < len(charts.HUES) for hue in table.column("hue").to_pylist())


def test_names_that_differ_in_numbers_alone_have_one_colour() -> None:
    assert charts.hue("ProfilerStep#4") == charts.hue("ProfilerStep#17")
    assert charts.hue("aten::mm") == charts.hue("aten::mm")
    assert charts.hue("aten::mm") != charts.hue("aten::add")


def test_every_kind_of_event_has_a_colour_and_a_name() -> None:
    assert len(charts.KINDS) == len(ROLES)


def test_arguments_are_texts_and_of_no_length_that_hurts() -> None:
    said = charts.spelled({"Input Dims": [[8, 3], []], "text": "a\ud800", "long": "y" * 50_000, "none": None})
    assert said[0] == ("Input Dims", "[[8, 3], []]")
    assert said[1] == ("text", "a?")
    assert len(said[2][1]) == charts.VALUE
    assert said[3] == ("none", "null")
    assert len(charts.spelled({str(place): 1 for place in range(1_000)})) == charts.ARGUMENTS


def test_steps_that_are_numbers_alone_are_called_steps() -> None:
    assert [charts.step(name) for name in ("7", "train 7")] == ["Step 7", "train 7"]


def test_a_name_is_searched_for_as_it_is_written() -> None:
    assert charts.exact("aten::add(x)") == r"^aten::add\(x\)$"
    assert charts.exact("x" * 300) == "^" + "x" * 200


def test_processes_and_lanes_that_are_numbers_alone_say_what_they_are() -> None:
    found = charts.groups(
        [
            Row(0, "100", "100", "7", -1, (0,), 1, 0, 1),
            Row(1, "100", "100", "loader", -1, (1,), 1, 1, 1),
            Row(2, "0", "0", "7", 0, (2,), 1, 2, 1),
        ],
        [],
    )
    assert [(group["name"], [lane[1] for lane in group["lanes"]]) for group in found] == [
        ("Process 100", ["thread 7", "loader"]),
        ("Process 0", ["stream 7"]),
    ]

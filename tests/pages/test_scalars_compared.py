"""What curves are compared by, as the server makes it: groups, a baseline, expressions, other axes, selections, notes."""

import math
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests import eventfile
from tests.pages.test_scalars import NAME, sent
from tests.pages.visitor import visited

RUNS = {"lr=0.1/a": 1.0, "lr=0.1/b": 3.0, "lr=0.2/a": 10.0}


@pytest.fixture(autouse=True)
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three runs in two folders: a loss of ten points, a rate at the same steps, and eval at every other one."""
    for place, (run, offset) in enumerate(RUNS.items()):
        start = eventfile.T0 + 100 * place
        points = [eventfile.scalar(step, "train/loss", offset + step, start + step) for step in range(10)]
        points += [eventfile.scalar(step, "train/rate", 10.0 * step, start + step) for step in range(10)]
        points += [eventfile.scalar(step, "eval/loss", offset + 2 * step, start + step) for step in range(0, 10, 2)]
        eventfile.write(tmp_path / run / NAME, eventfile.version(start), *points)
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    return tmp_path


def card(app: AppTest, tag: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what is said of a card, and of each of its lines the entry of the list of runs and the points by column."""
    view, tables = sent(app)
    (found,) = [one for one in view["cards"] if one["tag"] == tag]
    lines = []
    for one in found["series"]:
        points = tables[found["table"]].slice(one["start"], one["count"]).to_pydict()
        lines.append({**one, "name": view["runs"][one["run"]]["name"], **points})
    return found, lines


def words(app: AppTest) -> str:
    return "\n".join(str(one.value) for one in (*app.main.caption, *app.main.markdown, *app.main.code)).replace(
        "\\", ""
    )


def test_groups_by_a_regex_are_one_line_each_with_a_band() -> None:
    app = visited("", by="regex", by_regex="lr=([0-9.]+)")
    view, _tables = sent(app)
    assert [(one["name"], one["members"], one["group"]) for one in view["runs"]] == [
        ("0.1", ["lr=0.1/a", "lr=0.1/b"], True),
        ("0.2", ["lr=0.2/a"], True),
    ]
    found, (first, second) = card(app, "train/loss")
    assert (first["name"], first["band"]) == ("0.1", True)
    assert first["value"] == [step + 2.0 for step in range(10)]
    assert (first["low"], first["high"]) == ([step + 1.0 for step in range(10)], [step + 3.0 for step in range(10)])
    assert (first["runs"], second["runs"]) == ([2] * 10, [1] * 10)
    assert found["notes"] == ["mean of 3 runs in 2 groups, band: least to greatest"]


def test_runs_of_no_group_stay_lines_of_their_own() -> None:
    _found, lines = card(visited("", by="regex", by_regex="lr=(0.1)", middle="median", band="std"), "train/loss")
    assert [one["name"] for one in lines] == ["0.1", "lr=0.2/a"]
    assert "group" not in lines[1]


def test_groups_by_folder_and_by_what_names_say() -> None:
    for parameters in ({"by": "folder"}, {"by": "hparam"}, {"by": "hparam", "by_hparam": "lr"}):
        _found, lines = card(visited("", **parameters), "train/loss")
        assert [one["runs"][0] for one in lines] == [2, 1]


def test_on_relative_time_the_runs_of_a_group_meet_since_their_start() -> None:
    _found, (first, _second) = card(visited("", by="folder", axis="relative"), "train/loss")
    assert first["wall"] == list(range(10))
    assert first["value"] == [step + 2.0 for step in range(10)]


def test_every_run_can_keep_its_line_in_the_colour_of_its_group() -> None:
    app = visited("", by="folder", middle="each")
    view, _tables = sent(app)
    assert [one["name"] for one in view["runs"]] == list(RUNS)
    assert [one["color"] for one in view["runs"]] == ["#4269d0", "#4269d0", "#efb118"]
    app.switch_page("pages/runs.py").run()
    assert "efb118" in str([one.proto.json for one in app.get("bidi_component")])


def test_a_wrong_regex_says_so_and_leaves_runs_apart() -> None:
    app = visited("", by="regex", by_regex="(")
    assert "not a regular expression" in words(app)
    assert [one["name"] for one in sent(app)[0]["runs"]] == list(RUNS)
    assert words(app).count("not a regular expression") == 1
    app.session_state["compare_box"] = True
    app.run()
    assert words(app).count("not a regular expression") == 2


def test_a_baseline_turns_cards_into_differences() -> None:
    found, lines = card(visited("", baseline="lr=0.1/a", versus="difference"), "train/loss")
    assert {one["name"]: one["value"] for one in lines} == {
        "lr=0.1/a": [0.0] * 10, "lr=0.1/b": [2.0] * 10, "lr=0.2/a": [9.0] * 10,
    }  # fmt: skip
    assert found["notes"] == ["difference to lr=0.1/a"]
    assert sent(visited("", baseline="lr=0.1/a"))[0]["baseline"] == "lr=0.1/a"


def test_the_baseline_counts_when_it_is_hidden() -> None:
    _found, (line,) = card(visited("", baseline="lr=0.1/a", versus="percent", only="lr=0.1/b"), "train/loss")
    assert line["value"][0] == pytest.approx(200)


def test_an_expression_is_a_card_of_its_own() -> None:
    app = visited("", derived="train/loss - eval/loss")
    view, _tables = sent(app)
    assert [(one["name"], one["kind"]) for one in view["groups"]] == [
        ("Derived", "derived"), ("eval", "tags"), ("train", "tags"),
    ]  # fmt: skip
    found, lines = card(app, "= train/loss - eval/loss")
    assert found["title"] == "train/loss - eval/loss"
    assert lines[0]["step"] == [0, 2, 4, 6, 8]
    assert lines[0]["value"] == [0, -2, -4, -6, -8]


def test_an_expression_that_cannot_be_read_says_where() -> None:
    app = visited("", derived="train/loss - nothing")
    assert "no tag is called 'nothing'" in words(app)
    assert "at character 14" in words(app)
    assert len(sent(app)[0]["cards"]) == 3


def test_another_tag_can_be_the_x_axis() -> None:
    found, lines = card(visited("", axis="tag", x="train/rate", only="lr=0.1/a"), "eval/loss")
    assert (lines[0]["x"], lines[0]["value"]) == ([0, 20, 40, 60, 80], [1, 5, 9, 13, 17])
    assert found["message"] is None
    found, lines = card(visited("", axis="tag", x="gone"), "eval/loss")
    assert (lines, found["message"]) == ([], "no run logged 'gone'")


def test_several_tags_share_a_card() -> None:
    found, lines = card(visited("", over="train/loss,eval/loss,r", only="lr=0.1/a"), "train/loss")
    assert found["tags"] == ["train/loss", "eval/loss"]
    assert [(one.get("tag", 0), one.get("dash", 0), one.get("side")) for one in lines] == [
        (0, 0, None),
        (1, 1, "right"),
    ]


def test_a_selected_step_is_read_in_every_card() -> None:
    view, _tables = sent(visited("", at="3", only=["lr=0.1/a", "lr=0.1/b"], smoothing="0", baseline="lr=0.1/a"))
    assert view["selection"] == {"from": 3.0, "to": None}
    (found,) = [one["readout"] for one in view["cards"] if one["tag"] == "train/loss"]
    assert [one["key"] for one in found["columns"]] == [
        "run", "smoothed", "value", "step", "relative", "value_difference", "value_percent",
    ]  # fmt: skip
    assert found["rows"] == [
        ["lr=0.1/a", 4.0, 4.0, 3, 3.0, 0.0, 0.0],
        ["lr=0.1/b", 6.0, 6.0, 3, 3.0, 2.0, 50.0],
    ]


def test_a_selected_range_is_summed_up() -> None:
    view, _tables = sent(visited("", at="2:5", only="lr=0.1/a"))
    (found,) = [one["readout"] for one in view["cards"] if one["tag"] == "train/loss"]
    row = dict(zip([one["key"] for one in found["columns"]], found["rows"][0], strict=True))
    assert (row["min"], row["max"], row["mean"], row["slope"]) == (3.0, 6.0, 4.5, 1.0)
    assert (row["min_step"], row["max_step"], row["change_percent"]) == (2, 5, 100.0)


def test_notes_restarts_and_checkpoints_are_marks(logdir: Path) -> None:
    later = eventfile.T0 + 5000
    again = [eventfile.scalar(step, "train/loss", 0, later + step) for step in range(4, 8)]
    eventfile.write(logdir / "lr=0.1/a" / "events.out.tfevents.2.host", eventfile.version(later), *again)
    view, _tables = sent(visited("", note="7,changed the schedule, twice"))
    assert [(one["step"], one["kind"], one["text"], one["run"]) for one in view["markers"]] == [
        (7, "note", "changed the schedule, twice", None),
        (4, "restart", "Training restarted", "lr=0.1/a"),
    ]
    assert sent(visited("", marks="off"))[0]["markers"] == []


def test_pinned_cards_come_first_and_leave_their_group() -> None:
    view, _tables = sent(visited("", pinned=["train/rate", "gone"], wide="eval/loss", arranged="train,train/loss"))
    assert [(one["name"], one["kind"], one["cards"]) for one in view["groups"]] == [
        ("Pinned", "pinned", ["train/rate"]),
        ("eval", "tags", ["eval/loss"]),
        ("train", "tags", ["train/loss"]),
    ]
    assert {one["tag"]: (one["pinned"], one["wide"]) for one in view["cards"]} == {
        "train/rate": (True, False), "eval/loss": (False, True), "train/loss": (False, False),
    }  # fmt: skip


def test_groups_of_cards_can_be_what_a_regex_captures() -> None:
    view, _tables = sent(visited("", tags_by="/(.*)$"))
    assert [(one["name"], one["cards"]) for one in view["groups"]] == [
        ("loss", ["eval/loss", "train/loss"]),
        ("rate", ["train/rate"]),
    ]


def test_the_address_holds_every_setting_and_brings_it_back() -> None:
    said: dict[str, str | list[str]] = {
        "method": "median", "smoothing": "21", "logx": "1", "outliers": "1", "partition": "1", "tooltip": "ascending",
        "tiprows": "5", "width": "500", "samey": "1", "linked": "0", "hide": "1", "at": "2:5", "wide": ["eval/loss"],
        "tall": ["eval/loss"], "pinned": ["train/rate"], "range": ["0,5,,,eval/loss"], "over": ["train/loss,eval/loss"],
        "note": ["7,here"], "derived": ["train/loss * 2"], "by": "folder", "middle": "median", "band": "ci95",
        "color": ["ff0000,lr=0.1/a"], "tags_by": "^(.)",
    }  # fmt: skip
    app = visited("", **said)
    view, _tables = sent(app)
    settings = {
        "method": "median", "smoothing": 21, "log_x": True, "outliers": True, "partition": True, "order": "ascending",
        "rows": 5, "card_width": 500, "shared_y": True, "linked": False, "hide_empty": True,
    }  # fmt: skip
    assert view["settings"] | settings == view["settings"]
    assert view["smoothed_with"] == ["median", 21]
    held = {name: app.query_params.get(name) for name in said}
    assert held == {name: value if isinstance(value, str) else value[0] for name, value in said.items()}
    (found,) = [one for one in view["cards"] if one["tag"] == "eval/loss"]
    assert (found["tall"], found["range"]) == (True, {"x": [0, 5], "y": None})


def test_what_is_as_usual_is_not_in_the_address() -> None:
    assert dict(visited("").query_params) == {}


def test_a_wrong_address_does_no_harm() -> None:
    app = visited(
        "", by="moon", middle="x", band="y", baseline="gone", versus="difference", over="a", note="x,y", at="1:2:3",
        range="a,b", pinned="", arranged=",", method="sideways", tiprows="nan", width="-3", color="zz,lr=0.1/a",
    )  # fmt: skip
    view, _tables = sent(app)
    assert (view["selection"], view["baseline"], view["markers"]) == (None, None, [])
    assert len(view["cards"]) == 3


def test_the_popover_shows_what_can_be_compared_and_takes_an_expression() -> None:
    app = visited("")
    app.session_state["compare_box"] = True
    app.run()
    assert not app.exception
    app.text_input(key="derived_draft").set_value("train/loss +").run()
    assert "^ the expression ends too early" in words(app)
    app.text_input(key="derived_draft").set_value("log10(train/loss)").run()
    next(one for one in app.button if one.label == "Add as a card").click().run()
    assert not app.exception
    _found, lines = card(app, "= log10(train/loss)")
    assert lines[0]["value"] == pytest.approx([math.log10(1 + step) for step in range(10)])
    assert app.query_params["derived"] == "log10(train/loss)"


def test_a_colour_picked_by_hand_holds_on_every_page() -> None:
    app = visited("", color="00ff00,lr=0.2/a")
    assert [one["color"] for one in sent(app)[0]["runs"]][2] == "#00ff00"
    app.switch_page("pages/runs.py").run()
    assert "00ff00" in str([one.proto.json for one in app.get("bidi_component")])
    assert app.query_params["color"] == "00ff00,lr=0.2/a"


def test_other_smoothings_come_exact_from_the_server() -> None:
    _found, lines = card(visited("", method="mean", smoothing="3", only="lr=0.1/a"), "train/loss")
    assert lines[0]["smooth"] == pytest.approx([1.5, *range(2, 10), 9.5])


def test_the_table_takes_the_place_of_the_cards() -> None:
    app = visited("", **{"as": "table"})
    assert not [one for one in app.get("bidi_component") if one.proto.component_name == "lines"]
    assert not app.exception

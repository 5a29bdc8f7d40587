"""The Custom scalars page as the server makes it: the charts of the layouts, what is wrong with them, and the builder."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from tbcore.charts import theme
from tbcore.formats.custom_scalars import (
    Category,
    Chart,
    Layout,
    Margin,
    Margins,
    Multiline,
    from_json,
    to_json,
)
from tbcore.formats.tfrecord import EventWriter
from tbcore.ui.custom_scalars import spelled, unspelled
from tests import eventfile
from tests.pages.visitor import press, texts, visited

BAND = Chart("Reward", Margins((Margin("r/mean", "r/min", "r/max"),)))
LOSS = Chart("Loss", Multiline(("train/loss", "eval/l")))
FIRST = Layout((Category("Losses", (LOSS,)), Category("Bands", (BAND,))))


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs with a layout each; the steps of the band's upper end are others in the second."""
    layouts = {"one": FIRST, "two": Layout((Category("Losses", (LOSS, Chart("Train", Multiline(("train/",))))),))}
    for run, layout in layouts.items():
        with EventWriter(tmp_path / run, clock=lambda: eventfile.T0) as writer:
            writer.custom_scalars(layout)
            for step in range(4):
                writer.scalars({"train/loss": 1 / (step + 1), "train/acc": step / 4, "r/mean": step, "r/min": -1}, step)
                writer.scalar("r/max", 9.0, step if run == "one" else step + 1)
            writer.scalar("eval/loss", 0.5, 2)
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    return tmp_path


def opened(**parameters: str | list[str]) -> AppTest:
    return visited("custom_scalars", **parameters)


def sent(app: AppTest) -> tuple[dict[str, Any], dict[str, pa.Table]]:
    """Return what the page sends to the component: the view and the tables."""
    (made,) = [one.proto for one in app.get("bidi_component") if one.proto.component_name == "lines"]
    data = json.loads(made.mixed.json or made.json)
    view = data.pop("view")
    blobs = {name: made.mixed.arrow_blobs[reference["__streamlit_arrow_ref__"]] for name, reference in data.items()}
    return view, {name: pa.ipc.open_stream(blob.data).read_all() for name, blob in blobs.items()}


def cards(app: AppTest) -> dict[str, dict[str, Any]]:
    return {card["tag"]: card for card in sent(app)[0]["cards"]}


def lines(app: AppTest, name: str) -> list[tuple[str, str]]:
    """Return the run and the tag of each line of a card."""
    view, card = sent(app)[0], cards(app)[name]
    return [(view["runs"][one["run"]]["name"], card["tags"][one.get("tag", 0)]) for one in card["series"]]


def own(app: AppTest) -> Layout:
    """Return the visitor's own layout, as the address says."""
    said = app.query_params["layout"]
    return from_json(unspelled(said if isinstance(said, str) else said[0]))


def linked(layout: Layout) -> str:
    return spelled(to_json(layout))


# The charts ----------------------------------------------------------------------------------------------------------


def test_the_charts_of_all_runs_are_there_by_category_each_once(logdir: Path) -> None:
    groups = {group["name"]: group["cards"] for group in sent(opened())[0]["groups"]}
    assert groups == {"Losses": ["Losses/Loss", "Losses/Train"], "Bands": ["Bands/Reward"]}


def test_a_chart_has_a_line_for_each_tag_of_each_run_and_a_pattern_for_each_tag(logdir: Path) -> None:
    app = opened()
    assert lines(app, "Losses/Loss") == [
        ("one", "train/loss"), ("two", "train/loss"), ("one", "eval/loss"), ("two", "eval/loss"),
    ]  # fmt: skip
    assert [one.get("dash", 0) for one in cards(app)["Losses/Loss"]["series"]] == [0, 0, 1, 1]
    assert cards(app)["Losses/Loss"]["title"] == "Loss"


def test_a_band_is_drawn_where_the_steps_are_the_same_and_told_where_not(logdir: Path) -> None:
    app = opened()
    card = cards(app)["Bands/Reward"]
    assert lines(app, "Bands/Reward") == [("one", "r/mean")]
    table = sent(app)[1][card["table"]]
    assert (table["value"].to_pylist(), table["low"].to_pylist()) == ([0, 1, 2, 3], [-1] * 4)
    assert table["high"].to_pylist() == [9] * 4
    assert card["series"][0]["band"] is True
    (note,) = card["notes"]
    assert note.startswith("two: the steps of value, lower and upper do not match")


def test_with_one_run_the_lines_have_a_colour_for_each_tag(logdir: Path) -> None:
    series = cards(opened(only="one"))["Losses/Loss"]["series"]
    assert [one["color"] for one in series] == [theme.color(0), theme.color(1)]
    assert "color" not in cards(opened())["Losses/Loss"]["series"][0]


@pytest.mark.parametrize(
    ("chart", "message"),
    [
        (Chart("x", Multiline(("nothing", "none"))), "no tag matches nothing or none"),
        (Chart("x", Multiline(("(",))), "'(' is not a regular expression: missing )"),
        (Chart("x", Margins((Margin("a", "r/min", "b"),))), "one and 1 more: there is no data of 'a' and 'b'"),
        (Chart("x", Margins((Margin("a", "c", "b"),))), "no scalars are called a, c, b"),
        (Chart("x"), "the chart says nothing of what is in it"),
    ],
)
def test_a_chart_without_lines_says_why(logdir: Path, chart: Chart, message: str) -> None:
    card = cards(opened(layout=linked(Layout((Category("C", (chart,)),)))))["C/x"]
    assert (card["series"], card["message"], card["notes"]) == ([], message, [])


def test_a_wrong_expression_is_told_and_the_lines_of_the_others_are_drawn(logdir: Path) -> None:
    chart = Chart("x", Multiline(("(", "train/loss")))
    card = cards(opened(layout=linked(Layout((Category("C", (chart,)),)))))["C/x"]
    assert len(card["series"]) == 2
    assert card["notes"] == ["'(' is not a regular expression: missing )"]


def test_charts_and_categories_of_one_name_have_cards_of_their_own(logdir: Path) -> None:
    layout = Layout((Category("C", (LOSS, LOSS)), Category("C", (LOSS,)), Category("", (Chart(),))))
    assert list(cards(opened(layout=linked(layout)))) == ["C/Loss", "C/Loss (2)", "C (2)/Loss", "untitled/untitled"]


def test_a_closed_category_is_closed_at_first(logdir: Path) -> None:
    layout = Layout((Category("Shut", (LOSS,), closed=True), Category("Open", (LOSS,))))
    assert list(cards(opened(layout=linked(layout)))) == ["Open/Loss"]
    assert list(cards(opened(layout=linked(layout), open="Shut"))) == ["Shut/Loss", "Open/Loss"]


def test_only_the_selected_runs_and_the_charts_whose_tags_pass_are_shown(logdir: Path) -> None:
    app = opened(tags="acc", only="two")
    assert list(cards(app)) == ["Losses/Train"]
    assert lines(app, "Losses/Train") == [("two", "train/acc")]
    assert list(cards(opened(tags="r/mean"))) == ["Bands/Reward"]
    assert "No charts to show" in texts(opened(tags="nothing like it"))


def test_a_layout_that_cannot_be_read_is_told_and_the_others_are_drawn(logdir: Path) -> None:
    broken = eventfile.tensor(
        "custom_scalars__config__", "string", [b"\x12\xff\xff"], (), eventfile.metadata("custom_scalars")
    )
    eventfile.write(
        logdir / "three" / "events.out.tfevents.1.h", eventfile.version(), eventfile.record(eventfile.event(0, broken))
    )
    app = opened()
    assert "A layout cannot be read: three" in texts(app)
    assert "Losses/Loss" in cards(app)


def test_without_any_layout_the_page_says_how_to_log_one_and_offers_to_build_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    eventfile.write(
        tmp_path / "run" / "events.out.tfevents.1.h",
        eventfile.version(),
        eventfile.scalar(0, "a/loss", 1.0),
        eventfile.scalar(0, "b/loss", 1.0),
    )
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened()
    torch, tensorflow = (code.value for code in app.main.code)
    assert 'writer.add_custom_scalars({"Losses": {"Loss": ["Multiline", ["train/loss", "eval/loss"]]}})' in torch
    for snippet in (torch, tensorflow):
        compile(snippet, "snippet", "exec")
    proposed = press(app, "Propose one")
    assert own(proposed).categories[0] == Category("Compared", (Chart("loss", Multiline(("(a|b)/loss$",))),))
    assert proposed.query_params["custom"] in ("edit", ["edit"])
    assert own(press(opened(), "Build a layout")).categories == (
        Category("Category 1", (Chart("Chart 1", Multiline()),)),
    )


# The builder ---------------------------------------------------------------------------------------------------------


def button(app: AppTest, key: str) -> AppTest:
    return app.button(key=key).click().run()


def test_looking_at_the_builder_changes_nothing(logdir: Path) -> None:
    app = opened(custom="edit")
    assert "layout" not in app.query_params
    assert list(cards(app)) == ["Preview/Loss"]
    assert app.text_input(key="cs_title").value == "Loss"
    assert [app.text_input(key=f"cs_pattern_{n}").value for n in range(2)] == ["train/loss", "eval/l"]
    assert "1 tag: eval/loss" in texts(app)


def test_what_is_typed_becomes_the_visitors_own_layout_in_the_address(logdir: Path) -> None:
    app = opened(custom="edit")
    app.text_input(key="cs_title").set_value("Mine").run()
    app.text_input(key="cs_pattern_1").set_value("train/").run()
    assert "2 tags: train/acc, train/loss" in texts(app)
    assert own(app).categories[0].charts[0] == Chart("Mine", Multiline(("train/loss", "train/")))
    assert lines(app, "Preview/Mine") == [(run, tag) for tag in ("train/loss", "train/acc") for run in ("one", "two")]
    again = opened(layout=app.query_params["layout"])
    assert "Losses/Mine" in cards(again)


def test_expressions_are_added_picked_and_removed(logdir: Path) -> None:
    app = button(opened(custom="edit"), "cs_pattern_add")
    assert own(app).categories[0].charts[0].content == Multiline(("train/loss", "eval/l", ""))
    app.selectbox(key="cs_pick").select("r/mean").run()
    app = button(button(app, "cs_pattern_drop_2"), "cs_pattern_drop_0")
    assert own(app).categories[0].charts[0].content == Multiline(("eval/l", "r/mean$"))
    app.text_input(key="cs_pattern_0").set_value("(").run()
    assert "is not a regular expression" in texts(app)


def test_a_band_is_built_of_three_tags(logdir: Path) -> None:
    app = button(opened(custom="edit"), "cs_add_chart")
    app.segmented_control(key="cs_form").set_value("bands").run()
    for name, tag in (("value", "r/mean"), ("lower", "r/min"), ("upper", "r/max")):
        app.selectbox(key=f"cs_{name}_0").select(tag).run()
    assert own(app).categories[0].charts[1] == Chart("Chart 3", Margins((Margin("r/mean", "r/min", "r/max"),)))
    assert lines(app, "Preview/Chart 3") == [("one", "r/mean")]


def test_charts_and_categories_are_added_moved_copied_and_removed(logdir: Path) -> None:
    app = button(button(opened(custom="edit"), "cs_down"), "cs_down")
    assert [[chart.title for chart in one.charts] for one in own(app).categories] == [["Train"], ["Loss", "Reward"]]
    app = button(button(app, "cs_copy"), "cs_add_category")
    assert [[chart.title for chart in one.charts] for one in own(app).categories] == [
        ["Train"], ["Loss", "Loss", "Reward"], ["Chart 1"],
    ]  # fmt: skip
    app = button(button(app, "cs_at_1"), "cs_drop")
    assert [one.title for one in own(app).categories] == ["Losses", "Category 3"]
    app.text_input(key="cs_category").set_value("Renamed").run()
    app.toggle(key="cs_closed").set_value(True).run()
    assert [(one.title, one.closed) for one in own(app).categories] == [("Losses", False), ("Renamed", True)]


def test_each_change_can_be_taken_back_and_the_logs_layout_comes_back(logdir: Path) -> None:
    app = button(button(opened(custom="edit"), "cs_drop"), "cs_drop")
    assert [len(one.charts) for one in own(app).categories] == [0, 1]
    app = button(app, "cs_undo")
    assert [len(one.charts) for one in own(app).categories] == [1, 1]
    app = button(app, "cs_back")
    assert "layout" not in app.query_params
    assert app.text_input(key="cs_category").value == "Losses"
    assert "Your own layout" not in texts(app)


def test_everything_can_be_removed(logdir: Path) -> None:
    app = button(button(opened(custom="edit"), "cs_at_0"), "cs_drop")
    app = button(button(app, "cs_at_0"), "cs_drop")
    assert own(app) == Layout()
    assert "Nothing in it yet" in texts(app)
    app = button(app, "cs_add_chart")
    assert own(app).categories == (Category("Category 1", (Chart("Chart 1", Multiline()),)),)


def test_a_layout_of_the_address_that_cannot_be_read_says_so(logdir: Path) -> None:
    app = opened(layout="AAAA")
    assert "The layout of the address cannot be read" in app.main.warning[0].value
    assert "Losses/Loss" in cards(app)


def test_a_layout_too_long_for_the_address_says_so(logdir: Path) -> None:
    import random

    source = random.Random(0)
    odd = tuple(Chart("".join(chr(source.randrange(0x4E00, 0x9FFF)) for _ in range(40))) for _ in range(60))
    app = opened(layout=linked(Layout((Category("C", odd),))))
    assert "too long for the address" in texts(app)
    assert "layout" not in app.query_params


def test_what_the_log_says_is_never_acted_on(logdir: Path) -> None:
    title = "**bold** :material/home: [x](y) <b>"
    app = opened(custom="edit", layout=linked(Layout((Category(title, (Chart(title, Multiline((title,))),)),))))
    labels = [one.label for one in app.button if "bold" in one.label]
    assert labels
    assert all(
        "\\*\\*bold\\*\\*" in label and "\\[x\\]" in label and "\\:material/home\\:" in label for label in labels
    )


def test_a_selected_step_has_a_table_under_each_card_with_each_tag_of_each_run(logdir: Path) -> None:
    app = opened(at="2", smoothing="0")
    table = cards(app)["Losses/Loss"]["readout"]
    assert [column["label"] for column in table["columns"]][:2] == ["Run", "Tag"]
    assert [row[:2] for row in table["rows"]] == [
        [run, tag] for tag in ("train/loss", "eval/loss") for run in ("one", "two")
    ]
    assert [row[3] for row in table["rows"]] == pytest.approx([1 / 3, 1 / 3, 0.5, 0.5])
    over = cards(opened(at="1:3"))["Bands/Reward"]["readout"]
    assert [(row[0], row[1], row[2]) for row in over["rows"]] == [("one", 1, 3)]
    assert cards(opened())["Losses/Loss"]["readout"] is None


def test_cards_are_pinned_widened_and_zoomed_as_the_address_says(logdir: Path) -> None:
    app = opened(pinned="Bands/Reward", wide="Losses/Loss", zoom="1,2,step,Losses/Loss")
    groups = {group["name"]: group["cards"] for group in sent(app)[0]["groups"]}
    assert next(iter(groups.items())) == ("Pinned", ["Bands/Reward"])
    assert "Bands" not in groups
    card = cards(app)["Losses/Loss"]
    assert (card["wide"], card["window"]) == (True, {"x": [1, 2], "axis": "step"})


def test_another_tag_may_lie_on_the_x_axis(logdir: Path) -> None:
    app = opened(axis="tag", x="r/mean")
    card = cards(app)["Losses/Train"]
    table = sent(app)[1][card["table"]]
    assert table["x"].to_pylist() == [0, 1, 2, 3] * 4
    assert cards(app)["Bands/Reward"]["notes"][-1] == "over another tag, bands are not drawn"
    assert cards(opened(axis="tag", x="none"))["Losses/Loss"]["message"] == "no run that is shown logged 'none'"

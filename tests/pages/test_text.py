"""The Text tab as the server makes it: cards, lists, hits and comparisons, and what the address chooses."""

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests import eventfile
from tests.analysis.test_text import value
from tests.pages.visitor import visited

NAME = "events.out.tfevents.1.host"


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs that say something at 30 steps, a table, a tensor of rank 3, and what cannot be decoded."""
    for place, run in enumerate(("first", "second")):
        start = eventfile.T0 + 100 * place
        records = [eventfile.version(start)]
        for step in range(30):
            said = value([f"**{run}** at step {step}\n\nthe loss is {30 - step}"], [1], "says/it/text_summary")
            records.append(eventfile.record(eventfile.event(step, said, wall=start + step)))
        values = [
            value(["a", "*b*", "<i>c</i>", "d"], [2, 2], "table"),
            value([str(number) for number in range(8)], [2, 2, 2], "deep"),
            value(["a", "b"], [3, 7_000_000], "bad"),
        ]
        records.append(eventfile.record(eventfile.event(29, *values, wall=start + 29)))
        eventfile.write(tmp_path / run / NAME, *records)
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    return tmp_path


def opened(**parameters: str | list[str]) -> AppTest:
    return visited("media", **{"tab": "text", **parameters})


def sent(app: AppTest) -> dict[str, Any]:
    """Return the view that the page sends to the component."""
    (found,) = [one.proto for one in app.get("bidi_component") if one.proto.component_name == "text"]
    view: dict[str, Any] = json.loads(found.mixed.json or found.json)["view"]
    return view


def entries(view: dict[str, Any], tag: str) -> list[dict[str, Any]]:
    """Return the texts of one card."""
    (card,) = [one for one in view["cards"] if one["tag"] == tag]
    found: list[dict[str, Any]] = card["entries"]
    return found


def test_the_latest_texts_of_all_runs_are_side_by_side_as_markdown(logdir: Path) -> None:
    view = sent(opened())
    assert [card["title"] for card in view["cards"]] == ["it", "bad", "deep", "table"]
    found = entries(view, "says/it/text_summary")
    assert [(one["run"], one["step"], one["single"]) for one in found] == [("first", 29, True), ("second", 29, True)]
    assert found[0]["cells"] == [[{"html": "<p><strong>first</strong> at step 29</p>\n<p>the loss is 1</p>\n"}]]


def test_the_address_chooses_the_step_and_raw_text(logdir: Path) -> None:
    found = entries(sent(opened(step="3", text_raw="true")), "says/it/text_summary")
    assert found[0]["cells"][0][0] == {"text": "**first** at step 3\n\nthe loss is 27"}


def test_tensors_are_tables_and_what_cannot_be_decoded_says_so(logdir: Path) -> None:
    view = sent(opened())
    table = entries(view, "table")[0]["cells"]
    assert [[cell["html"].strip() for cell in row] for row in table] == [
        ["<p>a</p>", "<p><em>b</em></p>"],
        ["<p>&lt;i&gt;c&lt;/i&gt;</p>", "<p>d</p>"],
    ]
    assert "holds only 2 values" in entries(view, "bad")[0]["error"]
    deep = entries(view, "deep")[0]
    assert (deep["slices"], deep["which"], len(deep["cells"])) == (2, 0, 2)
    assert deep["notes"] == ["A tensor of rank 3: slice 1 of 2 is shown."]


def test_all_steps_are_listed_newest_first_in_pages(logdir: Path) -> None:
    view = sent(opened(text_look="All steps", text_tag="says/it/text_summary"))
    found = entries(view, "says/it/text_summary")
    assert [(one["run"], one["step"]) for one in found[:3]] == [("second", 29), ("first", 29), ("second", 28)]
    assert (len(found), view["cards"][0]["more"]) == (20, "1 to 20 of 60 values, the newest first.")
    last = sent(opened(text_look="All steps", text_tag="says/it/text_summary", text_list="3"))
    assert [(one["run"], one["step"]) for one in entries(last, "says/it/text_summary")[-2:]] == [
        ("second", 0),
        ("first", 0),
    ]


def test_a_search_lists_the_hits_of_all_steps_and_runs(logdir: Path) -> None:
    app = opened(text_look="Search", find=r"loss is 1\b|loss is 30")
    hits = sent(app)["hits"]
    assert [(hit["run"], hit["step"]) for hit in hits] == [("first", 29), ("first", 0), ("second", 29), ("second", 0)]
    assert [hits[1]["text"][low:high] for low, high in hits[1]["marks"]] == ["loss is 30"]
    assert any("4 texts found in 66 of 66 values" in one.value.replace("\\", "") for one in app.caption)
    assert any("2 values cannot be decoded" in one.value.replace("\\", "") for one in app.caption)


def test_a_wrong_pattern_says_so(logdir: Path) -> None:
    app = opened(text_look="Search", find="(")
    assert any("Not a regular expression" in one.value for one in app.caption)


def test_two_values_are_compared_and_the_address_chooses_them(logdir: Path) -> None:
    usual = sent(opened(text_look="Compare", text_tag="says/it/text_summary"))["difference"]
    assert (usual["left"], usual["right"], usual["sides"]) == ("first, step 29", "second, step 29", True)
    chosen = {"a_run": "second", "a_step": "3", "b_run": "second", "b_step": "4", "text_layout": "Unified"}
    view = sent(opened(text_look="Compare", text_tag="says/it/text_summary", **chosen))["difference"]
    assert (view["left"], view["right"], view["sides"]) == ("second, step 3", "second, step 4", False)
    kinds = [(line["kind"], [part for part, differs in line["after"] if differs]) for line in view["lines"]]
    assert kinds == [("changed", ["4"]), ("same", []), ("changed", ["26"])]


def test_a_filter_that_leaves_nothing_says_so(logdir: Path) -> None:
    app = opened(tags="nothing like this")
    assert any("No text to show" in one.value for one in app.markdown)


def test_logs_without_text_say_how_to_log_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    eventfile.write(tmp_path / "run" / NAME, eventfile.version(), eventfile.scalar(0, "loss", 1.0))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened()
    assert any("add_text" in one.value for one in app.code)


def test_an_attempt_that_a_later_one_wrote_again_is_compared_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, word in enumerate(("first", "again")):
        start = eventfile.T0 + 100 * place
        records = [eventfile.record(eventfile.event(step, value([word]), wall=start + step)) for step in (place, 5)]
        eventfile.write(tmp_path / "run" / f"events.out.tfevents.{place}.host", eventfile.version(start), *records)
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    chosen = {"a_step": "5", "a_value_5": "1 of 2, of an earlier attempt", "b_step": "5"}
    (line,) = sent(opened(text_look="Compare", **chosen))["difference"]["lines"]
    assert (line["before"], line["after"]) == ([["first", True]], [["again", True]])


def test_the_arrows_lead_to_the_logged_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [eventfile.record(eventfile.event(step, value([f"at {step}"]))) for step in (0, 100, 250)]
    eventfile.write(tmp_path / "run" / NAME, eventfile.version(), *records)
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened(text_look="Compare", a_step="100", b_step="120")
    assert any("Nothing at step 120: the one before it is shown, step 100." in one.value for one in app.caption)
    app.button("a_back").click().run()
    app.button("b_forward").click().run()
    shown = sent(app)["difference"]
    assert (shown["left"], shown["right"]) == ("run, step 0", "run, step 250")
    assert app.button("a_back").disabled
    assert app.button("b_forward").disabled


def test_without_a_run_the_cards_stay_empty_and_nothing_is_compared(logdir: Path) -> None:
    view = sent(opened(only=""))
    assert [card["entries"] for card in view["cards"]] == [[]] * 4
    app = opened(only="", text_look="Compare")
    assert any("No run is selected" in one.value for one in app.markdown)

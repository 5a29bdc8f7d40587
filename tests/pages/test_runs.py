"""The Runs page as the server makes it: its numbers, its groups, what is compared, and what the address keeps."""

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests import eventfile
from tests.fixtures import log, needs_fixtures
from tests.pages.visitor import visited

NAME = "events.out.tfevents.1.host"


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three runs: sweep/lr=0.1 and sweep/lr=0.2 with a loss, a note and a tag of one alone; other with a loss."""
    for place, run in enumerate(("sweep/lr=0.1", "sweep/lr=0.2", "other")):
        start = eventfile.T0 + 100 * place
        points = [eventfile.scalar(step, "eval/loss", 10 - step - place, start + step) for step in range(5)]
        points += [eventfile.scalar(0, "alone", 1, start)] if place == 0 else []
        text = eventfile.tensor("config", "string", [f"lr: {place}".encode()], (), eventfile.metadata("text"))
        eventfile.write(
            tmp_path / run / NAME, eventfile.version(start), *points, eventfile.record(eventfile.event(1, text))
        )
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    return tmp_path


def opened(**parameters: str | list[str]) -> AppTest:
    return visited("runs", **parameters)


def sent(app: AppTest, name: str) -> list[dict[str, Any]]:
    """Return what the page sends to each component of a name: its view."""
    protos = [one.proto for one in app.get("bidi_component") if one.proto.component_name == name]
    return [json.loads(proto.mixed.json or proto.json) for proto in protos]


def compared(app: AppTest) -> list[dict[str, list[str]]]:
    """Return the tables of the comparison: by title, the texts of the cells."""
    return [
        {line["title"]: [cell["text"] for cell in line["cells"]] for line in one["view"]["lines"]}
        for one in sent(app, "compare")
    ]


def words(app: AppTest) -> str:
    """Return all the text of the page."""
    parts = [*app.main.subheader, *app.main.markdown, *app.main.caption]
    return "\n".join(str(part.value) for part in parts).replace("\\", "")


def test_the_headline_counts_all_runs(logdir: Path) -> None:
    assert [(one.label, one.value) for one in opened().metric][:4] == [
        ("Runs", "3"),
        ("Running", "0"),
        ("Stalled", "0"),
        ("Points", "19"),
    ]


def test_nothing_is_compared_until_two_runs_are_chosen(logdir: Path) -> None:
    app = opened()
    assert sent(app, "compare") == []
    assert "Tick 2 to 5 runs" in words(app)
    assert sent(opened(compare="other"), "compare") == []


def press_compare(app: AppTest) -> AppTest:
    (button,) = [one for one in app.button if one.label == "Compare ticked runs"]
    return button.click().run()


def test_the_ticked_runs_are_compared_at_the_press_of_a_button(logdir: Path) -> None:
    app = press_compare(opened(row=["other", "sweep/lr=0.1"]))
    assert app.multiselect(key="compare").value == ["other", "sweep/lr=0.1"]
    assert {"eval/loss": ["4", "6"]} in compared(app)


@pytest.mark.parametrize(
    ("ticked", "said"),
    [
        ([], "No run is ticked in the table: 2 to 5 can be compared."),
        (["other"], "One run is ticked in the table: 2 to 5 can be compared."),
        (["other", "gone"], "One run is ticked in the table: 2 to 5 can be compared."),
    ],
)
def test_too_few_ticked_runs_are_not_compared(logdir: Path, ticked: list[str], said: str) -> None:
    app = press_compare(opened(row=ticked) if ticked else opened())
    assert said in words(app)
    assert sent(app, "compare") == []
    assert said not in words(app.run())


def test_the_files_beside_the_events_are_compared_line_by_line(logdir: Path) -> None:
    for run, depth in (("sweep/lr=0.1", 3), ("sweep/lr=0.2", 4)):
        (logdir / run / "config.json").write_text(json.dumps({"model": {"depth": depth, "act": "relu"}}))
    app = opened(compare=["sweep/lr=0.1", "sweep/lr=0.2"], compare_text_tag="config.json")
    (one,) = sent(app, "text")
    drawn = one["view"]["difference"]
    assert (drawn["left"], drawn["right"]) == ("sweep/lr=0.1, config.json", "sweep/lr=0.2, config.json")
    assert [line["kind"] for line in drawn["lines"]] == ["same", "changed"]


def test_columns_that_tell_of_the_run_come_before_those_that_measure_it(logdir: Path) -> None:
    (one,) = sent(opened(names="true"), "sheet")
    assert one["view"]["usual"] == [
        "about:trials", "about:state", "about:start", "about:duration", "about:steps", "about:rate",
        "m:last:eval/loss", "hp:lr",
        "about:points", "about:bytes", "about:kinds", "about:last",
    ]  # fmt: skip


def test_the_address_says_which_runs_are_compared_the_first_is_the_baseline(logdir: Path) -> None:
    app = opened(compare=["sweep/lr=0.2", "sweep/lr=0.1"], names="true")
    hparams, metrics, *_rest = compared(app)
    assert hparams == {"lr": ["0.2", "0.1"]}
    assert metrics == {"eval/loss": ["5", "6"]}
    (first, *_others) = sent(app, "compare")
    assert [run["name"] for run in first["view"]["runs"]] == ["sweep/lr=0.2", "sweep/lr=0.1"]
    assert first["view"]["lines"][0]["cells"][1]["note"] == "× 0.5"


def test_a_delta_says_how_much_and_whether_it_is_better(logdir: Path) -> None:
    app = opened(compare=["sweep/lr=0.1", "other"])
    (cells,) = [
        line["cells"] for one in sent(app, "compare") for line in one["view"]["lines"] if line["title"] == "eval/loss"
    ]
    assert [(cell["text"], cell["note"], cell["tone"]) for cell in cells] == [
        ("6", "", ""),
        ("4", "−2 (−33.3%)", "better"),
    ]


def test_what_is_the_same_is_shown_on_request(logdir: Path) -> None:
    both = ["sweep/lr=0.1", "sweep/lr=0.2"]
    assert "Last step" not in compared(opened(compare=both))[-1]
    assert compared(opened(compare=both, same="true"))[-1]["Last step"] == ["4", "4"]


def test_metrics_that_only_some_have_stand_apart(logdir: Path) -> None:
    found = compared(opened(compare=["sweep/lr=0.1", "other"]))
    assert {"alone": ["1", ""]} in found


def test_another_value_of_the_metrics_can_be_compared(logdir: Path) -> None:
    found = compared(opened(compare=["sweep/lr=0.1", "other"], compare_value="Max"))
    assert found[0] == {"eval/loss (max)": ["10", "8"]}


def test_the_curves_of_the_compared_runs_lie_over_each_other(logdir: Path) -> None:
    (one,) = sent(opened(compare=["sweep/lr=0.1", "other"]), "lines")
    assert [run["name"] for run in one["view"]["runs"]] == ["sweep/lr=0.1", "other"]
    assert [(card["tag"], len(card["series"])) for card in one["view"]["cards"]] == [("eval/loss", 2)]


def test_texts_that_differ_are_shown_beside_each_other(logdir: Path) -> None:
    (one,) = sent(opened(compare=["sweep/lr=0.1", "other"]), "text")
    assert (one["view"]["difference"]["left"], one["view"]["difference"]["right"]) == (
        "sweep/lr=0.1, step 1",
        "other, step 1",
    )


def test_the_tag_filter_holds_for_the_comparison(logdir: Path) -> None:
    app = opened(compare=["sweep/lr=0.1", "other"], tags="alone")
    assert all("eval/loss" not in table for table in compared(app))


def test_runs_that_are_gone_are_not_compared(logdir: Path) -> None:
    assert sent(opened(compare=["gone", "other"]), "compare") == []


def test_a_wrong_regular_expression_says_so(logdir: Path) -> None:
    app = opened(group="Regex", by="lr=(")
    assert "Not a regular expression: missing ), unterminated subpattern at position 4" in words(app)


@pytest.mark.parametrize("group", ["Nothing", "Sub-runs", "Folder", "Regex"])
@pytest.mark.parametrize("parameters", [{}, {"selected": "true", "only": "other"}, {"selected": "true", "only": ""}])
def test_runs_are_put_together_whatever_is_selected(logdir: Path, group: str, parameters: dict[str, str]) -> None:
    app = opened(group=group, by="lr=(.*)", **parameters)
    assert app.segmented_control(key="group").value == group


def test_runs_without_any_values_have_a_table_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    eventfile.write(tmp_path / "empty" / NAME, eventfile.version())
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    assert [one.value for one in opened().metric][:2] == ["1", "0"]


@needs_fixtures
@pytest.mark.parametrize(
    "name",
    ["torch_all", "tf_v2_all", "tensorboardX_all", "keras_mnist", "edge_tree", "edge_resumed", "edge_bad_data",
     "edge_values", "edge_tags", "edge_empty"],
)  # fmt: skip
def test_every_log_has_its_table(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TBCORE_LOGDIR", str(log(name)))
    assert opened(group="Sub-runs").metric[0].label == "Runs"

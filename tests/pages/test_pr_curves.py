"""The PR curves page as the server makes it: which cards, which curves, which numbers, and what it says without any."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from tests import eventfile
from tests.pages.visitor import visited

NAME = "events.out.tfevents.1.host"
STEPS = 10


def curve(tag: str, step: int, right: int, rows: int = 6) -> bytes:
    """Return a curve at thresholds 0, 0.5 and 1 of 10 positives and 10 negatives, `right` of each told apart at 0.5."""
    wrong = 10 - right
    values = [
        *(10, right, 0),
        *(10, wrong, 0),
        *(0, right, 10),
        *(0, wrong, 10),
        *(0.5, right / 10, 0),
        *(1, right / 10, 0),
    ]
    value = eventfile.tensor(tag, "float", values[: 3 * rows], (rows, 3), eventfile.metadata("pr_curves"))
    return eventfile.record(eventfile.event(step, value))


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs with two classes over ten steps, and a tag of which one run's step 5 is no curve."""
    for place, run in enumerate(("first", "second")):
        records = [curve(f"pr/class_{kind}", step, min(10, step + place)) for kind in range(2) for step in range(STEPS)]
        records += [curve("odd", 0, 7), *([curve("odd", 5, 7, rows=5)] if place else [])]
        eventfile.write(tmp_path / run / NAME, eventfile.version(eventfile.T0 + 100 * place), *records)
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    return tmp_path


def opened(**parameters: str | list[str]) -> AppTest:
    return visited("pr_curves", **parameters)


def sent(app: AppTest, name: str = "pr_curves") -> tuple[dict[str, Any], dict[str, pa.Table]]:
    """Return what the page sends to one of its components: the view and the tables."""
    (made,) = [one.proto for one in app.get("bidi_component") if one.proto.component_name == name]
    data = json.loads(made.mixed.json or made.json)
    view = data.pop("view")
    blobs = {name: made.mixed.arrow_blobs[reference["__streamlit_arrow_ref__"]] for name, reference in data.items()}
    return view, {name: pa.ipc.open_stream(blob.data).read_all() for name, blob in blobs.items()}


def cards(app: AppTest) -> dict[str, dict[str, Any]]:
    """Return what the page says of each card that is seen, by its name."""
    return {card["tag"]: card for card in sent(app)[0]["cards"]}


def drawn(app: AppTest, name: str) -> list[tuple[str, int]]:
    """Return the run and the step of each curve of a card, in order."""
    view = sent(app)[0]
    return [(view["runs"][one["run"]], int(one["step"].replace(",", ""))) for one in cards(app)[name]["curves"]]


def texts(app: AppTest) -> str:
    return "\n".join(one.value for one in (*app.main.caption, *app.main.markdown))


def numbers(app: AppTest) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = app.main.dataframe[0].value.to_dict("records")
    return found


def test_each_tag_has_a_card_with_the_latest_curve_of_each_run(logdir: Path) -> None:
    app = opened()
    assert {name: card["title"] for name, card in cards(app).items()} == {
        "pr/class_0": "class_0",
        "pr/class_1": "class_1",
        "odd": "odd",
    }
    assert drawn(app, "pr/class_0") == [("first", 9), ("second", 9)]
    _view, tables = sent(app)
    assert tables[cards(app)["pr/class_0"]["table"]]["tp"].to_pylist() == [10, 9, 0, 10, 10, 0]


def test_the_step_of_the_address_is_looked_at_and_a_runs_own_goes_before(logdir: Path) -> None:
    assert drawn(opened(step="4", step_of=["7,second"]), "pr/class_0") == [("first", 4), ("second", 7)]


def test_a_value_that_is_no_curve_says_so_and_the_others_are_drawn(logdir: Path) -> None:
    card = cards(opened())["odd"]
    assert card["problems"] == ["second, step 5: a PR curve has the shape [5, 3] instead of [6, thresholds]"]
    assert drawn(opened(), "odd") == [("first", 0)]
    assert drawn(opened(step="4"), "odd") == [("first", 0), ("second", 0)]


def test_curves_over_training_are_spread_from_the_first_step_to_the_last(logdir: Path) -> None:
    steps = [step for run, step in drawn(opened(curves="training"), "pr/class_0") if run == "first"]
    assert steps == [0, 1, 3, 4, 5, 6, 8, 9]
    app = opened(curves="training", step="2")
    assert [step for run, step in drawn(app, "pr/class_0") if run == "first"] == [0, 1, 3, 4, 5, 6, 8, 9, 2]
    assert {row["step"] for row in numbers(app)} >= {0, 2, 9}


def test_the_curve_at_the_slider_stands_out_among_those_of_other_steps(logdir: Path) -> None:
    curves = [one for one in cards(opened(curves="training", step="2"))["pr/class_0"]["curves"] if one["run"] == 0]
    assert [one["here"] for one in curves] == [False] * 8 + [True]
    faint = [one["opacity"] for one in curves[:-1]]
    assert faint == sorted(faint)
    assert faint[-1] < curves[-1]["opacity"] == 1


def test_what_an_earlier_attempt_wrote_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    again = [curve("pr", step, 3) for step in range(2)]
    eventfile.write(tmp_path / "run" / NAME, eventfile.version(), *(curve("pr", step, 8) for step in range(4)))
    eventfile.write(tmp_path / "run" / NAME.replace(".1.", ".2."), eventfile.version(eventfile.T0 + 100), *again)
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    assert [one["earlier"] for one in cards(opened())["pr"]["curves"]] == [False]
    before = cards(opened(attempts="1", step="3"))["pr"]["curves"]
    assert [(one["step"], one["earlier"]) for one in before] == [("3", True)]


def test_classes_go_into_one_chart_when_asked_to(logdir: Path) -> None:
    app = opened(classes="1")
    assert list(cards(app)) == ["odd", "pr"]
    assert [one["label"] for one in cards(app)["pr"]["labels"]] == ["class 0", "class 1"]
    assert len(drawn(app, "pr")) == 4
    (control,) = [one for one in sent(app, "pr_curves_bar")[0]["controls"] if one["name"] == "classes"]
    assert control["form"] == "switch"


def test_without_classes_there_is_no_switch_for_them(logdir: Path) -> None:
    assert "classes" not in [one["name"] for one in sent(opened(tags="odd"), "pr_curves_bar")[0]["controls"]]


def test_the_address_holds_what_the_controls_are_set_to(logdir: Path) -> None:
    said = {"view": "roc", "curves": "training", "fit": "1", "matrices": "0", "threshold": "0.7"}
    app = opened(**said)
    settings = sent(app)[0]["settings"]
    assert settings == {
        "view": "roc",
        "curves": "training",
        "fit": True,
        "classes": False,
        "matrices": False,
        "threshold": 0.7,
    }
    assert {name: app.query_params[name] for name in said} == said
    odd = sent(opened(view="x", curves="y", threshold="nan", fit="2"))[0]["settings"]
    assert odd == sent(opened())[0]["settings"]


def test_a_part_of_the_axes_is_kept_in_the_address(logdir: Path) -> None:
    app = opened(part=["pr,0.5:1,:,pr/class_0", "roc,1:0,:,odd", "pr,nan:1,:,odd", "x"])
    assert sent(app)[0]["zooms"] == {"pr/class_0": {"view": "pr", "x": [0.5, 1], "y": None}}
    assert app.query_params["part"] == "pr,0.5:1,:,pr/class_0"


def test_the_numbers_of_the_curves_are_in_a_table(logdir: Path) -> None:
    rows = {(row["run"], row["tag"]): row for row in numbers(opened(step="7"))}
    row = rows["first", "pr/class_0"]
    assert row["step"] == 7
    assert (row["f1"], row["threshold"]) == (pytest.approx(0.7), 0.5)
    assert row["average_precision"] == pytest.approx(0.7 * 0.7 + 0.3 * 0.5)
    assert row["auc"] == pytest.approx(0.7)
    assert (row["positives"], row["negatives"], row["thresholds"]) == (10, 10, 3)


def test_over_steps_average_precision_f1_and_auc_are_curves(logdir: Path) -> None:
    app = opened(view="steps")
    (curves,) = [one.proto for one in app.get("bidi_component") if one.proto.component_name == "lines"]
    data = json.loads(curves.mixed.json or curves.json)
    assert data["view"]["settings"]["smoothing"] == 0
    groups = {group["name"]: group["cards"] for group in data["view"]["groups"]}
    assert list(groups) == ["average precision", "best F1", "threshold of the best F1", "ROC AUC"]
    card = next(card for card in data["view"]["cards"] if card["tag"] == "ROC AUC/pr/class_0")
    blob = curves.mixed.arrow_blobs[data[card["table"]]["__streamlit_arrow_ref__"]]
    table = pa.ipc.open_stream(blob.data).read_all()
    assert table["value"].to_pylist()[:STEPS] == pytest.approx([step / 10 for step in range(STEPS)])
    assert "Values that are no PR curves, left out: 1" in texts(app)


def test_only_the_selected_runs_and_the_tags_that_pass_are_shown(logdir: Path) -> None:
    app = opened(tags="class_1", only="second")
    assert list(cards(app)) == ["pr/class_1"]
    assert drawn(app, "pr/class_1") == [("second", 9)]
    assert "No PR curves to show" in texts(opened(tags="nothing like it"))
    assert "No run is selected" in texts(opened(only=""))


def test_the_cards_of_many_tags_are_in_groups_and_on_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tags = [*(f"tag{n}" for n in range(14)), "net/a", "net/b"]
    eventfile.write(tmp_path / "run" / NAME, eventfile.version(), *(curve(tag, 0, 5) for tag in tags))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    assert list(cards(opened())) == ["net/a", "net/b", *(f"tag{n}" for n in range(12))]
    assert list(cards(opened(page="2,"))) == ["net/a", "net/b", "tag12", "tag13"]
    assert list(cards(opened(closed=""))) == ["net/a", "net/b"]


def test_of_very_many_runs_fewer_cards_are_on_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(301):
        eventfile.write(
            tmp_path / f"run{number}" / NAME, eventfile.version(), *(curve(f"t{n}", 0, 5) for n in range(4))
        )
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened()
    assert list(cards(app)) == ["t0"]
    assert len(drawn(app, "t0")) == 301


def test_without_any_curve_the_page_says_how_to_log_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    eventfile.write(tmp_path / "run" / NAME, eventfile.version(), eventfile.scalar(0, "loss", 1.0))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened()
    assert [heading.value for heading in app.main.subheader] == ["No PR curves in these logs"]
    torch, tensorflow = (code.value for code in app.main.code)
    assert 'writer.add_pr_curve("cats", labels, predictions, step)' in torch
    for snippet in (torch, tensorflow):
        compile(snippet, "snippet", "exec")

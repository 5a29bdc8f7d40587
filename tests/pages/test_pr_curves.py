"""The PR curves page as the server makes it: which cards, which curves, which numbers, and what it says without any."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests import eventfile

APP = Path(__file__).resolve().parents[2] / "app.py"
NAME = "events.out.tfevents.1.host"
STEPS = 10


@pytest.fixture(autouse=True)
def _no_caches() -> Iterator[None]:
    """Keep the readers of one test from the next."""
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


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
    """Run the app as a visitor who comes with query parameters, and go to the page."""
    app = AppTest.from_file(str(APP), default_timeout=60)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    app.switch_page("pages/pr_curves.py").run()
    assert not app.exception
    return app


def charts(app: AppTest, begins: str) -> dict[str, tuple[dict[str, Any], dict[str, pa.Table]]]:
    """Return the charts whose alternative text begins so: the rest of it -> specification and tables."""
    found = {}
    for one in app.get("vega_lite_chart"):
        text = one.proto.alt
        if text.startswith(begins):
            tables = {data.name: pa.ipc.open_stream(data.data.data).read_all() for data in one.proto.datasets}
            found[text.removeprefix(begins)] = (json.loads(one.proto.spec), tables)
    return found


def drawn(app: AppTest, name: str, view: str = "PR curves of ") -> list[tuple[str, int]]:
    """Return the run and the step of each curve of a card, in order."""
    _spec, tables = charts(app, view)[name]
    rows = [row for table in tables.values() for row in table.to_pylist() if "run" in row]
    return list(dict.fromkeys((row["run"], int(row["at"].replace(",", ""))) for row in rows))


def written(app: AppTest) -> str:
    """Return the confusion matrices of all cards."""
    return "".join(one.proto.body for one in app.get("html"))


def texts(app: AppTest) -> str:
    return "\n".join(one.value for one in (*app.main.caption, *app.main.markdown))


def numbers(app: AppTest) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = app.main.dataframe[0].value.to_dict("records")
    return found


def test_each_tag_has_a_card_with_the_latest_curve_of_each_run(logdir: Path) -> None:
    app = opened()
    assert list(charts(app, "PR curves of ")) == ["pr/class_0", "pr/class_1", "odd"]
    assert drawn(app, "pr/class_0") == [("first", 9), ("second", 9)]


def test_the_step_of_the_address_is_looked_at_and_a_runs_own_goes_before(logdir: Path) -> None:
    assert drawn(opened(step="4", step_of=["7,second"]), "pr/class_0") == [("first", 4), ("second", 7)]


def test_a_value_that_is_no_curve_says_so_and_the_others_are_drawn(logdir: Path) -> None:
    app = opened()
    assert "second, step 5: a PR curve has the shape" in texts(app).replace("\\", "")
    assert drawn(app, "odd") == [("first", 0)]
    assert drawn(opened(step="4"), "odd") == [("first", 0), ("second", 0)]


def test_curves_over_training_are_spread_from_the_first_step_to_the_last(logdir: Path) -> None:
    steps = [step for run, step in drawn(opened(pr_steps="over training"), "pr/class_0") if run == "first"]
    assert steps == [0, 1, 3, 4, 5, 6, 8, 9]
    app = opened(pr_steps="over training", step="2")
    assert [step for run, step in drawn(app, "pr/class_0") if run == "first"] == [0, 1, 3, 4, 5, 6, 8, 9, 2]
    assert {row["step"] for row in numbers(app)} >= {0, 2, 9}


def test_classes_go_into_one_chart_when_asked_to(logdir: Path) -> None:
    app = opened(pr_classes="true")
    assert list(charts(app, "PR curves of ")) == ["pr", "odd"]
    _spec, tables = charts(app, "PR curves of ")["pr"]
    tags = {row["tag"] for table in tables.values() for row in table.to_pylist() if "run" in row}
    assert tags == {"pr/class_0", "pr/class_1"}


def test_the_roc_curve_is_another_view_of_the_same_counts(logdir: Path) -> None:
    app = opened(pr_view="ROC curves")
    assert drawn(app, "pr/class_0", "ROC curves of ") == [("first", 9), ("second", 9)]
    assert charts(app, "PR curves of ") == {}


def test_the_threshold_moves_the_confusion_matrices(logdir: Path) -> None:
    app = opened(pr_threshold="0.5", step="4")
    assert "TP 40%" in written(app)
    app.slider(key="pr_threshold").set_value(0.9).run()
    assert "TP 0%" in written(app)
    app.toggle(key="pr_matrices").set_value(False).run()
    assert written(app) == ""


def test_the_axes_fit_the_curves_when_asked_to(logdir: Path) -> None:
    spec, _tables = charts(opened(), "PR curves of ")["pr/class_0"]
    fitted, _tables = charts(opened(pr_axes="fit"), "PR curves of ")["pr/class_0"]
    line = [one for one in spec["layer"] if one["mark"]["type"] == "line"][-1]
    assert line["encoding"]["y"]["scale"]["domain"] == [0, 1]
    line = [one for one in fitted["layer"] if one["mark"]["type"] == "line"][-1]
    assert line["encoding"]["y"]["scale"]["domain"][0] > 0.4


def test_the_numbers_of_the_curves_are_in_a_table(logdir: Path) -> None:
    rows = {(row["run"], row["tag"]): row for row in numbers(opened(step="7"))}
    row = rows["first", "pr/class_0"]
    assert row["step"] == 7
    assert (row["f1"], row["threshold"]) == (pytest.approx(0.7), 0.5)
    assert row["average_precision"] == pytest.approx(0.7 * 0.7 + 0.3 * 0.5)
    assert row["auc"] == pytest.approx(0.7)
    assert (row["positives"], row["negatives"], row["thresholds"]) == (10, 10, 3)


def test_over_steps_average_precision_f1_and_auc_are_curves(logdir: Path) -> None:
    app = opened(pr_view="Over steps")
    (curves,) = [one.proto for one in app.get("bidi_component") if one.proto.component_name == "lines"]
    data = json.loads(curves.mixed.json or curves.json)
    groups = {group["name"]: group["cards"] for group in data["view"]["groups"]}
    assert list(groups) == ["average precision", "best F1", "threshold of the best F1", "ROC AUC"]
    card = next(card for card in data["view"]["cards"] if card["tag"] == "ROC AUC/pr/class_0")
    blob = curves.mixed.arrow_blobs[data[card["table"]]["__streamlit_arrow_ref__"]]
    table = pa.ipc.open_stream(blob.data).read_all()
    assert table["value"].to_pylist()[:STEPS] == pytest.approx([step / 10 for step in range(STEPS)])
    assert "Values that are no PR curves, left out: 1" in texts(app)


def test_only_the_selected_runs_and_the_tags_that_pass_are_shown(logdir: Path) -> None:
    app = opened(tags="class_1", only="second")
    assert list(charts(app, "PR curves of ")) == ["pr/class_1"]
    assert drawn(app, "pr/class_1") == [("second", 9)]
    assert "No PR curves to show" in texts(opened(tags="nothing like it"))


def test_the_cards_of_many_tags_are_on_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    eventfile.write(tmp_path / "run" / NAME, eventfile.version(), *(curve(f"tag{n}", 0, 5) for n in range(14)))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    assert list(charts(opened(), "PR curves of ")) == [f"tag{n}" for n in range(6)]
    assert list(charts(opened(pr_page="3"), "PR curves of ")) == ["tag12", "tag13"]


def test_without_any_curve_the_page_says_how_to_log_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    eventfile.write(tmp_path / "run" / NAME, eventfile.version(), eventfile.scalar(0, "loss", 1.0))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened()
    assert [heading.value for heading in app.main.subheader] == ["No PR curves in these logs"]
    torch, tensorflow = (code.value for code in app.main.code)
    assert 'writer.add_pr_curve("cats", labels, predictions, step)' in torch
    for snippet in (torch, tensorflow):
        compile(snippet, "snippet", "exec")


def test_names_of_logs_are_not_acted_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = "![x](http://elsewhere/a.png) <script>alert(1)</script> :red[a]"
    eventfile.write(tmp_path / "run" / NAME, eventfile.version(), curve(tag, 0, 5))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    shown = [one.value for one in opened().main.markdown if "elsewhere" in one.value]
    assert shown == [
        "**\\!\\[x\\]\\(http\\://elsewhere/a\\.png\\) \\<script\\>alert\\(1\\)\\</script\\> \\:red\\[a\\]**"
    ]

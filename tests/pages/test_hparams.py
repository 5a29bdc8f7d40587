"""The HParams page as the server makes it: which rows, which axes, what is brushed, and what each switch changes."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tbcore.formats.tfrecord import EventWriter

APP = Path(__file__).resolve().parents[2] / "app.py"
HOSTILE = "<img src=x>[a](b)"


@pytest.fixture(autouse=True)
def _no_caches() -> Iterator[None]:
    """Keep the readers of one test from the next."""
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


def session(folder: Path, hparams: dict[str, Any], place: int, losses: list[float], group: str = "") -> None:
    """Write one session with its losses and accuracies."""
    start = 1.75e9 + 100 * place
    with EventWriter(folder, clock=lambda: start) as writer:
        if hparams:
            writer.hparams(hparams, group=group)
        for step, loss in enumerate(losses):
            writer.scalars({"eval/loss": loss, "eval/accuracy": 1 - loss / 2}, step, start + step)
        if hparams:
            writer.session_end()


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six sessions: two hyperparameters differ, one does not, one is missing twice; one loss is NaN."""
    for place, rate in enumerate((1e-4, 1e-3, 1e-2, 1e-1, 1.0, 1e-3)):
        chosen = {"lr": rate, "opt": "sgd" if place % 2 else "adam", "layers": 3.0}
        if place < 4:
            chosen[HOSTILE] = float(place)
        losses = [1.0, 0.2 + 0.1 * place, math.nan if place == 4 else 0.3 + 0.1 * place]
        session(tmp_path / f"run{place}", chosen, place, losses)
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    return tmp_path


def opened(**parameters: str | list[str]) -> AppTest:
    """Run the app as a visitor who comes with query parameters."""
    app = AppTest.from_file(str(APP), default_timeout=60)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    app.switch_page("pages/hparams.py").run()
    assert not app.exception
    return app


def sent(app: AppTest, component: str) -> tuple[dict[str, Any], dict[str, dict[str, list[Any]]]]:
    """Return what the page sends to a component: the view and the tables."""
    (proto,) = [one.proto for one in app.get("bidi_component") if one.proto.component_name == component]
    data = json.loads(proto.mixed.json or proto.json)
    view = data.pop("view")
    blobs = {name: proto.mixed.arrow_blobs[reference["__streamlit_arrow_ref__"]] for name, reference in data.items()}
    return view, {name: pa.ipc.open_stream(blob.data).read_all().to_pydict() for name, blob in blobs.items()}


def brushed(**clauses: dict[str, Any]) -> list[str]:
    return [json.dumps([f"hp:{name}", clause]) for name, clause in clauses.items()]


def chips(app: AppTest) -> list[str]:
    return [button.label for button in app.button if str(button.key).startswith("unbrush_")]


def said(app: AppTest) -> list[str]:
    return [one.value for one in [*app.markdown, *app.caption]]


def test_the_first_axes_are_what_differs_and_what_came_of_it(logdir: Path) -> None:
    view, tables = sent(opened(hp_look="Parallel coordinates"), "parallel")
    assert [(one["title"], one["scale"]) for one in view["axes"]] == [
        (HOSTILE, "linear"),
        ("lr", "log"),
        ("opt", "levels"),
        ("eval/loss", "linear"),
        ("eval/accuracy", "linear"),
    ]
    rows = tables["rows"]
    assert rows["name"] == [f"run{place}" for place in range(6)]
    assert rows["lane0"] == [0, 0, 0, 0, 1, 1]
    assert rows["lane3"] == [0, 0, 0, 0, 2, 0]
    assert view["legend"]["title"] == "eval/loss"


def test_the_address_holds_axes_scales_colour_and_brushes(logdir: Path) -> None:
    app = opened(
        hp_look="Parallel coordinates",
        hp_axes=["opt", "lr"],
        hp_scale="quantile:hp:lr",
        hp_color="opt",
        brush=brushed(lr={"ranges": [[0.005, None]], "lanes": []}),
    )
    view, _tables = sent(app, "parallel")
    assert [(one["title"], one["scale"]) for one in view["axes"]] == [("opt", "levels"), ("lr", "quantile")]
    assert [one["label"] for one in view["legend"]["entries"]] == ["adam", "sgd"]
    assert view["brush"] == {"hp:lr": {"ranges": [[0.005, None]], "lanes": []}}
    assert "Brushed: **3** of 6" in said(app)
    assert chips(app) == ["lr: ≥ 0\\.005"]


def test_all_brushes_narrow_the_rows_and_a_chip_lets_one_go(logdir: Path) -> None:
    app = opened(
        hp_look="Parallel coordinates",
        brush=brushed(opt={"values": ["adam"], "lanes": []}, lr={"ranges": [[None, 0.05]], "lanes": []}),
    )
    assert "Brushed: **2** of 6" in said(app)
    assert chips(app) == ["opt: adam", "lr: ≤ 0\\.05"]
    app.button(key="unbrush_0").click().run()
    assert chips(app) == ["lr: ≤ 0\\.05"]
    assert sent(app, "parallel")[0]["brush"] == {"hp:lr": {"ranges": [[None, 0.05]], "lanes": []}}


def test_names_of_a_log_are_not_acted_on_in_a_chip(logdir: Path) -> None:
    app = opened(brush=[json.dumps([f"hp:{HOSTILE}", {"ranges": [], "lanes": ["missing"]}])])
    assert chips(app) == [r"\<img src=x\>\[a\]\(b\): missing"]
    assert "Brushed: **2** of 6" in said(app)


def test_what_cannot_be_read_in_the_address_is_left_out(logdir: Path) -> None:
    app = opened(brush=["[[[", "3", '["hp:lr", 5]', '["hp:gone", {"ranges": [[1, 2]]}]'], hp_scale="none")
    assert chips(app) == []


def test_a_filter_of_the_table_narrows_what_charts_draw(logdir: Path) -> None:
    app = opened(hp_look="Scatter", where='{"key":"hp:opt","values":["sgd"]}')
    assert sent(app, "scatter")[1]["rows"]["name"] == ["run1", "run3", "run5"]


def test_a_scatter_plot_has_a_trend_with_its_numbers_and_boxes_over_categories(logdir: Path) -> None:
    view, tables = sent(opened(hp_look="Scatter", hp_x="lr", hp_y="eval/accuracy"), "scatter")
    assert [mark["form"] for mark in view["cells"][0]["marks"]] == ["band", "line"]
    assert view["note"].endswith("n = 5; 1 left out")
    assert len(tables) == 3
    view, tables = sent(opened(hp_look="Scatter", hp_x="opt"), "scatter")
    assert [mark["form"] for mark in view["cells"][0]["marks"]] == ["boxes"]
    assert tables["mark0"]["x"] == [0, 1]


def test_a_matrix_has_a_plot_for_each_hyperparameter_and_metric(logdir: Path) -> None:
    view, _tables = sent(opened(hp_look="Scatter", hp_form="Matrix"), "scatter")
    assert len(view["cells"]) == 3 * 2


def test_a_map_of_a_metric_has_tiles_and_cannot_be_brushed(logdir: Path) -> None:
    view, _tables = sent(
        opened(hp_look="Scatter", hp_form="Map of a metric", hp_x="opt", hp_y2="lr", hp_z="eval/accuracy"), "scatter"
    )
    assert [mark["form"] for mark in view["cells"][0]["marks"]] == ["tiles"]
    assert view["axes"][1]["levels"] == ["0.0001", "0.001", "0.01", "0.1", "1"]
    assert view["fixed"]


def test_the_front_is_ringed_and_marked_in_the_table(logdir: Path) -> None:
    app = opened(hp_look="Trade-offs")
    view, tables = sent(app, "scatter")
    assert view["note"] == "1 of 6 on the front"
    assert tables["mark1"]["x"] == [pytest.approx(0.3)]
    app.session_state["hp_end_m:last:eval/loss"] = "high"
    assert "about:front" in [column["key"] for column in sent(app, "sheet")[0]["columns"]]


def test_the_history_says_how_often_the_best_was_bettered(logdir: Path) -> None:
    view, tables = sent(opened(hp_look="Trade-offs", hp_offs="Best so far", hp_best="eval/accuracy"), "scatter")
    assert view["note"] == "best 0.85, bettered 0 times; 1 left out"
    assert tables["mark0"]["y"] == [pytest.approx(0.85)] * 5


def test_the_value_of_a_metric_is_the_one_that_is_asked_for(logdir: Path) -> None:
    app = opened(hp_look="Scatter", hp_value="Min", hp_x="lr")
    view, tables = sent(app, "scatter")
    assert view["axes"][1]["title"] == "eval/loss (min)"
    assert tables["rows"]["value1"] == pytest.approx([0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    app = opened(hp_look="Scatter", hp_value="Where another is lowest", hp_where="eval/loss", hp_y="eval/accuracy (where eval/loss is lowest)")  # fmt: skip
    assert sent(app, "scatter")[1]["rows"]["value1"] == pytest.approx([0.9, 0.85, 0.8, 0.75, 0.7, 0.65])


def test_another_value_of_metrics_takes_the_axes_along(logdir: Path) -> None:
    app = opened(hp_look="Parallel coordinates")
    app.selectbox(key="hp_value").select("max").run()
    titles = [one["title"] for one in sent(app, "parallel")[0]["axes"]]
    assert titles[-2:] == ["eval/loss (max)", "eval/accuracy (max)"]


def test_only_the_selected_runs_take_part_when_asked(logdir: Path) -> None:
    view, _tables = sent(opened(only=["run1", "run2"], selected="true"), "sheet")
    assert (view["total"], view["listed"]) == (2, 2)
    assert sent(opened(only=["run1", "run2"]), "sheet")[0]["total"] == 6


def test_groups_are_one_row_with_the_mean_of_their_trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in range(4):
        session(tmp_path / f"run{place}", {"lr": float(place // 2)}, place, [0.1 * place], group=f"g{place // 2}")
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    _view, tables = sent(opened(hp_look="Scatter", hp_grouped="true"), "scatter")
    assert tables["rows"]["value1"] == pytest.approx([0.05, 0.25])
    assert sent(opened(), "sheet")[0]["total"] == 4


def test_what_matters_ranks_hyperparameters_and_is_honest_about_few_runs(logdir: Path) -> None:
    app = opened(hp_look="What matters", hp_target="eval/accuracy")
    for _look in range(40):
        if any(one.proto.component_name == "ranking" for one in app.get("bidi_component")):
            break
        app.run()
    view, _tables = sent(app, "ranking")
    assert {row["title"] for row in view["rows"]} == {"lr", "opt", HOSTILE}
    assert any("5 runs" in note or "5 rows" in note or "5 settings" in note for note in said(app))


def test_without_hyperparameters_the_page_says_how_they_get_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session(tmp_path / "lr=0.1,bs=32", {}, 0, [0.5])
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened()
    assert any("No hyperparameters" in one.value for one in app.subheader)
    assert any("add_hparams" in one.value for one in app.code)
    next(one for one in app.button if one.label == "Read hyperparameters from names").click().run()
    assert sent(app, "sheet")[0]["total"] == 1


def test_one_session_has_a_table_and_nothing_to_compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session(tmp_path / "only", {"lr": 0.1}, 0, [0.5])
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    for look in ("Parallel coordinates", "Scatter", "What matters", "Trade-offs"):
        app = opened(hp_look=look)
        assert "One session: there is nothing to compare it with yet." in said(app)
        assert sent(app, "sheet")[0]["total"] == 1


def test_without_metrics_every_view_still_says_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in range(3):
        session(tmp_path / f"run{place}", {"lr": float(place)}, place, [])
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    assert sent(opened(hp_look="Parallel coordinates"), "parallel")[0]["legend"] == {"title": ""}
    assert "These sessions have no metrics." in said(opened(hp_look="What matters"))
    assert "These sessions have no metrics." in said(opened(hp_look="Trade-offs"))
    assert sent(opened(hp_look="Scatter", hp_form="Matrix"), "scatter")[0]["cells"]
    assert "There is no metric to map." in said(opened(hp_look="Scatter", hp_form="Map of a metric"))

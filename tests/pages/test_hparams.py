"""The HParams page as the server makes it: which rows, which axes, what is brushed, and what each switch changes."""

import json
import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from tbcore.formats.tfrecord import EventWriter
from tests.pages.visitor import visited

HOSTILE = "<img src=x>[a](b)"


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
    return visited("hparams", **parameters)


def sent(app: AppTest, component: str) -> tuple[dict[str, Any], dict[str, dict[str, list[Any]]]]:
    """Return what the page sends to a component: the view and the tables."""
    (proto,) = [one.proto for one in app.get("bidi_component") if one.proto.component_name == component]
    data = json.loads(proto.mixed.json or proto.json)
    view = data.pop("view")
    blobs = {name: proto.mixed.arrow_blobs[reference["__streamlit_arrow_ref__"]] for name, reference in data.items()}
    return view, {name: pa.ipc.open_stream(blob.data).read_all().to_pydict() for name, blob in blobs.items()}


def brushed(**clauses: dict[str, Any]) -> list[str]:
    return [json.dumps([f"hp:{name}", clause]) for name, clause in clauses.items()]


def listed_of(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def chips(app: AppTest) -> list[str]:
    return [button.label for button in app.button if str(button.key).startswith("unbrush_")]


def said(app: AppTest) -> list[str]:
    return [one.value for one in [*app.markdown, *app.caption]]


def test_the_first_axes_are_what_differs_and_what_came_of_it(logdir: Path) -> None:
    view, tables = sent(opened(hp_look="parallel"), "parallel")
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
        hp_look="parallel",
        hp_axes=["hp:opt", "hp:lr"],
        hp_scale="quantile:hp:lr",
        hp_color="hp:opt",
        brush=brushed(lr={"ranges": [[0.005, None]], "lanes": []}),
    )
    view, _tables = sent(app, "parallel")
    assert [(one["title"], one["scale"]) for one in view["axes"]] == [("opt", "levels"), ("lr", "quantile")]
    assert [one["label"] for one in view["legend"]["entries"]] == ["adam", "sgd"]
    assert view["brush"] == {"hp:lr": {"ranges": [[0.005, None]], "lanes": []}}
    assert "Brushed: **3** of 6" in said(app)
    assert chips(app) == ["lr: ≥ 0\\.005"]


@pytest.mark.parametrize(
    ("parameters", "axes"),
    [
        ({"hp_look": "scatter", "hp_x": "hp:opt", "hp_y": "m:min:eval/loss"}, ["opt", "eval/loss (min)"]),
        ({"hp_look": "scatter", "hp_form": "matrix", "hp_across": ["hp:lr"], "hp_down": ["hp:opt"]}, ["lr", "opt"]),
        ({"hp_look": "scatter", "hp_form": "map", "hp_x": "hp:opt", "hp_y2": "hp:layers"}, ["opt", "layers", "eval/loss"]),
        ({"hp_look": "tradeoffs", "hp_front": ["m:last:eval/loss", "m:max:eval/accuracy"]}, ["eval/loss", "eval/accuracy (max)"]),
        ({"hp_look": "tradeoffs", "hp_offs": "history", "hp_by": "about:end"}, ["End", "eval/loss"]),
        ({"hp_look": "scatter", "hp_value": "mean", "hp_last": "2"}, [HOSTILE, "eval/loss (mean of last 2)"]),
    ],
)  # fmt: skip
def test_an_address_of_keys_draws_the_page_it_was_taken_from(
    logdir: Path, parameters: dict[str, Any], axes: list[str]
) -> None:
    app = opened(**parameters)
    assert [one["title"] for one in sent(app, "scatter")[0]["axes"]] == axes
    held = {name: app.query_params[name] for name in parameters}
    assert {name: listed_of(value) for name, value in held.items()} == {
        name: listed_of(value) for name, value in parameters.items()
    }


def test_what_an_address_names_and_no_log_has_is_as_usual(logdir: Path) -> None:
    app = opened(hp_look="scatter", hp_x="hp:gone", hp_form="circles", hp_dots="m:nothing", hp_value="best")
    assert [one["title"] for one in sent(app, "scatter")[0]["axes"]] == [HOSTILE, "eval/loss"]


def test_no_axis_is_a_choice_as_well(logdir: Path) -> None:
    app = opened(hp_look="parallel")
    app.multiselect(key="hp_axes").set_value([]).run()
    assert "No axis is chosen." in said(app)
    assert "No axis is chosen." in said(opened(hp_look="parallel", hp_axes=[""]))


def test_what_is_chosen_in_one_view_is_still_chosen_after_another(logdir: Path) -> None:
    app = opened(hp_look="scatter")
    app.selectbox(key="hp_x").select("hp:opt").run()
    app.segmented_control(key="hp_look").set_value("table").run()
    app.segmented_control(key="hp_look").set_value("scatter").run()
    assert sent(app, "scatter")[0]["axes"][0]["title"] == "opt"


def test_hyperparameters_that_differ_stand_between_the_first_metrics_and_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in range(2):
        with EventWriter(tmp_path / f"run{place}", clock=lambda: 1.75e9) as writer:
            writer.hparams({"lr": 0.1 * place, "layers": 3.0})
            writer.scalars({"eval/loss": 1.0, "eval/accuracy": 0.5, "train/loss": 0.3}, 0, 1.75e9)
            writer.session_end()
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    assert sent(opened(), "sheet")[0]["usual"] == [
        "m:last:eval/loss",
        "m:last:eval/accuracy",
        "hp:lr",
        "m:last:train/loss",
        "about:status",
        "about:start",
        "about:duration",
    ]


def test_the_front_is_first_of_the_two_metrics_that_agree_least(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in range(4):
        with EventWriter(tmp_path / f"run{place}", clock=lambda: 1.75e9) as writer:
            writer.hparams({"width": float(place)})
            writer.scalars(
                {"eval/accuracy": 0.1 * place, "eval/loss": 1 - 0.1 * place, "train/loss": 0.2 * place}, 0, 1.75e9
            )
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    view, _tables = sent(opened(hp_look="tradeoffs"), "scatter")
    assert [one["title"] for one in view["axes"]] == ["eval/accuracy", "train/loss"]
    assert view["note"] == "4 of 4 on the front"


def test_all_brushes_narrow_the_rows_and_a_chip_lets_one_go(logdir: Path) -> None:
    app = opened(
        hp_look="parallel",
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
    app = opened(hp_look="scatter", where='{"key":"hp:opt","values":["sgd"]}')
    assert sent(app, "scatter")[1]["rows"]["name"] == ["run1", "run3", "run5"]


def test_a_scatter_plot_has_a_trend_with_its_numbers_and_boxes_over_categories(logdir: Path) -> None:
    view, tables = sent(opened(hp_look="scatter", hp_x="hp:lr", hp_y="m:last:eval/accuracy"), "scatter")
    assert [mark["form"] for mark in view["cells"][0]["marks"]] == ["band", "line"]
    assert view["note"].endswith("n = 5; 1 left out")
    assert len(tables) == 3
    view, tables = sent(opened(hp_look="scatter", hp_x="hp:opt"), "scatter")
    assert [mark["form"] for mark in view["cells"][0]["marks"]] == ["boxes"]
    assert tables["mark0"]["x"] == [0, 1]


def test_a_matrix_has_a_plot_for_each_hyperparameter_and_metric(logdir: Path) -> None:
    view, _tables = sent(opened(hp_look="scatter", hp_form="matrix"), "scatter")
    assert len(view["cells"]) == 3 * 2


def test_a_map_of_a_metric_has_tiles_and_cannot_be_brushed(logdir: Path) -> None:
    view, _tables = sent(
        opened(hp_look="scatter", hp_form="map", hp_x="hp:opt", hp_y2="hp:lr", hp_z="m:last:eval/accuracy"), "scatter"
    )
    assert [mark["form"] for mark in view["cells"][0]["marks"]] == ["tiles"]
    assert view["axes"][1]["levels"] == ["0.0001", "0.001", "0.01", "0.1", "1"]
    assert view["fixed"]


def test_the_front_is_ringed_and_marked_in_the_table(logdir: Path) -> None:
    app = opened(hp_look="tradeoffs")
    view, tables = sent(app, "scatter")
    assert view["note"] == "1 of 6 on the front"
    assert tables["mark1"]["x"] == [pytest.approx(0.3)]
    app.session_state["hp_end_m:last:eval/loss"] = "high"
    assert "about:front" in [column["key"] for column in sent(app, "sheet")[0]["columns"]]


def test_the_history_says_how_often_the_best_was_bettered(logdir: Path) -> None:
    view, tables = sent(opened(hp_look="tradeoffs", hp_offs="history", hp_best="m:last:eval/accuracy"), "scatter")
    assert view["note"] == "best 0.85, bettered 0 times; 1 left out"
    assert tables["mark0"]["y"] == [pytest.approx(0.85)] * 5


def test_the_value_of_a_metric_is_the_one_that_is_asked_for(logdir: Path) -> None:
    app = opened(hp_look="scatter", hp_value="min", hp_x="hp:lr")
    view, tables = sent(app, "scatter")
    assert view["axes"][1]["title"] == "eval/loss (min)"
    assert tables["rows"]["value1"] == pytest.approx([0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    app = opened(hp_look="scatter", hp_value="where_low", hp_where="last:eval/loss", hp_y="m:where_low(last%3Aeval/loss):eval/accuracy")  # fmt: skip
    assert sent(app, "scatter")[1]["rows"]["value1"] == pytest.approx([0.9, 0.85, 0.8, 0.75, 0.7, 0.65])


def test_another_value_of_metrics_takes_the_axes_along(logdir: Path) -> None:
    app = opened(hp_look="parallel")
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
    _view, tables = sent(opened(hp_look="scatter", hp_grouped="true"), "scatter")
    assert tables["rows"]["value1"] == pytest.approx([0.05, 0.25])
    assert sent(opened(), "sheet")[0]["total"] == 4


def test_what_matters_ranks_hyperparameters_and_is_honest_about_few_runs(logdir: Path) -> None:
    app = opened(hp_look="matters", hp_target="m:last:eval/accuracy")
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
    for look in ("parallel", "scatter", "matters", "tradeoffs"):
        app = opened(hp_look=look)
        assert "One session: there is nothing to compare it with yet." in said(app)
        assert sent(app, "sheet")[0]["total"] == 1


def test_without_metrics_every_view_still_says_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in range(3):
        session(tmp_path / f"run{place}", {"lr": float(place)}, place, [])
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    assert sent(opened(hp_look="parallel"), "parallel")[0]["legend"] == {"title": ""}
    assert "These sessions have no metrics." in said(opened(hp_look="matters"))
    assert "These sessions have no metrics." in said(opened(hp_look="tradeoffs"))
    assert sent(opened(hp_look="scatter", hp_form="matrix"), "scatter")[0]["cells"]
    assert "There is no metric to map." in said(opened(hp_look="scatter", hp_form="map"))

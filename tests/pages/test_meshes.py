"""The Meshes tab as the server makes it: which panels, which shapes, from where, and what is wrong with some."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from tbcore.formats.schema import MeshPluginData
from tests import eventfile
from tests.pages.visitor import visited

NAME = "events.out.tfevents.1.host"


def vertices(name: str, step: int, *points: float, batch: int = 1, config: str = "{}") -> bytes:
    """Return vertices of a mesh, three numbers each, the same ones `batch` times."""
    count = len(points) // 3
    about = MeshPluginData(name=name, content_type=1, json_config=config, shape=[batch, count, 3])
    meta = eventfile.metadata("mesh", about.SerializeToString())
    value = eventfile.tensor(f"{name}_VERTEX", "float", [*points] * batch, (batch, count, 3), meta)
    return eventfile.record(eventfile.event(step, value))


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs with a cloud at steps 0 and 5, one of them with two samples, and one with what is no mesh."""
    for place, run in enumerate(("first", "second")):
        records = [
            vertices(
                "cloud", step, step, place, 0, 1, 1, 1, batch=2 - place, config='{"camera": {"position": [0, 0, 9]}}'
            )
            for step in (0, 5)
        ]
        if place:
            value = eventfile.tensor("flat_VERTEX", "float", [1, 2], (2,), eventfile.metadata("mesh"))
            records.append(eventfile.record(eventfile.event(0, value)))
        eventfile.write(tmp_path / run / NAME, eventfile.version(eventfile.T0 + 100 * place), *records)
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    return tmp_path


def opened(**parameters: str | list[str]) -> AppTest:
    return visited("media", **{"tab": "meshes", **parameters})


def sent(app: AppTest) -> tuple[dict[str, Any], dict[str, dict[str, list[float]]]]:
    """Return what the tab sends to its component: the view and the tables."""
    (proto,) = [one.proto for one in app.get("bidi_component") if one.proto.component_name == "meshes"]
    data = json.loads(proto.mixed.json or proto.json)
    view = data.pop("view")
    blobs = {name: proto.mixed.arrow_blobs[reference["__streamlit_arrow_ref__"]] for name, reference in data.items()}
    return view, {name: pa.ipc.open_stream(blob.data).read_all().to_pydict() for name, blob in blobs.items()}


def titles(app: AppTest) -> list[tuple[str, str]]:
    return [(panel["title"], panel["words"]) for panel in sent(app)[0]["panels"]]


def test_each_run_of_a_mesh_has_a_panel_with_its_latest_shape(logdir: Path) -> None:
    app = opened()
    assert titles(app) == [
        ("cloud · first", "step 5 · 2 points · sample 1 of 2"),
        ("cloud · second", "step 5 · 2 points"),
        ("flat · second", "step 0: vertices have the shape [2] instead of [batch, n, 3]"),
    ]
    _view, tables = sent(app)
    assert tables["p1_points"] == {"x": [5, 1], "y": [1, 1], "z": [0, 1]}


def test_the_step_of_the_address_is_looked_at(logdir: Path) -> None:
    _view, tables = sent(opened(step="4"))
    assert tables["p0_points"]["x"] == [0, 1]
    assert titles(opened(step="-1"))[0] == ("cloud · first", "nothing up to this step")


def test_a_sample_is_chosen_for_all(logdir: Path) -> None:
    assert titles(opened(mesh_sample="2"))[0] == ("cloud · first", "step 5 · 2 points · sample 2 of 2")


def test_the_camera_is_that_of_the_address_else_that_of_the_writer(logdir: Path) -> None:
    view, _tables = sent(opened())
    assert view["home"]["eye"] == {"x": 0, "y": 0, "z": 2.1}
    assert view["camera"] is None
    view, _tables = sent(opened(camera="1,2,3,0,0,0,0,1,0"))
    assert view["camera"]["eye"] == {"x": 1, "y": 2, "z": 3}
    for wrong in ("1,2,3", "a,b,c,d,e,f,g,h,i", "nan,2,3,0,0,0,0,1,0", "1e9,2,3,0,0,0,0,1,0"):
        assert sent(opened(camera=wrong))[0]["camera"] is None


def test_runs_of_a_mesh_share_the_range_of_their_axes(logdir: Path) -> None:
    view, _tables = sent(opened())
    assert view["bounds"]["first\ncloud"] == view["bounds"]["second\ncloud"]
    assert view["bounds"]["second\nflat"] is None


def test_up_and_the_axes_are_as_chosen(logdir: Path) -> None:
    view, _tables = sent(opened(mesh_up="z", mesh_axes="false"))
    assert (view["home"]["up"], view["axes"]) == ({"x": 0, "y": 0, "z": 1}, False)


def test_a_cloud_without_a_finite_point_says_so_and_takes_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    eventfile.write(tmp_path / "run" / NAME, eventfile.version(), vertices("cloud", 0, float("nan"), 0, 0))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    view, _tables = sent(opened())
    assert [(one["form"], one["words"]) for one in view["panels"]] == [
        ("none", "step 0 · 1 point · 1 of 1 vertices left out: they are not finite")
    ]


def test_the_library_comes_from_this_server(logdir: Path) -> None:
    view, _tables = sent(opened())
    assert "/media/" in view["library"]
    assert "://" not in view["library"]


def test_only_the_selected_runs_and_the_tags_that_pass_are_shown(logdir: Path) -> None:
    assert [title for title, _words in titles(opened(tags="cloud", only="second"))] == ["cloud · second"]
    assert "No meshes to show" in "\n".join(one.value for one in opened(tags="nothing like it").main.markdown)


def test_many_panels_are_on_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [vertices(f"cloud{number}", 0, 0, 0, 0) for number in range(11)]
    eventfile.write(tmp_path / "run" / NAME, eventfile.version(), *records)
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    assert [title for title, _words in titles(opened())] == [f"cloud{number} · run" for number in range(8)]
    assert [title for title, _words in titles(opened(mesh_page="2"))] == [
        f"cloud{number} · run" for number in (8, 9, 10)
    ]


def test_too_many_points_are_thinned_out_and_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = [float(number % 1000) for number in range(3 * 200_001)]
    eventfile.write(tmp_path / "run" / NAME, eventfile.version(), vertices("cloud", 0, *points))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    view, tables = sent(opened())
    assert len(tables["p0_points"]["x"]) == 200_000
    (panel,) = view["panels"]
    assert (panel["words"], panel["notes"]) == (
        "step 0 · 200,001 points",
        ["200,000 of 200,001 points are drawn, evenly chosen"],
    )

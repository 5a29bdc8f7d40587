"""The Media page as the server makes it: its tabs, and what its images send to the browser."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tbcore.formats.tfrecord import EventWriter
from tests import eventfile
from tests.pages.visitor import visited

NAME = "events.out.tfevents.1.host"


def png(shade: int) -> bytes:
    """Return a PNG of one shade of grey."""
    file = io.BytesIO()
    Image.new("L", (6, 5), shade).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs with 3 samples of a tag at steps 0, 10, 20; the first also with a text and what is no image."""
    for place, run in enumerate(("first", "second")):
        with EventWriter(tmp_path / run, clock=lambda place=place: eventfile.T0 + 100 * place) as writer:
            for step in (0, 10, 20):
                writer.image("batch/x", [png(100 * place + step + k) for k in range(3)], step)
    bad = eventfile.event(0, eventfile.image("bad", 4, 4, b"<svg onload='alert(1)'/>"), wall=eventfile.T0)
    eventfile.write(tmp_path / "first" / NAME, eventfile.version(), eventfile.record(bad))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    return tmp_path


def opened(**parameters: str | list[str]) -> AppTest:
    return visited("media", **parameters)


def sent(app: AppTest) -> tuple[dict[str, Any], dict[str, pa.Table]]:
    """Return what the page sends to the component of the images: the view and the tables."""
    (board,) = [one.proto for one in app.get("bidi_component") if one.proto.component_name == "images"]
    data = json.loads(board.mixed.json or board.json)
    view = data.pop("view")
    blobs = {name: board.mixed.arrow_blobs[reference["__streamlit_arrow_ref__"]] for name, reference in data.items()}
    return view, {name: pa.ipc.open_stream(blob.data).read_all() for name, blob in blobs.items()}


def shades(app: AppTest, tag: str) -> list[int]:
    """Return the shade of each image that is shown of a tag."""
    view, tables = sent(app)
    (card,) = [card for card in view["cards"] if card["tag"] == tag]
    data = tables["thumbs"]["data"].to_pylist()
    images = [Image.open(io.BytesIO(data[tile["row"]])) for tile in card["tiles"] if tile["row"] >= 0]
    return [int(np.asarray(image).flat[0]) for image in images]


def words(app: AppTest) -> str:
    """Return all the text of the page."""
    return "\n".join(str(part.value) for part in [*app.main.subheader, *app.main.markdown, *app.main.code])


def test_the_tabs_count_tags_and_the_first_with_data_is_shown(logdir: Path) -> None:
    app = opened()
    (tabs,) = app.main.get("button_group")
    assert [option.content for option in tabs.proto.options] == ["Images  2", "Audio", "Text", "Meshes"]
    assert app.query_params["tab"] == "images"
    assert "No audio clips in these logs" in words(opened(tab="audio"))


def test_every_run_is_a_tile_with_the_latest_image(logdir: Path) -> None:
    app = opened()
    assert shades(app, "batch/x") == [20, 120]
    view, _tables = sent(app)
    (card,) = [card for card in view["cards"] if card["tag"] == "batch/x"]
    assert [(tile["run"], tile["step"], tile["samples"]) for tile in card["tiles"]] == [
        ("first", "20", 3),
        ("second", "20", 3),
    ]
    assert [(group["name"], group["cards"]) for group in view["groups"]] == [("batch", ["batch/x"]), ("", ["bad"])]


def test_the_address_says_step_sample_and_size(logdir: Path) -> None:
    app = opened(step="10", sample="2,batch/x", size="300", brightness="1.5")
    assert shades(app, "batch/x") == [11, 111]
    view, _tables = sent(app)
    assert view["settings"] | {"size": 300, "brightness": 1.5} == view["settings"]
    assert app.query_params["sample"] == "2,batch/x"


def test_a_run_may_be_at_a_step_of_its_own(logdir: Path) -> None:
    assert shades(opened(step="10", step_of="0,second"), "batch/x") == [10, 100]


def test_all_samples_are_side_by_side(logdir: Path) -> None:
    assert shades(opened(every="1", step="0"), "batch/x") == [0, 1, 2, 100, 101, 102]


def test_what_is_no_image_is_a_tile_with_the_reason_and_none_of_its_bytes(logdir: Path) -> None:
    view, tables = sent(opened(tags="bad"))
    ((tile,),) = [card["tiles"] for card in view["cards"]]
    assert (tile["error"], tile["row"]) == ("an SVG drawing: it may hold scripts and is not shown", -1)
    assert len(tables["thumbs"]) == 0


def test_the_address_opens_an_image_and_one_to_compare_it_with(logdir: Path) -> None:
    app = opened(
        image=["10", "2", "first", "batch/x"], **{"with": ["20", "1", "second", "batch/x"], "compare": "difference"}
    )
    view, tables = sent(app)
    assert (view["cards"], view["opened"]["mode"]) == (None, "difference")
    found = [
        (one["run"], one["step"], one["sample"], one["place"], one["places"])
        for one in (view["opened"]["first"], view["opened"]["second"])
    ]
    assert found == [("first", "10", 1, 1, 3), ("second", "20", 0, 2, 3)]
    assert len(tables["pixels"]) == 2
    assert app.query_params["image"] == ["10", "2", "first", "batch/x"]


@pytest.mark.parametrize(
    "image",
    [
        ["10", "1", "gone", "batch/x"],
        ["10", "1", "first", "gone"],
        ["x", "1", "first", "batch/x"],
        ["10"],
        ["10", "99", "first", "bad"],
    ],
)
def test_an_address_of_no_image_does_no_harm(logdir: Path, image: list[str]) -> None:
    view, _tables = sent(opened(image=image))
    assert view["opened"] is None or view["opened"]["first"]["error"]


def test_another_tab_takes_the_images_out_of_the_address(logdir: Path) -> None:
    app = opened(size="300")
    assert app.query_params["size"] == "300"
    assert "size" not in opened(tab="audio", size="300").query_params


def test_logs_without_media_say_how_to_log_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    eventfile.write(tmp_path / "a" / NAME, eventfile.version(), eventfile.scalar(0, "loss", 1.0))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    assert "No images in these logs" in words(opened())
    assert "add_images" in words(opened())


def test_runs_that_are_hidden_leave_the_cards_where_they_are(logdir: Path) -> None:
    view, _tables = sent(opened(only=""))
    assert [(card["tag"], card["tiles"]) for card in view["cards"]] == [("batch/x", []), ("bad", [])]


def test_three_hundred_runs_are_on_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(300):
        record = eventfile.record(
            eventfile.event(0, eventfile.image("x", 6, 5, png(index % 256)), wall=eventfile.T0 + index)
        )
        eventfile.write(tmp_path / f"run{index}" / NAME, eventfile.version(eventfile.T0 + index), record)
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    view, _tables = sent(opened(part="13,x"))
    (card,) = view["cards"]
    assert (card["runs"], card["part"], card["parts"], len(card["tiles"])) == (300, 12, 13, 12)
    assert card["tiles"][0]["run"] == "run288"

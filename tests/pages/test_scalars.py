"""The Scalars page as the server makes it: which cards, which runs, which points, and what it says without any."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from tests import eventfile
from tests.pages.visitor import APP, visited

NAME = "events.out.tfevents.1.host"
TAGS = ("eval/loss", "train/loss", "train/rate")
STEPS = 3000


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs with three tags of ten points and one of 3,000; the second started 100 s after the first."""
    for place, run in enumerate(("first", "second")):
        start = eventfile.T0 + 100 * place
        points = [eventfile.scalar(step, tag, step + place, start + step) for tag in TAGS for step in range(10)]
        points += [eventfile.scalar(step, "train/long", step % 7, start + step) for step in range(STEPS)]
        eventfile.write(tmp_path / run / NAME, eventfile.version(start), *points)
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    return tmp_path


def opened(**parameters: str | list[str]) -> AppTest:
    return visited("", **parameters)


def sent(app: AppTest) -> tuple[dict[str, Any], dict[str, pa.Table]]:
    """Return what the page sends to the component of the curves: the view and the tables."""
    (curves,) = [one.proto for one in app.get("bidi_component") if one.proto.component_name == "lines"]
    data = json.loads(curves.mixed.json or curves.json)
    view = data.pop("view")
    blobs = {name: curves.mixed.arrow_blobs[reference["__streamlit_arrow_ref__"]] for name, reference in data.items()}
    return view, {name: pa.ipc.open_stream(blob.data).read_all() for name, blob in blobs.items()}


def cards(app: AppTest) -> dict[str, list[str]]:
    """Return the runs drawn in each card, by tag."""
    view, _tables = sent(app)
    return {card["tag"]: [view["runs"][one["run"]]["name"] for one in card["series"]] for card in view["cards"]}


def words(app: AppTest) -> str:
    """Return all the text of the page."""
    parts = [*app.main.subheader, *app.main.markdown, *app.main.caption, *app.main.code, *app.main.warning]
    return "\n".join(str(part.value) for part in parts).replace("\\", "")


def table_of(app: AppTest, run: int) -> tuple[dict[str, Any], dict[str, list[float]]]:
    """Return what is said of one run of the first card, and its points by column."""
    view, tables = sent(app)
    card = view["cards"][0]
    one = card["series"][run]
    return one, tables[card["table"]].slice(one["start"], one["count"]).to_pydict()


def test_every_tag_has_a_card_and_every_run_a_line(logdir: Path) -> None:
    app = opened()
    both = ["first", "second"]
    assert cards(app) == {"eval/loss": both, "train/long": both, "train/loss": both, "train/rate": both}
    view, _tables = sent(app)
    assert [(group["name"], group["cards"]) for group in view["groups"]] == [
        ("eval", ["eval/loss"]),
        ("train", ["train/long", "train/loss", "train/rate"]),
    ]
    _second, points = table_of(app, 1)
    assert points["step"] == list(range(10))
    assert points["value"] == [step + 1.0 for step in range(10)]
    assert points["wall"] == [eventfile.T0 + 100 + step for step in range(10)]
    assert [run["start"] for run in view["runs"]] == [eventfile.T0, eventfile.T0 + 100]


def test_a_long_series_is_sent_as_its_extremes_with_its_ends(logdir: Path) -> None:
    first, points = table_of(opened(tags="long"), 0)
    assert (first["points"], first["whole"]) == (STEPS, False)
    assert len(points["step"]) <= 2 * 512 + 2
    assert (points["step"][0], points["step"][-1]) == (0, STEPS - 1)
    assert (min(points["value"]), max(points["value"])) == (0, 6)


def test_the_tag_filter_leaves_the_cards_that_match(logdir: Path) -> None:
    app = opened()
    app.text_input(key="tags").set_value("LOSS").run()
    assert list(cards(app)) == ["eval/loss", "train/loss"]
    app.text_input(key="tags").set_value("loss(").run()
    assert list(cards(app)) == ["eval/loss", "train/loss"]
    assert (
        "Not a regular expression: missing ), unterminated subpattern at position 5; still shown: `LOSS`"
        in " ".join(caption.value for caption in app.sidebar.caption)
        .replace("\\", "")
        .replace(":red[", "")
        .replace("]", "")
    )
    app.text_input(key="tags").set_value("nothing").run()
    assert "No scalars to show" in words(app)


@pytest.mark.parametrize(
    ("parameters", "shown"),
    [
        ({"only": "second"}, ["second"]),
        ({"only": ["first", "gone"]}, ["first"]),
        ({"except": "second"}, ["first"]),
        ({"runs": "SEC"}, ["second"]),
        ({"runs": "(wrong"}, ["first", "second"]),
    ],
)
def test_the_address_selects_runs(logdir: Path, parameters: dict[str, Any], shown: list[str]) -> None:
    assert cards(opened(tags="rate", **parameters)) == {"train/rate": shown}


def test_the_address_sets_the_toolbar(logdir: Path) -> None:
    view, _tables = sent(opened(smoothing="0.9", axis="wall", log="1"))
    assert view["settings"] | {"smoothing": 0.9, "axis": "wall", "log_y": True} == view["settings"]


@pytest.mark.parametrize("smoothing", ["nan", "-inf", "x", "7"])
def test_a_wrong_address_does_no_harm(logdir: Path, smoothing: str) -> None:
    view, _tables = sent(opened(smoothing=smoothing, axis="sideways", log="maybe"))
    assert view["settings"]["axis"] == "step"
    assert 0 <= view["settings"]["smoothing"] < 1


def test_hiding_every_run_leaves_the_cards_where_they_are(logdir: Path) -> None:
    assert cards(opened(tags="rate", only="")) == {"train/rate": []}


def test_an_address_that_cannot_be_read_says_so(logdir: Path) -> None:
    said = " ".join(caption.value for caption in opened(runs="(wrong").sidebar.caption)
    assert "The address names runs by `(wrong`, which cannot be read" in said


def test_logs_without_scalars_say_how_to_log_them(logdir: Path) -> None:
    for run in ("first", "second"):
        eventfile.write(logdir / run / NAME, eventfile.version(), eventfile.graph(b""))
    app = opened()
    app.switch_page(str(APP.parent / "pages" / "scalars.py")).run()
    assert "No scalars in these logs" in words(app)
    assert "add_scalar" in words(app)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("missing", ["This logdir cannot be read", "missing", "streamlit run app.py -- --logdir runs"]),
        ("file.txt", ["This logdir cannot be read", "file.txt", "streamlit run app.py -- --logdir runs"]),
        ("empty", ["No event files yet", "tfevents", "SummaryWriter"]),
    ],
)
def test_a_logdir_without_logs_is_one_clear_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: str, says: list[str]
) -> None:
    (tmp_path / "file.txt").write_text("hello")
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path / spec))
    app = opened()
    assert [part for part in says if part not in words(app)] == []


def test_beyond_500_runs_the_newest_100_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(501):
        start = eventfile.T0 + index
        eventfile.write(tmp_path / f"run{index}" / NAME, eventfile.scalar(0, "loss", index, start))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    assert cards(opened())["loss"] == [f"run{index}" for index in range(401, 501)]
    assert len(cards(opened(all="1"))["loss"]) == 501

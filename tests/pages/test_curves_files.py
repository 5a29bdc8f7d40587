"""What can be taken away of the cards of Scalars."""

import csv
import io
import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from pages.parts.curves_files import Choice, Seen, command, latex, sizes, vega_lite, write
from tbcore.analysis import scalars
from tbcore.analysis.run_groups import Group, Groups
from tbcore.analysis.smoothing import ema
from tbcore.series import Opened, Segment, Series
from tbcore.store.logdir import Logdir
from tbcore.ui import View
from tests import eventfile as ef
from tests.pages.visitor import press, visited

NAME = "events.out.tfevents.1.host"
BOTH = Groups((Group("both", ("both",), ("first", "second")),))


@pytest.fixture
def view(tmp_path) -> View:
    """Return what a visitor sees of two runs with two tags."""
    for place, run in enumerate(("first", "second")):
        points = [
            ef.scalar(step, tag, step + place, ef.T0 + step) for tag in ("a/loss", "b loss") for step in range(10)
        ]
        ef.write(tmp_path / run / NAME, ef.version(ef.T0 + place), *points)
    logdir = Logdir(tmp_path)
    logdir.refresh()
    colors = {"first": "#111111", "second": "#222222"}
    return View("my logs", logdir.runs, (True, True), "", _colors=colors)


def seen(view: View, **choices) -> Seen:
    cards: dict[str, list[Series]] = {}
    for one in view.series("scalars"):
        cards.setdefault(one.tag, []).append(one)
    return Seen(cards, **choices)


def test_all_points_of_the_window_of_each_card_are_written(view):
    found = seen(view, windows={"a/loss": (2.0, 3.0)})
    rows = list(csv.DictReader(io.StringIO(write(found, Choice(("a/loss", "b loss"), smoothed=False), "csv").decode())))
    counts = {tag: sum(row["tag"] == tag for row in rows) for tag in ("a/loss", "b loss")}
    assert counts == {"a/loss": 4, "b loss": 20}
    assert sizes(found, Choice(("a/loss", "b loss")))[0] == 24
    assert len(json.loads(write(found, Choice(("a/loss",), windows=False), "json"))) == 20


def test_smoothed_values_are_those_of_the_page(view):
    found = seen(view, smoothing=0.5, windows={"a/loss": (2.0, 3.0)})
    table = pq.read_table(io.BytesIO(write(found, Choice(("a/loss",)), "parquet")))
    np.testing.assert_array_equal(table["smoothed"].to_numpy()[:2], ema(np.arange(10.0), 0.5)[2:4])
    assert (
        "smoothed"
        not in pq.read_table(io.BytesIO(write(found, Choice(("a/loss",), smoothed=False), "parquet"))).schema.names
    )


def test_groups_are_written_in_place_of_runs(view):
    found = seen(view, groups=BOTH)
    rows = json.loads(write(found, Choice(("a/loss",)), "json"))
    assert rows[3] == {"group": "both", "tag": "a/loss", "step": 3, "value": 3.5, "low": 3.0, "high": 4.0, "runs": 2}
    assert json.loads(write(found, Choice(("a/loss",), grouped=False), "json"))[0]["run"] == "first"


def test_over_another_tag_points_are_still_counted_in_steps(view):
    across = {one.run: one for one in view.series("scalars") if one.tag == "b loss"}
    found = seen(view, axis="tag", axis_tag="b loss", across=across, windows={"a/loss": (2.0, 3.0)})
    assert len(json.loads(write(found, Choice(("a/loss",)), "json"))) == 20
    figure = json.loads(vega_lite(view, found, "a/loss", Choice(("a/loss",))))
    assert figure["layer"][0]["encoding"]["x"]["title"] == "b loss"


def test_a_figure_has_the_colours_of_the_page_and_the_range_that_is_seen(view):
    found = seen(view, log_y=True, windows={"a/loss": (2.0, 3.0)}, ranges={"a/loss": (1.0, 9.0)})
    figure = json.loads(vega_lite(view, found, "a/loss", Choice(("a/loss",))))
    scales = figure["layer"][0]["encoding"]
    assert scales["color"]["scale"] == {"domain": ["first", "second"], "range": ["#111111", "#222222"]}
    assert scales["x"]["scale"]["domain"] == [2, 3]
    assert scales["y"]["scale"] == {"type": "log", "domain": [1, 9], "nice": False}
    text = latex(view, found, "a/loss", Choice(("a/loss",))).decode()
    assert "xmin=2.0, xmax=3.0, ymin=1.0, ymax=9.0" in text
    assert r"\definecolor{runlens0}{HTML}{111111}" in text


def test_figures_show_differences_where_the_card_does_and_files_what_was_logged(view):
    logged = {one.run: one for one in view.series("scalars") if one.tag == "a/loss"}
    (apart,) = scalars.derived([logged["second"]], "a/loss - a/loss")
    found = seen(view, drawn={"a/loss": [apart]})
    figure = json.loads(vega_lite(view, found, "a/loss", Choice(("a/loss",))))
    assert {row["y"] for row in figure["data"]["values"]} == {0}
    assert len(json.loads(write(found, Choice(("a/loss",)), "json"))) == 20


def test_a_long_curve_is_reduced_in_a_figure_and_its_spike_is_not_lost():
    values = np.zeros(100_000, np.float32)
    values[54_321] = 1e6
    segment = Segment("f", Opened(0.0, 0.0), "v", np.arange(100_000), np.arange(100_000.0), values)
    long = Series("r", "loss", "scalars", (segment,), load=lambda *_: b"", decode=lambda *_: None)
    everything = View("x", (), (), "")
    figure = vega_lite(everything, Seen({"loss": [long]}), "loss", Choice(("loss",)))
    rows = json.loads(figure)["data"]["values"]
    assert len(rows) < 5_000
    assert [(row["x"], row["y"]) for row in rows if row["y"] > 0] == [(54_321, 1e6)]


@pytest.mark.parametrize(
    ("choices", "cards", "words"),
    [
        ({}, ("a/loss", "b loss"), "--out scalars.csv"),
        ({}, ("a/loss",), "--tags '^a/loss$' --out a_loss.csv"),
        ({}, ("b loss",), r"--tags '^b\ loss$' --out b_loss.csv"),
        ({"windows": {"a/loss": (-1.0, 3.5)}}, ("a/loss",), "--tags '^a/loss$' --window=-1:3.5 --out a_loss.csv"),
        ({"axis": "relative"}, ("a/loss",), "--tags '^a/loss$' --axis relative --out a_loss.csv"),
        ({"smoothing": 0.9}, ("a/loss",), "--tags '^a/loss$' --smoothing 0.9 --out a_loss.csv"),
        (
            {"smoothing": 5.0, "method": "median"},
            ("a/loss",),
            "--tags '^a/loss$' --smoothing 5 --method median --out a_loss.csv",
        ),
        (
            {"groups": BOTH, "by": "hparam:lr", "band": "std"},
            ("a/loss",),
            "--tags '^a/loss$' --group-by hparam:lr --middle mean --band std --out a_loss.csv",
        ),
    ],
)
def test_the_command_line_writes_the_same(view, choices, cards, words):
    assert command(view, seen(view, **choices), Choice(cards)) == (
        f"python -m tbcore export 'my logs' --kind scalars {words}"
    )


def test_the_command_line_names_runs_and_derived_curves(view):
    few = View(view.spec, view.runs, (True, False), "")
    (derived,) = scalars.derived(few.series("scalars"), "a/loss * 2")
    found = Seen({"= a/loss * 2": [derived], **seen(few).cards})
    assert command(few, found, Choice(("= a/loss * 2",))) == (
        "python -m tbcore export 'my logs' --kind scalars --runs '^first$' --derived 'a/loss * 2' --out a_loss_2.csv"
    )


# On the page ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def logdir(view, tmp_path, monkeypatch) -> str:
    """Return the logdir of the same two runs, which the app shows."""
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    return str(tmp_path)


def said(app) -> str:
    """Return the captions of the page, and of what opened over it."""
    return "\n".join(one.value for one in app.caption)


def test_the_dialog_holds_the_link_and_the_command(logdir):
    app = press(visited("scalars", smoothing="0.9", zoom="2,3,step,a/loss"), "Take away")
    link, words = (one.value for one in app.code)
    assert "smoothing=0.9" in link
    assert "zoom=2%2C3%2Cstep%2Ca%2Floss" in link
    assert words == (
        f"python -m tbcore export {logdir} --kind scalars --tags '^a/loss$' --window=2:3 --smoothing 0.9 --out a_loss.csv"
    )
    assert "2 runs, 4 points" in said(app)


def test_one_card_may_be_taken_or_all(logdir):
    app = press(visited("scalars"), "Take away")
    (card,) = [one for one in app.selectbox if one.label == "Card"]
    assert card.options == ["a/loss", "b loss", "All 2 cards"]


def test_what_is_too_large_is_left_to_the_command_line(logdir, monkeypatch):
    monkeypatch.setattr("pages.parts.curves_files.LARGEST", 100)
    app = press(visited("scalars"), "Take away")
    assert "the command below writes them" in said(app)
    assert [one for one in app.get("download_button") if one.label == "CSV"] == []

"""Custom scalars: the layout of a logdir, the tags of its charts, and lines with a band."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from tbcore import Logdir
from tbcore.analysis.curves import curve
from tbcore.analysis.custom_scalars import (
    Band,
    Category,
    Chart,
    Layout,
    Margin,
    Margins,
    Multiline,
    band,
    drawn,
    event_file,
    from_json,
    layout,
    matched,
    title,
    to_code,
)
from tbcore.formats.tfrecord import EventWriter
from tbcore.series import Opened, Segment, Series
from tests.fixtures import log, needs_fixtures, oracle

TAGS = ("loss", "loss/train", "train/loss", "LOSS", "acc")


def series(values: list[float], steps: list[int], tag: str = "x") -> Series:
    at = np.array(steps, np.int64)
    segment = Segment("f", Opened(0.0, 0.0), "simple_value", at, at + 1000.0, np.array(values, np.float32))
    return Series("run", tag, "scalars", (segment,), load=lambda *_: b"", decode=lambda *_: None)


def of(folder: Path) -> tuple[Layout | None, tuple[str, ...]]:
    logdir = Logdir(str(folder))
    logdir.refresh()
    return layout(logdir.find("custom_scalars"))


def test_the_latest_layout_of_each_run_counts(tmp_path: Path) -> None:
    with EventWriter(tmp_path / "a") as writer:
        writer.custom_scalars(Layout((Category("old"),)), 0)
        writer.custom_scalars(Layout((Category("new"),)), 1)
    with EventWriter(tmp_path / "b") as writer:
        writer.custom_scalars(Layout((Category("more"),)))
    assert of(tmp_path) == (Layout((Category("new"), Category("more"))), ())


def test_a_layout_that_cannot_be_read_is_told_and_the_others_stand(tmp_path: Path) -> None:
    with EventWriter(tmp_path / "a") as writer:
        writer.tensor("custom_scalars__config__", np.array(b"\x12\xff\xff", object), 0, "custom_scalars")
    with EventWriter(tmp_path / "b") as writer:
        writer.tensor("custom_scalars__config__", np.zeros(3), 0, "custom_scalars")
    with EventWriter(tmp_path / "c") as writer:
        writer.custom_scalars(Layout((Category("x"),)))
    found, problems = of(tmp_path)
    assert found == Layout((Category("x"),))
    assert [problem[:2] for problem in problems] == ["a:", "b:"]


def test_without_a_layout_there_is_none(tmp_path: Path) -> None:
    with EventWriter(tmp_path / "a") as writer:
        writer.scalar("loss", 1.0, 0)
    assert of(tmp_path) == (None, ())


@needs_fixtures
@pytest.mark.parametrize("name", ["tf_v2_all", "torch_all", "tensorboardX_all"])
def test_layouts_of_real_writers_are_what_tensorboard_says(name: str) -> None:
    found, problems = of(log(name))
    said = oracle(name)["http"]["custom_scalars_layout"]
    assert problems == ()
    assert found is not None
    assert found.categories == from_json(json.dumps(said)).categories


@needs_fixtures
@pytest.mark.parametrize("name", ["tf_v2_all", "torch_all", "tensorboardX_all"])
def test_expressions_match_the_tags_that_tensorboard_says(name: str) -> None:
    logdir = Logdir(str(log(name)))
    logdir.refresh()
    for answer in oracle(name)["http"]["custom_scalars"]:
        tags = [one.tag for one in logdir.find("scalars") if one.run == answer["run"]]
        found = matched(Chart("", Multiline((answer["regex"],))), tags)
        assert (not found.problems) == answer["regex_valid"]
        assert set(found.tags) == set(answer["tags"])


@pytest.mark.parametrize(
    ("patterns", "tags"),
    [
        (("loss",), ("loss", "loss/train")),
        (("loss$",), ("loss",)),
        ((".*loss",), ("loss", "loss/train", "train/loss")),
        (("acc", "loss$", "acc"), ("acc", "loss")),
        (("nothing",), ()),
        (("(?i)loss$",), ("loss", "LOSS")),
    ],
)
def test_an_expression_matches_from_the_start_of_a_tag(patterns: tuple[str, ...], tags: tuple[str, ...]) -> None:
    assert matched(Chart("", Multiline(patterns)), TAGS).tags == tags


def test_a_wrong_expression_is_told_and_the_others_stand() -> None:
    found = matched(Chart("", Multiline(("(", "", "acc", "x" * 2000))), TAGS)
    assert found.tags == ("acc",)
    assert len(found.problems) == 3
    assert "'(' is not a regular expression" in found.problems[0]


@pytest.mark.parametrize(
    "pattern", [r"(?R)?a", r"((a{1000}){1000}){1000}", "(" * 450 + "a" + ")" * 450, "(a+)+" * 100 + "b"]
)
def test_an_expression_that_takes_too_much_is_given_up(pattern: str) -> None:
    began = time.perf_counter()
    found = matched(Chart("", Multiline((pattern,) * 50)), ["a" * 200 + "!"] * 100)
    assert time.perf_counter() - began < 5
    assert found.tags == ()
    assert len(found.problems) == 50


def test_tags_of_bands_are_meant_as_they_are_written() -> None:
    chart = Chart("", Margins((Margin("loss", "los.", "acc"), Margin("loss", "LOSS", "acc"))))
    assert matched(chart, TAGS).tags == ("loss", "acc", "LOSS")
    assert matched(Chart(), TAGS).problems


def test_a_chart_without_a_title_is_called_after_its_expressions() -> None:
    assert title(Chart("Mine", Multiline(("a",)))) == "Mine"
    assert title(Chart("", Multiline(("a", "b")))) == "a, b"
    assert title(Chart("", Margins())) == title(Chart()) == "untitled"


MARGIN = Margin("value", "low", "high")


def test_a_band_lies_at_the_steps_of_all_three() -> None:
    found = band(
        MARGIN,
        {"value": series([2, 3], [0, 5]), "low": series([1, 2], [0, 5]), "high": series([4, 5], [0, 5])},
    )
    assert found is not None
    assert found.problem == ""
    assert found.steps.tolist() == [0, 5]
    assert found.wall_times.tolist() == [1000, 1005]
    assert (found.values.tolist(), found.lower.tolist(), found.upper.tolist()) == ([2, 3], [1, 2], [4, 5])


def test_steps_that_do_not_match_are_told() -> None:
    many = list(range(2000, 2010))
    found = band(MARGIN, {"value": series([0.0] * 10, many), "low": series([1], [0]), "high": series([], [])})
    assert found is not None
    assert found.problem == (
        "the steps of value, lower and upper do not match - value: 2,000, 2,001, 2,002, 2,003, 2,004, ... (10 in all); "
        "low: 0; high: none"
    )
    assert len(found.steps) == 0


def test_a_run_without_some_of_the_tags_is_told_and_one_without_all_is_not_meant() -> None:
    found = band(MARGIN, {"value": series([1], [0])})
    assert found is not None
    assert found.problem == "there is no data of 'low' and 'high'"
    assert band(MARGIN, {"other": series([1], [0])}) is None
    assert band(Margin("a", "a", "a"), {}) is None


def test_a_band_is_drawn_around_its_line_and_long_ones_keep_every_extreme() -> None:
    at = np.arange(10_000)
    values = np.sin(at / 50).astype(np.float32)
    lower, upper = values - 1, values + 1
    lower[123], upper[777] = -1e6, 1e6
    line = series(values.tolist(), at.tolist(), "value")
    made = drawn(Band(at, at + 1000.0, values, lower, upper), line)
    assert (made.series.run, made.series.tag, made.series.values.tolist()) == ("run", "value", values.tolist())
    found = curve(made.series, columns=100, band=made.band)
    assert found.band is not None
    low, high = found.band
    assert (low.min(), high.max()) == (-1e6, 1e6)
    assert len(found.points.steps) <= 600
    assert {0, 123, 777, 9_999} <= set(found.points.steps.tolist())


FULL = Layout(
    (
        Category(
            "Löss 😀",
            (
                Chart('a "quoted"', Multiline(("train/.*", "e\\d'\n"))),
                Chart("b", Margins((Margin("v", "l", "u"),))),
                Chart("c", Margins((Margin("v", "l", "u"), Margin("w", "l", "u")))),
                Chart("b", Multiline(("again",))),
                Chart("d"),
            ),
        ),
        Category("Closed", closed=True),
        Category("Closed"),
    )
)


def test_the_event_file_of_a_layout_is_read_as_that_layout(tmp_path: Path) -> None:
    (tmp_path / "layout").mkdir()
    (tmp_path / "layout" / "events.out.tfevents.0.layout").write_bytes(event_file(FULL, 1_760_000_000.0))
    assert of(tmp_path) == (FULL, ())


def test_the_code_of_a_layout_says_what_pytorch_can_write() -> None:
    found: list[object] = []

    class Writer:
        def add_custom_scalars(self, layout: object) -> None:
            found.append(layout)

    code = to_code(FULL)
    exec(code, {"writer": Writer()})
    assert found == [
        {
            "Löss 😀": {'a "quoted"': ["Multiline", ["train/.*", "e\\d'\n"]], "b": ["Margin", ["v", "l", "u"]]},
            "Closed": {},
        }
    ]
    assert code.count("    # ") == 4

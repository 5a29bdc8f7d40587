"""Scalars for notebooks: points, groups, derived curves and the lines of figures."""

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tbcore
from tbcore.analysis import scalars
from tbcore.analysis.run_groups import Group, Groups
from tbcore.analysis.scalar_files import Drawn
from tbcore.analysis.smoothing import ema
from tbcore.errors import ExpressionError
from tbcore.series import Opened, Segment, Series
from tests import eventfile as ef


def series(values, steps=None, *, run="run", tag="loss", start=1000.0) -> Series:
    at = np.arange(len(values)) if steps is None else np.asarray(steps, np.int64)
    segment = Segment("f", Opened(0.0, 0.0), "simple_value", at, at * 2.0 + start, np.asarray(values, np.float32))
    return Series(run, tag, "scalars", (segment,), load=lambda *_: b"", decode=lambda *_: None)


def restarted() -> Series:
    older = Segment("a", Opened(10.0, 20.0), "v", np.array([0, 1, 2]), np.arange(3.0), np.array([1.0, 99, 99]))
    newer = Segment("b", Opened(30.0, 40.0), "v", np.array([1, 2]), np.arange(2.0), np.array([5.0, 6.0]))
    return Series("run", "loss", "scalars", (older, newer), load=lambda *_: b"", decode=lambda *_: None)


BOTH = Groups((Group("both", ("both",), ("a", "b")),))


# Points --------------------------------------------------------------------------------------------------------------


def test_points_of_a_window_are_those_of_the_whole_curve_smoothed():
    table = scalars.points([series([1, 2, 3, 4])], window=(1, 2), weight=0.5)
    assert list(table.columns) == ["run", "tag", "step", "wall_time", "relative", "value", "smoothed"]
    assert list(table["step"]) == [1, 2]
    np.testing.assert_array_equal(table["smoothed"], ema(np.array([1.0, 2, 3, 4]), 0.5)[1:3])


def test_points_written_again_are_left_out_or_marked():
    assert list(scalars.points([restarted()])["value"]) == [1, 5, 6]
    assert list(scalars.points([restarted()], earlier=True)["superseded"]) == [False, True, True, False, False]


def test_nothing_has_the_same_columns_as_something():
    none, some = scalars.points([]), scalars.points([series([1])])
    assert none.dtypes.astype(str).to_dict() == some.dtypes.astype(str).to_dict()
    none, some = (scalars.grouped(found, BOTH) for found in ([], [series([1], run="a")]))
    assert list(none.columns) == list(some.columns)
    assert scalars.lines([]) == []


def test_the_library_gives_smoothed_windows_and_derived_curves(tmp_path):
    ef.write(
        tmp_path / "events.out.tfevents.1.x", ef.version(), *ef.curve("loss", [1.0, 2, 3]), *ef.curve("x", [1.0, 1, 1])
    )
    assert list(tbcore.scalars(tmp_path, tags="loss", smoothing=0.5, window=(1, 2)).columns) == [
        "run", "tag", "step", "wall_time", "value", "smoothed",
    ]  # fmt: skip
    table = tbcore.scalars(tmp_path, derived="loss - x")
    assert list(table["tag"].unique()) == ["loss - x"]
    assert list(table["value"]) == [0, 1, 2]
    assert set(tbcore.scalars(tmp_path, tags="^x$", derived="loss - x")["tag"]) == {"x", "loss - x"}


# Derived curves ------------------------------------------------------------------------------------------------------


def test_an_expression_makes_one_series_per_run_that_has_all_its_tags():
    logged = [series([4, 9], run="a"), series([1, 2], run="a", tag="eval"), series([5], run="b")]
    (found,) = scalars.derived(logged, "loss - eval")
    assert (found.run, found.tag) == ("a", "loss - eval")
    assert found.values.tolist() == [3, 7]


def test_a_wrong_expression_says_where():
    with pytest.raises(ExpressionError, match="character 8") as error:
        scalars.derived([series([1])], "loss + los")
    assert error.value.position == 7


# Groups --------------------------------------------------------------------------------------------------------------


def test_a_group_has_a_row_for_every_step_of_any_of_its_runs():
    logged = [series([0, 4], [0, 4], run="a"), series([2, 2, 8], [0, 2, 6], run="b")]
    table = scalars.grouped(logged, BOTH)
    assert table[["step", "value", "low", "high", "runs"]].to_numpy().tolist() == [
        [0, 1, 0, 2, 2],
        [2, 2, 2, 2, 2],
        [4, 4.5, 4, 5, 2],
        [6, 8, 8, 8, 1],
    ]
    assert (table["group"] == "both").all()


def test_runs_of_no_group_stand_alone_under_their_names():
    table = scalars.grouped([series([1], run="a"), series([2], run="c")], Groups(BOTH.groups, ("c",)))
    assert list(zip(table["group"], table["value"], strict=True)) == [("both", 1), ("c", 2)]


def test_groups_by_time_since_the_start_meet_at_the_same_seconds():
    logged = [series([1, 3], run="a", start=0.0), series([3, 5], run="b", start=500.0)]
    table = scalars.grouped(logged, BOTH, axis="relative", window=(2, 2), weight=0.5)
    assert table[["relative", "value", "runs"]].to_numpy().tolist() == [[2, 4, 2]]
    assert table["smoothed"][0] == pytest.approx(ema(np.array([2.0, 4.0]), 0.5)[1])


# Figures -------------------------------------------------------------------------------------------------------------


def test_a_smoothed_line_has_the_logged_one_pale_behind_it():
    pale, line = scalars.lines([series([1, 2, 3])], weight=0.5, colors={"run": "#123456"})
    assert (pale.pale, line.pale, line.color, line.name) == (True, False, "#123456", "run")
    assert pale.y.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(line.y, ema(np.array([1.0, 2, 3]), 0.5))


def test_a_window_keeps_one_point_more_on_either_side():
    (line,) = scalars.lines([series(range(9))], window=(3, 5))
    assert line.x.tolist() == [2, 3, 4, 5, 6]
    assert scalars.lines([series(range(9))], window=(20, 30)) == []


def test_lines_of_several_tags_are_called_by_both_names():
    assert [line.name for line in scalars.lines([series([1]), series([1], tag="acc")])] == ["run · loss", "run · acc"]


def test_a_group_is_a_line_with_a_band():
    (line,) = scalars.lines([series([0, 4], run="a"), series([2, 2], run="b")], groups=BOTH, band="minmax")
    assert (line.name, line.y.tolist()) == ("both", [1, 3])
    assert (line.low.tolist(), line.high.tolist()) == ([0, 2], [2, 4])


def test_over_another_tag_x_is_its_value_and_runs_without_it_have_no_line():
    logged = [series([1, 2], run="a"), series([1, 2], run="b")]
    (line,) = scalars.lines(logged, across={"a": series([10, 20], run="a", tag="lr")})
    assert (line.name, line.x.tolist(), line.y.tolist()) == ("a", [10, 20], [1, 2])


def test_time_counts_from_the_start_of_the_run():
    (line,) = scalars.lines([series([1, 2])], axis="relative", starts={"run": 990.0})
    assert line.x.tolist() == [10, 12]


def test_thin_lines_keep_what_stands_out_in_the_line_and_in_its_band():
    x, flat = np.arange(10_000), np.zeros(10_000)
    y, low, high = flat.copy(), flat - 1, flat + 1
    y[4321], low[5000], high[6000] = 50, -70, 90
    (line,) = scalars.thinned([Drawn("a", "#000000", x, y, low=low, high=high)], columns=100)
    assert len(line.x) < 700
    assert (line.y.max(), line.low.min(), line.high.max()) == (50, -70, 90)


def test_the_overview_is_a_plain_frame():
    table = scalars.overview([series([3, 1, 2])])
    assert isinstance(table, pd.DataFrame)
    assert table.loc[0, ["last", "min", "best_step"]].tolist() == [2, 1, 1]
    assert not math.isnan(table.loc[0, "max"])


# The README ----------------------------------------------------------------------------------------------------------


def test_the_notebook_of_the_readme_does_what_it_says(tmp_path, monkeypatch):
    for place, name in enumerate(("lr=0.1/a", "lr=0.1/b", "lr=0.2/a")):
        curves = [
            *ef.curve("loss", [2.0, 1.0]),
            *ef.curve("train/loss", [2.0, 1.0]),
            *ef.curve("eval/loss", [3.0, 2.0]),
        ]
        ef.write(tmp_path / "runs" / name / "events.out.tfevents.1.x", ef.version(ef.T0 + place), *curves)
    readme = Path(__file__).resolve().parents[2] / "README.md"
    (example,) = [
        part for part in re.findall(r"```python\n(.*?)```", readme.read_text(), re.DOTALL) if "altair" in part
    ]
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(example, names)
    assert [line.name for line in names["lines"]] == ["0.1", "0.1", "0.2", "0.2"]

"""Curves as they are compared: differences, expressions, other axes, groups; and what is remembered of them."""

import gc

import numpy as np

from tbcore.analysis import compared
from tbcore.analysis.compared import Made
from tbcore.analysis.curves import curve
from tbcore.analysis.expressions import parse
from tbcore.analysis.known import Recent
from tbcore.series import Opened, Segment, Series


def series(steps: list[int], values: list[float], run: str = "run", tag: str = "tag", start: float = 1000.0) -> Series:
    times = start + np.array(steps, np.float64)
    points = (np.array(steps, np.int64), times, np.array(values, np.float32))
    segment = Segment("f", Opened(0.0, 0.0), "simple_value", *points)
    return Series(run, tag, "scalars", (segment,), load=lambda *_: b"", decode=lambda *_: None)


def test_a_difference_is_a_series_of_the_same_run_at_its_own_steps() -> None:
    ours, base = Made(series([0, 1, 2, 9], [5, 5, 5, 5])), Made(series([0, 2], [1, 3], "base"))
    found = compared.apart(ours, base, percent=False)
    assert (found.series.run, found.series.steps.tolist()) == ("run", [0, 1, 2])
    assert found.series.values.tolist() == [4, 3, 2]
    assert (found.interpolated, found.left_out) == (1, 1)


def test_an_expression_is_a_series_that_is_called_like_it() -> None:
    by_tag = {"a": series([0, 1], [1, 2], tag="a"), "b": series([0, 1], [10, 20], tag="b")}
    found = compared.derived(parse("a + b", by_tag), by_tag)
    assert found is not None
    assert (found.series.tag, found.series.values.tolist()) == ("a + b", [11, 22])
    assert compared.derived(parse("a + b", by_tag), {"a": by_tag["a"]}) is None


def test_a_series_over_another_tag_keeps_its_steps() -> None:
    found = compared.over(Made(series([0, 1, 2], [7, 8, 9])), series([0, 2], [100, 300], tag="x"))
    assert found.x is not None
    assert found.x.tolist() == [100, 200, 300]
    assert found.series.steps.tolist() == [0, 1, 2]
    assert found.interpolated == 1


def test_a_group_is_a_series_with_a_band_and_counts() -> None:
    every = [Made(series([0, 2], [0, 2], "a")), Made(series([0, 1], [4, 4], "b"))]
    found = compared.of_group("both", every, "mean", "minmax")
    assert (found.series.run, found.series.steps.tolist()) == ("both", [0, 1, 2])
    assert found.series.values.tolist() == [2, 2.5, 2]
    assert found.band is not None
    assert (found.band[0].tolist(), found.band[1].tolist()) == ([0, 1, 2], [4, 4, 2])
    assert found.runs is not None
    assert found.runs.tolist() == [2, 2, 1]
    assert found.interpolated == 1


def test_on_relative_time_a_group_meets_since_the_start_of_each_run() -> None:
    every = [Made(series([0, 1], [0, 2], "a", start=100)), Made(series([0, 1], [4, 4], "b", start=900))]
    found = compared.of_group("both", every, "mean", "minmax", "relative", {"a": 100.0, "b": 900.0})
    assert found.series.wall_times.tolist() == [0, 1]
    assert found.series.values.tolist() == [2, 3]


def test_the_curve_of_a_group_keeps_its_band_at_the_points_it_is_reduced_to() -> None:
    steps = list(range(5000))
    every = [Made(series(steps, np.sin(np.arange(5000)).tolist(), run)) for run in ("a", "b")]
    found = compared.of_group("both", every, "mean", "minmax")
    drawn = curve(found.series, columns=100, band=found.band, runs=found.runs)
    assert drawn.band is not None
    assert drawn.runs is not None
    assert len(drawn.points.steps) == len(drawn.band[0]) == len(drawn.band[1]) == len(drawn.runs) < 700
    assert drawn.band[0].tolist() == drawn.points.values.tolist()


def test_what_was_made_is_remembered_while_what_it_was_made_of_is_there() -> None:
    made: list[int] = []

    def make() -> bytes:
        made.append(1)
        return b"12345"

    recent: Recent[bytes] = Recent(len, 12)
    one, other = series([0], [0]), series([0], [0])
    assert [recent([one, other], "how", make) for _ in range(3)] == [b"12345"] * 3
    assert len(made) == 1
    recent([other, one], "how", make)
    assert len(recent) == 2
    recent([one], "how", make)
    assert len(recent) == 2  # 15 bytes are too many
    del one
    gc.collect()
    recent([series([0], [0]), other], "how", make)
    assert len(made) == 4

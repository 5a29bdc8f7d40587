"""Tables of scalars: at a step, over a range, against a baseline, at a glance."""

import math
import time

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tbcore import Logdir
from tbcore.analysis.scalar_tables import AT_STEP, OVER_RANGE, OVERVIEW, against_baseline, at_step, over_range, overview
from tbcore.analysis.smoothing import ema, smoothed
from tbcore.series import Opened, Segment, Series
from tests.fixtures import log, needs_fixtures


def series(values: list[float] | np.ndarray, steps: list[int] | np.ndarray | None = None, *, run="run", tag="loss"):
    at = np.arange(len(values)) if steps is None else np.asarray(steps, np.int64)
    segment = Segment("f", Opened(0.0, 0.0), "simple_value", at, at * 2.0 + 1000.0, np.asarray(values, np.float32))
    return Series(run, tag, "scalars", (segment,), load=lambda *_: b"", decode=lambda *_: None)


def row(table: pd.DataFrame, number: int = 0) -> dict:
    return table.iloc[number].to_dict()


def test_a_row_holds_the_point_nearest_to_the_step() -> None:
    logged = series([1, 2, 3], [0, 10, 20])
    assert [row(at_step([logged], step))["step"] for step in (-5, 4, 6, 14, 99, 1e9)] == [0, 0, 10, 10, 20, 20]
    found = row(at_step([logged], 12))
    assert found == {
        "run": "run",
        "tag": "loss",
        "smoothed": 2,
        "value": 2,
        "step": 10,
        "relative": 20,
        "wall_time": 1020,
    }


def test_of_two_steps_as_near_the_smaller_is_taken_and_of_equal_ones_the_last_written() -> None:
    assert row(at_step([series([1, 2], [0, 10])], 5))["step"] == 0
    assert row(at_step([series([1, 2], [10, 0])], 5))["step"] == 0
    assert row(at_step([series([1, 2, 3], [7, 7, 9])], 7))["value"] == 2


def test_without_a_step_it_is_the_last_point_and_no_points_give_no_row() -> None:
    table = at_step([series([1, 2]), series([])])
    assert len(table) == 1
    assert row(table)["value"] == 2
    assert list(at_step([]).columns) == list(AT_STEP)


def test_time_is_relative_to_the_start_of_the_run_where_it_is_known() -> None:
    assert row(at_step([series([1, 2])], 1, starts={"run": 990.0}))["relative"] == 12


@pytest.mark.parametrize(
    ("method", "weight"), [("ema", 0.9), ("twema", 0.9), ("gaussian", 3), ("mean", 5), ("median", 5)]
)
@pytest.mark.parametrize(
    "values", [np.random.default_rng(0).normal(size=50), np.full(50, 0.3), [0.3] * 20 + [1.0] * 30]
)
def test_the_smoothed_value_is_that_of_the_whole_curve(method: str, weight: float, values: np.ndarray) -> None:
    logged = series(values)
    expected = smoothed(logged.values, method, weight)
    for step in (0, 10, 19, 20, 49):
        assert row(at_step([logged], step, weight=weight, method=method))["smoothed"] == expected[step]


def test_a_value_that_is_not_finite_is_shown_at_its_step() -> None:
    assert math.isnan(row(at_step([series([1, math.nan])], 1))["value"])


def test_a_range_is_told_from_its_first_point_to_its_last() -> None:
    found = row(over_range([series([9, 4, 1, 3, 2, 9], [0, 10, 20, 30, 40, 50])], (10, 40)))
    assert found["min"] == 1
    assert found["max"] == 4
    assert (found["start"], found["end"], found["change"], found["change_percent"]) == (4, 2, -2, -50)
    assert found["mean"] == 2.5
    assert found["std"] == pytest.approx(np.std([4, 1, 3, 2], ddof=1))
    assert found["slope"] == pytest.approx(stats.linregress([10, 20, 30, 40], [4, 1, 3, 2]).slope)
    assert (found["start_step"], found["end_step"], found["min_step"], found["max_step"]) == (10, 40, 20, 10)
    assert (found["points"], found["nan"], found["inf"]) == (4, 0, 0)


def test_a_range_that_ends_at_the_first_point_has_its_numbers() -> None:
    found = row(over_range([series([5, 6, 7])], (-10, 0)))
    assert (found["min"], found["max"], found["mean"], found["change"]) == (5, 5, 5, 0)
    assert math.isnan(found["std"])
    assert math.isnan(found["slope"])


def test_least_mean_and_greatest_are_of_the_same_values() -> None:
    logged = series(np.random.default_rng(1).normal(size=100))
    found = row(over_range([logged], (10, 60), weight=0.9))
    assert found["min"] == logged.values[10:61].min()
    assert found["mean"] == pytest.approx(logged.values[10:61].mean(dtype=float))
    found = row(over_range([logged], (10, 60), weight=0.9, of="smoothed"))
    smooth = ema(logged.values, 0.9)[10:61]
    assert (found["min"], found["max"], found["start"]) == (smooth.min(), smooth.max(), smooth[0])
    assert found["mean"] == pytest.approx(smooth.mean())


def test_a_change_from_zero_has_no_percent_and_one_from_below_keeps_its_sign() -> None:
    assert math.isnan(row(over_range([series([0, 5])]))["change_percent"])
    assert row(over_range([series([-2, -1])]))["change_percent"] == 50


def test_only_finite_values_count_and_the_others_are_counted() -> None:
    found = row(over_range([series([math.nan, 2, math.inf, 4, -math.inf])]))
    assert (found["min"], found["max"], found["mean"], found["start_step"], found["end_step"]) == (2, 4, 3, 1, 3)
    assert (found["points"], found["nan"], found["inf"]) == (5, 1, 2)


@pytest.mark.parametrize("values", [[], [math.nan, math.nan]])
def test_without_a_finite_value_a_row_is_empty(values: list[float]) -> None:
    table = over_range([series(values)])
    assert table[[*OVER_RANGE[2:15]]].isna().all(axis=None)
    assert table["points"].tolist() == [len(values)]


def test_a_range_of_seconds_is_taken_from_the_wall_times() -> None:
    logged = series([1, 2, 3, 4])  # a point every 2 seconds from 1000 on
    assert row(over_range([logged], (1002, 1004), axis="wall"))["start_step"] == 1
    assert row(over_range([logged], (2, 4), axis="relative"))["end_step"] == 2
    found = row(over_range([logged], (12, 14), axis="relative", starts={"run": 990.0}))
    assert (found["start_step"], found["end_step"], found["slope"]) == (1, 2, 0.5)


def test_slopes_over_times_since_the_epoch_keep_their_digits() -> None:
    at = np.arange(1000)
    segment = Segment("f", Opened(0.0, 0.0), "scalar", at, 1.7e9 + at * 0.5, 3.0 * at)
    logged = Series("run", "x", "scalars", (segment,), load=lambda *_: b"", decode=lambda *_: None)
    assert row(over_range([logged], axis="wall"))["slope"] == pytest.approx(6.0, rel=1e-12)


def test_steps_out_of_order_begin_at_the_least() -> None:
    found = row(over_range([series([1, 2, 3, 4], [5, 0, 9, 9])]))
    assert (found["start"], found["end"], found["start_step"], found["end_step"]) == (2, 4, 0, 9)


def test_points_that_were_written_again_do_not_count() -> None:
    older = Segment(
        "a", Opened(10.0, 20.0), "simple_value", np.array([0, 1, 2]), np.arange(3.0), np.array([1.0, 99, 99])
    )
    newer = Segment("b", Opened(30.0, 40.0), "simple_value", np.array([1, 2]), np.arange(2.0), np.array([5.0, 6.0]))
    logged = Series("run", "loss", "scalars", (older, newer), load=lambda *_: b"", decode=lambda *_: None)
    assert row(over_range([logged]))["max"] == 6
    assert row(at_step([logged], 1))["value"] == 5
    assert row(overview([logged]))["sparkline"] == [1, 5, 6]


def test_an_overview_tells_last_least_greatest_and_best() -> None:
    table = overview([series([3, 1, 2]), series([3, 1, 2], tag="acc"), series([3, 1, 2], tag="lr")])
    assert list(table.columns) == list(OVERVIEW)
    assert table["last"].tolist() == [2, 2, 2]
    assert table["better"].tolist() == ["low", "high", ""]
    assert table["best"].tolist()[:2] == [1, 3]
    assert table["best_step"].tolist()[:2] == [1, 0]
    assert table["best_step"].isna().tolist() == [False, False, True]
    assert table["sparkline"][0] == [3, 1, 2]


def test_a_sparkline_has_40_means_and_gaps_where_nothing_is_finite() -> None:
    values = np.arange(4000.0)
    values[:150] = math.nan
    values[200] = math.inf
    table = overview([series(values)])
    sparks = table["sparkline"][0]
    assert len(sparks) == 40
    assert math.isnan(sparks[0])
    assert sparks[1] == np.arange(150, 200).mean()
    assert sparks[-1] == np.arange(3900, 4000).mean()
    assert (table["nan"][0], table["inf"][0]) == (150, 1)


def test_an_overview_of_nothing_finite_has_no_best() -> None:
    found = row(overview([series([math.nan]), series([])]), 0)
    assert math.isnan(found["best"])
    assert found["points"] == 1


def test_a_table_is_told_against_a_baseline() -> None:
    table = over_range([series([1, 4], run="a"), series([1, 2], run="b"), series([5, 0], run="b", tag="only b")])
    found = against_baseline(table, "b", ["end", "start"])
    assert found["end_difference"].tolist() == [2, 0, 0]
    assert found["end_percent"].tolist() == [100, 0, 0]
    found = against_baseline(table, "a", ["end"])
    assert found["end_percent"].tolist()[:2] == [0, -50]
    assert math.isnan(found["end_difference"][2])
    found = against_baseline(table, "nobody", ["end"])
    assert found["end_difference"].isna().all()


@needs_fixtures
@pytest.mark.parametrize("name", ["edge_values", "edge_interleaved", "edge_resumed", "edge_tags", "torch_all"])
def test_logs_of_real_writers_are_told_without_a_warning(name: str) -> None:
    logdir = Logdir(str(log(name)))
    logdir.refresh()
    every = list(logdir.find("scalars"))
    assert len(overview(every)) == len(over_range(every)) == len(every)
    assert len(over_range(every, (3, 9), axis="relative", weight=0.9, of="smoothed")) == len(every)
    assert len(at_step(every, 5, weight=0.9)) == sum(len(one) > 0 for one in every)


def test_a_hundred_runs_of_twenty_thousand_points_are_told_quickly() -> None:
    random = np.random.default_rng(2)
    every = [series(random.normal(size=20_000), run=str(n)) for n in range(100)]
    over_range(every[:1]), overview(every[:1]), at_step(every[:1], 5, weight=0.9)
    began = time.thread_time()
    over_range(every, (100, 19_000))
    overview(every)
    at_step(every, 15_000, weight=0.9)
    assert time.thread_time() - began < 1

"""Curves: smoothing, and what is drawn of more points than a screen has pixels."""

import math
import time

import numpy as np
import pytest

from tbcore.analysis.curves import curve, reduced
from tbcore.analysis.smoothing import ema, smoothed
from tbcore.series import Opened, Segment, Series


def series(steps: list[int] | np.ndarray, values: list[float] | np.ndarray, walls: np.ndarray | None = None) -> Series:
    times = np.arange(len(steps), dtype=float) + 1000 if walls is None else walls
    segment = Segment(
        "f", Opened(0.0, 0.0), "simple_value", np.asarray(steps, np.int64), times, np.asarray(values, np.float32)
    )
    return Series("run", "tag", "scalars", (segment,), load=lambda *_: b"", decode=lambda *_: None)


def test_few_points_are_all_kept() -> None:
    assert reduced(np.arange(20), np.zeros(20), 10).tolist() == list(range(20))


def test_a_spike_of_one_step_among_a_million_points_is_kept() -> None:
    values = np.sin(np.arange(1_000_000) / 1000)
    values[333_333] = 1e6
    kept = reduced(np.arange(1_000_000), values, 400)
    assert 333_333 in kept
    assert len(kept) <= 2 * 400 + 2


def test_first_and_last_point_are_kept_and_order_is_that_of_the_log() -> None:
    values = np.random.default_rng(1).normal(size=10_000)
    kept = reduced(np.arange(10_000), values, 50)
    assert kept[0] == 0
    assert kept[-1] == 9_999
    assert (np.diff(kept) > 0).all()


def test_the_extremes_of_every_pixel_column_are_kept() -> None:
    values = np.random.default_rng(2).normal(size=10_000).astype(np.float32)
    kept = set(reduced(np.arange(10_000), values, 100).tolist())
    for first in range(0, 9_900, 100):  # x runs over 9,999 in 100 columns: a column is 99.99 wide
        inside = np.arange(first + 1, first + 99)
        low, high = inside[values[inside].argmin()], inside[values[inside].argmax()]
        edges = {first, first + 99, first + 100}
        assert low in kept or min(values[list(edges & set(range(10_000)))]) <= values[low]
        assert high in kept or max(values[list(edges & set(range(10_000)))]) >= values[high]


@pytest.mark.parametrize("seed", range(20))
def test_no_column_loses_its_least_or_greatest_value(seed: int) -> None:
    random = np.random.default_rng(seed)
    count, columns = int(random.integers(500, 20_000)), int(random.integers(10, 200))
    x = np.sort(random.choice(10**6, count)) if seed % 2 else np.sort(random.exponential(size=count)).cumsum()
    y = random.standard_cauchy(count).astype(np.float32 if seed % 3 else np.float64)
    y[random.integers(0, count, 5)] = math.nan
    low, high = float(x[0]), float(x[-1])
    column = np.minimum(((x - low) * (columns / (high - low))).astype(int), columns - 1)
    kept = reduced(x, y, columns)
    for number in np.unique(column):
        inside, shown = y[column == number], y[kept[column[kept] == number]]
        if not np.isnan(inside).all():
            assert (np.nanmin(shown), np.nanmax(shown)) == (np.nanmin(inside), np.nanmax(inside))
        assert np.isnan(inside).any() == np.isnan(shown).any()


@pytest.mark.parametrize("width", [1_000_000, 100_000, 7_777, 900, 30, 2])
def test_a_spike_is_there_at_every_zoom(width: int) -> None:
    values = np.sin(np.arange(1_000_000) / 1000).astype(np.float32)
    values[765_432] = 1e6
    window = (765_432 - width * 0.4, 765_432 + width * 0.6)
    drawn = curve(series(np.arange(1_000_000), values), columns=300, window=window)
    place = drawn.points.steps.tolist().index(765_432)
    assert drawn.points.values[place] == 1e6


def test_a_million_points_are_reduced_in_ten_milliseconds() -> None:
    values = np.random.default_rng(6).normal(size=1_000_000).astype(np.float32)
    steps = np.arange(1_000_000)
    reduced(steps, values, 800)
    best = math.inf
    for _ in range(5):
        began = time.thread_time()
        reduced(steps, values, 800)
        best = min(best, time.thread_time() - began)
    assert best < 0.010


def test_nan_and_both_infinities_of_a_column_are_kept() -> None:
    values = np.zeros(1000)
    values[[500, 501, 502, 503]] = [math.nan, math.inf, -math.inf, math.nan]
    kept = reduced(np.arange(1000), values, 10).tolist()
    assert {500, 501, 502} <= set(kept)


def test_a_series_that_is_nan_throughout_is_reduced_all_the_same() -> None:
    assert 10 <= len(reduced(np.arange(1000), np.full(1000, math.nan), 10)) <= 12


def test_steps_that_run_to_and_fro_are_reduced_by_stretches_of_points() -> None:
    steps = np.tile([0, 1_000_000], 50_000)
    values = np.arange(100_000.0)
    kept = reduced(steps, values, 100)
    assert len(kept) <= 6 * 100
    assert kept[0] == 0
    assert kept[-1] == 99_999


def test_equal_steps_are_one_column_and_lose_no_extreme() -> None:
    values = np.array([5.0, -7.0, 9.0] * 100)
    kept = reduced(np.full(300, 7), values, 10)
    assert {-7.0, 9.0} <= set(values[kept])


def test_wall_times_that_are_not_finite_do_not_stop_the_drawing() -> None:
    walls = np.arange(1000.0)
    walls[[10, 20]] = [math.nan, math.inf]
    assert len(reduced(walls, np.arange(1000.0), 10)) > 0


def test_a_short_curve_is_whole() -> None:
    drawn = curve(series([0, 1, 2], [1, 2, 3]), weight=0.6, columns=10)
    assert drawn.whole
    assert drawn.total == 3
    assert drawn.points.values.tolist() == [1, 2, 3]
    assert drawn.smoothed is None


def test_a_long_curve_is_reduced_and_its_smoothed_values_are_those_of_all_points() -> None:
    values = np.random.default_rng(3).normal(size=5000).astype(np.float32)
    drawn = curve(series(np.arange(5000), values), weight=0.9, columns=100)
    assert not drawn.whole
    assert drawn.total == 5000
    places = drawn.points.steps
    np.testing.assert_array_equal(drawn.points.values, values[places])
    assert drawn.smoothed is not None
    np.testing.assert_array_equal(drawn.smoothed, ema(values, 0.9)[places])


def test_column_means_hold_every_finite_value_once() -> None:
    values = np.arange(5000, dtype=np.float32)
    values[100] = math.nan
    drawn = curve(series(np.arange(5000), values), weight=0.9, columns=100)
    assert drawn.means is not None
    assert drawn.counts is not None
    assert drawn.counts.sum() == 4999
    np.testing.assert_allclose((drawn.means.values * drawn.counts).sum(), np.nansum(values.astype(float)))


def test_a_window_shows_its_points_and_one_on_either_side() -> None:
    drawn = curve(series(np.arange(0, 100, 10), np.arange(10.0)), columns=100, window=(35.0, 52.0))
    assert drawn.points.steps.tolist() == [30, 40, 50, 60]
    assert not drawn.whole


def test_a_window_between_two_points_shows_both() -> None:
    drawn = curve(series([0, 100], [1, 2]), columns=100, window=(40.0, 60.0))
    assert drawn.points.steps.tolist() == [0, 100]


def test_a_window_is_smoothed_with_what_came_before_it() -> None:
    values = np.random.default_rng(4).normal(size=1000).astype(np.float32)
    drawn = curve(series(np.arange(1000), values), weight=0.9, columns=100, window=(500.0, 520.0))
    assert drawn.smoothed is not None
    np.testing.assert_array_equal(drawn.smoothed, ema(values, 0.9)[499:522])


@pytest.mark.parametrize("method", ["twema", "gaussian", "mean", "median"])
def test_a_curve_smoothed_in_a_way_that_browsers_do_not_know_comes_smoothed(method: str) -> None:
    values = np.random.default_rng(5).normal(size=1000).astype(np.float32)
    logged = series(np.arange(1000), values)
    expected = smoothed(values, method, 0.9 if method == "twema" else 9)
    weight = 0.9 if method == "twema" else 9.0
    for columns, window in ((1000, None), (100, None), (100, (500.0, 520.0))):
        drawn = curve(logged, weight=weight, method=method, columns=columns, window=window, with_everything=True)
        assert not drawn.whole
        assert drawn.everything is None
        assert drawn.smoothed is not None
        np.testing.assert_array_equal(drawn.smoothed, expected[drawn.points.steps])


def test_a_relative_window_counts_from_the_start_of_the_run() -> None:
    drawn = curve(series([1, 2, 3, 4], [1, 2, 3, 4]), columns=100, axis="relative", window=(1.5, 1.6), start=1000.0)
    assert drawn.points.steps.tolist() == [2, 3]


def test_points_of_earlier_attempts_are_drawn_only_on_request() -> None:
    older = Segment("a", Opened(10.0, 20.0), "simple_value", np.array([0, 1, 2, 3]), np.arange(4.0), np.arange(4.0))
    newer = Segment("b", Opened(30.0, 40.0), "simple_value", np.array([2, 3]), np.arange(2.0), np.array([20.0, 30.0]))
    both = Series("run", "tag", "scalars", (older, newer), load=lambda *_: b"", decode=lambda *_: None)
    assert curve(both).points.values.tolist() == [0, 1, 20, 30]
    assert curve(both, superseded=True).points.values.tolist() == [2, 3]


@pytest.mark.parametrize("count", [0, 1])
def test_no_point_and_one_point_are_drawn_as_they_are(count: int) -> None:
    drawn = curve(series([5] * count, [1.5] * count), weight=0.6)
    assert drawn.points.values.tolist() == [1.5] * count

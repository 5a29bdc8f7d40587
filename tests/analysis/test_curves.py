"""Curves: smoothing, and what is drawn of more points than a screen has pixels."""

import math

import numpy as np
import pytest

from tbcore.analysis.curves import curve, reduced, smooth
from tbcore.series import Opened, Segment, Series


def series(steps: list[int] | np.ndarray, values: list[float] | np.ndarray, walls: np.ndarray | None = None) -> Series:
    times = np.arange(len(steps), dtype=float) + 1000 if walls is None else walls
    segment = Segment(
        "f", Opened(0.0, 0.0), "simple_value", np.asarray(steps, np.int64), times, np.asarray(values, np.float32)
    )
    return Series("run", "tag", "scalars", (segment,), load=lambda *_: b"", decode=lambda *_: None)


def test_smoothing_is_the_debiased_moving_average() -> None:
    np.testing.assert_allclose(smooth(np.array([1.0, 2.0, 4.0]), 0.5), [1.0, 5 / 3, 3.0])
    np.testing.assert_allclose(smooth(np.array([10.0, 0.0]), 0.9), [10.0, 9 / 1.9])


def test_weight_zero_leaves_the_values_alone_and_weight_one_does_not_debias() -> None:
    np.testing.assert_array_equal(smooth(np.array([3.0, 1.0]), 0.0), [3.0, 1.0])
    np.testing.assert_array_equal(smooth(np.array([3.0, 1.0]), 1.0), [0.0, 0.0])
    np.testing.assert_array_equal(smooth(np.array([3.0, 1.0]), -1.0), [3.0, 1.0])


def test_values_that_are_not_finite_are_passed_through_and_do_not_enter_the_average() -> None:
    smoothed = smooth(np.array([1.0, math.nan, 2.0, math.inf, 4.0]), 0.5)
    np.testing.assert_allclose(smoothed, [1.0, math.nan, 5 / 3, math.inf, 3.0])


def test_a_constant_series_stays_exactly_as_it_is() -> None:
    np.testing.assert_array_equal(smooth(np.full(1000, 0.1), 0.99), np.full(1000, 0.1))
    assert smooth(np.zeros(0), 0.5).shape == (0,)


def test_a_long_series_is_averaged_to_the_same_numbers_as_a_plain_loop() -> None:
    values = np.random.default_rng(0).normal(size=5000)
    last, power, expected = 0.0, 1.0, []
    for value in values:
        last, power = last * 0.9 + 0.1 * value, power * 0.9
        expected.append(last / (1 - power))
    np.testing.assert_allclose(smooth(values, 0.9), expected, rtol=1e-12)


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
    np.testing.assert_array_equal(drawn.smoothed, smooth(values, 0.9)[places])


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
    np.testing.assert_array_equal(drawn.smoothed, smooth(values, 0.9)[499:522])


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

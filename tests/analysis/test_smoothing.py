"""Smoothing: TensorBoard's and W&B's averages, and averages over points on both sides, against other programs' numbers."""

import math
import time

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter1d

from tbcore.analysis.smoothing import (
    SMOOTHINGS,
    ema,
    gaussian,
    is_smooth,
    running_mean,
    running_median,
    smoothed,
    time_weighted,
    warm,
)

NOISE = np.random.default_rng(0).normal(size=5_000).cumsum()


def test_the_average_of_three_values_is_that_of_tensorboard() -> None:
    third = ((0.5 * 0.4 + 0.4 * 0.6) * 0.6) / (1 - 0.6**3)
    np.testing.assert_allclose(ema(np.array([1.0, 0.5, 0.0]), 0.6), [1.0, 0.6875, third], rtol=1e-15)
    third = (0.4 + 0.5 * 0.4 * 0.6) / (1 - 0.6**3)
    np.testing.assert_allclose(ema(np.array([0.0, 0.5, 1.0]), 0.6), [0.0, 0.3125, third], rtol=1e-15)


def test_a_long_series_is_averaged_to_the_same_numbers_as_a_plain_loop() -> None:
    values = np.random.default_rng(0).normal(size=5000)
    last, power, expected = 0.0, 1.0, []
    for value in values:
        last, power = last * 0.9 + 0.1 * value, power * 0.9
        expected.append(last / (1 - power))
    np.testing.assert_allclose(ema(values, 0.9), expected, rtol=1e-12)


def test_what_is_not_finite_is_passed_through_and_not_counted_as_tensorboard_does() -> None:
    values = np.array([-math.inf, 1.0, math.nan, math.inf, 0.5])
    np.testing.assert_allclose(ema(values, 0.6), [-math.inf, 1.0, math.nan, math.inf, 0.6875])


@pytest.mark.parametrize("weight", [0.0, -1.0, math.nan, math.inf, -math.inf])
def test_a_weight_below_zero_or_not_finite_changes_nothing(weight: float) -> None:
    assert ema(np.array([1.0, 0.5]), weight).tolist() == [1.0, 0.5]
    assert time_weighted(np.array([1.0, 0.5]), weight, np.arange(2)).tolist() == [1.0, 0.5]


@pytest.mark.parametrize("weight", [1.0, 2.0])
def test_a_weight_of_one_or_more_gives_zero_as_tensorboard_does(weight: float) -> None:
    assert ema(np.array([1.0, 0.5, 0.0]), weight).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("method", list(SMOOTHINGS))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_constant_series_stays_exactly_as_it_is(method: str, dtype: type) -> None:
    values = np.full(1000, 0.3, dtype)
    for parameter in (SMOOTHINGS[method].default, SMOOTHINGS[method].high):
        np.testing.assert_array_equal(smoothed(values, method, parameter), values.astype(np.float64))


@pytest.mark.parametrize("method", list(SMOOTHINGS))
@pytest.mark.parametrize("count", [0, 1, 2, 3, 7])
def test_few_points_are_smoothed_too(method: str, count: int) -> None:
    values = np.arange(count, dtype=np.float32)
    for parameter in (SMOOTHINGS[method].default, SMOOTHINGS[method].high):
        found = smoothed(values, method, parameter)
        assert found.dtype == np.float64
        assert len(found) == count
        assert (found >= 0).all()
        assert (found <= max(count - 1, 0)).all()


@pytest.mark.parametrize("method", list(SMOOTHINGS))
def test_values_that_are_not_finite_stay_where_they_are_and_spoil_no_other(method: str) -> None:
    values = NOISE.copy()
    values[[0, 10, 11, 500, 4_999]] = [math.nan, math.inf, -math.inf, math.nan, math.nan]
    for parameter in (SMOOTHINGS[method].default, SMOOTHINGS[method].high):
        found = smoothed(values, method, parameter)
        strange = ~np.isfinite(values)
        np.testing.assert_array_equal(found[strange], values[strange])
        assert np.isfinite(found[~strange]).all()


@pytest.mark.parametrize("method", list(SMOOTHINGS))
def test_a_series_of_nan_alone_stays_one(method: str) -> None:
    assert np.isnan(smoothed(np.full(100, math.nan), method, SMOOTHINGS[method].default)).all()


@pytest.mark.parametrize("method", list(SMOOTHINGS))
def test_at_the_low_end_of_its_range_a_smoothing_changes_nothing(method: str) -> None:
    low = SMOOTHINGS[method].low
    np.testing.assert_array_equal(smoothed(NOISE, method, low), NOISE)
    np.testing.assert_array_equal(smoothed(NOISE, method, math.nan), NOISE)
    assert not is_smooth(method, low)
    assert is_smooth(method, SMOOTHINGS[method].default)


@pytest.mark.parametrize("method", list(SMOOTHINGS))
def test_values_are_not_changed_and_not_handed_out(method: str) -> None:
    values = np.arange(10.0)
    for parameter in (SMOOTHINGS[method].low, SMOOTHINGS[method].default):
        smoothed(values, method, parameter)[:] = 7
    assert values.tolist() == list(range(10))


def test_the_time_weighted_average_is_that_of_its_definition() -> None:
    x, y = np.array([0.0, 1.0, 2.0, 4.0, 10.0]), np.array([1.0, 3.0, 2.0, 8.0, 4.0])
    weight, last, weights, expected = math.sqrt(0.9), 0.0, 0.0, []
    for i in range(5):
        factor = weight ** ((x[i] - x[max(i - 1, 0)]) / 10.0 * 1000.0)
        last, weights = last * factor + y[i], weights * factor + 1
        expected.append(last / weights)
    np.testing.assert_allclose(time_weighted(y, 0.9, x), expected, rtol=1e-12)


def test_curves_of_different_density_are_smoothed_alike_by_time() -> None:
    fine, coarse = np.linspace(0, 1, 20_001), np.linspace(0, 1, 2_001)
    dense = time_weighted(np.sin(9 * fine), 0.95, fine)
    sparse = time_weighted(np.sin(9 * coarse), 0.95, coarse)
    assert np.abs(dense[::10] - sparse)[100:].max() < 0.01


def test_the_extent_of_the_chart_counts_for_the_time_weighted_average() -> None:
    x = np.arange(100)
    values = NOISE[:100]
    np.testing.assert_allclose(time_weighted(values, 0.9, x, 99.0), time_weighted(values, 0.9, x))
    wider = time_weighted(values, 0.9, x, 9_900.0)
    assert np.abs(np.diff(wider)).sum() < np.abs(np.diff(time_weighted(values, 0.9, x))).sum()


def test_steps_that_run_back_or_stand_still_are_no_distance() -> None:
    values = np.array([4.0, 2.0, 6.0])
    for x in (np.array([5, 5, 5]), np.array([9, 5, 1]), np.array([0.0, math.nan, math.nan])):
        np.testing.assert_allclose(time_weighted(values, 0.5, x), [4.0, 3.0, 4.0])


@pytest.mark.parametrize("window", [3, 11, 101, 1001])
def test_means_and_medians_are_those_of_pandas(window: int) -> None:
    rolling = pd.Series(NOISE).rolling(window, center=True, min_periods=1)
    np.testing.assert_allclose(running_mean(NOISE, window), rolling.mean(), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(running_median(NOISE, window), rolling.median())


def test_windows_with_gaps_are_those_of_pandas() -> None:
    values = NOISE.copy()
    values[::3] = math.nan
    rolling = pd.Series(values).rolling(5, center=True, min_periods=1)
    known = ~np.isnan(values)
    np.testing.assert_allclose(running_mean(values, 5)[known], rolling.mean()[known], rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(running_median(values, 5)[known], rolling.median()[known])


def test_an_even_window_takes_one_point_more() -> None:
    np.testing.assert_array_equal(running_mean(NOISE, 4), running_mean(NOISE, 5))
    np.testing.assert_array_equal(running_median(NOISE, 4), running_median(NOISE, 5))


def test_a_window_wider_than_the_series_is_the_whole_series() -> None:
    np.testing.assert_allclose(running_mean(np.array([1.0, 2.0, 6.0]), 1001), [3.0, 3.0, 3.0])
    np.testing.assert_allclose(running_median(np.array([1.0, 2.0, 6.0]), 1001), [2.0, 2.0, 2.0])


@pytest.mark.parametrize(
    ("deviation", "error"), [(0.5, 1e-14), (2.0, 1e-14), (32.0, 1e-14), (50.0, 2e-3), (777.0, 2e-3)]
)
def test_the_bell_is_that_of_scipy(deviation: float, error: float) -> None:
    noise = np.random.default_rng(1).normal(size=20_000)
    above = gaussian_filter1d(noise, deviation, mode="constant", truncate=4.0)
    below = gaussian_filter1d(np.ones(len(noise)), deviation, mode="constant", truncate=4.0)
    expected = above / below
    assert np.abs(gaussian(noise, deviation) - expected).max() <= error * expected.std() + 1e-14


def test_a_spike_leaves_no_trace_beyond_the_window() -> None:
    values = np.where(np.arange(1000) == 500, 1e30, 0.1)
    for found in (running_mean(values, 11), gaussian(values, 2.0)):
        np.testing.assert_allclose(found[:490], 0.1, rtol=1e-12)
        np.testing.assert_allclose(found[511:], 0.1, rtol=1e-12)
    np.testing.assert_allclose(running_median(values, 11), 0.1, rtol=1e-7)


def test_a_method_nobody_knows_is_refused() -> None:
    with pytest.raises(KeyError):
        smoothed(NOISE, "magic", 1.0)


def test_the_cheap_ones_take_no_more_than_20_ns_a_point() -> None:
    warm()
    values = np.random.default_rng(2).normal(size=2_000_000).astype(np.float32)
    steps = np.arange(len(values))
    for method, parameter in (("ema", 0.9), ("twema", 0.9), ("mean", 101), ("gaussian", 1000.0)):
        best = math.inf
        for _ in range(5):
            began = time.thread_time()
            smoothed(values, method, parameter, steps)
            best = min(best, time.thread_time() - began)
        assert best / len(values) < 2 * 20e-9, method  # other work on the same core slows it down

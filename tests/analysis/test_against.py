"""A curve against another tag, a baseline, and the rest of its card."""

import math

import numpy as np
import pytest

from tbcore.analysis.against import against, difference, not_finite, not_positive, outlier_range, partitions
from tbcore.analysis.curves import Points


def points(steps: list[int], values: list[float]) -> Points:
    at = np.array(steps, np.int64)
    return Points(at, at + 1000.0, np.array(values, np.float32))


def test_a_tag_is_drawn_over_another_at_its_own_steps() -> None:
    found = against(points([0, 10, 20], [100, 200, 300]), points([0, 5, 20], [1, 2, 3]))
    assert found.x.tolist() == [100, 150, 300]
    assert found.y.tolist() == [1, 2, 3]
    assert found.steps.tolist() == [0, 5, 20]
    assert found.wall_times.tolist() == [1000, 1005, 1020]
    assert (found.interpolated, found.left_out) == (1, 0)


def test_points_at_which_the_other_is_not_known_are_left_out_and_counted() -> None:
    found = against(points([5, 10], [1, math.nan]), points([0, 5, 7, 10, 20], [1, 2, 3, 4, 5]))
    assert found.y.tolist() == [2]
    assert found.left_out == 4


def test_steps_that_only_one_has_may_be_left_out() -> None:
    found = against(points([0, 10], [1, 2]), points([0, 5, 10], [1, 2, 3]), interpolate=False)
    assert found.y.tolist() == [1, 3]
    assert (found.interpolated, found.left_out) == (0, 1)


def test_the_order_is_that_of_the_steps_and_x_may_run_back() -> None:
    found = against(points([0, 1, 2], [5, 9, 1]), points([2, 0, 1], [3, 1, 2]))
    assert found.x.tolist() == [5, 9, 1]
    assert found.y.tolist() == [1, 2, 3]


def test_a_difference_is_taken_at_the_steps_that_the_baseline_covers() -> None:
    found, interpolated = difference(points([0, 2, 4, 9], [1, 2, 3, 4]), points([2, 6], [10, 30]))
    assert found.steps.tolist() == [2, 4]
    assert found.values.tolist() == [-8, -17]
    assert interpolated == 1


def test_a_difference_in_percent_is_of_the_size_of_the_baseline() -> None:
    found, _ = difference(points([0, 1, 2], [-1, 3, 1]), points([0, 1, 2], [-2, 2, 0]), percent=True)
    np.testing.assert_array_equal(found.values, [50, 50, math.nan])


@pytest.mark.parametrize("percent", [False, True])
def test_without_points_there_is_no_difference(percent: bool) -> None:
    for one, other in (([], [1]), ([1], []), ([], [])):
        found, _ = difference(points(one, one), points(other, other), percent=percent)
        assert len(found.steps) == 0


def test_a_part_begins_where_x_runs_back() -> None:
    assert partitions(np.array([0, 1, 2, 1, 2, 2, 0])).tolist() == [0, 3, 6]
    assert partitions(np.array([math.nan, 2.0, math.nan, 3.0, 1.0, math.inf, 2.0])).tolist() == [0, 4]
    assert partitions(np.zeros(0)).tolist() == []
    assert partitions(np.array([5])).tolist() == [0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", [3, 4, 20, 21, 100, 5_003])
def test_outliers_are_beyond_the_values_that_sorting_finds(dtype: type, count: int) -> None:
    random = np.random.default_rng(count)
    values = (random.normal(size=count) * 10.0 ** random.integers(-5, 5, count)).astype(dtype)
    curves = [values[: count // 3], values[count // 3 :], np.array([math.nan, math.inf, -math.inf], dtype)]
    ordered = np.sort(values)
    expected = ordered[math.ceil((count - 1) * 0.05)], ordered[math.floor((count - 1) * 0.95)]
    assert outlier_range(curves) == expected


def test_float32_and_float64_are_looked_at_together() -> None:
    found = outlier_range([np.arange(50, dtype=np.float32), np.arange(50, 101, dtype=np.float64)])
    assert found == (5, 95)


def test_of_two_values_none_is_an_outlier() -> None:
    assert outlier_range([np.array([1.0, 1e9, math.nan])]) is None
    assert outlier_range([]) is None


def test_zeros_of_both_signs_and_equal_values_are_no_outliers() -> None:
    assert outlier_range([np.array([0.0, -0.0, 0.0, -0.0])]) == (0, 0)
    assert outlier_range([np.full(1000, -2.5)]) == (-2.5, -2.5)


def test_what_a_logarithmic_axis_cannot_show_is_counted() -> None:
    assert not_positive(np.array([1.0, 0.0, -0.0, -3.0, math.nan, math.inf, -math.inf])) == 3
    assert not_positive(np.zeros(0)) == 0


def test_what_is_not_finite_is_counted() -> None:
    assert not_finite(np.array([1.0, math.nan, math.inf, -math.inf])) == (1, 2)
    assert not_finite(np.zeros(0, np.float32)) == (0, 0)

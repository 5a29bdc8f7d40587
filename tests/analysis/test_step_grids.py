"""Curves read at the same places: what is known between points, and what is not."""

import math

import numpy as np
import pytest

from tbcore.analysis.step_grids import in_order, read_at, rising, shared, union


def test_a_curve_is_known_at_its_points_and_on_straight_lines_between_them() -> None:
    found, between = read_at(np.array([0, 1, 2, 5, 10]), np.array([0, 2, 10]), np.array([1.0, 3.0, 11.0]))
    np.testing.assert_allclose(found, [1, 2, 3, 6, 11])
    assert between == 2


def test_a_curve_is_not_known_before_its_first_point_or_after_its_last() -> None:
    found, between = read_at(np.array([-1, 0, 5, 6]), np.array([0, 5]), np.array([1.0, 2.0]))
    np.testing.assert_array_equal(found, [math.nan, 1, 2, math.nan])
    assert between == 0


def test_a_value_that_is_not_finite_is_there_at_its_own_step_and_unknown_beside_it() -> None:
    x, y = np.array([0, 2, 4, 6]), np.array([0.0, math.inf, 4.0, 6.0])
    found, between = read_at(np.arange(7), x, y)
    np.testing.assert_array_equal(found, [0, math.nan, math.inf, math.nan, 4, 5, 6])
    assert between == 1


@pytest.mark.parametrize("kind", [np.int64, np.float64])
def test_what_is_read_is_what_numpy_interpolates(kind: type) -> None:
    random = np.random.default_rng(0)
    x = np.sort(random.choice(10_000, 1_000, replace=False)).astype(kind)
    y = random.normal(size=1_000)
    grid = np.arange(10_000).astype(kind)
    found, between = read_at(grid, x, y)
    inside = (grid >= x[0]) & (grid <= x[-1])
    np.testing.assert_allclose(found[inside], np.interp(grid[inside], x, y), rtol=1e-9, atol=1e-12)
    assert np.isnan(found[~inside]).all()
    assert between == inside.sum() - 1_000


@pytest.mark.parametrize("grid", [np.zeros(0, np.int64), np.arange(3)])
def test_no_points_are_known_nowhere(grid: np.ndarray) -> None:
    found, between = read_at(grid, np.zeros(0, np.int64), np.zeros(0))
    assert np.isnan(found).all()
    assert len(found) == len(grid)
    assert between == 0


def test_points_in_order_are_taken_as_they_are() -> None:
    assert in_order(np.array([1, 2, 9])) == slice(None)
    assert rising(np.array([], np.int64))
    assert not rising(np.array([1.0, math.nan, 3.0]))
    assert not rising(np.array([math.nan, 1.0]))


def test_of_equal_steps_the_last_written_is_taken() -> None:
    assert list(np.arange(5)[in_order(np.array([3, 1, 3, 2, 1]))]) == [4, 3, 2]


def test_what_is_not_finite_is_no_place() -> None:
    assert list(np.arange(4)[in_order(np.array([2.0, math.nan, 1.0, math.inf]))]) == [2, 0]


def test_the_union_has_every_place_once_and_the_shared_ones_are_in_all() -> None:
    a, b, c = np.array([1, 2, 5]), np.array([2, 3, 5]), np.array([5, 9])
    assert union([a, b, c]).tolist() == [1, 2, 3, 5, 9]
    assert shared([a, b, c]).tolist() == [5]
    assert shared([a, a.copy()]).tolist() == [1, 2, 5]
    assert union([a, a.copy()]) is a
    assert len(union([])) == 0
    assert len(shared([])) == 0

"""Fronts, histories, trends, surfaces and boxes: literal numbers in, literal numbers out."""

import math
import time

import numpy as np
import pytest

from tbcore.analysis.sheets import Column, Sheet, number_cells, text_cells
from tbcore.analysis.tradeoffs import boxes, history, pareto, surface, trend

NAN, INF = math.nan, math.inf


def sheet(**columns):
    """Return a sheet of columns of numbers or text; a name that ends in _high has its good end there, others low."""
    made, cells = [], {}
    for name, values in columns.items():
        text = any(isinstance(value, str) for value in values)
        role = "hparam" if name.startswith("hp") else "metric"
        made.append(Column(name, name, role, "text" if text else "number", better="high" if "high" in name else "low"))
        cells[name] = text_cells(values) if text else number_cells(values)
    count = len(next(iter(columns.values())))
    names = tuple(f"r{row}" for row in range(count))
    return Sheet(names, tuple(made), cells, tuple((name,) for name in names))


# Fronts --------------------------------------------------------------------------------------------------------------


def test_a_row_is_on_the_front_unless_another_is_as_good_in_all_and_better_in_one():
    table = sheet(loss=[1, 2, 3, 2, 1], time=[3, 2, 1, 3, 4])
    assert pareto(table, ["loss", "time"]).tolist() == [True, True, True, False, False]


def test_each_metric_has_its_good_end():
    table = sheet(loss=[1, 2, 3], acc_high=[0.5, 0.9, 0.7])
    assert pareto(table, ["loss", "acc_high"]).tolist() == [True, True, False]
    assert pareto(table, ["loss", "acc_high"], ["high", "low"]).tolist() == [True, False, True]
    assert pareto(table, ["loss", "acc_high"], ["low", ""]).tolist() == [True, False, False]


def test_equal_rows_are_on_the_front_together():
    table = sheet(loss=[1, 1, 2], time=[1, 1, 2])
    assert pareto(table, ["loss", "time"]).tolist() == [True, True, False]


def test_a_row_without_a_finite_value_is_never_on_the_front():
    table = sheet(loss=[NAN, None, -INF, 1], time=[0, 0, 0, 5])
    assert pareto(table, ["loss", "time"]).tolist() == [False, False, False, True]


def test_three_metrics_have_a_front_too():
    table = sheet(a=[1, 2, 2, 3], b=[2, 1, 2, 3], c=[2, 2, 1, 3])
    assert pareto(table, ["a", "b", "c"]).tolist() == [True, True, True, False]


def test_one_metric_or_none_or_no_rows_are_no_trouble():
    assert pareto(sheet(a=[2, 1, 1]), ["a"]).tolist() == [False, True, True]
    assert pareto(sheet(a=[2, 1, 1]), []).tolist() == [False] * 3
    assert pareto(sheet(a=[None]), ["a"]).tolist() == [False]


def test_the_front_is_what_comparing_all_pairs_gives():
    rng = np.random.default_rng(0)
    points = rng.integers(0, 12, (200, 3)).astype(float)
    dominated = [any((other <= one).all() and (other < one).any() for other in points) for one in points]
    table = sheet(a=points[:, 0].tolist(), b=points[:, 1].tolist(), c=points[:, 2].tolist())
    assert pareto(table, ["a", "b", "c"]).tolist() == [not one for one in dominated]


def test_five_thousand_rows_all_on_the_front_take_less_than_a_second():
    x = np.linspace(0, 1, 5000)
    table = sheet(a=x.tolist(), b=(1 - x).tolist(), c=[0.0] * 5000)
    begun = time.process_time()
    assert pareto(table, ["a", "b", "c"]).all()
    assert time.process_time() - begun < 1


# Over time -----------------------------------------------------------------------------------------------------------


def test_a_history_is_in_the_order_of_time_and_keeps_the_best():
    found = history(sheet(loss=[3, 1, 2, 5], start=[30, 20, 10, 40]), "loss", "start")
    assert found.rows.tolist() == [2, 1, 0, 3]
    assert found.values.tolist() == [2, 1, 3, 5]
    assert found.best.tolist() == [2, 1, 1, 1]
    assert found.improved.tolist() == [True, True, False, False]


def test_a_history_of_what_is_better_high_keeps_the_highest():
    found = history(sheet(acc_high=[0.5, 0.4, 0.9], start=[1, 2, 3]), "acc_high", "start")
    assert found.best.tolist() == [0.5, 0.5, 0.9]
    assert history(sheet(acc_high=[5, 4], start=[1, 2]), "acc_high", "start", "low").best.tolist() == [5, 4]


def test_rows_without_a_time_or_a_finite_value_are_left_out_of_a_history_and_counted():
    found = history(sheet(loss=[3, NAN, INF, None, 1], start=[1, 2, 3, 4, None]), "loss", "start")
    assert (found.values.tolist(), found.left_out) == ([3], 4)


def test_equal_times_stay_in_the_order_of_the_rows():
    assert history(sheet(loss=[3, 1, 2], start=[1, 1, 1]), "loss", "start").rows.tolist() == [0, 1, 2]


# Lines ---------------------------------------------------------------------------------------------------------------


def test_a_trend_is_the_line_of_least_squares_with_its_band():
    found = trend(np.array([1.0, 2, 3, 4]), np.array([2.0, 4, 5, 4]))
    assert (found.slope, found.intercept, found.n) == (pytest.approx(0.7), pytest.approx(2.0), 4)
    assert found.r == pytest.approx(0.7181848)
    assert found.rank == pytest.approx(0.6324555)
    assert (found.x[0], found.x[-1], found.y[0], found.y[-1]) == pytest.approx((1, 4, 2.7, 4.8))
    # t(2) = 4.302653, s = sqrt(2.3 / 2), at x = 1: sqrt(1 / 4 + 1.5 ** 2 / 5)
    margin = 4.302653 * math.sqrt(1.15) * math.sqrt(0.25 + 2.25 / 5)
    assert (found.low[0], found.high[0]) == pytest.approx((2.7 - margin, 2.7 + margin))


def test_a_trend_on_logarithmic_axes_is_a_power():
    x = np.array([0.001, 0.01, 0.1, 1])
    found = trend(x, 5 * x**2, True, True)
    assert (found.slope, found.intercept) == pytest.approx((2, math.log10(5)))
    assert found.y[-1] == pytest.approx(5)
    assert found.low[50] == pytest.approx(found.high[50]) == pytest.approx(found.y[50])


def test_what_an_axis_cannot_show_is_left_out_of_a_trend_and_counted():
    found = trend(np.array([0.0, -1, NAN, 1, 10, INF]), np.array([1.0, 1, 1, 1, 2, 3]), True)
    assert (found.n, found.left_out, found.slope) == (2, 4, pytest.approx(1))
    assert np.isnan(found.low).all()


@pytest.mark.parametrize("x", [[], [1.0], [2.0, 2.0, 2.0]])
def test_points_above_one_another_have_no_trend(x):
    found = trend(np.array(x), np.arange(len(x), dtype=float))
    assert math.isnan(found.slope)
    assert len(found.x) == 0


def test_a_level_line_has_no_correlation():
    found = trend(np.array([1.0, 2, 3]), np.array([5.0, 5, 5]))
    assert (found.slope, found.intercept) == (0, 5)
    assert math.isnan(found.r)
    assert math.isnan(found.rank)


def test_huge_numbers_have_a_trend():
    found = trend(np.array([1.0, 2, 3]), np.array([1e300, 2e300, 3e300]))
    assert (found.slope, found.r) == (pytest.approx(1e300), pytest.approx(1))


# Surfaces ------------------------------------------------------------------------------------------------------------


def test_a_plane_is_found_again_between_its_points_and_nothing_outside_of_their_hull():
    rng = np.random.default_rng(0)
    x, y = rng.random(50), rng.random(50)
    found = surface(x, y, 2 * x + 3 * y, size=20)
    assert (found.kind, found.z.shape, found.left_out) == ("grid", (20, 20), 0)
    across, up = np.meshgrid(found.x, found.y)
    inside = np.isfinite(found.z)
    assert 0.5 < inside.mean() < 1
    assert found.z[inside] == pytest.approx((2 * across + 3 * up)[inside])


def test_logarithmic_axes_are_interpolated_on_their_logarithms():
    rng = np.random.default_rng(0)
    x, y = 10 ** rng.uniform(-5, -1, 50), rng.random(50)
    found = surface(x, y, np.log10(x), log_x=True, size=15)
    across, _up = np.meshgrid(found.x, found.y)
    inside = np.isfinite(found.z)
    assert found.z[inside] == pytest.approx(np.log10(across)[inside])
    assert (found.x[0], found.x[-1]) == pytest.approx((x.min(), x.max()))


def test_points_at_one_place_are_averaged():
    x = np.array([0.0, 1, 0, 1, 0.5, 0.5] + [place / 15 for place in range(1, 15)])
    y = np.array([0.0, 0, 1, 1, 0.5, 0.5] + [0.0] * 14)
    z = np.array([0.0, 0, 0, 0, 1, 3] + [0.0] * 14)
    found = surface(x, y, z, size=3)
    assert found.kind == "grid"
    assert found.z[1, 1] == pytest.approx(2)


def test_few_different_values_give_cells_of_means():
    x, y = np.array([16.0, 32, 16, 32, 16]), np.array([0.1, 0.1, 0.01, 0.01, 0.1])
    found = surface(x, y, np.array([1.0, 2, 3, 4, 3]))
    assert (found.kind, found.x_labels, found.y_labels) == ("cells", ("16", "32"), ("0.01", "0.1"))
    assert found.z.tolist() == [[3, 4], [2, 2]]
    assert found.counts.tolist() == [[1, 1], [2, 1]]


def test_text_gives_cells_and_what_is_unknown_stays_empty():
    found = surface(text_cells(["adam", "sgd", None]).values, np.array([1.0, 2, 2]), np.array([5.0, 6, 7]))
    assert (found.kind, found.x_labels, found.left_out) == ("cells", ("adam", "sgd"), 1)
    assert np.isnan(found.z).tolist() == [[False, True], [True, False]]


def test_points_on_a_line_or_too_few_of_them_give_no_surface():
    line = np.linspace(0, 1, 30)
    assert surface(line, line, line).kind == "points"
    assert surface(line, np.where(line > 2, 1.0, 0.0), line).kind == "points"
    assert surface(np.array([0.1, 0.7]), np.array([0.3, 0.9]), np.array([1.0, 2])).kind in ("points", "cells")
    assert surface(line[:0], line[:0], line[:0]).z.shape == (0, 0)


def test_numbers_too_far_apart_for_floats_give_no_surface():
    far = np.array([-1e308, 1e308, 0] * 10) * np.linspace(0.9, 1, 30)
    with np.errstate(over="ignore"):
        assert surface(far, np.linspace(0, 1, 30), far).kind == "points"


def test_rows_that_lack_one_of_the_three_are_counted():
    found = surface(np.array([1.0, NAN, 0, 2]), np.array([1.0, 1, 1, 2]), np.array([1.0, 1, 1, INF]), log_x=True)
    assert found.left_out == 3


# Boxes ---------------------------------------------------------------------------------------------------------------


def test_a_box_holds_quartiles_whiskers_and_what_lies_beyond_them():
    table = sheet(hp=["a"] * 9, loss=[1, 2, 3, 4, 5, 6, 7, 8, 30])
    (box,) = boxes(table, "hp", "loss")
    assert (box.label, box.n, box.low, box.q1, box.median, box.q3, box.high) == ("a", 9, 1, 3, 5, 7, 8)
    assert (box.mean, box.outliers) == (pytest.approx(66 / 9), (30.0,))


def test_boxes_are_in_the_order_of_their_values_and_those_without_one_come_last():
    table = sheet(hp=[100, None, 20, 100], loss=[1, 2, 3, 5])
    assert [(box.label, box.n, box.median) for box in boxes(table, "hp", "loss")] == [
        ("20", 1, 3), ("100", 2, 3), ("missing", 1, 2),
    ]  # fmt: skip


def test_values_that_are_not_finite_make_no_box():
    table = sheet(hp=["a", "b", "b"], loss=[NAN, INF, 2])
    assert [(box.label, box.n) for box in boxes(table, "hp", "loss")] == [("b", 1)]
    assert boxes(table, "nothing", "loss") == []

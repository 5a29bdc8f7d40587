"""Histograms: decoded, put into common bins, summarised, compared; with TensorBoard's own numbers where it has some."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

import tbcore
from tbcore.analysis import histograms
from tbcore.analysis.histograms import Histograms, cumulative, distances, quantile_quantile, table
from tbcore.series import Series
from tests import eventfile as ef
from tests.fixtures import log, needs_fixtures, oracle

BIG = 1.7976931348623157e308
INF, NAN = math.inf, math.nan
NAME = "events.out.tfevents.1.host"

Bucket = Sequence[float]


def of(*rows: Sequence[Bucket], superseded: Sequence[bool] = (), said: Sequence[Sequence[float]] = ()) -> Histograms:
    """Return a table of histograms, each given as its buckets; said: num, sum and sum of squares of each."""
    n = len(rows)
    every = np.array([bucket for row in rows for bucket in row], float).reshape(-1, 3)
    moments = np.array(said, float) if said else np.full((n, 3), NAN)
    return Histograms(
        np.arange(n),
        np.arange(n) + 1000.0,
        np.array(superseded, bool) if superseded else np.zeros(n, bool),
        np.cumsum([0, *map(len, rows)]),
        *(np.ascontiguousarray(every[:, column]) for column in range(3)),
        *(np.ascontiguousarray(moments[:, column]) for column in range(3)),
    )


def logged(folder: Path, *records: bytes) -> Series:
    ef.write(folder / NAME, ef.version(), *records)
    return found(folder)


def found(folder: Path) -> Series:
    logdir = tbcore.Logdir(folder)
    logdir.refresh()
    (series,) = logdir.find("histograms")
    return series


def legacy(step: int, *counts: float, last: float = 2.0) -> bytes:
    limits = np.linspace(0.0, last, len(counts) + 1)
    totals = (sum(counts), 1.0, 2.0)
    return ef.record(ef.event(step, ef.histo("w", limits[1:].tolist(), counts, 0.0, last, totals=totals)))


def tensor(step: int, rows: Sequence[Bucket]) -> bytes:
    numbers = [float(number) for row in rows for number in row]
    return ef.record(ef.event(step, ef.tensor("w", "double", numbers, (len(rows), 3), ef.metadata("histograms"))))


# From files to columns -----------------------------------------------------------------------------------------------


def test_a_table_holds_every_histogram_as_it_is_decoded(tmp_path: Path) -> None:
    series = logged(tmp_path, legacy(0, 1.0, 2.0), legacy(5, 0.0), legacy(9, 3.0, last=4.0))
    known = table(series)
    assert (known.steps.tolist(), known.starts.tolist()) == ([0, 5, 9], [0, 2, 2, 3])
    assert histograms.buckets(known, 0).tolist() == [[0.0, 1.0, 1.0], [1.0, 2.0, 2.0]]
    assert histograms.buckets(known, 2).tolist() == [[0.0, 4.0, 3.0]]
    assert (known.num.tolist(), known.sum.tolist(), known.sum_squares.tolist()) == ([3, 0, 3], [1] * 3, [2] * 3)
    assert (known.totals.tolist(), known.missing.tolist()) == ([3, 0, 3], [0, 0, 0])
    assert known.wall_times.tolist() == [ef.T0, ef.T0 + 5, ef.T0 + 9]


def test_what_is_missing_is_not_known_of_tensors_and_is_what_lies_in_no_bucket_of_legacy_ones(tmp_path: Path) -> None:
    value = ef.histo("w", [1.0], [5.0], 0.0, 1.0, totals=(8.0, NAN, NAN))
    assert table(logged(tmp_path / "a", ef.record(ef.event(0, value)))).missing.tolist() == [3.0]
    assert np.isnan(table(logged(tmp_path / "b", tensor(0, [[0, 1, 5]]))).missing).all()


def test_a_value_that_is_no_histogram_is_a_problem_and_the_others_are_read(tmp_path: Path) -> None:
    wrong = ef.record(ef.event(1, ef.tensor("w", "double", [1.0, 2.0], (1, 2))))
    known = table(logged(tmp_path, tensor(0, [[0, 1, 5]]), wrong, tensor(2, [[0, 2, 7]])))
    ((row, reason),) = known.problems
    assert (row, "but this one is [1, 2]" in reason) == (1, True)
    assert known.starts.tolist() == [0, 1, 1, 2]
    assert np.isnan(histograms.quantiles(known)).all(axis=1).tolist() == [False, True, False]
    assert np.isnan(histograms.statistics(known)["mean"]).tolist() == [False, True, False]
    assert histograms.rebinned(known, np.array([0.0, 2.0])).tolist() == [[5.0], [0.0], [7.0]]


def test_rows_are_exact_and_say_what_could_not_be_decoded(tmp_path: Path) -> None:
    wrong = ef.record(ef.event(1, ef.tensor("w", "double", [1.0], ())))
    first, second = histograms.rows(logged(tmp_path, tensor(0, [[0.1, 0.2, 3], [0.2, 0.2, 0]]), wrong))
    assert first == {
        "run": ".",
        "tag": "w",
        "step": 0,
        "wall_time": ef.T0,
        "buckets": [[0.1, 0.2, 3.0], [0.2, 0.2, 0.0]],
    }
    assert (second["step"], "but this one is []" in second["error"], "buckets" in second) == (1, True, False)


def test_a_file_that_lost_its_end_takes_only_its_own_histograms_with_it(tmp_path: Path) -> None:
    series = logged(tmp_path, legacy(0, 1.0), legacy(1, 2.0), legacy(2, 3.0))
    path = tmp_path / NAME
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    known = table(series)
    assert known.totals.tolist() == [1.0, 2.0, 0.0]
    assert [(row, "became shorter" in reason) for row, reason in known.problems] == [(2, True)]
    path.write_bytes(whole)
    assert table(series, known).totals.tolist() == [1.0, 2.0, 3.0]


def test_of_a_series_that_grew_only_what_is_new_is_read(tmp_path: Path) -> None:
    series = logged(tmp_path, *(legacy(step, step + 1.0) for step in range(5)))
    known = table(series)
    with (tmp_path / NAME).open("ab") as file:
        file.write(legacy(5, 6.0) + legacy(6, 7.0))
    grown, calls = noting(found(tmp_path))
    assert_same(table(grown, known), table(found(tmp_path)))
    assert calls == [2]
    assert table(grown, table(grown)).totals.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]


def test_a_table_of_nothing_new_is_the_one_that_is_known(tmp_path: Path) -> None:
    series = logged(tmp_path, legacy(0, 1.0))
    known = table(series)
    assert table(series, known) is known


@pytest.mark.parametrize(
    "other",
    [
        [legacy(0, 9.0), legacy(1, 2.0), legacy(2, 3.0)],
        [legacy(0, 1.0), legacy(1, 9.0), legacy(2, 3.0)],
        [legacy(0, 1.0), legacy(7, 2.0), legacy(8, 3.0)],
        [legacy(0, 1.0)],
    ],
)
def test_a_table_of_another_series_is_not_believed(tmp_path: Path, other: list[bytes]) -> None:
    known = table(logged(tmp_path / "a", legacy(0, 1.0), legacy(1, 2.0)))
    series = logged(tmp_path / "b", *other)
    assert_same(table(series, known), table(series))


def test_what_a_later_attempt_wrote_again_is_marked_anew(tmp_path: Path) -> None:
    series = logged(tmp_path, *(legacy(step, step + 1.0) for step in range(4)))
    known = table(series)
    later = [ef.version(ef.T0 + 1000)] + [
        ef.record(ef.event(step, ef.histo("w", [1.0], [50.0], 0.0, 1.0), wall=ef.T0 + 1000 + step)) for step in (2, 3)
    ]
    ef.write(tmp_path / "events.out.tfevents.2.host", *later)
    grown = table(found(tmp_path), known)
    assert grown.superseded.tolist() == [False, False, True, True, False, False]
    assert grown.totals.tolist() == [1, 2, 3, 4, 50, 50]


def test_a_series_of_no_points_is_an_empty_table(tmp_path: Path) -> None:
    series = logged(tmp_path, legacy(0, 1.0))
    empty = table(_without_points(series))
    assert (len(empty), empty.starts.tolist()) == (0, [0])
    assert histograms.edges(empty).tolist() == histograms.edges(of()).tolist()
    assert len(histograms.quantiles(empty)) == len(histograms.change(empty)) == 0
    assert {len(values) for values in histograms.statistics(empty).values()} == {0}


def _without_points(series: Series) -> Series:
    (segment,) = series.segments
    assert segment.places is not None
    columns = {"steps": segment.steps[:0], "wall_times": segment.wall_times[:0], "places": segment.places[:0]}
    return replace(series, segments=(replace(segment, **columns),))


def noting(series: Series) -> tuple[Series, list[int]]:
    """Return the series and a list that will say how many values each reading of many took."""
    calls: list[int] = []
    load_all = series.load_all
    assert load_all is not None

    def noted(path: str, places: np.ndarray) -> Any:
        calls.append(len(places))
        return load_all(path, places)

    return replace(series, load_all=noted), calls


def assert_same(ours: Histograms, theirs: Histograms) -> None:
    for name in (
        "steps",
        "wall_times",
        "superseded",
        "starts",
        "lefts",
        "rights",
        "counts",
        "num",
        "sum",
        "sum_squares",
    ):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), name)
    assert ours.problems == theirs.problems


# Common bins ---------------------------------------------------------------------------------------------------------


def test_edges_reach_from_the_least_to_the_greatest_value_of_all_rows() -> None:
    known = of([[0, 1, 2], [1, 3, 1]], [[-2, 0, 1]])
    assert histograms.edges(known, 5).tolist() == [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0]
    assert histograms.edges(known, 3, rows=np.array([0])).tolist() == [0.0, 1.0, 2.0, 3.0]
    assert len(histograms.edges(known)) == 31


def test_edges_leave_out_buckets_that_hold_nothing() -> None:
    known = of([[-9, 0, 0], [0, 1, 2], [1, 9, 0]], [[0, 0, 0]], [])
    assert histograms.edges(known, 2).tolist() == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [(0.0, -1.0, 1.0), (11.0, 9.0, 13.1), (3.5, 3.5 / 1.1 - 1, 3.5 * 1.1 + 1), (-11.0, -13.1, -9.0)],
)
def test_edges_of_one_value_lie_around_it(value: float, low: float, high: float) -> None:
    found = histograms.edges(of([[value, value, 4]]), 2)
    assert found.tolist() == pytest.approx([low, (low + high) / 2, high])


def test_edges_of_values_that_differ_by_less_than_their_digits_still_rise() -> None:
    for value in (1.0, 1e20, 1e-320, -1e299):
        for scale in ("linear", "symlog", "log"):
            rises = np.diff(histograms.edges(of([[value, np.nextafter(value, INF), 4]]), 120, scale))
            assert (rises > 0).all(), (value, scale)


@pytest.mark.parametrize(("low", "high"), [(-BIG, BIG), (-INF, INF), (-1e300, NAN)])
def test_open_edges_are_left_out_of_the_range_and_that_is_said(low: float, high: float) -> None:
    known = of([[low, -1, 3], [-1, 2, 5], [2, high, 1]])
    edges = histograms.edges(known, 3)
    assert edges.tolist() == [-1.0, 0.0, 1.0, 2.0]
    cut = histograms.clipped(known, edges)
    greatest = 2.0 if math.isnan(high) else high
    assert (cut.below.tolist(), cut.above.tolist(), cut.lost.tolist()) == ([3.0], [float(greatest > 2)], [0.0])
    assert (cut.least, cut.greatest) == (low, greatest)
    assert known.unbounded.tolist() == [4.0]
    np.testing.assert_allclose(histograms.rebinned(known, edges), [[14 / 3, 5 / 3, 8 / 3]])


def test_values_without_any_number_for_a_place_are_lost_and_that_is_said() -> None:
    known = of([[NAN, NAN, 7], [0, 1, 2]])
    edges = histograms.edges(known, 1)
    assert edges.tolist() == [0.0, 1.0]
    assert histograms.rebinned(known, edges).tolist() == [[2.0]]
    assert histograms.clipped(known, edges).lost.tolist() == [7.0]


def test_log_edges_cover_what_is_above_zero() -> None:
    known = of([[-5, 0, 1], [0, 0.01, 3], [1, 100, 2]])
    assert histograms.edges(known, 4, "log").tolist() == pytest.approx([0.01, 0.1, 1.0, 10.0, 100.0])
    assert histograms.edges(of([[-5, -1, 1]]), 4, "log").tolist() == [-5.0, -4.0, -3.0, -2.0, -1.0]
    assert histograms.edges(of([[10, 10, 1]]), 2, "log").tolist() == pytest.approx([1.0, 10.0, 100.0])


def test_symlog_edges_are_even_in_the_logarithm_of_the_distance_from_zero() -> None:
    known = of([[-100, -1, 5], [-1, 1, 5], [1, 100, 5]])
    near = histograms.linear_range(known)
    edges = histograms.edges(known, 10, "symlog")
    places = np.sign(edges) * np.log1p(np.abs(edges) / near)
    np.testing.assert_allclose(np.diff(places), places[-1] / 5, rtol=1e-12)
    np.testing.assert_allclose(edges, -edges[::-1], atol=1e-15)
    assert (edges[0], edges[-1], near) == (-100.0, 100.0, 10.0)


def test_the_linear_range_is_where_the_smallest_tenth_begins_but_no_less_than_a_millionth() -> None:
    assert histograms.linear_range(of([[0.02, 0.04, 50], [4, 6, 50]])) == 0.01
    assert histograms.linear_range(of([[1e-12, 2e-12, 50], [4, 6, 50]])) == 1e-6
    assert histograms.linear_range(of([[0, 0, 99], [-1, 1, 50]])) == 1.0
    assert histograms.linear_range(of([[5e-324, 5e-324, 9]])) == 1e-300
    assert histograms.linear_range(of()) == 1.0


def test_buckets_are_divided_among_bins_in_proportion() -> None:
    known = of([[1, 5, 2], [5, 10, 4]])
    np.testing.assert_allclose(histograms.rebinned(known, np.array([1, 5.5, 10])), [[2.4, 3.6]], rtol=1e-15)


def test_a_bucket_of_no_width_goes_to_the_bin_that_begins_at_it() -> None:
    known = of([[0, 0, 1], [1, 1, 10], [2, 2, 100]])
    assert histograms.rebinned(known, np.array([0.0, 1.0, 2.0])).tolist() == [[1.0, 110.0]]


def test_overlapping_backwards_and_unsorted_buckets_are_all_counted() -> None:
    known = of([[2, 4, 8], [0, 4, 4], [3, 1, 6], [0, 0, 1]])
    assert histograms.rebinned(known, np.array([0.0, 1, 2, 3, 4])).tolist() == [[2.0, 4.0, 8.0, 5.0]]


def test_what_lies_beyond_the_edges_is_counted_in_the_bin_nearest_to_it() -> None:
    known = of([[-9, -8, 1], [-1, 1, 2], [7, 9, 4], [3, INF, 8]])
    assert histograms.rebinned(known, np.array([0.0, 2.0, 4.0])).tolist() == [[3.0, 12.0]]


def test_only_the_rows_asked_for_are_binned_in_the_order_asked_for() -> None:
    known = of([[0, 1, 1]], [[0, 1, 2]], [[0, 1, 4]])
    edges = np.array([0.0, 1.0])
    assert histograms.rebinned(known, edges, np.array([2, 0])).tolist() == [[4.0], [1.0]]
    assert histograms.rebinned(known, edges, np.array([False, True, False])).tolist() == [[2.0]]
    with pytest.raises(IndexError):
        histograms.rebinned(known, edges, np.array([3]))
    assert histograms.rebinned(known, edges[:1]).shape == (3, 0)


def test_counts_that_are_not_above_zero_count_nothing() -> None:
    known = of([[0, 1, -5], [0, 1, NAN], [1, 2, 3]])
    assert known.totals.tolist() == [3.0]
    assert histograms.rebinned(known, np.array([0.0, 1.0, 2.0])).tolist() == [[0.0, 3.0]]


EDGE = st.floats(-1e6, 1e6) | st.sampled_from([-BIG, BIG, -INF, INF, 0.0, 1.0])
BUCKET = st.tuples(EDGE, EDGE, st.integers(0, 1000))


@settings(deadline=None)
@given(
    st.lists(st.lists(BUCKET, max_size=8), max_size=4), st.integers(1, 40), st.sampled_from(["linear", "symlog", "log"])
)
def test_no_count_is_lost_whatever_the_buckets_are(rows: list[list[Bucket]], bins: int, scale: Any) -> None:
    known = of(*rows)
    edges = histograms.edges(known, bins, scale)
    assert (np.diff(edges) > 0).all()
    assert np.isfinite(edges).all()
    counts = histograms.rebinned(known, edges)
    assert (counts >= 0).all()
    np.testing.assert_allclose(counts.sum(axis=1), known.totals, rtol=1e-9)


# TensorBoard's bins --------------------------------------------------------------------------------------------------


def bins_of(
    rows: list[list[Bucket]], bins: int, rule: Any = "time series", limits: tuple[float, float] | None = None
) -> tuple[list[float], float, list[list[float]]]:
    lefts, width, counts = histograms.rebin_tensorboard(of(*rows), bins, rule, limits)
    return lefts.tolist(), width, counts.tolist()


# The scenarios of TensorBoard's histogram_util_test.ts: buckets, how many bins, and the bins they become.
TIME_SERIES: list[tuple[str, list[list[Bucket]], int, Any]] = [
    ("no histograms", [], 3, (None, None, [])),
    ("a histogram without buckets", [[]], 3, (None, None, [[0, 0, 0]])),
    ("no bins", [[[0, 1, 1]]], 0, ([], 0, [[]])),
    ("one of no width", [[[0, 0, 300]]], 1, ([-1], 2, [[300]])),
    ("one bucket", [[[0, 10, 300]]], 1, ([0], 10, [[300]])),
    ("one bucket for several bins", [[[0, 9, 300]]], 3, ([0, 3, 6], 3, [[100, 100, 100]])),
    ("several buckets for one bin", [[[0, 3, 100], [3, 6, 200], [6, 9, 300]]], 1, ([0], 9, [[600]])),
    ("buckets of different widths", [[[0, 3, 100], [3, 9, 200]]], 1, ([0], 9, [[300]])),
    ("a gap", [[[0, 3, 100], [7, 10, 200]]], 1, ([0], 10, [[300]])),
    ("the same bucket twice", [[[0, 10, 100], [0, 10, 200]]], 1, ([0], 10, [[300]])),
    ("buckets that overlap", [[[0, 8, 100], [2, 10, 200]]], 1, ([0], 10, [[300]])),
    ("a gap, as many bins as buckets", [[[0, 3, 100], [7, 10, 200]]], 2, ([0, 5], 5, [[100, 200]])),
    ("a gap that is a bin", [[[0, 3, 100], [6, 9, 200]]], 3, ([0, 3, 6], 3, [[100, 0, 200]])),
    ("a bucket in two bins", [[[0, 3, 300], [3, 10, 700]]], 2, ([0, 5], 5, [[500, 500]])),
    ("both ends of no width", [[[0, 0, 300], [10, 10, 700]]], 2, ([0, 5], 5, [[300, 700]])),
    ("no width between two bins", [[[0, 1, 0], [5, 5, 200], [9, 10, 0]]], 2, ([0, 5], 5, [[0, 200]])),
    ("no width at the edges", [[[0, 0, 100], [10, 10, 200]]], 2, ([0, 5], 5, [[100, 200]])),
    ("no width inside a bin", [[[0, 1, 0], [5, 5, 200], [8, 9, 0]]], 3, ([0, 3, 6], 3, [[0, 200, 0]])),
    ("several of no width in one bin", [[[0, 0, 100], [10, 10, 200]]], 1, ([0], 10, [[300]])),
    ("no width between bins and at the end", [[[0, 1, 0], [5, 5, 200], [10, 10, 100]]], 2, ([0, 5], 5, [[0, 300]])),
    ("two histograms", [[[0, 10, 100]], [[0, 10, 200]]], 1, ([0], 10, [[100], [200]])),
    ("the range of two histograms", [[[0, 1, 100]], [[9, 10, 200]]], 1, ([0], 10, [[100], [200]])),
    ("bins over the range of two", [[[0, 6, 100]], [[3, 9, 200]]], 3, ([0, 3, 6], 3, [[50, 50, 0], [0, 100, 100]])),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "bins", "expected"), [row[1:] for row in TIME_SERIES], ids=[row[0] for row in TIME_SERIES]
)
def test_bins_are_those_of_time_series(rows: list[list[Bucket]], bins: int, expected: Any) -> None:
    lefts, width, counts = bins_of(rows, bins)
    assert counts == expected[2]
    if expected[0] is not None:
        assert (lefts, width) == expected[:2]


@pytest.mark.parametrize(
    ("rows", "bins", "expected"), [row[1:] for row in TIME_SERIES], ids=[row[0] for row in TIME_SERIES]
)
def test_our_bins_count_the_same_over_the_same_edges(rows: list[list[Bucket]], bins: int, expected: Any) -> None:
    if bins and any(rows):
        edges = np.append(expected[0], expected[0][-1] + expected[1])
        assert histograms.rebinned(of(*rows), edges).tolist() == expected[2]


def test_bins_are_those_of_the_histograms_page() -> None:
    page = "histograms"
    empty = bins_of([[]], 20, page, (0.0, 10.0))
    assert (len(empty[0]), empty[2]) == (20, [[0.0] * 20])
    lefts, width, counts = bins_of([[[1, 1, 0], [1, 1, 0], [1, 1, 10]]], 2, page, (1.0, 1.0))
    assert (lefts, width) == (pytest.approx([1 / 1.1 - 1, 1 / 1.1 - 1 + width]), pytest.approx((2.1 - 1 / 1.1 + 1) / 2))
    assert counts == [[10.0, 0.0]]
    assert bins_of([[[1, 5, 2], [5, 10, 4]]], 2, page, (1.0, 10.0)) == ([1.0, 5.5], 4.5, [[2.4, 3.6]])
    lefts, width, counts = bins_of([], 30, page)
    assert counts == []
    lefts, width, counts = bins_of([[[11, 11, 100]]], 30, page)
    assert np.flatnonzero(counts[0]).tolist() == [14]
    assert counts[0][14] == 100.0
    lefts, width, counts = bins_of([[[10, 20, 100], [20, 30, 300], [30, 40, 600]]], 30, page)
    assert (lefts, width) == ([float(left) for left in range(10, 40)], 1.0)
    assert counts == [[10.0] * 10 + [30.0] * 10 + [60.0] * 10]


def test_a_bucket_of_no_width_between_two_bins_is_lost_by_one_rule_of_tensorboard() -> None:
    rows: list[list[Bucket]] = [[[0, 1, 1], [5, 5, 200], [9, 10, 1]]]
    assert bins_of(rows, 2, "histograms")[2] == [[1.0, 1.0]]
    assert bins_of(rows, 2, "time series")[2] == [[1.0, 201.0]]
    assert histograms.rebinned(of(*rows), histograms.edges(of(*rows), 2)).tolist() == [[1.0, 201.0]]


@pytest.mark.parametrize("value", [-10.2, -100.0])
def test_a_single_negative_value_is_not_in_the_bins_of_tensorboard_but_in_ours(value: float) -> None:
    known = of([[value, value, 7]])
    for rule in ("histograms", "time series"):
        lefts, width, _counts = bins_of([[[value, value, 7]]], 30, rule)
        assert width < 0 or not lefts[0] <= value <= lefts[-1] + width
    edges = histograms.edges(known)
    assert histograms.rebinned(known, edges)[0, np.searchsorted(edges, value, side="right") - 1] == 7.0


def test_our_bins_are_those_of_the_histograms_page_for_buckets_in_order() -> None:
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(50):
        edges = np.sort(rng.normal(size=20))
        rows.append([[*pair, int(count)] for pair, count in zip(pairwise(edges), rng.integers(1, 99, 19), strict=True)])
    known = of(*rows)
    lefts, _width, counts = histograms.rebin_tensorboard(known)
    edges = histograms.edges(known)
    np.testing.assert_allclose(edges[:-1], lefts, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(histograms.rebinned(known, edges), counts, rtol=1e-9, atol=1e-9)


# Percentiles ---------------------------------------------------------------------------------------------------------

QUARTERS = (0, 2500, 5000, 7500, 10000)
UGLY = [[-1.0, 0.0, 0.0], [0.0, 0.917246389039776, 896.0], [0.917246389039776, 1.0089710279437536, 0.0],
        [1.0089710279437536, BIG, 64.0]]  # fmt: skip

# Literal numbers of TensorBoard 2.21's compressor.
COMPRESSED: list[tuple[list[Bucket], tuple[int, ...], list[float]]] = [
    ([[0, 1, 0], [1, 2, 3], [2, 3, 0]], QUARTERS, [0.0, 0.5, 1.0, 1.5, 3.0]),
    ([[1, 2, 1], [2, 3, 3], [3, 4, 0]], QUARTERS, [1.0, 2.0, 2.3333333333333335, 2.6666666666666665, 4.0]),
    ([[0, 1, 0], [1, 2, 0], [2, 3, 0]], QUARTERS, [3.0, 3.0, 3.0, 3.0, 3.0]),
    ([], QUARTERS, [0.0, 0.0, 0.0, 0.0, 0.0]),
    ([[1, 1, 0], [1, 1, 0], [1, 1, 10]], histograms.BASIS_POINTS, [1.0] * 9),
    (UGLY, histograms.BASIS_POINTS, [
        -1.0, -0.8627799370130104, -0.6739996407779152, -0.3662815953370313, 0.027096279842737214,
        0.4204741550225055, 0.7281922004633892, 0.9169724966984845, BIG,
    ]),
    ([[-1, 0, 6], [0, 2, 1], [2, 3, 9]], histograms.BASIS_POINTS, [
        -1.0, -0.8218666666666666, -0.5768, -0.17733333333333334, 2.111111111111111, 2.4515555555555557,
        2.7178666666666667, 2.8812444444444445, 3.0,
    ]),
    ([[-1.5, -1, 3], [-1, 0, 0], [0, 0, 5], [0, 2, 1], [2, 7, 1]], histograms.BASIS_POINTS, [
        -1.5, -1.3886666666666667, -1.2355, 0.0, 0.0, 0.0, 0.826, 3.66, 7.0,
    ]),
    ([[-BIG, -1, 1], [-1, 1, 2], [1, BIG, 1]], histograms.BASIS_POINTS, [
        -BIG, INF, INF, -0.766, 0.0, 0.766, INF, INF, BIG,
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "points", "expected"), COMPRESSED)
def test_percentiles_are_those_of_tensorboard_to_the_last_digit(
    rows: list[Bucket], points: tuple[int, ...], expected: list[float]
) -> None:
    assert histograms.quantiles(of([[0, 1, 4]], rows, [[0, 1, 4]]), points)[1].tolist() == expected


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-10, 10), st.floats(-10, 10), st.floats(0, 9)), min_size=1, max_size=200))
def test_percentiles_of_any_buckets_are_those_of_tensorboard_to_the_last_digit(rows: list[Bucket]) -> None:
    assert histograms.quantiles(of(rows))[0].tolist() == compressed(np.array(rows))


def compressed(rows: np.ndarray, points: Sequence[float] = histograms.BASIS_POINTS) -> list[float]:
    """Return the percentiles by the formulas of the reference, one point and one bucket at a time."""
    least, greatest = rows[0, 0], rows[-1, 1]
    weights = np.cumsum(rows[:, 2] * points[-1] / (rows[:, 2].sum() or 1.0))
    found = []
    for point in points:
        bucket = int(np.searchsorted(weights, point, side="right"))
        if bucket == len(rows) or greatest in found[len(found) :]:
            found.append(float(greatest))
            continue
        before = weights[bucket - 1] if bucket else 0.0
        left = least if before == 0 else max(rows[bucket - 1, 1], least)
        right = min(rows[bucket, 1], greatest)
        found.append(float(left + (point - before) * (right - left) / (weights[bucket] - before)))
    return found


# One number per histogram --------------------------------------------------------------------------------------------


def one(rows: list[Bucket], said: Sequence[float] = ()) -> dict[str, float]:
    """Return the statistics of one histogram, between two others."""
    other: list[Bucket] = [[0, 1, 4]]
    known = of(other, rows, other, said=[(4, 2, 1.3), said, (4, 2, 1.3)] if said else ())
    return {name: float(values[1]) for name, values in histograms.statistics(known).items()}


def test_statistics_take_values_to_lie_evenly_in_their_buckets() -> None:
    found = one([[-1, 1, 6], [1, 3, 2]])
    assert found["count"] == 8.0
    assert found["mean"] == pytest.approx(0.5)
    assert found["std"] == pytest.approx(math.sqrt(1 / 3 + 0.75 * 0.25 * 4))
    assert found["median"] == pytest.approx(1 / 3)
    assert found["max_abs"] == 3.0
    assert found["entropy"] == pytest.approx(-0.75 * math.log2(0.75) + 0.5)
    assert math.isnan(found["missing"])


def test_the_sums_that_a_writer_says_are_taken_for_exact() -> None:
    values = np.array([0.0, 0.1, 0.1, 1.2, 2.9])
    found = one([[0, 1, 3], [1, 2, 1], [2, 2.9, 1]], (5, values.sum(), (values**2).sum()))
    assert found["mean"] == pytest.approx(values.mean(), rel=1e-12)
    assert found["std"] == pytest.approx(values.std(), rel=1e-12)
    assert found["missing"] == 0.0


@pytest.mark.parametrize(
    "said",
    [
        (7, NAN, NAN),  # values are missing
        (4, 100.0, 10.0),  # a mean outside of the buckets
        (4, 2.0, 0.0),  # squares that are too small
        (4, 2.0, 50.0),  # squares that are too large
        (4, 2.0, 0.9),  # a variance below zero
    ],
)
def test_sums_that_contradict_the_buckets_are_not_believed(said: tuple[float, float, float]) -> None:
    found = one([[0, 1, 4]], said)
    assert (found["mean"], found["std"]) == (pytest.approx(0.5), pytest.approx(math.sqrt(1 / 12)))


def test_the_spread_of_values_far_from_zero_is_not_lost_in_rounding() -> None:
    values = 1e9 + np.array([0.0, 1.0])
    found = one([[1e9, 1e9, 1], [1e9 + 1, 1e9 + 1, 1]], (2, values.sum(), (values**2).sum()))
    assert (found["mean"], found["std"]) == (1e9 + 0.5, 0.5)


@pytest.mark.parametrize(
    ("rows", "share"),
    [
        ([[0, 0, 3], [1, 2, 1]], 0.75),  # exactly zero
        ([[-1, -0.5, 1], [-0.5, 0.5, 2], [0.5, 1, 1]], 0.5),  # at most these
        ([[-1, 0, 1], [0, 1, 3]], 0.75),  # a bucket holds its left edge
        ([[-1, -0.5, 1], [-0.5, 0, 3]], 0.75),  # and the last one its right edge
        ([[-1, -0.5, 1], [-0.5, 0, 3], [1, 2, 0]], 0.75),
        ([[-2, -1, 1], [1, 2, 3]], 0.0),
    ],
)
def test_the_share_of_zeros_is_that_of_the_bucket_around_zero(rows: list[Bucket], share: float) -> None:
    assert one(rows)["zeros"] == share


def test_a_constant_has_no_spread_and_no_entropy() -> None:
    found = one([[3.5, 3.5, 0], [3.5, 3.5, 20]])
    assert [found[name] for name in ("mean", "std", "median", "max_abs", "entropy")] == [3.5, 0.0, 3.5, 3.5, 0.0]


def test_a_histogram_without_values_has_no_statistics() -> None:
    for rows in ([], [[0, 0, 0], [0, 0, 0]]):
        found = one(rows)
        assert found.pop("count") == 0.0
        assert all(math.isnan(value) for value in found.values())


def test_open_edges_do_not_spoil_the_mean() -> None:
    found = one([[-BIG, -1, 1], [-1, 1, 2], [1, INF, 1]])
    assert (found["mean"], found["max_abs"]) == (0.0, INF)
    assert found["std"] == pytest.approx(math.sqrt((1 + 2 / 3 + 1) / 4))


# Comparisons ---------------------------------------------------------------------------------------------------------


def sampled(rows: np.ndarray, most: int = 4000) -> np.ndarray:
    """Return many values that lie evenly in the buckets."""
    parts = [
        left + (right - left) * (np.arange(n) + 0.5) / max(n, 1)
        for left, right, n in zip(rows[:, 0], rows[:, 1], (rows[:, 2] * most).astype(int), strict=True)
    ]
    return np.concatenate(parts)


def distance(a: list[Bucket], b: list[Bucket]) -> float:
    return float(distances(np.array(a, float).reshape(-1, 3), [np.array(b, float).reshape(-1, 3)])[0])


def test_the_distance_is_how_far_values_are_moved_on_average() -> None:
    assert distance([[0, 0, 5]], [[3, 3, 1]]) == 3.0
    assert distance([[0, 1, 5]], [[2, 3, 7]]) == pytest.approx(2.0)
    assert distance([[0, 0, 1]], [[-1, 1, 1]]) == pytest.approx(0.5)
    assert distance([[0, 1, 1]], [[0, 2, 1]]) == pytest.approx(0.5)
    assert distance([[0, 0, 1], [4, 4, 3]], [[0, 0, 3], [4, 4, 1]]) == pytest.approx(2.0)
    assert distance([[0, 1, 1], [1, 2, 1]], [[0, 2, 9]]) == pytest.approx(0.0, abs=1e-15)


def test_the_distance_to_what_holds_no_values_is_unknown() -> None:
    assert math.isnan(distance([[0, 1, 1]], []))
    assert math.isnan(distance([[0, 1, 0]], [[0, 1, 1]]))


def test_the_distance_is_that_of_finely_sampled_values() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        a, b = (
            np.column_stack((edges[:-1], edges[1:], rng.integers(0, 9, 12)))
            for edges in (np.sort(rng.normal(0, 2, 13)) for _ in range(2))
        )
        a[3, 1] = a[3, 0]
        expected = wasserstein_distance(sampled(a), sampled(b))
        assert distance(a.tolist(), b.tolist()) == pytest.approx(expected, rel=2e-3)
        assert distances(b, [a, b]) == pytest.approx([expected, 0.0], rel=2e-3, abs=1e-12)


def test_the_distance_of_overlapping_buckets_is_that_of_their_values() -> None:
    a: list[Bucket] = [[0, 4, 4], [1, 2, 2], [1.5, 1.5, 1], [5, 3, 2]]
    b: list[Bucket] = [[0, 1, 1], [-1, 1, 3]]
    expected = wasserstein_distance(sampled(np.array(a)), sampled(np.array(b)))
    assert distance(a, b) == pytest.approx(expected, rel=1e-3)


def test_open_buckets_lie_at_their_other_edge() -> None:
    assert distance([[-1, -1, 1], [1, BIG, 1]], [[-1, -1, 1], [1, 1, 1]]) == 0.0
    assert distance([[-INF, 2, 1]], [[2, 2, 1]]) == 0.0
    assert math.isnan(distance([[-INF, INF, 1]], [[2, 2, 1]]))


def test_a_histogram_of_very_many_overlapping_buckets_takes_no_longer() -> None:
    n = 20_000
    rows = np.column_stack((np.arange(n) / n, np.arange(n) / n + 1.0, np.ones(n)))
    (moved,) = distances(rows, [rows + np.array([0.5, 0.5, 0.0])])
    assert moved == pytest.approx(0.5, rel=1e-3)


def test_change_is_the_distance_to_the_one_before() -> None:
    known = of([[0, 0, 1]], [[2, 2, 5]], [], [[2, 4, 5]])
    np.testing.assert_allclose(histograms.change(known), [NAN, 2.0, NAN, 1.0])


def test_change_of_what_no_later_attempt_wrote_again_goes_back_to_such_a_one() -> None:
    known = of(*([[[at, at, 1]] for at in (0.0, 10.0, 30.0, 1.0)]), superseded=[False, True, True, False])
    np.testing.assert_array_equal(histograms.change(known), [NAN, 10.0, 20.0, 1.0])


def test_change_of_untidy_rows_is_that_of_the_same_values_in_order() -> None:
    tidy = of([[0, 1, 2], [1, 2, 4]], [[0, 2, 3]], [[5, 5, 1]])
    other = of([[1, 2, 4], [0, 1, 2]], [[2, 0, 3], [BIG, INF, 0]], [[5, 5, 1]])
    np.testing.assert_allclose(histograms.change(other), histograms.change(tidy))


def test_the_cumulative_share_is_straight_in_buckets_upright_at_points_and_flat_between() -> None:
    x, share = cumulative(np.array([0.0, 1, 1, 3]), np.array([1.0, 1, 2, 4]), np.array([1.0, 2, 0, 1]))
    assert x.tolist() == [0.0, 1.0, 1.0, 3.0, 4.0]
    assert share.tolist() == [0.0, 0.25, 0.75, 0.75, 1.0]
    x, share = cumulative(np.array([5.0]), np.array([5.0]), np.array([3.0]))
    assert (x.tolist(), share.tolist()) == ([5.0, 5.0], [0.0, 1.0])
    x, share = cumulative(np.zeros(0), np.zeros(0), np.zeros(0))
    assert (x.tolist(), share.tolist()) == ([], [])


def test_quantiles_of_two_are_taken_at_the_same_shares() -> None:
    a, b = np.array([[0.0, 1, 1]]), np.array([[0.0, 2, 3], [4, 4, 1]])
    one, other = quantile_quantile(a, b, 3)
    np.testing.assert_allclose(one, [0.25, 0.5, 0.75])
    np.testing.assert_allclose(other, [2 / 3, 4 / 3, 2.0])
    assert len(quantile_quantile(a, b)[0]) == 99
    assert quantile_quantile(a, np.zeros((0, 3)))[0].tolist() == []


# Logs of real writers ------------------------------------------------------------------------------------------------

WITH_HISTOGRAMS = [
    "edge_dtypes", "edge_histograms", "edge_kinds", "edge_live", "keras_mnist", "seed003_torch", "tensorboardX_all",
    "tf_v1_all", "tf_v2_all", "torch_all",
]  # fmt: skip


def series_of(name: str) -> dict[tuple[str, str], Series]:
    logdir = tbcore.Logdir(log(name))
    logdir.refresh()
    return {(series.run, series.tag): series for series in logdir.find("histograms")}


def as_single(known: Histograms, series: Series) -> Histograms:
    """Return a table as TensorBoard has it, which rounds legacy histograms to single precision."""
    if series.segments[0].form != "histo":
        return known
    with np.errstate(over="ignore"):
        rounded = {name: getattr(known, name).astype("<f4").astype("<f8") for name in ("lefts", "rights", "counts")}
    return replace(known, **rounded)


@needs_fixtures
@pytest.mark.parametrize("name", WITH_HISTOGRAMS)
def test_every_histogram_of_real_writers_is_the_one_that_tensorboard_reads(name: str) -> None:
    answers = oracle(name)
    checked = 0
    for (run, tag), series in series_of(name).items():
        known = table(series)
        for row in range(len(known)):
            if row not in dict(known.problems):
                assert histograms.buckets(known, row).tobytes() == np.asarray(series.values[row], "<f8").tobytes()
        answer = answers["tensorboard"]["runs"].get(run, {}).get("tags", {}).get(tag, {})
        if (
            answer.get("plugin") != "histograms"
            or "events" not in answer
            or known.problems
            or answer["n"] != len(known)
        ):
            continue
        single = as_single(known, series)
        for row, event in enumerate(answer["events"]):
            rows = histograms.buckets(single, row)
            assert len(rows) == event["buckets"]
            assert hashlib.sha256(np.ascontiguousarray(rows).tobytes()).hexdigest() == event["sha256_f64le"], (run, tag)
            assert single.counts[single.starts[row] : single.starts[row + 1]].sum() == event["total"]
            checked += 1
    assert checked or name in ("edge_dtypes", "edge_kinds")


@needs_fixtures
@pytest.mark.parametrize("name", WITH_HISTOGRAMS)
def test_the_percentiles_of_real_writers_are_those_that_tensorboard_serves(name: str) -> None:
    served = oracle(name)["http"]["distributions"]
    checked = 0
    for (run, tag), series in series_of(name).items():
        answer = served.get(run, {}).get(tag, {})
        if "points" not in answer or answer["n"] != len(series):
            continue
        single = as_single(table(series), series)
        ours = histograms.quantiles(single)
        points = answer["points"]
        rows = range(len(ours)) if len(points) == len(ours) else [0, 1, 2, -3, -2, -1]
        for row, (step, expected) in zip(rows, points, strict=True):
            theirs = np.array([float(value) for value in expected])
            known = ~np.isnan(theirs)
            assert single.steps[row] == step
            assert ours[row][known].tolist() == theirs[known].tolist(), (run, tag, step)
            assert known.all() or tag == "nan_some/tensorflow"
            checked += 1
    assert checked or name in ("edge_dtypes", "edge_kinds")


@needs_fixtures
@pytest.mark.parametrize("name", ["edge_histograms", "seed003_torch", "torch_all", "tf_v2_all", "tf_v1_all"])
def test_totals_and_moments_of_real_writers_are_those_of_what_they_were_handed(name: str) -> None:
    checked = 0
    every = series_of(name)
    for script in oracle(name)["truth"]:
        for run, tags in script.get("series", {}).items():
            for tag, written in tags.items():
                if written.get("kind") != "histogram" or (run, tag) not in every:
                    continue
                known = table(every[run, tag])
                if len(known) != len(written["values"]) or not all("shape" in value for value in written["values"]):
                    continue
                found = histograms.statistics(known)
                for row, value in enumerate(written["values"]):
                    size = math.prod(value["shape"])
                    if "raw" in tag or not size:
                        continue
                    inside = size - value["nan"] - value["inf"]
                    bound = known.lefts[known.starts[row] : known.starts[row + 1]]
                    assert known.totals[row] <= size
                    if not math.isnan(known.missing[row]):
                        assert known.totals[row] + known.missing[row] == size, (tag, row)
                    if known.totals[row] == size == inside:
                        spread = float(value["max"]) - float(value["min"])
                        mean = float(value["sum"]) / size
                        exact = not math.isnan(known.num[row])
                        close = max(1e-12 * abs(mean), 1e-6 * spread if exact else spread / 2)
                        assert abs(found["mean"][row] - mean) <= close, (tag, row)
                        assert bound[0] == pytest.approx(float(value["min"]), rel=1e-12)
                    checked += 1
    assert checked

"""Histograms as a page shows them: which ones, in what order, put together by pixel column, one step, and exports."""

import csv
import io
import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from tbcore.analysis import distributions, histograms
from tbcore.formats.tfrecord import EventWriter
from tbcore.series import Series
from tbcore.store.logdir import Logdir

Buckets = list[list[float]]


def logged(folder: Path, *attempts: list[tuple[int, Buckets]]) -> Series:
    """Return the histograms of one run: a file per attempt, opened long after the last value of the one before."""
    for number, points in enumerate(attempts):
        times = itertools.count(100.0 + 1000.0 * number)
        with EventWriter(folder, clock=times.__next__, name=f"events.out.tfevents.{number}") as writer:
            for step, buckets in points:
                writer.tensor("h", np.array(buckets, np.float64).reshape(-1, 3), step, "histograms")
    logdir = Logdir(str(folder))
    logdir.refresh()
    return logdir.find("histograms")[0]


@pytest.fixture
def four(tmp_path: Path) -> histograms.Histograms:
    """Steps 0, 10, 20 and 40; the third histogram is empty."""
    return histograms.table(
        logged(
            tmp_path,
            [(0, [[0, 1, 4]]), (10, [[0, 1, 1], [1, 2, 3]]), (20, []), (40, [[1, 1, 5]])],
        )
    )


def test_histograms_of_a_window_are_looked_at_and_else_the_nearest_one(four: histograms.Histograms) -> None:
    def rows(*window: float, axis: distributions.Axis = "step", start: float = 0.0) -> tuple[list[int], bool]:
        found, outside = distributions.looked_at(four, window=(window[0], window[1]), axis=axis, start=start)
        return found.tolist(), outside

    assert rows(5, 20) == ([1, 2], False)
    assert rows(22, 29) == ([2], True)
    assert rows(0.5, 2.5, axis="relative", start=100.0) == ([0, 1], False)


def test_attempts_are_looked_at_apart(tmp_path: Path) -> None:
    table = histograms.table(
        logged(tmp_path, [(step, [[0, 1, 1]]) for step in (0, 1, 2)], [(1, [[0, 1, 2]]), (2, [[0, 1, 2]])])
    )
    assert table.totals[distributions.chosen(table)].tolist() == [1, 2, 2]
    assert table.totals[distributions.chosen(table, superseded=True)].tolist() == [1, 1]


def test_rows_are_in_the_order_of_the_axis(tmp_path: Path) -> None:
    table = histograms.table(logged(tmp_path, [(5, [[0, 1, 5]]), (3, [[0, 1, 3]]), (4, [[0, 1, 4]])]))
    assert distributions.chosen(table).tolist() == [1, 2, 0]
    assert distributions.chosen(table, axis="wall").tolist() == [0, 1, 2]


def test_few_of_many_rows_are_chosen_evenly_with_both_ends() -> None:
    assert distributions.evenly(np.arange(9), 5).tolist() == [0, 2, 4, 6, 8]
    assert distributions.evenly(np.arange(3), 5).tolist() == [0, 1, 2]


def test_shares_of_a_pixel_column_are_the_mean_of_its_steps(four: histograms.Histograms) -> None:
    rows = distributions.chosen(four)
    starts = distributions.in_columns(four, rows, 2)
    assert starts.tolist() == [0, 2]
    found = distributions.shares(four, np.array([0.0, 1.0, 2.0]), rows, starts)
    assert found.shares.tolist() == [[(1 + 0.25) / 2, 0.75 / 2], [0, 0.5]]
    assert (found.rows.steps.tolist(), found.rows.last_steps.tolist()) == ([0, 20], [10, 40])
    assert (found.rows.many.tolist(), found.rows.counts.tolist()) == ([2, 2], [4, 2.5])


def test_peaks_are_the_greatest_share_and_the_greatest_count_of_any_bin(four: histograms.Histograms) -> None:
    found = distributions.shares(four, np.array([0.0, 1.0, 2.0]), np.array([0, 1]))
    more = distributions.shares(four, np.array([0.0, 1.0, 2.0]), np.array([2, 3]))
    assert distributions.peaks([found]) == {"share": 1.0, "count": 4.0}
    assert distributions.peaks([found, more]) == {"share": 1.0, "count": 5.0}
    assert distributions.peaks([]) == {"share": 0.0, "count": 0.0}


def test_steps_that_are_all_one_are_divided_evenly(tmp_path: Path) -> None:
    table = histograms.table(logged(tmp_path, [(7, [[0, 1, 1]])] * 6))
    assert distributions.in_columns(table, np.arange(6), 3).tolist() == [0, 2, 4]


def test_bands_keep_the_extremes_of_a_pixel_column_and_the_mean_of_the_rest(four: histograms.Histograms) -> None:
    rows = distributions.chosen(four)
    each = distributions.bands(four, rows).quantiles
    assert each[:, 0].tolist()[:2] == [0, 0]
    assert np.isnan(each[2]).all()
    assert each[3].tolist() == [1] * 9
    both = distributions.bands(four, rows, np.array([0, 2])).quantiles
    assert (both[0, 0], both[0, -1]) == (0, 2)
    assert both[0, 4] == (each[0, 4] + each[1, 4]) / 2
    assert both[1].tolist() == [1] * 9


def test_several_tables_are_as_one(four: histograms.Histograms) -> None:
    joined = distributions.together([(four, np.array([3, 0])), (four, np.array([1]))])
    assert [histograms.buckets(joined, row).tolist() for row in range(3)] == [
        [[1, 1, 5]],
        [[0, 1, 4]],
        [[0, 1, 1], [1, 2, 3]],
    ]
    assert joined.steps.tolist() == [40, 0, 10]


def test_one_histogram_is_read_alone(tmp_path: Path) -> None:
    series = logged(tmp_path, [(step, [[0, 1, step + 1]]) for step in range(4)], [(9, [[0, 1, 99]])])
    found = distributions.single(series, 4)
    assert (found.steps.tolist(), found.totals.tolist()) == ([9], [99])
    assert distributions.single(series, 2).totals.tolist() == [3]
    with pytest.raises(IndexError):
        distributions.single(series, 5)


def test_the_facts_of_runs_side_by_side_hold_the_distance_to_the_first(four: histograms.Histograms) -> None:
    found = distributions.facts(distributions.together([(four, np.array([0, 3, 2]))]))
    assert found["count"].tolist() == [4, 5, 0]
    assert found["mean"].tolist()[:2] == [0.5, 1]
    assert found["max"].tolist()[:2] == [1, 1]
    assert found["distance"].tolist()[:2] == pytest.approx([0, 0.5])
    assert np.isnan(found["distance"][2])
    assert np.isnan(found["min"][2])


def test_curves_of_one_step_are_outlines_cumulated_shares_or_quantiles(four: histograms.Histograms) -> None:
    two = distributions.together([(four, np.array([0, 1, 2]))])
    outlines = distributions.curves_at(two, "outlines", np.array([0.0, 1.0, 2.0]))
    assert [y.tolist() for _x, y in outlines] == [[1, 0], [0.25, 0.75], [0, 0]]
    assert np.interp(1.0, *distributions.curves_at(two, "cdf", np.zeros(0))[1]) == 0.25
    x, y = distributions.curves_at(two, "qq", np.zeros(0))[1]
    assert (x[49], y[49]) == pytest.approx((0.5, 4 / 3))
    assert len(distributions.curves_at(two, "qq", np.zeros(0))[2][0]) == 0


def test_values_without_a_bucket_and_edges_beyond_the_axis_are_counted(four: histograms.Histograms) -> None:
    rows = distributions.chosen(four)
    assert distributions.losses(four, rows) == (0, 0, 1)
    edges = histograms.edges(four)
    assert distributions.cut(four, edges, rows) == {"below": 0, "above": 0, "lost": 0, "least": 0, "greatest": 2}


def test_a_huge_edge_is_cut_and_told(tmp_path: Path) -> None:
    table = histograms.table(logged(tmp_path, [(0, [[-1, 0, 5], [0, 1, 5], [1, 1.7976931348623157e308, 2]])]))
    rows = distributions.chosen(table)
    found = distributions.cut(table, histograms.edges(table), rows)
    assert (found["above"], found["greatest"]) == (2, 1.7976931348623157e308)


def test_a_statistic_leaves_out_what_cannot_be_decoded(tmp_path: Path) -> None:
    with EventWriter(tmp_path, clock=itertools.count(100.0).__next__) as writer:
        writer.tensor("h", np.array([[0.0, 1.0, 4.0]]), 1, "histograms")
        writer.tensor("h", np.zeros((2, 2)), 2, "histograms")
        writer.tensor("h", np.array([[1.0, 3.0, 4.0]]), 3, "histograms")
    logdir = Logdir(str(tmp_path))
    logdir.refresh()
    table = histograms.table(logdir.find("histograms")[0])
    found = distributions.statistic(table, "median", run="r", tag="h")
    assert (found.steps.tolist(), found.values.tolist()) == ([1, 3], [0.5, 2])
    assert [text[:7] for text in distributions.problems(table)] == ["step 2:"]
    assert distributions.chosen(table).tolist() == [0, 2]


def test_a_run_has_a_panel_and_one_more_for_its_earlier_attempts(tmp_path: Path) -> None:
    series = logged(tmp_path, [(step, [[0, 1, 1]]) for step in (0, 1)], [(1, [[0, 1, 2]])])
    assert distributions.panels({"h": [series]}) == {"h": [(".", False)]}
    assert distributions.panels({"h": [series]}, earlier=True) == {"h": [(".", False), (".", True)]}


def test_series_logged_alike_are_looked_through_once(tmp_path: Path) -> None:
    series = logged(tmp_path, [(0, [[0, 1, 1]]), (1, [[0, 1, 1]])])
    assert len(distributions.unlike([series, series])) == 1


def test_exports_hold_every_bucket_and_every_number(tmp_path: Path) -> None:
    series = logged(tmp_path, [(0, [[0, 1, 4]]), (10, [[0, 1, 1], [1, 2, 3]])])
    assert [(row["step"], row["buckets"]) for row in json.loads(distributions.json_of([series]))] == [
        (0, [[0, 1, 4]]),
        (10, [[0, 1, 1], [1, 2, 3]]),
    ]
    text = distributions.csv_of([series]).decode()
    assert text.splitlines() == [
        "run,tag,step,wall_time,left,right,count",
        ".,h,0,101.0,0.0,1.0,4.0",
        ".,h,10,102.0,0.0,1.0,1.0",
        ".,h,10,102.0,1.0,2.0,3.0",
    ]
    with np.load(io.BytesIO(distributions.npz_of([series]))) as arrays:
        assert arrays["step"].tolist() == [0, 10, 10]
        assert arrays["count"].tolist() == [4, 1, 3]
    numbers = list(csv.DictReader(io.StringIO(distributions.numbers_of([series]).decode())))
    assert [(row["step"], row["p50"], row["count"]) for row in numbers] == [
        ("0", "0.5", "4.0"),
        ("10", numbers[1]["p50"], "4.0"),
    ]
    assert float(numbers[1]["change"]) == pytest.approx(0.75)

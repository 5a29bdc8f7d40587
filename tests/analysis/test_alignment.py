"""Rows that belong together, points turned alike, and neighbours that were kept."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.spatial import procrustes as truth

from tbcore.analysis import alignment
from tbcore.analysis.alignment import matched, moved, procrustes, sampled
from tbcore.errors import RunlensError

NAN = math.nan


@dataclass(frozen=True)
class Column:
    name: str
    cells: list[str]
    kind: str = "category"
    numbers: np.ndarray | None = None


def cloud(n, d, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def turned(points, angle, scale=1.0):
    c, s = math.cos(angle), math.sin(angle)
    return (points @ np.array([[c, -s], [s, c]]) * scale).astype(np.float32)


# Matching ------------------------------------------------------------------------------------------------------------


def test_rows_are_matched_by_the_first_column_that_tells_them_apart():
    ours = [Column("label", ["a", "a", "b"]), Column("id", ["x", "y", "z"])]
    theirs = [Column("id", ["z", "w", "x", "y"]), Column("label", ["b", "b", "a", "a"])]
    found = matched(ours, theirs, 3, 4)
    assert found.column == "id"
    assert list(zip(found.rows_a.tolist(), found.rows_b.tolist(), strict=True)) == [(0, 2), (1, 3), (2, 0)]
    assert found.notes == ("1 row without a counterpart",)


def test_without_such_a_column_the_order_matches_rows_when_there_are_as_many():
    found = matched([Column("label", ["a", "a"])], [Column("label", ["a", "a"])], 2, 2)
    assert (found.column, found.rows_a.tolist(), found.rows_b.tolist(), found.notes) == (None, [0, 1], [0, 1], ())
    found = matched([Column("label", ["a", "a"])], [Column("label", ["a", "b"])], 2, 2)
    assert found.notes == ("rows are matched by their order, and yet differ in label",)
    assert matched([], [], 2, 2).column is None


def test_a_column_can_be_asked_for_and_cells_that_occur_twice_match_nothing():
    ours, theirs = [Column("label", ["a", "a", "b", ""])], [Column("label", ["b", "a", "c", ""])]
    found = matched(ours, theirs, 4, 4, "label")
    assert (found.rows_a.tolist(), found.rows_b.tolist()) == ([2], [0])


@pytest.mark.parametrize(
    ("ours", "theirs", "sizes", "column", "words"),
    [
        ([], [], (2, 3), None, "nothing says which rows belong together"),
        ([Column("a", ["x"])], [Column("b", ["x"])], (1, 1), "a", "'a' is not a column of both"),
        ([Column("a", ["x"])], [Column("a", ["y"])], (1, 1), "a", "no cell of 'a' occurs once in both"),
    ],
)
def test_rows_that_cannot_be_matched_are_refused(ours, theirs, sizes, column, words):
    with pytest.raises(RunlensError, match=words):
        matched(ours, theirs, *sizes, column)


# Procrustes ----------------------------------------------------------------------------------------------------------


def test_points_that_were_moved_turned_mirrored_and_scaled_come_back():
    points = cloud(60, 2)
    changed = turned(points * [1, -1], 1.1, 0.3) + np.float32(7)
    assert procrustes(points, changed) == pytest.approx(points, abs=1e-5)


def test_what_remains_is_what_scipy_says_remains():
    a, b = cloud(50, 3), cloud(50, 3, 1)
    found = procrustes(a, b)
    spread = ((a - a.mean(0)) ** 2).sum()
    assert ((found - a) ** 2).sum() / spread == pytest.approx(truth(a, b)[2], rel=1e-5)


def test_only_matched_rows_count_and_all_rows_are_turned():
    points = cloud(30, 2)
    changed = turned(points, 0.5, 2)[::-1].copy()
    changed[29] = NAN
    found = procrustes(points, changed, np.arange(1, 20), 29 - np.arange(1, 20))
    assert found[:29] == pytest.approx(points[::-1][:29], abs=1e-5)
    assert np.isnan(found[29]).all()


def test_flat_points_are_laid_into_space():
    points = cloud(30, 3)
    points[:, 2] = 0
    assert procrustes(points, turned(points[:, :2], 0.4)) == pytest.approx(points, abs=1e-5)
    assert procrustes(points[:, :2], points).shape == (30, 3)


def test_points_in_one_place_are_moved_and_fewer_than_two_refused():
    assert procrustes(cloud(3, 2), np.ones((3, 2))) == pytest.approx(np.tile(cloud(3, 2).mean(0), (3, 1)))
    with pytest.raises(RunlensError, match="at least two rows"):
        procrustes(cloud(3, 2), cloud(3, 2), np.array([0]), np.array([0]))
    with pytest.raises(RunlensError, match="2 rows cannot be matched with 1"):
        procrustes(cloud(3, 2), cloud(3, 2), np.array([0, 1]), np.array([0]))


# Moved ---------------------------------------------------------------------------------------------------------------


def test_points_that_moved_lost_their_neighbours():
    values = np.array([[0], [1], [2], [50], [51], [52]], np.float32)
    other = values.copy()
    other[0] = 53
    found = moved(values, other, 2)
    # Of 4's neighbours 3 and 5 are kept; 0 has none of 1 and 2 left.
    assert found.overlap.tolist() == [0, 0.5, 0.5, 1, 1, 0.5]
    assert found.order.tolist() == [0, 1, 2, 5, 3, 4]
    assert found.k == 2


def test_turning_and_further_dimensions_move_nothing():
    values = cloud(200, 2)
    found = moved(values, np.hstack([turned(values, 1, 5), np.zeros((200, 3))]), 5)
    assert found.overlap.tolist() == [1] * 200


def test_neighbours_are_those_among_matched_rows_and_rows_with_nan_have_none():
    values = np.array([[0], [1], [2], [NAN], [3]], np.float32)
    found = moved(values, values[::-1].copy(), 1, np.arange(5), np.arange(5)[::-1].copy())
    assert found.overlap[[0, 1, 2, 4]].tolist() == [1, 1, 1, 1]
    assert np.isnan(found.overlap[3])
    assert sorted(found.order.tolist()) == [0, 1, 2, 4]
    assert moved(values[:1], values[:1]).notes == ("there are fewer than 2 pairs of finite values",)


def test_of_many_pairs_a_sample_is_measured(monkeypatch):
    monkeypatch.setattr(alignment, "ALL", 100)
    monkeypatch.setattr(alignment, "_SAMPLED", 40)
    values = cloud(150, 3)
    told = []
    found = moved(values, values, 3, progress=lambda share, words: told.append(share))
    assert found.notes == ("measured at 40 rows drawn from 150 (seed 0)",)
    assert np.isfinite(found.overlap).sum() == len(found.order) == 40
    assert told == [0, 0.5]
    assert moved(values, values, stop=lambda: True).notes[-1] == "stopped"


# Samples -------------------------------------------------------------------------------------------------------------


def test_a_sample_keeps_the_share_of_each_label_and_loses_none():
    labels = ["a"] * 900 + ["b"] * 99 + ["c"]
    rows = sampled(1000, labels, 100)
    drawn = [labels[row] for row in rows.tolist()]
    assert len(set(rows.tolist())) == 100
    assert rows.tolist() == sorted(rows.tolist())
    assert drawn.count("c") == 1
    assert 9 <= drawn.count("b") <= 10
    assert sampled(1000, labels, 100).tolist() == rows.tolist()
    assert sampled(1000, labels, 100, seed=1).tolist() != rows.tolist()


def test_few_rows_are_all_kept_and_more_labels_than_rows_do_not_count():
    assert sampled(5).tolist() == [0, 1, 2, 3, 4]
    assert len(sampled(1000, [str(at) for at in range(1000)], 10)) == 10
    assert len(sampled(1000, None, 10)) == 10


def test_a_sample_is_as_large_as_asked_whatever_the_labels():
    rng = np.random.default_rng(0)
    for count in (1, 3, 17, 60):
        labels = [str(int(at)) for at in rng.geometric(0.05, 2000) % count]
        for most in (60, 61, 777, 1999):
            assert len(sampled(2000, labels, most)) == most

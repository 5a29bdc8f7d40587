"""Nearest neighbours equal brute force, whatever the offset, the metric and the damage."""

import math

import numpy as np
import pytest

from tbcore.analysis.neighbors import ALL, Target, graph, nearest, prepared

NAN, INF = math.nan, math.inf


def brute(values, metric):
    """Return all distances [n, n] in double precision, infinite to the row itself."""
    x = np.asarray(values, np.float64)
    if metric == "cosine":
        x = x / np.linalg.norm(x, axis=1, keepdims=True)
        found = 1 - x @ x.T
    else:
        found = np.sqrt(((x[:, None] - x) ** 2).sum(2))
    np.fill_diagonal(found, INF)
    return found


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_the_nearest_of_a_row_equal_brute_force(metric, offset):
    values = (np.random.default_rng(0).standard_normal((700, 24)) + offset).astype(np.float32)
    truth = brute(values, metric)
    ready = prepared(values)
    for row in (0, 17, 699):
        rows, distances = nearest(ready, row, 100, metric)
        assert rows.tolist() == np.argsort(truth[row], kind="stable")[:100].tolist()
        assert distances == pytest.approx(np.sort(truth[row])[:100], rel=1e-5)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_the_neighbours_of_all_rows_equal_brute_force(metric, offset):
    values = (np.random.default_rng(1).standard_normal((1100, 24)) + offset).astype(np.float32)
    truth = brute(values, metric)
    near = graph(values, 9, metric)
    assert near.of.tolist() == list(range(1100))
    assert (near.rows == np.argsort(truth, axis=1, kind="stable")[:, :9]).all()
    assert near.distances == pytest.approx(np.sort(truth, axis=1)[:, :9], rel=1e-5)
    assert near.notes == ()


def test_of_rows_equally_far_the_first_come_first():
    values = np.array([[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1], [0, 0]], np.float32)
    assert nearest(values, 0, 3, "euclidean")[0].tolist() == [5, 1, 2]
    assert graph(values, 3).rows[0].tolist() == [5, 1, 2]
    assert graph(values, 3).distances[0].tolist() == [0, 1, 1]


def test_rows_with_nan_or_infinity_are_nobodys_neighbours_and_have_none():
    values = np.array([[0, 0], [NAN, 1], [1, 1], [INF, 0], [5, 5]], np.float32)
    assert nearest(values, 0, 10, "euclidean")[0].tolist() == [2, 4]
    assert nearest(values, 1, 10)[0].tolist() == []
    assert graph(values, 3).rows.tolist() == [[2, 4, -1], [-1, -1, -1], [0, 4, -1], [-1, -1, -1], [2, 0, -1]]
    assert np.isnan(graph(values, 3).distances[1]).all()


def test_a_row_of_zeros_is_at_cosine_distance_one():
    values = np.array([[1, 0], [0, 0], [2, 0], [-1, 0]], np.float32)
    rows, distances = nearest(values, 0, 3)
    assert rows.tolist() == [2, 1, 3]
    assert distances.tolist() == [0, 1, 2]


def test_values_beyond_what_single_precision_can_square_are_compared_all_the_same():
    values = np.array([[1e30, 0], [1.5e30, 0], [3e30, 0], [0, 1e30]], np.float32)
    assert nearest(values, 0, 3, "euclidean")[0].tolist() == [1, 3, 2]
    assert nearest(values * np.float32(1e-60), 0, 3, "euclidean")[0].tolist() == [1, 2, 3]
    assert nearest(values, 3, 1)[1].tolist() == [1]


def test_one_row_has_no_neighbours_and_no_row_does_no_harm():
    assert nearest(np.ones((1, 3)), 0)[0].tolist() == []
    assert graph(np.ones((1, 3)), 2).rows.tolist() == [[-1, -1]]
    assert graph(np.ones((0, 3)), 2).rows.shape == (0, 2)


def test_neighbours_can_be_looked_for_among_some_rows_only():
    values = np.array([[0], [1], [2], [3], [10]], np.float32)
    near = graph(values, 2, rows=np.array([0, 3]), among=np.array([1, 3, 4]))
    assert near.rows.tolist() == [[1, 3], [1, 4]]
    assert near.distances.tolist() == [[1, 3], [2, 7]]


def test_more_rows_than_can_be_asked_about_are_sampled_and_it_is_said():
    values = np.arange(ALL + 1, dtype=np.float32)[:, None]
    near = graph(values, 2)
    assert len(near.of) == 5_000
    assert near.notes == ("measured at 5,000 rows drawn from 20,001 (seed 0)",)
    assert near.distances[1:-1].max() <= 2  # among all rows, not among the sample


def test_it_tells_how_far_it_is_and_ends_when_asked():
    told = []
    near = graph(
        np.random.default_rng(0).standard_normal((1500, 4)),
        2,
        progress=lambda share, words: told.append((share, words)),
        stop=lambda: len(told) == 2,
    )
    assert told == [(0.0, "neighbours of 0 of 1,500 rows"), (512 / 1500, "neighbours of 512 of 1,500 rows")]
    assert near.notes == ("stopped after 1,024 rows",)
    assert (near.rows[:1024] >= 0).all()
    assert (near.rows[1024:] == -1).all()


def test_ranks_say_the_how_manieth_nearest_a_row_is():
    values = np.array([[0], [1], [3], [7]], np.float32)
    target = Target(values, np.arange(4))
    assert target.ranks(np.array([0, 2]), np.array([[1, 3], [0, 1]])).tolist() == [[1, 3], [2, 1]]


def test_input_is_left_as_it_was():
    values = np.random.default_rng(0).standard_normal((60, 5)).astype(np.float32)
    kept = values.copy()
    nearest(values, 0, 5)
    graph(values, 5)
    graph(values, 5, "cosine")
    assert (values == kept).all()


def test_rows_of_zeros_are_at_cosine_distance_one_in_a_graph_too():
    values = np.array([[0, 0], [1, 0], [1, 1], [-1, 0.1], [0, 0]], np.float32)
    found = graph(values, 4, "cosine")
    for row in range(5):
        rows, distances = nearest(values, row, 4, "cosine")
        assert found.rows[row].tolist() == rows.tolist()
        assert found.distances[row] == pytest.approx(distances, abs=1e-6)

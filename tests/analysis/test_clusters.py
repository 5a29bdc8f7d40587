"""Clusters, their names, and what a selection has: groups that are there are found and called by what is in them."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from tbcore.analysis import clusters as module
from tbcore.analysis.clusters import NONE, clusters, named, statistics

NAN = math.nan


@dataclass(frozen=True)
class Column:
    name: str
    kind: str
    cells: list[str]
    numbers: np.ndarray | None = None


def text(name, cells, kind="category"):
    return Column(name, kind, list(cells))


def numbers(name, values):
    return Column(name, "number", [str(value) for value in values], np.array(values, float))


def groups(sizes, d=8):
    """Return values in groups of these sizes, far apart, and the group of each row."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(len(sizes)), sizes)
    return (rng.normal(0, 20, (len(sizes), d))[group] + rng.standard_normal((len(group), d))).astype(np.float32), group


@pytest.mark.parametrize("how", ["hdbscan", "kmeans"])
def test_groups_are_found_and_the_largest_is_number_zero(how):
    values, group = groups([30, 90, 60])
    found = clusters(values, how, k=3)
    assert found.count == 3
    assert found.labels[group == 1].tolist() == [0] * 90
    assert found.labels[group == 2].tolist() == [1] * 60
    assert found.labels[group == 0].tolist() == [2] * 30


@pytest.mark.parametrize("how", ["hdbscan", "kmeans"])
def test_rows_with_nan_are_in_no_cluster(how):
    values, _group = groups([50, 40])
    values[[3, 60], 1] = NAN
    found = clusters(values, how, k=2)
    assert np.flatnonzero(found.labels < 0).tolist() == [3, 60]


@pytest.mark.parametrize("how", ["hdbscan", "kmeans"])
def test_of_many_rows_a_sample_is_clustered_and_the_others_join(how, monkeypatch):
    monkeypatch.setattr(module, "_DENSE", 200)
    monkeypatch.setattr(module, "_CENTRED", 200)
    values, group = groups([250, 150])
    found = clusters(values, how, k=2)
    assert found.notes[0] == "200 of 400 rows were clustered (seed 0), the others joined the nearest"
    assert found.labels.tolist() == group.tolist()


def test_many_dimensions_are_reduced_for_hdbscan():
    values, group = groups([50, 40], 80)
    found = clusters(values)
    assert "computed from the first 50 principal components" in found.notes
    assert found.labels.tolist() == group.tolist()


def test_there_are_no_more_clusters_than_rows_that_differ():
    assert clusters(np.repeat([[1.0, 2], [5, 5]], 10, axis=0), "kmeans", k=6).count == 2
    assert clusters(np.ones((4, 2))).labels.tolist() == [-1] * 4
    assert clusters(np.ones((4, 2))).notes[-1] == "a cluster needs 5 rows and there are 4"
    assert clusters(np.ones((1, 2))).count == 0


def test_clustering_ends_when_asked_and_tells_how_far_it_is():
    values, _group = groups([50, 40])
    assert clusters(values, "kmeans", stop=lambda: True).notes == ("stopped",)
    assert clusters(values, stop=lambda: True).labels.tolist() == [-1] * 90
    told = []
    clusters(values, "kmeans", progress=lambda share, words: told.append((share, words)))
    assert told[-1] == (0.75, "k-means, try 4 of 4")


def test_a_cluster_is_named_by_what_it_has_more_than_all_have():
    labels = np.repeat([0, 1, -1], [10, 10, 5])
    digit = ["3"] * 9 + ["8"] + ["8"] * 6 + ["5"] * 4 + ["1"] * 5
    split = ["train"] * 25
    found = named(labels, [text("digit", digit), text("split", split)])
    assert [(one.number, one.size, one.name) for one in found] == [
        (0, 10, "digit 3 (90 %)"),
        (1, 10, "digit 8 (60 %)"),
        (-1, 5, NONE),
    ]
    first = found[0].typical[0]
    assert (first.column, first.value, first.count, first.share, first.rest, first.lift) == (
        "digit",
        "3",
        9,
        0.9,
        0,
        2.5,
    )


def test_where_no_value_is_in_most_rows_two_name_a_cluster():
    cells = ["a"] * 4 + ["b"] * 3 + ["c"] * 3 + ["d"] * 10
    assert named(np.repeat([0, 1], 10), [text("label", cells)])[0].name == "a (40 %), b (30 %)"
    cells = ["y"] * 9 + ["x"] * 8 + ["z"] * 3 + ["y"] * 5 + ["z"] * 15
    assert named(np.repeat([0, 1], 20), [text("label", cells)])[0].name == "y (45 %), x (40 %)"


def test_where_every_row_has_a_value_of_its_own_those_in_the_middle_name_a_cluster():
    values = np.array([[0], [1], [2], [9], [100], [101], [102]], np.float32)
    words = text("word", ["king", "queen", "prince", "serf", "cat", "dog", "cow"], "text")
    found = named(np.array([0, 0, 0, 0, 1, 1, 1]), [words], values)
    assert [one.name for one in found] == ["prince, queen, king", "dog, cat, cow"]
    assert [one.name for one in named(np.array([0, 0, 0, 0, 1, 1, 1]), [words])] == ["cluster 1", "cluster 2"]


def test_numbers_name_a_cluster_when_there_is_nothing_else():
    found = named(np.repeat([0, 1], 4), [numbers("loss", [1, 2, 1, 2, 8, 9, 8, 9])])
    assert [one.name for one in found] == ["loss low (mean 1.5)", "loss high (mean 8.5)"]


def test_names_stay_short_and_on_one_line():
    cells = ["line\nbreak " + "x" * 100] * 5 + ["y"] * 5
    name = named(np.repeat([0, 1], 5), [text("t", cells)])[0].name
    assert "\n" not in name
    assert len(name) < 60


def test_statistics_tell_what_a_selection_has_that_the_rest_has_not():
    mask = np.arange(100) < 20
    digit = text("digit", ["3"] * 18 + ["8"] * 2 + ["3"] * 8 + ["8"] * 72)
    noise = text("id", [str(at) for at in range(100)])
    loss = numbers("loss", [5.0] * 20 + [1.0, 2.0] * 40)
    found = statistics([noise, digit, loss], mask)
    assert [one.column for one in found] == ["loss", "digit", "id"]
    assert found[0].words == "median 5, elsewhere 1.5"
    assert (found[0].mean, found[0].rest_mean) == (5, 1.5)
    assert found[0].effect == pytest.approx(abs(np.corrcoef(mask, loss.numbers)[0, 1]))
    assert found[1].words == "3: 90 %, elsewhere 10 %"
    assert [(one.value, one.count, one.share, one.rest) for one in found[1].shares] == [
        ("3", 18, 0.9, 0.1),
        ("8", 2, 0.1, 0.9),
    ]
    # chi2 = 100 * (18 * 72 - 2 * 8)^2 / (20 * 80 * 26 * 74), less its bias.
    chi2 = 100 * (18 * 72 - 2 * 8) ** 2 / (20 * 80 * 26 * 74)
    assert found[1].effect == pytest.approx(math.sqrt((chi2 / 100 - 1 / 99) / (1 - 1 / 99)))
    assert found[2].effect == 0


def test_a_selection_of_all_of_nothing_and_without_values_differs_in_nothing():
    column, loss = text("a", ["x", "y", ""]), numbers("n", [1, NAN, NAN])
    for mask in (np.ones(3, np.bool_), np.zeros(3, np.bool_), np.array([False, False, True])):
        assert [one.effect for one in statistics([column, loss], mask)] == [0, 0]
    assert [one.missing for one in statistics([column, loss], np.array([False, False, True]))] == [1, 1]


def test_numbers_that_are_all_equal_differ_in_nothing():
    assert statistics([numbers("n", [2, 2, 2])], np.array([True, False, False]))[0].effect == 0

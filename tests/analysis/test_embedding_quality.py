"""Quality, hits, confusion, outliers and duplicates: scikit-learn's numbers, or ones worked out by hand."""

import math

import numpy as np
import pytest
from sklearn.manifold import trustworthiness as truth
from sklearn.neighbors import LocalOutlierFactor

from tbcore.analysis import embedding_quality
from tbcore.analysis.embedding_quality import (
    OTHERS,
    confusion,
    continuity,
    duplicates,
    hit,
    outliers,
    quality,
    trustworthiness,
)
from tbcore.errors import RunlensError

NAN = math.nan
LINE = np.array([[0], [1], [2], [10], [11], [12]], np.float32)


def cloud(n, d, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def test_trustworthiness_and_continuity_equal_scikit_learns():
    values = cloud(700, 8)
    points = values[:, :2]
    for k in (1, 5, 30):
        assert trustworthiness(values, points, k) == pytest.approx(truth(values, points, n_neighbors=k), abs=1e-7)
        assert continuity(values, points, k) == pytest.approx(truth(points, values, n_neighbors=k), abs=1e-7)


def test_with_cosines_trustworthiness_equals_scikit_learns():
    values = cloud(300, 8)
    points = values[:, :2]
    found = quality(values, points, 5, "cosine")
    assert found.trustworthiness == pytest.approx(truth(values, points, n_neighbors=5, metric="cosine"), abs=1e-7)


def test_a_picture_that_is_the_values_is_perfect():
    found = quality(cloud(50, 2), cloud(50, 2))
    assert (found.trustworthiness, found.continuity, found.k) == (1, 1, 12)
    assert found.trusted.tolist() == [1] * 50


def test_each_row_has_its_own_quality_and_rows_that_are_not_placed_none():
    values = np.vstack([cloud(40, 3), [[NAN] * 3]])
    points = values[:, :2].copy()
    points[5] = points[:5].mean(0) + 50  # thrown far away: its neighbours there are not its own
    found = quality(values, points, 3)
    assert found.of.tolist() == list(range(40))
    assert found.trusted.argmin() == 5
    assert found.trusted.mean() == pytest.approx(found.trustworthiness)


def test_of_many_rows_a_sample_is_measured_against_all(monkeypatch):
    values = cloud(900, 6)
    exact = quality(values, values[:, :2])
    monkeypatch.setattr(embedding_quality, "_PAIRS", 900 * 300)
    found = quality(values, values[:, :2])
    assert found.notes == ("measured at 300 rows drawn from 900, each against all (seed 0)",)
    assert found.trusted == pytest.approx(exact.trusted[found.of])
    assert found.trustworthiness == pytest.approx(exact.trustworthiness, abs=0.02)


def test_quality_of_too_few_rows_is_refused():
    with pytest.raises(RunlensError, match="at least 3 rows"):
        quality(np.ones((2, 2)), np.ones((2, 2)))


def test_quality_ends_when_asked():
    values = cloud(1200, 4)
    asked = []
    found = quality(values, values[:, :2], stop=lambda: len(asked) == 1 or asked.append(1))
    assert found.notes == ("stopped after 512 rows",)
    assert len(found.trusted) == 512


def test_a_hit_is_a_neighbour_with_the_same_label():
    found = hit(LINE, ["a", "a", "b", "b", "b", "b"], 2)
    assert [(one.label, one.count, one.share) for one in found.rows] == [("b", 4, 0.75), ("a", 2, 0.5)]
    assert found.share == pytest.approx(8 / 12)
    assert [one.chance for one in found.rows] == [3 / 5, 1 / 5]


def test_rows_without_a_label_take_no_part():
    found = hit(LINE, ["a", "", "a", "b", "b", ""], 1)
    assert [(one.label, one.count, one.share) for one in found.rows] == [("a", 2, 1.0), ("b", 2, 1.0)]


def test_confusion_tells_the_labels_of_neighbours():
    found = confusion(LINE, ["a", "a", "b", "b", "b", "b"], 2)
    assert found.labels == ("a", "b")
    assert found.shares.tolist() == [[0.5, 0.5], [0.25, 0.75]]
    assert found.counts.tolist() == [2, 4]


def test_of_more_than_fifty_labels_the_rarest_are_one():
    labels = [str(at) for at in range(60)] * 2 + ["many"] * 5
    found = confusion(cloud(125, 3), labels, 3)
    assert len(found.labels) == 50
    assert found.labels[-1] == OTHERS
    assert "many" in found.labels
    assert found.counts.sum() == 125
    assert found.shares.sum(1) == pytest.approx(np.ones(50))


@pytest.mark.parametrize(("labels", "words"), [(["a"] * 5, "5 labels for 6 rows"), ([""] * 6, "at least 2 rows")])
def test_labels_that_do_not_fit_are_refused(labels, words):
    with pytest.raises(RunlensError, match=words):
        hit(LINE, labels)


def test_outliers_equal_scikit_learns():
    values = cloud(400, 5)
    values[0] = 9
    found = outliers(values)
    assert found.scores == pytest.approx(-LocalOutlierFactor(20).fit(values).negative_outlier_factor_, rel=1e-5)
    assert found.scores.argmax() == 0
    assert found.k == 20


def test_rows_with_nan_have_no_score_and_equal_rows_are_usual():
    values = np.vstack([np.ones((30, 2)), [[NAN, 0]]])
    found = outliers(values, 5)
    assert found.scores[:30] == pytest.approx(np.ones(30))
    assert np.isnan(found.scores[30])
    assert outliers(np.ones((1, 2))).k == 0


def test_outliers_of_many_rows_are_measured_by_a_sample(monkeypatch):
    monkeypatch.setattr(embedding_quality, "ALL", 500)
    values = cloud(900, 5)
    values[3] = 9
    found = outliers(values)
    assert found.notes == ("measured by 500 rows drawn from 900 (seed 0)",)
    assert np.isfinite(found.scores).all()
    assert found.scores.argmax() == 3


def test_duplicates_are_groups_of_equal_rows_the_largest_first():
    values = np.array([[1, 2], [3, 4], [1, 2], [3, 4], [0, 0], [3, 4], [-0.0, 0], [NAN, 1], [NAN, 1]], np.float32)
    assert [group.tolist() for group in duplicates(values)] == [[1, 3, 5], [0, 2], [4, 6]]
    assert duplicates(np.zeros((0, 3))) == []
    assert duplicates(cloud(100, 3)) == []


def test_rows_of_one_mark_that_differ_are_no_duplicates(monkeypatch):
    class Same:
        def integers(self, *_bounds):
            return np.zeros(2, np.uint64)

    monkeypatch.setattr(embedding_quality.np.random, "default_rng", lambda _seed: Same())
    values = np.array([[1, 4], [4, 1], [1, 4], [7, 7]], np.float32)
    assert [group.tolist() for group in duplicates(values)] == [[0, 2]]


def test_a_picture_of_many_equal_rows_that_is_the_values_is_perfect():
    values = np.repeat(np.random.default_rng(3).integers(0, 3, (20, 6)), 40, axis=0).astype(np.float32) * 0.1
    found = quality(values, values, 12)
    assert (found.trustworthiness, found.continuity) == (1, 1)

"""The numbers of precision-recall curves, and every curve of real writers as TensorBoard reads it."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tbcore
from tbcore.analysis import pr_curves
from tbcore.errors import TensorError
from tbcore.series import Series
from tests import eventfile
from tests.fixtures import log, needs_fixtures, oracle

FIVE = [
    [4, 4, 3, 1, 0],  # true positives
    [4, 2, 1, 0, 0],  # false positives
    [0, 2, 3, 4, 4],  # true negatives
    [0, 0, 1, 3, 4],  # false negatives
    [0.5, 2 / 3, 0.75, 1, 0],
    [1, 1, 0.75, 0.25, 0],
]
ROWS = ("true_positives", "false_positives", "true_negatives", "false_negatives", "precision", "recall")


def values(rows: list[list[float]]) -> Any:
    return np.array(rows, np.float64)


def record(step: int, rows: list[list[float]], tag: str = "cats", wall: float | None = None) -> bytes:
    flat = [number for row in rows for number in row]
    return eventfile.record(
        eventfile.event(
            step,
            eventfile.tensor(tag, "float", flat, (len(rows), len(rows[0])), eventfile.metadata("pr_curves")),
            wall=wall,
        )
    )


def series_of(folder: Path, *records: bytes, tag: str = "cats") -> Series:
    eventfile.write(folder / "run" / "events.out.tfevents.1.host", eventfile.version(), *records)
    return read(folder, tag)


def read(folder: Path, tag: str) -> Series:
    logdir = tbcore.Logdir(str(folder))
    logdir.refresh()
    return next(series for series in logdir.find("pr_curves") if series.tag == tag)


def test_average_precision_weighs_precision_with_the_recall_each_threshold_adds() -> None:
    assert pr_curves.average_precision(values(FIVE)) == pytest.approx(0.25 * 2 / 3 + 0.5 * 0.75 + 0.25 * 1)


def test_average_precision_ignores_an_undefined_precision_where_no_recall_is_added() -> None:
    undefined = [*FIVE[:4], [0.5, 2 / 3, 0.75, 1, np.nan], FIVE[5]]
    assert pr_curves.average_precision(values(undefined)) == pr_curves.average_precision(values(FIVE))


def test_the_best_f1_is_told_with_the_lowest_threshold_that_has_it() -> None:
    best, threshold = pr_curves.best_f1(values(FIVE))
    assert (best, threshold) == (pytest.approx(0.8), 0.25)
    twice = [[row[0], row[1], row[1], row[3], row[4]] for row in FIVE]
    assert pr_curves.best_f1(values(twice))[1] == 0.25


def test_without_a_positive_prediction_there_is_no_best_f1() -> None:
    nothing = values([[0, 0], [0, 0], [5, 5], [5, 5], [0, 0], [0, 0]])
    assert [np.isnan(number) for number in pr_curves.best_f1(nothing)] == [True, True]


def test_the_area_under_the_roc_curve_joins_thresholds_by_straight_lines_and_both_corners() -> None:
    assert pr_curves.auc(values(FIVE)) == 0.84375
    # One threshold at which half of each is positive: from (0, 0) to (0.5, 0.5) to (1, 1).
    assert pr_curves.auc(values([[1], [1], [1], [1], [0.5], [0.5]])) == 0.5


def test_without_negatives_there_is_no_roc_curve() -> None:
    only_positives = values([[4, 2], [0, 0], [0, 0], [0, 2], [1, 1], [1, 0.5]])
    assert np.isnan(pr_curves.auc(only_positives))


def test_numbers_of_many_curves_are_those_of_each() -> None:
    many = np.stack([values(FIVE), values(FIVE)[:, ::-1]])
    assert pr_curves.auc(many).tolist() == [float(pr_curves.auc(one)) for one in many]
    assert pr_curves.average_precision(many).tolist() == [float(pr_curves.average_precision(one)) for one in many]


def test_thresholds_from_which_on_nothing_is_positive_are_the_tail() -> None:
    assert pr_curves.length(values(FIVE)) == 4
    assert pr_curves.tensorboard_length(values(FIVE)) == 4


def test_weights_below_one_are_no_tail_though_tensorboard_takes_them_for_one() -> None:
    light = values(FIVE) * np.array([0.1] * 4 + [1] * 2)[:, np.newaxis]
    assert (pr_curves.length(light), pr_curves.tensorboard_length(light)) == (4, 1)


def test_a_curve_of_nothing_but_tail_keeps_its_first_threshold() -> None:
    nothing = values([[0, 0], [0, 0], [5, 5], [5, 5], [0, 0], [0, 0]])
    assert (pr_curves.length(nothing), pr_curves.tensorboard_length(nothing)) == (1, 1)


def test_a_curve_is_drawn_with_all_its_thresholds() -> None:
    assert pr_curves.drawn(pr_curves.Curve("run", "cats", 7, 0.0, values(FIVE))).tolist() == [0, 1, 2, 3, 4]


def test_a_curve_of_very_many_thresholds_is_drawn_by_what_pixels_can_show_and_the_places_of_a_slider() -> None:
    count = 20_000
    tp = np.linspace(1000, 0, count) ** 2
    fp = np.linspace(1000, 0, count) ** 3
    rows = np.stack([tp, fp, fp[0] - fp, tp[0] - tp, tp / (tp + fp + 1e-9), tp / tp[0]])
    one = pr_curves.Curve("run", "cats", 7, 0.0, rows)
    kept = pr_curves.drawn(one)
    assert 201 < len(kept) < 2_500
    assert kept[[0, -1]].tolist() == [0, count - 1]
    for place in range(201):
        nearest = int(pr_curves.confusions([one], place / 200)["threshold"].iloc[0] * (count - 1) + 0.5)
        assert nearest in kept


def test_the_confusion_matrix_is_that_of_the_nearest_logged_threshold() -> None:
    one = pr_curves.Curve("run", "cats", 7, 0.0, values(FIVE))
    (row,) = pr_curves.confusions([one], 0.6).to_dict("records")
    assert (row["threshold"], row["tp"], row["fn"], row["fp"], row["tn"]) == (0.5, 3, 1, 1, 3)
    assert (row["true_positive_rate"], row["false_positive_rate"]) == (0.75, 0.25)
    assert (row["precision"], row["recall"], row["f1"]) == (0.75, 0.75, 0.75)


def test_precision_is_unknown_where_nothing_is_positive() -> None:
    one = pr_curves.Curve("run", "cats", 7, 0.0, values(FIVE))
    (row,) = pr_curves.confusions([one, one], 1.0, [1]).to_dict("records")
    assert np.isnan(row["precision"])
    assert row["curve"] == 1


def test_a_value_of_another_shape_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    series = series_of(tmp_path, record(0, FIVE), record(1, FIVE[:5]), record(2, FIVE))
    found, problems = pr_curves.curves((series, index) for index in range(3))
    assert [one.step for one in found] == [0, 2]
    assert [(one.step, one.reason) for one in problems] == [
        (1, "a PR curve has the shape [5, 5] instead of [6, thresholds]")
    ]
    with pytest.raises(TensorError, match=r"shape \[5, 5\]"):
        pr_curves.curve(series, 1)


def test_text_is_no_curve() -> None:
    with pytest.raises(TensorError, match="no numbers"):
        pr_curves.decoded(np.array([[b"a"]], object))


def test_rows_hold_every_threshold_as_logged(tmp_path: Path) -> None:
    good, bad = pr_curves.rows(series_of(tmp_path, record(3, FIVE), record(4, FIVE[:2])))
    assert (good["run"], good["tag"], good["step"], good["wall_time"]) == ("run", "cats", 3, eventfile.T0 + 3)
    assert good["thresholds"] == [0, 0.25, 0.5, 0.75, 1]
    assert (good["tp"], good["fp"], good["tn"], good["fn"]) == tuple(FIVE[:4])
    assert good["recall"] == FIVE[5]
    assert (bad["step"], bad["error"]) == (4, "a PR curve has the shape [2, 5] instead of [6, thresholds]")


def test_summaries_hold_the_numbers_of_every_step_whatever_the_thresholds(tmp_path: Path) -> None:
    shorter = [row[:4] for row in FIVE]
    found = pr_curves.summaries(series_of(tmp_path, record(0, FIVE), record(1, FIVE[:2]), record(2, shorter)))
    assert found.average_precision.tolist() == pytest.approx([19 / 24, np.nan, 19 / 24], nan_ok=True)
    assert found.auc[0] == 0.84375
    assert (found.positives[0], found.negatives[0]) == (4, 4)
    assert [index for index, _reason in found.problems] == [1]


def test_a_longer_series_has_only_its_new_values_decoded(tmp_path: Path) -> None:
    first = series_of(tmp_path, record(0, FIVE), record(1, FIVE[:2]))
    known = pr_curves.summaries(first)
    series = series_of(tmp_path, record(0, FIVE), record(1, FIVE[:2]), record(2, FIVE), record(3, FIVE[:1]))
    decoded = []
    object.__setattr__(series, "decode", _listing(series.decode, decoded))
    again = pr_curves.summaries(series, known)
    assert len(decoded) == 2
    assert again.f1.tolist() == pytest.approx([0.8, np.nan, 0.8, np.nan], nan_ok=True)
    assert [index for index, _reason in again.problems] == [1, 3]


def test_numbers_of_another_file_are_not_taken_for_known(tmp_path: Path) -> None:
    known = pr_curves.summaries(series_of(tmp_path / "a", record(0, FIVE)))
    nothing = [[0.0] * 5, [0.0] * 5, [4.0] * 5, [4.0] * 5, [0.0] * 5, [0.0] * 5]
    other = series_of(tmp_path / "b", record(0, nothing), record(1, FIVE))
    assert pr_curves.summaries(other, known).auc.tolist() == [0.5, 0.84375]


def test_a_statistic_is_a_series_of_scalars_that_is_superseded_alike(tmp_path: Path) -> None:
    eventfile.write(
        tmp_path / "run" / "events.out.tfevents.1.host",
        eventfile.version(),
        *(record(step, FIVE) for step in range(4)),
    )
    late = eventfile.T0 + 1_000
    eventfile.write(
        tmp_path / "run" / "events.out.tfevents.2.host", eventfile.version(late), record(2, FIVE, wall=late + 2)
    )
    series = read(tmp_path, "cats")
    scalars = pr_curves.statistic(series, pr_curves.summaries(series), "best F1")
    assert scalars.kind == "scalars"
    assert scalars.values.tolist() == pytest.approx([0.8] * 5)
    assert scalars.steps.tolist() == [0, 1, 2, 3, 2]
    assert scalars.superseded.tolist() == [False, False, True, True, False]


def test_curves_over_training_are_evenly_spaced_from_the_first_to_the_last() -> None:
    assert pr_curves.evenly(list(range(100)), 4) == [0, 33, 66, 99]
    assert pr_curves.evenly([3, 5], 4) == [3, 5]


def test_numbers_that_are_not_finite_are_text_in_json() -> None:
    odd = [*FIVE[:4], [0.5, 1, np.nan, np.inf, -np.inf], FIVE[5]]
    (row,) = pr_curves.document([pr_curves.Curve("run", "cats", 7, 0.0, values(odd))])
    assert row["precision"] == [0.5, 1, "NaN", "Infinity", "-Infinity"]
    assert row["tp"] == FIVE[0]


@pytest.mark.parametrize(
    ("tags", "together"),
    [
        (["pr/class_3", "pr/class_4"], {"pr": {"pr/class_3": "class 3", "pr/class_4": "class 4"}}),
        (["a10", "a9"], {"a": {"a9": "9", "a10": "10"}}),
        (["x_1/pr_curves", "x_2/pr_curves"], {"x/pr_curves": {"x_1/pr_curves": "1", "x_2/pr_curves": "2"}}),
        (["pr/class_3"], {"pr/class_3": {"pr/class_3": ""}}),
        (["cats", "dogs"], {"cats": {"cats": ""}, "dogs": {"dogs": ""}}),
        (["1", "2"], {"(classes)": {"1": "1", "2": "2"}}),
        (["a", "a1", "a2"], {"a": {"a": ""}, "a (classes)": {"a1": "1", "a2": "2"}}),
    ],
)
def test_tags_that_differ_only_in_their_class_go_together(tags: list[str], together: dict[str, dict[str, str]]) -> None:
    assert pr_curves.by_class(tags) == together


def _listing(decode: Any, calls: list[bytes]) -> Any:
    def listed(data: bytes, form: str, plugin: str) -> Any:
        calls.append(data)
        return decode(data, form, plugin)

    return listed


# Real writers --------------------------------------------------------------------------------------------------------

WRITERS = ("torch_all", "tf_v2_all", "tensorboardX_all")


def same(ours: list[float], theirs: Any) -> bool:
    """Return whether numbers are those of the oracle, which keeps long lists as their checksum."""
    if isinstance(theirs, list):
        return ours == theirs
    return hashlib.sha256(np.array(ours, "<f8").tobytes()).hexdigest() == theirs["sha256"] and len(ours) == theirs["n"]


@needs_fixtures
@pytest.mark.parametrize("name", WRITERS)
def test_every_curve_is_the_one_tensorboard_shows(name: str) -> None:
    logdir = tbcore.Logdir(str(log(name)))
    logdir.refresh()
    expected = oracle(name)["http"]["pr_curves"]
    found = {(series.run, series.tag): series for series in logdir.find("pr_curves")}
    assert set(found) == {(run, tag) for run, tags in expected.items() for tag in tags}
    for (run, tag), series in found.items():
        assert len(series) == len(expected[run][tag])
        for index, answer in enumerate(expected[run][tag]):
            one = pr_curves.curve(series, index)
            assert one.step == answer["step"]
            seen = one.values[:, : pr_curves.tensorboard_length(one.values)]
            for number, row in enumerate(ROWS):
                shown = np.trunc(seen[number]) if number < 4 else seen[number]
                assert same(shown.tolist(), answer[row]), (run, tag, index, row)


@needs_fixtures
@pytest.mark.parametrize("name", WRITERS)
def test_every_curve_is_what_its_writer_was_handed(name: str) -> None:
    logdir = tbcore.Logdir(str(log(name)))
    logdir.refresh()
    (truth,) = oracle(name)["truth"]
    for series in logdir.find("pr_curves"):
        handed = truth["series"][series.run][series.tag]
        for index, value in enumerate(handed["values"]):
            one = pr_curves.curve(series, index)
            if handed["kind"] == "pr_curve_raw":
                assert one.values.tolist() == np.array(value, np.float32).tolist()
                continue
            counted = counts(value)
            # Weights are added up in the single precision of the file.
            assert one.values[:4] == pytest.approx(counted, rel=2e-6, abs=2e-5)
            kept = pr_curves.length(one.values)
            precision = counted[0, :kept] / (counted[0, :kept] + counted[1, :kept])
            assert one.values[pr_curves.PRECISION, :kept] == pytest.approx(precision, rel=2e-6)


def counts(handed: dict[str, Any]) -> Any:
    """Return TP, FP, TN, FN [4, n] of what a writer was handed."""
    labels = np.array(handed["labels"], bool)
    weights = np.array(handed.get("weights", np.ones(len(labels))), np.float64)
    n = handed["num_thresholds"]
    # Writers sort predictions into as many buckets as there are thresholds.
    bucket = np.floor(np.array(handed["predictions"], np.float64) * (n - 1)).astype(int)
    positive = bucket[np.newaxis] >= np.arange(n)[:, np.newaxis]
    tp, fp = (positive * labels) @ weights, (positive * ~labels) @ weights
    return np.stack((tp, fp, weights[~labels].sum() - fp, weights[labels].sum() - tp))

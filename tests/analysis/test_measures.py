"""One number of a curve: which of its values counts, and how it is spelled."""

import math

import numpy as np
import pytest

from tbcore.analysis.known import Known
from tbcore.analysis.measures import Measure, better, summary, value
from tbcore.series import Opened, Segment, Series

NAN, INF = math.nan, math.inf


def series(*parts, tag="loss"):
    """Return a scalar series of one file per part: (steps, values, when it was opened)."""
    segments = []
    for number, (steps, values, opened) in enumerate(parts):
        walls = opened + np.arange(len(steps), dtype=np.float64)
        last = walls[-1] if len(walls) else opened
        segments.append(
            Segment(
                f"f{number}", Opened(opened, last), "simple_value", np.array(steps, np.int64), walls, np.array(values)
            )
        )
    return Series("r", tag, "scalars", tuple(segments), load=None, decode=None)


def of(values, steps=None):
    """Return a series of one file."""
    return series((range(len(values)) if steps is None else steps, np.array(values, np.float64), 100.0))


@pytest.mark.parametrize(
    ("measure", "number"),
    [
        (Measure("t"), 4.0),
        (Measure("t", how="min"), 1.0),
        (Measure("t", how="max"), 5.0),
        (Measure("t", how="mean", number=2), 3.0),
        (Measure("t", how="mean", number=99), 3.0),
        (Measure("t", how="at", number=10), 5.0),
        (Measure("t", how="at", number=19), 5.0),
        (Measure("t", how="at", number=-1), None),
        (Measure("t", how="at", number=2**62), 4.0),
    ],
)
def test_a_measure_is_one_number_of_the_curve(measure, number) -> None:
    assert value(of([1.0, 5.0, 2.0, 4.0], [0, 10, 20, 30]), measure) == number


def test_a_metric_counts_where_another_one_is_best() -> None:
    accuracy = of([0.1, 0.5, 0.7, 0.6], [0, 10, 20, 30])
    loss = of([3.0, NAN, 1.0, 2.0], [0, 10, 15, 30])
    low, high = Measure("acc", how="where_low", other="last:loss"), Measure("acc", how="where_high", other="last:loss")
    assert value(accuracy, low, loss) == 0.5
    assert value(accuracy, high, loss) == 0.1
    assert value(accuracy, low, None) is None
    assert value(accuracy, low, of([NAN])) is None


def test_what_is_not_finite_is_neither_least_nor_greatest() -> None:
    found = summary(of([NAN, 2.0, -INF, 1.0, INF, 1.0]))
    assert (found.min, found.min_step, found.max, found.max_step) == (1.0, 3, 2.0, 1)
    assert (found.last, found.last_step, found.points) == (1.0, 5, 6)
    assert math.isnan(summary(of([NAN, INF])).min)
    assert math.isnan(value(of([1.0, NAN]), Measure("t")))
    assert math.isnan(value(of([1.0, NAN]), Measure("t", how="mean", number=2)))
    assert math.isnan(value(of([INF, -INF]), Measure("t", how="mean", number=2)))


def test_points_that_were_written_again_do_not_count() -> None:
    restarted = series(([0, 1, 2, 3], [9.0, 1.0, 0.5, 8.0], 100.0), ([2, 3], [4.0, 5.0], 200.0))
    found = summary(restarted)
    assert (found.min, found.max, found.last, found.points) == (1.0, 9.0, 5.0, 4)
    assert value(restarted, Measure("t", how="at", number=2)) == 4.0


def test_the_last_value_is_that_of_the_writer_that_wrote_last() -> None:
    together = series(([0, 1, 2], [1.0, 2.0, 3.0], 100.5), ([0, 1], [7.0, 8.0], 100.0))
    assert value(together, Measure("t")) == 3.0


def test_nothing_logged_is_missing() -> None:
    assert value(None, Measure("t")) is None
    assert value(of([]), Measure("t", how="min")) is None


@pytest.mark.parametrize(
    ("measure", "spelled"),
    [
        (Measure("eval/loss"), "last:eval/loss"),
        (Measure("a:b(c)@d", how="min"), "min:a:b(c)@d"),
        (Measure("epoch_loss", "validation"), "last@validation:epoch_loss"),
        (Measure("t", "a:b@c(d) é", "max"), "max@a%3Ab%40c%28d%29%20%C3%A9:t"),
        (Measure("t", how="mean", number=10), "mean10:t"),
        (Measure("t", "g", "at", -5), "at-5@g:t"),
        (Measure("acc", how="where_low", other="last@v:x(y)"), "where_low(last%40v%3Ax%28y%29):acc"),
        (Measure("", how="max"), "max:"),
        (Measure("two\nlines"), "last:two\nlines"),
    ],
)
def test_a_measure_is_spelled_so_that_it_can_be_read_again(measure, spelled) -> None:
    assert measure.spelled == spelled
    assert Measure.of(spelled) == measure


@pytest.mark.parametrize(
    "text", ["", "loss", "first:loss", "mean:loss", "mean0:loss", "last5:loss", "where_low:x", "min(a):x"]
)
def test_what_spells_no_measure_is_none(text) -> None:
    assert Measure.of(text) is None


def test_a_measure_says_in_words_which_number_it_is() -> None:
    assert Measure("t").words == ""
    assert Measure("t", how="mean", number=1000).words == "mean of last 1,000"
    assert Measure("t", how="where_high", other="last@v:f1").words == "where v/f1 is highest"


@pytest.mark.parametrize(
    ("tag", "good"),
    [
        ("eval/loss", "low"),
        ("Accuracy", "high"),
        ("val_acc", "high"),
        ("validation/epoch_loss", "low"),
        ("train/perplexity", "low"),
        ("rollout/ep_rew_mean", ""),
        ("episode/return", "high"),
        ("time/step_seconds", "low"),
        ("time/images_per_second", "high"),
        ("eval/f1-score", "high"),
        ("lr", ""),
        ("map/x", "high"),
        ("accident", ""),
        ("loss/accuracy", "high"),
        ("valLoss", "low"),
        ("trainAccuracy", "high"),
        ("top5_error", "low"),
        ("tokens_per_second", "high"),
        ("time_to_accuracy", ""),
        ("cross_entropy", "low"),
        ("mAP@50", "high"),
        ("val/mIoU", "high"),
        ("loss_scale", ""),
        ("train/reward_std", ""),
    ],
)
def test_the_words_of_a_tag_tell_what_is_good(tag, good) -> None:
    assert better(tag) == good


def test_a_result_is_worked_out_once_for_as_long_as_its_object_lives() -> None:
    made = []

    class Thing:
        pass

    known = Known(lambda thing: made.append(id(thing)) or len(made))
    one, other = Thing(), Thing()
    assert [known(one), known(one), known(other), known(one)] == [1, 1, 2, 1]
    del one
    assert len(known) == 1

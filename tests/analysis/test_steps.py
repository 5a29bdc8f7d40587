"""Which value of a series a moment means."""

import itertools
from pathlib import Path

import numpy as np

from tbcore.analysis.steps import index_at, moments
from tbcore.formats.tfrecord import EventWriter
from tbcore.series import Series
from tbcore.store.logdir import Logdir


def logged(folder: Path, *attempts: list[int]) -> Series:
    """Return the texts that one run holds: a file per attempt, opened long after the last value of the one before."""
    for number, steps in enumerate(attempts):
        times = itertools.count(100.0 + 1000.0 * number)
        with EventWriter(folder, clock=times.__next__, name=f"events.out.tfevents.{number}") as writer:
            for step in steps:
                writer.text("note", f"{number}: {step}", step)
    logdir = Logdir(str(folder))
    logdir.refresh()
    return logdir.find("text")[0]


def test_the_latest_value_at_or_before_a_step_is_meant(tmp_path: Path) -> None:
    series = logged(tmp_path, [10, 20, 30])
    assert [index_at(series, step) for step in (9, 10, 19, 20, 25, 30, 1000)] == [None, 0, 0, 1, 1, 2, 2]


def test_no_step_means_the_latest_of_all_by_step(tmp_path: Path) -> None:
    assert index_at(logged(tmp_path, [10, 30, 20]), None) == 1


def test_each_of_several_values_of_one_step_is_a_moment_of_its_own(tmp_path: Path) -> None:
    series = logged(tmp_path, [1, 1, 1, 2])
    found = moments([series])
    assert list(zip(found.steps.tolist(), found.nths.tolist(), strict=True)) == [(1, 0), (1, 1), (1, 2), (2, 0)]
    assert [index_at(series, 1, nth) for nth in (0, 1, 2)] == [0, 1, 2]
    assert index_at(series, 1, 99) == 2


def test_values_out_of_order_are_found_by_their_step(tmp_path: Path) -> None:
    series = logged(tmp_path, [30, 10, 20])
    assert [index_at(series, step) for step in (10, 20, 30)] == [1, 2, 0]


def test_a_restarted_run_shows_its_last_attempt_and_on_request_the_earlier_one(tmp_path: Path) -> None:
    series = logged(tmp_path, [1, 2, 3], [2])
    assert moments([series]).steps.tolist() == [1, 2]
    assert [index_at(series, step) for step in (1, 2, 3)] == [0, 3, 3]
    found = moments([series], earlier=True)
    assert list(zip(found.steps.tolist(), found.nths.tolist(), strict=True)) == [(1, 0), (2, 0), (2, 1), (3, 0)]
    assert [index_at(series, step, nth, earlier=True) for step, nth in ((2, 0), (2, 1), (3, 0))] == [1, 3, 2]


def test_the_moments_of_several_series_are_those_of_any(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    found = moments([logged(tmp_path / "a", [1, 3]), logged(tmp_path / "b", [2, 3, 3])])
    assert found.steps.tolist() == [1, 2, 3, 3]
    assert found.nths.tolist() == [0, 0, 0, 1]


def test_series_that_are_logged_alike_share_their_moments(tmp_path: Path) -> None:
    found = moments([logged(tmp_path / "a", [3, 1, 3]), logged(tmp_path / "b", [3, 1, 3])])
    assert (found.steps.tolist(), found.nths.tolist()) == ([1, 3, 3], [0, 0, 1])


def test_without_series_there_are_no_moments() -> None:
    assert len(moments([])) == 0


def test_steps_beyond_53_bits_stay_exact(tmp_path: Path) -> None:
    series = logged(tmp_path, [2**62, 2**62 + 1])
    assert moments([series]).steps.dtype == np.int64
    assert [index_at(series, 2**62 + nth) for nth in (0, 1)] == [0, 1]

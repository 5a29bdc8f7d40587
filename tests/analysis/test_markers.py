"""Moments of a run that are worth a mark in its curves."""

from pathlib import Path

from tbcore.analysis.markers import Marker, markers
from tbcore.store.logdir import Logdir
from tests import eventfile

FIRST, SECOND = "events.out.tfevents.1.host", "events.out.tfevents.2.host"


def test_a_later_file_that_begins_again_is_one_restart_whatever_its_tags(tmp_path: Path) -> None:
    later = eventfile.T0 + 1000
    eventfile.write(
        tmp_path / "run" / FIRST,
        eventfile.version(),
        *[eventfile.scalar(step, tag, 0, eventfile.T0 + step) for step in range(10) for tag in ("a", "b")],
    )
    again = [eventfile.scalar(step, "a", 0, later + step) for step in range(5, 9)]
    again.append(eventfile.scalar(6, "b", 0, later + 6))
    eventfile.write(tmp_path / "run" / SECOND, eventfile.version(later), *again)
    logdir = Logdir(str(tmp_path))
    logdir.refresh()
    (run,) = logdir.runs
    assert markers(run) == (Marker(5, later + 5, "restart", "Training restarted"),)


def test_a_run_in_one_file_has_none(tmp_path: Path) -> None:
    eventfile.write(tmp_path / "run" / FIRST, eventfile.version(), eventfile.scalar(0, "a", 0, eventfile.T0))
    logdir = Logdir(str(tmp_path))
    logdir.refresh()
    assert markers(logdir.runs[0]) == ()

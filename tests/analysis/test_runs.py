"""The table of runs: what a run tells of itself, whether it is going on, and what several are together."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tbcore.analysis import hparams, runs, sheets
from tbcore.analysis.inspect import Logged
from tbcore.analysis.measures import Measure
from tbcore.errors import PatternError
from tbcore.formats.hparams import Status
from tbcore.formats.tfrecord import EventWriter
from tbcore.store.logdir import Logdir
from tests import eventfile as ef

NAME = "events.out.tfevents.1.host"
HOUR = 3600.0


def read(folder: Path) -> tuple[Logged, ...]:
    logdir = Logdir(folder)
    logdir.refresh()
    return logdir.runs


def logged(folder: Path, walls: Sequence[float], *more: bytes, steps: Sequence[int] | None = None) -> Logged:
    """Return a run whose only tag was written at some wall times."""
    points = [ef.scalar(step, "loss", 1.0, wall) for step, wall in zip(steps or range(len(walls)), walls, strict=True)]
    ef.write(folder / "run" / NAME, ef.version(walls[0] if walls else ef.T0), *points, *more)
    (run,) = read(folder)
    return run


def table(some: Sequence[Logged], *measures: Measure, now: float = ef.T0) -> sheets.Sheet:
    return runs.sheet(some, hparams.experiment(some), measures, now=now)


def cells(sheet: sheets.Sheet, key: str) -> list[Any]:
    """Return the cells of a column, None where missing."""
    found = sheet.cells[key]
    return [None if gone else one for one, gone in zip(found.values.tolist(), found.missing.tolist(), strict=True)]


def every(seconds: float, count: int = 20) -> list[float]:
    return [ef.T0 + seconds * place for place in range(count)]


# One run -------------------------------------------------------------------------------------------------------------


def test_a_run_tells_its_times_steps_points_bytes_kinds_and_notes(tmp_path: Path) -> None:
    text = ef.record(
        ef.event(3, ef.tensor("says", "string", [b"hello"], (), ef.metadata("text", description="A word.")))
    )
    run = logged(tmp_path, every(2, 10), text, steps=range(0, 100, 10))
    found = runs.facts(run)
    assert (found.start, found.last) == (ef.T0, ef.T0 + 18)
    assert (found.steps, found.rate) == (90, 5.0)
    assert (found.points, found.bytes) == (11, sum(file.size for file in run.files))
    assert (found.kinds, found.problems, found.note) == ("scalars, text", 0, "A word.")


def test_a_run_whose_values_are_older_than_their_file_goes_by_them(tmp_path: Path) -> None:
    ef.write(
        tmp_path / "run" / NAME,
        ef.version(ef.T0 + 86_400),
        *(ef.scalar(step, "loss", 1.0, ef.T0 + step) for step in range(20)),
    )
    (run,) = read(tmp_path)
    found = runs.facts(run)
    assert (found.start, found.last, found.rate) == (ef.T0, ef.T0 + 19, 1.0)


def test_what_is_known_of_a_run_is_worked_out_once(tmp_path: Path) -> None:
    run = logged(tmp_path, every(1))
    assert runs.facts(run) is runs.facts(run)


def test_a_run_without_values_says_so(tmp_path: Path) -> None:
    found = runs.facts(logged(tmp_path, []))
    assert (found.steps, found.rate, found.points, found.kinds) == (None, None, 0, "")


def test_a_long_pause_is_no_part_of_the_speed(tmp_path: Path) -> None:
    walls = [*every(1, 10), *(ef.T0 + HOUR + second for second in range(10))]
    assert runs.facts(logged(tmp_path, walls)).rate == 1.0


def test_values_handed_on_together_do_not_make_a_run_infinitely_fast(tmp_path: Path) -> None:
    walls = [ef.T0 + 10 * (place // 5) for place in range(20)]
    assert runs.facts(logged(tmp_path, walls)).rate == 0.5


def test_the_speed_is_that_of_the_latest_attempt(tmp_path: Path) -> None:
    ef.write(tmp_path / "run" / NAME, ef.version(), *(ef.scalar(step, "loss", 1, ef.T0 + step) for step in range(10)))
    later = ef.T0 + 100
    again = [ef.scalar(5 + step, "loss", 1, later + 10 * step) for step in range(10)]
    ef.write(tmp_path / "run" / "events.out.tfevents.2.host", ef.version(later), *again)
    (run,) = read(tmp_path)
    assert runs.facts(run).rate == pytest.approx(0.1)


@pytest.mark.parametrize("walls", [[math.nan, math.nan], [5e12, 5e12], [-5.0, -4.0]])
def test_a_clock_that_shows_no_date_is_not_believed(tmp_path: Path, walls: list[float]) -> None:
    found = runs.facts(logged(tmp_path, walls))
    assert math.isnan(found.start)
    assert math.isnan(found.last)
    assert cells(table([logged(tmp_path, walls)]), "about:state") == [None]


# States --------------------------------------------------------------------------------------------------------------

LAST = ef.T0 + 19 * 60  # of twenty writes, one each minute


@pytest.mark.parametrize(
    ("silence", "state"),
    [
        (0, "running"),
        (299, "running"),
        (301, "stalled"),
        (3599, "stalled"),
        (3601, "finished"),
        (-30, "running"),
        (-2 * 86_400, None),
    ],
)
def test_silence_against_the_usual_gap_tells_what_is_running(tmp_path: Path, silence: float, state: str) -> None:
    assert cells(table([logged(tmp_path, every(60))], now=LAST + silence), "about:state") == [state]


def test_writers_hand_on_what_they_have_every_two_minutes_at_the_earliest(tmp_path: Path) -> None:
    run = logged(tmp_path, every(0.1))
    last = ef.T0 + 1.9
    assert [cells(table([run], now=last + silence), "about:state")[0] for silence in (179, 182)] == [
        "running",
        "stalled",
    ]


def test_pauses_that_come_back_do_not_stall_a_run(tmp_path: Path) -> None:
    walls = [ef.T0 + 1000 * epoch + second for epoch in range(4) for second in range(100)]
    run = logged(tmp_path, walls)
    assert cells(table([run], now=walls[-1] + 1500), "about:state") == ["running"]


def test_a_session_that_its_writer_stopped_is_finished_at_once(tmp_path: Path) -> None:
    run = logged(tmp_path, every(60), ef.session(19, 2, LAST))
    assert cells(table([run], now=LAST + 1), "about:state") == ["finished"]


def test_a_silent_run_that_came_as_far_as_another_is_finished(tmp_path: Path) -> None:
    for name, count in (("one", 20), ("other", 20), ("shorter", 12)):
        points = [ef.scalar(step, "loss", 1, ef.T0 + 60 * step) for step in range(count)]
        ef.write(tmp_path / name / NAME, ef.version(), *points)
    found = table(read(tmp_path), now=ef.T0 + 1800)
    assert dict(zip(found.names, cells(found, "about:state"), strict=True)) == {
        "one": "finished",
        "other": "finished",
        "shorter": "stalled",
    }


def test_a_session_that_says_no_end_is_not_finished_where_others_say_theirs(tmp_path: Path) -> None:
    ends: tuple[tuple[str, int, Status | None], ...] = (
        ("ends", 20, "success"),
        ("breaks", 9, "failure"),
        ("dies", 12, None),
    )
    for name, steps, status in ends:
        with EventWriter(tmp_path / name, clock=lambda: ef.T0) as writer:
            writer.hparams({"lr": 0.1})
            for step in range(steps):
                writer.scalar("loss", 1, step, ef.T0 + 60 * step)
            if status is not None:
                writer.session_end(status, ef.T0 + 60 * steps, end_time=ef.T0 + 60 * steps)
    found = table(read(tmp_path), now=ef.T0 + 30 * 86_400)
    assert dict(zip(found.names, cells(found, "about:state"), strict=True)) == {
        "ends": "finished",
        "breaks": "failed",
        "dies": "stalled",
    }


@pytest.mark.parametrize(
    ("status", "state"),
    [("success", "finished"), ("failure", "failed"), ("running", "running"), ("unknown", "running")],
)
def test_a_session_says_how_it_ended(tmp_path: Path, status: str, state: str) -> None:
    found = runs.facts(logged(tmp_path, every(60)))
    assert runs.state(found, LAST + 1, status=status, ended=LAST) == state


def test_an_end_that_is_logged_before_training_is_none(tmp_path: Path) -> None:
    found = runs.facts(logged(tmp_path, every(60)))
    assert runs.state(found, LAST + 1, status="success", ended=ef.T0) == "running"


def test_it_is_known_when_a_session_said_that_it_ended(tmp_path: Path) -> None:
    end = ef.record(ef.event(0, ef.nothing("_hparams_/session_end_info", ef.metadata("hparams")), wall=ef.T0 + 7))
    assert runs.facts(logged(tmp_path, every(60), end)).ended == ef.T0 + 7
    assert math.isnan(runs.facts(logged(tmp_path, every(60))).ended)


# The sheet -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def three(tmp_path: Path) -> tuple[Logged, ...]:
    """Return three runs: a/x and a/y with a loss each, b without."""
    for place, (name, tag) in enumerate((("a/x", "loss"), ("a/y", "loss"), ("b", "other"))):
        start = ef.T0 + 100 * place
        points = [ef.scalar(step, tag, 10.0 * place + step, start + step) for step in range(5)]
        ef.write(tmp_path / name / NAME, ef.version(start), *points)
    return read(tmp_path)


def test_a_sheet_has_a_row_per_run_and_the_measures_that_are_asked_for(three: tuple[Logged, ...]) -> None:
    found = table(three, Measure("loss", how="last"), Measure("loss", how="min"))
    assert found.names == ("a/x", "a/y", "b")
    assert [cells(found, column.key) for column in found.of("metric")] == [[4.0, 14.0, None], [0.0, 10.0, None]]
    assert cells(found, "about:points") == [5, 5, 5]
    assert found.runs == (("a/x",), ("a/y",), ("b",))


def test_groups_stand_above_their_runs_and_are_what_these_are_together(three: tuple[Logged, ...]) -> None:
    tree = runs.grouped(table(three, Measure("loss", how="last")), runs.folders([run.name for run in three], 1))
    assert tree.sheet.names == ("a/", "a/x", "a/y", "b")
    assert (tree.depth.tolist(), tree.parent.tolist()) == ([0, 1, 1, 0], [-1, 0, 0, -1])
    assert cells(tree.sheet, "about:trials") == [2, None, None, None]
    assert cells(tree.sheet, "about:points") == [10, 5, 5, 5]
    assert cells(tree.sheet, "about:start") == [ef.T0, ef.T0, ef.T0 + 100, ef.T0 + 200]
    assert cells(tree.sheet, "about:duration") == [104.0, 4.0, 4.0, 4.0]
    assert cells(tree.sheet, tree.sheet.of("metric")[0].key) == [9.0, 4.0, 14.0, None]
    assert tree.sheet.runs[0] == ("a/x", "a/y")


@pytest.mark.parametrize(("average", "together"), [("mean", 9.0), ("median", 9.0), ("min", 4.0), ("max", 14.0)])
def test_metrics_of_a_group_are_averaged_as_asked(three: tuple[Logged, ...], average: Any, together: float) -> None:
    tree = runs.grouped(table(three, Measure("loss", how="last")), ["a", "a", ""], average=average)
    assert cells(tree.sheet, tree.sheet.of("metric")[0].key)[0] == together


def test_what_the_runs_of_a_group_disagree_on_is_missing() -> None:
    columns = (sheets.Column("hp:lr", "lr", "hparam"), sheets.Column("hp:opt", "opt", "hparam", "text"))
    found = runs.grouped(
        sheets.Sheet(
            ("x", "y", "z"),
            columns,
            {
                "hp:lr": sheets.number_cells([0.1, 0.1, 0.2]),
                "hp:opt": sheets.text_cells(["adam", None, "sgd"]),
            },
            (("x",), ("y",), ("z",)),
        ),
        ["g", "g", "h"],
    )
    assert found.sheet.names == ("g", "x", "y", "z")
    assert cells(found.sheet, "hp:lr") == [0.1, 0.1, 0.1, 0.2]
    assert cells(found.sheet, "hp:opt") == [None, "adam", None, "sgd"]


def test_states_of_a_group_are_counted(tmp_path: Path) -> None:
    for place, age in enumerate((0, 0, HOUR / 2, 10 * HOUR)):
        at = ef.T0 - age
        ef.write(tmp_path / f"r{place}" / NAME, ef.version(at), ef.scalar(place, "loss", 1, at))
    some = read(tmp_path)
    tree = runs.grouped(table(some, now=ef.T0), ["g"] * 4)
    assert cells(tree.sheet, "about:state")[0] == "2 running, 1 stalled, 1 finished"


def bare(*names: str) -> sheets.Sheet:
    """Return a sheet of runs of which only the names are known."""
    return sheets.Sheet(
        names,
        (sheets.Column("about:run", "Run", "about", "text"),),
        {"about:run": sheets.text_cells(names)},
        tuple((one,) for one in names),
    )


def test_sub_runs_stand_below_the_runs_whose_folders_they_lie_in() -> None:
    tree = runs.nested(bare("a", "a/b", "a/b/c/d", "z10", "z9", "deep/1/2", "twin/x", "twin/y"))
    rows = zip(tree.sheet.names, tree.depth.tolist(), tree.parent.tolist(), strict=True)
    assert list(rows) == [
        ("a", 0, -1),
        ("a/b", 1, 0),
        ("a/b/c/d", 2, 1),
        ("z10", 0, -1),
        ("z9", 0, -1),
        ("deep/1/2", 0, -1),
        ("twin/", 0, -1),
        ("twin/x", 1, 6),
        ("twin/y", 1, 6),
    ]
    assert tree.sheet.runs[0] == ("a", "a/b", "a/b/c/d")


def test_a_run_with_sub_runs_keeps_what_it_says_itself() -> None:
    columns = (
        sheets.Column("m:last:loss", "loss", "metric"),
        sheets.Column("about:points", "Points", "about", "count"),
    )
    values = {"m:last:loss": sheets.number_cells([1.0, 5.0]), "about:points": sheets.number_cells([10, 20])}
    tree = runs.nested(sheets.Sheet(("a", "a/b"), columns, values, (("a",), ("a/b",))))
    assert cells(tree.sheet, "m:last:loss") == [1.0, 5.0]
    assert cells(tree.sheet, "about:points") == [30, 20]


def test_a_group_never_has_the_name_of_a_run() -> None:
    tree = runs.grouped(bare("a", "b", "g"), ["g", "g", ""])
    assert tree.sheet.names == ("g/", "a", "b", "g")


def test_nothing_is_put_together_where_nothing_is() -> None:
    assert runs.nested(bare()).sheet.names == ()
    assert runs.grouped(bare(), []).sheet.names == ()


# Labels --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "labels"),
    [
        (r"lr=([\d.]+)", ["0.1", "0.1", ""]),
        (r"lr=([\d.]+),(seed)=(\d)?", ["0.1 / seed / 1", "0.1 / seed / ∅", ""]),
        ("SEED", ["SEED", "SEED", ""]),
    ],
)
def test_what_a_regular_expression_captures_names_the_group(pattern: str, labels: list[str]) -> None:
    assert runs.captures(["lr=0.1,seed=1", "lr=0.1,seed=", "other"], pattern) == labels


def test_a_wrong_regular_expression_says_so() -> None:
    with pytest.raises(PatternError, match="position 1"):
        runs.captures(["a"], "(")


def test_the_first_folders_name_the_group() -> None:
    assert runs.folders(["a/b/c", "a/b", "x"], 2) == ["a/b/", "a/b/", "x/"]
    assert runs.folders(["a/b"], 0) == ["a/"]


def test_five_thousand_runs_are_put_together_at_once() -> None:
    names = [f"s{place % 20}/r{place}" for place in range(5000)]
    tree = runs.nested(bare(*names))
    assert len(tree.sheet) == 5020
    assert int(np.count_nonzero(tree.depth == 0)) == 20

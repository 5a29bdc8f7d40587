"""Sub-runs of hyperparameters: which are folded into the run around them, and what becomes of what they logged."""

from pathlib import Path

import numpy as np
import pytest

from tbcore.store.logdir import Logdir
from tests import eventfile as ef
from tests.fixtures import log, needs_fixtures

NAME = "events.out.tfevents.1.host"
MOMENT = "1795200481.5028741"
LATER = "1795200490.25"
START = ("hparams", "_hparams_/session_start_info")


def started(group: str = "", **numbers: float) -> bytes:
    """Return a record with the hyperparameters of a session, in the order given."""
    chosen = b"".join(
        ef.field(1, ef.field(1, name) + ef.field(2, ef.double(2, number))) for name, number in numbers.items()
    )
    content = ef.field(3, chosen + (ef.field(4, group) if group else b""))
    return ef.record(ef.event(0, ef.nothing(START[1], ef.metadata("hparams", content))))


def sub_run(folder: Path, *records: bytes, wall: float = ef.T0, **numbers: float) -> None:
    ef.write(folder / NAME, ef.version(wall), started(**numbers), *records)


def curve(folder: Path, *values: float, tag: str = "loss") -> Path:
    return ef.write(folder / NAME, ef.version(), *ef.curve(tag, values))


def refreshed(folder: Path) -> Logdir:
    logdir = Logdir(folder)
    logdir.refresh()
    return logdir


def folds(folder: Path) -> dict[str, tuple[str, ...]]:
    return {run.name: run.folded for run in refreshed(folder).folded}


def test_a_sub_run_named_after_a_moment_is_folded_into_the_run_around_it(tmp_path: Path) -> None:
    curve(tmp_path / "a", 1.0, 2.0)
    sub_run(tmp_path / "a" / MOMENT, ef.scalar(0, "hparam/accuracy", 0.5), lr=0.1)
    curve(tmp_path / "b", 3.0)
    logdir = refreshed(tmp_path)
    one, other = logdir.folded
    assert [run.name for run in logdir.runs] == ["a", f"a/{MOMENT}", "b"]
    assert (one.name, one.folded, other.name, other.folded) == ("a", (f"a/{MOMENT}",), "b", ())
    assert list(one.series) == [("scalars", "loss"), START, ("scalars", "hparam/accuracy")]
    assert {series.run for series in one.series.values()} == {"a"}
    assert one.series["scalars", "hparam/accuracy"].values.tolist() == [0.5]
    assert [file.name for file in one.files] == [f"a/{NAME}", f"a/{MOMENT}/{NAME}"]
    assert (one.points, one.last_step, one.start) == (4, 1, ef.T0)
    assert one.parts == (logdir.runs[0], logdir.runs[1])
    assert other is logdir.runs[2]
    assert other.parts == (other,)


def test_the_logdir_itself_may_be_the_run_around(tmp_path: Path) -> None:
    curve(tmp_path, 1.0)
    sub_run(tmp_path / MOMENT, lr=0.1)
    assert folds(tmp_path) == {".": (MOMENT,)}


@pytest.mark.parametrize("name", ["1795200481", "1.5", "trial_1", "version_0", "1795200481.5a", "-1795200481.5"])
def test_a_sub_run_of_another_name_stays(tmp_path: Path, name: str) -> None:
    curve(tmp_path / "a", 1.0)
    sub_run(tmp_path / "a" / name, lr=0.1)
    assert folds(tmp_path) == {"a": (), f"a/{name}": ()}


def test_a_sub_run_stays_where_it_holds_no_session_or_nothing_is_around_it(tmp_path: Path) -> None:
    curve(tmp_path / "a", 1.0)
    curve(tmp_path / "a" / MOMENT, 2.0)
    sub_run(tmp_path / "b" / MOMENT, lr=0.1)
    assert folds(tmp_path) == {"a": (), f"a/{MOMENT}": (), f"b/{MOMENT}": ()}


def test_a_sub_run_with_runs_below_it_stays(tmp_path: Path) -> None:
    curve(tmp_path / "a", 1.0)
    sub_run(tmp_path / "a" / MOMENT, lr=0.1)
    curve(tmp_path / "a" / MOMENT / "eval", 1.0)
    assert all(not folded for folded in folds(tmp_path).values())


def test_sub_runs_that_chose_the_same_in_any_order_are_folded_together(tmp_path: Path) -> None:
    curve(tmp_path / "a", 1.0)
    sub_run(
        tmp_path / "a" / LATER, ef.scalar(1, "hparam/acc", 0.75, ef.T0 + 60), wall=ef.T0 + 60, lr=0.1, n=float("nan")
    )
    sub_run(tmp_path / "a" / MOMENT, ef.scalar(0, "hparam/acc", 0.5), n=float("nan"), lr=0.1)
    assert folds(tmp_path) == {"a": (f"a/{MOMENT}", f"a/{LATER}")}
    accuracy = refreshed(tmp_path).folded[0].series["scalars", "hparam/acc"]
    assert (accuracy.steps.tolist(), accuracy.values.tolist()) == ([0, 1], [0.5, 0.75])
    assert accuracy.superseded.tolist() == [False, False]


def test_of_sub_runs_that_logged_the_same_step_the_latest_counts(tmp_path: Path) -> None:
    curve(tmp_path / "a", 1.0)
    sub_run(tmp_path / "a" / MOMENT, ef.scalar(0, "hparam/acc", 0.5), lr=0.1)
    sub_run(tmp_path / "a" / LATER, ef.scalar(0, "hparam/acc", 0.75, ef.T0 + 60), wall=ef.T0 + 60, lr=0.1)
    accuracy = refreshed(tmp_path).folded[0].series["scalars", "hparam/acc"]
    assert accuracy.values[~accuracy.superseded].tolist() == [0.75]


def test_sub_runs_that_chose_differently_are_sessions_of_their_own(tmp_path: Path) -> None:
    curve(tmp_path / "a", 1.0)
    sub_run(tmp_path / "a" / MOMENT, lr=0.1)
    sub_run(tmp_path / "a" / LATER, lr=0.2)
    assert folds(tmp_path) == {"a": (), f"a/{MOMENT}": (), f"a/{LATER}": ()}


def test_a_run_that_chose_for_itself_takes_in_only_what_chose_the_same(tmp_path: Path) -> None:
    ef.write(tmp_path / "a" / NAME, ef.version(), started(lr=0.1))
    sub_run(tmp_path / "a" / MOMENT, lr=0.2)
    ef.write(tmp_path / "b" / NAME, ef.version(), started(lr=0.1))
    sub_run(tmp_path / "b" / MOMENT, lr=0.1)
    assert folds(tmp_path) == {"a": (), f"a/{MOMENT}": (), "b": (f"b/{MOMENT}",)}


def test_a_session_that_cannot_be_read_is_not_folded(tmp_path: Path) -> None:
    curve(tmp_path / "a", 1.0)
    broken = ef.record(ef.event(0, ef.nothing(START[1], ef.metadata("hparams", b"\x1a\xff"))))
    ef.write(tmp_path / "a" / MOMENT / NAME, ef.version(), broken)
    assert folds(tmp_path) == {"a": (), f"a/{MOMENT}": ()}


def test_the_curve_of_the_run_itself_stays_and_that_of_the_sub_run_is_among_its_parts(tmp_path: Path) -> None:
    curve(tmp_path / "a", 1.0, 2.0)
    sub_run(tmp_path / "a" / MOMENT, ef.scalar(0, "loss", 9.0, ef.T0 + 60), wall=ef.T0 + 60, lr=0.1)
    (run,) = refreshed(tmp_path).folded
    loss = run.series["scalars", "loss"]
    assert (loss.values.tolist(), loss.superseded.tolist()) == ([1.0, 2.0], [False, False])
    assert run.parts[1].series["scalars", "loss"].values.tolist() == [9.0]
    handed = run.series["scalars", "loss (add_hparams)"]
    assert (handed.run, handed.tag, handed.values.tolist()) == ("a", "loss (add_hparams)", [9.0])


def test_what_a_sub_run_repeats_of_the_curve_stands_nowhere_twice(tmp_path: Path) -> None:
    curve(tmp_path / "a", 1.0, 2.0)
    sub_run(tmp_path / "a" / MOMENT, ef.scalar(0, "loss", 2.0), lr=0.1)
    (run,) = refreshed(tmp_path).folded
    assert list(run.series) == [("scalars", "loss"), START]


def test_configurations_of_the_run_come_before_those_of_its_sub_runs(tmp_path: Path) -> None:
    curve(tmp_path / "a", 1.0)
    (tmp_path / "a" / "config.yaml").write_text("lr: 1")
    sub_run(tmp_path / "a" / MOMENT, lr=0.1)
    (tmp_path / "a" / MOMENT / "hparams.yaml").write_text("lr: 2")
    (run,) = refreshed(tmp_path).folded
    assert [config.values["lr"] for config in run.configs] == [1.0, 2.0]


def test_folded_runs_stay_the_same_while_their_parts_do_and_move_when_any_part_does(tmp_path: Path) -> None:
    events = curve(tmp_path / "a", 1.0)
    sub_run(tmp_path / "a" / MOMENT, lr=0.1)
    other = curve(tmp_path / "b", 1.0)
    logdir = refreshed(tmp_path)
    first = logdir.folded
    assert logdir.folded is first
    for path, moves in ((other, False), (events, True), (tmp_path / "a" / MOMENT / NAME, True)):
        before = logdir.folded[0]
        with path.open("ab") as file:
            file.write(ef.scalar(5, "more", 1.0))
        logdir.refresh()
        assert (logdir.folded[0] is not before) == moves
        assert (logdir.folded[0].generation > before.generation) == moves


def test_a_sub_run_that_appears_or_goes_changes_the_run_around_it(tmp_path: Path) -> None:
    curve(tmp_path / "a", 1.0)
    logdir = refreshed(tmp_path)
    assert logdir.folded == logdir.runs
    sub_run(tmp_path / "a" / MOMENT, lr=0.1)
    logdir.refresh()
    assert [run.folded for run in logdir.folded] == [(f"a/{MOMENT}",)]
    (tmp_path / "a" / MOMENT / NAME).unlink()
    logdir.refresh()
    assert [run.folded for run in logdir.folded] == [()]
    assert START not in logdir.folded[0].series


def test_the_raw_runs_of_a_logdir_are_those_on_disk(tmp_path: Path) -> None:
    curve(tmp_path / "a", 1.0)
    sub_run(tmp_path / "a" / MOMENT, ef.scalar(0, "hparam/acc", 0.5), lr=0.1)
    assert [(series.run, series.tag) for series in refreshed(tmp_path).find("scalars")] == [
        ("a", "loss"),
        (f"a/{MOMENT}", "hparam/acc"),
    ]


@needs_fixtures
def test_what_pytorch_writes_without_a_name_is_folded() -> None:
    logdir = refreshed(log("torch_hparams_mixed"))
    folded = {run.name: run.folded for run in logdir.folded if run.folded}
    assert folded == {"plain": ("plain/1795200481.5028741",)}
    plain = next(run for run in logdir.folded if run.name == "plain")
    assert np.isfinite(plain.series["scalars", "hparam/accuracy"].values).all()
    assert len(logdir.folded) == len(logdir.runs) - 1

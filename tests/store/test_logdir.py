"""Logdirs: what is discovered, what a refresh changes, and what readers see meanwhile."""

import errno
import os
import threading
from pathlib import Path

import numpy as np
import pytest

import tbcore
from tbcore.errors import CorruptRecordError, FormatError, LogdirError
from tbcore.series import Problem, Series
from tbcore.store import logdir as logdirs
from tbcore.store import run as reading
from tbcore.store.logdir import Logdir, Progress, roots
from tbcore.store.sources import Folder, LocalSource
from tests import eventfile as ef
from tests.fixtures import FIXTURES, log, needs_fixtures
from tests.growing import GrowingFile, stages
from tests.store.memory import MemorySource

NAME = "events.out.tfevents.1.host"


def refreshed(spec: str | Path, **options: object) -> Logdir:
    logdir = Logdir(spec, **options)
    logdir.refresh()
    return logdir


def names(logdir: Logdir) -> list[str]:
    return [run.name for run in logdir.runs]


def only(logdir: Logdir, kind: str = "scalars") -> Series:
    (series,) = logdir.find(kind)
    return series


def steps(logdir: Logdir, run: str = ".", tag: str = "loss", kind: str = "scalars") -> list[int]:
    return logdir.snapshot.runs[run].series[kind, tag].steps.tolist()


def loss(*values: float, first: int = 0) -> bytes:
    return ef.version() + b"".join(ef.curve("loss", values, first))


# What is discovered --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["events.out.tfevents.1.host", "tfevents", "a-tfevents-b.v2", ".tfevents.hidden", "x.tfevents.gz"]
)
def test_any_file_whose_name_holds_tfevents_is_an_event_file(tmp_path: Path, name: str) -> None:
    ef.write(tmp_path / name, loss(0.5))
    ef.write(tmp_path / "tfevent.log", loss(0.5))
    assert [file.name for file in refreshed(tmp_path).runs[0].files] == [name]


def test_a_run_is_a_folder_that_holds_event_files_and_the_logdir_itself_is_a_dot(tmp_path: Path) -> None:
    for folder in (".", "a", "a/b/c", "d/events.tfevents.folder"):
        ef.write(tmp_path / folder / NAME, loss(0.5))
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    assert sorted(names(refreshed(tmp_path))) == [".", "a", "a/b/c", "d/events.tfevents.folder"]


def test_runs_come_by_the_wall_time_of_their_first_event_then_by_name_those_without_last(tmp_path: Path) -> None:
    starts = {"late": 30.0, "run10": 20.0, "run9": 20.0, "early": 10.0, "nan": float("nan")}
    for name, start in starts.items():
        ef.write(tmp_path / name / NAME, ef.version(start))
    ef.write(tmp_path / "empty2" / NAME)
    ef.write(tmp_path / "empty10" / NAME)
    logdir = refreshed(tmp_path)
    assert names(logdir) == ["early", "run9", "run10", "late", "empty2", "empty10", "nan"]
    assert [run.start for run in logdir.runs][:4] == [10.0, 20.0, 20.0, 30.0]


def test_the_start_of_a_run_is_that_of_its_earliest_file(tmp_path: Path) -> None:
    ef.write(tmp_path / "a.tfevents", ef.version(20.0))
    ef.write(tmp_path / "b.tfevents", ef.version(10.0))
    assert refreshed(tmp_path).runs[0].start == 10.0


def test_tags_are_found_in_natural_order_run_by_run(tmp_path: Path) -> None:
    for number, run in enumerate(["b", "a"]):
        ef.write(
            tmp_path / run / NAME, ef.version(number), *[ef.scalar(0, tag, 1.0) for tag in ("x10", "x9", "A/b", "a/a")]
        )
    found = [(series.run, series.tag) for series in refreshed(tmp_path).find("scalars")]
    assert found == [(run, tag) for run in "ba" for tag in ("a/a", "A/b", "x9", "x10")]


def test_runs_and_tags_are_picked_by_expressions_anywhere_in_the_name(tmp_path: Path) -> None:
    for run in ("Train", "eval"):
        ef.write(tmp_path / run / NAME, *[ef.scalar(0, tag, 1.0) for tag in ("Loss/a", "acc")])
    logdir = refreshed(tmp_path)
    assert [(s.run, s.tag) for s in logdir.find("scalars", tags="loss", runs="TRAIN|x")] == [("Train", "Loss/a")]
    assert logdir.find("histograms") == []
    with pytest.raises(tbcore.errors.PatternError, match="position 1"):
        logdir.find("scalars", tags="(")


def test_links_are_followed_and_a_loop_ends(tmp_path: Path) -> None:
    top = tmp_path / "top"
    ef.write(top / "a" / NAME, loss(0.5))
    ef.write(tmp_path / "elsewhere" / NAME, loss(0.25))
    (top / "linked").symlink_to(tmp_path / "elsewhere")
    (top / "a" / "up").symlink_to(top)
    (top / "itself").symlink_to("itself")
    (top / "dangling").symlink_to(tmp_path / "nowhere")
    (top / "a" / "other.tfevents").symlink_to(tmp_path / "elsewhere" / NAME)
    (top / "a" / "dangling.tfevents").symlink_to(tmp_path / "nowhere")
    logdir = refreshed(top)
    assert sorted(names(logdir)) == ["a", "linked"]
    assert [file.name for file in logdir.snapshot.runs["a"].files] == [f"a/{NAME}", "a/other.tfevents"]
    assert logdir.problems == ()


def test_what_a_link_leads_to_is_found_when_it_appears_later(tmp_path: Path) -> None:
    top = tmp_path / "top"
    ef.write(top / NAME, loss(0.5))
    (top / "linked").symlink_to(tmp_path / "later")
    for path in (top,):
        os.utime(path, (1, 1))
    logdir = refreshed(top)
    ef.write(tmp_path / "later" / NAME, loss(0.25))
    assert logdir.refresh()
    assert sorted(names(logdir)) == [".", "linked"]


# Which folders a spec names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("runs", [("", "runs")]),
        ("a=x,b=y/z", [("a", "x"), ("b", "y/z")]),
        ("a:x,b:y/z", [("a", "x"), ("b", "y/z")]),
        ("train:/data/t,eval:/data/e", [("train", "/data/t"), ("eval", "/data/e")]),
        ("x,y", [("x", "x"), ("y", "y")]),
        ("a=x,y", [("a", "x"), ("y", "y")]),
        ("gs://bucket/logs", [("", "gs://bucket/logs")]),
        ("train:gs://b/t,eval:s3://b/e", [("train", "gs://b/t"), ("eval", "s3://b/e")]),
        ("train=gs://b/t", [("train", "gs://b/t")]),
        ("C:\\logs\\a", [("", "C:\\logs\\a")]),
        ("C:/logs/a", [("", "C:/logs/a")]),
        ("train:C:\\logs\\a", [("train", "C:\\logs\\a")]),
        ("/data/lr:0.1", [("", "/data/lr:0.1")]),
        ("/data/lr=0.1/run", [("", "/data/lr=0.1/run")]),
        ("a = x", [("a ", " x")]),
        ("a=x,", [("a", "x")]),
    ],
)
def test_a_spec_is_a_path_or_names_paths(spec: str, expected: list[tuple[str, str]]) -> None:
    assert roots(spec) == expected


def test_a_path_that_exists_is_that_path_whatever_signs_are_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("lr=0.1", "a,b", "x:y"):
        (tmp_path / name).mkdir()
        assert roots(name) == [("", name)]


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert roots("~/logs") == [("", "/home/somebody/logs")]
    assert roots("a=~/logs") == [("a", "/home/somebody/logs")]


@pytest.mark.parametrize(("spec", "words"), [("", "no logdir is given"), ("a=x,a=y", "names 'a' twice")])
def test_a_spec_that_names_nothing_or_one_name_twice_says_so(spec: str, words: str) -> None:
    with pytest.raises(LogdirError, match=words):
        Logdir(spec)


def test_the_runs_of_named_folders_begin_with_the_name(tmp_path: Path) -> None:
    ef.write(tmp_path / "x" / NAME, loss(0.5))
    ef.write(tmp_path / "y" / "deep" / NAME, loss(0.5))
    logdir = refreshed(f"train={tmp_path / 'x'},eval={tmp_path / 'y'}")
    assert sorted(names(logdir)) == ["eval/deep", "train"]
    assert logdir.snapshot.runs["train"].files[0].name == f"train/{NAME}"


def test_one_missing_folder_of_two_is_a_problem_and_the_other_is_read(tmp_path: Path) -> None:
    ef.write(tmp_path / "x" / NAME, loss(0.5))
    logdir = refreshed(f"a={tmp_path / 'x'},b={tmp_path / 'y'}")
    assert names(logdir) == ["a"]
    assert [str(problem) for problem in logdir.problems] == [
        f"{tmp_path / 'y'}: does not exist: check the path, or start training first"
    ]


@pytest.mark.parametrize(
    ("path", "words"),
    [("nowhere", "does not exist: check the path"), (NAME, "is a file: give the folder that holds it")],
)
def test_a_logdir_that_is_none_says_what_to_do(tmp_path: Path, path: str, words: str) -> None:
    ef.write(tmp_path / NAME, loss(0.5))
    with pytest.raises(LogdirError, match=words):
        refreshed(tmp_path / path)


def test_a_logdir_that_appears_later_is_read_then(tmp_path: Path) -> None:
    logdir = Logdir(tmp_path / "later")
    with pytest.raises(LogdirError):
        logdir.refresh()
    ef.write(tmp_path / "later" / NAME, loss(0.5))
    assert logdir.refresh()
    assert names(logdir) == ["."]


def test_an_empty_logdir_has_no_runs_and_no_problems(tmp_path: Path) -> None:
    logdir = Logdir(tmp_path)
    assert not logdir.refresh()
    assert (logdir.runs, logdir.problems, logdir.find("scalars"), logdir.generation) == ((), (), [], 0)


# Files that grow, shrink, go and come --------------------------------------------------------------------------------


def test_a_growing_file_shows_what_is_new_at_every_refresh(tmp_path: Path) -> None:
    file = GrowingFile(tmp_path / NAME, ef.version(), *ef.curve("loss", range(100)))
    logdir = Logdir(tmp_path)
    seen = []
    for count in (1, 1, 10, 50, 39):
        stages(file, [count])
        assert logdir.refresh()
        seen.append(len(logdir.find("scalars")[0]) if logdir.find("scalars") else 0)
    assert seen == [0, 1, 11, 61, 100]
    assert only(logdir).values.tolist() == [float(value) for value in range(100)]


def test_a_refresh_reads_only_what_is_new() -> None:
    data = [ef.version(), *ef.curve("loss", range(20_000))]
    source = MemorySource({f"log/{NAME}": b"".join(data[:-1])})
    read: list[int] = []
    inner = source.read

    def counted(handle: int, buffer: np.ndarray, offset: int) -> int:
        read.append(inner(handle, buffer, offset))
        return read[-1]

    source.read = counted
    logdir = Logdir("log", source=source)
    logdir.refresh()
    read.clear()
    source.write(f"log/{NAME}", b"".join(data))
    assert logdir.refresh()
    assert len(only(logdir)) == 20_000
    assert sum(read) < 500


def test_a_half_written_tail_waits_and_is_completed(tmp_path: Path) -> None:
    file = GrowingFile(tmp_path / NAME, ef.version(), *ef.curve("loss", range(3)))
    logdir = Logdir(tmp_path)
    waiting = []
    for records, partial in ((2, 5), (0, 8), (0, 20), (1, 0), (1, 0)):
        file.more(records, partial)
        logdir.refresh()
        waiting.append((steps(logdir), logdir.runs[0].files[0].waiting))
    assert waiting == [([0], 5), ([0], 13), ([0], 33), ([0, 1], 0), ([0, 1, 2], 0)]
    assert logdir.problems == ()


@needs_fixtures
def test_a_log_photographed_while_it_grew_gives_the_same_series_read_step_by_step(tmp_path: Path) -> None:
    target = tmp_path / "run"
    target.mkdir()
    logdir = Logdir(tmp_path)
    counts = []
    for stage in sorted((log("edge_live")).iterdir()):
        for path in sorted(stage.iterdir()):
            with (target / path.name).open("r+b" if (target / path.name).exists() else "wb") as file:
                file.write(path.read_bytes())
                file.truncate()
        logdir.refresh()
        expected = refreshed(stage)
        assert {key: series.steps.tolist() for key, series in logdir.runs[0].series.items()} == {
            key: series.steps.tolist() for key, series in expected.runs[0].series.items()
        }
        assert [file.waiting for file in logdir.runs[0].files] == [file.waiting for file in expected.runs[0].files]
        counts.append(sum(len(series) for series in logdir.runs[0].series.values()))
    assert counts == sorted(counts)
    assert len(set(counts)) > 2


def test_a_second_refresh_with_nothing_new_changes_nothing(tmp_path: Path) -> None:
    ef.write(tmp_path / "a" / NAME, loss(0.5), ef.cut(ef.scalar(5, "loss", 1.0), 20))
    ef.write(tmp_path / "b" / NAME, loss(0.5), b"garbage" * 10)
    logdir = Logdir(tmp_path)
    assert logdir.refresh()
    snapshot = logdir.snapshot
    assert not logdir.refresh()
    assert not logdir.refresh()
    assert logdir.snapshot is snapshot
    assert logdir.generation == 1


def test_the_generation_moves_for_the_runs_that_changed_only(tmp_path: Path) -> None:
    one = GrowingFile(tmp_path / "a" / NAME, *ef.curve("loss", range(4)))
    ef.write(tmp_path / "b" / NAME, loss(0.5))
    one.more(2)
    logdir = refreshed(tmp_path)
    before = logdir.snapshot
    one.more(1)
    logdir.refresh()
    assert logdir.generation == before.generation + 1
    assert logdir.snapshot.runs["b"] is before.runs["b"]
    assert logdir.snapshot.runs["a"].generation == before.runs["a"].generation + 1


def test_a_deleted_file_takes_its_points_along_and_a_deleted_folder_its_run(tmp_path: Path) -> None:
    for name in ("1.tfevents", "2.tfevents"):
        ef.write(tmp_path / "a" / name, ef.scalar(int(name[0]), "loss", 0.5))
    ef.write(tmp_path / "b" / NAME, loss(0.5))
    logdir = refreshed(tmp_path)
    (tmp_path / "a" / "1.tfevents").unlink()
    assert logdir.refresh()
    assert steps(logdir, "a") == [2]
    (tmp_path / "a" / "2.tfevents").unlink()
    assert logdir.refresh()
    assert names(logdir) == ["b"]
    (tmp_path / "b" / NAME).unlink()
    (tmp_path / "b").rmdir()
    assert logdir.refresh()
    assert logdir.runs == ()
    assert not logdir.refresh()


def test_a_file_that_goes_while_another_run_grows_goes_too(tmp_path: Path) -> None:
    for name in ("1.tfevents", "2.tfevents"):
        ef.write(tmp_path / "a" / name, ef.scalar(int(name[0]), "loss", 0.5))
    other = GrowingFile(tmp_path / "b" / NAME, *ef.curve("loss", range(2)))
    other.more()
    logdir = refreshed(tmp_path)
    (tmp_path / "a" / "1.tfevents").unlink()
    other.more()
    logdir.refresh()
    assert (steps(logdir, "a"), steps(logdir, "b")) == ([2], [0, 1])


def test_a_run_that_comes_back_is_read_anew(tmp_path: Path) -> None:
    path = ef.write(tmp_path / "a" / NAME, loss(1.0, 2.0))
    logdir = refreshed(tmp_path)
    path.unlink()
    path.parent.rmdir()
    logdir.refresh()
    ef.write(path, loss(3.0))
    logdir.refresh()
    assert only(logdir).values.tolist() == [3.0]


def test_another_file_of_the_same_name_is_read_from_its_start(tmp_path: Path) -> None:
    file = GrowingFile(tmp_path / NAME, ef.version(), *ef.curve("loss", [1.0, 2.0]))
    file.rest()
    logdir = refreshed(tmp_path)
    for values in ([5.0], [6.0, 7.0], [8.0, 9.0, 10.0, 11.0]):
        file.replace(loss(*values))
        assert logdir.refresh()
        assert only(logdir).values.tolist() == values
    assert logdir.runs[0].files[0].records == 5


def test_a_file_written_over_with_more_is_read_from_its_start(tmp_path: Path) -> None:
    file = GrowingFile(tmp_path / NAME, ef.version(1.0), *ef.curve("loss", [1.0, 2.0]))
    file.rest()
    logdir = refreshed(tmp_path)
    file.overwrite(ef.version(2.0), *ef.curve("acc", [5.0, 6.0, 7.0]))
    logdir.refresh()
    assert (only(logdir).tag, only(logdir).values.tolist()) == ("acc", [5.0, 6.0, 7.0])
    assert logdir.runs[0].start == 2.0


def test_a_file_written_over_with_the_same_start_and_other_values_is_read_anew(tmp_path: Path) -> None:
    file = GrowingFile(tmp_path / NAME)
    file.overwrite(loss(1.0, 2.0, 3.0))
    logdir = refreshed(tmp_path)
    file.overwrite(loss(1.0, 2.0, 4.0, 5.0))
    logdir.refresh()
    assert only(logdir).values.tolist() == [1.0, 2.0, 4.0, 5.0]


def test_a_file_made_shorter_is_read_from_its_start_and_grows_on(tmp_path: Path) -> None:
    file = GrowingFile(tmp_path / NAME, ef.version(), *ef.curve("loss", [1.0, 2.0, 3.0]))
    file.rest()
    logdir = refreshed(tmp_path)
    file.truncate(len(loss(1.0)))
    assert logdir.refresh()
    assert only(logdir).values.tolist() == [1.0]
    file.script(*ef.curve("loss", [9.0], 1))
    file.rest()
    logdir.refresh()
    assert only(logdir).values.tolist() == [1.0, 9.0]
    file.truncate(0)
    logdir.refresh()
    assert logdir.find("scalars") == []
    assert names(logdir) == ["."]


def test_folders_and_files_that_appear_later_are_found(tmp_path: Path) -> None:
    ef.write(tmp_path / "a" / NAME, loss(0.5))
    logdir = refreshed(tmp_path)
    ef.write(tmp_path / "b" / "deep" / NAME, loss(0.5))
    assert logdir.refresh()
    ef.write(tmp_path / "b" / "deep" / "second.tfevents", ef.scalar(7, "acc", 0.5))
    ef.write(tmp_path / NAME, loss(0.5))
    assert logdir.refresh()
    assert sorted(names(logdir)) == [".", "a", "b/deep"]
    assert steps(logdir, "b/deep", "acc") == [7]


def test_a_folder_listed_long_ago_is_listed_again_when_it_changes(tmp_path: Path) -> None:
    ef.write(tmp_path / "a" / NAME, loss(0.5))
    for folder in (tmp_path / "a", tmp_path):
        os.utime(folder, (1_000_000, 1_000_000))
    logdir = refreshed(tmp_path)
    listed: list[str] = []
    scandir = os.scandir

    def noted(path: str) -> object:
        listed.append(path)
        return scandir(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "scandir", noted)
        assert not logdir.refresh()
        assert str(tmp_path / "a") not in listed
    ef.write(tmp_path / "a" / "second.tfevents", ef.scalar(7, "acc", 0.5))
    assert logdir.refresh()
    assert steps(logdir, "a", "acc") == [7]


def test_empty_files_make_a_run_without_series(tmp_path: Path) -> None:
    ef.write(tmp_path / "zero" / NAME)
    ef.write(tmp_path / "version" / NAME, ef.version())
    logdir = refreshed(tmp_path)
    assert sorted(names(logdir)) == ["version", "zero"]
    assert [dict(run.series) for run in logdir.runs] == [{}, {}]
    assert [(run.points, run.last_step) for run in logdir.runs] == [(0, None), (0, None)]
    assert logdir.problems == ()


# Files and folders that cannot be read -------------------------------------------------------------------------------


class Refusing(LocalSource):
    """The local files, of which some are refused. refused: (what, path) pairs."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: set[tuple[str, str]] = set()

    def folder(self, path: str) -> Folder:
        return Folder(error=os.strerror(errno.EACCES)) if ("folder", path) in self.refused else super().folder(path)

    def stat(self, path: str):
        self._refuse("stat", path)
        return super().stat(path)

    def open(self, path: str) -> int:
        self._refuse("open", path)
        return super().open(path)

    def read(self, handle: int, buffer: np.ndarray, offset: int) -> int:
        self._refuse("read", str(Path(f"/proc/self/fd/{handle}").readlink()))
        return super().read(handle, buffer, offset)

    def _refuse(self, what: str, path: str) -> None:
        if (what, path) in self.refused:
            number = errno.EIO if what == "read" else errno.EACCES
            raise OSError(number, os.strerror(number), path)


@pytest.mark.parametrize("what", ["open", "read", "stat"])
def test_a_file_that_cannot_be_read_is_a_problem_and_is_read_when_it_can(tmp_path: Path, what: str) -> None:
    path = ef.write(tmp_path / "a" / NAME, loss(1.0, 2.0))
    ef.write(tmp_path / "a" / "second.tfevents", ef.scalar(5, "loss", 3.0))
    ef.write(tmp_path / "b" / NAME, loss(9.0))
    source = Refusing()
    source.refused = {(what, str(path))}
    logdir = refreshed(tmp_path, source=source)
    assert sorted(names(logdir)) == ["a", "b"]
    assert steps(logdir, "a") == [5]
    (problem,) = logdir.problems
    assert problem.file == f"a/{NAME}"
    assert "cannot be read (" in str(problem)
    assert "byte" not in str(problem)
    assert not logdir.refresh()
    source.refused = set()
    assert logdir.refresh()
    assert logdir.problems == ()
    assert sorted(steps(logdir, "a")) == [0, 1, 5]
    assert not logdir.refresh()


@pytest.mark.parametrize("what", ["open", "read", "stat"])
def test_what_was_read_stays_when_a_file_cannot_be_read_any_more(tmp_path: Path, what: str) -> None:
    file = GrowingFile(tmp_path / NAME, ef.version(), *ef.curve("loss", [1.0, 2.0, 3.0]))
    file.more(3)
    source = Refusing()
    logdir = refreshed(tmp_path, source=source)
    file.more(1)
    source.refused = {(what, str(tmp_path / NAME))}
    assert logdir.refresh()
    assert steps(logdir) == [0, 1]
    assert len(logdir.problems) == 1
    source.refused = set()
    assert logdir.refresh()
    assert steps(logdir) == [0, 1, 2]
    assert logdir.problems == ()


def test_a_folder_that_cannot_be_listed_is_a_problem_and_keeps_what_was_read(tmp_path: Path) -> None:
    for run in ("a", "a/deep", "ab", "b"):
        ef.write(tmp_path / run / NAME, loss(1.0))
    source = Refusing()
    logdir = refreshed(tmp_path, source=source)
    source.refused = {("folder", str(tmp_path / "a"))}
    assert logdir.refresh()
    assert sorted(names(logdir)) == ["a", "a/deep", "ab", "b"]
    assert [str(problem) for problem in logdir.problems] == ["a: the folder cannot be listed (Permission denied)"]
    assert not logdir.refresh()
    source.refused = set()
    assert logdir.refresh()
    assert logdir.problems == ()


def test_a_folder_that_could_never_be_listed_is_a_problem(tmp_path: Path) -> None:
    ef.write(tmp_path / "a" / NAME, loss(1.0))
    ef.write(tmp_path / "b" / NAME, loss(1.0))
    source = Refusing()
    source.refused = {("folder", str(tmp_path / "a"))}
    logdir = refreshed(tmp_path, source=source)
    assert names(logdir) == ["b"]
    assert logdir.problems == (Problem("a", -1, "the folder cannot be listed (Permission denied)"),)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_permissions_of_the_file_system_are_told(tmp_path: Path) -> None:
    path = ef.write(tmp_path / NAME, loss(1.0))
    path.chmod(0)
    assert "cannot be read (Permission denied)" in str(refreshed(tmp_path).problems[0])


def test_a_source_may_return_fewer_bytes_than_were_asked_for() -> None:
    data = b"".join(
        [ef.version(), *ef.curve("loss", range(500)), ef.record(ef.event(1, ef.image("image", 1, 1, bytes(3000))))]
    )
    logdir = refreshed("log", source=MemorySource({f"log/{NAME}": data}, most=7))
    assert steps(logdir) == list(range(500))
    assert steps(logdir, tag="image", kind="images") == [1]
    assert logdir.problems == ()


def test_a_file_that_shrinks_while_it_is_read_gives_what_was_there_and_then_what_is() -> None:
    data = loss(*range(100))
    source = MemorySource({f"log/{NAME}": data})
    source.truncated[f"log/{NAME}"] = 1000
    logdir = refreshed("log", source=source)
    assert steps(logdir) == list(range(len(logdir.find("scalars")[0])))
    assert 0 < len(only(logdir)) < 30
    source.truncated.clear()
    source.write(f"log/{NAME}", data[:500])
    assert logdir.refresh()
    assert len(only(logdir)) < 12
    source.write(f"log/{NAME}", data)
    assert logdir.refresh()
    assert steps(logdir) == list(range(100))
    assert source.open_handles == 0


def test_a_file_that_fails_half_way_keeps_no_handle_open_and_is_read_when_it_can() -> None:
    data = loss(*range(60_000))
    source = MemorySource({f"log/{NAME}": data})
    reads = iter(range(1000))

    def fail(what: str, path: str) -> None:
        if what == "read" and next(reads) == 1:
            raise OSError(errno.EIO, "Input/output error", path)

    source.fail = fail
    logdir = refreshed("log", source=source)
    assert len(logdir.problems) == 1
    assert 0 < len(only(logdir)) < 60_000
    assert logdir.refresh()
    assert steps(logdir) == list(range(60_000))
    assert logdir.problems == ()
    assert source.open_handles == 0


# What readers see ----------------------------------------------------------------------------------------------------


def test_a_snapshot_never_changes_while_a_refresh_goes_on(tmp_path: Path) -> None:
    first = [value for step in range(200) for value in (ef.scalar(step, "a", step), ef.scalar(step, "b", step))]
    file = GrowingFile(tmp_path / NAME, *first)
    file.more(2)
    logdir = refreshed(tmp_path)
    stop = threading.Event()
    wrong: list[str] = []

    def look() -> None:
        while not stop.is_set():
            for series in logdir.find("scalars"):
                before = series.values.copy()
                if not np.array_equal(before, np.arange(len(series))) or not np.array_equal(
                    series.steps, np.arange(len(series))
                ):
                    wrong.append("a series was seen half done")
                if not np.array_equal(before, series.values):
                    wrong.append("a series changed")

    held = [(series, series.values.copy(), series.steps.copy()) for series in logdir.find("scalars")]
    readers = [threading.Thread(target=look) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        while file.left:
            file.more(2)
            logdir.refresh()
            held += [(series, series.values.copy(), series.steps.copy()) for series in logdir.find("scalars")]
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert wrong == []
    assert all(
        np.array_equal(series.values, values) and np.array_equal(series.steps, at) for series, values, at in held
    )
    assert len(held) == 400


def test_a_refresh_that_does_not_wait_returns_while_another_goes_on() -> None:
    source = MemorySource({f"log/{NAME}": loss(1.0)})
    inside, go_on = threading.Event(), threading.Event()

    def slow(what: str, _path: str) -> None:
        if what == "open":
            inside.set()
            assert go_on.wait(10)

    source.fail = slow
    logdir = Logdir("log", source=source)
    refreshing = threading.Thread(target=logdir.refresh)
    refreshing.start()
    assert inside.wait(10)
    assert not logdir.refresh(wait=False)
    assert logdir.runs == ()
    assert logdir.progress == Progress(0, 1, 0, len(loss(1.0)))
    go_on.set()
    refreshing.join()
    assert logdir.progress is None
    assert steps(logdir) == [0]


def test_progress_counts_files_and_bytes_up_to_the_total(tmp_path: Path) -> None:
    for number in range(70):
        ef.write(tmp_path / f"run{number}" / NAME, loss(1.0))
    seen: list[Progress] = []
    Logdir(tmp_path).refresh(on_progress=seen.append)
    total = 70 * len(loss(1.0))
    assert seen[-1] == Progress(70, 70, total, total)
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)


def test_a_long_first_refresh_shows_the_runs_that_are_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(200):
        ef.write(tmp_path / f"run{number}" / NAME, loss(1.0))
    monkeypatch.setattr(logdirs, "_EVERY", -1.0)
    logdir = Logdir(tmp_path)
    counts: list[int] = []
    logdir.refresh(on_progress=lambda _progress: counts.append(len(logdir.runs)))
    assert counts == sorted(counts)
    assert 0 < counts[-1] < 200
    assert len(logdir.runs) == 200
    assert all(run.points == 1 for run in logdir.runs)


def test_only_finished_runs_are_shown_before_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(200):
        ef.write(tmp_path / f"run{number}" / NAME, loss(1.0))
    monkeypatch.setattr(logdirs, "_EVERY", -1.0)
    logdir = Logdir(tmp_path)
    points: set[int] = set()
    logdir.refresh(on_progress=lambda _progress: points.update(run.points for run in logdir.runs))
    assert points == {1}


# Restarts ------------------------------------------------------------------------------------------------------------


def attempts(*files: bytes, folder: Path) -> Series:
    for number, data in enumerate(files, 1):
        ef.write(folder / f"{number}.tfevents", data)
    return only(refreshed(folder))


def curve(first: int, last: int, start: float) -> bytes:
    """Return a file opened at `start` whose steps `first` to `last` come a second apart."""
    return ef.version(start) + b"".join(
        ef.scalar(step, "loss", step, start + step - first) for step in range(first, last + 1)
    )


def test_a_later_file_supersedes_the_points_from_its_first_step_on(tmp_path: Path) -> None:
    series = attempts(curve(0, 4, 100.0), curve(3, 6, 200.0), folder=tmp_path)
    assert series.steps.tolist() == [0, 1, 2, 3, 4, 3, 4, 5, 6]
    assert series.superseded.tolist() == [False] * 3 + [True] * 2 + [False] * 4


def test_every_attempt_supersedes_all_before_it(tmp_path: Path) -> None:
    series = attempts(curve(0, 3, 100.0), curve(2, 4, 200.0), curve(1, 2, 300.0), folder=tmp_path)
    assert series.steps[~series.superseded].tolist() == [0, 1, 2]


def test_the_file_that_was_opened_later_wins_whatever_its_name(tmp_path: Path) -> None:
    series = attempts(curve(1, 2, 300.0), curve(0, 3, 100.0), folder=tmp_path)
    assert series.steps.tolist() == [1, 2, 0, 1, 2, 3]
    assert series.superseded.tolist() == [False, False, False, True, True, True]


def test_writers_side_by_side_supersede_nothing(tmp_path: Path) -> None:
    series = attempts(curve(0, 50, 100.0), curve(0, 50, 120.0), folder=tmp_path)
    assert not series.superseded.any()


def test_files_opened_at_one_moment_supersede_nothing(tmp_path: Path) -> None:
    series = attempts(curve(0, 0, 100.0), curve(0, 0, 100.5), folder=tmp_path)
    assert not series.superseded.any()


def test_a_file_that_never_logs_a_tag_supersedes_none_of_it(tmp_path: Path) -> None:
    series = attempts(curve(0, 4, 100.0), ef.version(200.0) + ef.session(7, wall=200.0), folder=tmp_path)
    assert not series.superseded.any()


def test_a_session_that_starts_in_a_later_file_supersedes_from_its_step_on(tmp_path: Path) -> None:
    late = ef.version(200.0) + ef.session(3, wall=200.0) + ef.scalar(8, "loss", 8.0, 205.0)
    series = attempts(curve(0, 5, 100.0), late, folder=tmp_path)
    assert series.steps[~series.superseded].tolist() == [0, 1, 2, 8]


def test_a_session_that_starts_inside_a_file_supersedes_what_came_before_it(tmp_path: Path) -> None:
    data = curve(0, 5, 100.0) + ef.session(3, wall=150.0)
    data += b"".join(ef.scalar(step, "loss", step, 150.0 + step) for step in (3, 4))
    series = attempts(data, folder=tmp_path)
    assert series.steps.tolist() == [0, 1, 2, 3, 4, 5, 3, 4]
    assert series.superseded.tolist() == [False] * 3 + [True] * 3 + [False] * 2


def test_a_session_that_starts_does_not_supersede_what_comes_after_it_whatever_the_clock_says(tmp_path: Path) -> None:
    data = ef.session(3, wall=900.0) + b"".join(ef.scalar(step, "loss", step, 5.0) for step in range(6))
    image = ef.record(ef.event(5, ef.image("image", 1, 1, b"?")))
    data += image + ef.session(2, wall=1.0) + ef.scalar(3, "loss", 3.0, 5.0) + image
    ef.write(tmp_path / NAME, data)
    logdir = refreshed(tmp_path)
    assert only(logdir).superseded.tolist() == [False, False, True, True, True, True, False]
    assert only(logdir, "images").superseded.tolist() == [True, False]


def test_a_session_that_starts_while_arrays_grow_loses_and_doubles_nothing(tmp_path: Path) -> None:
    starts = b"".join(ef.session(step, wall=1.0) + ef.scalar(step, f"tag{step}", step) for step in range(40))
    many = ef.record(ef.head(7, 1.0) + ef.field(7, ef.integer(1, 1)) + ef.field(7, ef.integer(1, 1)))
    ef.write(tmp_path / NAME, starts, many)
    logdir = refreshed(tmp_path)
    assert only(logdir, "session_log").steps.tolist() == [*range(40), 7, 7]
    assert all(series.superseded.tolist() == [series.steps[0] >= 7] for series in logdir.find("scalars"))


@pytest.mark.parametrize("status", [2, 3])
def test_a_session_that_stops_or_saves_supersedes_nothing(tmp_path: Path, status: int) -> None:
    series = attempts(curve(0, 5, 100.0) + ef.session(3, status, 150.0), folder=tmp_path)
    assert not series.superseded.any()


def test_equal_and_falling_steps_inside_a_file_are_kept_as_written(tmp_path: Path) -> None:
    at = [0, 0, 0, 5, 3, 3, -1, 4]
    ef.write(tmp_path / NAME, *[ef.scalar(step, "loss", number, ef.T0 + number) for number, step in enumerate(at)])
    series = only(refreshed(tmp_path))
    assert series.steps.tolist() == at
    assert series.values.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    assert not series.superseded.any()


@needs_fixtures
def test_restarts_of_a_real_writer_show_the_latest_attempt() -> None:
    logdir = refreshed(log("edge_resumed"))
    masks = {run.name: run.series["scalars", "loss"].superseded.tolist() for run in logdir.runs}
    assert masks == {
        "plain": [False] * 20 + [True] * 10 + [False] * 30,
        "purge_step": [False] * 20 + [True] * 10 + [False] * 30,
        "gap": [False] * 20,
        "restart_zero": [True] * 25 + [False] * 10,
    }


@needs_fixtures
def test_interleaved_writers_of_a_real_log_supersede_nothing() -> None:
    logdir = refreshed(log("edge_interleaved"))
    assert len(logdir.find("scalars")) > 0
    assert not any(series.superseded.any() for series in logdir.find("scalars"))


# Kinds, tags, metadata -----------------------------------------------------------------------------------------------


def test_one_tag_of_two_kinds_is_two_series(tmp_path: Path) -> None:
    values = [ef.simple("x", 1.0), ef.histo("x", [1.0, 2.0], [1.0, 1.0], 0.0, 2.0), ef.simple("x", 2.0)]
    ef.write(tmp_path / NAME, *[ef.record(ef.event(step, value)) for step, value in enumerate(values)])
    series = refreshed(tmp_path).runs[0].series
    assert {key: found.steps.tolist() for key, found in series.items()} == {
        ("scalars", "x"): [0, 2],
        ("histograms", "x"): [1],
    }


@needs_fixtures
def test_one_tag_of_two_kinds_of_a_real_writer_is_two_series() -> None:
    logdir = refreshed(log("edge_kinds"))
    assert {run.name: sorted((kind, tag, len(s)) for (kind, tag), s in run.series.items()) for run in logdir.runs} == {
        "hist_first": [("histograms", "x", 3), ("scalars", "x", 3)],
        "mixed": [("histograms", "x", 4), ("images", "x", 2), ("scalars", "x", 4)],
        "old_new": [("scalars", "x", 6)],
    }


def test_old_and_new_spelling_of_one_kind_come_in_the_order_written(tmp_path: Path) -> None:
    old = ef.image("x", 1, 1, b"old")
    new = ef.tensor("x", "string", [b"1", b"1", b"new"], (3,), ef.metadata("images"))
    ef.write(
        tmp_path / NAME, *[ef.record(ef.event(step, value)) for step, value in enumerate([old, new, old, old, new])]
    )
    series = only(refreshed(tmp_path), "images")
    assert series.steps.tolist() == [0, 1, 2, 3, 4]
    assert [blob.form for blob in series.values] == ["image", "tensor", "image", "image", "tensor"]
    assert [blob.read() for blob in series.values] == [old, new, old, old, new]


def test_scalars_in_both_spellings_are_one_series(tmp_path: Path) -> None:
    ef.write(
        tmp_path / NAME, ef.scalar(0, "x", 0.5), ef.tensor_scalar(1, "x", 0.25), ef.tensor_scalar(2, "x", 7, "int64")
    )
    series = only(refreshed(tmp_path))
    assert series.values.tolist() == [0.5, 0.25, 7.0]


def test_float32_files_before_a_file_of_doubles_lose_nothing(tmp_path: Path) -> None:
    ef.write(tmp_path / "1.tfevents", ef.scalar(0, "x", 0.1))
    ef.write(tmp_path / "2.tfevents", ef.tensor_scalar(1, "x", 0.1, "double"))
    assert only(refreshed(tmp_path)).values.tolist() == [float(np.float32(0.1)), 0.1]


def test_metadata_of_a_later_file_describes_the_tag_when_the_first_has_none(tmp_path: Path) -> None:
    ef.write(tmp_path / "1.tfevents", ef.record(ef.event(0, ef.tensor("x", "string", [b"a"], (1,)))))
    about = ef.metadata("text", display_name="X", description="words")
    ef.write(tmp_path / "2.tfevents", ef.record(ef.event(1, ef.tensor("x", "string", [b"b"], (1,), about))))
    series = only(refreshed(tmp_path), "text")
    assert (series.steps.tolist(), series.plugin, series.display_name, series.description) == (
        [0, 1],
        "text",
        "X",
        "words",
    )


def test_the_first_metadata_of_a_run_wins(tmp_path: Path) -> None:
    for number in (1, 2):
        about = ef.metadata("text", display_name=f"name {number}")
        ef.write(
            tmp_path / f"{number}.tfevents", ef.record(ef.event(number, ef.tensor("x", "string", [b"a"], (1,), about)))
        )
    assert only(refreshed(tmp_path), "text").display_name == "name 1"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("損失/β 🔥".encode(), "損失/β 🔥"),
        (b"bad\xff\xfe", "bad\\xff\\xfe"),
        (b"nul\x00", "nul\x00"),
        (b"", ""),
        (b"<b>&", "<b>&"),
    ],
)
def test_tags_of_any_bytes_are_shown_and_found(tmp_path: Path, written: bytes, shown: str) -> None:
    ef.write(tmp_path / NAME, ef.scalar(0, written, 1.0))
    assert only(refreshed(tmp_path)).tag == shown


def test_runs_of_any_name_are_shown(tmp_path: Path) -> None:
    for name in ("日本", "a b", "100%+x", "x=y,z:w"):
        ef.write(tmp_path / name / NAME, loss(1.0))
    assert sorted(names(refreshed(tmp_path))) == sorted(["日本", "a b", "100%+x", "x=y,z:w"])


def test_a_thousand_session_marks_are_one_series_of_one_segment(tmp_path: Path) -> None:
    ef.write(tmp_path / NAME, *[ef.session(step, 3, ef.T0 + step) for step in range(1000)])
    series = only(refreshed(tmp_path), "session_log")
    assert series.steps.tolist() == list(range(1000))
    assert series.wall_times.tolist() == [ef.T0 + step for step in range(1000)]
    assert len(series.segments) == 1
    assert series.values[999].read() == b"\x08\x03"


def test_graphs_and_run_metadata_are_series(tmp_path: Path) -> None:
    data = [ef.graph(b"one"), ef.graph(b"two", meta=True), ef.run_metadata(5, "step 5", b"three")]
    ef.write(tmp_path / NAME, *data)
    logdir = refreshed(tmp_path)
    assert {(s.kind, s.tag): s.values[0].read() for kind in ("graphs", "run_metadata") for s in logdir.find(kind)} == {
        ("graphs", "__run_graph__"): b"one",
        ("graphs", "__meta_graph__"): b"two",
        ("run_metadata", "step 5"): ef.field(1, "step 5") + ef.field(2, b"three"),
    }


def decoded(series: Series) -> int:
    """Decode every value and return how many could be; the others raise nothing but what formats raise."""
    done = 0
    for index in range(len(series)):
        try:
            value = series.values[index]
            if series.data_class == "blobs":
                series.decode(value.read(), value.form, series.plugin)
        except FormatError:
            continue
        else:
            done += 1
    return done


@needs_fixtures
@pytest.mark.parametrize(
    "name", sorted(path.name for path in (FIXTURES / "logs").glob("*")) if FIXTURES.is_dir() else []
)
def test_every_value_of_every_real_log_is_decoded_when_asked_for(name: str) -> None:
    logdir = refreshed(log(name))
    for run in logdir.runs:
        for (kind, _tag), series in run.series.items():
            if kind != "scalars":
                done = decoded(series)
                assert done == len(series) or name in ("edge_dtypes", "edge_kinds", "edge_meta"), (
                    run.name,
                    kind,
                    series.tag,
                )


def test_a_value_whose_file_became_shorter_says_so(tmp_path: Path) -> None:
    path = ef.write(tmp_path / NAME, ef.version(), ef.record(ef.event(0, ef.image("x", 1, 1, bytes(500)))))
    series = only(refreshed(tmp_path), "images")
    blob = series.values[0]
    assert len(blob.read()) == blob.length
    os.truncate(path, 300)
    with pytest.raises(CorruptRecordError, match="became shorter") as caught:
        blob.read()
    assert caught.value.offset == blob.offset
    path.unlink()
    with pytest.raises(CorruptRecordError, match="cannot be read any more"):
        blob.read()


def test_values_are_picked_like_those_of_a_list(tmp_path: Path) -> None:
    values = [ef.tensor("x", "float", [float(step), 1.0], (2,)) for step in range(5)]
    ef.write(tmp_path / "1.tfevents", *[ef.record(ef.event(step, values[step])) for step in range(3)])
    ef.write(tmp_path / "2.tfevents", *[ef.record(ef.event(step, values[step])) for step in range(3, 5)])
    series = only(refreshed(tmp_path), "tensors")
    assert [array.tolist() for array in series.values[1:4]] == [[1.0, 1.0], [2.0, 1.0], [3.0, 1.0]]
    assert series.values[-1].tolist() == [4.0, 1.0]
    with pytest.raises(IndexError):
        series.values[5]


# One large file, several readers -------------------------------------------------------------------------------------


def everything(logdir: Logdir) -> dict[str, object]:
    found: dict[str, object] = {}
    for run in logdir.runs:
        for (kind, tag), series in run.series.items():
            values = series.values if kind == "scalars" else [series.blob(index) for index in range(len(series))]
            found[f"{run.name} {kind} {tag}"] = (
                series.steps.tolist(),
                series.wall_times.tolist(),
                np.asarray(values, float).tolist() if kind == "scalars" else values,
                series.plugin,
                series.superseded.tolist(),
            )
        found[f"{run.name} files"] = [
            (f.records, f.read, f.waiting, f.problems, f.opened, f.last_wall_time) for f in run.files
        ]
    return found


def alone_and_together(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, object], dict[str, object], int]:
    """Return what one reader finds, what several do, and how many parts the several ended with."""
    alone = everything(refreshed(path, workers=1))
    monkeypatch.setattr(logdirs, "_PIECE", 3000)
    monkeypatch.setattr(reading, "CHUNK", 1024)
    monkeypatch.setattr(reading, "_SEEK", 4000)
    together = refreshed(path, workers=4)
    return alone, everything(together), len(together._files["."][NAME].parts)


def varied(count: int) -> list[bytes]:
    records = [ef.version()]
    for step in range(count):
        records += [
            ef.scalar(step, "loss", step),
            ef.tensor_scalar(step, "acc", step / 7, "double"),
            ef.scalar(step, "loss/x", 1.0),
        ]
        if step % 10 == 0:
            records.append(
                ef.record(
                    ef.event(step, ef.image("image", 1, 1, bytes(step)), ef.simple("many", 1.0), ef.simple("many", 2.0))
                )
            )
        if step % 50 == 0:
            records.append(ef.session(step, 3, ef.T0 + step))
        if step in (70, 180):
            records.append(ef.session(step - 30, 1, ef.T0))
    return records


def test_a_large_file_read_by_several_gives_what_one_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ef.write(tmp_path / NAME, *varied(300))
    alone, together, parts = alone_and_together(tmp_path, monkeypatch)
    assert together == alone
    assert parts > 4


def test_a_large_file_read_by_several_grows_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = varied(300)
    file = GrowingFile(tmp_path / NAME, *records)
    file.more(len(records) - 10, 5)
    monkeypatch.setattr(logdirs, "_PIECE", 3000)
    monkeypatch.setattr(reading, "CHUNK", 1024)
    logdir = refreshed(tmp_path, workers=4)
    file.rest()
    logdir.refresh()
    assert everything(logdir) == everything(refreshed(tmp_path, workers=1))


@pytest.mark.parametrize("seed", range(12))
def test_damage_anywhere_in_a_large_file_read_by_several_is_what_one_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    data = b"".join(varied(200))
    for _ in range(12):
        at = int(rng.integers(len(data)))
        act = int(rng.integers(3))
        if act == 0:
            data = ef.flip(data, at, 0x10)
        elif act == 1:
            data = ef.cut(data, at, at + int(rng.integers(1, 900)))
        else:
            data = ef.insert(data, at, rng.bytes(int(rng.integers(1, 3000))))
    ef.write(tmp_path / NAME, data)
    alone, together, _parts = alone_and_together(tmp_path, monkeypatch)
    assert together == alone


def test_event_files_inside_values_are_not_taken_for_records_where_readers_meet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = b"".join([ef.version(5.0), *ef.curve("inner", range(100))])
    records = [ef.version()]
    for step in range(20):
        records += [ef.scalar(step, "loss", step), ef.record(ef.event(step, ef.tensor("file", "string", [inner], ())))]
    ef.write(tmp_path / NAME, *records)
    alone, together, _parts = alone_and_together(tmp_path, monkeypatch)
    assert together == alone
    assert "inner" not in " ".join(together)


def test_metadata_seen_by_another_reader_counts_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filler = [ef.scalar(step, "loss", step) for step in range(200)]
    named = ef.record(ef.event(0, ef.tensor("late", "float", [1.0], (), ef.metadata("mine"))))
    plain = [ef.record(ef.event(step, ef.tensor("late", "float", [2.0], ()))) for step in range(1, 300)]
    ef.write(tmp_path / NAME, ef.version(), *filler, named, *plain)
    alone, together, _parts = alone_and_together(tmp_path, monkeypatch)
    assert together == alone
    assert [key for key in alone if "late" in key] == [". tensors late"]


def test_a_large_file_that_cannot_be_opened_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    source = MemorySource({f"log/{NAME}": b"".join(varied(300))})
    monkeypatch.setattr(logdirs, "_PIECE", 3000)
    monkeypatch.setattr(reading, "CHUNK", 1024)
    for failing in ("open", "read"):
        opened = iter(range(10_000))

        def fail(what: str, path: str, failing: str = failing, opened: object = opened) -> None:
            if what == failing and next(opened) % 3 == 2:
                raise OSError(errno.EIO, "Input/output error", path)

        source.fail = fail
        logdir = refreshed("log", source=source, workers=4)
        source.fail = lambda _what, _path: None
        logdir.refresh()
        assert everything(logdir) == everything(refreshed("log", source=source, workers=1))
        assert source.open_handles == 0

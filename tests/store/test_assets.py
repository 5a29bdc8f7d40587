"""Configuration files beside the events: which are found, when they are read again, and where links may lead."""

import os
from pathlib import Path

import pytest

from tbcore.formats.configs import LARGEST, Config
from tbcore.store.logdir import Logdir
from tests import eventfile as ef

NAME = "events.out.tfevents.1.host"


def refreshed(folder: Path) -> Logdir:
    logdir = Logdir(folder)
    logdir.refresh()
    return logdir


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def configs(logdir: Logdir, run: str = ".") -> list[tuple[str, dict[str, object]]]:
    return [(config.name, dict(config.values)) for config in logdir.snapshot.runs[run].configs]


def settle(path: Path) -> None:
    """Let a folder look as if nothing had happened in it for a while."""
    os.utime(path, (1_000_000_000, 1_000_000_000))


def test_files_beside_the_events_are_found_the_most_telling_first(tmp_path: Path) -> None:
    ef.write(tmp_path / "a" / NAME, ef.version())
    write(tmp_path / "a" / ".hydra" / "config.yaml", "lr: 4")
    for place, name in enumerate(["config.json", "args.json", "hparams.yaml"]):
        write(tmp_path / "a" / name, f'{{"lr": {place}}}')
    write(tmp_path / "a" / "other.yaml", "lr: 5")
    write(tmp_path / "a" / ".hydra" / "hydra.yaml", "lr: 6")
    assert configs(refreshed(tmp_path), "a") == [
        ("hparams.yaml", {"lr": 2.0}),
        ("args.json", {"lr": 1.0}),
        ("config.json", {"lr": 0.0}),
        (".hydra/config.yaml", {"lr": 4.0}),
    ]


def test_a_file_counts_only_for_the_run_whose_events_lie_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "args.json", '{"lr": 1}')
    ef.write(tmp_path / "a" / NAME, ef.version())
    write(tmp_path / "a" / "deeper" / "args.json", '{"lr": 2}')
    ef.write(tmp_path / "b" / NAME, ef.version())
    write(tmp_path / "b" / "hparams.yaml", "lr: 3")
    ef.write(tmp_path / "b" / "c" / NAME, ef.version())
    logdir = refreshed(tmp_path)
    assert {run.name: len(run.configs) for run in logdir.runs} == {"a": 0, "b": 1, "b/c": 0}


def test_the_folder_of_hydra_is_left_alone_where_it_is_a_run(tmp_path: Path) -> None:
    ef.write(tmp_path / NAME, ef.version())
    ef.write(tmp_path / ".hydra" / NAME, ef.version())
    write(tmp_path / ".hydra" / "config.yaml", "lr: 1")
    logdir = refreshed(tmp_path)
    assert configs(logdir) == []
    assert configs(logdir, ".hydra") == [("config.yaml", {"lr": 1.0})]


def test_a_file_that_appears_changes_or_goes_makes_the_run_a_new_one(tmp_path: Path) -> None:
    ef.write(tmp_path / NAME, ef.version())
    logdir = refreshed(tmp_path)
    seen = [(logdir.runs[0].generation, configs(logdir))]
    for change in (
        lambda: write(tmp_path / "hparams.yaml", "lr: 1"),
        lambda: write(tmp_path / "hparams.yaml", "lr: 0.5"),
        (tmp_path / "hparams.yaml").unlink,
    ):
        change()
        assert logdir.refresh()
        seen.append((logdir.runs[0].generation, configs(logdir)))
        assert not logdir.refresh()
    assert seen == [(1, []), (2, [("hparams.yaml", {"lr": 1.0})]), (3, [("hparams.yaml", {"lr": 0.5})]), (4, [])]


def test_a_file_that_did_not_change_is_read_once_however_the_run_grows(tmp_path: Path) -> None:
    events = ef.write(tmp_path / NAME, ef.version())
    write(tmp_path / "hparams.yaml", "lr: 1")
    settle(tmp_path)
    logdir = refreshed(tmp_path)
    before = logdir.runs[0].configs
    with events.open("ab") as file:
        file.write(ef.scalar(0, "loss", 1.0))
    assert logdir.refresh()
    assert logdir.runs[0].generation == 2
    assert logdir.runs[0].configs[0] is before[0]


def test_a_wrong_file_is_words_and_the_others_are_read(tmp_path: Path) -> None:
    ef.write(tmp_path / NAME, ef.version())
    write(tmp_path / "hparams.yaml", "lr: [")
    write(tmp_path / "config.yaml", " " * (LARGEST + 1))
    write(tmp_path / "args.json", '{"lr": 1}')
    wrong, right, large = refreshed(tmp_path).runs[0].configs
    assert wrong.problem.startswith("hparams.yaml is not YAML that can be read: ")
    assert right == Config("args.json", {"lr": 1.0})
    assert large.problem == "config.yaml takes 1,048,577 bytes: only up to 1,048,576 are read"


def test_a_file_that_is_gone_when_it_is_asked_for_is_words(tmp_path: Path) -> None:
    ef.write(tmp_path / NAME, ef.version())
    write(tmp_path / "hparams.yaml", "lr: 1")
    logdir = refreshed(tmp_path)
    (tmp_path / "hparams.yaml").unlink()
    assert logdir.runs[0].configs[0].problem == "hparams.yaml cannot be read (No such file or directory)"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_what_is_no_plain_file_is_not_opened(tmp_path: Path) -> None:
    ef.write(tmp_path / NAME, ef.version())
    os.mkfifo(tmp_path / "hparams.yaml")
    (tmp_path / "args.json").mkdir()
    (tmp_path / ".hydra").mkdir()
    os.mkfifo(tmp_path / ".hydra" / "config.yaml")
    assert refreshed(tmp_path).runs[0].configs == ()


def test_links_may_lead_around_in_the_logdir_but_not_out_of_it(tmp_path: Path) -> None:
    top = tmp_path / "top"
    write(tmp_path / "secret" / "config.yaml", "password: 1")
    write(top / "shared" / "config.yaml", "lr: 1")
    for run in ("in", "out", "hydra", "dangling"):
        ef.write(top / run / NAME, ef.version())
    (top / "in" / "hparams.yaml").symlink_to(top / "shared" / "config.yaml")
    (top / "out" / "hparams.yaml").symlink_to(tmp_path / "secret" / "config.yaml")
    (top / "hydra" / ".hydra").symlink_to(tmp_path / "secret")
    (top / "dangling" / "hparams.yaml").symlink_to(tmp_path / "nowhere")
    logdir = refreshed(top)
    assert configs(logdir, "in") == [("hparams.yaml", {"lr": 1.0})]
    assert configs(logdir, "out") == [("hparams.yaml", {})]
    assert configs(logdir, "hydra") == [(".hydra/config.yaml", {})]
    assert configs(logdir, "dangling") == []
    assert logdir.snapshot.runs["out"].configs[0].problem == (
        "hparams.yaml is a link that leads out of the logdir: not read"
    )


def test_a_folder_that_is_linked_into_the_logdir_brings_its_own_files(tmp_path: Path) -> None:
    ef.write(tmp_path / "elsewhere" / NAME, ef.version())
    write(tmp_path / "elsewhere" / "hparams.yaml", "lr: 1")
    (tmp_path / "top").mkdir()
    (tmp_path / "top" / "run").symlink_to(tmp_path / "elsewhere")
    assert configs(refreshed(tmp_path / "top"), "run") == [("hparams.yaml", {"lr": 1.0})]

import json
from pathlib import Path

import numpy as np
import pytest

from tbcore.cli import FAILED, OK, WANTING, main
from tests import eventfile as ef
from tests import projectormaker as pm

VALUES = np.arange(12, dtype=np.float32).reshape(4, 3)


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    """A logdir with two steps of one embedding, and another."""
    run = tmp_path / "logs" / "run"
    for step in (10, 0):
        pm.write(run, VALUES + step, [["a", "1"], ["b", "2"], ["c", "3"], ["d", "4"]], header=["x", "y"], step=step)
    pm.write(run, VALUES, name="words")
    ef.write(run / "events.out.tfevents.1.host", ef.version(), ef.scalar(0, "loss", 0.5))
    return tmp_path / "logs"


def export(logdir: Path, out: Path, *more: str) -> int:
    """Export the embeddings of a logdir and return the exit code."""
    return main(["export", str(logdir), "--kind", "embeddings", "--out", str(out), *more])


def test_each_embedding_becomes_an_array_and_its_metadata_and_an_index_lists_them(logdir: Path, tmp_path: Path) -> None:
    assert export(logdir, tmp_path / "out") == OK
    index = json.loads((tmp_path / "out" / "index.json").read_text())
    assert [(row["run"], row["name"], row["step"], row["shape"], row["files"]) for row in index] == [
        ("run", "digits", 0, [4, 3], ["000.npy", "000.tsv"]),
        ("run", "digits", 10, [4, 3], ["001.npy", "001.tsv"]),
        ("run", "words", 0, [4, 3], ["002.npy"]),
    ]
    assert np.array_equal(np.load(tmp_path / "out" / "001.npy"), VALUES + 10)
    assert (tmp_path / "out" / "000.tsv").read_text() == "x\ty\na\t1\nb\t2\nc\t3\nd\t4\n"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "000.npy",
        "000.tsv",
        "001.npy",
        "001.tsv",
        "002.npy",
        "index.json",
    ]


def test_tags_choose_among_the_names(logdir: Path, tmp_path: Path) -> None:
    assert export(logdir, tmp_path / "out", "--tags", "^w") == OK
    assert [row["name"] for row in json.loads((tmp_path / "out" / "index.json").read_text())] == ["words"]


def test_one_that_cannot_be_read_is_said_and_the_rest_written(
    logdir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pm.config(logdir / "run", {"tensor_name": "passwd", "tensor_path": "../../../etc/passwd"})
    assert export(logdir, tmp_path / "out") == OK
    assert capsys.readouterr().err == (
        "tbcore: run: passwd cannot be read: tensor_path ../../../etc/passwd leads out of the logdir: not read\n"
    )
    index = json.loads((tmp_path / "out" / "index.json").read_text())
    assert [row["name"] for row in index if "error" in row] == ["passwd"]


def test_nothing_to_write_makes_no_folder(logdir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(logdir, tmp_path / "out", "--tags", "none") == WANTING
    assert "no embeddings in" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_they_need_a_folder(logdir: Path) -> None:
    assert main(["export", str(logdir), "--kind", "embeddings"]) == FAILED

"""The command line over scalars as the page draws them: windows, smoothed, derived, put together, as figures."""

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest

from tbcore import cli
from tbcore.analysis.smoothing import ema
from tbcore.formats.tfrecord import EventWriter
from tests import eventfile as ef

FILE = "events.out.tfevents.1.host"


@pytest.fixture
def logs(tmp_path):
    """Return a logdir: three runs in two folders, one of them started again at step 2."""
    for place, run in enumerate(("old/lr=0.1", "old/lr=0.2", "new/lr=0.1")):
        start = ef.T0 + 100 * place
        train = [ef.scalar(step, "train/loss", step + place, start + step) for step in range(4)]
        rest = [ef.scalar(step, "eval/loss", 1.0, start + step) for step in (0, 3)]
        ef.write(tmp_path / "logs" / run / FILE, ef.version(start), *train, *rest)
    again = [ef.scalar(step, "train/loss", 50.0, ef.T0 + 1000 + step) for step in (2, 3)]
    ef.write(tmp_path / "logs" / "old" / "lr=0.1" / FILE.replace(".1.", ".2."), ef.version(ef.T0 + 1000), *again)
    return tmp_path / "logs"


def run(capsys, *arguments):
    """Return the exit code, stdout and stderr of a command."""
    code = cli.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def rows(capsys, *arguments):
    """Return the rows of CSV that a command writes."""
    code, out, err = run(capsys, "export", *arguments)
    assert (code, err) == (0, "")
    return list(csv.DictReader(io.StringIO(out)))


def test_a_window_holds_both_of_its_ends(logs, capsys):
    found = rows(capsys, logs, "--tags", "train", "--runs", "new", "--window", "1:2")
    assert [(row["step"], row["value"], row["relative"]) for row in found] == [("1", "3.0", "1.0"), ("2", "4.0", "2.0")]


@pytest.mark.parametrize(("window", "steps"), [("2:", "23"), (":1", "01"), (":", "0123"), ("9:", "")])
def test_either_end_of_a_window_may_be_missing(logs, capsys, window, steps):
    found = rows(capsys, logs, "--tags", "train", "--runs", "new", f"--window={window}")
    assert "".join(row["step"] for row in found) == steps


def test_a_window_may_count_seconds(logs, capsys):
    found = rows(capsys, logs, "--tags", "train", "--runs", "new", "--window", "2:3", "--axis", "relative")
    assert [row["step"] for row in found] == ["2", "3"]


def test_smoothed_values_stand_beside_the_logged_ones(logs, capsys):
    found = rows(capsys, logs, "--tags", "train", "--runs", "new", "--smoothing", "0.5")
    assert [float(row["smoothed"]) for row in found] == ema(np.array([2.0, 3, 4, 5]), 0.5).tolist()
    found = rows(capsys, logs, "--tags", "train", "--runs", "new", "--method", "mean", "--smoothing", "3")
    assert [float(row["smoothed"]) for row in found] == [2.5, 3, 4, 4.5]


def test_what_a_later_attempt_wrote_again_is_left_out_or_marked(logs, capsys):
    found = rows(capsys, logs, "--tags", "train", "--runs", "old/lr=0.1", "--window", ":")
    assert [row["value"] for row in found] == ["0.0", "1.0", "50.0", "50.0"]
    found = rows(capsys, logs, "--tags", "train", "--runs", "old/lr=0.1", "--earlier")
    assert [(row["value"], row["superseded"]) for row in found][2:4] == [("2.0", "true"), ("3.0", "true")]


def test_a_derived_curve_is_written_alone_or_with_the_tags_that_are_named(logs, capsys):
    found = rows(capsys, logs, "--derived", "train/loss - eval/loss", "--runs", "new")
    assert [(row["tag"], row["step"], row["value"]) for row in found] == [
        ("train/loss - eval/loss", "0", "1.0"),
        ("train/loss - eval/loss", "3", "4.0"),
    ]
    found = rows(capsys, logs, "--derived", "train/loss * 2", "--tags", "eval", "--runs", "new")
    assert {row["tag"] for row in found} == {"eval/loss", "train/loss * 2"}


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("folder", {"old": "2", "new": "1"}),
        (r"lr=([\d.]+)", {"0.1": "2", "0.2": "1"}),
        ("(old)", {"old": "2", "new/lr=0.1": "1"}),
    ],
)
def test_runs_are_put_together(logs, capsys, by, groups):
    found = rows(capsys, logs, "--tags", "train", "--group-by", by, "--window", "0:0")
    assert {row["group"]: row["runs"] for row in found} == groups


def test_runs_are_put_together_by_what_they_chose(tmp_path, capsys):
    for name, lr in (("a", 0.1), ("b", 0.1), ("c", 0.2)):
        with EventWriter(tmp_path / name, clock=lambda: ef.T0) as writer:
            writer.hparams({"lr": lr})
            writer.scalars({"loss": lr}, 0, ef.T0)
    found = rows(capsys, tmp_path, "--group-by", "hparam:lr", "--middle", "median", "--band", "std")
    assert [(row["group"], row["runs"]) for row in found] == [("lr=0.1", "2"), ("lr=0.2", "1")]
    assert run(capsys, "export", tmp_path, "--group-by", "hparam:rate") == (
        2, "", "tbcore: no run chose a hyperparameter rate: there is lr\n",
    )  # fmt: skip


def test_groups_are_parquet_and_json_too(logs, tmp_path, capsys):
    out = tmp_path / "groups.parquet"
    assert run(capsys, "export", logs, "--tags", "train", "--group-by", "folder", "--out", out) == (0, "", "")
    table = pd.read_parquet(out)
    assert list(table.columns) == ["group", "tag", "step", "value", "low", "high", "runs"]
    code, text, _err = run(capsys, "export", logs, "--tags", "train", "--group-by", "folder", "--format", "json")
    assert code == 0
    assert len(json.loads(text)) == len(table)


def test_a_figure_has_a_line_per_run(logs, tmp_path, capsys):
    out = tmp_path / "loss.tex"
    assert run(capsys, "export", logs, "--tags", "train", "--out", out, "--window", "0:3") == (0, "", "")
    text = out.read_text()
    assert text.count(r"\addlegendentry") == 3
    assert (text.count(r"\begin{tikzpicture}"), text.count(r"\end{tikzpicture}")) == (1, 1)
    assert "title={train/loss}" in text
    assert "xmin=0.0, xmax=3.0" in text
    assert "4269D0" in text
    every = run(capsys, "export", logs, "--format", "pgf", "--group-by", "folder")[1]
    assert every.count(r"\begin{tikzpicture}") == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--window", "5:3"], "argument --window: 5:3 is no window: write it as 1000:2000, 1000: or :2000 (--help explains)"),
        (["--window", "a:b"], "argument --window: a:b is no window: write it as 1000:2000, 1000: or :2000 (--help explains)"),
        (["--window", "nan:3"], "argument --window: nan:3 is no window: write it as 1000:2000, 1000: or :2000 (--help explains)"),
        (["--smoothing", "3"], "--smoothing 3: the weight is between 0 and 0.999"),
        (["--smoothing", "nan"], "--smoothing nan: the weight is between 0 and 0.999"),
        (["--band", "std"], "--middle and --band say how runs are put together: add --group-by"),
        (["--group-by", "("], "'(' is not a regular expression: missing ), unterminated subpattern at position 1"),
        (["--derived", "train/loss +"], "the expression ends too early at character 13"),
        (["--derived", "loss"], "no tag is called 'loss' at character 1"),
        (["--kind", "text", "--window", "1:2"], "--window is for scalars, not for text"),
        (["--kind", "runs", "--format", "pgf"], "--format pgf is for scalars, not for runs"),
        (["--kind", "hparams", "--earlier"], "--earlier is for scalars, not for hparams"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_one_line(logs, capsys, arguments, words):
    code, out, err = run(capsys, "export", logs, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"tbcore: {words.removesuffix(' at character 1')}")
    assert err.count("\n") == 1

"""The command line: what it prints, what it writes, what it says when it cannot, and its exit codes."""

import csv
import io
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tbcore
from tbcore import cli, demo
from tbcore.analysis import export
from tests import eventfile as ef

FILE = "events.out.tfevents.1.host"
ROOT = Path(__file__).resolve().parents[1]
KINDS = "scalars, histograms, pr_curves, text, images, audio, meshes, embeddings, hparams, runs"
ODD = 'a,"b"\nc'


@pytest.fixture
def logs(tmp_path):
    """Return a logdir: two runs, float32 and float64 scalars, odd names, values that are not finite."""
    values = [0.1, math.nan, math.inf, -math.inf, 1e-30]
    ef.write(tmp_path / "logs" / "a" / FILE, ef.version(), *ef.curve("loss", values), *ef.curve(ODD, [2.0]))
    double = ef.tensor_scalar(7, "precise", 0.1, "double")
    ef.write(
        tmp_path / "logs" / "b" / FILE,
        ef.version(wall=ef.T0 + 50),
        double,
        ef.scalar(2**60, "loss", 0.5, wall=ef.T0 + 1),
    )
    return tmp_path / "logs"


@pytest.fixture
def damaged(tmp_path):
    """Return a logdir with one record that is lost, one that is not whole, and a session."""
    bad = ef.flip(ef.scalar(1, "loss", 1.0), -1)
    records = ef.session(0), ef.scalar(0, "loss", 1.0), bad, ef.scalar(2, "loss", 1.0), ef.scalar(3, "loss", 1.0)[:9]
    ef.write(tmp_path / "damaged" / FILE, ef.version(), *records)
    return tmp_path / "damaged"


def run(capsys, *arguments):
    """Return the exit code, stdout and stderr of a command."""
    code = cli.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def process(*arguments, **options):
    """Start a command as a process of its own."""
    command = [sys.executable, "-m", "tbcore", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


# inspect -------------------------------------------------------------------------------------------------------------


def test_inspect_prints_one_row_per_run_and_kind(logs, capsys):
    code, out, err = run(capsys, "inspect", logs)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == str(logs)
    assert lines[1].startswith("2 runs, 2 files, ")
    assert lines[1].endswith(", 8 points, no problems")
    assert lines[3].split()[:4] == ["run", "kind", "tags", "points"]
    assert lines[4].split()[:8] == ["a", "scalars", "2", "6", "5", "0", "4", "0"]
    assert lines[5].split()[:8] == ["b", "scalars", "2", "2", "2", f"{2**60:,}", "7", "7"]
    assert len({len(line) for line in lines[3:6]}) == 1


def test_inspect_lists_tags_when_asked_for_some(logs, capsys):
    code, out, _err = run(capsys, "inspect", logs, "--tags", "LOSS|b")
    assert code == 0
    assert [line.split()[1 if line.startswith(" ") else 2] for line in out.splitlines()[4:7]] == [
        'a,"b"\\nc',
        "loss",
        "loss",
    ]


def test_inspect_says_what_is_wrong_and_exits_with_1(damaged, capsys):
    code, out, err = run(capsys, "inspect", damaged)
    at = len(ef.version() + ef.session(0) + ef.scalar(0, "loss", 1.0))
    lost = len(ef.scalar(1, "loss", 1.0))
    assert (code, err) == (1, "")
    assert f"1 problem:\n  {FILE}, at byte {at}: data checksum failed; {lost} bytes skipped\n" in out
    assert f"  {FILE}: 9 bytes\n" in out
    assert "  .: START 0\n" in out


def test_damage_of_which_everything_was_recovered_is_no_failure(tmp_path, capsys):
    kept = bytearray(ef.scalar(1, "loss", 1.0))
    kept[8] ^= 1  # in the checksum of the length
    ef.write(tmp_path / FILE, ef.version(), ef.scalar(0, "loss", 1.0), bytes(kept), ef.scalar(2, "loss", 1.0))
    code, out, _err = run(capsys, "inspect", tmp_path)
    assert code == 0
    assert "1 problem:\n" in out


def test_marks_of_sessions_have_no_name_of_their_own(damaged, capsys):
    out = run(capsys, "inspect", damaged, "--tags", ".")[1]
    assert "(sessions)" in out
    assert "__session_log__" not in out


def test_inspect_prints_one_document_as_json(damaged, capsys):
    code, out, _err = run(capsys, "inspect", damaged, "--json")
    document = json.loads(out)
    assert code == 1
    assert (document["schema"], document["logdir"]) == (1, str(damaged))
    assert document["totals"]["problems"] == 1
    assert [kind["kind"] for kind in document["runs"][0]["kinds"]] == ["scalars", "session_log"]
    assert document["problems"][0]["reason"] == "data checksum failed"


def test_names_cannot_give_orders_to_the_terminal(tmp_path, capsys):
    ef.write(tmp_path / FILE, ef.version(), *ef.curve("\x1b[31mred\r", [1.0]))
    _code, out, _err = run(capsys, "inspect", tmp_path, "--tags", ".")
    assert "\x1b" not in out
    assert "\\x1b[31mred\\r" in out


def test_names_in_wide_letters_keep_the_columns_straight():
    first, second = cli._aligned([["日本", "x"], ["abcde", "x"]], left=1)
    assert (first, second) == ("日本   x", "abcde  x")


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid"), reason="names are text there")
def test_names_that_are_not_text_are_spelled(tmp_path, capsys):
    folder = tmp_path / os.fsdecode(b"\xff")
    ef.write(folder / FILE, ef.version(), *ef.curve("loss", [1.0]))
    assert "\\udcff" in run(capsys, "inspect", tmp_path)[1]
    assert json.loads(run(capsys, "inspect", tmp_path, "--json")[1])["runs"][0]["run"] == "\\udcff"
    assert run(capsys, "export", tmp_path)[1].splitlines()[1].startswith("\\udcff,loss,0,")


# export --------------------------------------------------------------------------------------------------------------


def test_csv_holds_every_point_in_the_precision_it_was_logged_in(logs, capsys):
    code, out, err = run(capsys, "export", logs)
    assert (code, err) == (0, "")
    assert list(csv.reader(io.StringIO(out))) == [
        ["run", "tag", "step", "wall_time", "value"],
        ["a", ODD, "0", "1760000000.0", "2.0"],
        ["a", "loss", "0", "1760000000.0", "0.1"],
        ["a", "loss", "1", "1760000001.0", "NaN"],
        ["a", "loss", "2", "1760000002.0", "Infinity"],
        ["a", "loss", "3", "1760000003.0", "-Infinity"],
        ["a", "loss", "4", "1760000004.0", "1e-30"],
        ["b", "loss", str(2**60), "1760000001.0", "0.5"],
        ["b", "precise", "7", "1760000007.0", "0.1"],
    ]


def test_json_is_a_list_of_objects_with_words_for_what_is_not_finite(logs, capsys):
    code, out, _err = run(capsys, "export", logs, "--format", "json", "--runs", "^a$")
    rows = json.loads(out)
    assert code == 0
    assert rows[0] == {"run": "a", "tag": ODD, "step": 0, "wall_time": ef.T0, "value": 2}
    assert [row["value"] for row in rows] == [2, 0.1, "NaN", "Infinity", "-Infinity", 1e-30]


def test_parquet_holds_the_same_frame_as_the_library(logs, tmp_path, capsys):
    out = tmp_path / "points.parquet"
    assert run(capsys, "export", logs, "--out", out) == (0, "", "")
    written, frame = pd.read_parquet(out), tbcore.scalars(logs)
    assert list(written.columns) == ["run", "tag", "step", "wall_time", "value"]
    assert written["value"].dtype == np.float64
    for name in ("run", "tag"):
        assert list(written[name]) == list(frame[name])
    for name in ("step", "wall_time", "value"):
        np.testing.assert_array_equal(written[name], frame[name])


def test_parquet_of_float32_alone_stays_float32(logs, tmp_path, capsys):
    run(capsys, "export", logs, "--tags", "^loss$", "--out", tmp_path / "x.parquet")
    assert pd.read_parquet(tmp_path / "x.parquet")["value"].dtype == np.float32


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_small_batches_write_the_same_as_one(logs, tmp_path, capsys, monkeypatch, form):
    rng = np.random.default_rng(0)
    numbers = rng.integers(0, 2**32, 300, dtype=np.uint32).view(np.float32)
    ef.write(logs / "c" / FILE, ef.version(), *ef.curve("bits", [float(value) for value in numbers]))
    run(capsys, "export", logs, "--format", form, "--out", tmp_path / "whole")
    monkeypatch.setattr(export, "_BATCH", 700)
    monkeypatch.setattr(export, "_ROW_GROUP", 20)
    run(capsys, "export", logs, "--format", form, "--out", tmp_path / "parts")
    if form == "parquet":
        assert pd.read_parquet(tmp_path / "whole").equals(pd.read_parquet(tmp_path / "parts"))
    else:
        assert (tmp_path / "whole").read_bytes() == (tmp_path / "parts").read_bytes()


def test_any_float32_is_read_back_as_it_was(tmp_path, capsys):
    bits = np.random.default_rng(1).integers(0, 2**32, 2000, dtype=np.uint32)
    numbers = bits.view(np.float32)
    numbers = numbers[np.isfinite(numbers)]
    ef.write(tmp_path / FILE, ef.version(), *ef.curve("bits", [float(value) for value in numbers]))
    rows = list(csv.DictReader(io.StringIO(run(capsys, "export", tmp_path)[1])))
    assert np.array_equal(np.array([np.float32(row["value"]) for row in rows]), numbers)


def test_the_format_is_what_the_file_name_ends_with(logs, tmp_path, capsys):
    run(capsys, "export", logs, "--out", tmp_path / "x.JSON")
    assert json.loads((tmp_path / "x.JSON").read_text())


def test_points_beside_damage_are_written_and_the_damage_is_said(damaged, capsys):
    code, out, err = run(capsys, "export", damaged)
    assert code == 0
    assert len(out.splitlines()) == 3
    words = "what can be read was written, but there is 1 problem with the files: see python -m tbcore inspect"
    assert err == f"tbcore: {words} {damaged}\n"


def test_whole_numbers_are_written_as_fractions_and_large_ones_with_an_exponent(tmp_path, capsys):
    ef.write(tmp_path / FILE, ef.version(), *ef.curve("loss", [1.0, -0.0, 2.0**100, math.nan, 0.5]))
    out = run(capsys, "export", tmp_path)[1]
    values = [row["value"] for row in csv.DictReader(io.StringIO(out))]
    assert values == ["1.0", "-0.0", "1.2676506e+30", "NaN", "0.5"]
    assert [type(row["value"]) for row in json.loads(run(capsys, "export", tmp_path, "--format", "json")[1])][:3] == [
        float
    ] * 3


def test_a_name_that_ends_like_another_format_is_said(logs, tmp_path, capsys):
    code, _out, err = run(capsys, "export", logs, "--format", "csv", "--out", tmp_path / "x.json")
    assert (code, err) == (0, f"tbcore: {tmp_path / 'x.json'} was written as CSV, as --format says, not as JSON\n")


def test_a_file_that_cannot_be_finished_is_not_left_behind(logs, tmp_path, capsys, monkeypatch):
    def interrupted(sink, schema, tables):
        sink.write(b"half")
        raise KeyboardInterrupt

    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "x.csv").write_text("before")
    monkeypatch.setitem(export.FORMATS, "csv", interrupted)
    assert run(capsys, "export", logs, "--out", tmp_path / "out" / "x.csv") == (130, "", "")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["x.csv"]
    assert (tmp_path / "out" / "x.csv").read_text() == "before"


# demo ----------------------------------------------------------------------------------------------------------------


def test_demo_writes_the_demo_log_and_says_how_to_look_at_it(tmp_path, capsys, monkeypatch):
    recipe = demo.Recipe("tiny", "A moment.", (8,), (demo.Attempt(0, 40, lambda step: 0.05),), examples=64)
    monkeypatch.setattr(demo, "RECIPES", (recipe,))
    monkeypatch.setattr(demo, "TRIALS", ())
    monkeypatch.setattr(demo, "TOTAL", 40)
    code, out, err = run(capsys, "demo", tmp_path / "log")
    assert (code, err) == (0, "")
    assert f"streamlit run app.py -- --logdir {tmp_path / 'log'}\n" in out
    assert demo.is_complete(tmp_path / "log")


def test_a_demo_is_not_written_into_a_file(tmp_path, capsys):
    (tmp_path / "x").write_text("")
    words = f"tbcore: {tmp_path / 'x'} is a file: name a folder that is empty or not there yet\n"
    assert run(capsys, "demo", tmp_path / "x") == (2, "", words)


# What goes wrong -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "the following arguments are required: COMMAND (--help explains)"),
        (["inspect"], 2, "the following arguments are required: LOGDIR (--help explains)"),
        (["inspect", "nowhere"], 2, "nowhere does not exist: check the path, or start training first"),
        (["inspect", "LOGS", "--runs", "("], 2, "'(' is not a regular expression: missing ), unterminated subpattern at position 1"),
        (["inspect", "LOGS", "--runs", "zzz"], 1, "none of 2 runs matches --runs zzz"),
        (["inspect", "LOGS", "--tags", "zzz"], 1, "no tag matches --tags zzz"),
        (["export", "LOGS", "--kind", "graphs"], 2, f"graphs cannot be exported: what can be is {KINDS}"),
        (["export", "LOGS", "--kind", "imges"], 2, f"imges is not a kind: what can be is {KINDS}"),
        (["export", "LOGS", "--out", "/nowhere/x.csv"], 2, "/nowhere/x.csv cannot be written: there is no folder /nowhere; make it first"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_one_line(logs, capsys, arguments, code, words):
    found, _out, err = run(capsys, *[logs if argument == "LOGS" else argument for argument in arguments])
    assert (found, err) == (code, f"tbcore: {words}\n")


def test_nothing_found_is_said(tmp_path, capsys):
    for command in ("inspect", "export"):
        code, _out, err = run(capsys, command, tmp_path)
        assert code == 1
        assert err.startswith("tbcore: no event files in ")
        assert err.count("\n") == 1


def test_nothing_of_the_kind_is_said(tmp_path, capsys):
    ef.write(tmp_path / FILE, ef.version())
    code, out, err = run(capsys, "export", tmp_path, "--tags", "x")
    assert (code, out) == (1, "")
    assert f"match --tags x: see python -m tbcore inspect {tmp_path}\n" in err


def test_parquet_is_kept_from_terminals(logs, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    code, out, err = run(capsys, "export", logs, "--format", "parquet")
    assert (code, out) == (2, "")
    assert "Parquet is no text for a terminal" in err


def test_help_tells_the_exit_codes(capsys):
    with pytest.raises(SystemExit, match="0"):
        cli.main(["inspect", "--help"])
    assert "130  interrupted" in capsys.readouterr().out


# The bar -------------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def test_a_bar_is_drawn_on_a_terminal_when_it_takes_long(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(cli.time, "monotonic", lambda: now[0])
    stream = Terminal()
    with cli.Bar("Reading", stream) as bar:
        bar.show(1, 4)
        assert stream.getvalue() == ""
        now[0] = 1.0
        bar.show(2, 4)
        assert stream.getvalue() == f"\rReading [{'#' * 15}{'.' * 15}]  50%\x1b[K"
    assert stream.getvalue().endswith("\r\x1b[K")


def test_no_bar_is_drawn_into_a_file(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(cli.time, "monotonic", lambda: now[0])
    stream = io.StringIO()
    with cli.Bar("Reading", stream) as bar:
        now[0] = 100.0
        bar.show(1, 1)
    assert stream.getvalue() == ""


# As processes --------------------------------------------------------------------------------------------------------


def test_it_runs_as_a_module(logs):
    with process("export", logs, "--format", "parquet") as started:
        out, err = started.communicate(timeout=60)
    assert (started.returncode, err) == (0, b"")
    assert len(pd.read_parquet(io.BytesIO(out))) == 8


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
def test_who_stops_reading_hears_no_complaint(tmp_path):
    ef.write(tmp_path / FILE, ef.version(), *ef.curve("loss", [0.1] * 20_000))
    with process("export", tmp_path) as started:
        started.stdout.read(10)
        started.stdout.close()
        assert started.stderr.read() == b""
        assert started.wait(60) == 141


@pytest.mark.skipif(os.name == "nt", reason="Windows interrupts differently")
def test_an_interruption_leaves_without_a_word(tmp_path):
    # Nobody reads from the pipe, so that the command waits in the middle of its work.
    ef.write(tmp_path / FILE, ef.version(), *ef.curve("loss", [0.1] * 20_000))
    with process("export", tmp_path) as started:
        started.stdout.read(1)
        time.sleep(0.2)
        started.send_signal(signal.SIGINT)
        assert started.wait(60) == 130
        assert started.stderr.read() == b""

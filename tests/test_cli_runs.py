"""Exports with a row per session or per run: nested as JSON, flat as CSV and Parquet."""

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tbcore import cli
from tests import eventfile as ef
from tests.fixtures import log, needs_fixtures

FILE = "events.out.tfevents.1.host"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Return a logdir of two runs without hyperparameters, one of which ends as NaN."""
    ef.write(tmp_path / "a" / FILE, ef.version(), *ef.curve("loss", [3, 1, 2]), *ef.curve("lr", [0.1]))
    ef.write(tmp_path / "b" / FILE, ef.version(ef.T0 + 50), *ef.curve("loss", [3, math.nan]))
    return tmp_path


def run(capsys: Any, *arguments: Any) -> tuple[int, str, str]:
    """Return the exit code, stdout and stderr of a command."""
    code = cli.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def rows(capsys: Any, *arguments: Any) -> list[dict[str, Any]]:
    """Return what is exported as JSON."""
    code, out, err = run(capsys, "export", *arguments, "--format", "json")
    assert (code, err) == (0, "")
    found: list[dict[str, Any]] = json.loads(out)
    return found


def test_the_table_of_runs_has_a_row_per_run(logs: Path, capsys: Any) -> None:
    first, second = rows(capsys, logs, "--kind", "runs")
    size = (logs / "a" / FILE).stat().st_size
    assert first == {
        "run": "a",
        "state": "finished",
        "session": None,
        "start_time": ef.T0,
        "last_time": ef.T0 + 2,
        "duration": 2.0,
        "last_step": 2,
        "steps_per_second": 1.0,
        "points": 4,
        "bytes": size,
        "kinds": ["scalars"],
        "problems": 0,
        "note": "",
        "hparams": {},
        "metrics": {
            "loss": {"last": 2.0, "min": 1.0, "max": 3.0},
            "lr": {"last": 0.1, "min": 0.1, "max": 0.1},
        },
    }
    assert second["metrics"] == {"loss": {"last": "NaN", "min": 3.0, "max": 3.0}}


def test_runs_and_tags_are_picked_by_regular_expressions(logs: Path, capsys: Any) -> None:
    found = rows(capsys, logs, "--kind", "runs", "--runs", "A", "--tags", "^LR$")
    assert [(row["run"], list(row["metrics"])) for row in found] == [("a", ["lr"])]


def test_csv_is_flat_and_empty_where_nothing_is_known(logs: Path, capsys: Any) -> None:
    code, out, _err = run(capsys, "export", logs, "--kind", "runs")
    assert code == 0
    first, second = csv.DictReader(io.StringIO(out))
    assert first["metrics.loss.last"] == "2"
    assert (second["metrics.loss.last"], second["metrics.lr.last"], second["session"]) == ("NaN", "", "")
    assert list(first)[-6:] == [f"metrics.{tag}.{what}" for tag in ("loss", "lr") for what in ("last", "min", "max")]


def test_parquet_has_types(logs: Path, tmp_path: Path, capsys: Any) -> None:
    target = tmp_path / "runs.parquet"
    assert run(capsys, "export", logs, "--kind", "runs", "--out", target) == (0, "", "")
    frame = pd.read_parquet(target)
    assert frame["points"].tolist() == [4, 2]
    assert frame["metrics.loss.min"].tolist() == [1.0, 3.0]
    assert frame["kinds"].tolist() == ["scalars", "scalars"]
    assert frame["metrics.lr.last"].isna().tolist() == [False, True]


def test_logs_without_sessions_have_nothing_to_export(logs: Path, capsys: Any) -> None:
    code, out, err = run(capsys, "export", logs, "--kind", "hparams")
    assert (code, out) == (1, "")
    assert err == f"tbcore: no hparams in {logs}: see python -m tbcore inspect {logs}\n"


def test_no_run_that_matches_is_one_sentence(logs: Path, capsys: Any) -> None:
    for kind in ("runs", "hparams"):
        code, out, err = run(capsys, "export", logs, "--kind", kind, "--runs", "nothing")
        assert (code, out) == (1, "")
        assert err == "tbcore: none of 2 runs matches --runs nothing\n"


@needs_fixtures
def test_sessions_have_their_names_hyperparameters_and_metrics(capsys: Any) -> None:
    found = {row["session"]: row for row in rows(capsys, log("torch_hparams_mixed"), "--kind", "hparams")}
    first = found["plain/p_0"]
    assert {key: first[key] for key in ("group", "status", "hparams")} == {
        "group": "plain/p_0",
        "status": "success",
        "hparams": {"lr": 0.1, "bsize": 16.0, "bn": False},
    }
    assert first["metrics"]["hparam/accuracy"] == {"last": 0.5, "min": 0.5, "max": 0.5}
    assert found["plain/p_extra"]["hparams"] == {"lr": 1.0, "extra": "only here"}
    assert len(found) == 7


@needs_fixtures
def test_a_session_tells_the_run_its_curves_are_in(capsys: Any) -> None:
    found = rows(capsys, log("torch_hparams_mixed"), "--kind", "hparams")
    named = [row for row in found if row["session"].startswith("plain/1")]
    assert [row["run"] for row in named] == ["plain"]
    assert all(row["run"] == row["session"] for row in found if row not in named)


@needs_fixtures
@pytest.mark.parametrize(
    "name", ["torch_all", "tf_v2_all", "tensorboardX_all", "edge_bad_data", "edge_values", "edge_tags"]
)
@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_every_log_can_be_exported_as_runs(name: str, form: str, tmp_path: Path, capsys: Any) -> None:
    target = tmp_path / f"runs.{form}"
    assert run(capsys, "export", log(name), "--kind", "runs", "--out", target)[0] == 0
    read = {"csv": pd.read_csv, "json": pd.read_json, "parquet": pd.read_parquet}[form]
    assert len(read(target)) > 0

"""The command that says where the time of recorded steps goes."""

import json
from pathlib import Path
from typing import Any

import pytest

from tbcore import cli
from tests.tracemaker import event, trace

EVENTS = (
    event("ProfilerStep#7", 0, 100, "user_annotation"),
    event("load_batch", 0, 60, "user_annotation"),
    event("aten::mm", 60, 30),
)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TBCORE_CACHE", str(tmp_path / "cache"))


def written(folder: Path, data: bytes, name: str = "w0.1700000000000000000.pt.trace.json") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    return folder / name


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["profile", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code, out, _err = printed(capsys, *arguments, "--json")
    assert code == 0
    found: dict[str, Any] = json.loads(out)
    return found


def test_a_recording_is_told_as_one_json_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "logs", trace(*EVENTS))
    found = document(capsys, str(path))
    assert (found["schema"], found["path"]) == (1, str(path))
    (one,) = found["recordings"]
    assert (one["file"], one["worker"], one["span"], one["format"]) == (path.name, "w0", 1, "pytorch")
    (step,) = one["steps"]
    assert (step["name"], step["start_us"], step["total_us"]) == ("7", 0.0, 100.0)
    assert {name: time for name, time in step["categories"].items() if time} == {
        "DataLoader": 60.0, "CPU Exec": 30.0, "Other": 10.0,
    }  # fmt: skip
    assert one["average"]["shares"]["DataLoader"] == 0.6
    assert (one["findings"][0]["rule"], one["findings"][0]["cost_us"]) == ("loading", 60.0)


def test_a_logdir_is_told_run_by_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path / "logs" / "a", trace(*EVENTS))
    written(tmp_path / "logs" / "b", trace(*EVENTS))
    written(tmp_path / "logs" / "b", trace(*EVENTS), "w0.1700000001000000000.pt.trace.json")
    found = document(capsys, str(tmp_path / "logs"))
    assert [(one["run"], one["span"]) for one in found["recordings"]] == [("a", 1), ("b", 1), ("b", 2)]
    assert [one["run"] for one in document(capsys, str(tmp_path / "logs"), "--runs", "^a$")["recordings"]] == ["a"]


def test_the_names_of_data_loading_can_be_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "logs", trace(*EVENTS))
    (one,) = document(capsys, str(path), "--loading", "^reader$")["recordings"]
    assert one["average"]["categories"]["DataLoader"] == 0.0


def test_people_read_the_verdict_first_and_then_what_to_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "logs", trace(*EVENTS))
    code, out, _err = printed(capsys, str(path))
    lines = out.splitlines()
    assert code == 0
    assert lines[1] == "  Data loading holds training back: 60.0% of the time is spent waiting for it."
    assert "  [high] Data loading takes 60.0% of each step (60µs)" in lines
    assert any(line.split() == ["DataLoader", "60µs", "60.0%"] for line in lines)


def test_a_file_that_is_no_recording_is_said_to_be_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, b"hello", "notes.txt")
    code, out, err = printed(capsys, str(path))
    assert (code, out) == (1, "")
    assert "is no recording" in err


def test_a_damaged_recording_does_not_hide_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path / "logs", trace(*EVENTS))
    written(tmp_path / "logs", b"\x00\x01 nothing of use", "w1.pt.trace.json")
    code, out, err = printed(capsys, str(tmp_path / "logs"), "--json")
    assert code == 1
    assert [("error" in one) for one in json.loads(out)["recordings"]] == [False, True]
    assert "w1.pt.trace.json cannot be read" in err


def test_a_wrong_pattern_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _out, err = printed(capsys, str(tmp_path), "--loading", "(")
    assert code == 2
    assert err.count("\n") == 1
    assert "is not a regular expression" in err


def test_names_of_the_log_cannot_act_on_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = event("load_batch\x1b[31m\r\nrm -rf", 0, 60, "user_annotation")
    path = written(tmp_path / "logs", trace(EVENTS[0], hostile, event("aten::\x1b]0;title\x07", 60, 10)))
    _code, out, _err = printed(capsys, str(path))
    assert "\x1b" not in out
    assert "\x07" not in out


def test_a_folder_without_recordings_says_what_would_be_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = printed(capsys, str(tmp_path))
    assert (code, out) == (1, "")
    assert err.startswith(f"tbcore: no recording in {tmp_path}: nothing below it is a .pt.trace.json")


def test_a_recording_is_named_by_its_file_and_its_run_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "logs" / "a", trace(*EVENTS))
    assert printed(capsys, str(tmp_path / "logs"))[1].splitlines()[0] == f"a/{path.name}"
    assert printed(capsys, str(tmp_path / "logs" / "a"))[1].splitlines()[0] == path.name

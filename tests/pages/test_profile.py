"""The Profile page as the server makes it: which recording, which tab, and what it says when there is none."""

import gzip
import json
import time
from itertools import count
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tbcore.formats.tfrecord import EventWriter
from tbcore.recorder import Recorder
from tests.fixtures import samples
from tests.pages.visitor import texts, visited

BASE = 1_760_000_000_000_000_000


def recording(
    worker: str = "w", span: int = 0, names: tuple[str, ...] = ("load_batch", "forward")
) -> tuple[str, bytes]:
    """Return the name and the bytes of a recording: two steps, in each an operator in an annotation."""
    ticks = count()
    recorder = Recorder(lambda: next(ticks) / 1000)
    for step in range(2):
        with recorder.annotation(f"ProfilerStep#{step}"):
            for name in names:
                with recorder.annotation(name):
                    recorder.op(f"own::{name}", lambda: None)
    return f"{worker}.{BASE + span}.pt.trace.json.gz", recorder.written(BASE, "host")


def put(folder: Path, name: str, data: bytes) -> None:
    """Write a file and the folders around it."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A logdir in which one run has curves, and nothing else yet."""
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path / "logs"))
    monkeypatch.setenv("TBCORE_CACHE", str(tmp_path / "cache"))
    with EventWriter(tmp_path / "logs" / "first") as writer:
        writer.scalar("loss", 1.0, 0)
    return tmp_path / "logs"


def opened(**parameters: str | list[str]) -> AppTest:
    """Visit the page, and wait until the recording is read."""
    app = visited("profile", **parameters)
    end = time.monotonic() + 60
    while any(one.label == "Stop" for one in app.button):
        assert time.monotonic() < end
        app.run()
    return app


def tabs(app: AppTest) -> list[str]:
    """Return the tabs that are offered."""
    (found,) = [one for one in app.get("button_group") if one.key == "profile_tab"]
    return list(found.options)


def choice(app: AppTest, label: str) -> list[str]:
    """Return what a list offers, nothing when it is not there."""
    found = [one for one in app.main.selectbox if one.label == label]
    return list(found[0].options) if found else []


def test_without_a_recording_the_page_says_how_one_is_made(logdir: Path) -> None:
    app = opened()
    assert "No recordings in these logs" in [one.value for one in app.subheader]
    assert "tensorboard_trace_handler" in app.code[0].value
    assert "tf.profiler.experimental.start" in app.code[1].value
    assert "jax.profiler.start_trace" in app.code[2].value


def test_this_machine_is_there_without_a_recording(logdir: Path) -> None:
    app = opened(profile_mode="machine")
    assert "cores" in texts(app)
    assert not app.code or "tbcore monitor" in app.code[0].value


def test_without_a_run_there_are_files_of_ones_own_and_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened()
    assert "No recordings in these logs" in [one.value for one in app.subheader]
    assert app.get("file_uploader")
    assert "cores" in texts(opened(profile_mode="machine"))


def test_a_single_recording_is_opened_at_once(logdir: Path) -> None:
    put(logdir / "first", *recording())
    app = opened()
    assert not choice(app, "Run")
    assert tabs(app)[:2] == ["Overview", "Trace"]
    assert "Memory" not in tabs(app)


def test_run_worker_and_span_are_chosen_where_there_are_several(logdir: Path) -> None:
    for run in ("first", "second"):
        for worker in ("rank0", "rank1"):
            for span in range(3):
                put(logdir / run, *recording(worker, span))
    app = opened(trace_run="second", trace_file="rank1", trace_span="2")
    assert choice(app, "Run") == ["first", "second"]
    assert choice(app, "Recording") == ["rank0", "rank1"]
    assert choice(app, "Span") == ["1", "2", "3"]
    assert app.selectbox(key="trace_run").value == "second"
    assert app.selectbox(key="trace_span").value == "2"


def test_of_several_sessions_the_latest_is_shown(logdir: Path) -> None:
    for session in ("2026_01_02_03_04_05", "2026_11_20_17_36_04", "2026_06_01_00_00_00"):
        put(logdir / "first" / "plugins" / "profile" / session, *recording())
    app = opened()
    assert choice(app, "Recording")[0].startswith("2026_11_20")
    assert app.selectbox(key="trace_file").value == "2026_11_20_17_36_04 · w"


def test_of_a_run_that_is_not_shown_no_recording_is_offered(logdir: Path) -> None:
    put(logdir / "second", *recording())
    app = opened(only="first")
    assert "none of the runs that are shown" in texts(app)


def test_what_was_repaired_is_said(logdir: Path) -> None:
    name, data = recording()
    put(logdir / "first", name, data[:-30])
    app = opened()
    assert ":orange[" in texts(app)
    assert tabs(app)


@pytest.mark.parametrize("data", [b"", b"{", b"\x1f\x8b\x08", b"[[[[[["])
def test_a_file_that_is_no_recording_is_told_and_the_page_goes_on(logdir: Path, data: bytes) -> None:
    put(logdir / "first", "w.pt.trace.json", data)
    put(logdir / "second", *recording())
    app = opened(trace_run="first")
    assert texts(app).strip() or app.error
    app.selectbox(key="trace_run").set_value("second").run()
    assert not app.exception
    assert tabs(app)


def test_names_in_a_recording_are_never_acted_on(logdir: Path) -> None:
    hostile = "<img src=x onerror=alert(1)> ![x](http://x) $x$ :red[x]"
    event = {
        "ph": "X",
        "cat": "cpu_op",
        "name": hostile,
        "pid": hostile,
        "tid": hostile,
        "ts": 1,
        "dur": 5,
        "args": {hostile: hostile},
    }
    put(logdir / "first", f"{'<b>'}.pt.trace.json", json.dumps({"schemaVersion": 1, "traceEvents": [event]}).encode())
    app = opened()
    assert "](http" not in texts(app)


@pytest.mark.parametrize(
    "sample", ["torch_cpu/slow_loader", "hta/nccl_parser_config", "tf_cpu/run_metadata", "jax_cpu/logdir"]
)
def test_every_tab_draws_every_kind_of_recording(logdir: Path, monkeypatch: pytest.MonkeyPatch, sample: str) -> None:
    monkeypatch.setenv("TBCORE_LOGDIR", str(samples(sample)))
    app = opened()
    every = tabs(app)
    for tab in every[1:]:
        (buttons,) = [one for one in app.get("button_group") if one.key == "profile_tab"]
        buttons.set_value(tab).run()
        assert not app.exception, tab
        assert not app.error, tab


def test_events_that_lie_at_one_moment_are_drawn(logdir: Path) -> None:
    whole = {"traceEvents": [{"ph": "X", "cat": "cpu_op", "name": "a", "pid": 1, "tid": 1, "ts": 7, "dur": 0}]}
    put(logdir / "first", "w.pt.trace.json.gz", gzip.compress(json.dumps(whole).encode()))
    for tab in tabs(opened()):
        assert tab
    assert not opened(profile_tab="trace").error

"""The Overview tab of the Profile page: the verdict, what to change, and where it can be seen."""

import time
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.visitor import press, texts, told, visited
from tests.tracemaker import allocation, event, trace

NAME = "w0.1700000000000000000.pt.trace.json"


def step(number: int, start: float, duration: float) -> dict[str, Any]:
    return event(f"ProfilerStep#{number}", start, duration, "user_annotation", args={"External id": number})


def kernel(start: float, duration: float, **args: Any) -> dict[str, Any]:
    return event("gemm", start, duration, "kernel", pid=0, tid=7, args={"device": 0, "stream": 7} | args)


LOADING = (
    step(1, 0, 100), event("load_batch", 0, 60, "user_annotation"), event("aten::mm", 60, 30),
    step(2, 100, 100), event("my_reader", 100, 50, "user_annotation"), event("load_batch", 150, 10, "user_annotation"),
    event("aten::mm", 100, 50), event("aten::mm", 160, 40),
)  # fmt: skip


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path / "logs"))
    monkeypatch.setenv("TBCORE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "logs"


def opened(logdir: Path, *events: dict[str, Any], info: dict[str, Any] | None = None, **parameters: str) -> AppTest:
    """Visit the page of a recording of these events, and wait until it is read."""
    (logdir / "run").mkdir(parents=True)
    (logdir / "run" / NAME).write_bytes(trace(*events, **(info or {})))
    app = visited("profile", **parameters)
    end = time.monotonic() + 60
    while any(one.label == "Stop" for one in app.button):
        assert time.monotonic() < end
        app.run()
    return app


def test_the_verdict_says_what_holds_training_back(logdir: Path) -> None:
    app = opened(logdir, *LOADING)
    assert "Data loading holds training back: 35.0% of the time is spent waiting for it." in texts(app)
    assert 'data-cause="loader"' in told(app)
    assert "Data loading 35.0%" in told(app)


def test_the_costly_finding_comes_first_with_what_to_do(logdir: Path) -> None:
    said = texts(opened(logdir, *LOADING))
    assert "**Data loading takes 35.0% of each step** &nbsp; :gray-badge[35µs of each step]" in said
    assert "num_workers=4" in said
    assert said.index("Data loading takes") < said.index("Only the CPU was at work")


def test_a_finding_leads_to_its_evidence(logdir: Path) -> None:
    app = press(opened(logdir, *LOADING), "Longest wait in the trace")
    assert app.query_params["profile_tab"] in ("trace", ["trace"])
    assert app.query_params["trace_row"] in ("1", ["1"])


def test_the_pattern_of_data_loading_stands_in_the_address(logdir: Path) -> None:
    assert "25.0% of the time is spent waiting" in texts(opened(logdir, *LOADING, profile_loading="^my_reader$"))


def test_a_wrong_pattern_leaves_the_usual_one(logdir: Path) -> None:
    app = opened(logdir, *LOADING, profile_loading="(")
    assert "is not a regular expression" in texts(app)
    assert "35.0% of the time is spent waiting" in texts(app)


def test_averages_have_a_row_for_each_category_that_took_time(logdir: Path) -> None:
    said = told(opened(logdir, *LOADING))
    table = said[said.index("profile-averages") :]
    assert [name for name in ("DataLoader", "CPU Exec", "Other", "Kernel") if f"</span>{name}</td>" in table] == [
        "DataLoader", "CPU Exec", "Other",
    ]  # fmt: skip


def test_figures_of_a_device_are_shown_with_what_they_mean(logdir: Path) -> None:
    app = opened(
        logdir, step(1, 0, 100), kernel(0, 40, **{"blocks per SM": 0.5, "est. achieved occupancy %": 25}),
        allocation(1, 3_000_000, 3_000_000, device=0), info={"deviceProperties": [{"id": 0, "name": "H200"}]},
    )  # fmt: skip
    metrics = {one.label: one.value for one in app.metric}
    assert metrics == {
        "Step time": "100µs", "GPU utilisation": "40.0%", "SM efficiency": "20.0%", "Occupancy": "25.0%", "Tensor Cores": "0.0%",
        "Peak memory, GPU 0": "3 MB",
    }  # fmt: skip


def test_what_could_not_be_evaluated_says_what_it_needs(logdir: Path) -> None:
    said = texts(opened(logdir, *LOADING))
    assert "Not evaluated: needs `profile(profile_memory=True)`" in said


def test_how_it_was_recorded_is_told(logdir: Path) -> None:
    app = opened(logdir, *LOADING, info={"host_name": "<b>box</b>", "record_shapes": 1})
    assert "&lt;b&gt;box&lt;/b&gt;" in told(app)
    assert "record_shapes" in told(app)


def test_hostile_names_stay_names(logdir: Path) -> None:
    name = "load_batch ](http://x) <img src=x onerror=alert(1)> $x$ :red[a]"
    app = opened(logdir, step(1, 0, 100), event(name, 0, 60, "user_annotation", args={"External id": 3}))
    assert f"`{name}`" in texts(app)
    assert "<img" not in told(app)


def test_steps_without_marks_are_said_to_be_the_whole_recording(logdir: Path) -> None:
    app = opened(
        logdir, event("load_batch", 0, 60, "user_annotation", args={"External id": 3}), event("aten::mm", 60, 40)
    )
    said = texts(app)
    assert "No step is marked" in said
    assert "Where the time of the recording goes" in said
    assert [one.label for one in app.metric] == ["Whole recording"]
    assert "Call `profiler.step()` at the end of each step" in said
    assert "60.0% of the recording" in said

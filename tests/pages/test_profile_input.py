"""The Input tab says how long steps wait for data, who waits, and what to change."""

import time
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.visitor import texts, visited
from tests.xplanemaker import Plane, space


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A logdir in which nothing lies yet, and a cache of its own."""
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path / "logs"))
    monkeypatch.setenv("TBCORE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "logs"


def recorded(logdir: Path, *events: Any) -> AppTest:
    """Return the tab of a recording in which each of three steps of 1000 us holds these events."""
    steps = [("train", 1_000_000 * step, 1_000_000, {"_r": 1, "step_num": step}) for step in range(3)]
    inside = [
        (name, 1_000_000 * step + start, *rest) for step in range(3) for name, start, *rest in events
    ]  # fmt: skip
    plane = Plane("/host:CPU").line("python", *sorted([*steps, *inside], key=lambda one: (one[1], -one[2])))
    path = logdir / "first" / "plugins" / "profile" / "2026_01_01_00_00_00" / "vm.xplane.pb"
    path.parent.mkdir(parents=True)
    path.write_bytes(space(plane))
    app = visited("profile", profile_tab="input")
    end = time.monotonic() + 60
    while any(one.label == "Stop" for one in app.button):
        assert time.monotonic() < end
        app.run()
    assert not app.exception
    return app


def figures(app: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in app.metric}


def test_steps_that_wait_are_told_with_who_waits_and_what_to_change(logdir: Path) -> None:
    app = recorded(logdir, ("load_batch", 100_000, 800_000), ("work", 920_000, 50_000))
    assert figures(app) == {"Waiting for data": "80.0%", "Per step": "800µs", "Longest wait of a step": "800µs"}
    assert app.dataframe[0].value["name"].tolist() == ["load_batch"]
    assert "jax.device_put" in texts(app)


def test_steps_that_hardly_wait_need_nothing(logdir: Path) -> None:
    app = recorded(logdir, ("load_batch", 100_000, 10_000), ("work", 200_000, 700_000))
    assert figures(app)["Waiting for data"] == "1.0%"
    assert "there is nothing to win here" in texts(app)


def test_where_nothing_is_named_like_waiting_it_says_how_to_name_it(logdir: Path) -> None:
    app = recorded(logdir, ("work", 200_000, 700_000))
    assert "No annotation or operation is named like waiting for data" in texts(app)
    assert "record_function" in texts(app)


def test_the_pipeline_of_tf_data_is_a_tree_with_its_slowest_part(logdir: Path) -> None:
    app = recorded(
        logdir,
        ("IteratorGetNextOp::DoCompute", 50_000, 700_000, {"id": 1, "iter_num": 0}),
        ("Iterator::Root", 60_000, 600_000, {"id": 2}),
        ("Iterator::Root::Map", 70_000, 500_000, {"id": 3, "parent_id": 2}),
        ("work", 800_000, 100_000),
    )
    assert figures(app)["Waiting for data"] == "70.0%"
    assert [name.strip() for name in app.dataframe[1].value["name"]] == ["Root", "Map"]
    assert r"Iterator\:\:Root\:\:Map" in texts(app)
    assert "num_parallel_calls" in texts(app)

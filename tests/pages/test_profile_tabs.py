"""Memory, Distributed, Idle, Critical path and Compare as the server makes them."""

import json
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.visitor import texts, visited
from tests.tracemaker import event, rank, trace
from tests.xplanemaker import Plane, space

BASE = 1_760_000_000_000_000_000


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A logdir with a job of two ranks, and another run that is slower."""
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path / "logs"))
    monkeypatch.setenv("TBCORE_CACHE", str(tmp_path / "cache"))
    for run, worker, data in (
        ("job", "rank0", rank()),
        ("job", "rank1", rank(1, late=200)),
        ("other", "rank0", rank(slower=2)),
    ):
        (tmp_path / "logs" / run).mkdir(parents=True, exist_ok=True)
        (tmp_path / "logs" / run / f"{worker}.{BASE}.pt.trace.json").write_bytes(data)
    return tmp_path / "logs"


def opened(tab: str, run: str = "job", **parameters: str) -> AppTest:
    """Visit a tab, and wait until the recordings are read."""
    app = visited("profile", profile_tab=tab, trace_run=run, trace_file="rank0", **parameters)
    end = time.monotonic() + 60
    while any(one.label == "Stop" for one in app.button):
        assert time.monotonic() < end
        app.run()
    assert not app.exception
    assert not app.error
    return app


def figures(app: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in app.metric}


def tables(app: AppTest) -> list[list[str]]:
    """Return the first column of each table."""
    return [one.value.iloc[:, 0].tolist() for one in app.dataframe]


def test_memory_shows_the_peak_of_the_device_and_who_holds_it(logdir: Path) -> None:
    app = opened("memory")
    assert figures(app)["Peak"] == "12.3 kB"
    assert figures(app)["Of the device"] == "16.4 kB"
    assert tables(app) == [["aten::mm"]]


def test_memory_that_grows_with_every_step_is_told(logdir: Path) -> None:
    app = opened("memory", memory_look="growth")
    assert "After each step 4.1 kB more is held" in app.warning[0].value
    assert tables(app) == [["aten::mm"]]


@pytest.mark.parametrize("look", ["operators", "pieces"])
def test_memory_is_listed_by_operator_and_by_piece(logdir: Path, look: str) -> None:
    assert len(tables(opened("memory", memory_look=look))[0]) == (1 if look == "operators" else 3)


def test_a_part_of_the_memory_curve_is_kept_in_the_address(logdir: Path) -> None:
    app = opened("memory", memory_look="pieces", memory_from="900000", memory_to="1900000")
    assert len(tables(app)[0]) == 1
    assert any(one.label == "The whole recording" for one in app.button)


def test_ranks_of_a_job_stand_side_by_side_with_who_is_waited_for(logdir: Path) -> None:
    app = opened("distributed")
    waited = app.dataframe[0].value
    assert waited["name"].tolist() == ["rank 1 · rank1", "rank 0 · rank0"]
    assert waited["last"].tolist() == [3, 0]
    assert "is for rank 1" in texts(app)


def test_a_rank_alone_says_what_is_missing(logdir: Path) -> None:
    (logdir / "job" / f"rank1.{BASE}.pt.trace.json").unlink()
    assert "who waited for whom cannot be told" in texts(opened("distributed"))


def test_idle_shows_each_stream_and_its_gaps(logdir: Path) -> None:
    app = opened("idle")
    assert {"**Gaps**", "**Launches that wait in each stream**"} <= {one.value for one in app.markdown}
    gaps = app.dataframe[1].value
    assert set(gaps["why"]) == {"launched too late"}
    assert len(gaps) == 8


def test_one_step_is_looked_at_alone(logdir: Path) -> None:
    assert len(opened("idle", profile_step="1").dataframe[1].value) == 2


def test_names_of_gaps_are_searched(logdir: Path) -> None:
    gaps = opened("idle", idle_find="nccl").dataframe[1].value
    assert all("nccl" in row for row in (gaps["before"] + gaps["after"]).tolist())


def test_the_critical_path_is_told_by_name_and_shown_in_the_trace(logdir: Path) -> None:
    app = opened("critical")
    assert "cudaLaunchKernel" in tables(app)[0]
    (button,) = [one for one in app.button if one.key == "critical_show"]
    button.click().run()
    assert not app.exception
    assert app.session_state["profile_tab"] == "trace"
    assert "trace_from" in app.query_params


def test_a_recording_is_compared_with_another_of_its_run_at_first(logdir: Path) -> None:
    app = opened("compare")
    (choice,) = [one for one in app.selectbox if one.label == "Compared with"]
    assert choice.options == ["job · rank1", "other · rank0"]


def test_what_became_slower_in_another_run_is_told(logdir: Path) -> None:
    app = opened("compare", compare_with="other · rank0")
    names = next(one.value for one in app.dataframe if "change" in one.value)
    row = names[names["name"] == "aten::mm"].iloc[0]
    assert row["change"] == "slower"
    # 200 µs longer, of which a launch that now falls into it takes 5.
    assert row["difference"] == 195_000
    app = opened("compare", compare_with="other · rank0", compare_look="kernels", compare_change="slower")
    assert not [one for one in app.dataframe if "change" in one.value and len(one.value)]


def test_a_single_recording_has_nothing_to_be_compared_with(logdir: Path) -> None:
    for path in (logdir / "job" / f"rank1.{BASE}.pt.trace.json", logdir / "other" / f"rank0.{BASE}.pt.trace.json"):
        path.unlink()
    assert "There is no other recording" in texts(opened("compare"))


def test_names_of_devices_are_never_acted_on(logdir: Path) -> None:
    app = opened("distributed")
    assert app.dataframe[-1].value["device"].tolist() == ["GPU <b>", "GPU <b>"]


def test_ranks_that_recorded_different_collectives_say_so_instead_of_who_waited(logdir: Path) -> None:
    path = logdir / "job" / f"rank1.{BASE}.pt.trace.json"
    found = json.loads(path.read_bytes())
    found["traceEvents"] = [
        one for one in found["traceEvents"] if not (one["name"].startswith("nccl") and one["ts"] > 2_000)
    ]
    path.write_text(json.dumps(found))
    app = opened("distributed")
    assert any("different numbers of allreduce" in one.value for one in app.warning)
    assert "**Who the others wait for**" not in {one.value for one in app.markdown}


def test_what_is_the_same_in_both_is_no_change(logdir: Path) -> None:
    (logdir / "other" / f"rank0.{BASE}.pt.trace.json").write_bytes(rank() + b"\n")
    app = opened("compare", compare_with="other · rank0")
    (step,) = [one for one in app.metric if one.label.startswith("An average step")]
    assert (step.value, step.delta) == ("1ms → 1ms", "+0.0%")
    assert not any("Mostly" in one.value for one in app.caption)


def test_which_recording_is_which_and_what_makes_the_second_slower_is_said_first(logdir: Path) -> None:
    slow = json.loads(rank())
    for one in slow["traceEvents"]:
        if one["name"].startswith("ProfilerStep"):
            one["dur"] *= 1.5
        if one["ts"] is not None:
            one["ts"] *= 1.5
    (logdir / "other" / f"rank0.{BASE}.pt.trace.json").write_text(json.dumps(slow))
    app = opened("compare", compare_with="other · rank0")
    assert ":gray-badge[**A**] job · rank0  \n:gray-badge[**B**] other · rank0" in texts(app)
    (step,) = [one for one in app.metric if one.label.startswith("An average step")]
    assert (step.value, step.delta) == ("1ms → 1.5ms", "+50.0%")
    assert "Mostly Other: 475µs more in B." in texts(app)


def test_a_stream_without_gaps_is_said_to_have_been_busy(logdir: Path) -> None:
    (logdir / "alone").mkdir()
    (logdir / "alone" / f"rank0.{BASE}.pt.trace.json").write_bytes(trace(event("k", 0, 5, "kernel", 0, 7)))
    assert "each stream was always busy" in texts(opened("idle", "alone"))


def test_memory_of_tensorflow_and_jax_is_told_by_allocator(logdir: Path) -> None:
    same = {"bytes_reserved": 2000, "allocator_name": "GPU_0_bfc", "fragmentation": 0.25, "peak_bytes_in_use": 9500}
    asked = {**same, "allocation_bytes": 5000, "addr": 1, "tf_op": "dense/<b>", "region_type": "output", "data_type": 1}
    host = Plane("/host:CPU").line(
        "main",
        ("MemoryAllocation", 40, 1, {**asked, "bytes_allocated": 5000, "bytes_available": 3000}),
        ("MemoryDeallocation", 70, 1, {**asked, "bytes_allocated": 0, "bytes_available": 8000}),
    )
    (logdir / "tf" / "plugins" / "profile" / "now").mkdir(parents=True)
    (logdir / "tf" / "plugins" / "profile" / "now" / "host.xplane.pb").write_bytes(space(host))
    app = opened("memory", "tf")
    assert figures(app) == {
        "Peak": "7 kB", "Stack then": "2 kB", "Heap then": "5 kB", "Of the device": "10 kB", "Heap since the start": "9.5 kB",
        "Fragmentation": "25.0%",
    }  # fmt: skip
    assert tables(app) == [["dense/<b>", "stack"]]
    assert app.dataframe[0].value["type"].tolist() == ["float", ""]

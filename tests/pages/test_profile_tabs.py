"""Memory, Distributed, Idle, Critical path and Compare as the server makes them."""

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.visitor import texts, visited
from tests.tracemaker import allocation, event, trace

BASE = 1_760_000_000_000_000_000


def recording(rank: int = 0, late: float = 0.0, slower: float = 1.0) -> bytes:
    """Return a rank of two steps, with memory, a GPU and a reduction that it comes `late` µs to."""
    events = []
    held = 0
    for number in range(3):
        start = 1_000.0 * number
        events.append(event(f"ProfilerStep#{number}", start, 1_000, "user_annotation"))
        events.append(event("aten::mm", start + 10, 200 * slower))
        held += 4_096
        events.append(allocation(start + 20, 4_096, held, rank, Addr=64 * number + 64))
        for place, (name, at, length) in enumerate(
            (("gemm", 60, 300.0), ("ncclDevKernel_AllReduce_Sum(x)", 400 + late, 300.0 - late), ("gemm", 800, 100.0))
        ):
            number_ = 10 * number + place + 1
            said = {
                "correlation": number_,
                "stream": 7,
                "device": rank,
                "Collective name": "allreduce",
                "dtype": "Float",
                "In msg nelems": 100,
            }
            events.append(event("cudaLaunchKernel", start + at - 20, 5, "cuda_runtime", args={"correlation": number_}))
            events.append(
                event(
                    name,
                    start + at,
                    length,
                    "kernel",
                    rank,
                    7,
                    said if "nccl" in name else {k: said[k] for k in ("correlation", "stream", "device")},
                )
            )
    info = {"rank": rank, "world_size": 2, "backend": "nccl"}
    devices = [{"id": rank, "name": "GPU <b>", "totalGlobalMem": 16_384}]
    return trace(*events, distributedInfo=info, deviceProperties=devices, baseTimeNanoseconds=BASE)


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A logdir with a job of two ranks, and another run that is slower."""
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path / "logs"))
    monkeypatch.setenv("TBCORE_CACHE", str(tmp_path / "cache"))
    for run, worker, data in (
        ("job", "rank0", recording()),
        ("job", "rank1", recording(1, late=200)),
        ("other", "rank0", recording(slower=2)),
    ):
        (tmp_path / "logs" / run).mkdir(parents=True, exist_ok=True)
        (tmp_path / "logs" / run / f"{worker}.{BASE}.pt.trace.json").write_bytes(data)
    return tmp_path / "logs"


def opened(tab: str, **parameters: str) -> AppTest:
    """Visit a tab, and wait until the recordings are read."""
    app = visited("profile", profile_tab=tab, trace_run="job", trace_file="rank0", **parameters)
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

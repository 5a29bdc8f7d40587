"""The critical path: HolisticTraceAnalysis' marks on a real recording, and literal ones."""

import gzip
import json
import time

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tbcore.analysis import profile_critical
from tbcore.analysis.profile_critical import Path
from tbcore.formats.trace import DEVICE_WORK, Trace
from tests.analysis.recordings import recorded, sample
from tests.fixtures import samples
from tests.tracemaker import event

MARKED = "hta/critical_path/end_to_end/simple_add"


def parts(trace: Trace, found: Path) -> list[tuple[str, str, float]]:
    """Return the kind, the name and the microseconds of each part."""
    return [
        (profile_critical.KINDS[kind], trace.named(row) if row >= 0 else "", time / 1e3)
        for kind, row, time in zip(
            found.kind.tolist(), found.rows.tolist(), (found.end - found.start).tolist(), strict=True
        )
    ]


def launch(name: str, at: float, number: int, duration: float = 5) -> dict[str, object]:
    return event(name, at, duration, "cuda_runtime", args={"correlation": number})


def kernel(name: str, at: float, duration: float, number: int, stream: int = 7) -> dict[str, object]:
    said = {"correlation": number, "stream": stream, "device": 0}
    return event(name, at, duration, "kernel", 0, stream, said)


def test_the_device_work_on_the_path_is_what_the_reference_marks() -> None:
    trace = sample(f"{MARKED}/input/trace.json.gz")
    with gzip.open(samples(f"{MARKED}/output/overlaid_critical_path_trace.json.gz")) as file:
        marked = {
            (one["name"], one["ts"])
            for one in json.load(file)["traceEvents"]
            if one.get("args", {}).get("critical") == 1 and one["cat"] in ("kernel", "gpu_memcpy", "gpu_memset")
        }
    found = profile_critical.path(trace)
    ours = {
        (trace.named(row), (int(trace.start[row]) + trace.base) // 1000)
        for row in found.rows.tolist()
        if row >= 0 and trace.role[row] in DEVICE_WORK
    }
    assert len(ours) == 16
    assert ours <= marked
    # The rest is the tail of the last pass: the host looked for it 235 µs after it was over, so nothing waited for it.
    asked = max(
        (int(trace.start[row]) + trace.base) // 1000
        for row in trace.of(3).tolist()
        if trace.named(row) == "cudaDeviceSynchronize" and trace.start[row] + trace.base < 1_694_040_010_100_000_000
    )
    assert len(marked - ours) == 6
    assert all(1_694_040_010_096_000 < start < asked - 235 for _name, start in marked - ours)


def test_a_recording_that_keeps_its_device_busy_has_kernels_on_its_path() -> None:
    trace = sample("hta/trace_diff/test/test.json.gz")
    begun = time.perf_counter()
    found = profile_critical.path(trace)
    assert time.perf_counter() - begun < 5
    kinds = found.kinds().set_index("kind")["share"]
    # It is idle for 7.5 % of the time.
    assert kinds[["kernel", "communication", "copy"]].sum() == pytest.approx(0.871, abs=0.01)
    assert kinds["host"] < 0.02


def test_a_loader_that_is_slow_is_the_path() -> None:
    trace = sample("torch_cpu/slow_loader/worker0.1795196161879393333.pt.trace.json.gz")
    first = profile_critical.path(trace).names(trace).iloc[0]
    assert first["name"] == "enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__"
    assert first["share"] == pytest.approx(0.877, abs=0.001)


# Literal recordings --------------------------------------------------------------------------------------------------


def test_the_host_leads_while_nothing_waits_for_the_device() -> None:
    trace = recorded(
        event("aten::mm", 0, 20),
        launch("cudaLaunchKernel", 5, 1),
        kernel("gemm", 12, 30, 1),
        event("aten::add", 20, 80),
    )
    assert parts(trace, profile_critical.path(trace)) == [
        ("host", "aten::mm", 5.0),
        ("host", "cudaLaunchKernel", 5.0),
        ("host", "aten::mm", 10.0),
        ("host", "aten::add", 80.0),
    ]


def test_the_device_leads_where_the_host_waits_for_it() -> None:
    trace = recorded(
        event("aten::mm", 0, 20),
        launch("cudaLaunchKernel", 5, 1),
        kernel("gemm", 12, 70, 1),
        launch("cudaDeviceSynchronize", 25, 2, 60),
        event("aten::add", 85, 15),
    )
    found = profile_critical.path(trace)
    assert parts(trace, found) == [
        ("host", "aten::mm", 5.0),
        ("launch", "gemm", 7.0),
        ("kernel", "gemm", 70.0),
        ("return", "", 3.0),
        ("host", "aten::add", 15.0),
    ]
    assert found.total == found.span == 100_000


def test_a_wait_for_what_is_over_is_time_of_the_host() -> None:
    trace = recorded(
        launch("cudaLaunchKernel", 0, 1), kernel("gemm", 6, 4, 1), launch("cudaDeviceSynchronize", 20, 2, 10)
    )
    kinds = [kind for kind, _name, _time in parts(trace, profile_critical.path(trace))]
    assert set(kinds) == {"host", "between"}


def test_a_kernel_in_a_queue_follows_the_kernel_before_it_not_its_launch() -> None:
    trace = recorded(
        launch("cudaLaunchKernel", 0, 1),
        launch("cudaLaunchKernel", 5, 2),
        kernel("a", 8, 40, 1),
        kernel("b", 50, 40, 2),
    )
    assert parts(trace, profile_critical.path(trace)) == [
        ("launch", "a", 8.0),
        ("kernel", "a", 40.0),
        ("gap", "b", 2.0),
        ("kernel", "b", 40.0),
    ]


def test_a_kernel_that_was_held_up_by_another_stream_follows_the_work_there() -> None:
    trace = recorded(
        launch("cudaLaunchKernel", 0, 1),
        launch("cudaLaunchKernel", 5, 2),
        kernel("ncclDevKernel_AllReduce_Sum(x)", 8, 90, 1, stream=20),
        kernel("b", 99, 40, 2),
    )
    assert parts(trace, profile_critical.path(trace)) == [
        ("launch", "ncclDevKernel_AllReduce_Sum(x)", 8.0),
        ("communication", "ncclDevKernel_AllReduce_Sum(x)", 90.0),
        ("gap", "b", 1.0),
        ("kernel", "b", 40.0),
    ]


def test_a_thread_that_stands_still_waits_for_the_one_that_works() -> None:
    trace = recorded(
        event("ProfilerStep#1", 0, 100, "user_annotation"),
        event("forward", 0, 20),
        event("backward", 25, 60, tid=200),
        event("Optimizer.step#SGD.step", 90, 10, "user_annotation"),
    )
    assert parts(trace, profile_critical.path(trace)) == [
        ("host", "forward", 20.0),
        ("thread", "", 5.0),
        ("host", "backward", 60.0),
        ("thread", "", 5.0),
        ("host", "Optimizer.step#SGD.step", 10.0),
    ]


def test_threads_that_hand_over_at_one_moment_do_not_go_round_in_circles() -> None:
    trace = recorded(
        event("ProfilerStep#1", 0, 100, "user_annotation"),
        event("a", 0, 20),
        event("b", 20, 20, tid=200),
        event("c", 40, 0, tid=100),
        event("d", 40, 60, tid=200),
    )
    found = profile_critical.path(trace)
    assert found.total == 100_000
    assert {name for _kind, name, _time in parts(trace, found)} >= {"a", "b", "d"}


def test_one_step_has_a_path_of_its_own() -> None:
    trace = recorded(
        event("ProfilerStep#1", 0, 50, "user_annotation"), event("a", 10, 30),
        event("ProfilerStep#2", 50, 50, "user_annotation"), event("b", 60, 30),
    )  # fmt: skip
    found = profile_critical.path(trace, 50_000, 100_000)
    assert {name for _kind, name, _time in parts(trace, found)} == {"ProfilerStep#2", "b"}
    assert found.total == 50_000
    assert profile_critical.bounds(found) == (50_000, 100_000)


def test_names_and_kinds_sum_to_the_path() -> None:
    trace = sample(f"{MARKED}/input/trace.json.gz")
    found = profile_critical.path(trace)
    tables = (found.kinds(), found.names(trace), profile_critical.name_table(trace, found))
    assert [int(table["time"].sum()) for table in tables] == [found.total] * 3
    assert profile_critical.part_table(trace, found)["time"].is_monotonic_decreasing
    assert set(profile_critical.kind_parts(found)["part"]) <= set(profile_critical.WORDS.values())


def test_nothing_has_no_path() -> None:
    trace = recorded(event("a", 0, 10))
    found = profile_critical.path(trace, 20_000, 30_000)
    assert found.total == 0
    assert isinstance(found.kinds(), pd.DataFrame)
    assert found.names(trace).empty
    assert profile_critical.bounds(found) == (0, 0)


HOSTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30), st.integers(1, 3), st.booleans()), max_size=12)
KERNELS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 20), st.integers(7, 8)), max_size=6)


@settings(deadline=None, max_examples=60)
@given(HOSTS, KERNELS)
def test_a_path_never_goes_back_and_never_takes_longer_than_the_recording(
    hosts: list[tuple[int, int, int, bool]], kernels: list[tuple[int, int, int, int]]
) -> None:
    events = [event("ProfilerStep#1", 0, 1, "user_annotation")]
    for begin, length, thread, waits in hosts:
        name = "cudaDeviceSynchronize" if waits else f"op {begin}"
        events.append(event(name, begin, length, "cuda_runtime" if waits else "cpu_op", tid=thread))
    for number, (asked, begin, length, stream) in enumerate(kernels, 1):
        events += [launch("cudaLaunchKernel", asked, number, 1), kernel("k", begin, length, number, stream)]
    found = profile_critical.path(recorded(*events))
    assert 0 <= found.total <= found.span
    assert (found.start < found.end).all()
    assert (found.start[1:] >= found.end[:-1]).all()

"""What is told of one recording as a whole."""

import json
from typing import Any

import pytest

from tbcore.analysis import profile_report, profile_steps, profile_words
from tbcore.analysis.profile_report import Verdict
from tbcore.formats.trace import Trace
from tests.analysis.recordings import QUEUE, RESNET, SLOW_LOADER, recorded, sample
from tests.tracemaker import event


def verdict(trace: Trace) -> Verdict:
    return profile_report.verdict(trace, profile_steps.steps(trace))


@pytest.mark.parametrize(
    ("name", "cause", "share"), [(SLOW_LOADER, "loader", 0.889), (RESNET, "loader", 0.334), (QUEUE, "host", 0.638)]
)
def test_the_verdict_names_what_holds_training_back(name: str, cause: str, share: float) -> None:
    found = verdict(sample(name))
    assert (found.cause, round(found.share, 3)) == (cause, share)


def kernel(start: float, duration: float, name: str = "gemm") -> dict[str, Any]:
    return event(name, start, duration, "kernel", pid=0, tid=7, args={"device": 0, "stream": 7})


def step() -> dict[str, Any]:
    return event("ProfilerStep#1", 0, 100, "user_annotation")


def test_kernels_that_run_most_of_the_time_are_the_limit() -> None:
    found = verdict(recorded(step(), kernel(0, 85)))
    assert (found.cause, found.words) == (
        "kernels",
        "The kernels are the limit: the device computes 85.0% of the time; next is the host with 15.0%.",
    )


def test_communication_holds_back_where_it_takes_most() -> None:
    assert (
        verdict(recorded(step(), kernel(0, 50), kernel(50, 40, "ncclDevKernel_AllReduce_Sum_f32_RING_LL"))).cause
        == "collectives"
    )


def test_without_a_device_computing_is_the_hosts() -> None:
    found = verdict(recorded(step(), event("aten::mm", 0, 100)))
    assert (found.cause, found.on_device) == ("host", False)
    assert found.words == "Computing on the host is the limit: it takes 100.0% of the time. Nothing ran on a device."


def test_time_in_which_nothing_was_recorded_is_not_called_computing() -> None:
    assert verdict(recorded(step(), event("aten::mm", 0, 60))).words == (
        "Computing on the host is the limit: it takes 60.0% of the time, and for 40.0% nothing was recorded. Nothing ran on a device."
    )


def test_a_recording_of_nothing_is_not_called_the_limit_of_the_host() -> None:
    assert verdict(recorded(step(), event("aten::mm", 0, 2))).words == (
        "For 98.0% of the time nothing was recorded: what it is spent on cannot be told."
    )


def test_parts_of_the_verdict_are_all_of_a_step() -> None:
    trace = sample(RESNET)
    steps = profile_steps.steps(trace)
    assert sum(profile_report.verdict(trace, steps).parts.values()) == pytest.approx(steps.average())


def test_the_document_is_json_in_microseconds() -> None:
    found = json.loads(json.dumps(profile_report.report(sample(SLOW_LOADER)), allow_nan=False))
    assert found["verdict"]["cause"] == "loader"
    assert found["steps"][0]["name"] == "8"
    assert found["steps"][0]["total_us"] == 19725.714
    assert found["steps"][0]["categories"]["DataLoader"] == 17465.225
    assert found["average"]["total_us"] == 19588.504
    assert round(found["average"]["shares"]["DataLoader"], 3) == 0.889
    assert found["devices"] == []
    assert found["kernels"] == []
    assert found["memory_peaks"][0]["bytes"] == 297628
    assert found["findings"][0]["rule"] == "loading"
    assert found["findings"][0]["cost_us"] == 17416.797
    assert {"name", "calls", "host_self_us", "host_total_us"} <= set(found["operators"][0])
    assert any(one["rule"] == "Utilisation of the GPU" for one in found["not_evaluated"])


def test_devices_and_kernels_are_in_the_document() -> None:
    found = profile_report.report(sample(RESNET))
    (device,) = found["devices"]
    assert (device["device"], round(device["utilization"], 4), device["tensor_cores"]) == (0, 0.5551, 0.0)
    assert device["peak_bytes"] == 2791636480
    assert len(found["kernels"]) == 67
    assert found["kernels"][0]["calls"] == 162
    assert found["kernels"][0]["total_us"] == 80756.0


def test_what_is_not_known_is_null() -> None:
    found = profile_report.report(recorded(step(), kernel(0, 50)))
    assert found["devices"][0]["sm_efficiency"] is None
    assert found["devices"][0]["memory_bytes"] is None


def test_how_it_was_recorded_is_told_as_far_as_the_file_says() -> None:
    info = {"host_name": "box", "record_shapes": 1, "with_stack": 0, "cuda_runtime_version": 12040}
    rank = {"backend": "nccl", "rank": 3, "world_size": 8}
    device = {"id": 0, "name": "H200"}
    found = profile_report.told(
        recorded(step(), distributedInfo=rank, deviceProperties=[device, device | {"id": 1}], **info)
    )
    assert found == {
        "Written by": "PyTorch", "Host": "box", "Devices": "2 × H200", "Rank": "3 of 8, nccl",
        "Recorded with": "record_shapes", "CUDA": "12.4", "Events": "1", "Length": "100µs",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("nanoseconds", "words"),
    [
        (0, "0ns"),
        (999, "999ns"),
        (1_500, "1.5µs"),
        (999_600, "1ms"),
        (17_416_797, "17.4ms"),
        (20_500_000, "20.5ms"),
        (2.05e9, "2.05s"),
        (43.36e9, "43.4s"),
    ],
)
def test_times_have_three_digits(nanoseconds: float, words: str) -> None:
    assert profile_words.time(nanoseconds) == words


@pytest.mark.parametrize(("count", "words"), [(512, "512 B"), (297_628, "297.6 kB"), (2_791_636_480, "2.8 GB")])
def test_sizes_are_decimal(count: int, words: str) -> None:
    assert profile_words.size(count) == words


def test_names_of_the_log_are_spelled_such_that_they_mean_nothing() -> None:
    assert profile_words.code("a`b\n\x00c") == "`a b  c`"
    assert profile_words.name("train 3") == "train 3"
    assert profile_words.name("[x](y)") == "`[x](y)`"

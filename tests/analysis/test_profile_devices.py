"""How devices were used, and how much memory: figures of torch-tb-profiler, and of literal recordings."""

from math import isnan

import numpy as np
import pytest

from tbcore.analysis import profile_devices, profile_steps
from tbcore.analysis.profile_devices import DeviceFigures
from tests.analysis.recordings import QUEUE, RESNET, SLOW_LOADER, inline, recorded, sample
from tests.tracemaker import allocation, event


def figures(name: str) -> DeviceFigures:
    trace = sample(name)
    (found,) = profile_devices.devices(trace, profile_steps.steps(trace))
    return found


def test_figures_are_those_that_torch_tb_profiler_tests_itself_against() -> None:
    found = figures(inline("TestProfiler.test_gpu_utilization.1"))
    assert found.number == 1
    assert found.utilization == pytest.approx((40 + 20) / 120)
    assert found.sm_efficiency == pytest.approx((2.5 + 5 + 3 + 4.5 + 6 + 20) / 120)
    assert 100 * found.occupancy == pytest.approx((6 + 1.5 + 25 + 6) / 70)


def test_the_curve_over_time_has_buckets_of_a_power_of_ten() -> None:
    timeline = figures(inline("TestProfiler.test_gpu_utilization.1")).timeline
    assert timeline is not None
    assert (np.diff(timeline.edges) // 1000).tolist() == [10] * 12
    assert timeline.utilization.tolist() == [0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 1, 1]


def test_shares_of_tensor_cores_are_theirs_too() -> None:
    found = figures(inline("TestProfiler.test_tensor_core.1"))
    assert (found.tensor_cores, found.eligible) == (0.6, 0.6)


def test_resnet50_is_what_the_golden_file_says() -> None:
    found = figures(RESNET)
    assert found.name == "Tesla V100-DGXS-32GB"
    assert found.capability == (7, 0)
    assert round(found.memory / 2**30, 2) == 31.74
    assert found.utilization == pytest.approx(0.5551408517455255, abs=1e-12)
    assert found.sm_efficiency == pytest.approx(0.546790410706937, abs=1e-12)
    assert 100 * found.occupancy == pytest.approx(49.128004909286396, abs=1e-9)
    assert found.tensor_cores == 0
    assert found.eligible == pytest.approx(0.6761950325595234, abs=1e-12)


def test_todays_names_of_categories_give_the_same_algorithm_the_same_figures() -> None:
    found = figures(QUEUE)
    assert found.utilization == pytest.approx(0.3224099373020606, abs=1e-12)
    assert found.sm_efficiency == pytest.approx(0.17489100145243058, abs=1e-9)
    assert 100 * found.occupancy == pytest.approx(12.542129058775174, abs=1e-9)
    assert found.tensor_cores == pytest.approx(0.2964789697218797, abs=1e-12)


def test_without_a_device_there_are_no_figures() -> None:
    trace = sample(SLOW_LOADER)
    assert profile_devices.devices(trace, profile_steps.steps(trace)) == []


def kernel(start: float, duration: float, device: int, **args: float) -> dict[str, object]:
    return event("gemm", start, duration, "kernel", pid=device, tid=7, args={"device": device, "stream": 7} | args)


def test_each_device_has_figures_of_its_own() -> None:
    trace = recorded(event("aten::mm", 0, 100), kernel(0, 50, 0), kernel(0, 25, 1))
    found = profile_devices.devices(trace, profile_steps.steps(trace))
    assert [(one.number, one.utilization) for one in found] == [(0, 0.5), (1, 0.25)]


def test_what_a_recording_does_not_say_is_not_a_number() -> None:
    trace = recorded(event("aten::mm", 0, 100), kernel(0, 50, 0))
    (found,) = profile_devices.devices(trace, profile_steps.steps(trace))
    assert isnan(found.sm_efficiency)
    assert isnan(found.occupancy)
    assert (found.memory, found.peak) == (0, -1)


def test_of_amds_devices_the_use_of_matrix_cores_is_not_known() -> None:
    trace = recorded(
        event("aten::mm", 0, 9), kernel(0, 5, 0), deviceProperties=[{"id": 0, "name": "AMD Instinct MI250"}]
    )
    (found,) = profile_devices.devices(trace, profile_steps.steps(trace))
    assert isnan(found.tensor_cores)


@pytest.mark.parametrize(("span", "width"), [(120_000, 10_000), (100_000, 1_000), (101_000, 10_000), (10**9, 10**7)])
def test_a_bucket_is_a_power_of_ten_of_microseconds(span: int, width: int) -> None:
    assert profile_devices.bucket(span) == width


def test_the_peak_of_the_host_is_what_the_sample_allocated() -> None:
    (peak,) = profile_devices.peaks(sample(SLOW_LOADER))
    assert (peak.device_type, peak.device, peak.increase) == (profile_devices.HOST, -1, False)
    assert round(peak.bytes / 1024, 1) == 290.7


def test_peaks_of_old_recordings_count_from_their_start() -> None:
    trace = recorded(event("aten::mm", 0, 100), allocation(1, 300), allocation(2, -100), allocation(3, 50))
    (peak,) = profile_devices.peaks(trace)
    assert (peak.bytes, peak.increase) == (300, True)


def test_peaks_of_devices_stand_before_the_hosts() -> None:
    trace = recorded(
        event("aten::mm", 0, 100),
        allocation(1, 10, 10),
        allocation(2, 20, 20, device=0),
        allocation(3, 5, 30, device=1),
    )
    assert [(peak.device, peak.bytes, peak.reserved) for peak in profile_devices.peaks(trace)] == [
        (0, 20, 40),
        (1, 30, 60),
        (-1, 10, 20),
    ]

"""What is worth changing: each rule against recordings that it tells of, and that it does not."""

from typing import Any

import pytest

from tbcore.analysis import profile_findings
from tbcore.analysis.profile_findings import RULES, THRESHOLDS, Findings
from tbcore.analysis.profile_forms import Finding
from tbcore.formats.trace import Trace
from tests.analysis.recordings import QUEUE, RESNET, SLOW_LOADER, recorded, sample
from tests.tracemaker import allocation, event

V100 = {"id": 0, "name": "Tesla V100", "totalGlobalMem": 1000, "computeMajor": 7, "computeMinor": 0, "numSms": 80}


def step(number: int, start: float, duration: float) -> dict[str, Any]:
    return event(f"ProfilerStep#{number}", start, duration, "user_annotation")


def kernel(start: float, duration: float, name: str = "gemm", device: int = 0, **args: Any) -> dict[str, Any]:
    return event(name, start, duration, "kernel", pid=device, tid=7, args={"device": device, "stream": 7} | args)


def copy(start: float, duration: float, way: str, **args: Any) -> dict[str, Any]:
    return event(f"Memcpy {way}", start, duration, "gpu_memcpy", pid=0, tid=7, args={"device": 0, "stream": 7} | args)


def call(name: str, start: float, duration: float, **args: Any) -> dict[str, Any]:
    return event(name, start, duration, "cuda_runtime", args=args)


def told(trace: Trace, rule: str) -> Finding | None:
    """Return what a rule says of a recording, None when nothing."""
    return next((one for one in profile_findings.findings(trace).told if one.rule == rule), None)


def must(trace: Trace, rule: str) -> Finding:
    found = told(trace, rule)
    assert found is not None
    return found


# Real recordings -----------------------------------------------------------------------------------------------------


def test_the_slow_loader_is_the_first_finding() -> None:
    first = profile_findings.findings(sample(SLOW_LOADER)).told[0]
    assert first.rule == "loading"
    assert first.severity == "high"
    assert first.title == "Data loading takes 88.9% of each step"
    assert round(first.value, 3) == 0.889
    assert round(first.cost_ns / 1e3, 1) == 17416.8
    assert "`num_workers=0`" in first.text
    assert "num_workers=4" in first.advice[0]
    assert [one.tab for one in first.evidence] == ["trace", "input"]


def test_resnet50_gets_the_recommendations_of_the_golden_file() -> None:
    found = profile_findings.findings(sample(RESNET))
    assert [one.rule for one in found.told][:2] == ["loading", "tensor_cores"]
    assert round(found.told[0].value, 3) == 0.334
    assert found.told[1].value == pytest.approx(0.676195, abs=1e-6)
    assert found.not_evaluated == ()


def test_waits_hidden_in_copies_to_the_host_are_found() -> None:
    found = must(sample(QUEUE), "synchronizing")
    assert "`cudaMemcpyAsync`" in found.text
    assert "`aten::copy_`" in found.text
    assert round(found.value, 2) == 0.47


def test_costly_findings_come_first() -> None:
    costs = [one.cost_ns for one in profile_findings.findings(sample(QUEUE)).told]
    assert costs == sorted(costs, reverse=True)


# The rules of torch-tb-profiler --------------------------------------------------------------------------------------


def test_loading_is_told_beyond_a_twentieth() -> None:
    load = "enumerate(DataLoader)#_MultiProcessingDataLoaderIter.__next__"
    assert (
        told(recorded(step(1, 0, 100), event(load, 0, 5, "user_annotation"), event("aten::mm", 5, 95)), "loading")
        is None
    )
    found = must(recorded(step(1, 0, 100), event(load, 0, 6, "user_annotation"), event("aten::mm", 6, 94)), "loading")
    assert (found.severity, found.value, found.threshold, found.cost_ns) == ("medium", 0.06, 0.05, 6000)
    assert "prefetch_factor" in found.advice[0]


def test_a_loader_of_ones_own_is_told_by_its_name() -> None:
    found = must(recorded(step(1, 0, 100), event("load_batch", 0, 60, "user_annotation")), "loading")
    assert "`load_batch`" in found.text


def test_data_parallel_on_two_devices_is_told() -> None:
    forward = event("DataParallel.forward", 0, 90, "user_annotation")
    assert told(recorded(step(1, 0, 100), forward, kernel(0, 90)), "data_parallel") is None
    assert must(recorded(step(1, 0, 100), forward, kernel(0, 90), kernel(0, 90, device=1)), "data_parallel").value == 2


def test_distributed_training_without_nccl_is_told() -> None:
    forward = event("DistributedDataParallel.forward", 0, 90, "user_annotation")
    gloo = {"deviceProperties": [V100], "distributedInfo": {"backend": "gloo", "rank": 0, "world_size": 2}}
    assert "`gloo`" in must(recorded(step(1, 0, 100), forward, kernel(0, 90), **gloo), "backend").text
    nccl = kernel(90, 5, "ncclKernel_AllReduce_RING_LL_Sum_float")
    assert told(recorded(step(1, 0, 100), forward, kernel(0, 90), nccl, **gloo), "backend") is None


def test_communication_is_told_beyond_a_tenth() -> None:
    def talks(duration: float) -> Trace:
        return recorded(step(1, 0, 100), kernel(0, 80), kernel(80, duration, "ncclKernel_AllReduce_RING_LL_Sum_float"))

    assert told(talks(10), "communication") is None
    assert must(talks(11), "communication").value == 0.11


def test_devices_that_compute_less_than_half_the_time_are_told() -> None:
    assert told(recorded(step(1, 0, 100), kernel(0, 50)), "utilization") is None
    assert must(recorded(step(1, 0, 100), kernel(0, 49)), "utilization").value == 0.49


def able(name: str, major: int = 7) -> Trace:
    operator = event("aten::mm", 0, 5, args={"External id": 3})
    work = [
        call("cudaLaunchKernel", 1, 1, correlation=1, **{"External id": 3}),
        kernel(10, 80, name, correlation=1, **{"External id": 3}),
    ]
    return recorded(step(1, 0, 100), operator, *work, deviceProperties=[V100 | {"computeMajor": major}])


def test_idle_tensor_cores_are_told() -> None:
    found = must(able("volta_sgemm_64x64_nt"), "tensor_cores")
    assert (found.value, found.cost_ns) == (1.0, 40_000)
    assert "`Tesla V100`" in found.text


def test_tensor_cores_are_not_told_when_they_are_used_or_not_there() -> None:
    assert told(able("volta_fp16_s884gemm_fp16"), "tensor_cores") is None
    assert told(able("volta_sgemm_64x64_nt", major=6), "tensor_cores") is None


def test_tf32_is_advised_where_there_is_any() -> None:
    assert any("TF32" in one for one in must(able("ampere_sgemm_64x64_nt", major=8), "tensor_cores").advice)
    assert not any("TF32" in one for one in must(able("volta_sgemm_64x64_nt"), "tensor_cores").advice)


def test_device_memory_is_told_beyond_nine_tenths() -> None:
    def held(size: int) -> Trace:
        return recorded(step(1, 0, 100), kernel(0, 90), allocation(5, size, size, device=0), deviceProperties=[V100])

    assert told(held(900), "memory_full") is None
    assert must(held(901), "memory_full").value == 0.901


# Rules of our own ----------------------------------------------------------------------------------------------------


def test_a_device_that_waits_for_the_host_is_told() -> None:
    launches = [call("cudaLaunchKernel", start, 10, correlation=start) for start in (1, 20)]
    found = must(recorded(step(1, 0, 100), event("aten::mm", 0, 60), *launches, kernel(60, 40)), "host")
    assert (found.value, found.cost_ns) == (0.6, 60_000)
    assert "`cudaLaunchKernel` takes the longest: 20µs of each step" in found.text


def test_copies_are_told_with_their_kinds() -> None:
    found = must(recorded(step(1, 0, 100), kernel(0, 80), copy(80, 20, "HtoD (Pinned -> Device)")), "copies")
    assert found.value == 0.2
    assert "`Memcpy HtoD (Pinned -> Device)` (1 times)" in found.text


def test_copies_from_pageable_memory_count_with_the_calls_that_make_them() -> None:
    events = [call("cudaMemcpyAsync", 80, 15, correlation=1), copy(94, 2, "HtoD (Pageable -> Device)", correlation=1)]
    events += [call("cudaLaunchKernel", 0, 1, correlation=2), kernel(1, 79, correlation=2)]
    assert must(recorded(step(1, 0, 100), *events), "pageable").cost_ns == 16_000


def test_time_around_waits_for_the_device_is_told_until_it_has_work_again() -> None:
    events = [event("aten::item", 8, 14), call("cudaStreamSynchronize", 10, 10, correlation=5)]
    events += [call("cudaLaunchKernel", 0, 1, correlation=6), kernel(1, 19, correlation=6)]
    events += [call("cudaLaunchKernel", 48, 1, correlation=7), kernel(50, 50, correlation=7)]
    found = must(recorded(step(1, 0, 100), *events), "synchronizing")
    assert found.cost_ns == 30_000
    assert "`aten::item`" in found.text


def test_a_wait_that_the_device_works_through_is_no_finding() -> None:
    events = [
        call("cudaStreamSynchronize", 10, 10, correlation=5),
        call("cudaLaunchKernel", 1, 1, correlation=6),
        kernel(2, 98, correlation=6),
    ]
    assert told(recorded(step(1, 0, 100), *events), "synchronizing") is None


def test_allocations_of_device_memory_in_a_step_are_told() -> None:
    found = must(recorded(step(1, 0, 100), call("cudaMalloc", 0, 5), kernel(10, 90)), "allocating")
    assert (found.value, found.cost_ns) == (0.05, 5_000)


def test_kernels_shorter_than_their_launch_are_told() -> None:
    events: list[dict[str, Any]] = []
    for number in range(10):
        events += [
            call("cudaLaunchKernel", 10 * number, 6, correlation=number),
            kernel(10 * number + 7, 2, correlation=number),
        ]
    found = must(recorded(step(1, 0, 100), *events), "short_kernels")
    assert (found.value, found.cost_ns) == (1.0, 60_000)


def test_a_thousand_launches_that_wait_are_told() -> None:
    events: list[dict[str, Any]] = []
    for number in range(1_100):
        events += [
            call("cudaLaunchKernel", number / 10, 0.1, correlation=number),
            kernel(200 + number, 1, correlation=number),
        ]
    assert must(recorded(step(1, 0, 2000), *events), "full_queue").value == 1_100


def test_element_by_element_kernels_are_told() -> None:
    events = [kernel(0, 40, "void at::native::vectorized_elementwise_kernel<4>"), kernel(40, 60)]
    assert must(recorded(step(1, 0, 100), *events), "elementwise").value == 0.4


def test_changes_of_layout_are_told() -> None:
    events = [kernel(0, 10, "void cudnn::ops::nchwToNhwcKernel<float>"), kernel(10, 90)]
    found = must(recorded(step(1, 0, 100), *events), "layouts")
    assert (found.value, found.cost_ns) == (0.1, 10_000)


def test_small_kernels_leave_multiprocessors_idle() -> None:
    found = must(recorded(step(1, 0, 100), kernel(0, 100, **{"blocks per SM": 0.25})), "multiprocessors")
    assert found.value == 0.25


def test_the_optimizer_is_told_where_no_kernel_hides_it() -> None:
    update = event("Optimizer.step#Adam.step", 60, 40, "user_annotation")
    found = must(recorded(step(1, 0, 100), event("aten::mm", 0, 60), update), "optimizer")
    assert (found.value, found.cost_ns) == (0.4, 40_000)
    assert "`Adam.step`" in found.text
    assert told(recorded(step(1, 0, 100), kernel(0, 100), update), "optimizer") is None
    # Of three steps one was held up.
    steps = (step(1, 0, 100), step(2, 100, 100), step(3, 200, 100))
    short = [event("Optimizer.step#Adam.step", 100 * place, 5, "user_annotation") for place in (0, 1)]
    held = event("Optimizer.step#Adam.step", 200, 90, "user_annotation")
    assert told(recorded(*steps, event("aten::mm", 10, 60), *short, held), "optimizer") is None


def test_time_in_no_operator_is_python() -> None:
    assert must(recorded(step(1, 0, 100), event("aten::mm", 0, 70)), "python").value == pytest.approx(0.3)


def test_a_step_that_takes_much_longer_is_told_with_what_it_took_longer_for() -> None:
    steps = [step(number, start, long) for number, start, long in ((1, 0, 10), (2, 10, 10), (3, 20, 40), (4, 60, 10))]
    found = must(recorded(*steps, event("aten::mm", 20, 35)), "uneven")
    assert (found.value, found.cost_ns, found.severity) == (4.0, 7_500, "medium")
    assert found.title == "Step 3 takes 4.0 times as long as others"
    assert "CPU Exec (35µs more)" in found.text
    assert dict(found.evidence[0].parameters) == {"trace_from": "20000", "trace_to": "60000"}


def test_a_first_step_that_warms_up_matters_little() -> None:
    steps = [step(number, start, long) for number, start, long in ((1, 0, 40), (2, 40, 10), (3, 50, 10))]
    found = must(recorded(*steps), "uneven")
    assert (found.severity, found.cost_ns) == ("low", 0)


def test_memory_that_grows_with_each_step_is_told() -> None:
    def left(sizes: tuple[int, ...]) -> Trace:
        steps = [step(number, 10 * number, 10) for number in range(len(sizes))]
        return recorded(*steps, *[allocation(10 * number + 5, 1, total) for number, total in enumerate(sizes)])

    assert must(left((100, 200, 300, 400)), "memory_growth").value == 0.25
    assert told(left((100, 200, 200, 200)), "memory_growth") is None


def test_a_recording_without_marks_says_so() -> None:
    assert must(recorded(event("aten::mm", 0, 10)), "no_steps").severity == "info"


def test_a_device_that_was_not_recorded_is_told_from_one_that_is_not_there() -> None:
    assert must(recorded(step(1, 0, 10)), "no_gpu").title == "Only the CPU was at work"
    assert must(recorded(step(1, 0, 10), deviceProperties=[V100]), "no_gpu").title == "The GPU was not recorded"


def test_the_profilers_own_time_is_told() -> None:
    assert must(recorded(step(1, 0, 100), event("Activity Buffer Request", 0, 20, "overhead")), "overhead").value == 0.2


# The table -----------------------------------------------------------------------------------------------------------


def needs(found: Findings) -> dict[str, str]:
    return dict(found.not_evaluated)


def test_what_the_recording_holds_no_data_for_is_said_with_what_it_takes() -> None:
    lacking = needs(profile_findings.findings(recorded(step(1, 0, 100), kernel(0, 90))))
    assert lacking["Memory that grows from step to step"] == "`profile(profile_memory=True)`"
    assert lacking["Steps that take much longer than others"].startswith("three steps or more")
    assert "Utilisation of the GPU" not in lacking


def test_a_recording_of_the_host_lacks_the_rules_of_devices() -> None:
    lacking = needs(profile_findings.findings(recorded(step(1, 0, 100))))
    assert "ProfilerActivity.CUDA" in lacking["Utilisation of the GPU"]


def test_a_rank_lacks_the_recordings_of_the_others() -> None:
    alone = recorded(step(1, 0, 100), distributedInfo={"backend": "gloo", "rank": 0, "world_size": 2})
    assert "other ranks" in needs(profile_findings.findings(alone))["Ranks that the others wait for"]


def test_thresholds_can_be_others() -> None:
    trace = recorded(step(1, 0, 100), event("load_batch", 0, 60, "user_annotation"))
    found = profile_findings.findings(trace, thresholds={"loading": 0.7})
    assert all(one.rule != "loading" for one in found.told)


def test_every_rule_has_a_name_and_a_threshold_of_its_own() -> None:
    assert len(THRESHOLDS) == len(RULES) == len({rule.words for rule in RULES})


def test_names_of_the_log_stand_between_backticks_and_mean_nothing() -> None:
    hostile = "load_batch ` <script>alert(1)</script> **bold** [x](http://x) $1$"
    text = must(recorded(step(1, 0, 100), event(hostile, 0, 60, "user_annotation")), "loading").text
    assert text.count("`") == 2
    assert "`load_batch   <script>" in text


def test_nothing_at_all_is_no_trouble() -> None:
    found = profile_findings.findings(recorded())
    assert [one.rule for one in found.told] == ["no_steps", "no_gpu"]

"""Where the time of steps goes: figures of torch-tb-profiler's own tests, of its golden file, and of literal recordings."""

import numpy as np
import pytest

from tbcore.analysis import profile_roles, profile_steps
from tbcore.analysis.profile_forms import Steps
from tbcore.formats.trace import Trace
from tests.analysis.recordings import QUEUE, RESNET, SLOW_LOADER, WITH_STACK, inline, recorded, sample
from tests.tracemaker import event

ORDER = ("Kernel", "Memcpy", "Memset", "Communication", "Runtime", "DataLoader", "CPU Exec", "Other")


def microseconds(steps: Steps) -> list[list[float]]:
    """Return the parts of each step and its total."""
    return [[*(steps.parts[place] / 1e3).tolist(), steps.totals[place] / 1e3] for place in range(len(steps))]


def names(count: int) -> tuple[str, ...]:
    return tuple(str(number) for number in range(1, count + 1))


def step(number: int, start: float, duration: float) -> dict[str, object]:
    return event(f"ProfilerStep#{number}", start, duration, "user_annotation")


# The figures of others -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        # Kernel, Memcpy, Memset, Communication, Runtime, DataLoader, CPU Exec, Other, total
        ("TestProfiler.test_all_categories.1", [[15, 10, 5, 0, 30, 180, 35, 125, 400]]),
        ("TestProfiler.test_no_profilerstep.1", [[100, 0, 0, 0, 10, 0, 70, 140, 320]]),
        (
            "TestProfiler.test_multiple_profilersteps_no_overlap.1",
            [[0, 40, 0, 0, 5, 0, 55, 120, 220], [200, 0, 0, 0, 5, 0, 45, 10, 260]],
        ),
        (
            "TestProfiler.test_multiple_profilersteps_with_overlap.1",
            [[0, 100, 0, 0, 5, 0, 15, 20, 140], [200, 0, 0, 0, 5, 0, 25, 0, 230]],
        ),
        ("TestDistributed.test_distributed_nccl.1", [[105, 0, 0, 75, 0, 0, 20, 35, 235]]),
        ("TestDistributed.test_distributed_gloo_gpu.1", [[101, 0, 0, 39, 0, 0, 16, 0, 156]]),
    ],
)
def test_steps_are_those_that_torch_tb_profiler_tests_itself_against(name: str, rows: list[list[float]]) -> None:
    assert microseconds(profile_steps.steps(sample(inline(name)))) == rows


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("TestDistributed.test_distributed_nccl.1", [30, 75, 75, 55]),
        ("TestDistributed.test_distributed_nccl.2", [121, 40, 74, 0]),
        ("TestDistributed.test_distributed_gloo_gpu.1", [31, 70, 39, 16]),
    ],
)
def test_overlap_of_computing_and_communicating_is_theirs_too(name: str, row: list[float]) -> None:
    overlap = profile_steps.steps(sample(inline(name))).overlap
    assert overlap is not None
    assert (overlap[0] / 1e3).tolist() == row


def test_resnet50_is_what_the_golden_file_says() -> None:
    steps = profile_steps.steps(sample(RESNET))
    assert steps.names == ("5", "6", "7", "8", "9", "10")
    assert microseconds(steps)[0] == [98598, 1941, 90, 0, 2796, 69317, 14091, 1115, 187948]
    averages = {name: round(steps.average(name) / 1e3) for name in ORDER}
    assert averages == {
        "Kernel": 98589, "Memcpy": 1915, "Memset": 89, "Communication": 0, "Runtime": 2908, "DataLoader": 59262,
        "CPU Exec": 13674, "Other": 1156,
    }  # fmt: skip
    assert round(steps.average() / 1e3) == 177592
    assert {name: round(100 * steps.share(name), 2) for name in ORDER if steps.share(name)} == {
        "Kernel": 55.51, "Memcpy": 1.08, "Memset": 0.05, "Runtime": 1.64, "DataLoader": 33.37, "CPU Exec": 7.7, "Other": 0.65,
    }  # fmt: skip


def test_todays_data_loader_takes_most_of_a_step() -> None:
    steps = profile_steps.steps(sample(SLOW_LOADER))
    assert steps.names == ("8", "9", "10", "11")
    found = [round(steps.average(*name) / 1e3, 1) for name in ((), ("DataLoader",), ("CPU Exec",), ("Other",))]
    assert found == [19588.5, 17416.8, 1633.0, 538.7]
    assert round(steps.share("DataLoader"), 3) == 0.889


def test_with_stacks_the_same_is_told() -> None:
    steps = profile_steps.steps(sample(WITH_STACK))
    assert [round(steps.average(name) / 1e3) for name in ("DataLoader", "CPU Exec", "Other")] == [6419, 2410, 608]


def test_steps_last_until_their_work_on_the_device_ends_with_todays_names() -> None:
    steps = profile_steps.steps(sample(QUEUE))
    assert (steps.totals // 1000).tolist() == [368411, 215570, 216517, 216211, 212518]


def test_collectives_of_nccl_are_told_by_their_kernels_alone() -> None:
    # torch-tb-profiler 0.4.3 finds 118 µs: the ids of kernels and operations do not meet.
    steps = profile_steps.steps(sample(QUEUE))
    assert microseconds(steps)[0][3] == 57210


@pytest.mark.parametrize("name", [RESNET, SLOW_LOADER, QUEUE])
def test_the_parts_of_a_step_are_all_of_it(name: str) -> None:
    steps = profile_steps.steps(sample(name))
    assert np.array_equal(steps.parts.sum(axis=1), steps.totals)
    assert (steps.parts >= 0).all()


# Steps ---------------------------------------------------------------------------------------------------------------


def test_steps_without_marks_are_one_and_it_is_said() -> None:
    steps = profile_steps.steps(recorded(event("aten::mm", 10, 20), event("aten::relu", 40, 5)))
    assert steps.names == ("0",)
    assert steps.totals.tolist() == [35_000]
    assert steps.notes == ("No step is marked: the whole recording is shown as one.",)


def test_marks_of_ones_own_are_steps() -> None:
    steps = profile_steps.steps(
        recorded(event("train_step 7", 0, 10, "user_annotation"), event("train_step 8", 20, 15, "user_annotation"))
    )
    assert steps.names == ("7", "8")
    assert steps.totals.tolist() == [10_000, 15_000]
    assert steps.notes == ("Steps are told by annotations such as 'train_step 7'.",)


def test_annotations_that_are_repeated_are_numbered() -> None:
    events = [event("train_step", start, 10, "user_annotation") for start in (0, 20, 40)]
    assert profile_steps.steps(recorded(*events)).names == ("1", "2", "3")


def test_of_steps_within_each_other_the_outer_ones_count() -> None:
    events = [
        event("step 1", 0, 100, "user_annotation"),
        event("step 2", 10, 20, "user_annotation"),
        event("step 3", 100, 50, "user_annotation"),
    ]
    assert profile_steps.steps(recorded(*events)).names == ("1", "3")


def test_the_copies_of_marks_on_a_stream_are_no_steps() -> None:
    events = [step(1, 0, 10), event("ProfilerStep#1", 2, 12, "gpu_user_annotation", pid=0, tid=7)]
    assert profile_steps.steps(recorded(*events)).totals.tolist() == [10_000]


def launch(start: float, kernel: float, duration: float, number: int) -> list[dict[str, object]]:
    return [
        event("cudaLaunchKernel", start, 1, "cuda_runtime", args={"correlation": number}),
        event("gemm", kernel, duration, "kernel", pid=0, tid=7, args={"correlation": number, "device": 0}),
    ]


def test_the_last_step_is_left_out_when_the_recording_cut_off_its_work() -> None:
    whole = [one for number in range(5) for one in launch(10 + number, 20 + number, 1, number)]
    cut = launch(110, 120, 1, 9)
    steps = profile_steps.steps(recorded(step(1, 0, 100), step(2, 100, 100), *whole, *cut))
    assert steps.names == ("1",)
    assert steps.notes == ("The last step is left out: the recording ended before its work did.",)


def test_what_was_started_before_the_first_step_delays_it() -> None:
    before = event("gemm", 90, 30, "kernel", pid=0, tid=7, args={"correlation": 1, "device": 0})
    steps = profile_steps.steps(recorded(before, step(1, 100, 100), *launch(110, 130, 100, 2)))
    assert (steps.starts[0] - steps.ends[0], steps.totals[0]) == (-110_000, 110_000)
    assert microseconds(steps)[0][0] == 100


def test_a_recording_of_nothing_has_a_step_without_length() -> None:
    empty = recorded()
    steps = profile_steps.steps(empty)
    assert steps.totals.tolist() == [0]
    assert steps.average() == 0
    assert steps.share("Kernel") == 0


# Data loading --------------------------------------------------------------------------------------------------------


def loading() -> Trace:
    return recorded(step(1, 0, 100), event("load_batch", 0, 60, "user_annotation"), event("aten::mm", 70, 20))


def test_annotations_that_load_data_are_found_by_their_names() -> None:
    assert profile_steps.steps(loading()).average("DataLoader") == 60_000


def test_the_pattern_of_data_loading_can_be_another() -> None:
    steps = profile_steps.steps(loading(), profile_roles.loading("^my_reader$"))
    assert steps.average("DataLoader") == 0


def test_operators_of_a_library_never_load_data() -> None:
    steps = profile_steps.steps(recorded(step(1, 0, 100), event("custom::load_batch", 0, 60)))
    assert (steps.average("DataLoader"), steps.average("CPU Exec")) == (0, 60_000)


def test_a_chrome_trace_of_anything_is_shared_among_what_it_names() -> None:
    from tbcore.formats import chrome_trace

    data = b'[{"ph":"X","name":"load_data","pid":1,"tid":1,"ts":0,"dur":30},{"ph":"X","name":"compute","pid":1,"tid":1,"ts":30,"dur":10}]'
    steps = profile_steps.steps(chrome_trace.read([data], "literal"))
    assert (steps.average("DataLoader"), steps.average("CPU Exec")) == (30_000, 10_000)


# As tables -----------------------------------------------------------------------------------------------------------


def made(count: int) -> Steps:
    parts = np.arange(2 * count, dtype=np.int64).reshape(count, 2) * 1000
    return Steps(("A", "B"), names(count), np.arange(count, dtype=np.int64), parts.sum(axis=1), parts)


def test_a_table_has_a_row_for_each_step_and_category() -> None:
    table = profile_steps.table(made(2))
    assert table["name"].tolist() == ["1", "1", "2", "2"]
    assert table["category"].tolist() == ["A", "B", "A", "B"]
    assert table["time"].tolist() == [0, 1000, 2000, 3000]
    assert table["share"].tolist() == [0, 1, 0.4, 0.6]


def test_many_steps_become_few_bars_with_their_means() -> None:
    table = profile_steps.table(made(5), most=3)
    assert table["name"].tolist()[::2] == ["1 – 2", "3 – 4", "5"]
    assert table["place"].tolist()[::2] == [0, 2, 4]
    assert table["steps"].tolist()[::2] == [2, 2, 1]
    assert table["time"].tolist() == [1000, 2000, 5000, 6000, 8000, 9000]


def test_averages_leave_out_what_took_no_time() -> None:
    steps = profile_steps.steps(sample(SLOW_LOADER))
    averages = profile_steps.averages(steps)
    assert averages["category"].tolist() == ["DataLoader", "CPU Exec", "Other"]
    assert [round(share, 3) for share in averages["share"]] == [0.889, 0.083, 0.028]

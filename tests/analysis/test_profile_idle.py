"""What devices wait for: figures of HolisticTraceAnalysis on recordings of real jobs, and literal ones."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tbcore.analysis import profile_idle, profile_steps
from tbcore.analysis.profile_idle import Work
from tbcore.formats.trace import KERNEL, RUNTIME, Lane, Trace
from tests.analysis.recordings import sample
from tests.fixtures import samples
from tests.traces import HOST, STREAM, trace

JOBS = {
    "timeline_analysis": "hta/timeline_analysis/sampled_rank-0.json.gz",
    "negative_queue_length_values_check": "hta/negative_queue_length_values_check/rank0.json.gz",
    "nccl_parser_config": "hta/nccl_parser_config/nccl_data.json.gz",
    "trace_diff_test": "hta/trace_diff/test/test.json.gz",
    "df_index_resolver": "hta/df_index_resolver/df_index_resolver.json.gz",
    "amd_trace": "hta/amd_trace/mi250_minitoy_train_ROCm6_2_kineto.json.gz",
}
CLASSES = {"computation": "COMPUTATION", "communication": "COMMUNICATION", "memory": "MEMORY"}


def whole(found: Trace) -> Trace:
    """Return a trace in whole microseconds as HolisticTraceAnalysis rounds it: starts up, ends down."""
    times = found.start + found.base
    start, end = -(-times // 1000), (times + found.duration) // 1000
    return replace(found, start=start * 1000 - found.base, duration=np.maximum(0, end - start) * 1000)


def without_last_step(found: Trace) -> Work:
    """Return the work that was launched before the last step, as HolisticTraceAnalysis takes it."""
    work = profile_idle.work(found)
    _names, marks = profile_steps.marked(found)
    if len(marks) < 2:
        return work
    work = work.of(work.launch >= 0)
    return work.of(found.start[work.launch] < found.start[marks].max())


@pytest.fixture(params=JOBS)
def job(request: pytest.FixtureRequest) -> tuple[Trace, Work, dict[str, list[dict[str, float]]]]:
    found = whole(sample(JOBS[request.param]))
    told = json.loads(samples(f"hta_reference/{request.param}.json").read_text())
    return found, without_last_step(found), told


def stream(found: Trace, lane: int) -> int:
    return int(found.lanes[lane].tid)


def test_devices_are_as_busy_as_the_reference_says(job: tuple[Trace, Work, dict[str, list[dict[str, float]]]]) -> None:
    _found, work, told = job
    (one,) = profile_idle.breakdown(work).to_dict("records")
    (known,) = told["temporal_breakdown"]
    assert one["total"] / 1e3 == known["kernel_time(us)"]
    assert one["idle"] / 1e3 == known["idle_time(us)"]
    assert one["compute"] / 1e3 == known["compute_time(us)"]
    assert one["other"] / 1e3 == known["non_compute_time(us)"]
    share = told["comm_comp_overlap"][0]["comp_comm_overlap_pctg"]
    if share is None:
        assert np.isnan(one["overlap"])
    else:
        assert round(100 * one["overlap"], 2) == share


def test_kinds_of_work_overlap_as_the_reference_says(
    job: tuple[Trace, Work, dict[str, list[dict[str, float]]]],
) -> None:
    _found, work, told = job
    ours = {
        " overlapping ".join(CLASSES[one] for one in row["kinds"].split(" + ")): row["time"] / 1e3
        for row in profile_idle.mixture(work).to_dict("records")
    }
    assert ours == {row["kernel_type"]: row["sum"] for row in told["kernel_type"] if row["sum"]}


def test_copies_are_as_fast_as_the_reference_says(job: tuple[Trace, Work, dict[str, list[dict[str, float]]]]) -> None:
    found, work, told = job
    ours = {one.name: one.values for one in profile_idle.bandwidths(found, work)}
    for one in told["membw"]:
        values = ours[one["name"]]
        assert (values >= 0).all()
        fast = values[values > 0]
        # What is left there of adding and taking away counts as a speed: nearly 0, in as many rows again.
        if one["memory_bw_gbps_min"] > 1e-9:
            assert len(fast) == one["memory_bw_gbps_count"]
            assert fast.mean() == pytest.approx(one["memory_bw_gbps_mean"])
            assert fast.max() == pytest.approx(one["memory_bw_gbps_max"])


@pytest.mark.parametrize(
    "name",
    [
        "timeline_analysis",
        "df_index_resolver",
        "nccl_parser_config",
        "negative_queue_length_values_check",
        "trace_diff_test",
    ],
)
def test_streams_wait_for_the_same_things_as_in_the_reference(name: str) -> None:
    found = whole(sample(JOBS[name]))
    work = without_last_step(found)
    told = json.loads(samples(f"hta_reference/{name}.json").read_text())["idle_time"]
    ours = {
        stream(found, row["lane"]): row for row in profile_idle.waits(profile_idle.gaps(found, work)).to_dict("records")
    }
    for one in told:
        if one["idle_time"]:
            kind = one["idle_category"].replace("_wait", "")
            # Where kernels of a stream run into each other, a gap below 0 is counted there, and none here.
            assert ours[one["stream"]][kind] / 1e3 == pytest.approx(
                one["idle_time"], abs=130 if kind == "kernel" else 0
            )


def test_queues_are_as_long_as_in_the_reference() -> None:
    found = sample(JOBS["timeline_analysis"])
    ours = {stream(found, one.lane): one for one in profile_idle.queues(found, without_last_step(found))}
    told = json.loads(samples("hta_reference/timeline_analysis.json").read_text())["queue_len"]
    assert len(told) == len(ours) == 5
    for one in told:
        lengths = ours[one["stream"]].length
        assert len(lengths) == one["queue_length_count"]
        assert lengths.mean() == pytest.approx(one["queue_length_mean"])
        assert (lengths.min(), lengths.max()) == (one["queue_length_min"], one["queue_length_max"])


def test_no_queue_and_no_speed_is_ever_negative() -> None:
    found = sample(JOBS["negative_queue_length_values_check"])
    work = profile_idle.work(found)
    queues, copies = profile_idle.queues(found, work), profile_idle.bandwidths(found, work)
    assert len(queues) == 6
    assert len(copies) == 4
    assert sum(len(one.times) for one in queues) + sum(len(one.times) for one in copies) >= 12_000
    assert min(one.length.min() for one in queues) == 0
    assert min(one.values.min() for one in copies) == 0.0


def test_accelerators_of_another_make_divide_their_time_as_their_own_test_says() -> None:
    found = whole(sample("hta/mtia_trace_single_rank/mtia_rank_0.json.gz"))
    _names, marks = profile_steps.marked(found)
    (one,) = profile_idle.breakdown(profile_idle.work(found, start=int(found.start[marks[0]]))).to_dict("records")
    assert one["compute"] == 7_305_597_000
    shares = [100 * one[part] / one["total"] for part in ("idle", "compute", "other")]
    assert shares == pytest.approx([42.38, 54.81, 2.81], abs=0.01)


def test_nccl_kernels_are_told_by_their_names() -> None:
    work = profile_idle.work(sample(JOBS["nccl_parser_config"]))
    assert int((work.kind == profile_idle.COMMUNICATION).sum()) == 21


# Literal recordings --------------------------------------------------------------------------------------------------

NAMES = {"launch_kernel": RUNTIME, "a": KERNEL, "b": KERNEL, "c": KERNEL, "d": KERNEL}
US = 1_000


def launched(*kernels: tuple[int, int, int], lanes: tuple[Lane, ...] = (HOST, STREAM)) -> Trace:
    """Return a recording in which each kernel (launched at, start, duration; µs) was launched by a call of 2 µs."""
    events = []
    for name, (call, start, duration) in zip("abcd", kernels, strict=False):
        events += [(call * US, 2 * US, "launch_kernel", 0), (start * US, duration * US, name, 1)]
    rows = sorted(range(len(events)), key=lambda place: (events[place][0], -events[place][1], place))
    return trace(
        events,
        lanes,
        roles=NAMES,
        columns={"correlation": {rows.index(place): 1 + place // 2 for place in range(len(events))}},
    )


def test_a_gap_is_of_the_host_when_the_launch_came_too_late() -> None:
    found = launched((0, 10, 20), (50, 60, 5), (61, 70, 5), (62, 200, 5))
    gaps = profile_idle.gaps(found, profile_idle.work(found)).sort_values("start")
    assert gaps["why"].tolist() == ["host", "kernel", "other"]
    assert (gaps["time"] // US).tolist() == [30, 5, 125]
    assert profile_idle.waits(gaps)[["host", "kernel", "other", "count", "most"]].to_numpy().tolist() == [
        [30 * US, 5 * US, 125 * US, 3, 125 * US]
    ]


def test_kernels_that_overlap_in_a_stream_leave_no_gap() -> None:
    found = launched((0, 10, 50), (1, 20, 5), (2, 40, 30))
    assert profile_idle.gaps(found, profile_idle.work(found)).empty


def test_a_queue_grows_with_launches_and_shrinks_with_starts() -> None:
    found = launched((0, 10, 20), (1, 30, 5), (2, 35, 5))
    (queue,) = profile_idle.queues(found, profile_idle.work(found))
    assert (queue.times // US).tolist() == [0, 1, 2, 10, 30, 35]
    assert queue.length.tolist() == [1, 2, 3, 2, 1, 0]
    assert queue.most == 3
    assert queue.full(3) == 8 * US
    assert queue.mean == pytest.approx((1 + 2 + 3 * 8 + 2 * 20 + 1 * 5) / 35)


def test_a_kernel_that_starts_before_its_launch_does_not_make_a_queue_negative() -> None:
    found = launched((10, 5, 3))
    (queue,) = profile_idle.queues(found, profile_idle.work(found))
    assert queue.length.tolist() == [1, 0]


def test_a_recording_without_devices_has_no_rows_anywhere() -> None:
    found = trace([(0, 10, "op", 0)])
    work = profile_idle.work(found)
    assert len(work) == 0
    for table in (profile_idle.breakdown(work), profile_idle.mixture(work), profile_idle.gaps(found, work)):
        assert isinstance(table, pd.DataFrame)
        assert table.empty
    assert profile_idle.waits(profile_idle.gaps(found, work)).empty
    assert profile_idle.queues(found, work) == []
    assert profile_idle.bandwidths(found, work) == []


def test_streams_are_named_with_their_device_only_where_there_are_several() -> None:
    one = launched((0, 10, 20))
    two = launched((0, 10, 20), lanes=(HOST, STREAM, Lane("GPU 1", "stream 9", "1", "9", device=1)))
    assert profile_idle.lane_name(one, 1) == "stream 7"
    assert profile_idle.lane_name(two, 1) == "device 0 · stream 7"


def test_the_parts_of_a_device_and_of_its_streams_sum_to_their_time() -> None:
    found = launched((0, 10, 20), (50, 60, 5), (62, 200, 5))
    work = profile_idle.work(found)
    devices, waits = profile_idle.breakdown(work), profile_idle.waits(profile_idle.gaps(found, work))
    sums = profile_idle.spent(found, work, devices, waits).groupby("name", sort=False)["time"].sum()
    assert sums.to_dict() == {"device 0": 195 * US, "stream 7": 195 * US}


def test_what_a_stream_waits_for_is_not_told_where_no_launch_was_recorded() -> None:
    found = trace(
        [(0, 10_000, "fusion.1", 1), (100_000, 10_000, "copy-done", 1)], roles={"fusion.1": KERNEL, "copy-done": KERNEL}
    )
    work = profile_idle.work(found)
    gaps = profile_idle.gaps(found, work)
    assert profile_idle.gap_table(found, gaps)["why"].tolist() == [""]
    parts = profile_idle.stream_parts(found, work, profile_idle.waits(gaps))
    assert parts[["part", "time"]].values.tolist() == [["Computing", 10_000], ["Copying", 10_000], ["Idle", 90_000]]

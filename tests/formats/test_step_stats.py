"""The times of operations that TensorFlow writes into event files become events."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tbcore
from tbcore.errors import FormatError, TraceError
from tbcore.formats import step_stats
from tbcore.formats.trace import KERNEL, MEMCPY, OP
from tests.fixtures import samples


def metadata(*devices):
    """Return RunMetadata; a device is (name, nodes), a node its fields by name."""
    found = step_stats._CLASSES["RunMetadata"]()
    for name, nodes in devices:
        device = found.step_stats.dev_stats.add(device=name)
        for fields in nodes:
            device.node_stats.add(**fields)
    return found.SerializeToString()


CPU = "/job:localhost/replica:0/task:0/device:CPU:0"


def test_nanoseconds_count_where_they_are_written_and_microseconds_elsewhere():
    fine = {
        "node_name": "a",
        "all_start_micros": 7,
        "all_start_nanos": 7_100,
        "op_start_rel_nanos": 135,
        "op_end_rel_nanos": 935,
    }
    coarse = {"node_name": "b", "all_start_micros": 9, "op_start_rel_micros": 1, "op_end_rel_micros": 4}
    found = step_stats.read(metadata((CPU, [coarse, fine])), "key")
    assert [(found.named(row), int(found.start[row]), int(found.duration[row])) for row in range(2)] == [
        ("a", 0, 800), ("b", 2_765, 3_000)
    ]  # fmt: skip
    assert (found.base, found.source, found.key) == (7_235, "step_stats", "key")


def test_an_operation_without_times_of_its_own_takes_those_of_the_whole():
    found = step_stats.read(
        metadata((CPU, [{"node_name": "a", "all_start_micros": 7, "all_end_rel_micros": 3}])), "key"
    )
    assert found.duration.tolist() == [3_000]


def test_devices_and_threads_are_lanes_and_streams_run_kernels():
    node = {"all_start_micros": 5, "op_end_rel_micros": 2}
    found = step_stats.read(
        metadata(
            (CPU, [{"node_name": "a", **node, "thread_id": 3}]),
            ("/device:GPU:1/stream:all", [{"node_name": "b:MatMul", **node}, {"node_name": "edge_MEMCPYHtoD", **node}]),
        ),
        "key",
    )
    assert {(lane.process, lane.thread, lane.device) for lane in found.lanes} == {
        (CPU, "thread 3", -1), ("/device:GPU:1/stream:all", "stream all", 1)
    }  # fmt: skip
    assert {found.named(row): int(found.role[row]) for row in range(3)} == {
        "a": OP,
        "b:MatMul": KERNEL,
        "edge_MEMCPYHtoD": MEMCPY,
    }


def test_the_operation_and_its_memory_are_known():
    node = {
        "node_name": "mm",
        "all_start_micros": 5,
        "op_end_rel_micros": 2,
        "timeline_label": "mm = MatMul(a, b)",
        "scheduled_micros": 4,
    }
    data = step_stats._CLASSES["RunMetadata"].FromString(metadata((CPU, [node])))
    data.step_stats.dev_stats[0].node_stats[0].memory.add(allocator_name="cpu", total_bytes=4096)
    found = step_stats.read(data.SerializeToString(), "key")
    assert found.categories == ("MatMul",)
    assert found.arguments(0) == {"label": "mm = MatMul(a, b)", "bytes": 4096, "allocator": "cpu", "queued": 1_000}


def test_metadata_without_times_is_refused():
    with pytest.raises(TraceError, match="measured no operation"):
        step_stats.read(metadata((CPU, [])), "key")


def test_times_that_cannot_be_are_left_out_and_said():
    wrong = {"node_name": "b", "all_start_micros": -9, "op_end_rel_micros": 2}
    found = step_stats.read(
        metadata((CPU, [{"node_name": "a", "all_start_micros": 5, "op_end_rel_micros": 2}, wrong])), "key"
    )
    assert (len(found), found.notes) == (1, ("1 operations have times that cannot be: they are left out.",))


def test_the_sample_is_read():
    logdir = tbcore.Logdir(samples("tf_cpu") / "run_metadata")
    logdir.refresh()
    (run,) = logdir.runs
    first = run.profiles[0]
    found = step_stats.read(first.whole(), "key")
    assert (first.name, len(found), found.span) == ("step000 at step 0", 9, (0, 105_609))
    row = next(row for row in range(9) if found.named(row) == "mm")
    assert (found.categories[found.category[row]], int(found.duration[row])) == ("_MklMatMul", 42_418)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    for form in ("tagged_run_metadata", "tensor", ""):
        step_stats.measures(data, form)
    try:
        step_stats.read(data, "key")
    except FormatError:
        return

"""Profiles of TensorFlow and JAX become events as columns; what is damaged is left out and said."""

import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tbcore.errors import FormatError, TraceError
from tbcore.formats import xplane
from tbcore.formats.trace import ANNOTATION, DEVICE_ANNOTATION, KERNEL, MEMCPY, OP, OTHER, PYTHON, RUNTIME
from tests import xplanemaker
from tests.fixtures import samples
from tests.xplanemaker import Plane, space


def read(*planes, **fields):
    return xplane.read(space(*planes, **fields), "key")


def test_events_have_a_name_a_time_and_a_lane():
    found = read(Plane("/host:CPU").line("python", ("outer", 10, 100), ("inner", 20, 30), at=5_000_000_000_000_000))
    assert [found.named(row) for row in range(2)] == ["outer", "inner"]
    assert (found.base, found.start.tolist(), found.duration.tolist()) == (5_000_000_000_000_000, [10, 20], [100, 30])
    assert (found.depth.tolist(), found.parent.tolist()) == ([0, 1], [-1, 0])
    assert [(lane.process, lane.thread, lane.device) for lane in found.lanes] == [("/host:CPU", "python", -1)]


def test_picoseconds_below_the_nanosecond_are_kept():
    found = read(Plane("/device:TPU:0").line("XLA Ops", ("add", 1.234, 2.999)))
    assert (found.start.tolist(), found.duration.tolist()) == ([1], [2])
    assert (found.column("start_ps").tolist(), found.column("duration_ps").tolist()) == ([234], [999])


def test_an_event_that_ends_within_the_same_nanosecond_still_lies_in_the_other():
    found = read(Plane("/device:TPU:0").line("XLA Ops", ("inner", 1.2, 0.3), ("outer", 1.1, 0.5)))
    assert ([found.named(row) for row in range(2)], found.parent.tolist()) == (["outer", "inner"], [-1, 0])


def test_times_that_count_from_the_start_of_the_recording_are_based_on_it():
    began = Plane("Task Environment", profile_start_time=1_795_196_164_917_806_392)
    found = read(Plane("/host:CPU").line("python", ("a", 10, 1), at=7_183), began)
    assert (found.base, found.start.tolist()) == (1_795_196_164_917_806_392, [7_193])


@pytest.mark.parametrize("ref", [False, True])
def test_values_of_events_are_columns_under_their_own_names(ref):
    plane = Plane("/host:CPU", ref=ref)
    plane.line("python", ("a", 0, 9, {"step_num": 4, "share": 0.5, "word": "x"}), ("b", 1, 2, {"word": "y"}))
    found = read(plane)
    assert found.columns["step_num"].rows.tolist() == [0]
    assert (found.columns["step_num"].values.tolist(), found.columns["share"].values.tolist()) == ([4], [0.5])
    assert [found.names[code] for code in found.columns["word"].values] == ["x", "y"]
    assert found.arguments(0) == {"step_num": 4, "share": 0.5, "word": "x"}


def test_of_two_values_of_one_name_the_first_counts():
    plane = Plane("/host:CPU").line("python", ("a", 0, 9, {"id": 1}))
    plane._stat(plane.message.lines[0].events[0].stats.add(), "id", 2)
    assert read(plane).column("id").tolist() == [1]


def test_a_value_that_is_a_number_here_and_a_word_there_is_a_word():
    found = read(Plane("/host:CPU").line("python", ("a", 0, 1, {"size": 5}), ("b", 2, 1, {"size": "5.4GB"})))
    assert [found.names[code] for code in found.columns["size"].values] == ["5", "5.4GB"]


def test_numbers_above_63_bits_keep_their_bits():
    found = read(Plane("/host:CPU").line("python", ("a", 0, 1, {"_p": (1 << 64) - 2})))
    assert found.column("_p").tolist() == [-2]


def test_what_a_kind_of_event_says_counts_for_all_events_of_it():
    plane = Plane("/device:TPU:0")
    plane.kind("%add.1 = f32[8] add(...)", "add.1", flops=64, hlo_category="add", tf_op="jit(f)/add:")
    found = read(plane.line("XLA Ops", ("%add.1 = f32[8] add(...)", 0, 2), ("%add.1 = f32[8] add(...)", 4, 2)))
    assert found.column("flops").tolist() == [64, 64]
    assert [found.named(row) for row in range(2)] == ["add.1", "add.1"]
    assert found.arguments(1) == {
        "flops": 64, "hlo_category": "add", "tf_op": "jit(f)/add:", "long_name": "%add.1 = f32[8] add(...)",
    }  # fmt: skip


def test_names_of_tensorflows_operations_stay_whole():
    plane = Plane("/host:CPU")
    plane.kind("mm/Read:ReadVariableOp", "ReadVariableOp")
    assert read(plane.line("tf_Compute", ("mm/Read:ReadVariableOp", 0, 1))).named(0) == "mm/Read:ReadVariableOp"


@pytest.mark.parametrize(
    ("line", "name", "role"),
    [
        ("python", "$profiler.py:385 __init__", PYTHON), ("python", "load_batch", ANNOTATION),
        ("python", "train/epoch 1", ANNOTATION), ("python", "PjitFunction(step)", RUNTIME),
        ("tf_Compute", "MatMul:MatMul", OP), ("tf_data", "Iterator::Root::Map", OP),
        ("tf_Compute", "ThreadpoolListener::Record", OTHER),
    ],
)  # fmt: skip
def test_events_of_a_host_have_the_role_that_their_name_tells(line, name, role):
    assert read(Plane("/host:CPU").line(line, (name, 0, 1))).role.tolist() == [role]


@pytest.mark.parametrize(
    ("plane", "line", "name", "role"),
    [
        ("/device:GPU:1", "Stream #7(Compute)", "sgemm", KERNEL), ("/device:GPU:1", "Stream #8", "MemcpyD2H", MEMCPY),
        ("/device:GPU:1", "XLA Ops", "fusion", DEVICE_ANNOTATION), ("/device:TPU:1", "XLA Ops", "fusion", KERNEL),
        ("/device:TPU:1", "XLA Modules", "jit_f(3)", DEVICE_ANNOTATION), ("/device:TPU:1", "Steps", "4", DEVICE_ANNOTATION),
    ],
)  # fmt: skip
def test_events_of_a_device_have_the_role_that_their_line_tells(plane, line, name, role):
    found = read(Plane(plane).line(line, (name, 0, 1)))
    assert (found.role.tolist(), found.lanes[0].device) == ([role], 1)


def test_a_gpu_has_its_kernels_copies_and_launches():
    found = xplane.read(space(*xplanemaker.gpu_step()), "key")
    kernel = int(np.flatnonzero(found.role == KERNEL)[0])
    assert found.column("registers per thread")[kernel] == 32
    assert found.column("shared memory")[kernel] == 16384
    assert found.column("est. achieved occupancy %")[kernel] == 100
    assert found.names[int(found.column("grid")[kernel])] == "[2, 1, 1]"
    copy = int(np.flatnonzero(found.role == MEMCPY)[0])
    assert found.column("bytes")[copy] == 4096
    arrows = [
        (found.named(int(a)), found.named(int(b))) for a, b in zip(found.flows.source, found.flows.target, strict=True)
    ]
    assert arrows.count(("LaunchKernel", "ampere_sgemm")) == 3
    assert [(one.number, one.compute_major, one.multiprocessors, one.memory) for one in found.devices] == [
        (0, 9, 132, 80 << 30)
    ]


def test_the_details_of_a_kernel_are_read_with_spaces_or_lines_between():
    text = "regs:32\nstatic_shared:0\ndynamic_shared:16384\ngrid:2,1,1\nblock:32,1,1\nocc_pct:100"
    assert xplane.kernel_details(text) == xplane.kernel_details(text.replace("\n", " "))
    assert xplane.kernel_details("regs:many grid:x nonsense occ_pct:") == {}


def test_producers_lead_to_consumers_of_their_context():
    found = read(
        Plane("/host:CPU")
        .line("a", ("schedule", 0, 2, {"_pt": 5, "_p": 77}))
        .line("b", ("run", 4, 2, {"_ct": 5, "_c": 77}), ("other", 7, 1, {"_ct": 6, "_c": 77}))
    )
    assert (found.flows.source.tolist(), found.flows.target.tolist()) == ([0], [1])


def test_allocations_are_memory():
    stats = {
        "bytes_reserved": 2000,
        "bytes_allocated": 3000,
        "allocation_bytes": 256,
        "addr": 17,
        "allocator_name": "GPU_0_bfc",
    }
    found = read(
        Plane("/host:CPU").line(
            "main", ("MemoryAllocation", 5, 0, stats), ("MemoryDeallocation", 9, 0, {**stats, "bytes_allocated": 2744})
        )
    )
    memory = found.memory
    assert (memory.times.tolist(), memory.size.tolist(), memory.allocated.tolist()) == (
        [5, 9],
        [256, -256],
        [5000, 4744],
    )
    assert (memory.device_type.tolist(), memory.device.tolist(), memory.address.tolist()) == ([1, 1], [0, 0], [17, 17])


def test_events_that_only_say_how_often_are_left_out_and_said():
    plane = Plane("/host:CPU").line("python", ("a", 0, 1), ("b", 0, 1))
    plane.message.lines[0].events[1].num_occurrences = 12
    found = read(plane)
    assert len(found) == 1
    assert found.notes == ("1 events only say how often something happened, not when: they are left out.",)


@pytest.mark.parametrize(("offset", "duration"), [(0, -5), (0, (1 << 63) - 1), (-(1 << 63), 5), ((1 << 63) - 1, 5)])
def test_times_that_cannot_be_are_left_out_and_said(offset, duration):
    plane = Plane("/host:CPU").line("python", ("a", 0, 1), ("b", 0, 1))
    plane.message.lines[0].events[1].offset_ps = offset
    plane.message.lines[0].events[1].duration_ps = duration
    found = read(plane)
    assert (len(found), len(found.notes)) == (1, 1)


def test_what_the_profiler_said_is_told():
    found = read(Plane("/host:CPU").line("python", ("a", 0, 1)), warnings=["buffer full"], hostnames=["node-1"])
    assert (found.notes, found.info["hostnames"]) == (("The profiler said: buffer full",), ["node-1"])


def test_a_packed_file_is_unpacked():
    packed = gzip.compress(space(Plane("/host:CPU").line("python", ("a", 0, 1))))
    assert len(xplane.read(packed, "key")) == 1
    with pytest.raises(TraceError, match="packed with gzip and damaged"):
        xplane.read(packed[:-9], "key")


@pytest.mark.parametrize("data", [b"", b"\x0a\x00", b"hello, world", b"\xff" * 40])
def test_what_is_no_profile_is_told(data):
    with pytest.raises(TraceError):
        xplane.read(data, "key")


def test_a_truncated_file_shows_what_lies_before_the_cut():
    events = [(f"event {number}", 10 * number, 5, {"step_num": number}) for number in range(200)]
    plane = Plane("/host:CPU")
    data = space(plane.line("python", *events))
    whole = len(xplane.read(data, "key"))
    # Names come after the events, so that a cut leaves events without theirs.
    found = xplane.read(data[: len(data) // 2], "key")
    assert 0 < len(found) <= whole
    assert "cut off at byte" in found.notes[0]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_files_are_read_or_refused(data):
    whole = bytearray(space(*xplanemaker.gpu_step()))
    for _time in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + data.draw(st.integers(1, 4))] = data.draw(st.binary(max_size=4))
    try:
        found = xplane.read(bytes(whole), "key")
    except FormatError:
        return
    assert len(found.start) == len(found.parent) == len(found.role)
    assert (found.duration >= 0).all()
    for row in range(min(3, len(found))):
        found.arguments(row)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data):
    try:
        xplane.read(data, "key")
    except FormatError:
        return


def test_the_sample_that_is_damaged_is_refused_in_words():
    data = (samples("xprof") / "xprof/convert/test_xplanes/tpu_inference_2.xplane.pb").read_bytes()
    with pytest.raises(TraceError, match="damaged from byte"):
        xplane.read(data, "key")


def test_the_sample_of_a_tpu_has_four_cores():
    data = (samples("xprof") / "xprof/convert/test_xplanes/tpu_inference_2.old.xplane.pb").read_bytes()
    found = xplane.read(data, "key")
    assert [(one.number, one.name) for one in found.devices] == [(number, "TPU v6 Lite") for number in range(4)]
    assert (len(found), int((found.role == KERNEL).sum()), found.notes) == (26_723, 6_013, ())

import gzip
import json
import os
import random
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba.core import event as numba_event

from tbcore.errors import TraceError
from tbcore.formats import chrome_scan, chrome_trace, chrome_write
from tbcore.formats.trace import (
    ANNOTATION,
    DEVICE_ANNOTATION,
    KERNEL,
    MEMCPY,
    MEMSET,
    OP,
    OTHER,
    PYTHON,
    ROLES,
    RUNTIME,
    SPAN,
    SYNC,
    Trace,
)
from tests import tracemaker as tm
from tests.fixtures import samples


def read(*events: dict[str, Any], **info: Any) -> Trace:
    """Return a file of these events as it is read."""
    return chrome_trace.read([tm.trace(*events, **info)], "key")


def rows(trace: Trace) -> list[tuple[str, int, int]]:
    """Return (name, start, duration) of each event."""
    return [(trace.named(row), int(trace.start[row]), int(trace.duration[row])) for row in range(len(trace))]


def real(name: str) -> Trace:
    """Return a recording of a real profiler."""
    data = samples(name).read_bytes()
    pieces = [data[at : at + 100_000] for at in range(0, len(data), 100_000)]
    return chrome_trace.read(chrome_trace.gunzipped(pieces) if name.endswith(".gz") else pieces, name)


# Times


@pytest.mark.parametrize(
    ("written", "nanoseconds"),
    [
        ("11.352", 11_352), ("0", 0), ("0.001", 1), ("0.0004", 0), ("0.0005", 1), ("4339135789133.612", 4_339_135_789_133_612),
        ("1e3", 1_000_000), ("1.5E+2", 150_000), ("15e-1", 1_500), ("-3.25", -3_250), ('"7.5"', 7_500),
        ("1000000.123456789", 1_000_000_123),
    ],
)  # fmt: skip
def test_times_are_read_from_their_digits(written: str, nanoseconds: int) -> None:
    data = f'[{{"ph": "X", "name": "a", "ts": {written}, "dur": 1}}]'.encode()
    assert rows(chrome_trace.read([data], "key")) == [("a", nanoseconds, 1_000)]


def test_times_since_a_base_are_dates_that_begin_with_the_first_event() -> None:
    trace = read(tm.event("a", 5.5, 1), tm.event("b", 7, 1), baseTimeNanoseconds=1_700_000_000_000_000_000)
    assert (trace.base, rows(trace)) == (1_700_000_000_000_005_500, [("a", 0, 1_000), ("b", 1_500, 1_000)])


def test_absolute_microseconds_are_dates_too() -> None:
    trace = read(tm.event("a", "1689360788459677.25", 1))
    assert (trace.base, rows(trace)) == (1_689_360_788_459_677_250, [("a", 0, 1_000)])


def test_a_clock_of_its_own_is_left_alone() -> None:
    trace = read(tm.event("a", 100, 20))
    assert (trace.base, rows(trace)) == (0, [("a", 100_000, 20_000)])


def test_what_lies_days_away_from_all_others_is_left_out_with_a_note() -> None:
    events = [tm.event("a", 1_689_360_788_000_000 + place, 1) for place in range(200)]
    trace = read(*events, tm.event("broken", 5, 1), tm.event("Record Window End", 4e15, None, "", ph="i", s="g"))
    assert (len(trace), trace.span, len(trace.instants.times)) == (200, (0, 200_000), 0)
    assert trace.notes == ("1 event lies more than a day away from all others, or lasts for years, and was left out.",)


@pytest.mark.parametrize(
    ("event", "said", "note"),
    [
        (tm.event("a", 1e300, 1), [], "1 event with a time beyond all clocks was left out."),
        (tm.event("a", 5, 1e300), [], "1 event with a time beyond all clocks was left out."),
        (tm.event("a", None, 1), [], "1 event without a time was left out."),
        (tm.event("a", "soon", 1), [], "1 event without a time was left out."),
        (tm.event("a", 5, -3), [("a", 5_000, 0)], "1 event has a negative duration and is drawn as a moment."),
        (tm.event("a", 5), [("a", 5_000, 0)], "1 event says no duration and is drawn as a moment."),
        (tm.event("a", 5, 1, ph="Z"), [], "1 event of an unknown kind was left out."),
    ],
)  # fmt: skip
def test_absurd_values_become_notes(event: dict[str, Any], said: list[tuple[str, int, int]], note: str) -> None:
    trace = read(event)
    assert (rows(trace), trace.notes) == (said, (note,))


# Damage


def whole() -> bytes:
    """Return a file of ten events."""
    return tm.trace(*(tm.event(f"e{place}", place, 1, args={"External id": place}) for place in range(10)))


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_pieces_of_any_size_give_the_same(size: int) -> None:
    data = whole()
    trace = chrome_trace.read([data[at : at + size] for at in range(0, len(data), size)], "key")
    assert (
        rows(trace)
        == rows(chrome_trace.read([data], "key"))
        == [(f"e{place}", 1_000 * place, 1_000) for place in range(10)]
    )


def test_of_a_file_that_was_cut_all_whole_events_are_kept() -> None:
    data = whole()
    trace = chrome_trace.read([data[: data.index(b"e7") + 1]], "key")
    assert [name for name, _, _ in rows(trace)] == [f"e{place}" for place in range(7)]
    assert trace.notes == ("The file ends amid its events: the 7 whole ones before that are kept.",)


def test_an_open_list_is_how_chrome_writes_and_no_damage() -> None:
    trace = chrome_trace.read([b'[{"ph": "X", "name": "a", "ts": 1, "dur": 2},\n'], "key")
    assert (rows(trace), trace.notes, trace.source) == ([("a", 1_000, 2_000)], (), "chrome")


@pytest.mark.parametrize(
    "damage", [b'"na"me"', b'"name" 5', b'"name": ,', b"name", b'"name": "a", ]', b'"x": ' + b"[" * 500]
)
def test_a_damaged_event_is_left_out_and_counted(damage: bytes) -> None:
    trace = chrome_trace.read([whole().replace(b'"name": "e4"', damage)], "key")
    assert [name for name, _, _ in rows(trace)] == [f"e{place}" for place in range(10) if place != 4]
    assert trace.notes == ("1 damaged event was left out.",)


def test_bare_words_and_control_characters_do_not_damage_an_event() -> None:
    data = (
        b'[{"ph": "X", "name": "a\nb", "ts": 1, "dur": 2, "args": {"a": N/A, "b": [nan, -nan, NaN, 0x7f], "bytes": 5}}]'
    )
    trace = chrome_trace.read([data], "key")
    assert trace.named(0) == "a\nb"
    assert repr(trace.arguments(0)) == "{'a': 'N/A', 'b': ['nan', '-nan', nan, '0x7f'], 'bytes': 5}"
    assert trace.column("bytes").tolist() == [5]


def test_bytes_that_are_no_text_and_half_characters_are_replaced() -> None:
    data = b'[{"ph": "X", "name": "a\xff", "cat": "\\ud800", "ts": 1, "dur": 2, "args": {"k": "\\ud800\xff"}}]'
    trace = chrome_trace.read([data], "key")
    assert (trace.named(0), trace.categories, trace.arguments(0)) == ("a\ufffd", ("?",), {"k": "?\ufffd"})


def test_a_name_of_ten_megabytes_is_cut() -> None:
    trace = read(tm.event("x" * 10_000_000, 1, 1), tm.event("b", 2, 1))
    assert [len(name) for name, _, _ in rows(trace)] == [65_536, 1]
    assert trace.notes == ("1 very long word was cut.",)


def test_threads_beyond_those_that_can_be_drawn_share_one_lane() -> None:
    trace = read(*(tm.event("a", place, 1, tid=place) for place in range(10_000)))
    assert (len(trace), len(trace.lanes), trace.lanes[-1].thread) == (10_000, 4_096, "others")
    assert trace.notes[0].startswith("10,000 threads are more than can be drawn")


def test_more_events_than_are_read_end_with_a_note() -> None:
    pieces = [tm.trace(*(tm.event("a", place, 1) for place in range(70_000)))]
    scan = chrome_scan.scan(pieces, most=1_000)
    assert len(scan.phase) < 70_000
    assert scan.notes == ("The file holds more than 1,000 events: what follows is left out.",)


@pytest.mark.parametrize(
    "data", [b"", b"  ", b"{}", b"12", b'"a"', b'{"a": 1', b"[1, 2]", b"\x00\x01", b'{"traceEvents": 5}']
)
def test_what_is_no_trace_is_an_error(data: bytes) -> None:
    with pytest.raises(TraceError):
        chrome_trace.read([data], "key")


def test_a_trace_without_events_is_empty() -> None:
    trace = read()
    assert (len(trace), trace.lanes, trace.span) == (0, (), (0, 0))


def test_a_cut_gzip_file_gives_what_it_holds() -> None:
    packed = gzip.compress(b"".join(tm.large(2_000)))
    half = chrome_trace.read(chrome_trace.gunzipped([packed[: len(packed) // 2]]), "key")
    assert 100 < len(half) < 1_500
    assert half.notes[0] == "The compressed file ends before it is complete."
    hurt = bytearray(packed)
    hurt[len(packed) // 2] ^= 0xFF
    assert "The compressed file is damaged" in chrome_trace.read(chrome_trace.gunzipped([bytes(hurt)]), "key").notes[0]


def test_gzip_files_one_behind_the_other_are_one() -> None:
    data = whole()
    packed = gzip.compress(data[:100]) + gzip.compress(data[100:]) + b"\0" * 64
    unpacked = chrome_trace.gunzipped([packed[at : at + 9] for at in range(0, len(packed), 9)])
    assert (b"".join(unpacked), unpacked.notes) == (data, [])


def test_a_reading_that_is_stopped_says_so_and_progress_counts_bytes() -> None:
    told: list[int] = []
    trace = chrome_trace.read([whole()], "key", told.append, lambda: bool(told))
    assert (told[0], len(trace)) == (len(whole()), 10)


# Kinds of events


def test_begins_and_ends_are_paired_by_thread() -> None:
    trace = read(
        tm.event("a", 1, ph="B"), tm.event("b", 2, ph="B"), tm.event("", 5, ph="E"), tm.event("x", 3, ph="B", tid=2),
        tm.event("", 9, ph="E"), tm.event("", 10, ph="E"),
    )  # fmt: skip
    assert rows(trace) == [("a", 1_000, 8_000), ("b", 2_000, 3_000), ("x", 3_000, 7_000)]
    assert trace.notes == (
        "1 event never ended and is drawn to the end of the recording.",
        "1 end belongs to no event.",
    )


def test_asynchronous_events_have_lanes_of_their_own_by_category() -> None:
    trace = read(
        tm.event("a", 1, None, "net", ph="b", id="0x1"), tm.event("b", 2, None, "net", ph="b", id="0x2"),
        tm.event("a", 5, None, "net", ph="e", id="0x1"), tm.event("b", 9, None, "net", ph="e", id="0x2"),
        tm.event("c", 1, 9, "cpu_op"),
    )  # fmt: skip
    assert sorted(rows(trace)) == [("a", 1_000, 4_000), ("b", 2_000, 7_000), ("c", 1_000, 9_000)]
    assert [lane.thread for lane in trace.lanes] == ["100", "net"]
    assert (trace.crossing, sorted(trace.depth.tolist())) == (1, [0, 0, 1])


@pytest.mark.parametrize(
    ("category", "name", "role"),
    [
        ("cpu_op", "aten::mm", OP), ("Operator", "aten::mm", OP), ("Operator", "ProfilerStep#3", ANNOTATION),
        ("Operator", "enumerate(DataLoader)#_It.__next__", ANNOTATION), ("Operator", "Optimizer.step#SGD.step", OP),
        ("user_annotation", "nccl:all_reduce", ANNOTATION), ("gpu_user_annotation", "x", DEVICE_ANNOTATION),
        ("cuda_runtime", "x", RUNTIME), ("cuda_driver", "x", RUNTIME), ("Runtime", "x", RUNTIME), ("hip_runtime", "x", RUNTIME),
        ("mtia_runtime", "x", RUNTIME), ("xpu_runtime", "x", RUNTIME), ("privateuse1_driver", "x", RUNTIME), ("kernel", "x", KERNEL),
        ("Kernel", "x", KERNEL), ("mtia_ccp_events", "run", KERNEL), ("mtia_ccp_events", "dma_request", MEMCPY),
        ("gpu_memcpy", "x", MEMCPY), ("Memcpy", "x", MEMCPY), ("gpu_memset", "x", MEMSET), ("Memset", "x", MEMSET),
        ("cuda_sync", "x", SYNC), ("python_function", "x", PYTHON), ("Trace", "x", SPAN), ("mine", "x", OTHER),
    ],
)  # fmt: skip
def test_the_category_tells_what_an_event_is(category: str, name: str, role: int) -> None:
    assert ROLES[read(tm.event(name, 1, 1, category)).role[0]] == ROLES[role]


def test_ranges_of_counters_are_kernels_only_where_no_kernels_are_recorded() -> None:
    counted = [tm.event("a", 1, 5, "cuda_profiler_range"), tm.event("b", 9, 5, "cuda_profiler_range")]
    assert read(*counted).role.tolist() == [KERNEL, KERNEL]
    both = read(*counted, tm.event("b", 10, 1, "kernel"))
    assert both.role.tolist() == [DEVICE_ANNOTATION, DEVICE_ANNOTATION, KERNEL]


def test_without_categories_the_process_tells_the_device() -> None:
    trace = read(
        tm.named("process_name", "/device:GPU:1", 7), tm.named("thread_name", "Stream #15", 7, 1),
        tm.named("thread_name", "XLA Modules", 7, 2), tm.named("process_name", "/host:CPU", 8),
        tm.event("fusion", 1, 1, None, 7, 1), tm.event("MemcpyH2D", 2, 1, None, 7, 1), tm.event("jit_step", 1, 2, None, 7, 2),
        tm.event("$train.py:3 step", 1, 5, None, 8, 1), tm.event("work", 1, 4, None, 8, 1),
    )  # fmt: skip
    roles = {trace.named(row): trace.role[row] for row in range(len(trace))}
    assert roles == {
        "fusion": KERNEL,
        "MemcpyH2D": MEMCPY,
        "jit_step": DEVICE_ANNOTATION,
        "$train.py:3 step": PYTHON,
        "work": OTHER,
    }
    assert [(lane.process, lane.device) for lane in trace.lanes] == [
        ("/host:CPU", -1), ("/device:GPU:1", 1), ("/device:GPU:1", 1),
    ]  # fmt: skip


def test_numbers_and_strings_name_the_same_thread_and_the_host_comes_first() -> None:
    trace = read(
        tm.named("process_name", "python", 100), tm.named("process_labels", "CPU", 100), tm.named("process_sort_index", 9, 100),
        tm.named("process_name", "python", 0), tm.named("process_labels", "GPU 0", 0), tm.named("thread_name", "main ", "100", 100),
        tm.event("k", 1, 1, "kernel", 0, "stream 7", {"device": 3}), tm.event("a", 1, 1), tm.event("b", 2, 1, tid="100"),
    )  # fmt: skip
    assert [(lane.process, lane.thread, lane.device) for lane in trace.lanes] == [
        ("python (CPU)", "main", -1), ("python (GPU 0)", "stream 7", 3),
    ]  # fmt: skip


def test_arguments_become_columns_and_are_kept_whole() -> None:
    args = {"External id": 7, "Input Dims": [[2, 3], []], "blocks per SM": 1.25, "grid": [1, 2, 3], "mine": {"a": None}, "device": 0,
            "memory bandwidth (GB/s)": 0.46511627906976744, "stream": "12", "Call stack": ""}  # fmt: skip
    trace = read(tm.event("a", 1, 1, args=args), tm.event("b", 2, 1, "Kernel", args={"external id": 9}))
    assert trace.arguments(0) == args
    assert trace.column("External id").tolist() == [7, 9]
    assert trace.columns["memory bandwidth (GB/s)"].values.tolist() == [0.46511627906976744]
    assert (trace.columns["stream"].values.tolist(), trace.columns["blocks per SM"].values.tolist()) == ([12], [1.25])
    dims = trace.columns["Input Dims"]
    assert (dims.words, dims.rows.tolist(), trace.names[dims.values[0]]) == (True, [0], "[[2, 3], []]")
    assert "Call stack" not in trace.columns


def test_launches_point_at_kernels_and_forward_at_backward() -> None:
    trace = read(
        tm.event("aten::mm", 10, 20), tm.event("aten::inner", 10, 5), tm.event("cudaLaunchKernel", 10, 2, "cuda_runtime"),
        tm.event("gemm", 50, 5, "kernel", 0, 7), tm.event("MmBackward", 80, 9, tid=200),
        tm.event("ac2g", 10, None, "ac2g", ph="s", id=5), tm.event("ac2g", 50, None, "ac2g", 0, 7, ph="f", id=5, bp="e"),
        tm.event("ac2g", 10, None, "ac2g", ph="f", id=5, bp="e"),
        tm.event("fwdbwd", 10, None, "fwdbwd", ph="s", id=5), tm.event("fwdbwd", 80, None, "fwdbwd", tid=200, ph="f", id=5, bp="e"),
        tm.event("ac2g", 999, None, "ac2g", ph="f", id=8, bp="e"),
    )  # fmt: skip
    flows = trace.flows
    assert [
        (trace.named(source), trace.named(target), flows.words[kind])
        for source, target, kind in zip(flows.source, flows.target, flows.kind, strict=True)
    ] == [("aten::mm", "MmBackward", "backward"), ("cudaLaunchKernel", "gemm", "launch")]
    assert trace.notes == ("1 arrow leads to no event.",)


def test_allocations_are_read_in_both_forms() -> None:
    trace = read(
        tm.event("a", 0, 90),
        tm.allocation(5, 100, 700, 2, Addr=64),
        tm.allocation(3, -40),
        tm.event("[memory]", 4, ph="i", args={}),
    )
    memory = trace.memory
    assert [
        (*one,) for one in zip(memory.times.tolist(), memory.size.tolist(), memory.address.tolist(), memory.allocated.tolist(),
                               memory.reserved.tolist(), memory.device_type.tolist(), memory.device.tolist(), strict=True)
    ] == [(3_000, -40, -1, -1, -1, 0, -1), (5_000, 100, 64, 700, 1400, 1, 2)]  # fmt: skip
    assert trace.instants.times.tolist() == [4_000]


def test_counters_have_one_line_for_each_part() -> None:
    trace = read(
        tm.event("GPU 0 Utilization", 2, ph="C", args={"GPU Utilization": 1}), tm.event("heap", 1, ph="C", args={"used": 5, "free": "2.5"}),
        tm.event("GPU 0 Utilization", 1, ph="C", args={"GPU Utilization": 0.5}),
    )  # fmt: skip
    assert sorted((one.name, one.times.tolist(), one.values.tolist()) for one in trace.counters) == [
        ("GPU 0 Utilization", [1_000, 2_000], [0.5, 1.0]), ("heap free", [1_000], [2.5]), ("heap used", [1_000], [5.0]),
    ]  # fmt: skip


def test_what_the_file_says_of_devices_and_ranks_is_kept() -> None:
    device = {"id": 1, "name": "V100", "totalGlobalMem": 34089730048, "computeMajor": 7, "numSms": 80, "warpSize": 32}
    groups = [{"pg_name": "default", "ranks": [0, 1]}]
    trace = read(
        deviceProperties=[device], distributedInfo={"backend": "nccl", "rank": 1, "world_size": 2, "pg_config": groups}, host_name="vm",
        INFO=["x" * 70_000],
    )  # fmt: skip
    one = trace.devices[0]
    assert (one.number, one.name, one.memory, one.compute_major, one.multiprocessors, one.warp_size) == (
        1,
        "V100",
        34089730048,
        7,
        80,
        32,
    )
    assert trace.group is not None
    assert (trace.group.rank, trace.group.world_size, dict(trace.group.ranks)) == (1, 2, {"default": (0, 1)})
    assert (trace.info["host_name"], "INFO" in trace.info) == ("vm", False)
    assert trace.notes == ("What the file says of itself under INFO is too long to be kept.",)


# Real recordings


@pytest.mark.parametrize(
    ("name", "events", "flows", "crossing"),
    [
        ("hta/mtia_trace_single_rank/mtia_rank_0.json.gz", 138_373, {"launch": 3_453, "backward": 205}, 3_551),
        ("hta/negative_queue_length_values_check/rank0.json.gz", 67_217, None, 1),
        ("hta/nccl_parser_config/nccl_data.json.gz", 26_933, None, 0),
        ("torch_cpu/slow_loader/worker0.1795196161879393333.pt.trace.json.gz", 893, {"backward": 44}, 0),
    ],
)
def test_a_real_recording_has_all_its_events(
    name: str, events: int, flows: dict[str, int] | None, crossing: int
) -> None:
    trace = real(name)
    assert (len(trace), trace.crossing) == (events, crossing)
    if flows is not None:
        counts = np.bincount(trace.flows.kind, minlength=len(trace.flows.words)).tolist()
        assert dict(zip(trace.flows.words, counts, strict=True)) == flows


def test_every_column_of_a_real_recording_is_what_json_says() -> None:
    data = gzip.decompress(samples("hta/nccl_parser_config/nccl_data.json.gz").read_bytes())
    said = json.loads(data, parse_float=str)
    trace = chrome_trace.read([data], "key")
    events = [one for one in said["traceEvents"] if one["ph"] == "X"]
    places = [place for place, one in enumerate(said["traceEvents"]) if one["ph"] == "X"]
    row_of = {int(place): row for row, place in enumerate(trace.place)}
    columns = {
        name: trace.column(name) for name in ("External id", "correlation", "registers per thread", "Sequence number")
    }
    for place, one in zip(places, events, strict=True):
        row = row_of[place]
        args = one.get("args", {})
        assert trace.named(row) == one["name"]
        assert trace.categories[trace.category[row]] == one["cat"]
        whole, _, part = str(one["ts"]).partition(".")
        begin = int(whole) * 1000 + int((part + "000")[:3])
        assert int(trace.start[row]) + trace.base == said["baseTimeNanoseconds"] + begin
        for name, column in columns.items():
            assert int(column[row]) == int(args.get(name, -1))
    kernels = trace.of(KERNEL)
    nccl = [row for row in kernels.tolist() if trace.named(row).startswith("nccl")]
    assert len(nccl) == 21
    counts = {trace.arguments(row)["In msg nelems"] for row in nccl if "In msg nelems" in trace.arguments(row)}
    assert 2_049_000 in counts


# Writing


@pytest.mark.parametrize(
    "name",
    [
        "torch_cpu/with_stack/worker0.1795196162146583994.pt.trace.json.gz",
        "hta/negative_queue_length_values_check/rank0.json.gz",
        "kineto_tb_plugin/test/gpu_metrics_expected.json",
        "jax_cpu/logdir/plugins/profile/2026_11_20_17_36_04/vm.trace.json.gz",
    ],
)
def test_what_is_written_is_read_as_it_was(name: str) -> None:
    trace = real(name)
    again = chrome_trace.read(chrome_write.written(trace), "again")
    assert again.notes == ()
    assert (again.base, again.crossing, len(again.memory), len(again.counters)) == (
        trace.base, 0, len(trace.memory), len(trace.counters),
    )  # fmt: skip
    assert sorted(rows(again)) == sorted(rows(trace))
    assert len(again.flows.source) == len(trace.flows.source)
    if not trace.crossing:
        assert np.array_equal(again.depth, trace.depth)
        assert [again.arguments(row) for row in range(0, len(trace), 97)] == [
            trace.arguments(row) for row in range(0, len(trace), 97)
        ]


def test_rows_can_be_written_alone() -> None:
    trace = read(tm.event("a", 1, 5), tm.event("b", 2, 1), tm.event("c", 9, 1), tm.allocation(3, 5))
    again = chrome_trace.read(chrome_write.written(trace, [0, 2]), "again")
    assert (rows(again), len(again.memory)) == ([("a", 1_000, 5_000), ("c", 9_000, 1_000)], 0)


def test_one_line_is_one_event_with_its_nanoseconds() -> None:
    line = chrome_write.line("X", "a", 1, 2, 1_234, 10, "cpu_op", {"b": float("nan")}, {"id": 7})
    assert json.loads(line) == {
        "ph": "X", "cat": "cpu_op", "name": "a", "pid": 1, "tid": 2, "id": 7, "ts": 1.234, "dur": 0.010, "args": {"b": None},
    }  # fmt: skip
    written = b"".join(chrome_write.document([line, line], {"schemaVersion": 1}))
    assert json.loads(written)["traceEvents"] == [json.loads(line)] * 2


# Anything at all


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32))
def test_any_events_are_what_json_says(seed: int) -> None:
    draw = random.Random(seed)
    events = [
        tm.event(
            draw.choice(("a", "b\\", 'c"', "\u00e9", "\U0001f600", "", "d\n")), round(draw.uniform(-1e6, 1e6), 3), round(draw.uniform(0, 99), 3),
            draw.choice(("cpu_op", "kernel", "")), draw.choice((1, "1", "x", -1)), draw.randrange(3),
            {"External id": draw.randrange(1 << 50), draw.choice(("k", 'k"', "\\")): draw.choice((None, True, [1, {"a": "}"}], "],{"))},
        )
        for _ in range(draw.randrange(30))
    ]  # fmt: skip
    data = json.dumps(events, ensure_ascii=draw.random() < 0.5, indent=draw.choice((None, 1))).encode()
    size = draw.choice((1, 10, 10_000))
    trace = chrome_trace.read([data[at : at + size] for at in range(0, len(data), size)], "key")
    assert len(trace) == len(events)
    for row in range(len(trace)):
        one = events[trace.place[row]]
        assert (trace.named(row), trace.arguments(row)) == (one["name"], one["args"])
        assert (int(trace.start[row]), int(trace.duration[row])) == (round(one["ts"] * 1000), round(one["dur"] * 1000))
        assert int(trace.column("External id")[row]) == one["args"]["External id"]


@pytest.mark.timeout(400)
def test_no_bytes_lead_the_scanner_outside_its_arrays(tmp_path_factory: pytest.TempPathFactory) -> None:
    environment = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path_factory.mktemp("cache"))}
    command = [sys.executable, "-m", "tests.formats.trace_fuzz", "12"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=380, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    words, accepted, refused = run.stdout.split()
    assert words == "checked:"
    assert min(int(accepted), int(refused)) >= 20


def test_after_warming_nothing_is_left_to_compile() -> None:
    chrome_trace.warm()
    compiled: list[str] = []

    class Listener(numba_event.Listener):
        def on_start(self, event: numba_event.Event) -> None:
            compiled.append(str(event.data["dispatcher"]))

        def on_end(self, event: numba_event.Event) -> None:
            pass

    with numba_event.install_listener("numba:compile", Listener()):
        read(
            tm.event("a", 10, 5, args={"External id": 7, "Input Dims": [[1, 2]]}),
            tm.event("b", 11, None, ph="B"),
            tm.event("b", 12, None, ph="E"),
            tm.event("c", 11, None, ph="s", id=1),
            tm.event("c", 12, None, ph="f", id=1, bp="e"),
            tm.event("d", 12, None, ph="C", args={"value": 1.5}),
            tm.allocation(13, 100),
            tm.named("thread_name", "main"),
            host_name="vm",
        )
    assert compiled == []

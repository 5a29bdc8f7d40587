"""Flame graphs: call stacks merged, and no time lost."""

from typing import Any

import pandas as pd
import pytest

from tbcore.analysis import profile_stacks
from tests.analysis.profilemaker import event, kernel, launch, op, python, trace
from tests.analysis.test_profile_ops import read
from tests.fixtures import samples


def rows(frame: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in frame[list(columns)].itertuples(index=False)]


def test_calls_from_the_same_place_are_one_frame() -> None:
    recorded = trace(python("main", 0, 100), op("aten::add", 10, 20), op("aten::mul", 40, 5), op("aten::add", 50, 30))
    found = profile_stacks.flame(recorded)
    assert rows(found, "name", "parent", "total", "self", "calls", "role") == [
        ("main", -1, 100_000, 45_000, 1, "python"),
        ("aten::add", 0, 50_000, 50_000, 2, "op"),
        ("aten::mul", 0, 5_000, 5_000, 1, "op"),
    ]
    assert recorded.start[found["row"].tolist()].tolist() == [0, 50_000, 40_000]


def test_steps_and_objects_are_one_frame_whatever_their_number() -> None:
    found = profile_stacks.flame(
        trace(
            event("user_annotation", "ProfilerStep#1", 0, 10),
            event("user_annotation", "ProfilerStep#2", 10, 10),
            python("<built-in method append of list object at 0x7f01>", 2, 2),
            python("<built-in method append of list object at 0x7f02>", 12, 3),
        )
    )
    assert rows(found, "name", "calls", "total") == [
        ("ProfilerStep#…", 2, 20_000),
        ("<built-in method append of list object at …>", 2, 5_000),
    ]


def test_each_thread_has_a_root_when_there_are_several() -> None:
    found = profile_stacks.flame(
        trace(op("forward", 0, 10), op("backward", 5, 30, thread=2), op("backward", 50, 30, thread=2))
    )
    assert rows(found, "name", "parent", "total", "role", "row") == [
        ("2", -1, 60_000, "thread", -1),
        ("1", -1, 10_000, "thread", -1),
        ("backward", 0, 60_000, "op", 1),
        ("forward", 1, 10_000, "op", 0),
    ]


def test_what_runs_on_the_device_stands_below_what_launched_it() -> None:
    found = profile_stacks.flame(
        trace(
            python("main", 0, 100),
            op("aten::mm", 10, 20),
            launch(1, 12, 3),
            kernel("void gemm<float>(float*)", 1, 40, 33),
            op("aten::add", 50, 20),
            launch(2, 52, 3),
            kernel("add", 2, 80, 7),
            kernel("nobody's", 3, 90, 10),
            op("aten::nothing", 90, 5),
        ),
        "device",
    )
    assert rows(found, "name", "parent", "total", "self") == [
        ("main", -1, 40_000, 0),
        ("launched by nothing that was recorded", -1, 10_000, 0),
        ("aten::mm", 0, 33_000, 0),
        ("nobody's", 1, 10_000, 10_000),
        ("aten::add", 0, 7_000, 0),
        ("cudaLaunchKernel", 2, 33_000, 0),
        ("cudaLaunchKernel", 4, 7_000, 0),
        ("gemm<float>", 5, 33_000, 33_000),
        ("add", 6, 7_000, 7_000),
    ]


def test_what_is_too_small_is_put_together_and_lost_nowhere() -> None:
    calls = [op(f"small{number}", 10 + number, 0.5) for number in range(5)]
    found = profile_stacks.flame(trace(python("main", 0, 1000), op("large", 100, 800), calls), least=1 / 1000)
    assert rows(found, "name", "parent", "total", "calls", "role", "row") == [
        ("main", -1, 1_000_000, 1, "python", 0),
        ("large", 0, 800_000, 1, "op", 6),
        ("5 smaller", 0, 2_500, 5, "rest", -1),
    ]


def test_what_ends_where_a_window_begins_is_not_in_it() -> None:
    recorded = trace(op("step", 0, 10), op("step", 10, 10), op("step", 20, 10))
    found = profile_stacks.flame(recorded, window=(10_000, 20_000))
    assert found[["name", "total", "calls"]].values.tolist() == [["step", 10_000, 1]]


def test_only_a_window_of_time_is_counted() -> None:
    recorded = trace(python("main", 0, 100), op("a", 10, 20), op("b", 40, 40))
    found = profile_stacks.flame(recorded, window=(25_000, 60_000))
    assert rows(found, "name", "total", "self") == [
        ("main", 35_000, 10_000),
        ("b", 20_000, 20_000),
        ("a", 5_000, 5_000),
    ]


def test_events_that_cross_both_count() -> None:
    found = profile_stacks.flame(trace(python("main", 0, 100), op("a", 10, 50), op("b", 40, 50)))
    (first, *rest) = rows(found, "name", "total", "self")
    assert sorted(rest) == [("a", 50_000, 50_000), ("b", 50_000, 50_000)]
    assert first == ("main", 100_000, 0)


def test_a_recording_without_events_has_an_empty_flame_graph() -> None:
    assert profile_stacks.flame(trace()).empty
    assert profile_stacks.flame(trace(), "device").empty
    assert profile_stacks.flame(trace(op("a", 0, 5)), "device").empty
    assert profile_stacks.flame(trace(op("a", 0, 0))).empty


def test_a_recording_of_a_device_alone_is_drawn_as_it_is() -> None:
    found = profile_stacks.flame(trace(kernel("a", 1, 0, 5), kernel("b", 2, 10, 9)))
    assert rows(found, "name", "total") == [("b", 9_000), ("a", 5_000)]


def test_what_runs_on_a_device_that_nothing_launched_is_drawn_as_it_is() -> None:
    recorded = trace(kernel("a", 1, 0, 5), kernel("b", 2, 10, 9))
    assert rows(profile_stacks.flame(recorded, "device"), "name", "parent", "total") == [
        ("b", -1, 9_000),
        ("a", -1, 5_000),
    ]


def test_the_clocks_are_those_of_what_was_recorded() -> None:
    assert profile_stacks.clocks(trace(kernel("a", 1, 0, 5))) == ["device"]
    assert profile_stacks.clocks(trace(op("a", 0, 5))) == ["time"]
    assert profile_stacks.clocks(trace(op("a", 0, 5), kernel("a", 1, 0, 5))) == ["device", "time"]
    assert profile_stacks.clocks(trace()) == ["time"]


@pytest.mark.parametrize(
    "name",
    [
        "torch_cpu/with_stack/worker0.1795196162146583994.pt.trace.json.gz",
        "hta/negative_queue_length_values_check/rank0.json.gz",
        "kineto_tb_plugin/samples/resnet50_num_workers_0/worker0.1623143089861.pt.trace.json.gz",
    ],
)
def test_frames_sum_up_to_their_callers_in_real_recordings(name: str) -> None:
    recorded = read(samples(name))
    for by in ("time", "device"):
        found = profile_stacks.flame(recorded, by)
        inner = found[found["parent"] >= 0]
        below = inner.groupby("parent")["total"].sum().reindex(found.index, fill_value=0)
        missing = found["total"] - found["self"] - below
        # What took no time at all is left out; the rest is accounted for.
        assert (missing == 0).all()
        assert (found["parent"].to_numpy() < found.index.to_numpy()).all()
    work = recorded.of(4, 5, 6)
    whole = profile_stacks.flame(recorded, "device")
    assert (whole[whole["parent"] < 0]["total"].sum() if len(whole) else 0) == recorded.duration[work].sum()

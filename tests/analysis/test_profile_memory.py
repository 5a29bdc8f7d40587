"""Who holds memory: figures of torch-tb-profiler's tests, its tables of a recording of ours, and literal recordings."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tbcore.analysis import profile_memory, profile_steps
from tbcore.analysis.profile_memory import BEFORE, OUTSIDE, Curve
from tbcore.formats.trace import Trace
from tests.analysis.recordings import WITH_STACK, inline, recorded, sample
from tests.fixtures import samples
from tests.tracemaker import allocation, event

FIRST = "torch_cpu/with_stack/worker0.1795196162146583994.pt.trace.json.gz"
ANSWERS = "torch_cpu/reference_tb_alias_fixed/with_stack_1795196162146583994"
FIGURES = ["self_increase", "self_size", "self_count", "increase", "size", "count", "calls"]


def rows(found: pd.DataFrame, device: str) -> dict[str, list[int]]:
    ours = found[found["device"] == device]
    return dict(zip(ours["operator"], ours[FIGURES].to_numpy().tolist(), strict=True))


# The figures of others -----------------------------------------------------------------------------------------------


def test_operators_hold_what_torch_tb_profiler_tests_itself_against() -> None:
    found = profile_memory.operators(sample(inline("TestProfiler.test_memory_view.1")))
    gpu, cpu = rows(found, "GPU 0"), rows(found, "CPU")
    assert gpu["aten::to"] == [104, 104, 2, 104, 204, 3, 4]
    assert gpu["aten::liner"] == [20, 130, 3, 20, 360, 7, 1]
    assert cpu["aten::liner"] == [0, 100, 1, 50, 150, 2, 1]


def test_every_operator_of_a_recording_holds_what_the_reference_says() -> None:
    found = rows(profile_memory.operators(sample(FIRST)), "CPU")
    told = json.loads((samples(ANSWERS) / "memory_stats.json").read_text())["rows"]["CPU"]
    assert len(told) == 45
    for name, calls, increase, self_increase, count, self_count, size, self_size in told:
        figures = dict(zip(FIGURES, found[name], strict=True))
        assert [figures["calls"], figures["count"], figures["self_count"]] == [calls, count, self_count]
        kilobytes = [figures[one] / 1024 for one in ("increase", "self_increase", "size", "self_size")]
        assert kilobytes == pytest.approx([increase, self_increase, size, self_size], abs=0.0051)


def test_the_peak_and_the_pieces_of_a_recording_are_those_of_the_reference() -> None:
    found = sample(FIRST)
    (curve,) = profile_memory.curves(found)
    told = json.loads((samples(ANSWERS) / "memory_curve.json").read_text())
    assert f"Peak Memory Usage: {curve.peak / 1024:.1f}KB" == told["metadata"]["peaks"]["CPU"]
    pieces = profile_memory.allocations(found)
    events = json.loads((samples(ANSWERS) / "memory_events.json").read_text())["rows"]["CPU"]
    assert len(pieces) == len(events)
    held = pieces.dropna(subset=["start", "end"])
    ours = sorted(zip(held["size"] / 1024, held["duration"].astype("int64") / 1e6, strict=True))
    theirs = sorted((size, duration) for _name, size, _start, _end, duration in events if duration is not None)
    assert np.array(ours) == pytest.approx(np.array(theirs), abs=0.0051)


def test_the_largest_share_of_a_peak_is_what_was_there_before() -> None:
    found = sample(WITH_STACK)
    (curve,) = profile_memory.curves(found)
    held = profile_memory.alive(profile_memory.allocations(found), curve, curve.peak_time)
    assert held["operator"][0] == BEFORE
    assert int(held["size"].sum()) == curve.peak


def test_a_loop_that_keeps_nothing_does_not_grow() -> None:
    found = sample(FIRST)
    steps = profile_steps.steps(found)
    (curve,) = profile_memory.curves(found)
    growth = profile_memory.growth(curve, steps.ends)
    assert growth.held.tolist() == [177_884] * 4
    assert not growth.grows


# Literal recordings --------------------------------------------------------------------------------------------------


def leaking(steps: int = 4) -> Trace:
    """Return steps of 100 µs, each of which asks for 1000 bytes that it gives back and for 500 that it keeps."""
    events = []
    held = 0
    for number in range(steps):
        start = 100.0 * number
        events.append(event(f"ProfilerStep#{number}", start, 100, "user_annotation"))
        events.append(event("aten::cat", start + 10, 10))
        events.append(event("aten::empty", start + 12, 4))
        events.append(event("aten::mul", start + 30, 10))
        held += 1_000
        events.append(allocation(start + 13, 1_000, held, Addr=number + 1))
        held += 500
        events.append(allocation(start + 32, 500, held, Addr=1_000 + number))
        held -= 1_000
        events.append(allocation(start + 60, -1_000, held, Addr=number + 1))
    return recorded(*events)


def test_a_loop_that_keeps_something_grows_by_it_from_step_to_step() -> None:
    found = leaking()
    steps = profile_steps.steps(found)
    (curve,) = profile_memory.curves(found)
    growth = profile_memory.growth(curve, steps.ends)
    assert growth.held.tolist() == [500, 1_000, 1_500, 2_000]
    assert growth.slope == pytest.approx(500)
    assert growth.grows
    kept = profile_memory.survivors(profile_memory.allocations(found), "CPU", steps.starts, steps.ends)
    assert kept.to_dict("records") == [{"operator": "aten::mul", "size": 1_000, "count": 2, "steps": 2}]


def test_what_only_makes_room_is_shown_under_who_wanted_it() -> None:
    names = set(profile_memory.allocations(leaking())["operator"])
    assert names == {"aten::cat (aten::empty)", "aten::mul"}


def test_pieces_tell_when_they_were_asked_for_and_given_back() -> None:
    pieces = profile_memory.allocations(leaking(1))
    first, second = pieces.to_dict("records")
    assert (first["size"], first["start"], first["end"], first["duration"]) == (1_000, 13_000, 60_000, 47_000)
    assert second["start"] == 32_000
    assert pd.isna(second["end"])


def test_totals_that_a_file_does_not_tell_are_summed_up() -> None:
    (curve,) = profile_memory.curves(recorded(allocation(1, 100), allocation(2, 50), allocation(3, -120)))
    assert curve.allocated.tolist() == [100, 150, 30]
    assert (curve.peak, curve.before) == (150, 0)


def test_more_that_is_given_back_than_asked_for_was_there_before() -> None:
    found = recorded(allocation(1, -300), allocation(2, 100))
    (curve,) = profile_memory.curves(found)
    assert curve.before == 300
    assert curve.allocated.tolist() == [0, 100]
    held = profile_memory.alive(profile_memory.allocations(found), curve, -1)
    assert held[["operator", "size"]].to_numpy().tolist() == [[BEFORE, 300]]


def test_memory_outside_of_any_operator_says_so() -> None:
    pieces = profile_memory.allocations(recorded(allocation(5, 8, 8), event("aten::mm", 10, 5)))
    assert pieces["operator"].tolist() == [OUTSIDE]


def test_every_device_has_a_curve_the_largest_first_with_its_capacity() -> None:
    found = recorded(
        allocation(1, 100, 100), allocation(2, 5_000, 5_000, 0), allocation(3, 700, 700, 1),
        deviceProperties=[{"id": 0, "name": "A", "totalGlobalMem": 8_000}, {"id": 1, "name": "B", "totalGlobalMem": 9_000}],
    )  # fmt: skip
    assert [(one.name, one.peak, one.capacity) for one in profile_memory.curves(found)] == [
        ("GPU 0", 5_000, 8_000),
        ("GPU 1", 700, 9_000),
        ("CPU", 100, 0),
    ]


def test_a_recording_without_allocations_has_no_curve() -> None:
    found = recorded(event("aten::mm", 0, 10))
    assert profile_memory.curves(found) == []
    assert profile_memory.allocations(found).empty
    assert profile_memory.operators(found).empty


def test_a_part_of_a_recording_has_the_figures_of_that_part() -> None:
    table = profile_memory.operators(leaking(), 100_000, 199_000)
    assert rows(table, "CPU")["aten::mul"] == [500, 500, 1, 500, 500, 1, 1]
    pieces = profile_memory.between(profile_memory.allocations(leaking()), 100_000, 140_000)
    assert sorted(pieces["size"].tolist()) == [500, 1_000]


@settings(deadline=None)
@given(st.lists(st.integers(0, 1_000), min_size=1, max_size=300), st.integers(10, 60))
def test_a_reduced_curve_keeps_its_ends_its_least_and_its_most(values: list[int], most: int) -> None:
    curve = Curve("CPU", -1, np.arange(len(values)), np.array(values), np.zeros(0, np.int64))
    drawn = profile_memory.reduced(curve, most=most)["allocated"].tolist()
    assert len(drawn) <= max(len(values) if len(values) <= most else 0, most + 2)
    assert (drawn[0], drawn[-1]) == (values[0], values[-1])
    assert (min(drawn), max(drawn)) == (min(values), max(values))


def test_without_addresses_the_piece_of_its_size_that_was_asked_for_last_is_given_back() -> None:
    found = recorded(
        allocation(1, 100),
        allocation(2, 100),
        allocation(3, 50),
        allocation(4, -100),
        allocation(5, -100),
        allocation(6, -70),
    )
    pieces = profile_memory.allocations(found).sort_values(["size", "start"], na_position="last")
    assert pieces[["size", "start", "end"]].fillna(-1).astype(int).to_numpy().tolist() == [
        [50, 3_000, -1],
        [70, -1, 6_000],
        [100, 1_000, 5_000],
        [100, 2_000, 4_000],
    ]


def test_nobody_held_more_before_a_recording_than_its_curve_says() -> None:
    found = sample("kineto_tb_plugin/samples/resnet50_num_workers_0/worker0.1623143089861.pt.trace.json.gz")
    pieces = profile_memory.allocations(found)
    for curve in profile_memory.curves(found):
        held = profile_memory.alive(pieces, curve, curve.peak_time)
        assert (held["size"] > 0).all()
        assert int(held["size"].sum()) == curve.peak

"""What allocators of TensorFlow and JAX held is what their own profiler says."""

import json

import numpy as np
import pytest

from tbcore.analysis import profile_memory, xla_memory
from tbcore.formats import xplane
from tests.fixtures import samples
from tests.xplanemaker import Plane, space


def three_events():
    """Return a recording of an allocation, its end, and another one, in the numbers of xprof's own test."""
    same = {"bytes_reserved": 2000, "allocator_name": "GPU_0_bfc", "fragmentation": 0.0, "id": 7}
    first = {**same, "allocation_bytes": 256, "addr": 222333, "tf_op": "foo/bar", "region_type": "output"}
    other = {**same, "allocation_bytes": 300, "addr": 345678, "tf_op": "mul_grad/Sum", "region_type": "temp"}
    return xplane.read(
        space(
            Plane("/host:CPU").line(
                "main",
                (
                    "MemoryAllocation",
                    40,
                    1,
                    {**first, "bytes_allocated": 3000, "bytes_available": 5000, "peak_bytes_in_use": 8500},
                ),
                (
                    "MemoryDeallocation",
                    50,
                    1,
                    {**first, "bytes_allocated": 2744, "bytes_available": 5256, "peak_bytes_in_use": 8500},
                ),
                (
                    "MemoryAllocation",
                    70,
                    1,
                    {**other, "bytes_allocated": 5000, "bytes_available": 3000, "peak_bytes_in_use": 9500},
                ),
            )
        ),
        "key",
    )


def test_the_peak_while_recorded_and_that_of_the_lifetime_differ():
    (found,) = xla_memory.allocators(three_events())
    assert (found.name, found.allocations, found.deallocations) == ("GPU_0_bfc", 2, 1)
    assert (found.peak, found.peak_time, found.lifetime_peak, found.capacity) == (7000, 70, 9500, 10000)
    assert (found.stack, found.heap, found.used.tolist()) == (2000, 5000, [5000, 4744, 7000])


def test_the_breakdown_at_the_peak_holds_the_stack_and_what_nothing_is_told_of():
    (found,) = xla_memory.allocators(three_events())
    assert found.alive[["operation", "bytes", "count"]].values.tolist() == [
        ["unused preallocated device memory", 4700, 1], ["stack", 2000, 1], ["mul_grad/Sum", 300, 1]
    ]  # fmt: skip


def test_the_peaks_of_the_tpu_sample_are_xprofs():
    folder = samples("xprof")
    trace = xplane.read((folder / "xprof/convert/test_xplanes/tpu_inference_2.old.xplane.pb").read_bytes(), "key")
    wanted = json.loads((folder / "reference_tpu_inference_2_old/memory_profile.json").read_text())[
        "memoryProfilePerAllocator"
    ]
    found = {one.name: one for one in xla_memory.allocators(trace)}
    assert sorted(found) == [f"core {name}" for name in sorted(wanted)]
    for name, said in wanted.items():
        own, summary = found[f"core {name}"], said["profileSummary"]
        stats = summary["peakStats"]
        assert own.peak == int(stats["peakBytesInUse"])
        assert (own.stack, own.heap) == (int(stats["stackReservedBytes"]), int(stats["heapAllocatedBytes"]))
        assert own.capacity == int(summary["memoryCapacity"])
        assert own.lifetime_peak == int(summary["peakBytesUsageLifetime"])
        assert own.fragmentation == pytest.approx(stats["fragmentation"])
        # xprof's counts from the start of the line, which is 212,990 ns in.
        assert own.peak_time == int(summary["peakStatsTimePs"]) // 1000 + 212_990


def test_a_recording_without_memory_has_no_allocators():
    assert xla_memory.allocators(xplane.read(space(Plane("/host:CPU").line("python", ("a", 0, 1))), "key")) == []


def test_the_peak_is_looked_for_in_a_part_of_the_recording():
    def peak(*window):
        (found,) = xla_memory.allocators(three_events(), *window)
        return found.peak, found.peak_time, found.alive["operation"].tolist()

    assert peak(40, 60)[:2] == (5000, 40)
    assert peak(50, 60)[:2] == (4744, 50)
    # What was held when it began.
    assert peak(55, 60)[:2] == (4744, 50)
    assert peak(0, 10)[:2] == (5000, 40)
    assert peak(60, 90) == (7000, 70, ["unused preallocated device memory", "stack", "mul_grad/Sum"])


def test_an_allocator_is_drawn_as_a_device_is():
    (found,) = xla_memory.allocators(three_events())
    drawn = xla_memory.curve(found)
    assert (drawn.name, drawn.peak, drawn.peak_time, drawn.capacity) == ("GPU_0_bfc", 7000, 70, 10000)
    assert drawn.at(np.array([45, 55, 80])).tolist() == [5000, 4744, 7000]


def test_allocators_are_listed_by_their_numbers():
    stats = {"bytes_reserved": 0, "bytes_allocated": 1, "bytes_available": 1, "allocation_bytes": 1, "addr": 1}
    events = [("MemoryAllocation", 5, 0, {**stats, "index_on_host": core}) for core in (10, 2)]
    trace = xplane.read(space(Plane("/host:CPU").line("main", *events)), "key")
    assert [one.name for one in xla_memory.allocators(trace)] == ["core 2", "core 10"]
    assert profile_memory.curves(trace)[0].name.startswith("TPU ")

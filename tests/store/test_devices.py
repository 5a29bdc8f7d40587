"""Live readings: what a GPU supports is told, what it does not is left out, and nothing is measured that nobody looks at."""

import time

import psutil
import pytest

from tbcore.store.devices import GPU_METRICS, HOST_METRICS, History, Machine, Process
from tests.nvml import Library


def test_without_a_driver_a_sentence_says_so_and_the_host_is_still_measured():
    machine = Machine(Library(driver=False))
    assert machine.gpus == ()
    assert machine.why == "there is no driver of NVIDIA's on this machine"
    values = machine.read().values
    assert 0 < values["memory"] < machine.memory
    assert not any(key.startswith("gpu") for key in values)


def test_a_gpu_tells_what_it_is():
    (gpu,) = Machine(Library()).gpus
    assert (gpu.number, gpu.name, gpu.memory, gpu.power, gpu.clock, gpu.compute) == (
        0, "Made-up GPU", 80 << 30, 700.0, 1.98e9, "9.0",
    )  # fmt: skip


def test_readings_are_in_units_of_science():
    reading = Machine(Library(2), clock=lambda: 17.0).read()
    assert reading.time == 17.0
    found = {key.removeprefix("gpu1/"): value for key, value in reading.values.items() if key.startswith("gpu1/")}
    assert found == {
        "utilization": 83.0, "memory_busy": 12.0, "memory": 20.0 * 2**30, "memory_percent": 25.0, "power": 412.5,
        "temperature": 64.0, "sm_clock": 1.755e9, "memory_clock": 2.619e9, "pcie_sent": 1_024_000.0,
        "pcie_received": 2_048_000.0, "fan": 30.0, "encoder": 5.0, "decoder": 6.0,
    }  # fmt: skip


def test_why_a_clock_is_held_down_is_told_in_words_and_an_idle_gpu_is_no_reason():
    assert Machine(Library()).read().throttled == {0: ("power limit", "temperature, by the hardware")}


def test_an_older_driver_is_asked_by_the_older_name():
    machine = Machine(Library(lacks=("nvmlDeviceGetCurrentClocksEventReasons",)))
    assert machine.read().throttled == {0: ("power limit",)}


def test_programs_on_a_gpu_are_told_also_where_their_memory_is_not():
    (process,) = Machine(Library()).read().processes
    assert (process.gpu, process.pid, process.memory) == (0, 1, -1)
    assert isinstance(process, Process)


def test_what_a_gpu_does_not_support_is_left_out_and_not_asked_again():
    library = Library(lacks=("nvmlDeviceGetFanSpeed", "nvmlDeviceGetPowerUsage"))
    machine = Machine(library)
    for _ in range(3):
        assert not {"gpu0/fan", "gpu0/power"} & set(machine.read().values)
    assert library.asked.count("nvmlDeviceGetFanSpeed") == 1


def test_counters_tell_of_the_time_between_two_readings_and_samples_are_let_go_of():
    library = Library(counters=True)
    machine = Machine(library)
    assert "gpu0/sm_active" not in machine.read().values
    for _ in range(3):
        values = machine.read().values
    found = {key: values[key] for key in values if key in ("gpu0/sm_active", "gpu0/sm_occupancy", "gpu0/dram_active")}
    assert found == {"gpu0/sm_active": 2.0, "gpu0/sm_occupancy": 3.0, "gpu0/dram_active": 10.0}
    assert "gpu0/tensor_active" not in values
    assert values["gpu0/nvlink_sent"] == 61 * 2**20
    assert library.samples == 1


def test_samples_that_could_not_be_taken_are_let_go_of():
    library = Library(lacks=("nvmlGpmSampleGet",), counters=True)
    machine = Machine(library)
    for _ in range(3):
        machine.read()
    assert library.samples == 0


@pytest.mark.parametrize("error", [NotImplementedError("no /proc/diskstats"), FileNotFoundError("/proc/stat")])
def test_what_a_container_hides_is_left_out_and_the_rest_is_told(monkeypatch, error):
    def hidden(**_how):
        raise error

    for name in ("disk_io_counters", "net_io_counters", "cpu_percent", "swap_memory", "virtual_memory"):
        monkeypatch.setattr(psutil, name, hidden)
    machine = Machine(Library())
    for _ in range(2):
        values = machine.read().values
    assert {key for key in values if not key.startswith("gpu0/")} == set()
    assert values["gpu0/utilization"] == 83


def test_rates_and_shares_of_processors_come_with_the_second_reading():
    ticks = iter((10.0, 12.0))
    machine = Machine(Library(driver=False), clock=ticks.__next__)
    first, second = machine.read().values, machine.read().values
    assert not {"cpu", "disk_read", "net_sent"} & set(first)
    assert 0 <= second["cpu"] <= second["cpu_busiest"] <= 100
    assert all(second[key] >= 0 for key in ("disk_read", "net_sent") if key in second)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"memory.max": "1000000\n", "memory.current": "400000\n", "memory.stat": "anon 7\ninactive_file 100000\n"}, (300_000, 1_000_000)),
        ({"memory.max": "1000000", "memory.current": "400000"}, (400_000, 1_000_000)),
        (
            {"memory/memory.limit_in_bytes": "900", "memory/memory.usage_in_bytes": "300",
             "memory/memory.stat": "total_inactive_file 100"},
            (200, 900),
        ),
    ],
)  # fmt: skip
def test_a_container_has_its_own_memory(tmp_path, files, expected):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    machine = Machine(Library(driver=False), cgroup=str(tmp_path))
    assert (int(machine.read().values["memory"]), machine.memory) == expected


@pytest.mark.parametrize("text", ["max", "", "-1", "1e3", "99999999999999999999"])
def test_a_container_without_a_limit_has_that_of_the_machine(tmp_path, text):
    (tmp_path / "memory.max").write_text(text)
    (tmp_path / "memory.current").write_text("5")
    assert Machine(Library(driver=False), cgroup=str(tmp_path)).memory > 1 << 20


def test_every_metric_has_words_and_one_meaning():
    for metrics in (HOST_METRICS, GPU_METRICS):
        keys = [metric.key for metric in metrics]
        assert len(set(keys)) == len(keys)
        assert all(metric.title for metric in metrics)
    told = Machine(Library(counters=True))
    told.read()
    known = {metric.key for metric in GPU_METRICS}
    assert {key.removeprefix("gpu0/") for key in told.read().values if key.startswith("gpu0/")} <= known


def test_readings_are_taken_only_while_somebody_looks():
    history = History(Machine(Library()), every=0.01, most=3, goes_on=0.3)
    assert history.readings() == ()
    end = time.monotonic() + 10
    while len(history.readings()) < 3:
        assert time.monotonic() < end
        time.sleep(0.01)
    while history.running:
        assert time.monotonic() < end
        time.sleep(0.02)
    last = history.readings()[-1].time
    assert len(history.readings()) == 3
    while history.readings()[-1].time == last:
        assert time.monotonic() < end
        time.sleep(0.02)

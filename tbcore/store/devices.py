"""What this machine is doing right now: its GPUs through NVIDIA's library, its processors, memory, disks and network.

    machine = Machine()                  # or Machine(library) with another one that speaks like pynvml
    machine.gpus, machine.why            # the GPUs, and why there are none
    reading = machine.read()
    reading.values["cpu"], reading.values["gpu0/utilization"]

What a machine or a GPU cannot tell is left out. Rates are since the reading before, so that the first one has none.

Source: NVML API reference; for what is counted in a container, Linux' cgroup v2.
"""

import contextlib
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from itertools import pairwise
from typing import Any

import psutil

PERCENT, BYTES, RATE, WATTS, DEGREES, HERTZ, COUNT = "%", "B", "B/s", "W", "°C", "Hz", ""
_CGROUP = "/sys/fs/cgroup"
# Where version 2 and version 1 tell a limit, what is in use, and what of that are files nobody uses any more.
_LIMITS = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"),
)
_GOES_ON = 15.0  # seconds that readings go on after somebody looked last
_MOST_PROCESSES = 64
# What psutil raises where a system does not tell, such as a container: OSError where a file of the kernel is missing,
# NotImplementedError where all files of a kind are, RuntimeError where one is written in a way it does not know.
_UNTOLD = (psutil.Error, OSError, NotImplementedError, RuntimeError)


@dataclass(frozen=True)
class Metric:
    """One thing that is measured. key: of a GPU without "gpu0/" before it; about: what it says, and what it does not."""

    key: str
    title: str
    unit: str
    about: str = ""


@dataclass(frozen=True)
class Gpu:
    """One GPU. memory: bytes; power: the limit in watts, clock: the highest of its multiprocessors in Hz, NaN where not told."""

    number: int
    name: str
    memory: int
    power: float = math.nan
    clock: float = math.nan
    compute: str = ""
    uuid: str = ""


@dataclass(frozen=True)
class Process:
    """A program that uses a GPU. memory: bytes of it, -1 where not told."""

    gpu: int
    pid: int
    name: str
    memory: int


@dataclass(frozen=True)
class Reading:
    """What was measured at one moment: values by metric, "gpu0/" before those of a GPU; throttled: why a GPU's clock is held
    down, by its number; time: seconds since the epoch.
    """

    time: float
    values: Mapping[str, float]
    throttled: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    processes: tuple[Process, ...] = ()


HOST_METRICS = (
    Metric("cpu", "Processor", PERCENT, "Of all cores together."),
    Metric("cpu_busiest", "Busiest core", PERCENT, "A single thread that holds all others back keeps one core at 100 %."),
    Metric("memory", "Memory in use", BYTES),
    Metric("memory_percent", "Memory in use", PERCENT, "Of what this machine, or the container, may use."),
    Metric("swap", "Swapped out", BYTES),
    Metric("disk_read", "Disk, read", RATE),
    Metric("disk_write", "Disk, written", RATE),
    Metric("net_received", "Network, received", RATE),
    Metric("net_sent", "Network, sent", RATE),
)  # fmt: skip

GPU_METRICS = (
    Metric("utilization", "GPU utilisation", PERCENT,
           "The share of the time in which at least one kernel ran. It does not say how much of the GPU that kernel used."),
    Metric("sm_active", "Multiprocessors at work", PERCENT, "The share of multiprocessors that had work, over time."),
    Metric("sm_occupancy", "Occupancy", PERCENT, "Of the threads that multiprocessors can hold, those that were there."),
    Metric("tensor_active", "Tensor Cores at work", PERCENT),
    Metric("dram_active", "Memory bandwidth", PERCENT, "Of what the GPU's memory can deliver."),
    Metric("memory", "GPU memory in use", BYTES),
    Metric("memory_percent", "GPU memory in use", PERCENT),
    Metric("memory_busy", "GPU memory at work", PERCENT, "The share of the time in which memory was read or written."),
    Metric("power", "Power", WATTS),
    Metric("temperature", "Temperature", DEGREES),
    Metric("sm_clock", "Clock", HERTZ, "Of the multiprocessors."),
    Metric("memory_clock", "Clock of the memory", HERTZ),
    Metric("pcie_sent", "PCIe, sent", RATE, "From the GPU, over 20 ms."),
    Metric("pcie_received", "PCIe, received", RATE, "By the GPU, over 20 ms."),
    Metric("nvlink_sent", "NVLink, sent", RATE),
    Metric("nvlink_received", "NVLink, received", RATE),
    Metric("fan", "Fan", PERCENT),
    Metric("encoder", "Video encoder", PERCENT),
    Metric("decoder", "Video decoder", PERCENT),
)  # fmt: skip

# How NVML tells each, for a handle; what it does not support raises NVMLError.
_GPU: tuple[tuple[str, Callable[[Any, Any], float]], ...] = (
    ("utilization", lambda nvml, one: nvml.nvmlDeviceGetUtilizationRates(one).gpu),
    ("memory_busy", lambda nvml, one: nvml.nvmlDeviceGetUtilizationRates(one).memory),
    ("memory", lambda nvml, one: nvml.nvmlDeviceGetMemoryInfo(one).used),
    ("power", lambda nvml, one: nvml.nvmlDeviceGetPowerUsage(one) / 1e3),
    ("temperature", lambda nvml, one: nvml.nvmlDeviceGetTemperature(one, 0)),
    ("sm_clock", lambda nvml, one: nvml.nvmlDeviceGetClockInfo(one, 1) * 1e6),
    ("memory_clock", lambda nvml, one: nvml.nvmlDeviceGetClockInfo(one, 2) * 1e6),
    ("pcie_sent", lambda nvml, one: nvml.nvmlDeviceGetPcieThroughput(one, 0) * 1024),
    ("pcie_received", lambda nvml, one: nvml.nvmlDeviceGetPcieThroughput(one, 1) * 1024),
    ("fan", lambda nvml, one: nvml.nvmlDeviceGetFanSpeed(one)),
    ("encoder", lambda nvml, one: nvml.nvmlDeviceGetEncoderUtilization(one)[0]),
    ("decoder", lambda nvml, one: nvml.nvmlDeviceGetDecoderUtilization(one)[0]),
)
# Counters of Hopper and later: number in NVML, metric, and what makes its unit ours.
_GPM = (
    (2, "sm_active", 1.0),
    (3, "sm_occupancy", 1.0),
    (5, "tensor_active", 1.0),
    (10, "dram_active", 1.0),
    (60, "nvlink_received", 1 << 20),
    (61, "nvlink_sent", 1 << 20),
)
# Bits that say why clocks are not as high as they could be. An idle GPU and clocks that somebody set are none of them.
_THROTTLED = (
    (0x04, "power limit"),
    (0x08, "slowed down by the hardware"),
    (0x10, "in step with other GPUs"),
    (0x20, "temperature, by the driver"),
    (0x40, "temperature, by the hardware"),
    (0x80, "external power brake"),
)


class Machine:
    """This machine. One thread at a time."""

    def __init__(self, nvml: Any = None, *, clock: Callable[[], float] = time.time, cgroup: str = _CGROUP) -> None:
        """nvml: the library, pynvml where not given; clock: gives seconds since the epoch; cgroup: where limits are told."""
        self.gpus: tuple[Gpu, ...] = ()
        self.why = ""
        self.driver = ""
        self._handles: tuple[Any, ...] = ()
        self._samples: dict[int, Any] = {}
        self._clock, self._cgroup = clock, cgroup
        self._before: tuple[float, dict[str, float]] | None = None
        self._supported: dict[tuple[int, str], bool] = {}
        if nvml is None:
            try:
                nvml = import_module("pynvml")
            except ImportError:
                self.why = "the package nvidia-ml-py is not installed"
                return
        self._nvml = nvml
        try:
            nvml.nvmlInit()
            count = nvml.nvmlDeviceGetCount()
        except nvml.NVMLError as error:
            self.why = _reason(nvml, error)
            return
        self.driver = _text(self._told(-1, "driver", nvml.nvmlSystemGetDriverVersion))
        handles = [
            (number, self._told(number, "handle", nvml.nvmlDeviceGetHandleByIndex, number)) for number in range(count)
        ]
        self._handles = tuple(handle for _number, handle in handles if handle is not None)
        self.gpus = tuple(self._gpu(number, handle) for number, handle in handles if handle is not None)
        if not self.gpus:
            self.why = "NVIDIA's driver is there, but tells of no GPU that may be looked at"

    @property
    def cores(self) -> int:
        """Return how many cores there are."""
        return psutil.cpu_count() or 1

    @property
    def memory(self) -> int:
        """Return how many bytes of memory this machine, or the container, may use."""
        return self._memory()[1]

    def read(self) -> Reading:
        """Return what is measured now."""
        now = self._clock()
        values = self._host(now)
        throttled: dict[int, tuple[str, ...]] = {}
        processes: list[Process] = []
        for gpu, handle in zip(self.gpus, self._handles, strict=True):
            found = self._measured(gpu, handle)
            values |= {f"gpu{gpu.number}/{key}": value for key, value in found.items()}
            reasons = self._reasons(gpu, handle)
            if reasons:
                throttled[gpu.number] = reasons
            processes += self._processes(gpu, handle)
        return Reading(now, values, throttled, tuple(processes[:_MOST_PROCESSES]))

    # The host -----------------------------------------------------------------------------------------------------------

    def _host(self, now: float) -> dict[str, float]:
        cores = _asked(lambda: psutil.cpu_percent(percpu=True))
        used, most = self._memory()
        values = {"memory": float(used), "memory_percent": 100 * used / most} if most else {}
        swapped = _asked(psutil.swap_memory)
        if swapped is not None and swapped.used:
            values["swap"] = float(swapped.used)
        totals = _totals()
        # What processors did is counted from one look to the next; before the first there is nothing to tell.
        if self._before is not None:
            before, last = self._before
            if cores:
                values |= {"cpu": sum(cores) / len(cores), "cpu_busiest": max(cores)}
            if now > before:
                values |= {
                    key: max(0.0, (total - last[key]) / (now - before)) for key, total in totals.items() if key in last
                }
        self._before = now, totals
        return {key: value for key, value in values.items() if math.isfinite(value)}

    def _memory(self) -> tuple[int, int]:
        """Return the bytes in use, and those that may be: of the container where it has a limit below the machine's."""
        whole = _asked(psutil.virtual_memory)
        if whole is None:
            return 0, 0
        for limit, used, stat, files in _LIMITS:
            most, now = self._number(limit), self._number(used)
            if 0 < most < whole.total and now >= 0:
                # What was read from files and can be forgotten counts as in use there, and nowhere else.
                return max(0, now - max(0, self._number(stat, files))), most
        return int(whole.total - whole.available), int(whole.total)

    def _number(self, name: str, word: str = "") -> int:
        """Return a number that the kernel tells of a container, that after `word` where the file holds many; -1 for none."""
        try:
            with open(os.path.join(self._cgroup, name), encoding="ascii") as file:
                found = file.read(1 << 14).split()
        except (OSError, UnicodeDecodeError):
            return -1
        text = dict(pairwise(found)).get(word, "") if word else "".join(found[:1])
        return int(text) if text.isdecimal() else -1

    # The GPUs -----------------------------------------------------------------------------------------------------------

    def _told(self, number: int, what: str, ask: Callable[..., Any], *arguments: Any) -> Any:
        """Return what the library says, None when it cannot say it; what a GPU does not support is asked but once."""
        if not self._supported.get((number, what), True):
            return None
        try:
            return ask(*arguments)
        except self._nvml.NVMLError as error:
            if getattr(error, "value", None) in (3, 13):  # not supported, function not found
                self._supported[number, what] = False
            return None

    def _gpu(self, number: int, handle: Any) -> Gpu:
        nvml = self._nvml
        memory = self._told(number, "memory", nvml.nvmlDeviceGetMemoryInfo, handle)
        power = self._told(number, "limit", nvml.nvmlDeviceGetEnforcedPowerLimit, handle)
        clock = self._told(number, "clock", nvml.nvmlDeviceGetMaxClockInfo, handle, 1)
        compute = self._told(number, "compute", nvml.nvmlDeviceGetCudaComputeCapability, handle)
        return Gpu(
            number,
            _text(self._told(number, "name", nvml.nvmlDeviceGetName, handle)) or f"GPU {number}",
            int(memory.total) if memory is not None else 0,
            power / 1e3 if power is not None else math.nan,
            clock * 1e6 if clock is not None else math.nan,
            f"{compute[0]}.{compute[1]}" if compute is not None else "",
            _text(self._told(number, "uuid", nvml.nvmlDeviceGetUUID, handle)),
        )

    def _measured(self, gpu: Gpu, handle: Any) -> dict[str, float]:
        found: dict[str, float] = {}
        for key, ask in _GPU:
            value = self._told(gpu.number, key, ask, self._nvml, handle)
            if value is not None and math.isfinite(value):
                found[key] = float(value)
        if gpu.memory and "memory" in found:
            found["memory_percent"] = 100 * found["memory"] / gpu.memory
        return found | self._counters(gpu, handle)

    def _counters(self, gpu: Gpu, handle: Any) -> dict[str, float]:
        """Return what the counters of Hopper and later say of the time since the reading before."""
        nvml, number = self._nvml, gpu.number
        support = self._told(number, "counters", nvml.nvmlGpmQueryDeviceSupport, handle)
        if support is None or not support.isSupportedDevice:
            return {}
        sample = self._told(number, "samples", nvml.nvmlGpmSampleAlloc)
        if sample is None:
            return {}
        if self._told(number, "sample", nvml.nvmlGpmSampleGet, handle, sample) is None:
            with contextlib.suppress(nvml.NVMLError):
                nvml.nvmlGpmSampleFree(sample)
            return {}
        before, self._samples[number] = self._samples.get(number), sample
        if before is None:
            return {}
        asked = nvml.c_nvmlGpmMetricsGet_t()
        asked.version = nvml.NVML_GPM_METRICS_GET_VERSION
        asked.numMetrics = len(_GPM)
        asked.sample1, asked.sample2 = before, sample
        for place, (metric, _key, _unit) in enumerate(_GPM):
            asked.metrics[place].metricId = metric
        told = self._told(number, "metrics", nvml.nvmlGpmMetricsGet, asked)
        with contextlib.suppress(nvml.NVMLError):
            nvml.nvmlGpmSampleFree(before)
        if told is None:
            return {}
        return {
            key: float(asked.metrics[place].value) * unit
            for place, (_metric, key, unit) in enumerate(_GPM)
            if asked.metrics[place].nvmlReturn == 0 and math.isfinite(asked.metrics[place].value)
        }

    def _reasons(self, gpu: Gpu, handle: Any) -> tuple[str, ...]:
        ask = getattr(self._nvml, "nvmlDeviceGetCurrentClocksEventReasons", None)
        bits = None if ask is None else self._told(gpu.number, "reasons", ask, handle)
        if bits is None:
            bits = self._told(gpu.number, "throttle", self._nvml.nvmlDeviceGetCurrentClocksThrottleReasons, handle)
        return tuple(words for bit, words in _THROTTLED if bits is not None and int(bits) & bit)

    def _processes(self, gpu: Gpu, handle: Any) -> list[Process]:
        running = self._told(gpu.number, "processes", self._nvml.nvmlDeviceGetComputeRunningProcesses, handle) or ()
        return [
            Process(gpu.number, one.pid, _named(one.pid), -1 if one.usedGpuMemory is None else int(one.usedGpuMemory))
            for one in list(running)[:_MOST_PROCESSES]
        ]


def _reason(nvml: Any, error: Exception) -> str:
    missing = getattr(nvml, "NVMLError_LibraryNotFound", None)
    if missing is not None and isinstance(error, missing):
        return "there is no driver of NVIDIA's on this machine"
    return f"NVIDIA's driver does not answer ({error})"


def _text(said: Any) -> str:
    """Return what the library says as text; older ones say bytes."""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said or "")


def _named(pid: int) -> str:
    try:
        return str(psutil.Process(pid).name())
    except psutil.Error:
        return ""


def _asked(ask: Callable[[], Any]) -> Any:
    """Return what psutil says, None where this system does not tell."""
    try:
        return ask()
    except _UNTOLD:
        return None


def _totals() -> dict[str, float]:
    """Return the bytes that were read, written, received and sent since the machine started."""
    found: dict[str, float] = {}
    disk, net = _asked(psutil.disk_io_counters), _asked(psutil.net_io_counters)
    if disk is not None:
        found |= {"disk_read": float(disk.read_bytes), "disk_write": float(disk.write_bytes)}
    if net is not None:
        found |= {"net_received": float(net.bytes_recv), "net_sent": float(net.bytes_sent)}
    return found


# Readings over time --------------------------------------------------------------------------------------------------


class History:
    """What was measured lately. Readings are taken in a thread, only while somebody looks at them."""

    def __init__(self, machine: Machine, *, every: float = 1.0, most: int = 600, goes_on: float = _GOES_ON) -> None:
        """every: seconds between readings; most: that are kept; goes_on: seconds after the last look."""
        self.machine = machine
        self._every, self._goes_on = every, goes_on
        self._kept: deque[Reading] = deque(maxlen=most)
        self._looked = -math.inf
        self._running = False
        self._lock = threading.Lock()

    def readings(self) -> Sequence[Reading]:
        """Return what was measured, the latest last, and have more measured for a while."""
        with self._lock:
            self._looked = time.monotonic()
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="runlens-machine", daemon=True).start()
            return tuple(self._kept)

    @property
    def running(self) -> bool:
        """Return whether readings are being taken."""
        return self._running

    def _run(self) -> None:
        while True:
            began = time.monotonic()
            reading = self.machine.read()
            with self._lock:
                self._kept.append(reading)
                if time.monotonic() - self._looked > self._goes_on:
                    self._running = False
                    return
            time.sleep(max(0.05, self._every - (time.monotonic() - began)))

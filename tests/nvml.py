"""A library that speaks like NVIDIA's, of GPUs that are not there."""

from types import SimpleNamespace


class NVMLError(Exception):
    """What the library raises. value: the number of its error."""

    def __init__(self, value: int) -> None:
        super().__init__(f"error {value}")
        self.value = value


class NVMLError_LibraryNotFound(NVMLError):  # noqa: N801, N818
    """Raised where there is no driver."""


NOT_SUPPORTED = 3


class Library:
    """GPUs that all tell the same. lacks: functions that are not supported; counters: whether there are those of Hopper."""

    NVMLError = NVMLError
    NVMLError_LibraryNotFound = NVMLError_LibraryNotFound
    NVML_GPM_METRICS_GET_VERSION = 1

    def __init__(
        self, gpus: int = 1, lacks: tuple[str, ...] = (), *, counters: bool = False, driver: bool = True
    ) -> None:
        self.gpus, self.lacks, self.counters, self.driver = gpus, lacks, counters, driver
        self.asked: list[str] = []
        self.samples = 0

    def __getattr__(self, name: str):
        if name not in _TOLD:
            raise AttributeError(name)

        def ask(*arguments):
            self.asked.append(name)
            if name in self.lacks:
                raise NVMLError(NOT_SUPPORTED)
            return _TOLD[name](*arguments)

        return ask

    def nvmlInit(self):  # noqa: N802
        if not self.driver:
            raise NVMLError_LibraryNotFound(12)

    def nvmlDeviceGetCount(self):  # noqa: N802
        return self.gpus

    def nvmlGpmQueryDeviceSupport(self, _handle):  # noqa: N802
        return SimpleNamespace(isSupportedDevice=int(self.counters))

    def nvmlGpmSampleAlloc(self):  # noqa: N802
        self.samples += 1
        return f"sample {self.samples}"

    def nvmlGpmSampleFree(self, _sample):  # noqa: N802
        self.samples -= 1

    def nvmlGpmMetricsGet(self, asked):  # noqa: N802
        for one in asked.metrics[: asked.numMetrics]:
            one.nvmlReturn, one.value = (NOT_SUPPORTED, 0.0) if one.metricId == 5 else (0, float(one.metricId))
        return asked

    @staticmethod
    def c_nvmlGpmMetricsGet_t():  # noqa: N802
        return SimpleNamespace(metrics=[SimpleNamespace(metricId=0, nvmlReturn=-1, value=0.0) for _ in range(100)])


_TOLD = {
    "nvmlSystemGetDriverVersion": lambda: "580.1",
    "nvmlDeviceGetHandleByIndex": lambda number: number,
    "nvmlDeviceGetName": lambda handle: b"Made-up GPU",
    "nvmlDeviceGetUUID": lambda handle: f"GPU-{handle}",
    "nvmlDeviceGetCudaComputeCapability": lambda handle: (9, 0),
    "nvmlDeviceGetEnforcedPowerLimit": lambda handle: 700_000,
    "nvmlDeviceGetMaxClockInfo": lambda handle, clock: 1980,
    "nvmlDeviceGetUtilizationRates": lambda handle: SimpleNamespace(gpu=83, memory=12),
    "nvmlDeviceGetMemoryInfo": lambda handle: SimpleNamespace(total=80 << 30, used=20 << 30, free=60 << 30),
    "nvmlDeviceGetPowerUsage": lambda handle: 412_500,
    "nvmlDeviceGetTemperature": lambda handle, sensor: 64,
    "nvmlDeviceGetClockInfo": lambda handle, clock: {1: 1755, 2: 2619}[clock],
    "nvmlDeviceGetPcieThroughput": lambda handle, counter: (1000, 2000)[counter],
    "nvmlDeviceGetFanSpeed": lambda handle: 30,
    "nvmlDeviceGetEncoderUtilization": lambda handle: [5, 167],
    "nvmlDeviceGetDecoderUtilization": lambda handle: [6, 167],
    "nvmlDeviceGetCurrentClocksEventReasons": lambda handle: 0x1 | 0x4 | 0x40,
    "nvmlDeviceGetCurrentClocksThrottleReasons": lambda handle: 0x4,
    "nvmlDeviceGetComputeRunningProcesses": lambda handle: [SimpleNamespace(pid=1, usedGpuMemory=None)],
    "nvmlGpmSampleGet": lambda handle, sample: sample,
}

"""Profiles of TensorFlow and JAX for tests: planes, lines and events as a test writes them, in protobuf."""

from tbcore.formats.schema import messages

_CLASSES = messages(
    "xplanemaker",
    """
XSpace
     1  planes                  XPlane                      repeated
     2  errors                  string                      repeated
     3  warnings                string                      repeated
     4  hostnames               string                      repeated

XPlane
     1  id                      int64
     2  name                    string
     3  lines                   XLine                       repeated
     4  event_metadata          map<int64,XEventMetadata>
     5  stat_metadata           map<int64,XStatMetadata>
     6  stats                   XStat                       repeated

XLine
     1  id                      int64
     2  name                    string
     3  timestamp_ns            int64
     4  events                  XEvent                      repeated
    11  display_name            string

XEvent
     1  metadata_id             int64
     2  offset_ps               int64                       data
     5  num_occurrences         int64                       data
     3  duration_ps             int64
     4  stats                   XStat                       repeated

XStat
     1  metadata_id             int64
     2  double_value            double                      value
     3  uint64_value            uint64                      value
     4  int64_value             int64                       value
     5  str_value               string                      value
     6  bytes_value             bytes                       value
     7  ref_value               uint64                      value

XEventMetadata
     1  id                      int64
     2  name                    string
     4  display_name            string
     5  stats                   XStat                       repeated

XStatMetadata
     1  id                      int64
     2  name                    string
""",
)


class Plane:
    """One plane. A value of an event is an int, a float, a str (a reference with `ref`) or bytes."""

    def __init__(self, name, number=0, ref=False, **stats):
        self.message = _CLASSES["XPlane"](id=number, name=name)
        self._ref = ref
        self._names = {}
        self._kinds = {}
        for key, value in stats.items():
            self._stat(self.message.stats.add(), key, value)

    def line(self, name, *events, at=0, number=0, shown=""):
        """Add a line; an event is (name, start ns, duration ns, values by name). at: nanoseconds that starts count from."""
        line = self.message.lines.add(
            id=number or len(self.message.lines) + 1, name=name, timestamp_ns=at, display_name=shown
        )
        for kind, start, duration, *values in events:
            event = line.events.add(
                metadata_id=self.kind(kind), offset_ps=round(start * 1000), duration_ps=round(duration * 1000)
            )
            for key, value in (values[0] if values else {}).items():
                self._stat(event.stats.add(), key, value)
        return self

    def kind(self, name, shown="", **stats):
        """Return the number of a kind of event."""
        if name not in self._kinds:
            self._kinds[name] = len(self._kinds) + 1
            made = self.message.event_metadata[self._kinds[name]]
            made.id, made.name, made.display_name = self._kinds[name], name, shown
            for key, value in stats.items():
                self._stat(made.stats.add(), key, value)
        return self._kinds[name]

    def _name(self, name):
        if name not in self._names:
            self._names[name] = len(self._names) + 1
            self.message.stat_metadata[self._names[name]].id = self._names[name]
            self.message.stat_metadata[self._names[name]].name = name
        return self._names[name]

    def _stat(self, stat, key, value):
        stat.metadata_id = self._name(key)
        if isinstance(value, str) and self._ref:
            stat.ref_value = self._name(value)
        elif isinstance(value, str):
            stat.str_value = value
        elif isinstance(value, bytes):
            stat.bytes_value = value
        elif isinstance(value, float):
            stat.double_value = value
        elif value >= 1 << 63:
            stat.uint64_value = value
        else:
            stat.int64_value = value


def space(*planes, **fields):
    """Return the bytes of an XSpace."""
    return _CLASSES["XSpace"](planes=[plane.message for plane in planes], **fields).SerializeToString()


def gpu_step(base=1_000_000_000, steps=3, half=False):
    """Return two planes of a program on a GPU: each step takes 1000 ns, of which kernels take 400, a copy of data 100."""
    host, device = (
        Plane("/host:CPU", 1),
        Plane("/device:GPU:0", 2, compute_cap_major=9, core_count=132, memory_size=80 << 30),
    )
    events, kernels, copies = [], [], []
    name = "volta_fp16_s884gemm" if half else "ampere_sgemm"
    details = "regs:32 static_shared:0 dynamic_shared:16384 grid:2,1,1 block:32,1,1 occ_pct:100"
    for step in range(steps):
        at = step * 1000
        events += [
            ("train", at, 1000, {"_r": 1, "step_num": step}),
            ("LaunchKernel", at + 100, 50, {"correlation_id": 10 * step + 1}),
            ("MemcpyAsync", at + 200, 20, {"correlation_id": 10 * step + 2}),
        ]
        kernels.append((name, at + 300, 400, {"correlation_id": 10 * step + 1, "kernel_details": details}))
        copies.append(
            (
                "MemcpyH2D",
                at + 220,
                100,
                {"correlation_id": 10 * step + 2, "memcpy_details": "kind_src:pinned kind_dst:device num_bytes:4096"},
            )
        )
    host.line("python", *events, at=base)
    device.line("Stream #13(Compute)", *kernels, at=base).line("Stream #14(MemcpyH2D)", *copies, at=base)
    return host, device

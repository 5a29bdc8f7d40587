"""The binary traces of TensorFlow 2.0 to 2.4: `plugins/profile/<session>/<host>.trace`, a message Trace.

    trace = trace_events.read(data, key)

Devices are processes, resources are threads. Each event is read by itself, so that of a damaged or cut file all before that place
is kept. What the events mean is told by the names of their devices, as in the JSON that TensorFlow makes of these files, which
is what they become here on the way.
Source: tensorflow/core/profiler/protobuf/trace_events.proto.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tbcore.errors import MessageError, TraceError
from tbcore.formats import chrome_trace
from tbcore.formats.chrome_write import document, line
from tbcore.formats.schema import messages, parse, text, varint
from tbcore.formats.trace import Trace

_CLASSES = messages(
    "trace_events",
    """
Entry
     1  key                     uint32
     2  value                   Device

Device
     1  name                    string
     2  device_id               uint32
     3  resources               map<uint32,Resource>

Resource
     1  name                    string
     2  resource_id             uint32
     3  sort_index              uint32

TraceEvent
     1  device_id               uint32
     2  resource_id             uint32
     3  name                    string
     9  timestamp_ps            uint64
    10  duration_ps             uint64
    11  args                    map<string,string>
""",
)

_DEVICES, _EVENTS = 1, 4
_BYTES = 2  # the wire type of messages
_ARGUMENTS = 64  # of one event that are kept


def begins(data: bytes) -> bool:
    """Return whether a file that begins with `data` may be such a trace: with a device, or an event."""
    tag, at = varint(data, 0)
    size, at = varint(data, at)
    first = {_DEVICES: (0x08, 0x12), _EVENTS: (0x08, 0x10, 0x1A, 0x48, 0x50, 0x5A)}.get(tag >> 3, ())
    return at > 0 and tag & 7 == _BYTES and size > 0 and data[at : at + 1] in [bytes([one]) for one in first]


def read(data: bytes, key: str) -> Trace:
    """Return the recording in a message Trace. Raises TraceError when it holds nothing."""
    notes: list[str] = []
    found = chrome_trace.read(document(_lines(data, notes), {}), key)
    if not len(found):
        raise TraceError("this trace of TensorFlow holds no event")
    return replace(found, notes=(*notes, *found.notes))


def _lines(data: bytes, notes: list[str]) -> Iterator[str]:
    """Yield the devices and events as lines of JSON; notes: is told what is damaged."""
    at = bad = 0
    while at < len(data):
        tag, start = varint(data, at)
        size, start = varint(data, start)
        if start < 0 or tag & 7 != _BYTES or start + size > len(data):
            notes.append(f"The file is damaged or cut at byte {at:,}: what lies before that is kept.")
            break
        at = start + size
        kind = {_DEVICES: "Entry", _EVENTS: "TraceEvent"}.get(tag >> 3)
        if kind is None:
            continue
        try:
            one = parse(_CLASSES[kind], data[start:at])
        except MessageError:
            bad += 1
            continue
        yield from _device(one) if tag >> 3 == _DEVICES else (_event(one),)
    if bad:
        notes.append(f"{bad:,} damaged {'message was' if bad == 1 else 'messages were'} left out.")


def _device(entry: Any) -> Iterator[str]:
    """Yield how a device and its resources are called, and their order."""
    device, pid = entry.value, entry.value.device_id or entry.key
    yield line("M", "process_name", pid, 0, 0, args={"name": text(device.name)})
    yield line("M", "process_sort_index", pid, 0, 0, args={"sort_index": pid})
    for number in sorted(device.resources):
        resource = device.resources[number]
        yield line("M", "thread_name", pid, number, 0, args={"name": text(resource.name)})
        order = {"sort_index": resource.sort_index or number}
        yield line("M", "thread_sort_index", pid, number, 0, args=order)


def _event(one: Any) -> str:
    args = dict(sorted((text(name), text(said)) for name, said in one.args.items())[:_ARGUMENTS])
    start, duration = ((value + 500) // 1000 for value in (one.timestamp_ps, one.duration_ps))
    return line("X", text(one.name), one.device_id, one.resource_id, start, duration, args=args or None)

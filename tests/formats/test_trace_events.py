"""The binary traces of TensorFlow 2.0 to 2.4."""

import pytest

from tbcore.errors import TraceError
from tbcore.formats import trace_events
from tbcore.formats.trace import KERNEL, MEMCPY, OTHER


def varint(value: int) -> bytes:
    found = b""
    while value > 127:
        found += bytes([value & 127 | 128])
        value >>= 7
    return found + bytes([value])


def message(**fields: object) -> bytes:
    """Return a message of fields called _1, _2 and so on: numbers, or bytes."""
    found = b""
    for name, value in fields.items():
        number = int(name[1:]) << 3
        if isinstance(value, int):
            found += varint(number) + varint(value)
        else:
            assert isinstance(value, bytes)
            found += varint(number | 2) + varint(len(value)) + value
    return found


def device(number: int, name: bytes, **resources: bytes) -> bytes:
    """Return the entry of a device; resources: names by _number."""
    held = b"".join(
        message(_3=message(_1=int(key[1:]), _2=message(_1=one, _2=int(key[1:])))) for key, one in resources.items()
    )
    return message(_1=message(_1=number, _2=message(_1=name, _2=number) + held))


def event(pid: int, tid: int, name: bytes, start: int, duration: int, **args: bytes) -> bytes:
    held = b"".join(message(_11=message(_1=key.encode(), _2=value)) for key, value in args.items())
    return message(_4=message(_1=pid, _2=tid, _3=name, _9=start, _10=duration) + held)


GPU = device(1, b"/device:GPU:0", _7=b"stream 7")
HOST = device(2, b"/host:CPU", _3=b"worker")
MATMUL = event(1, 7, b"sgemm", 5_000_000, 2_000_499, correlation_id=b"12", tf_op=b"mm:MatMul")
COPY = event(1, 7, b"MEMCPYHtoD", 9_000_500, 1_000)
RUN = event(2, 3, b"FunctionRun", 1_000_000, 12_000_000)
WHOLE = GPU + HOST + MATMUL + COPY + RUN


def test_devices_are_processes_and_picoseconds_are_rounded_to_nanoseconds() -> None:
    trace = trace_events.read(WHOLE, "key")
    assert [(one.process, one.thread, one.device) for one in trace.lanes] == [
        ("/host:CPU", "worker", -1),
        ("/device:GPU:0", "stream 7", 0),
    ]
    assert [(trace.named(row), int(trace.start[row]), int(trace.duration[row])) for row in range(3)] == [
        ("FunctionRun", 1_000, 12_000),
        ("sgemm", 5_000, 2_000),
        ("MEMCPYHtoD", 9_001, 1),
    ]
    assert trace.role.tolist() == [OTHER, KERNEL, MEMCPY]
    assert trace.arguments(1) == {"correlation_id": "12", "tf_op": "mm:MatMul"}
    assert (trace.key, trace.source, trace.notes) == ("key", "chrome", ())


def test_a_cut_file_gives_the_events_before_the_cut() -> None:
    trace = trace_events.read(WHOLE[:-4], "key")
    assert [trace.named(row) for row in range(len(trace))] == ["sgemm", "MEMCPYHtoD"]
    cut = len(WHOLE) - len(RUN)
    assert trace.notes == (f"The file is damaged or cut at byte {cut:,}: what lies before that is kept.",)


def test_a_damaged_event_is_left_out_and_counted() -> None:
    trace = trace_events.read(GPU + message(_4=b"\x1a\xff") + MATMUL, "key")
    assert (len(trace), trace.notes) == (1, ("1 damaged message was left out.",))


@pytest.mark.parametrize("cut", range(len(WHOLE)))
def test_no_cut_raises_anything_but_what_says_so(cut: int) -> None:
    try:
        trace = trace_events.read(WHOLE[:cut], "key")
    except TraceError:
        return
    assert 1 <= len(trace) <= 3


@pytest.mark.parametrize("data", [b"", HOST, b"\xff" * 40, b'{"traceEvents": []}'])
def test_what_holds_no_event_is_no_trace(data: bytes) -> None:
    with pytest.raises(TraceError):
        trace_events.read(data, "key")


@pytest.mark.parametrize(
    ("data", "said"),
    [(WHOLE, True), (MATMUL, True), (b'\n {"traceEvents": [', False), (b'"a"', False), (b"", False), (b"\n", False)],
)
def test_a_trace_is_known_by_its_first_bytes(data: bytes, said: bool) -> None:
    assert trace_events.begins(data) is said

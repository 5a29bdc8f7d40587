"""Recordings that are brought along as bytes: what they are, and what they hold."""

import csv as tables
import io
import re
import zlib
from collections.abc import Callable, Iterator

import numpy as np

from tbcore.errors import MessageError
from tbcore.formats import chrome_trace, memory_timeline, pprof, tf_profile, trace_events, xplane
from tbcore.formats.tf_profile import Report, Table
from tbcore.formats.trace import DEVICE_WORK, Trace

__all__ = [
    "ENDINGS",
    "TRACES",
    "UPLOAD_LIMIT",
    "Report",
    "Trace",
    "csv",
    "form",
    "has_kernels",
    "has_memory",
    "has_modules",
    "report",
    "trace",
]

UPLOAD_LIMIT = 200 << 20  # bytes
ENDINGS = ("json", "gz", "pb", "trace", "prof")
TRACES = ("pytorch", "chrome", "xplane", "tf_trace", "step_stats")  # formats that hold events
_MESSAGES = {"xplane": xplane.read, "tf_trace": trace_events.read}
_LARGEST = 2 << 30  # bytes that a file may unpack to where it is read whole
_PIECE = 1 << 20
_GZIP = b"\x1f\x8b"
_LOOK = 64 << 10  # bytes in which a trace tells who wrote it
_PYTORCH = re.compile(rb'"(schemaVersion|deviceProperties|computeProperties|distributedInfo|baseTimeNanoseconds)"\s*:')
_NAMED = (
    #  ends with                      format
    ((".xplane.pb",), "xplane"),
    ((".pt.trace.json", ".pt.trace.json.gz"), "pytorch"),
    (("memory_timeline.json", "memory_timeline.json.gz", ".raw.json.gz"), "memory_timeline"),
    ((".prof",), "pprof"),
    (tuple(tf_profile.ENDINGS), "report"),
)


def form(name: str, data: bytes) -> str:
    """Return the format of a file, as recordings of the logs have it. Raises FormatError when it is none of them."""
    for endings, found in _NAMED:
        if name.endswith(endings):
            return found
    if name.endswith(".trace") and trace_events.begins(data):
        return "tf_trace"
    if name.endswith((".json", ".json.gz", ".trace", ".trace.gz")):
        return "pytorch" if _PYTORCH.search(_head(data)) else "chrome"
    raise MessageError("a recording is a .json or .json.gz of events, or an .xplane.pb")


def _head(data: bytes) -> bytes:
    if not data.startswith(_GZIP):
        return data[:_LOOK]
    try:
        return zlib.decompressobj(31).decompress(data[:_LOOK], _LOOK)
    except zlib.error:
        return b""


def trace(
    data: bytes,
    form: str,
    key: str,
    progress: Callable[[float], None] | None = None,
    stopped: Callable[[], bool] | None = None,
) -> Trace:
    """Return the events of a file. key: moves with its content. Raises FormatError, also when `stopped` returned True."""
    pieces = _unpacked(data, progress, stopped)
    return _MESSAGES[form](_whole(pieces), key) if form in _MESSAGES else chrome_trace.read(pieces, key)


def report(data: bytes, name: str, form: str) -> Report:
    """Return the tables of a file that holds a tool's answers. Raises FormatError."""
    held = _whole(_unpacked(data))
    if form == "memory_timeline":
        return tf_profile.memory_timeline(memory_timeline.read(held))
    if form == "pprof":
        return tf_profile.heap(pprof.read(held))
    return tf_profile.read(name, held)


def _unpacked(
    data: bytes, progress: Callable[[float], None] | None = None, stopped: Callable[[], bool] | None = None
) -> Iterator[bytes]:
    pieces = _pieces(data, progress, stopped)
    return chrome_trace.gunzipped(pieces) if data.startswith(_GZIP) else pieces


def _pieces(
    data: bytes, progress: Callable[[float], None] | None, stopped: Callable[[], bool] | None
) -> Iterator[bytes]:
    for start in range(0, len(data), _PIECE):
        if stopped is not None and stopped():
            raise MessageError("the reading was stopped")
        yield data[start : start + _PIECE]
        if progress is not None:
            progress((start + _PIECE) / len(data))


def _whole(pieces: Iterator[bytes]) -> bytes:
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) > _LARGEST:
            raise MessageError(f"it unpacks to more than {_LARGEST:,} bytes: not read")
    return bytes(held)


def csv(table: Table) -> bytes:
    """Return a table of a report as CSV."""
    text = io.StringIO()
    rows = tables.writer(text, lineterminator="\n")
    rows.writerow(table.columns)
    rows.writerows(table.rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


# What a trace holds --------------------------------------------------------------------------------------------------


def has_kernels(trace: Trace) -> bool:
    """Return whether there is work of a device."""
    return bool(np.isin(trace.role, DEVICE_WORK).any())


def has_memory(trace: Trace) -> bool:
    """Return whether there are allocations."""
    return len(trace.memory) > 0


def has_modules(trace: Trace) -> bool:
    """Return whether there are modules of a network."""
    return "Python module id" in trace.columns

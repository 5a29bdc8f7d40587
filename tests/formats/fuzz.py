"""Throw bytes at the kernel until the time is up: `NUMBA_BOUNDSCHECK=1 python -m tests.formats.fuzz SECONDS CASES [SEED]`.

With that variable set every array access and every raw load is checked, so that a read or write beyond an array is an
IndexError instead of luck. Prints what was tried; any exception, and any scan that does not come to an end, is a bug.
"""

import os
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from google.protobuf.unknown_fields import UnknownFieldSet

from tbcore.errors import MessageError
from tbcore.formats import histograms, scan
from tbcore.formats.schema import Event, parse
from tbcore.store.columns import Part
from tests import eventfile as ef
from tests.fixtures import FIXTURES
from tests.formats.reading import Found, scanned

_GROUP = 3  # wire type
_SMALL = 4000  # bytes
_MOST_SCANS = 10_000  # calls of the kernel that one small file may take


def samples() -> list[bytes]:
    """Return the data of events of every form, as their records hold it."""
    values = [
        ef.simple("loss", 0.5),
        ef.simple("x" * 100, 0.5, ef.metadata("scalars", b"content", "name", "text")),
        ef.field(7, "node") + ef.single(2, 1.5),
        ef.nothing("empty", ef.metadata("hparams", b"\x12\x03abc")),
        ef.histo("histogram", [1.0, 2.0], [3.0, 4.0], 0.0, 2.0),
        ef.image("image", 2, 3, b"\x89PNG" + bytes(60)),
        ef.audio("audio", b"RIFF" + bytes(40)),
        ef.tensor("text", "string", [b"some", b"text"], (2,), ef.metadata("text")),
        ef.tensor("matrix", "float", [1.0, 2.0, 3.0, 4.0], (2, 2)),
        *[
            ef.tensor("number", dtype, [1], (), ef.metadata("scalars"), listed=listed)
            for dtype in ef.DTYPES
            for listed in (True, False)
        ],
    ]
    events = [ef.event(step * 1000, value) for step, value in enumerate(values)]
    events.append(ef.event(-5, *values))
    events.append(ef.head(2**40, ef.T0) + ef.field(5, ef.field(1, values[0])) + ef.field(5, ef.field(1, values[1])))
    events.append(ef.head(1, ef.T0) + ef.field(3, "brain.Event:2") + ef.field(10, ef.field(1, "writer")))
    events.append(ef.head(1, ef.T0) + ef.field(7, ef.integer(1, 1)) + ef.field(6, b"log") + ef.field(4, b"graph"))
    events.append(b"")
    return events


def writers() -> list[bytes]:
    """Return small files of real writers, where they lie beside the repository."""
    paths = sorted((FIXTURES / "logs").glob("*/**/*tfevents*"))
    return [path.read_bytes() for path in paths if path.is_file() and 0 < path.stat().st_size < _SMALL]


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """Return `data` with a few bytes changed, put in, taken out, repeated or cut off."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        at = int(rng.integers(len(out) + 1))
        length = int(rng.integers(1, 12))
        act = int(rng.integers(7))
        if act == 0:
            out[at : at + length] = rng.bytes(length)
        elif act == 1:
            out[at:at] = rng.bytes(length)
        elif act == 2:
            del out[at : at + length]
        elif act == 3:
            out[at:at] = out[at : at + 40]
        elif act == 4:
            del out[at:]
        elif act == 5 and at < len(out):
            out[at] ^= 1 << int(rng.integers(8))
        elif at < len(out):
            out[at] = int(rng.choice([0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF]))
    return bytes(out)


def read(data: bytes, rng: np.random.Generator) -> None:
    """Read a file's bytes as the store does, in buffers that are exactly as long as they must be."""
    part = Part()
    part.ints[scan.POS] = 0
    limit = int(rng.integers(len(data) + 1)) if rng.random() < 0.2 else len(data)
    size = len(data) if rng.random() < 0.9 else len(data) + int(rng.integers(100))
    end, room = 0, int(rng.integers(1, 2 * len(data) + 2))
    for _ in range(_MOST_SCANS):
        base = part.keep
        end = min(len(data), max(end, base) + room)
        buffer = np.frombuffer(data[base:end] + b"\xff" * scan.PADDING, np.uint8).copy()
        status = part.read(buffer, end - base, base, size, limit)
        if end == len(data) or status == scan.REACHED:
            break
    else:
        raise RuntimeError(f"no end after {_MOST_SCANS} scans")
    part.rows()
    part.event_fields()
    buffer = np.frombuffer(data + b"\xff" * scan.PADDING, np.uint8).copy()
    scan.record_after(buffer, len(data))


def decode(rng: np.random.Generator) -> None:
    """Read histograms of which some are damaged, from a buffer that ends with the last of them."""
    doubles = rng.normal(size=9).tolist()
    whole = {
        "histo": ef.histo("histogram", doubles[:4], [0.0, 3.0, 1.0, 0.0], doubles[4], doubles[5]),
        "tensor": ef.tensor("histogram", "double", doubles, (3, 3), ef.metadata("histograms")),
    }
    for form, value in whole.items():
        values = [mutated(value, rng) if rng.random() < 0.8 else value for _ in range(4)]
        lengths = np.array([len(value) for value in values])
        histograms.columns(np.frombuffer(b"".join(values), np.uint8), np.cumsum(lengths) - lengths, lengths, form)


def grouped(message: Any) -> bool:
    """Return whether a message holds a group, which protobuf still skips and the kernel takes for damage."""
    if any(field.wire_type == _GROUP for field in UnknownFieldSet(message)):
        return True
    inner = [value for field, value in message.ListFields() if field.type == field.TYPE_MESSAGE]
    return any(grouped(one) for value in inner for one in (value if isinstance(value, Sequence) else [value]))


def agrees(data: bytes, found: Found) -> bool:
    """Return whether the kernel read from an intact record what protobuf reads, where protobuf can read it."""
    try:
        event = parse(Event, data)
    except MessageError:
        return True
    if found.problems:
        return grouped(event)
    if any(form != "source_metadata" for form, *_rest in found.events):
        return True  # of a summary and something else in one event protobuf keeps the last, the kernel both
    points = [(tag, form, step, value) for (tag, form), rows in found.points.items() for step, _wall, value in rows]
    if len(points) != len(event.summary.value):
        return False
    simple = [
        (value.tag.encode() if isinstance(value.tag, str) else value.tag, event.step, value.simple_value)
        for value in event.summary.value
        if value.WhichOneof("value") == "simple_value" and value.tag
    ]
    ours = {(tag, step, repr(value)) for tag, form, step, value in points if form == "scalar"}
    return all((tag, step, repr(value)) in ours for tag, step, value in simple)


def main(seconds: float, cases: int, seed: int) -> int:
    rng = np.random.default_rng(seed)
    events, real = samples(), writers()
    began = time.monotonic()
    done = {"noise": 0, "files": 0, "messages": 0, "headers": 0, "histograms": 0}
    scanned(b"")
    histograms.warm()
    compiled = time.monotonic() - began
    began = time.monotonic()
    for case in range(cases):
        if time.monotonic() - began > seconds:
            break
        what = list(done)[case % 5]
        if what == "histograms":
            decode(rng)
            done[what] += 1
            continue
        if what == "noise":
            data = rng.bytes(int(rng.integers(600)))
        elif what == "files":
            own = b"".join(ef.record(events[i]) for i in rng.integers(len(events), size=int(rng.integers(1, 8))))
            data = mutated(real[int(rng.integers(len(real)))] if real and case % 10 == 1 else own, rng)
        elif what == "messages":
            one = mutated(events[int(rng.integers(len(events)))], rng)
            if not agrees(one, scanned(ef.record(one))):
                raise RuntimeError(f"case {case} of seed {seed}: the kernel and protobuf differ on {one!r}")
            several = [mutated(events[int(i)], rng) for i in rng.integers(len(events), size=6)]
            data = b"".join(ef.record(event) * int(rng.integers(1, 4)) for event in (one, *several))
        else:
            length = int(rng.choice([0, 1, 2**31, 2**32, 2**60, 2**63 - 1, 2**63 - 17, int(rng.integers(200))]))
            data = b"".join(
                header(length + int(rng.integers(3))) + rng.bytes(int(rng.integers(80)))
                for _ in range(int(rng.integers(1, 6)))
            )
        read(data, rng)
        done[what] += 1
    checked = "checked" if scan._CHECKED else "unchecked"
    print(f"{checked}: {done}, compiled in {compiled:.1f} s, {time.monotonic() - began:.1f} s, process {os.getpid()}")
    return 0


def header(length: int) -> bytes:
    """Return a length with its checksum."""
    return length.to_bytes(8, "little") + ef.masked(length.to_bytes(8, "little")).to_bytes(4, "little")


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0))

"""Event files for tests, written byte by byte: nothing of tbcore is used, so both can be wrong only separately.

    write(folder / "events.out.tfevents.1.host", version(), scalar(0, "loss", 0.5), scalar(1, "loss", 0.25))

Values (`simple`, `tensor`, `histo`, `image`, `audio`, `nothing`) go into `event(step, ...)`, events into `record`;
`scalar`, `version`, ... are whole records already. Damage is done to the bytes of a file: `flip`, `cut`, `insert`.
"""

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

from crc32c import crc32c

T0 = 1_760_000_000.0

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

# TensorProto.dtype: number and struct format of one element of tensor_content.
DTYPES = {
    "float": (1, "f"),
    "double": (2, "d"),
    "int32": (3, "i"),
    "uint8": (4, "B"),
    "int16": (5, "h"),
    "int8": (6, "b"),
    "int64": (9, "q"),
    "bool": (10, "?"),
    "uint16": (17, "H"),
    "half": (19, "e"),
    "uint32": (22, "I"),
    "uint64": (23, "Q"),
}
# Typed lists: field number and how an item is written ("" is a varint).
LISTS = {
    "float": (5, "f"),
    "double": (6, "d"),
    "int32": (7, ""),
    "uint8": (7, ""),
    "int16": (7, ""),
    "int8": (7, ""),
    "int64": (10, ""),
    "bool": (11, ""),
    "uint16": (7, ""),
    "half": (13, ""),
    "bfloat16": (13, ""),
    "uint32": (16, ""),
    "uint64": (17, ""),
    "complex64": (9, "f"),
    "complex128": (12, "d"),
}
NUMBERS = {name: number for name, (number, _) in DTYPES.items()} | {
    "string": 7,
    "complex64": 8,
    "bfloat16": 14,
    "complex128": 18,
}


# Protobuf's wire format ----------------------------------------------------------------------------------------------


def varint(number: int) -> bytes:
    """Return `number` as a varint; a negative one takes ten bytes, as protobuf writes int64."""
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def key(number: int, wire: int) -> bytes:
    """Return the key of field `number`."""
    return varint(number << 3 | wire)


def integer(number: int, value: int) -> bytes:
    """Return an integer field."""
    return key(number, VARINT) + varint(value)


def double(number: int, value: float) -> bytes:
    """Return a double field."""
    return key(number, FIXED64) + struct.pack("<d", value)


def single(number: int, value: float) -> bytes:
    """Return a float field."""
    return key(number, FIXED32) + struct.pack("<f", value)


def field(number: int, value: bytes | str) -> bytes:
    """Return a field of bytes, text or a message."""
    value = value.encode() if isinstance(value, str) else value
    return key(number, BYTES) + varint(len(value)) + value


# Summary values ------------------------------------------------------------------------------------------------------


def metadata(
    plugin: str = "", content: bytes = b"", display_name: str = "", description: str = "", data_class: int = 0
) -> bytes:
    """Return the metadata field of a value."""
    data = (field(1, plugin) if plugin else b"") + (field(2, content) if content else b"")
    body = field(1, data)
    body += field(2, display_name) if display_name else b""
    body += field(3, description) if description else b""
    body += integer(4, data_class) if data_class else b""
    return field(9, body)


def simple(tag: str | bytes, value: float, extra: bytes = b"") -> bytes:
    """Return a value with simple_value; extra: more fields, such as `metadata(...)`."""
    return field(1, tag) + extra + single(2, value)


def shape_field(shape: Iterable[int]) -> bytes:
    """Return the shape field of a tensor."""
    return field(2, b"".join(field(2, integer(1, size)) for size in shape))


def tensor_body(
    dtype: str, values: Sequence[float] | Sequence[bytes], shape: Sequence[int] | None = None, *, listed: bool = False
) -> bytes:
    """Return a TensorProto with its values in tensor_content, or in the typed list of its dtype.

    Strings are always listed; half and bfloat16 are listed as their 16 bits, complex as real and imaginary part.
    shape: one dimension when not given; () is a scalar.
    """
    head = integer(1, NUMBERS[dtype]) + shape_field([len(values)] if shape is None else shape)
    if dtype == "string":
        return head + b"".join(field(8, value) for value in values)
    if not listed:
        return head + field(4, struct.pack(f"<{len(values)}{DTYPES[dtype][1]}", *values))
    number, item = LISTS[dtype]
    if item:
        return head + field(number, struct.pack(f"<{len(values)}{item}", *values))
    return head + field(number, b"".join(varint(int(value)) for value in values))


def tensor(
    tag: str | bytes,
    dtype: str,
    values: Sequence[float] | Sequence[bytes],
    shape: Sequence[int] | None = None,
    extra: bytes = b"",
    *,
    listed: bool = False,
) -> bytes:
    """Return a value with a tensor; see `tensor_body`."""
    return field(1, tag) + extra + field(8, tensor_body(dtype, values, shape, listed=listed))


def histo(
    tag: str,
    limits: Sequence[float],
    counts: Sequence[float],
    low: float,
    high: float,
    extra: bytes = b"",
    totals: tuple[float, float, float] | None = None,
) -> bytes:
    """Return a value with a legacy histogram; totals: number of values, their sum, the sum of their squares."""
    num, total, squares = totals or (sum(counts), 0.0, 0.0)
    body = double(1, low) + double(2, high) + double(3, num) + double(4, total) + double(5, squares)
    body += field(6, struct.pack(f"<{len(limits)}d", *limits)) + field(7, struct.pack(f"<{len(counts)}d", *counts))
    return field(1, tag) + extra + field(5, body)


def image(tag: str, width: int, height: int, encoded: bytes, extra: bytes = b"", colorspace: int = 3) -> bytes:
    """Return a value with a legacy image."""
    body = integer(1, height) + integer(2, width) + integer(3, colorspace) + field(4, encoded)
    return field(1, tag) + extra + field(4, body)


def audio(
    tag: str,
    encoded: bytes,
    rate: float = 44100.0,
    channels: int = 1,
    frames: int = 0,
    content_type: str = "audio/wav",
    extra: bytes = b"",
) -> bytes:
    """Return a value with a legacy audio clip."""
    body = single(1, rate) + integer(2, channels) + integer(3, frames) + field(4, encoded) + field(5, content_type)
    return field(1, tag) + extra + field(6, body)


def nothing(tag: str, extra: bytes = b"") -> bytes:
    """Return a value without a value: a tag, and metadata when given as `extra`."""
    return field(1, tag) + extra


# Events --------------------------------------------------------------------------------------------------------------


def head(step: int, wall: float) -> bytes:
    """Return the fields every event begins with; step 0 is left out, as protobuf does."""
    return double(1, wall) + (integer(2, step) if step else b"")


def event(step: int, *values: bytes, wall: float | None = None) -> bytes:
    """Return an event that holds summary values; its wall time is T0 + step seconds when not given."""
    wall = T0 + step if wall is None else wall
    return head(step, wall) + field(5, b"".join(field(1, value) for value in values))


def record(data: bytes) -> bytes:
    """Return `data` framed as a record with both checksums."""
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked(length)) + data + struct.pack("<I", masked(data))


def masked(data: bytes) -> int:
    """Return the masked CRC32C of `data`."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


# Whole records -------------------------------------------------------------------------------------------------------


def version(wall: float = T0, text: str = "brain.Event:2", writer: str = "") -> bytes:
    """Return the record that opens a file."""
    return record(head(0, wall) + field(3, text) + (field(10, field(1, writer)) if writer else b""))


def scalar(step: int, tag: str | bytes, value: float, wall: float | None = None) -> bytes:
    """Return a record with one simple_value."""
    return record(event(step, simple(tag, value), wall=wall))


def tensor_scalar(step: int, tag: str, value: float, dtype: str = "float", wall: float | None = None) -> bytes:
    """Return a record with one rank-0 tensor under the plugin "scalars", as TensorFlow 2 writes a scalar."""
    return record(event(step, tensor(tag, dtype, [value], (), metadata("scalars")), wall=wall))


def graph(data: bytes, wall: float = T0, step: int = 0, *, meta: bool = False) -> bytes:
    """Return a record with a serialized GraphDef, or a MetaGraphDef."""
    return record(head(step, wall) + field(9 if meta else 4, data))


def run_metadata(step: int, tag: str, data: bytes, wall: float = T0) -> bytes:
    """Return a record with a tagged RunMetadata."""
    return record(head(step, wall) + field(8, field(1, tag) + field(2, data)))


def session(step: int, status: int = 1, wall: float = T0, path: str = "", message: str = "") -> bytes:
    """Return a record with a SessionLog; status: 1 START, 2 STOP, 3 CHECKPOINT."""
    body = integer(1, status) + (field(2, path) if path else b"") + (field(3, message) if message else b"")
    return record(head(step, wall) + field(7, body))


# Files and their damage ----------------------------------------------------------------------------------------------


def write(path: Path, *records: bytes) -> Path:
    """Write records (or any bytes) to `path`, whose folder is made, and return it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(records))
    return path


def curve(tag: str, values: Iterable[float], first: int = 0) -> list[bytes]:
    """Return one scalar record per value, at steps `first`, `first` + 1, ..."""
    return [scalar(step, tag, value) for step, value in enumerate(values, first)]


def offsets(data: bytes) -> list[int]:
    """Return where each record of undamaged `data` begins, and the end."""
    found = [0]
    while found[-1] < len(data):
        found.append(found[-1] + 16 + struct.unpack_from("<Q", data, found[-1])[0])
    return found


def flip(data: bytes, at: int, mask: int = 0x01) -> bytes:
    """Return `data` with the bits of `mask` flipped in the byte at `at` (negative: from the end)."""
    damaged = bytearray(data)
    damaged[at] ^= mask
    return bytes(damaged)


def cut(data: bytes, start: int, stop: int | None = None) -> bytes:
    """Return `data` without the bytes from `start` up to `stop` (to the end when not given)."""
    return data[:start] + (b"" if stop is None else data[stop:])


def insert(data: bytes, at: int, garbage: bytes) -> bytes:
    """Return `data` with `garbage` put in before the byte at `at`."""
    return data[:at] + garbage + data[at:]

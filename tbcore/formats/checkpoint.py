"""TensorFlow's checkpoints, read without TensorFlow: the index of one, and the variables in its data files.

    found = variables(index)                     # of PREFIX.index
    values = read(found["embedding"], reader)    # reader(shard, offset, length) gives bytes of a data file

An index is LevelDB's table: blocks of keys, each leaving out what it shares with the key before it, an index of the
blocks, and a footer. Its values are messages: with the empty key a header, else the place of a variable, or the pieces
that it is cut into, which have entries of their own.

Source: leveldb's doc/table_format.md; tensorflow/core/protobuf/tensor_bundle.proto and framework/tensor_slice.proto;
util/tensor_bundle/naming.cc for the names of data files; util/saved_tensor_slice_util.cc and lib/strings/ordered_code.cc
for the keys of pieces; snappy's format_description.txt for the length in front of a packed block.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tbcore.errors import EmbeddingError
from tbcore.formats.crc import masked_crc
from tbcore.formats.schema import DataType, messages, parse

MAGIC = 0xDB4775248B80FB57
_FOOTER = 48  # bytes at the end: places of the two indexes, filled up, and the magic number
_TRAILER = 5  # bytes after a block: how it is packed, and a checksum
_PLAIN, _SNAPPY = 0, 1
_LARGEST_BLOCK = 64 << 20  # bytes of a block when it is unpacked
_LARGEST_INDEX = 256 << 20  # bytes of all blocks when they are unpacked, and of all keys
_LARGEST_KEYS = 64 << 20  # bytes of the keys of a block: each may be the one before with some more
_ENTRY = 64  # bytes that an entry takes at least, however short it is written
_MOST_PIECES = 1 << 16
LARGEST = 1 << 30  # bytes of a variable

_TABLE = """
BundleHeader
     1  num_shards              int32
     2  endianness              int32

BundleEntry
     1  dtype                   int32
     2  shape                   TensorShapeProto
     3  shard_id                int32
     4  offset                  int64
     5  size                    int64
     6  crc32c                  fixed32
     7  slices                  TensorSlice                 repeated

TensorSlice
     1  extent                  Extent                      repeated

TensorSlice.Extent
     1  start                   int64
     2  length                  int64                       has_length
"""
_classes = messages("checkpoint", _TABLE)
_Header, _Entry = _classes["BundleHeader"], _classes["BundleEntry"]

_BFLOAT16 = "bfloat16"  # of which NumPy has none: the upper half of a float32
_STORED = {
    DataType.FLOAT: "f4",
    DataType.DOUBLE: "f8",
    DataType.HALF: "f2",
    DataType.BFLOAT16: _BFLOAT16,
    DataType.INT8: "i1",
    DataType.INT16: "i2",
    DataType.INT32: "i4",
    DataType.INT64: "i8",
    DataType.UINT8: "u1",
    DataType.UINT16: "u2",
    DataType.UINT32: "u4",
    DataType.UINT64: "u8",
}


@dataclass(frozen=True)
class Part:
    """Where bytes of a variable lie: in which data file, from where on, how many, and their checksum.

    start: the first row and column that they are, (0, ...) for a variable in one piece; shape: of this piece.
    """

    shard: int
    offset: int
    size: int
    crc: int
    start: tuple[int, ...]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Variable:
    """One variable of a checkpoint. stored: NumPy's name of the type it is written in, "bfloat16", or "" for no number.

    shards: how many data files the checkpoint has.
    """

    name: str
    stored: str
    type_name: str
    shape: tuple[int, ...]
    shards: int
    parts: tuple[Part, ...] = ()
    swapped: bool = False  # written on a machine that puts the high byte first

    @property
    def size(self) -> int:
        """Return how many bytes it takes."""
        return sum(part.size for part in self.parts)


def data_name(prefix: str, shard: int, shards: int) -> str:
    """Return the name of a data file of the checkpoint `prefix`."""
    return f"{prefix}.data-{shard:05d}-of-{shards:05d}"


def variables(index: bytes) -> dict[str, Variable]:
    """Return the variables that the index of a checkpoint lists, by name. Raises EmbeddingError or MessageError."""
    entries = dict(_table(index))
    if b"" not in entries:
        raise EmbeddingError("the index of the checkpoint has no header: it may be of the first version (V1)")
    header = parse(_Header, entries.pop(b""))
    if not 1 <= header.num_shards <= _MOST_PIECES:
        raise EmbeddingError(f"the checkpoint claims {header.num_shards:,} data files")
    found = {}
    for key, value in entries.items():
        if key[:1] == b"\0":
            continue  # a piece, found by the variable that it belongs to
        entry = parse(_Entry, value)
        name = key.decode("utf-8", "backslashreplace")
        one = _variable(name, entry, header.num_shards, swapped=header.endianness == 1)
        if entry.slices:
            one = replace(one, parts=_pieces(key, entry, one, entries))
        found[name] = one
    return found


def _variable(name: str, entry: Any, shards: int, *, swapped: bool) -> Variable:
    shape = tuple(dim.size for dim in entry.shape.dim)
    number = entry.dtype
    known = DataType(number) if number in {one.value for one in DataType} else None
    stored = _STORED.get(known, "") if known is not None else ""
    part = Part(entry.shard_id, entry.offset, entry.size, entry.crc32c, (0,) * len(shape), shape)
    type_name = known.name.lower() if known is not None else f"type {number}"
    return Variable(name, stored, type_name, shape, shards, (part,), swapped)


def _pieces(key: bytes, entry: Any, whole: Variable, entries: Mapping[bytes, bytes]) -> tuple[Part, ...]:
    """Return where the pieces of a variable lie. Raises EmbeddingError when one of them is not in the index."""
    if len(entry.slices) > _MOST_PIECES:
        raise EmbeddingError(
            f"{whole.name} is cut into {len(entry.slices):,} pieces: only up to {_MOST_PIECES:,} are read"
        )
    found = []
    for piece in entry.slices:
        extents = [(one.start, one.length if one.HasField("length") else -1) for one in piece.extent]
        extents += [(0, -1)] * (len(whole.shape) - len(extents))
        if len(extents) != len(whole.shape):
            raise EmbeddingError(f"a piece of {whole.name} has {len(extents)} dimensions, not {len(whole.shape)}")
        data = entries.get(_piece_key(key, extents))
        if data is None:
            raise EmbeddingError(f"the index of the checkpoint lacks a piece of {whole.name}")
        one = parse(_Entry, data)
        shape = tuple(
            full if length < 0 else length for (_start, length), full in zip(extents, whole.shape, strict=True)
        )
        start = tuple(max(0, start) for start, _length in extents)
        if any(first + size > full for first, size, full in zip(start, shape, whole.shape, strict=True)):
            raise EmbeddingError(f"a piece of {whole.name} lies outside of it")
        found.append(Part(one.shard_id, one.offset, one.size, one.crc32c, start, shape))
    return tuple(found)


_ESCAPES = {0: b"\0\xff", 0xFF: b"\xff\0"}


def _piece_key(name: bytes, extents: list[tuple[int, int]]) -> bytes:
    """Return the key of a piece: 0, the name, how many dimensions, and of each where it starts and how long it is."""
    escaped = b"".join(_ESCAPES.get(sign, bytes([sign])) for sign in name)
    numbers = b"".join(_ordered(number) for extent in extents for number in extent)
    return b"\0" + escaped + b"\0\1" + (bytes([1, len(extents)]) if extents else b"\0") + numbers


def _ordered(number: int) -> bytes:
    """Return a number in bytes that sort as numbers do: as many ones go in front as there are bytes."""
    size = 1
    while not -(1 << 7 * size - 1) <= number < 1 << 7 * size - 1:
        size += 1
    ones = (1 << size) - 1 << 7 * size
    return ((number & (1 << 8 * size) - 1) ^ ones).to_bytes(size, "big")


def read(variable: Variable, reader: Callable[[int, int, int], bytes]) -> NDArray[Any]:
    """Return the values of a variable, pieces joined, in its own type; bfloat16 as float32.

    reader: gives `length` bytes at `offset` of data file `shard`. Raises EmbeddingError when they do not fit, and what
    the reader raises.
    """
    if not variable.stored:
        raise EmbeddingError(f"{variable.name} holds no numbers that can be shown ({variable.type_name})")
    element = 2 if variable.stored == _BFLOAT16 else np.dtype(variable.stored).itemsize
    total = element
    for size in variable.shape:
        if size < 0:
            raise EmbeddingError(f"{variable.name} has the shape {variable.shape}")
        total *= size
    if total > LARGEST:
        raise EmbeddingError(f"{variable.name} takes {total:,} bytes: only up to {LARGEST:,} are read")
    if len(variable.parts) == 1 and variable.parts[0].shape == variable.shape:
        return _values(variable, variable.parts[0], element, reader)
    if sum(part.size for part in variable.parts) != total:
        raise EmbeddingError(f"the pieces of {variable.name} do not make up the whole")
    whole = np.zeros(variable.shape, np.float32 if variable.stored == _BFLOAT16 else np.dtype(variable.stored))
    for part in variable.parts:
        place = tuple(slice(first, first + size) for first, size in zip(part.start, part.shape, strict=True))
        whole[place] = _values(variable, part, element, reader)
    return whole


def _values(variable: Variable, part: Part, element: int, reader: Callable[[int, int, int], bytes]) -> NDArray[Any]:
    expected = element
    for size in part.shape:
        expected *= size
    if part.size != expected or part.offset < 0 or not 0 <= part.shard < variable.shards:
        raise EmbeddingError(f"the index of the checkpoint contradicts itself about {variable.name}")
    data = reader(part.shard, part.offset, part.size)
    if len(data) != part.size:
        raise EmbeddingError(f"the data file of the checkpoint ends before {variable.name} does")
    if masked_crc(data) != part.crc:
        raise EmbeddingError(f"the checksum of {variable.name} does not hold: its data file is damaged")
    order = ">" if variable.swapped else "<"
    if variable.stored == _BFLOAT16:
        bits = np.frombuffer(data, f"{order}u2").astype(np.uint32) << np.uint32(16)
        return bits.view(np.float32).reshape(part.shape)
    values = np.frombuffer(data, f"{order}{variable.stored}").reshape(part.shape)
    return values.astype(variable.stored, copy=False)


# LevelDB's table -----------------------------------------------------------------------------------------------------


def _table(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a table. Raises EmbeddingError when it is none, or damaged."""
    if len(data) < _FOOTER or struct.unpack("<Q", data[-8:])[0] != MAGIC:
        raise EmbeddingError("this is no index of a checkpoint: its last bytes are not those of one")
    footer = data[-_FOOTER:-8]
    _meta, at = _place(footer, 0)
    place, _end = _place(footer, at)
    budget = _LARGEST_INDEX
    for _key, value in _items(_block(data, place)):
        content = _block(data, _place(value, 0)[0])
        budget -= len(content)
        for key, entry in _items(content):
            budget -= len(key) + _ENTRY
            if budget < 0:
                raise EmbeddingError(f"the index of the checkpoint unpacks into more than {_LARGEST_INDEX:,} bytes")
            yield key, entry


def _place(data: bytes, at: int) -> tuple[tuple[int, int], int]:
    """Return offset and length of a block, and where what says so ends."""
    offset, at = _varint(data, at)
    length, at = _varint(data, at)
    return (offset, length), at


def _block(data: bytes, place: tuple[int, int]) -> bytes:
    """Return the content of a block, checked and unpacked."""
    offset, length = place
    if offset + length + _TRAILER > len(data):
        raise EmbeddingError("the index of the checkpoint is cut short")
    kind = data[offset + length]
    (crc,) = struct.unpack_from("<I", data, offset + length + 1)
    if masked_crc(data[offset : offset + length + 1]) != crc:
        raise EmbeddingError("the index of the checkpoint is damaged: a checksum does not hold")
    content = data[offset : offset + length]
    if kind == _PLAIN:
        return content
    if kind != _SNAPPY:
        raise EmbeddingError(f"a block of the index is packed in a way that is not known ({kind})")
    size, _at = _varint(content, 0)
    if size > _LARGEST_BLOCK:
        raise EmbeddingError(
            f"a block of the index unpacks into {size:,} bytes: only up to {_LARGEST_BLOCK:,} are read"
        )
    try:
        unpacked: bytes = pa.Codec("snappy").decompress(content, decompressed_size=size, asbytes=True)
    except (pa.ArrowException, OSError) as error:
        raise EmbeddingError("a block of the index is not packed as it says (snappy)") from error
    return unpacked


def _items(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a block."""
    if len(block) < 4:
        raise EmbeddingError("a block of the index is too short")
    (restarts,) = struct.unpack("<I", block[-4:])
    end = len(block) - 4 - 4 * restarts
    if end < 0:
        raise EmbeddingError("a block of the index contradicts itself")
    key, at, spent = b"", 0, 0
    while at < end:
        shared, at = _varint(block, at)
        own, at = _varint(block, at)
        length, at = _varint(block, at)
        if shared > len(key) or at + own + length > end:
            raise EmbeddingError("an entry of the index reaches beyond its block")
        key = key[:shared] + block[at : at + own]
        spent += len(key)
        if spent > _LARGEST_KEYS:
            raise EmbeddingError(f"the keys of a block of the index take more than {_LARGEST_KEYS:,} bytes")
        at += own
        yield key, block[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number, and where it ends."""
    number = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise EmbeddingError("the index of the checkpoint is damaged: a number in it does not end")
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7

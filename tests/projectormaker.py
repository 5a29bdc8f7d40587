"""Embeddings for tests, written as PyTorch, TensorFlow and Keras lay them out; nothing of tbcore is used.

    write(run, values, metadata=["a", "b"], sprite=pictures, step=20)       # <run>/00020/digits/tensors.tsv, ...
    checkpoint(run / "embedding.ckpt-1", {"embedding": values})             # .index and .data-00000-of-00001

`config` writes a configuration of any entries; `sprite_of` makes one picture of many.
"""

import math
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from crc32c import crc32c
from numpy.typing import NDArray

from tests import eventfile as ef

CONFIG = "projector_config.pbtxt"
PLUGIN = ("plugins", "org_tensorflow_tensorboard_projector")

Rows = Sequence[str] | Sequence[Sequence[str]]


def write(
    folder: Path,
    values: NDArray[Any],
    metadata: Rows | None = None,
    *,
    header: Sequence[str] | None = None,
    sprite: NDArray[np.uint8] | None = None,
    step: int | None = None,
    name: str = "digits",
) -> Path:
    """Write one embedding as PyTorch's add_embedding does, into `folder`, and return the folder of its files.

    metadata: labels, or rows of cells; header: names of their columns; sprite: pictures [n, height, width] or with 3
    colours. Each call appends to the configuration.
    """
    below = f"{step or 0:05d}/{name}"
    inside = folder / below
    inside.mkdir(parents=True, exist_ok=True)
    entry: dict[str, Any] = {"tensor_name": f"{name}:{step or 0:05d}"}
    if metadata is not None:
        rows = [row if isinstance(row, str) else "\t".join(row) for row in metadata]
        lines = rows if header is None else ["\t".join(header), *rows]
        (inside / "metadata.tsv").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        entry["metadata_path"] = f"{below}/metadata.tsv"
    if sprite is not None:
        (inside / "sprite.png").write_bytes(sprite_of(sprite))
        entry["sprite"] = {"image_path": f"{below}/sprite.png", "single_image_dim": [sprite.shape[2], sprite.shape[1]]}
    lines = ["\t".join(map(str, row)) for row in values.tolist()]
    (inside / "tensors.tsv").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    entry["tensor_path"] = f"{below}/tensors.tsv"
    config(folder, entry)
    return inside


def config(folder: Path, *entries: Mapping[str, Any], model_checkpoint_path: str | None = None) -> Path:
    """Append entries to the configuration of a folder and return its path.

    An entry's fields are text, or lists, mappings and numbers as the message has them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / CONFIG
    with path.open("a", encoding="utf-8") as file:
        if model_checkpoint_path is not None:
            file.write(f"model_checkpoint_path: {_quoted(model_checkpoint_path)}\n")
        for entry in entries:
            file.write("embeddings {\n" + _fields(entry, "  ") + "}\n")
    return path


def _fields(entry: Mapping[str, Any], indent: str) -> str:
    written = ""
    for name, value in entry.items():
        for each in value if isinstance(value, list | tuple) else [value]:
            if isinstance(each, Mapping):
                written += f"{indent}{name} {{\n{_fields(each, indent + '  ')}{indent}}}\n"
            else:
                written += f"{indent}{name}: {_quoted(each) if isinstance(each, str) else each}\n"
    return written


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# Pictures ------------------------------------------------------------------------------------------------------------


def sprite_of(pictures: NDArray[np.uint8]) -> bytes:
    """Return the PNG of pictures [n, height, width] or [n, height, width, 3], row by row in a square of them."""
    many, height, width = pictures.shape[:3]
    side = math.ceil(math.sqrt(many))
    whole = np.zeros((side * side, *pictures.shape[1:]), np.uint8)
    whole[:many] = pictures
    colours = pictures.shape[3:]
    grid = whole.reshape(side, side, height, width, *colours).swapaxes(1, 2)
    return png(grid.reshape(side * height, side * width, *colours))


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Return the PNG of grey [height, width] or coloured [height, width, 3] pixels."""
    height, width = pixels.shape[:2]
    lines = np.zeros((height, 1 + pixels[0].size), np.uint8)
    lines[:, 1:] = pixels.reshape(height, -1)
    return png_claiming(width, height, zlib.compress(lines.tobytes()), 2 if pixels.ndim == 3 else 0)


def png_claiming(width: int, height: int, packed: bytes, kind: int = 0) -> bytes:
    """Return a PNG whose header claims a size, whatever its packed lines hold."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)),
        (b"IDAT", packed),
        (b"IEND", b""),
    ]
    found = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(found)


# Checkpoints of TensorFlow -------------------------------------------------------------------------------------------

MAGIC = 0xDB4775248B80FB57
BFLOAT16 = 14
_DTYPES = {"float32": 1, "float64": 2, "int32": 3, "uint8": 4, "int16": 5, "int8": 6, "int64": 9, "float16": 19}


def bfloat16(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return the upper halves of the bits of float32 numbers: what a checkpoint holds of bfloat16."""
    return (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)


def checkpoint(
    prefix: Path,
    variables: Mapping[str, NDArray[Any]],
    *,
    partitions: Mapping[str, int] | None = None,
    shards: int = 1,
    snappy: bool = False,
    block: int = 120,
    state: bool = False,
) -> None:
    """Write a checkpoint: PREFIX.index and its data files.

    variables: arrays of uint16 are written as bfloat16. partitions: in how many pieces of rows a variable is cut.
    block: bytes after which a block of the index ends; state: whether to write the file "checkpoint" beside it.
    """
    data = [bytearray() for _ in range(shards)]
    entries: dict[bytes, bytes] = {b"": ef.integer(1, shards) + ef.field(3, ef.integer(1, 1))}
    turn = 0

    def put(array: NDArray[Any]) -> bytes:
        nonlocal turn
        content, shard = np.ascontiguousarray(array).tobytes(), turn % shards
        turn += 1
        at = len(data[shard])
        data[shard] += content
        entry = ef.integer(1, _dtype(array)) + ef.field(2, _shape(array.shape))
        entry += ef.integer(3, shard) * (shard > 0) + ef.integer(4, at) * (at > 0) + ef.integer(5, len(content))
        return entry + ef.key(6, ef.FIXED32) + struct.pack("<I", masked(content))

    for name, array in variables.items():
        pieces = (partitions or {}).get(name, 1)
        if pieces == 1:
            entries[name.encode()] = put(array)
            continue
        slices = b""
        row = 0
        for piece in np.array_split(array, pieces):
            extents = [(row, len(piece)), *[(0, -1)] * (array.ndim - 1)]
            entries[slice_key(name, extents)] = put(piece)
            written = b"".join(
                ef.field(1, b"" if length < 0 else ef.integer(1, start) * (start > 0) + ef.integer(2, length))
                for start, length in extents
            )
            slices += ef.field(7, written)
            row += len(piece)
        entries[name.encode()] = ef.integer(1, _dtype(array)) + ef.field(2, _shape(array.shape)) + slices
    prefix.parent.mkdir(parents=True, exist_ok=True)
    Path(f"{prefix}.index").write_bytes(table(entries, snappy=snappy, block=block))
    for shard, content in enumerate(data):
        Path(f"{prefix}.data-{shard:05d}-of-{shards:05d}").write_bytes(content)
    if state:
        (prefix.parent / "checkpoint").write_text(f'model_checkpoint_path: "{prefix.name}"\n', encoding="utf-8")


def masked(data: bytes) -> int:
    """Return the checksum of bytes as TensorFlow keeps it."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def table(entries: Mapping[bytes, bytes], *, snappy: bool = False, block: int = 120) -> bytes:
    """Return LevelDB's table of keys and values, in blocks whose keys leave out what they share with the one before."""
    out, index = bytearray(), b""
    places: list[tuple[bytes, bytes]] = []
    waiting: list[tuple[bytes, bytes]] = []

    def flush() -> None:
        if waiting:
            places.append((waiting[-1][0], put_block(out, _block(waiting), snappy=snappy)))
            waiting.clear()

    for item in sorted(entries.items()):
        waiting.append(item)
        if sum(len(key) + len(value) for key, value in waiting) > block:
            flush()
    flush()
    meta = put_block(out, _block([]), snappy=False)
    index = put_block(out, _block(places), snappy=snappy)
    return bytes(out) + (meta + index).ljust(40, b"\0") + struct.pack("<Q", MAGIC)


def _block(items: Sequence[tuple[bytes, bytes]]) -> bytes:
    out, before = b"", b""
    restarts = []
    for place, (key, value) in enumerate(items):
        shared = 0
        if place % 16 == 0:
            restarts.append(len(out))
        else:
            while shared < min(len(key), len(before)) and key[shared] == before[shared]:
                shared += 1
        out += ef.varint(shared) + ef.varint(len(key) - shared) + ef.varint(len(value)) + key[shared:] + value
        before = key
    restarts = restarts or [0]
    return out + struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))


def put_block(out: bytearray, content: bytes, *, snappy: bool) -> bytes:
    """Append a block to an index and return its place as it is written there."""
    if snappy:
        content = pa.Codec("snappy").compress(content, asbytes=True)
    kind = bytes([snappy])
    place = ef.varint(len(out)) + ef.varint(len(content))
    out += content + kind + struct.pack("<I", masked(content + kind))
    return place


def slice_key(name: str, extents: Sequence[tuple[int, int]]) -> bytes:
    """Return the key of a piece of a variable: (start, length) of each dimension, (0, -1) for all of one."""
    text = name.encode().replace(b"\0", b"\0\xff") + b"\0\1"
    return (
        b"\0" + text + bytes([1, len(extents)]) + b"".join(_signed(start) + _signed(count) for start, count in extents)
    )


def _signed(number: int) -> bytes:
    """Return a number such that bytes sort as numbers do: as many ones in front as it takes bytes."""
    size = 1
    while not -(1 << (7 * size - 1)) <= number < 1 << (7 * size - 1):
        size += 1
    return ((number & ((1 << 8 * size) - 1)) ^ (((1 << size) - 1) << 7 * size)).to_bytes(size, "big")


def _dtype(array: NDArray[Any]) -> int:
    return BFLOAT16 if array.dtype == np.uint16 else _DTYPES[array.dtype.name]


def _shape(shape: Sequence[int]) -> bytes:
    return b"".join(ef.field(2, ef.integer(1, size)) for size in shape)

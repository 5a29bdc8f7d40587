import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tbcore.errors import EmbeddingError, FormatError
from tbcore.formats import checkpoint
from tests import eventfile as ef
from tests import projectormaker as pm
from tests.fixtures import log, needs_fixtures, oracle

VALUES = np.random.default_rng(0).standard_normal((200, 6)).astype(np.float32)


def reader(prefix: Path, shards: int = 1) -> Callable[[int, int, int], bytes]:
    """Return what gives the bytes of the data files of a checkpoint."""

    def give(shard: int, offset: int, length: int) -> bytes:
        return Path(checkpoint.data_name(str(prefix), shard, shards)).read_bytes()[offset : offset + length]

    return give


def back(prefix: Path, name: str, shards: int = 1) -> NDArray[Any]:
    """Return a variable of a checkpoint."""
    found = checkpoint.variables(Path(f"{prefix}.index").read_bytes())
    return checkpoint.read(found[name], reader(prefix, shards))


@needs_fixtures
def test_a_checkpoint_of_tensorflow_reads_bit_for_bit() -> None:
    prefix = log("projector") / "tf_ckpt" / "embedding.ckpt-1"
    values = back(prefix, "embedding/.ATTRIBUTES/VARIABLE_VALUE")
    (entry,) = [
        each for truth in oracle("projector")["truth"] for each in truth["embeddings"] if each["run"] == "tf_ckpt"
    ]
    assert list(values.shape) == entry["tensor"]["shape"]
    assert values.dtype == np.float32
    assert pytest.approx(float(values.sum(dtype=np.float64)), abs=1e-12) == entry["tensor"]["sum"]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int8", "uint8", "int16", "int32", "int64"])
def test_every_type_of_number_reads_bit_for_bit(tmp_path: Path, dtype: str) -> None:
    values = (VALUES * 10).astype(dtype) if dtype != "uint8" else np.abs(VALUES * 10).astype(dtype)
    pm.checkpoint(tmp_path / "m-1", {"x": values})
    found = back(tmp_path / "m-1", "x")
    assert (found.dtype, found.tobytes()) == (values.dtype, values.tobytes())


def test_bfloat16_becomes_the_same_numbers_in_float32(tmp_path: Path) -> None:
    pm.checkpoint(tmp_path / "m-1", {"x": pm.bfloat16(VALUES)})
    found = back(tmp_path / "m-1", "x")
    assert found.dtype == np.float32
    assert found.tobytes() == (VALUES.view(np.uint32) & np.uint32(0xFFFF0000)).tobytes()


@pytest.mark.parametrize("snappy", [False, True])
def test_a_variable_in_pieces_and_several_data_files_is_joined(tmp_path: Path, snappy: bool) -> None:
    others = {f"layer_{number}/kernel": VALUES[:number] for number in range(1, 40)}
    variables = {"emb\0edding\xff/ü": VALUES, **others}
    pm.checkpoint(tmp_path / "m-1", variables, partitions={"emb\0edding\xff/ü": 7}, shards=3, snappy=snappy, block=300)
    found = checkpoint.variables((tmp_path / "m-1.index").read_bytes())
    assert set(found) == set(variables)
    assert len(found["emb\0edding\xff/ü"].parts) == 7
    assert np.array_equal(back(tmp_path / "m-1", "emb\0edding\xff/ü", 3), VALUES)
    assert np.array_equal(back(tmp_path / "m-1", "layer_39/kernel", 3), VALUES[:39])


def test_numbers_of_a_machine_that_puts_the_high_byte_first_are_turned(tmp_path: Path) -> None:
    data = VALUES.astype(">f4").tobytes()
    shape = b"".join(ef.field(2, ef.integer(1, size)) for size in VALUES.shape)
    entry = ef.integer(1, 1) + ef.field(2, shape) + ef.integer(5, len(data)) + ef.key(6, ef.FIXED32)
    entry += struct.pack("<I", pm.masked(data))
    index = pm.table({b"": ef.integer(1, 1) + ef.integer(2, 1), b"x": entry})
    found = checkpoint.read(checkpoint.variables(index)["x"], lambda _shard, at, length: data[at : at + length])
    assert np.array_equal(found, VALUES)


def test_strings_are_no_numbers() -> None:
    entry = ef.integer(1, 7) + ef.integer(5, 3)
    index = pm.table({b"": ef.integer(1, 1), b"words": entry})
    with pytest.raises(EmbeddingError, match=r"words holds no numbers that can be shown \(string\)"):
        checkpoint.read(checkpoint.variables(index)["words"], lambda *_: b"abc")


def test_damaged_data_is_told_by_its_checksum(tmp_path: Path) -> None:
    pm.checkpoint(tmp_path / "m-1", {"x": VALUES})
    path = tmp_path / "m-1.data-00000-of-00001"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    with pytest.raises(EmbeddingError, match="the checksum of x does not hold"):
        back(tmp_path / "m-1", "x")
    path.write_bytes(data[:-1])
    with pytest.raises(EmbeddingError, match="ends before x does"):
        back(tmp_path / "m-1", "x")


def test_a_variable_larger_than_anybody_can_look_at_is_refused() -> None:
    shape = b"".join(ef.field(2, ef.integer(1, 1 << 20)) for _ in range(2))
    entry = ef.integer(1, 1) + ef.field(2, shape) + ef.integer(5, 1 << 42)
    found = checkpoint.variables(pm.table({b"": ef.integer(1, 1), b"x": entry}))["x"]
    with pytest.raises(EmbeddingError, match="only up to 1,073,741,824 are read"):
        checkpoint.read(found, lambda *_: b"")


def test_a_shape_that_contradicts_the_size_is_refused() -> None:
    shape = b"".join(ef.field(2, ef.integer(1, 100)) for _ in range(2))
    entry = ef.integer(1, 1) + ef.field(2, shape) + ef.integer(5, 8)
    found = checkpoint.variables(pm.table({b"": ef.integer(1, 1), b"x": entry}))["x"]
    with pytest.raises(EmbeddingError, match="contradicts itself"):
        checkpoint.read(found, lambda *_: b"12345678")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no index of a checkpoint"),
        (b"x" * 100, "no index of a checkpoint"),
        (b"\x7f" * 40 + struct.pack("<Q", pm.MAGIC), "cut short"),
        (b"\xff" * 40 + struct.pack("<Q", pm.MAGIC), "does not end"),
        (pm.table({b"x": b""}), "has no header"),
        (pm.table({b"": ef.integer(1, 1 << 30)}), "data files"),
    ],
)
def test_an_index_that_is_none_says_so(data: bytes, words: str) -> None:
    with pytest.raises(EmbeddingError, match=words):
        checkpoint.variables(data)


def test_a_block_that_claims_to_unpack_into_gigabytes_is_refused() -> None:
    content = ef.varint(1 << 33) + b"\0"
    block = content + b"\1" + struct.pack("<I", pm.masked(content + b"\1"))
    footer = (ef.varint(0) * 2 + ef.varint(0) + ef.varint(len(content))).ljust(40, b"\0") + struct.pack("<Q", pm.MAGIC)
    with pytest.raises(EmbeddingError, match="unpacks into 8,589,934,592 bytes"):
        checkpoint.variables(block + footer)


def test_damage_never_raises_anything_but_an_error_of_the_format(tmp_path: Path) -> None:
    pm.checkpoint(tmp_path / "m-1", {"x": VALUES, "y": VALUES[:3]}, partitions={"x": 3}, snappy=True)
    whole = (tmp_path / "m-1.index").read_bytes()
    chance = random.Random(0)
    for _ in range(2000):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        try:
            found = checkpoint.variables(bytes(data))
            for variable in found.values():
                checkpoint.read(variable, reader(tmp_path / "m-1"))
        except FormatError:
            continue


def test_keys_that_grow_from_entry_to_entry_are_refused() -> None:
    grown = b"".join(ef.varint(100 * times) + ef.varint(100) + ef.varint(0) + b"a" * 100 for times in range(1300))
    index = bytearray()
    for _ in range(2):
        place = pm.put_block(index, grown + struct.pack("<2I", 0, 1), snappy=False)
        grown = ef.varint(0) + ef.varint(1) + ef.varint(len(place)) + b"z" + place
    index += (ef.varint(0) * 2 + place).ljust(40, b"\0") + struct.pack("<Q", pm.MAGIC)
    assert len(index) < 250_000
    with pytest.raises(EmbeddingError, match="the keys of a block of the index take more than"):
        checkpoint.variables(bytes(index))

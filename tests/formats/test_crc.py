"""CRC32C as published, and the three ways in which it is computed here."""

import os
import subprocess
import sys

import crc32c
import numpy as np
import pytest
from numba import njit

from tbcore.formats import crc, scan

NUMBERS = np.random.default_rng(1).integers(0, 256, 4096, np.uint8)

# RFC 3720, appendix B.4, and the check value of the polynomial's catalogue entry.
VECTORS = [
    (bytes(32), 0x8A9136AA),
    (b"\xff" * 32, 0x62A8AB43),
    (bytes(range(32)), 0x46DD794E),
    (bytes(reversed(range(32))), 0x113FDB5C),
    (b"123456789", 0xE3069283),
    (b"", 0x00000000),
]


def unmasked(masked: int) -> int:
    rotated = (masked - 0xA282EAD8) & 0xFFFFFFFF
    return (rotated >> 17 | rotated << 15) & 0xFFFFFFFF


def padded(data: bytes, before: int = 0) -> np.ndarray:
    """Return `data` after `before` bytes of noise and followed by the noise of a buffer in use."""
    return np.concatenate([NUMBERS[:before], np.frombuffer(data, np.uint8), NUMBERS[: scan.PADDING]])


def stepped(data: bytes) -> int:
    """Return the CRC32C of `data` by the table functions, eight bytes and then one at a time."""
    value = np.uint32(0xFFFFFFFF)
    whole = len(data) // 8 * 8
    for word in np.frombuffer(data[:whole], "<u8"):
        value = np.uint32(table_word(value, word))
    for byte in data[whole:]:
        value = np.uint32(table_byte(value, np.uint8(byte)))
    return int(value) ^ 0xFFFFFFFF


@njit
def table_word(value: np.uint32, word: np.uint64) -> np.uint32:
    return crc._crc_word_table(value, word)


@njit
def table_byte(value: np.uint32, byte: np.uint8) -> np.uint32:
    return crc._crc_byte_table(value, byte)


@pytest.mark.parametrize(("data", "expected"), VECTORS)
def test_the_kernel_the_tables_and_the_package_give_the_published_values(data: bytes, expected: int) -> None:
    assert unmasked(crc.masked_crc(data)) == expected
    assert unmasked(int(scan._masked_crc(padded(data), 0, len(data)))) == expected
    assert stepped(data) == expected


def test_masking_rotates_by_fifteen_and_adds_the_constant() -> None:
    assert crc.masked_crc(b"") == 0xA282EAD8
    assert crc.masked_crc(b"123456789") == ((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) & 0xFFFFFFFF


def test_the_kernel_agrees_with_the_package_for_every_length_and_alignment() -> None:
    data = NUMBERS.tobytes()
    wrong = []
    for length in range(301):
        for before in range(8):
            piece = data[7 * before : 7 * before + length]
            if int(scan._masked_crc(padded(piece, before), before, length)) != crc.masked_crc(piece):
                wrong.append((length, before))
    assert wrong == []


def test_long_data_is_summed_like_short_data() -> None:
    data = np.random.default_rng(2).bytes(1_000_003)
    assert unmasked(int(scan._masked_crc(padded(data), 0, len(data)))) == crc32c.crc32c(data)


def test_the_tables_agree_with_the_package_for_every_length() -> None:
    data = NUMBERS.tobytes()
    assert [stepped(data[:length]) for length in range(301)] == [crc32c.crc32c(data[:length]) for length in range(301)]


def test_compiled_for_another_processor_the_tables_are_used(tmp_path_factory: pytest.TempPathFactory) -> None:
    cache = tmp_path_factory.mktemp("cache")
    program = """
import numpy as np, crc32c
from numba import njit
from tbcore.formats import crc
assert crc.INSTRUCTION_SET == "", crc.INSTRUCTION_SET
assert crc.crc_word is crc._crc_word_table and crc.crc_byte is crc._crc_byte_table
word, byte = crc.crc_word, crc.crc_byte
@njit
def whole(data, words):
    value = np.uint32(0xFFFFFFFF)
    for number in words:
        value = word(value, number)
    for i in range(8 * words.size, data.size):
        value = byte(value, data[i])
    return value ^ np.uint32(0xFFFFFFFF)
data = np.random.default_rng(1).integers(0, 256, 300, np.uint8)
for n in range(301):
    piece = data[:n]
    assert whole(piece, piece[: n // 8 * 8].view("<u8")) == crc32c.crc32c(piece.tobytes()), n
print("agrees")
"""
    environment = os.environ | {"NUMBA_CPU_NAME": "generic", "NUMBA_CACHE_DIR": str(cache)}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert (run.stdout, run.returncode) == ("agrees\n", 0), run.stderr

"""WAVE files byte by byte: every way to write a sample, and headers that are wrong."""

import random
import struct

import numpy as np
import pytest

from tbcore.errors import SoundError
from tbcore.formats import wav

INTEGER, FLOAT, ALAW, MULAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
GUID = bytes.fromhex("000000001000800000aa00389b71")


def described(number: int, bits: int, channels: int = 1, rate: int = 8000, more: bytes = b"") -> bytes:
    """Return what the chunk "fmt " holds."""
    size = channels * ((bits + 7) // 8)
    return struct.pack("<HHIIHH", number, channels, rate, rate * size, size, bits) + more


def chunk(name: bytes, data: bytes, length: int | None = None) -> bytes:
    """Return a chunk with its padding; length: what it claims, when that is not true."""
    return name + struct.pack("<I", len(data) if length is None else length) + data + b"\0" * (len(data) % 2)


def wave(*chunks: bytes, form: bytes = b"RIFF") -> bytes:
    body = b"".join(chunks)
    return form + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def decoded(data: bytes) -> list[list[float]]:
    found = wav.header(data)
    values = wav.samples(data, found, 0, found.frames)
    assert values.dtype == np.float32
    return values.tolist()


@pytest.mark.parametrize(
    ("number", "bits", "raw", "values"),
    [
        (INTEGER, 8, "00 80 c0 ff", [-1, 0, 0.5, 127 / 128]),
        (INTEGER, 16, "0080 0000 0040 ff7f", [-1, 0, 0.5, 32767 / 32768]),
        (INTEGER, 24, "000080 000000 000040 ffff7f ffffff", [-1, 0, 0.5, 8388607 / 8388608, -1 / 8388608]),
        (INTEGER, 32, "00000080 00000000 00000040 000000e0", [-1, 0, 0.5, -0.25]),
        (FLOAT, 32, "0000003f 000080bf 00000040", [0.5, -1, 2]),
        (FLOAT, 64, "000000000000e03f 000000000000f0bf", [0.5, -1]),
        (ALAW, 8, "d5 55 aa 2a", [8 / 32768, -8 / 32768, 32256 / 32768, -32256 / 32768]),
        (MULAW, 8, "ff 7f 80 00", [0, 0, 32124 / 32768, -32124 / 32768]),
    ],
)
def test_every_way_to_write_a_sample_is_read(number: int, bits: int, raw: str, values: list[float]) -> None:
    data = wave(chunk(b"fmt ", described(number, bits)), chunk(b"data", bytes.fromhex(raw)))
    assert decoded(data) == [[value] for value in values]


def test_channels_are_the_columns_of_frames() -> None:
    data = wave(chunk(b"fmt ", described(INTEGER, 16, 2)), chunk(b"data", bytes.fromhex("0040 00c0 0020 00e0")))
    assert decoded(data) == [[0.5, -0.5], [0.25, -0.25]]
    found = wav.header(data)
    assert (found.rate, found.channels, found.frames, found.seconds) == (8000, 2, 2, 2 / 8000)


def test_the_extensible_form_names_one_of_the_others() -> None:
    more = struct.pack("<HHI", 22, 24, 0) + struct.pack("<H", INTEGER) + GUID
    data = wave(chunk(b"fmt ", described(EXTENSIBLE, 24, more=more)), chunk(b"data", bytes.fromhex("000040")))
    assert decoded(data) == [[0.5]]
    assert wav.header(data).encoding == "24-bit integers"


def test_other_chunks_of_odd_length_are_passed_over() -> None:
    junk = chunk(b"LIST", b"odd")
    data = wave(junk, chunk(b"fmt ", described(INTEGER, 8)), junk, chunk(b"data", b"\xc0"), junk)
    assert decoded(data) == [[0.5]]


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF, 4_000_000_000])
def test_a_length_that_is_open_or_too_large_means_what_is_there(length: int) -> None:
    data = wave(chunk(b"fmt ", described(INTEGER, 16)), chunk(b"data", bytes.fromhex("0040 0020"), length))
    assert decoded(data) == [[0.5], [0.25]]
    assert wav.header(data).notes


def test_bytes_that_are_no_whole_frame_are_left_out_and_said() -> None:
    data = wave(chunk(b"fmt ", described(INTEGER, 16, 2)), chunk(b"data", bytes.fromhex("0040 0020 00")))
    assert decoded(data) == [[0.5, 0.25]]
    assert wav.header(data).notes == ("the last 1 bytes are no whole frame",)


def test_a_part_of_the_frames_is_read_alone() -> None:
    data = wave(chunk(b"fmt ", described(INTEGER, 8)), chunk(b"data", bytes(range(128, 138))))
    found = wav.header(data)
    assert wav.samples(data, found, 8, 99).ravel().tolist() == [8 / 128, 9 / 128]
    assert wav.samples(data, found, 5, 2).shape == (0, 1)


def test_the_64_bit_containers_are_read_as_well() -> None:
    body = chunk(b"ds64", bytes(28)) + chunk(b"fmt ", described(INTEGER, 8)) + chunk(b"data", b"\xc0", 0xFFFFFFFF)[:-1]
    assert decoded(wave(body, form=b"RF64")) == [[0.5]]


def test_the_plain_form_of_a_wave_holds_the_same_samples() -> None:
    data = wave(chunk(b"fmt ", described(FLOAT, 64, 2)), chunk(b"data", struct.pack("<4d", 0.5, -0.25, 1, 0), 0))
    plain = wav.encoded(data, wav.header(data))
    assert decoded(plain) == [[0.5, -0.25], [1, 0]]
    assert wav.header(plain).notes == ()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a WAVE file"),
        (b"RIFF\0\0\0\0AVI ", "not a WAVE file"),
        (wave(), "describes no samples"),
        (wave(chunk(b"fmt ", described(INTEGER, 16))), "without samples"),
        (wave(chunk(b"data", b"ab")), "before what describes them"),
        (wave(chunk(b"fmt ", b"short"), chunk(b"data", b"ab")), "5 bytes instead of 16"),
        (wave(chunk(b"fmt ", described(INTEGER, 16, channels=0)), chunk(b"data", b"ab")), "0 channels"),
        (wave(chunk(b"fmt ", described(INTEGER, 16, rate=0)), chunk(b"data", b"ab")), "0 samples a second"),
        (wave(chunk(b"fmt ", described(85, 0)), chunk(b"data", b"ab")), "MP3, 0 bits"),
        (wave(chunk(b"fmt ", described(INTEGER, 64)), chunk(b"data", b"ab")), "format 1, 64 bits"),
    ],
)
def test_what_cannot_be_decoded_says_why(data: bytes, words: str) -> None:
    with pytest.raises(SoundError, match=words):
        wav.header(data)


def test_damaged_files_are_refused_or_read_but_never_crash() -> None:
    random_ = random.Random(7)
    more = struct.pack("<HHI", 22, 16, 0) + struct.pack("<H", INTEGER) + GUID
    whole = wave(
        chunk(b"LIST", b"abc"), chunk(b"fmt ", described(EXTENSIBLE, 16, 2, more=more)), chunk(b"data", bytes(64))
    )
    for _ in range(3000):
        data = bytearray(whole[: random_.randrange(len(whole) + 1)])
        for _ in range(random_.randrange(4)):
            if data:
                data[random_.randrange(len(data))] = random_.randrange(256)
        try:
            found = wav.header(bytes(data))
        except SoundError:
            continue
        values = wav.samples(bytes(data), found, 0, found.frames)
        assert values.shape == (found.frames, found.channels)
        assert values.nbytes <= 8 * len(data)

"""Sound in WAVE files: integers of 8 to 32 bits, floats, A-law and mu-law, as numbers from -1 to 1.

    wave = header(data)
    samples(data, wave, 0, wave.frames)     # float32 [frames, channels]

Nothing is made as large as a header claims: only what the bytes hold is read, and only the frames asked for.
Source: Microsoft's Multimedia Programming Interface and Data Specifications 1.0 (RIFF, WAVE), the page on
WAVE_FORMAT_EXTENSIBLE, EBU Tech 3306 (RF64), and ITU-T G.711 (A-law and mu-law).
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tbcore.errors import SoundError


@dataclass(frozen=True)
class Wave:
    """What a WAVE file says of its samples.

    width: bytes of one sample; bits: those of them that count; frames: samples of each channel that are there.
    offset: where the samples begin. notes: what of the header does not fit the file, in words.
    """

    rate: int
    channels: int
    frames: int
    encoding: str
    width: int
    bits: int
    offset: int
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Return how long the sound lasts."""
        return self.frames / self.rate


@dataclass(frozen=True)
class Coding:
    """One way to write a sample: the number of its format, the bytes of a sample, and what it is called."""

    format: int
    width: int
    name: str


_INTEGER, _FLOAT, _ALAW, _MULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_CODINGS = (
    #      format    width  name
    Coding(_INTEGER, 1,     "8-bit integers"),
    Coding(_INTEGER, 2,     "16-bit integers"),
    Coding(_INTEGER, 3,     "24-bit integers"),
    Coding(_INTEGER, 4,     "32-bit integers"),
    Coding(_FLOAT,   4,     "32-bit floats"),
    Coding(_FLOAT,   8,     "64-bit floats"),
    Coding(_ALAW,    1,     "A-law"),
    Coding(_MULAW,   1,     "mu-law"),
)  # fmt: skip
_BY_FORMAT = {(coding.format, coding.width): coding for coding in _CODINGS}
_OTHERS = {2: "Microsoft ADPCM", 17: "IMA ADPCM", 20: "G.723", 49: "GSM 6.10", 80: "MPEG", 85: "MP3", 255: "AAC"}
_CONTAINERS = (b"RIFF", b"RF64", b"BW64")
# The last 14 bytes of the identifier under which WAVE_FORMAT_EXTENSIBLE names one of the formats above.
_NAMED = bytes.fromhex("000000001000800000aa00389b71")
_UNKNOWN = 0xFFFFFFFF  # the length that a writer gives which cannot go back and correct it
_MOST_CHANNELS = 1024
_MOST_CHUNKS = 10_000  # before the samples; real files have a handful


def header(data: bytes) -> Wave:
    """Return what the header of a WAVE file says. Raises SoundError when it is none, or written in a way not read here."""
    if len(data) < 12 or data[:4] not in _CONTAINERS or data[8:12] != b"WAVE":
        raise SoundError("it is not a WAVE file")
    described: bytes | None = None
    at = 12
    for _ in range(_MOST_CHUNKS):
        if at + 8 > len(data):
            break
        name, length = struct.unpack_from("<4sI", data, at)
        start = at + 8
        if name == b"fmt ":
            described = data[start : min(start + length, start + 64, len(data))]
        elif name == b"data":
            if described is None:
                raise SoundError("the samples of a WAVE file come before what describes them")
            return _wave(described, start, length, len(data))
        # Chunks begin at even places.
        at = start + length + length % 2
    raise SoundError(
        "a WAVE file without samples" if described is not None else "a WAVE file that describes no samples"
    )


def samples(data: bytes, wave: Wave, first: int, last: int) -> NDArray[np.float32]:
    """Return the frames [first, last) as numbers [frames, channels], of which 1 is the loudest that integers hold.

    Floats are what they are, beyond 1 and not finite too; 64-bit ones lose what float32 does not hold.
    """
    first = min(max(first, 0), wave.frames)
    last = min(max(last, first), wave.frames)
    size = wave.width * wave.channels
    raw = np.frombuffer(data, np.uint8, (last - first) * size, wave.offset + first * size)
    return _numbers(raw, wave).reshape(last - first, wave.channels)


def encoded(data: bytes, wave: Wave) -> bytes:
    """Return the same sound as a plain WAVE file of 32-bit floats, which every browser plays."""
    body = samples(data, wave, 0, wave.frames).astype("<f4").tobytes()
    size = 4 * wave.channels
    head = struct.pack("<HHIIHH", _FLOAT, wave.channels, wave.rate, (wave.rate * size) & _UNKNOWN, size & 0xFFFF, 32)
    chunks = b"fmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _wave(described: bytes, start: int, length: int, end: int) -> Wave:
    """Return what the chunk "fmt " describes, of `length` bytes of samples at `start` in a file of `end` bytes."""
    if len(described) < 16:
        raise SoundError(f"a WAVE file describes its samples in {len(described)} bytes instead of 16")
    number, channels, rate, _bytes_a_second, block, bits = struct.unpack_from("<HHIIHH", described)
    if number == _EXTENSIBLE and len(described) >= 40 and described[26:40] == _NAMED:
        number = struct.unpack_from("<H", described, 24)[0]
        bits = struct.unpack_from("<H", described, 18)[0] or bits
    if not 1 <= channels <= _MOST_CHANNELS:
        raise SoundError(f"a WAVE file of {channels} channels")
    if not rate:
        raise SoundError("a WAVE file of 0 samples a second")
    width = block // channels if block and block % channels == 0 else (bits + 7) // 8
    coding = _BY_FORMAT.get((number, width))
    if coding is None:
        raise SoundError(
            f"a WAVE file of {_OTHERS.get(number, f'format {number}')}, {bits} bits, cannot be decoded here"
        )
    held = max(0, end - start)
    notes = []
    if length == _UNKNOWN:
        notes.append("the header leaves the length open: all that follows it is taken for sound")
    elif length > held:
        notes.append(f"the header claims {length:,} bytes of sound, {held:,} are there")
    elif length == 0 and held:
        notes.append(f"the header claims no sound, {held:,} bytes follow it")
    there = held if length in (0, _UNKNOWN) else min(length, held)
    size = width * channels
    if there % size:
        notes.append(f"the last {there % size:,} bytes are no whole frame")
    return Wave(rate, channels, there // size, coding.name, width, min(bits, 8 * width), start, tuple(notes))


def _numbers(raw: NDArray[np.uint8], wave: Wave) -> NDArray[np.float32]:
    """Return bytes as numbers, whatever they are coded in."""
    match wave.encoding:
        case "8-bit integers":
            return (raw.astype(np.float32) - np.float32(128)) / np.float32(128)
        case "16-bit integers":
            return raw.view("<i2").astype(np.float32) / np.float32(1 << 15)
        case "24-bit integers":
            wide = np.zeros((len(raw) // 3, 4), np.uint8)
            wide[:, 1:] = raw.reshape(-1, 3)
            return (wide.reshape(-1).view("<i4") >> 8).astype(np.float32) / np.float32(1 << 23)
        case "32-bit integers":
            return (raw.view("<i4").astype(np.float64) / (1 << 31)).astype(np.float32)
        case "32-bit floats":
            return raw.view("<f4").astype(np.float32)
        case "64-bit floats":
            with np.errstate(over="ignore"):
                return raw.view("<f8").astype(np.float32)
        case "A-law":
            return _ALAW_TABLE[raw]
        case _:
            return _MULAW_TABLE[raw]


def _alaw() -> NDArray[np.float32]:
    """Return what each of the 256 bytes of A-law means."""
    code = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    size = np.where(exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0))
    return (np.where(code & 0x80, size, -size) / (1 << 15)).astype(np.float32)


def _mulaw() -> NDArray[np.float32]:
    """Return what each of the 256 bytes of mu-law means."""
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    exponent, mantissa = (code >> 4) & 7, code & 15
    size = (((mantissa << 3) + 0x84) << exponent) - 0x84
    return (np.where(code & 0x80, -size, size) / (1 << 15)).astype(np.float32)


_ALAW_TABLE = _alaw()
_MULAW_TABLE = _mulaw()

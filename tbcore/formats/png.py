"""PNGs of 16 bits a sample, exactly: what decoders for the screen cut to 8 bits.

Source: the PNG specification, 3rd edition: sections 5 (chunks), 7.2 (scanlines), 8.1 (interlacing) and 9 (filters).
"""

import struct
import zlib

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tbcore.errors import PictureError

SIGNATURE = b"\x89PNG\r\n\x1a\n"

CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}  # by colour type
_HEADER = struct.Struct(">IIBBBBB")
# Of each pass of an interlaced picture: the first column and row, and how far apart they lie.
_WHOLE = ((0, 0, 1, 1),)
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def depth_and_type(data: bytes) -> tuple[int, int]:
    """Return the bits of a sample and the colour type that the header of a PNG gives, (0, 0) where there is none."""
    return (data[24], data[25]) if len(data) >= 26 and data[12:16] == b"IHDR" else (0, 0)


def pixels16(data: bytes) -> NDArray[np.uint16]:
    """Return the samples [height, width, channels] of a PNG of 16 bits a sample; 1 to 4 channels, alpha last.

    The caller has looked at the size before: all of it is made. Raises PictureError when the bytes do not hold it.
    """
    header, packed = b"", []
    for name, chunk in _chunks(data):
        if name == b"IHDR":
            header = chunk
        elif name == b"IDAT":
            packed.append(chunk)
    if len(header) != _HEADER.size:
        raise PictureError("a PNG without a header")
    width, height, depth, color, _method, _filters, interlaced = _HEADER.unpack(header)
    if depth != 16 or color not in CHANNELS or interlaced > 1 or not width or not height:
        raise PictureError(
            f"a PNG of {depth} bits, colour type {color} and interlacing {interlaced}, {width} x {height}"
        )
    channels = CHANNELS[color]
    passes = _ADAM7 if interlaced else _WHOLE
    sizes = [(-(-(width - left) // across), -(-(height - top) // down)) for left, top, across, down in passes]
    expected = sum(rows * (2 * channels * columns + 1) for columns, rows in sizes if columns > 0 and rows > 0)
    raw = _unpacked(packed, expected)
    picture = np.zeros((height, width, channels), np.uint16)
    start = 0
    for (left, top, across, down), (columns, rows) in zip(passes, sizes, strict=True):
        if columns <= 0 or rows <= 0:
            continue
        length = 2 * channels * columns + 1
        lines = raw[start : start + rows * length].reshape(rows, length)
        start += rows * length
        wrong = _unfilter(lines, 2 * channels)
        if wrong >= 0:
            raise PictureError(f"a PNG whose line {wrong:,} has filter {int(lines[wrong, 0])}, which there is not")
        samples = np.ascontiguousarray(lines[:, 1:]).view(">u2").reshape(rows, columns, channels)
        picture[top::down, left::across] = samples
    return picture


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return the name and the bytes of each chunk up to the end or to where they do not hold together."""
    found = []
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        name, chunk = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if len(chunk) < length or at + 12 + length > len(data):
            break
        (written,) = struct.unpack_from(">I", data, at + 8 + length)
        if zlib.crc32(name + chunk) != written:
            raise PictureError(f"a PNG whose chunk {name!r} fails its checksum")
        found.append((name, chunk))
        at += 12 + length
        if name == b"IEND":
            break
    return found


def _unpacked(packed: list[bytes], expected: int) -> NDArray[np.uint8]:
    """Return the `expected` bytes that the picture's chunks hold packed, never more."""
    unpacker = zlib.decompressobj()
    raw = bytearray()
    try:
        for chunk in packed:
            raw += unpacker.decompress(chunk, expected - len(raw)) if len(raw) < expected else b""
    except zlib.error as error:
        raise PictureError(f"a PNG whose data cannot be unpacked: {error}") from error
    if len(raw) < expected:
        raise PictureError(f"a PNG that ends after {len(raw):,} of {expected:,} bytes of its pixels")
    return np.frombuffer(raw, np.uint8)


@njit(nogil=True, cache=True)
def _unfilter(lines: NDArray[np.uint8], step: int) -> int:
    """Undo the filter of each line, which its first byte names; return the first line of an unknown one, else -1.

    lines [rows, 1 + bytes]; step: bytes of a pixel.
    """
    rows, length = lines.shape
    for y in range(rows):
        kind = lines[y, 0]
        if kind > 4:
            return y
        for x in range(1, length):
            left = int(lines[y, x - step]) if x > step else 0
            above = int(lines[y - 1, x]) if y > 0 else 0
            if kind == 0:
                guess = 0
            elif kind == 1:
                guess = left
            elif kind == 2:
                guess = above
            elif kind == 3:
                guess = (left + above) // 2
            else:
                corner = int(lines[y - 1, x - step]) if x > step and y > 0 else 0
                near_left, near_above = abs(above - corner), abs(left - corner)
                near_corner = abs(left + above - 2 * corner)
                if near_left <= near_above and near_left <= near_corner:
                    guess = left
                elif near_above <= near_corner:
                    guess = above
                else:
                    guess = corner
            lines[y, x] = np.uint8((int(lines[y, x]) + guess) & 255)
    return -1

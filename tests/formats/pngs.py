"""PNGs of 16 bits a sample for tests, made chunk by chunk: nothing of tbcore is used."""

import struct
import zlib

import numpy as np

CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def paeth(left, above, corner):
    guess = left + above - corner
    return min((left, above, corner), key=lambda value: abs(guess - value))


def filtered(line, previous, step, kind):
    """Return a line of bytes as a writer filters it."""
    out = []
    for at, value in enumerate(line):
        left = line[at - step] if at >= step else 0
        corner = previous[at - step] if at >= step else 0
        above = previous[at]
        guess = (0, left, above, (left + above) // 2, paeth(left, above, corner))[kind]
        out.append((value - guess) % 256)
    return bytes([kind, *out])


def scanlines(pixels, kinds):
    """Return the lines of pixels [height, width, channels], each filtered as the next of `kinds` says."""
    step = 2 * pixels.shape[2]
    previous = bytes(pixels.shape[1] * step)
    out = b""
    for at, row in enumerate(pixels):
        line = row.astype(">u2").tobytes()
        out += filtered(line, previous, step, kinds[at % len(kinds)])
        previous = line
    return out


def encoded(pixels, kinds=(0,), *, interlaced=False):
    """Return pixels [height, width, channels] as a PNG of 16 bits a sample."""
    height, width, channels = pixels.shape
    color = next(color for color, count in CHANNELS.items() if count == channels)
    parts = [pixels[top::down, left::across] for left, top, across, down in PASSES] if interlaced else [pixels]
    data = b"".join(scanlines(part, kinds) for part in parts if part.size)
    packed = zlib.compress(data)
    header = struct.pack(">IIBBBBB", width, height, 16, color, 0, 0, int(interlaced))
    middle = len(packed) // 2
    chunks = [(b"IHDR", header), (b"IDAT", packed[:middle]), (b"IDAT", packed[middle:]), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def noise(height, width, channels):
    return np.random.default_rng(1).integers(0, 65536, (height, width, channels)).astype(np.uint16)

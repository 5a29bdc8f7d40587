"""PNGs of 16 bits a sample: every colour type, filter and pass read exactly, and what is wrong said."""

import struct
import zlib

import numpy as np
import pytest

from tbcore.errors import PictureError
from tbcore.formats.png import depth_and_type, pixels16
from tests.formats.pngs import chunk, encoded, noise


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4])
def test_every_filter_of_every_colour_type_is_undone(channels, kind):
    pixels = noise(5, 4, channels)
    assert np.array_equal(pixels16(encoded(pixels, (kind,))), pixels)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 3), (5, 5), (8, 8), (9, 17)])
def test_interlaced_pictures_are_put_together(height, width):
    pixels = noise(height, width, 3)
    assert np.array_equal(pixels16(encoded(pixels, (4, 1, 2, 3, 0), interlaced=True)), pixels)


def test_the_header_tells_depth_and_colour_type():
    assert depth_and_type(encoded(noise(2, 2, 4))) == (16, 6)
    assert depth_and_type(b"\x89PNG\r\n\x1a\n") == (0, 0)


def test_a_picture_that_ends_early_says_how_much_there_is():
    whole = encoded(noise(8, 8, 1))
    with pytest.raises(PictureError, match=r"ends after \d+ of 136 bytes"):
        pixels16(whole[:120])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: data[:60] + bytes([data[60] ^ 1]) + data[61:], "fails its checksum"),
        (lambda data: data[:8], "without a header"),
        (lambda data: encoded(noise(2, 2, 1), (0,)).replace(b"IDAT", b"IDAX"), "fails its checksum"),
    ],
)
def test_damage_is_said(change, says):
    with pytest.raises(PictureError, match=says):
        pixels16(change(encoded(noise(8, 8, 1))))


def test_an_unknown_filter_is_said():
    lines = bytes([0, 1, 2, 3, 4, 7, 1, 2, 3, 4])
    header = struct.pack(">IIBBBBB", 2, 2, 16, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines))
    with pytest.raises(PictureError, match="line 1 has filter 7"):
        pixels16(data)


def test_no_more_is_unpacked_than_the_picture_holds():
    header = struct.pack(">IIBBBBB", 1, 1, 16, 0, 0, 0, 0)
    bomb = zlib.compress(bytes(50_000_000))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", bomb)
    assert pixels16(data).tolist() == [[[0]]]

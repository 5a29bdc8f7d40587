"""Pictures: every encoding read exactly, made small for the screen, and what is none refused with its reason."""

import io
import random
import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from tbcore.errors import PictureError
from tbcore.formats import pictures, png
from tbcore.formats.events import payload
from tbcore.formats.pictures import decode, encoding, facts, frames, thumbnail, visible
from tbcore.store.logdir import Logdir
from tests.fixtures import log, needs_fixtures
from tests.formats.pngs import chunk, encoded, noise

EDGE = {
    # tag                    type      height, width, channels, white, what it is
    "png16_grey":        ("uint16", (11, 13, 1), 65535, "16-bit grey", "PNG", 1),
    "png_grey":          ("uint8", (11, 13, 1), 255, "grey", "PNG", 1),
    "png_1bit":          ("uint8", (11, 13, 1), 1, "1-bit grey", "PNG", 1),
    "png_la":            ("uint8", (11, 13, 2), 255, "grey with alpha", "PNG", 1),
    "png_rgba":          ("uint8", (11, 13, 4), 255, "RGBA", "PNG", 1),
    "png_palette":       ("uint8", (11, 13, 3), 255, "palette", "PNG", 1),
    "jpeg":              ("uint8", (11, 13, 3), 255, "RGB", "JPEG", 1),
    "gif_animated":      ("uint8", (8, 10, 3), 255, "palette", "GIF", 7),
    "webp":              ("uint8", (11, 13, 3), 255, "RGB", "WebP", 1),
    "bmp":               ("uint8", (11, 13, 3), 255, "RGB", "BMP", 1),
    "tiff":              ("uint8", (11, 13, 3), 255, "RGB", "TIFF", 1),
    "apng":              ("uint8", (8, 10, 3), 255, "RGB", "PNG", 7),
    "one_pixel":         ("uint8", (1, 1, 3), 255, "RGB", "PNG", 1),
    "wide":              ("uint8", (2, 3000, 1), 255, "grey", "PNG", 1),
    "wrong_size_fields": ("uint8", (11, 13, 3), 255, "RGB", "PNG", 1),
}  # fmt: skip
REFUSED = {
    "truncated_png": "a PNG that cannot be decoded: image file is truncated",
    "not_an_image": "not an image, but text: 'hello, I am not an image'",
    "empty_bytes": "an image of 0 bytes",
    "svg": "an SVG drawing: it may hold scripts and is not shown",
}


def saved(image, form, **options):
    """Return an image in one of Pillow's formats."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def colors(height=7, width=9, channels=3):
    return np.random.default_rng(3).integers(0, 256, (height, width, channels)).astype(np.uint8)


def reopened(small):
    return np.asarray(Image.open(io.BytesIO(small.data)))


def bomb(width, height):
    """Return a small PNG that claims to be large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


@pytest.fixture(scope="module")
def edge():
    """The bytes of the images that a fixture holds, by the end of their tag."""
    logdir = Logdir(str(log("edge_images")))
    logdir.refresh()
    found = {}
    for series in logdir.find("images"):
        blob = series.blob(0)
        found[series.tag.removeprefix("im/")] = payload(blob.read(), blob.form, series.plugin).value[2]
    return found


@needs_fixtures
def test_every_encoding_of_the_fixture_has_a_stated_outcome(edge):
    assert set(edge) == set(EDGE) | set(REFUSED)


@needs_fixtures
@pytest.mark.parametrize("tag", EDGE)
def test_an_encoding_is_decoded_as_it_was_written(edge, tag):
    picture = decode(edge[tag])
    facts_of = (str(picture.pixels.dtype), picture.pixels.shape, picture.full, picture.mode, picture.encoding.name)
    assert (*facts_of, picture.frames) == EDGE[tag]
    header = facts(edge[tag])
    assert (header.height, header.width, header.mode, header.frames) == (*EDGE[tag][1][:2], EDGE[tag][3], EDGE[tag][5])


@needs_fixtures
@pytest.mark.parametrize("tag", REFUSED)
def test_what_is_no_image_is_refused_with_its_reason(edge, tag):
    for read in (decode, facts, lambda data: thumbnail(data, 64), lambda data: frames(data, 1_000)):
        with pytest.raises(PictureError) as error:
            read(edge[tag])
        assert str(error.value) == REFUSED[tag] or (tag == "truncated_png" and read is facts)
        if tag == "truncated_png":
            break


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bits_are_kept(channels):
    pixels = noise(6, 5, channels)
    picture = decode(encoded(pixels))
    assert (picture.full, np.array_equal(picture.pixels, pixels)) == (65535, True)
    assert picture.mode == ("16-bit grey", "16-bit grey with alpha", "16-bit RGB", "16-bit RGBA")[channels - 1]


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "WEBP"])
def test_lossless_formats_keep_every_value(form):
    pixels = colors()
    options = {"lossless": True} if form == "WEBP" else {}
    assert np.array_equal(decode(saved(Image.fromarray(pixels), form, **options)).pixels, pixels)


def test_alpha_is_kept_beside_the_colour_below_it():
    pixels = colors(channels=4)
    assert np.array_equal(decode(saved(Image.fromarray(pixels), "PNG")).pixels, pixels)


def test_a_transparent_colour_becomes_alpha():
    image = Image.fromarray(np.array([[7, 8]], np.uint8))
    assert decode(saved(image, "PNG", transparency=7)).pixels.tolist() == [[[7, 0], [8, 255]]]


def test_cmyk_is_said_and_shown_as_rgb():
    picture = decode(saved(Image.new("CMYK", (4, 3), (0, 255, 255, 0)), "JPEG"))
    assert picture.pixels.shape == (3, 4, 3)
    red, green, _blue = picture.pixels[0, 0].tolist()
    assert red > 200
    assert green < 60
    assert picture.notes == ("CMYK, shown as RGB",)


def test_floats_are_kept_and_their_range_is_said():
    values = np.array([[-1.5, 0.0], [2.5, np.nan]], np.float32)
    picture = decode(saved(Image.fromarray(values), "TIFF"))
    assert picture.full == 0
    assert np.array_equal(picture.pixels[..., 0], values, equal_nan=True)
    assert picture.notes == ("black is -1.5, white 2.5",)
    assert visible(picture)[..., 0].tolist() == [[0, 95], [255, 0]]


def test_a_picture_lies_as_its_exif_data_says():
    pixels = colors(4, 6)
    exif = Image.Exif()
    exif[0x0112] = 6
    data = saved(Image.fromarray(pixels), "PNG", exif=exif)
    picture = decode(data)
    assert np.array_equal(picture.pixels, np.rot90(pixels, -1))
    assert picture.notes == ("turned, as its EXIF data says",)
    small = thumbnail(data, 64)
    assert (small.width, small.height) == (4, 6)
    assert np.array_equal(reopened(small), np.rot90(pixels, -1))


def test_frames_of_an_animation_come_with_their_durations():
    shades = [0, 60, 120]
    images = [Image.new("RGB", (5, 4), (shade, shade, shade)) for shade in shades]
    data = saved(images[0], "GIF", save_all=True, append_images=images[1:], duration=[100, 200, 300])
    found, durations = frames(data, 1_000_000)
    assert [one.pixels[0, 0].tolist() for one in found] == [[shade] * 3 for shade in shades]
    assert durations == [100, 200, 300]
    assert len(frames(data, 2 * 5 * 4 * 4)[0]) == 2
    assert len(frames(data, 1)[0]) == 1


def test_a_film_with_a_damaged_end_shows_what_comes_before():
    images = [Image.fromarray(colors(64, 64)) for _ in range(3)]
    images[1] = images[1].rotate(90)
    data = saved(images[0], "GIF", save_all=True, append_images=images[1:], duration=50)
    found, _durations = frames(data[: len(data) * 2 // 3], 10_000_000)
    assert 1 <= len(found) < 3


def test_small_pictures_keep_every_pixel_in_their_thumbnail():
    pixels = colors(28, 28, 1)[..., 0]
    small = thumbnail(saved(Image.fromarray(pixels), "PNG"), 256)
    assert (small.mime, small.width, small.height) == ("image/png", 28, 28)
    assert np.array_equal(reopened(small), pixels)


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_large_pictures_become_small_and_keep_their_shape(form):
    across = np.broadcast_to(np.linspace(0, 255, 1200).astype(np.uint8)[:, np.newaxis], (800, 1200, 3))
    small = thumbnail(saved(Image.fromarray(np.ascontiguousarray(across)), form), 256)
    pixels = reopened(small)
    assert (small.width, small.height, pixels.shape) == (1200, 800, (171, 256, 3))
    assert len(small.data) < 30_000
    assert abs(int(pixels[85, 128, 0]) - 127) < 6


def test_alpha_survives_in_a_thumbnail():
    small = thumbnail(saved(Image.new("RGBA", (600, 600), (255, 0, 255, 51)), "PNG"), 128)
    assert (small.mime, reopened(small)[5, 5].tolist()) == ("image/png", [255, 0, 255, 51])


def test_a_thin_picture_keeps_a_pixel_of_height():
    assert reopened(thumbnail(saved(Image.new("L", (3000, 2), 77), "PNG"), 256)).shape == (1, 256)


def test_small_animations_are_handed_on_and_large_ones_are_not():
    images = [Image.new("RGB", (20, 20), (shade, 0, 0)) for shade in (0, 255)]
    data = saved(images[0], "GIF", save_all=True, append_images=images[1:])
    small = thumbnail(data, 64)
    assert (small.data, small.mime, small.frames) == (data, "image/gif", 2)
    images = [Image.new("RGB", (2000, 2000), (shade, 0, 0)) for shade in (0, 255)]
    large = thumbnail(saved(images[0], "GIF", save_all=True, append_images=images[1:]), 64)
    assert (large.mime, large.frames) == ("image/jpeg", 2)
    assert len(large.data) < 5_000


@pytest.mark.parametrize("size", [(30_000, 30_000), (10_000, 9_500), (8_001, 8_001), (2**31 - 1, 2**31 - 1)])
def test_a_decompression_bomb_is_refused_before_it_is_unpacked(size):
    for read in (decode, facts, lambda data: thumbnail(data, 256), lambda data: frames(data, 1 << 20)):
        with pytest.raises(PictureError, match="too many to be shown; up to 36 million are"):
            read(bomb(*size))


def test_a_bomb_of_16_bits_is_refused_at_half_the_pixels_and_may_be_large_in_grey():
    def claimed(color):
        header = struct.pack(">IIBBBBB", 5000, 5000, 16, color, 0, 0, 0)
        return png.SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b""))

    with pytest.raises(
        PictureError, match="5,000 × 5,000 pixels in 16-bit RGBA are too many to be shown; up to 128 MB"
    ):
        thumbnail(claimed(6), 64)
    with pytest.raises(PictureError, match="ends after 0 of"):
        thumbnail(claimed(0), 64)


def test_large_pictures_of_16_bits_are_made_visible_row_by_row():
    pixels = np.linspace(0, 65535, 3000 * 1100).astype(np.uint16).reshape(3000, 1100, 1)
    seen = visible(pictures.Picture(pixels, 65535, "16-bit grey", encoding(png.SIGNATURE)))
    assert np.array_equal(seen, (pixels.astype(np.uint32) * 255 + 32767) // 65535)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        (b'<?xml version="1.0"?><svg onload="alert(1)"/>', "an SVG drawing"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "a web page"),
        (b"\x89PNG\r\n\x1a\n<svg onload='alert(1)'/>", "begins like a PNG, but is none"),
        (b"GIF89a<script>alert(1)</script>", "GIF that cannot be decoded|begins like a GIF|too many"),
        (b"BM", "begins like a BMP"),
        (bytes(100), "not an image of a format that is shown"),
    ],
)
def test_what_only_pretends_to_be_a_picture_is_refused(data, says):
    with pytest.raises(PictureError, match=says):
        thumbnail(data, 128)


def test_a_truncated_jpeg_is_refused_with_its_reason():
    data = saved(Image.fromarray(colors(200, 200)), "JPEG")
    with pytest.raises(PictureError, match="a JPEG that cannot be decoded: image file is truncated"):
        decode(data[: len(data) // 2])


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"])
def test_damaged_pictures_raise_nothing_but_a_picture_error(form):
    source = random.Random(form)
    images = [Image.fromarray(colors(24, 31)), Image.fromarray(colors(24, 31)).rotate(180)]
    options = {"save_all": True, "append_images": images[1:]} if form in ("GIF", "PNG", "WEBP", "TIFF") else {}
    whole = saved(images[0], form, **options)
    for _ in range(120):
        data = bytearray(whole)
        for _ in range(source.randrange(1, 12)):
            data[source.randrange(len(data))] = source.randrange(256)
        cut = bytes(data[: source.randrange(4, len(data) + 1)])
        for read in (decode, facts, lambda each: thumbnail(each, 16), lambda each: frames(each, 10_000)):
            with suppress(PictureError):
                read(cut)


def test_the_first_bytes_tell_the_encoding():
    assert encoding(b"RIFF\x00\x00\x00\x00WEBPVP8 ").mime == "image/webp"
    assert encoding(b"II*\x00").ending == ".tif"
    assert encoding(b"<svg").ending == ".bin"
    assert {one.mime for one in pictures.ENCODINGS} == {
        "image/png", "image/jpeg", "image/gif", "image/bmp", "image/webp", "image/tiff",
    }  # fmt: skip

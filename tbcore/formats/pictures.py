"""Encoded pictures to pixels: PNG, JPEG, GIF, BMP, WebP and TIFF, and nothing else, whatever the bytes pretend to be.

    picture = decode(data)                # every value as it was written: 1 to 16 bits, floats, alpha
    small = thumbnail(data, 256)          # encoded anew, so that nothing but pixels reaches a browser

How large a picture is is looked at before a pixel is made. Pictures whose EXIF data says that the camera was turned
are turned, as browsers do.
"""

import io
import re
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from tbcore.errors import PictureError
from tbcore.formats import png

Array = NDArray[Any]

LARGEST = 36_000_000  # pixels that are decoded
LARGEST_WIDE = 128_000_000  # bytes of pixels of 16 bits a sample
SMALLEST_SIDE = 16  # pixels of a thumbnail


@dataclass(frozen=True)
class Encoding:
    """How a picture is written. mime: what a browser is told; ending: of a file's name; playable: by a browser."""

    name: str
    mime: str
    ending: str
    playable: bool = False


@dataclass(frozen=True)
class Picture:
    """One frame as it was written.

    pixels [height, width, channels]: uint8, uint16, int32 or float32; channels: grey, or red, green and blue, and
    alpha last where there are 2 or 4 of them. full: the value of white, 0 where the type knows none.
    mode: how the file keeps them, in words. frames: how many there are; notes: what was done to them, in words.
    """

    pixels: Array = field(repr=False)
    full: int
    mode: str
    encoding: Encoding
    frames: int = 1
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Return the pixels across."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Return the pixels down."""
        return int(self.pixels.shape[0])


@dataclass(frozen=True)
class Thumbnail:
    """A picture made small for the screen: encoded bytes of type `mime`, and what the picture itself is.

    width, height: of the picture itself.
    """

    data: bytes = field(repr=False)
    mime: str
    width: int
    height: int
    mode: str
    encoding: Encoding
    frames: int = 1
    notes: tuple[str, ...] = ()


ENCODINGS = (
    #        name    mime          ending   playable
    Encoding("PNG",  "image/png",  ".png",  True),
    Encoding("JPEG", "image/jpeg", ".jpg"),
    Encoding("GIF",  "image/gif",  ".gif",  True),
    Encoding("BMP",  "image/bmp",  ".bmp"),
    Encoding("WebP", "image/webp", ".webp", True),
    Encoding("TIFF", "image/tiff", ".tif"),
)  # fmt: skip
UNKNOWN = Encoding("unknown", "application/octet-stream", ".bin")

_BY_NAME = {one.name: one for one in ENCODINGS}
_SIGNS = (
    (png.SIGNATURE, "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
)
_MODES = {
    "1": "1-bit grey",
    "L": "grey",
    "LA": "grey with alpha",
    "P": "palette",
    "PA": "palette with alpha",
    "RGB": "RGB",
    "RGBA": "RGBA",
    "RGBX": "RGB",
    "CMYK": "CMYK",
    "YCbCr": "YCbCr",
    "LAB": "CIELAB",
    "I": "32-bit grey",
    "F": "floats",
}
_WIDE = {1: "16-bit grey", 2: "16-bit grey with alpha", 3: "16-bit RGB", 4: "16-bit RGBA"}
_PLAIN = ("L", "LA", "RGB", "RGBA")  # what is taken as it is
_ORIENTATION = 0x0112
_LOSSLESS = 256 * 256  # pixels up to which a thumbnail is kept exact
_MOST_PLAYED = (4_000_000, 2 << 20)  # pixels of all frames, and bytes, that a browser is handed to play
_USUAL_DURATION = 100  # milliseconds
_LARGE = 8_000_000  # pixels from which on one picture is decoded at a time, whoever asks: each takes hundreds of MB
_ONE_AT_A_TIME = threading.Lock()
_BLOCK = 1 << 20  # samples that are made visible at once
# Source: what Pillow 13's readers raise for bytes that are not what they claim, found by feeding them damaged files.
_FAILURES = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    ArithmeticError,
    TypeError,
    AttributeError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
    Warning,
    Image.DecompressionBombError,
)


def encoding(data: bytes) -> Encoding:
    """Return how a picture is written, by its first bytes; UNKNOWN when it is none of ENCODINGS."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _BY_NAME["WebP"]
    return next((_BY_NAME[name] for sign, name in _SIGNS if data.startswith(sign)), UNKNOWN)


@dataclass(frozen=True)
class Facts:
    """What the header of a picture says, without a pixel decoded."""

    width: int
    height: int
    mode: str
    encoding: Encoding
    frames: int


def facts(data: bytes) -> Facts:
    """Return what the header of a picture says. Raises PictureError when it cannot be shown, with the reason."""
    with _opened(data) as (image, how):
        depth, color = png.depth_and_type(data) if how.name == "PNG" else (0, 0)
        mode = _WIDE[png.CHANNELS[color]] if depth == 16 and color in png.CHANNELS else _mode(image)
        return Facts(image.width, image.height, mode, how, _frames(image))


def decode(data: bytes, frame: int = 0) -> Picture:
    """Return one frame of a picture, exactly. Raises PictureError when it cannot be shown, with the reason."""
    with _opened(data) as (image, how):
        if how.name == "PNG" and png.depth_and_type(data)[0] == 16 and frame == 0:
            pixels = png.pixels16(data)
            return Picture(pixels, 65535, _WIDE[pixels.shape[2]], how, _frames(image))
        frames = _frames(image)
        _seek(image, frame)
        return _picture(image, how, frames)


def frames(data: bytes, most_bytes: int) -> tuple[list[Picture], list[int]]:
    """Return the first frames that fit into `most_bytes`, alike in size and type, and how long each is shown, in ms.

    Raises PictureError when there is none.
    """
    found: list[Picture] = []
    durations: list[int] = []
    with _opened(data) as (image, how):
        count = _frames(image)
        size = image.width * image.height * 4
        for number in range(min(count, max(1, most_bytes // size))):
            try:
                _seek(image, number)
                picture = _picture(image, how, count)
            except (PictureError, *_FAILURES):
                # Of a film whose end is damaged, what comes before can still be seen.
                if not found:
                    raise
                break
            if found and (picture.pixels.shape[:2], picture.full) != (found[0].pixels.shape[:2], found[0].full):
                break
            found.append(picture)
            durations.append(round(image.info.get("duration", 0)) or _USUAL_DURATION)
    # Some frames may have transparent parts, and others none.
    most = max(one.pixels.shape[2] for one in found)
    return [replace(one, pixels=_widened(one.pixels, most)) for one in found], durations


def thumbnail(data: bytes, side: int) -> Thumbnail:
    """Return a picture scaled down to fit into side x side pixels; smaller ones keep their size, and all their pixels.

    An animation that is not large is handed on as it was logged, so that a browser plays it.
    Raises PictureError when it cannot be shown, with the reason.
    """
    with _opened(data) as (image, how):
        count = _frames(image)
        pixels = image.width * image.height * count
        if count > 1 and how.playable and pixels <= _MOST_PLAYED[0] and len(data) <= _MOST_PLAYED[1]:
            mode, size = _mode(image), image.size
            # Only what decodes is handed on.
            image.load()
            return Thumbnail(data, how.mime, *size, mode, how, count)
        if how.name == "PNG" and png.depth_and_type(data)[0] == 16:
            exact = png.pixels16(data)
            picture = Picture(exact, 65535, _WIDE[exact.shape[2]], how, count)
            return _thumbnail(visible(picture), side, picture)
        mode, notes = _mode(image), _notes(image)
        width, height = image.size
        turned = _turned(image)
        if turned:
            width, height = (height, width) if turned >= 5 else (width, height)
        # A JPEG can be decoded at a half, a quarter or an eighth of its size at once.
        if how.name == "JPEG" and image.mode in ("RGB", "L") and max(image.size) > 2 * side:
            image.draft(image.mode, (2 * side, 2 * side))
        if _plain(image) is None:
            picture = _picture(image, how, count)
            return _thumbnail(visible(picture), side, picture)
        flat = ImageOps.exif_transpose(image) if turned else image
        ready = flat if flat.mode in _PLAIN and not flat.has_transparency_data else flat.convert(_plain(flat))
        return Thumbnail(*_encoded(ready, side, (width, height)), width, height, mode, how, count, notes)


def visible(picture: Picture) -> NDArray[np.uint8]:
    """Return the pixels [height, width, channels] in 8 bits, as a screen shows them.

    16 bits are scaled; of types without a white the least finite value becomes black and the greatest white.
    """
    pixels = picture.pixels
    if picture.full == 255:
        return np.asarray(pixels, np.uint8)
    low, high = (0.0, 0.0) if picture.full else value_range(pixels)
    made = np.empty(pixels.shape, np.uint8)
    # Some rows after the other: what is between takes eight times the room.
    rows = max(1, _BLOCK // (pixels.shape[1] * pixels.shape[2]))
    for start in range(0, len(pixels), rows):
        block = pixels[start : start + rows]
        made[start : start + rows] = _in_8_bits(block, picture.full, low, high)
    return made


def _in_8_bits(pixels: Array, full: int, low: float, high: float) -> Array:
    if full == 65535:
        return (pixels.astype(np.uint32) * 255 + 32767) // 65535
    if full:
        return pixels * (255 // full)
    span = (high - low) or 1.0
    return np.clip(np.nan_to_num((pixels.astype(np.float64) - low) * (255 / span)), 0, 255)


def value_range(pixels: Array) -> tuple[float, float]:
    """Return the least and the greatest finite value, (0, 0) where there is none."""
    finite = pixels[np.isfinite(pixels)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


@contextmanager
def _opened(data: bytes) -> Iterator[tuple[Image.Image, Encoding]]:
    """Hand out the picture, no pixel of which is decoded yet; whatever goes wrong with it is a PictureError."""
    how = encoding(data)
    if how is UNKNOWN:
        raise PictureError(_stranger(data))
    try:
        with Image.open(io.BytesIO(data), formats=[how.name.upper()]) as image:
            # Before anything is decoded: a small file may claim to be a picture of any size.
            _check_size(image.width, image.height)
            if how.name == "PNG":
                _check_wide(data, image.width, image.height)
            with _ONE_AT_A_TIME if image.width * image.height > _LARGE else nullcontext():
                yield image, how
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        sizes = re.findall(r"\d+", str(error))
        raise PictureError(_too_large(f"{int(sizes[0]):,} pixels" if sizes else "this picture")) from error
    except UnidentifiedImageError as error:
        raise PictureError(f"it begins like a {how.name}, but is none, or is cut off in its header") from error
    except _FAILURES as error:
        said = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        raise PictureError(f"a {how.name} that cannot be decoded: {said}") from error


def _check_size(width: int, height: int) -> None:
    if width * height > LARGEST:
        raise PictureError(_too_large(f"{width:,} × {height:,} pixels"))
    if width < 1 or height < 1:
        raise PictureError(f"a picture of {width} × {height} pixels")


def _check_wide(data: bytes, width: int, height: int) -> None:
    depth, color = png.depth_and_type(data)
    if depth == 16 and width * height * 2 * png.CHANNELS.get(color, 4) > LARGEST_WIDE:
        raise PictureError(
            f"{width:,} × {height:,} pixels in {_WIDE[png.CHANNELS.get(color, 4)]} are too many to be shown;"
            f" up to {LARGEST_WIDE // 1_000_000} MB of them are"
        )


def _too_large(size: str) -> str:
    return f"{size} are too many to be shown; up to {LARGEST // 1_000_000} million are"


def _stranger(data: bytes) -> str:
    """Return what bytes are that are no picture which is shown, in words."""
    if not data:
        return "an image of 0 bytes"
    start = data[:512].lstrip().lower()
    if start.startswith((b"<svg", b"<?xml")) or b"<svg" in start:
        return "an SVG drawing: it may hold scripts and is not shown"
    if start.startswith((b"<!doctype html", b"<html", b"<script", b"<body")):
        return "a web page, not an image"
    if data[4:12] in (b"ftypavif", b"ftypheic", b"ftypmif1"):
        return "an AVIF or HEIF image, which is not shown"
    if all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in data[:64]):
        return f"not an image, but text: {data[:40].decode('ascii', 'replace')!r}"
    return "not an image of a format that is shown: PNG, JPEG, GIF, BMP, WebP, TIFF"


def _frames(image: Image.Image) -> int:
    return int(getattr(image, "n_frames", 1))


def _seek(image: Image.Image, frame: int) -> None:
    if frame:
        image.seek(frame)
        _check_size(image.width, image.height)


def _mode(image: Image.Image) -> str:
    return "16-bit grey" if image.mode.startswith("I;16") else _MODES.get(image.mode, image.mode)


def _turned(image: Image.Image) -> int:
    """Return how EXIF data says that the picture lies, 0 where it stands upright."""
    said = image.getexif().get(_ORIENTATION)
    return said if isinstance(said, int) and 2 <= said <= 8 else 0


def _notes(image: Image.Image) -> tuple[str, ...]:
    notes = []
    if _turned(image):
        notes.append("turned, as its EXIF data says")
    if image.mode in ("CMYK", "YCbCr", "LAB"):
        notes.append(f"{_mode(image)}, shown as RGB")
    return tuple(notes)


def _plain(image: Image.Image) -> str | None:
    """Return the mode with 8 bits a sample in which a picture loses nothing, None when there is none."""
    if image.mode.startswith("I") or image.mode in ("F", "1"):
        return None
    if image.mode == "L":
        return "LA" if image.has_transparency_data else "L"
    if image.mode in ("LA", "RGBA"):
        return image.mode
    if image.mode in ("La", "RGBa"):
        return image.mode.upper()
    return "RGBA" if image.has_transparency_data else "RGB"


def _picture(image: Image.Image, how: Encoding, frames: int) -> Picture:
    mode, notes, full = _mode(image), _notes(image), 255
    flat = ImageOps.exif_transpose(image) if _turned(image) else image
    wanted = _plain(flat)
    if wanted is not None:
        pixels: Array = np.asarray(flat if flat.mode == wanted else flat.convert(wanted))
    elif flat.mode == "1":
        pixels, full = np.asarray(flat).astype(np.uint8), 1
    elif flat.mode.startswith("I;16"):
        pixels, full = np.asarray(flat).astype(np.uint16), 65535
    else:
        pixels, full = np.asarray(flat), 0
        low, high = value_range(pixels)
        notes = (*notes, f"black is {low:g}, white {high:g}")
    shaped = pixels[..., np.newaxis] if pixels.ndim == 2 else pixels
    return Picture(shaped, full, mode, how, frames, notes)


def _thumbnail(pixels: NDArray[np.uint8], side: int, picture: Picture) -> Thumbnail:
    flat = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    size = (picture.width, picture.height)
    return Thumbnail(*_encoded(flat, side, size), *size, picture.mode, picture.encoding, picture.frames, picture.notes)


def _encoded(image: Image.Image, side: int, size: tuple[int, int]) -> tuple[bytes, str]:
    """Return a picture of `size` scaled down to fit, and the type it is encoded in: exactly where it is small."""
    scale = min(1.0, max(side, SMALLEST_SIDE) / max(size))
    small = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
    whole = small == image.size
    if image.size != small:
        image = image.resize(small, Image.Resampling.HAMMING, reducing_gap=2.0)
    file = io.BytesIO()
    if image.mode in ("LA", "RGBA") or (whole and small[0] * small[1] <= _LOSSLESS):
        image.save(file, "PNG", compress_level=1)
        return file.getvalue(), "image/png"
    image.save(file, "JPEG", quality=92, subsampling=0)
    return file.getvalue(), "image/jpeg"


def _widened(pixels: Array, channels: int) -> Array:
    """Return pixels with as many channels: grey in red, green and blue alike, and full alpha where there is none."""
    height, width, have = pixels.shape
    if have == channels:
        return pixels
    colors = pixels[..., : have - (have in (2, 4))]
    alpha = pixels[..., -1:] if have in (2, 4) else np.full((height, width, 1), 255, pixels.dtype)
    wanted = channels - (channels in (2, 4))
    parts = [np.broadcast_to(colors, (height, width, wanted)), *([alpha] if channels in (2, 4) else [])]
    return np.concatenate(parts, axis=2)

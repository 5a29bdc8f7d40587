"""The pictures of the points of an embedding: all in one picture, row by row, of which each is cut out."""

import base64
import io
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tbcore.errors import PictureError
from tbcore.formats import pictures

Pixels = NDArray[np.uint8]

_LARGEST = 2_048  # pixels of a side of what a browser is handed


@dataclass(frozen=True)
class Sprite:
    """The picture of each point, in one.

    pixels [height, width, channels]; size: width and height of one point's; across: how many lie beside each other;
    count: of how many points there is one; atlas: all of them as PNG, where each is `atlas_size` pixels wide and high.
    """

    pixels: Pixels = field(repr=False)
    size: tuple[int, int]
    across: int
    count: int
    atlas: bytes = field(repr=False)
    atlas_size: tuple[float, float]

    def picture(self, row: int) -> Pixels | None:
        """Return the pixels of one point, None when it has none."""
        if not 0 <= row < self.count:
            return None
        down, along = divmod(row, self.across)
        width, height = self.size
        return self.pixels[down * height : (down + 1) * height, along * width : (along + 1) * width]

    def png(self, row: int, side: int) -> bytes:
        """Return one point as PNG, enlarged by a whole number as far as it fits into `side` pixels; b"" when it has none."""
        pixels = self.picture(row)
        if pixels is None:
            return b""
        times = max(1, side // max(self.size))
        return _png(pixels.repeat(times, 0).repeat(times, 1))

    def uris(self, rows: Iterable[int], side: int) -> list[str | None]:
        """Return points as addresses that hold the picture itself, None for those that have none."""
        made = [self.png(row, side) for row in rows]
        return [f"data:image/png;base64,{base64.b64encode(one).decode()}" if one else None for one in made]


def sprite(data: bytes, size: tuple[int, int], rows: int) -> Sprite:
    """Return the pictures of `rows` points. size: width and height of one.

    Raises PictureError when it is no picture, or has no room for one of them.
    """
    pixels = pictures.visible(pictures.decode(data))
    pixels = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    width, height = size
    if width < 1 or height < 1:
        raise PictureError(f"pictures of {width} × {height} pixels")
    across, down = pixels.shape[1] // width, pixels.shape[0] // height
    if not across * down:
        raise PictureError(
            f"a sprite of {pixels.shape[1]:,} × {pixels.shape[0]:,} pixels holds no picture of {width:,} × {height:,}"
        )
    whole = np.ascontiguousarray(pixels[: down * height, : across * width])
    scale = min(1.0, _LARGEST / max(whole.shape[:2]))
    image = Image.fromarray(whole)
    if scale < 1:
        small = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(small, Image.Resampling.BOX)
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    each = (image.width / across, image.height / down)
    return Sprite(whole, size, across, min(rows, across * down), file.getvalue(), each)


def _png(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()

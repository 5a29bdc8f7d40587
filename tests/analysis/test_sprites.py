"""The pictures of points are cut out of one, and what is none is refused."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from tbcore.analysis import sprites
from tbcore.errors import PictureError
from tests import projectormaker

GREYS = np.arange(5, dtype=np.uint8)[:, None, None] * np.full((1, 2, 3), 50, np.uint8)  # five pictures, 3 wide, 2 high


def test_each_point_has_its_own_picture_row_by_row() -> None:
    made = sprites.sprite(projectormaker.sprite_of(GREYS), (3, 2), 5)
    assert (made.across, made.count) == (3, 5)
    for row in range(5):
        picture = made.picture(row)
        assert picture is not None
        assert picture.tolist() == GREYS[row].tolist()
    assert made.picture(5) is None
    assert made.picture(-1) is None


def test_a_sprite_with_too_few_pictures_serves_the_first_points() -> None:
    made = sprites.sprite(projectormaker.sprite_of(GREYS), (3, 2), 100)
    assert made.count == 9
    assert made.picture(99) is None


def test_a_picture_is_enlarged_by_whole_numbers_and_handed_on_as_an_address() -> None:
    made = sprites.sprite(projectormaker.sprite_of(GREYS), (3, 2), 5)
    assert Image.open(io.BytesIO(made.png(4, 10))).size == (9, 6)
    first, none = made.uris([4, 77], 3)
    assert none is None
    assert first is not None
    assert Image.open(io.BytesIO(base64.b64decode(first.partition(",")[2]))).getpixel((0, 0)) == 200


def test_colours_stay_and_a_large_sprite_is_scaled_for_the_browser() -> None:
    pixels = np.zeros((3000, 3000, 3), np.uint8)
    pixels[..., 0] = 255
    made = sprites.sprite(projectormaker.png(pixels), (1000, 1000), 9)
    assert made.atlas_size == (2048 / 3, 2048 / 3)
    assert Image.open(io.BytesIO(made.atlas)).size == (2048, 2048)
    picture = made.picture(8)
    assert picture is not None
    assert picture[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("data", "size", "says"),
    [
        (b"GIF89a nothing", (2, 2), "GIF"),
        (b"plain text", (2, 2), "not an image"),
        (projectormaker.png_claiming(30_000, 30_000, b""), (2, 2), "too many"),
        (projectormaker.sprite_of(GREYS), (100, 100), "holds no picture of 100 × 100"),
        (projectormaker.sprite_of(GREYS), (0, 2), "0 × 2"),
    ],
)
def test_what_is_no_sprite_is_refused_with_the_reason(data: bytes, size: tuple[int, int], says: str) -> None:
    with pytest.raises(PictureError, match=says):
        sprites.sprite(data, size, 5)

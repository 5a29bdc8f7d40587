"""Images in a browser: the slider, samples, the large view, pixel values, comparing, files, what is no image."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tbcore.formats.tfrecord import EventWriter
from tests import eventfile
from tests.browser import seen
from tests.browser.server import Serve, Site, Visit

STEPS = (0, 10, 20)

# The colour of the middle of each image that is shown, by run: "first": [r, g, b].
MIDDLES = """
tiles => Object.fromEntries(tiles.map(tile => {
  const image = tile.querySelector('.frame img');
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  return [tile.querySelector('.name').textContent, [...context.getImageData(image.naturalWidth >> 1, image.naturalHeight >> 1, 1, 1).data].slice(0, 3)];
}))
"""


def shade(run: int, step: int, sample: int) -> int:
    """Return the shade of an image of the logs here."""
    return 60 * run + step + sample


def png(pixels: Any) -> bytes:
    """Return pixels as a PNG."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def written(logdir: Path) -> Path:
    """Write two runs of 3 samples at 3 steps, a picture of 16 bits in one, what pretends to be one, and a run of others."""
    for run, name in enumerate(("first", "second")):
        with EventWriter(logdir / name, clock=lambda run=run: eventfile.T0 + run) as writer:
            for step in STEPS:
                writer.image("batch", [png(np.full((8, 10), shade(run, step, k), np.uint8)) for k in range(3)], step)
    with EventWriter(logdir / "others", clock=lambda: eventfile.T0 + 0.5) as writer:
        writer.image("other", [png(np.full((8, 10), 7, np.uint8))], 0)
    wide = np.arange(48, dtype=np.uint16).reshape(6, 8) * 1000
    hostile = (
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><image href='http://example.invalid/x'/></svg>"
    )
    values = [eventfile.image("odd/deep", 8, 6, png(wide)), eventfile.image("odd/svg", 8, 6, hostile)]
    event = eventfile.record(eventfile.event(0, *values, wall=eventfile.T0))
    eventfile.write(logdir / "first" / "events.out.tfevents.1.host", eventfile.version(), event)
    return logdir


@pytest.fixture(scope="module")
def site(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The logs of `written`."""
    return serve(written(tmp_path_factory.mktemp("images")))


def card(page: Any, tag: str) -> Any:
    """Return the card of a tag."""
    return page.locator(f'.card[aria-label="{tag}"]')


def middles(page: Any, tag: str) -> dict[str, list[int]]:
    """Return the colour in the middle of the image of each run."""
    found: dict[str, list[int]] = card(page, tag).locator(".tile").evaluate_all(MIDDLES)
    return found


def shades(page: Any, tag: str = "batch") -> list[int]:
    """Return the shade of the image of each run."""
    return [color[0] for color in middles(page, tag).values()]


def large(page: Any) -> Any:
    """Return the large view once it shows its pixels."""
    view = page.locator("dialog.viewer[open][data-painted]")
    view.wait_for()
    return view


def read_at(page: Any, across: float, down: float) -> str:
    """Point into the large view, at parts of its size from the top left, and return what it says of the pixel."""
    box = page.locator("dialog .easel").bounding_box()
    page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
    text: str = page.locator("dialog .readout").inner_text()
    return text


@contextmanager
def repainted(page: Any) -> Iterator[None]:
    """Do something and wait until the large view was painted since."""
    view = page.locator("dialog.viewer")
    before = view.get_attribute("data-painted")
    yield
    seen.until(page, lambda: view.get_attribute("data-painted") not in (None, before))


def test_the_slider_moves_all_runs_and_the_address(site: Site, visit: Visit) -> None:
    page = visit(site, "/media?tags=batch")
    assert middles(page, "batch") == {"first": [20, 20, 20], "second": [80, 80, 80]}
    page.get_by_role("button", name="One step back").click()
    seen.until(page, lambda: shades(page) == [10, 70])
    assert card(page, "batch").locator(".step").all_inner_texts() == ["step 10", "step 10"]
    seen.until(page, lambda: seen.query(page).get("step") == ["10"])


def test_each_sample_of_a_step_can_be_chosen(site: Site, visit: Visit) -> None:
    page = visit(site, "/media?tags=batch")
    assert "sample 1 of 3" in card(page, "batch").inner_text()
    page.get_by_role("button", name="Next sample").first.click()
    seen.until(page, lambda: shades(page) == [21, 81])
    seen.until(page, lambda: seen.query(page).get("sample") == ["2,batch"])
    page.get_by_role("button", name="All samples").click()
    seen.until(page, lambda: card(page, "batch").locator(".tile img").count() == 6)


def test_the_large_view_tells_true_values_also_of_16_bits(site: Site, visit: Visit) -> None:
    page = visit(site, "/media?tags=odd")
    card(page, "odd/deep").locator(".frame").click()
    large(page)
    assert "16-bit grey" in page.locator("dialog .whole").inner_text()
    # Of 8 x 6 pixels the middle lies where the 29th begins, at x 4 and y 3.
    assert read_at(page, 0.501, 0.501).split() == ["x", "4", "y", "3", "28000"]
    page.keyboard.press("1")
    seen.until(page, lambda: page.locator("dialog .zoom").inner_text().startswith("100"))
    page.keyboard.press("Escape")
    page.locator("dialog.viewer").wait_for(state="hidden")
    seen.until(page, lambda: "image" not in seen.query(page))


def test_two_images_are_compared(site: Site, visit: Visit) -> None:
    page = visit(site, "/media?tags=batch")
    card(page, "batch").locator(".frame").first.click()
    large(page)
    with repainted(page):
        page.get_by_role("button", name="Compare", exact=True).click()
    seen.until(page, lambda: page.get_by_label("Run of B").input_value() == "second")
    page.get_by_role("button", name="Difference").click()
    seen.until(
        page, lambda: "at most 60, mean 60, 80 pixels of 80 differ" in page.locator("dialog .verdict").inner_text()
    )
    assert read_at(page, 0.501, 0.501).split() == ["x", "5", "y", "4", "A", "20", "B", "80", "B", "−", "A", "60"]
    page.get_by_label("What differences are multiplied by").select_option("4")
    seen.until(page, lambda: page.locator("dialog .ramp").inner_text().split() == ["0", "63.75"])
    page.get_by_role("button", name="One step back of B").click()
    seen.until(page, lambda: "at most 50" in page.locator("dialog .verdict").inner_text())
    page.keyboard.press("ArrowLeft")
    seen.until(page, lambda: "at most 60" in page.locator("dialog .verdict").inner_text())
    seen.until(page, lambda: seen.query(page).get("with") == ["10", "1", "second", "batch"])
    assert seen.query(page)["image"] == ["10", "1", "first", "batch"]
    assert seen.query(page)["compare"] == ["difference"]
    for mode in ("Swipe", "Blink", "Overlay"):
        page.get_by_role("button", name=mode).click()
        seen.until(page, lambda mode=mode: seen.query(page)["compare"] == [mode.lower()])


def test_a_cold_link_opens_the_comparison(serve: Serve, tmp_path: Path, visit: Visit) -> None:
    site = serve(written(tmp_path))
    image = "image=10&image=2&image=first&image=batch"
    other = "with=20&with=3&with=second&with=batch"
    page = visit(site, f"/media?{image}&{other}&compare=difference&gain=4&tags=batch")
    large(page)
    seen.until(page, lambda: "at most 71" in page.locator("dialog .verdict").inner_text())
    assert page.get_by_label("What differences are multiplied by").input_value() == "4"
    page.keyboard.press("Escape")
    seen.until(page, lambda: card(page, "batch").locator(".tile img").count() == 2)


def test_an_original_and_a_whole_series_are_downloaded(site: Site, visit: Visit) -> None:
    page = visit(site, "/media?tags=batch")
    card(page, "batch").locator(".frame").first.click()
    large(page)
    with page.expect_download() as started:
        page.get_by_role("button", name="Download the original").click()
    assert started.value.suggested_filename == "first_batch_20.png"
    assert Path(started.value.path()).read_bytes() == png(np.full((8, 10), 20, np.uint8))
    page.keyboard.press("Escape")
    page.get_by_text("Download all steps").click()
    page.get_by_text("3 values, ").wait_for()
    with page.expect_download() as started:
        page.get_by_role("button", name="Download as ZIP").click()
    with zipfile.ZipFile(started.value.path()) as zipped:
        assert len(zipped.namelist()) == 10


def test_what_is_no_image_says_so_and_asks_nobody(site: Site, visit: Visit) -> None:
    page = visit(site, "/media?tags=odd", dark=True, width=700)
    assert (
        card(page, "odd/svg").locator(".reason").inner_text() == "an SVG drawing: it may hold scripts and is not shown"
    )
    assert card(page, "odd/deep").locator("img").count() == 1
    card(page, "odd/svg").locator(".frame").click()
    page.locator("dialog .reason").wait_for()
    assert "may hold scripts" in page.locator("dialog .reason").inner_text()
    assert page.locator("dialog img, dialog svg image").count() == 0
    page.keyboard.press("Escape")
    assert not seen.wider_than_the_window(page)


def test_new_images_appear_by_themselves(serve: Serve, tmp_path: Path, visit: Visit) -> None:
    with EventWriter(tmp_path / "run") as writer:
        writer.image("x", png(np.full((4, 4), 9, np.uint8)), 0)
        writer.flush()
        page = visit(serve(tmp_path), "/media?refresh=1+s")
        seen.until(page, lambda: shades(page, "x") == [9])
        writer.image("x", png(np.full((4, 4), 99, np.uint8)), 5)
        writer.flush()
        seen.until(page, lambda: shades(page, "x") == [99], 15)

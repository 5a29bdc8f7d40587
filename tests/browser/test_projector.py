"""The Projector page a visitor sees: points picked, selected and isolated, steps, long computations, strange names."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import projectormaker
from tests.browser import seen
from tests.browser.server import Serve, Site, Visit

HOSTILE = '<img src="http://elsewhere/x.png" onerror="alert(1)">'
KINDS = ["cat", "dog", HOSTILE]
COUNT = 60  # points, of which the last one is alone
GREEN = "#6cc5b0"  # the colour of the fourth category

# Where a colour is on the canvas, in pixels of the page.
FIND = """
(plot, color) => {
  const canvas = plot.querySelector('canvas');
  const wanted = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  const {width, height} = canvas;
  const {data} = canvas.getContext('2d').getImageData(0, 0, width, height);
  let count = 0, x = 0, y = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (wanted.every((part, channel) => Math.abs(part - data[at + channel]) < 20) && data[at + 3] > 200) {
      count += 1; x += (at / 4) % width; y += Math.floor(at / 4 / width);
    }
  }
  const box = canvas.getBoundingClientRect();
  return count && {x: box.left + x / count * box.width / width, y: box.top + y / count * box.height / height};
}
"""


def write(run: Path, step: int, moved: float) -> None:
    """Write three heaps of points with labels and pictures, and one point far from all."""
    rng = np.random.default_rng(0)
    middles = np.eye(3, 4) * 6
    middles[0, 3] = moved
    values = middles[np.arange(COUNT) % 3] + rng.normal(0, 0.5, (COUNT, 4))
    values[-1] = (14, 14, 0, 0)
    rows = [[KINDS[row % 3], f"row {row}"] for row in range(COUNT - 1)] + [["zebra", "the last"]]
    pictures = rng.integers(0, 255, (COUNT, 8, 8)).astype(np.uint8)
    projectormaker.write(run, values, rows, header=["kind", "name"], sprite=pictures, step=step, name="pets")


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("projector")
    for step in (10, 20):
        write(folder / "a", step, step / 10)
    rng = np.random.default_rng(1)
    which = rng.integers(0, 12, 4_000)
    values = rng.normal(0, 4, (12, 20))[which] + rng.normal(size=(4_000, 20))
    projectormaker.write(folder / "many", values, [f"heap {one}" for one in which], name="heaps")
    return folder


@pytest.fixture(scope="module")
def site(serve: Serve, logdir: Path) -> Site:
    """Points at two steps, and many more that take a while."""
    return serve(logdir)


def visited(visit: Visit, site: Site, parameters: str = "", **how: Any) -> Any:
    """Open the page and wait until the points are painted."""
    page = visit(site, f"/projector?{parameters}", **how)
    seen.until(page, lambda: page.locator(".cloud[data-painted]").count() > 0, 30)
    return page


def click_on(page: Any, color: str) -> None:
    """Click on the point of a colour."""
    seen.until(page, lambda: page.locator(".plot").first.evaluate(FIND, color))
    place = page.locator(".plot").first.evaluate(FIND, color)
    page.mouse.move(place["x"], place["y"])
    page.mouse.click(place["x"], place["y"])


def test_a_click_picks_a_point_and_a_press_on_a_neighbour_goes_on(visit: Visit, site: Site) -> None:
    page = visited(visit, site, "emb=a · pets&emb_label=name")
    click_on(page, GREEN)
    seen.until(page, lambda: seen.query(page).get("point") == [str(COUNT - 1)])
    page.get_by_text("the last", exact=True).first.wait_for()
    neighbours = page.locator('[data-testid="stDataFrame"] canvas').first
    neighbours.wait_for()
    page.wait_for_timeout(400)
    frame = neighbours.bounding_box()
    page.mouse.click(frame["x"] + 90, frame["y"] + 55)
    seen.until(page, lambda: seen.query(page).get("point") not in (None, [str(COUNT - 1)]))
    page.get_by_role("button", name="close").first.click()
    seen.until(page, lambda: "point" not in seen.query(page))


def test_a_category_is_selected_and_isolated_and_the_address_shares_it(visit: Visit, site: Site) -> None:
    page = visited(visit, site, "emb=a · pets")
    page.locator(".cloud button", has_text="dog").click(modifiers=["Shift"])
    page.get_by_text("20 points are selected").wait_for()
    page.get_by_role("button", name="Isolate").click()
    page.get_by_text("40 of 60 points are hidden").wait_for()
    seen.until(page, lambda: "isolated" in seen.query(page))
    again = visited(visit, site, page.url.partition("?")[2], dark=True)
    again.get_by_text("40 of 60 points are hidden").wait_for()
    again.get_by_role("button", name="Show all").click()
    seen.until(again, lambda: "isolated" not in seen.query(again))


def test_a_drag_with_shift_selects_and_escape_clears(visit: Visit, site: Site) -> None:
    page = visited(visit, site, "emb=a · pets")
    frame = page.locator(".plot").first.bounding_box()
    page.keyboard.down("Shift")
    page.mouse.move(frame["x"] + 5, frame["y"] + 60)
    page.mouse.down()
    right, bottom = frame["x"] + frame["width"] - 5, frame["y"] + frame["height"] - 5
    for x, y in ((right, frame["y"] + 60), (right, bottom), (frame["x"] + 5, bottom)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    page.get_by_text("points are selected").wait_for()
    page.locator(".plot").first.focus()
    page.keyboard.press("Escape")
    seen.until(page, lambda: "points" not in seen.query(page))


def test_a_long_computation_shows_how_far_it_is_leaves_the_page_usable_and_can_be_stopped(
    visit: Visit, site: Site
) -> None:
    page = visited(visit, site, "emb=many · heaps&emb_by=tsne&emb_iterations=10000")
    page.get_by_role("button", name="Compute t-SNE of 4,000 points").click()
    page.get_by_role("progressbar").first.wait_for(timeout=3000)
    page.locator(".cloud button", has_text="heap 3").click(modifiers=["Shift"])
    page.get_by_text("points are selected").wait_for()
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("was stopped").wait_for()


def test_the_slider_shows_another_step_and_a_new_one_appears_by_itself(
    visit: Visit, serve: Serve, tmp_path: Path
) -> None:
    for step in (10, 20):
        write(tmp_path / "a", step, step / 10)
    page = visited(visit, serve(tmp_path), "refresh=1 s")
    page.locator(".cloud", has_text="step 20").wait_for()
    write(tmp_path / "a", 30, 3)
    page.locator(".cloud", has_text="step 30").wait_for()
    page.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowLeft")
    page.locator(".cloud", has_text="step 20").wait_for()
    assert seen.query(page)["emb_step"] == ["20"]

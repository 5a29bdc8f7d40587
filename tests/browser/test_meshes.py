"""The meshes a visitor sees: drawn, turned together, and words where nothing can be drawn."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tbcore.formats.schema import MeshPluginData
from tests import eventfile
from tests.browser import seen
from tests.browser.conftest import BROWSERS, FLAGS
from tests.browser.server import Serve, Site

# The machines that test have no graphics card: what it would do is computed.
COMPUTED = ["--enable-unsafe-swiftshader", "--use-gl=angle", "--use-angle=swiftshader"]
CORNERS = [1, 1, 1, -1, -1, 1, 1, -1, -1, -1, 1, -1]
EYES = "all => all.map(plot => plot._fullLayout.scene.camera.eye).map(eye => [eye.x, eye.y, eye.z])"


def part(name: str, kind: int, dtype: str, values: list[float], step: int) -> bytes:
    """Return vertices, faces or colours of a tetrahedron."""
    about = MeshPluginData(name=name, content_type=kind, json_config="{}", shape=[1, 4, 3])
    ending = ("VERTEX", "FACE", "COLOR")[kind - 1]
    meta = eventfile.metadata("mesh", about.SerializeToString())
    return eventfile.record(eventfile.event(step, eventfile.tensor(f"{name}_{ending}", dtype, values, (1, 4, 3), meta)))


@pytest.fixture(scope="module")
def site(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Two runs with a tetrahedron that grows."""
    logdir = tmp_path_factory.mktemp("meshes")
    for run in ("alpha", "beta"):
        records = [eventfile.version()]
        for step in range(3):
            records += [
                part("shape", 1, "float", [(1 + step) * corner for corner in CORNERS], step),
                part("shape", 2, "int32", [0, 1, 2, 0, 1, 3, 0, 2, 3, 1, 2, 3], step),
                part("shape", 3, "uint8", [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 0, 255], step),
            ]
        eventfile.write(logdir / run / "events.out.tfevents.1.host", *records)
    return serve(logdir)


def launched(browser: Any, *flags: str) -> Any:
    path = os.environ.get("CHROMIUM") or next(found for name in BROWSERS if (found := shutil.which(name)))
    return browser.browser_type.launch(executable_path=path, args=[*FLAGS, *flags])


@pytest.fixture(scope="module")
def drawing(browser: Any) -> Iterator[Any]:
    """A browser that draws in three dimensions."""
    running = launched(browser, *COMPUTED)
    yield running
    running.close()


@pytest.fixture(scope="module")
def flat(browser: Any) -> Iterator[Any]:
    """A browser that draws nothing in three dimensions."""
    running = launched(browser, "--disable-3d-apis")
    yield running
    running.close()


def visited(browser: Any, site: Site, path: str) -> tuple[Any, list[str]]:
    """Open a page and wait for its panels; return it and what went wrong on it, which grows."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(30_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda one: None if one.url.startswith(ours(site)) else wrong.append(one.url))
    page.goto(site.url + path)
    seen.until(page, lambda: page.locator(".panel[data-painted]").count() == 2, 40)
    return page, wrong


def ours(site: Site) -> tuple[str, ...]:
    """Return how the addresses begin that a page may ask."""
    return (site.url, site.url.replace("http", "ws", 1), "data:", "blob:")


def eyes(page: Any) -> list[list[float]]:
    """Return from where each panel is looked at."""
    found: list[list[float]] = page.locator(".panel .plot").evaluate_all(EYES)
    return found


def test_turning_one_shape_turns_all_and_a_step_leaves_them_so(site: Site, drawing: Any) -> None:
    page, wrong = visited(drawing, site, "/media?tab=meshes")
    first = eyes(page)
    assert first[0] == first[1]
    box = page.locator(".panel .plot").first.bounding_box()
    page.mouse.move(box["x"] + 150, box["y"] + 150)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(box["x"] + 150 + 10 * step, box["y"] + 150 + 3 * step)
    seen.until(page, lambda: eyes(page)[1] != first[1], 20)
    page.mouse.up()
    seen.until(page, lambda: "camera" in seen.query(page), 20)
    turned = eyes(page)
    assert turned[0] == pytest.approx(turned[1], abs=1e-6)
    assert turned[0] != first[0]
    page.get_by_role("button", name="One step back").first.click()
    seen.until(page, lambda: page.get_by_text("step 1 · 4 vertices · 4 faces").count() == 2, 20)
    assert eyes(page) == [pytest.approx(eye, abs=1e-6) for eye in turned]
    page.get_by_role("button", name="Reset view").click()
    seen.until(page, lambda: eyes(page) == first, 20)
    assert wrong == []
    page.close()


def test_the_address_holds_from_where_the_shapes_are_seen(site: Site, drawing: Any) -> None:
    page, wrong = visited(drawing, site, "/media?tab=meshes&camera=1,2,0.5,0,0,0,0,1,0&step=0")
    assert eyes(page) == [[1, 2, 0.5]] * 2
    assert wrong == []
    page.close()


def test_a_browser_that_draws_nothing_says_so_and_tells_the_numbers(site: Site, flat: Any) -> None:
    page, wrong = visited(flat, site, "/media?tab=meshes")
    assert page.get_by_text("WebGL is off or missing").is_visible()
    assert page.get_by_text("step 2 · 4 vertices · 4 faces").count() == 2
    assert page.locator(".panel canvas").count() == 0
    assert wrong == []
    page.close()

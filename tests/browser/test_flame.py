"""The flame graph of a recording: frames zoomed, searched and walked through, and what the address says of it."""

from pathlib import Path
from typing import Any

import pytest

from tests import tracemaker
from tests.analysis import profilemaker as make
from tests.browser import seen
from tests.browser.server import Serve, Site, Visit

HOSTILE = '<img src="http://elsewhere/x.png" onerror="alert(1)">'
ROW = 20  # pixels
FRAMES = ".flame[data-painted]"


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flame")
    (folder / "a").mkdir()
    deep = [make.python(f"deep.py({depth}): f", 5000 + depth, 1000 - 2 * depth, Python_id=depth) for depth in range(60)]
    events = [
        make.python("train.py(3): main", 0, 1000),
        make.op("aten::conv2d", 100, 300, Input_Dims=[[8, 3]]),
        make.op("aten::relu", 420, 100),
        make.op(HOSTILE, 600, 200),
        make.op("aten::conv2d", 850, 100),
    ]
    (folder / "a" / "worker.1.pt.trace.json").write_bytes(tracemaker.trace(*events))
    (folder / "deep").mkdir()
    (folder / "deep" / "worker.1.pt.trace.json").write_bytes(tracemaker.trace(*deep))
    return folder


@pytest.fixture(scope="module")
def site(serve: Serve, logdir: Path) -> Site:
    """A small recording, and one with a call stack deeper than the screen."""
    return serve(logdir)


def visited(visit: Visit, site: Site, parameters: str = "", run: str = "a", **how: Any) -> Any:
    """Open the page and wait until the frames are painted."""
    address = f"/profile?profile_tab=operators&ops_look=flame&trace_run={run}&{parameters}"
    page = visit(site, address, curves=False, **how)
    seen.until(page, lambda: page.locator(FRAMES).count() == 1, 30)
    return page


def line(page: Any) -> str:
    return str(page.locator(".flame .line").inner_text())


def press(page: Any, across: float, level: int) -> None:
    """Click into the frame at a share of the width."""
    box = page.locator(".flame .scroll").bounding_box()
    page.mouse.click(box["x"] + across * box["width"], box["y"] + (level + 0.5) * ROW)


def test_a_click_shows_a_frame_in_the_whole_width_and_another_one_goes_back(visit: Visit, site: Site) -> None:
    page = visited(visit, site)
    press(page, 0.2, 1)
    seen.until(page, lambda: "aten::conv2d · 400µs · 40.0% of all" in line(page))
    seen.until(page, lambda: seen.query(page).get("ops_frame") == ["1"])
    page.get_by_role("button", name="Longest call of aten::conv2d in the trace").wait_for()
    press(page, 0.99, 1)  # it fills the width
    seen.until(page, lambda: line(page).startswith("train.py(3): main"))
    page.get_by_role("button", name="Show all").click()
    seen.until(page, lambda: "ops_frame" not in seen.query(page))


def test_a_search_says_how_much_of_the_time_it_found_and_stays_in_the_address(visit: Visit, site: Site) -> None:
    page = visited(visit, site)
    page.get_by_label("Find frames").fill("^aten::")
    seen.until(page, lambda: page.locator(".flame .count").inner_text() == "2 found, 50.0% of the time")
    seen.until(page, lambda: seen.query(page).get("ops_flame_find") == ["^aten::"])
    again = visited(visit, site, "ops_flame_find=img&ops_frame=3", dark=True)
    seen.until(again, lambda: again.locator(".flame .count").inner_text() == "1 found, 20.0% of the time")
    seen.until(again, lambda: line(again).startswith(HOSTILE))
    assert again.locator(".flame img").count() == 0


def test_keys_walk_from_frame_to_frame(visit: Visit, site: Site) -> None:
    page = visited(visit, site)
    page.locator(".flame .scroll").focus()
    for key, name in (
        ("ArrowDown", "train.py(3): main"),
        ("ArrowDown", "aten::conv2d"),
        ("ArrowRight", HOSTILE),
        ("ArrowRight", "aten::relu"),
        ("ArrowUp", "train.py(3): main"),
    ):
        page.keyboard.press(key)
        seen.until(page, lambda name=name: line(page).startswith(name))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Show all").wait_for()
    page.keyboard.press("Escape")
    seen.until(page, lambda: line(page) == "")


def test_a_deep_stack_is_scrolled_to_the_frame_that_is_chosen(visit: Visit, site: Site) -> None:
    page = visited(visit, site, run="deep")
    scroll = page.locator(".flame .scroll")
    assert scroll.evaluate("node => node.scrollHeight") >= 60 * ROW
    scroll.focus()
    for _level in range(60):
        page.keyboard.press("ArrowDown")
    seen.until(page, lambda: line(page).startswith("deep.py(59): f"))
    assert scroll.evaluate("node => node.scrollTop") > 500


def test_a_frame_leads_to_its_longest_call_in_the_trace(visit: Visit, site: Site) -> None:
    page = visited(visit, site, "ops_frame=1")
    page.get_by_role("button", name="Longest call of aten::conv2d in the trace").click()
    seen.until(page, lambda: seen.query(page).get("profile_tab") == ["trace"])
    seen.until(page, lambda: seen.query(page).get("trace_row") == ["1"])

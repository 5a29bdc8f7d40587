"""The Distributions page as a visitor sees it: what is drawn, what the pointer reads, and that it stays while logs grow."""

import time
from pathlib import Path
from typing import Any

import pytest

from tests import eventfile
from tests.browser import seen
from tests.browser.server import Serve, Site, Visit
from tests.growing import GrowingFile

NAME = "events.out.tfevents.1.host"
HOSTILE = "<img src=x onerror=window.harmed=1>"
LONG = 10_000


def histogram(step: int, *tags: str, shift: float = 0.0) -> bytes:
    """Return a record with 100 values of each tag: 40 evenly in the unit above `shift`, 60 in the one above that."""
    buckets = [shift, shift + 1, 40, shift + 1, shift + 2, 60]
    values = (eventfile.tensor(tag, "double", buckets, (2, 3), eventfile.metadata("histograms")) for tag in tags)
    return eventfile.record(eventfile.event(step, *values))


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of 20 steps, one of 10,000, one whose names are markup, and one that grows."""
    folder = tmp_path_factory.mktemp("histograms")
    for place, run in enumerate(("one", "two")):
        records = [histogram(step, "net/weight", shift=place * step / 10) for step in range(20)]
        eventfile.write(folder / run / NAME, eventfile.version(eventfile.T0 + place), *records)
    long = [histogram(step, "deep/weight", shift=step / LONG) for step in range(LONG)]
    eventfile.write(folder / "long" / NAME, eventfile.version(eventfile.T0 + 2), *long)
    odd = [histogram(step, f"odd/{HOSTILE}", "odd/" + "very_long_" * 40) for step in range(3)]
    eventfile.write(folder / HOSTILE.replace("/", "") / NAME, eventfile.version(eventfile.T0 + 3), *odd)
    return folder


@pytest.fixture(scope="module")
def site(serve: Serve, logdir: Path) -> Site:
    return serve(logdir)


def reads(page: Any) -> dict[str, str]:
    """Return the rows of the tooltip: words and numbers."""
    rows = page.locator(".tip:not([hidden]) tr").evaluate_all(
        "all => all.map(row => [...row.cells].map(cell => cell.textContent))"
    )
    return {str(words): str(number) for words, number in rows}


def point(page: Any, panel: str, across: float, down: float) -> dict[str, str]:
    """Point at a place of a panel's plot, in parts of its width and height, and return what the tooltip says."""
    box = seen.shown(page, panel)
    page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return reads(page)


def notes(page: Any, panel: str) -> str:
    """Return what is said below a panel."""
    return str(seen.plot(page, panel).locator("xpath=following-sibling::p[1]").text_content())


def test_a_cold_deep_link_shows_a_heat_map_that_reads_its_cells(site: Site, visit: Visit) -> None:
    page = visit(site, "/distributions?view=heat&tags=net&only=one")
    ink = seen.ink(page, "net/weight, one")
    assert len(ink["colors"]) == 2
    upper = point(page, "net/weight, one", 0.6, 0.3)
    assert (upper["share"], upper["count"]) == ("4%", "4")
    assert 1 <= float(upper["from"]) < float(upper["to"]) <= 2.0001
    lower = point(page, "net/weight, one", 0.6, 0.7)
    assert lower["step"] == upper["step"]
    assert (lower["share"], float(lower["to"]) < 1.0001) == ("2.667%", True)


def test_each_view_draws_and_reads_the_same_log(site: Site, visit: Visit) -> None:
    page = visit(site, "/distributions?tags=net")
    bar = page.locator(".toolbar.bar")
    for name, view in (("Ridgeline", "ridgeline"), ("Overlay", "overlay")):
        bar.get_by_role("button", name=name).click()
        seen.until(page, lambda: "from" in point(page, "net/weight, two", 0.5, 0.6))
        seen.until(page, lambda view=view: seen.query(page).get("view") == [view])
        assert bar.bounding_box()["height"] < 50  # one line
    bar.get_by_role("button", name="More choices").click()
    bar.get_by_label("Own ranges").check()
    bar.get_by_label("Heights").select_option("Count")
    seen.until(page, lambda: [seen.query(page).get(name) for name in ("range", "height")] == [["own"], ["count"]])
    page.keyboard.press("Escape")
    assert bar.get_by_label("Own ranges").is_hidden()
    bar.get_by_role("button", name="Percentiles").click()
    seen.until(page, lambda: "median" in point(page, "net/weight, one", 0.5, 0.5))
    read = reads(page)
    assert (read["min"], read["max"], read["values"]) == ("0", "2", "100")
    assert float(read["median"]) == pytest.approx(1 + 10 / 60, abs=1e-3)
    assert float(read["15.87%"]) == pytest.approx(0.3968, abs=1e-4)
    bar.get_by_role("button", name="Statistics").click()
    page.get_by_text("Mean of the values").wait_for()
    # The first run's mean is (40 * 0.5 + 60 * 1.5) / 100.
    seen.until(
        page, lambda: [row.value for row in seen.hover(page, "net/weight", 10, "one") if row.run == "one"] == ["1.1"]
    )


def test_the_arrow_keys_read_step_by_step(site: Site, visit: Visit) -> None:
    page = visit(site, "/distributions?view=percentiles&tags=net&only=two")
    seen.plot(page, "net/weight, two").focus()
    steps = []
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        steps.append(reads(page)["step"])
    assert steps == ["0", "1", "2", "1"]


def test_at_one_step_the_slider_moves_every_run(site: Site, visit: Visit) -> None:
    page = visit(site, "/distributions?view=step&tags=net&step=5")
    rows = page.locator(".facts tbody tr")
    seen.until(page, lambda: rows.count() == 2)
    cells = rows.nth(1).locator("td").all_text_contents()
    assert cells[:4] == ["two", "5", "100", "1.6"]
    assert cells[-1] == "0.5"
    step = page.get_by_label("Step of all runs")
    step.fill("15")
    step.press("Enter")
    seen.until(page, lambda: rows.nth(1).locator("td").all_text_contents()[:4] == ["two", "15", "100", "2.6"])
    seen.until(page, lambda: seen.query(page).get("step") == ["15"])


def test_ten_thousand_steps_are_one_heat_map_and_each_can_be_reached(site: Site, visit: Visit) -> None:
    page = visit(site, "/distributions?tags=net")
    begin = time.monotonic()
    page.goto(f"{site.url}/distributions?view=heat&tags=deep", wait_until="commit")
    seen.until(page, lambda: page.locator("[data-painted]").count() == 1)
    assert time.monotonic() - begin < 5
    panel = "deep/weight, long"
    assert notes(page, panel).startswith("10,000 steps, each pixel column the mean of about ")
    assert "mean share" in point(page, panel, 0.5, 0.5)
    for _ in range(3):
        before = seen.query(page).get("zoom")
        box = seen.shown(page, panel)
        seen.zoom(page, panel, box["width"] * 0.5, box["width"] * 0.57)
        seen.until(page, lambda before=before: seen.query(page).get("zoom") != before)
    seen.until(page, lambda: notes(page, panel) == "")
    read = point(page, panel, 0.5, 0.5)
    assert 4000 < int(read["step"].replace(",", "")) < 6500
    shared = seen.query(page)["zoom"]
    again = visit(site, f"/distributions?view=ridgeline&tags=deep&zoom={shared[0]}")
    low, high = map(float, shared[0].split(",")[:2])
    read = point(again, panel, 0.5, 0.8)
    assert low <= int(read["step"].replace(",", "")) <= high


def test_a_growing_log_shows_its_steps_and_keeps_the_zoom(site: Site, visit: Visit, logdir: Path) -> None:
    file = GrowingFile(
        logdir / "grows" / NAME, eventfile.version(), *[histogram(step, "live/weight") for step in range(40)]
    )
    file.more(31)
    page = visit(site, "/distributions?view=heat&tags=live&refresh=1%20s")
    panel = "live/weight, grows"
    assert point(page, panel, 0.97, 0.5)["step"] == "29"
    file.more(10)
    seen.until(page, lambda: point(page, panel, 0.97, 0.5).get("step") == "39")
    box = seen.shown(page, panel)
    seen.zoom(page, panel, box["width"] * 0.4, box["width"] * 0.6)
    seen.until(page, lambda: "zoom" in seen.query(page))
    seen.until(page, lambda: "step" in point(page, panel, 0.9, 0.5))
    read = reads(page)["step"]
    file.script(*[histogram(step, "live/weight") for step in range(40, 60)])
    file.rest()
    page.get_by_text("59", exact=True).first.wait_for()
    page.mouse.move(0, 0)
    assert point(page, panel, 0.9, 0.5)["step"] == read


@pytest.mark.parametrize("width", [1280, 600])
def test_names_of_markup_and_long_names_are_text_that_fits(site: Site, visit: Visit, width: int) -> None:
    page = visit(site, "/distributions?tags=odd&view=step", width=width, dark=True)
    seen.until(page, lambda: page.locator("[data-painted]").count() == 2)
    page.get_by_text(HOSTILE.replace("/", "")).first.wait_for()
    assert not page.evaluate("window.harmed === 1 || document.querySelectorAll('img[src=x]').length > 0")
    assert not seen.wider_than_the_window(page)

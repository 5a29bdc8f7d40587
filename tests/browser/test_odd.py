"""Logs nobody would write on purpose: very many runs, very long names, names that are code, damage, single points."""

from pathlib import Path
from typing import Any

import pytest

from tests import eventfile
from tests.browser import seen
from tests.browser.server import Serve, Site, Visit

HOSTILE = "<img src=x onerror=window.harmed=1>"
MARKDOWN = "[x](javascript:window.harmed=1) $y$ :red[z] **b**"
LONG = "a_very_long_name_" * 30


@pytest.fixture(scope="module")
def site(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Runs and tags with names of markup and of 500 letters, a run of one point, and a damaged file."""
    logdir = tmp_path_factory.mktemp("odd")
    tags = [HOSTILE, f"{HOSTILE}/x", f"group/{HOSTILE}", MARKDOWN, f"long/{LONG}", f"{LONG}/short", "plain"]
    for place, run in enumerate([HOSTILE.replace("/", ""), MARKDOWN.replace("/", ""), LONG[:250] + "/" + LONG[:250]]):
        records = [
            eventfile.record(eventfile.event(step, *(eventfile.simple(tag, step + place) for tag in tags)))
            for step in range(5)
        ]
        eventfile.write(logdir / run / "events.out.tfevents.1.host", eventfile.version(eventfile.T0 + place), *records)
    eventfile.write(
        logdir / "point" / "events.out.tfevents.1.host", eventfile.version(), eventfile.scalar(7, "plain", 1.0)
    )
    whole = b"".join([eventfile.version(), *eventfile.curve("plain", range(5))])
    hurt = eventfile.flip(whole, eventfile.offsets(whole)[3] + 20)
    eventfile.write(logdir / "damaged" / "events.out.tfevents.1.host", hurt)
    return serve(logdir)


def harmed(page: Any) -> bool:
    found: bool = page.evaluate("window.harmed === 1 || document.querySelectorAll('img[src=x]').length > 0")
    return found


def test_names_of_markup_are_text(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?smoothing=0")
    seen.until(page, lambda: HOSTILE in seen.tags(page) and MARKDOWN in seen.tags(page))
    rows = seen.point(page, MARKDOWN, 200)
    assert {HOSTILE, MARKDOWN.replace("/", "")} <= {row.run for row in rows}
    page.get_by_text(MARKDOWN).first.wait_for()
    assert not harmed(page)
    page.get_by_label("Filter tags (regex)").fill(f"{HOSTILE}(")
    page.get_by_label("Filter tags (regex)").press("Enter")
    page.get_by_text("Not a regular expression").wait_for()
    page.get_by_label("Filter runs (regex)").fill(f"{HOSTILE}(")
    page.get_by_role("alert").get_by_text("Not a regex").wait_for()
    assert not harmed(page)


def test_names_of_markup_are_text_in_the_address_and_on_the_inspect_page(site: Site, visit: Visit) -> None:
    page = visit(site, "/inspect?only=" + "%3Cimg%20src%3Dx%20onerror%3Dwindow.harmed%3D1%3E", curves=False)
    page.get_by_text("1 of 5 runs shown").wait_for()
    page.wait_for_timeout(500)
    assert not harmed(page)


@pytest.mark.parametrize("width", [1280, 800, 500])
def test_long_names_do_not_widen_the_page(site: Site, visit: Visit, width: int) -> None:
    page = visit(site, width=width)
    seen.until(page, lambda: f"long/{LONG}" in seen.tags(page))
    assert not seen.wider_than_the_window(page)
    if width == 1280:
        seen.point(page, f"long/{LONG}", 150)
        box = page.locator(".tooltip").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def test_a_single_point_is_drawn_and_read(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?only=point&tags=plain")
    ink = seen.ink(page, "plain")
    assert ink["right"] - ink["left"] > 3
    reading = seen.point(page, "plain", (ink["left"] + ink["right"]) / 2)[0]
    assert (reading.run, reading.step, reading.value) == ("point", "7", "1")


def test_a_damaged_file_has_a_badge_that_leads_to_its_problems(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?only=damaged")
    assert [row.at for row in seen.point(page, "plain", 60)] == [0]
    badge = page.locator(".spacer .row", has=page.get_by_text("damaged", exact=True)).locator(".problems")
    assert badge.text_content() == "1"
    assert "checksum" in (badge.get_attribute("title") or "")
    badge.click()
    page.wait_for_url("**/inspect*")
    page.get_by_text("checksum").first.wait_for(state="attached")


def test_of_600_runs_the_newest_100_are_shown_and_that_is_said(serve: Serve, visit: Visit, tmp_path: Path) -> None:
    for index in range(600):
        start = eventfile.T0 + index
        point = eventfile.scalar(0, "loss", index / 600, start)
        eventfile.write(
            tmp_path / f"run_{index:03}" / "events.out.tfevents.1.host",
            eventfile.version(start),
            point,
            eventfile.scalar(10, "loss", index / 600, start + 10),
        )
    site = serve(tmp_path)
    page = visit(site)
    page.get_by_text("100 of 600 runs shown").wait_for()
    assert page.get_by_text("600 runs: the newest 100 are shown").is_visible()
    rows = seen.point(page, "loss", 200, 0.99)
    assert rows[0].run == "run_500"
    assert page.locator(".tooltip .more").text_content() == "and 88 more"
    listed = page.locator(".spacer .row")
    assert listed.count() < 60
    assert page.locator(".spacer .row:not(.off)").count() > 0
    page.get_by_role("button", name="All", exact=True).click()
    page.get_by_text("600 of 600 runs shown").wait_for()
    seen.until(page, lambda: seen.query(page) == {"all": ["1"]})
    seen.until(page, lambda: seen.point(page, "loss", 200, 0.99)[0].run == "run_000")
    assert not seen.wider_than_the_window(page)

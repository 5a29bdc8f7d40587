"""Logs that grow while a visitor looks: what is new appears, what the visitor set up stays."""

from pathlib import Path
from typing import Any

import pytest

from tests import eventfile
from tests.browser import seen
from tests.browser.server import Serve, Site, Visit
from tests.growing import GrowingFile

NAME = "events.out.tfevents.1.host"
TAGS = [f"g{group}/t{tag}" for group in range(4) for tag in range(3)]
INTERVAL = 1.0  # seconds, as asked for in the address


def records(first: int, last: int) -> list[bytes]:
    """Return one record per step, which holds every tag."""
    values = seen.noise(3, last)
    return [
        eventfile.record(eventfile.event(step, *(eventfile.simple(tag, values[step]) for tag in TAGS)))
        for step in range(first, last)
    ]


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 100 steps that will not change; each test adds runs of its own."""
    folder = tmp_path_factory.mktemp("live")
    eventfile.write(folder / "still" / NAME, eventfile.version(), *records(0, 100))
    return folder


@pytest.fixture(scope="module")
def site(serve: Serve, logdir: Path) -> Site:
    return serve(logdir)


def row(page: Any, run: str) -> Any:
    """Return a run's row in the list."""
    return page.locator(".spacer .row", has=page.get_by_text(run, exact=True))


def test_a_growing_file_shows_its_points_and_keeps_what_the_visitor_set_up(
    site: Site, visit: Visit, logdir: Path
) -> None:
    file = GrowingFile(logdir / "grows" / NAME, eventfile.version(), *records(0, 200))
    file.more(101)
    page = visit(site, "/scalars?refresh=1%20s&smoothing=0.8&except=still")
    seen.until(page, lambda: len(seen.tags(page)) == 12)
    seen.zoom(page, "g0/t0", 150, 250)
    zoomed = seen.point(page, "g0/t0", 60)[0].step
    main = page.locator("[data-testid=stMain]")
    seen.shown(page, "g3/t2")
    page.wait_for_timeout(500)
    scrolled = main.evaluate("main => main.scrollTop")
    assert scrolled > 0
    assert [reading.run for reading in seen.hover(page, "g3/t2", 99)] == ["grows"]

    file.rest()
    step = row(page, "grows").locator(".step")
    taken = seen.until(page, lambda: step.text_content() == "199")
    taken += seen.until(page, lambda: seen.point(page, "g3/t2", 380)[0].at > 150)
    assert taken < INTERVAL + 1.5
    assert [reading.run for reading in seen.hover(page, "g3/t2", 199)] == ["grows"]
    assert main.evaluate("main => main.scrollTop") == scrolled
    assert page.get_by_label("Smoothing weight").input_value() == "0.8"
    assert page.get_by_text("1 of 2 runs shown").is_visible()
    assert seen.point(page, "g0/t0", 60)[0].step == zoomed
    (zoom,) = seen.query(page).pop("zoom")
    assert zoom.endswith(",step,g0/t0")
    assert {name: seen.query(page)[name] for name in ("refresh", "smoothing", "except")} == {
        "refresh": ["1 s"],
        "smoothing": ["0.8"],
        "except": ["still"],
    }


def test_a_new_run_and_a_new_tag_appear_by_themselves(site: Site, visit: Visit, logdir: Path) -> None:
    page = visit(site, "/scalars?refresh=1%20s&runs=still%7Clater&tags=g0/t0%7Cnew")
    assert seen.tags(page) == ["g0/t0"]
    color = max(seen.ink(page, "g0/t0")["colors"].items(), key=lambda item: item[1])[0]
    start = eventfile.T0 + 500
    points = [eventfile.scalar(step, tag, 1.0, start + step) for tag in ("g0/t0", "new") for step in range(3)]
    eventfile.write(logdir / "later" / NAME, eventfile.version(start), *points)
    seen.until(page, lambda: seen.tags(page) == ["g0/t0", "new"])
    seen.until(page, lambda: {reading.run for reading in seen.point(page, "g0/t0", 200)} == {"still", "later"})
    assert color in seen.ink(page, "g0/t0")["colors"]


def test_reading_can_be_switched_off_and_done_by_hand(site: Site, visit: Visit, logdir: Path) -> None:
    page = visit(site, "/scalars?refresh=off&tags=g0")
    page.get_by_text("automatic reading is off").wait_for()
    eventfile.write(logdir / "asked" / NAME, eventfile.version(), *records(0, 50))
    page.wait_for_timeout(1200)
    assert row(page, "asked").count() == 0
    page.get_by_role("button", name="sync").click()
    page.get_by_role("button", name="Read now").click()
    row(page, "asked").wait_for()
    assert seen.query(page)["refresh"] == ["off"]


def test_a_folder_that_goes_away_is_said_and_what_was_read_stays(site: Site, visit: Visit, logdir: Path) -> None:
    page = visit(site, "/scalars?refresh=1%20s&tags=g0")
    logdir.rename(logdir.with_name("gone"))
    page.get_by_text("What was read before is shown").wait_for()
    assert seen.point(page, "g0/t0", 200)
    logdir.with_name("gone").rename(logdir)
    seen.until(page, lambda: page.get_by_text("What was read before is shown").count() == 0)

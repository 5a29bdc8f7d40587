"""Logs that grow while a visitor looks: what is new appears, what the visitor set up stays."""

from pathlib import Path

import pytest

from tests import eventfile
from tests.browser import seen
from tests.browser.conftest import Serve, Visit
from tests.growing import GrowingFile

TAGS = [f"g{group}/t{tag}" for group in range(4) for tag in range(3)]
INTERVAL = 1.0  # seconds, as asked for in the address


def records(first: int, last: int) -> list[bytes]:
    """Return one record per step, which holds every tag."""
    values = seen.noise(3, last)
    return [
        eventfile.record(eventfile.event(step, *(eventfile.simple(tag, values[step]) for tag in TAGS)))
        for step in range(first, last)
    ]


def test_a_growing_file_shows_its_points_and_keeps_what_the_visitor_set_up(serve: Serve, visit: Visit, tmp_path: Path) -> None:
    file = GrowingFile(tmp_path / "grows" / "events.out.tfevents.1.host", eventfile.version(), *records(0, 100))
    file.rest()
    eventfile.write(tmp_path / "still" / "events.out.tfevents.1.host", eventfile.version(), *records(0, 100))
    page = visit(serve(tmp_path), "/scalars?refresh=1%20s&smoothing=0.8&except=still")
    seen.until(page, lambda: len(seen.tags(page)) == 12)
    seen.zoom(page, "g0/t0", 150, 250)
    zoomed = seen.point(page, "g0/t0", 60)[0].step
    main = page.locator("[data-testid=stMain]")
    seen.shown(page, "g3/t2")
    page.wait_for_timeout(700)
    scrolled = main.evaluate("main => main.scrollTop")
    assert scrolled > 0
    assert seen.hover(page, "g3/t2", 99)[0].run == "grows"

    file.script(*records(100, 200))
    file.rest()
    row = page.locator(".spacer .row", has=page.get_by_text("grows", exact=True))
    taken = seen.until(page, lambda: row.locator(".step").text_content() == "199")
    taken += seen.until(page, lambda: seen.point(page, "g3/t2", 400)[0].at > 170)
    assert taken < INTERVAL + 1.5
    assert [reading.run for reading in seen.hover(page, "g3/t2", 199)] == ["grows"]
    assert main.evaluate("main => main.scrollTop") == scrolled
    assert page.get_by_label("Smoothing weight").input_value() == "0.8"
    assert page.get_by_text("1 of 2 runs shown").is_visible()
    assert seen.point(page, "g0/t0", 60)[0].step == zoomed
    assert seen.query(page) == {"refresh": ["1 s"], "smoothing": ["0.8"], "except": ["still"]}


def test_a_new_run_and_a_new_tag_appear_by_themselves(serve: Serve, visit: Visit, tmp_path: Path) -> None:
    eventfile.write(tmp_path / "one" / "events.out.tfevents.1.host", eventfile.version(), *eventfile.curve("a/x", [1, 2, 3]))
    page = visit(serve(tmp_path), "/scalars?refresh=1%20s")
    assert seen.tags(page) == ["a/x"]
    color = max(seen.ink(page, "a/x")["colors"].items(), key=lambda item: item[1])[0]
    eventfile.write(
        tmp_path / "two" / "events.out.tfevents.1.host",
        eventfile.version(eventfile.T0 + 50),
        *[eventfile.scalar(step, tag, 3.0 - step, eventfile.T0 + 50 + step) for tag in ("a/x", "b/y") for step in range(3)],
    )
    seen.until(page, lambda: seen.tags(page) == ["a/x", "b/y"])
    page.get_by_text("2 of 2 runs shown").wait_for()
    seen.until(page, lambda: {row.run for row in seen.point(page, "a/x", 200)} == {"one", "two"})
    assert color in seen.ink(page, "a/x")["colors"]


def test_a_folder_that_goes_away_is_said_and_what_was_read_stays(serve: Serve, visit: Visit, tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    file = eventfile.write(folder / "one" / "events.out.tfevents.1.host", eventfile.version(), *eventfile.curve("x", [1, 2]))
    page = visit(serve(folder), "/scalars?refresh=1%20s")
    file.unlink()
    file.parent.rmdir()
    folder.rmdir()
    page.get_by_text("What was read before is shown").or_(page.get_by_text("This logdir cannot be read")).wait_for()


def test_reading_can_be_switched_off_and_done_by_hand(serve: Serve, visit: Visit, tmp_path: Path) -> None:
    file = GrowingFile(tmp_path / "grows" / "events.out.tfevents.1.host", eventfile.version(), *records(0, 50))
    file.more(21)
    page = visit(serve(tmp_path), "/scalars?refresh=off")
    page.get_by_text("not read again by itself").wait_for()
    row = page.locator(".spacer .row")
    assert row.locator(".step").text_content() == "19"
    file.rest()
    page.wait_for_timeout(1500)
    assert row.locator(".step").text_content() == "19"
    page.get_by_role("button", name="sync").click()
    page.get_by_role("button", name="Read now").click()
    assert seen.until(page, lambda: row.locator(".step").text_content() == "49") < 3
    assert seen.query(page) == {"refresh": ["off"]}

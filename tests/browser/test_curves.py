"""The curves a visitor sees: painted, read with the pointer, zoomed, smoothed, on every axis."""

from typing import Any

import pytest

from tests import eventfile
from tests.browser import seen
from tests.browser.server import Serve, Site, Visit

LONG = 100_000
SPIKE = 54_321
LOSS = {run: seen.noise(seed, 200) for seed, run in enumerate(("alpha", "beta", "gamma"))}
STORM = [*seen.noise(9, LONG)]
STORM[SPIKE] = 8.5


@pytest.fixture(scope="module")
def site(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Three runs of 200 points, in one of which a tag has 100,000 points and one spike."""
    logdir = tmp_path_factory.mktemp("curves")
    for place, (run, values) in enumerate(LOSS.items()):
        start = eventfile.T0 + 1000 * place
        records = [eventfile.version(start)]
        records += [eventfile.scalar(step, "train/loss", value, start + 30 * step) for step, value in enumerate(values)]
        records += [
            eventfile.scalar(step, "train/signed", value - 1, start + step) for step, value in enumerate(values)
        ]
        records.append(eventfile.scalar(5, "train/single", 0.25, start + 5))
        if run == "alpha":
            records += [*eventfile.curve("train/storm", STORM), *eventfile.curve("train/restarted", [1] * 20)]
        eventfile.write(logdir / run / "events.out.tfevents.1.host", *records)
    later = eventfile.T0 + 2 * LONG
    again = [eventfile.scalar(step, "train/restarted", 2, later + step) for step in range(10, 20)]
    eventfile.write(logdir / "alpha" / "events.out.tfevents.2.host", eventfile.version(later), *again)
    return serve(logdir)


def toolbar(page: Any, name: str) -> Any:
    return page.locator(".toolbar").get_by_role("button", name=name, exact=True)


def test_every_card_is_painted_with_a_line_per_run(site: Site, visit: Visit) -> None:
    page = visit(site)
    assert seen.tags(page) == ["train/loss", "train/restarted", "train/signed", "train/single", "train/storm"]
    seen.until(page, lambda: len(seen.painted(page)) == 5)
    assert {"#4269d0", "#efb118", "#ff725c"} <= set(seen.ink(page, "train/loss")["colors"])
    assert "#efb118" not in seen.ink(page, "train/storm")["colors"]


def test_the_tooltip_reads_every_run_at_the_step_under_the_pointer(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?smoothing=0.9")
    rows = {row.run: row for row in seen.hover(page, "train/loss", 100)}
    assert set(rows) == set(LOSS)
    for run, values in LOSS.items():
        row = rows[run]
        assert float(row.value) == pytest.approx(values[100], rel=5e-4)
        assert float(row.smoothed) == pytest.approx(seen.averages(values, 0.9)[100], rel=5e-4)
        assert (row.step, row.relative) == ("100", "50m 00s")
    assert [rows[run].time for run in LOSS] == ["2025-10-09 09:43:20", "2025-10-09 10:00:00", "2025-10-09 10:16:40"]
    page.mouse.move(5, 5)
    seen.until(page, lambda: not seen.tooltip(page))


def test_the_run_whose_line_is_nearest_comes_first(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?smoothing=0&tags=loss")
    values = sorted((values[100], run) for run, values in LOSS.items())
    x, _rows = seen.place_of(page, "train/loss", 100)
    assert seen.point(page, "train/loss", x, 0.9)[0].run == values[0][1]
    assert seen.point(page, "train/loss", x, 0.02)[0].run == values[-1][1]


def test_smoothing_of_a_long_series_is_the_average_of_all_its_points(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?smoothing=0.99&tags=storm")
    assert len(seen.averages(STORM, 0.99)) == LONG
    exact = seen.averages(STORM, 0.99)
    for x in (150, 260, 380):
        row = seen.point(page, "train/storm", x)[0]
        assert float(row.smoothed) == pytest.approx(exact[row.at], rel=5e-4)
        assert float(row.value) == pytest.approx(STORM[row.at], rel=5e-4)


def test_one_point_among_100000_is_seen_and_zooming_finds_its_neighbours(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?smoothing=0&tags=storm")
    x, rows = seen.place_of(page, "train/storm", SPIKE)
    assert (rows[0].step, rows[0].value) == ("54,321", "8.5")
    ink = seen.ink(page, "train/storm")
    assert ink["topAt"] == pytest.approx(x, abs=2)
    assert ink["top"] < 30
    around = {row.at for move in (-0.5, 0, 0.5) for row in seen.point(page, "train/storm", x + move)}
    assert SPIKE + 1 not in around
    seen.zoom(page, "train/storm", x - 4, x + 4)
    x, _rows = seen.place_of(page, "train/storm", SPIKE)
    seen.zoom(page, "train/storm", x - 12, x + 12)
    x, _rows = seen.place_of(page, "train/storm", SPIKE)
    read: dict[int, str] = {}

    def every_point() -> bool:
        read.clear()
        read.update((row.at, row.value) for place in range(-5, 6) for row in seen.point(page, "train/storm", x + place))
        return max(read) - min(read) + 1 == len(read)

    seen.until(page, every_point)
    assert {SPIKE - 1, SPIKE, SPIKE + 1} <= set(read)
    assert {step: float(value) for step, value in read.items()} == pytest.approx(
        {step: STORM[step] for step in read}, rel=5e-4
    )
    seen.plot(page, "train/storm").dblclick()
    seen.until(page, lambda: seen.ink(page, "train/storm")["topAt"] == ink["topAt"])
    assert seen.point(page, "train/storm", 60)[0].at < 10_000


def test_a_smoothing_step_repaints_every_card_without_the_server(site: Site, visit: Visit) -> None:
    page = visit(site)
    seen.until(page, lambda: len(seen.painted(page)) == 5)
    page.wait_for_timeout(300)
    page.locator(".toolbar input[type=range]").focus()
    taken = []
    site.pause()
    try:
        for _ in range(3):
            before = seen.now(page)
            page.keyboard.press("ArrowRight")
            seen.until(page, lambda before=before: min(seen.painted(page)) > before)
            taken.append(max(seen.painted(page)) - before)
    finally:
        site.resume()
    assert min(taken) < 300
    seen.until(page, lambda: seen.query(page).get("smoothing") == ["0.63"])


def test_the_slider_changes_the_tooltips_average(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?tags=loss")
    page.get_by_label("Smoothing weight").fill("0.95")
    rows = {row.run: row for row in seen.hover(page, "train/loss", 150)}
    for run, values in LOSS.items():
        assert float(rows[run].smoothed) == pytest.approx(seen.averages(values, 0.95)[150], rel=5e-4)


def test_the_axis_is_chosen_and_shared_through_the_address(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?tags=loss")
    for name, query in (("Step", {}), ("Relative", {"axis": ["relative"]})):
        toolbar(page, name).click()
        assert {row.at for row in seen.hover(page, "train/loss", 100)} == {100}
        seen.until(page, lambda query=query: seen.query(page) == {"tags": ["loss"]} | query)
    toolbar(page, "Wall").click()
    # The runs began 1000 s after one another.
    places = [seen.place_of(page, "train/loss", 100, run)[0] for run in LOSS]
    assert places == sorted(places)
    assert places[2] - places[0] > 40
    seen.until(page, lambda: seen.query(page)["axis"] == ["wall"])
    other = visit(site, page.url.removeprefix(site.url))
    assert toolbar(other, "Wall").get_attribute("aria-pressed") == "true"
    assert seen.ink(other, "train/loss") == seen.ink(page, "train/loss")


def test_a_logarithmic_axis_says_what_it_cannot_show(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?smoothing=0")
    toolbar(page, "Log y").click()
    seen.until(page, lambda: seen.query(page).get("log") == ["1"])
    below = sum(value <= 1 for values in LOSS.values() for value in values)
    notes = page.locator(".card", has=seen.plot(page, "train/signed")).locator(".note")
    assert notes.text_content() == f"{below} values ≤ 0 not shown on a log axis"
    other = visit(site, page.url.removeprefix(site.url))
    assert toolbar(other, "Log y").get_attribute("aria-pressed") == "true"
    assert seen.ink(other, "train/loss") == seen.ink(page, "train/loss")


def test_a_zoomed_card_keeps_its_window_while_smoothing_changes(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?tags=loss&smoothing=0")
    seen.zoom(page, "train/loss", 150, 250)
    left = seen.point(page, "train/loss", 60)[0].at
    assert left > 20
    page.get_by_label("Smoothing weight").fill("0.5")
    seen.until(page, lambda: seen.query(page).get("smoothing") == ["0.5"])
    page.wait_for_timeout(300)
    assert seen.point(page, "train/loss", 60)[0].at == left
    row = seen.point(page, "train/loss", 60)[0]
    assert float(row.smoothed) == pytest.approx(seen.averages(LOSS[row.run], 0.5)[row.at], rel=5e-4)


def test_pointing_at_a_run_emphasises_its_line(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?tags=loss")
    page.get_by_role("list", name="Runs").get_by_text("beta", exact=True).hover()
    plot = seen.plot(page, "train/loss")
    seen.until(page, lambda: "dimmed" in (plot.get_attribute("class") or ""))
    page.mouse.move(700, 5)
    seen.until(page, lambda: "dimmed" not in (plot.get_attribute("class") or ""))


def test_what_a_restart_wrote_again_is_shown_on_demand(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?tags=restarted&smoothing=0")
    assert [(row.run, row.value) for row in seen.hover(page, "train/restarted", 15)] == [("alpha", "2")]
    assert seen.hover(page, "train/restarted", 5)[0].value == "1"
    toolbar(page, "Earlier attempts").click()
    rows = {row.run: row.value for row in seen.hover(page, "train/restarted", 15, "alpha")}
    assert rows == {"alpha": "2", "alpha (earlier)": "1"}
    seen.until(page, lambda: seen.query(page).get("earlier") == ["1"])


def test_the_page_is_light_or_dark_as_the_visitor_likes_with_the_same_lines(site: Site, visit: Visit) -> None:
    light, dark = (
        visit(site, "/scalars?tags=loss&smoothing=0"),
        visit(site, "/scalars?tags=loss&smoothing=0", dark=True),
    )
    background = "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
    assert light.evaluate(background) == "rgb(255, 255, 255)"
    assert dark.evaluate(background) == "rgb(22, 24, 28)"
    assert seen.ink(light, "train/loss") == seen.ink(dark, "train/loss")

"""Which runs and which tags a visitor chooses to see, and that the address keeps the choice."""

from typing import Any

import pytest

from tests import eventfile
from tests.browser import seen
from tests.browser.server import Serve, Site, Visit

RUNS = ("base_1", "base_2", "wide_1", "wide_2")


@pytest.fixture(scope="module")
def site(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Four runs, a group of 30 tags, and another of 2."""
    logdir = tmp_path_factory.mktemp("choices")
    for seed, run in enumerate(RUNS):
        start = eventfile.T0 + 100 * seed
        tags = ["few/loss", "few/rate", *(f"many/t{index}" for index in range(30))]
        records = [eventfile.version(start)]
        records += [
            eventfile.scalar(step, tag, value, start + step)
            for place, tag in enumerate(tags)
            for step, value in enumerate(seen.noise(40 * seed + place, 30))
        ]
        eventfile.write(logdir / run / "events.out.tfevents.1.host", *records)
    return serve(logdir)


def row(page: Any, run: str) -> Any:
    """Return a run's row in the list."""
    return page.locator(".spacer .row", has=page.get_by_text(run, exact=True))


def drawn(page: Any) -> list[str]:
    """Return the runs whose lines the pointer finds."""
    page.mouse.move(2, 2)
    return sorted(one.run for one in seen.point(page, "few/loss", 200))


def test_one_run_is_hidden_and_shown_again(site: Site, visit: Visit) -> None:
    page = visit(site)
    assert drawn(page) == sorted(RUNS)
    row(page, "base_2").click()
    seen.until(page, lambda: drawn(page) == ["base_1", "wide_1", "wide_2"])
    seen.until(page, lambda: seen.query(page) == {"except": ["base_2"]})
    assert page.get_by_text("3 of 4 runs shown").is_visible()
    assert "#efb118" not in seen.ink(page, "few/loss")["colors"]
    row(page, "base_2").click()
    seen.until(page, lambda: seen.query(page) == {})
    seen.until(page, lambda: drawn(page) == sorted(RUNS))


def test_only_one_run_none_and_all(site: Site, visit: Visit) -> None:
    page = visit(site)
    row(page, "wide_1").hover()
    row(page, "wide_1").get_by_role("button", name="only").click()
    seen.until(page, lambda: seen.query(page) == {"only": ["wide_1"]})
    assert drawn(page) == ["wide_1"]
    page.get_by_role("button", name="None", exact=True).click()
    seen.until(page, lambda: seen.query(page) == {"only": [""]})
    seen.until(page, lambda: drawn(page) == [])
    assert seen.tags(page)  # the cards stay where they are
    page.get_by_role("button", name="All", exact=True).click()
    seen.until(page, lambda: seen.query(page) == {})
    page.wait_for_selector("[data-painted]")
    seen.until(page, lambda: drawn(page) == sorted(RUNS))


def test_hiding_a_run_needs_no_server(site: Site, visit: Visit) -> None:
    page = visit(site)
    page.wait_for_timeout(300)
    site.pause()
    try:
        row(page, "wide_2").click()
        seen.until(page, lambda: drawn(page) == ["base_1", "base_2", "wide_1"], 1.0)
    finally:
        site.resume()
    seen.until(page, lambda: seen.query(page) == {"except": ["wide_2"]})


def test_runs_are_chosen_by_a_regex_that_the_address_keeps(site: Site, visit: Visit) -> None:
    page = visit(site)
    page.get_by_label("Filter runs (regex)").fill("^WIDE")
    assert page.locator(".spacer .row").count() == 2
    page.get_by_role("button", name="Only these").click()
    seen.until(page, lambda: seen.query(page) == {"runs": ["^WIDE"]})
    assert drawn(page) == ["wide_1", "wide_2"]
    page.reload()
    page.wait_for_selector("[data-painted]")
    assert page.get_by_text("Shown: runs that match ^WIDE").is_visible()
    seen.until(page, lambda: drawn(page) == ["wide_1", "wide_2"])


def test_a_wrong_regex_says_so_and_the_last_good_one_stands(site: Site, visit: Visit) -> None:
    page = visit(site)
    field = page.get_by_label("Filter runs (regex)")
    field.fill("wide")
    field.fill("wide(")
    page.get_by_role("alert").get_by_text("Not a regex").wait_for()
    assert page.locator(".spacer .row").count() == 2

    tags = page.get_by_label("Filter tags (regex)")
    tags.fill("rate")
    tags.press("Enter")
    seen.until(page, lambda: seen.tags(page) == ["few/rate"])
    tags.fill("rate(")
    tags.press("Enter")
    page.get_by_text("Not a regular expression").wait_for()
    assert page.get_by_text("still shown: rate").is_visible()
    assert seen.tags(page) == ["few/rate"]
    tags.fill("")
    tags.press("Enter")
    seen.until(page, lambda: len(seen.tags(page)) == 14)
    assert page.get_by_text("Not a regular expression").count() == 0


def test_a_tag_filter_that_fits_nothing_says_so(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?tags=nothing_is_called_so", curves=False)
    page.get_by_text("No scalars to show").wait_for()


def test_groups_close_and_open_and_stay_so(site: Site, visit: Visit) -> None:
    page = visit(site)
    few = page.get_by_role("button", name="few 2")
    assert few.get_attribute("aria-expanded") == "true"
    few.click()
    seen.until(page, lambda: "few/loss" not in seen.tags(page))
    assert few.get_attribute("aria-expanded") == "false"
    page.wait_for_timeout(600)
    page.get_by_role("link", name="Inspect").click()
    page.wait_for_url("**/inspect*")
    page.wait_for_timeout(300)
    page.get_by_role("link", name="Scalars", exact=True).click()
    page.wait_for_selector("[data-painted]")
    assert page.get_by_role("button", name="few 2").get_attribute("aria-expanded") == "false"
    page.get_by_role("button", name="few 2").click()
    seen.until(page, lambda: "few/loss" in seen.tags(page))
    seen.until(
        page, lambda: seen.plot(page, "few/loss").locator("xpath=ancestor::article").get_attribute("data-painted")
    )


def test_a_large_group_has_pages_of_12(site: Site, visit: Visit) -> None:
    page = visit(site)
    many = [f"many/t{index}" for index in range(30)]

    def on_page() -> list[str]:
        return [tag for tag in seen.tags(page) if tag.startswith("many/")]

    assert on_page() == many[:12]
    page.get_by_role("button", name="Next").click()
    seen.until(page, lambda: on_page() == many[12:24])
    page.get_by_label("Page of many").fill("3")
    page.get_by_label("Page of many").press("Enter")
    seen.until(page, lambda: on_page() == many[24:])
    assert page.get_by_role("button", name="Next").is_disabled()
    last = seen.plot(page, "many/t29")
    last.scroll_into_view_if_needed()
    seen.until(page, lambda: seen.point(page, "many/t29", 200))
    page.get_by_role("button", name="Previous").click()
    seen.until(page, lambda: on_page() == many[12:24])

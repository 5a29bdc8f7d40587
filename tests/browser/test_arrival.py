"""The first things a visitor sees: a cold server, a link into the app, a folder that is not there yet."""

from pathlib import Path

from tests import eventfile
from tests.browser import seen
from tests.browser.server import Serve, Visit


def logged(folder: Path) -> Path:
    """Write two runs with two tags each, and return the folder."""
    for run in ("first", "second"):
        records = [
            eventfile.version(),
            *eventfile.curve("loss", seen.noise(1, 20)),
            *eventfile.curve("rate", seen.noise(2, 20)),
        ]
        eventfile.write(folder / run / "events.out.tfevents.1.host", *records)
    return folder


def test_the_first_request_of_a_server_may_be_a_deep_link(serve: Serve, visit: Visit, tmp_path: Path) -> None:
    site = serve(logged(tmp_path))
    page = visit(site, "/scalars?smoothing=0.9&tags=lo.s&only=second")
    page.get_by_role("list", name="Runs").wait_for()
    assert page.get_by_role("dialog").count() == 0
    assert page.get_by_text("Page not found").count() == 0
    assert page.get_by_role("link", name="Inspect").is_visible()
    assert page.title() in ("Runlens", "Scalars")
    assert seen.tags(page) == ["loss"]
    assert page.get_by_label("Smoothing weight").input_value() == "0.9"
    assert page.get_by_label("Filter tags (regex)").input_value() == "lo.s"
    assert page.get_by_text("1 of 2 runs shown").is_visible()
    assert seen.query(page) == {"smoothing": ["0.9"], "tags": ["lo.s"], "only": ["second"]}

    root = visit(site, "/?tags=rate&only=first&only=gone")
    assert root.url.startswith(f"{site.url}/scalars?")
    assert seen.tags(root) == ["rate"]
    seen.until(root, lambda: seen.query(root) == {"tags": ["rate"], "only": ["first", "gone"]})

    inspect = visit(site, "/inspect", curves=False)
    inspect.get_by_role("list", name="Runs").wait_for()
    assert inspect.get_by_text("Page not found").count() == 0


def test_a_folder_that_comes_later_is_shown_as_soon_as_it_holds_something(
    serve: Serve, visit: Visit, tmp_path: Path
) -> None:
    folder = tmp_path / "runs"
    page = visit(serve(folder), "/inspect?refresh=1%20s", curves=False)
    page.get_by_text("This logdir cannot be read").wait_for()
    assert page.get_by_text("Page not found").count() == 0
    assert page.get_by_text(str(folder)).first.is_visible()
    folder.mkdir()
    page.get_by_text("No event files yet").wait_for()
    eventfile.write(folder / "first" / "events.out.tfevents.1.host", eventfile.version())
    page.get_by_text("1 of 1 run shown").wait_for()
    page.get_by_role("link", name="Scalars", exact=True).click()
    page.get_by_text("No scalars in these logs").wait_for()
    logged(folder)
    page.wait_for_selector("[data-painted]")
    seen.until(page, lambda: seen.tags(page) == ["loss", "rate"])
    assert seen.query(page)["refresh"] == ["1 s"]

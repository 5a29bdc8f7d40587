"""The PR curves a visitor sees: drawn, read with the pointer, moved through the steps."""

from typing import Any

import pytest

from tests import eventfile
from tests.browser import seen
from tests.browser.server import Serve, Site, Visit

HOSTILE = '<img src="http://elsewhere/x.png" onerror="alert(1)">'


def curve(tag: str, step: int, right: int, wall: float) -> bytes:
    """Return a curve at thresholds 0, 0.5 and 1 of 10 positives and 10 negatives, `right` of each told apart at 0.5."""
    wrong = 10 - right
    values = [
        *(10, right, 0),
        *(10, wrong, 0),
        *(0, right, 10),
        *(0, wrong, 10),
        *(0.5, right / 10, 0),
        *(1, right / 10, 0),
    ]
    value = eventfile.tensor(tag, "float", values, (6, 3), eventfile.metadata("pr_curves"))
    return eventfile.record(eventfile.event(step, value, wall=wall))


@pytest.fixture(scope="module")
def site(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Two runs with two classes over ten steps; the name of one does what it can."""
    logdir = tmp_path_factory.mktemp("pr_curves")
    for place, run in enumerate(("alpha", "beta")):
        start = eventfile.T0 + 1000 * place
        tags = ("pr/class_0", "pr/class_1", *([HOSTILE] if place else []))
        records = [curve(tag, step, min(10, step + place), start + step) for tag in tags for step in range(10)]
        eventfile.write(logdir / run / "events.out.tfevents.1.host", eventfile.version(start), *records)
    return serve(logdir)


def charts(page: Any) -> list[str]:
    """Return what the charts that are drawn show."""
    marked = page.locator("[data-testid=stVegaLiteChart]:has(canvas, svg.marks)")
    return [str(text) for text in marked.evaluate_all("all => all.map(one => one.innerHTML)")]


def await_charts(page: Any, count: int) -> None:
    seen.until(page, lambda: len(charts(page)) == count, 20)


def test_curves_and_matrices_are_drawn_for_each_tag(site: Site, visit: Visit) -> None:
    page = visit(site, "/pr_curves", curves=False)
    await_charts(page, 3)
    assert page.get_by_text("pr/class_0", exact=True).is_visible()
    seen.until(page, lambda: page.get_by_text("TP 90%").count() >= 2)
    assert not seen.wider_than_the_window(page)


def test_names_of_logs_are_shown_as_they_are(site: Site, visit: Visit) -> None:
    page = visit(site, "/pr_curves", curves=False)
    await_charts(page, 3)
    assert page.get_by_text(HOSTILE, exact=True).is_visible()
    assert page.locator("img[src*=elsewhere]").count() == 0


def test_pointing_at_a_curve_tells_its_threshold_and_counts(site: Site, visit: Visit) -> None:
    page = visit(site, "/pr_curves?step=4&only=alpha", curves=False)
    await_charts(page, 2)
    box = page.locator("[data-testid=stVegaLiteChart]").first.bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.move(box["x"] + 0.5 * box["width"] + 2, box["y"] + 0.5 * box["height"])
    tooltip = page.locator("#vg-tooltip-element")
    seen.until(page, lambda: tooltip.is_visible() and "threshold" in tooltip.inner_text())
    told = dict(tooltip.locator("tr").evaluate_all("all => all.map(row => [...row.cells].map(cell => cell.innerText))"))
    told = {name.rstrip(": "): value for name, value in told.items()}
    assert (told["run"], told["step"], told["threshold"]) == ("alpha", "4", "0.5")
    assert (told["TP"], told["FP"], told["TN"], told["FN"]) == ("4", "6", "4", "6")


def test_a_step_back_changes_the_address_and_the_numbers(site: Site, visit: Visit) -> None:
    page = visit(site, "/pr_curves?only=alpha", curves=False)
    await_charts(page, 2)
    page.get_by_role("button", name="One step back").first.click()
    seen.until(page, lambda: seen.query(page).get("step") == ["8"])


def test_the_numbers_over_steps_are_curves(site: Site, visit: Visit) -> None:
    page = visit(site, "/pr_curves?pr_view=Over+steps&only=alpha")
    seen.until(page, lambda: "ROC AUC/pr/class_0" in seen.tags(page) or seen.painted(page))
    rows = {row.run: row for row in seen.hover(page, "average precision/pr/class_0", 4)}
    assert float(rows["alpha"].value) == pytest.approx(0.4 * 0.4 + 0.6 * 0.5, rel=1e-3)


@pytest.mark.parametrize("width", [1280, 700])
def test_in_the_dark_and_in_narrow_windows_nothing_runs_over(site: Site, visit: Visit, width: int) -> None:
    page = visit(site, "/pr_curves?pr_view=ROC+curves", width=width, dark=True, curves=False)
    await_charts(page, 3)
    assert not seen.wider_than_the_window(page)

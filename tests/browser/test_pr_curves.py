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


def visited(visit: Visit, site: Site, path: str, count: int, **how: Any) -> Any:
    """Open the page and wait for so many cards."""
    page = visit(site, path, **how)
    seen.until(page, lambda: len(seen.painted(page)) == count, 20)
    return page


def cells(page: Any, tag: str) -> list[str]:
    """Return the words in the confusion matrices of a card."""
    found = page.locator(".card", has=page.get_by_role("img", name=tag, exact=True)).locator(".cell")
    return [
        str(text)
        for text in found.evaluate_all(
            "all => all.map(one => [...one.children].map(part => part.textContent).join(' '))"
        )
    ]


def told(page: Any, tag: str, across: float, down: float) -> list[dict[str, str]]:
    """Point at a place of a card, in parts of its plot, and return the rows of the tooltip."""
    box = seen.shown(page, tag)
    page.mouse.move(box["x"] + 54 + across * (box["width"] - 66), box["y"] + 8 + down * (box["height"] - 46))
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    rows = page.locator(".tip:not([hidden]) tbody tr").evaluate_all(
        "all => all.map(row => Object.fromEntries([...row.cells].map(cell => [cell.className.split(' ')[0], cell.textContent])))"
    )
    return [dict(row) for row in rows]


def test_curves_and_matrices_are_drawn_and_names_are_shown_as_they_are(site: Site, visit: Visit) -> None:
    page = visited(visit, site, "/pr_curves", 3)
    assert cells(page, "pr/class_0")[:4] == ["9 TP 90%", "1 FN 10%", "1 FP 10%", "9 TN 90%"]
    page = visited(visit, site, "/pr_curves?step=4&curves=training", 3)
    assert {color for color, count in seen.ink(page, "pr/class_0")["colors"].items() if count > 20} == {
        "#4269d0",
        "#efb118",
    }
    assert seen.plot(page, HOSTILE).is_visible()
    assert HOSTILE.partition("/")[2] in page.locator("h3").all_text_contents()
    assert page.locator("img[src*=elsewhere]").count() == 0
    assert not seen.wider_than_the_window(page)


def test_pointing_at_a_curve_tells_its_threshold_and_the_counts_of_all(site: Site, visit: Visit) -> None:
    page = visited(visit, site, "/pr_curves?step=4", 3)
    first, second = told(page, "pr/class_0", 0.4, 0.6)
    assert (first["run"], first["step"], first["threshold"]) == ("alpha", "4", "0.5")
    assert (first["tp"], first["fp"], first["tn"], first["fn"]) == ("4", "6", "4", "6")
    assert (second["run"], second["tp"]) == ("beta", "5")
    page.mouse.move(2, 2)
    seen.until(page, lambda: page.locator(".tip:not([hidden])").count() == 0)


def test_the_threshold_moves_the_matrices_at_once_and_stays_in_the_address(site: Site, visit: Visit) -> None:
    page = visited(visit, site, "/pr_curves", 3)
    page.get_by_label("Threshold", exact=True).fill("1")
    seen.until(page, lambda: cells(page, "pr/class_0")[:2] == ["0 TP 0%", "10 FN 100%"], 2)
    seen.until(page, lambda: seen.query(page).get("threshold") == ["1"])
    again = visited(visit, site, page.url.removeprefix(site.url), 3)
    assert cells(again, "pr/class_0")[:2] == ["0 TP 0%", "10 FN 100%"]


def test_a_step_back_changes_the_address_and_the_curves(site: Site, visit: Visit) -> None:
    page = visited(visit, site, "/pr_curves?only=alpha", 2)
    page.get_by_role("button", name="One step back").first.click()
    seen.until(page, lambda: cells(page, "pr/class_0")[:1] == ["8 TP 80%"])
    seen.until(page, lambda: seen.query(page).get("step") == ["8"])


def test_a_dragged_box_is_what_the_card_shows_until_a_double_click(site: Site, visit: Visit) -> None:
    page = visited(visit, site, "/pr_curves?only=alpha", 2)
    box = seen.shown(page, "pr/class_0")
    page.mouse.move(box["x"] + 200, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 120)
    page.mouse.move(box["x"] + 340, box["y"] + 160)
    page.mouse.up()
    seen.until(page, lambda: seen.query(page).get("part", [""])[0].endswith(",pr/class_0"))
    page.mouse.dblclick(box["x"] + 200, box["y"] + 100)
    seen.until(page, lambda: "part" not in seen.query(page))


def test_the_numbers_over_steps_are_curves(site: Site, visit: Visit) -> None:
    page = visited(visit, site, "/pr_curves?view=steps&only=alpha", 8)
    rows = {row.run: row for row in seen.hover(page, "average precision/pr/class_0", 4)}
    assert float(rows["alpha"].value) == pytest.approx(0.4 * 0.4 + 0.6 * 0.5, rel=1e-3)


def test_in_the_dark_and_in_narrow_windows_nothing_runs_over(site: Site, visit: Visit) -> None:
    page = visited(visit, site, "/pr_curves?view=roc&curves=training&classes=1", 2, width=700, dark=True)
    assert not seen.wider_than_the_window(page)

"""The Runs page a visitor sees: runs ticked and compared, groups, the address, runs that grow and fall silent."""

import time
from pathlib import Path
from typing import Any

import pytest

from tests import eventfile
from tests.browser import seen
from tests.browser.server import Serve, Site, Visit
from tests.growing import GrowingFile

NAME = "events.out.tfevents.1.host"
HOSTILE = 'x<img src="http:__elsewhere_x.png" onerror="alert(1)">'


def records(start: float, first: int, last: int, above: float = 0.0) -> list[bytes]:
    """Return records of a loss that falls by one a step."""
    return [eventfile.scalar(step, "eval/loss", 100 + above - step, start + step) for step in range(first, last)]


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs below two folders, one with a hostile name, one whose name says what it chose."""
    folder = tmp_path_factory.mktemp("runs_page")
    for place, name in enumerate(("a/lr=0.1", "a/lr=0.2", "b/one", f"b/{HOSTILE}")):
        start = eventfile.T0 + 100 * place
        eventfile.write(folder / name / NAME, eventfile.version(start), *records(start, 0, 10 + place, 3 * place))
    return folder


@pytest.fixture(scope="module")
def site(serve: Serve, logdir: Path) -> Site:
    return serve(logdir)


def compared(page: Any) -> list[list[list[str]]]:
    """Return the rows of each table of the comparison, with the words in their cells."""
    found: list[list[list[str]]] = page.locator("table.comparison").evaluate_all(
        "all => all.map(table => [...table.querySelectorAll('tr')].map(row => "
        "[...row.children].map(cell => [...cell.children].map(part => part.textContent).join(' ') || cell.textContent)))"
    )
    return found


def test_runs_are_compared_with_their_hyperparameters_metrics_and_curves(site: Site, visit: Visit) -> None:
    page = visit(site, "/runs?names=true&compare=a%2Flr%3D0.1&compare=a%2Flr%3D0.2", height=1600)
    seen.until(page, lambda: len(compared(page)) == 3 and seen.tags(page) == ["eval/loss"])
    hparams, metrics, _about = compared(page)
    assert hparams == [["", "a/lr=0.1 baseline", "a/lr=0.2"], ["lr", "0.1", "0.2 × 2"]]
    assert metrics[1] == ["eval/loss ↓", "91", "93 +2 (+2.2%)"]


def test_another_value_of_the_metrics_goes_into_the_address(site: Site, visit: Visit) -> None:
    page = visit(site, "/runs?compare=a%2Flr%3D0.1&compare=b%2Fone", height=1600)
    seen.until(page, lambda: len(compared(page)) == 2)
    assert compared(page)[0][1] == ["eval/loss ↓", "91", "95 +4 (+4.4%)"]
    page.get_by_text("Max", exact=True).click()
    seen.until(page, lambda: seen.query(page).get("compare_value") == ["Max"])
    seen.until(page, lambda: compared(page)[0][1] == ["eval/loss (max) ↓", "100", "106 +6 (+6%)"])


def row(page: Any, name: str) -> Any:
    """Return the row of a run in the table."""
    return page.locator(".row:has([role=rowheader])", has=page.get_by_text(name, exact=True))


def named(page: Any) -> list[str]:
    """Return the names in the table, from top to bottom."""
    found: list[str] = page.locator(".row [role=rowheader] .name").evaluate_all(
        "all => all.filter(one => one.isConnected).sort((a, b) => a.getBoundingClientRect().y - b.getBoundingClientRect().y)"
        ".map(one => one.textContent)"
    )
    return found


def test_ticked_runs_are_compared_at_the_press_of_a_button(site: Site, visit: Visit) -> None:
    page = visit(site, "/runs", height=1600)
    seen.until(page, lambda: len(named(page)) == 4)
    for name in ("b/one", "a/lr=0.1"):
        row(page, name).get_by_role("checkbox").click()
    seen.until(page, lambda: sorted(seen.query(page).get("row", [])) == ["a/lr=0.1", "b/one"])
    page.get_by_role("button", name="Compare ticked runs").click()
    seen.until(page, lambda: len(compared(page)) == 2)
    assert sorted(seen.query(page)["compare"]) == ["a/lr=0.1", "b/one"]


def test_runs_are_put_together_by_what_a_regex_captures(site: Site, visit: Visit) -> None:
    page = visit(site, "/runs?group=Regex&by=%5E(.)%2F")
    seen.until(page, lambda: len(named(page)) == 6)
    assert named(page) == ["a", "a/lr=0.1", "a/lr=0.2", "b", "b/one", f"b/{HOSTILE}"]
    page.get_by_role("textbox", name="What the groups of a regex capture").fill("^(.")
    page.keyboard.press("Enter")
    page.get_by_text("Not a regular expression: missing ), unterminated subpattern at position 2").wait_for()
    assert len(named(page)) == 6


@pytest.mark.parametrize(("dark", "width"), [(False, 1280), (True, 720)])
def test_names_do_nothing_and_the_page_fits(site: Site, visit: Visit, dark: bool, width: int) -> None:
    names = "&".join(f"compare={name}" for name in ("b/one", f"b/{HOSTILE}".replace("<", "%3C").replace(">", "%3E")))
    page = visit(site, f"/runs?{names}", dark=dark, width=width, height=1600)
    seen.until(page, lambda: len(compared(page)) == 2)
    assert compared(page)[0][0][2] == f"b/{HOSTILE}"
    assert not seen.wider_than_the_window(page)


def test_a_run_that_grows_is_running(serve: Serve, visit: Visit, tmp_path: Path) -> None:
    now = time.time()
    file = GrowingFile(tmp_path / "grows" / NAME, eventfile.version(now), *records(now, 0, 60))
    file.more(11)
    page = visit(serve(tmp_path), "/runs?refresh=1%20s", curves=False)
    headline = page.get_by_test_id("stMetricValue")
    seen.until(page, lambda: headline.all_inner_texts()[:4] == ["1", "1", "0", "10"])
    file.more(20)
    seen.until(page, lambda: headline.all_inner_texts()[3] == "30")

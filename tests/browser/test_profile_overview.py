"""The overview a visitor sees: bars that lead to their step, findings that lead to their evidence, both in the address."""

from pathlib import Path
from typing import Any

import pytest

from tests.browser.server import Serve, Site, Visit
from tests.tracemaker import event, trace

NAME = "w.1700000000000000000.pt.trace.json"
HOSTILE = 'load_batch <img src="http://elsewhere/x.png" onerror="alert(1)">'


def written(folder: Path, loader: str) -> None:
    """Write a recording of four steps, each of which waits for its data under this name."""
    events: list[dict[str, Any]] = []
    for number in range(4):
        start = 1000 * number
        events += [
            event(f"ProfilerStep#{number}", start, 1000, "user_annotation", args={"External id": number + 1}),
            event(loader, start, 700, "user_annotation"),
            event("aten::mm", start + 700, 250),
        ]
    folder.mkdir()
    (folder / NAME).write_bytes(trace(*events))


@pytest.fixture(scope="module")
def site(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Two runs: one that loads its data slowly, and one with a hostile name for that."""
    folder = tmp_path_factory.mktemp("overview")
    written(folder / "a", "load_batch")
    written(folder / "b", HOSTILE)
    return serve(folder)


def opened(visit: Visit, site: Site, run: str, **how: Any) -> Any:
    """Open the overview of a run, and wait for its verdict."""
    page = visit(site, f"/profile?trace_run={run}", curves=False, **how)
    page.wait_for_selector(".profile-verdict")
    return page


@pytest.mark.parametrize("dark", [False, True])
def test_the_verdict_is_read_at_a_glance(visit: Visit, site: Site, dark: bool) -> None:
    page = opened(visit, site, "a", dark=dark)
    page.get_by_text("Data loading holds training back: 70.0% of the time is spent waiting for it.").wait_for()
    assert page.locator(".profile-verdict").get_attribute("data-cause") == "loader"
    assert page.get_by_text("Data loading takes 70.0% of each step").is_visible()


def test_a_click_on_a_bar_shows_its_step_in_the_trace(visit: Visit, site: Site) -> None:
    page = opened(visit, site, "a")
    chart = page.locator("[data-testid=stVegaLiteChart]").first
    chart.scroll_into_view_if_needed()
    chart.locator("canvas, svg").first.wait_for()
    page.wait_for_timeout(500)
    box = chart.bounding_box()
    # The last of four bars, a little above the axis.
    page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + 0.5 * box["height"])
    wanted = ("profile_tab=trace", "trace_from=3000000", "trace_to=4000000")
    page.wait_for_url(lambda url: all(part in url for part in wanted))


def test_a_finding_leads_to_its_longest_event(visit: Visit, site: Site) -> None:
    page = opened(visit, site, "a")
    page.get_by_text("Longest wait in the trace").click()
    page.wait_for_url(lambda url: "profile_tab=trace" in url and "trace_row=1" in url)


def test_a_name_of_the_log_is_never_more_than_text(visit: Visit, site: Site) -> None:
    page = opened(visit, site, "b")
    page.get_by_text(HOSTILE, exact=False).first.wait_for()
    assert page.locator("[data-testid=stMain] img").count() == 0

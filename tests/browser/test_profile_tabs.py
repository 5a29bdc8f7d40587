"""Memory, Distributed, Idle, Critical path and Compare as a visitor uses them: what they say, and where their links lead."""

from typing import Any

import pytest

from tests import tracemaker
from tests.browser import seen
from tests.browser.server import Serve, Site, Visit

BASE = 1_760_000_000_000_000_000
ROW = 35  # pixels of a row of a table


@pytest.fixture(scope="module")
def site(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A job of two ranks, the second of which comes late, and another run that is slower."""
    folder = tmp_path_factory.mktemp("tabs")
    for run, worker, data in (
        ("job", "rank0", tracemaker.rank()),
        ("job", "rank1", tracemaker.rank(1, late=200)),
        ("other", "rank0", tracemaker.rank(slower=2)),
    ):
        (folder / run).mkdir(exist_ok=True)
        (folder / run / f"{worker}.{BASE}.pt.trace.json").write_bytes(data)
    return serve(folder)


def opened(visit: Visit, site: Site, tab: str, words: str, parameters: str = "", **how: Any) -> Any:
    """Open a tab of the first rank, and wait until it says these words."""
    address = f"/profile?trace_run=job&trace_file=rank0&profile_tab={tab}&{parameters}"
    page = visit(site, address, curves=False, **how)
    page.get_by_text(words).first.wait_for()
    return page


def tables(page: Any) -> Any:
    """Return the canvases of the tables, in order."""
    return page.locator("[data-testid=stDataFrame]")


def tick(page: Any, table: int, row: int = 0) -> None:
    """Tick a row of a table."""
    shown = tables(page).nth(table)
    shown.locator("canvas").first.wait_for()
    shown.scroll_into_view_if_needed()
    page.wait_for_timeout(400)  # until it is laid out and listens
    frame = shown.bounding_box()
    page.mouse.click(frame["x"] + 16, frame["y"] + (row + 1.5) * ROW)


def follow(page: Any, words: str, **said: str) -> None:
    """Press a button that leads into the trace, and wait until it is drawn and the address says where."""
    page.get_by_role("button", name=words).click()
    page.locator(".trace[data-painted]").first.wait_for()
    wanted = {"profile_tab": "trace", **said}
    seen.until(page, lambda: wanted.items() <= {name: one[-1] for name, one in seen.query(page).items()}.items())


def test_the_peak_of_memory_leads_into_the_trace(visit: Visit, site: Site) -> None:
    page = opened(visit, site, "memory", "12.3 kB")
    page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first.wait_for()
    follow(page, "Show the peak in the trace")
    assert "trace_from" in seen.query(page)


def test_a_wait_leads_to_the_trace_of_the_rank_that_came_last(visit: Visit, site: Site) -> None:
    page = opened(visit, site, "distributed", "of all waiting is for rank 1")
    page.get_by_text("Longest waits").wait_for()
    tick(page, 1)
    page.get_by_role("button", name="Show the wait in rank 0").wait_for()
    follow(page, "Show who came last: rank 1", trace_file="rank1")
    assert "trace_row" in seen.query(page)
    assert page.get_by_text("ncclDevKernel_AllReduce_Sum(x)").count() > 0


def test_a_gap_leads_to_its_moment(visit: Visit, site: Site) -> None:
    page = opened(visit, site, "idle", "Launches that wait in each stream")
    page.get_by_text("Tick a gap").wait_for()
    tick(page, 1)
    follow(page, "Show in the trace")
    start, end = (int(seen.query(page)[name][0]) for name in ("trace_from", "trace_to"))
    assert 0 <= start < end <= 3_000_000


def test_the_critical_path_stands_out_in_the_trace(visit: Visit, site: Site) -> None:
    page = opened(visit, site, "critical", "Longest parts")
    follow(page, "Show in the trace")
    page.get_by_text("events stand out").wait_for()


def test_two_recordings_change_places_and_each_is_one_click_away(visit: Visit, site: Site) -> None:
    page = opened(visit, site, "compare", "An average step, A → B", "compare_with=other+·+rank0")
    compared = page.get_by_text("A job · rank0")
    compared.wait_for()
    page.get_by_role("button", name="Swap A and B").click()
    page.get_by_text("A other · rank0").wait_for()
    assert seen.query(page)["trace_run"] == ["other"]
    page.get_by_text("Tick a row").wait_for()
    tick(page, 1)
    follow(page, "Show the longest in B")
    assert "trace_run" not in seen.query(page)  # the first one again


def test_a_link_out_of_a_part_of_the_page_shows_its_tab(visit: Visit, site: Site) -> None:
    page = opened(visit, site, "operators", "Tick a row")
    tick(page, 0)
    follow(page, "Longest call in the trace")
    page.get_by_role("radio", name="Kernels").first.click()
    page.get_by_placeholder("Find kernels").wait_for()
    tick(page, 0)
    follow(page, "All of this name")
    assert "gemm" in seen.query(page)["trace_find"][0]


def test_the_flame_graph_can_show_one_step_alone(visit: Visit, site: Site) -> None:
    for parameters, calls in (("", "3 calls"), ("&profile_step=1", "1 call")):
        page = opened(visit, site, "operators", "Operator calls", f"ops_look=flame&ops_clock=time{parameters}")
        page.locator(".flame[data-painted]").first.wait_for()
        page.locator(".flame .scroll").click(position={"x": 100, "y": 10})
        seen.until(page, lambda page=page, calls=calls: f" {calls} " in page.locator(".flame .line").inner_text())


def test_no_tab_needs_scrolling_sideways_in_a_narrow_dark_window(visit: Visit, site: Site) -> None:
    page = opened(visit, site, "memory", "12.3 kB", width=720, dark=True)
    for tab in ("Distributed", "Idle", "Critical path", "Compare", "Operators", "Kernels"):
        chosen = page.get_by_role("radiogroup", name="Tab").get_by_role("radio", name=tab)
        chosen.click()
        seen.until(page, lambda chosen=chosen: tables(page).count() > 0 and chosen.is_checked())
        assert not seen.wider_than_the_window(page), tab

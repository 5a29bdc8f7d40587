"""The Trace tab a visitor sees: moved, zoomed, searched and selected, events linked to, strange names, another viewer."""

import gzip
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.browser import seen
from tests.browser.server import Serve, Site, Visit

HOSTILE = '<img src="http://elsewhere/x.png" onerror="alert(1)">'
MANY = 200_000  # events of the large recording
# Answers as Perfetto does, and says what it was given.
PERFETTO = b"""<script>addEventListener('message', ({data, source}) => {
  if (data === 'PING') source.postMessage('PONG', '*');
  else document.title = `${data.perfetto.title} ${data.perfetto.buffer.byteLength}`;
})</script>"""
# Frames while something moves: [milliseconds between them].
FRAMES = """milliseconds => new Promise(done => {
  const times = [];
  const next = now => {
    times.push(now);
    if (now - times[0] < milliseconds) requestAnimationFrame(next);
    else done(times.slice(1).map((time, at) => time - times[at]));
  };
  requestAnimationFrame(next);
})"""


def event(name: str, start: float, lasts: float, **more: Any) -> dict[str, Any]:
    return {"ph": "X", "cat": "cpu_op", "name": name, "pid": 1, "tid": 1, "ts": start, "dur": lasts, **more}


def put(folder: Path, name: str, events: list[dict[str, Any]]) -> None:
    document = {"schemaVersion": 1, "baseTimeNanoseconds": 1_790_000_000_000_000_000, "traceEvents": events}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(gzip.compress(json.dumps(document).encode(), 1))


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trace")
    small = [
        event("outer", 0, 1_000, args={"Input Dims": [[8, 3]], "note": HOSTILE}),
        event("inner", 100, 300),
        event("inner", 500, 200),
        event(HOSTILE, 800, 150),
        event("cudaLaunchKernel", 520, 10, cat="cuda_runtime", args={"correlation": 5}),
        event("my_kernel", 600, 250, cat="kernel", pid=0, tid=7, args={"correlation": 5, "device": 0, "stream": 7}),
        {"ph": "s", "id": 5, "pid": 1, "tid": 1, "ts": 520, "cat": "ac2g", "name": "ac2g"},
        {"ph": "f", "id": 5, "pid": 0, "tid": 7, "ts": 600, "cat": "ac2g", "name": "ac2g", "bp": "e"},
        {"ph": "M", "name": "process_name", "pid": 1, "args": {"name": HOSTILE}},
    ]
    put(folder / "small", "w.1.pt.trace.json.gz", small)
    large = [
        event(f"op{place % 40}", 10 * place + depth, 9 - 2 * depth, tid=thread, args={"External id": place})
        for thread in range(20)
        for place in range(MANY // 80)
        for depth in range(4)
    ]
    put(folder / "large", "w.1.pt.trace.json.gz", large)
    return folder


@pytest.fixture(scope="module")
def perfetto() -> Iterator[str]:
    """A stand-in for Perfetto, on an address of its own."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(PERFETTO)

        def log_message(self, *_words: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def site(serve: Serve, logdir: Path, perfetto: str) -> Iterator[Site]:
    """A small recording with strange names, and a large one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TBCORE_PERFETTO_URL", perfetto)
        patch.setenv("TBCORE_CACHE", str(logdir.parent / "cache"))
        yield serve(logdir)


def visited(visit: Visit, site: Site, parameters: str, **how: Any) -> Any:
    """Open the tab and wait until what is seen has come."""
    page = visit(site, f"/profile?profile_tab=trace&{parameters}", curves=False, **how)
    page.locator(".trace[data-painted]").wait_for(timeout=60_000)
    settled(page)
    return page


def settled(page: Any) -> None:
    """Wait until nothing is asked for any more."""
    page.wait_for_timeout(300)
    seen.until(page, lambda: page.locator(".trace .busy:visible").count() == 0)
    page.wait_for_timeout(300)


def window(page: Any) -> tuple[float, float]:
    """Return what is seen, nanoseconds."""
    trace = page.locator(".trace")
    return float(trace.get_attribute("data-from")), float(trace.get_attribute("data-to"))


def place(page: Any, time: float, row: int) -> tuple[float, float]:
    """Return where a time of a row of the first lane is in the window; time in microseconds."""
    box = page.locator("canvas.lanes").bounding_box()
    start, end = window(page)
    lane = page.locator(".name.lane").first.bounding_box()
    return box["x"] + box["width"] * (1_000 * time - start) / (end - start), lane["y"] + 18 * row + 8


def told(page: Any) -> str:
    found: str = page.locator(".panel").inner_text()
    return found


def test_an_event_that_is_pointed_at_is_named_and_one_that_is_clicked_told_of(visit: Visit, site: Site) -> None:
    page = visited(visit, site, "trace_run=small")
    page.mouse.move(*place(page, 200, 1))
    page.locator(".tip").get_by_text("inner").wait_for()
    assert "300µs" in page.locator(".tip").inner_text()
    page.mouse.click(*place(page, 50, 0))
    page.locator(".panel-title").get_by_text("outer").wait_for()
    assert "[[8, 3]]" in told(page)
    assert HOSTILE in told(page)
    seen.until(page, lambda: seen.query(page).get("trace_row") == ["0"])
    page.keyboard.press("ArrowDown")
    page.locator(".panel-title").get_by_text("inner").wait_for()
    page.keyboard.press("ArrowRight")
    seen.until(page, lambda: "launches my_kernel" in told(page))
    page.keyboard.press("Escape")
    seen.until(page, lambda: page.locator(".panel").is_hidden() and "trace_row" not in seen.query(page))


def test_keys_zoom_where_the_pointer_is_and_the_address_leads_back_there(visit: Visit, site: Site) -> None:
    page = visited(visit, site, "trace_run=small")
    x, y = place(page, 600, 0)
    page.mouse.move(x, y)
    page.locator(".trace").focus()
    page.keyboard.down("w")
    page.wait_for_timeout(700)
    page.keyboard.up("w")
    settled(page)
    start, end = window(page)
    assert end - start < 700_000
    assert abs(place(page, 600, 0)[0] - x) < 3
    seen.until(page, lambda: "trace_from" in seen.query(page))
    address = seen.query(page)
    again = visited(
        visit, site, f"trace_run=small&trace_from={address['trace_from'][0]}&trace_to={address['trace_to'][0]}"
    )
    assert all(abs(one - other) < 0.02 * (end - start) for one, other in zip(window(again), (start, end), strict=True))
    page.bring_to_front()
    page.keyboard.press("0")
    seen.until(page, lambda: window(page)[0] < 0)
    seen.until(page, lambda: "trace_from" not in seen.query(page))


def test_what_is_dragged_moves_and_what_is_dragged_with_shift_is_summed_up(visit: Visit, site: Site) -> None:
    page = visited(visit, site, "trace_run=small&trace_from=100000&trace_to=500000")
    before = window(page)
    x, y = place(page, 300, 0)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y)
    page.mouse.move(x - 120, y)
    page.mouse.up()
    settled(page)
    assert window(page)[0] > before[0]
    page.locator(".trace").press("0")
    settled(page)
    page.keyboard.down("Shift")
    page.mouse.move(*place(page, 150, 0))
    page.mouse.down()
    page.mouse.move(*place(page, 300, 0))
    page.mouse.move(*place(page, 550, 0))
    page.mouse.up()
    page.keyboard.up("Shift")
    page.locator(".panel-title").get_by_text("4 events of 3 names").wait_for()
    assert re.search(r"inner\s+2\s", told(page))
    page.get_by_text("Selection as CSV").wait_for()
    # Whoever is sent the address sees what is selected.
    seen.until(page, lambda: "trace_range" in seen.query(page))
    again = visited(visit, site, f"trace_run=small&trace_range={seen.query(page)['trace_range'][0]}")
    again.locator(".panel-title").get_by_text("4 events of 3 names").wait_for()


def test_a_search_counts_what_it_finds_and_goes_from_one_to_the_next(visit: Visit, site: Site) -> None:
    page = visited(visit, site, "trace_run=small")
    page.get_by_label("Find events").fill("inner")
    page.locator(".found").get_by_text("2 · 500µs").wait_for()
    page.keyboard.press("Enter")
    page.locator(".found").get_by_text("1 of 2").wait_for()
    page.keyboard.press("Enter")
    page.locator(".found").get_by_text("2 of 2").wait_for()
    assert seen.query(page)["trace_find"] == ["inner"]
    page.get_by_label("Find events").fill("(")
    page.locator(".found.wrong").get_by_text("not a regular expression").wait_for()
    again = visited(visit, site, "trace_run=small&trace_find=inner")
    again.locator(".found").get_by_text("2 · ").wait_for()


def test_a_link_to_an_event_shows_it_selected(visit: Visit, site: Site) -> None:
    page = visited(visit, site, "trace_run=small&trace_row=1", dark=True)
    page.locator(".panel-title").get_by_text("inner").wait_for()
    start, end = window(page)
    assert start < 100_000
    assert end > 400_000


def test_hostile_names_are_letters(visit: Visit, site: Site) -> None:
    page = visited(visit, site, "trace_run=small", width=700)
    assert page.locator(".name.head").first.inner_text().replace("\n", "").endswith(HOSTILE)
    page.mouse.move(*place(page, 850, 1))
    page.locator(".tip").get_by_text(HOSTILE).wait_for()
    assert page.locator("img[src*=elsewhere]").count() == 0
    assert not seen.wider_than_the_window(page)


def test_processes_and_lanes_fold(visit: Visit, site: Site) -> None:
    page = visited(visit, site, "trace_run=small")
    lanes = page.locator(".name.lane")

    def heights() -> list[int]:
        found: list[int] = lanes.evaluate_all("all => all.map(one => one.offsetHeight)")
        return found

    before = heights()
    lanes.first.click()
    seen.until(page, lambda: heights()[0] < before[0])
    page.locator(".name.head").first.click()
    seen.until(page, lambda: len(heights()) < len(before))


def test_runs_of_short_events_say_how_many_they_are_and_nothing_is_lost(visit: Visit, site: Site) -> None:
    page = visited(visit, site, "trace_run=large")
    page.mouse.move(*place(page, 5_000, 0))
    page.locator(".tip").get_by_text(re.compile(r"^\d+ events, ")).wait_for()
    page.mouse.click(*place(page, 5_000, 0))
    page.locator(".panel-title").get_by_text(re.compile(r"events of \d+ names")).wait_for()


def test_a_large_recording_moves_smoothly(visit: Visit, site: Site) -> None:
    page = visited(visit, site, "trace_run=large")
    page.mouse.move(*place(page, 12_000, 0))
    page.locator(".trace").focus()
    frames: list[float] = []
    for key in "wdas":
        page.keyboard.down(key)
        frames += page.evaluate(FRAMES, 700)
        page.keyboard.up(key)
    # Servers and browsers of other tests may take their turns in between.
    assert sorted(frames)[len(frames) // 2] <= 1_000 / 30


def test_the_trace_is_handed_to_perfetto_when_asked_for(visit: Visit, site: Site) -> None:
    page = visited(visit, site, "trace_run=small")
    with page.expect_popup() as popup:
        page.get_by_role("button", name="Open in Perfetto").click()
    other = popup.value
    seen.until(page, lambda: re.fullmatch(r"w \d{2,}", other.title()))
    other.close()

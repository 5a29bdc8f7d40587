"""The Profile page a visitor sees: the first finding and its evidence, files of one's own, recordings that come, this machine."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tbcore.formats.tfrecord import EventWriter
from tbcore.recorder import Recorder
from tests.browser import seen
from tests.browser.server import Serve, Site, Visit

BASE = 1_760_000_000_000_000_000
HOSTILE = '<img src="http://elsewhere/x.png" onerror="alert(1)">'


def recording(name: str = "load_batch") -> bytes:
    """Return a recording of four steps that spend most of their time in an annotation of this name."""
    ticks = count()
    recorder = Recorder(lambda: next(ticks) / 10_000)
    for step in range(4):
        with recorder.annotation(f"ProfilerStep#{step}"):
            with recorder.annotation(name):
                for _ in range(20):
                    recorder.op("own::read", lambda: None)
            recorder.op("own::compute", lambda: None)
    return recorder.written(BASE, "host")


def put(folder: Path, worker: str, data: bytes, span: int = 0) -> None:
    """Write a recording into the folder of a run."""
    folder.mkdir(exist_ok=True)
    (folder / f"{worker}.{BASE + span}.pt.trace.json.gz").write_bytes(data)


@pytest.fixture(scope="module")
def site(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A run whose recording waits for its data, and one whose names are hostile."""
    folder = tmp_path_factory.mktemp("profile")
    for run in ("a", "b"):
        with EventWriter(folder / run) as writer:
            writer.scalar("loss", 1.0, 0)
    put(folder / "a", "worker", recording())
    put(folder / "b", HOSTILE.replace("/", "_")[:60], recording(HOSTILE))
    return serve(folder)


def opened(visit: Visit, site: Site, parameters: str = "", **how: Any) -> Any:
    """Open the page without waiting for curves."""
    return visit(site, f"/profile?refresh=1+s&{parameters}", curves=False, **how)


def main(page: Any) -> str:
    """Return the words of the page."""
    found: str = page.locator("[data-testid=stMain]").inner_text()
    return found


def test_the_first_finding_is_the_loader_and_its_evidence_is_one_click_away(visit: Visit, site: Site) -> None:
    page = opened(visit, site, "trace_run=a")
    page.get_by_text("Data loading takes").first.wait_for()
    page.get_by_role("button", name="in the trace").first.click()
    page.locator(".trace[data-painted]").first.wait_for()
    assert seen.query(page)["profile_tab"] == ["trace"]
    assert {"trace_row", "trace_from"} & set(seen.query(page))
    # Whoever is sent this address sees the same.
    other = visit(site, "/profile?" + page.url.partition("?")[2], curves=False)
    other.locator(".trace[data-painted]").first.wait_for()


@pytest.mark.parametrize("dark", [False, True])
def test_a_narrow_window_needs_no_scrolling_sideways(visit: Visit, site: Site, dark: bool) -> None:
    page = opened(visit, site, "trace_run=a", width=700, dark=dark)
    page.get_by_text("Data loading takes").first.wait_for()
    assert not seen.wider_than_the_window(page)


def test_hostile_names_are_shown_as_they_are(visit: Visit, site: Site) -> None:
    page = opened(visit, site, "trace_run=b&profile_tab=operators")
    page.get_by_text("Operator calls").wait_for()
    page.get_by_role("radio", name="Overview").click()
    page.get_by_text("Where the time of each step goes").wait_for()
    assert page.locator("img[src*=elsewhere]").count() == 0


def test_a_file_of_ones_own_is_opened_and_stays_chosen(visit: Visit, site: Site) -> None:
    page = opened(visit, site)
    page.get_by_role("button", name="upload_file").click()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": "own.pt.trace.json.gz", "mimeType": "application/gzip", "buffer": recording("forward")}
    )
    seen.until(page, lambda: seen.query(page).get("trace_run") == ["(opened files)"])
    seen.until(page, lambda: "Step time" in main(page) and "Data loading takes" not in main(page))


def test_a_recording_that_comes_while_one_looks_is_offered(visit: Visit, serve: Serve, tmp_path: Path) -> None:
    with EventWriter(tmp_path / "run") as writer:
        writer.scalar("loss", 1.0, 0)
    page = opened(visit, serve(tmp_path))
    page.get_by_text("No recordings in these logs").wait_for()
    put(tmp_path / "run", "worker", recording())
    page.get_by_text("Data loading takes").first.wait_for()


def test_this_machine_is_measured_while_one_looks(visit: Visit, site: Site) -> None:
    page = opened(visit, site, "profile_mode=machine")
    card = page.get_by_title("Memory in use").locator("img")
    card.wait_for()
    first = card.get_attribute("src")
    assert card.evaluate("image => image.naturalWidth") > 0
    seen.until(page, lambda: card.get_attribute("src") != first)

"""Servers of the app on logs of the tests' own making, and a browser that looks at them.

site = serve(folder)                     # a fresh server: its first request is a cold start
page = visit(site, "/scalars?tags=loss")  # a new visitor; returns once the first curves are painted
"""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pytest

from tests.browser.server import Serve, Site, Visit

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE = 20_000  # milliseconds a page may take to show what it shall
# Streamlit's client looks for its server under the path of the first page too, and finds it at the root.
PROBES = ("/_stcore/health", "/_stcore/host-config")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One browser for all tests."""
    found = (shutil.which(name) for name in BROWSERS)
    path = os.environ.get("CHROMIUM") or next((name for name in found if name), None)
    if path is None:
        _missing(f"no browser: none of {', '.join(BROWSERS)} is on the PATH, and CHROMIUM names none")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("no playwright, which drives the browser")
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def serve(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Start servers, which live as long as the tests of one file."""
    sites: list[Site] = []

    def start(logdir: Path) -> Site:
        sites.append(Site(logdir, tmp_path_factory.mktemp("server") / "output.txt"))
        return sites[-1].wait()

    yield start
    for site in sites:
        site.close()
    for site in sites:
        assert "Traceback" not in site.output.read_text(), site.output.read_text()


@pytest.fixture(scope="session")
def contexts(browser: Any) -> Iterator[dict[str, Any]]:
    """One context with its cache for those who like it light, and one for those who like it dark."""
    made = {
        scheme: browser.new_context(color_scheme=scheme, timezone_id="UTC", locale="en-US")
        for scheme in ("light", "dark")
    }
    for context in made.values():
        context.set_default_timeout(PATIENCE)
        # On a server's first page the sidebar has its usual width, later the app's: pages shall be comparable.
        context.add_init_script("localStorage.setItem('sidebarWidth', '320')")
    yield made
    for context in made.values():
        context.close()


@pytest.fixture
def visit(contexts: dict[str, Any]) -> Iterator[Visit]:
    """Open pages as new visitors. When the test ends, none of them has reported an error or asked another machine."""
    pages: list[Any] = []
    wrong: list[str] = []

    def open_page(
        site: Site,
        path: str = "/scalars",
        *,
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
        curves: bool = True,
    ) -> Any:
        page = contexts["dark" if dark else "light"].new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.on("pageerror", lambda error: wrong.append(f"{path}: {error}"))
        page.on("console", lambda message: wrong.extend(_complaint(path, message)))
        page.on("response", lambda response: wrong.extend(_failure(path, response)))
        page.on("request", lambda request: wrong.extend(_elsewhere(site, request)))
        page.goto(site.url + path, wait_until="commit")
        if curves:
            _await_curves(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert wrong == []


def _missing(reason: str) -> NoReturn:
    """Skip the tests of the browser; where all tests have to run, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _await_curves(page: Any) -> None:
    end = time.monotonic() + PATIENCE / 1000
    while page.locator("[data-painted]").count() == 0:
        if time.monotonic() > end:
            pytest.fail(f"no curves at {page.url}, but:\n{page.inner_text('body')}")
        page.wait_for_timeout(20)


def _complaint(path: str, message: Any) -> list[str]:
    # A failed request is reported with its address below.
    is_error = message.type == "error" and not message.text.startswith("Failed to load resource")
    return [f"{path}: {message.text}"] if is_error else []


def _failure(path: str, response: Any) -> list[str]:
    expected = urlsplit(response.url).path.endswith(PROBES)
    return [f"{path}: {response.status} {response.url}"] if response.status >= 400 and not expected else []


def _elsewhere(site: Site, request: Any) -> list[str]:
    here = request.url.startswith((site.url, site.url.replace("http", "ws", 1), "data:", "blob:"))
    return [] if here else [f"asked {request.url}"]

"""Servers of the app on logs of the tests' own making, and a browser that looks at them.

    site = serve(folder)                     # a fresh server: its first request is a cold start
    page = visit(site, "/scalars?tags=loss")  # a new visitor; returns once the first curves are painted
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")

ROOT = Path(__file__).resolve().parents[2]
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
START = 60  # seconds a server may take to come up
PATIENCE = 20_000  # milliseconds a page may take to show what it shall
# Streamlit's client looks for its server under the path of the first page too, and finds it at the root.
PROBES = ("/_stcore/health", "/_stcore/host-config")

Serve = Callable[[Path], "Site"]
Visit = Callable[..., Any]


class Site:
    """One server of the app on one logdir."""

    def __init__(self, logdir: Path, output: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = output
        command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.headless", "true"]
        command += ["--server.port", str(self.port), "--server.address", "127.0.0.1", "--", "--logdir", str(logdir)]
        with output.open("wb") as file:
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT)

    def wait(self) -> "Site":
        """Return once the server answers."""
        end = time.monotonic() + START
        while time.monotonic() < end and self._process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"the server did not come up:\n{self.output.read_text()}")

    def pause(self) -> None:
        """Let the server do nothing until `resume`: what happens meanwhile happens in the browser."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused server go on."""
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """Stop the server, at once: it has nothing to save."""
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One browser for all tests."""
    found = (shutil.which(name) for name in BROWSERS)
    path = os.environ.get("CHROMIUM") or next((name for name in found if name), None)
    if path is None:
        reason = f"no browser: none of {', '.join(BROWSERS)} is on the PATH, and CHROMIUM names none"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with playwright.sync_playwright() as play:
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
        scheme: browser.new_context(color_scheme=scheme, timezone_id="UTC", locale="en-US") for scheme in ("light", "dark")
    }
    for context in made.values():
        context.set_default_timeout(PATIENCE)
    yield made
    for context in made.values():
        context.close()


@pytest.fixture
def visit(contexts: dict[str, Any]) -> Iterator[Visit]:
    """Open pages as new visitors. When the test ends, none of them has reported an error or asked another machine."""
    pages: list[Any] = []
    wrong: list[str] = []

    def open_page(
        site: Site, path: str = "/scalars", *, width: int = 1280, height: int = 900, dark: bool = False, curves: bool = True
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


def _await_curves(page: Any) -> None:
    try:
        page.wait_for_selector("[data-painted]")
    except playwright.TimeoutError:
        pytest.fail(f"no curves at {page.url}, but:\n{page.inner_text('body')}")


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

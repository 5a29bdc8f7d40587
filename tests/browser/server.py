"""A server of the app, as a test starts it, and what the fixtures that use it are called like."""

import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
START = 60  # seconds a server may take to come up

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

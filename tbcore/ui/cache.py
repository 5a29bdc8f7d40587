"""The logdir that all visitors share: where it is, and one reader that keeps it fresh."""

import argparse
import os
import sys
import threading
import time
from dataclasses import dataclass

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from tbcore import demo
from tbcore.errors import RunlensError
from tbcore.formats import chrome_trace, histograms, scan, xplane
from tbcore.store.logdir import Logdir

_PATIENCE = 1.5  # seconds a page waits for a first reading before it says how far it is


@dataclass(frozen=True)
class Doing:
    """What a reader is doing before there is anything to see: in words, and how much of how much is done."""

    words: str
    done: int = 0
    total: int = 0


class Watch:
    """One logdir, read once for all visitors; the first reading goes on in the background."""

    def __init__(self, spec: str | None) -> None:
        """spec: what `Logdir` takes; None for the demo, which is written when it is not there yet."""
        self.is_demo = spec is None
        self.spec = str(demo.demo_folder()) if spec is None else spec
        self.logdir: Logdir | None = None
        self.error = ""
        self.read_at: float | None = None  # wall time of the last look at the files
        self._writing: Doing | None = None
        self._first = threading.Event()
        self._lock = threading.Lock()
        threading.Thread(target=self._begin, name="runlens-first", daemon=True).start()

    @property
    def ready(self) -> bool:
        """Return whether the first reading is done."""
        return self._first.is_set()

    def wait(self) -> bool:
        """Wait a moment for something to show, and return whether there is: all of the logs, or the first runs of large ones."""
        end = time.monotonic() + _PATIENCE
        while not self._first.wait(0.05):
            if self.logdir is not None and self.logdir.runs:
                return True
            if time.monotonic() > end:
                return False
        return True

    @property
    def doing(self) -> Doing | None:
        """Return what keeps the first page waiting, None when nothing does."""
        if self.ready:
            return None
        if self._writing is not None:
            return self._writing
        progress = self.logdir.progress if self.logdir is not None else None
        if progress is None:
            return Doing("Getting ready (the first start on a machine takes a few seconds)")
        return Doing("Reading", progress.done, progress.total)

    def refresh(self, older_than: float = 0.0) -> None:
        """Read what is new, unless that was done less than `older_than` seconds ago or is being done."""
        if not self.ready or not self._lock.acquire(blocking=False):
            return
        try:
            if self.read_at is None or time.time() - self.read_at >= older_than:
                self._read()
        finally:
            self._lock.release()

    def _begin(self) -> None:
        try:
            with self._lock:
                if self.is_demo and not demo.is_complete(demo.demo_folder()):
                    self._writing = Doing("Training the demo's models")
                    demo.write_demo(demo.demo_folder(), progress=self._wrote)
                    self._writing = None
                scan.warm()
                self._read()
        except (RunlensError, OSError) as error:  # a disk may be full when the demo is written
            self.error = str(error)
        finally:
            self._writing = None
            self._first.set()
        histograms.warm()  # while the browser loads the first page
        if self._holds("pytorch", "chrome"):
            chrome_trace.warm()
        if self._holds("xplane"):
            xplane.warm()

    def _holds(self, *formats: str) -> bool:
        """Return whether the logs hold recordings in one of these formats."""
        runs = self.logdir.runs if self.logdir is not None else ()
        return any(file.format in formats for run in runs for file in run.profile_files)

    def _wrote(self, done: int, total: int, what: str) -> None:
        self._writing = Doing(f"Training the demo's models: {what}", done, total)

    def _read(self) -> None:
        try:
            if self.logdir is None:
                self.logdir = Logdir(self.spec)
            self.logdir.refresh()
            self.error = ""
        except RunlensError as error:
            self.error = str(error)
        self.read_at = time.time()


@st.cache_resource(show_spinner=False)
def watch(spec: str | None) -> Watch:
    """Return the reader of `spec`, the same for every visitor."""
    return Watch(spec)


def logdir_spec() -> str | None:
    """Return the logdir to show: from the command line, TBCORE_LOGDIR, or the secret `logdir`; None for the demo."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--logdir", default="")
    arguments, _others = parser.parse_known_args(sys.argv[1:])
    return arguments.logdir or os.environ.get("TBCORE_LOGDIR") or _secret("logdir") or None


def _secret(name: str) -> str:
    try:
        return str(st.secrets.get(name, ""))
    except StreamlitSecretNotFoundError:
        return ""

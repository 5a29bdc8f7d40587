"""Long computations away from the page: each is done once for all visitors, in a thread, and tells how far it is.

Of those that wait, the one asked for last comes first: whoever asked for the others has moved on.
"""

import threading
import time
from collections.abc import Callable, Hashable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Generic, Literal, TypeVar

import streamlit as st

from tbcore.errors import RunlensError
from tbcore.ui.frame import plain

T = TypeVar("T")
State = Literal["waiting", "running", "done", "failed", "stopped"]

_TOGETHER = 2  # jobs that run at once
_KEPT = 64  # jobs that are remembered
_PATIENCE = 0.3  # seconds a page waits for a job before it shows how far it is
_LOOK = 0.3  # seconds between looks


class Progress:
    """What a computation is handed: it calls this with the share that is done and what it is doing."""

    def __init__(self) -> None:
        self.share = 0.0
        self.words = ""
        self._stop = threading.Event()

    def __call__(self, share: float, words: str = "") -> None:
        self.share = min(1.0, max(0.0, share))
        self.words = words

    def stopped(self) -> bool:
        """Return whether a visitor asked it to end; what it returns then is not kept."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Ask it to end."""
        self._stop.set()


class Job(Generic[T]):
    """One computation. name: what it is called on screen; error: what it raised, if it did."""

    def __init__(self, name: str, work: Callable[[Progress], T], queue: "Queue") -> None:
        self.name = name
        self.state: State = "waiting"
        self.error: BaseException | None = None
        self._work: Callable[[Progress], T] | None = work
        self._queue = queue
        self._result: list[T] = []
        self._progress = Progress()
        self._ended = threading.Event()
        self._begun: float | None = None
        self._lock = threading.Lock()

    @property
    def done(self) -> bool:
        """Return whether there is a result."""
        return self.state == "done"

    @property
    def ended(self) -> bool:
        """Return whether it is done, failed or was stopped."""
        return self._ended.is_set()

    @property
    def share(self) -> float:
        """Return how much is done, 0 to 1."""
        return self._progress.share

    @property
    def words(self) -> str:
        """Return what is being done."""
        return "waiting for other computations" if self.state == "waiting" else self._progress.words

    @property
    def result(self) -> T:
        """Return what the computation returned. Raises RunlensError while there is nothing."""
        if not self._result:
            raise RunlensError(f"{self.name} is not done")
        return self._result[0]

    def wait(self, seconds: float) -> bool:
        """Wait until it ended, so long at most, and return whether it did."""
        return self._ended.wait(seconds)

    @property
    def seconds(self) -> float:
        """Return for how long it has been running."""
        return 0.0 if self._begun is None else time.monotonic() - self._begun

    def stop(self) -> None:
        """Ask it to end, for all visitors."""
        with self._lock:
            self._progress.stop()
            if self.state == "waiting":
                self._end("stopped")

    def again(self) -> None:
        """Begin anew, when it was stopped or failed."""
        with self._lock:
            if self.state not in ("stopped", "failed"):
                return
            self._ended = threading.Event()
            self._progress = Progress()
            self.error = None
            self.state = "waiting"
        self._queue.put(self)

    def run(self) -> None:
        """Do the work here and now, unless it was stopped before."""
        with self._lock:
            work = self._work
            if self.state != "waiting" or work is None:
                return
            self.state = "running"
            self._begun = time.monotonic()
            progress = self._progress
        with ExitStack() as stack:
            stack.push(self._failed)
            found = work(progress)
            with self._lock:
                if progress.stopped():
                    self._end("stopped")
                else:
                    self._result = [found]
                    self._work = None  # and whatever tables it holds
                    self._end("done")

    def _failed(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        """Keep whatever went wrong: it belongs to the page that asked, not to this thread."""
        if error is not None:
            with self._lock:
                self.error = error
                self._end("stopped" if self._progress.stopped() else "failed")
        return True

    def _end(self, state: State) -> None:
        self.state = state
        self._ended.set()


class Queue:
    """All jobs by key, and the threads that do them: as many as are needed, `together` at most."""

    def __init__(self, together: int = _TOGETHER, kept: int = _KEPT) -> None:
        self._together = together
        self._kept = kept
        self._jobs: dict[Hashable, Job[Any]] = {}
        self._waiting: list[Job[Any]] = []
        self._threads = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._jobs)

    def job(self, key: Hashable, name: str, work: Callable[[Progress], T]) -> Job[T]:
        """Return the job of `key`, which is begun when nobody has asked for it before."""
        with self._lock:
            found = self._jobs.pop(key, None)
            if found is None:
                found = Job(name, work, self)
                self._add(found)
            # Those asked for least recently come first, and are the first to go.
            self._jobs[key] = found
            ended = [old for old, job in self._jobs.items() if job.ended]
            for old in ended[: max(0, len(self._jobs) - self._kept)]:
                del self._jobs[old]
            return found

    def known(self, key: Hashable) -> bool:
        """Return whether somebody asked for the job of `key` before."""
        with self._lock:
            return key in self._jobs

    def put(self, job: Job[Any]) -> None:
        """Have a job done."""
        with self._lock:
            self._add(job)

    def _add(self, job: Job[Any]) -> None:
        self._waiting.append(job)
        if self._threads < self._together:
            self._threads += 1
            threading.Thread(target=self._serve, name="runlens-job", daemon=True).start()

    def _serve(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._threads -= 1
                    return
                job = self._waiting.pop()
            job.run()


@st.cache_resource(show_spinner=False)
def _queue() -> Queue:
    """Return the jobs of this server."""
    return Queue()


def job(key: Hashable, name: str, work: Callable[[Progress], T]) -> Job[T]:
    """Return the computation of `key`, begun when nobody has asked for it before; the same for all visitors.

    key: whatever its result depends on, such as the generation of the logs. work: is handed a Progress, and must not
    draw. name: what it is called on screen.
    """
    return _queue().job(key, name, work)


def known(key: Hashable) -> bool:
    """Return whether somebody asked for the computation of `key` before, so that it need not be asked for again."""
    return _queue().known(key)


def asked(
    key: Hashable, name: str, work: Callable[[Progress], T], *, words: str, button: str, icon: str, about: str = ""
) -> Job[T] | None:
    """Return the computation of `key` once somebody asked for it; until then draw the button `words` that does."""
    if known(key):
        return job(key, name, work)
    st.button(
        words, key=button, type="primary", icon=f":material/{icon}:", help=about or None, on_click=_begin, args=(key, name, work)
    )  # fmt: skip
    return None


def _begin(key: Hashable, name: str, work: Callable[[Progress], Any]) -> None:
    job(key, name, work)


def progress(found: Job[Any]) -> None:
    """Draw how far a job is, and draw the page anew when it ended; nothing when it is done within a moment.

    An error of ours is shown; any other one is raised here.
    """
    if found.wait(_PATIENCE):
        _ended(found)
        return

    def look() -> None:
        if found.ended:
            st.rerun()
        row = st.container(horizontal=True, vertical_alignment="center")
        doing = f": {plain(found.words)}" if found.words else ""
        row.progress(found.share, f"{plain(found.name)}{doing}{_left(found.share, found.seconds)}")
        if row.button("Stop", type="tertiary", icon=":material/stop_circle:", key=f"stop_{id(found)}"):
            found.stop()
            st.rerun()

    st.fragment(look, run_every=_LOOK)()


def _left(share: float, seconds: float) -> str:
    """Return about how long it will still take, once that can be told."""
    if seconds < 2 or share < 0.05:
        return ""
    return f", about {max(1, round(seconds * (1 - share) / share)):,} s left"


def _ended(found: Job[Any]) -> None:
    if found.state == "failed":
        error = found.error
        if not isinstance(error, RunlensError):
            raise error or RunlensError(f"{found.name} failed")
        st.error(f"{plain(found.name)}: {plain(str(error))}", icon=":material/error:")
    elif found.state == "stopped":
        st.caption(f"{plain(found.name)} was stopped.")
    if not found.done and st.button("Start again", type="tertiary", key=f"again_{id(found)}"):
        found.again()
        st.rerun()

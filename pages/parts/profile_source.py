"""Which recording is looked at: those that the logs hold, and those in files that a visitor opens."""

import hashlib
import math
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st

from tbcore import ui
from tbcore.analysis import profiles
from tbcore.analysis.profiles import Report, Trace
from tbcore.errors import FormatError
from tbcore.ui import bound, jobs
from tbcore.ui.held import Held
from tbcore.ui.profile import ProfileFile

T = TypeVar("T")

UPLOADS = "profile_uploads"
FILE, SPAN, RUN = "trace_file", "trace_span", "trace_run"
BROUGHT = "(opened files)"  # stands in the place of a run
LOADING = "profile_loading"
_LOADING_KEPT = "profile_loading_kept"
TITLE = 52  # letters of a recording's title in a list
_TRAIL = 4  # files that are kept for one visitor, in all no more bytes than one may have
_CAME = "profile_upload_came"  # the file that was last read, and what was wrong with it
_EVENTS = 4_000_000  # of all traces that are kept for all visitors
_NOTES = 4  # of a trace that are shown


@dataclass(frozen=True)
class Brought:
    """A recording that a visitor opened from a file: it looks like one of the logs."""

    run: str
    name: str
    format: str
    mark: str
    size: int
    data: bytes = field(repr=False, compare=False)
    worker: str = ""
    span: int = 1
    host: str = ""
    session: str = ""
    wall_time: float = math.nan

    @property
    def is_trace(self) -> bool:
        """Return whether it holds events."""
        return self.format in profiles.TRACES

    def read(self, progress: Callable[[float], None] | None = None, stopped: Callable[[], bool] | None = None) -> Trace:
        """Return its events. Raises FormatError, also when `stopped` returned True."""
        return profiles.trace(self.data, self.format, self.mark, progress, stopped)

    def report(self) -> Report:
        """Return the tables of a file that holds a tool's answers. Raises FormatError."""
        return profiles.report(self.data, self.name, self.format)


Recording = ProfileFile | Brought


@dataclass(frozen=True)
class Chosen:
    """The recording that is looked at, with its events.

    key: moves with the content of the trace; loading: the pattern of annotations that are data loading, "" for the usual
    one; files: all that are offered.
    """

    view: ui.View = field(repr=False)
    file: Recording
    trace: Trace = field(repr=False)
    key: str
    loading: str
    files: tuple[Recording, ...] = field(repr=False)


# What is read of a recording is computed once for all visitors.
MARKS: dict[str | type, Callable[[Any], Any]] = {Chosen: lambda chosen: (chosen.key, chosen.loading)}


def loading() -> str:
    """Return the pattern of annotations that are data loading, also while no field for it is drawn; "" for the usual one."""
    typed = st.session_state.get(LOADING)
    if typed is None:
        typed = st.session_state.get(_LOADING_KEPT, st.query_params.get(LOADING, ""))
        if typed:
            st.session_state[LOADING] = typed
    st.session_state[_LOADING_KEPT] = typed
    return str(typed)


# What is made of a recording -----------------------------------------------------------------------------------------


def remembered(chosen: Chosen, name: str, make: Callable[[], T], *args: Hashable) -> T:
    """Return what `make()` returns, made once for all visitors.

    name: of what it is; args: whatever it depends on besides the trace. It must not draw.
    """
    return _traces().made(chosen.file.mark, (name, args), make)


def job(chosen: Chosen, name: str, words: str, make: Callable[[jobs.Progress], T], *args: Hashable) -> T | None:
    """Return what `make(progress)` returns once it is done; until then draw how far it is and return None.

    words: what it is called on screen; name and args: as `remembered` takes them.
    """
    traces, mark, what = _traces(), chosen.file.mark, (name, args)
    if traces.knows(mark, what):
        return traces.made(mark, what, lambda: None)

    # What a job returns is kept as long as the job: not what is large.
    def work(progress: jobs.Progress) -> bool:
        made = make(progress)
        if not progress.stopped():
            traces.made(mark, what, lambda: made)
        return True

    found = jobs.job(("profile", mark, traces.gone(mark), what), words, work)
    if not found.done:
        jobs.progress(found)
    return traces.made(mark, what, lambda: None) if traces.knows(mark, what) else None


@st.cache_resource(show_spinner=False)
def _traces() -> Held[Trace]:
    """Return the traces that are looked at, whoever does, with what was made of them."""
    return Held(len, _EVENTS)


def read(file: Recording) -> Trace | None:
    """Return the events of a recording; while they are being read, draw how far that is and return None.

    Raises FormatError when it cannot be read.
    """
    traces = _traces()
    found = traces(file.mark)
    if found is not None:
        return found

    def work(progress: jobs.Progress) -> bool:
        trace = file.read(progress, progress.stopped)
        if not progress.stopped():
            traces.keep(file.mark, trace)
        return True

    reading = jobs.job(("trace", file.mark, traces.gone(file.mark)), f"Reading {spelled(label(file))}", work)
    if not reading.done:
        jobs.progress(reading)
    elif traces(file.mark) is None:
        st.rerun()  # others were looked at in the meantime, and it has to be read again
    return traces(file.mark)


@st.cache_resource(show_spinner="Reading the report …", max_entries=4)
def _report(mark: str, _file: Recording) -> Report:  # noqa: ARG001
    return _file.report()


def report(file: Recording) -> Report:
    """Return the tables of a recording that holds a tool's answers. Raises FormatError when it cannot be read."""
    found: Report = _report(file.mark, file)
    return found


def notes(trace: Trace) -> None:
    """Draw what was repaired or left out while a trace was read."""
    if trace.notes:
        shown = "  \n".join(ui.plain(one) for one in trace.notes[:_NOTES])
        more = len(trace.notes) - _NOTES
        st.caption(f":orange[{shown}{f'  and {more:,} more' if more > 0 else ''}]")


# What there is -------------------------------------------------------------------------------------------------------

# How a recording is preferred over others of the same run, and what it is called.
FORMATS = {
    "pytorch": "PyTorch",
    "xplane": "TensorFlow or JAX",
    "tf_trace": "TensorFlow trace",
    "chrome": "Chrome trace",
    "step_stats": "TensorFlow step",
    "memory_timeline": "PyTorch memory timeline",
    "pprof": "memory profile",
    "report": "TensorFlow report",
}
_ORDER = {name: place for place, name in enumerate(FORMATS)}


def logged(view: ui.View) -> list[ProfileFile]:
    """Return the recordings of the selected runs."""
    return [one for run in view.selected for one in run.profiles]


def offered(view: ui.View) -> list[Recording]:
    """Return the recordings of the selected runs, and those in files that the visitor opened."""
    return [*logged(view), *uploads()]


def _rank(file: Recording) -> int:
    return _ORDER.get(file.format, len(_ORDER))


def label(file: Recording) -> str:
    """Return what a recording is called among those of its run, all spans of a worker alike."""
    if isinstance(file, Brought):
        return file.name
    if file.format in ("pytorch", "xplane", "tf_trace", "step_stats") and file.worker:
        return f"{file.session} · {file.worker}" if file.session else file.worker
    own = file.name.rpartition("/")[2]
    return f"{file.session} · {own}" if file.session else own


def spelled(title: str, most: int = TITLE) -> str:
    """Return a title as a list has it: of a long one the middle is left out, since ends tell recordings apart."""
    return title if len(title) <= most else f"{title[: most // 3]}…{title[most // 3 + 1 - most :]}"


def choose(files: Iterable[Recording]) -> Recording | None:
    """Draw the choice of a recording: its run, what it was written by, and its span, as far as there are several."""
    by_run: dict[str, list[Recording]] = {}
    # Whoever records again wants to see that first.
    latest = sorted(files, key=lambda one: one.session, reverse=True)
    for file in sorted(latest, key=_rank):
        by_run.setdefault(file.run or BROUGHT, []).append(file)
    if not by_run:
        return None
    run = next(iter(by_run))
    if len(by_run) > 1:
        run = bound.select("Run", list(by_run), spelled, key=RUN, width=190)
    by_label: dict[str, list[Recording]] = {}
    for file in by_run[run]:
        by_label.setdefault(label(file), []).append(file)
    name = next(iter(by_label))
    if len(by_label) > 1:
        name = bound.select("Recording", list(by_label), spelled, key=FILE, width=220)
    spans = {str(place): one for place, one in enumerate(sorted(by_label[name], key=lambda one: one.span), 1)}
    if len(spans) == 1:
        return next(iter(spans.values()))
    last = list(spans)[-1]
    span = bound.select(
        "Span", list(spans), str, key=SPAN, usual=last, width=80, help="One for each cycle of the profiler's schedule."
    )
    return spans[span]


def turn_to(file: Recording, files: Iterable[Recording]) -> None:
    """Choose another recording of those that are offered for the visitor, from the next drawing on."""
    run, name = file.run or BROUGHT, label(file)
    alike = sorted((one for one in files if (one.run or BROUGHT, label(one)) == (run, name)), key=_rank)
    alike.sort(key=lambda one: one.span)
    bound.choose(RUN, [run])
    bound.choose(FILE, [name])
    bound.choose(SPAN, [str(1 + [one.mark for one in alike].index(file.mark))])


# What is brought along -----------------------------------------------------------------------------------------------


def uploads() -> list[Brought]:
    """Return what the visitor opened in this session."""
    kept: dict[str, Brought] = st.session_state.get(UPLOADS, {})
    return list(kept.values())


def bring() -> Brought | None:
    """Draw where a file can be dropped; return the recording in it when it has just come."""
    file = st.file_uploader(
        "A recording from a file",
        type=list(profiles.ENDINGS),
        help="A trace of torch.profiler (.json, .json.gz), of TensorFlow or JAX (.xplane.pb), or any Chrome trace. It is "
        "read, never run, and stays in this session.",
        max_upload_size=profiles.UPLOAD_LIMIT >> 20,
        key="profile_upload",
    )
    if file is None:
        return None
    came, wrong = st.session_state.get(_CAME, ("", ""))
    if came == file.file_id:
        if wrong:
            st.error(wrong)
        return None
    found, wrong = _opened(file.name, file.getvalue())
    st.session_state[_CAME] = (file.file_id, wrong)
    if wrong:
        st.error(wrong)
    return found


def _opened(name: str, data: bytes) -> tuple[Brought | None, str]:
    """Return a file that has just come as a recording to choose, and what is wrong with it."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass") + b"\0" + data, digest_size=16).hexdigest()
    try:
        form = profiles.form(name, data)
    except FormatError as error:
        return None, f"{ui.plain(name)}: {ui.plain(str(error))}"
    kept: dict[str, Brought] = dict(st.session_state.get(UPLOADS, {}))
    often = sum(one.name.partition(" · ")[0] == name for one in kept.values() if one.mark != digest)
    title = f"{name} · {often + 1}" if often else name
    kept.pop(digest, None)
    kept[digest] = Brought("", title, form, digest, len(data), data)
    while sum(one.size for one in kept.values()) > profiles.UPLOAD_LIMIT or len(kept) > _TRAIL:
        del kept[next(one for one in kept if one != digest)]
    st.session_state[UPLOADS] = kept
    return kept[digest], ""

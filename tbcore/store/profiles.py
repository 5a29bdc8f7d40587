"""Profiles that lie below a logdir: which files record what ran when, to which run they belong, and how they are read.

    run.profiles                        # those in the run's folder, below it, and in its event files
    run.profiles[0].read()              # a Trace, from the cache where it was read before
    run.profiles[0].report()            # of a format that holds a tool's answers instead: its tables

A file belongs to the run around it: the nearest folder with event files. Where there is none, the folder of the traces is
a run without series; `plugins/profile/<session>` belongs to the folder that `plugins` is in. What a file is, its name says;
other files that end in .json or .json.gz are looked into once, at their beginning.

Links are followed as far as they stay below the logdir, or in the folder that the file lies in.
"""

import hashlib
import math
import os
import re
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

from tbcore.errors import FormatError, MessageError
from tbcore.formats import chrome_trace, memory_timeline, pprof, step_stats, tf_profile, trace_events, xplane
from tbcore.formats.tf_profile import Report
from tbcore.formats.trace import Trace
from tbcore.series import Blob, Series
from tbcore.store import traces
from tbcore.store.sources import Source, Stat

Format = Literal["pytorch", "chrome", "xplane", "tf_trace", "step_stats", "report", "memory_timeline", "pprof"]
_MESSAGES = {"xplane": xplane.read, "tf_trace": trace_events.read, "step_stats": step_stats.read}

FOLDER = ("plugins", "profile")  # where TensorFlow and JAX put theirs, one folder below for each session
LARGEST = 16 << 30  # bytes of a file that is read
LARGEST_WHOLE = 2 << 30  # bytes of one that is read in one piece: no message of protobuf is longer
_CHUNK = 1 << 18  # bytes read at a time
_SETTLED = 2_000_000_000  # ns after which a file is taken to be written
_LOOK = 1 << 16  # bytes at its beginning by which a file is known
_GZIP = b"\x1f\x8b"

_STAMPED = re.compile(r"(?s)(.*?)(?:\.([0-9]{1,19}))?\.pt\.trace\.json(?:\.gz)?")
_PROCESS = re.compile(r"(?s)(.+)_[0-9]+")
_XPLANE = ".xplane.pb"
# What is known by the end of its name, and what is looked into first; the first that fits counts.
_ENDINGS: tuple[tuple[str, Format], ...] = (
    (".pt.trace.json", "pytorch"),
    (".pt.trace.json.gz", "pytorch"),
    (_XPLANE, "xplane"),
    ("memory_timeline.json", "memory_timeline"),
    ("memory_timeline.json.gz", "memory_timeline"),
    ("memory_timeline.raw.json.gz", "memory_timeline"),
    ("memory_timeline.raw.gz", "memory_timeline"),
    *((ending, "report") for ending in tf_profile.ENDINGS),
)  # fmt: skip
_SNIFFED = (".json", ".json.gz", ".prof", ".trace")
_PYTORCH = re.compile(rb'"(schemaVersion|deviceProperties|computeProperties|distributedInfo|baseTimeNanoseconds)"\s*:')
_EVENTS = re.compile(rb'"traceEvents"\s*:\s*\[')
_BARE = re.compile(rb'\s*\[\s*\{[^{}]{0,2000}"ph"\s*:\s*"')
_PLUGINS = ("graph_run_metadata", "graph_tagged_run_metadata", "")  # whose run metadata may hold measured times


@dataclass(frozen=True)
class ProfileFile:
    """One profile of a run, as it was when the logdir was read; its file is read when it is asked for.

    name: its path below the logdir; worker: who recorded it; span: which of the worker's recordings it is, from 1 on;
    session: the folder of TensorFlow's and JAX's, otherwise that below the run's, "" for the run's own; size: bytes; mark:
    moves when its file does; wall_time: when it was written, seconds, NaN where nothing tells.
    """

    run: str
    name: str
    format: Format
    worker: str
    span: int
    host: str
    session: str
    size: int
    mark: str
    wall_time: float
    path: str = field(default="", repr=False)
    stamp: int = field(default=-1, repr=False)
    blob: Blob | None = field(default=None, repr=False, compare=False)
    content: str = field(default="", repr=False)  # how the message lies in an event file
    source: Source | None = field(default=None, repr=False, compare=False)
    roots: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @property
    def is_trace(self) -> bool:
        """Return whether it holds events; a report, a memory timeline and a heap profile do not."""
        return self.format in ("pytorch", "chrome", *_MESSAGES)

    def read(
        self,
        progress: Callable[[float], None] | None = None,
        stopped: Callable[[], bool] | None = None,
        cache: str | None = None,
    ) -> Trace:
        """Return its events, from the cache on disk when the same bytes were read before.

        progress: called with the share that is read; cache: the folder of the cache, None for the user's. Raises
        FormatError, also when `stopped` returned True.
        """
        if not self.is_trace:
            raise MessageError(f"{self.name} holds no events")
        key = self.key()

        def make() -> Trace:
            if self.format in ("pytorch", "chrome"):
                return chrome_trace.read(self.unpacked(progress, stopped), key)
            return _MESSAGES[self.format](self.whole(progress, stopped), key)

        return traces.open(cache_folder() if cache is None else cache, key, make)

    def report(self) -> Report:
        """Return the tables of a file that holds a tool's answers. Raises FormatError."""
        data = self.whole()
        if self.format == "memory_timeline":
            return tf_profile.memory_timeline(memory_timeline.read(data))
        if self.format == "pprof":
            return tf_profile.heap(pprof.read(data))
        return tf_profile.read(os.path.basename(self.path), data)

    def key(self) -> str:
        """Return what changes with the content and the way in which it is read. Raises FormatError."""
        digest = hashlib.blake2b(self.format.encode(), digest_size=16)
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()

    def whole(
        self, progress: Callable[[float], None] | None = None, stopped: Callable[[], bool] | None = None
    ) -> bytes:
        """Return the file whole, unpacked. Raises FormatError."""
        if self.size > LARGEST_WHOLE:
            raise MessageError(f"{self.name} takes {self.size:,} bytes: only up to {LARGEST_WHOLE:,} are read")
        held = bytearray()
        for piece in self.unpacked(progress, stopped):
            held += piece
            if len(held) > LARGEST_WHOLE:
                raise MessageError(f"{self.name} unpacks to more than {LARGEST_WHOLE:,} bytes: not read")
        return bytes(held)

    def unpacked(
        self, progress: Callable[[float], None] | None = None, stopped: Callable[[], bool] | None = None
    ) -> Iterator[bytes]:
        """Yield the bytes of the file, without gzip where it is packed with it. Raises FormatError."""
        pieces = self.pieces(progress, stopped)
        first = next(pieces, b"")
        both = _and(first, pieces)
        return chrome_trace.gunzipped(both) if first.startswith(_GZIP) else both

    def pieces(
        self, progress: Callable[[float], None] | None = None, stopped: Callable[[], bool] | None = None
    ) -> Iterator[bytes]:
        """Yield the bytes of the file as they lie there. Raises FormatError."""
        if self.blob is not None:
            yield step_stats.unwrapped(self.blob.read(), self.blob.form)
            return
        if self.source is None:
            raise MessageError(f"{self.name} lies in no file")
        try:
            led = self.source.resolved(self.path, self.roots)
            if not led:
                raise MessageError(f"{self.name} is a link that leads out of the logdir: not read")
            if self.size > LARGEST:
                raise MessageError(f"{self.name} takes {self.size:,} bytes: only up to {LARGEST:,} are read")
            handle = self.source.open(led)
        except OSError as error:
            raise MessageError(f"{self.name} cannot be read ({error.strerror or error})") from error
        buffer = np.empty(_CHUNK, np.uint8)
        done = 0
        try:
            while True:
                if stopped is not None and stopped():
                    raise MessageError(f"{self.name}: the reading was stopped")
                got = self.source.read(handle, buffer, done)
                if got == 0:
                    return
                done += got
                if progress is not None:
                    progress(done / max(done, self.size))
                yield buffer[:got].tobytes()
        except OSError as error:
            raise MessageError(f"{self.name} cannot be read ({error.strerror or error})") from error
        finally:
            self.source.close(handle)


def _and(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def cache_folder() -> str:
    """Return the folder in which traces that were read are kept: TBCORE_CACHE, or where programs of this platform keep such."""
    said = os.environ.get("TBCORE_CACHE", "")
    if said:
        return os.path.expanduser(said)
    told = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", "")
    home = os.path.expanduser("~")
    if not os.path.isabs(told):
        told = os.path.join(home if os.path.isabs(home) else tempfile.gettempdir(), ".cache")
    return os.path.join(told, "runlens", "traces")


# In event files ------------------------------------------------------------------------------------------------------


def measured(run: str, every: Sequence[Series]) -> tuple[ProfileFile, ...]:
    """Return the times of operations that TensorFlow wrote into event files as run metadata, by tag and step."""
    found: list[ProfileFile] = []
    for series in every:
        if series.kind != "run_metadata" or series.plugin not in _PLUGINS:
            continue
        for place, step in enumerate(series.steps.tolist()):
            blob = series.blob(place)
            if not _measures(blob):
                continue
            said = f"{run} {series.tag} {step} {blob.path} {blob.offset} {blob.length}"
            wall = float(series.wall_times[place])
            found.append(
                ProfileFile(
                    run=run,
                    name=f"{series.tag} at step {step:,}" if series.tag else f"step {step:,}",
                    format="step_stats",
                    worker=series.tag,
                    span=place + 1,
                    host="",
                    session="",
                    size=blob.length,
                    mark=_mark(said),
                    wall_time=wall if wall > 0 else math.nan,
                    path=blob.path,
                    stamp=step,
                    blob=blob,
                )
            )
    return tuple(found)


@lru_cache(maxsize=8192)
def _measures(blob: Blob) -> bool:
    try:
        return step_stats.measures(blob.load(blob.path, blob.offset, min(blob.length, step_stats.PEEK)), blob.form)
    except FormatError:
        return False


# Beside them ---------------------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """A folder with files that may be profiles. name: as people see it, below the logdir; below: its path below the run's."""

    root: str
    path: str
    name: str
    files: tuple[str, ...]
    below: str = ""


def placed(found: Sequence[Place], runs: Container[str]) -> dict[str, tuple[str, list[Place]]]:
    """Return the run that each folder belongs to, by its name: the path of the run's folder, and the folders of traces.

    runs: names of those that are runs without any trace.
    """
    by_run: dict[str, tuple[str, list[Place]]] = {}
    for place in found:
        parts = [] if place.name == "." else place.name.split("/")
        kept = next((n for n in range(len(parts), -1, -1) if ("/".join(parts[:n]) or ".") in runs), -1)
        if kept < 0:
            kept = next((n for n in range(len(parts) - 1) if tuple(parts[n : n + 2]) == FOLDER), len(parts))
        below = parts[kept:]
        path = place.path
        for _part in below:
            path = os.path.dirname(path)
        run = "/".join(parts[:kept]) or "."
        by_run.setdefault(run, (path, []))[1].append(place._replace(below="/".join(below)))
    return by_run


class Held(NamedTuple):
    """The profiles of one run. root: of its logdir; path: of its folder."""

    root: str
    path: str
    files: tuple[ProfileFile, ...]


class Profiles:
    """The profiles below a logdir, looked at again where a file changed. One thread at a time.

    runs: by the names of those that have any.
    """

    def __init__(self, source: Source) -> None:
        self.runs: dict[str, Held] = {}
        self._source = source
        self._buffer = np.empty(_LOOK, np.uint8)
        # By folder: to which run it belonged, and of each file the state in which it was looked at and what it is.
        self._known: dict[str, tuple[str, dict[str, tuple[Stat, ProfileFile | None]]]] = {}
        self._quiet: dict[str, tuple[str, ...]] = {}  # names in folders that hold no profile and are written no more

    def quiet(self, path: str, names: tuple[str, ...]) -> bool:
        """Return whether a folder with these names is known to hold no profile."""
        return self._quiet.get(path) is names

    def refresh(self, found: Sequence[Place], runs: Container[str], kept: Callable[[str], bool]) -> set[str]:
        """Look at the files in the folders that are `found`, and return the names of the runs that changed.

        runs: names of those that are runs without any trace; kept: whether a run stays as it is though nothing is found.
        """
        now = time.time_ns()
        held: dict[str, Held] = {}
        for run, (path, places) in placed(found, runs).items():
            files = [one for place in places for one in self._files(run, place, now)]
            if files:
                held[run] = Held(places[0].root, path, _numbered(files))
        held |= {run: one for run, one in self.runs.items() if run not in held and kept(run)}
        before, self.runs = self.runs, held
        return {run for run in before.keys() | held.keys() if before.get(run) != held.get(run)}

    def _files(self, run: str, place: Place, now: int) -> list[ProfileFile]:
        """Return the profiles in a folder."""
        belonged, known = self._known.get(place.path, ("", {}))
        here = {}
        quiet = True
        for name in place.files:
            path = self._source.join(place.path, name)
            try:
                state = self._source.stat(path)
            except OSError:
                continue  # gone, or not a plain file
            entry = known.get(name) if belonged == run else None
            if entry is None or entry[0] != state:
                entry = state, self._file(run, place, name, path, state)
            here[name] = entry
            quiet = quiet and entry[1] is None and now - state.modified > _SETTLED
        self._known[place.path] = run, here
        if quiet:
            self._quiet[place.path] = place.files
        return [one for _state, one in here.values() if one is not None]

    def _file(self, run: str, place: Place, name: str, path: str, state: Stat) -> ProfileFile | None:
        roots = (place.root, place.path)
        form = _named(name)
        try:
            # Most files are none: where a link leads is asked only of the others.
            form = form or self._sniffed(name, path)
            if form is None or not self._source.resolved(path, roots):
                return None
        except OSError:
            return None
        worker, stamp = _worker(name, form)
        shown = _spelled(name)
        process = _PROCESS.fullmatch(worker)
        parts = place.path.replace(os.sep, "/").split("/")
        session = parts[-1] if tuple(parts[-3:-1]) == FOLDER else place.below
        return ProfileFile(
            run=run,
            name=shown if place.name == "." else f"{place.name}/{shown}",
            format=form,
            worker=_spelled(worker),
            span=1,
            host=_spelled(process[1] if process and form == "pytorch" else worker),
            session=_spelled(session),
            size=state.size,
            mark=_mark(f"{run} {path} {state}"),
            wall_time=_time(stamp) or state.modified / 1e9,
            path=path,
            stamp=stamp,
            source=self._source,
            roots=roots,
        )

    def _sniffed(self, name: str, path: str) -> Format | None:
        """Return what a file is by its beginning, None when it is no profile. Raises OSError."""
        handle = self._source.open(path)
        try:
            data = self._buffer[: self._source.read(handle, self._buffer, 0)].tobytes()
        finally:
            self._source.close(handle)
        packed = data.startswith(_GZIP)
        if name.endswith(".prof"):
            return "pprof" if packed else None  # Python's own are not packed
        if packed:
            try:
                data = zlib.decompressobj(31).decompress(data, 4 * _LOOK)
            except zlib.error:
                return None
        if _EVENTS.search(data) or _BARE.match(data):
            return "pytorch" if _PYTORCH.search(data) else "chrome"
        if name.endswith(".trace"):
            return "tf_trace" if trace_events.begins(data) else None
        # Facts of many devices and groups may come first.
        return "pytorch" if b'"schemaVersion"' in data and len(data) >= _LOOK and _PYTORCH.search(data) else None


def of_file(path: str, source: Source) -> tuple[ProfileFile, ...]:
    """Return the profile that one file is, by itself; nothing when it is none."""
    folder, name = os.path.split(os.path.abspath(path))
    found = Profiles(source)
    found.refresh([Place(folder, folder, ".", (name,))], (), lambda _run: False)
    return tuple(one for held in found.runs.values() for one in held.files)


def _named(name: str) -> Format | None:
    """Return what a file is by its name, None where only its content tells."""
    return next((form for ending, form in _ENDINGS if name.endswith(ending)), None)


def _worker(name: str, form: Format) -> tuple[str, int]:
    """Return who wrote a file and the number in its name, -1 without."""
    if form == "pytorch":
        match = _STAMPED.fullmatch(name)
        if match:
            return match[1], int(match[2]) if match[2] else -1
    known = (*(ending for ending, of in _ENDINGS if of == form), ".trace.json.gz", ".trace.json", *_SNIFFED)
    ending = next((ending for ending in known if name.endswith(ending)), "")
    return name.removesuffix(ending).rstrip("._-"), -1


def _time(stamp: int) -> float:
    """Return the seconds since the epoch of the number in a name, which counts milliseconds or nanoseconds; 0 for another."""
    for unit in (1e9, 1e6, 1e3):
        if 1e9 < stamp / unit < 1e10:
            return stamp / unit
    return 0.0


def _numbered(files: Sequence[ProfileFile]) -> tuple[ProfileFile, ...]:
    """Return the files of each worker numbered in the order recorded; sessions one after the other, traces first."""
    order = {form: place for place, form in enumerate(("pytorch", "xplane", "tf_trace", "chrome", "step_stats"))}
    ordered = sorted(files, key=lambda one: (order.get(one.format, 9), one.session, one.worker, one.stamp, one.name))
    counts: dict[tuple[str, str, str, str], int] = {}
    found = []
    for one in ordered:
        ending = os.path.basename(one.path).removeprefix(one.worker) if one.stamp < 0 else ""
        who = one.format, os.path.dirname(one.path), one.worker, ending
        counts[who] = counts.get(who, 0) + 1
        found.append(one if counts[who] == 1 else replace(one, span=counts[who]))
    return tuple(found)


def _mark(said: str) -> str:
    return hashlib.blake2b(said.encode("utf-8", "backslashreplace"), digest_size=12).hexdigest()


def _spelled(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()

"""Event files as they are read, and the immutable runs that readers see."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tbcore.errors import FormatError
from tbcore.formats import events, scan
from tbcore.formats.configs import Config
from tbcore.kinds import kind_of
from tbcore.series import FileReport, Opened, Problem, Segment, Series
from tbcore.store.assets import ConfigFile
from tbcore.store.columns import EventField, Part, Rows
from tbcore.store.embeddings import EmbeddingFile
from tbcore.store.profiles import ProfileFile, measured
from tbcore.store.sources import Source, Stat

CHUNK = 1 << 20  # bytes read at a time: small enough to stay in the processor's cache until they are parsed
_SEEK = 4 << 20  # bytes in which a second reader looks for a record to start at
_HEADER = 12  # bytes of a record before its data
_GZIP = b"\x1f\x8b"
_FORMS = {"scalar": "simple_value"}  # forms of the kernel that have another name among the formats

# Tags of values that are fields of an event and have none; those of run metadata are in the value.
EVENT_TAGS = {
    "graph_def": "__run_graph__",
    "meta_graph_def": "__meta_graph__",
    "session_log": "__session_log__",
}

_PLAIN = events.Metadata()  # of a tag without any

_buffers = threading.local()


def _buffer(room: int) -> NDArray[np.uint8]:
    """Return this thread's reading buffer, with room for `room` bytes and the padding the kernel needs."""
    if room > CHUNK:
        return np.empty(room + scan.PADDING, np.uint8)
    if not hasattr(_buffers, "chunk") or _buffers.chunk.size < CHUNK + scan.PADDING:
        _buffers.chunk = np.empty(CHUNK + scan.PADDING, np.uint8)
    chunk: NDArray[np.uint8] = _buffers.chunk
    return chunk


_NOTHING = Part()  # of a file that was never read; nobody writes into it


class EventFile:
    """One event file: what has been read of it, and how to read on. One thread at a time."""

    def __init__(self, path: str, name: str, source: Source) -> None:
        """name: the file's name for people, relative to the logdir."""
        self.path, self.name, self.source = path, name, source
        self.state: Stat | None = None
        self.parts: list[Part] = [_NOTHING]
        self.rows: tuple[tuple[Rows, ...], ...] = ()  # per part, as of the last finished refresh
        self.report = FileReport(name, 0, 0, 0, 0, np.nan, -np.inf, "", "", ())
        self.version = self.writer = ""
        self.opened = Opened(np.nan, -np.inf)
        self.graphs: tuple[tuple[str, EventField], ...] = ()  # (tag, value) of graphs, run metadata, sessions
        self._tail = b""
        self._head = b""
        self._packed = False  # with gzip
        self._error: Problem | None = None
        self._fields = [0]  # event-level fields of each part that are understood already

    def changed(self, state: Stat) -> bool:
        """Return whether the file differs from what was read of it, or can be read again after it could not."""
        return self.state != state or (self._error is not None and self._readable())

    def unread(self, state: Stat) -> int:
        """Return how many bytes there are to read."""
        return state.size - self.parts[-1].position if self._continues(state) else state.size

    def read(self, state: Stat, pieces: "list[Part] | None" = None) -> None:
        """Read what is new up to the size in `state`, from the start where the file is not the one that was read.

        pieces: parts of this file that other threads have read already, in order.
        """
        try:
            handle = self.source.open(self.path)
        except OSError as error:
            self.fail(state, error)
            return
        try:
            if not self._continues(state) or not self._same_bytes(handle):
                self._reset(state)
            if pieces:
                self._adopt(pieces, handle, state)
            part = self.parts[-1]
            part.rewind()
            read_part(self.source, handle, part, state.size, state.size)
            part.trim()
            self._understand(handle)
            self._error = None
        except OSError as error:
            self.fail(state, error)
            return
        finally:
            self.source.close(handle)
        self.state = state
        self._publish(state)

    def split(self, state: Stat, count: int) -> list[tuple[Part, int]]:
        """Read the beginning of a file never read before, and return (part, limit) of `count` parts to read side by side.

        The first part is the beginning itself, to be read on. Fewer parts where no record is found to start one at.
        """
        handle = self.source.open(self.path)
        try:
            self._reset(state)
            first = self.parts[0]
            read_part(self.source, handle, first, state.size, min(CHUNK, state.size))
            starts = [first.start]
            for number in range(1, count):
                start = self._record_after(handle, state.size * number // count, state.size)
                if start > max(starts[-1], first.position):
                    starts.append(start)
            limits = [*starts[1:], state.size]
            parts = [first]
            for start, limit in zip(starts[1:], limits[1:], strict=True):
                parts.append(first.following(start, limit - start))
            return list(zip(parts, limits, strict=True))
        finally:
            self.source.close(handle)

    def fail(self, state: Stat, error: OSError) -> None:
        """Note that the file could not be read; what was read before stays."""
        self._error = Problem(self.name, -1, f"cannot be read ({error.strerror or error}): check its permissions")
        self.state = state
        self._publish(state)

    def _readable(self) -> bool:
        """Return whether a byte of what is not read yet can be read now."""
        try:
            handle = self.source.open(self.path)
        except OSError:
            return False
        try:
            self.source.read(handle, np.empty(1, np.uint8), self.parts[-1].keep)
        except OSError:
            return False
        finally:
            self.source.close(handle)
        return True

    def _continues(self, state: Stat) -> bool:
        """Return whether the file is still the one that was read, as far as its state tells."""
        old = self.state
        return old is not None and old.identity == state.identity and state.size >= self.parts[-1].keep

    def _same_bytes(self, handle: int) -> bool:
        """Return whether the first bytes that were read, and the last, are still what they were."""
        end = self.parts[-1].keep
        return self._bytes(handle, 0, len(self._head)) == self._head and (
            self._bytes(handle, end - len(self._tail), len(self._tail)) == self._tail
        )

    def _bytes(self, handle: int, offset: int, length: int) -> bytes:
        buffer = np.empty(length, np.uint8)
        filled = 0
        while filled < length:
            got = self.source.read(handle, buffer[filled:], offset + filled)
            if got == 0:
                break
            filled += got
        return buffer[:filled].tobytes()

    def _reset(self, state: Stat) -> None:
        self.parts = [Part(0, min(state.size, CHUNK))]
        self._fields = [0]
        self._head = self._tail = b""
        self.graphs = ()
        self.opened = Opened(np.nan, -np.inf)
        self.version = self.writer = ""

    def _adopt(self, pieces: list[Part], handle: int, state: Stat) -> None:
        """Take over parts read side by side; where one did not end at the next, read on without the next."""
        self.parts = [pieces[0]]
        plugins: dict[bytes, int] = {}
        for piece in pieces[1:]:
            last = self.parts[-1]
            if last.position < piece.start or last.damaged:
                read_part(self.source, handle, last, state.size, piece.start)
            plugins = last.plugins() | plugins
            # Metadata may come once, with the first value: a part that did not see it may take other values for numbers.
            if last.position == piece.start and not last.damaged and _agree(plugins, piece.plugins()):
                self.parts.append(piece)
        self._fields = [0] * len(self.parts)

    def _record_after(self, handle: int, offset: int, size: int) -> int:
        """Return where the first record after `offset` begins that is intact and followed by another, or -1."""
        buffer = _buffer(_SEEK)
        room = min(_SEEK, size - offset)
        got = self.source.read(handle, buffer[:room], offset)
        at = int(scan.record_after(buffer, got))
        return offset + at if at >= 0 else -1

    def _understand(self, handle: int) -> None:
        """Take in the event-level fields that are new: who wrote the file, sessions, graphs."""
        version, writer = self.version, self.writer
        restarts = list(self.opened.restarts)
        graphs = list(self.graphs)
        for number, part in enumerate(self.parts):
            for found in part.event_fields(self._fields[number]):
                self._fields[number] += 1
                if found.form in ("file_version", "source_metadata", "session_log") and found.length < 1 << 16:
                    data = self._bytes(handle, found.offset, found.length)
                    if found.form == "file_version":
                        version = version or data.decode("utf-8", "replace")
                    elif found.form == "source_metadata":
                        writer = writer or events.writer_of(data)
                    elif _starts(data):
                        restarts.append((found.step, found.wall_time))
                if found.form in events.EVENT_FORMS:
                    tag = EVENT_TAGS.get(found.form, "")
                    if not tag:
                        tag = events.tag_of_run_metadata(self._bytes(handle, found.offset, min(found.length, 1 << 12)))
                    graphs.append((tag, found))
        first = self.parts[0].columns.floats[0]
        latest = max(float(part.columns.floats[1]) for part in self.parts)
        self.graphs = tuple(graphs)
        self.opened = Opened(float(first), latest, tuple(restarts))
        head = min(64, self.parts[-1].keep)
        self._head = self._bytes(handle, 0, head)
        self._tail = self._bytes(handle, self.parts[-1].keep - min(16, head), min(16, head))
        self._packed = self._bytes(handle, 0, len(_GZIP)) == _GZIP
        self.version, self.writer = version, writer

    def _publish(self, state: Stat) -> None:
        """Make what was read visible to `Run`: rows that never change, and the report."""
        by_part: list[tuple[Rows, ...]] = []
        later: list[int] = []  # steps of the sessions that start in parts after this one
        for part in reversed(self.parts):
            rows = part.rows()
            if later:
                rows = [replace(row, starts=(*row.starts, *((step, len(row.steps)) for step in later))) for row in rows]
            by_part.append(tuple(rows))
            later = part.starts() + later
        self.rows = tuple(reversed(by_part))
        last = self.parts[-1]
        problems = [] if self._error is None else [self._error]
        for part in self.parts:
            problems += [Problem(self.name, at, scan.REASONS[why], skipped) for at, why, skipped in part.problems()]
        records = sum(part.records for part in self.parts)
        waiting = max(0, state.size - last.keep) if self._error is None else 0
        if last.damaged:
            # What the search has come to is a record that is being written, or the end of the file.
            waiting = state.size - last.search if state.size - last.search >= _HEADER else 0
            lost = state.size - waiting - last.damage
            words = scan.REASONS[last.reason(state.size - waiting)]
            if records == 0 and not waiting:
                words = (
                    "compressed with gzip: unpack it" if self._packed else "this is not an event file: no record found"
                )
            if lost > 0:
                problems.append(Problem(self.name, last.damage, words, lost))
        self.report = FileReport(
            name=self.name,
            size=state.size,
            read=last.position,
            records=records,
            waiting=waiting,
            opened=self.opened.wall_time,
            last_wall_time=self.opened.last_wall_time,
            version=self.version,
            writer=self.writer,
            problems=tuple(problems),
            uncounted=sum(part.uncounted for part in self.parts),
        )


def _agree(plugins: Mapping[bytes, int], found: Mapping[bytes, int]) -> bool:
    """Return whether the tags in `found` are read the way in which `plugins`, known from before, would have them read."""
    other = scan.OTHER_PLUGIN
    return all((plugins[tag] == other) == (plugin == other) for tag, plugin in found.items() if plugins.get(tag))


def _starts(data: bytes) -> bool:
    """Return whether a SessionLog says that a session starts."""
    try:
        session = events.payload(data, "session_log").details
    except FormatError:
        return False
    return isinstance(session, events.Session) and session.status == "START"


def read_part(source: Source, handle: int, part: Part, size: int, limit: int) -> None:
    """Read whole records into `part`, up to the record at `limit` or the end of the file's `size` bytes.

    Raises OSError when the source does.
    """
    room = CHUNK
    buffer = _buffer(room)
    base, filled = part.keep, 0
    while True:
        wanted = min(room, size - base)
        ended = False
        while filled < wanted and not ended:
            got = source.read(handle, buffer[filled:wanted], base + filled)
            filled += got
            ended = got == 0  # the file became shorter
        status = part.read(buffer, filled, base, size, limit)
        if status == scan.REACHED or ended or base + filled >= size:
            return
        rest = base + filled - part.keep
        if part.need + CHUNK // 2 > room:
            room = part.need + CHUNK
            larger = _buffer(room)
            larger[:rest] = buffer[filled - rest : filled]
            buffer = larger
        else:
            buffer[:rest] = buffer[filled - rest : filled]
        base, filled = part.keep, rest


@dataclass(frozen=True)
class Run:
    """One run: a folder of event files, as it was at one moment. Nothing in it changes.

    A folder with embeddings or profiles and without event files is one too, as in TensorBoard: it has no series and no start, so that
    it comes last and pages of curves, which go by series, draw nothing of it.
    name: relative to the logdir, "." for the logdir itself; start: wall time of its first event, NaN when it has none.
    generation: moves whenever anything of the run does.
    """

    name: str
    path: str
    start: float
    last_wall_time: float
    generation: int
    files: tuple[FileReport, ...]
    segments: tuple[tuple[str, Opened, tuple[tuple[Rows, ...], ...], tuple[tuple[str, EventField], ...]], ...] = field(
        repr=False
    )
    source: Source = field(repr=False)
    config_files: tuple[ConfigFile, ...] = field(default=(), repr=False)
    embeddings: tuple[EmbeddingFile, ...] = field(default=(), repr=False)
    profile_files: tuple[ProfileFile, ...] = field(default=(), repr=False)

    @property
    def parts(self) -> tuple["Run", ...]:
        """Return the runs that it is made of: itself, unless sub-runs are folded into it."""
        return (self,)

    @property
    def folded(self) -> tuple[str, ...]:
        """Return the names of the sub-runs that are folded into it."""
        return tuple(part.name for part in self.parts[1:])

    @property
    def configs(self) -> tuple[Config, ...]:
        """Return what the configuration files beside its events hold, the most telling first."""
        return tuple(file.config for file in self.config_files)

    @cached_property
    def profiles(self) -> tuple[ProfileFile, ...]:
        """The recordings of what ran when: in files of their own, then in the event files."""
        return self.profile_files + measured(self.name, list(self.series.values()))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return everything that is wrong with the run's files."""
        return tuple(problem for file in self.files for problem in file.problems)

    @cached_property
    def points(self) -> int:
        """How many values of any kind the run holds."""
        return sum(
            len(rows.steps) for _path, _opened, parts, _graphs in self.segments for part in parts for rows in part
        )

    @cached_property
    def last_step(self) -> int | None:
        """The greatest of the steps that its series end with, None without any."""
        return max(
            (
                int(rows.steps[-1])
                for _path, _opened, parts, _graphs in self.segments
                for part in parts
                for rows in part
            ),
            default=None,
        )

    @cached_property
    def series(self) -> Mapping[tuple[str, str], Series]:
        """The series of the run by (kind, tag), in the order in which they were first logged."""
        metadata: dict[bytes, bytes] = {}
        for _path, _opened, parts, _graphs in self.segments:
            for rows in (rows for part in parts for rows in part):
                if rows.metadata:
                    metadata.setdefault(rows.tag, rows.metadata)
        known = {tag: _metadata(data) for tag, data in metadata.items()}
        found: dict[tuple[str, str], list[Segment]] = {}
        for path, opened, parts, graphs in self.segments:
            for part in parts:
                here: dict[tuple[str, str], list[Segment]] = {}
                for rows in part:
                    about = known.get(rows.tag, _PLAIN)
                    form = _FORMS.get(rows.form, rows.form)
                    columns = rows.steps, rows.wall_times, rows.values, rows.places
                    segment = Segment(path, opened, form, *columns, rows.starts)
                    here.setdefault((kind_of(about.plugin, rows.form), _text(rows.tag)), []).append(segment)
                for key, segments in here.items():
                    found.setdefault(key, []).extend(segments if len(segments) == 1 else _in_file_order(segments))
            of_events: dict[tuple[str, str, str], list[EventField]] = {}
            for tag, at in graphs:
                of_events.setdefault((kind_of("", at.form), tag, at.form), []).append(at)
            together: dict[tuple[str, str], list[Segment]] = {}
            for (kind, tag, form), fields in of_events.items():
                steps = np.array([at.step for at in fields], np.int64)
                walls = np.array([at.wall_time for at in fields], np.float64)
                places = np.array([(at.offset, at.length) for at in fields], np.int64)
                together.setdefault((kind, tag), []).append(Segment(path, opened, form, steps, walls, None, places))
            for key, segments in together.items():
                found.setdefault(key, []).extend(_in_file_order(segments))
        restarts = tuple(opened for _path, opened, _parts, _graphs in self.segments if opened.restarts)
        by_tag = {_text(tag): about for tag, about in known.items()}
        return {
            (kind, tag): _series(self, kind, tag, tuple(segments), by_tag.get(tag, _PLAIN), restarts)
            for (kind, tag), segments in found.items()
        }


def _in_file_order(segments: list[Segment]) -> list[Segment]:
    """Return the segments of one tag, each in a form of its own, cut so that their points come in the order written."""
    if any(segment.places is None for segment in segments) or len(segments) == 1:
        return segments
    offsets = np.concatenate([segment.places[:, 0] for segment in segments if segment.places is not None])
    owners = np.repeat(np.arange(len(segments)), [len(segment.steps) for segment in segments])
    rows = np.concatenate([np.arange(len(segment.steps)) for segment in segments])
    order = np.argsort(offsets, kind="stable")
    owners, rows = owners[order], rows[order]
    cuts = [0, *(np.flatnonzero(np.diff(owners)) + 1).tolist(), len(owners)]
    ordered = []
    for begin, end in pairwise(cuts):
        segment, first = segments[owners[begin]], int(rows[begin])
        part = slice(first, first + end - begin)
        places = None if segment.places is None else segment.places[part]
        starts = tuple((step, max(0, before - first)) for step, before in segment.starts)
        columns = {"steps": segment.steps[part], "wall_times": segment.wall_times[part], "places": places}
        ordered.append(replace(segment, starts=starts, **columns))
    return ordered


def _series(
    run: Run, kind: str, tag: str, segments: tuple[Segment, ...], about: events.Metadata, restarts: tuple[Opened, ...]
) -> Series:
    return Series(
        run=run.name,
        tag=tag,
        kind=kind,
        segments=segments,
        load=run.source.load,
        decode=_decode,
        plugin=about.plugin,
        content=about.content,
        display_name=about.display_name,
        description=about.description,
        restarts=restarts,
        load_all=run.source.load_all,
    )


def _decode(data: bytes, form: str, plugin: str) -> object:
    return events.payload(data, form, plugin or None).value


def _metadata(data: bytes) -> events.Metadata:
    try:
        return events.metadata(data)
    except FormatError:
        return events.Metadata()


def _text(tag: bytes) -> str:
    """Return a tag as text; bytes that are not UTF-8 are written out, so that no two tags become one."""
    return tag.decode("utf-8", "backslashreplace")

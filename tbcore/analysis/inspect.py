"""What is in the logs and what is wrong with them, as tables: by run and kind, tag, file, session, and problem.

The numbers of one run and kind, or of one tag, are called the same in every table:

    points                     how many values there are, those of earlier attempts too
    steps                      how many different steps they lie at
    first_step, last_step      as written; of several tags: where the earliest and the latest point lie by wall time
    min_step, max_step         the least and the greatest
    out_of_order               pairs of neighbours of one tag where the step decreases
    superseded                 points that a later attempt wrote again
    non_finite                 NaN and infinities; <NA> where values are not numbers but stay in their file
    bytes                      what the values take in their files; of scalars of a run about: the bytes read of the files
                               that hold some, records and tags included, less what was skipped and what values of other
                               kinds take; <NA> for single tags of scalars, and where only some of a run's are looked at
    first_wall_time, last_wall_time   the least and the greatest, seconds since the epoch, NaN without any
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tbcore.errors import FormatError
from tbcore.formats import scan
from tbcore.formats.events import Session, payload
from tbcore.kinds import KINDS
from tbcore.names import natural
from tbcore.series import FileReport, Problem, Segment, Series

SCHEMA = 1  # moves when a key of `document` changes its meaning or goes

_BATCH = 1 << 16  # points measured at once: many short series cost one call, a long one is not copied
_SPARSE = 8  # times the points that the range of steps may span to be counted by ticking them off
_KIND_ORDER = {kind.name: place for place, kind in enumerate(KINDS)}

_NUMBERS = {
    "points": "int64",
    "steps": "int64",
    "first_step": "int64",
    "last_step": "int64",
    "min_step": "int64",
    "max_step": "int64",
    "out_of_order": "int64",
    "superseded": "int64",
    "non_finite": "Int64",
    "bytes": "Int64",
    "first_wall_time": "float64",
    "last_wall_time": "float64",
}
_KINDS = {"run": "str", "kind": "str", "tags": "int64"} | _NUMBERS
_TAGS = {"run": "str", "kind": "str", "tag": "str", "plugin": "str"} | _NUMBERS
_FILES = {
    "run": "str",
    "file": "str",
    "size": "int64",
    "records": "int64",
    "read": "int64",
    "waiting": "int64",
    "problems": "int64",
    "tags": "int64",
    "points": "int64",
    "first_step": "Int64",
    "last_step": "Int64",
    "min_step": "Int64",
    "max_step": "Int64",
    "out_of_order": "int64",
    "opened": "float64",
    "last_wall_time": "float64",
    "writer": "str",
    "version": "str",
}
_PROBLEMS = {"run": "str", "file": "str", "offset": "Int64", "reason": "str", "skipped": "int64"}
# What is wrong and what became of it, shorter than the reason; others only begin with a capital.
_SENTENCES = {
    scan.REASONS[scan.BAD_LENGTH]: "Length checksum failed: {skipped} skipped",
    scan.REASONS[scan.BAD_DATA]: "Data checksum failed: 1 record skipped",
    scan.REASONS[scan.BAD_MESSAGE]: "Not a readable Event message: 1 record skipped",
    scan.REASONS[scan.LENGTH_KEPT]: "Length checksum failed: record kept",
    scan.REASONS[scan.FRAME_KEPT]: "Length damaged: record recovered",
    scan.REASONS[scan.BAD_FRAME]: "Length and data damaged: {skipped} skipped",
}
_SESSIONS = {"run": "str", "status": "str", "step": "int64", "wall_time": "float64", "about": "str"}


class Logged(Protocol):
    """What these tables need of a run."""

    @property
    def name(self) -> str:
        """Return the name of the run."""

    @property
    def files(self) -> tuple[FileReport, ...]:
        """Return what is known of its files."""

    @property
    def segments(self) -> tuple[tuple[str, object, object, object], ...]:
        """Return, for each of its files, a tuple that begins with the path by which segments of series name it."""

    @property
    def series(self) -> Mapping[tuple[str, str], Series]:
        """Return its series by (kind, tag)."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return what is wrong with its files."""


R = TypeVar("R", bound=Logged)
Row = dict[str, Any]


@dataclass(frozen=True)
class Narrowed:
    """A run of which only some series are looked at; every: all of them."""

    name: str
    files: tuple[FileReport, ...]
    segments: tuple[tuple[str, object, object, object], ...]
    series: Mapping[tuple[str, str], Series]
    every: Mapping[tuple[str, str], Series]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Totals:
    """What there is in all runs together. bytes: of the event files; damaged: runs with problems."""

    runs: int
    files: int
    bytes: int
    points: int
    problems: int
    damaged: int


@dataclass(frozen=True)
class _Measures:
    """The numbers of some series of one kind, each [series]; see the module's docstring."""

    points: NDArray[np.int64]
    rises: NDArray[np.int64]
    first_step: NDArray[np.int64]
    last_step: NDArray[np.int64]
    min_step: NDArray[np.int64]
    max_step: NDArray[np.int64]
    out_of_order: NDArray[np.int64]
    superseded: NDArray[np.int64]
    non_finite: NDArray[np.int64] | None
    bytes: NDArray[np.int64] | None
    opening: NDArray[np.float64]  # wall time of the first point as written
    closing: NDArray[np.float64]
    first_wall_time: NDArray[np.float64]
    last_wall_time: NDArray[np.float64]


# The tables ----------------------------------------------------------------------------------------------------------


def totals(runs: Iterable[Logged], problems: Iterable[Problem] = ()) -> Totals:
    """Return the numbers of all runs together. problems: of folders, and those of files are not counted twice."""
    every = list(runs)
    files = [file for run in every for file in run.files]
    return Totals(
        runs=len(every),
        files=len(files),
        bytes=sum(file.size for file in files),
        points=sum(len(series) for run in every for series in run.series.values()),
        problems=sum(_count(file) for file in files) + len(_of_folders(every, problems)),
        damaged=sum(1 for run in every if run.problems),
    )


def kinds_table(runs: Iterable[R], rows_of: Callable[[R], Iterable[Row]] | None = None) -> pd.DataFrame:
    """Return one row per run and kind: run, kind, tags (how many), and the numbers of the module's docstring.

    Kinds come in the order of KINDS. A run without any value has no row.
    rows_of: what returns the `kind_rows` of a run, for those who remember them.
    """
    return _table(_KINDS, [row for run in runs for row in (rows_of or kind_rows)(run)])


def kind_rows(run: Logged) -> list[Row]:
    """Return the rows of one run in `kinds_table`."""
    return list(_kind_rows(run))


def tags_table(run: Logged) -> pd.DataFrame:
    """Return one row per kind and tag of a run: run, kind, tag, plugin, and the numbers of the module's docstring.

    Kinds come in the order of KINDS, tags in natural order.
    """
    return _table(_TAGS, list(_tag_rows(run)))


def files_table(runs: Iterable[R], rows_of: Callable[[R], Iterable[Row]] | None = None) -> pd.DataFrame:
    """Return one row per event file.

    Columns: run, file (name below the logdir), size, records (intact ones), read and waiting (bytes read, and of an
    unfinished last record), problems (how many), tags (how many, of all kinds), points, first_step, last_step, min_step,
    max_step and out_of_order (of what the file holds, <NA> where it holds nothing; see the module's docstring), opened
    and last_wall_time (seconds since the epoch, NaN when the file holds none), writer and version (as the file says, ""
    when it does not).
    rows_of: what returns the `file_rows` of a run, for those who remember them.
    """
    return _table(_FILES, [row for run in runs for row in (rows_of or file_rows)(run)])


def file_rows(run: Logged) -> list[Row]:
    """Return the rows of one run in `files_table`."""
    return list(_file_rows(run))


def problems_table(runs: Iterable[Logged], problems: Iterable[Problem] = ()) -> pd.DataFrame:
    """Return one row per problem.

    Columns: run, file, offset (byte; <NA> where none is to blame), reason (in words), skipped (bytes lost there).
    problems: those of folders, which come first with run ""; what is listed there of files of the runs is left out.
    """
    return _table(_PROBLEMS, list(_problem_rows(list(runs), problems)))


def sentence(problem: Mapping[str, Any]) -> str:
    """Return a row of `problems_table` in words: what is wrong, and what became of it."""
    reason, skipped = problem["reason"], problem["skipped"]
    if reason in _SENTENCES:
        words: str = _SENTENCES[reason].format(skipped="1 byte" if skipped == 1 else f"{skipped:,} bytes")
        return words
    return f"{reason[:1].upper()}{reason[1:]}"


def lost(run: Logged) -> bool:
    """Return whether anything of the run's files is lost: damage of which every record was recovered loses nothing."""
    return any(
        file.uncounted > 0 or any(problem.skipped > 0 or problem.offset < 0 for problem in file.problems)
        for file in run.files
    )


def sessions_table(runs: Iterable[R], rows_of: Callable[[R], Iterable[Row]] | None = None) -> pd.DataFrame:
    """Return one row per mark of a session that a writer left.

    Columns: run, status (START, STOP, CHECKPOINT, or "unreadable" when the file no longer holds the mark), step,
    wall_time, about (the checkpoint's path, or what the writer said).
    rows_of: what returns the `session_rows` of a run, for those who remember them.
    """
    return _table(_SESSIONS, [row for run in runs for row in (rows_of or session_rows)(run)])


def session_rows(run: Logged) -> list[Row]:
    """Return the rows of one run in `sessions_table`; the marks are read from their files."""
    return list(_session_rows(run))


def narrowed(run: Logged, passes: Callable[[str], bool]) -> Narrowed:
    """Return the run with only those series whose tag passes; its files and problems stay."""
    series = {key: series for key, series in run.series.items() if passes(key[1])}
    return Narrowed(run.name, run.files, run.segments, series, run.series, run.problems)


def document(logdir: str, runs: Iterable[Logged], problems: Iterable[Problem] = (), *, tags: bool = False) -> Row:
    """Return all tables as one JSON document.

    Keys: schema, logdir, totals, runs, problems. Each of runs: run, kinds, files, sessions, and tags if `tags` is set.
    The keys of the rows are the columns of the tables, without run inside a run. Numbers that are not finite are the
    strings "NaN", "Infinity" and "-Infinity", unknown ones null. problems: those of folders.
    """
    every = list(runs)
    found = []
    for run in every:
        one: Row = {
            "run": run.name,
            "kinds": _json(_kind_rows(run)),
            "files": _json(_file_rows(run)),
            "sessions": _json(_session_rows(run)),
        }
        if tags:
            one["tags"] = _json(_tag_rows(run))
        found.append(one)
    return {
        "schema": SCHEMA,
        "logdir": logdir,
        "totals": asdict(totals(every, problems)),
        "runs": found,
        "problems": [{name: _plain(cell) for name, cell in row.items()} for row in _problem_rows(every, problems)],
    }


# Rows ----------------------------------------------------------------------------------------------------------------


def _kind_rows(run: Logged) -> Iterator[Row]:
    for kind, series in _by_kind(run).items():
        m = _measure(series)
        low, high, points = int(m.min_step.min()), int(m.max_step.max()), int(m.points.sum())
        yield {
            "run": run.name,
            "kind": kind,
            "tags": len(series),
            "points": points,
            "steps": _different(series, low, high, points),
            "first_step": int(m.first_step[np.argmin(_known(m.opening, np.inf))]),
            # The last of equals: tags logged together end together, and the one logged last is the end.
            "last_step": int(m.last_step[::-1][np.argmax(_known(m.closing, -np.inf)[::-1])]),
            "min_step": low,
            "max_step": high,
            "out_of_order": int(m.out_of_order.sum()),
            "superseded": int(m.superseded.sum()),
            "non_finite": None if m.non_finite is None else int(m.non_finite.sum()),
            "bytes": (_scalar_bytes(run) if kind == "scalars" else None) if m.bytes is None else int(m.bytes.sum()),
            "first_wall_time": float(np.fmin.reduce(m.first_wall_time)),
            "last_wall_time": float(np.fmax.reduce(m.last_wall_time)),
        }


def _tag_rows(run: Logged) -> Iterator[Row]:
    for kind, some in _by_kind(run).items():
        series = sorted(some, key=lambda one: (natural(one.tag), one.tag))
        m = _measure(series)
        for place, one in enumerate(series):
            # Steps that never fall are different wherever they rise.
            rising = m.out_of_order[place] == 0
            yield {
                "run": run.name,
                "kind": kind,
                "tag": one.tag,
                "plugin": one.plugin,
                "points": int(m.points[place]),
                "steps": int(m.rises[place]) + 1 if rising else len(np.unique(_steps(one.segments))),
                "first_step": int(m.first_step[place]),
                "last_step": int(m.last_step[place]),
                "min_step": int(m.min_step[place]),
                "max_step": int(m.max_step[place]),
                "out_of_order": int(m.out_of_order[place]),
                "superseded": int(m.superseded[place]),
                "non_finite": None if m.non_finite is None else int(m.non_finite[place]),
                "bytes": None if m.bytes is None else int(m.bytes[place]),
                "first_wall_time": float(m.first_wall_time[place]),
                "last_wall_time": float(m.last_wall_time[place]),
            }


def _file_rows(run: Logged) -> Iterator[Row]:
    by_path = _by_path(run.series)
    for (path, *_rest), file in zip(run.segments, run.files, strict=True):
        yield {
            "run": run.name,
            "file": file.name,
            "size": file.size,
            "records": file.records,
            "read": file.read,
            "waiting": file.waiting,
            "problems": _count(file),
            **_numbers_of_file(by_path.get(path, {})),
            "opened": file.opened,
            "last_wall_time": file.last_wall_time if math.isfinite(file.last_wall_time) else math.nan,
            "writer": file.writer,
            "version": file.version,
        }


def _numbers_of_file(held: Mapping[tuple[str, str], Series]) -> Row:
    """Return the numbers of series of any kinds, together."""
    by_kind: dict[str, list[Series]] = {}
    for (kind, _tag), series in held.items():
        by_kind.setdefault(kind, []).append(series)
    found = [_measure(series) for series in by_kind.values()]
    if not found:
        steps = dict.fromkeys(("first_step", "last_step", "min_step", "max_step"))
        return {"tags": 0, "points": 0, **steps, "out_of_order": 0}
    opening = _joined([_known(m.opening, np.inf) for m in found])
    closing = _joined([_known(m.closing, -np.inf) for m in found])
    return {
        "tags": len(held),
        "points": sum(int(m.points.sum()) for m in found),
        "first_step": int(_joined([m.first_step for m in found])[np.argmin(opening)]),
        "last_step": int(_joined([m.last_step for m in found])[::-1][np.argmax(closing[::-1])]),
        "min_step": min(int(m.min_step.min()) for m in found),
        "max_step": max(int(m.max_step.max()) for m in found),
        "out_of_order": sum(int(m.out_of_order.sum()) for m in found),
    }


def _by_path(series: Mapping[tuple[str, str], Series]) -> dict[str, dict[tuple[str, str], Series]]:
    """Return what each file holds of the series, by its path; the restarts are left out, which no number here needs."""
    found: dict[str, dict[tuple[str, str], Series]] = {}
    for key, one in series.items():
        segments: dict[str, list[Segment]] = {}
        for segment in one.segments:
            if len(segment.steps):
                segments.setdefault(segment.file, []).append(segment)
        for path, some in segments.items():
            found.setdefault(path, {})[key] = replace(one, segments=tuple(some), restarts=())
    return found


def _scalar_bytes(run: Logged) -> int | None:
    """Return about how many bytes the scalars of a run take in its files, None where some are not looked at."""
    every = run.every if isinstance(run, Narrowed) else run.series
    if any(kind == "scalars" and (kind, tag) not in run.series for kind, tag in every):
        return None
    others: dict[str, int] = {}
    holding = set()
    for (kind, _tag), series in every.items():
        for segment in series.segments:
            if segment.places is not None:
                others[segment.file] = others.get(segment.file, 0) + int(segment.places[:, 1].sum())
            elif kind == "scalars" and len(segment.steps):
                holding.add(segment.file)
    return sum(
        max(0, file.read - others.get(path, 0) - sum(problem.skipped for problem in file.problems))
        for (path, *_rest), file in zip(run.segments, run.files, strict=True)
        if path in holding
    )


def _problem_rows(runs: Sequence[Logged], problems: Iterable[Problem]) -> Iterator[Row]:
    for problem in _of_folders(runs, problems):
        yield _problem_row("", problem)
    for run in runs:
        for file in run.files:
            for problem in file.problems:
                yield _problem_row(run.name, problem)
            if file.uncounted:
                more = f"{file.uncounted:,} more problems in this file are not listed"
                yield {"run": run.name, "file": file.name, "offset": None, "reason": more, "skipped": 0}


def _problem_row(run: str, problem: Problem) -> Row:
    return {
        "run": run,
        "file": problem.file,
        "offset": problem.offset if problem.offset >= 0 else None,
        "reason": problem.reason,
        "skipped": problem.skipped,
    }


def _session_rows(run: Logged) -> Iterator[Row]:
    for (kind, _tag), series in run.series.items():
        if kind != "session_log":
            continue
        for index, (step, wall_time) in enumerate(zip(series.steps.tolist(), series.wall_times.tolist(), strict=True)):
            status, about = _session(series, index)
            yield {"run": run.name, "status": status, "step": step, "wall_time": wall_time, "about": about}


def _session(series: Series, index: int) -> tuple[str, str]:
    blob = series.blob(index)
    try:
        found = payload(blob.read(), blob.form).details
    except FormatError as error:
        return "unreadable", str(error)
    return (found.status, found.checkpoint_path or found.message) if isinstance(found, Session) else ("", "")


def _table(columns: dict[str, str], rows: list[Row]) -> pd.DataFrame:
    """Return the rows with their columns in order and of their types, also when there are none."""
    return pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=dtype) for name, dtype in columns.items()})


def _json(rows: Iterable[Row]) -> list[Row]:
    """Return the rows of one run, which need not say so each, as what JSON can say."""
    return [{name: _plain(cell) for name, cell in row.items() if name != "run"} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


# The numbers ---------------------------------------------------------------------------------------------------------


def _by_kind(run: Logged) -> dict[str, list[Series]]:
    """Return the series of a run that hold points, by kind in the order of KINDS."""
    found: dict[str, list[Series]] = {}
    for (kind, _tag), series in run.series.items():
        if len(series):
            found.setdefault(kind, []).append(series)
    return {kind: found[kind] for kind in sorted(found, key=_KIND_ORDER.__getitem__)}


def _batches(series: Sequence[Series]) -> Iterator[list[Series]]:
    """Yield the series in order, as many at once as hold about _BATCH points, at least one."""
    batch: list[Series] = []
    points = 0
    for one in series:
        if batch and points + len(one) > _BATCH:
            yield batch
            batch, points = [], 0
        batch.append(one)
        points += len(one)
    if batch:
        yield batch


def _measure(series: Sequence[Series]) -> _Measures:
    """Return the numbers of series of one kind, none of them empty."""
    found = [_measure_batch(batch) for batch in _batches(series)]
    if len(found) == 1:
        return found[0]
    columns: dict[str, Any] = {}
    for name in _Measures.__dataclass_fields__:
        parts = [getattr(one, name) for one in found]
        columns[name] = None if parts[0] is None else np.concatenate(parts)
    return _Measures(**columns)


def _measure_batch(series: Sequence[Series]) -> _Measures:
    segments = [segment for one in series for segment in one.segments]
    steps = _steps(segments)
    walls = _joined([segment.wall_times for segment in segments])
    points = np.array([len(one) for one in series], np.int64)
    ends = np.cumsum(points)
    starts = ends - points
    falls, rises = np.zeros(len(steps), np.bool_), np.zeros(len(steps), np.bool_)
    np.less(steps[1:], steps[:-1], out=falls[1:])
    np.greater(steps[1:], steps[:-1], out=rises[1:])
    falls[starts] = rises[starts] = False
    numbers = [segment.values for segment in segments if segment.values is not None]
    places = [segment.places[:, 1] for segment in segments if segment.places is not None]
    return _Measures(
        points=points,
        rises=_sums(rises, starts),
        first_step=steps[starts],
        last_step=steps[ends - 1],
        min_step=np.minimum.reduceat(steps, starts),
        max_step=np.maximum.reduceat(steps, starts),
        out_of_order=_sums(falls, starts),
        superseded=np.array([_superseded(one) for one in series], np.int64),
        non_finite=_sums(~np.isfinite(_joined(numbers)), starts) if numbers else None,
        bytes=_sums(_joined(places), starts) if places else None,
        opening=walls[starts],
        closing=walls[ends - 1],
        first_wall_time=np.fmin.reduceat(walls, starts),
        last_wall_time=np.fmax.reduceat(walls, starts),
    )


def _superseded(series: Series) -> int:
    """Return how many points a later attempt wrote again; one file without restarts, the usual case, costs nothing."""
    if series.segments[0].file == series.segments[-1].file and not series.restarts:
        return 0
    return int(np.count_nonzero(series.superseded))


def _different(series: Sequence[Series], low: int, high: int, points: int) -> int:
    """Return at how many different steps, all in [low, high], the points of some series lie."""
    if high - low >= _SPARSE * points + 1024:
        return len(np.unique(_steps([segment for one in series for segment in one.segments])))
    seen = np.zeros(high - low + 1, np.bool_)
    for batch in _batches(series):
        seen[_steps([segment for one in batch for segment in one.segments]) - low] = True
    return int(np.count_nonzero(seen))


def _steps(segments: Sequence[Any]) -> NDArray[np.int64]:
    steps: NDArray[np.int64] = _joined([segment.steps for segment in segments])
    return steps


def _joined(arrays: list[Any]) -> Any:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _sums(values: NDArray[Any], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.add.reduceat(values, starts, dtype=np.int64)


def _known(wall_times: NDArray[np.float64], instead: float) -> NDArray[np.float64]:
    return np.where(np.isnan(wall_times), instead, wall_times)


def _count(file: FileReport) -> int:
    return len(file.problems) + file.uncounted


def _of_folders(runs: Sequence[Logged], problems: Iterable[Problem]) -> list[Problem]:
    """Return those problems that are not of a file of the runs."""
    known = {file.name for run in runs for file in run.files}
    return [problem for problem in problems if problem.file not in known]

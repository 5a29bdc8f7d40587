"""Every run of a logdir as a row: what it holds, whether it is going on and how fast, what was chosen, what came of it.

Runs can be put together by folder, by what a regular expression finds in their names, or below the runs whose folders
they lie in. A row of several runs spans their times, sums what is counted, says what they agree on, and averages what
was measured.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tbcore.analysis import hparams
from tbcore.analysis.inspect import Logged
from tbcore.analysis.known import Known
from tbcore.analysis.measures import Measure, summary, value, written
from tbcore.analysis.sheets import Cells, Column, Sheet, number_cells, text_cells
from tbcore.errors import FormatError
from tbcore.formats.events import Session, payload
from tbcore.kinds import BY_NAME, KINDS
from tbcore.names import matcher
from tbcore.series import Segment, Series

Average = Literal["mean", "median", "min", "max"]

STATES = ("running", "stalled", "failed", "finished")

# When a run is silent for too long, in seconds and in its own gaps between writes.
_FLUSHED = 180.0  # PyTorch's and TensorFlow's writers hand on what they have every two minutes
_USUAL = 5  # usual gaps (their median), and
_PAUSES = 2  # longest pauses but one (evaluations come back), after which a run no longer counts as running
_GIVEN_UP = 10  # times that, and
_LONG = 3600.0  # at least an hour, after which nobody waits for it any more
_AHEAD = 86_400.0  # a clock further ahead than that is wrong
_PAUSE = 10  # usual gaps that are no part of training, when its speed is measured
_RECENT = 4096  # points that tell the pace

_YEAR_9999 = 253_402_300_799.0
_ORDER = {kind.name: place for place, kind in enumerate(KINDS)}
_ENDS = {"success": "finished", "failure": "failed"}
_NOTE = 2_000  # signs of a note
_SESSION_END = "_hparams_/session_end_info"

ABOUT = (
    #      key               title               type        what it means
    Column("about:run",      "Run",              "about", "text"),
    Column("about:state",    "State",            "about", "text",
           "Running: it wrote lately, by its own habit. Stalled: it has been silent for longer than five of its usual gaps and "
           "two of its longest pauses, and for three minutes at least. Finished: its log says so, or it is silent and has come as far as "
           "another silent run, or for ten times as long, an hour at least, unless other sessions say how they ended and this one "
           "does not. Failed: its log says so."),
    Column("about:group",    "Group",            "about", "text", "What its session calls those that chose the same."),
    Column("about:start",    "Start",            "about", "time", "When its first file was opened, or its first value logged where all values are older than that."),
    Column("about:duration", "Duration",         "about", "duration", "From the start to the last activity."),
    Column("about:last",     "Last activity",    "about", "time", "The latest wall time that it wrote."),
    Column("about:steps",    "Last step",        "about", "count", "The greatest of the steps that its tags end with."),
    Column("about:rate",     "Steps/s",         "about", "number",
           "Steps per second of the latest attempt, without pauses longer than ten usual gaps."),
    Column("about:points",   "Points",           "about", "count", "Values of every kind, those of earlier attempts too."),
    Column("about:bytes",    "Size",             "about", "size", "Of its event files."),
    Column("about:kinds",    "Kinds",            "about", "text", "What it holds."),
    Column("about:problems", "Problems",         "about", "count", "What is wrong with its files; the Inspect page says more."),
    Column("about:note",     "Notes",            "about", "text", "The descriptions that its tags, or its hyperparameters, were logged with."),
)  # fmt: skip
RUNS = Column("about:trials", "Runs", "about", "count", "How many runs a group is made of.")


@dataclass(frozen=True)
class Facts:
    """What a run tells of itself, whatever the time is now.

    start, last: seconds since the epoch, NaN where nothing tells; steps, rate: None likewise. patience: seconds of
    silence that are usual for it; stopped: whether its writer said last that the session stopped; ended: when it said
    how the session of its hyperparameters ended, NaN where it did not.
    """

    start: float
    last: float
    steps: int | None
    rate: float | None
    patience: float
    points: int
    bytes: int
    kinds: str
    problems: int
    note: str
    stopped: bool
    ended: float


def sheet(runs: Sequence[Logged], experiment: hparams.Experiment, measures: Sequence[Measure], *, now: float) -> Sheet:
    """Return a row per run, in their order.

    Columns: those of ABOUT (the session group only where sessions name some), the hyperparameters of the session that
    each run belongs to, and the measures of the run's own scalars. now: seconds since the epoch, which tells what is
    running.
    """
    known = [facts(run) for run in runs]
    names = tuple(run.name for run in runs)
    sessions = _sessions(experiment)
    doing = _states(names, known, sessions, now)
    groups = [_group(name, sessions.get(name)) for name in names]
    cells: dict[str, Cells] = {
        "about:run": text_cells(names),
        "about:state": text_cells([one or None for one in doing]),
        "about:group": text_cells(groups),
        "about:start": _times([one.start for one in known]),
        "about:duration": _times([_duration(one) for one in known]),
        "about:last": _times([one.last for one in known]),
        "about:steps": number_cells([one.steps for one in known]),
        "about:rate": number_cells([one.rate for one in known]),
        "about:points": number_cells([one.points for one in known]),
        "about:bytes": number_cells([one.bytes for one in known]),
        "about:kinds": text_cells([one.kinds or None for one in known]),
        "about:problems": number_cells([one.problems for one in known]),
        "about:note": text_cells(
            [_note(name, one, sessions.get(name)) for name, one in zip(names, known, strict=True)]
        ),
    }
    about = [column for column in ABOUT if column.key != "about:group" or any(groups)]
    chosen, hparam_cells = _hparams(names, experiment, sessions)
    cells |= hparam_cells
    columns = (*about, *chosen)
    plain = Sheet(names, columns, {column.key: cells[column.key] for column in columns}, tuple((one,) for one in names))
    return measured(plain, runs, experiment, measures)


def measured(
    sheet: Sheet, runs: Sequence[Logged], experiment: hparams.Experiment, measures: Sequence[Measure]
) -> Sheet:
    """Return the sheet of some runs with a column more for each measure of their own scalars."""
    metrics = [hparams.metric_column(measure, experiment) for measure in measures]
    cells = {column.key: _measured(runs, one) for column, one in zip(metrics, measures, strict=True)}
    return replace(sheet, columns=(*sheet.columns, *metrics), cells={**sheet.cells, **cells})


def stated(sheet: Sheet, states: Sequence[str]) -> Sheet:
    """Return the sheet with the states of a later moment."""
    return replace(sheet, cells={**sheet.cells, "about:state": text_cells([one or None for one in states])})


def states(runs: Sequence[Logged], experiment: hparams.Experiment, *, now: float) -> list[str]:
    """Return the state of each run: one of STATES, "" where its clock tells nothing."""
    return _states([run.name for run in runs], [facts(run) for run in runs], _sessions(experiment), now)


def _states(
    names: Sequence[str], known: Sequence[Facts], sessions: Mapping[str, hparams.Session], now: float
) -> list[str]:
    """Return the state of each run: those that stopped at the same step as another have come to their end."""
    by_name = dict(zip(names, known, strict=True))
    told = any(session.status in _ENDS for session in sessions.values())
    found = []
    for name, one in zip(names, known, strict=True):
        session = sessions.get(name)
        if session is None:
            found.append(state(one, now))
            continue
        said = by_name.get(session.run)
        expected = told and session.is_session and session.status not in _ENDS
        ended = session.end_time if math.isfinite(session.end_time) else math.nan if said is None else said.ended
        found.append(state(one, now, status=session.status, ended=ended, expected=expected))
    ends = Counter(one.steps for one, said in zip(known, found, strict=True) if said in ("stalled", "finished"))
    return [
        "finished" if said == "stalled" and one.steps and ends[one.steps] > 1 else said
        for one, said in zip(known, found, strict=True)
    ]


def state(known: Facts, now: float, *, status: str = "", ended: float = math.nan, expected: bool = False) -> str:
    """Return one of STATES as far as a run alone tells, "" where its clock tells nothing.

    status: how its session ended, "" where nobody says; ended: when that was said, NaN where nobody knows. It counts
    unless the run wrote on after it: PyTorch says it together with the hyperparameters, which may be at the beginning.
    expected: whether it would have said that it ended, as others do: then no silence is long enough to mean so.
    Else the silence of the run decides, see the column's explanation in ABOUT.
    """
    if status in _ENDS and not known.last > ended + _FLUSHED:
        return _ENDS[status]
    if known.stopped:
        return "finished"
    silence = now - known.last
    if not silence >= -_AHEAD:
        return ""
    if silence <= known.patience:
        return "running"
    return "stalled" if expected or silence <= max(_LONG, _GIVEN_UP * known.patience) else "finished"


def records(
    runs: Sequence[Logged],
    experiment: hparams.Experiment,
    *,
    now: float,
    passes: Callable[[str], bool] = lambda _tag: True,
) -> Iterator[dict[str, Any]]:
    """Yield a record per run: what `Facts` says, state, session, hparams {name: value}, metrics {tag: {last, min, max}}.

    passes: which scalar tags are metrics. What is not known is None, seconds likewise.
    """
    sessions = _sessions(experiment)
    every = [facts(run) for run in runs]
    doing = _states([run.name for run in runs], every, sessions, now)
    for run, known, said in zip(runs, every, doing, strict=True):
        session = sessions.get(run.name)
        yield {
            "run": run.name,
            "state": said or None,
            "session": session.run if session is not None and session.is_session else None,
            "start_time": _finite(known.start),
            "last_time": _finite(known.last),
            "duration": _finite(_duration(known)),
            "last_step": known.steps,
            "steps_per_second": known.rate,
            "points": known.points,
            "bytes": known.bytes,
            "kinds": known.kinds.split(", ") if known.kinds else [],
            "problems": known.problems,
            "note": _note(run.name, known, session) or "",
            "hparams": {} if session is None else dict(session.hparams),
            "metrics": {
                tag: {
                    "last": written(series, found.last),
                    "min": written(series, found.min),
                    "max": written(series, found.max),
                }
                for (kind, tag), series in run.series.items()
                if kind == "scalars" and len(series) and passes(tag)
                for found in (summary(series),)
            },
        }


def _finite(seconds: float) -> float | None:
    return seconds if math.isfinite(seconds) else None


# One run -------------------------------------------------------------------------------------------------------------


def _facts(run: Logged) -> Facts:
    points, steps = 0, None
    leading: tuple[bool, int, int] | None = None
    pacing = None
    kinds: dict[str, None] = {}
    notes: dict[str, None] = {}
    stopped, ended = False, math.nan
    for (kind, tag), series in run.series.items():
        count = len(series)
        points += count
        kinds[kind] = None
        if series.description:
            notes[series.description] = None
        if kind == "session_log":
            stopped = _stops(series)
        if not count:
            continue
        if tag == _SESSION_END:
            ended = float(series.wall_times[-1])
        last = max(int(segment.steps[-1]) for segment in series.segments if len(segment.steps))
        steps = last if steps is None else max(steps, last)
        rank = (kind == "scalars", last, count)
        if leading is None or rank > leading:
            leading, pacing = rank, series
    start, last_wall = _span(run)
    if pacing is not None and pacing.wall_times[-1] < start:
        # Its values have times of their own, from before their file was there, as those of converted logs do.
        start, last_wall = _logged_span(run)
    rate, patience = (None, _FLUSHED) if pacing is None else _pace(pacing)
    held = sorted(kinds, key=lambda kind: _ORDER.get(kind, len(_ORDER)))
    return Facts(
        start=start,
        last=last_wall,
        steps=steps,
        rate=rate,
        patience=patience,
        points=points,
        bytes=sum(file.size for file in run.files),
        kinds=", ".join(BY_NAME[kind].title.lower() for kind in held if kind != "empty"),
        problems=sum(len(file.problems) + file.uncounted for file in run.files),
        note=" ".join(" · ".join(notes).split())[:_NOTE],
        stopped=stopped,
        ended=ended,
    )


facts: Known[Logged, Facts] = Known(_facts)
"""Return what a run tells of itself, worked out once."""


def _span(run: Logged) -> tuple[float, float]:
    """Return the first and the last wall time of a run, leaving out what is no date of the calendar."""
    first = [file.opened for file in run.files if _date(file.opened)]
    last = [file.last_wall_time for file in run.files if _date(file.last_wall_time)]
    if len(last) < len(run.files):
        start, end = _logged_span(run)
        first += [start] if math.isfinite(start) else []
        last += [end] if math.isfinite(end) else []
    return min(first, default=math.nan), max(last, default=math.nan)


def _logged_span(run: Logged) -> tuple[float, float]:
    """Return the first and the last wall time of the values of a run, likewise."""
    first, last = [], []
    for series in run.series.values():
        walls = series.wall_times
        good = walls[(walls >= 0) & (walls <= _YEAR_9999)]
        if len(good):
            first.append(float(good.min()))
            last.append(float(good.max()))
    return min(first, default=math.nan), max(last, default=math.nan)


def _date(wall_time: float) -> bool:
    return 0 <= wall_time <= _YEAR_9999


def _pace(series: Series) -> tuple[float | None, float]:
    """Return the steps per second of the latest attempt, and the seconds of silence that are usual for it."""
    segment = max(
        (one for one in series.segments if len(one.steps)),
        key=lambda one: -math.inf if math.isnan(one.wall_times[-1]) else float(one.wall_times[-1]),
    )
    steps, walls = _attempt(segment)
    rising = walls[1:] > walls[:-1]
    if not rising.all():
        # Values that were handed on in one go have one time.
        kept = np.concatenate([[True], rising])
        steps, walls = steps[kept], walls[kept]
    gaps = walls[1:] - walls[:-1]
    advance = steps[1:] - steps[:-1]
    good = (gaps > 0) & (gaps < _YEAR_9999)
    if not good.all():
        gaps, advance = gaps[good], advance[good]
    if not len(gaps):
        return None, _FLUSHED
    ordered = np.sort(gaps)
    usual = float(ordered[len(ordered) // 2])
    patience = max(_FLUSHED, _USUAL * usual, _PAUSES * float(ordered[-2] if len(ordered) > 1 else ordered[-1]))
    training = (gaps <= _PAUSE * usual) & (advance >= 0)
    seconds = float(gaps[training].sum())
    done = float(advance[training].sum())
    return (done / seconds if seconds > 0 and done > 0 else None), patience


def _attempt(segment: Segment) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the steps and wall times [n] since the last session that the file says has started."""
    first = max((before for _step, before in segment.starts if before < len(segment.steps) - 1), default=0)
    first = max(first, len(segment.steps) - _RECENT)
    return segment.steps[first:].astype(np.float64), segment.wall_times[first:]


def _stops(series: Series) -> bool:
    """Return whether the last mark of a session says that it stopped."""
    try:
        blob = series.blob(len(series) - 1)
        found = payload(blob.read(), blob.form).details
    except (FormatError, IndexError):
        return False
    return isinstance(found, Session) and found.status == "STOP"


# Cells ---------------------------------------------------------------------------------------------------------------


def _sessions(experiment: hparams.Experiment) -> dict[str, hparams.Session]:
    """Return the session that each run belongs to."""
    return {run: session for session in experiment.sessions for run in session.runs}


def _hparams(
    names: Sequence[str], experiment: hparams.Experiment, sessions: Mapping[str, hparams.Session]
) -> tuple[list[Column], dict[str, Cells]]:
    """Return the columns of the hyperparameters, and their cells: those of the session that each run belongs to."""
    inner = hparams.sheet(experiment, lambda _run, _tag: None, (), grouped=False)
    columns = inner.of("hparam")
    row_of = {runs[0]: row for row, runs in enumerate(inner.runs) if runs}
    rows = np.fromiter(
        (row_of.get(sessions[name].run, -1) if name in sessions else -1 for name in names), np.int64, len(names)
    )
    return columns, {column.key: _taken(inner.cells[column.key], rows) for column in columns}


def _taken(cells: Cells, rows: NDArray[np.int64]) -> Cells:
    """Return the cells at some rows; those at -1 are missing."""
    gone = rows < 0
    blank: Any = "" if cells.values.dtype == object else np.nan
    values = np.full(len(rows), blank, cells.values.dtype)
    missing = np.ones(len(rows), np.bool_)
    values[~gone] = cells.values[rows[~gone]]
    missing[~gone] = cells.missing[rows[~gone]]
    return Cells(values, missing)


def _measured(runs: Sequence[Logged], measure: Measure) -> Cells:
    """Return the measure of each run's own scalars."""
    other = Measure.of(measure.other) if measure.other else None
    beside = None if other is None else ("scalars", other.tag)
    key = ("scalars", measure.tag)
    return number_cells(
        [
            value(run.series[key], measure, None if beside is None else run.series.get(beside))
            if key in run.series
            else None
            for run in runs
        ]
    )


def _times(values: Sequence[float]) -> Cells:
    numbers = np.array(values, np.float64)
    return Cells(numbers, np.isnan(numbers))


def _duration(known: Facts) -> float:
    return known.last - known.start if known.last >= known.start else math.nan


def _group(name: str, session: hparams.Session | None) -> str | None:
    return None if session is None or session.group in ("", name, session.run) else session.group


def _note(name: str, known: Facts, session: hparams.Session | None) -> str | None:
    said = [known.note] if known.note else []
    if session is not None and session.run == name:
        said += session.problems
    return " · ".join(said) or None


# Several runs in one row ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tree:
    """A sheet whose rows stand below each other: depth [rows], and parent [rows], -1 for the rows of the top.

    A row comes right before those below it.
    """

    sheet: Sheet
    depth: NDArray[np.int64]
    parent: NDArray[np.int64]


def flat(runs: Sheet) -> Tree:
    """Return the rows of the runs, none below another."""
    return Tree(runs, np.zeros(len(runs), np.int64), np.full(len(runs), -1, np.int64))


def folders(names: Iterable[str], parts: int) -> list[str]:
    """Return the first `parts` folders of each name, of shorter names all, as folders are written."""
    return ["/".join(name.split("/")[: max(parts, 1)]) + "/" for name in names]


def captures(names: Iterable[str], pattern: str) -> list[str]:
    """Return what the groups of a regular expression capture in each name, "" where it does not match.

    Without groups all names that match are in one, called after the pattern. Upper and lower case are alike, and the
    match may begin anywhere. Raises PatternError when it is not a regular expression.
    """
    matcher(pattern)
    compiled = re.compile(pattern, re.IGNORECASE)
    found = []
    for name in names:
        match = compiled.search(name)
        if match is None:
            found.append("")
        elif not compiled.groups:
            found.append(pattern)
        else:
            found.append(" / ".join(part or "∅" for part in match.groups()))
    return found


def grouped(runs: Sheet, labels: Sequence[str], *, average: Average = "mean") -> Tree:
    """Return the rows of the runs below a row for each label that several have; runs with the label "" stay alone.

    Groups stand where their first run does.
    """
    members: dict[str, list[int]] = {}
    for row, label in enumerate(labels):
        members.setdefault(label, []).append(row)
    top: list[_Node] = []
    for label, rows in members.items():
        if label and len(rows) > 1:
            top.append(_Node(label, None, [_Node(runs.names[row], row, []) for row in rows]))
        else:
            top += [_Node(runs.names[row], row, []) for row in rows]
    return _tree(runs, sorted(top, key=_first), average)


def nested(runs: Sheet, *, average: Average = "mean") -> Tree:
    """Return the rows of the runs below those of the folders they lie in.

    A folder that is no run has a row where several runs, or folders of such, lie in it.
    """
    by_path: dict[str, _Node] = {}
    top: list[_Node] = []

    def node_at(path: str) -> _Node:
        node = by_path.get(path)
        if node is None:
            node = by_path[path] = _Node(path, None, [])
            above, slash, _name = path.rpartition("/")
            (node_at(above).below if slash else top).append(node)
        return node

    for row, name in enumerate(runs.names):
        node_at(name).row = row
    return _tree(runs, [_shortened(node) for node in sorted(top, key=_first)], average)


@dataclass
class _Node:
    """A row to be: its label, the run that it is, if any, and what stands below it."""

    label: str
    row: int | None
    below: list["_Node"]


def _shortened(node: _Node) -> _Node:
    """Return the node without folders that hold one thing only."""
    below = [_shortened(one) for one in sorted(node.below, key=_first)]
    if node.row is None and len(below) == 1:
        return below[0]
    return _Node(node.label if node.row is not None else f"{node.label}/", node.row, below)


def _first(node: _Node) -> int:
    """Return the first of the runs that a node is made of."""
    rows = [] if node.row is None else [node.row]
    return min(rows + [_first(one) for one in node.below])


def _tree(runs: Sheet, top: Sequence[_Node], average: Average) -> Tree:
    nodes: list[_Node] = []
    depth: list[int] = []
    parent: list[int] = []
    made_of: list[list[int]] = []

    def add(node: _Node, deep: int, above: int) -> list[int]:
        place = len(nodes)
        nodes.append(node)
        depth.append(deep)
        parent.append(above)
        made_of.append([])
        rows = [] if node.row is None else [node.row]
        for one in node.below:
            rows += add(one, deep + 1, place)
        made_of[place] = rows
        return rows

    for node in top:
        add(node, 0, -1)
    return Tree(_summed(runs, nodes, made_of, average), np.array(depth, np.int64), np.array(parent, np.int64))


def _summed(runs: Sheet, nodes: Sequence[_Node], made_of: Sequence[Sequence[int]], average: Average) -> Sheet:
    """Return the rows of the nodes. A run keeps what it says itself; what is counted and timed is of all below it too."""
    counts = np.array([len(rows) for rows in made_of], np.int64)
    own = np.array([-1 if node.row is None else node.row for node in nodes], np.int64)
    inner = [place for place, node in enumerate(nodes) if node.below]
    owners = np.repeat(np.arange(len(inner)), counts[inner])
    rows = np.fromiter((row for place in inner for row in made_of[place]), np.int64, len(owners))
    cells = {}
    for column in runs.columns:
        whole = runs.cells[column.key]
        itself = _taken(whole, own)
        joined = _joined(column, Cells(whole.values[rows], whole.missing[rows]), owners, len(inner), average)
        if column.key not in _TOGETHER:
            kept = ~itself.missing[inner]
            joined.values[kept] = itself.values[inner][kept]
            joined.missing[kept] = False
        itself.values[inner], itself.missing[inner] = joined.values, joined.missing
        cells[column.key] = itself
    if "about:duration" in cells and {"about:start", "about:last"} <= set(cells):
        cells["about:duration"] = _times((cells["about:last"].values - cells["about:start"].values).tolist())
    cells[RUNS.key] = number_cells(
        [count if node.below else None for count, node in zip(counts.tolist(), nodes, strict=True)]
    )
    labels = _labels(nodes)
    if "about:run" in cells:
        cells["about:run"] = text_cells(labels)
    columns = (*runs.columns[:1], RUNS, *runs.columns[1:])
    return Sheet(tuple(labels), columns, cells, tuple(tuple(runs.names[row] for row in some) for some in made_of))


def _labels(nodes: Sequence[_Node]) -> list[str]:
    """Return what each row is called: runs by their names, the others by their labels, each by a name of its own."""
    taken = {node.label for node in nodes if node.row is not None}
    found = []
    for node in nodes:
        label = node.label
        while node.row is None and label in taken:
            label += "/"
        taken.add(label)
        found.append(label)
    return found


def _joined(column: Column, cells: Cells, owners: NDArray[np.int64], count: int, average: Average) -> Cells:
    """Return what the cells of each owner are together."""
    present = ~cells.missing
    by_owner = pd.Series(cells.values[present]).groupby(owners[present])
    if column.key == "about:state":
        found = by_owner.agg(_counted_states)
    elif column.key == "about:kinds":
        found = by_owner.agg(_kinds)
    elif column.key in _TOGETHER:
        found = by_owner.agg(_TOGETHER[column.key])
    elif column.role == "metric":
        finite = present & np.isfinite(cells.values.astype(np.float64))
        found = pd.Series(cells.values[finite]).groupby(owners[finite]).agg(average)
    elif column.key in ("about:steps", "about:rate"):
        found = by_owner.agg("max" if column.key == "about:steps" else "median")
    else:
        first, different = by_owner.first(), by_owner.nunique(dropna=False)
        # What some lack, they do not agree on.
        whole = by_owner.size() == pd.Series(owners).groupby(owners).size().reindex(first.index)
        found = first[(different == 1) & whole]
    missing = np.ones(count, np.bool_)
    places = found.index.to_numpy()
    missing[places] = False
    values: NDArray[Any] = np.full(count, "" if cells.values.dtype == object else np.nan, cells.values.dtype)
    values[places] = found.to_numpy()
    return Cells(values, missing)


_TOGETHER: Mapping[str, str] = {
    "about:start": "min",
    "about:last": "max",
    "about:duration": "max",
    "about:points": "sum",
    "about:bytes": "sum",
    "about:problems": "sum",
    "about:kinds": "",
}


def _counted_states(states: "pd.Series[Any]") -> str:
    counts = states.value_counts()
    if len(states) == 1:
        return str(states.iloc[0])
    return ", ".join(f"{counts[one]:,} {one}" for one in STATES if one in counts)


def _kinds(kinds: "pd.Series[Any]") -> str:
    held = {kind for text in kinds.unique() for kind in text.split(", ")}
    return ", ".join(kind.title.lower() for kind in KINDS if kind.title.lower() in held)

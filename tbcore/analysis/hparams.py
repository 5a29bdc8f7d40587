"""Sessions: what each run chose, what came of it, and which of them belong together.

A session is a run that logged its hyperparameters; its metrics lie in that run and in the runs below it. Experiments
that several runs describe are united. Runs that logged none take part with what they have: configuration files beside
their events, or what their names say.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd

from tbcore.analysis import sheets
from tbcore.analysis.known import Known
from tbcore.analysis.measures import How, Measure, better, summary, value, written
from tbcore.analysis.sheets import Cells, Column, Sheet, Value, number_cells, text_cells, word
from tbcore.errors import FormatError
from tbcore.formats import hparams as formats
from tbcore.formats.configs import Config
from tbcore.formats.events import metadata
from tbcore.formats.hparams import Experiment as Described
from tbcore.formats.hparams import HParam, Metric, SessionEnd, SessionStart
from tbcore.formats.schema import Summary, parse
from tbcore.names import natural
from tbcore.series import Series

__all__ = [
    "Average",
    "Experiment",
    "HParam",
    "Session",
    "experiment",
    "frame",
    "metric_column",
    "rows",
    "sheet",
    "usual_measures",
    "values_of_name",
]

Average = Literal["mean", "median", "min", "max"]
Lookup = Callable[[str, str], Series | None]

_AVERAGES: Mapping[Average, Callable[[Sequence[float]], Any]] = {
    "mean": np.mean,
    "median": np.median,
    "min": np.min,
    "max": np.max,
}
_KIND = "hparams"
_TAGS = (formats.EXPERIMENT, formats.START, formats.END)
_USUAL = 5  # metrics shown at first where no experiment names any
_FIRST = ("eval", "val", "valid", "validation", "test", "dev")  # tags of these are looked at first
_LABELS = 12  # different values of a hyperparameter in a group that are written out

# What a name says without a sign of equality counts only under these names.
_SHORT = frozenset(
    (
        "alpha", "batch", "batchsize", "beta", "bs", "clip", "decay", "depth", "dim", "dp", "drop", "dropout", "ep",
        "epochs", "eps", "epsilon", "fold", "gamma", "heads", "hidden", "k", "kl", "lambda", "layer", "layers", "lr",
        "mom", "momentum", "n", "rank", "rate", "seed", "size", "steps", "tau", "temp", "topk", "units", "warmup", "wd",
        "width",
    )
)  # fmt: skip
_EQUAL = re.compile(r"([A-Za-z][A-Za-z0-9_.\-]*?)=([^,;/=]*?)(?=$|[,;/]|[_\-\s](?=[A-Za-z][A-Za-z0-9_.]*=))")
_GLUED = re.compile(r"(?:(?<=^)|(?<=[/,;_\s\-]))([A-Za-z]+\d*?)[_\-]?(\d+(?:\.\d+)?(?:[eE][+\-]?\d+)?)(?=$|[/,;_\s\-])")
_DIGEST = re.compile(r"[0-9a-f]{64}")  # TensorFlow's name of a group that was given none
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


class Logged(Protocol):
    """What is needed of a run."""

    @property
    def name(self) -> str:
        """Return the name of the run."""

    @property
    def start(self) -> float:
        """Return the wall time of its first event, NaN when it has none."""

    @property
    def last_wall_time(self) -> float:
        """Return the wall time of its latest event, NaN when it has none."""

    @property
    def series(self) -> Mapping[tuple[str, str], Series]:
        """Return its series by (kind, tag)."""

    @property
    def configs(self) -> Sequence[Config]:
        """Return the configuration files that lie beside its events, the most telling first."""

    @property
    def parts(self) -> "Sequence[Logged]":
        """Return the runs that it is folded of, as they were logged; itself where it is not."""


@dataclass(frozen=True)
class Session:
    """One session, or a run that logged no hyperparameters.

    group: what it calls the sessions that chose the same, else its run. hparams: those that are known, null left out;
    origins: of each "logged", "file" or "name". start_time, end_time: as logged, NaN when they are not; first, last:
    wall times of the first and the latest event of its run. runs: its run, and those below it that belong to no other
    session. is_session: whether it logged hyperparameters. problems: what could not be read, in words.
    """

    run: str
    group: str
    hparams: Mapping[str, Value]
    origins: Mapping[str, str]
    status: str
    start_time: float
    end_time: float
    runs: tuple[str, ...]
    is_session: bool
    problems: tuple[str, ...]
    first: float = math.nan
    last: float = math.nan
    model_uri: str = ""
    monitor_url: str = ""


@dataclass(frozen=True)
class Experiment:
    """All sessions, and what is known of the hyperparameters and the metrics.

    hparams: by name, those that an experiment describes first, the others in natural order;
    metrics: likewise, then every other scalar tag; declared: how many of them an experiment names.
    """

    sessions: tuple[Session, ...] = ()
    hparams: Mapping[str, HParam] = field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()
    declared: int = 0
    name: str = ""
    description: str = ""
    user: str = ""
    time_created: float = math.nan
    problems: tuple[str, ...] = ()

    @cached_property
    def by_tag(self) -> Mapping[tuple[str, str], Metric]:
        """The metrics by group and tag."""
        return {(one.group, one.tag): one for one in self.metrics}


@dataclass(frozen=True)
class _Said:
    """What the three tags of one run say."""

    described: tuple[Described, ...]
    start: SessionStart | None
    end: SessionEnd | None
    problems: tuple[str, ...]


def experiment(runs: Sequence[Logged], *, names: bool = False) -> Experiment:
    """Return the sessions of some runs, in their order; a run that neither chose nor measured anything is none.

    What is logged counts before what stands in files beside the events. names: whether hyperparameters are read from
    the names of runs as well, where neither says anything of them.
    """
    said = [_said(run) for run in runs]
    found = [_session(run, one, names=names) for run, one in zip(runs, said, strict=True)]
    measured = {run.name for run in runs if any(kind == "scalars" for kind, _tag in run.series)}
    owners = {one.run for one in found if one.is_session or "file" in one.origins.values()}
    below: dict[str, list[str]] = {}
    owned = set()
    for run in runs:
        if run.name in owners:
            continue
        owner = _owner(run.name, owners)
        if owner is not None:
            below.setdefault(owner, []).append(run.name)
            owned.add(run.name)
    sessions = tuple(
        replace(one, runs=(one.run, *below.get(one.run, ()))) if one.run in below else one
        for one in found
        if one.run not in owned and (one.run in below or one.hparams or one.is_session or one.run in measured)
    )
    described = [each for one in said for each in one.described]
    hparams = _described_hparams(described)
    # Messages keep hyperparameters in no order of their own.
    others = {name for session in sessions for name in session.hparams} - set(hparams)
    for name in sorted(others, key=lambda name: (natural(name), name)):
        hparams[name] = HParam(name)
    declared = _described_metrics(described)
    metrics = {(metric.group, metric.tag): metric for metric in declared}
    by_name = {run.name: run for run in runs}
    for session in sessions:
        for run_name in session.runs:
            group = _below(run_name, session.run)
            for kind, tag in by_name[run_name].series:
                if kind == "scalars" and (group, tag) not in metrics:
                    metrics[group, tag] = Metric(tag, group)
    first = next((each for each in described if each.name or each.description or each.user), Described())
    return Experiment(
        sessions,
        hparams,
        tuple(metrics.values()),
        len(declared),
        first.name,
        first.description,
        first.user,
        min((each.time_created for each in described if not math.isnan(each.time_created)), default=math.nan),
        tuple(f"{one.run}: {problem}" for one in found for problem in one.problems),
    )


def _owner(name: str, owners: set[str]) -> str | None:
    """Return the closest folder above a run that owns a session; the logdir itself is above all."""
    while "/" in name:
        name = name.rpartition("/")[0]
        if name in owners:
            return name
    return "." if "." in owners and name != "." else None


def _below(run: str, session: str) -> str:
    """Return where a run lies below the run of its session, "" for that itself."""
    return "" if run == session else run if session == "." else run[len(session) + 1 :]


def _described_hparams(described: Iterable[Described]) -> dict[str, HParam]:
    """Return what experiments say of each hyperparameter, together: the words of the first, the choices of all."""
    found: dict[str, HParam] = {}
    for each in described:
        for one in each.hparams:
            old = found.get(one.name)
            found[one.name] = one if old is None else _united(old, one)
    return found


def _united(old: HParam, new: HParam) -> HParam:
    lows = [low for low in (old.low, new.low) if low is not None]
    highs = [high for high in (old.high, new.high) if high is not None]
    seen = {(type(choice), choice) for choice in old.choices}
    return HParam(
        old.name,
        old.title or new.title,
        old.description or new.description,
        old.type if old.type == new.type else "" if old.type and new.type else old.type or new.type,
        (*old.choices, *(choice for choice in new.choices if (type(choice), choice) not in seen)),
        min(lows, default=None),
        max(highs, default=None),
    )


def _described_metrics(described: Iterable[Described]) -> list[Metric]:
    found: dict[tuple[str, str], Metric] = {}
    for each in described:
        for metric in each.metrics:
            key = "" if metric.group == "." else metric.group, metric.tag
            old = found.get(key)
            found[key] = Metric(
                metric.tag,
                key[0],
                (old.title if old else "") or metric.title,
                (old.description if old else "") or metric.description,
                (old.dataset if old else "") or metric.dataset,
            )
    return list(found.values())


# One run -------------------------------------------------------------------------------------------------------------


def _session(run: Logged, said: _Said, *, names: bool) -> Session:
    start, end = said.start or SessionStart(), said.end or SessionEnd()
    hparams: dict[str, Value] = {}
    origins: dict[str, str] = {}
    problems = list(said.problems)
    for config in run.configs:
        if config.problem:
            problems.append(config.problem)
        for name, one in config.values.items():
            if one is not None and name not in hparams:
                hparams[name], origins[name] = one, "file"
    if names:
        for name, one in values_of_name(run.name).items():
            if name not in hparams:
                hparams[name], origins[name] = one, "name"
    for name, one in start.hparams.items():
        if one is not None:
            hparams[name], origins[name] = one, "logged"
        elif origins.get(name) == "name":
            del hparams[name], origins[name]
    return Session(
        run.name,
        start.group or run.name,
        hparams,
        origins,
        end.status,
        start.start_time,
        end.end_time,
        (run.name,),
        said.start is not None,
        tuple(problems),
        run.start,
        run.last_wall_time,
        start.model_uri,
        start.monitor_url,
    )


def _read(run: Logged) -> _Said:
    """Read the three tags of a run. Where they were logged again, what was logged later counts before."""
    described: list[Described] = []
    start: SessionStart | None = None
    end: SessionEnd | None = None
    problems = []
    logged = [part.series.get((_KIND, tag)) for part in run.parts for tag in _TAGS]
    for series in filter(None, logged):
        try:
            found = [formats.read(content) for content in _contents(series)]
        except FormatError as error:
            problems.append(f"{series.tag} cannot be read: {error}")
            continue
        for one in found:
            if isinstance(one, Described):
                described.append(one)
            elif isinstance(one, SessionStart):
                start = one if start is None else replace(one, hparams={**start.hparams, **one.hparams})
            elif isinstance(one, SessionEnd):
                end = one
    return _Said(tuple(described), start, end, tuple(problems))


def _contents(series: Series) -> Iterator[bytes]:
    """Yield what the metadata of each value of a tag hold, in the order written."""
    yield series.content
    if len(series) == 1:
        return
    for index in range(len(series)):
        value = parse(Summary.Value, series.blob(index).read())
        content = metadata(value.metadata.SerializeToString()).content
        if content and content != series.content:
            yield content


_said: Known[Logged, _Said] = Known(_read)


def values_of_name(name: str) -> dict[str, Value]:
    """Return the hyperparameters that a run's name spells: lr=0.1,bs=32 and, for names in common use, lr0.1_bs32.

    A name that stands for something else, as resnet50 does, gives none.
    """
    found: dict[str, Value] = {}
    rest = name
    for match in _EQUAL.finditer(name):
        key = match[1].rpartition("/")[2]
        if match[2]:
            found[key] = _typed(match[2])
        rest = rest.replace(match[0], " ")
    for match in _GLUED.finditer(rest):
        if match[1].lower() in _SHORT and match[1] not in found:
            found[match[1]] = float(match[2])
    return found


def _typed(text: str) -> Value:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return float(text) if _NUMBER.fullmatch(text) else text


# Tables --------------------------------------------------------------------------------------------------------------


def usual_measures(found: Experiment) -> list[Measure]:
    """Return what is shown at first: the last value of the metrics that an experiment names.

    Without any, of those whose tags tell what is good, evaluations first; at most 5.
    """
    if found.declared:
        return [Measure(metric.tag, metric.group) for metric in found.metrics[: found.declared]]
    telling = [metric for metric in found.metrics if better(metric.tag)] or list(found.metrics)
    telling = [metric for metric in telling if not _timing(metric.tag)] or telling
    ranked = sorted(telling, key=lambda metric: (not _evaluates(metric), metric.group.count("/")))
    return [Measure(metric.tag, metric.group) for metric in ranked[:_USUAL]]


def _evaluates(metric: Metric) -> bool:
    words = set(re.split(r"[^a-z0-9]+", f"{metric.group}/{metric.tag}".lower()))
    return bool(words & set(_FIRST)) or metric.tag.startswith("hparam/")


def _timing(tag: str) -> bool:
    return re.search(r"time|seconds|per_second|latency|fps|throughput", tag.lower()) is not None


def metric_column(measure: Measure, found: Experiment) -> Column:
    """Return the column of a measure: called as its experiment calls the metric, and which number of it is meant."""
    known = found.by_tag.get((measure.group, measure.tag))
    # A run below and a tag with a slash can be called the same.
    alike = bool(measure.group) and ("", measure.name) in found.by_tag
    title = (known.title if known is not None else "") or (f"{measure.group}: {measure.tag}" if alike else measure.name)
    about = [measure.name] if title != measure.name else []
    if known is not None and known.description:
        about.append(known.description)
    if known is not None and known.dataset:
        about.append(f"{known.dataset} data")
    words = measure.words
    return Column(
        f"m:{measure.spelled}",
        f"{title} ({words})" if words else title,
        "metric",
        "number",
        "; ".join(about),
        better(measure.name if measure.group else measure.tag),
    )


def sheet(
    found: Experiment, lookup: Lookup, measures: Sequence[Measure], *, grouped: bool = False, average: Average = "mean"
) -> Sheet:
    """Return a row per session or, `grouped`, per group of sessions: hyperparameters and the measures of its metrics.

    lookup: returns the scalar series of a run and tag, None when there is none. Columns: about:run or about:group,
    about:trials of groups, about:status, about:start, about:end, about:duration, hp:NAME, m:SPELLED. A group's metrics
    are the `average` over those of its sessions that have them; where its sessions chose differently, all they chose
    is written out. Rows are called as their run or their group; groups that TensorFlow names after the digest of what
    they chose, as their first run.
    """
    sessions = found.sessions
    groups = _groups(sessions) if grouped else {one.run: [row] for row, one in enumerate(sessions)}
    members = list(groups.values())
    names = _names(groups, sessions) if grouped else tuple(groups)
    alone = all(len(rows) == 1 for rows in members)
    columns: list[Column] = []
    cells: dict[str, Cells] = {}

    def add(column: Column, made: Cells) -> None:
        columns.append(column)
        cells[column.key] = made

    if grouped:
        add(
            Column("about:group", "Group", "about", "text", "Sessions that chose the same, or the run."),
            text_cells(names),
        )
        add(
            Column("about:trials", "Trials", "about", "count", "How many sessions."),
            number_cells([len(rows) for rows in members]),
        )
    else:
        add(Column("about:run", "Run", "about", "text"), text_cells([one.run for one in sessions]))
        if any(one.group != one.run for one in sessions):
            about = "What the session calls those that chose the same."
            add(Column("about:group", "Group", "about", "text", about), text_cells([one.group for one in sessions]))
    for column, made in _times(sessions, members):
        add(column, made)
    for name, one in found.hparams.items():
        values = [session.hparams.get(name) for session in sessions]
        origins = {session.origins[name] for session in sessions if name in session.origins}
        differ = False
        if not alone:
            together = [[values[row] for row in rows] for rows in members]
            differ = not all(map(_agree, together))
            values = [some[0] if _agree(some) else _written_out(some) for some in together]
        add(*_hparam(one, values, origins, differ=differ))
    for measure in measures:
        numbers = _measured(sessions, lookup, measure)
        if not alone:
            numbers = [_averaged([numbers[row] for row in rows], average) for rows in members]
        column = metric_column(measure, found)
        if column.key not in cells:
            add(column, number_cells(numbers))
    runs = tuple(tuple(run for row in rows for run in sessions[row].runs) for rows in members)
    return Sheet(names, tuple(columns), cells, runs)


def _groups(sessions: Sequence[Session]) -> dict[str, list[int]]:
    """Return the rows of each group; a run that is no session is none of those that call themselves by its name."""
    groups = {one.group for one in sessions if one.is_session}
    found: dict[str, list[int]] = {}
    for row, session in enumerate(sessions):
        name = session.group
        while not session.is_session and name in groups:
            name += " (run)"
        found.setdefault(name, []).append(row)
    return found


def _names(groups: Mapping[str, Sequence[int]], sessions: Sequence[Session]) -> tuple[str, ...]:
    """Return what the rows of groups are called; those that a program named, after their first run."""
    taken = set(groups)
    found = []
    for name, rows in groups.items():
        called = name
        if _DIGEST.fullmatch(name):
            called = sessions[rows[0]].run + (" and others" if len(rows) > 1 else "")
        found.append(called if called not in taken else name)
        taken.add(found[-1])
    return tuple(found)


def _times(sessions: Sequence[Session], members: Sequence[Sequence[int]]) -> Iterator[tuple[Column, Cells]]:
    """Yield the columns of status and times, groups spanning those of their sessions."""
    starts = np.array([one.start_time if math.isfinite(one.start_time) else one.first for one in sessions], np.float64)
    ends = np.array([one.end_time if math.isfinite(one.end_time) else one.last for one in sessions], np.float64)
    durations = np.where(ends >= starts, ends - starts, np.nan)
    statuses = [sorted({sessions[row].status for row in rows}) for rows in members]
    # A run that says nothing of itself has no status.
    words = [", ".join(some) if some != ["unknown"] else None for some in statuses]
    if any(words):
        about = "How the session said that it ended."
        yield Column("about:status", "Status", "about", "text", about), text_cells(words)
    about = "As logged, else the time of the first event."
    values = np.array([np.fmin.reduce(starts[list(rows)]) for rows in members], np.float64)
    yield Column("about:start", "Start", "about", "time", about), _known(values)
    about = "As logged, else the time of the latest event."
    values = np.array([np.fmax.reduce(ends[list(rows)]) for rows in members], np.float64)
    yield Column("about:end", "End", "about", "time", about), _known(values)
    about = "From the start to the end; of groups the mean."
    means = [float(np.mean(some)) if len(some := _there(durations[list(rows)])) else math.nan for rows in members]
    yield Column("about:duration", "Duration", "about", "duration", about), _known(np.array(means, np.float64))


def _there(values: Any) -> Any:
    return values[~np.isnan(values)]


def _known(values: Any) -> Cells:
    return Cells(values, np.isnan(values))


def _agree(values: Sequence[Value | None]) -> bool:
    """Return whether the sessions of a group chose the same."""
    first = values[0]
    if isinstance(first, float) and math.isnan(first):
        return all(isinstance(one, float) and math.isnan(one) for one in values)
    return all(type(one) is type(first) and one == first for one in values)


def _written_out(values: Sequence[Value | None]) -> str:
    """Return the different values, and how many more there are where they are many."""
    different = list(dict.fromkeys("-" if one is None else word(one) for one in values))
    more = len(different) - _LABELS
    return ", ".join(different[:_LABELS]) + (f", and {more} more" if more > 0 else "")


def _hparam(one: HParam, values: Sequence[Value | None], origins: set[str], *, differ: bool) -> tuple[Column, Cells]:
    """Return the column of a hyperparameter, of the type that fits all its values. differ: whether some within a group do."""
    types = {type(each) for each in values if each is not None}
    about = [one.name] if one.title and one.title != one.name else []
    if one.description:
        about.append(one.description)
    if one.choices:
        about.append(f"one of {_written_out(one.choices)}")
    if one.low is not None and one.high is not None:
        about.append(f"from {word(one.low)} to {word(one.high)}")
    if origins and "logged" not in origins:
        about.append("from a file beside the events" if origins == {"file"} else "from the name of the run")
    if differ:
        about.append("differs within groups: all its values are written out")
    column = Column(
        f"hp:{one.name}",
        one.title or one.name,
        "hparam",
        "number" if types <= {float, int} else "bool" if types == {bool} else "text",
        "; ".join(about),
        choices=one.choices,
        low=one.low,
        high=one.high,
    )
    if column.type == "text":
        return column, text_cells([None if each is None else word(each) for each in values])
    return column, number_cells([None if each is None else float(each) for each in values])


def _measured(sessions: Sequence[Session], lookup: Lookup, measure: Measure) -> list[float | None]:
    """Return the measure of each session."""
    other = Measure.of(measure.other) if measure.other else None
    found = []
    for session in sessions:
        series = _looked_up(session, lookup, measure)
        beside = None if other is None or series is None else _looked_up(session, lookup, other)
        found.append(None if series is None else value(series, measure, beside))
    return found


def _looked_up(session: Session, lookup: Lookup, measure: Measure) -> Series | None:
    if not measure.group:
        return lookup(session.run, measure.tag)
    return lookup(measure.group if session.run == "." else f"{session.run}/{measure.group}", measure.tag)


def _averaged(values: Sequence[float | None], average: Average) -> float | None:
    there = [one for one in values if one is not None]
    if not there:
        return None
    if len(there) == 1:
        return there[0]
    with np.errstate(invalid="ignore"):  # infinities of both signs have no mean
        return float(_AVERAGES[average](there))


def frame(runs: Sequence[Logged], *, how: How = "last", names: bool = False) -> pd.DataFrame:
    """Return the sessions of some runs as a data frame, a row each: as in `sheet`, with every metric there is.

    how: which value of a metric counts: last, min or max.
    """
    found = experiment(runs, names=names)
    by_name = {run.name: run.series for run in runs}
    measures = [Measure(metric.tag, metric.group, how) for metric in found.metrics]
    return sheets.frame(sheet(found, lambda run, tag: by_name.get(run, {}).get(("scalars", tag)), measures))


def rows(
    found: Experiment, runs: Mapping[str, Logged], *, passes: Callable[[str], bool] = lambda _tag: True
) -> Iterator[dict[str, Any]]:
    """Yield a record per session, for downloads.

    session: its run; group; status; start_time, end_time: seconds since the epoch, None when not logged; hparams
    {name: value}; metrics {tag: {last, min, max}}, those of runs below with their path before the tag, and a colon
    between them where another tag is called so. Runs without hyperparameters are left out. passes: which scalar tags
    count.
    """
    for session in found.sessions:
        if not session.is_session and not session.hparams:
            continue
        metrics = {}
        for name in session.runs:
            group = _below(name, session.run)
            for (kind, tag), series in runs[name].series.items():
                if kind == "scalars" and len(series) and passes(tag):
                    one = summary(series)
                    called = f"{group}/{tag}" if group else tag
                    metrics[called if called not in metrics else f"{group}:{tag}"] = {
                        "last": written(series, one.last),
                        "min": written(series, one.min),
                        "max": written(series, one.max),
                    }
        yield {
            "session": session.run,
            "group": session.group,
            "status": session.status,
            "start_time": None if math.isnan(session.start_time) else session.start_time,
            "end_time": None if math.isnan(session.end_time) else session.end_time,
            "hparams": dict(session.hparams),
            "metrics": metrics,
        }

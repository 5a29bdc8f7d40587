"""The command line: what is in the logs, their points in other formats, and the demo log.

    python -m tbcore inspect LOGDIR [--json] [--runs RE] [--tags RE]
    python -m tbcore export LOGDIR [--kind scalars] [--format csv|json|parquet|pgf] [--runs RE] [--tags RE] [--out FILE]
                           [--window A:B] [--smoothing N] [--method ema] [--derived EXPRESSION] [--group-by REGEX] ...
    python -m tbcore export LOGDIR --kind histograms|pr_curves|text [--runs RE] [--tags RE] [--out FILE]
    python -m tbcore export LOGDIR --kind hparams|runs [--format csv|json|parquet] [--runs RE] [--tags RE] [--out FILE]
    python -m tbcore export LOGDIR --kind images|audio|meshes|embeddings [--runs RE] [--tags RE] --out DIR
    python -m tbcore graph LOGDIR [--run RE] [--tag RE] [--json | --dot]
    python -m tbcore profile PATH [--json] [--runs RE] [--loading RE]
    python -m tbcore monitor --logdir RUN [--every SECONDS] [-- COMMAND ...]
    python -m tbcore demo DIR

`inspect --json` prints one document:

    schema     1; it moves when a key changes its meaning or goes, not when one is added
    logdir     as given
    totals     runs, files, bytes, points, problems, damaged (runs with problems)
    runs       list, by start: run, and lists
        kinds      kind, tags, points, steps, first_step, last_step, min_step, max_step, out_of_order, superseded,
                   non_finite, bytes, first_wall_time, last_wall_time
        files      file, size, records, read, waiting, problems, tags, points, first_step, last_step, min_step,
                   max_step, out_of_order, opened, last_wall_time, writer, version
        sessions   status, step, wall_time, about
        tags       only with --tags: kind, tag, plugin, and the numbers of kinds
    problems   list: run, file, offset, reason, skipped

What each of them means is in `tbcore.analysis.inspect`. `graph --json` prints one document:

    schema, logdir, as above
    graphs     list: what `tbcore.analysis.graph_records.records` says of each: run, tag, source, nodes, edges, functions, ops,
               layers, totals; with error instead where one cannot be read
    problems   list of words: graphs of a version that is not known

`profile --json` prints one document; times are microseconds as numbers, shares 0 to 1, null for what is not known:

    schema     as above
    path       as given
    recordings list: file, run, worker, span, host, session, format, bytes, and either error or
        source     pytorch, xplane, step_stats or chrome
        base_ns    nanoseconds since the epoch of time 0, 0 for a clock of its own; events; duration_us
        recorded   names and values of how it was recorded; notes: list of words, what was repaired or left out
        verdict    cause (loader, host, copies, collectives, kernels), share, text: what holds training back
        steps      list: name, start_us, total_us, categories {name: microseconds}, overlap {name: microseconds}
        average    total_us, categories, shares
        devices    list: device, name, utilization, sm_efficiency, occupancy, tensor_cores, tensor_cores_eligible, kernels,
                   busy_us, memory_bytes, peak_bytes
        memory_peaks  list: device, bytes, at_us, reserved_bytes, since_start_only
        operators  list: name, calls, host_self_us, host_total_us, device_self_us, device_total_us, and more
        kernels    list: name, calls, total_us, mean_us, min_us, max_us, and more
        findings   list, the costly ones first: rule, severity (high, medium, low, info), value, threshold, unit, cost_us (of a
                   step, at most), title, text, advice: list of words, evidence: list of tab and its parameters
        fine       list of words: rules that found nothing
        not_evaluated  list: rule, needs: what the recording would have to hold

In JSON, numbers that are not finite are the strings NaN,
Infinity and -Infinity. Exit codes and the rest are in `--help`.
"""

import argparse
import io
import json
import os
import shlex
import sys
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TextIO, TypeVar

import pyarrow as pa

from tbcore import demo
from tbcore.analysis import (
    embeddings,
    export,
    graph_records,
    graphs,
    hparams,
    inspect,
    profile_words,
    scalar_files,
    scalars,
)
from tbcore.analysis import runs as run_table
from tbcore.analysis.items import FileNames, index_row
from tbcore.analysis.run_groups import BANDS, Groups
from tbcore.charts import theme
from tbcore.errors import FormatError, RunlensError
from tbcore.kinds import BY_NAME
from tbcore.names import matcher
from tbcore.series import Series
from tbcore.store import profiles
from tbcore.store.logdir import Logdir, Progress
from tbcore.store.sources import LocalSource

OK, WANTING, FAILED, INTERRUPTED, CLOSED = 0, 1, 2, 130, 141

_EXIT_CODES = """\
exit codes:
  0    done
  1    done, but there was nothing to show, or, of inspect, something in the files is lost (the output says what)
  2    not done: a wrong command line, a logdir that cannot be read, or a file that cannot be written
  130  interrupted
  141  whoever read the output stopped
"""
_LOGDIR = 'a folder of runs; several as "train=a/b,eval=c/d"'
_RUNS = "only the runs with this regular expression somewhere in their name, in small or capital letters"
_GRAPH = """\
Print every graph that was logged: how large it is, how often each operation occurs, and its layers with their parameters,
operations (FLOPs) and what they keep in memory. Nothing of a graph is run.
"""
_MONITOR = """\
Run COMMAND and write meanwhile what the machine does into the run in the folder RUN, as scalars and texts of any TensorBoard:
system/cpu_percent, system/memory_bytes, disk and network, of every NVIDIA GPU its utilisation, memory, power, temperature,
clocks; and what COMMAND and all that it started use. Its command line and the state of its git repository are written once, its
environment is not. Signals go on to COMMAND, and its exit code is the one that is given back. Without COMMAND it goes on
until Ctrl+C.

  python -m tbcore monitor --logdir runs/first -- python train.py --lr 0.1
"""
_PROFILE = """\
Print where the time of each step went in recordings of torch.profiler, TensorFlow and JAX, or any Chrome trace: what holds training
back, how well devices were used, and what to change, the costly things first.
"""
_INSPECT = """\
Print how many points each run holds of each kind, their steps, their size and their times; then the sessions that
writers marked, records that are not finished yet, and every problem with the files. Sizes of scalars are about.
"""
_EXPORT = """\
Write every point in the order written, those of earlier attempts too: run, tag, step, wall_time (seconds since the
epoch, UTC), and its value; or a row per session, or per run.

scalars      one row each, as CSV, JSON or Parquet: value. With --window, --smoothing, --derived or --earlier: run, tag, step,
             wall_time, relative (seconds since the run began), value, smoothed; what a later attempt wrote again is left
             out, or marked superseded. With --group-by: group, tag, step, value, low, high, runs; one row per step of
             any run; where a run has no point of its own, the straight line between its neighbours counts. As PGF:
             a figure per tag for LaTeX with the package pgfplots
histograms   JSON: buckets, each left edge, right edge, count
pr_curves    JSON: thresholds, tp, fp, tn, fn, precision, recall
text         JSON: text, a string, or a list (of lists) for a tensor of them
hparams      a row per session: session, run, group, status, start_time, end_time, hparams, metrics, the last value, the
             least and the greatest of each scalar tag. CSV and Parquet have a column for each: hparams.lr, metrics.loss.last.
             run: where the curves are, when the session has a folder of its own below it, as PyTorch makes one
runs         a row per run, likewise: state (running, stalled, finished, failed), times, last_step, steps_per_second, points,
             bytes, kinds, problems, note, hparams, metrics
images       a file each in the folder DIR, as logged; index.json tells sample, file, sha256, width, height
audio        the same, with rate and frames
meshes       the same, an NPZ with vertices, faces and colors for each
embeddings   the same: of each the vectors as NPY, what is known of its rows as TSV, and its sprite; index.json tells run,
             name, step, shape, source, files

A value is written with as many digits as it takes to read the same number again in the precision it was logged in:
0.1 for the float32 nearest to 0.1, and 1.0 for 1. In CSV and JSON, numbers that are not finite are NaN, Infinity and -Infinity, in
JSON as strings. A Parquet column has one type: float32, or float64 when any of its series was logged so.
"""


class UsageError(RunlensError):
    """The command line asks for what there is not."""


# The commands --------------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors are one line on stderr.

    arguments: those of this process when not given.
    """
    try:
        parsed = _parser().parse_args(arguments)
        code: int = parsed.command(parsed)
        sys.stdout.flush()
    except BrokenPipeError:
        _let_go_of_stdout()
        return CLOSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except RunlensError as error:
        _complain(str(error))
        return FAILED
    except OSError as error:
        _let_go_of_stdout()
        _complain(f"{error.filename or 'the output'} cannot be written: {error.strerror or error}")
        return FAILED
    return code


def inspect_command(arguments: argparse.Namespace) -> int:
    """Print what is in a logdir."""
    logdir, runs = _opened(arguments)
    folders = logdir.snapshot.problems
    if arguments.tags is not None:
        passes = matcher(arguments.tags)
        runs = [inspect.narrowed(run, passes) for run in runs]
    if arguments.json:
        document = inspect.document(arguments.logdir, runs, folders, tags=arguments.tags is not None)
        json.dump(document, sys.stdout, allow_nan=False, indent=1)
        sys.stdout.write("\n")
    else:
        for line in _report(arguments.logdir, runs, logdir, tags=arguments.tags is not None):
            sys.stdout.write(line + "\n")
    if not runs:
        _complain(_nothing(logdir, arguments))
    elif arguments.tags and not any(run.series for run in runs):
        _complain(f"no tag matches --tags {_shown(arguments.tags)}")
        return WANTING
    return OK if runs and not folders and not any(inspect.lost(run) for run in runs) else WANTING


def monitor_command(arguments: argparse.Namespace) -> int:
    """Run a command and write what the machine does meanwhile."""
    # It looks for GPUs, which no other command needs.
    from tbcore import monitor

    return monitor.monitor(Path(arguments.logdir), arguments.argv, every=arguments.every, complain=_complain)


def export_command(arguments: argparse.Namespace) -> int:
    """Write the points of a logdir in another format."""
    if arguments.kind not in _WRITERS:
        known = "is not a kind" if arguments.kind not in BY_NAME else "cannot be exported"
        raise UsageError(f"{_shown(arguments.kind)} {known}: what can be is {', '.join(_WRITERS)}")
    written = _WRITERS[arguments.kind]
    if arguments.kind != "scalars":
        _check_of_scalars(arguments)
    written.check(arguments)
    logdir, runs = _opened(arguments)
    found = written.find(arguments, logdir, runs)
    if not found:
        _complain(_nothing(logdir, arguments) if not runs else _no_series(arguments))
        return WANTING
    written.write(arguments, found)
    problems = inspect.totals(runs, logdir.snapshot.problems).problems
    if problems:
        _complain(
            f"what can be read was written, but there {_are(problems, 'problem')} with the files: see {_see(arguments)}"
        )
    return OK


@dataclass(frozen=True)
class Writer:
    """How one kind is exported. check: raise UsageError when the arguments do not fit; find: return what; write: do it."""

    check: Callable[[argparse.Namespace], None]
    find: Callable[[argparse.Namespace, Logdir, Sequence[inspect.Logged]], Sequence[Any]]
    write: Callable[[argparse.Namespace, Sequence[Any]], None]


def _find_series(arguments: argparse.Namespace, logdir: Logdir, _runs: Sequence[inspect.Logged]) -> Sequence[Series]:
    return logdir.find(arguments.kind, arguments.tags, arguments.runs)


def _check_table(arguments: argparse.Namespace) -> None:
    name = _form(arguments)
    if name == "parquet" and arguments.out is None and sys.stdout.isatty():
        raise UsageError("Parquet is no text for a terminal: name a file with --out, or redirect the output")
    _check_folder_of(arguments.out)


# Scalars may be asked for as the page draws them: a part of them, smoothed, put together, made of others, as a figure.

_OF_SCALARS = ("window", "axis", "smoothing", "method", "derived", "earlier", "group_by", "middle", "band")
_HPARAM = "hparam:"


@dataclass(frozen=True)
class Scalars:
    """Scalars to write: the series, the groups that are asked for, and when each run began."""

    series: Sequence[Series]
    groups: Groups | None
    starts: dict[str, float]

    def __len__(self) -> int:
        return len(self.series)


def _check_of_scalars(arguments: argparse.Namespace) -> None:
    """Refuse what makes sense for scalars alone."""
    given = [name for name in _OF_SCALARS if getattr(arguments, name) not in (None, False)]
    given = [f"--{name.replace('_', '-')}" for name in given]
    if arguments.format == "pgf":
        given.append("--format pgf")
    if given:
        raise UsageError(f"{given[0]} is for scalars, not for {arguments.kind}")


def _check_scalars(arguments: argparse.Namespace) -> None:
    _check_table(arguments)
    _smoothing(arguments)
    if arguments.group_by is None and (arguments.middle or arguments.band):
        raise UsageError("--middle and --band say how runs are put together: add --group-by")
    if arguments.group_by is not None and not arguments.group_by.startswith(_HPARAM):
        matcher(arguments.group_by)


def _smoothing(arguments: argparse.Namespace) -> tuple[str, float]:
    """Return the method and its parameter, as given or as usual."""
    method = arguments.method or "ema"
    usual = 0.0 if arguments.method is None else scalars.SMOOTHINGS[method].default
    amount = usual if arguments.smoothing is None else arguments.smoothing
    known = scalars.SMOOTHINGS[method]
    if not 0 <= amount <= known.high:
        raise UsageError(f"--smoothing {amount:g}: the {known.parameter} is between 0 and {known.high:g}")
    return method, amount


def _find_scalars(arguments: argparse.Namespace, logdir: Logdir, _runs: Sequence[inspect.Logged]) -> Sequence[Any]:
    """Return one thing to write, the scalars that are asked for, or nothing where there are none."""
    series = [] if arguments.derived and not arguments.tags else logdir.find("scalars", arguments.tags, arguments.runs)
    if arguments.derived:
        every = logdir.find("scalars", None, arguments.runs)
        series = [*series, *(one for text in arguments.derived for one in scalars.derived(every, text))]
    if not series:
        return []
    groups = None if arguments.group_by is None else _groups(arguments.group_by, logdir, scalars.runs(series))
    return [Scalars(series, groups, {run.name: run.start for run in logdir.runs if run.start == run.start})]


def _groups(by: str, logdir: Logdir, runs: list[str]) -> Groups:
    if by == "folder":
        return scalars.by_folder(runs)
    if not by.startswith(_HPARAM):
        return scalars.by_pattern(runs, by)
    name = by.removeprefix(_HPARAM)
    # A sub-run of hyperparameters stands for itself here, and is a part of its run there.
    sessions = [one for some in (logdir.folded, logdir.runs) for one in hparams.experiment(some).sessions]
    found = scalars.by_hparam(runs, sessions, name)
    if not found.groups:
        known = ", ".join(dict.fromkeys(_shown(one) for session in sessions for one in session.hparams))
        raise UsageError(f"no run chose a hyperparameter {_shown(name)}: there is {known or 'none'}")
    return found


def _write_scalars(arguments: argparse.Namespace, found: Sequence[Scalars]) -> None:
    """Write scalars as a table, or as figures."""
    (made,) = found
    name, ending = _form(arguments), _format_of(arguments.out)
    method, weight = _smoothing(arguments)
    axis = arguments.axis or "step"
    how: dict[str, Any] = {
        "axis": axis,
        "window": arguments.window,
        "starts": made.starts,
        "weight": weight,
        "method": method,
    }
    together: dict[str, Any] = {"how": arguments.middle or "mean", "band": arguments.band or "minmax"}
    with _output(arguments.out) as sink, Bar("Writing") as bar:
        if name == "pgf":
            for text in _counting(_figures(made, axis, {**how, **together}), len(made), bar):
                sink.write(text.encode("utf-8", "replace"))
        else:
            schema, tables = _tables(arguments, made, how, together)
            export.FORMATS[name](sink, schema, _told(tables, made.series, bar))
    _complain_of_ending(arguments.out, ending, name)


def _tables(
    arguments: argparse.Namespace, made: Scalars, how: dict[str, Any], together: dict[str, Any]
) -> tuple[pa.Schema, Iterable[pa.Table]]:
    """Return the columns and the rows that are asked for."""
    smooth = scalars.is_smooth(how["method"], how["weight"])
    if made.groups is not None:
        return scalars.group_schema(how["axis"], smooth=smooth), scalars.group_tables(
            made.series, made.groups, **how, **together
        )
    if smooth or arguments.derived or arguments.earlier or arguments.window is not None:
        schema = scalar_files.schema(made.series, smooth=smooth, earlier=arguments.earlier)
        return schema, scalar_files.tables(made.series, **how, earlier=arguments.earlier)
    return export.schema("scalars", made.series), export.tables("scalars", made.series)


def _figures(made: Scalars, axis: str, how: dict[str, Any]) -> Iterator[str]:
    """Yield a figure per tag, with a line per run or group."""
    by_tag: dict[str, list[Series]] = {}
    for one in made.series:
        by_tag.setdefault(one.tag, []).append(one)
    names = scalars.runs(made.series)
    if made.groups is not None:
        names = [*(group.name for group in made.groups.groups), *made.groups.others]
    colors = {name: theme.color(place) for place, name in enumerate(names)}
    window = how["window"]
    limits = window if window is not None and all(abs(end) < float("inf") for end in window) else None
    for tag, series in by_tag.items():
        drawn = scalars.lines(series, colors=colors, groups=made.groups, **how)
        yield scalars.pgfplots(drawn, title=tag, x_title=scalars.AXIS_TITLES[axis], x_range=limits) + "\n"


def _window(text: str) -> tuple[float, float]:
    """Return the ends of A:B, of which either may be missing."""
    with suppress(ValueError):
        low, high = (float(end) if end.strip() else None for end in text.split(":"))
        window = (-float("inf") if low is None else low, float("inf") if high is None else high)
        if window[0] <= window[1]:
            return window
    raise argparse.ArgumentTypeError(f"{_shown(text)} is no window: write it as 1000:2000, 1000: or :2000")


def _form(arguments: argparse.Namespace) -> str:
    """Return the format to write in."""
    name: str = arguments.format or _format_of(arguments.out) or "csv"
    return name


def _complain_of_ending(out: str | None, ending: str, name: str) -> None:
    if ending and ending != name:
        _complain(f"{out} was written as {_TITLES[name]}, as --format says, not as {_TITLES[ending]}")


def _find_sessions(
    arguments: argparse.Namespace, logdir: Logdir, runs: Sequence[inspect.Logged]
) -> Sequence[dict[str, Any]]:
    """Return a record per session whose run is asked for; with run, the one that it is folded into."""
    asked = {run.name for run in runs}
    parents = {name: whole.name for whole in logdir.folded for name in whole.folded}
    records = hparams.rows(
        hparams.experiment(logdir.runs), {run.name: run for run in logdir.runs}, passes=matcher(arguments.tags)
    )
    return [
        {"session": row["session"], "run": parents.get(row["session"], row["session"]), **row}
        for row in records
        if row["session"] in asked
    ]


def _find_runs(
    arguments: argparse.Namespace, logdir: Logdir, runs: Sequence[inspect.Logged]
) -> Sequence[dict[str, Any]]:
    """Return a record per run."""
    found = hparams.experiment(logdir.runs)
    return list(run_table.records(runs, found, now=time.time(), passes=matcher(arguments.tags)))


def _write_records(arguments: argparse.Namespace, records: Sequence[dict[str, Any]]) -> None:
    """Write one row per record."""
    ending, name = _format_of(arguments.out), _form(arguments)
    with _output(arguments.out) as sink:
        export.RECORD_FORMATS[name](sink, records)
    _complain_of_ending(arguments.out, ending, name)


def _check_rows(arguments: argparse.Namespace) -> None:
    if arguments.format not in (None, "json"):
        raise UsageError(f"{arguments.kind} are no table, and are written as JSON: leave --format away")
    _check_folder_of(arguments.out)


def _write_rows(arguments: argparse.Namespace, series: Sequence[Series]) -> None:
    """Write one JSON object per point."""
    with _output(arguments.out) as sink, Bar("Writing") as bar:
        rows = (row for one in series for row in export.ROWS[arguments.kind](one))
        errors = export.write_rows(sink, _counting(rows, sum(map(len, series)), bar))
    _complain_of([(row["run"], row["tag"], row["step"], row["error"]) for row in errors])


def _check_items(arguments: argparse.Namespace) -> None:
    if arguments.format is not None:
        raise UsageError(f"{arguments.kind} are written as they were logged: leave --format away")
    if arguments.out is None:
        raise UsageError(f"{arguments.kind} become files: name a new folder for them with --out")
    _check_folder_of(arguments.out)
    target = Path(arguments.out)
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise UsageError(f"{arguments.out} is there already: name a folder that is empty or not there yet")


def _write_items(arguments: argparse.Namespace, series: Sequence[Series]) -> None:
    """Write one file per item, and the index; the folder appears whole or not at all."""
    names, index, errors = FileNames(), [], []
    with _new_folder(arguments.out) as whole:
        with Bar("Writing") as bar:
            for item in _counting(export.ITEMS[arguments.kind](series), sum(map(len, series)), bar):
                name = "" if item.error else names.name(item)
                index.append(index_row(item, name))
                if item.error:
                    errors.append((item.run, item.tag, item.step, item.error))
                    continue
                file = whole / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(item.data)
        with Path(whole, "index.json").open("wb") as sink:
            export.write_all(sink, index)
    _complain_of(errors)


def _find_embeddings(
    arguments: argparse.Namespace, logdir: Logdir, runs: Sequence[inspect.Logged]
) -> Sequence[embeddings.File]:
    """Return the embeddings of the runs that are asked for, by name and step."""
    asked, passes = {run.name for run in runs}, matcher(arguments.tags)
    files = [file for run in logdir.runs if run.name in asked for file in run.embeddings if passes(file.name)]
    return [file for every in embeddings.steps(files).values() for file in every]


def _write_embeddings(arguments: argparse.Namespace, files: Sequence[embeddings.File]) -> None:
    """Write the files of each embedding, and the index; the folder appears whole or not at all."""
    index = []
    with _new_folder(arguments.out) as whole:
        with Bar("Writing") as bar:
            for row, found in _counting(embeddings.items(files), len(files), bar):
                index.append(row)
                for name, data in found.items():
                    (whole / name).write_bytes(data)
        with Path(whole, "index.json").open("wb") as sink:
            export.write_all(sink, index)
    wrong = [row for row in index if "error" in row]
    for row in wrong[:_MOST_ERRORS]:
        _complain(f"{row['run']}: {row['name']} cannot be read: {row['error']}")
    if len(wrong) > _MOST_ERRORS:
        _complain(f"so it is with {_counted(len(wrong) - _MOST_ERRORS, 'more embedding')}")


@contextmanager
def _new_folder(out: str) -> Iterator[Path]:
    """Give a folder to write into, which takes its name when all went well."""
    target = Path(out)
    with tempfile.TemporaryDirectory(prefix=f".{target.name[:40]}-", dir=target.absolute().parent) as aside:
        whole = Path(aside, "whole")
        whole.mkdir()
        yield whole
        if target.exists():
            target.rmdir()
        whole.replace(target)


def _check_folder_of(out: str | None) -> None:
    if out is not None and not Path(out).absolute().parent.is_dir():
        raise UsageError(f"{out} cannot be written: there is no folder {Path(out).parent}; make it first")


_ROWS = Writer(_check_rows, _find_series, _write_rows)
_ITEMS = Writer(_check_items, _find_series, _write_items)
_WRITERS = {
    "scalars": Writer(_check_scalars, _find_scalars, _write_scalars),
    **dict.fromkeys(export.ROWS, _ROWS),
    **dict.fromkeys(export.ITEMS, _ITEMS),
    "embeddings": Writer(_check_items, _find_embeddings, _write_embeddings),
    "hparams": Writer(_check_table, _find_sessions, _write_records),
    "runs": Writer(_check_table, _find_runs, _write_records),
}


def graph_command(arguments: argparse.Namespace) -> int:
    """Print the graphs of a logdir."""
    logdir, runs = _opened(arguments)
    series = [one for kind in ("graphs", "run_metadata") for one in logdir.find(kind, arguments.tags, arguments.runs)]
    found, unread = graphs.sources(series), graphs.problems(series)
    for words in unread:
        _complain(words)
    if arguments.dot:
        wrong = _write_dot(found)
    else:
        records: list[dict[str, Any]] = []
        with Bar("Reading graphs") as bar:
            records += _counting(graph_records.records(found), len(found), bar)
        if arguments.json:
            document = {"schema": 1, "logdir": arguments.logdir, "graphs": records, "problems": unread}
            json.dump(document, sys.stdout, allow_nan=False, indent=1)
            sys.stdout.write("\n")
        else:
            sys.stdout.writelines(line + "\n" for line in _graphs(records))
        wrong = [(row["run"], row["tag"], row["step"], row["error"]) for row in records if "error" in row]
    if not found:
        _complain(_nothing(logdir, arguments) if not runs else _no_graphs(arguments))
    _complain_of(wrong)
    return OK if found and not wrong and not unread else WANTING


def _write_dot(found: Sequence[graphs.Source]) -> list[tuple[str, str, int, str]]:
    """Print graphs in DOT, one after the other, and return those that cannot be read."""
    wrong = []
    for source, lines, reason in graph_records.dot(found):
        if lines is None:
            wrong.append((source.run, source.tag, int(source.series.steps[source.index]), reason))
        else:
            sys.stdout.writelines(line + "\n" for line in lines)
    return wrong


def profile_command(arguments: argparse.Namespace) -> int:
    """Print what is told of each recording: its steps, what holds training back, what to change."""
    # Compiled code that no other command needs.
    from tbcore.analysis import profile_report, profile_roles

    named = profile_roles.loading(arguments.loading)
    files, logdir, runs = _recordings(arguments)
    records: list[dict[str, Any]] = []
    with Bar("Reading recordings") as bar:
        for file in _counting(files, len(files), bar):
            about = {
                "file": file.name, "run": file.run, "worker": file.worker, "span": file.span, "host": file.host,
                "session": file.session, "format": file.format, "bytes": file.size,
            }  # fmt: skip
            try:
                records.append({**about, **profile_report.report(file.read(), named)})
            except FormatError as error:
                records.append({**about, "error": str(error)})
    if arguments.json:
        document = {"schema": 1, "path": arguments.path, "recordings": records}
        json.dump(document, sys.stdout, allow_nan=False, indent=1)
        sys.stdout.write("\n")
    else:
        for record in records:
            sys.stdout.writelines(line + "\n" for line in _recording(record))
    wrong = [record for record in records if "error" in record]
    for record in wrong[:_MOST_ERRORS]:
        _complain(f"{record['file']} cannot be read: {record['error']}")
    if len(wrong) > _MOST_ERRORS:
        _complain(f"so it is with {_counted(len(wrong) - _MOST_ERRORS, 'more recording')}")
    if not files:
        _complain(_no_recordings(arguments, logdir, runs))
    return OK if files and not wrong else WANTING


def _recordings(
    arguments: argparse.Namespace,
) -> tuple[list[profiles.ProfileFile], Logdir | None, list[inspect.Logged]]:
    """Return the recordings of a file, or of the runs of a logdir that are asked for."""
    path = Path(arguments.path)
    if path.is_file():
        return [file for file in profiles.of_file(str(path), LocalSource()) if file.is_trace], None, []
    arguments.logdir, arguments.tags = arguments.path, None
    logdir, runs = _opened(arguments)
    asked = {run.name for run in runs}
    return [file for run in logdir.runs if run.name in asked for file in run.profiles if file.is_trace], logdir, runs


def _no_recordings(arguments: argparse.Namespace, logdir: Logdir | None, runs: Sequence[inspect.Logged]) -> str:
    if logdir is None:
        return f"{_shown(arguments.path)} is no recording: .json, .json.gz and .xplane.pb are"
    if logdir.runs and not runs:
        return _nothing(logdir, arguments)
    return f"no recording in {_shown(arguments.path, None)}: nothing below it is a .pt.trace.json, an .xplane.pb or another trace"


def demo_command(arguments: argparse.Namespace) -> int:
    """Write the demo log."""
    if Path(arguments.folder).is_file():
        raise UsageError(f"{arguments.folder} is a file: name a folder that is empty or not there yet")
    with Bar("Training the demo's models") as bar:
        demo.write_demo(Path(arguments.folder), progress=lambda done, total, _run: bar.show(done, total))
    sys.stdout.write(f"The demo log is in {_shown(arguments.folder, None)}. Look at it with:\n")
    sys.stdout.write(f"  streamlit run app.py -- --logdir {_shown(arguments.folder, None)}\n")
    return OK


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Raise UsageError, where argparse would print its usage and leave."""
        raise UsageError(f"{message} (--help explains)")


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    about = "Look into training logs."
    parser = _Parser("python -m tbcore", description=about, epilog=_EXIT_CODES, formatter_class=raw)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    about = "say what is in a logdir, and what is wrong with it"
    one = commands.add_parser("inspect", help=about, description=_INSPECT, epilog=_EXIT_CODES, formatter_class=raw)
    one.add_argument("logdir", metavar="LOGDIR", help=_LOGDIR)
    one.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    one.add_argument("--runs", metavar="RE", help=_RUNS)
    one.add_argument("--tags", metavar="RE", help="one row per tag, of the tags that match likewise (. matches all)")
    one.set_defaults(command=inspect_command)

    about = "write the points of a logdir in other formats"
    one = commands.add_parser("export", help=about, description=_EXPORT, epilog=_EXIT_CODES, formatter_class=raw)
    one.add_argument("logdir", metavar="LOGDIR", help=_LOGDIR)
    one.add_argument("--kind", default="scalars", help=f"what to write: {', '.join(_WRITERS)} (default: scalars)")
    one.add_argument(
        "--format",
        choices=[*export.FORMATS, "pgf"],
        help="of scalars, hparams and runs; default: what the name of FILE ends with, else csv",
    )
    one.add_argument("--runs", metavar="RE", help=_RUNS)
    one.add_argument(
        "--tags", metavar="RE", help="only the tags that match likewise; of hparams and runs those of the metrics"
    )
    one.add_argument(
        "--out",
        metavar="PATH",
        help="the file, or of images, audio, meshes and embeddings the new folder; it appears whole or not at all (default: stdout)",
    )
    of_scalars = one.add_argument_group("options of scalars")
    of_scalars.add_argument(
        "--window",
        metavar="A:B",
        type=_window,
        help="only what lies between two places of the axis; either may be missing",
    )
    of_scalars.add_argument("--axis", choices=["step", "relative", "wall"], help="of the window, groups and figures")
    of_scalars.add_argument(
        "--smoothing", metavar="N", type=float, help="how much: of ema a weight below 1, as on the page"
    )
    of_scalars.add_argument(
        "--method", choices=list(scalars.SMOOTHINGS), help="how to smooth (default: ema, as TensorBoard)"
    )
    of_scalars.add_argument(
        "--derived",
        metavar="EXPRESSION",
        action="append",
        help='write what this comes to, such as "train/loss - eval/loss", and tags only where --tags names some; may be repeated',
    )
    of_scalars.add_argument(
        "--group-by",
        metavar="BY",
        help="put runs together: by folder, by hparam:NAME, or by what the parentheses of a regular expression capture",
    )
    of_scalars.add_argument("--middle", choices=["mean", "median"], help="the line of a group (default: mean)")
    of_scalars.add_argument("--band", choices=list(BANDS), help="around it (default: minmax)")
    of_scalars.add_argument("--earlier", action="store_true", help="with what a later attempt wrote again, marked")
    one.set_defaults(command=export_command)

    about = "say what the graphs of models are made of, and what their layers take"
    one = commands.add_parser("graph", help=about, description=_GRAPH, epilog=_EXIT_CODES, formatter_class=raw)
    one.add_argument("logdir", metavar="LOGDIR", help=_LOGDIR)
    one.add_argument("--run", "--runs", dest="runs", metavar="RE", help=_RUNS)
    one.add_argument("--tag", "--tags", dest="tags", metavar="RE", help="only the graphs whose tag matches likewise")
    how = one.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    how.add_argument(
        "--dot", action="store_true", help="print the graphs in DOT, for Graphviz and others, one after the other"
    )
    one.set_defaults(command=graph_command)

    about = "say where the time of recorded steps goes, and what to change"
    one = commands.add_parser("profile", help=about, description=_PROFILE, epilog=_EXIT_CODES, formatter_class=raw)
    one.add_argument("path", metavar="PATH", help="a recording, or a folder of runs as a LOGDIR of other commands")
    one.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    one.add_argument("--runs", metavar="RE", help=_RUNS)
    one.add_argument(
        "--loading",
        metavar="RE",
        default="",
        help="annotations with this in their name are loading data (default: usual names)",
    )
    one.set_defaults(command=profile_command)

    about = "run a command, and write what the machine does meanwhile into its run"
    one = commands.add_parser(
        "monitor", help=about, description=_MONITOR, formatter_class=raw,
        usage="%(prog)s [-h] --logdir RUN [--every SECONDS] [-- COMMAND ...]",
    )  # fmt: skip
    one.add_argument(
        "--logdir", metavar="RUN", required=True, help="the folder of the run; it is made where there is none"
    )
    one.add_argument(
        "--every", metavar="SECONDS", type=_seconds, default=1.0, help="between readings, 0.1 to 3600; 1 when not given"
    )
    one.add_argument("argv", metavar="COMMAND", nargs="*", help="what to run, with its arguments")
    one.set_defaults(command=monitor_command)

    about = "train small models and write their log, to have something to look at"
    one = commands.add_parser("demo", help=about, description=about, epilog=_EXIT_CODES, formatter_class=raw)
    one.add_argument("folder", metavar="DIR", help="a folder that is empty or not there yet")
    one.set_defaults(command=demo_command)
    return parser


def _seconds(text: str) -> float:
    """Return a number of seconds between readings. Raises ArgumentTypeError."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{_shown(text)} is no number of seconds from 0.1 to 3600")
    return seconds


def _opened(arguments: argparse.Namespace) -> tuple[Logdir, list[inspect.Logged]]:
    """Return the logdir, read, and those of its runs that are asked for."""
    passes = matcher(arguments.runs)
    matcher(arguments.tags)  # a wrong one should not wait for a long reading
    logdir = Logdir(arguments.logdir)
    with Bar("Reading") as bar:

        def tell(progress: Progress) -> None:
            bar.show(progress.bytes_done, progress.bytes_total)

        logdir.refresh(on_progress=tell)
    return logdir, [run for run in logdir.runs if passes(run.name)]


def _nothing(logdir: Logdir, arguments: argparse.Namespace) -> str:
    if logdir.runs:
        return f"none of {_counted(len(logdir.runs), 'run')} matches --runs {_shown(arguments.runs)}"
    return f"no event files in {_shown(arguments.logdir, None)}: nothing below it has tfevents in its name"


def _no_series(arguments: argparse.Namespace) -> str:
    matching = "" if arguments.tags is None else f" match --tags {_shown(arguments.tags)}"
    return f"no {arguments.kind} in {_shown(arguments.logdir, None)}{matching}: see {_see(arguments)}"


def _no_graphs(arguments: argparse.Namespace) -> str:
    matching = "" if arguments.tags is None else f" whose tag matches --tag {_shown(arguments.tags)}"
    return f"no graphs in {_shown(arguments.logdir, None)}{matching}: see {_see(arguments)}"


def _see(arguments: argparse.Namespace) -> str:
    return f"python -m tbcore inspect {shlex.quote(arguments.logdir)}"


# The report ----------------------------------------------------------------------------------------------------------

_LONGEST_NAME = 60
_LONGEST_PATH = 200
_MOST_MARKS = 12

_NUMBERS = (
    # header         row key              how it is spelled
    ("points",       "points",            "count"),
    ("steps",        "steps",             "count"),
    ("first",        "first_step",        "step"),
    ("last",         "last_step",         "step"),
    ("min",          "min_step",          "step"),
    ("max",          "max_step",          "step"),
    ("out of order", "out_of_order",      "fault"),
    ("superseded",   "superseded",        "fault"),
    ("not finite",   "non_finite",        "fault"),
    ("bytes",        "bytes",             "size"),
    ("begins",       "first_wall_time",   "time"),
    ("ends",         "last_wall_time",    "time"),
)  # fmt: skip


def _report(spec: str, runs: Sequence[inspect.Logged], logdir: Logdir, *, tags: bool) -> Iterator[str]:
    """Yield the lines of the report for people."""
    folders = logdir.snapshot.problems
    found = inspect.totals(runs, folders)
    problems = _counted(found.problems, "problem") if found.problems else "no problems"
    yield _shown(spec, None)
    yield (
        f"{_counted(found.runs, 'run')}, {_counted(found.files, 'file')}, {theme.size(found.bytes)}, "
        f"{_counted(found.points, 'point')}, {problems}"
    )
    document = inspect.document(spec, runs, folders, tags=tags)
    names = ("run", "kind", "tag") if tags else ("run", "kind")
    rows = []
    for run in document["runs"]:
        for place, row in enumerate(run["tags" if tags else "kinds"]):
            name = _shown(run["run"]) if place == 0 else ""
            what = (
                ("(sessions)" if row["kind"] == "session_log" else _shown(row["tag"])) if tags else f"{row['tags']:,}"
            )
            rows.append([name, row["kind"], what] + [_SPELLED[how](row[key]) for _header, key, how in _NUMBERS])
    if rows:
        yield ""
        heads = [*names] if tags else [*names, "tags"]
        yield from _aligned([heads + [header for header, _key, _how in _NUMBERS], *rows], left=len(names))
        yield ""
        yield f"first, last, min, max: steps. begins, ends: wall times in {_zone().tzname(None)}. -: none."
    yield from _sessions(document["runs"])
    waiting = [(file["file"], file["waiting"]) for run in document["runs"] for file in run["files"] if file["waiting"]]
    if waiting:
        yield ""
        yield "Unfinished records at the end, as in files that are being written:"
        yield from (f"  {_shown(file, None)}: {_counted(count, 'byte')}" for file, count in waiting)
    if document["problems"]:
        yield ""
        yield f"{_counted(found.problems, 'problem').capitalize()}:"
        yield from (f"  {_problem(row)}" for row in document["problems"])


def _sessions(runs: list[dict[str, Any]]) -> Iterator[str]:
    marked = [(run["run"], run["sessions"]) for run in runs if run["sessions"]]
    if marked:
        yield ""
        yield "Sessions, as the writers marked them, with steps:"
    for run, marks in marked:
        words = ", ".join(f"{mark['status']} {mark['step']:,}" for mark in marks[:_MOST_MARKS])
        more = f", and {len(marks) - _MOST_MARKS:,} more" if len(marks) > _MOST_MARKS else ""
        yield f"  {_shown(run)}: {words}{more}"


def _problem(row: dict[str, Any]) -> str:
    at = "" if row["offset"] is None else f", at byte {row['offset']:,}"
    lost = f"; {_counted(row['skipped'], 'byte')} skipped" if row["skipped"] else ""
    return f"{_shown(row['file'], None)}{at}: {_shown(row['reason'], None)}{lost}"


def _aligned(rows: list[list[str]], left: int) -> Iterator[str]:
    """Yield rows of cells as lines: the first `left` columns to the left, the others to the right."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        spaces = [" " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)]
        padded = enumerate(zip(row, spaces, strict=True))
        cells = [cell + space if place < left else space + cell for place, (cell, space) in padded]
        yield "  ".join(cells).rstrip()


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text)


def _moment(wall_time: float | str) -> str:
    return "-" if isinstance(wall_time, str) else theme.moment(wall_time, _zone())


_SPELLED: dict[str, Callable[[Any], str]] = {
    "count": "{:,}".format,
    "step": "{:,}".format,
    "fault": lambda count: f"{count:,}" if count else "-",
    "size": lambda count: "-" if count is None else theme.size(count),
    "time": _moment,
}


def _zone() -> Any:
    return datetime.now().astimezone().tzinfo


# The graphs ----------------------------------------------------------------------------------------------------------

_MOST_OPS = 12
_MOST_LAYERS = 200
_LAYERS = (
    # header         row key        how it is spelled
    ("parameters",   "parameters",  "number"),
    ("trainable",    "trainable",   "number"),
    ("share",        "share",       "share"),
    ("FLOPs",        "flops",       "number"),
    ("activations",  "activation",  "bytes"),
)  # fmt: skip


def _graphs(records: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines about graphs for people."""
    for place, row in enumerate(records):
        if place:
            yield ""
        yield f"{_shown(row['run'])}: {_shown(row['source'])} ({_shown(row['tag'])}, step {row['step']:,})"
        if "error" in row:
            yield f"  cannot be read: {_shown(row['error'], None)}"
            continue
        counts = [
            _counted(row["nodes"], "node"),
            _counted(row["edges"], "edge"),
            _counted(row["functions"], "function"),
        ]
        counts += [f"{_counted(row['dangling'], 'input')} that nothing gives"] if row["dangling"] else []
        yield f"  {', '.join(counts)}"
        ops = list(row["ops"].items())
        more = f", and {len(ops) - _MOST_OPS:,} more types" if len(ops) > _MOST_OPS else ""
        if ops:
            yield f"  {', '.join(f'{_shown(op)} {count:,}'.strip() for op, count in ops[:_MOST_OPS])}{more}"
        yield from (f"  {_shown(words, None)}" for words in row["problems"])
        if row["layers"]:
            yield from (f"  {line}" for line in _layer_lines(row))
        if len(row["layers"]) > _MOST_LAYERS:
            yield f"  The first {_MOST_LAYERS:,} of {len(row['layers']):,} layers are shown: --json tells all."
        yield from (f"  {words}" for words in row["notes"])


def _layer_lines(row: dict[str, Any]) -> Iterator[str]:
    """Yield the table of layers, with its sums."""
    totals = row["totals"]
    sums = totals | {"share": float(totals["parameters"] > 0)}
    lines = [["layer", "type", "output"] + [header for header, _key, _how in _LAYERS]]
    for layer in row["layers"][:_MOST_LAYERS]:
        names = [_shown(layer["layer"]), _shown(layer["type"]), layer["output"] or "-"]
        lines.append(names + [_AMOUNTS[how](layer[key]) for _header, key, how in _LAYERS])
    least = "at least" if totals["unknown"] else "about" if totals["assumed"] else ""
    lines.append(
        ["total", _counted(totals["layers"], "layer"), least] + [_AMOUNTS[how](sums[key]) for _h, key, how in _LAYERS]
    )
    yield from _aligned(lines, left=3)


_AMOUNTS: dict[str, Callable[[Any], str]] = {
    "number": lambda number: "-" if number is None else f"{number:,}",
    "bytes": lambda number: "-" if number is None else theme.size(number),
    "share": "{:.1%}".format,
}


# The recordings ------------------------------------------------------------------------------------------------------

_MOST_NAMES = 10
_TIMES_OF = {
    # table        what it is by         the name of a row, and its time
    "operators": ("host_self_us", "Operators, by their own time on the host"),
    "kernels": ("total_us", "Kernels"),
}


def _recording(row: dict[str, Any]) -> Iterator[str]:
    """Yield the lines about one recording for people."""
    names = [row["file"], f"span {row['span']}" if row["span"] > 1 else ""]
    # The name of a file begins with its run's.
    inside = row["run"] in ("", ".") or row["file"].startswith(f"{row['run']}/")
    yield ("" if inside else f"{_shown(row['run'])}: ") + _shown(" ".join(filter(None, names)), _LONGEST_PATH)
    if "error" in row:
        yield f"  cannot be read: {_shown(row['error'], None)}"
        yield ""
        return
    yield f"  {_shown(row['verdict']['text'], None)}"
    yield from (f"  {_shown(words, None)}" for words in row["notes"])
    average, totals = row["average"], [step["total_us"] for step in row["steps"]]
    told = profile_words.time(average["total_us"] * 1e3)
    yield f"  {_counted(len(totals), 'step')} of {told} on average" if totals else "  no steps"
    lines = [
        [name, profile_words.time(time * 1e3), profile_words.share(average["shares"][name])]
        for name, time in average["categories"].items()
        if time
    ]
    yield from (f"    {line}" for line in _aligned(lines, left=1))
    for device in row["devices"]:
        shares = {
            "utilisation": device["utilization"], "SM efficiency": device["sm_efficiency"],
            "occupancy": device["occupancy"], "Tensor Cores": device["tensor_cores"],
        }  # fmt: skip
        known = [f"{name} {profile_words.share(share)}" for name, share in shares.items() if share is not None]
        yield f"  device {device['device']} {_shown(device['name'])}: {', '.join(known)}"
    for peak in row["memory_peaks"]:
        yield f"  peak memory, {peak['device']}: {theme.size(peak['bytes'])}"
    for one in row["findings"]:
        cost = f" ({profile_words.time(one['cost_us'] * 1e3)})" if one["cost_us"] else ""
        yield f"  [{one['severity']}] {_shown(one['title'], None)}{cost}"
        yield f"      {_shown(one['text'], None)}"
        yield from (f"      - {_shown(words, None)}" for words in one["advice"])
    for key, (by, title) in _TIMES_OF.items():
        table = sorted(row[key], key=lambda one: -one[by])[:_MOST_NAMES]
        if table:
            yield f"  {title}:"
            lines = [[_shown(one["name"]), f"{one['calls']:,}", profile_words.time(one[by] * 1e3)] for one in table]
            yield from (f"    {line}" for line in _aligned(lines, left=1))
    if row["not_evaluated"]:
        yield f"  {_counted(len(row['not_evaluated']), 'rule')} could not be evaluated: --json says what they need."
    yield ""


# Where it goes -------------------------------------------------------------------------------------------------------


_TITLES = {"csv": "CSV", "json": "JSON", "parquet": "Parquet", "pgf": "PGF"}
_ENDINGS = {"csv": "csv", "json": "json", "parquet": "parquet", "pgf": "pgf", "tex": "pgf", "tikz": "pgf"}


def _format_of(out: str | None) -> str:
    """Return the format that a file's name ends with, "" where it names none."""
    return _ENDINGS.get(Path(out or "").suffix.lstrip(".").lower(), "")


def _told(tables: Iterable[pa.Table], series: Sequence[Series], bar: "Bar") -> Iterator[pa.Table]:
    """Yield the tables, and show how far they are."""
    done, total = 0, sum(len(one) for one in series)
    for table in tables:
        yield table
        done += table.num_rows
        bar.show(done, total)


_Counted = TypeVar("_Counted")


def _counting(items: Iterable[_Counted], total: int, bar: "Bar") -> Iterator[_Counted]:
    """Yield the items, and show how many of about `total` there were."""
    for done, item in enumerate(items):
        yield item
        bar.show(min(done, total), total)


_MOST_ERRORS = 20


def _complain_of(errors: Sequence[tuple[str, str, int, str]]) -> None:
    """Say which values could not be read; the others were written."""
    for run, tag, step, reason in errors[:_MOST_ERRORS]:
        _complain(f"{run}: {tag} at step {step:,} cannot be read: {reason}")
    if len(errors) > _MOST_ERRORS:
        _complain(f"so it is with {_counted(len(errors) - _MOST_ERRORS, 'more value')}")


@contextmanager
def _output(out: str | None) -> Iterator[BinaryIO]:
    """Give a file to write to, which takes its name when all went well; None is stdout."""
    if out is None:
        yield sys.stdout.buffer
        return
    target = Path(out)
    if target.exists() and not target.is_file():
        with target.open("wb") as pipe:
            yield pipe
        return
    try:
        with tempfile.TemporaryDirectory(prefix=f".{target.name[:40]}-", dir=target.parent) as aside:
            part = Path(aside, "part")
            with part.open("wb") as file:
                yield file
            part.replace(target)
    except OSError as error:
        # The name that people know is the one they gave.
        raise OSError(error.errno, error.strerror or str(error), out) from error


# The terminal --------------------------------------------------------------------------------------------------------


class Bar:
    """A line on a terminal that says how far something is, and goes when it is done; nothing where it is quick."""

    _PATIENCE, _EVERY, _WIDTH = 0.5, 0.1, 30

    def __init__(self, words: str, stream: TextIO | None = None) -> None:
        self._words = words
        self._stream = sys.stderr if stream is None else stream
        self._due = time.monotonic() + self._PATIENCE if self._stream.isatty() else float("inf")
        self._drawn = False

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_error: object) -> None:
        if self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def show(self, done: int, total: int) -> None:
        """Show that `done` of `total` is done, unless that was shown just now."""
        now = time.monotonic()
        if now < self._due:
            return
        share = min(1.0, done / total) if total else 0.0
        full = round(share * self._WIDTH)
        self._stream.write(f"\r{self._words} [{'#' * full}{'.' * (self._WIDTH - full)}] {share:4.0%}\x1b[K")
        self._stream.flush()
        self._drawn = True
        self._due = now + self._EVERY


def _shown(text: str, longest: int | None = _LONGEST_NAME) -> str:
    """Return text from a log as a terminal can be trusted with, on one line; a long one loses its middle."""
    safe = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
    if longest is None or len(safe) <= longest:
        return safe
    return f"{safe[: longest // 2]}…{safe[-(longest - longest // 2 - 1) :]}"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _are(count: int, what: str) -> str:
    return f"{'is' if count == 1 else 'are'} {_counted(count, what)}"


def _complain(words: str) -> None:
    sys.stderr.write(f"tbcore: {_shown(words, None)}\n")


def _let_go_of_stdout() -> None:
    """Let Python's last flush, on its way out, find nobody to complain about."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except io.UnsupportedOperation:
        return  # not a real file, so there is nothing behind it that could have closed

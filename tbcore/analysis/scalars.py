"""Scalars as tables and as curves: everything the Scalars page computes, in one place for notebooks.

series = logdir.find("scalars", tags="loss")
frame(series)                                             # every point
points(series, window=(0, 1_000), weight=0.9)             # those of a window, smoothed
grouped(series, by_pattern(runs(series), r"lr=([^/]+)"))  # mean and band of runs that belong together
derived(series, "train/loss - eval/loss")                 # curves made of others
at_step(series, 500); over_range(series, (0, 500)); overview(series)
pgfplots(lines(series, weight=0.9))                       # a figure for LaTeX
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tbcore.analysis import expressions, scalar_files
from tbcore.analysis.against import against
from tbcore.analysis.curves import Axis, Points
from tbcore.analysis.run_groups import (
    Band,
    Group,
    Groups,
    How,
    Together,
    by_folder,
    by_hparam,
    by_pattern,
    together,
)
from tbcore.analysis.scalar_files import Drawn, kept_of, pgfplots
from tbcore.analysis.scalar_tables import against_baseline, at_step, over_range, overview
from tbcore.analysis.smoothing import SMOOTHINGS, is_smooth, smoothed
from tbcore.series import Series

__all__ = [
    "AXIS_TITLES",
    "SMOOTHINGS",
    "Drawn",
    "against_baseline",
    "at_step",
    "by_folder",
    "by_hparam",
    "by_pattern",
    "derived",
    "frame",
    "group_schema",
    "group_tables",
    "grouped",
    "is_smooth",
    "lines",
    "over_range",
    "overview",
    "pgfplots",
    "points",
    "runs",
    "smoothed",
    "thinned",
]

AXIS_TITLES: Mapping[str, str] = {
    "step": "step",
    "relative": "seconds since the start",
    "wall": "seconds since the epoch",
}
_PLACES: Mapping[Axis, str] = {"step": "step", "relative": "relative", "wall": "wall_time"}
_COLORS = ("#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#ff8ab7", "#a463f2", "#97bbf5", "#9c6b4e", "#9498a0")


# Points --------------------------------------------------------------------------------------------------------------


def frame(series: Iterable[Series]) -> pd.DataFrame:
    """Return the points of all series: run, tag (categories), step, wall_time, value; one row per point, order kept."""
    every = list(series)
    counts = [len(one) for one in every]
    names = pd.Index(dict.fromkeys(one.run for one in every), dtype=object)
    tags = pd.Index(dict.fromkeys(one.tag for one in every), dtype=object)
    run_codes = np.repeat(
        names.get_indexer(pd.Index([one.run for one in every])) if every else np.zeros(0, int), counts
    )
    tag_codes = np.repeat(tags.get_indexer(pd.Index([one.tag for one in every])) if every else np.zeros(0, int), counts)
    return pd.DataFrame(
        {
            "run": pd.Categorical.from_codes(run_codes, categories=names),
            "tag": pd.Categorical.from_codes(tag_codes, categories=tags),
            "step": np.concatenate([one.steps for one in every] or [np.zeros(0, np.int64)]),
            "wall_time": np.concatenate([one.wall_times for one in every] or [np.zeros(0)]),
            "value": np.concatenate([one.values for one in every] or [np.zeros(0)]),
        }
    )


def points(
    series: Iterable[Series],
    *,
    window: tuple[float, float] | None = None,
    axis: Axis = "step",
    starts: Mapping[str, float] | None = None,
    weight: float = 0.0,
    method: str = "ema",
    earlier: bool = False,
) -> pd.DataFrame:
    """Return the points of a window: run, tag, step, wall_time, relative, value; smoothed; superseded. One row per point.

    window: both ends included, None for all; on the step axis, in seconds since the epoch ("wall"), or in seconds since
    the run began ("relative"). weight: the parameter of `method`, one of SMOOTHINGS, which smooths the whole curve.
    earlier: with the points that a later attempt wrote again, which are marked and are not smoothed.
    """
    every = list(series)
    wanted = scalar_files.schema(every, smooth=is_smooth(method, weight), earlier=earlier)
    some = scalar_files.tables(
        every, window=window, axis=axis, starts=starts, weight=weight, method=method, earlier=earlier
    )
    return _frame(some, wanted)


def runs(series: Iterable[Series]) -> list[str]:
    """Return the runs of the series, each once, in order."""
    return list(dict.fromkeys(one.run for one in series))


def derived(series: Iterable[Series], expression: str) -> list[Series]:
    """Return what an expression over tags comes to, one series per run that has them all, named like the expression.

    Raises ExpressionError, with the place of the first character that is wrong.
    """
    by_run: dict[str, dict[str, Series]] = {}
    for one in series:
        by_run.setdefault(one.run, {})[one.tag] = one
    read = expressions.parse(expression, {tag for of_run in by_run.values() for tag in of_run})
    found = (expressions.derived(read, of_run) for of_run in by_run.values())
    return [one for one in found if one is not None]


# Groups of runs ------------------------------------------------------------------------------------------------------


def grouped(
    series: Iterable[Series],
    groups: Groups,
    *,
    how: How = "mean",
    band: Band = "minmax",
    axis: Axis = "step",
    window: tuple[float, float] | None = None,
    starts: Mapping[str, float] | None = None,
    weight: float = 0.0,
    method: str = "ema",
) -> pd.DataFrame:
    """Return what groups of runs come to, tag by tag: group, tag, step, value, low, high, runs; one row per step of any.

    value: the mean or the median of the runs there are at this step, which `runs` counts; where a run has no point of
    its own, the straight line between its neighbours counts. low, high: the band around it, missing where there is none.
    With another axis, "relative" or "wall_time" takes the place of step. With smoothing, a column "smoothed" of value.
    """
    some = group_tables(
        series, groups, how=how, band=band, axis=axis, window=window, starts=starts, weight=weight, method=method
    )
    return _frame(some, group_schema(axis, smooth=is_smooth(method, weight)))


def group_schema(axis: Axis = "step", *, smooth: bool = False) -> pa.Schema:
    """Return the columns of `grouped`."""
    columns = {"group": pa.string(), "tag": pa.string(), _PLACES[axis]: pa.int64() if axis == "step" else pa.float64()}
    columns |= dict.fromkeys(("value", "low", "high"), pa.float64()) | {"runs": pa.int64()}
    columns |= {"smoothed": pa.float64()} if smooth else {}
    return pa.schema(list(columns.items()))


def group_tables(
    series: Iterable[Series],
    groups: Groups,
    *,
    how: How = "mean",
    band: Band = "minmax",
    axis: Axis = "step",
    window: tuple[float, float] | None = None,
    starts: Mapping[str, float] | None = None,
    weight: float = 0.0,
    method: str = "ema",
) -> Iterator[pa.Table]:
    """Yield the rows of `grouped`, one table per tag and group that has any."""
    for tag, group, found in _together(series, groups, how, band, axis, starts or {}, {}):
        inside = slice(None) if window is None else (found.x >= window[0]) & (found.x <= window[1])
        count = len(found.x[inside])
        if not count:
            continue
        columns = {
            "group": pa.DictionaryArray.from_arrays(np.zeros(count, np.int32), pa.array([group.name])),
            "tag": pa.DictionaryArray.from_arrays(np.zeros(count, np.int32), pa.array([tag])),
            _PLACES[axis]: pa.array(found.x[inside]),
            "value": pa.array(found.middle[inside]),
            "low": pa.array(found.low[inside]),
            "high": pa.array(found.high[inside]),
            "runs": pa.array(found.counts[inside]),
        }
        if is_smooth(method, weight):
            columns["smoothed"] = pa.array(smoothed(found.middle, method, weight, found.x)[inside])
        yield pa.table(columns)


def _together(
    series: Iterable[Series],
    groups: Groups,
    how: How,
    band: Band,
    axis: Axis,
    starts: Mapping[str, float],
    across: Mapping[str, Series],
) -> Iterator[tuple[str, Group, Together]]:
    """Yield what each group comes to, tag by tag; runs of no group count alone, under their own names."""
    by_tag: dict[str, dict[str, Series]] = {}
    for one in series:
        by_tag.setdefault(one.tag, {})[one.run] = one
    every = (*groups.groups, *(Group(run, (run,), (run,)) for run in groups.others))
    for tag, of_tag in by_tag.items():
        for group in every:
            members = [of_tag[run] for run in group.runs if run in of_tag]
            curves = [placed for one in members if (placed := _placed(one, axis, starts, across)) is not None]
            if curves:
                yield tag, group, together(curves, how, band)


# Figures -------------------------------------------------------------------------------------------------------------


def lines(
    series: Sequence[Series],
    *,
    colors: Mapping[str, str] | None = None,
    axis: Axis = "step",
    across: Mapping[str, Series] | None = None,
    window: tuple[float, float] | None = None,
    starts: Mapping[str, float] | None = None,
    weight: float = 0.0,
    method: str = "ema",
    groups: Groups | None = None,
    how: How = "mean",
    band: Band = "minmax",
) -> list[Drawn]:
    """Return the lines of a figure, as a card shows them: each smoothed curve with the logged one pale behind it.

    colors: by run, or by group; across: the series of another tag by run, whose values are the x axis instead. groups:
    a line for each with its band, in place of the runs. A window keeps one point more on either side, so that lines go
    on to its edge. Runs without a point in it have no line.
    """
    several = len({one.tag for one in series}) > 1
    named: list[Drawn] = []
    if groups is None:
        for one in series:
            placed = _placed(one, axis, starts or {}, across or {})
            if placed is not None:
                named.append(Drawn(f"{one.run} · {one.tag}" if several else one.run, one.run, *placed))
    else:
        for tag, group, made in _together(series, groups, how, band, axis, starts or {}, across or {}):
            name = f"{group.name} · {tag}" if several else group.name
            named.append(Drawn(name, group.name, made.x, made.middle, low=made.low, high=made.high))
    order = dict.fromkeys(line.color for line in named)
    usual = {name: _COLORS[number % len(_COLORS)] for number, name in enumerate(order)} | dict(colors or {})
    found: list[Drawn] = []
    for line in named:
        kept = _inside(line.x, window)
        if not len(line.x[kept]):
            continue
        whole = replace(line, color=usual[line.color])
        if is_smooth(method, weight):
            found.append(_only(replace(whole, pale=True, low=None, high=None), kept))
            whole = replace(whole, y=smoothed(line.y, method, weight, line.x))
        found.append(_only(whole, kept))
    return found


def thinned(lines: Iterable[Drawn], columns: int = 1_000) -> list[Drawn]:
    """Return the lines with what `columns` pixel columns can show of them: the least and the greatest of each."""
    return [_only(line, kept_of(line, columns)) for line in lines]


def _placed(
    series: Series, axis: Axis, starts: Mapping[str, float], across: Mapping[str, Series]
) -> tuple[NDArray[np.number], NDArray[np.floating]] | None:
    """Return where the points of a series lie, and their values; None without any, or without the tag of the x axis."""
    own = _counting(series)
    if across:
        if series.run not in across:
            return None
        found = against(_counting(across[series.run]), own)
        return (found.x, found.y) if len(found.x) else None
    if not len(own.steps):
        return None
    if axis == "step":
        return own.steps, own.values
    start = starts.get(series.run, float(own.wall_times[0])) if axis == "relative" else 0.0
    return own.wall_times - start, own.values


def _counting(series: Series) -> Points:
    """Return the points that no later attempt wrote again."""
    if not series.superseded.any():
        return Points(series.steps, series.wall_times, series.values)
    kept = ~series.superseded
    return Points(series.steps[kept], series.wall_times[kept], series.values[kept])


def _inside(x: NDArray[np.number], window: tuple[float, float] | None) -> "slice | NDArray[np.bool_]":
    if window is None:
        return slice(None)
    inside = (x >= window[0]) & (x <= window[1])
    wider: NDArray[np.bool_] = inside.copy()
    wider[1:] |= inside[:-1]
    wider[:-1] |= inside[1:]
    return wider


def _only(line: Drawn, kept: Any) -> Drawn:
    low, high = (None if edge is None else edge[kept] for edge in (line.low, line.high))
    return replace(line, x=line.x[kept], y=line.y[kept], low=low, high=high)


def _frame(tables: Iterable[pa.Table], schema: pa.Schema) -> pd.DataFrame:
    """Return tables as one frame, whose names are categories."""
    some = [table.cast(_of_names(schema)) for table in tables] or [_of_names(schema).empty_table()]
    whole: pd.DataFrame = pa.concat_tables(some).unify_dictionaries().to_pandas()
    return whole


def _of_names(schema: pa.Schema) -> pa.Schema:
    names = pa.dictionary(pa.int32(), pa.string())
    return pa.schema([(one.name, names if one.type == pa.string() else one.type) for one in schema])

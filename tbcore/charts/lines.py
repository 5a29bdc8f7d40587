"""Cards of curves as the browser component `lines` draws them: what is where as JSON, the points as Arrow columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True)
class Line:
    """One line of a card: columns of its points [n], with their smoothed values where it has them, and of its means.

    run: position in the list of runs. total: points of the log that the line stands for. everything: their values, where
    a column "place" tells which of them the points are. earlier: of an attempt that a
    later one wrote again. tag: position in the tags of the card, dash: the pattern it is drawn in, 0 for none; right:
    whether it belongs to the second y axis.
    """

    run: int
    columns: Mapping[str, NDArray[Any]]
    total: int
    whole: bool
    everything: NDArray[np.floating] | None = None
    means: Mapping[str, NDArray[Any]] | None = None
    earlier: bool = False
    tag: int = 0
    dash: int = 0
    right: bool = False


@dataclass(frozen=True)
class Card:
    """One card and its tables, by the names the component looks for."""

    spec: dict[str, Any]
    tables: dict[str, pa.Table] = field(repr=False)


class _Points(Protocol):
    @property
    def steps(self) -> NDArray[np.int64]: ...
    @property
    def wall_times(self) -> NDArray[np.floating]: ...
    @property
    def values(self) -> NDArray[np.floating]: ...


class _Curve(Protocol):
    @property
    def points(self) -> _Points: ...
    @property
    def total(self) -> int: ...
    @property
    def whole(self) -> bool: ...
    @property
    def smoothed(self) -> NDArray[np.floating] | None: ...
    @property
    def means(self) -> _Points | None: ...
    @property
    def counts(self) -> NDArray[np.floating] | None: ...
    @property
    def everything(self) -> tuple[NDArray[np.floating], NDArray[np.int64]] | None: ...
    @property
    def x(self) -> NDArray[np.floating] | None: ...
    @property
    def band(self) -> tuple[NDArray[np.floating], NDArray[np.floating]] | None: ...
    @property
    def runs(self) -> NDArray[np.integer] | None: ...


def line(run: int, curve: _Curve, *, earlier: bool = False, tag: int = 0, dash: int = 0, right: bool = False) -> Line:
    """Return the line of a curve: points [n], their smoothed values, and column means with their counts.

    The columns "x", "low", "high" and "runs" are there where the curve has them: what is on the x axis in place of a
    step or a time, the edges of a band, and how many runs are in each point.
    """
    points = {"step": curve.points.steps, "wall": curve.points.wall_times, "value": curve.points.values}
    if curve.smoothed is not None:
        points["smooth"] = curve.smoothed.astype(curve.points.values.dtype)
    if curve.x is not None:
        points["x"] = curve.x
    if curve.band is not None:
        points["low"], points["high"] = curve.band
    if curve.runs is not None:
        points["runs"] = curve.runs.astype(np.int32)
    values = None
    if curve.everything is not None:
        values, points["place"] = curve.everything
    means = None
    if curve.means is not None and curve.counts is not None:
        means = {
            "step": curve.means.steps,
            "wall": curve.means.wall_times,
            "mean": curve.means.values.astype(np.float32),
            "count": curve.counts.astype(np.float32),
        }
    return Line(run, points, curve.total, curve.whole, values, means, earlier, tag, dash, right)


def card(
    tag: str,
    title: str,
    group: str,
    lines: Sequence[Line],
    *,
    table: str,
    description: str = "",
    window: dict[str, Any] | None = None,
    about: Mapping[str, Any] | None = None,
) -> Card:
    """Return the card of one tag; `table` names its Arrow tables, one row per point, line after line.

    about: what else the component is told of the card.
    """
    tables: dict[str, pa.Table] = {}
    rows = _stack(tables, table, [line.columns for line in lines])
    means = _stack(tables, f"{table}_means", [line.means for line in lines])
    values = [None if line.everything is None else {"value": line.everything} for line in lines]
    everything = _stack(tables, f"{table}_all", values)
    series = [
        {
            "run": line.run,
            "start": place[0],
            "count": place[1],
            "points": line.total,
            "whole": line.whole,
            "smooth": "smooth" in line.columns,
            "means": means_place,
            "all": all_place,
            "earlier": line.earlier,
            **_manner(line),
        }
        for line, place, means_place, all_place in zip(lines, rows, means, everything, strict=True)
        if place is not None
    ]
    spec = {
        "tag": tag,
        "title": title,
        "group": group,
        "description": description,
        "table": table,
        "series": series,
        "window": window,
        **(about or {}),
    }
    return Card(spec, tables)


def _manner(line: Line) -> dict[str, Any]:
    """Return how a line differs from the usual one, to which it says nothing."""
    manner = {"tag": line.tag, "dash": line.dash, "side": "right" if line.right else "", "band": "low" in line.columns}
    return {name: value for name, value in manner.items() if value}


def _stack(
    tables: dict[str, pa.Table], name: str, lines: Sequence[Mapping[str, NDArray[np.floating]] | None]
) -> list[list[int] | None]:
    """Put the lines' columns one below the other as the table `name`; return [first row, rows] of each, None without."""
    places: list[list[int] | None] = []
    present = [line for line in lines if line is not None]
    row = 0
    for line in lines:
        if line is None:
            places.append(None)
            continue
        count = len(next(iter(line.values())))
        places.append([row, count])
        row += count
    if present:
        names = dict.fromkeys(column for line in present for column in line)
        tables[name] = pa.table({column: _stacked(column, present) for column in names})
    return places


def _stacked(column: str, lines: Sequence[Mapping[str, NDArray[Any]]]) -> NDArray[Any]:
    """Return one column of all lines; steps as small as they allow, since browsers read no 64-bit integers quickly."""
    parts = [line[column] if column in line else np.full(len(line["step"]), np.nan, np.float32) for line in lines]
    stacked = parts[0] if len(parts) == 1 else np.concatenate(parts)
    if stacked.dtype != np.int64:
        return stacked
    small = len(stacked) == 0 or (stacked.min() >= -(2**31) and stacked.max() < 2**31)
    return stacked.astype(np.int32 if small else np.float64)

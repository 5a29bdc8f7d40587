"""Cards of curves as the browser component `lines` draws them: what is where as JSON, the points as Arrow columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True)
class Line:
    """One line of a card: columns of its points [n], of its smoothed points and of its column means, where it has them.

    run: position in the list of runs. total: points of the log that the line stands for. earlier: of an attempt that a
    later one wrote again.
    """

    run: int
    columns: Mapping[str, NDArray[np.floating]]
    total: int
    whole: bool
    smoothed: Mapping[str, NDArray[np.floating]] | None = None
    means: Mapping[str, NDArray[np.floating]] | None = None
    earlier: bool = False


@dataclass(frozen=True)
class Card:
    """One card and its tables, by the names the component looks for."""

    spec: dict[str, Any]
    tables: dict[str, pa.Table] = field(repr=False)


class _Points(Protocol):
    @property
    def steps(self) -> NDArray[np.floating]: ...
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
    def smoothed(self) -> _Points | None: ...
    @property
    def means(self) -> _Points | None: ...
    @property
    def counts(self) -> NDArray[np.floating] | None: ...


def line(run: int, curve: _Curve, *, earlier: bool = False) -> Line:
    """Return the line of a curve: points [n], their smoothed values, and column means with their counts."""
    means = None
    if curve.means is not None and curve.counts is not None:
        means = {
            "step": curve.means.steps,
            "wall": curve.means.wall_times,
            "mean": np.asarray(curve.means.values, np.float64),
            "count": curve.counts,
        }
    smoothed = None if curve.smoothed is None else _columns(curve.smoothed)
    return Line(run, _columns(curve.points), curve.total, curve.whole, smoothed, means, earlier)


def _columns(points: _Points) -> dict[str, NDArray[np.floating]]:
    return {"step": points.steps, "wall": points.wall_times, "value": points.values}


def card(
    tag: str, title: str, group: str, lines: Sequence[Line], *, table: str, description: str = "", window: dict[str, Any] | None = None
) -> Card:
    """Return the card of one tag; `table` names its Arrow tables, one row per point, line after line."""
    tables: dict[str, pa.Table] = {}
    rows = _stack(tables, table, [line.columns for line in lines])
    smoothed = _stack(tables, f"{table}_smooth", [line.smoothed for line in lines])
    means = _stack(tables, f"{table}_means", [line.means for line in lines])
    series = [
        {
            "run": line.run,
            "start": place[0],
            "count": place[1],
            "points": line.total,
            "whole": line.whole,
            "smooth": smooth_place,
            "means": means_place,
            "earlier": line.earlier,
        }
        for line, place, smooth_place, means_place in zip(lines, rows, smoothed, means, strict=True)
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
    }
    return Card(spec, tables)


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
        count = len(line["step"])
        places.append([row, count])
        row += count
    if present:
        tables[name] = pa.table({column: np.concatenate([line[column] for line in present]) for column in present[0]})
    return places

"""Points over two columns as the browser component `scatter` draws them: cells, and the marks in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tbcore.charts import parallel
from tbcore.charts.parallel import Axis, Colors

HEIGHT = 440
CELL = 168  # pixels of height of one cell of a grid
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Marks:
    """What is drawn in a cell besides its points, and the tables it is drawn from."""

    specs: list[dict[str, Any]] = field(default_factory=list)
    tables: dict[str, pa.Table] = field(default_factory=dict, repr=False)

    def add(self, form: str, columns: Mapping[str, Any], **how: Any) -> None:
        """Add one mark. form: which of `marks.js`; columns: its numbers; how: colour, width, whether over the points."""
        name = f"mark{len(self.tables)}"
        self.tables[name] = pa.table({key: np.asarray(values) for key, values in columns.items()})
        self.specs.append({"form": form, "table": name, **how})


class _Trend(Protocol):
    @property
    def x(self) -> Floats: ...
    @property
    def y(self) -> Floats: ...
    @property
    def low(self) -> Floats: ...
    @property
    def high(self) -> Floats: ...


class _Surface(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def x(self) -> Floats: ...
    @property
    def y(self) -> Floats: ...
    @property
    def z(self) -> Floats: ...


class _Box(Protocol):
    @property
    def label(self) -> str: ...
    @property
    def low(self) -> float: ...
    @property
    def q1(self) -> float: ...
    @property
    def median(self) -> float: ...
    @property
    def q3(self) -> float: ...
    @property
    def high(self) -> float: ...


def single(
    x: Axis,
    y: Axis,
    besides: Sequence[Axis],
    colors: Colors,
    brush: Mapping[str, Any],
    marks: Marks,
    *,
    note: str = "",
    fixed: bool = False,
    ringed: bool = False,
    height: int = HEIGHT,
) -> dict[str, Any]:
    """Return one plot. besides: what the tooltip tells of a point too; fixed: whether nothing can be brushed.
    ringed: whether points stand out from what lies under them.
    """
    cell = {"row": 0, "column": 0, "x": 0, "y": 1, "marks": marks.specs}
    return {
        **parallel.view([x, y, *besides], colors, brush),
        "cells": [cell],
        "height": height,
        "note": note,
        "fixed": fixed,
        "ringed": ringed,
    }


def matrix(
    across: Sequence[Axis], down: Sequence[Axis], colors: Colors, brush: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Axis]]:
    """Return a grid of plots, a column for each of `across` and a row for each of `down`, and its axes in order."""
    axes = [*across, *down]
    cells = [
        {"row": row, "column": column, "x": column, "y": len(across) + row}
        for row in range(len(down))
        for column in range(len(across))
    ]
    shown = {**parallel.view(axes, colors, brush), "cells": cells, "height": 60 + CELL * len(down), "fixed": False}
    return shown, axes


def trend(found: _Trend, color: str) -> Marks:
    """Return a line with its band."""
    marks = Marks()
    if len(found.x) and bool(np.isfinite(found.low).all()):
        marks.add("band", {"x": found.x, "low": found.low, "high": found.high}, color=color)
    if len(found.x):
        marks.add("line", {"x": found.x, "y": found.y}, color=color, over=True, width=1.8)
    return marks


def boxes(found: Sequence[_Box], levels: Sequence[str]) -> Marks:
    """Return a box for each category that has one."""
    places = {level: place for place, level in enumerate(levels)}
    kept = [one for one in found if one.label in places]
    marks = Marks()
    if kept:
        columns = {
            "x": [float(places[one.label]) for one in kept],
            "least": [one.low for one in kept],
            "low": [one.q1 for one in kept],
            "middle": [one.median for one in kept],
            "high": [one.q3 for one in kept],
            "most": [one.high for one in kept],
        }
        marks.add("boxes", columns, paint="text")
    return marks


def front(x: Floats, y: Floats, color: str) -> Marks:
    """Return the points of a front, in the order of `x`, joined and ringed."""
    marks = Marks()
    order = np.lexsort((y, x))
    if len(order):
        marks.add("line", {"x": x[order], "y": y[order]}, color=color, width=1.5, dash=[4, 3])
        marks.add("rings", {"x": x, "y": y}, color=color, over=True)
    return marks


def best_so_far(times: Floats, best: Floats, improved: NDArray[np.bool_], color: str) -> Marks:
    """Return the best value until each time as steps, with a ring where it was bettered."""
    marks = Marks()
    if len(times):
        marks.add("step", {"x": times, "y": best}, color=color, width=2)
        marks.add("rings", {"x": times[improved], "y": best[improved]}, color=color, over=True)
    return marks


def dependence(grid: Floats, mean: Floats, low: Floats, high: Floats, color: str, *, numbers: bool) -> Marks:
    """Return what a model says along a column: a line with its band, or a whisker for each category."""
    marks = Marks()
    if not len(grid):
        return marks
    if numbers:
        marks.add("band", {"x": grid, "low": low, "high": high}, color=color, over=True)
        marks.add("line", {"x": grid, "y": mean}, color=color, over=True, width=2.5)
    else:
        marks.add("whiskers", {"x": grid, "y": mean, "low": low, "high": high}, color=color, over=True)
    return marks


def tiles(found: _Surface, x_log: bool, y_log: bool, low: float, high: float, *, log: bool = False) -> Marks:
    """Return a surface as tiles whose colours go from `low` to `high`; cells are one wide, around whole numbers."""
    marks = Marks()
    known = np.isfinite(found.z)
    if not known.any():
        return marks
    cells = found.kind == "cells"
    left, right = (found.x - 0.5, found.x + 0.5) if cells else _edges(found.x, x_log)
    bottom, top = (found.y - 0.5, found.y + 0.5) if cells else _edges(found.y, y_log)
    down, across = np.nonzero(known)
    columns = {
        "left": left[across],
        "right": right[across],
        "bottom": bottom[down],
        "top": top[down],
        "paint": parallel.shades(found.z[known], low, high, log=log and low > 0),
    }
    marks.add("tiles", columns, ramp=parallel.ramp())
    return marks


def _edges(centers: Floats, log: bool) -> tuple[Floats, Floats]:
    """Return where each tile begins and ends: halfway to its neighbours."""
    places = np.log10(centers) if log else centers
    middles = (places[1:] + places[:-1]) / 2
    first, last = 2 * places[0] - middles[0], 2 * places[-1] - middles[-1]
    found = np.concatenate(([first], middles)), np.concatenate((middles, [last]))
    return (10.0 ** found[0], 10.0 ** found[1]) if log else found

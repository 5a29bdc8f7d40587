"""Relations between the columns of a sheet: what cannot be bettered, what was best so far, lines, surfaces, boxes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tbcore.analysis.sheets import Cells, Sheet, levels, word, words

Better = Literal["", "low", "high"]
Floats = NDArray[np.float64]

_POINTS = 100  # of a line
_FEW_LEVELS = 12  # values of an axis up to which it is made of cells
_FILLED = 0.4  # share of the cells that must be known for a surface of cells
_ROUGHLY = 1.5  # rows per value from which on an axis counts as made of cells
_FENCE = 1.5  # interquartile ranges that whiskers reach at most


# Fronts --------------------------------------------------------------------------------------------------------------


def pareto(sheet: Sheet, keys: Sequence[str], better: Sequence[Better] | None = None) -> NDArray[np.bool_]:
    """Return which rows [rows] are on the Pareto front of some metrics: no other is as good in all and better in one.

    better: the good end of each, instead of what the columns say; "" counts as low. Rows that are equal are on it
    together; one that lacks a metric, or in which it is not finite, never is.
    """
    ends = [_better(sheet, key) for key in keys] if better is None else list(better)
    if not keys:
        return np.zeros(len(sheet), np.bool_)
    costs = np.column_stack(
        [(-1.0 if end == "high" else 1.0) * _numbers(sheet, key) for key, end in zip(keys, ends, strict=True)]
    )
    whole = np.isfinite(costs).all(1)
    found = np.zeros(len(sheet), np.bool_)
    points, place = np.unique(costs[whole], axis=0, return_inverse=True)
    found[whole] = _front(points)[place.ravel()]
    return found


def _front(points: Floats) -> NDArray[np.bool_]:
    """Return which of different points [n, d], in lexicographic order, no other one dominates."""
    found = np.zeros(len(points), np.bool_)
    left = np.arange(len(points))
    # In this order nothing later dominates what is earlier, so the first one left is always on the front.
    while len(left):
        first = left[0]
        found[first] = True
        left = left[1:][(points[left[1:]] < points[first]).any(1)]
    return found


def _better(sheet: Sheet, key: str) -> Better:
    column = sheet.column(key)
    return column.better if column is not None else ""


def _numbers(sheet: Sheet, key: str) -> Floats:
    """Return the numbers of a column [rows], NaN where there are none."""
    cells = sheet.cells[key]
    if cells.values.dtype == object:
        return np.full(len(sheet), np.nan)
    return np.where(cells.missing, np.nan, cells.values.astype(np.float64))


# Over time -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class History:
    """Rows in the order of time, and the best value until each.

    rows [n]: their numbers in the sheet; times, values, best [n]; improved [n]: whether the row was the best until
    then; left_out: rows without a time or a finite value.
    """

    rows: NDArray[np.int64]
    times: Floats
    values: Floats
    best: Floats
    improved: NDArray[np.bool_]
    left_out: int


def history(sheet: Sheet, key: str, by: str = "about:start", better: Better | None = None) -> History:
    """Return the best value of `key` so far, in the order of the column `by`.

    better: the good end, instead of what the column says; "" counts as low.
    """
    times, values = _numbers(sheet, by), _numbers(sheet, key)
    there = np.flatnonzero(np.isfinite(times) & np.isfinite(values))
    rows = there[np.argsort(times[there], kind="stable")]
    high = (_better(sheet, key) if better is None else better) == "high"
    best = (np.maximum if high else np.minimum).accumulate(values[rows])
    improved = np.ones(len(rows), np.bool_)
    improved[1:] = best[1:] != best[:-1]
    return History(rows, times[rows], values[rows], best, improved, len(sheet) - len(rows))


# Lines ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trend:
    """The straight line of least squares through points, on axes that may be logarithmic.

    slope, intercept: of the logarithms to base 10 where an axis is logarithmic; r: Pearson's correlation on these
    axes; rank: Spearman's. x, y [100]: the line; low, high [100]: the 95 % band of the line, NaN for less than 3
    points. All are NaN, and the line empty, where there is none: fewer than two points, or one above the other.
    """

    slope: float
    intercept: float
    r: float
    rank: float
    n: int
    left_out: int
    log_x: bool
    log_y: bool
    x: Floats
    y: Floats
    low: Floats
    high: Floats


def trend(x: Floats, y: Floats, log_x: bool = False, log_y: bool = False) -> Trend:
    """Return the trend of `y` [n] over `x` [n]; what an axis cannot show, NaN or what is not positive, is left out."""
    across, up = _scaled(x, log_x), _scaled(y, log_y)
    there = np.isfinite(across) & np.isfinite(up)
    across, up = across[there], up[there]
    count, left_out = len(across), int((~there).sum())
    none = np.zeros(0)
    nan = math.nan
    if count < 2 or across.min() == across.max():
        return Trend(nan, nan, nan, nan, count, left_out, log_x, log_y, none, none, none, none)
    center, middle = across.mean(), up.mean()
    # Measured in spans, so that neither squares nor products leave the range of floats.
    wide, tall = float(np.ptp(across)), float(np.ptp(up)) or 1.0
    dx, dy = (across - center) / wide, (up - middle) / tall
    slope = float(dx @ dy / (dx @ dx))
    line = np.linspace(across.min(), across.max(), _POINTS)
    heights = slope * (line - center) / wide
    margin = np.full(_POINTS, np.nan)
    if count > 2:
        spread = math.sqrt(float(((dy - slope * dx) ** 2).sum()) / (count - 2))
        margin = _student(count - 2) * spread * np.sqrt(1 / count + ((line - center) / wide) ** 2 / float(dx @ dx))
    r = float(dx @ dy / math.sqrt(float((dx @ dx) * (dy @ dy)))) if np.ptp(up) > 0 else nan
    with np.errstate(over="ignore"):
        y_line, low, high = (
            _unscaled(middle + tall * each, log_y) for each in (heights, heights - margin, heights + margin)
        )
    true_slope = slope * tall / wide
    return Trend(
        true_slope, float(middle - true_slope * center), r, _spearman(across, up), count, left_out, log_x, log_y,
        _unscaled(line, log_x), y_line, low, high,
    )  # fmt: skip


def _scaled(values: Floats, log: bool) -> Floats:
    values = np.asarray(values, np.float64)
    if not log:
        return values
    return np.log10(np.where(values > 0, values, np.nan))


def _unscaled(values: Floats, log: bool) -> Floats:
    return np.asarray(10.0**values if log else values)


def _student(freedom: int) -> float:
    """Return how many standard errors hold 95 % of Student's t."""
    # Importing it takes as long as drawing a page.
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.975))


def _spearman(x: Floats, y: Floats) -> float:
    one, two = _ranks(x), _ranks(y)
    one, two = one - one.mean(), two - two.mean()
    size = math.sqrt(float((one @ one) * (two @ two)))
    return float(one @ two) / size if size > 0 else math.nan


def _ranks(values: Floats) -> Floats:
    _values, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


# Surfaces ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Surface:
    """A value over two columns.

    kind: "cells" for means at the values that occur, "grid" for what lies between points, "points" where there are
    too few of them, or all on one line, and z is empty. x [w], y [h]: numbers on the axes, or 0, 1, 2, ... of cells;
    x_labels [w], y_labels [h]: what stands at cells; z [h, w]: NaN where nothing is known; counts [h, w]: rows in each
    cell, 0 between points; left_out: rows that lack one of the three.
    """

    kind: Literal["grid", "cells", "points"]
    x: Floats
    y: Floats
    x_labels: tuple[str, ...]
    y_labels: tuple[str, ...]
    z: Floats
    counts: NDArray[np.int64]
    left_out: int


def surface(
    x: NDArray[Any], y: NDArray[Any], z: Floats, *, log_x: bool = False, log_y: bool = False, size: int = 60
) -> Surface:
    """Return `z` [n] over `x` and `y` [n], which are numbers or text; "" and NaN count as missing.

    Text, and numbers of few different values, give cells; other numbers a grid of size * size, linear between the
    points and never outside of their hull.
    """
    z = np.asarray(z, np.float64)
    there = _there(x, log_x) & _there(y, log_y) & np.isfinite(z)
    left_out = int((~there).sum())
    x, y, z = x[there], y[there], z[there]
    if len(z) == 0:
        return _points(left_out)
    if _in_cells(x, y):
        return _cells(x, y, z, left_out)
    return _between(_scaled(x, log_x), _scaled(y, log_y), z, (log_x, log_y), size, left_out)


def _there(values: NDArray[Any], log: bool) -> NDArray[np.bool_]:
    if values.dtype == object:
        return np.fromiter((text != "" for text in values), np.bool_, len(values))
    return np.isfinite(_scaled(values, log))


def _points(left_out: int) -> Surface:
    none = np.zeros(0)
    return Surface("points", none, none, (), (), np.zeros((0, 0)), np.zeros((0, 0), np.int64), left_out)


def _in_cells(x: NDArray[Any], y: NDArray[Any]) -> bool:
    """Return whether there are few different values: of text always, of numbers when most of their cells are known."""
    if object in (x.dtype, y.dtype):
        return True
    wide, tall = len(np.unique(x)), len(np.unique(y))
    if wide > _FEW_LEVELS or tall > _FEW_LEVELS:
        return False
    known = len(np.unique(np.column_stack((x, y)), axis=0))
    return known >= _FILLED * wide * tall or len(x) >= _ROUGHLY * max(wide, tall)


def _cells(x: NDArray[Any], y: NDArray[Any], z: Floats, left_out: int) -> Surface:
    (x_labels, across), (y_labels, up) = _places(x), _places(y)
    shape = (len(y_labels), len(x_labels))
    places = up * shape[1] + across
    counts = np.bincount(places, minlength=shape[0] * shape[1])
    # The mean of huge numbers must not be infinite, as their sum would be.
    sums = np.bincount(places, z / counts[places], minlength=len(counts))
    means = np.where(counts > 0, sums, np.nan)
    return Surface(
        "cells", np.arange(shape[1], dtype=np.float64), np.arange(shape[0], dtype=np.float64),
        x_labels, y_labels, means.reshape(shape), counts.reshape(shape), left_out,
    )  # fmt: skip


def _places(values: NDArray[Any]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the different values in order, spelled, and which of them each is."""
    text = values.dtype == object
    different, places = np.unique(values.astype(str) if text else values, return_inverse=True)
    labels = tuple(str(one) if text else word(float(one)) for one in different.tolist())
    return labels, places.astype(np.int64).ravel()


def _between(x: Floats, y: Floats, z: Floats, logs: tuple[bool, bool], size: int, left_out: int) -> Surface:
    """Return a grid that is linear between the points."""
    # Importing them takes as long as drawing a page.
    from scipy.interpolate import LinearNDInterpolator
    from scipy.spatial import QhullError

    places, which = np.unique(np.column_stack((x, y)), axis=0, return_inverse=True)
    which = which.ravel()
    spans = np.ptp(places, axis=0)
    if len(places) < 3 or (spans == 0).any() or not np.isfinite(spans).all():
        return _points(left_out)
    counts = np.bincount(which)
    means = np.bincount(which, z / counts[which])
    unit = (places - places.min(0)) / spans
    steps = np.linspace(0, 1, size)
    try:
        found = LinearNDInterpolator(unit, means)(*np.meshgrid(steps, steps))
    except QhullError:
        return _points(left_out)
    if not np.isfinite(found).any():
        return _points(left_out)
    across, up = (places.min(0)[axis] + steps * spans[axis] for axis in (0, 1))
    nothing = np.zeros((size, size), np.int64)
    return Surface(
        "grid", _unscaled(across, logs[0]), _unscaled(up, logs[1]), (), (), np.asarray(found), nothing, left_out
    )  # fmt: skip


# Boxes ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Box:
    """The values of one category: quartiles, whiskers to the last value within 1.5 interquartile ranges, and the rest."""

    label: str
    n: int
    low: float
    q1: float
    median: float
    q3: float
    high: float
    mean: float
    outliers: tuple[float, ...]


def boxes(sheet: Sheet, key: str, target: str) -> list[Box]:
    """Return a box of the column `target` per value of the column `key` in their order, those without one last.

    Values that are not finite do not count; a category without any is left out.
    """
    column = sheet.column(key)
    if column is None:
        return []
    values, cells = _numbers(sheet, target), sheet.cells[key]
    finite = np.isfinite(values)
    spelled = np.array(words(column, Cells(cells.values, cells.missing)), object)
    there = ~cells.missing
    groups = [(label, there & (spelled == label)) for label, _count in levels(sheet, key)]
    groups.append(("missing", cells.missing))
    return [_box(label, values[rows & finite]) for label, rows in groups if (rows & finite).any()]


def _box(label: str, values: Floats) -> Box:
    q1, median, q3 = (float(one) for one in np.quantile(values, (0.25, 0.5, 0.75)))
    reach = _FENCE * (q3 - q1)
    inside = (values >= q1 - reach) & (values <= q3 + reach)
    return Box(
        label, len(values), float(values[inside].min()), q1, median, q3, float(values[inside].max()),
        float((values / len(values)).sum()), tuple(np.sort(values[~inside]).tolist()),
    )  # fmt: skip

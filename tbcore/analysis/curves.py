"""Curves of scalars: smoothed over all points, and reduced to what a screen can show without losing an extreme."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tbcore.series import Series

Axis = Literal["step", "relative", "wall"]
Floats = NDArray[np.float64]

_fast = njit(nogil=True, cache=True, error_model="numpy")


@dataclass(frozen=True)
class Points:
    """Points of a curve [n], in the order written."""

    steps: Floats
    wall_times: Floats
    values: NDArray[np.floating]


@dataclass(frozen=True)
class Curve:
    """One series as it is drawn.

    points: every point of the window when `whole`, else the least and the greatest of each pixel column, the first,
    the last, and where values are not finite. smoothed: the exact average over all points, reduced likewise; means and
    counts [columns]: the finite values of each pixel column. Both are None for whole curves, which a browser smooths exactly.
    total: how many points the window holds.
    """

    run: str
    points: Points
    total: int
    whole: bool
    smoothed: Points | None = None
    means: Points | None = None
    counts: Floats | None = None


def smooth(values: NDArray[np.floating], weight: float) -> Floats:
    """Return the debiased exponential moving average of `values` [n].

    weight: 0 leaves the values alone; 0.99 averages about the last 100.
    NaN and infinity are passed through and do not enter the average; a constant series stays as it is.
    Source: TensorBoard's data_transformer.ts, classicSmoothing.
    """
    wide = np.asarray(values, np.float64)
    if not 0 < weight or len(wide) == 0 or (np.isfinite(wide[0]) and bool((wide == wide[0]).all())):
        return wide.copy()
    return np.asarray(_average(wide, min(float(weight), 1.0)))


def curve(
    series: Series,
    *,
    weight: float = 0.0,
    columns: int = 512,
    axis: Axis = "step",
    window: tuple[float, float] | None = None,
    start: float = 0.0,
    superseded: bool = False,
) -> Curve:
    """Return the curve of a scalar series at `columns` pixel columns.

    window: the part of the x axis to show, None for all of it: steps, seconds after `start`, or seconds since the epoch,
    as `axis` says. superseded: show the points that a later attempt wrote again, instead of the others.
    """
    steps, wall_times, values = series.steps, series.wall_times, series.values
    mask = series.superseded
    if superseded or mask.any():
        chosen = mask if superseded else ~mask
        steps, wall_times, values = steps[chosen], wall_times[chosen], values[chosen]
    x = steps.astype(np.float64) if axis == "step" else wall_times
    inside = _inside(x, window, start if axis == "relative" else 0.0)
    if len(inside) <= 2 * columns:
        everything = len(inside) == len(steps)
        some = Points(steps[inside].astype(np.float64), wall_times[inside], values[inside])
        if everything or not weight > 0:
            return Curve(series.run, some, len(inside), everything)
        # Smoothing must not start anew at the edge of the window.
        exact = Points(some.steps, some.wall_times, smooth(values, weight)[inside])
        return Curve(series.run, some, len(inside), False, exact, some, np.isfinite(some.values).astype(np.float64))
    wide = values.astype(np.float64)
    kept = inside[reduced(x[inside], wide[inside], columns)]
    points = Points(steps[kept].astype(np.float64), wall_times[kept], values[kept])
    averages = smooth(wide, weight) if weight > 0 else wide
    smooth_kept = inside[reduced(x[inside], averages[inside], columns)] if weight > 0 else kept
    exact = Points(steps[smooth_kept].astype(np.float64), wall_times[smooth_kept], averages[smooth_kept])
    last, mean, count = _columns(x[inside], wide[inside], columns)
    at = inside[last]
    means = Points(steps[at].astype(np.float64), wall_times[at], mean)
    return Curve(series.run, points, len(inside), False, exact if weight > 0 else None, means, count)


def reduced(x: Floats, y: Floats, columns: int) -> NDArray[np.int64]:
    """Return which of the points [n] draw the curve at `columns` pixel columns, in order.

    Kept are the least and the greatest value of each pixel column, the first and the last point, and the first NaN and
    infinity of each column. Where x runs to and fro, equal stretches of points take the place of pixel columns.
    """
    if len(x) <= 2 * columns:
        return np.arange(len(x))
    low, high = _extent(x)
    kept = np.empty(len(x), np.int64)
    count = _reduce(x, y, low, high, columns, kept)
    if count > 6 * columns:
        count = _reduce(np.arange(len(x), dtype=np.float64), y, 0.0, float(len(x) - 1), columns, kept)
    return kept[:count].copy()


def extent(curves: Sequence[Curve]) -> tuple[float, float]:
    """Return the least and the greatest finite value that the curves show, (NaN, NaN) without any."""
    least, greatest = np.inf, -np.inf
    for one in curves:
        finite = one.points.values[np.isfinite(one.points.values)]
        if len(finite):
            least, greatest = min(least, float(finite.min())), max(greatest, float(finite.max()))
    return (least, greatest) if least <= greatest else (np.nan, np.nan)


def warm() -> None:
    """Compile what draws curves, or load it from the cache on disk."""
    x = np.arange(4.0)
    smooth(x, 0.5)
    _reduce(x, x, 0.0, 3.0, 1, np.empty(4, np.int64))
    _columns(x, x, 1)


def _inside(x: Floats, window: tuple[float, float] | None, origin: float) -> NDArray[np.int64]:
    """Return which points lie in the window, with one neighbour on each side so that lines go on to the edge."""
    if window is None:
        return np.arange(len(x))
    shifted = x - origin if origin else x
    inside = (shifted >= window[0]) & (shifted <= window[1])
    wider = inside.copy()
    wider[1:] |= inside[:-1]
    wider[:-1] |= inside[1:]
    if not wider.any() and len(x):
        # Between two points: the line that crosses the window is theirs.
        after = int(np.searchsorted(shifted, window[0])) if bool((np.diff(shifted) >= 0).all()) else 0
        wider[max(0, after - 1) : after + 1] = True
    return np.flatnonzero(wider)


def _extent(x: Floats) -> tuple[float, float]:
    finite = x[np.isfinite(x)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)


@_fast
def _average(values: Floats, weight: float) -> Floats:
    smoothed = np.empty_like(values)
    last = 0.0
    bias = 1.0
    for i in range(len(values)):
        value = values[i]
        if np.isfinite(value):
            last = last * weight + (1.0 - weight) * value
            bias *= weight
            smoothed[i] = last / (1.0 - bias) if weight < 1.0 else last
        else:
            smoothed[i] = value
    return smoothed


@_fast
def _column(x: float, low: float, scale: float, columns: int) -> int:
    place = (x - low) * scale
    if not place > 0:
        return 0
    return min(np.int64(place), np.int64(columns - 1))


@_fast
def _reduce(x: Floats, y: Floats, low: float, high: float, columns: int, kept: NDArray[np.int64]) -> int:
    """Write which points draw the curve into `kept` [n] and return how many."""
    scale = columns / (high - low) if high > low else 0.0
    none = np.int64(-1)
    count = 0
    current = none
    chosen = np.full(6, none)  # least, greatest, NaN, infinity, -infinity, an edge of the curve
    n = len(x)
    for i in range(n + 1):
        column = none if i == n else _column(x[i], low, scale, columns)
        if column != current:
            if current != none:
                chosen.sort()
                for k in range(6):
                    if chosen[k] >= 0 and (count == 0 or kept[count - 1] != chosen[k]):
                        kept[count] = chosen[k]
                        count += 1
            chosen[:] = none
            current = column
        if i == n:
            break
        if i == 0 or i == n - 1:
            chosen[5] = i
        value = y[i]
        if np.isfinite(value):
            if chosen[0] < 0 or value < y[chosen[0]]:
                chosen[0] = i
            if chosen[1] < 0 or value > y[chosen[1]]:
                chosen[1] = i
        elif np.isnan(value):
            if chosen[2] < 0:
                chosen[2] = i
        elif value > 0:
            if chosen[3] < 0:
                chosen[3] = i
        elif chosen[4] < 0:
            chosen[4] = i
    return count


@_fast
def _columns(x: Floats, y: Floats, columns: int) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Return, for stretches of points in one pixel column each, the last point, the mean of the finite values, how many."""
    low, high = np.inf, -np.inf
    for value in x:
        if np.isfinite(value):
            low, high = min(low, value), max(high, value)
    scale = columns / (high - low) if high > low else 0.0
    n = len(x)
    stretches = 0
    current = np.int64(-1)
    for i in range(n):
        column = _column(x[i], low, scale, columns)
        if column != current:
            stretches += 1
            current = column
    size = 1 if stretches <= 4 * columns else max(1, n // columns)
    by_place = size > 1
    room = (n + size - 1) // size if by_place else stretches
    last, mean, count = np.zeros(room, np.int64), np.zeros(room), np.zeros(room)
    at = -1
    current = np.int64(-1)
    for i in range(n):
        column = np.int64(i // size) if by_place else np.int64(_column(x[i], low, scale, columns))
        if column != current:
            at += 1
            current = column
        last[at] = i
        if np.isfinite(y[i]):
            mean[at] += y[i]
            count[at] += 1.0
    for i in range(room):
        mean[i] = mean[i] / count[i] if count[i] > 0 else np.nan
    return last, mean, count

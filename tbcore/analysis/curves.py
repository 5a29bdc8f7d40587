"""Curves of scalars: smoothed over all points, and reduced to what a screen can show without losing an extreme."""

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

    steps: NDArray[np.int64]
    wall_times: Floats
    values: NDArray[np.floating]


@dataclass(frozen=True)
class Curve:
    """One series as it is drawn.

    points: every point of the series when `whole`, else the least and the greatest of each pixel column of the window,
    the first, the last, and where values are not finite. smoothed [n]: the exact average over all points, at those
    points; means and counts [columns]: the finite values of each pixel column. They are None for whole curves, which
    a browser smooths exactly. total: how many points the window holds. everything: all values of the series and which
    of them the points are, for a browser that smooths them itself; then there are no smoothed values and no means.
    """

    run: str
    points: Points
    total: int
    whole: bool
    smoothed: Floats | None = None
    means: Points | None = None
    counts: Floats | None = None
    everything: tuple[NDArray[np.floating], NDArray[np.int64]] | None = None


def smooth(values: NDArray[np.floating], weight: float) -> Floats:
    """Return the debiased exponential moving average of `values` [n].

    weight: 0 leaves the values alone; 0.99 averages about the last 100.
    NaN and infinity are passed through and do not enter the average; a constant series stays as it is.
    Source: TensorBoard's data_transformer.ts, classicSmoothing.
    """
    if not weight > 0:
        return np.array(values, np.float64)
    return np.asarray(_average(values, min(float(weight), 1.0)))


def curve(
    series: Series,
    *,
    weight: float = 0.0,
    columns: int = 512,
    axis: Axis = "step",
    window: tuple[float, float] | None = None,
    start: float = 0.0,
    superseded: bool = False,
    with_everything: bool = False,
) -> Curve:
    """Return the curve of a scalar series at `columns` pixel columns.

    window: the part of the x axis to show, None for all of it: steps, seconds after `start`, or seconds since the epoch,
    as `axis` says. superseded: show the points that a later attempt wrote again, instead of the others.
    with_everything: hand over all values as well, unless a window is asked for.
    """
    steps, wall_times, values = series.steps, series.wall_times, series.values
    mask = series.superseded
    if superseded or mask.any():
        chosen = mask if superseded else ~mask
        steps, wall_times, values = steps[chosen], wall_times[chosen], values[chosen]
    x: NDArray[np.number] = steps if axis == "step" else wall_times
    inside = _inside(x, window, start if axis == "relative" else 0.0)
    everything = inside == slice(0, len(x)) if isinstance(inside, slice) else False
    x, y = x[inside], values[inside]
    if len(x) <= 2 * columns:
        some = Points(steps[inside], wall_times[inside], y)
        if everything or not weight > 0:
            return Curve(series.run, some, len(x), everything)
        # Smoothing must not start anew at the edge of the window.
        smoothed = smooth(values, weight)[inside]
        return Curve(series.run, some, len(x), False, smoothed, some, np.isfinite(y).astype(np.float64))
    kept = reduced(x, y, columns)
    points = Points(steps[inside][kept], wall_times[inside][kept], y[kept])
    if everything and with_everything:
        return Curve(series.run, points, len(x), False, everything=(y, kept))
    last, mean, count = _columns(x, y, columns)
    means = Points(steps[inside][last], wall_times[inside][last], mean)
    smoothed = smooth(values, weight)[inside][kept] if weight > 0 else None
    return Curve(series.run, points, len(x), False, smoothed, means, count)


def reduced(x: NDArray[np.number], y: NDArray[np.floating], columns: int) -> NDArray[np.int64]:
    """Return which of the points [n] draw the curve at `columns` pixel columns, in order.

    Kept are the least and the greatest value of each pixel column, the first and the last point, and the first NaN and
    infinity of each column. Where x runs to and fro, equal stretches of points take the place of pixel columns.
    """
    if len(x) <= 2 * columns:
        return np.arange(len(x))
    low, high = _extent(x)
    kept = np.empty(len(x) + 1, np.int64)
    count = _reduce(x, y, low, high, columns, kept)
    if count > 6 * columns:
        count = _reduce(np.arange(len(x)), y, 0.0, float(len(x) - 1), columns, kept)
    return kept[:count].copy()


def warm() -> None:
    """Compile what draws curves, or load it from the cache on disk."""
    for x in (np.arange(4), np.arange(4.0)):
        for y in (np.zeros(4, np.float32), np.zeros(4)):
            smooth(y, 0.5)
            _reduce(x, y, 0.0, 3.0, 1, np.empty(4, np.int64))
            _columns(x, y, 1)


def _inside(x: NDArray[np.number], window: tuple[float, float] | None, origin: float) -> slice | NDArray[np.int64]:
    """Return which points lie in the window, with one neighbour on each side so that lines go on to the edge."""
    if window is None:
        return slice(0, len(x))
    low, high = window[0] + origin, window[1] + origin
    inside = (x >= low) & (x <= high)
    wider = inside.copy()
    wider[1:] |= inside[:-1]
    wider[:-1] |= inside[1:]
    if not wider.any() and len(x):
        # Between two points: the line that crosses the window is theirs.
        after = int(np.searchsorted(x, low)) if bool((x[1:] >= x[:-1]).all()) else 0
        wider[max(0, after - 1) : after + 1] = True
    return np.flatnonzero(wider)


def _extent(x: NDArray[np.number]) -> tuple[float, float]:
    low, high = float(x.min()), float(x.max())
    if np.isfinite(low) and np.isfinite(high):
        return low, high
    finite = x[np.isfinite(x)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)


@_fast
def _average(values: NDArray[np.floating], weight: float) -> Floats:
    n = len(values)
    smoothed = np.empty(n, np.float64)
    fresh = 1.0 - weight
    last = 0.0
    power = 1.0
    constant = n > 0 and np.isfinite(values[0])
    for i in range(n):
        value = np.float64(values[i])
        constant = constant and value == values[0]
        if np.isfinite(value):
            last = last * weight + fresh * value
            if power > 1e-18:
                power *= weight
                smoothed[i] = last / (1.0 - power) if weight < 1.0 else last
            else:  # the bias is gone; smaller powers would be subnormal, and slow
                smoothed[i] = last
        else:
            smoothed[i] = value
    if constant:
        for i in range(n):
            smoothed[i] = values[i]
    return smoothed


@_fast
def _column(x: float, low: float, scale: float, columns: int) -> int:
    place = (np.float64(x) - low) * scale
    if not place > 0:
        return 0
    return min(np.int64(place), np.int64(columns - 1))


@_fast
def _put(kept: NDArray[np.int64], count: int, chosen: NDArray[np.int64]) -> int:
    """Write the distinct non-negative numbers of `chosen` in rising order into `kept`; return how many it holds."""
    chosen.sort()
    for k in range(len(chosen)):
        if chosen[k] >= 0 and (count == 0 or kept[count - 1] != chosen[k]):
            kept[count] = chosen[k]
            count += 1
    return count


@_fast
def _reduce(
    x: NDArray[np.number], y: NDArray[np.floating], low: float, high: float, columns: int, kept: NDArray[np.int64]
) -> int:
    """Write which points draw the curve into `kept` [n] and return how many."""
    scale = columns / (high - low) if high > low else 0.0
    n = len(x)
    count = np.int64(0)
    chosen = np.empty(6, np.int64)
    i = np.int64(0)
    while i < n:
        column = _column(x[i], low, scale, columns)
        first = i
        least = greatest = nan = above = below = np.int64(-1)
        low_y, high_y = np.inf, -np.inf
        while True:
            value = np.float64(y[i])
            if value < low_y:  # never for NaN
                if value > -np.inf:
                    low_y = value
                    least = i
                elif below < 0:
                    below = i
            if value > high_y:
                if value < np.inf:
                    high_y = value
                    greatest = i
                elif above < 0:
                    above = i
            if nan < 0 and np.isnan(value):
                nan = i
            i += 1
            if i >= n or _column(x[i], low, scale, columns) != column:
                break
        if nan < 0 and above < 0 and below < 0 and first > 0 and i < n:
            one, two = min(least, greatest), max(least, greatest)
            kept[count] = one
            count += 1
            if two != one:
                kept[count] = two
                count += 1
            continue
        chosen[0], chosen[1], chosen[2], chosen[3], chosen[4], chosen[5] = least, greatest, nan, above, below, -1
        if first == 0:
            chosen[5] = 0
        count = _put(kept, count, chosen)
        if i == n and kept[count - 1] != n - 1:
            kept[count] = n - 1
            count += 1
    return count


@_fast
def _columns(x: NDArray[np.number], y: NDArray[np.floating], columns: int) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Return, for stretches of points in one pixel column each, the last point, the mean of the finite values, how many."""
    n = len(x)
    low, high = np.inf, -np.inf
    for i in range(n):
        place = np.float64(x[i])
        if place < low and place > -np.inf:
            low = place
        if place > high and place < np.inf:
            high = place
    scale = columns / (high - low) if high > low else 0.0
    room = min(n, 4 * columns)
    last, mean, count = np.empty(room, np.int64), np.empty(room), np.empty(room)
    size = np.int64(0)  # points of a stretch, 0 while the pixel columns make them
    while True:
        at = np.int64(-1)
        current = np.int64(-1)
        full = False
        for i in range(n):
            column = np.int64(i // size) if size > 0 else np.int64(_column(x[i], low, scale, columns))
            if column != current:
                at += 1
                if at >= room:
                    full = True
                    break
                current = column
                mean[at] = 0.0
                count[at] = 0.0
            last[at] = i
            value = np.float64(y[i])
            if np.isfinite(value):
                mean[at] += value
                count[at] += 1.0
        if not full:
            break
        size = (n + columns - 1) // columns  # x runs to and fro
    at += 1
    for i in range(at):
        mean[i] = mean[i] / count[i] if count[i] > 0 else np.nan
    return last[:at].copy(), mean[:at].copy(), count[:at].copy()

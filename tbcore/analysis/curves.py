"""Curves of scalars: smoothed over all points, and reduced to what a screen can show without losing an extreme."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tbcore.analysis import smoothing
from tbcore.analysis.smoothing import is_smooth, smoothed
from tbcore.series import Series

Axis = Literal["step", "relative", "wall"]
Floats = NDArray[np.float64]

_MANY = 1_000_000  # points, from which on threads are worth their while
_THREADS = 4

_fast = njit(nogil=True, cache=True, error_model="numpy")
# A sum in any order is taken of several numbers at once.
_sums = njit(nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "nsz"})


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
    x [n]: what is on the x axis where that is another tag; band: the edges [n] around the curve of a group, and runs
    [n], how many are in it.
    """

    run: str
    points: Points
    total: int
    whole: bool
    smoothed: Floats | None = None
    means: Points | None = None
    counts: Floats | None = None
    everything: tuple[NDArray[np.floating], NDArray[np.int64]] | None = None
    x: Floats | None = None
    band: tuple[Floats, Floats] | None = None
    runs: NDArray[np.int64] | None = None


def curve(
    series: Series,
    *,
    weight: float = 0.0,
    method: str = "ema",
    extent: float | None = None,
    columns: int = 512,
    axis: Axis = "step",
    window: tuple[float, float] | None = None,
    start: float = 0.0,
    superseded: bool = False,
    with_everything: bool = False,
    across: Floats | None = None,
    band: tuple[Floats, Floats] | None = None,
    runs: NDArray[np.int64] | None = None,
) -> Curve:
    """Return the curve of a scalar series at `columns` pixel columns.

    window: the part of the x axis to show, None for all of it: steps, seconds after `start`, or seconds since the epoch,
    as `axis` says. superseded: show the points that a later attempt wrote again, instead of the others.
    with_everything: hand over all values as well, unless a window is asked for. method: one of SMOOTHINGS, and weight its
    parameter; extent: what the whole x axis shows, which one of them asks for. A browser knows "ema" alone: with another
    the curve comes with its smoothed values, even where all its points do. across, band, runs: as a Curve has them, for
    all points of a series of which no point is superseded; the window is then a part of `across`.
    """
    steps, wall_times, values = series.steps, series.wall_times, series.values
    mask = series.superseded
    if superseded or mask.any():
        chosen = mask if superseded else ~mask
        steps, wall_times, values = steps[chosen], wall_times[chosen], values[chosen]
    places: NDArray[np.number] = across if across is not None else steps if axis == "step" else wall_times
    inside = _inside(places, window, start if axis == "relative" and across is None else 0.0)
    x, y = places[inside], values[inside]
    smooths = is_smooth(method, weight)
    everything = window is None and (method == "ema" or not smooths)

    def found(kept: NDArray[np.int64] | slice, whole: bool, smooth: Floats | None = None) -> Curve:
        return Curve(
            series.run,
            Points(steps[inside][kept], wall_times[inside][kept], y[kept]),
            len(x),
            whole,
            smooth,
            x=None if across is None else across[inside][kept],
            band=None if band is None else (band[0][inside][kept], band[1][inside][kept]),
            runs=None if runs is None else runs[inside][kept],
        )

    if len(x) <= 2 * columns:
        if everything or not smooths:
            return found(slice(None), everything)
        # Smoothing must not start anew at the edge of the window.
        some = found(slice(None), False, smoothed(values, method, weight, places, extent)[inside])
        return replace(some, means=some.points, counts=np.isfinite(y).astype(np.float64))
    kept = reduced(x, y, columns)
    if band is not None:
        kept = np.unique(np.concatenate([kept, *(reduced(x, edge[inside], columns) for edge in band)]))
    if everything and with_everything:
        return replace(found(kept, False), everything=(y, kept))
    last, mean, count = _columns(x, y, columns)
    means = Points(steps[inside][last], wall_times[inside][last], mean)
    smooth = smoothed(values, method, weight, places, extent)[inside][kept] if smooths else None
    return replace(found(kept, False, smooth), means=means, counts=count)


def at_once(makes: Sequence[Callable[[], Curve]], points: int) -> list[Curve]:
    """Return what each of `makes` returns, made side by side where they have many points in all."""
    if points < _MANY or len(makes) < 2:
        return [make() for make in makes]
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(lambda make: make(), makes))


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


def extent(series: Series, axis: Axis, across: Floats | None = None, start: float = 0.0) -> tuple[float, float]:
    """Return the least and the greatest place of a series on the x axis, (0, 0) without points."""
    x: NDArray[np.number] = across if across is not None else series.steps if axis == "step" else series.wall_times
    if not len(x):
        return 0.0, 0.0
    low, high = _extent(x)
    origin = start if axis == "relative" and across is None else 0.0
    return low - origin, high - origin


def warm() -> None:
    """Compile what draws curves, or load it from the cache on disk."""
    smoothing.warm()
    for x in (np.arange(4), np.arange(4.0)):
        for y in (np.zeros(4, np.float32), np.zeros(4)):
            _reduce(x, y, 0.0, 3.0, 1, np.empty(4, np.int64))
            _columns(x, y, 1)


def _inside(x: NDArray[np.number], window: tuple[float, float] | None, origin: float) -> slice | NDArray[np.int64]:
    """Return which points lie in the window, with one neighbour on each side so that lines go on to the edge."""
    if window is None:
        return slice(0, len(x))
    low, high = window[0] + origin, window[1] + origin
    if _never_back(x):
        first, last = int(np.searchsorted(x, low)), int(np.searchsorted(x, high, side="right"))
        return slice(max(0, first - 1), max(first, last) + 1)
    inside = (x >= low) & (x <= high)
    wider = inside.copy()
    wider[1:] |= inside[:-1]
    wider[:-1] |= inside[1:]
    if not wider.any():
        wider[:1] = True
    return np.flatnonzero(wider)


def _extent(x: NDArray[np.number]) -> tuple[float, float]:
    low, high = (float(x[0]), float(x[-1])) if _never_back(x) else (float(x.min()), float(x.max()))
    if np.isfinite(low) and np.isfinite(high):
        return low, high
    finite = x[np.isfinite(x)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)


@_fast
def _never_back(x: NDArray[np.number]) -> bool:
    i = 1
    while i < len(x) and x[i] >= x[i - 1]:  # never for NaN
        i += 1
    return i >= len(x)


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
def _stretch(x: NDArray[np.number], first: int, low: float, scale: float, columns: int, ordered: bool) -> int:
    """Return where the points end that lie in one pixel column with point `first`, one after the other."""
    n = len(x)
    column = _column(x[first], low, scale, columns)
    if not ordered:
        end = first + 1
        while end < n and _column(x[end], low, scale, columns) == column:
            end += 1
        return end
    known, step = first, np.int64(1)
    while known + step < n and _column(x[known + step], low, scale, columns) == column:
        known += step
        step *= 2
    known, end = known + 1, min(known + step, n)
    while known < end:
        middle = (known + end) >> 1
        if _column(x[middle], low, scale, columns) == column:
            known = middle + 1
        else:
            end = middle
    return end


@_fast
def _are_finite(y: NDArray[np.floating]) -> bool:
    strange = np.int64(0)
    for i in range(len(y)):
        strange += not np.isfinite(y[i])
    return strange == 0


@_fast
def _ends(y: NDArray[np.floating]) -> tuple[float, float]:
    """Return the least and the greatest of values that are all finite."""
    low = high = y[0]
    for i in range(len(y)):
        low = y[i] if y[i] < low else low
        high = y[i] if y[i] > high else high
    return low, high


@_sums
def _sum(y: NDArray[np.floating]) -> tuple[float, int]:
    """Return the sum of the finite values, and how many there are."""
    total = 0.0
    count = np.int64(0)
    for i in range(len(y)):
        finite = np.isfinite(y[i])
        total += np.float64(y[i]) if finite else 0.0
        count += finite
    return total, count


@_fast
def _first(y: NDArray[np.floating], value: float) -> int:
    i = np.int64(0)
    while y[i] != value:
        i += 1
    return i


@_fast
def _choose(y: NDArray[np.floating], first: int, chosen: NDArray[np.int64]) -> None:
    """Write the points of the least and the greatest finite value into `chosen`, and the first NaN and infinities."""
    chosen[:] = -1
    low, high = np.inf, -np.inf
    for i in range(len(y)):
        value = np.float64(y[i])
        if np.isfinite(value):
            if value < low:
                low = value
                chosen[0] = first + i
            if value > high:
                high = value
                chosen[1] = first + i
        else:
            place = 2 if np.isnan(value) else 3 if value > 0 else 4
            if chosen[place] < 0:
                chosen[place] = first + i


@_fast
def _reduce(
    x: NDArray[np.number], y: NDArray[np.floating], low: float, high: float, columns: int, kept: NDArray[np.int64]
) -> int:
    """Write which points draw the curve into `kept` [n] and return how many."""
    scale = columns / (high - low) if high > low else 0.0
    n = len(x)
    ordered = _never_back(x)
    count = np.int64(0)
    chosen = np.empty(6, np.int64)
    first = np.int64(0)
    while first < n:
        end = _stretch(x, first, low, scale, columns, ordered)
        part = y[first:end]
        if _are_finite(part):
            least, greatest = _ends(part)
            one, two = first + _first(part, least), first + _first(part, greatest)
            if first > 0 and end < n:
                kept[count] = min(one, two)
                kept[count + 1] = max(one, two)
                count += 1 if one == two else 2
                first = end
                continue
            chosen[:] = -1
            chosen[0], chosen[1] = one, two
        else:
            _choose(part, first, chosen)
        if first == 0:
            chosen[5] = 0
        count = _put(kept, count, chosen)
        if end == n and kept[count - 1] != n - 1:
            kept[count] = n - 1
            count += 1
        first = end
    return count


@_fast
def _columns(x: NDArray[np.number], y: NDArray[np.floating], columns: int) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Return, for stretches of points in one pixel column each, the last point, the mean of the finite values, how many."""
    n = len(x)
    ordered = _never_back(x)
    low, high = np.inf, -np.inf
    if n > 0 and ordered and np.isfinite(x[0]) and np.isfinite(x[n - 1]):
        low, high = np.float64(x[0]), np.float64(x[n - 1])
    else:
        for i in range(n):
            place = np.float64(x[i])
            if np.isfinite(place):
                low, high = min(low, place), max(high, place)
    scale = columns / (high - low) if high > low else 0.0
    room = min(n, 4 * columns)
    last, mean, count = np.empty(room, np.int64), np.empty(room), np.empty(room)
    size = np.int64(0)  # points of a stretch, 0 while the pixel columns make them
    at = first = np.int64(0)
    while first < n:
        if at == room:  # x runs to and fro
            size = (n + columns - 1) // columns
            at = first = np.int64(0)
        end = min(first + size, n) if size > 0 else _stretch(x, first, low, scale, columns, ordered)
        total, finite = _sum(y[first:end])
        last[at] = end - 1
        mean[at] = total / finite if finite > 0 else np.nan
        count[at] = finite
        at += 1
        first = end
    return last[:at].copy(), mean[:at].copy(), count[:at].copy()

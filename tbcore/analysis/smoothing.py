"""Ways to smooth a curve, over all of its points: averages that look back, and averages over the points on both sides.

Values that are not finite are passed through where they stand and enter no average. A constant series stays exactly as
it is. Nothing is ever subtracted from a sum, so that a spike leaves no trace where it is no longer in the window.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Values = NDArray[np.floating]
Places = NDArray[np.number]

WIDTH = 1000.0  # the width of a chart in which the time-weighted average counts distances
_HEAVIEST = 0.999  # the greatest weight for a distance of one
_TAIL = 4.0  # standard deviations beyond which a point has no weight
_FINE = 32.0  # standard deviations, in points, up to which every point has its own weight
_PARTS = 16.0  # places in one standard deviation beyond that

_fast = njit(nogil=True, cache=True, error_model="numpy")


@dataclass(frozen=True)
class Smoothing:
    """One way to smooth. parameter: what it is called, from `low` (no smoothing) up to `high`, in steps of `step`.

    unit: of the parameter, "" for a plain number. uses_x: whether it looks at where the points lie.
    apply: takes the values [n], the parameter, x [n] and the extent of the x axis, of which most need only the first two.
    """

    title: str
    parameter: str
    unit: str
    low: float
    high: float
    step: float
    default: float
    uses_x: bool
    apply: Callable[[Values, float, Places | None, float | None], Floats]


def ema(values: Values, weight: float) -> Floats:
    """Return the debiased exponential moving average of `values` [n].

    weight: 0 leaves the values alone, as what is not finite does; 0.99 averages about the last 100.
    Source: TensorBoard's data_transformer.ts, classicSmoothing.
    """
    if not 0 < weight < math.inf:
        return np.array(values, np.float64)
    return np.asarray(_average(values, min(float(weight), 1.0)))


def time_weighted(values: Values, weight: float, x: Places, extent: float | None = None) -> Floats:
    """Return the debiased average of `values` [n] in which older points fade by how far away they are on the x axis.

    extent: how much of x the whole chart shows, for curves that share one; None for that of `x` [n]. A point that is a
    thousandth of it away counts the square root of `weight`, 0.999 at most. Where x runs back, or is not finite, the
    distance is 0.
    Source: docs.wandb.ai, "Time weighted exponential moving average (TWEMA) smoothing", for a viewport of 1,000.
    """
    if not 0 < weight < math.inf:
        return np.array(values, np.float64)
    if extent is None:
        finite = x[np.isfinite(x)] if x.dtype.kind == "f" else x
        extent = float(finite.max()) - float(finite.min()) if len(finite) else 0.0
    scale = WIDTH / extent if extent > 0 else 0.0
    return np.asarray(_faded(x, values, math.log(min(math.sqrt(weight), _HEAVIEST)), scale))


def gaussian(values: Values, deviation: float) -> Floats:
    """Return the average of `values` [n] with weights of a normal distribution, `deviation` points wide, 0 for none.

    Points further than four standard deviations away do not count. At the edges, and beside values that are not finite,
    the weights of the points that are there add up to 1. Above a deviation of 32, points are shared out between places a
    sixteenth of it apart, which changes weights by less than a thousandth of the greatest.
    """
    if not 0 < deviation < math.inf or _constant(values):
        return np.array(values, np.float64)
    deviation = min(deviation, float(max(len(values), 1)))
    size = int(deviation // _PARTS) if deviation > _FINE else 1
    sums, counts, whole = _binned(values, size)
    # Sharing values out between two places, and the straight line between them, widen the bell by what is taken off.
    weights = _bell(math.sqrt(deviation**2 - (size**2 - 1) / 3) / size)
    below = _convolved(counts, weights) if size > 1 or not whole else _edges(len(values), weights)
    return np.asarray(_shares(values, _convolved(sums, weights), below, size))


def running_mean(values: Values, window: float) -> Floats:
    """Return the mean of the `window` points around each of `values` [n], half of them on either side.

    An even window takes one point more. At the edges it holds the points that are there.
    """
    half = _half(window, len(values))
    if half == 0 or _constant(values):
        return np.array(values, np.float64)
    return np.asarray(_means(values, half))


def running_median(values: Values, window: float) -> Floats:
    """Return the median of the `window` points around each of `values` [n], half of them on either side.

    An even window takes one point more. At the edges it holds the points that are there; of an even number of points
    the median is the mean of the middle two.
    """
    half = _half(window, len(values))
    if half == 0:
        return np.array(values, np.float64)
    return np.asarray(_medians(values, half))


def _half(window: float, count: int) -> int:
    return min(int(window) // 2, count) if 1 <= window < math.inf else 0


def _bell(deviation: float) -> Floats:
    reach = max(1, math.ceil(_TAIL * deviation))
    weights: Floats = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    return weights / weights.sum()


def _needs_x(values: Values, weight: float, x: Places | None, extent: float | None) -> Floats:
    return time_weighted(values, weight, np.arange(len(values)) if x is None else x, extent)


SMOOTHINGS: Mapping[str, Smoothing] = {
    #                        title                     parameter             unit      low  high    step   default  x
    "ema":      Smoothing("Exponential average",   "weight",             "",       0.0, 0.999,  0.001, 0.6,   False,
                          lambda values, weight, _x, _extent: ema(values, weight)),
    "twema":    Smoothing("Time-weighted average", "weight",             "",       0.0, 0.999,  0.001, 0.6,   True, _needs_x),
    "gaussian": Smoothing("Gaussian",              "standard deviation", "points", 0.0, 1000.0, 1.0,   5.0,   False,
                          lambda values, deviation, _x, _extent: gaussian(values, deviation)),
    "mean":     Smoothing("Running mean",          "window",             "points", 1.0, 1001.0, 2.0,   11.0,  False,
                          lambda values, window, _x, _extent: running_mean(values, window)),
    "median":   Smoothing("Running median",        "window",             "points", 1.0, 1001.0, 2.0,   11.0,  False,
                          lambda values, window, _x, _extent: running_median(values, window)),
}  # fmt: skip


def smoothed(
    values: Values, method: str, parameter: float, x: Places | None = None, extent: float | None = None
) -> Floats:
    """Return `values` [n] smoothed by the `method` of SMOOTHINGS; beyond its range, the parameter is the nearest in it.

    x: where the points lie [n], evenly when it is not said; extent: as `time_weighted` wants it.
    Raises KeyError when the method is not one of SMOOTHINGS.
    """
    way = SMOOTHINGS[method]
    parameter = way.low if math.isnan(parameter) else min(max(parameter, way.low), way.high)
    return way.apply(values, parameter, x, extent)


def is_smooth(method: str, parameter: float) -> bool:
    """Return whether `method` changes anything with this parameter."""
    return parameter > SMOOTHINGS[method].low


def warm() -> None:
    """Compile what smooths, or load it from the cache on disk."""
    for values in (np.zeros(4, np.float32), np.arange(4.0), np.arange(4, dtype=np.float32)):
        for method, way in SMOOTHINGS.items():
            smoothed(values, method, way.default, np.arange(4))
        time_weighted(values, 0.5, np.arange(4.0))


@_fast
def _constant(values: Values) -> bool:
    n = len(values)
    i = 0
    while i < n and values[i] == values[0]:  # never for NaN
        i += 1
    return 0 < n == i and np.isfinite(values[0])


@_fast
def _average(values: Values, weight: float) -> Floats:
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
    # Even at weight 1, where the average of anything else is 0.
    if constant:
        for i in range(n):
            smoothed[i] = values[i]
    return smoothed


@_fast
def _faded(x: Places, values: Values, log_weight: float, scale: float) -> Floats:
    n = len(values)
    smoothed = np.empty(n, np.float64)
    total = 0.0
    weights = 0.0
    before = np.nan
    distance = 0.0
    factor = 1.0
    constant = n > 0 and np.isfinite(values[0])
    for i in range(n):
        value = np.float64(values[i])
        constant = constant and value == values[0]
        if not np.isfinite(value):
            smoothed[i] = value
            continue
        place = np.float64(x[i])
        change = place - before
        if not change > 0:
            change = 0.0
        if np.isfinite(place):
            before = place
        if change != distance:  # most points lie as far apart as those before them
            distance = change
            factor = np.exp(log_weight * change * scale)
        total = total * factor + value
        weights = weights * factor + 1.0
        smoothed[i] = total / weights
    if constant:
        for i in range(n):
            smoothed[i] = values[i]
    return smoothed


@_fast
def _binned(values: Values, size: int) -> tuple[Floats, Floats, bool]:
    """Return the finite values, and how many there are, shared out between places `size` points apart.

    Also whether all values are finite.
    """
    room = len(values) // size + 2
    sums, counts = np.zeros(room), np.zeros(room)
    whole = True
    for i in range(len(values)):
        if not np.isfinite(values[i]):
            whole = False
            continue
        place = i // size
        part = (i - place * size) / size
        sums[place] += values[i] * (1.0 - part)
        counts[place] += 1.0 - part
        if part > 0.0:
            sums[place + 1] += values[i] * part
            counts[place + 1] += part
    return sums, counts, whole


@_fast
def _convolved(values: Floats, weights: Floats) -> Floats:
    """Return the sum of the values [n] around each, by weights [2 r + 1] that are the same on both sides."""
    n = len(values)
    reach = len(weights) // 2
    sums = np.zeros(n)
    for start in range(0, n, 2048):  # what is summed stays in the nearest cache
        end = min(start + 2048, n)
        if start >= reach and end + reach <= n:
            here = sums[start:end]
            middle = values[start:end]
            for i in range(len(here)):
                here[i] = weights[reach] * middle[i]
            for k in range(1, reach + 1):
                weight = weights[reach + k]
                left = values[start - k : end - k]
                right = values[start + k : end + k]
                for i in range(len(here)):
                    here[i] += weight * (left[i] + right[i])
            continue
        for k in range(-reach, reach + 1):
            for i in range(max(start, -k), min(end, n - k)):
                sums[i] += weights[k + reach] * values[i + k]
    return sums


@_fast
def _edges(count: int, weights: Floats) -> Floats:
    """Return the sum of the weights [2 r + 1] that fall on one of `count` points around each."""
    reach = len(weights) // 2
    sums = np.ones(count)
    for i in range(count):
        if reach <= i < count - reach:
            continue
        total = 0.0
        for k in range(max(-reach, -i), min(reach + 1, count - i)):
            total += weights[k + reach]
        sums[i] = total
    return sums


@_fast
def _shares(values: Values, sums: Floats, counts: Floats, size: int) -> Floats:
    """Return the averages at the points [n], on straight lines between places `size` points apart."""
    smoothed = np.empty(len(values))
    for i in range(len(values)):
        place = i // size
        if not np.isfinite(values[i]):
            smoothed[i] = values[i]
        elif size == 1:
            smoothed[i] = sums[i] / counts[i]
        else:
            part = (i - place * size) / size
            above = sums[place] * (1.0 - part) + sums[place + 1] * part
            below = counts[place] * (1.0 - part) + counts[place + 1] * part
            smoothed[i] = above / below
    return smoothed


@_fast
def _means(values: Values, half: int) -> Floats:
    """Return the means of windows [i - half, i + half], as the end of one stretch of points and the start of the next."""
    n = len(values)
    width = 2 * half + 1
    smoothed = np.empty(n)
    sums, counts = np.empty(width), np.empty(width)
    for start in range(-half, n - half, width):
        total, count = 0.0, 0.0
        for k in range(width - 1, -1, -1):
            i = start + k
            if 0 <= i < n and np.isfinite(values[i]):
                total += values[i]
                count += 1.0
            sums[k] = total
            counts[k] = count
        total, count = 0.0, 0.0
        for k in range(width):
            middle = start + k + half
            if middle >= n:
                break
            last = start + k + width - 1
            if k > 0 and last < n and np.isfinite(values[last]):
                total += values[last]
                count += 1.0
            value = np.float64(values[middle])
            smoothed[middle] = (sums[k] + total) / (counts[k] + count) if np.isfinite(value) else value
    return smoothed


@_fast
def _place(window: Floats, count: int, value: float) -> int:
    """Return how many of the `count` sorted values are less than `value`."""
    low, high = 0, count
    while low < high:
        middle = (low + high) >> 1
        if window[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@_fast
def _medians(values: Values, half: int) -> Floats:
    n = len(values)
    smoothed = np.empty(n)
    window = np.empty(2 * half + 2)  # the finite values around a point, sorted
    count = 0
    for new in range(n + half):
        old = new - 2 * half - 1
        comes = new < n and np.isfinite(values[min(new, n - 1)])
        goes = old >= 0 and np.isfinite(values[max(old, 0)])
        into = _place(window, count, np.float64(values[new])) if comes else count
        out = _place(window, count, np.float64(values[old])) if goes else count
        if out < into:
            part = window[out:into]
            for k in range(len(part) - 1):
                part[k] = part[k + 1]
            if comes:
                into -= 1
        else:
            part = window[into : out + 1]
            for k in range(len(part) - 1, 0, -1):
                part[k] = part[k - 1]
        if comes:
            window[into] = np.float64(values[new])
        count += int(comes) - int(goes)
        middle = new - half
        if middle >= 0:
            value = np.float64(values[middle])
            if np.isfinite(value):
                at = count >> 1
                value = window[at] if count & 1 else window[at - 1] / 2 + window[at] / 2
            smoothed[middle] = value
    return smoothed

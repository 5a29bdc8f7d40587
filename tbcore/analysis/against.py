"""A curve against something else: another tag on the x axis, a baseline run, the rest of the card it is drawn in."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tbcore.analysis.curves import Points
from tbcore.analysis.step_grids import Floats, Places, Values, in_order, read_at

LOW, HIGH = 0.05, 0.95  # the part of all values that is drawn where outliers are ignored
_BUCKETS = 1 << 16

_fast = njit(nogil=True, cache=True, error_model="numpy")


@dataclass(frozen=True)
class Against:
    """Values y [n] over values x [n] of another tag at the same steps, in the order of the steps.

    interpolated: how many of x lie between two points of that tag; left_out: points of y where x is not known.
    """

    x: Floats
    y: Values
    steps: NDArray[np.int64]
    wall_times: Floats
    interpolated: int
    left_out: int


def against(x: Points, y: Points, *, interpolate: bool = True) -> Against:
    """Return one tag's points over another's, at the steps of `y`.

    Where `x` has no point at such a step, its value lies on the straight line between the neighbours, unless
    `interpolate` is off: then only steps that both have are kept. Of equal steps the last written counts.
    """
    one, other = _ordered(x), _ordered(y)
    found, interpolated = read_at(other.steps, one.steps, one.values)
    known = np.isfinite(found)
    if not interpolate and interpolated:
        known &= np.isin(other.steps, one.steps, assume_unique=True)
        interpolated = 0
    left_out = len(known) - int(known.sum())
    if left_out:
        return Against(found[known], *_only(other, known), interpolated, left_out)
    return Against(found, other.values, other.steps, other.wall_times, interpolated, 0)


def difference(points: Points, baseline: Points, *, percent: bool = False) -> tuple[Points, int]:
    """Return how far a curve is from that of a baseline run, at its own steps, and how many of the baseline's values
    lie between two of its points.

    percent: of the size of the baseline's value, so that more is always positive; NaN where that is 0. Steps before the
    baseline's first and after its last are left out.
    """
    base = _ordered(baseline)
    own = _ordered(points)
    if len(base.steps):
        low, high = np.searchsorted(own.steps, base.steps[0]), np.searchsorted(own.steps, base.steps[-1], side="right")
    else:
        low, high = np.int64(0), np.int64(0)
    own = Points(own.steps[low:high], own.wall_times[low:high], own.values[low:high])
    found, interpolated = read_at(own.steps, base.steps, base.values)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        apart = own.values.astype(np.float64) - found
        if percent:
            apart = np.where(found == 0, np.nan, apart / np.abs(found) * 100.0)
    return Points(own.steps, own.wall_times, apart), interpolated


def partitions(x: Places) -> NDArray[np.int64]:
    """Return where the parts of a curve begin in which x [n] never runs back; what is not finite begins none.

    Source: TensorBoard's webapp/metrics/views/card_renderer/utils.ts, partitionSeries.
    """
    return np.asarray(_partitions(x))


def outlier_range(curves: Sequence[Values]) -> tuple[float, float] | None:
    """Return the least and the greatest value to draw of curves, outliers ignored: the 5th and the 95th percentile.

    None where there are no more than two finite values, of which none is an outlier.
    Source: TensorBoard's line_chart_internal_utils.ts: of n sorted values, those at ceil(0.05 (n - 1)) and
    floor(0.95 (n - 1)).
    """
    single = all(values.dtype == np.float32 for values in curves)
    every = [np.ascontiguousarray(values if single else values.astype(np.float64, copy=False)) for values in curves]
    buckets = np.zeros(_BUCKETS, np.int64)
    for values in every:
        _count(values.view(np.uint32 if single else np.uint64), 32 if single else 64, buckets)
    ends = np.cumsum(buckets)
    count = int(ends[-1])
    if count <= 2:
        return None
    found = []
    for place in (math.ceil((count - 1) * LOW), math.floor((count - 1) * HIGH)):
        bucket = int(np.searchsorted(ends, place, side="right"))
        room = np.empty(buckets[bucket], np.float32 if single else np.float64)
        taken = 0
        for values in every:
            bits = values.view(np.uint32 if single else np.uint64)
            taken = _take(values, bits, 32 if single else 64, bucket, room, taken)
        inside = place - (int(ends[bucket]) - int(buckets[bucket]))
        found.append(float(np.partition(room, inside)[inside]))
    return found[0], found[1]


def not_positive(values: Values) -> int:
    """Return how many of the finite values a logarithmic axis cannot show."""
    return int(_not_positive(values))


def not_finite(values: Values) -> tuple[int, int]:
    """Return how many values are NaN, and how many infinite."""
    nan, inf = _not_finite(values)
    return int(nan), int(inf)


def _ordered(points: Points) -> Points:
    order = in_order(points.steps)
    return Points(points.steps[order], points.wall_times[order], points.values[order])


def _only(points: Points, which: NDArray[np.bool_]) -> tuple[Values, NDArray[np.int64], Floats]:
    return points.values[which], points.steps[which], points.wall_times[which]


@_fast
def _partitions(x: Places) -> NDArray[np.int64]:
    starts = [np.int64(0)]
    last = -np.inf
    for i in range(len(x)):
        place = np.float64(x[i])
        if not np.isfinite(place):
            continue
        if place < last:
            starts.append(np.int64(i))
        last = place
    return np.array(starts[: len(x)])


@_fast
def _bucket(bits: int, size: int) -> int:
    """Return the first 16 bits of a float, so turned that a greater float has greater ones; -1 where it is not finite."""
    head = np.int64(bits >> np.uint64(size - 16))
    exponent = 0x7F80 if size == 32 else 0x7FF0
    if head & exponent == exponent:
        return np.int64(-1)
    return 0xFFFF - head if head & 0x8000 else head | 0x8000


@_fast
def _count(bits: NDArray[np.unsignedinteger], size: int, buckets: NDArray[np.int64]) -> None:
    for i in range(len(bits)):
        bucket = _bucket(np.uint64(bits[i]), size)
        if bucket >= 0:
            buckets[bucket] += 1


@_fast
def _take(values: Values, bits: NDArray[np.unsignedinteger], size: int, bucket: int, room: Values, taken: int) -> int:
    """Write the values of one bucket into `room` after the first `taken`; return how many it holds."""
    for i in range(len(values)):
        if _bucket(np.uint64(bits[i]), size) == bucket:
            room[taken] = values[i]
            taken += 1
    return taken


@_fast
def _not_positive(values: Values) -> int:
    count = 0
    for i in range(len(values)):
        count += np.isfinite(values[i]) and values[i] <= 0
    return count


@_fast
def _not_finite(values: Values) -> tuple[int, int]:
    nan = inf = 0
    for i in range(len(values)):
        nan += np.isnan(values[i])
        inf += np.isinf(values[i])
    return nan, inf

"""Scalars as tables: at one step, over a range, against a baseline run, and all of them at a glance.

Points that a later attempt wrote again do not count. Of values that are not finite, statistics are taken of none; how
many there were stands beside them.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from tbcore.analysis.curves import Axis
from tbcore.analysis.known import Known
from tbcore.analysis.measures import better, summary
from tbcore.analysis.smoothing import is_smooth, smoothed
from tbcore.series import Series

Floats = NDArray[np.float64]
Values = NDArray[np.floating]
Of = Literal["value", "smoothed"]

SPARKS = 40  # values of a sparkline

AT_STEP = ("run", "tag", "smoothed", "value", "step", "relative", "wall_time")
OVER_RANGE = (
    "run", "tag", "min", "max", "start", "end", "change", "change_percent", "mean", "std", "slope", "start_step",
    "end_step", "min_step", "max_step", "points", "nan", "inf",
)  # fmt: skip
OVERVIEW = (
    "run", "tag", "last", "last_step", "min", "min_step", "max", "max_step", "better", "best", "best_step", "points",
    "nan", "inf", "sparkline",
)  # fmt: skip
_WHOLE = ("step", "start_step", "end_step", "min_step", "max_step", "last_step", "best_step", "points", "nan", "inf")

_fast = njit(nogil=True, cache=True, error_model="numpy")


def at_step(
    series: Iterable[Series],
    step: float | None = None,
    *,
    starts: Mapping[str, float] | None = None,
    weight: float = 0.0,
    method: str = "ema",
) -> pd.DataFrame:
    """Return each series at the step nearest to `step`, one row per series that has points; None for its last.

    Of two steps as near, the smaller; of several points at it, the last written. starts: when each run began, in seconds
    since the epoch, else its series' first point; relative: seconds since then. weight: the parameter of `method`, one
    of SMOOTHINGS; without smoothing, "smoothed" is the value itself.
    """
    rows = []
    for one in series:
        steps, wall_times, values = _counting(one)
        if not len(steps):
            continue
        place = len(steps) - 1 if step is None or math.isnan(step) else int(_nearest(steps, step))
        value = float(values[place])
        smooth = value
        if is_smooth(method, weight):
            # Only a smoothing that looks back can do without what comes after.
            end = place + 1 if method == "ema" and not _constant_so_far(values, place) else len(values)
            smooth = float(smoothed(values[:end], method, weight, steps[:end], _extent(steps))[place])
        wall_time = float(wall_times[place])
        start = (starts or {}).get(one.run, float(wall_times[0]))
        rows.append((one.run, one.tag, smooth, value, int(steps[place]), wall_time - start, wall_time))
    return _frame(rows, AT_STEP)


def over_range(
    series: Iterable[Series],
    window: tuple[float, float] | None = None,
    *,
    axis: Axis = "step",
    starts: Mapping[str, float] | None = None,
    weight: float = 0.0,
    method: str = "ema",
    of: Of = "value",
) -> pd.DataFrame:
    """Return what each series does between two places of the x axis, both included; one row per series, None for all.

    window: steps, seconds since the epoch, or, of the axis "relative", seconds since the run's start in `starts`, else
    since the first point. All columns are of the values that were logged or, on request, of all of them "smoothed".
    start, end: the first and the last by x; change_percent: of the size of the start, missing where that is 0; std: of a
    sample; slope: of the straight line with the least squares, per step or second. Missing where there is no value.
    """
    rows = []
    for one in series:
        steps, wall_times, values = _counting(one)
        x: NDArray[np.number] = steps
        origin = 0.0
        if axis != "step":
            x = wall_times
            if axis == "relative" and len(x):
                origin = (starts or {}).get(one.run, float(x[0]))
        low, high = (-math.inf, math.inf) if window is None else (window[0] + origin, window[1] + origin)
        if of == "smoothed" and is_smooth(method, weight):
            values = smoothed(values, method, weight, x, _extent(x))
        counts, places, numbers = _statistics(x, values, float(low), float(high))
        points, nan, inf = counts.tolist()
        if points == nan + inf:
            rows.append((one.run, one.tag, *[math.nan] * 9, *[None] * 4, points, nan, inf))
            continue
        first, last, least, greatest = places.tolist()
        mean, std, slope = numbers.tolist()
        start, end = float(values[first]), float(values[last])
        percent = (end - start) / abs(start) * 100 if start != 0 else math.nan
        extremes = (float(values[least]), float(values[greatest]))
        at = (int(steps[place]) for place in (first, last, least, greatest))
        row = (one.run, one.tag, *extremes, start, end, end - start, percent, mean, std, slope, *at, points, nan, inf)
        rows.append(row)
    return _frame(rows, OVER_RANGE)


def overview(series: Iterable[Series]) -> pd.DataFrame:
    """Return what each series comes to, one row per series.

    better: the end of the metric that is the good one, "low" or "high", guessed from its tag, "" where that does not
    tell; best, best_step: that end. sparkline: up to 40 means of finite values, over stretches with as many points each.
    """
    rows = []
    for one in series:
        found, (nan, inf, sparks) = summary(one), _sketches(one)
        good = better(one.tag)
        some = not math.isnan(found.min)
        least, greatest = (found.min_step, found.max_step) if some else (None, None)
        best = {"low": (found.min, least), "high": (found.max, greatest), "": (math.nan, None)}[good]
        last = (found.last, found.last_step if found.points else None)
        row = (*last, found.min, least, found.max, greatest, good, *best, found.points, nan, inf, sparks)
        rows.append((one.run, one.tag, *row))
    return _frame(rows, OVERVIEW)


def against_baseline(table: pd.DataFrame, baseline: str, columns: Sequence[str]) -> pd.DataFrame:
    """Return a table with how far each run is from the baseline run, tag by tag: two columns more for each of `columns`.

    <column>_difference, and <column>_percent of the size of the baseline's value, missing where that is 0. They are
    missing where the baseline lacks the tag, and 0 in its own rows.
    """
    base = table[table["run"] == baseline].drop_duplicates("tag").set_index("tag")
    found = table.copy()
    for column in columns:
        theirs = table["tag"].map(base[column]).astype(np.float64).to_numpy()
        ours = table[column].astype(np.float64).to_numpy(na_value=np.nan)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            apart = ours - theirs
            percent = np.where(theirs == 0, np.nan, apart / np.abs(theirs) * 100.0)
        own = (table["run"] == baseline).to_numpy() & np.isfinite(ours)
        found[f"{column}_difference"] = apart
        found[f"{column}_percent"] = np.where(own, 0.0, percent)
    return found


def _frame(rows: list[tuple[object, ...]], columns: Sequence[str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(columns))
    for column in columns:
        if column in _WHOLE:
            table[column] = table[column].astype("Int64")
        elif column not in ("run", "tag", "better", "sparkline"):
            table[column] = table[column].astype(np.float64)
    return table


def _counting(series: Series) -> tuple[NDArray[np.int64], Floats, Values]:
    """Return steps, wall times and values [n] of the points that count, in the order written."""
    superseded = series.superseded
    if not superseded.any():
        return series.steps, series.wall_times, series.values
    return series.steps[~superseded], series.wall_times[~superseded], series.values[~superseded]


def _extent(x: NDArray[np.number]) -> float:
    finite = x[np.isfinite(x)] if x.dtype.kind == "f" else x
    return float(finite.max()) - float(finite.min()) if len(finite) else 0.0


def _constant_so_far(values: Values, place: int) -> bool:
    return bool(values[0] == values[place]) and bool((values[: place + 1] == values[0]).all())


def _sketch(series: Series) -> tuple[int, int, list[float]]:
    _steps, _wall_times, values = _counting(series)
    nan, inf, means = _stretches(values, SPARKS)
    return int(nan), int(inf), means.tolist()


_sketches = Known(_sketch)


@_fast
def _nearest(steps: NDArray[np.int64], step: float) -> int:
    nearest = np.inf
    found = 0
    for i in range(len(steps)):
        distance = abs(np.float64(steps[i]) - step)
        if distance < nearest or (distance == nearest and steps[i] <= steps[found]):
            nearest = distance
            found = i
    return found


@_fast
def _statistics(
    x: NDArray[np.number], values: Values, low: float, high: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Return points, NaN and infinities; where the first, last, least and greatest value are; mean, std and slope."""
    points = nan = inf = count = 0
    first = last = least = greatest = -1
    total_x = total_y = origin = 0.0
    for i in range(len(x)):
        if not low <= x[i] <= high:
            continue
        points += 1
        value = np.float64(values[i])
        if not np.isfinite(value):
            nan += np.isnan(value)
            inf += np.isinf(value)
            continue
        if count == 0:
            first = last = least = greatest = i
            origin = np.float64(x[i])
        if x[i] < x[first]:
            first = i
        if x[i] >= x[last]:
            last = i
        if value < values[least]:
            least = i
        if value > values[greatest]:
            greatest = i
        count += 1
        total_x += np.float64(x[i]) - origin  # keeps the digits of times since the epoch
        total_y += value
    numbers = np.full(3, np.nan)
    if count > 0:
        mean_y = min(max(total_y / count, np.float64(values[least])), np.float64(values[greatest]))
        mean_x = origin + total_x / count
        squares_x = squares_y = products = 0.0
        for i in range(len(x)):
            if low <= x[i] <= high and np.isfinite(values[i]):
                away_x, away_y = np.float64(x[i]) - mean_x, np.float64(values[i]) - mean_y
                squares_x += away_x * away_x
                squares_y += away_y * away_y
                products += away_x * away_y
        numbers[0] = mean_y
        if count > 1:
            numbers[1] = np.sqrt(squares_y / (count - 1))
        if squares_x > 0:
            numbers[2] = products / squares_x
    return np.array([points, nan, inf]), np.array([first, last, least, greatest]), numbers


@_fast
def _stretches(values: Values, most: int) -> tuple[int, int, Floats]:
    """Return how many values are NaN and infinite, and the means of the finite ones in up to `most` equal stretches."""
    n = len(values)
    pieces = min(n, most)
    means = np.empty(pieces)
    nan = inf = 0
    for piece in range(pieces):
        total, count = 0.0, 0
        for i in range(piece * n // pieces, (piece + 1) * n // pieces):
            value = np.float64(values[i])
            if np.isfinite(value):
                total += value
                count += 1
            else:
                nan += np.isnan(value)
                inf += np.isinf(value)
        means[piece] = total / count if count > 0 else np.nan
    return nan, inf, means

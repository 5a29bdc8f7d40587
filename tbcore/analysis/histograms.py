"""Histograms over steps: all of a series as columns, put into common bins, summarised and compared.

A histogram is buckets of (left, right, count): values lie evenly between left and right, or at one place where both
are equal. Buckets of a row usually follow each other; nothing here relies on it. Counts that are not above zero, and
NaN, count nothing. Edges that are infinite, or so large that a writer meant "everything beyond" by them, are open: such
a bucket's values are taken to lie at its other edge wherever a place for them is needed.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tbcore.errors import CorruptRecordError
from tbcore.formats import histograms as formats
from tbcore.series import Series

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.integer] | NDArray[np.bool_]
Scale = Literal["linear", "symlog", "log"]

BASIS_POINTS = (0, 668, 1587, 3085, 5000, 6915, 8413, 9332, 10000)

_OPEN = 1e300  # from here on an edge stands for "everything beyond": writers use the largest double
_EXACT = 2.0**53  # below it, sums of whole numbers are exact in any order
_MOST_PLACES = 4096  # edges that buckets which overlap are cut at; where there are more, even places take their place
_DECADES = 6  # that the symlog scale spends on either side of zero at most
_TINY = 1e-300  # distances from zero below it are not told apart
_SAID = 1e-6  # of the size of values: how far the sums that a writer says may be from what its buckets allow

_fast = njit(nogil=True, cache=True, error_model="numpy")


@dataclass(frozen=True)
class Histograms:
    """All histograms [n] of one series, in the order written: buckets starts[i] up to starts[i + 1] are those of row i.

    lefts, rights, counts [buckets]: as logged, in double precision. num, sum, sum_squares [n]: what a legacy histogram
    says beside its buckets, NaN where the format has no place for it. problems: (row, reason) of values that cannot be
    decoded; they have no buckets.
    """

    steps: Ints
    wall_times: Floats
    superseded: NDArray[np.bool_]
    starts: Ints
    lefts: Floats
    rights: Floats
    counts: Floats
    num: Floats
    sum: Floats
    sum_squares: Floats
    problems: tuple[tuple[int, str], ...] = ()

    def __len__(self) -> int:
        return len(self.steps)

    @cached_property
    def totals(self) -> Floats:
        """How many values [n] lie in the buckets of each row."""
        return _sums(np.where(self.counts > 0, self.counts, 0.0), self.starts)

    @cached_property
    def missing(self) -> Floats:
        """How many values [n] were handed in but lie in no bucket: NaN, infinite, out of range. NaN where it is not said."""
        return self.num - self.totals

    @cached_property
    def unbounded(self) -> Floats:
        """How many values [n] lie in buckets with an open edge."""
        opened = ~(_closed(self.lefts) & _closed(self.rights)) & (self.counts > 0)
        return _sums(np.where(opened, self.counts, 0.0), self.starts)


@dataclass(frozen=True)
class Clipped:
    """What common edges leave out: values [rows] in buckets that reach below the first edge or above the last.

    They are counted all the same, in the bins their buckets touch or in the nearest. least, greatest: the outermost
    edges as logged, possibly infinite, NaN when there are none; lost [rows]: values in buckets whose edges are NaN,
    which are in no bin.
    """

    below: Floats
    above: Floats
    lost: Floats
    least: float
    greatest: float


# From files to columns -----------------------------------------------------------------------------------------------


def table(series: Series, known: Histograms | None = None) -> Histograms:
    """Return all histograms of a series.

    known: an earlier table of the same series; what it holds is not decoded again, unless the series turns out to be
    another by now.
    """
    first = 0 if known is None else _still(series, known)
    if known is not None and first == len(known) == len(series):
        same = np.array_equal(known.superseded, series.superseded)
        return known if same else replace(known, superseded=series.superseded)
    parts = [part for _first, part in _parts(series, first)]
    if known is not None and first:
        parts = [_beginning(known, first), *parts]
    sizes = [len(part.starts) - 1 for part in parts]
    befores = np.cumsum([0, *(int(part.starts[-1]) for part in parts)])
    starts = [part.starts[:-1] + before for part, before in zip(parts, befores[:-1], strict=True)]
    moments = _joined([part.moments for part in parts], (0, 5))
    problems = []
    for before, part in zip(np.cumsum([0, *sizes]).tolist(), parts, strict=False):
        problems += [(before + row, reason) for row, reason in part.problems]
    return Histograms(
        steps=series.steps,
        wall_times=series.wall_times,
        superseded=series.superseded,
        starts=np.concatenate((*starts, befores[-1:])),
        lefts=_joined([part.lefts for part in parts]),
        rights=_joined([part.rights for part in parts]),
        counts=_joined([part.counts for part in parts]),
        num=moments[:, 2].copy(),
        sum=moments[:, 3].copy(),
        sum_squares=moments[:, 4].copy(),
        problems=tuple(problems),
    )


def buckets(table: Histograms, row: int) -> Floats:
    """Return the buckets [k, 3] of one histogram as logged: left, right, count."""
    place = slice(int(table.starts[row]), int(table.starts[row + 1]))
    return np.column_stack((table.lefts[place], table.rights[place], table.counts[place]))


def rows(series: Series) -> Iterator[dict[str, Any]]:
    """Yield a dictionary per histogram, exact: run, tag, step, wall_time, buckets [[left, right, count], ...].

    One that cannot be decoded has "error", the reason, in place of "buckets".
    """
    steps, wall_times = series.steps.tolist(), series.wall_times.tolist()
    for first, part in _parts(series, 0):
        problems = dict(part.problems)
        starts = part.starts.tolist()
        written = np.column_stack((part.lefts, part.rights, part.counts))
        for row in range(len(starts) - 1):
            point = first + row
            about = {"run": series.run, "tag": series.tag, "step": steps[point], "wall_time": wall_times[point]}
            if row in problems:
                yield about | {"error": problems[row]}
            else:
                yield about | {"buckets": written[starts[row] : starts[row + 1]].tolist()}


def _parts(series: Series, first: int) -> Iterator[tuple[int, formats.Columns]]:
    """Yield the histograms from point `first` on, many at a time, each time with the point that the first of them is."""
    for blobs in series.blobs(first):
        try:
            data, starts = blobs.read()
        except CorruptRecordError:
            # One that is gone takes none of the others with it.
            for point in range(blobs.first, blobs.first + len(blobs.places)):
                yield point, _one(series, point)
        else:
            yield blobs.first, formats.columns(data, starts, blobs.places[:, 1], blobs.form, series.plugin)


def _one(series: Series, point: int) -> formats.Columns:
    blob = series.blob(point)
    try:
        data = np.frombuffer(blob.read(), np.uint8)
    except CorruptRecordError as error:
        none = np.zeros(0)
        return formats.Columns(np.zeros(2, np.int64), none, none, none, np.full((1, 5), np.nan), ((0, str(error)),))
    return formats.columns(data, np.zeros(1, np.int64), np.array([len(data)]), blob.form, series.plugin)


def _still(series: Series, known: Histograms) -> int:
    """Return how many histograms of an earlier table are still those of the series.

    The moments of all are compared, the buckets of the first and the last; one that could not be read is tried again.
    """
    n = len(known)
    if n > len(series) or n == 0:
        return 0
    same = np.array_equal(series.steps[:n], known.steps) and np.array_equal(
        series.wall_times[:n], known.wall_times, equal_nan=True
    )
    wrong = dict(known.problems)
    ends = {row for row in (0, n - 1) if row not in wrong}
    if not same or any(_now(series, row) != buckets(known, row).tobytes() for row in ends):
        return 0
    first = min(wrong, default=n)
    return first if first < n and _one(series, first).problems != ((0, wrong[first]),) else n


def _now(series: Series, row: int) -> bytes:
    found = _one(series, row)
    return np.column_stack((found.lefts, found.rights, found.counts)).tobytes()


def _beginning(known: Histograms, n: int) -> formats.Columns:
    """Return the first n histograms of a table as they were decoded."""
    end = int(known.starts[n])
    moments = np.full((n, 5), np.nan)
    moments[:, 2:] = np.column_stack((known.num[:n], known.sum[:n], known.sum_squares[:n]))
    problems = tuple((row, reason) for row, reason in known.problems if row < n)
    return formats.Columns(
        known.starts[: n + 1], known.lefts[:end], known.rights[:end], known.counts[:end], moments, problems
    )


def _joined(arrays: list[Floats], empty: tuple[int, ...] = (0,)) -> Floats:
    if len(arrays) == 1:
        return arrays[0]
    return np.concatenate(arrays) if arrays else np.zeros(empty)


# Common bins ---------------------------------------------------------------------------------------------------------


def edges(table: Histograms, bins: int = 30, scale: Scale = "linear", rows: Rows | None = None) -> Floats:
    """Return the edges [bins + 1] of bins that all histograms (or those of `rows`) share, rising strictly.

    They reach from the least to the greatest edge of a bucket that holds something; open edges are left out, see
    `clipped`. A range of zero width is widened to [v / 1.1 - 1, v * 1.1 + 1], mirrored below zero. symlog: evenly
    spaced in sign(x) log(1 + |x| / c), where c is `linear_range`. log: evenly spaced in log(x) over what is above
    zero, and linear where nothing is.
    Source: TensorBoard's histogramCore.ts, intermediateToD3, for the linear range.
    """
    left, right, _count = _filled(table, rows)
    places = np.concatenate((left[_closed(left)], right[_closed(right)]))
    if scale == "log":
        places = places[places > 0] if bool((places > 0).any()) else places
        if len(places) and places.min() > 0:
            low, high = max(float(places.min()), _TINY), max(float(places.max()), _TINY)
            if not high > low * (1 + 1e-9 * bins):
                low, high = low / 10, high * 10
            return _between(low, high, np.exp(np.linspace(math.log(low), math.log(high), bins + 1)))
    low, high = (float(places.min()), float(places.max())) if len(places) else (0.0, 0.0)
    if not high - low > 4 * bins * np.spacing(max(abs(low), abs(high))):
        low, high = (low / 1.1 - 1, high * 1.1 + 1) if low >= 0 else (low * 1.1 - 1, high / 1.1 + 1)
    if scale == "symlog":
        near = linear_range(table, rows)
        ends = np.sign([low, high]) * np.log1p(np.abs([low, high]) / near)
        even = np.linspace(ends[0], ends[1], bins + 1)
        spaced = _between(low, high, np.sign(even) * near * np.expm1(np.abs(even)))
        if bool((np.diff(spaced) > 0).all()):
            return spaced
    return np.linspace(low, high, bins + 1)


def linear_range(table: Histograms, rows: Rows | None = None) -> float:
    """Return up to which distance from zero the symlog scale is about linear: a power of ten.

    Nine tenths of the values in buckets that do not touch zero are farther away, but it is no less than a millionth of
    the farthest; 1 when there are none.
    """
    left, right, count = _filled(table, rows)
    away = _closed(left) & _closed(right) & (np.sign(left) * np.sign(right) > 0)
    if not away.any():
        return 1.0
    middles, count = np.abs(left[away] / 2 + right[away] / 2), count[away]
    order = np.argsort(middles, kind="stable")
    shares = np.cumsum(count[order]) / count.sum()
    tenth = float(middles[order][min(int(np.searchsorted(shares, 0.1)), len(order) - 1)])
    greatest = float(max(np.abs(left[away]).max(), np.abs(right[away]).max()))
    exponents = (math.floor(math.log10(max(far, _TINY))) for far in (tenth, greatest))
    return 10.0 ** max(next(exponents), next(exponents) - _DECADES)


def clipped(table: Histograms, edges: Floats, rows: Rows | None = None) -> Clipped:
    """Return what `edges` leave out of the histograms (or of those of `rows`)."""
    chosen = _chosen(table, rows)
    left, right = np.fmin(table.lefts, table.rights), np.fmax(table.lefts, table.rights)
    count = np.where(table.counts > 0, table.counts, 0.0)
    below = _sums(np.where(left < edges[0], count, 0.0), table.starts)
    above = _sums(np.where(right > edges[-1], count, 0.0), table.starts)
    lost = _sums(np.where(np.isnan(left), count, 0.0), table.starts)
    lefts, rights, _count = _filled(table, rows)
    least = float(lefts.min()) if len(lefts) else math.nan
    greatest = float(rights.max()) if len(rights) else math.nan
    return Clipped(below[chosen], above[chosen], lost[chosen], least, greatest)


def rebinned(table: Histograms, edges: Floats, rows: Rows | None = None) -> Floats:
    """Return the counts [rows, bins] of the histograms in common bins; none is lost.

    edges [bins + 1]: rising. A bucket is divided in proportion to its overlap with the bins, after what reaches beyond
    the edges was cut off; one of zero width goes to the bin that begins at it or around it, the last bin holds its
    right edge too; one that lies wholly outside goes to the nearest bin.
    Source: TensorBoard's histogramCore.ts, intermediateToD3, whose results these are for buckets in order and even edges.
    """
    chosen = _chosen(table, rows)
    if len(edges) < 2:
        return np.zeros((len(chosen), 0))
    found = np.zeros((len(chosen), len(edges) - 1))
    within = np.ascontiguousarray(edges, np.float64)
    _rebin(table.starts, table.lefts, table.rights, table.counts, chosen, within, found)
    return found


def rebin_tensorboard(
    table: Histograms,
    bins: int = 30,
    rule: Literal["histograms", "time series"] = "histograms",
    limits: tuple[float, float] | None = None,
) -> tuple[Floats, float, Floats]:
    """Return the left edges [bins] of common bins, their width, and the counts [n, bins], exactly as TensorBoard has them.

    rule: that of its Histograms page or that of Time Series. A bucket of no width on the border of two bins is lost by
    the first, and counted in the bin on its right by the second; the range of the first is that of all edges, of the
    second that of the first left and the last right edges. The range that both put around a single value holds it in
    its inside only above -10, and runs backwards below about -10.5. limits: the range, where it is known.
    Source: TensorBoard's histogramCore.ts, intermediateToD3, and histogram_util.ts, buildNormalizedHistograms.
    """
    if bins < 1:
        return np.zeros(0), 0.0, np.zeros((len(table), 0))
    if limits is None:
        limits = _tensorboard_range(table, rule)
    low, high = limits
    if low == high:
        low, high = low / 1.1 - 1, high * 1.1 + 1
    width = (high - low) / bins
    counts = np.zeros((len(table), bins))
    _rebin_tensorboard(
        table.starts, table.lefts, table.rights, table.counts, low, high, width, rule == "histograms", counts
    )
    return low + np.arange(bins) * width, width, counts


def _tensorboard_range(table: Histograms, rule: str) -> tuple[float, float]:
    if not len(table.lefts):
        return 0.0, 0.0
    if rule == "histograms":
        return float(table.lefts.min()), float(table.rights.max())
    begins, ends = table.starts[:-1], table.starts[1:]
    held = ends > begins
    first, last = begins[held], ends[held] - 1
    return float(table.lefts[first].min()), float((table.lefts[last] + (table.rights[last] - table.lefts[last])).max())


def _between(low: float, high: float, spaced: Floats) -> Floats:
    """Return `spaced` with its ends exactly at `low` and `high`."""
    spaced[0], spaced[-1] = low, high
    return spaced


def _closed(places: Floats) -> NDArray[np.bool_]:
    """Return which edges are finite and say where a bucket ends; NaN is none of them."""
    return np.asarray(np.abs(places) < _OPEN)


def _filled(table: Histograms, rows: Rows | None) -> tuple[Floats, Floats, Floats]:
    """Return left edges, right edges and counts of the buckets that hold something, turned around where they are backwards.

    rows: of these only, None for all. Where one edge is NaN it is taken to be at the other; both NaN are left out.
    """
    kept = table.counts > 0
    if rows is not None:
        of_rows = np.zeros(len(table), np.bool_)
        of_rows[rows] = True
        kept &= np.repeat(of_rows, np.diff(table.starts))
    left, right = table.lefts[kept], table.rights[kept]
    low, high = np.fmin(left, right), np.fmax(left, right)
    real = ~np.isnan(low)
    return low[real], high[real], table.counts[kept][real]


def _chosen(table: Histograms, rows: Rows | None) -> Ints:
    """Return the numbers of the rows; compiled code does not check them. Raises IndexError where there is no such row."""
    return np.arange(len(table)) if rows is None else np.arange(len(table))[rows]


def _sums(values: Floats, starts: Ints) -> Floats:
    """Return the sum [n] of the values of each row; of values that are no whole numbers in NumPy's order of adding."""
    with np.errstate(over="ignore", invalid="ignore"):
        if bool((values == np.rint(values)).all()) and float(np.abs(values).sum()) < _EXACT:
            before = np.concatenate((np.zeros(1), np.cumsum(values)))
            return np.asarray(before[starts[1:]] - before[starts[:-1]])
        return np.array([values[begin:end].sum() for begin, end in pairwise(starts.tolist())], np.float64)


def _added(values: Floats, starts: Ints) -> Floats:
    """Return the sum [n] of the values of each row, in whatever order is quickest."""
    found = np.add.reduceat(np.append(values, 0.0), starts[:-1]) if len(starts) > 1 else np.zeros(0)
    found[starts[1:] == starts[:-1]] = 0.0
    return np.asarray(found)


# Summaries -----------------------------------------------------------------------------------------------------------


def quantiles(table: Histograms, points: Sequence[float] = BASIS_POINTS) -> Floats:
    """Return the values [n, points] below which so many of 10,000 values lie; points rise, and the last is all of them.

    Equal to TensorBoard's, to the last digit for the same buckets: without buckets all are 0, and without counts the
    right edge of the last bucket. Only where an edge is NaN, as the least value of a legacy histogram of NaN among
    numbers, is the bucket's other edge taken for it. NaN for values that cannot be decoded.
    Source: TensorBoard's plugins/distribution/compressor.py, compress_histogram.
    """
    found = np.zeros((len(table), len(points)))
    sums = _sums(table.counts, table.starts)
    wanted = np.array(points, np.float64)
    _quantiles(table.starts, table.lefts, table.rights, table.counts, sums, wanted, found)
    found[[row for row, _reason in table.problems]] = np.nan
    return found


def statistics(table: Histograms) -> dict[str, Floats]:
    """Return one number per row [n] under each name; NaN where a row holds no values, except for count and missing.

    count     values in the buckets
    missing   values in no bucket, NaN where the writer does not say how many there were
    mean, std of the values (std: of all of them, not of a sample). Of legacy histograms that say the sums, exact, unless
              values are missing or the sums contradict the buckets; else as if values lay evenly in their buckets
    median    as `quantiles` has it
    zeros     share of the values in the bucket that holds zero, so at most this share is exactly zero. A bucket holds
              its left edge; its right edge only when it is the last one or has no width
    max_abs   the edge farthest from zero of the buckets that hold something, as logged: infinite when an edge is
    entropy   of the shares of the buckets, in bits: 0 when all lies in one; more buckets allow more
    """
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        held = table.totals > 0
        mean, variance = _moments(table)
        found = {
            "mean": mean,
            "std": np.sqrt(np.maximum(variance, 0.0)),
            "median": quantiles(table, (5000.0, 10000.0))[:, 0],
            "zeros": np.empty(len(table)),
            "max_abs": np.empty(len(table)),
            "entropy": np.empty(len(table)),
        }
    _shapes(
        table.starts, table.lefts, table.rights, table.counts, table.totals,
        found["zeros"], found["max_abs"], found["entropy"],
    )  # fmt: skip
    for values in found.values():
        values[~held] = np.nan
    return {"count": table.totals.copy(), "missing": table.missing.copy()} | found


def _moments(table: Histograms) -> tuple[Floats, Floats]:
    """Return the mean [n] and the variance [n] of each row."""
    starts, left, right, count = _tidied(table)
    total = _added(count, starts)
    low, high = np.minimum(np.abs(left), np.abs(right)), np.maximum(np.abs(left), np.abs(right))
    mean = _added(count * (left / 2 + right / 2), starts) / total
    # Around the mean of each row, so that little is lost where values lie far from zero.
    centre = np.repeat(mean, np.diff(starts))
    from_left, from_right = left - centre, right - centre
    squares = (from_left * from_left + from_left * from_right + from_right * from_right) / 3
    variance = _added(count * squares, starts) / total
    num, said, said_squares = table.num, table.sum, table.sum_squares
    size = _added(count * high, starts)
    low = np.where(np.sign(left) * np.sign(right) > 0, low, 0.0)
    squares_low, squares_high = _added(count * low * low, starts), _added(count * high * high, starts)
    slack, slack_squares = _SAID * size, _SAID * squares_high
    believed = (
        (num == table.totals)
        & (said >= _added(count * left, starts) - slack)
        & (said <= _added(count * right, starts) + slack)
        & (said_squares >= squares_low - slack_squares)
        & (said_squares <= squares_high + slack_squares)
        & (said_squares * num >= said * said * (1 - _SAID))
    )
    exact = said / num
    exact_variance = said_squares / num - exact * exact
    # What is left of a difference of two nearly equal numbers says less than the buckets do.
    sharp = believed & (exact_variance > 1e-9 * exact * exact)
    return np.where(believed, exact, mean), np.where(sharp, exact_variance, variance)


# Comparisons ---------------------------------------------------------------------------------------------------------


def change(table: Histograms) -> Floats:
    """Return the Wasserstein-1 distance [n] of each histogram to the one before it, exact for values even in their buckets.

    The one before is the latest that holds values; for those that no later attempt wrote again, the latest such. NaN
    for the first, and for those without values.
    """
    before = np.full(len(table), -1, np.int64)
    last = last_kept = -1
    for row, (held, superseded) in enumerate(zip((table.totals > 0).tolist(), table.superseded.tolist(), strict=True)):
        if held:
            before[row] = last if superseded else last_kept
            last = row
            last_kept = last_kept if superseded else row
    found = np.full(len(table), np.nan)
    _distances(*_tidied(table), before, found)
    return found


def distances(first: Floats, others: Sequence[Floats]) -> Floats:
    """Return the Wasserstein-1 distance [others] of the histogram `first` [k, 3] to each of the others, [k, 3] each.

    Exact for values that lie evenly in their buckets; NaN where one of both holds none.
    """
    every = [_tidy(one) for one in (first, *others)]
    starts = np.concatenate((np.zeros(1, np.int64), np.cumsum([len(one) for one in every])))
    both = np.concatenate(every)
    before = np.zeros(len(every), np.int64)
    found = np.full(len(every), np.nan)
    columns = (np.ascontiguousarray(both[:, column]) for column in range(3))
    _distances(starts, *columns, before, found)
    return found[1:]


def cumulative(left: Floats, right: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Return the cumulative share as a line: places in order, and the share of values up to there, from 0 to 1.

    It is straight within a bucket, flat between buckets, and upright at a bucket of zero width. Empty without values.
    """
    tidy = _tidy(np.column_stack((left, right, counts)))
    if not len(tidy):
        return np.zeros(0), np.zeros(0)
    after = np.cumsum(tidy[:, 2])
    after /= after[-1]
    shares = np.column_stack((np.concatenate(([0.0], after[:-1])), after)).ravel()
    places = tidy[:, :2].ravel()
    kept = np.concatenate(([True], (np.diff(places) != 0) | (np.diff(shares) != 0)))
    return places[kept], shares[kept]


def quantile_quantile(a: Floats, b: Floats, points: int = 99) -> tuple[Floats, Floats]:
    """Return the values of two histograms [k, 3] at `points` evenly spaced shares, without 0 and 1: percentiles for 99.

    Both are empty where one of both holds no values.
    """
    shares = np.arange(1, points + 1) / (points + 1)
    one, other = _tidy(a), _tidy(b)
    if not len(one) or not len(other):
        return np.zeros(0), np.zeros(0)
    return _at_shares(one, shares), _at_shares(other, shares)


def _at_shares(tidy: Floats, shares: Floats) -> Floats:
    """Return the places below which the shares of the values of a tidy histogram lie."""
    after = np.cumsum(tidy[:, 2])
    wanted = shares * after[-1]
    bucket = np.minimum(np.searchsorted(after, wanted, side="left"), len(tidy) - 1)
    part = np.clip((wanted - (after - tidy[:, 2])[bucket]) / tidy[bucket, 2], 0.0, 1.0)
    return np.asarray(tidy[bucket, 0] * (1 - part) + tidy[bucket, 1] * part)


def _tidied(table: Histograms) -> tuple[Ints, Floats, Floats, Floats]:
    """Return where the buckets of each row begin, left edges, right edges and counts, with every row as `_tidy` has it."""
    tidy = np.empty(len(table), np.bool_)
    _are_tidy(table.starts, table.lefts, table.rights, table.counts, tidy)
    if tidy.all():
        return table.starts, table.lefts, table.rights, table.counts
    sizes = np.diff(table.starts)
    changed = {row: _tidy(buckets(table, row)) for row in np.flatnonzero(~tidy).tolist()}
    for row, one in changed.items():
        sizes[row] = len(one)
    starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)))
    columns = [np.empty(int(starts[-1])) for _ in range(3)]
    kept = np.repeat(tidy, sizes)
    for number, written in enumerate((table.lefts, table.rights, table.counts)):
        columns[number][kept] = written[np.repeat(tidy, np.diff(table.starts))]
        for row, one in changed.items():
            columns[number][starts[row] : starts[row + 1]] = one[:, number]
    return starts, columns[0], columns[1], columns[2]


def _tidy(histogram: Floats) -> Floats:
    """Return a histogram [k, 3] as buckets [m, 3] that hold something, in order, without overlap and open edges."""
    left, right, count = (histogram[:, column] for column in range(3))
    left, right = np.fmin(left, right), np.fmax(left, right)
    left, right = np.where(_closed(left), left, right), np.where(_closed(right), right, left)
    kept = (count > 0) & (count < np.inf) & _closed(left) & _closed(right)
    left, right, count = left[kept], right[kept], count[kept]
    order = np.lexsort((right, left))
    left, right, count = left[order], right[order], count[order]
    if bool((left[1:] >= right[:-1]).all()):
        return np.column_stack((left, right, count))
    places = np.unique(np.concatenate((left, right)))
    wide = right > left
    points = np.bincount(np.searchsorted(places, left[~wide]), count[~wide], len(places))
    if len(places) > _MOST_PLACES:
        places = np.linspace(places[0], places[-1], _MOST_PLACES)
        wide, points = np.ones(len(left), np.bool_), np.zeros(_MOST_PLACES)
    pieces = np.zeros((1, len(places) - 1))
    whole = np.array([0, np.count_nonzero(wide)])
    _rebin(whole, left[wide], right[wide], count[wide], np.zeros(1, np.int64), places, pieces)
    every = np.concatenate(
        (
            np.column_stack((places, places, points)),
            np.column_stack((places[:-1], places[1:], pieces[0])),
        )
    )
    every = every[every[:, 2] > 0]
    return every[np.lexsort((every[:, 1], every[:, 0]))]


# Compiled ------------------------------------------------------------------------------------------------------------


def warm() -> None:
    """Compile what computes with histograms, or load it from the cache on disk."""
    formats.warm()
    one = np.array([0, 1])
    values = np.ones(1)
    tiny = Histograms(one[:1], values, np.zeros(1, np.bool_), one, values - 1, values, values, values, values, values)
    rebinned(tiny, edges(tiny))
    statistics(tiny)
    change(tiny)
    rebin_tensorboard(tiny)


@_fast
def _rebin(
    starts: Ints, lefts: Floats, rights: Floats, counts: Floats, chosen: Ints, edges: Floats, found: Floats
) -> None:
    bins = edges.size - 1
    low, high = edges[0], edges[bins]
    for row in range(chosen.size):
        place = np.int64(0)
        for k in range(starts[chosen[row]], starts[chosen[row] + 1]):
            count = counts[k]
            if not count > 0:
                continue
            left, right = lefts[k], rights[k]
            if not left <= right:  # backwards, or NaN
                left, right = right, left
                if np.isnan(left):
                    left = right
                elif np.isnan(right):
                    right = left
                if np.isnan(left):
                    continue
            left = min(max(left, low), high)
            right = min(max(right, low), high)
            while place + 1 < bins and edges[place + 1] <= left:
                place += 1
            while place > 0 and edges[place] > left:
                place -= 1
            if not right > left or right <= edges[place + 1]:
                found[row, place] += count
                continue
            width = right - left
            while place < bins and edges[place] < right:
                overlap = min(right, edges[place + 1]) - max(left, edges[place])
                found[row, place] += count * (overlap / width)
                place += 1
            place -= 1


@_fast
def _rebin_tensorboard(
    starts: Ints,
    lefts: Floats,
    rights: Floats,
    counts: Floats,
    low: float,
    high: float,
    width: float,
    histograms: bool,
    found: Floats,
) -> None:
    bins = found.shape[1]
    for row in range(found.shape[0]):
        k = starts[row]
        carried = 0.0
        for place in range(bins):
            bin_left = low + place * width
            bin_right = bin_left + width
            final = bin_right >= high if histograms else place == bins - 1
            total = carried
            carried = 0.0
            while k < starts[row + 1]:
                if histograms:
                    left, right = max(low, lefts[k]), min(high, rights[k])
                    if right - left > 0:
                        overlap = min(right, bin_right) - max(left, bin_left)
                        if overlap > 0:
                            total += overlap / (right - left) * counts[k]
                    elif bin_left <= left and (right <= bin_right if final else right < bin_right):
                        total += counts[k]
                else:
                    left = lefts[k]
                    extent = rights[k] - left
                    right = left + extent
                    if left <= bin_right and right >= bin_left:
                        if extent != 0:
                            total += counts[k] * (min(right, bin_right) - max(left, bin_left)) / extent
                        elif not final and right >= bin_right:
                            carried += counts[k]
                        else:
                            total += counts[k]
                if right > bin_right:
                    break
                k += 1
            found[row, place] = total


@_fast
def _quantiles(
    starts: Ints, lefts: Floats, rights: Floats, counts: Floats, sums: Floats, points: Floats, found: Floats
) -> None:
    whole = points[points.size - 1]
    for row in range(starts.size - 1):
        begin, end = starts[row], starts[row + 1]
        if begin == end:
            continue
        least = rights[begin] if np.isnan(lefts[begin]) else lefts[begin]
        greatest = lefts[end - 1] if np.isnan(rights[end - 1]) else rights[end - 1]
        total = sums[row] if sums[row] != 0 else 1.0
        k = begin
        before = 0.0
        weight = counts[begin] * whole / total
        for point in range(points.size):
            wanted = points[point]
            # Buckets that end at or before the point, and those that add nothing to the weight.
            while k < end and (weight <= wanted or weight == before):
                k += 1
                if k < end:
                    before = weight
                    weight = weight + counts[k] * whole / total
            if k >= end:
                found[row, point] = greatest
                continue
            left = least
            if k > begin and before != 0:
                left = least if least > rights[k - 1] else rights[k - 1]
            right = greatest if greatest < rights[k] else rights[k]
            found[row, point] = left + (wanted - before) * (right - left) / (weight - before)


@_fast
def _shapes(
    starts: Ints,
    lefts: Floats,
    rights: Floats,
    counts: Floats,
    totals: Floats,
    zeros: Floats,
    farthest: Floats,
    entropy: Floats,
) -> None:
    for row in range(starts.size - 1):
        around = far = bits = 0.0
        end = 0.0
        any_edge = False
        for k in range(starts[row], starts[row + 1]):
            if counts[k] > 0 and not np.isnan(lefts[k]) and not np.isnan(rights[k]):
                end = max(end, rights[k]) if any_edge else rights[k]
                any_edge = True
        for k in range(starts[row], starts[row + 1]):
            if not counts[k] > 0:
                continue
            left, right = min(lefts[k], rights[k]), max(lefts[k], rights[k])
            if left <= 0 <= right and (right > 0 or right in (left, end)):
                around += counts[k]
            far = max(far, abs(left), abs(right))
            share = counts[k] / totals[row]
            bits -= share * np.log2(share)
        zeros[row] = around / totals[row]
        farthest[row] = far
        entropy[row] = bits + 0.0


@_fast
def _are_tidy(starts: Ints, lefts: Floats, rights: Floats, counts: Floats, tidy: NDArray[np.bool_]) -> None:
    for row in range(starts.size - 1):
        last = -_OPEN
        tidy[row] = True
        for k in range(starts[row], starts[row + 1]):
            inside = lefts[k] >= last and lefts[k] > -_OPEN and rights[k] >= lefts[k] and rights[k] < _OPEN
            if not inside or not counts[k] >= 0 or not counts[k] < np.inf:
                tidy[row] = False
                break
            last = rights[k]


@_fast
def _distances(starts: Ints, lefts: Floats, rights: Floats, counts: Floats, before: Ints, found: Floats) -> None:
    """Write the distance of each tidy row to row before[i] into `found`, where there is such a row.

    Values are moved in order: the smallest of one go to the smallest of the other. Over a stretch of shares in which
    neither changes its bucket, the way is a straight line, and its mean length is known.
    """
    for row in range(before.size):
        if before[row] < 0:
            continue
        i, i_end = starts[row], starts[row + 1]
        j, j_end = starts[before[row]], starts[before[row] + 1]
        all_i = all_j = 0.0
        for k in range(i, i_end):
            all_i += counts[k]
        for k in range(j, j_end):
            all_j += counts[k]
        if not all_i > 0 or not all_j > 0:
            continue
        way = 0.0
        used_i = used_j = 0.0  # shares of the current buckets that were moved already
        while i < i_end and j < j_end:
            share_i, share_j = counts[i] / all_i, counts[j] / all_j
            rest_i, rest_j = share_i - used_i, share_j - used_j
            if not rest_i > 0:
                i += 1
                used_i = 0.0
                continue
            if not rest_j > 0:
                j += 1
                used_j = 0.0
                continue
            step = min(rest_i, rest_j)
            slope_i, slope_j = (rights[i] - lefts[i]) / share_i, (rights[j] - lefts[j]) / share_j
            first = (lefts[i] + used_i * slope_i) - (lefts[j] + used_j * slope_j)
            last = first + step * (slope_i - slope_j)
            one, other = abs(first), abs(last)
            if one + other > 0:
                if first * last >= 0:
                    way += step * (one / 2 + other / 2)
                else:
                    way += step * (one * (one / (one + other)) + other * (other / (one + other))) / 2
            if rest_i <= rest_j:
                i += 1
                used_i = 0.0
                used_j = used_j + step if rest_j > rest_i else share_j
            else:
                j += 1
                used_j = 0.0
                used_i += step
        found[row] = way

"""Histograms over steps as a page shows them: which ones, in what order, and which share a pixel column."""

import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tbcore.analysis import histograms
from tbcore.analysis.histograms import Histograms
from tbcore.series import Series

Axis = Literal["step", "relative", "wall"]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# What each statistic means, as a page says it.
MEANINGS = {
    "mean": "Mean of the values; where only buckets were logged, those of a bucket are taken to lie evenly in it.",
    "std": "Standard deviation of the values; where only buckets were logged, those of a bucket lie evenly in it.",
    "median": "Half of the values lie below.",
    "zeros": "Share of the values that are zero, as far as the buckets tell.",
    "max_abs": "Greatest distance from zero of the outermost edges.",
    "entropy": "Entropy of the shares of the buckets, in bits: how evenly the values lie in them.",
    "change": "Wasserstein distance to the histogram before: how far its values would have to be moved, on average.",
}


@dataclass(frozen=True)
class Rows:
    """Rows [m] in the order of an axis, each for one histogram or for the neighbours that share a pixel column.

    many: histograms of a row; counts: values of one of them, on average.
    """

    steps: Ints
    last_steps: Ints
    wall_times: Floats
    last_wall_times: Floats
    many: Ints
    counts: Floats


@dataclass(frozen=True)
class Shares:
    """Which share of the values lies in each of common bins, [m, bins]: of a row's histograms the mean."""

    rows: Rows
    shares: Floats


@dataclass(frozen=True)
class Bands:
    """The values below which given shares lie, [m, points]: of a row's histograms the least, the means, the greatest.

    NaN for rows without values.
    """

    rows: Rows
    quantiles: Floats


@dataclass(frozen=True)
class Statistic:
    """One number of each histogram of a series, as a series of numbers that curves are made of."""

    run: str
    tag: str
    steps: Ints
    wall_times: Floats
    values: Floats
    superseded: NDArray[np.bool_] = field(repr=False)
    description: str = ""


def chosen(
    table: Histograms,
    *,
    axis: Axis = "step",
    window: tuple[float, float] | None = None,
    start: float = 0.0,
    superseded: bool = False,
) -> Ints:
    """Return which histograms [m] of a table are looked at, in the order of the axis.

    window: steps, seconds after `start`, or seconds since the epoch, as `axis` says; None for all. superseded: those
    that a later attempt wrote again, instead of the others. What cannot be decoded is left out.
    """
    kept = table.superseded == superseded
    kept[[index for index, _reason in table.problems]] = False
    x = table.steps if axis == "step" else table.wall_times
    if window is not None:
        origin = start if axis == "relative" else 0.0
        kept &= (x >= window[0] + origin) & (x <= window[1] + origin)
    found = np.flatnonzero(kept)
    places = x[found]
    return found if bool((places[1:] >= places[:-1]).all()) else found[np.argsort(places, kind="stable")]


def looked_at(
    table: Histograms,
    *,
    axis: Axis = "step",
    window: tuple[float, float] | None = None,
    start: float = 0.0,
    superseded: bool = False,
) -> tuple[Ints, bool]:
    """Return the same, or the one histogram nearest to the window when it holds none, and whether that is so."""
    found = chosen(table, axis=axis, window=window, start=start, superseded=superseded)
    if window is None or len(found):
        return found, False
    found = chosen(table, axis=axis, superseded=superseded)
    x = (table.steps if axis == "step" else table.wall_times)[found] - (start if axis == "relative" else 0.0)
    return found[np.argsort(np.abs(x - (window[0] + window[1]) / 2), kind="stable")[:1]], True


def every(table: Histograms) -> Ints:
    """Return all rows of a table, in the order written."""
    return np.arange(len(table.steps))


def panels(by_tag: Mapping[str, Sequence[Series]], *, earlier: bool = False) -> dict[str, list[tuple[str, bool]]]:
    """Return of each tag the runs that have histograms of it, and with `earlier` once more those with earlier attempts."""
    found: dict[str, list[tuple[str, bool]]] = {}
    for tag, some in by_tag.items():
        found[tag] = []
        for series in some:
            superseded = series.superseded
            # A run of which everything was written again by another one has no latest attempt.
            if not earlier or not bool(superseded.all()):
                found[tag].append((series.run, False))
            if earlier and bool(superseded.any()):
                found[tag].append((series.run, True))
    return found


def unlike(series: Sequence[Series]) -> list[Series]:
    """Return the series without those that are logged at the same steps and restarted alike as one before."""
    return list({(one.steps.tobytes(), one.superseded.tobytes()): one for one in reversed(series)}.values())


def problems(table: Histograms) -> list[str]:
    """Return why values cannot be decoded, one sentence each."""
    return [f"step {int(table.steps[row]):,}: {reason}" for row, reason in table.problems]


def losses(table: Histograms, rows: Ints) -> tuple[float, float, int]:
    """Return how many values are in no bucket, of how many where that is known, and how many histograms are empty."""
    missing = table.missing[rows]
    lost = missing > 0
    return float(missing[lost].sum()), float(table.num[rows][lost].sum()), int((~(table.totals[rows] > 0)).sum())


def cut(table: Histograms, edges: Floats, rows: Ints) -> dict[str, float]:
    """Return how many values are in buckets beyond `edges`, and how far these reach: what `cut_notes` of the charts takes."""
    full = table.counts > 0
    inside = (table.lefts >= edges[0]) & (table.rights <= edges[-1])
    if bool((inside | ~full).all()):
        return {
            **dict.fromkeys(("below", "above", "lost"), 0.0),
            "least": float(edges[0]),
            "greatest": float(edges[-1]),
        }
    found = histograms.clipped(table, edges, rows)
    counts = {name: float(getattr(found, name).sum()) for name in ("below", "above", "lost")}
    return {**counts, "least": found.least, "greatest": found.greatest}


def filled(table: Histograms) -> list[bool]:
    """Return which histograms hold values."""
    return [bool(total > 0) for total in table.totals]


def all_positive(table: Histograms) -> bool:
    """Return whether all values are above zero, as far as the buckets tell."""
    return bool((table.lefts[table.counts > 0] > 0).all())


def size(table: Histograms) -> int:
    """Return how many bytes the columns of a table take."""
    return sum(
        column.nbytes
        for column in (
            table.steps, table.wall_times, table.superseded, table.starts, table.lefts, table.rights, table.counts,
            table.num, table.sum, table.sum_squares,
        )
    )  # fmt: skip


def evenly(rows: Ints, most: int) -> Ints:
    """Return at most `most` of the rows, evenly chosen, the first and the last among them."""
    if len(rows) <= most:
        return rows
    return rows[np.round(np.linspace(0, len(rows) - 1, most)).astype(np.int64)]


def in_columns(table: Histograms, rows: Ints, columns: int, axis: Axis = "step") -> Ints:
    """Return where each pixel column begins in `rows`, which are in the order of the axis; every row is its own if they fit."""
    if len(rows) <= columns:
        return np.arange(len(rows))
    x = (table.steps if axis == "step" else table.wall_times)[rows].astype(np.float64)
    low, high = float(x[0]), float(x[-1])
    if not high > low:
        # Steps that are all one: equal stretches take the place of pixel columns.
        return np.unique(np.arange(columns) * len(rows) // columns)
    place = np.minimum(((x - low) * (columns / (high - low))).astype(np.int64), columns - 1)
    return np.concatenate(([0], np.flatnonzero(place[1:] != place[:-1]) + 1))


def shares(table: Histograms, edges: Floats, rows: Ints, starts: Ints | None = None) -> Shares:
    """Return the shares of the values of `rows` in the bins between `edges`; starts: where rows are put together."""
    starts = np.arange(len(rows)) if starts is None else starts
    counts = histograms.rebinned(table, edges, rows)
    totals = table.totals[rows]
    part = counts / np.where(totals > 0, totals, 1.0)[:, None]
    return Shares(_rows(table, rows, starts), _means(part, starts))


def peaks(some: Sequence[Shares]) -> dict[str, float]:
    """Return the greatest share, and the greatest count, of a bin of all."""
    greatest = [one.shares.max(axis=1, initial=0.0) for one in some]
    counts = [most * one.rows.counts for most, one in zip(greatest, some, strict=True)]
    return {
        "share": max((float(most.max(initial=0.0)) for most in greatest), default=0.0),
        "count": max((float(most.max(initial=0.0)) for most in counts), default=0.0),
    }


def bands(table: Histograms, rows: Ints, starts: Ints | None = None) -> Bands:
    """Return the percentiles of `rows` at TensorBoard's basis points; starts: where rows are put together."""
    starts = np.arange(len(rows)) if starts is None else starts
    found = histograms.quantiles(table)[rows]
    found[~(table.totals[rows] > 0)] = np.nan
    if len(starts) == len(rows):
        return Bands(_rows(table, rows, starts), found)
    known = ~np.isnan(found)
    count = np.add.reduceat(known, starts, axis=0, dtype=np.int64)
    with np.errstate(invalid="ignore", over="ignore"):
        means = np.add.reduceat(np.where(known, found, 0.0), starts, axis=0) / np.where(count > 0, count, np.nan)
    means[:, 0] = np.fmin.reduceat(found[:, 0], starts)
    means[:, -1] = np.fmax.reduceat(found[:, -1], starts)
    return Bands(_rows(table, rows, starts), means)


def statistic(table: Histograms, name: str, *, run: str, tag: str, description: str = "") -> Statistic:
    """Return one number of each histogram: a name of `histograms.statistics`, or "change" to the one before."""
    known = np.ones(len(table.steps), np.bool_)
    known[[index for index, _reason in table.problems]] = False
    values = histograms.change(table) if name == "change" else histograms.statistics(table)[name]
    return Statistic(
        run, tag, table.steps[known], table.wall_times[known], values[known], table.superseded[known], description
    )


def single(series: Series, index: int) -> Histograms:
    """Return the table of one histogram of a series; no other one is read."""
    for segment in series.segments:
        if index < len(segment.steps):
            here = slice(index, index + 1)
            places = None if segment.places is None else segment.places[here]
            one = replace(
                segment, steps=segment.steps[here], wall_times=segment.wall_times[here], places=places, starts=()
            )
            return histograms.table(replace(series, segments=(one,), restarts=()))
        index -= len(segment.steps)
    raise IndexError(f"histogram {index} beyond the last")


def facts(table: Histograms) -> dict[str, Floats]:
    """Return the numbers [n] of histograms that stand side by side, among them the distance to the first."""
    found = histograms.quantiles(table)
    some = histograms.statistics(table)
    every = [histograms.buckets(table, row) for row in range(len(table.steps))]
    known = table.totals > 0
    distance = np.full(len(every), np.nan)
    if len(every) > 1 and known[0]:
        distance[known] = histograms.distances(every[0], [every[row] for row in np.flatnonzero(known)])
    numbers = {name: some[name] for name in ("count", "mean", "std", "median", "zeros")}
    ends = {"min": found[:, 0], "max": found[:, -1], "distance": distance}
    return {**numbers, **{name: np.where(known, values, np.nan) for name, values in ends.items()}}


def curves_at(table: Histograms, form: str, edges: Floats, against: int = 0) -> list[tuple[Floats, Floats]]:
    """Return a curve (x, y) for each histogram of a table.

    form: "outlines", of which y are the shares in the bins of `edges`; "cdf", the share of values up to x; "qq", the
    values y at the shares at which those of histogram `against` are x.
    """
    if form == "outlines":
        found = shares(table, edges, np.arange(len(table.steps))).shares
        return [(edges, one) for one in found]
    every = [histograms.buckets(table, row) for row in range(len(table.steps))]
    nothing = (np.zeros(0), np.zeros(0))
    known = filled(table)
    if form == "cdf":
        return [
            histograms.cumulative(one[:, 0], one[:, 1], one[:, 2]) if full else nothing
            for one, full in zip(every, known, strict=True)
        ]
    return [
        histograms.quantile_quantile(every[against], one) if full and known[against] else nothing
        for one, full in zip(every, known, strict=True)
    ]


def together(tables: Sequence[tuple[Histograms, Ints]]) -> Histograms:
    """Return the rows of several tables as one, for what they have in common, such as a range of values."""
    parts = [_picked(table, rows) for table, rows in tables]
    sizes = np.concatenate([np.diff(part[0]) for part in parts])
    steps = np.concatenate([table.steps[rows] for table, rows in tables])
    return Histograms(
        steps=steps,
        wall_times=np.concatenate([table.wall_times[rows] for table, rows in tables]),
        superseded=np.zeros(len(steps), np.bool_),
        starts=np.concatenate(([0], np.cumsum(sizes))),
        lefts=np.concatenate([part[1] for part in parts]),
        rights=np.concatenate([part[2] for part in parts]),
        counts=np.concatenate([part[3] for part in parts]),
        num=np.concatenate([table.num[rows] for table, rows in tables]),
        sum=np.concatenate([table.sum[rows] for table, rows in tables]),
        sum_squares=np.concatenate([table.sum_squares[rows] for table, rows in tables]),
        problems=(),
    )


def _picked(table: Histograms, rows: Ints) -> tuple[Ints, Floats, Floats, Floats]:
    """Return where the buckets of rows begin, and these: left edges, right edges, counts."""
    if len(rows) == len(table.steps) and bool((rows == np.arange(len(rows))).all()):
        return table.starts, table.lefts, table.rights, table.counts
    sizes = (table.starts[1:] - table.starts[:-1])[rows]
    starts = np.concatenate(([0], np.cumsum(sizes)))
    places = np.arange(starts[-1]) + np.repeat(table.starts[rows] - starts[:-1], sizes)
    return starts, table.lefts[places], table.rights[places], table.counts[places]


def _rows(table: Histograms, rows: Ints, starts: Ints) -> Rows:
    ends = np.append(starts[1:], len(rows)) - 1
    many = ends - starts + 1
    return Rows(
        steps=table.steps[rows[starts]],
        last_steps=table.steps[rows[ends]],
        wall_times=table.wall_times[rows[starts]],
        last_wall_times=table.wall_times[rows[ends]],
        many=many,
        counts=np.add.reduceat(table.totals[rows], starts) / many if len(rows) else np.zeros(0),
    )


def _means(values: Floats, starts: Ints) -> Floats:
    if len(starts) == len(values):
        return values
    many = np.diff(np.append(starts, len(values)))
    return np.asarray(np.add.reduceat(values, starts, axis=0) / many[:, None])


def json_of(series: Sequence[Series]) -> bytes:
    """Return all histograms of the series as JSON, one row per histogram: run, tag, step, wall_time, buckets."""
    rows = [row for one in series for row in histograms.rows(one)]
    return json.dumps([_without_nan(row) for row in rows], ensure_ascii=False).encode()


def csv_of(series: Sequence[Series]) -> bytes:
    """Return all buckets of the series as CSV: run, tag, step, wall_time, left, right, count."""
    return _csv([_buckets(one) for one in series])


def npz_of(series: Sequence[Series]) -> bytes:
    """Return all buckets of the series as NumPy arrays, one row per bucket, under the same names as in CSV."""
    frame = pd.concat([_buckets(one) for one in series], ignore_index=True)
    names = ("run", "tag", "step", "wall_time", "left", "right", "count")
    columns = {name: frame[name].to_numpy(str if name in ("run", "tag") else None) for name in names}
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **columns)
    return file.getvalue()


def numbers_of(series: Sequence[Series]) -> bytes:
    """Return the percentiles and statistics of all histograms of the series as CSV, one row per histogram."""
    frames = []
    for one in series:
        table = histograms.table(one)
        found = histograms.quantiles(table)
        percentiles = {f"p{point / 100:g}": found[:, at] for at, point in enumerate(histograms.BASIS_POINTS)}
        numbers = {**histograms.statistics(table), "change": histograms.change(table)}
        frames.append(pd.DataFrame({**_places(one, table), **percentiles, **numbers}))
    return _csv(frames)


def _buckets(series: Series) -> pd.DataFrame:
    table = histograms.table(series)
    sizes = np.diff(table.starts)
    places = {name: np.repeat(column, sizes) for name, column in _places(series, table).items()}
    return pd.DataFrame({**places, "left": table.lefts, "right": table.rights, "count": table.counts})


def _places(series: Series, table: Histograms) -> dict[str, NDArray[Any]]:
    count = len(table.steps)
    return {
        "run": np.full(count, series.run, object),
        "tag": np.full(count, series.tag, object),
        "step": table.steps,
        "wall_time": table.wall_times,
    }


def _csv(frames: Sequence[pd.DataFrame]) -> bytes:
    return pd.concat(frames, ignore_index=True).to_csv(index=False).encode()


def _without_nan(value: Any) -> Any:
    """Return the value as JSON can hold it: what is not finite becomes its name."""
    if isinstance(value, dict):
        return {name: _without_nan(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_nan(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value

"""How far a picture of points can be trusted, and what is odd about the points: hits, confusion, outliers, duplicates.

Source: Venna and Kaski, Local multidimensional scaling (2006), for trustworthiness and continuity; Breunig et al.,
LOF: identifying density-based local outliers (2000).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tbcore.analysis.labels import codes
from tbcore.analysis.neighbors import ALL, AT_ONCE, Graph, Metric, Progress, Stop, Target, calm, graph
from tbcore.errors import RunlensError

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Rows = NDArray[np.int64]

OTHERS = "other labels"

_PAIRS = 200_000_000  # distances measured at most
_BLOCK = 4_096
_LABELS = 50  # rows and columns of a confusion at most
_SMALL = 1e-10


@dataclass(frozen=True)
class Quality:
    """How well neighbours in the values and in the picture agree, 1 at best.

    trustworthiness: what is near in the picture is near in the values; continuity: what is near in the values is near
    in the picture. of [m]: the rows measured; trusted, continued [m]: each one's own.
    """

    trustworthiness: float
    continuity: float
    k: int
    of: Rows
    trusted: Floats
    continued: Floats
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hit:
    """How often the neighbours of a label's rows carry it too. share: 0 to 1; chance: what it would be at random."""

    label: str
    count: int
    share: float
    chance: float


@dataclass(frozen=True)
class Hits:
    """The hits of all labels, the label with the most rows first. share: over all rows."""

    rows: tuple[Hit, ...]
    share: float
    k: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Confusion:
    """What the neighbours of each label's rows are. shares [labels, labels]: each row sums to 1; counts: rows each."""

    labels: tuple[str, ...]
    shares: Floats
    counts: Rows
    k: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outliers:
    """How far from its neighbours each row is, as measured by theirs: 1 is usual, 2 is odd. NaN for NaN rows."""

    scores: Floats
    k: int
    notes: tuple[str, ...] = ()


def quality(
    values: NDArray[np.floating],
    points: NDArray[np.floating],
    k: int = 12,
    metric: Metric = "euclidean",
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Quality:
    """Return how well the `k` nearest rows in `values` [n, d] and in `points` [n, 2 or 3] agree.

    Of many rows a sample is measured, each against all rows: the notes say so. k is at most half of the rows.
    """
    values, points = np.asarray(values, np.float32), np.asarray(points, np.float32)
    every = np.flatnonzero(np.isfinite(points).all(1) & _finite(values))
    n = len(every)
    k = min(k, (n - 1) // 2)
    if k < 1:
        raise RunlensError("quality needs at least 3 rows that are placed")
    if n < len(values):
        values, points = values[every], points[every]
    some, notes = np.arange(n), tuple[str, ...]()
    if n * n > _PAIRS:
        some = np.sort(np.random.default_rng(0).choice(n, _PAIRS // n, replace=False))
        notes = (f"measured at {len(some):,} rows drawn from {n:,}, each against all (seed 0)",)
    worse = np.zeros((2, len(some)))
    with calm():
        high, low = Target(values, np.arange(n), metric), Target(points, np.arange(n))
        for start in range(0, len(some), AT_ONCE):
            if stop is not None and stop():
                some, worse, notes = some[:start], worse[:, :start], (*notes, f"stopped after {start:,} rows")
                break
            if progress is not None:
                progress(start / len(some), f"ranks of {start:,} of {len(some):,} rows")
            rows = some[start : start + AT_ONCE]
            for at, near, far in ((0, low, high), (1, high, low)):
                ranks = far.ranks(rows, near.nearest(rows, k)[0])
                worse[at, start : start + AT_ONCE] = np.maximum(ranks - k, 0).sum(1)
    each = 1 - worse * 2 / (k * (2 * n - 3 * k - 1))
    trusted, continued = each
    if not len(some):
        return Quality(np.nan, np.nan, k, every[some], trusted, continued, notes)
    return Quality(float(trusted.mean()), float(continued.mean()), k, every[some], trusted, continued, notes)


def trustworthiness(values: NDArray[np.floating], points: NDArray[np.floating], k: int = 12) -> float:
    """Return how far what is near in the picture is near in the values, 1 at best."""
    return quality(values, points, k).trustworthiness


def continuity(values: NDArray[np.floating], points: NDArray[np.floating], k: int = 12) -> float:
    """Return how far what is near in the values is near in the picture, 1 at best."""
    return quality(values, points, k).continuity


def hit(
    values: NDArray[np.floating],
    labels: Sequence[object],
    k: int = 10,
    metric: Metric = "euclidean",
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Hits:
    """Return for each label how many of the `k` nearest of its rows carry it. Rows labelled "" take no part."""
    found, names, near, sizes = _labelled(values, labels, k, metric, progress, stop)
    same, asked = _same(found, near)
    share = np.bincount(found[near.of], same, len(names)) / np.maximum(
        np.bincount(found[near.of], asked, len(names)), 1
    )
    chance = np.maximum(sizes - 1, 0) / max(1, int(sizes.sum()) - 1)
    order = np.argsort(-sizes, kind="stable")
    rows = tuple(Hit(names[at], int(sizes[at]), float(share[at]), float(chance[at])) for at in order.tolist())
    return Hits(rows, float(same.sum() / max(1.0, float(asked.sum()))), near.rows.shape[1], near.notes)


def confusion(
    values: NDArray[np.floating],
    labels: Sequence[object],
    k: int = 10,
    metric: Metric = "euclidean",
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Confusion:
    """Return which labels the `k` nearest rows of each label carry; the rarest beyond 50 labels are one."""
    found, names, near, sizes = _labelled(values, labels, k, metric, progress, stop)
    if len(names) > _LABELS:
        order = np.argsort(-sizes, kind="stable")
        place = np.full(len(names), _LABELS - 1)
        place[np.sort(order[: _LABELS - 1])] = np.arange(_LABELS - 1)
        names = [*(names[at] for at in np.sort(order[: _LABELS - 1]).tolist()), OTHERS]
        sizes = np.bincount(place, sizes, _LABELS).astype(np.int64)
        found = np.where(found >= 0, place[found], -1)
    some = near.rows >= 0
    ours = np.broadcast_to(found[near.of][:, None], some.shape)[some]
    pairs = np.bincount(ours * len(names) + found[near.rows[some]], minlength=len(names) ** 2)
    counts = pairs.reshape(len(names), len(names)).astype(np.float64)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    return Confusion(tuple(names), shares, sizes, near.rows.shape[1], near.notes)


def outliers(
    values: NDArray[np.floating],
    k: int = 20,
    metric: Metric = "euclidean",
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Outliers:
    """Return the local outlier factor of each row. Of many rows neighbours are looked for in a sample: it is said."""
    data = np.asarray(values, np.float32)
    scores = np.full(len(data), np.nan)
    every = np.flatnonzero(_finite(data))
    k = min(k, len(every) - 1)
    if k < 1:
        return Outliers(scores, 0)
    notes: tuple[str, ...] = ()
    among = every
    if len(every) > ALL:
        among = np.sort(np.random.default_rng(0).choice(every, ALL, replace=False))
        notes = (f"measured by {ALL:,} rows drawn from {len(every):,} (seed 0)",)
        k = min(k, ALL - 1)
    near = graph(data, k, metric, rows=every, among=among, progress=progress, stop=stop)
    if stop is not None and stop():
        return Outliers(scores, k, (*notes, *near.notes))
    reach, density = np.full(len(data), np.nan), np.full(len(data), np.nan)
    reach[every] = near.distances[:, -1]
    density[every] = 1 / (np.maximum(near.distances, reach[near.rows]).mean(1) + _SMALL)
    scores[every] = density[near.rows].mean(1) / density[every]
    return Outliers(scores, k, notes)


def duplicates(values: NDArray[np.floating]) -> list[Rows]:
    """Return the groups of equal rows, the largest first, of those equally large the first. NaN equals nothing."""
    data = np.asarray(values, np.float32)
    marks = np.zeros(len(data), np.uint64)
    weights = np.random.default_rng(0).integers(1, 2**63, data.shape[1], np.uint64) | np.uint64(1)
    for start in range(0, len(data), _BLOCK):
        # Minus zero plus zero is zero.
        bits = (data[start : start + _BLOCK] + np.float32(0)).view(np.uint32).astype(np.uint64)
        bits *= weights
        marks[start : start + _BLOCK] = bits.sum(1, dtype=np.uint64)
    rows = np.flatnonzero(_finite(data))
    order = rows[np.argsort(marks[rows], kind="stable")]
    ends = np.flatnonzero(np.diff(marks[order])) + 1
    begins = np.concatenate([[0], ends])[: len(order)]
    sizes = np.diff(np.concatenate([begins, [len(order)]]))
    found = []
    for begin, size in zip(begins[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
        alike = order[begin : begin + size]
        # Two rows may have one mark by chance.
        if (data[alike] == data[alike[0]]).all():
            found.append(alike)
        else:
            found += _equal(data, alike)
    return sorted(found, key=lambda group: (-len(group), int(group[0])))


def _equal(data: Singles, rows: Rows) -> list[Rows]:
    _kept, group = np.unique(data[rows] + np.float32(0), axis=0, return_inverse=True)
    group = group.ravel()
    return [rows[group == at] for at in np.flatnonzero(np.bincount(group) > 1).tolist()]


def _finite(data: Singles) -> NDArray[np.bool_]:
    return np.concatenate(
        [np.zeros(0, np.bool_), *(np.isfinite(data[at : at + _BLOCK]).all(1) for at in range(0, len(data), _BLOCK))]
    )


def _labelled(
    values: NDArray[np.floating],
    labels: Sequence[object],
    k: int,
    metric: Metric,
    progress: Progress | None,
    stop: Stop | None,
) -> tuple[Rows, list[str], Graph, Rows]:
    """Return the labels' numbers [n] and names, the neighbours of labelled rows among these, and how many each has."""
    data = np.asarray(values, np.float32)
    found, names = codes(labels)
    if len(found) != len(data):
        raise RunlensError(f"there are {len(found):,} labels for {len(data):,} rows")
    known = np.flatnonzero((found >= 0) & _finite(data))
    if len(known) < 2:
        raise RunlensError("neighbours can be compared when at least 2 rows have a label")
    near = graph(data, min(k, len(known) - 1), metric, among=known, progress=progress, stop=stop)
    return found, names, near, np.bincount(found[known], minlength=len(names)).astype(np.int64)


def _same(found: Rows, near: Graph) -> tuple[Floats, Floats]:
    """Return how many neighbours of each row carry its label, and how many neighbours it has."""
    some = near.rows >= 0
    return ((found[near.rows] == found[near.of][:, None]) & some).sum(1).astype(float), some.sum(1).astype(float)

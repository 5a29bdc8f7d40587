"""Two sets of points beside each other: which rows belong together, turned alike, and which of them moved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tbcore.analysis.clusters import Column
from tbcore.analysis.labels import codes
from tbcore.analysis.neighbors import ALL, Metric, Progress, Stop, graph
from tbcore.errors import RunlensError

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

_SAMPLED = 5_000
_UNIQUE = 0.5  # share of cells that must be the only one of their kind for a column to tell rows apart


@dataclass(frozen=True)
class Matching:
    """Which rows of two tables are the same thing: rows_a[i] is rows_b[i]. column: by which, None by their order."""

    rows_a: Rows
    rows_b: Rows
    column: str | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Moved:
    """How many neighbours each pair of rows kept.

    overlap [pairs]: 0 when all neighbours are others, 1 when none is; NaN where it was not measured. order: the places
    of the pairs that were, those that moved most first.
    """

    overlap: Floats
    order: Rows
    k: int
    notes: tuple[str, ...] = ()


def matched(
    columns_a: Sequence[Column], columns_b: Sequence[Column], n_a: int, n_b: int, column: str | None = None
) -> Matching:
    """Return which rows of two tables belong together: by the cells of a column, or by their order.

    column: the one to go by; None for the first one that tells most rows of both apart, or the order when there is none
    and the tables are equally long. A cell that occurs twice in a table matches nothing. Raises RunlensError when
    nothing matches.
    """
    theirs = {one.name: one for one in columns_b}
    common = [one for one in columns_a if one.name in theirs]
    if column is not None and column not in (one.name for one in common):
        raise RunlensError(f"{column!r} is not a column of both")
    for one in common:
        if column not in (None, one.name):
            continue
        rows_a, rows_b = _by_cells(one.cells, theirs[one.name].cells)
        if (len(rows_a) >= _UNIQUE * min(n_a, n_b) and len(rows_a)) or column is not None:
            if not len(rows_a):
                raise RunlensError(f"no cell of {column!r} occurs once in both")
            lost = n_a + n_b - 2 * len(rows_a)
            notes = (f"{lost:,} row{'s' if lost != 1 else ''} without a counterpart",) if lost else ()
            return Matching(rows_a, rows_b, one.name, notes)
    if n_a != n_b:
        raise RunlensError(
            f"nothing says which rows belong together: there are {n_a:,} and {n_b:,}, and no common column of unique cells"
        )
    differ = [one.name for one in common if one.kind == "category" and list(one.cells) != list(theirs[one.name].cells)]
    notes = (f"rows are matched by their order, and yet differ in {', '.join(differ)}",) if differ else ()
    return Matching(np.arange(n_a), np.arange(n_a), None, notes)


def procrustes(
    a: NDArray[np.floating], b: NDArray[np.floating], rows_a: Rows | None = None, rows_b: Rows | None = None
) -> NDArray[np.float32]:
    """Return `b` [n, k] moved, turned, mirrored and scaled so that its matched rows come closest to those of `a`.

    rows_a, rows_b [pairs]: which rows belong together, all in their order when None. The one with fewer axes is filled
    up with zeros. Raises RunlensError when fewer than two pairs are placed.
    Source: Schönemann, A generalized solution of the orthogonal Procrustes problem (1966).
    """
    wide = max(a.shape[1], b.shape[1])
    first, second = (np.pad(np.asarray(one, np.float64), ((0, 0), (0, wide - one.shape[1]))) for one in (a, b))
    rows_a = np.arange(len(first)) if rows_a is None else rows_a
    rows_b = np.arange(len(second)) if rows_b is None else rows_b
    if len(rows_a) != len(rows_b):
        raise RunlensError(f"{len(rows_a):,} rows cannot be matched with {len(rows_b):,}")
    kept = np.isfinite(first[rows_a]).all(1) & np.isfinite(second[rows_b]).all(1)
    if kept.sum() < 2:
        raise RunlensError("aligning needs at least two rows that are placed in both")
    ours, others = first[rows_a[kept]], second[rows_b[kept]]
    center_a, center_b = ours.mean(0), others.mean(0)
    ours, others = ours - center_a, others - center_b
    left, sizes, right = np.linalg.svd(others.T @ ours)
    extent = float((others**2).sum())
    scale = float(sizes.sum()) / extent if extent > 0 else 1.0
    aligned = (second - center_b) @ (left @ right) * scale + center_a
    return np.asarray(aligned, np.float32)


def moved(
    values_a: NDArray[np.floating],
    values_b: NDArray[np.floating],
    k: int = 10,
    rows_a: Rows | None = None,
    rows_b: Rows | None = None,
    metric: Metric = "euclidean",
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Moved:
    """Return what share of its `k` nearest among the matched rows each pair has in common; dimensions may differ.

    Of many pairs a sample is measured, with neighbours among all: the notes say so.
    """
    rows_a = np.arange(len(values_a)) if rows_a is None else rows_a
    rows_b = np.arange(len(values_b)) if rows_b is None else rows_b
    if len(rows_a) != len(rows_b):
        raise RunlensError(f"{len(rows_a):,} rows cannot be matched with {len(rows_b):,}")
    first, second = (_chosen(values, rows) for values, rows in ((values_a, rows_a), (values_b, rows_b)))
    overlap = np.full(len(rows_a), np.nan)
    among = np.flatnonzero(np.isfinite(first).all(1) & np.isfinite(second).all(1))
    k = min(k, len(among) - 1)
    if k < 1:
        return Moved(overlap, np.zeros(0, np.int64), 0, ("there are fewer than 2 pairs of finite values",))
    some, notes = among, tuple[str, ...]()
    if len(among) > ALL:
        some = np.sort(np.random.default_rng(0).choice(among, _SAMPLED, replace=False))
        notes = (f"measured at {_SAMPLED:,} rows drawn from {len(among):,} (seed 0)",)
    half = None if progress is None else _half(progress)
    before = graph(first, k, metric, rows=some, among=among, progress=half and half(0.0), stop=stop)
    after = graph(second, k, metric, rows=some, among=among, progress=half and half(0.5), stop=stop)
    if stop is not None and stop():
        return Moved(overlap, np.zeros(0, np.int64), k, (*notes, "stopped"))
    overlap[some] = (before.rows[:, :, None] == after.rows[:, None, :]).any(2).mean(1)
    return Moved(overlap, some[np.argsort(overlap[some], kind="stable")], k, notes)


def sampled(n: int, labels: Sequence[object] | None = None, most: int = 100_000, seed: int = 0) -> Rows:
    """Return at most `most` of `n` rows, rising, drawn so that each label keeps its share and none is lost.

    When there are more labels than rows to draw, labels do not count.
    """
    if n <= most:
        return np.arange(n)
    rng = np.random.default_rng(seed)
    found = np.zeros(n, np.int64) if labels is None else codes(labels)[0] + 1
    sizes = np.bincount(found)
    if (sizes > 0).sum() > most:
        return np.sort(rng.choice(n, most, replace=False))
    wanted = _parts(sizes, most)
    order = np.lexsort((rng.random(n), found))
    place = np.arange(n) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.sort(order[place < wanted[found[order]]])


def _parts(sizes: Rows, most: int) -> Rows:
    """Return how many of each size to take so that they are `most`: in proportion, but at least one of each."""
    exact = sizes * (most / sizes.sum())
    taken = np.where(sizes > 0, np.maximum(np.floor(exact).astype(np.int64), 1), 0)
    while taken.sum() > most:
        taken[np.argmax(taken)] -= min(int(taken.sum()) - most, max(1, int(taken.max()) // 2))
    left = most - int(taken.sum())
    room = np.argsort(-(exact - taken), kind="stable")
    room = room[taken[room] < sizes[room]][:left]
    taken[room] += 1
    return np.asarray(taken)


def _by_cells(ours: Sequence[str], theirs: Sequence[str]) -> tuple[Rows, Rows]:
    """Return the rows whose cells occur once in both, in the order of the first."""
    places = _once(theirs)
    pairs = [(row, places[cell]) for cell, row in _once(ours).items() if cell in places]
    found = np.array(pairs, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _once(cells: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row, cell in enumerate(cells):
        found[cell] = -1 if cell in found or not cell else row
    return {cell: row for cell, row in found.items() if row >= 0}


def _chosen(values: NDArray[np.floating], rows: Rows) -> NDArray[np.float32]:
    data = np.asarray(values, np.float32)
    return data if len(rows) == len(data) and bool((rows == np.arange(len(data))).all()) else data[rows]


def _half(progress: Progress) -> Callable[[float], Progress]:
    return lambda start: lambda share, words: progress(start + share / 2, words)

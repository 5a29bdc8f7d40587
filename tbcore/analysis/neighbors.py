"""Neighbours of points in many dimensions: exact, in blocks, without a second copy of all values.

NaN and infinite rows are nobody's neighbour and have none.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

Metric = Literal["cosine", "euclidean"]
Progress = Callable[[float, str], None]
Stop = Callable[[], bool]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

ALL = 20_000  # rows up to which the neighbours of every one are looked up
_SAMPLED = 5_000  # rows whose neighbours are looked up beyond that
AT_ONCE = 512  # rows asked about
_TILE = 4_096  # rows that they are compared with
_SMALL = 8_000_000  # values converted once and for all: 64 MB
_CELLS = 2_000_000  # differences at once: 16 MB
_BLOCK = 4_096  # rows converted at once
_EQUAL = 1e-12  # share by which squared distances differ that are one

_fast = njit(nogil=True, cache=True, error_model="numpy", boundscheck=False)


@dataclass(frozen=True)
class Prepared:
    """Values with what every look-up needs. values [n, d]; finite [n]: rows without NaN; norms [n]: Euclidean, or 0."""

    values: NDArray[np.float32]
    finite: NDArray[np.bool_]
    norms: Floats


@dataclass(frozen=True)
class Graph:
    """The nearest neighbours of many rows.

    of [m]: the rows asked about; rows, distances [m, k]: their neighbours, the nearest first, -1 and NaN where there
    are no more.
    """

    of: Rows
    rows: Rows
    distances: NDArray[np.float32]
    notes: tuple[str, ...] = ()


def calm() -> AbstractContextManager[object]:
    """Return a context in which products of matrices leave one core to the pages.

    Threads that wait for each other on busy cores take many times as long as one thread does.
    """
    # Loaded first: it brings a library of its own that is to be limited as well.
    import scipy.linalg  # noqa: F401

    limited: AbstractContextManager[object] = threadpool_limits(max(1, (os.cpu_count() or 1) - 1), "blas")
    return limited


def prepared(values: NDArray[np.floating]) -> Prepared:
    """Return `values` [n, d] ready for many look-ups."""
    data = np.asarray(values, np.float32)
    norms = np.zeros(len(data))
    for start in range(0, len(data), _BLOCK):
        block = data[start : start + _BLOCK].astype(np.float64)
        norms[start : start + _BLOCK] = np.einsum("ij,ij->i", block, block)
    finite = np.isfinite(norms)
    norms[~finite] = 0.0
    return Prepared(data, finite, np.sqrt(norms))


def nearest(
    values: NDArray[np.floating] | Prepared, row: int, k: int = 100, metric: Metric = "cosine"
) -> tuple[Rows, NDArray[np.float32]]:
    """Return the `k` nearest rows of a row and their distances, the nearest first; the row itself is not one of them.

    Of rows equally far the first comes first. The cosine distance of a row of zeros is 1.
    """
    ready = values if isinstance(values, Prepared) else prepared(values)
    data, norms = ready.values, ready.norms
    k = min(k, int(ready.finite.sum()) - 1)
    if k <= 0 or not ready.finite[row]:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        products = (data @ data[row]).astype(np.float64)
    # Rounding of a float32 sum of d products is within this; what it leaves open is computed again below.
    size = norms * norms[row]
    slack = (data.shape[1] + 2) * (float(np.finfo(np.float32).eps) * size + float(np.finfo(np.float32).tiny))
    lost = ~np.isfinite(products)
    products[lost] = 0.0
    if metric == "cosine":
        some = size > 0
        rough = 1.0 - np.divide(products, size, out=np.zeros_like(size), where=some)
        slack = np.divide(slack, size, out=np.zeros_like(size), where=some)
    else:
        rough = norms**2 + norms[row] ** 2 - 2 * products
        slack *= 2
    slack[lost] = np.inf
    other = ready.finite.copy()
    other[row] = False
    rows = np.flatnonzero(other)
    rough, slack = rough[rows], slack[rows]
    # So many are within the least upper bounds for sure, and what is beyond them cannot be among those.
    bound = np.partition(rough + slack, k - 1)[k - 1]
    rows = rows[rough - slack <= bound]
    exact = _distances(ready, row, rows, metric)
    order = np.lexsort((rows, exact))[:k]
    return rows[order], exact[order].astype(np.float32)


def graph(
    values: NDArray[np.floating],
    k: int,
    metric: Metric = "euclidean",
    *,
    rows: Rows | None = None,
    among: Rows | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Graph:
    """Return the `k` nearest neighbours of `rows`, of all that may be neighbours when it is None.

    among: the rows of `values` [n, d] that may be neighbours, rising, all when None. Of more than 20,000 rows a sample is asked about, which the
    notes say; the neighbours are looked for among all rows even so. Stopped, the rest of the rows has no neighbours.
    """
    data = np.asarray(values, np.float32)
    notes: tuple[str, ...] = ()
    if rows is None:
        rows = np.arange(len(data)) if among is None else among
        if len(rows) > ALL:
            notes = (f"measured at {_SAMPLED:,} rows drawn from {len(rows):,} (seed 0)",)
            rows = np.sort(np.random.default_rng(0).choice(rows, _SAMPLED, replace=False))
    found = np.full((len(rows), k), -1, np.int64)
    distances = np.full((len(rows), k), np.nan, np.float32)
    with calm():
        target = Target(data, np.arange(len(data)) if among is None else among, metric)
        for start in range(0, len(rows), AT_ONCE):
            if stop is not None and stop():
                return Graph(rows, found, distances, (*notes, f"stopped after {start:,} rows"))
            if progress is not None:
                progress(start / len(rows), f"neighbours of {start:,} of {len(rows):,} rows")
            some = rows[start : start + AT_ONCE]
            place = slice(start, start + len(some))
            found[place], apart = target.nearest(some, k)
            distances[place] = apart / 2 if metric == "cosine" else np.sqrt(apart)
    return Graph(rows, found, distances, notes)


class Target:
    """Rows of `values` [n, d] among which neighbours are looked for, compared in double precision, a tile at a time.

    Values are centred, so that a common offset costs no digits, or brought to length 1 for cosines, where the squared
    distance is twice the cosine distance.
    """

    def __init__(self, values: NDArray[np.floating], rows: Rows, metric: Metric = "euclidean") -> None:
        self.rows, self.metric = rows, metric
        self._data = np.asarray(values, np.float32)
        self._every = len(rows) == len(self._data)
        self._mean = np.zeros(self._data.shape[1])
        if metric == "euclidean":
            count = 0
            for start in range(0, len(rows), _TILE):
                block = self._data[self._slice(start)].astype(np.float64)
                finite = np.isfinite(block).all(1)
                block = block if finite.all() else block[finite]
                self._mean, count = self._mean + block.sum(0), count + len(block)
            self._mean /= max(1, count)
        # Converted once when it is small, tile by tile when it is not.
        small = self._data.shape[1] * len(rows) <= _SMALL
        self._whole = self.ready(rows) if small else None
        self._norms = np.empty(len(rows))
        for start in range(0, len(rows), _TILE):
            block, finite = self._tile(start)
            self._norms[start : start + _TILE] = self._squares(block, finite)

    def nearest(self, asked: Rows, k: int) -> tuple[Rows, Floats]:
        """Return the nearest [m, k] of some rows and their squared distances, -1 and NaN where there are no more."""
        heap, places, held = np.empty((len(asked), k)), np.full((len(asked), k), -1), np.zeros(len(asked), np.int64)
        block, norms = self._asked(asked)
        own = self._own(asked)
        for start, products in self._products(block):
            _closest(products, self._norms[start : start + _TILE], norms, start, own, heap, places, held)
        rows = np.where(places >= 0, self.rows[places], -1)
        # Again, by differences: equal rows are at 0 and not at the root of a rounding error.
        exact = self.between(asked, rows)
        exact[rows < 0] = np.inf
        order = np.lexsort((rows, exact))
        rows, exact = np.take_along_axis(rows, order, 1), np.take_along_axis(exact, order, 1)
        exact[rows < 0] = np.nan
        return rows, exact

    def between(self, asked: Rows, others: Rows) -> Floats:
        """Return the squared distances of some rows [m] to k others of each [m, k]."""
        found = np.empty(others.shape)
        step = max(1, _CELLS // max(1, others.shape[1] * self._data.shape[1]))
        for start in range(0, len(asked), step):
            some = others[start : start + step]
            theirs = self.ready(some.ravel())[0].reshape(*some.shape, -1)
            ours = self.ready(asked[start : start + step])[0]
            flat = np.zeros(some.shape, np.bool_)
            if self.metric == "cosine":
                # A row of zeros has no direction: its cosine with any other is 0.
                flat = np.asarray(~theirs.any(2) | ~ours.any(1, keepdims=True), np.bool_)
            theirs -= ours[:, None]
            part = found[start : start + step]
            np.einsum("ijk,ijk->ij", theirs, theirs, out=part)
            part[flat] = 2.0
        return found

    def ranks(self, asked: Rows, others: Rows) -> Rows:
        """Return the how manieth nearest each of k others [m, k] is, the nearest being 1."""
        block, norms = self._asked(asked)
        # What is equally far is not nearer, whatever the rounding of the products.
        away = self.between(asked, others)
        limits = away - norms[:, None] - _EQUAL * (away + norms[:, None])
        own = self._own(asked)
        places = self._own(others.ravel()).reshape(others.shape)
        counts = np.ones(others.shape, np.int64)
        for start, products in self._products(block):
            _nearer(products, self._norms[start : start + _TILE], start, own, places, limits, counts)
        return counts

    def ready(self, rows: Rows | slice) -> tuple[Floats, NDArray[np.bool_]]:
        """Return rows as they are compared, zeros where they are not finite, and which are."""
        block = self._data[rows].astype(np.float64)
        finite = np.asarray(np.isfinite(block).all(1))
        every = bool(finite.all())
        if not every:
            block[~finite] = 0.0
        if self.metric == "cosine":
            norms = np.sqrt(np.einsum("ij,ij->i", block, block))[:, None]
            return np.divide(block, norms, out=block, where=norms > 0), finite
        block -= self._mean
        if not every:
            block[~finite] = 0.0
        return block, finite

    def _slice(self, start: int) -> slice | Rows:
        place = slice(start, min(start + _TILE, len(self.rows)))
        return place if self._every else self.rows[place]

    def _tile(self, start: int) -> tuple[Floats, NDArray[np.bool_]]:
        if self._whole is not None:
            return self._whole[0][start : start + _TILE], self._whole[1][start : start + _TILE]
        return self.ready(self._slice(start))

    def _asked(self, asked: Rows) -> tuple[Floats, Floats]:
        block, finite = self.ready(asked)
        return block, self._squares(block, finite)

    def _squares(self, block: Floats, finite: NDArray[np.bool_]) -> Floats:
        """Return the squared lengths of rows, infinite where they are not finite. For cosines all are 1: rows of zeros are far."""
        squares = np.ones(len(block)) if self.metric == "cosine" else np.einsum("ij,ij->i", block, block)
        return np.where(finite, squares, np.inf)

    def _products(self, block: Floats) -> Iterator[tuple[int, Floats]]:
        """Yield the products with each tile; each overwrites the one before."""
        buffer = np.empty(len(block) * _TILE)
        for start in range(0, len(self.rows), _TILE):
            tile = self._tile(start)[0]
            found = buffer[: len(block) * len(tile)].reshape(len(block), len(tile))
            yield start, np.matmul(block, tile.T, out=found)

    def _own(self, rows: Rows) -> Rows:
        """Return the places of rows among those that may be neighbours, -1 where they are none."""
        if self._every:
            return rows
        places = np.searchsorted(self.rows, rows)
        places[places == len(self.rows)] = 0
        return np.where(self.rows[places] == rows, places, -1)


def _distances(ready: Prepared, row: int, rows: Rows, metric: Metric) -> Floats:
    """Return the distances of a row to `rows`, in double precision."""
    query = ready.values[row].astype(np.float64)
    found = np.empty(len(rows))
    for start in range(0, len(rows), _BLOCK):
        place = slice(start, start + _BLOCK)
        block = ready.values[rows[place]].astype(np.float64)
        if metric == "cosine":
            size = ready.norms[rows[place]] * ready.norms[row]
            cosine = np.divide(block @ query, size, out=np.zeros(len(block)), where=size > 0)
            found[place] = 1.0 - np.minimum(cosine, 1.0)
        else:
            block -= query
            found[place] = np.sqrt(np.einsum("ij,ij->i", block, block))
    return found


@_fast
def _closest(
    products: Floats, norms: Floats, asked: Floats, first: int, own: Rows, heaps: Floats, found: Rows, helds: Rows
) -> None:
    """Take the columns of a tile into the nearest `found` [m, k] so far, a heap in each row with the farthest on top.

    products [m, tile]; norms [tile], asked [m]: squared, infinite where there is no distance; first: the place of the
    first column; own [m]: the place that is left out of each row, -1 for none; helds [m]: how many are found.
    Of those equally far the first are taken.
    """
    m, n = products.shape
    k = found.shape[1]
    for i in range(m):
        if not asked[i] < np.inf:
            continue
        heap, places, held = heaps[i], found[i], helds[i]
        for column in range(n):
            value = norms[column] - 2 * products[i, column]
            if (held == k and not value < heap[0]) or not value < np.inf:
                continue
            j = first + column
            if j == own[i]:
                continue
            if held < k:
                at = held
                held += 1
                while at > 0:
                    above = (at - 1) // 2
                    if heap[above] > value or (heap[above] == value and places[above] > j):
                        break
                    heap[at], places[at] = heap[above], places[above]
                    at = above
            else:
                at = 0
                while True:
                    below = 2 * at + 1
                    if below >= k:
                        break
                    right = below + 1
                    if right < k and (
                        heap[right] > heap[below] or (heap[right] == heap[below] and places[right] > places[below])
                    ):
                        below = right
                    if heap[below] < value or (heap[below] == value and places[below] < j):
                        break
                    heap[at], places[at] = heap[below], places[below]
                    at = below
            heap[at], places[at] = value, j
        helds[i] = held


@_fast
def _nearer(products: Floats, norms: Floats, first: int, own: Rows, places: Rows, limits: Floats, counts: Rows) -> None:
    """Count the columns of a tile that are nearer than each of k limits, apart from the row and what the limit is of."""
    m, n = products.shape
    values = np.empty(n, np.float64)
    for i in range(m):
        for column in range(n):
            values[column] = norms[column] - 2 * products[i, column]
        for a in range(places.shape[1]):
            limit = limits[i, a]
            count = 0
            for column in range(n):
                count += values[column] < limit
            for left_out in (own[i], places[i, a]):
                if first <= left_out < first + n and values[left_out - first] < limit:
                    count -= 1
            counts[i, a] += count

"""Clusters of points with names that say what is in them, and what a selection has that the rest has not."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from tbcore.analysis import neighbors
from tbcore.analysis.labels import codes
from tbcore.analysis.neighbors import Progress, Stop
from tbcore.analysis.projections import pca

How = Literal["hdbscan", "kmeans"]
Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

NONE = "no cluster"

_DENSE = 10_000  # rows that HDBSCAN is given
_FLAT = 50  # dimensions that it is given
_CENTRED = 50_000  # rows that k-means is given
_TRIES = 4
_DEFAULT_K = 10
_BLOCK = 4_096
_TYPICAL = 5  # values listed of a cluster
_LIKELY = 0.5  # share from which on one value is name enough
_LIST = 10  # values listed of a column
_UNNAMED = ("", "label", "labels")  # columns whose name says no more than the value does
_LONG = 40  # letters of a value in a name


class Column(Protocol):
    """A column of metadata: a cell for each row, and numbers, NaN where there is none, of numbers and dates."""

    @property
    def name(self) -> str:
        """Return what it is called."""
        ...

    @property
    def kind(self) -> str:
        """Return "category", "number", "date" or "text"."""
        ...

    @property
    def cells(self) -> Sequence[str]:
        """Return the cells [n]."""
        ...

    @property
    def numbers(self) -> Floats | None:
        """Return the numbers [n], None for categories and text."""
        ...


@dataclass(frozen=True)
class Clustering:
    """Which cluster each row is in. labels [n]: 0 is the largest, -1 is none; count: how many clusters."""

    labels: Rows
    count: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Share:
    """How often a value occurs in some rows. share of these, rest of all others; lift: share over the share of all."""

    column: str
    value: str
    count: int
    share: float
    rest: float
    lift: float


@dataclass(frozen=True)
class Cluster:
    """One cluster. typical: what it has more often than all rows have, the most telling first."""

    number: int
    size: int
    name: str
    typical: tuple[Share, ...] = ()


@dataclass(frozen=True)
class Statistic:
    """How a column of some rows differs from that of all others.

    effect: 0 when it does not, 1 when it parts the two: Cramér's V without its bias for categories and text, the
    correlation's size for numbers. shares: the values that differ most; mean, median and rest_...: of numbers, else
    NaN; missing: cells without a value among these rows; words: it all in a phrase.
    """

    column: str
    kind: str
    effect: float
    shares: tuple[Share, ...] = ()
    mean: float = math.nan
    rest_mean: float = math.nan
    median: float = math.nan
    rest_median: float = math.nan
    missing: int = 0
    words: str = ""


def clusters(
    values: NDArray[np.floating],
    how: How = "hdbscan",
    size: int | None = None,
    k: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Clustering:
    """Return the clusters of `values` [n, d]; rows with NaN are in none.

    size: fewest rows of a cluster of HDBSCAN, a hundredth of the rows and at least 5 when None; k: clusters of k-means,
    10 when None. Of many rows a sample is clustered, and the others join the nearest: the notes say so.
    """
    data = np.asarray(values, np.float32)
    labels = np.full(len(data), -1, np.int64)
    rows = np.flatnonzero(np.isfinite(data).all(1))
    if len(rows) < 2:
        return Clustering(labels, 0, ("there are fewer than 2 rows of finite values",))
    if progress is not None:
        progress(0.0, "preparing")
    made = (
        _dense(data, rows, size, seed, progress, stop)
        if how == "hdbscan"
        else _centred(data, rows, k, seed, progress, stop)
    )
    if made is None:
        return Clustering(labels, 0, ("stopped",))
    found, notes = made
    sizes = np.bincount(found[found >= 0])
    order = np.argsort(-sizes, kind="stable")
    order = order[sizes[order] > 0]
    place = np.full(len(sizes) + 1, -1)  # the last one is where -1 points
    place[order] = np.arange(len(order))
    labels[rows] = place[found]
    return Clustering(labels, len(order), notes)


def named(labels: Rows, columns: Sequence[Column], values: NDArray[np.floating] | None = None) -> list[Cluster]:
    """Return the clusters of `labels` [n] with names made of their most typical metadata; rows in none come last.

    values [n, d]: where no value is typical because every row has its own, the rows nearest to the centre name it.
    """
    shared = [column for column in columns if column.kind in ("category", "text")]
    made = []
    tables = [(column, *codes(column.cells)) for column in shared]
    for number in np.unique(labels).tolist():
        mask = labels == number
        size = int(mask.sum())
        if number < 0:
            made.append(Cluster(-1, size, NONE))
            continue
        typical = sorted(
            (share for column, found, names in tables for share in _typical(column.name, found, names, mask)),
            key=lambda share: (-_telling(share), share.column, share.value),
        )
        name = _name(typical) or _examples(shared, mask, values)
        name = name or _by_number(columns, mask) or f"cluster {number + 1}"
        made.append(Cluster(number, size, name, tuple(typical[:_TYPICAL])))
    return [*(one for one in made if one.number >= 0), *(one for one in made if one.number < 0)]


def statistics(columns: Sequence[Column], mask: Mask) -> list[Statistic]:
    """Return how each column differs between the rows of `mask` [n] and all others, what differs most first."""
    made = []
    for column in columns:
        if column.numbers is not None and column.kind in ("number", "date"):
            made.append(_of_numbers(column, column.numbers, mask))
        else:
            made.append(_of_values(column, mask))
    return sorted(made, key=lambda one: (-one.effect, one.column))


# Clusters ------------------------------------------------------------------------------------------------------------


def _drawn(rows: Rows, most: int, seed: int) -> tuple[Rows, tuple[str, ...]]:
    if len(rows) <= most:
        return rows, ()
    some = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    return some, (f"{most:,} of {len(rows):,} rows were clustered (seed {seed}), the others joined the nearest",)


def _dense(
    data: Singles, rows: Rows, size: int | None, seed: int, progress: Progress | None, stop: Stop | None
) -> tuple[Rows, tuple[str, ...]] | None:
    from sklearn.cluster import HDBSCAN

    some, notes = _drawn(rows, _DENSE, seed)
    given = data[some]
    if given.shape[1] > _FLAT:
        given = pca(given, _FLAT).points
        notes += (f"computed from the first {_FLAT} principal components",)
    least = max(5, len(some) // 100) if size is None else max(2, round(size * len(some) / len(rows)))
    if len(some) < least:
        return np.full(len(rows), -1), (*notes, f"a cluster needs {least:,} rows and there are {len(some):,}")
    if progress is not None:
        progress(0.1, f"HDBSCAN of {len(some):,} rows")
    if stop is not None and stop():
        return None
    model = HDBSCAN(min_cluster_size=least, min_samples=min(least, 10), copy=True)
    of_some = model.fit_predict(given).astype(np.int64)
    if stop is not None and stop():
        return None
    found = np.full(len(data), -1, np.int64)
    found[some] = of_some
    others = np.setdiff1d(rows, some)
    if len(others):
        near = neighbors.graph(data, 1, rows=others, among=some, progress=progress, stop=stop)
        if stop is not None and stop():
            return None
        found[others] = found[near.rows[:, 0]]
    return found[rows], (*notes, f"at least {least:,} rows each")


def _centred(
    data: Singles, rows: Rows, k: int | None, seed: int, progress: Progress | None, stop: Stop | None
) -> tuple[Rows, tuple[str, ...]] | None:
    from sklearn.cluster import KMeans

    some, notes = _drawn(rows, _CENTRED, seed)
    given = data if len(some) == len(data) else data[some]
    count = min(_DEFAULT_K if k is None else k, len(some))
    best = None
    with neighbors.calm():
        for number in range(_TRIES):
            if stop is not None and stop():
                return None
            if progress is not None:
                progress(number / _TRIES, f"k-means, try {number + 1} of {_TRIES}")
            # Centres may coincide where rows do, which needs no warning.
            model = KMeans(_distinct(given, count), n_init=1, random_state=seed + number).fit(given)
            if best is None or model.inertia_ < best.inertia_:
                best = model
    assert best is not None
    found = np.concatenate([best.predict(data[rows[at : at + _BLOCK]]) for at in range(0, len(rows), _BLOCK)])
    return found.astype(np.int64), (*notes, f"the best of {_TRIES} tries, seed {seed}")


def _distinct(given: Singles, count: int) -> int:
    """Return how many clusters there can be: not more than rows that differ."""
    first = given[: 50 * count]
    if len(np.unique(first, axis=0)) >= count:
        return count
    return min(count, len(np.unique(given, axis=0)))


# Names ---------------------------------------------------------------------------------------------------------------


def _typical(column: str, found: Rows, names: Sequence[str], mask: Mask) -> list[Share]:
    """Return the values that some rows have more often than all have, and that more than one of them has."""
    inside = np.bincount(found[mask & (found >= 0)], minlength=len(names))
    every = np.bincount(found[found >= 0], minlength=len(names))
    size, n = int(mask.sum()), len(mask)
    made = [
        _share(column, names[at], int(inside[at]), int(every[at]), size, n)
        for at in np.flatnonzero(inside > 1).tolist()
    ]
    return sorted((share for share in made if share.lift > 1), key=_telling, reverse=True)[: 2 * _TYPICAL]


def _share(column: str, value: str, inside: int, every: int, size: int, n: int) -> Share:
    share, rest = inside / max(1, size), (every - inside) / max(1, n - size)
    return Share(column, value, inside, share, rest, share / (every / n) if every else math.nan)


def _telling(share: Share) -> float:
    """Return how many bits the value tells of the rows."""
    return share.share * math.log2(share.lift) if share.lift > 0 else 0.0


def _name(typical: Sequence[Share]) -> str:
    if not typical:
        return ""
    first = typical[0]
    others = [share for share in typical[1:] if share.column == first.column]
    if first.share >= _LIKELY or not others:
        return f"{_titled(first)} ({_percent(first)})"
    most, other = sorted((first, others[0]), key=lambda share: -share.share)
    return f"{_titled(most)} ({_percent(most)}), {_short(other.value)} ({_percent(other)})"


def _percent(share: Share) -> str:
    return f"{100 * share.share:.0f} %"


def _titled(share: Share) -> str:
    value = _short(share.value)
    return value if share.column.strip().lower() in _UNNAMED else f"{_short(share.column)} {value}"


def _short(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= _LONG else one_line[: _LONG - 1] + "…"


def _examples(columns: Sequence[Column], mask: Mask, values: NDArray[np.floating] | None) -> str:
    """Return the cells of the rows nearest to the centre of a cluster."""
    if values is None or not columns:
        return ""
    rows = np.flatnonzero(mask)
    inside = np.asarray(values[rows], np.float64)
    away = np.linalg.norm(inside - inside.mean(0), axis=1)
    cells = columns[0].cells
    nearest = rows[np.argsort(away, kind="stable")].tolist()
    named_rows = [_short(cells[row]) for row in nearest[: 2 * _TYPICAL] if cells[row]]
    return ", ".join(named_rows[:3])


def _by_number(columns: Sequence[Column], mask: Mask) -> str:
    """Return what is high or low in a cluster, when that is all there is to say."""
    found = [
        _of_numbers(column, column.numbers, mask)
        for column in columns
        if column.kind == "number" and column.numbers is not None
    ]
    best = max(found, key=lambda one: one.effect, default=None)
    if best is None or best.effect < 0.2:
        return ""
    return f"{_short(best.column)} {'high' if best.mean > best.rest_mean else 'low'} (mean {best.mean:.4g})"


# Statistics ----------------------------------------------------------------------------------------------------------


def _of_numbers(column: Column, numbers: Floats, mask: Mask) -> Statistic:
    some = np.isfinite(numbers)
    ours, others = numbers[mask & some], numbers[~mask & some]
    missing = int((mask & ~some).sum())
    if not len(ours) or not len(others):
        words = f"no {column.name}" if not len(ours) else ""
        one = Statistic(column.name, column.kind, 0.0, missing=missing, words=words)
        return replace(one, mean=float(ours.mean()), median=float(np.median(ours))) if len(ours) else one
    spread = float(numbers[some].std())
    part = len(ours) / int(some.sum())
    apart = float(ours.mean() - others.mean())
    effect = min(1.0, abs(apart) * math.sqrt(part * (1 - part)) / spread) if spread > 0 else 0.0
    medians = float(np.median(ours)), float(np.median(others))
    words = "" if column.kind == "date" else f"median {medians[0]:.4g}, elsewhere {medians[1]:.4g}"
    return Statistic(
        column.name,
        column.kind,
        effect,
        mean=float(ours.mean()),
        rest_mean=float(others.mean()),
        median=medians[0],
        rest_median=medians[1],
        missing=missing,
        words=words,
    )


def _of_values(column: Column, mask: Mask) -> Statistic:
    found, names = codes(column.cells)
    known = found >= 0
    inside = np.bincount(found[mask & known], minlength=len(names))
    every = np.bincount(found[known], minlength=len(names))
    size, n = int((mask & known).sum()), int(known.sum())
    missing = int((mask & ~known).sum())
    if not size:
        return Statistic(column.name, column.kind, 0.0, missing=missing)
    # Rounded ties would otherwise come in the order of their rounding errors.
    apart = np.round(inside / size - (every - inside) / max(1, n - size), 12)
    order = np.lexsort((np.arange(len(names)), -inside, -np.abs(apart)))[:_LIST]
    shares = tuple(_share(column.name, names[at], int(inside[at]), int(every[at]), size, n) for at in order.tolist())
    first = max(shares, key=lambda share: share.share - share.rest)
    words = f"{_short(first.value)}: {first.share:.0%}, elsewhere {first.rest:.0%}".replace("%", " %")
    return Statistic(column.name, column.kind, _association(inside, every), shares, missing=missing, words=words)


def _association(inside: Rows, every: Rows) -> float:
    """Return Cramér's V between a value and being chosen, its bias taken away.

    Source: Bergsma, A bias-correction for Cramér's V and Tschuprow's T (2013).
    """
    size, n, count = int(inside.sum()), int(every.sum()), len(every)
    if size in (0, n) or count < 2 or n < 3:
        return 0.0
    expected = every * (size / n)
    chi2 = float(((inside - expected) ** 2 / expected).sum()) * n / (n - size)
    phi2 = max(0.0, chi2 / n - (count - 1) / (n - 1))
    two, many = 2 - 1 / (n - 1), count - (count - 1) ** 2 / (n - 1)
    least = min(two, many) - 1
    return min(1.0, math.sqrt(phi2 / least)) if least > 0 else 0.0

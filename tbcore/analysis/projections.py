"""Projections of points in many dimensions onto few: PCA, t-SNE, UMAP, discriminants and axes between two groups.

Rows with NaN or infinity take no part: they are placed at NaN, and the notes say how many they are.
Source: Halko, Martinsson and Tropp, Finding structure with randomness (2011), for the approximate PCA; Fisher, The use
of multiple measurements in taxonomic problems (1936), for the discriminants; Belkina et al., Automated optimized
parameters for t-SNE (2019), for its learning rate.
"""

import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from io import StringIO
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tbcore.analysis.labels import codes
from tbcore.analysis.neighbors import ALL, Graph, Metric, Progress, Stop, calm, graph
from tbcore.errors import RunlensError

Kind = Literal["pca", "tsne", "umap", "lda", "axes"]
Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]

UMAP_INSTALL = "pip install umap-learn"

_BLOCK = 4_096  # rows converted to double precision at once
_WORK = 1e11  # multiplications beyond which PCA is approximated
_WIDE = 2_000  # dimensions beyond which their covariance is not formed
_ROUNDS, _EXTRA = 8, 10  # of the approximation
_NEIGHBORS = 3  # times the perplexity
_FLAT = 1e11  # multiplications of a search for neighbours beyond which the dimensions are reduced
_REDUCED = 50
_MOST = {2: 100_000, 3: 20_000}  # rows that t-SNE lays out, in less than ten minutes on one core
_SPREAD = 1e-4  # of the points at the beginning
_EXAGGERATION, _EXAGGERATED = 12.0, 250  # how much stronger t-SNE's attraction is, and for how many iterations
_LEAST_RATE = 50.0
_BY_TREE = 4_000  # rows up to which a tree is as quick as a grid in two dimensions, and nearer to the exact forces
_THETA = {2: 0.5, 3: 0.8}  # how coarse the tree is; in three dimensions 0.5 takes more than twice the time
_LOOK = 50_000  # rows moved between two looks whether to end
_TINY = 1e-10
_SHARE, _FEW = 0.3, 0.05  # of the time of t-SNE and UMAP that goes into the neighbours, about, and that of few rows


@dataclass(frozen=True)
class Projection:
    """Points as they are drawn.

    points [n, k]: NaN where a row could not be placed; explained [k]: the share of the variance along each axis, of
    that between groups for discriminants, empty for the others; notes: what to know about it.
    """

    points: Singles
    explained: Floats
    kind: Kind
    notes: tuple[str, ...] = ()


def pca(values: NDArray[np.floating], components: int = 10) -> Projection:
    """Return `values` [n, d] along their principal components, as many as there are up to `components`.

    Exact on all rows, unless rows and dimensions are very many: the notes say so. The greatest weight of each component
    is positive.
    """
    data = np.asarray(values, np.float32)
    finite = _finite(data)
    with calm():
        basis = _basis(data, finite, components)
        points = _placed(data, finite, basis)
    note = ("approximated at random (seed 0): there are very many rows and dimensions",) if basis.approximate else ()
    return Projection(points, basis.explained, "pca", (*_left_out(finite), *note))


def tsne(
    values: NDArray[np.floating],
    dims: Literal[2, 3] = 2,
    perplexity: float = 30,
    learning_rate: float | Literal["auto"] = "auto",
    seed: int = 0,
    progress: Progress | None = None,
    stop: Stop | None = None,
    iterations: int = 1000,
    metric: Metric = "euclidean",
) -> Projection:
    """Return `values` [n, d] laid out so that neighbours stay together; distances between groups mean little.

    Begun at the principal components, so that the seed matters little. Of more rows than can be laid out in a
    reasonable time a sample is, and the others are placed among their nearest ones.
    """
    told = _Told(progress, stop)
    told(0.0, "preparing")
    data = np.asarray(values, np.float32)
    finite = _finite(data)
    every = np.flatnonzero(finite)
    if len(every) < 4:
        raise RunlensError("t-SNE needs at least 4 rows of finite values")
    rows, notes = _some(every, _MOST[dims], seed)
    most = (len(rows) - 1) / _NEIGHBORS
    if perplexity > most:
        perplexity = max(1.0, most)
        notes += (f"the perplexity was reduced to {perplexity:.3g}: there are {len(rows):,} rows",)
    compact, more = _compact(data, finite, rows)
    notes += more
    k = min(len(rows) - 1, int(_NEIGHBORS * perplexity) + 1)
    share = _SHARE if len(rows) > ALL else _FEW
    near = graph(compact, k, metric, rows=np.arange(len(rows)), progress=told.within(0.0, share), stop=stop)
    if told.stopped():
        return _laid("tsne", np.full((len(data), dims), np.nan, np.float32), (*notes, *near.notes), finite)
    start = _begin(compact, dims, seed)
    rate = max(len(rows) / _EXAGGERATION / 4, _LEAST_RATE) if learning_rate == "auto" else learning_rate
    watch = _Watch(iterations, told.within(share, 1.0), stop)
    found, divergence = _tsne_points(near, start, perplexity, rate, watch)
    how = f"stopped after {watch.done:,} iterations" if watch.ended else f"{iterations:,} iterations"
    ended = "" if watch.ended else f", divergence {divergence:.4g}"
    points = _spread_out(data, every, rows, found, metric)
    return _laid("tsne", points, (*notes, f"{how}, seed {seed}{ended}"), finite)


def umap_available() -> bool:
    """Return whether umap-learn is installed, without importing it."""
    return find_spec("umap") is not None


def umap(
    values: NDArray[np.floating],
    dims: Literal[2, 3] = 2,
    neighbors: int = 15,
    min_dist: float = 0.1,
    metric: Metric = "euclidean",
    labels: Sequence[str] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Projection:
    """Return `values` [n, d] laid out by umap-learn. labels [n]: pull rows of one label together; "" is unknown.

    Raises RunlensError when umap-learn is not installed.
    """
    told = _Told(progress, stop)
    told(0.0, "preparing")
    if not umap_available():
        raise RunlensError(f"UMAP needs umap-learn: {UMAP_INSTALL}")
    data = np.asarray(values, np.float32)
    finite = _finite(data)
    every = np.flatnonzero(finite)
    if len(every) < 5:
        raise RunlensError("UMAP needs at least 5 rows of finite values")
    notes: tuple[str, ...] = ()
    k = min(neighbors, len(every) - 1)
    if k < neighbors:
        notes += (f"{k} neighbours of each: there are {len(every):,} rows",)
    compact, more = _compact(data, finite, every)
    near = graph(compact, k - 1, metric, rows=np.arange(len(every)), progress=told.within(0.0, _SHARE), stop=stop)
    points = np.full((len(data), dims), np.nan, np.float32)
    if told.stopped():
        return _laid("umap", points, (*notes, *near.notes), finite)
    known = None if labels is None else codes([labels[row] for row in every.tolist()])[0]
    found = _umap_points(compact, near, dims, min_dist, metric, known, seed, told.within(_SHARE, 1.0), stop)
    notes += (*more, f"seed {seed}" if found is not None else "stopped")
    if found is not None:
        points[every] = found
    return _laid("umap", points, notes, finite)


def lda(values: NDArray[np.floating], labels: Sequence[str], dims: int = 3) -> Projection:
    """Return `values` [n, d] along the directions that part the labels best; rows labelled "" are placed all the same.

    There is one direction fewer than labels: the rest is filled up with principal components at right angles to them.
    Raises RunlensError when there are fewer than two labels.
    """
    data = np.asarray(values, np.float32)
    finite = _finite(data)
    marks = codes(labels)[0]
    if len(marks) != len(data):
        raise RunlensError(f"there are {len(marks):,} labels for {len(data):,} rows")
    known = finite & (marks >= 0)
    present = np.unique(marks[known])
    if len(present) < 2:
        raise RunlensError("discriminants need at least two labels")
    if known.sum() <= len(present):
        raise RunlensError("discriminants need more rows than labels: every row has a label of its own")
    notes: tuple[str, ...] = ()
    if data.shape[1] > _WIDE:
        data = _placed(data, finite, _basis(data, finite, 10 * _REDUCED))
        notes = (f"of the first {data.shape[1]:,} principal components",)
    with calm():
        within, between, mean = _scatter(data, known, np.searchsorted(present, marks), len(present))
    directions, ratio = _discriminants(within, between, min(dims, len(present) - 1))
    found = len(ratio)
    unknown = int(finite.sum() - known.sum())
    if unknown:
        notes += (f"{unknown:,} row{'s have' if unknown != 1 else ' has'} no label",)
    if found < dims:
        basis = _basis(data, finite, dims - found, _orthonormal(directions))
        notes += (f"{found} of the axes part{'s' if found == 1 else ''} labels; the rest are principal components",)
        directions = np.hstack([directions, basis.directions])
    placed = _placed(data, finite, _Basis(mean, directions, ratio, False))
    shares = np.zeros(directions.shape[1])
    shares[:found] = ratio
    return _laid("lda", placed, notes, finite, shares)


def axes(
    values: NDArray[np.floating], left: Mask, right: Mask, up: Mask | None = None, down: Mask | None = None
) -> Projection:
    """Return `values` [n, d] along the line from the centre of `left` to that of `right`, and from `down` to `up`.

    0 is midway between the two; distances are those of the values. Without `up` and `down` the second axis is the
    direction of greatest variance at right angles to the first. Raises RunlensError when a mask is empty.
    Source: TensorBoard's custom projection.
    """
    data = np.asarray(values, np.float32)
    finite = _finite(data)
    names = ("left", "right", "up", "down")
    centers = {
        name: _center(data, mask & finite, name)
        for name, mask in zip(names, (left, right, up, down), strict=True)
        if mask is not None
    }
    across, along = _line(centers["left"], centers["right"], "left and right")
    notes: tuple[str, ...] = ()
    if "up" in centers and "down" in centers:
        second, height = _line(centers["down"], centers["up"], "up and down")
        slant = float(abs(across @ second))
        if slant > 0.5:
            notes += (f"the two axes are not at right angles: their cosine is {slant:.2f}",)
    else:
        basis = _basis(data, finite, 1, across[:, None])
        if not basis.directions.shape[1]:
            raise RunlensError("a second axis needs at least two dimensions")
        second = basis.directions[:, 0]
        height = float(basis.mean @ second)
        notes += ("up is the direction of greatest variance at right angles to the first axis",)
    directions = np.stack([across, second], 1)
    points = _placed(data, finite, _Basis(np.zeros(data.shape[1]), directions, np.zeros(0), False))
    points -= np.array([along, height], np.float32)
    return _laid("axes", points, notes, finite)


def sphereized(values: NDArray[np.floating]) -> Singles:
    """Return `values` [n, d] moved so that their mean is 0, and then each row at length 1; a row of zeros stays.

    Source: TensorBoard's "Sphereize data".
    """
    data = np.asarray(values, np.float32)
    finite = _finite(data)
    mean = _mean(data, finite)
    found = np.full_like(data, np.nan)
    for place, block, kept in _blocks(data, finite, mean):
        norms = np.sqrt(np.einsum("ij,ij->i", block, block))[:, None]
        part = found[place]
        part[kept] = np.divide(block, norms, out=block, where=norms > 0)
    return found


# Principal components ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Basis:
    """Where the origin is and along which directions [d, k] the axes go."""

    mean: Floats
    directions: Floats
    explained: Floats
    approximate: bool


def _finite(data: Singles) -> Mask:
    """Return which rows are finite, after a look at the shape."""
    if data.ndim != 2 or not data.shape[1]:
        raise RunlensError(f"points need rows and columns of numbers, and not the shape {list(data.shape)}")
    found = np.empty(len(data), np.bool_)
    for start in range(0, len(data), _BLOCK):
        found[start : start + _BLOCK] = np.isfinite(data[start : start + _BLOCK]).all(1)
    return found


def _blocks(data: Singles, kept: Mask, mean: Floats | float = 0.0) -> Iterator[tuple[slice, Floats, Mask]]:
    """Yield some rows at a time in double precision, less the mean: where they are, those kept, and which these are."""
    for start in range(0, len(data), _BLOCK):
        place = slice(start, start + _BLOCK)
        mask = kept[place]
        block = (data[place] if mask.all() else data[place][mask]).astype(np.float64)
        block -= mean
        yield place, block, mask


def _mean(data: Singles, kept: Mask) -> Floats:
    total = np.zeros(data.shape[1])
    for _place, block, _mask in _blocks(data, kept):
        total += block.sum(0)
    return np.asarray(total / max(1, int(kept.sum())))


def _basis(data: Singles, kept: Mask, components: int, without: Floats | None = None) -> _Basis:
    """Return the principal components of the rows that are kept. without [d, j]: orthonormal directions left out."""
    n, d = int(kept.sum()), data.shape[1]
    mean = _mean(data, kept)
    k = max(0, min(components, n, d - (0 if without is None else without.shape[1])))
    if not k:
        return _Basis(mean, np.zeros((d, 0)), np.zeros(0), False)
    few = min(n, d)
    if few > _WIDE or n * d * few > _WORK:
        directions, variances, total = _approximated(data, kept, mean, k, without)
    elif d <= n or d <= _REDUCED:
        directions, variances, total = _by_columns(data, kept, mean, k, without)
    else:
        directions, variances, total = _by_rows(data, kept, mean, k, without)
    variances = np.maximum(variances, 0)
    greatest = np.abs(directions).argmax(0)
    signs = np.where(directions[greatest, np.arange(k)] < 0, -1.0, 1.0)
    explained = variances / total if total > 0 else np.zeros(k)
    return _Basis(mean, directions * signs, explained, few > _WIDE or n * d * few > _WORK)


def _rid(block: Floats, without: Floats | None) -> Floats:
    return block if without is None else block - (block @ without) @ without.T


def _by_columns(
    data: Singles, kept: Mask, mean: Floats, k: int, without: Floats | None
) -> tuple[Floats, Floats, float]:
    """Return directions [d, k], variances [k] and the total variance, of the covariance of the columns."""
    d = data.shape[1]
    covariance = np.zeros((d, d))
    for _place, block, _mask in _blocks(data, kept, mean):
        covariance += block.T @ block
    if without is not None:
        covariance = _rid(_rid(covariance, without).T, without)
    variances, directions = _greatest(covariance, k)
    return directions, variances, float(np.trace(covariance))


def _by_rows(data: Singles, kept: Mask, mean: Floats, k: int, without: Floats | None) -> tuple[Floats, Floats, float]:
    """Return the same of few rows in many dimensions, of the products of the rows."""
    rows = _rid(data[kept].astype(np.float64) - mean, without)
    products = rows @ rows.T
    variances, weights = _greatest(products, k)
    directions = rows.T @ weights
    # Where there is no variance left the direction is any other one.
    return np.linalg.qr(_upright(directions, variances))[0], variances, float(np.trace(products))


def _upright(directions: Floats, variances: Floats) -> Floats:
    lengths = np.sqrt(np.maximum(variances, 0))
    flat = lengths <= _TINY * max(float(lengths.max(initial=0.0)), _TINY)
    made = directions / np.where(flat, 1.0, lengths)
    if flat.any():
        made[:, flat] = np.random.default_rng(0).standard_normal((len(directions), int(flat.sum())))
    return np.asarray(made)


def _greatest(matrix: Floats, k: int) -> tuple[Floats, Floats]:
    """Return the greatest eigenvalues [k] of a symmetric matrix, falling, and their vectors [n, k]."""
    from scipy.linalg import eigh

    found, vectors = eigh(matrix, subset_by_index=(len(matrix) - k, len(matrix) - 1))
    return found[::-1], vectors[:, ::-1]


def _approximated(
    data: Singles, kept: Mask, mean: Floats, k: int, without: Floats | None
) -> tuple[Floats, Floats, float]:
    """Return the same of very many rows and dimensions, of a random subspace that is turned towards them."""
    d = data.shape[1]
    turned = np.linalg.qr(np.random.default_rng(0).standard_normal((d, min(d, k + _EXTRA))))[0]
    variances, total = np.zeros(k), 0.0
    for _round in range(_ROUNDS):
        pulled, total = np.zeros_like(turned), 0.0
        for _place, block, _mask in _blocks(data, kept, mean):
            bare = _rid(block, without)
            total += float(np.einsum("ij,ij->", bare, bare))
            pulled += bare.T @ (bare @ turned)
        small, weights = _greatest(turned.T @ pulled, turned.shape[1])
        variances = small[:k]
        best = turned @ weights[:, :k]
        turned = np.linalg.qr(pulled)[0]
    return best, variances, total


def _placed(data: Singles, kept: Mask, basis: _Basis) -> Singles:
    """Return where the rows are along the axes [n, k]; NaN for those that are not kept."""
    found = np.full((len(data), basis.directions.shape[1]), np.nan, np.float32)
    for place, block, mask in _blocks(data, kept, basis.mean):
        part = found[place]
        part[mask] = block @ basis.directions
    return found


# t-SNE and UMAP ------------------------------------------------------------------------------------------------------


class _Told:
    """Who is told how far it is, and asked whether to end."""

    def __init__(self, progress: Progress | None, stop: Stop | None) -> None:
        self._progress, self._stop = progress, stop

    def __call__(self, share: float, words: str) -> None:
        if self._progress is not None:
            self._progress(share, words)

    def stopped(self) -> bool:
        return self._stop is not None and self._stop()

    def within(self, low: float, high: float) -> Progress:
        """Return whom a part is to tell that goes from `low` to `high` of it all."""
        return lambda share, words: self(low + (high - low) * share, words)


def _some(rows: Rows, most: int, seed: int) -> tuple[Rows, tuple[str, ...]]:
    if len(rows) <= most:
        return rows, ()
    some = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    return some, (f"{most:,} of {len(rows):,} rows were laid out, the others placed among their nearest ones",)


def _compact(data: Singles, finite: Mask, rows: Rows) -> tuple[Singles, tuple[str, ...]]:
    """Return some rows, along principal components when they are too many for all dimensions."""
    if len(rows) ** 2 * data.shape[1] <= _FLAT or data.shape[1] <= _REDUCED:
        return (data if len(rows) == len(data) else data[rows]), ()
    kept = np.zeros(len(data), np.bool_)
    kept[rows] = True
    with calm():
        found = _placed(data, finite, _basis(data, kept, _REDUCED))
    return found[rows], (f"computed from the first {_REDUCED} principal components",)


def _begin(data: Singles, dims: int, seed: int) -> Singles:
    """Return where points begin: at their first components, and apart even where they are equal."""
    every = np.ones(len(data), np.bool_)
    start = np.zeros((len(data), dims))
    first = _placed(data, every, _basis(data, every, dims))
    start[:, : first.shape[1]] = first
    scale = float(start[:, 0].std())
    start *= _SPREAD / scale if scale > 0 else 0.0
    start += np.random.default_rng(seed).normal(0, _SPREAD / 100, start.shape)
    return start.astype(np.float32)


def _spread_out(data: Singles, every: Rows, rows: Rows, points: Singles, metric: Metric) -> Singles:
    """Return points [n, dims] of all rows: those laid out, and the others among their three nearest of these."""
    found = np.full((len(data), points.shape[1]), np.nan, np.float32)
    found[rows] = points
    others = np.setdiff1d(every, rows)
    if len(others):
        near = graph(data, 3, metric, rows=others, among=rows)
        weights = 1 / (near.distances.astype(np.float64) + _TINY)
        weights /= weights.sum(1, keepdims=True)
        found[others] = np.einsum("ij,ijk->ik", weights, found[near.rows])
    return found


class _Watch:
    """What openTSNE calls now and then: it tells how far the iterations are, and whether to end."""

    def __init__(self, iterations: int, progress: Progress, stop: Stop | None) -> None:
        self.iterations, self.before, self.done, self.ended = iterations, 0, 0, False
        self._progress, self._stop = progress, stop

    def __call__(self, iteration: int, _divergence: float = 0.0, _points: object = None) -> bool:
        """Tell that `iteration` is about to end, counted from those before, and return whether to end."""
        self.done = self.before + iteration - 1
        self.ended = self._stop is not None and self._stop()
        if not self.ended:
            self._progress(self.done / self.iterations, f"iteration {self.done:,} of {self.iterations:,}")
        return self.ended


def _tsne_points(near: Graph, start: Singles, perplexity: float, rate: float, watch: _Watch) -> tuple[Singles, float]:
    """Return the points [n, dims] after all iterations, or as many as `watch` allows, and their divergence."""
    watch(1)
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    n, dims = start.shape
    # The package searches for a row's scale from 1 on and gives up early: a row's weights depend on neither the unit of
    # its distances nor what their squares have in common.
    squares = near.distances.astype(np.float64) ** 2
    squares -= squares[:, :1]
    means = squares.mean(1, keepdims=True)
    apart = np.sqrt(np.divide(squares, means, out=np.zeros_like(squares), where=means > 0))
    threads = max(1, (os.cpu_count() or 1) - 1)  # as in calm()
    affinities = PerplexityBasedNN(
        perplexity=perplexity, knn_index=PrecomputedNeighbors(near.rows.astype(np.int32), apart), n_jobs=threads
    )
    embedding = TSNEEmbedding(
        start,
        affinities,
        negative_gradient_method="fft" if dims == 2 and n > _BY_TREE else "bh",
        theta=_THETA[dims],
        n_jobs=threads,
        learning_rate=4 * rate,  # the package leaves the 4 out of the gradient
        callbacks=watch,
        callbacks_every_iters=max(1, min(10, _LOOK // n)),
    )
    early = min(_EXAGGERATED, watch.iterations // 4)
    embedding = embedding.optimize(early, exaggeration=_EXAGGERATION, momentum=0.5)
    watch.before = early
    if not watch.ended:
        embedding = embedding.optimize(watch.iterations - early, momentum=0.8)
    return np.asarray(embedding, np.float32), float(embedding.kl_divergence)


class _Stopped(Exception):  # noqa: N818  (it is no error)
    """A visitor asked to end."""


class _Listener(StringIO):
    """What umap-learn writes its progress bar to: the only place where it tells how far it is."""

    def __init__(self, progress: Progress, stop: Stop | None) -> None:
        super().__init__()
        self._progress, self._stop = progress, stop

    def write(self, text: str) -> int:
        """Tell how far it is and end when asked."""
        if self._stop is not None and self._stop():
            raise _Stopped
        share, _sign, rest = text.strip().partition("%")
        if rest and share.strip().isdecimal():
            self._progress(int(share) / 100, "laying out")
        return len(text)


def _umap_points(
    data: Singles,
    near: Graph,
    dims: int,
    min_dist: float,
    metric: Metric,
    marks: Rows | None,
    seed: int,
    progress: Progress,
    stop: Stop | None,
) -> Singles | None:
    """Return the points [n, dims], None when stopped."""
    progress(0.0, "preparing UMAP, which takes half a minute the first time")
    from umap import UMAP

    # The package counts a point among its own neighbours.
    own = np.arange(len(data))[:, None]
    rows = np.hstack([own, near.rows])
    distances = np.hstack([np.zeros((len(data), 1), np.float32), near.distances])
    model = UMAP(
        n_components=dims,
        n_neighbors=rows.shape[1],
        min_dist=min_dist,
        metric=metric,
        random_state=seed,
        n_jobs=1,
        precomputed_knn=(rows, distances, None),
        force_approximation_algorithm=True,
        tqdm_kwds={
            "disable": False,
            "file": _Listener(progress, stop),
            "bar_format": "{percentage:.0f}%|",
            "mininterval": 0.1,
        },
    )
    # The package warns that its model cannot place new rows, which nobody asks for.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            return np.asarray(model.fit_transform(data, marks), np.float32)
        except _Stopped:
            return None


# Groups --------------------------------------------------------------------------------------------------------------


def _scatter(data: Singles, known: Mask, groups: Rows, count: int) -> tuple[Floats, Floats, Floats]:
    """Return the scatter within and between groups [d, d], and the mean [d]."""
    d = data.shape[1]
    mean = _mean(data, known)
    total, sums, sizes = np.zeros((d, d)), np.zeros((count, d)), np.bincount(groups[known], minlength=count)
    for place, block, mask in _blocks(data, known, mean):
        total += block.T @ block
        order = np.argsort(groups[place][mask], kind="stable")
        present, begins = np.unique(groups[place][mask][order], return_index=True)
        sums[present] += np.add.reduceat(block[order], begins) if len(order) else 0.0
    between = (sums / sizes[:, None]).T @ sums
    return total - between, between, mean


def _discriminants(within: Floats, between: Floats, k: int) -> tuple[Floats, Floats]:
    """Return the directions [d, k] and what share of the scatter between groups each holds, of all directions."""
    spread, turned = _greatest(within + between, len(within))
    some = spread > max(float(spread[0]), 0.0) * _TINY
    if not some.any():
        raise RunlensError("all rows are equal: nothing parts their labels")
    # First among the directions in which rows differ at all, then at unit spread within the groups.
    turned = turned[:, some]
    inner, axes_within = _greatest(turned.T @ within @ turned, int(some.sum()))
    floor = max(float(inner[0]), float(spread[0]) * _TINY) * _TINY
    white = turned @ (axes_within / np.sqrt(np.maximum(inner, floor)))
    apart, best = _greatest(white.T @ between @ white, min(len(inner), len(between)))
    apart = np.maximum(apart, 0)
    k = min(k, len(apart))
    directions = white @ best[:, :k]
    directions /= np.linalg.norm(directions, axis=0)
    greatest = np.abs(directions).argmax(0)
    directions *= np.where(directions[greatest, np.arange(k)] < 0, -1.0, 1.0)
    return directions, apart[:k] / apart.sum() if apart.sum() > 0 else np.zeros(k)


def _orthonormal(directions: Floats) -> Floats:
    return np.asarray(np.linalg.qr(directions)[0])


def _center(data: Singles, mask: Mask, name: str) -> Floats:
    if not mask.any():
        raise RunlensError(f"no row is chosen for {name}")
    return _mean(data, mask)


def _line(start: Floats, end: Floats, names: str) -> tuple[Floats, float]:
    """Return the unit direction from start to end and where its middle is along it."""
    away = end - start
    length = float(np.linalg.norm(away))
    if not length > 0:
        raise RunlensError(f"{names} have the same centre: there is no direction between them")
    unit = away / length
    return unit, float((start + end) / 2 @ unit)


def _left_out(finite: Mask) -> tuple[str, ...]:
    lost = int((~finite).sum())
    if not lost:
        return ()
    return (f"{lost:,} row{'s' if lost != 1 else ''} with NaN or infinity left out",)


def _laid(
    kind: Kind, points: Singles, notes: tuple[str, ...], finite: Mask, explained: Floats | None = None
) -> Projection:
    return Projection(points, np.zeros(0) if explained is None else explained, kind, (*_left_out(finite), *notes))

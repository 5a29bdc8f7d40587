"""t-SNE, one iteration at a time: so it tells how far it is, can be stopped at once, and leaves a core to the page.

Attraction is computed between neighbours. Repulsion is computed between all pairs where that is quick, and otherwise
through a regular grid: points are spread onto it by cubic interpolation, a Fourier transform convolves the grid with
the kernel, and the forces are read back at the points.
Source: van der Maaten and Hinton, Visualizing Data using t-SNE (2008); Linderman et al., Fast interpolation-based
t-SNE for improved visualization of single-cell RNA-seq data (2019), for the grid; Belkina et al., Automated optimized
parameters for t-SNE (2019), for the learning rate.
"""

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tbcore.analysis.neighbors import Graph, Progress, Stop

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Rows = NDArray[np.int64]

_EXAGGERATION, _EXAGGERATED = 12.0, 250  # how much stronger attraction is, and for how many iterations
_MOMENTUM, _LATER = 0.5, 0.8
_LEAST_RATE = 50.0
_LEAST_GAIN = 0.01
_SPACING = 1 / 3  # of the grid, where the kernel is about 1 wide
_CELLS = (48, 1_400)  # fewest and most cells of the grid along its longer side
_PAIRWISE = 6_000  # points up to which all pairs are quicker than the grid
_SPREAD = 1e-4  # of the points when exaggeration ends, at least

_fast = njit(nogil=True, cache=True, error_model="numpy")
_sums = njit(nogil=True, cache=True, error_model="numpy", fastmath=True)


@dataclass(frozen=True)
class Layout:
    """Where the points are. points [n, dims]; divergence: Kullback and Leibler's, NaN when stopped; iterations done."""

    points: Singles
    divergence: float
    iterations: int


@dataclass(frozen=True)
class Affinities:
    """Which points attract each other, and how much: row i's are at starts[i] to starts[i + 1]. They sum to 1."""

    starts: Rows
    others: NDArray[np.int32]
    weights: Singles


def affinities(graph: Graph, perplexity: float) -> Affinities:
    """Return the symmetric affinities of points whose neighbours [n, k] are known."""
    from scipy.sparse import csr_array

    n = len(graph.rows)
    weights = _conditional(graph.distances.astype(np.float64), perplexity)
    some = graph.rows >= 0
    starts = np.concatenate([[0], np.cumsum(some.sum(1))])
    one = csr_array((weights[some], graph.rows[some], starts), shape=(n, n))
    both = (one + one.T).tocsr()
    total = float(both.data.sum())
    return Affinities(
        both.indptr.astype(np.int64),
        both.indices.astype(np.int32),
        (both.data / total if total > 0 else both.data).astype(np.float32),
    )


def layout(
    found: Affinities,
    start: NDArray[np.floating],
    *,
    learning_rate: float | None = None,
    iterations: int = 1000,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Layout:
    """Return the points after `iterations`. start [n, 2 or 3]: where they begin."""
    n, dims = start.shape
    rate = max(n / _EXAGGERATION / 4, _LEAST_RATE) if learning_rate is None else learning_rate
    points = np.ascontiguousarray(start.T, np.float32)  # by axis: the loops below go along the points
    repulsion = _Grid() if dims == 2 and n > _PAIRWISE else _Pairs()
    speed, gains, pull = np.zeros_like(points), np.ones_like(points), np.empty_like(points)
    early = min(_EXAGGERATED, iterations // 4)
    for done in range(iterations):
        if stop is not None and stop():
            return Layout(_centred(points), math.nan, done)
        if progress is not None:
            progress(done / iterations, f"iteration {done:,} of {iterations:,}")
        if done == early and float(points.std(1).max()) < _SPREAD:
            # Where there is no structure exaggeration draws all into one point, which nothing would part again.
            points, speed[:], gains[:] = np.ascontiguousarray(start.T, np.float32), 0, 1
        _attract(found.starts, found.others, found.weights, points, pull)
        push, total = repulsion.forces(points)
        gradient = 4 * ((_EXAGGERATION if done < early else 1.0) * pull - push / np.float32(total))
        against = speed * gradient < 0
        gains = np.maximum(np.where(against, gains + np.float32(0.2), gains * np.float32(0.8)), np.float32(_LEAST_GAIN))
        speed = np.float32(_MOMENTUM if done < early else _LATER) * speed - np.float32(rate) * gains * gradient
        points += speed
    _push, total = repulsion.forces(points)
    return Layout(_centred(points), _divergence(found.starts, found.others, found.weights, points, total), iterations)


def _centred(points: Singles) -> Singles:
    return np.ascontiguousarray((points - points.mean(1, keepdims=True, dtype=np.float64)).T, np.float32)


@_fast
def _conditional(distances: Floats, perplexity: float) -> Floats:
    """Return for each row the weights [n, k] of its neighbours, whose entropy is the logarithm of `perplexity`."""
    n, k = distances.shape
    found = np.zeros((n, k), np.float64)
    for i in range(n):
        held = 0
        while held < k and distances[i, held] == distances[i, held]:
            held += 1
        if held == 0:
            continue
        nearest = distances[i, 0] ** 2
        spread = 0.0
        for j in range(held):
            spread += distances[i, j] ** 2 - nearest
        if spread <= 0.0:
            for j in range(held):
                found[i, j] = 1.0 / held
            continue
        wanted = np.log(min(perplexity, float(held)))
        # Begun at the neighbours' own scale, so that the search ends whatever the values' unit is.
        beta, low, high = held / spread, 0.0, np.inf
        for _trial in range(100):
            total, mean = 0.0, 0.0
            for j in range(held):
                apart = distances[i, j] ** 2 - nearest
                weight = np.exp(-beta * apart)
                found[i, j] = weight
                total += weight
                mean += weight * apart
            off = np.log(total) + beta * mean / total - wanted
            for j in range(held):
                found[i, j] /= total
            if abs(off) < 1e-5:
                break
            if off > 0:
                low = beta
                beta = beta * 2 if high == np.inf else (low + high) / 2
            else:
                high = beta
                beta = (low + high) / 2
    return found


@_sums
def _attract(starts: Rows, others: NDArray[np.int32], weights: Singles, points: Singles, pull: Singles) -> None:
    dims, n = points.shape
    for i in range(n):
        x, y = points[0, i], points[1, i]
        z = points[dims - 1, i]
        pull_x, pull_y, pull_z = np.float32(0), np.float32(0), np.float32(0)
        for edge in range(starts[i], starts[i + 1]):
            j = others[edge]
            dx, dy, dz = x - points[0, j], y - points[1, j], z - points[dims - 1, j]
            apart = dx * dx + dy * dy
            if dims == 3:
                apart += dz * dz
            near = weights[edge] / (np.float32(1) + apart)
            pull_x += near * dx
            pull_y += near * dy
            pull_z += near * dz
        pull[0, i], pull[1, i] = pull_x, pull_y
        if dims == 3:
            pull[2, i] = pull_z


@_sums
def _divergence(starts: Rows, others: NDArray[np.int32], weights: Singles, points: Singles, total: float) -> float:
    dims, n = points.shape
    found = 0.0
    for i in range(n):
        for edge in range(starts[i], starts[i + 1]):
            apart = 0.0
            for axis in range(dims):
                apart += (points[axis, i] - points[axis, others[edge]]) ** 2
            weight = weights[edge]
            if weight > 0:
                found += weight * np.log(weight * (1.0 + apart) * total)
    return found


class _Pairs:
    """Repulsion between all pairs of points."""

    def forces(self, points: Singles) -> tuple[Singles, float]:
        """Return the forces [dims, n] on the points and what they are to be divided by."""
        found = np.empty_like(points)
        total = _apart_2d(points[0], points[1], found) if len(points) == 2 else _apart_3d(*points, found)
        return found, max(total, 1e-12)


@_sums
def _apart_2d(xs: Singles, ys: Singles, found: Singles) -> float:
    n = len(xs)
    total = 0.0
    for i in range(n):
        x, y = xs[i], ys[i]
        sum_x, sum_y, sum_near = np.float32(0), np.float32(0), np.float32(0)
        for j in range(n):
            dx, dy = x - xs[j], y - ys[j]
            near = np.float32(1) / (np.float32(1) + dx * dx + dy * dy)
            sum_near += near
            near *= near
            sum_x += near * dx
            sum_y += near * dy
        found[0, i], found[1, i] = sum_x, sum_y
        total += sum_near - 1.0
    return total


@_sums
def _apart_3d(xs: Singles, ys: Singles, zs: Singles, found: Singles) -> float:
    n = len(xs)
    total = 0.0
    for i in range(n):
        x, y, z = xs[i], ys[i], zs[i]
        sum_x, sum_y, sum_z, sum_near = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
        for j in range(n):
            dx, dy, dz = x - xs[j], y - ys[j], z - zs[j]
            near = np.float32(1) / (np.float32(1) + dx * dx + dy * dy + dz * dz)
            sum_near += near
            near *= near
            sum_x += near * dx
            sum_y += near * dy
            sum_z += near * dz
        found[0, i], found[1, i], found[2, i] = sum_x, sum_y, sum_z
        total += sum_near - 1.0
    return total


class _Grid:
    """Repulsion through a grid; the kernels' transforms are kept while the points fit the same grid."""

    def __init__(self) -> None:
        self._for: tuple[int, int, float] | None = None
        self._size = (0, 0)
        self._kernels: list[NDArray[np.complex64]] = []
        self._own = 1.0  # what a point counts as its own neighbour once it is spread and read back, on average

    def forces(self, points: Singles) -> tuple[Singles, float]:
        """Return the forces [2, n] on the points and what they are to be divided by."""
        from scipy import fft

        low = points.min(1)
        span = np.maximum(points.max(1) - low, np.float32(1e-12))
        longest = float(span.max())
        # Halved until it is fine enough for points still close together, so that it seldom changes.
        spacing = _SPACING
        while longest / spacing < _CELLS[0]:
            spacing /= 2
        while longest / spacing > _CELLS[1]:
            spacing *= 1.25
        wide, high = (16 * math.ceil((float(side) / spacing + 4) / 16) for side in span)
        if self._for != (wide, high, spacing):
            self._prepare(wide, high, spacing)
        grid = np.zeros(self._size, np.float32)
        _spread(points, low, spacing, grid)
        charges = fft.rfft2(grid)
        fields = np.stack([fft.irfft2(charges * kernel, s=self._size) for kernel in self._kernels])
        found = np.empty_like(points)
        total = _gather(points, low, spacing, fields, found)
        return found, max(total - self._own * points.shape[1], 1e-12)

    def _prepare(self, wide: int, high: int, spacing: float) -> None:
        """Make the transforms of the kernels for a grid, which is padded so that its ends do not meet."""
        from scipy import fft

        self._for = (wide, high, spacing)
        self._size = (fft.next_fast_len(2 * wide, real=True), fft.next_fast_len(2 * high, real=True))
        x, y = (np.fft.fftfreq(side, 1 / (side * spacing)) for side in self._size)
        near = 1 / (1 + x[:, None] ** 2 + y**2)
        square = near**2
        kernels = (near, square * x[:, None], square * y)
        self._kernels = [fft.rfft2(kernel.astype(np.float32)) for kernel in kernels]
        shares = np.empty((64, 4))
        for at in range(64):
            _shares((at + 0.5) / 64, shares[at])
        pairs = shares.T @ shares / 64
        apart = np.abs(np.arange(4)[:, None] - np.arange(4))
        self._own = float(np.einsum("ab,cd,abcd->", pairs, pairs, near[apart[:, :, None, None], apart]))


@_fast
def _shares(place: float, shares: Floats) -> int:
    """Fill in the shares of the four nodes around a place, and return the first of them."""
    first = int(place)
    t = place - first
    shares[0] = -t * (t - 1) * (t - 2) / 6
    shares[1] = (t + 1) * (t - 1) * (t - 2) / 2
    shares[2] = -(t + 1) * t * (t - 2) / 2
    shares[3] = (t + 1) * t * (t - 1) / 6
    return first - 1


@_fast
def _spread(points: Singles, low: Singles, spacing: float, grid: Singles) -> None:
    across, along = np.empty(4), np.empty(4)
    for i in range(points.shape[1]):
        left = _shares((points[0, i] - low[0]) / spacing + 1, across)
        bottom = _shares((points[1, i] - low[1]) / spacing + 1, along)
        for a in range(4):
            for b in range(4):
                grid[left + a, bottom + b] += across[a] * along[b]


@_fast
def _gather(points: Singles, low: Singles, spacing: float, fields: Singles, found: Singles) -> float:
    across, along = np.empty(4), np.empty(4)
    total = 0.0
    for i in range(points.shape[1]):
        left = _shares((points[0, i] - low[0]) / spacing + 1, across)
        bottom = _shares((points[1, i] - low[1]) / spacing + 1, along)
        near, push_x, push_y = 0.0, 0.0, 0.0
        for a in range(4):
            for b in range(4):
                share = across[a] * along[b]
                near += share * fields[0, left + a, bottom + b]
                push_x += share * fields[1, left + a, bottom + b]
                push_y += share * fields[2, left + a, bottom + b]
        total += near
        found[0, i], found[1, i] = push_x, push_y
    return total

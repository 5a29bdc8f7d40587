"""Sets of moments: intervals as two columns, starts and ends, in order and disjoint; int64 of any unit.

    busy = intervals.merged(start, end)               # what overlaps or touches becomes one
    intervals.length(intervals.both(busy, others))
    intervals.within(busy, step_starts, step_ends)    # how much of each step is covered

An interval holds its start but not its end.
"""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Intervals = tuple[Ints, Ints]


def merged(start: Ints, end: Ints) -> Intervals:
    """Return the union of intervals in any order; those without length vanish."""
    kept = end > start
    start, end = start[kept], end[kept]
    order = np.argsort(start, kind="stable")
    start, end = start[order], np.maximum.accumulate(end[order]) if len(order) else end
    # One begins where nothing before it reaches.
    first = np.ones(len(start), np.bool_)
    first[1:] = start[1:] > end[:-1]
    last = np.append(np.flatnonzero(first)[1:] - 1, len(start) - 1) if len(start) else np.zeros(0, np.intp)
    return start[first], end[last]


def length(found: Intervals) -> int:
    """Return how long all of them are together."""
    return int((found[1] - found[0]).sum())


def both(a: Intervals, b: Intervals) -> Intervals:
    """Return the moments that lie in both."""
    edges = distinct(np.concatenate((*a, *b)))
    return _kept(edges, _covered(a, edges) & _covered(b, edges))


def without(a: Intervals, b: Intervals) -> Intervals:
    """Return the moments of `a` that do not lie in `b`."""
    edges = distinct(np.concatenate((*a, *b)))
    return _kept(edges, _covered(a, edges) & ~_covered(b, edges))


def clipped(found: Intervals, start: int, end: int) -> Intervals:
    """Return the moments from `start` to `end`."""
    return merged(np.clip(found[0], start, end), np.clip(found[1], start, end))


def within(found: Intervals, start: Ints, end: Ints) -> Ints:
    """Return how much of each window [w] is covered; windows may overlap and stand in any order."""
    return _until(found, end) - _until(found, start)


def distinct(times: Ints) -> Ints:
    """Return moments in order, each once."""
    # np.unique hashes integers, which takes a hundred times as long for times that end in zeros.
    ordered: Ints = np.sort(times, kind="stable")
    first = np.ones(len(ordered), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def _until(found: Intervals, times: Ints) -> Ints:
    """Return how much is covered before each moment."""
    if not len(found[0]):
        return np.zeros(len(times), np.int64)
    sums = np.concatenate((np.zeros(1, np.int64), np.cumsum(found[1] - found[0])))
    place = np.searchsorted(found[0], times, side="right") - 1
    here = np.maximum(place, 0)
    covered = sums[here] + np.clip(times - found[0][here], 0, found[1][here] - found[0][here])
    return np.where(place < 0, 0, covered)


def _covered(found: Intervals, edges: Ints) -> NDArray[np.bool_]:
    """Return whether the stretch that begins at each edge is covered."""
    if not len(found[0]):
        return np.zeros(len(edges), np.bool_)
    place = np.searchsorted(found[0], edges, side="right") - 1
    covered: NDArray[np.bool_] = (place >= 0) & (edges < found[1][np.maximum(place, 0)])
    return covered


def _kept(edges: Ints, inside: NDArray[np.bool_]) -> Intervals:
    if not len(edges):
        return edges, edges
    kept = np.flatnonzero(inside[:-1])
    return merged(edges[kept], edges[kept + 1])

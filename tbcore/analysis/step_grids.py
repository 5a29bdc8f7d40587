"""Curves whose steps do not coincide, read at the same places of the x axis.

A curve is known at its own points and, on a straight line, between two of them; never before its first or after its
last, and not beside a value that is not finite. Steps may as well be seconds, or whatever else is on the x axis.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Values = NDArray[np.floating]
Places = NDArray[np.number]
Place = TypeVar("Place", bound=np.number)

_fast = njit(nogil=True, cache=True, error_model="numpy")


def rising(x: Places) -> bool:
    """Return whether every place of `x` [n] is after the one before it."""
    return bool(_rises(x))


def in_order(x: Places) -> NDArray[np.int64] | slice:
    """Return which points of `x` [n] to take for each place once, from left to right: the last written of equal ones.

    What is not finite is no place. All points come as a slice, which copies nothing.
    """
    if rising(x):
        return slice(None)
    order = np.flatnonzero(np.isfinite(x)) if x.dtype.kind == "f" else np.arange(len(x))
    order = order[np.argsort(x[order], kind="stable")]
    found = x[order]
    last = np.ones(len(order), np.bool_)
    last[:-1] = found[1:] != found[:-1]
    chosen: NDArray[np.int64] = order[last]
    return chosen


def union(every: Sequence[NDArray[Place]]) -> NDArray[Place]:
    """Return the places that any of the curves has, from left to right; each of them lies in order already."""
    known: list[NDArray[Place]] = []
    for x in every:
        # Most runs log at the same steps.
        if not any(x is one or np.array_equal(x, one) for one in known[-1:]):
            known.append(x)
    if not known:
        return np.zeros(0, np.int64)
    if len(known) == 1:
        return known[0]
    found = np.sort(np.concatenate(known))  # np.unique is slower
    first = np.ones(len(found), np.bool_)
    np.not_equal(found[1:], found[:-1], out=first[1:])
    return found[first]


def shared(every: Sequence[NDArray[Place]]) -> NDArray[Place]:
    """Return the places that all of the curves have, from left to right; each of them lies in order already."""
    found = every[0] if every else np.zeros(0, np.int64)
    for x in every[1:]:
        if x is not found and not np.array_equal(x, found):
            found = np.intersect1d(found, x, assume_unique=True)
    return found


def read_at(grid: Places, x: Places, y: Values) -> tuple[Floats, int]:
    """Return a curve's values at `grid` [m], NaN where they are not known, and how many lie between two of its points.

    Both `grid` and `x` [n] lie in order.
    """
    if grid is x or np.array_equal(grid, x):
        return np.asarray(y, np.float64), 0
    found = np.empty(len(grid))
    return found, int(read_into(grid, x, y, 0, len(x), found))


@_fast
def _rises(x: Places) -> bool:
    n = len(x)
    i = 1
    while i < n and x[i] > x[i - 1]:  # never for NaN
        i += 1
    return i >= n and (n == 0 or (np.isfinite(x[0]) and np.isfinite(x[n - 1])))


@_fast
def read_into(grid: Places, x: Places, y: Values, first: int, last: int, found: Floats) -> int:
    """Write what the points [first, last) say at `grid` [m] into `found` [m]; return how many were interpolated."""
    between = 0
    if len(grid) == 0:
        return between
    low, high = first, last
    while low < high:
        middle = (low + high) >> 1
        if x[middle] < grid[0]:
            low = middle + 1
        else:
            high = middle
    at, current = low, -1
    left = right = inverse = 0.0
    known = False
    for i in range(len(grid)):
        place = grid[i]
        while at < last and x[at] < place:
            at += 1
        if at < last and x[at] == place:
            found[i] = y[at]
        elif at in (first, last):
            found[i] = np.nan
        else:
            if at != current:
                current = at
                left, right = np.float64(y[at - 1]), np.float64(y[at])
                inverse = 1.0 / np.float64(x[at] - x[at - 1])
                known = np.isfinite(left) and np.isfinite(right)
            part = np.float64(place - x[at - 1]) * inverse
            found[i] = left * (1.0 - part) + right * part if known else np.nan
            between += known
    return between

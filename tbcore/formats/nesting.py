"""Which event lies in which: the order of events, how deep each lies in its lane, and what encloses it."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

_ROWS = 512  # rows of a lane that are tried for an event that crosses others; beyond, events are drawn over each other
_DEEPEST = 65_535

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]


def nest(start: Ints, duration: Ints, lane: Codes) -> tuple[NDArray[np.int64], NDArray[np.uint16], Codes, int]:
    """Return (order, depth, parent, crossing) of events [n] with durations of at least 0.

    order [n]: places of the events by start, of equal ones the longer first, then as they came; depth and parent are in
    that order. parent: place in that order of the innermost event of the same lane that encloses it, -1 for none; depth:
    the lowest row of its lane below its parent that is free while it runs. crossing: how many events overlap an earlier
    one of their lane without lying in it.
    """
    order = np.lexsort((-duration, start)) if len(start) else np.zeros(0, np.int64)
    start, duration, lane = start[order], duration[order], lane[order]
    depth = np.zeros(len(start), np.uint16)
    parent = np.full(len(start), -1, np.int32)
    by_lane = np.argsort(lane, kind="stable").astype(np.int32)
    crossing = _nest(start, start + duration, lane, by_lane, depth, parent)
    return order, depth, parent, int(crossing)


@njit(cache=True, nogil=True)
def _nest(start: Ints, end: Ints, lane: Codes, by_lane: Codes, depth: NDArray[np.uint16], parent: Codes) -> int:
    """Fill depth and parent of events sorted by start; by_lane: their places lane by lane. Return how many cross.

    The stack holds the events that can still enclose one: of two that cross, only the one that ends last.
    """
    count = len(start)
    stack = np.empty(1024, np.int32)
    busy = np.zeros(_DEEPEST + 1, np.int64)  # when the last event of each row ends
    crossing = 0
    height = 0
    used = 0
    for index in range(count):
        event = by_lane[index]
        if index == 0 or lane[event] != lane[by_lane[index - 1]]:
            height = 0
            used = 0
        begin = start[event]
        finish = end[event]
        while height and end[stack[height - 1]] <= begin:
            height -= 1
        crosses = False
        while height and end[stack[height - 1]] < finish:
            crosses = True
            height -= 1
        crossing += crosses
        lowest = 0
        if height:
            parent[event] = stack[height - 1]
            lowest = int(depth[stack[height - 1]]) + 1
        row = lowest
        last = min(lowest + _ROWS, _DEEPEST)
        while row < used and row < last and busy[row] > begin:
            row += 1
        row = min(row, _DEEPEST)
        depth[event] = row
        while used <= row:
            busy[used] = begin
            used += 1
        busy[row] = max(busy[row], finish)
        if height == len(stack):
            grown = np.empty(2 * height, np.int32)
            for place in range(height):  # assigning a slice would compile for a second longer
                grown[place] = stack[place]
            stack = grown
        stack[height] = event
        height += 1
    return crossing

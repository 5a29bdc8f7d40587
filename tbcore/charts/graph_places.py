"""What a layout is asked and what it answers: boxes of known sizes, ports on the border, lines as cubic curves; pixels."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

TOP, BOTTOM = -1, 1  # the role of a port; that of a box is 0
GAP = 18.0  # between boxes beside each other
RANK_GAP = 34.0  # between boxes below each other


class Link(NamedTuple):
    """A line between two boxes of a task.

    out, into: how far right of the box's left edge it leaves and enters, None for its middle.
    weight: how much a straight line is wanted; length: over how many ranks it goes at least.
    """

    source: int
    target: int
    out: float | None = None
    into: float | None = None
    weight: int = 1
    length: int = 1


class Task(NamedTuple):
    """One scope. sizes: (width, height) of its boxes, (0, 0) of its ports; roles: 0 for a box, else TOP or BOTTOM."""

    sizes: tuple[tuple[float, float], ...]
    roles: tuple[int, ...]
    links: tuple[Link, ...]


class Placed(NamedTuple):
    """Where everything of a task is.

    places: upper left corners; routes: x and y of the points of cubic curves that follow each other, the first point,
    then three for each; empty for a line that cannot be drawn.
    """

    width: float
    height: float
    places: tuple[tuple[float, float], ...]
    routes: tuple[tuple[float, ...], ...]


def leaving(task: Task, link: Link, places: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return where a line leaves its first box."""
    (left, top), (width, height) = places[link.source], task.sizes[link.source]
    return left + (width / 2 if link.out is None else link.out), top + height


def entering(task: Task, link: Link, places: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return where a line enters its second box."""
    left, top = places[link.target]
    return left + (task.sizes[link.target][0] / 2 if link.into is None else link.into), top


def curve(stops: Sequence[tuple[float, float]]) -> tuple[float, ...]:
    """Return a curve through points that is upright at each of them, in one piece where it goes straight down."""
    kept = [stops[0]]
    for at in range(1, len(stops) - 1):
        if not kept[-1][0] == stops[at][0] == stops[at + 1][0]:
            kept.append(stops[at])
    kept.append(stops[-1])
    points = list(kept[0])
    for (x0, y0), (x1, y1) in itertools.pairwise(kept):
        half = (y1 - y0) / 2
        points += [x0, y0 + half, x1, y1 - half, x1, y1]
    return tuple(points)

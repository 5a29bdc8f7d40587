"""Where boxes and lines go, from top to bottom: one scope at a time, by Graphviz.

A task is one scope: its boxes, the places on its border that lines go through (ports), and its lines. Boxes know nothing
of what is in them but their size, so opening a scope lays out anew only that scope and those around it, and the order of
all others stays.
"""

import math
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import NamedTuple

from tbcore.charts import graph_dot
from tbcore.charts.graph_places import BOTTOM, GAP, TOP, Link, Placed, Task, entering, leaving

DRAWN_UP_TO = 600  # boxes and lines together, which Graphviz lays out within two seconds unless all are joined with all
SHAPE = 1.7  # how much wider than high the parts of a picture that hang together by nothing are packed
KEPT = 600  # tasks whose answers are kept


class _Part(NamedTuple):
    """A part of a task that hangs together. boxes, links: which of the task's."""

    task: Task
    boxes: tuple[int, ...]
    links: tuple[int, ...]


_answers: OrderedDict[tuple[str, Task], Placed] = OrderedDict()
_lock = Lock()


def layouts(tasks: Sequence[Task], engine: str = "", until: float = math.inf) -> list[Placed]:
    """Return where everything of each task goes.

    engine: one of `graph_dot.engines`, "" for the best that answers; until: the time by `monotonic` after which none is
    waited for.
    """
    with _lock:
        known = {task: _answers[engine, task] for task in tasks if (engine, task) in _answers}
    asked = [task for task in dict.fromkeys(tasks) if task not in known]
    known |= dict(zip(asked, _fresh(asked, engine, until), strict=True))
    with _lock:
        for task in tasks:
            _answers[engine, task] = known[task]
            _answers.move_to_end((engine, task))
        while len(_answers) > KEPT:
            _answers.popitem(last=False)
    return [known[task] for task in tasks]


def _fresh(tasks: Sequence[Task], engine: str, until: float) -> list[Placed]:
    parts = [_parts(task) for task in tasks]
    wanted = list(dict.fromkeys(part.task for own in parts for part in own))
    # What takes long comes last: what was answered before is drawn, even when time runs out.
    drawn = sorted((task for task in wanted if 1 < _load(task) <= DRAWN_UP_TO), key=_load)
    found = dict(zip(drawn, graph_dot.layouts(drawn, engine, until), strict=True))
    answers = {task: found.get(task) or grid(task) for task in wanted}
    return [
        _packed(task, own, [_bounded(part.task, answers[part.task]) for part in own])
        for task, own in zip(tasks, parts, strict=True)
    ]


def _load(task: Task) -> int:
    return len(task.sizes) + len(task.links)


def _bounded(task: Task, placed: Placed) -> Placed:
    """Return a part moved and widened so that lines that turn around beside a box are within it too."""
    xs, ys = [0.0, placed.width], [0.0, placed.height]
    for (x, _y), (width, _height) in zip(placed.places, task.sizes, strict=True):
        xs += [x, x + width]
    for route in placed.routes:
        for at in range(0, len(route) - 7, 6):
            for half, points in ((xs, route[at : at + 8 : 2]), (ys, route[at + 1 : at + 8 : 2])):
                half += [points[0], (points[0] + 3 * points[1] + 3 * points[2] + points[3]) / 8, points[3]]
    left = min(0.0, *xs)
    # Ports are at the very border.
    top = 0.0 if any(task.roles) else min(0.0, *ys)
    bottom = placed.height if any(task.roles) else max(ys)
    if (left, top, max(xs), bottom) == (0, 0, placed.width, placed.height):
        return placed
    places = tuple((x - left, y - top) for x, y in placed.places)
    routes = tuple(tuple(one - (top if at % 2 else left) for at, one in enumerate(route)) for route in placed.routes)
    return Placed(max(xs) - left, bottom - top, places, routes)


# Parts ---------------------------------------------------------------------------------------------------------------


def _parts(task: Task) -> list[_Part]:
    """Return the parts of a task that hang together, in the order of their first boxes."""
    leads = list(range(len(task.sizes)))

    def lead(box: int) -> int:
        while leads[box] != box:
            leads[box] = leads[leads[box]]
            box = leads[box]
        return box

    for link in task.links:
        first, second = sorted((lead(link.source), lead(link.target)))
        leads[second] = first
    boxes: dict[int, list[int]] = {}
    for box in range(len(task.sizes)):
        boxes.setdefault(lead(box), []).append(box)
    links: dict[int, list[int]] = {first: [] for first in boxes}
    for at, link in enumerate(task.links):
        links[lead(link.source)].append(at)
    return [_part(task, boxes[first], links[first]) for first in boxes]


def _part(task: Task, boxes: list[int], links: list[int]) -> _Part:
    places = {box: at for at, box in enumerate(boxes)}
    own = tuple(
        link._replace(source=places[link.source], target=places[link.target])
        for link in (task.links[at] for at in links)
    )
    alone = Task(tuple(task.sizes[box] for box in boxes), tuple(task.roles[box] for box in boxes), own)
    return _Part(alone, tuple(boxes), tuple(links))


def _packed(task: Task, parts: Sequence[_Part], placed: Sequence[Placed]) -> Placed:
    """Return the parts beside each other: those that reach the border in one row, the others packed to its right."""
    if len(parts) == 1 and parts[0].task == task:
        return placed[0]
    bound = [at for at, part in enumerate(parts) if any(part.task.roles)]
    free = [at for at, part in enumerate(parts) if not any(part.task.roles)]
    corners: dict[int, tuple[float, float]] = {}
    left = 0.0
    depth = max((placed[at].height for at in bound), default=0.0)
    for at in bound:
        corners[at] = (left, 0.0)
        left += placed[at].width + GAP
    down = _below_ports(bound, parts)
    # What is large first; what is alone stands in columns beside it.
    many = sorted((at for at in free if len(parts[at].boxes) > 1), key=lambda at: -len(parts[at].boxes))
    alone = [at for at in free if len(parts[at].boxes) == 1]
    for group, place in ((many, pack), (alone, columns)):
        spots = place([(placed[at].width, placed[at].height) for at in group], depth - down)
        for at, (x, y) in zip(group, spots, strict=True):
            corners[at] = (left + x, down + y)
            depth = max(depth, down + y + placed[at].height)
        left = max((corners[at][0] + placed[at].width + GAP for at in corners), default=0.0)
    width = max((corners[at][0] + placed[at].width for at in corners), default=0.0)
    height = depth
    places: list[tuple[float, float]] = [(0.0, 0.0)] * len(task.sizes)
    routes: list[tuple[float, ...]] = [()] * len(task.links)
    for at, part in enumerate(parts):
        x, y = corners[at]
        for box, (left, top) in zip(part.boxes, placed[at].places, strict=True):
            # Ports at the bottom border stay there, however high their part is.
            low = height if task.roles[box] == BOTTOM else y + top
            places[box] = (x + left, low)
        for line, route in zip(part.links, placed[at].routes, strict=True):
            moved = [value + (y if place % 2 else x) for place, value in enumerate(route)]
            if task.roles[task.links[line].target] == BOTTOM and moved and height > moved[-1]:
                moved += [moved[-2], moved[-1], moved[-2], height, moved[-2], height]
            routes[line] = tuple(moved)
    return Placed(width, height, tuple(places), tuple(routes))


def _below_ports(bound: Iterable[int], parts: Sequence[_Part]) -> float:
    """Return how far from the top the parts without ports begin: as far as the boxes under ports."""
    return GAP if any(TOP in parts[at].task.roles for at in bound) else 0.0


def pack(sizes: Sequence[tuple[float, float]], tallest: float = 0.0) -> list[tuple[float, float]]:
    """Return the upper left corners of rectangles in rows, in their order. tallest: how high they may stand anyway."""
    area = sum((width + GAP) * (height + GAP) for width, height in sizes)
    widest = max((width for width, _height in sizes), default=0.0)
    room = max(widest, math.sqrt(area * SHAPE))
    if tallest > 0:
        room = max(widest, min(room, area / tallest))
    corners = []
    x = y = row = 0.0
    for width, height in sizes:
        if x > 0 and x + width > room:
            x, y, row = 0.0, y + row + GAP, 0.0
        corners.append((x, y))
        x += width + GAP
        row = max(row, height)
    return corners


def columns(sizes: Sequence[tuple[float, float]], tallest: float = 0.0) -> list[tuple[float, float]]:
    """Return the upper left corners of rectangles in columns, in their order. tallest: how high they may stand anyway."""
    area = sum((width + GAP) * (height + GAP) for width, height in sizes)
    room = max(tallest, math.sqrt(area / SHAPE))
    corners = []
    x = y = column = 0.0
    for width, height in sizes:
        if y > 0 and y + height > room:
            x, y, column = x + column + GAP, 0.0, 0.0
        corners.append((x, y))
        y += height + GAP
        column = max(column, width)
    return corners


def grid(task: Task) -> Placed:
    """Return the boxes in rows, and straight lines: for what is too much for Graphviz, or without its answer."""
    gap = GAP if task.links else 0.0
    inner = [at for at, role in enumerate(task.roles) if not role]
    corners = pack([task.sizes[at] for at in inner])
    places: list[tuple[float, float]] = [(0.0, 0.0)] * len(task.sizes)
    for at, (x, y) in zip(inner, corners, strict=True):
        places[at] = (x, y + gap)
    width = max((places[at][0] + task.sizes[at][0] for at in inner), default=0.0)
    height = max((places[at][1] + task.sizes[at][1] for at in inner), default=0.0) + gap
    for role, y in ((TOP, 0.0), (BOTTOM, height)):
        ports = [at for at, own in enumerate(task.roles) if own == role]
        for at, port in enumerate(ports):
            places[port] = (width * (at + 0.5) / len(ports), y)
    routes = tuple(_straight(task, link, places) for link in task.links)
    return Placed(width, height, tuple(places), routes)


def _straight(task: Task, link: Link, places: Sequence[tuple[float, float]]) -> tuple[float, ...]:
    (x0, y0), (x1, y1) = leaving(task, link, places), entering(task, link, places)
    return (x0, y0, x0, y0 + (y1 - y0) / 2, x1, y1 - (y1 - y0) / 2, x1, y1)

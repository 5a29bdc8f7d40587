"""Boxes in boxes and the lines between them as a picture with places: what the browser component `graph` draws.

Names are text and nothing else: Graphviz is never told them, and SVG and DOT hold them escaped.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise
from time import monotonic
from typing import Any

from tbcore.charts.graph_dot import PATIENCE
from tbcore.charts.graph_layout import layouts
from tbcore.charts.graph_places import BOTTOM, RANK_GAP, TOP, Link, Placed, Task
from tbcore.charts.graph_svg import svg
from tbcore.charts.graph_text import SMALL, shortened, text_width

__all__ = ["Line", "Shown", "dot", "picture", "svg"]

TITLE = 24.0  # height of the title of an open box
LABEL_UP_TO = 2_000  # letters that are sent of a name
LABELS_UP_TO = 600  # of lines, that are kept clear of other lines
PORTS_UP_TO = 24  # lines that cross one side of a border by themselves; more go through it together
IN_A_ROW, ROWS_UP_TO = 8, 6  # boxes that hang on one alone
_SIDE = 12.0  # between the border of an open box and what is in it
_BELOW = 12.0
_INSET = 22.0  # beside a box with marks
_BUTTON = 20.0
_TEXT_UP_TO = 190.0
_NARROWEST = 58.0
_LINE_LABEL_UP_TO = 32
_CELL = 96
_CLEAR = 4.0  # around the label of a line


@dataclass(frozen=True, slots=True)
class Shown:
    """One box. parent: the id of the open box that it is in, "" at the top; a parent stands before its children.

    sub: the smaller line below the label, with `note` at its right end; kind: "op", "scope", "series", "function" or
    "more"; color: any that CSS knows, None for a plain box; shares: (color, part of 1) as a bar at the bottom;
    marks: (id, label, kind) of what is set aside; "summary" stands right of the box, everything else left;
    count: operations inside; change: "", "added", "removed", "changed", or "inside" for one that holds such.
    """

    id: str
    parent: str
    label: str
    sub: str = ""
    kind: str = "op"
    open: bool = False
    color: str | None = None
    shares: Sequence[tuple[str, float]] = ()
    marks: Sequence[tuple[str, str, str]] = ()
    count: int = 1
    note: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line between two boxes of which none is in the other. weight: how thick, from 0 to 1; count: of how many."""

    source: str
    target: str
    label: str = ""
    weight: float = 0.0
    control: bool = False
    count: int = 1


_Net = tuple[int, str, bool]  # a side of a border, whose lines, whether of control
_Link = tuple[str, str, _Net | None, _Net | None]  # from and to a child or "" the border; through which of their places


@dataclass
class _Scope:
    """One open box while it is laid out.

    nets: the places on its border by what goes through them; links, counts: the lines in it, and how many each stands for;
    labels: how wide the widest label of a link is.
    """

    id: str
    children: list[str] = field(default_factory=list)
    nets: dict[_Net, int] = field(default_factory=dict)
    links: dict[_Link, int] = field(default_factory=dict)
    counts: list[int] = field(default_factory=list)
    labels: dict[int, float] = field(default_factory=dict)
    placed: Placed | None = None
    shift: tuple[float, float] = (0.0, 0.0)

    def add(self, link: _Link, count: int) -> int:
        """Note a line, and return which of the links it goes along."""
        if link not in self.links:
            self.links[link] = len(self.counts)
            self.counts.append(0)
        self.counts[self.links[link]] += count
        return self.links[link]

    def place_of(self, net: _Net) -> float:
        """Return how far right of the box's left edge lines cross its border."""
        assert self.placed is not None
        return self.shift[0] + self.placed.places[len(self.children) + self.nets[net]][0]


@dataclass(frozen=True)
class _Way:
    """How one line goes. steps: (scope, which of its links), in order, from its source to its target."""

    line: Line
    steps: list[tuple[str, int]]


def picture(boxes: Sequence[Shown], lines: Sequence[Line], *, engine: str = "") -> dict[str, Any]:
    """Return boxes and lines with their places, as the browser takes them; pixels, from the upper left corner.

    engine: "dot", "pygraphviz", or "" for the best that answers.
    """
    by_id = {box.id: box for box in boxes}
    parents = _parents(by_id)
    scopes: dict[str, _Scope] = {"": _Scope("")}
    chains: dict[str, tuple[str, ...]] = {"": ("",)}
    for box in by_id.values():
        chains[box.id] = (box.id, *chains[parents[box.id]])
        scopes[parents[box.id]].children.append(box.id)
        if box.open:
            scopes[box.id] = _Scope(box.id)
    ways = _ways(lines, chains, scopes)
    sizes = {box.id: _size(box) for box in by_id.values() if not box.open}
    until = monotonic() + PATIENCE
    for level in _levels(scopes, chains):
        tasks = [_task(scope, scopes, sizes) for scope in level]
        for scope, placed in zip(level, layouts(tasks, engine, until), strict=True):
            scope.placed = placed
            sizes[scope.id] = _framed(scope, by_id.get(scope.id))
    corners = _corners(scopes)
    drawn = [_drawn(box, parents[box.id], len(chains[box.id]) - 1, corners[box.id], sizes[box.id]) for box in by_id.values()]  # fmt: skip
    routed = [_routed(way, scopes, corners) for way in ways]
    _label(routed, drawn)
    width, height = sizes[""]
    spec = {"width": _px(width), "height": _px(height), "boxes": drawn, "lines": [one for one in routed if one]}
    stamp = blake2b(json.dumps(spec, separators=(",", ":")).encode(errors="replace"), digest_size=12).hexdigest()
    return {**spec, "stamp": stamp}


def _px(value: float) -> float:
    return round(value, 1)


# Layout --------------------------------------------------------------------------------------------------------------


def _parents(boxes: Mapping[str, Shown]) -> dict[str, str]:
    """Return what each box is in: an open box that stands before it, so that none is in itself, else the top."""
    opened = {""}
    parents = {}
    for box in boxes.values():
        parents[box.id] = box.parent if box.parent in opened else ""
        if box.open:
            opened.add(box.id)
    return parents


def _ways(lines: Sequence[Line], chains: Mapping[str, tuple[str, ...]], scopes: Mapping[str, _Scope]) -> list[_Way]:
    """Return how each line goes through the borders between its ends, and tell the scopes of it."""
    crossed: dict[tuple[str, int], set[tuple[str, bool]]] = {}
    ends = [(line, found) for line in lines if (found := _ends(line, chains)) is not None]
    for line, sides in ends:
        for side, boxes in zip((BOTTOM, TOP), sides, strict=True):
            for scope in boxes[1:]:
                crossed.setdefault((scope, side), set()).add((line.source, line.control))
    return [_way(line, ups, downs, chains[ups[-1]][1], scopes, crossed) for line, (ups, downs) in ends]


def _way(
    line: Line,
    ups: Sequence[str],
    downs: Sequence[str],
    above: str,
    scopes: Mapping[str, _Scope],
    crossed: Mapping[tuple[str, int], set[tuple[str, bool]]],
) -> _Way:
    """Return how a line goes out of `ups` and, in `above`, over to and into `downs`, both from the inside out."""
    sides: list[list[_Net]] = []
    for side, boxes in ((BOTTOM, ups), (TOP, downs)):
        nets = []
        for inner, scope in pairwise(boxes):
            together = len(crossed[scope, side]) > PORTS_UP_TO
            net = (side, f"inside {inner}" if together else f"from {line.source}", line.control)
            scopes[scope].nets.setdefault(net, len(scopes[scope].nets))
            nets.append(net)
        sides.append(nets)
    outs, intos = sides
    links: list[tuple[str, _Link]] = [
        (scope, (inner, "", outs[at - 1] if at else None, outs[at])) for at, (inner, scope) in enumerate(pairwise(ups))
    ]
    links.append((above, (ups[-1], downs[-1], outs[-1] if outs else None, intos[-1] if intos else None)))
    for at, (inner, scope) in reversed(list(enumerate(pairwise(downs)))):
        links.append((scope, ("", inner, intos[at], intos[at - 1] if at else None)))
    steps = [(scope, scopes[scope].add(link, 0 if line.control else 1)) for scope, link in links]
    width = text_width(line.label[:_LINE_LABEL_UP_TO], SMALL) if line.label else 0.0
    for scope, link in steps:
        scopes[scope].labels[link] = max(width, scopes[scope].labels.get(link, 0.0))
    return _Way(line, steps)


def _ends(line: Line, chains: Mapping[str, tuple[str, ...]]) -> tuple[list[str], list[str]] | None:
    """Return the boxes from either end of a line up to below the one that holds both, None when one is in the other."""
    if line.source not in chains or line.target not in chains or not line.source or not line.target:
        return None
    above, other = chains[line.source], chains[line.target]
    shared = 0
    while shared < min(len(above), len(other)) and above[-1 - shared] == other[-1 - shared]:
        shared += 1
    ups, downs = above[: len(above) - shared], other[: len(other) - shared]
    if line.source == line.target:
        return [line.source], [line.target]
    return (list(ups), list(downs)) if ups and downs else None


def _levels(scopes: Mapping[str, _Scope], chains: Mapping[str, tuple[str, ...]]) -> list[list[_Scope]]:
    """Return the scopes such that what is in a scope comes before it, those that need not wait together."""
    height = dict.fromkeys(scopes, 0)
    for scope in sorted(scopes, key=lambda one: -len(chains[one])):
        for above in chains[scope][1:2]:
            height[above] = max(height[above], height[scope] + 1)
    levels: list[list[_Scope]] = [[] for _level in range(max(height.values()) + 1)]
    for scope, level in height.items():
        levels[level].append(scopes[scope])
    return levels


def _task(scope: _Scope, scopes: Mapping[str, _Scope], sizes: Mapping[str, tuple[float, float]]) -> Task:
    """Return what the layout is asked for one scope: its children, then its ports."""
    places = {child: at for at, child in enumerate(scope.children)}
    first = len(scope.children)
    links = []
    for (source, target, out, into), count in zip(scope.links, scope.counts, strict=True):
        begin = places[source] if source else first + scope.nets[_net(out)]
        end = places[target] if target else first + scope.nets[_net(into)]
        leaves = scopes[source].place_of(out) if source and out is not None else None
        enters = scopes[target].place_of(into) if target and into is not None else None
        links.append(Link(begin, end, _whole(leaves), _whole(enters), min(count, 4)))
    links = _staggered(links, first)
    return Task(
        tuple(sizes[child] for child in scope.children) + ((0.0, 0.0),) * len(scope.nets),
        (0,) * first + tuple(side for side, _of, _control in scope.nets),
        tuple(links),
    )


def _staggered(links: list[Link], boxes: int) -> list[Link]:
    """Return links in which the many boxes that hang on one alone stand in several rows instead of one."""
    degrees = [0] * (boxes + max((max(link.source, link.target) for link in links), default=0) + 1)
    for link in links:
        degrees[link.source] += 1
        degrees[link.target] += 1
    seen: dict[tuple[int, bool], int] = {}
    wanted = []
    for link in links:
        alone = [
            (hub, down)
            for hub, leaf, down in ((link.source, link.target, True), (link.target, link.source, False))
            if degrees[leaf] == 1 and leaf < boxes
        ]
        for hub in alone[:1]:
            seen[hub] = seen.get(hub, 0) + 1
        wanted.append((alone[0] if alone else None, seen.get(alone[0], 0) if alone else 0))
    staggered = []
    for link, (hub_, place) in zip(links, wanted, strict=True):
        rows = min(ROWS_UP_TO, -(-seen.get(hub_, 0) // IN_A_ROW)) if hub_ else 1
        staggered.append(link._replace(length=1 + (place - 1) % rows) if rows > 1 else link)
    return staggered


def _net(net: _Net | None) -> _Net:
    assert net is not None
    return net


def _whole(place: float | None) -> float | None:
    return None if place is None else float(round(place))


def _framed(scope: _Scope, box: Shown | None) -> tuple[float, float]:
    """Return the size of an open box around what was laid out in it, and note where that begins."""
    assert scope.placed is not None
    width, height = scope.placed.width, scope.placed.height
    if box is None:
        scope.shift = (0.0, 0.0)
        return width, height
    # A label beside the rightmost line is inside too.
    middles = ((_along(route)[0][0], scope.labels[at]) for at, route in enumerate(scope.placed.routes) if route and scope.labels[at])  # fmt: skip
    width = max([width, *(x + 5 + label for x, label in middles)])
    sides = {side for side, _of, _control in scope.nets}
    # The gap below ports has room for the title.
    down = 0.0 if TOP in sides else TITLE + 6
    title = _title_width(box.label, box.change)
    wide = max(width + 2 * _SIDE, title)
    left = (wide - width) / 2
    tops = [x for (x, _y), (side, *_net) in zip(scope.placed.places[len(scope.children) :], scope.nets, strict=True) if side == TOP]  # fmt: skip
    if tops and wide < 3 * title:
        # Lines enter a narrow box beside its title.
        more = max(0.0, title - left - min(tops))
        wide, left = wide + more, left + more
    scope.shift = (float(round(left)), down)
    return float(round(wide)), float(round(down + height + (0.0 if BOTTOM in sides else _BELOW)))


def _title_width(label: str, change: str) -> float:
    """Return how far the title of an open box reaches, which is bold, with its button and what a change puts there."""
    return 1.1 * text_width(shortened(label, _TEXT_UP_TO)) + 2 * _SIDE + _BUTTON + (_BUTTON if change else 0.0)


def _size(box: Shown) -> tuple[float, float]:
    """Return the room that a closed box takes."""
    button = _BUTTON if box.kind != "op" else 0.0
    label = text_width(shortened(box.label, _TEXT_UP_TO))
    sub = text_width(shortened(box.sub, _TEXT_UP_TO, SMALL), SMALL)
    if box.note:
        sub += text_width(box.note, SMALL) + 8
    width = max(_NARROWEST, max(label + button, sub) + 22)
    inset = 2 * _INSET if box.marks else 0.0
    return float(round(width + inset)), 40.0 if box.sub or box.note else 30.0


def _corners(scopes: Mapping[str, _Scope]) -> dict[str, tuple[float, float]]:
    """Return the upper left corner of every box."""
    corners: dict[str, tuple[float, float]] = {"": (0.0, 0.0)}
    waiting = [""]
    while waiting:
        scope = scopes[waiting.pop()]
        assert scope.placed is not None
        left, top = corners[scope.id]
        for child, (x, y) in zip(scope.children, scope.placed.places, strict=False):
            corners[child] = (left + scope.shift[0] + x, top + scope.shift[1] + y)
            if child in scopes:
                waiting.append(child)
    return corners


# What the browser is told --------------------------------------------------------------------------------------------


def _drawn(
    box: Shown, parent: str, depth: int, corner: tuple[float, float], size: tuple[float, float]
) -> dict[str, Any]:
    inset = _INSET if box.marks and not box.open else 0.0
    (x, y), (width, height) = corner, size
    label = " ".join(box.label[:LABEL_UP_TO].split())
    told: dict[str, Any] = {
        "id": box.id,
        "parent": parent,
        "depth": depth,
        "kind": box.kind,
        "open": box.open,
        "label": label,
        "text": shortened(label, _TEXT_UP_TO),
        "sub": shortened(box.sub, _TEXT_UP_TO, SMALL),
        "note": box.note,
        "count": box.count,
        "x": _px(x + inset),
        "y": _px(y),
        "w": _px(width - 2 * inset),
        "h": _px(height),
    }
    # What most boxes do not have is not sent.
    if box.sub and told["sub"] != box.sub:
        told["whole"] = box.sub[:LABEL_UP_TO]
    if box.color:
        told["color"] = box.color
    if box.shares:
        told["shares"] = [[color, round(share, 4)] for color, share in box.shares]
    if box.marks:
        told["marks"] = [[mark, name[:LABEL_UP_TO], kind] for mark, name, kind in box.marks[:200]]
        told["marked"] = len(box.marks)
    if box.change:
        told["change"] = box.change
    return told


def _routed(way: _Way, scopes: Mapping[str, _Scope], corners: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    """Return a line with its points, {} when it has none."""
    points: list[float] = []
    for name, link in way.steps:
        scope = scopes[name]
        assert scope.placed is not None
        route = scope.placed.routes[link]
        if not route:
            return {}
        left, top = corners[name][0] + scope.shift[0], corners[name][1] + scope.shift[1]
        moved = [value + (top if at % 2 else left) for at, value in enumerate(route)]
        points += _bridge(points, moved)
    line = way.line
    told: dict[str, Any] = {
        "source": line.source,
        "target": line.target,
        "points": [_px(value) for value in points],
        "width": round(1.1 + 3.4 * min(1.0, max(0.0, line.weight)), 2),
        "count": line.count,
    }
    if line.control:
        told["control"] = True
    if line.label:
        told["label"] = line.label[:_LINE_LABEL_UP_TO]
    return told


def _bridge(before: Sequence[float], after: list[float]) -> list[float]:
    """Return the points of a route that goes on from another, with a straight piece between them where they part."""
    if not before:
        return after
    x0, y0, x1, y1 = before[-2], before[-1], after[0], after[1]
    if abs(x0 - x1) + abs(y0 - y1) < 1.5:
        return after[2:]
    third = (y1 - y0) / 3
    return [x0, y0 + third, x1, y1 - third, x1, y1, *after[2:]]


def _label(lines: Sequence[dict[str, Any]], boxes: Sequence[dict[str, Any]]) -> None:
    """Give the labels of lines places beside them that nothing else is at; without one a label waits to be asked for."""
    taken, crossed = _Taken(), _Taken()
    for box in boxes:
        if box["open"]:
            taken.add("", box["x"], box["y"], _title_width(box["text"], box.get("change", "")), TITLE)
        else:
            inset = _INSET if "marks" in box else 0.0
            taken.add("", box["x"] - inset, box["y"], box["w"] + 2 * inset, box["h"])
    told = [line for line in lines if "label" in line]
    for at, line in enumerate(lines if len(told) <= LABELS_UP_TO else ()):
        points = line["points"]
        for piece in range((len(points) - 2) // 6):
            for step in range(8):
                x, y = _on(points[6 * piece : 6 * piece + 8], step / 8)
                crossed.add(str(at), x - 1, y - 2, 2, 4)
    owners = {id(line): str(at) for at, line in enumerate(lines)}
    said: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for line in told:
        width = text_width(line["label"], SMALL)
        spots = [(left, y) for x, y in _along(line["points"]) for left in (x + 5, x - 5 - width)]
        free = [spot for spot in spots if taken.free("", spot[0] - _CLEAR / 2, spot[1] - 7, width + _CLEAR, 14)]
        # Where lines of one box part, what they have in common is said once.
        alike = said.setdefault((line["source"], line["label"]), [])
        free = [(x, y) for x, y in free if all(abs(x - left) > width + 20 or abs(y - at) > RANK_GAP for left, at in alike)]  # fmt: skip
        # Best off all lines, else off all but its own.
        clear = (spot for owner in ("", owners[id(line)]) for spot in free if crossed.free(owner, spot[0], spot[1] - 6, width, 12))  # fmt: skip
        best = next(clear, free[0] if free else None)
        if best:
            taken.add("", best[0] - _CLEAR / 2, best[1] - 7, width + _CLEAR, 14)
            alike.append(best)
            line["lx"], line["ly"] = _px(best[0]), _px(best[1])


def _along(points: Sequence[float]) -> list[tuple[float, float]]:
    """Return places on a curve where a label may stand, the best first: in the middle of its pieces, near its ends."""
    pieces = (len(points) - 2) // 6
    order = sorted({0, pieces // 2, pieces - 1}, key=lambda piece: (piece != pieces // 2, piece))
    return [_on(points[6 * piece : 6 * piece + 8], part) for part in (0.5, 0.3, 0.7) for piece in order]


def _on(curve: Sequence[float], part: float) -> tuple[float, float]:
    rest = 1 - part
    weights = (rest**3, 3 * rest**2 * part, 3 * rest * part**2, part**3)
    x, y = (sum(weight * curve[2 * at + axis] for at, weight in enumerate(weights)) for axis in (0, 1))
    return x, y


class _Taken:
    """Rectangles of a picture and whose they are, found by where they are."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], list[tuple[str, float, float, float, float]]] = {}

    def _keys(self, left: float, top: float, width: float, height: float) -> list[tuple[int, int]]:
        across = range(int(left // _CELL), int((left + width) // _CELL) + 1)
        down = range(int(top // _CELL), int((top + height) // _CELL) + 1)
        return [(column, row) for column in across for row in down]

    def add(self, owner: str, left: float, top: float, width: float, height: float) -> None:
        """Take a place."""
        for key in self._keys(left, top, width, height):
            self._cells.setdefault(key, []).append((owner, left, top, left + width, top + height))

    def free(self, owner: str, left: float, top: float, width: float, height: float) -> bool:
        """Return whether nobody but its owner, "" for nobody, has anything of a place."""
        return not any(
            left < right
            and low < top + height
            and other < left + width
            and top < bottom
            and (whose != owner or not owner)
            for key in self._keys(left, top, width, height)
            for whose, other, low, right, bottom in self._cells.get(key, ())
        )


# Files ---------------------------------------------------------------------------------------------------------------


def dot(boxes: Sequence[Shown], lines: Sequence[Line]) -> str:
    """Return boxes and lines in Graphviz' language, open boxes as clusters."""
    from graphviz import Digraph

    by_id = {box.id: box for box in boxes}
    names = {box: f"n{at}" for at, box in enumerate(by_id)}
    parents = _parents(by_id)
    whole = Digraph("graph_", node_attr={"shape": "box", "style": "rounded", "fontname": "sans"}, edge_attr={"fontname": "sans"})  # fmt: skip
    scopes, depths = {"": whole}, {"": 0}
    for box in by_id.values():
        parent = parents[box.id]
        if box.open:
            scopes[box.id] = Digraph(
                f"cluster_{names[box.id]}", graph_attr={"label": _told(box.label), "style": "rounded"}
            )
            depths[box.id] = depths[parent] + 1
        else:
            scopes[parent].node(names[box.id], _told(*(part for part in (box.label, box.sub) if part)))
    # A scope is written into the one around it once all is in it.
    for scope in sorted(list(depths)[1:], key=lambda one: -depths[one]):
        scopes[parents[scope]].subgraph(scopes[scope])
    closed = names.keys() - scopes.keys()
    for line in lines:
        if line.source in closed and line.target in closed:
            more = {"style": "dashed"} if line.control else {}
            whole.edge(names[line.source], names[line.target], _told(line.label) if line.label else None, **more)
    return str(whole.source)


def _told(*lines: str) -> str:
    """Return lines of text as a label, of which nothing is read as a sign of the language."""
    from graphviz import escape, nohtml

    clean = ("".join(letter if letter.isprintable() else " " for letter in line[:LABEL_UP_TO]) for line in lines)
    label: str = nohtml("\\n".join(escape(line) for line in clean))
    return label

"""Layout by Graphviz: many graphs in one start of its program `dot`, or of the library that brings the same layout.

Both run apart from the server, and are told sizes and numbers, never names.
"""

import json
import math
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from time import monotonic
from typing import Any

import numpy as np

from tbcore.charts.graph_places import BOTTOM, GAP, RANK_GAP, TOP, Link, Placed, Task, curve, entering, leaving

PATIENCE = 5.0  # seconds that all starts for one picture together may take
_INCH = 72.0
_NEAR = 10.0  # how far from where it was laid a line may be moved to go straight
_OFF = 2.5
_BESIDE = 8.0  # between a line and the boxes that it passes
_TABLE = '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"'
# The library is C code for one thread, and what it writes on stderr is about fonts, which nothing here needs.
_SCRIPT = """
import sys
from pygraphviz import AGraph

for text in sys.stdin.read().split("\\n\\n"):
    sys.stdout.buffer.write(AGraph(string=text).draw(format="json0", prog="dot"))
    sys.stdout.buffer.flush()
"""


@cache
def engines() -> Mapping[str, Sequence[str]]:
    """Return the commands that lay out, the quickest first; each takes graphs and answers in the same language."""
    program = shutil.which("dot")
    own = {"dot": [program, "-Tjson0"]} if program else {}
    # Nothing in the folder where the server was started shall be taken for the library.
    return {**own, "pygraphviz": [sys.executable, "-P", "-c", _SCRIPT]}


def layouts(tasks: Sequence[Task], engine: str = "", until: float = math.inf) -> list[Placed | None]:
    """Return where everything of each task goes, None for those that no engine answered by `until`, of `monotonic`."""
    found: list[Placed | None] = [None] * len(tasks)
    end = min(until, monotonic() + PATIENCE)
    for name, command in engines().items():
        left = {str(at): task for at, task in enumerate(tasks) if found[at] is None}
        if left and engine in ("", name) and monotonic() < end:
            for at, placed in _answers(command, left, end - monotonic()).items():
                found[int(at)] = placed
    return found


def _answers(command: Sequence[str], tasks: Mapping[str, Task], patience: float) -> dict[str, Placed]:
    """Return what a command says to tasks, each under its name; of a command that fails what it said before."""
    text = "\n\n".join(_asked(name, task) for name, task in tasks.items())
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=patience, check=False)
        said = done.stdout
    except subprocess.TimeoutExpired as stopped:
        said = stopped.stdout or b""
    except OSError:
        said = b""
    answers = (one for one in _objects(said.decode(errors="replace")) if "bb" in one and one.get("name") in tasks)
    return {one["name"]: _answered(tasks[one["name"]], one) for one in answers}


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of JSON that follow each other, as far as they are whole."""
    decoder = json.JSONDecoder()
    text = text.strip()
    while text.startswith("{"):
        try:
            found, end = decoder.raw_decode(text)
        except ValueError:
            return
        yield found
        text = text[end:].lstrip()


def _asked(name: str, task: Task) -> str:
    """Return a task in Graphviz' language, without an empty line."""
    lines = [
        f"digraph {name} {{ nodesep={GAP / _INCH:.4f}; ranksep={RANK_GAP / _INCH:.4f}; nslimit=3; mclimit=1;",
        'node [shape=box, fixedsize=true, label="", margin=0]; edge [dir=none];',
    ]
    outs = _ports(task, ((link.source, link.out) for link in task.links))
    intos = _ports(task, ((link.target, link.into) for link in task.links))
    for at, (width, height) in enumerate(task.sizes):
        size = f"width={max(width, 1) / _INCH:.5f}, height={max(height, 1) / _INCH:.5f}"
        label = ""
        if outs[at] or intos[at]:
            label = f", shape=none, label=<{_border(width, height, intos[at], outs[at])}>"
        lines.append(f"n{at} [{size}{label}];")
    for role, rank in ((TOP, "source"), (BOTTOM, "sink")):
        ports = [f"n{at};" for at, own in enumerate(task.roles) if own == role]
        if ports:
            lines.append(f"{{rank={rank}; {' '.join(ports)}}}")
    for at, link in enumerate(task.links):
        tail = "" if link.out is None else f":b{outs[link.source].index(link.out)}"
        head = "" if link.into is None else f":t{intos[link.target].index(link.into)}"
        length = "" if link.length == 1 else f", minlen={link.length}"
        lines.append(f"n{link.source}{tail}:s -> n{link.target}{head}:n [id={at}, weight={link.weight}{length}];")
    return "\n".join([*lines, "}"])


def _ports(task: Task, ends: Iterator[tuple[int, float | None]]) -> list[list[float]]:
    """Return where each box has ports, from the left."""
    found: list[set[float]] = [set() for _size in task.sizes]
    for box, place in ends:
        if place is not None:
            found[box].add(place)
    return [sorted(places) for places in found]


def _border(width: float, height: float, tops: list[float], bottoms: list[float]) -> str:
    """Return a table as large as a box, with a cell around each port."""
    rows = (_row(width, height / 2, "t", tops), _row(width, height / 2, "b", bottoms))
    cells = "".join(f"<TR><TD>{row}</TD></TR>" for row in rows)
    return f'{_TABLE} FIXEDSIZE="TRUE" WIDTH="{width:.0f}" HEIGHT="{height:.0f}">{cells}</TABLE>'


def _row(width: float, height: float, side: str, places: list[float]) -> str:
    # A port is in the middle of its cell, and a cell ends where the next begins: so one goes from `at` to 2·place - at.
    cells, at = [], 0.0
    for number, place in enumerate(places):
        after = places[number + 1] if number + 1 < len(places) else width
        half = max(0.5, min(place - at, (after - place) / 2))
        if place - half > at:
            cells.append(_cell(place - half - at, height))
        cells.append(_cell(2 * half, height, f' PORT="{side}{number}"'))
        at = place + half
    if width > at or not cells:
        cells.append(_cell(max(1.0, width - at), height))
    return f'{_TABLE} FIXEDSIZE="TRUE" WIDTH="{width:.0f}" HEIGHT="{height:.0f}"><TR>{"".join(cells)}</TR></TABLE>'


def _cell(width: float, height: float, port: str = "") -> str:
    return f'<TD{port} FIXEDSIZE="TRUE" WIDTH="{max(1, round(width))}" HEIGHT="{max(1, round(height))}"></TD>'


def _answered(task: Task, answer: dict[str, Any]) -> Placed:
    """Return what Graphviz said, its y axis turned around."""
    _left, _low, width, height = (float(part) for part in answer["bb"].split(","))
    places: list[tuple[float, float]] = [(0.0, 0.0)] * len(task.sizes)
    for box in answer.get("objects", ()):
        name = box.get("name", "")
        if "pos" in box and name.startswith("n"):
            at = int(name[1:])
            x, y = (float(part) for part in box["pos"].split(","))
            places[at] = (x - task.sizes[at][0] / 2, height - y - task.sizes[at][1] / 2)
    _align(task, places)
    routes: list[tuple[float, ...]] = [()] * len(task.links)
    ranks = _Ranks(task, places)
    for line in answer.get("edges", ()):
        at = int(line["id"])
        points = [float(part) for pair in line.get("pos", "").split() for part in pair.split(",")]
        points[1::2] = [height - y for y in points[1::2]]
        routes[at] = _route(task.links[at], ranks, points)
    return Placed(width, height, tuple(places), tuple(routes))


def _align(task: Task, places: list[tuple[float, float]]) -> None:
    """Move boxes so little that nobody sees it, where that makes a line straight: Graphviz knows whole points."""
    moved = [role != 0 for role in task.roles]
    for link in sorted(task.links, key=lambda link: places[link.source][1]):
        off = leaving(task, link, places)[0] - entering(task, link, places)[0]
        if abs(off) > _OFF or link.source == link.target:
            continue
        if not moved[link.target]:
            moved[link.target] = True
            places[link.target] = (places[link.target][0] + off, places[link.target][1])
        elif not moved[link.source]:
            moved[link.source] = True
            places[link.source] = (places[link.source][0] - off, places[link.source][1])


class _Ranks:
    """The rows of boxes, and where lines can pass them."""

    def __init__(self, task: Task, places: Sequence[tuple[float, float]]) -> None:
        self.task, self.places = task, places
        rows: dict[float, list[int]] = {}
        for box, ((_left, top), (_width, height)) in enumerate(zip(places, task.sizes, strict=True)):
            if not task.roles[box]:
                rows.setdefault(round(top + height / 2), []).append(box)
        self.row_of = {box: at for at, (_middle, boxes) in enumerate(sorted(rows.items())) for box in boxes}
        self.row_of |= {box: -1 if role == TOP else len(rows) for box, role in enumerate(task.roles) if role}
        self.tops, self.bottoms, self.sides = [], [], []
        for _middle, boxes in sorted(rows.items()):
            self.tops.append(min(places[box][1] for box in boxes))
            self.bottoms.append(max(places[box][1] + task.sizes[box][1] for box in boxes))
            self.sides.append(sorted((places[box][0], places[box][0] + task.sizes[box][0]) for box in boxes))


def _route(link: Link, ranks: _Ranks, points: list[float]) -> tuple[float, ...]:
    """Return a line along the way that was found for it, but upright where it passes boxes and in as few bends as can be."""
    if len(points) < 8:
        return ()
    task, places = ranks.task, ranks.places
    begin, end = leaving(task, link, places), entering(task, link, places)
    points[:2], points[-2:] = begin, end
    points[2], points[-4] = points[0], points[-2]
    above, below = ranks.row_of[link.source], ranks.row_of[link.target]
    if below <= above:
        return tuple(points)
    at = above + 1
    middles = [(top + bottom) / 2 for top, bottom in zip(ranks.tops[at:below], ranks.bottoms[at:below], strict=True)]
    wishes = dict(zip(range(at, below), _crossings(points, middles), strict=True))
    stops = [begin]
    if above >= 0 and ranks.bottoms[above] > begin[1] + 1:
        stops.append((begin[0], ranks.bottoms[above]))
    while at < below:
        low, high, first = -math.inf, math.inf, at
        while at < below:
            free = _gap(ranks.sides[at], wishes[at])
            if max(low, free[0]) > min(high, free[1]):
                break
            low, high, at = max(low, free[0]), min(high, free[1]), at + 1
        if at == first:
            return tuple(points)
        wish = sum(wishes[row] for row in range(first, at)) / (at - first)
        # A line that can go straight down from its box or onto it does.
        for x in (end[0], begin[0]):
            if low <= x <= high and abs(x - wish) < _NEAR:
                wish = x
        x = min(max(wish, low), high)
        stops += [(x, ranks.tops[first]), (x, ranks.bottoms[at - 1])]
    if below < len(ranks.tops) and ranks.tops[below] < end[1] - 1:
        stops.append((end[0], ranks.tops[below]))
    return curve([*stops, end])


def _gap(sides: Sequence[tuple[float, float]], x: float) -> tuple[float, float]:
    """Return between which places a line can pass a row of boxes near x; the first above the second where it cannot."""
    before = max((right for _left, right in sides if right <= x + 1), default=-math.inf)
    after = min((left for left, _right in sides if left >= x - 1), default=math.inf)
    if any(left + 1 < x < right - 1 for left, right in sides):
        return math.inf, -math.inf
    room = min(_BESIDE, (after - before) / 2)
    return before + room, after - room


def _crossings(points: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Return the x at which a curve passes each of some heights."""
    steps = np.linspace(0, 1, 9)
    mixed = np.stack([(1 - steps) ** 3, 3 * (1 - steps) ** 2 * steps, 3 * (1 - steps) * steps**2, steps**3], axis=1)
    pairs = np.array(points).reshape(-1, 2)
    walked = np.concatenate([mixed @ pairs[at : at + 4] for at in range(0, len(pairs) - 1, 3)])
    order = np.argsort(walked[:, 1], kind="stable")
    return [float(x) for x in np.interp(heights, walked[order, 1], walked[order, 0])]

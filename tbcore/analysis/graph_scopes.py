"""What is seen of a graph's boxes when some of them are open, and the way from box to box."""

import heapq
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tbcore.analysis.graph_roles import CONSTANT, PARAMETER, SUMMARY
from tbcore.analysis.graph_series import CROWD
from tbcore.analysis.graph_tree import FUNCTIONS, VARIABLE, Box, Kind, Tree, tree
from tbcore.analysis.graph_wires import Flags, Numbers
from tbcore.formats.graphs import Output
from tbcore.names import matcher

__all__ = [
    "FUNCTIONS",
    "VARIABLE",
    "Box",
    "Edge",
    "Kind",
    "Link",
    "Links",
    "Seen",
    "Tree",
    "callers",
    "calls",
    "edge_label",
    "find",
    "first",
    "inside",
    "links",
    "opening",
    "path",
    "seen_on_path",
    "shape_label",
    "tree",
    "visible",
]

_PLENTY = 12  # boxes that are enough for a first picture
_FEW = 8  # boxes that are so few that functions are opened
_MAIN = 0.3  # share of all operations that a scope must hold to be opened where there are plenty of boxes
_MOST = 40  # boxes that a first picture shows at most, unless it would show next to none
_HOPS = 16  # things set aside in a row that one stands through
_SEARCHED = 2000  # letters of a name: what a pattern takes may grow with their square
_FEEDS, _FED = 1, 2
_SORTS = {CONSTANT: _FEEDS, PARAMETER: _FEEDS, SUMMARY: _FED}
# Parts of a training graph that are not opened at first, by the name of their scope.
_BACKSTAGE = re.compile(
    r"(gradients?|gradient_tape|save|init|report_uninitialized_\w+|global_step|train(ing)?_op|(Gradient)?(Descent|Tape)\w*"
    r"|Adam\w*|SGD|Momentum|RMSProp\w*|Adagrad\w*|Adadelta|Ftrl|Optimizer.*|Lamb|Nadam)(_[0-9]+)?"
)


@dataclass(frozen=True, slots=True)
class Edge:
    """What one visible box hands to another.

    count: tensors, or control wires; output: what all of them are, None where they differ; elements: numbers in all
    tensors whose length is known.
    """

    source: str
    target: str
    count: int
    control: bool
    output: Output | None
    elements: int
    label: str


@dataclass(frozen=True)
class Seen:
    """What is visible: boxes, parents before children; which of them are open; what they hand to each other.

    aside: by the id of a box, what is set aside beside it; by "", what is beside none.
    """

    boxes: tuple[Box, ...]
    open: frozenset[str]
    edges: tuple[Edge, ...]
    aside: Mapping[str, tuple[str, ...]]


class Link(NamedTuple):
    """One end of a wire: the box of the node there ("" where there is no such node), its name, its output, what flows."""

    id: str
    name: str
    slot: int
    output: Output


@dataclass(frozen=True)
class Links:
    """What goes into a box, what comes out of it, and what only orders it."""

    inputs: tuple[Link, ...]
    outputs: tuple[Link, ...]
    control_in: tuple[Link, ...]
    control_out: tuple[Link, ...]


# What is seen --------------------------------------------------------------------------------------------------------


def first(tree: Tree) -> frozenset[str]:
    """Return the ids of what is open at first: all of a small graph, and of a large one as much as can be taken in.

    Of boxes of equal structure beside each other all are open or none; gradients and optimizers stay closed, and so do
    functions where there is enough to see without.
    """
    drawn = [[kid for kid in inner if not tree.roles[kid]] for inner in tree.inner]
    worth = [False] * len(drawn)
    for number in range(len(drawn) - 1, -1, -1):
        worth[number] = len(drawn[number]) > 1 or any(worth[kid] for kid in drawn[number])
    whole = _all_open(tree, drawn, worth)
    if whole is not None:
        return frozenset(tree.boxes[number].id for number in whole)
    opened: set[int] = set()
    seen = len(drawn[0])
    functions: list[tuple[int, ...]] = []
    ready: list[tuple[int, tuple[int, ...]]] = []
    _offer(tree, drawn[0], worth, ready, functions)
    total = sum(tree.boxes[number].count for number in tree.inner[0] if not _is_function(tree, number))
    while ready or (functions and seen < _FEW):
        if not ready:
            ready = [(-sum(tree.boxes[number].count for number in group), group) for group in functions]
            functions = []
            heapq.heapify(ready)
            continue
        size, group = heapq.heappop(ready)
        more = sum(len(drawn[number]) - 1 for number in group)
        # Where hardly anything is seen, too many boxes are better than none.
        most = _MOST if seen >= _FEW else CROWD + _FEW
        if seen + more > most or (seen >= _PLENTY and (len(group) > 1 or -size < total * _MAIN)):
            continue
        if seen >= _FEW and tree.boxes[group[0]].kind == "more":
            continue  # a piece of a crowd is no part that the model's author named
        seen += more
        opened.update(group)
        _offer(tree, [kid for number in group for kid in drawn[number]], worth, ready, functions)
    return frozenset(tree.boxes[number].id for number in opened)


def _all_open(tree: Tree, drawn: Sequence[Sequence[int]], worth: Sequence[bool]) -> set[int] | None:
    """Return all that is worth opening, None where too many boxes would be seen, or few and there are functions."""
    opened: set[int] = set()
    seen = 0
    more = False
    stack = list(drawn[0])
    while stack and seen <= _MOST:
        number = stack.pop()
        if worth[number] and not _is_backstage(tree, number):
            opened.add(number)
            stack.extend(drawn[number])
        else:
            seen += 1
            more = more or (worth[number] and _is_function(tree, number))
    return opened if seen <= _MOST and not (more and seen < _FEW) else None


def _offer(
    tree: Tree,
    kids: Sequence[int],
    worth: Sequence[bool],
    ready: list[tuple[int, tuple[int, ...]]],
    functions: list[tuple[int, ...]],
) -> None:
    """Add what can be opened among siblings, those of equal structure together, the largest first."""
    groups: dict[int, list[int]] = {}
    for number in kids:
        if worth[number]:
            groups.setdefault(int(tree.structures[number]), []).append(number)
    for group in groups.values():
        if _is_function(tree, group[0]):
            functions.append(tuple(group))
        elif not _is_backstage(tree, group[0]):
            heapq.heappush(ready, (-sum(tree.boxes[number].count for number in group), tuple(group)))


def _is_function(tree: Tree, number: int) -> bool:
    return tree.boxes[number].id == FUNCTIONS or tree.boxes[number].kind == "function"


def _is_backstage(tree: Tree, number: int) -> bool:
    return _is_function(tree, number) or bool(_BACKSTAGE.fullmatch(tree.boxes[number].label.partition("/")[0]))


def visible(tree: Tree, opened: Collection[str], ungrouped: Collection[str] = ()) -> Seen:
    """Return what is seen when some boxes are open, and the members of some series stand in their scope.

    What is open inside of something closed is not seen; what is set aside is a box only while it is open.
    """
    open_numbers = {tree.numbers[box_id] for box_id in opened if box_id in tree.numbers}
    loose = {tree.numbers[box_id] for box_id in ungrouped if box_id in tree.numbers}
    loose = {number for number in loose if tree.boxes[number].kind in ("series", "more")}
    boxes: list[Box] = []
    shown = np.zeros(len(tree.boxes), np.int64)  # the visible box that each box is in
    aside = np.zeros(len(tree.boxes), np.bool_)
    open_seen = []
    stack = [(kid, 0) for kid in reversed(tree.inner[0])]
    while stack:
        number, outer = stack.pop()
        box = tree.boxes[number]
        is_open = bool(tree.inner[number]) and number in open_numbers
        if number in loose:
            stack.extend((kid, outer) for kid in reversed(tree.inner[number]))
        elif tree.roles[number] and not is_open:
            shown[number : tree.ends[number]] = number
            aside[number] = True
        else:
            # With a series around it gone, a box is in what the series was in.
            boxes.append(box if tree.numbers[box.parent] == outer else replace(box, parent=tree.boxes[outer].id))
            if is_open:
                open_seen.append(box.id)
                stack.extend((kid, number) for kid in reversed(tree.inner[number]))
            else:
                shown[number : tree.ends[number]] = number
    source, target = shown[tree.owner[tree.wires.source]], shown[tree.owner[tree.wires.target]]
    apart = source != target
    beside = _beside(tree, source[apart], target[apart], tree.wires.control[apart], aside)
    # What takes a constant out of a closed box does not depend on what else is in there: PyTorch shares equal constants.
    hidden = tree.constant[tree.wires.source] & (source != tree.owner[tree.wires.source])
    edges = _edges(tree, source, target, apart & ~hidden & ~aside[source] & ~aside[target])
    return Seen(tuple(boxes), frozenset(open_seen), edges, beside)


def _edges(tree: Tree, source: Numbers, target: Numbers, which: Flags) -> tuple[Edge, ...]:
    """Return one edge per pair of visible boxes and sort, in the order of the boxes."""
    wires = tree.wires
    found = []
    size = len(tree.boxes)
    for control in (False, True):
        chosen = which & (wires.control == control)
        flows = wires.tensor[chosen] if not control else np.flatnonzero(chosen)
        pairs = source[chosen] * size + target[chosen]
        order = np.lexsort((flows, pairs))
        pairs, flows = pairs[order], flows[order]
        # A tensor that several operations inside of a box take is handed to it once.
        fresh = np.ones(len(pairs), np.bool_)
        fresh[1:] = (pairs[1:] != pairs[:-1]) | (flows[1:] != flows[:-1])
        pairs, flows = pairs[fresh], flows[fresh]
        starts = np.flatnonzero(np.diff(pairs, prepend=-1))
        counts = np.diff(starts, append=len(pairs))
        if not len(starts):
            continue
        if control:
            found += [
                Edge(tree.boxes[pair // size].id, tree.boxes[pair % size].id, count, True, None, 0, "")
                for pair, count in zip(pairs[starts].tolist(), counts.tolist(), strict=True)
            ]
            continue
        alike = wires.alike[flows]
        same = np.minimum.reduceat(alike, starts) == np.maximum.reduceat(alike, starts)
        elements = np.add.reduceat(wires.elements[flows], starts)
        rows = (pairs[starts], counts, same, elements, flows[starts])
        for pair, count, equal, sum_, flow in zip(*(row.tolist() for row in rows), strict=True):
            output = wires.outputs[flow] if equal and wires.alike[flow] else None
            label = edge_label(output, count)
            ends = tree.boxes[pair // size].id, tree.boxes[pair % size].id
            found.append(Edge(*ends, count, False, output, sum_, label))
    return tuple(found)


def edge_label(output: Output | None, count: int) -> str:
    """Return what an edge carries in a word: "1×8×8", "3 of 1×8×8", "3 tensors", "" for one of which nothing is known."""
    shape = "" if output is None else shape_label(output)
    if shape:
        return shape if count == 1 else f"{count} of {shape}"
    return "" if count == 1 else f"{count} tensors"


def shape_label(output: Output) -> str:
    """Return a shape in a word, "?" for a length that is not known; "" where nothing is known."""
    if output.dtype == "resource":
        return "resource"
    if output.shape is None:
        return ""
    return "×".join("?" if length is None else str(length) for length in output.shape) or "scalar"


def _beside(tree: Tree, source: Numbers, target: Numbers, control: Flags, aside: Flags) -> dict[str, tuple[str, ...]]:
    """Return what is set aside beside each visible box, and beside none."""
    sorts = np.array([_SORTS.get(role, 0) for role in tree.roles], np.int64)
    touched = (aside[source] | aside[target]) & ~control
    size = len(tree.boxes)
    pairs = np.unique(source[touched] * size + target[touched]).tolist()
    near: dict[int, set[int]] = {}
    feeding: list[tuple[int, int]] = []  # both set aside: the first stands where the second does, too
    fed: list[tuple[int, int]] = []
    for pair in pairs:
        giver, taker = divmod(pair, size)
        if aside[giver] and aside[taker]:
            if sorts[giver] == _FEEDS:
                feeding.append((giver, taker))
            if sorts[taker] == _FED:
                fed.append((taker, giver))
        elif aside[giver] and sorts[giver] == _FEEDS:
            near.setdefault(giver, set()).add(taker)
        elif aside[taker] and sorts[taker] == _FED:
            near.setdefault(taker, set()).add(giver)
    for _ in range(_HOPS):
        fresh = [(one, near[other] - near.get(one, set())) for one, other in feeding if other in near]
        if not any(places for _one, places in fresh):
            break
        for one, places in fresh:
            near.setdefault(one, set()).update(places)
    for one, other in fed:  # a summary of what is set aside stands in one place only
        if other in near:
            near.setdefault(one, {min(near[other])})
    found: dict[str, list[str]] = {}
    for number in np.flatnonzero(aside).tolist():
        for place in sorted(near.get(number, {0})):
            found.setdefault(tree.boxes[place].id, []).append(tree.boxes[number].id)
    return {box_id: tuple(ids) for box_id, ids in found.items()}


# Ways ----------------------------------------------------------------------------------------------------------------


def opening(tree: Tree, ids: Iterable[str]) -> set[str]:
    """Return what has to be open for some boxes to be seen."""
    return {around for box_id in ids for around in tree.ancestors(box_id)}


def find(tree: Tree, pattern: str, limit: int = 500) -> list[str]:
    """Return the ids of the boxes whose name or type matches, at most `limit`, in their order; of a very long name the start.

    Raises PatternError when `pattern` is not a regular expression.
    """
    matches = matcher(pattern)
    types: dict[str, bool] = {}
    found = []
    for box in tree.boxes[1:]:
        of_type = types.get(box.type)
        if of_type is None:
            of_type = types[box.type] = bool(box.type) and matches(box.type[:_SEARCHED])
        name = tree.nodes[box.node].name if box.node >= 0 else box.id
        if of_type or matches(name[:_SEARCHED]):
            found.append(box.id)
            if len(found) >= limit:
                break
    return found


def inside(tree: Tree, box_id: str) -> NDArray[np.int64]:
    """Return the numbers of the nodes inside of a box, rising; those of all for "", none for one that does not exist."""
    number = tree.numbers.get(box_id)
    if number is None:
        return np.zeros(0, np.int64)
    return np.flatnonzero((tree.owner >= number) & (tree.owner < tree.ends[number]))


def path(tree: Tree, box_id: str, upstream: bool = True, downstream: bool = True) -> set[int]:
    """Return the numbers of the nodes that a box depends on or that depend on it, its own among them.

    What only orders is not followed.
    """
    start = inside(tree, box_id).tolist()
    found = set(start)
    wires = tree.wires
    ways = (
        (upstream, wires.into, wires.source.tolist()),
        (downstream, wires.out_of, wires.target.tolist()),
    )
    for asked, rows, ends in ways:
        if not asked:
            continue
        seen = set(start)
        queue = list(start)
        while queue:
            for wire in rows[queue.pop()]:
                other = ends[wire]
                if other not in seen and not wires.control[wire]:
                    seen.add(other)
                    queue.append(other)
        found |= seen
    return found


def seen_on_path(tree: Tree, seen: Seen, nodes: Collection[int]) -> tuple[set[str], set[tuple[str, str]]]:
    """Return the visible boxes that hold some nodes, and the edges on which these hand tensors to each other."""
    shown = np.full(len(tree.boxes), -1, np.int64)
    for box in seen.boxes:
        number = tree.numbers[box.id]
        shown[number : tree.ends[number]] = number
    among = np.zeros(len(tree.nodes), np.bool_)
    among[list(nodes)] = True
    on = np.unique(shown[tree.owner[among]])
    boxes = {tree.boxes[number].id for number in on.tolist() if number >= 0}
    wires = tree.wires
    flows = among[wires.source] & among[wires.target] & ~wires.control
    pairs = zip(
        shown[tree.owner[wires.source[flows]]].tolist(), shown[tree.owner[wires.target[flows]]].tolist(), strict=True
    )
    return boxes, {
        (tree.boxes[low].id, tree.boxes[high].id) for low, high in set(pairs) if low >= 0 and high >= 0 and low != high
    }


def links(tree: Tree, box_id: str) -> Links:
    """Return what goes into a box and comes out of it: of an operation all, of a scope what crosses its border.

    The inputs of an operation are in their order, those of which there is no node last; a tensor that goes into a scope in
    several places is told once.
    """
    members = inside(tree, box_id)
    if not box_id or not len(members):
        return Links((), (), (), ())
    wires = tree.wires
    within = np.zeros(len(tree.nodes), np.bool_)
    within[members] = True
    alone = len(members) == 1
    comes = np.flatnonzero(within[wires.target] & (alone | ~within[wires.source]))
    goes = np.flatnonzero(within[wires.source] & (alone | ~within[wires.target]))
    ends: tuple[dict[Link, None], ...] = ({}, {}, {}, {})
    lists: tuple[list[Link], ...] = ([], [], [], [])
    for place, chosen, nodes in ((0, comes, wires.source), (1, goes, wires.target)):
        for wire in chosen.tolist():
            node, tensor = int(nodes[wire]), int(wires.tensor[wire])
            output = wires.outputs[tensor] if tensor >= 0 else Output()
            link = Link(tree.boxes[tree.owner[node]].id, tree.nodes[node].name, int(wires.slot[wire]), output)
            which = place + 2 * bool(wires.control[wire])
            if not alone and link in ends[which]:
                continue
            ends[which][link] = None
            lists[which].append(link)
    for node, given in wires.dangling:
        if within[node]:
            lists[2 * given.control].append(Link("", given.source, given.slot, Output()))
    return Links(*(tuple(found) for found in lists))


def calls(tree: Tree, box_id: str) -> tuple[str, ...]:
    """Return the ids of the functions that the operations inside of a box call."""
    found: dict[str, None] = {}
    for node in inside(tree, box_id).tolist():
        for number in tree.wires.calls.get(node, ()):
            box = tree.box(f"{FUNCTIONS}/{tree.graph.functions[number].name}")
            if box is not None:
                found[box.id] = None
    return tuple(found)


def callers(tree: Tree, box_id: str) -> tuple[str, ...]:
    """Return the ids of the operations that call the function that a box is."""
    box = tree.box(box_id)
    if box is None or box.kind != "function":
        return ()
    numbers = {
        number for number, function in enumerate(tree.graph.functions) if f"{FUNCTIONS}/{function.name}" == box.id
    }
    return tuple(
        tree.boxes[tree.owner[node]].id for node, called in tree.wires.calls.items() if not numbers.isdisjoint(called)
    )

"""A graph as boxes within boxes: how the names of its nodes become a tree.

Names are split on "/". A node that is also a scope is drawn inside of it in brackets; a scope that holds a single box is
no box of its own; what only helps others is set aside beside what it helps; equal siblings that are counted are one
box, and a scope of very many is cut into groups. Ids are stable: the name of a node, the path of a scope.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

import numpy as np

from tbcore.analysis import graph_series, graph_torch
from tbcore.analysis.graph_roles import CONSTANT, HELPER, PARAMETER, SUMMARY, VARIABLES, roles
from tbcore.analysis.graph_series import Group, Sibling
from tbcore.analysis.graph_wires import Flags, Numbers, Wiring, wiring
from tbcore.formats.graphs import Graph, Node

FUNCTIONS = "__functions__"
VARIABLE = "Variable"  # the type of a scope that holds nothing but a variable and what sets and reads it

Kind = Literal["op", "scope", "series", "function", "more"]

_LONGEST = 400  # letters of an id
_DEEPEST = 64  # scopes within scopes; what a name holds beyond is one name
_VALUE = re.compile(r"\{ *value *: *(.{1,40}?) *\}")  # as PyTorch writes the attributes of a constant
_MODULE = re.compile(r"(.*)\[([^\[\]]*)\]", re.DOTALL)
# What stands in the scope of a variable besides the variable.
_OF_VARIABLE = re.compile(
    r"(Initializer|Assign|Read|read|IsInitialized|initial_value|cond|PartitionedInitializer)(_[0-9]+)?"
)
_SAVES = frozenset({"Save", "SaveV2", "SaveSlices"})
_RESTORES = frozenset({"Restore", "RestoreV2", "RestoreSlice"})
_UNTOLD = frozenset({CONSTANT, SUMMARY, HELPER})  # roles that structure does not depend on
_STRONGEST = (SUMMARY, PARAMETER, CONSTANT, HELPER)
_FRESH = re.compile(r"report_uninitialized_\w+")


@dataclass(frozen=True, slots=True)
class Box:
    """One box: an operation, a scope, a series, a function, or a group of too many.

    parent: "" for those outside of all; node: its number in `Tree.nodes`, -1 of what is no operation; type: op, or class
    of the module; count: operations inside; children: boxes directly inside; depth: boxes around it.
    """

    id: str
    parent: str
    label: str
    kind: Kind
    type: str
    node: int
    count: int
    children: int
    depth: int


@dataclass(frozen=True)
class Tree:
    """The boxes of a graph, each before those inside of it; box 0 is the outermost and no box to be drawn.

    parents, ends [boxes]: the box around each, and the first box after all that is inside of it; owner [nodes]: the box of
    each node; roles [boxes]: what it is set aside as, "" if it is drawn; structures [boxes]: equal numbers for equal
    structure. constant, helps [nodes]: whether it is a constant or hands on nothing else, whether it is set aside as
    anything. numbers: boxes by id, and by other names of them: scopes that became one with what they hold.
    inner [boxes]: those directly inside.
    """

    graph: Graph
    wires: Wiring
    boxes: tuple[Box, ...]
    parents: Numbers
    ends: Numbers
    owner: Numbers
    roles: tuple[str, ...]
    structures: Numbers
    constant: Flags
    helps: Flags
    numbers: Mapping[str, int]
    inner: tuple[tuple[int, ...], ...] = field(repr=False)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Return all nodes, those of functions after those of the graph."""
        return self.wires.nodes

    def box(self, box_id: str) -> Box | None:
        """Return the box of an id, of a node's name, or of a scope's path; None if there is none."""
        number = self.numbers.get(box_id, 0)
        return self.boxes[number] if number else None

    def children(self, box_id: str) -> tuple[str, ...]:
        """Return the ids of the boxes directly inside of a box, "" for the outermost."""
        number = self.numbers.get(box_id)
        return () if number is None else tuple(self.boxes[child].id for child in self.inner[number])

    def role(self, box_id: str) -> str:
        """Return what a box is set aside as: "constant", "parameter", "summary", "helper"; "" if it is drawn."""
        return self.roles[self.numbers.get(box_id, 0)]

    def ancestors(self, box_id: str) -> tuple[str, ...]:
        """Return the ids of the boxes around a box, outermost first."""
        number = self.numbers.get(box_id, 0)
        found = []
        while number:
            number = int(self.parents[number])
            found.append(self.boxes[number].id)
        return tuple(reversed(found[:-1]))


# The tree ------------------------------------------------------------------------------------------------------------


class _Item:
    """A box while the tree grows; name: what it is called in its scope; members: its numbers among the items."""

    __slots__ = ("aliases", "id", "kids", "kind", "label", "members", "name", "node", "role", "structure", "type")

    def __init__(self, kind: Kind, box_id: str, name: str, node: int = -1) -> None:
        self.kind: Kind = kind
        self.id = box_id
        self.name = name
        self.label = name
        self.type = ""
        self.node = node
        self.role = ""
        self.structure = 0
        self.kids: list[_Item] = []
        self.aliases: list[str] = []
        self.members: list[int] = []


def tree(graph: Graph) -> Tree:
    """Return the boxes of a graph."""
    wires = wiring(graph)
    ids = _Ids()
    set_aside = roles(wires)
    root = _scopes(graph, wires, set_aside, ids)
    _group(_measured(root, wires, np.array([role == CONSTANT for role in set_aside], np.bool_)), ids)
    return _tree(graph, wires, set_aside, root)


class _Ids:
    """Ids given so far: a second one of a name becomes name#2."""

    def __init__(self) -> None:
        self.given: set[str] = {""}
        self.counts: dict[str, int] = {}

    def fresh(self, box_id: str) -> str:
        found = box_id
        while found in self.given:
            self.counts[box_id] = self.counts.get(box_id, 1) + 1
            found = f"{box_id}#{self.counts[box_id]}"
        self.given.add(found)
        return found


def _scopes(graph: Graph, wires: Wiring, set_aside: Sequence[str], ids: _Ids) -> _Item:
    """Return the outermost item, the nodes inside of their scopes, and scopes that tell nothing gone."""
    root = _Item("scope", "", "")
    library = _Item("scope", FUNCTIONS, "Functions")
    scopes = {"": root}
    if graph.functions:
        scopes[FUNCTIONS] = library
    bodies = []
    for function in graph.functions:  # there even without a node
        path = f"{FUNCTIONS}/{function.name}"
        bodies.append(path)
        if path not in scopes:
            scopes[path] = _Item("function", path, function.name)
            library.kids.append(scopes[path])
    torch = graph.form == "torch"
    modules = graph_torch.called(graph) if torch else frozenset()
    paths = [
        _path(_name(node, modules)) if home < 0 else f"{bodies[home]}/{_path(node.name)}"
        for node, home in zip(wires.nodes, wires.home.tolist(), strict=True)
    ]
    around = _around(paths, scopes)
    ids.given |= around
    for index, (path, node) in enumerate(zip(paths, wires.nodes, strict=True)):
        inside = path in around
        leaf = path.rpartition("/")[2]
        name = f"({leaf})" if inside else leaf
        plain = node.name if wires.home[index] < 0 and node.name else path
        item = _Item("op", ids.fresh(f"{path}/{name}" if inside else plain), name, index)
        item.type = node.module or node.op
        item.role = set_aside[index]
        if torch and not inside:
            item.label = _torch_label(node, leaf)
        _scope(scopes, path if inside else path.rpartition("/")[0], torch).kids.append(item)
    for path in reversed(scopes):
        _settle(scopes[path], path, torch)
    if graph.functions:
        root.kids.append(library)
    return root


def _name(node: Node, modules: Collection[str]) -> str:
    """Return the name that places a node: a parameter lies in the module that is called, not in lists of modules."""
    if not modules or node.op != graph_torch.PARAMETER:
        return node.name
    return "/".join(filter(None, graph_torch.placed(node.name, modules)))


def _torch_label(node: Node, leaf: str) -> str:
    """Return what an operation of PyTorch is called: its op or the value that it is, as names there are numbers."""
    told = node.attributes.get("attr", "")
    value = _VALUE.fullmatch(told) if node.op == "prim::Constant" and len(told) <= _LONGEST else None
    if value is not None:
        return value[1]
    return node.op.rpartition("::")[2] if "::" in node.op else leaf


def _path(name: str) -> str:
    """Return a name as a path: no empty parts, and not deeper than is drawn."""
    if "//" in name or name[:1] == "/" or name[-1:] in ("/", ""):
        name = "/".join(part for part in name.split("/") if part) or "(no name)"
    if name.count("/") >= _DEEPEST:
        parts = name.split("/", _DEEPEST)
        parts[-1] = parts[-1].replace("/", "\u2215")
        name = "/".join(parts)
    return name


def _around(paths: Iterable[str], scopes: Collection[str]) -> set[str]:
    """Return the paths of all scopes."""
    found = set(scopes)
    for path in paths:
        around = path.rpartition("/")[0]
        while around not in found:
            found.add(around)
            around = around.rpartition("/")[0]
    return found


def _scope(scopes: dict[str, _Item], path: str, torch: bool) -> _Item:
    """Return the item of a scope, made with those around it if it is new."""
    found = scopes.get(path)
    if found is not None:
        return found
    missing = []
    while path not in scopes:
        missing.append(path)
        path = path.rpartition("/")[0]
    outer = scopes[path]
    for path in reversed(missing):
        item = _Item("scope", path, path.rpartition("/")[2])
        module = _MODULE.fullmatch(item.name) if torch else None
        if module is not None and module[1]:
            item.type = module[1]
            item.label = f"{module[2]}: {module[1]}" if module[2] else module[1]
        outer.kids.append(item)
        scopes[path] = outer = item
    return outer


def _settle(scope: _Item, path: str, torch: bool) -> None:
    """Say what a scope is set aside as, and take the place of what is inside where the scope itself tells nothing.

    What is inside of it is settled already.
    """
    kids = scope.kids = [item for kid in scope.kids for item in (kid.kids if kid.kind == "more" else [kid])]
    drawn = [kid for kid in kids if not kid.role]
    if not path or scope.kind == "function" or path == FUNCTIONS:
        if not drawn:
            for kid in kids:
                kid.role = ""
        return
    own = next(
        (kid for kid in kids if kid.kind == "op" and kid.id == f"{path}/{kid.name}" and kid.name[:1] == "("), None
    )
    if own is not None and _is_variable(own, kids):
        scope.type, scope.role = VARIABLE, PARAMETER
    elif len(kids) == 1:
        _fold(scope, kids[0], torch)
    elif _is_saver(scope, kids):
        scope.role = HELPER
    elif not drawn:
        found = {kid.role for kid in kids}
        holds = any(kid.type == VARIABLE or kid.type in VARIABLES for kid in kids)
        scope.role = PARAMETER if holds else next(role for role in _STRONGEST if role in found)
    elif drawn == [own] and own is not None and not scope.type:
        for kid in kids:
            if kid is own:
                kid.aliases.append(kid.id)
                kid.id = path
                kid.name = kid.label = scope.name
            else:
                kid.name, kid.label = f"{scope.name}/{kid.name}", f"{scope.name}/{kid.label}"
        scope.kind = "more"  # for the scope around it to take what is inside
    if scope.role:
        for kid in kids:
            kid.role = scope.role if len(kids) == 1 else ""


def _is_variable(own: _Item, kids: Sequence[_Item]) -> bool:
    """Return whether a scope holds a variable, `own`, and besides nothing but what sets and reads it."""
    return own.type in VARIABLES and all(
        kid is own
        or kid.type in VARIABLES
        or kid.type == VARIABLE
        or _OF_VARIABLE.fullmatch(kid.name.partition("/")[0])
        for kid in kids
    )


def _is_saver(scope: _Item, kids: Sequence[_Item]) -> bool:
    ops = {kid.type for kid in kids if kid.kind == "op"}
    return bool(_FRESH.fullmatch(scope.name)) or (not ops.isdisjoint(_SAVES) and not ops.isdisjoint(_RESTORES))


def _fold(scope: _Item, kid: _Item, torch: bool) -> None:
    """Make a scope the only box inside of it."""
    if kid.kind == "op" and torch:
        label = scope.label if scope.type else scope.name
    elif torch and scope.type:
        label = f"{scope.label.partition(':')[0]}/{kid.label}"
    else:
        label = f"{scope.label}/{kid.label}"
    scope.aliases += [scope.id, *kid.aliases]
    scope.id, scope.kind, scope.node, scope.role = kid.id, kid.kind, kid.node, kid.role
    scope.type, scope.kids = kid.type, kid.kids
    scope.name, scope.label = f"{scope.name}/{kid.name}", label


# What is equal, and what is too much ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Measured:
    """The items in their order; by its number, what each feeds among its siblings and what feeds it; known structures."""

    items: list[_Item]
    after: dict[int, set[int]]
    before: dict[int, set[int]]
    known: dict[object, int]


def _measured(root: _Item, wires: Wiring, constant: Flags) -> _Measured:
    """Number the items and give each the number of its structure.

    Equal structure: the same operations wired alike, whatever their names, constants and sizes. constant [nodes].
    """
    items: list[_Item] = []
    parents: list[int] = []
    stack = [(root, 0)]
    while stack:
        item, parent = stack.pop()
        number = len(items)
        item.members = [number]
        items.append(item)
        parents.append(parent)
        stack.extend((kid, number) for kid in reversed(item.kids))
    owner = np.zeros(len(wires.nodes), np.int64)
    for number, item in enumerate(items):
        if item.node >= 0:
            owner[item.node] = number
    data = ~wires.control
    source = wires.source[data]
    first, second = meeting(np.array(parents, np.int64), owner[source], owner[wires.target[data]])
    # What takes a constant out of a scope does not depend on what else is in there: PyTorch shares equal constants.
    apart = (first != second) & ~(constant[source] & (first != owner[source]))
    first, second = first[apart], second[apart]
    after: dict[int, set[int]] = {}
    before: dict[int, set[int]] = {}
    pairs = np.unique(np.stack([first, second], 1), axis=0) if len(first) else np.zeros((0, 2), np.int64)
    for low, high in pairs.tolist():
        after.setdefault(low, set()).add(high)
        before.setdefault(high, set()).add(low)
    known: dict[object, int] = {}
    for item in reversed(items):
        told = [kid for kid in item.kids if kid.role not in _UNTOLD]
        if len(told) == 1 and told[0].kind == "op":
            item.structure = told[0].structure  # PyTorch shares constants: a scope keeps them or is its only operation
            continue
        shape: object = _structure(told, after, known) if item.kids else item.type
        item.structure = known.setdefault(shape, len(known))
    return _Measured(items, after, before, known)


def _structure(kids: Sequence[_Item], after: Mapping[int, set[int]], known: dict[object, int]) -> object:
    """Return what is equal for scopes that hold equal things wired alike."""
    structures = {kid.members[0]: kid.structure for kid in kids}
    feeds: dict[int, list[int]] = {number: [] for number in structures}
    fed: dict[int, list[int]] = {number: [] for number in structures}
    for number, structure in structures.items():
        for other in after.get(number, ()):
            if other in structures:
                feeds[number].append(structures[other])
                fed[other].append(structure)
    parts = [
        known.setdefault((structure, tuple(sorted(fed[number])), tuple(sorted(feeds[number]))), len(known))
        for number, structure in structures.items()
    ]
    return tuple(sorted(parts))


def meeting(parents: Numbers, first: Numbers, second: Numbers) -> tuple[Numbers, Numbers]:
    """Return for pairs of items the two siblings that they lie in where their ways up meet, or one twice.

    parents [items]: the item around each, which has a lower number.
    """
    while True:
        # Of two items under different ones, the higher number is the deeper or comes later: to climb it can miss nothing.
        open_pairs = parents[first] != parents[second]
        if not open_pairs.any():
            return first, second
        up_first = open_pairs & (parents[first] > parents[second])
        up_second = open_pairs & ~up_first
        first, second = np.where(up_first, parents[first], first), np.where(up_second, parents[second], second)


def _group(found: _Measured, ids: _Ids) -> None:
    """Make series of the equal siblings in each scope, and groups of what are still too many."""
    for item in found.items:
        if len(item.kids) < graph_series.SERIES:
            continue
        _regroup(item, found, ids, graph_series.series)
        queue = [item, *(kid for kid in item.kids if kid.kind == "series")]
        while queue:
            scope = queue.pop()
            if len(scope.kids) > graph_series.CROWD:
                _regroup(scope, found, ids, graph_series.crowds)
                queue.extend(kid for kid in scope.kids if kid.kind == "more")


def _regroup(
    scope: _Item,
    found: _Measured,
    ids: _Ids,
    rule: Callable[[Sequence[Sibling], Mapping[int, set[int]]], list[Group]],
) -> None:
    """Put the siblings that a rule groups, and what is set aside for one group only, into boxes of their own."""
    drawn = [kid for kid in scope.kids if not kid.role]
    place_of = {number: place for place, kid in enumerate(drawn) for number in kid.members}
    onward = {
        place: {place_of[other] for number in kid.members for other in found.after.get(number, ()) if other in place_of}
        - {place}
        for place, kid in enumerate(drawn)
    }
    siblings = [Sibling(kid.name, kid.type if kid.kind == "op" else "", kid.structure) for kid in drawn]
    groups = rule(siblings, onward)
    if not groups or (len(groups[0].members) == len(drawn) and scope.id):
        return  # of a scope that is a series and nothing else, the scope is the box
    home: dict[int, _Item] = {}
    for group in groups:
        label = group.label
        item = _Item("series" if group.series else "more", ids.fresh(f"{scope.id}/{label}".lstrip("/")), label)
        item.kids = [drawn[place] for place in group.members]
        item.members = [number for kid in item.kids for number in kid.members]
        types = {kid.type for kid in item.kids}
        item.type = types.pop() if len(types) == 1 else ""
        item.structure = found.known.setdefault(("many", *sorted(kid.structure for kid in item.kids)), len(found.known))
        home.update(dict.fromkeys(item.members, item))
    _take_along(scope, found, home)
    kids: dict[int, _Item] = {}
    for kid in scope.kids:
        taken = home.get(kid.members[0], kid)
        kids.setdefault(id(taken), taken)
    scope.kids = list(kids.values())


def _take_along(scope: _Item, found: _Measured, home: dict[int, _Item]) -> None:
    """Put what is set aside into the group of all that it stands beside."""
    for kid in reversed(scope.kids):
        if kid.role in ("", HELPER):
            continue
        ways = found.before if kid.role == SUMMARY else found.after
        beside = {other for number in kid.members for other in ways.get(number, ())}
        around = {id(home[other]) if other in home else 0 for other in beside}
        if len(around) == 1 and 0 not in around:
            group = home[beside.pop()]
            group.kids.append(kid)
            home.update(dict.fromkeys(kid.members, group))


def _shortened(box_id: str) -> str:
    """Return an id that browsers can be sent over and over, and addresses hold: of a very long one the beginning and a digest."""
    if len(box_id) <= _LONGEST:
        return box_id
    digest = blake2b(box_id.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{box_id[: _LONGEST // 2]}…{digest}"


def _tree(graph: Graph, wires: Wiring, set_aside: Sequence[str], root: _Item) -> Tree:
    """Return the finished tree of an outermost item."""
    items: list[_Item] = []
    parents: list[int] = []
    depths: list[int] = []
    stack = [(root, 0, -1)]
    while stack:
        item, parent, depth = stack.pop()
        number = len(items)
        items.append(item)
        parents.append(parent)
        depths.append(depth)
        stack.extend((kid, number, depth + 1) for kid in reversed(item.kids))
    size = len(items)
    ends = list(range(1, size + 1))
    counts = [int(item.node >= 0) for item in items]
    inner: list[list[int]] = [[] for _ in items]
    for number in range(size - 1, 0, -1):
        parent = parents[number]
        ends[parent] = max(ends[parent], ends[number])
        counts[parent] += counts[number]
        inner[parent].append(number)
    owner = np.zeros(len(wires.nodes), np.int64)
    numbers: dict[str, int] = {}
    boxes = []
    shown = [_shortened(item.id) for item in items]
    for number, item in enumerate(items):
        if item.node >= 0:
            owner[item.node] = number
        numbers[shown[number]] = number
        around = shown[parents[number]]
        kind, label, count = item.kind, item.label, counts[number]
        boxes.append(
            Box(shown[number], around, label, kind, item.type, item.node, count, len(item.kids), depths[number])
        )
    for number, item in enumerate(items):
        for alias in (item.id, *item.aliases):
            numbers.setdefault(alias, number)
    return Tree(
        graph,
        wires,
        tuple(boxes),
        np.array(parents, np.int64),
        np.array(ends, np.int64),
        owner,
        tuple(item.role for item in items),
        np.array([item.structure for item in items], np.int64),
        np.array([role == CONSTANT for role in set_aside], np.bool_),
        np.array([role != "" for role in set_aside], np.bool_),
        numbers,
        tuple(tuple(reversed(row)) for row in inner),
    )

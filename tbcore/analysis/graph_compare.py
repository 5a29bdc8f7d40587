"""Two graphs side by side: what came, what went, and what is no longer what it was.

Nodes are matched within matched scopes: by name, then by name without the number at its end, and where names are made by
a machine by op and order: PyTorch numbers everything anew as soon as a line is added.
"""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import Literal

import numpy as np

from tbcore.analysis.graph_scopes import FUNCTIONS, Tree, shape_label, tree
from tbcore.analysis.graph_series import numbered, stem
from tbcore.formats.graphs import Input, Node

Mark = Literal["added", "removed", "changed", "inside"]

_LONGEST = 600  # of two lists that are aligned as a whole, which takes the square of it
_DEEPEST = 64  # scopes within scopes
_TEXT = 60  # characters of a value that is told
_ALIKE = 0.5  # share of equal operations from which on the only scopes left are the same one
# Attributes that only say again what a node is called, or which one it was.
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NAMES = frozenset({"name", "shared_name", "debug_name", "container", "seed2"})


@dataclass(frozen=True)
class Change:
    """One node that differs: the box that it is (of the second graph, if it is there), its name, and what differs in words."""

    id: str
    name: str
    what: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """What two graphs do not share. marks: by box id of each; "inside": the box holds something marked.

    pairs: the numbers of the same nodes in both; status_a, status_b [nodes]: their marks, "" for what is the same.
    """

    added: tuple[Change, ...]
    removed: tuple[Change, ...]
    changed: tuple[Change, ...]
    same: int
    marks_a: Mapping[str, Mark]
    marks_b: Mapping[str, Mark]
    pairs: Mapping[int, int] = field(repr=False)
    status_a: tuple[str, ...] = field(repr=False)
    status_b: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Merged:
    """Two graphs in one picture: the second, with what was removed where it was; marks by box id."""

    tree: Tree
    marks: Mapping[str, Mark]


class _Scope:
    """The nodes and scopes directly inside of a scope, by what they are called there."""

    __slots__ = ("nodes", "path", "scopes")

    def __init__(self, path: str) -> None:
        self.path = path
        self.scopes: dict[str, _Scope] = {}
        self.nodes: list[int] = []


def compare(a: Tree, b: Tree) -> Difference:
    """Return what differs from graph a to graph b."""
    pairs, _scopes = _matched(a, b)
    back = {second: first for first, second in pairs.items()}
    changes = {second: _changes(a, b, first, second, pairs) for first, second in pairs.items()}
    changed = {second: what for second, what in changes.items() if what}
    status_a = tuple(
        "removed" if node not in pairs else "changed" * (pairs[node] in changed) for node in range(len(a.nodes))
    )
    status_b = tuple("added" if node not in back else "changed" * (node in changed) for node in range(len(b.nodes)))
    return Difference(
        tuple(_change(b, node, ()) for node in _those(b, status_b, "added")),
        tuple(_change(a, node, ()) for node in _those(a, status_a, "removed")),
        tuple(_change(b, node, changed[node]) for node in _those(b, status_b, "changed")),
        len(pairs) - len(changed),
        marks(a, status_a),
        marks(b, status_b),
        pairs,
        status_a,
        status_b,
    )


def _those(tree: Tree, status: Sequence[str], mark: str) -> list[int]:
    """Return the nodes of a mark, those that only help others last."""
    found = [node for node, given in enumerate(status) if given == mark]
    return sorted(found, key=lambda node: bool(tree.helps[node]))


def _change(tree: Tree, node: int, what: Iterable[str]) -> Change:
    return Change(tree.boxes[tree.owner[node]].id, tree.nodes[node].name, tuple(what))


def marks(tree: Tree, status: Sequence[str]) -> dict[str, Mark]:
    """Return the mark of each box that has one: that of all its operations where they share it, else "inside"."""
    found: dict[str, Mark] = {}
    order = np.argsort(tree.owner, kind="stable")
    whole = np.searchsorted(tree.owner[order], np.arange(len(tree.boxes) + 1))
    some = np.zeros(len(tree.boxes), np.bool_)
    names: tuple[Mark, ...] = ("added", "removed", "changed")
    words = np.array(status, dtype=object)[order]
    for mark in names:
        count = np.concatenate([[0], np.cumsum(words == mark)])
        low, high = whole[np.arange(len(tree.boxes))], whole[tree.ends]
        marked = count[high] - count[low]
        some |= marked > 0
        for number in np.flatnonzero((marked == high - low) & (marked > 0)).tolist():
            found[tree.boxes[number].id] = mark
    for number in np.flatnonzero(some).tolist():
        found.setdefault(tree.boxes[number].id, "inside")
    found.pop("", None)
    return found


# Which node is which -------------------------------------------------------------------------------------------------


def _matched(a: Tree, b: Tree) -> tuple[dict[int, int], dict[str, str]]:
    """Return which node of b each node of a is, and which scope."""
    pairs: dict[int, int] = {}
    scopes = {"": ""}
    queue = [(_scopes(a), _scopes(b))]
    while queue:
        first, second = queue.pop()
        scopes[first.path] = second.path
        _match_nodes(a, b, first.nodes, second.nodes, pairs)
        queue.extend(_match_scopes(a, b, first, second))
    return pairs, scopes


def _scopes(tree: Tree) -> _Scope:
    """Return the outermost scope of a graph, as its names say it; each function is one in `FUNCTIONS`."""
    root = _Scope("")
    for index, (node, home) in enumerate(zip(tree.nodes, tree.wires.home.tolist(), strict=True)):
        parts = node.name.split("/")[:-1][:_DEEPEST]
        scope = root
        for part in ([FUNCTIONS, tree.graph.functions[home].name] if home >= 0 else []) + parts:
            if part not in scope.scopes:
                scope.scopes[part] = _Scope(f"{scope.path}/{part}" if scope.path else part)
            scope = scope.scopes[part]
        scope.nodes.append(index)
    return root


def _match_nodes(a: Tree, b: Tree, first: Sequence[int], second: Sequence[int], pairs: dict[int, int]) -> None:
    """Match the nodes of two scopes: those with names of their own by them, those with names made up by what they are."""
    named = [[node for node in nodes if _is_named(tree, node)] for tree, nodes in ((a, first), (b, second))]
    keys = [
        [(_leaf(tree, node), tree.nodes[node].op) for node in nodes] for tree, nodes in zip((a, b), named, strict=True)
    ]
    _pair(named, _by_number(*keys), pairs)
    left = _left(named, pairs)
    keys = [[(_leaf(tree, node), "") for node in nodes] for tree, nodes in zip((a, b), left, strict=True)]
    _pair(left, _by_name(*keys), pairs)
    for apart in (False, True):
        made = [
            [node for node in nodes if not _is_named(tree, node) and bool(tree.helps[node]) == apart]
            for tree, nodes in ((a, first), (b, second))
        ]
        _pair(
            made,
            _aligned(
                *([_content(tree.nodes[node]) for node in nodes] for tree, nodes in zip((a, b), made, strict=True))
            ),
            pairs,
        )
        left = _left(made, pairs)
        _pair(
            left,
            _aligned(*([tree.nodes[node].op for node in nodes] for tree, nodes in zip((a, b), left, strict=True))),
            pairs,
        )


def _is_named(tree: Tree, node: int) -> bool:
    """Return whether a node's name tells which one it is: not in PyTorch, and not where Keras made it of the layer's class."""
    if tree.graph.form == "torch":
        return False
    if tree.graph.form != "keras":
        return True
    made = _CAPITAL.sub("_", tree.nodes[node].op).lower()
    return stem(_leaf(tree, node)).replace("_", "") != made.replace("_", "")


def _leaf(tree: Tree, node: int) -> str:
    return tree.nodes[node].name.rpartition("/")[2]


def _content(node: Node) -> Hashable:
    return (node.op, tuple(sorted(_told(node).items())))


def _told(node: Node) -> dict[str, str]:
    """Return the attributes that are more than names."""
    return {name: text for name, text in node.attributes.items() if name not in _NAMES and name[:1] != "_"}


def _pair(nodes: Sequence[Sequence[int]], found: Iterable[tuple[int, int]], pairs: dict[int, int]) -> None:
    pairs.update((nodes[0][one], nodes[1][other]) for one, other in found)


def _left(nodes: Sequence[Sequence[int]], pairs: Mapping[int, int]) -> list[list[int]]:
    taken = {pairs[node] for node in nodes[0] if node in pairs}
    return [[node for node in nodes[0] if node not in pairs], [node for node in nodes[1] if node not in taken]]


def _by_number(first: Sequence[tuple[str, str]], second: Sequence[tuple[str, str]]) -> list[tuple[int, int]]:
    """Match names of a kind: as many of one stem in the order of their numbers, else by name and then as they stand."""
    groups: tuple[dict[Hashable, list[int]], ...] = ({}, {})
    for group, keys in zip(groups, (first, second), strict=True):
        for place, (name, kind) in enumerate(keys):
            group.setdefault((stem(name), kind), []).append(place)
    found: list[tuple[int, int]] = []
    for key, places in groups[0].items():
        others = groups[1].get(key, [])
        if len(places) == len(others):
            in_order = sorted(places, key=lambda place: numbered(first[place][0])[1])
            found += zip(in_order, sorted(others, key=lambda place: numbered(second[place][0])[1]), strict=True)
            continue
        same = _by_name([first[place] for place in places], [second[place] for place in others])
        found += [(places[one], others[other]) for one, other in same]
        done, done_others = {one for one, _other in same}, {other for _one, other in same}
        left = [place for number, place in enumerate(places) if number not in done]
        left_others = [place for number, place in enumerate(others) if number not in done_others]
        found += zip(left, left_others, strict=False)
    return found


def _by_name(first: Sequence[tuple[str, str]], second: Sequence[tuple[str, str]]) -> list[tuple[int, int]]:
    """Match equal ones: the first with the first, the second with the second."""
    places: dict[tuple[str, str], list[int]] = {}
    for place, key in enumerate(second):
        places.setdefault(key, []).append(place)
    waiting = {key: iter(found) for key, found in places.items()}
    pairs = ((place, next(waiting[key], -1)) for place, key in enumerate(first) if key in waiting)
    return [(place, other) for place, other in pairs if other >= 0]


def _aligned(first: Sequence[Hashable], second: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Match equal ones in their order, as many as can be without crossing; of very long lists without looking at the order."""
    if max(len(first), len(second)) > _LONGEST:
        return _by_name([(repr(key), "") for key in first], [(repr(key), "") for key in second])
    blocks = SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()
    return [(block.a + place, block.b + place) for block in blocks for place in range(block.size)]


def _match_scopes(a: Tree, b: Tree, first: _Scope, second: _Scope) -> list[tuple[_Scope, _Scope]]:
    """Match the scopes inside of two: by number, and the only one left with the only one left if they hold the like."""
    names, others = list(first.scopes), list(second.scopes)
    found = _by_number([(name, "") for name in names], [(name, "") for name in others])
    left = [name for place, name in enumerate(names) if place not in {one for one, _other in found}]
    left_others = [name for place, name in enumerate(others) if place not in {other for _one, other in found}]
    matched = [(first.scopes[names[one]], second.scopes[others[other]]) for one, other in found]
    if len(left) == len(left_others) == 1:
        one, other = first.scopes[left[0]], second.scopes[left_others[0]]
        ops, other_ops = _ops(a, one), _ops(b, other)
        if (ops & other_ops).total() >= _ALIKE * max(ops.total(), other_ops.total()):
            matched.append((one, other))
    return matched


def _ops(tree: Tree, scope: _Scope) -> Counter[str]:
    """Return how often each op is in a scope and in those inside of it."""
    found: Counter[str] = Counter()
    queue = [scope]
    while queue:
        scope = queue.pop()
        found.update(tree.nodes[node].op for node in scope.nodes)
        queue.extend(scope.scopes.values())
    return found


# What differs --------------------------------------------------------------------------------------------------------


def _changes(a: Tree, b: Tree, first: int, second: int, pairs: Mapping[int, int]) -> tuple[str, ...]:
    """Return in words what two nodes do not share, nothing for equal ones."""
    one, other = a.nodes[first], b.nodes[second]
    found = []
    for name, before, after in (("op", one.op, other.op), ("device", one.device, other.device)):
        if before != after:
            found.append(f"{name} {_short(before) or 'none'} → {_short(after) or 'none'}")
    if one.outputs != other.outputs:
        found += _output_changes(one, other)
    if one.attributes != other.attributes:
        found += _attribute_changes(_told(one), _told(other))
    return (*found, *_wire_changes(a, b, first, second, pairs))


def _output_changes(one: Node, other: Node) -> list[str]:
    if len(one.outputs) != len(other.outputs):
        return [f"outputs {len(one.outputs)} → {len(other.outputs)}"]
    found = []
    for slot, (before, after) in enumerate(zip(one.outputs, other.outputs, strict=True)):
        of = f" of output {slot}" if len(one.outputs) > 1 else ""
        if before.shape != after.shape:
            found.append(f"shape{of} {shape_label(before) or 'not told'} → {shape_label(after) or 'not told'}")
        if before.dtype != after.dtype:
            found.append(f"dtype{of} {before.dtype or 'not told'} → {after.dtype or 'not told'}")
    return found


def _attribute_changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    found = []
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        if old != new:
            found.append(f"{name} {'none' if old is None else _short(old)} → {'none' if new is None else _short(new)}")
    return found


def _wire_changes(a: Tree, b: Tree, first: int, second: int, pairs: Mapping[int, int]) -> list[str]:
    """Return which inputs come from elsewhere; constants of PyTorch are shared at will, so there their values count."""
    before, after = _feeders(a, first, pairs), _feeders(b, second, None)
    if before == after:
        return []
    found = []
    for number in range(max(len(before[0]), len(after[0]))):
        old = before[0][number] if number < len(before[0]) else None
        new = after[0][number] if number < len(after[0]) else None
        if old != new:
            names = _feeder_name(b, old), _feeder_name(b, new)
            found.append(f"input {number} {names[0]} → {names[1]}")
    if before[1] != after[1]:
        found.append("control inputs")
    return found


Feeder = tuple[str, int | str, int]


def _feeders(tree: Tree, node: int, pairs: Mapping[int, int] | None) -> tuple[list[Feeder], set[Feeder]]:
    """Return what feeds a node, in terms of graph b, and what it waits for."""
    data: list[Feeder] = []
    control: set[Feeder] = set()
    for wire in tree.wires.into[node]:
        source, slot = int(tree.wires.source[wire]), int(tree.wires.slot[wire])
        row = tree.nodes[source]
        if tree.graph.form == "torch" and tree.constant[source]:
            feeder: Feeder = ("value", _value(tree, source), slot)
        elif pairs is None:
            feeder = ("node", source, slot)
        elif source in pairs:
            feeder = ("node", pairs[source], slot)
        else:
            feeder = ("gone", row.name, slot)
        if tree.wires.control[wire]:
            control.add(feeder)
        else:
            data.append(feeder)
    return data, control


def _value(tree: Tree, node: int) -> str:
    """Return what a constant of PyTorch is, those in a list among it."""
    inner = [tree.nodes[int(tree.wires.source[wire])].attributes.get("attr", "") for wire in tree.wires.into[node]]
    row = tree.nodes[node]
    told = inner if row.op != "prim::Constant" else [row.attributes.get("attr", "")]
    texts = [text.strip("{ }").partition(":")[2].strip() or text for text in told]
    return f"[{', '.join(texts)}]" if row.op != "prim::Constant" else texts[0]


def _feeder_name(b: Tree, feeder: Feeder | None) -> str:
    """Return what to call a feeder; those that are nodes are numbers of b."""
    if feeder is None:
        return "none"
    kind, what, slot = feeder
    name = b.nodes[what].name if isinstance(what, int) else what
    return _short(name) + (f":{slot}" if slot and kind != "value" else "")


def _short(text: str) -> str:
    return text if len(text) <= _TEXT else text[: _TEXT - 1] + "…"


# Both in one ---------------------------------------------------------------------------------------------------------


def merged(a: Tree, b: Tree, difference: Difference | None = None) -> Merged:
    """Return one graph of both: all of b, and what only a has, in the scopes that are those of a and fed by what was kept."""
    found = difference or compare(a, b)
    _pairs, scopes = _matched(a, b)
    # Bodies: the graph, the functions of b, and those that only a has.
    known = {function.name for function in b.graph.functions}
    library = [*b.graph.functions, *(replace(one, nodes=()) for one in a.graph.functions if one.name not in known)]
    numbers = {function.name: number for number, function in enumerate(library, 1)}
    bodies = [list(b.graph.nodes), *(list(function.nodes) for function in library)]
    status = [[""] * len(body) for body in bodies]
    offsets = np.concatenate([[0], np.cumsum([len(body) for body in bodies])]).tolist()
    for number in range(len(bodies)):
        status[number] = list(found.status_b[offsets[number] : offsets[number + 1]])
    taken = [{node.name for node in body} for body in bodies]
    gone = [node for node, mark in enumerate(found.status_a) if mark == "removed"]
    homes = [0 if home < 0 else numbers[a.graph.functions[home].name] for home in a.wires.home[gone].tolist()]
    names = {node: _free(_moved(a, node, scopes), taken[home]) for node, home in zip(gone, homes, strict=True)}
    for node, home in zip(gone, homes, strict=True):
        bodies[home].append(replace(a.nodes[node], name=names[node], inputs=_inputs(a, b, node, names, found.pairs)))
        status[home].append("removed")
    functions = tuple(replace(function, nodes=tuple(body)) for function, body in zip(library, bodies[1:], strict=True))
    both = tree(replace(b.graph, nodes=tuple(bodies[0]), functions=functions))
    return Merged(both, marks(both, [mark for body in status for mark in body]))


def _moved(a: Tree, node: int, scopes: Mapping[str, str]) -> str:
    """Return the name of a node of a in the scopes of b."""
    name = a.nodes[node].name
    home = int(a.wires.home[node])
    prefix = f"{FUNCTIONS}/{a.graph.functions[home].name}/" if home >= 0 else ""
    around, slash, leaf = name.rpartition("/")
    inner = ""
    while around:
        if (moved := scopes.get(prefix + around)) is not None:
            around = moved.removeprefix(prefix)
            return f"{around}/{inner}{leaf}"
        around, _slash, last = around.rpartition("/")
        inner = f"{last}/{inner}"
    return f"{inner}{leaf}" if slash else leaf


def _free(name: str, taken: set[str]) -> str:
    """Return a name that is not taken, and take it."""
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name} (before)" if number == 2 else f"{name} (before, {number - 1})"
    taken.add(found)
    return found


def _inputs(a: Tree, b: Tree, node: int, names: Mapping[int, str], pairs: Mapping[int, int]) -> tuple[Input, ...]:
    """Return the inputs of a removed node by their names in both graphs together."""
    wires = a.wires
    found = []
    for wire in wires.into[node]:
        source = int(wires.source[wire])
        name = names[source] if source in names else b.nodes[pairs[source]].name
        found.append(Input(name, int(wires.slot[wire]), bool(wires.control[wire])))
    return tuple(found)

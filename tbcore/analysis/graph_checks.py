"""What is worth telling about a graph before anyone looks: parts that hang on nothing, changes of device and of precision."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tbcore.analysis.graph_colors import UNKNOWN, devices
from tbcore.analysis.graph_tree import Tree
from tbcore.analysis.graph_wires import Numbers
from tbcore.formats.graphs import Cost, Input, Node

_LARGE = 2**20  # bytes of a constant that is told
_HUGE = 100 * 2**20  # bytes of constants that are a warning
_NAMED = 3  # names that words spell out
_IDS = 500  # boxes that a finding points at, at most
_TEXT = 80  # characters of a name in words
_RARE = 0.5  # share of the floating point results up to which double precision is the exception

# Bits of floating point types, so that one can be seen to lose what another holds.
_FLOATS = {
    "float8": 8,
    "float16": 16,
    "half": 16,
    "bfloat16": 16,
    "float32": 32,
    "float": 32,
    "float64": 64,
    "double": 64,
}
# Operations that close a loop on purpose: TensorFlow's control flow of version 1.
_LOOPS = frozenset({"NextIteration", "RefNextIteration", "Enter", "Exit", "Merge", "Switch", "LoopCond"})
_ENDS = frozenset({"IO Node", "Output", "_Retval", "_DeviceRetval", "output_arg"})
_ASKS = frozenset({"VarIsInitializedOp", "IsVariableInitialized"})  # only the program around the graph does
_STARTS = frozenset({"Placeholder", "PlaceholderWithDefault", "Input", "InputLayer", "IO Node", "input_arg"})
_PART = re.compile(r"graph_[0-9]+/")  # several functions that were logged as one graph
_NAN = re.compile(r"(?<![\w.])-?nan(?![\w.])", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """One thing worth telling: a title, what was seen in words and figures, the boxes it is about, and how much it matters."""

    title: str
    words: str
    ids: tuple[str, ...]
    level: Literal["note", "warning"]


def checks(tree: Tree, costs: Mapping[str, Cost] | None = None) -> list[Finding]:
    """Return what is worth telling about a graph, warnings first."""
    found: list[Finding] = []
    for check in _CHECKS:
        found += check(tree)
    found += _device_changes(tree, costs)
    return sorted(found, key=lambda finding: finding.level != "warning")


def _finding(
    tree: Tree, title: str, words: str, nodes: Iterable[int], level: Literal["note", "warning"] = "note"
) -> Finding:
    ids = dict.fromkeys(tree.boxes[tree.owner[node]].id for node in nodes)
    return Finding(title, words, tuple(ids)[:_IDS], level)


def _names(tree: Tree, nodes: Sequence[int]) -> str:
    """Return the names of the first few."""
    texts = [tree.nodes[node].name for node in nodes[:_NAMED]]
    texts = [text if len(text) <= _TEXT else text[: _TEXT - 1] + "…" for text in texts]
    rest = len(nodes) - len(texts)
    return ", ".join(texts) + (f" and {rest:,} more" if rest > 0 else "")


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _size(size: int) -> str:
    for unit, name in ((2**30, "GB"), (2**20, "MB"), (2**10, "KB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} B"


# What the graph is not sound in --------------------------------------------------------------------------------------


def _missing(tree: Tree) -> list[Finding]:
    """Tell inputs of which there is no node; PyTorch leaves out those of its parameters."""
    rows = [(node, given.source) for node, given in tree.wires.dangling if tree.nodes[node].op != "prim::GetAttr"]
    if not rows:
        return []
    sources = list(dict.fromkeys(source for _node, source in rows))
    told = ", ".join(source if len(source) <= _TEXT else source[: _TEXT - 1] + "…" for source in sources[:_NAMED])
    more = f" and {len(sources) - _NAMED:,} more" if len(sources) > _NAMED else ""
    nodes = list(dict.fromkeys(node for node, _source in rows))
    words = (
        f"{_count(len(rows), 'input')} of {_count(len(nodes), 'operation')} cannot be found in the graph: {told}{more}."
    )
    return [_finding(tree, "Missing inputs", words, nodes, "warning")]


def _twice(tree: Tree) -> list[Finding]:
    counts = Counter(zip(tree.wires.home.tolist(), (node.name for node in tree.nodes), strict=True))
    names = {key for key, count in counts.items() if count > 1}
    if not names:
        return []
    homes = tree.wires.home.tolist()
    nodes = [index for index, node in enumerate(tree.nodes) if (homes[index], node.name) in names]
    first = [next(index for index in nodes if (homes[index], tree.nodes[index].name) == key) for key in list(names)[:1]]
    words = (
        f"{_count(len(nodes), 'node')} share {_count(len(names), 'name')}, such as {_names(tree, first)}:"
        " who names it is wired to the first of them."
    )
    return [_finding(tree, "Names that occur twice", words, nodes, "warning")]


def _circles(tree: Tree) -> list[Finding]:
    """Tell groups of operations that wait for each other."""
    loops: list[list[int]] = []
    circles: list[list[int]] = []
    for group in _strong(tree):
        ops = {tree.nodes[node].op for node in group}
        (loops if ops & _LOOPS else circles).append(group)
    found = []
    if circles:
        nodes = [node for group in circles for node in group]
        words = f"{_count(len(nodes), 'operation')} feed themselves, in {_count(len(circles), 'circle')}: {_names(tree, nodes)}."
        found.append(_finding(tree, "Circles", words, nodes, "warning"))
    if loops:
        nodes = [node for group in loops for node in group]
        words = (
            f"{_count(len(loops), 'loop')} of {_count(len(nodes), 'operation')} in all, as control flow writes them."
        )
        found.append(_finding(tree, "Loops", words, nodes))
    return found


def _strong(tree: Tree) -> list[list[int]]:
    """Return the groups of nodes that reach each other, and nodes that feed themselves."""
    wires = tree.wires
    label = _components(len(tree.nodes), wires.source, wires.target, "strong")
    found = [[node] for node in np.unique(wires.source[wires.source == wires.target]).tolist()]
    many = np.bincount(label, minlength=1)[label] > 1
    groups: dict[int, list[int]] = {}
    for node in np.flatnonzero(many).tolist():
        groups.setdefault(int(label[node]), []).append(node)
    return [*groups.values(), *(group for group in found if not many[group[0]])]


def _components(size: int, source: Numbers, target: Numbers, connection: Literal["strong", "weak"]) -> Numbers:
    """Return the number of the component that each node is in [nodes]."""
    # Not at the top: this module is imported with the page, and this takes longer than the rest of it.
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    wires = csr_array((np.ones(len(source)), (source, target)), shape=(size, size))
    label: Numbers = connected_components(wires, directed=True, connection=connection)[1].astype(np.int64)
    return label


# What hangs on nothing -----------------------------------------------------------------------------------------------


def _parts(tree: Tree) -> list[Finding]:
    """Tell parts of the graph that nothing connects; what only orders, starts or saves does not connect."""
    wires = tree.wires
    helpers = np.array([tree.roles[owner] == "helper" for owner in tree.owner.tolist()], np.bool_)
    joined = ~(helpers[wires.source] | helpers[wires.target])
    label = _components(len(tree.nodes), wires.source[joined], wires.target[joined], "weak")
    parts: dict[int, list[int]] = {}
    for node in np.flatnonzero(~tree.helps & ~helpers & (wires.home < 0)).tolist():
        parts.setdefault(int(label[node]), []).append(node)
    if len(parts) < 2 or all(_PART.match(tree.nodes[part[0]].name) for part in parts.values()):
        return []
    ordered = sorted(parts.values(), key=lambda part: -len(part))
    rest = ordered[1:]
    nodes = [node for part in rest for node in part]
    whole = len(nodes) + len(ordered[0])
    singles = sum(len(part) == 1 for part in rest)
    words = (
        f"{_count(len(rest), 'part')} of {_count(len(nodes), 'operation')} in all"
        f" {'is' if len(rest) == 1 else 'are'} wired to nothing else; the largest part has {len(ordered[0]):,} of {whole:,}."
        + (f" {_count(singles, 'operation stands', 'operations stand')} alone." if singles else "")
        + f" They begin with {_names(tree, [part[0] for part in rest])}."
    )
    return [_finding(tree, "Unconnected parts", words, nodes)]


def _unused(tree: Tree) -> list[Finding]:
    """Tell inputs that nothing reads, and, where a graph says what its results are, what is computed for none of them."""
    homes = tree.wires.home.tolist()
    idle = [
        node
        for node, row in enumerate(tree.nodes)
        if not tree.wires.out_of[node] and not tree.helps[node] and homes[node] < 0 and row.op != "NoOp"
    ]
    inputs = [node for node in idle if tree.nodes[node].op in _STARTS and not tree.nodes[node].inputs]
    found = []
    if inputs:
        words = f"{_count(len(inputs), 'input is', 'inputs are')} read by nothing: {_names(tree, inputs)}."
        found.append(_finding(tree, "Inputs without use", words, inputs))
    told = any(row.op in _ENDS and row.inputs for row, home in zip(tree.nodes, homes, strict=True) if home < 0)
    # PyTorch writes a node for each thing that an operation gives: one that is used is enough.
    torch = tree.graph.form == "torch"
    used = {(row.op, row.inputs) for node, row in enumerate(tree.nodes) if torch and tree.wires.out_of[node]}
    dead = [node for node in idle if told and _is_result(tree.graph.form, tree.nodes[node], used)]
    if dead:
        words = f"{_count(len(dead), 'result is', 'results are')} neither used nor an output of the graph: {_names(tree, dead)}."
        found.append(_finding(tree, "Results without use", words, dead))
    return found


def _is_result(form: str, row: Node, used: Collection[tuple[str, tuple[Input, ...]]]) -> bool:
    """Return whether a node that nothing takes from gives something. used: operations of which something else is taken."""
    if not row.inputs or row.op in _ENDS or row.op in _ASKS or (row.op, row.inputs) in used:
        return False
    return form != "graphdef" or bool(row.outputs)  # what gives nothing is run for what it does


# Precision, size -----------------------------------------------------------------------------------------------------


def _precision(tree: Tree) -> list[Finding]:
    """Tell results of double precision among others, and ways on which precision is lost and then no longer needed."""
    bits = [max((_FLOATS.get(output.dtype, 0) for output in row.outputs), default=0) for row in tree.nodes]
    counted = [node for node in np.flatnonzero(~tree.helps).tolist() if bits[node]]
    double = [node for node in counted if bits[node] == 64]
    found = []
    if double and len(double) < _RARE * len(counted):
        words = (
            f"{_count(len(double), 'operation gives', 'operations give')} float64 where the other"
            f" {len(counted) - len(double):,} of floating point do not: {_names(tree, double)}."
        )
        found.append(_finding(tree, "float64 among others", words, double, "warning"))
    there_and_back = _round_trips(tree, bits)
    if there_and_back:
        nodes = [node for pair in there_and_back for node in pair]
        first, last = there_and_back[0]
        words = (
            f"{_count(len(there_and_back), 'way goes', 'ways go')} to fewer bits and back, such as from"
            f" {_names(tree, [first])} (to {tree.nodes[first].outputs[0].dtype}) to {_names(tree, [last])}"
            f" (to {tree.nodes[last].outputs[0].dtype}): what was cut off does not come back."
        )
        found.append(_finding(tree, "Precision lost and restored", words, nodes))
    return found


def _round_trips(tree: Tree, bits: Sequence[int]) -> list[tuple[int, int]]:
    """Return pairs of operations: one gives fewer bits than it takes, the other, after only such, more again."""
    sources, targets = tree.wires.source.tolist(), tree.wires.target.tolist()
    control = tree.wires.control.tolist()
    found = []
    for node, width in enumerate(bits):
        if not width:
            continue
        taken = [bits[sources[wire]] for wire in tree.wires.into[node] if not control[wire]]
        if not taken or max(taken) <= width:
            continue
        queue, seen = [node], {node}
        while queue:
            for wire in tree.wires.out_of[queue.pop()]:
                other = targets[wire]
                if control[wire] or other in seen or not bits[other]:
                    continue
                seen.add(other)
                if bits[other] > width:
                    found.append((node, other))
                    queue.clear()
                    break
                queue.append(other)
        if len(found) >= _IDS:
            break
    return found


def _constants(tree: Tree) -> list[Finding]:
    whole = sum(row.size for row in tree.nodes)
    nodes = [node for node, row in enumerate(tree.nodes) if row.size >= _LARGE and row.op != "Initializer"]
    found = []
    if nodes:
        nodes.sort(key=lambda node: -tree.nodes[node].size)
        size = sum(tree.nodes[node].size for node in nodes)
        words = (
            f"{_count(len(nodes), 'constant holds', 'constants hold')} {_size(size)}, {size / whole:.0%} of what the graph"
            f" stores; the largest is {_names(tree, nodes[:1])} with {_size(tree.nodes[nodes[0]].size)}."
        )
        found.append(_finding(tree, "Large constants", words, nodes, "warning" if size >= _HUGE else "note"))
    broken = [
        node
        for node, row in enumerate(tree.nodes)
        if row.size and any(_NAN.search(text) for text in row.attributes.values())
    ]
    if broken:
        words = f"{_count(len(broken), 'constant holds', 'constants hold')} values that are not numbers: {_names(tree, broken)}."
        found.append(_finding(tree, "NaN in constants", words, broken, "warning"))
    return found


# Devices -------------------------------------------------------------------------------------------------------------


def _device_changes(tree: Tree, costs: Mapping[str, Cost] | None) -> list[Finding]:
    """Tell operations on another device than all they are wired to, and what flows from device to device."""
    device = devices(tree, costs)
    if len(set(device) - {UNKNOWN}) < 2:
        return []
    sources, targets = tree.wires.source.tolist(), tree.wires.target.tolist()
    tensors = tree.wires.tensor.tolist()
    beside: dict[int, set[str]] = {}
    crossing: dict[tuple[str, str], set[int]] = {}
    for source, target, tensor in zip(sources, targets, tensors, strict=True):
        one, other = device[source], device[target]
        if tensor < 0 or UNKNOWN in (one, other):
            continue
        beside.setdefault(source, set()).add(other)
        beside.setdefault(target, set()).add(one)
        if one != other:
            crossing.setdefault((one, other), set()).add(tensor)
    found = []
    alone = [node for node, around in sorted(beside.items()) if device[node] not in around and not tree.helps[node]]
    if alone:
        node = alone[0]
        words = (
            f"{_count(len(alone), 'operation is', 'operations are')} on another device than all that feeds them or that they feed,"
            f" such as {_names(tree, [node])} on {device[node]} among {', '.join(sorted(beside[node]))}."
        )
        found.append(_finding(tree, "Alone on a device", words, alone, "warning"))
    for (one, other), flows in sorted(crossing.items(), key=lambda row: -len(row[1])):
        elements = int(tree.wires.elements[list(flows)].sum())
        known = f", {elements:,} elements where shapes are known" if elements else ""
        words = f"{_count(len(flows), 'tensor goes', 'tensors go')} from {one} to {other}{known}."
        nodes = [sources[wire] for wire, tensor in enumerate(tensors) if tensor in flows]
        found.append(_finding(tree, "From device to device", words, nodes))
    return found


_CHECKS: tuple[Callable[[Tree], list[Finding]], ...] = (
    _missing,
    _twice,
    _circles,
    _parts,
    _unused,
    _precision,
    _constants,
)

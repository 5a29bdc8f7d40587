"""What a graph's operations hand to each other: names resolved to numbers, in arrays that a large graph is walked with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tbcore.formats.graphs import Function, Graph, Input, Node, Output

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_MOST = 2**62  # elements counted at most, so that sums of hostile shapes stay numbers
_UNKNOWN = Output()


@dataclass(frozen=True)
class Wiring:
    """The nodes of a graph and of its functions, by number, and the wires between them.

    home [nodes]: the number of the function that a node is in, -1 outside of all.
    source, target, slot, control, tensor [wires]: from which node to which, in the order of the targets and their inputs;
    slot: the output it comes from; tensor: which, -1 of a control wire.
    outputs, elements, alike [tensors]: what is known of each, its length (0 where unknown), and a number that equal ones
    share, 0 for those of which nothing is known.
    calls: the functions that a node calls, by the number of the node.
    dangling: inputs of which there is no node, each with the number of the node that names it.
    """

    nodes: tuple[Node, ...]
    home: Numbers
    source: Numbers
    target: Numbers
    slot: Numbers
    control: Flags
    tensor: Numbers
    outputs: tuple[Output, ...]
    elements: Numbers
    alike: Numbers
    calls: Mapping[int, tuple[int, ...]]
    dangling: tuple[tuple[int, Input], ...]
    into: "Rows"
    out_of: "Rows"


@dataclass(frozen=True)
class Rows:
    """The wires of each node: those of node n are `wires[starts[n] : starts[n + 1]]`."""

    starts: list[int]
    wires: list[int]

    def __getitem__(self, node: int) -> list[int]:
        """Return the wires of a node."""
        return self.wires[self.starts[node] : self.starts[node + 1]]


def wiring(graph: Graph) -> Wiring:
    """Return what a graph's nodes, and those of its functions, hand to each other.

    A name that occurs twice is its first node; what a function names is in that function.
    """
    nodes: list[Node] = []
    home: list[int] = []
    source: list[int] = []
    target: list[int] = []
    slot: list[int] = []
    control: list[bool] = []
    dangling: list[tuple[int, Input]] = []
    for number, members in _bodies(graph):
        start = len(nodes)
        known: dict[str, int] = {}
        for index, node in enumerate(members, start):
            known.setdefault(node.name, index)
        nodes.extend(members)
        home.extend([number] * len(members))
        for index, node in enumerate(members, start):
            for given in node.inputs:
                found = known.get(given.source)
                if found is None:
                    dangling.append((index, given))
                    continue
                source.append(found)
                target.append(index)
                slot.append(given.slot)
                control.append(given.control)
    return _wired(graph, nodes, home, source, target, slot, control, dangling)


def _bodies(graph: Graph) -> Iterator[tuple[int, tuple[Node, ...]]]:
    """Return the nodes of the graph (number -1) and of each function."""
    yield -1, graph.nodes
    for number, function in enumerate(graph.functions):
        yield number, function.nodes


def _wired(
    graph: Graph,
    nodes: list[Node],
    home: list[int],
    source: list[int],
    target: list[int],
    slot: list[int],
    control: list[bool],
    dangling: list[tuple[int, Input]],
) -> Wiring:
    tensors: dict[tuple[int, int], int] = {}
    tensor = [
        -1 if only else tensors.setdefault((node, place), len(tensors))
        for node, place, only in zip(source, slot, control, strict=True)
    ]
    outputs = tuple(_output(nodes[node], place) for node, place in tensors)
    kinds: dict[Output, int] = {_UNKNOWN: 0}
    alike = [kinds.setdefault(output, len(kinds)) for output in outputs]
    sources, targets = np.array(source, np.int64), np.array(target, np.int64)
    return Wiring(
        tuple(nodes),
        np.array(home, np.int64),
        sources,
        targets,
        np.array(slot, np.int64),
        np.array(control, np.bool_),
        np.array(tensor, np.int64),
        outputs,
        np.array([min(output.elements or 0, _MOST // max(1, len(outputs))) for output in outputs], np.int64),
        np.array(alike, np.int64),
        _calls(graph.functions, nodes),
        tuple(dangling),
        _rows(targets, len(nodes)),
        _rows(sources, len(nodes)),
    )


def _output(node: Node, slot: int) -> Output:
    return node.outputs[slot] if 0 <= slot < len(node.outputs) else _UNKNOWN


def _rows(ends: Numbers, nodes: int) -> Rows:
    starts = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=nodes))])
    return Rows(starts.tolist(), np.argsort(ends, kind="stable").tolist())


def _calls(functions: tuple[Function, ...], nodes: list[Node]) -> dict[int, tuple[int, ...]]:
    """Return which functions each node names as its op, or whole in an attribute."""
    numbers: dict[str, int] = {}
    for number, function in enumerate(functions):
        numbers.setdefault(function.name, number)
    found: dict[int, tuple[int, ...]] = {}
    if not numbers:
        return found
    for index, node in enumerate(nodes):
        named = [numbers[text] for text in (node.op, *node.attributes.values()) if text in numbers]
        if named:
            found[index] = tuple(dict.fromkeys(named))
    return found

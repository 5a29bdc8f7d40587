"""What a graph's operations are there for: those that only help others are set aside, so that the model is seen."""

import re
from collections.abc import Sequence

from tbcore.analysis.graph_wires import Wiring
from tbcore.formats.graphs import Node

CONSTANT, PARAMETER, SUMMARY, HELPER = "constant", "parameter", "summary", "helper"

# Operations by what they are. Sources: the op registries of TensorFlow (state_ops, resource_variable_ops, logging_ops),
# TorchScript's prim:: namespace, and the names that `graph_onnx` gives to initializers.
_CONSTANTS = frozenset({"Const", "HostConst", "Constant", "prim::Constant"})
VARIABLES = frozenset(
    {"VarHandleOp", "_VarHandlesOp", "VariableV2", "Variable", "AutoReloadVariable", "TemporaryVariable"}
)
_PARAMETERS = VARIABLES | {"prim::GetAttr", "Initializer"}
_GIVEN = frozenset({"_Arg", "_DeviceArg", "Placeholder", "PlaceholderWithDefault", "input_arg"})
_ASSIGNS = frozenset({"Assign", "AssignVariableOp"})
# What only hands on what it is given: of something set aside, it is set aside too.
_PASSES = frozenset(
    {
        "Identity",
        "IdentityN",
        "ReadVariableOp",
        "StopGradient",
        "Enter",
        "RefEnter",
        "prim::ListConstruct",
        "prim::TupleConstruct",
        "prim::NumToTensor",
    }
)
# What tells the lengths of a tensor, and what only reckons with lengths: how large something is, is on the lines anyway.
_LENGTHS = frozenset({"aten::size", "Shape", "ShapeN", "Size", "Rank"})
_RECKONS = frozenset(
    {
        *("prim::NumToTensor", "prim::ListConstruct", "prim::TupleConstruct", "aten::Int", "aten::ScalarImplicit"),
        *("aten::IntImplicit", "aten::add", "aten::sub", "aten::mul", "aten::div", "aten::floor_divide", "aten::neg"),
        *("StridedSlice", "Slice", "Pack", "Concat", "ConcatV2", "Gather", "GatherV2", "Squeeze", "Unsqueeze", "Cast"),
        *("Add", "AddV2", "Sub", "Mul", "Div", "FloorDiv", "Prod", "Identity", "Maximum"),
    }
)
_ENDS = frozenset({"IO Node", "Output", "_Retval", "_DeviceRetval", "output_arg"})
_SUMMARY = re.compile(r"[A-Za-z]+Summary(V[0-9])?")
_SUMMARIES = ("Summary", *(f"SummaryV{number}" for number in range(10)))
_LISTS = frozenset({"prim::ListConstruct", "prim::TupleConstruct"})  # constants where they hold nothing
_MERGES = frozenset({"MergeSummary"})
_NOTHING = frozenset({"NoOp"})
_CROWD = 30  # wires from which on a node that hands on no tensor, or a single number, is no part of the picture


def roles(wires: Wiring) -> list[str]:
    """Return what each node is set aside as [nodes], "" for those that are the picture.

    CONSTANT (what is known beforehand, and lengths of tensors) and PARAMETER stand beside what they feed, SUMMARY beside what it is fed by; HELPER orders others and stands
    apart.
    """
    found = [_role(node) for node in wires.nodes]
    source, target, control = wires.source.tolist(), wires.target.tolist(), wires.control.tolist()
    feeds = [[target[wire] for wire in wires.out_of[node] if not control[wire]] for node in range(len(found))]
    fed = [[source[wire] for wire in wires.into[node] if not control[wire]] for node in range(len(found))]
    lost = {node for node, given in wires.dangling if not given.control}
    _hand_on(wires, found, feeds, fed, lost)
    _reckon(wires, found, feeds, fed, lost)
    _before_start(wires, found, feeds, fed)
    for node, row in enumerate(wires.nodes):
        if found[node]:
            continue
        if not feeds[node] and row.op in _NOTHING:
            before = [source[wire] for wire in wires.into[node]]
            crowd = len(before) + len(wires.out_of[node])
            if crowd >= _CROWD or (before and all(found[other] for other in before)):
                found[node] = HELPER
        elif not fed[node] and len(feeds[node]) >= _CROWD and row.outputs and row.outputs[0].shape == ():
            found[node] = CONSTANT
    return found


def _role(node: Node) -> str:
    op = node.op
    if op in _CONSTANTS or (op in _LISTS and not node.inputs):
        return CONSTANT
    if op in _PARAMETERS or (op in _GIVEN and node.outputs and node.outputs[0].dtype == "resource"):
        return PARAMETER
    if op in _MERGES:
        return HELPER
    return SUMMARY if op.endswith(_SUMMARIES) and _SUMMARY.fullmatch(op) else ""


def _hand_on(
    wires: Wiring, found: list[str], feeds: Sequence[list[int]], fed: Sequence[list[int]], lost: set[int]
) -> None:
    """Set aside what hands on nothing but constants and parameters."""
    queue = [node for node, role in enumerate(found) if role in (CONSTANT, PARAMETER)]
    while queue:
        for node in feeds[queue.pop()]:
            if found[node] or wires.nodes[node].op not in _PASSES or not feeds[node] or node in lost:
                continue
            given = {found[other] for other in fed[node]}
            if given <= {CONSTANT, PARAMETER}:
                found[node] = PARAMETER if PARAMETER in given else CONSTANT
                queue.append(node)


def _reckon(
    wires: Wiring, found: list[str], feeds: Sequence[list[int]], fed: Sequence[list[int]], lost: set[int]
) -> None:
    """Set aside what tells lengths, and what reckons with nothing but lengths and constants."""
    ends = {node for node, row in enumerate(wires.nodes) if row.op in _ENDS}

    def helps(node: int) -> bool:
        return not found[node] and bool(feeds[node]) and node not in lost and ends.isdisjoint(feeds[node])

    def is_reckoned(node: int) -> bool:
        return wires.nodes[node].op in _RECKONS and bool(fed[node]) and all(found[one] == CONSTANT for one in fed[node])

    queue = [node for node, row in enumerate(wires.nodes) if row.op in _LENGTHS or is_reckoned(node)]
    while queue:
        node = queue.pop()
        if helps(node):
            found[node] = CONSTANT
            queue += filter(is_reckoned, feeds[node])


def _before_start(wires: Wiring, found: list[str], feeds: Sequence[list[int]], fed: Sequence[list[int]]) -> None:
    """Set aside what sets a variable to what it starts with, and what is computed only for that."""
    queue = []
    for node, row in enumerate(wires.nodes):
        if row.op in _ASSIGNS and fed[node]:
            variable = wires.nodes[fed[node][0]]
            if variable.op in VARIABLES and row.name.startswith(variable.name + "/"):
                found[node] = PARAMETER
                queue.append(node)
    left: dict[int, int] = {}
    while queue:
        for node in fed[queue.pop()]:
            if found[node]:
                continue
            left[node] = left.get(node, len(feeds[node])) - 1
            if left[node] == 0 and wires.nodes[node].op not in _GIVEN:
                found[node] = PARAMETER
                queue.append(node)

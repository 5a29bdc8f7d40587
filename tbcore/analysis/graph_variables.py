"""The layers in a graph of TensorFlow or ONNX: scopes with variables, or operations with weights.

What an optimizer keeps beside a variable (momentum, the moments of Adam) is no parameter: it is told by the operation that
applies the gradient, which takes the variable first and those after it. Integers, such as a global step, are none either.
Source: the argument orders of tensorflow/core/ops/training_ops.cc and of the ONNX operators.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tbcore.analysis.graph_ops import counts, dtype_of, operations, shape_of, single
from tbcore.analysis.graph_roles import VARIABLES
from tbcore.formats.graphs import Graph, Node, Output, Shape

_READS = frozenset({"ReadVariableOp", "Identity", "Enter", "RefEnter", "Switch", "RefSwitch", "ResourceGather", "Cast"})
_PLACES = frozenset({"Placeholder", "_Arg", "_DeviceArg"})
_APPLIES = re.compile(r"(Resource)?(Sparse)?Apply[A-Z]\w*")
_SLOT = re.compile(
    r"(^|/)((beta[12]_power|Adam|Momentum|RMSProp|Adagrad|Adadelta|Ftrl|FtrlProximal|ExponentialMovingAverage)(_[0-9]+)?"
    r"|[mv]|momentum|velocity)$"
)
# Scopes that hold the way back, or what a training loop does around the model.
_ASIDE = re.compile(
    r"(^|/)(gradients?(_[0-9]+)?|gradient_tape|save|train|training|report_uninitialized_\w+)/|_grad/|/Initializer/"
)
_PLUMBING = frozenset({
    "Const", "NoOp", "Assign", "AssignVariableOp", "VarIsInitializedOp", "IsVariableInitialized", "ReadVariableOp", "Identity",
    "Placeholder", "PlaceholderWithDefault", "_Arg", "_Retval", "_DeviceArg", "_DeviceRetval", "Shape", "StridedSlice", "Pack",
    "StopGradient", "Assert", "MergeV2Checkpoints", "Fill",
}) | VARIABLES  # fmt: skip
_SUMMARY = re.compile(r"[A-Za-z]+Summary(V[0-9]+)?")
_FLOATS = re.compile(r"(float|double|half|bfloat|complex)")
_DEEPEST = 64  # scopes within scopes that are looked at
_TYPES = 3  # types of operations that a row names


class Row(NamedTuple):
    """What is known of a layer, in the order of the fields of a Layer."""

    id: str
    name: str
    type: str
    output: Output | None
    parameters: int | None
    trainable: int | None
    share: float
    flops: int | None
    activation: int | None
    shared_with: str = ""
    assumed: bool = False


class Variable(NamedTuple):
    """A variable: its node, the scope of what uses it, its numbers, whether training changes it (None: not known)."""

    node: str
    scope: str
    size: int | None
    trainable: bool | None


def layers(graph: Graph) -> tuple[list[Row], list[str]]:
    """Return a row for each layer, and in words what must be known to read them."""
    return _onnx(graph) if graph.form == "onnx" else _tensorflow(graph)


def _taken(node: Node, nodes: Mapping[str, Node]) -> list[Shape | None]:
    """Return the shapes of what a node takes."""
    found: list[Shape | None] = []
    for source, slot, control in node.inputs:
        if not control:
            given = nodes.get(source)
            found.append(given.outputs[slot].shape if given is not None and slot < len(given.outputs) else None)
    return found


def activation(outputs: Iterable[Output]) -> int | None:
    """Return the bytes of what is given, for one example where it is not said how many there are; None if not known."""
    sizes = []
    for output in outputs:
        elements = Output(output.dtype, single(output.shape)).elements
        if elements is None:
            return None
        sizes.append(elements * dtype_of(output))
    return sum(sizes) if sizes else None


def _sum(sizes: Sequence[int | None]) -> int | None:
    return None if None in sizes else sum(size or 0 for size in sizes)


# TensorFlow ----------------------------------------------------------------------------------------------------------


def _tensorflow(graph: Graph) -> tuple[list[Row], list[str]]:
    nodes = {node.name: node for node in graph.nodes}
    held: dict[str, list[Variable]] = {}
    for variable in variables(graph):
        held.setdefault(variable.scope, []).append(variable)
    forward = [node for node in graph.nodes if not _is_aside(node)]
    scopes: dict[str, list[Node]] = {scope: [] for scope in held}
    for node in forward:
        scope = node.name.rpartition("/")[0]
        if counts(node.op) and not any(outer in held for outer in _upwards(scope)):
            scopes.setdefault(scope or node.name, [])
    for node in forward:
        around = next((outer for outer in _upwards(node.name) if outer in scopes), None)
        if around is not None:
            scopes[around].append(node)
    order = {
        scope: place
        for place, scope in enumerate(dict.fromkeys(outer for node in graph.nodes for outer in _upwards(node.name)))
    }
    rows = []
    for scope in sorted(scopes, key=lambda scope: order.get(scope, len(order))):
        inside, own = scopes[scope], held.get(scope, [])
        given = [output for node in inside for output in _main(node) if _FLOATS.match(output.dtype)]
        counted = [one for node in inside if (one := _flops(node, nodes)) is not None]
        types = list(dict.fromkeys(node.op for node in sorted(inside, key=lambda node: not counts(node.op))))
        trained = [variable.size for variable in own if variable.trainable]
        rows.append(
            Row(
                scope,
                scope,
                ", ".join(types[:_TYPES]) + (", …" if len(types) > _TYPES else "") or "Variable",
                given[-1] if given else None,
                _sum([variable.size for variable in own]),
                None if any(variable.trainable is None for variable in own) else _sum(trained),
                0.0,
                sum(counted) if counted else None,
                activation(given),
            )
        )
    return rows, _tensorflow_notes(graph, held)


def _main(node: Node) -> Sequence[Output]:
    """Return what a node gives to others, without what it keeps for the way back."""
    return node.outputs[:1] if node.op.startswith("FusedBatchNorm") else node.outputs


def _is_aside(node: Node) -> bool:
    """Return whether a node is no part of the way from the inputs to the outputs."""
    return (
        node.op in _PLUMBING
        or _ASIDE.search(node.name) is not None
        or _APPLIES.fullmatch(node.op) is not None
        or _SUMMARY.fullmatch(node.op) is not None
    )


def _upwards(scope: str) -> Iterable[str]:
    """Return a scope and those around it, innermost first."""
    if scope.count("/") > _DEEPEST:
        scope = "/".join(scope.split("/", _DEEPEST)[:_DEEPEST])
    while scope:
        yield scope
        scope = scope.rpartition("/")[0]


def _flops(node: Node, nodes: Mapping[str, Node]) -> int | None:
    return operations(node, _taken(node, nodes), [output.shape for output in node.outputs])


def _tensorflow_notes(graph: Graph, held: Mapping[str, Sequence[Variable]]) -> list[str]:
    notes = []
    nodes = {node.name: node.op for node in graph.nodes}
    counted = [nodes[variable.node] for own in held.values() for variable in own]
    unknown = sum(variable.size is None for own in held.values() for variable in own)
    if unknown:
        notes.append(
            f"This graph does not say the shapes of {unknown:,} of {len(counted):,} variables: a traced function leaves them out; "
            "the Keras model and the run graph tell them."
        )
    if "Const" in counted:
        notes.append("The graph is frozen: its parameters are constants.")
    elif counted and sum(op in VARIABLES for op in nodes.values()) > len(counted):
        notes.append(
            "What an optimizer keeps beside the variables, and integers such as the global step, are not counted."
        )
    return notes


def variables(graph: Graph) -> list[Variable]:
    """Return the variables of a graph that hold parameters; of a frozen graph the constants that became of them."""
    nodes = {node.name: node for node in graph.nodes}
    takers: dict[str, list[tuple[Node, int]]] = {}
    for node in graph.nodes:
        for place, given in enumerate(node.inputs):
            if not given.control:
                takers.setdefault(given.source, []).append((node, place))
    trained, slots = _trained(graph, nodes)
    found = []
    for node in graph.nodes:
        shape, dtype = _variable(node, takers)
        if shape is _NONE or not _FLOATS.match(dtype) or node.name in slots or _SLOT.search(node.name):
            continue
        scope = (node.name.rpartition("/")[0] if node.op in VARIABLES else "") or _scope_of_use(node.name, takers)
        size = Output(dtype, shape).elements
        found.append(Variable(node.name, scope or node.name, size, node.name in trained if trained else None))
    return found or _frozen(graph)


_NONE: Shape = (-1,)


def _variable(node: Node, takers: Mapping[str, Sequence[tuple[Node, int]]]) -> tuple[Shape | None, str]:
    """Return shape and type of the variable that a node is, the shape _NONE when it is none."""
    if node.op in VARIABLES:
        text = node.attributes.get("shape")
        shape: Shape | None = shape_of(text)
        if shape is None and node.op != "VarHandleOp" and node.outputs:
            shape = node.outputs[0].shape
        return shape, node.attributes.get("dtype", "")
    if node.op in _PLACES and any(output.dtype == "resource" for output in node.outputs):
        for user, _place in takers.get(node.name, ()):
            if user.op == "ReadVariableOp" and user.outputs:
                return user.outputs[0].shape, user.outputs[0].dtype
    return _NONE, ""


def _trained(graph: Graph, nodes: Mapping[str, Node]) -> tuple[set[str], set[str]]:
    """Return the variables that gradients are applied to, and those that optimizers keep beside them."""
    trained, slots = set(), set()
    for node in graph.nodes:
        if _APPLIES.fullmatch(node.op):
            taken = [_source(given.source, nodes) for given in node.inputs if not given.control]
            trained |= set(taken[:1])
            slots |= {
                name
                for name in taken[1:]
                if name in nodes and (nodes[name].op in VARIABLES or nodes[name].op in _PLACES)
            }
    return trained, slots - trained


def _source(name: str, nodes: Mapping[str, Node]) -> str:
    """Return what is behind nodes that only read or hand on."""
    seen = set()
    while name in nodes and nodes[name].op in _READS and nodes[name].inputs and name not in seen:
        seen.add(name)
        name = nodes[name].inputs[0].source
    return name


def _scope_of_use(name: str, takers: Mapping[str, Sequence[tuple[Node, int]]]) -> str:
    """Return the scope of the first operation that uses what a node gives, or its name, through those that only read it."""
    waiting, seen = [name], {name}
    for one in waiting:
        for user, _place in takers.get(one, ()):
            if user.op not in _READS:
                if _is_aside(user):
                    continue
                return user.name.rpartition("/")[0] or user.name
            if user.name not in seen:
                seen.add(user.name)
                waiting.append(user.name)
    return ""


# Where weights come in, of operations that have them.
_WEIGHTS = {
    "MatMul": (0, 1), "_FusedMatMul": (1, 2), "BatchMatMulV2": (0, 1), "Conv2D": (1,), "Conv3D": (1,), "_FusedConv2D": (1, 2),
    "DepthwiseConv2dNative": (1,), "Conv2DBackpropInput": (1,), "BiasAdd": (1,), "Add": (0, 1), "AddV2": (0, 1), "Mul": (0, 1),
    "FusedBatchNorm": (1, 2, 3, 4), "FusedBatchNormV3": (1, 2, 3, 4), "GatherV2": (0,), "ResourceGather": (0,),
}  # fmt: skip


def _frozen(graph: Graph) -> list[Variable]:
    """Return the constants that are weights."""
    nodes = {node.name: node for node in graph.nodes}
    found: dict[str, Variable] = {}
    for node in graph.nodes:
        for place in _WEIGHTS.get(node.op, ()):
            if place < len(node.inputs):
                name = _source(node.inputs[place].source, nodes)
                given = nodes.get(name)
                output = given.outputs[0] if given is not None and given.op == "Const" and given.outputs else Output()
                if output.shape and _FLOATS.match(output.dtype) and name not in found and not _ASIDE.search(node.name):
                    scope = node.name.rpartition("/")[0] or node.name
                    found[name] = Variable(name, scope, output.elements, None)
    return list(found.values())


# ONNX ----------------------------------------------------------------------------------------------------------------

_INITIALIZERS = frozenset({"Initializer", "Constant"})
# Operations whose arguments after the first are only sizes, places or bounds, and those that take nothing else.
_SIZES = frozenset({
    "Reshape", "Slice", "Unsqueeze", "Squeeze", "Expand", "Pad", "Tile", "Resize", "Upsample", "Clip", "TopK", "Split", "ReduceMean",
    "ReduceSum", "NonMaxSuppression", "Dropout", "Gather", "ScatterND", "GatherND",
})  # fmt: skip
_MOST_UNKNOWN = 0.5  # share of layers without a shape from which on it is said why
_ONLY_SIZES = frozenset({"Range", "ConstantOfShape", "OneHot"})
_HIDDEN = _INITIALIZERS | {"Input", "Output", "Shape", "Identity"}
_STATISTICS = {"BatchNormalization": (3, 4)}


def _onnx(graph: Graph) -> tuple[list[Row], list[str]]:
    nodes = {node.name: node for node in graph.nodes}
    owners: dict[str, str] = {}
    rows = []
    for node in graph.nodes:
        if node.op in _HIDDEN:
            continue
        own, kept, shared = [], 0, ""
        for place, given in enumerate(node.inputs):
            size = _weight(nodes.get(given.source), node, place)
            if size is None:
                continue
            owner = owners.setdefault(given.source, node.name)
            if owner == node.name:
                own.append(size)
                kept += size if place in _STATISTICS.get(node.op, ()) else 0
            else:
                shared = owner
        floats = [output for output in node.outputs if _FLOATS.match(output.dtype)]
        counted = _flops(node, nodes)
        if not own and not shared and counted is None and not floats:
            continue
        whole = sum(own)
        output = node.outputs[0] if node.outputs and node.outputs[0].shape is not None else None
        rows.append(
            Row(node.name, node.name, node.op, output, whole, whole - kept, 0.0, counted, activation(floats), shared)
        )
    notes = ["ONNX does not say what is trained: moving means and variances are taken not to be."] if owners else []
    if sum(row.output is None for row in rows) > _MOST_UNKNOWN * len(rows):
        notes.append(
            "This model does not say the shapes of what flows through it: onnx.shape_inference adds them, and FLOPs and "
            "activations follow."
        )
    return rows, notes


def _weight(given: Node | None, node: Node, place: int) -> int | None:
    """Return how many parameters a node takes as an argument, None if what it takes there is not one."""
    if given is None or given.op not in _INITIALIZERS or not given.outputs:
        return None
    output = given.outputs[0]
    if node.op in _ONLY_SIZES or (node.op in _SIZES and (place or given.op == "Constant")):
        return None
    if given.op == "Constant" and (output.elements or 0) < 2:
        return None  # a single number in the code of the model
    if not _FLOATS.match(output.dtype) and not (node.op.startswith("QLinear") or node.op == "DequantizeLinear"):
        return None
    return output.elements


def initializers(graph: Graph) -> list[Variable]:
    """Return the weights of a graph of ONNX, each once."""
    nodes = {node.name: node for node in graph.nodes}
    found: dict[str, Variable] = {}
    for node in graph.nodes:
        for place, given in enumerate(node.inputs):
            size = _weight(nodes.get(given.source), node, place)
            if size is not None and given.source not in found:
                found[given.source] = Variable(given.source, node.name, size, None)
    return list(found.values())

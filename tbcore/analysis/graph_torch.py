"""The modules in a graph that PyTorch's tracer wrote, with the parameters that they hold.

The tracer tells the shape of what each operation gives, but not of the parameters, so these are worked out from what uses
them: the weight of a linear layer has as many columns as its input and as many rows as its output. Where that does not
tell (the rows of an embedding) they are not known. Several windows of a convolution that skips places may give the same
shape: then the usual one is taken, and it is said of which.
Source: the argument orders in PyTorch's native_functions.yaml; shapes as in the documentation of torch.nn; how the tracer
names things: torch/utils/tensorboard/_pytorch_graph.py.
"""

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from tbcore.analysis.graph_ops import length, operations
from tbcore.analysis.graph_variables import Row
from tbcore.formats.graph_words import short
from tbcore.formats.graphs import Graph, Input, Node, Shape

PARAMETER = "prim::GetAttr"
_LIST = ("prim::ListConstruct", "prim::TupleConstruct")
_CONSTANT = "prim::Constant"
_VALUE = re.compile(r"value\s*:\s*(-?\d+)")
_NAME = re.compile(r"name\s*:\s*([^\s}]+)")
# What hands a parameter on as it is, or turned.
_PASSES = (
    "aten::t",
    "aten::transpose",
    "aten::numpy_T",
    "aten::to",
    "aten::detach",
    "aten::contiguous",
    "aten::_cast_Float",
)
# What gives another look at the same numbers, so that nothing new is kept.
_VIEWS = frozenset({
    "aten::view", "aten::reshape", "aten::t", "aten::transpose", "aten::permute", "aten::flatten", "aten::expand", "aten::squeeze",
    "aten::unsqueeze", "aten::slice", "aten::select", "aten::contiguous", "aten::size", "aten::chunk", "aten::split",
    "aten::detach", "aten::numpy_T", "aten::unflatten", "aten::expand_as", "aten::alias", "aten::narrow", "aten::movedim",
})  # fmt: skip
_STATES = {"aten::lstm": 4, "aten::gru": 3, "aten::rnn_tanh": 1, "aten::rnn_relu": 1}  # gates of what keeps a state
_DEEPEST = 64  # modules within modules
_NAMED = 3  # modules that a note names
_BUFFERS = frozenset({"running_mean", "running_var", "num_batches_tracked"})


class Parameter(NamedTuple):
    """A tensor that a module holds.

    node: its first place in the graph; module: the innermost one around it that is called; size: None where it is not
    known; assumed: it is that of the usual window; users: the modules that use it.
    """

    node: str
    module: str
    size: int | None
    buffer: bool
    assumed: bool = False
    users: frozenset[str] = frozenset()


class _Trace:
    """A graph with what is asked of it: nodes by name, who takes from whom."""

    def __init__(self, graph: Graph) -> None:
        self.nodes = {node.name: node for node in graph.nodes}
        self.takers: dict[str, list[tuple[Node, int]]] = {}
        for node in graph.nodes:
            for place, given in enumerate(node.inputs):
                self.takers.setdefault(given.source, []).append((node, place))

    def shape(self, name: str, slot: int = 0) -> Shape:
        """Return the shape of what a node gives. Raises ValueError when that is not known."""
        node = self.nodes.get(name)
        shape = node.outputs[slot].shape if node is not None and slot < len(node.outputs) else None
        if shape is None:
            raise ValueError("a shape is not known")
        return shape

    def numbers(self, node: Node, place: int) -> list[int]:
        """Return the constants that a node takes as one of its arguments. Raises ValueError when it takes others."""
        given = self.nodes.get(node.inputs[place].source)
        listed = (
            [given] if given is None or given.op not in _LIST else [self.nodes.get(one.source) for one in given.inputs]
        )
        return [_number(one) for one in listed]


def _number(node: Node | None) -> int:
    found = _VALUE.search(node.attributes.get("attr", "")) if node is not None and node.op == _CONSTANT else None
    if found is None:
        raise ValueError("not a number that is told")
    return int(found[1])


def layers(graph: Graph) -> tuple[list[Row], list[str]]:
    """Return a row for each module with operations of its own, in the order in which they run, and what must be said."""
    trace = _Trace(graph)
    held: dict[str, list[Parameter]] = {}
    owners: dict[str, str] = {}
    for parameter in parameters(graph):
        held.setdefault(parameter.module, []).append(parameter)
        owners.update(dict.fromkeys(parameter.users - {parameter.module}, parameter.module))
    modules: dict[str, list[Node]] = {}
    for node in graph.nodes:
        if not node.op.startswith("prim::") and node.op != "IO Node":
            modules.setdefault(node.name.rpartition("/")[0], []).append(node)
    for module in held:
        modules.setdefault(module, [])
    common = _common(list(modules))
    rows = [
        _row(trace, module, nodes, held.get(module, []), common)._replace(
            shared_with="" if module in held else owners.get(module, "")
        )
        for module, nodes in modules.items()
    ]
    notes = ["PyTorch does not log the shapes of parameters: they are worked out from what uses them."] if held else []
    unknown = [row.name for row in rows if row.parameters is None]
    if unknown:
        notes.append(
            f"Parameters of {len(unknown):,} of {len(rows):,} modules do not follow from the shapes that are logged, as the "
            f"rows of an embedding do not: {_listed(unknown)}."
        )
    assumed = [row.name for row in rows if row.assumed]
    if assumed:
        notes.append(
            "Shapes leave the windows of some convolutions with a stride open; assumed are the usual ones (with padding a centred "
            f"one, else 1 on the way around a block and patches elsewhere): {_listed(assumed)}."
        )
    batch = next((node.outputs[0].shape for node in graph.nodes if node.op == "IO Node" and node.outputs), None)
    if batch and batch[0] is not None and batch[0] > 1:
        notes.append(
            f"FLOPs and activations are those of what the model was traced with, whose first length is {batch[0]:,}."
        )
    notes.append("PyTorch does not log types here: activations are counted as float32, 4 bytes each.")
    return rows, notes


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(map(short, names[:_NAMED])) + (f" and {more:,} more" if more > 0 else "")


def _row(trace: _Trace, module: str, nodes: Sequence[Node], held: Sequence[Parameter], common: int) -> Row:
    leaf = module.rpartition("/")[2]
    kind = leaf.partition("[")[0] if leaf.endswith("]") else ""
    own = [parameter for parameter in held if not parameter.buffer]
    sizes = [parameter.size for parameter in own]
    known = None if None in sizes else sum(size or 0 for size in sizes)
    # The tracer writes a node for each thing that an operation gives: the first one stands for all.
    twins = {place for place in range(1, len(nodes)) if _told(nodes[place]) == _told(nodes[place - 1])}
    counted = [
        one
        for place, node in enumerate(nodes)
        if not (place in twins and node.op in _STATES) and (one := flops(trace, node)) is not None
    ]
    given = [
        node.outputs[0]
        for place, node in enumerate(nodes)
        if place not in twins and node.outputs and node.outputs[0].shape is not None
    ]
    kept = [
        output.elements
        for node in nodes
        if node.op not in _VIEWS
        for output in node.outputs
        if output.elements is not None
    ]
    return Row(
        module or (nodes[0].name if nodes else ""),
        module.split("/", common)[-1] if module else "(no module)",
        kind or leaf,
        given[-1] if given else None,
        known,
        known,
        0.0,
        sum(counted) if counted else None,
        4 * sum(kept) if kept else None,
        assumed=any(parameter.assumed for parameter in own),
    )


def _told(node: Node) -> tuple[str, tuple[Input, ...]]:
    return node.op, node.inputs


def _common(modules: Sequence[str]) -> int:
    """Return how many scopes all modules share, so that names need not say them."""
    paths = [module.split("/") for module in modules if "/" in module]
    return 1 if paths and len({path[0] for path in paths}) == 1 else 0


# Parameters ----------------------------------------------------------------------------------------------------------


def parameters(graph: Graph) -> list[Parameter]:
    """Return what the modules hold, once each: a module that is called twice holds nothing twice."""
    trace = _Trace(graph)
    around = called(graph)
    found: dict[str, Parameter] = {}
    for node in graph.nodes:
        if node.op != PARAMETER:
            continue
        # In a scope of its name, where it has been given a number, or right in that of the module.
        scope, _slash, _leaf = node.name.rpartition("/")
        said = _NAME.search(node.attributes.get("attr", ""))
        name = said[1] if said else scope.rpartition("/")[2]
        path = scope if scope.endswith(f"/{name}") else node.name
        size, assumed = node.outputs[0].elements if node.outputs else None, False
        uses = [(user, place) for user, place in _uses(trace, node.name) if user.op != PARAMETER]
        buffer = name in _BUFFERS or (bool(uses) and all(_is_buffer(user, place) for user, place in uses))
        for user, place in uses:
            if size is not None:
                break
            size = _size(trace, user, place)
            assumed = size is not None and place == 1 and user.op in _CONVOLUTIONS and kernel(trace, user)[1]
        users = frozenset(user.name.rpartition("/")[0] for user, _place in uses)
        before = found.get(path)
        if before is None:
            found[path] = Parameter(node.name, placed(path, around)[0], size, buffer, assumed, users)
        elif before.size is None and size is not None:
            found[path] = before._replace(size=size, assumed=assumed, users=before.users | users)
        else:
            found[path] = before._replace(users=before.users | users)
    return list(found.values())


def called(graph: Graph) -> set[str]:
    """Return the scopes of the modules that are called, and those around them."""
    found = {""}
    for node in graph.nodes:
        scope = node.name.rpartition("/")[0] if node.op != PARAMETER and node.name.count("/") <= _DEEPEST else ""
        while scope not in found:
            found.add(scope)
            scope = scope.rpartition("/")[0]
    return found


def placed(name: str, around: Collection[str]) -> tuple[str, str]:
    """Return the innermost module around a parameter that is called, and the rest of its name.

    The tracer names an operation by the modules that are called on the way to it, but a parameter by all that hold it:
    a ModuleList, which is never called, is only in the latter.
    """
    module, rest = "", ""
    for part in name.split("/", _DEEPEST):
        inner = f"{module}/{part}" if module else part
        module, rest = (inner, "") if inner in around else (module, f"{rest}/{part}" if rest else part)
    return module, rest


def _uses(trace: _Trace, name: str) -> list[tuple[Node, int]]:
    """Return what takes a parameter, and as which argument; what only hands it on is looked through."""
    found, waiting, seen = [], [name], {name}
    while waiting:
        for user, place in trace.takers.get(waiting.pop(), ()):
            if user.op in _PASSES and place == 0 and user.name not in seen:
                seen.add(user.name)
                waiting.append(user.name)
            elif user.op == "prim::ListConstruct":
                found += [
                    (taker, place)
                    for taker, argument in trace.takers.get(user.name, ())
                    if taker.op in _STATES and argument
                ]
            elif user.op not in _PASSES:
                found.append((user, place))
    return found


def _is_buffer(user: Node, place: int) -> bool:
    return user.op in ("aten::batch_norm", "aten::instance_norm") and place in (3, 4)


def _size(trace: _Trace, user: Node, place: int) -> int | None:
    """Return how many numbers a parameter holds that `user` takes as its argument `place`, None if that does not tell."""
    rule = _SIZES.get(user.op)
    if rule is None:
        return None
    try:
        return rule(trace, user, place)
    except (ValueError, IndexError, ZeroDivisionError):
        return None


def _first(trace: _Trace, node: Node, place: int = 0) -> Shape:
    return trace.shape(node.inputs[place].source, node.inputs[place].slot)


def _given(node: Node) -> Shape:
    shape = node.outputs[0].shape if node.outputs else None
    if shape is None:
        raise ValueError("a shape is not known")
    return shape


def _linear(trace: _Trace, node: Node, place: int) -> int | None:
    rows = length(_given(node)[-1])
    return {1: rows * length(_first(trace, node)[-1]), 2: rows}.get(place)


def _added(trace: _Trace, node: Node, place: int) -> int | None:
    """Size what is added, or the second factor, of a sum with a product of two matrices."""
    columns = length(_given(node)[-1])
    return {0: columns, 2: columns * length(_first(trace, node, 1)[-1])}.get(place)


def _product(trace: _Trace, node: Node, place: int) -> int | None:
    first = _first(trace, node)
    given = _given(node)
    # Anything but a matrix would give another number of lengths, or broadcast.
    return length(given[-1]) * length(first[-1]) if place == 1 and len(given) == len(first) else None


def _bilinear(trace: _Trace, node: Node, place: int) -> int | None:
    rows = length(_given(node)[-1])
    return {2: rows * length(_first(trace, node)[-1]) * length(_first(trace, node, 1)[-1]), 3: rows}.get(place)


def _norm(trace: _Trace, node: Node, place: int) -> int | None:
    return length(_first(trace, node)[1]) if 1 <= place <= 4 else None


def _grouped_norm(trace: _Trace, node: Node, place: int) -> int | None:
    return length(_first(trace, node)[1]) if place in (2, 3) else None


def _layer_norm(trace: _Trace, node: Node, place: int) -> int | None:
    return math.prod(trace.numbers(node, 1)) if place in (2, 3) else None


def _recurrent(trace: _Trace, node: Node, place: int) -> int | None:
    """Size one of the parameters of all steps: for each layer and direction two matrices, then two biases if any."""
    gates = _STATES[node.op]
    biases, depth, both = (trace.numbers(node, argument)[0] for argument in (3, 4, 7))
    directions = 1 + both
    units = length(_given(node)[-1]) // directions
    each = 4 if biases else 2
    if place >= each * depth * directions:
        return None
    layer = place // each // directions
    takes = length(_first(trace, node)[-1]) if layer == 0 else units * directions
    return gates * units * (takes, units, 1, 1)[place % each]


class _Window(NamedTuple):
    """A convolution as its arguments tell it."""

    strides: list[int]
    paddings: list[int]
    dilations: list[int]
    transposed: bool
    extra: list[int]
    groups: int


def _window(trace: _Trace, node: Node) -> _Window:
    strides, paddings, dilations = (trace.numbers(node, place) for place in (3, 4, 5))
    if node.op in ("aten::_convolution", "aten::convolution"):
        transposed, groups = (trace.numbers(node, place)[0] for place in (6, 8))
        return _Window(strides, paddings, dilations, bool(transposed), trace.numbers(node, 7), groups)
    return _Window(strides, paddings, dilations, False, [0] * len(strides), trace.numbers(node, 6)[0])


def _convolution(trace: _Trace, node: Node, place: int) -> int | None:
    given = _given(node)
    if place == 2:
        return length(given[1])
    if place != 1:
        return None
    return kernel(trace, node)[0]


def kernel(trace: _Trace, node: Node) -> tuple[int, bool]:
    """Return how many numbers the kernel of a convolution holds, and whether its window is only the usual one.

    Raises ValueError when the shapes leave that open.
    """
    takes, given, window = _first(trace, node), _given(node), _window(trace, node)
    over = len(given) - 2
    columns = zip(
        takes[2:],
        given[2:],
        *(_spread(part, over) for part in window[:3]),
        window.extra,
        strict=True,
    )
    lengths = [_widths(window.transposed, *map(length, column)) for column in columns]
    both = set.intersection(*map(set, lengths))
    if any(len(found) > 1 for found in lengths) and len(both) == 1:
        lengths = [sorted(both) for _ in lengths]  # windows are square unless the shapes say otherwise
    open_still = any(len(found) > 1 for found in lengths)
    if open_still:
        strides, paddings, dilations = (_spread(part, over) for part in window[:3])
        beside = any(user.op in _CONVOLUTIONS and user is not node for user, _ in trace.takers[node.inputs[0].source])
        columns = zip(lengths, strides, paddings, dilations, strict=True)
        lengths = [_usual(found, stride, padding, dilation, beside) for found, stride, padding, dilation in columns]
    if any(len(found) != 1 for found in lengths):
        raise ValueError("several windows would give the same shape")
    channels = length(takes[1]) // window.groups
    return math.prod(found[0] for found in lengths) * channels * length(given[1]), open_still


def _usual(widths: list[int], stride: int, padding: int, dilation: int, beside: bool) -> list[int]:
    """Return of several widths of a window the usual one, or all of them.

    beside: another convolution takes the same, as the one on the way around of a residual block does.
    """
    if padding:
        centred = [width for width in widths if 2 * padding == dilation * (width - 1)]
        return centred if len(centred) == 1 else widths
    if widths == list(range(1, stride + 1)):
        return [1 if beside else stride]  # or the windows are patches side by side
    return widths


def _spread(numbers: Sequence[int], over: int) -> list[int]:
    return list(numbers) * over if len(numbers) == 1 else list(numbers)


def _widths(
    transposed: bool, takes: int, gives: int, stride: int, padding: int, dilation: int, extra: int
) -> list[int]:
    """Return the widths of a window which make `gives` places of `takes`."""
    if transposed:
        reach = gives - 1 - extra + 2 * padding - (takes - 1) * stride
        return [1 + reach // dilation] if reach >= 0 and reach % dilation == 0 else []
    most = takes + 2 * padding - 1 - stride * (gives - 1)
    return [1 + reach // dilation for reach in range(max(0, most - stride + 1), most + 1) if reach % dilation == 0]


Rule = Callable[[_Trace, Node, int], int | None]
_CONVOLUTIONS = (
    "aten::_convolution", "aten::convolution", "aten::conv1d", "aten::conv2d", "aten::conv3d",
)  # fmt: skip
_SIZES: Mapping[str, Rule] = {
    **dict.fromkeys(_CONVOLUTIONS, _convolution),
    **dict.fromkeys(("aten::batch_norm", "aten::instance_norm"), _norm),
    **dict.fromkeys(("aten::layer_norm", "aten::rms_norm"), _layer_norm),
    **dict.fromkeys(("aten::mm", "aten::matmul"), _product),
    **dict.fromkeys(_STATES, _recurrent),
    "aten::bilinear": _bilinear,
    "aten::group_norm": _grouped_norm,
    "aten::linear": _linear,
    "aten::addmm": _added,
}


# Operations ----------------------------------------------------------------------------------------------------------


def flops(trace: _Trace, node: Node) -> int | None:
    """Return how many operations a node takes, None where that does not follow from the shapes."""
    try:
        if node.op in _CONVOLUTIONS:
            takes, given = _first(trace, node), _given(node)
            whole, _assumed = kernel(trace, node)
            if _window(trace, node).transposed:
                return 2 * math.prod(map(length, takes)) * (whole // length(takes[1]))
            return 2 * math.prod(map(length, given)) * (whole // length(given[1]))
        if node.op in _STATES:
            sizes = [_recurrent(trace, node, place) for place in _kernels(trace, node)]
            return 2 * math.prod(map(length, _first(trace, node)[:-1])) * sum(size or 0 for size in sizes)
    except (ValueError, IndexError, ZeroDivisionError, TypeError):
        return None
    takes_all = [
        trace.nodes[one.source].outputs[one.slot].shape
        if one.source in trace.nodes and one.slot < len(trace.nodes[one.source].outputs)
        else None
        for one in node.inputs
    ]
    return operations(node, takes_all, [output.shape for output in node.outputs])


def _kernels(trace: _Trace, node: Node) -> list[int]:
    """Return which of the parameters of something that keeps a state are matrices."""
    biases, depth, both = (trace.numbers(node, argument)[0] for argument in (3, 4, 7))
    each = 4 if biases else 2
    return [place for place in range(each * depth * (1 + both)) if place % each < 2]

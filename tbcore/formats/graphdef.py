"""TensorFlow's graphs, in which PyTorch and TensorFlow log theirs: GraphDef, MetaGraphDef, and what RunMetadata measured.

    found = graph(data)                 the bytes of a GraphDef
    found = from_text('node { ... }')   the text of one
    run_metadata(data).costs["dense/MatMul"].time

Attributes are kept as bytes by protobuf and decoded here, each different one once: most nodes of a graph share theirs.
Maps are lists of their entries: so their order is that written, and a key that is no UTF-8 does no harm.
Source: tensorflow/core/framework/{graph,node_def,attr_value,function,op_def,versions,step_stats}.proto and
tensorflow/core/protobuf/{config,meta_graph,saved_model}.proto; how function graphs are merged: tensorboard's
plugins/graph/graph_util.py.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from tbcore.errors import MessageError, TensorError
from tbcore.formats import pbtxt
from tbcore.formats.graph_words import (
    VALUES,
    bool_text,
    list_text,
    number_text,
    shape_text,
    short,
    string_text,
    tensor_text,
    width,
)
from tbcore.formats.graphs import Cost, Function, Graph, Input, Node, Output, Shape
from tbcore.formats.schema import DataType, TensorProto, messages, parse, text
from tbcore.formats.tensors import ndarray

ARGUMENT, RESULT = "input_arg", "output_arg"  # the ops of what a function takes and gives, as TensorBoard names them

_TABLE = """
GraphDef
     1  node                    NodeDef                     repeated
     2  library                 FunctionDefLibrary
     4  versions                VersionDef

VersionDef
     1  producer                int32

NodeDef
     1  name                    string
     2  op                      string
     3  input                   string                      repeated
     4  device                  string
     5  attr                    bytes                       repeated

Attr
     1  key                     string
     2  value                   AttrValue

AttrValue
     1  list                    ListValue                   value
     2  s                       bytes                       value
     3  i                       int64                       value
     4  f                       float                       value
     5  b                       bool                        value
     6  type                    int32                       value
     7  shape                   TensorShapeProto            value
     8  tensor                  TensorProto                 value
     9  placeholder             string                      value
    10  func                    NameAttrList                value

ListValue
     2  s                       bytes                       repeated
     3  i                       int64                       repeated
     4  f                       float                       repeated
     5  b                       bool                        repeated
     6  type                    int32                       repeated
     7  shape                   TensorShapeProto            repeated
     8  tensor                  TensorProto                 repeated
     9  func                    NameAttrList                repeated

NameAttrList
     1  name                    string

FunctionDefLibrary
     1  function                FunctionDef                 repeated

FunctionDef
     1  signature               OpDef
     3  node_def                NodeDef                     repeated
     4  ret                     Returned                    repeated
     7  arg_attr                ArgAttrsEntry               repeated

Returned
     1  key                     string
     2  value                   string

ArgAttrsEntry
     1  key                     uint32
     2  value                   ArgAttrs

ArgAttrs
     1  attr                    bytes                       repeated

OpDef
     1  name                    string
     2  input_arg               ArgDef                      repeated
     3  output_arg              ArgDef                      repeated

ArgDef
     1  name                    string
     3  type                    int32

MetaGraphDef
     2  graph_def               GraphDef

SavedModel
     2  meta_graphs             MetaGraphDef                repeated

AnyGraph
     1  node                    NodeDef                     repeated
     2  library                 FunctionDefLibrary
     4  versions                VersionDef
   100  graph_def               GraphDef
   101  meta_graphs             MetaGraphDef                repeated

RunMetadata
     1  step_stats              StepStats
     4  function_graphs         FunctionGraphs              repeated

FunctionGraphs
     2  pre_optimization_graph  GraphDef

StepStats
     1  dev_stats               DeviceStepStats             repeated

DeviceStepStats
     1  device                  string
     2  node_stats              NodeExecStats               repeated

NodeExecStats
     1  node_name               string
     2  all_start_micros        int64
     5  all_end_rel_micros      int64
     6  memory                  AllocatorMemoryUsed         repeated
     7  output                  NodeOutput                  repeated
    13  all_start_nanos         int64
    16  all_end_rel_nanos       int64

AllocatorMemoryUsed
     2  total_bytes             int64

NodeOutput
     1  slot                    int32
     3  tensor_description      TensorDescription

TensorDescription
     1  dtype                   int32
     2  shape                   TensorShapeProto
"""

_classes = messages("graph", _TABLE)

GraphDef = _classes["GraphDef"]
Attr = _classes["Attr"]
_MetaGraphDef = _classes["MetaGraphDef"]
_SavedModel = _classes["SavedModel"]
_AnyGraph = _classes["AnyGraph"]
RunMetadataMessage = _classes["RunMetadata"]

_DTYPES = {
    DataType.FLOAT: "float32",
    DataType.DOUBLE: "float64",
    DataType.HALF: "float16",
    DataType.FLOAT8_E4M3B11FNUZ: "float8_e4m3b11fnuz",
}
_REFERENCE = 100  # is added to a type's number for a reference to it
_NANO = 1e-9
_MICRO = 1e-6
_MOST_OUTPUTS = 1000  # slots of one node of which sizes were measured
_KEPT = 1 << 12  # bytes of attributes that are worth remembering

_SHAPES = "_output_shapes"

# Where the types of a node's outputs are told: an attribute, "attribute=type" with the type that is meant when it is
# left out, or "=type"; the last one is that of all outputs beyond. A list of types is one each.
_DTYPE_OF = {
    **dict.fromkeys(
        (
            *("Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual", "LogicalAnd", "LogicalOr"),
            *("LogicalNot", "IsNan", "IsInf", "IsFinite", "All", "Any", "VarIsInitializedOp", "InTopK", "InTopKV2"),
        ),
        ("=bool",),
    ),
    **dict.fromkeys(("VarHandleOp", "IteratorV2", "Iterator", "TensorArrayV3"), ("=resource",)),
    **dict.fromkeys(("MergeSummary", "ScalarSummary", "HistogramSummary", "TensorSummaryV2"), ("=string",)),
    **dict.fromkeys(("ImageSummary", "AudioSummaryV2", "StringJoin", "AsString"), ("=string",)),
    **dict.fromkeys(("Shape", "ShapeN", "Size", "Unique"), ("out_type=int32",)),
    **dict.fromkeys(("ArgMax", "ArgMin"), ("output_type=int64",)),
    **dict.fromkeys(("FusedBatchNormV2", "FusedBatchNormV3"), ("T", "U")),
    **dict.fromkeys(("IteratorGetNext", "MakeIterator"), ("output_types",)),
    **dict.fromkeys(
        ("PartitionedCall", "StatefulPartitionedCall", "If", "StatelessIf", "PyFunc", "EagerPyFunc"), ("Tout",)
    ),
    "Cast": ("DstT",),
    "Rank": ("=int32",),
    "Where": ("=int64",),
    "TopKV2": ("T", "index_type=int32"),
    "Bucketize": ("=int32",),
    "Multinomial": ("output_dtype=int64",),
    "Merge": ("T", "=int32"),
}
_ANY_DTYPE = ("dtype", "T", "output_types", "Tout", "Tparams", "out_type", "Tidx")

# The names of outputs in the order of their slots: within functions, a slot is told by the name of its output.
_OUTPUT_NAMES = {
    **dict.fromkeys(("TopK", "TopKV2"), ("values", "indices")),
    **dict.fromkeys(
        ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"),
        ("y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2", "reserve_space_3"),
    ),
    **dict.fromkeys(
        ("FusedBatchNormGrad", "FusedBatchNormGradV2", "FusedBatchNormGradV3"),
        ("x_backprop", "scale_backprop", "offset_backprop", "reserve_space_4", "reserve_space_5"),
    ),
    **dict.fromkeys(
        ("SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits"),
        ("loss", "backprop"),
    ),
    **dict.fromkeys(("Unique", "UniqueV2"), ("y", "idx")),
    "UniqueWithCounts": ("y", "idx", "count"),
    "BroadcastGradientArgs": ("r0", "r1"),
    "Switch": ("output_false", "output_true"),
    "Merge": ("output", "value_index"),
    "Moments": ("mean", "variance"),
    "MaxPoolWithArgmax": ("output", "argmax"),
    "CudnnRNNV3": ("output", "output_h", "output_c", "reserve_space", "host_reserved"),
    "SparseFillEmptyRows": ("output_indices", "output_values", "empty_row_indicator", "reverse_index_map"),
    "Qr": ("q", "r"),
    "Svd": ("s", "u", "v"),
}


@dataclass(frozen=True)
class RunMetadata:
    """What one run of a graph was measured to take, by the name of the node, and the graphs of its functions as one.

    graph: None where none was written.
    """

    costs: dict[str, Cost]
    graph: Graph | None


# Graphs --------------------------------------------------------------------------------------------------------------


def graph(data: bytes) -> Graph:
    """Return the graph of a GraphDef. Raises MessageError when the bytes do not spell one."""
    return _graph(parse(GraphDef, data))


def meta_graph(data: bytes) -> Graph:
    """Return the graph of a MetaGraphDef. Raises MessageError when the bytes do not spell one."""
    return _graph(parse(_MetaGraphDef, data).graph_def)


def saved_model(data: bytes) -> Graph:
    """Return the graph of a SavedModel, the first where it holds several. Raises MessageError."""
    found = parse(_SavedModel, data).meta_graphs
    if not found:
        raise MessageError(f"a SavedModel of {len(data):,} bytes holds no graph")
    return _first(found)


def from_binary(data: bytes) -> Graph:
    """Return the graph of a GraphDef, a MetaGraphDef or a SavedModel, whichever the bytes spell. Raises MessageError."""
    wrong: MessageError | None = None
    for reader in (graph, meta_graph, saved_model):
        try:
            found = reader(data)
        except MessageError as error:
            wrong = wrong or error
            continue
        # Each of the three may parse as another one, but not to nodes that all have names.
        if found.nodes and all(node.name for node in found.nodes):
            return found
    raise MessageError(f"{len(data):,} bytes hold neither a GraphDef nor a MetaGraphDef nor a SavedModel") from wrong


def from_text(source: str) -> Graph:
    """Return the graph that a text spells: of a GraphDef, a MetaGraphDef or a SavedModel.

    Raises MessageError, which tells the line, when the text is not in protobuf's text format, or holds no graph.
    """
    inner = {("NodeDef", "attr"): Attr, ("ArgAttrs", "attr"): Attr}
    found = parse(_AnyGraph, pbtxt.wire(source, _AnyGraph, inner))
    if found.meta_graphs:
        return _first(found.meta_graphs)
    if found.HasField("graph_def"):
        return _graph(found.graph_def)
    if not found.node and not found.HasField("library"):
        raise MessageError("the text holds no graph: neither node nor graph_def")
    return _graph(found)


def same(data: bytes, meta: bytes) -> bool:
    """Return whether a MetaGraphDef holds the nodes of a GraphDef, wired alike. Raises MessageError."""
    if data in meta:
        return True
    one, other = parse(GraphDef, data), parse(_MetaGraphDef, meta).graph_def
    return len(one.node) == len(other.node) and all(
        a.name == b.name and a.op == b.op and a.input == b.input and a.device == b.device
        for a, b in zip(one.node, other.node, strict=True)
    )


def _first(meta_graphs: Sequence[Any]) -> Graph:
    found = _graph(meta_graphs[0].graph_def)
    if len(meta_graphs) == 1:
        return found
    return replace(found, problems=(*found.problems, f"the first of {len(meta_graphs)} graphs is shown"))


def _graph(message: Any) -> Graph:
    """Return the graph of a message that has the fields of GraphDef."""
    reader = _Reader()
    nodes = tuple([reader.node(node) for node in message.node])
    functions = tuple(reader.function(function) for function in message.library.function)
    torch = any(node.op == "IO Node" or node.op.startswith(("prim::", "aten::")) for node in nodes)
    producer = message.versions.producer
    return Graph(
        nodes,
        functions,
        "torch" if torch else "graphdef",
        f"GraphDef version {producer}" if producer else "",
        tuple(reader.problems),
    )


class _Attributes(NamedTuple):
    """The attributes of a node as text, the bytes of the constants among them, and what they tell of its outputs."""

    texts: dict[str, str]
    size: int
    dtypes: dict[str, tuple[str, ...]]
    shapes: tuple[Shape | None, ...] | None  # None where it is not told how many outputs there are
    shape: Shape | None  # of the value of a constant
    outputs: dict[str, tuple[Output, ...]]  # by the op that has these attributes, as far as they were asked for


@dataclass
class _Reader:
    """Reads the nodes of one graph; what many of them share is read once."""

    problems: list[str] = field(default_factory=list)
    _sets: dict[tuple[bytes, ...], _Attributes] = field(default_factory=dict)
    _values: dict[bytes, tuple[str, Any, str]] = field(default_factory=dict)

    def node(self, message: Any, inputs: tuple[Input, ...] | None = None) -> Node:
        """Return the node of a NodeDef. inputs: where it takes them from, when its own names are not those of nodes."""
        name, op = text(message.name), text(message.op)
        found = self._attributes(message.attr, name)
        outputs = found.outputs.get(op)
        if outputs is None:
            outputs = found.outputs[op] = _outputs(op, found)
        if inputs is None:
            inputs = tuple([_input(text(source)) for source in message.input])
        return Node(name, op, inputs, outputs, text(message.device), found.texts, found.size)

    def function(self, message: Any) -> Function:
        """Return a function: its arguments as nodes, its operations, and its results as nodes."""
        signature = message.signature
        arguments = tuple(text(argument.name) for argument in signature.input_arg)
        results = tuple(text(result.name) for result in signature.output_arg)
        given = {entry.key: entry.value.attr for entry in message.arg_attr}
        nodes = []
        for place, argument in enumerate(signature.input_arg):
            told = self._attributes(given.get(place, ()), arguments[place])
            shape = told.shapes[0] if told.shapes else None
            nodes.append(Node(arguments[place], ARGUMENT, (), (Output(dtype_name(argument.type), shape),)))
        ops = {text(node.name): text(node.op) for node in message.node_def}
        for node in message.node_def:
            inputs = tuple([_inner_input(text(source), ops) for source in node.input])
            nodes.append(self.node(node, inputs))
        taken = {node.name for node in nodes}
        returned = {text(entry.key): text(entry.value) for entry in message.ret}
        for name, result in zip(results, signature.output_arg, strict=True):
            source = returned.get(name, "")
            own = name
            while own in taken:
                own += "_result"
            taken.add(own)
            inputs = (_inner_input(source, ops),) if source else ()
            nodes.append(Node(own, RESULT, inputs, (Output(dtype_name(result.type)),)))
        return Function(text(signature.name), tuple(nodes), arguments, results)

    def _attributes(self, entries: Iterable[bytes], name: str) -> _Attributes:
        entries = tuple(entries)
        found = self._sets.get(entries)
        if found is None:
            found = self._read(entries, name)
            if found.size == 0 or sum(map(len, entries)) < _KEPT:
                self._sets[entries] = found
        return found

    def _read(self, entries: tuple[bytes, ...], name: str) -> _Attributes:
        texts: dict[str, str] = {}
        dtypes: dict[str, tuple[str, ...]] = {}
        shapes: tuple[Shape | None, ...] | None = None
        shape: Shape | None = None
        size = 0
        for entry in entries:
            known = self._values.get(entry)
            if known is None:
                try:
                    known = _value(parse(Attr, entry))
                except MessageError as error:
                    self.problems.append(f"an attribute of {short(name)} cannot be read: {error}")
                    continue
                if len(entry) < _KEPT:
                    self._values[entry] = known
            key, told, words = known
            if key == _SHAPES and isinstance(told, _Shapes):
                shapes = told.each
                continue
            texts[key] = words
            if isinstance(told, _Types):
                dtypes[key] = told.each
            elif isinstance(told, _Constant):
                size += told.size
                shape = told.shape
        return _Attributes(texts, size, dtypes, shapes, shape, {})


# Inputs and outputs --------------------------------------------------------------------------------------------------


def _input(source: str) -> Input:
    """Return the input that is written "name", "name:slot" or "^name"."""
    if source.startswith("^"):
        return Input(source[1:], 0, True)
    name, colon, slot = source.rpartition(":")
    if colon and name and _is_slot(slot):
        return Input(name, int(slot))
    return Input(source)


def _inner_input(source: str, ops: dict[str, str]) -> Input:
    """Return the input of a function's node: "argument", "node:output" or "node:output:place in it". ops: by node."""
    if source.startswith("^"):
        return Input(source[1:], 0, True)
    name, _colon, rest = source.partition(":")
    output, _colon, place = rest.partition(":")
    names = _OUTPUT_NAMES.get(ops.get(name, ""), ())
    if _is_slot(output):
        return Input(name, int(output))
    slot = int(place) if _is_slot(place) else 0
    return Input(name, slot + (names.index(output) if output in names else 0))


def _is_slot(digits: str) -> bool:
    return len(digits) < 10 and digits.isascii() and digits.isdecimal()


def _outputs(op: str, found: _Attributes) -> tuple[Output, ...]:
    """Return the outputs of a node as its attributes tell them."""
    told: list[str] = []
    for rule in _DTYPE_OF.get(op) or [name for name in _ANY_DTYPE if name in found.dtypes][:1]:
        name, _equals, otherwise = rule.partition("=")
        told += found.dtypes.get(name, (otherwise,))
    shapes = found.shapes
    if shapes is None:
        # Without shapes nothing tells how many outputs there are: at least as many as there are types, of what gives any.
        shapes = (found.shape,) if found.shape is not None else (None,) * (len(told) if _gives(op, told) else 0)
    last = told[-1] if told else ""
    return tuple(
        [Output(told[slot] if slot < len(told) else last, shape) for slot, shape in enumerate(shapes)],
    )


def _gives(op: str, told: Sequence[str]) -> bool:
    """Return whether an operation gives something, when only its types are known."""
    return bool(told) and not op.startswith(("Assign", "ResourceApply", "Assert", "Save", "NoOp"))


# Attributes ----------------------------------------------------------------------------------------------------------


class _Types(NamedTuple):
    each: tuple[str, ...]


class _Shapes(NamedTuple):
    each: tuple[Shape | None, ...]


class _Constant(NamedTuple):
    size: int
    shape: Shape | None


def _value(message: Any) -> tuple[str, Any, str]:
    """Return the key of an attribute, what it tells beyond its text (or None), and its text."""
    value = message.value
    kind = value.WhichOneof("value")
    told: Any = None
    if kind == "list":
        held = value.list
        name = next((descriptor.name for descriptor, _value in held.ListFields()), "")
        items = getattr(held, name) if name else ()
        if name == "type":
            told = _Types(tuple(map(dtype_name, items)))
        elif name == "shape" or (not name and text(message.key) == _SHAPES):
            told = _Shapes(tuple(map(_shape, items)))
            if text(message.key) == _SHAPES:
                return _SHAPES, told, ""
        words = list_text(items, _WORDS[name]) if name else "[]"
        return text(message.key), told, words
    if kind is None:
        return text(message.key), None, ""
    held = getattr(value, kind)
    if kind == "type":
        told = _Types((dtype_name(held).removesuffix("_ref"),))
    elif kind == "tensor":
        told = _Constant(_bytes(held), _shape(held.tensor_shape))
    return text(message.key), told, _WORDS[kind](held)


def dtype_name(number: int) -> str:
    """Return the name of a DataType, "" of none, with "_ref" at the end of a reference."""
    reference = number > _REFERENCE
    try:
        dtype = DataType(number - _REFERENCE if reference else number)
    except ValueError:
        return f"type {number}"
    if dtype == DataType.INVALID:
        return ""
    return _DTYPES.get(dtype, dtype.name.lower()) + "_ref" * reference


def _shape(message: Any) -> Shape | None:
    if message.unknown_rank:
        return None
    sizes = [dim.size for dim in message.dim]
    return tuple([size if size >= 0 else None for size in sizes])


def _bytes(tensor: Any) -> int:
    """Return how many bytes a tensor takes in memory."""
    if tensor.string_val:
        return sum(map(len, tensor.string_val))
    lengths = [max(0, dim.size) for dim in tensor.tensor_shape.dim]
    return math.prod(lengths) * width(dtype_name(tensor.dtype)) or len(tensor.tensor_content)


def _tensor_text(tensor: Any) -> str:
    """Return type, shape and first values of a tensor."""
    dtype = dtype_name(tensor.dtype)
    few = TensorProto(dtype=tensor.dtype)
    few.tensor_shape.unknown_rank = True
    if tensor.tensor_content:
        few.tensor_content = tensor.tensor_content[: (VALUES + 1) * max(1, width(dtype))]
    else:
        for descriptor, items in tensor.ListFields():
            if descriptor.name.endswith("_val") and descriptor.name != "variant_val":
                getattr(few, descriptor.name).extend(items[: (VALUES + 1) * 2])
    try:
        values = ndarray(few).tolist()
    except TensorError:
        values = []
    return tensor_text(dtype, _shape(tensor.tensor_shape), values)


_WORDS: dict[str, Any] = {
    "s": string_text,
    "i": str,
    "f": number_text,
    "b": bool_text,
    "type": dtype_name,
    "shape": lambda message: shape_text(_shape(message)),
    "tensor": _tensor_text,
    "placeholder": lambda name: f"${text(name)}",
    "func": lambda message: text(message.name),
}


# What was measured ---------------------------------------------------------------------------------------------------


def run_metadata(data: bytes) -> RunMetadata:
    """Return what a RunMetadata holds. Raises MessageError when the bytes do not spell one."""
    message = parse(RunMetadataMessage, data)
    graphs = [each.pre_optimization_graph for each in message.function_graphs]
    return RunMetadata(_costs(message.step_stats), _merged(graphs) if graphs else None)


def is_measured(data: bytes) -> bool:
    """Return whether a RunMetadata tells what any node took. Raises MessageError."""
    return any(device.node_stats for device in parse(RunMetadataMessage, data).step_stats.dev_stats)


def _merged(messages: Sequence[Any]) -> Graph:
    """Return several graphs as one: each below "graph_1", "graph_2" ..., its functions with "graph_1_" before them."""
    graphs = [_graph(message) for message in messages]
    if len(graphs) == 1:
        return graphs[0]
    nodes: list[Node] = []
    functions: list[Function] = []
    problems: list[str] = []
    for number, one in enumerate(graphs, 1):
        prefix = f"graph_{number}"
        renamed = {function.name: f"{prefix}_{function.name}" for function in one.functions}
        nodes += [_prefixed(node, f"{prefix}/", renamed) for node in one.nodes]
        functions += [
            replace(
                function,
                name=renamed[function.name],
                nodes=tuple([_prefixed(node, "", renamed) for node in function.nodes]),
            )
            for function in one.functions
        ]
        problems += [f"graph_{number}: {problem}" for problem in one.problems]
    producers = sorted({one.producer or "no version" for one in graphs})
    if len(producers) > 1:
        problems.append(f"the {len(graphs)} function graphs were written by different versions: {', '.join(producers)}")
    form = "torch" if any(one.form == "torch" for one in graphs) else "graphdef"
    return Graph(tuple(nodes), tuple(functions), form, producers[0] if len(producers) == 1 else "", tuple(problems))


def _prefixed(node: Node, prefix: str, renamed: dict[str, str]) -> Node:
    """Return a node below a prefix; renamed: the functions that are called otherwise now."""
    attributes = node.attributes
    if renamed and any(value in renamed for value in attributes.values()):
        attributes = {key: renamed.get(value, value) for key, value in attributes.items()}
    return replace(
        node,
        name=prefix + node.name,
        op=renamed.get(node.op, node.op),
        inputs=tuple([one._replace(source=prefix + one.source) for one in node.inputs]),
        attributes=attributes,
    )


def _costs(stats: Any) -> dict[str, Cost]:
    """Return what nodes took, by name.

    A GPU is listed as a device, where kernels are launched, and as streams, where they run: time is then that of the
    streams, each kernel counted once although one stream is listed beside that of all. Kernels are "node:kernel".
    """
    found: dict[tuple[str, bool], Cost] = {}
    devices = [(text(device.device), device.node_stats) for device in stats.dev_stats]
    together = {name.partition("/stream:")[0] for name, _nodes in devices if name.endswith("/stream:all")}
    for device, nodes in devices:
        owner, stream, number = device.partition("/stream:")
        if stream and owner in together and number != "all":
            continue
        for node in nodes:
            key = (text(node.node_name).partition(":")[0], bool(stream))
            cost = _cost(node, device)
            before = found.get(key)
            found[key] = cost if before is None else _sum(before, cost)
    costs: dict[str, Cost] = {}
    for (name, streamed), cost in sorted(found.items(), key=lambda item: item[0][1]):
        launched = costs.get(name) if streamed else None
        costs[name] = (
            cost
            if launched is None
            else launched._replace(time=cost.time, memory=launched.memory + cost.memory, runs=launched.runs)
        )
    return costs


def _cost(node: Any, device: str) -> Cost:
    start = node.all_start_nanos * _NANO or node.all_start_micros * _MICRO
    time = node.all_end_rel_nanos * _NANO or node.all_end_rel_micros * _MICRO
    memory = sum(max(0, used.total_bytes) for used in node.memory)
    outputs: dict[int, Output] = {}
    for output in node.output:
        described = output.tensor_description
        outputs[output.slot] = Output(dtype_name(described.dtype), _shape(described.shape))
    count = max(outputs) + 1 if outputs and max(outputs) < _MOST_OUTPUTS else 0
    return Cost(device, start, max(0.0, time), memory, 1, tuple(outputs.get(slot, Output()) for slot in range(count)))


def _sum(one: Cost, other: Cost) -> Cost:
    device = one.device if one.device == other.device else f"{one.device}, {other.device}"
    if other.device in one.device.split(", "):
        device = one.device
    return Cost(
        device,
        min(one.start, other.start),
        one.time + other.time,
        one.memory + other.memory,
        one.runs + other.runs,
        one.outputs or other.outputs,
    )

"""ONNX models as graphs: what a model takes, what it keeps, its operations, what it gives.

In ONNX values have names, and operations may have none; here an edge is between nodes, so every node gets a name that
no other has: its own, else its op with a number. What a model takes and gives becomes nodes "Input" and "Output", what
it keeps "Initializer". "/layer1/Conv" loses its first "/". Kept values lie in the scope of those that use them. A graph
inside of a node (If, Loop, Scan) lies below it: "node/then_branch/...". Data in files beside the model are not opened.
Source: onnx/onnx.proto; the scopes that PyTorch notes down: torch/onnx/_internal/exporter/_core.py.
"""

import math
import re
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tbcore.errors import MessageError
from tbcore.formats.graph_words import (
    VALUES,
    list_text,
    number_text,
    shape_text,
    short,
    string_text,
    tensor_text,
    width,
)
from tbcore.formats.graphs import Function, Graph, Input, Node, Output, Shape
from tbcore.formats.schema import messages, parse, text

INPUT, OUTPUT, INITIALIZER = "Input", "Output", "Initializer"

_TABLE = """
ModelProto
     1  ir_version              int64
     2  producer_name           string
     3  producer_version        string
     7  graph                   GraphProto
     8  opset_import            OperatorSetIdProto          repeated
    25  functions               FunctionProto               repeated

OperatorSetIdProto
     1  domain                  string
     2  version                 int64

GraphProto
     1  node                    NodeProto                   repeated
     2  name                    string
     5  initializer             TensorProto                 repeated
    11  input                   ValueInfoProto              repeated
    12  output                  ValueInfoProto              repeated
    13  value_info              ValueInfoProto              repeated
    15  sparse_initializer      SparseTensorProto           repeated

NodeProto
     1  input                   string                      repeated
     2  output                  string                      repeated
     3  name                    string
     4  op_type                 string
     5  attribute               AttributeProto              repeated
     7  domain                  string
     9  metadata_props          StringStringEntryProto      repeated

AttributeProto
     1  name                    string
     2  f                       float
     3  i                       int64
     4  s                       bytes
     5  t                       TensorProto
     6  g                       GraphProto
     7  floats                  float                       repeated
     8  ints                    int64                       repeated
     9  strings                 bytes                       repeated
    10  tensors                 TensorProto                 repeated
    11  graphs                  GraphProto                  repeated
    14  tp                      TypeProto
    15  type_protos             TypeProto                   repeated
    20  type                    int32
    21  ref_attr_name           string
    22  sparse_tensor           SparseTensorProto

ValueInfoProto
     1  name                    string
     2  type                    TypeProto

TypeProto
     1  tensor_type             TensorType                  value
     4  sequence_type           Sequence                    value
     8  sparse_tensor_type      TensorType                  value
     9  optional_type           Sequence                    value

TypeProto.TensorType
     1  elem_type               int32
     2  shape                   TensorShapeProto

TypeProto.Sequence
     1  elem_type               TypeProto

TensorShapeProto
     1  dim                     Dimension                   repeated

TensorShapeProto.Dimension
     1  dim_value               int64                       value
     2  dim_param               string                      value

TensorProto
     1  dims                    int64                       repeated
     2  data_type               int32
     4  float_data              float                       repeated
     5  int32_data              int32                       repeated
     6  string_data             bytes                       repeated
     7  int64_data              int64                       repeated
     8  name                    string
     9  raw_data                bytes
    10  double_data             double                      repeated
    11  uint64_data             uint64                      repeated
    13  external_data           StringStringEntryProto      repeated

SparseTensorProto
     1  values                  TensorProto
     2  indices                 TensorProto
     3  dims                    int64                       repeated

StringStringEntryProto
     1  key                     string
     2  value                   string

FunctionProto
     1  name                    string
     4  input                   string                      repeated
     5  output                  string                      repeated
     6  attribute               string                      repeated
     7  node                    NodeProto                   repeated
    10  domain                  string
    12  value_info              ValueInfoProto              repeated
"""

_classes = messages("onnx", _TABLE)

_ModelProto = _classes["ModelProto"]

_DTYPES = (
    *("", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16", "float64"),
    *("uint32", "uint64", "complex64", "complex128", "bfloat16", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2"),
    *("float8_e5m2fnuz", "uint4", "int4", "float4_e2m1", "float8_e8m0", "uint2", "int2"),
)
_STORED = {"float32": "<f4", "float64": "<f8", "float16": "<f2", "bool": "|b1"} | {
    f"{sign}int{bits}": f"<{sign[:1] or 'i'}{bits // 8}" for sign in ("", "u") for bits in (8, 16, 32, 64)
}
# Where values are listed one by one; other types list their bits as integers, several in one, or halves.
_LISTED = {
    "float32": "float_data",
    "float64": "double_data",
    **dict.fromkeys(("int8", "int16", "int32", "uint8", "uint16", "bool"), "int32_data"),
    "int64": "int64_data",
    **dict.fromkeys(("uint32", "uint64"), "uint64_data"),
    "string": "string_data",
}
_DEEPEST = 32  # graphs within nodes within graphs
_DEFAULT_DOMAINS = ("", "ai.onnx")
_NAME_SCOPES = "pkg.torch.onnx.name_scopes"
_QUOTED = re.compile(r"'([^']*)'")
_WAYS = (  # how an attribute's type says that it is written
    *("", "f", "i", "s", "t", "g", "floats", "ints", "strings", "tensors", "graphs", "sparse_tensor", ""),
    *("tp", "type_protos"),
)

_Place = tuple[str, int]  # a node's name and the slot of its output
_Values = ChainMap[str, _Place]  # by the name of the value; those of the graphs around come after


def graph(data: bytes) -> Graph:
    """Return the graph of a ModelProto. Raises MessageError when the bytes do not spell one, or no graph is in it."""
    model = parse(_ModelProto, data)
    if not model.HasField("graph"):
        raise MessageError(f"{len(data):,} bytes hold no ONNX model: there is no graph in them")
    reader = _Reader()
    reader.graph(model.graph, "", ChainMap(), 0)
    functions = tuple(_function(function, reader.problems) for function in model.functions)
    versions = [f"{text(one.domain) or 'ai.onnx'} {one.version}" for one in model.opset_import]
    written_by = f"{text(model.producer_name)} {text(model.producer_version)}".strip()
    producer = ", ".join(filter(None, (written_by, f"opset {', '.join(versions)}" if versions else "")))
    return Graph(tuple(reader.nodes), functions, "onnx", producer, tuple(dict.fromkeys(reader.problems)))


def _function(message: Any, problems: list[str]) -> Function:
    """Return a function; its name is what calls it by: with the domain, unless that is ONNX's own."""
    reader = _Reader(problems=problems)
    shapes = {text(one.name): _output(one.type) for one in message.value_info}
    arguments, results = tuple(map(text, message.input)), tuple(map(text, message.output))
    values: _Values = ChainMap()
    for argument in arguments:
        reader.add(argument, INPUT, "", values, argument, outputs=(shapes.get(argument, Output()),))
    reader.operations(message.node, "", values, shapes, 0)
    for result in results:
        reader.add(
            result, OUTPUT, "", ChainMap(), "", (reader.source(result, values),), (shapes.get(result, Output()),)
        )
    return Function(_op(message.domain, message.name), tuple(reader.nodes), arguments, results)


@dataclass
class _Reader:
    """Reads graphs into one list of nodes, whose names are all different."""

    nodes: list[Node] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)
    _numbers: dict[str, int] = field(default_factory=dict)

    def graph(self, message: Any, prefix: str, outer: _Values, depth: int) -> None:
        """Add the nodes of a graph. prefix: the scope that it lies in; outer: what is known of the values around it."""
        shapes = {text(one.name): _output(one.type) for one in (*message.value_info, *message.input, *message.output)}
        kept = {text(one.name) for one in message.initializer}
        kept |= {text(one.values.name) for one in message.sparse_initializer}
        values = outer.new_child()
        for one in message.input:
            name = text(one.name)
            if name not in kept:  # old models list what they keep among what they take
                self.add(name, INPUT, prefix, values, name, outputs=(shapes[name],))
        scopes = _scopes(message.node, prefix)
        for one in message.initializer:
            self._keep(one, text(one.name), tuple(one.dims), scopes, prefix, values)
        for one in message.sparse_initializer:
            self._keep(one.values, text(one.values.name), tuple(one.dims), scopes, prefix, values)
        self.operations(message.node, prefix, values, shapes, depth)
        for one in message.output:
            name = text(one.name)
            self.add(name, OUTPUT, prefix, ChainMap(), "", (self.source(name, values),), (shapes[name],))

    def operations(
        self,
        messages: Iterable[Any],
        prefix: str,
        values: _Values,
        shapes: Mapping[str, Output],
        depth: int,
    ) -> None:
        """Add operations, and what is inside of them; values: what is known, to which what they give is added."""
        named: list[tuple[Any, str, str]] = []
        for message in messages:  # first all names: in a damaged model what is given may come after what takes it
            op = _op(message.domain, message.op_type)
            name = self._unique(_scope(message, prefix) + _own_name(message), text(message.op_type))
            named.append((message, op, name))
            for slot, value in enumerate(map(text, message.output)):
                if value:
                    if value in values and not prefix:
                        self.problems.append(f"{short(value)} is given by more than one node")
                    values[value] = (name, slot)
        for message, op, name in named:
            attributes: dict[str, str] = {}
            size = 0
            held = Output()
            for attribute in message.attribute:
                key = text(attribute.name)
                attributes[key] = _attribute(attribute)
                if attribute.HasField("t"):
                    size += _size(attribute.t)
                    held = Output(_dtype(attribute.t.data_type), tuple(attribute.t.dims))
            inputs = tuple([self.source(value, values) for value in map(text, message.input) if value])
            unknown = held if op == "Constant" else Output()
            outputs = tuple([shapes.get(text(value), unknown) for value in message.output])
            self.nodes.append(Node(name, op, inputs, outputs, "", attributes, size))
            for key, inner in _inner_graphs(message):
                if depth >= _DEEPEST:
                    self.problems.append(f"{short(name)} holds more than {_DEEPEST} graphs within one another")
                else:
                    self.graph(inner, f"{name}/{key}/", values, depth + 1)

    def add(
        self,
        name: str,
        op: str,
        prefix: str,
        values: _Values,
        value: str,
        inputs: tuple[Input, ...] = (),
        outputs: tuple[Output, ...] = (),
        attributes: Mapping[str, str] | None = None,
        size: int = 0,
    ) -> None:
        """Add a node that is no operation, which gives `value`."""
        unique = self._unique(prefix + name.lstrip("/"), op)
        self.nodes.append(Node(unique, op, inputs, outputs, "", attributes or {}, size))
        values[value] = (unique, 0)

    def source(self, value: str, values: Mapping[str, _Place]) -> Input:
        """Return where a value comes from; one that nothing gives is an input without a node."""
        name, slot = values.get(value, (value, 0))
        return Input(name, slot)

    def _keep(
        self,
        message: Any,
        name: str,
        shape: Shape,
        scopes: Mapping[str, str],
        prefix: str,
        values: _Values,
    ) -> None:
        scope = prefix if "/" in name else scopes.get(name, prefix)
        outputs = (Output(_dtype(message.data_type), shape),)
        attributes = {"value": _tensor_text(message)}
        if message.external_data:
            told = {text(entry.key): text(entry.value) for entry in message.external_data}
            attributes["external_data"] = ", ".join(f"{key} {value}" for key, value in told.items())
        self.add(name, INITIALIZER, scope, values, name, (), outputs, attributes, _size(message))

    def _unique(self, name: str, op: str) -> str:
        """Return the name, with a number where another node has it, or made of op and number where there is none."""
        stem, found = name, name
        if not name or name.endswith("/"):
            stem, found = name + (op or "node"), ""
        number = self._numbers.get(stem, 0)
        while not found or found in self._names:
            number += 1
            found = f"{stem}_{number}"
        self._numbers[stem] = number
        self._names.add(found)
        return found


# Names and scopes ----------------------------------------------------------------------------------------------------


def _op(domain: str | bytes, op: str | bytes) -> str:
    return text(op) if text(domain) in _DEFAULT_DOMAINS else f"{text(domain)}:{text(op)}"


def _own_name(message: Any) -> str:
    return text(message.name).strip("/")


def _scope(message: Any, prefix: str) -> str:
    """Return the scope that a node lies in beyond those of its name, ending in "/" unless it is ""."""
    if b"/" in message.name if isinstance(message.name, bytes) else "/" in message.name:
        return prefix
    for entry in message.metadata_props:
        if text(entry.key) == _NAME_SCOPES:
            # One name for each module around it ("", "layer1", "layer1.0") and its own.
            modules = _QUOTED.findall(text(entry.value))[:-1]
            path = modules[-1].replace(".", "/") if modules else ""
            return f"{prefix}{path}/" if path else prefix
    return prefix


def _scopes(messages: Iterable[Any], prefix: str) -> dict[str, str]:
    """Return by value the innermost scope in which all nodes are that take it, ending in "/" unless it is ""."""
    found: dict[str, str] = {}
    for message in messages:
        path = _scope(message, prefix) + _own_name(message)
        scope = path[: path.rfind("/") + 1]
        for value in map(text, message.input):
            known = found.get(value)
            found[value] = scope if known is None or known == scope else _shared(known, scope)
    return found


def _shared(one: str, other: str) -> str:
    """Return the scope around two scopes."""
    shared = []
    for a, b in zip(one.split("/")[:-1], other.split("/")[:-1], strict=False):
        if a != b:
            break
        shared.append(f"{a}/")
    return "".join(shared)


# Values --------------------------------------------------------------------------------------------------------------


def _dtype(number: int) -> str:
    return _DTYPES[number] if 0 <= number < len(_DTYPES) else f"type {number}"


def _output(message: Any) -> Output:
    """Return the type of a value; of a sequence that of what is in it, of unknown shape."""
    kind = message.WhichOneof("value")
    if kind in ("tensor_type", "sparse_tensor_type"):
        tensor = getattr(message, kind)
        shape: Shape | None = None
        if tensor.HasField("shape"):
            shape = tuple([dim.dim_value if dim.HasField("dim_value") else None for dim in tensor.shape.dim])
        return Output(_dtype(tensor.elem_type), shape)
    if kind in ("sequence_type", "optional_type"):
        words = kind.removesuffix("_type")
        return Output(f"{words} of {_output(getattr(message, kind).elem_type).dtype}".removesuffix(" of "))
    return Output()


def _size(tensor: Any) -> int:
    """Return how many bytes a tensor takes; those of a type smaller than a byte are packed."""
    dtype = _dtype(tensor.data_type)
    if dtype == "string":
        return sum(map(len, tensor.string_data))
    elements: int = math.prod([max(0, length) for length in tensor.dims])
    bits = {"uint4": 4, "int4": 4, "float4_e2m1": 4, "uint2": 2, "int2": 2}.get(dtype, width(dtype) * 8)
    return -(-elements * bits // 8)


def _tensor_text(tensor: Any) -> str:
    """Return type, shape and first values of a tensor."""
    dtype = _dtype(tensor.data_type)
    values: list[object] = []
    if tensor.HasField("raw_data"):
        stored = _STORED.get(dtype)
        if stored:
            item = np.dtype(stored).itemsize
            start = tensor.raw_data[: (VALUES + 1) * item]
            values = np.frombuffer(start, stored, len(start) // item).tolist()
    elif dtype in _LISTED:
        values = list(getattr(tensor, _LISTED[dtype])[: VALUES + 1])
    return tensor_text(dtype, tuple(tensor.dims), values)


def _graph_text(message: Any) -> str:
    return f"graph of {len(message.node):,} nodes"


def _sparse_text(message: Any) -> str:
    return f"sparse {shape_text(tuple(message.dims))} of {_tensor_text(message.values)}"


def _type_text(message: Any) -> str:
    output = _output(message)
    return f"{output.dtype} {shape_text(output.shape)}"


def _listed(words: Any) -> Any:
    """Return the way to write a list of what `words` writes one of."""
    return lambda items: list_text(items, words)


_WORDS: dict[str, Any] = {
    "f": number_text,
    "i": str,
    "s": string_text,
    "t": _tensor_text,
    "g": _graph_text,
    "floats": _listed(number_text),
    "ints": _listed(str),
    "strings": _listed(string_text),
    "tensors": _listed(_tensor_text),
    "graphs": _listed(_graph_text),
    "sparse_tensor": _sparse_text,
    "tp": _type_text,
    "type_protos": _listed(_type_text),
}


def _attribute(message: Any) -> str:
    """Return an attribute as text; one that stands for an argument of its function as "@argument"."""
    if message.ref_attr_name:
        return f"@{text(message.ref_attr_name)}"
    way = _WAYS[message.type] if 0 <= message.type < len(_WAYS) else ""
    if not way:  # the oldest models tell no type
        way = next((descriptor.name for descriptor, _value in message.ListFields() if descriptor.name in _WORDS), "")
    return _WORDS[way](getattr(message, way)) if way else ""


def _inner_graphs(message: Any) -> Iterator[tuple[str, Any]]:
    """Yield the graphs in a node's attributes and what each is called."""
    for attribute in message.attribute:
        name = text(attribute.name)
        if attribute.HasField("g"):
            yield name, attribute.g
        for number, inner in enumerate(attribute.graphs):
            yield f"{name}_{number}", inner

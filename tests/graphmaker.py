"""Graphs for tests, written byte by byte: GraphDef, MetaGraphDef, RunMetadata, and event files that hold them.

    graph_def([
        ("x", "Placeholder", [], {"dtype": dtype("float"), "_output_shapes": shapes((None, 8))}),
        ("dense/kernel", "Const", [], {"dtype": dtype("float"), "value": tensor("float", [8, 4])}),
        ("dense/MatMul", "MatMul", ["x", "dense/kernel:0", "^start"], {"transpose_a": False}, "/device:GPU:0"),
    ])

Attributes: text, bytes, bool, int, float, lists of one of them, and what `dtype`, `shape`, `shapes`, `tensor`, `call` give.
`deep` and `flat` make large graphs, `write_log` a run. Field numbers: tensorflow/core/framework/*.proto.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests import eventfile
from tests.eventfile import field, integer, single

Dims = Sequence[int | None]
NodeSpec = tuple[Any, ...]  # (name, op, [inputs], {attributes}) and, where it matters, the device
FunctionSpec = tuple[str, Sequence[NodeSpec], Sequence[str], Sequence[str]]  # name, nodes, arguments, results

_NUMBER_FIELDS = {bool: 5, int: 3, float: 4}


class Raw(bytes):
    """An AttrValue that is written already."""


# Attributes ----------------------------------------------------------------------------------------------------------


def dtype(name: str) -> Raw:
    """Return a type, such as "float" or "int64"."""
    return Raw(integer(6, eventfile.NUMBERS[name]))


def dtypes(*names: str) -> Raw:
    """Return a list of types."""
    return Raw(field(1, field(6, b"".join(eventfile.varint(eventfile.NUMBERS[name]) for name in names))))


def shape_body(dims: Dims | None) -> bytes:
    """Return a TensorShapeProto; None for a length that is not known, and instead of all for a rank that is not."""
    if dims is None:
        return integer(3, 1)
    return b"".join(field(2, integer(1, -1 if size is None else size)) for size in dims)


def shape(*dims: int | None) -> Raw:
    """Return a shape."""
    return Raw(field(7, shape_body(dims)))


def shapes(*each: Dims | None) -> Raw:
    """Return a list of shapes, as `_output_shapes` wants it."""
    return Raw(field(1, b"".join(field(7, shape_body(dims)) for dims in each)))


def tensor(name: str, dims: Sequence[int], fill: float = 0.0, values: Sequence[float] | None = None) -> Raw:
    """Return a tensor of one value everywhere, or of `values` in full."""
    body = eventfile.tensor_body(name, [fill] if values is None else values, dims, listed=values is None)
    return Raw(field(8, body))


def call(function: str) -> Raw:
    """Return the name of a function that is called."""
    return Raw(field(10, field(1, function)))


def attribute(value: Any) -> bytes:
    """Return an AttrValue."""
    if isinstance(value, Raw):
        return bytes(value)
    if isinstance(value, str | bytes):
        return field(2, value)
    if isinstance(value, list | tuple):
        return field(1, b"".join(map(attribute, value)))
    if isinstance(value, float):
        return single(_NUMBER_FIELDS[float], value)
    return integer(_NUMBER_FIELDS[type(value)], int(value))


# Graphs --------------------------------------------------------------------------------------------------------------


def node_def(
    name: str | bytes,
    op: str,
    inputs: Iterable[str] = (),
    attributes: Mapping[str, Any] | None = None,
    device: str = "",
) -> bytes:
    """Return a NodeDef."""
    body = field(1, name) + field(2, op) + b"".join(field(3, source) for source in inputs)
    body += field(4, device) if device else b""
    for key, value in (attributes or {}).items():
        body += field(5, field(1, key) + field(2, attribute(value)))
    return body


def function_def(name: str, nodes: Sequence[NodeSpec], arguments: Sequence[str], results: Sequence[str]) -> bytes:
    """Return a FunctionDef; results: names of its outputs, or "name=where it comes from"."""
    pairs = [(text.partition("=")[0], text.partition("=")[2] or text) for text in results]
    signature = field(1, name) + b"".join(field(2, field(1, text) + integer(3, 1)) for text in arguments)
    signature += b"".join(field(3, field(1, text) + integer(3, 1)) for text, _source in pairs)
    body = field(1, signature) + b"".join(field(3, node_def(*spec)) for spec in nodes)
    return body + b"".join(field(4, field(1, text) + field(2, source)) for text, source in pairs)


def graph_def(nodes: Iterable[NodeSpec], functions: Sequence[FunctionSpec] = (), producer: int = 0) -> bytes:
    """Return a GraphDef."""
    data = b"".join([field(1, node_def(*spec)) for spec in nodes])
    if functions:
        data += field(2, b"".join(field(1, function_def(*spec)) for spec in functions))
    return data + (field(4, integer(1, producer)) if producer else b"")


def meta_graph(graph: bytes, tags: Sequence[str] = ()) -> bytes:
    """Return a MetaGraphDef that holds a GraphDef."""
    return field(1, b"".join(field(4, tag) for tag in tags)) + field(2, graph)


def run_metadata(
    costs: Mapping[str, Sequence[tuple[str, float, float, int]]] | None = None,
    graphs: Sequence[bytes] = (),
    *,
    nanos: bool = True,
) -> bytes:
    """Return a RunMetadata.

    costs: by device what ran there: (node, start, duration, bytes), times in microseconds, those of fractions as
    nanoseconds only with `nanos`; graphs: each becomes a function graph as it was before optimisation.
    """
    devices = b""
    for device, nodes in (costs or {}).items():
        body = field(1, device)
        for name, start, duration, size in nodes:
            stats = field(1, name) + integer(2, int(start)) + integer(4, int(duration)) + integer(5, int(duration))
            stats += field(6, field(1, "cpu") + integer(2, size) + integer(3, size)) if size else b""
            if nanos:
                stats += integer(13, round(start * 1000)) + integer(15, round(duration * 1000))
                stats += integer(16, round(duration * 1000))
            body += field(2, stats)
        devices += field(1, body)
    functions = b"".join(field(4, field(2, graph)) for graph in graphs)
    return (field(1, devices) if devices else b"") + functions


# Large graphs --------------------------------------------------------------------------------------------------------


def deep(count: int, levels: int = 6) -> bytes:
    """Return a GraphDef of `count` nodes: a network of layers (convolution, norm, activation) in `levels` >= 3 scopes.

    Every layer feeds the next one, every innermost scope of layers is bridged by an addition; constants hold the
    parameters, every node tells its shapes, and some wait for one node "network/start".
    """
    return graph_def(itertools.islice(_network(count, levels), count), producer=1882)


def _network(count: int, levels: int) -> Iterator[NodeSpec]:
    words = ("stage", "block", "branch", "unit", "part", "cell", "piece", "step")
    counters = levels - 2
    fan = max(2, round((count / 12) ** (1 / counters) + 0.499))
    float32 = dtype("float")
    yield ("network/start", "NoOp", [], {})
    yield ("network/input", "Placeholder", [], {"dtype": float32, "_output_shapes": shapes((None, 3, 32, 32))})
    before, wide, bridge = "network/input", 3, ""
    for place in itertools.product(range(fan), repeat=counters):
        channels = 8 * 2 ** min(place[0], 5)
        names = "/".join(f"{words[level % len(words)]}_{number}" for level, number in enumerate(place))
        scope = f"network/{names}"
        flow = {"T": float32, "_output_shapes": shapes((None, channels, 32, 32))}
        vector = {
            "dtype": float32,
            "value": tensor("float", [channels]),
            "_output_shapes": shapes((channels,)),
        }
        kernel = (3, 3, wide, channels)
        held = {"dtype": float32, "value": tensor("float", kernel, 0.5), "_output_shapes": shapes(kernel)}
        conv, norm = f"{scope}/conv", f"{scope}/norm"
        if place[-1] == 0:
            bridge = ""
        yield (f"{conv}/kernel", "Const", [], held)
        yield (f"{conv}/kernel/read", "Identity", [f"{conv}/kernel"], {"T": float32, "_output_shapes": shapes(kernel)})
        waits = ["^network/start"] if place[-1] == 0 else []
        yield (f"{conv}/Conv2D", "Conv2D", [before, f"{conv}/kernel/read", *waits], flow | {"strides": [1, 1, 1, 1]})
        yield (f"{conv}/bias", "Const", [], vector)
        yield (f"{conv}/BiasAdd", "BiasAdd", [f"{conv}/Conv2D", f"{conv}/bias"], flow)
        inputs = [f"{conv}/BiasAdd"]
        for name in ("gamma", "beta", "moving_mean", "moving_variance"):
            yield (f"{norm}/{name}", "Const", [], vector)
            inputs.append(f"{norm}/{name}")
        yield (f"{norm}/FusedBatchNormV3", "FusedBatchNormV3", inputs, flow | {"epsilon": 0.001})
        yield (f"{scope}/Relu", "Relu", [f"{norm}/FusedBatchNormV3:0"], flow)
        before, wide = f"{scope}/Relu", channels
        bridge = bridge or before
        if place[-1] == fan - 1:
            parent = scope.rpartition("/")[0]
            yield (f"{parent}/add", "AddV2", [before, bridge], flow)
            before = f"{parent}/add"


def flat(count: int, *, numbered: bool = True) -> bytes:
    """Return a GraphDef of `count` nodes that all lie in one scope, "net", each fed by the one before.

    numbered: names as "net/MatMul_17"; else each name is a word of its own, so that nothing tells a series.
    """
    ops = ("MatMul", "AddV2", "Relu", "Mul", "Tanh")
    given = {"T": dtype("float"), "_output_shapes": shapes((None, 64))}
    specs: list[NodeSpec] = []
    before: list[str] = []
    for number in range(count):
        op = ops[number * 7 % 5]
        word = "".join(chr(97 + number // 26**place % 26) for place in range(4))
        name = f"net/{op}_{number}" if numbered else f"net/{word}"
        specs.append((name, op, before, given))
        before = [name]
    return graph_def(specs)


# Runs ----------------------------------------------------------------------------------------------------------------


def summary_blob(tag: str, plugin: str, data: bytes, content: bytes = b"1") -> bytes:
    """Return a summary value that holds one string of bytes, as tf.summary writes graphs."""
    return eventfile.tensor(tag, "string", [data], (), eventfile.metadata(plugin, content))


def write_log(
    folder: Path,
    graph: bytes | None = None,
    run_metadata: Mapping[str, bytes] | None = None,
    *,
    meta: bytes | None = None,
    traces: Mapping[str, bytes] | None = None,
    keras: str | bytes | None = None,
) -> Path:
    """Write a run into `folder` and return it.

    graph: a GraphDef; meta: a MetaGraphDef; run_metadata: RunMetadata by tag, as TensorFlow 1 and PyTorch write it;
    traces: RunMetadata by tag, as tf.summary.trace_export writes it; keras: a model's JSON.
    """
    records = [eventfile.version()]
    records += [eventfile.graph(graph)] if graph is not None else []
    records += [eventfile.graph(meta, meta=True)] if meta is not None else []
    for step, (tag, data) in enumerate((run_metadata or {}).items(), 1):
        records.append(eventfile.run_metadata(step, tag, data))
    for tag, data in (traces or {}).items():
        records.append(eventfile.record(eventfile.event(0, summary_blob(tag, "graph_run_metadata", data))))
    if keras is not None:
        data = keras.encode() if isinstance(keras, str) else keras
        records.append(eventfile.record(eventfile.event(0, summary_blob("keras", "graph_keras_model", data))))
    eventfile.write(folder / "events.out.tfevents.1760000000.host", *records)
    return folder

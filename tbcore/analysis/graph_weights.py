"""What the layers of Keras learn and how much they compute, from their configuration and the shapes of what they take.

A layer that is not known gives None, not 0. A multiply-add counts as two operations; biases, activations and norms are not
counted, as they take little of the time.
Source: the shapes that the build methods of keras.layers give to add_weight, which is what count_params counts.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from tbcore.analysis.graph_ops import single
from tbcore.errors import FormatError
from tbcore.formats import graph_keras
from tbcore.formats.graphs import Node, Shape
from tbcore.formats.keras_shapes import (
    MERGING,
    RECURRENT,
    SAME,
    attended,
    equation,
    is_shape,
    lengths_of,
    numbers,
    parts,
    rank,
)
from tbcore.formats.keras_shapes import outputs as shapes_given

Config = Mapping[str, Any]


# A configuration is anything that somebody wrote; what makes no sense raises one of these, and tells nothing.
_NONSENSE = (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError)


class Weight(NamedTuple):
    """An array that a layer holds; trainable: whether training changes it by gradients."""

    name: str
    shape: tuple[int, ...]
    trainable: bool = True

    @property
    def size(self) -> int:
        """Return how many numbers it holds."""
        return math.prod(self.shape)


def config_of(node: Node) -> dict[str, Any]:
    """Return the configuration of a layer as it was before it became text."""
    return {key: _value(text) for key, text in node.attributes.items()}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def weights(kind: str, config: Config, inputs: Sequence[Shape | None]) -> tuple[Weight, ...] | None:
    """Return what a layer of class `kind` holds; None when it is not known.

    inputs: the shapes of what its first call takes. Weights of a layer that is frozen are not trainable.
    """
    if kind in _WEIGHTLESS or str(config.get("module", "")).startswith("keras.src.ops"):
        return ()
    rule = _WEIGHTS.get(kind)
    if rule is None or _is_changed(config):
        return None
    try:
        found = tuple(_checked(rule(kind, config, _known(config, inputs))))
    except _NONSENSE:
        return None
    if config.get("trainable", True) is False:
        return tuple(weight._replace(trainable=False) for weight in found)
    return found


def _checked(found: list[Weight]) -> list[Weight]:
    """Return weights. Raises ValueError when a shape is none that an array can have."""
    if not all(is_shape(weight.shape) and None not in weight.shape for weight in found):
        raise ValueError("no shape of an array")
    return found


def operations(kind: str, config: Config, inputs: Sequence[Shape | None]) -> int | None:
    """Return how many operations one call takes for one example; None where that does not follow from shapes."""
    rule = _OPERATIONS.get(kind)
    if rule is None:
        return None
    try:
        found = 2 * rule(kind, config, [single(shape) or () for shape in _known(config, inputs)])
        if type(found) is not int or found < 0:
            return None
    except _NONSENSE:
        return None
    return found


def per_call(node: Node, inputs: Sequence[Shape | None]) -> list[list[Shape | None]]:
    """Return the shapes that each call of a layer takes, which is called more than once when it is shared."""
    if not inputs:
        return [[]]
    config = config_of(node)
    gives = max(1, len(shapes_given(node.module, config, list(inputs)[:1])))
    calls = max(1, len(node.outputs) // gives)
    each = max(1, len(inputs) // calls)
    return [list(inputs[place : place + each]) for place in range(0, len(inputs), each)][:calls]


def _is_changed(config: Config) -> bool:
    """Return whether a layer holds other weights than its class tells: quantised ones, or adapters beside them."""
    return bool(config.get("quantization_config") or config.get("lora_rank")) or str(
        config.get("dtype", "")
    ).startswith(("int", "float8"))


def _known(config: Config, inputs: Sequence[Shape | None]) -> list[Shape]:
    """Return shapes of what a layer takes, those that it was built for where nothing else tells."""
    found = [shape for shape in inputs if shape is not None]
    if len(found) < len(inputs) or not inputs:
        built = config.get("build_config")
        shape = built.get("input_shape") if isinstance(built, dict) else config.get("batch_input_shape")
        if isinstance(shape, list) and is_shape(shape):
            return [tuple(shape)]
        if not found:
            raise ValueError("no shape is known")
    return found


def _length(length: Any) -> int:
    if type(length) is not int:
        raise ValueError("a length is not known")
    return length


def _size(lengths: Sequence[int | None]) -> int:
    return math.prod(map(_length, lengths))


# Weights -------------------------------------------------------------------------------------------------------------

Rule = Callable[[str, Config, list[Shape]], list[Weight]]


def _with_bias(config: Config, kernels: list[Weight], *shape: int) -> list[Weight]:
    return kernels + ([Weight("bias", shape)] if config.get("use_bias", True) else [])


def _dense(_kind: str, config: Config, inputs: list[Shape]) -> list[Weight]:
    units = int(config["units"])
    return _with_bias(config, [Weight("kernel", (_length(inputs[0][-1]), units))], units)


def _convolution(kind: str, config: Config, inputs: list[Shape]) -> list[Weight]:
    window = numbers(config["kernel_size"], rank(kind))
    channels = _length(parts(config, inputs[0])[1])
    factor = int(config.get("depth_multiplier", 1))
    if kind.startswith("Depthwise"):
        return _with_bias(config, [Weight("kernel", (*window, channels, factor))], channels * factor)
    filters = int(config["filters"])
    if kind.startswith("Separable"):
        ones = (1,) * len(window)
        kernels = [
            Weight("depthwise_kernel", (*window, channels, factor)),
            Weight("pointwise_kernel", (*ones, channels * factor, filters)),
        ]
        return _with_bias(config, kernels, filters)
    if kind.endswith("Transpose"):
        return _with_bias(config, [Weight("kernel", (*window, filters, channels))], filters)
    groups = int(config.get("groups", 1))
    return _with_bias(config, [Weight("kernel", (*window, channels // groups, filters))], filters)


def _embedding(_kind: str, config: Config, _inputs: list[Shape]) -> list[Weight]:
    return [Weight("embeddings", (int(config["input_dim"]), int(config["output_dim"])))]


_GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3, "CuDNNLSTM": 4, "CuDNNGRU": 3, "LSTMV1": 4, "GRUV1": 3}


def _gates(kind: str) -> int:
    return _GATES[kind.removesuffix("Cell")]


def _recurrent(kind: str, config: Config, inputs: list[Shape]) -> list[Weight]:
    units, wide = int(config["units"]), _gates(kind) * int(config["units"])
    kernels = [Weight("kernel", (_length(inputs[0][-1]), wide)), Weight("recurrent_kernel", (units, wide))]
    # With "reset_after", and as CUDA's library has it, the input and the state have a bias each.
    if kind.startswith("CuDNN"):
        return [*kernels, Weight("bias", (2, wide))]
    twice = kind.startswith("GRU") and config.get("reset_after", False)
    return _with_bias(config, kernels, *((2, wide) if twice else (wide,)))


def _cells(config: Config) -> list[Config]:
    cell = config["cell"]
    found: list[Config] = cell["config"].get("cells", [cell])
    return found


def _any_recurrent(_kind: str, config: Config, inputs: list[Shape]) -> list[Weight]:
    found, shape = [], inputs[0]
    for cell in _cells(config):
        found += _recurrent(cell["class_name"], cell["config"], [shape])
        shape = (*shape[:-1], int(cell["config"]["units"]))
    return found


def _recurrent_convolution(kind: str, config: Config, inputs: list[Shape]) -> list[Weight]:
    window = numbers(config["kernel_size"], rank(kind))
    channels = _length(parts(config, (inputs[0][0], *inputs[0][2:]))[1])
    filters = int(config["filters"])
    kernels = [
        Weight("kernel", (*window, channels, 4 * filters)),
        Weight("recurrent_kernel", (*window, filters, 4 * filters)),
    ]
    return _with_bias(config, kernels, 4 * filters)


def _inner(layer: Config, inputs: Sequence[Shape | None]) -> list[Weight]:
    """Return what the layer inside a wrapper holds, which may be a whole model."""
    config = layer["config"]
    if isinstance(config.get("layers"), list):
        return list(of_model(json.dumps(layer)))
    found = weights(layer["class_name"], {**config, "build_config": layer.get("build_config")}, inputs)
    if found is None:
        raise ValueError("an unknown layer")
    return list(found)


def of_model(text: str) -> tuple[Weight, ...]:
    """Return what all layers of a model hold, from its JSON. Raises ValueError when that is not known of one of them."""
    try:
        graph = graph_keras.graph(text)
    except FormatError as error:
        raise ValueError("no model") from error
    given = {node.name: node.outputs for node in graph.nodes}
    found: list[Weight] = []
    for node in graph.nodes:
        held = weights(node.module, config_of(node), taken(node, given))
        if held is None:
            raise ValueError("an unknown layer")
        found += held
    return tuple(found)


def taken(node: Node, given: Mapping[str, Sequence[Any]]) -> list[Shape | None]:
    """Return the shapes of what a node takes; given: the outputs of each node by name."""
    found: list[Shape | None] = []
    for source, slot, control in node.inputs:
        if not control:
            outputs = given.get(source, ())
            found.append(outputs[slot].shape if 0 <= slot < len(outputs) else None)
    return found


def _bidirectional(_kind: str, config: Config, inputs: list[Shape]) -> list[Weight]:
    forward = config["layer"]
    backward = config.get("backward_layer") or forward
    return _inner(forward, inputs[:1]) + _inner(backward, inputs[:1])


def _distributed(_kind: str, config: Config, inputs: list[Shape]) -> list[Weight]:
    return _inner(config["layer"], [(inputs[0][0], *inputs[0][2:])])


def _axes(config: Config, shape: Shape) -> list[int]:
    """Return the lengths of the axes that a norm has weights for."""
    axis = config.get("axis", -1)
    return [_length(shape[int(place)]) for place in (axis if isinstance(axis, list) else [axis])]


def _norm(kind: str, config: Config, inputs: list[Shape]) -> list[Weight]:
    shape = tuple(_axes(config, inputs[0]))
    found = [Weight("gamma", shape)] if config.get("scale", True) else []
    found += [Weight("beta", shape)] if config.get("center", True) else []
    if kind.endswith("BatchNormalization"):
        found += [Weight(f"moving_{what}", shape, trainable=False) for what in ("mean", "variance")]
    return found


def _scale(_kind: str, config: Config, inputs: list[Shape]) -> list[Weight]:
    return [Weight("scale", tuple(_axes(config, inputs[0])))]


def _prelu(_kind: str, config: Config, inputs: list[Shape]) -> list[Weight]:
    shared = config.get("shared_axes") or []
    return [Weight("alpha", tuple(1 if place in shared else _length(n) for place, n in enumerate(inputs[0][1:], 1)))]


def _normalization(_kind: str, config: Config, inputs: list[Shape]) -> list[Weight]:
    if config.get("mean") is not None:
        return []
    axis = config.get("axis", -1)
    shape = tuple(_axes(config, inputs[0])) if axis is not None else ()
    found = [Weight(what, shape, trainable=False) for what in ("mean", "variance")]
    return [*found, Weight("count", (), trainable=False)]


def _layer_scale(_kind: str, config: Config, _inputs: list[Shape]) -> list[Weight]:
    return [Weight("gamma", (int(config["projection_dim"]),))]


def _heads(_kind: str, config: Config, inputs: list[Shape]) -> list[Weight]:
    if config.get("use_gate"):
        raise ValueError("not known")
    query, value, key = _attended(config, inputs)
    heads, width = int(config["num_heads"]), int(config["key_dim"])
    out = int(config.get("value_dim") or width)
    wanted = config.get("output_shape")
    last = wanted if isinstance(wanted, list) else [wanted or _length(query[-1])]
    found = [
        Weight("query", (_length(query[-1]), heads, width)),
        Weight("key", (_length(key[-1]), heads, width)),
        Weight("value", (_length(value[-1]), heads, out)),
        Weight("output", (heads, out, *map(int, last))),
    ]
    if config.get("use_bias", True):
        found += [Weight(f"{what}_bias", (heads, width)) for what in ("query", "key")]
        found += [Weight("value_bias", (heads, out)), Weight("output_bias", tuple(map(int, last)))]
    return found


def _attended(config: Config, inputs: list[Shape]) -> tuple[Shape, Shape, Shape]:
    """Return query, value and key, as the layer was built for where that is said."""
    built = config.get("build_config")
    shapes = built.get("shapes_dict", built) if isinstance(built, dict) else {}
    names = ("query_shape", "value_shape", "key_shape")
    if not all(isinstance(shapes.get(name), list) for name in names[:2]):
        return attended(inputs)
    query, value, key = (shapes.get(name) or shapes["value_shape"] for name in names)
    return tuple(query), tuple(value), tuple(key)


def _grouped_heads(_kind: str, config: Config, inputs: list[Shape]) -> list[Weight]:
    query, value, key = _attended(config, inputs)
    width, heads = int(config["head_dim"]), int(config["num_query_heads"])
    shared = int(config["num_key_value_heads"])
    if config.get("use_gate"):
        raise ValueError("not known")
    last = _length(query[-1])
    found = [
        Weight("query", (last, heads, width)),
        Weight("key", (_length(key[-1]), shared, width)),
        Weight("value", (_length(value[-1]), shared, width)),
        Weight("output", (heads, width, last)),
    ]
    if config.get("use_bias", True):
        found += [Weight("query_bias", (heads, width)), Weight("output_bias", (last,))]
        found += [Weight(f"{what}_bias", (shared, width)) for what in ("key", "value")]
    return found


def _attention(kind: str, config: Config, inputs: list[Shape]) -> list[Weight]:
    if kind == "AdditiveAttention":
        return [Weight("scale", (_length(inputs[0][-1]),))] if config.get("use_scale", True) else []
    found = [Weight("scale", ())] if config.get("use_scale") else []
    return found + ([Weight("concat_score_weight", ())] if config.get("score_mode") == "concat" else [])


def _einsum(_kind: str, config: Config, inputs: list[Shape]) -> list[Weight]:
    _given, kernel, result = equation(config)
    found = lengths_of(config, inputs[0])
    weight = [Weight("kernel", tuple(_length(found[letter]) for letter in kernel))]
    axes = config.get("bias_axes")
    if not axes:
        return weight
    # The bias reaches from the first of its axes to the last of the output, with 1 for those that it does not vary along.
    first = min(result.index(letter) for letter in axes)
    return [
        *weight,
        Weight("bias", tuple(_length(found[letter]) if letter in axes else 1 for letter in result[first:])),
    ]


def _spectral(_kind: str, config: Config, inputs: list[Shape]) -> list[Weight]:
    held = _inner(config["layer"], inputs)
    kernel = next(weight for weight in held if weight.name in ("kernel", "embeddings"))
    return [*held, Weight("vector_u", (1, kernel.shape[-1]), trainable=False)]


_WEIGHTLESS = (
    SAME
    - {
        "BatchNormalization", "SyncBatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization",
        "PReLU", "Normalization", "LayerScale",
    }
    | MERGING
    | {f"{how}{over}D" for over in (1, 2, 3) for how in (
        "MaxPooling", "AveragePooling", "GlobalMaxPooling", "GlobalAveragePooling", "ZeroPadding", "Cropping", "UpSampling",
    )}
    | {
        "CategoryEncoding", "CenterCrop", "ClassMethod", "Concatenate", "Discretization", "Dot", "Flatten", "HashedCrossing",
        "Hashing", "InputLayer", "InstanceMethod", "InstanceProperty", "Lambda", "Permute", "RandomCrop", "RepeatVector",
        "Reshape", "Resizing", "SlicingOpLambda", "StringLookup", "IntegerLookup", "TFOpLambda", "TextVectorization",
    }
)  # fmt: skip
_WEIGHTS: dict[str, Rule] = {
    **dict.fromkeys((f"Conv{over}D{how}" for over in (1, 2, 3) for how in ("", "Transpose")), _convolution),
    **dict.fromkeys((f"{how}Conv{over}D" for how in ("Depthwise", "Separable") for over in (1, 2)), _convolution),
    **dict.fromkeys((f"ConvLSTM{over}D" for over in (1, 2, 3)), _recurrent_convolution),
    **dict.fromkeys((kind for kind in RECURRENT), _recurrent),
    **dict.fromkeys(
        ("BatchNormalization", "SyncBatchNormalization", "LayerNormalization", "GroupNormalization"), _norm
    ),
    **dict.fromkeys(("Attention", "AdditiveAttention"), _attention),
    **dict.fromkeys(("GroupedQueryAttention", "GroupQueryAttention"), _grouped_heads),
    "RMSNormalization": _scale,
    "PReLU": _prelu,
    "LayerScale": _layer_scale,
    "Normalization": _normalization,
    "Dense": _dense,
    "EinsumDense": _einsum,
    "Embedding": _embedding,
    "RNN": _any_recurrent,
    "Bidirectional": _bidirectional,
    "TimeDistributed": _distributed,
    "SpectralNormalization": _spectral,
    "MultiHeadAttention": _heads,
}


# Operations ----------------------------------------------------------------------------------------------------------

Adds = Callable[[str, Config, list[Shape]], int]


def _kernels(kind: str, config: Config, inputs: list[Shape]) -> int:
    """Return the numbers in the kernels of a layer: what each place of its output takes multiply-adds for."""
    return sum(
        weight.size for weight in _checked(_WEIGHTS[kind](kind, config, inputs)) if weight.name.endswith("kernel")
    )


def _gives(kind: str, config: Config, inputs: list[Shape]) -> Shape:
    shape = shapes_given(kind, config, inputs)[0]
    if shape is None:
        raise ValueError("no shape is known")
    return shape


def _dense_adds(kind: str, config: Config, inputs: list[Shape]) -> int:
    return _size(inputs[0][:-1]) * _kernels(kind, config, inputs)


def _convolution_adds(kind: str, config: Config, inputs: list[Shape]) -> int:
    if kind.endswith("Transpose"):
        # Every place of the input is multiplied with the whole kernel.
        return _length(inputs[0][0]) * _size(parts(config, inputs[0])[0]) * _kernels(kind, config, inputs)
    given = _gives(kind, config, inputs)
    return _length(given[0]) * _size(parts(config, given)[0]) * _kernels(kind, config, inputs)


def _recurrent_adds(kind: str, config: Config, inputs: list[Shape]) -> int:
    return _size(inputs[0][:-1]) * _kernels(kind, config, inputs)


def _any_recurrent_adds(kind: str, config: Config, inputs: list[Shape]) -> int:
    return _size(inputs[0][:-1]) * _kernels(kind, config, inputs)


def _inner_adds(layer: Config, inputs: list[Shape]) -> int:
    config = layer["config"]
    if isinstance(config.get("layers"), list):
        raise ValueError("a model")
    return _OPERATIONS[layer["class_name"]](layer["class_name"], config, inputs)


def _bidirectional_adds(_kind: str, config: Config, inputs: list[Shape]) -> int:
    forward = config["layer"]
    return _inner_adds(forward, inputs[:1]) + _inner_adds(config.get("backward_layer") or forward, inputs[:1])


def _distributed_adds(_kind: str, config: Config, inputs: list[Shape]) -> int:
    # Each step is an example of its own to the layer inside.
    shape = inputs[0]
    return _inner_adds(config["layer"], [(_length(shape[0]) * _length(shape[1]), *shape[2:])])


def _heads_adds(kind: str, config: Config, inputs: list[Shape]) -> int:
    query, value, key = attended(inputs)
    named = {weight.name: weight.size for weight in _checked(_WEIGHTS[kind](kind, config, inputs))}
    asks, answers = _size(query[:-1]), _size(value[:-1])
    heads = int(config.get("num_heads", config.get("num_query_heads", 0)))
    width = int(config.get("key_dim", config.get("head_dim", 0)))
    out = int(config.get("value_dim") or width)
    scores = asks * _size(value[1:-1]) * heads * (width + out)
    projected = asks * (named["query"] + named["output"]) + _size(key[:-1]) * named["key"] + answers * named["value"]
    return scores + projected


def _attention_adds(_kind: str, config: Config, inputs: list[Shape]) -> int:
    if config.get("score_mode", "dot") != "dot":
        raise ValueError("not known")
    query, value, _key = attended(inputs)
    return _size(query[:-1]) * _length(value[-2]) * (_length(query[-1]) + _length(value[-1]))


def _dot_adds(kind: str, config: Config, inputs: list[Shape]) -> int:
    axis = numbers(config["axes"], 2)[0]
    return _size(_gives(kind, config, inputs)) * _length(inputs[0][axis])


def _einsum_adds(_kind: str, config: Config, inputs: list[Shape]) -> int:
    given, kernel, _result = equation(config)
    found = lengths_of(config, inputs[0])
    letters = given.replace("...", "")
    rest = inputs[0][: len(inputs[0]) - len(letters)] if "..." in given else ()
    return _size(rest) * _size([found[letter] for letter in dict.fromkeys(letters + kernel)])


_OPERATIONS: dict[str, Adds] = {
    **dict.fromkeys((f"Conv{over}D{how}" for over in (1, 2, 3) for how in ("", "Transpose")), _convolution_adds),
    **dict.fromkeys((f"DepthwiseConv{over}D" for over in (1, 2)), _convolution_adds),
    **dict.fromkeys((f"SeparableConv{over}D" for over in (1, 2)), _convolution_adds),
    **dict.fromkeys((kind for kind in RECURRENT), _recurrent_adds),
    **dict.fromkeys(("MultiHeadAttention", "GroupedQueryAttention", "GroupQueryAttention"), _heads_adds),
    "RNN": _any_recurrent_adds,
    "Dense": _dense_adds,
    "EinsumDense": _einsum_adds,
    "Bidirectional": _bidirectional_adds,
    "TimeDistributed": _distributed_adds,
    "Attention": _attention_adds,
    "Dot": _dot_adds,
}

"""What the layers of Keras give: the shapes of their outputs, from their configuration and the shapes of their inputs.

A layer that is not known, or a custom one, gives None: a shape that nobody knows. Nothing is executed.
Source: the formulas in the documentation of keras.layers (Keras 2 and Keras 3), the same as those of `model.summary()`.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tbcore.formats.graphs import Shape

Config = Mapping[str, Any]
Shapes = Sequence[Shape | None]
Rule = Callable[[str, Config, list[Shape]], list[Shape]]

# What an activation, a regulariser or an augmentation gives has the shape of what it takes.
SAME = frozenset({
    "Activation", "ActivityRegularization", "AlphaDropout", "AutoContrast", "BatchNormalization", "CutMix", "Dropout", "ELU",
    "Equalization", "GaussianDropout", "GaussianNoise", "GroupNormalization", "Identity", "LayerNormalization", "LayerScale", "LeakyReLU",
    "Masking", "MaxNumBoundingBoxes", "MixUp", "Normalization", "PReLU", "RMSNormalization", "RandAugment", "RandomBrightness",
    "RandomColorDegeneration", "RandomColorJitter", "RandomContrast", "RandomElasticTransform", "RandomErasing", "RandomFlip",
    "RandomGaussianBlur", "RandomGrayscale", "RandomHue", "RandomInvert", "RandomPerspective", "RandomPosterization",
    "RandomRotation", "RandomSaturation", "RandomSharpness", "RandomShear", "RandomTranslation", "RandomZoom", "ReLU",
    "Rescaling", "Softmax", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "SyncBatchNormalization",
    "ThresholdedReLU", "UnitNormalization",
})  # fmt: skip
MERGING = frozenset({"Add", "Average", "Divide", "Maximum", "Minimum", "Multiply", "Subtract"})
_RANK = re.compile(r"([123])D")
# Functions of TensorFlow that Keras 2 makes layers of, number by number.
_ELEMENTWISE = re.compile(
    r"(math|nn|__operators__)\.(abs|add|divide|erf|exp|gelu|leaky_relu|log|maximum|minimum|multiply|neg|negative|pow|relu|relu6"
    r"|rsqrt|sigmoid|silu|softmax|softplus|sqrt|square|subtract|swish|tanh|truediv)"
)
LONGEST = 1 << 40  # a length beyond it is damage
RECURRENT = {
    "SimpleRNN": 1, "LSTM": 2, "GRU": 1, "CuDNNLSTM": 2, "CuDNNGRU": 1, "LSTMV1": 2, "GRUV1": 1,
    "SimpleRNNCell": 1, "LSTMCell": 2, "GRUCell": 1,
}  # how many states each carries from step to step  # fmt: skip


def outputs(kind: str, config: Config, inputs: Shapes) -> list[Shape | None]:
    """Return the shapes of what a layer of class `kind` gives when it is called once; one None where it is not known.

    inputs: of what it takes, in order; None where a shape is not known.
    """
    rule = _RULES.get(kind)
    if rule is None or (not inputs and kind != "InputLayer") or any(shape is None for shape in inputs):
        return [None]
    try:
        found = rule(kind, config, [shape for shape in inputs if shape is not None])
        return [shape if is_shape(shape) else None for shape in found]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError):
        # A configuration is anything that somebody wrote; what makes no sense tells no shape.
        return [None]


def is_shape(lengths: Sequence[Any]) -> bool:
    """Return whether these are the lengths of an array, None for those that are not known."""
    return all(length is None or (type(length) is int and 0 <= length <= LONGEST) for length in lengths)


def rank(kind: str) -> int:
    """Return over how many dimensions a layer such as Conv2D or MaxPooling3D slides. Raises ValueError if it tells none."""
    found = _RANK.search(kind)
    if found is None:
        raise ValueError(f"{kind} does not slide")
    return int(found[1])


def numbers(value: Any, count: int) -> tuple[int, ...]:
    """Return `count` lengths of a window or steps, which a configuration spells as one or as a list."""
    found = tuple(map(int, value)) if isinstance(value, (list, tuple)) else (int(value),) * count
    if len(found) != count:
        raise ValueError(f"{len(found)} numbers instead of {count}")
    return found


def first_channel(config: Config) -> bool:
    """Return whether the channels come before what a layer slides over."""
    return config.get("data_format") == "channels_first"


def parts(config: Config, shape: Shape) -> tuple[tuple[int | None, ...], int | None]:
    """Return the lengths that a layer slides over and the channels of what it takes."""
    if len(shape) < 2:
        raise ValueError("no channels")
    return (shape[2:], shape[1]) if first_channel(config) else (shape[1:-1], shape[-1])


def _whole(config: Config, batch: int | None, lengths: Sequence[int | None], channels: int | None) -> Shape:
    """Return the shape with these lengths and channels, in the layer's order."""
    return (batch, channels, *lengths) if first_channel(config) else (batch, *lengths, channels)


def windowed(length: int | None, window: int, stride: int, padding: str, dilation: int = 1) -> int | None:
    """Return how often a window fits. Source: the shape arithmetic of "valid", "same" and "causal" padding."""
    if length is None:
        return None
    if padding in ("same", "causal"):
        return -(-length // stride)
    return max(0, -(-(length - dilation * (window - 1)) // stride))


def _unwindowed(
    length: int | None, window: int, stride: int, padding: str, dilation: int, extra: int | None
) -> int | None:
    """Return the length that a transposed convolution makes of one."""
    if length is None:
        return None
    window = (window - 1) * dilation + 1
    if extra is None:
        return length * stride + (max(window - stride, 0) if padding == "valid" else 0)
    pad = window // 2 if padding == "same" else 0
    return (length - 1) * stride + window - 2 * pad + extra


def _padding(config: Config) -> str:
    return str(config.get("padding", "valid")).lower()


def _convolution(kind: str, config: Config, inputs: list[Shape]) -> list[Shape]:
    over = rank(kind)
    lengths, channels = parts(config, inputs[0])
    if len(lengths) != over:
        raise ValueError("another rank")
    windows, strides = numbers(config["kernel_size"], over), numbers(config.get("strides", 1), over)
    dilations = numbers(config.get("dilation_rate", 1), over)
    filters = config.get("filters")
    if kind.startswith("Depthwise"):
        filters = None if channels is None else channels * int(config.get("depth_multiplier", 1))
    if kind.endswith("Transpose"):
        extra = config.get("output_padding")
        extras: Sequence[int | None] = [None] * over if extra is None else numbers(extra, over)
        found = [
            _unwindowed(length, window, stride, _padding(config), dilation, more)
            for length, window, stride, dilation, more in zip(lengths, windows, strides, dilations, extras, strict=True)
        ]
    else:
        found = [
            windowed(length, window, stride, _padding(config), dilation)
            for length, window, stride, dilation in zip(lengths, windows, strides, dilations, strict=True)
        ]
    return [_whole(config, inputs[0][0], found, filters)]


def _pooling(kind: str, config: Config, inputs: list[Shape]) -> list[Shape]:
    over = rank(kind)
    lengths, channels = parts(config, inputs[0])
    windows = numbers(config.get("pool_size", config.get("pool_length", 2)), over)
    strides = windows if config.get("strides") is None else numbers(config["strides"], over)
    found = [
        windowed(length, window, stride, _padding(config))
        for length, window, stride in zip(lengths, windows, strides, strict=True)
    ]
    return [_whole(config, inputs[0][0], found, channels)]


def _global_pooling(_kind: str, config: Config, inputs: list[Shape]) -> list[Shape]:
    lengths, channels = parts(config, inputs[0])
    return [_whole(config, inputs[0][0], [1] * len(lengths) if config.get("keepdims") else [], channels)]


def _resized(change: Callable[[int, tuple[int, int]], int]) -> Rule:
    """Return the rule of a layer that changes each length by two numbers, of its start and of its end."""

    def rule(kind: str, config: Config, inputs: list[Shape]) -> list[Shape]:
        over = rank(kind)
        key = "padding" if kind.startswith("Zero") else "cropping" if kind.startswith("Crop") else "size"
        given = config[key]
        pairs = [given] if over == 1 and isinstance(given, (list, tuple)) else given
        if not isinstance(pairs, (list, tuple)):
            pairs = [pairs] * over
        both = [tuple(pair) if isinstance(pair, (list, tuple)) else (int(pair), int(pair)) for pair in pairs]
        lengths, channels = parts(config, inputs[0])
        found = [
            None if length is None else max(0, change(length, (int(pair[0]), int(pair[1]))))
            for length, pair in zip(lengths, both, strict=True)
        ]
        return [_whole(config, inputs[0][0], found, channels)]

    return rule


def _to_size(_kind: str, config: Config, inputs: list[Shape]) -> list[Shape]:
    lead = inputs[0][:-3]
    size = (int(config["height"]), int(config["width"]))
    channels = inputs[0][-3] if first_channel(config) else inputs[0][-1]
    return [(*lead, channels, *size) if first_channel(config) else (*lead, *size, channels)]


def _flatten(_kind: str, _config: Config, inputs: list[Shape]) -> list[Shape]:
    return [(inputs[0][0], _product(inputs[0][1:]))]


def _product(lengths: Sequence[int | None]) -> int | None:
    return None if any(length is None for length in lengths) else math.prod(length or 0 for length in lengths)


def _reshape(_kind: str, config: Config, inputs: list[Shape]) -> list[Shape]:
    wanted = [None if length is None else int(length) for length in config["target_shape"]]
    if -1 in wanted:
        whole, rest = _product(inputs[0][1:]), _product([length for length in wanted if length != -1])
        wanted[wanted.index(-1)] = None if whole is None or not rest else whole // rest
    return [(inputs[0][0], *wanted)]


def _permute(_kind: str, config: Config, inputs: list[Shape]) -> list[Shape]:
    return [(inputs[0][0], *(inputs[0][int(place)] for place in config["dims"]))]


def _repeat(_kind: str, config: Config, inputs: list[Shape]) -> list[Shape]:
    return [(inputs[0][0], int(config["n"]), *inputs[0][1:])]


def _last(key: str) -> Rule:
    """Return the rule of a layer that gives as many numbers as its configuration says, for each place."""
    return lambda _kind, config, inputs: [(*inputs[0][:-1], int(config[key]))]


def _embedding(_kind: str, config: Config, inputs: list[Shape]) -> list[Shape]:
    return [(*inputs[0], int(config["output_dim"]))]


def equation(config: Config) -> tuple[str, str, str]:
    """Return the three parts of the equation of an EinsumDense: what it takes, its weights, what it gives."""
    text = str(config["equation"]).replace(" ", "")
    left, _arrow, result = text.partition("->")
    given, _comma, weights = left.partition(",")
    return given, weights, result


def lengths_of(config: Config, shape: Shape) -> dict[str, int | None]:
    """Return the length that each letter in the equation of an EinsumDense stands for."""
    given, _weights, result = equation(config)
    wanted = config["output_shape"]
    wanted = list(wanted) if isinstance(wanted, (list, tuple)) else [wanted]
    letters, offset = given.replace("...", ""), "..." in given
    found: dict[str, int | None] = dict(
        zip(letters, shape[len(shape) - len(letters) :] if offset else shape, strict=True)
    )
    named = result.replace("...", "")
    found |= {
        letter: length
        for letter, length in zip(reversed(named), reversed(wanted), strict=False)
        if letter not in found or found[letter] is None
    }
    return found


def _einsum(_kind: str, config: Config, inputs: list[Shape]) -> list[Shape]:
    given, _weights, result = equation(config)
    found = lengths_of(config, inputs[0])
    named = tuple(found.get(letter) for letter in result.replace("...", ""))
    rest = inputs[0][: len(inputs[0]) - len(given.replace("...", ""))] if "..." in result else ()
    return [(*rest, *named)]


def _recurrent(kind: str, config: Config, inputs: list[Shape]) -> list[Shape]:
    units = int(config["units"])
    batch, steps = inputs[0][0], inputs[0][1:-1]
    found: list[Shape] = [(batch, *steps, units) if config.get("return_sequences") else (batch, units)]
    return found + ([(batch, units)] * RECURRENT[kind] if config.get("return_state") else [])


def _any_recurrent(_kind: str, config: Config, inputs: list[Shape]) -> list[Shape]:
    cell = config["cell"]
    cells = cell["config"].get("cells", [cell])
    inner = {**cells[-1]["config"], "return_sequences": config.get("return_sequences")}
    return _recurrent(cells[-1]["class_name"], inner, inputs[:1])


def _recurrent_convolution(kind: str, config: Config, inputs: list[Shape]) -> list[Shape]:
    inner = {**config, "data_format": config.get("data_format")}
    once = (inputs[0][0], *inputs[0][2:])
    (frame,) = _convolution(f"Conv{rank(kind)}D", inner, [once])
    found = [(frame[0], inputs[0][1], *frame[1:]) if config.get("return_sequences") else frame]
    return found + ([frame, frame] if config.get("return_state") else [])


def _bidirectional(_kind: str, config: Config, inputs: list[Shape]) -> list[Shape]:
    inner = config["layer"]
    found = outputs(inner["class_name"], inner["config"], inputs[:1])
    first, states = found[0], found[1:]
    if first is None or any(state is None for state in states):
        raise ValueError("an unknown layer")
    merge = config.get("merge_mode", "concat")
    last = first[-1]
    both = [(*first[:-1], None if last is None else 2 * last)] if merge == "concat" else [first]
    both = [first, first] if merge is None else both
    return both + [state for state in states if state is not None] * 2


def _inner(layer: Config, shape: Shape) -> Shape:
    """Return the shape of what the layer inside a wrapper gives; a chain of layers is gone through."""
    chain = layer["config"].get("layers")
    if chain is None or "input_layers" in layer["config"]:
        chain = [layer]
    for one in chain:
        found = outputs(one["class_name"], one["config"], [shape])[0]
        if found is None:
            raise ValueError("an unknown layer")
        shape = found
    return shape


def _distributed(_kind: str, config: Config, inputs: list[Shape]) -> list[Shape]:
    found = _inner(config["layer"], (inputs[0][0], *inputs[0][2:]))
    return [(found[0], inputs[0][1], *found[1:])]


def _function(_kind: str, config: Config, inputs: list[Shape]) -> list[Shape]:
    if not _ELEMENTWISE.fullmatch(config["function"]):
        raise ValueError("an unknown function")
    return [_broadcast(inputs)]


def _wrapped(_kind: str, config: Config, inputs: list[Shape]) -> list[Shape]:
    inner = config["layer"]
    return [shape for shape in outputs(inner["class_name"], inner["config"], inputs) if shape is not None]


def _concatenate(_kind: str, config: Config, inputs: list[Shape]) -> list[Shape]:
    axis = int(config.get("axis", -1)) % len(inputs[0])
    lengths = [shape[axis] for shape in inputs]
    whole = None if None in lengths else sum(length or 0 for length in lengths)
    rest = _broadcast([(*shape[:axis], *shape[axis + 1 :]) for shape in inputs])
    return [(*rest[:axis], whole, *rest[axis:])]


def _broadcast(shapes: Sequence[Shape]) -> Shape:
    """Return the shape that shapes stretch to together: lengths of 1 to those of the others."""
    longest = max(map(len, shapes))
    columns = zip(*((1,) * (longest - len(shape)) + tuple(shape) for shape in shapes), strict=True)
    return tuple(_stretched(column) for column in columns)


def _stretched(lengths: tuple[int | None, ...]) -> int | None:
    long = {length for length in lengths if length != 1}
    known = long - {None}
    if len(known) > 1:
        raise ValueError("lengths that do not go together")
    return next(iter(known or long or {1}))


def _merge(_kind: str, _config: Config, inputs: list[Shape]) -> list[Shape]:
    return [_broadcast(inputs)]


def _dot(_kind: str, config: Config, inputs: list[Shape]) -> list[Shape]:
    one, two = inputs
    axes = numbers(config["axes"], 2)
    first, second = axes[0] % len(one), axes[1] % len(two)
    rest = (
        *(length for place, length in enumerate(one) if place != first),
        *(length for place, length in enumerate(two) if place not in (0, second)),
    )
    return [rest if len(rest) > 1 else (*rest, 1)]


def attended(inputs: Shapes) -> tuple[Shape, Shape, Shape]:
    """Return the shapes of query, value and key of an attention layer; the key is the value where it is not given."""
    found = [shape for shape in inputs if shape is not None]
    query = found[0]
    value = found[1] if len(found) > 1 else query
    return query, value, found[2] if len(found) > 2 else value


def _heads(_kind: str, config: Config, inputs: list[Shape]) -> list[Shape]:
    query, _value, _key = attended(inputs)
    wanted = config.get("output_shape")
    if wanted is None:
        return [query]
    return [(*query[:-1], *(wanted if isinstance(wanted, (list, tuple)) else [int(wanted)]))]


def _attention(_kind: str, _config: Config, inputs: list[Shape]) -> list[Shape]:
    query, value, _key = attended(inputs)
    return [(*query[:-1], value[-1])]


def _input(_kind: str, config: Config, _inputs: list[Shape]) -> list[Shape]:
    shape = config.get("batch_shape", config.get("batch_input_shape"))
    if shape is None:
        shape = (None, *config["shape"])
    return [tuple(None if length is None else int(length) for length in shape)]


def _same(_kind: str, _config: Config, inputs: list[Shape]) -> list[Shape]:
    return inputs[:1]


_RULES: dict[str, Rule] = {
    **dict.fromkeys(SAME, _same),
    **dict.fromkeys(MERGING, _merge),
    **dict.fromkeys((f"Conv{over}D" for over in (1, 2, 3)), _convolution),
    **dict.fromkeys((f"Conv{over}DTranspose" for over in (1, 2, 3)), _convolution),
    **dict.fromkeys((f"{how}Conv{over}D" for how in ("Depthwise", "Separable") for over in (1, 2)), _convolution),
    **dict.fromkeys((f"{how}Pooling{over}D" for how in ("Max", "Average") for over in (1, 2, 3)), _pooling),
    **dict.fromkeys((f"Global{how}Pooling{over}D" for how in ("Max", "Average") for over in (1, 2, 3)), _global_pooling),
    **dict.fromkeys((f"ConvLSTM{over}D" for over in (1, 2, 3)), _recurrent_convolution),
    **dict.fromkeys(
        (f"ZeroPadding{over}D" for over in (1, 2, 3)), _resized(lambda length, pair: length + pair[0] + pair[1])
    ),
    **dict.fromkeys(
        (f"Cropping{over}D" for over in (1, 2, 3)), _resized(lambda length, pair: length - pair[0] - pair[1])
    ),
    **dict.fromkeys((f"UpSampling{over}D" for over in (1, 2, 3)), _resized(lambda length, pair: length * pair[0])),
    **dict.fromkeys(("Resizing", "CenterCrop", "RandomCrop"), _to_size),
    **dict.fromkeys((kind for kind in RECURRENT if not kind.endswith("Cell")), _recurrent),
    **dict.fromkeys(("Attention", "AdditiveAttention"), _attention),
    **dict.fromkeys(("MultiHeadAttention", "GroupedQueryAttention", "GroupQueryAttention"), _heads),
    "InputLayer": _input,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Permute": _permute,
    "RepeatVector": _repeat,
    "Dense": _last("units"),
    "EinsumDense": _einsum,
    "Embedding": _embedding,
    "RNN": _any_recurrent,
    "Bidirectional": _bidirectional,
    "TimeDistributed": _distributed,
    "SpectralNormalization": _wrapped,
    "Concatenate": _concatenate,
    "TFOpLambda": _function,
    "Dot": _dot,
}  # fmt: skip

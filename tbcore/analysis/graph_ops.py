"""How much the operations of TensorFlow, PyTorch and ONNX compute, where that follows from the shapes around them.

A multiply-add counts as two operations. Only convolutions, matrix products, attention and recurrent layers are counted,
which take nearly all of the time; biases, activations and norms are not.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence

from tbcore.formats.graphs import Node, Output, Shape

# What an operation takes and gives: shapes, None where one is not known.
Shapes = Sequence[Shape | None]
Rule = Callable[[Node, Shapes, Shapes], int]

_NUMBER = re.compile(r"-?\d+")


def operations(node: Node, takes: Shapes, gives: Shapes) -> int | None:
    """Return how many operations a node takes, None where that does not follow from the shapes."""
    rule = _RULES.get(node.op)
    if rule is None:
        return None
    try:
        return 2 * rule(node, [single(shape) for shape in takes], [single(shape) for shape in gives])
    except (IndexError, KeyError, ValueError, TypeError, ZeroDivisionError, OverflowError):
        # Attributes and shapes are anything that somebody wrote.
        return None


def counts(op: str) -> bool:
    """Return whether the operations of nodes of type `op` can be counted."""
    return op in _RULES


def single(shape: Shape | None) -> Shape | None:
    """Return the shape of one example, where it is not said how many there are."""
    return (1, *shape[1:]) if shape and shape[0] is None else shape


def size(shape: Shape | None) -> int:
    """Return how many numbers a shape holds. Raises ValueError when that is not known."""
    if shape is None:
        raise ValueError("a shape is not known")
    return math.prod(map(length, shape))


def length(one: int | None) -> int:
    """Return a length. Raises ValueError when it is not known."""
    if one is None or one < 0:
        raise ValueError("a length is not known")
    return one


def integers(text: str) -> list[int]:
    """Return the whole numbers in an attribute."""
    return [int(number) for number in _NUMBER.findall(text)]


def shape_of(text: str | None) -> tuple[int, ...] | None:
    """Return the shape that an attribute spells, None where a length or the rank is not known."""
    if text is None or not text.startswith("[") or "?" in text or not text.endswith("]"):
        return None
    found = tuple(integers(text))
    return None if any(number < 0 for number in found) else found


def dtype_of(output: Output) -> int:
    """Return the bytes that one number of an output takes: 4 where its type is not known."""
    return _BYTES.get(output.dtype, 4)


_BYTES = {
    "float64": 8, "double": 8, "int64": 8, "uint64": 8, "complex64": 8, "complex128": 16, "float32": 4, "int32": 4, "uint32": 4,
    "float16": 2, "half": 2, "bfloat16": 2, "int16": 2, "uint16": 2, "int8": 1, "uint8": 1, "bool": 1,
}  # fmt: skip


def _rank(shape: Shape | None) -> Shape:
    if not shape:
        raise ValueError("a shape is not known")
    return shape


def _true(node: Node, *keys: str) -> bool:
    return any(node.attributes.get(key, "").lower() in ("true", "1") for key in keys)


def _matrix(transposed: Sequence[str]) -> Rule:
    """Return the rule of a product of matrices, whose first one may be turned by one of these attributes."""

    def rule(node: Node, takes: Shapes, gives: Shapes) -> int:
        first = _rank(takes[0])
        return size(gives[0]) * length(first[-2 if _true(node, *transposed) else -1])

    return rule


def _convolution(_node: Node, takes: Shapes, gives: Shapes) -> int:
    """Count a convolution of TensorFlow: its kernel is [..., channels / groups, filters]."""
    kernel = _rank(takes[1])
    return size(gives[0]) * size(kernel[:-1])


def _depthwise(_node: Node, takes: Shapes, gives: Shapes) -> int:
    return size(gives[0]) * size(_rank(takes[1])[:-2])


def _transposed(_node: Node, takes: Shapes, _gives: Shapes) -> int:
    """Count what TensorFlow calls the gradient of a convolution: sizes, kernel [..., filters, channels], input."""
    return size(takes[2]) * size(_rank(takes[1])[:-1])


def _onnx_convolution(_node: Node, takes: Shapes, gives: Shapes) -> int:
    """Count a convolution of ONNX or PyTorch: its kernel is [filters, channels / groups, ...]."""
    return size(gives[0]) * size(_rank(takes[1])[1:])


def _onnx_transposed(_node: Node, takes: Shapes, _gives: Shapes) -> int:
    return size(takes[0]) * size(_rank(takes[1])[1:])


def _onnx_recurrent(_node: Node, takes: Shapes, _gives: Shapes) -> int:
    """Count a recurrent layer of ONNX: input [steps, examples, ...], kernels [directions, wide, ...]."""
    first = _rank(takes[0])
    return size(first[:2]) * (size(takes[1]) + size(takes[2]))


def _attention(query: int, key: int, value: int) -> Rule:
    """Return the rule of scaled dot-product attention, of what it takes at these places."""

    def rule(_node: Node, takes: Shapes, _gives: Shapes) -> int:
        asks, keys, values = (_rank(takes[place]) for place in (query, key, value))
        return size(asks[:-1]) * length(keys[-2]) * (length(asks[-1]) + length(values[-1]))

    return rule


def _added(_node: Node, takes: Shapes, gives: Shapes) -> int:
    """Count a sum with a product of two matrices, which come second and third."""
    return size(gives[0]) * length(_rank(takes[1])[-1])


def _linear(_node: Node, takes: Shapes, gives: Shapes) -> int:
    return size(gives[0]) * length(_rank(takes[0])[-1])


def _einsum(node: Node, takes: Shapes, _gives: Shapes) -> int:
    """Count a sum of products: each combination of all letters is one multiply-add."""
    equation = node.attributes["equation"].replace(" ", "").strip("\"'")
    left, _arrow, _result = equation.partition("->")
    lengths: dict[str, int] = {}
    if "..." in equation or left.count(",") != 1:
        raise ValueError("not counted")
    for letters, shape in zip(left.split(","), takes, strict=False):
        for letter, one in zip(letters, _rank(shape), strict=True):
            lengths[letter] = length(one)
    return math.prod(lengths.values())


_PRODUCT = _matrix(("transpose_a", "transA", "adj_x", "adjoint_a"))
_RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("MatMul", "_FusedMatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Gemm"), _PRODUCT),
    **dict.fromkeys(("aten::mm", "aten::bmm", "aten::matmul"), _PRODUCT),
    **dict.fromkeys(("Conv2D", "Conv3D", "_FusedConv2D"), _convolution),
    **dict.fromkeys(("Conv2DBackpropInput", "Conv3DBackpropInputV2"), _transposed),
    **dict.fromkeys(("DepthwiseConv2dNative", "_FusedDepthwiseConv2dNative"), _depthwise),
    **dict.fromkeys(("LSTM", "GRU", "RNN"), _onnx_recurrent),
    **dict.fromkeys(("aten::addmm", "aten::baddbmm"), _added),
    "Conv": _onnx_convolution,
    "ConvTranspose": _onnx_transposed,
    "Einsum": _einsum,
    "aten::linear": _linear,
    "aten::scaled_dot_product_attention": _attention(0, 1, 2),
}

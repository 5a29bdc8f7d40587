"""TensorProto to NumPy arrays and back.

Source: tensorflow/core/framework/{types,tensor}.proto; values left out repeat the last one, as TensorFlow reads them.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tbcore.errors import TensorError
from tbcore.formats.schema import DataType, TensorProto


@dataclass(frozen=True)
class Dtype:
    """How one DataType is stored and what its array looks like.

    stored: the type of its elements in tensor_content; field: its typed list; listed: the type of that list's items.
    array: the type of the array handed out.
    """

    number: DataType
    stored: str
    field: str
    listed: str
    array: str


# bfloat16 is the upper half of a float32, so float32 holds every one exactly; NumPy has no bfloat16 of its own.
_DTYPES = (
    #     number               stored   field            listed   array
    Dtype(DataType.FLOAT,      "<f4",   "float_val",     "<f4",   "<f4"),
    Dtype(DataType.DOUBLE,     "<f8",   "double_val",    "<f8",   "<f8"),
    Dtype(DataType.HALF,       "<f2",   "half_val",      "bits",  "<f2"),
    Dtype(DataType.BFLOAT16,   "bf16",  "half_val",      "bits",  "<f4"),
    Dtype(DataType.INT8,       "<i1",   "int_val",       "<i4",   "<i1"),
    Dtype(DataType.INT16,      "<i2",   "int_val",       "<i4",   "<i2"),
    Dtype(DataType.INT32,      "<i4",   "int_val",       "<i4",   "<i4"),
    Dtype(DataType.INT64,      "<i8",   "int64_val",     "<i8",   "<i8"),
    Dtype(DataType.UINT8,      "<u1",   "int_val",       "<i4",   "<u1"),
    Dtype(DataType.UINT16,     "<u2",   "int_val",       "<i4",   "<u2"),
    Dtype(DataType.UINT32,     "<u4",   "uint32_val",    "<u4",   "<u4"),
    Dtype(DataType.UINT64,     "<u8",   "uint64_val",    "<u8",   "<u8"),
    Dtype(DataType.QINT8,      "<i1",   "int_val",       "<i4",   "<i1"),
    Dtype(DataType.QINT16,     "<i2",   "int_val",       "<i4",   "<i2"),
    Dtype(DataType.QINT32,     "<i4",   "int_val",       "<i4",   "<i4"),
    Dtype(DataType.QUINT8,     "<u1",   "int_val",       "<i4",   "<u1"),
    Dtype(DataType.QUINT16,    "<u2",   "int_val",       "<i4",   "<u2"),
    Dtype(DataType.BOOL,       "|b1",   "bool_val",      "|b1",   "|b1"),
    Dtype(DataType.COMPLEX64,  "<c8",   "scomplex_val",  "pairs", "<c8"),
    Dtype(DataType.COMPLEX128, "<c16",  "dcomplex_val",  "pairs", "<c16"),
    Dtype(DataType.STRING,     "",      "string_val",    "|O",    "|O"),
)  # fmt: skip

_BY_NUMBER = {int(dtype.number): dtype for dtype in _DTYPES}
_REFERENCE = 100
_QUANTISED = (DataType.QINT8, DataType.QINT16, DataType.QINT32, DataType.QUINT8, DataType.QUINT16)
_BY_ARRAY = {
    np.dtype(dtype.array): dtype
    for dtype in _DTYPES
    if dtype.number not in _QUANTISED and dtype.number != DataType.BFLOAT16
}

# A few bytes may claim any number of repeated values; a real one of this size would be written out.
MAX_REPEATED = 1 << 24


def ndarray(proto: Any) -> NDArray[Any]:
    """Return the array that a TensorProto holds; it may be read-only.

    Strings become an object array of bytes, bfloat16 becomes float32, quantised integers their integers. One value
    fills the shape, fewer values than elements repeat the last one, none are zeros (b"" for strings). Of unknown rank
    the values come in one dimension. Raises TensorError when type, shape and values do not fit together.
    """
    number = proto.dtype - _REFERENCE if proto.dtype > _REFERENCE else proto.dtype
    dtype = _BY_NUMBER.get(number)
    if dtype is None:
        raise TensorError(f"a tensor of type {_type_name(proto.dtype)} cannot be read")
    values = _values(proto, dtype)
    if proto.tensor_shape.unknown_rank:
        return values
    shape = tuple(int(dim.size) for dim in proto.tensor_shape.dim)
    if any(size < 0 for size in shape):
        raise TensorError(f"a tensor claims the shape {list(shape)}")
    elements = math.prod(shape)
    if len(values) == elements:
        return _reshaped(values, shape)
    if proto.tensor_content or len(values) > elements:
        raise TensorError(f"a tensor of shape {list(shape)} holds {len(values)} values instead of {elements}")
    if elements > MAX_REPEATED:
        raise TensorError(f"a tensor of shape {list(shape)} holds only {len(values)} values")
    if not len(values):
        values = np.array([b""], object) if dtype.array == "|O" else np.zeros(1, dtype.array)
    repeated = np.full(elements - len(values), values[-1], values.dtype)
    return _reshaped(np.concatenate((values, repeated)), shape)


def _reshaped(values: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    try:
        return values.reshape(shape)
    except ValueError as error:
        raise TensorError(f"a tensor of shape {list(shape)} cannot be an array: {error}") from error


def _values(proto: Any, dtype: Dtype) -> NDArray[Any]:
    """Return the values [n] that are written in `proto`, in their array type."""
    if proto.tensor_content:
        return _content(proto.tensor_content, dtype)
    listed = getattr(proto, dtype.field)
    if dtype.listed == "|O":
        strings = np.empty(len(listed), object)
        strings[:] = list(listed)
        return strings
    if dtype.listed == "bits":
        bits = np.fromiter(listed, "<i4", len(listed)).astype("<u2")
        return _widened(bits) if dtype.stored == "bf16" else bits.view(dtype.stored)
    if dtype.listed == "pairs":
        if len(listed) % 2:
            raise TensorError(f"a complex tensor holds {len(listed)} halves, which is odd")
        return np.fromiter(listed, "<f4" if dtype.array == "<c8" else "<f8", len(listed)).view(dtype.array)
    return np.fromiter(listed, dtype.listed, len(listed)).astype(dtype.array)


def _content(content: bytes, dtype: Dtype) -> NDArray[Any]:
    """Return the values [n] that the bytes of tensor_content spell."""
    if dtype.number == DataType.STRING:
        raise TensorError("a tensor of strings keeps them in tensor_content")
    size = 2 if dtype.stored == "bf16" else np.dtype(dtype.stored).itemsize
    if len(content) % size:
        raise TensorError(f"a tensor of {size}-byte values has {len(content)} bytes of content")
    if dtype.stored == "bf16":
        return _widened(np.frombuffer(content, "<u2"))
    if dtype.stored == "|b1":
        return np.frombuffer(content, np.uint8).astype(np.bool_)
    return np.frombuffer(content, dtype.stored)


def _widened(bits: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Return bfloat16 given as bits as the same numbers in float32."""
    return (bits.astype("<u4") << np.uint32(16)).view("<f4")


def _type_name(number: int) -> str:
    try:
        return f"{DataType(number % _REFERENCE).name.lower()} ({number})"
    except ValueError:
        return str(number)


def tensor_proto(array: Any) -> Any:
    """Return the TensorProto of `array`: anything NumPy takes for numbers, text or bytes. Text is written as UTF-8.

    Raises TensorError when a type has no counterpart.
    """
    array = np.asarray(array)
    proto = TensorProto()
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    if array.dtype.kind in "OSU":
        proto.dtype = DataType.STRING
        proto.string_val.extend(_encoded(item) for item in array.ravel().tolist())
        return proto
    dtype = _BY_ARRAY.get(array.dtype.newbyteorder("<"))
    if dtype is None:
        raise TensorError(f"an array of type {array.dtype} has no counterpart in a tensor")
    proto.dtype = dtype.number
    proto.tensor_content = array.astype(dtype.array).tobytes()
    return proto


def _encoded(item: object) -> bytes:
    if isinstance(item, bytes):
        return item
    if isinstance(item, str):
        return item.encode()
    raise TensorError(f"an item of type {type(item).__name__} is neither text nor bytes")

"""Histograms in bulk: the bytes of many values -> columns of buckets, bit for bit as `tbcore.formats.events` decodes one.

The two usual ways of writing, a legacy histogram with packed lists and a tensor [k, 3] of doubles in tensor_content,
are read by a compiled kernel; any other is left to `events.payload`. The kernel is memory-safe on any bytes.
Source: field numbers of summary.proto, histogram.proto, tensor.proto, tensor_shape.proto of TensorFlow.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tbcore.errors import FormatError, TensorError
from tbcore.formats import events
from tbcore.formats.scan import _field, _load_double, _varint
from tbcore.formats.schema import DataType

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

_fast = njit(nogil=True, cache=True, error_model="numpy")

# Keys of wire fields: 8 x number + wire type
_TAG, _HISTO, _NODE_NAME, _TENSOR, _METADATA = 10, 42, 58, 66, 74
_MIN, _SUM_SQUARES = 9, 41  # min, max, num, sum, sum_squares: every eighth key
_LIMITS, _COUNTS = 50, 58
_DTYPE, _SHAPE, _CONTENT = 8, 18, 34
_DIM, _SIZE = 18, 8
_DOUBLE = int(DataType.DOUBLE)

_UNUSUAL, _LEGACY, _MATRIX, _UNCHECKED = range(4)  # how a value is written; the last one has metadata not seen before

# Columns of what the first pass notes of a value
_HOW, _SIZE_OF, _AT, _COUNTS_AT, _META_AT, _META_LENGTH = range(6)
_NOTES = 6


@dataclass(frozen=True)
class Columns:
    """The buckets of n values: those of value i are starts[i] up to starts[i + 1].

    moments [n, 5]: min, max, num, sum and sum of squares that legacy histograms say, NaN for the others.
    problems: (value, reason) of those that are no histogram; they have no buckets.
    """

    starts: Ints
    lefts: Floats
    rights: Floats
    counts: Floats
    moments: Floats
    problems: tuple[tuple[int, str], ...]


def columns(data: Bytes, starts: Ints, lengths: Ints, form: str, plugin: str = "") -> Columns:
    """Return the buckets of the values whose bytes are data[starts[i] : starts[i] + lengths[i]], all written in `form`.

    plugin: that of the tag, "" when it is not known. Raises IndexError when a value lies outside of `data`.
    """
    n = len(starts)
    if n and (int(starts.min()) < 0 or int(lengths.min()) < 0 or int((starts + lengths).max()) > len(data)):
        raise IndexError("a value lies outside of the bytes")
    data, starts, lengths = (np.ascontiguousarray(array) for array in (data, starts, lengths))
    notes = np.zeros((n, _NOTES), np.int64)
    moments = np.full((n, 5), np.nan)
    if form in ("histo", "tensor"):
        legacy = form == "histo"
        _look(data, starts, lengths, legacy, np.zeros(0, np.uint8), notes, moments)
        if (notes[:, _HOW] == _UNCHECKED).any():
            known = _metadata(data, notes[np.flatnonzero(notes[:, _HOW] == _UNCHECKED)[0]])
            if known is not None:
                _look(data, starts, lengths, legacy, known, notes, moments)
    others: dict[int, Floats] = {}
    problems = []
    usual = (notes[:, _HOW] == _LEGACY) | (notes[:, _HOW] == _MATRIX)
    for i in np.flatnonzero(~usual).tolist():
        moments[i] = np.nan
        value = data[starts[i] : starts[i] + lengths[i]].tobytes()
        try:
            others[i], moments[i] = one(value, form, plugin)
            notes[i, _SIZE_OF] = len(others[i])
        except FormatError as error:
            problems.append((i, str(error)))
            notes[i, _SIZE_OF] = 0
    begins = np.concatenate((np.zeros(1, np.int64), np.cumsum(notes[:, _SIZE_OF])))
    lefts, rights, counts = (np.empty(int(begins[-1])) for _ in range(3))
    _fill(data, notes, moments, begins, lefts, rights, counts)
    for i, buckets in others.items():
        place = slice(int(begins[i]), int(begins[i + 1]))
        lefts[place], rights[place], counts[place] = buckets.T
    return Columns(begins, lefts, rights, counts, moments, tuple(problems))


def one(value: bytes, form: str, plugin: str = "") -> tuple[Floats, Floats]:
    """Return the buckets [k, 3] of one value and its five moments. Raises FormatError when it is no histogram."""
    found = events.payload(value, form, plugin or None)
    buckets = found.value
    if not isinstance(buckets, np.ndarray) or buckets.ndim != 2 or buckets.shape[1] != 3:
        shape = list(buckets.shape) if isinstance(buckets, np.ndarray) else "of one number or of bytes"
        raise TensorError(f"a histogram is a tensor [buckets, 3] of left, right and count, but this one is {shape}")
    if buckets.dtype.kind not in "fiu":
        kind = "strings" if buckets.dtype.kind == "O" else f"type {buckets.dtype}"
        raise TensorError(f"a histogram is a tensor of numbers, but this one is of {kind}")
    said = found.details
    moments = np.full(5, np.nan)
    if isinstance(said, events.Moments):
        moments[:] = said.min, said.max, said.num, said.sum, said.sum_squares
    return buckets.astype(np.float64), moments


def warm() -> None:
    """Compile the kernel, or load it from the cache on disk, by reading nothing."""
    columns(np.zeros(1, np.uint8), np.zeros(1, np.int64), np.zeros(1, np.int64), "tensor")


def _metadata(data: Bytes, note: Ints) -> Bytes | None:
    """Return the bytes of a value's metadata, None when they cannot be read."""
    found = data[note[_META_AT] : note[_META_AT] + note[_META_LENGTH]]
    try:
        events.metadata(found.tobytes())
    except FormatError:
        return None
    return found


@_fast
def _look(data: Bytes, starts: Ints, lengths: Ints, legacy: bool, known: Bytes, notes: Ints, moments: Floats) -> None:
    """Note how each value is written, where its numbers lie, and how many buckets it has.

    known: the bytes of metadata that can be read; a value with other metadata is `_UNCHECKED`.
    """
    for i in range(starts.size):
        notes[i, _HOW] = _UNUSUAL
        p = starts[i]
        end = p + lengths[i]
        body = stop = np.int64(-1)
        meta = meta_stop = np.int64(-1)
        usual = True
        while p < end and usual:
            key, begin, after, following = _field(data, p, end)
            if following < 0:
                usual = False
            elif key == (_HISTO if legacy else _TENSOR):
                usual = body < 0
                body, stop = begin, after
            elif key == _METADATA:
                usual = meta < 0
                meta, meta_stop = begin, after
            elif key not in (_TAG, _NODE_NAME):
                usual = False
            p = following
        if not usual or body < 0:
            continue
        how = np.int64(_UNUSUAL)
        if legacy:
            if _look_legacy(data, body, stop, notes[i], moments[i]):
                how = np.int64(_LEGACY)
        elif _look_matrix(data, body, stop, notes[i]):
            how = np.int64(_MATRIX)
        if how != _UNUSUAL and meta >= 0:
            notes[i, _META_AT] = meta
            notes[i, _META_LENGTH] = meta_stop - meta
            if not _equal(data, meta, meta_stop - meta, known):
                how = np.int64(_UNCHECKED)
        notes[i, _HOW] = how


@_fast
def _equal(data: Bytes, p: int, length: int, known: Bytes) -> bool:
    same = length == known.size
    k = 0
    while same and k < length:
        same = data[p + k] == known[k]
        k += 1
    return same


@_fast
def _look_legacy(data: Bytes, p: int, end: int, note: Ints, moments: Floats) -> bool:
    """Note a legacy histogram: its moments, and which buckets lie between the empty ones at both ends."""
    limits = limits_stop = counts = counts_stop = np.int64(-1)
    seen = np.int64(0)
    moments[:] = 0.0
    while p < end:
        key, begin, after, p = _field(data, p, end)
        if p < 0:
            return False
        if _MIN <= key <= _SUM_SQUARES and (key - _MIN) % 8 == 0:
            which = (key - _MIN) // 8
            if seen & (1 << which):
                return False
            seen |= 1 << which
            moments[which] = _load_double(data, begin)
        elif key == _LIMITS and limits < 0:
            limits, limits_stop = begin, after
        elif key == _COUNTS and counts < 0:
            counts, counts_stop = begin, after
        else:
            return False
    if (limits_stop - limits) % 8 != 0 or (counts_stop - counts) % 8 != 0:
        return False
    many = (counts_stop - counts) // 8
    first = np.int64(0)
    while first < many and not _load_double(data, counts + 8 * first) > 0:
        first += 1
    if first == many:
        note[_SIZE_OF] = 0
        return True
    last = many - 1
    while not _load_double(data, counts + 8 * last) > 0:
        last -= 1
    if (limits_stop - limits) // 8 < last:
        return False
    note[_SIZE_OF] = last - first + 1
    note[_AT] = limits + 8 * first
    note[_COUNTS_AT] = counts + 8 * first
    return True


@_fast
def _look_matrix(data: Bytes, p: int, end: int, note: Ints) -> bool:
    """Note a tensor [k, 3] of doubles whose numbers are in tensor_content."""
    dtype = shape = shape_stop = content = content_stop = np.int64(-1)
    while p < end:
        key, begin, after, p = _field(data, p, end)
        if p < 0:
            return False
        if key == _DTYPE and dtype < 0:
            number, _next = _varint(data, begin, after)
            dtype = np.int64(_DOUBLE) if number == np.uint64(_DOUBLE) else np.int64(0)
        elif key == _SHAPE and shape < 0:
            shape, shape_stop = begin, after
        elif key == _CONTENT and content < 0:
            content, content_stop = begin, after
        else:
            return False
    if dtype != _DOUBLE or shape < 0:
        return False
    dims = np.int64(0)
    rows = width = np.int64(0)
    while shape < shape_stop:
        key, begin, after, shape = _field(data, shape, shape_stop)
        if shape < 0 or key != _DIM or dims == 2:
            return False
        size = np.int64(0)
        if begin < after:
            inner, at, stop, following = _field(data, begin, after)
            if following != after or inner != _SIZE:
                return False
            number, _next = _varint(data, at, stop)
            if number > np.uint64(data.size):
                return False
            size = np.int64(number)
        rows, width = width, size
        dims += 1
    if dims != 2 or width != 3 or content_stop - content != rows * 24:
        return False
    note[_SIZE_OF] = rows
    note[_AT] = content
    return True


@_fast
def _fill(
    data: Bytes, notes: Ints, moments: Floats, begins: Ints, lefts: Floats, rights: Floats, counts: Floats
) -> None:
    """Write the buckets of the values that are written in a usual way into their places."""
    for i in range(notes.shape[0]):
        row = begins[i]
        many = notes[i, _SIZE_OF]
        p = notes[i, _AT]
        if notes[i, _HOW] == _MATRIX:
            for k in range(many):
                lefts[row + k] = _load_double(data, p + 24 * k)
                rights[row + k] = _load_double(data, p + 24 * k + 8)
                counts[row + k] = _load_double(data, p + 24 * k + 16)
        elif notes[i, _HOW] == _LEGACY and many > 0:
            q = notes[i, _COUNTS_AT]
            lefts[row] = moments[i, 0]
            for k in range(many):
                counts[row + k] = _load_double(data, q + 8 * k)
            for k in range(many - 1):
                limit = _load_double(data, p + 8 * k)
                rights[row + k] = limit
                lefts[row + k + 1] = limit
            rights[row + many - 1] = moments[i, 1]

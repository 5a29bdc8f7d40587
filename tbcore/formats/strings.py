"""Where the strings of a written tensor lie, without reading them: a text may be larger than memory should hold.

found = strings(lambda at, count: data[at : at + count], len(data))
at, length = found.places[0]
"""

from collections.abc import Callable
from dataclasses import dataclass

from tbcore.errors import MessageError, TensorError
from tbcore.formats.schema import DataType

Read = Callable[[int, int], bytes]
Place = tuple[int, int]

# Field numbers of Summary.Value, TensorProto, TensorShapeProto and its Dim.
_TENSOR = 8
_DTYPE, _SHAPE, _STRINGS = 1, 2, 8
_DIM = 2
_SIZE = 1
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_AHEAD = 1 << 12  # bytes that are read at once
_MOST = 1 << 20  # strings


@dataclass(frozen=True)
class Strings:
    """The shape of a tensor of strings, and offset and length of each of them, in order."""

    shape: tuple[int, ...]
    places: tuple[Place, ...]


def strings(read: Read, length: int) -> Strings:
    """Return where the strings are in a Summary.Value of `length` bytes, of which `read(offset, count)` returns some.

    Raises MessageError or TensorError when they are not there, or fewer than the shape says.
    """
    window = _Window(read, length)
    tensor = next((place for field, place in window.fields(0, length) if field == _TENSOR), None)
    if tensor is None:
        raise MessageError(f"a value of {length:,} bytes does not hold its tensor")
    dtype = 0
    shape: list[int] = []
    places: list[Place] = []
    for field, place in window.fields(tensor[0], tensor[0] + tensor[1]):
        if field == _DTYPE:
            dtype = place[1]
        elif field == _SHAPE:
            for inner, dim in window.fields(place[0], place[0] + place[1]):
                if inner == _DIM:
                    sizes = [size for number, (_at, size) in window.fields(dim[0], sum(dim)) if number == _SIZE]
                    shape.append(sizes[-1] if sizes else 0)
        elif field == _STRINGS:
            if len(places) == _MOST:
                raise TensorError(f"a tensor of more than {_MOST:,} strings in {length:,} bytes")
            places.append(place)
    if dtype != DataType.STRING:
        raise TensorError("a tensor that holds no strings")
    elements = 1
    for size in shape:
        elements *= size
    if elements != len(places):
        raise TensorError(f"a tensor of shape {shape} holds {len(places)} values instead of {elements}")
    return Strings(tuple(shape), tuple(places))


class _Window:
    """Some bytes of a message, those around where it was looked at last."""

    def __init__(self, read: Read, length: int) -> None:
        self._read, self._length = read, length
        self._start, self._bytes = 0, b""

    def _byte(self, at: int) -> int:
        if not self._start <= at < self._start + len(self._bytes):
            self._start, self._bytes = at, self._read(at, min(_AHEAD, self._length - at))
        return self._bytes[at - self._start]

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        """Return the number at `at`, and where it ends."""
        number = 0
        for shift in range(0, 70, 7):
            if at >= end:
                break
            byte = self._byte(at)
            at += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number, at
        raise MessageError(f"a number is not whole at byte {at:,} of a value")

    def fields(self, at: int, end: int) -> "list[tuple[int, Place]]":
        """Return the fields between two places: (number, (offset, length)), of a varint (number, (offset, value))."""
        found: list[tuple[int, Place]] = []
        while at < end:
            key, at = self._varint(at, end)
            wire = key & 7
            if wire == _VARINT:
                value, after = self._varint(at, end)
                found.append((key >> 3, (at, value)))
            elif wire == _BYTES:
                size, at = self._varint(at, end)
                after = at + size
                found.append((key >> 3, (at, size)))
            elif wire in (_FIXED32, _FIXED64):
                after = at + (4 if wire == _FIXED32 else 8)
            else:
                raise MessageError(f"a field of wire type {wire} at byte {at:,} of a value")
            if after > end:
                raise MessageError(f"a field reaches beyond its message at byte {at:,} of a value")
            at = after
        return found

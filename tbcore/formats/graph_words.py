"""What is in a graph as text: shapes, numbers, strings and the first values of tensors, the same of every format."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from tbcore.formats.graphs import Shape

VALUES = 8  # of a tensor that are told

_LETTERS = 100  # of each of them
_LARGEST = float(np.finfo(np.float32).max)
_WIDTHS = {"bool": 1, "qint8": 1, "quint8": 1, "qint16": 2, "quint16": 2, "qint32": 4}


def width(dtype: str) -> int:
    """Return the bytes of a number of a type such as "float32", 0 of what is no number; what is smaller takes one."""
    if dtype in _WIDTHS:
        return _WIDTHS[dtype]
    if dtype.startswith("float8"):
        return 1
    bits = dtype.lstrip("abcdefghijklmnopqrstuvwxyz").partition("_")[0]
    known = bits.isascii() and bits.isdecimal() and len(bits) < 4
    return -(-int(bits) // 8) if known else 0


def shape_text(shape: Shape | None) -> str:
    """Return a shape as "[1, 8, ?]", "?" where not even the rank is known."""
    if shape is None:
        return "?"
    return f"[{', '.join('?' if length is None else str(length) for length in shape)}]"


def number_text(value: float) -> str:
    """Return a number with no more digits than float32 has."""
    return str(np.float32(value)) if abs(value) < _LARGEST else str(value)


def bool_text(value: bool) -> str:
    """Return "true" or "false"."""
    return "true" if value else "false"


def string_text(value: bytes) -> str:
    """Return bytes as text, or how many there are where they are none."""
    words = value.decode("utf-8", "replace")
    if not words.isprintable() and any(letter < " " and letter not in "\t\n\r" for letter in words):
        return f"{len(value):,} bytes"
    return words


def list_text(items: Iterable[object], words: Callable[[object], str]) -> str:
    """Return items in brackets. words: writes one of them."""
    return f"[{', '.join(map(words, items))}]"


def tensor_text(dtype: str, shape: Shape | None, values: Sequence[object]) -> str:
    """Return type, shape and first values of a tensor. values: of which one more than VALUES tells that there are more."""
    shown = ", ".join(map(_item, values[:VALUES]))
    return f"{dtype} {shape_text(shape)} {shown}{', …' if len(values) > VALUES else ''}".strip()


def short(words: str) -> str:
    """Return the beginning of a text, such as a name in a message."""
    return words if len(words) <= _LETTERS else f"{words[:_LETTERS]}…"


def _item(value: object) -> str:
    if isinstance(value, bytes):
        return short(string_text(value))
    if isinstance(value, bool):
        return bool_text(value)
    return number_text(value) if isinstance(value, float) else str(value)

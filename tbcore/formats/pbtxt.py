"""Protobuf's text format to its wire format, by the tables of `tbcore.formats.schema`.

    wire('node { name: "x" op: "Relu" }', GraphDef)

Fields that a table does not name are skipped with all that they hold, as they are in the wire format.
Source: the text format's specification, protobuf.dev/reference/protobuf/textformat-spec.
"""

import re
import struct
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from google.protobuf.descriptor import FieldDescriptor

from tbcore.errors import MessageError
from tbcore.formats.schema import DataType

_TOKEN = re.compile(
    r"""\#[^\n]*|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[{}<>\[\]:,;]|[^\s{}<>\[\]:,;"'\#]+|["'])""", re.ASCII
)
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
_CLOSES = {"{": "}", "<": ">"}
_DEEPEST = 90  # messages within messages: protobuf itself stops at 100
_SHOWN = 40  # characters of a token that a message repeats
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MASK = (1 << 64) - 1
_BOOLS = {"true": 1, "True": 1, "t": 1, "1": 1, "false": 0, "False": 0, "f": 0, "0": 0}
_REFERENCE = 100  # is added to a type's number for a reference to it
_NAME, _COLON, _VALUE, _ITEM, _MORE, _EXTENSION = range(6)  # what the next token may be


class _Field(NamedTuple):
    """How a field is written: its key, the value of one token, or by name the fields of the message that it is."""

    key: bytes
    value: Callable[[str], bytes] | None
    fields: "Mapping[str, _Field] | None"


class _Message(NamedTuple):
    """A message that is being written; fields: None where it is skipped; then: what may follow when it is closed."""

    fields: Mapping[str, _Field] | None
    written: list[bytes]
    field: _Field | None
    close: str
    then: int


def wire(source: str, cls: Any, inner: Mapping[tuple[str, str], Any] | None = None) -> bytes:
    """Return the bytes of the message of class `cls` that a text spells.

    inner: the class of the message that a field of bytes holds, by the name of the field's message and its own.
    Raises MessageError, which tells the line, when the text is not in the format.
    """
    inside = [_Message(_fields(cls.DESCRIPTOR, inner or {}, {}), [], None, "", _NAME)]
    field: _Field | None = None
    state, at = _NAME, 0
    strings: list[str] = []  # neighbours are one
    try:
        for match in _TOKEN.finditer(source):
            token = match.group(1)
            if token is None:
                continue
            message, at = inside[-1], match.start()
            quoted = token[0] in "\"'"
            if strings and not quoted:
                _write(message, field, strings)
                strings = []
            if state == _NAME:
                if strings:
                    strings.append(token)
                elif token == message.close:
                    inside.pop()
                    _close(inside[-1], message)
                    state, field = message.then, message.field
                elif token == "[":
                    state, field = _EXTENSION, None
                elif token not in ",;":
                    if quoted or token in _CLOSES or token in ":]}>":
                        raise _UnexpectedError(token)
                    state, field = _COLON, message.fields.get(token) if message.fields else None
            elif token in _CLOSES and state in (_COLON, _VALUE, _ITEM):
                if len(inside) > _DEEPEST:
                    raise _UnexpectedError(f"more than {_DEEPEST} messages within one another")
                if field is not None and field.fields is None:
                    raise _UnexpectedError(token)
                fields = field.fields if field else None
                inside.append(_Message(fields, [], field, _CLOSES[token], _MORE if state == _ITEM else _NAME))
                state = _NAME
            elif state == _COLON and token == ":":
                state = _VALUE
            elif state == _VALUE and token == "[":
                state = _ITEM
            elif state in (_ITEM, _MORE) and token == "]":
                state = _NAME
            elif state == _EXTENSION:
                state = _COLON if token == "]" else state
            elif state == _MORE:
                if strings:
                    strings.append(token)
                elif token != ",":
                    raise _UnexpectedError(token)
                else:
                    state = _ITEM
            elif state in (_VALUE, _ITEM) and token not in _CLOSES and token not in ":,;[]}>":
                state = _NAME if state == _VALUE else _MORE
                if quoted:
                    strings = [token]
                else:
                    _write(message, field, [token])
            else:
                raise _UnexpectedError(token)
        at = len(source)
        _write(inside[-1], field, strings)
        if len(inside) > 1 or state != _NAME:
            raise _UnexpectedError("the end")
    except (_UnexpectedError, ValueError, struct.error, OverflowError) as error:
        what = f"unexpected {_short(error.args[0])}" if isinstance(error, _UnexpectedError) else _short(str(error))
        raise MessageError(f"line {source.count(chr(10), 0, at) + 1:,} of the text: {what}") from error
    return b"".join(inside[0].written)


class _UnexpectedError(Exception):
    """A token that must not come where it comes."""


def _short(words: str) -> str:
    return words if len(words) <= _SHOWN else f"{words[:_SHOWN]}…"


def _write(message: _Message, field: _Field | None, tokens: list[str]) -> None:
    """Write one value, of one token or of neighbouring strings, unless it is skipped."""
    if field is None or not tokens:
        return
    if field.value is None:
        raise _UnexpectedError(tokens[0])
    if field.value is _string:
        content = b"".join(map(_string, tokens))
        message.written.append(field.key + _varint(len(content)) + content)
    else:
        message.written.append(field.key + field.value(tokens[0]))


def _close(parent: _Message, message: _Message) -> None:
    """Write a message that is whole into the one that holds it, unless it is skipped."""
    if message.field is not None and message.fields is not None:
        content = b"".join(message.written)
        parent.written.extend((message.field.key, _varint(len(content)), content))


def _fields(descriptor: Any, inner: Mapping[tuple[str, str], Any], known: dict[str, Any]) -> Mapping[str, _Field]:
    """Return the fields of a message by name. known: those of messages met before, since messages may hold themselves."""
    if descriptor.full_name in known:
        found: dict[str, _Field] = known[descriptor.full_name]
        return found
    found = known[descriptor.full_name] = {}
    for field in descriptor.fields:
        held = inner.get((descriptor.name, field.name))
        below = field.message_type if held is None else held.DESCRIPTOR
        if below is not None:
            found[field.name] = _Field(_key(field.number, _BYTES), None, _fields(below, inner, known))
        else:
            kind, value = _SCALARS[field.type]
            found[field.name] = _Field(_key(field.number, kind), value, None)
    return found


def _varint(number: int) -> bytes:
    if 0 <= number < 0x80:
        return bytes((number,))
    number &= _MASK
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _key(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _string(token: str) -> bytes:
    """Return the bytes of a string in quotes."""
    if len(token) < 2 or token[-1] != token[0]:
        raise _UnexpectedError(token)
    content = token[1:-1].encode("utf-8", "surrogatepass")
    return _ESCAPE.sub(_unescaped, content) if b"\\" in content else content


def _unescaped(match: re.Match[bytes]) -> bytes:
    octal, pair, short, long, letter = match.groups()
    if letter is not None:
        return _LETTERS.get(letter, letter)
    if short or long:
        return chr(int(short or long, 16)).encode("utf-8", "surrogatepass")
    return bytes((int(octal, 8) & 0xFF if octal else int(pair, 16),))


def _integer(token: str) -> bytes:
    """Return an integer, decimal, hexadecimal or octal, or the number of a type that is named."""
    if token.startswith("DT_"):
        name = token[3:]
        reference = name.endswith("_REF") and name != "_REF"
        name = name[:-4] if reference else name
        number = DataType[name] if name in DataType.__members__ else DataType.INVALID
        return _varint(number + _REFERENCE * reference)
    digits = token.lstrip("-")
    if digits[:1].isalpha():
        return _varint(0)  # a name of an enumeration that is not known here
    base = 16 if digits[:2] in ("0x", "0X") else 8 if digits[:1] == "0" and len(digits) > 1 else 10
    if len(digits) > _SHOWN:
        raise _UnexpectedError(token)
    return _varint(int(token, base))


def _bool(token: str) -> bytes:
    if token not in _BOOLS:
        raise _UnexpectedError(token)
    return _varint(_BOOLS[token])


def _number(token: str) -> float:
    plain = token.rstrip("fF") if "inf" not in token.lower() else token
    return float(plain)


def _float(token: str) -> bytes:
    number = _number(token)
    try:
        return struct.pack("<f", number)
    except OverflowError:
        return struct.pack("<f", float("inf") if number > 0 else float("-inf"))


def _double(token: str) -> bytes:
    return struct.pack("<d", _number(token))


_SCALARS = {
    FieldDescriptor.TYPE_DOUBLE: (_FIXED64, _double),
    FieldDescriptor.TYPE_FLOAT: (_FIXED32, _float),
    FieldDescriptor.TYPE_INT64: (_VARINT, _integer),
    FieldDescriptor.TYPE_UINT64: (_VARINT, _integer),
    FieldDescriptor.TYPE_INT32: (_VARINT, _integer),
    FieldDescriptor.TYPE_UINT32: (_VARINT, _integer),
    FieldDescriptor.TYPE_BOOL: (_VARINT, _bool),
    FieldDescriptor.TYPE_STRING: (_BYTES, _string),
    FieldDescriptor.TYPE_BYTES: (_BYTES, _string),
}

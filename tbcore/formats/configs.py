"""Files in which a training script leaves what it was started with: bytes -> names and values, one level deep.

Nothing in a file is acted on. A tag of YAML that asks for an object of Python is dropped, and what it stands before is
read as the text, list or mapping that it is. An alias is followed, but what a file becomes is limited in size and depth,
so that a short one cannot unfold into a huge one.

Source: YAML 1.2.2, chapters 5 to 10, whose core schema says what is a number; RFC 8259 for JSON, with Python's NaN and
Infinity. Names of files: those of Lightning (hparams.yaml), Ray Tune (params.json), Hydra (.hydra/config.yaml), and of
scripts that write their arguments.
"""

import base64
import binascii
import json
import math
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tbcore.errors import ConfigError

Value = bool | float | str

# The most telling first: where two files name the same value, the earlier one counts.
NAMES = (
    "hparams.yaml", "hparams.yml", "hparams.json", "params.json", "params.yaml", "args.yaml", "args.yml", "args.json",
    "flags.json", "config.yaml", "config.yml", "config.json",
)  # fmt: skip
BELOW = (".hydra", "config.yaml")  # a folder of the run, and the file in it

LARGEST = 1 << 20  # bytes; more is data, not choices
_MOST = 20_000  # values, lists and mappings that a file may become
_DEEPEST = 32  # of them inside each other
_LONGEST = 500  # entries of a mapping inside another, beyond which it is a table and stays in one piece

_TRUE, _FALSE, _NULL = ("true", "True", "TRUE"), ("false", "False", "FALSE"), ("", "~", "null", "Null", "NULL")
_INTEGER = re.compile(r"[+-]?[0-9]+(_[0-9]+)*")
_FLOAT = re.compile(r"[+-]?(\.[0-9]+|[0-9]+(_[0-9]+)*(\.[0-9]*)?)([eE][+-]?[0-9]+)?")
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_NOT_FINITE = re.compile(r"([+-]?)\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
# A line that holds a name and a value without any sign that YAML would act on.
_SIMPLE = re.compile(r"([A-Za-z_][A-Za-z0-9_./-]*): ([A-Za-z0-9_.+/-]*[A-Za-z0-9][A-Za-z0-9_.+/-]*)")

_CORE = "tag:yaml.org,2002:"
_PYTHON = f"{_CORE}python/"
_NAMED = tuple(f"{_PYTHON}{what}:" for what in ("name", "module"))
_TEXTS = (f"{_CORE}str", f"{_CORE}binary", f"{_PYTHON}str", f"{_PYTHON}unicode")
_PLAIN = (None, "")  # styles of a scalar without quotes, as the parsers in Python and in C call it
_ORDERED = f"{_PYTHON}object/apply:collections.OrderedDict"
_PATH = re.compile(rf"{_PYTHON}object/apply:pathlib\.(_local\.)?(Pure)?(Posix|Windows)?Path")
_SCALARS = tuple(f"{_PYTHON}object/apply:numpy.{core}.multiarray.scalar" for core in ("core", "_core"))
_DTYPES = {"f8": "d", "f4": "f", "f2": "e", "i8": "q", "i4": "i", "i2": "h", "i1": "b", "u1": "B", "u4": "I", "b1": "?"}

# The parser in C, where there is one; neither makes anything but text, lists and mappings.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True)
class Config:
    """One configuration file.

    name: the file's, below the folder of its run; values: by dotted name, None where the file says null; problem: in
    words, why nothing could be read of it, "" when it could.
    """

    name: str
    values: Mapping[str, Value | None]
    problem: str = ""


def parse(name: str, data: bytes) -> Mapping[str, Value | None]:
    """Return the values of a configuration file, by dotted name, in its order; None is null.

    name: says whether it is JSON or YAML. Lists become JSON, and so do empty mappings and very long ones. Raises
    ConfigError.
    """
    if len(data) > LARGEST:
        raise ConfigError(f"{name} takes {len(data):,} bytes: only up to {LARGEST:,} are read")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name} is not text in UTF-8 (byte {error.start:,})") from error
    read, what = (_json, "JSON") if name.endswith(".json") else (_yaml, "YAML")
    try:
        tree = read(text)
        if tree is None:
            return {}
        if not isinstance(tree, dict):
            raise ConfigError(f"{name} holds no names with values")
        found: dict[str, Value | None] = {}
        budget = iter(range(_MOST))
        for key, value in tree.items():
            _flatten(str(key), value, found, budget, 1)
    except (yaml.YAMLError, _RefusedError) as error:
        raise ConfigError(f"{name} is not {what} that can be read: {_reason(error)}") from error
    return {_whole_text(key): _whole_text(value) if isinstance(value, str) else value for key, value in found.items()}


def _whole_text(text: str) -> str:
    """Return text with halves of a pair, which JSON can spell and UTF-8 cannot, written out."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


class _RefusedError(Exception):
    """A file is not what its format says, or too much of it."""


def _reason(error: Exception) -> str:
    """Return what is wrong in one line."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem:
        mark = error.problem_mark
        return error.problem + (f" (line {mark.line + 1:,})" if mark is not None else "")
    return " ".join(str(error).split())


# From a tree to names ------------------------------------------------------------------------------------------------


def _flatten(name: str, tree: Any, found: dict[str, Value | None], budget: Iterator[int], depth: int) -> None:
    """Put what a tree holds into `found`; budget: ends where the file becomes too much."""
    _spend(budget, depth)
    if isinstance(tree, dict) and 0 < len(tree) <= _LONGEST:
        for key, value in tree.items():
            _flatten(f"{name}.{key}", value, found, budget, depth + 1)
    elif isinstance(tree, (dict, list)):
        found[name] = json.dumps(_counted(tree, budget, depth), ensure_ascii=False)
    else:
        found[name] = float(tree) if isinstance(tree, int) and not isinstance(tree, bool) else tree


def _counted(tree: Any, budget: Iterator[int], depth: int) -> Any:
    """Return a tree as it is written, when it is not too much."""
    _spend(budget, depth)
    if isinstance(tree, dict):
        return {str(key): _counted(value, budget, depth + 1) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_counted(value, budget, depth + 1) for value in tree]
    return tree


def _spend(budget: Iterator[int], depth: int) -> None:
    if depth > _DEEPEST:
        raise _RefusedError(f"it is nested more than {_DEEPEST} deep")
    if next(budget, None) is None:
        raise _RefusedError(f"it unfolds into more than {_MOST:,} values")


def _number(text: str) -> int | float | str:
    """Return a number that is spelled in digits; one beyond what can be held stays text."""
    if len(text) < 20 and text.lstrip("+-").isdigit():
        return int(text)
    value = float(text)
    return value if math.isfinite(value) else text


# JSON ----------------------------------------------------------------------------------------------------------------


def _json(text: str) -> Any:
    if not text.strip():
        return None
    try:
        return json.loads(text, parse_int=_number, parse_float=_number)
    except json.JSONDecodeError as error:
        raise _RefusedError(f"{error.msg} (line {error.lineno:,})") from error
    except RecursionError as error:
        raise _RefusedError(f"it is nested more than {_DEEPEST} deep") from error


# YAML ----------------------------------------------------------------------------------------------------------------


class _Open:
    """A list or a mapping that has begun and not ended."""

    def __init__(self, tree: list[Any] | dict[Any, Any], tag: str, anchor: str | None) -> None:
        self.tree, self.tag, self.anchor = tree, tag, anchor
        self.key: Any = None
        self.has_key = False
        self.merged: list[Any] = []  # what "<<" names: it yields to what the mapping says itself

    def add(self, value: Any, *, merges: bool) -> None:
        """Take the next item, key or value. merges: whether as a key it stands for the entries of another mapping."""
        if isinstance(self.tree, list):
            self.tree.append(value)
        elif not self.has_key:
            self.key = _MERGE if merges else _spelled(value)
            self.has_key = True
        else:
            if self.key is _MERGE:
                self.merged += value if isinstance(value, list) else [value]
            else:
                self.tree[self.key] = value
            self.has_key = False

    def closed(self) -> Any:
        """Return the whole, as its tag says where that is plain."""
        if isinstance(self.tree, dict):
            for other in self.merged:
                if isinstance(other, dict):
                    for key, value in other.items():
                        self.tree.setdefault(key, value)
            return list(self.tree) if self.tag == f"{_CORE}set" else self.tree
        if self.tag == _ORDERED:
            return _pairs(self.tree)
        if _PATH.fullmatch(self.tag):
            return "/".join(map(str, self.tree)).replace("//", "/", 1)
        if self.tag in _SCALARS:
            return _numpy_scalar(self.tree)
        return self.tree


_MERGE = object()


def _yaml(text: str) -> Any:
    """Return the first document of a YAML file as text, numbers, booleans, None, lists and mappings."""
    simple = [_SIMPLE.fullmatch(line) for line in text.split("\n") if line]
    if simple and len(simple) <= _MOST and None not in simple:
        # Most files, of which there may be thousands, are no more than that.
        return {_spelled(_resolved(found[1])): _resolved(found[2]) for found in simple if found}
    return _whole(text)


def _whole(text: str) -> Any:
    anchors: dict[str, Any] = {}
    stack: list[_Open] = []
    values = 0
    for event in yaml.parse(text, Loader=_LOADER):
        values += 1
        if values > 2 * _MOST:
            raise _RefusedError(f"it holds more than {_MOST:,} values")
        merges = False
        match event:
            case yaml.AliasEvent():
                if event.anchor not in anchors:
                    raise _RefusedError(f"it repeats {event.anchor!r}, which it does not hold (line {_line(event)})")
                done = anchors[event.anchor]
            case yaml.ScalarEvent():
                done = _scalar(event)
                merges = event.value == "<<" and event.style in _PLAIN
                if event.anchor:
                    anchors[event.anchor] = done
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                if len(stack) >= _DEEPEST:
                    raise _RefusedError(f"it is nested more than {_DEEPEST} deep (line {_line(event)})")
                stack.append(
                    _Open([] if isinstance(event, yaml.SequenceStartEvent) else {}, event.tag or "", event.anchor)
                )
                continue
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                # An alias inside of what it repeats is refused, since the whole is known only now.
                last = stack.pop()
                done = last.closed()
                if last.anchor:
                    anchors[last.anchor] = done
            case _:
                continue
        if not stack:
            return done
        stack[-1].add(done, merges=merges)
    return None


def _line(event: Any) -> str:
    return f"{event.start_mark.line + 1:,}"


def _scalar(event: Any) -> Value | int | None:
    """Return what a scalar is: text where it is quoted or its tag says so, else by YAML's core schema."""
    text: str = event.value
    tag: str = event.tag or ""
    if tag.startswith(_NAMED) and not text:
        return tag.partition(":python/")[2].partition(":")[2]
    if tag in _TEXTS or (event.style not in _PLAIN and not tag):
        return text
    return _resolved(text)


def _resolved(text: str) -> Value | int | None:
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.fullmatch(text) or _FLOAT.fullmatch(text):
        return _number(text.replace("_", ""))
    if _OTHER_BASE.fullmatch(text) and len(text) < 18:
        return int(text, 0)
    special = _NOT_FINITE.fullmatch(text)
    if special:
        return math.nan if special[3] else -math.inf if special[1] == "-" else math.inf
    return text


def _spelled(key: Any) -> str:
    """Return a key of a mapping as text."""
    if isinstance(key, str):
        return key
    if isinstance(key, float) and key.is_integer():
        return str(int(key))
    return json.dumps(key, default=str) if isinstance(key, (bool, list, dict)) or key is None else str(key)


def _pairs(tree: list[Any]) -> Any:
    """Return the mapping that a list of lists of pairs stands for, where it does; other lists as they are."""
    if len(tree) == 1 and isinstance(tree[0], list):
        tree = tree[0]
    if all(isinstance(pair, list) and len(pair) == 2 for pair in tree):
        return {_spelled(key): value for key, value in tree}
    return tree


def _numpy_scalar(tree: list[Any]) -> Any:
    """Return the number that NumPy's way of saving one stands for, where it does; other lists as they are."""
    match tree:
        case [{"args": [str(spelled), *_]}, str(written)] if spelled in _DTYPES:
            try:
                return struct.unpack(f"<{_DTYPES[spelled]}", base64.b64decode(written))[0]
            except (binascii.Error, struct.error):
                return tree
    return tree

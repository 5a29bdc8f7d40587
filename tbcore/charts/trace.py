"""A trace as the browser draws it: lanes by process, marks and curves as Arrow tables, and the colours of kinds and names."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import pyarrow as pa

# Hues of the runs' colours that carry dark letters when lightened, and light ones when darkened.
HUES = (
    "#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#ff8ab7", "#a463f2", "#97bbf5", "#9c6b4e", "#7a9e3f",
    "#d0689f", "#4fa3c7", "#c98f3c", "#7f86c9",
)  # fmt: skip
# What each kind of event is called, and its colour, in the order of `tbcore.formats.trace.ROLES`.
KINDS = (
    ("Other", "#9498a0"),
    ("Operator", "#4269d0"),
    ("Annotation", "#a463f2"),
    ("Runtime call", "#ff725c"),
    ("Kernel", "#3ca951"),
    ("Copy", "#efb118"),
    ("Memset", "#9c6b4e"),
    ("Synchronisation", "#ff8ab7"),
    ("Annotation on a device", "#cda9f8"),
    ("Python", "#97bbf5"),
    ("Profiler", "#c4c7cb"),
    ("Whole recording", "#c4c7cb"),
)
LETTERS = 160  # of a name that are drawn
ARGUMENTS, VALUE = 200, 20_000  # of an event that are shown, and letters of each
_NUMBERS = re.compile(r"\d+")


def hue(name: str) -> int:
    """Return which of the hues a name has: the same in every trace, and for names that differ in numbers alone."""
    return crc32(_NUMBERS.sub("#", name[:1_000]).encode("utf-8", "surrogatepass")) % len(HUES)


def shortened(name: str) -> str:
    """Return a name of any length as it is drawn."""
    return name if len(name) <= LETTERS else f"{name[: LETTERS // 2]}…{name[-LETTERS // 2 + 1 :]}"


@dataclass(frozen=True)
class Row:
    """One lane. rows: how deep its events lie; track: the number of the first; curves of its process come with the process."""

    lane: int
    process: str
    pid: str
    thread: str
    device: int
    order: tuple[int, ...]
    rows: int
    track: int
    events: int


@dataclass(frozen=True)
class Line:
    """One curve beside the lanes of a process. words: how its largest value is spelled."""

    curve: int
    process: str
    name: str
    unit: str
    peak: float
    words: str


def groups(rows: Sequence[Row], lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Return the lanes by process, in their order, with the curves of each.

    Each {"name", "device", "lanes": [[lane, name, rows, track, events]], "curves": [{"id", "name", "unit", "peak", "words"}]}.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in sorted(rows, key=lambda row: (row.order, row.lane)):
        group = found.setdefault(
            (one.process, one.pid), {"name": _title(one), "device": one.device >= 0, "lanes": [], "curves": []}
        )
        name = printable(shortened(_lane(one)))
        group["lanes"].append([one.lane, name, one.rows, one.track, one.events])
    homes = {process: group for (process, _pid), group in reversed(found.items())}
    for line in lines:
        if line.process not in homes:
            homes[line.process] = found[line.process, ""] = {
                "name": printable(line.process or "Counters"),
                "device": False,
                "lanes": [],
                "curves": [],
            }
        curve = {"id": line.curve, "name": printable(shortened(line.name)), "unit": line.unit}
        homes[line.process]["curves"].append({**curve, "peak": line.peak, "words": line.words})
    return list(found.values())


def step(name: str) -> str:
    """Return the name of a step as it is drawn."""
    return f"Step {name}" if name.isdecimal() else printable(shortened(name))


def _title(one: Row) -> str:
    name = f"Process {one.process}" if one.process.isdecimal() else one.process or f"Process {one.pid}".strip()
    return printable(shortened(name))


def _lane(one: Row) -> str:
    """Return what a lane is called: a number alone says nothing."""
    if one.thread.isdecimal():
        return f"{'stream' if one.device >= 0 else 'thread'} {one.thread}"
    return one.thread or one.process or "events"


def table(columns: Mapping[str, object]) -> pa.Table:
    """Return columns as a table that the browser has as typed arrays."""
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def names(codes: Sequence[int], words: Sequence[str]) -> pa.Table:
    """Return the names that marks refer to: their codes, words and hues."""
    return pa.table(
        {
            "code": pa.array(codes, pa.int32()),
            "name": pa.array([printable(shortened(one)) for one in words], pa.string()),
            "hue": pa.array([hue(one) for one in words], pa.int8()),
        }
    )


def printable(text: str) -> str:
    """Return a text as it can be sent: halves of pairs, which no text has, as question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def spelled(arguments: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what was written with an event, as texts; very long ones are cut."""
    return [(name, printable(_text(value)[:VALUE])) for name, value in list(arguments.items())[:ARGUMENTS]]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def exact(name: str) -> str:
    """Return a regular expression for one name."""
    return f"^{re.escape(name[:200])}{'$' if len(name) <= 200 else ''}"

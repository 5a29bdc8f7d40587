"""Draw a trace in the browser: moved and zoomed there, what is seen sent by the server as fine as the screen is."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import streamlit as st

from tbcore.ui.components.bundle import bundle, styles

MODULES = (
    "../lines/dom.js",
    "span.js",
    "tracks.js",
    "marks.js",
    "colors.js",
    "paint.js",
    "panel.js",
    "tools.js",
    "board.js",
    "main.js",
)
HEIGHT = 860  # pixels at the most; a window that is lower has less
PIXELS = (16, 50_000)  # across a window that is asked for
LANES = 5_000  # that are asked for at once
LETTERS = 1_000  # of what is searched for
WAYS = ("next", "previous", "left", "right", "up", "down", "to")
FARTHEST = 2**53  # nanoseconds

_FOLDER = Path(__file__).parent

TRACE = st.components.v2.component(
    "trace",
    html='<div class="stage"></div>',
    css=styles(_FOLDER, "trace.css"),
    js=bundle(_FOLDER, MODULES),
    isolate_styles=True,
)


@dataclass(frozen=True)
class Need:
    """A window that is asked for, nanoseconds, with its lanes (number, rows), curves and folded processes."""

    start: int
    end: int
    pixels: int
    lanes: tuple[tuple[int, int], ...]
    curves: tuple[int, ...]
    groups: tuple[int, ...]


@dataclass(frozen=True)
class Said:
    """What the browser said last. Times are nanoseconds since the trace's first event.

    key: of the trace that it speaks of; turn: rises with all it says; seen: what is looked at; need: what shall be sent; base: whether it
    has the whole trace; row: the event that is selected, -1 for none; run: (track, start, end) of short events that are selected together;
    stretch: the stretch of time that is selected; go: (way, row) to go to another event from one.
    """

    key: str
    turn: int
    seen: tuple[int, int]
    need: Need | None = None
    base: bool = False
    search: str = ""
    row: int = -1
    run: tuple[int, int, int] | None = None
    stretch: tuple[int, int] | None = None
    go: tuple[str, int] | None = None


def trace_state(key: str) -> Said | None:
    """Return what the browser said; ask before the answer is made."""
    state = cast(Mapping[str, Any], st.session_state.get(key) or {})
    return said_of(state.get("said"))


def trace(view: Mapping[str, Any], tables: Mapping[str, pa.Table], *, key: str) -> None:
    """Draw a trace: `view` and tables as `tbcore.charts.trace` makes them."""
    TRACE(key=key, data={"view": dict(view), **tables}, on_said_change=_nothing)


def said_of(raw: object) -> Said | None:
    """Return what a browser sent, None when it sent nothing that can be read: anyone can send anything."""
    if not isinstance(raw, Mapping):
        return None
    key, turn, seen = raw.get("key"), _whole(raw.get("turn")), _pair(raw.get("seen"))
    if not isinstance(key, str) or turn is None or seen is None:
        return None
    search = raw.get("search")
    row, run = -1, None
    match raw.get("picked"):
        case {"row": picked}:
            row = -1 if (found := _whole(picked)) is None else found
        case {"track": track, "start": start, "end": end}:
            wholes = (_whole(track), _whole(start), _whole(end))
            run = cast(tuple[int, int, int], wholes) if None not in wholes else None
    go = None
    match raw.get("go"):
        case {"way": str(way), "row": place} if way in WAYS and (found := _whole(place)) is not None:
            go = (way, found)
    return Said(
        key[:200],
        turn,
        seen,
        _need(raw.get("need")),
        raw.get("base") is True,
        search[:LETTERS] if isinstance(search, str) else "",
        row,
        run,
        _pair(raw.get("range")),
        go,
    )


def _need(raw: object) -> Need | None:
    if not isinstance(raw, Mapping):
        return None
    start, end, pixels = (_whole(raw.get(name)) for name in ("start", "end", "pixels"))
    if start is None or end is None or pixels is None or end <= start:
        return None
    lanes = [pair for one in _list(raw.get("lanes")) if (pair := _pair(one, ordered=False)) is not None]
    curves, groups = (
        tuple(number for one in _list(raw.get(name)) if (number := _whole(one)) is not None)
        for name in ("curves", "groups")
    )
    return Need(start, end, min(max(pixels, PIXELS[0]), PIXELS[1]), tuple(lanes), curves, groups)


def _list(raw: object) -> list[Any]:
    return raw[:LANES] if isinstance(raw, list) else []


def _pair(raw: object, ordered: bool = True) -> tuple[int, int] | None:
    match raw:
        case [one, other]:
            first, second = _whole(one), _whole(other)
            if first is not None and second is not None and (second > first or not ordered):
                return first, second
    return None


def _whole(raw: object) -> int | None:
    """Return a number as a whole one that a browser holds exactly, None for anything else."""
    if not isinstance(raw, int | float) or isinstance(raw, bool) or not math.isfinite(raw) or abs(raw) > FARTHEST:
        return None
    return int(raw)


def _nothing() -> None:
    """Do nothing: a callback declares a state to Streamlit, and the page reads the state itself."""

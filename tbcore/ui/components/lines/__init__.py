"""Draw curves in the browser: a grid of cards, one line per run, with smoothing, zoom and hover."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeGuard, cast

import pandas as pd
import pyarrow as pa
import streamlit as st

from tbcore.ui.components.bundle import bundle, packed, styles

Axis = Literal["step", "relative", "wall", "tag"]
Method = Literal["ema", "twema", "gaussian", "mean", "median"]
Order = Literal["nearest", "ascending", "descending", "alphabetical"]

MODULES = (
    "format.js",
    "scale.js",
    "settings.js",
    "smooth.js",
    "table.js",
    "sync.js",
    "dom.js",
    "paint.js",
    "fit.js",
    "card.js",
    "zoom.js",
    "hover.js",
    "panel.js",
    "fobs.js",
    "readout.js",
    "drag.js",
    "picture.js",
    "forms.js",
    "toolbar.js",
    "grid.js",
    "board.js",
    "main.js",
)
AXES: tuple[Axis, ...] = ("step", "relative", "wall", "tag")
METHODS: Mapping[Method, tuple[float, float]] = {
    # method    least and greatest amount
    "ema": (0.0, 0.999),
    "twema": (0.0, 0.999),
    "gaussian": (0.0, 1000.0),
    "mean": (1.0, 1001.0),
    "median": (1.0, 1001.0),
}
ORDERS: tuple[Order, ...] = ("nearest", "ascending", "descending", "alphabetical")
ACTS = ("only", "hide", "open", "baseline")
COLUMNS = (128, 8192)
WIDTHS = (240, 2000)
ROWS = 100
NOTE = 200  # signs of a note

_FOLDER = Path(__file__).parent

LINES = st.components.v2.component(
    "lines",
    html='<div class="stage"></div>',
    css=styles(_FOLDER, "lines.css", "cards.css"),
    js=packed(bundle(_FOLDER, MODULES)),
    isolate_styles=True,
)


@dataclass(frozen=True)
class Settings:
    """What the toolbar is set to."""

    smoothing: float = 0.6
    """The amount of the method: a weight, a number of points."""
    axis: Axis = "step"
    log_y: bool = False
    earlier: bool = False
    """Whether the earlier attempts of restarted runs are drawn, faint."""
    method: Method = "ema"
    axis_tag: str = ""
    """The tag on the x axis, where that shows one."""
    log_x: bool = False
    outliers: bool = False
    """Whether outliers are left out of the range of y."""
    partition: bool = False
    """Whether a line begins anew where x runs back."""
    order: Order = "nearest"
    """The order of the rows of the tooltip."""
    rows: int = 0
    """The rows of the tooltip, 0 for as many as there is room for."""
    card_width: int = 0
    """Pixels across a card at least, 0 for the usual width."""
    shared_y: bool = False
    linked: bool = True
    """Whether what is selected on the x axis is selected in all cards."""
    hide_empty: bool = False


Span = tuple[float, float]


@dataclass(frozen=True)
class Window:
    """The x range a card is zoomed to: steps, seconds since the run's start, or unix seconds, as `axis` says."""

    low: float
    high: float
    axis: Axis


@dataclass(frozen=True)
class Range:
    """The ranges of a card that were typed, None for one that fits what is drawn."""

    x: Span | None
    y: Span | None


@dataclass(frozen=True)
class Selected:
    """What is selected of the steps: one, the part between two, or nothing."""

    first: float | None = None
    last: float | None = None


@dataclass(frozen=True)
class Picked:
    """A run that was picked, and what for: one of ACTS."""

    run: str
    act: str


@dataclass(frozen=True)
class Dropped:
    """A tag that was dropped onto a card, to be drawn in it as well, on one of its two y axes."""

    tag: str
    onto: str
    right: bool = False


@dataclass(frozen=True)
class Split:
    """A card from which a tag is taken off that was dropped onto it, None for all of them."""

    tag: str
    part: str | None = None


@dataclass(frozen=True)
class Note:
    """What the visitor wrote down at a step."""

    step: int
    text: str


@dataclass(frozen=True)
class LinesState:
    """What the visitor chose. None: nothing was chosen yet. What follows `again` happened just now, and only now."""

    settings: Settings | None = None
    opened: Mapping[str, bool] = field(default_factory=dict)
    """Groups the visitor opened (True) or closed (False)."""
    pages: Mapping[str, int] = field(default_factory=dict)
    """The page of each group whose pages were turned, from 0."""
    windows: Mapping[str, Window] = field(default_factory=dict)
    """The window of each zoomed card, by tag."""
    width: int | None = None
    """Device pixels across the widest card, rounded up to a multiple of 128."""
    pinned: tuple[str, ...] | None = None
    wide: tuple[str, ...] | None = None
    tall: tuple[str, ...] | None = None
    order: Mapping[str, tuple[str, ...]] | None = None
    """The cards of each group that was put into another order, by group."""
    ranges: Mapping[str, Range] | None = None
    selected: Selected | None = None
    again: bool = False
    """Whether the browser lacks what it was said to hold."""
    picked: Picked | None = None
    dropped: Dropped | None = None
    split: Split | None = None
    note: Note | None = None
    unnote: Note | None = None
    taken: str | None = None
    """The card that is to be taken away."""


def lines(
    view: Mapping[str, Any],
    tables: Mapping[str, pa.Table | pd.DataFrame],
    *,
    key: str,
    on_change: Callable[[], None] | None = None,
) -> LinesState:
    """Show the cards of `view`, whose points are in `tables`, and return what the visitor chose.

    Arrow tables are handed on as they are and keep NaN apart from missing values; data frames are converted.
    on_change: called before the next run of the script when the visitor changed something.
    """
    changed = on_change or _nothing
    data = {"view": {**view, "runs": [_started(run) for run in view["runs"]]}, **tables}
    result = LINES(
        key=key,
        data=data,
        on_settings_change=changed,
        on_layout_change=changed,
        on_windows_change=changed,
        on_width_change=changed,
        on_ranges_change=changed,
        on_selection_change=changed,
        on_again_change=changed,
        on_picked_change=changed,
        on_dropped_change=changed,
        on_split_change=changed,
        on_note_change=changed,
        on_unnote_change=changed,
        on_taken_change=changed,
    )
    return _state(result)


def lines_state(key: str) -> LinesState:
    """Return what the visitor chose so far: what a page needs to know before it makes the tables."""
    return _state(cast(Mapping[str, Any], st.session_state.get(key) or {}))


def _nothing() -> None:
    pass


def _started(run: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the run with a start that JSON can hold."""
    start = run.get("start")
    return run if start is None or math.isfinite(start) else {**run, "start": None}


def _state(raw: Mapping[str, Any]) -> LinesState:
    """Return the state a browser sent. What does not fit is left out: anyone can send anything."""
    settings, layout, windows, width = (raw.get(name) for name in ("settings", "layout", "windows", "width"))
    layout = layout if isinstance(layout, Mapping) else {}
    opened, pages = (chosen if isinstance(chosen := layout.get(name), Mapping) else {} for name in ("open", "page"))
    windows = windows if isinstance(windows, Mapping) else {}
    order, ranges, selected = layout.get("order"), raw.get("ranges"), raw.get("selection")
    return LinesState(
        settings=settings_of(settings) if isinstance(settings, Mapping) else None,
        opened={str(name): bool(is_open) for name, is_open in opened.items()},
        pages={str(name): max(0, page) for name, page in pages.items() if isinstance(page, int)},
        windows={str(tag): window for tag, chosen in windows.items() if (window := _window(chosen)) is not None},
        width=min(max(width, COLUMNS[0]), COLUMNS[1]) if isinstance(width, int) else None,
        pinned=_names(layout.get("pinned")),
        wide=_names(layout.get("wide")),
        tall=_names(layout.get("tall")),
        order={str(group): names for group, some in order.items() if (names := _names(some))}
        if isinstance(order, Mapping)
        else None,
        ranges={str(tag): some for tag, one in ranges.items() if (some := _range(one)) is not None}
        if isinstance(ranges, Mapping)
        else None,
        selected=_selected(selected) if isinstance(selected, Mapping) else None,
        again=raw.get("again") is not None,
        picked=_picked(raw.get("picked")),
        dropped=_dropped(raw.get("dropped")),
        split=_split(raw.get("split")),
        note=_note(raw.get("note")),
        unnote=_note(raw.get("unnote")),
        taken=_taken(raw.get("taken")),
    )


def settings_of(raw: Mapping[str, Any]) -> Settings:
    """Return settings that a browser, or an address, says: what does not fit is as usual."""
    axis, order = raw.get("axis"), raw.get("order")
    method = next((one for one in METHODS if one == raw.get("method")), Settings.method)
    smoothing, rows, width, tag = (raw.get(name) for name in ("smoothing", "rows", "card_width", "axis_tag"))
    low, high = METHODS[method]
    return Settings(
        smoothing=min(max(float(smoothing), low), high) if _is_number(smoothing) else Settings.smoothing,
        axis=axis if axis in AXES else Settings.axis,
        log_y=raw.get("log_y") is True,
        earlier=raw.get("earlier") is True,
        method=method,
        axis_tag=tag if isinstance(tag, str) else "",
        log_x=raw.get("log_x") is True,
        outliers=raw.get("outliers") is True,
        partition=raw.get("partition") is True,
        order=order if order in ORDERS else Settings.order,
        rows=min(max(int(rows), 0), ROWS) if _is_number(rows) else Settings.rows,
        card_width=card_width(width) if _is_number(width) else Settings.card_width,
        shared_y=raw.get("shared_y") is True,
        linked=raw.get("linked") is not False,
        hide_empty=raw.get("hide_empty") is True,
    )


def card_width(width: float) -> int:
    """Return a width that a card can have, 0 for the usual one."""
    return min(max(int(width), WIDTHS[0]), WIDTHS[1]) if width > 0 else 0


def _window(raw: object) -> Window | None:
    match raw:
        case {"x": x, "axis": axis} if axis in AXES and (span := _span(x)) is not None:
            return Window(*span, axis)
    return None


def _range(raw: object) -> Range | None:
    if not isinstance(raw, Mapping):
        return None
    found = Range(_span(raw.get("x")), _span(raw.get("y")))
    return None if found == Range(None, None) else found


def _span(raw: object) -> Span | None:
    match raw:
        case [low, high] if _is_number(low) and _is_number(high) and low < high:
            return (float(low), float(high))
    return None


def _selected(raw: Mapping[str, Any]) -> Selected:
    first, last = raw.get("from"), raw.get("to")
    if not _is_number(first):
        return Selected()
    return Selected(*sorted((float(first), float(last)))) if _is_number(last) else Selected(float(first))


def _names(raw: object) -> tuple[str, ...] | None:
    return tuple(dict.fromkeys(name for name in raw if isinstance(name, str))) if isinstance(raw, list) else None


def _picked(raw: object) -> Picked | None:
    match raw:
        case {"run": str(run), "act": str(act)} if act in ACTS:
            return Picked(run, act)
    return None


def _dropped(raw: object) -> Dropped | None:
    match raw:
        case {"tag": str(tag), "onto": str(onto), **more} if tag != onto:
            return Dropped(tag, onto, more.get("side") == "right")
    return None


def _split(raw: object) -> Split | None:
    match raw:
        case {"tag": str(tag), **more}:
            part = more.get("part")
            return Split(tag, part if isinstance(part, str) else None)
    return None


def _taken(raw: object) -> str | None:
    match raw:
        case {"tag": str(tag)}:
            return tag
    return None


def _note(raw: object) -> Note | None:
    match raw:
        case {"step": step, "text": str(text)} if _is_number(step) and abs(step) < 2**63:
            return Note(int(step), text[:NOTE])
    return None


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)

"""Draw curves in the browser: a grid of cards, one line per run, with smoothing, zoom and hover."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeGuard, cast

import pandas as pd
import pyarrow as pa
import streamlit as st

from tbcore.ui.components.bundle import bundle, styles

Axis = Literal["step", "relative", "wall"]

MODULES = (
    "format.js",
    "scale.js",
    "smooth.js",
    "table.js",
    "sync.js",
    "dom.js",
    "paint.js",
    "card.js",
    "zoom.js",
    "hover.js",
    "toolbar.js",
    "grid.js",
    "board.js",
    "main.js",
)
AXES: tuple[Axis, ...] = ("step", "relative", "wall")
COLUMNS = (128, 8192)

_FOLDER = Path(__file__).parent

LINES = st.components.v2.component(
    "lines",
    html='<div class="stage"></div>',
    css=styles(_FOLDER, "lines.css"),
    js=bundle(_FOLDER, MODULES),
    isolate_styles=True,
)


@dataclass(frozen=True)
class Settings:
    """What the toolbar is set to."""

    smoothing: float = 0.6
    axis: Axis = "step"
    log_y: bool = False
    earlier: bool = False
    """Whether the earlier attempts of restarted runs are drawn, faint."""


@dataclass(frozen=True)
class Window:
    """The x range a card is zoomed to: steps, seconds since the run's start, or unix seconds, as `axis` says."""

    low: float
    high: float
    axis: Axis


@dataclass(frozen=True)
class LinesState:
    """What the visitor chose. None: nothing was chosen yet."""

    settings: Settings | None = None
    opened: Mapping[str, bool] = field(default_factory=dict)
    """Groups the visitor opened (True) or closed (False)."""
    pages: Mapping[str, int] = field(default_factory=dict)
    """The page of each group whose pages were turned, from 0."""
    windows: Mapping[str, Window] = field(default_factory=dict)
    """The window of each zoomed card, by tag."""
    width: int | None = None
    """Device pixels across the widest card, rounded up to a multiple of 128."""


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
    return LinesState(
        settings=_settings(settings) if isinstance(settings, Mapping) else None,
        opened={str(name): bool(is_open) for name, is_open in opened.items()},
        pages={str(name): max(0, page) for name, page in pages.items() if isinstance(page, int)},
        windows={str(tag): window for tag, chosen in windows.items() if (window := _window(chosen)) is not None},
        width=min(max(width, COLUMNS[0]), COLUMNS[1]) if isinstance(width, int) else None,
    )


def _settings(raw: Mapping[str, Any]) -> Settings:
    smoothing = raw.get("smoothing")
    axis = raw.get("axis")
    return Settings(
        smoothing=min(max(float(smoothing), 0.0), 0.999) if _is_number(smoothing) else Settings.smoothing,
        axis=axis if axis in AXES else Settings.axis,
        log_y=raw.get("log_y") is True,
        earlier=raw.get("earlier") is True,
    )


def _window(raw: object) -> Window | None:
    match raw:
        case {"x": [low, high], "axis": axis} if axis in AXES and _is_number(low) and _is_number(high) and low < high:
            return Window(float(low), float(high), axis)
    return None


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)

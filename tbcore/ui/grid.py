"""A grid of cards of curves: which groups are open, which cards are seen, and what their toolbar is set to."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st

from tbcore.ui.components.lines import AXES, Axis, LinesState, Settings, Window, lines_state
from tbcore.ui.frame import View
from tbcore.ui.query import put_query

KEY = "lines"
USUAL = Settings()
PAGE_SIZE = 12
COLUMNS = 512  # pixel columns of a curve, until a wider card asks for more
_URL_UP_TO = 3_000  # bytes of the address for groups, pages and zooms
_OPEN_AT_FIRST = 12  # cards; groups are opened until so many are seen


@dataclass(frozen=True)
class Place:
    """What the curves of one card need to know."""

    group: str
    order: Mapping[str, int]
    starts: Mapping[str, float]
    smoothing: float
    axis: Axis
    columns: int
    windows: Mapping[str, Window]

    def window(self, tag: str) -> tuple[float, float] | None:
        """Return the x range a card is zoomed to on the axis that is shown, None for all of it."""
        window = self.windows.get(tag)
        return (window.low, window.high) if window is not None and window.axis == self.axis else None

    def window_spec(self, tag: str) -> dict[str, Any] | None:
        """Return the same for the component."""
        window = self.window(tag)
        return None if window is None else {"x": list(window), "axis": self.axis}


@dataclass(frozen=True)
class Layout:
    """The grid as it is drawn: the cards that are seen, and everything the component is told but their curves."""

    visible: list[tuple[str, Place]]
    about: dict[str, Any]

    def view(self, cards: list[dict[str, Any]]) -> dict[str, Any]:
        """Return what the component draws, with the specifications of the cards that are seen."""
        return {**self.about, "cards": cards}


def layout(
    view: View,
    groups: Mapping[str, list[str]],
    *,
    key: str = KEY,
    usual: Settings = USUAL,
    page_size: int = PAGE_SIZE,
) -> Layout:
    """Return which cards are seen and how, as the visitor left them.

    key: that of the grid, of which each page that has one keeps its own; usual: how it is set before it is touched;
    page_size: cards on one page of a group.
    """
    state = lines_state(key)
    settings = _settings(state, key, usual)
    columns = max(COLUMNS, state.width or 0)
    order = {run.name: index for index, run in enumerate(view.runs)}
    starts = {run.name: 0.0 if math.isnan(run.start) else run.start for run in view.runs}
    opened, pages, windows = _opened(state, key), _pages(state, key), _windows(state, key)
    # What is open at first is decided once: a click opens and closes what it is on, and nothing else.
    at_first: dict[str, bool] = st.session_state.setdefault(f"{key}_usual", {})
    visible = []
    about_groups = []
    seen = 0
    for name, tags in groups.items():
        is_open = opened.get(name, at_first.setdefault(name, seen < _OPEN_AT_FIRST))
        page = min(pages.get(name, 0), (len(tags) - 1) // page_size)
        about_groups.append({"name": name, "cards": tags, "open": is_open, "page": page})
        if is_open:
            on_page = tags[page * page_size : (page + 1) * page_size]
            place = Place(name, order, starts, settings.smoothing, settings.axis, columns, windows)
            visible += [(tag, place) for tag in on_page]
            seen += len(on_page)
    about = {
        "groups": about_groups,
        "page_size": page_size,
        "runs": [
            {"name": run.name, "color": view.color(run.name), "start": starts[run.name] or None, "shown": shown}
            for run, shown in zip(view.runs, view.shown, strict=True)
        ],
        "layout": {"open": opened, "page": pages},
        "settings": asdict(settings),
        "smoothed_with": settings.smoothing,
        "columns": state.width or COLUMNS,
    }
    return Layout(visible, about)


def remember(state: LinesState, *, key: str = KEY, usual: Settings = USUAL) -> None:
    """Keep what the visitor chose for when they come back to the page, and put it into the URL."""
    settings = _settings(state, key, usual)
    opened, pages, windows = _opened(state, key), _pages(state, key), _windows(state, key)
    st.session_state[f"{key}_settings"] = settings
    st.session_state[f"{key}_open"] = opened
    st.session_state[f"{key}_page"] = pages
    st.session_state[f"{key}_windows"] = windows
    zooms = [f"{window.low:.12g},{window.high:.12g},{window.axis},{tag}" for tag, window in windows.items()]
    chosen = {
        "open": [name for name, is_open in opened.items() if is_open],
        "closed": [name for name, is_open in opened.items() if not is_open],
        "page": [f"{page + 1},{name}" for name, page in pages.items() if page],
        "zoom": zooms,
    }
    put_query(
        {
            "smoothing": [] if settings.smoothing == usual.smoothing else f"{settings.smoothing:g}",
            "axis": [] if settings.axis == usual.axis else settings.axis,
            "log": "1" if settings.log_y else [],
            "earlier": "1" if settings.earlier else [],
        },
        # A longer address is cut by some servers; then it holds the settings alone.
        chosen if sum(len(text) for texts in chosen.values() for text in texts) < _URL_UP_TO else dict.fromkeys(chosen),
    )


def _opened(state: LinesState, key: str) -> dict[str, bool]:
    """Return the groups that the visitor opened or closed: in this session, else as the URL says."""
    kept: dict[str, bool] | None = st.session_state.get(f"{key}_open")
    if kept is None:
        kept = dict.fromkeys(st.query_params.get_all("open"), True) | dict.fromkeys(
            st.query_params.get_all("closed"), False
        )
    return {**kept, **state.opened}


def _pages(state: LinesState, key: str) -> dict[str, int]:
    """Return the page, from 0, of each group whose pages were turned: in this session, else as the URL says."""
    kept: dict[str, int] | None = st.session_state.get(f"{key}_page")
    if kept is None:
        said = (text.partition(",") for text in st.query_params.get_all("page"))
        kept = {
            name: int(page) - 1 for page, _comma, name in said if page.isascii() and page.isdigit() and int(page) > 0
        }
    return {**kept, **state.pages}


def _windows(state: LinesState, key: str) -> Mapping[str, Window]:
    """Return the window of each zoomed card: as just chosen, as chosen in this session, or as the URL says."""
    if (st.session_state.get(key) or {}).get("windows") is not None:
        return state.windows
    kept: Mapping[str, Window] | None = st.session_state.get(f"{key}_windows")
    if kept is None:
        said = (_window(text) for text in st.query_params.get_all("zoom"))
        kept = dict(one for one in said if one is not None)
    return kept


def _window(text: str) -> tuple[str, Window] | None:
    """Return (tag, window) of one zoom of the URL, None when it cannot be read."""
    parts = text.split(",", 3)
    if len(parts) < 4:
        return None
    low, high, axis, tag = parts
    try:
        window = Window(float(low), float(high), axis if axis in AXES else "step")
    except ValueError:
        return None
    return (
        (tag, window) if math.isfinite(window.low) and math.isfinite(window.high) and window.low < window.high else None
    )


def _settings(state: LinesState, key: str, usual: Settings) -> Settings:
    """Return what the toolbar is set to: as just chosen, as chosen in this session, as the URL says, or as usual."""
    if state.settings is not None:
        return state.settings
    kept: Settings | None = st.session_state.get(f"{key}_settings")
    if kept is not None:
        return kept
    try:
        smoothing = min(max(float(st.query_params.get("smoothing", usual.smoothing)), 0.0), 0.999)
    except ValueError:
        smoothing = usual.smoothing
    axis = st.query_params.get("axis", usual.axis)
    return Settings(
        smoothing=usual.smoothing if math.isnan(smoothing) else smoothing,
        axis=axis if axis in AXES else usual.axis,
        log_y=st.query_params.get("log") == "1",
        earlier=st.query_params.get("earlier") == "1",
    )

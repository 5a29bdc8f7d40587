"""A grid of cards of curves: which groups are open, which cards are seen, and what their toolbar is set to."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st

from tbcore.ui.components.lines import AXES, Axis, LinesState, Settings, Window, lines_state
from tbcore.ui.frame import View, put_query

KEY = "lines"
PAGE_SIZE = 12
COLUMNS = 512  # pixel columns of a curve, until a wider card asks for more
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


def layout(view: View, groups: Mapping[str, list[str]]) -> Layout:
    """Return which cards are seen and how, as the visitor left them."""
    state = lines_state(KEY)
    settings = _settings(state)
    columns = max(COLUMNS, state.width or 0)
    order = {run.name: index for index, run in enumerate(view.runs)}
    starts = {run.name: 0.0 if math.isnan(run.start) else run.start for run in view.runs}
    opened = {**st.session_state.get("groups_open", {}), **state.opened}
    pages = {**st.session_state.get("groups_page", {}), **state.pages}
    visible = []
    about_groups = []
    seen = 0
    for name, tags in groups.items():
        is_open = opened.get(name, seen < _OPEN_AT_FIRST)
        page = min(pages.get(name, 0), (len(tags) - 1) // PAGE_SIZE)
        about_groups.append({"name": name, "cards": tags, "open": is_open, "page": page})
        if is_open:
            on_page = tags[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]
            place = Place(name, order, starts, settings.smoothing, settings.axis, columns, state.windows)
            visible += [(tag, place) for tag in on_page]
            seen += len(on_page)
    about = {
        "groups": about_groups,
        "page_size": PAGE_SIZE,
        "runs": [
            {"name": run.name, "color": view.color(run.name), "start": starts[run.name] or None, "shown": shown}
            for run, shown in zip(view.runs, view.shown, strict=True)
        ],
        "settings": asdict(settings),
        "smoothed_with": settings.smoothing,
        "columns": state.width or COLUMNS,
    }
    return Layout(visible, about)


def remember(state: LinesState) -> None:
    """Keep what the visitor chose for when they come back to the page, and put the toolbar's settings into the URL."""
    st.session_state["groups_open"] = {**st.session_state.get("groups_open", {}), **state.opened}
    st.session_state["groups_page"] = {**st.session_state.get("groups_page", {}), **state.pages}
    settings = _settings(state)
    st.session_state["curve_settings"] = settings
    usual = Settings()
    put_query(
        {
            "smoothing": [] if settings.smoothing == usual.smoothing else f"{settings.smoothing:g}",
            "axis": [] if settings.axis == usual.axis else settings.axis,
            "log": "1" if settings.log_y else [],
            "earlier": "1" if settings.earlier else [],
        }
    )


def _settings(state: LinesState) -> Settings:
    """Return what the toolbar is set to: as just chosen, as chosen in this session, as the URL says, or as usual."""
    if state.settings is not None:
        return state.settings
    kept: Settings | None = st.session_state.get("curve_settings")
    if kept is not None:
        return kept
    usual = Settings()
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

"""A grid of cards of curves: which groups are open, which cards are seen, and what their toolbar is set to."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote, unquote

import streamlit as st

from tbcore.ui.components.lines import (
    AXES,
    Axis,
    LinesState,
    Range,
    Selected,
    Settings,
    Span,
    Window,
    lines_state,
    settings_of,
)
from tbcore.ui.frame import View
from tbcore.ui.query import put_query

KEY = "lines"
USUAL = Settings()
PAGE_SIZE = 12
PINNED = "Pinned"
ALL = (
    "settings", "select", "pin", "size", "arrange", "overlay", "pick", "baseline", "notes", "ranges", "take",
)  # fmt: skip
COLUMNS = 512  # pixel columns of a curve, until a wider card asks for more
_URL_UP_TO = 3_000  # bytes of the address for groups, pages and zooms
_OPEN_AT_FIRST = 12  # cards; groups are opened until so many are seen

# The setting of each parameter of the address; the first ones belong to every grid.
_EVERY = {"smoothing": "smoothing", "axis": "axis", "log": "log_y", "earlier": "earlier"}
_RARER = {
    "method": "method", "x": "axis_tag", "logx": "log_x", "outliers": "outliers", "partition": "partition",
    "tooltip": "order", "tiprows": "rows", "width": "card_width", "samey": "shared_y", "linked": "linked",
    "hide": "hide_empty",
}  # fmt: skip
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Arranged:
    """How the visitor arranged the cards: pinned, wide and tall ones, the order of some groups, and typed ranges."""

    pinned: tuple[str, ...] = ()
    wide: tuple[str, ...] = ()
    tall: tuple[str, ...] = ()
    order: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: Mapping[str, Range] = field(default_factory=dict)
    selected: Selected = field(default_factory=Selected)


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
    settings: Settings = USUAL
    arranged: Arranged = field(default_factory=Arranged)

    def window(self, tag: str) -> tuple[float, float] | None:
        """Return the x range a card is zoomed to on the axis that is shown, None for all of it."""
        window = self.windows.get(tag)
        return (window.low, window.high) if window is not None and window.axis == self.axis else None

    def window_spec(self, tag: str) -> dict[str, Any] | None:
        """Return the same for the component."""
        window = self.window(tag)
        return None if window is None else {"x": list(window), "axis": self.axis}

    def about(self, tag: str) -> dict[str, Any]:
        """Return what else the visitor chose of a card: what differs from the usual."""
        kept = self.arranged
        some = kept.ranges.get(tag)
        chosen = {"pinned": tag in kept.pinned, "wide": tag in kept.wide, "tall": tag in kept.tall}
        return {name: True for name, is_so in chosen.items() if is_so} | (
            {} if some is None else {"range": {"x": some.x and list(some.x), "y": some.y and list(some.y)}}
        )


@dataclass(frozen=True)
class Layout:
    """The grid as it is drawn: the cards that are seen, and everything the component is told but their curves.

    said: what the visitor just did.
    """

    visible: list[tuple[str, Place]]
    about: dict[str, Any]
    settings: Settings = USUAL
    arranged: Arranged = field(default_factory=Arranged)
    said: LinesState = field(default_factory=LinesState)

    def view(self, cards: list[dict[str, Any]], more: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return what the component draws, with the specifications of the cards that are seen. more: over the rest."""
        return {**self.about, "cards": cards, **(more or {})}


def layout(
    view: View,
    groups: Mapping[str, list[str]],
    *,
    key: str = KEY,
    usual: Settings = USUAL,
    page_size: int = PAGE_SIZE,
    closed: Collection[str] = (),
    features: Sequence[str] = (),
    personal: Settings | None = None,
    kinds: Mapping[str, str] | None = None,
) -> Layout:
    """Return which cards are seen and how, as the visitor left them.

    key: that of the grid, of which each page that has one keeps its own; usual: how it is set before it is touched;
    page_size: cards on one page of a group; closed: groups that are not open at first, whatever is seen;
    features: of ALL, what the visitor can do beyond what every grid lets them; personal: how this visitor wants it
    set where the address says nothing; kinds: of groups that are not of tags, by name.
    """
    state = lines_state(key)
    settings = _settings(state, key, usual, personal)
    arranged = _arranged(state, key) if features else Arranged()
    if features:
        st.session_state.setdefault(f"{key}_settings", settings)
        groups = arrange(groups, arranged)
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
        is_open = opened.get(name, at_first.setdefault(name, name not in closed and seen < _OPEN_AT_FIRST))
        page = min(pages.get(name, 0), (len(tags) - 1) // page_size)
        about_groups.append({"name": name, "cards": tags, "open": is_open, "page": page})
        if features:
            kind = "pinned" if arranged.pinned and not about_groups[1:] else (kinds or {}).get(name, "tags")
            about_groups[-1]["kind"] = kind
        if is_open:
            on_page = tags[page * page_size : (page + 1) * page_size]
            place = Place(name, order, starts, settings.smoothing, settings.axis, columns, windows, settings, arranged)
            visible += [(tag, place) for tag in on_page]
            seen += len(on_page)
    about: dict[str, Any] = {
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
    if features:
        selected = arranged.selected
        about["features"] = list(features)
        about["smoothed_with"] = [settings.method, settings.smoothing]
        about["selection"] = None if selected.first is None else {"from": selected.first, "to": selected.last}
        about["layout"] |= {
            "pinned": list(arranged.pinned),
            "wide": list(arranged.wide),
            "tall": list(arranged.tall),
            "order": {name: list(tags) for name, tags in arranged.order.items()},
        }
    return Layout(visible, about, settings, arranged, state)


def arrange(groups: Mapping[str, list[str]], arranged: Arranged) -> dict[str, list[str]]:
    """Return groups as the visitor arranged them: pinned cards in one of their own, the first, others in their order."""
    known = {tag for tags in groups.values() for tag in tags}
    pinned = [tag for tag in arranged.pinned if tag in known]
    apart = set(pinned)
    found = {PINNED if PINNED not in groups else f"{PINNED} cards": pinned} if pinned else {}
    for name, tags in groups.items():
        order = {tag: place for place, tag in enumerate(arranged.order.get(name, ()))}
        rest = [tag for tag in tags if tag not in apart]
        if order:
            rest.sort(key=lambda tag: order.get(tag, len(order)))
        if rest:
            found[name] = rest
    return found


def remember(
    state: LinesState,
    *,
    key: str = KEY,
    usual: Settings = USUAL,
    features: Sequence[str] = (),
    personal: Settings | None = None,
) -> None:
    """Keep what the visitor chose for when they come back to the page, and put it into the URL.

    personal: as `layout` was told.
    """
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
    if features:
        arranged = _arranged(state, key)
        st.session_state[f"{key}_arranged"] = arranged
        chosen |= _arranged_words(arranged)
    put_query(
        settings_words(settings, usual, _EVERY | (_RARER if features else {}), personal),
        # A longer address is cut by some servers; then it holds the settings alone.
        chosen if sum(len(text) for texts in chosen.values() for text in texts) < _URL_UP_TO else dict.fromkeys(chosen),
    )


def settings_words(
    settings: Settings,
    usual: Settings,
    names: Mapping[str, str] = _EVERY | _RARER,
    personal: Settings | None = None,
) -> dict[str, str | list[str]]:
    """Return settings as parameters of the address; none for what is as usual. names: settings by parameter.

    personal: how this visitor wants it where the address says nothing: usual settings that differ are said then.
    """
    found: dict[str, str | list[str]] = {}
    told = usual if settings != usual or personal is None else personal
    for parameter, name in names.items():
        value = getattr(settings, name)
        words = f"{value:g}" if isinstance(value, float) else str(int(value)) if isinstance(value, bool) else str(value)
        found[parameter] = [] if value == getattr(told, name) or not words else words
    return found


def settings_said(parameters: Mapping[str, str], usual: Settings) -> Settings:
    """Return the settings that parameters of an address say; what they do not say, or not well, is as usual."""
    raw = asdict(usual)
    for parameter, name in (_EVERY | _RARER).items():
        if parameter not in parameters:
            continue
        text, value = parameters[parameter], raw[name]
        if isinstance(value, bool):
            raw[name] = {"1": True, "0": False}.get(text, value)
        elif isinstance(value, str):
            raw[name] = text
        else:
            number = _number(text)
            raw[name] = value if number is None else number
    return settings_of(raw)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _arranged(state: LinesState, key: str) -> Arranged:
    """Return how the cards are arranged: as just chosen, as chosen in this session, or as the address says."""
    kept: Arranged | None = st.session_state.get(f"{key}_arranged")
    if kept is None:
        kept = _arranged_said()
    return Arranged(
        _newer(state.pinned, kept.pinned),
        _newer(state.wide, kept.wide),
        _newer(state.tall, kept.tall),
        _newer(state.order, kept.order),
        _newer(state.ranges, kept.ranges),
        _newer(state.selected, kept.selected),
    )


def _newer(said: _Value | None, kept: _Value) -> _Value:
    return kept if said is None else said


def _arranged_words(arranged: Arranged) -> dict[str, list[str]]:
    selected = arranged.selected
    at = (
        []
        if selected.first is None
        else [":".join(f"{x:.15g}" for x in (selected.first, selected.last) if x is not None)]
    )
    return {
        "pinned": list(arranged.pinned),
        "wide": list(arranged.wide),
        "tall": list(arranged.tall),
        "arranged": [",".join(quote(one, safe="/") for one in (name, *tags)) for name, tags in arranged.order.items()],
        "range": [f"{_span_words(one.x)},{_span_words(one.y)},{tag}" for tag, one in arranged.ranges.items()],
        "at": at,
    }


def _arranged_said() -> Arranged:
    said = st.query_params.get_all
    orders = ([unquote(part) for part in text.split(",")] for text in said("arranged"))
    return Arranged(
        tuple(dict.fromkeys(said("pinned"))),
        tuple(dict.fromkeys(said("wide"))),
        tuple(dict.fromkeys(said("tall"))),
        {name: tuple(tags) for name, *tags in orders if tags},
        dict(one for one in map(_range, said("range")) if one is not None),
        _at(st.query_params.get("at", "")),
    )


def _at(text: str) -> Selected:
    """Return what the address says is selected: "100", or "100:200"."""
    numbers = [_number(part) for part in text.split(":")]
    if not text or len(numbers) > 2 or None in numbers:
        return Selected()
    return Selected(*sorted(number for number in numbers if number is not None))


def _span_words(span: Span | None) -> str:
    return "," if span is None else f"{span[0]:.12g},{span[1]:.12g}"


def _range(text: str) -> tuple[str, Range] | None:
    """Return (tag, range) of one typed range of the address, None when it cannot be read."""
    parts = text.split(",", 4)
    if len(parts) < 5:
        return None
    x, y = (_span(parts[at], parts[at + 1]) for at in (0, 2))
    return None if x is None and y is None else (parts[4], Range(x, y))


def _span(low: str, high: str) -> Span | None:
    ends = _number(low), _number(high)
    return (ends[0], ends[1]) if ends[0] is not None and ends[1] is not None and ends[0] < ends[1] else None


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


def _settings(state: LinesState, key: str, usual: Settings, personal: Settings | None = None) -> Settings:
    """Return what the toolbar is set to: as just chosen, as chosen in this session, as the URL says, or as usual."""
    if state.settings is not None:
        return state.settings
    kept: Settings | None = st.session_state.get(f"{key}_settings")
    if kept is not None:
        return kept
    said = {name: st.query_params[name] for name in _EVERY | _RARER if name in st.query_params}
    # An address that says anything means the same for everybody.
    return settings_said(said, usual if said or personal is None else personal)

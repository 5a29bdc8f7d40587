"""The state of the Distributions page: its controls, which panels are seen, and what is kept of the logs meanwhile."""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

import streamlit as st

from tbcore.ui.components.distributions import (
    CHOICES,
    COLUMNS,
    STATISTICS,
    STEP,
    PanelsState,
    Settings,
    Steps,
    distributions_bar,
    panels_state,
    settings_of,
    settings_state,
)
from tbcore.ui.frame import View
from tbcore.ui.query import put_query

KEY = "distributions"
BAR = "distributions_bar"
CURVES = "statistics"
PANELS = 12  # on one page of a group
USUAL_COLUMNS = 512
_URL_UP_TO = 3_000  # bytes of the address for groups, pages and zooms
_OPEN_AT_FIRST = 12  # panels; groups are opened until so many are seen

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Panel:
    """One panel: a tag, of one run or, with "", of all; of: how many the tag has, part: which of them a page holds."""

    group: str
    tag: str
    run: str = ""
    earlier: bool = False
    of: int = 0
    part: str = ""

    @property
    def name(self) -> str:
        """Return what tells it from all others."""
        return "\n".join((self.tag, self.run, "earlier" if self.earlier else ""))


@dataclass(frozen=True)
class Layout:
    """The panels as they are drawn: those that are seen, and everything the component is told but what is in them."""

    settings: Settings
    visible: list[Panel]
    columns: int
    windows: Mapping[str, Steps]
    about: dict[str, Any]

    def window(self, tag: str) -> tuple[float, float] | None:
        """Return the part of the axis of steps a tag is zoomed to, None for all of it."""
        window = self.windows.get(tag)
        return (window.low, window.high) if window is not None and window.axis == self.settings.axis else None

    def view(self, specs: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
        """Return what the component draws; specs: what is in each panel, by its name."""
        groups = [
            {**group, "panels": [{**about, **specs[about["id"]]} for about in group["panels"] if about["id"] in specs]}
            for group in self.about["groups"]
        ]
        return {**self.about, "groups": groups}


class Shelf(Generic[_Value]):
    """Values by key that are kept while they are in use, the latest used ones up to `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._bytes = 0
        self._kept: OrderedDict[Hashable, tuple[_Value, int, Hashable]] = OrderedDict()

    def value(
        self,
        key: Hashable,
        stamp: Hashable,
        make: Callable[[_Value | None], _Value],
        size: Callable[[_Value], int],
    ) -> _Value:
        """Return the value kept under `key`, or with another stamp what `make` makes of it, None at first, and keep that.

        stamp: what the value depends on; size: its bytes.
        """
        with self._lock:
            known, _bytes, before = self._kept.get(key, (None, 0, None))
            if known is not None and before == stamp:
                self._kept.move_to_end(key)
                return known
        made = make(known)
        with self._lock:
            _known, taken, _stamp = self._kept.pop(key, (None, 0, None))
            self._kept[key] = (made, size(made), stamp)
            self._bytes += self._kept[key][1] - taken
            while len(self._kept) > 1 and self._bytes > self._limit:
                _key, (_value, dropped, _stamp) = self._kept.popitem(last=False)
                self._bytes -= dropped
        return made


def settings() -> Settings:
    """Return what the controls are set to: as just chosen, as chosen in this session, or as the address says."""
    said = settings_state(BAR)
    if said is not None:
        return said
    kept: Settings | None = st.session_state.get(f"{BAR}_kept")
    if kept is not None:
        return kept
    words = {"view" if choice.name == "show" else choice.name: choice.name for choice in CHOICES} | {
        "against": "against"
    }
    return settings_of({name: st.query_params[word] for word, name in words.items() if word in st.query_params})


def bar(chosen: Settings, *, runs: Sequence[str], restarted: bool) -> None:
    """Draw the controls. runs: those that hold histograms, in order."""
    controls: list[dict[str, Any]] = []
    for choice in CHOICES:
        if (choice.name == "range" and len(runs) < 2) or (choice.name == "earlier" and not restarted):
            continue
        of: dict[str, list[str]] = {"show": list(choice.of)} if choice.of else {}
        if choice.name == "bins":
            of["draw"] = ["outlines"]
        controls.append(
            {
                "name": choice.name,
                "words": choice.words,
                "form": choice.form,
                "of": of,
                "choices": choice.values,
                "about": choice.about,
                "more": choice.more,
            }
        )
        if choice.name == "draw":
            controls.append(
                {
                    "name": "against",
                    "words": "Quantiles against",
                    "form": "menu",
                    "of": {"show": [STEP], "draw": ["qq"]},
                    "choices": [("", "against the first run", ""), *((run, f"against {run}", "") for run in runs)],
                    "more": False,
                }
            )
    sticky = chosen.show not in (STEP, STATISTICS)
    distributions_bar(chosen, key=BAR, controls=controls, sticky=sticky)


def count(view: View, *, runs: int, tags: int) -> str:
    """Return how much there is to see. runs: those that hold histograms."""
    return f"{tags:,} {_many(tags, 'tag')}, {runs:,} of {len(view.runs):,} {_many(len(view.runs), 'run')}"


def layout(
    chosen: Settings,
    view: View,
    groups: Mapping[str, list[str]],
    runs: Mapping[str, Sequence[tuple[str, bool]]],
    tally: str = "",
) -> Layout:
    """Return which panels are seen, as the visitor left them.

    groups: the tags of each group; runs: of each tag the runs that have a panel of their own, and whether it is for
    their earlier attempts. A tag without an entry has one panel for all runs. tally: what is said above all panels.
    """
    state = panels_state(KEY)
    opened, pages, windows = _opened(state), _pages(state), _windows(state)
    at_first: dict[str, bool] = st.session_state.setdefault(f"{KEY}_usual", {})
    alone = len({run for some in runs.values() for run, _earlier in some}) <= 1
    visible: list[Panel] = []
    about_groups = []
    for name, tags in groups.items():
        turned = paged({tag: len(runs.get(tag, ("",))) for tag in tags}, PANELS)
        is_open = opened.get(name, at_first.setdefault(name, len(visible) < _OPEN_AT_FIRST))
        page = min(pages.get(name, 0), max(0, len(turned) - 1))
        panels = []
        for tag, first, last in turned[page] if is_open and turned else []:
            own = runs.get(tag)
            if own is None:
                panels.append(Panel(name, tag))
                continue
            whole = last - first == len(own)
            part = "" if whole else f"runs {first + 1:,} – {last:,} of {len(own):,}"
            heads = 0 if alone or len(own) == 1 else len(own)
            panels += [Panel(name, tag, run, earlier, heads, part) for run, earlier in own[first:last]]
        visible += panels
        about_groups.append(
            {
                "name": name,
                "count": len(tags),
                "open": is_open,
                "page": page,
                "last": max(0, len(turned) - 1),
                "panels": [_about(panel) for panel in panels],
            }
        )
    columns = max(USUAL_COLUMNS, state.width or 0)
    about = {
        "groups": about_groups,
        "runs": [
            {"name": run.name, "color": view.color(run.name), "start": None if math.isnan(run.start) else run.start}
            for run in view.runs
        ],
        "alone": alone,
        "tally": tally,
        "layout": {"open": opened, "page": pages},
        "windows": {tag: {"x": [steps.low, steps.high], "axis": steps.axis} for tag, steps in windows.items()},
        "settings": asdict(chosen),
        "columns": min(state.width or USUAL_COLUMNS, COLUMNS[1]),
    }
    return Layout(chosen, visible, columns, windows, about)


def paged(sizes: Mapping[str, int], most: int) -> list[list[tuple[str, int, int]]]:
    """Return the pages of tags with so many panels each: (tag, first, last) with at most `most` panels on a page.

    A tag that fits on a page is not divided.
    """
    pages: list[list[tuple[str, int, int]]] = []
    left = 0
    for tag, size in sizes.items():
        if left >= size > 0:
            pages[-1].append((tag, 0, size))
            left -= size
            continue
        for first in range(0, size, most):
            last = min(first + most, size)
            pages.append([(tag, first, last)])
            left = most - (last - first)
    return pages


def remember(chosen: Settings, state: PanelsState | None = None) -> None:
    """Keep what the visitor chose for when they come back to the page, and put it into the address.

    state: None where no panels of ours are drawn, and the address says what is seen of others.
    """
    st.session_state[f"{BAR}_kept"] = chosen
    usual = asdict(Settings())
    wanted = {name: [] if value == usual[name] else [value] for name, value in asdict(chosen).items()}
    wanted["view"] = wanted.pop("show")
    if state is None:
        # The curves keep their own axis.
        del wanted["axis"]
        put_query(wanted)
        return
    opened, pages, windows = _opened(state), _pages(state), _windows(state)
    st.session_state[f"{KEY}_open"] = opened
    st.session_state[f"{KEY}_page"] = pages
    st.session_state[f"{KEY}_windows"] = windows
    places = {
        "open": [name for name, is_open in opened.items() if is_open],
        "closed": [name for name, is_open in opened.items() if not is_open],
        "page": [f"{page + 1},{name}" for name, page in pages.items() if page],
        "zoom": [f"{steps.low:.12g},{steps.high:.12g},{steps.axis},{tag}" for tag, steps in windows.items()],
    }
    # A longer address is cut by some servers; then it holds the settings alone.
    fits = sum(len(text) for texts in places.values() for text in texts) < _URL_UP_TO
    put_query(wanted, places if fits else dict.fromkeys(places), {"smoothing": [], "log": []})


def _many(number: int, noun: str) -> str:
    return noun if number == 1 else f"{noun}s"


def _about(panel: Panel) -> dict[str, Any]:
    return {"id": panel.name, "tag": panel.tag, "earlier": panel.earlier, "of": panel.of, "part": panel.part}


def _opened(state: PanelsState) -> dict[str, bool]:
    """Return the groups that the visitor opened or closed: in this session, else as the address says."""
    kept: dict[str, bool] | None = st.session_state.get(f"{KEY}_open")
    if kept is None:
        kept = dict.fromkeys(st.query_params.get_all("open"), True) | dict.fromkeys(
            st.query_params.get_all("closed"), False
        )
    return {**kept, **state.opened}


def _pages(state: PanelsState) -> dict[str, int]:
    """Return the page, from 0, of each group whose pages were turned: in this session, else as the address says."""
    kept: dict[str, int] | None = st.session_state.get(f"{KEY}_page")
    if kept is None:
        said = (text.partition(",") for text in st.query_params.get_all("page"))
        kept = {
            name: int(page) - 1 for page, _comma, name in said if page.isascii() and page.isdigit() and int(page) > 0
        }
    return {**kept, **state.pages}


def _windows(state: PanelsState) -> Mapping[str, Steps]:
    """Return the window of each zoomed tag: as just chosen, as chosen in this session, or as the address says."""
    if state.windows is not None:
        return state.windows
    kept: Mapping[str, Steps] | None = st.session_state.get(f"{KEY}_windows")
    if kept is None:
        said = (_window(text) for text in st.query_params.get_all("zoom"))
        kept = dict(one for one in said if one is not None)
    return kept


def _window(text: str) -> tuple[str, Steps] | None:
    """Return (tag, steps) of one zoom of the address, None when it cannot be read."""
    parts = text.split(",", 3)
    if len(parts) < 4 or parts[2] not in ("step", "relative", "wall"):
        return None
    try:
        steps = Steps(float(parts[0]), float(parts[1]), parts[2])
    except ValueError:
        return None
    return (
        (parts[3], steps) if math.isfinite(steps.low) and math.isfinite(steps.high) and steps.low < steps.high else None
    )

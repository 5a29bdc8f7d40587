"""Draw histograms over steps in the browser, a panel for each run of a tag, and the row of controls above them.

The controls are a component of their own: where one step is looked at, its slider lies between both.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeGuard, cast

import pyarrow as pa
import streamlit as st

from tbcore.ui.components.bundle import bundle, styles

MODULES = (
    "../lines/format.js",
    "../lines/scale.js",
    "../lines/smooth.js",
    "../lines/table.js",
    "../lines/sync.js",
    "../lines/dom.js",
    "../lines/paint.js",
    "../lines/zoom.js",
    "../lines/grid.js",
    "value.js",
    "data.js",
    "ramp.js",
    "heat.js",
    "ridges.js",
    "bands.js",
    "single.js",
    "tip.js",
    "facts.js",
    "panel.js",
    "drag.js",
    "board.js",
    "main.js",
)
BAR_MODULES = ("../lines/dom.js", "../lines/sync.js", "bar.js")
COLUMNS = (128, 8192)

_FOLDER = Path(__file__).parent
_STYLES = styles(_FOLDER, "../lines/lines.css") + (_FOLDER / "distributions.css").read_text(encoding="utf-8")

DISTRIBUTIONS = st.components.v2.component(
    "distributions",
    html='<div class="stage"></div>',
    css=_STYLES,
    js=bundle(_FOLDER, MODULES),
    isolate_styles=True,
)
BAR = st.components.v2.component(
    "distributions_bar",
    html='<div class="stage"></div>',
    css=_STYLES,
    js=bundle(_FOLDER, BAR_MODULES),
    isolate_styles=True,
)


@dataclass(frozen=True)
class Choice:
    """One control: what it sets, the values it may have with their words, and for which views it is there (all: none).

    form: "segments" shows all values, "menu" one, "switch" is on for the second of two. more: it is needed seldom, and
    shown when asked for.
    """

    name: str
    words: str
    form: str
    values: tuple[tuple[str, str, str], ...]
    of: tuple[str, ...] = ()
    about: str = ""
    more: bool = False


HEAT, RIDGELINE, OVERLAY, PERCENTILES, STEP, STATISTICS = (
    "heat",
    "ridgeline",
    "overlay",
    "percentiles",
    "step",
    "statistics",
)
_OVER_STEPS = (HEAT, RIDGELINE, OVERLAY, PERCENTILES)

# The first value of each is the usual one.
CHOICES = (
    Choice(
        "show",
        "View",
        "segments",
        (
            (HEAT, "Heat map", "All steps: the darker a bin, the more of a step's values lie in it"),
            (RIDGELINE, "Ridgeline", "An outline for each step, one behind the other"),
            (OVERLAY, "Overlay", "An outline for each step, all on one base line"),
            (PERCENTILES, "Percentiles", "Median, and bands of half a standard deviation's share each"),
            (STEP, "At one step", "All runs at one step, with the slider"),
            (STATISTICS, "Statistics", "One number of each histogram as a curve"),
        ),
    ),
    Choice(
        "statistic",
        "Statistic",
        "menu",
        (
            ("mean", "Mean", ""),
            ("std", "Standard deviation", ""),
            ("median", "Median", ""),
            ("zeros", "Share of zeros", ""),
            ("max_abs", "Largest magnitude", ""),
            ("entropy", "Entropy", ""),
            ("change", "Change between steps", ""),
        ),
        (STATISTICS,),
    ),
    Choice(
        "draw",
        "Drawn as",
        "menu",
        (("outlines", "Outlines", ""), ("cdf", "Cumulative", ""), ("qq", "Q–Q plot", "")),
        (STEP,),
    ),
    Choice(
        "axis",
        "Axis of steps",
        "menu",
        (("step", "Step", ""), ("relative", "Relative", ""), ("wall", "Wall", "")),
        (HEAT, RIDGELINE, OVERLAY, PERCENTILES),
    ),
    Choice(
        "scale",
        "Axis of values",
        "menu",
        (("linear", "Linear", ""), ("symlog", "Symlog", ""), ("log", "Log", "")),
        (*_OVER_STEPS, STEP),
    ),
    Choice(
        "bins",
        "Bins",
        "menu",
        (("30", "30 bins", ""), ("60", "60 bins", ""), ("120", "120 bins", "")),
        (HEAT, RIDGELINE, OVERLAY, STEP),
    ),
    Choice(
        "height",
        "Heights",
        "menu",
        (("share", "Share", ""), ("count", "Count", "")),
        (RIDGELINE, OVERLAY),
        "Share of the values of a step, or their count",
        more=True,
    ),
    Choice(
        "range",
        "Own ranges",
        "switch",
        (("shared", "", ""), ("own", "", "")),
        _OVER_STEPS,
        "Each run with a range of values and a peak of its own",
        more=True,
    ),
    Choice(
        "earlier",
        "Earlier attempts",
        "switch",
        (("", "", ""), ("1", "", "")),
        _OVER_STEPS,
        "Also what a restarted run wrote before it went back",
        more=True,
    ),
)


@dataclass(frozen=True)
class Settings:
    """What the controls are set to; against: the run that quantiles are drawn against, "" for the first."""

    show: str = HEAT
    statistic: str = "mean"
    draw: str = "outlines"
    axis: str = "step"
    scale: str = "linear"
    bins: str = "30"
    height: str = "share"
    range: str = "shared"
    earlier: str = ""
    against: str = ""


@dataclass(frozen=True)
class Steps:
    """The part of the axis of steps a tag is zoomed to: steps, seconds since the run's start, or unix seconds."""

    low: float
    high: float
    axis: str


@dataclass(frozen=True)
class PanelsState:
    """What the visitor chose beside the settings. None: nothing was chosen yet."""

    opened: Mapping[str, bool] = field(default_factory=dict)
    pages: Mapping[str, int] = field(default_factory=dict)
    windows: Mapping[str, Steps] | None = None
    width: int | None = None
    """Device pixels across the widest panel, rounded up to a multiple of 128."""


def distributions(
    view: Mapping[str, Any],
    tables: Mapping[str, pa.Table],
    *,
    key: str,
    on_change: Callable[[], None] | None = None,
) -> PanelsState:
    """Show the panels of `view`, whose numbers are in `tables`, and return what the visitor chose."""
    changed = on_change or _nothing
    result = DISTRIBUTIONS(
        key=key,
        data={"view": view, **tables},
        on_layout_change=changed,
        on_windows_change=changed,
        on_width_change=changed,
    )
    return _state(cast(Mapping[str, Any], result))


def distributions_bar(settings: Settings, *, key: str, controls: Sequence[Mapping[str, Any]], sticky: bool) -> None:
    """Show the controls; what they are set to is read with `settings_state` when the page runs again."""
    values = {item.name: getattr(settings, item.name) for item in fields(Settings)}
    BAR(
        key=key,
        data={"view": {"settings": values, "controls": list(controls), "sticky": sticky}},
        on_settings_change=_nothing,
    )


def panels_state(key: str) -> PanelsState:
    """Return what the visitor chose so far: what a page needs to know before it makes the tables."""
    return _state(cast(Mapping[str, Any], st.session_state.get(key) or {}))


def settings_state(key: str) -> Settings | None:
    """Return what the controls were set to, None before they were touched. Anyone can send anything."""
    said = cast(Mapping[str, Any], st.session_state.get(key) or {}).get("settings")
    return settings_of(said) if isinstance(said, Mapping) else None


def settings_of(said: Mapping[str, object]) -> Settings:
    """Return the settings of which `said` has the usual ones where it says nothing that can be understood."""
    known = {
        choice.name: value
        for choice in CHOICES
        if (value := said.get(choice.name)) in {value for value, _words, _about in choice.values}
    }
    against = said.get("against")
    return Settings(**known, against=against if isinstance(against, str) else "")


def _nothing() -> None:
    pass


def _state(raw: Mapping[str, Any]) -> PanelsState:
    layout, windows, width = (raw.get(name) for name in ("layout", "windows", "width"))
    layout = layout if isinstance(layout, Mapping) else {}
    opened, pages = (said if isinstance(said := layout.get(name), Mapping) else {} for name in ("open", "page"))
    return PanelsState(
        opened={str(name): bool(is_open) for name, is_open in opened.items()},
        pages={str(name): max(0, page) for name, page in pages.items() if isinstance(page, int)},
        windows={str(tag): steps for tag, said in windows.items() if (steps := _steps(said)) is not None}
        if isinstance(windows, Mapping)
        else None,
        width=min(max(width, COLUMNS[0]), COLUMNS[1]) if isinstance(width, int) else None,
    )


def _steps(raw: object) -> Steps | None:
    match raw:
        case {"x": [low, high], "axis": ("step" | "relative" | "wall") as axis} if (
            _is_number(low) and _is_number(high) and low < high
        ):
            return Steps(float(low), float(high), str(axis))
    return None


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)

"""Draw precision-recall and ROC curves in the browser, a card for each tag, and the row of controls above them.

A card has all counts of its curves: the threshold, the view and the axes change without the server. The controls are a
component of their own, since the slider over steps lies between both.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
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
    "curve.js",
    "tip.js",
    "matrix.js",
    "card.js",
    "board.js",
    "main.js",
)
BAR_MODULES = ("../lines/dom.js", "../lines/sync.js", "bar.js")
PR, ROC, STEPS = "pr", "roc", "steps"
THRESHOLD_STEP = 0.005

_FOLDER = Path(__file__).parent
_STYLES = styles(_FOLDER, "../lines/lines.css") + (_FOLDER / "pr_curves.css").read_text(encoding="utf-8")

PR_CURVES = st.components.v2.component(
    "pr_curves",
    html='<div class="stage"></div>',
    css=_STYLES,
    js=bundle(_FOLDER, MODULES),
    isolate_styles=True,
)
BAR = st.components.v2.component(
    "pr_curves_bar",
    html='<div class="stage"></div>',
    css=_STYLES,
    js=bundle(_FOLDER, BAR_MODULES),
    isolate_styles=True,
)


@dataclass(frozen=True)
class Settings:
    """What the controls are set to. curves: "slider", one of each run, or "training", several from old to new.

    fit: whether the axes go around the curves; classes: whether those of one name are in one chart.
    """

    view: str = PR
    curves: str = "slider"
    fit: bool = False
    classes: bool = False
    matrices: bool = True
    threshold: float = 0.5


@dataclass(frozen=True)
class Choice:
    """One control: what it sets, its words, the values it may have with theirs, and the views it is there for (all: none).

    form: "segments" shows all values, "switch" is on or off, "slider" goes from 0 to 1.
    """

    name: str
    words: str
    form: str
    values: tuple[tuple[str, str, str], ...] = ()
    of: tuple[str, ...] = (PR, ROC)
    about: str = ""


CHOICES = (
    Choice(
        "view",
        "View",
        "segments",
        (
            (PR, "PR", "Precision over recall"),
            (ROC, "ROC", "True over false positive rate, from the same counts"),
            (STEPS, "Over steps", "Average precision, best F1 and ROC AUC as curves"),
        ),
        (),
    ),
    Choice(
        "curves",
        "Steps",
        "segments",
        (
            ("slider", "At slider", "One curve of each run"),
            ("training", "Over training", "Several curves of each run, from old and faint to new"),
        ),
    ),
    Choice("fit", "Fit", "switch", about="Axes around the curves, instead of from 0 to 1"),
    Choice("classes", "Classes", "switch", about="Tags that differ only in the number of a class, in one chart"),
    Choice("matrices", "Matrices", "switch", about="Confusion matrices at the threshold"),
    Choice(
        "threshold",
        "Threshold",
        "slider",
        about="What scores at least this much counts as positive. Diamonds on the curves mark it.",
    ),
)

_ALLOWED = {choice.name: [value for value, _words, _about in choice.values] for choice in CHOICES if choice.values}


@dataclass(frozen=True)
class Zoom:
    """The part of its axes a card shows, None for all of an axis. view: which axes they are."""

    view: str
    x: tuple[float, float] | None
    y: tuple[float, float] | None


def pr_curves(view: Mapping[str, Any], tables: Mapping[str, pa.Table], *, key: str) -> None:
    """Show the cards of `view`, whose points are in `tables`; what the visitor chose is in the session under `key`."""
    PR_CURVES(key=key, data={"view": view, **tables}, on_layout_change=_nothing, on_zooms_change=_nothing)


def pr_curves_bar(settings: Settings, *, key: str, without: Sequence[str]) -> None:
    """Show the controls; what they are set to is read with `settings_state` when the page runs again.

    without: controls for which there is no use.
    """
    controls = [
        {
            "name": choice.name,
            "words": choice.words,
            "form": choice.form,
            "values": choice.values,
            "of": choice.of,
            "about": choice.about,
            "step": THRESHOLD_STEP,
        }
        for choice in CHOICES
        if choice.name not in without
    ]
    values = {item.name: getattr(settings, item.name) for item in fields(Settings)}
    BAR(
        key=key,
        data={"view": {"settings": values, "controls": controls}},
        on_settings_change=_nothing,
    )


def settings_state(key: str) -> Settings | None:
    """Return what the controls were set to, None before they were touched. Anyone can send anything."""
    said = cast(Mapping[str, Any], st.session_state.get(key) or {}).get("settings")
    return settings_of(said) if isinstance(said, Mapping) else None


def settings_of(said: Mapping[str, object]) -> Settings:
    """Return the settings of which `said` has the usual ones where it says nothing that can be understood."""
    known: dict[str, Any] = {name: said[name] for name, allowed in _ALLOWED.items() if said.get(name) in allowed}
    known |= {name: value for name in ("fit", "classes", "matrices") if isinstance(value := said.get(name), bool)}
    threshold = said.get("threshold")
    if _is_number(threshold):
        known["threshold"] = min(max(float(threshold), 0.0), 1.0)
    return Settings(**known)


def zooms_state(key: str) -> dict[str, Zoom] | None:
    """Return which part of its axes each card shows, None before one was zoomed."""
    said = cast(Mapping[str, Any], st.session_state.get(key) or {}).get("zooms")
    if not isinstance(said, Mapping):
        return None
    return {str(tag): zoom for tag, one in said.items() if (zoom := _zoom(one)) is not None}


def _zoom(raw: object) -> Zoom | None:
    match raw:
        case {"view": ("pr" | "roc") as view, "x": x, "y": y}:
            return Zoom(str(view), _range(x), _range(y))
    return None


def _range(raw: object) -> tuple[float, float] | None:
    match raw:
        case [low, high] if _is_number(low) and _is_number(high) and low < high:
            return float(low), float(high)
    return None


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _nothing() -> None:
    pass

"""Shapes in three dimensions side by side, all seen from the same place: turning one turns all."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import streamlit as st
from streamlit import runtime

from tbcore.ui.components.bundle import bundle, styles

KEY = "meshes"
MODULES = ("../lines/dom.js", "figure.js", "library.js", "main.js")
PANELS = 8  # at once: browsers draw in about 16 places with WebGL, and other pages want some

_FOLDER = Path(__file__).parent
_FARTHEST = 1e4
_FLAT = "orthographic"

MESHES = st.components.v2.component(
    "meshes",
    html='<div class="stage"></div>',
    css=styles(_FOLDER, "meshes.css"),
    js=bundle(_FOLDER, MODULES),
    isolate_styles=True,
)

Camera = dict[str, Any]


def shapes(view: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> Camera | None:
    """Draw the panels of `view`, whose points are in `tables`, and return from where they are looked at, None as at first.

    view: {"panels": [as made by `tbcore.charts.meshes`], "bounds": by panel, "camera", "axes": whether they are drawn}.
    """
    MESHES(key=KEY, data={"view": {**view, "library": _library()}, **tables}, on_camera_change=_nothing)
    return looked_from()


def looked_from() -> Camera | None:
    """Return from where the visitor looks, None when they have not turned anything."""
    return camera(cast(Mapping[str, Any], st.session_state.get(KEY) or {}).get("camera"))


def camera(raw: object) -> Camera | None:
    """Return the place a browser sent, None when it sent none that can be read: anyone can send anything."""
    if not isinstance(raw, Mapping):
        return None
    parts = {name: _point(raw.get(name)) for name in ("up", "eye", "center")}
    if any(point is None for point in parts.values()):
        return None
    projection = raw.get("projection")
    flat = isinstance(projection, Mapping) and projection.get("type") == _FLAT
    return {**parts, "projection": {"type": _FLAT if flat else "perspective"}}


def spelled(looked: Camera) -> str:
    """Return a place as the address holds it: where the eye is and what it looks at."""
    numbers = [f"{looked[part][axis]:.3g}" for part in ("eye", "center", "up") for axis in "xyz"]
    return ",".join([*numbers, *([_FLAT] if looked["projection"]["type"] == _FLAT else [])])


def camera_of(text: str) -> Camera | None:
    """Return the place that `text` spells, None when it spells none."""
    flat = text.endswith(f",{_FLAT}")
    try:
        numbers = [float(part) for part in text.removesuffix(f",{_FLAT}").split(",")]
    except ValueError:
        return None
    if len(numbers) != 9:
        return None
    points = [dict(zip("xyz", numbers[start : start + 3], strict=True)) for start in (0, 3, 6)]
    return camera(
        {**dict(zip(("eye", "center", "up"), points, strict=True)), "projection": {"type": _FLAT if flat else ""}}
    )


def _point(raw: object) -> dict[str, float] | None:
    if not isinstance(raw, Mapping):
        return None
    numbers = {axis: raw.get(axis) for axis in "xyz"}
    good = all(
        isinstance(number, int | float)
        and not isinstance(number, bool)
        and math.isfinite(number)
        and abs(number) < _FARTHEST
        for number in numbers.values()
    )
    return cast(dict[str, float], numbers) if good else None


@st.cache_resource(show_spinner=False)
def _plotly() -> bytes:
    """Return the library that draws, as it comes with Plotly's package: nothing is asked of another machine."""
    from plotly.offline import get_plotlyjs

    return cast(str, get_plotlyjs()).encode()


def _library() -> str:
    """Return the address of the library on this server; browsers keep what lies there."""
    return runtime.get_instance().media_file_mgr.add(_plotly(), "text/javascript", "meshes.library")


def _nothing() -> None:
    pass

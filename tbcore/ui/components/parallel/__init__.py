"""Draw rows as lines over parallel axes, which are brushed, moved and scaled in the browser.

Drawn on a canvas of ours: 5,000 rows over 12 axes take a tenth of a second without a graphics card, names are never
acted on, and what is missing has a place of its own.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import streamlit as st

from tbcore.ui.components.bundle import bundle, styles
from tbcore.ui.components.stamp import stamp

MODULES = (
    "../lines/format.js",
    "../lines/scale.js",
    "../lines/sync.js",
    "../lines/dom.js",
    "axis.js",
    "clause.js",
    "table.js",
    "legend.js",
    "geometry.js",
    "board.js",
    "main.js",
)
SCALES = ("linear", "log", "quantile")

_FOLDER = Path(__file__).parent

PARALLEL = st.components.v2.component(
    "parallel",
    html='<div class="stage"></div>',
    css=styles(_FOLDER, "parallel.css"),
    js=bundle(_FOLDER, MODULES),
    isolate_styles=True,
)


def parallel(view: Mapping[str, Any], rows: pa.Table, *, key: str, changed: Mapping[str, Callable[[], None]]) -> None:
    """Draw the axes of `view` and a line for each of `rows`, as `tbcore.charts.parallel` makes them.

    changed: called before the page runs again when the visitor changed the "brush", "order" or "scales", or wants
    another "color".
    """
    PARALLEL(
        key=key,
        data={"view": {**view, "stamp": stamp({"rows": rows})}, "rows": rows},
        on_brush_change=changed["brush"],
        on_order_change=changed["order"],
        on_scales_change=changed["scales"],
        on_color_change=changed["color"],
    )


def said(key: str, name: str) -> object:
    """Return what the browser said last of "brush", "order", "scales" or "color"; anyone can send anything."""
    return cast(Mapping[str, Any], st.session_state.get(key) or {}).get(name)


def order_of(raw: object) -> list[str] | None:
    """Return the keys of axes that a browser sent, None when they cannot be read."""
    if not (isinstance(raw, list) and all(isinstance(key, str) for key in raw)):
        return None
    return list(dict.fromkeys(raw))


def scales_of(raw: object) -> dict[str, str]:
    """Return which scale each axis has, as far as that can be read."""
    if not isinstance(raw, Mapping):
        return {}
    return {str(key): str(scale) for key, scale in raw.items() if scale in SCALES}

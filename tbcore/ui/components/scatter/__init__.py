"""Draw rows as points, in one plot or in a grid of them; what is brushed in one is told apart in all."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import streamlit as st

from tbcore.ui.components.bundle import bundle, styles
from tbcore.ui.components.stamp import stamp

MODULES = (
    "../lines/format.js",
    "../lines/scale.js",
    "../lines/sync.js",
    "../lines/dom.js",
    "../parallel/axis.js",
    "../parallel/clause.js",
    "../parallel/table.js",
    "../parallel/legend.js",
    "cells.js",
    "marks.js",
    "board.js",
    "main.js",
)

_FOLDER = Path(__file__).parent

SCATTER = st.components.v2.component(
    "scatter",
    html='<div class="stage"></div>',
    css=styles(_FOLDER, "../parallel/parallel.css") + (_FOLDER / "scatter.css").read_text(encoding="utf-8"),
    js=bundle(_FOLDER, MODULES),
    isolate_styles=True,
)


def scatter(view: Mapping[str, Any], tables: Mapping[str, pa.Table], *, key: str, brushed: Callable[[], None]) -> None:
    """Draw the cells of `view`, whose points and marks are in `tables`, as `tbcore.charts.points` makes them.

    brushed: called before the page runs again when the visitor brushed something.
    """
    SCATTER(key=key, data={"view": {**view, "stamp": stamp(tables)}, **tables}, on_brush_change=brushed)

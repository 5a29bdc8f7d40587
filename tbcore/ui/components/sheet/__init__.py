"""A table of many rows and columns in the browser: sorted and ticked there, filtered by the server."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from tbcore.ui.components.bundle import bundle, styles

MODULES = (
    "../lines/format.js",
    "../lines/dom.js",
    "../runs/selection.js",
    "cells.js",
    "heat.js",
    "choices.js",
    "sieve.js",
    "copied.js",
    "trace.js",
    "widths.js",
    "parts.js",
    "menu.js",
    "range.js",
    "sifter.js",
    "picker.js",
    "head.js",
    "body.js",
    "bar.js",
    "board.js",
    "main.js",
)

_FOLDER = Path(__file__).parent

SHEET = st.components.v2.component(
    "sheet",
    html='<div class="stage"></div>',
    css=styles(_FOLDER, "sheet.css"),
    js=bundle(_FOLDER, MODULES),
    isolate_styles=True,
)


def sheet(about: Mapping[str, Any], tables: Mapping[str, pa.Table | pd.DataFrame], *, key: str) -> str | None:
    """Draw a table and return what was pressed just now: "show" for "show only these", "back" for undoing that, else None.

    about: {"columns": [{"key", "title", "role", "type", "better", "about", "differs"}] of all there are, "name": the key of
    the rows' names, "name_column": the same of it, "name_filter": the column that is filtered in its place or "",
    "usual": keys, "choices": {key: [[words, key]]}, "curves", "curves_usual": keys, "fields", "traces": {key: field of
    the table "cells"}, "texts": {key: texts by code, in their order}, "colors": by code, "count": rows, "listed",
    "total": rows that count, "rows": what they are called, "tree": whether rows stand below each other, "height":
    pixels, "back": whether "show only these" can be undone, "facts": of the column asked for or None, "stamp": another one for other cells, "state", "edits", "turn": the last word of
    the browser that was heard}.
    tables: "cells" with the fields and color, shown, group, and of a tree depth and parent.
    """
    result = SHEET(key=key, data={"view": dict(about), **tables}, on_state_change=_nothing, on_pressed_change=_nothing)
    pressed = result.get("pressed")
    return pressed if isinstance(pressed, str) else None


def _nothing() -> None:
    """Do nothing: a callback declares a state to Streamlit, and the page reads the state itself."""

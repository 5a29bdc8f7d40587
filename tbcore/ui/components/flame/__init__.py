"""Draw a flame graph in the browser: frames below their callers, as wide as their time; a click shows one in the whole width."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import pyarrow as pa
import streamlit as st

from tbcore.ui.components.bundle import bundle, styles
from tbcore.ui.components.stamp import stamp

MODULES = (
    "../lines/format.js",
    "../lines/sync.js",
    "../lines/dom.js",
    "../graph/tip.js",
    "tree.js",
    "board.js",
    "main.js",
)
_LETTERS = 300  # of a search that a browser may send

_FOLDER = Path(__file__).parent

FLAME = st.components.v2.component(
    "flame",
    html='<div class="stage"></div>',
    css=styles(_FOLDER, "flame.css"),
    js=bundle(_FOLDER, MODULES),
    isolate_styles=True,
)


class Said(NamedTuple):
    """What the browser said. frame: the row of the event of the chosen frame, -1 for none; find: what is searched for; None: nothing was said."""

    frame: int | None
    find: str | None


def flame_state(key: str) -> Said:
    """Return what the browser said of a flame graph."""
    said = cast(Mapping[str, Any], st.session_state.get(key) or {})
    frame, find = said.get("frame"), said.get("find")
    return Said(
        frame if isinstance(frame, int) and not isinstance(frame, bool) and -1 <= frame < 2**31 else None,
        find[:_LETTERS] if isinstance(find, str) else None,
    )


def flame(view: Mapping[str, Any], frames: pa.Table, *, key: str, frame: int = -1, find: str = "") -> None:
    """Draw frames as `tbcore.charts.flame` makes them. frame: the row of the chosen one; find: what is searched for."""
    tables = {"frames": frames}
    FLAME(
        key=key,
        data={"view": {**view, "stamp": stamp(tables), "frame": frame, "find": find}, **tables},
        on_frame_change=_nothing,
        on_find_change=_nothing,
    )


def _nothing() -> None:
    """Do nothing: a callback declares a state to Streamlit, and the page reads the state itself."""

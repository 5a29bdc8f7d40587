"""Draw hyperparameters by how much they matter, with how sure that is; one of them can be pressed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import streamlit as st

from tbcore.ui.components.bundle import bundle, styles

MODULES = ("../lines/dom.js", "places.js", "main.js")

_FOLDER = Path(__file__).parent

RANKING = st.components.v2.component(
    "ranking",
    html='<div class="stage"></div>',
    css=styles(_FOLDER, "ranking.css"),
    js=bundle(_FOLDER, MODULES),
    isolate_styles=True,
)


def ranking(view: Mapping[str, Any], *, key: str) -> None:
    """Draw the rows of `view`, as `tbcore.charts.hparams` makes them; `picked` says which was pressed last."""
    RANKING(key=key, data={"view": dict(view)}, on_picked_change=_nothing)


def picked(key: str) -> str:
    """Return the row that was pressed last, "" when none was. Anyone can send anything."""
    said = cast(Mapping[str, Any], st.session_state.get(key) or {}).get("picked")
    return said if isinstance(said, str) else ""


def _nothing() -> None:
    pass

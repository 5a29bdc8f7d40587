"""Texts in the browser: cards of Markdown or raw text, what a search found, and two texts compared.

HTML comes from `tbcore.analysis.text.markdown` alone, in which nothing is left that runs, fetches or lays out.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import streamlit as st

from tbcore.ui.components.audio import given_table
from tbcore.ui.components.bundle import bundle, styles

KEY = "text"
MODULES = (
    "../lines/format.js",
    "../lines/dom.js",
    "../lines/sync.js",
    "../lines/grid.js",
    "../audio/wanted.js",
    "../audio/folds.js",
    "entry.js",
    "hits.js",
    "compare.js",
    "main.js",
)

_FOLDER = Path(__file__).parent

TEXT = st.components.v2.component(
    "text",
    html='<div class="stage"></div>',
    css=styles(_FOLDER, "../audio/folds.css", "text.css"),
    js=bundle(_FOLDER, MODULES),
    isolate_styles=True,
)


def text(view: Mapping[str, Any], given: Mapping[str, bytes], *, key: str = KEY, on_jump: Callable[[], None]) -> None:
    """Show the cards, hits or comparison of `view`. given: the bytes of texts that were asked for (`wanted`).

    on_jump: called before the next run of the script when a hit was clicked (`jumped`).
    """
    TEXT(
        key=key,
        data={"view": view, "given": given_table(given)},
        on_layout_change=_nothing,
        on_slices_change=_nothing,
        on_wanted_change=_nothing,
        on_jump_change=on_jump,
    )


def slices(key: str = KEY) -> Mapping[str, int]:
    """Return which slice of the tensors of each tag a visitor chose, from 0."""
    raw = _state(key).get("slices")
    if not isinstance(raw, Mapping):
        return {}
    return {str(tag): which for tag, which in raw.items() if type(which) is int and which >= 0}


def layout(key: str = KEY) -> object:
    """Return what a browser said of the groups of cards, for `tbcore.ui.groups`."""
    return _state(key).get("layout")


def wanted(key: str = KEY) -> str:
    """Return what a browser asks for just now, "" when for nothing: "save", a colon, and an entry's id."""
    asked = _state(key).get("wanted")
    return asked if isinstance(asked, str) else ""


def jumped(key: str = KEY) -> int | None:
    """Return the number of the hit that was clicked just now, None when none was."""
    hit = _state(key).get("jump")
    return hit if type(hit) is int and hit >= 0 else None


def _state(key: str) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], st.session_state.get(key) or {})


def _nothing() -> None:
    pass

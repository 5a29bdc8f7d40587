"""Draw a graph of boxes in boxes in the browser: moved, zoomed and searched with the eyes there, opened by the server."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import streamlit as st

from tbcore.ui.components.bundle import bundle, styles

MODULES = (
    "../lines/sync.js",
    "../lines/dom.js",
    "space.js",
    "shapes.js",
    "tip.js",
    "minimap.js",
    "save.js",
    "board.js",
    "main.js",
)
HEIGHT = 640
LONGEST = 4_000  # letters of an id that a browser may send

_FOLDER = Path(__file__).parent

GRAPH = st.components.v2.component(
    "graph",
    html='<div class="stage"></div>',
    css=styles(_FOLDER, "graph.css"),
    js=bundle(_FOLDER, MODULES),
    isolate_styles=True,
)


class Said(NamedTuple):
    """What the browser said since the page was drawn last.

    selected: the id of a box or of what is set aside beside one, "" for none, None when nothing was ever selected there.
    toggles: (id, whether it shall be open) in the order of the clicks, each told once.
    """

    selected: str | None
    toggles: tuple[tuple[str, bool], ...]


def graph_state(key: str) -> Said:
    """Return what the browser said; ask before the picture is made, which the answer is for."""
    said = cast(Mapping[str, Any], st.session_state.get(key) or {})
    turn, toggles = toggles_of(said.get("toggles"), st.session_state.get(_turn(key), 0))
    st.session_state[_turn(key)] = turn
    return Said(selected_of(said.get("selected")), toggles)


def graph(
    picture: Mapping[str, Any],
    *,
    key: str,
    selected: str = "",
    path: Mapping[str, Any] | None = None,
    height: int = HEIGHT,
    graph: str = "",
) -> None:
    """Draw a picture as `tbcore.charts.graph.picture` makes it.

    selected: the id of what is selected; path: {"boxes": ids, "lines": [source, target]} to stand out, None for no path.
    graph: what tells it from other graphs, so that another one is seen from its beginning.
    """
    view = {"selected": selected, "path": dict(path) if path else None, "height": height, "graph": graph}
    view["turn"] = st.session_state.get(_turn(key), 0)
    GRAPH(
        key=key,
        data={"view": view, "picture": dict(picture)},
        on_selected_change=_nothing,
        on_toggles_change=_nothing,
    )


def selected_of(raw: object) -> str | None:
    """Return the id that a browser sent, None when it sent none."""
    return raw[:LONGEST] if isinstance(raw, str) else None


def toggles_of(raw: object, heard: int) -> tuple[int, tuple[tuple[str, bool], ...]]:
    """Return the number of the last click, and the clicks after number `heard` of those that a browser sent."""
    fresh: list[tuple[int, str, bool]] = []
    for one in raw if isinstance(raw, list) else ():
        match one:
            case [int(turn), str(box), bool(open_)] if turn > heard:
                fresh.append((turn, box[:LONGEST], open_))
            case _:
                continue
    fresh.sort(key=lambda one: one[0])
    return (fresh[-1][0] if fresh else heard), tuple((box, open_) for _turn_, box, open_ in fresh)


def _turn(key: str) -> str:
    return f"{key}_turn"


def _nothing() -> None:
    """Do nothing: a callback declares a state to Streamlit, and the page reads the state itself."""

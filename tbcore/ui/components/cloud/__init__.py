"""Draw the points of a projection in two or three dimensions: moved, zoomed and chosen from in the browser.

Drawn on a canvas of ours: 100,000 points move smoothly without a graphics card, and names are never acted on. What a
click changes and the points themselves are sent apart, so that the points travel once.
"""

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import pyarrow as pa
import streamlit as st
from numpy.typing import NDArray

from tbcore.ui.components.bundle import bundle, styles
from tbcore.ui.components.stamp import stamp

MODULES = (
    "../lines/format.js",
    "../lines/sync.js",
    "../lines/dom.js",
    "shared.js",
    "sets.js",
    "camera.js",
    "splat.js",
    "choose.js",
    "atlas.js",
    "words.js",
    "legend.js",
    "tools.js",
    "scene.js",
    "save.js",
    "board.js",
    "main.js",
)
ROWS_MODULES = ("shared.js", "rows.js")
HEIGHT = 640
STATES = ("selected", "picked", "camera", "legend", "look")
LABELS = ("auto", "many", "none")

_FOLDER = Path(__file__).parent
_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")

CLOUD = st.components.v2.component(
    "cloud",
    html='<div class="stage"></div>',
    css=styles(_FOLDER, "cloud.css"),
    js=bundle(_FOLDER, MODULES),
    isolate_styles=True,
)
CLOUD_ROWS = st.components.v2.component(
    "cloud_rows", html="<i></i>", css=":host { display: none; }", js=bundle(_FOLDER, ROWS_MODULES), isolate_styles=True
)


class Look(NamedTuple):
    """How points are drawn. size: times the usual radius; labels: one of LABELS; tint: whether sprites are coloured."""

    size: float
    opacity: float
    labels: str
    sprites: bool
    tint: bool


class Said(NamedTuple):
    """What the visitor did since the page was drawn last; None where nothing was done.

    selected: numbers of points, rising; picked: the number of one, -1 for none; camera: [x, y, zoom] in two dimensions,
    [yaw, pitch, zoom, x, y, z] in three, [] for the one that fits all; legend: {"lit": paints, "only": paints}.
    """

    selected: NDArray[np.int64] | None = None
    picked: int | None = None
    camera: list[float] | None = None
    legend: dict[str, list[int]] | None = None
    look: Look | None = None


def cloud_state(key: str, count: int) -> Said:
    """Return what the browser said of `count` points, each once; ask before the picture is made, which it changes."""
    said = cast(Mapping[str, Any], st.session_state.get(key) or {})
    heard = cast(dict[str, int], st.session_state.setdefault(_turns(key), {}))
    fresh: dict[str, Any] = {}
    for name in STATES:
        match said.get(name):
            case [int(turn), value] if turn > heard.get(name, 0):
                heard[name] = turn
                fresh[name] = _READERS[name](value, count)
            case _:
                continue
    return Said(**fresh)


def cloud(
    view: Mapping[str, Any],
    tables: Mapping[str, pa.Table],
    *,
    key: str,
    height: int = HEIGHT,
    changed: Mapping[str, Callable[[], None]] | None = None,
) -> None:
    """Draw a cloud as `tbcore.charts.cloud.spec` makes it.

    changed: called before the page runs again when the visitor changed one of STATES; what is not in it is not sent.
    None: all of them are sent, and the page asks `cloud_state`.
    """
    hears = STATES if changed is None else tuple(name for name in STATES if name in changed)
    calls = {name: (changed or {}).get(name, _nothing) for name in STATES}
    heard = cast(dict[str, int], st.session_state.setdefault(_turns(key), {}))
    word = stamp(tables)
    about = {"link": key, "stamp": word, "height": height, "hears": list(hears), "turn": max(heard.values(), default=0)}
    with st.container(gap=None):
        CLOUD_ROWS(key=f"{key}_rows", data={"about": {"link": key, "stamp": word}, **tables})
        CLOUD(
            key=key,
            data={"view": {**view, **about}},
            on_selected_change=calls["selected"],
            on_picked_change=calls["picked"],
            on_camera_change=calls["camera"],
            on_legend_change=calls["legend"],
            on_look_change=calls["look"],
        )


def rows_of(raw: object, count: int) -> NDArray[np.int64]:
    """Return the numbers of points below `count` in a text as `tbcore.charts.cloud.packed` makes it, rising."""
    here = np.zeros(count, np.bool_)
    if isinstance(raw, str) and raw.startswith("r"):
        for part in raw[1:].split(","):
            if found := _RANGE.fullmatch(part):
                here[int(found[1]) : int(found[2] or found[1]) + 1] = True
    elif isinstance(raw, str) and raw.startswith("b"):
        try:
            sent = np.frombuffer(base64.b64decode(raw[1:], validate=True), np.uint8)
        except (binascii.Error, ValueError):
            sent = np.zeros(0, np.uint8)
        bits = np.unpackbits(sent, bitorder="little")[:count]
        here[: len(bits)] = bits
    return np.flatnonzero(here).astype(np.int64)


def picked_of(raw: object, count: int) -> int:
    """Return the number of the point that a browser sent, -1 for none."""
    return raw if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw < count else -1


def camera_of(raw: object) -> list[float]:
    """Return the numbers of a camera, [] for the one that fits all and for what is none."""
    if not (isinstance(raw, list) and len(raw) in (3, 6)):
        return []
    if not all(isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one) for one in raw):
        return []
    return [min(1e6, max(-1e6, float(one))) for one in raw]


def legend_of(raw: object) -> dict[str, list[int]]:
    """Return which paints stand out and which alone are shown."""
    said = raw if isinstance(raw, Mapping) else {}
    return {name: _paints(said.get(name)) for name in ("lit", "only")}


def look_of(raw: object) -> Look:
    """Return how points are drawn; what cannot be read is as it is at first."""
    said = raw if isinstance(raw, Mapping) else {}
    labels = said.get("labels")
    return Look(
        _within(said.get("size"), 0.3, 4.0),
        _within(said.get("opacity"), 0.05, 1.0),
        labels if labels in LABELS else "auto",
        said.get("sprites") is True,
        said.get("tint") is not False,
    )


def _within(raw: object, low: float, high: float) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
        return 1.0
    return min(high, max(low, float(raw)))


def _paints(raw: object) -> list[int]:
    found = raw if isinstance(raw, list) else []
    return sorted({one for one in found if isinstance(one, int) and not isinstance(one, bool) and 0 <= one < 256})


_READERS: Mapping[str, Callable[[object, int], Any]] = {
    "selected": rows_of,
    "picked": picked_of,
    "camera": lambda raw, _count: camera_of(raw),
    "legend": lambda raw, _count: legend_of(raw),
    "look": lambda raw, _count: look_of(raw),
}


def _turns(key: str) -> str:
    return f"{key}_turns"


def _nothing() -> None:
    """Do nothing: a callback declares a state to Streamlit, and the page reads the state itself."""

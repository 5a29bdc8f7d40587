"""The PR curves page as the visitor left it: what its controls are set to, which cards are seen, and the address of it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

import streamlit as st

from tbcore.ui import grid
from tbcore.ui.components.lines import lines_state
from tbcore.ui.components.pr_curves import (
    Settings,
    Zoom,
    pr_curves,
    pr_curves_bar,
    settings_of,
    settings_state,
    zooms_state,
)
from tbcore.ui.frame import View
from tbcore.ui.query import put_query

KEY = "pr_curves"
BAR = "pr_curves_bar"
CURVES = "pr_curves_over_steps"
TOGETHER = 600  # curves on one page of a group, about

_URL_UP_TO = 3_000  # bytes of the address for zooms


def settings() -> Settings:
    """Return what the controls are set to: as just chosen, as chosen in this session, or as the address says."""
    said = settings_state(BAR)
    if said is not None:
        return said
    kept: Settings | None = st.session_state.get(f"{BAR}_kept")
    if kept is not None:
        return kept
    words: dict[str, Any] = {name: st.query_params.get(name) for name in ("view", "curves")}
    words |= {
        name: {"1": True, "0": False}.get(st.query_params.get(name, "")) for name in ("fit", "classes", "matrices")
    }
    with suppress(ValueError):
        words["threshold"] = float(st.query_params.get("threshold", ""))
    return settings_of(words)


def bar(chosen: Settings, *, classes: bool) -> None:
    """Draw the controls. classes: whether there are tags that can go into one chart."""
    pr_curves_bar(chosen, key=BAR, without=() if classes else ("classes",))


def remember(chosen: Settings) -> None:
    """Keep what the controls are set to for when the visitor comes back to the page, and put it into the address."""
    st.session_state[f"{BAR}_kept"] = chosen
    usual = asdict(Settings())
    spelled = {
        name: str(int(value)) if isinstance(value, bool) else f"{value:.12g}" if isinstance(value, float) else value
        for name, value in asdict(chosen).items()
    }
    put_query({name: [] if getattr(chosen, name) == usual[name] else [text] for name, text in spelled.items()})


def layout(view: View, groups: Mapping[str, list[str]], curves: int) -> grid.Layout:
    """Return which cards are seen, as the visitor left them. curves: how many a card has at most."""
    page_size = max(1, min(grid.PAGE_SIZE, TOGETHER // max(1, curves)))
    return grid.layout(view, groups, key=KEY, page_size=page_size)


def show(chosen: Settings, place: grid.Layout, cards: Sequence[dict[str, Any]], tables: Mapping[str, Any]) -> None:
    """Draw the cards, and keep what the visitor chose."""
    zooms = _zooms()
    about = {
        **place.view(list(cards)),
        "runs": [run["name"] for run in place.about["runs"]],
        "settings": asdict(chosen),
        "zooms": {tag: asdict(zoom) for tag, zoom in zooms.items()},
    }
    pr_curves(about, tables, key=KEY)
    grid.remember(replace(lines_state(KEY), windows={}), key=KEY)
    _remember_zooms(_zooms())


def _zooms() -> dict[str, Zoom]:
    """Return which part of its axes each card shows: as just chosen, as chosen in this session, or as the address says."""
    said = zooms_state(KEY)
    if said is not None:
        return said
    kept: dict[str, Zoom] | None = st.session_state.get(f"{KEY}_zooms")
    if kept is None:
        found = (_zoom(text) for text in st.query_params.get_all("part"))
        kept = dict(one for one in found if one is not None)
    return kept


def _remember_zooms(zooms: dict[str, Zoom]) -> None:
    st.session_state[f"{KEY}_zooms"] = zooms
    spelled = [f"{zoom.view},{_spelled(zoom.x)},{_spelled(zoom.y)},{tag}" for tag, zoom in zooms.items()]
    put_query({"part": spelled if sum(map(len, spelled)) < _URL_UP_TO else []})


def _spelled(ends: tuple[float, float] | None) -> str:
    return ":" if ends is None else f"{ends[0]:.6g}:{ends[1]:.6g}"


def _zoom(text: str) -> tuple[str, Zoom] | None:
    """Return (tag, zoom) of one zoom of the address, None when it cannot be read."""
    parts = text.split(",", 3)
    if len(parts) < 4 or parts[0] not in ("pr", "roc"):
        return None
    try:
        x, y = (_ends(part) for part in parts[1:3])
    except ValueError:
        return None
    return parts[3], Zoom(parts[0], x, y)


def _ends(text: str) -> tuple[float, float] | None:
    """Return the ends that `text` spells, None for all of an axis. Raises ValueError when they are none."""
    if text == ":":
        return None
    low, _colon, high = text.partition(":")
    ends = float(low), float(high)
    # False for NaN too.
    if not -1e3 < ends[0] < ends[1] < 1e3:
        raise ValueError(text)
    return ends

"""Groups of cards on one tab: which are open, which page of each is seen, which runs of each card; and their address.

raw = component.layout()                                # as the browser said it
seen = groups.layout("audio", groups_of_tags, tiles, raw)
seen.visible, seen.about                                # what to make, and what the component is told
groups.remember("audio", seen)
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from tbcore.ui.query import put_query

PAGE_SIZE = 12  # cards
TILES = 24  # of one card
_AT_ONCE = 48  # tiles of a page, about; groups are opened until so many are seen
_URL_UP_TO = 3_000  # bytes of the address for groups, pages and runs
_PARAMETERS = ("open", "closed", "page", "part")


@dataclass(frozen=True)
class Chosen:
    """What the visitor chose: groups opened (True) or closed (False), pages of groups and of the runs of a tag, from 0."""

    groups: Mapping[str, bool]
    pages: Mapping[str, int]
    parts: Mapping[str, int]


@dataclass(frozen=True)
class Layout:
    """The cards as they are drawn. visible: the tags on open pages; about: what the component is told but the cards."""

    visible: list[str]
    chosen: Chosen
    about: dict[str, Any]
    raw: object

    def runs(self, tag: str, count: int) -> tuple[int, int, int]:
        """Return which of the `count` runs of a card are seen, [first, last), and how many parts there are."""
        parts = max(1, -(-count // TILES))
        part = min(self.chosen.parts.get(tag, 0), parts - 1)
        return part * TILES, min((part + 1) * TILES, count), parts


def layout(key: str, groups: Mapping[str, list[str]], tiles: Mapping[str, int], raw: object) -> Layout:
    """Return which cards are seen. tiles: how many each card has, by tag; raw: what the browser said."""
    chosen = _chosen(key, raw)
    size = _page_size(tiles)
    # What is open at first is decided once: a click opens and closes what it is on, and nothing else.
    at_first: dict[str, bool] = st.session_state.setdefault(f"{key}_usual", {})
    visible: list[str] = []
    about = []
    seen = 0
    for name, tags in groups.items():
        is_open = chosen.groups.get(name, at_first.setdefault(name, seen < _AT_ONCE))
        page = min(chosen.pages.get(name, 0), (len(tags) - 1) // size)
        about.append({"name": name, "cards": tags, "open": is_open, "page": page})
        if is_open:
            on_page = tags[page * size : (page + 1) * size]
            visible += on_page
            seen += sum(max(1, min(tiles[tag], TILES)) for tag in on_page)
    said = {"open": dict(chosen.groups), "page": dict(chosen.pages), "part": dict(chosen.parts)}
    return Layout(visible, chosen, {"groups": about, "page_size": size, "layout": said}, raw)


def remember(key: str, seen: Layout) -> None:
    """Keep what the visitor chose for when they come back to the tab, and put it into the address."""
    chosen = seen.chosen
    st.session_state[f"{key}_chosen"], st.session_state[f"{key}_heard"] = chosen, seen.raw
    said = {
        "open": [name for name, is_open in chosen.groups.items() if is_open],
        "closed": [name for name, is_open in chosen.groups.items() if not is_open],
        "page": [f"{page + 1},{name}" for name, page in chosen.pages.items() if page],
        "part": [f"{part + 1},{tag}" for tag, part in chosen.parts.items() if part],
    }
    short = sum(len(text) for texts in said.values() for text in texts) < _URL_UP_TO
    # A longer address is cut by some servers.
    put_query({f"{key}_{name}": said[name] if short else None for name in _PARAMETERS})


def turn_to(
    key: str, groups: Mapping[str, list[str]], tiles: Mapping[str, int], raw: object, tag: str, place: int
) -> None:
    """Open the group of a tag and turn to the page of its card, and in that to run number `place`, from 0."""
    chosen = _chosen(key, raw)
    for name, tags in groups.items():
        if tag in tags:
            page = tags.index(tag) // _page_size(tiles)
            chosen = replace(
                chosen,
                groups={**chosen.groups, name: True},
                pages={**chosen.pages, name: page},
                parts={**chosen.parts, tag: place // TILES},
            )
    st.session_state[f"{key}_chosen"], st.session_state[f"{key}_heard"] = chosen, raw


def forget(key: str) -> None:
    """Take the choice out of the address: another tab is shown."""
    put_query({f"{key}_{name}": None for name in _PARAMETERS})


def _page_size(tiles: Mapping[str, int]) -> int:
    most = min(TILES, max(1, max(tiles.values(), default=1)))
    return max(1, min(PAGE_SIZE, _AT_ONCE // most))


def _chosen(key: str, raw: object) -> Chosen:
    """Return what was chosen: as the browser just said, as kept in this session, or as the address says."""
    kept: Chosen | None = st.session_state.get(f"{key}_chosen")
    if kept is None:
        query = st.query_params
        opened = dict.fromkeys(query.get_all(f"{key}_open"), True) | dict.fromkeys(
            query.get_all(f"{key}_closed"), False
        )
        kept = Chosen(opened, _numbers(f"{key}_page"), _numbers(f"{key}_part"))
    # What was heard before is in there already, and may be overtaken (`turn_to`).
    if not isinstance(raw, Mapping) or raw == st.session_state.get(f"{key}_heard"):
        return kept
    return Chosen(
        {**kept.groups, **{name: value is True for name, value in _said(raw, "open").items()}},
        {**kept.pages, **_counts(_said(raw, "page"))},
        {**kept.parts, **_counts(_said(raw, "part"))},
    )


def _said(raw: Mapping[Any, Any], name: str) -> dict[str, Any]:
    value = raw.get(name)
    return {str(key): one for key, one in value.items()} if isinstance(value, Mapping) else {}


def _counts(said: Mapping[str, Any]) -> dict[str, int]:
    return {name: min(value, 1 << 30) for name, value in said.items() if type(value) is int and value >= 0}


def _numbers(name: str) -> dict[str, int]:
    """Return the numbers, from 0, that a parameter gives to names: "2,train" means 1."""
    said = (text.partition(",") for text in st.query_params.get_all(name))
    return {
        of: int(number[:9]) - 1
        for number, _comma, of in said
        if number.isascii() and number.isdigit() and int(number[:9]) > 0
    }

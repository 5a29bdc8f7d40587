"""What a visitor opened, closed and selected in a graph: kept in the session, by graph, and in the address.

What is open is kept as what differs from the first picture, so that an address stays short and outlives a retrained model.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import streamlit as st

from tbcore.ui.components.graph import graph_state
from tbcore.ui.query import put_query

NODE, OPENED, SHUT, SPLIT = "node", "open", "shut", "split"  # as the address calls them
_MOST = 2_000  # boxes that are opened, or closed, one by one
_LETTERS = 1_000  # of a box's id that an address holds
_URL_UP_TO = 2_500  # bytes of the address for each


@dataclass(frozen=True)
class Opened:
    """What was done to one graph: boxes opened and closed that were not at first, series shown one by one, one selected.

    node: the id of the selected box, "" for none.
    """

    opened: tuple[str, ...] = ()
    shut: tuple[str, ...] = ()
    split: tuple[str, ...] = ()
    node: str = ""

    def of(self, first: Collection[str]) -> frozenset[str]:
        """Return what is open. first: what is open before the visitor does anything."""
        return frozenset([*first, *self.opened]) - frozenset(self.shut)

    def toggled(self, box: str, to_open: bool) -> "Opened":
        """Return this with a box opened or closed."""
        opened = tuple(one for one in self.opened if one != box)
        shut = tuple(one for one in self.shut if one != box)
        if to_open:
            return replace(self, opened=(*opened, box)[-_MOST:], shut=shut)
        return replace(self, opened=opened, shut=(*shut, box)[-_MOST:])

    def revealed(self, boxes: Collection[str]) -> "Opened":
        """Return this with boxes opened, so that something in them is seen."""
        more = tuple(one for one in boxes if one not in self.opened)
        wanted = set(boxes)
        return replace(
            self,
            opened=(*self.opened, *more)[-_MOST:],
            shut=tuple(one for one in self.shut if one not in wanted),
        )


def opened(graph: str) -> Opened:
    """Return what was done to a graph: in this session, else as the address says. graph: what the page calls it."""
    kept = _kept().get(graph)
    if kept is not None:
        return kept
    if _kept():
        return Opened()  # what the address says is said of the graph that was shown first
    return Opened(_named(OPENED), _named(SHUT), _named(SPLIT), st.query_params.get(NODE, ""))


def _named(name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in st.query_params.get_all(name) if one))[:_MOST]


def taken(graph: str, picture: str, around: Callable[[str], Collection[str]]) -> Opened:
    """Return what was done to a graph, with what was done just now in its picture.

    picture: the key of the component; around: returns the boxes around one, which are opened when an address names it.
    """
    fresh = graph not in _kept()
    now = opened(graph)
    if fresh and now.node:
        now = now.revealed([one for one in around(now.node) if one not in now.shut])
    told = graph_state(picture)
    for box, to_open in told.toggles:
        now = now.toggled(box, to_open)
    heard = f"{picture}_heard"
    # Over what was selected elsewhere since, only another selection in the picture counts.
    if told.selected is not None and told.selected != st.session_state.get(heard):
        now = replace(now, node=told.selected)
    st.session_state[heard] = told.selected
    keep(graph, now)
    return now


def keep(graph: str, now: Opened) -> None:
    """Keep what was done to a graph for this session."""
    st.session_state["graph_opened"] = {**_kept(), graph: now}


def remember(now: Opened) -> None:
    """Put what was done to the graph that is shown into the address."""
    put_query(
        {
            NODE: now.node if 0 < len(now.node) <= _LETTERS else None,
            OPENED: _spelled(now.opened),
            SHUT: _spelled(now.shut),
            SPLIT: _spelled(now.split),
        }
    )


def _spelled(boxes: Sequence[str]) -> list[str]:
    return list(boxes) if sum(len(one) + 8 for one in boxes) < _URL_UP_TO else []


def _kept() -> Mapping[str, Opened]:
    return cast(Mapping[str, Opened], st.session_state.get("graph_opened") or {})

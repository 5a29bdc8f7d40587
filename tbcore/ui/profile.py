"""Links between the tabs of a profile: which tab is shown and of which moment, in the session and in the address.

profile.link("Show", "key", "trace", profile.at(row))
profile.go("operators", ops_find="conv")          # a parameter is the key of the widget that takes it
profile.said(profile.ROW)                         # what a link said, "" for nothing
"""

from collections.abc import Callable, Mapping
from contextlib import suppress

import streamlit as st
from streamlit.errors import StreamlitAPIException

from tbcore.store.profiles import ProfileFile
from tbcore.ui import bound
from tbcore.ui.query import put_query

__all__ = ["FROM", "MOMENT", "RANGE", "ROW", "TAB", "TO", "ProfileFile", "at", "forget", "go", "link", "said", "say"]

TAB = "profile_tab"
ROW, FROM, TO = "trace_row", "trace_from", "trace_to"  # a row of the trace; nanoseconds since its base
RANGE = "trace_range"  # of the trace that is selected: nanoseconds since its base, from..to
MOMENT = (ROW, FROM, TO, RANGE)


def go(tab: str, **parameters: str | int) -> None:
    """Show a tab with these parameters, from the next drawing on; for the `on_click` of a button."""
    bound.choose(TAB, [tab])
    if set(parameters) & set(MOMENT):
        forget()
    for name, value in parameters.items():
        bound.choose(name, [str(value)])
        if name not in MOMENT:
            # Widgets that are bound to the address take it from here.
            st.session_state[name] = str(value)
        # While such a widget is drawn nobody else may write its part of the address.
        with suppress(StreamlitAPIException):
            put_query({name: str(value)})


def link(
    words: str,
    key: str,
    tab: str,
    parameters: Mapping[str, str | int],
    *,
    icon: str = "timeline",
    first: Callable[[], None] | None = None,
) -> None:
    """Draw a button that shows a tab with these parameters, also where only a part of the page is drawn again by a click.

    first: what to do before, such as choosing another recording.
    """
    if st.button(words, key=key, icon=f":material/{icon}:", type="tertiary"):
        if first is not None:
            first()
        go(tab, **parameters)
        st.rerun()


def at(start: int, end: int | None = None) -> dict[str, str | int]:
    """Return the parameters that show an event by its row, or a window from `start` to `end` nanoseconds."""
    return {ROW: int(start)} if end is None else {FROM: int(start), TO: int(end)}


def said(name: str) -> str:
    """Return what a link or the address says of a parameter, "" for nothing."""
    return (bound.chosen(name) or [""])[0]


def say(parameters: Mapping[str, str | int | None]) -> None:
    """Keep parameters that no widget has, in the session and in the address; None takes one out."""
    for name, value in parameters.items():
        bound.choose(name, [] if value is None else [str(value)])
        put_query({name: None if value is None else str(value)})


def forget() -> None:
    """Take out of the address which moment of the trace is shown."""
    say(dict.fromkeys(MOMENT))

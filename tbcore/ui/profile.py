"""Links between the tabs of a profile: which tab is shown and of which moment, in the session and in the address.

st.button("Show", on_click=profile.go, args=("trace",), kwargs=profile.at(row))
profile.go("operators", ops_find="conv")          # a parameter is the key of the widget that takes it
profile.said(profile.ROW)                         # what a link said, "" for nothing
"""

from collections.abc import Mapping

import streamlit as st

from tbcore.store.profiles import ProfileFile
from tbcore.ui import bound
from tbcore.ui.query import put_query

__all__ = ["FROM", "MOMENT", "ROW", "TAB", "TO", "ProfileFile", "at", "forget", "go", "said", "say"]

TAB = "profile_tab"
ROW, FROM, TO = "trace_row", "trace_from", "trace_to"  # a row of the trace; nanoseconds since its base
MOMENT = (ROW, FROM, TO)


def go(tab: str, **parameters: str | int) -> None:
    """Show a tab with these parameters, from the next drawing on; for the `on_click` of a button."""
    bound.choose(TAB, [tab])
    if set(parameters) & set(MOMENT):
        forget()
    for name, value in parameters.items():
        bound.choose(name, [str(value)])
        if name in MOMENT:
            put_query({name: str(value)})
        else:
            # Widgets that are bound to the address themselves take it from here.
            st.session_state[name] = str(value)


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

"""The modules of a network: what each took forward and backward, as a tree in a table and as a picture."""

from typing import Any

import streamlit as st

from pages.parts import profile_source as source
from pages.parts.facts import facts
from pages.parts.profile_operators import draw, links
from pages.parts.profile_source import Chosen
from tbcore.analysis import profile_modules
from tbcore.ui import bound
from tbcore.ui.tables import csv, downloads
from tbcore.ui.timings import WHOLE, Column, lasting, shortened, sifted, timings

LOOKS = {"table": "Table", "picture": "Picture"}
CLOCKS = {"device_total": "Device time", "host_total": "Host time"}
FRAME, FIND = "modules_frame", "modules_picture_find"

COLUMNS = (
    Column("title", "Module", "text", width=300),
    Column("calls", "Calls", "count"),
    Column("operators", "Operators", "count", "Operators that it calls itself, in all its calls."),
    Column("share", "Of all modules", "share", "Forward and backward, on the devices where there are any, else on the host."),
    Column("host_total", "Host total", "duration", "Forward, with all that it called."),
    Column("host_self", "Host self", "duration", "Forward, without modules and operators in it."),
    Column("host_mean", "Per call", "duration", "Host total by calls."),
    Column("device_total", "Device total", "duration", "Forward, with modules in it."),
    Column("device_self", "Device self", "duration", "Forward, of operators that it calls itself."),
    Column("backward_host", "Backward host", "duration", "What its operators, and those of modules in it, caused backward."),
    Column("backward_device", "Backward device", "duration", "Likewise on the devices."),
)  # fmt: skip


@st.fragment
def show(chosen: Chosen) -> None:
    """Draw the tab."""
    trace = chosen.trace
    if not profile_modules.has_modules(trace):
        st.markdown(
            "No modules were recorded: `profile(with_modules=True, with_stack=True)` records them, at the price of a slower run."
        )
        return
    frame = source.remembered(chosen, "modules", lambda: profile_modules.modules(trace))
    bar = st.container(horizontal=True, vertical_alignment="bottom")
    with bar:
        look = bound.segments("Look", LOOKS, key="modules_look", label_visibility="collapsed")
    {"table": table, "picture": picture}[look](chosen, frame, bar)


def table(chosen: Chosen, frame: Any, bar: Any) -> None:
    """Draw the tree as a table."""
    with bar:
        shown = sifted(frame, "modules_find", "Find modules")
    if shown.empty:
        st.markdown("No module matches.")
        return
    row = timings(shown, COLUMNS, key="modules_table")
    if row is None:
        st.caption("Tick a row to see its longest call in the trace.")
    else:
        found = shown.iloc[row].to_dict()
        longest = lasting(float(chosen.trace.duration[found["longest"]]))
        facts({"Module": shortened(found["path"], WHOLE), "Longest call": longest})
        links(found["longest"], "Longest call in the trace", "module", chosen.trace.named(found["longest"]))
    downloads("modules", [("CSV", "csv", lambda: csv(shown.drop(columns="title")))], width="content")


def picture(chosen: Chosen, frame: Any, bar: Any) -> None:
    """Draw the tree as a flame graph of what runs forward."""
    clock = "host_total"
    if frame["device_total"].sum():
        with bar:
            clock = bound.segments("Time", CLOCKS, key="modules_clock", label_visibility="collapsed")
    frames = source.remembered(chosen, "module flame", lambda: profile_modules.flame(frame, clock), clock)
    draw(chosen, frames, f"modules_{clock}", FRAME, FIND)

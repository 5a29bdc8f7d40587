"""The operators of a recording: a table by name, shapes or call stack, and a flame graph."""

from typing import Any

import streamlit as st

from pages.parts import profile_source as source
from pages.parts import profile_window as windows
from pages.parts.facts import facts
from pages.parts.profile_source import Chosen
from tbcore import ui
from tbcore.analysis import profile_ops, profile_stacks, profile_words
from tbcore.charts import flame as charts
from tbcore.ui import bound, profile
from tbcore.ui.components.flame import flame, flame_state
from tbcore.ui.tables import csv, downloads
from tbcore.ui.timings import WHOLE, Column, lasting, shortened, sifted, timings

LOOKS = {"table": "Table", "flame": "Flame graph"}
BY = {"name": "By name", "shape": "By input shapes", "stack": "By call stack"}
CLOCKS: dict[str, str] = {"device": "Device time", "time": "Host time"}
FRAME, FIND = "ops_frame", "ops_flame_find"

COLUMNS = (
    Column("name", "Operator", "text", width=290),
    Column("input", "Input shapes", "text", width=240),
    Column("frame", "Called from", "text", width=240),
    Column("calls", "Calls", "count"),
    Column("device_share", "Of device time", "share", "Its own kernels and copies, of those of all operators."),
    Column("device_self", "Device self", "duration", "Kernels and copies it launched itself."),
    Column("device_total", "Device total", "duration", "And those of the operators it called."),
    Column("host_share", "Of host time", "share", "Its own time on the host, of that of all operators."),
    Column("host_self", "Host self", "duration", "Without the operators it called and calls of the runtime."),
    Column("host_total", "Host total", "duration", "With all that it called."),
    Column("host_mean", "Per call", "duration", "Host total by calls."),
    Column("eligible", "TC able", "flag", "It, or an operator in it, can run on Tensor Cores in 16 bits."),
    Column("tensor_self_share", "TC self", "share", "Its own device time that was on Tensor Cores."),
    Column("tensor_total_share", "TC total", "share", "Its whole device time that was on Tensor Cores."),
)  # fmt: skip


@st.fragment
def show(chosen: Chosen) -> None:
    """Draw the tab."""
    figures(chosen)
    bar = st.container(horizontal=True, vertical_alignment="bottom")
    with bar:
        look = bound.segments("Look", LOOKS, key="ops_look", label_visibility="collapsed")
    {"table": table, "flame": picture}[look](chosen, bar)


def figures(chosen: Chosen) -> None:
    """Draw what all operators took together."""
    sums = source.remembered(chosen, "operator totals", lambda: profile_ops.totals(chosen.trace))
    told = {
        "Operator calls": f"{sums.calls:,}",
        "Host time": lasting(sums.host) if sums.host else "",
        "Device time": lasting(sums.device) if sums.device else "",
        "On Tensor Cores": part(sums.tensor, sums.kernels),
        "Could be on Tensor Cores": part(sums.eligible, sums.kernels),
        "Launched by no operator": part(sums.outside, sums.outside + sums.device) if sums.outside else "",
    }
    with st.container(horizontal=True, gap="medium"):
        for words, value in told.items():
            if value:
                st.metric(words, value, width="content", help=HELP.get(words))


HELP = {
    "Host time": "Of operators themselves, on all threads, without calls of the runtime.",
    "Device time": "Of kernels and copies that operators launched.",
    "On Tensor Cores": "Of the time of kernels; told from their names.",
    "Could be on Tensor Cores": "Time of kernels of operators that can use them in 16 bits, whether they do or not.",
    "Launched by no operator": "Kernels and copies launched outside of operators, of all on the devices.",
}


def part(some: int, whole: int) -> str:
    """Return a share as it is read, "" of nothing."""
    return profile_words.share(some / whole) if whole else ""


# Table ---------------------------------------------------------------------------------------------------------------


def table(chosen: Chosen, bar: Any) -> None:
    """Draw the table of operators, and what is known of the one that is ticked."""
    trace = chosen.trace
    lacks = profile_ops.lacking(trace)
    options = {key: words for key, words in BY.items() if key not in lacks}
    by = next(iter(options))
    with bar:
        if len(options) > 1:
            by = bound.segments("One row for each", options, key="ops_by", label_visibility="collapsed")
        frame = source.remembered(chosen, "operators", lambda: profile_ops.operators(trace, by), by)
        within = [name for name in ("name", "input", "stack") if name in frame]
        shown = sifted(frame, "ops_find", "Find operators", within=within)
    if frame.empty:
        said = {"pytorch": ": `activities=[ProfilerActivity.CPU, …]` records them."}
        st.markdown("No operators were recorded" + said.get(trace.source, "."))
        return
    if shown.empty:
        st.markdown("No operator matches.")
        return
    row = timings(shown, COLUMNS, key=f"ops_table_{by}")
    if row is not None:
        details(chosen, shown.iloc[row].to_dict())
    else:
        st.caption("Tick a row to see its longest call in the trace.")
    downloads("operators", [("CSV", "csv", lambda: csv(shown))], width="content")


def details(chosen: Chosen, found: dict[str, Any]) -> None:
    """Draw what is known of one operator, and where it leads."""
    facts(
        {
            "Operator": shortened(found["name"], WHOLE),
            "Input shapes": shortened(found.get("input", ""), WHOLE),
            "Longest call": lasting(float(chosen.trace.duration[found["longest"]])),
        }
    )
    if found.get("stack"):
        st.code(shortened(found["stack"], 4 * WHOLE), language=None)
    links(found["longest"], "Longest call in the trace", "operator", chosen.trace.named(found["longest"]))


def links(row: int, words: str, key: str, name: str = "") -> None:
    """Draw the button that goes to an event in the trace, and one that finds all of a name there."""
    with st.container(horizontal=True):
        profile.link(words, f"{key}_to_trace", "trace", profile.at(int(row)))
        if name:
            found = {**profile.at(int(row)), "trace_find": profile_ops.pattern(name)}
            profile.link("All of this name", f"{key}_all_to_trace", "trace", found, icon="search")


# Flame graph ---------------------------------------------------------------------------------------------------------


def picture(chosen: Chosen, bar: Any) -> None:
    """Draw the merged call stacks."""
    trace = chosen.trace
    options = {clock: CLOCKS[clock] for clock in profile_stacks.clocks(trace)}
    clock = next(iter(options))
    with bar:
        if len(options) > 1:
            clock = bound.segments("Time", options, key="ops_clock", label_visibility="collapsed")
        span = windows.window(chosen, label_visibility="collapsed")
    frames = source.remembered(chosen, "flame", lambda: profile_stacks.flame(trace, clock, span), clock, span)
    if frames.empty:
        st.markdown("Nothing took time here.")
        return
    draw(chosen, frames, f"ops_flame_{clock}", FRAME, FIND)
    downloads("flame", [("CSV", "csv", lambda: csv(frames))], width="content")


def draw(chosen: Chosen, frames: Any, key: str, frame_key: str, find_key: str) -> None:
    """Draw a flame graph of a table as `profile_stacks.flame` makes it; what is chosen and searched for stands in the address."""
    said = flame_state(key)
    told = profile.said(frame_key)
    frame = said.frame if said.frame is not None else int(told) if told.isdecimal() else -1
    find = said.find if said.find is not None else profile.said(find_key)
    profile.say({frame_key: frame if frame >= 0 else None, find_key: find or None})
    view, table_ = charts.spec(dict(frames))
    flame(view, table_, key=key, frame=frame, find=find)
    if 0 <= frame < len(chosen.trace):
        name = chosen.trace.named(frame)
        links(frame, f"Longest call of {ui.plain(charts.shortened(name, 60))} in the trace", key, name)

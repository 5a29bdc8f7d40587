"""The critical path: what would have to be shorter for the whole to end sooner."""

import streamlit as st

from pages.parts import profile_source as source
from pages.parts import profile_trace
from pages.parts import profile_window as windows
from pages.parts.profile_source import Chosen
from tbcore.analysis import profile_critical
from tbcore.analysis.profile_critical import Path
from tbcore.charts import profile_idle as charts
from tbcore.ui import profile
from tbcore.ui.timings import Column, sifted, timings

NAMES = (
    Column("name", "Spent in", "text", width=360),
    Column("words", "What", "text", width=160),
    Column("time", "On the path", "duration", "Of its own: what lies in it counts for itself."),
    Column("share", "Of the path", "share"),
    Column("count", "Events", "count"),
)
PARTS = (
    Column("start", "At", "duration", "Since the recording began."),
    Column("time", "Takes", "duration"),
    Column("words", "What", "text", width=170),
    Column("name", "In", "text", width=420),
)
LARGE = 150_000  # events beyond which one step is looked at at first


def show(chosen: Chosen) -> None:
    """Draw the tab."""
    trace = chosen.trace
    steps = windows.steps(chosen)
    usual = steps.names[-1] if len(trace) > LARGE and len(steps) > 1 else windows.ALL
    span = windows.window(chosen, usual=usual)
    start, end = span or (None, None)
    path = source.job(
        chosen,
        "critical",
        "Looking for the critical path",
        lambda _progress: profile_critical.path(trace, start, end),
        start,
        end,
    )
    if path is None:
        return
    if not path.total:
        st.markdown("Nothing ran here that a path could lead through.")
        return
    picture(chosen, path)
    tables(chosen, path)


def picture(chosen: Chosen, path: Path) -> None:
    """Draw what kinds of work the path consists of."""
    st.altair_chart(charts.stacked(profile_critical.kind_parts(path), charts.PATH), key="critical_kinds")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"{windows.told(path.total)} of {windows.told(path.span)} from the first moment to the last. Only what lies on this path made it take so long: "
            "a kernel that runs while the host is busy with the next launch is not on it, a launch that the device waits for is.",
            width="stretch",
        )
        st.button(
            "Show in the trace", key="critical_show", icon=":material/timeline:", type="tertiary",
            on_click=lit, args=(chosen.key, path),
        )  # fmt: skip


def lit(key: str, path: Path) -> None:
    """Show the picture with the events of a path standing out."""
    profile_trace.light(key, "the critical path", path.rows[path.rows >= 0])
    profile.go("trace", **profile.at(*profile_critical.bounds(path)))


def tables(chosen: Chosen, path: Path) -> None:
    """Draw what the path is spent in by name, and its longest parts."""
    trace = chosen.trace
    names = profile_critical.name_table(trace, path)
    shown = sifted(names, "critical_find", "Find in the names")
    row = timings(shown, NAMES, key="critical_names")
    with st.container(horizontal=True, vertical_alignment="center"):
        if row is not None:
            windows.show_event(int(shown.iloc[row]["longest"]), "critical_longest", "Show the longest in the trace")
        else:
            st.caption("Tick a row to see its longest event in the trace.", width="content")
        windows.saved("critical_path_names", names)
    st.markdown("**Longest parts**")
    parts = profile_critical.part_table(trace, path)
    row = timings(parts, PARTS, key="critical_parts", rows=10)
    with st.container(horizontal=True, vertical_alignment="center"):
        if row is not None:
            one = parts.iloc[row]
            windows.show_moment(int(one["start"]), int(one["start"] + one["time"]), "critical_part")
        windows.saved("critical_path", parts)

"""When the devices do nothing, and what they wait for."""

from typing import Any

import streamlit as st

from pages.parts import profile_source as source
from pages.parts import profile_window as windows
from pages.parts.profile_source import Chosen
from tbcore.analysis import profile_idle
from tbcore.charts import profile_idle as charts
from tbcore.ui.timings import Column, sifted, timings

GAPS = (
    Column("stream", "Stream", "text", width=140),
    Column("start", "At", "duration", "Since the recording began."),
    Column("time", "Gap", "duration"),
    Column("why", "Why", "text", "Launched too late: the host had not asked for the next one when the gap began.", width=170),
    Column("before", "After", "text", width=230),
    Column("after", "Next", "text", width=260),
    Column("launch", "Launched by", "text", width=150),
)  # fmt: skip
DEVICES = (
    Column("name", "Device", "text", width=120),
    Column("total", "First to last", "duration", "From the start of its first to the end of its last piece of work."),
    Column("idle", "Idle", "duration"),
    Column("compute", "Computing", "duration"),
    Column("other", "Other", "duration", "Copies and collectives while nothing computes."),
    Column("communication", "Communicating", "duration"),
    Column("overlap", "Overlap", "share", "Share of the time of collectives in which something computes."),
)
KINDS = (Column("kinds", "At the same time", "text", width=260), Column("time", "Time", "duration"))


def show(chosen: Chosen) -> None:
    """Draw the tab."""
    trace = chosen.trace
    span = windows.window(chosen)
    start, end = span or (None, None)
    work = source.remembered(chosen, "work", lambda: profile_idle.work(trace, start, end), start, end)
    if not len(work):
        st.markdown("Nothing ran on a device here.")
        return
    devices = source.remembered(chosen, "breakdown", lambda: profile_idle.breakdown(work), start, end)
    gaps = source.remembered(chosen, "gaps", lambda: profile_idle.gaps(trace, work), start, end)
    waits = source.remembered(chosen, "waits", lambda: profile_idle.waits(gaps), start, end)
    st.altair_chart(charts.stacked(profile_idle.spent(trace, work, devices, waits)), key="idle_spent")
    known = bool((work.launch >= 0).any())
    st.caption(
        "A stream waits for the host when its next kernel had not been launched when the one before it ended: the host is too "
        "slow, or waits itself. It waits for others when the launch had come, but another stream or an event held it up. A gap below "
        f"{windows.told(profile_idle.KERNEL_WAIT)} is what a device needs from one kernel to the next."
        if known
        else "No launches were recorded here, so that nothing tells what a stream waits for. A gap below "
        f"{windows.told(profile_idle.KERNEL_WAIT)} is what a device needs from one operation to the next."
    )
    timings(profile_idle.device_table(devices), DEVICES, key="idle_device_table", ticks=False)
    windows.saved("devices", devices)
    longest(profile_idle.gap_table(trace, gaps))
    over_time(chosen, work, span or trace.span)
    mixed = profile_idle.mixture(work)
    if len(mixed) > 1:
        st.markdown("**What runs at the same time**")
        timings(mixed, KINDS, key="idle_mixture", ticks=False)
        windows.saved("idle_mixture", mixed)


def longest(table: Any) -> None:
    """Draw the gaps, with a way to see each."""
    st.markdown("**Gaps**")
    if table.empty:
        st.caption("None: from its first to its last event each stream was always busy.")
        return
    shown = sifted(table, "idle_find", "Find in the names", within=("before", "after", "launch", "why"))
    if shown.empty:
        st.markdown("No gap matches.")
        return
    row = timings(shown, GAPS, key="idle_gaps", rows=10)
    with st.container(horizontal=True, vertical_alignment="center"):
        if row is not None:
            one = shown.iloc[row]
            windows.show_moment(int(one["start"]), int(one["start"] + one["time"]), "idle_show")
        else:
            st.caption("Tick a gap to see it in the trace.", width="content")
        windows.saved("gaps", table)


def over_time(chosen: Chosen, work: profile_idle.Work, span: tuple[int, int]) -> None:
    """Draw how many launches wait, and how fast copies are."""
    trace = chosen.trace
    queues = source.remembered(chosen, "queues", lambda: profile_idle.queues(trace, work), *span)
    copies = source.remembered(chosen, "bandwidths", lambda: profile_idle.bandwidths(trace, work), *span)
    if queues:
        st.markdown("**Launches that wait in each stream**")
        lines = profile_idle.queue_lines(trace, queues)
        st.altair_chart(charts.over_time(lines, span, "launches"), key="idle_queue")
        full = max(one.full() for one in queues)
        st.caption(
            "Near 0 the device waits for the host; the longer the queue, the further the host is ahead. "
            + (
                f"A queue of {profile_idle.FULL:,} holds up the host: here for {windows.told(full)}."
                if full
                else f"A queue of {profile_idle.FULL:,} would hold up the host."
            )
        )
        windows.saved("queues", lines)
    if copies:
        st.markdown("**Speed of copies**")
        lines = profile_idle.bandwidth_lines(copies)
        st.altair_chart(charts.over_time(lines, span, "GB/s"), key="idle_copies")
        windows.saved("copies", lines)

"""Two recordings compared: their steps, operators, kernels and memory."""

from dataclasses import replace
from typing import Any

import streamlit as st

from pages.parts import profile_source as source
from pages.parts import profile_window as windows
from pages.parts.profile_source import Chosen
from tbcore import ui
from tbcore.analysis import profile_compare, profile_kernels, profile_memory, profile_ops
from tbcore.analysis.profile_forms import Steps
from tbcore.analysis.profiles import Trace
from tbcore.charts import profile_compare as charts
from tbcore.errors import FormatError
from tbcore.ui import bound
from tbcore.ui.timings import Column, sifted, timings

OTHER = "compare_with"
LOOKS = {"operators": "Operators", "kernels": "Kernels", "events": "Everything"}
PER = {"step": "For each step", "whole": "Altogether"}
CLOCKS = {"host_self": "On the host", "device_self": "On the devices"}
CHANGES = {
    "all": "All",
    "slower": "Slower",
    "faster": "Faster",
    "added": "Added",
    "removed": "Removed",
    "calls": "Called more or less often",
}
STEPS = (
    Column("category", "Category", "text", width=110),
    Column("a", "First", "duration"),
    Column("b", "Second", "duration"),
    Column("difference", "Difference", "duration"),
)
NAMES = (
    Column("name", "Name", "text", width=240),
    Column("change", "Change", "text", width=86),
    Column("difference", "Difference", "duration"),
    Column("time_a", "First", "duration"),
    Column("time_b", "Second", "duration"),
    Column("calls_a", "Calls, first", "number"),
    Column("calls_b", "Calls, second", "number"),
)
MEMORY = (
    Column("device", "Device", "text", width=160),
    Column("a", "Peak, first", "size"),
    Column("b", "Peak, second", "size"),
    Column("difference", "Difference", "size"),
)


def show(chosen: Chosen) -> None:
    """Draw the tab."""
    files = [one for one in chosen.files if one.is_trace and one.mark != chosen.file.mark]
    # What is most like this one comes first: other spans and workers of the same run, then other runs.
    ours = chosen.file
    files.sort(
        key=lambda one: (one.format != ours.format, one.run != ours.run, source.label(one) != source.label(ours))
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        file = windows.other(files, "Compared with", OTHER)
    if file is None:
        st.markdown("There is no other recording to compare this one with. **Open a file** above brings one.")
        return
    try:
        trace = source.read(file)
    except FormatError as error:
        st.error(f"{ui.plain(file.name)} cannot be read: {ui.plain(str(error))}")
        return
    if trace is None:
        return
    steps = windows.steps(chosen)
    others = source.remembered(
        chosen, "steps of another", lambda: windows.steps_of(trace, chosen.loading), trace.key, chosen.loading
    )
    st.caption(f"First: **{ui.plain(windows.title(chosen.file))}** · second: **{ui.plain(windows.title(file))}**")
    averages(steps, others)
    names(chosen, trace, steps, others)
    memory(chosen, trace)


def averages(steps: Steps, others: Steps) -> None:
    """Draw what an average step of each spends its time on."""
    table = profile_compare.steps(steps, others)
    total = table.iloc[-1]
    left, right = st.columns([2, 3], gap="medium")
    with left:
        first, second = float(total["a"]), float(total["b"])
        st.metric(
            "An average step",
            f"{windows.told(first)} → {windows.told(second)}",
            f"{(second - first) / first:+.1%}" if first else None,
            delta_color="inverse",
        )
        st.altair_chart(charts.steps(profile_compare.step_parts(table)), key="compare_steps")
    with right:
        timings(table, STEPS, key="compare_step_table", rows=20)
        windows.saved("compare_steps", table)


def names(chosen: Chosen, other: Trace, steps: Steps, others: Steps) -> None:
    """Draw what became of each operator, or of each kernel."""
    trace = chosen.trace
    with st.container(horizontal=True, vertical_alignment="bottom"):
        look = bound.segments("Look", LOOKS, key="compare_look", label_visibility="collapsed")
        clock = "host_self"
        if look == "operators" and profile_compare.on_devices(trace, other):
            clock = bound.segments("Time", CLOCKS, key="compare_clock", label_visibility="collapsed")
        per = (
            bound.segments("Per", PER, key="compare_per", label_visibility="collapsed")
            if len(steps) and len(others)
            else "whole"
        )
        change = bound.select("Change", list(CHANGES), CHANGES.__getitem__, key="compare_change", width=170)
    counts = (max(1, len(steps)), max(1, len(others))) if per == "step" else (1, 1)
    table = source.remembered(
        chosen, "compared", lambda: compared(trace, other, look, clock, counts), other.key, look, clock, counts
    )
    shown = sifted(profile_compare.of_change(table, change), "compare_find", "Find in the names")
    if len(table):
        st.altair_chart(charts.differences(profile_compare.largest(table)), key="compare_largest")
    row = timings(
        shown,
        [replace(one, spelling="count") if per == "whole" and one.spelling == "number" else one for one in NAMES],
        key="compare_names",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if row is not None:
            windows.show_event(
                int(shown.iloc[row]["longest_a"]), "compare_first", "Show the longest of the first in the trace"
            )
        windows.saved(f"compare_{look}", table)


def compared(trace: Trace, other: Trace, look: str, clock: str, counts: tuple[int, int]) -> Any:
    """Return what became of each name."""
    if look == "operators":
        tables = [profile_ops.operators(one) for one in (trace, other)]
    elif look == "kernels":
        tables, clock = [profile_kernels.kernels(one) for one in (trace, other)], "total"
    else:
        tables, clock = [profile_compare.events(one) for one in (trace, other)], "time"
    return profile_compare.differences(*tables, time=clock, per_a=counts[0], per_b=counts[1])


def memory(chosen: Chosen, other: Trace) -> None:
    """Draw the peaks of memory of both."""
    trace = chosen.trace
    if not len(trace.memory) and not len(other.memory):
        return
    curves = [
        source.remembered(chosen, "memory of", lambda one=one: profile_memory.curves(one), one.key)
        for one in (trace, other)
    ]
    st.markdown("**Memory**")
    table = profile_compare.memory(*curves)
    timings(table, MEMORY, key="compare_memory")
    windows.saved("compare_memory", table)

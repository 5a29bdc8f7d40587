"""Two recordings compared: their steps, operators, kernels and memory."""

from dataclasses import replace
from typing import Any

import streamlit as st

from pages.parts import profile_source as source
from pages.parts import profile_window as windows
from pages.parts.profile_source import Chosen, Recording
from tbcore import ui
from tbcore.analysis import profile_compare, profile_kernels, profile_memory, profile_ops
from tbcore.analysis.profile_forms import Steps
from tbcore.analysis.profiles import Trace
from tbcore.charts import profile_compare as charts
from tbcore.errors import FormatError
from tbcore.ui import bound, profile
from tbcore.ui.timings import Column, sifted, timings

OTHER = "compare_with"
LOOKS = {"operators": "Operators", "kernels": "Kernels", "events": "Everything"}
PER = {"step": "For each step", "whole": "Altogether"}
CLOCKS = {"host_self": "On the host", "device_self": "On the devices"}
CHANGES = {
    "all": "All changes",
    "slower": "Slower",
    "faster": "Faster",
    "added": "Added",
    "removed": "Removed",
    "calls": "Called more or less often",
}
MORE = "With a plus sign B takes more than A, with a minus sign less."
STEPS = (
    Column("category", "Category", "text", width=110),
    Column("a", "A", "duration"),
    Column("b", "B", "duration"),
    Column("difference", "B − A", "duration", MORE, signed=True),
)
NAMES = (
    Column("name", "Name", "text", width=240),
    Column("change", "Change", "text", width=86),
    Column("difference", "B − A", "duration", MORE, signed=True),
    Column("time_a", "A", "duration"),
    Column("time_b", "B", "duration"),
    Column("calls_a", "Calls in A", "number"),
    Column("calls_b", "Calls in B", "number"),
)
MEMORY = (
    Column("device", "Device", "text", width=160),
    Column("a", "Peak of A", "size"),
    Column("b", "Peak of B", "size"),
    Column("difference", "B − A", "size", MORE, signed=True),
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
        file = windows.other(files, "Compared with", OTHER, chosen.files)
        if file is not None:
            swapped = lambda: turned(chosen, file)  # noqa: E731
            profile.link("Swap A and B", "compare_swap", "compare", {}, icon="swap_horiz", first=swapped)
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
    st.markdown(
        "  \n".join(
            f":gray-badge[**{letter}**] {ui.plain(source.spelled(windows.title(one, chosen.files), 2 * source.TITLE))}"
            for letter, one in (("A", chosen.file), ("B", file))
        )
    )
    averages(steps, others)
    names(chosen, file, trace, steps, others)
    memory(chosen, trace)


def turned(chosen: Chosen, file: Recording) -> None:
    """Compare the other way round, from the next drawing on."""
    source.turn_to(file, chosen.files)
    bound.choose(OTHER, [windows.title(chosen.file, chosen.files)])


def averages(steps: Steps, others: Steps) -> None:
    """Draw what an average step of each spends its time on."""
    table = profile_compare.steps(steps, others)
    total = table.iloc[-1]
    left, right = st.columns([2, 3], gap="medium")
    with left:
        first, second = float(total["a"]), float(total["b"])
        change = (second - first) / first if first else 0.0
        st.metric(
            "An average step, A → B",
            f"{windows.told(first)} → {windows.told(second)}",
            f"{change:+.1%}" if first else None,
            delta_color="off" if abs(change) < 0.0005 else "inverse",
            delta_arrow="off" if abs(change) < 0.0005 else "auto",
        )
        category, most = profile_compare.cause(table)
        if category:
            st.caption(f"Mostly {category}: {windows.told(abs(most))} {'more' if most > 0 else 'less'} in B.")
        st.altair_chart(charts.steps(profile_compare.step_parts(table)), key="compare_steps")
    with right:
        timings(table, STEPS, key="compare_step_table", rows=20, ticks=False)
        windows.saved("compare_steps", table)


def names(chosen: Chosen, file: Recording, other: Trace, steps: Steps, others: Steps) -> None:
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
        change = bound.select(
            "Change from A to B",
            list(CHANGES),
            CHANGES.__getitem__,
            key="compare_change",
            width=170,
            label_visibility="collapsed",
        )
    counts = (max(1, len(steps)), max(1, len(others))) if per == "step" else (1, 1)
    table = source.remembered(
        chosen, "compared", lambda: compared(trace, other, look, clock, counts), other.key, look, clock, counts
    )
    shown = sifted(profile_compare.of_change(table, change), "compare_find", "Find in the names")
    differing = profile_compare.largest(table)
    if len(differing):
        st.altair_chart(charts.differences(differing), key="compare_largest")
    if shown.empty:
        st.markdown("Nothing here, or nothing that changed so.")
        return
    row = timings(
        shown,
        [replace(one, spelling="count") if per == "whole" and one.spelling == "number" else one for one in NAMES],
        key="compare_names",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if row is None:
            st.caption("Tick a row to see its longest in the trace of A or of B.", width="content")
        else:
            one = shown.iloc[row]
            windows.show_event(int(one["longest_a"]), "compare_first", "Show the longest in A")
            windows.show_elsewhere(chosen, file, int(one["longest_b"]), "compare_second", "Show the longest in B")
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
    timings(table, MEMORY, key="compare_memory", ticks=False)
    windows.saved("compare_memory", table)

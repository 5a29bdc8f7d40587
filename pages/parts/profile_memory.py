"""Memory over time: what is held, by whom at the peak, what each operator asks for, what never goes away."""

from typing import Any

import streamlit as st

from pages.parts import profile_source as source
from pages.parts import profile_window as windows
from pages.parts.profile_source import Chosen
from tbcore import ui
from tbcore.analysis import profile_memory, profile_words, xla_memory
from tbcore.analysis.profile_memory import Curve
from tbcore.analysis.xla_memory import Allocator
from tbcore.charts import profile_memory as charts
from tbcore.charts import theme
from tbcore.ui import bound, profile
from tbcore.ui.timings import Column, sifted, timings

LOOKS = {"peak": "At the peak", "operators": "By operator", "pieces": "Allocations", "growth": "Over steps"}
XLA_LOOKS = {"peak": "At the peak", "growth": "Over steps"}
FROM, TO = "memory_from", "memory_to"  # what is brushed, nanoseconds
AROUND = 1_000_000  # nanoseconds on both sides of the peak that the trace shows
HOLDERS = (
    Column("operator", "Asked for by", "text", width=340),
    Column("size", "Held", "size"),
    Column("share", "Of all", "share"),
    Column("count", "Pieces", "count"),
    Column("most", "Largest", "size"),
)
XLA_HOLDERS = (
    Column("operation", "Asked for by", "text", width=300),
    Column("kind", "Kind", "text", width=90),
    Column("type", "Type", "text", width=70),
    Column("shape", "Shape", "text", width=150),
    Column("size", "Held", "size"),
    Column("share", "Of all", "share"),
    Column("count", "Pieces", "count"),
)
OPERATORS = (
    Column("operator", "Operator", "text", width=300),
    Column("calls", "Calls", "count"),
    Column("self_size", "Self asked for", "size", "Asked for by itself, not counting what it gave back."),
    Column("self_count", "Self pieces", "count"),
    Column("self_increase", "Self increase", "size", "Asked for less given back, by itself."),
    Column("size", "Asked for", "size", "With the operators it calls."),
    Column("count", "Pieces", "count"),
    Column("increase", "Increase", "size", "Asked for less given back, with the operators it calls."),
)
PIECES = (
    Column("operator", "Asked for by", "text", width=320),
    Column("size", "Size", "size"),
    Column("start", "Asked for at", "duration", "Since the recording began; empty where it was there before."),
    Column("end", "Given back at", "duration", "Empty where it was still there when the recording ended."),
    Column("duration", "Held for", "duration"),
)
STEPS = (
    Column("operator", "Asked for by", "text", width=340),
    Column("size", "Still held", "size"),
    Column("count", "Pieces", "count"),
    Column("steps", "In steps", "count", "In how many steps something it asked for was still held after the next one."),
)


LACKING = {
    "pytorch": "No allocations were recorded: `profile(profile_memory=True, record_shapes=True)` records them.",
    "xplane": "No allocations were recorded: TensorFlow's and JAX's allocators tell of them on GPUs and TPUs.",
}


def show(chosen: Chosen) -> None:
    """Draw the tab."""
    trace = chosen.trace
    if not len(trace.memory):
        st.markdown(LACKING.get(trace.source, "No allocations were recorded."))
        return
    if trace.source == "xplane":
        allocators(chosen)
        return
    curves = source.remembered(chosen, "memory", lambda: profile_memory.curves(trace))
    found = {curve.name: curve for curve in curves}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = (
            bound.select("Device", list(found), str, key="memory_device", width=150)
            if len(found) > 1
            else next(iter(found))
        )
        curve = found[name]
        figures(curve)
    span = brushed(chosen, curve)
    look = bound.segments("Look", LOOKS, key="memory_look", label_visibility="collapsed")
    {"peak": peak, "operators": operators, "pieces": pieces, "growth": growth}[look](chosen, curve, span)


def figures(curve: Curve) -> None:
    """Draw the figures of a device."""
    held = {
        "Peak": theme.size(curve.peak),
        "At the beginning": theme.size(curve.before),
        "At the end": theme.size(int(curve.allocated[-1])),
    }
    if curve.peak_reserved:
        held["Reserved at most"] = theme.size(curve.peak_reserved)
    if curve.capacity:
        held["Of the device"] = theme.size(curve.capacity)
    for words, value in held.items():
        st.metric(words, value, width="content")


def allocators(chosen: Chosen) -> None:
    """Draw what TensorFlow's or JAX's allocators held."""
    trace = chosen.trace
    every = source.remembered(chosen, "allocators", lambda: xla_memory.allocators(trace))
    known = {one.name: one for one in sorted(every, key=lambda one: -one.peak)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = next(iter(known))
        if len(known) > 1:
            name = bound.select("Allocator", list(known), str, key="memory_device", width=150)
        xla_figures(known[name])
    curve = xla_memory.curve(known[name])
    span = brushed(chosen, curve)
    look = bound.segments("Look", XLA_LOOKS, key="memory_look", label_visibility="collapsed")
    if look == "growth":
        growth(chosen, curve, span)
        return
    found = source.remembered(chosen, "allocators", lambda: xla_memory.allocators(trace, *(span or ())), *(span or ()))
    xla_peak(chosen, next(one for one in found if one.name == name))


def xla_figures(one: Allocator) -> None:
    """Draw the figures of an allocator."""
    held = {
        "Peak": (theme.size(one.peak), "The most that stack and heap held together while it was recorded."),
        "Stack then": (theme.size(one.stack), "What programs reserve for their temporary values while they run."),
        "Heap then": (theme.size(one.heap), "Parameters, inputs and outputs."),
        "Of the device": (theme.size(one.capacity), "What the allocator may hand out, used or not."),
        "Heap since the start": (theme.size(one.lifetime_peak), "The most the heap held since the program began."),
        "Fragmentation": (profile_words.share(one.fragmentation), "Free memory that is not in one piece, at the peak."),
    }
    for words, (value, about) in held.items():
        st.metric(words, value, width="content", help=about)


def xla_peak(chosen: Chosen, one: Allocator) -> None:
    """Draw what an allocator held when it was most."""
    held = one.alive.rename(columns={"bytes": "size"})
    held = held.assign(
        share=held["size"] / max(1, int(held["size"].sum())), operation=held["operation"].replace("", "(not told)")
    )
    st.caption(
        f"What {ui.plain(one.name)} held {windows.told(one.peak_time - chosen.trace.span[0])} into the recording, when it was most."
    )
    timings(held, XLA_HOLDERS, key="memory_alive", ticks=False)
    with st.container(horizontal=True):
        windows.show_moment(one.peak_time - AROUND, one.peak_time + AROUND, "memory_peak", "Show the peak in the trace")
        windows.saved("memory_peak", held)


def brushed(chosen: Chosen, curve: Curve) -> tuple[int, int] | None:
    """Draw the curve; return the stretch that is brushed, nanoseconds, None for all of it."""
    steps = windows.steps(chosen)
    size, _unit = charts.unit(int(curve.times[-1] - curve.times[0]))
    whole = (int(curve.times[0]), int(curve.times[-1]))
    said = [profile.said(name) for name in (FROM, TO)]
    known = tuple(int(one) for one in said) if all(one.lstrip("-").isdigit() for one in said) else None
    shown = known if known and known[0] < known[1] else whole
    event = st.altair_chart(
        charts.curve(
            profile_memory.reduced(curve, *shown),
            profile_memory.step_bands(steps, *shown),
            shown,
            (curve.peak_time, curve.peak),
            curve.capacity,
        ),
        key=f"memory_curve_{curve.name}_{shown[0]}_{shown[1]}",
        on_select="rerun",
        selection_mode=charts.WINDOW,
    )
    picked = (event.selection.get(charts.WINDOW) or {}).get("at")
    span = (int(picked[0] * size), int(picked[1] * size)) if picked else None
    with st.container(horizontal=True, vertical_alignment="center"):
        if span is None and shown == whole:
            st.caption("Drag over the curve to look at a part of it.", width="content")
        if span is not None:
            st.caption(f"{windows.told(span[1] - span[0])} chosen: the tables below tell of it alone.", width="content")
            st.button(
                "Zoom in", key="memory_in", icon=":material/zoom_in:", type="tertiary",
                on_click=profile.say, args=({FROM: span[0], TO: span[1]},),
            )  # fmt: skip
            windows.show_moment(*span, "memory_show")
        if shown != whole:
            st.button(
                "The whole recording", key="memory_out", icon=":material/zoom_out:", type="tertiary",
                on_click=profile.say, args=({FROM: None, TO: None},),
            )  # fmt: skip
        windows.saved("memory", profile_memory.reduced(curve, *shown, most=1_000_000))
    return span or (shown if shown != whole else None)


def peak(chosen: Chosen, curve: Curve, span: tuple[int, int] | None) -> None:
    """Draw who holds the memory when the most is held."""
    trace = chosen.trace
    pieces = source.remembered(chosen, "allocations", lambda: profile_memory.allocations(trace))
    time = curve.peak_time if span is None else profile_memory.peak_within(curve, *span)
    held = source.remembered(chosen, "alive", lambda: profile_memory.alive(pieces, curve, time), curve.name, time)
    held = held.assign(share=held["size"] / max(1, int(held["size"].sum())))
    st.caption(f"What was held {windows.told(time - trace.span[0])} into the recording, when it was most.")
    timings(held, HOLDERS, key="memory_held", ticks=False)
    with st.container(horizontal=True):
        windows.show_moment(time - AROUND, time + AROUND, "memory_peak", "Show the peak in the trace")
        windows.saved("memory_peak", held)


def operators(chosen: Chosen, curve: Curve, span: tuple[int, int] | None) -> None:
    """Draw what each operator asked for and gave back."""
    trace, (start, end) = chosen.trace, span or (None, None)
    found = source.remembered(
        chosen, "memory_operators", lambda: profile_memory.operators(trace, start, end), start, end
    )
    shown = sifted(profile_memory.of_device(found, curve.name), "memory_find", "Find operators", within=("operator",))
    timings(shown, OPERATORS, key="memory_operators", ticks=False)
    windows.saved("memory_operators", shown)


def pieces(chosen: Chosen, curve: Curve, span: tuple[int, int] | None) -> None:
    """Draw every piece of memory."""
    trace = chosen.trace
    found = source.remembered(chosen, "allocations", lambda: profile_memory.allocations(trace))
    found = profile_memory.of_device(found, curve.name)
    if span is not None:
        found = profile_memory.between(found, *span)
    shown = sifted(found, "memory_find", "Find operators", within=("operator",))
    row = timings(shown, PIECES, key="memory_pieces")
    with st.container(horizontal=True):
        if row is not None:
            windows.show_event(int(shown.iloc[row]["row"]), "memory_piece")
        windows.saved("allocations", shown)


def growth(chosen: Chosen, curve: Curve, _span: Any) -> None:
    """Draw what is held after each step, and what was never given back."""
    steps, trace = windows.steps(chosen), chosen.trace
    if len(steps) < 2:
        how = ": call `profiler.step()` at the end of each" if trace.source == "pytorch" else ""
        st.markdown(f"There are not two steps in this recording{how}.")
        return
    found = profile_memory.growth(curve, steps.ends)
    st.altair_chart(charts.growth(profile_memory.held_table(steps, found)), key="memory_growth")
    if found.grows:
        kept = {
            "pytorch": "losses that still hang on their graph (`losses.append(loss.detach())`)",
            "xplane": "results that are still on the device (`losses.append(float(loss))`)",
        }
        st.warning(
            f"After each step {theme.size(found.slope)} more is held than before it. What is kept from step to step, such as a list of "
            f"{kept.get(trace.source, 'results')}, stays until nobody holds it.",
            icon=":material/trending_up:",
        )
    else:
        st.caption(f"Held after each step: it does not grow ({theme.size(found.slope)} a step).")
    if trace.source == "xplane":
        return  # names the allocator of each piece, not who asked for it
    pieces = source.remembered(chosen, "allocations", lambda: profile_memory.allocations(trace))
    left = profile_memory.survivors(pieces, curve.name, steps.starts, steps.ends)
    if len(left):
        st.markdown("**Asked for in a step after the first, and still held after the step that followed**")
        timings(left, STEPS, key="memory_left", ticks=False)
        windows.saved("memory_left", left)

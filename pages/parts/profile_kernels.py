"""The kernels of a recording: how they filled the devices, how they were launched, and what the hardware counted."""

from typing import Any

import streamlit as st

from pages.parts import profile_source as source
from pages.parts.facts import facts
from pages.parts.profile_operators import links, part
from pages.parts.profile_source import Chosen
from tbcore.analysis import profile_kernels, profile_ops, profile_words
from tbcore.ui import bound, profile
from tbcore.ui.tables import csv, downloads
from tbcore.ui.timings import WHOLE, Column, lasting, shortened, sifted, timings

LOOKS = {
    "name": "By kernel",
    "launch": "By operator and launch",
    "delays": "Launches",
    "sequences": "Sequences",
    "counters": "Counters",
}
OPS = 200  # operators to choose from for sequences

_FIGURES = (
    Column("calls", "Calls", "count"),
    Column("share", "Of kernel time", "share"),
    Column("total", "Total", "duration"),
    Column("mean", "Mean", "duration"),
    Column("min", "Least", "duration"),
    Column("max", "Most", "duration"),
    Column("tensor_cores", "TC used", "flag", "Told from the name of the kernel."),
    Column("eligible", "TC able", "flag", "The operator can run on Tensor Cores in 16 bits."),
    Column("blocks", "Blocks per SM", "number", "Mean, weighted by duration; below 1 some multiprocessors have nothing to do."),
    Column("occupancy", "Occupancy", "percent", "Estimated: active warps of those a multiprocessor can hold, weighted by duration."),
    Column("gap", "Stream idle before", "duration", "How long the stream stood empty before it, in all."),
)  # fmt: skip
_LAUNCH = (
    Column("op", "Operator", "text", width=210),
    Column("grid", "Grid", "text", width=110),
    Column("block", "Block", "text", width=100),
    Column("registers", "Registers", "count", "Per thread."),
    Column("shared", "Shared memory", "size", "Per block."),
)
_NAME = Column("title", "Kernel", "text", width=340)
COLUMNS = {"name": (_NAME, *_FIGURES), "launch": (_NAME, *_LAUNCH, *_FIGURES)}

DELAYS = (
    Column("title", "What was launched", "text", width=340),
    Column("kind", "Kind", "text", width=80),
    Column("calls", "Launches", "count"),
    Column("host", "Launch call", "duration", "Median of the call on the host."),
    Column("device", "On the device", "duration", "Median."),
    Column("delay", "Delay", "duration", "Median from the end of the call to the start on the device: long where work is queued up."),
    Column("delay_high", "95 % below", "duration", "95 of 100 delays are shorter."),
    Column("short", "Shorter than call", "count", "How many took less than their launch."),
)  # fmt: skip
SEQUENCES = (
    Column("title", "Kernels, one after the other", "text", width=520),
    Column("kernels", "Kernels", "count"),
    Column("calls", "Calls", "count"),
    Column("share", "Of its device time", "share"),
    Column("device", "Device time", "duration"),
    Column("host", "Host time", "duration"),
)


@st.fragment
def show(chosen: Chosen) -> None:
    """Draw the tab."""
    trace = chosen.trace
    if not profile_kernels.has_kernels(trace):
        st.markdown("No kernels were recorded: `activities=[…, ProfilerActivity.CUDA]` records them on a GPU.")
        return
    found = figures(chosen)
    if found.made_up:
        st.caption(
            "The hardware's counters were recorded, not the kernels themselves: all of them are said to take the same time. "
            "Trust the counters, and no duration here."
        )
    bar = st.container(horizontal=True, vertical_alignment="bottom")
    lacks = set() if found.launches.kernels else {"delays", "sequences"}
    if not profile_kernels.has_counters(trace):
        lacks.add("counters")
    options = {key: words for key, words in LOOKS.items() if key not in lacks}
    with bar:
        look = bound.segments("Look", options, key="kernels_look", label_visibility="collapsed")
    if look in COLUMNS:
        kernels(chosen, look, bar)
    else:
        {"delays": delays, "sequences": sequences, "counters": counters}[look](chosen, bar)


def figures(chosen: Chosen) -> profile_kernels.Figures:
    """Draw what stands out among all kernels, and return it."""
    trace = chosen.trace
    found = source.remembered(chosen, "kernel figures", lambda: profile_kernels.figures(trace))
    told = {
        "Kernels": f"{found.kernels:,}",
        "Kernel time": lasting(found.total),
        "On Tensor Cores": part(found.tensor, found.total) if found.gpu else "",
        "Occupancy": profile_words.share(found.occupancy / 100) if found.occupancy == found.occupancy else "",
        "Shorter than launch": part(found.launches.short, found.launches.kernels),
    }
    with st.container(horizontal=True, gap="medium"):
        for words, value in told.items():
            if value:
                st.metric(words, value, width="content", help=HELP.get(words))
    return found


HELP = {
    "Kernel time": "The sum over all streams; kernels that run side by side count twice.",
    "On Tensor Cores": "Of the kernel time; told from the names of kernels.",
    "Occupancy": "Estimated share of the warps that a multiprocessor can hold, weighted by duration.",
    "Shorter than launch": "Kernels that take less time than the call that launches them: the host cannot keep up. CUDA graphs, "
    "`torch.compile` and larger batches launch less.",
}


# Tables --------------------------------------------------------------------------------------------------------------


def kernels(chosen: Chosen, by: profile_kernels.By, bar: Any) -> None:
    """Draw one row per kernel, or per kernel, operator and shape of the launch."""
    trace = chosen.trace
    frame = source.remembered(chosen, "kernels", lambda: profile_kernels.kernels(trace, by), by)
    with bar:
        shown = sifted(frame, "kernels_find", "Find kernels", within=("name", "op") if by == "launch" else ("name",))
    found = chosen_row(shown, COLUMNS[by], f"kernels_{by}", "kernels")
    if found:
        links(found["longest"], "Longest one in the trace", "kernel", found["name"])
        if found.get("op"):
            wanted = {"ops_find": profile_ops.pattern(found["op"]), "ops_look": "table"}
            profile.link("Its operator", "kernel_to_operator", "operators", wanted, icon="functions")


def delays(chosen: Chosen, bar: Any) -> None:
    """Draw how long launches took and how long after them things began."""
    found = source.remembered(chosen, "kernel figures", lambda: profile_kernels.figures(chosen.trace)).launches
    late, slow = (lasting(limit) for limit in (profile_kernels.LATE, profile_kernels.SLOW_CALL))
    words = (
        f"{found.kernels:,} kernels with their launch: {found.short:,} take less time than the call that launches them, "
        f"{found.late:,} start more than {late} after it (work is queued up, which is fine while the device is busy), "
        f"{found.slow:,} calls take more than {slow}."
    )
    st.caption(words + (f" The launch of {found.unlaunched:,} kernels was not recorded." if found.unlaunched else ""))
    frame = source.remembered(chosen, "launches", lambda: profile_kernels.launch_table(chosen.trace))
    with bar:
        shown = sifted(frame, "kernels_find", "Find kernels and copies")
    found = chosen_row(shown, DELAYS, "kernels_delays", "launches")
    if found:
        links(found["longest"], "Longest delay in the trace", "delay", found["name"])


def sequences(chosen: Chosen, bar: Any) -> None:
    """Draw which kernels the calls of an operator launch, one after the other."""
    trace = chosen.trace
    ops = source.remembered(chosen, "launching operators", lambda: profile_kernels.launching(trace, OPS))
    if not ops:
        st.markdown("No kernel was launched by an operator.")
        return
    with bar:
        op = bound.select("Launched by", ops, str, key="kernels_op", width=340, label_visibility="collapsed")
    frame = source.remembered(chosen, "sequences", lambda: profile_kernels.sequences(trace, op), op)
    found = chosen_row(frame, SEQUENCES, "kernels_sequences", "sequences")
    if found:
        links(found["longest"], "Longest call in the trace", "sequence")


def counters(chosen: Chosen, bar: Any) -> None:
    """Draw what the hardware counted."""
    frame = source.remembered(chosen, "counters", lambda: profile_kernels.counters(chosen.trace))
    with bar:
        shown = sifted(frame, "kernels_find", "Find kernels", within=("name", "ops"))
    more = [name for name in frame if name not in ("row", "name", "title", "ops", "op")]
    columns = (
        _NAME,
        Column("op", "Operator", "text", width=200),
        *(
            Column(name, words, "count", name, width=112)
            for name, words in profile_kernels.counter_titles(more).items()
        ),
    )
    found = chosen_row(shown, columns, "kernels_counters", "counters")
    if found:
        links(found["row"], "In the trace", "counter")


def chosen_row(frame: Any, columns: Any, key: str, name: str) -> dict[str, Any]:
    """Draw a table with its download; return the row that is ticked, with what is known of it drawn, {} for none."""
    if frame.empty:
        st.markdown("Nothing matches.")
        return {}
    row = timings(frame, columns, key=key)
    if row is None:
        st.caption("Tick a row to see its whole name, and where it is in the trace.")
    downloads(name, [("CSV", "csv", lambda: csv(frame))], width="content")
    if row is None:
        return {}
    found: dict[str, Any] = frame.iloc[row].to_dict()
    names = {"Kernels": found["sequence"]} if "sequence" in found else {"Name": found["name"]}
    told = {**names, "Operator": found.get("ops") or found.get("op", "")}
    facts({words: shortened(value, WHOLE) for words, value in told.items()})
    return found

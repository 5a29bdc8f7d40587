"""How data reaches the steps: how long each waits for it, who loads it, and what tf.data spends its time on."""

from dataclasses import dataclass

import streamlit as st

from pages.parts import profile_overview as overview
from pages.parts import profile_source as source
from pages.parts.profile_source import Chosen
from tbcore import ui
from tbcore.analysis import input_pipeline, profile_steps
from tbcore.analysis import profile_words as words
from tbcore.analysis.input_pipeline import Pipeline, Waiting
from tbcore.analysis.profile_forms import Steps
from tbcore.charts import profile_steps as charts
from tbcore.ui import profile
from tbcore.ui.tables import csv, downloads
from tbcore.ui.timings import Column, timings

MOST_BARS = 80
BARS = "input_steps"

NAMES = (
    Column("name", "What waits", "text", width=290),
    Column("calls", "Times", "count"),
    Column("share", "Of the steps", "share", "Of the time of all steps that are shown."),
    Column("total", "Total", "duration"),
    Column("average", "On average", "duration"),
    Column("longest", "Longest", "duration"),
)  # fmt: skip
OPERATIONS = (
    Column("operation", "Operation", "text", width=250),
    Column("category", "Kind", "text", width=130),
    Column("calls", "Calls", "count"),
    Column("self_share", "Of all input", "share", "Its own time, of that of all operations of input."),
    Column("self", "Own time", "duration", "Without the operations in it on the same thread."),
    Column("total", "Time", "duration"),
)  # fmt: skip
ITERATORS = (
    Column("name", "Iterator", "text", "Indented below the one that asks it.", width=230),
    Column("parallel", "Ahead", "flag", "Works in threads of its own, ahead of who asks."),
    Column("calls", "Calls", "count"),
    Column("self", "Own time", "duration", "Without the iterators that it asks on the same thread."),
    Column("shortest", "Shortest", "duration"),
    Column("average", "Average", "duration"),
    Column("longest", "Longest", "duration"),
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """All that is shown of one recording. waits: time per step that goes to input, and the rest of it."""

    steps: Steps
    waits: Steps
    waiting: Waiting
    pipeline: Pipeline
    advice: tuple[str, ...]


def show(chosen: Chosen) -> None:
    """Draw the tab."""
    named, wrong = overview.pattern(chosen.loading)
    found = source.remembered(chosen, "input", lambda: made(chosen, named), "" if wrong else chosen.loading)
    if not len(found.steps):
        st.markdown("There are no steps in this recording: how long they wait cannot be told.")
    else:
        figures(found)
        left, right = st.columns([6, 5], gap="large")
        with left:
            steps(found)
        with right:
            advice(found)
            overview.settings(wrong)
        names(found)
    tf_data(found)


def made(chosen: Chosen, named: overview.profile_roles.Named) -> Found:
    """Return what is shown of a recording."""
    steps = profile_steps.steps(chosen.trace, named)
    waiting = input_pipeline.waiting(chosen.trace, named, steps)
    pipeline = input_pipeline.analysis(chosen.trace, steps)
    waits = input_pipeline.shares(steps, waiting)
    return Found(steps, waits, waiting, pipeline, input_pipeline.advice(chosen.trace, waits, waiting, pipeline))


def figures(found: Found) -> None:
    """Draw how much of the time goes to waiting."""
    waits = found.waits
    own = waits.part("Input")
    worst = int(own.argmax())
    with st.container(horizontal=True, gap="medium"):
        st.metric(
            "Waiting for data", words.share(waits.share("Input")), help="Of the time of all steps.", width="content"
        )
        st.metric(
            "Per step",
            words.time(waits.average("Input")),
            help=f"Of {words.time(waits.average())}, on average.",
            width="content",
        )
        st.metric(
            "Longest wait of a step",
            words.time(float(own[worst])),
            help=f"In step {ui.plain(waits.names[worst])}.",
            width="content",
        )
        if found.pipeline.total:
            st.metric(
                "Work on input", words.time(found.pipeline.total),
                help="What all threads of the host spent on tf.data and transfers, in the whole recording.", width="content",
            )  # fmt: skip


def steps(found: Found) -> None:
    """Draw how long each step waits."""
    st.markdown("##### Each step")
    table = profile_steps.table(found.waits, MOST_BARS)
    st.altair_chart(
        charts.bars(table, found.waits.categories, float(table["total"].max()), 220),
        key=BARS, on_select=picked, selection_mode=charts.PICKED,
    )  # fmt: skip
    st.session_state["input_windows"] = overview.windows(table, found.waits)
    st.caption("Red is waiting for data. A click on a bar shows the step in the trace.")
    downloads(
        "input_steps",
        [("Steps as CSV", "csv", lambda: profile_steps.wide(found.waits).to_csv(index=False).encode())],
        width="content",
    )


def picked() -> None:
    """Show the step of the bar that was clicked in the trace."""
    said = st.session_state.get(BARS)
    rows = said.selection.get(charts.PICKED, []) if said else []
    window = st.session_state.get("input_windows", {}).get(rows[0].get("place")) if rows else None
    if window is not None:
        profile.go("trace", **profile.at(*window))


def names(found: Found) -> None:
    """Draw what waits, by name."""
    st.markdown("##### Who waits")
    table = found.waiting.names
    if table.empty:
        st.markdown("No annotation or operation is named like waiting for data.")
        st.caption(
            "Annotate it where it happens: `with torch.profiler.record_function('load_batch'):`, with JAX "
            "`with jax.profiler.TraceAnnotation('load_batch'):`."
        )
        return
    row = timings(table, NAMES, key="input_names", rows=6)
    if row is not None:
        to_trace(int(table.iloc[row]["row"]), "Longest wait in the trace", "input_wait")
    downloads("input", [("Waits as CSV", "csv", lambda: csv(table))], width="content")


def to_trace(row: int, told: str, key: str) -> None:
    """Draw the button that goes to an event in the trace."""
    st.button(
        told,
        icon=":material/timeline:",
        key=f"{key}_to_trace",
        on_click=profile.go,
        args=("trace",),
        kwargs=profile.at(row),
    )


def advice(found: Found) -> None:
    """Draw what to change."""
    st.markdown("##### What to change")
    if found.advice:
        st.markdown("\n".join(f"- {one}" for one in found.advice))
    else:
        st.markdown("Steps hardly wait for data: there is nothing to win here.")


def tf_data(found: Found) -> None:
    """Draw what TensorFlow's input spends its time on."""
    pipeline = found.pipeline
    if pipeline.operations.empty:
        return
    st.markdown("##### Pipeline of tf.data")
    parts = [f"{name} {words.time(time)}" for name, time in pipeline.times.items() if time]
    st.markdown(" · ".join(parts))
    if len(pipeline.iterators):
        if pipeline.bottleneck:
            st.markdown(f"The slowest part is **{ui.plain(pipeline.bottleneck)}**.")
        shown = pipeline.iterators.assign(
            name=["\u2003" * depth + name for depth, name in pipeline.iterators[["depth", "name"]].values]
        )
        row = timings(shown, ITERATORS, key="input_iterators", rows=8)
        if row is not None:
            to_trace(int(shown.iloc[row]["row"]), "Longest call in the trace", "input_iterator")
    with st.expander("Operations of input", key="input_operations"):
        row = timings(pipeline.operations, OPERATIONS, key="input_operation_table", rows=10)
        if row is not None:
            to_trace(int(pipeline.operations.iloc[row]["row"]), "Longest call in the trace", "input_operation")
    downloads("tf_data", [("Operations as CSV", "csv", lambda: csv(pipeline.operations))], width="content")

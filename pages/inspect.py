"""Inspect: what is in the logs, file by file, and what is wrong with them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from tbcore import ui
from tbcore.analysis import inspect
from tbcore.charts import theme
from tbcore.names import matcher
from tbcore.ui.tables import KEYS, Column, csv, downloads, table

POINTS = Column("points", "Points", "count")
FIRST_LAST = Column("first_step", "Steps", "steps", "The first and the last, as written.", until="last_step")
SPAN = ("first_step", "last_step")
FAULTS = (
    Column("superseded", "Superseded", "fault", "Points of earlier attempts: a restarted job wrote their steps again."),
    Column("non_finite", "NaN, ∞", "fault", "Scalars that are NaN or infinite."),
)
OUT_OF_ORDER = Column(
    "out_of_order", "Out of order", "fault", "How often a tag's step is less than the one written before it."
)
LEAST_GREATEST = Column(
    "min_step",
    "Min – max",
    "steps",
    "The least and the greatest step; shown where some differ from the first and the last.",
    until="max_step",
    besides=SPAN,
)
TIMES = Column("first_wall_time", "Time", "time", "When the first and the last were logged.", until="last_wall_time")
KINDS = (
    Column("run", "Run", pinned=True, longest=20),
    Column("kind", "Kind", "kind"),
    Column("tags", "Tags", "count"),
    POINTS,
    FIRST_LAST,
    Column(
        "bytes",
        "Bytes",
        "size",
        "What the values take in the files. Of scalars about: all that was read of the files that hold some, records and "
        "tags included, less what values of other kinds take.",
    ),
    OUT_OF_ORDER,
    LEAST_GREATEST,
    *FAULTS,
    TIMES,
)
TAGS = (
    Column("tag", "Tag", "tag", pinned=True),
    Column("kind", "Kind", "kind"),
    POINTS,
    FIRST_LAST,
    Column(
        "bytes", "Bytes", "size", "What the values take in the files. Those of single tags of scalars are not known."
    ),
    OUT_OF_ORDER,
    LEAST_GREATEST,
    *FAULTS,
    TIMES,
    Column("plugin", "Plugin", about="The name that the writer gave to what the values mean."),
)
FILES = (
    Column("run", "Run", pinned=True, longest=20),
    Column("file", "File", "file", longest=22),
    Column("size", "Size", "size"),
    Column("tags", "Tags", "count"),
    POINTS,
    FIRST_LAST,
    Column("problems", "Problems", "fault"),
    OUT_OF_ORDER,
    LEAST_GREATEST,
    Column("records", "Records", "count", "Intact records."),
    Column(
        "waiting", "Unfinished", "loss", "What there is of a last record that is not whole: normal while a job writes."
    ),
    Column(
        "opened",
        "Opened – last write",
        "time",
        "When its writer began it, and the wall time of its latest event.",
        until="last_wall_time",
    ),
)
PROBLEMS = (
    Column("words", "What is wrong", longest=56),
    Column("run", "Run", longest=20),
    Column("offset", "At byte", "count"),
    Column("skipped", "Skipped", "loss"),
    Column("file", "File", "file", longest=22),
)
SESSIONS = (
    Column("run", "Run", pinned=True),
    Column("status", "Mark"),
    Column("step", "Step", "count"),
    Column("wall_time", "Time", "time"),
    Column("about", "Says", longest=90),
)


def parts(view: ui.View) -> list[inspect.Logged]:
    """Return every run as it lies on disk."""
    return [part for run in view.runs for part in run.parts]


@st.cache_data(show_spinner=False, max_entries=8, hash_funcs=KEYS)
def totals(view: ui.View) -> inspect.Totals:
    """Return the numbers of all runs together, those of sub-runs that are folded into others too."""
    return replace(inspect.totals(parts(view), view.problems), runs=len(view.runs))


@st.cache_data(show_spinner=False, max_entries=20_000, hash_funcs=KEYS)
def kind_rows(run: inspect.Logged) -> list[inspect.Row]:
    """Return the rows of one run by kind."""
    return inspect.kind_rows(run)


@st.cache_data(show_spinner=False, max_entries=20_000, hash_funcs=KEYS)
def file_rows(run: inspect.Logged) -> list[inspect.Row]:
    """Return the rows of the files of one run, those of sub-runs that are folded into it after its own."""
    return [{**row, "run": run.name} for part in run.parts for row in inspect.file_rows(part)]


@st.cache_data(show_spinner=False, max_entries=20_000, hash_funcs=KEYS)
def session_rows(run: inspect.Logged) -> list[inspect.Row]:
    """Return the marks of sessions of one run."""
    return inspect.session_rows(run)


@st.cache_data(show_spinner=False, max_entries=64, hash_funcs=KEYS)
def tags_table(run: inspect.Logged, tags: str) -> Any:
    """Return the tags of one run that pass the filter `tags`."""
    return inspect.tags_table(inspect.narrowed(run, matcher(tags)))


def tables_of(runs: Sequence[inspect.Logged]) -> None:
    """Draw the tables of the runs that are selected, of which there are some."""
    st.subheader("By run and kind", anchor="kinds")
    if len(runs) < len(view.runs):
        st.caption(f"Only of the selected runs, {len(runs):,} of {len(view.runs):,}, here and under Files.")
    kinds = inspect.kinds_table(runs, kind_rows)
    if kinds.empty:
        st.markdown("The selected runs hold no values yet.")
    else:
        table(kinds, KINDS, key="kinds_table", rows=16)
        downloads(
            "inspect",
            [
                ("This table as CSV", "csv", lambda: csv(kinds)),
                (
                    "All tables of all runs as JSON",
                    "json",
                    lambda: json.dumps(inspect.document(view.spec, parts(view), view.problems), indent=1).encode(),
                ),
            ],
        )

    marked = [run for run in runs if ("session_log", "__session_log__") in run.series]
    if marked:
        sessions = inspect.sessions_table(marked, session_rows)
        st.subheader("Sessions", anchor="sessions")
        st.caption("Marks that writers leave when training starts, saves a checkpoint, or stops.")
        table(sessions, SESSIONS, key="sessions_table")

    st.subheader("Files", anchor="files")
    files = inspect.files_table(runs, file_rows)
    table(files, FILES, key="files_table")
    downloads("files", [("Files as CSV", "csv", lambda: csv(files))])


@st.fragment
def tags_of_one_run(view: ui.View) -> None:
    """Draw the tags of the run that the visitor chooses."""
    runs = {run.name: run for run in view.runs}
    name = st.selectbox("Run", list(runs), key="run", bind="query-params")
    found = tags_table(runs[name], view.tags)
    if found.empty:
        st.markdown("No tags in this run." if not runs[name].series else "No tag of this run passes the tag filter.")
        return
    table(found, TAGS, key="tags_table", rows=20)
    downloads("tags", [("These tags as CSV", "csv", lambda: csv(found))])


view = ui.view()
selected = view.selected
found = totals(view)

headline = (
    ("Runs", f"{found.runs:,}"),
    ("Files", f"{found.files:,}"),
    ("Points", f"{found.points:,}"),
    ("Size on disk", theme.size(found.bytes)),
    ("Problems", f"{found.problems:,}" if found.problems else "none"),
)
for place, (words, value) in zip(st.columns(len(headline)), headline, strict=True):
    place.metric(words, value)
ui.folding(view)

if found.problems:
    st.subheader("Problems", anchor="problems")
    st.caption("Only the bytes that are skipped are lost: every intact record around them is shown.")
    asked = st.session_state.get("run") or st.query_params.get("run")
    first = sorted(view.runs, key=lambda run: run.name != asked)
    problems = inspect.problems_table(first, view.problems)
    if first[0].name == asked and first[0].problems:
        st.text(f"Those of the run {asked} come first.")
    words = [inspect.sentence(row) for row in problems.to_dict("records")]
    table(problems.assign(words=words), PROBLEMS, key="problems_table")
    downloads("problems", [("Problems as CSV", "csv", lambda: csv(problems))])

if selected:
    tables_of(selected)
else:
    st.markdown("No run is selected: choose some in the sidebar to see what they hold.")

st.subheader("Tags of one run", anchor="tags")
tags_of_one_run(view)

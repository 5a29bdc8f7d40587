"""Inspect: what is in the logs, file by file, and what is wrong with them."""

import json
from typing import Any

import streamlit as st

from tbcore import ui
from tbcore.analysis import inspect
from tbcore.charts import theme
from tbcore.names import matcher
from tbcore.ui.tables import KEYS, Column, csv, downloads, table

NUMBERS = (
    Column("points", "Points", "count"),
    Column("steps", "Steps", "count", "How many different steps the points lie at."),
    Column("first_step", "First step", "step", "The step written first."),
    Column("last_step", "Last step", "step", "The step written last."),
    Column("min_step", "Min step", "step", "The least step."),
    Column("max_step", "Max step", "step", "The greatest step."),
    Column("out_of_order", "Out of order", "fault", "How often a tag's step is less than the one written before it."),
    Column("superseded", "Superseded", "fault", "Points of earlier attempts: a restarted job wrote their steps again."),
    Column("non_finite", "Not finite", "fault", "Scalars that are NaN or infinite."),
    Column("bytes", "Bytes", "size", "What the values take in the files. Scalars are not counted."),
    Column("first_wall_time", "Begins", "time", width=150),
    Column("last_wall_time", "Ends", "time", width=150),
)
KINDS = (
    Column("run", "Run", pinned=True),
    Column("kind", "Kind", "kind", width=120),
    Column("tags", "Tags", "count"),
    *NUMBERS,
)
TAGS = (
    Column("kind", "Kind", "kind", width=120),
    Column("tag", "Tag", pinned=True),
    Column("plugin", "Plugin", about="The name that the writer gave to what the values mean."),
    *NUMBERS,
)
FILES = (
    Column("file", "File", pinned=True),
    Column("size", "Size", "size"),
    Column("records", "Records", "count", "Intact records."),
    Column("problems", "Problems", "fault"),
    Column(
        "waiting", "Unfinished", "fault", "Bytes of a last record that is not whole yet: normal while a job writes."
    ),
    Column("opened", "Opened", "time", "When its writer began it.", width=150),
    Column("last_wall_time", "Last write", "time", "The wall time of the latest event in it.", width=150),
    Column("writer", "Writer", about="As the file says; older writers say nothing."),
    Column("version", "Version"),
)
PROBLEMS = (
    Column("run", "Run", pinned=True),
    Column("reason", "What is wrong", width=480),
    Column("offset", "At byte", "count"),
    Column("skipped", "Bytes skipped", "fault"),
    Column("file", "File"),
)
SESSIONS = (
    Column("run", "Run", pinned=True),
    Column("status", "Mark", width=120),
    Column("step", "Step", "step", width=80),
    Column("wall_time", "Time", "time", width=150),
    Column("about", "Says"),
)


@st.cache_data(show_spinner=False, max_entries=8, hash_funcs=KEYS)
def totals(view: ui.View) -> inspect.Totals:
    """Return the numbers of all runs together."""
    return inspect.totals(view.runs, view.problems)


@st.cache_data(show_spinner=False, max_entries=20_000, hash_funcs=KEYS)
def kind_rows(run: inspect.Logged) -> list[inspect.Row]:
    """Return the rows of one run by kind."""
    return inspect.kind_rows(run)


@st.cache_data(show_spinner=False, max_entries=20_000, hash_funcs=KEYS)
def session_rows(run: inspect.Logged) -> list[inspect.Row]:
    """Return the marks of sessions of one run."""
    return inspect.session_rows(run)


@st.cache_data(show_spinner=False, max_entries=64, hash_funcs=KEYS)
def tags_table(run: inspect.Logged, tags: str) -> Any:
    """Return the tags of one run that pass the filter `tags`."""
    return inspect.tags_table(inspect.narrowed(run, matcher(tags)))


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
hidden = len(view.runs) - len(selected)
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

if found.problems:
    st.subheader("Problems", anchor="problems")
    st.caption("Only the bytes that are skipped are lost: every intact record around them is shown.")
    asked = st.session_state.get("run") or st.query_params.get("run")
    first = sorted(view.runs, key=lambda run: run.name != asked)
    problems = inspect.problems_table(first, view.problems)
    table(problems, PROBLEMS, key="problems_table")
    downloads("problems", [("Problems as CSV", "csv", lambda: csv(problems))])

st.subheader("By run and kind", anchor="kinds")
if hidden:
    st.caption(f"{len(selected):,} of {len(view.runs):,} runs are selected in the sidebar; these are they.")
kinds = inspect.kinds_table(selected, kind_rows)
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
                lambda: json.dumps(inspect.document(view.spec, view.runs, view.problems), indent=1).encode(),
            ),
        ],
    )

marked = [run for run in selected if ("session_log", "__session_log__") in run.series]
if marked:
    sessions = inspect.sessions_table(marked, session_rows)
    st.subheader("Sessions", anchor="sessions")
    st.caption("Marks that writers leave when training starts, saves a checkpoint, or stops.")
    table(sessions, SESSIONS, key="sessions_table")

st.subheader("Files", anchor="files")
files = inspect.files_table(selected)
table(files, FILES, key="files_table")
downloads("files", [("Files as CSV", "csv", lambda: csv(files))])

st.subheader("Tags of one run", anchor="tags")
tags_of_one_run(view)

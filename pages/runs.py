"""Runs: every run of the logdir, what it is doing, what was chosen and what came of it; a few of them compared."""

import time
from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.parts import compare
from pages.parts import sheet as parts
from tbcore import ui
from tbcore.analysis import hparams, inspect, runs, sheets
from tbcore.analysis.measures import Measure
from tbcore.charts import theme
from tbcore.errors import PatternError
from tbcore.ui import sheet as table
from tbcore.ui.tables import KEYS

KEY = "runs_table"
# As the address spells them, too.
NOTHING, TREE, FOLDER, REGEX = GROUPS = ("Nothing", "Sub-runs", "Folder", "Regex")
AVERAGES: dict[str, runs.Average] = {"Mean": "mean", "Median": "median", "Min": "min", "Max": "max"}
HOWS = (("last", 0, "Last"), ("min", 0, "Min"), ("max", 0, "Max"), ("mean", 10, "Mean of last 10"))
# Before the metrics and hyperparameters, and after them.
FIRST = ("about:trials", "about:state", "about:start", "about:duration", "about:steps", "about:rate")
LAST = (
    "about:group", "about:points", "about:bytes", "about:kinds", "about:problems", "about:last", "about:note",
)  # fmt: skip
GROUPS_SEEN = "runs_groups"
OPEN_UP_TO = 60  # rows, up to which groups are open before the visitor folds any
AT_FIRST = 5  # hyperparameters, and metrics, that have a column before the visitor picks any
_LOOK = 10.0  # seconds between looks at who has fallen silent


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs=KEYS)
def experiment(view: ui.View, names: bool) -> hparams.Experiment:
    """Return the sessions of all runs. names: with what the names of runs spell."""
    return hparams.experiment(view.runs, names=names)


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs=KEYS)
def totals(view: ui.View) -> inspect.Totals:
    """Return the numbers of all runs together."""
    return inspect.totals(view.runs, view.problems)


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs=KEYS)
def plain_sheet(view: ui.View, names: bool) -> sheets.Sheet:
    """Return the table of all runs as it was at some moment, without metrics."""
    return runs.sheet(view.runs, experiment(view, names), (), now=time.time())


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs=KEYS)
def run_sheet(view: ui.View, names: bool, keys: tuple[str, ...]) -> sheets.Sheet:
    """Return the same table with the measures that some keys of columns name."""
    measures = [Measure.of(key.removeprefix("m:")) for key in keys if key.startswith("m:")]
    found = [one for one in measures if one is not None]
    return runs.measured(plain_sheet(view, names), view.runs, experiment(view, names), found)


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs=KEYS)
def metrics(view: ui.View, names: bool) -> tuple[sheets.Column, ...]:
    """Return the column of the last value of every scalar tag."""
    found = experiment(view, names)
    return tuple(hparams.metric_column(Measure(tag), found) for tag in dict.fromkeys(one.tag for one in found.metrics))


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs=KEYS)
def usual_columns(view: ui.View, names: bool) -> tuple[str, ...]:
    """Return the columns that are shown before the visitor picks any: those that say something."""
    held = plain_sheet(view, names)
    differing = [column.key for column in held.of("hparam") if sheets.differs(held, column.key)]
    tags = dict.fromkeys(one.tag for one in hparams.usual_measures(experiment(view, names)))
    measures = [f"m:{Measure(tag).spelled}" for tag in tags]
    first, last = ([key for key in some if says_something(held, key)] for some in (FIRST, LAST))
    return (*first, *measures[:AT_FIRST], *differing[:AT_FIRST], *last)


def says_something(held: sheets.Sheet, key: str) -> bool:
    """Return whether a column is worth its room."""
    cells = held.cells.get(key)
    if cells is None:
        return key == runs.RUNS.key  # of groups, which are put together later
    return not cells.missing.all() and (key != "about:problems" or bool(np.any(cells.values > 0)))


def headline(view: ui.View, states: Sequence[str]) -> None:
    """Draw the numbers of all runs together."""
    found = totals(view)
    numbers = (
        ("Runs", f"{found.runs:,}", None),
        ("Running", f"{states.count('running'):,}", "They wrote lately, by their own habit."),
        ("Stalled", f"{states.count('stalled'):,}", "They fell silent, and nothing says that they came to their end."),
        ("Points", f"{found.points:,}", None),
        ("Size on disk", theme.size(found.bytes), None),
    )
    for place, (words, value, about) in zip(st.columns(len(numbers)), numbers, strict=True):
        place.metric(words, value, help=about)


@st.fragment(run_every=_LOOK)
def look_again(view: ui.View, names: bool, states: Sequence[str]) -> None:
    """Draw the page again when a run has fallen silent: nothing is written then that would."""
    if list(states) != runs.states(view.runs, experiment(view, names), now=time.time()):
        st.rerun()


def put_together(listed: sheets.Sheet, how: str) -> runs.Tree:
    """Draw what there is to say of how the runs are put together, and return them so."""
    if how == NOTHING:
        return runs.flat(listed)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        labels: list[str] = []
        if how == FOLDER:
            deep = st.number_input("Folders", 1, 20, 1, key="folders", bind="query-params", width=120)
            labels = runs.folders(listed.names, int(deep))
        elif how == REGEX:
            labels = captured(listed.names)
        average = AVERAGES[
            st.selectbox("Metrics of a group", AVERAGES, key="group_average", bind="query-params", width=150)
        ]
    return runs.nested(listed, average=average) if how == TREE else runs.grouped(listed, labels, average=average)


def captured(names: Sequence[str]) -> list[str]:
    """Draw the field of the regular expression and return the group of each name; a wrong one leaves the last good one."""
    with st.container(width="stretch", gap="xxsmall"):
        typed = st.text_input(
            "What the groups of a regex capture", key="by", bind="query-params", placeholder=r"lr=([\d.]+)",
            help="Runs of which the parentheses capture the same text are put together; those it does not match stay alone.",
        )  # fmt: skip
        last: str = st.session_state.get("by_last", "")
        try:
            found = runs.captures(names, typed) if typed else [""] * len(names)
        except PatternError as error:
            st.caption(f":red[Not a regular expression: {ui.plain(str(error).split(': ', 1)[-1])}]")
            return runs.captures(names, last) if last else [""] * len(names)
    st.session_state["by_last"] = typed
    return found


def fold_many(tree: runs.Tree, folded: Sequence[str]) -> None:
    """Fold each group when it is first seen among many rows, so that the groups themselves are; then the visitor's word counts."""
    seen: set[str] = st.session_state.setdefault(GROUPS_SEEN, set())
    groups = {tree.sheet.names[row] for row in np.unique(tree.parent[tree.parent >= 0])}
    if len(tree.sheet) > OPEN_UP_TO and groups - seen:
        table.change(KEY, folded=(*folded, *sorted(groups - seen)))
        seen |= groups


def draw_table(view: ui.View, tree: runs.Tree, whole: sheets.Sheet, usual: Sequence[str], names: bool) -> None:
    """Draw the runs."""
    by_name = {run.name: run for run in view.runs}
    shown = [column.key for column in tree.sheet.of("metric")]
    measures = {key: measure for key in shown if (measure := Measure.of(key.removeprefix("m:"))) is not None}

    def curve(tag: str) -> parts.Spark:
        def of_row(row: int) -> NDArray[np.float32] | None:
            run = by_name.get(tree.sheet.names[row])
            return None if run is None else parts.spark(run.series.get(("scalars", tag)))

        return of_row

    parts.draw(
        view,
        tree.sheet,
        whole=whole,
        key=KEY,
        usual=usual,
        offered=metrics(view, names),
        choices={
            key: [(words, f"m:{Measure(one.tag, how=how, number=number).spelled}") for how, number, words in HOWS]
            for key, one in measures.items()
        },
        sparks={key: curve(one.tag) for key, one in measures.items()},
        depth=tree.depth if tree.depth.any() else None,
        parent=tree.parent if tree.depth.any() else None,
        name="runs",
    )


@st.fragment
def beside_each_other(view: ui.View, names: bool, now: float) -> None:
    """Draw the comparison of a few runs; ticking rows draws nothing of it until its button is pressed."""
    st.subheader("Compare", anchor="compare")
    beside = compare.chosen(view, lambda: table.sheet_state(KEY).chosen)
    if beside:
        compare.comparison(
            view, beside, lambda some, measures: runs.sheet(some, experiment(view, names), measures, now=now)
        )


view = ui.view()
now = time.time()
state = table.sheet_state(KEY)
heading = st.container()
with st.container(horizontal=True, vertical_alignment="bottom"):
    how = st.segmented_control(
        "Group by", GROUPS, default=NOTHING, key="group", bind="query-params", required=True, width="content"
    )
    few = st.toggle("Only selected runs", key="selected", bind="query-params", help="Those of the sidebar, not all.")
    by_name = st.toggle(
        "Hyperparameters from names", key="names", bind="query-params",
        help="Read what names such as lr=0.1,bs=32 say, where nothing else does.",
    )  # fmt: skip
ui.folding(view)
states = runs.states(view.runs, experiment(view, by_name), now=now)
with heading:
    headline(view, states)
    look_again(view, by_name, states)

usual = usual_columns(view, by_name)
keys = (*parts.keys(state, usual), *(one.key for one in state.filters))
measured = tuple(dict.fromkeys(key for key in keys if key.startswith("m:")))
whole = parts.judged(runs.stated(run_sheet(view, by_name, measured), states), state)
if few:
    whole = sheets.only(whole, np.array(view.shown, np.bool_))
tree = put_together(parts.listed(whole, state), how)
fold_many(tree, state.folded)
draw_table(view, tree, whole, usual, by_name)

beside_each_other(view, by_name, now)

"""Two graphs as one picture: what was added, what was removed, and what is not the same any more."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st

from pages.parts import graph_details, graph_picture
from pages.parts import graph_source as source
from pages.parts.graph_source import MARKS, Pick, Read
from tbcore import ui
from tbcore.analysis import graph_compare as analysis
from tbcore.analysis import graph_scopes
from tbcore.errors import FormatError
from tbcore.ui import bound
from tbcore.ui import graph as state
from tbcore.ui.components.graph import graph as drawing
from tbcore.ui.tables import downloads

KEY = "graph_differences"
LIST = f"{KEY}_list"
OPENED = 30  # nodes that differ, up to which all are shown at first
LISTED = 200  # of each sort that the page lists; the download holds all
SIGNS = {"added": ":green[**+**]", "removed": ":red[**−**]", "changed": ":orange[**~**]"}


@dataclass(frozen=True)
class Both:
    """Two graphs that were compared: how they differ, the two as one, what is open at first, words by box."""

    difference: analysis.Difference
    merged: analysis.Merged
    read: Read
    words: dict[str, tuple[str, ...]]

    @property
    def all(self) -> list[tuple[str, analysis.Change]]:
        """Return every difference and its sort."""
        found = self.difference
        sorts = (("added", found.added), ("removed", found.removed), ("changed", found.changed))
        return [(sort, one) for sort, some in sorts for one in some]


def compare(view: ui.View, found: Read) -> None:
    """Draw the choice of another graph, and how `found` differs from it."""
    others = {pick.key: pick for pick in source.picks(view) if pick.key != found.pick.key}
    if not others:
        st.markdown("There is no other graph to compare this one with: select more runs, or open a file.")
        return
    key = bound.select(
        "Compared with", list(others), lambda one: source.spelled(others[one].title), key="graph_other", width=360,
        help="What the graph above has in addition is added, what only this one has is removed.",
    )  # fmt: skip
    try:
        other = source.read(others[key])
    except FormatError as error:
        st.error(f"{ui.plain(others[key].title)} cannot be read: {ui.plain(str(error))}")
        return
    differences(other, found)


@st.cache_resource(show_spinner="Comparing the graphs …", max_entries=4, hash_funcs=MARKS)
def both(before: Read, after: Read) -> Both:
    """Return how a graph differs from the one before, and the two as one."""
    difference = analysis.compare(before.tree, after.tree)
    merged = analysis.merged(before.tree, after.tree, difference)
    mark = f"{before.pick.mark}\n{after.pick.mark}"
    pick = Pick(mark, "", mark, lambda: merged.tree.graph)
    words = {one.id: one.what for one in difference.changed}
    differing = [
        box
        for box, sort in merged.marks.items()
        # What is set aside beside another box stays there.
        if sort != "inside" and not any(map(merged.tree.role, (box, *merged.tree.ancestors(box))))
    ]
    first = graph_scopes.first(merged.tree) | graph_scopes.opening(merged.tree, differing[:OPENED])
    return Both(difference, merged, Read(pick, merged.tree.graph, merged.tree, first, after.counts), words)


@st.fragment
def differences(before: Read, after: Read) -> None:
    """Draw two graphs as one, with what differs marked, and the list of it."""
    found = both(before, after)
    tree, key = found.merged.tree, found.read.pick.key
    titles = f"{before.pick.key}\n{after.pick.key}"
    now = state.taken(key, KEY, lambda box: graph_scopes.opening(tree, [box]))
    totals(before, after, found.difference)
    if not found.all:
        st.markdown("The two graphs are the same: every node has its counterpart, built and wired alike.")
    left, right = st.columns([3, 1], gap="medium")
    with left:
        seen = graph_scopes.visible(tree, now.of(found.read.first), now.split)
        looks = graph_picture.Looks(changes=found.merged.marks)
        drawing(graph_picture.picture(tree, seen, looks), key=KEY, selected=now.node, height=620, graph=titles)
        graph_picture.exports("graph_comparison", tree, seen, looks)
    with right:
        beside(found, now)
    if found.all:
        listed(found)
    state.keep(key, now)
    state.remember(now)


def totals(before: Read, after: Read, difference: analysis.Difference) -> None:
    """Draw how many nodes differ, and what the parameters are on both sides."""
    counts = {
        "Added": len(difference.added),
        "Removed": len(difference.removed),
        "Changed": len(difference.changed),
        "Same": difference.same,
    }
    with st.container(horizontal=True, gap="large"):
        for words, count in counts.items():
            st.metric(words, f"{count:,}", width="content")
        old, new = (source.layers(one).totals for one in (before, after))
        if old.parameters or new.parameters:
            # Of sums that leave out layers the difference says nothing.
            change = 0 if old.unknown or new.unknown else new.parameters - old.parameters
            st.metric(
                "Parameters",
                graph_details.summed(new),
                f"{change:+,}" if change else None,
                delta_color="off",
                width="content",
            )


def beside(found: Both, now: state.Opened) -> None:
    """Draw how the selected box differs, and what is known of it."""
    tree = found.merged.tree
    box = tree.box(now.node) if now.node else None
    if box is None:
        st.caption("What was added is green, what was removed red, what changed orange.")
        return
    sort = found.merged.marks.get(box.id, "")
    if sort in SIGNS:
        st.markdown(f"{SIGNS[sort]} {sort}")
    elif sort == "inside":
        st.caption("Something inside differs.")
    else:
        st.caption("Nothing here differs.")
    for words in found.words.get(box.id, ()):
        st.markdown(f"- {ui.plain(words)}")
    graph_details.details(found.read, box, None, None, lambda one: go(found, one))


def go(found: Both, box: str) -> None:
    """Select a box, and open what it lies in."""
    key = found.read.pick.key
    now = state.opened(key).revealed(graph_scopes.opening(found.merged.tree, [box]))
    state.keep(key, replace(now, node=box))


def listed(found: Both) -> None:
    """Draw the list of what differs, and a button that downloads it."""
    some = shortest(found.all)
    rows = [{"difference": sort, "node": one.name, "what": "; ".join(one.what)} for sort, one in some]
    st.caption("A row that is ticked is shown in the picture; a click on a title sorts.")
    st.dataframe(
        rows,
        key=LIST,
        hide_index=True,
        on_select=partial(pressed, found, [one.id for _sort, one in some]),
        selection_mode="single-row",
        height="content" if len(rows) <= 12 else 400,
        column_config={
            "difference": st.column_config.TextColumn("Difference", width="small"),
            "node": st.column_config.TextColumn("Node"),
            "what": st.column_config.TextColumn("What differs", width="large"),
        },
    )
    if len(rows) < len(found.all):
        st.caption(f"{len(rows):,} of {len(found.all):,} differences; the download holds all.")
    downloads("graph_differences", [("CSV", "csv", lambda: written(found.all))], width="content")


def pressed(found: Both, ids: Sequence[str]) -> None:
    """Select the box of the row that was ticked."""
    rows = st.session_state[LIST].selection.rows
    if rows and rows[0] < len(ids):
        go(found, ids[rows[0]])


def shortest(some: Sequence[tuple[str, analysis.Change]]) -> list[tuple[str, analysis.Change]]:
    """Return the first differences of each sort."""
    found: dict[str, list[tuple[str, analysis.Change]]] = {}
    for sort, one in some:
        found.setdefault(sort, []).append((sort, one))
    return [row for rows in found.values() for row in rows[:LISTED]]


def written(some: Sequence[tuple[str, analysis.Change]]) -> bytes:
    """Return the differences as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["difference", "node", "what"])
    writer.writerows([sort, one.name, "; ".join(one.what)] for sort, one in some)
    return text.getvalue().encode()

"""Graph: the model as it was logged, from its blocks down to single operations."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from pages.parts import graph_compare, graph_details, graph_layers, graph_picture
from pages.parts import graph_source as source
from pages.parts.graph_source import Pick, Read
from tbcore import ui
from tbcore.analysis import graph_colors, graph_scopes, graphs
from tbcore.analysis.graph_layers import LayerTable
from tbcore.charts import graph_paint
from tbcore.errors import FormatError, PatternError
from tbcore.ui import bound
from tbcore.ui import graph as state
from tbcore.ui.components.graph import graph as drawing

KEY = "graph_picture"
LOOKS = {"picture": "Graph", "layers": "Layers", "compare": "Compare"}
PAINTS = {
    "none": "Nothing",
    "structure": "Structure",
    "op": "Operation",
    "device": "Device",
    "parameters": "Parameters",
    "time": "Compute time",
    "memory": "Memory",
}
PAINTED = {
    "structure": "Parts of equal colour are built alike.",
    "parameters": "On a logarithmic scale.",
    "time": "On a logarithmic scale; of a scope the sum of what is inside.",
    "memory": "On a logarithmic scale; of a scope the sum of what is inside.",
}
WAYS = {"none": "Nothing", "in": "Path to inputs", "out": "Path to outputs", "both": "Both paths"}
FOUND = 500  # boxes that a search may find
OPENED = 40  # boxes that are found, up to which all are shown and listed
LINE = 60  # letters of a name in a list
CRUMBS = 5  # boxes of the way to the selected one that are shown: the outermost, and the last


# What is chosen ------------------------------------------------------------------------------------------------------


def chosen(view: ui.View) -> tuple[Pick | None, str]:
    """Draw the choice of a graph and of how to look at it, and return them."""
    found = {pick.key: pick for pick in source.picks(view)}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        key = ""
        if found:
            key = bound.select(
                "Graph", list(found), lambda one: source.spelled(found[one].title), key="graph", width=360
            )
        look = bound.segments("View", LOOKS, key="graph_look", label_visibility="collapsed")
        with st.popover("Open a file", icon=":material/upload_file:"):
            brought = source.bring()
    if brought is not None:
        bound.choose("graph", [brought.key])
        st.rerun()
    return found.get(key), look


def measured(view: ui.View, pick: Pick) -> Pick | None:
    """Draw the choice of what was measured, where there is any, and return it."""
    found = {one.source.title: one for one in source.costs(view, pick) if one.source is not None}
    if not found:
        return None
    title = bound.select("Measured at", list(found), str, key="graph_costs", width=130)
    try:
        source.spent(found[title])
    except FormatError as error:
        st.caption(f":orange[{ui.plain(str(error))}]")
        return None
    return found[title]


# The picture ---------------------------------------------------------------------------------------------------------


@st.fragment
def picture(view: ui.View, found: Read) -> None:
    """Draw the picture with what belongs to it; what the visitor does in it runs only this again."""
    now = state.taken(found.pick.key, KEY, lambda box: graph_scopes.opening(found.tree, [box]))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        pattern = st.text_input(
            "Search (regex)", key="graph_find", bind="query-params", placeholder="name or operation", width=190
        )
        by = bound.select("Colour by", list(PAINTS), PAINTS.__getitem__, key="graph_color", width=140)
        way = bound.select(
            "Highlight", list(WAYS), WAYS.__getitem__, key="graph_way", width=150,
            help="What the selected box is computed from, and what is computed from it.",
        )  # fmt: skip
        told = measured(view, found.pick)
        findings(found, told)
    hits = searched(found, pattern)
    now = shown(found, now, pattern, hits)
    stepping(found, now, hits)
    seen = graph_scopes.visible(found.tree, now.of(found.first), now.split)
    layers = source.layers(found)
    costs = source.spent(told) if told is not None else {}
    paint = graph_colors.paint(found.tree, seen, by, costs=costs, parameters=source.parameters(found))
    looks, legend = graph_picture.painted(seen, paint)
    left, right = st.columns([3, 1], gap="medium")
    with left:
        crumbs(found, now)
        drawing(
            graph_picture.picture(found.tree, seen, looks),
            key=KEY,
            selected=now.node,
            path=graph_picture.standing_out(found, seen, now.node, way, [*hits, *marked(found.pick.key, now.node)]),
            height=660,
            graph=found.pick.key,
        )
        graph_picture.exports("graph", found.tree, seen, looks)
    with right:
        legend_of(by, legend, costs)
        if way != "none" and not now.node:
            st.caption("Select a box to see its path.")
        beside(found, now, layers, costs, told)
    state.keep(found.pick.key, now)
    state.remember(now)


def searched(found: Read, pattern: str) -> list[str]:
    """Return the boxes that a pattern finds, and say so when it finds none."""
    if not pattern:
        return []
    try:
        hits = graph_scopes.find(found.tree, pattern, FOUND)
    except PatternError as error:
        st.caption(f":red[Not a regular expression: {ui.plain(str(error).split(': ', 1)[-1])}]")
        return []
    if not hits:
        st.caption(":orange[Nothing found]")
    return hits


def shown(found: Read, now: state.Opened, pattern: str, hits: list[str]) -> state.Opened:
    """Return what is open with what was searched for in sight, the first of it selected.

    Once for each search, so that the visitor can close again what it opened.
    """
    before, search = st.session_state.get("graph_found"), (found.pick.key, pattern)
    if before == search:
        return now
    st.session_state["graph_found"] = search
    now = now.revealed(graph_scopes.opening(found.tree, hits[:OPENED]))
    # An address may name a box besides.
    return replace(now, node=hits[0]) if hits and (before is not None or not now.node) else now


def stepping(found: Read, now: state.Opened, hits: list[str]) -> None:
    """Draw how many boxes a search found, with buttons to go from one to the next, and the list of them."""
    if not hits:
        return
    place = hits.index(now.node) if now.node in hits else -1
    many = f"{FOUND:,} or more" if len(hits) >= FOUND else f"{len(hits):,}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"{place + 1:,} of {many} found" if place >= 0 else f"{many} found", width="content")
        for words, sign, to in (("Previous", "chevron_left", max(place, 0) - 1), ("Next", "chevron_right", place + 1)):
            st.button(
                words, key=f"graph_{words.lower()}", icon=f":material/{sign}:", type="tertiary",
                on_click=go, args=(found.pick.key, hits[to % len(hits)], found), disabled=len(hits) == 1 and place == 0,
            )  # fmt: skip
        with st.popover("List", type="tertiary"):
            for number, one in enumerate(hits[:OPENED]):
                st.button(
                    ui.plain(graph_details.ended(one, LINE)), key=f"graph_hit_{number}", type="tertiary",
                    on_click=go, args=(found.pick.key, one, found),
                )  # fmt: skip
            if len(hits) > OPENED:
                st.caption(f"The first {OPENED} of {many}; a narrower pattern finds fewer.")


def go(key: str, box: str, found: Read) -> None:
    """Select a box, and open what it lies in."""
    now = state.opened(key).revealed(graph_scopes.opening(found.tree, [box]))
    state.keep(key, replace(now, node=box))


def legend_of(by: str, legend: graph_picture.Legend, costs: Mapping[str, graphs.Cost]) -> None:
    """Draw what the colours mean, or why there are none."""
    if by in ("time", "memory") and not costs:
        st.caption("Nothing was measured of this graph: its writer logged no run metadata with it.")
    elif by == "parameters" and legend.most <= 0:
        st.caption("No parameters are known of this graph.")
    elif by != "none" and legend.most <= 0 and not any(one.color != graph_paint.REST for one in legend.entries):
        st.caption("Nothing here is built alike." if by == "structure" else "The graph does not say.")
    else:
        graph_picture.draw_legend(legend, PAINTED.get(by, ""))


def crumbs(found: Read, now: state.Opened) -> None:
    """Draw where the selected box lies; a press selects what it lies in."""
    known = bool(now.node) and found.tree.box(now.node) is not None
    way = [*found.tree.ancestors(now.node), now.node] if known else []
    if len(way) > CRUMBS:
        way = [way[0], *way[1 - CRUMBS :]]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for place, one in enumerate(["", *way]):
            box = found.tree.box(one) if one else None
            words = "All" if box is None else f"› {ui.plain(graph_picture.shortened(box.label))}"
            st.button(
                words, key=f"graph_crumb_{place}", type="tertiary", disabled=one == now.node,
                on_click=go, args=(found.pick.key, one, found),
            )  # fmt: skip
        if now.opened or now.shut or now.split:
            st.button(
                "Reset", key="graph_reset", type="tertiary", icon=":material/restart_alt:",
                help="Open and close boxes as they were at first.", on_click=reset, args=(found.pick.key,),
            )  # fmt: skip
    if now.node and not known:
        st.caption(f":orange[Not in this graph: {ui.plain(graph_picture.shortened(now.node))}]")


def beside(
    found: Read, now: state.Opened, layers: LayerTable, costs: Mapping[str, graphs.Cost], told: Pick | None
) -> None:
    """Draw what is known of the selected box, or of the whole graph."""
    box = found.tree.box(now.node) if now.node else None
    if box is None:
        graph_details.whole(found, layers)
        return
    with st.container(horizontal=True, gap="small"):
        if box.children:
            opened = box.id in now.of(found.first)
            st.button(
                "Close" if opened else "Open", key="graph_toggle", on_click=turn, args=(found, box.id, not opened)
            )
        if box.kind == "series":
            st.button("Show one by one", key="graph_split", on_click=split, args=(found, box.id))
    node = found.tree.nodes[box.node] if box.node >= 0 else None
    graph_details.details(
        found,
        box,
        graph_details.layer_of(layers, box.id),
        costs.get(node.name) if node is not None else None,
        lambda one: go(found.pick.key, one, found),
        source.sums(found, told),
    )


def reset(key: str) -> None:
    """Open and close boxes as they were at first."""
    state.keep(key, state.Opened())


def turn(found: Read, box: str, to_open: bool) -> None:
    """Open or close a box."""
    state.keep(found.pick.key, state.opened(found.pick.key).toggled(box, to_open))


def split(found: Read, box: str) -> None:
    """Show the members of a series one by one."""
    now = state.opened(found.pick.key)
    state.keep(found.pick.key, replace(now, split=(*now.split, box), node=""))


def findings(found: Read, told: Pick | None) -> None:
    """Draw what is worth telling of the graph, behind a button that says how much it is."""
    some = source.findings(found, told)
    if not some:
        return
    warned = any(one.level == "warning" for one in some)
    words = "1 finding" if len(some) == 1 else f"{len(some):,} findings"
    with st.popover(words, icon=":material/warning:" if warned else ":material/lightbulb:", width="content"):
        for place, one in enumerate(some):
            sign = ":orange[:material/warning:]" if one.level == "warning" else ":gray[:material/info:]"
            st.markdown(f"{sign} **{ui.plain(one.title)}**  \n{ui.plain(one.words)}")
            if one.ids:
                st.button(
                    "Show", key=f"graph_finding_{place}", type="tertiary", on_click=point, args=(found, one.ids),
                )  # fmt: skip


def point(found: Read, ids: tuple[str, ...]) -> None:
    """Select the first of some boxes, with all of them in sight and standing out."""
    key = found.pick.key
    state.keep(key, state.opened(key).revealed(graph_scopes.opening(found.tree, ids[:OPENED])))
    go(key, ids[0], found)
    st.session_state["graph_marked"] = (key, ids)


def marked(key: str, node: str) -> tuple[str, ...]:
    """Return the boxes of the finding that was shown last, as long as the first of them is selected."""
    of, ids = st.session_state.get("graph_marked", ("", ()))
    return ids if of == key and node and node == ids[0] else ()


# The page ------------------------------------------------------------------------------------------------------------


def page(view: ui.View) -> None:
    """Draw the view of the graph that is chosen."""
    pick, look = chosen(view)
    if pick is None:
        ui.nothing_selected("graph")
        return
    try:
        found = source.read(pick)
    except FormatError as error:
        st.error(f"{ui.plain(pick.title)} cannot be read: {ui.plain(str(error))}")
        return
    if look == "layers":
        graph_layers.layers(found)
    elif look == "compare":
        graph_compare.compare(view, found)
    elif not found.graph.nodes:
        st.markdown("This graph has no nodes: its writer logged an empty one.")
    else:
        picture(view, found)


view = ui.view()
sources, problems = source.logged(view)
for problem in problems[:5]:
    st.caption(f":orange[{ui.plain(problem)}]")
if not sources and not source.uploads():
    ui.no_data("graphs", "graphs")
    if source.bring() is not None:
        st.rerun()
    st.stop()
page(view)

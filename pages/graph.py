"""Graph: the model as it was logged, from its blocks down to single operations."""

from dataclasses import replace

import streamlit as st

from pages.parts import graph_compare, graph_details, graph_layers, graph_picture
from pages.parts import graph_source as source
from pages.parts.graph_source import Pick, Read
from tbcore import ui
from tbcore.analysis import graph_colors, graph_scopes, graphs
from tbcore.analysis.graph_layers import LayerTable
from tbcore.charts import graph as charts
from tbcore.charts import graph_paint
from tbcore.errors import FormatError, PatternError
from tbcore.ui import bound
from tbcore.ui import graph as state
from tbcore.ui.components.graph import graph as drawing
from tbcore.ui.tables import downloads

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
WAYS = {"none": "Nothing", "in": "Way to inputs", "out": "Way to outputs", "both": "Both ways"}
FOUND = 500  # boxes that a search may find
OPENED = 40  # boxes that are found, up to which all are shown


# What is chosen ------------------------------------------------------------------------------------------------------


def chosen(view: ui.View) -> Pick | None:
    """Draw the choice of a graph, and return it."""
    found = {pick.key: pick for pick in source.picks(view)}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        key = ""
        if found:
            key = bound.select("Graph", list(found), lambda one: found[one].title, key="graph", width=340)
        look = bound.segments("View", LOOKS, key="graph_look", label_visibility="collapsed")
        with st.popover("Open a file", icon=":material/upload_file:"):
            brought = source.bring()
    if brought is not None:
        bound.choose("graph", [brought.key])
        st.rerun()
    st.session_state["graph_look_now"] = look
    return found.get(key)


def measured(view: ui.View, pick: Pick) -> dict[str, graphs.Cost]:
    """Draw the choice of what was measured, where there is any, and return it."""
    found = {one.title: one for one in source.costs(view, pick)}
    if not found:
        return {}
    title = bound.select("Measured at", list(found), str, key="graph_costs", width=130)
    try:
        return graphs.load_costs(found[title])
    except FormatError as error:
        st.caption(f":orange[{ui.plain(str(error))}]")
        return {}


# The picture ---------------------------------------------------------------------------------------------------------


@st.fragment
def picture(view: ui.View, found: Read) -> None:
    """Draw the picture with what belongs to it; what the visitor does in it runs only this again."""
    now = state.taken(found.pick.key, KEY, lambda box: graph_scopes.opening(found.tree, [box]))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        pattern = st.text_input(
            "Search (regex)", key="find", bind="query-params", placeholder="name or operation", width=190
        )
        by = bound.select("Colour by", list(PAINTS), PAINTS.__getitem__, key="graph_color", width=140)
        way = bound.select(
            "Highlight", list(WAYS), WAYS.__getitem__, key="graph_way", width=150,
            help="What the selected box is computed from, and what is computed from it.",
        )  # fmt: skip
        costs = measured(view, found.pick)
        findings(found)
    hits = searched(found, pattern)
    if st.session_state.get("graph_found") != (found.pick.key, pattern):
        # Once for each search, so that the visitor can close again what it opened.
        st.session_state["graph_found"] = (found.pick.key, pattern)
        now = now.revealed(graph_scopes.opening(found.tree, hits[:OPENED]))
    seen = graph_scopes.visible(found.tree, now.of(found.first), now.split)
    layers = source.layers(found)
    paint = graph_colors.paint(found.tree, seen, by, costs=costs, parameters=source.parameters(found))
    looks, legend = graph_picture.painted(seen, paint)
    left, right = st.columns([3, 1], gap="medium")
    with left:
        crumbs(found, now)
        drawing(
            graph_picture.picture(found.tree, seen, looks),
            key=KEY,
            selected=now.node,
            path=graph_picture.standing_out(found, seen, now.node, way, hits),
            height=660,
        )
        legend_of(by, legend, costs)
        exports(found, seen, looks)
    with right:
        beside(found, now, layers, costs)
    state.keep(found.pick.key, now)
    state.remember(now)


def searched(found: Read, pattern: str) -> list[str]:
    """Return the boxes that a pattern finds, and say how many."""
    if not pattern:
        return []
    try:
        hits = graph_scopes.find(found.tree, pattern, FOUND)
    except PatternError as error:
        st.caption(f":red[Not a regular expression: {ui.plain(str(error).split(': ', 1)[-1])}]")
        return []
    more = f"; the first {OPENED} are opened" if len(hits) > OPENED else ""
    count = f"{FOUND:,} or more" if len(hits) >= FOUND else f"{len(hits):,}"
    st.caption(f"{count} found{more}" if hits else ":orange[Nothing is called so]")
    return hits


def go(key: str, box: str, found: Read) -> None:
    """Select a box, and open what it lies in."""
    now = state.opened(key).revealed(graph_scopes.opening(found.tree, [box]))
    state.keep(key, replace(now, node=box))


def legend_of(by: str, legend: graph_picture.Legend, costs: dict[str, graphs.Cost]) -> None:
    """Draw what the colours mean, or why there are none."""
    if by in ("time", "memory") and not costs:
        st.caption("Nothing was measured of this graph: its writer logged no run metadata with it.")
    elif by == "parameters" and legend.most <= 0:
        st.caption("No parameters are known of this graph.")
    elif by != "none" and legend.most <= 0 and not any(one.color != graph_paint.REST for one in legend.entries):
        st.caption("Nothing here is built alike." if by == "structure" else "The graph does not say.")
    else:
        graph_picture.draw_legend(legend, PAINTED.get(by, ""))


def exports(found: Read, seen: graph_scopes.Seen, looks: graph_picture.Looks) -> None:
    """Draw the buttons that download what is seen; the picture itself has one for PNG."""
    shapes = graph_picture.shapes(found.tree, seen, looks)
    downloads(
        "graph",
        [
            ("SVG", "svg", lambda: charts.svg(charts.picture(*shapes), dark=False).encode()),
            ("DOT", "dot", lambda: charts.dot(*shapes).encode()),
        ],
        width="content",
    )


def crumbs(found: Read, now: state.Opened) -> None:
    """Draw where the selected box lies; a press selects what it lies in."""
    ancestors = found.tree.ancestors(now.node) if now.node and found.tree.box(now.node) is not None else ()
    with st.container(horizontal=True, vertical_alignment="center", gap=None):
        st.button(
            "All",
            key="graph_crumb",
            type="tertiary",
            on_click=go,
            args=(found.pick.key, "", found),
            disabled=not now.node,
        )
        for place, one in enumerate([*ancestors, *([now.node] if ancestors or now.node else [])]):
            box = found.tree.box(one)
            if box is not None:
                st.markdown(":gray[›]", width="content")
                st.button(
                    ui.plain(graph_picture.shortened(box.label)),
                    key=f"graph_crumb_{place}",
                    type="tertiary",
                    on_click=go,
                    args=(found.pick.key, one, found),
                )


def beside(found: Read, now: state.Opened, layers: LayerTable, costs: dict[str, graphs.Cost]) -> None:
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
    )


def turn(found: Read, box: str, to_open: bool) -> None:
    """Open or close a box."""
    state.keep(found.pick.key, state.opened(found.pick.key).toggled(box, to_open))


def split(found: Read, box: str) -> None:
    """Show the members of a series one by one."""
    now = state.opened(found.pick.key)
    state.keep(found.pick.key, replace(now, split=(*now.split, box), node=""))


def findings(found: Read) -> None:
    """Draw what is worth telling of the graph, behind a button that says how much it is."""
    some = source.findings(found)
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
                    "Show", key=f"graph_finding_{place}", type="tertiary", on_click=go,
                    args=(found.pick.key, one.ids[0], found),
                )  # fmt: skip


# The page ------------------------------------------------------------------------------------------------------------


def page(view: ui.View) -> None:
    """Draw the view of the graph that is chosen."""
    pick = chosen(view)
    if pick is None:
        ui.nothing_selected("graph")
        return
    try:
        found = source.read(pick)
    except FormatError as error:
        st.error(f"{ui.plain(pick.title)} cannot be read: {ui.plain(str(error))}")
        return
    look = st.session_state["graph_look_now"]
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

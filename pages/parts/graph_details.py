"""What is known of one box of a graph, and of the whole while none is selected."""

import json
from collections.abc import Callable, Mapping, Sequence
from html import escape

import streamlit as st

from pages.parts.facts import facts
from pages.parts.graph_picture import shortened, tops
from pages.parts.graph_source import Read
from tbcore import ui
from tbcore.analysis import graph_layers, graph_scopes
from tbcore.analysis.graph_scopes import Box, Link
from tbcore.analysis.graphs import Cost, Node, Output
from tbcore.charts import theme

LISTED = 8  # links, ops that are seen at once
FORMATS = {"graphdef": "TensorFlow", "torch": "PyTorch", "onnx": "ONNX"}
_CARRIED = "margin-top:-9px;font-size:0.75rem;opacity:.65"
SHORT = 60  # letters of an attribute that stand in a line
LINE = 22  # letters of a name in a line
Go = Callable[[str], None]  # selects a box


def whole(found: Read, layers: graph_layers.LayerTable) -> None:
    """Draw what is known of the whole graph."""
    counts, graph = found.counts, found.graph
    # PyTorch never logs the modules that its parameters are taken from.
    missing = counts.dangling if graph.form != "torch" else 0
    known = {
        "Nodes": f"{counts.nodes:,}",
        "Edges": f"{counts.edges:,}",
        "Functions": f"{counts.functions:,}" if counts.functions else "",
        "Missing inputs": f"{missing:,}" if missing else "",
        "Parameters": summed(layers.totals) if layers.totals.parameters else "",
        "Format": FORMATS.get(graph.form, ""),
        "Written by": graph.producer,
    }
    st.markdown("**The whole graph**")
    facts(known)
    for problem in graph.problems[:5]:
        st.caption(f":orange[{ui.plain(problem)}]")
    ops = [(name, count) for name, count in tops(counts.ops, LISTED) if name]
    if ops:
        st.caption("Most frequent operations")
        facts({shortened(name): f"{count:,}" for name, count in ops})
    st.caption("A click selects a box, a double click opens or closes it. Small circles are constants and parameters.")


def details(
    found: Read,
    box: Box,
    layer: graph_layers.Layer | None,
    cost: Cost | None,
    go: Go,
    sums: Mapping[str, Mapping[str, float]] | None = None,
) -> None:
    """Draw what is known of one box. go: selects another one; sums: of boxes, as `graph_source.sums` returns them."""
    st.markdown(f"**{ui.plain(shortened(box.label))}**")
    node = found.tree.nodes[box.node] if box.node >= 0 else None
    name = box.id if node is None else node.name
    if name != box.label:
        st.caption(ui.plain(name if len(name) <= 300 else f"{name[:200]}…{name[-99:]}"))
    known = {"Operation" if box.kind == "op" else "Type": box.type}
    if node is None:
        known["Operations inside"] = f"{box.count:,}"
    else:
        known |= {
            "Layer": node.module if node.module != box.type else "",
            "Device": node.device,
            "Constant": theme.size(node.size) if node.size else "",
            "Output": "\n".join(spelled(one) for one in node.outputs),
        }
    if node is None and sums is not None:
        known |= {
            "Parameters": counted(int(sums["parameters"].get(box.id, 0)) or None),
            "Time inside": theme.duration(sums["time"][box.id]) if box.id in sums["time"] else "",
            "Memory inside": theme.size(sums["memory"][box.id]) if box.id in sums["memory"] else "",
        }
    if layer is not None:
        known |= {
            "Output": spelled(layer.output) if layer.output is not None and node is None else "",
            "Parameters": counted(layer.parameters),
            "Trainable": counted(layer.trainable) if layer.trainable != layer.parameters else "",
            "FLOPs": "" if layer.flops is None else theme.number(layer.flops),
            "Activations": "" if layer.activation is None else theme.size(layer.activation),
        }
    if cost is not None:
        known |= {
            "Time": theme.duration(cost.time),
            "Memory": theme.size(cost.memory),
            "Runs": f"{cost.runs:,}" if cost.runs > 1 else "",
            "Ran on": cost.device if node is None or cost.device != node.device else "",
        }
    facts(known)
    if node is not None and node.attributes:
        attributes(node)
    _links(found, box, go)


def layer_of(layers: graph_layers.LayerTable, box: str) -> graph_layers.Layer | None:
    """Return the layer that a box is, None when it is none."""
    return next((row for row in layers.rows if row.id == box), None)


def summed(totals: graph_layers.Totals) -> str:
    """Return how many parameters a graph has: "≥ …" where those of some layers are not known, "≈ …" where some are assumed."""
    sign = "≥ " if totals.unknown else "≈ " if totals.assumed else ""
    return f"{sign}{totals.parameters:,}"


def counted(value: int | None) -> str:
    """Return a count, nothing where it is not known."""
    return "" if value is None else f"{value:,}"


def spelled(output: Output) -> str:
    """Return dtype and shape as people read them."""
    if output.shape is None:
        return output.dtype
    lengths = "×".join("?" if one is None else str(one) for one in output.shape)
    return f"{output.dtype} {lengths or 'scalar'}".strip()


def attributes(node: Node) -> None:
    """Draw the attributes of a node: short ones in a table, long ones folded."""
    short = {name: value for name, value in node.attributes.items() if len(value) <= SHORT and "\n" not in value}
    long = {name: value for name, value in node.attributes.items() if name not in short}
    with st.expander(f"Attributes ({len(node.attributes):,})", expanded=len(short) <= LISTED):
        facts({shortened(name): value or "–" for name, value in short.items()})
        for name, value in long.items():
            st.caption(ui.plain(shortened(name)))
            st.code(pretty(value), language=None, wrap_lines=True, height=160)


def pretty(text: str) -> str:
    """Return JSON with indents, any other text as it is."""
    try:
        return json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _links(found: Read, box: Box, go: Go) -> None:
    links = graph_scopes.links(found.tree, box.id)
    for words, some in (
        ("Inputs", links.inputs),
        ("Outputs", links.outputs),
        ("Control inputs", links.control_in),
        ("Control outputs", links.control_out),
    ):
        if some:
            _listed(found, words, some, go)

    for words, ids in (
        ("Calls", graph_scopes.calls(found.tree, box.id)),
        ("Called by", graph_scopes.callers(found.tree, box.id)),
    ):
        if ids:
            some = [Link(one, one, 0, Output()) for one in ids]
            _listed(found, words, some, go)


def _listed(found: Read, words: str, some: Sequence[Link], go: Go) -> None:
    st.caption(f"{words} ({len(some):,})")
    with st.container(gap=None):
        for place, link in enumerate(some[:LISTED]):
            _link(found, words, place, link, go)
    if len(some) > LISTED:
        with st.expander(f"{len(some) - LISTED:,} more"):
            st.code("\n".join(_words(link) for link in some[LISTED:]), language=None, height=200)


def _link(found: Read, words: str, place: int, link: Link, go: Go) -> None:
    known = found.tree.box(link.id) is not None
    name, carried = ended(f"{link.name}:{link.slot}" if link.slot else link.name), spelled(link.output)
    st.button(
        ui.plain(name),
        key=f"graph_link_{words}_{place}",
        type="tertiary",
        width="content",
        disabled=not known,
        help=ui.plain(link.name[:300]) if known else "The graph has no node of this name.",
        on_click=go,
        args=(link.id,),
    )
    if carried:
        st.html(f'<div style="{_CARRIED}">{escape(carried)}</div>')


def ended(name: str, most: int = LINE) -> str:
    """Return a name as a line has it: the end of a long one, where names differ."""
    return name if len(name) <= most else f"…{name[1 - most :]}"


def _words(link: Link) -> str:
    slot = f":{link.slot}" if link.slot else ""
    return f"{link.name}{slot}  {spelled(link.output)}".rstrip()

"""The layers of a graph as a table: what each gives, and where parameters, FLOPs and memory go."""

from dataclasses import replace
from typing import Any

import streamlit as st

from pages.parts import graph_source as source
from pages.parts.graph_details import ended, summed
from pages.parts.graph_source import Read
from tbcore import ui
from tbcore.analysis import graph_layers as analysis
from tbcore.analysis import graph_scopes
from tbcore.charts import theme
from tbcore.ui import bound
from tbcore.ui import graph as state
from tbcore.ui.tables import csv, downloads

KEY = "graph_layers"
NAME = 38  # letters of a layer's name


@st.fragment
def layers(found: Read) -> None:
    """Draw the table of layers; a click on a row goes to the box in the picture."""
    table = source.layers(found)
    if not table.rows:
        st.markdown("No layers are known of this graph: nothing in it says which operations hold parameters.")
        return
    totals(table)
    frame = analysis.frame(table)
    names = [ended(row.name, NAME) for row in table.rows]
    st.caption("A row that is ticked is shown in the picture; a click on a title sorts.")
    event = st.dataframe(
        frame.assign(layer=names).drop(columns=idle(table)),
        key=KEY,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",  # of a cell, a click on a title would select one as well
        height="content" if len(frame) <= 18 else 600,
        column_config=columns(max(map(len, names))),
        placeholder="",
    )
    for note in table.notes:
        st.caption(ui.plain(note))
    downloads("layers", [("CSV", "csv", lambda: csv(frame))], width="content")
    rows = event.selection.rows
    if rows:
        box = table.rows[rows[0]].id
        now = state.opened(found.pick.key).revealed(graph_scopes.opening(found.tree, [box]))
        state.keep(found.pick.key, replace(now, node=box))
        bound.choose("graph_look", ["picture"])
        st.rerun()


def idle(table: analysis.LayerTable) -> list[str]:
    """Return the columns that say nothing here; the download has all."""
    rows, sums = table.rows, table.totals
    says_nothing = {
        "id": True,
        "dtype": len({row.output.dtype for row in rows if row.output is not None}) < 2,
        "trainable": sums.trainable in (None, sums.parameters),
        "shared_with": not any(row.shared_with for row in rows),
        "assumed": not sums.assumed,
    }
    return [name for name, nothing in says_nothing.items() if nothing]


def totals(table: analysis.LayerTable) -> None:
    """Draw the sums over all layers."""
    sums = table.totals
    facts = {
        "Parameters": summed(sums),
        "Trainable": "" if sums.trainable in (None, sums.parameters) else f"{sums.trainable:,}",
        "FLOPs": f"{theme.number(sums.flops)}" if sums.flops_of else "",
        "Activations": theme.size(sums.activation) if sums.activation else "",
    }
    with st.container(horizontal=True, gap="large"):
        for words, value in facts.items():
            if value:
                st.metric(words, value, width="content")


def columns(longest: int) -> dict[str, Any]:
    """Return how the columns are called and spelled; longest: letters of a name."""
    config = st.column_config
    return {
        "layer": config.TextColumn("Layer", pinned=True, width=min(270, 40 + 7 * longest)),
        "type": config.TextColumn("Type", width=125),
        "output": config.TextColumn("Output", width=100),
        "dtype": config.TextColumn("dtype", width=70),
        "parameters": config.NumberColumn("Parameters", format="localized"),
        "trainable": config.NumberColumn("Trainable", format="localized"),
        "share": config.ProgressColumn("Share", width=110, format="percent", min_value=0.0, max_value=1.0),
        "flops": config.NumberColumn("FLOPs", format="compact", help="A multiplication and an addition are two."),
        "activation": config.NumberColumn("Activations", format="bytes", help="What the outputs take."),
        "shared_with": config.TextColumn(
            "Shares with", help="The layer that holds the same parameters, counted there."
        ),
        "assumed": config.CheckboxColumn(
            "Assumed", help="The shapes leave several sizes of the window open: counted is the usual one."
        ),
    }

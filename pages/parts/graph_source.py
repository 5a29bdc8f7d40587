"""Which graph is looked at: those that the logs hold, and those that a visitor brings along."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from tbcore import ui
from tbcore.analysis import graph_checks, graph_layers, graph_scopes, graphs
from tbcore.errors import FormatError
from tbcore.names import matcher
from tbcore.ui.tables import KEYS

KINDS = ("graphs", "run_metadata")
UPLOADS = "graph_uploads"
ENDINGS = ("pbtxt", "txt", "pb", "meta", "onnx", "json", "keras")
_TRAIL = 8  # uploads that are kept for one visitor


@dataclass(frozen=True)
class Pick:
    """One graph to choose: key, as the address has it; title; mark: another one for another content; source: in the logs."""

    key: str
    title: str
    mark: str
    load: Callable[[], graphs.Graph]
    source: graphs.Source | None = None


@dataclass(frozen=True)
class Read:
    """A graph that was read: what it is made of, and what is open at first."""

    pick: Pick
    graph: graphs.Graph
    tree: graph_scopes.Tree
    first: frozenset[str]
    counts: graphs.Counts


# What is read of a graph is computed once for all visitors.
MARKS: dict[str | type, Callable[[Any], str]] = {Pick: lambda pick: pick.mark, Read: lambda read: read.pick.mark}


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs=KEYS)
def logged(view: ui.View) -> tuple[list[graphs.Source], list[str]]:
    """Return the graphs that all runs hold, and what is wrong with some of them."""
    found = [run.series[key] for run in view.runs for key in run.series if key[0] in KINDS]
    return graphs.sources(found), graphs.problems(found)


def picks(view: ui.View) -> list[Pick]:
    """Return the graphs of the selected runs whose tag passes the tag filter, and what the visitor brought along."""
    shown = {run.name for run in view.selected}
    passes = matcher(view.tags)
    found = [
        _pick(view, source)
        for source in logged(view)[0]
        # The graph of a run itself has no tag that could be filtered.
        if source.run in shown and (source.tag.startswith("__") or passes(source.tag))
    ]
    return [*found, *uploads()]


def _pick(view: ui.View, source: graphs.Source) -> Pick:
    blob = source.series.blob(source.index)
    opened = [segment.opened.wall_time for segment in source.series.segments]
    mark = json.dumps([view.spec, blob.path, blob.offset, blob.length, source.kind, opened])
    title = f"{source.run} · {source.title}"
    return Pick(title, title, mark, lambda: graphs.load(source), source)


def uploads() -> list[Pick]:
    """Return what the visitor brought along in this session."""
    kept: dict[str, tuple[str, bytes]] = st.session_state.get(UPLOADS, {})
    return [_brought(digest, name, data) for digest, (name, data) in kept.items()]


def _brought(digest: str, name: str, data: bytes) -> Pick:
    title = f"{name} · brought along"
    return Pick(title, title, digest, lambda: graphs.upload(data, name))


def bring() -> Pick | None:
    """Draw where a file can be dropped; return the graph in it when it has just come."""
    file = st.file_uploader(
        "A graph from a file",
        type=list(ENDINGS),
        help="A GraphDef, MetaGraphDef or SavedModel (.pb, .pbtxt, .meta), ONNX (.onnx), or a Keras model (.keras, or the "
        "JSON of to_json()). It is read, never run, and stays in this session.",
        max_upload_size=graphs.UPLOAD_LIMIT >> 20,
        key="graph_upload",
    )
    if file is None:
        return None
    data = file.getvalue()
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    kept: dict[str, tuple[str, bytes]] = st.session_state.setdefault(UPLOADS, {})
    if digest in kept:
        return None
    made = _brought(digest, file.name, data)
    try:
        read(made)
    except FormatError as error:
        st.error(f"{ui.plain(file.name)}: {ui.plain(str(error))}")
        return None
    st.session_state[UPLOADS] = dict([*kept.items(), (digest, (file.name, data))][-_TRAIL:])
    return made


@st.cache_resource(show_spinner="Reading the graph …", max_entries=4, hash_funcs=MARKS)
def read(pick: Pick) -> Read:
    """Return a graph with its hierarchy. Raises FormatError when it cannot be read."""
    graph = pick.load()
    tree = graph_scopes.tree(graph)
    return Read(pick, graph, tree, graph_scopes.first(tree), graphs.counts(graph))


@st.cache_resource(show_spinner="Counting parameters …", max_entries=8, hash_funcs=MARKS)
def layers(found: Read) -> graph_layers.LayerTable:
    """Return the layers of a graph."""
    return graph_layers.layers(found.graph, found.tree)


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs=MARKS)
def parameters(found: Read) -> dict[str, int]:
    """Return how many parameters nodes of a graph hold, by name."""
    return graph_layers.parameters_per_node(found.graph)


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs=MARKS)
def findings(found: Read) -> list[graph_checks.Finding]:
    """Return what is worth telling of a graph."""
    return graph_checks.checks(found.tree)


def costs(view: ui.View, pick: Pick) -> Sequence[graphs.Source]:
    """Return what was measured of the graph of a run: one for each tag and step."""
    if pick.source is None:
        return []
    run = next((one for one in view.runs if one.name == pick.source.run), None)
    found = [] if run is None else [run.series[key] for key in run.series if key[0] in KINDS]
    return graphs.costs_of(found, pick.source.run, pick.source)

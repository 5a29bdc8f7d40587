"""Which graph is looked at: those that the logs hold, and those in files that a visitor opens."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from tbcore import ui
from tbcore.analysis import graph_checks, graph_colors, graph_layers, graph_scopes, graphs
from tbcore.errors import FormatError
from tbcore.names import matcher
from tbcore.ui.tables import KEYS

KINDS = ("graphs", "run_metadata")
UPLOADS = "graph_uploads"
ENDINGS = ("pbtxt", "txt", "pb", "meta", "onnx", "json", "keras")
TITLE = 46  # letters of a graph's title in a list
_TRAIL = 8  # files that are kept for one visitor, in all no more bytes than one may have
_CAME = "graph_upload_came"  # the file that was last read, and what was wrong with it


@dataclass(frozen=True)
class Pick:
    """One graph to choose: key, as the address has it; title; mark: another one for another content; source: where the logs hold it."""

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
    """Return the graphs of the selected runs whose tag passes the tag filter, and those in files that the visitor opened."""
    shown = {run.name for run in view.selected}
    passes = matcher(view.tags)
    found = [
        _pick(view, source)
        for source in logged(view)[0]
        # The graph of a run itself has no tag that could be filtered.
        if source.run in shown and (source.tag.startswith("__") or passes(source.tag))
    ]
    return [*found, *uploads()]


def spelled(title: str) -> str:
    """Return the title of a graph as a list has it: of a long one the middle is left out, since ends tell runs apart."""
    return title if len(title) <= TITLE else f"{title[: TITLE // 3]}…{title[TITLE // 3 + 1 - TITLE :]}"


def _pick(view: ui.View, source: graphs.Source) -> Pick:
    blob = source.series.blob(source.index)
    opened = [segment.opened.wall_time for segment in source.series.segments]
    mark = json.dumps([view.spec, blob.path, blob.offset, blob.length, source.kind, opened])
    title = f"{source.run} · {source.title}"
    return Pick(title, title, mark, lambda: graphs.load(source), source)


def uploads() -> list[Pick]:
    """Return the files that the visitor opened in this session; of equal names each after the first has a number."""
    found: list[Pick] = []
    often: Counter[str] = Counter()
    for digest, (name, data) in _files().items():
        often[name] += 1
        title = f"{name} · file" if often[name] == 1 else f"{name} ({often[name]}) · file"
        found.append(Pick(title, title, digest, partial(graphs.upload, data, name)))
    return found


def _files() -> dict[str, tuple[str, bytes]]:
    kept: dict[str, tuple[str, bytes]] = st.session_state.get(UPLOADS, {})
    return kept


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
    came, wrong = st.session_state.get(_CAME, ("", ""))
    if came == file.file_id:
        if wrong:
            st.error(wrong)
        return None
    found, wrong = _opened(file.name, file.getvalue())
    st.session_state[_CAME] = (file.file_id, wrong)
    if wrong:
        st.error(wrong)
    return found


def _opened(name: str, data: bytes) -> tuple[Pick | None, str]:
    """Return a file that has just come as a graph to choose, and what is wrong with it."""
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    try:
        read(Pick(name, name, digest, partial(graphs.upload, data, name)))
    except FormatError as error:
        return None, f"{ui.plain(name)}: {ui.plain(str(error))}"
    kept = {**_files(), digest: (name, data)}
    while sum(len(one) for _name, one in kept.values()) > graphs.UPLOAD_LIMIT or len(kept) > _TRAIL:
        del kept[next(one for one in kept if one != digest)]
    st.session_state[UPLOADS] = kept
    return next(pick for pick in uploads() if pick.mark == digest), ""


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


def costs(view: ui.View, pick: Pick) -> list[Pick]:
    """Return what was measured of a graph of a run: one for each tag and step."""
    if pick.source is None:
        return []
    run = next((one for one in view.runs if one.name == pick.source.run), None)
    found = [] if run is None else [run.series[key] for key in run.series if key[0] in KINDS]
    return [_pick(view, one) for one in graphs.costs_of(found, pick.source.run, pick.source)]


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs=MARKS)
def spent(pick: Pick) -> dict[str, graphs.Cost]:
    """Return by name what running the nodes of a graph took. Raises FormatError when it cannot be read."""
    return {} if pick.source is None else graphs.load_costs(pick.source)


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs=MARKS)
def findings(found: Read, measured: Pick | None) -> list[graph_checks.Finding]:
    """Return what is worth telling of a graph; measured: says the devices that the graph itself does not."""
    return graph_checks.checks(found.tree, spent(measured) if measured is not None else None)


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs=MARKS)
def sums(found: Read, measured: Pick | None) -> dict[str, dict[str, float]]:
    """Return the parameters, seconds and bytes in each box, by what they are and the id of the box."""
    tree, costs = found.tree, spent(measured) if measured is not None else {}
    return {
        "parameters": graph_colors.sums(tree, parameters(found)),
        "time": graph_colors.times(tree, costs),
        "memory": graph_colors.memory(tree, costs),
    }

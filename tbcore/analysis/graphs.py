"""The graphs that logs and files hold: which there are, one of them read, and what running its nodes took.

    found = sources(logdir.find("graphs") + logdir.find("run_metadata"))
    counts(load(found[0])).ops["MatMul"]

A graph is read, never run. Source: which tags hold what is as in tensorboard/plugins/graph/{graphs_plugin,metadata}.py.
"""

import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tbcore.errors import FormatError, MessageError
from tbcore.formats import graph_keras, graph_onnx, graphdef
from tbcore.formats.events import payload
from tbcore.formats.graphs import Cost, Function, Graph, Input, Node, Output, Shape
from tbcore.series import Series

__all__ = [
    "UPLOAD_LIMIT",
    "Cost",
    "Counts",
    "Function",
    "Graph",
    "Input",
    "Node",
    "Output",
    "Shape",
    "Source",
    "costs_of",
    "counts",
    "load",
    "load_costs",
    "problems",
    "sources",
    "upload",
]

SourceKind = Literal["op", "conceptual", "profile"]

UPLOAD_LIMIT = 200_000_000  # bytes

_CONTENT = b"1"  # the version in a tag's metadata that every writer of graphs writes
_SMALL = 1 << 12  # bytes of run metadata, above which something was surely measured
_HEAD = 1 << 12  # bytes of a file by which text is told from anything else
_TEXT = re.compile(rb"\s*(?:#[^\n]*\n\s*)*[A-Za-z_]\w*\s*[:{<]")
_FIELDS = 1_000  # of a file that are looked at to tell what it is
_VARINT_1, _BYTES_1, _BYTES_7 = 0x08, 0x0A, 0x3A  # the keys of fields: number << 3 | how it is written

# What a run's graphs are called, in the order in which they are offered; plugin and form as in `tbcore.kinds`.
_KINDS: tuple[tuple[str, str, SourceKind, str], ...] = (
    #  plugin                       form              kind            title
    ("",                           "graph_def",      "op",           "Run graph"),
    ("graphs",                     "tensor",         "op",           "Run graph"),
    ("graph_run_metadata",         "tensor",         "op",           ""),
    ("graph_run_metadata_graph",   "tensor",         "op",           ""),
    ("graph_keras_model",          "tensor",         "conceptual",   "Keras model"),
    ("",                           "meta_graph_def", "op",           "Meta graph"),
)  # fmt: skip
_PLACES = {(plugin, form): (place, kind, title) for place, (plugin, form, kind, title) in enumerate(_KINDS)}
_VERSIONED = ("graph_run_metadata", "graph_run_metadata_graph", "graph_keras_model")
_OWN_TAGS = ("__run_graph__", "__meta_graph__", "keras")  # say nothing beyond the title

# What a file is that holds no graph which could be read without running something: its first bytes, and what to do.
_STRANGERS = (
    (b"\x89HDF", "HDF5; hand in model.to_json() instead"),
    (b"\x80", "a Python pickle, which would run code; export the model to ONNX instead"),
    (b"\x1f\x8b", "compressed with gzip; unpack it first"),
)


@dataclass(frozen=True)
class Source:
    """One graph, or one measurement of a graph (kind "profile"), that a run holds: point `index` of `series`.

    title: what it is, in words; no other source of the same run has the same.
    """

    run: str
    tag: str
    kind: SourceKind
    title: str
    series: Series
    index: int


@dataclass(frozen=True)
class Counts:
    """How large a graph is, as TensorBoard counts: functions apart, an edge for every input that some node gives.

    dangling: inputs that no node gives; ops: how often each occurs.
    """

    nodes: int
    edges: int
    dangling: int
    functions: int
    ops: dict[str, int]


# What there is -------------------------------------------------------------------------------------------------------


def sources(found: Iterable[Series]) -> list[Source]:
    """Return the graphs that series of the kinds "graphs" and "run_metadata" hold: by run, of a tag the newest first.

    A meta graph is left out where the run graph says the same.
    """
    runs: dict[str, list[tuple[int, Series]]] = {}
    for series in found:
        place = _place(series)
        if place is not None and len(series) and _is_known(series):
            runs.setdefault(series.run, []).append((place, series))
    listed: list[Source] = []
    for rows in runs.values():
        rows.sort(key=lambda row: row[0])
        whole = next((series for place, series in rows if _KINDS[place][1] == "graph_def"), None)
        found_here: list[Source] = []
        for place, series in rows:
            if _KINDS[place][1] == "meta_graph_def" and whole is not None and _says_the_same(whole, series):
                continue
            found_here += _points(series, _KINDS[place][2], _KINDS[place][3])
        listed += _told_apart(found_here)
    return listed


def costs_of(found: Iterable[Series], run: str, graph: Source | None = None) -> list[Source]:
    """Return what was measured of a graph of `run`, its run graph when no `graph` is given; what is empty is left out."""
    of_run = graph is None or graph.tag.startswith("__")
    listed: list[Source] = []
    for series in found:
        if series.run != run or series.kind != "run_metadata" or not len(series) or not _is_known(series):
            continue
        tagged = _place(series) is None
        if tagged == of_run and (of_run or (graph is not None and graph.tag == series.tag)):
            listed += [source for source in _points(series, "profile", "") if _is_measured(source)]
    return _told_apart(listed)


def problems(found: Iterable[Series]) -> list[str]:
    """Return which graphs cannot be read because their writer's version is not known, in words."""
    return [
        f"{series.run}: {series.tag} is of version {series.content.decode('utf-8', 'replace')[:20]!r}, not of version '1',"
        " and is not read"
        for series in found
        if not _is_known(series)
    ]


def _place(series: Series) -> int | None:
    """Return which of _KINDS a series is, None when it holds no graph."""
    if not series.segments:
        return None
    form = series.segments[-1].form
    row = _PLACES.get((series.plugin if form == "tensor" else "", form))
    return row[0] if row else None


def _is_known(series: Series) -> bool:
    return series.plugin not in _VERSIONED or series.content == _CONTENT


def _points(series: Series, kind: SourceKind, title: str) -> list[Source]:
    """Return the points of a series, the newest first; what a later attempt wrote again comes last."""
    name = title or series.tag
    if title and series.tag not in _OWN_TAGS:
        name = f"{title} {series.tag}"
    count = len(series)
    if count == 1:
        return [Source(series.run, series.tag, kind, name, series, 0)]
    steps, superseded = series.steps.tolist(), series.superseded.tolist()
    places = dict.fromkeys(steps, 0)
    often = Counter(steps)
    titles = []
    for step in steps:
        places[step] += 1
        again = f" ({places[step]} of {often[step]})" if often[step] > 1 else ""
        titles.append(f"{name}, step {step}{again}")
    order = sorted(range(count), key=lambda index: (superseded[index], -index))
    return [Source(series.run, series.tag, kind, titles[index], series, index) for index in order]


def _told_apart(listed: Sequence[Source]) -> list[Source]:
    """Return the sources of one run with a number behind a title that came before."""
    taken: set[str] = set()
    apart = []
    for source in listed:
        title, number = source.title, 1
        while title in taken:
            number += 1
            title = f"{source.title} ({number})"
        taken.add(title)
        apart.append(replace(source, title=title) if title != source.title else source)
    return apart


def _says_the_same(whole: Series, meta: Series) -> bool:
    try:
        return graphdef.same(_data(whole, len(whole) - 1), _data(meta, len(meta) - 1))
    except FormatError:
        return False  # opened, each says what is wrong with it


def _is_measured(source: Source) -> bool:
    """Return whether a measurement holds any; one that is damaged does, so that opening it tells the damage."""
    try:
        blob = source.series.blob(source.index)
        return blob.length > _SMALL or graphdef.is_measured(_data(source.series, source.index))
    except FormatError:
        return True


# One of them ---------------------------------------------------------------------------------------------------------


def load(source: Source) -> Graph:
    """Return a graph. Raises FormatError when it cannot be read."""
    data = _data(source.series, source.index)
    if source.kind == "conceptual":
        return graph_keras.graph(data)
    if source.series.kind == "run_metadata":
        found = graphdef.run_metadata(data).graph
        return Graph((), problems=("its run metadata holds no graph",)) if found is None else found
    if source.series.blob(source.index).form == "meta_graph_def":
        return graphdef.meta_graph(data)
    return graphdef.graph(data)


def load_costs(source: Source) -> dict[str, Cost]:
    """Return by name what running the nodes of a graph took. Raises FormatError when it cannot be read."""
    return graphdef.run_metadata(_data(source.series, source.index)).costs


def counts(graph: Graph) -> Counts:
    """Return how large a graph is."""
    names = {node.name for node in graph.nodes}
    inputs = sum(len(node.inputs) for node in graph.nodes)
    edges = sum(one.source in names for node in graph.nodes for one in node.inputs)
    ops = Counter(node.op for node in graph.nodes)
    return Counts(len(graph.nodes), edges, inputs - edges, len(graph.functions), dict(ops.most_common()))


def _data(series: Series, index: int) -> bytes:
    """Return the bytes of one point. Raises FormatError when there are none."""
    blob = series.blob(index)
    value = payload(blob.read(), blob.form, series.plugin).value
    if not isinstance(value, tuple) or not value or not isinstance(value[0], bytes):
        raise MessageError(f"{series.tag} of {series.run} holds no bytes of a graph")
    return value[0]


# Files that a visitor hands in ---------------------------------------------------------------------------------------


def upload(data: bytes, name: str, limit: int = UPLOAD_LIMIT) -> Graph:
    """Return the graph in a file, whose kind is told by its bytes, and by its name where these leave it open.

    Read are GraphDef, MetaGraphDef and SavedModel, binary (.pb) and as text (.pbtxt), ONNX (.onnx), Keras (.json
    with model.to_json(), or .keras). limit: bytes. Raises FormatError when it is none of them, or larger.
    """
    if len(data) > limit:
        raise MessageError(f"{len(data):,} bytes are more than the {limit:,} that are read")
    start = data[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise MessageError("the file is empty")
    is_text = not any(byte < 32 and byte not in b"\t\n\r" for byte in data[:_HEAD])
    if is_text and start.startswith(b"{"):
        return graph_keras.graph(data)
    if is_text and _TEXT.match(start):
        return graphdef.from_text(data.decode("utf-8", "replace").removeprefix("\ufeff"))
    if start.startswith(b"PK\x03\x04"):
        return graph_keras.graph(_config(data, limit))
    for first, words in _STRANGERS:
        if start.startswith(first):
            raise MessageError(f"the file is {words}")
    return graph_onnx.graph(data) if _is_onnx(data, name) else graphdef.from_binary(data)


def _is_onnx(data: bytes, name: str) -> bool:
    """Return whether the bytes are an ONNX model: a message with a number in field 1 and a message in field 7."""
    keys = set(_keys(data))
    if _VARINT_1 in keys or _BYTES_1 in keys:
        return _VARINT_1 in keys and _BYTES_7 in keys
    return name.lower().endswith(".onnx")


def _keys(data: bytes) -> Iterator[int]:
    """Yield the keys of the first fields of a message, as far as they are one byte; skip what they hold."""
    at = 0
    for _field in range(_FIELDS):
        key = data[at] if at < len(data) else 0
        if key >> 3 == 0:  # no field has number 0
            return
        yield key
        number, at = _varint(data, at + 1)
        if key & 7 == 2:
            at += number
        elif key & 7 != 0 or key & 0x80:
            return


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number and where the next byte lies."""
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    return number, at


def _config(data: bytes, limit: int) -> bytes:
    """Return the config.json of a .keras file. Raises MessageError when a zip holds none that can be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open("config.json") as file:
            config = file.read(limit + 1)
    except KeyError as error:
        raise MessageError(
            "the file is a zip without the config.json of Keras; of PyTorch, export the model to ONNX instead"
        ) from error
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError, zlib.error) as error:
        # All that zipfile raises on a damaged or encrypted member, or one packed in a way it does not know.
        raise MessageError(f"the file is a damaged zip: {error}") from error
    if len(config) > limit:
        raise MessageError(f"its config.json is larger than the {limit:,} bytes that are read")
    return config

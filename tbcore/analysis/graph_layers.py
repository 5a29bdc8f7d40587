"""The layers of a model as a table: what each gives, how many parameters it has, how much it computes and keeps.

What a layer is depends on who wrote the graph: a layer of Keras, a module of PyTorch, a scope with variables of TensorFlow,
an operation of ONNX. What does not follow from the graph is None, never a guess, and `LayerTable.notes` says so.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from tbcore.analysis import graph_torch, graph_variables, graph_weights
from tbcore.analysis.graph_scopes import Tree, shape_label
from tbcore.formats.graphs import Graph, Output

_MOST = 1 << 60  # a count beyond it is damage


@dataclass(frozen=True)
class Layer:
    """One layer.

    id: the name of its node or scope in the graph, as `graph_scopes` makes it; name: that without what all share.
    parameters: how many numbers training may change, and those it only keeps (moving means), None where it is not known;
    trainable: those that training changes, None where that is not known; share: of all parameters, 0 to 1.
    flops: operations for what `output` says, a multiply-add counting as two, None where they do not follow from shapes.
    activation: bytes of what it gives, for one example where the graph does not say how many there are.
    shared_with: the id of the layer whose parameters it uses, where they are counted, else "".
    assumed: `parameters` is that of the usual window, where shapes leave several open.
    """

    id: str
    name: str
    type: str
    output: Output | None = None
    parameters: int | None = 0
    trainable: int | None = None
    share: float = 0.0
    flops: int | None = None
    activation: int | None = None
    shared_with: str = ""
    assumed: bool = False


@dataclass(frozen=True)
class Totals:
    """Sums over all layers, of what is known.

    unknown: layers whose parameters are not known, so that `parameters` is the least they can be; assumed: those whose
    parameters are the usual ones; trainable: None where it is not known of a layer with parameters; flops_of: how many
    layers `flops` is of.
    """

    layers: int = 0
    parameters: int = 0
    trainable: int | None = None
    unknown: int = 0
    assumed: int = 0
    flops: int = 0
    flops_of: int = 0
    activation: int = 0


@dataclass(frozen=True)
class LayerTable:
    """The layers of a graph in its order, their sums, and in words what must be known to read them."""

    rows: tuple[Layer, ...]
    totals: Totals
    notes: tuple[str, ...] = ()


def layers(graph: Graph, tree: Tree | None = None) -> LayerTable:
    """Return the layers of a graph; none where it holds neither layers nor parameters.

    tree: with it, the ids are those of its boxes, also where a scope became one with what it holds.
    """
    found, notes = _READERS.get(graph.form, graph_variables.layers)(graph)
    listed = [_bounded(Layer(*row)) for row in found]
    if tree is not None:
        listed = [replace(row, id=_id(tree, row.id), shared_with=_id(tree, row.shared_with)) for row in listed]
    known = sum(row.parameters or 0 for row in listed)
    listed = [replace(row, share=(row.parameters or 0) / known if known else 0.0) for row in listed]
    return LayerTable(tuple(listed), _totals(listed), tuple(notes) + tuple(_words(listed)))


def _bounded(row: Layer) -> Layer:
    """Return a layer without numbers that no layer can have."""
    counts = (row.parameters, row.trainable, row.flops, row.activation)
    parameters, trainable, flops, activation = (None if (count or 0) > _MOST else count for count in counts)
    return replace(row, parameters=parameters, trainable=trainable, flops=flops, activation=activation)


def _id(tree: Tree, name: str) -> str:
    box = tree.box(name) if name else None
    return box.id if box is not None else name


def _keras(graph: Graph) -> tuple[list[graph_variables.Row], list[str]]:
    """Return a row for each layer of Keras."""
    given = {node.name: node.outputs for node in graph.nodes}
    common = _common(graph)
    found = []
    for node in graph.nodes:
        takes = graph_weights.taken(node, given)
        config = graph_weights.config_of(node)
        calls = graph_weights.per_call(node, takes)
        held = graph_weights.weights(node.module, config, calls[0])
        counted = [graph_weights.operations(node.module, config, call) for call in calls]
        found.append(
            graph_variables.Row(
                node.name,
                node.name.split("/", 1)[-1] if common else node.name,
                node.module,
                node.outputs[0] if node.outputs else None,
                None if held is None else sum(weight.size for weight in held),
                None if held is None else sum(weight.size for weight in held if weight.trainable),
                0.0,
                None if None in counted else sum(one or 0 for one in counted),
                None if node.module == "InputLayer" else graph_variables.activation(node.outputs),
            )
        )
    return found, []


_READERS: Mapping[str, Callable[[Graph], tuple[Sequence[tuple[Any, ...]], list[str]]]] = {
    "keras": _keras,
    "torch": graph_torch.layers,
}


def _common(graph: Graph) -> bool:
    """Return whether all layers lie in one model, whose name then need not be said."""
    heads = {node.name.partition("/")[0] for node in graph.nodes}
    return len(heads) == 1 and all("/" in node.name for node in graph.nodes)


def _totals(listed: Sequence[Layer]) -> Totals:
    holding = [row for row in listed if row.parameters]
    return Totals(
        layers=len(listed),
        parameters=sum(row.parameters or 0 for row in listed),
        trainable=None if any(row.trainable is None for row in holding) else sum(row.trainable or 0 for row in holding),
        unknown=sum(row.parameters is None for row in listed),
        assumed=sum(row.assumed for row in listed),
        flops=sum(row.flops or 0 for row in listed),
        flops_of=sum(row.flops is not None for row in listed),
        activation=sum(row.activation or 0 for row in listed),
    )


def _words(listed: Sequence[Layer]) -> list[str]:
    """Return what must be said of any table."""
    counted = sum(row.flops is not None for row in listed)
    found = []
    if any(row.output is not None and row.output.shape and row.output.shape[0] is None for row in listed):
        found.append("FLOPs and activations are for one example.")
    if counted:
        found.append(
            f"FLOPs are known of {counted:,} of {len(listed):,} layers, those with products of matrices, convolutions or "
            "attention; a multiply-add counts as two."
        )
    return found


def parameters_per_node(graph: Graph) -> dict[str, int]:
    """Return how many parameters each node holds, of those that hold any: variables, weights, layers of Keras."""
    if graph.form == "keras":
        counts = [(row.id, row.parameters) for row in layers(graph).rows]
    elif graph.form == "torch":
        counts = [(one.node, one.size) for one in graph_torch.parameters(graph) if not one.buffer]
    else:
        found = graph_variables.initializers(graph) if graph.form == "onnx" else graph_variables.variables(graph)
        counts = [(one.node, one.size) for one in found]
    sums: Counter[str] = Counter()
    for name, count in counts:
        if count:
            sums[name] += count
    return dict(sums)


def rows(table: LayerTable) -> list[dict[str, Any]]:
    """Return one record per layer: layer, type, output ("1×8×8", "" if not known), dtype, parameters, trainable, share, flops,
    activation (bytes), shared_with, assumed, id; None for numbers that are not known.
    """
    return [
        {
            "layer": row.name,
            "type": row.type,
            "output": shape_label(row.output) if row.output else "",
            "dtype": row.output.dtype if row.output else "",
            "parameters": row.parameters,
            "trainable": row.trainable,
            "share": row.share,
            "flops": row.flops,
            "activation": row.activation,
            "shared_with": row.shared_with,
            "assumed": row.assumed,
            "id": row.id,
        }
        for row in table.rows
    ]


def frame(table: LayerTable) -> pd.DataFrame:
    """Return one row per layer, with the columns of `rows`; numbers that are not known are missing."""
    found = rows(table)
    return pd.DataFrame(
        {name: pd.array([row[name] for row in found], dtype=dtype) for name, dtype in _COLUMNS.items()}  # type: ignore[call-overload]
    )


_COLUMNS = {
    **dict.fromkeys(("layer", "type", "output", "dtype"), "str"),
    **dict.fromkeys(("parameters", "trainable"), "Int64"),
    "share": "float64",
    **dict.fromkeys(("flops", "activation"), "Int64"),
    "shared_with": "str",
    "assumed": "bool",
    "id": "str",
}

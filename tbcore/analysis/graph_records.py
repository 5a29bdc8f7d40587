"""The graphs of a logdir as records: how large each is, of what it is made, and its layers."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from tbcore.analysis import graph_dot, graph_layers, graph_scopes, graphs
from tbcore.errors import FormatError


def records(sources: Iterable[graphs.Source]) -> Iterator[dict[str, Any]]:
    """Yield a record per graph; of one that cannot be read, error says why and the rest is missing.

    run, tag, source (in words), kind (op, conceptual), step, wall_time (None where the file tells none); form, producer; nodes, edges, dangling (inputs that
    nothing gives), functions; ops: how often each occurs, the most frequent first; problems: what could not be read;
    layers: rows as in `graph_layers.frame`; totals: as in `graph_layers.Totals`; notes: what must be known to read them.
    """
    for source in sources:
        wall_time = float(source.series.wall_times[source.index])
        about = {
            "run": source.run,
            "tag": source.tag,
            "source": source.title,
            "kind": source.kind,
            "step": int(source.series.steps[source.index]),
            "wall_time": wall_time if math.isfinite(wall_time) else None,
        }
        try:
            graph = graphs.load(source)
        except FormatError as error:
            yield about | {"error": str(error)}
            continue
        table = graph_layers.layers(graph, graph_scopes.tree(graph))
        yield about | {
            "form": graph.form,
            "producer": graph.producer,
            **asdict(graphs.counts(graph)),
            "problems": list(graph.problems),
            "layers": graph_layers.rows(table),
            "totals": asdict(table.totals),
            "notes": list(table.notes),
        }


def dot(sources: Iterable[graphs.Source]) -> Iterator[tuple[graphs.Source, Iterator[str] | None, str]]:
    """Yield the graphs as lines of DOT, None and the reason for those that cannot be read."""
    for source in sources:
        try:
            graph = graphs.load(source)
        except FormatError as error:
            yield source, None, str(error)
            continue
        yield source, graph_dot.lines(graph_scopes.tree(graph), f"{source.run}: {source.title}"), ""

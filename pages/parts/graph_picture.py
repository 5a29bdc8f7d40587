"""The picture of a graph: what is open of it, in which colours, and what stands out."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from math import log1p
from typing import Any

import streamlit as st

from pages.parts.graph_source import Read
from tbcore.analysis import graph_colors, graph_scopes
from tbcore.analysis.graph_scopes import Box, Seen
from tbcore.charts import graph as charts
from tbcore.charts import graph_paint, theme
from tbcore.ui.tables import downloads

TEXT = 40  # letters of a value in a legend
_ROW = "display:flex;flex-wrap:wrap;align-items:center;font-size:0.8125rem"


@dataclass(frozen=True)
class Legend:
    """What the colours mean: categories, or a scale from 0 to `most`."""

    entries: Sequence[graph_paint.Entry] = ()
    most: float = 0.0
    unit: str = ""


@dataclass(frozen=True)
class Looks:
    """What boxes look like, by id: colours; shares of several; notes beside them; changes from another graph."""

    colors: Mapping[str, str] = field(default_factory=dict)
    shares: Mapping[str, Sequence[tuple[str, float]]] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, str] = field(default_factory=dict)


def painted(seen: Seen, paint: graph_colors.Paint) -> tuple[Looks, Legend]:
    """Return the colours of the boxes, and what they mean."""
    if paint.kind == "number":
        values = {box: value for box, value in paint.values.items() if isinstance(value, int | float)}
        # What is open shows in what is inside it.
        most = max((value for box, value in values.items() if box not in seen.open), default=0.0)
        colors = {box: graph_paint.ramp(value, most) for box, value in values.items() if value > 0}
        notes = {box: spelled(value, paint.unit) for box, value in values.items() if value > 0}
        return Looks(colors, notes=notes), Legend(most=most, unit=paint.unit)
    counts = {str(value): int(count) for value, count in paint.legend}
    hues = graph_paint.categories(list(counts), (graph_colors.OTHER, graph_colors.UNKNOWN))
    colors = {box: hues.get(str(value), "") for box, value in paint.values.items() if value is not None}
    shares = {
        box: [(hues.get(str(value), graph_paint.REST), share) for value, share in some]
        for box, some in paint.shares.items()
    }
    return Looks(colors, shares), Legend([graph_paint.Entry(one, hues[one], count) for one, count in counts.items()])


def picture(tree: graph_scopes.Tree, seen: Seen, looks: Looks = Looks()) -> dict[str, Any]:
    """Return the picture of what is seen."""
    return charts.picture(*shapes(tree, seen, looks))


def shapes(tree: graph_scopes.Tree, seen: Seen, looks: Looks = Looks()) -> tuple[list[charts.Shown], list[charts.Line]]:
    """Return the boxes and the lines of what is seen."""
    boxes = [
        charts.Shown(
            box.id,
            box.parent,
            box.label,
            sub=sub(box),
            kind=box.kind,
            open=box.id in seen.open,
            color=looks.colors.get(box.id) or None,
            shares=tuple(looks.shares.get(box.id, ())),
            marks=marks(tree, seen.aside.get(box.id, ())),
            count=box.count,
            note=looks.notes.get(box.id, ""),
            change=looks.changes.get(box.id, ""),
        )
        for box in seen.boxes
    ]
    most = max((edge.elements for edge in seen.edges), default=0)
    lines = [
        charts.Line(
            edge.source,
            edge.target,
            label=edge.label,
            weight=log1p(edge.elements) / log1p(most) if most > 0 else 0.0,
            control=edge.control,
            count=edge.count,
        )
        for edge in seen.edges
    ]
    return boxes, lines


def exports(name: str, tree: graph_scopes.Tree, seen: Seen, looks: Looks) -> None:
    """Draw the buttons that download what is seen; the picture itself has one for PNG."""
    drawn = shapes(tree, seen, looks)
    downloads(
        name,
        [
            ("SVG", "svg", lambda: charts.svg(charts.picture(*drawn), dark=False).encode()),
            ("DOT", "dot", lambda: charts.dot(*drawn).encode()),
        ],
        width="content",
    )


def sub(box: Box) -> str:
    """Return what is said of a box below its name."""
    if box.kind == "op":
        return box.type if box.type.casefold() != box.label.casefold() else ""
    ops = "1 op" if box.count == 1 else f"{box.count:,} ops"
    return f"{box.type} · {ops}" if box.type and box.type not in box.label else ops


def marks(tree: graph_scopes.Tree, aside: Sequence[str]) -> tuple[tuple[str, str, str], ...]:
    """Return the small marks beside a box: id, name and kind of each."""
    found = []
    for one in aside:
        box = tree.box(one)
        if box is not None:
            found.append((one, f"{box.label} ({box.type})", "summary" if box.type.endswith("Summary") else "const"))
    return tuple(found)


def draw_legend(legend: Legend, words: str = "") -> None:
    """Draw what the colours mean."""
    if legend.entries:
        items = "".join(
            f'<span style="display:inline-flex;align-items:center;gap:5px;white-space:nowrap">{_swatch(one.color)}'
            f'{escape(shortened(one.label))} <span style="opacity:.6">{one.count:,}</span></span>'
            for one in legend.entries
        )
        st.html(f'<div style="{_ROW};gap:4px 14px">{items}</div>')
    elif legend.most > 0:
        scale = ",".join(graph_paint.stops(legend.most))
        bar = f'<i style="width:140px;height:10px;border-radius:2px;background:linear-gradient(90deg,{scale})"></i>'
        st.html(f'<div style="{_ROW};gap:8px">0 {bar} {escape(spelled(legend.most, legend.unit))}</div>')
    if words:
        st.caption(words)


def _swatch(color: str) -> str:
    return f'<i style="width:11px;height:11px;border-radius:2px;flex:none;background:{color}"></i>'


def shortened(text: str) -> str:
    """Return a text that may be of any length as a legend has it."""
    return text if len(text) <= TEXT else f"{text[: TEXT // 2]}…{text[-TEXT // 2 + 1 :]}"


def spelled(value: float, unit: str) -> str:
    """Return a number with its unit, as it is spelled on the page."""
    if unit == "s":
        return theme.duration(value)
    if unit == "bytes":
        return theme.size(value)
    return theme.number(value)


def tops(counts: Mapping[str, int], most: int) -> list[tuple[str, int]]:
    """Return what occurs most, with how often."""
    return Counter(counts).most_common(most)


def standing_out(found: Read, seen: Seen, node: str, trace: str, hits: Collection[str]) -> dict[str, list[Any]] | None:
    """Return the boxes and lines that stand out: the path through the selected box, or those of `hits` that are seen."""
    tree = found.tree
    if node and trace != "none" and tree.box(node) is not None:
        nodes = graph_scopes.path(tree, node, upstream=trace != "out", downstream=trace != "in")
        boxes, lines = graph_scopes.seen_on_path(tree, seen, nodes)
        return {"boxes": sorted(boxes), "lines": [list(one) for one in sorted(lines)]}
    if hits:
        shown = {box.id for box in seen.boxes}
        return {"boxes": [one for one in hits if one in shown], "lines": []}
    return None

"""Precision-recall and ROC curves as Vega-Lite, and confusion matrices.

Tables are those of `tbcore.analysis.pr_curves`; a column "curve" says which of the looks a row has. The specifications
are written out: Altair takes a fifth of a second to check one, and a page redraws a dozen at each move of a slider.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite
from typing import Any

HEIGHT = 320  # pixels, about the width of a card
LEGEND = 54  # pixels more, where there is a legend

Spec = dict[str, Any]
Domain = tuple[float, float]
UNIT: Domain = (0.0, 1.0)

_GREY = "#8d939d"
_HOVER = "hover"
_COUNT = ",.8~r"  # digits that single precision holds
_ISO_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2)
_ISO_LINES = 6  # at most
_ISO_POINTS = 48
_MARGIN = 0.04  # of what is seen, around curves that fill the axes

_AXIS = {"tickCount": 5, "format": "~g"}
_LEGEND = {"title": None, "orient": "bottom", "columns": 4, "symbolType": "stroke", "labelLimit": 90}
_TOOLTIP = (
    {"field": "run",                 "type": "nominal",      "title": "run"},
    {"field": "tag",                 "type": "nominal",      "title": "tag"},
    {"field": "at",                  "type": "nominal",      "title": "step"},
    {"field": "threshold",           "type": "quantitative", "title": "threshold",           "format": ".4~f"},
    {"field": "precision",           "type": "quantitative", "title": "precision",           "format": ".4f"},
    {"field": "recall",              "type": "quantitative", "title": "recall",              "format": ".4f"},
    {"field": "f1",                  "type": "quantitative", "title": "F1",                  "format": ".4f"},
    {"field": "false_positive_rate", "type": "quantitative", "title": "false positive rate", "format": ".4f"},
    {"field": "tp",                  "type": "quantitative", "title": "TP",                  "format": _COUNT},
    {"field": "fp",                  "type": "quantitative", "title": "FP",                  "format": _COUNT},
    {"field": "tn",                  "type": "quantitative", "title": "TN",                  "format": _COUNT},
    {"field": "fn",                  "type": "quantitative", "title": "FN",                  "format": _COUNT},
)  # fmt: skip
_CELLS = (
    # column, its rate,               words
    ("tp",    "true_positive_rate",   "TP"),
    ("fn",    "false_negative_rate",  "FN"),
    ("fp",    "false_positive_rate",  "FP"),
    ("tn",    "true_negative_rate",   "TN"),
)  # fmt: skip
_BLOCKS = "display:grid;gap:8px;grid-template-columns:repeat(auto-fill,minmax(104px,1fr))"
_BLOCK = "display:grid;gap:2px;grid-template-columns:1fr 1fr;min-width:0"
_TITLE = (
    "font-size:11px;font-weight:600;grid-column:1/-1;line-height:1.5;overflow:hidden;"
    "text-overflow:ellipsis;white-space:nowrap"
)
_CELL = "border-radius:2px;font-size:12px;font-variant-numeric:tabular-nums;line-height:1.25;padding:2px 0;text-align:center"


@dataclass(frozen=True)
class Look:
    """How one curve is drawn: its colour, how faint it is, and its class, "" where a chart has but one."""

    color: str
    opacity: float = 1.0
    label: str = ""


def precision_recall(frame: Any, marks: Any, looks: Sequence[Look], *, fit: bool = False) -> Spec:
    """Return the chart of precision over recall: `drawn_precision_recall`, with `confusions` as marks on the curves.

    fit: whether the axes go around the curves, instead of from 0 to 1.
    """
    x = _domain(frame["recall"]) if fit else UNIT
    y = _domain(frame["precision"]) if fit else UNIT
    return _curves(frame, marks, looks, ("recall", "Recall", x), ("precision", "Precision", y), _iso_lines(x, y))


def roc(frame: Any, marks: Any, looks: Sequence[Look], *, fit: bool = False) -> Spec:
    """Return the ROC chart: `drawn_roc`, with `confusions` as marks on the curves.

    fit: whether the axes go around the thresholds of the curves, instead of from 0 to 1.
    """
    logged = frame[frame["threshold"].notna()]
    x = _domain(logged["false_positive_rate"]) if fit else UNIT
    y = _domain(logged["true_positive_rate"]) if fit else UNIT
    low, high = max(x[0], y[0]), min(x[1], y[1])
    chance = [{"x": low, "y": low, "curve": 0}, {"x": high, "y": high, "curve": 0}] if low < high else []
    behind = [_rule(chance)] if chance else []
    if chance:
        middle = low + 0.6 * (high - low)
        behind.append(_label([{"x": middle, "y": middle, "text": "chance"}], dx=44, dy=6))
    return _curves(
        frame,
        marks,
        looks,
        ("false_positive_rate", "False positive rate", x),
        ("true_positive_rate", "True positive rate", y),
        behind,
    )


def confusion(frame: Any, titles: Sequence[str], looks: Sequence[Look]) -> str:
    """Return the confusion matrices of `confusions` side by side: counts, and shares of the positives and negatives.

    As HTML, in which the titles are escaped: a chart of so many words takes a browser a hundred times as long to draw.
    titles: what each row of the table is called.
    """
    blocks = []
    for title, row in zip(titles, frame.to_dict("records"), strict=True):
        color = looks[row["curve"]].color
        cells = "".join(_cell(row[column], row[rate], words, color) for column, rate, words in _CELLS)
        name = escape(title, quote=True)
        blocks.append(f'<div style="{_BLOCK}"><div title="{name}" style="{_TITLE}">{name}</div>{cells}</div>')
    return f'<div style="{_BLOCKS}">{"".join(blocks)}</div>'


def _cell(count: float, share: float, words: str, color: str) -> str:
    said = f"{words} {100 * share:.3g}%" if isfinite(share) else words
    heat = 6 + round(60 * share) if isfinite(share) else 6
    return (
        f'<div style="{_CELL};background:color-mix(in srgb, {color} {heat}%, transparent)">'
        f'<div>{count:,.6g}</div><div style="font-size:10px">{said}</div></div>'
    )


def _curves(
    frame: Any,
    marks: Any,
    looks: Sequence[Look],
    x: tuple[str, str, Domain],
    y: tuple[str, str, Domain],
    behind: list[Spec],
) -> Spec:
    at = {
        channel: {**_quantity(column), "title": title, "scale": _scale(domain), "axis": _AXIS}
        for channel, (column, title, domain) in (("x", x), ("y", y))
    }
    color = _as_it_is("color", "nominal")
    labels = {look.label: look.color for look in looks if look.label}
    classes: Spec = {"color": color}
    if labels and len(set(labels.values())) == len({(look.label, look.color) for look in looks}):
        scale = {"domain": list(labels), "range": list(labels.values())}
        classes = {"color": {**_name("label"), "scale": scale, "legend": _LEGEND}}
    elif labels:
        classes = {"color": color, "strokeDash": {**_name("label"), "sort": list(labels), "legend": _LEGEND}}
    lines = {
        "data": {"name": "curves"},
        "mark": {"type": "line", "strokeWidth": 1.6, "clip": True},
        "encoding": {
            **at,
            **classes,
            "detail": _name("curve"),
            "order": _quantity("order"),
            "opacity": _as_it_is("opacity"),
        },
    }
    hover = {"type": "point", "on": "pointermove", "clear": "pointerout", "nearest": True}
    dots = {
        "data": {"name": "curves"},
        "transform": [{"filter": "isValid(datum.threshold)"}],
        "params": [{"name": _HOVER, "select": {**hover, "fields": ["curve", "threshold"]}}],
        "mark": {"type": "circle", "size": 48, "clip": True},
        "encoding": {
            **at,
            "color": color,
            "opacity": {"condition": {"param": _HOVER, "value": 1, "empty": False}, "value": 0},
            "tooltip": list(_TOOLTIP),
        },
    }
    diamonds = {
        "data": {"name": "marks"},
        "transform": [{"filter": f"isValid(datum.{x[0]}) && isValid(datum.{y[0]})"}],
        "mark": {
            "type": "point",
            "shape": "diamond",
            "filled": True,
            "size": 70,
            "stroke": _GREY,
            "strokeWidth": 0.8,
            "clip": True,
        },
        "encoding": {**at, "color": color, "opacity": _as_it_is("opacity")},
    }
    return {
        "layer": [*behind, lines, diamonds, dots],
        "datasets": {"curves": _looking(frame, looks), "marks": _looking(marks, looks)},
        "height": HEIGHT + (LEGEND if labels else 0),
        "padding": {"left": 0, "top": 6, "right": 6, "bottom": 0},
    }


def _looking(frame: Any, looks: Sequence[Look]) -> Any:
    """Return a table with the look of each row, and its step as text, since no number of JavaScript may hold it."""
    chosen = [looks[curve] for curve in frame["curve"]]
    return frame.assign(
        color=[look.color for look in chosen],
        opacity=[look.opacity for look in chosen],
        label=[look.label for look in chosen],
        at=[f"{step:,}" for step in frame["step"]],
        order=range(len(frame)),
    ).drop(columns=["step"])


def _domain(values: Any) -> Domain:
    finite = values[values.between(0, 1)]
    if finite.empty:
        return UNIT
    low, high = float(finite.min()), float(finite.max())
    room = max(_MARGIN * (high - low), 0.005)
    return max(0.0, low - room), min(1.0, high + room)


def _iso_lines(x: Domain, y: Domain) -> list[Spec]:
    """Return the lines of equal F1 that cross the axes, each with its F1."""
    low, high = _f1(x[0], y[0]), _f1(x[1], y[1])
    step = next((step for step in _ISO_STEPS if (high - low) / step <= _ISO_LINES), _ISO_STEPS[-1])
    lines, labels = [], []
    for number in range(1, round(1 / step)):
        level = number * step
        if not low < level < high:
            continue
        # Recall at which the line enters and leaves what is seen: precision falls along it.
        first = max(x[0], level * y[1] / (2 * y[1] - level))
        last = min(x[1], level * y[0] / (2 * y[0] - level) if 2 * y[0] > level else x[1])
        if not first < last:
            continue
        for place in range(_ISO_POINTS + 1):
            recall = first + (last - first) * place / _ISO_POINTS
            lines.append({"x": recall, "y": level * recall / (2 * recall - level), "curve": number})
        end = lines[-1]
        if end["y"] - y[0] > 0.06 * (y[1] - y[0]) and end["x"] >= x[1] - 1e-9:
            labels.append({**end, "text": f"F1 {level:.2g}"})
    return [_rule(lines), _label(labels)] if lines else []


def _f1(recall: float, precision: float) -> float:
    return 2 * recall * precision / (recall + precision) if recall + precision > 0 else 0.0


def _rule(values: list[Spec]) -> Spec:
    return {
        "data": {"values": values},
        "mark": {
            "type": "line",
            "strokeWidth": 1,
            "color": _GREY,
            "opacity": 0.45,
            "strokeDash": [2, 3],
            "clip": True,
        },
        "encoding": {"x": _quantity("x"), "y": _quantity("y"), "detail": _name("curve")},
    }


def _label(values: list[Spec], dx: int = -2, dy: int = -6) -> Spec:
    return {
        "data": {"values": values},
        "mark": {"type": "text", "align": "right", "dx": dx, "dy": dy, "fontSize": 10, "color": _GREY},
        "encoding": {"x": _quantity("x"), "y": _quantity("y"), "text": _name("text")},
    }


def _quantity(column: str) -> Spec:
    return {"field": column, "type": "quantitative"}


def _name(column: str) -> Spec:
    return {"field": column, "type": "nominal"}


def _as_it_is(column: str, kind: str = "quantitative") -> Spec:
    return {"field": column, "type": kind, "scale": None}


def _scale(domain: Domain) -> Spec:
    return {"domain": list(domain), "nice": False, "zero": False}

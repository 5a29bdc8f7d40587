"""A card of curves as a specification of Vega-Lite, which Altair, browsers and editors draw.

    altair.Chart.from_dict(spec(lines, title="loss"))

It holds its own data, and looks as a figure in a paper should: dark on white.
"""

import math
from collections.abc import Sequence
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"

XType = Literal["quantitative", "temporal"]


class Line(Protocol):
    """One line of a figure. x, y [n]; low, high [n]: a band around it. pale: drawn faint, beside one of the same name."""

    @property
    def name(self) -> str: ...
    @property
    def color(self) -> str: ...
    @property
    def x(self) -> NDArray[np.number]: ...
    @property
    def y(self) -> NDArray[np.floating]: ...
    @property
    def pale(self) -> bool: ...
    @property
    def low(self) -> NDArray[np.float64] | None: ...
    @property
    def high(self) -> NDArray[np.float64] | None: ...


def spec(
    lines: Sequence[Line],
    *,
    title: str = "",
    x_title: str = "step",
    y_title: str = "",
    x_type: XType = "quantitative",
    log_x: bool = False,
    log_y: bool = False,
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    width: int = 640,
    height: int = 360,
) -> dict[str, Any]:
    """Return the specification, ready for JSON: bands below faint lines below lines, with a legend of their names.

    x_type: "temporal" for x in seconds since the epoch. Values that are not finite, and on a logarithmic axis those that
    are not positive, are gaps; a band goes on down to the least positive value there is.
    """
    colors = dict.fromkeys(line.name for line in lines)
    for line in reversed(lines):
        colors[line.name] = line.color
    x = _axis("x", x_title, x_type, log_x, _times(x_range) if x_type == "temporal" else x_range)
    y = _axis("y", y_title, "quantitative", log_y, y_range)
    color: dict[str, Any] = {
        "field": "run",
        "type": "nominal",
        "title": None,
        "scale": {"domain": list(colors), "range": list(colors.values())},
        "legend": {"orient": "bottom", "labelLimit": 400, "columns": 3, "symbolType": "stroke", "symbolOpacity": 1},
    }
    # Points stay in the order in which they were logged, and lines of one name stay apart.
    apart: dict[str, Any] = {
        "order": {"field": "place", "type": "quantitative"},
        "detail": {"field": "line", "type": "nominal"},
    }
    layers: list[dict[str, Any]] = []
    if any(line.low is not None for line in lines):
        layers.append(
            {
                "transform": [{"filter": "isValid(datum.low)"}],
                "mark": {"type": "area", "opacity": 0.18, "clip": True},
                "encoding": {
                    "x": x,
                    "y": {**y, "field": "low"},
                    "y2": {"field": "high"},
                    "color": color,
                    "detail": apart["detail"],
                },
            }
        )
    for pale in (True, False):
        if any(line.pale == pale for line in lines):
            mark = {"type": "line", "strokeWidth": 1 if pale else 1.6, "opacity": 0.3 if pale else 1.0, "clip": True}
            shown = {"filter": {"field": "pale", "equal": pale}}
            layers.append({"transform": [shown], "mark": mark, "encoding": {"x": x, "y": y, "color": color, **apart}})
    floor = _least_positive(lines) if log_y else -math.inf
    rows = [row for number, line in enumerate(lines) for row in _rows(line, number, x_type, log_x, floor)]
    return {
        "$schema": SCHEMA,
        **({"title": title} if title else {}),
        "width": width,
        "height": height,
        "background": "white",
        "config": {"mark": {"invalid": "break-paths-show-domains"}},
        "data": {"values": rows},
        "layer": layers or [{"mark": "line"}],
    }


def _axis(field: str, title: str, kind: str, log: bool, limits: tuple[float, float] | None) -> dict[str, Any]:
    scale: dict[str, Any] = {"type": "log"} if log else {} if kind == "temporal" else {"zero": False}
    if limits is not None:
        scale |= {"domain": list(limits), "nice": False}
    return {"field": field, "type": kind, "title": title or None, "scale": scale}


def _rows(line: Line, number: int, x_type: XType, log_x: bool, floor: float) -> list[dict[str, Any]]:
    scale = 1000.0 if x_type == "temporal" else 1.0
    x = [_seen(one * scale, 0.0 if log_x else -math.inf) for one in line.x.tolist()]
    columns = {"x": x, "y": [_seen(_short(one), 0.0 if floor > 0 else -math.inf) for one in line.y]}
    if line.low is not None and line.high is not None:
        columns["low"] = [_seen(max(one, floor), -math.inf) for one in line.low.tolist()]
        columns["high"] = [_seen(max(one, floor), -math.inf) for one in line.high.tolist()]
    about = {"run": line.name, "line": number, "pale": line.pale}
    cells = zip(*columns.values(), strict=True)
    return [{**about, "place": place, **dict(zip(columns, row, strict=True))} for place, row in enumerate(cells)]


def _least_positive(lines: Sequence[Line]) -> float:
    every = [part for line in lines for part in (line.y, line.low, line.high) if part is not None]
    return min((float(part[part > 0].min()) for part in every if (part > 0).any()), default=1.0)


def _short(value: np.floating) -> float:
    """Return a number with no more digits than tell it in its own precision."""
    return float(str(value))


def _seen(value: float, above: float) -> float | None:
    return value if math.isfinite(value) and value > above else None


def _times(limits: tuple[float, float] | None) -> tuple[float, float] | None:
    return None if limits is None else (limits[0] * 1000.0, limits[1] * 1000.0)

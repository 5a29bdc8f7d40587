"""Columns of a sheet as axes: what the browser components `parallel` and `scatter` draw, and in which colours."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tbcore.charts import theme

NO_VALUE = "#8d939d"
# From the coolest to the warmest and lightest, none of them near black or white: both backgrounds carry all of them.
RAMP = ("#3f62c4", "#7b5bd0", "#b957b8", "#e0607f", "#f08a4b", "#efc03a")
SHADES = 64
NAMED = 12  # categories that a legend names
_DECADES = 2.0


class Column(Protocol):
    """What a chart has to know of a column."""

    @property
    def key(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def about(self) -> str: ...


class Cells(Protocol):
    """The cells of a column [rows]."""

    @property
    def values(self) -> NDArray[Any]: ...
    @property
    def missing(self) -> NDArray[np.bool_]: ...


@dataclass(frozen=True)
class Axis:
    """One column as an axis: what the browser is told of it, and where each row is.

    values [rows]: numbers, or which level; lanes [rows]: 0 for a value, else 1 missing, 2 NaN, 3 -infinity, 4 infinity.
    """

    spec: dict[str, Any]
    values: NDArray[np.float64] = field(repr=False)
    lanes: NDArray[np.int8] = field(repr=False)


@dataclass(frozen=True)
class Colors:
    """The colours of rows. paints [rows]: which of `palette`; the first of them is for rows without a value."""

    palette: list[str]
    legend: dict[str, Any]
    paints: NDArray[np.int16] = field(repr=False)


def axis(
    column: Column,
    cells: Cells,
    lanes: NDArray[np.int8],
    levels: Sequence[str] = (),
    spelled: Sequence[str] = (),
    *,
    scale: str = "",
) -> Axis:
    """Return a column as an axis.

    levels: the categories of text and booleans in their order; spelled [rows]: which of them each cell is.
    scale: "linear", "log" or "quantile"; what the values cannot have, or "", becomes what is usual for them.
    """
    spec: dict[str, Any] = {"key": column.key, "title": column.title, "type": column.type, "about": column.about}
    if is_category(column):
        places = {level: place for place, level in enumerate(levels)}
        values = np.array([places.get(word, -1) for word in spelled], np.float64)
        values[lanes > 0] = np.nan
        return Axis({**spec, "levels": list(levels), "scales": [], "scale": "levels", "usual": "levels"}, values, lanes)
    numbers = cells.values.astype(np.float64)
    scales = scales_of(column, numbers[lanes == 0])
    usual = usual_scale(column, numbers[lanes == 0])
    chosen = scale if scale in scales else usual
    return Axis({**spec, "levels": None, "scales": scales, "scale": chosen, "usual": usual}, numbers, lanes)


def is_category(column: Column) -> bool:
    """Return whether a column has categories instead of numbers."""
    return column.type in ("text", "bool")


def scales_of(column: Column, values: NDArray[np.float64]) -> list[str]:
    """Return the scales that an axis can have: decades only where everything is positive."""
    positive = len(values) > 0 and bool(values.min() > 0) and column.type != "time"
    return ["linear", *(["log"] if positive else []), "quantile"]


def usual_scale(column: Column, values: NDArray[np.float64]) -> Literal["linear", "log"]:
    """Return what an axis is at first: by decades where positive numbers span more than two of them."""
    if "log" not in scales_of(column, values):
        return "linear"
    return "log" if math.log10(float(values.max())) - math.log10(float(values.min())) > _DECADES else "linear"


def view(axes: Sequence[Axis], colors: Colors, brush: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the components are told besides the rows. brush: what is brushed, by column."""
    return {
        "axes": [one.spec for one in axes],
        "palette": colors.palette,
        "legend": colors.legend,
        "brush": dict(brush),
    }


def rows(names: Sequence[str], axes: Sequence[Axis], colors: Colors) -> pa.Table:
    """Return a row for each line or point: its name, its colour, and its value on every axis."""
    columns: dict[str, Any] = {"name": pa.array(list(names), pa.string()), "paint": colors.paints}
    for place, one in enumerate(axes):
        # What lies in a lane is drawn there, and JSON numbers have no NaN.
        columns[f"value{place}"] = np.where(one.lanes > 0, 0.0, one.values)
        if one.lanes.any():
            columns[f"lane{place}"] = one.lanes
    return pa.table(columns)


# Colours -------------------------------------------------------------------------------------------------------------


def ramp(count: int = SHADES) -> list[str]:
    """Return `count` colours from the first to the last of the ramp."""
    stops = np.array([[int(stop[place : place + 2], 16) for place in (1, 3, 5)] for stop in RAMP], np.float64)
    at = np.linspace(0, len(stops) - 1, count)
    mixed = np.column_stack([np.interp(at, np.arange(len(stops)), stops[:, part]) for part in range(3)])
    return ["#" + "".join(f"{round(part):02x}" for part in color) for color in mixed.tolist()]


def run_colors(colors: Sequence[str]) -> Colors:
    """Return the colours of rows that have those of their runs [rows]."""
    palette = list(dict.fromkeys(colors))
    places = {color: place for place, color in enumerate(palette, 1)}
    paints = np.array([places[color] for color in colors], np.int16)
    return Colors([NO_VALUE, *palette], {"title": ""}, paints)


def plain_color(count: int, color: str = theme.RUN_COLORS[0]) -> Colors:
    """Return one colour for all rows."""
    return Colors([NO_VALUE, color], {"title": ""}, np.ones(count, np.int16))


def column_colors(one: Axis, *, log: bool = False) -> Colors:
    """Return the colours of rows by a column: categories have one each, numbers a place on the ramp.

    log: whether the ramp goes by decades.
    """
    title = one.spec["title"]
    here = one.lanes == 0
    levels = one.spec["levels"]
    missing = bool((~here).any())
    if levels is not None:
        paints = np.where(here, np.nan_to_num(one.values) % len(theme.RUN_COLORS) + 1, 0).astype(np.int16)
        entries = [
            {"label": label or "(empty)", "color": theme.color(place)} for place, label in enumerate(levels[:NAMED])
        ]
        more = max(0, len(levels) - NAMED)
        return Colors(
            [NO_VALUE, *theme.RUN_COLORS], {"title": title, "entries": entries, "more": more, "missing": missing}, paints
        )  # fmt: skip
    values = one.values[here]
    if len(values) == 0:
        return Colors([NO_VALUE], {"title": title, "missing": missing}, np.zeros(len(one.values), np.int16))
    low, high = float(values.min()), float(values.max())
    log = log and low > 0
    paints = np.zeros(len(one.values), np.int16)
    paints[here] = shades(values, low, high, log=log) + 1
    legend = {
        "title": title + (" (log)" if log else ""),
        "stops": list(RAMP),
        "low": spelled(one.spec["type"], low),
        "high": spelled(one.spec["type"], high),
        "missing": missing,
    }
    return Colors([NO_VALUE, *ramp()], legend, paints)


def shades(
    values: NDArray[np.float64], low: float, high: float, *, log: bool = False, count: int = SHADES
) -> NDArray[np.int16]:
    """Return which of `count` shades each value has."""
    if low == high:
        return np.full(len(values), count // 2, np.int16)
    # Halves: the span of huge numbers is no number.
    at = (
        (np.log10(values) - math.log10(low)) / (math.log10(high) - math.log10(low))
        if log
        else (values / 2 - low / 2) / (high / 2 - low / 2)
    )
    return np.clip(at * count, 0, count - 1).astype(np.int16)


_SPELLINGS: Mapping[str, Callable[[float], str]] = {
    "time": theme.moment,
    "duration": theme.duration,
    "size": theme.size,
}


def spelled(kind: str, value: float) -> str:
    """Return a number of a column of some type in words."""
    return _SPELLINGS.get(kind, theme.number)(value)

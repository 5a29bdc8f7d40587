"""Scatter plots: one with its trend or its boxes, a grid of hyperparameters and metrics, and a map of a metric."""

import dataclasses
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from pages.parts import hparams_rows as parts
from pages.parts.hparams_rows import BRUSH, Sweep
from tbcore.analysis import brushes as analysis
from tbcore.analysis import sheets, tradeoffs
from tbcore.charts import parallel as charts
from tbcore.charts import points, theme
from tbcore.ui import bound, brushes
from tbcore.ui.components.parallel import said
from tbcore.ui.components.scatter import scatter

KEY = "hparams_scatter"
FORMS = {"one": "One plot", "matrix": "Matrix", "map": "Map of a metric"}
X, Y, Z, COLOR = "hp_x", "hp_y", "hp_z", "hp_dots"
ACROSS, DOWN = "hp_across", "hp_down"
WIDE, HIGH = 6, 4  # plots of a grid before the visitor picks any
MOST = 12
UNPLACED = ("NaN", "Infinity", "-Infinity")  # words for what has a lane instead of a cell


def scatter_plots(sweep: Sweep) -> None:
    """Draw the choice of plots, and the one chosen."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        form = bound.segments("Plot", FORMS, key="hp_form")
    {"one": one_plot, "matrix": matrix, "map": surface}[form](sweep, row)


def one_plot(sweep: Sweep, row: DeltaGenerator) -> None:
    """Draw one column over another, with a line through the points, or a box for each category."""
    with row:
        x, y = pick(sweep, "x", X, first(sweep.differing, sweep)), pick(sweep, "y", Y, first(sweep.metrics(), sweep))
        color = parts.color_choice(sweep, COLOR, parts.RUN)
        across, up = axis(sweep, x, "hp_logx"), axis(sweep, y, "hp_logy")
        category = across.spec["levels"] is not None
        fitted = st.toggle("Boxes" if category else "Trend", True, key="hp_trend", bind="query-params")
    marks, note = points.Marks(), ""
    if fitted and up.spec["levels"] is None:
        if category:
            marks = points.boxes(tradeoffs.boxes(sweep.listed, x, y), across.spec["levels"])
        else:
            found = trend(sweep, x, y, across, up)
            marks, note = points.trend(found, parts.WARM), trend_words(found)
    draw(sweep, [across, up], color, marks, note, x, y)


def trend(sweep: Sweep, x: str, y: str, across: charts.Axis, up: charts.Axis) -> tradeoffs.Trend:
    """Return the trend of the rows that are brushed."""
    return tradeoffs.trend(
        numbers(sweep, x), numbers(sweep, y), across.spec["scale"] == "log", up.spec["scale"] == "log"
    )  # fmt: skip


def trend_words(found: tradeoffs.Trend) -> str:
    """Return what a trend says, and how much it rests on."""
    left = f"; {found.left_out:,} left out" if found.left_out else ""
    if not len(found.x):
        return f"No trend through {found.n:,} points{left}"
    return f"r = {theme.number(found.r)}, rank correlation {theme.number(found.rank)}, n = {found.n:,}{left}"


def matrix(sweep: Sweep, row: DeltaGenerator) -> None:
    """Draw a grid: a column for each hyperparameter, a row for each metric."""
    metrics, differing = sweep.metrics(), sweep.differing
    with row:
        color = parts.color_choice(sweep, COLOR, parts.RUN)
        popover = st.popover("Columns and rows", icon=":material/grid_view:")
    with popover:
        across, down = (
            bound.several(words, sweep.choices(), usual, sweep.title, key=key, max_selections=MOST, width=480)
            for words, key, usual in (
                ("Columns", ACROSS, differing[:WIDE] or metrics[:WIDE]),
                ("Rows", DOWN, metrics[:HIGH] or differing[:HIGH]),
            )
        )
    there = [[key for key in keys if sweep.sheet.column(key) is not None] for keys in (across, down)]
    if not all(there) or not len(sweep.sheet):
        st.markdown("There is no plot to draw: choose columns and rows.")
        return
    shades = parts.colors(sweep, color)
    columns, rows = ([parts.axis_of(sweep, key) for key in keys] for keys in there)
    view, axes = points.matrix(columns, rows, shades, brushes.clauses(BRUSH))
    scatter(view, {"rows": charts.rows(sweep.sheet.names, axes, shades)}, key=KEY, brushed=_brush)


def surface(sweep: Sweep, row: DeltaGenerator) -> None:
    """Draw a metric over two hyperparameters: what lies between the points, or the mean of each cell."""
    differing = sweep.differing
    targets = [key for key in sweep.choices("metric") if key in sweep.sheet.cells]
    if not targets:
        st.markdown("There is no metric to map.")
        return
    with row:
        x = pick(sweep, "x", X, first(differing, sweep))
        y = pick(sweep, "y", "hp_y2", first(differing[1:] or differing, sweep))
        z = bound.select("Metric", targets, sweep.title, key=Z, width=220)
        across, up = axis(sweep, x, "hp_logx"), axis(sweep, y, "hp_logy")
    logs = across.spec["scale"] == "log", up.spec["scale"] == "log"
    found = tradeoffs.surface(plain(sweep, x), plain(sweep, y), numbers(sweep, z), log_x=logs[0], log_y=logs[1])
    if found.kind == "cells":
        across, up = labelled(sweep, x), labelled(sweep, y)
        found = dataclasses.replace(found, x=places(across, found.x_labels), y=places(up, found.y_labels))
    tone = parts.axis_of(sweep, z)
    by_decades = tone.spec["scale"] == "log"
    shades = charts.column_colors(tone, log=by_decades)
    finite = tone.values[tone.lanes == 0]
    marks = points.Marks()
    if found.kind != "points" and len(finite):
        marks = points.tiles(found, *logs, float(finite.min()), float(finite.max()), log=by_decades)
    words = {
        "points": "Too few points for a map",
        "cells": "Tiles are means",
        "grid": "Straight lines between the points",
    }[found.kind]
    left = f"; {found.left_out:,} left out" if found.left_out else ""
    view = points.single(
        across, up, [tone], shades, {}, marks, note=words + left, fixed=True, ringed=True
    )  # fmt: skip
    scatter(
        view,
        {"rows": charts.rows(sweep.sheet.names, [across, up, tone], shades), **marks.tables},
        key="hparams_map",
        brushed=_brush,
    )


def draw(sweep: Sweep, axes: list[charts.Axis], color: str, marks: points.Marks, note: str, *keys: str) -> None:
    """Draw one plot. keys: of its axes."""
    if not len(sweep.sheet):
        st.markdown("No session passes the filters.")
        return
    shades = parts.colors(sweep, color)
    besides = [parts.axis_of(sweep, color)] if color not in (parts.RUN, *keys) and sweep.sheet.column(color) else []
    view = points.single(*axes, besides, shades, brushes.clauses(BRUSH), marks, note=note)
    tables = {"rows": charts.rows(sweep.sheet.names, [*axes, *besides], shades), **marks.tables}
    scatter(view, tables, key=KEY, brushed=_brush)


def pick(sweep: Sweep, words: str, key: str, usual: str) -> str:
    """Draw the choice of a column, and return it."""
    options = [one for one in sweep.choices() if one in sweep.sheet.cells]
    return bound.select(words, options, sweep.title, key=key, usual=usual, width=220)


def first(keys: list[str], sweep: Sweep) -> str:
    """Return the first of some columns, else of all."""
    return next(iter(keys), sweep.choices()[0])


def axis(sweep: Sweep, key: str, switch: str) -> charts.Axis:
    """Draw the choice of decades for an axis that can have them, and return the axis."""
    made = parts.axis_of(sweep, key)
    if "log" not in made.spec["scales"]:
        return made
    usual = made.spec["scale"] == "log"
    log = st.toggle(
        f"Log {'x' if switch.endswith('x') else 'y'}", usual, key=f"{switch}_{int(usual)}", bind="query-params"
    )
    return made if log == usual else parts.axis_of(sweep, key, "log" if log else "linear")


def labelled(sweep: Sweep, key: str) -> charts.Axis:
    """Return a column as categories, even if it is one of numbers: the cells of a map."""
    column, cells = sweep.sheet.column(key), sweep.sheet.cells[key]
    if column is None:
        raise KeyError(key)
    spelled = sheets.words(column, cells)
    kept = column.type == "text"
    levels = [label for label, _count in sheets.levels(sweep.sheet, key) if kept or label not in UNPLACED]
    return charts.axis(dataclasses.replace(column, type="text"), cells, analysis.lanes(column, cells), levels, spelled)


def places(one: charts.Axis, labels: tuple[str, ...]) -> NDArray[np.float64]:
    """Return which categories of an axis these are."""
    return np.array([one.spec["levels"].index(label) for label in labels], np.float64)


def numbers(sweep: Sweep, key: str) -> NDArray[np.float64]:
    """Return the numbers of a column in the rows that are brushed, NaN where there are none."""
    cells = sweep.listed.cells[key]
    if cells.values.dtype == object:
        return np.full(len(sweep.listed), np.nan)
    return np.where(cells.missing, np.nan, cells.values.astype(np.float64))


def plain(sweep: Sweep, key: str) -> NDArray[Any]:
    """Return the cells of a column in the rows that are brushed: numbers, or text that is "" where missing."""
    column, cells = sweep.listed.column(key), sweep.listed.cells[key]
    if column is not None and column.type in ("text", "bool"):
        return np.array(sheets.words(column, cells), object)
    return numbers(sweep, key)


def _brush() -> None:
    brushes.take(BRUSH, said(KEY, "brush"))

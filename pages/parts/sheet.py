"""A sheet on the screen: its columns chosen, its rows filtered, sorted and ticked, and what is listed to download.

state = table.sheet_state(KEY)                    # before anything is computed
measures = [... for key in parts.keys(state, usual) if key.startswith("m:")]
whole = parts.judged(<the sheet of all rows>, state)
sheet = parts.listed(whole, state)                # the rows that pass the visitor's filters
parts.draw(view, sheet, whole=whole, key=KEY, usual=usual)
"""

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa
import streamlit as st
from numpy.typing import NDArray

from tbcore import ui
from tbcore.analysis import sheets
from tbcore.analysis.known import Known
from tbcore.analysis.sheets import Cells, Column, Filter, Sheet
from tbcore.analysis.spreads import spread
from tbcore.series import Series
from tbcore.ui import sheet as table
from tbcore.ui.sheet import SheetState
from tbcore.ui.tables import downloads

Spark = Callable[[int], "NDArray[np.float32] | None"]

WATCHED = ("filters", "better")
FILES = {"CSV": "csv", "JSON": "json", "LaTeX": "tex", "Parquet": "parquet"}
NAMES = ("about:run", "about:group")  # columns that hold the names of the rows, and can be filtered
SPARK = 40  # values of a curve in a cell
LETTERS = 400  # of a text that are shown


def filters(state: SheetState) -> list[Filter]:
    """Return the filters that the visitor set."""
    return [Filter(**dataclasses.asdict(one)) for one in state.filters]


def keys(state: SheetState, usual: Sequence[str]) -> tuple[str, ...]:
    """Return the keys of the columns that are shown. usual: those shown before the visitor chose any."""
    return tuple(dict.fromkeys(usual)) if state.columns is None else state.columns


def judged(sheet: Sheet, state: SheetState) -> Sheet:
    """Return the sheet with the visitor's word on which end of a column is good."""
    if not state.better:
        return sheet
    columns = tuple(
        dataclasses.replace(column, better=state.better[column.key]) if column.key in state.better else column
        for column in sheet.columns
    )
    return dataclasses.replace(sheet, columns=columns)


def listed(sheet: Sheet, state: SheetState) -> Sheet:
    """Return the sheet with the rows that pass the visitor's filters."""
    return sheets.only(sheet, sheets.passing(sheet, filters(state))) if state.filters else sheet


def chosen(sheet: Sheet, state: SheetState) -> list[str]:
    """Return the runs of the rows that are ticked, of all rows when none is."""
    ticked = set(state.chosen)
    rows = [row for row, name in enumerate(sheet.names) if name in ticked] or range(len(sheet))
    return list(dict.fromkeys(run for row in rows for run in sheet.runs[row]))


def spark(series: Series | None) -> "NDArray[np.float32] | None":
    """Return the curve of a series as a cell draws it: at most 40 values, averages of many; None when there is none.

    NaN where all values of a stretch are not finite. The last is the last that was logged.
    """
    return None if series is None else _SPARKS(series)


def _thinned(series: Series) -> "NDArray[np.float32] | None":
    values = np.asarray(series.values, np.float64)[~series.superseded]
    if len(values) == 0:
        return None
    finite = np.isfinite(values)
    if len(values) > SPARK:
        starts = np.arange(SPARK) * len(values) // SPARK
        with np.errstate(invalid="ignore", over="ignore"):
            sums = np.add.reduceat(np.where(finite, values, 0.0), starts)
            means = sums / np.add.reduceat(finite.astype(np.float64), starts)
        means[-1] = values[-1]
        values = means
    with np.errstate(over="ignore", invalid="ignore"):
        found = values.astype(np.float32)
    return np.where(np.isfinite(found), found, np.float32(np.nan))


_SPARKS: Known[Series, "NDArray[np.float32] | None"] = Known(_thinned)


# Drawing -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """Everything a table is drawn of; see `draw`. state: what the page was drawn by."""

    view: ui.View
    sheet: Sheet
    whole: Sheet
    usual: tuple[str, ...]
    offered: tuple[Column, ...] = ()
    choices: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    sparks: Mapping[str, Spark] = field(default_factory=dict)
    depth: "NDArray[np.int64] | None" = None
    parent: "NDArray[np.int64] | None" = None
    key: str = ""
    name: str = "hparams"
    rows: str = "runs"
    height: int = 560
    watched: tuple[str, ...] = WATCHED
    state: SheetState = field(default_factory=SheetState)


def draw(
    view: ui.View,
    sheet: Sheet,
    *,
    key: str,
    usual: Sequence[str],
    whole: Sheet | None = None,
    offered: Sequence[Column] = (),
    choices: Mapping[str, Sequence[tuple[str, str]]] | None = None,
    sparks: Mapping[str, Spark] | None = None,
    depth: "NDArray[np.int64] | None" = None,
    parent: "NDArray[np.int64] | None" = None,
    name: str = "hparams",
    rows: str = "runs",
    height: int = 560,
    watched: Sequence[str] = WATCHED,
    alone: bool = True,
) -> None:
    """Draw the table of a sheet, and buttons that download what it lists.

    sheet: the rows that are listed; whole: with those that the filters hide.
    key: of the table's state; usual: the columns shown at first, in order.
    offered: columns that are not in the sheet yet: when one is chosen, the page is drawn with its key in `keys`.
    choices: by column key the columns it can be exchanged for in its menu, (words, key), itself among them: min, last.
    sparks: by column key what returns the curve beside the cell of a row [row of `sheet`], as `spark` makes it; the
    first of them is shown at first.
    depth, parent: of rows that stand below each other, see `analysis.runs.Tree`; a row whose name `whole` does not have
    is a group, which is not counted.
    name: of the files to download; rows: what rows are called, in the plural; height: in pixels, at most.
    watched: the fields of the state that the page itself goes by: a change of one draws the page again, of any other the
    table alone.
    alone: whether the table is a fragment of its own. In a fragment of the page that draws the table's rows as a chart too,
    it need not be: then that fragment answers a filter, not the whole app.
    """
    drawn = st.fragment(_drawn) if alone else _drawn
    drawn(
        Table(
            view,
            sheet,
            sheet if whole is None else whole,
            tuple(dict.fromkeys(usual)),
            tuple(offered),
            choices or {},
            sparks or {},
            depth,
            parent,
            key,
            name,
            rows,
            height,
            tuple(watched),
            table.sheet_state(key),
        )
    )


def _drawn(made: Table) -> None:
    state = table.sheet_state(made.key)
    if _of_the_page(made, state):
        st.rerun()
    about, cells = _spelled(made, state)
    pressed = table.sheet_table(made.key, about, {"cells": cells})
    if pressed == "show":
        table.show_runs(chosen(made.sheet, state))
        st.rerun()
    if pressed == "back":
        table.show_runs_before()
        st.rerun()
    _downloads(made, table.sheet_state(made.key))


def _of_the_page(made: Table, state: SheetState) -> bool:
    """Return whether the state has changed in what the page was drawn by."""
    if any(getattr(state, part) != getattr(made.state, part) for part in made.watched):
        return True
    known = {column.key for column in made.sheet.columns}
    wanted, had = (set(keys(one, made.usual)) - known for one in (state, made.state))
    return bool(wanted - had)


def _downloads(made: Table, state: SheetState) -> None:
    # Files are made when they are asked for, where no session can be asked what was chosen in it.
    def file(write: Callable[[Sheet], bytes]) -> Callable[[], bytes]:
        return lambda: write(in_order(made, state))

    downloads(
        made.name,
        [(words, ending, file(sheets.DOWNLOADS[ending])) for words, ending in FILES.items()],
        width="content",
    )


def in_order(made: Table, state: SheetState) -> Sheet:
    """Return what is listed, as it is listed: without groups, in the visitor's order and columns."""
    sheet = made.sheet
    place = np.arange(len(sheet))
    for key, descending in reversed(state.sort):
        place = place[_order(sheets.only(sheet, place), key, descending)]
    if made.parent is not None:
        known = set(made.whole.names)
        walked = _walked(made.parent, place)
        place = np.array([row for row in walked if sheet.names[row] in known], np.int64)
    return sheets.picked(sheets.only(sheet, place), keys(state, made.usual))


def _order(sheet: Sheet, key: str, descending: bool) -> "NDArray[np.int64]":
    if key != table.NAME:
        return sheets.order(sheet, key, descending=descending)
    places, _levels = _codes(sheet.names, _ranks(sheet.names))
    return np.argsort(-places if descending else places, kind="stable")


def _walked(parent: "NDArray[np.int64]", place: "NDArray[np.int64]") -> list[int]:
    """Return the rows of a tree from top to bottom, those of one parent in the order of `place`."""
    below: dict[int, list[int]] = {}
    for row in reversed(place.tolist()):
        below.setdefault(int(parent[row]), []).append(row)
    found, waiting = [], list(below.get(-1, ()))
    while waiting:
        found.append(waiting.pop())
        waiting += below.get(found[-1], ())
    return found


@lru_cache(maxsize=16)
def _ranks(names: tuple[str, ...]) -> dict[str, int]:
    """Return the place of each name in the order of `analysis.sheets.order`."""
    return _places(sheets.text_cells(names))


def _places(cells: Cells) -> dict[str, int]:
    column = Column("", "", "about", "text")
    rows = len(cells.values)
    found = sheets.levels(Sheet(("",) * rows, (column,), {"": cells}, ((),) * rows), "")
    return {text: place for place, (text, _count) in enumerate(found)}


_PLACES: Known[Cells, dict[str, int]] = Known(_places)


def _codes(texts: Sequence[str], places: Mapping[str, int]) -> "tuple[NDArray[np.int32], list[str]]":
    """Return the texts as codes, in the order of `places`, and what each code stands for."""
    ranks = np.fromiter((places.get(text, 0) for text in texts), np.int64, len(texts))
    found, codes = np.unique(ranks, return_inverse=True)
    levels = list(places)
    return codes.astype(np.int32), [levels[place] for place in found.tolist()] if levels else []


def _spelled(made: Table, state: SheetState) -> tuple[dict[str, Any], pa.Table]:
    """Return what the component is told, and the cells."""
    sheet, whole = made.sheet, made.whole
    columns = {column.key: column for column in (*sheet.columns, *made.offered)}
    told, arrays = _columns(made, state)
    palette, marks = _marks(made)
    cells = pa.table({**arrays, **marks})
    about = {
        **told,
        "columns": [_about(column, whole) for column in columns.values()],
        "name": table.NAME,
        "name_column": {
            "key": table.NAME, "title": made.rows[:1].upper() + made.rows[1:].removesuffix("s"), "role": "about",
            "type": "text", "better": "", "about": "", "differs": True,
        },
        "name_filter": next((key for key in NAMES if key in columns), ""),
        "usual": list(made.usual),
        "choices": {key: [list(one) for one in some] for key, some in made.choices.items()},
        "curves": list(made.sparks),
        "curves_usual": list(made.sparks)[:1],
        "colors": palette,
        "count": len(sheet),
        "listed": marks["group"].to_pylist().count(0),
        "total": len(whole),
        "rows": made.rows,
        "tree": "parent" in marks,
        "height": made.height,
        "back": table.shows_runs(),
        "facts": _facts(whole, state.asking),
    }  # fmt: skip
    about["stamp"] = _stamp(about, cells)
    return about, cells


def _columns(made: Table, state: SheetState) -> tuple[dict[str, Any], dict[str, pa.Array]]:
    """Return which field holds the cells and which the curves of a column, the texts of its codes, and the fields."""
    sheet = made.sheet
    shown = [key for key in keys(state, made.usual) if sheet.column(key) is not None]
    shown += [key for key, _descending in state.sort if key not in shown and sheet.column(key) is not None]
    curves = state.curves if state.curves is not None else tuple(made.sparks)[:1]
    # The order of all names holds for those of them that are listed.
    codes, names = _codes(sheet.names, _ranks(made.whole.names if made.parent is None else sheet.names))
    arrays: dict[str, pa.Array] = {"name": pa.array(codes)}
    fields, texts, traces = {table.NAME: "name"}, {table.NAME: names}, {}
    for number, column in enumerate(column for key in shown if (column := sheet.column(key)) is not None):
        fields[column.key] = f"c{number}"
        arrays[f"c{number}"], levels = _array(made, column)
        if levels is not None:
            texts[column.key] = levels
        if column.key in curves and column.key in made.sparks:
            traces[column.key] = f"s{number}"
            arrays[f"s{number}"] = _curves(made.sparks[column.key], len(sheet))
    return {"fields": fields, "texts": texts, "traces": traces}, arrays


def _marks(made: Table) -> tuple[list[str], dict[str, pa.Array]]:
    """Return the colours of the rows, and what is marked on each: its colour by number, whether it is shown, a group."""
    sheet, view = made.sheet, made.view
    selected = {run.name for run in view.selected}
    runs = {run.name for run in view.runs}
    first = [next((run for run in some if run in runs), None) for some in sheet.runs]
    palette: dict[str, int] = {}
    colors = [palette.setdefault("" if run is None else view.color(run), len(palette)) for run in first]
    known = set(made.whole.names) if made.parent is not None else set(sheet.names)
    marks = {
        "color": colors,
        "shown": [any(run in selected for run in some) for some in sheet.runs],
        "group": [name not in known for name in sheet.names],
    }
    if made.parent is not None and made.depth is not None:
        marks |= {"depth": made.depth.tolist(), "parent": made.parent.tolist()}
    return list(palette), {name: pa.array(np.asarray(values, np.int32)) for name, values in marks.items()}


def _stamp(about: Mapping[str, Any], cells: pa.Table) -> str:
    """Return another word for other cells."""
    digest = blake2b(digest_size=12)
    for column in cells.columns:
        for buffer in (buffer for chunk in column.chunks for buffer in chunk.buffers() if buffer is not None):
            digest.update(buffer)
    digest.update(json.dumps([about["fields"], about["texts"], about["traces"], about["tree"]]).encode())
    return digest.hexdigest()


def _about(column: Column, whole: Sheet) -> dict[str, Any]:
    """Return what is said of a column."""
    cells = whole.cells.get(column.key)
    return {
        "key": column.key,
        "title": column.title,
        "role": column.role,
        "type": column.type,
        "better": column.better,
        "about": _shortened(column.about),
        "differs": cells is None or _DIFFERS(cells),
    }


def _differing(cells: Cells) -> bool:
    return sheets.differs(Sheet(("",) * len(cells.values), (), {"": cells}, ((),) * len(cells.values)), "")


_DIFFERS: Known[Cells, bool] = Known(_differing)


def _array(made: Table, column: Column) -> "tuple[pa.Array, list[str] | None]":
    """Return the cells of a column, null where missing; of text codes, and the texts they stand for in their order."""
    cells = made.sheet.cells[column.key]
    if column.type != "text":
        return pa.array(np.asarray(cells.values, np.float64), mask=cells.missing), None
    all_cells = made.whole.cells.get(column.key)
    # Rows of groups may hold texts that no other row does.
    places = _PLACES(cells if made.parent is not None or all_cells is None else all_cells)
    codes, levels = _codes(cells.values, places)
    return pa.array(codes, mask=cells.missing), [_shortened(text) for text in levels]


def _shortened(text: str) -> str:
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…"


def _curves(curve: Spark, rows: int) -> "pa.ListArray":
    found = [curve(row) for row in range(rows)]
    offsets = np.cumsum([0, *(0 if one is None else len(one) for one in found)], dtype=np.int32)
    some = [np.asarray(one, np.float32) for one in found if one is not None]
    values = np.concatenate(some) if some else np.empty(0, np.float32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values))


def _facts(whole: Sheet, key: str) -> dict[str, Any] | None:
    """Return what the filter of a column shows, None when none is open."""
    found = spread(whole, key) if key else None
    if found is None:
        return None
    return {
        "key": key,
        "low": ui.finite(found.low),
        "high": ui.finite(found.high),
        "log": found.log,
        "whole": found.whole,
        "bins": list(found.bins),
        "levels": None if found.levels is None else [list(one) for one in found.levels],
        "more": found.more,
        "missing": found.missing,
        "nan": found.nan,
    }

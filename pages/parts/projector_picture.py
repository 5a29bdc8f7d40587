"""The picture of the points: in which colours, under which names, and what a click in it does."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.parts import projector_source as source
from pages.parts.projector_projection import Drawn, Floats, categories_first
from pages.parts.projector_source import MARKS, Read
from tbcore.analysis import alignment, embedding_points
from tbcore.charts import cloud as clouds
from tbcore.ui import bound
from tbcore.ui import projector as state
from tbcore.ui.components.cloud import cloud, cloud_state
from tbcore.ui.projector import Chosen

NOTHING, ROW, CLUSTER = "", ":row", ":cluster"  # what is no column of the metadata
COLUMN = "c:"  # before the name of one that is
MOST = 100_000  # points that are drawn
HEIGHT = 600
PROBLEMS = 3  # that are told at once
CATEGORIES = 50  # numbers that may be as many categories
FEW = 20  # labels that can be told apart by their colours
FOLLOWING = ("__next__", "__seq_next__")
_OURS = {NOTHING: "Nothing", ROW: "Row number", CLUSTER: "Cluster"}

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Paint:
    """What the points are coloured and named by. color: as the address has it; label: a column, "" for the row."""

    color: str
    label: str
    grouped: bool = False


@dataclass(frozen=True)
class Marked:
    """What stands out besides what is selected: rows and how far they are from the point that is picked."""

    rows: Rows = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)
    distances: Floats = field(default_factory=lambda: np.zeros(0, np.float32), repr=False)


@dataclass(frozen=True)
class Groups:
    """Which cluster each point is in. labels [n]: -1 for none; mark: another one for other clusters."""

    labels: Rows = field(repr=False)
    mark: str

    def names(self) -> list[str]:
        """Return what the cluster of each point is called, "" for none."""
        return embedding_points.cluster_names(self.labels)


# What is chosen ------------------------------------------------------------------------------------------------------


def controls(found: Read, groups: Groups | None = None) -> Paint:
    """Draw the choice of colours and names, and return it. groups: clusters, where they were computed."""
    columns = [column.name for column in found.table.columns if column.name not in FOLLOWING]
    first = categories_first(found)
    options = [*(COLUMN + name for name in columns), *([CLUSTER] if groups is not None else []), ROW, NOTHING]
    color = bound.select("Colour by", options, color_words, key="emb_color", usual=usual_color(found), width=98)
    column = found.column(color.removeprefix(COLUMN)) if color.startswith(COLUMN) else None
    grouped = False
    if column is not None and column.kind in ("number", "date"):
        few = source.distinct(found, column.name) <= CATEGORIES
        if few:
            grouped = st.toggle(
                "As categories", key="emb_grouped", bind="query-params", help="A colour for each number, not a ramp."
            )
    label = NOTHING
    if columns:
        label = bound.select(
            "Label by", [*columns, NOTHING], lambda one: one or "Row number", key="emb_label", usual=first, width=98
        )
    return Paint(color, label, grouped)


def usual_color(found: Read) -> str:
    """Return what the points are coloured by at first: nothing where nearly each of them has a label of its own."""
    first = categories_first(found)
    column = found.column(first)
    if column is None:
        return NOTHING
    if column.kind in ("category", "text"):
        labels = source.distinct(found, first)
        most = CATEGORIES if column.kind == "text" else found.count
        if labels > most or (labels > FEW and 2 * labels > found.count):
            return NOTHING
    return COLUMN + first


def color_words(color: str) -> str:
    """Return what a way to colour is called."""
    return _OURS.get(color) or color.removeprefix(COLUMN)


def _mark(one: Drawn | Groups) -> str:
    return one.mark


# What is drawn -------------------------------------------------------------------------------------------------------


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs=MARKS)
def sampled(found: Read, color: str, shown: str) -> Rows | None:
    """Return which rows are drawn when there are more than can be, as many of each category as there are; None for all."""
    count = found.count
    rows = np.arange(count) if not shown else state.rows_of(shown, count)
    if len(rows) <= MOST and count <= MOST:
        return None
    if len(rows) <= MOST:
        return rows
    column = found.column(color.removeprefix(COLUMN))
    labels = None if column is None else _taken(column.cells, rows)
    return rows[alignment.sampled(len(rows), labels, most=MOST)]


def colors_of(found: Read, paint: Paint, rows: Rows | None, groups: Groups | None) -> clouds.Colors:
    """Return the colours of the rows that are drawn, None for all."""
    count = found.count if rows is None else len(rows)
    if paint.color == ROW:
        at = np.arange(found.count) if rows is None else rows
        return clouds.numbers(at.astype(np.float64), "Row")
    if paint.color == CLUSTER and groups is not None:
        named = groups.names()
        return clouds.categories(_taken(named, rows), "Cluster", known=named if rows is not None else ())
    column = found.column(paint.color.removeprefix(COLUMN))
    if column is None:
        return clouds.plain(count)
    if column.kind in ("number", "date") and column.numbers is not None and not paint.grouped:
        numbers = column.numbers if rows is None else column.numbers[rows]
        return clouds.numbers(numbers, column.name, kind="date" if column.kind == "date" else "number")
    return clouds.categories(_taken(column.cells, rows), column.name, known=column.cells if rows is not None else ())


def _taken(cells: Sequence[str], rows: Rows | None) -> Sequence[str]:
    return cells if rows is None else embedding_points.taken(cells, rows)


@st.cache_resource(show_spinner=False, max_entries=12, hash_funcs={**MARKS, Drawn: _mark, Groups: _mark})
def tables(
    found: Read, drawn: Drawn, paint: Paint, shown: str, groups: Groups | None, _links: Rows | None
) -> tuple[clouds.Cloud, Rows | None]:
    """Return the points as they are sent, which no click changes, and which rows they are, None for all.

    _links [n]: which thing each row is, for pictures side by side; they go with the marks of what is drawn.
    """
    rows = sampled(found, paint.color, shown)
    points = drawn.points if rows is None else drawn.points[rows]
    label = found.column(paint.label)
    tips = {
        column.name: _taken(column.cells, rows)
        for column in found.table.columns
        if column is not label and column.name not in FOLLOWING
    }
    follows = next((column for column in found.table.columns if column.name in FOLLOWING), None)
    sprite = source.pictured(found)[0]
    at = np.arange(found.count) if rows is None else rows
    made = clouds.spec(
        points,
        colors=colors_of(found, paint, rows, groups),
        axes=drawn.axes if drawn.wanted.how in ("pca", "custom", "lda") else (),
        labels=_taken(label.cells, rows) if label is not None else embedding_points.row_names(at),
        tips=tips,
        following=clouds.following(follows.cells, found.count) if follows is not None and rows is None else None,
        links=_links if rows is None or _links is None else _links[rows],
        sprites=None
        if sprite is None
        else clouds.Sprites(
            sprite.atlas, *sprite.atlas_size, sprite.across, np.where(at < sprite.count, at, -1).astype(np.int32)
        ),
    )
    return made, rows


def picture(
    found: Read,
    drawn: Drawn,
    paint: Paint,
    now: Chosen,
    *,
    key: str,
    marked: Marked,
    groups: Groups | None = None,
    height: int = HEIGHT,
    group: str = "",
    bounds: Any = None,
    links: Rows | None = None,
    camera: list[float] | None = None,
    title: str | None = None,
) -> None:
    """Draw the picture. now: what is selected and shown; marked: the neighbours of the point that is picked.

    group: of pictures that move together, in which equal `links` are one thing; camera: where `now` says nothing.
    """
    mask = now.shown(found.count)
    shown = clouds.packed(np.flatnonzero(mask)) if now.narrowed and found.count > MOST else ""
    made, rows = tables(found, drawn, paint, shown, groups, links)
    look = state.look()
    view = {
        **made.view,
        "title": found.title if title is None else title,
        "scene": f"{found.key} {view_of(drawn)}",
        "note": note(found, rows),
        "hidden": clouds.packed(np.flatnonzero(~(mask if rows is None else mask[rows]))) if now.narrowed else "",
        "selected": clouds.packed(_places(state.rows_of(now.selected, found.count), rows)),
        "picked": _place(now.picked, rows) if now.picked < found.count else -1,
        "look": look._asdict(),
        "legend_state": now.legend_of(paint.color),
        "camera": now.camera_at(view_of(drawn)) or camera,
        "group": group,
        "bounds": made.view["bounds"] if bounds is None else [list(corner) for corner in bounds],
    }
    near = _inside(marked, rows)
    view["neighbors"] = near.rows.tolist()
    view["distances"] = [float(one) if np.isfinite(one) else None for one in near.distances.tolist()]
    cloud(view, made.tables, key=key, height=height)


def note(found: Read, rows: Rows | None) -> str:
    """Return what has to be said under a picture that does not show all."""
    if rows is None:
        return ""
    return f"{len(rows):,} of {found.count:,} points are drawn, of each category its share; everything else is computed of all."


def view_of(drawn: Drawn) -> str:
    """Return what a camera looks at: another projection is looked at anew."""
    return "-".join((drawn.wanted.how, str(drawn.wanted.dims), *drawn.names))


def taken(found: Read, drawn: Drawn, paint: Paint, now: Chosen, key: str) -> Chosen:
    """Return what is chosen, with what the visitor did in the picture just now; ask before the picture is drawn."""
    mask = now.shown(found.count)
    shown = clouds.packed(np.flatnonzero(mask)) if now.narrowed and found.count > MOST else ""
    rows = sampled(found, paint.color, shown)
    said = cloud_state(key, found.count if rows is None else len(rows))
    if said.selected is not None:
        now = replace(now, selected=clouds.packed(said.selected if rows is None else rows[said.selected]))
    if said.picked is not None:
        now = replace(now, picked=said.picked if rows is None or said.picked < 0 else int(rows[said.picked]))
    if said.camera is not None:
        now = now.looked(view_of(drawn), said.camera)
    if said.legend is not None:
        now = now.lighted(paint.color, said.legend)
    if said.look is not None:
        state.keep_look(said.look)
    return now


def _inside(marked: Marked, rows: Rows | None) -> Marked:
    """Return what stands out by its place among the rows that are drawn."""
    if rows is None or not len(marked.rows):
        return marked
    places = np.searchsorted(rows, marked.rows)
    there = (places < len(rows)) & (rows[np.minimum(places, len(rows) - 1)] == marked.rows)
    return Marked(places[there], marked.distances[there])


def _places(wanted: Rows, rows: Rows | None) -> Rows:
    return wanted if rows is None else np.flatnonzero(np.isin(rows, wanted))


def _place(row: int, rows: Rows | None) -> int:
    if rows is None or row < 0:
        return row
    place = int(np.searchsorted(rows, row))
    return place if place < len(rows) and int(rows[place]) == row else -1


def problems(found: Read) -> None:
    """Draw what is wrong with an embedding or its sprite, and was mended or left out."""
    wrong = source.pictured(found)[1]
    told = [source.sentence(one) for one in (*found.table.notes, *([wrong] if wrong else []))]
    rest = told[PROBLEMS:]
    lines = [*told[:PROBLEMS], *([f"And {len(rest)} more."] if rest else [])]
    if lines:
        st.caption("  \n".join(f":orange[{one}]" for one in lines), help="\n\n".join(rest) or None)

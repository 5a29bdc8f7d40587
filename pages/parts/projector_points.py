"""What is known of single points beside the picture: a search, the point that is picked, its neighbours, a selection."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.parts import projector_source as source
from pages.parts.facts import facts
from pages.parts.projector_picture import Marked
from pages.parts.projector_projection import Drawn, categories_first
from pages.parts.projector_source import MARKS, Read
from tbcore import ui
from tbcore.analysis import clusters, embedding_points, neighbors
from tbcore.charts import theme
from tbcore.charts.cloud import packed
from tbcore.errors import PatternError
from tbcore.ui import bound
from tbcore.ui import projector as state
from tbcore.ui.projector import Chosen
from tbcore.ui.tables import downloads

METRICS = {"cosine": "Cosine", "euclidean": "Euclidean"}
LISTED = 100  # points that a list shows
FACTS = 40  # columns that are told of a point
TOLD = 8  # of what a selection differs by
LEAST = 0.05  # effect from which on it is worth telling
LETTERS = 200
HEAD = 60
THUMB = 32  # pixels

Rows = NDArray[np.int64]


# Lists of points -----------------------------------------------------------------------------------------------------


def go(embedding: str, row: int) -> None:
    """Pick a point."""
    state.keep(embedding, replace(state.chosen(embedding), picked=row))


def listed(
    found: Read,
    rows: Sequence[int],
    label: str,
    more: Mapping[str, Sequence[float]],
    *,
    key: str,
    pick: Callable[[int], None] | None = None,
    height: int | None = None,
) -> None:
    """Draw points below each other, with their pictures; a press picks one. more: numbers by title."""
    sprite = source.pictured(found)[0]
    names = [shortened(found.label(row, label)) for row in rows]
    table: dict[str, Sequence[object]] = {}
    config: dict[str, object] = {}
    if sprite is not None:
        table["picture"] = sprite.uris(rows, THUMB)
        config["picture"] = st.column_config.ImageColumn("", width=44)
    table["label"] = names
    config["label"] = st.column_config.TextColumn("Label" if found.column(label) else "Point")
    for title, values in more.items():
        table[title] = [theme.number(float(value)) for value in values]
        config[title] = st.column_config.TextColumn(title, width=70, alignment="right")
    if found.column(label) is not None:
        table["row"] = list(rows)
        config["row"] = st.column_config.NumberColumn("Row", format="localized", width=60)

    def pressed() -> None:
        cells = st.session_state[key].selection.cells
        if cells and 0 <= cells[0][0] < len(rows):
            (pick or (lambda row: go(found.key, row)))(int(rows[cells[0][0]]))

    st.dataframe(
        table,
        key=key,
        hide_index=True,
        height=height or ("content" if len(rows) <= 6 else 250),
        row_height=38 if sprite is not None else None,
        on_select=pressed,
        selection_mode="single-cell",
        column_config=config,
    )


def shortened(text: str, most: int = LETTERS) -> str:
    """Return a cell that is not too long."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


# Search --------------------------------------------------------------------------------------------------------------


def search(found: Read, now: Chosen, label: str) -> None:
    """Draw the search in a column of the metadata, and what it finds."""
    columns = [column.name for column in found.table.columns]
    if not columns:
        return
    left, right = st.columns([3, 2], gap="small")
    with left:
        pattern = st.text_input("Search (regex)", key="emb_find", bind="query-params", placeholder="in a column")
    with right:
        name = bound.select("In", columns, str, key="emb_find_in", usual=label or categories_first(found))
    if not pattern:
        return
    column = found.column(name)
    try:
        hits = embedding_points.found([] if column is None else column.cells, pattern)
    except PatternError as error:
        st.caption(f":red[{source.sentence(str(error))}]")
        return
    if not len(hits):
        st.caption(":orange[Nothing is called so]")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(
            f"{len(hits):,} found" + (f", the first {LISTED} listed" if len(hits) > LISTED else ""), width="content"
        )
        st.button(
            "Select them", key="emb_take", type="tertiary", icon=":material/select_all:", on_click=select,
            args=(found.key, packed(hits)), disabled=now.selected == packed(hits),
        )  # fmt: skip
    listed(found, hits[:LISTED].tolist(), name, {}, key=f"emb_hits_{found.mark}_{name}_{pattern}")


def select(embedding: str, rows: str) -> None:
    """Select points."""
    state.keep(embedding, replace(state.chosen(embedding), selected=rows))


# The point that is picked --------------------------------------------------------------------------------------------


@st.cache_resource(show_spinner=False, max_entries=3, hash_funcs=MARKS)
def _prepared(found: Read) -> neighbors.Prepared:
    return neighbors.prepared(found.values)


@st.cache_resource(show_spinner=False, max_entries=64, hash_funcs=MARKS)
def near(found: Read, row: int, count: int, metric: neighbors.Metric) -> Marked:
    """Return the nearest points of one among all, exactly, and their distances."""
    return Marked(*neighbors.nearest(_prepared(found), row, count, metric))


def asked_near(found: Read, now: Chosen) -> Marked:
    """Return the neighbours of the point that is picked, none while none is."""
    if not 0 <= now.picked < found.count:
        return Marked()
    # The widgets that say how many are drawn after the picture.
    count = st.session_state.get("emb_k", _asked_count())
    metric = (bound.chosen("emb_metric") or ["cosine"])[0]
    return near(found, now.picked, min(999, max(1, int(count))), metric if metric in METRICS else "cosine")


def _asked_count() -> int:
    said = st.query_params.get("emb_k", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 4 else 10


def point(found: Read, now: Chosen, label: str, marked: Marked) -> None:
    """Draw what is known of the point that is picked, and its neighbours."""
    row = now.picked
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{ui.plain(shortened(found.label(row, label), HEAD))}**")
        st.button(
            "", key="emb_unpick", type="tertiary", icon=":material/close:", help="Pick no point", on_click=go,
            args=(found.key, -1),
        )  # fmt: skip
    sprite = source.pictured(found)[0]
    image = sprite.png(row, 96) if sprite is not None else b""
    facts_of = {
        column.name: shortened(column.cells[row]) for column in found.table.columns[:FACTS] if row < len(column.cells)
    }
    facts_of["Row"] = f"{row:,}"
    norm = float(np.linalg.norm(found.values[row].astype(np.float64)))
    facts_of["Length"] = theme.number(norm)
    if image:
        left, right = st.columns([1, 2], vertical_alignment="center")
        with left:
            st.image(image, width=96)
        with right:
            facts(facts_of)
    else:
        facts(facts_of)
    if len(found.table.columns) > FACTS:
        st.caption(f"The first {FACTS} of {len(found.table.columns):,} columns.")
    nearest(found, now, label, marked)


def nearest(found: Read, now: Chosen, label: str, marked: Marked) -> None:
    """Draw the nearest points of the one that is picked; a press goes on to one of them."""
    left, right = st.columns(2, gap="small")
    with left:
        st.number_input("Neighbours", 1, 999, 10, 10, key="emb_k", bind="query-params")
    with right:
        bound.select("Distance", list(METRICS), METRICS.__getitem__, key="emb_metric")
    if not len(marked.rows):
        st.caption("This point has no neighbours: it is alone, or not all of its numbers are finite.")
        return
    rows = marked.rows.tolist()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        dims = found.values.shape[1]
        words = f"In all {dims:,} dimensions, exactly" if dims > 1 else "In the one dimension, exactly"
        st.caption(words + (", among hidden points too" if now.narrowed else ""), width="content")
        st.button(
            "Select", key="emb_take_near", type="tertiary", icon=":material/select_all:", on_click=select,
            args=(found.key, packed(np.append(marked.rows, now.picked))), help="The point and its neighbours",
        )  # fmt: skip
    listed(
        found, rows[:LISTED], label, {"Distance": marked.distances[:LISTED].tolist()},
        key=f"emb_near_{found.mark}_{now.picked}",
    )  # fmt: skip


# A selection ---------------------------------------------------------------------------------------------------------


@st.cache_resource(show_spinner=False, max_entries=16, hash_funcs=MARKS)
def statistics(found: Read, selected: str) -> Sequence[clusters.Statistic]:
    """Return what a selection has that the other points have not."""
    mask = np.zeros(found.count, np.bool_)
    mask[state.rows_of(selected, found.count)] = True
    return clusters.statistics(found.table.columns, mask)


def selection(found: Read, drawn: Drawn, now: Chosen, label: str) -> None:
    """Draw what is selected, what it is made of, and what can be done with it."""
    rows = state.rows_of(now.selected, found.count)
    if not len(rows):
        narrowed(found, now)
        return
    st.markdown(f"**{source.counted(len(rows), 'point')} {'is' if len(rows) == 1 else 'are'} selected**")
    with st.container(horizontal=True, gap="small"):
        for title, icon, act, about in (
            ("Isolate", "filter_alt", Chosen.isolated, "Show only these"),
            ("Exclude", "filter_alt_off", Chosen.excluded, "Do not show these"),
            ("Clear", "deselect", lambda one: replace(one, selected=""), "Select nothing"),
        ):
            st.button(
                title, key=f"emb_do_{title}", icon=f":material/{icon}:", type="tertiary", help=about,
                on_click=_done, args=(found.key, act),
            )  # fmt: skip
    if not state.shareable(replace(now, only="", without=())):
        st.caption("They are too many for the address: a link to this page does not select them.")
    narrowed(found, now)
    told = statistics(found, now.selected) if len(rows) < found.count and found.table.columns else ()
    for one in [one for one in told if one.effect >= LEAST][:TOLD]:
        st.markdown(f"- **{ui.plain(shortened(one.column))}**: {ui.plain(words_of(one))}")
    if len(rows) <= LISTED:
        listed(found, rows.tolist(), label, {}, key=f"emb_selected_{found.mark}_{hash(now.selected)}", height=180)
    downloads(
        "selection",
        [("Selection as TSV", "tsv", lambda: written(found, drawn, rows, tabs=True))],
        width="content",
    )


def words_of(one: clusters.Statistic) -> str:
    """Return how a column of the selection differs, in words."""
    if one.words or not np.isfinite(one.median):
        return one.words or "differs"
    return f"median {theme.moment(one.median, ui.zone())}, elsewhere {theme.moment(one.rest_median, ui.zone())}"


def narrowed(found: Read, now: Chosen) -> None:
    """Draw how many points are not shown, and the button that shows them."""
    if not now.narrowed:
        return
    hidden = found.count - int(now.shown(found.count).sum())
    if not state.shareable(replace(now, selected="")):
        st.caption("They are too many for the address: a link to this page shows all points.")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"{hidden:,} of {found.count:,} points are hidden", width="content")
        st.button(
            "Show all", key="emb_show_all", type="tertiary", icon=":material/visibility:", on_click=_done,
            args=(found.key, Chosen.whole),
        )  # fmt: skip


def _done(embedding: str, act: Callable[[Chosen], Chosen]) -> None:
    state.keep(embedding, act(state.chosen(embedding)))


def written(found: Read, drawn: Drawn, rows: Rows, *, tabs: bool = False) -> bytes:
    """Return points with their metadata and where they are drawn."""
    columns = {column.name: column.cells for column in found.table.columns}
    names = drawn.names or drawn.axes
    places = {name: drawn.points[rows, at] for at, name in enumerate(names)}
    return embedding_points.table_of(rows, columns, places, tabs=tabs)


def whole(found: Read) -> None:
    """Draw what is known of all points."""
    table = found.table
    finite = int(table.finite.sum())
    facts(
        {
            "Points": f"{found.count:,}",
            "Dimensions": f"{found.values.shape[1]:,}",
            "Columns": shortened(", ".join(column.name for column in table.columns[:FACTS])),
            "Not finite": f"{found.count - finite:,}" if finite < found.count else "",
            "Pictures": "" if source.pictured(found)[0] is None else f"{source.pictured(found)[0].count:,}",
        }
    )
    st.caption("A click picks a point. Select many with the box or the lasso.")


def every(found: Read) -> Rows:
    """Return all rows."""
    return np.arange(found.count)

"""Two embeddings of the same things side by side: another step or another run, laid over each other, and what moved most."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.parts import projector_picture as pictures
from pages.parts import projector_points as points
from pages.parts import projector_projection as projection
from pages.parts import projector_source as source
from pages.parts.projector_picture import Marked, Paint
from pages.parts.projector_projection import Drawn
from pages.parts.projector_source import MARKS, Embedding, Read
from tbcore import ui
from tbcore.analysis import alignment, embedding_points
from tbcore.charts import cloud as clouds
from tbcore.errors import FormatError, RunlensError
from tbcore.ui import bound, jobs
from tbcore.ui import projector as state
from tbcore.ui.projector import Chosen
from tbcore.ui.tables import downloads

LEFT, RIGHT = "projector_left", "projector_right"
GROUP = "projector_compare"
LISTED = 100
HEIGHT = 520

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Pairs:
    """Which rows of two embeddings are the same thing, and by what."""

    left: Rows = field(repr=False)
    right: Rows = field(repr=False)
    words: str
    notes: tuple[str, ...]

    def across(self, rows: Rows, *, back: bool = False) -> Rows:
        """Return the rows of the other one that are the same; back: from the right to the left."""
        ours, theirs = (self.right, self.left) if back else (self.left, self.right)
        return theirs[np.isin(ours, rows)]


def compare(found: Read, offered: Mapping[str, Embedding]) -> None:
    """Draw the choice of another embedding, and the two beside each other."""
    keys = [key for key, one in offered.items() if key != found.key or len(one.at) > 1]
    if not keys:
        st.markdown(
            "There is nothing to compare this embedding with: it was logged at one step, and no other run has one."
        )
        return
    usual = found.key if found.key in keys else next((key for key in keys if _name(key) == _name(found.key)), keys[0])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        other = offered[bound.select("Compared with", keys, str, key="emb_other", usual=usual, width=300)]
        steps = [pick.step for pick in other.at if other.key != found.key or pick.step != found.step]
        # Of the same one the first step there is, of another run the same step, else its last.
        usual = steps[0] if other.key == found.key else found.step if found.step in steps else steps[-1]
        step = (
            bound.select("At step", steps, str, key="emb_other_step", usual=usual, width=110) if steps != [""] else ""
        )
    try:
        before = source.read(other, other.of(step))
    except FormatError as error:
        st.error(f"{ui.plain(other.key)} cannot be read: {ui.plain(str(error))}")
        return
    side_by_side(before, found)


def _name(key: str) -> str:
    return key.rpartition(" · ")[2]


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs=MARKS)
def paired(left: Read, right: Read) -> Pairs:
    """Return which rows are the same thing: by a column that both have, else by their order."""
    made = alignment.matched(left.table.columns, right.table.columns, left.count, right.count)
    words = f"matched by {made.column}" if made.column else "matched by their order"
    return Pairs(made.rows_a, made.rows_b, words, made.notes)


@st.fragment
def side_by_side(before: Read, found: Read) -> None:
    """Draw two embeddings beside each other, and what moved most from the first to the second."""
    now = state.chosen(found.key)
    try:
        pairs = paired(before, found)
    except RunlensError as error:
        st.markdown(f"They cannot be compared: {ui.plain(str(error))}.")
        return
    with projection.row():
        # A bookmark keeps the places of one embedding at one step, not those of the other.
        wanted = projection.controls(found, now, computed_only=True)
        parameters = projection.inside()
        paint = pictures.controls(found)
    status = st.container()
    with status:
        right = projection.drawn(found, wanted, parameters)
    before_wanted = replace(wanted, among="")
    with status:
        left = (
            projection.first(before, before_wanted, right)
            if wanted.how == "pca"
            else projection.drawn(before, before_wanted, parameters, "emb_before")
        )
    try:
        left = aligned(left, right, pairs)
    except RunlensError as error:
        st.markdown(f"They cannot be compared: {ui.plain(str(error))}.")
        return
    now = heard(before, found, left, right, paint, now, pairs)
    near = points.asked_near(found, now)
    drawn(before, found, left, right, paint, now, pairs, near)
    for note in (
        pairs.words,
        *pairs.notes,
        "the first is turned, moved and scaled to lie over the second (Procrustes)",
    ):
        st.caption(source.sentence(note))
    list_side, point_side = st.columns([3, 2], gap="medium")
    with list_side:
        moved(before, found, paint, pairs)
    with point_side:
        points.selection(found, right, now, paint.label)
        if 0 <= now.picked < found.count:
            points.point(found, now, paint.label, near)
    state.keep(found.key, now)
    state.remember(now)


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs={Drawn: lambda one: one.mark})
def aligned(left: Drawn, right: Drawn, _pairs: Pairs) -> Drawn:
    """Return a projection laid over the one of the other embedding; which rows are paired goes with their marks."""
    laid = alignment.procrustes(right.points, left.points, _pairs.right, _pairs.left)
    return replace(
        left, points=laid, axes=(), mark=f"{left.mark} over {right.mark}", wanted=replace(left.wanted, how="aligned")
    )


def drawn(
    before: Read, found: Read, left: Drawn, right: Drawn, paint: Paint, now: Chosen, pairs: Pairs, near: Marked
) -> None:
    """Draw the two pictures, which move and select together."""
    frame = clouds.bounds(left.points, right.points)
    # What both have is one thing, what only one of them has is a thing of its own.
    links = np.arange(before.count, dtype=np.int64) + found.count
    links[pairs.left] = pairs.right
    there = replace(
        now,
        picked=_other(now.picked, pairs),
        selected=clouds.packed(pairs.across(state.rows_of(now.selected, found.count), back=True)),
        only="",
        without=(),
        camera=("", ()),
    )
    if now.narrowed:
        there = replace(
            there, only=clouds.packed(pairs.across(np.flatnonzero(now.shown(found.count)), back=True)) or "r"
        )
    nearest = pairs.across(near.rows, back=True)
    # Where what is near now was before; how far is another matter.
    was_near = Marked(nearest, np.full(len(nearest), np.nan, np.float32))
    titles = [title_of(each, before, found) for each in (before, found)]
    one, other = st.columns(2, gap="small")
    with one:
        pictures.picture(
            before, left, _paint_of(before, paint), there, key=LEFT, marked=was_near, height=HEIGHT, group=GROUP,
            bounds=frame, links=links, camera=now.camera_at(pictures.view_of(right)), title=titles[0],
        )  # fmt: skip
    with other:
        pictures.picture(
            found, right, paint, now, key=RIGHT, marked=near, height=HEIGHT, group=GROUP, bounds=frame,
            title=titles[1],
        )  # fmt: skip


def title_of(one: Read, before: Read, found: Read) -> str:
    """Return what tells one of two embeddings from the other: its step, its run where both have one name, else all."""
    if before.key == found.key and found.step:
        return f"step {one.step}"
    if _name(before.key) != _name(found.key) or before.key == found.key:
        return one.title
    run = one.key.rpartition(" · ")[0]
    return f"{run} · step {one.step}" if one.step else run


def _paint_of(before: Read, paint: Paint) -> Paint:
    """Return how the other embedding is coloured: alike, as far as it has the column."""
    name = paint.color.removeprefix(pictures.COLUMN)
    color = paint.color if not paint.color.startswith(pictures.COLUMN) or before.column(name) else pictures.NOTHING
    return replace(paint, color=color)


def _other(row: int, pairs: Pairs) -> int:
    rows = pairs.across(np.array([row]), back=True) if row >= 0 else np.zeros(0, np.int64)
    return int(rows[0]) if len(rows) else -1


def heard(before: Read, found: Read, left: Drawn, right: Drawn, paint: Paint, now: Chosen, pairs: Pairs) -> Chosen:
    """Return what is chosen, with what the visitor did in one of the two pictures just now."""
    now = pictures.taken(found, right, paint, now, RIGHT)
    there = pictures.taken(before, left, _paint_of(before, paint), Chosen(picked=-2, selected="-"), LEFT)
    if there.selected != "-":
        now = replace(now, selected=clouds.packed(pairs.across(state.rows_of(there.selected, before.count))))
    if there.picked != -2:
        rows = pairs.across(np.array([there.picked])) if there.picked >= 0 else np.zeros(0, np.int64)
        now = replace(now, picked=int(rows[0]) if len(rows) else -1)
    if there.camera[1]:
        now = now.looked(pictures.view_of(right), there.camera[1])
    if there.lit[0]:
        now = replace(now, lit=there.lit)
    return now


# What moved ----------------------------------------------------------------------------------------------------------


def moved(before: Read, found: Read, paint: Paint, pairs: Pairs) -> None:
    """Draw the points whose neighbours changed most, once somebody asks for it."""
    with projection.row():
        most = max(1, min(100, len(pairs.left) - 1))
        count = int(
            st.number_input(
                "Neighbours", 1, most, min(10, most), 1, key="emb_moved_k", bind="query-params", width=120,
                help="A point has moved as far as its neighbours are others now.",
            )
        )  # fmt: skip
        button = projection.inside()
    key = ("moved", before.mark, found.mark, count)
    with button:
        job = jobs.asked(
            key, "What moved most",
            lambda progress: alignment.moved(
                before.values, found.values, count, pairs.left, pairs.right, progress=progress, stop=progress.stopped
            ),
            words="Find what moved most", button="emb_moved_go", icon="moving",
            about="By how many of its neighbours each point has kept, in all dimensions.",
        )  # fmt: skip
    if job is None:
        return
    jobs.progress(job)
    if not job.done:
        return
    made = job.result
    overlap = made.overlap
    kept = overlap[np.isfinite(overlap)]
    share = float(kept.mean()) if len(kept) else float("nan")
    st.markdown("**Moved most**")
    st.caption(f"On average points have kept {100 * share:.0f} % of their {made.k} nearest neighbours.")
    for note in made.notes:
        st.caption(source.sentence(note))
    order = made.order[:LISTED]
    points.listed(
        found, pairs.right[order].tolist(), paint.label, {"Kept": overlap[order].tolist()},
        key=f"emb_moved_{before.mark}_{found.mark}_{count}", height=300,
    )  # fmt: skip
    downloads("moved", [("All points as CSV", "csv", lambda: written(found, pairs, overlap))], width="content")


def written(found: Read, pairs: Pairs, overlap: NDArray[np.float64]) -> bytes:
    """Return how much of its neighbours each point has kept."""
    columns = {column.name: column.cells for column in found.table.columns}
    return embedding_points.table_of(pairs.right, columns, {"row_before": pairs.left, "kept": overlap})

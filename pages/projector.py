"""Projector: see what an embedding knows."""

from dataclasses import dataclass

import streamlit as st

from pages.parts import (
    projector_bookmarks,
    projector_clusters,
    projector_compare,
    projector_quality,
)
from pages.parts import projector_picture as pictures
from pages.parts import projector_points as points
from pages.parts import projector_projection as projection
from pages.parts import projector_source as source
from pages.parts.projector_source import Embedding, Read
from tbcore import ui
from tbcore.errors import FormatError
from tbcore.ui import bound
from tbcore.ui import projector as state
from tbcore.ui.tables import downloads

KEY = "projector_cloud"
LOOKS = {"projection": "Projection", "quality": "Quality", "clusters": "Clusters", "compare": "Compare"}
LOOK = "emb_look"
SIDES = (5, 2)  # how much room the picture has, and what is beside it


# What is chosen ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """What the visitor chose above the picture."""

    embedding: Embedding
    pick: source.Pick
    look: str


def chosen(view: ui.View, offered: dict[str, Embedding]) -> Choice | None:
    """Draw the choice of an embedding, of its step and of a view, and return it."""
    made = None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if offered:
            key = bound.select("Embedding", list(offered), str, key="emb", width=240)
            steps = [pick.step for pick in offered[key].at]
            step = bound.slide("Step", steps, key="emb_step", width=150) if len(steps) > 1 else ""
            look = bound.segments("View", LOOKS, key=LOOK, label_visibility="collapsed")
            made = Choice(offered[key], offered[key].of(step), look)
        with st.popover("", icon=":material/upload_file:", help="Points from a file, or from a tensor of the logs"):
            brought = source.bring(view)
    if brought is not None:
        bound.choose("emb", [brought.key])
        st.rerun()
    return made


# The picture and what is beside it -----------------------------------------------------------------------------------


@st.fragment
def projected(found: Read) -> None:
    """Draw the picture with what belongs to it; what the visitor does in it runs only this again."""
    now = state.chosen(found.key)
    groups = projector_clusters.last(found)
    with projection.row():
        wanted = projection.controls(found, now)
        parameters = projection.inside()
        paint = pictures.controls(found, groups)
        bookmarks = st.container(width="content")
    left, right = st.columns(SIDES, gap="medium")
    # A part of its own, so that the picture stays where it is when a computation begins or ends.
    with left.container():
        drawn = projection.drawn(found, wanted, parameters)
    with bookmarks:
        projector_bookmarks.bookmarks(found, drawn, paint)
    now = pictures.taken(found, drawn, paint, now, KEY)
    marked = points.asked_near(found, now)
    with left:
        pictures.picture(found, drawn, paint, now, key=KEY, marked=marked, groups=groups)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            projection.told(drawn)
            downloads(
                "coordinates",
                [("Coordinates as CSV", "csv", lambda: points.written(found, drawn, points.every(found)))],
                width="content",
            )
    with right:
        points.search(found, now, paint.label)
        points.selection(found, drawn, now, paint.label)
        if 0 <= now.picked < found.count:
            points.point(found, now, paint.label, marked)
        elif not now.selected:
            points.whole(found)
    state.keep(found.key, now)
    state.remember(now)


# The page ------------------------------------------------------------------------------------------------------------


def page(view: ui.View, offered: dict[str, Embedding]) -> None:
    """Draw the view of the embedding that is chosen."""
    choice = chosen(view, offered)
    if choice is None:
        ui.nothing_selected("embedding")
        return
    try:
        found = source.read(choice.embedding, choice.pick)
    except FormatError as error:
        st.error(f"{ui.plain(choice.embedding.key)} cannot be read: {ui.plain(str(error))}")
        return
    if not found.count or not found.values.shape[1]:
        st.markdown("There are no points in it.")
        return
    pictures.problems(found)
    if choice.look == "compare":
        projector_compare.compare(found, offered)
    else:
        DRAWN[choice.look](found)


DRAWN = {
    "projection": projected,
    "quality": projector_quality.quality,
    "clusters": projector_clusters.clustered,
}

view = ui.view()
offered = {one.key: one for one in source.offered(view)}
if not offered and not any(run.embeddings for run in view.runs):
    ui.no_data("embeddings", "embeddings")
    if source.bring(view) is not None or source.offered(view):
        st.rerun()
    st.stop()
page(view, offered)

"""Bookmarks: ways to look at an embedding that are kept, in files that TensorBoard reads and writes too."""

import hashlib
from dataclasses import replace

import numpy as np
import streamlit as st

from pages.parts import projector_picture as pictures
from pages.parts import projector_projection as projection
from pages.parts.projector_picture import COLUMN, Paint
from pages.parts.projector_projection import Drawn
from pages.parts.projector_source import Read
from tbcore import ui
from tbcore.analysis import embedding_bookmarks
from tbcore.analysis.embedding_bookmarks import View
from tbcore.charts.cloud import packed
from tbcore.errors import FormatError
from tbcore.ui import bound
from tbcore.ui import projector as state
from tbcore.ui.projector import Chosen
from tbcore.ui.tables import downloads

KEPT = "projector_bookmarks"
OPENED = "projector_bookmarks_opened"
LIMIT_MB = 50
MOST = 30


def bookmarks(found: Read, drawn: Drawn, paint: Paint) -> None:
    """Draw the bookmarks, and what keeps another one."""
    known = listed(found)
    with st.popover(f"{len(known)}" if known else "", icon=":material/bookmarks:", help="Bookmarks"):
        title = st.text_input("Name", key="emb_bookmark", placeholder=f"Bookmark {len(known) + 1}")
        st.button(
            "Keep this view", key="emb_bookmark_keep", icon=":material/bookmark_add:", on_click=keep,
            args=(found, drawn, paint, title or f"Bookmark {len(known) + 1}"), disabled=len(known) >= MOST,
        )  # fmt: skip
        for place, one in enumerate(known):
            with st.container(horizontal=True, horizontal_alignment="distribute"):
                st.button(
                    ui.plain(one.title[:60] or "(no name)"), key=f"emb_bookmark_{place}", type="tertiary",
                    on_click=show, args=(found, one),
                )  # fmt: skip
                st.button(
                    "", key=f"emb_bookmark_drop_{place}", icon=":material/close:", type="tertiary", on_click=drop,
                    args=(found, place), help="Remove",
                )  # fmt: skip
        bring(found)
        if known:
            downloads("bookmarks", [("Bookmarks for TensorBoard", "txt", lambda: embedding_bookmarks.write(known))])


def listed(found: Read) -> list[View]:
    """Return the bookmarks of an embedding: of this session, and at first those that lie beside it."""
    kept: dict[str, list[View]] = st.session_state.setdefault(KEPT, {})
    if found.key not in kept:
        made: list[View] = []
        try:
            made = embedding_bookmarks.views(found.bookmarks(), found.count)
        except FormatError as error:
            st.caption(f":orange[The bookmarks cannot be read: {ui.plain(str(error))}]")
        kept[found.key] = made
    return kept[found.key]


def bring(found: Read) -> None:
    """Draw where a file of bookmarks can be dropped."""
    file = st.file_uploader(
        "Open bookmarks", type=["txt", "json"], key="emb_bookmarks_file", max_upload_size=LIMIT_MB,
        help="A file that TensorBoard's projector or Runlens saved.",
    )  # fmt: skip
    if file is None:
        return
    data = file.getvalue()
    digest = found.key + hashlib.blake2b(data, digest_size=16).hexdigest()
    if st.session_state.get(OPENED) == digest:
        return
    st.session_state[OPENED] = digest
    try:
        some = embedding_bookmarks.read(data, found.count)
    except FormatError as error:
        st.error(f"{ui.plain(file.name)}: {ui.plain(str(error))}")
        return
    st.session_state[KEPT] = {**st.session_state[KEPT], found.key: [*listed(found), *some][:MOST]}
    st.rerun(scope="fragment")


def keep(found: Read, drawn: Drawn, paint: Paint, title: str) -> None:
    """Keep what is shown as a bookmark."""
    # What the visitor did in the picture since is in the state already.
    now = state.chosen(found.key)
    shown = np.flatnonzero(now.shown(found.count)) if now.narrowed else None
    made = View(
        title,
        drawn.wanted.how,
        drawn.wanted.dims,
        tuple(int(name[2:]) - 1 for name in drawn.names if name.startswith("pc")),
        paint.color.removeprefix(COLUMN) if paint.color.startswith(COLUMN) else "",
        paint.label,
        state.rows_of(now.selected, found.count),
        shown,
        drawn.points if shown is None else drawn.points[shown],
        found.values.shape,
        drawn.wanted.sphere,
        bool(drawn.wanted.among),
    )
    st.session_state[KEPT] = {**st.session_state[KEPT], found.key: [*listed(found), made][:MOST]}


def drop(found: Read, place: int) -> None:
    """Forget a bookmark."""
    known = listed(found)
    st.session_state[KEPT] = {**st.session_state[KEPT], found.key: [*known[:place], *known[place + 1 :]]}


def show(found: Read, one: View) -> None:
    """Look at an embedding as a bookmark does, as far as it fits."""
    bound.choose("emb_dims", [str(one.dims)])
    points = embedding_bookmarks.scattered(one, found.count)
    if one.how == "pca" or points is None:
        bound.choose("emb_by", [one.how if one.how in projection.HOWS else "pca"])
        for letter, component in zip("xyz", one.components, strict=False):
            bound.choose(f"emb_{letter}", [str(component + 1)])
        st.session_state["emb_sphere"], st.session_state["emb_alone"] = one.sphere, one.alone
    else:
        projection.keep(found, one.title, points)
        bound.choose("emb_by", [projection.KEPT])
    if found.column(one.color) is not None:
        bound.choose("emb_color", [COLUMN + one.color])
    elif not one.color:
        bound.choose("emb_color", [pictures.NOTHING])
    if found.column(one.label) is not None:
        bound.choose("emb_label", [one.label])
    now = Chosen(
        selected=packed(one.selected),
        only="" if one.shown is None or len(one.shown) == found.count else packed(one.shown) or "r",
    )
    if len(one.selected) == 1:
        now = replace(now, picked=int(one.selected[0]), selected="")
    state.keep(found.key, now)

"""Custom scalars: the charts that a layout asks for, of the logs or of the visitor's own making."""

import hashlib
import time

import streamlit as st

from pages.parts import custom_builder, custom_charts
from tbcore import ui
from tbcore.analysis import custom_scalars as layouts
from tbcore.analysis import custom_scalars_edits as edits
from tbcore.analysis.custom_scalars import Category, Chart, Layout, Multiline
from tbcore.errors import FormatError
from tbcore.ui import bound
from tbcore.ui import custom_scalars as state
from tbcore.ui.tables import KEYS, downloads

LOOKS = {"charts": "Charts", "edit": "Edit"}
LOOK = "custom"
OPENED = "custom_scalars_opened"
LIMIT_MB = 5
PROBLEMS = 5  # layouts that cannot be read of which it is told


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs=KEYS)
def asked_for(view: ui.View) -> tuple[Layout | None, tuple[str, ...]]:
    """Return the layout that the logs ask for, of all runs, and what is wrong with those that cannot be read."""
    found = (run.series.get(("custom_scalars", layouts.TAG)) for run in view.runs)
    return layouts.layout(one for one in found if one is not None)


def shown(asked: Layout | None) -> Layout | None:
    """Return the layout to draw: the visitor's own, else that of the logs; None where there is neither."""
    words = state.own()
    if words is None:
        return asked
    try:
        return layouts.from_json(words)
    except FormatError as error:
        st.warning(f"The layout of the address cannot be read: {ui.plain(str(error))}", icon=":material/warning:")
        return asked


# Take away and bring ---------------------------------------------------------------------------------------------------


def take_away(layout: Layout) -> None:
    """Draw what keeps a layout: files, code, and a file to open."""
    with st.popover("Layout", icon=":material/dashboard_customize:", type="tertiary"):
        st.markdown("Take the layout away")
        with st.container(horizontal=True, gap="small"):
            downloads(
                "layout",
                [
                    ("JSON", "json", lambda: layouts.to_json(layout).encode()),
                    ("Python", "py", lambda: layouts.to_code(layout).encode()),
                ],
                width="content",
            )
            downloads(
                "events.out.tfevents.0",
                [("Event file", "layout", lambda: layouts.event_file(layout, time.time()))],
                width="content",
            )
        st.caption(
            "Python is for the program that trains. The event file goes into a folder of its own below that of the logs: "
            "then TensorBoard and Runlens draw these charts, together with those that other runs ask for.",
            width=460,
        )
        bring()


def bring() -> None:
    """Draw where a layout can be opened from a file."""
    file = st.file_uploader("Open a layout", type=["json"], key="cs_file", max_upload_size=LIMIT_MB)
    if file is None:
        return
    data = file.getvalue()
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    if st.session_state.get(OPENED) == (file.file_id, digest):
        return
    try:
        found = layouts.from_json(data)
    except FormatError as error:
        st.error(f"{ui.plain(file.name)}: {ui.plain(str(error)[:500])}")
        return
    st.session_state[OPENED] = (file.file_id, digest)
    state.keep(layouts.to_json(found))
    st.rerun(scope="fragment")


def begin(layout: Layout) -> None:
    """Make a layout the visitor's own, and edit it."""
    state.keep(layouts.to_json(layout))
    state.go((0, 0))
    bound.choose(LOOK, ["edit"])


def empty(tags: tuple[str, ...]) -> None:
    """Say how a layout gets into the logs, and offer to build one here."""
    ui.no_data("custom_scalars", "layouts of custom scalars")
    st.markdown("or build one here, with the scalars that are there:")
    with st.container(horizontal=True, vertical_alignment="center"):
        new = Layout((Category("Category 1", (Chart("Chart 1", Multiline()),)),))
        st.button("Build a layout", icon=":material/add_chart:", key="cs_begin", on_click=begin, args=(new,))
        st.button(
            "Propose one", icon=":material/auto_awesome:", key="cs_propose", on_click=begin,
            args=(edits.proposed(tags),), disabled=not edits.proposed(tags).categories,
            help="By what the tags are called: what several groups call the same, means between a least and a greatest "
            "value, and groups.",
        )  # fmt: skip
    bring()


# The page ------------------------------------------------------------------------------------------------------------


def told(asked: Layout | None, fits: bool) -> None:
    """Say whose layout it is that is drawn."""
    if state.own() is None:
        return
    words = "Your own layout" if asked is None else "Your own layout, in place of that of the logs"
    st.caption(words if fits else f"{words}; it is too long for the address: take it away to keep it", width="content")
    st.button(
        "Back to that of the logs" if asked is not None else "Discard", key="cs_back", type="tertiary",
        icon=":material/undo:", on_click=state.keep, args=(None,),
    )  # fmt: skip


@st.fragment
def page(view: ui.View, asked: Layout | None, problems: tuple[str, ...]) -> None:
    """Draw the charts of the layout, or what it is built with; what the visitor changes runs only this again."""
    tags = custom_charts.every_tag(view)
    layout = shown(asked)
    for problem in problems[:PROBLEMS]:
        st.caption(f":orange[A layout cannot be read: {ui.plain(problem)}]")
    if layout is None:
        state.remember()
        empty(tags)
        return
    fits = state.remember()
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    with row:
        look = bound.segments("View", LOOKS, key=LOOK, label_visibility="collapsed")
        take_away(layout)
        told(asked, fits)
    if look == "edit":
        custom_builder.builder(view, asked or Layout(), layout, tags)
        return
    every, closed = custom_charts.named(layout)
    found = custom_charts.passing(view, every, tags)
    if found:
        custom_charts.cards(view, found, closed, tags, row)
    elif every:
        ui.nothing_selected("charts")
    else:
        st.markdown("The layout has no charts.")


view = ui.view()
page(view, *asked_for(view))

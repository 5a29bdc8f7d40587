"""Scalars: one card per tag, one line per run."""

import streamlit as st

from pages.parts.curves import board
from tbcore import ui
from tbcore.series import Series

view = ui.view()
if not view.holds("scalars"):
    ui.no_data("scalars", "scalars")
    st.stop()

by_tag: dict[str, list[Series]] = {}
for series in view.series("scalars"):
    by_tag.setdefault(series.tag, []).append(series)
# Without a run to show, the cards stay where they are, empty.
tags = list(by_tag) if any(view.shown) else view.tags_of("scalars")
if tags:
    board(view, tags, by_tag)
else:
    ui.nothing_selected("scalars")

"""Media: images, audio, text and meshes, one tab each."""

import streamlit as st

from pages.parts import audio as sounds
from pages.parts import text as texts
from pages.parts.images import album_tags, images
from pages.parts.meshes import meshes
from tbcore import ui
from tbcore.analysis.meshes import meshes as find_meshes
from tbcore.ui import images as image_page

TABS = {
    # kind     title     what there is none of, and what draws it
    "images": ("Images", "images", images),
    "audio": ("Audio", "audio clips", sounds.audio),
    "text": ("Text", "text", texts.text),
    "meshes": ("Meshes", "meshes", meshes),
}
KEPT = "media_tab"  # the session's, for when the visitor comes back


def counts(view: ui.View) -> dict[str, int]:
    """Return how many tags of each kind there are."""
    tags = {kind: view.tags_of(kind) for kind in TABS}
    tags["images"] = album_tags(tags["images"])
    tags["audio"] = sounds.reel_tags(tags["audio"])
    # A mesh is written under several tags; which belong together is in what was written with them.
    tags["meshes"] = list({mesh.name for mesh in find_meshes(view.series("meshes"))})
    return {kind: len(some) for kind, some in tags.items()}


def tab(numbers: dict[str, int]) -> str:
    """Draw the tabs and return the kind of the chosen one: in the address, in this session, or the first with data."""
    wanted = st.query_params.get("tab") or st.session_state.get(KEPT, "")
    usual = wanted if wanted in TABS else next((kind for kind, number in numbers.items() if number), "images")
    # Not bound to the address, which would hold the number that is part of the label.
    chosen = st.segmented_control(
        "Kind",
        list(TABS),
        default=usual,
        format_func=lambda kind: f"{TABS[kind][0]}  {numbers[kind]:,}" if numbers[kind] else TABS[kind][0],
        key="media_kind",
        required=True,
        label_visibility="collapsed",
    )
    st.session_state[KEPT] = chosen
    ui.put_query({"tab": chosen})
    return chosen


view = ui.view()
with st.container(horizontal=True, vertical_alignment="center"):
    kind = tab(counts(view))
    if kind == "text" and view.holds(kind):
        texts.choices()
_title, missing, draw = TABS[kind]
for other, forget in {"images": image_page.forget, "audio": sounds.forget, "text": texts.forget}.items():
    if other != kind:
        forget()
if view.holds(kind):
    draw(view)
else:
    ui.no_data(kind, missing)

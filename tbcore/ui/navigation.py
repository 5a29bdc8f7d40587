"""The pages: where each lies, what it is called, and which kinds of summary it shows."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

FOLDER = Path(__file__).resolve().parents[2] / "pages"


@dataclass(frozen=True)
class PageRow:
    """One page; `kinds`: it has data when the logdir holds any of them, or always when there are none.

    alone: it has something to show even of a logdir without a run.
    """

    file: str
    title: str
    icon: str
    kinds: tuple[str, ...]
    alone: bool = False


PAGES = (
    #       file        title      icon                     kinds
    PageRow("scalars", "Scalars", ":material/show_chart:", ("scalars",)),
    PageRow("custom_scalars", "Custom scalars", ":material/stacked_line_chart:", ("custom_scalars",)),
    PageRow("distributions", "Distributions", ":material/area_chart:", ("histograms",)),
    PageRow("pr_curves", "PR curves", ":material/target:", ("pr_curves",)),
    PageRow("media", "Media", ":material/perm_media:", ("images", "audio", "text", "meshes")),
    PageRow("graph", "Graph", ":material/account_tree:", ("graphs", "run_metadata")),
    PageRow("projector", "Projector", ":material/bubble_chart:", ("embeddings",)),
    PageRow("profile", "Profile", ":material/speed:", ("profiles", "run_metadata"), alone=True),
    PageRow("hparams", "HParams", ":material/tune:", ("hparams",)),
    PageRow("runs", "Runs", ":material/table_rows:", ()),
    PageRow("inspect", "Inspect", ":material/troubleshoot:", ()),
)  # fmt: skip


ALONE = frozenset(row.file for row in PAGES if row.alone)


def navigation(kinds: Collection[str] | None = None) -> Any:
    """Declare the pages and return the one to run. Pages without data are set apart at the bottom.

    kinds: what the logdir holds, None while that is not known.
    """
    active: list[Any] = []
    inactive: list[Any] = []
    for row in PAGES:
        page = st.Page(FOLDER / f"{row.file}.py", title=row.title, icon=row.icon, url_path=row.file)
        empty = kinds is not None and row.kinds and not set(row.kinds) & set(kinds)
        (inactive if empty else active).append(page)

    def first() -> None:
        """Go on to the first page that has data; the address keeps what it selects."""
        st.switch_page(active[0], query_params={name: st.query_params.get_all(name) for name in st.query_params})

    # The default page has no address but the root's, so that every page can be linked to by its own name.
    home = st.Page(first, title="Runlens", url_path="home", default=True, visibility="hidden")
    sections = {"": [home, *active], "No data": inactive}
    return st.navigation({name: pages for name, pages in sections.items() if pages}, expanded=True)

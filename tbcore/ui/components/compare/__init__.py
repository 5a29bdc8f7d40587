"""A table of a few runs beside each other in the browser: a column per run, the first of them what the others are held against."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import streamlit as st

from tbcore.ui.components.bundle import bundle, styles

MODULES = ("../lines/dom.js", "table.js", "main.js")
MOST = 400  # rows of one table

_FOLDER = Path(__file__).parent

COMPARE = st.components.v2.component(
    "compare",
    html='<div class="stage"></div>',
    css=styles(_FOLDER, "compare.css"),
    js=bundle(_FOLDER, MODULES),
    isolate_styles=True,
)


@dataclass(frozen=True)
class Cell:
    """What one run has. text: "" where it has nothing; whole: the same, unshortened; note: against the first run.

    tone: how the note is meant; strong: whether it shall be seen first.
    """

    text: str
    whole: str = ""
    note: str = ""
    tone: Literal["better", "worse", ""] = ""
    strong: bool = False


@dataclass(frozen=True)
class Line:
    """One row: what it is about, in words and explained, and a cell per run. side: what stands small beside the title."""

    title: str
    cells: Sequence[Cell]
    about: str = ""
    side: str = ""
    number: bool = True


def compare(runs: Sequence[Mapping[str, str]], lines: Sequence[Line], *, key: str, corner: str = "") -> None:
    """Draw the lines, of which the first MOST are shown. runs: name and color of each; corner: words above the titles."""
    view = {
        "runs": [{"name": run["name"], "color": run["color"]} for run in runs],
        "corner": corner,
        "lines": [asdict(line) for line in lines[:MOST]],
        "more": max(0, len(lines) - MOST),
    }
    COMPARE(key=key, data={"view": view})

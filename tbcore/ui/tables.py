"""Tables of a report: columns with their words, spelled the same everywhere, and the whole of each to download."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import streamlit as st

from tbcore.charts import theme
from tbcore.kinds import BY_NAME
from tbcore.store.run import Run
from tbcore.ui.frame import View, zone

Spelling = Literal["text", "kind", "count", "step", "fault", "size", "time"]

# What `st.cache_data` remembers results by, so that only what changed in the logs is computed anew.
KEYS: dict[str | type, Callable[[Any], Any]] = {
    Run: lambda run: (id(run.source), run.name, run.generation),
    View: lambda view: (view.spec, view.generation),
}

_EXACT = 1 << 53  # the browser's numbers end here, and steps need not
_ROW = 31  # pixels, as Streamlit draws one


@dataclass(frozen=True)
class Column:
    """One column: its name in the table, its words, how it is spelled, what it means, and how wide it is in pixels.

    spelling: a kind has its title; a count has separators; a fault is a count of which 0 is nothing to see; a step is
    plain; a size is in bytes; a time is in seconds since the epoch.
    """

    name: str
    words: str
    spelling: Spelling = "text"
    about: str | None = None
    pinned: bool = False
    width: int | None = None


# Not "plain" for steps, which spells 119 with 18 zeros after the point.
_NUMBERS = {"count": "localized", "fault": "localized", "step": "%d", "size": "bytes"}


def table(frame: pd.DataFrame, columns: Sequence[Column], *, key: str, rows: int = 12) -> None:
    """Draw the columns of a table; rows: how many are seen at once."""
    shown = pd.DataFrame({column.name: _spelled(frame[column.name], column.spelling) for column in columns})
    st.dataframe(
        shown,
        key=key,
        hide_index=True,
        height="content" if len(shown) <= rows else (rows + 1) * _ROW,
        placeholder="",
        column_config={column.name: _configured(column, shown[column.name]) for column in columns},
    )


def downloads(name: str, made: Sequence[tuple[str, str, Callable[[], bytes]]]) -> None:
    """Draw a button for each file that can be made of a table: its words, its ending and what makes it when pressed."""
    with st.container(horizontal=True):
        for words, ending, make in made:
            st.download_button(
                words,
                make,
                file_name=f"{name}.{ending}",
                key=f"{name}.{ending}",
                type="tertiary",
                icon=":material/download:",
                on_click="ignore",
            )


def csv(frame: pd.DataFrame) -> bytes:
    """Return a table as CSV: every column, times in seconds since the epoch, nothing where nothing is known."""
    return frame.to_csv(index=False).encode()


def _spelled(cells: "pd.Series[Any]", spelling: Spelling) -> Any:
    if spelling == "time":
        here = zone()
        return ["" if pd.isna(cell) else theme.moment(cell, here) for cell in cells]
    if spelling == "fault":
        counts = cells.astype("Int64")
        return counts.where(counts != 0)
    if spelling == "kind":
        return [BY_NAME[cell].title for cell in cells]
    if spelling == "step" and not cells.between(-_EXACT, _EXACT).all():
        return cells.astype(str)
    return cells


def _configured(column: Column, cells: "pd.Series[Any]") -> Any:
    if column.spelling in _NUMBERS and pd.api.types.is_numeric_dtype(cells):
        number = _NUMBERS[column.spelling]
        return st.column_config.NumberColumn(column.words, help=column.about, format=number, width=column.width)
    side: Literal["left", "right"] = "right" if column.spelling == "step" else "left"
    return st.column_config.TextColumn(
        column.words, help=column.about, pinned=column.pinned, width=column.width, alignment=side
    )

"""Tables of a report: columns with their words, spelled the same everywhere, and the whole of each to download."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from tbcore.charts import theme
from tbcore.kinds import BY_NAME
from tbcore.store.folding import Folded
from tbcore.store.run import Run
from tbcore.ui.frame import View, zone

Spelling = Literal["text", "kind", "tag", "file", "count", "steps", "fault", "size", "loss", "time"]

# What `st.cache_data` remembers results by, so that only what changed in the logs is computed anew.
KEYS: dict[str | type, Callable[[Any], Any]] = {
    Run: lambda run: (id(run.source), run.name, run.generation),
    Folded: lambda run: (id(run.source), run.name, run.folded, run.generation),
    View: lambda view: (view.spec, view.generation, view.raw),
}

_ROW = 31  # pixels, as Streamlit draws one
_SIGN, _MORE, _PADDING = 7.3, 6.2, 18  # pixels of each of 20 signs, of each one more, and around a cell, about
_STYLED = 20_000  # cells that are spelled one by one within a moment
_SESSIONS = "__session_log__"
_USUAL = "events.out.tfevents."  # what nearly every event file's name begins with


@dataclass(frozen=True)
class Column:
    """One column: its name in the table, its words, how it is spelled, and what it means.

    spelling: a kind has its title; a file has no folders and no usual beginning; a count has separators; a fault is a count of which 0 is nothing
    to see; a size is in bytes; a loss is a size of which 0 is nothing to see; a time is in seconds since the epoch; steps are two columns, from `name` to `until`, and
    so may times be.
    longest: signs of text that are shown; of longer ones the middle is left out.
    besides: columns of which one must differ for this one to be worth its room.
    """

    name: str
    words: str
    spelling: Spelling = "text"
    about: str | None = None
    pinned: bool = False
    longest: int = 34
    until: str = ""
    besides: tuple[str, ...] = ()


_NUMBERS = {"count": "localized", "fault": "localized"}
_SIZES = ("size", "loss")


def table(frame: pd.DataFrame, columns: Sequence[Column], *, key: str, rows: int = 12) -> None:
    """Draw the columns of a table that say something; rows: how many are seen at once."""
    found = [(column, _spelled(frame, column)) for column in columns if _worthwhile(frame, column)]
    seen = [(column, cells) for column, cells in found if column.pinned or not _empty(cells)]
    shown = pd.DataFrame({column.name: cells for column, cells in seen})
    sizes = [column.name for column, _cells in seen if column.spelling in _SIZES]
    drawn: pd.DataFrame | Styler = shown
    if shown.size <= _STYLED:
        # A size that is spelled here is still sorted as a number.
        drawn = shown.style.format(dict.fromkeys(sizes, _size)) if sizes else shown
    else:
        shown = shown.assign(**{name: _sizes(shown[name]) for name in sizes})
        drawn = shown
    last = seen[-1][0]
    st.dataframe(
        drawn,
        key=key,
        hide_index=True,
        height="content" if len(shown) <= rows else (rows + 1) * _ROW,
        placeholder="",
        # The last column takes the room that is left.
        column_config={
            column.name: _configured(column, shown[column.name], None if column is last else _width(column, cells))
            for column, cells in seen
        },
    )


def downloads(
    name: str,
    made: Sequence[tuple[str, str, Callable[[], bytes]]],
    *,
    width: Literal["stretch", "content"] = "stretch",
) -> None:
    """Draw a button for each file that can be made of a table: its words, its ending and what makes it when pressed."""
    with st.container(horizontal=True, width=width):
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


def _worthwhile(frame: pd.DataFrame, column: Column) -> bool:
    if not column.besides:
        return True
    ours = (column.name, column.until) if column.until else (column.name,)
    return any(not frame[one].equals(frame[other]) for one, other in zip(ours, column.besides, strict=True))


def _empty(cells: "pd.Series[Any]") -> bool:
    return bool((cells.isna() | (cells == "")).all())


def _spelled(frame: pd.DataFrame, column: Column) -> "pd.Series[Any]":
    cells = frame[column.name]
    if column.spelling == "time":
        return _series(_times(cells, frame[column.until or column.name]))
    if column.spelling == "steps":
        return _series([_steps(first, last) for first, last in zip(cells, frame[column.until], strict=True)])
    if column.spelling in ("fault", "loss"):
        counts = cells.astype("Int64")
        return counts.where(counts != 0)
    if column.spelling == "kind":
        return _series([BY_NAME[cell].title for cell in cells])
    if column.spelling == "tag":
        return _series(["(sessions)" if cell == _SESSIONS else cell for cell in cells])
    if column.spelling == "file":
        return _series([_file(cell, column.longest) for cell in cells])
    if column.spelling == "text":
        return _series([_shortened(cell, column.longest) for cell in cells])
    return cells.reset_index(drop=True)


def _series(texts: list[str]) -> "pd.Series[Any]":
    return pd.Series(texts, dtype="str")


def _file(name: str, longest: int) -> str:
    own = name.rpartition("/")[2]
    return _shortened(f"…{own[len(_USUAL) :]}" if own.startswith(_USUAL) else own, longest)


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    return f"{text[: longest // 3]}…{text[-(longest - longest // 3 - 1) :]}"


def _steps(first: Any, last: Any) -> str:
    if pd.isna(first):
        return ""
    return f"{first:,}" if first == last else f"{first:,} – {last:,}"


def _times(firsts: "pd.Series[Any]", lasts: "pd.Series[Any]") -> list[str]:
    """Return spans of time to the minute: without the year where it is this one, and what both ends share but once."""
    here = zone()
    this_year = f"{datetime.now(here).year}-"

    def moment(cell: Any) -> str:
        text = "" if pd.isna(cell) else theme.moment(cell, here)
        return text[:-3] if text.count(":") == 2 else text

    found = []
    for first, last in zip(map(moment, firsts), map(moment, lasts), strict=True):
        day = first.partition(" ")[0]
        until = last.removeprefix(f"{day} ") if day else last
        begins, until = first.removeprefix(this_year), until.removeprefix(this_year)
        found.append(begins if first == last else f"{begins} – {until}")
    return found


def _sizes(cells: "pd.Series[Any]") -> list[str]:
    return [_size(cell) for cell in cells]


def _size(cell: Any) -> str:
    return "" if pd.isna(cell) else theme.size(int(cell))


def _width(column: Column, cells: "pd.Series[Any]") -> int:
    """Return the pixels that the longest cell takes, or the words above it."""
    if column.spelling in _NUMBERS:
        texts = [f"{int(cells.max()):,}"]
    else:
        texts = _sizes(cells) if column.spelling in _SIZES else list(cells)
    signs = max(map(len, texts), default=0)
    # The longer a text, the more of it is narrow letters; steps are all digits.
    more = _SIGN if column.spelling == "steps" else _MORE
    return int(_PADDING + max(_MORE * len(column.words), _SIGN * min(signs, 20) + more * max(0, signs - 20)))


def _configured(column: Column, cells: "pd.Series[Any]", width: int | None) -> Any:
    if column.spelling in _NUMBERS:
        number = _NUMBERS[column.spelling]
        return st.column_config.NumberColumn(column.words, help=column.about, format=number, width=width)
    if column.spelling in _SIZES and pd.api.types.is_numeric_dtype(cells):
        return st.column_config.NumberColumn(column.words, help=column.about, width=width)
    side: Literal["left", "right"] = "right" if column.spelling in ("steps", *_SIZES) else "left"
    return st.column_config.TextColumn(
        column.words, help=column.about, pinned=column.pinned, width=width, alignment=side
    )

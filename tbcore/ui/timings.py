"""Tables of what took how long: filtered by a regular expression, sorted by a click on a title, one row of which can be chosen.

shown = sifted(frame, "ops_find", "Find operators")
row = timings(shown, COLUMNS, key="ops")           # the place of the chosen row, None for none
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import streamlit as st

from tbcore.charts import theme
from tbcore.errors import PatternError
from tbcore.names import matcher
from tbcore.ui.frame import plain

Spelling = Literal["text", "duration", "count", "share", "number", "percent", "size", "flag"]

MOST = 1_500  # rows that are shown: of more the first, the download has all
LONGEST = 300  # letters of a text in a cell
WHOLE = 4_000  # letters of a text that stands by itself
_ROW = 35  # pixels
_WIDTHS = {"duration": 92, "count": 76, "share": 118, "number": 84, "percent": 88, "size": 88, "flag": 80}


@dataclass(frozen=True)
class Column:
    """One column: its name in the table, its words, how it is spelled, and what it means.

    spelling: durations are nanoseconds, sizes bytes; a share is of 1, drawn as a bar; a percentage is of 100. width: in pixels, 0 for the
    usual one; signed: whether what is more than nothing has a plus sign, for durations and sizes.
    """

    name: str
    words: str
    spelling: Spelling
    about: str | None = None
    width: int = 0
    signed: bool = False


def sifted(frame: pd.DataFrame, key: str, words: str, *, within: Sequence[str] = ("name",)) -> pd.DataFrame:
    """Draw a field for a regular expression, and return the rows in which one of the columns `within` matches it."""
    pattern = st.text_input(
        words,
        key=key,
        bind="query-params",
        placeholder=f"{words} (regular expression)",
        label_visibility="collapsed",
        width=300,
    )
    try:
        passes = matcher(pattern)
    except PatternError as error:
        st.error(plain(str(error)))
        return frame
    if not pattern:
        return frame
    kept = pd.Series(False, index=frame.index)
    for name in within:
        known = {text: passes(text) for text in frame[name].unique().tolist()}
        kept |= frame[name].map(known).astype(bool)
    return frame[kept].reset_index(drop=True)


def timings(
    frame: pd.DataFrame, columns: Sequence[Column], *, key: str, rows: int = 15, ticks: bool = True
) -> int | None:
    """Draw a table of at most MOST rows and return the place of the row that is ticked, None for none.

    A column without a value is left out. ticks: whether there is something to see of a row that is ticked.
    """
    seen = [column for column in columns if column.name in frame and not _empty(frame[column.name], column.spelling)]
    shown = frame[[column.name for column in seen]].head(MOST)
    # A name may be of any length.
    shown = shown.assign(
        **{column.name: shown[column.name].map(shortened) for column in seen if column.spelling == "text"}
    )
    spelled = {column.name: _spell(column) for column in seen if column.spelling in ("duration", "size")}
    # Of a cell, a click on a title would select one as well.
    how: dict[str, Any] = {"on_select": "rerun", "selection_mode": "single-row"} if ticks else {}
    event: Any = st.dataframe(
        shown.style.format(spelled, na_rep="") if spelled else shown,
        key=key,
        hide_index=True,
        height="content" if len(shown) <= rows else (rows + 1) * _ROW,
        column_config={column.name: _configured(column) for column in seen},
        placeholder="",
        **how,
    )
    if len(frame) > MOST:
        st.caption(f"The first {MOST:,} of {len(frame):,} rows; the download has all.")
    if not ticks:
        return None
    chosen: list[int] = event.selection.rows
    return chosen[0] if chosen and chosen[0] < len(frame) else None


def _empty(cells: "pd.Series[Any]", spelling: Spelling) -> bool:
    if spelling == "text":
        return bool((cells.isna() | (cells == "")).all())
    return bool(cells.isna().all() or (cells.fillna(0) == 0).all())


def _spell(column: Column) -> Any:
    def spelled(cell: Any) -> str:
        if pd.isna(cell):
            return ""
        words = theme.size(int(cell)) if column.spelling == "size" else lasting(cell)
        return f"+{words}" if column.signed and cell > 0 else words

    return spelled


def shortened(text: Any, most: int = LONGEST) -> str:
    """Return the beginning of a text that may be of any length."""
    words = text if isinstance(text, str) else "" if pd.isna(text) else str(text)
    return words if len(words) <= most else f"{words[: most - 1]}…"


def lasting(nanoseconds: float) -> str:
    """Return nanoseconds as a duration is spelled, and those below a microsecond as such: 5.76ns."""
    if 0 < abs(nanoseconds) < 999.5:
        return f"{theme.number(float(f'{nanoseconds:.3g}'))}ns"
    return theme.duration(nanoseconds * 1e-9)


def _configured(column: Column) -> Any:
    config, width = st.column_config, column.width or _WIDTHS.get(column.spelling, 0) or None
    if column.spelling == "text":
        return config.TextColumn(column.words, help=column.about, width=width)
    if column.spelling == "flag":
        return config.CheckboxColumn(column.words, help=column.about, width=width)
    if column.spelling == "share":
        return config.ProgressColumn(
            column.words, help=column.about, width=width, format="percent", min_value=0.0, max_value=1.0
        )
    formats = {"count": "localized", "percent": "%.1f %%", "number": "%.2f"}
    return config.NumberColumn(column.words, help=column.about, width=width, format=formats.get(column.spelling))

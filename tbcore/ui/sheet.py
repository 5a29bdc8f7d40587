"""A table of runs or sessions as the visitor left it: its columns, order, filters and chosen rows, and the address of it.

What is chosen in the browser wins over what a page changed before it, that over what was chosen in this session, and that
over the address.
"""

import json
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, cast
from urllib.parse import urlencode

import pandas as pd
import pyarrow as pa
import streamlit as st

from tbcore.errors import PatternError
from tbcore.names import matcher
from tbcore.ui.components.sheet import sheet
from tbcore.ui.frame import select
from tbcore.ui.query import put_query
from tbcore.ui.selection import Selection

Better = Literal["low", "high", ""]
Absent = Literal["with", "without", "only"]

NAME = "name"  # the key of the column that holds the names of the rows
MOST = 2_000  # columns, filters, values of a filter that one visitor may send; rows may be more
_NAMES = 50_000  # chosen or folded rows
_LETTERS = 2_000  # of a pattern
_URL_UP_TO = {"col": 2_500, "where": 1_500, "row": 2_000, "good": 600, "pin": 400}  # bytes of the address for each
_WIDTHS = (36, 1_600)  # pixels


@dataclass(frozen=True)
class Sieve:
    """What the cells of one column must be: the words of `analysis.sheets.Filter`."""

    key: str
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] | None = None
    pattern: str = ""
    missing: Absent = "without"
    nan: Absent = "with"


@dataclass(frozen=True)
class SheetState:
    """What the visitor chose.

    columns: the keys of the columns that are shown, in order, None for the usual ones; sort: columns and whether their
    largest come first, each for the rows that are equal in those before it; chosen: the names of the rows that are ticked; better: the visitor's word on which end of a
    column is good, "" for neither; pinned: the columns that stay in sight; curves: the columns that show curves, None for
    the usual ones; folded: the names of the rows whose sub-rows are hidden; widths: of columns, in pixels.
    asking: the column whose filter is open, "" for none.
    """

    columns: tuple[str, ...] | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    filters: tuple[Sieve, ...] = ()
    chosen: tuple[str, ...] = ()
    better: Mapping[str, Better] = field(default_factory=dict)
    pinned: tuple[str, ...] = ()
    curves: tuple[str, ...] | None = None
    folded: tuple[str, ...] = ()
    widths: Mapping[str, int] = field(default_factory=dict)
    asking: str = ""


@dataclass(frozen=True)
class _Kept:
    """A state, the browser's word that it was made of, and how often a page changed it."""

    state: SheetState
    turn: float | None
    edits: int


def sheet_state(key: str) -> SheetState:
    """Return the state of a table: as just chosen, as chosen in this session, or as the address says."""
    return _current(key).state


def change(key: str, **fields: Any) -> None:
    """Change some fields of a table's state for the visitor, as a chart beside it does: from the next drawing on."""
    now = _current(key)
    _keep(key, replace(now, state=replace(now.state, **fields), edits=now.edits + 1))


def sheet_table(
    key: str,
    about: Mapping[str, Any],
    tables: Mapping[str, pa.Table | pd.DataFrame],
) -> str | None:
    """Draw a table, and keep what the visitor chose in the session and the address; return what was pressed just now.

    about: see the component; tables: its cells.
    """
    now = _current(key)
    pressed = sheet(
        {**about, "state": spelled(now.state), "edits": now.edits, "turn": now.turn},
        tables,
        key=key,
    )
    _keep(key, _current(key))
    put_query(encode(_current(key).state))
    return pressed


def show_runs(names: Sequence[str]) -> None:
    """Make these runs the selection on every page, from the next drawing on."""
    chosen: Selection = {"mode": "only", "runs": list(dict.fromkeys(names))}
    before = st.session_state.get("selection")
    if before is not None and before != chosen:
        st.session_state["selection_before"] = (chosen, before)
    select(chosen)


def shows_runs() -> bool:
    """Return whether `show_runs` made the selection that there is."""
    chosen, _before = st.session_state.get("selection_before", (None, None))
    return chosen is not None and st.session_state.get("selection") == chosen


def show_runs_before() -> None:
    """Make what was selected before `show_runs` the selection again, from the next drawing on."""
    if shows_runs():
        select(st.session_state["selection_before"][1])


def _current(key: str) -> _Kept:
    raw = cast(Mapping[str, Any], st.session_state.get(key) or {}).get("state")
    kept: _Kept | None = st.session_state.get(f"{key}_kept")
    turn = _number(raw.get("turn")) if isinstance(raw, Mapping) else None
    if isinstance(raw, Mapping) and turn is not None and (kept is None or kept.turn != turn):
        return _Kept(state_of(raw), turn, kept.edits if kept is not None else 0)
    if kept is not None:
        return kept
    return _Kept(decode({name: st.query_params.get_all(name) for name in st.query_params}), None, 0)


def _keep(key: str, kept: _Kept) -> None:
    st.session_state[f"{key}_kept"] = kept


# The browser's words ---------------------------------------------------------------------------------------------------


def spelled(state: SheetState) -> dict[str, Any]:
    """Return a state as the browser has it."""
    return {
        **asdict(state),
        "columns": None if state.columns is None else list(state.columns),
        "sort": [list(one) for one in state.sort],
        "filters": [_said(one) for one in state.filters],
        "curves": None if state.curves is None else list(state.curves),
    }


def state_of(raw: Mapping[str, Any]) -> SheetState:
    """Return the state a browser sent. What does not fit is left out: anyone can send anything."""
    columns, curves, asking = raw.get("columns"), raw.get("curves"), raw.get("asking")
    better, widths = raw.get("better"), raw.get("widths")
    return SheetState(
        columns=_keys(columns) if isinstance(columns, list | tuple) else None,
        sort=_sorts(raw.get("sort")),
        filters=_sieves(raw.get("filters")),
        chosen=_keys(raw.get("chosen"), _NAMES),
        better=_better(better) if isinstance(better, Mapping) else {},
        pinned=_keys(raw.get("pinned")),
        curves=_keys(curves) if isinstance(curves, list | tuple) else None,
        folded=_keys(raw.get("folded"), _NAMES),
        widths=_pixels(widths) if isinstance(widths, Mapping) else {},
        asking=asking if isinstance(asking, str) else "",
    )


def sieve_of(raw: object) -> Sieve | None:
    """Return the JSON `raw` as a filter, None when it is none or asks for nothing."""
    if not isinstance(raw, Mapping):
        return None
    key, values, pattern = (raw.get(name) for name in ("key", "values", "pattern"))
    if not isinstance(key, str) or not key:
        return None
    low, high = (_number(raw.get(name)) for name in ("low", "high"))
    found = Sieve(
        key,
        low,
        high,
        _keys(values, _NAMES) if isinstance(values, list | tuple) else None,
        pattern if isinstance(pattern, str) and _is_pattern(pattern) else "",
        _absent(raw.get("missing"), "without"),
        _absent(raw.get("nan"), "with"),
    )
    return found if found != Sieve(key, missing="with") else None


def _absent(raw: object, usual: Absent) -> Absent:
    return raw if raw in ("with", "without", "only") else usual


def _said(one: Sieve) -> dict[str, Any]:
    """Return a filter with what it says and no more."""
    raw = {**asdict(one), "values": None if one.values is None else list(one.values)}
    usual = asdict(Sieve(one.key))
    said = {name: value for name, value in raw.items() if name == "key" or value != usual[name]}
    return said if len(said) > 1 else {**said, "missing": one.missing}


def _sieves(raw: object) -> tuple[Sieve, ...]:
    found = {}
    for one in raw[:MOST] if isinstance(raw, list | tuple) else ():
        sieve = sieve_of(one)
        if sieve is not None:
            found[sieve.key] = sieve
    return tuple(found.values())


def _sorts(raw: object) -> tuple[tuple[str, bool], ...]:
    found: dict[str, bool] = {}
    for one in raw[:MOST] if isinstance(raw, list | tuple) else ():
        match one:
            case [str(key), bool(descending)] if key:
                found.setdefault(key, descending)
    return tuple(found.items())


def _better(raw: Mapping[Any, Any]) -> dict[str, Better]:
    return {
        key: cast(Better, end)
        for key, end in list(raw.items())[:MOST]
        if isinstance(key, str) and end in ("low", "high", "")
    }


def _pixels(raw: Mapping[Any, Any]) -> dict[str, int]:
    return {
        key: int(min(max(width, _WIDTHS[0]), _WIDTHS[1]))
        for key, said in list(raw.items())[:MOST]
        if isinstance(key, str) and (width := _number(said)) is not None
    }


def _keys(raw: object, most: int = MOST) -> tuple[str, ...]:
    some = raw[:most] if isinstance(raw, list | tuple) else ()
    return tuple(dict.fromkeys(one for one in some if isinstance(one, str)))


def _is_pattern(pattern: str) -> bool:
    if len(pattern) > _LETTERS:
        return False
    try:
        matcher(pattern)
    except PatternError:
        return False
    return True


def _number(value: object) -> float | None:
    """Return the value as a number, None when it is none, or none that is finite."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


# The address -----------------------------------------------------------------------------------------------------------


def encode(state: SheetState) -> dict[str, list[str]]:
    """Return a state as parameters of the address; what would make it too long is left out."""
    parameters = {
        # No column at all is a choice too.
        "col": [] if state.columns is None else list(state.columns) or [""],
        "sort": [("-" if descending else "") + key for key, descending in state.sort],
        "where": [json.dumps(_said(one), ensure_ascii=False, separators=(",", ":")) for one in state.filters],
        "row": list(state.chosen),
        "good": [f"{end or 'none'}:{key}" for key, end in state.better.items()],
        "pin": list(state.pinned),
        "spark": [] if state.curves is None else list(state.curves) or [""],
    }
    return {name: values if _fits(name, values) else [] for name, values in parameters.items()}


def _fits(name: str, values: Sequence[str]) -> bool:
    return len(urlencode({name: values}, doseq=True)) <= _URL_UP_TO.get(name, 1_000)


def decode(parameters: Mapping[str, Sequence[str]]) -> SheetState:
    """Return the state that parameters of the address hold; what cannot be read is left out."""
    columns, curves = (list(parameters.get(name, ())) for name in ("col", "spark"))
    filters: list[Any] = []
    for text in parameters.get("where", ()):
        with suppress(ValueError, RecursionError):
            filters.append(json.loads(text))
    better = {}
    for text in parameters.get("good", ()):
        end, _colon, key = text.partition(":")
        better[key] = "" if end == "none" else end
    return state_of(
        {
            "columns": [key for key in columns if key] if columns else None,
            "sort": [[text.removeprefix("-"), text.startswith("-")] for text in parameters.get("sort", ())],
            "filters": filters,
            "chosen": list(parameters.get("row", ())),
            "better": better,
            "pinned": list(parameters.get("pin", ())),
            "curves": [key for key in curves if key] if curves else None,
        }
    )

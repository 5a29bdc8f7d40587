"""What the visitor brushed on the axes of charts: the same for all charts of a page, kept in the session and the address."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

import streamlit as st

from tbcore.ui.query import put_query

Clause = dict[str, list[Any]]
Clauses = dict[str, Clause]

_LANES = ("missing", "NaN", "-∞", "∞")
_MOST = 1_000  # parts of one clause, and clauses, that are taken from anyone
_URL_UP_TO = 2_500  # bytes of the address


def clauses(key: str) -> Clauses:
    """Return what is brushed, by column: as chosen in this session, else as the address says.

    key: what the page calls it, in the session and in the address.
    """
    kept = st.session_state.get(_kept(key))
    if kept is None:
        kept = dict(one for text in st.query_params.get_all(key)[:_MOST] if (one := _clause_of_text(text)) is not None)
        st.session_state[_kept(key)] = kept
    return cast(Clauses, kept)


def take(key: str, raw: object) -> None:
    """Take over what a browser sent. Anyone can send anything: what cannot be read is left out."""
    if isinstance(raw, Mapping):
        st.session_state[_kept(key)] = clauses_of(raw)


def clear(key: str) -> None:
    """Brush nothing any more."""
    st.session_state[_kept(key)] = {}


def remember(key: str) -> None:
    """Put what is brushed into the address."""
    spelled = [
        json.dumps([column, clause], ensure_ascii=False, separators=(",", ":"))
        for column, clause in clauses(key).items()
    ]
    put_query({key: spelled if sum(map(len, spelled)) < _URL_UP_TO else []})


def clauses_of(raw: Mapping[Any, Any]) -> Clauses:
    """Return the clauses, by column, that can be read."""
    found = {str(column): clause_of(one) for column, one in list(raw.items())[:_MOST]}
    return {column: clause for column, clause in found.items() if clause is not None}


def clause_of(raw: object) -> Clause | None:
    """Return one clause, {ranges: [[low, high]] or values: [text], lanes: [text]}, None when it cannot be read."""
    if not isinstance(raw, Mapping):
        return None
    lanes = [name for name in _LANES if name in _listed(raw.get("lanes"))]
    if "values" in raw:
        return {"values": [value for value in _listed(raw["values"]) if isinstance(value, str)], "lanes": lanes}
    if "ranges" not in raw:
        return None
    ranges = [found for one in _listed(raw["ranges"]) if (found := _range(one)) is not None]
    return {"ranges": ranges, "lanes": lanes}


def _clause_of_text(text: str) -> tuple[str, Clause] | None:
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not (isinstance(raw, list) and len(raw) == 2 and isinstance(raw[0], str)):
        return None
    clause = clause_of(raw[1])
    return None if clause is None else (raw[0], clause)


def _listed(raw: object) -> Sequence[Any]:
    return raw[:_MOST] if isinstance(raw, list) else []


def _range(raw: object) -> list[float | None] | None:
    if not (isinstance(raw, list) and len(raw) == 2 and all(_is_end(end) for end in raw)):
        return None
    return [None if end is None else float(end) for end in raw]


def _is_end(end: object) -> bool:
    if end is None:
        return True
    # A whole number of JSON may be larger than any float.
    return isinstance(end, int | float) and not isinstance(end, bool) and abs(end) < 1e308 and math.isfinite(float(end))


def _kept(key: str) -> str:
    return f"{key}_kept"

"""The layout of custom scalars that the visitor built: kept in the session and, while it is short, in the address.

A layout is JSON here, whose words only `tbcore.analysis` knows. Without one of the visitor's own, that of the logs is shown.
"""

import base64
import binascii
import zlib

import streamlit as st

from tbcore.ui.query import put_query

KEY = "custom_scalars_lines"
PARAMETER = "layout"
SHORT = 3_000  # signs of the address; longer ones are cut by some servers

_OWN = "custom_scalars_own"
_PAST = "custom_scalars_past"
_PLACE = "custom_scalars_place"
_MOST = 100  # layouts that can be taken back
_LARGEST = 1 << 20  # bytes of a layout in the address


def own() -> str | None:
    """Return the visitor's own layout: of this session, else of the address; None where there is none.

    One of the address that cannot be read is the empty text.
    """
    if _OWN not in st.session_state:
        said = st.query_params.get(PARAMETER)
        st.session_state[_OWN] = None if said is None else unspelled(said)
    kept: str | None = st.session_state[_OWN]
    return kept


def keep(words: str | None) -> None:
    """Make `words` the visitor's own layout; None: that of the logs again. What was there before can be taken back."""
    before = own()
    if words == before:
        return
    st.session_state[_PAST] = [*st.session_state.get(_PAST, []), before][-_MOST:]
    _put(words)


def past() -> int:
    """Return how many changes can be taken back."""
    return len(st.session_state.get(_PAST, []))


def take_back() -> None:
    """Return to the layout before the last change."""
    before = list(st.session_state.get(_PAST, []))
    if before:
        _put(before.pop())
        st.session_state[_PAST] = before


def _put(words: str | None) -> None:
    st.session_state[_OWN] = words
    # Which categories are open at first is for the new layout to say.
    st.session_state.pop(f"{KEY}_usual", None)


def remember() -> bool:
    """Put the visitor's own layout into the address; return whether there is room for it."""
    words = own()
    text = None if words is None else spelled(words)
    fits = text is None or len(text) <= SHORT
    if words != "":
        put_query({PARAMETER: text if fits else None})
    return fits


def place() -> tuple[int, ...]:
    """Return which part of the layout is being edited."""
    found: tuple[int, ...] = st.session_state.get(_PLACE, (0, 0))
    return found


def go(to: tuple[int, ...]) -> None:
    """Edit another part of the layout."""
    st.session_state[_PLACE] = to


def spelled(words: str) -> str:
    """Return a text as a parameter of the address."""
    return base64.urlsafe_b64encode(zlib.compress(words.encode(), 9)).decode().rstrip("=")


def unspelled(text: str) -> str:
    """Return the text that a parameter of the address spells; the empty one where it spells none, or too much."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        unpacked = zlib.decompressobj().decompress(data, _LARGEST)
        return unpacked.decode()
    except (binascii.Error, zlib.error, UnicodeError, ValueError):
        return ""

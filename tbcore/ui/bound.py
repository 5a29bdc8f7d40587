"""Choices that stand in the address by their keys, while the visitor reads words.

A widget that is bound to the address puts its words there, which change with titles and are long. These keep what was
chosen in the session as well, so that it is still there when the widget was not drawn for a while.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st

from tbcore.ui.query import put_query

Option = TypeVar("Option", bound=str)

_MOST = 200  # values of one choice that are taken from an address


def chosen(key: str) -> list[str]:
    """Return what was chosen in this session, else what the address says; nothing when neither says anything."""
    kept = st.session_state.get(_kept(key))
    return list(kept if kept is not None else st.query_params.get_all(key)[:_MOST])


def choose(key: str, values: Sequence[str]) -> None:
    """Choose for the visitor, from the next drawing of the widget on."""
    st.session_state[_kept(key)] = list(dict.fromkeys(values))


def select(
    words: str, options: Sequence[Option], spelled: Callable[[str], str], *, key: str, usual: str = "", **how: Any
) -> Option:
    """Draw a list to choose one of `options` from. usual: what is chosen at first, else the first of them."""
    value = _begin(key, options, usual)
    st.selectbox(words, options, format_func=spelled, key=key, on_change=_take, args=(key,), **how)
    return value


def slide(words: str, options: Sequence[str], *, key: str, **how: Any) -> str:
    """Draw a slider over `options`, the last of which is chosen at first, also when there are more of them later."""
    value = _begin(key, options, options[-1])
    st.select_slider(words, options, key=key, on_change=_take, args=(key,), **how)
    return value


def segments(words: str, options: Mapping[str, str], *, key: str, **how: Any) -> str:
    """Draw a row of buttons, one of which is pressed; options: words by key, the first is pressed at first."""
    value = _begin(key, list(options), "")
    st.segmented_control(
        words, list(options), format_func=options.__getitem__, key=key, required=True, on_change=_take, args=(key,), **how
    )  # fmt: skip
    return value


def several(
    words: str, options: Sequence[str], usual: Sequence[str], spelled: Callable[[str], str], *, key: str, **how: Any
) -> list[str]:
    """Draw a list to choose some of `options` from, in any order."""
    said, known = chosen(key), set(options)
    found = [one for one in dict.fromkeys(said) if one in known][: how.get("max_selections")]
    values = found if found or _nothing(key, said) else list(usual)
    st.session_state[key] = values
    _remember(key, said, None if values == list(usual) else values or [""])
    st.multiselect(words, options, format_func=spelled, key=key, on_change=_take, args=(key,), **how)
    return values


def _begin(key: str, options: Sequence[Option], usual: str) -> Option:
    said = chosen(key)
    first = next((one for one in options if one == usual), options[0])
    value = next((one for one in options if one in said[:1]), first)
    st.session_state[key] = value
    _remember(key, said, None if value == first else [value])
    return value


def _nothing(key: str, said: Sequence[str]) -> bool:
    """Return whether nothing was chosen, which is a choice as well."""
    return list(said) == [""] or (not said and _kept(key) in st.session_state)


def _remember(key: str, said: Sequence[str], values: Sequence[str] | None) -> None:
    # What an address names may not be in the logs yet.
    if values is not None or not said or _kept(key) in st.session_state:
        put_query({key: values})


def _take(key: str) -> None:
    value = st.session_state[key]
    choose(key, [value] if isinstance(value, str) else value)


def _kept(key: str) -> str:
    return f"{key}_kept"

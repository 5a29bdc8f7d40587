"""What is known of something: names and values beside each other."""

from collections.abc import Mapping
from html import escape

import streamlit as st

_GRID = "display:grid;grid-template-columns:fit-content(62%) 1fr;gap:3px 14px;font-size:0.8125rem;line-height:1.45"


def facts(found: Mapping[str, str]) -> None:
    """Draw names and values beside each other; what has no value is left out."""
    rows = "".join(
        f'<span style="opacity:.65;overflow-wrap:anywhere">{escape(name)}</span>'
        f'<span style="overflow-wrap:anywhere;white-space:pre-line">{escape(value)}</span>'
        for name, value in found.items()
        if value
    )
    if rows:
        st.html(f'<div style="{_GRID}">{rows}</div>')

"""A button that hands a trace to Perfetto in another window of the browser: made and sent when it is pressed, not before."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from tbcore.ui.components.bundle import bundle, styles

MODULES = ("../lines/dom.js", "handover.js", "main.js")
USUAL = "https://ui.perfetto.dev"
LARGEST = 190 << 20  # bytes that one message to the browser may have

_FOLDER = Path(__file__).parent

PERFETTO = st.components.v2.component(
    "perfetto",
    html='<div class="stage"></div>',
    css=styles(_FOLDER, "perfetto.css"),
    js=bundle(_FOLDER, MODULES),
    isolate_styles=True,
)


@st.fragment
def perfetto(make: Callable[[], bytes], *, name: str, key: str) -> None:
    """Draw the button. make: returns the trace, plain or gzipped JSON; name: what Perfetto calls it."""
    wanted = cast(Mapping[str, Any], st.session_state.get(key) or {}).get("wanted")
    data: Any = {"url": address(), "name": name}
    if wanted:
        made = make()
        data = made if len(made) <= LARGEST else {**data, "wrong": "too large to hand over; download it instead"}
    PERFETTO(key=key, data=data, on_wanted_change=_nothing)


def address() -> str:
    """Return where Perfetto is: TBCORE_PERFETTO_URL, or the secret `perfetto_url`, or its usual place."""
    found = os.environ.get("TBCORE_PERFETTO_URL", "")
    if not found:
        try:
            found = str(st.secrets.get("perfetto_url", ""))
        except StreamlitSecretNotFoundError:
            found = ""
    return found.rstrip("/") if found.startswith(("https://", "http://")) else USUAL


def _nothing() -> None:
    """Do nothing: a callback declares a trigger to Streamlit, and the page reads it itself."""

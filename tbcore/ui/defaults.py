"""Settings of curves that a visitor keeps in the browser: how the Scalars page is set where its address says nothing.

They are a cookie, because a server reads that with the first request, before anything is drawn.
"""

import json
from dataclasses import asdict
from urllib.parse import quote, unquote

import streamlit as st

from tbcore.ui.components.lines import Settings, settings_of
from tbcore.ui.grid import KEY, USUAL

COOKIE = "runlens_curves"
_UP_TO = 2_000  # signs

_JS = """
export default function keeper({ data }) {
  if (data?.cookie) document.cookie = data.cookie;
}
"""

_KEEPER = st.components.v2.component("keeper", html="<span></span>", js=_JS)


def usual_settings() -> Settings | None:
    """Return the settings this visitor keeps, None when there are none that can be read."""
    text: object = st.context.cookies.get(COOKIE)
    if not isinstance(text, str) or len(text) > _UP_TO:
        return None
    try:
        said = json.loads(unquote(text))
    except ValueError:
        return None
    return settings_of({**asdict(USUAL), **said}) if isinstance(said, dict) else None


def cookie(settings: Settings | None) -> str:
    """Return the cookie that keeps settings for a year, or, for None, that forgets them."""
    said = {} if settings is None else asdict(settings)
    chosen = {name: value for name, value in said.items() if value != getattr(USUAL, name)}
    age = 31_536_000 if chosen else 0
    text = quote(json.dumps(chosen, separators=(",", ":")), safe="")
    return f"{COOKIE}={text}; path=/; max-age={age}; SameSite=Lax"


def keep_defaults() -> None:
    """Draw the buttons that keep the settings of the curves in the browser, and that forget them."""
    with st.container(horizontal=True, vertical_alignment="center"):
        kept = st.button(
            "Keep settings as my defaults",
            icon=":material/bookmark_add:",
            type="tertiary",
            help="Smoothing, axes, tooltip and card width, for this browser; an address that says other settings wins.",
        )
        forgotten = st.button("Forget my defaults", type="tertiary") if usual_settings() is not None else False
    if kept or forgotten:
        settings = st.session_state.get(f"{KEY}_settings", USUAL) if kept else None
        _KEEPER(key="keeper", data={"cookie": cookie(settings)})
        st.caption("Kept in this browser." if kept else "Forgotten.")

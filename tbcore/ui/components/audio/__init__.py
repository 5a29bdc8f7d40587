"""Clips of sound in the browser: cards with waveform, spectrogram and a player; one plays at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import streamlit as st

from tbcore.ui.components.bundle import bundle, styles

KEY = "audio"
MODULES = (
    "../lines/format.js",
    "../lines/dom.js",
    "../lines/scale.js",
    "../lines/sync.js",
    "../lines/grid.js",
    "folds.js",
    "wanted.js",
    "levels.js",
    "wave.js",
    "player.js",
    "tile.js",
    "main.js",
)
SCALES = ("linear", "mel")
RANGES = (40, 60, 80, 100, 120)

_FOLDER = Path(__file__).parent

AUDIO = st.components.v2.component(
    "audio",
    html='<div class="stage"></div>',
    css=styles(_FOLDER, "folds.css", "audio.css"),
    js=bundle(_FOLDER, MODULES),
    isolate_styles=True,
)


@dataclass(frozen=True)
class Settings:
    """How spectrograms are drawn: whether at all, over which scale, and how many decibels below the loudest."""

    spectrogram: bool = True
    scale: str = "linear"
    range: int = 80


@dataclass(frozen=True)
class Drawn:
    """The pixels of one clip: float32 [channels, columns, 2] and uint8 [bands, columns] as bytes, none without a picture."""

    envelope: bytes = b""
    levels: bytes = b""


def audio(
    view: Mapping[str, Any], drawn: Sequence[Drawn], given: Mapping[str, bytes], *, key: str = KEY
) -> tuple[Settings | None, Mapping[str, int]]:
    """Show the cards of `view`, and return what the visitor set, None where nothing, and the sample of each tag.

    drawn: of each clip that has a "drawn" number. given: the bytes of clips that were asked for, by what they were
    asked for with (`wanted`).
    """
    pixels = pa.table(
        {
            "envelope": pa.array([one.envelope for one in drawn], pa.large_binary()),
            "levels": pa.array([one.levels for one in drawn], pa.large_binary()),
        }
    )
    result = AUDIO(
        key=key,
        data={"view": view, "pixels": pixels, "given": given_table(given)},
        on_layout_change=_nothing,
        on_settings_change=_nothing,
        on_samples_change=_nothing,
        on_wanted_change=_nothing,
    )
    return _settings(result.get("settings")), _samples(result.get("samples"))


def chosen(key: str = KEY) -> tuple[Settings | None, Mapping[str, int]]:
    """Return what the visitor set so far, before the component is drawn."""
    state = _state(key)
    return _settings(state.get("settings")), _samples(state.get("samples"))


def layout(key: str = KEY) -> object:
    """Return what a browser said of the groups of cards, for `tbcore.ui.groups`."""
    return _state(key).get("layout")


def wanted(key: str = KEY) -> str:
    """Return what a browser asks for just now, "" when for nothing: "play" or "save", a colon, and an item's id."""
    asked = _state(key).get("wanted")
    return asked if isinstance(asked, str) else ""


def given_table(given: Mapping[str, bytes]) -> pa.Table:
    """Return bytes that a browser asked for as a table."""
    return pa.table(
        {"id": pa.array(list(given), pa.string()), "bytes": pa.array(list(given.values()), pa.large_binary())}
    )


def _state(key: str) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], st.session_state.get(key) or {})


def _settings(raw: object) -> Settings | None:
    """Return the settings a browser sent. What does not fit is as usual: anyone can send anything."""
    if not isinstance(raw, Mapping):
        return None
    scale, reach = raw.get("scale"), raw.get("range")
    return Settings(
        spectrogram=raw.get("spectrogram") is not False,
        scale=scale if scale in SCALES else Settings.scale,
        range=reach if reach in RANGES else Settings.range,
    )


def _samples(raw: object) -> Mapping[str, int]:
    if not isinstance(raw, Mapping):
        return {}
    return {str(tag): sample for tag, sample in raw.items() if type(sample) is int and sample >= -1}


def _nothing() -> None:
    pass

"""Show images in the browser: a grid of cards, runs side by side in each, and a large view that compares two."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard, cast

import pyarrow as pa
import streamlit as st

from tbcore.ui.components.bundle import bundle, styles

MODULES = (
    "../lines/format.js",
    "../lines/dom.js",
    "../lines/sync.js",
    "../lines/grid.js",
    "values.js",
    "parts.js",
    "pixels.js",
    "tiles.js",
    "bar.js",
    "viewer.js",
    "main.js",
)
MODES = ("swipe", "difference", "blink", "overlay")
SIZES = (48, 1024)  # pixels of an image in the grid
BRIGHTEST, MOST_CONTRAST = 2.0, 5.0
GAINS = (1, 2, 4, 8, 16, 32)

_FOLDER = Path(__file__).parent

IMAGES = st.components.v2.component(
    "images",
    html='<div class="stage"></div>',
    css=styles(_FOLDER, "images.css"),
    js=bundle(_FOLDER, MODULES),
    isolate_styles=True,
)


@dataclass(frozen=True)
class Settings:
    """What the toolbar is set to.

    size: pixels that an image in the grid is wide or high at most; actual: whether each has its own size instead.
    every: whether all samples are shown side by side. brightness, contrast: 1 leaves the pixels alone.
    """

    size: int = 192
    actual: bool = False
    every: bool = False
    brightness: float = 1.0
    contrast: float = 1.0


@dataclass(frozen=True)
class Pick:
    """One image: its run, its tag, the moment (step, nth) and the sample. place: which of the moments instead, if any."""

    run: str
    tag: str
    step: int
    nth: int = 0
    sample: int = 0
    place: int | None = None


@dataclass(frozen=True)
class Opened:
    """What the large view shows: one image, or two.

    gain: what differences are multiplied by; signed: whether they keep their sign. opacity: of the second image.
    scaled: whether the second image is scaled to the size of the first. turn: which choice of the browser's this is.
    """

    first: Pick
    second: Pick | None = None
    mode: str = "swipe"
    gain: int = 1
    signed: bool = False
    opacity: float = 0.5
    scaled: bool = False
    turn: int = 0


@dataclass(frozen=True)
class ImagesState:
    """What the visitor chose. None: nothing was chosen yet."""

    settings: Settings | None = None
    groups: Mapping[str, bool] = field(default_factory=dict)
    """Groups the visitor opened (True) or closed (False)."""
    pages: Mapping[str, int] = field(default_factory=dict)
    """The page of each group whose pages were turned, from 0."""
    samples: Mapping[str, int] = field(default_factory=dict)
    """The sample shown of each tag where one was chosen, from 0."""
    parts: Mapping[str, int] = field(default_factory=dict)
    """The page of runs of each card whose runs do not fit on one, from 0."""
    near: tuple[str, ...] | None = None
    """The tags whose cards are in sight, or nearly."""
    ratio: float = 1.0
    """Device pixels of one CSS pixel."""
    chose: bool = False
    """Whether the large view was opened, changed or closed; then `opened` says what it shows, None for closed."""
    opened: Opened | None = None
    wanted: Pick | None = None
    """The image whose original is to be downloaded, in this run alone."""


def images(view: Mapping[str, Any], tables: Mapping[str, pa.Table], *, key: str) -> ImagesState:
    """Show the images of `view`, whose bytes are in `tables`, and return what the visitor chose."""
    result = IMAGES(
        key=key,
        data={"view": view, **tables},
        on_settings_change=_nothing,
        on_layout_change=_nothing,
        on_near_change=_nothing,
        on_opened_change=_nothing,
        on_wanted_change=_nothing,
    )
    return _state(result)


def images_state(key: str) -> ImagesState:
    """Return what the visitor chose so far: what a page needs to know before it makes the tables."""
    return _state(cast(Mapping[str, Any], st.session_state.get(key) or {}))


def _nothing() -> None:
    pass


def _state(raw: Mapping[str, Any]) -> ImagesState:
    """Return the state a browser sent. What does not fit is left out: anyone can send anything."""
    settings, near = raw.get("settings"), raw.get("near")
    layout = raw.get("layout")
    layout = layout if isinstance(layout, Mapping) else {}
    near = near if isinstance(near, Mapping) else {}
    tags, ratio = near.get("tags"), near.get("ratio")
    opened = raw.get("opened")
    return ImagesState(
        settings=_settings(settings) if isinstance(settings, Mapping) else None,
        groups={name: bool(is_open) for name, is_open in _mapping(layout.get("open")).items()},
        pages=_counts(layout.get("page")),
        samples=_counts(layout.get("sample")),
        parts=_counts(layout.get("part")),
        near=tuple(str(tag) for tag in tags) if isinstance(tags, list) else None,
        ratio=min(max(float(ratio), 1.0), 4.0) if _is_number(ratio) else 1.0,
        chose=isinstance(opened, Mapping),
        opened=opened_of(opened) if isinstance(opened, Mapping) else None,
        wanted=_pick(raw.get("wanted")),
    )


def opened_of(raw: Mapping[str, Any]) -> Opened | None:
    """Return what the large view shows, None for nothing; what cannot be read of it is as usual."""
    first = _pick(raw.get("first"))
    if first is None:
        return None
    usual = Opened(first)
    mode, gain, opacity, turn = (raw.get(name) for name in ("mode", "gain", "opacity", "turn"))
    return Opened(
        first,
        _pick(raw.get("second")),
        mode if mode in MODES else usual.mode,
        gain if gain in GAINS else usual.gain,
        raw.get("signed") is True,
        min(max(float(opacity), 0.0), 1.0) if _is_number(opacity) else usual.opacity,
        raw.get("scaled") is True,
        turn if _is_count(turn) else 0,
    )


def settings_of(raw: Mapping[str, Any]) -> Settings:
    """Return the settings that are said; what is not, or cannot be read, is as usual."""
    return _settings(raw)


def _settings(raw: Mapping[str, Any]) -> Settings:
    usual = Settings()
    size, brightness, contrast = raw.get("size"), raw.get("brightness"), raw.get("contrast")
    return Settings(
        size=min(max(round(size), SIZES[0]), SIZES[1]) if _is_number(size) else usual.size,
        actual=raw.get("actual") is True,
        every=raw.get("every") is True,
        brightness=min(max(float(brightness), 0.0), BRIGHTEST) if _is_number(brightness) else 1.0,
        contrast=min(max(float(contrast), 0.0), MOST_CONTRAST) if _is_number(contrast) else 1.0,
    )


def _pick(raw: object) -> Pick | None:
    match raw:
        case {"run": str(run), "tag": str(tag), "step": str(step), "nth": int(nth), "sample": int(sample)}:
            place = raw.get("place") if isinstance(raw, Mapping) else None
            try:
                number = int(step)
            except ValueError:
                return None
            bounded = min(max(number, -(2**63)), 2**63 - 1)
            return Pick(run, tag, bounded, max(0, nth), max(0, sample), max(0, place) if _is_count(place) else None)
    return None


def _mapping(raw: object) -> dict[str, Any]:
    return {str(name): value for name, value in raw.items()} if isinstance(raw, Mapping) else {}


def _counts(raw: object) -> dict[str, int]:
    return {name: max(0, value) for name, value in _mapping(raw).items() if _is_count(value)}


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)

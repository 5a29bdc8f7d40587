"""A grid of images: which groups are open, which cards are seen, what is chosen in them, and the address of all that."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st

from tbcore.ui.components.images import ImagesState, Opened, Pick, Settings, images_state, opened_of, settings_of
from tbcore.ui.query import put_query

KEY = "images"
USUAL = Settings()
PAGE_SIZE = 12  # cards
TILES = 24  # of one card
_AT_ONCE = 96  # tiles of the cards on a page, about
_AT_FIRST = 32  # tiles that are made before the browser has said which cards are in sight
_OPEN_AT_FIRST = 12  # cards; groups are opened until so many are seen
_CLASSES = (64, 128, 192, 256, 384, 512, 768, 1024)  # pixels of thumbnails
_ACTUAL = 2048  # pixels that an image in its own size has at most
_URL_UP_TO = 3_000  # bytes of the address for groups, pages and samples
_PARAMETERS = (
    "size", "actual", "every", "brightness", "contrast", "open", "closed", "page", "sample", "part",
    "image", "with", "compare", "gain", "signed", "opacity", "scaled",
)  # fmt: skip


@dataclass(frozen=True)
class Chosen:
    """What the visitor chose: as just said by the browser, as kept in this session, or as the address says."""

    settings: Settings
    groups: Mapping[str, bool]
    pages: Mapping[str, int]
    samples: Mapping[str, int]
    parts: Mapping[str, int]
    opened: Opened | None


@dataclass(frozen=True)
class Layout:
    """The grid as it is drawn. visible: the tags on open pages; near: those of them whose images are wanted now.

    side: pixels of their thumbnails; about: what the component is told but the cards.
    """

    visible: list[str]
    near: frozenset[str]
    side: int
    about: dict[str, Any]


def chosen() -> Chosen:
    """Return what the visitor chose."""
    state = images_state(KEY)
    kept: Chosen | None = st.session_state.get(f"{KEY}_chosen")
    if kept is None:
        kept = _from_address()
    return Chosen(
        state.settings or kept.settings,
        {**kept.groups, **state.groups},
        {**kept.pages, **state.pages},
        {**kept.samples, **state.samples},
        {**kept.parts, **state.parts},
        state.opened if state.chose else kept.opened,
    )


def layout(groups: Mapping[str, list[str]], tiles: Mapping[str, int], what: Chosen) -> Layout:
    """Return which cards are seen. tiles: how many each card has, by tag."""
    state = images_state(KEY)
    most = max(1, max(tiles.values(), default=1))
    page_size = max(1, min(PAGE_SIZE, _AT_ONCE // most))
    # What is open at first is decided once: a click opens and closes what it is on, and nothing else.
    at_first: dict[str, bool] = st.session_state.setdefault(f"{KEY}_usual", {})
    visible: list[str] = []
    about = []
    for name, tags in groups.items():
        is_open = what.groups.get(name, at_first.setdefault(name, len(visible) < _OPEN_AT_FIRST))
        page = min(what.pages.get(name, 0), (len(tags) - 1) // page_size)
        about.append({"name": name, "cards": tags, "open": is_open, "page": page})
        if is_open:
            visible += tags[page * page_size : (page + 1) * page_size]
    settings = what.settings
    wanted = settings.size * state.ratio
    side = next((one for one in _CLASSES if one >= wanted), _CLASSES[-1])
    return Layout(
        visible,
        _near(visible, tiles, state),
        _ACTUAL if settings.actual else side,
        {
            "groups": about,
            "page_size": page_size,
            "settings": asdict(settings),
            "layout": {
                "open": what.groups,
                "page": what.pages,
                "sample": what.samples,
                "part": what.parts,
            },
        },
    )


def _near(visible: list[str], tiles: Mapping[str, int], state: ImagesState) -> frozenset[str]:
    if sum(tiles[tag] for tag in visible) <= _AT_FIRST:
        return frozenset(visible)
    if state.near is not None and (found := frozenset(visible) & frozenset(state.near)):
        return found
    found, count = frozenset[str](), 0
    for tag in visible:
        if count < _AT_FIRST:
            found |= {tag}
        count += tiles[tag]
    return found


def remember(what: Chosen) -> None:
    """Keep what the visitor chose for when they come back to the page, and put it into the address."""
    st.session_state[f"{KEY}_chosen"] = what
    settings, opened = what.settings, what.opened
    seen = {
        "open": [name for name, is_open in what.groups.items() if is_open],
        "closed": [name for name, is_open in what.groups.items() if not is_open],
        "page": [f"{page + 1},{name}" for name, page in what.pages.items() if page],
        "sample": [f"{sample + 1},{tag}" for tag, sample in what.samples.items() if sample],
        "part": [f"{part + 1},{tag}" for tag, part in what.parts.items() if part],
    }
    second = opened.second if opened is not None else None
    put_query(
        {
            "size": None if settings.size == USUAL.size else str(settings.size),
            "actual": "1" if settings.actual else None,
            "every": "1" if settings.every else None,
            "brightness": None if settings.brightness == USUAL.brightness else f"{settings.brightness:g}",
            "contrast": None if settings.contrast == USUAL.contrast else f"{settings.contrast:g}",
            "image": _spelled(opened.first) if opened is not None else None,
            "with": _spelled(second) if second is not None else None,
            "compare": opened.mode if opened is not None and second is not None else None,
            "gain": str(opened.gain) if opened is not None and opened.gain != 1 else None,
            "signed": "1" if opened is not None and opened.signed else None,
            "opacity": f"{opened.opacity:g}" if opened is not None and opened.opacity != Opened.opacity else None,
            "scaled": "1" if opened is not None and opened.scaled else None,
        },
        # A longer address is cut by some servers; then it holds the settings alone.
        seen if sum(len(text) for texts in seen.values() for text in texts) < _URL_UP_TO else dict.fromkeys(seen),
    )


def forget() -> None:
    """Take what belongs to images out of the address: another tab is shown."""
    put_query(dict.fromkeys(_PARAMETERS))


def _spelled(pick: Pick) -> list[str]:
    """Return an image as the values of one parameter: step, sample, run, tag."""
    return [f"{pick.step}.{pick.nth}" if pick.nth else str(pick.step), str(pick.sample + 1), pick.run, pick.tag]


def _from_address() -> Chosen:
    query = st.query_params
    numbers = {name: _number(query.get(name, "")) for name in ("size", "brightness", "contrast", "opacity", "gain")}
    said = {**numbers, "actual": query.get("actual") == "1", "every": query.get("every") == "1"}
    opened = opened_of(
        {
            "first": _picked(query.get_all("image")),
            "second": _picked(query.get_all("with")),
            "mode": query.get("compare"),
            "gain": numbers["gain"],
            "opacity": numbers["opacity"],
            "signed": query.get("signed") == "1",
            "scaled": query.get("scaled") == "1",
        }
    )
    groups = dict.fromkeys(query.get_all("open"), True) | dict.fromkeys(query.get_all("closed"), False)
    return Chosen(settings_of(said), groups, _counted("page"), _counted("sample"), _counted("part"), opened)


def _picked(said: list[str]) -> dict[str, Any] | None:
    """Return the image that the values of one parameter spell, as a browser would say it."""
    if len(said) != 4:
        return None
    moment, sample, run, tag = said
    step, _dot, nth = moment.partition(".")
    nth = nth or "0"
    if not (nth.isascii() and nth.isdigit() and sample.isascii() and sample.isdigit()):
        return None
    return {"run": run, "tag": tag, "step": step, "nth": int(nth[:9]), "sample": max(0, int(sample[:9]) - 1)}


def _counted(name: str) -> dict[str, int]:
    """Return the numbers, from 0, that a parameter gives to names: "2,train" means 1."""
    said = (text.partition(",") for text in st.query_params.get_all(name))
    return {
        name: int(number[:9]) - 1
        for number, _comma, name in said
        if number.isascii() and number.isdigit() and int(number[:9]) > 0
    }


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return int(value) if value.is_integer() else value

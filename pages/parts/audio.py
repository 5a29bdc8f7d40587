"""Audio: the clips of each tag, run beside run, with waveform, spectrogram and a player."""

import json
from typing import Any

import streamlit as st

from pages.parts.sliders import sliders
from tbcore import ui
from tbcore.analysis import audio as sounds
from tbcore.analysis.steps import index_at
from tbcore.charts import theme
from tbcore.errors import FormatError
from tbcore.names import grouped, title_of
from tbcore.series import Blob, Series
from tbcore.ui.components import audio as component
from tbcore.ui.components.audio import Drawn, Settings
from tbcore.ui.components.stepper import Position, position

PER_PAGE = 6  # cards
CLIPS = 24  # of one card
LARGEST = 128 << 20  # bytes of one clip
# Columns of the waveform, columns and bands of the spectrogram: of the only clip of a card, and of one among others.
ALONE, BESIDE = (1600, 960, 256), (800, 480, 128)
# A tile of which nothing is known.
BLANK: dict[str, Any] = {
    "sample": 0, "of": 1, "label": "", "error": "", "bytes": 0, "mime": "", "encoding": "", "ending": "", "drawn": None,
    "seconds": 0, "lanes": 0, "columns": 0, "bands": 0, "across": 0, "top": 0, "facts": [], "notes": [],
}  # fmt: skip
_SETTINGS = "audio_settings"
_SAMPLES = "audio_samples"


def settings() -> Settings:
    """Return how spectrograms are drawn: as just set, as set in this session, or as the address says."""
    just, _samples = component.chosen()
    kept: Settings | None = just or st.session_state.get(_SETTINGS)
    if kept is not None:
        return kept
    scale, reach = st.query_params.get("hz", ""), st.query_params.get("db", "")
    return Settings(
        spectrogram=st.query_params.get("spectrogram") != "0",
        scale=scale if scale in component.SCALES else Settings.scale,
        range=int(reach) if reach in map(str, component.RANGES) else Settings.range,
    )


def samples() -> dict[str, int]:
    """Return which clip of each tag is shown, from 0, or -1 for all: as chosen, else as the address says."""
    _settings, just = component.chosen()
    kept = st.session_state.get(_SAMPLES)
    if kept is None:
        said = (text.partition(",") for text in st.query_params.get_all("clip"))
        kept = {
            tag: -1 if which == "all" else int(which) - 1 for which, _, tag in said if which == "all" or which.isdigit()
        }
    return {**kept, **just}


def remember(chosen: Settings, shown: dict[str, int]) -> None:
    """Keep what was chosen for when the visitor comes back, and put it into the address."""
    st.session_state[_SETTINGS], st.session_state[_SAMPLES] = chosen, shown
    usual = Settings()
    ui.put_query(
        {
            "spectrogram": None if chosen.spectrogram else "0",
            "hz": None if chosen.scale == usual.scale else chosen.scale,
            "db": None if chosen.range == usual.range else str(chosen.range),
            "clip": [f"{'all' if which < 0 else which + 1},{tag}" for tag, which in shown.items() if which],
        }
    )


@st.cache_data(
    show_spinner=False, max_entries=256, hash_funcs={Blob: lambda blob: (blob.path, blob.offset, blob.length)}
)
def point(
    blob: Blob, plugin: str, sample: int, size: tuple[int, int, int]
) -> tuple[list[tuple[dict[str, Any], Drawn | None]], int]:
    """Return what is said and drawn of each clip of a value, of all when `sample` is -1, and how many clips it holds."""
    try:
        if blob.length > LARGEST:
            raise FormatError(f"{theme.size(blob.length)} are too much to show here, but the command line exports it")
        found = sounds.clips_in(blob, plugin)
    except FormatError as error:
        return [({"error": f"This value cannot be shown: {error}."}, None)], 1
    if not found:
        return [({"error": "No clips were logged at this step."}, None)], 1
    if sample >= len(found):
        missing = f"This step has {len(found)} {'clip' if len(found) == 1 else 'clips'}: no number {sample + 1}."
        return [({"error": missing}, None)], len(found)
    wanted = range(len(found)) if sample < 0 else [sample]
    return [_clip(found[one], one, len(found), size) for one in wanted], len(found)


def _clip(clip: sounds.Clip, sample: int, of: int, size: tuple[int, int, int]) -> tuple[dict[str, Any], Drawn | None]:
    """Return what is said and drawn of one clip."""
    encoding = clip.encoding
    said: dict[str, Any] = {
        "sample": sample,
        "of": of,
        "label": clip.label,
        "bytes": len(clip.data),
        "mime": encoding.mime,
        "encoding": encoding.name,
        "ending": encoding.ending,
        "facts": [*([encoding.name] if encoding.mime else []), theme.size(len(clip.data))],
    }
    if not encoding.mime:
        return said | {"error": "This clip is of no encoding that is known here. It can be downloaded."}, None
    if encoding.name != "WAV":
        return said | {"notes": ["The waveform appears when it plays, if the browser can decode it."]}, None
    try:
        drawing = sounds.drawing(clip.data, columns=size[0], across=size[1], bands=size[2])
    except FormatError as error:
        return said | {"error": f"This clip cannot be decoded: {error}. It can be downloaded.", "mime": ""}, None
    wave, spectrum = drawing.wave, drawing.spectrum
    said |= {
        "seconds": wave.seconds,
        "lanes": len(drawing.envelope),
        "columns": drawing.envelope.shape[1],
        "bands": spectrum.levels.shape[0],
        "across": spectrum.levels.shape[1],
        "top": spectrum.top,
        "facts": sounds.facts(drawing),
        "notes": sounds.notes(drawing),
    }
    return said, Drawn(drawing.envelope.tobytes(), spectrum.levels.tobytes())


class Board:
    """What the component is told, while it is put together: cards, pixels, and the bytes that were asked for."""

    def __init__(self, view: ui.View, wanted: str) -> None:
        self.view = view
        self.cards: list[dict[str, Any]] = []
        self.drawn: list[Drawn] = []
        self.given: dict[str, bytes] = {}
        self._wanted = wanted

    def tiles(
        self, series: Series, index: int, sample: int, size: tuple[int, int, int]
    ) -> tuple[list[dict[str, Any]], int]:
        """Return the tiles of one point, and how many clips it holds."""
        found, count = point(series.blob(index), series.plugin, sample, size)
        return [self._tile(series, index, said, drawn) for said, drawn in found], count

    def _tile(self, series: Series, index: int, said: dict[str, Any], drawn: Drawn | None) -> dict[str, Any]:
        step = int(series.steps[index])
        name = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in f"{series.run}_{series.tag}")[-100:]
        made = {
            **BLANK,
            **said,
            "id": json.dumps([series.run, series.tag, index, said.get("sample", 0)]),
            "run": series.run,
            "color": self.view.color(series.run),
            "step": step,
            "wall": ui.finite(float(series.wall_times[index])),
            "earlier": bool(series.superseded[index]),
        }
        which = f"_{made['sample'] + 1}" if made["of"] > 1 else ""
        made["file"] = f"{name}_{step}{which}{made['ending']}"
        if drawn is not None:
            made["drawn"] = len(self.drawn)
            self.drawn.append(drawn)
        for purpose, of in (("play", sounds.playable), ("save", sounds.logged)):
            if self._wanted == f"{purpose}:{made['id']}":
                self.given[self._wanted] = of(sounds.clips(series, index)[made["sample"]])
        return made


def card(board: Board, group: str, some: list[Series], sample: int, at: Position) -> None:
    """Add the card of one tag to the board."""
    tag = some[0].tag
    tiles: list[dict[str, Any]] = []
    most = 1
    left = 0
    placed = [(one, index_at(one, *at.at(one.run), earlier=at.earlier)) for one in some]
    here = [(one, index) for one, index in placed if index is not None]
    size = ALONE if len(here) == 1 and sample >= 0 else BESIDE
    for one, index in here:
        if len(tiles) >= CLIPS:
            left += 1
            continue
        made, count = board.tiles(one, index, sample, size)
        tiles += made
        most = max(most, count)
    more = [f"{left:,} more runs: select fewer in the sidebar to see them."] if left else []
    if len(here) < len(placed):
        without = len(placed) - len(here)
        more.append(f"{without:,} {'run has' if without == 1 else 'runs have'} nothing up to this step.")
    board.cards.append(
        {
            "tag": tag,
            "title": title_of(tag),
            "group": group,
            "description": next((one.description for one in some if one.description), ""),
            "samples": most,
            "sample": min(sample, most - 1) if most > 1 else 0,
            "clips": tiles,
            "more": " ".join(more),
        }
    )


@st.fragment
def cards(view: ui.View, by_tag: dict[str, list[Series]]) -> None:
    """Draw the slider and the cards of one page; what the visitor changes in them runs only this again."""
    at = position()
    groups = grouped(by_tag)
    tags = [(group, tag) for group, some in groups.items() for tag in some]
    above, cards_here = st.container(), st.container()
    pages = -(-len(tags) // PER_PAGE)
    page = st.pagination(pages, key="audio_page", bind="query-params") if pages > 1 else 1
    board = Board(view, component.wanted())
    chosen, shown = settings(), samples()
    for group, tag in tags[(page - 1) * PER_PAGE : page * PER_PAGE]:
        card(board, group, by_tag[tag], shown.get(tag, 0), at)
    spec = {
        "cards": board.cards,
        "grouped": any(groups),
        "settings": {"spectrogram": chosen.spectrogram, "scale": chosen.scale, "range": chosen.range},
    }
    with cards_here:
        component.audio(spec, board.drawn, board.given)
    remember(chosen, shown)
    with above:
        sliders(view, [one for some in by_tag.values() for one in some], at)


def audio(view: ui.View) -> None:
    """Draw the Audio tab."""
    if not view.holds("audio"):
        ui.no_data("audio", "audio clips")
        return
    by_tag: dict[str, list[Series]] = {}
    for series in view.series("audio"):
        by_tag.setdefault(series.tag, []).append(series)
    if by_tag:
        cards(view, by_tag)
    else:
        ui.nothing_selected("audio clips")

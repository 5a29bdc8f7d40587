"""Audio: the clips of each tag, run beside run, with waveform, spectrogram and a player."""

import json
from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.parts.archives import archives
from pages.parts.sliders import sliders
from tbcore import ui
from tbcore.analysis import audio as sounds
from tbcore.analysis.audio import Reel, reel_tags
from tbcore.analysis.steps import index_at
from tbcore.charts import theme
from tbcore.errors import FormatError
from tbcore.names import grouped, title_of
from tbcore.series import Blob, Series
from tbcore.ui import groups as folded
from tbcore.ui.components import audio as component
from tbcore.ui.components.audio import Drawn, Settings
from tbcore.ui.components.stepper import Position, position

__all__ = ["audio", "forget", "reel_tags"]

MANY = 24  # samples of one run side by side
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
Tags = dict[str, list[Reel]]


def forget() -> None:
    """Take what belongs to audio out of the address: another tab is shown."""
    folded.forget("audio")
    ui.put_query(dict.fromkeys(("spectrogram", "hz", "db", "clip")))


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
    wanted = range(min(len(found), MANY)) if sample < 0 else [sample]
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
        "facts": [*([encoding.name] if encoding.mime else []), theme.size(len(clip.data)), *sounds.logged_facts(clip)],
    }
    if not clip.data:
        return said | {"error": "An empty clip: nothing was logged.", "mime": ""}, None
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
        self, reel: Reel, sample: int, at: Position, size: tuple[int, int, int]
    ) -> tuple[list[dict[str, Any]], int]:
        """Return the tiles of what a run has at the sliders, and how many samples there are."""
        many = len(reel.parts)
        if many == 1:
            return self._tiles(reel.parts[0], sample, at, size)
        wanted = range(min(many, MANY)) if sample < 0 else [min(sample, many - 1)]
        made = [
            tile | {"sample": place, "of": many}
            for place in wanted
            for tile in self._tiles(reel.parts[place], 0, at, size)[0]
        ]
        return made, many

    def _tiles(
        self, series: Series, sample: int, at: Position, size: tuple[int, int, int]
    ) -> tuple[list[dict[str, Any]], int]:
        index = index_at(series, *at.at(series.run), earlier=at.earlier)
        if index is None:
            return [], 0
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
                self._give(series, index, made, of)
        return made

    def _give(self, series: Series, index: int, made: dict[str, Any], of: Callable[[sounds.Clip], bytes]) -> None:
        """Put the bytes of a clip beside the pictures."""
        try:
            self.given[self._wanted] = of(sounds.clips(series, index)[made["sample"]])
        except FormatError as error:
            # The file has changed since the clip was drawn.
            made["error"] = f"This value cannot be read any more: {error}."


def card(board: Board, tag: str, reels: list[Reel], seen: folded.Layout, sample: int, at: Position) -> None:
    """Add the card of one tag to the board."""
    first, last, parts = seen.runs(tag, len(reels))
    shown = reels[first:last]
    size = ALONE if len(shown) == 1 and sample >= 0 else BESIDE
    tiles: list[dict[str, Any]] = []
    most, without = 1, 0
    for reel in shown:
        made, count = board.tiles(reel, sample, at, size)
        tiles += made
        most = max(most, count)
        without += not made
    more = [f"{without:,} {'run has' if without == 1 else 'runs have'} nothing up to this step."] if without else []
    if sample < 0 and most > MANY:
        more.append(f"The first {MANY} of {most:,} samples are side by side: choose one to see the others.")
    board.cards.append(
        {
            "tag": tag,
            "title": next((reel.title for reel in reels if reel.title), "") or title_of(tag),
            "description": next((reel.description for reel in reels if reel.description), ""),
            "samples": most,
            "sample": min(sample, most - 1) if most > 1 else 0,
            "clips": tiles,
            "more": " ".join(more),
            "runs": len(reels),
            "part": first // folded.TILES,
            "parts": parts,
            "each": folded.TILES,
        }
    )


@st.fragment
def cards(view: ui.View, by_tag: Tags) -> None:
    """Draw the slider and the cards of the open groups; what the visitor changes in them runs only this again."""
    at = position()
    above, cards_here = st.container(), st.container()
    chosen, shown = settings(), samples()
    counts = {tag: len(some) * (4 if shown.get(tag, 0) < 0 else 1) for tag, some in by_tag.items()}
    seen = folded.layout("audio", grouped(by_tag), counts, component.layout())
    board = Board(view, component.wanted())
    for tag in seen.visible:
        card(board, tag, by_tag[tag], seen, shown.get(tag, 0), at)
    spec = {
        **seen.about,
        "cards": board.cards,
        "at": json.dumps([at.step, at.nth, dict(at.own), at.earlier, shown], sort_keys=True),
        "settings": {"spectrogram": chosen.spectrogram, "scale": chosen.scale, "range": chosen.range},
    }
    with cards_here:
        component.audio(spec, board.drawn, board.given)
    remember(chosen, shown)
    folded.remember("audio", seen)
    archives(view, "audio", by_tag, sounds.size_of, sounds.archive)
    with above:
        sliders(view, [part for tag in seen.visible for reel in by_tag[tag] for part in reel.parts], at)


def audio(view: ui.View) -> None:
    """Draw the Audio tab."""
    if not view.holds("audio"):
        ui.no_data("audio", "audio clips")
        return
    by_tag: Tags = {}
    for reel in sounds.reels(view.series("audio")):
        by_tag.setdefault(reel.tag, []).append(reel)
    # Without a run to show, the cards stay where they are, empty.
    tags = list(by_tag) if any(view.shown) else reel_tags(view.tags_of("audio"))
    if tags:
        cards(view, {tag: by_tag.get(tag, []) for tag in tags})
    else:
        ui.nothing_selected("audio clips")

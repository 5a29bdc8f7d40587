"""Images: one card per tag, its runs side by side, and a large view that compares two of them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa
import streamlit as st

from pages.parts.archives import archives
from pages.parts.sliders import sliders
from tbcore import ui
from tbcore.analysis import images as pictures
from tbcore.analysis.images import Album, Shelf, Shot, Tile, album_tags
from tbcore.analysis.steps import index_at
from tbcore.charts import theme
from tbcore.errors import FormatError
from tbcore.names import grouped, title_of
from tbcore.ui import images as page
from tbcore.ui.components.images import Opened, Pick, images_state
from tbcore.ui.components.images import images as component
from tbcore.ui.components.stepper import Position, position

__all__ = ["album_tags", "images"]

ROOM = 64 << 20  # bytes of thumbnails and pixels that are kept for all visitors
STRIP = 24  # samples of one run side by side
AHEAD = 64  # tiles that are made before they are wanted
LARGEST_FILE = 128 << 20  # bytes of one original
CHOICES = 500  # tags to choose from in the large view
Tags = dict[str, list[Album]]


@st.cache_resource(show_spinner=False)
def shelf() -> Shelf:
    """Return the thumbnails that all visitors share."""
    return Shelf(ROOM)


def images(view: ui.View) -> None:
    """Draw the images of the selected runs whose tags pass the filter."""
    by_tag: Tags = {}
    for album in pictures.albums(view.series("images")):
        by_tag.setdefault(album.tag, []).append(album)
    # Without a run to show, the cards stay where they are, empty.
    tags = list(by_tag) if any(view.shown) else album_tags(view.tags_of("images"))
    if not tags:
        ui.nothing_selected("images")
        return
    board(view, {tag: by_tag.get(tag, []) for tag in tags})


@st.fragment
def board(view: ui.View, by_tag: Tags) -> None:
    """Draw the slider, the cards and the large view; what the visitor changes in them runs only this again."""
    at, what = position(), page.chosen()
    above = st.container()
    counts = {tag: min(page.TILES, len(some)) * (4 if what.settings.every else 1) for tag, some in by_tag.items()}
    layout = page.layout(grouped(by_tag), counts, what)
    data: dict[str, Any] = {**layout.about, "cards": None, "opened": None, "file": original(view, at)}
    tables: dict[str, pa.Table] = {}
    if "bytes" in (data["file"] or {}):
        tables["file"] = pa.table({"data": pa.array([data["file"].pop("bytes")], pa.binary())})
    if what.opened is None:
        drawn = [card(view, tag, by_tag[tag], at, what, wanted=tag in layout.near) for tag in layout.visible]
        tables["thumbs"] = hang([tile for one in drawn for tile in one["tiles"]], layout.side)
        data["cards"] = drawn
    else:
        what = replace(what, opened=enlarge(view, by_tag, at, what.opened, data, tables))
    component(data, tables, key=page.KEY)
    page.remember(what)
    archives(view, "images", by_tag, pictures.size_of, pictures.archive)
    with above:
        sliders(view, [part for tag in layout.visible for album in by_tag[tag] for part in album.parts], at)
    if what.opened is None:
        # Last: what is shown now comes first.
        ahead(layout, by_tag, at, what)


# The grid ------------------------------------------------------------------------------------------------------------


def card(
    view: ui.View, tag: str, albums: list[Album], at: Position, what: page.Chosen, *, wanted: bool
) -> dict[str, Any]:
    """Return what the card of a tag shows; where its images are wanted, each tile holds the shot to make it of."""
    last = max(0, (len(albums) - 1) // page.TILES)
    part = min(what.parts.get(tag, 0), last)
    sample = what.samples.get(tag, 0)
    tiles = [
        tile
        for album in albums[part * page.TILES : (part + 1) * page.TILES]
        for tile in tiles_of(view, album, at, sample, every=what.settings.every and wanted)
    ]
    return {
        "tag": tag,
        "title": next((album.title for album in albums if album.title), "") or title_of(tag),
        "description": next((album.description for album in albums if album.description), ""),
        "sample": sample,
        "runs": len(albums),
        "part": part,
        "parts": last + 1,
        "made": wanted,
        "tiles": [{**tile, "shot": tile["shot"] if wanted else None} for tile in tiles],
    }


def tiles_of(view: ui.View, album: Album, at: Position, sample: int, *, every: bool) -> Iterator[dict[str, Any]]:
    """Yield the tiles of a run: one, or every sample."""
    step, nth = at.at(album.run)
    first = pictures.shot_at(album, step, nth, 0 if every else sample, earlier=at.earlier)
    if first is None:
        yield {**caption(view, album, None), "error": "nothing logged up to this step"}
        return
    yield caption(view, album, first)
    if every:
        count = shelf().samples(first)
        for other in range(1, min(count, STRIP)):
            yield caption(view, album, pictures.shot_at(album, step, nth, other, earlier=at.earlier))
        if count > STRIP:
            yield {**caption(view, album, None), "error": f"{count - STRIP:,} more samples: choose one by its number"}


def caption(view: ui.View, album: Album, shot: Shot | None) -> dict[str, Any]:
    """Return what is written at an image."""
    about: dict[str, Any] = {"run": album.run, "color": view.color(album.run), "shot": shot, "row": -1, "error": ""}
    if shot is None:
        return about | {"at": None, "step": "", "sample": 0, "samples": 0}
    return about | {
        "at": [str(shot.step), shot.nth],
        "step": f"{shot.step:,}" + (f" ({shot.nth + 1}.)" if shot.nth else ""),
        "wall": ui.finite(shot.wall_time),
        "earlier": shot.superseded,
        "sample": shot.sample,
        "samples": shot.samples,
    }


def hang(tiles: list[dict[str, Any]], side: int) -> pa.Table:
    """Make the thumbnails that tiles want and say in each where it is; return the thumbnails."""
    wanted = [tile for tile in tiles if tile["shot"] is not None]
    made = shelf().tiles([tile["shot"] for tile in wanted], side)
    rows: list[Tile] = []
    for tile, one in zip(wanted, made, strict=True):
        shot: Shot = tile["shot"]
        tile |= {"id": f"{hash((*shot.key, side))}", "samples": one.samples, "size": theme.size(one.size)}
        tile |= {"error": one.error, "notes": list(one.notes)}
        small = one.thumbnail
        if small is not None:
            tile |= {"row": len(rows), "width": small.width, "height": small.height, "mode": small.mode}
            tile |= {"encoding": small.encoding.name, "frames": small.frames}
            rows.append(one)
    for tile in tiles:
        del tile["shot"]
    found = [one.thumbnail for one in rows if one.thumbnail is not None]
    return pa.table(
        {
            "data": pa.array([small.data for small in found], pa.binary()),
            "mime": pa.array([small.mime for small in found], pa.string()),
        }
    )


def ahead(layout: page.Layout, by_tag: Tags, at: Position, what: page.Chosen) -> None:
    """Have the images made that come next in the direction in which the slider went last."""
    before = st.session_state.get("images_step")
    st.session_state["images_step"] = at.step
    if at.step is None and before is None:
        return
    back = before is None or (at.step is not None and at.step < before)
    shots = [
        shot
        for distance in (1, 2)
        for tag in layout.visible
        if tag in layout.near
        for album in by_tag[tag][: page.TILES]
        for shot in neighbours(album, at, what.samples.get(tag, 0), -distance if back else distance)
    ]
    shelf().prepare(shots[:AHEAD], layout.side)


def neighbours(album: Album, at: Position, sample: int, distance: int) -> Iterator[Shot]:
    """Yield the image that was written so many points after the one that is shown, if there is one."""
    part = album.parts[min(sample, len(album.parts) - 1)]
    index = index_at(part, *at.at(album.run), earlier=at.earlier)
    if index is not None and 0 <= index + distance < len(part):
        yield pictures.shot_of(album, part, index + distance, sample, earlier=at.earlier)


# The large view ------------------------------------------------------------------------------------------------------


def enlarge(
    view: ui.View, by_tag: Tags, at: Position, opened: Opened, data: dict[str, Any], tables: dict[str, pa.Table]
) -> Opened:
    """Put what the large view shows into `data`, its pixels into `tables`, and return it with its moments found."""
    picks = [opened.first, *([opened.second] if opened.second is not None else [])]
    shown = []
    packed: list[bytes] = []
    for pick in picks:
        about, sheet = close_up(view, pick, at)
        if sheet is not None:
            about["row"] = len(packed)
            packed.append(sheet)
        shown.append(about)
    found = [settled(pick, about) for pick, about in zip(picks, shown, strict=True)]
    tables["pixels"] = pa.table({"data": pa.array(packed, pa.binary())})
    data["opened"] = {
        "first": shown[0],
        "second": shown[1] if len(shown) > 1 else None,
        "mode": opened.mode,
        "gain": opened.gain,
        "signed": opened.signed,
        "opacity": opened.opacity,
        "scaled": opened.scaled,
        "turn": opened.turn,
        "tags": list(dict.fromkeys([*(pick.tag for pick in picks), *by_tag]))[:CHOICES],
        "runs": [{"name": run.name, "color": view.color(run.name)} for run in view.selected],
        "holders": [album.run for album in by_tag.get(opened.first.tag, [])],
    }
    return replace(opened, first=found[0], second=found[1] if len(found) > 1 else None)


def album_of(view: ui.View, pick: Pick) -> Album | None:
    """Return the album that an image is of, whether its run is shown or not."""
    series = [
        one
        for run in view.runs
        if run.name == pick.run
        for (kind, tag), one in run.series.items()
        if kind == "images" and tag.startswith(pick.tag)
    ]
    return next((album for album in pictures.albums(series) if album.tag == pick.tag), None)


def shot_of(album: Album, pick: Pick, at: Position) -> tuple[Shot | None, int, int]:
    """Return the image that is picked, which of the album's moments it is of, and how many there are."""
    found = album.moments(earlier=at.earlier)
    step, nth = pick.step, pick.nth
    if pick.place is not None and len(found):
        place = min(pick.place, len(found) - 1)
        step, nth = int(found.steps[place]), int(found.nths[place])
    shot = pictures.shot_at(album, step, nth, pick.sample, earlier=at.earlier)
    if shot is None:
        return None, 0, len(found)
    same = (found.steps < shot.step) | ((found.steps == shot.step) & (found.nths <= shot.nth))
    return shot, max(0, int(same.sum()) - 1), len(found)


def close_up(view: ui.View, pick: Pick, at: Position) -> tuple[dict[str, Any], bytes | None]:
    """Return what is written at an image in the large view, and its pixels, None where there are none."""
    blank = {"run": pick.run, "tag": pick.tag, "color": "", "at": [str(pick.step), pick.nth], "step": f"{pick.step:,}"}
    blank |= {"sample": pick.sample, "samples": 0, "place": 0, "places": 0, "row": -1}
    album = album_of(view, pick)
    if album is None:
        return blank | {"error": "this run has no images of this tag"}, None
    shot, place, places = shot_of(album, pick, at)
    if shot is None:
        return blank | {"error": "nothing logged up to this step", "places": places}, None
    about = {"tag": pick.tag, **caption(view, album, shot), "place": place, "places": places}
    del about["shot"]
    try:
        sheet = shelf().sheet(shot)
    except FormatError as error:
        return about | {"error": str(error), "samples": shelf().samples(shot)}, None
    about |= {"id": str(hash(shot.key)), "samples": sheet.samples, "size": theme.size(sheet.size)}
    about |= {"width": sheet.width, "height": sheet.height, "channels": sheet.channels, "dtype": sheet.dtype}
    about |= {"full": sheet.full, "low": sheet.low, "high": sheet.high, "every": sheet.nth}
    about |= {"whole": [sheet.whole_width, sheet.whole_height], "frames": sheet.frames}
    about |= {"durations": list(sheet.durations), "mode": sheet.mode, "encoding": sheet.encoding}
    return about | {"all_frames": sheet.all_frames, "notes": list(sheet.notes)}, sheet.packed


def settled(pick: Pick, about: dict[str, Any]) -> Pick:
    """Return the image with the moment that was found for it, so that its address stays good as the logs grow."""
    step, nth = about["at"]
    return Pick(pick.run, pick.tag, int(step), nth, about["sample"])


# Files ---------------------------------------------------------------------------------------------------------------


def original(view: ui.View, at: Position) -> dict[str, Any] | None:
    """Return the logged bytes of the image whose download was asked for, and the name of the file, if one was."""
    pick = images_state(page.KEY).wanted
    if pick is None:
        return None
    album = album_of(view, pick)
    shot = shot_of(album, pick, at)[0] if album is not None else None
    if shot is None:
        return {"error": "there is no such image any more"}
    if shot.blob.length > LARGEST_FILE:
        return {"error": f"{theme.size(shot.blob.length)} are too many for the browser: use python -m tbcore export"}
    try:
        data = pictures.original(shot)
    except FormatError as error:
        return {"error": str(error)}
    return {"name": pictures.file_name(shot, data), "bytes": data, "error": ""}

"""Images of a run: which samples a tag holds, where each lies, and what of it a page shows.

    for album in albums(series):
        shot = shot_at(album, step=None, nth=0, sample=0)     # the latest
        picture = decode(original(shot))

A point of TensorFlow 2 holds several images. TensorFlow 1 wrote each of them under a tag of its own, `x/image/0`,
`x/image/1` and so on, and a single one as `x/image`: these are one album here, called `x/image`.
"""

import json
import re
import threading
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from tbcore.analysis.items import FileNames, Item, index_row
from tbcore.analysis.steps import Moments, index_at, moments
from tbcore.errors import CorruptRecordError, FormatError, MessageError
from tbcore.formats import pictures
from tbcore.formats.events import Picture as Written
from tbcore.formats.events import payload
from tbcore.series import Blob, Series

_NUMBERED = re.compile(r"(?P<tag>.*/image|image)/(?P<sample>[0-9]{1,6})", re.DOTALL)
_WORKERS = 4
_COUNTS = 50_000  # points of which it is remembered how many images they hold
_MOST_RAW = 64 << 20  # bytes of pixels that are handed to a browser at once
_MOST_FRAMES = 48 << 20  # of an animation
_DTYPES = {"u1": np.uint8, "u2": np.uint16, "i4": np.int32, "f4": np.float32}


@dataclass(frozen=True)
class Album:
    """All images of one tag in one run: one series whose points hold the samples, or several, one for each sample."""

    run: str
    tag: str
    parts: tuple[Series, ...]

    @property
    def description(self) -> str:
        """Return what the writer says about the tag."""
        return next((part.description for part in self.parts if part.description), "")

    @property
    def title(self) -> str:
        """Return the name that the writer gave the tag for the screen, "" where it is the tag."""
        said = self.parts[0].display_name
        return "" if len(self.parts) > 1 or said == self.parts[0].tag else said

    def moments(self, *, earlier: bool = False) -> Moments:
        """Return every moment at which there are images."""
        return moments(self.parts, earlier=earlier)


@dataclass(frozen=True)
class Shot:
    """One image of an album. sample: which of the album it is; within: which of the images of its point.

    samples: how many the album has at this moment, 0 where the point has to be read to know.
    """

    run: str
    tag: str
    step: int
    nth: int
    wall_time: float
    sample: int
    samples: int
    within: int
    plugin: str
    blob: Blob = field(repr=False)
    superseded: bool = False

    @property
    def key(self) -> tuple[str, int, int, float, int]:
        """Return what tells the image apart from all others, also from those of a file that is written anew."""
        return (self.blob.path, self.blob.offset, self.blob.length, self.wall_time, self.within)


@dataclass(frozen=True)
class Tile:
    """An image as a grid shows it: its thumbnail, or why there is none.

    samples: how many images there are at its moment; size: bytes of the original; notes: what is odd about it.
    """

    thumbnail: pictures.Thumbnail | None
    samples: int
    size: int
    notes: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Sheet:
    """The pixels of an image, packed for a browser.

    packed: deflated samples of all frames [frames, height, width, channels], little-endian, of type `dtype` (u1, u2,
    i4 or f4). width, height: of what is in there; every `nth` pixel across and down. full: the value of white, 0 where
    there is none, then low and high are what is drawn black and white. durations: of each frame in ms.
    """

    packed: bytes = field(repr=False)
    dtype: str
    width: int
    height: int
    channels: int
    full: int
    low: float
    high: float
    nth: int
    whole_width: int
    whole_height: int
    frames: int
    all_frames: int
    durations: tuple[int, ...]
    mode: str
    encoding: str
    size: int
    samples: int
    notes: tuple[str, ...]


def albums(series: Iterable[Series]) -> list[Album]:
    """Return the series of images as albums, in the order in which each one first appears."""
    found: dict[tuple[str, str], list[tuple[int, Series]]] = {}
    for one in series:
        tag, sample = _placed(one)
        found.setdefault((one.run, tag), []).append((sample, one))
    made = []
    for (run, tag), parts in found.items():
        ordered = tuple(part for _sample, part in sorted(parts, key=lambda each: each[0]))
        made.append(Album(run, tag, ordered))
    return made


def album_tags(tags: Iterable[str]) -> list[str]:
    """Return the tags of the albums that tags of images make, of which nothing but the name is known."""
    merged: dict[str, None] = {}
    for tag in tags:
        numbered = _NUMBERED.fullmatch(tag)
        merged[numbered["tag"] if numbered else tag] = None
    return list(merged)


def _placed(series: Series) -> tuple[str, int]:
    """Return the album's tag of a series and its place in it."""
    numbered = _NUMBERED.fullmatch(series.tag)
    # A tensor holds all samples itself, whatever its tag ends in.
    if numbered is None or any(segment.form != "image" for segment in series.segments):
        return series.tag, -1
    return numbered["tag"], int(numbered["sample"])


def shot_at(album: Album, step: int | None, nth: int, sample: int, *, earlier: bool = False) -> Shot | None:
    """Return the image that a moment means (`tbcore.analysis.steps`), None where there is none yet.

    sample: beyond what the album has at all, its last one; beyond what a point holds, one that cannot be read.
    """
    many = len(album.parts)
    part = album.parts[min(max(sample, 0), many - 1)]
    index = index_at(part, step, nth, earlier=earlier)
    if index is None:
        return None
    return shot_of(album, part, index, sample, earlier=earlier)


def shot_of(album: Album, part: Series, index: int, sample: int, *, earlier: bool = False) -> Shot:
    """Return an image of point `index` of a part of the album."""
    many = len(album.parts)
    placed = min(max(sample, 0), many - 1) if many > 1 else max(sample, 0)
    step = int(part.steps[index])
    same = np.flatnonzero(part.steps[:index] == step)
    nth = len(same) if earlier else int((~part.superseded[same]).sum())
    legacy = part.segments[0].form == "image"
    return Shot(
        album.run,
        album.tag,
        step,
        nth,
        float(part.wall_times[index]),
        placed,
        many if many > 1 or legacy else 0,
        0 if many > 1 else placed,
        part.plugin,
        part.blob(index),
        bool(part.superseded[index]),
    )


def original(shot: Shot) -> bytes:
    """Return the logged bytes of an image. Raises FormatError when its point cannot be read or holds fewer images."""
    return _chosen(shot, _images(shot.blob, shot.plugin)[0])


def _chosen(shot: Shot, images: tuple[bytes, ...]) -> bytes:
    if shot.within >= len(images):
        raise MessageError(f"{len(images)} image{'s' if len(images) != 1 else ''} at this step")
    return images[shot.within]


def decode(data: bytes, frame: int = 0) -> pictures.Picture:
    """Return the pixels of an encoded image, exactly. Raises FormatError with the reason when it cannot be shown."""
    return pictures.decode(data, frame)


def _images(blob: Blob, plugin: str) -> tuple[tuple[bytes, ...], Written | None]:
    """Return the encoded images of a point and the size that was written beside them."""
    read = payload(blob.read(), blob.form, plugin)
    if not isinstance(read.value, tuple) or not all(isinstance(each, bytes) for each in read.value):
        raise MessageError("a tensor of numbers where encoded images should be")
    if len(read.value) < 2:
        raise MessageError("a value without an image")
    return read.value[2:], read.details if isinstance(read.details, Written) else None


# Thumbnails ----------------------------------------------------------------------------------------------------------


class Shelf:
    """Thumbnails and pixels made lately, by what they were made of, in bounded memory; for all visitors together."""

    def __init__(self, room: int) -> None:
        """room: bytes that are kept."""
        self._room = room
        self._used = 0
        self._kept: OrderedDict[Any, tuple[int, Any]] = OrderedDict()
        self._counts: OrderedDict[tuple[str, int, int, float], int] = OrderedDict()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(_WORKERS, "runlens-images")
        self._ahead: list[Future[Tile]] = []

    @property
    def used(self) -> int:
        """Return how many bytes are kept."""
        return self._used

    def tiles(self, shots: Sequence[Shot], side: int) -> list[Tile]:
        """Return the images as a grid shows them, each at most `side` pixels wide and high."""
        for waiting in self._ahead:
            waiting.cancel()
        self._ahead = []
        if len(shots) < 2:
            return [self.tile(shot, side) for shot in shots]
        return list(self._pool.map(lambda shot: self.tile(shot, side), shots))

    def prepare(self, shots: Iterable[Shot], side: int) -> None:
        """Make tiles that will be wanted soon, until others are wanted."""
        self._ahead = [self._pool.submit(self.tile, shot, side) for shot in shots]

    def tile(self, shot: Shot, side: int) -> Tile:
        """Return an image as a grid shows it."""
        key = (*shot.key, side)
        kept = self._find(key)
        if isinstance(kept, Tile):
            return kept
        try:
            images, written = _images(shot.blob, shot.plugin)
        except CorruptRecordError as error:
            # What the file says now it may not say the next time.
            return Tile(None, shot.samples, 0, error=str(error))
        except FormatError as error:
            made = Tile(None, shot.samples, 0, error=str(error))
        else:
            made = _tile(shot, images, written, side)
        self._keep(key, len(made.thumbnail.data) if made.thumbnail else 0, made)
        return made

    def sheet(self, shot: Shot) -> Sheet:
        """Return the pixels of an image. Raises FormatError when it cannot be shown, with the reason."""
        key = (*shot.key, "sheet")
        kept = self._find(key)
        if isinstance(kept, Sheet):
            return kept
        made = sheet(shot)
        self._keep(key, len(made.packed), made)
        return made

    def samples(self, shot: Shot) -> int:
        """Return how many images there are at the moment of a shot, 0 where that cannot be read."""
        if shot.samples:
            return shot.samples
        place = shot.key[:-1]
        count = self._counts.get(place)
        if count is None:
            try:
                count = len(_images(shot.blob, shot.plugin)[0])
            except FormatError:
                count = 0
            with self._lock:
                self._counts[place] = count
                if len(self._counts) > _COUNTS:
                    self._counts.popitem(last=False)
        return count

    def _find(self, key: Any) -> Any:
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][1]

    def _keep(self, key: Any, size: int, made: Any) -> None:
        # What is beside the bytes counts too, or tiles that hold none would never go.
        size += 2_000
        with self._lock:
            if key in self._kept:
                self._used -= self._kept.pop(key)[0]
            if size > self._room // 2:
                return
            self._kept[key] = (size, made)
            self._used += size
            while self._used > self._room:
                _key, (gone, _made) = self._kept.popitem(last=False)
                self._used -= gone


def _tile(shot: Shot, images: tuple[bytes, ...], written: Written | None, side: int) -> Tile:
    samples = shot.samples or len(images)
    data = b""
    try:
        data = _chosen(shot, images)
        small = pictures.thumbnail(data, side)
    except FormatError as error:
        return Tile(None, samples, len(data), error=str(error))
    return Tile(small, samples, len(data), (*small.notes, *_size_note(written, small.width, small.height)))


def _size_note(written: Written | None, width: int, height: int) -> tuple[str, ...]:
    if written is None or (written.width, written.height) in ((width, height), (height, width), (0, 0)):
        return ()
    return (f"the log says {written.width:,} × {written.height:,}",)


def sheet(shot: Shot) -> Sheet:
    """Return the pixels of an image, packed for a browser. Raises FormatError when it cannot be shown, with the reason.

    Of an animation all frames that fit into 48 MB; of a picture of more than 64 MB every second or third ... pixel.
    """
    images, written = _images(shot.blob, shot.plugin)
    data = _chosen(shot, images)
    picture = pictures.decode(data)
    notes = [*picture.notes, *_size_note(written, picture.width, picture.height)]
    pixels, durations, nth, full = picture.pixels, [0], 1, picture.full
    if picture.frames > 1:
        film, durations = pictures.frames(data, _MOST_FRAMES)
        pixels, full = np.stack([one.pixels for one in film]), film[0].full
        if len(film) < picture.frames:
            notes.append(f"the first {len(film):,} of {picture.frames:,} frames")
    else:
        nth = _thinning(pixels.nbytes)
        pixels = pixels[np.newaxis, ::nth, ::nth]
        if nth > 1:
            notes.append(f"every {nth}. pixel across and down, with its true value")
    low, high = (0.0, float(full)) if full else pictures.value_range(pixels)
    dtype = _dtype(pixels)
    flat = pixels.astype(np.dtype(_DTYPES[dtype]).newbyteorder("<"))
    packed = zlib.compress(flat.tobytes(), 1)
    return Sheet(
        packed=packed,
        dtype=dtype,
        width=pixels.shape[2],
        height=pixels.shape[1],
        channels=pixels.shape[3],
        full=full,
        low=low,
        high=high,
        nth=nth,
        whole_width=picture.width,
        whole_height=picture.height,
        frames=len(pixels),
        all_frames=picture.frames,
        durations=tuple(durations),
        mode=picture.mode,
        encoding=picture.encoding.name,
        size=len(data),
        samples=shot.samples or len(images),
        notes=tuple(notes),
    )


def _thinning(size: int) -> int:
    """Return 1 for pixels that a browser can be handed, else which of them are."""
    nth = 1
    while size / nth**2 > _MOST_RAW:
        nth += 1
    return nth


def _dtype(pixels: NDArray[Any]) -> str:
    name = f"{pixels.dtype.kind}{pixels.dtype.itemsize}"
    return name if name in _DTYPES else "f4"


# Files ---------------------------------------------------------------------------------------------------------------


def items(series: Series) -> Iterator[Item]:
    """Yield every image of every point as a file, as it was logged; what cannot be read has an error instead of data."""
    for index in range(len(series)):
        step, wall_time = int(series.steps[index]), float(series.wall_times[index])
        try:
            images, _written = _images(series.blob(index), series.plugin)
        except FormatError as error:
            yield Item(series.run, series.tag, step, wall_time, error=str(error))
            continue
        for sample, data in enumerate(images):
            ending = pictures.encoding(data).ending
            yield Item(series.run, series.tag, step, wall_time, sample, ending, data, _about(data))


def _about(data: bytes) -> dict[str, Any]:
    """Return what an index says of an image."""
    try:
        about = pictures.facts(data)
    except FormatError as error:
        return {"reason": str(error)}
    return {
        "width": about.width,
        "height": about.height,
        "format": about.encoding.name,
        "mode": about.mode,
        "frames": about.frames,
    }


def size_of(found: Iterable[Album]) -> tuple[int, int]:
    """Return how many points albums have, and the bytes that they take in their files."""
    points, size = 0, 0
    for album in found:
        for part in album.parts:
            points += len(part)
            for segment in part.segments:
                size += int(segment.places[:, 1].sum()) if segment.places is not None else 0
    return points, size


def archive(sink: BinaryIO, found: Sequence[Album]) -> None:
    """Write the images of albums into a zip file, each as it was logged, and what each is into index.json."""
    index: list[dict[str, Any]] = []
    names = FileNames()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as zipped:
        for album in found:
            for place, part in enumerate(album.parts):
                for item in items(part):
                    sample = place if len(album.parts) > 1 else item.sample
                    placed = replace(item, tag=album.tag, sample=sample)
                    name = "" if item.error else names.name(placed)
                    if name:
                        zipped.writestr(zipfile.ZipInfo(name), item.data)
                    index.append(index_row(placed, name))
        zipped.writestr(zipfile.ZipInfo("index.json"), json.dumps(index, indent=1))


def file_name(shot: Shot, data: bytes) -> str:
    """Return what a file with the logged bytes of an image is called."""
    about = Item(shot.run, shot.tag, shot.step, shot.wall_time, shot.sample, pictures.encoding(data).ending)
    return FileNames().name(about).replace("/", "_")

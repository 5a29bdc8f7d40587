"""Audio clips of a run: what each holds, and its waveform and spectrogram at the size of a card.

A point of TensorFlow 2 holds several clips. TensorFlow 1 wrote each of them under a tag of its own, `x/audio/0`,
`x/audio/1` and so on, and a single one as `x/audio`: these are one reel here, called `x/audio`. Those in WAVE files are decoded here, piece by piece, so that an hour of sound takes
no more memory than a minute; of other encodings only the bytes are handed on.
"""

import json
import math
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from tbcore.analysis.items import FileNames, Item, index_row
from tbcore.errors import FormatError, MessageError
from tbcore.formats import wav
from tbcore.formats.events import Sound, payload
from tbcore.series import Blob, Series


@dataclass(frozen=True)
class Encoding:
    """How a clip is written, as its first bytes show. mime: what a browser is told; ending: of a file's name."""

    name: str
    mime: str
    ending: str


@dataclass(frozen=True)
class Reel:
    """All clips of one tag in one run: one series whose points hold the clips, or several, one for each clip."""

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


@dataclass(frozen=True)
class Clip:
    """One clip of a point; sound: what the log says beside the bytes, where it does."""

    data: bytes = field(repr=False)
    label: str
    encoding: Encoding
    sound: Sound | None


@dataclass(frozen=True)
class Spectrum:
    """How loud each frequency is over time.

    levels [bands, columns]: 0 is FLOOR decibels or less below the loudest sine that integers hold, 255 is that sine;
    band 0 holds the lowest frequencies. top: frequency in Hz at which the last band ends.
    window: samples that one column looks at; notes: what was left out, in words.
    """

    levels: NDArray[np.uint8] = field(repr=False)
    top: float
    window: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drawing:
    """A clip as a card shows it.

    envelope [channels, columns, 2]: the least and the greatest sample of each column, of the first channels only.
    peak, rms: over all channels, 1 being full scale. full: samples at full scale, not_finite: those that are no number.
    """

    wave: wav.Wave
    envelope: NDArray[np.float32] = field(repr=False)
    spectrum: Spectrum
    peak: float
    rms: float
    full: int
    not_finite: int


FLOOR = -120.0  # decibels
CHANNELS = 4  # that are drawn
ENCODINGS = (
    #        name        mime           ending
    Encoding("WAV",      "audio/wav",   ".wav"),
    Encoding("MP3",      "audio/mpeg",  ".mp3"),
    Encoding("Ogg",      "audio/ogg",   ".ogg"),
    Encoding("FLAC",     "audio/flac",  ".flac"),
    Encoding("MP4",      "audio/mp4",   ".m4a"),
    Encoding("WebM",     "audio/webm",  ".webm"),
    Encoding("AAC",      "audio/aac",   ".aac"),
    Encoding("AIFF",     "audio/aiff",  ".aiff"),
)  # fmt: skip
_NUMBERED = re.compile(r"(?P<tag>.*/audio|audio)/(?P<sample>[0-9]{1,6})", re.DOTALL)
UNKNOWN = Encoding("unknown", "", ".bin")
_BY_NAME = {encoding.name: encoding for encoding in ENCODINGS}
_SIGNS = (
    #  at  bytes                 encoding
    (0, b"ID3",                  "MP3"),
    (0, b"OggS",                 "Ogg"),
    (0, b"fLaC",                 "FLAC"),
    (4, b"ftyp",                 "MP4"),
    (0, b"\x1a\x45\xdf\xa3",     "WebM"),
    (0, b"\xff\xf1",             "AAC"),
    (0, b"\xff\xf9",             "AAC"),
    (0, b"\xff\xfb",             "MP3"),
    (0, b"\xff\xfa",             "MP3"),
    (0, b"\xff\xf3",             "MP3"),
    (0, b"\xff\xf2",             "MP3"),
)  # fmt: skip
_PIECE = 1 << 19  # frames that are decoded at once
_WINDOWS = 20_000  # of a spectrogram; of longer clips they lie further apart
_WINDOW_SECONDS = 0.03
_WINDOW_SIZES = (64, 4096)
_OVERLAPS = (4, 16)  # windows that see a sample: at least, and in short clips at most


def reels(series: Iterable[Series]) -> list[Reel]:
    """Return the series of audio as reels, in the order in which each one first appears."""
    found: dict[tuple[str, str], list[tuple[int, Series]]] = {}
    for one in series:
        numbered = _NUMBERED.fullmatch(one.tag)
        # A tensor holds all clips itself, whatever its tag ends in.
        if numbered is None or any(segment.form != "audio" for segment in one.segments):
            found.setdefault((one.run, one.tag), []).append((-1, one))
        else:
            found.setdefault((one.run, numbered["tag"]), []).append((int(numbered["sample"]), one))
    return [
        Reel(run, tag, tuple(part for _sample, part in sorted(parts, key=lambda each: each[0])))
        for (run, tag), parts in found.items()
    ]


def reel_tags(tags: Iterable[str]) -> list[str]:
    """Return the tags of the reels that tags of audio make, of which nothing but the name is known."""
    merged: dict[str, None] = {}
    for tag in tags:
        numbered = _NUMBERED.fullmatch(tag)
        merged[numbered["tag"] if numbered else tag] = None
    return list(merged)


def clips(series: Series, index: int) -> tuple[Clip, ...]:
    """Return the clips of point `index`. Raises FormatError when the file does not hold them any more, or no clips."""
    return clips_in(series.blob(index), series.plugin)


def clips_in(blob: Blob, plugin: str) -> tuple[Clip, ...]:
    """Return the clips that a value holds. Raises FormatError as `clips`."""
    held = payload(blob.read(), blob.form, plugin)
    if not isinstance(held.value, tuple):
        raise MessageError("a tensor of numbers where encoded clips should be")
    sound = held.details if isinstance(held.details, Sound) else None
    labels = sound.labels if sound is not None else ()
    each = len(labels) // len(held.value) if held.value else 0
    said = sound.content_type if sound is not None else ""
    return tuple(
        Clip(data, labels[place * each] if each else "", encoding(data, said), sound)
        for place, data in enumerate(held.value)
    )


def encoding(data: bytes, content_type: str = "") -> Encoding:
    """Return how a clip is written: by its first bytes, else as the log says, if that is one of ENCODINGS."""
    if data[:4] in (b"RIFF", b"RF64", b"BW64") and data[8:12] == b"WAVE":
        return _BY_NAME["WAV"]
    if data[:4] == b"FORM" and data[8:11] == b"AIF":
        return _BY_NAME["AIFF"]
    for at, sign, name in _SIGNS:
        if data[at : at + len(sign)] == sign:
            return _BY_NAME[name]
    said = content_type.strip().lower().replace("audio/x-", "audio/")
    return next((one for one in ENCODINGS if one.mime == said), UNKNOWN)


def logged(clip: Clip) -> bytes:
    """Return the bytes of a clip as they were logged."""
    return clip.data


def playable(clip: Clip) -> bytes:
    """Return the bytes that a browser is given to play: those logged, or made plain where browsers stumble over them."""
    if clip.encoding.name != "WAV":
        return clip.data
    try:
        wave = wav.header(clip.data)
    except FormatError:
        return clip.data
    return wav.encoded(clip.data, wave) if wave.notes or wave.encoding == "64-bit floats" else clip.data


def drawing(data: bytes, *, columns: int = 800, across: int = 480, bands: int = 128) -> Drawing:
    """Return the waveform in `columns` and the spectrogram in at most `across` columns of a WAVE file.

    Raises SoundError when it cannot be decoded.
    """
    wave = wav.header(data)
    envelope, facts = _envelope(data, wave, columns)
    return Drawing(wave, envelope, _spectrum(data, wave, across, bands), *facts)


def facts(of: Drawing) -> list[str]:
    """Return what is worth saying of a clip, in a few words each."""
    wave = of.wave
    loud = ["silence"] if of.peak == 0 else [f"peak {_decibels(of.peak)}", f"RMS {_decibels(of.rms)}"]
    return [
        _rate(wave.rate),
        _channels(wave.channels),
        f"{wave.frames:,} frames",
        wave.encoding,
        *(loud if wave.frames else ["no sound"]),
    ]


def logged_facts(clip: Clip) -> list[str]:
    """Return what the log says of a clip that is not decoded here."""
    sound = clip.sound
    if sound is None or not sound.sample_rate or not math.isfinite(sound.sample_rate):
        return []
    channels, frames = sound.num_channels, sound.length_frames
    return [
        f"logged as {_rate(sound.sample_rate)}",
        *([_channels(channels)] if channels > 0 else []),
        *([f"{frames:,} frames"] if frames > 0 else []),
    ]


def _rate(hertz: float) -> str:
    return f"{hertz / 1000:g} kHz" if hertz >= 1000 else f"{hertz:g} Hz"


def _channels(count: int) -> str:
    return {1: "mono", 2: "stereo"}.get(count, f"{count:,} channels")


def notes(of: Drawing) -> list[str]:
    """Return what is odd about a clip, or not as it seems in its picture, as sentences."""
    wave = of.wave
    found = [*wave.notes, *of.spectrum.notes]
    if wave.channels > CHANNELS:
        found.append(f"the first {CHANNELS} of {wave.channels:,} channels are drawn")
    if of.full:
        found.append(f"{of.full:,} {'sample' if of.full == 1 else 'samples'} at full scale: maybe clipped")
    if of.not_finite:
        found.append(f"{of.not_finite:,} samples that are not finite are drawn as 0")
    return [f"{note[0].upper()}{note[1:]}." for note in found]


def _decibels(size: float) -> str:
    """Return a size of samples in decibels relative to full scale."""
    decibels = 20 * math.log10(size) if size > 0 else -math.inf
    return f"{decibels:+.1f} dB".replace("-", "−").replace("+0.0", "0.0").replace("−0.0", "0.0")


def _envelope(data: bytes, wave: wav.Wave, columns: int) -> tuple[NDArray[np.float32], tuple[float, float, int, int]]:
    """Return the least and the greatest sample of each column, and peak, RMS, samples at full scale and not finite."""
    columns = min(columns, wave.frames)
    drawn = min(wave.channels, CHANNELS)
    edges = np.linspace(0, wave.frames, columns + 1).astype(np.int64)
    found = np.zeros((drawn, columns, 2), np.float32)
    highest = 1.0 - 2.0 ** (1 - wave.bits) if wave.encoding.endswith("integers") else 1.0
    peak, squares, full, odd = 0.0, 0.0, 0, 0
    first = 0
    while first < columns:
        # As many columns as make a piece; one that is longer is read in several, each adding to what it shows.
        last = max(first + 1, int(np.searchsorted(edges, edges[first] + _PIECE, side="right")) - 1)
        for start in range(int(edges[first]), int(edges[last]), _PIECE):
            stop = min(start + _PIECE, int(edges[last]))
            piece = wav.samples(data, wave, start, stop)
            finite = np.isfinite(piece)
            if not finite.all():
                odd += int((~finite).sum())
                piece = np.where(finite, piece, np.float32(0))
            size = np.abs(piece)
            peak = max(peak, float(size.max()))
            squares += float(np.square(piece, dtype=np.float64).sum())
            full += int((size >= highest).sum())
            cuts = np.maximum(edges[first:last] - start, 0)
            shown = piece[:, :drawn]
            least, most = np.minimum.reduceat(shown, cuts).T, np.maximum.reduceat(shown, cuts).T
            if start > edges[first]:
                least, most = np.minimum(least, found[:, first:last, 0]), np.maximum(most, found[:, first:last, 1])
            found[:, first:last, 0], found[:, first:last, 1] = least, most
        first = last
    count = wave.frames * wave.channels
    return found, (peak, math.sqrt(squares / count) if count else 0.0, full, odd)


def _spectrum(data: bytes, wave: wav.Wave, columns: int, bands: int) -> Spectrum:
    """Return the loudness of each band in each column: the greatest of the windows and frequencies it stands for."""
    window = 1 << round(math.log2(max(wave.rate * _WINDOW_SECONDS, _WINDOW_SIZES[0])))
    window = min(max(window, _WINDOW_SIZES[0]), _WINDOW_SIZES[1])
    while window > _WINDOW_SIZES[0] and window > wave.frames // 2:
        window //= 2
    reach = max(wave.frames - window, 0)
    least, most = _OVERLAPS
    hop = min(max(reach // columns, window // most), window // least)
    hop = max(hop, math.ceil(reach / (_WINDOWS - 1)))
    count = reach // hop + 1 if wave.frames else 0
    shape = np.hanning(window + 1)[:-1].astype(np.float32)
    cuts = _cuts(window // 2 + 1, bands)
    columns = min(columns, count)
    owner = np.arange(count) * columns // max(count, 1)
    found = np.zeros((columns, len(cuts)), np.float32)
    at_once = max(1, min(_PIECE // window, max(1, (_PIECE - window) // hop)))
    for first in range(0, count, at_once):
        last = min(first + at_once, count)
        mono = _mono(data, wave, first * hop, (last - 1) * hop + window, window)
        pieces = np.lib.stride_tricks.sliding_window_view(mono, window)[::hop][: last - first]
        sizes = np.abs(np.fft.rfft(pieces * shape, axis=1)).astype(np.float32)
        loudest = np.maximum.reduceat(sizes, cuts, axis=1)
        owners = owner[first:last]
        starts = np.flatnonzero(np.diff(owners, prepend=-1))
        own = owners[starts]
        found[own] = np.maximum(found[own], np.maximum.reduceat(loudest, starts, axis=0))
    decibels = 20 * np.log10(np.maximum(found * np.float32(2 / shape.sum()), np.float32(1e-9)))
    levels = np.clip(np.rint((decibels - FLOOR) * (255 / -FLOOR)), 0, 255).astype(np.uint8)
    notes = []
    if hop > window:
        notes.append(f"the spectrogram looks at {count:,} windows that cover {window / hop:.0%} of the clip")
    elif round(count / max(columns, 1)) > 1:
        notes.append(f"each column of the spectrogram shows the loudest of about {round(count / columns):,} windows")
    if wave.channels > 1:
        notes.append(f"the spectrogram is of the mean of {wave.channels} channels")
    return Spectrum(np.ascontiguousarray(levels.T), wave.rate / 2, window, tuple(notes))


def _mono(data: bytes, wave: wav.Wave, start: int, stop: int, window: int) -> NDArray[np.float32]:
    """Return the mean of the channels of frames [start, stop), at least a window of them, zeros after the end."""
    piece = wav.samples(data, wave, start, stop)
    mono = np.where(np.isfinite(piece), piece, np.float32(0)).mean(axis=1, dtype=np.float32)
    missing = max(stop - start, window) - len(mono)
    return np.concatenate((mono, np.zeros(missing, np.float32))) if missing > 0 else mono


def _cuts(count: int, bands: int) -> NDArray[np.int64]:
    """Return where each of at most `bands` bands of about `count` frequencies begins."""
    return np.unique(np.arange(min(count, bands)) * count // min(count, bands)).astype(np.int64)


def items(series: Series) -> Iterator[Item]:
    """Yield every clip of every point as a file, as it was logged; what cannot be read has an error instead of data."""
    for index in range(len(series)):
        step, wall_time = int(series.steps[index]), float(series.wall_times[index])
        try:
            found = clips(series, index)
        except FormatError as error:
            yield Item(series.run, series.tag, step, wall_time, error=str(error))
            continue
        for sample, clip in enumerate(found):
            about = _about(clip)
            yield Item(series.run, series.tag, step, wall_time, sample, clip.encoding.ending, clip.data, about)


def _about(clip: Clip) -> dict[str, Any]:
    """Return what an index says of a clip: what its bytes say, else what the log says."""
    about: dict[str, Any] = {"encoding": clip.encoding.name}
    try:
        wave = wav.header(clip.data)
        about |= {"rate": wave.rate, "frames": wave.frames, "channels": wave.channels}
    except FormatError as error:
        if clip.encoding.name == "WAV":
            about["reason"] = str(error)
        if clip.sound is not None and clip.sound.sample_rate:
            rate = clip.sound.sample_rate
            about |= {"rate": rate, "frames": clip.sound.length_frames, "channels": clip.sound.num_channels}
    return about | ({"label": clip.label} if clip.label else {})


def size_of(found: Iterable[Reel]) -> tuple[int, int]:
    """Return how many points reels have, and the bytes that they take in their files."""
    points, size = 0, 0
    for part in (part for reel in found for part in reel.parts):
        points += len(part)
        size += sum(int(segment.places[:, 1].sum()) for segment in part.segments if segment.places is not None)
    return points, size


def archive(sink: BinaryIO, found: Sequence[Reel]) -> None:
    """Write the clips of reels into a zip file, each as it was logged, and what each is into index.json."""
    index: list[dict[str, Any]] = []
    names = FileNames()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as zipped:
        for reel in found:
            for place, part in enumerate(reel.parts):
                for item in items(part):
                    placed = replace(item, tag=reel.tag, sample=place if len(reel.parts) > 1 else item.sample)
                    name = "" if item.error else names.name(placed)
                    if name:
                        zipped.writestr(zipfile.ZipInfo(name), item.data)
                    index.append(index_row(placed, name))
        zipped.writestr(zipfile.ZipInfo("index.json"), json.dumps(index, indent=1))

"""Clips: every one of real writers as TensorBoard reads it, and what waveform and spectrogram say."""

import hashlib
import io
import json
import math
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tbcore
from tbcore.analysis import audio
from tbcore.errors import FormatError, SoundError
from tbcore.formats import wav
from tbcore.series import Series
from tests import eventfile
from tests.fixtures import log, needs_fixtures, oracle

RATE = 8000


def pcm(values: Any, rate: int = RATE, channels: int = 1) -> bytes:
    """Return a WAVE file of 16-bit integers; values: from -1 to 1, channels side by side."""
    body = np.rint(np.asarray(values, np.float64) * 32767).astype("<i2").tobytes()
    described = struct.pack("<HHIIHH", 1, channels, rate, rate * 2 * channels, 2 * channels, 16)
    head = b"WAVEfmt " + struct.pack("<I", 16) + described + b"data" + struct.pack("<I", len(body))
    return b"RIFF" + struct.pack("<I", len(head) + len(body)) + head + body


def sine(hertz: float, seconds: float = 1.0, rate: int = RATE, size: float = 1.0) -> Any:
    return size * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


def series_of(folder: Path, *values: bytes) -> Series:
    records = [eventfile.record(eventfile.event(step, value)) for step, value in enumerate(values)]
    eventfile.write(folder / "run" / "events.out.tfevents.1.host", eventfile.version(), *records)
    logdir = tbcore.Logdir(str(folder))
    logdir.refresh()
    (series,) = logdir.find("audio")
    return series


def test_the_envelope_is_the_least_and_the_greatest_sample_of_each_column() -> None:
    data = pcm([0, 0.5, -1, 0.25, 0, 0, 1, -0.5])
    found = audio.drawing(data, columns=4).envelope[0]
    np.testing.assert_allclose(found, [[0, 0.5], [-1, 0.25], [0, 0], [-0.5, 1]], atol=1e-4)


def test_a_long_clip_read_in_pieces_has_the_extremes_of_all_its_samples() -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, (700_001, 2))
    data = pcm(noise.ravel(), channels=2)
    found = audio.drawing(data, columns=3)
    whole = wav.samples(data, found.wave, 0, found.wave.frames)
    edges = np.linspace(0, len(whole), 4).astype(int)
    for column in range(3):
        part = whole[edges[column] : edges[column + 1]]
        assert found.envelope[:, column, 0].tolist() == part.min(axis=0).tolist()
        assert found.envelope[:, column, 1].tolist() == part.max(axis=0).tolist()
    assert found.peak == np.abs(whole).max()
    assert found.rms == pytest.approx(math.sqrt((whole.astype(np.float64) ** 2).mean()), rel=1e-9)


def test_no_more_columns_are_drawn_than_there_are_frames() -> None:
    assert audio.drawing(pcm([0.5, -0.5]), columns=800).envelope.shape == (1, 2, 2)


@pytest.mark.parametrize("hertz", [440, 1500, 3200])
def test_the_loudest_band_is_where_the_tone_is_and_full_scale_is_0_decibels(hertz: float) -> None:
    spectrum = audio.drawing(pcm(sine(hertz))).spectrum
    middle = spectrum.levels[:, spectrum.levels.shape[1] // 2]
    band = int(middle.argmax())
    width = spectrum.top / len(middle)
    assert band * width - width <= hertz <= (band + 1) * width + width
    # A tone between two frequencies of the window loses up to 1.4 dB.
    assert -1.5 <= int(middle.max()) / 255 * 120 - 120 <= 0


def test_a_click_in_a_long_clip_is_in_the_waveform_and_in_the_spectrogram() -> None:
    values = np.zeros(RATE * 60)
    values[RATE * 30 + 5] = 1.0
    found = audio.drawing(pcm(values))
    assert found.peak == pytest.approx(1, abs=1e-4)
    assert np.flatnonzero(found.envelope[0, :, 1] > 0.9).tolist() == [400]
    loud = np.flatnonzero(found.spectrum.levels.max(axis=0) > 0)
    assert 0 < len(loud) <= 3
    assert abs(int(loud.mean()) - found.spectrum.levels.shape[1] // 2) <= 1


def test_peak_rms_and_samples_at_full_scale() -> None:
    found = audio.drawing(pcm([1, 1, -1, 0]))
    assert (found.full, found.peak) == (3, pytest.approx(1, abs=1e-4))
    assert audio.facts(found) == ["8 kHz", "mono", "4 frames", "16-bit integers", "peak 0.0 dB", "RMS −1.2 dB"]
    assert "3 samples at full scale: maybe clipped." in audio.notes(found)


def test_silence_and_nothing_are_said() -> None:
    assert audio.facts(audio.drawing(pcm([0, 0])))[-1] == "silence"
    assert "no sound" in audio.facts(audio.drawing(pcm([])))


def test_samples_that_are_not_finite_are_counted_and_drawn_as_0() -> None:
    body = struct.pack("<4f", 0.5, math.nan, math.inf, -0.25)
    described = struct.pack("<HHIIHH", 3, 1, RATE, RATE * 4, 4, 32)
    data = b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", 16) + described + b"data" + struct.pack("<I", 16) + body
    found = audio.drawing(data)
    assert (found.not_finite, found.peak) == (2, 0.5)
    assert found.envelope[0, :, 1].tolist() == [0.5, 0, 0, -0.25]


def test_a_header_that_claims_gigabytes_takes_no_more_memory_than_there_is() -> None:
    data = bytearray(pcm(sine(440)))
    data[40:44] = struct.pack("<I", 4_000_000_000)
    assert audio.drawing(bytes(data)).wave.frames == RATE


@pytest.mark.parametrize(
    ("data", "said", "name", "mime"),
    [
        (pcm([0]), "audio/mpeg", "WAV", "audio/wav"),
        (b"ID3\x04", "", "MP3", "audio/mpeg"),
        (b"\xff\xfb\x90", "", "MP3", "audio/mpeg"),
        (b"OggS", "audio/wav", "Ogg", "audio/ogg"),
        (b"fLaC", "", "FLAC", "audio/flac"),
        (b"\0\0\0\x20ftypM4A ", "", "MP4", "audio/mp4"),
        (b"FORM\0\0\0\0AIFF", "", "AIFF", "audio/aiff"),
        (b"????", "audio/x-flac", "FLAC", "audio/flac"),
        (b"<html><script>", "text/html", "unknown", ""),
        (b"", "image/svg+xml", "unknown", ""),
    ],
)
def test_the_first_bytes_tell_the_encoding_and_only_types_of_the_table_are_told(
    data: bytes, said: str, name: str, mime: str
) -> None:
    found = audio.encoding(data, said)
    assert (found.name, found.mime) == (name, mime)


def test_clips_of_every_rank_are_read_with_their_labels(tmp_path: Path) -> None:
    plugin = eventfile.metadata("audio", b"\x10\x0b")
    pairs = eventfile.tensor("a", "string", [b"one", b"first", b"two", b""], [2, 2], plugin)
    row = eventfile.tensor("a", "string", [b"one", b"two", b"three"], [3], plugin)
    none = eventfile.tensor("a", "string", [], [0, 2], plugin)
    numbers = eventfile.tensor("a", "float", [1.0], [1], plugin)
    series = series_of(tmp_path, pairs, row, none, numbers)
    assert [(clip.data, clip.label) for clip in audio.clips(series, 0)] == [(b"one", "first"), (b"two", "")]
    assert [(clip.data, clip.label) for clip in audio.clips(series, 1)] == [(b"one", ""), (b"two", ""), (b"three", "")]
    assert audio.clips(series, 2) == ()
    with pytest.raises(FormatError, match="numbers"):
        audio.clips(series, 3)


def test_items_hold_the_logged_bytes_and_what_is_known_of_them(tmp_path: Path) -> None:
    clip, broken = pcm(sine(440, 0.5)), b"RIFF\0\0\0\0WAVE"
    plugin = eventfile.metadata("audio", b"\x10\x0b")
    series = series_of(
        tmp_path,
        eventfile.tensor("a", "string", [clip, b"a tone", broken, b""], [2, 2], plugin),
        eventfile.audio("a", b"OggS...", 44100.0, 2, 77, "audio/ogg"),
        eventfile.tensor("a", "float", [1.0], [1], plugin),
    )
    one, two, ogg, bad = audio.items(series)
    assert (one.step, one.sample, one.ending, one.data) == (0, 0, ".wav", clip)
    assert one.about == {"encoding": "WAV", "rate": RATE, "frames": 4000, "channels": 1, "label": "a tone"}
    assert (two.sample, two.data, two.about["reason"]) == (1, broken, "a WAVE file that describes no samples")
    assert (ogg.ending, ogg.about) == (".ogg", {"encoding": "Ogg", "rate": 44100, "frames": 77, "channels": 2})
    assert bad.data == b""
    assert "numbers" in bad.error


def test_what_browsers_stumble_over_is_made_plain() -> None:
    plain = pcm([0.5, -0.5])
    open_ended = plain[:40] + b"\xff\xff\xff\xff" + plain[44:]
    known = audio.encoding(plain)
    assert audio.playable(audio.Clip(plain, "", known, None)) == plain
    made = audio.playable(audio.Clip(open_ended, "", known, None))
    assert wav.header(made).frames == 2
    assert audio.playable(audio.Clip(b"OggS", "", audio.encoding(b"OggS"), None)) == b"OggS"


def test_a_clip_that_cannot_be_decoded_says_so() -> None:
    with pytest.raises(SoundError):
        audio.drawing(b"RIFF\0\0\0\0WAVEdata\0\0\0\0")


@needs_fixtures
@pytest.mark.parametrize("name", ["tensorboardX_all", "tf_v1_all", "tf_v2_all", "torch_all"])
def test_every_clip_of_real_writers_is_the_one_that_was_written(name: str) -> None:
    logdir = tbcore.Logdir(str(log(name)))
    logdir.refresh()
    theirs = oracle(name)
    seen = 0
    for series in logdir.find("audio"):
        events = theirs["tensorboard"]["runs"][series.run]["tags"][series.tag]["events"]
        assert len(events) == len(series)
        for index, event in enumerate(events):
            clips = audio.clips(series, index)
            assert len(clips) == len(event["samples"])
            for clip, sample in zip(clips, event["samples"], strict=True):
                found = wav.header(clip.data)
                assert hashlib.sha256(clip.data).hexdigest() == sample["sha256"]
                assert (len(clip.data), found.rate, found.channels, found.width, found.frames) == tuple(
                    sample[key] for key in ("bytes", "rate", "channels", "width", "frames")
                )
                pcm_ = clip.data[found.offset : found.offset + found.frames * found.channels * found.width]
                assert hashlib.sha256(pcm_).hexdigest() == sample["pcm_sha256"]
                values = wav.samples(clip.data, found, 0, found.frames)
                assert (values * 32768).astype("<i2").tobytes() == pcm_
                seen += 1
    assert seen == {"tensorboardX_all": 3, "tf_v1_all": 6, "tf_v2_all": 9, "torch_all": 3}[name]


# Reels -----------------------------------------------------------------------------------------------------------------


def numbered(folder: Path) -> list[Series]:
    """Return a log as TensorFlow 1 wrote it: three clips of one tag, a single one of another; and a tensor."""
    clips = [eventfile.audio(f"speech/audio/{sample}", pcm([0.1 * sample] * 50)) for sample in (10, 2, 0)]
    tensor = eventfile.tensor("own/audio/0", "string", [pcm([0.5]), b""], [1, 2], eventfile.metadata("audio"))
    values = (*clips, eventfile.audio("single/audio", pcm([0.5])), tensor)
    eventfile.write(
        folder / "run" / "events.out.tfevents.1.host",
        eventfile.version(),
        eventfile.record(eventfile.event(3, *values)),
    )
    logdir = tbcore.Logdir(str(folder))
    logdir.refresh()
    return list(logdir.find("audio"))


def test_the_clips_that_tensorflow_1_wrote_under_numbered_tags_are_one_reel(tmp_path: Path) -> None:
    found = {reel.tag: [part.tag for part in reel.parts] for reel in audio.reels(numbered(tmp_path))}
    assert found == {
        "speech/audio": ["speech/audio/0", "speech/audio/2", "speech/audio/10"],
        "single/audio": ["single/audio"],
        "own/audio/0": ["own/audio/0"],
    }
    assert audio.reel_tags(["speech/audio/0", "speech/audio/1", "x"]) == ["speech/audio", "x"]


def test_a_zip_holds_the_logged_bytes_and_says_what_each_is(tmp_path: Path) -> None:
    (speech,) = [reel for reel in audio.reels(numbered(tmp_path)) if reel.tag == "speech/audio"]
    assert audio.size_of([speech])[0] == 3
    file = io.BytesIO()
    audio.archive(file, [speech])
    with zipfile.ZipFile(file) as zipped:
        index = json.loads(zipped.read("index.json"))
        assert [(row["tag"], row["step"], row["sample"], row["rate"], row["frames"]) for row in index] == [
            ("speech/audio", 3, sample, 8000, 50) for sample in range(3)
        ]
        assert zipped.read(index[1]["file"]) == pcm([0.2] * 50)
        assert hashlib.sha256(zipped.read(index[2]["file"])).hexdigest() == index[2]["sha256"]


def test_of_a_clip_that_is_not_decoded_here_what_the_log_says_is_told(tmp_path: Path) -> None:
    written = eventfile.audio("x", b"fLaC" + bytes(20), rate=44100.0, channels=2, frames=700)
    (clip,) = audio.clips(series_of(tmp_path, written), 0)
    assert audio.logged_facts(clip) == ["logged as 44.1 kHz", "stereo", "700 frames"]

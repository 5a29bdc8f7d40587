"""The Audio tab as the server makes it: which clips, what is said of them, and what the address chooses."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from tests import eventfile
from tests.analysis.test_audio import pcm, sine
from tests.pages.visitor import visited

NAME = "events.out.tfevents.1.host"
PLUGIN = eventfile.metadata("audio", b"\x10\x0b")


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs with a tone at steps 0, 10 and 20; the first has labelled pairs of clips and clips that are none."""
    for place, run in enumerate(("first", "second")):
        start = eventfile.T0 + 100 * place
        records = [eventfile.version(start)]
        for step in (0, 10, 20):
            tone = pcm(sine(400 + 10 * step, 0.25, size=0.5))
            records.append(
                eventfile.record(eventfile.event(step, eventfile.audio("tone/one", tone), wall=start + step))
            )
        if place == 0:
            pair = [pcm(sine(500, 0.1)), b"left", pcm([0.0] * 100), b"<b>right</b>"]
            values = [
                eventfile.tensor("pair", "string", pair, [2, 2], PLUGIN),
                eventfile.audio("odd/broken", b"RIFF\0\0\0\0WAVE"),
                eventfile.audio("odd/html", b"<html><script>alert(1)</script>", content_type="text/html"),
                eventfile.audio("odd/ogg", b"OggS" + bytes(50), content_type="audio/ogg"),
                eventfile.tensor("odd/numbers", "float", [1.0], [1], PLUGIN),
                eventfile.tensor("odd/none", "string", [], [0, 2], PLUGIN),
            ]
            records.append(eventfile.record(eventfile.event(20, *values, wall=start + 20)))
        eventfile.write(tmp_path / run / NAME, *records)
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    return tmp_path


def opened(**parameters: str | list[str]) -> AppTest:
    return visited("media", **{"tab": "audio", **parameters})


def sent(app: AppTest) -> tuple[dict[str, Any], pa.Table]:
    """Return what the page sends to the component: the view and the pixels."""
    (found,) = [one.proto for one in app.get("bidi_component") if one.proto.component_name == "audio"]
    data = json.loads(found.mixed.json or found.json)
    blob = found.mixed.arrow_blobs[data["pixels"]["__streamlit_arrow_ref__"]]
    return data["view"], pa.ipc.open_stream(blob.data).read_all()


def card(view: dict[str, Any], tag: str) -> dict[str, Any]:
    """Return one card."""
    return next(one for one in view["cards"] if one["tag"] == tag)


def test_the_latest_clips_of_all_runs_are_side_by_side(logdir: Path) -> None:
    view, pixels = sent(opened())
    clips = card(view, "tone/one")["clips"]
    assert [(clip["run"], clip["step"]) for clip in clips] == [("first", 20), ("second", 20)]
    assert clips[0]["facts"] == ["8 kHz", "mono", "2,000 frames", "16-bit integers", "peak −6.0 dB", "RMS −9.0 dB"]
    assert (clips[0]["seconds"], clips[0]["mime"], clips[0]["file"]) == (0.25, "audio/wav", "first_tone_one_20.wav")
    drawn = pixels.slice(clips[0]["drawn"], 1).to_pylist()[0]
    envelope = np.frombuffer(drawn["envelope"], np.float32).reshape(clips[0]["lanes"], clips[0]["columns"], 2)
    assert float(np.abs(envelope).max()) == pytest.approx(0.5, abs=1e-3)
    assert len(drawn["levels"]) == clips[0]["bands"] * clips[0]["across"]


def test_the_address_moves_to_a_step(logdir: Path) -> None:
    view, _pixels = sent(opened(step="12"))
    assert [clip["step"] for clip in card(view, "tone/one")["clips"]] == [10, 10]
    view, _pixels = sent(opened(step="12", step_of="0,second"))
    assert [clip["step"] for clip in card(view, "tone/one")["clips"]] == [10, 0]


def test_the_address_chooses_the_sample_and_how_spectrograms_are_drawn(logdir: Path) -> None:
    view, _pixels = sent(opened(tags="pair"))
    assert [(clip["sample"], clip["label"]) for clip in card(view, "pair")["clips"]] == [(0, "left")]
    view, _pixels = sent(opened(tags="pair", clip="2,pair", hz="mel", db="60", spectrogram="0"))
    assert [(clip["sample"], clip["label"]) for clip in card(view, "pair")["clips"]] == [(1, "<b>right</b>")]
    assert view["settings"] == {"spectrogram": False, "scale": "mel", "range": 60}
    view, _pixels = sent(opened(tags="pair", clip="all,pair", hz="<b>", db="7"))
    assert [clip["sample"] for clip in card(view, "pair")["clips"]] == [0, 1]
    assert view["settings"] == {"spectrogram": True, "scale": "linear", "range": 80}


@pytest.mark.parametrize(
    ("tag", "words", "bytes_", "mime"),
    [
        ("odd/broken", "cannot be decoded: a WAVE file that describes no samples", 12, ""),
        ("odd/html", "of no encoding that is known here", 31, ""),
        ("odd/numbers", "a tensor of numbers where encoded clips should be", 0, ""),
        ("odd/none", "No clips were logged", 0, ""),
        ("odd/ogg", "", 54, "audio/ogg"),
    ],
)
def test_what_cannot_be_shown_says_why_and_the_rest_is_there(
    logdir: Path, tag: str, words: str, bytes_: int, mime: str
) -> None:
    view, pixels = sent(opened(tags="odd/|tone"))
    (clip,) = card(view, tag)["clips"]
    assert words in clip["error"]
    assert (clip["bytes"], clip["mime"], clip["drawn"]) == (bytes_, mime, None)
    assert pixels.num_rows == 2


def test_no_bytes_of_a_clip_are_sent_before_they_are_asked_for(logdir: Path) -> None:
    app = opened()
    (found,) = [one.proto for one in app.get("bidi_component") if one.proto.component_name == "audio"]
    data = json.loads(found.mixed.json)
    blob = found.mixed.arrow_blobs[data["given"]["__streamlit_arrow_ref__"]]
    assert pa.ipc.open_stream(blob.data).read_all().num_rows == 0


def test_hidden_runs_and_filtered_tags_are_left_out(logdir: Path) -> None:
    view, _pixels = sent(opened(only="second", tags="tone"))
    assert [(one["tag"], [clip["run"] for clip in one["clips"]]) for one in view["cards"]] == [("tone/one", ["second"])]


def test_a_filter_that_leaves_nothing_says_so(logdir: Path) -> None:
    app = opened(tags="nothing like this")
    assert any("No audio clips to show" in one.value for one in app.markdown)


def test_logs_without_audio_say_how_to_log_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    eventfile.write(tmp_path / "run" / NAME, eventfile.version(), eventfile.scalar(0, "loss", 1.0))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened()
    assert any("add_audio" in one.value for one in app.code)


def test_tags_lie_in_groups_that_the_address_opens_and_closes(logdir: Path) -> None:
    view, _pixels = sent(opened())
    assert [(group["name"], len(group["cards"]), group["open"]) for group in view["groups"]] == [
        ("odd", 5, True),
        ("tone", 1, True),
        ("", 1, True),
    ]
    app = opened(audio_closed=["odd", ""])
    view, _pixels = sent(app)
    assert [one["tag"] for one in view["cards"]] == ["tone/one"]
    assert sorted(app.query_params["audio_closed"]) == ["", "odd"]


def test_of_many_runs_a_card_shows_24_and_turns_to_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tone = eventfile.audio("tone", pcm(sine(400, 0.01)))
    for number in range(50):
        start = eventfile.T0 + number
        event = eventfile.record(eventfile.event(0, tone, wall=start))
        eventfile.write(tmp_path / f"run{number:02}" / NAME, eventfile.version(start), event)
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    only = card(sent(opened())[0], "tone")
    assert (len(only["clips"]), only["runs"], only["part"], only["parts"]) == (24, 50, 0, 3)
    last = card(sent(opened(audio_part="3,tone"))[0], "tone")
    assert [clip["run"] for clip in last["clips"]] == ["run48", "run49"]


def test_clips_of_numbered_tags_are_samples_of_one_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clips = [eventfile.audio(f"speech/audio/{sample}", pcm(sine(400, 0.01 * (sample + 1)))) for sample in range(3)]
    event = eventfile.record(eventfile.event(4, *clips))
    eventfile.write(tmp_path / "run" / NAME, eventfile.version(), event)
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    one = card(sent(opened(clip="2,speech/audio"))[0], "speech/audio")
    assert [(clip["sample"], clip["of"], clip["seconds"], clip["file"]) for clip in one["clips"]] == [
        (1, 3, 0.02, "run_speech_audio_1_4.wav")
    ]
    every = card(sent(opened(clip="all,speech/audio"))[0], "speech/audio")
    assert [json.loads(clip["id"])[1] for clip in every["clips"]] == [f"speech/audio/{sample}" for sample in range(3)]


def test_without_a_run_the_cards_stay_empty(logdir: Path) -> None:
    view, _pixels = sent(opened(only=""))
    assert {one["tag"]: one["clips"] for one in view["cards"]}["tone/one"] == []

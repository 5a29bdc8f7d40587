"""The command line exports every kind that is looked at: what is in the files is what was logged."""

import hashlib
import io
import json
import wave

import numpy as np
import pytest

from tbcore import cli, exhibits
from tbcore.formats.tfrecord import EventWriter
from tests import eventfile as ef

FILE = "events.out.tfevents.1.host"
PNG = exhibits.png(np.zeros((2, 3), np.uint8))
NAN = float("nan")


def clip():
    """Return a WAV of 4 frames at 8 kHz."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(8))
    return file.getvalue()


@pytest.fixture
def logs(tmp_path):
    """Return a logdir with a value of every kind."""
    folder = tmp_path / "logs"
    with EventWriter(folder / "a", clock=lambda: 10.0) as writer:
        writer.tensor("weights", [[-1.0, 0.5, 2.0], [0.5, 1.0, 3.0]], 5, "histograms")
        writer.pr_curve("curve", [[2, 1], [2, 0], [0, 2], [0, 1]], 5)
        writer.text("note", "**a**\n", 5)
        writer.text("table", np.array([["p", "q"], ["r", "s"]], object), 5)
        writer.image("sample/x", [PNG, PNG], 5)
        writer.audio("sound", clip(), 5)
        writer.mesh("shape", [[0, 0, 0], [1, 0, 0], [0, 1, 0]], 5, faces=[[0, 1, 2]])
    return folder


def run(capsys, *arguments):
    """Return the exit code, stdout and stderr of a command."""
    code = cli.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def rows(capsys, logs, kind):
    """Return what a kind is exported as, when nothing goes wrong."""
    code, out, err = run(capsys, "export", logs, "--kind", kind)
    assert (code, err) == (0, "")
    return json.loads(out)


def index(capsys, logs, kind, out):
    """Return the index of a kind's files, when nothing goes wrong."""
    assert run(capsys, "export", logs, "--kind", kind, "--out", out) == (0, "", "")
    return json.loads((out / "index.json").read_text(encoding="utf-8"))


def test_histograms_are_rows_of_buckets(logs, capsys):
    assert rows(capsys, logs, "histograms") == [
        {"run": "a", "tag": "weights", "step": 5, "wall_time": 10.0, "buckets": [[-1, 0.5, 2], [0.5, 1, 3]]}
    ]


def test_precision_recall_curves_are_rows_of_lists(logs, capsys):
    (row,) = rows(capsys, logs, "pr_curves")
    assert row == {
        "run": "a", "tag": "curve", "step": 5, "wall_time": 10.0, "thresholds": [0.0, 1.0], "tp": [2, 1], "fp": [2, 0],
        "tn": [0, 2], "fn": [0, 1], "precision": [0.5, 1], "recall": [1, 0.5],
    }  # fmt: skip


def test_texts_have_the_shape_of_their_tensor(logs, capsys):
    found = {row["tag"]: row["text"] for row in rows(capsys, logs, "text")}
    assert found == {"note": "**a**\n", "table": [["p", "q"], ["r", "s"]]}


def test_images_are_the_bytes_that_were_logged_and_an_index_lists_them(logs, tmp_path, capsys):
    one, two = index(capsys, logs, "images", tmp_path / "out")
    assert {key: one[key] for key in ("run", "tag", "step", "wall_time", "sample", "file", "sha256", "width", "height")} == {
        "run": "a", "tag": "sample/x", "step": 5, "wall_time": 10.0, "sample": 0, "file": "a/sample/x/5.png",
        "sha256": hashlib.sha256(PNG).hexdigest(), "width": 3, "height": 2,
    }  # fmt: skip
    assert (two["sample"], two["file"]) == (1, "a/sample/x/5-1.png")
    assert [(tmp_path / "out" / row["file"]).read_bytes() for row in (one, two)] == [PNG, PNG]


def test_clips_tell_their_rate_and_frames(logs, tmp_path, capsys):
    (row,) = index(capsys, logs, "audio", tmp_path / "out")
    assert (row["rate"], row["frames"], row["file"]) == (8000, 4, "a/sound/5.wav")
    assert (tmp_path / "out" / row["file"]).read_bytes() == clip()


def test_a_mesh_is_one_file_of_its_arrays(logs, tmp_path, capsys):
    (row,) = index(capsys, logs, "meshes", tmp_path / "out")
    assert (row["tag"], row["file"]) == ("shape", "a/shape/5.npz")
    with np.load(tmp_path / "out" / row["file"]) as arrays:
        assert set(arrays) == {"vertices", "faces"}
        assert arrays["vertices"].tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
        assert arrays["faces"].tolist() == [[0, 1, 2]]


def test_numbers_that_are_not_finite_are_words(tmp_path, capsys):
    with EventWriter(tmp_path / "a") as writer:
        writer.tensor("weights", [[-np.inf, NAN, 2.0]], 0, "histograms")
    (row,) = rows(capsys, tmp_path, "histograms")
    assert row["buckets"] == [["-Infinity", "NaN", 2]]


def test_what_cannot_be_decoded_is_said_and_the_rest_is_written(tmp_path, capsys):
    with EventWriter(tmp_path / "logs") as writer:
        writer.tensor("weights", [1.0, 2.0], 0, "histograms")
        writer.tensor("weights", [[0.0, 1.0, 4.0]], 1, "histograms")
    code, out, err = run(capsys, "export", tmp_path / "logs", "--kind", "histograms")
    assert code == 0
    assert [row["step"] for row in json.loads(out)] == [1]
    assert err.startswith("tbcore: .: weights at step 0 cannot be read: ")
    assert err.count("\n") == 1


def test_bytes_that_are_no_image_are_written_as_they_are(tmp_path, capsys):
    events = ef.record(ef.event(1, ef.image("x", 3, 2, b"<svg onload=alert(1)>")))
    ef.write(tmp_path / "logs" / FILE, ef.version(), events)
    (row,) = index(capsys, tmp_path / "logs", "images", tmp_path / "out")
    assert row["file"] == "_/x/1.bin"
    assert (tmp_path / "out" / row["file"]).read_bytes() == b"<svg onload=alert(1)>"


def test_a_tag_does_not_lead_out_of_the_folder(tmp_path, capsys):
    with EventWriter(tmp_path / "logs") as writer:
        writer.image("../../../escaped", PNG, 0)
    (row,) = index(capsys, tmp_path / "logs", "images", tmp_path / "out")
    assert not any("escaped" in path.name for path in tmp_path.rglob("*") if "out" not in path.parts)
    assert (tmp_path / "out" / row["file"]).read_bytes() == PNG


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--kind", "images"], "name a new folder"),
        (["--kind", "images", "--format", "json", "--out", "x"], "leave --format away"),
        (["--kind", "text", "--format", "csv"], "leave --format away"),
        (["--kind", "graphs"], "cannot be exported"),
        (["--kind", "audio", "--out", "no/such/folder"], "there is no folder"),
    ],
)
def test_a_command_that_cannot_be_followed_is_one_line(logs, capsys, arguments, words):
    code, out, err = run(capsys, "export", logs, *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_a_folder_with_something_in_it_is_not_touched(logs, tmp_path, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    code, _out, err = run(capsys, "export", logs, "--kind", "images", "--out", tmp_path / "out")
    assert code == 2
    assert "is there already" in err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]


def test_an_empty_folder_is_filled(logs, tmp_path, capsys):
    (tmp_path / "out").mkdir()
    assert len(index(capsys, logs, "images", tmp_path / "out")) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs", "out"]

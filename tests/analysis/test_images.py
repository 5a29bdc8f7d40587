"""Images of a run: albums, moments, samples, thumbnails in bounded memory, files; every fixture equal to its oracle."""

import hashlib
import io
import json
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from tbcore.analysis import images
from tbcore.analysis.images import Shelf, album_tags, albums, archive, items, original, sheet, shot_at, size_of
from tbcore.errors import FormatError
from tbcore.formats.tfrecord import EventWriter
from tbcore.store.logdir import Logdir
from tests import eventfile
from tests.fixtures import log, needs_fixtures, oracle

NAME = "events.out.tfevents.1.host"
LOGS = ("torch_all", "tf_v1_all", "tf_v2_all", "tensorboardX_all", "keras_mnist", "edge_images")


def png(shade, size=(4, 3)):
    """Return a PNG of one shade of grey."""
    file = io.BytesIO()
    Image.new("L", size, shade).save(file, "PNG")
    return file.getvalue()


def read(folder):
    """Return the series of images of a logdir."""
    logdir = Logdir(str(folder))
    logdir.refresh()
    return logdir.find("images")


def legacy(folder, *values):
    """Write an event per (step, tag, bytes) as TensorFlow 1 and PyTorch do, and return the series."""
    records = [eventfile.record(eventfile.event(step, eventfile.image(tag, 4, 3, data))) for step, tag, data in values]
    eventfile.write(folder / "r" / NAME, eventfile.version(), *records)
    return read(folder)


@pytest.fixture
def batches(tmp_path):
    """The album of a tag with 3 images at step 0, 2 at step 10, and 1 at step 20."""
    with EventWriter(tmp_path / "r") as writer:
        for step, shades in ((0, (1, 2, 3)), (10, (4, 5)), (20, (6,))):
            writer.image("batch", [png(shade) for shade in shades], step)
    (album,) = albums(read(tmp_path))
    return album


def shade_of(shot):
    """Return the shade of an image."""
    return int(np.asarray(Image.open(io.BytesIO(original(shot))))[0, 0])


# Albums --------------------------------------------------------------------------------------------------------------


def test_the_numbered_tags_of_tensorflow_1_are_one_album(tmp_path):
    values = [(step, f"x/image/{k}", png(10 * step + k)) for step in (0, 1) for k in (10, 2, 0)]
    (album,) = albums(
        legacy(
            tmp_path,
            *values,
        )
    )
    assert (album.tag, [part.tag for part in album.parts]) == ("x/image", ["x/image/0", "x/image/2", "x/image/10"])
    shots = [shot_at(album, None, 0, sample) for sample in range(4)]
    assert [shade_of(shot) for shot in shots] == [10, 12, 20, 20]
    assert [(shot.sample, shot.samples) for shot in shots] == [(0, 3), (1, 3), (2, 3), (2, 3)]


def test_a_single_image_joins_the_numbered_ones_as_the_first(tmp_path):
    (album,) = albums(legacy(tmp_path, (0, "x/image/1", png(2)), (0, "x/image", png(1)), (0, "x/image/0", png(3))))
    assert [part.tag for part in album.parts] == ["x/image", "x/image/0", "x/image/1"]


def test_tags_that_only_look_alike_stay_apart(tmp_path):
    found = albums(
        legacy(tmp_path, (0, "x/0", png(1)), (0, "x/1", png(2)), (0, "image/0x", png(3)), (0, "myimage/0", png(3)))
    )
    assert [album.tag for album in found] == ["image/0x", "myimage/0", "x/0", "x/1"]


def test_a_tensor_of_images_keeps_its_tag_whatever_it_ends_in(tmp_path):
    with EventWriter(tmp_path / "r") as writer:
        writer.image("x/image/0", [png(1), png(2)], 0)
        writer.image("x/image/1", [png(3)], 0)
    assert [album.tag for album in albums(read(tmp_path))] == ["x/image/0", "x/image/1"]


def test_albums_of_runs_are_apart_and_tags_alone_give_their_names(tmp_path):
    for run in ("a", "b"):
        record = eventfile.record(eventfile.event(0, eventfile.image("x/image/0", 4, 3, png(1))))
        eventfile.write(tmp_path / run / NAME, eventfile.version(), record)
    assert [(album.run, album.tag) for album in albums(read(tmp_path))] == [("a", "x/image"), ("b", "x/image")]
    assert album_tags(["x/image/0", "x/image/1", "y", "x/image"]) == ["x/image", "y"]


# Shots ---------------------------------------------------------------------------------------------------------------


def test_a_moment_means_the_latest_image_at_it_or_before(batches):
    assert [shade_of(shot_at(batches, step, 0, 0)) for step in (0, 9, 10, 19, 20, 99, None)] == [1, 1, 4, 4, 6, 6, 6]
    assert shot_at(batches, -1, 0, 0) is None


def test_a_file_that_is_written_anew_shows_its_new_image(tmp_path):
    shelf = Shelf(1 << 20)
    keys, shades = [], []
    for shade, wall in ((1, 100.0), (2, 200.0)):
        record = eventfile.record(eventfile.event(0, eventfile.image("x", 4, 3, png(shade)), wall=wall))
        eventfile.write(tmp_path / "r" / NAME, eventfile.version(), record)
        (album,) = albums(read(tmp_path))
        shot = shot_at(album, None, 0, 0)
        keys.append((shot.blob.path, shot.blob.offset, shot.blob.length))
        small = shelf.tile(shot, 64).thumbnail
        assert small is not None
        shades.append(int(np.asarray(Image.open(io.BytesIO(small.data))).flat[0]))
    assert keys[0] == keys[1]
    assert shades == [1, 2]


def test_each_value_of_a_step_has_its_own_moment(tmp_path):
    (album,) = albums(legacy(tmp_path, (5, "x", png(1)), (5, "x", png(2)), (5, "x", png(3))))
    assert [shade_of(shot_at(album, 5, nth, 0)) for nth in (0, 1, 2, 7)] == [1, 2, 3, 3]
    assert [shot_at(album, 5, nth, 0).nth for nth in (0, 1, 2, 7)] == [0, 1, 2, 2]


def test_a_sample_that_a_step_lacks_is_said(batches):
    shelf = Shelf(1 << 20)
    assert [shade_of(shot_at(batches, 0, 0, sample)) for sample in (0, 1, 2)] == [1, 2, 3]
    tile = shelf.tile(shot_at(batches, 10, 0, 2), 64)
    assert (tile.error, tile.samples) == ("2 images at this step", 2)
    assert shelf.tile(shot_at(batches, 20, 0, 2), 64).error == "1 image at this step"
    assert [shelf.samples(shot_at(batches, step, 0, 0)) for step in (0, 10, 20)] == [3, 2, 1]


def test_a_size_that_does_not_fit_the_image_is_said(tmp_path):
    records = [eventfile.record(eventfile.event(0, eventfile.image("x", 99, 77, png(1))))]
    eventfile.write(tmp_path / "r" / NAME, eventfile.version(), *records)
    (album,) = albums(read(tmp_path))
    assert Shelf(1 << 20).tile(shot_at(album, None, 0, 0), 64).notes == ("the log says 99 × 77",)
    assert sheet(shot_at(album, None, 0, 0)).notes == ("the log says 99 × 77",)


def test_a_tensor_of_numbers_is_no_image(tmp_path):
    value = eventfile.tensor("x", "float", [1.0, 2.0], extra=eventfile.metadata("images"))
    eventfile.write(tmp_path / "r" / NAME, eventfile.version(), eventfile.record(eventfile.event(0, value)))
    (album,) = albums(read(tmp_path))
    tile = Shelf(1 << 20).tile(shot_at(album, None, 0, 0), 64)
    assert tile.error == "a tensor of numbers where encoded images should be"


# Thumbnails and pixels -----------------------------------------------------------------------------------------------


def test_the_shelf_never_holds_more_than_its_room(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (60, 64, 64), np.uint8)
    with EventWriter(tmp_path / "r") as writer:
        for step, pixels in enumerate(noise):
            file = io.BytesIO()
            Image.fromarray(pixels).save(file, "PNG")
            writer.image("x", file.getvalue(), step)
    (album,) = albums(read(tmp_path))
    shelf = Shelf(100_000)
    shots = [shot_at(album, step, 0, 0) for step in range(60)]
    tiles = shelf.tiles(shots, 64)
    assert [tile.error for tile in tiles] == [""] * 60
    assert 50_000 < shelf.used <= 100_000
    assert shelf.tile(shots[-1], 64) is shelf.tile(shots[-1], 64)
    shelf.prepare(shots[:5], 64)
    assert shelf.tiles(shots[:2], 64)[0].thumbnail == tiles[0].thumbnail
    assert shelf.used <= 100_000


def test_pixels_are_packed_exactly(tmp_path):
    pixels = np.random.default_rng(1).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    (album,) = albums(legacy(tmp_path, (0, "x", file.getvalue())))
    found = sheet(shot_at(album, None, 0, 0))
    raw = np.frombuffer(zlib.decompress(found.packed), np.uint8).reshape(found.frames, found.height, found.width, 3)
    assert np.array_equal(raw[0], pixels)
    assert (found.dtype, found.full, found.nth, found.mode, found.encoding) == ("u1", 255, 1, "RGB", "PNG")


def test_a_picture_too_large_for_a_browser_is_thinned_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(images, "_MOST_RAW", 100)
    file = io.BytesIO()
    Image.fromarray(np.arange(400, dtype=np.uint8).reshape(20, 20)).save(file, "PNG")
    (album,) = albums(legacy(tmp_path, (0, "x", file.getvalue())))
    found = sheet(shot_at(album, None, 0, 0))
    assert (found.width, found.height, found.nth, found.whole_width) == (10, 10, 2, 20)
    raw = np.frombuffer(zlib.decompress(found.packed), np.uint8).reshape(10, 10)
    assert raw[1, 1] == 42
    assert found.notes[-1] == "every 2. pixel across and down, with its true value"


def test_all_frames_of_an_animation_are_packed(tmp_path):
    shades = [Image.new("RGB", (3, 2), (shade, 0, 0)) for shade in (0, 100, 200)]
    file = io.BytesIO()
    shades[0].save(file, "GIF", save_all=True, append_images=shades[1:], duration=[40, 50, 60])
    (album,) = albums(legacy(tmp_path, (0, "x", file.getvalue())))
    found = sheet(shot_at(album, None, 0, 0))
    raw = np.frombuffer(zlib.decompress(found.packed), np.uint8).reshape(3, 2, 3, 3)
    assert (raw[:, 0, 0, 0].tolist(), found.durations) == ([0, 100, 200], (40, 50, 60))


# Files ---------------------------------------------------------------------------------------------------------------


def test_items_are_the_logged_bytes_whatever_they_are(tmp_path):
    (series,) = legacy(tmp_path, (0, "x", png(1)), (1, "x", b"<svg/>"), (2, "x", b""))
    found = list(items(series))
    assert [(item.step, item.sample, item.ending, item.error) for item in found] == [
        (0, 0, ".png", ""),
        (1, 0, ".bin", ""),
        (2, 0, ".bin", ""),
    ]
    assert [item.data for item in found] == [png(1), b"<svg/>", b""]
    assert found[0].about == {"width": 4, "height": 3, "format": "PNG", "mode": "grey", "frames": 1}
    assert found[1].about == {"reason": "an SVG drawing: it may hold scripts and is not shown"}


def test_an_archive_holds_every_image_and_an_index(batches):
    file = io.BytesIO()
    archive(file, [batches])
    with zipfile.ZipFile(file) as zipped:
        index = json.loads(zipped.read("index.json"))
        assert [(row["step"], row["sample"]) for row in index] == [(0, 0), (0, 1), (0, 2), (10, 0), (10, 1), (20, 0)]
        for row in index:
            assert hashlib.sha256(zipped.read(row["file"])).hexdigest() == row["sha256"]
            assert row["file"].startswith("r/batch/")
            assert row["file"].endswith(".png")
        assert len({row["file"].casefold() for row in index}) == len(index)
    assert size_of([batches])[0] == 3


def test_an_archive_of_numbered_tags_names_them_by_their_sample(tmp_path):
    file = io.BytesIO()
    archive(file, albums(legacy(tmp_path, (0, "x/image/0", png(1)), (0, "x/image/1", png(2)))))
    with zipfile.ZipFile(file) as zipped:
        index = json.loads(zipped.read("index.json"))
    assert [(row["tag"], row["sample"]) for row in index] == [("x/image", 0), ("x/image", 1)]


def test_names_of_files_lead_nowhere(tmp_path):
    file = io.BytesIO()
    archive(file, albums(legacy(tmp_path, (0, "../../etc/x", png(1)), (0, "..\\x", png(2)), (0, "a" * 2000, png(3)))))
    with zipfile.ZipFile(file) as zipped:
        names = zipped.namelist()
    assert all(".." not in name and "\\" not in name and not name.startswith("/") for name in names)
    assert max(map(len, names)) < 300


@needs_fixtures
@pytest.mark.parametrize("name", LOGS)
def test_every_image_of_a_fixture_equals_the_oracle(name):
    runs = oracle(name)["tensorboard"]["runs"]
    expected = {
        (run, tag): series["events"]
        for run, about in runs.items()
        for tag, series in about["tags"].items()
        if series.get("plugin") == "images" and "events" in series
    }
    found = {(series.run, series.tag): series for series in read(log(name))}
    assert expected
    assert set(expected) <= set(found)
    for place, events in expected.items():
        series = found[place]
        got = {}
        for item in items(series):
            if not item.error:
                got.setdefault(item.step, []).append(item)
        kept = [step for step in series.steps.tolist() if step in got]
        for step, event in zip(sorted(set(kept)), events, strict=True):
            digests = [hashlib.sha256(item.data).hexdigest() for item in got[step]]
            assert digests == [sample["sha256"] for sample in event["samples"]]
            for item, sample in zip(got[step], event["samples"], strict=True):
                _same_facts(item, sample)


def _same_facts(item, sample):
    if "error" in sample:
        with pytest.raises(FormatError):
            images.decode(item.data)
        return
    assert (item.about["width"], item.about["height"], item.about["frames"]) == (
        sample["width"],
        sample["height"],
        sample["frames"],
    )
    picture = images.decode(item.data)
    if sample["mode"] in ("RGB", "RGBA", "L", "LA"):
        assert hashlib.sha256(picture.pixels.tobytes()).hexdigest() == sample["pixels_sha256"]

"""What the demo logs beside numbers: encoded so that every reader understands it, and true to what it shows."""

import io
import wave

import numpy as np
import pytest
from PIL import Image

from tbcore import exhibits
from tbcore.exhibits import Look


def look(probabilities, labels, *, losses=(1.0,), images=None):
    """Return a look at a network that says `probabilities` about images with `labels`."""
    count = len(labels)
    return Look(
        images=np.zeros((count, 64), np.float32) if images is None else images,
        labels=np.array(labels),
        probabilities=np.array(probabilities, np.float32),
        first=np.arange(64 * 12, dtype=np.float32).reshape(64, 12),
        features=np.random.default_rng(0).normal(size=(count, 5)).astype(np.float32),
        losses=list(losses),
        loss_at=lambda a, b: a * a + b * b,
    )


def sure(*digits):
    """Return probabilities of one who is sure of each digit."""
    return np.eye(10)[list(digits)]


def test_a_png_holds_its_pixels():
    pixels = np.arange(5 * 3 * 3, dtype=np.uint8).reshape(5, 3, 3)
    with Image.open(io.BytesIO(exhibits.png(pixels))) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (3, 5))
        assert np.array_equal(np.asarray(image), pixels)
    with Image.open(io.BytesIO(exhibits.png(pixels[:, :, 0]))) as image:
        assert image.mode == "L"
        assert np.array_equal(np.asarray(image), pixels[:, :, 0])


def test_the_worst_mistake_comes_first():
    images = np.zeros((3, 64), np.float32)
    images[1] = 1.0
    first = exhibits.mistakes(look(sure(4, 0, 6), [4, 5, 6], images=images))[0]
    with Image.open(io.BytesIO(first)) as image:
        assert image.size == (64, 68)
        assert image.getpixel((0, 0)) == (0, 0, 0)


def test_the_confusion_is_dark_where_answers_fall():
    with Image.open(io.BytesIO(exhibits.confusion(look(sure(4, 0), [4, 5])))) as image:
        assert [image.getpixel((16 * x + 8, 16 * y + 8)) for x, y in ((4, 4), (0, 5), (5, 5))] == [0, 0, 255]


def test_counts_are_of_what_lies_at_or_above_each_threshold():
    probabilities = np.zeros((2, 10), np.float32)
    probabilities[0, 3], probabilities[1, 3] = 0.75, 0.25
    counts = exhibits.precision_recall(look(probabilities, [3, 7]))[1 + 3]
    assert counts.shape == (4, 101)
    at = {threshold: counts[:, threshold].tolist() for threshold in (0, 25, 26, 75, 76, 100)}
    both, right, none = [1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 1, 1]
    assert at == {0: both, 25: both, 26: right, 75: right, 76: none, 100: none}


def test_the_report_counts_what_is_read_wrongly():
    text = exhibits.report(look(sure(4, 0, 0), [4, 5, 5]), 250)
    assert "**2** of 3 test images are read wrongly." in text
    assert "| 4 | 1 | 1.000 | 1.000 |" in text
    assert "- a 5 taken for a 0: 2" in text


def test_a_report_without_mistakes_names_none():
    assert "Most often" not in exhibits.report(look(sure(4), [4]), 0)


def test_losses_sound_as_tones_of_50_ms():
    with wave.open(io.BytesIO(exhibits.sound([1.0, 0.1, float("nan")]))) as clip:
        assert (clip.getframerate(), clip.getnchannels(), clip.getsampwidth(), clip.getnframes()) == (8000, 1, 2, 1200)


def test_a_higher_loss_sounds_higher():
    def crossings(loss):
        with wave.open(io.BytesIO(exhibits.sound([loss]))) as clip:
            samples = np.frombuffer(clip.readframes(400), "<i2")
        return int((np.diff(np.sign(samples)) != 0).sum())

    assert crossings(0.001) < crossings(0.1) < crossings(10.0)


def test_the_landscape_is_a_grid_whose_height_is_the_logarithm_of_the_loss():
    vertices, faces, colors = exhibits.landscape(lambda a, b: 100.0 if a > 0 else 1.0)
    assert (vertices.shape, faces.shape, colors.shape) == ((441, 3), (800, 3), (441, 3))
    assert set(vertices[:, 2].tolist()) == {0.0, 2.0}
    assert (faces.min(), faces.max()) == (0, 440)


def test_a_loss_that_is_not_finite_is_a_high_plateau():
    vertices, _faces, _colors = exhibits.landscape(lambda a, b: float("nan"))
    assert set(vertices[:, 2].tolist()) == {3.0}


def test_the_points_of_the_features_have_the_hue_of_their_class():
    points, hues = exhibits.cloud(look(sure(4, 0, 0, 4), [4, 5, 5, 4]))
    assert points.shape == (4, 3)
    assert hues[0].tolist() == hues[3].tolist() != hues[1].tolist() == hues[2].tolist()


@pytest.mark.filterwarnings("error")
def test_a_network_that_broke_can_be_looked_at():
    broken = look(np.full((2, 10), np.nan), [1, 2], losses=[float("inf")])
    assert len(exhibits.mistakes(broken)) == 2
    assert exhibits.confusion(broken).startswith(b"\x89PNG")
    assert exhibits.precision_recall(broken)[0][:, 100].tolist() == [0, 0, 18, 2]
    assert "**2** of 2" in exhibits.report(broken, 3)

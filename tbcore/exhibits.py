"""What the demo logs of a network beside numbers: pictures, sounds, reports, curves and shapes, all of them real.

Arrays in, encoded values out; `write` puts them all into the log at one step.
"""

import io
import wave
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from struct import pack

import numpy as np
from numpy.typing import NDArray

from tbcore.formats.tfrecord import EventWriter

Array = NDArray[np.float32]

_SIDE = 8  # pixels of a digit
_ZOOM = 8
_MISTAKES = 12
_THRESHOLDS = 101
_RATE = 8000  # Hz
_NOTE = 0.05  # seconds
_SPAN = 4.0  # octaves that losses from 0.001 to 10 sound in
_GRID = 21
_REACH = 1.0  # length of the steps into the landscape, in lengths of the weights
# One hue per class, in the order of the run colours.
_HUES = np.array(
    [
        (66, 105, 208), (239, 177, 24), (255, 114, 92), (108, 197, 176), (60, 169, 81),
        (255, 138, 183), (164, 99, 242), (151, 187, 245), (156, 107, 78), (148, 152, 160),
    ],
    np.uint8,
)  # fmt: skip


@dataclass(frozen=True)
class Look:
    """One look at a network: what it makes of the test images [n, 64].

    probabilities [n, 10]; labels [n]; first: weights of the first layer [64, units]; features [n, units]: what the
    last layer gets to see; losses: of the training steps since the last look; loss_at: the loss with the weights moved
    by (a, b) along two directions.
    """

    images: Array
    labels: NDArray[np.int64]
    probabilities: Array
    first: Array
    features: Array
    losses: list[float]
    loss_at: Callable[[float, float], float]


def write(writer: EventWriter, look: Look, step: int) -> None:
    """Write everything there is to look at, at one step."""
    writer.image("mistakes", mistakes(look), step)
    writer.image("filters", filters(look.first), step)
    writer.image("confusion", confusion(look), step)
    overall, *classes = precision_recall(look)
    writer.pr_curve("digits", overall, step)
    for digit, counts in enumerate(classes):
        writer.pr_curve(f"digit/class_{digit}", counts, step)
    writer.text("report", report(look, step), step)
    if look.losses:
        writer.audio("loss_as_sound", sound(look.losses), step)
    vertices, faces, colors = landscape(look.loss_at)
    writer.mesh("loss_landscape", vertices, step, faces=faces, colors=colors)
    points, hues = cloud(look)
    writer.mesh("features", points, step, colors=hues)


def write_points(writer: EventWriter, look: Look, step: int) -> None:
    """Write what the last layer gets to see of each test image, with what the image is and what it is taken for."""
    answers = look.probabilities.argmax(1)
    sure = look.probabilities.max(1)
    columns = {
        "digit": [str(label) for label in look.labels.tolist()],
        "image": [f"test image {row}" for row in range(len(look.labels))],
        "read as": [str(answer) for answer in answers.tolist()],
        "answer": ["right" if hit else "wrong" for hit in (answers == look.labels).tolist()],
        "confidence": [f"{one:.3f}" if np.isfinite(one) else "" for one in sure.tolist()],
    }
    pictures = sprite(look.images)
    writer.embedding("features", look.features, step, columns=columns, sprite=pictures, sprite_size=(_SIDE, _SIDE))


def sprite(images: Array) -> bytes:
    """Return images [n, 64] side by side in one, row by row in a square of them."""
    across = int(np.ceil(len(images) ** 0.5))
    whole = np.zeros((across * across, _SIDE, _SIDE), np.uint8)
    whole[: len(images)] = (images * 255).astype(np.uint8).reshape(-1, _SIDE, _SIDE)
    grid = whole.reshape(across, across, _SIDE, _SIDE).swapaxes(1, 2)
    return png(np.ascontiguousarray(grid.reshape(across * _SIDE, across * _SIDE)))


def mistakes(look: Look) -> list[bytes]:
    """Return the images that the network is most wrong about, with the right answer's probability as a bar below."""
    right = look.probabilities[np.arange(len(look.labels)), look.labels]
    worst = np.argsort(np.nan_to_num(right, nan=-1.0), kind="stable")[:_MISTAKES]
    pictures = []
    for index in worst:
        digit = np.kron(255 * (1 - look.images[index].reshape(_SIDE, _SIDE)), np.ones((_ZOOM, _ZOOM)))
        picture = np.repeat(digit[..., np.newaxis], 3, axis=2).astype(np.uint8)
        bar = np.full((_ZOOM // 2, _SIDE * _ZOOM, 3), 230, np.uint8)
        bar[:, : round(float(np.nan_to_num(right[index])) * _SIDE * _ZOOM)] = _HUES[look.labels[index]]
        pictures.append(png(np.vstack((picture, bar))))
    return pictures


def filters(weights: Array) -> bytes:
    """Return the weights of the first layer as one picture: a tile per unit, red positive, blue negative."""
    count = min(weights.shape[1], 64)
    across = 8 if count > 10 else 5
    down = -(-count // across)
    canvas = np.full((down * (_SIDE + 1) + 1, across * (_SIDE + 1) + 1, 3), 255, np.uint8)
    finite = np.nan_to_num(weights, nan=0.0, posinf=0.0, neginf=0.0)
    most = float(np.abs(finite).max()) or 1.0
    for unit in range(count):
        top, left = (unit // across) * (_SIDE + 1) + 1, (unit % across) * (_SIDE + 1) + 1
        canvas[top : top + _SIDE, left : left + _SIDE] = _diverging(finite[:, unit].reshape(_SIDE, _SIDE) / most)
    return png(canvas.repeat(4, axis=0).repeat(4, axis=1))


def confusion(look: Look) -> bytes:
    """Return a picture of which digits (rows) are taken for which (columns); the darker the more often."""
    counts = np.zeros((10, 10))
    np.add.at(counts, (look.labels, np.nan_to_num(look.probabilities).argmax(1)), 1)
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    grey = (255 * (1 - np.sqrt(share))).astype(np.uint8)
    return png(grey.repeat(16, axis=0).repeat(16, axis=1))


def precision_recall(look: Look) -> list[NDArray[np.float64]]:
    """Return TP, FP, TN, FN [4, 101] of all answers together, then of each digit against the rest."""
    scores = np.nan_to_num(look.probabilities.astype(np.float64))
    truth = np.eye(10)[look.labels]
    columns = [(scores.ravel(), truth.ravel()), *((scores[:, digit], truth[:, digit]) for digit in range(10))]
    return [_counts(score, label) for score, label in columns]


def _counts(scores: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    bins = np.minimum((scores * (_THRESHOLDS - 1)).astype(np.int64), _THRESHOLDS - 1)
    above = [np.bincount(bins, weight, minlength=_THRESHOLDS)[::-1].cumsum()[::-1] for weight in (truth, 1 - truth)]
    positives, false_positives = above
    return np.stack((positives, false_positives, false_positives[0] - false_positives, positives[0] - positives))


def report(look: Look, step: int) -> str:
    """Return precision and recall of each digit as a Markdown table, and what went wrong most often."""
    answers = np.nan_to_num(look.probabilities).argmax(1)
    wrong = answers != look.labels
    lines = [f"### Step {step}", "", f"**{wrong.sum()}** of {len(wrong)} test images are read wrongly.", ""]
    lines += ["| digit | images | precision | recall |", "|---|---|---|---|"]
    for digit in range(10):
        hits = int(((answers == digit) & (look.labels == digit)).sum())
        said, there = int((answers == digit).sum()), int((look.labels == digit).sum())
        lines.append(f"| {digit} | {there} | {hits / said if said else 0:.3f} | {hits / there if there else 0:.3f} |")
    pairs, counts = np.unique(np.stack((look.labels, answers))[:, wrong], axis=1, return_counts=True)
    most = sorted(zip(counts.tolist(), *pairs.tolist(), strict=True), key=lambda each: (-each[0], each[1:]))[:3]
    if most:
        lines += [
            "",
            "Most often:",
            "",
            *(f"- a {label} taken for a {answer}: {count}" for count, label, answer in most),
        ]
    return "\n".join(lines) + "\n"


def sound(losses: list[float]) -> bytes:
    """Return the losses as a melody, one short tone each: the higher, the worse. One that is not finite is noise."""
    chosen = np.array(losses[:: max(1, len(losses) // 40)][:40])
    time = np.arange(int(_NOTE * _RATE)) / _RATE
    fade = np.minimum(1, np.minimum(time, time[::-1]) / 0.005)
    noise = np.random.default_rng(0).uniform(-1, 1, len(time))
    notes = []
    phase = 0.0
    for loss in chosen:
        if not np.isfinite(loss):
            notes.append(0.4 * noise * fade)
            continue
        height = np.clip((np.log10(max(float(loss), 1e-3)) + 3) / 4, 0, 1)
        pitch = 110 * 2 ** (_SPAN * height)
        notes.append(0.5 * np.sin(phase + 2 * np.pi * pitch * time) * fade)
        phase += 2 * np.pi * pitch * _NOTE
    file = io.BytesIO()
    with wave.open(file, "wb") as clip:
        clip.setnchannels(1)
        clip.setsampwidth(2)
        clip.setframerate(_RATE)
        clip.writeframes((np.concatenate(notes) * 32767).astype("<i2").tobytes())
    return file.getvalue()


def landscape(loss_at: Callable[[float, float], float]) -> tuple[Array, NDArray[np.int32], NDArray[np.uint8]]:
    """Return the loss around the weights as a surface: vertices [n, 3], faces [m, 3], colors [n, 3].

    Its height is the logarithm of the loss. Source: Li et al., Visualizing the Loss Landscape of Neural Nets (2018).
    """
    ends = np.linspace(-_REACH, _REACH, _GRID)
    losses = np.array([[loss_at(float(a), float(b)) for b in ends] for a in ends])
    heights = np.log10(np.clip(np.nan_to_num(losses, nan=1e3, posinf=1e3), 1e-3, 1e3))
    across, along = np.meshgrid(ends, ends, indexing="ij")
    vertices = np.stack((across, along, heights), axis=-1).reshape(-1, 3).astype(np.float32)
    corner = (np.arange(_GRID - 1)[:, np.newaxis] * _GRID + np.arange(_GRID - 1)).ravel()
    faces = np.concatenate(
        (
            np.stack((corner, corner + 1, corner + _GRID), axis=1),
            np.stack((corner + 1, corner + _GRID + 1, corner + _GRID), axis=1),
        )
    ).astype(np.int32)
    spread = float(np.ptp(heights)) or 1.0
    return vertices, faces, _diverging(2 * (heights.ravel() - heights.min()) / spread - 1)


def cloud(look: Look) -> tuple[Array, NDArray[np.uint8]]:
    """Return the test images as points [n, 3], by the principal components of their features, and their hues."""
    finite = np.nan_to_num(look.features.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    centred = finite - finite.mean(0)
    _left, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    # The sign of a component is anyone's choice: the largest entry is made positive, so that shapes do not flip.
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(1)])
    points = centred @ (axes * signs[:, np.newaxis])[:3].T
    return (points / (float(sizes[0]) / len(centred) ** 0.5 or 1.0)).astype(np.float32), _HUES[look.labels]


def _diverging(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return colours [..., 3] of values from -1 (blue) over 0 (nearly white) to 1 (red)."""
    strength = np.clip(np.abs(values), 0, 1)[..., np.newaxis]
    ends = np.where((values > 0)[..., np.newaxis], np.array([200.0, 60, 60]), np.array([66.0, 105, 208]))
    colors: NDArray[np.uint8] = (247 + (ends - 247) * strength).astype(np.uint8)
    return colors


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Return pixels [height, width] or [height, width, 3] as a PNG. Source: the PNG specification, 3rd edition."""
    height, width = pixels.shape[:2]
    rows = np.hstack((np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)))
    parts = [
        (b"IHDR", pack(">IIBBBBB", width, height, 8, 2 if pixels.ndim == 3 else 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    ]
    chunks = (pack(">I", len(data)) + name + data + pack(">I", zlib.crc32(name + data)) for name, data in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)

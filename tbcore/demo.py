"""The demo log: small networks trained on handwritten digits, so that every page has real curves to show.

The losses, accuracies and norms are those of a real training job, and so are the graphs and what their operations take.
The time of a step is simulated, so that the same seed, clock and timer give the same bytes: it takes about as long as on a
busy machine, and the last run ended just now.
"""

import math
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from tbcore import blueprint, exhibits, recorder, sweep
from tbcore.errors import LogdirError
from tbcore.formats.custom_scalars import Category, Chart, Layout, Margin, Margins, Multiline
from tbcore.formats.hparams import Experiment, HParam, Metric, Value
from tbcore.formats.tfrecord import EventWriter
from tbcore.sweep import TRIALS

Array = NDArray[np.float32]
Progress = Callable[[int, int, str], None]
Rate = Callable[[int], float]

VERSION = "7"
_MARK = "demo-version"
_RECORDINGS = "*.pt.trace.json.gz"
_PIXELS, _CLASSES = 64, 10
_TEST = 360
_EVALUATE_EVERY = 20
_HISTOGRAM_EVERY = 50
_LOOK_EVERY = 250
_POINTS_EVERY = 500
_REPORT_EVERY = 100
_STEPS_AFTER_NAN = 60
_RECORDED_STEPS, _UNRECORDED_STEPS = 6, 2  # the first steps take longer than any other
_STEP_SECONDS = 0.32
_EVALUATION_SECONDS = 1.7
_DOWNTIME_SECONDS = 840.0
_STAGGER_SECONDS = 413.0
_LARGEST_DELAY_SECONDS = 30.0
_SWEEP_DELAY_SECONDS = 90.0
_SWEEP_STAGGER_SECONDS = 36.0
_CACHES = {"win32": ("AppData", "Local"), "darwin": ("Library", "Caches")}


@dataclass(frozen=True)
class Attempt:
    """Steps `first` up to `last` (not included) at learning rate `rate`, written into one file.

    A later attempt goes on from what the one before had reached at `first`.
    """

    first: int
    last: int
    rate: Rate


@dataclass(frozen=True)
class Recipe:
    """One run of the demo.

    hidden: widths of the hidden layers; examples: training images used; mislabelled: share of them with a wrong label;
    decay: weight decay per step and unit of learning rate; careless: exponentiate the scores as they are, which
    overflows, instead of subtracting the largest one first; schedule: what the learning rate is called to do; recorded: how
    images are loaded in the recording of a few of its steps, "one by one" or "together", "" for none.
    """

    run: str
    about: str
    hidden: tuple[int, ...]
    attempts: tuple[Attempt, ...]
    examples: int = 1797 - _TEST
    batch: int = 64
    momentum: float = 0.9
    decay: float = 0.0
    mislabelled: float = 0.0
    careless: bool = False
    schedule: str = "constant"
    recorded: str = ""

    @property
    def steps(self) -> int:
        """Return how many steps are trained, also those that are done twice."""
        return sum(attempt.last - attempt.first for attempt in self.attempts)

    @property
    def hparams(self) -> dict[str, Value]:
        """Return what is logged of it; without a hidden layer there is neither width nor activation."""
        rates = [attempt.rate(step) for attempt in self.attempts for step in range(attempt.first, attempt.last)]
        found: dict[str, Value] = {
            "learning_rate": float(f"{max(rates):.2g}"),
            "optimizer": "momentum",
            "batch_size": float(self.batch),
            "layers": float(len(self.hidden)),
            "weight_decay": self.decay,
            "standardize": False,
            "schedule": self.schedule,
            "examples": float(self.examples),
            "mislabelled": self.mislabelled,
        }
        return found | ({"hidden": float(self.hidden[0]), "activation": "relu"} if self.hidden else {})


def _constant(rate: float) -> Rate:
    return lambda _step: rate


def _cosine(rate: float, steps: int, warmup: int) -> Rate:
    """Return a rate that rises to `rate` over `warmup` steps, then falls to zero at `steps`."""
    return lambda step: rate * min(1.0, (step + 1) / warmup) * (0.5 + 0.5 * math.cos(math.pi * step / steps))


def _ramp(low: float, high: float, steps: int) -> Rate:
    """Return a rate that grows from `low` to `high` by the same factor each step."""
    return lambda step: low * (high / low) ** (step / steps)


_WIDE, _USUAL = (128, 64), (64, 32)

RECIPES = (
    Recipe(
        "softmax_lr0.05",
        "No hidden layer: the baseline every network should beat.",
        (), (Attempt(0, 1500, _constant(0.05)),), decay=1e-4,
    ),
    Recipe(
        "mlp_lr0.001",
        "A learning rate that is too small: it still improves when the others are done.",
        _USUAL, (Attempt(0, 1500, _constant(0.001)),), decay=1e-4,
    ),
    Recipe(
        "mlp_lr0.01",
        "A learning rate that is about right.",
        _USUAL, (Attempt(0, 1500, _constant(0.01)),), decay=1e-4, recorded="one by one",
    ),
    Recipe(
        "mlp_lr0.3",
        "A learning rate that is too large: quick, then noisy.",
        _USUAL, (Attempt(0, 1500, _constant(0.3)),), decay=1e-4,
    ),
    Recipe(
        "mlp_cosine",
        "A large rate, warmed up and annealed: as quick as the large one, as calm as the small one in the end.",
        _USUAL, (Attempt(0, 2000, _cosine(0.2, 2000, 100)),), decay=1e-4, schedule="cosine",
        recorded="together",
    ),
    Recipe(
        "mlp_overfits",
        "120 images, one in ten with a wrong label: training loss goes to zero while evaluation loss climbs.",
        _WIDE, (Attempt(0, 1500, _constant(0.02)),), examples=120, batch=32, mislabelled=0.1,
    ),
    Recipe(
        "mlp_diverges",
        "A rate that grows each step, and a loss that overflows: it falls, turns, becomes infinite, then NaN.",
        _USUAL, (Attempt(0, 1500, _ramp(0.002, 2.0, 1500)),), careless=True, schedule="ramp",
    ),
    Recipe(
        "mlp_restarted",
        "The rate was raised at step 600 and that went wrong; at step 900 the job was stopped and restarted from 600.",
        _USUAL,
        (
            Attempt(0, 900, lambda step: 0.02 if step < 600 else 0.3),
            Attempt(600, 1500, _cosine(0.02, 1500, 1)),
        ),
        decay=1e-4, schedule="raised",
    ),
)  # fmt: skip

TOTAL = sum(recipe.steps for recipe in RECIPES) + sweep.STEPS * len(TRIALS)

EXPERIMENT = Experiment(
    name="Handwritten digits",
    description="Small networks that learn to read 8 by 8 pixels: eight runs in detail, and a sweep of short ones.",
    hparams=(
        HParam("learning_rate", "Learning rate", "The largest one, where it changes.", "number", low=1e-4, high=5.0),
        HParam("optimizer", "Optimizer", "", "text", ("sgd", "momentum", "adam")),
        HParam("batch_size", "Batch size", "Images in a step.", "number", (16.0, 32.0, 64.0, 128.0)),
        HParam("hidden", "Hidden units", "Of the first hidden layer.", "number", (8.0, 16.0, 32.0, 64.0, 128.0)),
        HParam("layers", "Hidden layers", "", "number", (0.0, 1.0, 2.0)),
        HParam("activation", "Activation", "", "text", ("relu", "tanh")),
        HParam("weight_decay", "Weight decay", "Per step and unit of learning rate.", "number", low=0.0, high=0.02),
        HParam("standardize", "Standardize", "Whether each pixel has mean 0 and deviation 1.", "bool", (False, True)),
        HParam("schedule", "Schedule", "What the learning rate does.", "text"),
        HParam("examples", "Training images", "", "number", low=1.0, high=1437.0),
        HParam("mislabelled", "Mislabelled", "The share of training images with a wrong label.", "number"),
    ),
    metrics=(
        Metric("eval/accuracy", title="Accuracy", description="On images that are never trained on."),
        Metric("eval/loss", title="Evaluation loss", description="On images that are never trained on."),
        Metric("train/loss", title="Training loss"),
        Metric("time/step_seconds", title="Seconds per step"),
    ),
)

LAYOUT = Layout(
    (
        Category(
            "Training and evaluation",
            (
                Chart("Loss", Multiline(("train/loss", "eval/loss"))),
                Chart("Accuracy", Multiline(("train/accuracy", "eval/accuracy$"))),
                Chart("Accuracy, 95 %", Margins((Margin("eval/accuracy", "eval/accuracy_low", "eval/accuracy_high"),))),
            ),
        ),
        Category(
            "Layers",
            (
                Chart("Gradient norms", Multiline(("grad_norm/(hidden|output)",))),
                Chart("Weight norms", Multiline(("weight_norm/",))),
            ),
        ),
    )
)


# Where it lies -------------------------------------------------------------------------------------------------------


def demo_folder() -> Path:
    """Return where the demo log of this user belongs: the cache folder, or the temporary one when that is read-only."""
    folder = _cache() / "runlens" / f"demo-{VERSION}"
    if is_complete(folder) or _writable(folder):
        return folder
    return Path(tempfile.gettempdir()) / f"runlens-{_user()}" / f"demo-{VERSION}"


def _cache() -> Path:
    """Return the folder where programs of this platform keep what they can make again."""
    said = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", "")
    if os.path.isabs(said):
        return Path(said)
    # `expanduser` leaves the tilde when there is no home, and a relative folder is nobody's cache.
    home = Path(os.path.expanduser("~"))
    if not home.is_absolute():
        home = Path(tempfile.gettempdir())
    return home.joinpath(*_CACHES.get(sys.platform, (".cache",)))


def _writable(folder: Path) -> bool:
    """Return whether `folder` can be made, or written into where it exists."""
    there = next(parent for parent in (folder, *folder.parents) if os.path.exists(parent))
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")


def is_complete(folder: Path) -> bool:
    """Return whether `folder` holds a whole demo log of this version."""
    try:
        if (folder / _MARK).read_text(encoding="utf-8") != VERSION:
            return False
        files = {recipe.run: len(recipe.attempts) for recipe in RECIPES} | {trial.run: 1 for trial in TRIALS}
        recorded = all(any((folder / recipe.run).glob(_RECORDINGS)) for recipe in RECIPES if recipe.recorded)
        return recorded and all(len(list((folder / run).glob("events.*"))) >= count for run, count in files.items())
    except (OSError, UnicodeDecodeError):
        return False


def write_demo(
    folder: Path,
    *,
    progress: Progress,
    clock: Callable[[], float] = time.time,
    timer: Callable[[], float] = time.perf_counter,
    seed: int = 0,
) -> None:
    """Train the networks of RECIPES and TRIALS and write what they log under `folder`, one run each.

    It appears whole or not at all, also when two processes begin at once; a whole one is left as it is.
    progress: called with steps done, steps in all and the run being trained. clock: gives the time when it all ended. timer:
    gives seconds, by which the operations of a step are measured.
    Raises LogdirError when the folder holds something else or cannot be written.
    """
    if is_complete(folder):
        progress(TOTAL, TOTAL, "")
        return
    try:
        if os.path.lexists(folder) and not _is_ours(folder):
            raise LogdirError(f"{folder} is not an empty folder: name a new one for the demo log")
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            _write_runs(aside / "new", progress, clock(), timer, seed)
            _move(aside / "new", folder, aside / "old")
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise LogdirError(f"the demo log cannot be written to {folder}: {error.strerror or error}") from error


def _is_ours(folder: Path) -> bool:
    """Return whether `folder` holds nothing but parts of a demo log: one that was cleaned up in part, or nothing."""
    names = {recipe.run for recipe in RECIPES} | {sweep.FOLDER, _MARK}
    return folder.is_dir() and {entry.name for entry in folder.iterdir()} <= names


def _move(new: Path, folder: Path, old: Path) -> None:
    """Put `new` in the place of `folder`, moving what is there to `old`; another process may just have done so."""
    if is_complete(folder):
        return
    try:
        if folder.exists():
            folder.replace(old)
        new.replace(folder)
    except OSError:
        if not is_complete(folder):
            raise


# The training --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Digits:
    """Images [n, 64] between 0 and 1 and their labels [n], to train on and to evaluate on."""

    images: Array
    labels: NDArray[np.int64]
    test_images: Array
    test_labels: NDArray[np.int64]


@dataclass
class Network:
    """Weights [inputs, outputs], biases [outputs] and their velocities, layer by layer; the last one has no ReLU."""

    weights: list[Array]
    biases: list[Array]
    weight_velocities: list[Array]
    bias_velocities: list[Array]

    @property
    def names(self) -> list[str]:
        """Return the names of the layers."""
        return [f"hidden{number}" for number in range(1, len(self.weights))] + ["output"]


def _digits() -> Digits:
    """Return scikit-learn's handwritten digits, shuffled the same way every time."""
    # Importing scikit-learn takes as long as training two runs, and every start of the program looks for the demo.
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    images, labels = (images[order] / 16).astype(np.float32), labels[order].astype(np.int64)
    return Digits(images[_TEST:], labels[_TEST:], images[:_TEST], labels[:_TEST])


def _network(hidden: tuple[int, ...], rng: np.random.Generator) -> Network:
    """Return an untrained network. Source: He et al., Delving Deep into Rectifiers (2015), for the spread."""
    sizes = list(pairwise((_PIXELS, *hidden, _CLASSES)))
    weights = [rng.normal(0, math.sqrt(2 / fan_in), (fan_in, fan_out)).astype(np.float32) for fan_in, fan_out in sizes]
    biases = [np.zeros(fan_out, np.float32) for _, fan_out in sizes]
    return Network(weights, biases, [np.zeros_like(each) for each in weights], [np.zeros_like(each) for each in biases])


def _copy(network: Network) -> Network:
    return Network(
        [each.copy() for each in network.weights],
        [each.copy() for each in network.biases],
        [each.copy() for each in network.weight_velocities],
        [each.copy() for each in network.bias_velocities],
    )


def _forward(network: Network, images: Array, *, careless: bool = False) -> tuple[list[Array], Array]:
    """Return the inputs of each layer and the log-probabilities [n, 10]."""
    inputs = [images]
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        inputs.append(np.maximum(inputs[-1] @ weight + bias, 0))
    scores = inputs[-1] @ network.weights[-1] + network.biases[-1]
    if not careless:
        scores = scores - scores.max(1, keepdims=True)
    return inputs, scores - np.log(np.exp(scores).sum(1, keepdims=True))


def _quality(log_probabilities: Array, labels: NDArray[np.int64]) -> tuple[float, float]:
    """Return the mean cross-entropy and the share of right answers."""
    loss = -log_probabilities[np.arange(len(labels)), labels].mean()
    return float(loss), float((log_probabilities.argmax(1) == labels).mean())


def _interval(tag: str, share: float, count: int) -> dict[str, float]:
    """Return where a share that was found of `count` images lies with a probability of 95 %.

    Source: Wilson, Probable inference, the law of succession, and statistical inference (1927).
    """
    z = 1.96
    scale = 1 / (1 + z * z / count)
    middle = scale * (share + z * z / (2 * count))
    reach = scale * z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return {f"{tag}_low": middle - reach, f"{tag}_high": middle + reach}


def _gradients(
    network: Network, inputs: list[Array], log_probabilities: Array, labels: NDArray[np.int64], decay: float
) -> tuple[list[Array], list[Array]]:
    """Return the gradients of the loss with respect to the weights and to the biases."""
    error = np.exp(log_probabilities)
    error[np.arange(len(labels)), labels] -= 1
    error /= np.float32(len(labels))
    weights: list[Array] = []
    biases: list[Array] = []
    for layer in reversed(range(len(network.weights))):
        weights.append(inputs[layer].T @ error + np.float32(decay) * network.weights[layer])
        biases.append(error.sum(0))
        if layer:
            error = (error @ network.weights[layer].T) * (inputs[layer] > 0)
    return weights[::-1], biases[::-1]


def _descend(network: Network, weights: list[Array], biases: list[Array], rate: float, momentum: float) -> None:
    """Move the network one step against the gradients, with momentum."""
    pairs = (
        (network.weights, network.weight_velocities, weights),
        (network.biases, network.bias_velocities, biases),
    )
    for parameters, velocities, gradients in pairs:
        for parameter, velocity, gradient in zip(parameters, velocities, gradients, strict=True):
            velocity *= np.float32(momentum)
            velocity -= np.float32(rate) * gradient
            parameter += velocity


def _norm(array: Array) -> float:
    return float(np.sqrt(np.vdot(array, array)))


def _write_runs(folder: Path, progress: Progress, end: float, timer: Callable[[], float], seed: int) -> None:
    """Train every recipe and write its run under `folder`, so that the last one ends at wall time `end`."""
    digits = _digits()
    # Two passes would train twice only to learn how long it took, so the last run's length is estimated.
    last = RECIPES[-1]
    length = last.steps * (_STEP_SECONDS * 1.16 + _EVALUATION_SECONDS / _EVALUATE_EVERY) + _DOWNTIME_SECONDS
    origin = end - length - _LARGEST_DELAY_SECONDS - _STAGGER_SECONDS * (len(RECIPES) - 1)
    done = 0
    for number, recipe in enumerate(RECIPES):
        rng = np.random.default_rng([seed, number])
        wall = origin + number * _STAGGER_SECONDS + rng.uniform(0, _LARGEST_DELAY_SECONDS)
        job = Job(folder / recipe.run, recipe, _share(digits, recipe, rng), rng, wall, progress, timer, done)
        # Products this small gain nothing from threads, which wait for each other at length when all cores are busy.
        with threadpool_limits(1), np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            job.train()
        done += recipe.steps
    images = sweep.Images(digits.images, digits.labels, digits.test_images, digits.test_labels)
    # After the last of the others began, so that those come first wherever runs are in the order of their start.
    begun = origin + _STAGGER_SECONDS * (len(RECIPES) - 1) + _SWEEP_DELAY_SECONDS
    for number, trial in enumerate(TRIALS):
        progress(done, TOTAL, trial.run)
        with threadpool_limits(1), np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            sweep.write(folder / trial.run, trial, images, begun + number * _SWEEP_STAGGER_SECONDS, seed)
        done += sweep.STEPS
    (folder / _MARK).write_text(VERSION, encoding="utf-8")
    progress(TOTAL, TOTAL, "")


def _share(digits: Digits, recipe: Recipe, rng: np.random.Generator) -> Digits:
    """Return the digits that `recipe` trains on, with its wrong labels."""
    labels = digits.labels[: recipe.examples].copy()
    wrong = rng.random(len(labels)) < recipe.mislabelled
    labels[wrong] = rng.integers(0, _CLASSES, int(wrong.sum()))
    return Digits(digits.images[: recipe.examples], labels, digits.test_images, digits.test_labels)


@dataclass
class Job:
    """The training of one run. wall: the simulated time; timer: gives seconds; done: steps of the demo before this run."""

    folder: Path
    recipe: Recipe
    digits: Digits
    rng: np.random.Generator
    wall: float
    progress: Progress
    timer: Callable[[], float]
    done: int
    failed: bool = False

    def train(self) -> None:
        """Train through all attempts, each into a file of its own."""
        network = _network(self.recipe.hidden, self.rng)
        for number, attempt in enumerate(self.recipe.attempts):
            later = self.recipe.attempts[number + 1 :]
            # The host and process of whoever wrote it would make each demo different.
            name = f"events.out.tfevents.{int(self.wall)}.demo.{number}"
            with EventWriter(self.folder, clock=lambda: self.wall, name=name) as writer:
                if number:
                    writer.session_start(attempt.first)
                else:
                    if self.recipe == RECIPES[0]:
                        writer.experiment(EXPERIMENT)
                        writer.custom_scalars(LAYOUT)
                    writer.hparams(self.recipe.hparams)
                    writer.text("about", self._about(), 0)
                    self._draw(writer, network)
                    if self.recipe.recorded:
                        self._record(network)
                network = self._attempt(writer, network, attempt, later[0].first if later else -1)
                if not later:
                    writer.session_end("failure" if self.failed else "success")
            self.wall += _DOWNTIME_SECONDS

    def _attempt(self, writer: EventWriter, network: Network, attempt: Attempt, checkpoint: int) -> Network:
        """Train through one attempt and return the network as it was at step `checkpoint`, else as it is."""
        kept, broken = network, 0
        losses: list[float] = []
        for step in range(attempt.first, attempt.last):
            if step == checkpoint:
                kept = _copy(network)
            if step % _REPORT_EVERY == 0:
                self.progress(self.done, TOTAL, self.recipe.run)
            self.done += 1
            values = self._step(network, attempt.rate(step))
            if step % _EVALUATE_EVERY == 0 or step == attempt.last - 1:
                values |= self._evaluation(network)
            writer.scalars(values, step)
            if step % _HISTOGRAM_EVERY == 0:
                for name, weight in zip(network.names, network.weights, strict=True):
                    writer.histogram(f"weights/{name}", weight, step)
            losses.append(values["train/loss"])
            broken += math.isnan(values["train/loss"])
            ends = broken > _STEPS_AFTER_NAN or step == attempt.last - 1
            if step % _LOOK_EVERY == 0 or ends:
                look = self._look(network, losses)
                exhibits.write(writer, look, step)
                if self.recipe.hidden and (step % _POINTS_EVERY == 0 or ends):
                    exhibits.write_points(writer, look, step)
                losses = []
            if ends:
                self.failed = broken > 0
                break
        return kept if checkpoint >= 0 else network

    def _draw(self, writer: EventWriter, network: Network) -> None:
        """Write the graph of a step of training, and what carrying out each operation of it takes."""
        recipe = self.recipe
        sizes = (_PIXELS, *recipe.hidden, _CLASSES)
        graph = blueprint.operations(
            sizes, batch=recipe.batch, momentum=recipe.momentum, decay=recipe.decay, careless=recipe.careless
        )
        batch = slice(recipe.batch)
        fed: dict[str, NDArray[Any]] = {
            "images": self.digits.images[batch],
            "labels": self.digits.labels[batch],
            "Momentum/learning_rate": np.array(recipe.attempts[0].rate(0), np.float32),
        }
        for name, weight, bias in zip(network.names, network.weights, network.biases, strict=True):
            fed |= {f"{name}/weights": weight, f"{name}/bias": bias}
        blueprint.run(graph, fed)  # the first time takes longer than any other
        ran = blueprint.run(graph, fed, self.timer)
        writer.graph(blueprint.graph_def(graph, ran))
        writer.run_metadata("step 0", blueprint.run_metadata(ran, self.wall), 0)

    def _record(self, network: Network) -> None:
        """Write what ran when in a few steps of training, which the training itself knows nothing of."""
        recipe, rng = self.recipe, np.random.default_rng(1)
        data = recorder.Packed.of(self.digits.images, self.digits.labels, together=recipe.recorded == "together")
        rate = recipe.attempts[0].rate(0)

        def train(recording: recorder.Recorder, steps: int) -> recorder.Recorder:
            copy = _copy(network)
            layers = recorder.Layers(copy.names, copy.weights, copy.biases, rate, recipe.momentum, recipe.decay)
            recorder.train(recording, layers, data, rng.integers(0, len(data.labels), (steps, recipe.batch)))
            return recording

        train(recorder.Recorder(self.timer), _UNRECORDED_STEPS)
        recording = train(recorder.Recorder(self.timer), _RECORDED_STEPS)
        base = int(self.wall) * 1_000_000_000
        name = _RECORDINGS.replace("*", f"demo_0.{base}")
        (self.folder / name).write_bytes(recording.written(base, "demo"))

    def _step(self, network: Network, rate: float) -> dict[str, float]:
        """Train on one batch and return what is logged about it."""
        batch = self.rng.integers(0, len(self.digits.labels), self.recipe.batch)
        labels = self.digits.labels[batch]
        inputs, log_probabilities = _forward(network, self.digits.images[batch], careless=self.recipe.careless)
        loss, accuracy = _quality(log_probabilities, labels)
        weights, biases = _gradients(network, inputs, log_probabilities, labels, self.recipe.decay)
        _descend(network, weights, biases, rate, self.recipe.momentum)
        seconds = _STEP_SECONDS * (1 + 0.1 * self.rng.gamma(1.5))
        self.wall += seconds
        gradient_norms = [_norm(each) for each in weights]
        weight_norms = [_norm(each) for each in network.weights]
        moved = math.hypot(*(_norm(each) for each in network.weight_velocities))
        values = {
            "train/loss": loss,
            "train/accuracy": accuracy,
            "optim/learning_rate": rate,
            "optim/update_ratio": moved / math.hypot(*weight_norms),
            "time/step_seconds": seconds,
            "time/images_per_second": self.recipe.batch / seconds,
            "grad_norm/all": math.hypot(*gradient_norms),
        }
        for name, gradient_norm, weight_norm in zip(network.names, gradient_norms, weight_norms, strict=True):
            values[f"grad_norm/{name}"] = gradient_norm
            values[f"weight_norm/{name}"] = weight_norm
        for name, activation in zip(network.names, inputs[1:], strict=False):
            values[f"activations/{name}_active"] = float((activation > 0).mean())
        return values

    def _evaluation(self, network: Network) -> dict[str, float]:
        """Return loss, accuracy and confidence on the images that are never trained on."""
        _, log_probabilities = _forward(network, self.digits.test_images, careless=self.recipe.careless)
        loss, accuracy = _quality(log_probabilities, self.digits.test_labels)
        self.wall += _EVALUATION_SECONDS
        confidence = float(np.exp(log_probabilities.max(1)).mean())
        found = {"eval/loss": loss, "eval/accuracy": accuracy, "eval/confidence": confidence}
        return found | _interval("eval/accuracy", accuracy, len(self.digits.test_labels))

    def _look(self, network: Network, losses: list[float]) -> exhibits.Look:
        """Return what there is to see of the network now."""
        images, labels = self.digits.test_images, self.digits.test_labels
        inputs, log_probabilities = _forward(network, images, careless=self.recipe.careless)
        # The same directions at every look, as long as the weights they are added to, so that shapes can be compared.
        rng = np.random.default_rng(1)
        one, two = (
            [
                each * np.float32(_norm(weight) / _norm(each))
                for weight in network.weights
                for each in (rng.normal(size=weight.shape).astype(np.float32),)
            ]
            for _ in range(2)
        )

        def loss_at(a: float, b: float) -> float:
            moved = [
                weight + np.float32(a) * first + np.float32(b) * second
                for weight, first, second in zip(network.weights, one, two, strict=True)
            ]
            there = Network(moved, network.biases, [], [])
            return _quality(_forward(there, images, careless=self.recipe.careless)[1], labels)[0]

        probabilities = np.exp(log_probabilities)
        return exhibits.Look(images, labels, probabilities, network.weights[0], inputs[-1], losses, loss_at)

    def _about(self) -> str:
        """Return what is special about this run, as Markdown."""
        recipe = self.recipe
        layers = " - ".join(str(size) for size in (_PIXELS, *recipe.hidden, _CLASSES))
        rows = {
            "layers": layers,
            "training images": f"{recipe.examples}",
            "batch": f"{recipe.batch}",
            "momentum": f"{recipe.momentum:g}",
            "weight decay": f"{recipe.decay:g}",
            "first learning rate": f"{recipe.attempts[0].rate(0):g}",
        }
        table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
        return f"{recipe.about}\n\n| | |\n|---|---|\n{table}\n"

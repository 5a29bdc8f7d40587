"""The demo's sweep: small networks with one hidden layer, trained with random settings, some with several seeds.

Which settings do well, which fail and by how much is real. Only time is simulated, as in the rest of the demo.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tbcore.formats.hparams import Value
from tbcore.formats.tfrecord import EventWriter

Array = NDArray[np.float32]
State = list[Array]

FOLDER = "sweep"
STEPS = 200
_LOG_EVERY = 2
_EVALUATE_EVERY = 20
_CLASSES = 10
_STEP_SECONDS = 0.02
_SECONDS_PER_UNIT = 2e-5  # for each image of a batch and each hidden unit
_PREPARATION_SECONDS = 2.5
_EVALUATION_SECONDS = 0.3
_HEAVY, _SLOW = 0.9, 0.999  # how much of their past averages keep
_LEAST = 1e-8


@dataclass(frozen=True)
class Trial:
    """One run of the sweep. group: of those that differ only in their seed; killed: the step it did not survive."""

    run: str
    optimizer: str
    rate: float
    batch: int
    hidden: int
    decay: float
    activation: str
    standardize: bool
    seed: int = 0
    group: str = ""
    killed: int = 0

    @property
    def hparams(self) -> dict[str, Value]:
        """Return what is logged of it."""
        return {
            "learning_rate": self.rate,
            "optimizer": self.optimizer,
            "batch_size": float(self.batch),
            "hidden": float(self.hidden),
            "layers": 1.0,
            "weight_decay": self.decay,
            "activation": self.activation,
            "standardize": self.standardize,
        }


_SETTINGS = (
    # optimizer  rate    batch hidden decay activation standardize seeds
    ("adam",     0.001,    16,   32, 3e-05, "relu", True,       1),
    ("momentum", 0.002,   128,   64, 3e-05, "relu", True,       1),
    ("adam",     0.1,      64,   64, 9e-06, "tanh", True,       1),
    ("momentum", 0.03,    128,   64, 8e-04, "relu", True,       1),
    ("momentum", 0.004,    32,   64, 5e-05, "relu", True,       3),
    ("sgd",      0.006,    64,    8, 3e-03, "relu", False,      1),
    ("sgd",      5,        16,   64, 4e-03, "relu", True,       1),
    ("sgd",      0.3,     128,   16, 1e-05, "relu", True,       3),
    ("adam",     0.05,     64,  128, 3e-05, "relu", True,       1),
    ("sgd",      0.008,   128,    8, 1e-05, "tanh", False,      1),
    ("sgd",      0.002,    16,   64, 5e-06, "tanh", True,       1),
    ("momentum", 0.03,     16,  128, 2e-05, "tanh", True,       1),
    ("adam",     0.003,    32,   32, 1e-04, "tanh", False,      3),
    ("adam",     0.02,     32,   64, 5e-03, "tanh", False,      1),
    ("momentum", 0.0008,   32,   64, 2e-04, "relu", True,       1),
    ("momentum", 0.0009,  128,   16, 2e-03, "relu", False,      1),
    ("sgd",      0.0005,  128,  128, 2e-06, "relu", False,      1),
    ("adam",     0.1,      32,   64, 7e-05, "relu", False,      1),
    ("adam",     0.0003,   32,   64, 3e-05, "relu", False,      1),
    ("sgd",      0.01,    128,  128, 4e-06, "relu", False,      1),
    ("adam",     0.4,      32,    8, 3e-03, "tanh", False,      1),
    ("sgd",      0.02,     32,    8, 1e-05, "tanh", False,      1),
    ("sgd",      0.07,     16,    8, 2e-03, "relu", False,      1),
    ("momentum", 0.05,     64,  128, 2e-03, "relu", True,       3),
    ("adam",     0.2,     128,   32, 4e-04, "relu", False,      1),
    ("momentum", 0.2,     128,  128, 2e-04, "tanh", False,      1),
)  # fmt: skip
_KILLED = 20
_KILLED_AT = 120
_SHORT = {"momentum": "mom"}


def _trials() -> tuple[Trial, ...]:
    """Return a trial for every setting and seed: short names, so that lists have room for them."""
    found: list[Trial] = []
    for number, (optimizer, rate, batch, hidden, decay, activation, standardize, seeds) in enumerate(_SETTINGS, 1):
        group = f"setting {number}, {seeds} seeds" if seeds > 1 else ""
        for seed in range(seeds):
            letter = "abc"[seed] if seeds > 1 else ""
            run = f"{FOLDER}/{number:02}{letter}_{_SHORT.get(optimizer, optimizer)}"
            killed = _KILLED_AT if number == _KILLED else 0
            found.append(
                Trial(run, optimizer, rate, batch, hidden, decay, activation, standardize, seed, group, killed)
            )
    return tuple(found)


TRIALS = _trials()


@dataclass(frozen=True)
class Images:
    """Images [n, 64] between 0 and 1 and labels [n], to train on and to evaluate on."""

    train: Array
    labels: NDArray[np.int64]
    test: Array
    test_labels: NDArray[np.int64]


# The training --------------------------------------------------------------------------------------------------------

# What an activation makes of the sums, and its slope where it is some value.
_ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "relu": (lambda sums: np.maximum(sums, 0), lambda values: (values > 0).astype(np.float32)),
    "tanh": (np.tanh, lambda values: 1 - values * values),
}


def _sgd(gradient: Array, _state: State, _step: int) -> Array:
    return gradient


def _momentum(gradient: Array, state: State, _step: int) -> Array:
    state[0] = np.float32(_HEAVY) * state[0] + gradient
    return state[0]


def _adam(gradient: Array, state: State, step: int) -> Array:
    """Source: Kingma and Ba, Adam (2015)."""
    state[0] = np.float32(_HEAVY) * state[0] + np.float32(1 - _HEAVY) * gradient
    state[1] = np.float32(_SLOW) * state[1] + np.float32(1 - _SLOW) * gradient * gradient
    mean, square = state[0] / np.float32(1 - _HEAVY**step), state[1] / np.float32(1 - _SLOW**step)
    return np.asarray(mean / (np.sqrt(square) + np.float32(_LEAST)))


_OPTIMIZERS = {"sgd": _sgd, "momentum": _momentum, "adam": _adam}


@dataclass
class Model:
    """Weights and biases of two layers, and what the optimizer remembers of each."""

    trial: Trial
    parameters: list[Array]
    states: list[State]

    def loss(self, images: Array, labels: NDArray[np.int64]) -> tuple[float, float]:
        """Return the mean cross-entropy and the share of right answers."""
        return _quality(self._forward(images)[1], labels)

    def learn(self, images: Array, labels: NDArray[np.int64], step: int) -> tuple[float, float]:
        """Take one step, counted from 1, and return loss and accuracy before it."""
        first, _bias, second, _bias = self.parameters
        middle, log_probabilities = self._forward(images)
        error = np.exp(log_probabilities)
        error[np.arange(len(labels)), labels] -= 1
        error /= np.float32(len(labels))
        back = (error @ second.T) * _ACTIVATIONS[self.trial.activation][1](middle)
        decay, rate = np.float32(self.trial.decay), np.float32(self.trial.rate)
        gradients = [images.T @ back + decay * first, back.sum(0), middle.T @ error + decay * second, error.sum(0)]
        direction = _OPTIMIZERS[self.trial.optimizer]
        for place, (gradient, state) in enumerate(zip(gradients, self.states, strict=True)):
            self.parameters[place] = self.parameters[place] - rate * direction(gradient, state, step)
        return _quality(log_probabilities, labels)

    def _forward(self, images: Array) -> tuple[Array, Array]:
        """Return the hidden values and the log-probabilities, of which nothing keeps the exponentials from overflowing."""
        first, first_bias, second, second_bias = self.parameters
        middle = _ACTIVATIONS[self.trial.activation][0](images @ first + first_bias)
        scores = middle @ second + second_bias
        return middle, scores - np.log(np.exp(scores).sum(1, keepdims=True))


def _quality(log_probabilities: Array, labels: NDArray[np.int64]) -> tuple[float, float]:
    loss = -log_probabilities[np.arange(len(labels)), labels].mean()
    return float(loss), float((log_probabilities.argmax(1) == labels).mean())


def _model(trial: Trial, pixels: int, rng: np.random.Generator) -> Model:
    sizes = ((pixels, trial.hidden), (trial.hidden, _CLASSES))
    parameters: list[Array] = []
    for inputs, outputs in sizes:
        parameters.append(rng.normal(0, math.sqrt(2 / inputs), (inputs, outputs)).astype(np.float32))
        parameters.append(np.zeros(outputs, np.float32))
    return Model(trial, parameters, [[np.zeros_like(each), np.zeros_like(each)] for each in parameters])


def write(folder: Path, trial: Trial, images: Images, wall: float, seed: int = 0) -> None:
    """Train one trial, from wall time `wall` on, and write what it logs into `folder`."""
    rng = np.random.default_rng([seed, trial.seed, *trial.run.encode()])
    train, test = images.train, images.test
    if trial.standardize:
        middle, spread = train.mean(0), train.std(0) + np.float32(0.05)
        train, test = (train - middle) / spread, (test - middle) / spread
    model = _model(trial, train.shape[1], rng)
    now = wall
    with EventWriter(folder, clock=lambda: now, name=f"events.out.tfevents.{int(wall)}.demo.0") as writer:
        writer.hparams(trial.hparams, group=trial.group)
        now += _PREPARATION_SECONDS
        usual = _STEP_SECONDS + _SECONDS_PER_UNIT * trial.batch * trial.hidden
        for step in range(STEPS):
            evaluates = step % _EVALUATE_EVERY == 0 or step == STEPS - 1
            evaluation = model.loss(test, images.test_labels) if evaluates else None
            chosen = rng.integers(0, len(train), trial.batch)
            loss, accuracy = model.learn(train[chosen], images.labels[chosen], step + 1)
            seconds = usual * (1 + 0.1 * rng.gamma(1.5))
            now += seconds
            ends = step == STEPS - 1 or not math.isfinite(loss)
            if ends and evaluation is None:
                evaluation = model.loss(test, images.test_labels)
            values = {"train/loss": loss, "train/accuracy": accuracy} if step % _LOG_EVERY == 0 or ends else {}
            if evaluation is not None:
                now += _EVALUATION_SECONDS
                values |= {"eval/loss": evaluation[0], "eval/accuracy": evaluation[1], "time/step_seconds": seconds}
            if values:
                writer.scalars(values, step)
            if trial.killed and step == trial.killed:
                return
            if ends:
                writer.session_end("success" if math.isfinite(loss) else "failure")
                return

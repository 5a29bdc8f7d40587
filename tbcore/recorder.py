"""A recording of the demo's training: a few steps of it, operation by operation, in the form of PyTorch's profiler.

    recorder = Recorder(timer)
    train(recorder, network, packed, steps=6)
    recorder.written(base)                        # gzipped JSON, as torch.profiler's trace handler writes it

Every interval is one that was measured, and every allocation that of an array which really came and went.
"""

import gzip
import weakref
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tbcore.formats import chrome_write

Array = NDArray[Any]

PID, TID = 1, 1
_FILE = "tbcore/recorder.py"
_TYPES = {"float32": "float", "int64": "long int", "uint8": "unsigned char", "bool": "bool"}
_BLOCK = 64  # bytes between addresses, which are made up: real ones differ every time
_INFO = {"schemaVersion": 1, "deviceProperties": [], "profile_memory": 1, "record_shapes": 1, "with_stack": 1,
         "with_modules": 1, "displayTimeUnit": "ms"}  # fmt: skip
_HOST = {"Device Type": 0, "Device Id": -1}


class Recorder:
    """What ran when. timer: gives seconds."""

    def __init__(self, timer: Callable[[], float]) -> None:
        self._timer = timer
        self._begun = timer()
        # Kept as they come and spelled in the end, so that recording takes little of the time it records.
        self._calls: list[tuple[str, str, int, int, tuple[Any, ...]]] = []
        self._allocations: list[tuple[int, int, int]] = []
        self._count = 0
        self._frames: list[int] = []
        self._modules: dict[str, int] = {}
        self._next = _BLOCK

    def now(self) -> int:
        """Return the nanoseconds since the beginning."""
        return round((self._timer() - self._begun) * 1e9)

    def op(self, name: str, run: Callable[..., Array], *arrays: Any, forward: int = 0, backward: int = 0) -> Array:
        """Return what `run` makes of arrays, recorded as an operator; forward, backward: number that ties one to the other."""
        start = self.now()
        result = run(*arrays)
        self.holds(result)
        shapes = [(getattr(one, "shape", ()), getattr(one, "dtype", None)) for one in arrays]
        self._calls.append((name, "cpu_op", start, self.now(), (shapes, forward, backward)))
        return result

    @contextmanager
    def annotation(self, name: str) -> Iterator[None]:
        """Record what happens inside under a name."""
        start = self.now()
        yield
        self._calls.append((name, "user_annotation", start, self.now(), ()))

    @contextmanager
    def frame(self, function: Callable[..., Any]) -> Iterator[None]:
        """Record a call of a function."""
        code = function.__code__
        with self._frame(f"{_FILE}({code.co_firstlineno}): {code.co_name}", None):
            yield

    @contextmanager
    def module(self, name: str) -> Iterator[None]:
        """Record a call of a part of the network."""
        number = self._modules.setdefault(name, len(self._modules))
        with self._frame(f"nn.Module: {name}_0", number):
            yield

    @contextmanager
    def _frame(self, name: str, module: int | None) -> Iterator[None]:
        self._count += 1
        number, parent = self._count, self._frames[-1] if self._frames else None
        self._frames.append(number)
        start = self.now()
        yield
        self._frames.pop()
        self._calls.append((name, "python_function", start, self.now(), (number, parent, module)))

    def holds(self, array: Array) -> None:
        """Record that an array was made, and when it is let go of; a view of another one takes no memory."""
        if not isinstance(array, np.ndarray) or array.base is not None or not array.nbytes:
            return
        address, self._next = self._next, self._next + -(-array.nbytes // _BLOCK) * _BLOCK
        self._allocations.append((self.now(), address, array.nbytes))
        weakref.finalize(array, self._freed, address, -array.nbytes).atexit = False

    def _freed(self, address: int, size: int) -> None:
        self._allocations.append((self.now(), address, size))

    # How it is written --------------------------------------------------------------------------------------------------

    def written(self, base: int, host: str) -> bytes:
        """Return the recording as gzipped JSON. base: nanoseconds since the epoch of its beginning."""
        about = {"process_name": {"name": "python"}, "process_labels": {"labels": "CPU"},
                 "thread_name": {"name": "thread 1 (python)"}}  # fmt: skip
        heads = [chrome_write.line("M", name, PID, TID, 0, args=args) for name, args in about.items()]
        events = sorted([*self._called(), *self._tied(), *self._remembered()], key=itemgetter(0, 1))
        info = _INFO | {"host_name": host, "baseTimeNanoseconds": base}
        pieces = chrome_write.document([*heads, *(line for _start, _longer, line in events)], info)
        return gzip.compress(b"".join(pieces), mtime=0)

    def _called(self) -> Iterator[tuple[int, int, str]]:
        for number, (name, category, start, end, more) in enumerate(self._calls, 1):
            args = _ARGUMENTS[category](number, *more)
            yield start, start - end, chrome_write.line("X", name, PID, TID, start, end - start, category, args)

    def _tied(self) -> Iterator[tuple[int, int, str]]:
        """Yield the arrows from operators to those that go back through them."""
        begun: dict[int, int] = {}
        count = 0
        for _name, category, start, _end, more in self._calls:
            if category != "cpu_op":
                continue
            _shapes, forward, backward = more
            if forward:
                begun[forward] = start
            elif backward in begun:
                count += 1
                for phase, at, side in (("s", begun.pop(backward), {}), ("f", start, {"bp": "e"})):
                    arrow = {"id": count, **side}
                    yield at, 0, chrome_write.line(phase, "fwdbwd", PID, TID, at, category="fwdbwd", more=arrow)

    def _remembered(self) -> Iterator[tuple[int, int, str]]:
        held = 0
        for at, address, size in self._allocations:
            held += size
            args = {"Total Reserved": 0, "Total Allocated": held, "Bytes": size, "Addr": address, **_HOST}
            yield at, 0, chrome_write.line("i", "[memory]", PID, TID, at, None, "cpu_instant_event", args, {"s": "t"})


def _op(number: int, shapes: Sequence[tuple[tuple[int, ...], Any]], forward: int, backward: int) -> dict[str, Any]:
    tied = forward or backward
    return {
        "External id": number,
        "Input Dims": [list(shape) for shape, _dtype in shapes],
        "Input type": [_TYPES.get(str(dtype), "") for _shape, dtype in shapes],
        **({"Sequence number": tied} if tied else {}),
    }


def _python(_number: int, own: int, parent: int | None, module: int | None) -> dict[str, Any]:
    return {"Python parent id": parent, "Python id": own, **({} if module is None else {"Python module id": module})}


# What is written with the events of a category.
_ARGUMENTS: dict[str, Callable[..., dict[str, Any]]] = {
    "cpu_op": _op,
    "user_annotation": lambda number: {"External id": number},
    "python_function": _python,
}


# What is recorded ----------------------------------------------------------------------------------------------------


@dataclass
class Layers:
    """Weights [inputs, outputs], biases [outputs] and their velocities, layer by layer, with what moves them."""

    names: Sequence[str]
    weights: list[Array]
    biases: list[Array]
    rate: float
    momentum: float
    decay: float
    velocities: list[list[Array]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.velocities = [[np.zeros_like(one) for one in some] for some in (self.weights, self.biases)]


@dataclass(frozen=True)
class Packed:
    """Images [n, pixels] between 0 and 1 as a disk holds them, each compressed by itself, with their labels [n].

    together: whether a batch is cut out of a table that was unpacked before, instead of image by image.
    """

    images: Sequence[bytes]
    labels: NDArray[np.int64]
    together: bool
    table: Array

    @classmethod
    def of(cls, images: Array, labels: NDArray[np.int64], *, together: bool) -> "Packed":
        """Return images packed."""
        levels = np.round(images * 16).astype(np.uint8)
        return cls([zlib.compress(one.tobytes()) for one in levels], labels, together, images)


def train(recorder: Recorder, layers: Layers, data: Packed, batches: Iterable[NDArray[Any]]) -> None:
    """Train on batches, each of which tells the places of its images, and record every step."""
    for one in (*layers.weights, *layers.biases, *layers.velocities[0], *layers.velocities[1]):
        recorder.holds(one)
    with recorder.frame(train):
        for number, places in enumerate(batches):
            with recorder.annotation(f"ProfilerStep#{number}"):
                with recorder.annotation("load_batch"), recorder.frame(load):
                    images, labels = load(recorder, data, places)
                with recorder.annotation("forward"), recorder.module("Network"):
                    inputs, scores = _forward(recorder, layers, images)
                with recorder.annotation("loss"), recorder.frame(_error):
                    error = _error(recorder, scores, labels)
                with recorder.annotation("backward"), recorder.frame(_backward):
                    gradients = _backward(recorder, layers, inputs, error)
                with recorder.annotation("Optimizer.step#Momentum.step"), recorder.frame(_step):
                    _step(recorder, layers, gradients)


def load(recorder: Recorder, data: Packed, places: NDArray[Any]) -> tuple[Array, Array]:
    """Return the images and labels of a batch."""
    if data.together:
        return recorder.op("numpy::take", data.table.__getitem__, places), data.labels[places]
    found = [
        recorder.op("numpy::unpack", lambda packed: np.frombuffer(zlib.decompress(packed), np.uint8) / np.float32(16),
                    data.images[place])
        for place in places
    ]  # fmt: skip
    return recorder.op("numpy::stack", lambda *rows: np.stack(rows), *found), data.labels[places]


def _forward(recorder: Recorder, layers: Layers, images: Array) -> tuple[list[Array], Array]:
    """Return what each layer takes, and the log-probabilities."""
    taken = [images]
    last = len(layers.weights) - 1
    scores = images
    for number, name in enumerate(layers.names):
        with recorder.module(name):
            product = recorder.op("numpy::matmul", np.matmul, taken[-1], layers.weights[number], forward=number + 1)
            scores = recorder.op("numpy::add", np.add, product, layers.biases[number])
            if number < last:
                taken.append(recorder.op("numpy::maximum", lambda one: np.maximum(one, 0), scores))
    with recorder.module("LogSoftmax"):
        shifted = recorder.op("numpy::subtract", lambda one: one - one.max(1, keepdims=True), scores)
        powers = recorder.op("numpy::exp", np.exp, shifted)
        sums = recorder.op("numpy::sum", lambda one: np.log(one.sum(1, keepdims=True)), powers)
        return taken, recorder.op("numpy::subtract", np.subtract, shifted, sums)


def _error(recorder: Recorder, scores: Array, labels: Array) -> Array:
    """Return the gradient of the mean cross-entropy with respect to the scores."""
    recorder.op("numpy::mean", lambda one: -one[np.arange(len(labels)), labels].mean(), scores)
    error = recorder.op("numpy::exp", np.exp, scores)
    error[np.arange(len(labels)), labels] -= 1
    return recorder.op("numpy::divide", lambda one: one / np.float32(len(labels)), error)


def _backward(recorder: Recorder, layers: Layers, taken: list[Array], error: Array) -> list[list[Array]]:
    """Return the gradients of weights and biases."""
    weights, biases = [], []
    for number in reversed(range(len(layers.weights))):
        product = recorder.op(
            "numpy::matmul", lambda one, other: one.T @ other, taken[number], error, backward=number + 1
        )
        decayed = recorder.op("numpy::multiply", lambda one: np.float32(layers.decay) * one, layers.weights[number])
        weights.append(recorder.op("numpy::add", np.add, product, decayed))
        biases.append(recorder.op("numpy::sum", lambda one: one.sum(0), error))
        if number:
            back = recorder.op("numpy::matmul", lambda one, other: one @ other.T, error, layers.weights[number])
            error = recorder.op("numpy::multiply", lambda one, other: one * (other > 0), back, taken[number])
    return [weights[::-1], biases[::-1]]


def _step(recorder: Recorder, layers: Layers, gradients: list[list[Array]]) -> None:
    """Move weights and biases against their gradients, in place."""

    def move(parameter: Array, velocity: Array, gradient: Array) -> Array:
        velocity *= np.float32(layers.momentum)
        velocity -= np.float32(layers.rate) * gradient
        parameter += velocity
        return np.empty(0, np.float32)

    for parameters, velocities, some in zip((layers.weights, layers.biases), layers.velocities, gradients, strict=True):
        for parameter, velocity, gradient in zip(parameters, velocities, some, strict=True):
            recorder.op("numpy::momentum_", move, parameter, velocity, gradient)

"""The graph of the demo's networks: every operation of a step of training, in the terms of TensorFlow.

It is what the demo computes, not a picture of it: `run` carries a graph out with NumPy, timing each operation, and gives
the same loss and gradients as the training itself.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tbcore.formats.graphdef import Attr, GraphDef, RunMetadataMessage
from tbcore.formats.schema import DataType, TensorShapeProto
from tbcore.formats.tensors import tensor_proto

Array = NDArray[Any]
Rule = Callable[..., Any]

DEVICE = "/job:localhost/replica:0/task:0/device:CPU:0"
_PRODUCER = 1087  # a version of the format that every reader knows
_TYPES = {"float32": DataType.FLOAT, "int64": DataType.INT64, "int32": DataType.INT32, "bool": DataType.BOOL}
_VELOCITY = "velocity"


@dataclass(frozen=True)
class Operation:
    """One operation. run: takes the arrays of its inputs and gives one, None for what is fed or only orders others.

    batched: whether the first length of what it gives is how many images are in a batch.
    """

    name: str
    op: str
    inputs: tuple[str, ...] = ()
    run: Rule | None = None
    batched: bool = False
    attributes: Mapping[str, Any] = field(default_factory=dict)


def operations(sizes: Sequence[int], *, batch: int, momentum: float, decay: float, careless: bool) -> list[Operation]:
    """Return what a step of training does to layers of these sizes, the pixels first and the classes last.

    careless: exponentiate the scores as they are, instead of subtracting the largest one first.
    """
    names = [f"hidden{number}" for number in range(1, len(sizes) - 1)] + ["output"]
    found = [_fed("images", "float32", (None, sizes[0])), _fed("labels", "int64", (None,))]
    taken = ["images"]
    for name, shape in zip(names, pairwise(sizes), strict=True):
        found += _layer(name, taken[-1], shape, relu=name != "output")
        taken.append(f"{name}/Relu")
    found += _loss("output/BiasAdd", careless=careless)
    found += [
        Operation("accuracy/ArgMax", "ArgMax", ("loss/log_probabilities",), lambda scores: scores.argmax(1), True),
        Operation("accuracy/Equal", "Equal", ("accuracy/ArgMax", "labels"), np.equal, True),
        Operation("accuracy/Cast", "Cast", ("accuracy/Equal",), lambda right: right.astype(np.float32), True),
        Operation("accuracy/Mean", "Mean", ("accuracy/Cast",), _mean),
    ]
    found += _gradients(names, taken, batch, decay, sizes[-1])
    found += [
        _fed("Momentum/learning_rate", "float32", ()),
        _constant("Momentum/momentum", momentum),
        *(
            part
            for name, shape in zip(names, pairwise(sizes), strict=True)
            for kind, lengths in (("weights", shape), ("bias", shape[1:]))
            for part in _applied(name, kind, lengths, "decayed" if decay and kind == "weights" else kind)
        ),
    ]
    applied = tuple(f"^{one.name}" for one in found if one.op == "ResourceApplyKerasMomentum")
    return [*found, Operation("Momentum/step", "NoOp", applied)]


def _fed(name: str, dtype: str, shape: Sequence[int | None]) -> Operation:
    """Return what is fed at every step."""
    return Operation(name, "Placeholder", batched=bool(shape), attributes={"dtype": _TYPES[dtype], "shape": shape})


def _constant(name: str, value: float) -> Operation:
    held = np.float32(value)
    return Operation(name, "Const", (), lambda: held, attributes={"dtype": DataType.FLOAT, "value": held})


def _variable(name: str, shape: Sequence[int]) -> list[Operation]:
    """Return a variable, whose array is fed, and what reads it."""
    attributes = {"dtype": DataType.FLOAT, "shape": shape, "shared_name": name}
    read = Operation(f"{name}/Read/ReadVariableOp", "ReadVariableOp", (name,), lambda held: held)
    return [Operation(name, "VarHandleOp", attributes=attributes), read]


def _layer(name: str, takes: str, shape: Sequence[int], *, relu: bool) -> list[Operation]:
    found = [
        *_variable(f"{name}/weights", shape),
        *_variable(f"{name}/bias", shape[1:]),
        Operation(f"{name}/MatMul", "MatMul", (takes, f"{name}/weights/Read/ReadVariableOp"), np.matmul, True),
        Operation(f"{name}/BiasAdd", "BiasAdd", (f"{name}/MatMul", f"{name}/bias/Read/ReadVariableOp"), np.add, True),
    ]
    if relu:
        found.append(Operation(f"{name}/Relu", "Relu", (f"{name}/BiasAdd",), lambda array: np.maximum(array, 0), True))
    return found


def _loss(scores: str, *, careless: bool) -> list[Operation]:
    """Return the mean cross-entropy of scores."""
    kept = {"keep_dims": True}
    found = []
    if not careless:
        found = [
            Operation("loss/Max", "Max", (scores,), lambda array: array.max(1, keepdims=True), True, kept),
            Operation("loss/shifted", "Sub", (scores, "loss/Max"), np.subtract, True),
        ]
        scores = "loss/shifted"
    return [
        *found,
        Operation("loss/Exp", "Exp", (scores,), np.exp, True),
        Operation("loss/Sum", "Sum", ("loss/Exp",), lambda array: array.sum(1, keepdims=True), True, kept),
        Operation("loss/Log", "Log", ("loss/Sum",), np.log, True),
        Operation("loss/log_probabilities", "Sub", (scores, "loss/Log"), np.subtract, True),
        Operation("loss/GatherV2", "GatherV2", ("loss/log_probabilities", "labels"), _picked, True, {"batch_dims": 1}),
        Operation("loss/Mean", "Mean", ("loss/GatherV2",), _mean),
        Operation("loss/Neg", "Neg", ("loss/Mean",), np.negative),
    ]


def _mean(array: Array) -> Any:
    return array.mean()


def _picked(array: Array, places: Array) -> Array:
    picked: Array = array[np.arange(len(places)), places]
    return picked


def _gradients(names: Sequence[str], taken: Sequence[str], batch: int, decay: float, classes: int) -> list[Operation]:
    """Return the way back. taken: what each layer takes."""
    one_hot = np.eye(classes, dtype=np.float32)
    found = [
        Operation("gradients/loss/Exp", "Exp", ("loss/log_probabilities",), np.exp, True),
        Operation("gradients/loss/OneHot", "OneHot", ("labels",), lambda labels: one_hot[labels], True),
        Operation("gradients/loss/Sub", "Sub", ("gradients/loss/Exp", "gradients/loss/OneHot"), np.subtract, True),
        _constant("gradients/loss/batch", batch),
        Operation("gradients/loss/RealDiv", "RealDiv", ("gradients/loss/Sub", "gradients/loss/batch"), np.divide, True),
    ]
    found += [_constant("gradients/weight_decay", decay)] if decay else []
    error = "gradients/loss/RealDiv"
    for layer, name in reversed(list(enumerate(names))):
        scope, read = f"gradients/{name}", f"{name}/weights/Read/ReadVariableOp"
        found.append(
            Operation(
                f"{scope}/weights", "MatMul", (taken[layer], error), lambda array, error: array.T @ error,
                attributes={"transpose_a": True},
            )
        )  # fmt: skip
        if decay:
            found += [
                Operation(f"{scope}/decay", "Mul", (read, "gradients/weight_decay"), np.multiply),
                Operation(f"{scope}/decayed", "AddV2", (f"{scope}/weights", f"{scope}/decay"), np.add),
            ]
        found.append(Operation(f"{scope}/bias", "Sum", (error,), lambda array: array.sum(0)))
        if layer:
            found += [
                Operation(
                    f"{scope}/MatMul", "MatMul", (error, read), lambda error, weight: error @ weight.T, True,
                    {"transpose_b": True},
                ),
                Operation(
                    f"gradients/{names[layer - 1]}/ReluGrad", "ReluGrad", (f"{scope}/MatMul", taken[layer]),
                    lambda error, array: error * (array > 0), True,
                ),
            ]  # fmt: skip
            error = f"gradients/{names[layer - 1]}/ReluGrad"
    return found


def _applied(name: str, kind: str, shape: Sequence[int], gradient: str) -> list[Operation]:
    """Return what moves a variable: velocity = momentum * velocity - rate * gradient, variable += velocity."""
    scope = f"Momentum/{name}/{kind}"
    velocity, _read = _variable(f"{scope}/{_VELOCITY}", shape)
    takes = (
        f"{name}/{kind}",
        velocity.name,
        "Momentum/learning_rate",
        f"gradients/{name}/{gradient}",
        "Momentum/momentum",
    )
    return [velocity, Operation(f"{scope}/ResourceApplyKerasMomentum", "ResourceApplyKerasMomentum", takes, _moved)]


def _moved(variable: Array, velocity: Array, rate: Array, gradient: Array, momentum: Array) -> Array:
    moved: Array = variable + (velocity * momentum - rate * gradient)
    return moved


# Carrying it out -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ran:
    """What an operation gave, when it began after the first one, and how long it took; in seconds."""

    array: Array
    start: float
    seconds: float


def run(
    graph: Sequence[Operation], fed: Mapping[str, Array], timer: Callable[[], float] = time.perf_counter
) -> dict[str, Ran]:
    """Return what each operation gives, by name. fed: the arrays of placeholders and variables; they stay as they are.

    Velocities that are not fed are zero, as they are when training begins.
    """
    done: dict[str, Ran] = {}
    first = timer()
    for one in graph:
        taken = [done[name].array for name in one.inputs if not name.startswith("^")]
        if one.run is None and one.op == "NoOp":
            continue
        began = timer()
        if one.run is not None:
            array = one.run(*taken)
        elif one.name in fed:
            array = fed[one.name]
        else:
            array = np.zeros([length or 0 for length in one.attributes["shape"]], np.float32)
        ended = timer()
        done[one.name] = Ran(np.asarray(array), began - first, ended - began)
    return done


# As bytes ------------------------------------------------------------------------------------------------------------


def graph_def(graph: Sequence[Operation], ran: Mapping[str, Ran]) -> bytes:
    """Return the graph as a GraphDef. ran: what tells the shapes and types of what each operation gives."""
    message = GraphDef()
    message.versions.producer = _PRODUCER
    for one in graph:
        node = message.node.add(name=one.name, op=one.op, input=list(one.inputs), device=DEVICE)
        given = ran.get(one.name)
        attributes = dict(one.attributes)
        if given is not None and "dtype" not in attributes:
            attributes["T"] = _TYPES[given.array.dtype.name]
        node.attr.extend(_attribute(key, value) for key, value in sorted(attributes.items()))
        if given is not None and one.op != "ResourceApplyKerasMomentum":
            node.attr.append(_shapes(_lengths(one, given)))
    data: bytes = message.SerializeToString()
    return data


def _lengths(one: Operation, given: Ran) -> list[int]:
    if one.op == "VarHandleOp":
        return []  # the handle, not what it holds
    return [-1 if one.batched and place == 0 else length for place, length in enumerate(given.array.shape)]


def _attribute(key: str, value: Any) -> bytes:
    entry = Attr(key=key)
    if isinstance(value, bool):
        entry.value.b = value
    elif isinstance(value, DataType):
        entry.value.type = value
    elif isinstance(value, int):
        entry.value.i = value
    elif isinstance(value, str):
        entry.value.s = value.encode()
    elif isinstance(value, np.generic):
        entry.value.tensor.CopyFrom(tensor_proto(np.asarray(value)))
    else:
        entry.value.shape.CopyFrom(_shape([-1 if length is None else length for length in value]))
    data: bytes = entry.SerializeToString()
    return data


def _shapes(lengths: Sequence[int]) -> bytes:
    entry = Attr(key="_output_shapes")
    entry.value.list.shape.append(_shape(lengths))
    data: bytes = entry.SerializeToString()
    return data


def _shape(lengths: Sequence[int]) -> Any:
    return TensorShapeProto(dim=[TensorShapeProto.Dim(size=length) for length in lengths])


def run_metadata(ran: Mapping[str, Ran], wall_time: float) -> bytes:
    """Return what was measured as a RunMetadata. wall_time: seconds since the epoch, when it began."""
    message = RunMetadataMessage()
    device = message.step_stats.dev_stats.add(device=DEVICE)
    for name, given in ran.items():
        start = round((wall_time + given.start) * 1e9)
        nanos = max(1, round(given.seconds * 1e9))
        stats = device.node_stats.add(
            node_name=name,
            all_start_micros=start // 1000,
            all_end_rel_micros=max(1, nanos // 1000),
            all_start_nanos=start,
            all_end_rel_nanos=nanos,
        )
        stats.memory.add(total_bytes=given.array.nbytes)
        output = stats.output.add(slot=0)
        output.tensor_description.dtype = _TYPES[given.array.dtype.name]
        output.tensor_description.shape.CopyFrom(_shape(given.array.shape))
    data: bytes = message.SerializeToString()
    return data

"""Models of Keras as graphs of layers: the JSON of `model.to_json()`, of Keras 2 and of Keras 3.

A layer is one node, named by its models and its own name, also when it is called several times: then it takes what each
call takes and gives what each call gives. A model inside a model is no node: its first layers take what it is called
with, and whoever takes from it takes from its last layers. A wrapper, such as Bidirectional, is one layer.

Nothing is built or executed, the code inside of a Lambda neither. What Keras 2 writes about a layer's inputs is
[name, call, output, {...}], in Keras 3 it is a record of each tensor, with its shape.
Source: keras.models.model_to_json (Keras 3), tf_keras.models.Model.to_json (Keras 2), and the JSON that they write.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from tbcore.errors import MessageError
from tbcore.formats import keras_shapes
from tbcore.formats.graphs import Graph, Input, Node, Output, Shape

_DEEPEST = 40  # models inside each other
_MOST_OUTPUTS = 1000  # of all calls of a layer, however many it is said to have
_TENSOR = "__keras_tensor__"
_HALVES = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")  # of characters: one alone can be neither sent nor saved
# Keras computes in another type than it keeps weights in, under policies of this name.
_MIXED = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}
_ORDER = {"query": 0, "value": 1, "key": 2}  # the first, second and third argument of what attends
_INTEGER_OPERATIONS = ("Argmax", "Argmin", "ArgMax", "ArgMin", "Argsort")


class _Tensor(NamedTuple):
    """What a layer takes: output `slot` of call `call` of the layer `layer`, what is said of it, and as what it is taken."""

    layer: str
    call: int
    slot: int
    output: Output = Output()
    key: str = ""


@dataclass
class _Layer:
    """A layer of a model, with what each of its calls takes. model: what is inside, when it is one."""

    name: str
    kind: str
    path: str
    config: Mapping[str, Any]
    written: Mapping[str, Any]
    calls: list[list[_Tensor]]
    model: "_Model | None" = None
    slots: int = 1  # outputs of one call
    outputs: list[Output] = field(default_factory=list)  # of all calls
    inputs: list[Input] = field(default_factory=list)
    first_call: int = 0  # the number that the writer gives to the first call


@dataclass
class _Model:
    """A model: its layers in the order written, and which of them take and give what it takes and gives."""

    layers: list[_Layer]
    by_name: dict[str, _Layer]
    first: list[_Tensor]
    last: list[_Tensor]


def graph(data: bytes | str) -> Graph:
    """Return the layers of a model. Raises MessageError when `data` is not the JSON of a model of Keras.

    A model that is Python code of its own tells no layers in its JSON: it is one node, and a problem says so.
    """
    try:
        written = json.loads(data)
        if _HALVES.search(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")):
            whole = json.dumps(written, ensure_ascii=False).encode("utf-8", "replace")
            written = json.loads(whole)
    except (ValueError, RecursionError) as error:
        raise MessageError(f"the JSON of a Keras model does not parse: {' '.join(str(error).split())}") from error
    if not isinstance(written, dict) or not isinstance(written.get("class_name"), str) or "config" not in written:
        raise MessageError("JSON without the class_name and config of a Keras model")
    config = _config(written)
    name = str(config.get("name") or written["class_name"])
    if not _is_model(config):
        node = Node(name, written["class_name"], attributes=_attributes(written, config), module=written["class_name"])
        problem = (
            f"{written['class_name']} is a model in Python code of its own: its JSON tells no layers. "
            "Log the graph of a traced function to see what is inside."
        )
        return Graph((node,), form="keras", producer=_producer(written), problems=(problem,))
    model = _read(config, name, 0)
    _feed(model, [])
    nodes = tuple(_nodes(model))
    missing = sorted(
        {source for node in nodes for source, _slot, _control in node.inputs} - {node.name for node in nodes}
    )
    problems = tuple(
        f"a layer takes what {source!r} gives, which is not a layer of the model" for source in missing[:20]
    )
    return Graph(nodes, form="keras", producer=_producer(written), problems=problems)


def _producer(written: Mapping[str, Any]) -> str:
    version = written.get("keras_version")
    if isinstance(version, str):
        return f"Keras {version}"
    return "Keras 3" if "module" in written else "Keras"


def _is_model(config: Mapping[str, Any]) -> bool:
    return isinstance(config.get("layers"), list) and all(isinstance(layer, dict) for layer in config["layers"])


def _config(written: Mapping[str, Any]) -> Mapping[str, Any]:
    config = written.get("config")
    if isinstance(config, list):
        return {"layers": config}  # a Sequential of Keras before 2.2.3
    return config if isinstance(config, dict) else {}


# Reading -------------------------------------------------------------------------------------------------------------


def _read(config: Mapping[str, Any], path: str, depth: int) -> _Model:
    """Return a model with its layers, and the models among them."""
    if depth > _DEEPEST:
        raise MessageError(f"the models lie more than {_DEEPEST} deep inside each other")
    names = {str(layer.get("name") or _config(layer).get("name") or "") for layer in config["layers"]}
    layers: list[_Layer] = []
    for place, one in enumerate(config["layers"]):
        own = _config(one)
        kind = one.get("class_name")
        kind = kind if isinstance(kind, str) else ""
        name = str(one.get("name") or own.get("name") or f"{kind.lower() or 'layer'}_{place}")
        whole = f"{path}/{name}"
        layer = _Layer(name, kind, whole, own, one, _calls(one.get("inbound_nodes"), names))
        if _is_model(own):
            layer.model = _read(own, whole, depth + 1)
        layers.append(layer)
    by_name = {layer.name: layer for layer in layers}
    first, last = (list(_tensors(config.get(key), names)) for key in ("input_layers", "output_layers"))
    if "input_layers" not in config:  # a Sequential
        for before, layer in pairwise(layers):
            layer.calls = [[_Tensor(before.name, 0, 0)]]
        first, last = ([_Tensor(layer.name, 0, 0) for layer in ends] for ends in (layers[:1], layers[-1:]))
    _count_calls(by_name, last)
    return _Model(layers, by_name, first, last)


def _calls(inbound: Any, names: set[str]) -> list[list[_Tensor]]:
    """Return what each call of a layer takes."""
    if not isinstance(inbound, list):
        return []
    calls = []
    for call in inbound:
        if isinstance(call, dict) and ("args" in call or "kwargs" in call):
            found = [*_tensors(call.get("args"), names), *_tensors(call.get("kwargs"), names)]
        else:
            found = list(_tensors(call, names))
        # Keras takes them in this order when they are not named.
        calls.append(sorted(found, key=lambda tensor: _ORDER.get(tensor.key, 3 if tensor.key.endswith("mask") else 0)))
    return calls


def _tensors(value: Any, names: set[str], key: str = "") -> Iterator[_Tensor]:
    """Yield every tensor in what was written, with the key of the mapping it lies in; mappings by their keys."""
    if isinstance(value, dict):
        if value.get("class_name") == _TENSOR:
            found = _record(value.get("config"))
            if found is not None:
                yield found._replace(key=key)
            return
        for name in sorted(value, key=str):
            yield from _tensors(value[name], names, str(name))
    elif isinstance(value, list):
        if len(value) in (3, 4) and isinstance(value[0], str) and value[0] in names and _are_places(value[1:3]):
            yield _Tensor(value[0], value[1], value[2], key=key)
            yield from _tensors(value[3] if len(value) == 4 else None, names, key)
        else:
            for one in value:
                yield from _tensors(one, names, key)


def _are_places(pair: list[Any]) -> bool:
    return all(isinstance(number, int) and not isinstance(number, bool) and number >= 0 for number in pair)


def _record(config: Any) -> _Tensor | None:
    """Return the tensor that Keras 3 describes, None when it does not say whose it is."""
    if not isinstance(config, dict):
        return None
    history = config.get("keras_history")
    if not isinstance(history, list) or len(history) < 3 or not _are_places(history[1:3]):
        return None
    return _Tensor(
        str(history[0]), history[1], history[2], Output(_text(config.get("dtype") or ""), _shape(config.get("shape")))
    )


def _shape(written: Any) -> Shape | None:
    """Return a shape as it is written in JSON, None when it is none."""
    return tuple(written) if isinstance(written, list) and keras_shapes.is_shape(written) else None


def _count_calls(by_name: Mapping[str, _Layer], last: Sequence[_Tensor]) -> None:
    """Find out how many outputs each layer has, how its calls are numbered, and what their shapes are said to be."""
    asked: dict[str, list[_Tensor]] = {}
    for layer in by_name.values():
        for call in layer.calls:
            for tensor in call:
                asked.setdefault(tensor.layer, []).append(tensor)
    for tensor in last:
        asked.setdefault(tensor.layer, []).append(tensor)
    for name, tensors in asked.items():
        if name not in by_name:
            continue
        layer = by_name[name]
        layer.slots = min(1 + max(tensor.slot for tensor in tensors), _MOST_OUTPUTS // max(1, len(layer.calls)) or 1)
        # Keras 2 counts a call that is not written for a model that was called on its own first.
        highest = max(tensor.call for tensor in tensors)
        layer.first_call = max(0, highest + 1 - max(1, len(layer.calls)))
        layer.outputs = [Output()] * (layer.slots * max(1, len(layer.calls)))
        for tensor in tensors:
            place = _place(layer, tensor)
            if layer.model is None and place < len(layer.outputs) and tensor.output.shape is not None:
                layer.outputs[place] = tensor.output


def _place(layer: _Layer, tensor: _Tensor) -> int:
    """Return which of the outputs of all calls of a layer a tensor is."""
    call = min(max(0, tensor.call - layer.first_call), max(0, len(layer.calls) - 1))
    return call * layer.slots + min(tensor.slot, layer.slots - 1)


# What flows where ----------------------------------------------------------------------------------------------------


class _Fed(NamedTuple):
    """What comes to a layer: from which node, what it is, and as what it is taken."""

    source: Input
    output: Output
    key: str = ""


def _feed(model: _Model, given: list[list[_Fed]]) -> None:
    """Tell every layer of a model what it takes; given: what each call of the model takes."""
    inside: dict[str, list[list[_Fed]]] = {}
    for call in given:
        by_key = {fed.key: fed for fed in call if fed.key}
        for place, first in enumerate(model.first):
            fed = by_key.get(first.key) or (call[place] if place < len(call) else None)
            layer = model.by_name.get(first.layer)
            if fed is not None and layer is not None:
                if layer.model is None:
                    _take(layer, [fed])
                else:
                    inside.setdefault(first.layer, []).append([fed._replace(key="")])
    for layer in model.layers:
        calls = [[_given(model, tensor) for tensor in call] for call in layer.calls]
        if layer.model is not None:
            _feed(layer.model, inside.get(layer.name, []) + calls)
            continue
        for number, call in enumerate(calls):
            _take(layer, call, number)
        if not calls and not layer.inputs:
            _take(layer, [])


def _given(model: _Model, tensor: _Tensor) -> _Fed:
    """Return where a tensor of a model comes from: of a model inside it, from the last layers of that."""
    key, layer = tensor.key, model.by_name.get(tensor.layer)
    while layer is not None and layer.model is not None:
        last = layer.model.last
        if not last:
            return _Fed(Input(layer.path), tensor.output, key)
        tensor = last[min(tensor.slot, len(last) - 1)]
        model, layer = layer.model, layer.model.by_name.get(tensor.layer)
    if layer is None:
        return _Fed(Input(tensor.layer, tensor.slot), tensor.output, key)
    place = _place(layer, tensor)
    known = layer.outputs[place] if place < len(layer.outputs) else Output()
    return _Fed(Input(layer.path, place), known if known.shape is not None else tensor.output, key)


def _take(layer: _Layer, call: list[_Fed], place: int = 0) -> None:
    """Let a layer take what one call hands to it, and work out what it gives."""
    layer.inputs += [fed.source for fed in call]
    shapes: list[Shape | None] = [fed.output.shape for fed in call if not fed.key.endswith("mask")]
    built = _shape(_mapping(layer.written.get("build_config")).get("input_shape"))
    if not shapes and layer.kind != "InputLayer":
        first = layer.config.get("batch_input_shape")
        shapes = [_shape(first) if first is not None else built]
    elif shapes == [None]:
        shapes = [built]
    found = keras_shapes.outputs(layer.kind, layer.config, shapes)
    dtype = _dtype(layer, call)
    wanted = max(layer.slots, len(found))
    if wanted > layer.slots and max(1, len(layer.calls)) == 1:
        layer.slots = wanted
    layer.outputs += [Output()] * (layer.slots * max(1, len(layer.calls)) - len(layer.outputs))
    for number, shape in enumerate(found[: layer.slots]):
        where = place * layer.slots + number
        if where < len(layer.outputs) and layer.outputs[where].shape is None:
            layer.outputs[where] = Output(layer.outputs[where].dtype or dtype, shape)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _dtype(layer: _Layer, call: list[_Fed]) -> str:
    """Return the type in which a layer computes, that of what it takes where it has none of its own."""
    name = policy(layer.config.get("dtype"))
    if layer.kind in _INTEGER_OPERATIONS:
        return ""
    return _MIXED.get(name, name) or next((fed.output.dtype for fed in call), "")


def policy(written: Any) -> str:
    """Return the name of a type or of a policy of types, however it is written."""
    if isinstance(written, dict):
        config = _mapping(written.get("config"))
        return policy(config.get("name") or config.get("source_name"))
    return written if isinstance(written, str) else ""


# Nodes ---------------------------------------------------------------------------------------------------------------


def _nodes(model: _Model) -> Iterator[Node]:
    """Yield a node per layer, those of a model inside in its place."""
    for layer in model.layers:
        if layer.model is not None:
            yield from _nodes(layer.model)
            continue
        yield Node(
            layer.path,
            layer.kind,
            tuple(layer.inputs),
            tuple(layer.outputs),
            attributes=_attributes(layer.written, layer.config),
            module=layer.kind,
        )


def _attributes(written: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, str]:
    """Return the configuration of a layer as text, with the module that its class is of and what it was built for."""
    found = {str(key): policy(value) if key == "dtype" else _text(value) for key, value in config.items()}
    for key in ("module", "build_config"):
        if written.get(key) and key not in found:
            found[key] = _text(written[key])
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

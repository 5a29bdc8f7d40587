"""Models of Keras as graphs: what real models wrote is read as Keras itself knows it, and anything else does no harm.

`keras_models.json` holds models of Keras 3.15.1 and of tf_keras 2.21.0 as to_json() wrote them, without initializers and
the like, beside what the models themselves say: parameters, those trained and output shape of each layer, and their edges.
"""

import json
from pathlib import Path

import pytest

from tbcore.errors import FormatError, MessageError
from tbcore.formats import graph_keras
from tbcore.formats.graphs import Input, Output
from tests.fixtures import needs_fixtures, oracle

MODELS = json.loads(Path(__file__).with_name("keras_models.json").read_text(encoding="utf-8"))


def named(model):
    """Return a short name of a model for the list of tests."""
    kinds = [layer["class_name"] for layer in model["model"]["config"]["layers"]]
    return f"{model['writer'].split('.')[0]} {' '.join(kinds[1:4])}".replace(" ", "_")


def tensor(layer, call=0, slot=0, shape=(None, 4), dtype="float32"):
    """Return a tensor as Keras 3 writes it."""
    config = {"shape": list(shape), "dtype": dtype, "keras_history": [layer, call, slot]}
    return {"class_name": "__keras_tensor__", "config": config}


def layer(kind, name, *calls, **config):
    """Return a layer; calls: the positional arguments of each."""
    inbound = [{"args": list(call), "kwargs": {}} for call in calls]
    return {"class_name": kind, "name": name, "config": {"name": name, **config}, "inbound_nodes": inbound}


def functional(name, layers, first, last, **more):
    """Return a model."""
    config = {"name": name, "layers": layers, "input_layers": first, "output_layers": last}
    return {"class_name": "Functional", "name": name, "config": config, **more}


def given(name, length=4):
    """Return an input layer."""
    return layer("InputLayer", name, batch_shape=[None, length], dtype="float32")


def wires(text):
    """Return name -> what a layer takes, as text, of each layer of a model."""
    found = graph_keras.graph(text if isinstance(text, str) else json.dumps(text))
    return {node.name: [f"{one.source}:{one.slot}" for one in node.inputs] for node in found.nodes}


# What real models wrote ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS, ids=named)
def test_the_layers_of_a_real_model_give_what_keras_says(model):
    found = graph_keras.graph(json.dumps(model["model"]))
    shapes = {node.name: node.outputs[0].shape if node.outputs else None for node in found.nodes}
    assert found.problems == ()
    assert found.form == "keras"
    told = {name: tuple(shape) for name, (_all, _trained, shape) in model["layers"].items() if shape is not None}
    code = {node.name for node in found.nodes if node.op in ("Lambda", "SlicingOpLambda")}  # only running it would tell
    # Keras 3 forgets lengths behind an EinsumDense that are known.
    wrong = {
        name: (shapes[name], shape) for name, shape in told.items()
        if name not in code and not same(shapes[name], shape, "einsum" in name)
    }  # fmt: skip
    assert wrong == {}


def same(found, told, loosely):
    """Return whether shapes are equal; loosely: where one is told."""
    if loosely and found is not None and len(found) == len(told):
        return all(two in (None, one) for one, two in zip(found, told, strict=True))
    return found == told


@pytest.mark.parametrize("model", [model for model in MODELS if model["edges"]], ids=named)
def test_the_edges_of_a_real_model_are_those_keras_made(model):
    name = model["model"]["config"]["name"]
    found = graph_keras.graph(json.dumps(model["model"]))
    edges = sorted([one.source, node.name] for node in found.nodes for one in node.inputs)
    assert edges == sorted([f"{name}/{source}", f"{name}/{target}"] for source, target in model["edges"])


@needs_fixtures
def test_names_and_edges_are_those_tensorboard_shows():
    answers = oracle("keras_mnist")
    models = next(truth["keras_model"] for truth in answers["truth"] if "keras_model" in truth)
    shown = {
        row["run"].removesuffix("/train"): {name: takes for name, _op, takes in row["graph"]["list"]}
        for row in answers["http"]["graphs"]
        if row["conceptual"]
    }
    assert len(models) == 3
    for run, text in models.items():
        found = graph_keras.graph(text)
        assert {node.name: [one.source for one in node.inputs] for node in found.nodes} == shown[run]


# How it is wired -----------------------------------------------------------------------------------------------------


def test_a_shared_layer_is_one_node_with_an_output_for_each_call():
    model = functional(
        "m",
        [
            given("a"),
            given("b"),
            layer("Dense", "d", [tensor("a")], [tensor("b")], units=3, dtype="float32"),
            layer("Add", "sum", [[tensor("d", 0, 0, (None, 3)), tensor("d", 1, 0, (None, 3))]]),
        ],
        [["a", 0, 0], ["b", 0, 0]],
        [["sum", 0, 0]],
    )
    assert wires(model) == {"m/a": [], "m/b": [], "m/d": ["m/a:0", "m/b:0"], "m/sum": ["m/d:0", "m/d:1"]}
    shared = graph_keras.graph(json.dumps(model)).nodes[2]
    assert shared.outputs == (Output("float32", (None, 3)), Output("float32", (None, 3)))


def test_what_takes_from_a_model_takes_from_its_last_layers():
    two = functional("two", [given("x"), layer("Dense", "p", [tensor("x")], units=1), layer("Dense", "q", [tensor("x")],
                     units=2)], ["x", 0, 0], [["p", 0, 0], ["q", 0, 0]], inbound_nodes=[{"args": [tensor("a")]}])  # fmt: skip
    model = functional(
        "m",
        [given("a"), two, layer("Concatenate", "c", [[tensor("two", 0, 1), tensor("two", 0, 0)]])],
        ["a", 0, 0],
        ["c", 0, 0],
    )
    assert wires(model) == {
        "m/a": [], "m/two/x": ["m/a:0"], "m/two/p": ["m/two/x:0"], "m/two/q": ["m/two/x:0"],
        "m/c": ["m/two/q:0", "m/two/p:0"],
    }  # fmt: skip


def test_the_inputs_of_a_model_are_told_apart_by_their_names():
    inner = functional(
        "in", [given("k"), given("j"), layer("Subtract", "s", [[tensor("j"), tensor("k")]])],
        {"one": ["j", 0, 0], "two": ["k", 0, 0]}, ["s", 0, 0],
        inbound_nodes=[{"args": [{"two": tensor("b"), "one": tensor("a")}], "kwargs": {"training": None}}],
    )  # fmt: skip
    model = functional("m", [given("a"), given("b"), inner], [["a", 0, 0], ["b", 0, 0]], [["in", 0, 0]])
    assert wires(model)["m/in/j"] == ["m/a:0"]
    assert wires(model)["m/in/k"] == ["m/b:0"]


def test_a_model_that_is_called_twice_takes_both_times():
    inner = {
        "class_name": "Sequential", "name": "in",
        "config": {"name": "in", "layers": [given("x"), layer("Dense", "d", units=4)]},
        "inbound_nodes": [{"args": [tensor("a")]}, {"args": [tensor("in", 0, 0)]}],
    }  # fmt: skip
    model = functional("m", [given("a"), inner], ["a", 0, 0], ["in", 1, 0])
    assert wires(model) == {"m/a": [], "m/in/x": ["m/a:0", "m/in/d:0"], "m/in/d": ["m/in/x:0"]}


def test_models_in_a_chain_feed_each_other():
    def chain(name, *layers):
        return {"class_name": "Sequential", "config": {"name": name, "layers": list(layers)}}

    plain = {"class_name": "Flatten", "config": {"name": "f", "batch_input_shape": [None, 2, 3]}}
    model = chain("m", plain, chain("in", chain("deep", layer("ReLU", "r"))), layer("Dense", "d", units=1))
    for one in model["config"]["layers"][1]["config"]["layers"][0]["config"]["layers"] + model["config"]["layers"][2:]:
        del one["inbound_nodes"]
    assert wires(model) == {"m/f": [], "m/in/deep/r": ["m/f:0"], "m/d": ["m/in/deep/r:0"]}
    assert [node.outputs[0].shape for node in graph_keras.graph(json.dumps(model)).nodes] == [
        (None, 6),
        (None, 6),
        (None, 1),
    ]


def test_keyword_arguments_are_inputs_in_the_order_of_query_value_and_key():
    attention = layer("MultiHeadAttention", "a")
    attention["inbound_nodes"] = [
        {
            "args": [tensor("q")],
            "kwargs": {"key": tensor("k"), "attention_mask": tensor("m", dtype="bool"), "value": tensor("v")},
        }
    ]
    model = functional("m", [given("q"), given("k"), given("v"), given("m"), attention], [["q", 0, 0]], [["a", 0, 0]])
    assert wires(model)["m/a"] == ["m/q:0", "m/v:0", "m/k:0", "m/m:0"]


def test_keras_2_names_its_inputs_in_lists_also_inside_of_keyword_arguments():
    def old(kind, name, *calls, **config):
        return {"class_name": kind, "name": name, "config": {"name": name, **config}, "inbound_nodes": list(calls)}

    model = functional(
        "m",
        [
            old("InputLayer", "x", batch_input_shape=[None, 2, 4], dtype="float32"),
            old("InputLayer", "y", batch_input_shape=[None, 3, 4], dtype="float32"),
            old("MultiHeadAttention", "a", [["x", 0, 0, {"value": ["y", 0, 0]}]], num_heads=1, key_dim=2),
            old("TFOpLambda", "tf.math.add", [["a", 0, 0, {"y": 2.0, "name": None}]], function="math.add"),
            old("TFOpLambda", "tf.nn.relu", ["tf.math.add", 0, 0, {}], function="nn.relu"),
        ],
        [["x", 0, 0], ["y", 0, 0]],
        [["tf.nn.relu", 0, 0]],
    )
    assert wires(model) == {
        "m/x": [], "m/y": [], "m/a": ["m/x:0", "m/y:0"], "m/tf.math.add": ["m/a:0"], "m/tf.nn.relu": ["m/tf.math.add:0"],
    }  # fmt: skip
    assert graph_keras.graph(json.dumps(model)).nodes[-1].outputs == (Output("float32", (None, 2, 4)),)


def test_a_configuration_is_kept_as_text():
    policy = {"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}
    model = functional(
        "m", [given("x"), layer("Dense", "d", [tensor("x")], units=3, use_bias=True, activation="relu", dtype=policy)],
        ["x", 0, 0], ["d", 0, 0],
    )  # fmt: skip
    dense = graph_keras.graph(json.dumps(model)).nodes[1]
    assert dense.attributes == {
        "name": "d", "units": "3", "use_bias": "true", "activation": "relu", "dtype": "mixed_float16",
    }  # fmt: skip
    assert (dense.op, dense.module, dense.inputs) == ("Dense", "Dense", (Input("m/x", 0),))
    assert dense.outputs == (Output("float16", (None, 3)),)


def test_a_model_of_code_is_one_node_and_says_so():
    text = json.dumps({"class_name": "Mine", "config": {"trainable": True}, "build_config": {"input_shape": [1, 4]}})
    found = graph_keras.graph(text)
    assert [(node.name, node.module) for node in found.nodes] == [("Mine", "Mine")]
    assert "Python code of its own" in found.problems[0]


# What is no model ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", "null", '{"class_name": "Dense"}', '{"config": {}}', '{"class_name": 3, "config": {}}', b"\xff\xfe\x00",
     "[" * 100_000, '{"a":' * 100_000],
)  # fmt: skip
def test_what_is_no_model_is_said(text):
    with pytest.raises(MessageError):
        graph_keras.graph(text)


def test_models_too_deep_inside_each_other_are_said():
    model = {"class_name": "Sequential", "config": {"name": "in", "layers": []}}
    for _ in range(60):
        model = {"class_name": "Sequential", "config": {"name": "in", "layers": [model]}}
    with pytest.raises(MessageError, match="more than 40 deep"):
        graph_keras.graph(json.dumps(model))


def test_a_circle_of_layers_and_a_layer_that_is_not_there_are_drawn_as_written():
    model = functional(
        "m", [layer("Dense", "a", [tensor("b")], units=1), layer("Dense", "b", [tensor("a"), tensor("gone")], units=1)],
        ["a", 0, 0], ["b", 0, 0],
    )  # fmt: skip
    assert wires(model) == {"m/a": ["m/b:0"], "m/b": ["m/a:0", "gone:0"]}
    assert "'gone'" in graph_keras.graph(json.dumps(model)).problems[0]


def test_any_value_in_the_place_of_another_is_no_crash():
    """Put something else in the place of every value of a model, one after the other."""
    model = json.loads(json.dumps(next(model["model"] for model in MODELS if "shared" in json.dumps(model["model"]))))
    strange = (None, -1, 10**9, "x", [], {}, [[None]], {"config": []}, True, 1.5)
    paths = list(places(model))
    for number, path in enumerate(paths):
        holder = model
        for key in path[:-1]:
            holder = holder[key]
        before, holder[path[-1]] = holder[path[-1]], strange[number % len(strange)]
        try:
            found = graph_keras.graph(json.dumps(model))
        except FormatError:
            found = None
        holder[path[-1]] = before
        assert found is None or sum(len(node.outputs) for node in found.nodes) < 20_000


def places(tree, path=()):
    """Yield the path of every value in a tree."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in pairs:
        yield (*path, key)
        yield from places(value, (*path, key))


def test_half_a_character_is_replaced() -> None:
    config = {"name": "\ud800", "layers": [{"class_name": "Dense", "config": {"name": "a\ud83d\ude00", "units": 1}}]}
    (node,) = graph_keras.graph(json.dumps({"class_name": "Sequential", "config": config})).nodes
    assert node.name == "?/a\U0001f600"
    node.name.encode()

"""The table of layers counts what the writers' own libraries count, and says what it does not know."""

import json

import pytest

from tbcore import Logdir
from tbcore.analysis import graph_layers, graph_scopes, graphs
from tbcore.formats import graph_keras, graphdef
from tbcore.formats.graphs import Graph, Input, Node, Output
from tests import graphmaker as gm
from tests.eventfile import integer
from tests.fixtures import log, needs_fixtures, oracle
from tests.formats.test_graph_keras import MODELS, named

FLOAT = gm.dtype("float")


def keras(*layers, first=(8,)):
    """Return the table of a chain of layers of Keras, each (class, {configuration}), behind an input of a shape."""
    written = [("InputLayer", {"batch_shape": [None, *first], "dtype": "float32"}), *layers]
    chain = [
        {"class_name": kind, "config": {"name": f"{place}", "dtype": "float32", **config}}
        for place, (kind, config) in enumerate(written)
    ]
    text = json.dumps({"class_name": "Sequential", "config": {"name": "m", "layers": chain}})
    return graph_layers.layers(graph_keras.graph(text))


def column(table, name):
    """Return one value per layer."""
    return [getattr(row, name) for row in table.rows]


def table_of(nodes, functions=()):
    """Return the table of a GraphDef."""
    return graph_layers.layers(graphdef.graph(gm.graph_def(nodes, functions)))


# Keras ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS, ids=named)
def test_a_model_of_keras_has_as_many_parameters_as_keras_says(model):
    table = graph_layers.layers(graph_keras.graph(json.dumps(model["model"])))
    found = {row.id: [row.parameters, row.trainable] for row in table.rows}
    assert {name: found[name] for name in model["layers"]} == {
        name: [every, trained] for name, (every, trained, _shape) in model["layers"].items()
    }
    assert table.totals.parameters == model["total"]
    assert table.totals.unknown == 0


@needs_fixtures
def test_the_models_of_the_logs_have_as_many_parameters_as_keras_said():
    answers = oracle("keras_mnist")["truth"]
    models = next(truth["keras_model"] for truth in answers if "keras_model" in truth)
    counted = next(truth["params"] for truth in answers if "params" in truth)
    tables = {run: graph_layers.layers(graph_keras.graph(text)) for run, text in models.items()}
    assert {run: table.totals.parameters for run, table in tables.items()} == counted
    assert counted["full"] == 2758


@pytest.mark.parametrize(
    ("kind", "config", "first", "every", "trained"),
    [
        ("Dense", {"units": 5}, (8,), 8 * 5 + 5, 45),
        ("Dense", {"units": 5, "trainable": False}, (8,), 45, 0),
        ("Conv2D", {"filters": 6, "kernel_size": [3, 5], "groups": 2}, (9, 9, 4), 3 * 5 * 2 * 6 + 6, 186),
        (
            "SeparableConv2D",
            {"filters": 6, "kernel_size": 3, "depth_multiplier": 2},
            (9, 9, 4),
            9 * 4 * 2 + 8 * 6 + 6,
            126,
        ),
        ("BatchNormalization", {"axis": -1}, (7,), 4 * 7, 14),
        ("LSTM", {"units": 5}, (4, 3), 4 * (3 * 5 + 5 * 5 + 5), 180),
        ("GRU", {"units": 5, "reset_after": True}, (4, 3), 3 * (3 * 5 + 5 * 5 + 2 * 5), 150),
        ("GRU", {"units": 5}, (4, 3), 3 * (3 * 5 + 5 * 5 + 5), 135),
        ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}, (4, 5), 3 * (5 * 6 + 6) + 6 * 5 + 5, 143),
        ("Embedding", {"input_dim": 11, "output_dim": 3}, (4,), 33, 33),
        ("Mine", {"units": 5}, (8,), None, None),
        ("Dense", {"units": 5, "quantization_config": {"x": 1}}, (8,), None, None),
    ],
)
def test_parameters_of_one_layer(kind, config, first, every, trained):
    row = keras((kind, config), first=first).rows[1]
    assert (row.parameters, row.trainable) == (every, trained)


@pytest.mark.parametrize(
    ("kind", "config", "first", "flops"),
    [
        ("Dense", {"units": 5}, (8,), 2 * 8 * 5),
        ("Dense", {"units": 5}, (3, 8), 2 * 3 * 8 * 5),
        ("Conv2D", {"filters": 6, "kernel_size": 3, "strides": 2, "padding": "same"}, (8, 8, 4), 2 * 4 * 4 * 9 * 4 * 6),
        ("DepthwiseConv2D", {"kernel_size": 3}, (8, 8, 4), 2 * 6 * 6 * 9 * 4),
        ("Conv2DTranspose", {"filters": 6, "kernel_size": 2, "strides": 2}, (8, 8, 4), 2 * 8 * 8 * 4 * 6 * 4),
        ("LSTM", {"units": 5}, (4, 3), 2 * 4 * (3 * 20 + 5 * 20)),
        ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}, (4, 5), 2 * (4 * 4 * 5 * 6 + 4 * 4 * 2 * (3 + 3))),
        ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": [None, 7]}, (4, 5), 2 * 4 * 5 * 7),
        ("ReLU", {}, (8,), None),
    ],
)
def test_operations_of_one_layer(kind, config, first, flops):
    assert keras((kind, config), first=first).rows[1].flops == flops


def test_a_layer_that_is_called_twice_computes_twice_and_counts_once():
    model = next(one for one in MODELS if one["total"] == 183 and one["writer"].startswith("Keras"))
    table = graph_layers.layers(graph_keras.graph(json.dumps(model["model"])))
    (shared,) = [row for row in table.rows if row.name == "shared"]
    assert (shared.parameters, shared.flops, shared.activation) == (36, 2 * 2 * 8 * 4, 2 * 4 * 4)


def test_sums_shares_and_words():
    table = keras(
        ("Dense", {"units": 3}), ("ReLU", {}), ("Dense", {"units": 1, "use_bias": False}), ("Mine", {}), first=(4,)
    )
    assert column(table, "parameters") == [0, 15, 0, 3, None]
    assert column(table, "share") == [0, 15 / 18, 0, 3 / 18, 0]
    assert column(table, "activation") == [None, 12, 12, 4, None]
    totals = table.totals
    assert (totals.layers, totals.parameters, totals.trainable, totals.unknown) == (5, 18, 18, 1)
    assert (totals.flops, totals.flops_of, totals.activation) == (30, 2, 28)
    assert table.notes[0] == "FLOPs and activations are for one example."
    assert "of 2 of 5 layers" in table.notes[1]


def test_the_types_of_numbers_decide_what_activations_take():
    policy = {"class_name": "Policy", "config": {"name": "mixed_float16"}}
    table = keras(("Dense", {"units": 3, "dtype": policy}), ("Dense", {"units": 3, "dtype": "float64"}))
    assert column(table, "activation") == [None, 6, 24]


def test_a_table_becomes_a_frame_in_which_unknown_numbers_are_missing():
    frame = graph_layers.frame(keras(("Dense", {"units": 3}), ("Mine", {})))
    assert frame["layer"].tolist() == ["0", "1", "2"]
    assert frame["output"].tolist() == ["?×8", "?×3", ""]
    assert frame["parameters"].isna().tolist() == [False, False, True]
    assert frame["id"].tolist() == ["m/0", "m/1", "m/2"]
    assert len(graph_layers.frame(graph_layers.layers(Graph(())))) == 0


# PyTorch -------------------------------------------------------------------------------------------------------------


def logged(name):
    """Return run -> the newest run graph of a fixture."""
    logdir = Logdir(str(log(name)))
    logdir.refresh()
    return {
        source.run: graphs.load(source)
        for source in graphs.sources(logdir.find("graphs"))
        if source.title == "Run graph"
    }


@needs_fixtures
def test_the_parameters_of_pytorch_are_as_many_as_it_said():
    found = logged("torch_all")
    truth = next(truth["graph"] for truth in oracle("torch_all")["truth"] if "graph" in truth)
    table = graph_layers.layers(found["main"])
    assert table.totals.parameters == truth["main"]["total_parameters"] == 21_840
    sizes = {row.name: row.parameters for row in table.rows if row.parameters}
    assert sizes == {"Conv2d[conv1]": 260, "Conv2d[conv2]": 5020, "Linear[fc1]": 16050, "Linear[fc2]": 510}
    assert graph_layers.layers(found["residual"]).totals.parameters == 40 + 148 + 148 + 2570
    assert graph_layers.layers(logged("seed003_torch")["experiment_1"]).totals.parameters == 2_410


@needs_fixtures
def test_the_operations_of_pytorch_follow_from_its_shapes():
    table = graph_layers.layers(logged("torch_all")["main"])
    assert {row.name: row.flops for row in table.rows if row.flops} == {
        "Conv2d[conv1]": 2 * 10 * 24 * 24 * 25, "Conv2d[conv2]": 2 * 20 * 8 * 8 * 250, "Linear[fc1]": 2 * 320 * 50,
        "Linear[fc2]": 2 * 50 * 10,
    }  # fmt: skip


@needs_fixtures
def test_the_ids_of_layers_are_those_of_boxes():
    graph = logged("torch_all")["residual"]
    tree = graph_scopes.tree(graph)
    ids = [row.id for row in graph_layers.layers(graph, tree).rows]
    assert all(tree.box(name).id == name for name in ids)
    assert "Res/Sequential[block]/ReLU[1]/input.5" in ids


class Trace:
    """A graph of PyTorch in the making: constants and lists of them are nodes of their own."""

    def __init__(self):
        self.nodes = []

    def node(self, name, op, inputs=(), shape=None, attr="{}"):
        """Add a node and return its name."""
        outputs = (Output("", shape),) if shape is not None else ()
        taken = tuple(Input(one) for one in inputs)
        self.nodes.append(Node(name, op, taken, outputs, attributes={"attr": attr}))
        return name

    def parameter(self, module, name):
        """Add a parameter of a module."""
        return self.node(f"{module}/{name}/{name}.1", "prim::GetAttr", [f"{module}/lost"], attr=f"{{ name :  {name} }}")

    def number(self, value):
        """Add a constant."""
        return self.node(f"Net/{len(self.nodes)}", "prim::Constant", attr=f"{{ value : {value}}}")

    def numbers(self, *values):
        """Add a list of constants."""
        constants = [self.number(value) for value in values]
        return self.node(f"Net/{len(self.nodes)}", "prim::ListConstruct", constants)

    def convolution(
        self, takes, gives, *, stride=1, padding=0, dilation=1, groups=1, transposed=0, extra=0, beside=False
    ):
        """Return the size of a kernel that makes a shape of another, and whether it is assumed."""
        given = self.node("input/x", "IO Node", shape=takes)
        weight, none = self.parameter("Net/Conv2d[c]", "weight"), self.number(0)
        over = len(takes) - 2
        arguments = [self.numbers(*[one] * over) for one in (stride, padding, dilation)]
        arguments += [self.number(transposed), self.numbers(*[extra] * over), self.number(groups)]
        self.node("Net/Conv2d[c]/y", "aten::_convolution", [given, weight, none, *arguments], gives)
        if beside:
            self.node("Net/Conv2d[d]/z", "aten::_convolution", [given, "Net/lost", none, *arguments], gives)
        row = self.table().rows[0]
        return row.parameters, row.assumed

    def table(self):
        """Return the layers."""
        return graph_layers.layers(Graph(tuple(self.nodes), form="torch"))


@pytest.mark.parametrize(
    ("takes", "gives", "how", "size", "assumed"),
    [
        ((1, 3, 28, 28), (1, 8, 24, 24), {}, 8 * 3 * 25, False),
        ((1, 8, 28, 28), (1, 8, 28, 28), {"padding": 2, "dilation": 2, "groups": 8}, 8 * 9, False),
        ((1, 3, 224, 224), (1, 64, 112, 112), {"stride": 2, "padding": 3}, 64 * 3 * 49, True),
        ((1, 3, 224, 224), (1, 64, 14, 14), {"stride": 16}, 64 * 3 * 256, True),
        ((1, 64, 56, 56), (1, 128, 28, 28), {"stride": 2}, 128 * 64 * 4, True),
        ((1, 64, 56, 56), (1, 128, 28, 28), {"stride": 2, "beside": True}, 128 * 64, True),
        ((1, 3, 299, 299), (1, 32, 149, 149), {"stride": 2}, None, False),
        ((1, 3, 224, 224), (1, 64, 55, 55), {"stride": 4, "padding": 2}, None, False),
        ((1, 64, 55, 55), (1, 64, 27, 28), {"stride": 2}, None, False),
        ((1, 6, 7), (1, 4, 14), {"stride": 2, "transposed": 1}, 6 * 4 * 2, False),
        ((1, 6, 7, 7), (1, 4, 14, 14), {"stride": 2, "padding": 1, "extra": 1, "transposed": 1}, 6 * 4 * 9, False),
        ((1, 3, None, 28), (1, 8, None, 24), {}, None, False),
    ],
)  # fmt: skip
def test_the_kernel_of_a_convolution_follows_from_shapes_or_is_the_usual_one_or_not_known(
    takes, gives, how, size, assumed
):
    assert Trace().convolution(takes, gives, **how) == (size, assumed)


def test_what_is_assumed_is_said_and_counted():
    trace = Trace()
    trace.convolution((1, 3, 224, 224), (1, 64, 14, 14), stride=16)
    table = trace.table()
    assert (table.totals.parameters, table.totals.unknown, table.totals.assumed) == (64 * 3 * 256, 0, 1)
    assert any("assumed are the usual ones" in note and note.endswith("Conv2d[c].") for note in table.notes)
    assert graph_layers.frame(table)["assumed"].tolist() == [True]


def test_the_parameters_of_a_module_in_a_list_belong_to_the_module():
    trace = Trace()
    given = trace.node("input/x", "IO Node", shape=(1, 4))
    for place in (0, 1):
        held = f"Net/ModuleList[blocks]/Block[{place}]/Linear[fc]/weight/weight.{place}"
        weight = trace.node(held, "prim::GetAttr", attr="{ name : weight}")
        given = trace.node(f"Net/Block[{place}]/Linear[fc]/y.{place}", "aten::linear", [given, weight], (1, 4))
    table = trace.table()
    assert [(row.name, row.parameters, row.flops) for row in table.rows] == [
        ("Block[0]/Linear[fc]", 16, 2 * 16), ("Block[1]/Linear[fc]", 16, 2 * 16),
    ]  # fmt: skip


def test_two_lists_whose_modules_are_called_alike_lose_no_parameters():
    trace = Trace()
    given = trace.node("input/x", "IO Node", shape=(1, 4))
    for place, held in enumerate(("left", "right")):
        name = f"Net/ModuleList[{held}]/Linear[0]/weight/weight.{place}"
        weight = trace.node(name, "prim::GetAttr", attr="{ name : weight}")
        given = trace.node(f"Net/Linear[0]/y.{place}", "aten::linear", [given, weight], (1, 4))
    assert [(row.name, row.parameters) for row in trace.table().rows] == [("Linear[0]", 32)]


def test_a_weight_that_another_module_uses_too_is_counted_where_it_is_held():
    trace = Trace()
    ids = trace.node("input/x", "IO Node", shape=(1, 7))
    table = trace.parameter("Net/Embedding[e]", "weight")
    given = trace.node("Net/Embedding[e]/y", "aten::embedding", [table, ids], (1, 7, 5))
    trace.node("Net/Linear[head]/z", "aten::linear", [given, table], (1, 7, 100))
    held, head = trace.table().rows
    assert (held.parameters, head.parameters) == (500, 0)
    assert (held.shared_with, head.shared_with) == ("", "Net/Embedding[e]")


def test_a_module_that_is_called_twice_holds_its_parameters_once():
    trace = Trace()
    given = trace.node("input/x", "IO Node", shape=(1, 4))
    for call in (1, 2):
        weight = trace.node(f"Net/Linear[l]/weight/weight.{call}", "prim::GetAttr", attr="{ name : weight}")
        given = trace.node(f"Net/Linear[l]/y.{call}", "aten::linear", [given, weight], (1, 4))
    table = trace.table()
    assert [(row.name, row.parameters, row.flops) for row in table.rows] == [("Linear[l]", 16, 2 * 2 * 16)]


def test_buffers_are_no_parameters_and_an_embedding_does_not_tell_its_rows():
    trace = Trace()
    ids = trace.node("input/x", "IO Node", shape=(1, 7))
    table = trace.parameter("Net/Embedding[e]", "weight")
    given = trace.node("Net/Embedding[e]/y", "aten::embedding", [table, ids], (1, 7, 5))
    held = [trace.parameter("Net/BatchNorm1d[b]", name) for name in ("weight", "bias", "running_mean", "running_var")]
    trace.node("Net/BatchNorm1d[b]/y", "aten::batch_norm", [given, *held], (1, 7, 5))
    found = trace.table()
    assert [(row.name, row.parameters) for row in found.rows] == [("Embedding[e]", None), ("BatchNorm1d[b]", 14)]
    assert (found.totals.parameters, found.totals.unknown) == (14, 1)
    assert any("1 of 2 modules do not follow" in note for note in found.notes)


def test_the_parameters_of_what_keeps_a_state_follow_from_their_places():
    trace = Trace()
    given = trace.node("input/x", "IO Node", shape=(1, 10, 3))
    held = [trace.parameter("Net/LSTM[r]", f"weight_{place}") for place in range(8)]
    listed = trace.node("Net/LSTM[r]/list", "prim::ListConstruct", held)
    settings = [trace.number(value) for value in (1, 1, 0, 0, 1, 1)]
    states = trace.numbers()
    trace.node("Net/LSTM[r]/y", "aten::lstm", [given, states, listed, *settings], (1, 10, 8))
    for state in ("h", "c"):  # the tracer writes a node for each thing that it gives
        trace.node(f"Net/LSTM[r]/{state}", "aten::lstm", [given, states, listed, *settings], (2, 1, 4))
    (row,) = trace.table().rows
    assert (row.output.shape, row.activation) == ((1, 10, 8), 4 * (80 + 8 + 8))
    assert row.parameters == 2 * 4 * (3 * 4 + 4 * 4 + 2 * 4)
    assert row.flops == 2 * 10 * 2 * 4 * (3 * 4 + 4 * 4)


def test_a_list_that_holds_itself_tells_no_numbers():
    trace = Trace()
    given = trace.node("input/x", "IO Node", shape=(1, 3, 8, 8))
    around = trace.node("Net/list", "prim::ListConstruct", ["Net/list"])
    weight = trace.parameter("Net/Conv2d[c]", "weight")
    trace.node("Net/Conv2d[c]/y", "aten::_convolution", [given, weight, *[around] * 7], (1, 4, 6, 6))
    assert trace.table().rows[0].parameters is None


def test_attention_counts_both_of_its_products():
    trace = Trace()
    query = trace.node("input/q", "IO Node", shape=(1, 2, 5, 4))
    value = trace.node("input/v", "IO Node", shape=(1, 2, 7, 4))
    trace.node("Net/Attention[a]/y", "aten::scaled_dot_product_attention", [query, value, value], (1, 2, 5, 4))
    assert trace.table().rows[0].flops == 2 * 2 * 5 * 7 * (4 + 4)


# TensorFlow ----------------------------------------------------------------------------------------------------------


def variable(name, *lengths, kind="float"):
    """Return a variable."""
    return (name, "VarHandleOp", [], {"dtype": gm.dtype(kind), "shape": gm.shape(*lengths)})


def read(name, *lengths):
    """Return what reads a variable."""
    return (f"{name}/Read", "ReadVariableOp", [name], {"dtype": FLOAT, "_output_shapes": gm.shapes(lengths)})


NETWORK = [
    ("x", "Placeholder", [], {"dtype": FLOAT, "_output_shapes": gm.shapes((None, 4))}),
    variable("dense/kernel", 4, 3), read("dense/kernel", 4, 3), variable("dense/mean", 3), read("dense/mean", 3),
    ("dense/MatMul", "MatMul", ["x", "dense/kernel/Read"], {"T": FLOAT, "_output_shapes": gm.shapes((None, 3))}),
    ("dense/Sub", "Sub", ["dense/MatMul", "dense/mean/Read"], {"T": FLOAT, "_output_shapes": gm.shapes((None, 3))}),
    ("gradients/dense/MatMul", "MatMul", ["x", "dense/Sub"], {"T": FLOAT, "_output_shapes": gm.shapes((4, 3))}),
]  # fmt: skip


def test_a_scope_with_variables_is_a_layer_and_the_way_back_is_none():
    (row,) = table_of(NETWORK).rows
    assert (row.id, row.type, row.parameters, row.trainable) == ("dense", "MatMul, Sub", 15, None)
    assert (row.flops, row.activation, row.output) == (2 * 4 * 3, 2 * 3 * 4, Output("float32", (None, 3)))


def test_what_an_optimizer_keeps_is_no_parameter_and_what_it_moves_is_trained():
    kept = [variable("step", kind="int64"), variable("m", 4, 3), variable("v", 4, 3)]
    applied = ("adam", "ResourceApplyAdam", ["dense/kernel", "m", "v", "gradients/dense/MatMul"], {"T": FLOAT})
    table = table_of([*NETWORK, *kept, applied])
    assert (table.totals.parameters, table.totals.trainable) == (15, 12)
    assert "optimizer" in table.notes[0]


def test_the_weights_of_a_frozen_graph_are_its_constants():
    nodes = [node for node in NETWORK if not node[0].startswith(("dense/kernel", "dense/mean"))]
    nodes += [
        ("dense/kernel", "Const", [], {"dtype": FLOAT, "value": gm.tensor("float", [4, 3])}),
        ("dense/kernel/Read", "Identity", ["dense/kernel"], {"T": FLOAT, "_output_shapes": gm.shapes((4, 3))}),
        ("dense/mean/Read", "Const", [], {"dtype": FLOAT, "value": gm.tensor("float", [3])}),
        ("dense/shape", "Const", [], {"dtype": gm.dtype("int32"), "value": gm.tensor("int32", [2])}),
    ]
    table = table_of(nodes)
    assert table.totals.parameters == 12
    assert table.notes[0] == "The graph is frozen: its parameters are constants."


def test_variables_that_are_handed_to_a_function_are_where_they_are_used():
    nodes = [
        ("x", "Placeholder", [], {"dtype": FLOAT, "_output_shapes": gm.shapes((2, 4))}),
        ("captured", "Placeholder", [], {"dtype": gm.Raw(integer(6, 20))}),  # a resource
        ("net/d/Read", "ReadVariableOp", ["captured"], {"dtype": FLOAT, "_output_shapes": gm.shapes((4, 3))}),
        ("net/d/MatMul", "MatMul", ["x", "net/d/Read"], {"T": FLOAT, "_output_shapes": gm.shapes((2, 3))}),
    ]
    (row,) = table_of(nodes).rows
    assert (row.id, row.parameters, row.flops) == ("net/d", 12, 2 * 2 * 4 * 3)
    assert graph_layers.parameters_per_node(graphdef.graph(gm.graph_def(nodes))) == {"captured": 12}


def test_a_variable_outside_of_all_scopes_belongs_to_what_uses_it():
    nodes = [
        ("x", "Placeholder", [], {"dtype": FLOAT, "_output_shapes": gm.shapes((1, 8, 8, 3))}),
        variable("k", 3, 3, 3, 4),
        read("k", 3, 3, 3, 4),
        ("Conv2D", "Conv2D", ["x", "k/Read"], {"T": FLOAT, "_output_shapes": gm.shapes((1, 8, 8, 4))}),
    ]
    (row,) = table_of(nodes).rows
    assert (row.id, row.parameters, row.flops) == ("Conv2D", 108, 2 * 8 * 8 * 4 * 27)


@needs_fixtures
def test_the_variables_of_a_real_graph():
    table = graph_layers.layers(logged("tf_v1_all")["legacy"])
    assert [(row.id, row.parameters, row.trainable, row.flops) for row in table.rows] == [
        ("layer1", 40, 40, 64), ("layer2", 8, 8, 16),
    ]  # fmt: skip


def test_a_graph_of_20000_nodes_has_its_table():
    table = graph_layers.layers(graphdef.graph(gm.deep(20_000)))
    assert table.totals.layers > 3000
    assert table.totals.unknown == 0
    assert table.totals.flops_of > 1500


def test_shapes_that_no_layer_has_are_not_counted():
    huge = 1 << 62
    nodes = [
        ("x", "Placeholder", [], {"dtype": FLOAT, "_output_shapes": gm.shapes((huge, huge))}),
        variable("d/k", huge, huge),
        ("d/MatMul", "MatMul", ["x", "d/k"], {"T": FLOAT, "_output_shapes": gm.shapes((huge, huge))}),
    ]
    table = table_of(nodes)
    assert [(row.parameters, row.flops, row.activation) for row in table.rows] == [(None, None, None)]
    assert len(graph_layers.frame(table)) == 1


# ONNX ----------------------------------------------------------------------------------------------------------------


def onnx(*nodes):
    """Return the table of a graph of ONNX: (name, op, [inputs], shape)."""
    found = [
        Node(name, op, tuple(map(Input, inputs)), (Output("int64" if op == "Sizes" else "float32", shape),))
        for name, op, inputs, shape in nodes
    ]
    return graph_layers.layers(Graph(tuple(found), form="onnx"))


def test_initializers_are_the_parameters_of_what_takes_them_first():
    table = onnx(
        ("x", "Input", [], (None, 3, 8, 8)),
        ("w", "Initializer", [], (4, 3, 3, 3)),
        ("conv", "Conv", ["x", "w"], (None, 4, 6, 6)),
        *((name, "Initializer", [], (4,)) for name in ("scale", "shift", "mean", "variance")),
        ("norm", "BatchNormalization", ["conv", "scale", "shift", "mean", "variance"], (None, 4, 6, 6)),
        ("m", "Initializer", [], (6, 6)),
        ("one", "MatMul", ["norm", "m"], (None, 4, 6, 6)),
        ("two", "MatMul", ["one", "m"], (None, 4, 6, 6)),
        ("shape", "Initializer", [], (2,)),
        ("flat", "Reshape", ["two", "shape"], (None, 144)),
    )
    found = {row.id: (row.parameters, row.trainable, row.flops, row.shared_with) for row in table.rows}
    assert found == {
        "conv": (108, 108, 2 * 36 * 108, ""), "norm": (16, 8, None, ""), "one": (36, 36, 2 * 144 * 6, ""),
        "two": (0, 0, 2 * 144 * 6, "one"), "flat": (0, 0, None, ""),
    }  # fmt: skip
    assert table.totals.parameters == 160


def test_what_reshapes_a_weight_takes_it_and_a_number_in_the_code_is_none():
    table = onnx(
        ("x", "Input", [], None),
        ("class", "Initializer", [], (1, 1, 8)),
        ("size", "Sizes", [], (3,)),
        ("expand", "Expand", ["class", "size"], None),
        ("one", "Constant", [], (1,)),
        ("limit", "Initializer", [], ()),
        ("scaled", "Mul", ["expand", "one"], None),
        ("clip", "Clip", ["scaled", "limit"], None),
    )
    assert {row.id: row.parameters for row in table.rows if row.parameters} == {"expand": 8}
    assert any("onnx.shape_inference" in note for note in table.notes)


# Colours -------------------------------------------------------------------------------------------------------------


def test_parameters_are_told_by_the_node_that_holds_them():
    assert graph_layers.parameters_per_node(graphdef.graph(gm.graph_def(NETWORK))) == {
        "dense/kernel": 12,
        "dense/mean": 3,
    }
    model = next(one for one in MODELS if one["total"] == 183 and one["writer"].startswith("Keras"))
    found = graph_layers.parameters_per_node(graph_keras.graph(json.dumps(model["model"])))
    assert sum(found.values()) == 183
    assert {name.rpartition("/")[2]: count for name, count in found.items()}["shared"] == 36

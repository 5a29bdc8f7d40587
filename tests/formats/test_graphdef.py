"""Graphs of TensorFlow and PyTorch: nodes, what flows between them, functions, and what was measured."""

import pytest

from tbcore.errors import MessageError
from tbcore.formats import graphdef
from tbcore.formats.graphs import Cost, Function, Input, Node, Output
from tests import graphmaker
from tests.eventfile import field, integer, key, varint
from tests.graphmaker import call, dtype, dtypes, graph_def, shape, shapes, tensor


def only(attributes, op="Op"):
    """Return the node of a graph of one node."""
    (node,) = graphdef.graph(graph_def([("x", op, [], attributes)])).nodes
    return node


# Nodes ---------------------------------------------------------------------------------------------------------------


def test_a_node_is_read_from_its_bytes() -> None:
    # node { name: "a" op: "Relu" input: "x:1" attr { key: "T" value { type: DT_FLOAT } } } versions { producer: 22 }
    data = bytes.fromhex("0a17 0a0161 120452656c75 1a03783a31 2a07 0a0154 1202 3001 2202 0816")
    graph = graphdef.graph(data)
    assert graph.nodes == (Node("a", "Relu", (Input("x", 1),), (Output("float32"),), "", {"T": "float32"}),)
    assert (graph.form, graph.producer, graph.problems) == ("graphdef", "GraphDef version 22", ())


def test_inputs_name_a_node_a_slot_or_only_an_order() -> None:
    specs = [("x", "Op", ["a", "b:2", "^c", "d/e:0", "f:g", "h:", ":1", "^"], {}, "/device:GPU:0")]
    (node,) = graphdef.graph(graph_def(specs)).nodes
    assert node.inputs == (
        Input("a"),
        Input("b", 2),
        Input("c", 0, True),
        Input("d/e"),
        Input("f:g"),
        Input("h:"),
        Input(":1"),
        Input("", 0, True),
    )
    assert node.device == "/device:GPU:0"


def test_attributes_are_told_as_text_in_the_order_written() -> None:
    node = only(
        {
            "z": "text",
            "b": True,
            "i": -5,
            "f": 0.1,
            "type": dtype("double"),
            "shape": shape(1, None, 3),
            "scalar": shape(),
            "any": graphmaker.Raw(field(7, graphmaker.shape_body(None))),
            "function": call("body"),
            "bytes": b"\x00\xff\x01",
            "ints": [1, 2],
            "texts": ["a", "b"],
            "bools": [True, False],
            "types": dtypes("float", "int64"),
            "shapes": shapes((2,), None),
            "empty": [],
            "from": graphmaker.Raw(field(9, "N")),
            "nothing": graphmaker.Raw(b""),
        }
    )
    assert list(node.attributes.items()) == [
        ("z", "text"),
        ("b", "true"),
        ("i", "-5"),
        ("f", "0.1"),
        ("type", "float64"),
        ("shape", "[1, ?, 3]"),
        ("scalar", "[]"),
        ("any", "?"),
        ("function", "body"),
        ("bytes", "3 bytes"),
        ("ints", "[1, 2]"),
        ("texts", "[a, b]"),
        ("bools", "[true, false]"),
        ("types", "[float32, int64]"),
        ("shapes", "[[2], ?]"),
        ("empty", "[]"),
        ("from", "$N"),
        ("nothing", ""),
    ]


@pytest.mark.parametrize(
    ("value", "words", "size"),
    [
        (tensor("float", [2], values=[0.5, 1e-7]), "float32 [2] 0.5, 1e-07", 8),
        (tensor("float", [3, 4], 1.5), "float32 [3, 4] 1.5", 48),
        (tensor("int64", [9], values=range(9)), "int64 [9] 0, 1, 2, 3, 4, 5, 6, 7, …", 72),
        (tensor("double", [], values=[2.5]), "float64 [] 2.5", 8),
        (tensor("bool", [2], values=[True, False]), "bool [2] true, false", 2),
        (tensor("half", [2], values=[1, 2]), "float16 [2] 1.0, 2.0", 4),
        (tensor("bfloat16", [1], 0x3F80), "bfloat16 [1] 1.0", 2),
        (tensor("string", [2], values=[b"a", b"\x00bc"]), "string [2] a, 3 bytes", 4),
        (tensor("float", [1 << 20, 1 << 20]), "float32 [1048576, 1048576] 0.0", 1 << 42),
        (tensor("float", [-3]), "float32 [?] 0.0", 0),
        (graphmaker.Raw(field(8, integer(1, 1) + field(4, b"abc"))), "float32 []", 4),
        (graphmaker.Raw(field(8, integer(1, 20) + field(4, b"abc"))), "resource []", 3),
        (graphmaker.Raw(field(8, integer(1, 999))), "type 999 []", 0),
    ],
)
def test_a_tensor_is_told_by_its_first_values_and_its_size(value, words, size) -> None:
    node = only({"value": value}, "Const")
    assert node.attributes == {"value": words}
    assert node.size == size


def test_a_long_attribute_is_whole_but_a_tensor_is_not() -> None:
    node = only({"text": "x" * 1_000_000, "value": tensor("float", [100_000], values=[1] * 100_000)})
    assert len(node.attributes["text"]) == 1_000_000
    assert len(node.attributes["value"]) < 100
    assert node.size == 400_000


def test_an_attribute_that_is_written_twice_counts_as_it_was_written_last() -> None:
    entry = [field(5, field(1, "a") + field(2, integer(3, number))) for number in (1, 2)]
    (node,) = graphdef.graph(field(1, field(1, "x") + b"".join(entry))).nodes
    assert node.attributes == {"a": "2"}


def test_an_attribute_that_cannot_be_read_leaves_the_rest() -> None:
    bad = field(5, field(1, "bad") + field(2, b"\xff\xff"))
    good = field(5, field(1, "good") + field(2, integer(3, 1)))
    graph = graphdef.graph(field(1, field(1, "x") + bad + good))
    assert graph.nodes[0].attributes == {"good": "1"}
    assert graph.problems[0].startswith("an attribute of x cannot be read: ")


# Outputs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("op", "attributes", "outputs"),
    [
        ("MatMul", {"T": dtype("float"), "_output_shapes": shapes((None, 4))}, [Output("float32", (None, 4))]),
        ("Split", {"T": dtype("half"), "_output_shapes": shapes((1,), None)}, [("float16", (1,)), ("float16", None)]),
        ("NoOp", {}, []),
        ("NoOp", {"_output_shapes": shapes()}, []),
        ("Relu", {"T": dtype("float")}, [("float32", None)]),
        ("Less", {"T": dtype("float"), "_output_shapes": shapes(())}, [("bool", ())]),
        ("Cast", {"SrcT": dtype("float"), "DstT": dtype("int32")}, [("int32", None)]),
        ("ArgMax", {"T": dtype("float"), "_output_shapes": shapes((2,))}, [("int64", (2,))]),
        ("ArgMax", {"T": dtype("float"), "output_type": dtype("int32")}, [("int32", None)]),
        ("TopKV2", {"T": dtype("float"), "_output_shapes": shapes((5,), (5,))}, [("float32", (5,)), ("int32", (5,))]),
        ("IteratorGetNext", {"output_types": dtypes("float", "int64")}, [("float32", None), ("int64", None)]),
        (
            "PartitionedCall",
            {"Tin": dtypes("float"), "Tout": dtypes("int32", "bool")},
            [("int32", None), ("bool", None)],
        ),
        ("VarHandleOp", {"dtype": dtype("float"), "_output_shapes": shapes(())}, [("resource", ())]),
        ("AssignVariableOp", {"dtype": dtype("float")}, []),
        ("Const", {"dtype": dtype("float"), "value": tensor("float", [2, 3])}, [("float32", (2, 3))]),
        ("VariableV2", {"dtype": graphmaker.Raw(integer(6, 101)), "_output_shapes": shapes((1,))}, [("float32", (1,))]),
        ("aten::relu", {"attr": "{}", "_output_shapes": shapes((1, 10))}, [("", (1, 10))]),
        ("While", {"T": dtypes("int32", "float"), "_output_shapes": shapes((), ())}, [("int32", ()), ("float32", ())]),
    ],
)
def test_outputs_have_the_types_that_the_op_gives(op, attributes, outputs) -> None:
    assert list(only(attributes, op).outputs) == [Output(*output) for output in outputs]


def test_shapes_of_outputs_are_no_attribute() -> None:
    assert only({"_output_shapes": shapes((1,)), "T": dtype("float")}).attributes == {"T": "float32"}


def test_equal_attributes_of_different_ops_give_different_outputs() -> None:
    same = {"T": dtype("float"), "_output_shapes": shapes((1,))}
    nodes = graphdef.graph(graph_def([("a", "Less", [], same), ("b", "Add", [], same)])).nodes
    assert [node.outputs[0].dtype for node in nodes] == ["bool", "float32"]


def test_elements_are_known_when_all_lengths_are() -> None:
    assert [Output("", shape).elements for shape in ((), (2, 3), (2, None), None, (0, 5))] == [1, 6, None, None, 0]


# Functions and forms -------------------------------------------------------------------------------------------------


def test_a_function_has_nodes_for_what_it_takes_and_gives() -> None:
    body = [
        ("top", "TopKV2", ["x", "k"], {}),
        ("relu", "Relu", ["top:indices:0", "^top"], {}),
        ("split", "Split", ["relu:activations:0"], {}),
    ]
    data = graph_def(
        [("call", "PartitionedCall", [], {"f": call("f")})], [("f", body, ["x", "k"], ["y=split:output:2"])]
    )
    (function,) = graphdef.graph(data).functions
    assert isinstance(function, Function)
    assert (function.name, function.arguments, function.results) == ("f", ("x", "k"), ("y",))
    assert [(node.name, node.op, node.inputs) for node in function.nodes] == [
        ("x", "input_arg", ()),
        ("k", "input_arg", ()),
        ("top", "TopKV2", (Input("x"), Input("k"))),
        ("relu", "Relu", (Input("top", 1), Input("top", 0, True))),
        ("split", "Split", (Input("relu"),)),
        ("y", "output_arg", (Input("split", 2),)),
    ]
    assert function.nodes[0].outputs == (Output("float32"),)


def test_a_result_that_is_called_like_a_node_gets_a_name_of_its_own() -> None:
    data = graph_def([], [("f", [("y", "Op", [], {})], ["x"], ["x=x", "y=y:o:0"])])
    (function,) = graphdef.graph(data).functions
    assert [node.name for node in function.nodes] == ["x", "y", "x_result", "y_result"]
    assert function.nodes[2].inputs == (Input("x"),)


def test_shapes_of_arguments_are_read() -> None:
    # FunctionDef { signature { name: "f" input_arg { name: "x" type: DT_FLOAT } } arg_attr { key: 0 value { attr ... } } }
    told = field(1, field(1, "_output_shapes") + field(2, graphmaker.attribute(shapes((None, 3)))))
    function = field(1, field(1, "f") + field(2, field(1, "x") + integer(3, 1))) + field(
        7, integer(1, 0) + field(2, told)
    )
    (found,) = graphdef.graph(field(2, field(1, function))).functions
    assert found.nodes[0].outputs == (Output("float32", (None, 3)),)


def test_pytorch_is_told_by_its_ops() -> None:
    for op in ("IO Node", "aten::relu", "prim::GetAttr"):
        assert graphdef.graph(graph_def([("a", "Add", [], {}), ("x", op, [], {})])).form == "torch"
    assert graphdef.graph(graph_def([("a", "Add", [], {})])).form == "graphdef"


# What may be wrong ---------------------------------------------------------------------------------------------------


def test_cycles_equal_names_missing_inputs_and_long_names_are_read_as_written() -> None:
    specs = [
        ("a", "Op", ["b"], {}),
        ("b", "Op", ["a", "b", "gone:3"], {}),
        ("a", "Op", ["a"], {}),
        ("x" * 1_000_000, "", [], {}),
    ]
    nodes = graphdef.graph(graph_def(specs)).nodes
    assert [node.name[:1] for node in nodes] == ["a", "b", "a", "x"]
    assert nodes[1].inputs == (Input("a"), Input("b"), Input("gone", 3))
    assert len(nodes[3].name) == 1_000_000


def test_names_that_are_no_utf8_are_read() -> None:
    assert graphdef.graph(field(1, graphmaker.node_def(b"\xffa", "Op"))).nodes[0].name == "\ufffda"


def test_slots_that_are_no_numbers_belong_to_the_name() -> None:
    specs = [("x", "Op", ["a:²", "a:-1", "a:99999999999999999999"], {})]
    (node,) = graphdef.graph(graph_def(specs)).nodes
    assert node.inputs == (Input("a:²"), Input("a:-1"), Input("a:99999999999999999999"))


@pytest.mark.parametrize("data", [b"\x0a", b"\xff\xff\xff", b"\x0a\x05ab", key(1, 2) + varint(1 << 40)])
def test_bytes_that_spell_no_message_are_told(data) -> None:
    for reader in (graphdef.graph, graphdef.meta_graph, graphdef.saved_model, graphdef.from_binary):
        with pytest.raises(MessageError):
            reader(data)


def test_every_cut_of_a_graph_is_read_or_told() -> None:
    body = [("y", "Op", ["x"], {"a": [1.0, 2.0], "s": shapes((1, None)), "t": tensor("float", [2], values=[1, 2])})]
    data = graph_def(body * 2, [("f", body, ["x"], ["z=y:o:0"])], 1000)
    for end in range(len(data)):
        for wrong in (data[:end], data[:end] + bytes([data[end] ^ 0xFF]) + data[end + 1 :]):
            try:
                graphdef.graph(wrong)
            except MessageError:
                continue


# Meta graphs, saved models, text -------------------------------------------------------------------------------------

SPECS = [("a", "Placeholder", [], {"dtype": dtype("float")}), ("b", "Relu", ["a:0"], {"T": dtype("float")})]


def test_a_graph_is_found_in_what_holds_it() -> None:
    data = graph_def(SPECS)
    meta = graphmaker.meta_graph(data, ["serve"])
    saved = integer(1, 1) + field(2, meta)
    nodes = graphdef.graph(data).nodes
    assert graphdef.meta_graph(meta).nodes == nodes
    assert graphdef.saved_model(saved).nodes == nodes
    assert [graphdef.from_binary(one).nodes for one in (data, meta, saved)] == [nodes] * 3
    assert graphdef.saved_model(saved + field(2, meta)).problems == ("the first of 2 graphs is shown",)


def test_bytes_that_hold_no_node_are_no_graph() -> None:
    for data in (b"", b"\x10\x01", graph_def([]), integer(1, 5)):
        with pytest.raises(MessageError, match="hold neither a GraphDef nor"):
            graphdef.from_binary(data)


def test_a_meta_graph_says_the_same_when_its_nodes_are_wired_alike() -> None:
    data = graph_def(SPECS)
    turned = graph_def([SPECS[0], ("b", "Relu", ["a:0"], {"X": 1, "T": dtype("float")})])
    other = graph_def([SPECS[0], ("b", "Relu", ["^a"], {})])
    assert graphdef.same(data, graphmaker.meta_graph(data))
    assert graphdef.same(data, graphmaker.meta_graph(turned))
    assert not graphdef.same(data, graphmaker.meta_graph(other))
    assert not graphdef.same(data, graphmaker.meta_graph(graph_def(SPECS[:1])))


TEXT = """
node {
  name: "conv"
  op: "Conv2D"
  input: "x:1"
  input: "^start"
  device: "/cpu:0"
  attr { key: "T" value { type: DT_FLOAT } }
  attr { key: "strides" value { list { i: 1 i: 2 } } }
  attr { key: "_output_shapes" value { list { shape { dim { size: -1 } dim { size: 8 } } } } }
  attr {
    key: "value"
    value { tensor { dtype: DT_FLOAT tensor_shape { dim { size: 2 } } tensor_content: "\\000\\000\\200?\\000\\000\\000@" } }
  }
  experimental_debug_info { original_node_names: "y" }
}
library {
  function {
    signature { name: "f" input_arg { name: "x" type: DT_INT32 } output_arg { name: "y" type: DT_INT32 } }
    node_def { name: "n" op: "Neg" input: "x" }
    ret { key: "y" value: "n:y:0" }
    arg_attr { key: 0 value { attr { key: "_output_shapes" value { list { shape { } } } } } }
  }
}
versions { producer: 22 }
"""


@pytest.mark.parametrize("source", [TEXT, f"meta_info_def {{ tags: 'x' }} graph_def {{ {TEXT} }}"])
def test_a_graph_is_read_from_its_text(source) -> None:
    graph = graphdef.from_text(source)
    (node,) = graph.nodes
    assert node == Node(
        "conv",
        "Conv2D",
        (Input("x", 1), Input("start", 0, True)),
        (Output("float32", (None, 8)),),
        "/cpu:0",
        {"T": "float32", "strides": "[1, 2]", "value": "float32 [2] 1.0, 2.0"},
        8,
    )
    assert [(one.name, one.op) for one in graph.functions[0].nodes] == [
        ("x", "input_arg"),
        ("n", "Neg"),
        ("y", "output_arg"),
    ]
    assert graph.functions[0].nodes[0].outputs == (Output("int32", ()),)
    assert graph.producer == "GraphDef version 22"


def test_the_text_of_a_saved_model_is_read() -> None:
    assert [node.name for node in graphdef.from_text(f"meta_graphs {{ graph_def {{ {TEXT} }} }}").nodes] == ["conv"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "the text holds no graph"),
        ("hello: 1", "the text holds no graph"),
        ("node {\n name: }", "line 2 of the text: unexpected }"),
        ("a picture of a graph", "line 1 of the text: unexpected picture"),
    ],
)
def test_a_text_without_a_graph_is_told(source, words) -> None:
    with pytest.raises(MessageError, match=words):
        graphdef.from_text(source)


# What was measured ---------------------------------------------------------------------------------------------------

CPU, GPU = "/device:CPU:0", "/device:GPU:0"


def test_costs_are_summed_over_all_runs_of_a_node() -> None:
    data = graphmaker.run_metadata(
        {CPU: [("a", 10, 2.5, 100), ("a", 20, 1.5, 50), ("b", 5, 4, 0)], "/device:CPU:1": [("b", 3, 1, 8)]}
    )
    costs = graphdef.run_metadata(data).costs
    assert {name: (cost.device, cost.memory, cost.runs) for name, cost in costs.items()} == {
        "a": (CPU, 150, 2),
        "b": (f"{CPU}, /device:CPU:1", 8, 2),
    }
    assert costs["a"].time == pytest.approx(4e-6)
    assert costs["a"].start == pytest.approx(10e-6)
    assert costs["b"].time == pytest.approx(5e-6)


def test_microseconds_count_where_there_are_no_nanoseconds() -> None:
    data = graphmaker.run_metadata({CPU: [("a", 10, 2.5, 0)]}, nanos=False)
    assert graphdef.run_metadata(data).costs["a"].time == pytest.approx(2e-6)


def test_a_kernel_counts_once_and_where_it_runs() -> None:
    data = graphmaker.run_metadata(
        {
            GPU: [("dense/MatMul", 10, 2, 64)],
            f"{GPU}/stream:all": [("dense/MatMul:MatMul", 12, 30, 0)],
            f"{GPU}/stream:7": [("dense/MatMul:MatMul", 12, 30, 0)],
        }
    )
    (cost,) = graphdef.run_metadata(data).costs.values()
    assert cost == Cost(GPU, pytest.approx(10e-6), pytest.approx(30e-6), 64, 1)


def test_measured_outputs_have_types_and_shapes() -> None:
    described = integer(1, 1) + field(2, graphmaker.shape_body((2, 3)))
    stats = field(1, "a") + field(7, integer(1, 1) + field(3, described))
    data = field(1, field(1, field(1, CPU) + field(2, stats)))
    assert graphdef.run_metadata(data).costs["a"].outputs == (Output(), Output("float32", (2, 3)))


def test_a_slot_that_no_node_has_is_not_believed() -> None:
    stats = field(1, "a") + field(7, integer(1, 2_000_000_000))
    assert graphdef.run_metadata(field(1, field(1, field(2, stats)))).costs["a"].outputs == ()


def test_run_metadata_without_statistics_is_empty() -> None:
    data = field(1, field(1, field(1, CPU)))
    assert graphdef.run_metadata(data) == graphdef.RunMetadata({}, None)
    assert not graphdef.is_measured(data)
    assert graphdef.is_measured(graphmaker.run_metadata({CPU: [("a", 1, 1, 1)]}))
    with pytest.raises(MessageError):
        graphdef.run_metadata(b"\xff\xff")


def test_one_function_graph_keeps_its_names() -> None:
    graph = graphdef.run_metadata(graphmaker.run_metadata({}, [graph_def(SPECS)])).graph
    assert graph is not None
    assert [node.name for node in graph.nodes] == ["a", "b"]


def test_several_function_graphs_become_one_below_numbers() -> None:
    function = [("n", "Call", ["x"], {"f": call("f")})]
    one = graph_def(
        [("a", "Op", [], {}), ("b", "f", ["a:1", "^a"], {"f": call("f")})], [("f", function, ["x"], ["y=n"])], 22
    )
    graph = graphdef.run_metadata(graphmaker.run_metadata({}, [one, one])).graph
    assert graph is not None
    assert [(node.name, node.op, node.inputs) for node in graph.nodes] == [
        ("graph_1/a", "Op", ()),
        ("graph_1/b", "graph_1_f", (Input("graph_1/a", 1), Input("graph_1/a", 0, True))),
        ("graph_2/a", "Op", ()),
        ("graph_2/b", "graph_2_f", (Input("graph_2/a", 1), Input("graph_2/a", 0, True))),
    ]
    assert [node.attributes for node in graph.nodes[1::2]] == [{"f": "graph_1_f"}, {"f": "graph_2_f"}]
    assert [function.name for function in graph.functions] == ["graph_1_f", "graph_2_f"]
    assert graph.functions[1].nodes[1].attributes == {"f": "graph_2_f"}
    assert (graph.producer, graph.problems) == ("GraphDef version 22", ())


def test_function_graphs_of_different_versions_are_kept_and_told() -> None:
    graphs = [graph_def(SPECS, producer=producer) for producer in (22, 0)]
    graph = graphdef.run_metadata(graphmaker.run_metadata({}, graphs)).graph
    assert graph is not None
    assert len(graph.nodes) == 4
    assert graph.problems == (
        "the 2 function graphs were written by different versions: GraphDef version 22, no version",
    )


# A large one ---------------------------------------------------------------------------------------------------------


def test_twenty_thousand_nodes_are_read_with_all_their_edges() -> None:
    graph = graphdef.graph(graphmaker.deep(20_000))
    names = {node.name for node in graph.nodes}
    assert len(names) == 20_000
    assert all(one.source in names for node in graph.nodes for one in node.inputs)
    assert sum(len(node.inputs) for node in graph.nodes) == 20_508
    assert sum(node.size for node in graph.nodes) == 458_763_520
    assert graph.problems == ()

"""ONNX models: written byte by byte by the field numbers of onnx.proto, read as graphs."""

import struct
from collections.abc import Sequence

import pytest

from tbcore.errors import MessageError
from tbcore.formats import graph_onnx
from tbcore.formats.graphs import Input, Node, Output
from tests.eventfile import field, integer, single, varint

FLOAT, UINT8, INT64, STRING, BOOL, HALF, DOUBLE, BFLOAT16, INT4 = 1, 2, 7, 8, 9, 10, 11, 16, 22


def tensor(name: str, dims: Sequence[int], kind: int = FLOAT, data: bytes = b"") -> bytes:
    """Return a TensorProto; data: its field of values."""
    return b"".join(integer(1, length) for length in dims) + integer(2, kind) + field(8, name) + data


def floats(*values: float) -> bytes:
    """Return float_data."""
    return field(4, struct.pack(f"<{len(values)}f", *values))


def value(name: str, dims: Sequence[int | str | None] | None = None, kind: int = FLOAT) -> bytes:
    """Return a ValueInfoProto; a text in dims is the name of a length."""
    body = integer(1, kind)
    if dims is not None:
        lengths = b""
        for length in dims:
            lengths += field(
                1, b"" if length is None else field(2, length) if isinstance(length, str) else integer(1, length)
            )
        body += field(2, lengths)
    return field(1, name) + field(2, field(1, body))


def node(
    op: str, inputs: Sequence[str], outputs: Sequence[str], name: str = "", more: bytes = b"", domain: str = ""
) -> bytes:
    """Return a NodeProto; more: fields such as attributes."""
    body = b"".join(field(1, text) for text in inputs) + b"".join(field(2, text) for text in outputs)
    body += (field(3, name) if name else b"") + field(4, op) + (field(7, domain) if domain else b"")
    return body + more


def attribute(name: str, kind: int, data: bytes) -> bytes:
    """Return the attribute field of a node."""
    return field(5, field(1, name) + data + (integer(20, kind) if kind else b""))


def graph(
    nodes: Sequence[bytes],
    inputs: Sequence[bytes] = (),
    outputs: Sequence[bytes] = (),
    kept: Sequence[bytes] = (),
    known: Sequence[bytes] = (),
) -> bytes:
    """Return a GraphProto."""
    parts = ((1, nodes), (5, kept), (11, inputs), (12, outputs), (13, known))
    return b"".join(field(number, one) for number, each in parts for one in each)


def model(body: bytes, more: bytes = b"") -> bytes:
    """Return a ModelProto."""
    opset = field(8, field(1, "") + integer(2, 18))
    return integer(1, 9) + field(2, "hand") + field(3, "1.0") + field(7, body) + opset + more


def read(*args, **kwargs):
    return graph_onnx.graph(model(graph(*args, **kwargs)))


def test_a_model_is_read_as_a_graph_of_nodes() -> None:
    conv = node("Conv", ["x", "w"], ["h"], "/layer1/Conv", attribute("strides", 7, field(8, varint(1) + varint(2))))
    found = read(
        [conv, node("Relu", ["h"], ["y"], "/layer1/Relu")],
        [value("x", ("N", 3, 8, None))],
        [value("y", (1, 4, 8, 8))],
        [tensor("w", (4, 3, 1, 1), data=floats(*range(12)))],
        [value("h", (1, 4, 8, 8))],
    )
    assert found.nodes == (
        Node("x", "Input", (), (Output("float32", (None, 3, 8, None)),)),
        Node(
            "layer1/w",
            "Initializer",
            (),
            (Output("float32", (4, 3, 1, 1)),),
            "",
            {"value": "float32 [4, 3, 1, 1] 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, …"},
            48,
        ),
        Node(
            "layer1/Conv",
            "Conv",
            (Input("x"), Input("layer1/w")),
            (Output("float32", (1, 4, 8, 8)),),
            "",
            {"strides": "[1, 2]"},
        ),
        Node("layer1/Relu", "Relu", (Input("layer1/Conv"),), (Output("float32", (1, 4, 8, 8)),)),
        Node("y", "Output", (Input("layer1/Relu"),), (Output("float32", (1, 4, 8, 8)),)),
    )
    assert (found.form, found.producer, found.problems) == ("onnx", "hand 1.0, opset ai.onnx 18", ())


def test_nodes_without_a_name_are_called_by_op_and_number() -> None:
    found = read(
        [node("Add", ["x", "x"], ["a"]), node("Add", ["a", "x"], ["b"], "Add_1"), node("Add", ["b", "b"], ["c"])]
    )
    assert [one.name for one in found.nodes] == ["Add_1", "Add_1_1", "Add_2"]
    assert found.nodes[2].inputs == (Input("Add_1_1"), Input("Add_1_1"))


def test_equal_names_get_a_number() -> None:
    found = read([node("Relu", ["x"], ["y"], "x"), node("Relu", ["y"], ["z"], "x")], [value("x")], [value("x")])
    assert [(one.name, one.inputs) for one in found.nodes] == [
        ("x", ()),
        ("x_1", (Input("x"),)),
        ("x_2", (Input("x_1"),)),
        ("x_3", (Input("x"),)),
    ]


def test_outputs_have_slots_and_inputs_that_are_left_out_are_none() -> None:
    found = read([node("Split", ["x"], ["a", "", "b"], "s"), node("Clip", ["b", "", "a"], ["y"], "c")])
    assert found.nodes[1].inputs == (Input("s", 2), Input("s"))
    assert len(found.nodes[0].outputs) == 3


def test_what_nothing_gives_is_an_input_without_a_node() -> None:
    found = read([node("Relu", ["gone"], ["y"], "r")], (), [value("lost")])
    assert [one.inputs for one in found.nodes] == [(Input("gone"),), (Input("lost"),)]


def test_a_value_that_is_given_twice_is_told() -> None:
    found = read([node("A", [], ["v"], "a"), node("B", [], ["v"], "b"), node("C", ["v"], [], "c")])
    assert found.problems == ("v is given by more than one node",)
    assert found.nodes[2].inputs == (Input("b"),)


def test_a_cycle_is_read_as_written() -> None:
    found = read([node("A", ["b"], ["a"], "A"), node("B", ["a"], ["b"], "B")])
    assert [one.inputs for one in found.nodes] == [(Input("B"),), (Input("A"),)]


def test_ops_of_other_domains_tell_theirs() -> None:
    found = read([node("Gelu", ["x"], ["y"], domain="com.microsoft"), node("Relu", ["y"], ["z"], domain="ai.onnx")])
    assert [(one.name, one.op) for one in found.nodes] == [("Gelu_1", "com.microsoft:Gelu"), ("Relu_1", "Relu")]


def test_kept_values_lie_in_the_scope_of_those_that_use_them() -> None:
    found = read(
        [
            node("Conv", ["x", "a.w", "both", "all", "given/name"], ["h"], "/a/b/Conv"),
            node("Conv", ["h", "both", "all"], ["i"], "/a/c/Conv"),
            node("Conv", ["i", "all"], ["j"], "last"),
        ],
        kept=[tensor(name, (1,)) for name in ("a.w", "both", "all", "given/name", "unused")],
    )
    assert [one.name for one in found.nodes[:5]] == ["a/b/a.w", "a/both", "all", "given/name", "unused"]


def test_what_is_kept_and_listed_as_an_input_is_no_input() -> None:
    found = read([node("Add", ["x", "w"], ["y"])], [value("x"), value("w")], kept=[tensor("w", ())])
    assert [(one.name, one.op) for one in found.nodes] == [("x", "Input"), ("w", "Initializer"), ("Add_1", "Add")]


def test_scopes_that_pytorch_notes_down_are_taken() -> None:
    noted = field(9, field(1, "pkg.torch.onnx.name_scopes") + field(2, "['', 'layer1', 'layer1.0', 'conv2d']"))
    plain = field(9, field(1, "pkg.torch.onnx.name_scopes") + field(2, "['', 'add']"))
    found = read(
        [
            node("Conv", ["x", "layer1.0.weight"], ["y"], "node_conv2d", noted),
            node("Add", ["y"], ["z"], "node_add", plain),
        ],
        kept=[tensor("layer1.0.weight", (1,))],
    )
    assert [one.name for one in found.nodes] == ["layer1/0/layer1.0.weight", "layer1/0/node_conv2d", "node_add"]


def test_graphs_inside_of_a_node_lie_below_it_and_see_what_is_around() -> None:
    then = graph([node("Add", ["h", "w"], ["a"])], outputs=[value("a")])
    other = graph([node("Relu", ["h"], ["b"], "/r")], inputs=[value("h")], outputs=[value("b")])
    branches = attribute("then_branch", 5, field(6, then)) + attribute("else_branch", 5, field(6, other))
    found = read(
        [node("Neg", ["x"], ["h"], "neg"), node("If", ["c"], ["y"], "/top/pick", branches)],
        [value("x"), value("c", (), BOOL)],
        [value("y")],
        [tensor("w", (4,))],
    )
    assert [(one.name, one.inputs) for one in found.nodes[4:]] == [
        ("top/pick", (Input("c"),)),
        ("top/pick/then_branch/Add_1", (Input("neg"), Input("w"))),
        ("top/pick/then_branch/a", (Input("top/pick/then_branch/Add_1"),)),
        ("top/pick/else_branch/h", ()),
        ("top/pick/else_branch/r", (Input("top/pick/else_branch/h"),)),
        ("top/pick/else_branch/b", (Input("top/pick/else_branch/r"),)),
        ("y", (Input("top/pick"),)),
    ]
    assert found.nodes[4].attributes == {"then_branch": "graph of 1 nodes", "else_branch": "graph of 1 nodes"}


def test_functions_are_called_by_their_domain_and_name() -> None:
    body = node("Add", ["v", "v"], ["q"]) + b""
    cast = node("Cast", ["q"], ["r"], "cast", attribute("to", 2, field(21, "k")))
    function = field(1, "twice") + field(4, "v") + field(5, "r") + field(6, "k") + field(7, body) + field(7, cast)
    data = model(graph([node("twice", ["x"], ["y"], domain="local")]), field(25, function + field(10, "local")))
    found = graph_onnx.graph(data)
    (one,) = found.functions
    assert found.nodes[0].op == one.name == "local:twice"
    assert (one.arguments, one.results) == (("v",), ("r",))
    assert [(each.name, each.op, each.inputs) for each in one.nodes] == [
        ("v", "Input", ()),
        ("Add_1", "Add", (Input("v"), Input("v"))),
        ("cast", "Cast", (Input("Add_1"),)),
        ("r", "Output", (Input("cast"),)),
    ]
    assert one.nodes[2].attributes == {"to": "@k"}


def test_attributes_are_told_as_text() -> None:
    inner = tensor("", (2,), INT64, field(7, varint(3) + varint(4)))
    sparse = field(1, tensor("", (1,), data=floats(5))) + integer(3, 10)
    attributes = (
        attribute("f", 1, single(2, 0.1))
        + attribute("i", 2, integer(3, -3))
        + attribute("s", 3, field(4, "same"))
        + attribute("t", 4, field(5, inner))
        + attribute("fs", 6, field(7, struct.pack("<2f", 1.5, 2)))
        + attribute("is", 7, field(8, varint(1) + varint(2)))
        + attribute("ss", 8, field(9, "a") + field(9, b"\x00"))
        + attribute("ts", 9, field(10, inner))
        + attribute("none", 7, b"")
        + attribute("old", 0, integer(3, 7))
        + attribute("sparse", 11, field(22, sparse))
        + attribute("type", 13, field(14, field(1, integer(1, FLOAT) + field(2, b""))))
        + attribute("strange", 99, b"")
    )
    (found,) = read([node("Op", [], ["y"], "n", attributes)]).nodes
    assert found.attributes == {
        "f": "0.1",
        "i": "-3",
        "s": "same",
        "t": "int64 [2] 3, 4",
        "fs": "[1.5, 2.0]",
        "is": "[1, 2]",
        "ss": "[a, 1 bytes]",
        "ts": "[int64 [2] 3, 4]",
        "none": "[]",
        "old": "7",
        "sparse": "sparse [10] of float32 [1] 5.0",
        "type": "float32 []",
        "strange": "",
    }
    assert found.size == 16


@pytest.mark.parametrize(
    ("kind", "data", "words", "size"),
    [
        (FLOAT, field(9, struct.pack("<2f", 0.5, -1)), "float32 [2] 0.5, -1.0", 8),
        (DOUBLE, field(10, struct.pack("<2d", 0.5, 2)), "float64 [2] 0.5, 2.0", 16),
        (UINT8, field(5, varint(7) + varint(9)), "uint8 [2] 7, 9", 2),
        (HALF, field(9, struct.pack("<2e", 0.5, 2)), "float16 [2] 0.5, 2.0", 4),
        (HALF, field(5, varint(0x3800)), "float16 [2]", 4),
        (BFLOAT16, field(9, b"\x80\x3f\x00\x00"), "bfloat16 [2]", 4),
        (STRING, field(6, "a") + field(6, "bc"), "string [2] a, bc", 3),
        (INT4, field(5, varint(0x21)), "int4 [2]", 1),
        (FLOAT, field(9, b"\x00"), "float32 [2]", 8),
        (99, b"", "type 99 [2]", 0),
        (0, b"", "[2]", 0),
    ],
)
def test_kept_values_tell_their_type_first_values_and_size(kind, data, words, size) -> None:
    (found,) = read([], kept=[tensor("w", (2,), kind, data)]).nodes
    assert found.attributes["value"] == words
    assert found.size == size


def test_data_beside_the_model_are_told_and_not_opened() -> None:
    beside = field(13, field(1, "location") + field(2, "/etc/passwd")) + integer(14, 1)
    (found,) = read([], kept=[tensor("w", (1 << 20, 1 << 20), FLOAT, beside)]).nodes
    assert found.attributes == {"value": "float32 [1048576, 1048576]", "external_data": "location /etc/passwd"}
    assert found.size == 1 << 42


def test_a_constant_gives_what_it_holds() -> None:
    (found,) = read([node("Constant", [], ["k"], "k", attribute("value", 4, field(5, tensor("", (3,), INT64))))]).nodes
    assert found.outputs == (Output("int64", (3,)),)


def test_types_that_are_no_tensors_are_told() -> None:
    sequence = field(1, "s") + field(2, field(4, field(1, field(1, integer(1, INT64)))))
    nothing = field(1, "n")
    found = read([], [sequence, nothing])
    assert [one.outputs for one in found.nodes] == [(Output("sequence of int64"),), (Output(),)]


def test_graphs_too_deep_within_one_another_are_told_or_refused() -> None:
    body = graph([node("Relu", ["x"], ["y"])])
    for _level in range(40):
        body = graph([node("Loop", ["x"], ["y"], "n", attribute("body", 5, field(6, body)))])
    with pytest.raises(MessageError):
        graph_onnx.graph(model(body))


@pytest.mark.parametrize("data", [b"", b"\xff\xff", b"\x3a\x05ab", integer(1, 9), b"not a model at all"])
def test_bytes_without_a_model_are_told(data) -> None:
    with pytest.raises(MessageError):
        graph_onnx.graph(data)


def test_every_cut_of_a_model_is_read_or_told() -> None:
    branch = attribute("b", 5, field(6, graph([node("Add", ["h", "w"], ["a"])], outputs=[value("a", (1, None, "N"))])))
    data = model(
        graph(
            [node("Op", ["x", "w"], ["y"], "/a/n", branch)],
            [value("x")],
            [value("y")],
            [tensor("w", (2,), data=floats(1, 2))],
        ),
        field(25, field(1, "f") + field(4, "v") + field(5, "r")),
    )
    for end in range(len(data)):
        for wrong in (data[:end], data[:end] + bytes([data[end] ^ 0xFF]) + data[end + 1 :]):
            try:
                graph_onnx.graph(wrong)
            except MessageError:
                continue


def test_names_of_a_megabyte_are_read() -> None:
    found = read([node("Relu", ["x" * 1_000_000], ["y"], "n" * 1_000_000)])
    assert len(found.nodes[0].name) == len(found.nodes[0].inputs[0].source) == 1_000_000

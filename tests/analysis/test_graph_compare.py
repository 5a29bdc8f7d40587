"""Two graphs side by side: added, removed, changed, whatever machines make of names."""

import time
from dataclasses import replace

from tbcore.analysis.graph_compare import Difference, compare, merged
from tbcore.analysis.graph_scopes import Tree, tree, visible
from tbcore.formats import graphdef
from tbcore.formats.graphs import Function, Graph, Input, Node, Output, Shape
from tests import graphmaker


def node(
    name: str, op: str, *inputs: str, shape: Shape | None = None, dtype: str = "float32", **attributes: str
) -> Node:
    given = tuple(Input(text.removeprefix("^"), 0, text.startswith("^")) for text in inputs)
    return Node(name, op, given, () if shape is None else (Output(dtype, shape),), attributes=attributes)


def grown(*nodes: Node, form: str = "graphdef", functions: tuple[Function, ...] = ()) -> Tree:
    return tree(Graph(nodes, functions, form))


def names(difference: Difference) -> tuple[list[str], list[str], list[str]]:
    """Return what was added, removed, and changed."""
    parts = (difference.added, difference.removed, difference.changed)
    added, removed, changed = ([change.name for change in part] for part in parts)
    return added, removed, changed


def chain(*parts: tuple[str, str]) -> Tree:
    """Return operations (name, op), each fed by the one before."""
    nodes: list[Node] = []
    for name, op in parts:
        nodes.append(node(name, op, *([nodes[-1].name] if nodes else [])))
    return grown(*nodes)


def test_a_graph_does_not_differ_from_itself() -> None:
    found = tree(graphdef.graph(graphmaker.deep(300)))
    difference = compare(found, found)
    assert names(difference) == ([], [], [])
    assert difference.same == 300
    assert difference.marks_a == difference.marks_b == {}


def test_what_came_and_went_is_told_by_name() -> None:
    one = chain(("x", "Placeholder"), ("net/fc", "MatMul"), ("net/relu", "Relu"))
    other = chain(("x", "Placeholder"), ("net/fc", "MatMul"), ("net/gelu", "Gelu"))
    difference = compare(one, other)
    assert names(difference) == (["net/gelu"], ["net/relu"], [])
    assert difference.marks_a == {"net": "inside", "net/relu": "removed"}
    assert difference.marks_b == {"net": "inside", "net/gelu": "added"}


def test_a_scope_of_which_all_is_new_is_added_as_a_whole() -> None:
    one = chain(("x", "Placeholder"))
    other = chain(("x", "Placeholder"), ("net/a", "Relu"), ("net/b", "Relu"))
    assert compare(one, other).marks_b == {"net": "added", "net/a": "added", "net/b": "added"}


def test_changes_are_told_in_words() -> None:
    one = grown(node("x", "Conv2D", shape=(None, 8), strides="[1, 1]"), node("y", "Relu", "x", shape=(3,)))
    two = Node(
        "x",
        "DepthwiseConv",
        outputs=(Output("float16", (None, 16)),),
        device="/device:GPU:0",
        attributes={"strides": "[2, 2]", "pad": "SAME"},
    )
    (first, second) = compare(one, grown(two, node("z", "Add"), node("y", "Relu", "z", shape=(3,)))).changed
    assert first.what == (
        "op Conv2D → DepthwiseConv",
        "device none → /device:GPU:0",
        "shape ?×8 → ?×16",
        "dtype float32 → float16",
        "strides [1, 1] → [2, 2]",
        "pad none → SAME",
    )
    assert second.what == ("input 0 x → z",)


def test_names_in_attributes_are_no_change() -> None:
    one = grown(node("W", "VarHandleOp", shared_name="W", _class="[loc:@W]"))
    other = grown(node("W_1", "VarHandleOp", shared_name="W_1", _class="[loc:@W_1]"))
    assert compare(one, other).same == 1


def test_another_order_of_control_inputs_is_no_change() -> None:
    one = grown(node("a", "Relu"), node("b", "Relu"), node("c", "NoOp", "^a", "^b"))
    assert compare(one, grown(node("a", "Relu"), node("b", "Relu"), node("c", "NoOp", "^b", "^a"))).same == 3
    assert compare(one, grown(node("a", "Relu"), node("b", "Relu"), node("c", "NoOp", "^b"))).changed[0].what == (
        "control inputs",
    )


def torch(*ops: str, start: int) -> Tree:
    """Return a module of PyTorch whose operations are numbered from `start`."""
    nodes = [node("input/x.1", "IO Node")]
    for number, op in enumerate(ops, start):
        nodes.append(node(f"Net/Layer[0]/{number}", op, nodes[-1].name, attr="{}"))
    return grown(*nodes, form="torch")


def test_the_numbers_that_pytorch_gives_do_not_count() -> None:
    one = torch("aten::conv", "aten::relu", "aten::conv", "aten::flatten", start=20)
    assert compare(one, torch("aten::conv", "aten::relu", "aten::conv", "aten::flatten", start=135)).same == 5
    added, removed, changed = names(
        compare(one, torch("aten::conv", "aten::relu", "aten::dropout", "aten::conv", "aten::flatten", start=77))
    )
    assert (added, removed, changed) == (["Net/Layer[0]/79"], [], ["Net/Layer[0]/80"])


def test_constants_that_pytorch_shares_are_compared_by_their_values() -> None:
    def conv(name: str, *rest: Node) -> Tree:
        return grown(
            *rest, node("M/1", "prim::Constant", attr="{ value : 1}"), node("M/c", "aten::conv", name), form="torch"
        )

    shared = conv("M/1")
    assert names(compare(shared, conv("M/9", node("M/9", "prim::Constant", attr="{ value : 1}"))))[2] == []
    assert compare(shared, conv("M/9", node("M/9", "prim::Constant", attr="{ value : 2}"))).changed[0].what == (
        "input 0 1 → 2",
    )


def test_a_constant_of_pytorch_that_names_inputs_is_compared() -> None:
    odd = [node("N/1", "prim::Constant", "gone", attr="{ value : 2}"), node("N/2", "aten::relu", "N/1")]
    other = [node("N/1", "prim::Constant", attr="{ value : 3}"), node("N/2", "aten::relu", "N/1")]
    found = compare(grown(*odd, form="torch"), grown(*other, form="torch"))
    assert {change.name: change.what for change in found.changed}["N/2"] == ("input 0 2 → 3",)


def keras(model: str, *layers: str) -> Tree:
    nodes: list[Node] = []
    for layer in layers:
        name, _space, op = layer.partition(" ")
        nodes.append(
            Node(
                f"{model}/{name}",
                op,
                tuple(Input(nodes[-1].name) for _ in nodes[:1]),
                attributes={"name": name},
                module=op,
            )
        )
    return grown(*nodes, form="keras")


def test_the_numbers_that_keras_gives_do_not_count() -> None:
    one = keras("sequential", "input_layer InputLayer", "dense Dense", "dense_1 Dense")
    assert compare(one, keras("sequential_1", "input_layer_1 InputLayer", "dense_1 Dense", "dense_2 Dense")).same == 3


def test_models_of_other_names_that_hold_the_like_are_compared() -> None:
    one = keras("before", "image InputLayer", "a Dense", "b Dense", "c Dense")
    other = keras("after", "image InputLayer", "a Dense", "b Dense", "d Dropout", "c Dense")
    assert names(compare(one, other)) == (["after/d"], [], ["after/c"])


def test_functions_are_compared_by_their_names() -> None:
    one = grown(functions=(Function("f", (node("a", "Relu"), node("b", "Relu", "a"))),))
    other = grown(
        functions=(Function("f", (node("a", "Relu"), node("b", "Gelu", "a"))), Function("g", (node("a", "Relu"),)))
    )
    difference = compare(one, other)
    assert [change.what for change in difference.changed] == [("op Relu → Gelu",)]
    assert [change.id for change in difference.added] == ["__functions__/g/a"]


def test_both_in_one_picture_keep_what_was_removed_where_it_was() -> None:
    one = grown(
        node("x", "Placeholder"),
        node("net/a", "MatMul", "x"),
        node("net/b", "Tanh", "net/a"),
        node("net/c", "Tanh", "net/b"),
    )
    other = grown(
        node("x", "Placeholder"),
        node("net/a", "MatMul", "x"),
        node("net/b", "Relu", "net/a"),
        node("y", "Mean", "net/b"),
    )
    both = merged(one, other)
    assert both.marks == {"net": "inside", "net/b": "changed", "net/c": "removed", "y": "added"}
    wires = {(edge.source, edge.target) for edge in visible(both.tree, ["net"]).edges}
    assert wires == {("x", "net/a"), ("net/a", "net/b"), ("net/b", "net/c"), ("net/b", "y")}


def test_a_removed_node_whose_name_is_taken_gets_another() -> None:
    one = grown(node("Net/1", "aten::relu"), node("Net/2", "aten::tanh", "Net/1"), form="torch")
    other = grown(node("Net/1", "aten::relu"), node("Net/2", "aten::gelu", "Net/1"), form="torch")
    both = merged(one, other)
    assert sorted(found.name for found in both.tree.nodes) == ["Net/1", "Net/2", "Net/2 (before)"]
    assert both.marks == {"Net": "inside", "Net/2": "added", "Net/2 (before)": "removed"}


def test_removed_functions_are_in_the_picture() -> None:
    one = grown(node("x", "Relu"), functions=(Function("f", (node("a", "Relu"), node("b", "Relu", "a"))),))
    both = merged(one, grown(node("x", "Relu")))
    assert both.marks["__functions__/f"] == "removed"


def test_graphs_of_twenty_thousand_nodes_are_compared_in_seconds() -> None:
    graph = graphdef.graph(graphmaker.deep(20_000))
    one, other = tree(graph), tree(replace(graph, nodes=graph.nodes[:-500]))
    start = time.process_time()
    assert len(compare(one, other).removed) == 500
    assert time.process_time() - start < 4


def test_nothing_compares_with_nothing() -> None:
    assert compare(grown(), grown()).same == 0
    assert names(compare(grown(), grown(node("a", "Relu")))) == (["a"], [], [])
    assert merged(grown(node("a", "Relu")), grown()).marks == {"a": "removed"}

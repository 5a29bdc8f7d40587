"""Boxes within boxes: how names become scopes, what is set aside, what is seen, and the way from box to box."""

import time
from dataclasses import replace

import pytest

import tbcore
from tbcore.analysis import graph_layers, graphs
from tbcore.analysis.graph_scopes import (
    Tree,
    callers,
    calls,
    find,
    first,
    inside,
    links,
    opening,
    path,
    seen_on_path,
    tree,
    visible,
)
from tbcore.errors import PatternError
from tbcore.formats import graphdef
from tbcore.formats.graphs import Function, Graph, Input, Node, Output, Shape
from tests import graphmaker
from tests.fixtures import log, needs_fixtures
from tests.graphmaker import dtype, shapes


def node(name: str, op: str, *inputs: str, shape: Shape | None = None, attr: str = "") -> Node:
    """Return a node; inputs: "x", "x:1", "^x"."""
    given = []
    for text in inputs:
        name_, _colon, slot = text.removeprefix("^").partition(":")
        given.append(Input(name_, int(slot or 0), text.startswith("^")))
    outputs = () if shape is None else (Output("float32", shape),)
    return Node(name, op, tuple(given), outputs, attributes={"attr": attr} if attr else {})


def grown(*nodes: Node, form: str = "graphdef", functions: tuple[Function, ...] = ()) -> Tree:
    return tree(Graph(nodes, functions, form))


def labels(seen_tree: Tree, *opened: str) -> list[str]:
    """Return the labels of what is seen when `opened` is open."""
    return [box.label for box in visible(seen_tree, opened).boxes]


def edges(seen_tree: Tree, *opened: str) -> list[tuple[str, str, str]]:
    return [(edge.source, edge.target, edge.label) for edge in visible(seen_tree, opened).edges]


def everything(seen_tree: Tree) -> list[str]:
    return [box.id for box in seen_tree.boxes[1:]]


# Names ---------------------------------------------------------------------------------------------------------------


def test_names_become_scopes_at_their_slashes() -> None:
    found = grown(
        node("x", "Placeholder"), node("dense/MatMul", "MatMul", "x"), node("dense/Relu", "Relu", "dense/MatMul")
    )
    assert found.children("") == ("x", "dense")
    assert found.children("dense") == ("dense/MatMul", "dense/Relu")
    box = found.box("dense")
    assert box is not None
    assert (box.label, box.kind, box.count, box.children, box.depth) == ("dense", "scope", 2, 2, 0)
    assert found.ancestors("dense/Relu") == ("dense",)


def test_a_node_that_is_also_a_scope_is_drawn_inside_in_brackets() -> None:
    found = grown(node("dense", "MatMul"), node("dense/a", "Relu", "dense"), node("dense/b", "Relu", "dense/a"))
    assert found.children("dense") == ("dense/(dense)", "dense/a", "dense/b")
    box = found.box("dense/(dense)")
    assert box is not None
    assert (box.label, box.node) == ("(dense)", 0)


def test_an_operation_whose_scope_holds_only_its_constants_stays_an_operation() -> None:
    found = grown(
        node("x", "Placeholder"),
        node("net/add/y", "Const"),
        node("net/add", "AddV2", "x", "net/add/y"),
        node("net/Relu", "Relu", "net/add"),
    )
    assert labels(found, "net") == ["x", "net", "add", "Relu"]
    box = found.box("net/add")
    assert box is not None
    assert (box.id, box.kind) == ("net/add", "op")
    assert visible(found, ["net"]).aside == {"net/add": ("net/add/y",)}


def test_a_chain_of_scopes_with_nothing_else_inside_is_one_box_found_under_each_of_its_paths() -> None:
    found = grown(node("a/b/c/one", "Relu"), node("a/b/c/two", "Relu", "a/b/c/one"), node("x", "Relu", "a/b/c/two"))
    assert [(box.id, box.label) for box in visible(found, []).boxes] == [("a/b/c", "a/b/c"), ("x", "x")]
    assert found.box("a") == found.box("a/b") == found.box("a/b/c")


def test_equal_names_get_a_number_and_every_id_is_its_own() -> None:
    found = grown(*(node("same", "Relu") for _ in range(3)), node("same#2", "Relu"), node("same/in", "Relu"))
    ids = everything(found)
    assert len(set(ids)) == len(ids)
    assert {"same", "same/(same)", "same/(same)#2"} < set(ids)


def test_ids_do_not_depend_on_what_was_loaded_before() -> None:
    data = graphmaker.deep(500)
    assert everything(tree(graphdef.graph(data))) == everything(tree(graphdef.graph(data)))


@pytest.mark.parametrize(
    "name", ["", "/", "//a//b/", "a/" * 400, "/".join(["x"] * 5000), "n" * 2**20, "<b>&amp;</b>\n\0"]
)
def test_any_name_is_drawn(name: str) -> None:
    found = grown(node(name, "Relu"), node("b", "Relu", name), node("c", "Relu", "b"))
    assert sum(box.node >= 0 for box in found.boxes) == 3
    assert visible(found, everything(found)).edges
    assert max(box.depth for box in found.boxes) <= 65


@pytest.mark.parametrize(
    ("name", "op", "attr"),
    [("a/" * 500_000 + "x", "aten::relu", ""), ("a" * 1_000_000, "prim::Constant", "{ value :" + " " * 1_000_000)],
    ids=["slashes", "spaces"],
)
@pytest.mark.parametrize("form", ["torch", "graphdef"])
def test_what_is_very_long_takes_no_time(form: str, name: str, op: str, attr: str) -> None:
    started = time.perf_counter()
    found = grown(node(name, op, attr=attr), node("M/w", "prim::GetAttr"), node("y", "aten::add", name), form=form)
    assert find(found, "a.*b") == []
    assert len(graph_layers.layers(found.graph, found).rows) <= 3
    assert time.perf_counter() - started < 5


def test_a_graph_of_nothing_has_nothing_to_see() -> None:
    found = grown()
    assert first(found) == frozenset()
    assert visible(found, ["nothing"]).boxes == ()
    assert path(found, "nothing") == set()
    assert links(found, "nothing").inputs == ()


def test_modules_of_pytorch_are_called_by_attribute_and_class() -> None:
    conv = "Net/Sequential[block]/Conv2d[0]"
    found = grown(
        node("input/x", "IO Node"),
        node(f"{conv}/weight/weight.3", "prim::GetAttr", f"{conv}/weight/_0"),
        node(f"{conv}/12", "prim::Constant", attr="{ value : 1}"),
        node(f"{conv}/13", "aten::_convolution", "input/x", f"{conv}/weight/weight.3", f"{conv}/12"),
        node("Net/Sequential[block]/ReLU[1]/input.5", "aten::relu", f"{conv}/13"),
        node("Net/15", "aten::flatten", "Net/Sequential[block]/ReLU[1]/input.5"),
        form="torch",
    )
    assert labels(found, *everything(found)) == [
        "input",
        "Net",
        "block: Sequential",
        "0: Conv2d",
        "_convolution",
        "1: ReLU",
        "flatten",
    ]
    box = found.box("Net/Sequential[block]/ReLU[1]")
    assert box is not None
    assert (box.kind, box.type, box.node) == ("op", "aten::relu", 4)
    aside = visible(found, everything(found)).aside[f"{conv}/13"]
    assert [(found.boxes[found.numbers[one]].label, found.role(one)) for one in aside] == [
        ("weight", "parameter"),
        ("1", "constant"),
    ]


def test_functions_stand_in_one_box_and_know_their_callers() -> None:
    inner = Function("square", (node("x", "input_arg"), node("y", "Mul", "x", "x")), ("x",), ("y",))
    found = grown(
        node("a", "Placeholder"),
        Node("call", "PartitionedCall", (Input("a"),), attributes={"f": "square"}),
        functions=(inner,),
    )
    assert found.children("") == ("a", "call", "__functions__")
    assert found.children("__functions__") == ("__functions__/square",)
    assert found.children("__functions__/square") == ("__functions__/square/x", "__functions__/square/y")
    assert calls(found, "call") == ("__functions__/square",)
    assert callers(found, "__functions__/square") == ("call",)
    assert [found.nodes[index].name for index in inside(found, "__functions__")] == ["x", "y"]


def test_what_a_function_names_is_in_that_function() -> None:
    inner = Function("f", (node("x", "input_arg"), node("y", "Relu", "x")), ("x",))
    found = grown(node("x", "Placeholder"), node("y", "Relu", "x"), functions=(inner,))
    assert edges(found, *everything(found)) == [("x", "y", ""), ("__functions__/f/x", "__functions__/f/y", "")]


# Aside ---------------------------------------------------------------------------------------------------------------


def test_constants_stand_beside_what_they_feed() -> None:
    found = grown(
        node("c", "Const"), node("x", "Placeholder"), node("add", "AddV2", "x", "c"), node("mul", "Mul", "x", "c")
    )
    seen = visible(found, [])
    assert [box.id for box in seen.boxes] == ["x", "add", "mul"]
    assert seen.aside == {"add": ("c",), "mul": ("c",)}


def test_summaries_stand_beside_what_feeds_them() -> None:
    found = grown(
        node("loss", "Mean"),
        node("loss_1/tags", "Const"),
        node("loss_1", "ScalarSummary", "loss_1/tags", "loss"),
        node("out", "Relu", "loss"),
    )
    assert visible(found, []).aside == {"loss": ("loss_1",)}
    assert found.role("loss_1") == "summary"


def test_a_variable_with_what_starts_and_reads_it_is_one_mark_beside_its_readers() -> None:
    found = grown(
        node("x", "Placeholder"),
        node("W/Initializer/zeros", "Const"),
        node("W", "VarHandleOp"),
        node("W/IsInitialized/VarIsInitializedOp", "VarIsInitializedOp", "W"),
        node("W/Assign", "AssignVariableOp", "W", "W/Initializer/zeros"),
        node("W/Read/ReadVariableOp", "ReadVariableOp", "W"),
        node("MatMul/ReadVariableOp", "ReadVariableOp", "W"),
        node("MatMul", "MatMul", "x", "MatMul/ReadVariableOp"),
        node("init", "NoOp", "^W/Assign"),
    )
    seen = visible(found, [])
    assert [box.id for box in seen.boxes] == ["x", "MatMul"]
    assert seen.aside == {"MatMul": ("W", "MatMul/ReadVariableOp"), "": ("init",)}
    assert (found.role("W"), found.role("init")) == ("parameter", "helper")


def test_what_only_computes_the_start_of_a_variable_is_set_aside() -> None:
    found = grown(
        node("random/shape", "Const"),
        node("random/normal", "RandomStandardNormal", "random/shape"),
        node("Variable", "VariableV2"),
        node("Variable/Assign", "Assign", "Variable", "random/normal"),
        node("Variable/read", "Identity", "Variable"),
        node("x", "Placeholder"),
        node("out", "MatMul", "x", "Variable/read"),
    )
    assert labels(found) == ["x", "out"]


def test_what_saves_and_restores_is_set_aside() -> None:
    found = grown(
        node("x", "Relu"),
        node("save/SaveV2", "SaveV2", "x"),
        node("save/RestoreV2", "RestoreV2"),
        node("y", "Relu", "x"),
    )
    assert visible(found, []).aside == {"": ("save",)}


def test_a_helper_that_orders_very_many_is_set_aside() -> None:
    many = [node(f"op{number}", "Relu") for number in range(40)]
    found = grown(*many, node("group", "NoOp", *(f"^op{number}" for number in range(40))), node("x", "Relu", "op1"))
    assert found.role("group") == "helper"


def test_what_is_set_aside_is_drawn_where_there_is_nothing_else() -> None:
    assert labels(grown(node("a", "Const"), node("b", "Const"))) == ["a", "b"]


def test_something_set_aside_is_a_box_while_it_is_open() -> None:
    found = grown(
        node("x", "Placeholder"), node("w/a", "Const"), node("w/b", "Const"), node("sum", "AddN", "x", "w/a", "w/b")
    )
    assert visible(found, []).aside == {"sum": ("w",)}
    assert labels(found, "w") == ["x", "w", "a", "b", "sum"]


def test_a_list_of_constants_is_one_and_a_list_of_tensors_is_none() -> None:
    found = grown(
        node("M/1", "prim::Constant", attr="{ value : 1}"),
        node("M/2", "prim::ListConstruct", "M/1", "M/1"),
        node("M/3", "prim::ListConstruct"),
        node("M/x", "aten::relu"),
        node("M/4", "prim::ListConstruct", "M/x", "M/x"),
        node("M/5", "aten::cat", "M/4", "M/2", "M/3"),
        form="torch",
    )
    assert labels(found, "M") == ["M", "relu", "ListConstruct", "cat"]


def transformer() -> Tree:
    """Return two equal layers that PyTorch holds in a list; what is constant in both is written in the first."""
    size, shape = "M/Layer[0]/Norm[n]/size", "M/Layer[0]/Norm[n]/shape"
    nodes = [node("x", "IO Node"), node(size, "prim::Constant"), node(shape, "prim::ListConstruct", size)]
    for place, given in ((0, "x"), (1, "M/Layer[0]/add")):
        norm, layer = f"M/Layer[{place}]/Norm[n]", f"M/Layer[{place}]"
        weight = f"M/ModuleList[layers]/Layer[{place}]/Norm[n]/weight/weight.{place}"
        nodes += [
            node(weight, "prim::GetAttr", attr="{ name : weight}"),
            node(f"{norm}/y", "aten::layer_norm", given, shape, weight),
            node(f"{layer}/drop", "aten::dropout", f"{norm}/y", *([size] if place else [])),
            node(f"{layer}/add", "aten::add", given, f"{layer}/drop"),
        ]
    return grown(*nodes, form="torch")


def test_the_parameters_of_modules_in_a_list_of_pytorch_stand_beside_what_uses_them() -> None:
    found = transformer()
    assert labels(found, "M", "M/Layer[1]") == ["x", "M", "0: Layer", "1: Layer", "n: Norm", "dropout", "add"]
    opened = visible(found, ["M", "M/Layer[1]", "M/Layer[1]/Norm[n]"])
    weight = "M/ModuleList[layers]/Layer[1]/Norm[n]/weight/weight.1"
    assert weight in opened.aside["M/Layer[1]/Norm[n]/y"]
    assert found.ancestors(weight) == ("M", "M/Layer[1]", "M/Layer[1]/Norm[n]")


def test_where_pytorch_writes_a_shared_constant_is_no_matter_of_structure() -> None:
    found = transformer()
    one, other = (found.numbers[f"M/Layer[{place}]"] for place in (0, 1))
    assert found.structures[one] == found.structures[other]


@pytest.mark.parametrize(
    ("tell", "reckon"),
    [("aten::size", "prim::NumToTensor"), ("Shape", "StridedSlice"), ("Shape", "Gather")],
)
def test_lengths_and_what_is_reckoned_with_them_are_set_aside(tell: str, reckon: str) -> None:
    found = grown(
        node("x", "Placeholder"),
        node("size", tell, "x"),
        node("first", "Const"),
        node("number", reckon, "size", "first"),
        node("flat", "Reshape", "x", "number"),
        node("mean", "Div", "x", "number"),
    )
    assert labels(found) == ["x", "flat", "mean"]
    assert [edge[:2] for edge in edges(found)] == [("x", "flat"), ("x", "mean")]
    assert visible(found, []).aside["flat"] == ("size", "first", "number")


def test_a_length_that_a_model_gives_is_drawn() -> None:
    found = grown(node("x", "Input"), node("size", "Shape", "x"), node("y", "Output", "size"))
    assert labels(found) == ["x", "size", "y"]
    assert labels(grown(node("x", "Input"), node("size", "Shape", "x"))) == ["x", "size"]


def test_a_constant_that_two_modules_share_is_no_wire_between_them() -> None:
    found = grown(
        node("M/A[a]/1", "prim::Constant"),
        node("M/A[a]/2", "aten::relu", "M/A[a]/1"),
        node("M/A[a]/3", "aten::relu", "M/A[a]/2"),
        node("M/B[b]/4", "aten::relu", "M/A[a]/1"),
        node("M/B[b]/5", "aten::relu", "M/B[b]/4"),
        form="torch",
    )
    assert edges(found, "M") == []


# Series and groups ---------------------------------------------------------------------------------------------------


def test_a_scope_of_more_boxes_than_a_first_picture_shows_is_opened_where_it_is_all_there_is() -> None:
    nodes = [node(f"net/{chr(97 + place % 26)}{place // 26}/x", f"Op{place}") for place in range(50)]
    nodes += [replace(one, name=f"{one.name.rpartition('/')[0]}/y") for one in nodes]
    found = grown(*nodes)
    assert first(found) == {"net"}
    assert len(visible(found, first(found)).boxes) == 51


def test_pieces_of_a_crowd_stay_closed_at_first() -> None:
    found = grown(*(node(f"net/n{chr(97 + place % 26)}_{place}", f"Op{place}") for place in range(200)))
    assert first(found) == {"net"}
    assert {box.kind for box in visible(found, ["net"]).boxes} == {"scope", "more"}


def layers(count: int, scope: str = "") -> list[Node]:
    """Return layers of two operations, each fed by the one before."""
    found = [node("x", "Placeholder")]
    for number in range(1, count + 1):
        found.append(node(f"{scope}layer_{number}/MatMul", "MatMul", found[-1].name))
        found.append(node(f"{scope}layer_{number}/Relu", "Relu", found[-1].name))
    return found


def test_five_equal_siblings_that_are_counted_are_a_series() -> None:
    found = grown(*layers(12))
    box = found.box("layer_[1-12]")
    assert box is not None
    assert (box.kind, box.count, box.children, box.label) == ("series", 24, 12, "layer_[1-12]")
    assert edges(found) == [("x", "layer_[1-12]", "")]


def test_four_equal_siblings_are_no_series() -> None:
    assert labels(grown(*layers(4))) == ["x", "layer_1", "layer_2", "layer_3", "layer_4"]


def test_a_scope_that_is_nothing_but_a_series_is_the_box_for_it() -> None:
    found = grown(*layers(6, "encoder/"))
    assert labels(found, "encoder") == ["x", "encoder", *(f"layer_{number}" for number in range(1, 7))]


def test_a_sibling_of_another_structure_is_not_in_the_series() -> None:
    found = grown(*layers(8), node("layer_3/Dropout", "Dropout", "layer_3/Relu"))
    assert labels(found) == ["x", "layer_1", "layer_2", "layer_3", "layer_[4-8]"]


def test_a_series_that_comes_back_to_itself_through_others_is_left_alone() -> None:
    nodes = [node("conv_0", "Conv2D")]
    for number in range(1, 7):
        nodes += [node(f"relu_{number}", "Relu", nodes[-1].name), node(f"conv_{number}", "Conv2D", f"relu_{number}")]
    assert len(labels(grown(*nodes))) == 13


def test_the_members_of_an_ungrouped_series_stand_in_its_scope() -> None:
    found = grown(*layers(5, "net/"), node("net/end", "Mean", "net/layer_5/Relu"))
    assert [box.label for box in visible(found, ["net"]).boxes] == ["x", "net", "layer_[1-5]", "end"]
    seen = visible(found, ["net"], ungrouped=["net/layer_[1-5]"])
    assert [(box.label, box.parent) for box in seen.boxes[2:7]] == [
        (f"layer_{number}", "net") for number in range(1, 6)
    ]


def test_no_open_scope_shows_more_than_sixty_boxes() -> None:
    for data in (
        graphmaker.flat(2000),
        graphmaker.flat(2000, numbered=False),
        graphmaker.flat(20000),
        graphmaker.deep(3000),
    ):
        found = tree(graphdef.graph(data))
        shown = [sum(not found.roles[child] for child in inner) for inner in found.inner]
        assert max(shown) <= 60
        assert found.boxes[0].count == len(found.nodes)


def test_a_long_chain_is_cut_into_pieces_that_follow_each_other() -> None:
    found = tree(graphdef.graph(graphmaker.flat(2000, numbered=False)))
    wires = edges(found, "net")
    assert 20 <= len(wires) <= 60
    assert [source for source, _target, _label in wires[1:]] == [target for _source, target, _label in wires[:-1]]


def test_a_flat_network_is_cut_where_its_blocks_are() -> None:
    nodes = [node("net/in", "InputLayer")]
    for block in range(1, 13):
        start = nodes[-1].name
        for part in ("pad", "conv1", "norm1", "relu1", "conv2", "norm2", "relu2", "conv3", "norm3"):
            nodes.append(node(f"net/block{block}_{part}", part, nodes[-1].name))
        nodes.append(node(f"net/block{block}_add", "Add", start, nodes[-1].name))
    found = grown(*nodes, form="keras")
    groups = [box.label for box in visible(found, ["net"]).boxes[1:]]
    assert groups[1:-1] == [f"block{block}" for block in range(2, 12)]


def test_many_that_are_wired_alike_go_by_their_op() -> None:
    nodes = [
        node("x", "Placeholder"),
        *(node(f"{chr(97 + n % 26)}{chr(97 + n // 26)}_", "Relu", "x") for n in range(300)),
    ]
    assert labels(grown(*nodes)) == ["x", "Relu × 300"]


# First sight ---------------------------------------------------------------------------------------------------------


def test_a_small_graph_opens_whole() -> None:
    found = grown(*layers(3, "net/"))
    assert first(found) == {"net", "net/layer_1", "net/layer_2", "net/layer_3"}


def test_a_large_graph_opens_to_what_can_be_taken_in() -> None:
    for data in (
        graphmaker.deep(20_000),
        graphmaker.deep(500),
        graphmaker.flat(2000),
        graphmaker.flat(300, numbered=False),
    ):
        found = tree(graphdef.graph(data))
        seen = visible(found, first(found))
        assert 10 <= len(seen.boxes) - len(seen.open) <= 40


def test_gradients_and_optimizers_stay_closed_at_first() -> None:
    nodes = [node("x", "Placeholder"), node("net/a", "MatMul", "x"), node("net/b", "Relu", "net/a")]
    nodes += [node(f"gradients/g{number}/{part}", "Mul", "net/b") for number in range(30) for part in "abc"]
    nodes += [node(f"Adam/update_{number}", "ApplyAdam", "net/b") for number in range(30)]
    assert first(grown(*nodes)) == {"net"}


def test_a_graph_that_only_calls_functions_opens_these() -> None:
    body = tuple(
        node(f"model/op{number}", "Relu", *([f"model/op{number - 1}"] if number else [])) for number in range(9)
    )
    caller = Node("call", "PartitionedCall", (Input("x"),), attributes={"f": "step"})
    found = grown(node("x", "Placeholder"), caller, functions=(Function("step", body), Function("other", body[:3])))
    assert {"__functions__", "__functions__/step"} <= first(found)


def test_boxes_of_equal_structure_open_together_or_not_at_all() -> None:
    found = tree(graphdef.graph(graphmaker.deep(5000)))
    opened = first(found)
    blocks = [
        box
        for box in visible(found, opened).boxes
        if box.kind == "scope" and box.label.startswith("stage_") and box.count > 100
    ]
    equal = [
        box.id in opened
        for box in blocks
        if found.structures[found.numbers[box.id]] == found.structures[found.numbers[blocks[0].id]]
    ]
    assert len(equal) > 1
    assert len(set(equal)) == 1


@needs_fixtures
@pytest.mark.parametrize(
    ("fixture", "run", "seen_first"),
    [
        (
            "torch_all",
            "residual",
            "input, output, Res, stem: Conv2d, block: Sequential, 0: Conv2d, 1: ReLU, 2: Conv2d, add, relu, flatten, head: Linear",
        ),
        (
            "tf_v1_all",
            "legacy",
            "input, x, y, layer1, MatMul, add, Relu, layer2, sub, Square, loss, gradients, GradientDescent,"
            " Placeholder, Placeholder_1, Placeholder_2",
        ),
        ("keras_mnist", "full/train", "resnetlet, image, conv_a, conv_b, skip, relu, flat, head"),
        ("tensorboardX_all", "run a", "input, output, Sequential, 0: Linear, 1: Tanh, 2: Linear"),
    ],
)
def test_real_models_read_well_at_first_sight(fixture: str, run: str, seen_first: str) -> None:
    logdir = tbcore.Logdir(str(log(fixture)))
    logdir.refresh()
    found = [series for series in (*logdir.find("graphs"), *logdir.find("run_metadata")) if series.run == run]
    read = [tree(graphs.load(source)) for source in graphs.sources(found)]
    assert seen_first in [", ".join(box.label for box in visible(one, first(one)).boxes) for one in read]


# Edges ---------------------------------------------------------------------------------------------------------------


def test_an_edge_carries_the_shape_that_all_its_tensors_have() -> None:
    specs = [
        ("a", "Split", [], {"T": dtype("float"), "_output_shapes": shapes((None, 8), (None, 8), (3,))}),
        ("b/one", "Relu", ["a"], {}),
        ("b/two", "Relu", ["a:1", "b/one"], {}),
        ("b/three", "Relu", ["a"], {}),
        ("c", "AddN", ["a", "a:2"], {}),
    ]
    found = tree(graphdef.graph(graphmaker.graph_def(specs)))
    assert edges(found) == [("a", "b", "2 of ?×8"), ("a", "c", "2 tensors")]
    edge = visible(found, []).edges[0]
    assert (edge.count, edge.elements, edge.control) == (2, 0, False)
    assert visible(found, []).edges[1].elements == 3


def test_control_edges_are_edges_of_their_own() -> None:
    found = grown(node("a", "Relu"), node("b", "Relu", "a", "^a"), node("c", "Relu", "^a"))
    assert [(edge.source, edge.target, edge.control) for edge in visible(found, []).edges] == [
        ("a", "b", False),
        ("a", "b", True),
        ("a", "c", True),
    ]


def test_edges_end_at_the_innermost_visible_boxes() -> None:
    found = grown(
        node("x", "Placeholder", shape=(2, 3)), node("n/a", "Relu", "x", shape=(2, 3)), node("n/b", "Relu", "n/a")
    )
    assert edges(found) == [("x", "n", "2×3")]
    assert edges(found, "n") == [("x", "n/a", "2×3"), ("n/a", "n/b", "2×3")]


def test_circles_and_self_loops_do_not_stop_anything() -> None:
    found = grown(
        node("a", "Relu", "c"), node("b", "Relu", "a", "b"), node("c", "Relu", "b"), node("d", "Relu", "missing")
    )
    assert edges(found) == [("a", "b", ""), ("b", "c", ""), ("c", "a", "")]
    assert path(found, "a") == {0, 1, 2}
    assert links(found, "d").inputs[0][:2] == ("", "missing")


# Ways ----------------------------------------------------------------------------------------------------------------


def test_opening_is_all_that_is_around() -> None:
    found = grown(node("a/b/one", "Relu"), node("a/b/two", "Relu"), node("a/three", "Relu"))
    assert opening(found, ["a/b/one"]) == {"a", "a/b"}
    assert opening(found, ["nowhere"]) == set()


def test_find_looks_at_whole_names_and_types() -> None:
    found = grown(node("Enc/MatMul_1", "MatMul"), node("Enc/b", "Relu"), node("c", "BatchMatMulV2"))
    assert find(found, "matmul") == ["Enc/MatMul_1", "c"]
    assert find(found, "^enc/") == ["Enc/MatMul_1", "Enc/b"]
    assert find(found, "", limit=2) == ["Enc", "Enc/MatMul_1"]
    with pytest.raises(PatternError):
        find(found, "(")


def test_a_path_follows_tensors_and_not_control() -> None:
    found = grown(
        node("a", "Relu"),
        node("b", "Relu", "a"),
        node("c", "Relu", "b", "^d"),
        node("d", "Relu"),
        node("e", "Relu", "a"),
    )
    assert path(found, "b") == {0, 1, 2}
    assert path(found, "b", downstream=False) == {0, 1}
    assert path(found, "b", upstream=False) == {1, 2}


def test_a_path_is_seen_as_boxes_and_edges() -> None:
    found = grown(node("n/a", "Relu"), node("n/b", "Relu", "n/a"), node("c", "Relu", "n/b"), node("d", "Relu"))
    assert seen_on_path(found, visible(found, []), path(found, "c")) == ({"n", "c"}, {("n", "c")})
    assert seen_on_path(found, visible(found, ["n"]), path(found, "c"))[1] == {("n/a", "n/b"), ("n/b", "c")}


def test_links_of_a_scope_are_what_crosses_its_border() -> None:
    found = grown(
        node("x", "Placeholder", shape=(4,)),
        node("n/a", "Relu", "x", "^go"),
        node("n/b", "AddV2", "n/a", "x"),
        node("y", "Relu", "n/b"),
        node("go", "Relu"),
    )
    of_scope = links(found, "n")
    assert [(link.id, link.name, link.output.shape) for link in of_scope.inputs] == [("x", "x", (4,))]
    assert [link.id for link in of_scope.outputs] == ["y"]
    assert [link.id for link in of_scope.control_in] == ["go"]
    assert [link.id for link in links(found, "n/b").inputs] == ["n/a", "x"]


# Time ----------------------------------------------------------------------------------------------------------------


def test_twenty_thousand_nodes_take_less_than_two_seconds_and_a_picture_less_than_half() -> None:
    graph = graphdef.graph(graphmaker.deep(20_000))
    start = time.process_time()
    found = tree(graph)
    opened = first(found)
    grown_at = time.process_time()
    seen = visible(found, opened)
    assert grown_at - start < 2
    assert time.process_time() - grown_at < 0.5
    assert seen.boxes

"""What is worth telling about a graph, in words and figures."""

import pytest

from tbcore.analysis.graph_checks import Finding, checks
from tbcore.analysis.graph_scopes import tree
from tbcore.formats import graphdef
from tbcore.formats.graphs import Cost, Function, Graph, Input, Node, Output
from tests import graphmaker


def node(name: str, op: str, *inputs: str, dtype: str = "", device: str = "", size: int = 0, value: str = "") -> Node:
    given = tuple(Input(text.removeprefix("^"), 0, text.startswith("^")) for text in inputs)
    outputs = (Output(dtype, (2, 3)),) if dtype else ()
    return Node(name, op, given, outputs, device, {"value": value} if value else {}, size)


def told(*nodes: Node, form: str = "graphdef", costs: dict[str, Cost] | None = None) -> dict[str, Finding]:
    """Return the findings by their titles."""
    return {finding.title: finding for finding in checks(tree(Graph(nodes, form=form)), costs)}


def test_a_sound_graph_is_not_talked_about() -> None:
    assert (
        told(node("x", "Placeholder"), node("y", "Relu", "x"), node("c", "Const"), node("z", "AddV2", "y", "c")) == {}
    )
    assert told() == {}


def test_missing_inputs_are_named() -> None:
    found = told(node("a", "Relu", "gone"), node("b", "AddV2", "a", "gone"))["Missing inputs"]
    assert found.words == "2 inputs of 2 operations cannot be found in the graph: gone."
    assert (found.ids, found.level) == (("a", "b"), "warning")


def test_what_pytorch_leaves_out_of_its_parameters_is_not_missing() -> None:
    assert told(node("M/weight", "prim::GetAttr", "M/fc"), node("M/x", "aten::linear", "M/weight"), form="torch") == {}


def test_names_that_occur_twice_are_told() -> None:
    found = told(node("a", "Relu"), node("a", "Relu"), node("b", "AddV2", "a"))["Names that occur twice"]
    assert found.words.startswith("2 nodes share 1 name, such as a:")
    assert found.ids == ("a", "a#2")


def test_circles_are_told_and_loops_of_control_flow_only_noted() -> None:
    found = told(node("a", "Relu", "c"), node("b", "Relu", "a"), node("c", "Relu", "b"), node("d", "Relu", "d", "c"))[
        "Circles"
    ]
    assert found.words == "4 operations feed themselves, in 2 circles: a, b, c and 1 more."
    assert found.level == "warning"
    loop = told(node("m", "Merge", "n"), node("s", "Switch", "m"), node("n", "NextIteration", "s"))
    assert loop["Loops"].words == "1 loop of 3 operations in all, as control flow writes them."
    assert "Circles" not in loop


def test_parts_that_nothing_connects_are_counted() -> None:
    found = told(
        node("a", "Relu"),
        node("b", "Relu", "a"),
        node("c", "Relu", "b"),
        node("alone", "Relu"),
        node("p", "Relu"),
        node("q", "Relu", "p"),
        node("k", "Const"),
    )["Unconnected parts"]
    assert found.words == (
        "2 parts of 3 operations in all are wired to nothing else; the largest part has 3 of 6."
        " 1 operation stands alone. They begin with p, alone."
    )
    assert found.ids == ("p", "q", "alone")


def test_what_starts_and_saves_variables_does_not_connect() -> None:
    nodes = [node(f"{name}/{part}", "Relu", *([f"{name}/a"] if part == "b" else [])) for name in "xy" for part in "ab"]
    saver = [node("save/SaveV2", "SaveV2", "x/b", "y/b"), node("save/RestoreV2", "RestoreV2")]
    assert "Unconnected parts" in told(*nodes, *saver)


def test_inputs_without_use_and_results_without_use_are_told() -> None:
    found = told(
        node("input/x", "IO Node"),
        node("M/1", "aten::relu", "input/x"),
        node("M/2", "aten::tanh", "M/1"),
        node("output/y", "IO Node", "M/1"),
        node("input/z", "IO Node"),
        form="torch",
    )
    assert found["Inputs without use"].ids == ("input/z",)
    assert found["Results without use"].words == "1 result is neither used nor an output of the graph: M/2."


def test_of_what_an_operation_of_pytorch_gives_it_is_enough_that_one_is_used() -> None:
    nodes = [
        node("x", "IO Node"),
        node("M/y", "aten::lstm", "x"),
        node("M/state", "aten::lstm", "x"),
        node("out", "IO Node", "M/y"),
    ]
    assert told(*nodes, form="torch") == {}
    assert list(told(*nodes, node("M/z", "aten::relu", "x"), form="torch")) == ["Results without use"]


def test_what_is_run_for_what_it_does_gives_no_result() -> None:
    nodes = [
        node("x", "Placeholder", dtype="float32"),
        node("w", "VarHandleOp", dtype="resource"),
        node("ask", "VarIsInitializedOp", "w", dtype="bool"),
        node("set", "AssignVariableOp", "w", "x"),
        node("out", "_Retval", "x", dtype="float32"),
    ]
    assert "Results without use" not in told(*nodes)


def test_the_results_of_functions_do_not_tell_those_of_the_graph() -> None:
    body = (node("a", "input_arg", dtype="float32"), node("b", "output_arg", "a", dtype="float32"))
    nodes = (node("x", "Placeholder", dtype="float32"), node("y", "Relu", "x", dtype="float32"))
    assert checks(tree(Graph(nodes, (Function("f", body, ("a",), ("b",)),)))) == []


def test_functions_that_were_logged_as_one_graph_are_not_unconnected_parts() -> None:
    assert told(node("graph_1/x", "Relu", dtype="float32"), node("graph_2/y", "Relu", dtype="float32")) == {}
    assert "Unconnected parts" in told(node("graph_1/x", "Relu"), node("y", "Relu"))


def test_a_graph_that_does_not_say_its_outputs_has_no_results_without_use() -> None:
    assert told(node("x", "Placeholder"), node("y", "Relu", "x")) == {}


def test_double_precision_among_single_is_told() -> None:
    nodes = [
        node("a", "MatMul", dtype="float32"),
        node("b", "Relu", "a", dtype="float32"),
        node("c", "Cast", "b", dtype="float64"),
    ]
    found = told(*nodes)["float64 among others"]
    assert found.words == "1 operation gives float64 where the other 2 of floating point do not: c."
    assert told(*(node(name, "Relu", dtype="float64") for name in "a")) == {}


def test_a_way_to_fewer_bits_and_back_is_told() -> None:
    found = told(
        node("a", "MatMul", dtype="float32"),
        node("b", "Cast", "a", dtype="float16"),
        node("c", "Relu", "b", dtype="float16"),
        node("d", "Cast", "c", dtype="float32"),
    )["Precision lost and restored"]
    assert found.ids == ("b", "d")
    assert "from b (to float16) to d (to float32)" in found.words


def test_large_constants_are_told_with_their_share() -> None:
    found = told(
        node("x", "Placeholder"),
        node("big", "Const", size=3 * 2**20),
        node("small", "Const", size=2**20 - 1),
        node("y", "AddN", "x", "big", "small"),
    )
    assert (
        found["Large constants"].words
        == "1 constant holds 3 MB, 75% of what the graph stores; the largest is big with 3 MB."
    )
    assert found["Large constants"].level == "note"
    huge = told(node("x", "Placeholder"), node("big", "Const", size=200 * 2**20), node("y", "AddN", "x", "big"))
    assert huge["Large constants"].level == "warning"


def test_constants_that_are_not_numbers_are_told() -> None:
    found = told(
        node("x", "Relu"), node("c", "Const", size=8, value="float32 [2] nan, 1.0"), node("y", "AddV2", "x", "c")
    )
    assert found["NaN in constants"].ids == ("c",)
    assert (
        told(node("x", "Relu"), node("c", "Const", size=8, value="string [1] banana"), node("y", "AddV2", "x", "c"))
        == {}
    )


def test_devices_are_compared_with_those_around() -> None:
    found = told(
        node("a", "MatMul", device="/device:GPU:0", dtype="float32"),
        node("b", "Relu", "a", device="/device:CPU:0", dtype="float32"),
        node("c", "MatMul", "b", "a", device="/device:GPU:0", dtype="float32"),
    )
    assert found["Alone on a device"].words == (
        "1 operation is on another device than all that feeds them or that they feed, such as b on CPU:0 among GPU:0."
    )
    assert (
        found["From device to device"].words == "1 tensor goes from CPU:0 to GPU:0, 6 elements where shapes are known."
    )


def test_warnings_come_first() -> None:
    found = checks(tree(Graph((node("a", "Relu", "gone"), node("b", "Relu"), node("c", "Relu", "b")))))
    assert [finding.level for finding in found] == ["warning", "note"]


def test_names_in_words_are_cut() -> None:
    found = told(node("a", "Relu", "n" * 2**20))["Missing inputs"]
    assert len(found.words) < 200


@pytest.mark.parametrize("data", [graphmaker.deep(3000), graphmaker.flat(2000)])
def test_large_graphs_are_looked_at(data: bytes) -> None:
    assert all(finding.words.endswith(".") for finding in checks(tree(graphdef.graph(data))))

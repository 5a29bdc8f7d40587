"""What boxes are coloured by: words with their shares, numbers with their range."""

from collections.abc import Mapping

import pytest

from tbcore.analysis.graph_colors import devices, memory, paint, structures, times
from tbcore.analysis.graph_scopes import Tree, first, tree, visible
from tbcore.formats.graphs import Cost, Graph, Input, Node

GPU = "/job:localhost/replica:0/task:0/device:GPU:0"
CPU = "/job:localhost/replica:0/task:0/device:CPU:0"


def node(name: str, op: str, *inputs: str, device: str = "") -> Node:
    return Node(name, op, tuple(Input(source) for source in inputs), device=device)


def grown(*nodes: Node, form: str = "graphdef") -> Tree:
    return tree(Graph(nodes, form=form))


def blocks() -> Tree:
    """Return two equal blocks, one that is not, and what they begin with."""
    nodes = [node("x", "Placeholder")]
    for number in (1, 2):
        nodes.append(node(f"block_{number}/conv", "Conv2D", nodes[-1].name))
        nodes.append(node(f"block_{number}/relu", "Relu", nodes[-1].name))
    nodes += [node("head/a", "Relu", nodes[-1].name), node("head/b", "MatMul", "head/a")]
    return grown(*nodes)


def test_equal_structures_share_a_number_and_single_ones_have_none() -> None:
    found = structures(blocks())
    assert found == {"block_1": 0, "block_2": 0}


def test_the_order_of_operations_is_part_of_the_structure() -> None:
    found = grown(
        node("a/one", "Conv2D"), node("a/two", "Relu", "a/one"), node("b/one", "Relu"), node("b/two", "Conv2D", "b/one")
    )
    assert structures(found) == {}


def test_structure_gives_blocks_the_name_that_they_share() -> None:
    found = blocks()
    seen = visible(found, ())
    colored = paint(found, seen, "structure")
    assert colored.values == {"x": None, "block_1": "block", "block_2": "block", "head": None}
    assert colored.legend == (("block", 2.0),)


def test_a_scope_of_several_ops_has_shares_and_one_of_a_single_op_is_that_op() -> None:
    found = grown(
        node("x", "Relu"),
        node("n/a", "MatMul", "x"),
        node("n/b", "Relu", "n/a"),
        node("n/c", "Relu", "n/b"),
        node("m/a", "Relu"),
        node("m/b", "Relu"),
    )
    colored = paint(found, visible(found, ()), "op")
    assert colored.values == {"x": "Relu", "n": None, "m": "Relu"}
    assert colored.shares == {"n": (("Relu", pytest.approx(2 / 3)), ("MatMul", pytest.approx(1 / 3)))}
    assert colored.legend == (("Relu", 5.0), ("MatMul", 1.0))


def test_constants_do_not_count_among_ops() -> None:
    found = grown(node("n/c", "Const"), node("n/a", "MatMul", "n/c"), node("n/b", "MatMul", "n/a"))
    colored = paint(found, visible(found, ()), "op")
    assert colored.values == {"n": "MatMul"}
    assert colored.legend == (("MatMul", 2.0),)


def test_rare_ops_are_others_and_nothing_gets_lost() -> None:
    found = grown(*(node(f"s/{number}_", f"Op{number}") for number in range(30)))
    colored = paint(found, visible(found, ()), "op")
    assert len(colored.legend) == 10
    assert colored.legend[-1] == ("other", 21.0)
    assert sum(share for _name, share in colored.shares["s"]) == pytest.approx(1)


def test_devices_are_shortened_to_what_tells_them_apart() -> None:
    found = grown(node("a", "MatMul", device=GPU), node("b", "Relu", device=CPU), node("c", "Relu"))
    assert devices(found) == ["GPU:0", "CPU:0", "not told"]
    others = grown(
        node("a", "Relu", device="/job:worker/task:0/device:GPU:0"),
        node("b", "Relu", device="/job:worker/task:1/device:GPU:0"),
    )
    assert devices(others) == ["job:worker/task:0/GPU:0", "job:worker/task:1/GPU:0"]


def test_what_ran_says_the_device_where_the_graph_does_not() -> None:
    assert devices(grown(node("a", "MatMul")), {"a": Cost("/device:GPU:1", 0.0, 1.0, 0)}) == ["GPU:1"]


def costs() -> Mapping[str, Cost]:
    return {"n/a": Cost(CPU, 0.0, 0.25, 100), "n/b": Cost(CPU, 0.0, 0.5, 50), "gone": Cost(CPU, 0.0, 9.0, 9)}


def test_times_and_memory_of_a_scope_are_the_sums_of_what_was_measured_inside() -> None:
    found = grown(node("n/a", "MatMul"), node("n/b", "Relu", "n/a"), node("c", "Relu", "n/b"))
    assert times(found, costs()) == {"n": 0.75, "n/a": 0.25, "n/b": 0.5}
    assert memory(found, costs()) == {"n": 150.0, "n/a": 100.0, "n/b": 50.0}


def test_numbers_have_the_range_of_the_boxes_that_are_filled() -> None:
    found = grown(node("n/a", "MatMul"), node("n/b", "Relu", "n/a"), node("c", "Relu", "n/b"))
    colored = paint(found, visible(found, first(found)), "time", costs=costs())
    assert (colored.kind, colored.unit) == ("number", "s")
    assert colored.legend == (("least", 0.25), ("most", 0.5))
    assert colored.values == {"n": 0.75, "n/a": 0.25, "n/b": 0.5, "c": None}


def test_parameters_of_a_name_that_occurs_twice_count_once() -> None:
    found = grown(node("w", "MatMul"), node("w", "MatMul"), node("x", "Relu"))
    colored = paint(found, visible(found, ()), "parameters", parameters={"w": 7})
    assert colored.values == {"w": 7.0, "w#2": None, "x": None}


def test_nothing_measured_leaves_no_range() -> None:
    found = blocks()
    colored = paint(found, visible(found, ()), "time")
    assert colored.legend == ()
    assert set(colored.values.values()) == {None}
    assert paint(found, visible(found, ()), "none").values == {}

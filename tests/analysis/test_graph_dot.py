"""A graph in DOT: scopes are clusters, and nothing that a log calls something is read as DOT."""

import shutil
import subprocess

import pytest

from tbcore.analysis import graph_dot, graph_scopes
from tbcore.formats import graphdef
from tbcore.formats.graphs import Graph, Input, Node, Output
from tests import graphmaker as gm


def dot(*nodes):
    """Return the lines of a graph of nodes (name, op, inputs)."""
    graph = Graph(tuple(Node(name, op, inputs, (Output("float32", (None, 3)),)) for name, op, inputs in nodes))
    return list(graph_dot.lines(graph_scopes.tree(graph), "run: Run graph"))


def test_scopes_are_clusters_and_wires_tell_shapes():
    lines = dot(
        ("x", "Placeholder", ()),
        ("a/MatMul", "MatMul", (Input("x"),)),
        ("a/Relu", "Relu", (Input("a/MatMul"), Input("x", 0, True))),
    )
    assert lines[0] == 'digraph "run: Run graph" {'
    assert lines[-1] == "}"
    assert [line.strip() for line in lines if "cluster" in line or "label=" in line] == [
        'n1 [label="x\\nPlaceholder", tooltip="x"];',
        "subgraph cluster_2 {",
        'label="a"; tooltip="a";',
        'n3 [label="MatMul", tooltip="a/MatMul"];',
        'n4 [label="Relu", tooltip="a/Relu"];',
        'n1 -> n3 [label="?×3"];',
        'n3 -> n4 [label="?×3"];',
    ]
    assert "  n1 -> n4 [style=dashed];" in lines
    assert sum(line.count("{") - line.count("}") for line in lines) == 0


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ('"];x', '"\\"];x"'),
        ("a\\N", '"a\\\\N"'),
        ("<b>&amp;", '"<b>&amp;"'),
        ("a\nb\x00\x1b", '"a\\nb\ufffd\ufffd"'),
        ("x" * 300, f'"{"x" * 100}…{"x" * 100}"'),
    ],
)
def test_text_is_quoted(text, spelled):
    assert graph_dot.quoted(text) == spelled


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_reads_it():
    hostile = [('a/"];}\\', "O<b>p", ["a/\n/{}"]), ("a/\n/{}", "", []), ("a", "Const", [])]
    for data in (gm.graph_def(hostile), gm.graph_def([]), gm.deep(60)):
        tree = graph_scopes.tree(graphdef.graph(data))
        text = "\n".join(graph_dot.lines(tree, 'x"}'))
        done = subprocess.run(["dot", "-Tcanon"], input=text.encode(), capture_output=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, b"")

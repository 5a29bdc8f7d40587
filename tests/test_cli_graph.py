"""The command line tells every graph of a logdir: how large it is, and its layers."""

import json

import pytest

from tbcore import cli
from tests import graphmaker as gm
from tests.fixtures import log, needs_fixtures, oracle

FLOAT = gm.dtype("float")
NODES = [
    ("x", "Placeholder", [], {"dtype": FLOAT, "_output_shapes": gm.shapes((None, 4))}),
    ("dense/kernel", "VarHandleOp", [], {"dtype": FLOAT, "shape": gm.shape(4, 3)}),
    ("dense/MatMul", "MatMul", ["x", "dense/kernel", "gone"], {"T": FLOAT, "_output_shapes": gm.shapes((None, 3))}),
]
FUNCTION = ("f", [("y", "Relu", ["a"])], ["a"], ["r=y:activations:0"])
KERAS = json.dumps(
    {
        "class_name": "Sequential",
        "config": {
            "name": "m",
            "layers": [
                {"class_name": "Dense", "config": {"name": "d", "units": 2, "batch_input_shape": [None, 3]}},
                {"class_name": "Mine", "config": {"name": "own"}},
            ],
        },
    }
)


def run(capsys, *arguments):
    """Return the exit code, stdout and stderr of a command."""
    code = cli.main(["graph", *(str(argument) for argument in arguments)])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def logs(tmp_path):
    """Return a logdir with two runs."""
    gm.write_log(tmp_path / "logs" / "a", gm.graph_def(NODES, [FUNCTION]))
    gm.write_log(tmp_path / "logs" / "b", keras=KERAS)
    return tmp_path / "logs"


def test_each_graph_is_told_with_its_layers_and_their_sums(logs, capsys):
    code, out, err = run(capsys, logs)
    assert (code, err) == (0, "")
    first, second = out.split("\n\n")
    assert first.splitlines() == [
        "a: Run graph (__run_graph__, step 0)",
        "  3 nodes, 2 edges, 1 function, 1 input that nothing gives",
        "  Placeholder 1, VarHandleOp 1, MatMul 1",
        "  layer  type     output  parameters  trainable   share  FLOPs  activations",
        "  dense  MatMul   ?×3             12          -  100.0%     24         12 B",
        "  total  1 layer                  12          -  100.0%     24         12 B",
        "  FLOPs and activations are for one example.",
        "  FLOPs are known of 1 of 1 layers, those with products of matrices, convolutions or attention; a multiply-add"
        " counts as two.",
    ]
    assert second.splitlines()[:6] == [
        "b: Keras model (keras, step 0)",
        "  2 nodes, 1 edge, 0 functions",
        "  Dense 1, Mine 1",
        "  layer  type      output    parameters  trainable   share  FLOPs  activations",
        "  d      Dense     ?×2                8          8  100.0%     12          8 B",
        "  own    Mine      -                  -          -    0.0%      -            -",
    ]
    assert "total  2 layers  at least           8          8" in second


def test_of_very_many_layers_the_first_are_shown_and_json_tells_all(tmp_path, capsys):
    gm.write_log(tmp_path / "a", gm.deep(4000))
    _code, out, _err = run(capsys, tmp_path)
    assert len(out.splitlines()) < 215
    found = json.loads(run(capsys, tmp_path, "--json")[1])["graphs"][0]
    assert f"The first 200 of {len(found['layers']):,} layers are shown" in out
    assert found["totals"]["layers"] == len(found["layers"]) > 500


def test_as_json_it_is_one_document(logs, capsys):
    code, out, _err = run(capsys, logs, "--json", "--run", "^A$")
    assert code == 0
    document = json.loads(out)
    assert (document["schema"], document["problems"], len(document["graphs"])) == (1, [], 1)
    (row,) = document["graphs"]
    assert {key: row[key] for key in ("run", "tag", "source", "kind", "step", "form", "nodes", "edges", "dangling", "functions")} == {
        "run": "a", "tag": "__run_graph__", "source": "Run graph", "kind": "op", "step": 0, "form": "graphdef", "nodes": 3,
        "edges": 2, "dangling": 1, "functions": 1,
    }  # fmt: skip
    assert row["ops"] == {"Placeholder": 1, "VarHandleOp": 1, "MatMul": 1}
    assert row["layers"][0]["id"] == "dense"
    assert row["layers"][0]["output"] == "?×3"
    assert row["totals"] == {
        "layers": 1, "parameters": 12, "trainable": None, "unknown": 0, "assumed": 0, "flops": 24, "flops_of": 1,
        "activation": 12,
    }  # fmt: skip


def test_as_dot_each_graph_is_one_digraph(logs, capsys):
    code, out, err = run(capsys, logs, "--dot")
    assert (code, err) == (0, "")
    assert [line for line in out.splitlines() if line.startswith(("digraph", "}"))] == [
        'digraph "a: Run graph" {', "}", 'digraph "b: Keras model" {', "}",
    ]  # fmt: skip


@pytest.mark.parametrize("how", [[], ["--json"], ["--dot"]])
def test_a_graph_that_cannot_be_read_is_said_after_the_others_were_told(logs, capsys, how):
    gm.write_log(logs / "a0", b"\x0a\xff")
    code, out, err = run(capsys, logs, *how)
    assert code == 1
    assert err.startswith("tbcore: a0: __run_graph__ at step 0 cannot be read: ")
    assert err.count("\n") == 1
    assert "b" in out
    if how == ["--json"]:
        assert [row["run"] for row in json.loads(out)["graphs"] if "error" in row] == ["a0"]
    elif not how:
        assert "  cannot be read: " in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--run", "nobody"], "none of 2 runs matches"),
        (["--tag", "nothing"], "no graphs in "),
    ],
)
def test_nothing_to_tell_is_said(logs, capsys, arguments, words):
    code, out, err = run(capsys, logs, *arguments)
    assert (code, out) == (1, "")
    assert words in err


def test_a_wrong_command_line_is_one_line(logs, capsys):
    for arguments in ([logs, "--run", "("], [logs, "--json", "--dot"], ["/no/such/folder"]):
        code, out, err = run(capsys, *arguments)
        assert (code, out) == (2, "")
        assert err.count("\n") == 1


def test_names_from_a_log_do_nothing_to_a_terminal(tmp_path, capsys):
    gm.write_log(tmp_path / "a", gm.graph_def([("x\x1b[2J/kernel", "VarHandleOp", [], {"dtype": FLOAT, "shape": gm.shape(2)}),
                                               ("y" * 500, "\x1b]0;op\x07", [])]))  # fmt: skip
    code, out, _err = run(capsys, tmp_path)
    assert code == 0
    assert "\x1b" not in out
    assert "\x07" not in out


@needs_fixtures
@pytest.mark.parametrize(
    "name", ["torch_all", "keras_mnist", "tf_v1_all", "tf_v2_all", "tensorboardX_all", "seed003_torch"]
)
def test_counts_are_those_of_tensorboard(name, capsys):
    answers = oracle(name)["http"]["graphs"]
    code, out, _err = run(capsys, log(name), "--json")
    assert code == 0
    found = {(row["run"], row["tag"]): row for row in json.loads(out)["graphs"]}
    for answer in answers:
        if "graph" not in answer:
            continue
        row = found[answer["run"], answer["tag"] or "__run_graph__"]
        told = answer["graph"]
        assert [row["nodes"], row["edges"], row["dangling"], row["functions"]] == [
            told["nodes"], told["edges"], told["dangling_inputs"], told["functions"],
        ]  # fmt: skip
        assert answer["conceptual"] or row["ops"] == told["ops"]  # TensorBoard knows no ops of layers

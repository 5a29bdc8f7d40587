"""Which graphs logs hold, as TensorBoard finds and counts them, and which files are read as graphs."""

import hashlib
import io
import json
import time
import zipfile

import pytest

import tbcore
from tbcore.analysis import graphs
from tbcore.errors import FormatError, MessageError
from tests import eventfile, graphmaker
from tests.eventfile import field, integer
from tests.fixtures import log, needs_fixtures, oracle
from tests.graphmaker import graph_def

SPECS = [("a", "Placeholder", [], {}), ("b", "Relu", ["a:0", "gone"], {}), ("c", "Relu", ["b", "^a"], {})]
GRAPH = graph_def(SPECS)
MEASURED = graphmaker.run_metadata({"/cpu:0": [("b", 10, 2.5, 64)]})
EMPTY = field(1, field(1, field(1, "/cpu:0")))
KERAS = json.dumps(
    {
        "class_name": "Sequential",
        "config": {
            "name": "model",
            "layers": [
                {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [None, 4], "dtype": "float32"}},
                {"class_name": "Dense", "config": {"name": "dense", "units": 2, "use_bias": True}},
            ],
        },
    }
)


def series(folder):
    """Return the graphs and run metadata of a logdir."""
    logdir = tbcore.Logdir(str(folder))
    logdir.refresh()
    return [*logdir.find("graphs"), *logdir.find("run_metadata")]


def titles(found):
    return [(source.run, source.title, source.kind) for source in found]


# What there is -------------------------------------------------------------------------------------------------------


def test_a_run_offers_its_graph_its_functions_its_keras_model_and_a_meta_graph_that_says_more(tmp_path) -> None:
    graphmaker.write_log(
        tmp_path / "one",
        GRAPH,
        {"step1": MEASURED},
        meta=graphmaker.meta_graph(graph_def(SPECS[:2])),
        traces={"step": graphmaker.run_metadata({}, [GRAPH])},
        keras=KERAS,
    )
    graphmaker.write_log(tmp_path / "two", meta=graphmaker.meta_graph(GRAPH))
    found = graphs.sources(series(tmp_path))
    assert titles(found) == [
        ("one", "Run graph", "op"),
        ("one", "step", "op"),
        ("one", "Keras model", "conceptual"),
        ("one", "Meta graph", "op"),
        ("two", "Meta graph", "op"),
    ]
    assert [len(graphs.load(source).nodes) for source in found] == [3, 3, 2, 2, 3]


def test_a_meta_graph_that_says_the_same_is_left_out(tmp_path) -> None:
    graphmaker.write_log(tmp_path, GRAPH, meta=graphmaker.meta_graph(GRAPH))
    assert titles(graphs.sources(series(tmp_path))) == [(".", "Run graph", "op")]


def test_a_damaged_meta_graph_is_offered_and_tells_what_is_wrong(tmp_path) -> None:
    graphmaker.write_log(tmp_path, GRAPH, meta=b"\xff\xff")
    damaged = graphs.sources(series(tmp_path))[1]
    with pytest.raises(MessageError, match="MetaGraphDef of 2 bytes does not parse"):
        graphs.load(damaged)


def test_every_step_of_a_tag_can_be_opened_the_newest_first(tmp_path) -> None:
    records = [eventfile.graph(graph_def(SPECS[:count]), step=step) for step, count in ((0, 1), (5, 2), (5, 3))]
    eventfile.write(tmp_path / "events.out.tfevents.1.host", eventfile.version(), *records)
    found = graphs.sources(series(tmp_path))
    assert [source.title for source in found] == [
        "Run graph, step 5 (2 of 2)",
        "Run graph, step 5 (1 of 2)",
        "Run graph, step 0",
    ]
    assert [len(graphs.load(source).nodes) for source in found] == [3, 2, 1]


def test_tags_tell_keras_models_apart(tmp_path) -> None:
    values = [graphmaker.summary_blob(tag, "graph_keras_model", KERAS.encode()) for tag in ("keras", "second")]
    eventfile.write(tmp_path / "events.out.tfevents.1.host", eventfile.record(eventfile.event(0, *values)))
    assert [source.title for source in graphs.sources(series(tmp_path))] == ["Keras model", "Keras model second"]


def test_no_two_graphs_of_a_run_have_the_same_title(tmp_path) -> None:
    traces = {"Run graph": graphmaker.run_metadata({}, [GRAPH])}
    graphmaker.write_log(tmp_path, GRAPH, traces=traces)
    assert [source.title for source in graphs.sources(series(tmp_path))] == ["Run graph", "Run graph (2)"]


def test_a_version_that_nobody_knows_is_told_and_not_read(tmp_path) -> None:
    value = graphmaker.summary_blob("keras", "graph_keras_model", KERAS.encode(), b"2")
    eventfile.write(tmp_path / "events.out.tfevents.1.host", eventfile.record(eventfile.event(0, value)))
    found = series(tmp_path)
    assert graphs.sources(found) == []
    assert graphs.problems(found) == [".: keras is of version '2', not of version '1', and is not read"]


def test_run_metadata_without_a_graph_is_an_empty_graph_that_says_so(tmp_path) -> None:
    graphmaker.write_log(tmp_path, traces={"batch": EMPTY})
    (source,) = graphs.sources(series(tmp_path))
    assert graphs.load(source).nodes == ()
    assert graphs.load(source).problems == ("its run metadata holds no graph",)


def test_a_value_without_bytes_is_told(tmp_path) -> None:
    value = eventfile.tensor("keras", "string", [], (0,), eventfile.metadata("graph_keras_model", b"1"))
    eventfile.write(tmp_path / "events.out.tfevents.1.host", eventfile.record(eventfile.event(0, value)))
    (source,) = graphs.sources(series(tmp_path))
    with pytest.raises(MessageError, match=r"keras of \. holds no bytes of a graph"):
        graphs.load(source)


# What was measured ---------------------------------------------------------------------------------------------------


def test_what_was_measured_of_a_graph_is_offered_with_it_and_what_is_empty_is_not(tmp_path) -> None:
    graphmaker.write_log(
        tmp_path / "run",
        GRAPH,
        {"step10": MEASURED, "step20": EMPTY, "step30": MEASURED},
        traces={"traced": graphmaker.run_metadata({"/cpu:0": [("a", 1, 1, 1)]}, [GRAPH])},
    )
    graphmaker.write_log(tmp_path / "other", GRAPH, {"step1": MEASURED})
    found = series(tmp_path)
    measured = graphs.costs_of(found, "run")
    assert titles(measured) == [("run", "step10", "profile"), ("run", "step30", "profile")]
    assert graphs.load_costs(measured[0])["b"].time == pytest.approx(2.5e-6)
    whole, traced = (source for source in graphs.sources(found) if source.run == "run")
    assert graphs.costs_of(found, "run", whole) == measured
    assert titles(graphs.costs_of(found, "run", traced)) == [("run", "traced", "profile")]
    assert set(graphs.load_costs(graphs.costs_of(found, "run", traced)[0])) == {"a"}


def test_a_damaged_measurement_is_offered_and_tells_what_is_wrong(tmp_path) -> None:
    graphmaker.write_log(tmp_path, GRAPH, {"step1": b"\xff\xff"})
    (source,) = graphs.costs_of(series(tmp_path), ".")
    with pytest.raises(FormatError):
        graphs.load_costs(source)


# Counts --------------------------------------------------------------------------------------------------------------


def test_edges_are_inputs_that_some_node_gives() -> None:
    found = graphs.counts(graphs.upload(GRAPH, "graph.pb"))
    assert found == graphs.Counts(3, 3, 1, 0, {"Relu": 2, "Placeholder": 1})


@needs_fixtures
@pytest.mark.parametrize(
    "name", ["torch_all", "tf_v1_all", "tf_v2_all", "keras_mnist", "tensorboardX_all", "seed003_torch"]
)
def test_graphs_are_those_of_tensorboard(name) -> None:
    found = {(source.run, source.tag): source for source in graphs.sources(series(log(name)))}
    answers = oracle(name)["http"]["graphs"]
    for answer in answers:
        source = found.pop((answer["run"], answer["tag"] or "__run_graph__"))
        graph, expected = graphs.load(source), answer["graph"]
        counts = graphs.counts(graph)
        assert (counts.nodes, counts.edges) == (expected["nodes"], expected["edges"])
        assert (counts.dangling, counts.functions) == (expected["dangling_inputs"], expected["functions"])
        names = "\n".join(sorted({node.name for node in graph.nodes}))
        assert hashlib.sha256(names.encode()).hexdigest() == expected["names_sha256"]
        if answer["conceptual"]:  # TensorBoard gives layers no op; here it is their type
            assert expected["ops"] == {"": counts.nodes}
        else:
            assert counts.ops == expected["ops"]
    # Beyond what TensorBoard shows there is only the meta graph of a run that has nothing else.
    assert [tag for _run, tag in found] == ["__meta_graph__"] * (name == "tf_v1_all")


@needs_fixtures
def test_what_tensorflow_measured_belongs_to_nodes_of_its_graph() -> None:
    found = series(log("tf_v1_all"))
    names = {node.name for node in graphs.load(graphs.sources(found)[0]).nodes}
    measured = graphs.costs_of(found, "legacy")
    assert [source.title for source in measured] == ["step010", "step030", "step050"]
    costs = graphs.load_costs(measured[0])
    assert len(costs) == 57
    assert {name for name in costs if name not in names and not name.startswith(("_arg_", "_retval_"))} == {"_SOURCE"}
    assert costs["layer1/Relu"].memory == 512
    assert all(0 < cost.time < 1 for cost in costs.values())


@needs_fixtures
def test_what_pytorch_measures_on_a_cpu_is_empty() -> None:
    assert graphs.costs_of(series(log("torch_all")), "main") == []


# Files ---------------------------------------------------------------------------------------------------------------

TEXT = b'# a graph\nnode { name: "a" op: "Placeholder" }\n'
ONNX = integer(1, 9) + field(7, field(1, field(2, "y") + field(3, "relu") + field(4, "Relu")))


def zipped(**files: str) -> bytes:
    """Return a zip."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "form", "first"),
    [
        (GRAPH, "graph.pb", "graphdef", "a"),
        (GRAPH, "graph", "graphdef", "a"),
        (graphmaker.meta_graph(GRAPH), "model.meta", "graphdef", "a"),
        (integer(1, 1) + field(2, graphmaker.meta_graph(GRAPH)), "saved_model.pb", "graphdef", "a"),
        (TEXT, "graph.pbtxt", "graphdef", "a"),
        (b"\xef\xbb\xbf" + TEXT.replace(b"\n", b"\r\n"), "graph.txt", "graphdef", "a"),
        (TEXT, "wrongly.onnx", "graphdef", "a"),
        (ONNX, "model.onnx", "onnx", "relu"),
        (ONNX, "wrongly.pb", "onnx", "relu"),
        (field(7, field(1, field(3, "/n") + field(4, "Op"))), "no_version.onnx", "onnx", "n"),
        (KERAS.encode(), "model.json", "keras", "model/x"),
        (zipped(config_json=KERAS, metadata_json="{}"), "model.keras", "keras", "model/x"),
        # Its first node is as long as "{" is as a number, and nothing else is like JSON.
        (graph_def([("x" * 117, "Op", [], {})]), "graph.pb", "graphdef", "x" * 117),
    ],
)
def test_a_file_is_read_by_what_is_in_it(data, name, form, first) -> None:
    graph = graphs.upload(data, name)
    assert graph.form == form
    assert graph.nodes[0].name == first


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "graph.pb", "the file is empty"),
        (b" \n ", "graph.pbtxt", "the file is empty"),
        (b"\x89HDF\r\n\x1a\n", "model.h5", "the file is HDF5"),
        (b"\x80\x02}q\x00.", "model.pt", "a Python pickle, which would run code; export the model to ONNX instead"),
        (b"\x1f\x8b\x08\x00", "graph.pb.gz", "compressed with gzip"),
        (zipped(data_pkl="x"), "model.pt", "a zip without the config.json of Keras"),
        (b"PK\x03\x04 and then nothing", "model.keras", "a damaged zip"),
        (b"{", "model.json", "JSON"),
        (b"[1]", "model.json", "hold neither a GraphDef nor"),
        (b"hello, I am a letter", "graph.pbtxt", "hold neither a GraphDef nor"),
        (b"name: 'x'", "graph.pbtxt", "the text holds no graph"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "graph.png", "hold neither a GraphDef nor"),
        (b"\x00" * 100, "graph.pb", "hold neither a GraphDef nor"),
        (b"\xff\xff", "model.onnx", "ModelProto of 2 bytes does not parse"),
    ],
)
def test_what_is_no_graph_is_told(data, name, words) -> None:
    with pytest.raises(FormatError, match=words):
        graphs.upload(data, name)


def test_a_file_larger_than_the_limit_is_not_read() -> None:
    with pytest.raises(MessageError, match="11 bytes are more than the 10 that are read"):
        graphs.upload(b"x" * 11, "graph.pb", 10)
    assert graphs.UPLOAD_LIMIT == 200_000_000


def test_a_zip_that_unpacks_to_more_than_the_limit_is_not_read() -> None:
    with pytest.raises(MessageError, match=r"larger than the 10,000 bytes that are read"):
        graphs.upload(zipped(config_json=" " * 100_000), "model.keras", 10_000)


def test_the_same_graph_is_read_from_bytes_and_from_text() -> None:
    text = 'node { name: "a" op: "Placeholder" } node { name: "b" op: "Relu" input: "a:0" input: "gone" }'
    assert graphs.upload(text.encode(), "x").nodes == graphs.upload(graph_def(SPECS[:2]), "x").nodes


def test_a_large_file_of_nothing_is_told_at_once() -> None:
    start = time.perf_counter()
    with pytest.raises(FormatError):
        graphs.upload(bytes(20_000_000), "zeros.pb")
    with pytest.raises(FormatError):
        graphs.upload(b"\x10\x01" * 5_000_000, "numbers.pb")
    assert time.perf_counter() - start < 2

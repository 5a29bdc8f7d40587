"""The Graph page as the server makes it: which boxes, what is known of them, and what it says of bad graphs."""

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests import eventfile, graphmaker
from tests.pages.visitor import press, texts, told, visited

FLOAT = {"T": graphmaker.dtype("float")}


def model(*, deeper: bool = False) -> bytes:
    """Return a graph of an input, a block of two operations, and a result; deeper: with one more operation in the block."""
    shaped = {**FLOAT, "_output_shapes": graphmaker.shapes((None, 8))}
    nodes = [
        ("x", "Placeholder", [], {"_output_shapes": graphmaker.shapes((None, 4))}),
        ("block/weight", "VariableV2", [], {"shape": graphmaker.shape(4, 8), "dtype": graphmaker.dtype("float")}),
        ("block/MatMul", "MatMul", ["x", "block/weight"], {**shaped, "note": "n" * 200}),
        ("block/Relu", "Relu", ["block/MatMul"], shaped),
        *([("block/Tanh", "Tanh", ["block/Relu"], shaped)] if deeper else []),
        ("loss", "Mean", ["block/Tanh" if deeper else "block/Relu"], FLOAT),
    ]
    return graphmaker.graph_def(nodes)


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs with a graph each, which differ by one operation."""
    graphmaker.write_log(tmp_path / "first", model())
    graphmaker.write_log(tmp_path / "second", model(deeper=True))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    return tmp_path


def opened(**parameters: str | list[str]) -> AppTest:
    return visited("graph", **parameters)


def sent(app: AppTest) -> dict[str, Any]:
    """Return what the page sends to the picture."""
    (made,) = [one.proto for one in app.get("bidi_component") if one.proto.component_name == "graph"]
    data: dict[str, Any] = json.loads(made.mixed.json or made.json)
    return data


def boxes(app: AppTest) -> dict[str, dict[str, Any]]:
    return {box["id"]: box for box in sent(app)["picture"]["boxes"]}


def lines(app: AppTest) -> set[tuple[str, str]]:
    return {(line["source"], line["target"]) for line in sent(app)["picture"]["lines"]}


def test_a_small_graph_is_open_and_its_wires_are_drawn(logdir: Path) -> None:
    app = opened()
    assert list(boxes(app)) == ["x", "block", "block/MatMul", "block/Relu", "loss"]
    assert lines(app) == {("x", "block/MatMul"), ("block/MatMul", "block/Relu"), ("block/Relu", "loss")}
    assert [one["label"] for one in sent(app)["picture"]["lines"] if one["source"] == "x"] == ["?×4"]
    assert ">Nodes<" in told(app)
    assert ">32<" in told(app)  # parameters of the whole


def test_the_address_says_which_graph_what_is_shut_and_what_is_selected(logdir: Path) -> None:
    app = opened(graph="second · Run graph", shut="block", node="block")
    assert list(boxes(app)) == ["x", "block", "loss"]
    assert boxes(app)["block"]["open"] is False
    assert sent(app)["view"]["selected"] == "block"
    assert lines(app) == {("x", "block"), ("block", "loss")}
    assert app.query_params["shut"] == "block"


def test_a_box_is_opened_by_its_button_and_the_address_tells_it(logdir: Path) -> None:
    app = press(opened(shut="block", node="block"), "Open")
    assert boxes(app)["block"]["open"] is True
    assert app.query_params["open"] == "block"
    assert "shut" not in app.query_params


def test_attributes_and_neighbours_of_the_selected_box_are_listed_and_lead_on(logdir: Path) -> None:
    app = opened(node="block/MatMul")
    assert "float32 ?×8" in told(app)
    assert any(block.value == "n" * 200 for block in app.code)
    app = press(app, "block/Relu")
    assert sent(app)["view"]["selected"] == "block/Relu"
    assert app.query_params["node"] == "block/Relu"


def test_a_search_opens_what_it_finds_and_a_wrong_pattern_says_so(logdir: Path) -> None:
    app = opened(shut="block", graph_find="")
    app.text_input(key="graph_find").set_value("relu$").run()
    assert sent(app)["view"]["path"]["boxes"] == ["block/Relu"]
    assert sent(app)["view"]["selected"] == "block/Relu"
    assert "1 of 1 found" in texts(app)
    app.text_input(key="graph_find").set_value("no such thing").run()
    assert "Nothing found" in texts(app)
    app.text_input(key="graph_find").set_value("(").run()
    assert "Not a regular expression" in texts(app)


def test_what_a_search_found_is_gone_through_and_listed(logdir: Path) -> None:
    app = opened(graph_find="^block/(MatMul|Relu)$")
    assert sent(app)["view"]["selected"] == "block/MatMul"
    app.button(key="graph_next").click().run()
    assert sent(app)["view"]["selected"] == "block/Relu"
    assert "2 of 2 found" in texts(app)
    app.button(key="graph_next").click().run()
    assert sent(app)["view"]["selected"] == "block/MatMul"
    app.button(key="graph_previous").click().run()
    assert sent(app)["view"]["selected"] == "block/Relu"
    app.button(key="graph_hit_0").click().run()
    assert sent(app)["view"]["selected"] == "block/MatMul"


def test_an_address_with_a_search_and_a_box_selects_the_box(logdir: Path) -> None:
    app = opened(graph_find="relu", node="block/MatMul")
    assert sent(app)["view"]["selected"] == "block/MatMul"
    assert sent(app)["view"]["path"]["boxes"] == ["block/Relu"]


def test_a_box_that_the_graph_does_not_have_is_told(logdir: Path) -> None:
    assert "Not in this graph: gone/away" in texts(opened(node="gone/away"))


def test_a_reset_shows_what_was_open_at_first(logdir: Path) -> None:
    app = opened(shut="block")
    assert list(boxes(app)) == ["x", "block", "loss"]
    app = press(app, "Reset")
    assert list(boxes(app)) == ["x", "block", "block/MatMul", "block/Relu", "loss"]
    assert "shut" not in app.query_params
    assert not [one for one in app.button if one.label == "Reset"]


def test_a_scope_tells_the_sum_of_the_parameters_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variable = {"shape": graphmaker.shape(4, 8), "dtype": graphmaker.dtype("float")}
    nodes: list[Any] = [
        ("x", "Placeholder", [], {}),
        ("block/one/weight", "VariableV2", [], variable),
        ("block/one/MatMul", "MatMul", ["x", "block/one/weight"], FLOAT),
        ("block/two/weight", "VariableV2", [], variable),
        ("block/two/MatMul", "MatMul", ["block/one/MatMul", "block/two/weight"], FLOAT),
    ]
    graphmaker.write_log(tmp_path / "a", graphmaker.graph_def(nodes))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    assert ">64<" in told(opened(node="block"))


def test_a_finding_shows_all_boxes_it_is_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [
        ("x", "Placeholder", [], {}),
        ("a/Relu", "Relu", ["x", "gone"], {}),
        ("b/Relu", "Relu", ["a/Relu", "away"], {}),
    ]
    graphmaker.write_log(tmp_path / "a", graphmaker.graph_def(nodes))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = press(opened(), "Show")
    assert sent(app)["view"]["selected"] == "a/Relu"
    assert sent(app)["view"]["path"]["boxes"] == ["a/Relu", "b/Relu"]


def test_devices_that_only_the_measurement_tells_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [("x", "Placeholder", [], {}), ("y", "Relu", ["x"], {}), ("z", "Tanh", ["y"], {})]
    ran = {"/device:GPU:0": [("x", 0.0, 5.0, 64), ("z", 9.0, 5.0, 64)], "/device:CPU:0": [("y", 5.0, 4.0, 64)]}
    steps = graphmaker.run_metadata(ran)
    graphmaker.write_log(tmp_path / "a", graphmaker.graph_def(nodes), {"step 1": steps})
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    assert "Alone on a device" in texts(opened())


def dropped(app: AppTest, name: str, data: bytes) -> AppTest:
    """Hand in a file, as a visitor drops it."""
    (place,) = app.get("file_uploader")
    return place.set_value([(name, data, "application/octet-stream")]).run()


def test_files_of_one_name_are_both_there(logdir: Path) -> None:
    app = opened()
    app = dropped(app, "model.pb", model())
    assert app.selectbox(key="graph").value == "model.pb · file"
    app = dropped(app, "model.pb", model(deeper=True))
    assert app.selectbox(key="graph").value == "model.pb (2) · file"
    assert "block/Tanh" in boxes(app)
    assert app.selectbox(key="graph").options[-2:] == ["model.pb · file", "model.pb (2) · file"]
    app = dropped(app, "other.pb", b"\x01\x02garbage")
    assert "other.pb: " in texts(app).replace("\\", "")
    assert app.selectbox(key="graph").value == "model.pb (2) · file"


def test_the_way_to_the_inputs_of_the_selected_box_stands_out(logdir: Path) -> None:
    path = sent(opened(node="block/Relu", graph_way="in"))["view"]["path"]
    assert {"x", "block/MatMul", "block/Relu"} <= set(path["boxes"])
    assert "loss" not in path["boxes"]
    assert ["block/MatMul", "block/Relu"] in path["lines"]


@pytest.mark.parametrize(
    ("by", "says"),
    [
        ("op", "MatMul"),
        ("parameters", "logarithmic"),
        ("time", "Nothing was measured"),
        ("structure", "built alike"),
        ("device", "does not say"),
    ],
)
def test_every_colouring_says_what_it_means(logdir: Path, by: str, says: str) -> None:
    app = opened(graph_color=by)
    assert says in told(app) + texts(app)


def test_the_layers_have_a_row_each_and_sums(logdir: Path) -> None:
    app = opened(graph_look="layers")
    assert {metric.label: metric.value for metric in app.metric}["Parameters"] == "32"
    (frame,) = [one.value for one in app.main.dataframe]
    assert 32 in frame["parameters"].tolist()


def test_two_graphs_are_compared_node_by_node(logdir: Path) -> None:
    app = opened(graph="second · Run graph", graph_look="compare")
    assert {metric.label: metric.value for metric in app.metric} == {
        "Added": "1",
        "Removed": "0",
        "Changed": "1",
        "Same": "4",
        "Parameters": "32",
    }
    assert boxes(app)["block/Tanh"]["change"] == "added"
    rows = app.main.dataframe[0].value
    assert rows["node"].tolist() == ["block/Tanh", "loss"]


def test_a_graph_that_cannot_be_read_says_why_and_the_others_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graphmaker.write_log(tmp_path / "broken", b"\x0a\xff\xff\xff\x01abc")
    graphmaker.write_log(tmp_path / "good", model())
    graphmaker.write_log(tmp_path / "hollow", b"")
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    assert "cannot be read" in texts(opened(graph="broken · Run graph"))
    assert "no nodes" in texts(opened(graph="hollow · Run graph"))
    assert "block/Relu" in boxes(opened(graph="good · Run graph"))


def test_names_that_look_like_markup_are_told_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "<img src=x onerror=alert(1)>"
    graphmaker.write_log(tmp_path / "a", graphmaker.graph_def([(name, "<b>Op</b>", ["nowhere"], {"<i>": "**x**"})]))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened(node=name)
    assert boxes(app)[name]["label"] == name
    assert "<b>" not in told(app)
    assert "&lt;b&gt;Op&lt;/b&gt;" in told(app)


def test_circles_equal_names_and_a_name_of_a_megabyte_do_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = "n" * 1_000_000
    nodes = [
        ("a", "Add", ["b"], {}),
        ("b", "Add", ["a"], {}),
        ("a", "Mul", ["a", long], {}),
        (long, "Relu", ["gone:2"], {}),
    ]
    graphmaker.write_log(tmp_path / "a", graphmaker.graph_def(nodes))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened()
    assert len(boxes(app)) == 4
    assert len(json.dumps(sent(app))) < 20_000


def test_without_any_graph_the_page_says_how_to_log_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    eventfile.write(tmp_path / "a" / "events.out.tfevents.1.host", eventfile.version())
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened()
    assert any("add_graph" in block.value for block in app.code)


def test_the_ends_of_long_names_are_seen_in_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "a_rather_long_name_of_a_run_with_all_its_hyperparameters"
    graphmaker.write_log(tmp_path / f"{name}_1", model())
    graphmaker.write_log(tmp_path / f"{name}_2", model())
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    options = opened().selectbox(key="graph").options
    assert [len(one) for one in options] == [46, 46]
    assert [one[-14:] for one in options] == ["_1 · Run graph", "_2 · Run graph"]


def test_runs_that_are_not_selected_are_not_offered(logdir: Path) -> None:
    app = opened(only="second")
    assert app.selectbox(key="graph").options == ["second · Run graph"]

"""The Operators, Kernels and Modules tabs as the server makes them."""

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests import tracemaker
from tests.analysis import profilemaker as make
from tests.pages.visitor import texts, told, visited

HOSTILE = '<img src=x onerror="alert(1)"> **bold**'


def events() -> list[Any]:
    first, second = (
        make.op("aten::addmm", 110, 60, Input_Dims=[[8, 4], [4, 2]], External_id=1),
        make.op("AddmmBackward0", 405, 80, thread=2),
    )
    return [
        make.event("user_annotation", "ProfilerStep#1", 0, 1000),
        make.python("train.py(3): main", 1, 990),
        make.python("nn.Module: Net_0", 100, 200, Python_module_id=0),
        make.python("nn.Module: Linear_0", 105, 90, Python_module_id=1),
        first,
        make.launch(11, 120, 10, External_id=1),
        make.kernel("void gemm<float>(float const*)", 11, 200, 50, **{"blocks per SM": 2.0, "grid": [4, 1, 1]}),
        make.op(HOSTILE, 220, 40, Input_Dims=[[1]]),
        make.launch(12, 230, 10),
        make.kernel(HOSTILE, 12, 300, 20),
        make.op("autograd::engine::evaluate_function: AddmmBackward0", 400, 90, thread=2),
        second,
        *make.arrow("fwdbwd", 1, first, second),
    ]


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run with one recording."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "worker.1.pt.trace.json").write_bytes(tracemaker.trace(*events()))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    monkeypatch.setenv("TBCORE_CACHE", str(tmp_path / "cache"))
    return tmp_path


def opened(tab: str, **parameters: str) -> AppTest:
    app = visited("profile", profile_tab=tab, **parameters)
    for _again in range(50):
        if app.get("arrow_data_frame") or app.get("bidi_component"):
            break
        app.run()
    assert not app.exception
    return app


def table(app: AppTest) -> Any:
    (shown,) = app.dataframe
    return shown.value


def metrics(app: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in app.metric}


def sent(app: AppTest) -> dict[str, Any]:
    (made,) = [one.proto for one in app.get("bidi_component") if one.proto.component_name == "flame"]
    data: dict[str, Any] = json.loads(made.mixed.json or made.json)
    return data


def test_operators_are_a_table_with_their_times(logdir: Path) -> None:
    app = opened("operators")
    assert table(app)["name"].tolist() == [
        "aten::addmm", HOSTILE, "AddmmBackward0", "autograd::engine::evaluate_function: AddmmBackward0",
    ]  # fmt: skip
    assert metrics(app)["Operator calls"] == "4"
    assert metrics(app)["Device time"] == "70µs"
    assert metrics(app)["Could be on Tensor Cores"] == "71.4%"


def test_operators_are_told_apart_by_shapes_and_by_call_stack(logdir: Path) -> None:
    assert table(opened("operators", ops_by="shape"))["input"].tolist()[:2] == ["[[8, 4], [4, 2]]", "[[1]]"]
    assert table(opened("operators", ops_by="stack"))["frame"].tolist()[0] == "nn.Module: Linear_0"


def test_a_regular_expression_sifts_the_operators_and_a_wrong_one_is_told(logdir: Path) -> None:
    assert table(opened("operators", ops_find="^aten"))["name"].tolist() == ["aten::addmm"]
    app = opened("operators", ops_find="(")
    assert len(table(app)) == 4
    assert "is not a regular expression" in texts(app)
    none = visited("profile", profile_tab="operators", ops_find="no such operator")
    assert "No operator matches" in texts(none)


def test_the_flame_graph_is_sent_with_what_the_address_says(logdir: Path) -> None:
    app = opened("operators", ops_look="flame", ops_clock="time", ops_frame="2", ops_flame_find="add")
    view = sent(app)["view"]
    assert (view["frame"], view["find"]) == (2, "add")
    nonsense = sent(opened("operators", ops_look="flame", ops_frame="-7; drop"))["view"]
    assert nonsense["frame"] == -1


def test_kernels_are_a_table_by_name_and_by_launch(logdir: Path) -> None:
    app = opened("kernels")
    assert table(app)["title"].tolist()[0] == "gemm<float>"
    assert metrics(app)["Kernel time"] == "70µs"
    assert table(opened("kernels", kernels_look="launch"))["op"].tolist() == ["aten::addmm", HOSTILE]


def test_launches_and_sequences_of_kernels_are_tables(logdir: Path) -> None:
    app = opened("kernels", kernels_look="delays")
    assert table(app)["calls"].tolist() == [1, 1]
    assert "2 kernels with their launch: 0 take less time" in texts(app)
    assert table(opened("kernels", kernels_look="sequences"))["title"].tolist() == ["gemm<float>"]
    assert [one.label for one in opened("kernels").button_group if one.label == "Look"] == ["Look"]


def test_modules_are_a_tree_with_what_they_caused_backward(logdir: Path) -> None:
    found = table(opened("modules"))
    assert found["title"].tolist() == ["Net_0", "\u2003Linear_0"]
    assert found["backward_host"].tolist() == [90_000, 90_000]
    assert sent(opened("modules", modules_look="picture"))["view"]["frame"] == -1


def test_names_of_the_log_are_never_spelled_as_markdown_or_html(logdir: Path) -> None:
    app = opened("operators", ops_look="flame", ops_frame="9")
    assert "<img" not in texts(app)
    assert "<img" not in told(app)
    (one,) = [button.label for button in app.button if button.label.startswith("Longest call of")]
    assert "**bold**" not in one

"""Modules: where they stand in the network, what they took forward, and what they caused backward."""

import json
from typing import Any

import pandas as pd
import pytest

from tbcore.analysis import profile_modules
from tests.analysis.profilemaker import arrow, event, kernel, launch, op, python, trace
from tests.analysis.test_profile_ops import read
from tests.fixtures import samples

ENGINE = "autograd::engine::evaluate_function: "


def rows(frame: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in frame[list(columns)].itertuples(index=False)]


def module(name: str, start: float, lasts: float, number: int = 0) -> dict[str, Any]:
    return python(f"nn.Module: {name}", start, lasts, Python_module_id=number)


def test_modules_stand_below_those_that_call_them() -> None:
    found = profile_modules.modules(
        trace(
            python("train.py(1): main", 0, 300),
            module("Net", 2, 200),
            python("net.py(9): forward", 3, 190),
            module("Linear", 5, 60, 1),
            op("aten::addmm", 10, 31),
            module("ReLU", 80, 20, 2),
            module("Net", 220, 60),
            module("Linear", 225, 50, 1),
            op("aten::addmm", 230, 29),
        )
    )
    assert rows(found, "name", "title", "path", "parent", "depth", "calls", "operators", "host_total", "host_self") == [
        ("Net", "Net", "Net", -1, 0, 2, 0, 260_000, 130_000),
        ("Linear", "\u2003Linear", "Net › Linear", 0, 1, 2, 2, 110_000, 50_000),
        ("ReLU", "\u2003ReLU", "Net › ReLU", 0, 1, 1, 0, 20_000, 20_000),
    ]


def test_a_module_at_two_places_is_two_rows_and_called_twice_at_one_is_one() -> None:
    found = profile_modules.modules(
        trace(
            module("A", 0, 50),
            module("Act", 5, 10, 7),
            module("Act", 20, 10, 7),
            module("B", 100, 50, 1),
            module("Act", 105, 10, 7),
            module("Act", 120, 10, 8),
        )
    )
    assert rows(found, "path", "calls") == [("A", 1), ("A › Act", 2), ("B", 1), ("B › Act", 1), ("B › Act", 1)]


def test_kernels_of_a_module_are_those_of_its_operators() -> None:
    found = profile_modules.modules(
        trace(
            module("Net", 0, 100),
            module("Linear", 5, 40, 1),
            op("aten::linear", 10, 30),
            op("aten::addmm", 12, 20),
            launch(1, 15, 5),
            kernel("gemm", 1, 60, 25),
            op("aten::add", 60, 20),
            launch(2, 62, 5),
            kernel("add", 2, 90, 7),
        )
    )
    assert rows(found, "name", "device_total", "device_self") == [("Net", 32_000, 7_000), ("Linear", 25_000, 25_000)]


def test_what_runs_backward_belongs_to_the_module_whose_operator_ran_forward() -> None:
    forward = op("aten::addmm", 10, 20)
    backward = op("AddmmBackward0", 205, 30, thread=2)
    found = profile_modules.modules(
        trace(
            module("Net", 0, 100),
            module("Linear", 5, 40, 1),
            forward,
            op(f"{ENGINE}AddmmBackward0", 200, 50, thread=2),
            backward,
            launch(1, 210, 5, thread=2),
            kernel("gemm", 1, 300, 11),
            op(f"{ENGINE}torch::autograd::AccumulateGrad", 260, 10, thread=2),
            op(f"{ENGINE}SomethingElse", 300, 70, thread=2),
            arrow("fwdbwd", 1, forward, backward),
        )
    )
    assert rows(found, "name", "backward_host", "backward_device") == [
        ("Net", 60_000, 11_000),
        ("Linear", 60_000, 11_000),
    ]
    assert found["share"].tolist() == [1.0, 1.0]


def test_modules_of_lightning_are_told_from_their_annotations() -> None:
    found = profile_modules.modules(
        trace(
            event("user_annotation", "[pl][module]torch.nn.Sequential: net", 0, 100),
            event("user_annotation", "[pl][module]torch.nn.Linear: net.0", 10, 30),
            op("aten::linear", 12, 20),
        )
    )
    assert rows(found, "name", "depth", "operators") == [
        ("torch.nn.Sequential: net", 0, 0),
        ("torch.nn.Linear: net.0", 1, 1),
    ]


def test_a_recording_without_modules_has_an_empty_table() -> None:
    recorded = trace(op("aten::add", 0, 5), python("train.py(1): main", 0, 10))
    assert not profile_modules.has_modules(recorded)
    assert profile_modules.modules(recorded).empty
    assert profile_modules.modules(trace()).empty


def test_modules_are_drawn_as_a_flame_graph() -> None:
    table = profile_modules.modules(trace(module("Net", 0, 100), module("Linear", 5, 40, 1)))
    found = profile_modules.flame(table, "host_total")
    assert rows(found, "name", "parent", "total", "self", "calls") == [
        ("Net", -1, 100_000, 60_000, 1),
        ("Linear", 0, 40_000, 40_000, 1),
    ]


def test_the_hierarchy_that_the_plugin_is_tested_with_is_the_same() -> None:
    found = profile_modules.modules(
        read(samples("kineto_tb_plugin") / "test_inline" / "TestModuleView.test_build_module_hierarchy.1.json")
    )
    assert rows(found, "path", "calls", "operators", "host_total", "host_self", "host_mean") == [
        ("MyModule", 3, 0, 633_000, 447_000, 211_000),
        ("MyModule › Linear", 3, 3, 186_000, 90_000, 62_000),
        ("Conv2", 1, 0, 211_000, 211_000, 211_000),
    ]


@pytest.mark.parametrize("span", ["1795196162146583994", "1795196162334742021"])
def test_modules_of_a_real_recording_are_those_of_the_plugin(span: str) -> None:
    folder = samples("torch_cpu")
    found = profile_modules.modules(read(folder / "with_stack" / f"worker0.{span}.pt.trace.json.gz"))
    golden = json.loads((folder / "reference_tb_0.4.3" / f"with_stack_{span}" / "module_view.json").read_text())["data"]
    theirs = {one["name"]: one for top in golden for one in (top, *top["children"])}
    assert found["name"].tolist() == [
        "Net_0",
        "Conv2d_0",
        "ReLU_0",
        "MaxPool2d_0",
        "Conv2d_1",
        "Linear_0",
        "CrossEntropyLoss_0",
    ]
    assert found["depth"].tolist() == [0, 1, 1, 1, 1, 1, 0]
    for one in found.to_dict("records"):
        reference = theirs[one["name"]]
        assert (one["calls"], one["operators"]) == (reference["occurences"], reference["operators"])
        # The plugin keeps times as floats of absolute microseconds.
        assert abs(one["host_total"] / 1000 - reference["host_duration"]) < 0.01
        assert abs(one["host_self"] / 1000 - reference["self_host_duration"]) < 0.02
    assert (found["backward_host"] > 0).all()
    top = found[found["depth"] == 0]["backward_host"].sum()
    assert top >= found[found["depth"] == 1]["backward_host"].sum()

"""Operators: who called whom, what each took on the host and on the devices, and what PyTorch's own plugin says of it."""

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tbcore.analysis import profile_ops
from tbcore.formats import chrome_trace
from tbcore.formats.trace import Trace
from tests.analysis.profilemaker import arrow, event, kernel, launch, op, python, trace
from tests.fixtures import samples

TENSOR = "volta_fp16_s884cudnn_fp16_128x128"


def read(path: Path) -> Trace:
    data = path.read_bytes()
    return chrome_trace.read([gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data], path.name)


def rows(frame: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in frame[list(columns)].itertuples(index=False)]


def test_an_operator_itself_is_without_what_it_called() -> None:
    found = profile_ops.operators(trace(op("aten::linear", 0, 100), op("aten::addmm", 10, 60), op("aten::mm", 20, 30)))
    assert rows(found, "name", "calls", "host_self", "host_total") == [
        ("aten::linear", 1, 40_000, 100_000),
        ("aten::addmm", 1, 30_000, 60_000),
        ("aten::mm", 1, 30_000, 30_000),
    ]


def test_what_runs_on_the_device_belongs_to_the_operator_that_launched_it_and_its_callers() -> None:
    found = profile_ops.operators(
        trace(
            op("aten::matmul", 100, 100, External_id=2),
            op("aten::mm", 120, 40, External_id=4),
            launch(334, 150, 10, External_id=4),
            kernel("gemm", 334, 155, 20, External_id=4),
            launch(335, 170, 25, External_id=2),
            kernel("relu", 335, 210, 16, External_id=2),
        )
    )
    assert rows(found, "name", "device_self", "device_total", "host_self") == [
        ("aten::mm", 20_000, 20_000, 30_000),
        ("aten::matmul", 16_000, 36_000, 35_000),
    ]


def test_a_launch_without_an_id_belongs_to_the_operator_that_it_lies_in() -> None:
    found = profile_ops.operators(trace(op("aten::add", 0, 50), launch(1, 10, 5), kernel("add", 1, 60, 7)))
    assert rows(found, "name", "device_self", "host_self") == [("aten::add", 7_000, 45_000)]


def test_an_id_that_counts_something_else_is_not_believed() -> None:
    found = profile_ops.operators(
        trace(
            op("aten::add", 0, 50, External_id=1),
            op("aten::mul", 100, 50, External_id=900),
            launch(5, 10, 5, External_id=900),
            kernel("add", 5, 60, 7, External_id=900),
        )
    )
    assert rows(found, "name", "device_self") == [("aten::add", 7_000), ("aten::mul", 0)]


def test_a_kernel_whose_launch_was_not_recorded_is_found_by_its_id() -> None:
    found = profile_ops.operators(trace(op("aten::add", 0, 50, External_id=3), kernel("add", 8, 60, 7, External_id=3)))
    assert rows(found, "name", "device_self") == [("aten::add", 7_000)]


def test_one_launch_may_start_several_kernels() -> None:
    found = profile_ops.operators(
        trace(
            op("Broadcast", 100, 300),
            launch(335, 130, 20),
            kernel("a", 335, 160, 50),
            kernel("b", 335, 170, 60, stream=22),
        )
    )
    assert rows(found, "device_self") == [(110_000,)]


def test_a_call_of_the_driver_inside_a_call_of_the_runtime_is_taken_out_once() -> None:
    inner = event("cuda_driver", "cuLaunchKernel", 12, 5, correlation=9)
    found = profile_ops.operators(trace(op("aten::add", 0, 50), launch(1, 10, 10), inner))
    assert rows(found, "host_self") == [(40_000,)]


def test_a_call_that_is_merely_its_caller_again_is_one_with_it() -> None:
    found = profile_ops.operators(
        trace(
            op("aten::mm", 100, 100),
            op("aten::mm", 110, 80),
            op("aten::mm", 120, 60),
            launch(335, 130, 20),
            kernel("gemm", 335, 220, 8),
        )
    )
    assert rows(found, "calls", "host_total", "host_self", "device_self") == [(1, 100_000, 80_000, 8_000)]


def test_a_call_inside_another_one_of_its_name_counts_once_in_the_totals() -> None:
    found = profile_ops.operators(trace(op("aten::to", 0, 100), op("aten::copy_", 5, 10), op("aten::to", 20, 60)))
    (total,) = rows(found[found["name"] == "aten::to"], "calls", "host_self", "host_total")
    assert total == (2, 90_000, 100_000)


def test_a_call_that_ends_a_little_after_its_caller_is_still_in_it() -> None:
    found = profile_ops.tree(trace(op("aten::to", 0, 100), op("aten::copy_", 40, 60.9)))
    assert found.parent.tolist() == [-1, 0]
    assert found.host_self.tolist() == [40_000, 60_900]


def test_calls_that_cross_stand_beside_each_other() -> None:
    found = profile_ops.tree(trace(op("a", 0, 100), op("b", 40, 300)))
    assert found.parent.tolist() == [-1, -1]
    assert found.host_self.tolist() == [100_000, 300_000]


def test_steps_loaders_and_optimizers_are_no_operators() -> None:
    found = profile_ops.operators(
        trace(
            event("user_annotation", "ProfilerStep#3", 0, 1000),
            event("user_annotation", "enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__", 0, 100),
            event("Operator", "Optimizer.step#SGD.step", 200, 100),
            event("Operator", "DistributedDataParallel.forward", 400, 100),
            op("aten::add", 210, 20),
        )
    )
    assert rows(found, "name") == [("aten::add",)]


def test_operators_are_told_apart_by_the_shapes_of_their_inputs() -> None:
    found = profile_ops.operators(
        trace(
            op("aten::mm", 0, 10, Input_Dims=[[2, 3], [3, 4]]),
            op("aten::mm", 20, 30, Input_Dims=[[8, 3], [3, 4]]),
            op("aten::mm", 60, 5),
        ),
        "shape",
    )
    assert rows(found, "input", "calls", "host_self") == [
        ("[[8, 3], [3, 4]]", 1, 30_000),
        ("[[2, 3], [3, 4]]", 1, 10_000),
        ("", 1, 5_000),
    ]


def test_operators_are_told_apart_by_where_python_called_them() -> None:
    found = profile_ops.operators(
        trace(
            python("train.py(3): main", 0, 100),
            python("net.py(7): forward", 10, 30),
            python("<built-in method add of Tensor object at 0x7f01>", 12, 8),
            op("aten::add", 13, 5),
            python("<built-in method add of Tensor object at 0x7f02>", 22, 8),
            op("aten::add", 23, 5),
            op("aten::add", 60, 20),
        ),
        "stack",
    )
    inner = "train.py(3): main\nnet.py(7): forward\n<built-in method add of Tensor object at …>"
    assert rows(found, "stack", "frame", "calls") == [
        ("train.py(3): main", "train.py(3): main", 1),
        (inner, "net.py(7): forward", 2),
    ]


def test_a_stack_that_a_file_wrote_is_turned_outermost_first() -> None:
    found = profile_ops.operators(
        trace(op("aten::add", 0, 5, Call_stack="net.py(7): forward;train.py(3): main")), "stack"
    )
    assert rows(found, "stack") == [("train.py(3): main\nnet.py(7): forward",)]


def test_tensor_cores_are_told_from_kernels_and_who_could_use_them_from_operators() -> None:
    recorded = trace(
        op("aten::conv2d", 200, 100),
        op("op_no_tc", 205, 10),
        launch(1000, 205, 5),
        kernel("kernel_no_tc", 1000, 210, 10),
        op("aten::cudnn_convolution", 215, 10),
        launch(1001, 215, 5),
        kernel(TENSOR, 1001, 220, 15, stream=8),
    )
    found = profile_ops.operators(recorded).set_index("name")
    assert found["eligible"].to_dict() == {"aten::conv2d": True, "aten::cudnn_convolution": True, "op_no_tc": False}
    assert found["tensor_total_share"].loc["aten::conv2d"] == 0.6
    sums = profile_ops.totals(recorded)
    assert (sums.tensor / sums.kernels, sums.eligible / sums.kernels) == (0.6, 0.6)


def test_an_operator_that_ran_on_tensor_cores_could() -> None:
    found = profile_ops.operators(trace(op("my::op", 0, 10), launch(1, 2, 3), kernel(TENSOR, 1, 20, 5)))
    assert found["eligible"].tolist() == [True]


def test_what_no_operator_launched_is_told_apart() -> None:
    sums = profile_ops.totals(
        trace(op("aten::add", 0, 10), launch(1, 20, 3), kernel("a", 1, 30, 5), kernel("b", 2, 40, 6))
    )
    assert (sums.device, sums.outside) == (0, 11_000)


def test_a_recording_without_operators_has_an_empty_table() -> None:
    for by in ("name", "shape", "stack"):
        assert len(profile_ops.operators(trace(), by)) == 0
        assert len(profile_ops.operators(trace(kernel("a", 1, 0, 5)), by)) == 0
    assert profile_ops.totals(trace()).calls == 0


def test_the_tree_of_a_trace_is_made_once() -> None:
    recorded = trace(op("aten::add", 0, 10))
    assert profile_ops.tree(recorded) is profile_ops.tree(recorded)


def test_what_is_lacking_is_told() -> None:
    assert profile_ops.lacking(trace(op("a", 0, 1))) == {"shape", "stack"}
    assert profile_ops.lacking(trace(op("a", 0, 1, Input_Dims=[[1]]), python("f", 0, 2))) == set()


def test_arrows_do_not_disturb_the_tree() -> None:
    forward, backward = op("aten::mm", 0, 10), op("MmBackward0", 50, 10, thread=2)
    found = profile_ops.tree(trace(forward, backward, arrow("fwdbwd", 1, forward, backward)))
    assert found.parent.tolist() == [-1, -1]


# What PyTorch's own plugin says of real recordings ---------------------------------------------------------------------

_SAME = {
    "calls": ("calls", 1),
    "device_self_duration": ("device_self", 1000),
    "device_total_duration": ("device_total", 1000),
    "host_self_duration": ("host_self", 1000),
    "host_total_duration": ("host_total", 1000),
}
_RESNET = ("1623143089861", "1623143566756")


def differences(
    found: pd.DataFrame, golden: list[dict[str, Any]], *, by: str = "name", slack: float = 0.0
) -> list[Any]:
    """Return what is not as in a table of the plugin: rows that are missing or more, and cells."""
    ours = {(one["name"], one.get("input", "")): one for one in found.to_dict("records")}
    theirs = {(one["name"], one["input_shape"] if by == "shape" else ""): one for one in golden}
    wrong: list[Any] = list(ours.keys() ^ theirs.keys())
    for key in ours.keys() & theirs.keys():
        for name, (column, unit) in _SAME.items():
            value = ours[key][column] / unit
            if abs(value - (theirs[key].get(name) or 0)) > slack:
                wrong.append((key, name, value, theirs[key].get(name)))
    return wrong


@pytest.mark.parametrize("span", _RESNET)
@pytest.mark.parametrize(("by", "table"), [("name", "operator_table"), ("shape", "operator_table_by_input")])
def test_every_row_of_the_plugins_operator_tables_is_the_same(span: str, by: Any, table: str) -> None:
    folder = samples("kineto_tb_plugin")
    recorded = read(folder / "samples" / "resnet50_num_workers_0" / f"worker0.{span}.pt.trace.json.gz")
    found = profile_ops.operators(recorded, by)
    golden = json.loads(
        (folder / "reference_0.4.3" / f"resnet50_num_workers_0_worker0.{span}" / f"{table}.json").read_text()
    )
    assert len(found) == {"name": 76, "shape": 577}[by]
    assert differences(found, golden["data"], by=by) == []
    eligible = {one["name"] for one in golden["data"] if one["tc_eligible"] == "Yes"}
    assert set(found[found["eligible"]]["name"]) == eligible


def test_the_golden_file_of_the_plugin_agrees() -> None:
    folder = samples("kineto_tb_plugin")
    recorded = read(folder / "samples" / "resnet50_num_workers_0" / "worker0.1623143089861.pt.trace.json.gz")
    golden = json.loads((folder / "test" / "result_check_file.txt").read_text().splitlines()[2])["data"]
    assert len(golden) == 76
    found = profile_ops.operators(recorded)
    assert differences(found, golden) == []
    first = found.iloc[0]
    assert (first["name"], first["calls"], first["device_self"], first["host_self"], first["host_total"]) == (
        "aten::cudnn_convolution_backward_weight", 318, 142_461_000, 22_804_000, 40_246_000,
    )  # fmt: skip
    sums = profile_ops.totals(recorded)
    assert round(sums.eligible / sums.kernels, 6) == 0.676195
    assert sums.tensor == 0


@pytest.mark.parametrize(
    "name",
    [
        "slow_loader_1795196161700166532",
        "slow_loader_1795196161879393333",
        "with_stack_1795196162146583994",
        "with_stack_1795196162334742021",
    ],
)
def test_operators_of_today_are_those_of_the_plugin_to_the_microsecond(name: str) -> None:
    folder = samples("torch_cpu")
    kind, _line, span = name.rpartition("_")
    golden = json.loads((folder / "reference_tb_alias_fixed" / name / "operator_table.json").read_text())["data"]
    found = profile_ops.operators(read(folder / kind / f"worker0.{span}.pt.trace.json.gz"))
    assert len(found) == 71
    assert differences(found, golden, slack=0.51) == []


def test_a_trace_whose_times_are_rounded_keeps_its_tree() -> None:
    recorded = read(samples("hta") / "negative_queue_length_values_check" / "rank0.json.gz")
    golden = json.loads((samples("hta_reference_tb_alias_fixed") / "rank0" / "operator_table.json").read_text())["data"]
    found = profile_ops.operators(recorded)
    assert len(found) == 143
    wrong = {(key[0], name) for key, name, _ours, _theirs in differences(found, golden, slack=0.51)}
    # The plugin ties no kernel to an operator here, so that its times of the host hold the launches; aten::abs calls itself.
    assert {what for _name, what in wrong} == {
        "device_self_duration",
        "device_total_duration",
        "host_self_duration",
        "host_total_duration",
    }
    assert {name for name, what in wrong if what == "host_total_duration"} == {"aten::abs"}
    assert int((profile_ops.tree(recorded).host_self < 0).sum()) == 0

"""Kernels: what they took, how they were launched, and what PyTorch's own plugin says of them."""

import json
from math import isnan
from typing import Any

import pandas as pd
import pytest

from tbcore.analysis import profile_kernels
from tbcore.formats import xplane
from tests.analysis.profilemaker import event, kernel, launch, op, trace
from tests.analysis.test_profile_ops import read
from tests.fixtures import samples


def rows(frame: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in frame[list(columns)].itertuples(index=False)]


def test_kernels_of_one_name_are_one_row_the_largest_first() -> None:
    found = profile_kernels.kernels(trace(kernel("a", 1, 0, 10), kernel("b", 2, 20, 50), kernel("a", 3, 80, 30)))
    assert rows(found, "name", "calls", "total", "mean", "min", "max", "share") == [
        ("b", 1, 50_000, 50_000, 50_000, 50_000, 50 / 90),
        ("a", 2, 40_000, 20_000, 10_000, 30_000, 40 / 90),
    ]


def test_blocks_and_occupancy_are_weighted_by_duration() -> None:
    first = kernel("a", 1, 0, 10, **{"blocks per SM": 1.0, "est. achieved occupancy %": 20})
    second = kernel("a", 2, 20, 30, **{"blocks per SM": 5.0, "est. achieved occupancy %": 60})
    found = profile_kernels.kernels(trace(first, second))
    assert rows(found, "blocks", "occupancy") == [(4.0, 50.0)]


def test_what_a_file_does_not_say_of_a_kernel_is_unknown() -> None:
    (found,) = rows(profile_kernels.kernels(trace(kernel("a", 1, 0, 10))), "blocks", "occupancy")
    assert all(isnan(one) for one in found)


def test_a_kernel_without_duration_still_tells_its_blocks() -> None:
    found = profile_kernels.kernels(trace(kernel("a", 1, 0, 0, **{"blocks per SM": 0.5})))
    assert found["blocks"].tolist() == [0.5]


def test_kernels_are_told_apart_by_operator_and_launch() -> None:
    shape = {"grid": [16, 1, 1], "registers per thread": 18, "shared memory": 0}
    found = profile_kernels.kernels(
        trace(
            op("op1", 200, 60),
            launch(1000, 210, 5),
            kernel("k", 1000, 230, 15, block=[16, 16, 16], **shape),
            launch(1001, 216, 5),
            kernel("k", 1001, 250, 10, block=[16, 16, 16], **shape),
            launch(1002, 222, 5),
            kernel("k", 1002, 270, 13, block=[16, 16, 64], **shape),
            op("op2", 340, 70),
            launch(1003, 350, 5),
            kernel("k", 1003, 370, 17, block=[16, 16, 64], **shape),
        ),
        "launch",
    )
    assert rows(found, "op", "block", "calls", "total", "registers", "shared") == [
        ("op1", "[16, 16, 16]", 2, 25_000, 18, 0),
        ("op2", "[16, 16, 64]", 1, 17_000, 18, 0),
        ("op1", "[16, 16, 64]", 1, 13_000, 18, 0),
    ]


def test_the_time_a_stream_stood_empty_is_told_before_each_kernel() -> None:
    recorded = trace(
        kernel("a", 1, 0, 10), kernel("b", 2, 14, 6), kernel("c", 3, 5, 1, stream=8), kernel("b", 4, 50, 1)
    )
    found = profile_kernels.kernels(recorded).set_index("name")["gap"]
    assert found.to_dict() == {"a": 0, "b": 34_000, "c": 0}


def test_launches_are_told_with_their_delay() -> None:
    recorded = trace(launch(1, 0, 5), kernel("a", 1, 105, 2), launch(2, 10, 20), kernel("b", 2, 25, 60))
    found = profile_kernels.launched(recorded)
    assert rows(found, "correlation", "host", "device", "delay") == [(1, 5_000, 2_000, 100_000), (2, 20_000, 60_000, 0)]


def test_what_stands_out_among_launches_is_counted() -> None:
    recorded = trace(
        launch(1, 0, 5), kernel("a", 1, 200, 2), launch(2, 300, 60), kernel("b", 2, 361, 61), kernel("c", 3, 500, 1)
    )
    found = profile_kernels.launch_figures(recorded)
    assert (found.kernels, found.short, found.slow, found.late, found.unlaunched) == (2, 1, 1, 1, 1)
    assert (found.short_host, found.short_device) == (5_000, 2_000)


def test_launches_of_one_name_are_summed_up_by_their_medians() -> None:
    recorded = trace(
        *(launch(number, 100 * number, 5) for number in (1, 2, 3)),
        *(kernel("a", number, 100 * number + 5 + late, 2) for number, late in ((1, 1), (2, 3), (3, 50))),
    )
    found = profile_kernels.launch_table(recorded)
    assert rows(found, "name", "calls", "host", "device", "delay", "short") == [("a", 3, 5_000, 2_000, 3_000, 3)]
    assert recorded.start[found["longest"].iloc[0]] == 355_000


def test_the_kernels_of_one_operator_are_told_in_turn() -> None:
    recorded = trace(
        op("conv", 0, 100),
        op("inner", 10, 50),
        launch(1, 12, 2),
        launch(2, 20, 2),
        kernel("x", 1, 30, 5),
        kernel("y", 2, 40, 5),
        op("conv", 200, 100),
        launch(3, 210, 2),
        launch(4, 220, 2),
        kernel("x", 3, 230, 5),
        kernel("y", 4, 240, 7),
        op("conv", 400, 100),
        launch(5, 410, 2),
        kernel("y", 5, 430, 1),
    )
    found = profile_kernels.sequences(recorded, "conv")
    assert rows(found, "sequence", "title", "kernels", "calls", "device", "host") == [
        ("x\ny", "x → y", 2, 2, 22_000, 200_000),
        ("y", "y", 1, 1, 1_000, 100_000),
    ]
    assert profile_kernels.launching(recorded, 10) == ["conv", "inner"]
    assert profile_kernels.launching(recorded, 1) == ["conv"]
    assert profile_kernels.sequences(recorded, "nothing of the kind").empty


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("volta_sgemm_64x64_nt", "volta_sgemm_64x64_nt"),
        ("void fft2d_r2c_32x32<float, false>(float2*, int2)", "fft2d_r2c_32x32<float, false>"),
        (
            "void at::native::(anonymous namespace)::max_pool_forward_nchw<float>(int, float const*)",
            "max_pool_forward_nchw<float>",
        ),
        ("f<g(int)>(h(int), int)", "f<g(int)>"),
        ("Memcpy HtoD (Pageable -> Device)", "Memcpy HtoD"),
        ("(only this)", "(only this)"),
        (")(", ")("),
        ("", ""),
    ],
)
def test_a_title_leaves_out_what_all_kernels_names_hold(name: str, title: str) -> None:
    assert profile_kernels.title(name).strip() == title


def test_counters_of_the_hardware_belong_to_the_launches_in_turn() -> None:
    counted = [
        event("cuda_profiler_range", name, start, 5, 0, 0, fadd=value)
        for name, start, value in (("a", 50, 7), ("b", 60, 9))
    ]
    found = profile_kernels.counters(
        trace(op("conv", 0, 20), launch(1, 2, 2), op("relu", 30, 10), launch(2, 31, 2), counted)
    )
    assert rows(found, "name", "op", "fadd") == [("a", "conv", 7), ("b", "relu", 9)]
    alone = profile_kernels.counters(trace(op("conv", 0, 20), launch(1, 2, 2), counted))
    assert rows(alone, "name", "op", "fadd") == [("a", "", 7), ("b", "", 9)]
    assert profile_kernels.counters(trace(op("conv", 0, 20))).empty


def test_kernels_that_only_counters_tell_of_have_no_times_of_their_own() -> None:
    counted = [event("cuda_profiler_range", name, start, 5, 0, 0, fadd=1) for name, start in (("a", 50), ("b", 60))]
    assert profile_kernels.figures(trace(counted)).made_up
    assert not profile_kernels.figures(trace(counted, kernel("k", 1, 70, 9))).made_up
    assert not profile_kernels.figures(trace(kernel("k", 1, 70, 9), kernel("k", 2, 90, 9))).made_up


def test_counters_are_called_by_what_tells_them_apart() -> None:
    assert profile_kernels.counter_titles(["smsp__inst_op_fadd_on.sum", "smsp__inst_op_dmul_on.sum"]) == {
        "smsp__inst_op_fadd_on.sum": "fadd",
        "smsp__inst_op_dmul_on.sum": "dmul",
    }
    assert profile_kernels.counter_titles(["a_b", "a_b_c"]) == {"a_b": "a_b", "a_b_c": "c"}
    assert profile_kernels.counter_titles(["one.sum"]) == {"one.sum": "one.sum"}
    assert profile_kernels.counter_titles([]) == {}


def test_a_recording_without_kernels_has_empty_tables() -> None:
    recorded = trace(op("aten::add", 0, 5))
    assert not profile_kernels.has_kernels(recorded)
    assert profile_kernels.kernels(recorded).empty
    assert profile_kernels.kernels(recorded, "launch").empty
    assert profile_kernels.launch_table(recorded).empty
    figures = profile_kernels.figures(recorded)
    assert (figures.kernels, figures.total) == (0, 0)
    assert isnan(figures.blocks)


# Real recordings -----------------------------------------------------------------------------------------------------

_COLUMNS = {
    "Calls": ("calls", 1, 0),
    "Total Duration (us)": ("total", 1000, 0.51),
    "Mean Duration (us)": ("mean", 1000, 0.51),
    "Max Duration (us)": ("max", 1000, 0.51),
    "Min Duration (us)": ("min", 1000, 0.51),
    "Mean Blocks Per SM": ("blocks", 1, 0.0051),
    "Mean Est. Achieved Occupancy (%)": ("occupancy", 1, 0.0051),
}


def golden(text: str) -> list[dict[str, Any]]:
    data = json.loads(text)["data"]
    names = [column["name"] for column in data["columns"]]
    return [dict(zip(names, row, strict=True)) for row in data["rows"]]


def differing(ours: dict[str, Any], theirs: dict[str, Any]) -> list[Any]:
    return [
        (theirs["Name"], name, ours[column] / unit, theirs[name])
        for name, (column, unit, slack) in _COLUMNS.items()
        # A kernel of no duration has no weight: the plugin says 0, we say what the file says.
        if abs(ours[column] / unit - theirs[name]) > slack and not (ours["total"] == 0 and unit == 1)
    ]


@pytest.mark.parametrize(("span", "count"), [("1623143089861", 67), ("1623143566756", 67)])
def test_every_row_of_the_plugins_kernel_table_is_the_same(span: str, count: int) -> None:
    folder = samples("kineto_tb_plugin")
    found = profile_kernels.kernels(
        read(folder / "samples" / "resnet50_num_workers_0" / f"worker0.{span}.pt.trace.json.gz")
    )
    table = golden(
        (folder / "reference_0.4.3" / f"resnet50_num_workers_0_worker0.{span}" / "kernel_table.json").read_text()
    )
    ours = {one["name"]: one for one in found.to_dict("records")}
    assert len(ours) == count
    assert ours.keys() == {one["Name"] for one in table}
    assert [wrong for one in table for wrong in differing(ours[one["Name"]], one)] == []
    assert {name for name, one in ours.items() if one["tensor_cores"]} == {
        one["Name"] for one in table if one["Tensor Cores Used"] == "Yes"
    }


def test_the_golden_file_of_the_plugin_agrees() -> None:
    folder = samples("kineto_tb_plugin")
    found = profile_kernels.kernels(
        read(folder / "samples" / "resnet50_num_workers_0" / "worker0.1623143089861.pt.trace.json.gz")
    )
    table = golden((folder / "test" / "result_check_file.txt").read_text().splitlines()[3])
    ours = {one["name"]: one for one in found.to_dict("records")}
    assert len(table) == 67
    assert [wrong for one in table for wrong in differing(ours[one["Name"]], one)] == []
    first = found.iloc[0]
    assert "dgrad_engine" in first["name"]
    assert (first["calls"], first["total"], first["max"], first["min"]) == (162, 80_756_000, 1_017_000, 323_000)
    assert (round(first["mean"] / 1000), round(first["blocks"], 2), round(first["occupancy"], 2)) == (498, 42.25, 29.97)


@pytest.mark.parametrize("span", ["1623143089861", "1623143566756"])
def test_every_row_of_the_plugins_table_of_kernels_by_launch_is_the_same(span: str) -> None:
    folder = samples("kineto_tb_plugin")
    recorded = read(folder / "samples" / "resnet50_num_workers_0" / f"worker0.{span}.pt.trace.json.gz")
    found = profile_kernels.kernels(recorded, "launch")
    table = golden(
        (folder / "reference_0.4.3" / f"resnet50_num_workers_0_worker0.{span}" / "kernel_op_table.json").read_text()
    )
    ours = {
        (one["name"], one["op"], one["grid"], one["block"], str(int(one["registers"])), str(int(one["shared"]))): one
        for one in found.to_dict("records")
    }
    theirs = {
        (one["Name"], one["Operator"], one["Grid"], one["Block"], one["Register Per Thread"], one["Shared Memory"]): one
        for one in table
    }
    assert len(ours) == 226
    assert ours.keys() == theirs.keys()
    assert [wrong for key, one in theirs.items() for wrong in differing(ours[key], one)] == []
    assert {key for key, one in ours.items() if one["eligible"]} == {
        key for key, one in theirs.items() if one["Op is Tensor Cores eligible"] == "Yes"
    }


def test_a_launch_on_an_accelerator_of_meta_is_known_to_the_nanosecond() -> None:
    found = profile_kernels.launched(read(samples("hta") / "mtia_trace_single_rank" / "mtia_rank_0.json.gz"))
    assert rows(found[found["correlation"] == 423], "host", "device", "delay") == [(435_200, 124_768, 0)]


def test_counters_of_a_real_recording_are_known_by_kernel_and_operator() -> None:
    found = profile_kernels.counters(read(next((samples("hta") / "cupti_profiler").glob("*.json.gz"))))
    assert len(found) == 77
    fifth = found.iloc[5]
    assert "fft2d_r2c_32x32" in fifth["name"]
    assert fifth["smsp__sass_thread_inst_executed_op_fadd_pred_on.sum"] == 86_114_304
    assert fifth["ops"].split("\n")[0] == "aten::conv2d"


def test_kernels_of_a_tpu_take_as_long_as_the_device_says() -> None:
    path = samples("xprof") / "xprof" / "convert" / "test_xplanes" / "tpu_inference_2.old.xplane.pb"
    found = profile_kernels.kernels(xplane.read(path.read_bytes(), "tpu")).set_index("name")
    assert found["calls"].loc["copy-done.4"] == 400
    # Each of the 400 is rounded to a nanosecond.
    assert abs(found["total"].loc["copy-done.4"] / 1000 - 77_773_215.73) < 0.2

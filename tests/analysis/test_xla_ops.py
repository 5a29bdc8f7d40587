"""What operations of TensorFlow and JAX cost is what their own profiler says."""

import json

import pytest

from tbcore.analysis import xla_ops
from tbcore.formats import xplane
from tests.fixtures import samples
from tests.xplanemaker import Plane, space


def reference(path, *, idle=True):
    """Return xprof's rows by side and operation: type, calls, and total and own time in nanoseconds."""
    rows = [[cell["v"] for cell in row["c"]] for row in json.loads(path.read_text())[0]["rows"]]
    return {
        (row[1], row[3]): (row[2], row[4], row[5] * 1000, row[7] * 1000) for row in rows if idle or row[2] != "IDLE"
    }


def own(trace):
    frame = xla_ops.statistics(trace)
    return {(row.side, row.operation): (row.type, row.calls, row.total, row.self) for row in frame.itertuples()}


def test_all_operations_of_tensorflow_are_xprofs_to_the_nanosecond():
    folder = samples("tf_cpu")
    (path,) = (folder / "logdir").rglob("*.xplane.pb")
    found = own(xplane.read(path.read_bytes(), "key"))
    wanted = reference(folder / "xprof_reference/framework_op_stats.json")
    assert found.keys() == wanted.keys()
    assert len(found) == 23
    for key, (kind, calls, total, alone) in wanted.items():
        assert found[key] == (kind, calls, pytest.approx(total, abs=1e-3), pytest.approx(alone, abs=1e-3)), key


def test_all_operations_of_a_tpu_are_xprofs_to_the_picosecond():
    folder = samples("xprof")
    found = own(xplane.read((folder / "xprof/convert/test_xplanes/tpu_inference_2.old.xplane.pb").read_bytes(), "key"))
    wanted = {
        key: row
        for key, row in reference(folder / "reference_tpu_inference_2_old/framework_op_stats.json").items()
        if key[0] == "Device"
    }
    assert found.keys() == wanted.keys()
    for key, (kind, calls, total, alone) in wanted.items():
        # Three fusions are of one operation: xprof counts the runs of one of them, we count the runs.
        times = 3 if key[1] == "jit(f)/jit(main)/add" else 1
        assert found[key] == (kind, times * calls, pytest.approx(total, abs=1e-2), pytest.approx(alone, abs=1e-2)), key
    assert found["Device", "copy-done.4"] == (
        "Unknown",
        400,
        pytest.approx(77_773_215_731.25),
        pytest.approx(77_773_215_731.25),
    )


@pytest.mark.parametrize(
    ("name", "operation", "kind"),
    [
        ("gradient_tape/MatMul_1/MatMul:_MklMatMul", "gradient_tape/MatMul_1/MatMul", "_MklMatMul"),
        ("Iterator::Root::Map", "Iterator::Root::Map", "Dataset"), ("PjitFunction(step)", "", ""),
        ("EagerLocalExecute: IteratorGetNext", "", ""), ("$profiler.py:385 __init__", "", ""),
    ],
)  # fmt: skip
def test_an_operation_is_known_by_its_name(name, operation, kind):
    assert xla_ops.named(name) == (operation, kind)


@pytest.mark.parametrize(
    ("said", "name", "found"),
    [
        ("jit(f)/jit(main)/add:", "fusion.1", ("jit(f)/jit(main)/add", "add")),
        ("model/dense/MatMul:MatMul", "fusion.1", ("model/dense/MatMul", "MatMul")), ("", "copy.1", ("copy.1", "Unknown")),
    ],
)  # fmt: skip
def test_an_operation_on_a_device_is_known_by_what_it_was_compiled_from(said, name, found):
    assert xla_ops.on_device(said, name) == found


def test_the_own_time_is_without_operations_inside_and_the_idle_time_is_what_is_left():
    plane = Plane("/host:CPU").line("pool", ("a:A", 0, 100), ("b:B", 10, 30), ("noise", 50, 5), ("c:C", 200, 50))
    frame = xla_ops.statistics(xplane.read(space(plane), "key")).set_index("operation")
    assert frame["self"].to_dict() == {"IDLE": 100.0, "a": 70.0, "c": 50.0, "b": 30.0}
    assert frame["total"].to_dict() == {"IDLE": 100.0, "a": 100.0, "c": 50.0, "b": 30.0}


def test_operators_have_the_columns_of_all_operators():
    plane = Plane("/host:CPU").line("pool", ("a:A", 0, 100), ("a:A", 200, 40))
    frame = xla_ops.operators(xplane.read(space(plane), "key"))
    assert frame.to_dict("records") == [
        {"name": "a", "calls": 2, "host_self": 140, "host_total": 140, "device_self": 0, "device_total": 0, "tensor_self": 0,
         "tensor_total": 0, "eligible": False, "longest": 0}
    ]  # fmt: skip


def test_a_recording_without_operations_has_none():
    trace = xplane.read(space(Plane("/host:CPU").line("python", ("a", 0, 1))), "key")
    assert (len(xla_ops.statistics(trace)), len(xla_ops.operators(trace))) == (0, 0)

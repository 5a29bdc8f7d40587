"""The steps of TensorFlow and JAX programs are those of their own profiler, to the nanosecond."""

import json

import pytest

from tbcore.analysis import profile_roles, xla_ops, xla_steps
from tbcore.formats import xplane
from tests import xplanemaker
from tests.fixtures import samples
from tests.xplanemaker import Plane, space


def trace_of(*planes):
    return xplane.read(space(*planes), "key")


def sample(name):
    """Return a sample as a trace, and xprof's rows of its steps in nanoseconds by name."""
    folder = samples(name)
    (path,) = (folder / "logdir").rglob("*.xplane.pb")
    tables = json.loads((folder / "xprof_reference/input_pipeline_analyzer.json").read_text())
    rows = [[cell["v"] for cell in row["c"]] for row in tables[1]["rows"]]
    wanted = {row[0]: [round(value * 1e6) for value in (*row[1:10], row[11])] for row in rows}
    return xplane.read(path.read_bytes(), "key"), wanted


@pytest.mark.parametrize("name", ["tf_cpu", "jax_cpu"])
def test_the_steps_of_the_samples_are_xprofs_to_the_nanosecond(name):
    trace, wanted = sample(name)
    found = xla_steps.steps(trace, xprof_compat=True)
    own = {
        step: [*parts, total]
        for step, parts, total in zip(found.names, found.parts.tolist(), found.totals.tolist(), strict=True)
    }
    assert own == wanted


def test_the_steps_of_tensorflow_need_no_compatibility():
    trace, wanted = sample("tf_cpu")
    assert xla_steps.steps(trace).part("Input").tolist() == [10291112, 10450585, 10401326, 10830246, 12902157, 10191625]
    assert list(wanted) == list(xla_steps.steps(trace).names)


def test_without_the_quirk_an_event_of_no_duration_switches_nothing_on():
    trace, _wanted = sample("jax_cpu")
    assert xla_steps.steps(trace, xprof_compat=True).part("Host compute").tolist() == [
        2632385,
        2496774,
        2416519,
        2537935,
    ]
    assert xla_steps.steps(trace).part("Host compute").tolist() == [2632385, 2356304, 2314896, 2327245]


def test_loading_in_annotations_of_jax_is_input():
    trace, _wanted = sample("jax_cpu")
    found = xla_steps.steps(trace, profile_roles.loading())
    assert found.part("Input").tolist() == [2293556, 2224721, 2217966, 2221794]
    assert found.share("Input") == pytest.approx(0.877, abs=0.001)


def test_a_gpu_step_is_divided_by_what_runs_there():
    found = xla_steps.steps(trace_of(*xplanemaker.gpu_step()))
    # Of 1000 ns: the launch 100..150, the copy 220..320 of which 300..320 belongs to the kernel, the kernel 300..700.
    assert found.names == ("train 0", "train 1", "train 2")
    assert dict(zip(found.categories, found.parts[1].tolist(), strict=True)) == {
        "Device compute": 400, "Device to device": 0, "Collectives": 0, "Host compute": 0, "Kernel launch": 70, "Input": 80,
        "Output": 0, "Compilation": 0, "All others": 450,
    }  # fmt: skip


def test_collectives_and_copies_to_the_host_have_categories_of_their_own():
    host = Plane("/host:CPU").line(
        "python",
        ("train", 0, 100, {"_r": 1, "step_num": 0}),
        *((f"launch {number}", 1 + number, 1, {"correlation_id": number}) for number in range(4)),
    )
    device = Plane("/device:GPU:0").line(
        "Stream #1",
        ("ncclKernel_AllReduce", 10, 20, {"correlation_id": 0}),
        ("MemcpyD2H", 40, 10, {"correlation_id": 1}),
        ("MEMCPYDToD", 60, 5, {"correlation_id": 2}),
        ("sgemm", 70, 20, {"correlation_id": 3}),
    )
    found = xla_steps.steps(trace_of(host, device))
    assert [found.part(name)[0] for name in ("Collectives", "Output", "Device to device", "Device compute")] == [
        20,
        10,
        5,
        20,
    ]
    assert found.overlap.tolist() == [[20, 0, 20, 60]]


def test_of_more_than_five_steps_the_first_and_the_last_are_left_out():
    found = xla_steps.steps(trace_of(*xplanemaker.gpu_step(steps=7)))
    assert found.names == tuple(f"train {number}" for number in range(1, 6))
    assert found.notes == ("The first and the last step are left out: they are rarely whole.",)


def test_a_recording_without_steps_says_how_to_mark_them():
    trace = trace_of(Plane("/host:CPU").line("python", ("a", 10, 20), ("b", 40, 10)))
    found = xla_steps.steps(trace)
    assert (found.names, found.starts.tolist(), found.totals.tolist()) == (("0",), [10], [40])
    assert (found.part("Host compute").tolist(), found.part("All others").tolist()) == ([30], [10])
    assert found.notes[0].startswith("No step is marked, the whole recording is shown as one: mark them with")
    assert len(xla_steps.steps(trace, xprof_compat=True)) == 0


def test_work_that_nothing_connects_with_its_step_counts_where_it_ran():
    trace = trace_of(
        Plane("/host:CPU").line("python", ("train", 0, 100, {"_r": 1, "step_num": 0})).line("other", ("launch", 1, 2, {"correlation_id": 1})),
        Plane("/device:GPU:0").line("stream 1", ("gemm", 10, 60, {"correlation_id": 1})),
    )  # fmt: skip
    found = xla_steps.steps(trace)
    assert (found.names, found.part("Device compute").tolist(), found.totals.tolist()) == (("train 0",), [60], [100])
    assert found.notes[0].startswith("Nothing that was computed is connected with a step")
    assert "elementwise" not in told(trace)


def test_parts_sum_to_the_totals():
    trace, _wanted = sample("jax_cpu")
    found = xla_steps.steps(trace)
    assert found.parts.sum(axis=1).tolist() == found.totals.tolist()


def test_on_a_tpu_waiting_for_copies_is_no_computing():
    data = (samples("xprof") / "xprof/convert/test_xplanes/tpu_inference_2.old.xplane.pb").read_bytes()
    found = xla_steps.steps(xplane.read(data, "key"))
    assert (len(found), found.names[0]) == (99, "jit_f 1")
    assert found.share("Device to device") == pytest.approx(0.919, abs=0.001)


def told(trace, **how):
    return {one.rule: one for one in xla_steps.findings(trace, xla_steps.steps(trace, **how))}


def test_the_first_finding_of_both_samples_is_waiting_for_data():
    for name, share in (("tf_cpu", 0.9146), ("jax_cpu", 0.8771)):
        trace, _wanted = sample(name)
        steps = xla_steps.steps(trace, profile_roles.loading())
        first = xla_steps.findings(trace, steps)[0]
        assert (first.rule, first.severity, first.cost_ns) == ("input", "high", steps.average("Input"))
        assert first.value == pytest.approx(share, abs=0.0001)
        assert first.title == f"Waiting for data takes {share:.1%} of each step"
        worst = int(steps.part("Input").argmax())
        assert [one.tab for one in first.evidence] == ["trace", "input"]
        assert first.evidence[0].parameters["trace_from"] == str(steps.starts[worst])


def test_a_gpu_that_computes_in_32_bits_is_told_and_one_in_16_bits_is_not():
    assert told(trace_of(*xplanemaker.gpu_step()))["half"].value == 0.0
    assert "half" not in told(trace_of(*xplanemaker.gpu_step(half=True)))


def test_launching_and_waiting_are_told_by_their_shares():
    found = told(trace_of(*xplanemaker.gpu_step()))
    assert {rule: (one.severity, one.value) for rule, one in found.items() if rule in ("launch", "input", "others")} == {
        "launch": ("medium", pytest.approx(0.07)), "input": ("medium", pytest.approx(0.08)), "others": ("high", pytest.approx(0.45)),
    }  # fmt: skip


def test_a_tpu_that_waits_is_told():
    data = (samples("xprof") / "xprof/convert/test_xplanes/tpu_inference_2.old.xplane.pb").read_bytes()
    assert told(xplane.read(data, "key"))["tpu_idle"].value == pytest.approx(0.134, abs=0.0005)


def test_a_tpu_that_waits_for_copies_is_told_where_they_come_from():
    data = (samples("xprof") / "xprof/convert/test_xplanes/tpu_inference_2.old.xplane.pb").read_bytes()
    trace = xplane.read(data, "key")
    first = xla_steps.findings(trace, xla_steps.steps(trace))[0]
    assert (first.rule, first.severity, first.title) == ("copies", "high", "Copies take 91.9% of each step")
    assert "the memory of the host" in first.text
    assert "pinned_host" in first.advice[0]
    assert "copies" not in told(trace_of(*xplanemaker.gpu_step()))


def test_operations_outside_of_functions_are_told_as_eager():
    trace = trace_of(
        Plane("/host:CPU").line(
            "python",
            ("train", 0, 400, {"_r": 1, "step_num": 0}),
            ("EagerKernelExecute", 10, 100), ("mm:MatMul", 20, 30), ("add:AddV2", 60, 10),
            ("EagerKernelExecute", 200, 200), ("FunctionRun", 210, 180), ("mm2:MatMul", 220, 60),
        )
    )  # fmt: skip
    found = told(trace)["eager"]
    assert (found.value, found.cost_ns, found.severity) == (0.4, 40, "medium")
    assert trace.named(int(found.evidence[0].parameters["trace_row"])) == "mm:MatMul"


@pytest.mark.parametrize("name", ["tf_cpu", "jax_cpu"])
def test_both_samples_run_no_operation_eagerly_as_xprof_says(name):
    trace, _wanted = sample(name)
    assert xla_ops.eager(trace) == (0.0, 0, -1)


def test_functions_that_are_traced_again_are_told():
    calls = [
        ("f", 100 * number, 50, {"tf_function_call": "traced-nonXla" if number < 3 else "notTraced-nonXla"})
        for number in range(6)
    ]
    found = told(
        trace_of(Plane("/host:CPU").line("python", ("train", 0, 700, {"_r": 1, "step_num": 0}), ("a", 1, 1), *calls))
    )
    assert found["retracing"].value == 0.5
    assert found["retracing"].evidence[0].parameters == {"trace_row": "1"}

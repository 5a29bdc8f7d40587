"""How long steps wait for data, and what the host spends on input."""

import pytest

from tbcore.analysis import input_pipeline, profile_roles, xla_steps
from tbcore.formats import xplane
from tests.fixtures import samples
from tests.xplanemaker import Plane, space


def tensorflow():
    (path,) = (samples("tf_cpu") / "logdir").rglob("*.xplane.pb")
    return xplane.read(path.read_bytes(), "key")


def jax():
    (path,) = (samples("jax_cpu") / "logdir").rglob("*.xplane.pb")
    return xplane.read(path.read_bytes(), "key")


def test_the_input_of_the_tensorflow_sample_is_xprofs():
    trace = tensorflow()
    found = input_pipeline.analysis(trace, xla_steps.steps(trace))
    assert found.times == {
        "Enqueue": 0.0, "Demanded file read": 0.0, "Advanced file read": 0.0, "Preprocessing": pytest.approx(156_223_437), "Other": 0.0
    }  # fmt: skip
    rows = [(row.operation, row.calls, round(row.total), round(row.self)) for row in found.operations.itertuples()]
    assert rows == [
        ("Iterator::Root::Prefetch::MapAndBatch", 7, 80_711_331, 80_711_331),
        ("Iterator::Root::Prefetch", 8, 75_289_934, 75_289_934),
        ("Iterator::Root::Prefetch::MapAndBatch::Range", 56, 139_806, 139_806),
        ("Iterator::Root", 8, 75_372_300, 82_366),
    ]
    assert found.operations["share"].iloc[0] == pytest.approx(0.5166403489125643)
    assert found.operations["self_share"].iloc[3] == pytest.approx(0.000527232031132435)


def test_iterators_form_a_tree_and_the_slow_one_is_named():
    found = input_pipeline.analysis(tensorflow())
    rows = [(row.name, row.depth, row.calls, row.parallel) for row in found.iterators.itertuples()]
    assert rows == [
        ("Root", 0, 8, False),
        ("Prefetch", 1, 8, True),
        ("MapAndBatch", 2, 7, True),
        ("Range", 3, 56, False),
    ]
    assert found.bottleneck == "Iterator::Root::Prefetch::MapAndBatch"
    assert found.advice[1].startswith("`MapAndBatch` runs in parallel already")


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("Iterator::Model::TFRecord", "Demanded file read"), ("Iterator::Model::Prefetch::TFRecord", "Advanced file read"),
        ("Iterator::Model::Prefetch::Map", "Preprocessing"), ("InfeedEnqueueTuple", "Enqueue"), ("MEMCPYHToD", "Enqueue"),
    ],
)  # fmt: skip
def test_operations_of_input_have_the_class_that_their_name_tells(name, category):
    assert input_pipeline.category(name) == category


def test_iterators_that_name_each_other_as_parents_end_somewhere():
    plane = Plane("/host:CPU").line(
        "pool", ("Iterator::A", 0, 5, {"id": 1, "parent_id": 2}), ("Iterator::B", 9, 5, {"id": 2, "parent_id": 1})
    )
    found = input_pipeline.analysis(xplane.read(space(plane), "key"))
    assert sorted(found.iterators["depth"]) == [1, 1]


def test_jax_waits_in_what_it_calls_loading():
    trace = jax()
    steps = xla_steps.steps(trace, profile_roles.loading())
    found = input_pipeline.waiting(trace, profile_roles.loading(), steps)
    assert found.step.tolist() == [2293556, 2224721, 2217966, 2221794]
    assert [(row.name, row.calls, row.longest) for row in found.names.itertuples()] == [("load_batch", 6, 2_307_371)]
    assert found.names["share"].iloc[0] == pytest.approx(0.87706, abs=1e-5)
    told = input_pipeline.advice(trace, input_pipeline.shares(steps, found), found, input_pipeline.analysis(trace))
    assert "jax.device_put" in told[0]


def test_waiting_within_waiting_counts_once():
    plane = Plane("/host:CPU").line(
        "python",
        ("train", 0, 100, {"_r": 1, "step_num": 0}),
        ("load_batch", 10, 40),
        ("fetch_data", 15, 20),
        ("work", 60, 5),
    )
    trace = xplane.read(space(plane), "key")
    steps = xla_steps.steps(trace, profile_roles.loading())
    found = input_pipeline.waiting(trace, profile_roles.loading(), steps)
    assert (found.step.tolist(), found.names["name"].tolist()) == ([40], ["load_batch"])


def test_steps_that_hardly_wait_need_no_advice():
    plane = Plane("/host:CPU").line(
        "python", ("train", 0, 1000, {"_r": 1, "step_num": 0}), ("load_batch", 10, 4), ("work", 60, 500)
    )
    trace = xplane.read(space(plane), "key")
    steps = xla_steps.steps(trace, profile_roles.loading())
    found = input_pipeline.waiting(trace, profile_roles.loading(), steps)
    assert (
        input_pipeline.advice(trace, input_pipeline.shares(steps, found), found, input_pipeline.analysis(trace)) == ()
    )


def test_pytorch_that_loads_by_itself_is_told_of_workers():
    from tbcore.analysis import profile_steps
    from tbcore.formats import chrome_trace

    path = samples("torch_cpu") / "slow_loader/worker0.1795196161879393333.pt.trace.json.gz"
    trace = chrome_trace.read(chrome_trace.gunzipped(iter([path.read_bytes()])), "key")
    steps = profile_steps.steps(trace)
    found = input_pipeline.waiting(trace, profile_roles.loading(), steps)
    waits = input_pipeline.shares(steps, found)
    assert waits.share("Input") == pytest.approx(0.889, abs=0.001)
    assert found.names["name"].iloc[0] == "enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__"
    assert "num_workers" in input_pipeline.advice(trace, waits, found, input_pipeline.analysis(trace))[0]


def test_a_recording_without_input_has_none():
    trace = xplane.read(space(Plane("/host:CPU").line("python", ("a", 0, 1))), "key")
    found = input_pipeline.analysis(trace)
    assert (found.total, found.bottleneck, found.advice) == (0, "", ())

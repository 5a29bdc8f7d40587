"""Every event of a TensorFlow or JAX profile belongs to the step whose root leads to it."""

from tbcore.analysis import xla_groups
from tbcore.formats import xplane
from tests.xplanemaker import Plane, space


def grouped(*planes):
    """Return the group of each event by its name, and the names of groups."""
    trace = xplane.read(space(*planes), "key")
    found = xla_groups.groups(trace)
    return {trace.named(row): int(found.group[row]) for row in range(len(trace))}, found.names


def test_what_lies_in_a_root_belongs_to_its_step():
    plane = Plane("/host:CPU").line(
        "python", ("train", 0, 10, {"_r": 1, "step_num": 7}), ("a", 1, 2), ("b", 4, 2), ("outside", 11, 2)
    )
    assert grouped(plane) == ({"train": 0, "a": 0, "b": 0, "outside": -1}, ("train 7",))


def test_work_handed_to_another_thread_belongs_to_the_step_of_who_hands_it():
    plane = (
        Plane("/host:CPU")
        .line("python", ("train", 0, 10, {"_r": 1, "step_num": 0}), ("schedule", 1, 2, {"_pt": 5, "_p": 9}))
        .line("pool", ("run", 20, 5, {"_ct": 5, "_c": 9}), ("in it", 21, 1), ("another", 30, 5, {"_ct": 5, "_c": 8}))
    )
    groups, _names = grouped(plane)
    assert groups == {"train": 0, "schedule": 0, "run": 0, "in it": 0, "another": -1}


def test_kernels_belong_to_the_step_of_their_launch():
    host = Plane("/host:CPU").line(
        "python", ("train", 0, 10, {"_r": 1, "step_num": 0}), ("launch", 1, 2, {"correlation_id": 3})
    )
    device = Plane("/device:GPU:0").line("Stream #1", ("kernel", 50, 5, {"correlation_id": 3}), ("own", 60, 5))
    assert grouped(host, device)[0] == {"train": 0, "launch": 0, "kernel": 0, "own": -1}


def test_an_iterator_belongs_to_the_executor_that_asks_it():
    plane = (
        Plane("/host:CPU")
        .line(
            "python",
            ("train", 0, 10, {"_r": 1, "step_num": 0}),
            ("ExecutorState::Process", 1, 2, {"id": 4, "iter_num": 0}),
        )
        .line("pool", ("IteratorGetNextOp::DoCompute", 20, 5, {"id": 4, "iter_num": 0}))
    )
    assert grouped(plane)[0]["IteratorGetNextOp::DoCompute"] == 0


def test_a_root_within_a_root_of_its_level_makes_no_step_and_one_of_a_higher_level_does():
    plane = Plane("/host:CPU").line(
        "python", ("epoch", 0, 30, {"_r": 1}), ("inner", 1, 9, {"_r": 1}), ("train", 11, 9, {"_r": 2, "step_num": 3})
    )
    groups, names = grouped(plane)
    assert (groups, names) == ({"train": 0, "epoch": 1, "inner": 1}, ("train 3", "epoch 1"))


def test_roots_in_functions_that_tf_data_runs_make_no_step():
    plane = Plane("/host:CPU").line(
        "pool", ("InstantiatedCapturedFunction::RunAsync", 0, 10, {"id": 6}), ("FunctionRun", 1, 8, {"id": 6, "_r": 1})
    )
    assert grouped(plane)[1] == ()


def test_events_that_run_beside_others_take_no_part():
    plane = Plane("/host:CPU").line("python", ("train", 0, 10, {"_r": 1, "step_num": 0}), ("beside", 1, 2, {"_a": 1}))
    assert grouped(plane)[0] == {"train": 0, "beside": -1}


def test_on_a_tpu_the_line_of_steps_tells():
    plane = (
        Plane("/device:TPU:0")
        .line("XLA Modules", ("jit_f(1)", 0, 20))
        .line("Steps", ("4", 0, 9), ("5", 10, 9))
        .line("XLA Ops", ("add", 1, 2), ("mul", 12, 2), ("late", 25, 1))
    )
    groups, names = grouped(plane)
    assert ({name: groups[name] for name in ("add", "mul", "late")}, names) == (
        {"add": 0, "mul": 1, "late": -1},
        ("4", "5"),
    )


def test_on_tpus_without_steps_the_nth_run_of_a_module_is_a_step_on_all_of_them():
    planes = [
        Plane(f"/device:TPU:{core}", core + 1)
        .line("XLA Modules", ("jit_f", 0, 9), ("jit_f", 10, 9))
        .line("XLA Ops", (f"first {core}", 1, 2), (f"second {core}", 12, 2))
        for core in range(2)
    ]
    groups, names = grouped(*planes)
    assert names == ("jit_f 1", "jit_f 2")
    assert [groups[f"{which} {core}"] for which in ("first", "second") for core in range(2)] == [0, 0, 1, 1]


def test_crowds_of_producers_and_consumers_of_one_context_are_not_connected():
    plane = Plane("/host:CPU").line("python", ("train", 0, 1000, {"_r": 1, "step_num": 0}))
    plane.line("makers", *((f"make {number}", number, 1, {"_pt": 1, "_p": 1, "_r": 1}) for number in range(64)))
    plane.line("users", *((f"use {number}", number, 1, {"_ct": 1, "_c": 1}) for number in range(64)))
    groups, _names = grouped(plane)
    assert {groups[f"use {number}"] for number in range(64)} == {-1}

"""Ranks of a job: figures of torch-tb-profiler's tests, a recording of two ranks, and literal ones."""

from dataclasses import replace

import numpy as np
import pytest

from tbcore.analysis import profile_distributed, profile_steps
from tbcore.analysis.profile_distributed import Collectives
from tbcore.analysis.profile_forms import Steps
from tbcore.formats import xplane
from tbcore.formats.trace import Trace
from tests.analysis.recordings import inline, recorded, sample
from tests.tracemaker import event
from tests.xplanemaker import Plane, space

NCCL = "TestDistributed.test_distributed_nccl"
GLOO = "TestDistributed.test_distributed_gloo_gpu"


def sent(found: Trace, *, host: bool = False) -> Collectives:
    return profile_distributed.collectives(found, profile_steps.steps(found), host=host)


def ranks(name: str, *, host: bool) -> list[Collectives]:
    return [sent(sample(inline(f"{name}.{number}")), host=host) for number in (1, 2)]


# The figures of others -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "transfer", "waiting"), [(NCCL, [[1169], [1169]], [[464], [3]]), (GLOO, [[75], [78]], [[34], [20]])]
)
def test_ranks_wait_as_torch_tb_profiler_tests_itself_against(
    name: str, transfer: list[list[int]], waiting: list[list[int]]
) -> None:
    together = profile_distributed.together(ranks(name, host=True))
    assert (together.transfer // 1000).tolist() == transfer
    assert (together.waiting // 1000).tolist() == waiting


def test_collectives_take_as_long_and_move_as_much_as_torch_tb_profiler_says() -> None:
    found = ranks(NCCL, host=True)
    table = profile_distributed.operations(found, profile_distributed.together(found))
    reduced = table[table["name"] == "nccl:all_reduce"]
    assert (reduced["latency"] // 1000).tolist() == [1558, 1133]
    assert (reduced["transfer"] // 1000).tolist() == [1133, 1133]
    assert reduced["bytes"].tolist() == [8_196_000, 8_196_000]


def test_collectives_of_a_real_rank_have_their_names_groups_and_bytes() -> None:
    found = sent(sample("hta/nccl_parser_config/nccl_data.json.gz"))
    assert len(found) == 21
    assert found.names.count("nccl:all_reduce") == 15
    assert found.names.count("nccl:broadcast") == 6
    place = found.names.index("nccl:all_reduce")
    assert found.bytes[place] == 2_049_000 * 4
    assert set(found.groups) == {"0"}


def test_nccl_kernels_tell_what_they_sent_and_to_whom() -> None:
    found = sample("hta/nccl_parser_config/nccl_data.json.gz")
    kind = found.columns["Collective name"]
    reduced = kind.rows[np.array([found.names[int(code)] == "allreduce" for code in kind.values])]
    reduced = reduced[found.column("In msg nelems")[reduced] == 2_049_000]
    assert len(reduced)
    assert set(found.column("Out msg nelems")[reduced].tolist()) == {2_049_000}
    assert {found.names[int(code)] for code in found.column("Process Group Ranks")[reduced]} == {"[0, 1]"}


def test_two_real_ranks_wait_for_each_other_and_their_clocks_agree() -> None:
    found = [sent(sample(f"hta/trace_filter/sampled_rank-{number}.json.gz")) for number in (0, 1)]
    together = profile_distributed.together(found)
    assert together.steps == ("551", "552")
    assert (together.transfer // 1000).tolist() == [[140_524, 141_379]] * 2
    assert (together.waiting // 1000).tolist() == [[54_803, 59_493], [27_503, 69_647]]
    assert together.last[["last", "cost", "waited"]].to_numpy().tolist() == [
        [3, 97_150_000, 114_296_000],
        [7, 114_296_000, 97_150_000],
    ]
    assert np.abs(together.offsets).max() < 100_000
    assert together.notes == ()


# Literal recordings --------------------------------------------------------------------------------------------------


def rank(number: int, *kernels: tuple[float, float], world: int = 2, base: int = 1_760_000_000_000_000_000) -> Trace:
    """Return a rank with these reductions (start, duration in µs), each of 100 floats."""
    events = [event("ProfilerStep#1", 0, 1_000, "user_annotation")]
    for place, (start, duration) in enumerate(kernels, 1):
        said = {"Collective name": "allreduce", "In msg nelems": 100, "dtype": "Float", "Process Group Name": "0"}
        events.append(event("cudaLaunchKernel", start - 1, 1, "cuda_runtime", args={"correlation": place}))
        events.append(
            event("ncclDevKernel_AllReduce_Sum_f32_RING_LL(x)", start, duration, "kernel", number, 7, {"correlation": place, "device": number, "stream": 7} | said)
        )  # fmt: skip
    info = {"rank": number, "world_size": world, "backend": "nccl"}
    return recorded(*events, distributedInfo=info, baseTimeNanoseconds=base)


def test_the_rank_that_comes_last_is_the_one_that_others_wait_for() -> None:
    found = [sent(rank(0, (10, 90), (200, 50))), sent(rank(1, (80, 20), (240, 10)))]
    together = profile_distributed.together(found)
    assert together.last.to_dict("records") == [
        {"rank": 0, "last": 0, "cost": 0, "waited": 110_000},
        {"rank": 1, "last": 2, "cost": 110_000, "waited": 0},
    ]
    assert profile_distributed.straggler(together, ["rank 0", "rank 1"]).startswith("100% of all waiting is for rank 1")
    assert found[0].bytes.tolist() == [400, 400]
    assert found[0].names == ("allreduce", "allreduce")


def test_clocks_that_do_not_agree_are_told() -> None:
    later = 1_760_000_000_000_000_000 + 5_000_000_000
    found = [sent(rank(0, (10, 90))), sent(rank(1, (80, 20), base=later))]
    together = profile_distributed.together(found)
    assert together.offsets.tolist() == [-2.5e9, 2.5e9]
    assert "differ by up to 5,000.0 ms" in together.notes[0]


def shared(*parts: tuple[int, int, int]) -> list[Steps]:
    """Return one step of each rank: nanoseconds of kernels, of loading and of communication."""
    none = np.zeros(1, np.int64)
    return [
        Steps(("Kernel", "DataLoader", "Communication"), ("1",), none, np.array([sum(one)]), np.array([one]))
        for one in parts
    ]


def test_a_rank_that_spends_its_steps_otherwise_than_the_others_is_named() -> None:
    found = shared((50, 5, 45), (50, 36, 14), (49, 6, 45), (51, 5, 44))
    names = ["rank 0", "rank 1", "rank 2", "rank 3"]
    assert profile_distributed.unusual(found, names) == [
        "rank 1 stands out: DataLoader takes 36.0% of its steps, 5.5% of those of most ranks."
    ]
    assert profile_distributed.unusual(found[:2], names[:2]) == []
    (late,) = profile_distributed.unusual(shared((50, 5, 45), (50, 5, 45), (50, 5, 45), (45, 5, 50)), names)
    assert late == "rank 3 stands out: Kernel takes 45.0% of its steps, 50.0% of those of most ranks."
    assert profile_distributed.unusual(shared((900, 95, 5), (905, 90, 5), (900, 95, 5)), names[:3]) == []


def test_ranks_with_different_numbers_of_a_collective_are_not_compared_there() -> None:
    together = profile_distributed.together([sent(rank(0, (10, 90), (200, 50))), sent(rank(1, (80, 20)))])
    assert together.each.empty
    assert together.notes == (
        "Ranks recorded different numbers of allreduce (2, 1): nothing can be said of who waited there.",
    )


def test_one_rank_alone_has_its_collectives_and_nobody_to_wait_for() -> None:
    found = [sent(rank(0, (10, 90)))]
    together = profile_distributed.together(found)
    assert together.each.empty
    assert np.isnan(together.offsets).all()
    table = profile_distributed.operations(found, together)
    assert table["latency"].tolist() == [90_000]
    assert table["transfer"].isna().all()


def test_a_recording_that_sends_nothing_has_no_collectives() -> None:
    assert len(sent(recorded(event("aten::mm", 0, 10)))) == 0


def test_shapes_that_are_none_hand_over_nothing() -> None:
    said = {"Input Dims": [[-1], "x", [[2, 3], [4]]], "Input type": ["float", "float", "c10::Half"]}
    found = sent(recorded(event("gloo:all_gather", 0, 10, args=said)))
    assert found.bytes.tolist() == [(6 + 4) * 2]


def test_names_with_numbers_sort_by_these() -> None:
    names = ["rank10", "rank2", "rank1"]
    assert sorted(names, key=profile_distributed.ordered) == ["rank1", "rank2", "rank10"]


def test_the_average_over_steps_and_each_step_are_told_apart() -> None:
    found = [sample(f"hta/trace_filter/sampled_rank-{number}.json.gz") for number in (0, 1)]
    steps = [profile_steps.steps(one) for one in found]
    assert all(one.overlap is not None for one in steps)
    mean = profile_distributed.overlap_parts(steps, ["a", "b"])
    first = profile_distributed.overlap_parts(steps, ["a", "b"], "551")
    assert mean["name"].tolist() == ["a"] * 4 + ["b"] * 4
    assert mean["time"].sum() != first["time"].sum()
    assert profile_distributed.overlap_parts([replace(steps[0], overlap=None)], ["a"]).empty


def test_collectives_of_a_tpu_have_xlas_names_without_their_numbers() -> None:
    device = Plane("/device:TPU:0").line(
        "XLA Ops", ("all-reduce.3", 10, 20), ("fusion.1", 30, 5), ("all-reduce.4", 40, 20)
    )
    found = sent(xplane.read(space(device), "key"))
    assert found.names == ("all-reduce", "all-reduce")
    assert found.time.tolist() == [20, 20]


def test_who_came_last_to_a_collective_is_told_with_its_event() -> None:
    together = profile_distributed.together(ranks(NCCL, host=False))
    for one in together.each.to_dict("records"):
        rank, row = profile_distributed.last_of(together, one["place"])
        ours = together.each[(together.each["place"] == one["place"]) & (together.each["rank"] == rank)].iloc[0]
        assert (ours["waiting"], ours["row"]) == (0, row)

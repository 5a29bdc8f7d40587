"""What differs between two recordings: HolisticTraceAnalysis' own pair, and literal ones."""

import numpy as np
import pandas as pd
import pytest

from tbcore.analysis import profile_compare, profile_memory, profile_steps
from tbcore.analysis.profile_forms import Steps
from tbcore.formats.trace import Trace
from tests.analysis.recordings import recorded, sample
from tests.tracemaker import allocation, event


def pair() -> tuple[Trace, Trace]:
    return sample("hta/trace_compare/base/base.json.gz"), sample("hta/trace_compare/test/test.json.gz")


def steps(*rows: tuple[int, ...], categories: tuple[str, ...] = ("Kernel", "DataLoader")) -> Steps:
    parts = np.array(rows, np.int64)
    totals = parts.sum(axis=1)
    return Steps(categories, tuple(map(str, range(len(rows)))), np.cumsum(totals) - totals, totals, parts)


def test_calls_change_as_the_pair_of_the_reference_says() -> None:
    first, second = (profile_compare.events(one) for one in pair())
    table = profile_compare.differences(first, second, by=("name", "side"))
    host, device = (table[table["side"] == side] for side in ("host", "device"))
    assert (int((host["calls"] > 0).sum()), int((host["calls"] < 0).sum())) == (3, 1)
    assert int((device["calls"] < 0).sum()) == 1
    assert set(host[host["change"] == "added"]["name"]) == {"All2All_Pooled_Req", "CatBackward0", "AddmmBackward0"}
    assert host[host["calls"] < 0]["name"].tolist() == ["nccl:all_reduce"]
    # Of operators and annotations; the reference leaves out the last step, and calls of the runtime.
    runtime = host["name"].str.startswith("cuda") | (host["name"] == "ProfilerStep#1010")
    assert int((host[~runtime]["calls"] == 0).sum()) == 5


def test_what_is_inside_an_operator_is_not_time_of_its_own() -> None:
    found = profile_compare.events(recorded(event("a", 0, 100), event("b", 10, 30), event("a", 12, 5)))
    assert dict(zip(found["name"], found["time"] / 1e3, strict=True)) == {"a": 75.0, "b": 25.0}
    assert dict(zip(found["name"], found["calls"], strict=True)) == {"a": 2, "b": 1}


def test_names_are_added_removed_slower_faster_or_the_same() -> None:
    a = recorded(event("gone", 0, 10), event("slow", 20, 10), event("quick", 40, 10), event("like", 60, 100))
    b = recorded(event("come", 0, 7), event("slow", 20, 15), event("quick", 40, 5), event("like", 60, 100.5))
    table = profile_compare.differences(profile_compare.events(a), profile_compare.events(b)).set_index("name")
    assert table["change"].to_dict() == {
        "gone": "removed", "come": "added", "slow": "slower", "quick": "faster", "like": "same",
    }  # fmt: skip
    assert (table["difference"] / 1e3).to_dict() == pytest.approx(
        {"gone": -10.0, "come": 7.0, "slow": 5.0, "quick": -5.0, "like": 0.5}
    )
    assert table["explains"].sum() == pytest.approx(1)
    assert table["longest_b"]["gone"] == -1


def test_recordings_of_different_lengths_are_compared_by_step() -> None:
    a = recorded(*(event("mm", 20 * place, 10) for place in range(2)))
    b = recorded(*(event("mm", 20 * place, 10) for place in range(6)))
    (row,) = profile_compare.differences(
        profile_compare.events(a), profile_compare.events(b), per_a=2, per_b=6
    ).to_dict("records")
    assert (row["calls_a"], row["calls_b"], row["difference"], row["change"]) == (1.0, 1.0, 0.0, "same")


def test_steps_are_compared_by_category_with_what_each_explains() -> None:
    table = profile_compare.steps(steps((10, 30), (20, 40)), steps((15, 5), (15, 15)))
    assert table[["category", "a", "b", "difference"]].to_numpy().tolist() == [
        ["Kernel", 15.0, 15.0, 0.0],
        ["DataLoader", 35.0, 10.0, -25.0],
        ["Total", 50.0, 25.0, -25.0],
    ]
    assert table["explains"].tolist() == [0.0, 1.0, 1.0]


def test_categories_of_different_makers_stand_side_by_side() -> None:
    table = profile_compare.steps(steps((10, 30)), steps((5, 6), categories=("Input", "Host compute")))
    assert table["category"].tolist() == ["Kernel", "DataLoader", "Input", "Host compute", "Total"]
    assert profile_compare.step_parts(table)["time"].sum() == 51


def test_an_empty_side_makes_everything_added_or_removed() -> None:
    some = profile_compare.events(recorded(event("mm", 0, 10)))
    none = some.head(0)
    empty = pd.DataFrame({"name": [], "calls": [], "time": [], "longest": []})
    for nothing in (none, empty):
        assert profile_compare.differences(some, nothing)["change"].tolist() == ["removed"]
        assert profile_compare.differences(nothing, some)["change"].tolist() == ["added"]
        assert profile_compare.differences(nothing, nothing).empty


def test_rows_are_chosen_by_their_change() -> None:
    a, b = recorded(event("x", 0, 10)), recorded(event("x", 0, 20), event("x", 30, 5), event("y", 40, 1))
    table = profile_compare.differences(profile_compare.events(a), profile_compare.events(b))
    assert profile_compare.of_change(table, "slower")["name"].tolist() == ["x"]
    assert profile_compare.of_change(table, "added")["name"].tolist() == ["y"]
    assert set(profile_compare.of_change(table, "calls")["name"]) == {"x", "y"}
    assert len(profile_compare.of_change(table, "all")) == 2
    assert profile_compare.largest(table)["name"].tolist() == ["x", "y"]


def test_memory_is_compared_by_device_also_where_one_has_none() -> None:
    a = profile_memory.curves(recorded(allocation(1, 100, 100)))
    b = profile_memory.curves(recorded(allocation(1, 150, 150), allocation(2, 70, 70, 0)))
    table = profile_compare.memory(a, b).set_index("device")
    assert table.loc["CPU"].tolist() == [100, 150, 50]
    assert pd.isna(table.loc["GPU 0", "a"])
    assert pd.isna(table.loc["GPU 0", "difference"])


def test_two_spans_of_one_recorder_differ_as_their_steps_do() -> None:
    first, second = (
        sample(f"torch_cpu/slow_loader/worker0.{stamp}.pt.trace.json.gz")
        for stamp in (1795196161700166532, 1795196161879393333)
    )
    table = profile_compare.steps(profile_steps.steps(first), profile_steps.steps(second))
    total = table.iloc[-1]
    assert total["b"] / 1e3 == pytest.approx(19_588.5, abs=0.1)
    assert table["difference"].iloc[:-1].sum() == pytest.approx(total["difference"])


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ((10, 10), (10, 30), ("DataLoader", 20)),
        ((10, 30), (12, 10), ("DataLoader", -20)),
        # Each the same share: neither is the one to name.
        ((10, 10), (10, 10), ("", 0)),
        ((1_000, 0), (1_001, 0), ("", 0)),
    ],
)
def test_what_makes_a_step_longer_is_named(
    first: tuple[int, ...], second: tuple[int, ...], wanted: tuple[str, int]
) -> None:
    assert profile_compare.cause(profile_compare.steps(steps(first), steps(second))) == wanted
